"""Ledger workbooks on the web: upload, rehearsal to mend in place, confirmation, result, undo."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import audit
from networks.access import (
    Action,
    barred_from_handling,
    barred_from_seconding,
    barred_from_undoing,
    can,
    require,
    seconders_for,
    units_to_enter_for,
    visible_or_404,
)
from networks.forms import WorkbookField
from networks.step_up import step_up
from networks.views import downloads

from .. import imports, workbook
from ..imports import MOVED, State
from ..models import ImportBatch

PAGE_SIZE = 30
SESSIONS_SHOWN = 50
WAITING = (State.REHEARSED, State.PROPOSED)


class YearField(forms.IntegerField):
    """The year that completes 3月5日; an empty one leaves that to the workbook's title."""

    def __init__(self) -> None:
        told = "年份应是 2000—2099 的四位数字"
        super().__init__(
            label="年份",
            required=False,
            min_value=2000,
            max_value=2099,
            help_text="台账里只写“3月5日”、没有写年份时才需要填",
            widget=forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
            error_messages={"invalid": told, "min_value": told, "max_value": told},
        )


class UploadForm(forms.Form):
    workbook = WorkbookField(
        label="台账文件（.xlsx）",
        help_text="最大 20 MiB，最多 10,000 场",
        error_messages={"required": "请选择要上传的台账文件"},
    )
    year = YearField()
    historical = forms.BooleanField(
        label="这是系统启用以前年度的历史台账",
        required=False,
        help_text="由一名工作人员上传并提出，另一名在自己的账号下确认；入库即为已核定",
    )

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not can(user, Action.IMPORT_HISTORY):
            del self.fields["historical"]


class YearForm(forms.Form):
    year = YearField()


@require_http_methods(["GET", "POST"])
@require(Action.IMPORT)
def upload(request: HttpRequest) -> HttpResponse:
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*posted, user=request.user)
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = imports.keep(
                given["workbook"], request.user, year=given["year"], historical=given.get("historical", False)
            )
        except (workbook.Unreadable, workbook.Refused) as problem:
            _log_denial(request, problem)
            form.add_error("workbook", problem.message)
        else:
            return redirect("import-batch", row.pk)
    context = {"form": form, "names_organiser": not request.user.own_unit}
    return render(request, "trainings/imports/upload.html", context)


@require_GET
@require(Action.IMPORT)
def template(request: HttpRequest) -> HttpResponse:
    return downloads.workbook(workbook.template(request.user), "培训台账模板.xlsx")


