"""共享资源: schools, cultural venues and learning places that are open to residents (依据 二(二)1—2, 二(三)4—5)."""

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from ..wording import Published
from .places import Division
from .units import MemberUnit

# Registries that are divided among the units by the plan's tasks; each model's `CLAUSES` says which kind belongs to which.
KEPT_BY_TASK = Scope(
    county="unit__county_id",
    unit="unit_id",
    place="division_id",
    managed_by=Action.MANAGE_NETWORK,
    kept_by_unit_only=True,
    task="kind",
)


class OfTask(Published):
    """A row whose kind belongs to a task of the plan (`CLAUSES`): the unit that answers for the task keeps it."""

    CLAUSES: dict[str, str] = {}

    class Meta:
        abstract = True

    @property
    def basis(self) -> str:
        """依据 二(二)1, or '' for a kind that stands in no clause."""
        clause = self.CLAUSES.get(self.kind)
        return f"依据 {clause}" if clause else ""


class SharedResourceQuerySet(ScopedQuerySet):
    def open_on(self, day: datetime.date) -> "SharedResourceQuerySet":
        """Those that were open to residents on a day: what has closed since was. One that opened again later was not, for
        an entry holds its latest opening alone."""
        return self.filter(Q(is_open=True) | Q(closed_on__gt=day)).exclude(opened_on__gt=day)


class SharedResource(OfTask):
    """A place for learning, and what of it is open to whom and when. Kept by the unit that answers for its task
    (`CLAUSES`). `opened_on` may be unknown; a place that opens again gets the new day, its history keeps the old ones."""

    class Kind(models.TextChoices):
        SCHOOL = "school", "学校"
        STATION = "station", "乡镇文化站"
        LIBRARY = "library", "图书馆"
        CULTURE = "culture", "文化馆"
        FOLK = "folk", "民俗馆"
        ACHIEVEMENT = "achievement", "成就馆"
        READING = "reading", "农家书屋"
        ELDERLY = "elderly", "老年人学习场所"
        YOUTH = "youth", "青少年校外活动场所"
        VILLAGE = "village", "基层综合性文化服务中心"
        OTHER = "other", "其他场所"

    CLAUSES = {  # 其他场所 belong to no task: the county's office keeps them
        Kind.SCHOOL: "二(二)1",
        Kind.STATION: "二(二)2",
        Kind.LIBRARY: "二(二)2",
        Kind.CULTURE: "二(二)2",
        Kind.FOLK: "二(二)2",
        Kind.ACHIEVEMENT: "二(二)2",
        Kind.READING: "二(三)5",
        Kind.VILLAGE: "二(三)5",
        Kind.ELDERLY: "二(三)4",
        Kind.YOUTH: "二(三)4",
    }
    PUBLIC_TEXTS = ("name", "offers", "opening_hours", "open_to", "address", "note")

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="所在地", related_name="resources")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="责任单位", related_name="resources")
    is_open = models.BooleanField("已向居民开放", default=False)
    offers = models.CharField("开放内容", max_length=200, blank=True, help_text="如教室、球场、图书阅览、排练厅")
    opening_hours = models.CharField("开放时间", max_length=100, blank=True, help_text="如周六、周日 9:00—17:00")
    open_to = models.CharField("面向", max_length=100, blank=True, help_text="如全体居民、老年人、青少年")
    capacity = models.PositiveIntegerField("可容纳人数", validators=[MinValueValidator(1)], null=True, blank=True)
    address = models.CharField("地址", max_length=100, blank=True)
    phone = models.CharField("咨询电话", max_length=30, blank=True, help_text="填办公电话，居民会看到；不填个人手机")
    serves = models.ManyToManyField(
        Division, verbose_name="学区（服务的村、社区）", blank=True, related_name="schools_serving"
    )
    opened_on = models.DateField("开放日期", null=True, blank=True)
    closed_on = models.DateField("停止开放日期", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords(m2m_fields=[serves])
    objects = SharedResourceQuerySet.as_manager()
    scope = KEPT_BY_TASK

    class Meta:
        verbose_name = verbose_name_plural = "共享资源"
        ordering = ["division_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["division", "name"], name="resource_name_once_per_place"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "school",
                        "station",
                        "library",
                        "culture",
                        "folk",
                        "achievement",
                        "reading",
                        "elderly",
                        "youth",
                        "village",
                        "other",
                    ]
                ),
                name="resource_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(opened_on=None) | Q(closed_on__gte=F("opened_on")),
                name="resource_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(is_open=False) | Q(closed_on=None), name="resource_open_or_closed_not_both"
            ),
            models.CheckConstraint(
                condition=Q(is_open=False) | (~Q(offers="") & ~Q(opening_hours="")),
                name="resource_open_says_what_and_when",
            ),
            models.CheckConstraint(condition=Q(capacity=None) | Q(capacity__gte=1), name="resource_has_room"),
        ]

    def __str__(self) -> str:
        return self.name

    def problems(self) -> dict[str, str]:
        """What residents are told must be there; a place that is open has not closed."""
        wrong = super().problems()
        opened, closed = self.opened_on, self.closed_on
        if self.is_open:
            wanting = {"offers": "开放什么", "opening_hours": "什么时间开放"}
            wrong |= {
                name: f"已向居民开放的，请写明{what}" for name, what in wanting.items() if not getattr(self, name)
            }
        if opened and opened > timezone.localdate():
            wrong["opened_on"] = "开放日期不能晚于今天；还没有开放的，先不勾选“已向居民开放”"
        elif closed and self.is_open and not (opened and opened >= closed):
            wrong["opened_on"] = "重新开放的，请把开放日期改为重新开放的那一天"
        elif closed and opened and not self.is_open and opened > closed:
            wrong["opened_on"] = "重新开放的，请同时勾选“已向居民开放”；没有的，开放日期不能晚于停止开放的日期"
        return wrong

    def clean(self) -> None:
        super().clean()
        if self.is_open:
            self.closed_on = None

    def close(self, on: datetime.date) -> None:
        """From that day on it is not open any more. Raises ValidationError for a day to come, before its opening, or when
        it is not open."""
        if on > timezone.localdate():
            raise ValidationError("停止开放的日期不能晚于今天")
        with transaction.atomic():
            row = type(self).objects.select_for_update().get(pk=self.pk)
            if not row.is_open:
                raise ValidationError("它现在没有向居民开放")
            if row.opened_on and on < row.opened_on:
                raise ValidationError(f"停止开放的日期不能早于开放日期（{row.opened_on:%Y年%m月%d日}）")
            row.is_open, row.closed_on, row.version = False, on, row.version + 1
            row.save()
        self.is_open, self.closed_on, self.version = row.is_open, row.closed_on, row.version
