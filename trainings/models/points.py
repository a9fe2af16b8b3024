"""随手报: a teaching point's revocable link, by which its coordinator tells the township without an account what took place
(依据 二(一)1: points belong to their township's network)."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from networks import audit
from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Institution, MemberUnit, UnitSuccession, User
from networks.tokens import digest_of, new_token

from .effort import EntryEffort, seconds_since
from .session import TrainingSession
from .verbs import Refused, Status

MOST_A_DAY = 20  # reports by one link within 24 hours; a village holds a few a month


class PointLinkQuerySet(ScopedQuerySet):
    def open(self) -> PointLinkQuerySet:
        return self.filter(revoked_at=None)

    def redeemable(self, token: str) -> PointLink | None:
        """The link that this token opens, or None: unknown, revoked, or of a point that has been closed. One query."""
        found = self.open().select_related("institution__division__parent__parent", "created_by")
        return (
            found.exclude(institution__state=Institution.State.CLOSED).filter(digest=digest_of(token)).first()
            if len(token) <= 100
            else None
        )

    def revoke(self, by: User) -> int:
        """From now on they open nothing."""
        return self.open().update(revoked_at=timezone.now(), revoked_by=by)


class PointLink(models.Model):
    """One link; only a digest of its token is kept. Whoever gave it out answers for what arrives by it until their unit
    submits it: the drafts carry that account's name."""

    institution = models.ForeignKey(Institution, models.PROTECT, verbose_name="教学点", related_name="point_links")
    digest = models.CharField("令牌摘要", max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="签发人", related_name="+")
    created_at = models.DateTimeField("签发时间", default=timezone.now)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="停用人", related_name="+"
    )

    objects = PointLinkQuerySet.as_manager()
    scope = Scope(via="institution")

    class Meta:
        verbose_name = verbose_name_plural = "随手报链接"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution"], condition=Q(revoked_at=None), name="one_open_link_per_point"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="point_link_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}的随手报链接"

    @classmethod
    @transaction.atomic
    def issue(cls, institution: Institution, by: User, request: HttpRequest | None = None) -> tuple[PointLink, str]:
        """A new link and its token, which is nowhere else; the point's older link ends. Raises Refused."""
        row = Institution.objects.select_for_update().get(pk=institution.pk)
        if row.kind != Institution.Kind.POINT:
            raise Refused("随手报链接只发给村（社区）教学点")
        if row.state == Institution.State.CLOSED:
            raise Refused("这个教学点已停办，不能签发链接")
        if government_of(row, timezone.localdate()) is None:
            raise Refused("还没有登记本乡镇的人民政府，随手报没有归处，请先联系县教育局")
        ended = row.point_links.all().revoke(by)
        token = new_token()
        link = cls.objects.create(institution=institution, digest=digest_of(token), created_by=by)
        audit.record("签发随手报链接", actor=by, subject=institution, request=request, link=link.pk, replaced=ended)
        return link, token

    @classmethod
    @transaction.atomic
    def withdraw(cls, institution: Institution, by: User, request: HttpRequest | None = None) -> None:
        """停用: the point's link opens nothing any more. Raises Refused when there is none."""
        if not institution.point_links.all().revoke(by):
            raise Refused("这个教学点没有正在使用的链接")
        audit.record("停用随手报链接", actor=by, subject=institution, request=request)

    def report(
        self,
        *,
        token: str,
        held_on: datetime.date,
        title: str,
        attendance: int,
        note: str = "",
        request: HttpRequest | None = None,
    ) -> tuple[PointReport, bool]:
        """What the coordinator wrote becomes a draft of the township's government, and whether it is a new one: the same
        form token again leads to what the first one made (IN-3). Raises Refused."""
        earlier = self._earlier(token)
        if earlier:
            return earlier, False
        try:
            with transaction.atomic():
                # Held until the end: what is counted, and that the link is in force, stays true meanwhile.
                if not type(self).objects.open().select_for_update().filter(pk=self.pk).exists():
                    raise Refused("这个链接刚刚停用，请向乡镇专干要新的链接")
                since = timezone.now() - datetime.timedelta(days=1)
                if self.reports.filter(made_at__gte=since).count() >= MOST_A_DAY:
                    raise Refused(f"这个链接一天最多报 {MOST_A_DAY} 场，请明天再报，或直接告诉乡镇专干")
                session = self._draft(held_on, title, attendance, note)
                made = PointReport.objects.create(link=self, session=session, token=token)
                fields = len([text for text in (held_on, title, attendance, note) if text])
                county, seconds = session.organiser.county_id, seconds_since(token)
                EntryEffort.count(county, EntryEffort.Road.POINT, fields=fields, seconds=seconds)
                audit.record(
                    "随手报",
                    actor=None,
                    subject=session,
                    request=request,
                    county_code=session.organiser.county_id,
                    link=self.pk,
                )
                return made, True
        except IntegrityError:  # the same form twice at the same moment: the first one has it
            earlier = self._earlier(token)
            if earlier is None:
                raise
            return earlier, False

    def _earlier(self, token: str) -> PointReport | None:
        """What this form made already, by this link or by an older one of the point's: a report may wait on a telephone while
        the township renews the link."""
        reports = PointReport.objects.filter(link__institution=self.institution, token=token)
        return reports.select_related("session__organiser").first()

    def _draft(self, held_on: datetime.date, title: str, attendance: int, note: str) -> TrainingSession:
        unit = government_of(self.institution, held_on)
        if unit is None:
            raise Refused("还没有登记本乡镇的人民政府，请直接告诉乡镇专干")
        session = TrainingSession(
            title=title,
            organiser=unit,
            host=self.institution,
            place=self.institution.division,
            held_on=held_on,
            reported_attendance=attendance,
            remarks=note,
            entered_by=self.created_by,
        )
        session._history_user = None  # nobody with an account wrote this
        session._change_reason = f"随手报（{self.institution}）"
        session.save()
        return session


