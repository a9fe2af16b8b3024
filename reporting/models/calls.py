"""电话回访: sessions drawn by lot and called about. The draw can be repeated by anybody: seed and frame are kept."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Division
from trainings.models import Refused, TrainingSession
from trainings.models.session_constraints import MOST_ATTENDANCES

MOST_DRAWN = 200


class CallSample(models.Model):
    """One draw: from which sessions (`frame`, their numbers), by which seed, how many. Never changed, never removed: whoever
    could throw a draw away could draw until the result pleases."""

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="call_samples")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(2000), MaxValueValidator(2099)])
    seed = models.CharField("种子", max_length=32)
    size = models.PositiveSmallIntegerField(
        "抽取场数", validators=[MinValueValidator(1), MaxValueValidator(MOST_DRAWN)]
    )
    frame = models.JSONField("抽样范围（场次编号）")
    frame_digest = models.CharField("范围摘要", max_length=64)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="抽样人", related_name="+")
    drawn_at = models.DateTimeField("抽样时间", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "回访抽样"
        ordering = ["-drawn_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(seed=""), name="call_sample_has_seed"),
            models.CheckConstraint(condition=Q(size__gte=1, size__lte=MOST_DRAWN), name="call_sample_1_200"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="call_sample_year"),
        ]

    def __str__(self) -> str:
        return f"{self.year}年第 {self.pk} 号抽样"

    def save(self, **kwargs) -> None:
        if self.pk:
            raise Refused("抽样结果不能改动")
        super().save(**kwargs)

    def delete(self, **kwargs) -> None:
        raise Refused("抽样结果不能删除")


class Call(models.Model):
    """One drawn session and what came of the calls about it. `figure_held` is what our records said when it was called."""

    class Outcome(models.TextChoices):
        OPEN = "", "还没有回访"
        REACHED = "reached", "已接通"
        UNREACHED = "unreached", "没有接通"

    sample = models.ForeignKey(CallSample, models.PROTECT, verbose_name="抽样", related_name="calls")
    session = models.ForeignKey(TrainingSession, models.PROTECT, verbose_name="场次", related_name="calls")
    position = models.PositiveSmallIntegerField("序号")
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices, blank=True, default=Outcome.OPEN)
    figure_said = models.PositiveIntegerField("对方说的人数", null=True, blank=True)
    figure_held = models.PositiveIntegerField("回访时的登记人次", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    called_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="回访人", related_name="+"
    )
    called_at = models.DateTimeField("回访时间", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="sample")

    class Meta:
        verbose_name = verbose_name_plural = "回访"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "session"], name="call_session_once_per_sample"),
            models.UniqueConstraint(fields=["sample", "position"], name="call_position_once_per_sample"),
            models.CheckConstraint(condition=Q(outcome__in=["", "reached", "unreached"]), name="call_outcome_known"),
            models.CheckConstraint(
                condition=Q(outcome="", called_by=None, called_at=None, figure_held=None)
                | (~Q(outcome="") & Q(called_by__isnull=False, called_at__isnull=False)),
                name="call_made_has_caller_and_time",
            ),
            models.CheckConstraint(
                condition=Q(figure_said=None) | Q(outcome="reached", figure_said__lte=MOST_ATTENDANCES),
                name="call_figure_only_when_reached",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session}的回访"
