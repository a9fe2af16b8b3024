"""What became of units and places: renamed, merged, split. Nothing is overwritten; figures are read then or now."""

import copy
import datetime
from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from django.db import models
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .places import CODE_LENGTH, Division, Tier, code_range
from .units import MemberUnit

Key = TypeVar("Key", int, str)  # of a unit, or a division code


class Change(models.TextChoices):
    RENAME = "rename", "更名"
    MERGE = "merge", "合并"
    SPLIT = "split", "分设"


class Link(NamedTuple):
    """From `on` on, `new` stands where `old` stood."""

    old: int | str
    new: int | str
    on: datetime.date
    change: str


class Lineage(Generic[Key]):
    """Renames and mergers of a county as a forest: whatever was renamed or merged has one successor, which answers for it
    from that day on. Splits are no part of it: figures stay with what was split."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._after: dict[Key, Link] = {}
        self._before: dict[Key, list[Link]] = defaultdict(list)
        for link in sorted(links, key=lambda link: (link.on, str(link.old))):
            if link.change != Change.SPLIT:
                self._after[link.old] = link
                self._before[link.new].append(link)

    def __bool__(self) -> bool:
        return bool(self._after)

    def ended_by(self, day: datetime.date) -> list[Key]:
        """Whatever had been renamed or merged by that day."""
        return [old for old, link in self._after.items() if link.on <= day]

    def joined_in(self, key: Key, year: int) -> list[Link]:
        """What came into `key` within a year, in the order of time. What ended with 31 December belongs to the year before
        alone and does not count."""
        new_year = datetime.date(year, 1, 1)
        return [link for link in self._before.get(key, ()) if link.on.year == year and link.on > new_year]

    def left_in(self, key: Key, year: int) -> Link | None:
        """How `key` ended within a year, if it did."""
        link = self._after.get(key)
        return link if link and link.on.year == year and link.on > datetime.date(year, 1, 1) else None

    def path(self, key: Key, day: datetime.date) -> list[Key]:
        """`key` and what had taken over from it by that day, in the order of time."""
        path = [key]
        while (link := self._after.get(path[-1])) and link.on <= day and link.new not in path:
            path.append(link.new)
        return path

    def standing_on(self, key: Key, day: datetime.date) -> Key:
        """Who stands for `key` on that day: a successor, or what the body was called before it was renamed. What several
        were merged into has no one predecessor and stays."""
        key = self.path(key, day)[-1]
        seen = {key}
        while len(before := self._before.get(key, ())) == 1:
            [link] = before
            if link.change != Change.RENAME or link.on <= day or link.old in seen:
                break
            key = link.old
            seen.add(key)
        return key

    def answering_for(self, key: Key, day: datetime.date) -> list[Key]:
        """`key`, and everything whose figures it had taken over by that day."""
        found = [key]
        for at in found:  # grows while it is walked
            found += [link.old for link in self._before.get(at, ()) if link.on <= day and link.old not in found]
        return found

    def merged(self, keys: Iterable[Key]) -> bool:
        """Whether a merger, not only renames, led from these to one another."""
        keys = set(keys)
        return any(link.change == Change.MERGE and link.old in keys for at in keys for link in self._before.get(at, ()))


class SuccessionQuerySet(ScopedQuerySet):
    def lineage(self) -> Lineage:
        """One query."""
        return Lineage(Link(*row) for row in self.order_by().values_list("old_id", "new_id", "on", "change"))


class UnitSuccessionQuerySet(SuccessionQuerySet):
    def of_county(self, county_code: str) -> "UnitSuccessionQuerySet":
        return self.filter(new__county=county_code)

    def standing_on(self, unit: MemberUnit, day: datetime.date) -> MemberUnit:
        """The unit that stands for this one on a day. No query for a unit that existed then."""
        if unit.exists_on(day):
            return unit
        key = self.of_county(unit.county_id).lineage().standing_on(unit.pk, day)
        return unit if key == unit.pk else MemberUnit.objects.get(pk=key)


class DivisionSuccessionQuerySet(SuccessionQuerySet):
    def of_county(self, county_code: str) -> "DivisionSuccessionQuerySet":
        first, after = code_range(county_code)
        return self.filter(new__gte=first, new__lt=after)


class Succession(models.Model):
    """From `on` on, `new` stands where `old` stood. After a rename or merger the successor answers for its predecessors'
    figures; after a split they stay with what was split."""

    on = models.DateField("日期")
    change = models.CharField("方式", max_length=8, choices=Change.choices)
    basis = models.CharField("依据", max_length=100, blank=True)

    class Meta:
        abstract = True
        ordering = ["-on", "pk"]

    def __str__(self) -> str:
        return f"{self.old}{self.get_change_display()}为{self.new}"


def _rules(what: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["old", "new"], name=f"one_{what}_succession"),
        models.UniqueConstraint(fields=["old"], condition=~Q(change="split"), name=f"one_successor_per_{what}"),
        models.CheckConstraint(condition=~Q(old=F("new")), name=f"{what}_does_not_succeed_itself"),
        models.CheckConstraint(condition=Q(change__in=Change.values), name=f"{what}_change_known"),
    ]


class UnitSuccession(Succession):
    old = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="原单位", related_name="successions")
    new = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="现单位", related_name="predecessions")

    history = HistoricalRecords()
    objects = UnitSuccessionQuerySet.as_manager()
    scope = Scope(county="new__county_id", managed_by=Action.MANAGE_UNITS)

    class Meta(Succession.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "单位变更"
        constraints = _rules("unit")


class DivisionSuccession(Succession):
    """The same for places (合村并居)."""

    old = models.ForeignKey(Division, models.PROTECT, verbose_name="原区划", related_name="successions")
    new = models.ForeignKey(Division, models.PROTECT, verbose_name="现区划", related_name="predecessions")

    history = HistoricalRecords()
    objects = DivisionSuccessionQuerySet.as_manager()
    scope = Scope(place="new_id", managed_by=Action.MANAGE_NETWORK)

    class Meta(Succession.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "区划变更"
        constraints = _rules("division")


class FormerName(models.Model):
    """原名: what a place was called until before `until`, where its code stayed the same. Old ledgers still say it."""

    division = models.ForeignKey(Division, models.CASCADE, verbose_name="区划", related_name="former_names")
    name = models.CharField("原全称", max_length=50)
    short_name = models.CharField("原简称", max_length=50)
    until = models.DateField("至（不含当日）")
    basis = models.CharField("依据", max_length=100, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="division")

    class Meta:
        verbose_name = verbose_name_plural = "区划原名"
        ordering = ["division", "-until"]
        constraints = [
            models.UniqueConstraint(fields=["division", "until"], name="one_former_name_per_day"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(short_name=""), name="former_name_says_something"),
        ]

    def __str__(self) -> str:
        return self.short_name


def lineages_of(county_code: str) -> tuple[Lineage[int], Lineage[str]]:
    """A county's units and places over time, in one query for both; asked at every request of an officer."""
    columns = ("kind", "was", "now", "on", "change")

    def as_text(rows: SuccessionQuerySet, kind: str) -> models.QuerySet:
        texts = {name: Cast(F(key), CharField()) for name, key in (("was", "old_id"), ("now", "new_id"))}
        return rows.of_county(county_code).order_by().annotate(kind=Value(kind), **texts).values_list(*columns)

    rows = list(as_text(UnitSuccession.objects, "unit").union(as_text(DivisionSuccession.objects, "place"), all=True))
    units = (Link(int(was), int(now), on, change) for kind, was, now, on, change in rows if kind == "unit")
    places = (Link(was, now, on, change) for kind, was, now, on, change in rows if kind == "place")
    return Lineage(units), Lineage(places)


