"""What a session's life needs to know of the year it falls in.

Years, quotas and rules belong to `reporting`, which builds upon this app, so it registers the answer here when it loads. Until
something is registered every question fails: a ledger that cannot tell whether its year is locked must not be written.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class YearRules:
    """A county's rules for one year, as far as entry and verification depend on them."""

    year: int
    opened: bool  # the bureau has opened this assessment year
    locked: bool  # 锁定定案: nothing of the year changes by any road
    evidence_required: bool  # at least one piece of evidence of any kind before a session can be verified
    live_since: int | None  # first year recorded in this system; earlier ones come as historical ledgers


_answer: Callable[..., YearRules] | None = None


def register(answer: Callable[..., YearRules]) -> None:
    """Called once by `reporting` at start-up with `answer(county_code, year, hold=False) -> YearRules`."""
    global _answer
    _answer = answer


def rules_of(county_code: str, year: int, *, hold: bool = False) -> YearRules:
    """The rules of a county's year; `hold` keeps the year from being locked until the transaction ends."""
    if _answer is None:
        raise RuntimeError("reporting has not registered the rules of years")
    return _answer(county_code, year, hold=hold)
