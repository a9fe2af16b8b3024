"""共享资源: schools, cultural venues and learning places that are open to residents (依据 二(二)1—2, 二(三)4—5)."""

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .places import Division
from .units import MemberUnit


class SharedResource(models.Model):
    """A place for learning, and what of it is open to whom and when. Kept by the unit that is responsible for it."""

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

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="所在地", related_name="resources")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="责任单位", related_name="resources")
    is_open = models.BooleanField("向居民开放", default=False)
    offers = models.CharField("开放内容", max_length=200, blank=True, help_text="如教室、球场、图书阅览、排练厅")
    opening_hours = models.CharField("开放时间", max_length=100, blank=True, help_text="如周六、周日 9:00—17:00")
    open_to = models.CharField("面向", max_length=100, blank=True, help_text="如全体居民、老年人、青少年")
    capacity = models.PositiveIntegerField("可容纳人数", null=True, blank=True)
    address = models.CharField("地址", max_length=100, blank=True)
    phone = models.CharField("咨询电话", max_length=30, blank=True)
    serves = models.ManyToManyField(
        Division, verbose_name="学区（服务的村、社区）", blank=True, related_name="schools_serving"
    )
    opened_on = models.DateField("开放日期", null=True, blank=True)
    closed_on = models.DateField("停止开放日期", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords(m2m_fields=[serves])
    objects = ScopedQuerySet.as_manager()
    scope = Scope(
        county="unit__county_id",
        unit="unit_id",
        place="division_id",
        managed_by=Action.MANAGE_NETWORK,
        kept_by_unit_only=True,
    )

    class Meta:
        verbose_name = verbose_name_plural = "共享资源"
        ordering = ["division_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["division", "name"], name="resource_name_once_per_place"),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(opened_on=None) | Q(closed_on__gte=F("opened_on")),
                name="resource_closes_after_opening",
            ),
        ]

    def __str__(self) -> str:
        return self.name
