"""What changed in a session, in the words of the screen: for its history, for conflicts, and since it was last returned.

Works on the session itself and on its historical records alike; both carry the same fields.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import models
from django.db.models import Q
from django.utils import timezone

from networks.models import Division, User

from .models import Evidence, Status, TrainingSession
from .models.verbs import MOVES

# What a unit reports, in the order of the entry page; figures that others set are told by the moves themselves.
REPORTED = (
    "course",
    "title",
    "organiser",
    "organiser_written",
    "co_organiser_text",
    "held_on",
    "ends_on",
    "part_of_day",
    "start_time",
    "end_time",
    "minutes",
    "place",
    "outside_county",
    "venue",
    "host",
    "learning_group",
    "theme",
    "programme",
    "project",
    "form",
    "language",
    "audience_text",
    "planned_attendance",
    "reported_attendance",
    "instructors",
    "remarks",
)


@dataclass(frozen=True)
class Change:
    """One field that differs; `before` and `after` as a person reads them, '' when empty."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """One entry of a session's history."""

    at: datetime.datetime
    who: User | None
    sentence: str
    status: str
    changes: list[Change] = field(default_factory=list)


def differences(before: models.Model, after: models.Model, names: Iterable[str] = REPORTED) -> list[Change]:
    """The fields that differ between two versions. Queries only for the names behind changed references."""
    found = []
    for name in names:
        column = TrainingSession._meta.get_field(name)
        old, new = getattr(before, column.attname), getattr(after, column.attname)
        if old != new:
            found.append(Change(name, str(column.verbose_name), displayed(name, old), displayed(name, new)))
    return found


def displayed(name: str, value: object) -> str:
    """A stored value of the session's field `name` as it is shown; a reference is given by its key."""
    column = TrainingSession._meta.get_field(name)
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    if isinstance(column, models.ForeignKey):
        rows = column.related_model._default_manager
        if column.related_model is Division:
            place = rows.select_related("parent").filter(pk=value).first()
            return place.path if place else str(value)
        return str(rows.filter(pk=value).first() or value)
    if isinstance(value, datetime.datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, datetime.date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    return str(value)


def records_of(session: TrainingSession) -> list[models.Model]:
    """The session's historical records, the newest first, with who made them. One query."""
    return list(session.history.select_related("history_user__person").order_by("-history_date", "-history_id"))


def plan_notes(keys: Iterable[int]) -> dict[int, str]:
    """The last postponement or cancellation of each of these sessions, with its reason, as their history has it. One query."""
    told = Q(history_change_reason__startswith=MOVES["postpone"].label)
    told |= Q(history_change_reason__startswith=MOVES["cancel"].label)
    records = TrainingSession.history.filter(told, id__in=list(keys)).order_by("history_date", "history_id")
    return dict(records.values_list("id", "history_change_reason"))


def steps(records: list[models.Model]) -> list[Step]:
    """The history as a person reads it, the newest first: who did what, and which reported facts changed with it."""
    told = []
    for record, earlier in zip(records, [*records[1:], None], strict=True):
        told.append(
            Step(
                at=record.history_date,
                who=record.history_user,
                sentence=record.history_change_reason or ("登记" if earlier is None else "修改"),
                status=record.status,
                changes=differences(earlier, record) if earlier is not None else [],
            )
        )
    return told


def last_return(records: list[models.Model]) -> models.Model | None:
    """The record that the last return or revocation wrote; what the unit changed afterwards comes after it."""
    for record, earlier in zip(records, [*records[1:], None], strict=True):
        if record.status == Status.RETURNED and (earlier is None or earlier.status != Status.RETURNED):
            return record
    return None


@dataclass(frozen=True)
class SinceReturn:
    """How the session differs from what was returned; `evidence` is what has been added since."""

    sentence: str
    at: datetime.datetime
    who: User | None
    changes: list[Change]
    evidence: list[Evidence]


def since_last_return(
    session: TrainingSession, records: list[models.Model], evidence: Iterable[Evidence]
) -> SinceReturn | None:
    """None when the session was never returned."""
    returned = last_return(records)
    if returned is None:
        return None
    return SinceReturn(
        sentence=returned.history_change_reason or "",
        at=returned.history_date,
        who=returned.history_user,
        changes=differences(returned, session),
        evidence=[item for item in evidence if item.uploaded_at > returned.history_date],
    )


def since_version(session: TrainingSession, version: int) -> list[Change]:
    """What has changed since somebody opened the session at that version; [] when that version is unknown."""
    seen = session.history.filter(version=version).first()
    return differences(seen, session) if seen else []
