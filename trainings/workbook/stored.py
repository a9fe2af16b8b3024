"""The sessions that are stored already: when a row is one of them, and where it says something else."""

import datetime

from trainings.models import Status, TrainingSession

from . import columns as col
from .names import name_key

# What a duplicate is compared by, besides its figures. A blank cell says nothing.
_COMPARED = (
    (col.END, "ends_on"),
    (col.END, "end_time"),
    (col.LENGTH, "minutes"),
    (col.HOST, "host_id"),
    (col.THEME, "theme_id"),
    (col.PROGRAMME, "programme_id"),
    (col.PROGRAMME, "project_id"),
    (col.FORM, "form_id"),
    (col.LANGUAGE, "language_id"),
    (col.AUDIENCE, "audience_text"),
    (col.CO_ORGANISERS, "co_organiser_text"),
    (col.INSTRUCTORS, "instructors"),
    (col.REMARKS, "remarks"),
)


def session_key(organiser_id, title, day, start, part, place_id, venue):
    """What makes two rows the same session: unit, title, date, start time or part of the day, place and venue."""
    return (organiser_id, name_key(title), day, start or part or None, place_id, name_key(venue))


def stored_sessions(user, keys):
    """{key: its values} of the user's stored sessions, void ones apart, that bear one of the keys. Two queries at most."""
    wanted = set(keys)
    if not wanted:
        return {}
    fields = [name for _, name in _COMPARED]
    rows = (
        TrainingSession.objects.visible_to(user)
        .exclude(status=Status.VOID)
        .filter(
            organiser_id__in={key[0] for key in wanted},
            held_on__gte=min(key[2] for key in wanted),
            held_on__lte=max(key[2] for key in wanted),
        )
        .values(
            "organiser_id",
            "title",
            "held_on",
            "start_time",
            "part_of_day",
            "place_id",
            "outside_county",
            "venue",
            "planned_attendance",
            "reported_attendance",
            *fields,
        )
    )
    found = {}
    for row in rows.order_by("pk").iterator():
        place = "outside" if row["outside_county"] else row["place_id"]
        key = session_key(
            row["organiser_id"],
            row["title"],
            row["held_on"],
            row["start_time"],
            row["part_of_day"],
            place,
            row["venue"],
        )
        if key in wanted:
            found.setdefault(key, row)
    return found


def differences(session, stored):
    """Sentences on what the unsaved `session` of a ledger says otherwise than the `stored` values of the same session."""
    sentences = []
    for column, name in _COMPARED:
        new, old = getattr(session, name), stored[name]
        if new in (None, "") or new == old:
            continue
        if isinstance(new, str) and name_key(new) == name_key(old or ""):
            continue
        if name.endswith("_id"):
            sentences.append(f"{column}（这里是“{getattr(session, name[:-3])}”）")
        else:
            sentences.append(f"{column}（系统中是“{_text(old)}”，这里是“{_text(new)}”）")
    return sentences


def _text(value):
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)[:40]
