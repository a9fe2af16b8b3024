"""Stretches of days that figures are asked for, and the same stretch of earlier years. Pure: no query, no request."""

import calendar
import datetime
from dataclasses import dataclass

# Parts of a year by their key in an address: (words, first month, last month).
PARTS = {
    "q1": ("第一季度", 1, 3),
    "q2": ("第二季度", 4, 6),
    "q3": ("第三季度", 7, 9),
    "q4": ("第四季度", 10, 12),
    "h1": ("上半年", 1, 6),
    "h2": ("下半年", 7, 12),
    **{f"m{month}": (f"{month}月", month, month) for month in range(1, 13)},
}


def _month_end(year: int, month: int) -> datetime.date:
    return datetime.date(year, month, calendar.monthrange(year, month)[1])


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both included."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def of_year(cls, year: int, part: str = "") -> "Period":
        _, start, end = PARTS.get(part, ("", 1, 12))
        return cls(datetime.date(year, start, 1), _month_end(year, end))

    @property
    def within_a_year(self) -> bool:
        """Whether it is no longer than a year, so that the same period of the year before lies wholly ahead of it."""
        return self.back(1).last < self.first

    @property
    def years(self) -> range:
        return range(self.first.year, self.last.year + 1)

    @property
    def words(self) -> str:
        """2026年, 2026年第一季度, 2026年3月, else 2026年1月1日至11月25日."""
        year = self.first.year
        if self == Period.of_year(year):
            return f"{year}年"
        for part, (name, *_) in PARTS.items():
            if self == Period.of_year(year, part):
                return f"{year}年{name}"
        until = f"{self.last.month}月{self.last.day}日"
        if self.last.year != year:
            until = f"{self.last.year}年{until}"
        return f"{year}年{self.first.month}月{self.first.day}日至{until}"

    def back(self, years: int) -> "Period":
        """The same days so many years earlier. The last day of a month stays the last of its month, so that whole months are
        compared with whole months; 29 February otherwise becomes the 28th."""
        last_year = self.last.year - years
        if self.last == _month_end(self.last.year, self.last.month):
            last = _month_end(last_year, self.last.month)
        else:
            last = self.last.replace(year=last_year)
        first_year = self.first.year - years
        leap = (self.first.month, self.first.day) == (2, 29) and not calendar.isleap(first_year)
        return Period(self.first.replace(year=first_year, day=28 if leap else self.first.day), last)

    def until(self, day: datetime.date) -> "Period":
        """Cut off at the day, where that lies within it."""
        return Period(self.first, day) if self.first <= day < self.last else self
