"""Session pages: the list, one session, what happened to it, and the moves that its unit makes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import audit
from networks.access import (
    Action,
    at_own_places,
    barred_from_roster,
    can,
    require,
    sees_drafts_of,
    units_to_enter_for,
    visible_or_404,
)
from networks.models import Division, Institution, LearningGroup, MemberUnit, Places
from networks.names import clean_text

from .. import photo_matches, years
from ..changes import plan_notes, records_of, steps
from ..evidence import OPEN, REMOVABLE, veiled
from ..forms import SessionFilter, years_offered
from ..hints import notices_about
from ..models import (
    Audience,
    CoOrganiser,
    Course,
    Evidence,
    PointReport,
    Project,
    Refused,
    ScanSheet,
    Status,
    SubmitToken,
    TrainingClass,
    TrainingSession,
)
from ..models.effort import new_token
from ..models.verbs import MOVES
from ..satisfaction import opinions_of
from .announcing import announcement_of, barred_from_announcing
from .entry import DRAFT_DONE

PER_PAGE = 30
MOST_AT_ONCE = 200  # sessions submitted in one go
SUBMITTABLE = (Status.DRAFT, Status.RETURNED)
NAMED = {"group": LearningGroup, "project": Project, "course": Course}


# --- the list ------------------------------------------------------------------------------------------


@require(Action.VIEW_SESSIONS)
@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    asked = SessionFilter(request.GET)
    seen = TrainingSession.objects.visible_to(request.user)
    units = list(
        MemberUnit.objects.filter(county_id=request.user.county_code).filter(
            Exists(seen.filter(organiser=OuterRef("pk")))
        )
    )
    rows = _filtered(seen, asked)
    whole = {name: _named(request.user, model, asked.value(name)) for name, model in NAMED.items()}
    if whole["group"]:
        rows = rows.filter(learning_group=whole["group"])
    if whole["project"]:
        rows = rows.filter(project=whole["project"])
    if whole["course"]:
        rows = rows.filter(course=whole["course"])
    shelves = _shelves(request.user)
    counts = rows.aggregate(**{key: Count("pk", filter=condition) for key, (_, condition) in shelves.items()})
    shelf = asked.value("whose")
    if shelf not in shelves:
        shelf = "all" if not shelves or asked.value("unit") or any(whole.values()) else next(iter(shelves))
    if shelves:
        rows = rows.filter(shelves[shelf][1])
    # Sorted by number alone and filled in afterwards: sorting a year of whole rows costs ten times as much.
    keys = rows.order_by(F("held_on").desc(nulls_last=True), "-pk").values_list("pk", flat=True)
    page = Paginator(keys, PER_PAGE).get_page(asked.value("page"))
    shown = TrainingSession.objects.for_display().in_bulk(list(page))
    page.object_list = [shown[key] for key in page]
    open_rows = [row.pk for row in page if row.status in SUBMITTABLE]
    mine = TrainingSession.objects.editable_by(request.user).filter(pk__in=open_rows)
    context = {
        "asked": asked,
        "page_obj": page,
        "submittable": set(mine.values_list("pk", flat=True)),
        "shelf": shelf,
        "shelves": [(key, label, counts[key]) for key, (label, _) in shelves.items()],
        "units": [] if shelf == "own" else units,
        "unit_shown": asked.value("unit"),
        **whole,
        "words": asked.value("q") or "",
        "years": years_offered(asked.year_shown),
        "statuses": Status.choices,
        "narrowed": any(whole.values())
        or any(asked.value(name) for name in ("status", "unit", "month", "audience", "place", "host", "q")),
        "may_enter": _may_enter(request.user),
        "may_export": can(request.user, Action.EXPORT),
        "archive_months": range(1, 13),
        "archive_unit": asked.value("unit") or (request.user.own_unit.code if request.user.own_unit else ""),
        "may_import": can(request.user, Action.IMPORT),
        "token": new_token(),
    }
    return render(request, "trainings/sessions/list.html", context)


def _named(user, model, pk):
    """The group or project that a figure elsewhere has led from; one that is not there is passed over."""
    rows = model.objects.readable_by(user) if model is Course else model.objects.visible_to(user)
    return rows.filter(pk=pk).first() if pk else None


def _shelves(user) -> dict[str, tuple[str, Q]]:
    """{key: (name on the screen, condition)} of the parts of the list, for whoever belongs to a unit; its own sessions
    come first, for that is what somebody who enters them looks for. Empty for the county's people."""
    own = user.own_unit
    if own is None:
        return {}
    mine = Q(organiser__in=user.own_unit_ids)
    if can(user, Action.ENTER):  # the county centre's own are fewer than its department's
        mine = Q(pk__in=TrainingSession.objects.editable_by(user).values("pk"))
    shelves = {"own": ("本单位", mine)}
    if own.kind == MemberUnit.Kind.TOWNSHIP:
        if user.own_place_codes:
            here = at_own_places(user, "place")
        else:
            here = Q(place__in=Places(own.county_id, timezone.localdate()).within(own.division_id))
        shelves["here"] = ("其他单位在本地办的", here & ~Q(organiser__in=user.own_unit_ids))
    joint = CoOrganiser.objects.filter(unit__in=user.own_unit_ids).values("session")
    return shelves | {"joint": ("本单位协办", Q(pk__in=joint)), "all": ("全部", Q(pk__isnull=False))}


