"""佐证材料: a file or a link that shows that a session took place. What may be uploaded is decided in networks/uploads.py."""

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models.attachments import ENDINGS, PrivateStorage, internal_name

from .verbs import Refused
from .vocabulary import Audience


class Evidence(models.Model):
    class Kind(models.TextChoices):
        NOTICE = "notice", "通知"
        SHEET = "sheet", "签到表"
        PHOTO = "photo", "照片"
        COURSEWARE = "courseware", "课件"
        SATISFACTION = "satisfaction", "满意度"
        SUMMARY = "summary", "总结"
        REPORT = "report", "报道"

    # 二(三)1's groups whose sessions are counted by heads only may show these and nothing that shows a person.
    WITHOUT_PERSONS = {Kind.NOTICE, Kind.COURSEWARE, Kind.SUMMARY}

    session = models.ForeignKey(
        "trainings.TrainingSession", models.CASCADE, verbose_name="场次", related_name="evidence"
    )
    kind = models.CharField("种类", max_length=12, choices=Kind.choices)
    file = models.FileField("文件", storage=PrivateStorage, upload_to=internal_name, blank=True)
    link = models.CharField("链接", max_length=500, blank=True, help_text="只作为文字保存，系统不会打开它")
    original_name = models.CharField("原文件名", max_length=200, blank=True)
    content_type = models.CharField("类型", max_length=40, blank=True)
    size = models.PositiveIntegerField("字节数", default=0)
    sha256_original = models.CharField("原文件摘要", max_length=64, blank=True, db_index=True)
    sha256_stored = models.CharField("存储文件摘要", max_length=64, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="上传人", related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)

    purged_on = models.DateField("文件删除日期", null=True, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "佐证材料"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                # Pictures of minors go with the rosters of their year; what remains is their digest.
                condition=(Q(file="") & ~Q(link=""))
                | (~Q(file="") & Q(link="") & Q(purged_on=None))
                | (Q(file="", link="") & Q(purged_on__isnull=False) & ~Q(sha256_stored="")),
                name="evidence_is_file_or_link",
            ),
            models.CheckConstraint(condition=Q(file="") | ~Q(sha256_stored=""), name="evidence_file_has_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.link or self.original_name}"

    def save(self, **kwargs) -> None:
        """Raises Refused for what shows persons where it must not, and for a session of a locked year."""
        with transaction.atomic():
            self.session.refuse_locked_year()
            self.refuse_kind(self.session, self.kind)
            super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self.session.refuse_locked_year()
            return super().delete(**kwargs)

    @classmethod
    def refuse_kind(cls, session: models.Model, kind: str) -> None:
        """Refuses what shows persons in a session that is counted by heads only (个人信息保护法 28)."""
        if kind not in cls.WITHOUT_PERSONS and session.sensitivity() == Audience.Sensitivity.HEADCOUNT_ONLY:
            raise Refused(
                f"这一场的培训对象只报人次，不能上传{cls.Kind(kind).label}。可以上传看不出个人的通知、课件或总结"
            )

    @property
    def shows_persons(self) -> bool:
        return self.kind not in self.WITHOUT_PERSONS

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/") and not self.purged_on

    @property
    def download_name(self) -> str:
        """What the file is called on somebody's computer: no title, no person, no audience (PI-2, PI-7)."""
        return f"{self.session.number}-{self.pk}{ENDINGS.get(self.content_type, '')}"
