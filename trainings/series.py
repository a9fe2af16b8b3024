"""期（班）: many sessions in one go. Days are worked out, each is looked at beside what is stored already, and all are stored
or none; what remains of a class is put off or cancelled together (依据 三(二)).

A duplicate keeps a day from being stored; a clash (one instructor, one room, at one time) is named and refuses nothing: two
groups may share a hall, and whoever plans knows.
"""

import copy
import datetime
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from networks import audit
from networks.models import User
from networks.names import match_key

from . import years
from .models import Conflict, Refused, Status, TrainingClass, TrainingSession
from .models.session import retired_place_sentence

MOST_SESSIONS = 60  # of one class
LONGEST_SPAN = 400  # days from its first session to its last
WEEK = datetime.timedelta(days=7)
GONE = (Status.VOID, Status.CANCELLED)
_NUMBERED = re.compile(r"（第\d+次）$")
_NAMES = re.compile(r"[、，,;；\s]+")


def day_words(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（周{'一二三四五六日'[day.weekday()]}）"


def spaced_days(first: datetime.date, step: int, count: int, skipped: Iterable[datetime.date]) -> list[datetime.date]:
    """`count` days from `first`, `step` days apart, without those skipped: what is skipped is held one step later. Fewer where
    LONGEST_SPAN ends before."""
    passed, days, day = set(skipped), [], first
    while len(days) < count and (day - first).days <= LONGEST_SPAN:
        if day not in passed:
            days.append(day)
        day += datetime.timedelta(days=step)
    return days


def numbered_title(title: str, number: int) -> str:
    return f"{title}（第{number}次）"


def plain_title(title: str) -> str:
    """The title that the sessions of a class share."""
    return _NUMBERED.sub("", title)


# --- a look at each day before anything is stored ------------------------------------------------------


@dataclass
class Row:
    """One day of the preview: the session as it would be, why it cannot be stored, what to think about."""

    session: TrainingSession
    problems: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    was: datetime.date | None = None  # its day until now, where it is put off
    kept: bool = True

    @property
    def day(self) -> datetime.date:
        return self.session.held_on


def look_at(sessions: list[TrainingSession], user: User, *, new: bool) -> list[Row]:
    """A row for each session as it is meant to be (its own stored self is passed over), in a constant number of queries.
    Only what the user may see is named."""
    rows = [Row(session) for session in sessions]
    days = [row.day for row in rows if row.day]
    if not days:
        return rows
    others = _beside(rows, user)
    today = timezone.localdate()
    county = sessions[0].organiser.county_id
    locked = {year for year in {day.year for day in days} if years.rules_of(county, year).locked}
    for row in rows:
        session = row.session
        if row.day.year in locked:
            row.problems.append(f"{row.day.year}年度已锁定定案，不能再安排")
        place = session.place
        if place and place.retired_on and place.retired_on <= row.day:
            row.problems.append(retired_place_sentence(place, row.day))
        if row.day < today:
            if new:
                row.hints.append("这一天已经过去，会存为草稿，请补填人次")
            else:
                row.problems.append("新的日期已经过去")
        for other in others:
            if new and other.organiser_id == session.organiser_id and _same(session, other):
                row.problems.append(f"已经登记过同一场：《{other}》（{other.get_status_display()}）")
            elif _covers(other, row.day) and _overlap(session, other):
                row.hints += _shared(session, other)
    return rows


def _beside(rows: list[Row], user: User) -> list[TrainingSession]:
    """The visible sessions around these days that could be the same as one of them, or clash with it. One query."""
    sample = rows[0].session
    first, last = min(row.day for row in rows), max(row.day for row in rows)
    alike = Q(title__startswith=plain_title(sample.title)) if sample.title else Q(pk__in=[])
    if sample.place_id and sample.venue:
        alike |= Q(place=sample.place_id, venue=sample.venue)
    for name in _people(sample):
        alike |= Q(instructors__contains=name)
    around = Q(held_on__gte=first, held_on__lte=last) | Q(held_on__lt=first, ends_on__gte=first)
    seen = TrainingSession.objects.visible_to(user).exclude(status__in=GONE)
    own = [row.session.pk for row in rows if row.session.pk]
    return list(seen.filter(around, alike).exclude(pk__in=own).select_related("organiser", "place__parent"))


def _people(session: TrainingSession) -> set[str]:
    return set(filter(None, _NAMES.split(session.instructors)))


def _same(session: TrainingSession, other: TrainingSession) -> bool:
    """As for the rows of a ledger: title, date, time, place and venue."""
    facts = (other.held_on, other.start_time, other.place_id, match_key(other.venue), other.outside_county)
    mine = (session.held_on, session.start_time, session.place_id, match_key(session.venue), session.outside_county)
    return facts == mine and match_key(plain_title(other.title)) == match_key(plain_title(session.title))


def _covers(session: TrainingSession, day: datetime.date) -> bool:
    return session.held_on <= day <= (session.ends_on or session.held_on)


def _overlap(one: TrainingSession, other: TrainingSession) -> bool:
    """Whether they may be at the same time of a day; an unknown end is an hour on, unknown times may be any."""
    if not (one.start_time and other.start_time):
        parts = {one.part_of_day, other.part_of_day}
        return "" in parts or len(parts) == 1
    return one.start_time < _end(other) and other.start_time < _end(one)


def _end(session: TrainingSession) -> datetime.time:
    if session.end_time and session.end_time > session.start_time:
        return session.end_time
    start = session.start_time
    return start.replace(hour=start.hour + 1) if start.hour < 23 else datetime.time.max


def _shared(session: TrainingSession, other: TrainingSession) -> list[str]:
    clock = f"{other.start_time:%H:%M}" if other.start_time else "时间未填"
    what = f"《{other}》（{other.organiser.short_name}，{clock}）"
    found = []
    people = sorted(_people(session) & _people(other))
    if people:
        found.append(f"教师冲突：{'、'.join(people)}同时在{what}")
    one_room = session.place_id and session.place_id == other.place_id and session.venue
    if one_room and match_key(session.venue) == match_key(other.venue):
        found.append(f"场地冲突：{session.venue}同时有{what}")
    return found


# --- storing -------------------------------------------------------------------------------------------


def store(
    *,
    actor: User,
    named: dict[str, object],
    sessions: list[dict[str, object]],
    audiences: list,
    co_organisers: list,
    request: HttpRequest | None = None,
) -> TrainingClass:
    """A class and its sessions, all or none. `named` are the class's own fields, `sessions` what `enter` is given for each,
    in the order of their days. Raises Refused with the day in front."""
    with transaction.atomic():
        made = TrainingClass(entered_by=actor, version=1, **named)
        made._change_reason = "建立"
        made.save()
        for changes in sessions:
            try:
                TrainingSession.enter(
                    actor=actor,
                    changes=changes | {"training_class": made},
                    audiences=audiences,
                    co_organisers=co_organisers,
                )
            except Refused as refused:
                raise Refused(*(f"{day_words(changes['held_on'])}：{reason}" for reason in refused.reasons)) from None
        audit.record("建立期（班）", actor=actor, subject=made, request=request, sessions=len(sessions))
    return made


def days_after(source: TrainingClass, user: User, first: datetime.date) -> list[datetime.date]:
    """The days of a copied class whose first session is on `first`: the same distances as in the source, without what was
    cancelled there."""
    rows = TrainingSession.objects.visible_to(user).filter(training_class=source, held_on__isnull=False)
    days = sorted(set(rows.exclude(status__in=GONE).values_list("held_on", flat=True)))
    return [first + (day - days[0]) for day in days[:MOST_SESSIONS]]


# --- what remains of a class ---------------------------------------------------------------------------


def remaining(training_class: TrainingClass, user: User) -> list[TrainingSession]:
    """The planned sessions of a class that this account may move, the next one first."""
    rows = TrainingSession.objects.editable_by(user).filter(training_class=training_class, status=Status.PLANNED)
    return list(rows.select_related("organiser", "place__parent").order_by("held_on", "start_time", "pk"))


def _held(training_class: TrainingClass, user: User, seen: str) -> list[TrainingSession]:
    """The same, kept from others until the transaction ends. Raises Conflict when it is no longer what was `seen`: asked
    under the lock, because in between somebody may add, move or cancel one (IN-4)."""
    held = TrainingClass.objects.select_for_update(of=("self",)).get(pk=training_class.pk)
    keys = [session.pk for session in remaining(held, user)]
    list(TrainingSession.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk").values_list("pk"))
    rows = remaining(held, user)
    if mark_of(rows) != seen:
        raise Conflict(held)
    if not rows:
        raise Refused("这个班没有还未举办的计划场次")
    return rows


def mark_of(sessions: Iterable[TrainingSession]) -> str:
    """By what a page tells that what it showed has been changed meanwhile, by whomever (IN-4)."""
    versions = ",".join(f"{session.pk}-{session.version}" for session in sessions)
    return hashlib.sha256(versions.encode()).hexdigest()[:16]


def put_off(sessions: list[TrainingSession], first: datetime.date, user: User) -> list[Row]:
    """What a postponement would make of them, looked at: the first on its new day, the others as many days later as it.
    Nothing is stored; the sessions given stay as they are."""
    if not sessions:
        return []
    shift = first - sessions[0].held_on
    meant = []
    for session in sessions:
        moved = copy.copy(session)
        moved.held_on, moved.ends_on = session.held_on + shift, session.ends_on and session.ends_on + shift
        meant.append(moved)
    rows = look_at(meant, user, new=False)
    for row, session in zip(rows, sessions, strict=True):
        row.was = session.held_on
    return rows


def cancel_rest(
    training_class: TrainingClass, *, actor: User, reason: str, seen: str, request: HttpRequest | None = None
) -> int:
    """Cancels every planned session of the class, all or none; returns how many. `seen` is the mark of what was shown."""
    with transaction.atomic():
        rows = _held(training_class, actor, seen)
        for session in rows:
            session.cancel(actor=actor, reason=reason)
        audit.record("取消期（班）其余场次", actor=actor, subject=training_class, request=request, sessions=len(rows))
    return len(rows)


def postpone_rest(
    training_class: TrainingClass,
    *,
    actor: User,
    reason: str,
    first: datetime.date,
    seen: str,
    request: HttpRequest | None = None,
) -> int:
    """Puts every planned session of the class off by as many days as its next one, all or none; returns how many. `seen` is
    the mark of what was shown."""
    with transaction.atomic():
        rows = _held(training_class, actor, seen)
        undated = [session for session in rows if not session.held_on]
        if undated:
            raise Refused(f"《{undated[0]}》还没有日期，请先在那一场填上日期")
        shift = first - rows[0].held_on
        for session in rows:
            try:
                session.postpone(actor=actor, reason=reason, held_on=session.held_on + shift)
            except Refused as refused:
                raise Refused(*(f"《{session}》：{why}" for why in refused.reasons)) from None
        audit.record("期（班）改期", actor=actor, subject=training_class, request=request, sessions=len(rows))
    return len(rows)