def _filtered(rows, asked: SessionFilter):
    """The visible rows that the query string asks for; a year shows its undated drafts too, so that none gets lost."""
    year, this_year = asked.year_shown, timezone.localdate().year
    if year:
        undated = Q(held_on=None) if year == this_year else Q(pk__in=[])
        rows = rows.filter(Q(held_on__year=year) | undated)
    if asked.status_shown:
        rows = rows.filter(status=asked.status_shown)
    if asked.value("unit"):
        rows = rows.filter(organiser__code=asked.value("unit"))
    if asked.value("month"):
        rows = rows.filter(held_on__month=asked.value("month"))
    if asked.value("audience"):
        rows = rows.filter(audience_counts__audience=asked.value("audience"))
    if asked.value("place"):
        place = Division.objects.filter(pk=asked.value("place")).first()
        rows = rows.held_within(place) if place else rows.none()
    if asked.value("host"):
        host = Institution.objects.filter(pk=asked.value("host")).first()
        rows = rows.held_by(host) if host else rows.none()
    # Not by teachers: whom one looks for would stand in the address and in the web server's log (PI-7).
    for word in (asked.value("q") or "").split():
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(venue__icontains=word)
            | Q(organiser_written__icontains=word)
            | Q(number__iexact=word)
        )
    return rows


def _may_enter(user) -> bool:
    return can(user, Action.ENTER) or can(user, Action.ENTER_ON_BEHALF)


# --- one session -----------------------------------------------------------------------------------------


