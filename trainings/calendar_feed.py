"""The residents' calendar as phones read it (RFC 5545): public sessions alone, and no person's name."""

import datetime
from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event, Timezone

from .models import Announcement, Status

USUAL_LENGTH = datetime.timedelta(hours=2)  # of a session that says when it begins and not when it ends


def feed(rows: Iterable[Announcement], *, name: str, address: Callable[[Announcement], str]) -> bytes:
    """The calendar of these announcements (as `for_display` reads them); `address` makes the page of one."""
    calendar = Calendar()
    calendar.add("prodid", "-//mashan-edu//learn//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("refresh-interval", datetime.timedelta(hours=12), parameters={"VALUE": "DURATION"})
    zone = timezone.get_default_timezone()
    calendar.add_component(Timezone.from_tzinfo(zone, first_date=datetime.date(2020, 1, 1)))
    for row in rows:
        calendar.add_component(_event(row, zone, address(row)))
    return calendar.to_ical()


def _event(row: Announcement, zone: datetime.tzinfo, address: str) -> Event:
    session, event = row.session, Event()
    last = session.ends_on or session.held_on
    off = session.status == Status.CANCELLED
    event.add("uid", f"{session.number}@mashan-edu")
    event.add("dtstamp", timezone.now().astimezone(datetime.UTC))
    event.add("sequence", session.version + row.version)  # a phone takes over what was changed since
    if session.start_time and last == session.held_on:
        begins = datetime.datetime.combine(session.held_on, session.start_time, zone)
        ends = begins + USUAL_LENGTH
        if session.end_time and session.end_time > session.start_time:
            ends = datetime.datetime.combine(session.held_on, session.end_time, zone)
        event.add("dtstart", begins)
        event.add("dtend", ends)
    else:  # of whole days: the end is the day after the last
        event.add("dtstart", session.held_on)
        event.add("dtend", last + datetime.timedelta(days=1))
    event.add("summary", f"（已取消）{session}" if off else str(session))
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("location", row.where)
    lines = [
        f"主办：{row.who}",
        f"时间：{session.when_name}",
        f"授课语言：{session.language}" if session.language else "",
        row.words,
        f"咨询电话：{row.phone}",
    ]
    event.add("description", "\n".join(filter(None, lines)))
    event.add("url", address)
    return event
