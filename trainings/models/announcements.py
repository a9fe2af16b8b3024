"""公开预告: what residents are told of a session to come, and how they sign up for it (二(三)2). Sensitive ones never."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from simple_history.models import HistoricalRecords

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import User
from networks.tokens import digest_of, new_token
from networks.wording import Published

from .hours import begins, has_ended
from .parts import AudienceCount
from .verbs import Refused, Status
from .vocabulary import Audience

if TYPE_CHECKING:
    from .session import TrainingSession

MOST_SEATS = 2000  # of one session; more is a machine


def _audiences(level: int) -> Exists:
    return Exists(AudienceCount.objects.filter(session=OuterRef("session"), audience__sensitivity=level))


class AnnouncementQuerySet(ScopedQuerySet):
    def shown(self) -> AnnouncementQuerySet:
        """What residents may read, also that something was cancelled. The audience may have been changed after the tick: a
        session of a protected group disappears at once (个人信息保护法 28)."""
        ticked = self.filter(is_public=True).exclude(session__status=Status.VOID)
        return ticked.exclude(_audiences(Audience.Sensitivity.HEADCOUNT_ONLY))

    def public(self) -> AnnouncementQuerySet:
        """Of sessions that still take place or took place: what residents may read."""
        return self.shown().exclude(session__status=Status.CANCELLED)

    def of_county(self, code: str) -> AnnouncementQuerySet:
        return self.filter(session__organiser__county=code)

    def at_places(self, codes: list[str]) -> AnnouncementQuerySet:
        """At these places. `Places.within` says which lie in a township today, with those that came to it since."""
        return self.filter(session__place__in=codes)

    def between(self, first: datetime.date, last: datetime.date | None = None) -> AnnouncementQuerySet:
        """Of sessions with a day in [first, last], the soonest first; a class of several days counts on each."""
        rows = self.filter(Q(session__held_on__gte=first) | Q(session__ends_on__gte=first))
        rows = rows.filter(session__held_on__lte=last) if last else rows
        return rows.order_by("session__held_on", models.F("session__start_time").asc(nulls_last=True), "pk")

    def for_display(self) -> AnnouncementQuerySet:
        """With what residents' pages say of a session, and how many seats are `taken`, in one query."""
        open_ones = SignUp.objects.filter(announcement=OuterRef("pk"), cancelled_at=None).order_by()
        seats = open_ones.values("announcement").annotate(sum=Sum("seats")).values("sum")
        return self.select_related(
            "session__organiser", "session__place__parent", "session__host", "session__language", "session__theme"
        ).annotate(seats_taken=Coalesce(Subquery(seats), 0), with_minors=_audiences(Audience.Sensitivity.MINORS))


