"""What the places of a county count once a year: the lines of the sheet, what may stand in it, and the table read from it.

The sheet is filled on a page (`sheets.py`) and in a workbook (`registry/figures.py`); what a line or a fund needs, both ask
here.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q
from django.utils import timezone

from .models import AnnualFigure, Division, Tier
from .models.figures import FIRST_YEAR

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


SUMMED = "各乡镇合计"


class AnnualTable:
    """A county and its townships in some years. Two queries, however many there are."""

    def __init__(self, county: Division, years: Iterable[int]) -> None:
        self.county, self.years = county, sorted(set(years))

    @cached_property
    def _townships(self) -> dict[int, list[Division]]:
        rows = list(Division.objects.within(self.county.pk).filter(tier=Tier.TOWNSHIP))
        return {year: [place for place in rows if place.stood_on(year_end(year))] for year in self.years}

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

    def read(self, line: Line, place: Division, year: int) -> Reading:
        """The place's own figure. The county's, where it gave none, is the townships' sum once every one of them is there."""
        row = self._figures.get((year, place.pk, line.kind, line.basis))
        if row:
            return Reading(row.value, row.source, row.method)
        if place.pk != self.county.pk:
            return Reading(None)
        parts = {town: self._figures.get((year, town.pk, line.kind, line.basis)) for town in self.townships(year)}
        missing = tuple(town for town, part in parts.items() if part is None)
        if missing or not parts:
            return Reading(None, missing=missing if len(missing) < len(parts) else ())
        return Reading(sum(part.value for part in parts.values()), SUMMED)

    def population(self, place: Division, year: int) -> tuple[Line, Reading]:
        """Resident people where they are known, else registered ones; where neither is known, the resident line."""
        readings = [(line, self.read(line, place, year)) for line in POPULATIONS]
        return next((found for found in readings if found[1].value is not None), readings[0])

    def filled(self, place: Division, year: int) -> int:
        """How many lines of the sheet the place itself has filled."""
        return sum((year, place.pk, line.kind, line.basis) in self._figures for line in LINES)
