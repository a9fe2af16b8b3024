"""The three-tier network in figures, as of any day: what runs, how far it reaches, and whether it is staffed.

An open institution shows as 运行 when at least one verified session of that day's year was held by it by then, else as 无活动
(依据 二(一)1; the founding document does not define it, the bureau does).
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from django.db import models
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, Sum

from networks.models import (
    Appointment,
    Division,
    FormerName,
    FormerPlace,
    Institution,
    Places,
    SharedResource,
    Tier,
)
from networks.models.institutions import InstitutionQuerySet
from networks.models.places import CODE_LENGTH, code_range
from trainings.models import Status, TrainingSession

from .assessment import Tally

# --- norms: 二(四)2 ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Norm:
    """How many persons of which functions an institution of a kind should have."""

    least: int
    most: int
    functions: tuple[str, ...]
    words: str
    from_school: bool = False  # each sent by a school whose 学区 includes the place


_Function = Appointment.Function
NORMS = {
    # 县社区教育中心要建立社区教育研究指导机构，落实2—3人具体负责
    Institution.Kind.CENTRE: Norm(
        2, 3, (_Function.FULL_TIME, _Function.OFFICER), "专职人员和专干共 2—3 人，研究指导机构的人员一并计算"
    ),
    # 乡镇成人文化技术学校要落实1人社区教育专干
    Institution.Kind.SCHOOL: Norm(1, 1, (_Function.OFFICER,), "专干 1 人"),
    # 村（社区）教学点从所辖学区学校选派1—2人兼任
    Institution.Kind.POINT: Norm(1, 2, (_Function.PART_TIME,), "本学区学校派出的兼职教师 1—2 人", from_school=True),
}
NORM_CLAUSE = "二(四)2"


class Staffing(models.TextChoices):
    """How an institution's staff stands to its norm."""

    MEETS = "meets", "符合配备要求"
    NOBODY = "nobody", "没有人员"
    FEW = "few", "人员不足"
    MANY = "many", "超过配备要求"
    ELSEWHERE = "elsewhere", "派出学校的学区不包括这里"
    UNCLEAR = "unclear", "没有登记派出学校"


@dataclass
class Staff:
    """Who counts towards the norm at one institution, by person, and whether a school of the place has sent them."""

    persons: set[int] = field(default_factory=set)
    elsewhere: set[int] = field(default_factory=set)
    unclear: set[int] = field(default_factory=set)
    by_function: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def against(self, norm: Norm) -> Staffing:
        if not self.persons:
            return Staffing.NOBODY
        if len(self.persons) < norm.least:
            return Staffing.FEW
        if len(self.persons) > norm.most:
            return Staffing.MANY
        if norm.from_school and self.elsewhere:
            return Staffing.ELSEWHERE
        if norm.from_school and self.unclear:
            return Staffing.UNCLEAR
        return Staffing.MEETS

    @property
    def functions(self) -> list[tuple[str, int]]:
        """How many persons in each function, in the order of the functions; a person in two counts in both."""
        return [(f.label, len(self.by_function[f])) for f in _Function if f in self.by_function]


def staff_of(institutions: Iterable[Institution], day: datetime.date) -> dict[int, Staff]:
    """By institution, for those given. One query. The research body's people count at the county centre too: 二(四)2 puts it
    there."""
    found = {row.pk: row for row in institutions}
    serving = SharedResource.serves.through.objects.filter(
        sharedresource=OuterRef("school"),
        sharedresource__kind=SharedResource.Kind.SCHOOL,
        division=OuterRef("institution__division"),
    )
    rows = Appointment.objects.on(day).filter(institution__in=found).annotate(serves=Exists(serving))
    centres = {row.division_id: pk for pk, row in found.items() if row.kind == Institution.Kind.CENTRE}
    staff: dict[int, Staff] = defaultdict(Staff)
    for pk, person, function, school, serves in rows.values_list(
        "institution", "person", "function", "school", "serves"
    ):
        row = found[pk]
        staff[pk].by_function[function].add(person)
        counted_at = [pk]
        if row.kind == Institution.Kind.RESEARCH and row.division_id in centres:
            counted_at.append(centres[row.division_id])
        for at in counted_at:
            norm = NORMS.get(found[at].kind)
            if norm and function in norm.functions:
                staff[at].persons.add(person)
                if norm.from_school and not serves:
                    (staff[at].elsewhere if school else staff[at].unclear).add(person)
    return staff


