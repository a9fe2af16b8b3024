"""What hangs on a session: audience counts and co-organisers. The session's own methods write them."""

from django.db import models, transaction
from django.db.models import Q

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import MemberUnit

from .vocabulary import Audience


class OfSession:
    """The last gate also for what is written past the session's own methods: nothing of a locked year changes."""

    def save(self, **kwargs) -> None:
        with transaction.atomic():
            self.session.refuse_locked_year()
            super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self.session.refuse_locked_year()
            return super().delete(**kwargs)


class AudienceCount(OfSession, models.Model):
    """培训对象 of a session with an optional number of heads; no number is 未分."""

    session = models.ForeignKey("trainings.TrainingSession", models.CASCADE, related_name="audience_counts")
    audience = models.ForeignKey(Audience, models.PROTECT, verbose_name="培训对象", related_name="counts")
    number = models.PositiveIntegerField("人次", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "培训对象人次"
        ordering = ["pk"]
        indexes = [models.Index(fields=["session", "audience", "number"], name="audience_sums")]  # reach by group
        constraints = [
            models.UniqueConstraint(fields=["session", "audience"], name="audience_once_per_session"),
            models.CheckConstraint(condition=Q(number=None) | Q(number__gte=1), name="audience_number_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.audience}{self.number or ''}"


class CoOrganiser(OfSession, models.Model):
    """协办单位: a unit (which may confirm and then be credited, if the year says so) or a name kept as text."""

    session = models.ForeignKey("trainings.TrainingSession", models.CASCADE, related_name="co_organisers")
    unit = models.ForeignKey(
        MemberUnit, models.PROTECT, null=True, blank=True, verbose_name="单位", related_name="co_organised"
    )
    name = models.CharField("名称（原文）", max_length=60)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "协办单位"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["session", "unit"], name="co_organiser_once_per_session")]

    def __str__(self) -> str:
        return self.name
