"""A week's text for the work group, and how much work entering is."""

import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks.access import Action, require

from ..effort import FEWEST, MONTHS, efforts
from ..week import digest, week_of


@require_safe
@require(Action.ENTER, Action.ENTER_ON_BEHALF)
def week(request: HttpRequest) -> HttpResponse:
    """`?week=` any day of the week asked for; without a word this week, on its first two days the last one."""
    today = timezone.localdate()
    try:
        day = datetime.date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        day = today - datetime.timedelta(days=2)
    shown = week_of(min(max(day, datetime.date(2000, 1, 10)), datetime.date(2099, 12, 1)))
    step = datetime.timedelta(days=7)
    context = {
        "week": shown,
        "text": digest(request.user, shown),
        "before": shown.first - step,
        "after": shown.first + step if shown.last < today else None,
    }
    return render(request, "reporting/week.html", context)


@require_safe
@require(Action.REVIEW)
def effort(request: HttpRequest) -> HttpResponse:
    context = {"efforts": efforts(request.user, timezone.localdate()), "fewest": FEWEST, "months": MONTHS}
    return render(request, "reporting/effort.html", context)
