"""Which year a page shows: the one in its address, of the county of whoever asks."""

import functools
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ..desk import current_year
from ..models import AssessmentYear


def with_year(view: Callable) -> Callable:
    """Hands the view its `AssessmentYear` instead of the number; a year that is not there (or not visible) is a 404 page
    that offers those that are. The years on offer, newest first, hang on the request as `years_shown`."""

    @functools.wraps(view)
    def found(request: HttpRequest, year: int, *args, **kwargs) -> HttpResponse:
        visible = AssessmentYear.objects.visible_to(request.user).select_related("county").order_by("-year")
        request.years_shown = list(visible)
        for shown in request.years_shown:
            if shown.year == year:
                return view(request, shown, *args, **kwargs)
        return _no_such_year(request, f"没有 {year} 年度")

    return found


def redirect_to_current(request: HttpRequest, name: str, *args: str) -> HttpResponse:
    """To the page `name` of this year, or of the newest there is."""
    year = current_year(request.user)
    if year is None:
        request.years_shown = []
        return _no_such_year(request, "还没有考核年度")
    return redirect(name, year.year, *args)


def _no_such_year(request: HttpRequest, what: str) -> HttpResponse:
    return render(request, "reporting/no_year.html", {"what": what, "years": request.years_shown}, status=404)
