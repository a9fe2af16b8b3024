"""Entering and revising a session: one form, kept whatever happens, and two people's versions side by side."""

import copy
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.views.decorators.http import require_http_methods

from networks.access import Action, can, require, units_to_enter_for, visible_or_404

from ..changes import displayed
from ..course_forms import courses_to_choose, filled_by
from ..forms import SessionForm, initial_for_new, initial_from_copy, initial_of, length_as_typed
from ..models import Conflict, EntryEffort, Evidence, Refused, Status, SubmitToken, TrainingSession
from ..models.effort import new_token, seconds_since
from ..models.entry import audience_words, co_organiser_words
from .evidence import keep

DRAFT_DONE = "draft_done"  # session key: the form whose draft on the device may go, because it has been saved
# The entry form's draft on the device, and that of the one which a chat message filled, so that neither covers the other.
NEW, MESSAGE = "new", "message"


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        initial = _initial(request) | {"token": new_token()}
        return form_page(request, SessionForm(user=request.user, initial=initial))
    form = SessionForm(request.POST, user=request.user, initial=initial_for_new(request.user))
    if not form.is_valid():
        return form_page(request, form)
    made: list[TrainingSession] = []

    def enter() -> str:
        made.append(
            TrainingSession.enter(
                actor=request.user,
                changes=form.changes(),
                audiences=form.audience_counts,
                co_organisers=form.co_organisers,
            )
        )
        seconds = seconds_since(form.cleaned_data["token"])
        EntryEffort.count(request.user.county_code, EntryEffort.Road.FORM, fields=form.fields_filled, seconds=seconds)
        return reverse("session-detail", args=[made[0].pk])

    try:
        address = SubmitToken.once(request.user, form.cleaned_data["token"] or new_token(), enter)
    except Refused as refused:
        form.add_error(None, refused.reasons)
        return form_page(request, form)
    if made:
        if request.FILES:
            keep(request, made[0], Evidence.Kind.PHOTO, request.FILES.getlist("photos"))
        _say_what_was_saved(request, made[0])
    else:  # the same token again only leads to what the first one made
        messages.info(request, "这一场刚才已经收到，没有重复登记。后来又改过的内容，请点“修改”填上。")
        _keep_what_is_missing(request, address)
    request.session[DRAFT_DONE] = _draft_of(request)
    return redirect(address)


def _draft_of(request: HttpRequest) -> str:
    """Which of the two drafts of a new session the page works on."""
    return MESSAGE if MESSAGE in (request.POST.get("draft"), request.GET.get("draft")) else NEW


def _keep_what_is_missing(request: HttpRequest, address: str) -> None:
    """A connection that broke between the words and the photos: those that are not there yet are kept now. A token that was
    used up by another form leads to another page, which is no session's."""
    photos, made = request.FILES.getlist("photos"), resolve(address)
    if not photos or made.url_name != "session-detail":
        return
    session = TrainingSession.objects.visible_to(request.user).filter(pk=made.kwargs["pk"]).first()
    if session:
        keep(request, session, Evidence.Kind.PHOTO, photos, again=True)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if not TrainingSession.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以修改这一场次")
    if request.method != "POST":
        if session.status not in TrainingSession.REVISABLE:
            messages.info(request, f"这一场次现在是“{session.get_status_display()}”，不能直接修改。")
            return redirect("session-detail", pk)
        initial = initial_of(session) | {"seen_version": session.version}
        return form_page(request, SessionForm(instance=session, user=request.user, initial=initial))
    stored = copy.copy(session)  # the form writes what was typed into its own instance
    form = SessionForm(request.POST, instance=session, user=request.user, initial=initial_of(session))
    if not form.is_valid():
        return form_page(request, form)
    changes, audiences, co_organisers = _with_choices(request, stored, form)
    try:
        session.revise(
            actor=request.user,
            seen_version=form.cleaned_data["seen_version"],
            changes=changes,
            audiences=audiences,
            co_organisers=co_organisers,
        )
    except Conflict as conflict:
        return _conflict(request, form, conflict.stored)
    except Refused as refused:
        form.add_error(None, refused.reasons)
        return form_page(request, form)
    _say_what_was_saved(request, session)
    request.session[DRAFT_DONE] = str(pk)
    return redirect("session-detail", pk)


