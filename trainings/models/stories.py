"""宣传内容 (三(七)): news, model cases, 百姓学习之星 and 终身学习品牌, reviewed by the office before residents read them."""

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from simple_history.models import HistoricalRecords

from networks import uploads
from networks.access import Action, Scope
from networks.models import Attachment, Division, MemberUnit, User

from .proposals import Proposal, ProposalQuerySet
from .verbs import Refused
from .vocabulary import Audience


class StoryQuerySet(ProposalQuerySet):
    def public(self) -> "StoryQuerySet":
        """What residents may read. A session may turn out to be one of a protected group after its story was published: then
        nothing points to it any more, and a picture goes as soon as minors are among the audience (`public_picture`)."""
        through = Story.sessions.through.objects.filter(story=OuterRef("pk"))
        level = "trainingsession__audience_counts__audience__sensitivity"
        return (
            super()
            .public()
            .exclude(Exists(through.filter(**{level: Audience.Sensitivity.HEADCOUNT_ONLY})))
            .annotate(with_minors=Exists(through.filter(**{level: Audience.Sensitivity.MINORS})))
        )


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
    objects = StoryQuerySet.as_manager()
    scope = Scope(county="county_id", unit="unit_id", managed_by=Action.PUBLISH, kept_by_unit_only=True)

    class Meta(Proposal.Meta):
        verbose_name = verbose_name_plural = "宣传内容"
        ordering = ["-happened_on", "-pk"]
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(fields=["unit", "title"], name="story_title_once_per_unit"),
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

    def erase(self, *, actor: User) -> None:
        """Takes it away for good, with its picture and all that its history holds: whoever is told of may withdraw their
        agreement on any day (个人信息保护法 47). Raises PermissionDenied, and Refused while it is proposed, public or retired.
        Call it inside `uploads.atomic()`."""
        with transaction.atomic():
            row = Story.objects.select_for_update(of=("self",)).get(pk=self.pk)
            if not Story.objects.kept_by(actor).filter(pk=row.pk).exists():
                raise PermissionDenied("您的账号不能删除这一条")
            if not row.can_be_rewritten:
                raise Refused(f"现在是“{row.get_state_display()}”，不能删除；要删请先撤回，或请审定的人恢复为草稿")
            picture, key = row.picture, row.pk
            row.delete()
            Story.history.filter(id=key).delete()
            if picture:
                uploads.detach(picture)

    def missing_for_proposal(self) -> list[str]:
        missing = [] if self.body.strip() else ["请写正文"]
        if self.is_candidate and not self.subject.strip():
            missing.append(f"请填写{self.get_kind_display()}的名称")
        if self.kind == self.Kind.STAR and not self.agreed:
            missing.append("请先征得本人同意，再勾选“本人同意公开姓名和事迹”")
        if self.picture_id and not self.picture_agreed:
            missing.append("照片公开前要征得照片中的人同意，照片里不能有未成年人")
        level = self.sensitivity()
        if level == Audience.Sensitivity.HEADCOUNT_ONLY:
            missing.append("相关场次里有只报人次的场次，宣传内容不能指向它，请去掉")
        elif level and self.picture_id:
            missing.append("相关场次有未成年人参加，照片不能公开，请去掉照片或换掉场次")
        return missing

    def sensitivity(self) -> int:
        """The highest level of the audiences of its sessions."""
        if not self.pk:
            return 0
        levels = self.sessions.values_list("audience_counts__audience__sensitivity", flat=True)
        return max(filter(None, levels), default=0)

    @property
    def is_candidate(self) -> bool:
        """Whether it is proposed for an honour and has a registration sheet."""
        return self.kind in (self.Kind.STAR, self.Kind.BRAND)

    def picture_for(self, user: User) -> Attachment | None:
        """What this account sees of it: whoever keeps the story all of it, everybody else what residents see."""
        keeps = self.unit_id in user.own_unit_ids or Story.objects.kept_by(user).filter(pk=self.pk).exists()
        return self.picture if keeps else self.public_picture

    @property
    def public_picture(self) -> Attachment | None:
        """The picture that residents may see. No query for a row that `public()` has found with its picture."""
        minors = self.with_minors if hasattr(self, "with_minors") else self.sensitivity() > 0
        agreed = self.picture is not None and self.picture_agreed and not minors
        return self.picture if agreed and self.picture.content_type.startswith("image/") else None
