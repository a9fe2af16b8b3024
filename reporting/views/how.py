"""我们怎么算: the definitions behind every number, with the rules of one year beside them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from networks.access import Action, require
from networks.annual import asked_year

from ..desk import current_year
from ..how import breakdowns, hints, sections
from ..models import AssessmentYear
from ..rules import in_words


@require_safe
@require(Action.VIEW_STANDING, Action.VIEW_NETWORK)
def how(request: HttpRequest) -> HttpResponse:
    """Definitions for whoever sees any figure; a year's rules for whoever sees that year."""
    years = list(AssessmentYear.objects.visible_to(request.user).select_related("county").order_by("-year"))
    current = current_year(request.user)
    wanted = asked_year(request.GET.get("year"), otherwise=current.year if current else 0)
    year = next((row for row in years if row.year == wanted), None) or current
    context = {
        "year": year,
        "years": years,
        "rules": in_words(year) if year else [],
        "sections": sections(),
        "breakdowns": breakdowns(),
        "hints": hints(),
    }
    return render(request, "reporting/how.html", context)
