"""完成情况确认表: who has confirmed, one unit's sheet with its stamped scan, the print, and the scan itself."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from networks import uploads
from networks.access import (
    Action,
    barred_from_checking,
    barred_from_confirming_for,
    can,
    require,
    units_to_watch,
    visible_or_404,
)
from networks.forms import UploadField
from networks.models import MemberUnit
from networks.views.files import hand_out
from trainings.models import Refused, TrainingSession

from ..confirming import Sheet, Sheets, latest_period, states
from ..models import AssessmentYear, Confirmation, Quarter
from .years import with_year


class UploadForm(forms.Form):
    code = forms.CharField(
        label="核对码",
        max_length=40,
        help_text="照纸上右上角的核对码填写，12 位数字和字母，空格可以不填",
        error_messages={"required": "请照纸上的核对码填写"},
        widget=forms.TextInput({"class": "form-control w-half", "autocomplete": "off"}),
    )
    filled_on = forms.DateField(
        label="填报日期",
        help_text="照纸上写的日期",
        error_messages={"required": "请照纸上写的填报日期填写", "invalid": "请填写日期，如 2026-01-08"},
        widget=forms.DateInput({"type": "date", "class": "form-control w-date"}, format="%Y-%m-%d"),
    )
    scan = UploadField(
        label="盖章的确认表",
        help_text="拍照（JPG、PNG）或扫描成 PDF；公章、签字要看得清",
        error_messages={"required": "请选择盖了章的确认表的照片或 PDF"},
    )


class ReturnForm(forms.Form):
    note = forms.CharField(
        label="退回的原因",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "form-control"}),
    )


@require_safe
@require(Action.VIEW_FEEDBACK)
@with_year
def now(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    return redirect("confirmations", year.year, int(latest_period(year)))


@require_safe
@require(Action.VIEW_FEEDBACK)
@with_year
def confirmations(request: HttpRequest, year: AssessmentYear, quarter: int) -> HttpResponse:
    found = states(year, _quarter(quarter), units_to_watch(request.user))
    context = {
        "year": year,
        "years": request.years_shown,
        "quarter": Quarter(quarter),
        "quarters": list(Quarter),
        "states": found,
        "confirmed": sum(state.confirmed for state in found),
        "whole_county": can(request.user, Action.VIEW_COUNTY),
    }
    return render(request, "reporting/confirmations/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.VIEW_FEEDBACK)
@with_year
def confirmation(request: HttpRequest, year: AssessmentYear, quarter: int, unit: str) -> HttpResponse:
    """One unit's sheet: its figures now, the scan that stands, bringing one in, accepting or returning it."""
    shown = _unit(request, unit)
    _quarter(quarter)
    barred = barred_from_confirming_for(request.user, year, shown)
    sending = request.method == "POST" and request.POST.get("act") not in {"accept", "return"}
    form = UploadForm(request.POST if sending else None, uploads.made_ready(request.FILES) if sending else None)
    deciding = ReturnForm(request.POST if request.method == "POST" and not sending else None)
    extra = []
    if request.method == "POST":
        try:
            if sending and barred:
                raise PermissionDenied(barred)
            if not sending or form.is_valid():
                if sending:
                    done = _upload(request, year, shown, quarter, form)
                else:
                    done = _decide(request, deciding, year=year, quarter=quarter, unit=shown)
                messages.success(request, done)
                return redirect("confirmation", year.year, quarter, shown.code)
        except Refused as refused:
            extra = refused.reasons
    state = next(iter(states(year, quarter, [shown])), None)
    if state is None:
        raise Http404("这个单位这一年没有要确认的任务")
    standing = state.standing
    rows = Confirmation.objects.visible_to(request.user).filter(year=year, quarter=quarter, unit=shown)
    context = {
        "year": year,
        "quarter": Quarter(quarter),
        "unit": shown,
        "state": state,
        "form": form,
        "deciding": deciding,
        "extra": extra,
        "may_upload": not barred and not state.confirmed,
        "may_check": standing
        and standing.status == Confirmation.Status.RECEIVED
        and can(request.user, Action.HANDLE_FEEDBACK),
        "check_barred": standing and barred_from_checking(request.user, standing),
        "earlier": rows.exclude(pk=standing.pk if standing else None).select_related(
            "uploaded_by__person", "decided_by__person"
        ),
        "whole_county": can(request.user, Action.VIEW_COUNTY),
    }
    return render(request, "reporting/confirmations/sheet.html", context)


