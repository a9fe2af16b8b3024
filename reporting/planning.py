"""What became of what was planned: of a class, of a unit's year, by month and theme (依据 三(二)). Each sum is one grouped query.

Three figures go down: arranged (安排), held (已办), verified (已核定). The first two count sessions as their unit has them, the
last as the bureau has; whether one counts towards the quota is assessment.py's business.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, fields

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from networks.models import MemberUnit, UnitSuccession
from trainings.models import Status, Theme, TrainingSession, UnitPlan

DEFINITION = (
    "安排＝这一期间没有取消、没有作废的全部场次，已经办的也在内；已办＝已转为草稿、待审核、退回修改或已核定的场次；"
    "已核定＝办公室核定的场次，不论是否计入任务。到期未办＝日子已过、仍是计划的场次。人次都是核定人次。"
)

HELD = (Status.DRAFT, Status.SUBMITTED, Status.RETURNED, Status.VERIFIED)


@dataclass(frozen=True)
class Outcome:
    """Sessions by what became of them, and attendances in heads."""

    arranged: int = 0
    ahead: int = 0  # still planned
    overdue: int = 0  # of these, whose day has passed
    held: int = 0
    verified: int = 0
    cancelled: int = 0
    reported: int = 0  # attendances that the unit has reported
    attendances: int = 0  # that were verified

    def plus(self, other: "Outcome") -> "Outcome":
        return Outcome(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


_SUMS = {
    "arranged": Count("pk", filter=~Q(status__in=[Status.CANCELLED, Status.VOID])),
    "ahead": Count("pk", filter=Q(status=Status.PLANNED)),
    "held": Count("pk", filter=Q(status__in=HELD)),
    "verified": Count("pk", filter=Q(status=Status.VERIFIED)),
    "cancelled": Count("pk", filter=Q(status=Status.CANCELLED)),
    "reported": Sum("reported_attendance", filter=Q(status__in=HELD), default=0),
    "attendances": Sum("verified_attendance", default=0),
}


def _outcomes(sessions: QuerySet[TrainingSession], *by: str, today: datetime.date | None = None) -> dict:
    """{values of `by`: Outcome}; a single `by` is its own key. One query."""
    overdue = Count("pk", filter=Q(status=Status.PLANNED, held_on__lt=today or timezone.localdate()))
    rows = sessions.order_by().values(*by).annotate(overdue=overdue, **_SUMS)
    names = [f.name for f in fields(Outcome)]
    return {
        row[by[0]] if len(by) == 1 else tuple(row[name] for name in by): Outcome(*(row[name] for name in names))
        for row in rows
    }


def total(outcomes: Iterable[Outcome]) -> Outcome:
    found = Outcome()
    for outcome in outcomes:
        found = found.plus(outcome)
    return found


# --- classes -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassOutcome:
    outcome: Outcome
    first: datetime.date | None
    last: datetime.date | None


def of_classes(keys: Iterable[int]) -> dict[int, ClassOutcome]:
    """What became of each class, and from when until when it runs without what was cancelled. Two queries."""
    sessions = TrainingSession.objects.filter(training_class__in=list(keys))
    found = _outcomes(sessions, "training_class")
    standing = sessions.exclude(status__in=[Status.CANCELLED, Status.VOID]).order_by().values("training_class")
    spans = {
        key: (first, last)
        for key, first, last in standing.annotate(first=Min("held_on"), last=Max("held_on")).values_list(
            "training_class", "first", "last"
        )
    }
    return {key: ClassOutcome(outcome, *spans.get(key, (None, None))) for key, outcome in found.items()}


# --- a unit's year -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One month or one theme of a unit's year."""

    label: str
    outcome: Outcome
    month: int | None = None
    stressed: bool = False  # a theme that the plan names


class UnitYear:
    """A unit's year as planned and as it went. One query for the sessions, one for the themes."""

    def __init__(self, units: list[int], year: int, plan: UnitPlan | None, today: datetime.date | None = None) -> None:
        sessions = TrainingSession.objects.filter(organiser__in=units).in_year(year)
        parts = _outcomes(sessions, "held_on__month", "theme", today=today)
        self.plan, self.whole = plan, total(parts.values())
        by_month = {month: total(o for (m, _), o in parts.items() if m == month) for month in range(1, 13)}
        self.months = [Line(f"{month}月", by_month[month], month) for month in range(1, 13)]
        named = {theme.pk for theme in plan.themes.all()} if plan else set()
        met = {theme for _, theme in parts}
        self.themes = [
            Line(str(theme), total(o for (_, t), o in parts.items() if t == theme.pk), stressed=theme.pk in named)
            for theme in Theme.objects.all()
            if theme.pk in met | named
        ]
        if None in met:
            self.themes.append(Line("未填主题", total(o for (_, t), o in parts.items() if t is None)))


def families(units: Iterable[MemberUnit], year: int, today: datetime.date | None = None) -> dict[int, list[int]]:
    """{unit: itself and whatever it had taken over, by renaming or merger, by the end of that year or by today}, of units of
    one county. One query."""
    units = list(units)
    if not units:
        return {}
    day = min(today or timezone.localdate(), datetime.date(year, 12, 31))
    lineage = UnitSuccession.objects.of_county(units[0].county_id).lineage()
    return {unit.pk: lineage.answering_for(unit.pk, day) for unit in units}


def by_unit(parts: dict[int, list[int]], year: int) -> dict[int, Outcome]:
    """What became of each unit's year, with that of what it has taken over (`families`). One query."""
    everybody = {part for family in parts.values() for part in family}
    found = _outcomes(TrainingSession.objects.filter(organiser__in=everybody).in_year(year), "organiser")
    return {unit: total(found[part] for part in family if part in found) for unit, family in parts.items()}
