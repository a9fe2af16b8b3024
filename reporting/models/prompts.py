"""催报 and 补报: what the office asks of a unit, and what a unit asks of the office once reporting has closed (三(六)
社区教育统计和报告制度)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks import audit
from networks.access import (
    Action,
    Scope,
    ScopedQuerySet,
    Subject,
    barred_from_deciding_late,
    can,
    units_to_report_for,
)
from networks.models import MemberUnit, UnitSuccession
from networks.wording import Published
from trainings.models import TrainingSession

from .materials import Material
from .year import AssessmentYear

if TYPE_CHECKING:
    from django.http import HttpRequest

    from networks.models import User

LONGEST_TEXT = 1000  # characters of a prompt: it is read on a telephone


# --- 催报 ----------------------------------------------------------------------------------------------


class PromptQuerySet(ScopedQuerySet):
    def answered(self) -> PromptQuerySet:
        """With `acted`: whether the unit has submitted a session or handed in a paper since."""
        since = OuterRef("sent_at")
        sessions = TrainingSession.objects.filter(organiser=OuterRef("unit"), submitted_at__gt=since)
        papers = Material.objects.filter(unit=OuterRef("unit"), kind__year=OuterRef("year"), handed_in_at__gt=since)
        return self.annotate(acted=Exists(sessions) | Exists(papers))

    def waiting(self) -> PromptQuerySet:
        """What still lies on a unit's desk: neither read nor acted on nor taken back, of a year that is open."""
        open_ones = self.filter(read_at=None, withdrawn_at=None, year__status=AssessmentYear.Status.OPEN)
        return open_ones.answered().filter(acted=False)