@require(Action.VIEW_SESSIONS)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = request.user
    rows = TrainingSession.objects.for_display().select_related(
        "learning_group", "course", "programme", "project", "language", "verified_by__person"
    )
    session = visible_or_404(user, rows, pk=pk)
    parts = list(session.co_organisers.select_related("unit"))
    audiences = list(session.audience_counts.select_related("audience"))
    own = user.own_unit_ids if can(user, Action.ENTER) else []
    locked = bool(session.held_on) and years.rules_of(session.organiser.county_id, session.held_on.year).locked
    editable = not locked and TrainingSession.objects.editable_by(user).filter(pk=pk).exists()
    sensitivity = max((row.audience.sensitivity for row in audiences), default=0)
    kinds = [pair for pair in Evidence.Kind.choices if pair[0] in Evidence.kinds_at(sensitivity)]
    evidence = veiled(session.evidence.select_related("uploaded_by__person", "session__entered_by"), user)
    told = announcement_of(session)
    context = {
        "session": session,
        "training_class": TrainingClass.objects.visible_to(user).filter(pk=session.training_class_id).first(),
        "plan_note": plan_notes([pk]).get(pk, "") if session.status in (Status.PLANNED, Status.CANCELLED) else "",
        "told": told,
        "may_announce": editable and not barred_from_announcing(session, told),
        "may_see_sign_ups": told and told.takes_sign_ups and not barred_from_roster(user, session),
        "audiences": audiences,
        "co_organisers": parts,
        "report": PointReport.objects.filter(session=session).select_related("link__institution").first(),
        "evidence": evidence,
        "sensitivity": sensitivity,
        "kinds": kinds,
        "may_add": editable and session.status in OPEN,
        "may_remove": editable and session.status in REMOVABLE,
        "locked": locked,
        "editable": editable,
        "moves": {verb for verb, move in MOVES.items() if editable and session.status in move.sources},
        "may_revise": editable and session.status in TrainingSession.REVISABLE,
        "may_review": can(user, Action.REVIEW) and session.status == Status.SUBMITTED,
        "may_tell": sensitivity < Audience.Sensitivity.HEADCOUNT_ONLY
        and session.status in (Status.SUBMITTED, Status.VERIFIED)
        and (can(user, Action.PUBLISH) or (can(user, Action.KEEP_OWN) and session.organiser_id in user.own_unit_ids)),
        "may_copy": units_to_enter_for(user).filter(pk=session.organiser_id).exists(),
        "missing": session.missing_for_submission() if session.status in TrainingSession.REVISABLE else [],
        "may_ask_late": can(user, Action.VIEW_STANDING),
        "notices": notices_about(session, user) if (submittable := editable and session.status in SUBMITTABLE) else [],
        "comparing": photo_matches.waiting().filter(session=session).count() if submittable else 0,
        "awaits_unit": editable and own and session.on_behalf_source and not session.unit_confirmed_at,
        "my_part": next((p for p in parts if not locked and p.unit_id in own and not p.confirmed_at), None),
        "roster_url": _roster_url(user, session, sensitivity),
        "opinions": opinions_of(TrainingSession.objects.filter(pk=pk)) if sensitivity < 2 else None,
        "scan": _scan(user, session, editable, sensitivity),
        "may_export": can(user, Action.EXPORT),
        "token": new_token(),
        "draft_done": request.session.pop(DRAFT_DONE, ""),
        "form_key": pk,
    }
    return render(request, "trainings/sessions/detail.html", context)


def _scan(user, session: TrainingSession, editable: bool, sensitivity: int) -> dict[str, object] | None:
    """What the page says of sign-in by QR, for whoever opens it; None where there is none."""
    if not (editable and can(user, Action.ENTER)) or sensitivity:
        return None
    sheet = ScanSheet.objects.filter(session=session).select_related("session").first()
    if sheet is None and ScanSheet.barred_from_opening(session):
        return None
    return {"sheet": sheet, "phase": sheet and sheet.phase()}


def _roster_url(user, session: TrainingSession, sensitivity: int) -> str:
    """The roster's address for whoever may open it; '' where there is none and none is kept."""
    if barred_from_roster(user, session) or (sensitivity and not session.rostered_attendance):
        return ""
    return reverse("session-roster", args=[session.pk])


