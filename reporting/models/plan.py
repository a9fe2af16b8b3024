"""The plan (推进方案): its years, its tasks, and who answers for each (every 责任单位 bracket of the founding document)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cached_property

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks.access import Action, Scope, ScopedQuerySet, Subject
from networks.models import Division, MemberUnit, UnitTerm, User

from .year import PLAN_NUMBER, PLAN_TITLE, PLAN_YEARS

ISSUED_ON = datetime.date(2019, 2, 2)  # 成文日期 of the founding document
CARRIED_ON = "期满后参照执行，口径由领导小组办公室确定"
YEARS = [MinValueValidator(2000), MaxValueValidator(2099)]


class Withdrawable(models.Model):
    """What was entered by mistake is not deleted: it is kept with the reason, and counts no more."""

    withdrawn_at = models.DateTimeField("撤回时间", null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, verbose_name="撤回人", related_name="+"
    )
    withdrawn_why = models.CharField("撤回的原因", max_length=200, blank=True)

    class Meta:
        abstract = True

    def _mark(self, actor: User, why: str) -> None:
        """Withdrawn with that reason; without one it stands again."""
        self.withdrawn_at, self.withdrawn_by = (timezone.now(), actor) if why else (None, None)
        self.withdrawn_why, self._history_user = why, actor


def withdrawn_with_reason(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_why="")
        | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why="")),
        name=name,
    )


class PlanPartQuerySet(ScopedQuerySet):
    def standing(self) -> PlanPartQuerySet:
        """Those that nobody has withdrawn."""
        return self.filter(withdrawn_at=None)


class PlanPart(Withdrawable):
    """A plan or one of its tasks. A mistyped one is 撤下: it and what was written to it are kept where plans are kept, nobody
    answers for it any more, its number is free again, and it can be put back (恢复)."""

    plan_id: int

    class Meta:
        abstract = True

    @transaction.atomic
    def withdraw(self, *, actor: User, why: str) -> None:
        """Raises ValidationError without a reason, and where it is withdrawn."""
        if not why:
            raise ValidationError("请说明为什么撤下")
        self._turn(actor, why)

    @transaction.atomic
    def restore(self, *, actor: User) -> None:
        """Raises ValidationError where it stands, and where its number has been given to another meanwhile."""
        self._turn(actor, "")

    def _turn(self, actor: User, why: str) -> None:
        self._lock()
        row = type(self).objects.get(pk=self.pk)
        if bool(row.withdrawn_at) == bool(why):
            raise ValidationError(f"“{row}”已经撤下了" if why else f"“{row}”没有撤下，不用恢复")
        row._mark(actor, why)
        row.version += 1
        row._change_reason = "撤下" if why else "恢复"
        row.validate_constraints()
        row.save()
        self.withdrawn_at = row.withdrawn_at

    def _lock(self) -> None:
        """Whoever writes into a year of the plan waits, and whoever withdraws waits for them (see `PlanYear.hold`)."""
        Plan.objects.select_for_update().get(pk=self.plan_id)

    def refuse_when_withdrawn(self) -> None:
        """Raises ValidationError."""
        if self.withdrawn_at:
            raise ValidationError(f"“{self}”已经撤下，不再改动；要用请先恢复")


class PlanQuerySet(PlanPartQuerySet):
    def founding(self, county: Division) -> Plan:
        """The county's founding document, 马政办发〔2019〕2号, made when there is none yet."""
        return self.get_or_create(
            county=county,
            founding=True,
            defaults={
                "title": PLAN_TITLE,
                "number": PLAN_NUMBER,
                "issued_on": ISSUED_ON,
                "first_year": PLAN_YEARS[0],
                "last_year": PLAN_YEARS[-1],
                "carry_note": CARRIED_ON,
                "quota_clause": "三(六)",
            },
        )[0]

    def in_use_in(self, year: int) -> PlanQuerySet:
        """Plans by which a year is worked, the newest first: those whose own years it is, and older ones still followed."""
        followed = Q(used_until=None) | Q(used_until__gte=year)
        return self.standing().filter(followed, first_year__lte=year).order_by("-first_year")