# --- what runs -----------------------------------------------------------------------------------------


class Condition(StrEnum):
    """How an institution shows on a day: its state, and for an open one that implements whether anything takes place."""

    RUNNING = "running"
    IDLE = "idle"
    OPEN = "open"  # guides and manages: nothing need take place there
    UNCONFIRMED = "unconfirmed"
    PREPARING = "preparing"
    SUSPENDED = "suspended"
    CLOSED = "closed"


def held_in_year(day: datetime.date) -> Q:
    """Verified sessions of the day's year, up to that day."""
    return Q(status=Status.VERIFIED, held_on__gte=datetime.date(day.year, 1, 1), held_on__lte=day)


def on_day(rows: InstitutionQuerySet, day: datetime.date) -> InstitutionQuerySet:
    """Annotates `state_then`, and `active`: whether a session of the year was held by the institution (it is the host, or
    none is named and the session was at an implementing institution's own place, or where it was before)."""
    held = TrainingSession.objects.filter(held_in_year(day)).order_by()
    # Asked once for all institutions, not once for each: a county's year may be a hundred thousand sessions.
    hosts = held.filter(host__isnull=False).values("host").distinct()
    places = held.filter(host=None, place__isnull=False).values("place").distinct()
    there = Exists(FormerPlace.objects.filter(institution=OuterRef("pk"), division__in=places))
    own = Q(division__in=places) | there
    active = Q(pk__in=hosts) | Q(own, function=Institution.Function.IMPLEMENT)
    return rows.with_state_on(day).annotate(active=ExpressionWrapper(active, BooleanField()))


def condition_of(institution: Institution) -> Condition:
    """Of a row of `on_day`."""
    if institution.state_then == Institution.State.OPEN:
        if institution.function == Institution.Function.MANAGE:
            return Condition.OPEN
        return Condition.RUNNING if institution.active else Condition.IDLE
    return Condition(institution.state_then)


@dataclass(frozen=True)
class Coverage:
    """n of so many places with an institution that runs; `opened` have one that is open, whatever takes place there;
    `unconfirmed` more have one that nobody has looked at yet."""

    covered: int
    places: int
    opened: int
    unconfirmed: int

    @property
    def share(self) -> float | None:
        return self.covered / self.places if self.places else None

    def __str__(self) -> str:
        return f"{self.covered}/{self.places}" if self.places else "无法计算"


@dataclass(frozen=True)
class Staffed:
    """n of so many open institutions that are staffed by the norm."""

    met: int
    institutions: int

    def __str__(self) -> str:
        return f"{self.met}/{self.institutions}" if self.institutions else "无法计算"


@dataclass
class Node:
    """A place of the network on a day with what is there, each with its `condition`. `below` are its villages, or the
    county's townships."""

    place: Division
    institutions: list[Institution] = field(default_factory=list)
    below: list["Node"] = field(default_factory=list)

    @property
    def implementing(self) -> list[Institution]:
        return [row for row in self.institutions if row.kind in COVERING and row.function == "implement"]

    @property
    def conditions(self) -> set[Condition]:
        return {row.condition for row in self.implementing}

    @property
    def covered(self) -> bool:
        return Condition.RUNNING in self.conditions

    @property
    def opened(self) -> bool:
        return bool(self.conditions & {Condition.RUNNING, Condition.IDLE})

    @property
    def unconfirmed(self) -> bool:
        return not self.opened and Condition.UNCONFIRMED in self.conditions

    @property
    def points(self) -> Coverage:
        """Of the places below."""
        return coverage_of(self.below)


COVERING = {Institution.Kind.CENTRE, Institution.Kind.SCHOOL, Institution.Kind.POINT}


def coverage_of(nodes: Iterable[Node]) -> Coverage:
    nodes = list(nodes)
    return Coverage(
        covered=sum(node.covered for node in nodes),
        places=len(nodes),
        opened=sum(node.opened for node in nodes),
        unconfirmed=sum(node.unconfirmed for node in nodes),
    )


