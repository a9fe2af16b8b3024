"""Which of a county's years are settled, so that the dated facts about its units no longer change for them.

Years belong to `reporting`, which builds upon this app, so it registers the answer here when it loads. Until something is
registered every question fails: what cannot tell whether a year is settled must not be written.
"""

from collections.abc import Callable

_settled: Callable[..., set[int]] | None = None


def register(settled: Callable[..., set[int]]) -> None:
    """Called once by `reporting` at start-up with `settled(county_code, hold=False) -> set of years`."""
    global _settled
    _settled = settled


def settled_years(county_code: str, *, hold: bool = False) -> set[int]:
    """The county's years that are 锁定定案 or further; `hold` keeps the others from it until the transaction ends."""
    if _settled is None:
        raise RuntimeError("reporting has not registered which years are settled")
    return _settled(county_code, hold=hold)
