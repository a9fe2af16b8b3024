"""机构网络: the tree with its coverage, a place, an institution, and what is still lacking. The forms are in networks/views/."""

import datetime
from enum import StrEnum

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from networks.access import Action, can, require, visible_or_404
from networks.models import (
    AnnualFigure,
    Appointment,
    Division,
    DivisionSuccession,
    Institution,
    InstitutionCheck,
    MemberUnit,
    Tier,
    User,
)
from networks.templatetags.page import Badge
from trainings.models import PointLink

from ..as_of import AsOf
from ..charts import TileMap, tile_map
from ..indicators import INDICATORS
from ..network import (
    NORM_CLAUSE,
    NORMS,
    Network,
    Node,
    Staff,
    Staffing,
    condition_of,
    held_at,
    held_by,
    on_day,
    staff_of,
)
from ..shortfalls import Lack, by_subject, counted, shortfalls

FIRST_DAY = datetime.date(2000, 1, 1)
PER_PAGE = 50


class Colour(StrEnum):
    """What the map of the townships shows."""

    COVERAGE = "coverage"
    STAFFING = "staffing"
    ACTIVITY = "activity"


COLOUR_WORDS = {Colour.COVERAGE: "覆盖", Colour.STAFFING: "人员配备", Colour.ACTIVITY: "活动"}

# The map's own words: met, behind and lost are verdicts on the quota and stand nowhere else.
RUN = [
    Badge("全部运行", "steady", "check"),
    Badge("一半以上运行", "plain", "arrow"),
    Badge("不到一半运行", "quiet", "clock"),
    Badge("没有运行的", "off", "dot"),
]
STAFFED = [
    Badge("全部达标", "steady", "check"),
    Badge("一半以上达标", "plain", "arrow"),
    Badge("不到一半达标", "quiet", "people"),
    Badge("没有达标的", "off", "dot"),
]
NOTHING_THERE = Badge("还没有开办的", "off", "info")
ACTIVE = Badge("今年有活动", "steady", "check")
INACTIVE = Badge("今年没有活动", "quiet", "clock")


@require_safe
@require(Action.VIEW_NETWORK)
def network(request: HttpRequest) -> HttpResponse:
    """County → townships → villages at a glance; one's own township comes first and is unfolded."""
    cut = AsOf(request.GET, FIRST_DAY, timezone.localdate(), "请选择今天或以前的日期")
    asked = request.GET.get("colour", "")
    colour = Colour(asked) if asked in set(Colour) else Colour.COVERAGE
    found = Network(request.user.county_code, cut.shown)
    own = set(request.user.own_place_codes)
    townships = sorted(found.townships, key=lambda node: node.place.code not in own)
    coverage = found.coverage
    context = {
        "cut": cut,
        "day": cut.shown,
        "county": found.county,
        "townships": townships,
        "own": own,
        "reach": [
            (INDICATORS[key], coverage[tier], basis)
            for key, tier, basis in [
                ("township_coverage", "township", "方案目标是覆盖全部乡镇"),
                ("village_coverage", "village", "村，不含社区"),
                ("community_coverage", "any_village", "村和社区"),
            ]
        ],
        "staffing": found.staffing,
        "staffing_how": INDICATORS["staffing"],
        "map": _map(found, colour),
        "colours": [(shown.value, COLOUR_WORDS[shown]) for shown in Colour],
        "colour": colour.value,
        "may_add": Division.objects.kept_by(request.user).exists(),
        "overview_first": not own or own == {request.user.county_code},
    }
    return render(request, "reporting/network/tree.html", context)


def _map(found: Network, colour: Colour) -> TileMap:
    tile = {Colour.COVERAGE: _coverage_tile, Colour.STAFFING: _staffing_tile, Colour.ACTIVITY: _activity_tile}[colour]
    rows = [
        {
            "code": node.place.code,
            "name": node.place.short_name,
            "url": reverse("network-place", args=[node.place.code]),
            **tile(found, node),
        }
        for node in found.townships
    ]
    return tile_map(title=f"各乡镇{COLOUR_WORDS[colour]}", rows=rows, lineage=found.places.lineage, linked=True)