@require(Action.VIEW_SESSIONS)
@require_GET
def history(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    records = records_of(session)
    if not sees_drafts_of(request.user, session):  # what its unit did before submitting is its own business
        records = [record for record in records if record.status not in TrainingSession.PRIVATE]
    return render(request, "trainings/sessions/history.html", {"session": session, "steps": steps(records)})


# --- moves -------------------------------------------------------------------------------------------------


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects, pk=pk)

    def act() -> str:
        session.submit(actor=request.user)
        messages.success(request, "已提交，等待县教育局审核。")
        return reverse("session-detail", args=[pk])

    try:
        return redirect(SubmitToken.once(request.user, _token(request), act))
    except Refused as refused:
        messages.error(request, "还不能提交：\n" + "\n".join(refused.reasons))
        return redirect("session-detail", pk)


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def submit_many(request: HttpRequest) -> HttpResponse:
    """Submits the ticked sessions one by one and says which were left out and why."""
    ids = [int(key) for key in request.POST.getlist("session") if key.isascii() and key.isdecimal() and len(key) < 19]
    if not ids:
        messages.info(request, "请先勾选要提交的场次。")
        return redirect("session-list")
    if len(ids) > MOST_AT_ONCE:
        messages.error(request, f"一次最多提交 {MOST_AT_ONCE} 场，请分几次。")
        return redirect("session-list")

    def act() -> str:
        chosen = TrainingSession.objects.visible_to(request.user).select_related("organiser").filter(pk__in=ids)
        done, left_out = 0, []
        for session in chosen:
            try:
                session.submit(actor=request.user)
                done += 1
            except Refused as refused:
                left_out.append(f"《{session}》：{'；'.join(refused.reasons)}")
            except PermissionDenied as denied:
                audit.denied(request, subject=session)
                left_out.append(f"《{session}》：{denied}")
        unknown = len(set(ids)) - done - len(left_out)
        if unknown:
            left_out.append(f"另有 {unknown} 场没有找到，或不在您的范围内")
        if done:
            messages.success(request, f"已提交 {done} 场，等待县教育局审核。")
        if left_out:
            messages.warning(request, "以下没有提交：\n" + "\n".join(left_out))
        return reverse("session-list")

    return redirect(SubmitToken.once(request.user, _token(request), act))


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects, pk=pk)
    return _perform(request, session, lambda: session.withdraw(actor=request.user), "已撤回，可以修改后再提交。")


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects, pk=pk)
    return _perform(request, session, lambda: session.hold(actor=request.user), "已转为草稿，请补填实到人次后提交。")


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """确认代录 for the organiser's own officer, 确认协办 for a co-organiser's."""
    session = visible_or_404(request.user, TrainingSession.objects.select_related("organiser"), pk=pk)
    own = request.user.own_unit_ids
    awaited = session.on_behalf_source and session.unit_confirmed_at is None
    if session.organiser_id in own and (awaited or not session.co_organisers.filter(unit__in=own).exists()):
        return _perform(
            request, session, lambda: session.confirm_entry(actor=request.user), "已确认这一场由县教育局代录。"
        )
    return _perform(
        request,
        session,
        lambda: session.confirm_as_co_organiser(actor=request.user, request=request),
        "已确认本单位协办这一场。",
    )


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def void(request: HttpRequest, pk: int) -> HttpResponse:
    return _ask_once(request, pk, "void", "已作废。它不再计入任何数字，仍可在“作废”里查到。")


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _ask_once(request, pk, "cancel", "计划已取消。")


def _ask_once(request: HttpRequest, pk: int, verb: str, done: str) -> HttpResponse:
    """A page of its own that says what will happen; the button there does it."""
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if not TrainingSession.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以这样做")
    if request.method == "POST":
        reason = clean_text(request.POST.get("reason", ""))[:200]
        try:
            getattr(session, verb)(actor=request.user, reason=reason)
        except Refused as refused:
            context = {"session": session, "verb": verb, "extra": refused.reasons, "reason": reason}
            return render(request, "trainings/sessions/ask_once.html", context)
        messages.success(request, done)
        return redirect("session-detail", pk)
    if session.status not in MOVES[verb].sources:
        messages.info(request, f"这一场次现在是“{session.get_status_display()}”，不能{MOVES[verb].label}。")
        return redirect("session-detail", pk)
    context = {"session": session, "verb": verb, "evidence_count": Evidence.objects.filter(session=session).count()}
    context["told"] = announcement_of(session)
    return render(request, "trainings/sessions/ask_once.html", context)


def _perform(request: HttpRequest, session: TrainingSession, act, done: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, "\n".join(refused.reasons))
    else:
        messages.success(request, done)
    return redirect("session-detail", session.pk)


def _token(request: HttpRequest) -> str:
    """The form's one-time token; without one the states alone keep a move from happening twice."""
    token = request.POST.get("token", "")
    return token if 20 <= len(token) <= 64 else new_token()
