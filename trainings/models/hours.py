"""From when to when a session runs, as far as is known: for the door, for whoever signs up, and for what residents are told."""

import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    from .session import TrainingSession

USUAL_LENGTH = datetime.timedelta(hours=3)  # where nobody wrote when it ends
DAY_END = datetime.time(23, 59)
PARTS = {  # where only the part of the day is known
    "morning": (datetime.time(8), datetime.time(12)),
    "afternoon": (datetime.time(14), datetime.time(18)),
    "evening": (datetime.time(19), datetime.time(22)),
}


def at(day: datetime.date, clock: datetime.time) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, clock))


def hours_on(session: "TrainingSession", day: datetime.date) -> tuple[datetime.datetime, datetime.datetime] | None:
    """From when to when the session runs on one of its days; None where neither time nor part of the day is known."""
    if not session.start_time:
        hours = PARTS.get(session.part_of_day)
        return hours and tuple(at(day, clock) for clock in hours)
    start = at(day, session.start_time)
    if session.end_time and session.end_time > session.start_time:
        return start, at(day, session.end_time)
    length = USUAL_LENGTH
    if session.minutes and session.days == 1:
        length = datetime.timedelta(minutes=session.minutes)
    return start, min(start + length, at(day, DAY_END))


def begins(session: "TrainingSession") -> datetime.datetime:
    """When nobody need come any more: its first hour, or the end of its first day where none is known."""
    hours = hours_on(session, session.held_on)
    return hours[0] if hours else at(session.held_on, datetime.time.max)


def has_ended(session: "TrainingSession", now: datetime.datetime | None = None) -> bool:
    """Whether its last day has run out as residents see it: where no hour is known, the day counts to its end. (What may
    be submitted asks `is_over`, which is satisfied with less.)"""
    last = session.ends_on or session.held_on
    if last is None:
        return False
    hours = hours_on(session, last)
    return (now or timezone.now()) >= (hours[1] if hours else at(last, datetime.time.max))
