"""名册保存期限: when a year's rosters go, and what the office holds back for a reason."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from networks.access import Action, can, require, visible_or_404
from networks.names import clean_text

from ..forms import FIRST_YEAR, LAST_YEAR
from ..models import Refused, RosterHold, TrainingSession
from ..rosters import purging


class HoldForm(forms.Form):
    year = forms.IntegerField(label="年度", min_value=FIRST_YEAR, max_value=LAST_YEAR)
    number = forms.CharField(
        label="场次编号", required=False, max_length=20, help_text="只暂缓一场时填，如 CC2345…；留空则整个年度"
    )
    reason = forms.CharField(
        label="原因",
        min_length=purging.SHORTEST_REASON,
        max_length=200,
        help_text="如：信访核查、审计取证，不写居民姓名",
        error_messages={"min_length": "请把原因写清楚一些，至少 4 个字"},
    )

    def __init__(self, data=None, *, user) -> None:
        super().__init__(data)
        self.user = user
        self.session = None
        for field in self.fields.values():
            field.widget.attrs |= {"autocomplete": "off"}
        self.fields["year"].initial = timezone.localdate().year - 1

    def clean(self) -> dict:
        cleaned = super().clean()
        cleaned["reason"] = clean_text(cleaned.get("reason", ""))
        number, year = clean_text(cleaned.get("number", "")), cleaned.get("year")
        if number and year:
            rows = purging.of_year(TrainingSession.objects.visible_to(self.user), year)
            self.session = rows.filter(number__iexact=number).first()
            if self.session is None:
                self.add_error("number", f"{year}年没有编号为“{number}”的场次")
        return cleaned


@require(Action.MANAGE_YEARS, Action.VIEW_LOGS)
@require_GET
def roster_terms(request: HttpRequest) -> HttpResponse:
    return _page(request, HoldForm(user=request.user))


@require(Action.MANAGE_YEARS)
@require_POST
def hold(request: HttpRequest) -> HttpResponse:
    form = HoldForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            purging.hold(
                request.user.county_code,
                form.cleaned_data["year"],
                session=form.session,
                reason=form.cleaned_data["reason"],
                actor=request.user,
                request=request,
            )
        except Refused as refused:
            form.add_error(None, "；".join(refused.reasons))
        else:
            messages.success(request, "已暂缓删除，解除以前到期也不删。")
            return redirect("roster-terms")
    return _page(request, form)


@require(Action.MANAGE_YEARS)
@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, RosterHold.objects, pk=pk)
    try:
        purging.lift(row, actor=request.user, request=request)
    except Refused as refused:
        messages.error(request, "；".join(refused.reasons))
    else:
        messages.success(request, "已解除，到期的名册下一次清理时删除。")
    return redirect("roster-terms")


def _page(request: HttpRequest, form: HoldForm) -> HttpResponse:
    today = timezone.localdate()
    found = purging.terms(request.user.county_code)
    holds = RosterHold.objects.visible_to(request.user).select_related("session", "placed_by__person")
    context = {
        "form": form,
        "terms": [(term, term.state(today)) for term in found],
        "holds": holds.filter(lifted_at=None),
        "may_hold": can(request.user, Action.MANAGE_YEARS),
        "months": found[0].months if found else None,
    }
    return render(request, "trainings/rosters/terms.html", context)
