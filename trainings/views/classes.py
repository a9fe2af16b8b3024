"""Making a class of sessions, copying one elsewhere, and putting off or cancelling what remains of it. What became of a class
is shown in reporting/views/planning.py."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from networks.access import Action, require, visible_or_404
from networks.models import Division
from networks.views.keeping import keep

from .. import series
from ..class_forms import (
    CancelForm,
    ClassForm,
    CopyForm,
    PostponeForm,
    SeriesForm,
    initial_for_series,
    initial_from_class,
)
from ..models import Conflict, Refused, Status, SubmitToken, TrainingClass, TrainingSession
from ..models.effort import new_token
from ..models.verbs import MOVES
from .entry import DRAFT_DONE

WRITTEN = ["GET", "HEAD", "POST"]
MOVED = "您打开页面以后，有人改动过日期或内容，没有改期。下面是现在的安排，请核对后再定"
NOT_CANCELLED = "您打开页面以后，有人改动过其中的场次，没有取消。下面是现在的安排，请核对后再定"
NOT_YOURS = "这个班由建立它的单位维护，您可以查看，不能改动"


def _own_class(request: HttpRequest, pk: int) -> TrainingClass:
    found = visible_or_404(request.user, TrainingClass.objects.select_related("unit"), pk=pk)
    if not TrainingClass.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(NOT_YOURS)
    return found


def _crumbs(training_class: TrainingClass | None = None) -> list[tuple[str, str]]:
    crumbs = [("期（班）", reverse("class-list"))]
    if training_class:
        crumbs.append((training_class.name, reverse("class", args=[training_class.pk])))
    return crumbs


# --- a new class -----------------------------------------------------------------------------------------


@require(Action.ENTER)
@require_http_methods(WRITTEN)
def new(request: HttpRequest) -> HttpResponse:
    """The form, then a preview of every day, then all of them at once. Until the last button nothing is stored."""
    if request.user.own_unit is None:
        raise PermissionDenied("您的账号还没有对应的责任单位，不能建立班次")
    if request.method != "POST":
        form = SeriesForm(user=request.user, initial=_initial(request) | {"token": new_token()})
        return _page(request, form)
    form = SeriesForm(request.POST, user=request.user, initial=initial_for_series(request.user))
    if not form.is_valid():
        return _page(request, form)
    source = _source(request, form.cleaned_data["copied_from"])
    first = SubmitToken.objects.filter(user=request.user, token=form.cleaned_data["token"]).first()
    if first and "store" in request.POST:  # the second click would meet its own sessions as duplicates
        return redirect(first.result)
    rows = _preview(request, form)
    if "store" not in request.POST:
        return _page(request, form, rows)
    if request.POST.get("shown") != _shown(rows):
        messages.info(request, "排课的日期有改动，请核对下面的安排再保存。")
        return _page(request, form, rows)
    ticked = set(request.POST.getlist("day"))
    for row in rows:
        row.kept = row.day.isoformat() in ticked
    kept = [row for row in rows if row.kept]
    extra = [f"{series.day_words(row.day)}：{problem}" for row in kept for problem in row.problems]
    if not kept:
        extra = ["一天也没有勾选：至少留一场"]
    if extra:
        return _page(request, form, rows, extra=[*extra, "可以去掉勾选，或改动内容后重新排。现在一场也没有保存。"])
    return _store(request, form, rows, source)


def _store(
    request: HttpRequest, form: SeriesForm, rows: list[series.Row], source: TrainingClass | None
) -> HttpResponse:
    days = [row.day for row in rows if row.kept]
    made = []

    def act() -> str:
        made.append(
            series.store(
                actor=request.user,
                named=form.named(source),
                sessions=form.sessions(days),
                audiences=form.audience_counts,
                co_organisers=form.co_organisers,
                request=request,
            )
        )
        return reverse("class", args=[made[0].pk])

    try:
        address = SubmitToken.once(request.user, form.cleaned_data["token"] or new_token(), act)
    except Refused as refused:
        return _page(request, form, rows, extra=[*refused.reasons, "现在一场也没有保存。"])
    if made:
        messages.success(request, f"已建立“{made[0]}”，共 {len(days)} 场。")
    request.session[DRAFT_DONE] = "class"
    return redirect(address)


def _initial(request: HttpRequest) -> dict:
    """Four weekly sessions at one's own place, or (?copy=ID&place=CODE&first=DATE) what a class of one's own was like."""
    initial = initial_for_series(request.user)
    asked = CopyForm(request.GET)
    asked.is_valid()
    given = asked.cleaned_data
    if "copy" not in request.GET:
        return initial
    source = visible_or_404(request.user, TrainingClass.objects, pk=given.get("copy"))
    initial |= initial_from_class(source, request.user)
    place = Division.objects.visible_to(request.user).filter(pk=given.get("place") or "").first()
    initial["place"] = place.pk if place else None
    first = given.get("first")
    days = series.days_after(source, request.user, first) if first else []
    if days:
        initial |= {"repeat": "chosen", "first": first, "chosen": "、".join(day.isoformat() for day in days)}
        initial["count"] = len(days)
    return initial


def _source(request: HttpRequest, pk: int | None) -> TrainingClass | None:
    return TrainingClass.objects.visible_to(request.user).filter(pk=pk).first() if pk else None


def _preview(request: HttpRequest, form: SeriesForm) -> list[series.Row]:
    names = (*SeriesForm.SHARED, "held_on", "organiser", "minutes", "course")
    meant = [TrainingSession(**{k: v for k, v in row.items() if k in names}) for row in form.sessions(form.days)]
    return series.look_at(meant, request.user, new=True)


def _shown(rows: list[series.Row]) -> str:
    return ",".join(row.day.isoformat() for row in rows)


def _page(request: HttpRequest, form: SeriesForm, rows: list[series.Row] | None = None, **context) -> HttpResponse:
    context |= {"form": form, "crumbs": _crumbs()}
    if rows is not None:
        context |= {
            "rows": rows,
            "shown": _shown(rows),
            "wrong": sum(bool(row.problems) for row in rows),
            "hinted": sum(bool(row.hints) for row in rows),
        }
    return render(request, "trainings/classes/form.html", context)


# --- one class -------------------------------------------------------------------------------------------


@require(Action.ENTER)
@require_http_methods(WRITTEN)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own_class(request, pk)
    form = ClassForm(request.POST or None, instance=found, user=request.user)
    back = reverse("class", args=[pk])
    return keep(request, form, action="修改期（班）", title="修改班次", back=back, crumbs=_crumbs(found))


@require(Action.ENTER)
@require_http_methods(WRITTEN)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once: which sessions, why."""
    found = _own_class(request, pk)
    rest = series.remaining(found, request.user)
    form = CancelForm(request.POST or None)
    extra = []
    if request.method == "POST" and form.is_valid():
        try:
            reason, seen = form.cleaned_data["reason"], request.POST.get("seen", "")
            done = series.cancel_rest(found, actor=request.user, reason=reason, seen=seen, request=request)
        except Refused as refused:
            extra = refused.reasons
        except Conflict:
            extra, rest = [NOT_CANCELLED], series.remaining(found, request.user)
        else:
            messages.success(request, f"已取消 {done} 场。")
            return redirect("class", pk)
    elif not rest:
        messages.info(request, "这个班没有还未举办的计划场次。")
        return redirect("class", pk)
    context = {
        "form": form,
        "class": found,
        "rest": rest,
        "seen": series.mark_of(rest),
        "extra": extra,
        "crumbs": _crumbs(found),
    }
    return render(request, "trainings/classes/cancel.html", context)


