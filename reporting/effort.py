"""登记用时: how much work entering a session is, for the county as a whole; what "enter once" is measured by."""

import datetime
from dataclasses import dataclass

from django.db.models import Sum

from networks.models import User
from trainings.models import EntryEffort

FEWEST = 5  # of fewer sessions nothing is said: it could be one person's afternoon
MONTHS = 12


@dataclass(frozen=True)
class Effort:
    """One road over the months shown. The averages are None where there is too little to say anything."""

    label: str
    sessions: int
    fields: float | None  # per session
    minutes: float | None  # per session whose time is known
    quick: float | None  # share of those that took two minutes at most


def efforts(user: User, today: datetime.date) -> list[Effort]:
    """The last twelve months by road, and all roads together at the end. One query."""
    first = datetime.date(today.year - 1, today.month, 1)
    names = ("sessions", "fields", "timed", "seconds", "quick")
    rows = EntryEffort.objects.visible_to(user).filter(month__gt=first).values("road")
    found = {row["road"]: row for row in rows.annotate(**{f"sum_{name}": Sum(name) for name in names}).order_by("road")}
    sums = {road: {name: row[f"sum_{name}"] for name in names} for road, row in found.items()}
    told = [_effort(label, sums[road]) for road, label in EntryEffort.Road.choices if road in sums]
    total = {name: sum(row[name] for row in sums.values()) for name in names}
    return [*told, _effort("合计", total)] if told else []


def _effort(label: str, sums: dict[str, int]) -> Effort:
    sessions, timed = sums["sessions"], sums["timed"]
    return Effort(
        label=label,
        sessions=sessions,
        fields=round(sums["fields"] / sessions, 1) if sessions >= FEWEST else None,
        minutes=round(sums["seconds"] / timed / 60, 1) if timed >= FEWEST else None,
        quick=sums["quick"] / timed if timed >= FEWEST else None,
    )
