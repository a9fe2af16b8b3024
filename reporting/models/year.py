"""考核年度: one county's year with its basis and every rule that the founding document leaves open."""

import datetime

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.signals import m2m_changed
from django.dispatch import receiver
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Division, MemberUnit
from trainings.models import DeliveryForm, Refused

from .closing import ClosingVerbs, YearStatus

# 依据 三(六): every unit, every year
REQUIRED_SESSIONS = 4
REQUIRED_ATTENDANCES = 400
PLAN_YEARS = range(2018, 2021)  # the founding document is a plan for these years
PLAN_NUMBER = "马政办发〔2019〕2号"
PLAN_TITLE = "马山县推进社区教育发展实施方案（2018—2020年）"
LATER_BASIS = "参照马政办发〔2019〕2号，口径由领导小组办公室确定"


class AssessmentYearQuerySet(ScopedQuerySet):
    @transaction.atomic
    def open_year(self, county: Division, year: int) -> "AssessmentYear":
        """The county's year, opened with default rules when it does not exist yet; the counting forms are copied from the
        vocabulary as it is now."""
        basis = dict(zip(("basis_title", "basis_number", "basis_clause"), self._basis(county, year), strict=True))
        opened, fresh = self.get_or_create(county=county, year=year, defaults=basis)
        if fresh:
            opened.counting_forms.set(DeliveryForm.objects.filter(counts_for_quota=True))
        return opened

    @staticmethod
    def _basis(county: Division, year: int) -> tuple[str, str, str]:
        """文件名, 文号, 条款: of the county's plan for that year which says what is to be held in a year, else of the founding
        document for its own years; afterwards it is only referred to."""
        plans = apps.get_model("reporting", "Plan").objects.standing().filter(county=county).exclude(quota_clause="")
        own = plans.filter(first_year__lte=year, last_year__gte=year).order_by("-first_year").first()
        if own:
            return own.title, own.number, own.quota_clause
        return (PLAN_TITLE, PLAN_NUMBER, "三(六)") if year in PLAN_YEARS else (LATER_BASIS, "", "")