class Prompt(Published):
    """催报: what the office sent to one unit. That it was read is the unit's fact; who pressed the button stands in the log
    alone, for nobody's signing in is counted or compared."""

    PUBLIC_TEXTS = ("text",)

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="prompts")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="单位", related_name="prompts")
    round = models.PositiveSmallIntegerField("第几次")
    text = models.TextField("催报内容", max_length=LONGEST_TEXT)
    own = models.TextField("本单位情况", max_length=LONGEST_TEXT, blank=True)
    answer_by = models.DateField("办理期限", null=True, blank=True)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="发送人", related_name="+")
    sent_at = models.DateTimeField("发送时间", default=timezone.now, editable=False)
    read_at = models.DateTimeField("已读时间", null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True, editable=False)

    objects = PromptQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="unit__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "催报"
        ordering = ["year", "-round", "unit"]
        constraints = [
            models.UniqueConstraint(fields=["year", "round", "unit"], name="prompt_once_a_round_and_unit"),
            models.CheckConstraint(condition=~Q(text=""), name="prompt_has_text"),
            models.CheckConstraint(condition=Q(round__gte=1), name="prompt_round_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.year}第 {self.round} 次催报 {self.unit}"

    @classmethod
    def send(
        cls,
        *,
        year: AssessmentYear,
        units: Iterable[tuple[MemberUnit, str]],
        text: str,
        answer_by: datetime.date | None,
        actor: User,
        request: HttpRequest | None = None,
    ) -> list[Prompt]:
        """One more round, to each of the units with what concerns it alone. Raises PermissionDenied, ValidationError."""
        if not can(actor, Action.PROMPT):
            raise PermissionDenied("催报由领导小组办公室的工作人员发送")
        with transaction.atomic():
            held = AssessmentYear.objects.select_for_update().get(pk=year.pk)
            if held.locked:
                raise ValidationError(f"{held}已锁定定案，不再催报")
            last = cls.objects.filter(year=held).aggregate(last=Max("round"))["last"] or 0
            rows = [
                cls(year=held, unit=unit, round=last + 1, text=text, own=own, answer_by=answer_by, sent_by=actor)
                for unit, own in units
            ]
            if not rows:
                raise ValidationError("请至少选择一个单位")
            if any(row.unit.county_id != held.county_id for row in rows):
                raise PermissionDenied("只能催报本县的单位")
            rows[0].clean()
            for row in rows:
                row.save(force_insert=True)
            audit.record(
                "发送催报",
                actor=actor,
                subject=rows[0],
                request=request,
                year=held.year,
                round=last + 1,
                units=len(rows),
            )
        return rows

    def acknowledge(self, *, actor: User, request: HttpRequest | None = None) -> None:
        """知道了, said by whoever reports for the unit. Saying so twice changes nothing."""
        with transaction.atomic():
            row = type(self).objects.select_for_update(of=("self",)).select_related("unit").get(pk=self.pk)
            if row.unit_id not in actor.own_unit_ids or not can(actor, Action.KEEP_OWN):
                raise PermissionDenied("催报由收到它的单位确认已读")
            if row.read_at is None and row.withdrawn_at is None:
                row.read_at = timezone.now()
                row.save(update_fields=["read_at"])
                audit.record("已读催报", actor=actor, subject=row, request=request, unit=row.unit.code, round=row.round)
        self.read_at = row.read_at

    @classmethod
    def withdraw_round(
        cls, *, year: AssessmentYear, round: int, actor: User, request: HttpRequest | None = None
    ) -> int:
        """Takes a whole round off the desks; it stays on record. Returns from how many units."""
        if not can(actor, Action.PROMPT):
            raise PermissionDenied("催报由领导小组办公室的工作人员撤回")
        with transaction.atomic():
            held = cls.objects.visible_to(actor).filter(year=year, round=round).select_for_update(of=("self",))
            rows = [row for row in held if row.withdrawn_at is None]
            for row in rows:
                row.withdrawn_at = timezone.now()
                row.save(update_fields=["withdrawn_at"])
            if rows:
                audit.record(
                    "撤回催报",
                    actor=actor,
                    subject=rows[0],
                    request=request,
                    year=year.year,
                    round=round,
                    units=len(rows),
                )
        return len(rows)


# --- 补报 ----------------------------------------------------------------------------------------------


class LateEntry(Published):
    """补报: a unit asks, with its reason, to submit sessions of a year whose reporting has closed; the office allows it until
    a day or declines."""

    class State(models.TextChoices):
        ASKED = "asked", "待审批"
        APPROVED = "approved", "已同意"
        DECLINED = "declined", "不同意"
        WITHDRAWN = "withdrawn", "已撤回"

    PUBLIC_TEXTS = ("reason", "note")

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="late_entries")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="单位", related_name="late_entries")
    reason = models.CharField("补报理由", max_length=300, help_text="哪几场、为什么没有按时报；不写姓名和电话")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED, editable=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="申请人", related_name="+")
    asked_at = models.DateTimeField("申请时间", auto_now_add=True)
    until = models.DateField("可补报到", null=True, blank=True)
    note = models.CharField("审批意见", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="审批人", related_name="+"
    )
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="unit__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "补报申请"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "approved", "declined", "withdrawn"]), name="late_entry_state_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="late_entry_has_reason"),
            models.UniqueConstraint(
                fields=["year", "unit"], condition=Q(state="asked"), name="one_open_late_entry_per_unit_and_year"
            ),
            models.CheckConstraint(
                condition=Q(state="approved", until__isnull=False) | (~Q(state="approved") & Q(until=None)),
                name="late_entry_approved_until_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "declined"])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="late_entry_decided_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(note=""), name="late_entry_declined_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.year}补报"

    @classmethod
    def ask(cls, *, year: AssessmentYear, unit: MemberUnit, reason: str, actor: User) -> LateEntry:
        """The request, in words of the unit or, by telephone, of the office on its behalf. Raises PermissionDenied and
        ValidationError with what to do instead."""
        if not units_to_report_for(actor).filter(pk=unit.pk).exists():
            raise PermissionDenied("补报由本单位的工作人员申请")
        with transaction.atomic():
            held = AssessmentYear.objects.select_for_update().get(pk=year.pk)
            if wrong := cls.barred_from_asking(held):
                raise ValidationError(wrong)
            if cls.objects.filter(year=held, unit=unit, state=cls.State.ASKED).exists():
                raise ValidationError("本单位的补报申请正在等办公室审批，不用再申请")
            row = cls(year=held, unit=unit, reason=reason.strip(), asked_by=actor)
            row.clean()
            row._history_user, row._change_reason = actor, "申请补报"
            row.save()
        return row

    @classmethod
    def barred_from_asking(cls, year: AssessmentYear, today: datetime.date | None = None) -> str:
        """Why nobody can ask for 补报 of this year today, or ''."""
        today = today or timezone.localdate()
        if year.locked:
            return f"{year}已锁定定案，不能再补报"
        if year.reporting_until is None or today <= year.reporting_until:
            return f"{year}的填报还没有截止，直接提交就可以，不用申请补报"
        if year.late_until and today > year.late_until:
            return f"{year}的补报也已截止（{year.late_until.month}月{year.late_until.day}日），请与办公室联系"
        return ""

    def past_consent(self, today: datetime.date | None = None) -> str:
        """Why it is too late to allow this request, whatever the day; it can still be declined. '' where it can be allowed."""
        if self.year.locked:
            return f"{self.year}已锁定定案，不能再同意补报；请选择不同意，写明理由"
        if self.year.late_until and (today or timezone.localdate()) > self.year.late_until:
            last = self.year.late_until
            return (
                f"本年度的补报已于{last.year}年{last.month}月{last.day}日截止，不能再同意；"
                "确需同意的，先在考核年度里把补报截止日期改晚"
            )
        return ""

    def approve(self, *, actor: User, until: datetime.date, note: str = "", seen_version: int | None = None) -> None:
        """待审批 → 已同意, through the day `until`."""
        self._decide(self.State.APPROVED, actor, seen_version, until=until, note=note.strip())

    def _refuse_beyond(self, until: datetime.date) -> None:
        today, last = timezone.localdate(), self.year.late_until
        if wrong := self.past_consent(today):
            raise ValidationError(wrong)
        if until < today:
            raise ValidationError("可补报到的日期应是今天或以后")
        if last and until > last:
            raise ValidationError(f"本年度补报最迟到{last.year}年{last.month}月{last.day}日，请选择不晚于这一天的日期")

    def decline(self, *, actor: User, note: str, seen_version: int | None = None) -> None:
        """待审批 → 不同意, with the reason."""
        if not note.strip():
            raise ValidationError("不同意的，请写明理由")
        self._decide(self.State.DECLINED, actor, seen_version, note=note.strip())

    def withdraw(self, *, actor: User) -> None:
        """待审批 → 已撤回, by whoever asks for the unit."""
        self._decide(self.State.WITHDRAWN, actor, None)

    def _decide(self, state: str, actor: User, seen_version: int | None, **changes) -> None:
        """The only place that assigns `state` after the request. Raises PermissionDenied, ValidationError."""
        with transaction.atomic():
            rows = type(self).objects.select_for_update(of=("self",))
            row = rows.select_related("year", "unit", "asked_by").get(pk=self.pk)
            if state == self.State.WITHDRAWN:
                if not units_to_report_for(actor).filter(pk=row.unit_id).exists():
                    raise PermissionDenied("补报申请由提出的单位撤回")
            elif row.unit.county_id != actor.county_code or (barred := barred_from_deciding_late(actor, row.asked_by)):
                raise PermissionDenied(barred if row.unit.county_id == actor.county_code else "这个单位不属于本县")
            else:
                changes |= {"decided_by": actor, "decided_at": timezone.now()}
            if row.state != self.State.ASKED:
                raise ValidationError(f"这份申请现在是“{row.get_state_display()}”，不能再办理")
            if seen_version is not None and row.version != seen_version:
                raise ValidationError("这份申请在您打开之后已被别人修改，请看过再办理")
            if state == self.State.APPROVED:  # what was never answered can be put away also of a settled year
                row.year = AssessmentYear.objects.select_for_update().get(pk=row.year_id)
                row._refuse_beyond(changes["until"])
            for name, value in changes.items():
                setattr(row, name, value)
            row.state, row.version = state, row.version + 1
            row.clean()
            row._history_user, row._change_reason = actor, row.get_state_display()
            row.save()
        self.__dict__.update({k: v for k, v in row.__dict__.items() if k not in {"_history_user", "_change_reason"}})


def late_entry_of(year: AssessmentYear) -> dict[int, datetime.date]:
    """{unit id: last day} of what was approved, also for the units that the unit has taken over from. Two queries."""
    allowed = LateEntry.objects.filter(year=year, state=LateEntry.State.APPROVED)
    last = dict(allowed.order_by().values_list("unit").annotate(last=Max("until")))
    if not last:
        return {}
    lineage = UnitSuccession.objects.of_county(year.county_id).lineage()
    found: dict[int, datetime.date] = {}
    for unit, day in last.items():
        for part in lineage.answering_for(unit, timezone.localdate()):
            found[part] = max(day, found.get(part, day))
    return found
