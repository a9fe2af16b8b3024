"""What a session's life needs to know of the year it falls in.

Years, quotas and rules belong to `reporting`, which builds upon this app, so it registers the answer here when it loads. Until
something is registered every question fails: a ledger that cannot tell whether its year is locked must not be written.
"""

import argparse
import datetime
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class YearRules:
    """A county's rules for one year, as far as entry and verification depend on them."""

    year: int
    opened: bool  # the bureau has opened this assessment year
    locked: bool  # 锁定定案: nothing of the year changes by any road
    evidence_required: bool  # at least one piece of evidence of any kind before a session can be verified
    locked_on: datetime.date | None  # since when it is locked
    live_since: int | None  # first year recorded in this system; earlier ones come as historical ledgers


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
