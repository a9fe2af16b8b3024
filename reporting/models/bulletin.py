"""通报: what the office writes about a settled year, from a draft that two people may work on to the paper that is kept as it went
out (依据 三(一) 上报及通报, 三(六) 表彰先进，鞭策后进).

The text is the office's, the figures are not: they stand in it as fields (`{已完成单位数}`, reporting/bulletin.py) that are read from
the act by which the year is settled. What has gone out is frozen as canonical JSON and never assembled again.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks import audit
from networks.access import Scope, ScopedQuerySet, Subject, barred_from_writing_bulletins
from networks.models import User
from networks.templatetags.page import Badge
from trainings.models import Refused

from .. import chain
from .acts import LedgerAct
from .year import AssessmentYear

DOCUMENT_NUMBER = re.compile(r"[\u4e00-\u9fff]{1,20}〔20\d\d〕[1-9]\d{0,3}号")


class Bulletin(models.Model):
    """One document on one act of a year; after a correction of the year another one is written on the new act."""

    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        ISSUED = "issued", "已印发"

    class Head(models.TextChoices):
        RED = "red", "套红：打印红色的发文机关标志和分隔线"
        BLANK = "blank", "不套红：留出位置，用已经印好红头的纸"

    class Openness(models.TextChoices):
        OPEN = "open", "主动公开"
        ASKED = "asked", "依申请公开"
        CLOSED = "closed", "不予公开"

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="bulletins")
    act = models.ForeignKey(LedgerAct, models.PROTECT, verbose_name="依据的定案", related_name="bulletins")
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.DRAFT, editable=False)
    head = models.CharField("红头", max_length=6, choices=Head.choices, default=Head.RED)
    masthead = models.CharField("发文机关标志", max_length=40)
    number = models.CharField("发文字号", max_length=40, blank=True, help_text="如马社教办〔2026〕1号；印发前填")
    title = models.CharField("标题", max_length=100, help_text="要分行的，一行一排")
    recipients = models.CharField("主送机关", max_length=300)
    opening = models.TextField("开头", max_length=2000)
    body = models.TextField("正文", max_length=10_000)
    closing = models.TextField("结尾", max_length=2000, blank=True)
    attachments = models.TextField(
        "其他附件", max_length=600, blank=True, help_text="一行一个；定案数据摘要总是最后一个附件，不用写"
    )
    issuer = models.CharField("署名", max_length=40)
    dated_on = models.DateField("成文日期", null=True, blank=True)
    openness = models.CharField("公开方式", max_length=6, choices=Openness.choices, default=Openness.OPEN)
    copy_to = models.CharField("抄送", max_length=300, blank=True)
    printed_by = models.CharField("印发机关", max_length=40)
    printed_on = models.DateField("印发日期", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, verbose_name="起草人", related_name="+"
    )
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, verbose_name="印发人", related_name="+"
    )
    issued_at = models.DateTimeField("印发时间", null=True, editable=False)
    content = models.TextField("印发时的内容", blank=True, editable=False)
    word_digest = models.CharField("Word 文件摘要", max_length=64, blank=True, editable=False)

    history = HistoricalRecords(excluded_fields=["content"])
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.BULLETIN, county="year__county_id", stage="status", private=("draft",))

    class Meta:
        verbose_name = verbose_name_plural = "通报"
        ordering = ["-year__year", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["draft", "issued"]), name="bulletin_status_known"),
            models.UniqueConstraint(fields=["year"], condition=Q(status="draft"), name="one_bulletin_draft_per_year"),
            models.UniqueConstraint(fields=["act"], condition=Q(status="issued"), name="one_bulletin_per_act"),
            models.UniqueConstraint(
                fields=["masthead", "number"], condition=Q(status="issued"), name="bulletin_number_once"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", issued_by=None, issued_at=None, content="", word_digest="")
                | (
                    Q(status="issued", issued_by__isnull=False, issued_at__isnull=False, dated_on__isnull=False)
                    & ~(Q(content="") | Q(word_digest="") | Q(number=""))
                ),
                name="bulletin_issued_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}通报{f'（{self.number}）' if self.number else ''}"

    @property
    def issued(self) -> bool:
        return self.status == self.Status.ISSUED

    @property
    def badge(self) -> Badge:
        return Badge(self.get_status_display(), *(("steady", "check") if self.issued else ("quiet", "pencil")))

    @property
    def frozen(self) -> dict:
        """The document as it went out (`reporting.bulletin.Document`)."""
        return chain.read(self.content)

    @property
    def on_standing_act(self) -> bool:
        """Whether the year is still settled by the act on which this was written."""
        act = self.year.standing_act()
        return act is not None and act.pk == self.act_id

    def save(self, **kwargs) -> None:
        """Raises Refused for one that has gone out."""
        with transaction.atomic():
            stored = type(self).objects.select_for_update(of=("self",)).filter(pk=self.pk).first()
            if stored and stored.issued:
                raise Refused("通报已经印发，不能再改动；有差错请解锁更正年度，另发一份")
            if self.issued and not getattr(self, "_issuing", False):
                raise Refused("印发请用“印发”的操作")
            super().save(**kwargs)

    def delete(self, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            stored = type(self).objects.select_for_update(of=("self",)).get(pk=self.pk)
            if stored.issued:
                raise Refused("通报已经印发，不能删除")
            return super().delete(**kwargs)

    # --- verbs ---------------------------------------------------------------------------------------

    @classmethod
    def draft(cls, year: AssessmentYear, actor: User, request=None) -> Bulletin:
        """The year's draft, written from its settled figures when there is none. Raises PermissionDenied and Refused."""
        from ..bulletin import first_words

        with transaction.atomic():
            year = year._held()
            _refuse(actor, year)
            if there := cls.objects.filter(year=year, status=cls.Status.DRAFT).first():
                return there
            act = year.standing_act()
            if act is None:
                raise Refused("年度锁定定案以后才能起草通报")
            if cls.objects.filter(act=act).exists():
                raise Refused("这一次定案的通报已经印发")
            row = cls(year=year, act=act, drafted_by=actor, **first_words(year, act))
            row._history_user, row._change_reason = actor, "起草"
            row.save()
            row._record("起草通报", actor, request)
        return row

    def follow(self, actor: User, request=None) -> None:
        """Takes the figures of the act by which the year is settled now."""
        with transaction.atomic():
            row = self._held(actor)
            act = row.year.standing_act()
            if act is None:
                raise Refused("年度现在没有锁定，等再次锁定定案以后再改用")
            if act.pk == row.act_id:
                raise Refused("已经是现在的定案，不用再改")
            if type(self).objects.filter(act=act, status=self.Status.ISSUED).exists():
                raise Refused("这一次定案的通报已经印发")
            row.act, row.version = act, row.version + 1
            row._history_user, row._change_reason = actor, f"改用第 {act.number} 次定案"
            row.save()
            row._record("通报改用新的定案", actor, request)
        self.__dict__.update(row.__dict__)

    def issue(self, actor: User, *, seen_version: int | None = None, request=None) -> None:
        """印发: the text with its figures is frozen, and from then on everybody concerned may read it. `seen_version` is of the
        draft that was looked at. Raises PermissionDenied and Refused."""
        from .. import chain, word
        from ..bulletin import document_of, missing_for_issue

        with transaction.atomic():
            row = self._held(actor)
            if seen_version is not None and seen_version != row.version:
                raise Refused("您打开页面以后有人改了通报，请核对现在的内容再印发")
            if missing := missing_for_issue(row):
                raise Refused(*missing)
            row.status, row.issued_by, row.issued_at = self.Status.ISSUED, actor, timezone.now()
            row.printed_on = row.printed_on or row.dated_on
            row.version += 1
            document = document_of(row)
            row.content = chain.canonical(document.plain)
            row.word_digest = word.digest(word.docx(document))
            row._history_user, row._change_reason, row._issuing = actor, "印发", True
            row.save()
            row._issuing = False
            row._record("印发通报", actor, request, sha256=row.word_digest)
        self.__dict__.update(row.__dict__)

    def _held(self, actor: User) -> Bulletin:
        """Year first, then the row, both locked, and still a draft."""
        year = self.year._held()
        _refuse(actor, year)
        row = type(self).objects.select_for_update(of=("self",)).select_related("act__year").get(pk=self.pk)
        row.year = year
        if row.issued:
            raise Refused("通报已经印发，不用再办")
        return row

    def _record(self, what: str, actor: User, request, **detail) -> None:
        audit.record(
            what,
            actor=actor,
            subject=self,
            request=request,
            county_code=self.year.county_id,
            year=self.year.year,
            act=self.act.number,
            digest=self.act.digest,
            **detail,
        )


def _refuse(actor: User, year: AssessmentYear) -> None:
    if barred := barred_from_writing_bulletins(actor, year):
        raise PermissionDenied(barred)
