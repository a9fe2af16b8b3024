"""The sessions that are stored already: when a row is one of them, and where it says something else."""

import datetime

from networks.xlsx.names import name_key
from trainings.models import Status, TrainingSession

from . import columns as col

_KEY = ["organiser_id", "title", "held_on", "start_time", "part_of_day", "place_id", "outside_county", "venue"]
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


def session_key(fields):
    """What makes two rows the same session: unit, title, date, start time or part of the day, place and venue. `fields` are
    those of TrainingSession, foreign keys as ids."""
    return (
        fields["organiser_id"],
        name_key(fields["title"]),
        fields["held_on"],
        fields["start_time"] or fields["part_of_day"] or None,
        fields["place_id"],
        fields["outside_county"],
        name_key(fields["venue"]),
    )


def stored_sessions(user, keys):
    """{key: its values} of the user's stored sessions, void ones apart, that bear one of the keys. Two queries at most."""
    wanted = set(keys)
    if not wanted:
        return {}
    rows = (
        TrainingSession.objects.visible_to(user)
        .exclude(status=Status.VOID)
        .filter(
            organiser_id__in={key[0] for key in wanted},
            held_on__gte=min(key[2] for key in wanted),
            held_on__lte=max(key[2] for key in wanted),
        )
        .values(*_KEY, "planned_attendance", "reported_attendance", *(name for _, name in _COMPARED))
    )
    found = {}
    for row in rows.order_by("pk").iterator():
        key = session_key(row)
        if key in wanted:
            found.setdefault(key, row)
    return found


def differences(fields, written, stored):
    """Sentences on what a ledger row says otherwise than the `stored` values of the same session. `fields` are the row's, as
    those of TrainingSession; `written` {column: text} is what the clerk wrote for names."""
    sentences = []
    for column, name in _COMPARED:
        new, old = fields.get(name), stored[name]
        if new in (None, "") or new == old:
            continue
        if name.endswith("_id"):
            sentences.append(f"{column}（这里是“{written[column]}”）")
        elif not isinstance(new, str) or name_key(new) != name_key(old):
            sentences.append(f"{column}（系统中是“{_text(old)}”，这里是“{_text(new)}”）")
    return sentences


def _text(value):
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)[:40]
