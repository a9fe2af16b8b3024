"""The tests themselves: what has been built for many of them, and when it falls (conftest.py)."""

import datetime

from . import conftest


def test_what_was_built_yesterday_falls(db, monkeypatch):
    """A suite that runs over midnight: the sessions of a county were entered "today"."""
    standing, built = conftest.Standing(), []
    for day, so_far in [(26, 1), (26, 1), (27, 2)]:
        monkeypatch.setattr(conftest, "real_day", lambda day=day: datetime.date(2026, 11, day))
        standing.change_to("a county", lambda: built.append("a county"))
        assert len(built) == so_far
    standing.change_to(None, None)
