"""The bureau's review desk: queue, one-screen review, and the decisions, each by the session's own verb."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import audit
from networks.access import (
    Action,
    barred_from_verifying,
    eligible_verifiers,
    involved_in,
    require,
    reviewers_of,
    visible_or_404,
    without_verifier,
)

from .. import changes, photo_matches, years
from ..evidence import veiled
from ..hints import hints_about, hints_of
from ..hints.answering import AnswerForm, answer
from ..models import Conflict, Evidence, Refused, RosterLine, Status, TrainingSession
from ..models.verbs import MOVES
from ..review import (
    TABS,
    Queue,
    ReturnForm,
    VerifyForm,
    WordingForm,
    as_rows,
    queue_for,
    ticked,
)
from ..satisfaction import opinions_of

PAGE_SIZE = 50
DECIDABLE = (Status.SUBMITTED, Status.VERIFIED)


@require_GET
@require(Action.REVIEW)
def queue(request: HttpRequest) -> HttpResponse:
    desk = queue_for(request.user, request.GET)
    page = Paginator(desk.keys, PAGE_SIZE).get_page(request.GET.get("page"))
    keys = list(page)
    rows = as_rows(TrainingSession.objects).in_bulk(keys)
    hints = desk.hints or hints_of(TrainingSession.objects.filter(pk__in=keys), request.user.county_code)
    page.object_list = [rows[key] for key in keys]
    involved = involved_in(request.user, keys)
    for session in page:
        session.hints = [hint for hint in hints.get(session.pk, []) if hint.answer is None]
        session.barred = barred_from_verifying(request.user, session, involved) if desk.tab == "pending" else ""
    context = {
        "queue": desk,
        "page_obj": page,
        "tabs": [
            (name, label, desk.counts[name]) for name, label in TABS.items() if name != "locked" or desk.counts[name]
        ],
        "query": _carried(request, "page"),
        "stranded": _stranded(request),
    }
    return render(request, "trainings/review/queue.html", context)


@require_GET
@require(Action.REVIEW)
def session(request: HttpRequest, pk: int) -> HttpResponse:
    return _review_page(request, _found(request, pk))


@require_POST
@require(Action.REVIEW)
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    form = VerifyForm(request.POST, row)
    if not form.is_valid() and row.status == Status.SUBMITTED:
        return _review_page(request, row, verify_form=form)
    return _decide(request, row, form, "verify", "verify_form", "已核定《{}》")


@require_POST
@require(Action.REVIEW)
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    form = ReturnForm(request.POST, row)
    if not form.is_valid() and row.status == Status.SUBMITTED:
        return _review_page(request, row, return_form=form)
    return _decide(request, row, form, "send_back", "return_form", "已把《{}》退回修改")


@require_http_methods(["GET", "POST"])
@require(Action.REVIEW)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once, on a page of its own; then the session is returned to its unit."""
    row = _found(request, pk)
    if request.method == "GET" and row.status != Status.VERIFIED:
        return redirect(_address(request, row))
    form = ReturnForm(request.POST if request.method == "POST" else None, row)
    if not form.is_valid() and row.status == Status.VERIFIED:
        return render(
            request, "trainings/review/revoke.html", {"session": row, "form": form, "query": _carried(request)}
        )
    return _decide(request, row, form, "revoke", "revoke_form", "已撤销《{}》的核定，退回单位修改")


def _decide(request, row, form, verb, form_name, done) -> HttpResponse:
    """Runs a decision and goes on to the next session; whatever stands against it is said on the page."""
    if row.status not in MOVES[verb].sources:
        return _too_late(request, row, verb)
    given = form.cleaned_data
    try:
        getattr(row, verb)(actor=request.user, **given)
    except Conflict as conflict:
        return _conflict(request, conflict.stored, given["seen_version"], form_name, form)
    except Refused as refused:
        stored = _found(request, row.pk)
        if stored.status not in MOVES[verb].sources:
            return _too_late(request, stored, verb)
        return _review_page(request, stored, extra=refused.reasons, **{form_name: form})
    messages.success(request, done.format(row))
    return _onward(request, row)


@require_POST
@require(Action.REVIEW)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    form = WordingForm(_as_chosen(request.POST, row), row, request.user)
    if not form.is_valid():
        return _review_page(request, row, wording_form=form)
    wanted = form.changes(row)
    if not wanted:
        messages.info(request, "文字没有变化，未作更正。")
        return redirect(_address(request, row))
    try:
        row.correct_wording(actor=request.user, seen_version=form.cleaned_data["seen_version"], changes=wanted)
    except Conflict:
        stored = _found(request, pk)
        return _wording_conflict(request, stored, form)
    except Refused as refused:
        return _review_page(request, _found(request, pk), extra=refused.reasons, wording_form=form)
    messages.success(request, "文字已更正，历史中记为“经电话核实”。")
    return redirect(_address(request, row))


