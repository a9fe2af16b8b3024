"""扫码签到 of one session: its public page, when that takes sign-ins, and the lines that residents write there themselves
(依据 二(三)3). Nobody has to: whoever does not scan signs on paper or is counted."""

from __future__ import annotations

import datetime
import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from simple_history.models import HistoricalRecords

from networks import audit
from networks.access import Scope, ScopedQuerySet, Subject, barred_from_scanning
from networks.models import Division, User
from networks.names import match_key

from .hours import has_ended, hours_on
from .rosters import ROSTER_OPEN, RosterLine, identity_of
from .session import TrainingSession
from .verbs import Refused, Status

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # typed from a poster: no i/l/1, no o/0
_TOKEN = 12  # letters: 59 bits. It hangs on a wall, so it is no secret; it must only not be guessed from another one
_CODE = 10  # letters of a learning code: 49 bits, and few tries an hour
LONGEST_MARGIN = 180  # minutes before and after
MOST_BY_SCAN = 2000  # lines of one session; more is a machine
FEEDBACK_DAYS = 14  # after the last day


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def new_token() -> str:
    return _random(_TOKEN)


def new_code() -> str:
    """学习码: what a resident keeps to find their sessions again; it says nothing about them."""
    return _random(_CODE).upper()


def code_of(key: str, identity: str) -> str:
    """The learning code that the form with this random key gives this person: the same form again is told the same code, and
    without the key nobody is."""
    number = int.from_bytes(salted_hmac("trainings.learning-code", f"{key}\n{identity}", algorithm="sha256").digest())
    letters = []
    for _ in range(_CODE):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters).upper()


def tidy_code(text: str) -> str:
    """A code or token as meant: full-width letters, capitals, blanks and dashes make no difference."""
    return re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKC", text).upper())


class Phase(models.TextChoices):
    BEFORE = "before", "还没有开放"
    OPEN = "open", "正在签到"
    OVER = "over", "已经结束"


@dataclass(frozen=True)
class Attendee:
    """One name as it was typed at the door; `code` is one that they were given before."""

    name: str
    phone_tail: str = ""
    sex: str = ""
    age_band: str = ""
    home: Division | None = None
    code: str = ""

    @property
    def identity(self) -> str:
        return identity_of(self.name, self.phone_tail, self.home.pk if self.home else None)


@dataclass
class Signed:
    """What became of a form: the new lines, those that this very form made before (IN-3), and the names that stood there
    already, whose codes are told to nobody."""

    new: list[RosterLine] = field(default_factory=list)
    again: list[RosterLine] = field(default_factory=list)
    known: list[str] = field(default_factory=list)

    @property
    def with_codes(self) -> list[RosterLine]:
        return self.new + self.again


class ScanSheetQuerySet(ScopedQuerySet):
    def found(self, token: str) -> ScanSheet | None:
        """The sheet that this address means, or None: unknown, or of a session that keeps no roster or does not take place.
        Two queries, whatever the answer."""
        known = self.select_related("session__organiser", "session__place__parent")
        sheet = known.filter(token=tidy_code(token)[:40].lower()).first()
        gone = sheet is None or sheet.session.status in {Status.CANCELLED, Status.VOID}
        return None if gone or sheet.session.roster_ban() else sheet


