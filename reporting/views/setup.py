"""`/setup/`: the office's checklist for the first weeks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from networks.access import Action, require

from ..setup import steps


@require_safe
@require(Action.MANAGE_YEARS)
def setup(request: HttpRequest) -> HttpResponse:
    found = steps(request.user)
    context = {
        "waiting": [step for step in found if not step.done],
        "done": [step for step in found if step.done],
    }
    return render(request, "reporting/setup.html", context)
