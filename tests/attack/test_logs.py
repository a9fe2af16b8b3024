"""What strangers try with the text log: forged lines, a full disk, links read from it (AU-3)."""

import io
import logging

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import path

from networks.logs import OneLine, Plain
from tests.site_map import taken_back

FORGED = "x\n2026-01-01 00:00:00,000 WARNING root 审计 signed in\r\x1b[2J\u2028y"


@pytest.fixture
def log():
    """The text log as the installation writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Plain(settings.LOGGING["formatters"]["plain"]["format"]))
    handler.addFilter(OneLine())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def breaks(request):
    raise ValueError(request.GET["q"])


breaks.login_required = False
urlpatterns = [path("breaks/", breaks)]


@pytest.mark.django_db
def test_au_3_the_words_of_what_broke_forge_no_line(log):
    client = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF=__name__):
        assert client.get("/breaks/", {"q": FORGED}).status_code == 500
    written = log.getvalue()
    assert "ValueError: x" in written and "Traceback" in written  # whoever mends it is told
    assert "\x1b" not in written and "\u2028" not in written and "\r" not in written
    lines = written.splitlines()
    assert [line for line in lines if not line.startswith("    ")] == [lines[0]]
    assert "Internal Server Error: /breaks/" in lines[0]


@pytest.mark.django_db
def test_au_3_ld_3_a_refusal_is_one_line_however_it_came_about(log, client, world):
    client.get("/login/", headers={"host": "evil.example"})
    client.force_login(world.town)
    assert client.get("/review/").status_code == 403
    lines = log.getvalue().splitlines()
    assert len(lines) == 2
    assert "evil.example" in lines[0] and "/review/" in lines[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("point", "ours.pointlink"),
        ("scan", "ours.scan"),
        ("scan-feedback", "ours.said"),
        ("learn-signed-up", "ours.signed"),
    ],
)
def test_au_3_a_link_that_is_good_stands_in_no_log(site, log, name, sample):
    """A form that has lain open for too long is refused for its token, and Django notes the address."""
    url = site.samples.url(name, sample)
    with taken_back():
        assert Client(enforce_csrf_checks=True).post(url, {}).status_code == 403
    secret = next(iter(site.samples.kwargs[sample].values()))
    assert secret in url and secret not in log.getvalue() and "…" in log.getvalue()
