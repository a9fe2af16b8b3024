"""完成情况确认表: what a unit signs and seals for a quarter or the year, with a check code by which a scan is matched.

The figures come in the same shape from the rows of an open year and from the act of a settled one, so that the code does not
change when the year is locked, and does as soon as a figure changes.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone

from networks.models import MemberUnit
from networks.names import match_key
from networks.templatetags.page import Badge
from trainings.models import Status

from . import chain
from .counting import COUNTED, Tally, counted_or_why, total
from .frozen import frozen_of
from .models import AssessmentYear, Confirmation, Quarter
from .models.feedback import CODE_DIGITS
from .snapshot import figures

BADGES = {
    "missing": Badge("还没有交回", "quiet", "info"),
    "received": Badge("待核对", "wait", "clock"),
    "accepted": Badge("已确认", "steady", "check"),
    "returned": Badge("已退回", "wait", "warning"),
    "changed": Badge("数字已变，须重新确认", "wait", "warning"),
}
LISTED = 10  # sessions that find room on one A4; more are summed by month


def as_code(text: str) -> str:
    """A check code as somebody typed it: without spaces and dashes, small."""
    return match_key(text).replace("-", "").lower()


class Line(NamedTuple):
    number: str
    held_on: datetime.date
    size: Tally
    counts: bool
    why: str


@dataclass(frozen=True)
class Sheet:
    """One unit's figures of a period, ready to be printed."""

    year: AssessmentYear
    unit: MemberUnit
    quarter: int
    content: dict  # what the code is of
    lines: list[Line]  # verified ones
    waiting: int  # sessions of the period that are not verified; no part of what is confirmed
    counted: Tally
    required: Tally
    titles: dict[str, str] = field(default_factory=dict)

    @cached_property
    def canonical(self) -> str:
        return chain.canonical(self.content)

    @cached_property
    def digest(self) -> str:
        return chain.digest(self.canonical)

    @property
    def code(self) -> str:
        return self.digest[:CODE_DIGITS]

    @property
    def code_in_groups(self) -> str:
        return chain.in_groups(self.code)

    @property
    def period(self) -> str:
        label = "" if self.quarter == Quarter.YEAR else Quarter(self.quarter).label
        return f"{self.year}{label}"

    @property
    def number(self) -> str:
        """编号, as printed: 2025-0-450124100 for the year, 2025-1-… for its first quarter."""
        return f"{self.year.year}-{self.quarter}-{self.unit.code}"

    @property
    def last_day(self) -> datetime.date:
        return Quarter(self.quarter).days_of(self.year.year)[1]

    @property
    def met(self) -> bool:
        return self.counted.reaches(self.required)

    @property
    def short(self) -> Tally:
        return self.counted.short_of(self.required)

    @property
    def listed(self) -> bool:
        return len(self.lines) <= LISTED

    @property
    def named(self) -> list[dict[str, object]]:
        """The lines with their titles."""
        return [line._asdict() | {"title": self.titles.get(line.number, "")} for line in self.lines]

    @property
    def months(self) -> list[tuple[int, Tally, Tally]]:
        """(month, what counts, everything verified), where there are too many to list."""
        found = []
        for month, rows in groupby(self.lines, key=lambda line: line.held_on.month):
            lines = list(rows)
            found.append((month, total(line.size for line in lines if line.counts), total(line.size for line in lines)))
        return found


