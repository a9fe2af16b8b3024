"""What counts towards the quota, and whether a unit can still make it (依据 三(六)); reporting/assessment.py sums it up.

`Counting` gathers a year's rules and says once, as SQL, what stands between a session and being counted (`barrier`). The
county's page, a unit's page, the dashboard, the command and the workbook all sum or list what it annotates, so that none
of them can count otherwise. The number of queries does not depend on the number of sessions or units.
"""

import copy
import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.db import models
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from networks.models import MemberUnit, UnitSuccession, UnitTerm
from networks.models.succession import Lineage
from networks.templatetags.page import VERDICTS, Badge, distance
from trainings.models import CoOrganiser, Status, TrainingSession

from .models import AssessmentYear


class Tally(NamedTuple):
    """The two halves of the quota: 场次 and 人次."""

    sessions: int = 0
    attendances: int = 0

    def plus(self, other: "Tally") -> "Tally":
        return Tally(self.sessions + other.sessions, self.attendances + other.attendances)

    def minus(self, other: "Tally") -> "Tally":
        return Tally(self.sessions - other.sessions, self.attendances - other.attendances)

    def short_of(self, required: "Tally") -> "Tally":
        return Tally(max(required.sessions - self.sessions, 0), max(required.attendances - self.attendances, 0))

    def reaches(self, required: "Tally") -> bool:
        """Both halves are needed: 3 sessions with 900 attendances have not met 4 and 400, nor have 9 with 200."""
        return self.short_of(required) == (0, 0)


class Barrier(models.TextChoices):
    """Why a session is not counted for a unit even once it is verified; "" stands for nothing in the way."""

    LEAD_ONLY = "lead_only", "联合举办的场次本年度只计主办单位"
    UNCONFIRMED = "unconfirmed", "本单位还没有确认协办"
    AFTER = "after", "在截止日期之后举办"
    NO_QUOTA = "no_quota", "举办当日该单位不承担目标任务"
    NO_FORM = "no_form", "没有填写培训形式"
    FORM = "form", "这种培训形式不计入任务"
    SHORT = "short", "时长不到本年度的最短时长"


class Forecast(models.TextChoices):
    MET = "met", "已完成任务"
    ON_TRACK = "on_track", "按进度推进"
    BEHIND = "behind", "有差距"
    LOST = "lost", "难以完成"


NOT_MET = "没有完成"  # what LOST is called once the year is over: there is nothing left to predict


class Organised(models.TextChoices):
    """Which units the figures are summed over. THEN is the rule, and the only answer for a locked year; NOW lets every
    merged or renamed unit speak through its successor of today."""

    THEN = "then", "当时的机构"
    NOW = "now", "现在的机构"


class NotForLockedYears(ValueError):
    """A locked year's figures are what they were; nobody reads them through later changes."""


COUNTED = "计入"

# Why a session in this state is not counted (yet); verified ones ask for their barrier.
NOT_YET = {
    Status.PLANNED: "还是计划，未举办",
    Status.DRAFT: "还是草稿，未提交",
    Status.SUBMITTED: "已提交，待审核",
    Status.RETURNED: "已退回，待修改后重新提交",
    Status.CANCELLED: "计划已取消",
    Status.VOID: "已作废",
}


@dataclass(frozen=True)
class Standing:
    """Where one unit stands in one year, counted up to a day."""

    unit: MemberUnit
    verified: Tally
    pending: Tally  # submitted, at the reported figures, as far as it would count
    planned: Tally  # planned, at the planned figures, as far as it would count
    required: Tally
    working: str  # how the required figures came about where they are not the year's default, in words
    forecast: Forecast
    latest: datetime.date  # `latest_start` from the year's last day, as every act has frozen it
    over: bool = False  # the year is settled or has passed
    due: datetime.date | None = None  # D of `forecast_of`, until it has passed; what the pages show

    @property
    def met(self) -> bool:
        return self.verified.reaches(self.required)

    @property
    def short(self) -> Tally:
        return self.verified.short_of(self.required)

    @property
    def badge(self) -> Badge:
        """The outlook in a word; in a year that is over, whether the quota was met."""
        word = NOT_MET if self.over and self.forecast == Forecast.LOST else self.forecast.label
        return Badge(word, *VERDICTS[self.forecast][1:])

    @property
    def verdict(self) -> str:
        """已完成任务, or the distance: 差 1 场 90 人次."""
        return "已完成任务" if self.met else distance(self.short.sessions, self.short.attendances)

    @property
    def deadline(self) -> str:
        """最迟须在 12月20日 前完成; nothing for a unit that has met its quota or no longer can, nor once the day has passed."""
        if self.due is None or self.forecast in {Forecast.MET, Forecast.LOST}:
            return ""
        return f"最迟须在 {self.due.month}月{self.due.day}日 前完成"


