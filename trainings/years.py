"""What a session's life needs to know of the year it falls in.

Years, quotas and rules belong to `reporting`, which builds upon this app, so it registers the answer here when it loads. Until
something is registered every question fails: a ledger that cannot tell whether its year is locked must not be written.
"""

import argparse
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class YearRules:
    """A county's rules for one year, as far as entry and verification depend on them."""

    year: int
    opened: bool  # the bureau has opened this assessment year
    locked: bool  # 锁定定案: nothing of the year changes by any road
    evidence_required: bool  # at least one piece of evidence of any kind before a session can be verified
    locked_on: datetime.date | None  # since when it is locked
    unlocked_on: datetime.date | None  # since when a year that was locked is open again for a correction
    live_since: int | None  # first year recorded in this system; earlier ones come as historical ledgers
    reporting_until: datetime.date | None = None  # 填报截止: afterwards a unit needs an approved 补报 to submit
    late_until: datetime.date | None = None  # 补报截止: until when one can be approved at all
    late_entry: Mapping[int, datetime.date] = field(default_factory=dict)  # unit id → last day of its approved 补报

    def late_for(self, unit_id: int | None, day: datetime.date) -> str:
        """Why a session of this year can no longer be submitted for that unit on that day, as a sentence that says what to
        do; '' where it can. A year without a date is never too late."""
        if self.reporting_until is None or day <= self.reporting_until:
            return ""
        if (allowed := self.late_entry.get(unit_id)) and day <= allowed:
            return ""
        closed = f"{self.year}年度的填报已于{_said(self.reporting_until)}截止"
        if self.late_until and day > self.late_until:
            return f"{closed}，补报也已于{_said(self.late_until)}截止，请与领导小组办公室联系"
        return f"{closed}，请先申请补报，办公室同意后再提交；现在可以先存草稿"


def _said(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def typed_year(text: str) -> int:
    """A year as typed on a command line; argparse shows the sentence of what it raises."""
    if not (len(text) == 4 and text.isdecimal() and 2000 <= int(text) <= 2099):
        raise argparse.ArgumentTypeError(f"年份应是 2000—2099 的四位数字，不是“{text}”")
    return int(text)


_answer: Callable[..., YearRules] | None = None
_open: Callable[[str, int], object] | None = None


def register(answer: Callable[..., YearRules], open_with_defaults: Callable[[str, int], object]) -> None:
    """Called once by `reporting` at start-up with `answer(county_code, year, hold=False) -> YearRules` and
    `open_with_defaults(county_code, year)`, which leaves a year alone that is open already."""
    global _answer, _open
    _answer, _open = answer, open_with_defaults


def rules_of(county_code: str, year: int, *, hold: bool = False) -> YearRules:
    """The rules of a county's year; `hold` keeps the year from being locked until the transaction ends."""
    if _answer is None:
        raise RuntimeError("reporting has not registered the rules of years")
    return _answer(county_code, year, hold=hold)


def open_year(county_code: str, year: int) -> None:
    """Opens a year that was never opened, with default rules, because a historical ledger brings its sessions."""
    if _open is None:
        raise RuntimeError("reporting has not registered the rules of years")
    _open(county_code, year)