def _initial(request: HttpRequest) -> dict:
    """For a new session: today and one's own place, with a course (?course=ID) what it says, or (?copy=ID) what a session of
    one's own said."""
    if "course" in request.GET:
        course = visible_or_404(request.user, courses_to_choose(request.user), pk=request.GET["course"])
        said = filled_by(course)
        return initial_for_new(request.user) | {"course": course.pk} | length_as_typed(said.pop("minutes", None)) | said
    if "copy" not in request.GET:
        return initial_for_new(request.user)
    own = TrainingSession.objects.filter(organiser__in=units_to_enter_for(request.user))
    return initial_from_copy(visible_or_404(request.user, own, pk=request.GET["copy"]))


def form_page(request: HttpRequest, form: SessionForm, **more: object) -> HttpResponse:
    context = {"form": form, "session": form.stored, "on_behalf": can(request.user, Action.ENTER_ON_BEHALF)}
    context |= {"draft": form.stored.pk if form.stored else _draft_of(request)} | more
    if not form.stored and not form.is_bound and "copy" not in request.GET:
        own = TrainingSession.objects.editable_by(request.user).exclude(status=Status.VOID)
        context["previous"] = own.order_by("-pk").first()
    return render(request, "trainings/sessions/form.html", context)


def _say_what_was_saved(request: HttpRequest, session: TrainingSession) -> None:
    """保存并提交 saves first, so that nothing is lost when the submission is refused."""
    if "submit" not in request.POST:
        word = "计划" if session.status == Status.PLANNED else "草稿"
        messages.success(request, f"已保存为{word}。")
        return
    try:
        if session.status == Status.PLANNED and session.is_over():
            session.hold(actor=request.user)
        session.submit(actor=request.user)
    except Refused as refused:
        messages.warning(request, "已保存，但还不能提交：\n" + "\n".join(refused.reasons))
    else:
        messages.success(request, "已提交，等待县教育局审核。")


# --- two people changed the same session (IN-4) ---------------------------------------------------------

# Fields that only make sense together are chosen together, so that no mixture breaks a rule.
TOGETHER = {
    "when": ("培训时间", ("held_on", "ends_on", "part_of_day", "start_time", "end_time", "minutes")),
    "where": ("举办地", ("place", "outside_county")),
}


@dataclass(frozen=True)
class Both:
    """One thing that two people wrote differently, as text."""

    name: str
    label: str
    mine: str
    theirs: str


def _conflict(request: HttpRequest, form: SessionForm, stored: TrainingSession) -> HttpResponse:
    """Both values of every field that differs. Nothing is stored; where nothing differs, it is saved already."""
    rows = _both(form, stored)
    if not rows:
        request.session[DRAFT_DONE] = str(stored.pk)
        return redirect("session-detail", stored.pk)
    passing = {"csrfmiddlewaretoken", "seen_version", "submit"}
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in passing and not name.startswith("choose_")
        for value in values
    ]
    last = stored.history.select_related("history_user__person").first()
    context = {
        "session": stored,
        "rows": rows,
        "carried": carried,
        "last": last,
        "open": stored.status in TrainingSession.REVISABLE,
    }
    return render(request, "trainings/sessions/conflict.html", context, status=409)


def _both(form: SessionForm, stored: TrainingSession) -> list[Both]:
    mine = copy.copy(stored)
    for name, value in form.changes().items():
        setattr(mine, name, value)
    mine.audience_text = audience_words(form.audience_counts)
    mine.co_organiser_text = co_organiser_words(form.co_organisers)
    mine.tidy()
    rows = [
        Both("when", TOGETHER["when"][0], mine.when_name, stored.when_name),
        Both("where", TOGETHER["where"][0], mine.place_name, stored.place_name),
    ]
    grouped = {name for _, names in TOGETHER.values() for name in names}
    for name in [*form.changes(), "audience_text", "co_organiser_text"]:
        if name not in grouped:
            column = TrainingSession._meta.get_field(name)
            texts = (displayed(name, getattr(row, column.attname)) for row in (mine, stored))
            rows.append(Both(name, str(column.verbose_name), *texts))
    return [row for row in rows if row.mine != row.theirs]


def _with_choices(request: HttpRequest, stored: TrainingSession, form: SessionForm) -> tuple:
    """The form's values, with the stored ones where the person chose 别人先保存的 on the conflict page."""
    changes, audiences, co_organisers = form.changes(), form.audience_counts, form.co_organisers
    for key, choice in request.POST.items():
        name = key.removeprefix("choose_")
        if name == key or choice != "theirs":
            continue
        if name == "audience_text":
            audiences = None
        elif name == "co_organiser_text":
            co_organisers = None
        else:
            for field in TOGETHER[name][1] if name in TOGETHER else [name]:
                if field in changes:
                    changes[field] = getattr(stored, field)
    return changes, audiences, co_organisers
