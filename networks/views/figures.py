"""年度数据: a county's year at a glance, and the sheet on which each place enters its own."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from ..access import Action, can, places_kept_for, places_seen_for, require, visible_or_404
from ..annual import LINES, AnnualTable, asked_year, other_sheets, refused_year
from ..models import AnnualFigure, Division, Fund, Tier, User
from ..sheets import YearSheet
from .keeping import keep

YEARS_BACK = 3  # offered besides the years that have figures


def years_offered(user: User, this: int) -> list[int]:
    """Newest first: this year, the last ones, and every year that has a figure."""
    known = AnnualFigure.objects.visible_to(user).order_by().values_list("year", flat=True).distinct()
    return sorted({*known, *range(this - YEARS_BACK, this + 1)}, reverse=True)


@require_safe
@require(Action.VIEW_NETWORK)
def figures(request: HttpRequest) -> HttpResponse:
    """The county and its townships in one year: what is there, from where, and what is missing."""
    this = timezone.localdate().year
    year = asked_year(request.GET.get("year"), otherwise=this)
    table = AnnualTable(Division.objects.get(pk=request.user.county_code), [year])
    places = table.places(year)
    kept = set(Division.objects.kept_by(request.user).exclude(tier=Tier.VILLAGE).values_list("pk", flat=True))
    parts = [
        {
            "title": title,
            "lines": lines,
            "rows": [(place, [table.read(line, place, year) for line in lines]) for place in places],
        }
        for title, lines in [
            ("人口和培训对象", [line for line in LINES if not line.of_learners]),
            ("参加学习和培训的人数", [line for line in LINES if line.of_learners]),
        ]
    ]
    context = {
        "year": year,
        "year_tabs": [(other, f"?year={other}") for other in years_offered(request.user, this)],
        "county": table.county,
        "parts": parts,
        "filled": [(place, table.filled(place, year), place.pk in kept) for place in places],
        "lines_total": len(LINES),
        "keeps": bool(kept),
        "own": [p for p in places if p.pk in kept] if not can(request.user, Action.MANAGE_NETWORK) else [],
        "sees_funds": can(request.user, Action.VIEW_STANDING),
    }
    return render(request, "networks/figures/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.VIEW_NETWORK)
def sheet(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The sheet of a place and year: to fill for whoever keeps the place's figures, to read for everybody else."""
    place = visible_or_404(request.user, Division.objects.select_related("parent"), pk=code)
    if refused := refused_year(place, year):
        raise Http404(refused)
    back = f"{reverse('figures')}?year={year}"
    context = {
        "place": place,
        "year": year,
        "crumbs": _crumbs(place, year),
        "title": f"{place}{year}年度数据",
        "other_sheets": other_sheets(place, year),
        "year_tabs": [
            (other, reverse("figure-sheet", args=[other, code]))
            for other in range(year - 2, year + 2)
            if not refused_year(place, other)
        ],
    }
    if not Division.objects.kept_by(request.user).filter(pk=code).exists():
        if request.method == "POST":
            raise PermissionDenied("年度数据由本乡镇和县里填报，您的账号不能改动。")
        shown = YearSheet(place=place, year=year, with_funds=_with_funds(places_seen_for(request.user, Fund), place))
        return render(request, "networks/figures/sheet_read.html", context | {"form": shown})
    with_funds = _with_funds(places_kept_for(request.user, Fund), place)
    typed = request.POST if request.method == "POST" else None
    form = YearSheet(typed, place=place, year=year, with_funds=with_funds)
    return keep(
        request,
        form,
        action="填报年度数据",
        perform=YearSheet.save,
        detail={"year": year},
        back=back,
        done=f"{place}{year}年度数据已保存。",
        template="networks/figures/sheet.html",
        **context,
    )


def _with_funds(places, place: Division) -> bool:
    return place.tier != Tier.VILLAGE and places.filter(pk=place.pk).exists()


def _crumbs(place: Division, year: int) -> list[tuple[str, str]]:
    crumbs = [("年度数据", f"{reverse('figures')}?year={year}")]
    if place.tier == Tier.VILLAGE:
        crumbs.append((str(place.parent), reverse("figure-sheet", args=[year, place.parent_id])))
    return crumbs
