"""What became of units and places: renamed, merged, split. Nothing is overwritten; figures are read then or now."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from django.db import models
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .places import Division, code_range
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


class UnitSuccession(models.Model):
    """From `on` on, `new` stands where `old` stood. After a rename or merger the successor answers for its predecessors'
    figures; after a split they stay with the old unit."""

    old = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="原单位", related_name="successions")
    new = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="现单位", related_name="predecessions")
    on = models.DateField("日期")
    change = models.CharField("方式", max_length=8, choices=Change.choices)
    basis = models.CharField("依据", max_length=100, blank=True)

    history = HistoricalRecords()
    objects = UnitSuccessionQuerySet.as_manager()
    scope = Scope(county="new__county_id", managed_by=Action.MANAGE_UNITS)

    class Meta:
        verbose_name = verbose_name_plural = "单位变更"
        ordering = ["-on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["old", "new"], name="one_unit_succession"),
            models.UniqueConstraint(fields=["old"], condition=~Q(change="split"), name="one_successor_per_unit"),
            models.CheckConstraint(condition=~Q(old=F("new")), name="unit_does_not_succeed_itself"),
            models.CheckConstraint(condition=Q(change__in=Change.values), name="unit_change_known"),
        ]

    def __str__(self) -> str:
        return f"{self.old}{self.get_change_display()}为{self.new}"


class DivisionSuccession(models.Model):
    """The same for places (合村并居)."""

    old = models.ForeignKey(Division, models.PROTECT, verbose_name="原区划", related_name="successions")
    new = models.ForeignKey(Division, models.PROTECT, verbose_name="现区划", related_name="predecessions")
    on = models.DateField("日期")
    change = models.CharField("方式", max_length=8, choices=Change.choices)
    basis = models.CharField("依据", max_length=100, blank=True)

    history = HistoricalRecords()
    objects = DivisionSuccessionQuerySet.as_manager()
    scope = Scope(place="new_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "区划变更"
        ordering = ["-on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["old", "new"], name="one_division_succession"),
            models.UniqueConstraint(fields=["old"], condition=~Q(change="split"), name="one_successor_per_division"),
            models.CheckConstraint(condition=~Q(old=F("new")), name="division_does_not_succeed_itself"),
            models.CheckConstraint(condition=Q(change__in=Change.values), name="division_change_known"),
        ]

    def __str__(self) -> str:
        return f"{self.old}{self.get_change_display()}为{self.new}"


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
