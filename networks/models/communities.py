"""学习型组织与学习共同体: what learns together in a place, as an organisation or of its own accord (依据 二(一)2)."""

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from ..wording import Published
from .places import CODE_LENGTH, Division, Tier
from .units import MemberUnit


class LearningGroupQuerySet(ScopedQuerySet):
    def existing(self, day: datetime.date) -> "LearningGroupQuerySet":
        """Those that have not ended before that day."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gte=day))


class LearningGroup(Published):
    """A learning township, community or family (创建、命名), or a team or circle that people have formed themselves. Who is
    in it stands nowhere: members are a number."""

    class Kind(models.TextChoices):
        TOWNSHIP = "township", "学习型乡镇"
        COMMUNITY = "community", "学习型社区"
        FAMILY = "family", "学习型家庭"
        TEAM = "team", "学习团队"
        CIRCLE = "circle", "活动小组"

    ORGANISATIONS = (Kind.TOWNSHIP, Kind.COMMUNITY, Kind.FAMILY)  # 学习型组织; the others are 学习共同体
    PUBLIC_TEXTS = ("name", "theme", "activity", "recognised_by")

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=60)
    division = models.ForeignKey(Division, models.PROTECT, verbose_name="所在地", related_name="learning_groups")
    unit = models.ForeignKey(
        MemberUnit,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="推荐（联系）单位",
        related_name="learning_groups",
    )
    members = models.PositiveIntegerField("成员数", validators=[MinValueValidator(1)], null=True, blank=True)
    theme = models.CharField("学习主题", max_length=60, blank=True)
    activity = models.CharField("活动情况", max_length=300, blank=True)
    founded_on = models.DateField("成立（开始创建）日期", null=True, blank=True)
    ended_on = models.DateField("结束日期", null=True, blank=True)
    recognised_by = models.CharField("命名单位", max_length=60, blank=True)
    recognised_on = models.DateField("命名日期", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = LearningGroupQuerySet.as_manager()
    scope = Scope(place="division_id", unit="unit_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "学习型组织和学习团队"
        ordering = ["division_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["division", "name"], name="learning_group_name_once_per_place"),
            models.CheckConstraint(
                condition=Q(kind__in=["township", "community", "family", "team", "circle"]),
                name="learning_group_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(kind="township") | Q(Exact(Length("division"), CODE_LENGTH[Tier.TOWNSHIP])),
                name="learning_township_is_a_township",
            ),
            models.CheckConstraint(
                condition=~Q(kind="community") | Q(Exact(Length("division"), CODE_LENGTH[Tier.VILLAGE])),
                name="learning_community_is_a_village",
            ),
            models.CheckConstraint(condition=Q(members=None) | Q(members__gte=1), name="learning_group_has_members"),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(founded_on=None) | Q(ended_on__gte=F("founded_on")),
                name="learning_group_ends_after_founding",
            ),
            models.CheckConstraint(
                condition=Q(recognised_on=None) | ~Q(recognised_by=""), name="learning_group_recognised_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_organisation(self) -> bool:
        return self.kind in self.ORGANISATIONS

    @property
    def size(self) -> str:
        """27 人, 3 户, or '' while unknown."""
        return f"{self.members:,} {'户' if self.kind == self.Kind.FAMILY else '人'}" if self.members else ""

    @property
    def has_ended(self) -> bool:
        return self.ended_on is not None and self.ended_on <= timezone.localdate()

    def problems(self) -> dict[str, str]:
        wrong = super().problems()
        wanted = {self.Kind.TOWNSHIP: Tier.TOWNSHIP, self.Kind.COMMUNITY: Tier.VILLAGE}.get(self.kind)
        if wanted and self.division_id and len(self.division_id) != CODE_LENGTH[wanted]:
            wrong["division"] = f"{self.get_kind_display()}的所在地应是一个{wanted.label}"
        if self.recognised_on and not self.recognised_by.strip():
            wrong["recognised_by"] = "填了命名日期，请写明由谁命名"
        if self.founded_on and self.ended_on and self.ended_on < self.founded_on:
            wrong["ended_on"] = "结束日期不能早于成立日期"
        return wrong

    def end(self, on: datetime.date) -> None:
        """That day was its last; its sessions stay. Raises ValidationError for a day to come or before its founding."""
        if on > timezone.localdate():
            raise ValidationError("结束日期不能晚于今天")
        with transaction.atomic():
            row = type(self).objects.select_for_update().get(pk=self.pk)
            if row.ended_on:
                raise ValidationError(f"它已于{row.ended_on:%Y年%m月%d日}结束，要改日期请用“修改”")
            if row.founded_on and on < row.founded_on:
                raise ValidationError(f"结束日期不能早于成立日期（{row.founded_on:%Y年%m月%d日}）")
            row.ended_on, row.version = on, row.version + 1
            row.save()
        self.ended_on, self.version = row.ended_on, row.version
