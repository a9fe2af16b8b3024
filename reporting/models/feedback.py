"""Confirmation on paper: the unit's stamped sheet (完成情况确认表) as it came back, and the leadership's sign-off (签批件).

A part-time teacher cannot commit a government; paper with a seal does. The sheet bears a check code of its figures, so that a
scan is known to be of the figures that the system shows, and is known to be out of date once they have changed.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from networks import audit, uploads
from networks.access import (
    Scope,
    ScopedQuerySet,
    Subject,
    barred_from_checking,
    barred_from_confirming_for,
    barred_from_handling_feedback,
)
from networks.models import Attachment, MemberUnit, User
from trainings.models import Refused

from .. import chain
from .acts import LedgerAct
from .year import AssessmentYear

CODE_DIGITS = 12  # of the digest, on the paper


class Kept(models.Model):
    """What has been sent stays as it was sent: of a stored row only `MOVES` may change, by a verb, and it is never removed."""

    MOVES: frozenset[str] = frozenset()

    class Meta:
        abstract = True

    def save(self, **kwargs) -> None:
        """Raises Refused when what was sent would change, and when no verb has moved what may."""
        if self.pk:
            stored = type(self)._base_manager.get(pk=self.pk)
            moves = self.MOVES if getattr(self, "_moving", False) else frozenset()
            fixed = [f.attname for f in self._meta.concrete_fields if f.name not in moves]
            if any(getattr(self, name) != getattr(stored, name) for name in fixed):
                raise Refused(f"{self._meta.verbose_name}提出以后不能改动")
        super().save(**kwargs)

    def delete(self, **kwargs) -> None:
        raise Refused(f"{self._meta.verbose_name}不能删除")

    def _move(self, **changes) -> None:
        """The only writer of what a row's MOVES name. For verbs, inside their transaction, on the row that they hold."""
        for name, value in changes.items():
            setattr(self, name, value)
        self._moving = True
        self.save()
        del self._moving


class Quarter(models.IntegerChoices):
    YEAR = 0, "全年"
    FIRST = 1, "第一季度"
    SECOND = 2, "第二季度"
    THIRD = 3, "第三季度"
    FOURTH = 4, "第四季度"

    def days_of(self, year: int) -> tuple[datetime.date, datetime.date]:
        """First and last day."""
        if self == Quarter.YEAR:
            return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
        after = datetime.date(year + 1, 1, 1) if self == Quarter.FOURTH else datetime.date(year, self * 3 + 1, 1)
        return datetime.date(year, self * 3 - 2, 1), after - datetime.timedelta(days=1)


