"""年度数据: what a place counts once a year from outside the sessions: people by basis, participants, and money."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet, Subject
from .places import CODE_LENGTH, Division, Tier

FIRST_YEAR = 2000
MOST_PEOPLE = 100_000_000  # at one place; more is a slip of the hand


class FigureKind(models.TextChoices):
    POPULATION = "population", "人口"
    ELDERLY = "elderly", "60岁及以上老年人"
    MINORS = "minors", "未成年人"
    FARMERS = "farmers", "农民"
    MIGRANTS = "migrants", "进城务工人员"
    UNEMPLOYED = "unemployed", "登记失业人员"
    LABOUR = "labour", "农村劳动力（拟转移就业）"
    PARTICIPANTS = "participants", "年度参与人数"
    ELDERLY_LEARNING = "elderly_learning", "参加学习的老年人"
    MINORS_LEARNING = "minors_learning", "参加校外学习的未成年人"
    FARMERS_TRAINED = "farmers_trained", "接受实用技术培训的农民"
    MIGRANTS_TRAINED = "migrants_trained", "接受培训的进城务工人员"
    UNEMPLOYED_TRAINED = "unemployed_trained", "接受培训的登记失业人员"
    LABOUR_TRAINED = "labour_trained", "接受转移就业培训的农村劳动力"

    @property
    def of_learners(self) -> bool:
        """People who learned, as against people who are there; how they were counted is part of the figure."""
        return self == "participants" or self.endswith(("_learning", "_trained"))


class AnnualFigure(models.Model):
    """One number of one place in one year, with where it comes from. What is not known has no row; it is never 0."""

    Kind = FigureKind

    class Basis(models.TextChoices):
        RESIDENT = "resident", "常住"
        REGISTERED = "registered", "户籍"

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="地方", related_name="annual_figures")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(2099)])
    kind = models.CharField("项目", max_length=20, choices=Kind.choices)
    basis = models.CharField("口径", max_length=10, choices=Basis.choices, blank=True)
    value = models.PositiveIntegerField("人数")
    source = models.CharField("来源", max_length=100)
    method = models.CharField("统计方法", max_length=100, blank=True, help_text="如按签到去重、按名册、抽样推算")
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="division_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "年度数据"
        ordering = ["-year", "division_id", "kind", "basis"]
        constraints = [
            models.UniqueConstraint(fields=["division", "year", "kind", "basis"], name="one_annual_figure"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="annual_figure_2000_2099"),
            models.CheckConstraint(condition=~Q(source=""), name="annual_figure_has_source"),
            models.CheckConstraint(
                condition=Q(kind="population", basis__in=["resident", "registered"])
                | (~Q(kind="population") & Q(basis="")),
                name="population_alone_has_basis",
            ),
            models.CheckConstraint(condition=~Q(kind="participants") | ~Q(method=""), name="participants_have_method"),
            models.CheckConstraint(condition=Q(kind__in=FigureKind.values), name="annual_figure_kind_known"),
            models.CheckConstraint(condition=Q(value__lte=MOST_PEOPLE), name="annual_figure_is_possible"),
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.year} {self.get_kind_display()}"


class Fund(models.Model):
    """经费 of the county itself or of a township in one year from one source, budgeted and paid, in yuan (依据 三(四))."""

    class Source(models.TextChoices):
        PUBLIC = "public", "财政"
        DONATION = "donation", "社会捐赠"
        LEARNERS = "learners", "学习者分担"
        OTHER = "other", "其他"

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="地方", related_name="funds")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(2099)])
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    budgeted = models.DecimalField("预算（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    paid = models.DecimalField("实际支出（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, place="division_id", managed_by=Action.MANAGE_YEARS)

    class Meta:
        verbose_name = verbose_name_plural = "经费"
        ordering = ["-year", "division_id", "source"]
        constraints = [
            models.UniqueConstraint(fields=["division", "year", "source"], name="one_fund_per_source"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="fund_2000_2099"),
            models.CheckConstraint(
                condition=(Q(budgeted=None) | Q(budgeted__gte=0)) & (Q(paid=None) | Q(paid__gte=0)),
                name="fund_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(budgeted__isnull=False) | Q(paid__isnull=False), name="fund_has_a_figure"
            ),
            models.CheckConstraint(
                condition=Q(source__in=["public", "donation", "learners", "other"]), name="fund_source_known"
            ),
            # No sum would ever read a village's.
            models.CheckConstraint(
                condition=Q(Exact(Length("division"), CODE_LENGTH[Tier.COUNTY]))
                | Q(Exact(Length("division"), CODE_LENGTH[Tier.TOWNSHIP])),
                name="fund_of_county_or_township",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.year} {self.get_source_display()}"
