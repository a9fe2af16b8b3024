"""What every address answers to everybody, asked once for all the tests that only look at it.

A page of a site on which nothing has been changed is the same whenever it is asked for; so the walks share what they get, as far
as they run in one process (together.py sees to that).
"""

import contextlib
import logging
import zlib
from dataclasses import dataclass

import pytest
from django.db import connection
from django.http.response import ResponseHeaders

# For a walk over pages of which it looks at nothing that an engine could answer otherwise: headers, tokens and 405 before any view,
# that reading sends nothing which writes, escaping by the templates, the words and names on pages, in addresses and in log lines,
# which forms are filled in, which keys of a body a form looks up. Whose rows somebody gets is asked for everybody on both engines by AC-2; that every page opens, with each
# answer that somebody gets to it, by AC-1; what bodies and query strings do to queries, by WB-4 and test_junk. What else the lines
# PI-2, PI-3, PI-4, PI-7 and WB-2 promise of a page, a sheet or a file has tests on both engines. Such a walk runs with the suite on
# SQLite.
one_engine = pytest.mark.one_engine
WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER", "TRUNCATE")


@dataclass(frozen=True)
class Page:
    """An answer with what happened meanwhile: the lines for the log, whatever their level, and the SQL that wrote something."""

    status_code: int
    headers: ResponseHeaders
    packed: bytes
    lines: list[str]
    writes: list[str]

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.packed)


def page(site, who: str, url: str) -> Page:
    """What a GET gives somebody. Refuses within `taken_back`, where something may have been changed: send that."""
    depth = len(connection.savepoint_ids)
    if not site.pages:
        site.depth = depth
    assert site.depth == depth, "what was changed for one test is not to be seen by another"
    if (who, url) not in site.pages:
        with logged() as lines, written() as writes:
            answer = site.send(who, "GET", url)
        packed = zlib.compress(answer.body, 1)
        site.pages[who, url] = Page(answer.status_code, answer.headers, packed, lines, writes)
    return site.pages[who, url]


class _Lines(logging.Handler):
    """Keeps the words of each line; its traceback is written out only for what went wrong."""

    def __init__(self, others: list[logging.Handler]) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.others = others

    def emit(self, record) -> None:
        if not record.name.startswith("django.db"):
            self.lines.append(record.getMessage())
        if record.levelno >= logging.ERROR:
            for handler in self.others:
                handler.handle(record)


@contextlib.contextmanager
def logged():
    """The lines that are logged inside, down to DEBUG."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers
    root.handlers = [_Lines(handlers)]
    root.setLevel(logging.DEBUG)
    try:
        yield root.handlers[0].lines
    finally:
        root.setLevel(level)
        root.handlers = handlers


@contextlib.contextmanager
def written():
    """The statements inside that write, as they go to the database."""
    found: list[str] = []

    def note(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(WRITING):
            found.append(sql.lstrip())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found