@require_GET
@require(Action.IMPORT)
def batches(request: HttpRequest) -> HttpResponse:
    rows = ImportBatch.objects.visible_to(request.user).select_related("user__person", "unit")
    page = Paginator(rows.order_by("-uploaded_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "trainings/imports/list.html", {"page_obj": page})


@require_http_methods(["GET", "POST"])
@require(Action.IMPORT)
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """What has become of an upload: while it waits its rehearsal, afterwards its result. POST keeps what was mended."""
    row = _found(request, pk)
    if request.method == "POST":
        return _mend(request, row)
    if row.state in WAITING:
        return _rehearsal_page(request, row)
    sessions = row.sessions.visible_to(request.user)
    context = {
        "batch": row,
        "sessions": sessions.for_display().order_by("held_on", "pk")[:SESSIONS_SHOWN],
        "stored": sessions.count(),
        "barred": barred_from_undoing(request.user, row),
        "deciders": row.state == State.UNDO_PROPOSED and can(request.user, Action.IMPORT_HISTORY),
    }
    return render(request, "trainings/imports/stored.html", context)


@require_POST
@require(Action.IMPORT)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    if row.state not in WAITING:  # a double click, or another person a moment earlier
        messages.info(request, f"这份台账已经处理过（{row.get_state_display()}），没有再次导入。")
        return redirect("import-batch", pk)
    if request.POST.get("decline"):
        return _act(request, pk, "已退回上传人修改，没有入库。", imports.decline, row, request.user)
    second = row.state == State.PROPOSED and not barred_from_seconding(request.user, row)
    if second and (asked := step_up(request, "确认历史台账，入库即为已核定")):
        return asked
    try:
        done = imports.confirm(row, request.user, request.POST.get("digest", ""))
    except imports.Moved:
        messages.warning(request, MOVED)
    except (workbook.Unreadable, workbook.Refused) as problem:
        _log_denial(request, problem, row)
        messages.error(request, problem.message)
    else:
        if done.state == State.PROPOSED:
            messages.success(request, "已提出，等另一位工作人员在自己的账号下确认后入库。")
        else:
            messages.success(request, f"已入库：新增 {done.created} 场。")
    return redirect("import-batch", pk)


@require_GET
@require(Action.IMPORT)
@downloads.rationed
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The uploader's own workbook with the wrong cells marked; the log keeps who took it (AU-3)."""
    row = _found(request, pk)
    barred = barred_from_handling(request.user, row)
    if barred:
        raise PermissionDenied(barred)
    if row.state not in WAITING:
        messages.info(request, "这份台账已经处理过，没有可以标出的错误。")
        return redirect("import-batch", pk)
    try:
        rehearsal = imports.rehearse_batch(row)
        if rehearsal.clean:
            messages.info(request, "没有错误，不需要下载标注。")
            return redirect("import-batch", pk)
        with row.file.open("rb") as file:
            content = workbook.mark_errors(file.read(), rehearsal.errors)
    except (workbook.Unreadable, workbook.Refused) as problem:
        messages.error(request, problem.message)
        return redirect("import-batch", pk)
    with transaction.atomic():
        rows = rehearsal.counts["rows"]
        audit.record("下载标出错误的台账", actor=request.user, subject=row, request=request, rows=rows)
    return downloads.workbook(content, f"台账{row.pk}-标出错误.xlsx")


@require_POST
@require(Action.IMPORT)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    try:
        imports.discard(row, request.user)
    except workbook.Refused as problem:
        messages.error(request, problem.message)
        return redirect("import-batch", pk)
    messages.success(request, f"已放弃“{row.original_name}”，文件已删除，没有导入任何场次。")
    return redirect("import-upload")


@require_http_methods(["GET", "POST"])
@require(Action.IMPORT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once on a page of its own, then takes the whole batch back; a historical one takes two persons."""
    row = _found(request, pk)
    if request.method == "POST" and request.POST.get("decline") and row.state == State.UNDO_PROPOSED:
        return _act(request, pk, "不撤销，台账仍在库中。", imports.decline, row, request.user)
    barred = barred_from_undoing(request.user, row)
    if barred:
        raise PermissionDenied(barred)
    if row.state not in (State.COMMITTED, State.UNDO_PROPOSED):
        messages.info(request, f"这份台账现在是“{row.get_state_display()}”，没有可以撤销的。")
        return redirect("import-batch", pk)
    if request.method == "GET":
        return render(request, "trainings/imports/undo.html", {"batch": row})
    second = row.historical and row.state == State.UNDO_PROPOSED
    if second and (asked := step_up(request, "撤销历史台账，其中已核定的场次作废")):
        return asked
    try:
        done = workbook.undo(row, request.user)
    except workbook.Refused as problem:
        _log_denial(request, problem, row)
        messages.error(request, problem.message)
    else:
        told = "整批已撤销，其中的场次已作废。" if done else "已提出撤销，等另一位工作人员在自己的账号下确认。"
        messages.success(request, told)
    return redirect("import-batch", pk)


# --- the rehearsal ---------------------------------------------------------------------------------


def _rehearsal_page(request: HttpRequest, row: ImportBatch, year_form: YearForm | None = None) -> HttpResponse:
    """The rehearsal as it is now, made with the uploader's rights; people who have no say in it see the summary only."""
    mine = not barred_from_handling(request.user, row)
    second = row.state == State.PROPOSED and not barred_from_seconding(request.user, row)
    context = {"batch": row, "mine": mine, "second": second}
    if not (mine or second):
        return render(request, "trainings/imports/waiting.html", context)
    try:
        rehearsal = imports.rehearse_batch(row, confirmed_by=request.user if second else None)
    except (workbook.Unreadable, workbook.Refused) as problem:
        return render(request, "trainings/imports/waiting.html", context | {"problem": problem.message})
    mendable = mine and row.state == State.REHEARSED
    assignable = mendable and can(request.user, Action.ASSIGN_ORGANISER)
    choices = workbook.choices(request.user) if mendable else {}
    mends = imports.to_mend(rehearsal, choices, assignable=assignable)
    context |= {
        "rehearsal": rehearsal,
        "mendable": mendable,
        "remembers": request.user.own_unit is not None,
        "mends": mends[: imports.MOST_MENDED],
        "mends_left": max(len(mends) - imports.MOST_MENDED, 0),
        "lists": [(f"names-{n}", choices.get(column, [])) for n, column in enumerate(imports.SUGGESTED)],
        "unknown": rehearsal.unknown_organisers[: imports.MOST_MENDED] if assignable else [],
        "units": units_to_enter_for(request.user) if assignable else [],
        "mended": len(imports.corrections_of(row)) + len(row.assignments),
        "year_form": year_form or YearForm(initial={"year": row.year}),
        "year_asked": bool(year_form or row.year or any(p.code == "no_year" for p in rehearsal.errors)),
        "preview": imports.preview(rehearsal),
        "seconders": _names(seconders_for(row.user)) if row.historical else [],
    }
    return render(request, "trainings/imports/rehearsal.html", context)


def _mend(request: HttpRequest, row: ImportBatch) -> HttpResponse:
    if request.POST.get("reset"):
        return _act(request, row.pk, "已恢复成上传时的样子。", imports.start_over, row, request.user)
    year_form = YearForm(request.POST)
    if not year_form.is_valid() and row.state == State.REHEARSED:
        return _rehearsal_page(request, row, year_form)
    return _act(
        request,
        row.pk,
        "",
        imports.mend,
        row,
        request.user,
        corrections=imports.read_mending(request.POST, workbook.COLUMNS),
        assignments=_assignments(request),
        year=year_form.cleaned_data.get("year"),
    )


def _assignments(request: HttpRequest) -> dict[str, str]:
    """{organiser as written: unit code}, of units that this account may enter for; anything else posted is 404."""
    written, chosen = request.POST.getlist("organiser"), request.POST.getlist("unit")
    pairs = [
        (name, code)
        for name, code in zip(written, chosen, strict=False)
        if code and 0 < len(name) <= 100 and "\x00" not in name  # PostgreSQL holds no NUL
    ]
    if not pairs:
        return {}
    known = set(units_to_enter_for(request.user).values_list("code", flat=True))
    if not known.issuperset(code for _, code in pairs):
        raise Http404("没有这个单位，或它不在您的范围内")
    return dict(pairs)


# --- what the pages have in common -------------------------------------------------------------------


def _found(request: HttpRequest, pk: int) -> ImportBatch:
    named = ImportBatch.objects.select_related(
        "user__person",
        "user__home_unit",
        "user__home_division",
        "unit",
        "confirmed_by__person",
        "undo_proposed_by__person",
        "undone_by__person",
    )
    return visible_or_404(request.user, named, pk=pk)


def _log_denial(request: HttpRequest, problem: Exception, row: ImportBatch | None = None) -> None:
    """Told on the page, and where it was for want of the right a line of the log like any other denial (AU-3). Here, because what
    the import itself writes is taken back with it."""
    if problem.code in workbook.DENIALS:
        audit.denied(request, subject=row)


def _act(request: HttpRequest, pk: int, done: str, step, *args, **kwargs) -> HttpResponse:
    """One step of a batch, and back to its page with a word on how it went."""
    try:
        step(*args, **kwargs)
    except workbook.Refused as problem:
        messages.error(request, problem.message)
    else:
        if done:
            messages.success(request, done)
    return redirect("import-batch", pk)


def _names(accounts) -> list[str]:
    return sorted({account.get_full_name() for account in accounts.select_related("person")})
