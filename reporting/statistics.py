"""统计: verified sessions of any period, broken down and held against the same period of earlier years (依据 三(一)).

These are all verified sessions, whether or not they count for a quota; the quota has its own figures (reporting/assessment.py),
and of a locked year its own frozen ones. One grouped query makes a table with all its years, a second one its people; how many
queries there are depends on neither rows nor groups. What a figure counts is said in reporting/measures.py.

Accepted: whoever compares two overlapping periods, or a table with the same one narrowed to an audience, can work out a group
that is withheld as <5 in the difference; within one table nobody can. The groups that
are counted by heads only are one group here, to everybody, so that such a difference names none of them.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode

from django.db import models
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Substr
from django.urls import reverse
from django.utils import timezone

from networks.access import Action, can, sessions_to_sum
from networks.models import Division, MemberUnit, Places, Tier, UnitSuccession, UnitTerm, User
from networks.models.places import CODE_LENGTH
from networks.models.succession import Lineage
from trainings.models import Audience, AudienceCount, Course, RosterLine, Status, TrainingSession

from .assessment import Organised, document_order
from .indicators import BESIDE, HEADCOUNT_ONLY, SMALL
from .measures import NONE, OTHER, PROTECTED, VOCABULARY, By
from .models import AssessmentYear
from .periods import Period


@dataclass(frozen=True)
class Asked:
    """Which sessions, how broken down, and how many earlier years beside them. `narrowed`: further filters by their key."""

    period: Period
    by: By = By.UNIT
    back: int = 1
    organised: Organised = Organised.THEN
    narrowed: dict[By, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return self.address()

    @property
    def cleared(self) -> str:
        """The same without its filters."""
        return replace(self, narrowed={}).address()

    def address(self, period: Period | None = None, **more: str) -> str:
        period = period or self.period
        parts = {"by": self.by.value, "first": period.first.isoformat(), "last": period.last.isoformat()}
        parts |= {"back": str(self.back)} if self.back != 1 else {}
        parts |= {"organised": self.organised.value} if self.organised != Organised.THEN else {}
        return urlencode(parts | {by.value: key for by, key in self.narrowed.items()} | more)


@dataclass(frozen=True)
class Figures:
    """One group in one period. `attendances` is None where no session gave a number of this audience."""

    sessions: int = 0
    attendances: int | None = 0
    with_roster: int = 0  # sessions
    purged: int = 0  # of those, whose lines are gone
    people: int | None = None
    held: int = 0  # rows of the ledger; `sessions` may count a class by the day
    numbered: int = 0  # of those, how many gave a number of this audience
    small: bool = False  # fewer than five heads: the number is withheld
    beside: bool = False  # withheld with a small one, which total and rest would give away
    url: str = ""  # the rows behind it, for whoever may see rows

    @property
    def mean(self) -> Decimal | None:
        """Attendances per session to one place, cut off."""
        if not self.sessions or self.attendances is None or self.withheld:
            return None
        return Decimal(self.attendances * 10 // self.sessions) / 10

    @property
    def withheld(self) -> bool:
        return self.small or self.beside

    @property
    def heads(self) -> str:
        if self.beside:
            return BESIDE
        return f"<{SMALL}" if self.small else "未分" if self.attendances is None else f"{self.attendances:,}"

    @property
    def people_words(self) -> str:
        return "无法计算" if self.people is None else f"{self.people:,}"

    @property
    def roster_words(self) -> str:
        if not self.held:
            return ""
        gone = f"，{self.purged} 场的名册已按期删除" if self.purged else ""
        return f"{self.held} 场中 {self.with_roster} 场有名册{gone}"


NOTHING = Figures()


@dataclass(frozen=True)
class Row:
    """One line of the table; `earlier` are its figures in the earlier periods that the table shows."""

    key: str  # "" where it is no group but a rest
    label: str
    now: Figures
    earlier: list[Figures]
    periods: list[Period]

    @property
    def compared(self) -> list[tuple[Period, Figures]]:
        return list(zip(self.periods, self.earlier, strict=True))


class Statistics:
    """One table: its rows, its total, and which sessions are behind each. `today` cuts off what has not happened yet."""

    def __init__(self, user: User, asked: Asked, today: datetime.date | None = None) -> None:
        self.user, self.today = user, today or timezone.localdate()
        self.asked = replace(asked, period=asked.period.until(self.today))
        self.by = self.asked.by
        back = self.asked.back if self.asked.period.within_a_year else 0
        self.periods = [self.asked.period, *(self.asked.period.back(years) for years in range(1, back + 1))]
        self.county = Division.objects.get(pk=user.county_code)

    # --- which earlier periods -----------------------------------------------------------------------

    @cached_property
    def _compared(self) -> list[int]:
        """The earlier periods of which something is known: a year that was never opened and has no session is no 0."""
        opened = [all(year in self.years for year in period.years) for period in self.periods]
        return [n for n in range(1, len(self.periods)) if opened[n] or self.totals[n].held]

    @property
    def earlier(self) -> list[Period]:
        return [self.periods[number] for number in self._compared]

    @property
    def unknown(self) -> list[Period]:
        """Earlier periods that nothing was ever entered for."""
        return [period for period in self.periods[1:] if period not in self.earlier]

    @property
    def with_people(self) -> bool:
        """Whether any session of the first period has a roster, so that there are people to count."""
        return self.by is not By.AUDIENCE and self.totals[0].with_roster > 0

    # --- what stands for what ----------------------------------------------------------------------

    @cached_property
    def years(self) -> dict[int, AssessmentYear]:
        """The county's assessment years that the periods touch."""
        wanted = {year for period in self.periods for year in period.years}
        rows = AssessmentYear.objects.filter(county=self.county, year__in=wanted).order_by("year")
        return {row.year: row for row in rows}

    @property
    def locked(self) -> list[AssessmentYear]:
        return [year for year in self.years.values() if year.locked]

    @cached_property
    def units(self) -> dict[int, MemberUnit]:
        """All units of the county, of any time."""
        rows = MemberUnit.objects.filter(county=self.county).select_related("division")
        return {unit.pk: unit for unit in sorted(rows, key=document_order)}

    @cached_property
    def _lineage(self) -> Lineage[int]:
        if self.asked.organised == Organised.THEN:
            return Lineage([])
        return UnitSuccession.objects.of_county(self.county.pk).lineage()

    def _unit(self, pk: int) -> int:
        """Under which unit this one is read."""
        return self._lineage.standing_on(pk, self.today) if self._lineage else pk

    @cached_property
    def _places(self) -> Places:
        return Places(self.county.pk, self.today)

    def _towns(self, period: Period) -> dict[str, str]:
        """{code of a place of any time: the township in which it lay at the end of the period, or lies now}; the county's own
        code for what is on no township's ground."""
        as_now = self.asked.organised == Organised.NOW
        places = self._places.on(self.today if as_now else min(period.last, self.today))
        found = {}
        for code in places.within(self.county.pk):
            at = places.standing(code)
            found[code] = (places.parent(at) or at) if len(at) == CODE_LENGTH[Tier.VILLAGE] else at
        return found

    @cached_property
    def _towns_by_period(self) -> list[dict[str, str]]:
        return [self._towns(period) for period in self.periods]

    @cached_property
    def _town_of_unit(self) -> list[dict[int, str]]:
        """Of each period, the township in which each unit sat."""
        return [
            {pk: towns.get(self.units[self._unit(pk)].division_id, self.county.pk) for pk in self.units}
            for towns in self._towns_by_period
        ]

    @cached_property
    def _readable_courses(self) -> QuerySet[Course]:
        return Course.objects.readable_by(self.user)

    # --- rows --------------------------------------------------------------------------------------

    def _is(self, by: By, key: str, number: int) -> Q:
        """Sessions of one group, as it was made up in the period of that number."""
        if by is By.UNIT:
            wanted = {self._unit(pk) for pk, unit in self.units.items() if unit.code == key}
            return Q(organiser__in=[pk for pk in self.units if self._unit(pk) in wanted])
        if by is By.LED:
            return Q(organiser__in=[pk for pk, town in self._town_of_unit[number].items() if town == key])
        if by is By.HELD:
            if key == NONE:
                return Q(place=None)
            return Q(place__in=[code for code, town in self._towns_by_period[number].items() if town == key])
        if by is By.AUDIENCE:
            counts = AudienceCount.objects.filter(self._audience(key))
            return ~Q(audience_counts__isnull=False) if key == NONE else Q(pk__in=counts.values("session"))
        if by is By.COURSE and key == OTHER:
            return Q(course__isnull=False) & ~Q(course__in=self._readable_courses.values("pk"))
        return Q(**{f"{by.value}__isnull": True} if key == NONE else {f"{by.value}_id": int(key)})

    @staticmethod
    def _audience(key: str) -> Q:
        if key == PROTECTED:
            return Q(audience__sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY)
        return Q(audience=int(key)) if key != NONE else Q(pk__in=[])

    def _among(self, rows: QuerySet[TrainingSession], number: int) -> QuerySet[TrainingSession]:
        """Of these, the verified ones of the period of that number that the filters leave."""
        period = self.periods[number]
        rows = rows.filter(status=Status.VERIFIED, held_on__gte=period.first, held_on__lte=period.last)
        for by, key in self.asked.narrowed.items():
            rows = rows.filter(self._is(by, key, number))
        return rows

    def _summed(self, number: int) -> QuerySet[TrainingSession]:
        """All sessions behind the table in that period."""
        return self._among(sessions_to_sum(self.user), number).order_by()

    def sessions(self) -> QuerySet[TrainingSession]:
        """The rows behind the total of the first period, for whoever may see rows."""
        return self._among(TrainingSession.objects.visible_to(self.user), 0)

    def sum_of(self, sessions: QuerySet[TrainingSession]) -> Figures:
        """What verified sessions come to, counted as in the table. Two queries."""
        found = sessions.order_by().aggregate(**self._sums())
        lines = (
            RosterLine.objects.filter(session__in=sessions.order_by().values("pk")) if found["with_roster"] else None
        )
        people = None if lines is None else lines.aggregate(people=Count("identity", distinct=True))["people"]
        return _figures(people, **found)

    def heads_of(self, sessions: QuerySet[TrainingSession]) -> Figures:
        """Of these sessions, the heads given for the audience that the table is narrowed to. One query."""
        counts = AudienceCount.objects.filter(self._audience(self.asked.narrowed[By.AUDIENCE]), session__in=sessions)
        heads = counts.order_by().aggregate(heads=Sum("number"))["heads"]
        return Figures(attendances=heads, small=0 < (heads or 0) < SMALL)

    # --- sums --------------------------------------------------------------------------------------

    def _size(self, at: str = "") -> models.Expression:
        """How many 场 a session is: one, or its days in a year that counts classes by the day."""
        daily = [year for year in self.years.values() if year.class_counts == AssessmentYear.ClassCounts.DAILY]
        if not daily:
            return Value(1)
        within = Q(pk__in=[])
        for year in daily:
            within |= Q(**{f"{at}held_on__gte": year.first_day, f"{at}held_on__lte": year.last_day})
        return Case(When(within, then=F(f"{at}days")), default=Value(1), output_field=models.IntegerField())

    def _sums(self) -> dict[str, models.Expression]:
        known = Q(rostered_attendance__isnull=False)
        return {
            "held": Count("pk"),
            "sum_sessions": Sum(self._size()),
            "sum_attendances": Sum("verified_attendance"),
            "with_roster": Count("pk", filter=known),
            "purged": Count("pk", filter=known & Q(roster_purged_on__isnull=False)),
        }

    def _per_period(self, table: Callable[[int], QuerySet]) -> QuerySet:
        """The tables of all periods as one query: each reads its own days by the index, which one OR over all would not."""
        first, *rest = [table(number) for number in range(len(self.periods))]
        return first.union(*rest, all=True) if rest else first

    def _key(self, number: int, at: str = "") -> models.Expression:
        """Which group a session of that period falls into."""
        if self.by is By.UNIT:
            moved = {pk: self._unit(pk) for pk in self.units if self._unit(pk) != pk}
            whens = [When(**{f"{at}organiser": pk}, then=Value(now)) for pk, now in moved.items()]
            return Case(*whens, default=F(f"{at}organiser_id"), output_field=models.BigIntegerField())
        if self.by is By.LED:
            by_town: dict[str, list[int]] = {}
            for pk, town in self._town_of_unit[number].items():
                if town != self.county.pk:
                    by_town.setdefault(town, []).append(pk)
            whens = [When(**{f"{at}organiser__in": pks}, then=Value(town)) for town, pks in by_town.items()]
            return Case(*whens, default=Value(self.county.pk), output_field=models.CharField())
        if self.by is By.HELD:
            return self._held(number, at)
        if self.by is By.COURSE:
            readable = {f"{at}course__in": self._readable_courses.values("pk")}
            unnamed = {f"{at}course__isnull": False}
            return Case(
                When(**readable, then=F(f"{at}course_id")),
                When(**unnamed, then=Value(0)),
                output_field=models.BigIntegerField(),
            )
        return F(f"{at}{self.by.value}_id")

    def _held(self, number: int, at: str) -> models.Expression:
        """The township is written in the first digits of a place's code, but for what has been moved since."""
        digits = CODE_LENGTH[Tier.TOWNSHIP]
        moved: dict[str, list[str]] = {}
        for code, town in self._towns_by_period[number].items():
            if code[:digits] != town:
                moved.setdefault(town, []).append(code)
        whens = [When(**{f"{at}place__in": codes}, then=Value(town)) for town, codes in moved.items()]
        return Case(*whens, default=Substr(f"{at}place_id", 1, digits), output_field=models.CharField())

    def _grouped(self, key: Callable[[int], models.Expression]) -> dict[tuple, dict[str, int]]:
        """{(group, number of the period): its sums}. One query."""
        names = list(self._sums())

        def table(number: int) -> QuerySet:
            groups = self._summed(number).annotate(of=key(number)).values("of").annotate(**self._sums())
            then = Value(number, output_field=models.IntegerField())
            return groups.annotate(then=then).values_list("of", "then", *names)

        return {(of, then): dict(zip(names, row, strict=True)) for of, then, *row in self._per_period(table)}

    def _people(self, key: models.Expression) -> dict[object, int]:
        """Distinct people of the first period by group. One query."""
        lines = RosterLine.objects.filter(session__in=self._summed(0).values("pk")).order_by()
        counted = lines.annotate(of=key).values("of").annotate(people=Count("identity", distinct=True))
        return dict(counted.values_list("of", "people"))

    @cached_property
    def totals(self) -> list[Figures]:
        """Of each period, every session once. Two queries."""
        found = {then: row for (_, then), row in self._grouped(lambda _: F("status")).items()}
        known = 0 in found and found[0]["with_roster"]
        people = self._people(F("session__status")).get(Status.VERIFIED) if known else None
        return [
            _figures(None if number else people, self._rows_url(period), **found[number])
            if number in found
            else NOTHING
            for number, period in enumerate(self.periods)
        ]

    @cached_property
    def rows(self) -> list[Row]:
        """The groups in their own order, never by size. Two queries and the groups' names."""
        found = self._without_gaps(self._by_audience()) if self.by is By.AUDIENCE else self._by_group()
        names = self._names({key for key, _ in found})
        rows = []
        for key, (address, label) in names.items():
            figures = []
            for number, period in enumerate(self.periods):
                here = found.get((key, number))
                figures.append(replace(here, url=self._rows_url(period, address)) if here else NOTHING)
            rows.append(self._row(address, label, figures))
        return [*rows, *self._unsplit(rows)]

    @property
    def total(self) -> Row:
        return self._row("total", "合计（不重复）", self.totals)

    def _row(self, key: str, label: str, figures: list[Figures]) -> Row:
        """Of a group's figures in all periods."""
        return Row(key, label, figures[0], [figures[number] for number in self._compared], self.earlier)

    def _by_group(self) -> dict[tuple, Figures]:
        found = self._grouped(self._key)
        known = any(row["with_roster"] for (_, then), row in found.items() if then == 0)
        people = self._people(self._key(0, "session__")) if known else {}
        return {(of, then): _figures(None if then else people.get(of), **row) for (of, then), row in found.items()}

    def _by_audience(self) -> dict[tuple, Figures]:
        """Sessions that name an audience, and the heads given for it. All that are counted by heads only are one group. One
        query: it groups by the size of a session too, so that one which names two words of a group is counted once."""
        group = Case(
            When(audience__sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY, then=Value(0)),
            default=F("audience_id"),
            output_field=models.BigIntegerField(),
        )

        def table(number: int) -> QuerySet:
            counts = AudienceCount.objects.filter(session__in=self._summed(number).values("pk")).order_by()
            if key := self.asked.narrowed.get(By.AUDIENCE):
                counts = counts.filter(self._audience(key))
            groups = counts.annotate(of=group, size=self._size("session__")).values("of", "size")
            told = Count("session", distinct=True, filter=Q(number__isnull=False))
            sums = groups.annotate(held=Count("session", distinct=True), heads=Sum("number"), told=told)
            then = Value(number, output_field=models.IntegerField())
            return sums.annotate(then=then).values_list("of", "then", "size", "held", "heads", "told")

        found: dict[tuple, Figures] = {}
        for of, then, size, held, heads, told in self._per_period(table):
            one = found.get((of, then), Figures(attendances=None))
            added = heads if one.attendances is None else one.attendances + (heads or 0)
            found[of, then] = Figures(
                one.sessions + size * held, added, held=one.held + held, numbered=one.numbered + told
            )
        return {key: replace(one, small=0 < (one.attendances or 0) < SMALL) for key, one in found.items()}

    def _rest(self, number: int, figures: Iterable[Figures]) -> int:
        """The heads of a period that no group on the page shows."""
        total = self.totals[number].attendances or 0
        return max(total - sum(one.attendances or 0 for one in figures if not one.withheld), 0)

    def _without_gaps(self, found: dict[tuple, Figures]) -> dict[tuple, Figures]:
        """As `YearFigures.audiences`: where a group is withheld and the rest is as small, the smallest group that is shown
        goes into the rest too."""
        if By.AUDIENCE in self.asked.narrowed:
            return found
        for number in range(len(self.periods)):
            here = {key: one for key, one in found.items() if key[1] == number}
            shown = [key for key, one in here.items() if not one.small and one.attendances]
            if shown and any(one.small for one in here.values()) and self._rest(number, here.values()) < SMALL:
                least = min(shown, key=lambda key: (found[key].attendances, key))
                found = found | {least: replace(found[least], beside=True)}
        return found

    def _unsplit(self, rows: list[Row]) -> list[Row]:
        """What no audience was given for. What is withheld goes in here too: a total beside a single gap would give the gap
        away."""
        if self.by is not By.AUDIENCE or By.AUDIENCE in self.asked.narrowed:
            return []
        rest, withheld = [], []
        for at, number in enumerate([0, *self._compared]):
            figures = [row.earlier[at - 1] if at else row.now for row in rows]
            gaps = [one for one in figures if one.withheld]
            withheld += gaps
            left = self._rest(number, figures)
            rest.append(Figures(0, left, small=bool(gaps) and 0 < left < SMALL))
        within = "（含不单列的）" if any(one.beside for one in withheld) else f"（含不足 {SMALL} 人次的）"
        label = f"未分对象{within if withheld else ''}"
        return [Row("", label, rest[0], rest[1:], self.earlier)] if any(r.attendances for r in rest) else []

    # --- names -------------------------------------------------------------------------------------

    def _names(self, keys: set) -> dict[object, tuple[str, str]]:
        """{group: (its key in an address, its name)} in the order of the document or the register; one query at most."""
        named: dict[object, tuple[str, str]] = {}
        if self.by is By.UNIT:
            named = {pk: (unit.code, unit.name) for pk, unit in self.units.items() if pk in keys}
        elif self.by in {By.HELD, By.LED}:
            towns = Division.objects.filter(pk__in=[key for key in keys if key]).order_by("pk")
            named = {town.pk: (town.pk, town.short_name) for town in towns if town.pk != self.county.pk}
            whole = "县本级" if self.by is By.HELD else "县直部门和其他单位"
            named |= {self.county.pk: (self.county.pk, whole)} if self.county.pk in keys else {}
        elif self.by is By.COURSE:
            rows = Course.objects.filter(pk__in=[key for key in keys if key]).order_by("title", "pk")
            named = {row.pk: (str(row.pk), row.title) for row in rows}
            named |= {0: (OTHER, "还没有公开的课程")} if 0 in keys else {}
        else:
            model = VOCABULARY.get(self.by, Audience)
            named = {row.pk: (str(row.pk), str(row)) for row in model.objects.all() if row.pk in keys}
            named |= {0: (PROTECTED, HEADCOUNT_ONLY)} if 0 in keys else {}
        left_open = {By.HELD: "县外", By.COURSE: "没有选课程"}.get(self.by, f"未填{self.by.label}")
        return named | ({None: (NONE, left_open)} if None in keys else {})

    @cached_property
    def absent(self) -> list[str]:
        """Groups without any session in the first period, by name: for whoever sees the whole county and has not narrowed
        it down."""
        if not can(self.user, Action.VIEW_COUNTY) or self.asked.narrowed or self.by is By.COURSE:
            return []
        there = {row.key for row in self.rows if row.now.held}
        last = min(self.asked.period.last, self.today)
        if self.by is By.UNIT:
            terms = UnitTerm.objects.on(last).filter(fact=UnitTerm.Fact.QUOTA)
            bearing = set(terms.filter(unit__county=self.county).values_list("unit", flat=True))
            expected = [(unit.code, unit.name) for pk, unit in self.units.items() if pk in bearing]
        elif self.by in {By.HELD, By.LED}:
            towns = Division.objects.within(self.county.pk).filter(tier=Tier.TOWNSHIP).on(last).order_by("pk")
            expected = [(town.pk, town.short_name) for town in towns]
        else:
            words = VOCABULARY.get(self.by, Audience).objects.current()
            if self.by is By.AUDIENCE:
                words = words.exclude(sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY)
            expected = [(str(word.pk), str(word)) for word in words]
        return [name for key, name in expected if key not in there]

    # --- the rows behind a figure --------------------------------------------------------------------

    @cached_property
    def _links(self) -> bool:
        return can(self.user, Action.VIEW_SESSIONS)

    def _rows_url(self, period: Period, key: str = "") -> str:
        """The page with exactly the sessions behind a figure; nothing for whoever sees figures only."""
        if not self._links:
            return ""
        more = {self.by.value: key} if key else {}
        return f"{reverse('statistics-rows')}?{self.asked.address(period, **more)}"


def _figures(
    people: int | None = None,
    url: str = "",
    *,
    held: int,
    sum_sessions: int | None,
    sum_attendances: int | None,
    with_roster: int,
    purged: int,
) -> Figures:
    known = people if with_roster and not purged else None
    return Figures(sum_sessions or 0, sum_attendances or 0, with_roster, purged, known, held, url=url)
