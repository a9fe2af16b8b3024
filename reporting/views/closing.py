"""锁定定案: the checklist and the acts of a year, proposing, deciding on a page of its own, and the annex that is sealed."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import Action, barred_from_deciding_on, barred_from_withdrawing, can, deciders_for, require
from networks.step_up import step_up
from trainings.models import Refused, Status, TrainingSession

from .. import chain
from ..assessment import county_standing
from ..closing import checklist
from ..exports import headline
from ..frozen import frozen_of
from ..models import AssessmentYear, LedgerAct, YearProposal
from ..publication import content_of
from .publishing import waiting_on
from .years import with_year

NOTE = {"rows": 2, "class": "form-control"}


class ProposeForm(forms.Form):
    reason = forms.CharField(label="说明（可不填）", required=False, max_length=300, widget=forms.Textarea(NOTE))
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, data, *, unlocking: bool) -> None:
        super().__init__(data)
        if unlocking:
            self.fields["reason"].required = True
            self.fields["reason"].label = "为什么要解锁"
            self.fields["reason"].error_messages = {"required": "请写明解锁的原因"}


class DecideForm(forms.Form):
    proposal = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31)
    note = forms.CharField(label="不同意的原因", required=False, max_length=300, widget=forms.Textarea(NOTE))


@require_safe
@require(Action.LOCK_YEARS, Action.VIEW_LOGS)
@with_year
def close(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    acts = year.acts.visible_to(request.user).select_related("county", "year", "proposed_by__person")
    acts = list(acts.select_related("confirmed_by__person").defer("payload").order_by("-sequence"))
    context = {
        "year": year,
        "years": request.years_shown,
        "settled": frozen_of(year),
        "items": [] if year.locked else checklist(year),
        "proposal": _open_proposal(year),
        "acts": acts,
        "history": YearProposal.objects.filter(year=year, status__in=["declined", "withdrawn"]).select_related(
            "proposed_by__person", "decided_by__person"
        ),
        "left_out": _left_out(year).count() if year.locked else 0,
        "may_lock": can(request.user, Action.LOCK_YEARS),
        **waiting_on(year),
        "others": deciders_for(request.user).exists(),
    }
    return render(request, "reporting/closing/close.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.LOCK_YEARS)
@with_year
def propose(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """To lock an open year, to unlock a locked one."""
    verb = "unlock" if year.locked else "lock"
    form = ProposeForm(request.POST if request.method == "POST" else None, unlocking=year.locked)
    extra = []
    if request.method == "POST" and form.is_valid():
        propose_it = year.propose_unlock if year.locked else year.propose_lock
        try:
            proposal = propose_it(
                request.user, form.cleaned_data["reason"], seen=form.cleaned_data["seen"], request=request
            )
        except Refused as refused:
            extra = refused.reasons
        else:
            messages.success(request, f"已提出{proposal.get_kind_display()}，请另一位工作人员在自己的账号下确认。")
            return redirect("year-close", year.year)
    context = {
        "year": year,
        "verb": verb,
        "form": form,
        "extra": extra,
        "seen": year.digest_to_see(verb),
        "others": deciders_for(request.user).select_related("person"),
        **_figures(year),
    }
    return render(request, "reporting/closing/propose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.LOCK_YEARS)
@with_year
def decide(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The second person's page: what will happen, on which figures, yes or no; for the proposer, taking it back."""
    proposal = _open_proposal(year)
    form = DecideForm(request.POST if request.method == "POST" else None)
    extra = []
    if request.method == "POST":
        if not form.is_valid() or proposal is None or proposal.pk != form.cleaned_data["proposal"]:
            extra = ["这个提议已经办理或收回，下面是现在的情况"]
            if form.is_valid():
                form = DecideForm(None)
        else:
            confirming = request.POST.get("act") == "confirm" and not barred_from_deciding_on(request.user, proposal)
            if confirming and (asked := step_up(request, f"确认{year}{proposal.get_kind_display()}")):
                return asked
            try:
                done = _act(request, proposal, form.cleaned_data["note"])
            except Refused as refused:
                if request.POST.get("act") == "decline" and not form.cleaned_data["note"].strip():
                    form.add_error("note", refused.reasons[0])
                else:
                    extra = refused.reasons
            else:
                messages.success(request, done)
                return redirect("year-close", year.year)
            year.refresh_from_db()
            proposal = _open_proposal(year)
    context = {
        "year": year,
        "proposal": proposal,
        "form": form,
        "extra": extra,
        "barred": proposal and barred_from_deciding_on(request.user, proposal),
        "may_withdraw": proposal and not barred_from_withdrawing(request.user, proposal),
        "moved_on": proposal and _digest(year, proposal) != proposal.seen_digest,
        "content": _content(year, proposal),
        **_figures(year),
    }
    return render(request, "reporting/closing/decide.html", context)


