"""实验区、示范区: the list, its upkeep by the office, and each zone's yearly self-check."""

from collections import defaultdict

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import Action, can, require, visible_or_404
from networks.models import Heading, Zone, ZoneCheck
from networks.views.keeping import keep

from ..zones import CheckSheet, ZoneForm, facts


@require_safe
@require(Action.VIEW_NETWORK)
def zones(request: HttpRequest) -> HttpResponse:
    this = timezone.localdate().year
    rows = list(Zone.objects.visible_to(request.user).select_related("division"))
    checked = defaultdict(dict)
    counts = ZoneCheck.objects.filter(zone__in=rows).order_by().values_list("zone", "year").annotate(Count("pk"))
    for zone, year, done in counts:
        checked[zone][year] = done
    kept = set(Zone.objects.kept_by(request.user).values_list("pk", flat=True))
    for zone in rows:
        years = {**dict.fromkeys(_years_of(zone, this)[:2], 0), **checked[zone.pk]}
        zone.years = sorted(years.items(), reverse=True)
        zone.latest = zone.years[0][0] if zone.years else None
        zone.kept = zone.pk in kept
    context = {
        "zones": rows,
        "headings": len(Heading),
        "may_manage": can(request.user, Action.MANAGE_UNITS),
        "year": this,
    }
    return render(request, "reporting/zones/list.html", context)


def _years_of(zone: Zone, this: int) -> list[int]:
    """The years in which it was a zone, newest first, until this one."""
    return [year for year in range(this, zone.starts_on.year - 1, -1) if zone.in_force_in(year)]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_UNITS)
def new(request: HttpRequest) -> HttpResponse:
    typed = request.POST if request.method == "POST" else None
    return _keep_zone(request, ZoneForm(typed, user=request.user), "设立实验区、示范区", "登记实验区、示范区")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_UNITS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    zone = visible_or_404(request.user, Zone.objects, pk=pk)
    typed = request.POST if request.method == "POST" else None
    form = ZoneForm(typed, instance=zone, user=request.user)
    return _keep_zone(request, form, "修改实验区、示范区", f"修改{zone}")


def _keep_zone(request: HttpRequest, form: ZoneForm, action: str, title: str) -> HttpResponse:
    back = reverse("zones")
    return keep(request, form, action=action, title=title, back=back, crumbs=[("实验区、示范区", back)])


def _zone_of_year(request: HttpRequest, pk: int, year: int) -> tuple[Zone, list[int]]:
    """The visible zone, and the years that its pages offer; 404 for a year in which it was none."""
    zone = visible_or_404(request.user, Zone.objects.select_related("division"), pk=pk)
    years = _years_of(zone, timezone.localdate().year)
    if year not in years:
        raise Http404(f"{year}年{zone.division}不是{zone.get_kind_display()}")
    return zone, years


def _check_context(request: HttpRequest, pk: int, year: int) -> dict:
    zone, years = _zone_of_year(request, pk, year)
    rows = {row.heading: row for row in zone.checks.filter(year=year)}
    beside = facts(zone, year, request.user, timezone.localdate())
    return {
        "zone": zone,
        "year": year,
        "year_tabs": [(other, reverse("zone-check", args=[zone.pk, other])) for other in years],
        "parts": [(heading, rows.get(heading), beside[heading]) for heading in Heading],
        "kept": Zone.objects.kept_by(request.user).filter(pk=zone.pk).exists(),
        "crumbs": [("实验区、示范区", reverse("zones"))],
    }


@require_safe
@require(Action.VIEW_NETWORK)
def check(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """What the zone says of its year, and what the registries say beside it."""
    return render(request, "reporting/zones/check.html", _check_context(request, pk, year))


@require_safe
@require(Action.VIEW_NETWORK)
def check_print(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    return render(request, "reporting/zones/check_print.html", _check_context(request, pk, year))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_UNITS, Action.KEEP_OWN)
def check_edit(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """By the zone's township and by the office."""
    zone, _ = _zone_of_year(request, pk, year)
    if not Zone.objects.kept_by(request.user).filter(pk=zone.pk).exists():
        raise PermissionDenied("自评由这个乡镇和县教育局填写，您的账号不能改动。")
    form = CheckSheet(request.POST if request.method == "POST" else None, zone=zone, year=year)
    beside = facts(zone, year, request.user, timezone.localdate())
    return keep(
        request,
        form,
        action="填写实验区、示范区自评",
        perform=CheckSheet.save,
        detail={"year": year},
        title=f"{zone}{year}年自评",
        back=reverse("zone-check", args=[zone.pk, year]),
        done="自评已保存。",
        template="reporting/zones/check_edit.html",
        zone=zone,
        parts=[(part, beside[part["heading"]]) for part in form.parts],
        crumbs=[("实验区、示范区", reverse("zones")), (f"{zone}", reverse("zone-check", args=[zone.pk, year]))],
    )
