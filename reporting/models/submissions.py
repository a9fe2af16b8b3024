"""上报件: a form as it was sent upward, with its figures as they were then. A correction is a new one that names the earlier."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from networks import uploads
from networks.access import Scope, ScopedQuerySet, Subject, barred_from_filing
from networks.models import Attachment

from .. import chain
from .year import AssessmentYear

if TYPE_CHECKING:
    from networks.models import User

MOVES = frozenset(
    {"signer", "sent_on", "scan", "sent_by", "sent_at", "cancelled_why", "cancelled_by", "cancelled_at", "version"}
)


class Submission(models.Model):
    """Made ready (figures and workbook frozen), then signed on paper and sent; or given up before it was sent. What was sent
    never changes and is never removed."""

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="submissions")
    form = models.CharField("报表", max_length=40)
    number = models.PositiveSmallIntegerField("序号")
    to_whom = models.CharField("报送给", max_length=60)
    as_of = models.DateField("数字截至")
    figures = models.TextField("上报的数字")  # canonical JSON (reporting/forms/filling.py)
    digest = models.CharField("数字的摘要", max_length=64)
    workbook = models.ForeignKey(Attachment, models.PROTECT, verbose_name="表格文件", related_name="+")
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正哪一份", related_name="corrections"
    )
    why = models.CharField("更正的原因", max_length=300, blank=True)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="制表人", related_name="+")
    prepared_at = models.DateTimeField("生成时间", default=timezone.now)
    signer = models.CharField("签发人", max_length=60, blank=True)
    sent_on = models.DateField("报出日期", null=True, blank=True)
    scan = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, verbose_name="签字盖章件", related_name="+"
    )
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="登记报出的人", related_name="+"
    )
    sent_at = models.DateTimeField("登记报出时间", null=True, blank=True)
    cancelled_why = models.CharField("作废原因", max_length=200, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="作废人", related_name="+"
    )
    cancelled_at = models.DateTimeField("作废时间", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.LEDGER, county="year__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "上报件"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="submission_numbered_once"),
            models.UniqueConstraint(
                fields=["year", "form"],
                condition=Q(sent_on=None, cancelled_why=""),
                name="one_submission_waiting_per_form",
            ),
            models.UniqueConstraint(
                fields=["corrects"], condition=Q(cancelled_why=""), name="submission_corrected_once"
            ),
            models.CheckConstraint(condition=~Q(to_whom="") & ~Q(form=""), name="submission_says_what_and_to_whom"),
            models.CheckConstraint(
                condition=Q(sent_on=None, signer="", scan=None, sent_by=None, sent_at=None)
                | (
                    Q(sent_on__isnull=False, scan__isnull=False, sent_by__isnull=False, sent_at__isnull=False)
                    & ~Q(signer="")
                ),
                name="submission_sent_signed_and_scanned",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_why="", cancelled_by=None, cancelled_at=None)
                | (~Q(cancelled_why="") & Q(cancelled_by__isnull=False, cancelled_at__isnull=False, sent_on=None)),
                name="submission_cancelled_before_it_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(corrects=None, why="") | (Q(corrects__isnull=False) & ~Q(why="")),
                name="submission_corrects_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(corrects=None) | ~Q(corrects=F("id")), name="submission_corrects_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year.year}年第 {self.number} 号上报件"

    @property
    def content(self) -> dict:
        return chain.read(self.figures)

    @property
    def short(self) -> str:
        return self.digest[:12]

    @property
    def is_sound(self) -> bool:
        """Whether the figures are still those of the digest."""
        return chain.digest(self.figures) == self.digest

    @property
    def stage(self) -> tuple[str, str, str]:
        """Word, kind of badge, sign."""
        if self.cancelled_why:
            return "已作废", "off", "cross"
        return ("已报出", "met", "check") if self.sent_on else ("待签发报出", "steady", "clock")

    @property
    def is_waiting(self) -> bool:
        return self.sent_on is None and not self.cancelled_why

    def save(self, **kwargs) -> None:
        """Raises ValidationError when what was made ready or sent would change."""
        if self.pk:
            stored = type(self)._base_manager.get(pk=self.pk)
            moves = MOVES if stored.is_waiting else frozenset()
            fixed = [f.attname for f in self._meta.concrete_fields if f.name not in moves]
            if any(getattr(self, name) != getattr(stored, name) for name in fixed):
                raise ValidationError("上报件生成以后数字不再改动；报错了，请另做一份更正")
        super().save(**kwargs)

    def delete(self, **kwargs) -> None:
        raise ValidationError("上报件不能删除")

    @classmethod
    def waiting_for(cls, year: AssessmentYear, form: str) -> Submission | None:
        """The one of this form that is made ready and not yet sent."""
        return cls.objects.filter(year=year, form=form, sent_on=None, cancelled_why="").first()

    # --- verbs -------------------------------------------------------------------------------------

    @classmethod
    def prepare(
        cls,
        year: AssessmentYear,
        *,
        actor: User,
        form: str,
        to_whom: str,
        as_of: datetime.date,
        figures: dict,
        workbook: uploads.Prepared,
        corrects: Submission | None = None,
        why: str = "",
    ) -> Submission:
        """Freezes the figures under the year's next number. Inside `uploads.atomic()`. Raises PermissionDenied,
        ValidationError."""
        _refuse(actor, year)
        held = AssessmentYear.objects.select_for_update().get(pk=year.pk)
        mine = cls.objects.filter(year=held)
        if waiting := cls.waiting_for(held, form):
            raise ValidationError(f"这张表的第 {waiting.number} 号还没有报出，请先报出或作废")
        if corrects is not None:
            if corrects.year_id != held.pk or corrects.form != form or corrects.sent_on is None:
                raise ValidationError("只能更正同一年、同一张表已经报出的上报件")
            if corrects.corrections.filter(cancelled_why="").exists():
                raise ValidationError("这一份已经有更正件，请更正最近的一份")
            if not why.strip():
                raise ValidationError("请写明更正的原因")
        canonical = chain.canonical(figures)
        return cls.objects.create(
            year=held,
            form=form,
            number=(mine.aggregate(last=Max("number"))["last"] or 0) + 1,
            to_whom=to_whom,
            as_of=as_of,
            figures=canonical,
            digest=chain.digest(canonical),
            workbook=uploads.attach(workbook, year.county, actor, guarded=True),
            corrects=corrects,
            why=why.strip() if corrects else "",
            prepared_by=actor,
            prepared_at=timezone.now(),
        )

    def record_sent(
        self,
        *,
        actor: User,
        signer: str,
        sent_on: datetime.date,
        scan: uploads.Prepared,
        seen_version: int | None = None,
    ) -> None:
        """Signed and sealed on paper, and sent: with the name as on the paper and its scan. Inside `uploads.atomic()`."""
        row = self._held(actor, seen_version)
        if not timezone.localdate(row.prepared_at) <= sent_on <= timezone.localdate():
            raise ValidationError({"sent_on": "报出日期应在生成这份上报件的当天以后，不晚于今天"})
        row.signer, row.sent_on, row.sent_by, row.sent_at = signer, sent_on, actor, timezone.now()
        row.scan = uploads.attach(scan, row.year.county, actor, guarded=True)
        row._keep(self)

    def cancel(self, *, actor: User, why: str, seen_version: int | None = None) -> None:
        """Given up before it was sent; it stays, with the reason."""
        if not why.strip():
            raise ValidationError("请写明作废的原因")
        with transaction.atomic():
            row = self._held(actor, seen_version)
            row.cancelled_why, row.cancelled_by, row.cancelled_at = why.strip(), actor, timezone.now()
            row._keep(self)

    def _held(self, actor: User, seen_version: int | None) -> Submission:
        _refuse(actor, self.year)
        rows = type(self).objects.select_for_update(of=("self",)).select_related("year__county")
        row = rows.get(pk=self.pk)
        if not row.is_waiting:
            raise ValidationError(f"这份上报件现在是“{row.stage[0]}”，不用再办")
        if seen_version is not None and row.version != seen_version:
            raise ValidationError("这份上报件在您打开之后已被别人修改，请看过再办理")
        return row

    def _keep(self, shown: Submission) -> None:
        self.version += 1
        self.save()
        shown.__dict__.update(self.__dict__)


def _refuse(actor: User, year: AssessmentYear) -> None:
    if barred := barred_from_filing(actor, year):
        raise PermissionDenied(barred)
