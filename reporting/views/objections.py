"""复核申请: the list, filing one, and one with its answer."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from networks import uploads
from networks.access import (
    Action,
    barred_from_answering_objection,
    barred_from_objecting,
    barred_from_taking_back_objection,
    can,
    require,
    visible_or_404,
)
from networks.forms import UploadField
from networks.templatetags.page import Badge, cn_date
from networks.views.files import hand_out
from networks.wording import refuse_numbers
from trainings.models import Refused, Status, TrainingSession

from ..assessment import standings
from ..frozen import frozen_of
from ..models import AssessmentYear, Objection, ObjectionFile
from .years import with_year

BADGES = {
    "sent": Badge("待答复", "wait", "clock"),
    "upheld": Badge("予以采纳", "steady", "check"),
    "partly": Badge("部分采纳", "steady", "check"),
    "declined": Badge("不予采纳", "quiet", "cross"),
    "withdrawn": Badge("已收回", "quiet", "back"),
}
TEXT = {"rows": 3, "class": "form-control"}
FILES = ("file1", "file2", "file3")


class ObjectionForm(forms.Form):
    session = forms.ChoiceField(
        label="哪一场（不针对某一场的不选）", required=False, widget=forms.Select({"class": "form-select"})
    )
    about = forms.CharField(
        label="对什么有异议",
        max_length=200,
        help_text="如：这一场没有计入；人次核定为 45，签到表是 54",
        error_messages={"required": "请写明对哪个数字、哪个结论有异议"},
        widget=forms.Textarea(TEXT),
    )
    wanted = forms.CharField(
        label="希望怎样更正",
        max_length=300,
        help_text="不写居民姓名、身份证号和电话",
        error_messages={"required": "请写明希望怎样更正"},
        widget=forms.Textarea(TEXT),
    )
    file1 = UploadField(label="佐证一（照片或 PDF，可不传）", required=False)
    file2 = UploadField(label="佐证二", required=False)
    file3 = UploadField(label="佐证三", required=False)

    def __init__(self, data, files, *, sessions, initial=None) -> None:
        super().__init__(data, files, initial=initial)
        self.sessions = {row.number: row for row in sessions}
        told = [(row.number, f"{cn_date(row.held_on, 'plain')} {row.title}（{row.number}）") for row in sessions]
        self.fields["session"].choices = [("", "不针对某一场"), *told]

    def clean_about(self) -> str:
        return refuse_numbers(self.cleaned_data["about"])

    def clean_wanted(self) -> str:
        return refuse_numbers(self.cleaned_data["wanted"])


class AnswerForm(forms.Form):
    status = forms.ChoiceField(
        label="结论",
        choices=[(answer.value, answer.label) for answer in Objection.ANSWERS],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择结论"},
    )
    answer = forms.CharField(
        label="答复的理由",
        max_length=500,
        error_messages={"required": "请写明答复的理由"},
        widget=forms.Textarea(TEXT),
    )

    def clean_answer(self) -> str:
        return refuse_numbers(self.cleaned_data["answer"])


@require_safe
@require(Action.VIEW_FEEDBACK)
@with_year
def objections(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    rows = Objection.objects.visible_to(request.user).filter(year=year)
    rows = list(rows.select_related("unit", "session", "filed_by__person", "answered_by__person"))
    for row in rows:
        row.badge = BADGES[row.status]
    context = {
        "year": year,
        "years": request.years_shown,
        "rows": rows,
        "waiting": sum(row.status == Objection.Status.SENT for row in rows),
        "may_file": can(request.user, Action.FILE_FEEDBACK) and year.takes_objections,
        "why_not": "" if year.takes_objections else year.why_no_objections(),
        "whole_county": can(request.user, Action.VIEW_COUNTY),
    }
    return render(request, "reporting/objections/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.FILE_FEEDBACK)
@with_year
def new(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    user = request.user
    unit = user.own_unit
    if unit is None:
        raise PermissionDenied("您的账号还没有对应的责任单位")
    barred = barred_from_objecting(user, unit)
    if barred:
        raise PermissionDenied(barred)
    form = ObjectionForm(
        request.POST if request.method == "POST" else None,
        uploads.made_ready(request.FILES),
        sessions=_sessions(request, year),
        initial={"session": request.GET.get("session", "")},
    )
    extra = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with uploads.atomic():
                row = Objection.file(
                    year,
                    unit,
                    actor=user,
                    about=given["about"],
                    wanted=given["wanted"],
                    session=form.sessions.get(given["session"]),
                    files=[given[name] for name in FILES if given[name]],
                    request=request,
                )
        except Refused as refused:
            extra = refused.reasons
        else:
            messages.success(request, f"已提出，编号第 {row.number} 号。办公室答复以后在这里看。")
            return redirect("objection", year.year, row.number)
    settled = frozen_of(year)
    context = {
        "year": year,
        "unit": unit,
        "form": form,
        "extra": extra,
        "why_not": "" if year.takes_objections else year.why_no_objections(),
        "settled": settled,
        "standing": next(iter(standings(year, units=[unit])), None),
    }
    return render(request, "reporting/objections/new.html", context)


def _sessions(request: HttpRequest, year: AssessmentYear) -> list[TrainingSession]:
    """The unit's own sessions of the year, and those it co-organised."""
    units = request.user.own_unit_ids
    rows = TrainingSession.objects.visible_to(request.user).in_year(year.year)
    mine = Q(organiser__in=units) | Q(co_organisers__unit__in=units)
    rows = rows.filter(mine).exclude(status__in=[Status.VOID, Status.CANCELLED])
    return list(rows.distinct().order_by("held_on", "number"))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.VIEW_FEEDBACK)
