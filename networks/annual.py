"""What the places of a county count once a year: the lines of the sheet, what may stand in it, and the table read from it.

The sheet is filled on a page (`sheets.py`) and in a workbook (`registry/figures.py`); what a line or a fund needs, both ask
here.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from .models import AnnualFigure, Change, Division, DivisionSuccession, Tier
from .models.figures import FIRST_YEAR
from .models.succession import Lineage
from .templatetags.page import cn_date

NAMED = 3  # places that are named where a figure cannot be worked out; the rest is a number


@dataclass(frozen=True)
class Line:
    """One line of the sheet of a place and year; people there have two, by basis."""

    kind: AnnualFigure.Kind
    basis: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}_{self.basis}" if self.basis else str(self.kind)

    @property
    def label(self) -> str:
        return f"{AnnualFigure.Basis(self.basis).label}人口" if self.basis else self.kind.label

    @property
    def of_learners(self) -> bool:
        return self.kind.of_learners

    @property
    def needs_method(self) -> bool:
        return self.kind == AnnualFigure.Kind.PARTICIPANTS

    def wanting(self, value: int | None, source: str, method: str) -> dict[str, str]:
        """What the line still lacks, as a sentence by part ("value", "source", "method"); nothing where it is whole or
        empty."""
        if value is None:
            told = "来源" if source else "统计方法" if method else ""
            return {"value": f"填了{told}，还没有填人数；没有数就把{told}清空"} if told else {}
        lacks = {}
        if not source:
            lacks["source"] = "请写明这个数从哪里来，如统计年报、派出所户籍数、培训名册"
        if self.needs_method and not method:
            lacks["method"] = "请写明怎么数的人，如按签到去重、按名册、抽样推算；人次不是人数"
        return lacks


POPULATIONS = [Line(AnnualFigure.Kind.POPULATION, basis) for basis in AnnualFigure.Basis]
LINES = [*POPULATIONS, *(Line(kind) for kind in AnnualFigure.Kind if kind != AnnualFigure.Kind.POPULATION)]

_KIND = AnnualFigure.Kind
LEARNERS_AMONG = {  # who learned, among whom
    _KIND.ELDERLY_LEARNING: _KIND.ELDERLY,
    _KIND.MINORS_LEARNING: _KIND.MINORS,
    _KIND.FARMERS_TRAINED: _KIND.FARMERS,
    _KIND.MIGRANTS_TRAINED: _KIND.MIGRANTS,
    _KIND.UNEMPLOYED_TRAINED: _KIND.UNEMPLOYED,
    _KIND.LABOUR_TRAINED: _KIND.LABOUR,
}


NOTE_WITHOUT_MONEY = "填了说明，还没有填金额；没有这项经费就把说明清空"


def refused_year(place: Division, year: int) -> str:
    """Why there is no sheet of the place and year, or ''. Next year's is there: its budget is known in autumn."""
    last = timezone.localdate().year + 1
    if not FIRST_YEAR <= year <= last:
        return f"年度数据从{FIRST_YEAR}年填到{last}年"
    if place.retired_on and place.retired_on <= datetime.date(year, 1, 1):
        return f"{place}在{year}年以前已撤销，这一年的数请填在现在的地方"
    if place.established_on and place.established_on.year > year:
        return f"{place}在{place.established_on.year}年才设立，以前的数请填在原来的地方"
    return ""


def year_end(year: int) -> datetime.date:
    return datetime.date(year, 12, 31)


def asked_year(text: str | None, *, otherwise: int) -> int:
    """The year that an address asks for; what is none is passed over."""
    return int(text) if text and re.fullmatch("20[0-9]{2}", text) else otherwise


@dataclass(frozen=True)
class Reading:
    """What is known of one line at one place: `value` is None where nobody said, or where townships are missing from a sum."""

    value: int | None
    source: str = ""
    method: str = ""
    missing: tuple[Division, ...] = ()  # the townships without which there is no sum

    @property
    def lacks(self) -> str:
        """缺白山镇、古零镇 …, or nothing."""
        if not self.missing:
            return ""
        named = "、".join(str(place) for place in self.missing[:NAMED])
        return f"缺{named}" + (f"等 {len(self.missing)} 个乡镇" if len(self.missing) > NAMED else "")

    @property
    def said(self) -> bool:
        """Whether there is anything, be it a part."""
        return self.value is not None or bool(self.missing)


SUMMED = "各乡镇合计"


def _together(readings: list[tuple[Division, Reading]]) -> Reading:
    """The sum of them; nothing where nobody said anything, and what is missing where somebody did not."""
    missing = tuple(
        place
        for at, reading in readings
        for place in (reading.missing if reading.said else (at,))
        if reading.value is None
    )
    if missing:
        return Reading(None, missing=missing if any(reading.said for _, reading in readings) else ())
    told = [reading for _, reading in readings]
    sources, methods = ("；".join(dict.fromkeys(filter(None, texts))) for texts in _told(told))
    return Reading(sum(reading.value for reading in told), sources, methods) if told else Reading(None)


def _told(readings: list[Reading]) -> tuple[list[str], list[str]]:
    return [reading.source for reading in readings], [reading.method for reading in readings]


@dataclass(frozen=True)
class Before:
    """What became one place within a year. `founders` were renamed or merged into it on the day on which it began: it is
    whole from that day on, so what its own sheet says replaces what theirs said. `joiners` came into a place that was
    there already: what their sheets said is added to what its own says."""

    founders: tuple[str, ...] = ()
    joiners: tuple[str, ...] = ()


