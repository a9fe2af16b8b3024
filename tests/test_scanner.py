"""UP-1: where the installation has a virus scanner, no page takes a file past it."""

import pytest
from django.core.files.uploadedfile import UploadedFile

from .acts import ACTS
from .site_map import taken_back
from .test_audit import changed, dump, is_log

pytestmark = pytest.mark.django_db
WITHOUT = {  # what is stored of the same form without its file, which is named as not stored
    "plan-report-new": {"reporting_taskreport", "reporting_taskreport_sessions", "reporting_reportevidence"},
}
SCANNERS = {"works": ["true"], "cannot run": ["/no/such/scanner"]}


def files_in(body: dict) -> list[UploadedFile]:
    values = [one for value in body.values() for one in (value if isinstance(value, list) else [value])]
    return [one for one in values if isinstance(one, UploadedFile)]


def touched(site, act, body) -> set[str]:
    """The tables that the act has changed, by what it stored."""
    with taken_back():
        before = dump()
        for file in files_in(body):
            file.seek(0)
        site.send_for_good(act.who, "POST", act.url(site), body)
        return {table for table in changed(before, dump()) if not is_log(table)}


def test_up_1_no_page_stores_anything_of_a_file_that_the_scanner_could_not_look_at(site, settings):
    """The control: with a scanner that lets it through, each of them is stored."""
    seen, past, refused = [], [], []
    for act in ACTS:
        with taken_back():
            body = act.body(site)  # some bring about first what they act on
            if not files_in(body):
                continue
            seen.append(act.name)
            settings.SCAN_COMMAND = SCANNERS["cannot run"]
            past += [(str(act), table) for table in touched(site, act, body) - WITHOUT.get(act.name, set())]
            settings.SCAN_COMMAND = SCANNERS["works"]
            refused += [] if touched(site, act, body) else [str(act)]
    assert {"import-upload", "registry-upload", "session-photos"} <= set(seen) and len(seen) > 10
    assert (past, refused) == ([], [])