class Plan(PlanPart):
    """推进方案: a document of the county with its own years. The founding one is for 2018—2020; what is done by it afterwards
    is said to be (`carry_note`), and a later one is entered beside it without touching it."""

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="plans")
    title = models.CharField("方案名称", max_length=120)
    number = models.CharField("文号", max_length=60, help_text="如马政办发〔2019〕2号")
    issued_on = models.DateField("成文日期")
    first_year = models.PositiveSmallIntegerField("期限：起", validators=YEARS)
    last_year = models.PositiveSmallIntegerField("期限：止", validators=YEARS)
    used_until = models.PositiveSmallIntegerField(
        "沿用到哪一年", null=True, blank=True, validators=YEARS, help_text="留空：期满后继续参照执行，直到填上年份"
    )
    carry_note = models.CharField("期满后沿用的依据", max_length=120, blank=True)
    quota_clause = models.CharField(
        "年度任务的条款", max_length=30, blank=True, help_text="写明每年场次、人次的那一条；新开的考核年度用它作依据"
    )
    founding = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = PlanQuerySet.as_manager()
    scope = Scope(Subject.DIRECTORY, county="county_id", managed_by=Action.MANAGE_PLAN)

    class Meta:
        verbose_name = verbose_name_plural = "推进方案"
        ordering = ["-first_year", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["county", "number"],
                condition=Q(withdrawn_at=None),
                name="one_plan_per_number",
                violation_error_message="已有这个文号的方案",
            ),
            models.UniqueConstraint(fields=["county"], condition=Q(founding=True), name="one_founding_plan"),
            models.CheckConstraint(
                condition=Q(first_year__gte=2000, last_year__lte=2099, last_year__gte=F("first_year")),
                name="plan_years_in_order",
            ),
            models.CheckConstraint(
                condition=Q(used_until=None) | Q(used_until__gte=F("last_year"), used_until__lte=2099),
                name="plan_used_until_its_end",
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(number=""), name="plan_has_title_and_number"),
            withdrawn_with_reason("plan_withdrawn_with_reason"),
            models.CheckConstraint(condition=Q(founding=False) | Q(withdrawn_at=None), name="founding_plan_stands"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def plan_id(self) -> int:
        return self.pk

    def withdraw(self, *, actor: User, why: str) -> None:
        """Not the founding document: rules, years and shared resources cite it."""
        if self.founding:
            raise ValidationError("这是本县推进社区教育的依据文件，不能撤下；不再沿用的，请填“沿用到哪一年”")
        super().withdraw(actor=actor, why=why)

    def clean(self) -> None:
        wrong = {}
        if self.first_year and self.last_year and self.last_year < self.first_year:
            wrong["last_year"] = "结束年份不能早于开始年份"
        elif self.used_until and self.last_year and self.used_until < self.last_year:
            wrong["used_until"] = "沿用的年份不能早于方案期限"
        if wrong:
            raise ValidationError(wrong)

    @property
    def cited(self) -> str:
        """As it is cited: 文件名（文号）."""
        return f"{self.title}（{self.number}）"

    def covers(self, year: int) -> bool:
        """Whether the year is one of the plan's own."""
        return self.first_year <= year <= self.last_year

    def used_in(self, year: int) -> bool:
        return self.first_year <= year and (self.used_until is None or year <= self.used_until)

    def years(self, today: datetime.date) -> list[int]:
        """The years that its pages offer, newest first: its own and those in which it is followed, until next year."""
        last = min(self.used_until or today.year + 1, max(today.year + 1, self.last_year))
        return list(range(last, self.first_year - 1, -1))


class PlanYear(models.Model):
    """One year of a plan that the office has closed (办结), or closed and opened again; a year without a row is open. It has
    nothing to do with an assessment year's locking."""

    plan = models.ForeignKey(Plan, models.PROTECT, verbose_name="方案", related_name="years_of_work")
    year = models.PositiveSmallIntegerField("年度", validators=YEARS)
    closed_at = models.DateTimeField("办结时间", null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, verbose_name="办结人", related_name="+"
    )
    note = models.CharField("说明", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="plan")

    class Meta:
        verbose_name = verbose_name_plural = "方案年度"
        ordering = ["plan", "-year"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "year"], name="one_year_of_a_plan"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="year_of_plan_2000_2099"),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="plan_year_closed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}{self.year}年"

    @classmethod
    def hold(cls, plan: Plan, year: int) -> PlanYear | None:
        """The year's row, if there is one; the plan is locked until the transaction ends, so that whoever writes into a year
        and whoever closes it wait for each other. Raises ValidationError for a year in which the plan is not followed."""
        plan = Plan.objects.select_for_update().get(pk=plan.pk)
        plan.refuse_when_withdrawn()
        if not plan.used_in(year):
            raise ValidationError(f"{year}年不在这个方案的期限内，也没有沿用")
        return cls.objects.filter(plan=plan, year=year).first()

    @classmethod
    def hold_open(cls, plan: Plan, year: int) -> PlanYear | None:
        """The same. Raises ValidationError when the office has closed it."""
        row = cls.hold(plan, year)
        if row and row.closed_at:
            raise ValidationError(f"{year}年的方案工作已经办结，不再改动；确需补充请领导小组办公室重新打开")
        return row

    @classmethod
    def closed(cls, plan: Plan, year: int) -> PlanYear | None:
        """The year's row if the office has closed it."""
        return cls.objects.filter(plan=plan, year=year).exclude(closed_at=None).select_related("plan").first()

    @classmethod
    @transaction.atomic
    def close(cls, plan: Plan, year: int, *, actor: User, note: str) -> PlanYear:
        """办结: nothing of the year is written any more."""
        row = cls.hold_open(plan, year) or cls(plan=plan, year=year)
        return row._turn(actor, timezone.now(), note, "办结")

    @classmethod
    @transaction.atomic
    def reopen(cls, plan: Plan, year: int, *, actor: User, note: str) -> PlanYear:
        """Raises ValidationError without a reason, and where it is open."""
        row = cls.hold(plan, year)
        if row is None or not row.closed_at:
            raise ValidationError(f"{year}年没有办结，不用重新打开")
        if not note:
            raise ValidationError("请说明重新打开的原因")
        return row._turn(actor, None, note, "重新打开")

    def _turn(self, actor: User, closed_at: datetime.datetime | None, note: str, why: str) -> PlanYear:
        self.closed_at, self.closed_by = closed_at, actor if closed_at else None
        self.note, self.version = note, self.version + 1
        self._history_user, self._change_reason = actor, why
        self.save()
        return self


