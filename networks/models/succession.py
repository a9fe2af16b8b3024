"""What became of units and places: renamed, merged, split. Nothing is overwritten; figures are read then or now."""

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .places import Division
from .units import MemberUnit


class Change(models.TextChoices):
    RENAME = "rename", "更名"
    MERGE = "merge", "合并"
    SPLIT = "split", "分设"


class UnitSuccession(models.Model):
    """From `on` on, `new` stands where `old` stood. After a rename or merger the successor answers for its predecessors'
    figures; after a split they stay with the old unit."""

    old = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="原单位", related_name="successions")
    new = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="现单位", related_name="predecessions")
    on = models.DateField("日期")
    change = models.CharField("方式", max_length=8, choices=Change.choices)
    basis = models.CharField("依据", max_length=100, blank=True)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(county="new__county_id", managed_by=Action.MANAGE_UNITS)

    class Meta:
        verbose_name = verbose_name_plural = "单位变更"
        ordering = ["-on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["old", "new"], name="one_unit_succession"),
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
    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="new_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "区划变更"
        ordering = ["-on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["old", "new"], name="one_division_succession"),
            models.CheckConstraint(condition=~Q(old=F("new")), name="division_does_not_succeed_itself"),
            models.CheckConstraint(condition=Q(change__in=Change.values), name="division_change_known"),
        ]

    def __str__(self) -> str:
        return f"{self.old}{self.get_change_display()}为{self.new}"
