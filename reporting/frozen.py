"""A locked year as it was settled: the figures of its act, in the shapes in which the pages know them. Nothing is counted here."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from networks.models import MemberUnit
from networks.templatetags.page import cn_date
from trainings.models import Status, TrainingSession

from . import chain
from .counting import COUNTED, CountyStanding, Forecast, Standing, Tally, counted_or_why, total
from .models import AssessmentYear, LedgerAct
from .references import Part, Ratio
from .rostered import Rostered


class Frozen:
    """The content of the act by which a year stands locked."""

    def __init__(self, year: AssessmentYear, act: LedgerAct) -> None:
        self.year, self.act = year, act
        content = act.content
        self.figures, self.noted, self.names = content["figures"], content["noted"], content["names"]

    @cached_property
    def faults(self) -> list[str]:
        """What is wrong with the stored act; a page that shows its figures says so."""
        return self.act.faults()

    @property
    def label(self) -> str:
        """锁定定案（第 1 次，2026年1月15日）, with the short form of the digest on the annex."""
        day = cn_date(timezone.localdate(self.act.made_at), "plain")
        return f"锁定定案（第 {self.act.number} 次，{day}），定案摘要 {self.act.short}"

    # --- standings ---------------------------------------------------------------------------------

    @cached_property
    def standings(self) -> list[Standing]:
        """Two queries."""
        county = self.year.county_id
        units = {unit.code: unit for unit in MemberUnit.objects.filter(county=county, code__in=self.names)}
        reasons = dict(self.year.adjustments.values_list("unit__code", "reason"))
        found = []
        for row in self.figures["units"]:
            name, kind = self.names[row["code"]]
            unit = units.get(row["code"]) or MemberUnit(county_id=county, code=row["code"], kind=kind)
            unit.name = name  # as it was called then
            found.append(
                Standing(
                    unit=unit,
                    verified=Tally(*row["verified"]),
                    pending=Tally(*row["pending"]),
                    planned=Tally(*row["planned"]),
                    required=Tally(*row["required"]),
                    working=row["working"] or _adjusted(row["adjustment"], reasons.get(row["code"], "")),
                    # A settled year has no outlook any more: the quota was met, or it was not.
                    forecast=Forecast.MET if row["met"] else Forecast.LOST,
                    latest=datetime.date.fromisoformat(row["latest"]),
                    over=True,
                )
            )
        return found

    @cached_property
    def county(self) -> CountyStanding:
        totals = {name: Tally(*pair) for name, pair in self.figures["totals"].items()}
        return CountyStanding(standings=self.standings, **totals)

    # --- sessions ----------------------------------------------------------------------------------

    @property
    def daily(self) -> bool:
        return self.figures["rules"]["class_counts"] == AssessmentYear.ClassCounts.DAILY

    def size(self, row: dict, figure: str = "verified") -> Tally:
        return Tally(row["days"] if self.daily else 1, row[figure] or 0)

    @cached_property
    def days(self) -> dict[datetime.date, Tally]:
        """What counts, by the day it was held on."""
        sums: dict[datetime.date, Tally] = {}
        for row in self.figures["sessions"]:
            if row["counts"]:
                day = datetime.date.fromisoformat(row["held_on"])
                sums[day] = sums.get(day, Tally()).plus(self.size(row))
        return sums

    def why(self, codes: Iterable[str]) -> dict[str, str]:
        """{场次编号: 计入, or why not} of the sessions that these units led or had a part in."""
        return {row["number"]: counted_or_why(row["status"], barrier) for row, barrier in self._of(set(codes))}

    def reasons(self, codes: Iterable[str]) -> dict[str, Tally]:
        """How many of these units' sessions count, and how many do not for which reason."""
        sums: dict[str, Tally] = {}
        for row, barrier in self._of(set(codes)):
            figure = "planned" if row["status"] == "planned" else "reported" if row["verified"] is None else "verified"
            words = counted_or_why(row["status"], barrier)
            sums[words] = sums.get(words, Tally()).plus(self.size(row, figure))
        return sums

    @cached_property
    def rows(self) -> dict[str, dict]:
        """What the act holds of each session, by 场次编号, in the order of day and number."""
        return {row["number"]: row for row in self.figures["sessions"]}

    def put_figures(self, session: TrainingSession) -> None:
        """Gives a session that is to be shown, not saved, its day and figures as they were settled."""
        if row := self.rows.get(session.number):
            session.held_on = datetime.date.fromisoformat(row["held_on"])
            session.verified_attendance, session.reported_attendance = row["verified"], row["reported"]

    def behind(self, code: str = "", *, everything: bool = False) -> dict[str, dict]:
        """{场次编号: its row} of exactly the sessions that a figure counts: the county's, or what is credited to one unit; with
        `everything` all verified ones, led by the unit."""
        if everything:
            verified = (row for row in self.figures["sessions"] if row["status"] == Status.VERIFIED)
            return {row["number"]: row for row in verified if code in ("", row["unit"])}
        if not code:
            return {number: row for number, row in self.rows.items() if row["counts"]}
        found = ((row, counted_or_why(row["status"], barrier)) for row, barrier in self._of({code}))
        return {row["number"]: row for row, why in found if why == COUNTED}

    def _of(self, codes: set[str]) -> Iterable[tuple[dict, str]]:
        for row in self.figures["sessions"]:
            if row["unit"] in codes:
                yield row, row["barrier"]
            yield from ((row, part["barrier"]) for part in row["partners"] if part["unit"] in codes)

    @property
    def counted(self) -> Tally:
        return total(self.days.values())

    # --- noted beside ------------------------------------------------------------------------------

    @property
    def rostered(self) -> Rostered:
        return Rostered(**self.noted["rostered"])

    def ratio(self, key: str) -> Ratio:
        """Its source stays with the annual figures, which say more than was frozen."""
        return Ratio(*map(_part, self.noted["ratios"][key]))


def _part(part: dict) -> Part:
    value = Decimal(part["value"]) if part["decimal"] else part["value"]
    return Part(part["label"], value, unit=part["unit"], why=part["why"], few=part["few"])


def _adjusted(adjustment: dict | None, reason: str) -> str:
    """An adjusted quota in words. The reason is not in the act: it is shown while it is the one that was frozen."""
    if not adjustment:
        return ""
    words = f"任务调整为 {adjustment['sessions']} 场、{adjustment['attendances']:,} 人次"
    if chain.digest(reason) != adjustment["reason_digest"]:
        return f"{words}。理由与定案时的不一致"
    return f"{words}。理由：{reason}"


def frozen_of(year: AssessmentYear) -> Frozen | None:
    """The year as it was settled, or None while it is open. One query the first time, none for an open year.

    A year that says it is locked without an act of it has no settled figures; its pages say so and `verify_ledger` finds it.
    """
    if not year.locked:
        return None
    state = (year.status, year.version)
    kept = getattr(year, "_frozen", None)
    if kept is None or kept[0] != state:
        act = year.standing_act()
        year._frozen = kept = (state, Frozen(year, act) if act else None)
    return kept[1]
