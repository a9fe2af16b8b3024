"""补报: a unit asks to submit after reporting has closed, the office decides unit by unit."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from networks.access import (
    Action,
    barred_from_deciding_late,
    can,
    require,
    units_to_report_for,
    units_to_watch,
    visible_or_404,
)
from networks.forms import DateInput
from networks.models import MemberUnit
from networks.names import clean_text
from networks.views.keeping import keep

from ..material_forms import look_again
from ..models import AssessmentYear, LateEntry
from .years import with_year

READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])


class AskForm(forms.Form):
    """The own unit asks without being asked which it is; the office chooses."""

    unit = forms.ModelChoiceField(
        label="单位", queryset=MemberUnit.objects.none(), empty_label="请选择", to_field_name="code"
    )
    reason = forms.CharField(
        label="补报理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="哪几场、为什么没有按时报；不写姓名和电话",
        error_messages={"required": "请写明理由，办公室据此审批"},
    )

    def __init__(self, data, user) -> None:
        super().__init__(data)
        self.user = user
        if can(user, Action.PROMPT):
            units = units_to_report_for(user).on(timezone.localdate()).exclude(kind=MemberUnit.Kind.OTHER)
            self.fields["unit"].queryset = units
        else:
            del self.fields["unit"]

    @property
    def of_unit(self) -> MemberUnit:
        return self.cleaned_data["unit"] if "unit" in self.fields else self.user.own_unit

    def clean_reason(self) -> str:
        return clean_text(self.cleaned_data["reason"])


@READ_OR_KEEP
@require(Action.VIEW_STANDING)
@with_year
def late_entries(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The requests of the year that this account sees, and the form for one more."""
    user = request.user
    may_ask = units_to_report_for(user).exists()
    if request.method == "POST" and not may_ask:
        raise PermissionDenied("补报由本单位的工作人员申请，您可以查看")
    seen = LateEntry.objects.visible_to(user).filter(year=year, unit__in=units_to_watch(user))
    closed = LateEntry.barred_from_asking(year)
    if closed and not year.locked and can(user, Action.MANAGE_YEARS) and _is_over(year):
        closed = f"{year}的补报已经截止；确需再开的，请在考核年度里把补报截止日期改晚"
    context = {
        "year": year,
        "years": request.years_shown,
        "entries": list(seen.select_related("unit", "asked_by__person", "decided_by__person")),
        "decides": can(user, Action.PROMPT),
        "barred": closed,
        "may_ask": may_ask and not closed,
        "county": can(user, Action.VIEW_COUNTY),
    }
    form = AskForm(request.POST if request.method == "POST" else None, user)

    def perform(filled: AskForm) -> LateEntry:
        return LateEntry.ask(year=year, unit=filled.of_unit, reason=filled.cleaned_data["reason"], actor=user)

    return keep(
        request,
        form,
        action="申请补报",
        title=f"{year}补报",
        back=reverse("late-entries", args=[year.year]),
        done="已提出，等办公室审批；批准以后就可以提交。",
        template="reporting/prompting/late.html",
        perform=perform,
        detail={"year": year.year},
        crumbs=[("完成情况", reverse("assessment-now"))],
        **context,
    )


def _is_over(year: AssessmentYear) -> bool:
    return year.late_until is not None and timezone.localdate() > year.late_until


class DecideForm(forms.Form):
    DECISIONS = [("approve", "同意补报"), ("decline", "不同意")]

    decision = forms.ChoiceField(
        label="审批", choices=DECISIONS, widget=forms.RadioSelect, error_messages={"required": "请选择同意或不同意"}
    )
    until = forms.DateField(
        label="可补报到", required=False, widget=DateInput, help_text="同意的填；到这一天为止本单位可以提交这一年的场次"
    )
    note = forms.CharField(
        label="意见", required=False, max_length=300, help_text="不同意的必须写明理由，申请单位看得到"
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data, row: LateEntry) -> None:
        super().__init__(data, initial={"seen_version": row.version, "until": row.year.late_until})
        if row.past_consent():
            self.fields["decision"].choices = [choice for choice in self.DECISIONS if choice[0] == "decline"]
            self.fields["decision"].initial = "decline"
            self.fields["decision"].error_messages["invalid_choice"] = row.past_consent()
            del self.fields["until"]
        self.row = row

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data["note"])

    def clean(self):
        given = super().clean()
        if given.get("seen_version") != self.row.version:
            look_again(self, self.row)
        if given.get("decision") == "approve" and not given.get("until") and "until" not in self.errors:
            self.add_error("until", "请填写可以补报到哪一天")
        if given.get("decision") == "decline" and not given.get("note") and "note" not in self.errors:
            self.add_error("note", "不同意的，请写明理由")
        return given

    def carry_out(self, actor) -> LateEntry:
        given, seen = self.cleaned_data, self.cleaned_data["seen_version"]
        if given["decision"] == "approve":
            self.row.approve(actor=actor, until=given["until"], note=given["note"], seen_version=seen)
        else:
            self.row.decline(actor=actor, note=given["note"], seen_version=seen)
        return self.row


def _row(request: HttpRequest, year: AssessmentYear, pk: int) -> LateEntry:
    rows = LateEntry.objects.filter(year=year).select_related("unit", "year", "asked_by__person", "decided_by__person")
    return visible_or_404(request.user, rows, pk=pk)


@READ_OR_KEEP
@require(Action.PROMPT)
@with_year
def decide(request: HttpRequest, year: AssessmentYear, pk: int) -> HttpResponse:
    row = _row(request, year, pk)
    back = reverse("late-entries", args=[year.year])
    barred = barred_from_deciding_late(request.user, row.asked_by)
    if barred and request.method == "POST":
        raise PermissionDenied(barred)
    return keep(
        request,
        DecideForm(request.POST if request.method == "POST" else None, row),
        action="审批补报",
        title=f"{row.unit}申请补报",
        lead=str(year),
        back=back,
        done="已办理，申请单位在工作台上看得到。",
        template="reporting/prompting/late_decide.html",
        perform=lambda form: form.carry_out(request.user),
        detail={"unit": row.unit.code, "year": year.year},
        crumbs=[("完成情况", reverse("assessment-now")), (f"{year}补报", back)],
        row=row,
        barred=barred,
        past_consent=row.past_consent() if row.state == LateEntry.State.ASKED else "",
    )


@READ_OR_KEEP
@require(Action.KEEP_OWN, Action.PROMPT)
@with_year
def withdraw(request: HttpRequest, year: AssessmentYear, pk: int) -> HttpResponse:
    """Asks once, on a page of its own."""
    row = _row(request, year, pk)
    back = reverse("late-entries", args=[year.year])

    def perform(form: forms.Form) -> LateEntry:
        row.withdraw(actor=request.user)
        return row

    return keep(
        request,
        forms.Form(request.POST if request.method == "POST" else None),
        action="撤回补报申请",
        title="撤回补报申请",
        lead=f"{row.unit}，{row.reason}。撤回后办公室不再审批，需要时可以重新申请。",
        back=back,
        done="已撤回。",
        button="确定撤回",
        perform=perform,
        detail={"unit": row.unit.code, "year": year.year},
        crumbs=[(f"{year}补报", back)],
    )
