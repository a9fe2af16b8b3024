"""签到名册: who was there, where a session may know. Lines are no history-tracked rows and hold no ID number; they go some
months after the year is locked, the counts stay (个人信息保护法 6, 28, 47)."""

from django.db import models
from django.db.models import Q

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Division


class RosterLine(models.Model):
    """One person at one session. `identity` says who is meant, for finding the same person again: the name as matched with
    the telephone's tail, or with the home village where there is no tail."""

    class Sex(models.TextChoices):
        FEMALE = "f", "女"
        MALE = "m", "男"

    class AgeBand(models.TextChoices):
        MINOR = "minor", "未成年"
        ADULT = "adult", "18—59岁"
        ELDERLY = "elderly", "60岁及以上"

    class Source(models.TextChoices):
        PASTED = "pasted", "粘贴"
        WORKBOOK = "workbook", "表格"
        QR = "qr", "扫码"
        BY_HAND = "by_hand", "补录"

    session = models.ForeignKey("trainings.TrainingSession", models.CASCADE, verbose_name="场次", related_name="roster")
    name = models.CharField("姓名", max_length=30)
    sex = models.CharField("性别", max_length=1, choices=Sex.choices, blank=True)
    age_band = models.CharField("年龄段", max_length=8, choices=AgeBand.choices, blank=True)
    home = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="家庭所在村（社区）", related_name="+"
    )
    phone_tail = models.CharField("手机尾号", max_length=4, blank=True)
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    identity = models.CharField("同一人标识", max_length=60, editable=False, db_index=True)
    code = models.CharField("学习码", max_length=16, blank=True, editable=False, db_index=True)
    device = models.CharField("设备标识", max_length=32, blank=True, editable=False)
    signed_at = models.DateTimeField("签到时间", auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "名册"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "identity"], name="roster_person_once_per_session"),
            models.CheckConstraint(condition=~Q(name=""), name="roster_line_has_name"),
            models.CheckConstraint(
                condition=Q(phone_tail="") | Q(phone_tail__regex=r"^[0-9]{4}$"), name="roster_phone_tail_4_digits"
            ),
            models.CheckConstraint(condition=Q(sex__in=["", "f", "m"]), name="roster_sex_known"),
            models.CheckConstraint(
                condition=Q(age_band__in=["", "minor", "adult", "elderly"]), name="roster_age_band_known"
            ),
        ]

    def __str__(self) -> str:
        return masked_name(self.name)


def masked_name(name: str) -> str:
    """张*, 欧阳**: the first character alone."""
    return name[:1] + "*" * max(1, min(len(name) - 1, 2)) if name else ""
