"""Bodies that can be responsible, the dated facts about them, and whose sessions are credited to whom."""

import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from .. import years
from ..access import Action, Scope, ScopedQuerySet
from .places import Division


class MemberUnitQuerySet(ScopedQuerySet):
    def on(self, day: datetime.date) -> "MemberUnitQuerySet":
        """The units that there were on a day; a unit exists in [established_on, retired_on)."""
        return self.filter(
            Q(established_on=None) | Q(established_on__lte=day), Q(retired_on=None) | Q(retired_on__gt=day)
        )


class MemberUnit(models.Model):
    """成员单位（责任单位）: a township government, a county department, or another body outside the group.

    Being in the leading group (三(一)), bearing the quota (三(六)) and answering for a task are separate dated facts.
    """

    class Kind(models.TextChoices):
        TOWNSHIP = "township", "乡镇人民政府"
        DEPARTMENT = "department", "县直部门"
        OTHER = "other", "其他单位"

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="member_units")
    code = models.CharField("代码", max_length=20)
    name = models.CharField("名称", max_length=60)
    aliases = models.TextField("别名", blank=True, help_text="每行一个，导入台账时按这些名称识别")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    division = models.ForeignKey(Division, models.PROTECT, verbose_name="所在地", related_name="units_here")
    position = models.PositiveSmallIntegerField("排序", default=999, help_text="同一文件中的先后次序")
    name_unconfirmed = models.BooleanField(
        "名称待核对", default=False, help_text="2019年机构改革后名称有变化，请核对现名"
    )
    note = models.CharField("备注", max_length=200, blank=True)
    # Written by networks/reorganisation.py alone, with what else a reorganisation changes.
    established_on = models.DateField("设立日期", null=True, blank=True, editable=False)
    retired_on = models.DateField("撤销日期", null=True, blank=True, editable=False)

    history = HistoricalRecords()
    objects = MemberUnitQuerySet.as_manager()
    scope = Scope(county="county_id", unit="pk", place="division_id", managed_by=Action.MANAGE_UNITS)

    class Meta:
        verbose_name = verbose_name_plural = "成员单位"
        ordering = ["county", "position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["county", "code"], name="unit_code_once_per_county"),
            models.UniqueConstraint(fields=["county", "name"], name="unit_name_once_per_county"),
            models.CheckConstraint(
                condition=Q(established_on=None) | Q(retired_on=None) | Q(retired_on__gt=F("established_on")),
                name="unit_retired_after_established",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def all_names(self) -> list[str]:
        return [self.name, *filter(None, map(str.strip, self.aliases.splitlines()))]

    def exists_on(self, day: datetime.date) -> bool:
        begun = self.established_on is None or self.established_on <= day
        return begun and (self.retired_on is None or day < self.retired_on)

    @property
    def short_name(self) -> str:
        """白山镇 for 白山镇人民政府, otherwise the first alias or the name."""
        return self.all_names[1] if len(self.all_names) > 1 else self.name


class UnitTermQuerySet(ScopedQuerySet):
    def on(self, day: datetime.date) -> "UnitTermQuerySet":
        """Terms in force on a day; a term is [starts_on, ends_on)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def touching(self, year: int) -> "UnitTermQuerySet":
        first, after = datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=first), starts_on__lt=after)


class UnitTerm(models.Model):
    """A dated fact about a unit: in the leading group, or bearing the quota, from … until before …"""

    class Fact(models.TextChoices):
        GROUP = "group", "领导小组成员"
        QUOTA = "quota", "承担目标任务"

    unit = models.ForeignKey(MemberUnit, models.CASCADE, verbose_name="单位", related_name="terms")
    fact = models.CharField("事项", max_length=8, choices=Fact.choices)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)
    starts_by_reorganisation = models.BooleanField(
        "因机构调整列入", default=False, help_text="勾选后当年任务按天数折算"
    )
    ends_by_reorganisation = models.BooleanField("因机构调整退出", default=False, help_text="勾选后当年任务按天数折算")
    basis = models.CharField("依据", max_length=100, blank=True)

    history = HistoricalRecords()
    objects = UnitTermQuerySet.as_manager()
    scope = Scope(county="unit__county_id", unit="unit_id", place="unit__division_id")

    class Meta:
        verbose_name = verbose_name_plural = "单位任期事项"
        ordering = ["unit", "fact", "starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="term_ends_after_start"
            ),
            models.UniqueConstraint(fields=["unit", "fact"], condition=Q(ends_on=None), name="one_open_term_per_fact"),
            models.UniqueConstraint(fields=["unit", "fact", "starts_on"], name="one_term_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}：{self.get_fact_display()}"

    def clean(self) -> None:
        if self.unit_id and self.starts_on:
            self._refuse_settled_years(self, hold=False)

    def save(self, **kwargs) -> None:
        """Raises ValidationError when it would change what holds in a settled year."""
        with transaction.atomic():
            self._refuse_settled_years(self)
            super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self._refuse_settled_years(None)
            return super().delete(**kwargs)

    def within(self, year: int) -> tuple | None:
        """What this term says about a year: unit, fact, first day, day after the last, and whether a reorganisation began
        or ended it in the year; None when it does not touch the year."""
        first, after = datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)
        starts, ends = max(self.starts_on, first), min(self.ends_on or after, after)
        if starts >= ends:
            return None
        begun = starts > first and self.starts_by_reorganisation
        return self.unit_id, self.fact, starts, ends, begun, ends < after and self.ends_by_reorganisation

    def _refuse_settled_years(self, after: "UnitTerm | None", *, hold: bool = True) -> None:
        """`after` is the term as it shall be, None when it goes."""
        stored = UnitTerm.objects.filter(pk=self.pk).first()
        for year in sorted(years.settled_years(self.unit.county_id, hold=hold)):
            if (stored and stored.within(year)) != (after and after.within(year)):
                raise ValidationError(f"{year}年度已锁定定案，不能改动涉及这一年的任期。以后年度的变化请另起一条")


class AffiliatedBody(models.Model):
    """所属机构（归口）: what clerks write as organiser, and the unit that gets the credit."""

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="affiliated_bodies")
    name = models.CharField("名称", max_length=60)
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="归口单位", related_name="affiliated_bodies")
    starts_on = models.DateField("自", null=True, blank=True)
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(county="county_id", unit="unit_id", place="unit__division_id")

    class Meta:
        verbose_name = verbose_name_plural = "所属机构（归口）"
        ordering = ["county", "unit", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "name"], condition=Q(ends_on=None), name="one_current_body_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def in_force_on(self, day: datetime.date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day < self.ends_on)
