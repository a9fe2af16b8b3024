"""列名: what a unit's own ledger calls a column. Its officer says once which of ours is meant; from then on it is known."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import MemberUnit, User

LONGEST = 60


class ColumnNameQuerySet(ScopedQuerySet):
    def of(self, user: User) -> "ColumnNameQuerySet":
        """Those of the account's own unit and of whom it has taken over from; none for whoever has no unit (the bureau reads
        everybody's ledgers)."""
        return self.visible_to(user).filter(unit__in=user.own_unit_ids)

    def known_to(self, user: User) -> dict[str, str]:
        """{header as it is compared: our column, or "" for one whose text goes to 备注}. One query."""
        return dict(self.of(user).values_list("key", "column"))


class ColumnName(models.Model):
    unit = models.ForeignKey(MemberUnit, models.CASCADE, verbose_name="单位", related_name="column_names")
    header = models.CharField("台账里的列名", max_length=LONGEST)
    key = models.CharField(max_length=LONGEST, editable=False)  # header_key(header): without spaces and bracketed units
    column = models.CharField("对应的栏目", max_length=20, blank=True, help_text="空：内容记入备注")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="确认人", related_name="+")
    confirmed_at = models.DateTimeField("确认时间", default=timezone.now)

    objects = ColumnNameQuerySet.as_manager()
    scope = Scope(Subject.RECORD, county="unit__county_id", unit="unit_id")

    class Meta:
        verbose_name = verbose_name_plural = "台账列名"
        ordering = ["unit", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "key"], name="column_name_once_per_unit"),
            models.CheckConstraint(condition=~Q(key=""), name="column_name_says_something"),
        ]

    def __str__(self) -> str:
        return self.header
