"""年度看板: the county's year on one page, as words to read aloud, and as one picture to pass on."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks.access import Action, require

from ..comparing import COMPARISONS
from ..dashboard import Dashboard
from ..indicators import INDICATORS
from ..models import AssessmentYear
from ..picture import picture_of
from .years import redirect_to_current, with_year


@require_safe
@require(Action.VIEW_COUNTY)
def now(request: HttpRequest) -> HttpResponse:
    return redirect_to_current(request, "dashboard")


def _board(request: HttpRequest, year: AssessmentYear) -> Dashboard:
    earlier = [other for other in request.years_shown if other.year < year.year]
    before = next((other for other in earlier if other.year == year.year - 1), None)
    return Dashboard(year, before, timezone.localdate(), request.user, earlier)


def _context(request: HttpRequest, year: AssessmentYear, board: Dashboard) -> dict:
    return {"year": year, "years": request.years_shown, "board": board}


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def dashboard(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    context = _context(request, year, _board(request, year))
    return render(request, "reporting/dashboard.html", context | {"indicators": INDICATORS, "comparisons": COMPARISONS})


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def speech(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The paragraph alone, in type that can be read at arm's length."""
    context = _context(request, year, _board(request, year))
    return render(request, "reporting/speech.html", context | {"larger": request.GET.get("size") == "larger"})


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def picture(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """One picture, drawn in the browser from what this page lists; the units that need a hand only where asked for."""
    board = _board(request, year)
    named = request.GET.get("named") == "1"
    shown = picture_of(board, named=named, site_name=settings.SITE_NAME, demo=settings.DEMO)
    return render(
        request, "reporting/picture.html", _context(request, year, board) | {"picture": shown, "named": named}
    )