class AssessmentYear(ClosingVerbs, models.Model):
    Status = YearStatus

    class ClassCounts(models.TextChoices):
        ONCE = "once", "连续几天的培训班算一场"
        DAILY = "daily", "连续几天的培训班每天算一场"

    class JointCredit(models.TextChoices):
        LEAD = "lead", "只计主办单位"
        EACH = "each", "主办单位和已确认的协办单位各计一次"

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="assessment_years")
    year = models.PositiveSmallIntegerField("年度", validators=[MinValueValidator(2000), MaxValueValidator(2099)])
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.OPEN, editable=False)
    locked_on = models.DateField("锁定定案日期", null=True, blank=True, editable=False)
    basis_title = models.CharField("依据（文件名）", max_length=120)
    basis_number = models.CharField("依据（文号）", max_length=60, blank=True)
    basis_clause = models.CharField("依据（条款）", max_length=30, blank=True)

    required_sessions = models.PositiveSmallIntegerField("应完成场次", default=REQUIRED_SESSIONS)
    required_attendances = models.PositiveIntegerField("应完成人次", default=REQUIRED_ATTENDANCES)
    counting_forms = models.ManyToManyField(
        DeliveryForm, verbose_name="计入任务的培训形式", blank=True, related_name="+"
    )
    class_counts = models.CharField("培训班的算法", max_length=6, choices=ClassCounts.choices, default=ClassCounts.ONCE)
    joint_credit = models.CharField(
        "联合举办的算法", max_length=6, choices=JointCredit.choices, default=JointCredit.LEAD
    )
    minimum_minutes = models.PositiveSmallIntegerField(
        "最短时长（分钟）", null=True, blank=True, help_text="留空则不限"
    )
    evidence_required = models.BooleanField("核定须有佐证材料", default=False, help_text="任意一种即可")

    # 三(六) 统计和报告制度: when each quarter is to be reported. They only prompt; what they end is nothing.
    quarter1_until = models.DateField("一季度填报日期", null=True, blank=True, help_text="只用来提醒和催报，可以不填")
    quarter2_until = models.DateField("二季度填报日期", null=True, blank=True)
    quarter3_until = models.DateField("三季度填报日期", null=True, blank=True)
    quarter4_until = models.DateField("四季度填报日期", null=True, blank=True)
    reporting_until = models.DateField(
        "填报截止日期",
        null=True,
        blank=True,
        help_text="过了这一天，这一年的场次可以存草稿，提交须经办公室同意补报；不填则一直可以提交",
    )
    late_until = models.DateField(
        "补报截止日期", null=True, blank=True, help_text="办公室同意的补报最迟到这一天；不填则由办公室逐次决定"
    )
    materials_until = models.DateField(
        "材料报送截止日期", null=True, blank=True, help_text="没有单独写期限的报送材料按这一天"
    )
    closing_on = models.DateField("定案日期", null=True, blank=True)
    objections_until = models.DateField("反馈期截止日期", null=True, blank=True, editable=False)

    # 表彰先进，鞭策后进（三(六)）: by criteria that are set before the year is locked, and never a rank of all.
    commend_met_by = models.DateField(
        "表扬：最晚在哪天完成两项任务", null=True, blank=True, help_text="留空则全年完成即可"
    )
    commend_sessions = models.PositiveSmallIntegerField(
        "表扬：至少多少场", null=True, blank=True, help_text="留空则完成任务即可"
    )
    commend_attendances = models.PositiveIntegerField(
        "表扬：至少多少人次", null=True, blank=True, help_text="留空则完成任务即可"
    )
    commend_satisfaction = models.PositiveSmallIntegerField(
        "表扬：满意率至少（%）",
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text="留空则不看满意率",
    )
    spur_below = models.PositiveSmallIntegerField(
        "督促整改：任一项低于任务的（%）",
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="100 就是没有完成任务的都列入",
    )
    attendances_per_session = models.PositiveSmallIntegerField(
        "预测：每场可补人次",
        default=300,
        validators=[MinValueValidator(1)],
        help_text="推算最迟日期时，按每场最多补这么多人次",
    )
    sessions_per_week = models.PositiveSmallIntegerField(
        "预测：每周可办场次", default=2, validators=[MinValueValidator(1), MaxValueValidator(14)]
    )
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords(m2m_fields=[counting_forms])
    objects = AssessmentYearQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "考核年度"
        ordering = ["county", "-year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "locked", "previewed", "published"]),
                name="assessment_year_status_known",
            ),
            models.CheckConstraint(condition=~Q(status="open") | Q(locked_on=None), name="open_year_is_not_locked_on"),
            models.UniqueConstraint(fields=["county", "year"], name="one_assessment_year"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="assessment_year_2000_2099"),
            models.CheckConstraint(
                condition=Q(attendances_per_session__gte=1, sessions_per_week__gte=1),
                name="forecast_rates_positive",
            ),
            models.CheckConstraint(
                condition=~Q(status="previewed") | Q(objections_until__isnull=False), name="previewed_until_a_day"
            ),
            models.CheckConstraint(
                condition=Q(spur_below__gte=1, spur_below__lte=100)
                & (Q(commend_satisfaction=None) | Q(commend_satisfaction__lte=100)),
                name="criteria_are_percentages",
            ),
            models.CheckConstraint(
                condition=Q(reporting_until=None) | Q(late_until=None) | Q(late_until__gte=F("reporting_until")),
                name="late_entry_ends_after_reporting",
                violation_error_message="补报截止日期不能早于填报截止日期",
            ),
            models.CheckConstraint(
                condition=(Q(quarter1_until=None) | Q(quarter2_until=None) | Q(quarter2_until__gte=F("quarter1_until")))
                & (Q(quarter2_until=None) | Q(quarter3_until=None) | Q(quarter3_until__gte=F("quarter2_until")))
                & (Q(quarter3_until=None) | Q(quarter4_until=None) | Q(quarter4_until__gte=F("quarter3_until"))),
                name="quarters_reported_in_order",
                violation_error_message="各季度的填报日期应按先后顺序",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}年度"

    # What still changes once a year is locked: its own life, no rule.
    LIFE = frozenset({"status", "locked_on", "version", "objections_until"})

    def save(self, **kwargs) -> None:
        """Raises ValidationError when a rule of a locked year would change, Refused for a status that no verb has set. Keeps
        since when it is locked: the rosters' term runs from there."""
        with transaction.atomic():
            stored = type(self).objects.select_for_update().filter(pk=self.pk).first()
            if not getattr(self, "_moving", False) and self.status != (stored.status if stored else YearStatus.OPEN):
                raise Refused("年度的状态只能通过锁定、解锁等操作改变")
            if stored and stored.locked:
                rules = [field.attname for field in self._meta.concrete_fields if field.name not in self.LIFE]
                if any(getattr(self, name) != getattr(stored, name) for name in rules):
                    stored.refuse_when_locked()
            if not self.locked:
                self.locked_on = None
            elif stored is None or not stored.locked:
                self.locked_on = timezone.localdate()
            else:
                self.locked_on = stored.locked_on
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "locked_on"}
            super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            type(self).objects.select_for_update().get(pk=self.pk).refuse_when_locked()
            return super().delete(**kwargs)

    def refuse_when_locked(self) -> None:
        if self.locked:
            raise ValidationError(f"{self}已锁定定案，口径和任务不能再改动")

    @property
    def locked(self) -> bool:
        return self.status != self.Status.OPEN

    @property
    def first_day(self) -> datetime.date:
        return datetime.date(self.year, 1, 1)

    @property
    def last_day(self) -> datetime.date:
        return datetime.date(self.year, 12, 31)

    def quarter_until(self, quarter: int) -> datetime.date | None:
        """By when the sessions of quarter 1 to 4 are to be reported."""
        return getattr(self, f"quarter{quarter}_until")

    @property
    def basis(self) -> str:
        """The basis as it is printed: 文件名、文号、条款."""
        number = f"（{self.basis_number}）" if self.basis_number else ""
        return f"{self.basis_title}{number}{self.basis_clause}"


