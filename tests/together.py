"""Which tests run in one process, one after the other, and which of them begin first (pytest-xdist).

A file stays together: what it builds once (the demonstration county, an installation, the page of a walk) is built once and not by
every process. pytest-xdist's own mark for groups is not asked: it writes the group into a place that pytest 9 no longer reads.
"""

from xdist.scheduler import LoadScopeScheduling

WALKS = {
    f"tests/test_{name}.py" for name in ("access_matrix", "personal_data", "web")
}  # they share what they open, see walk.py
# The longest, as the last to begin is waited for by all the others.
FIRST = ["walks", "browser"]


def group(nodeid: str) -> str:
    """The name of those that stay together with this test."""
    file = nodeid.partition("::")[0]
    if file.startswith("tests/browser/"):
        return "browser"  # one server, one browser
    return "walks" if file in WALKS else file


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list) -> None:
    """Sorts them; else they stay in their order."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(group(item.nodeid), len(FIRST)))
