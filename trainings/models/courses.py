"""课程资源 (二(四)1): what can be taught, with its materials; approved courses are the residents' 学习超市 (二(三)2)."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Action, Scope, ScopedQuerySet
from networks.models import Attachment, Division, MemberUnit
from networks.wording import Published

from .proposals import Proposal, ProposalQuerySet
from .vocabulary import Audience, Language, Theme


class Course(Proposal):
    """Kept by the unit that offers it; the county centre approves (二(四)1)."""

    class Origin(models.TextChoices):
        OWN = "own", "自编"
        ADOPTED = "adopted", "引进"
        RECOMMENDED = "recommended", "推荐"

    DECIDED_BY = Action.APPROVE_COURSES
    PUBLIC_TEXTS = ("title", "syllabus", "co_developers")

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="courses")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="提供单位", related_name="courses")
    title = models.CharField("课程名称", max_length=60)
    theme = models.ForeignKey(Theme, models.PROTECT, null=True, blank=True, verbose_name="主题类别")
    audiences = models.ManyToManyField(Audience, verbose_name="适合人群", blank=True, related_name="courses")
    language = models.ForeignKey(Language, models.PROTECT, null=True, blank=True, verbose_name="授课语言")
    minutes = models.PositiveIntegerField("总时长（分钟）", null=True, blank=True)
    syllabus = models.TextField("内容提要", max_length=2000, blank=True)
    origin = models.CharField("来源", max_length=12, choices=Origin.choices)
    is_local = models.BooleanField("本土课程", default=False)
    co_developers = models.CharField("合作开发单位", max_length=200, blank=True)

    history = HistoricalRecords(m2m_fields=[audiences])
    objects = ProposalQuerySet.as_manager()
    scope = Scope(county="county_id", unit="unit_id", managed_by=Action.APPROVE_COURSES, kept_by_unit_only=True)

    class Meta(Proposal.Meta):
        verbose_name = verbose_name_plural = "课程"
        ordering = ["title", "pk"]
        constraints = [
            *Proposal.Meta.constraints,
            models.UniqueConstraint(fields=["unit", "title"], name="course_title_once_per_unit"),
            models.CheckConstraint(
                condition=Q(origin__in=["own", "adopted", "recommended"]), name="course_origin_known"
            ),
            models.CheckConstraint(condition=Q(minutes=None) | Q(minutes__gte=1), name="course_minutes_positive"),
        ]

    def __str__(self) -> str:
        return self.title

    def writers(self) -> set[int]:
        """Also whoever brought one of its files."""
        files = self.materials.exclude(attachment=None)
        return super().writers() | set(files.values_list("attachment__uploaded_by__person", flat=True))

    def missing_for_proposal(self) -> list[str]:
        needed = {"theme_id": "请选择主题类别", "syllabus": "请写内容提要，居民会看到", "minutes": "请填写总时长"}
        missing = [sentence for name, sentence in needed.items() if not getattr(self, name)]
        if self.audiences.filter(sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY).exists():
            missing.append("适合人群里有只报人次的人群，不能公开，请去掉")
        return missing


class CourseMaterial(Published):
    """课程材料: a file, a link kept as text, or a lesson online. Changed only while its course may be rewritten."""

    class Kind(models.TextChoices):
        FILE = "file", "文件"
        LINK = "link", "链接"
        LESSON = "lesson", "线上课"

    MOST = 20  # of one course
    PUBLIC_TEXTS = ("title", "link")

    course = models.ForeignKey(Course, models.CASCADE, verbose_name="课程", related_name="materials")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    title = models.CharField("名称", max_length=60)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, verbose_name="文件", related_name="+"
    )
    link = models.CharField("网址", max_length=500, blank=True, help_text="只作为文字保存，系统不会打开它")
    is_open = models.BooleanField("居民可以看", default=False)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="course")

    class Meta:
        verbose_name = verbose_name_plural = "课程材料"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["course", "title"], name="material_title_once_per_course"),
            models.CheckConstraint(
                condition=Q(kind="file", attachment__isnull=False, link="")
                | (Q(kind__in=["link", "lesson"], attachment=None) & ~Q(link="")),
                name="material_is_file_or_link",
            ),
        ]

    def __str__(self) -> str:
        return self.title