def _upload(request: HttpRequest, year: AssessmentYear, unit: MemberUnit, quarter: int, form: UploadForm) -> str:
    with uploads.atomic():
        Confirmation.receive(
            year,
            unit,
            quarter,
            actor=request.user,
            code=form.cleaned_data["code"],
            filled_on=form.cleaned_data["filled_on"],
            scan=form.cleaned_data["scan"],
            request=request,
        )
    return "已上传，等办公室核对。"


def _decide(request: HttpRequest, form: ReturnForm, **page: object) -> str:
    """`page`: the year, the quarter and the unit of the address, whose sheet it is."""
    if not can(request.user, Action.HANDLE_FEEDBACK):
        raise PermissionDenied("确认表由领导小组办公室的工作人员核对")
    pk = request.POST.get("confirmation", "")
    if not pk.isascii() or not pk.isdigit():
        raise Refused("请选择要核对的确认表")
    rows = Confirmation.objects.visible_to(request.user).select_related("year").filter(**page)
    row = rows.filter(pk=min(int(pk), 2**31)).first()
    if row is None:
        raise Refused("没有这份确认表")
    if request.POST.get("act") == "accept":
        row.accept(request.user, request=request)
        return "已确认。"
    if request.POST.get("act") == "return":
        if not form.is_valid():
            raise Refused("；".join(form.errors["note"]))
        row.send_back(request.user, form.cleaned_data["note"], request=request)
        return "已退回，单位会看到原因。"
    raise Refused("请选择确认或退回")


@require_safe
@require(Action.VIEW_FEEDBACK)
@with_year
def printed(request: HttpRequest, year: AssessmentYear, quarter: int) -> HttpResponse:
    """Every unit's sheet on a page of its own, or one unit's (?unit=)."""
    _quarter(quarter)
    units, code = units_to_watch(request.user), request.GET.get("unit", "")
    if code:
        units = [_unit(request, code)]
    sheets = Sheets(year)
    found = [sheet for unit in sheets.units(units) if (sheet := sheets.of(unit, quarter))]
    if not found:
        raise Http404("这一年没有要确认的单位")
    _name(request, found)
    context = {"year": year, "quarter": Quarter(quarter), "sheets": found, "only": code and found[0].unit}
    return render(request, "reporting/confirmations/print.html", context)


def _name(request: HttpRequest, sheets: list[Sheet]) -> None:
    """Titles of the listed sessions, as far as this account sees them; no part of what the code is of."""
    numbers = [line.number for sheet in sheets if sheet.listed for line in sheet.lines]
    seen = TrainingSession.objects.visible_to(request.user).filter(number__in=numbers)
    titles = dict(seen.values_list("number", "title"))
    for sheet in sheets:
        for line in sheet.lines:
            sheet.titles[line.number] = titles.get(line.number, "")


@require_safe
@require(Action.VIEW_FEEDBACK)
def scan(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, Confirmation.objects.select_related("scan", "year", "unit"), pk=pk)
    ending = row.scan.download_name.rpartition(".")[2]
    name = f"confirmation-{row.year.year}-{row.quarter}-{row.unit.code}-{row.pk}.{ending}"
    return hand_out(row.scan.file, content_type=row.scan.content_type, name=name)


def _quarter(quarter: int) -> int:
    if quarter not in Quarter.values:
        raise Http404("只有第一到第四季度和全年")
    return quarter


def _unit(request: HttpRequest, code: str) -> MemberUnit:
    shown = units_to_watch(request.user).filter(code=code).first() if "\x00" not in code else None
    if shown is None:
        raise Http404("没有这个单位，或它不在您的范围内")
    return shown
