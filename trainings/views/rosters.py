"""名册: the page of a session's roster, what is pasted into it, names and workbooks for a purpose."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import audit
from networks.access import (
    Action,
    barred_from_names,
    barred_from_roster,
    own_roster,
    require,
    visible_or_404,
)
from networks.step_up import step_up
from networks.views import downloads
from networks.views.downloads import rationed
from networks.xlsx.problems import Unreadable

from .. import years
from ..models import Refused, RosterLine, TrainingSession
from ..rosters import exporting, keeping, reading
from ..rosters.forms import PasteForm, PurposeForm, SpanForm
from ..rosters.grid import Grid, Places, Row
from ..rosters.showing import Veil, lines_of

PER_PAGE = 100
MOST_UNREAD = 50  # lines shown in which nobody was found


# --- reading ---------------------------------------------------------------------------------------------


@require(Action.VIEW_ROSTERS)
@require_GET
def roster(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _session(request, pk))


@require(Action.UNMASK_ROSTERS)
@require_POST
def names(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page with names. It is a POST because it is written down: who, which session, how many, what for."""
    session = _session(request, pk)
    _refuse_names(request, session)
    if asked := step_up(request, "显示名册里的全名"):
        return asked
    lines = lines_of(session, request.user)
    purpose = PurposeForm(request.POST, names=lambda: lines.values_list("name", flat=True))
    own = own_roster(request.user, session)
    if not own and not purpose.is_valid():
        return _page(request, session, purpose=purpose)
    detail = {} if own else {"purpose": purpose.cleaned_data["purpose"]}
    veil = Veil(request.user, session, names=True)
    with transaction.atomic():
        audit.record(
            "查看名册全名",
            actor=request.user,
            subject=session,
            request=request,
            number=session.number,
            lines=sum(not veil.masks(line) for line in lines),
            minors=sum(line.age_band == RosterLine.AgeBand.MINOR and not veil.masks(line) for line in lines),
            **detail,
        )
    return _page(request, session, veil=veil, number=request.POST.get("page"))


