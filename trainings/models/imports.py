"""Uploaded ledgers between rehearsal and commit, and the tokens that make a submit happen once."""

from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Division, MemberUnit, User
from networks.models.attachments import PrivateStorage, internal_name
from networks.names import shown_name

from .entry import protected_name_in
from .vocabulary import Audience


def kept_name(name: str) -> str:
    """What is kept of a ledger's file name: without numbers that may be a person's (PI-7), and nothing of a name that names a
    group counted by heads only (PI-2). One query."""
    shown = shown_name(name)
    if protected_name_in(shown, Audience.objects.protected_names()):
        return "台账（原文件名未保留）.xlsx"
    return shown


class ImportBatch(models.Model):
    """One uploaded ledger workbook: rehearsed (未入库), then committed as a whole, or undone as a whole."""

    class State(models.TextChoices):
        REHEARSED = "rehearsed", "导入校验（未入库）"
        PROPOSED = "proposed", "待第二人确认"
        COMMITTED = "committed", "已入库"
        UNDO_PROPOSED = "undo_proposed", "撤销待第二人确认"
        UNDONE = "undone", "已撤销"

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="导入人", related_name="import_batches"
    )
    unit = models.ForeignKey(
        MemberUnit,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="单位",
        related_name="+",
        help_text="办公室代各单位导入时为空",
    )
    state = models.CharField("状态", max_length=14, choices=State.choices, default=State.REHEARSED)
    historical = models.BooleanField("历史台账", default=False)
    year = models.PositiveSmallIntegerField("缺省年份", null=True, blank=True)
    file = models.FileField("工作簿", storage=PrivateStorage, upload_to=internal_name, blank=True)
    original_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("文件摘要", max_length=64)
    corrections = models.JSONField("单元格更正", default=dict, blank=True)
    assignments = models.JSONField("归口指定", default=dict, blank=True)
    rehearsal_digest = models.CharField("校验结果摘要", max_length=64, blank=True)
    rows = models.PositiveIntegerField("场次行数", default=0)
    created = models.PositiveIntegerField("新增", default=0)
    duplicates = models.PositiveIntegerField("重复", default=0)
    # [{"sheet", "row", "code", "message"}] as committed: what was left out and why, long after the file has been mended
    notices = models.JSONField("导入说明", default=list, blank=True)
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    committed_at = models.DateTimeField("入库时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="确认人",
        related_name="+",
    )
    undo_proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="撤销提出人",
        related_name="+",
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="撤销确认人",
        related_name="+",
    )
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(
        Subject.RECORD,
        county="county_id",
        unit="unit_id",
        stage="state",
        private=("rehearsed", "proposed", "committed", "undo_proposed", "undone"),
        author_role="user__role",
    )

    class Meta:
        verbose_name = verbose_name_plural = "台账导入"
        ordering = ["-uploaded_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(historical=True, state="committed")
                | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("user"))),
                name="historical_batch_has_two_accounts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["rehearsed", "proposed"]) | Q(committed_at__isnull=False),
                name="committed_batch_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.original_name


class SubmitToken(models.Model):
    """A form's one-time token: the same token a second time leads to the first result (IN-3)."""

    unscoped = "found only by its own user and token, never listed"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    result = models.CharField(max_length=300, blank=True)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="submit_token_once_per_user")]

    def __str__(self) -> str:
        return self.token

    @classmethod
    def once(cls, user: User, token: str, act: Callable[[], str]) -> str:
        """Runs `act` in one transaction with the token's mark and returns its result (an address); the same token again
        does nothing and returns the first result. Two at the same moment meet at the unique constraint: the second
        waits for the first and takes its result. Whatever `act` raises leaves the token unused."""
        token = token.replace("\x00", "")  # which no form of ours sends, and PostgreSQL does not hold
        marks = cls.objects.filter(user=user, token=token)
        first = marks.first()
        if first:
            return first.result
        try:
            with transaction.atomic():
                mark = cls.objects.create(user=user, token=token)
                mark.result = act()
                mark.save(update_fields=["result"])
                return mark.result
        except IntegrityError:
            first = marks.first()
            if first is None:  # something else in `act` broke a rule of the database
                raise
            return first.result
