"""PI-1: every field is declared. PI-2, PI-3, AC-6: names and protected groups stay where they may stand, crawled over every
page, workbook, print, log line and address as every role."""

import html
import re
import zipfile
from io import BytesIO, StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.urls import reverse

from networks.models import AuditEvent
from reporting import personal_data
from trainings.models import Audience, RosterLine, TrainingSession

from .samples.training import ADULT, MINOR, TAIL
from .site_map import taken_back
from .test_access_matrix import page_rows
from .test_web import screens
from .walk import logged, one_engine, page

pytestmark = pytest.mark.django_db
ROLES = [
    "bureau",
    "centre",
    "town",
    "town2",
    "unit",
    "head",
    "leader",
    "auditor",
    "operator",
    "foreign_bureau",
    "anonymous",
]


# --- PI-1 --------------------------------------------------------------------------------------------


def test_pi_1_every_field_that_could_hold_something_about_a_person_is_declared():
    assert personal_data.undeclared() == []


def test_pi_1_the_inventory_names_only_fields_that_exist_and_none_twice():
    labels = {model._meta.label: model for model in personal_data.our_models()}
    for label, fields in personal_data.PERSONAL.items():
        names = {field.name for field in labels[label]._meta.concrete_fields}
        assert set(fields) <= names and set(fields.values()) <= set(personal_data.KINDS), label
    for label, words in personal_data.NOT_PERSONAL.items():
        names = {field.name for field in labels[label]._meta.concrete_fields}
        assert set(words.split()) <= names, label
        assert not set(words.split()) & set(personal_data.PERSONAL.get(label, ())), label
    for kind in personal_data.KINDS.values():
        assert all([kind.whose, kind.purpose, kind.level, kind.period, kind.readers])


def test_pi_1_a_new_field_that_nobody_declares_fails(monkeypatch):
    field = models.CharField("住址", max_length=50)
    field.set_attributes_from_name("address")
    monkeypatch.setattr(RosterLine._meta, "local_fields", [*RosterLine._meta.local_fields, field])
    RosterLine._meta._expire_cache()
    try:
        assert personal_data.undeclared() == ["trainings.RosterLine.address"]
    finally:
        monkeypatch.undo()
        RosterLine._meta._expire_cache()


def test_pi_1_no_field_is_for_an_id_number_and_the_page_in_docs_is_printed_from_the_inventory():
    names = {f"{f.name} {f.verbose_name}" for model in personal_data.our_models() for f in model._meta.concrete_fields}
    assert not [name for name in names if re.search(r"身份证|id_?card|id_number|证件", name)]
    page = Path(settings.BASE_DIR, "docs", "personal-data.md").read_text(encoding="utf-8")
    printed = StringIO()
    call_command("personal_data", stdout=printed)
    assert printed.getvalue() == page
    assert page == personal_data.markdown(), "manage.py personal_data > docs/personal-data.md"


# --- a crawl -------------------------------------------------------------------------------------------

POSTS = {"roster-names": {"purpose": "电话回访核实"}, "roster-export": {"purpose": "电话回访核实"}}


def visits(site):
    """(name, sample, method, address, body) of every page and of every POST that only reads."""
    pages = dict.fromkeys((name, sample) for name, method, sample, _ in page_rows() if method == "GET")
    for name, sample in pages:
        yield name, sample, "GET", site.samples.url(name, sample), None
    for name, body in POSTS.items():
        for sample in ["ours.draft", "theirs.draft", "foreign.draft"]:
            yield name, sample, "POST", site.samples.url(name, sample), body
    for url in screens(site):
        yield "admin", "", "GET", url, None


def text_of(response):
    """Everything that an answer says, a workbook's parts included."""
    body = response.body
    if body.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(body)) as package:
            body = b"\n".join(package.read(name) for name in package.namelist())
        return html.unescape(body.decode(errors="replace"))  # without lxml, Han stands there as numbers
    return body.decode(errors="replace")


def addresses_of(response, text):
    found = set(re.findall(r'(?:href|src|action|data-url)="([^"]*)"', text))
    found |= {response.headers.get("Content-Disposition", ""), response.headers.get("Location", "")}
    return {unquote(address) for address in found}