class AnnualTable:
    """A county and its townships in some years. Three queries, however many there are.

    Each figure stays with the code under which it was entered. In the year in which a township was renamed under a new code
    or merged, the figures of what ended count for what stands at the year's end (`Before`), whenever they were entered;
    where the sheet of what was merged into a standing township is empty, that township's own is the whole.
    """

    def __init__(self, county: Division, years: Iterable[int]) -> None:
        self.county, self.years = county, sorted(set(years))

    @cached_property
    def _all(self) -> dict[str, Division]:
        return {row.pk: row for row in Division.objects.within(self.county.pk).filter(tier=Tier.TOWNSHIP)}

    @cached_property
    def _townships(self) -> dict[int, list[Division]]:
        return {year: [place for place in self._all.values() if place.stood_on(year_end(year))] for year in self.years}

    @cached_property
    def _lineage(self) -> Lineage[str]:
        return DivisionSuccession.objects.of_county(self.county.pk).lineage()

    @cached_property
    def _figures(self) -> dict[tuple[int, str, str, str], AnnualFigure]:
        here = Q(division=self.county) | Q(division__parent=self.county)
        rows = AnnualFigure.objects.filter(here, year__in=self.years)
        return {(row.year, row.division_id, row.kind, row.basis): row for row in rows}

    def townships(self, year: int) -> list[Division]:
        """Those that there were on the year's last day."""
        return self._townships[year]

    def places(self, year: int) -> list[Division]:
        return [self.county, *self.townships(year)]

    def named(self, code: str) -> Division:
        return self._all[code]

    def then(self, place: Division, year: int) -> str:
        """The code that the place had at the year's end: an older one before it got its own. What had ended stays."""
        last = year_end(year)
        return place.pk if len(self._lineage.path(place.pk, last)) > 1 else self._lineage.standing_on(place.pk, last)

    def before(self, code: str, year: int) -> Before:
        place, founders, joiners = self._all.get(code), [], []
        for link in self._lineage.joined_in(code, year):
            if link.old in self._all:
                founded = link.change == Change.RENAME or (place and link.on == place.established_on)
                (founders if founded else joiners).append(link.old)
        return Before(tuple(founders), tuple(joiners))

    def read(self, line: Line, place: Division, year: int) -> Reading:
        """The place's own figure, with what it took over within the year. The county's, where it gave none, is the
        townships' sum once every one of them is there."""
        if place.pk != self.county.pk:
            return self._at(line, self.then(place, year), year)
        if row := self._figures.get((year, place.pk, line.kind, line.basis)):
            return Reading(row.value, row.source, row.method)
        found = _together([(town, self._at(line, town.pk, year)) for town in self.townships(year)])
        return found if found.value is None else Reading(found.value, SUMMED)

    def _at(self, line: Line, code: str, year: int, above: tuple[str, ...] = ()) -> Reading:
        before, row = self.before(code, year), self._figures.get((year, code, line.kind, line.basis))

        def those(codes: tuple[str, ...]) -> list[tuple[Division, Reading]]:
            path = (*above, code)  # links that go round in a circle are followed once
            parts = [(self.named(at), self._at(line, at, year, path)) for at in codes if at not in path]
            return [(at, replace(part, source=f"{part.source}（原{at}）")) for at, part in parts]

        own = Reading(row.value, row.source, row.method) if row else _together(those(before.founders))
        joined = [(at, part) for at, part in those(before.joiners) if part.said]
        return _together([(self.named(code), own), *joined]) if joined else own

    def population(self, place: Division, year: int) -> tuple[Line, Reading]:
        """Resident people where they are known, else registered ones; where neither is known, the resident line."""
        readings = [(line, self.read(line, place, year)) for line in POPULATIONS]
        return next((found for found in readings if found[1].value is not None), readings[0])

    def filled(self, place: Division, year: int) -> int:
        """How many lines of the sheet are known of the place from its own sheet, or from those that it took over."""
        if place.pk == self.county.pk:
            return sum((year, place.pk, line.kind, line.basis) in self._figures for line in LINES)
        return sum(self.read(line, place, year).value is not None for line in LINES)


@dataclass(frozen=True)
class OtherSheet:
    """Another sheet of the same year that counts together with this one, since a place changed within the year."""

    place: Division
    told: str


def other_sheets(place: Division, year: int) -> list[OtherSheet]:
    """What whoever fills or reads a township's sheet must know of the sheets of what it was, or of what it has become. Four
    queries at most."""
    if place.tier != Tier.TOWNSHIP:
        return []
    table = AnnualTable(Division(pk=place.county_code), [year])
    links, found = table._lineage, []
    before = table.before(place.pk, year)
    for link in links.joined_in(place.pk, year):
        if link.old not in (*before.founders, *before.joiners):
            continue
        old, on = table.named(link.old), cn_date(link.on, "plain")
        if link.old in before.founders:
            told = f"{old}（{old.pk}）{on}起成为{place}。这里没有填的，用原表的数；这里填了的，以这里为准，请填全年、全境的数"
        else:
            told = (
                f"{old}{on}并入{place}。原表填了的数与这里的相加，这里不要再含{old}；要填合并后的全数，请先把原表的清空"
            )
        found.append(OtherSheet(old, told))
    if (link := links.left_in(place.pk, year)) and link.new in table._all:
        new, on = table.named(link.new), cn_date(link.on, "plain")
        if place.pk in table.before(new.pk, year).founders:
            told = f"{place}{on}起成为{new}。本年的数请填在{new}的表里；那里没有填的，用这里的"
        else:
            told = f"{place}{on}并入{new}。这里的数与{new}表里的相加；{new}填的是合并后的全数的，请把这里的清空"
        found.append(OtherSheet(new, told))
    return found
