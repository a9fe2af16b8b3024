"""培训统计: one table for any period, the sessions behind each of its figures, and the workbook."""

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks import audit
from networks.access import Action, can, require
from networks.models import MemberUnit
from networks.views.downloads import rationed
from trainings.forms import years_offered

from ..assessment import Organised
from ..exports import XLSX, xlsx
from ..measures import MEASURES, By
from ..statistics import Statistics
from ..statistics_forms import StatisticsForm
from ..statistics_sheet import AS_NOW, bars, statistics_export
from .assessment import PER_PAGE

OF_AUDIENCE = ("stat_sessions", "stat_audience", "stat_earlier")
OF_GROUPS = ("stat_sessions", "stat_attendances", "stat_mean", "stat_people", "stat_earlier")


def _asked(request: HttpRequest) -> tuple[StatisticsForm, Statistics]:
    this = timezone.localdate().year
    form = StatisticsForm(request.GET, request.user, [year for year in years_offered(None) if year <= this])
    return form, Statistics(request.user, form.asked)


def _part(request: HttpRequest) -> MemberUnit | None:
    """Whose part is shown: the own unit's, None for the whole county."""
    return None if can(request.user, Action.VIEW_COUNTY) else request.user.own_unit


@require_safe
@require(Action.VIEW_STANDING)
def statistics(request: HttpRequest) -> HttpResponse:
    form, found = _asked(request)
    plain = found.by is By.AUDIENCE  # no mean size and no people: both are of whole sessions
    context = {
        "form": form,
        "found": found,
        "asked": found.asked,
        "part": _part(request),
        "whole_county": can(request.user, Action.VIEW_COUNTY),
        "plain": plain,
        "as_now": found.asked.organised == Organised.NOW,
        "as_now_words": AS_NOW,
        "charts": bars(found),
        "measures": [told for key, told in MEASURES.items() if key in (OF_AUDIENCE if plain else OF_GROUPS)],
    }
    return render(request, "reporting/statistics.html", context)


@require_safe
@require(Action.VIEW_STANDING)
@require(Action.VIEW_SESSIONS)
def rows(request: HttpRequest) -> HttpResponse:
    """Exactly the sessions that a figure counts, with the sum that it shows; leaders see the figures alone."""
    form, found = _asked(request)
    sessions = found.sessions()
    summed = found.sum_of(sessions)
    listed = sessions.select_related("form", "place__parent", "organiser").order_by("held_on", "pk")
    context = {
        "form": form,
        "found": found,
        "asked": found.asked,
        "sum": summed,
        "with_people": found.by is not By.AUDIENCE and summed.with_roster,
        "heads": found.heads_of(sessions) if By.AUDIENCE in found.asked.narrowed else None,
        "page_obj": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "reporting/statistics_rows.html", context)


@require_safe
@require(Action.VIEW_STANDING)
@rationed
def export(request: HttpRequest) -> HttpResponse:
    """The log keeps who took which table (AU-3)."""
    form, found = _asked(request)
    content = xlsx(statistics_export(found, form.narrowed_words, _part(request)))
    period = found.asked.period
    with transaction.atomic():
        audit.record(
            "导出培训统计",
            actor=request.user,
            subject=found.county,
            request=request,
            by=found.by.value,
            first=period.first.isoformat(),
            last=period.last.isoformat(),
            filters=len(found.asked.narrowed),
        )
    name = f"statistics-{found.by.value}-{period.first:%Y%m%d}-{period.last:%Y%m%d}.xlsx"
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