def government_of(institution: Institution, day: datetime.date) -> MemberUnit | None:
    """The township government to whose sessions a point's belong on that day."""
    township = institution.division.township_code
    units = MemberUnit.objects.filter(division=township, kind=MemberUnit.Kind.TOWNSHIP)
    unit = units.order_by(models.F("established_on").desc(nulls_last=True), "-pk").first()
    return unit and UnitSuccession.objects.standing_on(unit, day)


class PointReport(models.Model):
    """One report that arrived by a link, and the session that it became. Its form's token makes it arrive once."""

    WAITING, SENT, DONE, DROPPED = "待乡镇整理", "已提交", "已核定，谢谢", "没有采用"

    link = models.ForeignKey(PointLink, models.PROTECT, verbose_name="链接", related_name="reports")
    session = models.OneToOneField(
        "trainings.TrainingSession", models.PROTECT, verbose_name="场次", related_name="point_report"
    )
    token = models.CharField(max_length=64, editable=False)
    made_at = models.DateTimeField("报送时间", auto_now_add=True, db_index=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "随手报"
        ordering = ["-made_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["link", "token"], name="point_report_once_per_form")]

    def __str__(self) -> str:
        return f"{self.session}（随手报）"

    def was_told(self, *, held_on: datetime.date, title: str, attendance: int, note: str) -> bool:
        """Whether this is what arrived; the township may have changed its draft since. One query."""
        first = self.session.history.order_by("history_date", "history_id").first() or self.session
        arrived = (first.held_on, first.title, first.reported_attendance, first.remarks)
        return arrived == (held_on, title, attendance, note)

    @property
    def state(self) -> str:
        """What the coordinator is told; how the township and the office work on it meanwhile is their business."""
        words = {Status.SUBMITTED: self.SENT, Status.VERIFIED: self.DONE}
        words |= {Status.VOID: self.DROPPED, Status.CANCELLED: self.DROPPED}
        return words.get(self.session.status, self.WAITING)
