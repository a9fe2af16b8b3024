"""期/班 and 年度计划: sessions that belong together, and what a unit means to hold in a year (三(二), 三(六))."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Action, Scope, ScopedQuerySet, Subject
from networks.models import Division, MemberUnit

from .courses import Course
from .vocabulary import Theme

MOST_SESSIONS, MOST_HEADS = 1_000, 1_000_000  # of one unit in one year; more is a slip of the pen


class TrainingClass(models.Model):
    """期（班）: a series of sessions planned in one go. What counts is each session; the class holds them together."""

    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="责任单位", related_name="classes")
    name = models.CharField("班次名称", max_length=60)
    course = models.ForeignKey(
        Course, models.PROTECT, null=True, blank=True, verbose_name="课程", related_name="classes"
    )
    place = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="举办地", related_name="classes"
    )
    copied_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, verbose_name="复制自", related_name="copies"
    )
    note = models.CharField("备注", max_length=200, blank=True)
    # The county centre's classes are credited to 县教育局 and yet its own: who made it tells them apart, as with sessions.
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, verbose_name="建立人", related_name="+"
    )
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, county="unit__county_id", unit="unit_id", author_role="entered_by__role")

    class Meta:
        verbose_name = verbose_name_plural = "期（班）"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class UnitPlan(models.Model):
    """年度计划 of one unit: what it means to hold. The quota stays what the year says; this is the unit's own aim."""

    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="责任单位", related_name="plans")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(2000), MaxValueValidator(2099)])
    sessions = models.PositiveSmallIntegerField(
        "计划场次", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_SESSIONS)]
    )
    attendances = models.PositiveIntegerField(
        "计划人次", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_HEADS)]
    )
    themes = models.ManyToManyField(Theme, verbose_name="重点主题", blank=True, related_name="+")
    text = models.TextField("计划内容", max_length=2000, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords(m2m_fields=[themes])
    objects = ScopedQuerySet.as_manager()
    scope = Scope(
        Subject.STANDING,
        county="unit__county_id",
        unit="unit_id",
        managed_by=Action.MANAGE_YEARS,
        kept_by_unit_only=True,
    )

    class Meta:
        verbose_name = verbose_name_plural = "年度计划"
        ordering = ["-year", "unit__position"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "year"], name="one_plan_per_unit_and_year"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="plan_year_2000_2099"),
            models.CheckConstraint(
                condition=Q(sessions=None) | Q(sessions__gte=1, sessions__lte=MOST_SESSIONS),
                name="plan_sessions_possible",
            ),
            models.CheckConstraint(
                condition=Q(attendances=None) | Q(attendances__gte=1, attendances__lte=MOST_HEADS),
                name="plan_attendances_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit}{self.year}年度计划"
