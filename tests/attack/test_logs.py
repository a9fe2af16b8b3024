"""What strangers try with the text logs, ours and those of the web server before us: forged lines, a full disk, links read from them
(AU-3, PI-7)."""

import io
import logging
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import path

from networks.logs import OneLine, Plain, one_line
from tests.site_map import addresses, taken_back

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


# --- the web server's own logs -----------------------------------------------------------------------------

NGINX = re.sub(r"#.*", "", Path(settings.BASE_DIR, "docs/deploy/nginx.conf").read_text(encoding="utf-8"))
TOKEN = "abcde-fghjk-mnpqr-stuvw"


def keys():
    """Every address of the site that is itself a key, with a token in it."""
    return ["/" + re.sub(r"<[^>]+>", TOKEN, one.route) for one in addresses() if ":token>" in one.route]


def unlogged():
    """By which variable the shipped configuration tells a key, and the patterns of what it does not log."""
    by, rules = re.search(r"map (\$\w+) \$mashan_logged \{(.*?)\}", NGINX, re.DOTALL).groups()
    assert re.search(r"default\s+1;", rules)
    return by, re.findall(r"~(\S+)\s+0;", rules)


def test_pi_7_no_address_that_is_a_key_stands_in_the_access_log():
    by, patterns = unlogged()
    assert by == "$uri"  # as it is asked for after decoding: /%70/… is the same page as /p/…
    assert len(keys()) >= 5
    assert [key for key in keys() if not any(re.search(pattern, key) for pattern in patterns)] == []
    for usual in (
        "/",
        "/sessions/3/",
        "/learn/",
        "/plan/",
        "/publicity/",
        "/static/css/app.css",
        "/setup/",
        "/plans/2026/",
    ):
        assert not any(re.search(pattern, usual) for pattern in patterns), usual


def test_pi_7_no_server_of_the_shipped_configuration_falls_back_on_the_usual_log():
    """Without a line of its own a server logs whole requests to the usual file, and nginx writes the address of each request that
    went wrong into its error log, at every level below crit."""
    servers = NGINX.split("server {")[1:]
    assert len(servers) == 2
    for server in servers:
        assert re.search(r"access_log (off|\S+ mashan if=\$mashan_logged);", server)
        assert re.search(r"error_log \S+ crit;", server)
    written = re.search(r"log_format mashan '(.*?)';", NGINX)[1]
    told = set(re.findall(r"\$\w+", written))
    assert told == {
        "$remote_addr",
        "$time_local",
        "$request_method",
        "$uri",
        "$status",
        "$body_bytes_sent",
        "$request_time",
    }


def test_pi_7_au_3_our_own_log_names_no_key_either():
    for key in keys():
        told = one_line(f"Forbidden (CSRF token missing.): {key}")
        assert TOKEN not in told and "…" in told, key


def test_wb_5_the_shipped_configuration_leads_nowhere_that_the_visitor_names():
    assert "https://$server_name$request_uri" in NGINX and "$host$" not in NGINX and "$http_host" not in NGINX
