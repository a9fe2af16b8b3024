"""Which tests run in one process, one after the other, and which of them begin first (pytest-xdist).

A file stays together: what it builds once (the demonstration county, an installation, the page of a walk) is built once and not by
every process. pytest-xdist's own mark for groups is not asked: it writes the group into a place that pytest 9 no longer reads.
"""

from collections.abc import Callable

from xdist.scheduler import LoadScopeScheduling

ONE_PROCESS = {  # name: its files
    # They share the pages that they open, see walk.py.
    "walks": {f"tests/test_{name}.py" for name in ("access_matrix", "personal_data", "web")},
    # They share the site, which takes seconds to build.
    "acts": {
        f"tests/test_{name}.py" for name in ("audit", "edit_pages", "every_part", "junk", "scanner", "taken", "twice")
    }
    | {f"tests/attack/test_{name}.py" for name in ("bodies", "cookies_and_tokens", "logs", "multipart", "taking")}
    | {f"tests/networks/test_{name}.py" for name in ("contacts", "step_up")},
}
# The longest, as the last to begin is waited for by all the others.
FIRST = ["walks", "browser", "acts", "tests/reporting/test_other_engine.py", "tests/test_faults.py"]
FIRST += ["tests/test_migrations.py", "tests/reporting/test_demonstration.py"]
STANDING = ["site", "world", "mashan", "", None]  # what has been built stands until a test wants something else


def group(nodeid: str) -> str:
    """The name of those that stay together with this test."""
    file = nodeid.partition("::")[0]
    if file.startswith("tests/browser/"):
        return "browser"  # one server, one browser
    return next((name for name, files in ONE_PROCESS.items() if file in files), file)


class Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list, wanted_by: Callable[[object], str | None]) -> None:
    """Sorts the groups by FIRST, the others in their order; within a group those that want the same to stand."""
    places = {name: place for place, name in enumerate(FIRST)}
    for item in items:
        places.setdefault(group(item.nodeid), len(places))

    def key(item):
        wanted = wanted_by(item)
        known = STANDING.index(wanted) if wanted in STANDING else len(STANDING)  # or built for this file alone
        return places[group(item.nodeid)], known, wanted or ""

    items.sort(key=key)