@dataclass(frozen=True)
class CountyStanding:
    """The county in one year. `credited` counts each session once, however many units are credited with it; `unit_sum` adds
    the units up; `everything` is all verified sessions of the county, also of bodies that bear no quota and of forms that
    do not count."""

    standings: list[Standing]
    credited: Tally
    everything: Tally
    submitted: Tally  # waiting for review, whether or not they would count
    returned: Tally  # sent back to their units

    @property
    def unit_sum(self) -> Tally:
        return total(s.verified for s in self.standings)

    @property
    def required_sum(self) -> Tally:
        """推算: the tasks added up. No target: one busy unit could fill it."""
        return total(s.required for s in self.standings)

    @property
    def pending(self) -> Tally:
        return total(s.pending for s in self.standings)

    @property
    def met(self) -> int:
        return sum(s.met for s in self.standings)


def total(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total = total.plus(tally)
    return total


class Counting:
    """One year's rules, ready to be asked. `as_of` is the last day whose sessions count (None: the whole year)."""

    def __init__(
        self,
        year: AssessmentYear,
        as_of: datetime.date | None = None,
        organised: str = Organised.THEN,
    ) -> None:
        """Raises NotForLockedYears for NOW in a year that is locked."""
        if organised == Organised.NOW and year.locked:
            raise NotForLockedYears(f"{year}已锁定定案，只能按当时的机构汇总")
        self.organised = organised
        self.year = year
        self.as_of = as_of
        self.first, self.after = year.first_day, year.last_day + datetime.timedelta(days=1)

    def until(self, day: datetime.date) -> "Counting":
        """The same rules, counting up to a day; what was read from the database for them is not read again."""
        other = copy.copy(self)
        other.as_of = day
        return other

    @property
    def today(self) -> datetime.date:
        """The day from which the rest of the year is looked at."""
        return self.as_of or timezone.localdate()

    # --- the rule ----------------------------------------------------------------------------------

    @cached_property
    def terms(self) -> dict[int, list[UnitTerm]]:
        """The quota terms that touch the year, by unit id, each unit's in the order of time."""
        terms = UnitTerm.objects.filter(fact=UnitTerm.Fact.QUOTA, unit__county_id=self.year.county_id)
        by_unit = defaultdict(list)
        for term in terms.touching(self.year.year).select_related("unit").order_by("starts_on"):
            by_unit[term.unit_id].append(term)
        return dict(by_unit)

    @cached_property
    def forms(self) -> list[int]:
        return sorted(self.year.counting_forms.values_list("pk", flat=True))

    @property
    def daily(self) -> bool:
        """Whether a class of several days is one 场 a day instead of one."""
        return self.year.class_counts == AssessmentYear.ClassCounts.DAILY

    @property
    def credits_each(self) -> bool:
        """Whether confirmed co-organisers are credited beside the lead."""
        return self.year.joint_credit == AssessmentYear.JointCredit.EACH

    def barrier(self, *, at: str = "", unit: str = "organiser_id") -> Case:
        """What keeps a session from counting for a unit, as an expression that gives a `Barrier` or "".

        `at` leads from the annotated model to the session ("" for sessions, "session__" for co-organisers), `unit` names
        the column of the unit that would be credited. Everything but the state is looked at here; a verified session
        without a barrier counts, a submitted or planned one would. A plan's form may still be open.
        """

        def session(**lookups) -> Q:
            return Q(**{f"{at}{name}": value for name, value in lookups.items()})

        planned = session(status=Status.PLANNED)
        rules = []
        if at:
            if not self.credits_each:
                rules.append((~Q(pk__in=[]), Barrier.LEAD_ONLY))  # always
            rules.append((Q(confirmed_at=None), Barrier.UNCONFIRMED))
        if self.as_of:
            rules.append((session(held_on__gt=self.as_of) & ~planned, Barrier.AFTER))
        rules.append((~self._borne(at, unit), Barrier.NO_QUOTA))
        rules.append((session(form=None, is_historical=False) & ~planned, Barrier.NO_FORM))
        rules.append((session(form__isnull=False) & ~session(form__in=self.forms), Barrier.FORM))
        if self.year.minimum_minutes:
            rules.append((session(minutes__lt=self.year.minimum_minutes), Barrier.SHORT))
        return Case(
            *(When(condition, then=Value(reason.value)) for condition, reason in rules),
            default=Value(""),
            output_field=models.CharField(),
        )

    def _borne(self, at: str, unit: str) -> Q:
        """The unit bears the quota on the session's first day; terms are [from, to)."""
        all_year, borne = [], Q(pk__in=[])
        for unit_id, terms in self.terms.items():
            for term in terms:
                if term.starts_on <= self.first and (term.ends_on is None or term.ends_on >= self.after):
                    all_year.append(unit_id)
                    continue
                within = Q(**{unit: unit_id, f"{at}held_on__gte": term.starts_on})
                if term.ends_on:
                    within &= Q(**{f"{at}held_on__lt": term.ends_on})
                borne |= within
        return borne | Q(**{f"{unit}__in": all_year})

    # --- as now ------------------------------------------------------------------------------------

    @cached_property
    def lineage(self) -> Lineage[int]:
        """What became of the county's units; empty, without a query, where figures are read as organised then."""
        if self.organised == Organised.THEN:
            return Lineage([])
        return UnitSuccession.objects.of_county(self.year.county_id).lineage()

    def now(self, unit_id: int) -> int:
        """The unit that answers for this one: itself, or as now its successor of today."""
        return self.lineage.standing_on(unit_id, timezone.localdate())

    def parts(self, unit_id: int) -> list[int]:
        """The unit and, as now, all whose figures it has taken over."""
        return self.lineage.answering_for(unit_id, timezone.localdate())

    def counted_twice(self) -> dict[tuple[int, str, bool], Tally]:
        """{(unit of today, state, passed): what more than one part of it was credited with for the same session}, which the
        unit as it is now counts once. Two queries, and only where co-organisers are credited and units have merged."""
        if not (self.credits_each and self.lineage):
            return {}
        changed = [unit_id for unit_id in self.terms if self.now(unit_id) != unit_id or len(self.parts(unit_id)) > 1]
        counting = self.joined().filter(barrier="", unit__in=changed, session__status__in=IN_PLAY)
        rows = list(counting.select_related("session").order_by("pk"))
        held = self.led().filter(barrier="", pk__in=counting.values("session"))
        seen = {(pk, self.now(organiser)) for pk, organiser in held.values_list("pk", "organiser")}
        twice: dict[tuple[int, str, bool], Tally] = defaultdict(Tally)
        for row in rows:
            session, unit = row.session, self.now(row.unit_id)
            if (session.pk, unit) in seen:
                heads = {
                    Status.PLANNED: session.planned_attendance,
                    Status.VERIFIED: session.verified_attendance,
                }.get(session.status, session.reported_attendance)
                size = Tally(session.days if self.daily else 1, heads or 0)
                passed = session.status == Status.PLANNED and (session.ends_on or session.held_on) < self.today
                key = unit, session.status, passed
                twice[key] = twice[key].plus(size)
            seen.add((session.pk, unit))
        return dict(twice)

    # --- rows --------------------------------------------------------------------------------------

    def led(self, rows: QuerySet[TrainingSession] | None = None) -> QuerySet[TrainingSession]:
        """The county's sessions of the year (of `rows`, if given) with `barrier` towards their organiser."""
        units = MemberUnit.objects.filter(county_id=self.year.county_id).values("pk")
        rows = TrainingSession.objects.all() if rows is None else rows
        return rows.filter(organiser__in=units).in_year(self.year.year).annotate(barrier=self.barrier())

    def joined(self, rows: QuerySet[CoOrganiser] | None = None) -> QuerySet[CoOrganiser]:
        """Who else takes part in the county's sessions of the year, with `barrier` towards that unit."""
        rows = CoOrganiser.objects.all() if rows is None else rows
        return (
            rows.filter(
                unit__county_id=self.year.county_id, session__held_on__gte=self.first, session__held_on__lt=self.after
            )
            .exclude(unit=F("session__organiser"))
            .annotate(barrier=self.barrier(at="session__", unit="unit_id"))
        )

    def credited(
        self, rows: QuerySet[TrainingSession] | None = None, unit: MemberUnit | None = None
    ) -> QuerySet[TrainingSession]:
        """The verified sessions (of `rows`, if given) that count for at least one unit, or for `unit`, each once."""
        counts = Q(barrier="") if unit is None else Q(barrier="", organiser=unit)
        if self.credits_each:
            partners = self.joined().filter(barrier="", session__status=Status.VERIFIED)
            if unit is None:
                counts |= Q(barrier=Barrier.NO_QUOTA, pk__in=partners.values("session"))
            else:
                counts |= Q(pk__in=partners.filter(unit=unit).values("session"))
        return self.led(rows).filter(counts, status=Status.VERIFIED)

    def verified(self, rows: QuerySet[TrainingSession] | None = None) -> QuerySet[TrainingSession]:
        """All verified sessions of the county's bodies up to `as_of`, whether or not they count for a quota."""
        return self.led(rows).filter(status=Status.VERIFIED).exclude(barrier=Barrier.AFTER)

    # --- sums --------------------------------------------------------------------------------------

    def led_tallies(self, units: Iterable[int] | None = None) -> "Tallies":
        """Sums over `led`: of every organiser of the county, or of `units` only."""
        rows = self.led() if units is None else self.led().filter(organiser__in=units)
        return self._grouped(rows, "", "organiser_id")

    def joined_tallies(self, units: Iterable[int] | None = None) -> "Tallies":
        """Sums over `joined`; nothing, and no query, where only the lead is credited."""
        if not self.credits_each:
            return {}
        rows = self.joined() if units is None else self.joined().filter(unit__in=units)
        return self._grouped(rows, "session__", "unit_id")

    def credited_to_partners(self) -> Tally:
        """Verified sessions whose organiser bears no quota but a confirmed co-organiser does."""
        if not self.credits_each:
            return Tally()
        return total(self._grouped(self.credited().exclude(barrier=""), "", "organiser_id").values())

    def _grouped(self, rows: QuerySet, at: str, unit: str) -> "Tallies":
        attendance = Case(
            When(**{f"{at}status": Status.PLANNED}, then=f"{at}planned_attendance"),
            default=Coalesce(f"{at}verified_attendance", f"{at}reported_attendance"),
        )
        gone = Q(**{f"{at}ends_on__lt": self.today}) | Q(**{f"{at}ends_on": None, f"{at}held_on__lt": self.today})
        passed = Case(
            When(gone, **{f"{at}status": Status.PLANNED}, then=Value(True)),
            default=Value(False),
            output_field=models.BooleanField(),
        )
        groups = (
            rows.filter(**{f"{at}status__in": IN_PLAY})
            .order_by()
            .annotate(passed=passed)
            .values(unit, f"{at}status", "barrier", "passed")
            .annotate(sessions=Sum(f"{at}days") if self.daily else Count("*"), attendances=Coalesce(Sum(attendance), 0))
            .values_list(unit, f"{at}status", "barrier", "passed", "sessions", "attendances")
        )
        return {tuple(key): Tally(sessions, attendances) for *key, sessions, attendances in groups}

    def sum_of(self, sessions: QuerySet[TrainingSession]) -> Tally:
        """What verified sessions come to, as this year counts them (a class of several days once, or once a day)."""
        size = Sum("days") if self.daily else Count("*")
        sums = sessions.order_by().aggregate(
            sessions=Coalesce(size, 0), attendances=Coalesce(Sum("verified_attendance"), 0)
        )
        return Tally(**sums)

    def credited_by_day(self) -> dict[datetime.date, Tally]:
        """What `credited` counts, by the day it was held on: at most 366 days."""
        size = Sum("days") if self.daily else Count("*")
        days = self.credited().order_by().values("held_on")
        sums = days.annotate(sessions=size, attendances=Sum("verified_attendance"))
        return {day: Tally(*sum_) for day, *sum_ in sums.values_list("held_on", "sessions", "attendances")}

    def required(self, terms: list[UnitTerm], adjustment=None) -> tuple[Tally, str]:
        """What the unit has to reach, and how that came about in words. An adjustment stands for itself; the year's
        default is reduced pro rata only where a reorganisation brought the unit in or took it out during the year."""
        year = self.year
        if adjustment:
            own = Tally(adjustment.sessions, adjustment.attendances)
            return own, f"任务调整为 {own.sessions} 场、{own.attendances:,} 人次。理由：{adjustment.reason}"
        full = Tally(year.required_sessions, year.required_attendances)
        reorganised = any(
            (term.starts_by_reorganisation and term.starts_on > self.first)
            or (term.ends_by_reorganisation and term.ends_on and term.ends_on < self.after)
            for term in terms
        )
        if not reorganised:
            return full, ""
        length = (self.after - self.first).days
        borne = sum((end - start).days for start, end in self.borne(terms))
        part = Tally(-(-full.sessions * borne // length), -(-full.attendances * borne // length))
        return part, (
            f"因机构调整按承担任务的天数折算：{full.sessions} 场 × {borne} ÷ {length}，进为 {part.sessions} 场；"
            f"{full.attendances:,} 人次 × {borne} ÷ {length}，进为 {part.attendances:,} 人次"
        )

    def borne(self, terms: list[UnitTerm]) -> list[tuple[datetime.date, datetime.date]]:
        """The parts of the year, [from, to), in which at least one of the terms holds (they are in the order of time)."""
        parts, reached = [], self.first
        for term in terms:
            start = max(term.starts_on, reached)
            end = min(term.ends_on or self.after, self.after)
            if end > start:
                parts.append((start, end))
                reached = end
        return parts


def counted_or_why(status: str, barrier: str) -> str:
    """计入, or why not, of one row of `Counting.led` or `Counting.joined`."""
    if status == Status.VERIFIED:
        return Barrier(barrier).label if barrier else COUNTED
    if barrier and status in {Status.PLANNED, Status.DRAFT, Status.SUBMITTED, Status.RETURNED}:
        return f"{NOT_YET[status]}；核定后也不计入：{Barrier(barrier).label}"
    return NOT_YET[status]


# (unit id, state, barrier, whether the day of a plan has passed) → its sessions. The attendances are those of the state's own
# ledger: verified, reported (also of what was returned) or planned; a sum never mixes states.
Tallies = dict[tuple[int, str, str, bool], Tally]
IN_PLAY = [Status.PLANNED, Status.SUBMITTED, Status.RETURNED, Status.VERIFIED]


def latest_start(year: AssessmentYear, short: Tally, last: datetime.date) -> datetime.date:
    """The day that counts back from `last`: the sessions still needed (those short, or as many as the attendances short
    would fill) at the year's sessions a week. Whoever has not begun by then can no longer make it."""
    needed = max(short.sessions, math.ceil(short.attendances / year.attendances_per_session))
    return last - datetime.timedelta(days=-(-needed * 7 // year.sessions_per_week))


def forecast_of(
    year: AssessmentYear,
    *,
    today: datetime.date,
    verified: Tally,
    pending: Tally,
    planned: Tally,
    required: Tally,
    borne: Sequence[tuple[datetime.date, datetime.date]] = (),
) -> tuple[Forecast, datetime.date]:
    """The forecast and D, which is `latest_start` from the last day on which the unit bears the quota.

    `planned` are the plans that can still be held. `borne` are the parts of the year, [from, to), in which the unit bears
    the quota, in the order of time (nothing: all of it): only what is held in them counts, so the pace runs over their days.
    """
    borne = borne or [(year.first_day, year.last_day + datetime.timedelta(days=1))]
    latest = latest_start(year, verified.short_of(required), borne[-1][1] - datetime.timedelta(days=1))
    if verified.reaches(required):
        return Forecast.MET, latest
    in_hand = verified.plus(pending)
    length = sum((end - start).days for start, end in borne)
    elapsed = sum(max((min(today, end) - start).days, 0) for start, end in borne)  # whole days; today is not over
    in_step = all(have * length >= need * elapsed for have, need in zip(in_hand, required, strict=True))
    with_plans = in_hand.plus(planned) if today <= year.last_day else in_hand  # afterwards no plan can be held any more
    if with_plans.reaches(required) or in_step:
        return Forecast.ON_TRACK, latest
    return (Forecast.LOST if today > latest else Forecast.BEHIND), latest