def _share(part: int, whole: int, badges: list[Badge]) -> Badge:
    every, most, few, none = badges
    if not whole:
        return NOTHING_THERE
    return every if part == whole else none if not part else most if part * 2 >= whole else few


def _coverage_tile(found: Network, node: Node) -> dict[str, object]:
    points = node.points
    badge = _share(points.covered, points.places, RUN)
    return {"lines": [f"运行 {points.covered}/{points.places}", f"已开办 {points.opened}"], "badge": badge}


def _staffing_tile(found: Network, node: Node) -> dict[str, object]:
    school = found.staffed([node], Institution.Kind.SCHOOL)
    points = found.staffed(node.below, Institution.Kind.POINT)
    badge = _share(school.met + points.met, school.institutions + points.institutions, STAFFED)
    lines = [f"学校 {school.met}/{school.institutions}", f"教学点 {points.met}/{points.institutions}"]
    return {"lines": lines, "badge": badge}


def _activity_tile(found: Network, node: Node) -> dict[str, object]:
    held = found.activity[node.place.code]
    lines = [f"{held.sessions:,} 场", f"{held.attendances:,} 人次"]
    return {"lines": lines, "badge": ACTIVE if held.sessions else INACTIVE}


# --- one place -----------------------------------------------------------------------------------------


@require_safe
@require(Action.VIEW_NETWORK)
def place(request: HttpRequest, code: int) -> HttpResponse:
    here = visible_or_404(request.user, Division.objects.select_related("parent__parent"), pk=str(code))
    today = timezone.localdate()
    found = Network(here.county_code, today)
    node = found.nodes.get(here.code) or _abolished(here, today)
    context = {
        "place": here,
        "node": node,
        "day": today,
        "units": MemberUnit.objects.visible_to(request.user).on(today).filter(division=here)
        if here.tier != Tier.COUNTY
        else [],
        "figures": _latest_figures(request.user, here),
        "held": held_at(here, today),
        "sessions_url": _sessions_url(request.user, today, place=here.code),
        "former_names": here.former_names.all(),
        "predecessors": DivisionSuccession.objects.filter(new=here).select_related("old"),
        "successors": DivisionSuccession.objects.filter(old=here).select_related("new"),
        "may_add": Division.objects.kept_by(request.user).current().filter(pk=here.pk).exists(),
        "crumbs": _crumbs(here.parent),
    }
    return render(request, "reporting/network/place.html", context)


def _abolished(place: Division, day: datetime.date) -> Node:
    """A place that exists no more, with the institutions that are still filed under it."""
    rows = list(on_day(Institution.objects.filter(division=place), day))
    for row in rows:
        row.condition = condition_of(row)
    return Node(place, rows)


def _latest_figures(user: User, place: Division) -> list[AnnualFigure]:
    """The figures of the newest year that has any."""
    rows = AnnualFigure.objects.visible_to(user).filter(division=place)
    return list(rows.filter(year=rows.order_by("-year").values("year")[:1]))


def _sessions_url(user: User, day: datetime.date, **which: object) -> str:
    """The verified sessions of the year, as far as this account sees rows; nothing for whoever sees figures only."""
    if not can(user, Action.VIEW_SESSIONS):
        return ""
    return f"{reverse('session-list')}?{urlencode({'year': day.year, 'status': 'verified', 'whose': 'all', **which})}"


def _crumbs(place: Division | None) -> list[tuple[str, str]]:
    """From the network's first page down to that place; the county is the first page itself."""
    crumbs = []
    while place is not None and place.tier != Tier.COUNTY:
        crumbs.append((place.short_name, reverse("network-place", args=[place.code])))
        place = place.parent
    return [("三级网络", reverse("network")), *reversed(crumbs)]


# --- one institution -----------------------------------------------------------------------------------


