"""年度看板: the county's year on one page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks.access import Action, require

from ..dashboard import Dashboard
from ..indicators import INDICATORS
from ..models import AssessmentYear
from .years import redirect_to_current, with_year


@require_safe
@require(Action.VIEW_COUNTY)
def now(request: HttpRequest) -> HttpResponse:
    return redirect_to_current(request, "dashboard")


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def dashboard(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    before = next((other for other in request.years_shown if other.year == year.year - 1), None)
    board = Dashboard(year, before, timezone.localdate(), request.user)
    context = {"year": year, "years": request.years_shown, "board": board, "indicators": INDICATORS}
    return render(request, "reporting/dashboard.html", context)
