"""Places by official division code, and a county's own settings."""

import datetime

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet

models.CharField.register_lookup(Length)


class Tier(models.TextChoices):
    COUNTY = "county", "县"
    TOWNSHIP = "township", "乡镇"
    VILLAGE = "village", "村（社区）"


CODE_LENGTH = {Tier.COUNTY: 6, Tier.TOWNSHIP: 9, Tier.VILLAGE: 12}


def code_range(code: str) -> tuple[str, str]:
    """[first, last) of the division codes at or below `code`; compared as text, which digits sort as numbers."""
    return code, code[:-1] + chr(ord(code[-1]) + 1)


class DivisionQuerySet(ScopedQuerySet):
    def within(self, code: str) -> "DivisionQuerySet":
        first, last = code_range(code)
        return self.filter(code__gte=first, code__lt=last)

    def current(self) -> "DivisionQuerySet":
        """Places that have not been abolished."""
        return self.filter(retired_on=None)

    def on(self, day: datetime.date) -> "DivisionQuerySet":
        """The places that there were on a day; a place exists in [established_on, retired_on)."""
        return self.filter(
            Q(established_on=None) | Q(established_on__lte=day), Q(retired_on=None) | Q(retired_on__gt=day)
        )


class Division(models.Model):
    """行政区划: a place, keyed by its official statistical division code of 6, 9 or 12 digits."""

    code = models.CharField(
        "区划代码",
        max_length=12,
        primary_key=True,
        validators=[RegexValidator(r"^\d{6}(\d{3}){0,2}$", "区划代码是 6、9 或 12 位数字")],
    )
    tier = models.CharField("层级", max_length=8, choices=Tier.choices)
    name = models.CharField("全称", max_length=50)
    short_name = models.CharField("简称", max_length=50, db_index=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="上级", related_name="children"
    )
    established_on = models.DateField("设立日期", null=True, blank=True, help_text="因撤并、更名新设的才填")
    retired_on = models.DateField("撤销日期", null=True, blank=True)

    objects = DivisionQuerySet.as_manager()
    scope = Scope(place="code", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tier="county", code__length=6, parent=None)
                | Q(tier="township", code__length=9, parent__isnull=False)
                | Q(tier="village", code__length=12, parent__isnull=False),
                name="division_tier_matches_code",
            ),
            models.CheckConstraint(
                condition=Q(established_on=None) | Q(retired_on=None) | Q(retired_on__gt=F("established_on")),
                name="division_retired_after_established",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    def stood_on(self, day: datetime.date) -> bool:
        """What `DivisionQuerySet.on` asks the database."""
        return (not self.established_on or self.established_on <= day) and (
            not self.retired_on or self.retired_on > day
        )

    @property
    def kind(self) -> str:
        """村 or 社区 of a 12-digit code: the last three digits are 001—199 for 居委会, 200—399 for 村委会."""
        if self.tier != Tier.VILLAGE:
            return ""
        return "社区" if int(self.code[-3:]) < 200 else "村"

    @property
    def township_code(self) -> str:
        """The township that it lies in, or its own code: a village keeps its code when it comes to another township."""
        return self.parent_id if self.tier == Tier.VILLAGE else self.code

    @property
    def county_code(self) -> str:
        return self.code[:6]

    @property
    def path(self) -> str:
        """白山镇/新汉村, 白山镇 or 马山县: how a place is written in the ledger. Needs `parent` for villages."""
        return f"{self.parent.short_name}/{self.short_name}" if self.tier == Tier.VILLAGE else self.short_name


class CountySettings(models.Model):
    """What is true of one county as a whole."""

    county = models.OneToOneField(
        Division, models.PROTECT, primary_key=True, verbose_name="县", related_name="settings"
    )
    live_since = models.PositiveSmallIntegerField(
        "系统启用年度",
        null=True,
        blank=True,
        validators=[MinValueValidator(2000)],
        help_text="此前各年度的台账可由两名工作人员按“历史台账”导入",
    )

    roster_months = models.PositiveSmallIntegerField(
        "名册保存月数",
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="年度锁定定案后，签到名册、报名和未成年人场次的照片再保存这么多个月，到期删除；人次长期保存",
    )
    privacy_notice = models.TextField("个人信息处理告知", blank=True, max_length=8000)
    privacy_published_on = models.DateField("公布日期", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="county_id", managed_by=Action.MANAGE_YEARS)

    class Meta:
        verbose_name = verbose_name_plural = "县级设置"
        constraints = [
            models.CheckConstraint(
                condition=Q(roster_months__gte=1, roster_months__lte=60), name="rosters_kept_1_to_60_months"
            ),
            models.CheckConstraint(
                condition=Q(privacy_published_on=None) | ~Q(privacy_notice=""), name="published_notice_has_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.county}设置"