@require(Action.UNMASK_ROSTERS)
@require_http_methods(["GET", "HEAD", "POST"])
@rationed
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks what for; then the workbook, written nowhere but into the answer."""
    session = _session(request, pk)
    _refuse_names(request, session)
    if asked := step_up(request, "导出的名册里有全名"):
        return asked
    lines = lines_of(session, request.user)
    form = PurposeForm(
        request.POST if request.method == "POST" else None, names=lambda: lines.values_list("name", flat=True)
    )
    count = lines.count()
    if not form.is_valid() or not count:
        context = {"session": session, "form": form, "count": count, "own": own_roster(request.user, session)}
        return render(request, "trainings/rosters/export.html", context)
    veil = Veil(request.user, session, names=True)
    shown = veil.shown(lines)
    purpose, now = form.cleaned_data["purpose"], timezone.localtime()
    content = exporting.workbook(session, shown, user=request.user, when=now, purpose=purpose)
    with transaction.atomic():
        audit.record(
            "导出名册",
            actor=request.user,
            subject=session,
            request=request,
            number=session.number,
            lines=len(shown),
            masked=sum(line.masked for line in shown),
            minors=sum(line.age_band == RosterLine.AgeBand.MINOR and not veil.masks(line) for line in lines),
            purpose=purpose,
        )
    return downloads.workbook(content, f"{session.number}-roster.xlsx")


# --- writing ---------------------------------------------------------------------------------------------


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """What was pasted or uploaded as a grid. Nothing is stored: the answer holds it, and the officer sends it back."""
    session = _kept(request, pk)
    form = PasteForm(request.POST, request.FILES)
    if form.is_valid() and (closed := _closed(session)):
        form.add_error("text", closed)
    if not form.is_valid():
        return _page(request, session, paste=form)
    places, source = Places(session), RosterLine.Source.PASTED
    try:
        if form.cleaned_data["workbook"]:
            source = RosterLine.Source.WORKBOOK
            found = reading.read_file(form.cleaned_data["workbook"].read(), places.knows)
        else:
            found = reading.read_text(form.cleaned_data["text"], places.knows)
    except Unreadable as problem:
        form.add_error("workbook", problem.message)
        return _page(request, session, paste=form)
    problem = ""
    if len(found.lines) > keeping.MOST_AT_ONCE:
        problem = f"有 {len(found.lines)} 人，一次最多 {keeping.MOST_AT_ONCE} 人，请分几次"
    elif not found.lines:
        problem = "没有从中认出人名：请每人一行，姓名写在最前面"
    if problem:
        form.add_error("text" if source == RosterLine.Source.PASTED else "workbook", problem)
        return _page(request, session, paste=form)
    grid = Grid.of_lines(session, found.lines, source, found.unread, places)
    return _grid(request, session, grid, told=[*found.cut.sentences, *found.notices])


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Stores every row of the grid that is wanted, or none and shows what is wrong."""
    session = _kept(request, pk)
    grid = Grid.of_post(session, request.POST)
    told = list(grid.cut.sentences)
    if not grid.ready or "check" in request.POST:
        return _grid(request, session, grid, told=told, refused=not grid.ready)
    try:
        count = keeping.add(session, grid.people, actor=request.user, source=grid.source, request=request)
    except keeping.Twice as twice:  # stored by somebody else since the grid was checked
        for position in twice.positions:
            grid.wanted[position].errors["name"] = "刚刚已有人登记了这个人，请勾选“不要”"
        return _grid(request, session, grid, told=told, refused=True)
    except Refused as refused:
        return _grid(request, session, grid, told=told, refused=True, extra=refused.reasons)
    left_out = len(grid.rows) - count
    messages.success(
        request, f"已存入名册 {count} 人。" + (f"没有存入的 {left_out} 行是您勾选“不要”的。" if left_out else "")
    )
    for sentence in told:
        messages.warning(request, sentence)
    return redirect("session-roster", pk)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int, line_pk: int) -> HttpResponse:
    """Asks once on a page of its own, then takes the person out."""
    session = _kept(request, pk)
    line = visible_or_404(
        request.user, RosterLine.objects.select_related("session__organiser"), pk=line_pk, session=session
    )
    if request.method != "POST":
        number = lines_of(session, request.user).filter(pk__lte=line.pk).count()
        context = {"session": session, "line": line, "number": number, "recounted": not _closed(session)}
        return render(request, "trainings/rosters/remove.html", context)
    if keeping.remove(line, actor=request.user, request=request):
        messages.success(request, "已从名册删去一人，签到人次已重新计算。")
    else:
        messages.success(request, "已从名册删去一人；这一场已经定下，签到人次不变。")
    return redirect("session-roster", pk)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_scanned(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for a span of time, says how many signed at the door then, and takes them out once that is confirmed."""
    session = _kept(request, pk)
    found = session.roster.filter(source=RosterLine.Source.QR).aggregate(first=Min("signed_at"), last=Max("signed_at"))
    count, extra = 0, [closed] if (closed := _closed(session)) else []
    form = SpanForm(request.POST) if request.method == "POST" else SpanForm(initial=found)
    if request.method == "POST" and form.is_valid() and not extra:
        first, last, number = (form.cleaned_data[name] for name in ("first", "last", "number"))
        if number:
            try:
                keeping.remove_scanned(session, first, last, number=number, actor=request.user, request=request)
            except Refused as refused:
                extra = refused.reasons
            else:
                messages.success(request, f"已删去这段时间扫码签到的 {number} 人，签到人次已重新计算。")
                return redirect("session-roster", pk)
        count = keeping.scanned(session, first, last).count()
        if not count:
            form.add_error(None, "这段时间没有人扫码签到，请核对时间")
    context = {"session": session, "form": form, "count": count, "extra": extra, "found": found, "closed": closed}
    return render(request, "trainings/rosters/remove_scanned.html", context)


# --- what the views have in common --------------------------------------------------------------------------


def _session(request: HttpRequest, pk: int) -> TrainingSession:
    """The visible session whose roster this account may open; 404 outside its sight, 403 where names are others' business."""
    rows = TrainingSession.objects.for_display().select_related("form")
    session = visible_or_404(request.user, rows, pk=pk)
    if barred := barred_from_roster(request.user, session):
        raise PermissionDenied(barred)
    return session


def _kept(request: HttpRequest, pk: int) -> TrainingSession:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if not keeping.keeps_roster(request.user, session):
        raise PermissionDenied(keeping.ONLY_KEEPERS)
    return session


def _refuse_names(request: HttpRequest, session: TrainingSession) -> None:
    if barred := barred_from_names(request.user, session):
        raise PermissionDenied(barred)


def _closed(session: TrainingSession) -> str:
    """Why no line may be added now, or ''; as `refuse_lines` enforces it."""
    barred = session.barred_from_lines()
    if not barred and years.rules_of(session.organiser.county_id, session.held_on.year).locked:
        barred = f"{session.held_on.year}年度已锁定定案，名册不再增加"
    return barred


def _page(
    request: HttpRequest,
    session: TrainingSession,
    *,
    veil: Veil | None = None,
    number: str | None = None,
    paste: PasteForm | None = None,
    purpose: PurposeForm | None = None,
) -> HttpResponse:
    user = request.user
    veil = veil or Veil(user, session, names=False)
    lines = lines_of(session, user)
    page = Paginator(lines, PER_PAGE).get_page(number or request.GET.get("page"))
    page.object_list = veil.shown(page.object_list, page.start_index() or 1)
    identities = list(lines.values_list("identity", flat=True))
    meetings = keeping.double_booked(session, identities, user)
    told = [(n, m) for n, identity in enumerate(identities, 1) for m in meetings.get(identity, ())]
    keeps = keeping.keeps_roster(user, session)
    closed = _closed(session)
    context = {
        "session": session,
        "page_obj": page,
        "veil": veil,
        "keeps": keeps,
        "closed": closed,
        "banned": session.roster_ban(),
        "scanned": keeps and not closed and lines.filter(source=RosterLine.Source.QR).exists(),
        "paste": paste or (PasteForm() if keeps and not closed else None),
        "form": paste if paste is not None else purpose,
        "purpose": purpose or PurposeForm(),
        "by_hand": Row(dict.fromkeys(("name", "sex", "age", "home", "tail"), "")),
        "places": Places(session).offered if keeps and not closed else [],
        "may_unmask": not barred_from_names(user, session),
        "meetings": told[:PER_PAGE],
        "sexes": RosterLine.Sex.choices,
        "bands": RosterLine.AgeBand.choices,
    }
    return render(request, "trainings/rosters/roster.html", context)


def _grid(
    request: HttpRequest,
    session: TrainingSession,
    grid: Grid,
    *,
    told: list[str],
    refused: bool = False,
    extra: list[str] | None = None,
) -> HttpResponse:
    identities = {row.person.identity for row in grid.rows if row.person}
    meetings = keeping.double_booked(session, identities, request.user)
    for row in grid.rows:
        row.meetings = meetings.get(row.person.identity, []) if row.person else []
    if refused and not grid.people:
        extra = [*(extra or []), "没有一行可以存入：请至少填一个姓名，或去掉“不要”的勾"]
    context = {
        "session": session,
        "grid": grid,
        "told": told,
        "refused": refused,
        "extra": extra or [],
        "places": grid.places.offered,
        "sexes": RosterLine.Sex.choices,
        "bands": RosterLine.AgeBand.choices,
        "unread": grid.unread.split("\n")[:MOST_UNREAD] if grid.unread else [],
    }
    return render(request, "trainings/rosters/grid.html", context)