@require_POST
@require(Action.REVIEW)
def answer_hint(request: HttpRequest, pk: int) -> HttpResponse:
    """What the reviewer found out about one hint. A hint that reads differently by now is asked anew; what was typed stays
    on the page."""
    row = _found(request, pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _review_page(request, row, answer_form=form)
    given = form.cleaned_data
    hint = next((hint for hint in hints_about(row, request.user) if hint.fingerprint == given["fingerprint"]), None)
    if hint is None:
        return _review_page(request, row, outdated=given["text"], status=409)
    try:
        answer(row, hint, given["text"], actor=request.user, request=request)
    except Refused as refused:
        return _review_page(request, row, extra=refused.reasons, answer_form=form)
    messages.success(request, f"已记下“{hint.label}”的核查情况，情况没有变化就不再提示。")
    return redirect(_address(request, row) + "#hints")


def _as_chosen(data: QueryDict, row: TrainingSession) -> QueryDict:
    """The posted wording, with the stored one in every field for which the conflict page was answered by 别人先保存的."""
    data = data.copy()
    for name in WordingForm.WORDING:
        if data.get(f"choose_{name}") == "theirs":
            stored = getattr(row, name)
            data[name] = str(getattr(stored, "pk", "" if stored is None else stored))
    return data


@require_http_methods(["GET", "POST"])
@require(Action.REVIEW)
def verify_many(request: HttpRequest) -> HttpResponse:
    """Verifies what was ticked at the reported figure, each for itself, and says what was left out and why.

    A ticked row is posted as `chosen` = "<id>-<version>": a row that has changed since the list was drawn stays out."""
    if request.method == "GET":  # a sign-in in between comes back here by GET
        return redirect("review-queue")
    chosen = ticked(request.POST.getlist("chosen")[:PAGE_SIZE])
    visible = TrainingSession.objects.visible_to(request.user).for_display().filter(pk__in=chosen)
    done, left_out = [], []
    for row in visible.order_by("submitted_at", "pk"):
        try:
            row.verify(actor=request.user, attendance=row.reported_attendance, seen_version=chosen[row.pk])
        except Conflict:
            left_out.append((row, ["在您打开列表之后有改动，请打开看过再核定"]))
        except Refused as refused:
            left_out.append((row, refused.reasons))
        except PermissionDenied as denied:
            audit.denied(request, subject=row)
            left_out.append((row, [str(denied)]))
        else:
            done.append(row)
    context = {
        "done": done,
        "left_out": left_out,
        "attendances": sum(row.verified_attendance for row in done),
        "unknown": len(chosen) - len(done) - len(left_out),
        "query": _carried(request),
    }
    return render(request, "trainings/review/many.html", context)


# --- what the pages have in common -------------------------------------------------------------------


def _found(request: HttpRequest, pk: int) -> TrainingSession:
    named = TrainingSession.objects.for_display().select_related(
        "learning_group", "programme", "project", "language", "verified_by__person", "batch"
    )
    return visible_or_404(request.user, named, pk=pk)


def _carried(request: HttpRequest, *without: str) -> str:
    """The queue's filters, carried along so that next and previous stay within them."""
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    return query.urlencode()


def _address(request: HttpRequest, row: TrainingSession) -> str:
    query = _carried(request)
    return reverse("review-session", args=[row.pk]) + (f"?{query}" if query else "")


def _onward(request: HttpRequest, row: TrainingSession) -> HttpResponse:
    """To the next session of the pending queue, else to one that was passed over, else to the queue."""
    desk = queue_for(request.user, request.GET)
    if desk.tab == "pending":
        before, after = desk.neighbours(row)
        if after or before:
            return redirect(_address(request, after or desk.first()))
    query = _carried(request)
    return redirect(reverse("review-queue") + (f"?{query}" if query else ""))


def _too_late(request: HttpRequest, row: TrainingSession, verb: str) -> HttpResponse:
    """Somebody, perhaps this person's own double click, has decided already."""
    if verb == "verify" and row.verified_by_id == request.user.pk:
        messages.info(request, f"《{row}》您已经核定，不用再操作。")
        return _onward(request, row)
    by = f"（{row.verified_by.get_full_name()}核定）" if row.verified_by else ""
    messages.warning(request, f"《{row}》现在是“{row.get_status_display()}”{by}，您这次的操作没有生效。")
    return redirect(_address(request, row))


def _conflict(request, stored, seen_version, form_name, form) -> HttpResponse:
    """409: what changed since the page was opened, beside the form as it was filled in, ready to be decided anew."""
    row = _found(request, stored.pk)
    form.data = form.data.copy()
    form.data["seen_version"] = str(row.version)
    differing = changes.since_version(row, seen_version)
    if form_name == "revoke_form":
        context = {"session": row, "form": form, "conflict": differing, "moved": True, "query": _carried(request)}
        return render(request, "trainings/review/revoke.html", context, status=409)
    return _review_page(request, row, moved=True, conflict=differing, status=409, **{form_name: form})


def _wording_conflict(request: HttpRequest, stored: TrainingSession, form: WordingForm) -> HttpResponse:
    """409: both wordings of every field that differs, to choose from; nothing typed is lost."""
    rows = []
    for name in form.WORDING:
        mine, theirs = form.cleaned_data[name], getattr(stored, name)
        if mine != theirs:
            rows.append(
                {
                    "name": name,
                    "label": form.fields[name].label,
                    "mine": changes.displayed(name, getattr(mine, "pk", mine)),
                    "theirs": changes.displayed(name, getattr(theirs, "pk", theirs)),
                }
            )
    form.data = form.data.copy()
    form.data["seen_version"] = str(stored.version)
    context = {"session": stored, "form": form, "rows": rows, "query": _carried(request)}
    return render(request, "trainings/review/wording_conflict.html", context, status=409)


def _stranded(request: HttpRequest) -> dict | None:
    """Pending sessions that nobody in this county may verify, with what to do about it; None when there are none."""
    pending = TrainingSession.objects.visible_to(request.user).awaiting_review()
    number = without_verifier(pending, request.user.county_code).count()
    if not number:
        return None
    return {"number": number, "reviewers": _names(reviewers_of(request.user.county_code))}


def _names(accounts) -> list[str]:
    return sorted({account.get_full_name() for account in accounts.select_related("person")})


def _is_shown(item: Evidence) -> bool:
    return bool(item.file and item.is_image and not item.closed)


def _review_page(request: HttpRequest, row: TrainingSession, *, status: int = 200, **given) -> HttpResponse:
    """One session with everything a decision needs. `given` holds forms that were refused, `extra` reasons, `conflict`."""
    desk: Queue = queue_for(request.user, request.GET)
    before, after = desk.neighbours(row) if desk.tab == "pending" else (None, None)
    evidence = veiled(row.evidence.select_related("uploaded_by__person", "session__entered_by"), request.user)
    hints = hints_about(row, request.user)
    answered = given.pop("answer_form", None)
    for hint in hints:
        mine = answered is not None and answered["fingerprint"].value() == hint.fingerprint
        hint.form = answered if mine else AnswerForm(None, hint.fingerprint)
    records = changes.records_of(row)
    barred = barred_from_verifying(request.user, row)
    rules = years.rules_of(row.organiser.county_id, row.held_on.year) if row.held_on else None
    context = {
        "session": row,
        "evidence": evidence,
        "images": [item for item in evidence if _is_shown(item)],
        "papers": [item for item in evidence if not _is_shown(item)],
        "scanned": row.roster.filter(source=RosterLine.Source.QR).count() if row.rostered_attendance else 0,
        "opinions": opinions_of(TrainingSession.objects.filter(pk=row.pk)),
        "steps": changes.steps(records),
        "since": changes.since_last_return(row, records, evidence) if row.status == Status.SUBMITTED else None,
        "hints": hints,
        "comparing": photo_matches.waiting().filter(session=row).count(),
        "open_hints": [hint for hint in hints if hint.answer is None],
        "answer_form": answered,
        "locked": bool(rules and rules.locked),
        "barred": barred,
        "others": _names(eligible_verifiers(row)) if barred else [],
        "decidable": row.status == Status.SUBMITTED and not (rules and rules.locked),
        "correctable": row.status in DECIDABLE and not (rules and rules.locked),
        "before": before,
        "after": after,
        "waiting": desk.counts["pending"],
        "query": _carried(request),
        "verify_form": VerifyForm(None, row),
        "return_form": ReturnForm(None, row),
        "wording_form": WordingForm(None, row, request.user),
    }
    return render(request, "trainings/review/session.html", context | given, status=status)
