"""What holds for everybody who comes without account: how much one request may bring, how often, and how it is packed."""

import gzip
import io
import re

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from networks.limits import address_allowed
from networks.models import Institution
from trainings.models import PointLink

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024


@pytest.fixture
def phone():
    return Client()


def told(length):
    """A request that says it is so long. The body is empty: whoever reads it learns nothing of the length."""
    return {"data": b"", "content_type": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(length)}


@pytest.fixture
def link(world):
    _, token = PointLink.issue(Institution.objects.get(division=world.places["新汉村"]), world.town)
    return reverse("point", args=[token])


def test_ld_3_a_stranger_may_send_photos_to_a_points_page_and_little_anywhere_else(phone, link):
    for address, most in ((link, 64), ("/s/abcdefghjkmn/", 1), ("/learn/record/", 1), (reverse("login"), 1)):
        answer = phone.post(address, **told(most * MIB + 1))
        assert answer.status_code == 413, address
        assert f"一次最多收 <strong>{most} MB</strong>" in answer.content.decode()
        assert phone.post(address, **told(most * MIB)).status_code != 413, address


def test_ld_3_what_is_too_long_is_not_read(link, world):
    """The check against forgery reads the body, so the length is asked before it."""

    class Untouched(io.BytesIO):
        def read(self, *args):
            raise AssertionError("the body was read")

    strict = Client(enforce_csrf_checks=True)
    for address in (link, "/s/abcdefghjkmn/", "/sessions/new/"):
        answer = strict.post(address, **told(65 * MIB), **{"wsgi.input": Untouched()})
        assert answer.status_code in (302, 413), address


def test_an_officer_whose_sign_in_has_expired_is_sent_to_sign_in_however_much_they_send(phone, ask, world):
    answer = phone.post("/sessions/new/", **told(30 * MIB))
    assert answer.status_code == 302 and answer.url == f"{reverse('login')}?next=/sessions/new/"
    phone.force_login(world.town)
    assert phone.post("/sessions/new/", **told(30 * MIB)).status_code != 413
    assert phone.post("/sessions/new/", **told(421 * MIB)).status_code == 413


@pytest.mark.parametrize("length", ["", "-1", "x", "²", "9" * 400])
def test_ld_3_a_length_that_makes_no_sense_breaks_nothing(phone, length):
    asked = told(0) | {"CONTENT_LENGTH": length}
    assert phone.post("/learn/record/", **asked).status_code in (200, 400, 413)


def test_ld_3_a_telephone_has_one_limit_however_many_ipv6_addresses_it_takes():
    ask = RequestFactory()

    def may(address):
        return address_allowed(ask.get("/", REMOTE_ADDR=address), "try", most=1, seconds=3600)

    assert may("2409:8c54:0:1::1") and not may("2409:8c54:0:1:ffff::2")
    assert may("2409:8c54:0:2::1")
    assert may("203.0.113.5") and may("203.0.113.6") and not may("::ffff:203.0.113.5")
    assert may("") and not may("")


def test_ld_3_the_counts_of_a_county_do_not_push_each_other_out():
    ask = RequestFactory()
    for number in range(1000):
        address_allowed(ask.get("/", REMOTE_ADDR=f"10.1.{number // 250}.{number % 250}"), "try", most=1, seconds=3600)
    assert not address_allowed(ask.get("/", REMOTE_ADDR="10.1.0.0"), "try", most=1, seconds=3600)


# --- packed ----------------------------------------------------------------------------------------------


def received(client, address, encoding="gzip, deflate, br"):
    """(response, bytes on the way, bytes as meant)"""
    answer = client.get(address, headers={"Accept-Encoding": encoding} if encoding else {})
    sent = b"".join(answer.streaming_content) if answer.streaming else answer.content
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return answer, sent, gzip.decompress(sent) if packed else sent


def test_pages_and_our_own_files_go_packed_to_whoever_takes_them_so(phone, world):
    for address in ("/learn/", "/static/css/app.css", "/static/js-lib-bootstrap5/css/bootstrap.min.css"):
        plain, whole, _ = received(phone, address, "")
        answer, sent, meant = received(phone, address)
        assert answer.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        assert "Accept-Encoding" in answer.headers["Vary"] and "Accept-Encoding" in plain.headers["Vary"]
        assert meant == whole and len(sent) < len(whole) / 2, address
        assert answer.headers["Content-Type"] == plain.headers["Content-Type"]
        assert int(answer.headers.get("Content-Length", len(sent))) == len(sent)
        refused, sent, _ = received(phone, address, "gzip;q=0, identity")
        assert sent == whole and "Content-Encoding" not in refused.headers


def test_what_is_packed_already_and_what_was_not_changed_stays_as_it_is(phone, ask, world):
    answer, _, _ = received(phone, "/static/css/app.css")
    again = phone.get(
        "/static/css/app.css",
        headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304 and "Content-Encoding" not in again.headers
    part = phone.get("/static/css/app.css", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
    assert part.status_code == 206 and "Content-Encoding" not in part.headers
    assert len(b"".join(part.streaming_content)) == 10
    phone.force_login(world.town)
    book, _, _ = received(phone, f"/sessions/export/{world.today.year}/")
    assert book.status_code == 200 and "Content-Encoding" not in book.headers
    head = phone.head("/learn/", headers={"Accept-Encoding": "gzip"})
    assert head.content == b""


FIRST_VIEW = 100 * 1000  # bytes, compressed, without pictures


@pytest.mark.parametrize("address", ["/learn/", "/learn/map/", "/learn/courses/", "/learn/stories/", "/learn/record/"])
def test_a_first_view_for_residents_travels_in_less_than_100_kb(phone, world, address):
    page, sent, meant = received(phone, address)
    assert page.status_code == 200
    files = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"', meant.decode())
    assert any("app.css" in name for name in files)
    total = len(sent) + sum(len(received(phone, name)[1]) for name in set(files))
    assert total < FIRST_VIEW / 2, (total, files)
