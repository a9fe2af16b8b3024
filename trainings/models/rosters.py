"""签到名册: who was there, where a session may know. Lines are no history-tracked rows and hold no ID number; they go some
months after the year is locked, the counts stay (个人信息保护法 6, 28, 47)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from networks.access import Action, Scope, ScopedQuerySet, Subject
from networks.models import Division
from networks.names import match_key

from .announcements import SignUp
from .verbs import Refused, Status
from .vocabulary import Audience

if TYPE_CHECKING:
    import datetime

ROSTER_OPEN = frozenset({Status.PLANNED, Status.DRAFT, Status.RETURNED, Status.SUBMITTED})  # lines may still be added


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
    # Narrower than the session's own: who co-organises it or has it in their township sees no name (domain.md).
    scope = Scope(
        Subject.ROSTER,
        county="session__organiser__county_id",
        unit="session__organiser_id",
        author_role="session__entered_by__role",
    )

    class Meta:
        verbose_name = verbose_name_plural = "名册"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "identity"], name="roster_person_once_per_session"),
            models.CheckConstraint(condition=~Q(name=""), name="roster_line_has_name"),
            models.CheckConstraint(condition=~Q(name__regex=r"[0-9]{5}"), name="roster_name_is_no_number"),
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

    def save(self, **kwargs) -> None:
        self.identity = identity_of(self.name, self.phone_tail, self.home_id)
        super().save(**kwargs)


def identity_of(name: str, phone_tail: str = "", home_code: str | None = None) -> str:
    """Who is meant by a line: 张三|1234, 张三@450124100201, or the name alone where nothing else is known."""
    key = match_key(name)[:40]
    if phone_tail:
        return f"{key}|{phone_tail}"
    return f"{key}@{home_code}" if home_code else key


def masked_name(name: str) -> str:
    """张*, 欧阳**: the first character alone."""
    return name[:1] + "*" * max(1, min(len(name) - 1, 2)) if name else ""


class RosterVerbs:
    """Mixed into TrainingSession: whether it may know who was there, and how many the roster counts."""

    def roster_ban(self) -> str:
        """Why this session keeps no roster at all, or '' (二(三)1's groups and minors; 个人信息保护法 28, 31)."""
        level = self.sensitivity()
        if level == Audience.Sensitivity.HEADCOUNT_ONLY:
            return "这一场的培训对象只报人次，不建名册"
        if level == Audience.Sensitivity.MINORS:
            return "这一场的培训对象是未成年人，不建名册；请清点人数后填报人次"
        return ""

    def barred_from_lines(self, today: datetime.date | None = None) -> str:
        """Why no line may be added now, or ''. Asked by the page, enforced by whoever adds."""
        if banned := self.roster_ban():
            return banned
        if self.roster_purged_on:
            day = self.roster_purged_on
            return f"这一场的名册已于{day.year}年{day.month}月{day.day}日按期删除，不再登记；签到人次保留"
        if self.status not in ROSTER_OPEN:
            return f"这一场次现在是“{self.get_status_display()}”，名册不再增加"
        if not self.held_on or self.held_on > (today or timezone.localdate()):
            return "培训还没有开始，当天才能登记名册"
        return ""

    def refuse_losing_its_day(self) -> None:
        """Raises Refused where somebody's name hangs on the session: how long it is kept is counted from the day (PI-5)."""
        if self.roster.exists() or SignUp.objects.filter(announcement__session=self).exists():
            raise Refused("这一场已有签到名册或报名，培训日期不能清空：日期不对的请改成正确的日期")

    def refuse_lines(self) -> None:
        """Raises Refused where no line may be added; call it on the locked row."""
        if barred := self.barred_from_lines():
            raise Refused(barred)
        self.refuse_locked_year()

    def count_roster(self) -> int | None:
        """The one writer of `rostered_attendance`: how many lines the roster holds, None for none. Call it in the transaction
        that holds the row and has changed its lines. The version stays: a sign-in at the door must not turn away whoever is
        just revising or verifying the session."""
        count = self.roster.count() or None
        type(self)._base_manager.filter(pk=self.pk).update(rostered_attendance=count)
        self.rostered_attendance = count
        return count


class RosterHold(models.Model):
    """暂缓删除: rosters of a year, or of one session, that stay beyond their term because somebody needs them as proof
    (个人信息保护法 47; PI-5). Lifted, never deleted."""

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="roster_holds")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(2000), MaxValueValidator(2099)])
    session = models.ForeignKey(
        "trainings.TrainingSession",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="场次",
        related_name="roster_holds",
        help_text="留空则整个年度暂缓",
    )
    reason = models.CharField("暂缓删除的原因", max_length=200)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="设置人", related_name="+")
    placed_at = models.DateTimeField("设置时间", auto_now_add=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="解除人", related_name="+"
    )
    lifted_at = models.DateTimeField("解除时间", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="county_id", managed_by=Action.MANAGE_YEARS)

    class Meta:
        verbose_name = verbose_name_plural = "名册暂缓删除"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="roster_hold_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="roster_hold_lifted_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["county", "year"],
                condition=Q(session=None, lifted_at=None),
                name="one_open_roster_hold_per_year",
            ),
            models.UniqueConstraint(
                fields=["session"], condition=Q(lifted_at=None), name="one_open_roster_hold_per_session"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}年度" if self.session_id is None else str(self.session)
