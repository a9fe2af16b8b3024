"""AC-1: every address × every role × own, other unit and other county has the answer that tests/access_matrix.py declares."""

import re
from itertools import groupby

import pytest
from django.contrib import admin
from django.db import connection

from .access_matrix import ADMIN, GROUPS, PAGES, PUBLIC
from .site_map import addresses
from .walk import page as page_of

pytestmark = pytest.mark.django_db

FOREIGN = {"foreign_bureau", "foreign_town"}
METHODS_OF_SCREENS = {"changelist": "see", "add": "add", "change": "change", "history": "see", "delete": "delete"}


def lines(table):
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines() if line.strip()]


def people(cell):
    names = " ".join(GROUPS.get(word, word) for word in cell.split())
    return set(names.split())


def page_rows():
    """(name, method, sample, cells by answer) of the table of pages."""
    for line in lines(PAGES):
        name, method, sample, ok, denied, absent = line + [""] * (6 - len(line))
        yield name, method, sample, {"ok": people(ok), "403": people(denied), "404": people(absent)}


def expected(cells, everybody):
    """The answer for each person; the one cell with `*` stands for everybody who is named nowhere."""
    answers = {name: answer for answer, names in cells.items() for name in names - {"*"}}
    rest = [answer for answer, names in cells.items() if "*" in names]
    assert len(rest) <= 1
    assert sum(len(names - {"*"}) for names in cells.values()) == len(answers), "somebody is named twice"
    return {name: answers.get(name) or rest[0] for name in everybody}


ALIKE = dict.fromkeys(["bureau", "bureau2", "director"], "bureau")  # one role and one home: they differ by name alone


def asked(answers, turn):
    """Of (person, answer) those who are asked here: on SQLite everybody, and of accounts that differ by name alone and shall get the
    same one each turn; elsewhere one of all who shall get the same. That the answers rest on the same rows everywhere is what AC-2
    asks for everybody on both engines (walk.py)."""
    alike = {}
    for who, answer in answers:
        kind = ALIKE.get(who, who) if connection.vendor == "sqlite" else ""
        alike.setdefault((kind, str(answer)), []).append((who, answer))
    return [some[turn % len(some)] for some in alike.values()]


def answer_of(response):
    where = response.headers.get("Location", "")
    if response.status_code == 302 and where.startswith(("/login/", "/admin/login/")):
        return "sign-in"
    if response.status_code in {403, 404}:
        return str(response.status_code)
    return "ok" if response.status_code in {200, 301, 302, 400, 409} else f"{response.status_code}!"


BODIES = {  # where an empty request is answered first
    "evidence-add": {"kind": "notice", "link": "https://example.invalid/"},
    "account-end-sign-ins": {"sign_in": "all"},
    "course-propose": {"verb": "propose"},
    "course-decide": {"verb": "approve"},
    "story-propose": {"verb": "propose"},
    "story-decide": {"verb": "approve"},
}


@pytest.fixture
def visit(site):
    def visited(who, method, url, data=None):
        read = method == "GET" and data is None
        return answer_of(page_of(site, who, url) if read else site.send(who, method, url, data))

    return visited


def test_ac_1_every_address_of_the_site_stands_in_the_table():
    declared = {name for name, *_ in page_rows()}
    screens = {f"admin:{screen.replace('.', '_')}" for screen, *_ in lines(ADMIN)[1:]}
    declared |= {f"{screen}_{page}" for screen in screens for page in METHODS_OF_SCREENS}
    named = {a.name for a in addresses() if a.name}
    assert named - declared == set()
    assert declared - named == set()
    # Django's admin brings two kinds without a name: old addresses of rows, and everything else below /admin/.
    unnamed = {re.sub(r"^admin/[a-z]+/[a-z]+/", "", a.route) for a in addresses() if not a.name}
    assert unnamed == {"<path:object_id>/", "admin/(?P<url>.*)$"}


PAGE_NAMES = sorted({name for name, *_ in page_rows()})


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_ac_1_a_page_answers_everybody_as_the_table_says(site, visit, page):
    wrong = []
    for turn, (name, method, sample, cells) in enumerate(page_rows()):
        if name != page:
            continue
        url = site.samples.url(name, sample)
        wanted = expected(cells, site.world.users)
        wanted["anonymous"] = "sign-in" if name not in PUBLIC else wanted["homeless"]
        if name in {"login", "login-code", "admin:login", "logout"}:  # these send on, or to the one sign-in page
            wanted = {who: {"ok", "sign-in"} for who in wanted}
        for who, answer in asked(wanted.items(), turn):
            got = visit(who, method, url, BODIES.get(name))
            if got not in (answer if isinstance(answer, set) else {answer}):
                wrong.append(f"{method} {url} ({sample}) as {who}: {got}, declared {answer}")
    assert wrong == []


@pytest.mark.parametrize("line", lines(ADMIN)[1:], ids=lambda line: line[0])
def test_ac_1_a_screen_of_the_admin_answers_everybody_as_the_table_says(site, visit, line):
    label, *cells = line + [""] * (5 - len(line))
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    may = dict(zip(["see", "change", "add", "delete"], map(people, cells), strict=True))
    elsewhere = {name.rstrip("?") for name in may["see"] if name.endswith("?")}
    may["see"] = {name.rstrip("?") for name in may["see"]}
    ours, foreign = site.samples.row(model, "ours"), site.samples.row(model, "foreign")
    base = f"/admin/{label.replace('.', '/')}/"
    declared = {}

    def check(who, method, url, answer):
        declared.setdefault((method, url), []).append((who, answer))

    for who in [*site.world.users, "anonymous"]:
        role = "bureau" if who == "foreign_bureau" else who
        for page, act in METHODS_OF_SCREENS.items():
            for method in ["GET", "POST"]:
                needed = "change" if (page, method) == ("change", "POST") else "see" if page == "change" else act
                allowed = role in may[needed]
                if page in {"changelist", "add"}:
                    url = base if page == "changelist" else f"{base}add/"
                    check(who, method, url, "sign-in" if who == "anonymous" else "ok" if allowed else "403")
                    continue
                for row in filter(None, [ours, foreign]):
                    mine = (row is foreign) == (who in FOREIGN) and who not in elsewhere
                    mine = mine or who == "operator" or foreign is None  # one list for everybody
                    answer = "403" if not allowed else "ok" if mine else "404"
                    check(who, method, f"{base}{row.pk}/{page}/", "sign-in" if who == "anonymous" else answer)
    wrong = []
    for turn, ((method, url), answers) in enumerate(declared.items()):
        for who, answer in asked(answers, turn):
            if (got := visit(who, method, url)) != answer:
                wrong.append(f"{method} {url} as {who}: {got}, declared {answer}")
    assert wrong == []


def test_ac_1_where_not_everybody_is_asked_each_answer_is_and_everybody_has_a_turn(monkeypatch):
    answers = [("a", "ok"), ("b", "403"), ("c", "ok"), ("d", "404"), ("e", "ok")]
    assert asked(answers, 1) == (answers if connection.vendor == "sqlite" else [answers[2], answers[1], answers[3]])
    monkeypatch.setattr(connection, "vendor", "another")
    turns = [asked(answers, turn) for turn in range(3)]
    assert all({answer for _, answer in turn} == {"ok", "403", "404"} for turn in turns)
    assert {who for turn in turns for who, _ in turn} == set("abcde")


def test_ac_1_the_table_is_sorted_into_pages_without_gaps():
    names = [name for name, *_ in page_rows()]
    assert len([name for name, _ in groupby(names)]) == len(set(names)), "lines of one page stand together"
