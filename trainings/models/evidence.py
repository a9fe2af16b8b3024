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
    # Names in ink are a roster on paper: kept of no session for minors, and read only by whoever reads the roster's names.
    WITH_NAMES = {Kind.SHEET, Kind.SATISFACTION}

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

    closed = ""  # for a page or a pack: why its reader may not open it, filled in by evidence.veiled

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
        """Refuses what shows persons in a session that is counted by heads only, and what names them in one for minors, who
        are on no list (个人信息保护法 28, 31; PI-3)."""
        level = session.sensitivity()
        if kind in cls.kinds_at(level):
            return
        label = cls.Kind(kind).label
        if level == Audience.Sensitivity.HEADCOUNT_ONLY:
            raise Refused(f"这一场的培训对象只报人次，不能上传{label}。可以上传看不出个人的通知、课件或总结")
        raise Refused(
            f"这一场的培训对象有未成年人，不留姓名，不能上传{label}。可以上传照片（不拍正脸）、通知、课件、总结或报道"
        )

    @classmethod
    def kinds_at(cls, level: int) -> set[str]:
        """What a session whose audiences have this sensitivity may show."""
        if level == Audience.Sensitivity.HEADCOUNT_ONLY:
            return set(cls.WITHOUT_PERSONS)
        return set(cls.Kind) - (cls.WITH_NAMES if level == Audience.Sensitivity.MINORS else set())

    @property
    def shows_persons(self) -> bool:
        return self.kind not in self.WITHOUT_PERSONS

    @property
    def names_persons(self) -> bool:
        return self.kind in self.WITH_NAMES

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/") and not self.purged_on

    @property
    def download_name(self) -> str:
        """What the file is called on somebody's computer: no title, no person, no audience (PI-2, PI-7)."""
        return f"{self.session.number}-{self.pk}{ENDINGS.get(self.content_type, '')}"
