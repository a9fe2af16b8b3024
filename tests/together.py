"""Which tests run in one process, one after the other, and which of them begin first (pytest-xdist).

A file stays together: what it builds once (the demonstration county, an installation, the page of a walk) is built once and not by
every process. pytest-xdist's own mark for groups is not asked: it writes the group into a place that pytest 9 no longer reads.
"""

from collections.abc import Callable

from xdist.scheduler import LoadScopeScheduling

WALKS = {
    f"tests/test_{name}.py" for name in ("access_matrix", "personal_data", "web")
}  # they share what they open, see walk.py
# The longest, as the last to begin is waited for by all the others; those that want the same county to stand after one another.
FIRST = ["walks", "browser"]
FIRST += [f"tests/test_{name}.py" for name in ("audit", "junk", "twice", "every_part", "edit_pages")]
FIRST += [f"tests/attack/test_{name}.py" for name in ("bodies", "logs")]
FIRST += ["tests/networks/test_contacts.py", "tests/reporting/test_other_engine.py", "tests/test_faults.py"]
FIRST += ["tests/test_migrations.py", "tests/reporting/test_demonstration.py"]
STANDING = ["site", "world", "", None]  # what has been built stands until a test wants something else


def group(nodeid: str) -> str:
    """The name of those that stay together with this test."""
    file = nodeid.partition("::")[0]
    if file.startswith("tests/browser/"):
        return "browser"  # one server, one browser
    return "walks" if file in WALKS else file


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list, wanted_by: Callable[[object], str | None]) -> None:
    """Sorts the groups by FIRST, the others in their order; within a group those that want the same to stand."""
    places = {name: place for place, name in enumerate(FIRST)}
    for item in items:
        places.setdefault(group(item.nodeid), len(places))
    items.sort(key=lambda item: (places[group(item.nodeid)], STANDING.index(wanted_by(item))))
