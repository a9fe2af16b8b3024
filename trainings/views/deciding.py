"""Proposing and deciding, the same for courses and stories: who keeps a row proposes it, an office decides."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from networks.access import barred_from_approving, can, kept_or_403, visible_or_404

from ..models import Conflict, Refused
from ..models.proposals import STEPS, Proposal, ProposalQuerySet
from ..proposal_forms import DONE, DecisionForm, StepForm


def propose(request: HttpRequest, rows: ProposalQuerySet, pk: int, back: str) -> HttpResponse:
    """提交审定 or 撤回 (POST). `back` is the row's page."""
    row = kept_or_403(request.user, rows.readable_by(request.user), pk=pk)
    form = StepForm(request.POST)
    if not form.is_valid():
        messages.info(request, "请在页面上按“提交审定”或“撤回”。")
        return redirect(back)
    verb, seen = form.cleaned_data["verb"], form.cleaned_data["seen_version"]
    try:
        getattr(row, verb)(actor=request.user, seen_version=seen)
    except (Refused, ValidationError) as refused:
        messages.error(request, f"没有{STEPS[verb].label}：\n" + "\n".join(_reasons(refused)))
    except Conflict:
        messages.warning(request, "在您打开之后有了改动，没有办理。请看过现在的内容，再按一次。")
    else:
        messages.success(request, DONE[verb])
    return redirect(back)


def decide(request: HttpRequest, rows: ProposalQuerySet, pk: int, back: str, crumbs: list) -> HttpResponse:
    """What the office decides, on the row's page or, when something is missing or has changed, on a page of its own that
    keeps what was typed. `back` is the row's page."""
    row = visible_or_404(request.user, rows.readable_by(request.user), pk=pk)
    form = DecisionForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            done = form.carry_out(request.user)
        except (Refused, ValidationError) as refused:
            form.add_error(None, _reasons(refused))
        except Conflict as conflict:
            form.look_again(conflict.stored.version)
        else:
            messages.success(request, done)
            return redirect(back)
        row.refresh_from_db()
    context = {"row": row, "form": form, "back": back, "crumbs": crumbs, **decisions_on(row, request.user)}
    return render(request, "trainings/proposals/decide.html", context)


def decisions_on(row: Proposal, user) -> dict[str, object]:
    """For a page that offers the steps: `may_keep`, `may_decide`, the steps open in this state, and why not to approve. What
    another unit has proposed the office sends back, with a reason; it is not offered to take it back instead."""
    may_decide = can(user, row.DECIDED_BY)
    steps = {verb for verb, step in STEPS.items() if row.state in step.sources}
    if may_decide and row.unit_id not in user.own_unit_ids:
        steps.discard("take_back")
    return {
        "may_keep": type(row).objects.kept_by(user).filter(pk=row.pk).exists(),
        "may_decide": may_decide,
        "steps": steps,
        "barred": barred_from_approving(user, row) if may_decide else "",
    }


def _reasons(refused: Refused | ValidationError) -> list[str]:
    return refused.reasons if isinstance(refused, Refused) else refused.messages
