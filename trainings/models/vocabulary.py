"""The document's vocabularies (二(二)2, 二(三)): the stored word is the document's, the shown word is today's."""

from django.db import models
from simple_history.models import HistoricalRecords

from networks.access import Scope, ScopedQuerySet


class VocabularyQuerySet(ScopedQuerySet):
    def current(self) -> "VocabularyQuerySet":
        return self.filter(retired=False)


class Vocabulary(models.Model):
    """A word of a list. Words are retired, never deleted: old sessions keep theirs."""

    name = models.CharField("名称（文件原文）", max_length=40, unique=True)
    shown_as = models.CharField("现用名称", max_length=40, blank=True, help_text="留空则显示文件原文")
    clause = models.CharField("依据", max_length=20, blank=True)
    position = models.PositiveSmallIntegerField("排序", default=999)
    retired = models.BooleanField("停用", default=False)

    objects = VocabularyQuerySet.as_manager()
    scope = Scope()  # one document, one list: the same for everybody who may see the directory

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.shown_as or self.name


class Theme(Vocabulary):
    history = HistoricalRecords()

    class Meta(Vocabulary.Meta):
        verbose_name = verbose_name_plural = "主题类别"


class Programme(Vocabulary):
    history = HistoricalRecords()

    class Meta(Vocabulary.Meta):
        verbose_name = verbose_name_plural = "专项计划"


class Project(Vocabulary):
    history = HistoricalRecords()

    class Meta(Vocabulary.Meta):
        verbose_name = verbose_name_plural = "项目"


class Language(Vocabulary):
    history = HistoricalRecords()

    class Meta(Vocabulary.Meta):
        verbose_name = verbose_name_plural = "授课语言"


class DeliveryForm(Vocabulary):
    """培训形式. `counts_for_quota` is copied into a year's rules when the year is opened."""

    counts_for_quota = models.BooleanField("默认计入任务", default=True)
    history = HistoricalRecords()

    class Meta(Vocabulary.Meta):
        verbose_name = verbose_name_plural = "培训形式"


# 二(三)1: what people call these groups by in passing, by the document's name of the group. 禁毒 is everybody's business and
# stays allowed.
STEMS = {
    "戒毒人员": ("戒毒", "吸毒"),
    "社区服刑人员": ("社区服刑", "社区矫正"),
    "失独家庭": ("失独",),
    "意外致残人员": ("意外致残",),
}


class AudienceQuerySet(VocabularyQuerySet):
    def protected_names(self) -> list[str]:
        """The names of the groups that are counted by heads only, the document's and today's, and then their stems: they
        stand in no title, place, person's, body's or file name (个人信息保护法 28). One query."""
        rows = list(self.filter(sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY).values_list("name", "shown_as"))
        names = [name for row in rows for name in row if name]
        return names + [stem for name, _ in rows for stem in STEMS.get(name, ())]


class Audience(Vocabulary):
    """培训对象, with how carefully its sessions are handled (个人信息保护法 28)."""

    class Sensitivity(models.IntegerChoices):
        ORDINARY = 0, "一般"
        MINORS = 1, "未成年人：不建名册，照片不公开"
        HEADCOUNT_ONLY = 2, "只报人次：无名册、无照片、无签到表，名称中不出现该群体"

    sensitivity = models.PositiveSmallIntegerField(
        "敏感程度", choices=Sensitivity.choices, default=Sensitivity.ORDINARY
    )
    history = HistoricalRecords()
    objects = AudienceQuerySet.as_manager()

    class Meta(Vocabulary.Meta):
        verbose_name = verbose_name_plural = "培训对象"
        constraints = [
            models.CheckConstraint(condition=models.Q(sensitivity__in=[0, 1, 2]), name="audience_sensitivity_known")
        ]


VOCABULARIES: dict[str, type[Vocabulary]] = {
    "theme": Theme,
    "programme": Programme,
    "project": Project,
    "audience": Audience,
    "form": DeliveryForm,
    "language": Language,
}
