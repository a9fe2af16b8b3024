"""知晓率调查: how many residents of a place were asked in a year, and how many knew of community education (依据 一(三), 三(七))."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .places import Division

MOST_ASKED = 1_000_000


class AwarenessSurvey(models.Model):
    """One survey by one method; several in a year at one place are added. Numbers of people, never names."""

    class Method(models.TextChoices):
        DOOR = "door", "入户走访"
        PHONE = "phone", "电话"
        STREET = "street", "现场问卷"
        ONLINE = "online", "网上问卷"
        OTHER = "other", "其他"

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="地方", related_name="awareness_surveys")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(2000), MaxValueValidator(2099)])
    method = models.CharField("调查方法", max_length=8, choices=Method.choices)
    asked = models.PositiveIntegerField("回答的人数", validators=[MinValueValidator(1), MaxValueValidator(MOST_ASKED)])
    aware = models.PositiveIntegerField("其中知道社区教育的人数", validators=[MaxValueValidator(MOST_ASKED)])
    source = models.CharField("来源", max_length=100, help_text="谁做的、什么时候，如：县教育局 11 月抽样入户")
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="division_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "知晓率调查"
        ordering = ["-year", "division_id", "method"]
        constraints = [
            models.UniqueConstraint(fields=["division", "year", "method"], name="one_survey_per_place_year_method"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="survey_2000_2099"),
            models.CheckConstraint(
                condition=Q(asked__gte=1, asked__lte=MOST_ASKED, aware__lte=F("asked")), name="survey_aware_among_asked"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="survey_has_source"),
            models.CheckConstraint(
                condition=Q(method__in=["door", "phone", "street", "online", "other"]), name="survey_method_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.year} {self.get_method_display()}"
