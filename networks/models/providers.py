"""Who offers learning beside the public places, and the projects that bring it to the townships (依据 二(二)2—3)."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from ..access import ScopedQuerySet
from .places import Division
from .resources import KEPT_BY_TASK, OfTask
from .units import MemberUnit


class Provider(OfTask):
    """A body outside the plan's units that offers courses, teachers or rooms. No person is named here: 联系电话 is an
    office's."""

    class Kind(models.TextChoices):
        SOCIAL = "social", "社会机构"
        ARTS = "arts", "文艺团体"
        COMPANY = "company", "企业"
        VOLUNTEERS = "volunteers", "志愿组织"
        COLLEGE = "college", "院校"
        OTHER = "other", "其他"

    CLAUSES = dict.fromkeys(Kind, "二(二)3")
    PUBLIC_TEXTS = ("name", "offers", "note")

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=80)
    division = models.ForeignKey(Division, models.PROTECT, verbose_name="服务的地方", related_name="providers")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="联系单位", related_name="providers")
    offers = models.CharField("提供什么", max_length=200, help_text="如课程、师资、场地、器材")
    phone = models.CharField("办公电话", max_length=30, blank=True, help_text="不填个人手机")
    since = models.DateField("合作自", null=True, blank=True)
    until = models.DateField("合作至", null=True, blank=True, help_text="还在合作的不填")
    note = models.CharField("备注", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = KEPT_BY_TASK

    class Meta:
        verbose_name = verbose_name_plural = "资源提供方"
        ordering = ["division_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "name"], name="provider_once_per_unit"),
            models.CheckConstraint(
                condition=Q(kind__in=["social", "arts", "company", "volunteers", "college", "other"]),
                name="provider_kind_known",
            ),
            models.CheckConstraint(condition=~Q(offers=""), name="provider_offers_something"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(since=None) | Q(until__gte=F("since")), name="provider_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_past(self) -> bool:
        return self.until is not None and self.until < timezone.localdate()

    def problems(self) -> dict[str, str]:
        late = self.since and self.until and self.until < self.since
        return super().problems() | ({"until": "结束日期不能早于开始日期"} if late else {})


class ResourceProject(OfTask):
    """What a unit, alone or with a provider, brings to the people for a time: 马山文化三宝进社区, 三区人才, 免费开放 …"""

    class Kind(models.TextChoices):
        TREASURES = "treasures", "马山文化三宝进社区"
        TALENTS = "talents", "“三区人才”文艺培训"
        FREE_OPENING = "free", "文化场馆免费开放"
        GUANGDONG = "guangdong", "粤桂协作"
        OTHER = "other", "其他（含社会机构运营）"

    CLAUSES = {  # 粤桂协作 stands in no clause of the plan: the county's office keeps it
        Kind.TREASURES: "二(二)2",
        Kind.TALENTS: "二(二)2",
        Kind.FREE_OPENING: "二(二)2",
        Kind.OTHER: "二(二)3",
    }
    PUBLIC_TEXTS = ("title", "content", "funds")

    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    title = models.CharField("项目名称", max_length=80)
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="负责单位", related_name="resource_projects")
    provider = models.ForeignKey(
        Provider, models.PROTECT, null=True, blank=True, verbose_name="提供方", related_name="projects"
    )
    division = models.ForeignKey(
        Division, models.PROTECT, verbose_name="实施地", related_name="resource_projects", help_text="全县的选县"
    )
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True, help_text="还在进行的不填")
    content = models.CharField("内容", max_length=300)
    beneficiaries = models.PositiveIntegerField(
        "受益人数",
        validators=[MinValueValidator(1)],
        null=True,
        blank=True,
        help_text="人数，不是人次；说不准就不填",
    )
    funds = models.CharField("经费来源", max_length=100, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = KEPT_BY_TASK

    class Meta:
        verbose_name = verbose_name_plural = "资源项目"
        ordering = ["-starts_on", "title"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "title", "starts_on"], name="resource_project_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["treasures", "talents", "free", "guangdong", "other"]),
                name="resource_project_kind_known",
            ),
            models.CheckConstraint(condition=~Q(content=""), name="resource_project_has_content"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="resource_project_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(beneficiaries=None) | Q(beneficiaries__gte=1), name="resource_project_helps_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_ahead(self) -> bool:
        return self.starts_on > timezone.localdate()

    @property
    def is_past(self) -> bool:
        return self.ends_on is not None and self.ends_on < timezone.localdate()

    def problems(self) -> dict[str, str]:
        late = self.starts_on and self.ends_on and self.ends_on < self.starts_on
        return super().problems() | ({"ends_on": "结束日期不能早于开始日期"} if late else {})
