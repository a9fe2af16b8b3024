"""For which tasks of the plan a unit answers, because whoever answers for opening a kind of place keeps its entries.

Tasks and the dated facts about who answers for them belong to `reporting`, which builds upon this app, so it registers the
answer here when it loads. Until something is registered every question fails: nobody keeps what may not be theirs.
"""

import datetime
from collections.abc import Callable, Iterable

_answer: Callable[[Iterable[int], datetime.date], set[str]] | None = None


def register(answer: Callable[[Iterable[int], datetime.date], set[str]]) -> None:
    """Called once by `reporting` at start-up with `clauses_of(unit ids, day) -> set of clauses`."""
    global _answer
    _answer = answer


def clauses_of(unit_ids: Iterable[int], day: datetime.date) -> set[str]:
    """The clauses (二(二)1 …) of the tasks for which one of these units answers on that day."""
    if _answer is None:
        raise RuntimeError("reporting has not registered who answers for which task")
    return _answer(unit_ids, day)