class Confirmation(Kept):
    """One stamped sheet of one unit for a quarter or the year, with the figures that it bears."""

    class Status(models.TextChoices):
        RECEIVED = "received", "待核对"
        ACCEPTED = "accepted", "已确认"
        RETURNED = "returned", "已退回"
        REPLACED = "replaced", "已由新的代替"

    STANDING = (Status.RECEIVED, Status.ACCEPTED)
    MOVES = frozenset({"status", "decided_by", "decided_at", "note"})

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="confirmations")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="单位", related_name="confirmations")
    quarter = models.PositiveSmallIntegerField("期间", choices=Quarter.choices)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.RECEIVED, editable=False)
    figures = models.TextField("确认的数字")  # canonical JSON (reporting/confirming.py)
    digest = models.CharField("数字的摘要", max_length=64)
    filled_on = models.DateField("填报日期")  # as it stands on the paper
    scan = models.ForeignKey(Attachment, models.PROTECT, verbose_name="扫描件", related_name="+")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="上传人", related_name="+")
    uploaded_at = models.DateTimeField("上传时间", default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="核对人", related_name="+"
    )
    decided_at = models.DateTimeField("核对时间", null=True, blank=True)
    note = models.CharField("退回原因", max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.STANDING, county="year__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "完成情况确认表"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["received", "accepted", "returned", "replaced"]),
                name="confirmation_status_known",
            ),
            models.CheckConstraint(condition=Q(quarter__lte=4), name="confirmation_of_a_quarter_or_the_year"),
            models.UniqueConstraint(
                fields=["year", "unit", "quarter"],
                condition=Q(status__in=["received", "accepted"]),
                name="one_standing_confirmation",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["accepted", "returned"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="confirmation_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="received") | Q(decided_by=None, decided_at=None),
                name="confirmation_received_is_undecided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("uploaded_by")), name="confirmation_checked_by_another"
            ),
            models.CheckConstraint(condition=~Q(status="returned") | ~Q(note=""), name="confirmation_returned_why"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}{self.year}{self.get_quarter_display()}确认表"

    @property
    def content(self) -> dict:
        return chain.read(self.figures)

    @property
    def code(self) -> str:
        return self.digest[:CODE_DIGITS]

    @classmethod
    def receive(
        cls,
        year: AssessmentYear,
        unit: MemberUnit,
        quarter: int,
        *,
        actor: User,
        code: str,
        filled_on: datetime.date,
        scan: uploads.Prepared,
        request=None,
    ) -> Confirmation:
        """Keeps a stamped sheet. `code` is the check code as it stands on the paper: it must be of the figures as they are
        now. Inside `uploads.atomic()`. Raises PermissionDenied and Refused."""
        from ..confirming import Sheets, as_code

        year = year._held()  # two uploads at once wait for each other
        barred = barred_from_confirming_for(actor, year, unit)
        if barred:
            raise PermissionDenied(barred)
        sheet = Sheets(year).of(unit, quarter)
        if sheet is None:
            raise Refused("这个单位这一年没有要确认的任务")
        if timezone.localdate() <= sheet.last_day:
            raise Refused(f"{sheet.period}还没有结束，结束以后再打印、盖章")
        if filled_on <= sheet.last_day or filled_on > timezone.localdate():
            raise Refused("填报日期应在这一期结束以后，不晚于今天，请照纸上的日期填写")
        if as_code(code) != sheet.code:
            raise Refused(
                "核对码与现在的数字对不上：先看看有没有抄错；没有抄错，就是打印以后数字有了变化，请重新打印、盖章"
            )
        standing = cls.objects.filter(year=year, unit=unit, quarter=quarter, status__in=cls.STANDING).first()
        if standing:
            if standing.digest == sheet.digest and standing.status == cls.Status.ACCEPTED:
                raise Refused("这一期已经确认，数字没有变化，不用再传")
            if standing.digest == sheet.digest and standing.scan.sha256_original == scan.sha256_original:
                raise Refused("这一份已经传过，正等办公室核对")
            standing._move(status=cls.Status.REPLACED)
        row = cls.objects.create(
            year=year,
            unit=unit,
            quarter=quarter,
            figures=sheet.canonical,
            digest=sheet.digest,
            filled_on=filled_on,
            scan=uploads.attach(scan, unit.division, actor, guarded=True),
            uploaded_by=actor,
            uploaded_at=timezone.now(),
        )
        row._record("上传完成情况确认表", actor, request, sha256=scan.sha256_original)
        return row

    def accept(self, actor: User, request=None) -> None:
        """Paper and figures agree. Raises PermissionDenied, and Refused where the figures are no longer those."""
        from ..confirming import Sheets

        with transaction.atomic():
            row = self._held(actor)
            sheet = Sheets(row.year).of(row.unit, row.quarter)
            if sheet is None or sheet.digest != row.digest:
                raise Refused("数字已变：纸上盖章的已不是现在的数字，请退回，由单位重新打印、盖章")
            row._decide(row.Status.ACCEPTED, actor)
            row._record("接受完成情况确认表", actor, request)
        self.__dict__.update(row.__dict__)

    def send_back(self, actor: User, note: str, request=None) -> None:
        """Not readable, no seal, another unit's: with the reason."""
        if not note.strip():
            raise Refused("请写明退回的原因")
        with transaction.atomic():
            row = self._held(actor)
            row._decide(row.Status.RETURNED, actor, note.strip())
            row._record("退回完成情况确认表", actor, request)
        self.__dict__.update(row.__dict__)

    def _held(self, actor: User) -> Confirmation:
        """Year first, then the row, both locked."""
        year = self.year._held()
        rows = type(self).objects.select_for_update(of=("self",))
        row = rows.select_related("unit", "uploaded_by__person").get(pk=self.pk)
        row.year = year
        barred = barred_from_checking(actor, row)
        if barred:
            raise PermissionDenied(barred)
        if row.status != self.Status.RECEIVED:
            raise Refused(f"这一份{row.get_status_display()}，不用再办")
        return row

    def _decide(self, status: str, actor: User, note: str = "") -> None:
        self._move(status=status, decided_by=actor, decided_at=timezone.now(), note=note)

    def _record(self, what: str, actor: User, request, **detail) -> None:
        audit.record(
            what,
            actor=actor,
            subject=self,
            request=request,
            county_code=self.year.county_id,
            year=self.year.year,
            quarter=self.quarter,
            unit=self.unit.code,
            digest=self.digest,
            **detail,
        )


class SignOff(Kept):
    """签批件: what a leader signed on paper about a settled or published year, as the office recorded it."""

    MOVES = frozenset({"cancelled_why", "cancelled_by", "cancelled_at"})

    act = models.ForeignKey(LedgerAct, models.PROTECT, verbose_name="定案记录", related_name="sign_offs")
    signer = models.CharField("签批人", max_length=60, help_text="照纸上写，如：副县长 韦某某")
    signed_on = models.DateField("签批日期")
    words = models.CharField("签批意见", max_length=300, blank=True)
    scan = models.ForeignKey(Attachment, models.PROTECT, verbose_name="扫描件", related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="登记人", related_name="+")
    recorded_at = models.DateTimeField("登记时间", default=timezone.now)
    cancelled_why = models.CharField("作废原因", max_length=200, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="作废人", related_name="+"
    )
    cancelled_at = models.DateTimeField("作废时间", null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.LEDGER, county="act__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "签批件"
        ordering = ["signed_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(signer=""), name="sign_off_has_signer"),
            models.UniqueConstraint(
                fields=["act", "signer", "signed_on"], condition=Q(cancelled_why=""), name="sign_off_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(cancelled_why="", cancelled_by=None, cancelled_at=None)
                | (~Q(cancelled_why="") & Q(cancelled_by__isnull=False, cancelled_at__isnull=False)),
                name="sign_off_cancelled_why_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act}签批件"

    @classmethod
    def record(
        cls,
        act: LedgerAct,
        *,
        actor: User,
        signer: str,
        signed_on: datetime.date,
        scan: uploads.Prepared,
        words: str = "",
        request=None,
    ) -> SignOff:
        """Inside `uploads.atomic()`. Raises PermissionDenied and Refused."""
        year = act.year._held()
        barred = barred_from_handling_feedback(actor, year)
        if barred:
            raise PermissionDenied(barred)
        if not timezone.localdate(act.made_at) <= signed_on <= timezone.localdate():
            raise Refused("签批日期应在办理定案或通报的当天以后，不晚于今天")
        if cls.objects.filter(act=act, signer=signer, signed_on=signed_on, cancelled_why="").exists():
            raise Refused("这一份已经登记过")
        row = cls.objects.create(
            act=act,
            signer=signer,
            signed_on=signed_on,
            words=words,
            scan=uploads.attach(scan, year.county, actor, guarded=True),
            recorded_by=actor,
            recorded_at=timezone.now(),
        )
        row._record("登记签批件", actor, request, sha256=scan.sha256_original)
        return row

    def cancel(self, actor: User, why: str, request=None) -> None:
        """Recorded by mistake: it stays, with the reason why it does not hold."""
        if not why.strip():
            raise Refused("请写明作废的原因")
        with transaction.atomic():
            row = type(self).objects.select_for_update(of=("self",)).select_related("act__year").get(pk=self.pk)
            barred = barred_from_handling_feedback(actor, row.act.year)
            if barred:
                raise PermissionDenied(barred)
            if row.cancelled_why:
                raise Refused("这一份已经作废，不用再办")
            row._move(cancelled_why=why.strip(), cancelled_by=actor, cancelled_at=timezone.now())
            row._record("作废签批件", actor, request)
        self.__dict__.update(row.__dict__)

    def _record(self, what: str, actor: User, request, **detail) -> None:
        audit.record(
            what,
            actor=actor,
            subject=self,
            request=request,
            county_code=self.act.county_id,
            year=self.act.year.year,
            sequence=self.act.sequence,
            **detail,
        )
