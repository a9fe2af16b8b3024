"""Bodies in parts as no browser makes them: without their boundary, in each other, in thousands, in wrong alphabets, with headers
without end (WB-4, UP-1, LD-3). Whatever comes, the answer is a page, in bounded time and memory, and what was no upload is kept nowhere.

By hypothesis, whose bodies begin from those that work and know what a part is made of.
"""

import base64
import time
import tracemalloc

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from tests.act import picture
from tests.acts import ACTS
from tests.site_map import taken_back
from trainings.models import Evidence, ImportBatch, PointReport

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024
SECONDS = 5  # of the processor, for what takes it less than one
TAKERS = {  # who sends files or forms to where; a stranger wherever that is allowed
    "point": "photos",
    "scan": "p-0-name",
    "learn-sign-up": "name",
    "login": "username",
    "evidence-add": "files",
    "import-upload": "workbook",
    "registry-upload": "workbook",
    "session-photos": "photos",
    "institution-photo": "photo",
    "course-material-new": "file",
    "session-new": "photos",
}
PLACES = list({act.name: act for act in ACTS if act.name in TAKERS}.values())
JPEG = picture().read()


def send(site, who, url, content, kind, **extra):
    """As it stands; the client would encode a body anew by its `content_type`."""
    return site.send(who, "POST", url, content, content_type="application/octet-stream", CONTENT_TYPE=kind, **extra)


def test_every_place_that_is_attacked_here_is_there():
    assert {act.name for act in PLACES} == set(TAKERS)


# --- one body after another ---------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "{field}",
        "token",
        "kind",
        "csrfmiddlewaretoken",
        "photos-1",
        "",
        'a\\"b',
        "\x00",
        "名称",
        "{field}[]",
        "a" * 300,
        "_charset_",
    ]
)
FILES = st.sampled_from(
    [
        "a.jpg",
        "台账.xlsx",
        "../../../etc/passwd",
        "C:\\\\x\\\\a.jpg",
        "",
        ".",
        "..",
        "a\x00.jpg",
        "\u202egpj.exe",
        "a" * 3_000,
        "con.jpg",
        "a;b=c",
    ]
)
LINES = st.sampled_from(  # headers of a part besides the usual one
    [
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Transfer-Encoding: x\xff",
        b"Content-Type: image/jpeg",
        b"Content-Type: multipart/mixed; boundary=inner",
        b"Content-Type: text/plain; charset=no-such",
        b"Content-Type: text/plain; charset=utf-7",
        b"Content-Type: ; = ;;",
        b"Content-Length: 99999999999999",
        b"Content-Length: -1",
        b"Content-Disposition: form-data; name=second",
        b"Content-Disposition: form-data; name*=UTF-8''%FF%00; filename*=x'y",
        b"Content-Disposition: attachment; filename*=utf-16''%D8%00",
        b"no colon at all",
        b": empty",
        b"X: " + b"h" * 2_000,
        b"X: \x00\xff\r folded",
        b" folded: at once",
    ]
)
CONTENTS = st.sampled_from(
    [
        b"",
        JPEG,
        base64.b64encode(JPEG),
        b"====",
        b"A",
        b"\x00" * 50,
        b"\r\n--bound\r\n",
        b"--inner\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--inner--",
        b"--bound--",
        "中文".encode("gbk"),
        b"PK\x03\x04" + b"\x00" * 40,
    ]
) | st.binary(max_size=60)
USUAL = st.tuples(NAMES, st.none() | FILES).map(lambda pair: (pair, None))
PARTS = st.lists(
    st.tuples(
        USUAL | st.just((None, b"")),
        st.lists(LINES, max_size=3),
        CONTENTS,
        st.sampled_from([b"\r\n", b"\n", b"\r", b""]),
    ),
    max_size=6,
)
KINDS = st.sampled_from(
    [
        "multipart/form-data; boundary=bound",
        "multipart/form-data; boundary=bound",
        "multipart/form-data; boundary=bound",
        'multipart/form-data; boundary="bound"',
        "multipart/form-data; boundary=bound; charset=utf-16",
        "multipart/form-data; boundary=bound; charset=no-such",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300,
        "multipart/form-data; boundary=b\xe9nd",
        "multipart/form-data; boundary=other",
        "multipart/mixed; boundary=bound",
        "Multipart/Form-Data; Boundary=bound",
    ]
)
ENDS = st.sampled_from(
    [b"--bound--\r\n", b"--bound--", b"--bound", b"--boun", b"", b"--bound--\r\n--bound--\r\n" + b"x" * 100]
)


def body_of(parts, end, field):
    written = b""
    for (usual, _), lines, content, line_end in parts:
        written += b"--bound" + line_end
        if usual:
            name, file = usual
            shown = f'form-data; name="{name.replace("{field}", field)}"' + (
                "" if file is None else f'; filename="{file}"'
            )
            written += b"Content-Disposition: " + shown.encode() + line_end
        written += b"".join(line + line_end for line in lines) + line_end + content + line_end
    return written + end


