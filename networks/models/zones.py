"""县级实验区、示范区, and how far they have come under the five headings of the plan (依据 一(三), 二(一)3)."""

import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .figures import FIRST_YEAR
from .places import Division


class Zone(models.Model):
    """A place that the county has named an experimental or a demonstration zone in [starts_on, ends_on). One place may be
    both (二(一)3: 白山镇)."""

    class Kind(models.TextChoices):
        EXPERIMENTAL = "experimental", "县级社区教育实验区"
        DEMONSTRATION = "demonstration", "县级社区教育示范区"

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="地方", related_name="zones")
    kind = models.CharField("类别", max_length=14, choices=Kind.choices)
    starts_on = models.DateField("自")
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)
    basis = models.CharField("依据", max_length=100, help_text="文号和条款，如马政办发〔2019〕2号二(一)3")
    note = models.CharField("备注", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    # Naming a zone is the office's act; a township keeps the self-check of its own, not its dates (see views/zones.py).
    scope = Scope(place="division_id", managed_by=Action.MANAGE_UNITS)

    class Meta:
        verbose_name = verbose_name_plural = "实验区、示范区"
        ordering = ["division_id", "-kind", "-starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["experimental", "demonstration"]), name="zone_kind_known"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="zone_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(starts_on__gte=datetime.date(FIRST_YEAR, 1, 1)), name="zone_starts_2000_or_later"
            ),
            models.CheckConstraint(condition=~Q(basis=""), name="zone_has_basis"),
            models.UniqueConstraint(
                fields=["division", "kind"], condition=Q(ends_on=None), name="one_open_zone_per_kind"
            ),
            models.UniqueConstraint(fields=["division", "kind", "starts_on"], name="one_zone_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.division}{self.get_kind_display()}"

    def clean(self) -> None:
        """A place is one zone of a kind at a time, with one self-check a year."""
        super().clean()
        if not self.starts_on:
            return
        wrong = {}
        if self.starts_on.year < FIRST_YEAR:
            wrong["starts_on"] = f"开始日期不能早于{FIRST_YEAR}年，请核对"
        if self.ends_on and self.ends_on <= self.starts_on:
            wrong["ends_on"] = "结束日期应晚于开始日期"
        others = Zone.objects.filter(Q(ends_on=None) | Q(ends_on__gt=self.starts_on), kind=self.kind)
        others = others.filter(division=self.division_id).exclude(pk=self.pk)
        if (others.filter(starts_on__lt=self.ends_on) if self.ends_on else others).exists():
            kind = self.get_kind_display()
            wrong["kind"] = f"这个地方在这段时间里已经是{kind}，请先写明原来的到哪一天为止"
        if wrong:
            raise ValidationError(wrong)

    def in_force_in(self, year: int) -> bool:
        """Whether it was a zone on any day of the year."""
        return self.starts_on.year <= year and (self.ends_on is None or self.ends_on > datetime.date(year, 1, 1))


class Heading(models.TextChoices):
    """The five parts of what a zone shows the way in (二(一)3)."""

    SYSTEM = "system", "体系构建"
    RESOURCES = "resources", "资源共享"
    FUNDING = "funding", "投入机制"
    STAFF = "staff", "队伍建设"
    INFORMATION = "information", "信息化应用"


class ZoneCheck(models.Model):
    """自评: what a zone says of itself in one year under one heading, kept by its township and by the office."""

    class Rating(models.TextChoices):
        BUILT = "built", "已建成"
        PROGRESSING = "progressing", "推进中"
        NOT_BEGUN = "not_begun", "未开展"

    zone = models.ForeignKey(Zone, models.CASCADE, verbose_name="实验区、示范区", related_name="checks")
    year = models.PositiveSmallIntegerField("年度")
    heading = models.CharField("方面", max_length=12, choices=Heading.choices)
    rating = models.CharField("自评", max_length=12, choices=Rating.choices)
    text = models.TextField("做法和成效", max_length=1000, blank=True)
    evidence = models.TextField("佐证", max_length=1000, blank=True)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="zone")

    class Meta:
        verbose_name = verbose_name_plural = "实验区、示范区自评"
        ordering = ["zone", "-year", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["zone", "year", "heading"], name="one_zone_check_per_heading"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="zone_check_2000_2099"),
            models.CheckConstraint(condition=Q(heading__in=Heading.values), name="zone_check_heading_known"),
            models.CheckConstraint(
                condition=Q(rating__in=["built", "progressing", "not_begun"]), name="zone_check_rating_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone} {self.year} {self.get_heading_display()}"

    @property
    def evidence_lines(self) -> list[str]:
        return [*filter(None, map(str.strip, self.evidence.splitlines()))]