class ScanSheet(models.Model):
    """The officer opens it for one session; it takes sign-ins in the session's own hours, which move with the session."""

    session = models.OneToOneField(TrainingSession, models.CASCADE, verbose_name="场次", related_name="scan_sheet")
    token = models.CharField("网址里的字母", max_length=16, unique=True, default=new_token, editable=False)
    minutes_before = models.PositiveSmallIntegerField(
        "提前几分钟开放", default=30, validators=[MaxValueValidator(LONGEST_MARGIN)]
    )
    minutes_after = models.PositiveSmallIntegerField(
        "结束后几分钟关闭", default=30, validators=[MaxValueValidator(LONGEST_MARGIN)]
    )
    once_per_device = models.BooleanField(
        "一部手机只签一人", default=False, help_text="平时不用勾选：一家人可以用一部手机一起签"
    )
    closed_at = models.DateTimeField("提前结束时间", null=True, blank=True, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="开放人", related_name="+", editable=False
    )
    opened_at = models.DateTimeField("开放时间", auto_now_add=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScanSheetQuerySet.as_manager()
    scope = Scope(Subject.RECORD, via="session")

    class Meta:
        verbose_name = verbose_name_plural = "扫码签到"
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes_before__lte=LONGEST_MARGIN, minutes_after__lte=LONGEST_MARGIN),
                name="scan_margins_within_3_hours",
            ),
            models.CheckConstraint(condition=~Q(token=""), name="scan_sheet_has_token"),
        ]

    def __str__(self) -> str:
        return f"{self.session}的扫码签到"

    # --- when ----------------------------------------------------------------------------------------

    @property
    def address_words(self) -> str:
        """abcd-efgh-jkmn: easier to type from a poster."""
        return "-".join(self.token[i : i + 4] for i in range(0, len(self.token), 4))

    def _day(self, now: datetime.datetime) -> datetime.date | None:
        """The session's day that matters now: today where it is one of them, else the nearest."""
        first, last = self.session.held_on, self.session.ends_on or self.session.held_on
        return first and min(max(timezone.localdate(now), first), last)

    def window(self, now: datetime.datetime | None = None) -> tuple[datetime.datetime, datetime.datetime] | None:
        """From when to when names are taken, on the day that matters now."""
        day = self._day(now or timezone.now())
        hours = hours_on(self.session, day) if day else None
        if hours is None:
            return None
        before, after = (datetime.timedelta(minutes=m) for m in (self.minutes_before, self.minutes_after))
        return hours[0] - before, hours[1] + after

    def closed_early(self, now: datetime.datetime | None = None) -> bool:
        """By the officer, for the day that matters now: a class of several days opens again on the next one."""
        window = self.window(now)
        return bool(window and self.closed_at and self.closed_at >= window[0])

    def phase(self, now: datetime.datetime | None = None) -> Phase:
        now = now or timezone.now()
        window = self.window(now)
        if window is None:  # its hours were taken away again
            return Phase.OVER if has_ended(self.session, now) else Phase.BEFORE
        if now < window[0]:
            return Phase.BEFORE
        return Phase.OVER if now >= window[1] or self.closed_early(now) else Phase.OPEN

    def takes_feedback(self, now: datetime.datetime | None = None) -> bool:
        """From the end of the last day, or from when the officer closed it, for two weeks."""
        now = now or timezone.now()
        last = self.session.ends_on or self.session.held_on
        if last is None or timezone.localdate(now) > last + datetime.timedelta(days=FEEDBACK_DAYS):
            return False
        return has_ended(self.session, now) or (timezone.localdate(now) == last and self.closed_early(now))

    # --- the officer's verbs -------------------------------------------------------------------------

    @staticmethod
    def barred_from_opening(session: TrainingSession, today: datetime.date | None = None) -> str:
        """Why sign-in by QR cannot be opened for this session now, or ''. The page shows it, `open` enforces it."""
        if banned := session.roster_ban():
            return banned + "，所以没有扫码签到"
        if session.status not in ROSTER_OPEN - {Status.SUBMITTED}:
            return f"这一场次现在是“{session.get_status_display()}”，不能开放扫码签到"
        if session.personal_number_in_public():
            return "这一场的名称、地点或主办单位里有个人手机号码、身份证号，扫码的人都看得到：请先改好，再开放扫码签到"
        last = session.ends_on or session.held_on
        if last is None:
            return "请先填写培训日期，再开放扫码签到"
        if last < (today or timezone.localdate()):
            return "这一场已经结束，不能再开放扫码签到；可以补录名册或只填人次"
        if not session.start_time and not session.part_of_day:
            return "请先填写开始时间（或上午、下午、晚上），签到按这个时间开放和关闭"
        return ""

    @classmethod
    def open(cls, session: TrainingSession, *, actor: User, **settings_: object) -> ScanSheet:
        """Opens it, changes its settings, or opens it again after an early end. Raises PermissionDenied, Refused."""
        with transaction.atomic():
            row = session.locked_row()
            _refuse_strangers(actor, row)
            row.refuse_locked_year()
            if barred := cls.barred_from_opening(row):
                raise Refused(barred)
            sheet = cls.objects.filter(session=row).first() or cls(session=row, opened_by=actor)
            sheet.session = row
            for name, value in settings_.items():
                setattr(sheet, name, value)
            sheet.closed_at, sheet.version = None, sheet.version + 1
            sheet._history_user, sheet._change_reason = actor, "开放扫码签到"
            sheet.save()
        return sheet

    def close(self, *, actor: User) -> None:
        """提前结束: from now on no name is taken; what residents say of the session is."""
        with transaction.atomic():
            _refuse_strangers(actor, self.session.locked_row())
            row = type(self).objects.select_for_update(of=("self",)).select_related("session").get(pk=self.pk)
            if row.phase() != Phase.OPEN:
                raise Refused(f"扫码签到现在{row.phase().label}，不用提前结束")
            row.closed_at, row.version = timezone.now(), row.version + 1
            row._history_user, row._change_reason = actor, "提前结束扫码签到"
            row.save()
        self.closed_at, self.version = row.closed_at, row.version

    # --- the residents' verb -------------------------------------------------------------------------

    def sign(self, people: list[Attendee], *, key: str = "", device: str = "") -> Signed:
        """Writes the names into the roster, each person once, and counts it. `key` is the form's own, random; `device` is told
        in the stricter setting alone. Raises Refused with sentences for residents. No address and no place is kept."""
        key = key or secrets.token_hex(16)
        done = Signed()
        with transaction.atomic():
            session = self.session.locked_row()  # one after the other: nobody stands there twice
            self.session = session
            if self.phase() != Phase.OPEN:
                raise Refused(f"扫码签到{self.phase().label}，请在纸质签到表上签名，或告诉工作人员")
            session.refuse_lines()
            lines = session.roster.filter(source=RosterLine.Source.QR)
            there = {line.identity: line for line in session.roster.only("session", "identity", "name", "code")}
            if lines.count() + sum(person.identity not in there for person in people) > MOST_BY_SCAN:
                raise Refused("这一场扫码签到的人数已到上限，请在纸质签到表上签名")
            for person in people:
                code = person.code or code_of(key, person.identity)
                if line := there.get(person.identity):
                    if constant_time_compare(line.code, code):
                        done.again.append(line)
                    else:
                        done.known.append(person.name)
                    continue
                done.new.append(
                    RosterLine(
                        session=session,
                        name=person.name,
                        phone_tail=person.phone_tail,
                        sex=person.sex,
                        age_band=person.age_band,
                        home=person.home,
                        source=RosterLine.Source.QR,
                        identity=person.identity,
                        code=code,
                        device=device if self.once_per_device else "",
                    )
                )
                there[person.identity] = done.new[-1]
            used = device and (done.new or done.known) and lines.filter(device=device).exists()
            if self.once_per_device and (len(people) > 1 or used):
                raise Refused("这一场一部手机只签一个人，这部手机已经签过。没有手机的请找工作人员登记")
            if done.new:
                RosterLine.objects.bulk_create(done.new)
                session.count_roster()
                audit.record(
                    "扫码签到",
                    actor=None,
                    subject=session,
                    county_code=session.organiser.county_id,
                    lines=len(done.new),
                )
        return done


def wrong_code(name: str, code: str) -> str:
    """Why this name cannot sign in with that learning code, or ''. One sentence whether the code is unknown or somebody
    else's, so that trying codes tells nothing. One query."""
    names = RosterLine.objects.filter(code=code).values_list("name", flat=True)
    if match_key(name) in set(map(match_key, names)):
        return ""
    return "没有查到这个学习码，或它不是用这个姓名登记的。请核对；也可以留空，会得到新的"


def _refuse_strangers(actor: User, session: TrainingSession) -> None:
    if barred := barred_from_scanning(actor, session):
        raise PermissionDenied(barred)
