"""定案记录: what was settled about a year, when and by whom, as a chain that shows whether anything in it was altered.

An act is written once. The database refuses to change or remove it (reporting/guard.py); whoever gets around that is found by
`verify_ledger`, and whoever also holds the key by the digest on the sealed annex (依据 三(六), AU-2).
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from networks import audit
from networks.access import Scope, ScopedQuerySet, Subject, barred_from_deciding_on, barred_from_withdrawing
from networks.models import Division, User
from trainings.models import Refused

from .. import chain
from .year import AssessmentYear

SHORT = 12  # hex digits of a digest where the whole one has no room


class LedgerAct(models.Model):
    """One act of a county's ledger. `payload` is canonical JSON (reporting/snapshot.py): of a lock every unit's standing with
    its working. It names nobody: sessions by number, accounts by key, reasons by digest."""

    class Kind(models.TextChoices):
        LOCK = "lock", "锁定定案"
        UNLOCK = "unlock", "解锁更正"
        PUBLISH = "publish", "通报"

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="ledger_acts")
    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="acts")
    kind = models.CharField("事项", max_length=12, choices=Kind.choices)
    number = models.PositiveSmallIntegerField("第几次")  # of this kind in this year; an unlock bears the lock's
    sequence = models.PositiveIntegerField("全县序号")
    payload = models.TextField("内容")
    payload_digest = models.CharField("内容摘要", max_length=64)
    previous = models.CharField("上一条摘要", max_length=64, blank=True)
    key_id = models.CharField("密钥编号", max_length=12)
    algorithm = models.CharField("算法", max_length=20, default=chain.ALGORITHM)
    mac = models.CharField("签名", max_length=64)
    made_at = models.DateTimeField("办理时间")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="提出人", related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="确认人", related_name="+")
    reason = models.CharField("原因", max_length=300, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.LEDGER, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "定案记录"
        ordering = ["county", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["county", "sequence"], name="ledger_act_sequence_once"),
            models.UniqueConstraint(
                fields=["year", "number", "kind"],
                condition=Q(kind__in=["lock", "unlock", "publish"]),
                name="ledger_year_locked_once_per_number",
            ),
            models.CheckConstraint(condition=Q(sequence__gte=1, number__gte=1), name="ledger_act_counts_from_1"),
            # Only the first act of a county follows none.
            models.CheckConstraint(
                condition=Q(sequence=1, previous="") | (Q(sequence__gt=1) & ~Q(previous="")),
                name="ledger_act_follows_another",
            ),
            models.CheckConstraint(
                condition=~Q(payload="") & ~Q(payload_digest="") & ~Q(key_id="") & ~Q(algorithm="") & ~Q(mac=""),
                name="ledger_act_is_signed",
            ),
            models.CheckConstraint(condition=~Q(kind="unlock") | ~Q(reason=""), name="ledger_unlock_has_reason"),
            # Persons are compared by the verb; two accounts at least are what a database can hold.
            models.CheckConstraint(condition=~Q(proposed_by=F("confirmed_by")), name="ledger_act_confirmed_by_another"),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.PUBLISH:
            return f"{self.year}通报" if self.number == 1 else f"{self.year}更正第 {self.number - 1} 号"
        return f"{self.year}第 {self.number} 次{self.get_kind_display()}"

    @property
    def message(self) -> str:
        """What the signature covers."""
        made_at = self.made_at.astimezone(datetime.UTC).isoformat()
        parts = (self.algorithm, self.key_id, self.county_id, self.sequence, self.kind, self.year.year, self.number)
        return "|".join(map(str, (*parts, made_at, self.payload_digest, self.previous)))

    @property
    def digest(self) -> str:
        """定案摘要, as it is printed on the annex and as the next act names this one: over everything that is signed, the
        signature, and so over all acts before. 64 hex digits."""
        return chain.digest(f"{self.message}|{self.mac}")

    @property
    def short(self) -> str:
        return self.digest[:SHORT]

    @property
    def content(self) -> dict:
        return chain.read(self.payload)

    def faults(self) -> list[str]:
        """What is wrong with this act by itself, as sentences; [] when content, columns and signature agree."""
        found = []
        if chain.digest(self.payload) != self.payload_digest:
            found.append("内容与它的摘要不符")
        elif any(self.content[name] != value for name, value in self._heading().items()):
            found.append("办理人、原因或次数与签名的内容不符")
        key = chain.known_keys().get(self.key_id)
        if self.algorithm != chain.ALGORITHM:
            found.append(f"签名算法“{self.algorithm}”不认识")
        elif key is None:
            found.append(f"签名用的密钥（编号 {self.key_id}）不在本系统的密钥里，无法核对")
        elif not chain.same(chain.sign(self.message, key), self.mac):
            found.append("签名不对")
        return found

    def _heading(self) -> dict:
        """What the content repeats of the columns, so that the signature covers them too."""
        return {
            "kind": str(self.kind),
            "year": self.year.year,
            "number": self.number,
            "proposed_by": self.proposed_by_id,
            "confirmed_by": self.confirmed_by_id,
            "reason_digest": chain.digest(self.reason) if self.reason else "",
        }

    def save(self, **kwargs) -> None:
        if self.pk:
            raise Refused("定案记录不能改动")
        super().save(**kwargs)

    def delete(self, **kwargs) -> None:
        raise Refused("定案记录不能删除")

    @classmethod
    def append(
        cls,
        year: AssessmentYear,
        kind: str,
        *,
        number: int,
        content: dict,
        by: User,
        confirmed_by: User,
        reason: str = "",
    ) -> LedgerAct:
        """Signs the next act of the county's chain. Inside the transaction of the act it records; acts of one county wait for
        each other, whatever their year. Raises Refused when there is no key."""
        # Whoever only refers to the county, as every session does, need not wait.
        Division.objects.select_for_update(no_key=True).get(pk=year.county_id)
        last = cls.objects.filter(county=year.county_id).order_by("-sequence").select_related("year").first()
        try:
            key = chain.current_key()
        except chain.KeyMissing as missing:
            raise Refused(str(missing)) from None
        act = cls(
            county_id=year.county_id,
            year=year,
            kind=kind,
            number=number,
            sequence=last.sequence + 1 if last else 1,
            previous=last.digest if last else "",
            key_id=key.id,
            made_at=timezone.now().replace(microsecond=0),
            proposed_by=by,
            confirmed_by=confirmed_by,
            reason=reason,
        )
        act.payload = chain.canonical(content | {"format": chain.FORMAT} | act._heading())
        act.payload_digest = chain.digest(act.payload)
        act.mac = chain.sign(act.message, key)
        act.save()
        return act


class YearProposal(models.Model):
    """What one bureau person has proposed for a year and another has to decide at their own sign-in (AC-5). The digest is of
    what the proposer saw: where the figures have moved on since, it has to be proposed anew."""

    class Status(models.TextChoices):
        OPEN = "open", "待另一人确认"
        CONFIRMED = "confirmed", "已确认"
        DECLINED = "declined", "没有同意"
        WITHDRAWN = "withdrawn", "已收回"

    Kind = LedgerAct.Kind

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="proposals")
    kind = models.CharField("事项", max_length=12, choices=LedgerAct.Kind.choices)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.OPEN, editable=False)
    reason = models.CharField("原因", max_length=300, blank=True)
    seen_digest = models.CharField("所见数字的摘要", max_length=64)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="提出人", related_name="+")
    proposed_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="办理人", related_name="+"
    )
    decided_at = models.DateTimeField("办理时间", null=True, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    # On the command line nobody signs in: whose session on the machine it was is kept, and both accounts are told.
    os_user = models.CharField("命令行的系统用户", max_length=60, blank=True)
    choices = models.TextField("拟表扬的单位和理由", blank=True)  # of a publication: JSON, {unit's code: reason}
    act = models.OneToOneField(
        LedgerAct, models.PROTECT, null=True, blank=True, verbose_name="定案记录", related_name="proposal"
    )

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.LEDGER, county="year__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "定案的提议"
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "confirmed", "declined", "withdrawn"]),
                name="year_proposal_status_known",
            ),
            models.UniqueConstraint(fields=["year"], condition=Q(status="open"), name="one_open_proposal_per_year"),
            models.CheckConstraint(
                condition=Q(status="open", decided_by=None, decided_at=None)
                | (~Q(status="open") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="year_proposal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="confirmed", act__isnull=False) | (~Q(status="confirmed") & Q(act=None)),
                name="year_proposal_confirmed_has_act",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "withdrawn"]) | ~Q(decided_by=F("proposed_by")),
                name="year_proposal_decided_by_another",
            ),
            models.CheckConstraint(condition=~Q(status="declined") | ~Q(note=""), name="year_proposal_declined_why"),
            models.CheckConstraint(condition=~Q(kind="unlock") | ~Q(reason=""), name="year_proposal_unlock_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.year}{self.get_kind_display()}的提议"

    @property
    def chosen(self) -> dict[str, str]:
        return chain.read(self.choices or "{}")

    def confirm(self, actor: User, request=None) -> LedgerAct:
        """Another person's yes: the year moves and the act is written. Raises PermissionDenied, and Refused where the proposal
        is no longer open or the figures are no longer those that were proposed."""
        with transaction.atomic():
            row, year = self._held()
            barred = barred_from_deciding_on(actor, row)
            if barred:
                raise PermissionDenied(barred)
            act = year.carry_out(row, actor)
            row._decide(row.Status.CONFIRMED, actor, act=act)
            audit.record(
                f"确认{act.get_kind_display()}",
                actor=actor,
                subject=year,
                request=request,
                year=year.year,
                number=act.number,
                sequence=act.sequence,
                digest=act.digest,
                proposed_by=row.proposed_by_id,
                **({"os_user": row.os_user} if row.os_user else {}),
            )
        self.__dict__.update(row.__dict__)
        return act

    def decline(self, actor: User, note: str, request=None) -> None:
        """Another person's no, with the reason."""
        if not note.strip():
            raise Refused("请写明不同意的原因")
        with transaction.atomic():
            row, year = self._held()
            barred = barred_from_deciding_on(actor, row)
            if barred:
                raise PermissionDenied(barred)
            row._decide(row.Status.DECLINED, actor, note=note.strip())
            audit.record(f"不同意{row.get_kind_display()}", actor=actor, subject=year, request=request, year=year.year)
        self.__dict__.update(row.__dict__)

    def withdraw(self, actor: User, request=None) -> None:
        """By whoever proposed it, while nobody has decided."""
        with transaction.atomic():
            row, year = self._held()
            barred = barred_from_withdrawing(actor, row)
            if barred:
                raise PermissionDenied(barred)
            row._decide(row.Status.WITHDRAWN, actor)
            audit.record(
                f"收回{row.get_kind_display()}的提议", actor=actor, subject=year, request=request, year=year.year
            )
        self.__dict__.update(row.__dict__)

    def _held(self) -> tuple[YearProposal, AssessmentYear]:
        """The stored proposal and its year, both locked, the year first: in the order in which everybody takes them. Raises
        Refused when somebody was quicker."""
        year = AssessmentYear.objects.select_for_update(of=("self",)).select_related("county").get(pk=self.year_id)
        row = YearProposal.objects.select_for_update(of=("self",)).select_related("proposed_by__person").get(pk=self.pk)
        row.year = year
        if row.status != self.Status.OPEN:
            raise Refused(f"这个提议{row.get_status_display()}，不用再办")
        return row, year

    def _decide(self, status: str, actor: User, **changes) -> None:
        self.status, self.decided_by, self.decided_at = status, actor, timezone.now()
        for name, value in changes.items():
            setattr(self, name, value)
        self.save()
