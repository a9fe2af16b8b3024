"""培训场次: one session, and the verbs through which alone its state changes. What the database itself holds it to stands in
session_constraints.py."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks.access import (
    Scope,
    Subject,
    barred_from_reviewing,
    barred_from_verifying,
)
from networks.models import (
    Division,
    DivisionSuccession,
    Institution,
    LearningGroup,
    MemberUnit,
    UnitSuccession,
    User,
)

from .. import years
from .entry import EntryVerbs
from .ledger import LedgerVerbs
from .planning import PlanVerbs
from .rosters import RosterVerbs
from .session_constraints import CONSTRAINTS, INDEXES, MOST_ATTENDANCES
from .session_rows import KEPT, TrainingSessionQuerySet
from .verbs import MOVES, Conflict, Missing, Refused, ReturnReason, Status
from .vocabulary import DeliveryForm, Language, Programme, Project, Theme

LESSON_MINUTES = 45  # one 学时
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: numbers are read out over the telephone


def new_number() -> str:
    """场次编号: random, so that it means the same session in every copy of the ledger and tells nothing about others."""
    return "CC" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


def retired_place_sentence(place: Division, day: datetime.date) -> str:
    """What to choose instead of a place that no longer existed on that day."""
    code = DivisionSuccession.objects.of_county(place.county_code).lineage().standing_on(place.pk, day)
    now = Division.objects.get(pk=code) if code != place.pk else None
    gone = place.retired_on
    instead = f"，请选择{now}" if now else "，请选择现在的村、社区或乡镇"
    return f"{place}已于{gone.year}年{gone.month}月{gone.day}日撤并{instead}"


class TrainingSession(EntryVerbs, PlanVerbs, LedgerVerbs, RosterVerbs, models.Model):
    """One 场. `reported`, `rostered` and `verified` attendances are three ledgers that are never mixed; only the
    verified figure counts towards the quota (依据 三(六))."""

    class PartOfDay(models.TextChoices):
        MORNING = "morning", "上午"
        AFTERNOON = "afternoon", "下午"
        EVENING = "evening", "晚上"

    class Source(models.TextChoices):
        WECHAT = "wechat", "微信"
        PAPER = "paper", "纸质"
        PHONE = "phone", "电话"
        LEDGER = "ledger", "台账"

    # A session's owner's business alone; everybody else in scope sees it from "submitted" on.
    PRIVATE = (Status.PLANNED, Status.DRAFT, Status.CANCELLED, Status.VOID)

    number = models.CharField("场次编号", max_length=20, unique=True, default=new_number, editable=False)
    title = models.CharField("培训名称", max_length=100)
    organiser = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="责任单位", related_name="sessions")
    organiser_written = models.CharField("主办单位（原文）", max_length=100, blank=True)
    host = models.ForeignKey(
        Institution,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="承办学校（教学点）",
        related_name="sessions",
    )
    # 二(一)2: a group's sessions show its activity. The index below serves instead of one on the group alone.
    learning_group = models.ForeignKey(
        LearningGroup,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name="学习团队（小组）",
        related_name="sessions",
    )
    course = models.ForeignKey(
        "trainings.Course", models.PROTECT, null=True, blank=True, verbose_name="课程", related_name="sessions"
    )
    training_class = models.ForeignKey(
        "trainings.TrainingClass",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="期（班）",
        related_name="sessions",
    )
    place = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="举办地", related_name="sessions"
    )
    outside_county = models.BooleanField("县外举办", default=False)
    venue = models.CharField("培训地点", max_length=100, blank=True)
    held_on = models.DateField("培训日期", null=True, blank=True)
    ends_on = models.DateField("结束日期", null=True, blank=True, help_text="连续几天的培训班填最后一天")
    days = models.PositiveSmallIntegerField("天数", default=1, editable=False)
    start_time = models.TimeField("开始时间", null=True, blank=True)
    end_time = models.TimeField("结束时间", null=True, blank=True)
    part_of_day = models.CharField("时段", max_length=10, choices=PartOfDay.choices, blank=True)
    minutes = models.PositiveIntegerField("时长（分钟）", null=True, blank=True)
    theme = models.ForeignKey(Theme, models.PROTECT, null=True, blank=True, verbose_name="主题类别")
    programme = models.ForeignKey(Programme, models.PROTECT, null=True, blank=True, verbose_name="专项计划")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, verbose_name="项目")
    form = models.ForeignKey(DeliveryForm, models.PROTECT, null=True, blank=True, verbose_name="培训形式")
    language = models.ForeignKey(Language, models.PROTECT, null=True, blank=True, verbose_name="授课语言")
    # The counts and co-organisers as one text each, so that history and conflict pages show them; rows hang below.
    audience_text = models.CharField("培训对象", max_length=300, blank=True)
    co_organiser_text = models.CharField("协办单位", max_length=300, blank=True)
    instructors = models.CharField("授课教师", max_length=100, blank=True)
    remarks = models.TextField("备注", blank=True, max_length=1000)
    planned_attendance = models.PositiveIntegerField("计划人数", null=True, blank=True)
    reported_attendance = models.PositiveIntegerField("填报人次", null=True, blank=True)
    rostered_attendance = models.PositiveIntegerField("签到人次", null=True, blank=True, editable=False)
    roster_purged_on = models.DateField("名册删除日期", null=True, blank=True, editable=False)
    verified_attendance = models.PositiveIntegerField("核定人次", null=True, blank=True, editable=False)
    verified_reason = models.CharField("核定说明", max_length=200, blank=True, editable=False)

    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False)
    version = models.PositiveIntegerField("版本", default=0, editable=False)
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+")
    on_behalf_source = models.CharField("代录来源", max_length=10, choices=Source.choices, blank=True)
    unit_confirmed_at = models.DateTimeField("单位确认代录时间", null=True, blank=True, editable=False)
    revised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="修改人",
        related_name="+",
        editable=False,
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="提交人",
        related_name="+",
        editable=False,
    )
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="核定人",
        related_name="+",
        editable=False,
    )
    verified_at = models.DateTimeField("核定时间", null=True, blank=True, editable=False)
    return_reason = models.CharField(
        "退回原因", max_length=12, choices=ReturnReason.choices, blank=True, editable=False
    )
    return_note = models.CharField("退回说明", max_length=300, blank=True, editable=False)
    returned_at = models.DateTimeField("退回时间", null=True, blank=True, editable=False)
    is_historical = models.BooleanField("历史台账", default=False, editable=False)
    batch = models.ForeignKey(
        "trainings.ImportBatch",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="导入批次",
        related_name="sessions",
        editable=False,
    )

    history = HistoricalRecords()
    objects = TrainingSessionQuerySet.as_manager()
    scope = Scope(
        Subject.RECORD,
        county="organiser__county_id",
        unit="organiser_id",
        place="place_id",
        shared="co_organisers__unit_id",
        stage="status",
        private=PRIVATE,
        author_role="entered_by__role",
    )

    class Meta:
        verbose_name = verbose_name_plural = "培训场次"
        ordering = ["-held_on", "-pk"]
        indexes = INDEXES
        constraints = CONSTRAINTS

    def __str__(self) -> str:
        return self.title or "未命名场次"

    # --- questions ---------------------------------------------------------------------------------

    @property
    def place_name(self) -> str:
        """白山镇/新汉村, 白山镇, 马山县, 县外, or '' while unknown. Needs `place__parent`."""
        if self.outside_county:
            return "县外"
        return self.place.path if self.place else ""

    @property
    def when_name(self) -> str:
        """2026年3月5日至7日 上午 9:00—11:30（150分钟）, without what is unknown."""
        if not self.held_on:
            return ""
        first, last = self.held_on, self.ends_on
        days = f"{first.year}年{first.month}月{first.day}日"
        if last and last != first:
            month = f"{last.month}月" if (last.year, last.month) != (first.year, first.month) else ""
            days += f"至{f'{last.year}年' if last.year != first.year else ''}{month}{last.day}日"
        clock = "—".join(f"{t:%H:%M}" for t in (self.start_time, self.end_time) if t)
        length = f"（{self.minutes}分钟）" if self.minutes else ""
        return " ".join(filter(None, [days, self.get_part_of_day_display(), clock])) + length

    @property
    def organiser_name(self) -> str:
        """The organiser as written, with the credited unit when that is another body; just the unit under its own names."""
        if self.organiser_written and self.organiser_written not in self.organiser.all_names:
            return f"{self.organiser_written}（归口：{self.organiser.short_name}）"
        return self.organiser.name

    @property
    def return_sentence(self) -> str:
        return "：".join(filter(None, [self.get_return_reason_display(), self.return_note]))

    def sensitivity(self) -> int:
        """The highest sensitivity of its audiences: 0, 1 (minors) or 2 (headcount only)."""
        levels = self.audience_counts.values_list("audience__sensitivity", flat=True) if self.pk else []
        return max(levels, default=0)

    def is_over(self, now: datetime.datetime | None = None) -> bool:
        """Whether its last day, or on that day its last known time, has passed (Asia/Shanghai)."""
        now = timezone.localtime(now)
        last = self.ends_on or self.held_on
        if last is None or last != now.date():
            return last is not None and last < now.date()
        return (self.end_time or self.start_time or datetime.time.min) <= now.time()

    # The entry page puts the same sentences beside its buttons.
    NEEDED = (
        Missing("title", "请填写培训名称"),
        Missing("held_on", "请填写培训日期"),
        Missing("place", "请选择举办地（或勾选县外举办）"),
        Missing("form", "请选择培训形式"),
        Missing("reported_attendance", "请填写实到人次"),
    )
    NOT_OVER = Missing("held_on", "培训还没有结束，结束以后才能提交")

    def missing_for_submission(
        self, now: datetime.datetime | None = None, rules_of: Callable[[str, int], years.YearRules] | None = None
    ) -> list[Missing]:
        """What stands between this session and its submission; the page shows these, `submit` enforces them. A page with
        many sessions hands in one `rules_of` that remembers its answers (`functools.cache(years.rules_of)`)."""
        filled = {
            "title": self.title.strip(),
            "held_on": self.held_on,
            "place": self.place_id or self.outside_county,
            "form": self.form_id,
            "reported_attendance": self.reported_attendance,
        }
        missing = [need for need in self.NEEDED if not filled[need.field]]
        if self.held_on and not self.is_over(now):
            missing.append(self.NOT_OVER)
        if late := self._too_late(timezone.localdate(now), rules_of or years.rules_of):
            missing.append(Missing(self.LATE, late))
        return missing

    LATE = "late"  # no field of the form: what is missing is the office's consent

    def _too_late(self, today: datetime.date, rules_of: Callable[[str, int], years.YearRules]) -> str:
        """Why its year is closed to its unit (补报), or ''. What was sent back had been submitted in time."""
        if not self.held_on or not self.organiser_id or self.status == Status.RETURNED:
            return ""
        return rules_of(self.organiser.county_id, self.held_on.year).late_for(self.organiser_id, today)

    # --- saving: the last gate on every road -------------------------------------------------------

    def save(self, **kwargs) -> None:
        """Saves and counts the version up. What it is held to is the row that the database holds, however this object came
        about: raises Conflict when the row has moved on since, Refused for a status that no verb has set, for any change
        in a locked year, and for a protected group's name in a text. So admin, shell and history revert are held to the
        rules of the pages."""
        with transaction.atomic():
            stored = self._rows_to_lock().filter(pk=self.pk).first() if self.pk else None
            if stored and stored.version != self.version:
                raise Conflict(stored)
            if not getattr(self, "_moving", False) and self.status not in (
                {stored.status} if stored else {Status.PLANNED, Status.DRAFT}
            ):
                raise Refused("状态只能通过提交、核定、退回等操作改变")
            if stored:  # counted by `count_roster` alone, perhaps since this object was loaded
                self.rostered_attendance, self.roster_purged_on = stored.rostered_attendance, stored.roster_purged_on
            self.tidy()
            self._credit_who_stood_then()
            if stored is None or (self.place_id, self.held_on) != (stored.place_id, stored.held_on):
                self._refuse_retired_place()
            if stored and stored.held_on and not self.held_on:
                self.refuse_losing_its_day()
            self.refuse_id_numbers(stored)
            if any(getattr(self, name) != getattr(stored, name, None) for name in self.PUBLIC_TEXTS):
                self.refuse_protected_names()
                self.refuse_numbers_residents_read()
            rows = [row for row in (stored, self) if row and row.held_on]  # the year it leaves and the year it comes to
            for row in {(row.organiser.county_id, row.held_on.year): row for row in rows}.values():
                row.refuse_locked_year()
            self.version += 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "version"}
            super().save(**kwargs)

    def delete(self, *args, **kwargs) -> None:
        raise Refused(KEPT)

    def tidy(self) -> None:
        """Derives what follows from the rest: days, and the length when both clock times of one day are known."""
        last = self.ends_on or self.held_on
        self.days = (last - self.held_on).days + 1 if self.held_on and last >= self.held_on else 1
        if self.minutes is None:
            self.minutes = self.clock_minutes

    def _credit_who_stood_then(self) -> None:
        """A unit that was renamed or merged by the session's day gives the credit to whoever stands for it. A change that
        lies ahead is not there yet: its plans stay where their officers see them."""
        unit, today = self.organiser, timezone.localdate()
        ahead = unit.retired_on is not None and unit.retired_on > today
        if self.held_on and not ahead and not unit.exists_on(self.held_on):
            self.organiser = UnitSuccession.objects.standing_on(unit, self.held_on)

    def _refuse_retired_place(self) -> None:
        """合村并居: nothing takes place where there is no such place any more. What was entered before stays."""
        place = self.place
        if self.held_on and place and place.retired_on and place.retired_on <= self.held_on:
            raise Refused(retired_place_sentence(place, self.held_on))

    @property
    def clock_minutes(self) -> int | None:
        """Minutes between the two clock times of a session of one day; None when that says nothing."""
        if not (self.start_time and self.end_time and self.days == 1):
            return None
        first, end = (t.hour * 60 + t.minute for t in (self.start_time, self.end_time))
        return end - first if end > first else None

    # --- verbs: the one writer of a session's state ------------------------------------------------

    def submit(self, *, actor: User) -> None:
        """草稿 or 退回修改 → 待审核; refuses with everything that is missing."""
        self._move("submit", actor=actor, submitted_by=actor, submitted_at=timezone.now())

    def withdraw(self, *, actor: User) -> None:
        """待审核 → 草稿, by the unit itself while nobody has decided."""
        self._move("withdraw", actor=actor, submitted_by=None, submitted_at=None)

    def verify(self, *, actor: User, attendance: int, reason: str = "", seen_version: int | None = None) -> None:
        """待审核 → 已核定 with the verified figure (heads); a figure other than the reported one needs a reason.
        With `seen_version`, raises Conflict when the row has changed since the reviewer opened it."""
        if not isinstance(attendance, int) or not 1 <= attendance <= MOST_ATTENDANCES:
            raise Refused(f"核定人次应是 1 到 {MOST_ATTENDANCES} 的整数")
        self._move(
            "verify",
            actor=actor,
            reason=reason,
            seen_version=seen_version,
            verified_attendance=attendance,
            verified_reason=reason.strip(),
            verified_by=actor,
            verified_at=timezone.now(),
        )

    def send_back(self, *, actor: User, reason: str, note: str = "", seen_version: int | None = None) -> None:
        """待审核 → 退回修改 with a reason of the list (`ReturnReason`) and a text, which 其他 requires."""
        self._return("send_back", actor, reason, note, seen_version)

    def revoke(self, *, actor: User, reason: str, note: str = "", seen_version: int | None = None) -> None:
        """已核定 → 退回修改: a verification is taken back, with reason."""
        self._return(
            "revoke",
            actor,
            reason,
            note,
            seen_version,
            verified_attendance=None,
            verified_reason="",
            verified_by=None,
            verified_at=None,
        )

    def void(self, *, actor: User, reason: str = "") -> None:
        """草稿 or 退回修改 → 作废: kept, shown to its unit alone, counted nowhere."""
        self._move("void", actor=actor, reason=reason)

    def _return(self, verb: str, actor: User, reason: str, note: str, seen_version: int | None, **changes) -> None:
        if reason not in ReturnReason.values:
            raise Refused("请选择退回原因")
        if reason == ReturnReason.OTHER and not note.strip():
            raise Refused("选择“其他”时，请用文字说明原因")
        sentence = "：".join(filter(None, [ReturnReason(reason).label, note.strip()]))
        self._move(
            verb,
            actor=actor,
            reason=sentence,
            seen_version=seen_version,
            return_reason=reason,
            return_note=note.strip(),
            returned_at=timezone.now(),
            **changes,
        )

    def _begin(self) -> None:
        """The first state of a session that is not stored yet: a draft, or a plan while its day lies ahead. Every later one
        is `_move`'s."""
        ahead = self.held_on and self.held_on > timezone.localdate()
        self.status = Status.PLANNED if ahead else Status.DRAFT

    def _move(self, verb: str, *, actor: User, reason: str = "", seen_version: int | None = None, **changes) -> None:
        """The only place that assigns `status` of a stored session; the bulk verbs in ledger.py do for whole ledgers. Locks the row,
        checks state, right, version, year and completeness on what the database holds now, saves with history. Raises
        Refused (reasons), PermissionDenied (right), Conflict."""
        move = MOVES[verb]
        with transaction.atomic():
            row = self.locked_row()
            row._check_right(verb, actor)
            if row.status not in move.sources:
                raise Refused(f"这一场次现在是“{row.get_status_display()}”，不能{move.label}")
            if seen_version is not None and row.version != seen_version:
                raise Conflict(row)
            row._check_rules(verb, changes)
            row._take_over_from_bureau(actor)
            for name, value in changes.items():
                setattr(row, name, value)
            row.status = move.target
            row._moving = True
            row._history_user = actor
            row._change_reason = "：".join(filter(None, [move.label, reason.strip()]))
            row.save()
            row._moving = False
        self._take_over(row)

    def _check_right(self, verb: str, actor: User) -> None:
        decisions = {
            "verify": barred_from_verifying,
            "send_back": barred_from_reviewing,
            "revoke": barred_from_reviewing,
        }
        if verb in decisions:
            barred = decisions[verb](actor, self)
            if barred:
                raise PermissionDenied(barred)
        elif not TrainingSession.objects.editable_by(actor).filter(pk=self.pk).exists():
            raise PermissionDenied("只有登记单位的工作人员可以这样做")

    def _check_rules(self, verb: str, changes: dict) -> None:
        if verb == "submit":
            missing = self.missing_for_submission()
            if missing:
                raise Refused(*(m.sentence for m in missing))
        if verb == "postpone":
            self._check_new_day(changes)
        if verb == "verify":
            if changes["verified_attendance"] != self.reported_attendance and not changes["verified_reason"]:
                raise Refused("核定人次与填报人次不同，请说明理由")
            if not self.form_id and not self.is_historical:
                raise Refused("没有培训形式的场次不能核定，请退回补充")
            rules = years.rules_of(self.organiser.county_id, self.held_on.year)
            if rules.evidence_required and not self.evidence.exists():
                raise Refused(f"{self.held_on.year}年度要求至少一种佐证材料，这一场次还没有")