class PlanTask(PlanPart):
    plan = models.ForeignKey(Plan, models.PROTECT, verbose_name="方案", related_name="tasks")
    clause = models.CharField("条款", max_length=20, help_text="如二(一)1")
    group = models.CharField("任务分组", max_length=40, blank=True, help_text="如二(一)加强基础能力建设")
    title = models.CharField("任务", max_length=100)
    text = models.TextField("条文", max_length=3000, blank=True, help_text="文件里这一条的原文")
    responsible_text = models.CharField("责任单位（原文）", max_length=200)
    position = models.PositiveSmallIntegerField("排序", default=999)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = PlanPartQuerySet.as_manager()
    scope = Scope(via="plan")

    class Meta:
        verbose_name = verbose_name_plural = "方案任务"
        ordering = ["plan", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "clause"],
                condition=Q(withdrawn_at=None),
                name="one_task_per_clause",
                violation_error_message="这个方案里已有这一条款的任务",
            ),
            models.CheckConstraint(condition=~Q(clause="") & ~Q(title=""), name="task_has_clause_and_title"),
            withdrawn_with_reason("task_withdrawn_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.clause} {self.title}"

    @property
    def stands(self) -> bool:
        """Needs `plan`."""
        return not (self.withdrawn_at or self.plan.withdrawn_at)

    def hold_open(self, year: int) -> None:
        """Before anything is written to the task in a year (see `PlanYear.hold`). Raises ValidationError when the office has
        closed the year, or withdrawn the task or its plan."""
        PlanYear.hold_open(self.plan, year)
        type(self).objects.get(pk=self.pk).refuse_when_withdrawn()


class TaskResponsibilityQuerySet(ScopedQuerySet):
    def on(self, day: datetime.date) -> TaskResponsibilityQuerySet:
        """In force on a day: [starts_on, ends_on)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


class TaskResponsibility(models.Model):
    """A dated fact: this unit answers for this task in [starts_on, ends_on); or a whole body of units does, which is read as
    of the day. 各成员单位 are the county departments of the leading group: it stands beside 各乡(镇)人民政府 in the text, so
    it does not bind the townships."""

    class Whom(models.TextChoices):
        UNIT = "unit", "一个单位"
        DEPARTMENTS = "departments", "各成员单位（县直部门）"
        TOWNSHIPS = "townships", "各乡(镇)人民政府"

    task = models.ForeignKey(PlanTask, models.CASCADE, verbose_name="任务", related_name="responsibilities")
    whom = models.CharField("责任人", max_length=12, choices=Whom.choices, default=Whom.UNIT)
    unit = models.ForeignKey(
        MemberUnit, models.PROTECT, null=True, blank=True, verbose_name="责任单位", related_name="responsibilities"
    )
    starts_on = models.DateField("自")
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)
    position = models.PositiveSmallIntegerField("文件中的次序", default=999)

    objects = TaskResponsibilityQuerySet.as_manager()
    scope = Scope(Subject.DIRECTORY, county="task__plan__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "任务责任"
        ordering = ["task", "position", "unit"]
        constraints = [
            models.UniqueConstraint(fields=["task", "unit", "starts_on"], name="one_responsibility_per_start"),
            models.UniqueConstraint(
                fields=["task", "whom", "starts_on"], condition=~Q(whom="unit"), name="one_body_per_start"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="responsibility_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(whom="unit", unit__isnull=False)
                | Q(whom__in=["departments", "townships"], unit__isnull=True),
                name="responsible_is_a_unit_or_a_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task.clause} {self.unit or self.get_whom_display()}"

    @classmethod
    def follow_unit(cls, old: MemberUnit, new: MemberUnit, on: datetime.date, actor: User) -> list[str]:
        """What `old` answers for is answered for by `new` from that day on, unless it does already (see
        networks/reorganisation.py, which calls it in its transaction). Says how many. Where a whole body answers, the units'
        own dates say who belongs to it."""
        open_ones = list(cls.objects.filter(unit=old).exclude(ends_on__lte=on))
        held = set(cls.objects.filter(unit=new).exclude(ends_on__lte=on).values_list("task_id", flat=True))
        for row in open_ones:
            if row.task_id not in held:
                starts = max(row.starts_on, on)
                cls.objects.create(
                    task_id=row.task_id, unit=new, starts_on=starts, ends_on=row.ends_on, position=row.position
                )
            if row.starts_on >= on:
                row.delete()
            else:
                row.ends_on = on
                row.save(update_fields=["ends_on"])
        return [f"{len(open_ones)} 项方案任务的责任转到{new}"] if open_ones else []


class Bodies:
    """Who 各成员单位 and 各乡(镇)人民政府 are on a day. Two queries."""

    def __init__(self, county_code: str, day: datetime.date) -> None:
        self.day = day
        self.units = {unit.pk: unit for unit in MemberUnit.objects.filter(county_id=county_code)}

    @cached_property
    def _group(self) -> set[int]:
        terms = UnitTerm.objects.filter(fact=UnitTerm.Fact.GROUP, unit__in=self.units).on(self.day)
        return set(terms.values_list("unit", flat=True))

    def of(self, row: TaskResponsibility) -> list[MemberUnit]:
        """The units that the row binds, in the order of the document."""
        if row.whom == TaskResponsibility.Whom.UNIT:
            return [self.units[row.unit_id]] if row.unit_id in self.units else []
        standing = [unit for unit in self.units.values() if unit.exists_on(self.day)]
        if row.whom == TaskResponsibility.Whom.TOWNSHIPS:
            return [unit for unit in standing if unit.kind == MemberUnit.Kind.TOWNSHIP]
        kind = MemberUnit.Kind.DEPARTMENT
        return [unit for unit in standing if unit.kind == kind and unit.pk in self._group]


def clauses_of(unit_ids: Iterable[int], day: datetime.date) -> set[str]:
    """The clauses of the founding document for whose tasks one of these units answers on that day (see networks/tasks.py); a
    later plan numbers its tasks in its own way. One query."""
    standing = MemberUnit.objects.on(day).filter(pk__in=list(unit_ids), county=OuterRef("task__plan__county"))
    in_group = UnitTerm.objects.on(day).filter(fact=UnitTerm.Fact.GROUP).values("unit")
    whom = TaskResponsibility.Whom
    bound = (
        Q(unit__in=list(unit_ids))
        | Q(Exists(standing.filter(kind=MemberUnit.Kind.TOWNSHIP)), whom=whom.TOWNSHIPS)
        | Q(Exists(standing.filter(kind=MemberUnit.Kind.DEPARTMENT, pk__in=in_group)), whom=whom.DEPARTMENTS)
    )
    rows = TaskResponsibility.objects.on(day).filter(bound, task__plan__founding=True, task__withdrawn_at=None)
    return set(rows.values_list("task__clause", flat=True))
