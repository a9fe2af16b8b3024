"""Lines in and out of a session's roster, all of a paste or none, and who was at two sessions at once (XL-7)."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from networks import audit
from networks.models import Division, User

from ..models import Refused, RosterLine, Status, TrainingSession
from ..models.rosters import identity_of

MOST_AT_ONCE = 500  # lines of one paste or workbook
MOST_PER_SESSION = 3_000
NOT_HELD = (Status.CANCELLED, Status.VOID)
ONLY_KEEPERS = "只有登记单位的工作人员可以登记和删改名册"


@dataclass(frozen=True)
class Person:
    """A checked line before it is stored."""

    name: str
    sex: str = ""
    age_band: str = ""
    home: Division | None = None
    phone_tail: str = ""

    @property
    def identity(self) -> str:
        return identity_of(self.name, self.phone_tail, self.home.pk if self.home else None)


class Twice(Refused):
    """Somebody who is in the roster already, or twice among the new lines; `positions` says which lines (from 0)."""

    def __init__(self, positions: list[int]) -> None:
        super().__init__("同一个人在一场里只登记一次")
        self.positions = positions


def keeps_roster(user: User, session: TrainingSession) -> bool:
    return TrainingSession.objects.editable_by(user).filter(pk=session.pk).exists()


def add(
    session: TrainingSession,
    people: list[Person],
    *,
    actor: User,
    source: str,
    request: HttpRequest | None = None,
) -> int:
    """Stores the lines, all or none, and counts the roster. Raises PermissionDenied, Refused, Twice."""
    if not keeps_roster(actor, session):
        raise PermissionDenied(ONLY_KEEPERS)
    with transaction.atomic():
        row = session.locked_row()
        row.refuse_lines()
        known = set(row.roster.values_list("identity", flat=True))
        if len(known) + len(people) > MOST_PER_SESSION:
            raise Refused(f"一场的名册最多 {MOST_PER_SESSION:,} 人")
        twice = []
        for position, person in enumerate(people):
            if person.identity in known:
                twice.append(position)
            known.add(person.identity)
        if twice:
            raise Twice(twice)
        RosterLine.objects.bulk_create(
            RosterLine(
                session=row,
                name=person.name,
                sex=person.sex,
                age_band=person.age_band,
                home=person.home,
                phone_tail=person.phone_tail,
                source=source,
                identity=person.identity,
            )
            for person in people
        )
        count = row.count_roster()
        audit.record(
            "登记名册", actor=actor, subject=row, request=request, number=row.number, lines=len(people), roster=count
        )
    session.rostered_attendance = count
    return len(people)


def remove(line: RosterLine, *, actor: User, request: HttpRequest | None = None) -> bool:
    """Takes a person's line away; whether the count followed. In a session that is decided, or in a locked year, the person
    goes and the count stays: anybody may have their data deleted at any time (个人信息保护法 47)."""
    if not keeps_roster(actor, line.session):
        raise PermissionDenied(ONLY_KEEPERS)
    with transaction.atomic():
        row = line.session.locked_row()
        line.delete()
        try:
            row.refuse_lines()
        except Refused:
            counted = False
        else:
            row.count_roster()
            counted = True
        audit.record(
            "删除名册一行",
            actor=actor,
            subject=row,
            request=request,
            number=row.number,
            roster=row.rostered_attendance,
            recounted=counted,
        )
    return counted


def scanned(session: TrainingSession, first: datetime.datetime, last: datetime.datetime) -> QuerySet[RosterLine]:
    """What residents signed at the door from the minute `first` to the minute `last`, both included."""
    until = last + datetime.timedelta(minutes=1)
    return session.roster.filter(source=RosterLine.Source.QR, signed_at__gte=first, signed_at__lt=until)


def remove_scanned(
    session: TrainingSession,
    first: datetime.datetime,
    last: datetime.datetime,
    *,
    number: int,
    actor: User,
    request: HttpRequest | None = None,
) -> None:
    """Takes away what was signed at the door in that span, where a stranger has filled the roster; `number` is how many the
    officer was shown. Raises PermissionDenied and Refused, also of a session that is decided: there only a person's own line
    goes, by `remove`."""
    if not keeps_roster(actor, session):
        raise PermissionDenied(ONLY_KEEPERS)
    with transaction.atomic():
        row = session.locked_row()
        row.refuse_lines()
        lines = scanned(row, first, last)
        if lines.count() != number:
            raise Refused("这段时间的签到刚刚又有变化，请重新核对人数")
        lines.delete()
        count = row.count_roster()
        audit.record(
            "删除扫码签到",
            actor=actor,
            subject=row,
            request=request,
            number=row.number,
            lines=number,
            roster=count,
            first=timezone.localtime(first).isoformat(timespec="minutes"),
            last=timezone.localtime(last).isoformat(timespec="minutes"),
        )


# --- at two sessions at once --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meeting:
    """Somebody of this roster who stands in another session's of the same days too."""

    session: TrainingSession  # the other one
    surely: bool  # the clock times overlap; else only the day is the same
    weak: bool  # the name alone says that it is the same person


def double_booked(session: TrainingSession, identities: Iterable[str], user: User) -> dict[str, list[Meeting]]:
    """{identity: where else that person was at the same time}, among the sessions whose rosters this account sees. A hint,
    no verdict: 同名 happens. One query."""
    if not session.held_on:
        return {}
    last = session.ends_on or session.held_on
    rows = (
        RosterLine.objects.visible_to(user)
        .filter(identity__in=set(identities), session__held_on__lte=last)
        .annotate(last_day=Coalesce("session__ends_on", "session__held_on"))
        .filter(last_day__gte=session.held_on)
        .exclude(session=session)
        .exclude(session__status__in=NOT_HELD)
        .select_related("session__organiser")
        .order_by("session__held_on", "pk")
    )
    found = defaultdict(list)
    for row in rows:
        overlap = _overlap(session, row.session)
        if overlap is not None:
            weak = "|" not in row.identity and "@" not in row.identity
            found[row.identity].append(Meeting(row.session, overlap, weak))
    return dict(found)


def _overlap(one: TrainingSession, other: TrainingSession) -> bool | None:
    """Of two sessions with a day in common: True where their times overlap, None where they do not, False where nobody has
    written enough to tell."""
    first, second = _span(one), _span(other)
    if first and second:
        return True if first[0] < second[1] and second[0] < first[1] else None
    if one.part_of_day and other.part_of_day and one.part_of_day != other.part_of_day:
        return None
    return False


def _span(session: TrainingSession) -> tuple[datetime.time, datetime.time] | None:
    if session.days > 1 or not (session.start_time and session.end_time) or session.start_time >= session.end_time:
        return None
    return session.start_time, session.end_time