@require(Action.ENTER)
@require_http_methods(WRITTEN)
def postpone(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the next session's new day, shows all new days with what they clash with, then moves all of them."""
    found = _own_class(request, pk)
    rest = [session for session in series.remaining(found, request.user) if session.held_on]
    if not rest and request.method != "POST":
        messages.info(request, "这个班没有还未举办的计划场次。")
        return redirect("class", pk)
    form = PostponeForm(request.POST or None, several=True)
    extra, rows = [], []
    if request.method == "POST" and form.is_valid():
        first = form.cleaned_data["held_on"]
        try:
            if "store" in request.POST:
                how = {"reason": form.cleaned_data["reason"], "first": first, "seen": request.POST.get("seen", "")}
                done = series.postpone_rest(found, actor=request.user, request=request, **how)
                messages.success(request, f"已改期 {done} 场。")
                return redirect("class", pk)
            rows = series.put_off(rest, first, request.user)
        except Refused as refused:
            extra = refused.reasons
        except Conflict:
            extra = [MOVED]
            rest = [session for session in series.remaining(found, request.user) if session.held_on]
            rows = series.put_off(rest, first, request.user)
    context = {
        "form": form,
        "class": found,
        "rest": rest,
        "rows": rows,
        "wrong": any(row.problems for row in rows),
        "extra": extra,
        "seen": series.mark_of(rest),
        "crumbs": _crumbs(found),
    }
    return render(request, "trainings/classes/postpone.html", context)


# --- one session -----------------------------------------------------------------------------------------


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(WRITTEN)
def postpone_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if not TrainingSession.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以这样做")
    if session.status != Status.PLANNED and request.method != "POST":
        messages.info(request, f"这一场次现在是“{session.get_status_display()}”，不能{MOVES['postpone'].label}。")
        return redirect("session-detail", pk)
    initial = {"start_time": session.start_time, "end_time": session.end_time}
    form = PostponeForm(request.POST or None, initial=initial)
    extra = []
    if request.method == "POST" and form.is_valid() and request.POST.get("seen") != series.mark_of([session]):
        extra = [MOVED]
    elif request.method == "POST" and form.is_valid():
        try:
            session.postpone(actor=request.user, **form.cleaned_data)
        except Refused as refused:
            extra = refused.reasons
        except Conflict:
            extra = ["刚才有人改动了这一场，没有改期。请核对后重试"]
        else:
            messages.success(request, f"已改到{series.day_words(session.held_on)}。")
            for row in series.look_at([session], request.user, new=False):
                for hint in row.hints:
                    messages.warning(request, hint)
            return redirect("session-detail", pk)
    context = {"form": form, "session": session, "extra": extra, "seen": series.mark_of([session])}
    return render(request, "trainings/classes/postpone_session.html", context)