@require_safe
@require(Action.VIEW_NETWORK)
def institution(request: HttpRequest, pk: int) -> HttpResponse:
    """Names of staff are for whoever sees them (VIEW_STAFF, and the row); everybody else gets their number."""
    today = timezone.localdate()
    rows = on_day(Institution.objects.select_related("division__parent__parent", "photo"), today)
    row = visible_or_404(request.user, rows, pk=pk)
    staff = staff_of(Institution.objects.filter(division=row.division_id), today).get(row.pk, Staff())
    checks = {check.item: check for check in row.checks.select_related("evidence")}
    norm = NORMS.get(row.kind)
    context = {
        "row": row,
        "condition": condition_of(row),
        "day": today,
        "states": row.states.all(),
        "checks": [checks.get(item) or InstitutionCheck(item=item) for item in InstitutionCheck.Item.values],
        "five": sum(check.met for check in checks.values()),
        "staff": staff,
        "norm": norm,
        "norm_clause": NORM_CLAUSE,
        "staffing": staff.against(norm) if norm else "",
        "staffed": bool(norm) and staff.against(norm) == Staffing.MEETS,
        "appointments": _appointments(request.user, row, today),
        "held": held_by(row, today),
        "sessions_url": _sessions_url(request.user, today, host=row.pk),
        "may_keep": Institution.objects.kept_by(request.user).filter(pk=row.pk).exists(),
        "point_link": _point_link(request.user, row),
        "open": row.state_then == Institution.State.OPEN,
        "crumbs": _crumbs(row.division),
    }
    return render(request, "reporting/network/institution.html", context)


def _point_link(user: User, row: Institution) -> PointLink | None:
    """The link in use of a point, by which its coordinator reports; who may deal with it decides the template."""
    if row.kind != Institution.Kind.POINT:
        return None
    return PointLink.objects.kept_by(user).open().filter(institution=row).first()


def _appointments(user: User, row: Institution, day: datetime.date) -> list[Appointment]:
    if not can(user, Action.VIEW_STAFF):
        return []
    seen = Appointment.objects.visible_to(user).filter(institution=row)
    return list(seen.on(day).select_related("person", "school"))


# --- what is lacking -----------------------------------------------------------------------------------


class ShortfallFilter(forms.Form):
    """What makes no sense is passed over."""

    lack = forms.ChoiceField(required=False, choices=[("", "全部"), *Lack.choices])
    place = forms.ChoiceField(required=False)

    def __init__(self, data, townships: list[Division]) -> None:
        super().__init__(data)
        self.fields["place"].choices = [("", "全县"), *((place.code, place.short_name) for place in townships)]

    def value(self, name: str) -> str:
        self.is_valid()
        return self.cleaned_data.get(name) or ""


@require_safe
@require(Action.VIEW_NETWORK)
def shortfall_list(request: HttpRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    county_wide = can(user, Action.MANAGE_NETWORK) or can(user, Action.VIEW_COUNTY)
    places = Division.objects.visible_to(user).current().filter(tier=Tier.TOWNSHIP)
    townships = list(places) if county_wide else []
    asked = ShortfallFilter(request.GET, townships)
    found = shortfalls(user, today, within=asked.value("place"))
    lack = asked.value("lack")
    shown = [shortfall for shortfall in found if shortfall.lack == lack] if lack else found
    context = {
        "asked": asked,
        "lack": lack,
        "place": asked.value("place"),
        "townships": townships,
        "counts": counted(found),
        "total": len(found),
        "page_obj": Paginator(by_subject(shown), PER_PAGE).get_page(request.GET.get("page")),
        "may_keep": can(user, Action.KEEP_OWN) or can(user, Action.MANAGE_NETWORK),
        "norms": [(Institution.Kind(kind).label, norm.words) for kind, norm in NORMS.items()],
        "norm_clause": NORM_CLAUSE,
        "crumbs": [("三级网络", reverse("network"))],
    }
    return render(request, "reporting/network/shortfalls.html", context)
