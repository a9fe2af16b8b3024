"""参照指标: what the county asks of itself in place of the national thresholds."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Action, Scope, ScopedQuerySet
from networks.models import Division


class ReferenceKey(models.TextChoices):
    FUNDS = "funds", "人均社区教育经费"
    PARTICIPATION = "participation", "居民年参与率"
    UNEMPLOYED = "unemployed", "失业人员培训率"
    MIGRANTS = "migrants", "进城务工人员培训率"
    FARMERS = "farmers", "农民实用技术培训率"
    LABOUR = "labour", "农村劳动力转移就业培训率"
    MINORS = "minors", "未成年人校外学习参与率"
    AWARENESS = "awareness", "社区教育知晓率"
    SATISFACTION = "satisfaction", "社区教育满意度"
    ELDERLY = "elderly", "老年人学习参与率"
    ELDERLY_SCHOOLS = "elderly_schools", "有老年学校的乡镇比例"
    ELDERLY_POINTS = "elderly_points", "有老年学习点的村（社区）比例"


class ReferenceThreshold(models.Model):
    """A county's own threshold of one indicator, with the reason; without a row the national one holds."""

    Key = ReferenceKey

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="reference_thresholds")
    key = models.CharField("指标", max_length=20, choices=ReferenceKey.choices)
    value = models.DecimalField("参照值", max_digits=6, decimal_places=1, validators=[MinValueValidator(0)])
    reason = models.CharField("理由", max_length=200)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(county="county_id", managed_by=Action.MANAGE_YEARS)

    class Meta:
        verbose_name = verbose_name_plural = "参照值"
        ordering = ["county", "key"]
        constraints = [
            models.UniqueConstraint(fields=["county", "key"], name="one_reference_threshold"),
            models.CheckConstraint(condition=Q(key__in=ReferenceKey.values), name="reference_threshold_key_known"),
            models.CheckConstraint(
                condition=Q(value__gte=0) & (Q(key="funds") | Q(value__lte=100)), name="reference_threshold_in_range"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="reference_threshold_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_key_display()} {self.value}"
