"""After the lock: opening the window for objections, proposing what is published, what has been published, and 签批件."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from networks import uploads
from networks.access import Action, can, deciders_for, require, visible_or_404
from networks.forms import UploadField
from networks.views.files import hand_out
from trainings.models import Refused

from ..frozen import frozen_of
from ..models import AssessmentYear, LedgerAct, Objection, SignOff
from ..publication import LONGEST_REASON, candidates, content_of, criteria_in_words, publications
from ..publication import published as published_content
from .years import with_year

DATE = {"type": "date", "class": "form-control w-date"}
LINE = {"class": "form-control"}


class PreviewForm(forms.Form):
    until = forms.DateField(
        label="反馈期到哪一天（含当天）",
        error_messages={"required": "请选择截止日期", "invalid": "请填写日期，如 2026-01-25"},
        widget=forms.DateInput(DATE, format="%Y-%m-%d"),
    )


class PublishForm(forms.Form):
    """A tick and a reason for each unit that meets the criteria; a 更正 begins with whom the publication before commended."""

    of = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data, *, able, correcting: bool, before: dict[str, str]) -> None:
        kept = [{f"commend_{code}": True, f"reason_{code}": why} for code, why in before.items()]
        super().__init__(data, initial={name: value for fields in kept for name, value in fields.items()})
        self.able = able
        for one in able:
            tick = forms.BooleanField(label=f"表扬{one.name}", required=False)
            why = forms.CharField(
                label=f"表扬{one.name}的理由",
                required=False,
                max_length=LONGEST_REASON,
                widget=forms.TextInput(LINE),
            )
            self.fields |= {f"commend_{one.code}": tick, f"reason_{one.code}": why}
        if correcting:
            self.fields["reason"] = forms.CharField(
                label="更正的原因",
                max_length=300,
                error_messages={"required": "请写明更正的原因"},
                widget=forms.Textarea({"rows": 2, **LINE}),
            )

    def clean(self):
        given = super().clean()
        for one in self.able:
            if given.get(f"commend_{one.code}") and not given.get(f"reason_{one.code}", "").strip():
                self.add_error(f"reason_{one.code}", f"请写明表扬{one.name}的理由")
        return given

    @property
    def rows(self):
        return [(one, self[f"commend_{one.code}"], self[f"reason_{one.code}"]) for one in self.able]

    @property
    def chosen(self) -> dict[str, str]:
        given = self.cleaned_data
        return {one.code: given[f"reason_{one.code}"] for one in self.able if given[f"commend_{one.code}"]}


class SignOffForm(forms.Form):
    signer = forms.CharField(
        label="签批人（照纸上写，带职务）",
        max_length=60,
        error_messages={"required": "请照纸上写签批人"},
        widget=forms.TextInput(LINE),
    )
    signed_on = forms.DateField(
        label="签批日期",
        error_messages={"required": "请填写签批日期", "invalid": "请填写日期，如 2026-01-25"},
        widget=forms.DateInput(DATE, format="%Y-%m-%d"),
    )
    words = forms.CharField(
        label="签批意见（可不填）", required=False, max_length=300, widget=forms.Textarea({"rows": 2, **LINE})
    )
    scan = UploadField(label="签批件（照片或 PDF）", error_messages={"required": "请选择签批件的照片或 PDF"})


class CancelForm(forms.Form):
    why = forms.CharField(
        label="作废的原因",
        max_length=200,
        error_messages={"required": "请写明作废的原因"},
        widget=forms.Textarea({"rows": 2, **LINE}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.HANDLE_FEEDBACK)
@with_year
def preview(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    form = PreviewForm(request.POST if request.method == "POST" else None)
    extra = []
    if request.method == "POST" and form.is_valid():
        try:
            year.preview(request.user, form.cleaned_data["until"], request=request)
        except Refused as refused:
            year.refresh_from_db()
            for reason in refused.reasons:
                form.add_error("until", reason)
        else:
            messages.success(request, "已定好，各单位在截止日期以前可以提出复核申请。")
            return redirect("year-close", year.year)
    context = {"year": year, "form": form, "extra": extra, "settled": frozen_of(year)}
    return render(request, "reporting/publishing/preview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.LOCK_YEARS)
@with_year
def publish(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """What would be published, whom the office commends with which reason; another person confirms."""
    settled = frozen_of(year)
    found = candidates(year) if settled else []
    able = [one for one in found if one.eligible]
    correcting = year.published_before()
    earlier = published_content(year)
    before = {one["code"]: one["reason"] for one in earlier.content["commended"]} if earlier else {}
    sent = request.POST if request.method == "POST" else None
    form = PublishForm(sent, able=able, correcting=correcting, before=before)
    extra = []
    if request.method == "POST" and form.is_valid():
        try:
            if settled and form.cleaned_data["of"] != settled.act.digest:
                raise Refused("您打开页面以后定案有了变化，请核对现在的内容再提出")
            year.propose_publication(request.user, form.chosen, form.cleaned_data.get("reason", ""), request=request)
        except Refused as refused:
            extra = refused.reasons
        else:
            messages.success(request, "已提出，请另一位工作人员在自己的账号下确认。")
            return redirect("year-close", year.year)
    words, spur = criteria_in_words(settled.figures["rules"]) if settled else ([], "")
    context = {
        "year": year,
        "form": form,
        "extra": extra,
        "settled": settled,
        "missing": year.missing_for_publication() if settled else [f"{year}没有锁定定案，还不能通报"],
        "criteria": words,
        "spur": spur,
        "left_out": [one for one in found if not one.eligible],
        "lost": [one.name for one in found if one.code in before and not one.eligible],
        "content": content_of(year, {})[0] if settled else None,
        "correcting": correcting,
        "others": deciders_for(request.user).select_related("person"),
    }
    return render(request, "reporting/publishing/publish.html", context)


@require_safe
@require(Action.VIEW_STANDING)
@with_year
def published(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """What has been published, for everybody in the county who has an account that sees standings."""
    found = publications(year)
    context = {
        "year": year,
        "years": request.years_shown,
        "publications": found,
        "correcting": bool(found) and year.status != AssessmentYear.Status.PUBLISHED,
    }
    return render(request, "reporting/publishing/published.html", context)


# --- 签批件 ----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.HANDLE_FEEDBACK, Action.VIEW_LOGS)
@with_year
def sign_offs(request: HttpRequest, year: AssessmentYear, sequence: int) -> HttpResponse:
    """The sign-offs of one act, and recording one."""
    acts = LedgerAct.objects.filter(year=year).exclude(kind=LedgerAct.Kind.UNLOCK).select_related("year__county")
    act = visible_or_404(request.user, acts, sequence=sequence)
    may_record = can(request.user, Action.HANDLE_FEEDBACK)
    if request.method == "POST" and not may_record:
        raise PermissionDenied("签批件由领导小组办公室的工作人员登记，您可以查看")
    sending = request.method == "POST"
    form = SignOffForm(request.POST if sending else None, uploads.made_ready(request.FILES) if sending else None)
    extra = []
    if sending and form.is_valid():
        try:
            with uploads.atomic():
                SignOff.record(act, actor=request.user, request=request, **form.cleaned_data)
        except Refused as refused:
            extra = refused.reasons
        else:
            messages.success(request, "签批件已登记。")
            return redirect("sign-offs", year.year, act.sequence)
    rows = act.sign_offs.select_related("recorded_by__person", "cancelled_by__person")
    context = {"year": year, "act": act, "rows": rows, "form": form, "extra": extra, "may_record": may_record}
    return render(request, "reporting/publishing/sign_offs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.HANDLE_FEEDBACK)
def sign_off_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, SignOff.objects.select_related("act__year"), pk=pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    extra = []
    if request.method == "POST" and form.is_valid():
        try:
            row.cancel(request.user, form.cleaned_data["why"], request=request)
        except Refused as refused:
            extra = refused.reasons
        else:
            messages.success(request, "已作废，原来登记的和作废的原因都留着。")
            return redirect("sign-offs", row.act.year.year, row.act.sequence)
    context = {"row": row, "year": row.act.year, "form": form, "extra": extra}
    return render(request, "reporting/publishing/sign_off_cancel.html", context)


@require_safe
@require(Action.HANDLE_FEEDBACK, Action.VIEW_LOGS)
def sign_off_scan(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, SignOff.objects.select_related("scan", "act__year"), pk=pk)
    ending = row.scan.download_name.rpartition(".")[2]
    name = f"sign-off-{row.act.year.year}-{row.act.sequence}-{row.pk}.{ending}"
    return hand_out(row.scan.file, content_type=row.scan.content_type, name=name)


def waiting_on(year: AssessmentYear) -> dict[str, object]:
    """For the year's closing page: where feedback and publication stand."""
    settled = year.locked and frozen_of(year) is not None
    return {
        "objections_waiting": year.objections.filter(status=Objection.Status.SENT).count(),
        "objections_all": year.objections.count(),
        "missing_for_publication": year.missing_for_publication() if settled else [],
        "publications": publications(year),
    }