class Sheets:
    """The sheets of a year. Reads its figures once; the number of queries does not depend on units or sessions."""

    def __init__(self, year: AssessmentYear) -> None:
        self.year = year
        settled = frozen_of(year)
        self.figures = settled.figures if settled else figures(year)
        self.names = settled.names if settled else {}
        self.daily = self.figures["rules"]["class_counts"] == AssessmentYear.ClassCounts.DAILY
        self.rows = {row["code"]: row for row in self.figures["units"]}

    def of(self, unit: MemberUnit, quarter: int) -> Sheet | None:
        """None for a unit that has no quota in the year."""
        row = self.rows.get(unit.code)
        if row is None:
            return None
        first, last = Quarter(quarter).days_of(self.year.year)
        lines, waiting = [], 0
        for session, barrier in self._of(unit.code):
            if not first.isoformat() <= session["held_on"] <= last.isoformat():
                continue
            if session["status"] != Status.VERIFIED:
                waiting += session["status"] in (Status.SUBMITTED, Status.RETURNED)
                continue
            why = counted_or_why(session["status"], barrier)
            size = Tally(session["days"] if self.daily else 1, session["verified"] or 0)
            day = datetime.date.fromisoformat(session["held_on"])
            lines.append(Line(session["number"], day, size, why == COUNTED, why))
        counted = total(line.size for line in lines if line.counts)
        content = {
            "county": self.year.county_id,
            "year": self.year.year,
            "quarter": int(quarter),
            "unit": unit.code,
            "required": list(row["required"]) if quarter == Quarter.YEAR else None,
            "counted": list(counted),
            "sessions": [[line.number, line.held_on.isoformat(), *line.size, line.counts] for line in lines],
        }
        return Sheet(self.year, unit, int(quarter), content, lines, waiting, counted, Tally(*row["required"]))

    def _of(self, code: str) -> Iterator[tuple[dict, str]]:
        for row in self.figures["sessions"]:
            if row["unit"] == code:
                yield row, row["barrier"]
            yield from ((row, part["barrier"]) for part in row["partners"] if part["unit"] == code)

    def units(self, watched: Iterable[MemberUnit]) -> list[MemberUnit]:
        """Those of them that have a quota in the year, in the order of the documents."""
        found = [unit for unit in watched if unit.code in self.rows]
        township = MemberUnit.Kind.TOWNSHIP
        return sorted(found, key=lambda u: (u.kind != township, u.code if u.kind == township else "", u.position))


@dataclass(frozen=True)
class State:
    """Where a unit's confirmation of a period stands: the sheet as it is now, and the stamped one that stands, if any."""

    sheet: Sheet
    standing: Confirmation | None
    returned: Confirmation | None  # the last one, where nothing has come since

    @property
    def changed(self) -> bool:
        """数字已变，须重新确认."""
        return self.standing is not None and self.standing.digest != self.sheet.digest

    @property
    def key(self) -> str:
        if self.standing is None:
            return "returned" if self.returned else "missing"
        return "changed" if self.changed else self.standing.status

    @property
    def badge(self) -> Badge:
        return BADGES[self.key]

    @property
    def confirmed(self) -> bool:
        return self.key == Confirmation.Status.ACCEPTED

    @property
    def old(self) -> Tally:
        return Tally(*self.standing.content["counted"])

    @property
    def old_required(self) -> Tally | None:
        pair = self.standing.content["required"]
        return Tally(*pair) if pair else None


def states(year: AssessmentYear, quarter: int, watched: Iterable[MemberUnit]) -> list[State]:
    """Of these units in the period. The number of queries does not depend on them."""
    sheets = Sheets(year)
    rows = Confirmation.objects.filter(year=year, quarter=quarter).exclude(status=Confirmation.Status.REPLACED)
    standing: dict[int, Confirmation] = {}
    returned: dict[int, Confirmation] = {}
    for row in rows.select_related("uploaded_by__person", "decided_by__person").order_by("uploaded_at", "pk"):
        (standing if row.status in Confirmation.STANDING else returned)[row.unit_id] = row
    return [
        State(sheet, standing.get(unit.pk), returned.get(unit.pk))
        for unit in sheets.units(watched)
        if (sheet := sheets.of(unit, quarter))
    ]


def latest_period(year: AssessmentYear) -> int:
    """What is confirmed now: the whole year once it is over, else the quarter that ended last, else the first."""
    today = timezone.localdate()
    if today > year.last_day:
        return Quarter.YEAR
    ended = [q for q in list(Quarter)[1:] if q.days_of(year.year)[1] < today]
    return ended[-1] if ended else Quarter.FIRST


def to_confirm(year: AssessmentYear) -> tuple[int, int, str]:
    """(units, those whose sheet of the whole year is accepted and still right, where they are listed)."""
    watched = MemberUnit.objects.filter(county=year.county_id)
    found = states(year, Quarter.YEAR, watched)
    url = reverse("confirmations", args=[year.year, int(Quarter.YEAR)])
    return len(found), sum(state.confirmed for state in found), url
