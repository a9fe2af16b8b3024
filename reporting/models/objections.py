"""复核申请: what a unit asks to be looked at again while a settled year is previewed, and what the office answered."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from networks import audit, uploads
from networks.access import (
    Scope,
    ScopedQuerySet,
    Subject,
    barred_from_answering_objection,
    barred_from_objecting,
    barred_from_taking_back_objection,
)
from networks.models import Attachment, MemberUnit, User
from trainings.models import Refused, TrainingSession

from .acts import LedgerAct
from .feedback import Kept
from .year import AssessmentYear


class Objection(Kept):
    """What was sent and what was answered are both kept, and neither changes afterwards."""

    class Status(models.TextChoices):
        SENT = "sent", "待答复"
        UPHELD = "upheld", "予以采纳"
        PARTLY = "partly", "部分采纳"
        DECLINED = "declined", "不予采纳"
        WITHDRAWN = "withdrawn", "已收回"

    ANSWERS = (Status.UPHELD, Status.PARTLY, Status.DECLINED)
    MOVES = frozenset({"status", "answered_by", "answered_at", "answer", "withdrawn_at"})
    MOST_FILES = 3

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="objections")
    number = models.PositiveSmallIntegerField("编号")
    act = models.ForeignKey(LedgerAct, models.PROTECT, verbose_name="针对的定案", related_name="objections")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="单位", related_name="objections")
    session = models.ForeignKey(
        TrainingSession, models.PROTECT, null=True, blank=True, verbose_name="场次", related_name="+"
    )
    about = models.CharField("对什么有异议", max_length=200)
    wanted = models.CharField("希望怎样更正", max_length=300)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.SENT, editable=False)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="提出人", related_name="+")
    filed_at = models.DateTimeField("提出时间", default=timezone.now)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="答复人", related_name="+"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answer = models.CharField("答复", max_length=500, blank=True)
    withdrawn_at = models.DateTimeField("收回时间", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="year__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "复核申请"
        ordering = ["year", "number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["sent", "upheld", "partly", "declined", "withdrawn"]),
                name="objection_status_known",
            ),
            models.UniqueConstraint(fields=["year", "number"], name="objection_number_once"),
            models.CheckConstraint(condition=~Q(about="") & ~Q(wanted=""), name="objection_says_what"),
            models.CheckConstraint(
                condition=(
                    Q(status__in=["upheld", "partly", "declined"], answered_by__isnull=False, answered_at__isnull=False)
                    & ~Q(answer="")
                )
                | Q(status__in=["sent", "withdrawn"], answered_by=None, answered_at=None, answer=""),
                name="objection_answered_why_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("filed_by")), name="objection_answered_by_another"
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | (~Q(status="withdrawn") & Q(withdrawn_at=None)),
                name="objection_withdrawn_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}复核申请第 {self.number} 号"

    @property
    def answered(self) -> bool:
        return self.status in self.ANSWERS

    @classmethod
    def file(
        cls,
        year: AssessmentYear,
        unit: MemberUnit,
        *,
        actor: User,
        about: str,
        wanted: str,
        session: TrainingSession | None = None,
        files: Iterable[uploads.Prepared] = (),
        request=None,
    ) -> Objection:
        """Inside `uploads.atomic()`. Raises PermissionDenied, and Refused outside the window."""
        year = year._held()
        barred = barred_from_objecting(actor, unit)
        if barred:
            raise PermissionDenied(barred)
        if not year.takes_objections:
            raise Refused(year.why_no_objections())
        if not about.strip() or not wanted.strip():
            raise Refused("请写明对什么有异议、希望怎样更正")
        act = year.standing_act()
        if act is None:
            raise Refused("这一年没有定案记录，不能提出复核申请")
        files = list(files)
        if len(files) > cls.MOST_FILES:
            raise Refused(f"佐证最多 {cls.MOST_FILES} 份，请先合并成一份再传")
        same = cls.objects.filter(act=act, unit=unit, session=session, about=about.strip(), wanted=wanted.strip())
        if same.exclude(status=cls.Status.WITHDRAWN).exists():
            raise Refused("同样的复核申请已经提出，不用再提")
        last = cls.objects.filter(year=year).aggregate(last=Max("number"))["last"] or 0
        row = cls.objects.create(
            year=year,
            number=last + 1,
            act=act,
            unit=unit,
            session=session,
            about=about.strip(),
            wanted=wanted.strip(),
            filed_by=actor,
            filed_at=timezone.now(),
        )
        for prepared in files:
            attached = uploads.attach(prepared, unit.division, actor, guarded=True)
            ObjectionFile.objects.create(objection=row, file=attached)
        row._record("提出复核申请", actor, request, files=len(files))
        return row

    def withdraw(self, actor: User, request=None) -> None:
        """By the unit, while nobody has answered."""
        with transaction.atomic():
            row = self._held()
            barred = barred_from_taking_back_objection(actor, row)
            if barred:
                raise PermissionDenied(barred)
            row._move(status=row.Status.WITHDRAWN, withdrawn_at=timezone.now())
            row._record("收回复核申请", actor, request)
        self.__dict__.update(row.__dict__)

    def reply(self, actor: User, status: str, answer: str, request=None) -> None:
        """Upheld, partly or declined, with the reason. What is upheld is put right by unlocking the year."""
        if status not in self.ANSWERS:
            raise Refused("请选择予以采纳、部分采纳或不予采纳")
        if not answer.strip():
            raise Refused("请写明答复的理由")
        with transaction.atomic():
            row = self._held()
            barred = barred_from_answering_objection(actor, row)
            if barred:
                raise PermissionDenied(barred)
            row._move(status=status, answered_by=actor, answered_at=timezone.now(), answer=answer.strip())
            row._record("答复复核申请", actor, request, answer=status)
        self.__dict__.update(row.__dict__)

    def _held(self) -> Objection:
        """Year first, then the row, both locked."""
        year = self.year._held()
        rows = type(self).objects.select_for_update(of=("self",))
        row = rows.select_related("unit", "filed_by__person", "session__verified_by").get(pk=self.pk)
        row.year = year
        if row.status != self.Status.SENT:
            raise Refused(f"这份复核申请{row.get_status_display()}，不用再办")
        return row

    def _record(self, what: str, actor: User, request, **detail) -> None:
        audit.record(
            what,
            actor=actor,
            subject=self,
            request=request,
            county_code=self.year.county_id,
            year=self.year.year,
            number=self.number,
            unit=self.unit.code,
            **detail,
        )


class ObjectionFile(Kept):
    """One piece of evidence that came with it."""

    objection = models.ForeignKey(Objection, models.PROTECT, verbose_name="复核申请", related_name="files")
    file = models.OneToOneField(Attachment, models.PROTECT, verbose_name="文件", related_name="+")

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, via="objection")

    class Meta:
        verbose_name = verbose_name_plural = "复核申请的佐证"
        ordering = ["pk"]
