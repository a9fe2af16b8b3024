"""报送材料: the table kind × unit, one kind with who has not handed it in, one unit's paper, and what is collected."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks import audit
from networks.access import (
    Action,
    barred_from_receiving,
    can,
    require,
    units_to_report_for,
    units_to_watch,
    visible_or_404,
)
from networks.uploads import made_ready
from networks.views.downloads import rationed
from networks.views.files import hand_out
from networks.views.keeping import keep

from ..exports import XLSX, xlsx
from ..material_forms import DecisionForm, HandInForm, KindForm
from ..materials import Collection, Line, materials_export, tallies
from ..models import AssessmentYear, Material, MaterialKind
from .years import with_year

READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@require(Action.VIEW_MATERIALS)
@with_year
def materials(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The whole county's table, or the own unit's papers."""
    user = request.user
    whole = can(user, Action.VIEW_COUNTY)
    collection = Collection([year], units=None if whole else user.own_unit_ids)
    context = {
        "year": year,
        "years": request.years_shown,
        "manages": can(user, Action.PROMPT) and not year.locked,
        "collects": can(user, Action.PROMPT),
        "may_hand_in": units_to_report_for(user).exists(),
    }
    if whole:
        context |= {"tallies": tallies(collection), "table": collection.table(), "kinds": collection.kinds}
        return render(request, "reporting/materials/county.html", context)
    context["lines"] = [line for line in collection.lines if line.kind.is_asked or line.row]
    return render(request, "reporting/materials/unit.html", context)


