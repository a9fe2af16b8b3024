"""登记用时: how much work a session's entry is, added up for the county and a month. Nothing here says who: neither account nor
unit nor session is kept, so it cannot be turned into a table of people."""

import datetime
import secrets
import time

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Division

LONGEST = 3600  # seconds; a form that was open longer was left lying
QUICK = 120  # seconds: look.md's two minutes


def new_token() -> str:
    """A form's one-time token, which also tells when the form was opened."""
    return f"{int(time.time()):x}.{secrets.token_urlsafe(24)}"


def seconds_since(token: str) -> int | None:
    """How long ago the form with this token was opened; None where that is not known or says nothing."""
    opened = token.partition(".")[0]
    try:
        passed = int(time.time()) - int(opened, 16)
    except ValueError:
        return None
    return passed if "." in token and 0 <= passed <= LONGEST else None


class EntryEffort(models.Model):
    """One road into the system in one month of one county."""

    class Road(models.TextChoices):
        FORM = "form", "登记页"
        POINT = "point", "随手报"
        LEDGER = "ledger", "台账导入、粘贴"

    county = models.ForeignKey(Division, models.CASCADE, verbose_name="县", related_name="+")
    month = models.DateField("月份")
    road = models.CharField("途径", max_length=8, choices=Road.choices)
    sessions = models.PositiveIntegerField("场次", default=0)
    fields = models.PositiveIntegerField("填的栏目", default=0)
    timed = models.PositiveIntegerField("知道用时的场次", default=0)
    seconds = models.PositiveIntegerField("用时（秒）", default=0)
    quick = models.PositiveIntegerField("两分钟以内的场次", default=0)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "登记用时"
        ordering = ["county", "month", "road"]
        constraints = [
            models.UniqueConstraint(fields=["county", "month", "road"], name="effort_once_per_month_and_road"),
            models.CheckConstraint(
                condition=Q(timed__lte=F("sessions"), quick__lte=F("timed")), name="effort_parts_within_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.get_road_display()}"

    @classmethod
    def count(cls, county_code: str, road: str, *, fields: int, seconds: int | None, sessions: int = 1) -> None:
        """Adds what was entered just now; `seconds` for all the sessions together. Call it in the transaction of the act."""
        today: datetime.date = timezone.localdate()
        row, _ = cls.objects.get_or_create(county_id=county_code, month=today.replace(day=1), road=road)
        timed = sessions if seconds is not None else 0
        quick = timed if timed and seconds <= QUICK * sessions else 0
        cls.objects.filter(pk=row.pk).update(
            sessions=F("sessions") + sessions,
            fields=F("fields") + fields,
            timed=F("timed") + timed,
            seconds=F("seconds") + (seconds or 0),
            quick=F("quick") + quick,
        )