class Network:
    """One county's network on one day: places that exist then, in the township and under the name of that day, their
    institutions, coverage and staffing. The number of queries does not depend on the county's size."""

    def __init__(self, county_code: str, day: datetime.date) -> None:
        self.county_code, self.day = county_code, day

    @cached_property
    def places(self) -> Places:
        return Places(self.county_code, self.day)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """By division code, in its order; places abolished by that day are left out. Six queries."""
        places = Division.objects.within(self.county_code).on(self.day)
        nodes = {place.code: Node(place) for place in places}
        first, after = code_range(self.county_code)
        here = Institution.objects.filter(division__gte=first, division__lt=after)
        since = FormerPlace.objects.filter(institution__in=here, until__gt=self.day).order_by("-until")
        earlier = dict(since.values_list("institution", "division"))  # of several the first that ended later
        for row in on_day(here, self.day):
            row.condition = condition_of(row)
            at = self.places.at_the_time(earlier.get(row.pk, row.division_id))
            if at in nodes:
                nodes[at].institutions.append(row)
        for former in FormerName.objects.filter(division__in=places, until__gt=self.day).order_by("-until"):
            place = nodes[former.division_id].place
            place.name, place.short_name = former.name, former.short_name
        for node in nodes.values():
            if (above := self.places.parent(node.place.code)) in nodes:
                nodes[above].below.append(node)
        return nodes

    @property
    def county(self) -> Node | None:
        return self.nodes.get(self.county_code)

    @property
    def townships(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.place.tier == Tier.TOWNSHIP]

    @cached_property
    def coverage(self) -> dict[str, Coverage]:
        """By `township`, `village` (村 alone) and `any_village` (村 and 社区)."""
        villages = [node for node in self.nodes.values() if node.place.tier == Tier.VILLAGE]
        return {
            "township": coverage_of(self.townships),
            "village": coverage_of(node for node in villages if node.place.kind == "村"),
            "any_village": coverage_of(villages),
        }

    @cached_property
    def staff(self) -> dict[int, Staff]:
        return staff_of((row for node in self.nodes.values() for row in node.institutions), self.day)

    def staffed(self, nodes: Iterable[Node], kind: str) -> Staffed:
        """Of the open institutions of that kind at these places."""
        rows = [row for node in nodes for row in node.institutions if row.kind == kind]
        states = [
            self.staff.get(row.pk, Staff()).against(NORMS[kind]) for row in rows if row.state_then == row.State.OPEN
        ]
        return Staffed(states.count(Staffing.MEETS), len(states))

    @cached_property
    def staffing(self) -> list[tuple[str, Staffed]]:
        """By kind of institution in the order of the tiers."""
        return [(Institution.Kind(kind).label, self.staffed(self.nodes.values(), kind)) for kind in NORMS]

    @cached_property
    def activity(self) -> dict[str, Tally]:
        """What was held in the day's year at each township, its villages included. One query."""
        found: dict[str, Tally] = defaultdict(Tally)
        first, after = code_range(self.county_code)
        rows = TrainingSession.objects.filter(held_in_year(self.day), place__gte=first, place__lt=after)
        for place, sessions, heads in (
            rows.order_by().values_list("place").annotate(Count("pk"), Sum("verified_attendance"))
        ):
            at = self.places.standing(place)
            at = self.places.parent(at) if len(at) == CODE_LENGTH[Tier.VILLAGE] else at
            found[at] = found[at].plus(Tally(sessions, heads))
        return found


def held_at(place: Division, day: datetime.date) -> Tally:
    """What was held at a place and below it in the day's year, whoever held it; with what it has taken over."""
    return _sum(TrainingSession.objects.held_within(place, day).filter(held_in_year(day)))


def held_by(institution: Institution, day: datetime.date) -> Tally:
    """What the institution held in the day's year; the same sessions that make it run (`on_day`)."""
    return _sum(TrainingSession.objects.held_by(institution).filter(held_in_year(day)))


def _sum(held: models.QuerySet[TrainingSession]) -> Tally:
    return Tally(*held.aggregate(n=Count("pk"), heads=Sum("verified_attendance", default=0)).values())