class Places:
    """A county's places as they stand on a day: which of them stands for a code, and in which township it lies. A village
    keeps its code when its township goes into another one, so the code alone does not say. Two queries."""

    def __init__(self, county_code: str, day: datetime.date) -> None:
        self.county_code, self.day = county_code, day
        self._lineage = DivisionSuccession.objects.of_county(county_code).lineage()
        self._parents = dict(Division.objects.within(county_code).values_list("code", "parent_id"))

    def on(self, day: datetime.date) -> "Places":
        """The same county on another day. No query."""
        other = copy.copy(self)
        other.day = day
        return other

    @property
    def lineage(self) -> Lineage[str]:
        return self._lineage

    def standing(self, code: str) -> str:
        """What stands on the day for a place of any time."""
        return self._lineage.standing_on(code, self.day) if self._lineage else code

    def at_the_time(self, code: str) -> str:
        """What a place of today was on the day, under the code that it had then; one that had ended by then stays."""
        return code if len(self._lineage.path(code, self.day)) > 1 else self.standing(code)

    def parent(self, code: str) -> str | None:
        """Above what stands on the day for `code`: the township of a village, the county of a township."""
        code = self.standing(code)
        if len(code) == CODE_LENGTH[Tier.VILLAGE] and self._lineage:
            town = self.standing(code[: CODE_LENGTH[Tier.TOWNSHIP]])
            return town if town in self._parents else self._parents.get(code)
        return self._parents.get(code)

    def within(self, code: str) -> list[str]:
        """The codes, ended places' too, of everything that stands on the day at or below the place. What has itself ended by
        then is asked for what lay below its own code."""
        if code == self.county_code:
            return sorted(self._parents)
        if self.standing(code) != code:
            return sorted(at for at in self._parents if at.startswith(code))
        return sorted(at for at in self._parents if code in (self.standing(at), self.parent(at)))

    def township(self, code: str) -> str:
        """Code of the township in which a place of any time lies on the day, its own if it is one; '' for the county and for
        no place."""
        if len(code) == CODE_LENGTH[Tier.VILLAGE]:
            return self.parent(code) or ""
        return self.standing(code) if len(code) == CODE_LENGTH[Tier.TOWNSHIP] else ""

    def lies_in(self, code: str, outer: str) -> bool:
        """Whether what stands on the day for the one place is, or lies below, what stands for the other."""
        if outer == self.county_code:
            return code[: len(outer)] == outer
        outer = self.standing(outer)
        return bool(code) and outer in (self.standing(code), self.township(code))


def township_today(place: Division) -> str:
    """`Places.township` of one place on this day, without a query unless it has ended. Needs nothing but its row."""
    if place.retired_on is None or place.retired_on > (today := timezone.localdate()):
        return "" if place.tier == Tier.COUNTY else place.township_code
    return Places(place.county_code, today).township(place.pk)