@with_year
def objection(request: HttpRequest, year: AssessmentYear, number: int) -> HttpResponse:
    """What was asked and what was answered; answering it, or taking it back."""
    rows = Objection.objects.filter(year=year).select_related(
        "year__county", "unit", "session__verified_by", "filed_by__person", "answered_by__person", "act"
    )
    row = visible_or_404(request.user, rows, number=number)
    answering = request.method == "POST" and request.POST.get("act") == "answer"
    form = AnswerForm(request.POST if answering else None)
    extra = []
    if request.method == "POST":
        if not can(request.user, Action.FILE_FEEDBACK) and not can(request.user, Action.HANDLE_FEEDBACK):
            raise PermissionDenied("复核申请由领导小组办公室答复，由提出的单位收回；您可以查看")
        try:
            done = _act(request, row, form)
        except Refused as refused:
            extra = refused.reasons
        else:
            if done:
                messages.success(request, done)
                return redirect("objection", year.year, row.number)
        row = visible_or_404(request.user, rows, number=number)
    sent = row.status == Objection.Status.SENT
    settled = frozen_of(year)
    why = settled.why([row.unit.code]).get(row.session.number, "") if settled and row.session else ""
    context = {
        "year": year,
        "row": row,
        "badge": BADGES[row.status],
        "files": row.files.select_related("file"),
        "form": form,
        "extra": extra,
        "why": why,
        "handles": sent and can(request.user, Action.HANDLE_FEEDBACK),
        "barred": sent and barred_from_answering_objection(request.user, row),
        "may_withdraw": sent and not barred_from_taking_back_objection(request.user, row),
        "may_unlock": year.locked and row.answered and can(request.user, Action.LOCK_YEARS),
    }
    return render(request, "reporting/objections/objection.html", context)


def _act(request: HttpRequest, row: Objection, form: AnswerForm) -> str:
    verb = request.POST.get("act")
    if verb == "withdraw":
        row.withdraw(request.user, request=request)
        return "已收回。"
    if verb == "answer":
        barred = barred_from_answering_objection(request.user, row)
        if barred:
            raise PermissionDenied(barred)
        if not form.is_valid():
            return ""
        row.reply(request.user, form.cleaned_data["status"], form.cleaned_data["answer"], request=request)
        return "已答复，单位可以看到。"
    raise Refused("请选择答复或收回")


@require_safe
@require(Action.VIEW_FEEDBACK)
@with_year
def file(request: HttpRequest, year: AssessmentYear, number: int, pk: int) -> HttpResponse:
    rows = ObjectionFile.objects.filter(objection__year=year, objection__number=number).select_related("file")
    row = visible_or_404(request.user, rows, pk=pk)
    name = f"objection-{year.year}-{number}-{row.file.download_name.rpartition('-')[2]}"
    return hand_out(row.file.file, content_type=row.file.content_type, name=name)
