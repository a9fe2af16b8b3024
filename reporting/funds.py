"""经费 added up: by source and year, for one place or for the county with all its townships (依据 三(四))."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import Q

from networks.annual import NAMED, AnnualTable
from networks.models import Division, Fund


@dataclass(frozen=True)
class Money:
    """What bodies budgeted and paid. A sum is None where one of them has not said; `missing` names who has not."""

    budgeted: Decimal | None
    paid: Decimal | None
    bodies: tuple[str, ...] = ()  # who is in the sum
    missing: tuple[str, ...] = ()  # whose paid amount is not there yet
    comparable: bool = True  # whether both sums are of the same rows
    unplanned: tuple[str, ...] = ()  # whose budgeted amount is not there yet

    @property
    def why(self) -> str:
        return _without("实际支出", self.missing)

    @property
    def why_unplanned(self) -> str:
        return _without("预算", self.unplanned)

    @property
    def bodies_words(self) -> str:
        return "县本级与各乡镇相加" if len(self.bodies) > 1 else "年度数据"

    @property
    def left(self) -> Decimal | None:
        """Budget minus what was paid; None where either is not known, or not of the same."""
        known = self.budgeted is not None and self.paid is not None and self.comparable
        return self.budgeted - self.paid if known else None


NOTHING = Money(None, None)


def _without(what: str, names: tuple[str, ...]) -> str:
    """Who has not said it: 没有填报预算：白山镇、古零镇."""
    more = f"等 {len(names)} 处" if len(names) > NAMED else ""
    return f"没有填报{what}：{'、'.join(names[:NAMED])}{more}" if names else ""


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """None where there is nothing to add or one amount is not known."""
    found = list(amounts)
    return None if not found or None in found else sum(found, Decimal(0))


@dataclass(frozen=True)
class Entry:
    """What one sheet says of one source."""

    source: str
    budgeted: Decimal | None
    paid: Decimal | None


def _completed(entry: Entry, earlier: list[Entry]) -> Entry:
    """An amount that the new sheet does not give is the old sheets'."""
    before = [row for row in earlier if row.source == entry.source]
    budgeted, paid = (_sum(getattr(row, part) for row in before) for part in ("budgeted", "paid"))
    return Entry(
        entry.source,
        budgeted if entry.budgeted is None else entry.budgeted,
        paid if entry.paid is None else entry.paid,
    )


class FundTable:
    """The funds of a county and its townships in some years. Three queries. The county's own row is 县本级: what the county as
    a whole spends is that plus what every township spends. Of a township that was renamed or merged within the year, the
    sheets are read together as `AnnualTable` reads its figures, source by source."""

    def __init__(self, county: Division, years: Iterable[int], rows=None) -> None:
        self.county, self.years = county, sorted(set(years))
        self._given = Fund.objects.all() if rows is None else rows
        self._table = AnnualTable(county, self.years)

    @cached_property
    def _rows(self) -> dict[tuple[int, str], list[Entry]]:
        here = Q(division=self.county) | Q(division__parent=self.county)
        found: dict[tuple[int, str], list[Entry]] = {}
        for row in self._given.filter(here, year__in=self.years).order_by("source"):
            entry = Entry(row.source, row.budgeted, row.paid)
            found.setdefault((row.year, row.division_id), []).append(entry)
        return found

    def _counted(self, year: int, code: str, above: tuple[str, ...] = ()) -> tuple[list[Entry], list[str]]:
        """The entries that make up a place's money of the year, and the names of the sheets without which it is not known."""
        own, before, path = self._rows.get((year, code), []), self._table.before(code, year), (*above, code)

        def those(codes: Iterable[str]) -> list[tuple[str, list[Entry], list[str]]]:
            return [(str(self._table.named(at)), *self._counted(year, at, path)) for at in codes if at not in path]

        founders = those(before.founders)
        earlier = [entry for _, entries, _ in founders for entry in entries]
        found, missing = [_completed(entry, earlier) for entry in own], []
        found += [entry for entry in earlier if entry.source not in {row.source for row in own}]
        if not own and earlier:
            missing = [name for at, entries, lacks in founders for name in (lacks if entries else [at])]
        joined = [part for part in those(before.joiners) if part[1]]
        if joined and not found:
            missing.append(str(self._table.named(code)))
        for _, entries, lacks in joined:
            found, missing = found + entries, missing + lacks
        return found, missing

    def bodies(self, year: int) -> list[Division]:
        return self._table.places(year)

    def entered(self, year: int) -> bool:
        """Whether anybody has entered anything for the year."""
        return any(other == year for other, _ in self._rows)

    def own(self, place: Division, year: int) -> Money:
        """What the place entered itself or took over: all sources together. A source without a row is one it does not
        have."""
        if place.pk == self.county.pk:
            name, (rows, missing) = "县本级", (self._rows.get((year, place.pk), []), [])
        else:
            name, (rows, missing) = str(place), self._counted(year, self._table.then(place, year))
        if missing:
            lacking = tuple(dict.fromkeys(missing))
            return Money(None, None, (name,), lacking, unplanned=lacking)
        budgeted, paid = (_sum(getattr(row, part) for row in rows) for part in ("budgeted", "paid"))
        missing, unplanned = ((name,) if amount is None else () for amount in (paid, budgeted))
        return Money(budgeted, paid, (name,), missing, unplanned=unplanned)

    def total(self, place: Division, year: int) -> Money:
        """A township's own; for the county 县本级 and all townships, known only once each of them has entered its own."""
        if place.pk != self.county.pk:
            return self.own(place, year)
        parts = [self.own(body, year) for body in self.bodies(year)]
        return Money(
            _sum(part.budgeted for part in parts),
            _sum(part.paid for part in parts),
            tuple(name for part in parts for name in part.bodies),
            tuple(name for part in parts for name in part.missing),
            unplanned=tuple(name for part in parts for name in part.unplanned),
        )

    def by_source(self, bodies: Iterable[Division], year: int) -> list[tuple[Fund.Source, Money]]:
        """What has been entered so far, by source; the amounts that are not known are left out of the sums."""
        rows = [row for body in bodies for row in self._counted(year, self._table.then(body, year))[0]]
        found = []
        for source in Fund.Source:
            of_source = [row for row in rows if row.source == source]
            amounts = [
                _sum(amount for row in of_source if (amount := getattr(row, part)) is not None)
                for part in ("budgeted", "paid")
            ]
            whole = all(row.budgeted is not None and row.paid is not None for row in of_source)
            found.append((source, Money(*amounts, comparable=whole)))
        return found
