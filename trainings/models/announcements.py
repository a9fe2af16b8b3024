"""公开预告: what residents are told of a session to come, and how they sign up for it (二(三)2). Sensitive ones never."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Scope, ScopedQuerySet, Subject

from .verbs import Status
from .vocabulary import Audience


class AnnouncementQuerySet(ScopedQuerySet):
    def public(self) -> "AnnouncementQuerySet":
        """Of sessions that still take place or took place: what residents may read."""
        return self.filter(is_public=True).exclude(session__status__in=[Status.CANCELLED, Status.VOID])


class Announcement(models.Model):
    """The officer ticks 公开; sign-up is open where the officer opened it."""

    session = models.OneToOneField(
        "trainings.TrainingSession", models.CASCADE, verbose_name="场次", related_name="announcement"
    )
    is_public = models.BooleanField("公开", default=False, help_text="居民可以在“学习”页面看到这一场")
    phone = models.CharField("咨询电话", max_length=30, blank=True, help_text="填办公电话，居民会看到；不填个人手机")
    words = models.CharField("给居民的话", max_length=200, blank=True, help_text="如：带上围裙，免费，不用带材料")
    takes_sign_ups = models.BooleanField("接受报名", default=False)
    capacity = models.PositiveSmallIntegerField(
        "名额", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(2000)]
    )
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = AnnouncementQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "公开预告"
        constraints = [
            models.CheckConstraint(
                condition=Q(takes_sign_ups=False) | Q(is_public=True), name="announcement_sign_up_is_public"
            ),
            models.CheckConstraint(condition=Q(capacity=None) | Q(capacity__gte=1), name="announcement_has_room"),
        ]

    def __str__(self) -> str:
        return f"{self.session}的公开预告"

    def clean(self) -> None:
        super().clean()
        if self.is_public and self.session.sensitivity() == Audience.Sensitivity.HEADCOUNT_ONLY:
            raise ValidationError({"is_public": "这一场的培训对象只报人次，不能公开"})
        if self.is_public and self.session.sensitivity() == Audience.Sensitivity.MINORS and self.takes_sign_ups:
            raise ValidationError({"takes_sign_ups": "未成年人的场次不在网上报名，请居民打咨询电话"})


class SignUp(models.Model):
    """报名: by a resident without account, who may sign up kin too. Goes with the roster of its year."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, verbose_name="公开预告", related_name="sign_ups")
    name = models.CharField("姓名", max_length=30)
    phone_tail = models.CharField("手机尾号", max_length=4)
    seats = models.PositiveSmallIntegerField("人数", default=1)
    cancel_digest = models.CharField("取消链接摘要", max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField("报名时间", auto_now_add=True)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(
        Subject.ROSTER,
        county="announcement__session__organiser__county_id",
        unit="announcement__session__organiser_id",
        author_role="announcement__session__entered_by__role",
    )

    class Meta:
        verbose_name = verbose_name_plural = "报名"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(seats__gte=1, seats__lte=10), name="sign_up_1_to_10_seats"),
            models.CheckConstraint(condition=Q(phone_tail__regex=r"^[0-9]{4}$"), name="sign_up_phone_tail_4_digits"),
            models.UniqueConstraint(
                fields=["announcement", "name", "phone_tail"],
                condition=Q(cancelled_at=None),
                name="one_open_sign_up_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seats} 人"