class Announcement(Published):
    """The officer ticks 公开; sign-up is open where the officer opened it."""

    PUBLIC_TEXTS = ("words",)

    session = models.OneToOneField(
        "trainings.TrainingSession", models.CASCADE, verbose_name="场次", related_name="announcement"
    )
    is_public = models.BooleanField("公开", default=False, help_text="居民不用登录就能看到这一场")
    phone = models.CharField("咨询电话", max_length=30, blank=True, help_text="填办公电话，居民会看到；不填个人手机")
    words = models.CharField("给居民的话", max_length=200, blank=True, help_text="如：带上围裙，免费，不用带材料")
    takes_sign_ups = models.BooleanField("接受报名", default=False, help_text="居民在网上留姓名和手机尾号")
    capacity = models.PositiveSmallIntegerField(
        "名额",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)],
        help_text="报满以后不再接受报名；不限的不填",
    )
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = AnnouncementQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "公开预告"
        constraints = [
            models.CheckConstraint(
                condition=Q(takes_sign_ups=False) | Q(is_public=True), name="announcement_sign_up_is_public"
            ),
            models.CheckConstraint(condition=Q(is_public=False) | ~Q(phone=""), name="announcement_public_has_phone"),
            models.CheckConstraint(condition=Q(capacity=None) | Q(capacity__gte=1), name="announcement_has_room"),
        ]

    def __str__(self) -> str:
        return f"{self.session}的公开预告"

    def problems(self) -> dict[str, str]:
        wrong = super().problems()
        session, level = self.session, self.session.sensitivity()
        if self.takes_sign_ups and not self.is_public:
            wrong.setdefault("takes_sign_ups", "要接受报名，请先勾选“公开”")
        if not self.is_public:
            return wrong
        if level == Audience.Sensitivity.HEADCOUNT_ONLY:
            wrong["is_public"] = "这一场的培训对象只报人次，不能公开"
        elif not session.held_on:
            wrong["is_public"] = "请先填写这一场的培训日期，再公开"
        elif session.personal_number_in_public():
            wrong["is_public"] = "这一场的名称、地点或主办单位里有个人手机号码、身份证号，请先改好，再公开"
        if level == Audience.Sensitivity.MINORS and self.takes_sign_ups:
            wrong["takes_sign_ups"] = "未成年人的场次不在网上报名，请居民打咨询电话"
        if not self.phone:
            wrong["phone"] = "请填写居民可以打的办公电话"
        if self.pk and self.capacity and self.capacity < (taken := self.taken()):
            wrong["capacity"] = f"已有 {taken} 人报名，名额不能比这少"
        return wrong

    # --- questions ---------------------------------------------------------------------------------

    @property
    def where(self) -> str:
        """白山镇新汉村 村委会会议室, as somebody would say it. Needs the session's `place__parent`."""
        return " ".join(filter(None, [self.session.place_name.replace("/", ""), self.session.venue]))

    @property
    def who(self) -> str:
        """Who holds it, as written, without how it is credited; and the school or point."""
        session = self.session
        names = [session.organiser_written or session.organiser.name, session.host and session.host.name]
        return "、".join(dict.fromkeys(filter(None, names)))

    def taken(self) -> int:
        """Seats that are spoken for."""
        if hasattr(self, "seats_taken"):
            return self.seats_taken
        return self.sign_ups.filter(cancelled_at=None).aggregate(sum=Coalesce(Sum("seats"), 0))["sum"]

    @property
    def left(self) -> int | None:
        """Seats that are left; None where there is no limit."""
        return None if self.capacity is None else max(self.capacity - self.taken(), 0)

    def has_ended(self) -> bool:
        return has_ended(self.session)

    def first_told(self) -> datetime.datetime | None:
        """When residents could first read of it. One query."""
        return self.history.filter(is_public=True).aggregate(first=models.Min("history_date"))["first"]

    def other_than(self, moment: datetime.datetime | None) -> TrainingSession | None:
        """The session as it stood then, if its day, hour or place is another now: what somebody who read it then still
        believes. One query."""
        if moment is None:
            return None
        records = self.session.history.filter(history_date__lte=moment).select_related("place__parent")
        before = records.order_by("-history_date", "-history_id").first()
        if before is None or not before.held_on:
            return None
        then, now = before.instance, self.session
        then.place = before.place
        names = ("held_on", "ends_on", "start_time", "end_time", "part_of_day", "place_id", "venue")
        return then if any(getattr(then, name) != getattr(now, name) for name in names) else None

    def closed_because(self, now: datetime.datetime | None = None) -> str:
        """Why nobody can sign up now, or ''. The page shows the sentence and `sign_up` enforces it."""
        return self._over_because(now) or ("名额已满" if self.left == 0 else "")

    def _over_because(self, now: datetime.datetime | None = None) -> str:
        """Why nobody can sign up now however many seats are left, or ''."""
        now, session = timezone.localtime(now), self.session
        if session.status == Status.CANCELLED:
            return "这一场已取消"
        minors = self.with_minors if hasattr(self, "with_minors") else session.sensitivity()
        if not self.takes_sign_ups or not self.is_public or minors:
            return "这一场不用在网上报名"
        if session.status != Status.PLANNED or begins(session) < now:
            return "报名已经结束"
        return ""

    # --- verbs ---------------------------------------------------------------------------------------

    def sign_up(self, *, name: str, phone_tail: str, seats: int, token: str) -> tuple[SignUp, str]:
        """The sign-up and the token of its link. The form brings the token it was shown with, so that a form sent twice
        signs up once, and with another number of seats changes it; for another person on the same form there is a new one.
        Raises Refused. The row is locked: of two who want the last seat one is told that it is gone."""
        with transaction.atomic():
            # The session is held too: its audience shall not become one whose names are not kept in between.
            rows = Announcement.objects.select_for_update(of=("self", "session")).select_related("session")
            row = rows.get(pk=self.pk)
            same = row.sign_ups.filter(name=name, phone_tail=phone_tail, cancelled_at=None).first()
            mine = same if same and same.cancel_digest == digest_of(token) else None
            if mine and mine.seats == seats:
                return mine, token
            if closed := row._over_because() if mine else row.closed_because():
                raise Refused(closed)
            if same and not mine:
                raise Refused("这个姓名和手机尾号已经报过名，不用再报；要改人数，请先取消原来的报名")
            more = seats - (mine.seats if mine else 0)
            if row.left is not None and more > row.left:
                if mine:
                    raise Refused(f"您已报上 {mine.seats} 人，名额只够改成 {mine.seats + row.left} 人")
                raise Refused(f"只剩 {row.left} 个名额，请减少人数")
            if row.left is None and row.taken() + more > MOST_SEATS:
                raise Refused("网上报名的人数已到上限，请打咨询电话")
            if mine:
                mine.seats = seats
                mine.save(update_fields=["seats"])
                return mine, token
            if SignUp.objects.filter(cancel_digest=digest_of(token)).exists():
                token = new_token()
            made = row.sign_ups.create(name=name, phone_tail=phone_tail, seats=seats, cancel_digest=digest_of(token))
            return made, token

    def clear_sign_ups(self, *, actor: User) -> int:
        """Deletes every name and closes the sign-up; returns how many rows there were. For a session that turns out to be
        one of people whose names are not kept, or whose list nobody needs any more."""
        with transaction.atomic():
            row = Announcement.objects.select_for_update(of=("self",)).get(pk=self.pk)
            gone, _ = row.sign_ups.all().delete()
            if gone or row.takes_sign_ups:
                row.takes_sign_ups, row.version = False, row.version + 1
                row._history_user, row._change_reason = actor, "清空报名"
                row.save()
        self.takes_sign_ups, self.version = row.takes_sign_ups, row.version
        return gone


