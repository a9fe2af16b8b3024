"""宣传内容 (三(七)): news, model cases, 百姓学习之星 and 终身学习品牌, reviewed by the office before residents read them."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Action, Scope
from networks.models import Attachment, Division, MemberUnit

from .proposals import Proposal, ProposalQuerySet


class Story(Proposal):
    """Told by a unit about its sessions. A picture needs the agreement of whoever is on it; minors never."""

    class Kind(models.TextChoices):
        NEWS = "news", "动态"
        CASE = "case", "典型案例"
        STAR = "star", "百姓学习之星"
        BRAND = "brand", "终身学习品牌"

    DECIDED_BY = Action.PUBLISH
    PUBLIC_TEXTS = ("title", "summary", "body", "subject")

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="stories")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="报送单位", related_name="stories")
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    title = models.CharField("标题", max_length=60)
    subject = models.CharField("学习之星（品牌）名称", max_length=60, blank=True)
    summary = models.CharField("摘要", max_length=120, blank=True)
    body = models.TextField("正文", max_length=5000, blank=True)
    happened_on = models.DateField("日期", null=True, blank=True)
    sessions = models.ManyToManyField(
        "trainings.TrainingSession", verbose_name="相关场次", blank=True, related_name="stories"
    )
    picture = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, verbose_name="照片", related_name="+"
    )
    picture_agreed = models.BooleanField("照片中的人同意公开，没有未成年人", default=False)
    agreed = models.BooleanField("本人同意公开姓名和事迹", default=False)

    history = HistoricalRecords(m2m_fields=[sessions])
    objects = ProposalQuerySet.as_manager()
    scope = Scope(county="county_id", unit="unit_id", managed_by=Action.PUBLISH, kept_by_unit_only=True)

    class Meta(Proposal.Meta):
        verbose_name = verbose_name_plural = "宣传内容"
        ordering = ["-happened_on", "-pk"]
        constraints = [
            *Proposal.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=["news", "case", "star", "brand"]), name="story_kind_known"),
            models.CheckConstraint(
                condition=~Q(state="public") | Q(picture=None) | Q(picture_agreed=True), name="story_picture_agreed"
            ),
            models.CheckConstraint(
                condition=~Q(state="public") | ~Q(kind="star") | Q(agreed=True), name="story_star_agreed"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def missing_for_proposal(self) -> list[str]:
        missing = [] if self.body.strip() else ["请写正文"]
        if self.kind in (self.Kind.STAR, self.Kind.BRAND) and not self.subject.strip():
            missing.append(f"请填写{self.get_kind_display()}的名称")
        if self.kind == self.Kind.STAR and not self.agreed:
            missing.append("请先征得本人同意，再勾选“本人同意公开姓名和事迹”")
        if self.picture_id and not self.picture_agreed:
            missing.append("照片公开前要征得照片中的人同意，照片里不能有未成年人")
        return missing