OWN = {"ours.draft": "town", "theirs.draft": "town2", "foreign.draft": "foreign_town"}
OFFICE = {"ours.draft": "bureau", "theirs.draft": "bureau", "foreign.draft": "foreign_bureau"}


@one_engine
def test_pi_3_ac_6_names_stand_only_where_they_were_asked_for_and_minors_only_in_their_own_unit(site):
    leaks, seen, lines = [], set(), []
    for name, sample, method, url, body in visits(site):
        for who in ROLES:
            if method == "GET":
                response = page(site, who, url)
                lines += response.lines
            else:
                with logged() as meanwhile:
                    response = site.send(who, method, url, body)
                lines += meanwhile
            text = text_of(response)
            for what in [ADULT, MINOR, TAIL]:
                if any(what in address for address in addresses_of(response, text)):
                    leaks.append(f"{what} in an address of {url} as {who}")
                if what not in text or (what == TAIL and ADULT not in text and not re.search(rf"\b{TAIL}\b", text)):
                    continue
                asked = name in POSTS and method == "POST"
                own, office = OWN.get(sample) == who, OFFICE.get(sample) == who
                if asked and (own or (office and what != MINOR)):
                    seen.add((name, who, what))
                else:
                    leaks.append(f"{what} on {method} {url} as {who}")
    assert leaks == []
    for name in POSTS:
        assert {(name, "town", ADULT), (name, "town", MINOR), (name, "bureau", ADULT), (name, "town", TAIL)} <= seen
    assert len(lines) > 100
    assert [line for line in lines if ADULT in line or MINOR in line] == []
    assert not re.search("金丝雀", str(list(AuditEvent.objects.values())))


@one_engine
def test_pi_2_the_words_of_protected_groups_leave_the_circle_of_a_session_by_no_road(site):
    """A headcount-only session of ours: its group is named to whoever sees the session, in no address, log or file name, and
    on no page, workbook or print of anybody else."""
    with taken_back(), logged() as lines:
        group = Audience.objects.filter(sensitivity=2).first()
        for key in ["draft", "submitted", "verified"]:
            session = TrainingSession.objects.get(**site.samples.kwargs[f"ours.{key}"])
            TrainingSession.objects.filter(pk=session.pk).update(audience_text=f"{group.name}30")
            session.audience_counts.create(audience=group, number=30)
        protected = Audience.objects.protected_names()
        outsiders = ["town2", "unit", "leader", "foreign_bureau"]
        leaks, seen = [], 0
        for name, _, method, url, body in visits(site):
            if name in FORMS_WITH_THE_LIST or url.startswith(VOCABULARY):
                continue
            for who in ["foreign_bureau"] if name == "admin" else ["town", *outsiders]:  # no other opens a screen
                response = site.send(who, method, url, body)
                text = text_of(response)
                shown = [word for word in protected if word in text]
                seen += bool(shown) and who == "town"
                if shown and who in outsiders:
                    leaks.append(f"{shown} on {url} as {who}")
                if any(word in address for word in protected for address in addresses_of(response, text)):
                    leaks.append(f"an address of {url} as {who}")
        assert leaks == [] and seen > 2
        assert len(lines) > 100
        assert [line for line in lines if any(word in line for word in protected)] == []
        assert not [e for e in map(str, AuditEvent.objects.values()) if any(word in e for word in protected)]


# The vocabulary itself, which every officer chooses from, says nothing about any session.
FORMS_WITH_THE_LIST = {"session-new", "session-edit", "class-new", "import-template"}
VOCABULARY = "/admin/trainings/audience/"


def test_pi_2_a_headcount_only_session_has_no_roster_and_offers_none(site):
    with taken_back():
        session = TrainingSession.objects.get(**site.samples.kwargs["ours.submitted"])
        session.audience_counts.create(audience=Audience.objects.filter(sensitivity=2).first(), number=30)
        page = site.send("town", "GET", reverse("session-detail", args=[session.pk])).body.decode()
        assert reverse("session-roster", args=[session.pk]) not in page
        page = site.send("town", "GET", reverse("session-roster", args=[session.pk])).body.decode()
        assert "不建名册" in page and "<textarea" not in page
