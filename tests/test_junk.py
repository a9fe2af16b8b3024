"""No body of a request breaks a page: missing, twice, of the wrong kind, too long, too large, with characters that no text has.

Bodies are those of `acts`, which every other test posts as they are, with one field after another replaced.
"""

import itertools
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from .acts import ACTS

pytestmark = pytest.mark.django_db

FEW = 4
LARGE = "9223372036854775808"  # one more than the largest key
JUNK = [
    "a\x00b",  # PostgreSQL refuses NUL in a text
    "99999999999999999999999999",
    LARGE,
    "2147483648",
    "-1",
    "²",
    "x" * 3_000,
    "NaN",
    "0001-01-01",
    "9999-12-31",
    ",",
    "\u202e\u200b",
]


def batched(names, size):
    return [names[first : first + size] for first in range(0, len(names), size)]


def fields_of(site, act):
    """The body that works, and with it every field that the page shows."""
    body = act.body(site)
    shown = site.send(act.who, "GET", act.url(site)).context
    form = shown.get("form") if shown else None
    return body, list(dict.fromkeys([*body, *(field.html_name for field in form or ())]))


@pytest.mark.parametrize("act", ACTS, ids=str)
def test_no_body_breaks_a_page(site, act):
    url = act.url(site)
    body, names = fields_of(site, act)
    junk = itertools.cycle(JUNK)
    for _ in range(zlib.crc32(str(act).encode()) % len(JUNK)):  # begins elsewhere for each act, the same in every run
        next(junk)
    bodies = [{}, *(dict.fromkeys(names, text) for text in ("a\x00b", LARGE))]
    at_once = 1 if len(names) <= FEW else 4  # of a longer form several fields at a time: a quarter of the requests
    for some in batched(names, at_once):
        bodies.append(body | {name: next(junk) for name in some})
    for some in batched(names, 8):
        bodies.append(body | {name: [next(junk), next(junk)] for name in some})
    bodies.append(body | {name: SimpleUploadedFile("a.jpg", b"\x00\xff") for name in names[:2]})
    broken = []
    for data in bodies:
        for value in body.values():  # an uploaded file is read once
            getattr(value, "seek", lambda _: None)(0)
        response = site.send(act.who, "POST", url, data)
        if response.status_code >= 500:
            broken.append(({name: data[name] for name in data if data[name] is not body.get(name)}, response.exc_info))
    assert broken == []
