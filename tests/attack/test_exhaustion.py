"""Small things sent to keep the server busy for hours: one request of one person must not be everybody's outage (UP-1, LD-3)."""

import datetime
import io
import re
import threading
import time

import pytest
from PIL import Image

from networks import uploads
from networks.uploads import Unusable, check_pdf, reencode
from trainings import messages

SECONDS = 3  # of what takes milliseconds when all is well, and hours when it is not

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def progressive(scans_more: int, side: int = 2000) -> bytes:
    """A picture whose last scan is sent again and again."""
    out = io.BytesIO()
    Image.new("L", (side, side), 128).save(out, "JPEG", progressive=True, quality=10)
    content = out.getvalue()
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * scans_more + content[-2:]


def test_up_1_ld_3_a_pdf_of_streams_without_end_is_read_once_not_once_for_each():
    began = time.perf_counter()
    check_pdf(PDF[:-7] + b"stream\n" * 4_000 + PDF[-7:])  # 28 KB, of 20 MB that may be sent
    assert time.perf_counter() - began < SECONDS / 10


def test_up_1_what_stands_behind_a_stream_without_end_is_looked_at_all_the_same():
    with pytest.raises(Unusable, match="脚本"):
        check_pdf(PDF[:-7] + b"stream\n0\nendstream stream\n << /S /JavaScript >>" + PDF[-7:])


def test_up_1_ld_3_a_picture_of_endless_scans_is_refused_before_it_is_decoded():
    began = time.perf_counter()
    with pytest.raises(Unusable, match="截图"):
        reencode(progressive(2_000), "JPEG")
    assert time.perf_counter() - began < SECONDS


def test_up_1_a_progressive_picture_with_a_thumbnail_and_a_film_behind_it_is_taken():
    usual = progressive(0)
    inside = b"\xff\xe1" + (2 + 4_000).to_bytes(2, "big") + b"\xff\xda\0\2" * 1_000
    stored, kind = reencode(usual[:2] + inside + usual[2:] + b"\xff\xda\0\2" * 1_000, "JPEG")
    assert kind == "image/jpeg" and Image.open(io.BytesIO(stored)).size == (2000, 2000)
    assert 3 * len(re.findall(b"\xff\xda", usual)) < uploads.MOST_SCANS


@pytest.mark.parametrize("blank", [" ", "\u3000", "\t"])
def test_ld_3_a_message_of_blanks_is_read_at_once(blank):
    text, today = "共" + blank * (messages.LONGEST - 2) + "人", datetime.date(2026, 3, 6)
    began = time.perf_counter()
    assert messages.several(text, today) and messages.read(text, [], today)
    assert time.perf_counter() - began < SECONDS


def test_up_1_ld_3_pictures_that_take_half_a_gigabyte_are_decoded_one_at_a_time(monkeypatch):
    """Eight at once, a megabyte each as sent, would be the end of a server of four gigabytes."""
    monkeypatch.setattr(uploads, "LARGE_PIXELS", 2_000_000)
    large = threading.Thread(target=reencode, args=(progressive(0, side=2000), "JPEG"))
    with uploads._LARGE:  # somebody else's is at work
        large.start()
        assert reencode(progressive(0, side=500), "JPEG")[1] == "image/jpeg"  # a usual one does not wait
        large.join(0.5)
        assert large.is_alive()
    large.join(10)
    assert not large.is_alive()
