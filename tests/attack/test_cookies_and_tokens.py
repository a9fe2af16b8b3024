"""What a browser gives back that it never got from us: cookies, marks of a telephone, one-time tokens (AC-3, WB-4, IN-3)."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from networks.guessing import known_cookie
from tests.act import picture
from tests.acts import _session_form, at_the_door
from tests.site_map import taken_back
from trainings.models import Evidence, ImportBatch, RosterLine, ScanSheet, SubmitToken, TrainingSession

pytestmark = pytest.mark.django_db

HOSTILE = [
    r'"\000aaaaaaaaaaaaaaaaaaa"',  # in quotes a cookie can hold any character: NUL, which PostgreSQL refuses
    r'"\012\015Set-Cookie: x=1"',
    "' OR 1=1 --",
    "../../../../etc/passwd",
    "a" * 4_000,
    "½é",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages", known_cookie()])
def test_wb_4_a_cookie_that_nobody_gave_breaks_no_page(world, name, value):
    client = Client(raise_request_exception=False)
    assert client.get("/login/", HTTP_COOKIE=f"{name}={value}").status_code == 200
    assert client.get("/sessions/", HTTP_COOKIE=f"{name}={value}").status_code == 302
    sent = client.post("/login/", {"username": "town", "password": "x"}, HTTP_COOKIE=f"{name}={value}")
    assert sent.status_code == 200


@pytest.mark.parametrize("value", HOSTILE)
def test_wb_4_the_mark_of_a_telephone_at_the_door_is_ours_or_none(site, value):
    url = site.samples.url("scan", "ours.scan")
    with taken_back():
        ScanSheet.objects.filter(**site.samples.kwargs["ours.scan"]).update(once_per_device=True)
        sheet = ScanSheet.objects.get(**site.samples.kwargs["ours.scan"])
        body = at_the_door("黄小明") | {"p-TOTAL_FORMS": "1"}
        client = Client(raise_request_exception=False)
        response = client.post(url, body, HTTP_COOKIE=f"device-{sheet.pk}={value}")
        assert response.status_code == 200
        line = RosterLine.objects.get(session=sheet.session, name="黄小明")
        assert re.fullmatch(r"[0-9a-f]{32}", line.device)


def test_wb_1_every_cookie_of_ours_has_the_name_that_binds_it_to_the_host():
    """Whatever sets one asks `host_cookie` for its name and names no domain."""
    set_by = {}
    for path in sorted(
        p for layer in ("networks", "trainings", "reporting") for p in (Path(settings.BASE_DIR) / layer).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"set_cookie", "set_signed_cookie"}:
                assert "domain" not in {word.arg for word in node.keywords}, path
                set_by[path.name] = path.read_text(encoding="utf-8")
    assert set(set_by) == {"guessing.py", "door.py"}, "a further one stands here, with a test of its name"
    assert all("host_cookie(" in text for text in set_by.values())


def test_wb_4_in_3_a_token_with_a_character_that_no_database_holds_breaks_nothing(site):
    for name, sample, who in [("session-submit", "ours.draft", "town"), ("call-samples", "-", "bureau")]:
        body = {"token": "a" * 30 + "\x00", "year": site.world.year, "size": 2}
        assert site.send(who, "POST", site.samples.url(name, sample), body).status_code == 302, name


def test_wb_4_a_mending_for_a_sheet_that_cannot_be_is_passed_over(site):
    url = site.samples.url("import-batch", "ours.rehearsed")
    body = {"0-column": "培训名称", "0-was": "", "0-text": "新名称", "0-at": "3|台账\x00"}
    assert site.send("town", "POST", url, body).status_code == 302
    with taken_back():
        ImportBatch.objects.filter(**site.samples.kwargs["ours.rehearsed"]).update(user=site.world.bureau)
        body = {"organiser": ["某站\x00"], "unit": [site.world.ours.code]}
        assert site.send_for_good("bureau", "POST", url, body).status_code == 302
        assert ImportBatch.objects.get(**site.samples.kwargs["ours.rehearsed"]).assignments == {}


def test_ac_3_in_3_a_token_that_another_form_has_used_up_brings_photos_to_nothing_else(site):
    """The same token by hand in a form of another kind: what it led to was a list, or the page of something else of the same
    number as a session."""
    with taken_back():
        form = _session_form(site) | {"photos": picture()}
        before = Evidence.objects.count(), TrainingSession.objects.count()
        class_page = reverse("class", args=[site.samples.kwargs["ours.draft"]["pk"]])
        for number, led_to in enumerate([reverse("session-list"), class_page]):
            token = f"{number}" * 30
            SubmitToken.objects.create(user=site.world.town, token=token, result=led_to)
            form["photos"].seek(0)
            response = site.send_for_good("town", "POST", reverse("session-new"), form | {"token": token})
            assert (response.status_code, response.headers["Location"]) == (302, led_to)
        assert (Evidence.objects.count(), TrainingSession.objects.count()) == before