@require_safe
@require(Action.PROMPT, Action.VIEW_LOGS)
@with_year
@rationed
def export(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The list as a workbook; the log keeps who took it (AU-3)."""
    content = xlsx(materials_export(year, Collection([year])))
    with transaction.atomic():
        audit.record("导出报送材料登记表", actor=request.user, subject=year, request=request, year=year.year)
    name = f"materials-{year.year}-{timezone.localdate():%Y%m%d}.xlsx"
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


# --- what is collected -----------------------------------------------------------------------------------


@require_POST
@require(Action.PROMPT)
@with_year
def begin(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The year's first list."""
    back = redirect("materials", year.year)
    try:
        with transaction.atomic():
            made = MaterialKind.objects.begin(year, request.user)
            if made:
                audit.record("列入报送材料", actor=request.user, subject=year, request=request, kinds=len(made))
    except ValidationError as refused:
        messages.error(request, "没有列入：" + "；".join(refused.messages))
        return back
    if made:
        messages.success(request, f"已列入 {len(made)} 种材料，请逐种核对期限和报送单位。")
    else:
        messages.info(request, "这几种材料都已经列入了。")
    return back


@READ_OR_KEEP
@require(Action.PROMPT)
@with_year
def kind_new(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    form = KindForm(request.POST or None, instance=MaterialKind(year=year), user=request.user)
    return keep(
        request,
        form,
        action="登记报送材料种类",
        title="增加一种报送材料",
        lead=str(year),
        back=_kind_page,
        crumbs=_crumbs(year),
        template="reporting/materials/kind_form.html",
        detail={"year": year.year},
    )


@READ_OR_KEEP
@require(Action.PROMPT)
@with_year
def kind_edit(request: HttpRequest, year: AssessmentYear, pk: int) -> HttpResponse:
    kind = _kind(request, year, pk)
    return keep(
        request,
        KindForm(request.POST or None, instance=kind, user=request.user),
        action="修改报送材料种类",
        title=f"修改：{kind}",
        lead=str(year),
        back=_kind_page(kind),
        crumbs=[*_crumbs(year), (str(kind), _kind_page(kind))],
        template="reporting/materials/kind_form.html",
        detail={"year": year.year},
    )


@require_safe
@require(Action.PROMPT, Action.VIEW_LOGS)
@with_year
def kind(request: HttpRequest, year: AssessmentYear, pk: int) -> HttpResponse:
    """One kind: who has handed it in, who has not, and the text to copy."""
    shown = _kind(request, year, pk)
    collection = Collection([year])
    tally = next(tally for tally in tallies(collection) if tally.kind.pk == shown.pk)
    context = {
        "year": year,
        "kind": shown,
        "tally": tally,
        "crumbs": _crumbs(year),
        "manages": can(request.user, Action.PROMPT) and not year.locked,
    }
    return render(request, "reporting/materials/kind.html", context)


def _kind(request: HttpRequest, year: AssessmentYear, pk: int) -> MaterialKind:
    return visible_or_404(request.user, MaterialKind.objects.filter(year=year).select_related("year"), pk=pk)


def _kind_page(kind: MaterialKind) -> str:
    return reverse("material-kind", args=[kind.year.year, kind.pk])


def _crumbs(year: AssessmentYear) -> list[tuple[str, str]]:
    return [("完成情况", reverse("assessment-now")), (f"{year.year}年报送材料", reverse("materials", args=[year.year]))]


# --- one unit's paper ------------------------------------------------------------------------------------


def _line(request: HttpRequest, year: AssessmentYear, pk: int, unit: str) -> Line:
    """The paper of that kind of a unit that this account watches; 404 where the unit is not asked for it."""
    shown = _kind(request, year, pk)
    found = units_to_watch(request.user).filter(code=unit).first() if "\x00" not in unit else None
    lines = Collection([year], units=[found.pk]).lines if found else []
    for line in lines:
        if line.kind.pk == shown.pk:
            return line
    raise Http404("这个单位不报这种材料，或它不在您的范围内")


def _page(line: Line) -> str:
    return reverse("material", args=[line.kind.year.year, line.kind.pk, line.unit.code])


def _row(line: Line) -> Material:
    return line.row or Material(kind=line.kind, unit=line.unit)


@require_safe
@require(Action.VIEW_MATERIALS)
@with_year
def material(request: HttpRequest, year: AssessmentYear, pk: int, unit: str) -> HttpResponse:
    """Where it stands, its file, what happened to it, and what this account may do."""
    line, user = _line(request, year, pk, unit), request.user
    row = _row(line)
    history = list(row.history.select_related("history_user__person")) if row.pk else []
    context = {
        "year": year,
        "line": line,
        "row": row,
        "history": history,
        "crumbs": _crumbs(year),
        "may_hand_in": row.state in Material.STEPS["hand_in"].sources
        and units_to_report_for(user).filter(pk=line.unit.pk).exists(),
        "collects": can(user, Action.PROMPT),
        "barred": barred_from_receiving(user, row.handed_in_by) if row.state == Material.State.HANDED_IN else "",
    }
    return render(request, "reporting/materials/material.html", context)


@READ_OR_KEEP
@require(Action.KEEP_OWN, Action.PROMPT)
@with_year
def hand_in(request: HttpRequest, year: AssessmentYear, pk: int, unit: str) -> HttpResponse:
    """The file of one paper: a PDF or a photograph."""
    line = _line(request, year, pk, unit)
    row = _row(line)
    if not units_to_report_for(request.user).filter(pk=line.unit.pk).exists():
        raise PermissionDenied("报送材料由本单位的工作人员上传")
    posted = request.POST if request.method == "POST" else None
    form = HandInForm(posted, made_ready(request.FILES), instance=row)
    return keep(
        request,
        form,
        action="上传报送材料",
        title=f"上传：{line.kind}",
        lead=f"{line.unit}　{line.kind.note}",
        back=_page(line),
        done="已上传，等办公室收取。",
        button="上传",
        template="reporting/materials/hand_in.html",
        perform=lambda filled: filled.hand_in(request.user),
        detail={"unit": line.unit.code, "year": year.year},
        crumbs=[*_crumbs(year), (str(line.kind), _page(line))],
        line=line,
    )


@READ_OR_KEEP
@require(Action.PROMPT)
@with_year
def decide(request: HttpRequest, year: AssessmentYear, pk: int, unit: str) -> HttpResponse:
    """收到, 退回, 免报 and back."""
    line = _line(request, year, pk, unit)
    row = _row(line)
    return keep(
        request,
        DecisionForm(request.POST if request.method == "POST" else None, row=row),
        action="办理报送材料",
        title=f"办理：{line.kind}",
        lead=f"{line.unit}，现在是“{row.get_state_display()}”。",
        back=_page(line),
        done="已办理。",
        perform=lambda form: form.carry_out(request.user),
        detail={"unit": line.unit.code, "year": year.year},
        crumbs=[*_crumbs(year), (str(line.kind), _page(line))],
    )


@require_safe
@require(Action.VIEW_MATERIALS)
def file(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, Material.objects.exclude(attachment=None).select_related("attachment"), pk=pk)
    return hand_out(row.attachment.file, content_type=row.attachment.content_type, name=row.attachment.download_name)