@tries(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(where=st.sampled_from(PLACES), parts=PARTS, end=ENDS, kind=KINDS)
def test_wb_4_up_1_no_body_in_parts_breaks_a_page_that_takes_one(site, where, parts, end, kind):
    content = body_of(parts, end, TAKERS[where.name])
    began = time.process_time()
    response = send(site, where.who, where.url(site), content, kind)
    assert response.status_code < 500, (str(where), content, kind, response.exc_info)
    assert time.process_time() - began < SECONDS


@tries(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(parts=PARTS, end=ENDS, kind=KINDS)
def test_wb_4_the_check_against_forgery_is_broken_by_no_body(site, parts, end, kind):
    """It reads a stranger's body first of all, to find its token."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    for name, sample in [("point", "ours.pointlink"), ("learn-sign-up", "ours.told")]:
        content, url = body_of(parts, end, TAKERS[name]), site.samples.url(name, sample)
        response = client.post(url, content, content_type="application/octet-stream", CONTENT_TYPE=kind)
        assert response.status_code in {400, 403}, (content, kind, response.exc_info)


# --- too many, too long, too heavy ----------------------------------------------------------------------------


def part(name, content=b"x", file="", more=b""):
    words = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    return b"--bound\r\n" + words.encode() + b"\r\n" + more + b"\r\n" + content + b"\r\n"


KIND, END = "multipart/form-data; boundary=bound", b"--bound--\r\n"
HEAVY = {
    "ten thousand fields": b"".join(part(f"f{n}") for n in range(10_000)),
    "more fields than any form has": b"".join(part("kind") for _ in range(20_001)),
    "ten thousand files": b"".join(part("files", JPEG[:10], "a.jpg") for _ in range(10_000)),
    "a header without end": part("files", JPEG, "a.jpg", b"X: " + b"h" * (900 * 1024) + b"\r\n"),
    "ten thousand headers": part("files", JPEG, "a.jpg", b"X: y\r\n" * 10_000),
    "a boundary that nearly comes": part("files", b"\r\n--boun" * 100_000, "a.jpg"),
    "base64 of blanks": part("files", b" \r\n" * 300_000, "a.jpg", b"Content-Transfer-Encoding: base64\r\n"),
    "base64 that never comes to four": part(
        "files", b"A\r\n" * 300_000, "a.jpg", b"Content-Transfer-Encoding: base64\r\n"
    ),
    "parts in parts": part(
        "files", b"--bound\r\n" * 50_000, "a.jpg", b"Content-Type: multipart/mixed; boundary=bound\r\n"
    ),
    "no end": part("files", JPEG * 500, "a.jpg")[:-2],
}


@pytest.mark.parametrize("what", HEAVY)
@pytest.mark.parametrize("name", ["point", "evidence-add"])
def test_ld_3_a_body_made_to_keep_the_server_busy_takes_little_time(site, name, what):
    act = next(act for act in PLACES if act.name == name)
    content = HEAVY[what].replace(b'name="files"', f'name="{TAKERS[name]}"'.encode()) + (
        b"" if what == "no end" else END
    )
    assert len(content) < 2 * MIB
    began = time.process_time()
    response = send(site, act.who, act.url(site), content, KIND)
    assert time.process_time() - began < SECONDS
    assert response.status_code < 500
    if what in {"more fields than any form has", "ten thousand files"}:
        assert response.status_code == 400 and "请" in response.body.decode()


@pytest.mark.parametrize("gap", [b"", b"\r\n", b" "])
def test_ld_3_a_large_file_in_base64_passes_through_in_pieces(site, gap):
    """Thirty megabytes from a stranger with a point's link: read on in pieces, kept in a file, never whole in memory twice."""
    act = next(act for act in PLACES if act.name == "point")
    line = base64.b64encode(bytes(57)) + gap
    big = line * (20 * MIB // len(line))
    content = part("photos", big, "a.jpg", b"Content-Transfer-Encoding: base64\r\n") + END
    with taken_back():
        tracemalloc.start()
        try:
            began = time.process_time()
            response = site.send_for_good(
                act.who, "POST", act.url(site), content, content_type="application/octet-stream", CONTENT_TYPE=KIND
            )
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert response.status_code == 200 and time.process_time() - began < 2 * SECONDS
        assert peak < 24 * MIB
        assert not PointReport.objects.filter(link__institution=site.world.ours.pk).exists()


def test_up_1_what_was_no_upload_is_kept_nowhere(site):
    """A body that breaks off in the middle of a file leaves neither row nor file behind."""
    before = Evidence.objects.count(), ImportBatch.objects.count(), sorted(site.media.rglob("*"))
    for name in ("evidence-add", "import-upload", "session-photos"):
        act = next(act for act in PLACES if act.name == name)
        for content in (part(TAKERS[name], JPEG, "a.jpg")[:200], part(TAKERS[name], b"", "a.jpg")[:40]):
            with taken_back():
                site.send_for_good(
                    act.who, "POST", act.url(site), content, content_type="application/octet-stream", CONTENT_TYPE=KIND
                )
                assert (Evidence.objects.count(), ImportBatch.objects.count()) == before[:2]
    assert sorted(site.media.rglob("*")) == before[2]