class SignUpQuerySet(ScopedQuerySet):
    def found(self, token: str) -> SignUp | None:
        """Whose link it is; cancelled ones too."""
        rows = self.select_related("announcement__session__place__parent", "announcement__session__organiser")
        return rows.filter(cancel_digest=digest_of(token)).first()


class SignUp(models.Model):
    """报名: by a resident without account, who may sign up kin too. Only a digest of the link's token is kept. Goes with the
    roster of its year."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, verbose_name="公开预告", related_name="sign_ups")
    name = models.CharField("姓名", max_length=30)
    phone_tail = models.CharField("手机尾号", max_length=4)
    seats = models.PositiveSmallIntegerField("人数", default=1)
    cancel_digest = models.CharField("取消链接摘要", max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField("报名时间", auto_now_add=True)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)

    objects = SignUpQuerySet.as_manager()
    scope = Scope(
        Subject.ROSTER,
        county="announcement__session__organiser__county_id",
        unit="announcement__session__organiser_id",
        author_role="announcement__session__entered_by__role",
    )

    class Meta:
        verbose_name = verbose_name_plural = "报名"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(seats__gte=1, seats__lte=10), name="sign_up_1_to_10_seats"),
            models.CheckConstraint(condition=Q(phone_tail__regex=r"^[0-9]{4}$"), name="sign_up_phone_tail_4_digits"),
            models.UniqueConstraint(
                fields=["announcement", "name", "phone_tail"],
                condition=Q(cancelled_at=None),
                name="one_open_sign_up_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seats} 人"

    def cancel(self) -> None:
        """Frees the seats. Raises Refused when that has happened already, or when the session is over."""
        if self.announcement.session.status not in (Status.PLANNED, Status.CANCELLED, Status.VOID):
            raise Refused("这一场已经举办，不用再取消")
        # Claimed by the update itself, so of two at the same moment one finds nothing left.
        now = timezone.now()
        if not SignUp.objects.filter(pk=self.pk, cancelled_at=None).update(cancelled_at=now):
            raise Refused("这个报名已经取消了")
        self.cancelled_at = now
