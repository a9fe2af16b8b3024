"""报送材料: the papers that the office collects from the units year by year, and what has become of each."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks import uploads
from networks.access import (
    Action,
    Scope,
    ScopedQuerySet,
    Subject,
    barred_from_receiving,
    can,
    units_to_report_for,
)
from networks.models import Attachment, MemberUnit, UnitSuccession
from networks.wording import Published

from .year import AssessmentYear

if TYPE_CHECKING:
    from networks.models import User


class AskedOf(models.TextChoices):
    ALL = "all", "全部单位"
    TOWNSHIPS = "townships", "各乡镇人民政府"
    DEPARTMENTS = "departments", "县直部门"
    CHOSEN = "chosen", "指定的单位"


# What the founding document speaks of, to begin a county's list with: name, clause, of whom, note, codes of chosen units.
FIRST_LIST = [
    (
        "成立领导小组的通知",
        "三(一)",
        AskedOf.TOWNSHIPS,
        "乡（镇）成立社区教育发展工作领导小组的文件；以前报过、没有变动的，可以免报",
        (),
    ),
    ("年度工作计划", "三(二)", AskedOf.ALL, "把社区教育列入本单位年度工作计划的文件", ()),
    ("实施和管理制度", "三(二)", AskedOf.ALL, "本单位社区教育的实施、管理制度；以前报过、没有变动的，可以免报", ()),
    (
        "实验区、示范区自评材料",
        "二(一)3",
        AskedOf.CHOSEN,
        "按体系构建、资源共享、投入机制、队伍建设、信息化应用自评",
        ("450124100",),
    ),
    ("年度工作总结", "三(六)", AskedOf.ALL, "全年开展情况、做法、存在问题和下一年打算", ()),
    ("典型案例", "三(七)", AskedOf.ALL, "一个先进典型或做法；写到个人的须经本人同意", ()),
]


class MaterialKindQuerySet(ScopedQuerySet):
    def begin(self, year: AssessmentYear, actor: User) -> list[MaterialKind]:
        """The year's list to begin with: last year's, or where there was none the papers of which the founding document
        speaks; what has the same name already is left out. Raises ValidationError in a locked year."""
        with transaction.atomic():
            held = AssessmentYear.objects.select_for_update().get(pk=year.pk)
            held.refuse_when_locked()
            known = set(self.filter(year=held).values_list("name", flat=True))
            before = self.filter(year__county=held.county_id, year__year=held.year - 1, is_asked=True)
            listed = self._of_last_year(held, before) or self._of_the_document(held)
            made = [(kind, units) for kind, units in listed if kind.name not in known]
            for kind, units in made:
                kind._history_user, kind._change_reason = actor, "列入报送材料"
                kind.save()
                kind.units.set(units)
        return [kind for kind, _ in made]

    def _of_last_year(self, year: AssessmentYear, before) -> list[tuple[MaterialKind, list[MemberUnit]]]:
        day = max(timezone.localdate(), year.first_day)

        def standing(unit: MemberUnit) -> MemberUnit:
            return UnitSuccession.objects.standing_on(unit, day)

        return [
            (
                MaterialKind(
                    year=year,
                    name=row.name,
                    clause=row.clause,
                    note=row.note,
                    asked_of=row.asked_of,
                    position=row.position,
                ),
                [unit for unit in map(standing, row.units.all()) if unit.exists_on(day)],
            )
            for row in before.prefetch_related("units")
        ]

    def _of_the_document(self, year: AssessmentYear) -> list[tuple[MaterialKind, list[MemberUnit]]]:
        units = {unit.code: unit for unit in MemberUnit.objects.filter(county=year.county_id)}
        return [
            (
                MaterialKind(year=year, name=name, clause=clause, note=note, asked_of=asked_of, position=number),
                [units[code] for code in codes if code in units],
            )
            for number, (name, clause, asked_of, note, codes) in enumerate(FIRST_LIST, start=1)
            if asked_of != AskedOf.CHOSEN or any(code in units for code in codes)
        ]


class MaterialKind(Published):
    """What is collected in one year: which paper, of whom, by when."""

    PUBLIC_TEXTS = ("name", "note")

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="material_kinds")
    name = models.CharField("材料名称", max_length=40)
    clause = models.CharField("依据（条款）", max_length=20, blank=True, help_text="如三(二)；文件没有规定的可以不填")
    note = models.CharField("要求", max_length=200, blank=True, help_text="写什么、盖谁的章、要不要电子版")
    asked_of = models.CharField("谁要报", max_length=12, choices=AskedOf.choices, default=AskedOf.ALL)
    units = models.ManyToManyField(MemberUnit, verbose_name="指定的单位", blank=True, related_name="+")
    due_on = models.DateField("报送期限", null=True, blank=True, help_text="不填则按年度的材料报送截止日期")
    position = models.PositiveSmallIntegerField("排序", default=99)
    is_asked = models.BooleanField("还要收", default=True, help_text="不再收的去掉勾；已经交来的保留")
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords(m2m_fields=[units])
    objects = MaterialKindQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="year__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "报送材料种类"
        ordering = ["year", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["year", "name"], name="material_kind_once_a_year"),
            models.CheckConstraint(condition=~Q(name=""), name="material_kind_has_name"),
            models.CheckConstraint(
                condition=Q(asked_of__in=["all", "townships", "departments", "chosen"]),
                name="material_kind_asked_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def due(self) -> datetime.date | None:
        """By when, this paper's own day or the year's. Needs `year`."""
        return self.due_on or self.year.materials_until


class Step(NamedTuple):
    label: str
    sources: frozenset[str]
    target: str


class Material(Published):
    """One unit's paper of one kind. There is a row once something has happened to it; without one it is 未交. Handing in
    does not end with the year's locking: the figures do not hang on it."""

    class State(models.TextChoices):
        OPEN = "open", "未交"
        HANDED_IN = "handed_in", "已交，待收"
        RECEIVED = "received", "已收"
        RETURNED = "returned", "退回"
        EXEMPT = "exempt", "免报"

    STEPS = {
        "hand_in": Step("上传", frozenset({State.OPEN, State.HANDED_IN, State.RETURNED}), State.HANDED_IN),
        "receive": Step("确认收到", frozenset({State.HANDED_IN}), State.RECEIVED),
        "receive_on_paper": Step("登记收到纸质件", frozenset({State.OPEN, State.RETURNED}), State.RECEIVED),
        "send_back": Step("退回", frozenset({State.HANDED_IN, State.RECEIVED}), State.RETURNED),
        "exempt": Step("同意免报", frozenset({State.OPEN, State.RETURNED, State.HANDED_IN}), State.EXEMPT),
        "ask_again": Step("仍要报送", frozenset({State.EXEMPT}), State.OPEN),
    }
    PUBLIC_TEXTS = ("note",)

    kind = models.ForeignKey(MaterialKind, models.PROTECT, verbose_name="材料", related_name="materials")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="单位", related_name="materials")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN, editable=False)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, verbose_name="文件", related_name="+", editable=False
    )
    handed_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="上传人", related_name="+", editable=False
    )
    handed_in_at = models.DateTimeField("交来时间", null=True, editable=False)
    first_at = models.DateTimeField("最初交来时间", null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="办理人", related_name="+", editable=False
    )
    decided_at = models.DateTimeField("办理时间", null=True, editable=False)
    note = models.CharField("办理说明", max_length=200, blank=True, editable=False)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="unit__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "报送材料"
        ordering = ["kind", "unit"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "unit"], name="material_once_per_kind_and_unit"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "handed_in", "received", "returned", "exempt"]),
                name="material_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="handed_in")
                | Q(attachment__isnull=False, handed_in_by__isnull=False, handed_in_at__isnull=False),
                name="material_handed_in_with_file",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["received", "returned", "exempt"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="material_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["returned", "exempt"]) | ~Q(note=""), name="material_returned_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="received") | Q(handed_in_by=None) | ~Q(decided_by=F("handed_in_by")),
                name="material_received_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.kind}"

    @property
    def handed_in_late(self) -> bool:
        """Whether it first came after its day. Needs `kind__year`."""
        due = self.kind.due
        return bool(due and self.first_at and timezone.localdate(self.first_at) > due)

    # --- verbs: the one writer of the state ----------------------------------------------------------

    def hand_in(self, *, actor: User, file: uploads.Prepared, seen_version: int | None = None) -> None:
        """未交, 退回 or 待收 → 待收 with this file, which takes the place of one before. Call it inside `uploads.atomic()`."""
        if not units_to_report_for(actor).filter(pk=self.unit_id).exists():
            raise PermissionDenied("报送材料由本单位的工作人员上传")
        before = Attachment.objects.filter(pk=self.attachment_id).first()
        stored = uploads.attach(file, self.unit.division, actor, guarded=True)
        now = timezone.now()
        told = {"attachment": stored, "handed_in_by": actor, "handed_in_at": now, "first_at": self.first_at or now}
        self._move("hand_in", actor, seen_version, note="", **told)
        if before:
            uploads.detach(before)

    def receive(self, *, actor: User, seen_version: int | None = None) -> None:
        """待收 → 已收."""
        if barred := barred_from_receiving(actor, self.handed_in_by):
            raise PermissionDenied(barred)
        self._decide("receive", actor, "", seen_version)

    def receive_on_paper(self, *, actor: User, seen_version: int | None = None) -> None:
        """未交 or 退回 → 已收, without a file: the sealed paper lies in the office."""
        now = timezone.now()
        told = {"handed_in_by": None, "handed_in_at": now, "first_at": self.first_at or now}
        self._decide("receive_on_paper", actor, "收到纸质件", seen_version, **told)

    def send_back(self, *, actor: User, note: str, seen_version: int | None = None) -> None:
        """待收 or 已收 → 退回, with the reason."""
        if not note.strip():
            raise ValidationError("退回的，请写明原因，单位才知道怎么改")
        self._decide("send_back", actor, note, seen_version)

    def exempt(self, *, actor: User, note: str, seen_version: int | None = None) -> None:
        """→ 免报, with the reason."""
        if not note.strip():
            raise ValidationError("免报的，请写明理由")
        self._decide("exempt", actor, note, seen_version)

    def ask_again(self, *, actor: User, seen_version: int | None = None) -> None:
        """免报 → 未交."""
        self._decide("ask_again", actor, "", seen_version)

    def _decide(self, verb: str, actor: User, note: str, seen_version: int | None, **changes) -> None:
        if not can(actor, Action.PROMPT) or self.unit.county_id != actor.county_code:
            raise PermissionDenied("报送材料由本县领导小组办公室的工作人员收取")
        self._move(verb, actor, seen_version, note=note.strip(), decided_by=actor, decided_at=timezone.now(), **changes)

    def _move(self, verb: str, actor: User, seen_version: int | None, **changes) -> None:
        """The only place that assigns `state`: the row locked, state and version checked on what the database holds. Raises
        ValidationError."""
        step = self.STEPS[verb]
        with transaction.atomic():
            row = type(self).objects.select_for_update().get(pk=self.pk) if self.pk else self
            if row.state not in step.sources:
                raise ValidationError(f"这份材料现在是“{row.get_state_display()}”，不能{step.label}")
            if seen_version is not None and row.version != seen_version:
                raise ValidationError("这份材料在您打开之后已被别人修改，请看过再办理")
            for name, value in changes.items():
                setattr(row, name, value)
            row.state, row.version = step.target, row.version + 1
            row.clean()
            row._history_user = actor
            row._change_reason = "：".join(filter(None, [step.label, changes.get("note", "")]))[:100]
            row.save()
        self.__dict__.update({k: v for k, v in row.__dict__.items() if k not in {"_history_user", "_change_reason"}})