@receiver(m2m_changed, sender=AssessmentYear.counting_forms.through)
def refuse_other_forms_when_locked(instance: AssessmentYear, action: str, **kwargs) -> None:
    """Which forms count is a rule as well, and is stored without `save`."""
    if action.startswith("pre_"):
        AssessmentYear.objects.get(pk=instance.pk).refuse_when_locked()


class QuotaAdjustment(models.Model):
    """A unit's own required figures in a year, instead of the year's default, with the reason."""

    year = models.ForeignKey(AssessmentYear, models.CASCADE, verbose_name="年度", related_name="adjustments")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="单位", related_name="quota_adjustments")
    sessions = models.PositiveSmallIntegerField("应完成场次")
    attendances = models.PositiveIntegerField("应完成人次")
    reason = models.CharField("理由", max_length=200)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="year__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "目标任务调整"
        ordering = ["year", "unit"]
        constraints = [
            models.UniqueConstraint(fields=["year", "unit"], name="one_adjustment_per_unit_and_year"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.year}：{self.sessions} 场 {self.attendances} 人次"

    def save(self, **kwargs) -> None:
        """Raises ValidationError when its year, or the one it is taken from, is locked."""
        with transaction.atomic():
            self._refuse_when_locked()
            super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self._refuse_when_locked()
            return super().delete(**kwargs)

    def _refuse_when_locked(self) -> None:
        stored = QuotaAdjustment.objects.filter(pk=self.pk).values("year")
        for year in AssessmentYear.objects.select_for_update().filter(Q(pk=self.year_id) | Q(pk__in=stored)):
            year.refuse_when_locked()
