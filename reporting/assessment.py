"""完成情况: where each unit stands, and the county with its totals (依据 三(六)). What counts is said in reporting/counting.py."""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable

from networks.models import MemberUnit
from trainings.models import Status

from .counting import (
    COUNTED,
    Barrier,
    Counting,
    CountyStanding,
    Forecast,
    NotForLockedYears,
    Organised,
    Standing,
    Tallies,
    Tally,
    counted_or_why,
    forecast_of,
    latest_start,
    total,
)
from .frozen import frozen_of
from .models import AssessmentYear, QuotaAdjustment

__all__ = [
    "COUNTED",
    "Barrier",
    "Counting",
    "CountyStanding",
    "Forecast",
    "NotForLockedYears",
    "Organised",
    "Standing",
    "Tally",
    "counted_or_why",
    "county_standing",
    "document_order",
    "forecast_of",
    "standings",
    "total",
]


def standings(
    year: AssessmentYear,
    *,
    units: Iterable[MemberUnit] | None = None,
    as_of: datetime.date | None = None,
    organised: str = Organised.THEN,
) -> list[Standing]:
    """Every unit with a quota term touching the year (of `units`, if given): townships by code, then departments in the
    order of the founding document. Four queries, five where co-organisers are credited; as now up to four more.

    As now (`organised`) a unit stands with all that it has taken over by renaming and merging, and those are not shown by
    themselves; `units` are read as their successors of today. Raises NotForLockedYears for that in a locked year.

    A locked year's figures are read from its act and not worked out again, unless a day within it is asked for.
    """
    counting = Counting(year, as_of, organised)
    settled = frozen_of(year) if as_of is None else None
    if settled:
        asked = None if units is None else {unit.pk for unit in units}
        return _in_order(s for s in settled.standings if asked is None or s.unit.pk in asked)
    wanted = None if units is None else {part for unit in units for part in counting.parts(counting.now(unit.pk))}
    sums = [counting.led_tallies(wanted), counting.joined_tallies(wanted)]
    return _standings(counting, sums, None if wanted is None else set(map(counting.now, wanted)))


def county_standing(
    year: AssessmentYear,
    *,
    as_of: datetime.date | None = None,
    organised: str = Organised.THEN,
    counting: Counting | None = None,
) -> CountyStanding:
    """All standings with the county's own totals, from the same sums; the totals are the same however the units are
    `organised` (see `standings`, also for locked years). `counting` saves asking for the rules again."""
    counting = counting or Counting(year, as_of, organised)
    settled = frozen_of(year) if counting.as_of is None else None
    if settled:
        return dataclasses.replace(settled.county, standings=_in_order(settled.standings))
    return computed(counting)


def computed(counting: Counting) -> CountyStanding:
    """The county from its rows as they are now, also of a locked year: what a lock freezes and `verify_ledger` compares."""
    led = counting.led_tallies()
    verified = {key: tally for key, tally in led.items() if key[1] == Status.VERIFIED and key[2] != Barrier.AFTER}
    return CountyStanding(
        standings=_standings(counting, [led, counting.joined_tallies()], None),
        credited=total(tally for key, tally in verified.items() if not key[2]).plus(counting.credited_to_partners()),
        everything=total(verified.values()),
        submitted=total(tally for key, tally in led.items() if key[1] == Status.SUBMITTED),
        returned=total(tally for key, tally in led.items() if key[1] == Status.RETURNED),
    )


def _standings(counting: Counting, sums: list[Tallies], wanted: set[int] | None) -> list[Standing]:
    credit = defaultdict(Tally)
    for tallies in sums:
        for (unit_id, status, barrier, passed), tally in tallies.items():
            if not barrier:
                key = counting.now(unit_id), status, passed
                credit[key] = credit[key].plus(tally)
    for key, tally in counting.counted_twice().items():
        credit[key] = credit[key].minus(tally)
    adjustments = {adjustment.unit_id: adjustment for adjustment in counting.year.adjustments.all()}
    year, today = counting.year, counting.today
    bearing = defaultdict(list)
    for unit_id in counting.terms:
        bearing[counting.now(unit_id)].append(unit_id)
    shown = {unit_id: terms[0].unit for unit_id, terms in counting.terms.items()}
    if bearing.keys() - shown.keys():
        shown |= MemberUnit.objects.in_bulk(bearing.keys() - shown.keys())
    found = []
    for unit, parts in bearing.items():
        if wanted is not None and unit not in wanted:
            continue
        required, working = _required(counting, shown[unit], [shown[part] for part in parts], adjustments)
        verified, pending, ahead = (
            credit[unit, status, False] for status in (Status.VERIFIED, Status.SUBMITTED, Status.PLANNED)
        )
        terms = sorted((term for part in parts for term in counting.terms[part]), key=lambda term: term.starts_on)
        forecast, due = forecast_of(
            year,
            today=today,
            verified=verified,
            pending=pending,
            planned=ahead,
            required=required,
            borne=counting.borne(terms),
        )
        found.append(
            Standing(
                unit=shown[unit],
                verified=verified,
                pending=pending,
                planned=ahead.plus(credit[unit, Status.PLANNED, True]),
                required=required,
                working=working,
                forecast=forecast,
                # Not `due`: acts of earlier versions hold the day counted from the year's end, and must come out the same.
                latest=latest_start(year, verified.short_of(required), year.last_day),
                over=today > year.last_day,
                due=due if today <= due else None,
            )
        )
    return _in_order(found)


def _required(
    counting: Counting, unit: MemberUnit, parts: list[MemberUnit], adjustments: dict[int, QuotaAdjustment]
) -> tuple[Tally, str]:
    """What the unit has to reach. As now, one full quota for all that it consists of. Its own adjustment stands; that of a
    unit which was only renamed is its own too, but one for a part of what was merged was made for that part."""
    if [part.pk for part in parts] == [unit.pk]:
        return counting.required(counting.terms[unit.pk], adjustments.get(unit.pk))
    family = counting.parts(unit.pk)
    own = [adjustments[key] for key in family if key in adjustments]
    if own and own[0].unit_id != unit.pk and counting.lineage.merged(family):
        own = []
    required, words = counting.required([], own[0] if own else None)
    names = "、".join(part.name for part in parts if part.pk != unit.pk)
    return required, "；".join(filter(None, [f"含{names}，合起来按一个单位的全年任务", words]))


def _in_order(found: Iterable[Standing]) -> list[Standing]:
    return sorted(found, key=lambda standing: document_order(standing.unit))


def document_order(unit: MemberUnit) -> tuple:
    """Sorts units as the pages list them: townships by code, then departments in the order of the founding document."""
    if unit.kind == MemberUnit.Kind.TOWNSHIP:
        return (0, 0, unit.code)
    return (1, unit.position, unit.code)