def _digest(year: AssessmentYear, proposal: YearProposal) -> str:
    """Of what would happen now; "" where it could not happen any more."""
    try:
        return year.digest_to_see(proposal.kind, proposal.choices)
    except Refused:
        return ""


def _content(year: AssessmentYear, proposal: YearProposal | None) -> dict | None:
    """What would be published."""
    if proposal is None or proposal.kind != LedgerAct.Kind.PUBLISH:
        return None
    try:
        return content_of(year, proposal.chosen)[0]
    except Refused:
        return None


def _act(request: HttpRequest, proposal: YearProposal, note: str) -> str:
    verb = request.POST.get("act")
    if verb == "confirm":
        act = proposal.confirm(request.user, request=request)
        if act.kind == LedgerAct.Kind.LOCK:
            return f"{act}已办理，定案摘要 {act.short}。请打印附件，签字盖章后存档。"
        if act.kind == LedgerAct.Kind.PUBLISH:
            return f"{act}已办理，各单位可以看到。"
        return f"{act}已办理，现在可以更正；改好以后请再次锁定。"
    if verb == "decline":
        proposal.decline(request.user, note, request=request)
        return "已退回这个提议，原因留在记录里。"
    if verb == "withdraw":
        proposal.withdraw(request.user, request=request)
        return "已收回这个提议。"
    raise Refused("请选择确认、不同意或收回")


@require_safe
@require(Action.LOCK_YEARS, Action.VIEW_LOGS)
@with_year
def annex(request: HttpRequest, year: AssessmentYear, number: int) -> HttpResponse:
    """附件：定案数据摘要. What is signed and sealed is what nobody at the machine can change afterwards."""
    acts = year.acts.visible_to(request.user).filter(kind=LedgerAct.Kind.LOCK).select_related("county", "year")
    act = acts.filter(number=min(number, 2**15)).first()
    if act is None:
        raise Http404("没有这一次定案")
    figures = act.content["figures"]
    sessions = figures["sessions"]
    context = {
        "year": year,
        "act": act,
        "digest": chain.in_groups(act.digest),
        "payload_digest": chain.in_groups(act.payload_digest),
        "previous": chain.in_groups(act.previous),
        "units": len(figures["units"]),
        "met": sum(unit["met"] for unit in figures["units"]),
        "credited": figures["totals"]["credited"],
        "everything": figures["totals"]["everything"],
        "sessions": len(sessions),
        "counted": sum(row["counts"] for row in sessions),
        "evidence": sum(len(row["evidence"]) for row in sessions),
        "faults": act.faults(),
    }
    return render(request, "reporting/closing/annex.html", context)


def _open_proposal(year: AssessmentYear) -> YearProposal | None:
    rows = YearProposal.objects.filter(year=year, status=YearProposal.Status.OPEN)
    return rows.select_related("year__county", "proposed_by__person").first()


def _left_out(year: AssessmentYear):
    """年度已锁定未核定: what was still waiting when the year was locked."""
    rows = TrainingSession.objects.filter(organiser__county=year.county_id, status=Status.SUBMITTED)
    return rows.in_year(year.year)


def _figures(year: AssessmentYear) -> dict[str, object]:
    county = county_standing(year)
    return {"county": county, "headline": headline(county), "settled": frozen_of(year)}
