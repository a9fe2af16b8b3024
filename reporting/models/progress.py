"""What is aimed at and done about a task of the plan in a year: goals, the units' reports, the office's judgement."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks import uploads
from networks.access import Action, Scope, ScopedQuerySet, Subject, barred_from_judging, can
from networks.models import Attachment, MemberUnit, User
from trainings.models import TrainingSession

from .plan import YEARS, PlanTask, Withdrawable, withdrawn_with_reason

ALREADY_WITHDRAWN = "这份汇报已经撤回了"
MOST_FILES = 20  # of one report


class TaskGoal(models.Model):
    """年度目标 of a task: for the whole county, or what the office wants of one unit. No row where nothing was set."""

    task = models.ForeignKey(PlanTask, models.PROTECT, verbose_name="任务", related_name="goals")
    year = models.PositiveSmallIntegerField("年度", validators=YEARS)
    unit = models.ForeignKey(
        MemberUnit, models.PROTECT, null=True, blank=True, verbose_name="单位", related_name="task_goals"
    )
    text = models.CharField("年度目标", max_length=500)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="task")

    class Meta:
        verbose_name = verbose_name_plural = "任务年度目标"
        ordering = ["task", "-year", F("unit").asc(nulls_first=True)]
        constraints = [
            models.UniqueConstraint(fields=["task", "year", "unit"], name="one_goal_per_unit"),
            models.UniqueConstraint(fields=["task", "year"], condition=Q(unit=None), name="one_goal_of_the_county"),
            models.CheckConstraint(condition=~Q(text=""), name="goal_has_text"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="goal_2000_2099"),
        ]

    def __str__(self) -> str:
        return f"{self.task.clause} {self.year}年目标"


class Standing(models.TextChoices):
    """How a task stands in a year. The first two follow from the reports until the office decides; the others are always its
    decision."""

    NOT_BEGUN = "not_begun", "未开始"
    UNDER_WAY = "under_way", "进行中"
    DONE = "done", "已完成"
    HINDERED = "hindered", "有困难"
    NOT_DONE = "not_done", "未完成"


NEEDS_WORDS = (Standing.HINDERED, Standing.NOT_DONE)
SAY_WHY = "认定“有困难”或“未完成”要写明情况"


class TaskJudgement(models.Model):
    """认定: what the office says of a task in a year, in place of what follows from the reports. Written by `judge` alone."""

    task = models.ForeignKey(PlanTask, models.PROTECT, verbose_name="任务", related_name="judgements")
    year = models.PositiveSmallIntegerField("年度", validators=YEARS)
    # Empty: the office has taken its decision back, and the reports speak again.
    standing = models.CharField("状态", max_length=10, choices=Standing.choices, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, verbose_name="认定人", related_name="+"
    )
    judged_at = models.DateTimeField("认定时间", editable=False)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="task")

    class Meta:
        verbose_name = verbose_name_plural = "任务认定"
        ordering = ["task", "-year"]
        constraints = [
            models.UniqueConstraint(fields=["task", "year"], name="one_judgement_per_task"),
            models.CheckConstraint(condition=Q(standing__in=["", *Standing.values]), name="judgement_known"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="judgement_2000_2099"),
            models.CheckConstraint(
                condition=~Q(standing__in=["hindered", "not_done"]) | ~Q(note=""), name="bad_judgement_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task.clause} {self.year}年：{self.get_standing_display() or '按汇报推断'}"

    @transaction.atomic
    def judge(self, *, actor: User, standing: str, note: str) -> None:
        """The office's decision. Nobody declares done what they reported themselves. Raises PermissionDenied, ValidationError.
        The caller has compared versions (see networks/forms.py)."""
        self.task.hold_open(self.year)
        barred = barred_from_judging(actor, self.task, self.year, done=standing == Standing.DONE)
        if barred:
            raise ValidationError(barred) if can(actor, Action.MANAGE_PLAN) else PermissionDenied(barred)
        if standing in NEEDS_WORDS and not note:
            raise ValidationError(SAY_WHY)
        self.standing, self.note = standing, note
        self.judged_by, self.judged_at = actor, timezone.now()
        self.version += 1
        self._history_user = actor
        self._change_reason = "认定" if standing else "收回认定"
        self.save()


class TaskReportQuerySet(ScopedQuerySet):
    def standing(self) -> TaskReportQuerySet:
        """Those that nobody has withdrawn."""
        return self.filter(withdrawn_at=None)


class TaskReport(Withdrawable):
    """进展汇报: what a unit says of a task in a year. Each is kept with its number; a later one stands beside it and does not
    overwrite it. Made by `file`; nothing of it changes afterwards but that it is withdrawn with a reason."""

    class Source(models.TextChoices):
        WECHAT = "wechat", "微信"
        PAPER = "paper", "纸质材料"
        PHONE = "phone", "电话"

    task = models.ForeignKey(PlanTask, models.PROTECT, verbose_name="任务", related_name="reports")
    year = models.PositiveSmallIntegerField("年度", validators=YEARS)
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="汇报单位", related_name="task_reports")
    number = models.PositiveSmallIntegerField("第几次")
    as_of = models.DateField("进展截至")
    text = models.TextField("做了什么、进展如何", max_length=2000)
    needs = models.TextField("困难和需要协调的事", max_length=500, blank=True)
    sessions = models.ManyToManyField(TrainingSession, verbose_name="相关培训", blank=True, related_name="task_reports")
    on_behalf_source = models.CharField("代录来源", max_length=10, choices=Source.choices, blank=True)
    token = models.CharField(max_length=64, editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, verbose_name="填报人", related_name="+"
    )
    entered_at = models.DateTimeField("填报时间", auto_now_add=True)

    history = HistoricalRecords()
    objects = TaskReportQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="unit__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "方案任务汇报"
        ordering = ["-as_of", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["task", "year", "unit", "number"], name="one_report_per_number"),
            models.UniqueConstraint(fields=["entered_by", "token"], name="one_report_per_token"),
            models.CheckConstraint(condition=Q(number__gte=1), name="report_number_from_1"),
            models.CheckConstraint(condition=~Q(text=""), name="report_has_text"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2099), name="report_2000_2099"),
            withdrawn_with_reason("report_withdrawn_with_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.task.clause} {self.unit} {self.year}年第{self.number}次汇报"

    KEPT = frozenset({"withdrawn_at", "withdrawn_by", "withdrawn_why"})  # what alone still changes

    def save(self, **kwargs) -> None:
        """Raises ValidationError when what was reported would change."""
        stored = type(self).objects.filter(pk=self.pk).first() if self.pk else None
        fixed = [field.attname for field in self._meta.concrete_fields if field.name not in self.KEPT]
        if stored and any(getattr(self, name) != getattr(stored, name) for name in fixed):
            raise ValidationError("汇报提交以后不再改动；有变化请再报一次")
        super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        raise ValidationError("汇报不删除；报错了请撤回并说明原因")

    @classmethod
    def last_number(cls, task: PlanTask, year: int, unit: MemberUnit) -> int:
        """How often the unit has reported, what was withdrawn included."""
        rows = cls.objects.filter(task=task, year=year, unit=unit)
        return rows.aggregate(last=models.Max("number"))["last"] or 0

    @classmethod
    @transaction.atomic
    def file(
        cls,
        *,
        actor: User,
        task: PlanTask,
        year: int,
        unit: MemberUnit,
        sessions: Iterable[TrainingSession] = (),
        **told: object,
    ) -> TaskReport:
        """Stores one report. Whether the actor may report for the unit is the caller's business (see `may_report_for`).
        Raises ValidationError when the year is closed."""
        task.hold_open(year)
        row = cls(task=task, year=year, unit=unit, entered_by=actor, **told)
        row.number = cls.last_number(task, year, unit) + 1
        row._history_user, row._change_reason = actor, "代录汇报" if row.on_behalf_source else "汇报进展"
        row.full_clean(exclude=["sessions", "token"], validate_unique=False, validate_constraints=False)
        row.save()
        row.sessions.set(sessions)
        return row

    @transaction.atomic
    def withdraw(self, *, actor: User, why: str) -> None:
        """It is kept with its reason and counts no more. Raises ValidationError."""
        self.task.hold_open(self.year)
        row = type(self).objects.select_for_update().get(pk=self.pk)
        if row.withdrawn_at:
            raise ValidationError(ALREADY_WITHDRAWN)
        row._mark(actor, why)
        row._change_reason = "撤回汇报"
        row.save()
        self.withdrawn_at = row.withdrawn_at

    @property
    def day_entered(self) -> datetime.date:
        return timezone.localdate(self.entered_at)


class ReportEvidence(models.Model):
    """A file or a link (kept as text, never fetched) that shows what a report says. Added, never exchanged; files are handed
    out by the report's own page alone."""

    report = models.ForeignKey(TaskReport, models.PROTECT, verbose_name="汇报", related_name="evidence")
    attachment = models.OneToOneField(
        Attachment, models.PROTECT, null=True, blank=True, verbose_name="文件", related_name="report_evidence"
    )
    link = models.CharField("链接", max_length=500, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, verbose_name="添加人", related_name="+"
    )
    added_at = models.DateTimeField("添加时间", auto_now_add=True)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(via="report")

    class Meta:
        verbose_name = verbose_name_plural = "汇报佐证"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(attachment__isnull=False, link="") | (Q(attachment=None) & ~Q(link="")),
                name="report_evidence_is_file_or_link",
            ),
        ]

    def __str__(self) -> str:
        return self.link or str(self.attachment)

    @classmethod
    def add(
        cls, report: TaskReport, *, actor: User, files: Iterable[uploads.Prepared] = (), link: str = ""
    ) -> list[ReportEvidence]:
        """Stores files that are ready, and a link that was checked, inside `uploads.atomic()`; a file that the report holds
        already is passed over. Raises ValidationError when the year is closed or the report withdrawn."""
        report.task.hold_open(report.year)
        if TaskReport.objects.select_for_update().get(pk=report.pk).withdrawn_at:
            raise ValidationError(ALREADY_WITHDRAWN)
        held = list(report.evidence.values_list("attachment__sha256_original", "link"))
        digests, links = {digest for digest, _ in held}, {address for _, address in held}
        rows = []
        for prepared in files:
            if prepared.sha256_original in digests:
                continue
            if len(held) + len(rows) >= MOST_FILES:
                raise ValidationError(f"一份汇报最多放 {MOST_FILES} 份材料，请挑有代表性的，或另报一次")
            digests.add(prepared.sha256_original)
            stored = uploads.attach(prepared, report.unit.division, actor, guarded=True)
            rows.append(cls(report=report, attachment=stored, added_by=actor))
        if link and link not in links:
            rows.append(cls(report=report, link=link, added_by=actor))
        for row in rows:
            row._history_user = actor
            row.save()
        return rows
