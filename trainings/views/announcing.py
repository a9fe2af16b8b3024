"""The officer's side of what residents read: a session's 公开 and 报名, and who has signed up."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import audit
from networks.access import Action, barred_from_roster, can, own_roster, require, visible_or_404
from networks.views.keeping import keep

from ..announcement_forms import AnnouncementForm, proposed_for
from ..models import Announcement, Audience, Refused, SignUp, Status, TrainingSession
from ..models.rosters import masked_name


def announcement_of(session: TrainingSession) -> Announcement | None:
    return Announcement.objects.filter(session=session).select_related("session").first()


def barred_from_announcing(session: TrainingSession, told: Announcement | None) -> str:
    """Why there is nothing to tell residents of this session, or ''. What was told can always be taken back."""
    if session.sensitivity() == Audience.Sensitivity.HEADCOUNT_ONLY and not told:
        return "这一场的培训对象只报人次，不能公开"
    if session.status != Status.PLANNED and not told:
        return "只有还没有举办的计划可以公开"
    return ""


def _editable(request: HttpRequest, pk: int) -> TrainingSession:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if not TrainingSession.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以这样做")
    return session


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def announce(request: HttpRequest, pk: int) -> HttpResponse:
    session = _editable(request, pk)
    told, back = announcement_of(session), reverse("session-detail", args=[pk])
    if barred := barred_from_announcing(session, told):
        messages.error(request, barred)
        return redirect(back)
    form = AnnouncementForm(request.POST or None, instance=told or proposed_for(session))
    shown = told is not None and Announcement.objects.shown().filter(pk=told.pk).exists()
    address = request.build_absolute_uri(reverse("learn-session", args=[session.number])) if shown else ""
    return keep(
        request,
        form,
        action="公开场次、开放报名",
        title="公开和报名",
        lead=f"{session}，{session.when_name}。公开以后，居民不用登录就能在“学习”页面看到时间、地点、语言和咨询电话。",
        back=back,
        done="已保存，居民现在可以看到这一场。" if request.POST.get("is_public") else "已保存，居民看不到这一场。",
        template="trainings/sessions/announce.html",
        session=session,
        address=address,
        crumbs=[("培训场次", reverse("session-list")), (str(session), back)],
    )


@require(Action.VIEW_ROSTERS)
@require_GET
def sign_ups(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has signed up: full names in the unit's own hands, masked ones everywhere else and on paper."""
    user = request.user
    session = visible_or_404(user, TrainingSession.objects.for_display(), pk=pk)
    if barred := barred_from_roster(user, session):
        raise PermissionDenied(barred)
    told = announcement_of(session)
    rows = list(SignUp.objects.visible_to(user).filter(announcement=told)) if told else []
    open_rows = [row for row in rows if row.cancelled_at is None]
    own = own_roster(user, session) and can(user, Action.UNMASK_ROSTERS)
    if own and open_rows:  # a look like that at a roster's names (PI-6)
        with transaction.atomic():
            audit.record(
                "查看报名全名",
                actor=user,
                subject=session,
                request=request,
                number=session.number,
                lines=len(open_rows),
            )
    context = {
        "session": session,
        "told": told,
        "rows": [(row, masked_name(row.name)) for row in open_rows],
        "cancelled": len(rows) - len(open_rows),
        "seats": sum(row.seats for row in open_rows),
        "own": own,
        "keeps": TrainingSession.objects.editable_by(user).filter(pk=pk).exists(),
    }
    return render(request, "trainings/sessions/sign_ups.html", context)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def sign_up_cancel(request: HttpRequest, pk: int, sign_up_pk: int) -> HttpResponse:
    """For a resident who has telephoned: the seats are free again."""
    session = _editable(request, pk)
    row = visible_or_404(request.user, SignUp.objects.filter(announcement__session=session), pk=sign_up_pk)
    try:
        with transaction.atomic():
            row.cancel()
            audit.record(
                "代居民取消报名", actor=request.user, subject=row.announcement, request=request, seats=row.seats
            )
    except Refused as refused:
        messages.error(request, "\n".join(refused.reasons))
    else:
        messages.success(request, "已取消这一条报名，座位可以让给别人。")
    return redirect("session-sign-ups", pk)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_ups_clear(request: HttpRequest, pk: int) -> HttpResponse:
    session = _editable(request, pk)
    told = announcement_of(session)
    if told is None:
        messages.info(request, "这一场没有开放过报名。")
        return redirect("session-detail", pk)
    if request.method == "POST":
        with transaction.atomic():
            gone = told.clear_sign_ups(actor=request.user)
            audit.record("清空居民报名", actor=request.user, subject=told, request=request, rows=gone)
        messages.success(request, f"已删去 {gone} 条报名，不再接受报名。")
        return redirect("session-detail", pk)
    return render(
        request, "trainings/sessions/sign_ups_clear.html", {"session": session, "count": told.sign_ups.count()}
    )
