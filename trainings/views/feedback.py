"""满意度, inside: what was said of a session and in how many answers, paper sheets counted in, complaints answered."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import Action, barred_from_answering, can, hears_residents, require, visible_or_404
from networks.views.keeping import keep

from ..feedback_forms import ReplyForm, TallyForm
from ..models import Audience, Feedback, PaperTally, Refused, TrainingSession
from ..satisfaction import DEFINITION, opinions_of

PER_PAGE = 30
SHELVES = {"open": "待答复", "answered": "已答复", "all": "全部建议和意见"}


@require(Action.VIEW_SESSIONS)
@require_safe
def of_session(request: HttpRequest, pk: int) -> HttpResponse:
    """The share and how it was asked, for everybody who sees the session; the words, for its own unit and the county."""
    session = _session(request, pk)
    words = Feedback.objects.visible_to(request.user).filter(session=session)
    editable = TrainingSession.objects.editable_by(request.user).filter(pk=pk).exists()
    opinions = opinions_of(TrainingSession.objects.filter(pk=pk))
    came = max(session.reported_attendance or 0, session.rostered_attendance or 0)
    context = {
        "session": session,
        "opinions": opinions,
        "came": came if opinions.answers > came > 0 else None,
        "definition": DEFINITION,
        "tally": PaperTally.objects.filter(session=session).first(),
        "reads_words": hears_residents(request.user, session),
        "learned": words.exclude(learned="").order_by("pk"),  # the key is random, so the order tells nothing
        "wishes": words.exclude(wish="").order_by("-is_complaint", "pk"),
        "may_answer": not barred_from_answering(request.user, session),
        "may_tally": editable and can(request.user, Action.ENTER),
    }
    return render(request, "trainings/feedback/session.html", context)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    session = _session(request, pk)
    if not TrainingSession.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied("纸质问卷由登记这一场的单位填报")
    tally = PaperTally.objects.filter(session=session).first() or PaperTally(session=session)

    def perform(form: TallyForm) -> PaperTally:
        given = {name: form.cleaned_data[name] for name in TallyForm.Meta.fields}
        try:
            return PaperTally.put(session, actor=request.user, **given)
        except Refused as refused:
            raise ValidationError(refused.reasons) from None

    return keep(
        request,
        TallyForm(request.POST if request.method == "POST" else None, instance=tally),
        action="填报纸质问卷",
        perform=perform,
        title="纸质满意度问卷",
        lead=f"{session}。收回来数一数，填三个数；一份问卷算一次，扫码评价过的人不要重复发。",
        back=reverse("session-feedback", args=[pk]),
        done="纸质问卷已填报。",
        crumbs=_crumbs(session),
    )


@require(Action.ENTER, Action.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: int, answer_pk) -> HttpResponse:
    rows = Feedback.objects.select_related("session__organiser", "session__entered_by")
    row = visible_or_404(request.user, rows, pk=answer_pk, session=pk)
    if barred := barred_from_answering(request.user, row.session):
        raise PermissionDenied(barred)
    if not row.wish:
        raise Http404("这份评价没有写建议或意见")

    def perform(form: ReplyForm) -> Feedback:
        given = {name: form.cleaned_data[name] for name in ReplyForm.Meta.fields}
        stored = rows.get(pk=row.pk)
        try:
            stored.reply(actor=request.user, **given)
        except Refused as refused:
            raise ValidationError(refused.reasons) from None
        return stored

    return keep(
        request,
        ReplyForm(request.POST if request.method == "POST" else None, instance=row),
        action="答复居民意见",
        perform=perform,
        detail={"session": row.session.number},
        title="答复居民意见",
        lead="居民在这一场的扫码页面上看到下面两栏。不写姓名、电话和能认出人的话。",
        back=reverse("session-feedback", args=[pk]),
        done="已答复，居民再扫码就能看到。",
        button="答复",
        template="trainings/feedback/answer.html",
        crumbs=_crumbs(row.session),
        wish=row.wish,
    )


@require(Action.VIEW_SESSIONS)
@require_safe
def words(request: HttpRequest) -> HttpResponse:
    """What residents asked for and complained of, of all sessions whose words this account reads; complaints first."""
    rows = Feedback.objects.visible_to(request.user).exclude(wish="")
    waiting = rows.filter(is_complaint=True, answer="")
    parts = {"open": waiting, "answered": rows.exclude(answer=""), "all": rows}
    shelf = request.GET.get("show", "")
    shelf = shelf if shelf in parts else "open"
    listed = parts[shelf].select_related("session__organiser", "session__place__parent").order_by("-given_on", "pk")
    page_obj = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    sessions = TrainingSession.objects.filter(pk__in=[row.session_id for row in page_obj])
    if not can(request.user, Action.REVIEW):  # as barred_from_answering says, for all of them in one query
        can_enter = can(request.user, Action.ENTER)
        sessions = sessions.editable_by(request.user) if can_enter else sessions.none()
    answerable = set(sessions.values_list("pk", flat=True))
    for row in page_obj:
        row.may_answer = row.session_id in answerable
    context = {
        "page_obj": page_obj,
        "shelves": [(key, label, parts[key].count()) for key, label in SHELVES.items()],
        "shelf": shelf,
    }
    return render(request, "trainings/feedback/list.html", context)


def _session(request: HttpRequest, pk: int) -> TrainingSession:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if session.sensitivity() == Audience.Sensitivity.HEADCOUNT_ONLY:
        raise PermissionDenied("这一场的培训对象只报人次，不作满意度调查")
    return session


def _crumbs(session: TrainingSession) -> list[tuple[str, str]]:
    return [
        ("培训场次", reverse("session-list")),
        (str(session), reverse("session-detail", args=[session.pk])),
        ("满意度", reverse("session-feedback", args=[session.pk])),
    ]
