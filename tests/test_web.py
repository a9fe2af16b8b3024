"""What holds for every answer of the site: headers, GET without effect, tokens, escaping, any query string (WB-1 to WB-4, PI-7)."""

import contextlib
import html.parser
import re
from pathlib import Path
from urllib.parse import unquote
from wsgiref.util import setup_testing_defaults

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, connections, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from networks.models import AuditEvent, Person, User

from .makers import ledger
from .site_map import taken_back
from .test_access_matrix import page_rows
from .walk import logged, one_engine, page, written

pytestmark = pytest.mark.django_db


def opened_by_somebody():
    """(name, sample, who) of every page that somebody may open by GET, as the access matrix declares it."""
    for name, method, sample, cells in page_rows():
        if method == "GET" and cells["ok"]:
            turned_away = cells["403"] | cells["404"]
            candidates = ["bureau", "town", "foreign_bureau", *sorted(cells["ok"] - {"*"})]
            yield (
                name,
                sample,
                next(n for n in candidates if n in cells["ok"] or ("*" in cells["ok"] and n not in turned_away)),
            )


OPEN = list(dict.fromkeys(opened_by_somebody()))
LISTS = [row for row in OPEN if row[1] in {"-", "year", "app"}]
LOGS = {"django_session", AuditEvent._meta.db_table}  # the session slides; exports and denials are logged


def screens(site, who="bureau"):
    """Addresses of every admin screen's list, add, change and history page."""
    for model in admin.site._registry:
        base = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        row = site.samples.row(model, "ours")
        yield from [
            base,
            f"{base}add/",
            f"{base}{row.pk}/change/",
            f"{base}{row.pk}/history/",
            f"{base}{row.pk}/delete/",
        ]


def everything(site):
    """(address, who) of all that can be opened, the admin included."""
    yield from ((site.samples.url(name, sample), who) for name, sample, who in OPEN)
    yield from ((url, who) for url in screens(site) for who in ["bureau", "auditor"])


def test_every_page_of_the_walks_below_does_open(site):
    assert [
        (name, who)
        for name, sample, who in OPEN
        if page(site, who, site.samples.url(name, sample)).status_code not in {200, 302}
    ] == []


# --- WB-1 --------------------------------------------------------------------------------------------


@one_engine
def test_wb_1_every_answer_carries_the_headers(site):
    wrong = []
    link = reverse("set-password", args=["x"]).removesuffix(
        "x/"
    )  # its address is itself a secret: only the host is told
    errors = [("/nowhere/", "town"), ("/review/", "town"), ("/sessions/999999/", "town"), ("/sessions/", "anonymous")]
    for url, who in [*everything(site), *errors]:
        response = page(site, who, url)
        policy = response.headers.get("Content-Security-Policy", "")
        told = {
            "policy": "default-src 'self'" in policy or policy == "default-src 'none'; sandbox",
            "no exception": "unsafe" not in policy and "*" not in policy,
            "frames": "frame-ancestors 'none'" in policy or "sandbox" in policy,
            "frame header": response.headers.get("X-Frame-Options") == "DENY",
            "nosniff": response.headers.get("X-Content-Type-Options") == "nosniff",
            "referrer": response.headers.get("Referrer-Policy")
            == ("strict-origin" if url.startswith(link) else "same-origin"),
            "opener": response.headers.get("Cross-Origin-Opener-Policy") == "same-origin",
            "not stored": "no-store" in response.headers.get("Cache-Control", ""),
            "no signature": "Server" not in response.headers and "X-Powered-By" not in response.headers,
        }
        wrong += [f"{url} as {who}: {name}" for name, good in told.items() if not good]
    assert wrong == []


def test_wb_1_cookies_are_for_this_site_and_for_no_script(site, client):
    with taken_back():
        client.get("/login/")
        response = client.post("/login/", {"username": "town", "password": "Correct-Horse-7"})
    for cookie in [*response.cookies.values(), *client.cookies.values()]:
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax"
    assert response.cookies["sessionid"]["max-age"] == ""  # ends with the browser, and after half an hour at the server


def test_head_is_answered_by_headers_alone(db, monkeypatch):
    """Asked of the application itself: Django's test client takes bodies away on its own, and keeps the test's connection."""
    for signal in (request_started, request_finished):
        monkeypatch.setattr(signal, "send", lambda *args, **kwargs: [])
    environ, answered = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/login/", "REMOTE_ADDR": "127.0.0.1"}, []
    setup_testing_defaults(environ)
    body = get_wsgi_application()(environ, lambda status, headers: answered.append((status, dict(headers))))
    assert b"".join(body) == b""
    assert answered[0][0] == "200 OK" and int(answered[0][1]["Content-Length"]) > 1000
    body.close()


# --- WB-2 --------------------------------------------------------------------------------------------


@one_engine
def test_wb_2_reading_changes_nothing(site):
    wrong = []
    for url, who in everything(site):
        with written() as by_head:
            site.send(who, "HEAD", url)
        for method, writes in [("GET", page(site, who, url).writes), ("HEAD", by_head)]:
            foreign = [sql for sql in writes if not any(f'"{table}"' in sql for table in LOGS)]
            wrong += [f"{method} {url} as {who}: {sql[:80]}" for sql in foreign]
    assert wrong == []
    with taken_back(), written() as noticed:
        AuditEvent.objects.create(action="试验", county_code=site.world.county.pk)
    assert noticed, "what is written is noticed"


@one_engine
def test_wb_2_what_only_posts_may_do_answers_no_get(site):
    readable = {name for name, method, *_ in page_rows() if method == "GET"}
    for name, method, sample, cells in page_rows():
        if method == "POST" and name not in readable:
            who = next(iter(sorted(cells["ok"] - {"*"})), "bureau")
            response = site.send(who, "GET", site.samples.url(name, sample))
            assert response.status_code == 405, name
            back = site.samples.url(name, sample).rstrip("/").rpartition("/")[0] + "/"
            assert f'href="{back}">回到原来的页面' in response.content.decode(), name


@one_engine
def test_wb_2_a_post_without_its_token_is_refused_everywhere(site):
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    accepted = []
    for name, method, sample, cells in page_rows():
        if method != "POST":
            continue
        who = next(iter(sorted(cells["ok"] - {"*"})), "bureau")
        strict.cookies.clear()
        strict.cookies["sessionid"] = site.keys[who]
        with taken_back():
            response = strict.post(site.samples.url(name, sample), {"username": "bureau", "password": "x"})
        if response.status_code != 403 or "页面已过期" not in response.content.decode():
            accepted.append(f"{name} as {who}: {response.status_code}")
    for url in screens(site):
        strict.cookies["sessionid"] = site.keys["bureau"]
        with taken_back():
            assert strict.post(url, {}).status_code in {403, 405}, url
    assert accepted == []


# --- WB-3 --------------------------------------------------------------------------------------------

ELEMENT = "x-pwn"
HOSTILE = f"'\"><{ELEMENT} a='b'>&lt;{ELEMENT}&gt;</script><{ELEMENT}>{{{{7*7}}}}"


class Elements(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names, self.handlers = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.handlers.update(name for name, _ in attrs if name.startswith("on") or name == "style" or name == ELEMENT)


def make_names_hostile():
    """Every free text of every model gets the hostile name, as long as its column allows."""
    touched = 0
    for model in apps.get_models():
        if model._meta.app_label not in {"networks", "trainings", "reporting"}:
            continue
        for field in model._meta.concrete_fields:
            free = isinstance(field, models.CharField | models.TextField) and not isinstance(field, models.FileField)
            if (
                not free
                or field.name.startswith("sha256")
                or field.choices
                or field.primary_key
                or field.name in {"password", "county_code", "code", "link"}
            ):
                continue
            room = field.max_length or 1000
            if room < len(f"99{HOSTILE}") - 30:
                continue
            for row in model._default_manager.all():
                # Some texts may stand only beside others (a reason beside what it is for): the database says which.
                with contextlib.suppress(IntegrityError), transaction.atomic():
                    model._default_manager.filter(pk=row.pk).update(**{field.name: f"{row.pk}{HOSTILE}"[:room]})
                    touched += 1
    return touched


@one_engine
def test_wb_3_hostile_names_add_no_element_to_any_page(site):
    with taken_back():
        upload = {"workbook": ledger(f"<{ELEMENT}>培训", HOSTILE[:90])}
        answer = site.send_for_good("town", "POST", reverse("import-upload"), upload)
        mending = answer["Location"]
        pages = list(everything(site))
        assert make_names_hostile() > 200
        wrong, shown = [], 0
        for url, who in [*pages, (mending, "town"), (f"/sessions/?q={ELEMENT}", "town")]:
            response = site.send(who, "GET", url)
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                continue
            assert response.status_code < 500, url
            text = response.body.decode()
            shown += ELEMENT in text
            found = Elements(text)
            if ELEMENT in found.names or found.handlers:
                wrong.append(f"{url} as {who}: {found.handlers or found.names & {ELEMENT}}")
        assert wrong == []
        assert shown > 40, "the hostile names were on the pages"


@one_engine
def test_wb_3_hostile_input_comes_back_as_text(site):
    """Forms that are refused show what was typed; so do the sign-in page, searches and conflict pages."""
    values = dict.fromkeys(
        ["username", "title", "venue", "reason", "note", "q", "organiser_written", "remarks", "name", "link"], HOSTILE
    )
    for name, method, sample, cells in page_rows():
        if method == "POST":
            who = next(iter(sorted(cells["ok"] - {"*"})), "town")
            response = site.send(who, "POST", site.samples.url(name, sample), values)
            assert response.status_code < 500, name
            assert ELEMENT not in Elements(response.body.decode(errors="replace")).names, name


# --- WB-4 --------------------------------------------------------------------------------------------

VALUES = [
    "'\"><script>alert(1)</script>",
    "' OR 1=1 --",
    "\x00",
    "-1",
    "99999999999999999999999999",
    "1e308",
    "²",
    "२०२६",
    "organiser__county__name",
    "../../etc/passwd",
    "2026-02-30",
    "9" * 400,
    "CASE WHEN 1=1 THEN 1 END",
    "{{7*7}}",
    "\ud7ff\u202e",
]
NAMES = [
    "_connector",
    "_negated",
    "organiser__county__code",
    "entered_by__password__startswith",
    "organiser.county",
    "params[dataScope]",
    "pk__in",
    "user_id",
    "sort",
    "order_by",
]


def known_parameters():
    """What the views read by name, and the fields of the forms that read query strings (filters and cut-off days)."""
    names = set()
    for path in Path(settings.BASE_DIR).glob("*/**/*.py"):
        if path.parts[len(Path(settings.BASE_DIR).parts)] in {"networks", "trainings", "reporting"}:
            text = path.read_text(encoding="utf-8")
            names |= set(re.findall(r"""GET(?:\.get\(|\.getlist\(|\[)["'](\w+)""", text))
    waiting = list(forms.BaseForm.__subclasses__())
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if form.__module__.startswith(("trainings", "reporting")) and re.search("Filter|Cut", form.__name__):
            names |= set(form.base_fields)
    assert {"q", "page", "copy", "as_of", "unit", "status"} <= names
    return sorted(names)


@pytest.fixture
def asked_for(monkeypatch):
    """The names for which any view has asked a query string or a body since this set was emptied."""
    names = set()
    for method in ["__getitem__", "_getlist", "__contains__"]:
        original = getattr(MultiValueDict, method)

        def recorded(self, key, *args, original=original, **kwargs):
            names.add(key)
            return original(self, key, *args, **kwargs)

        monkeypatch.setattr(MultiValueDict, method, recorded)
    return names


def test_wb_4_no_query_string_breaks_a_page_or_widens_what_it_shows(site, asked_for):
    secret = "古零镇的内部培训"
    with taken_back():
        site.world.session(site.world.theirs, status="submitted", title=secret)
        wrong = []

        def ask(who, url, query):
            response = site.send(who, "GET", url, query)
            page = response.body.decode(errors="replace")
            if response.status_code >= 500:
                wrong.append(f"{url} {query} as {who}: {response.status_code}")
            if secret in page and who != "bureau":
                wrong.append(f"{url} {query} as {who} shows another unit's session")
            if "<script>alert" in page:
                wrong.append(f"{url} {query} as {who} repeats a script")

        names = known_parameters()
        own = [(site.samples.url(name, sample), "town") for name, sample, _ in LISTS if not name.startswith("admin:")]
        own += [(site.samples.url("assessment-unit", "ours.unit"), "town")]
        desks = [(reverse(name), "bureau") for name in ["review-queue", "import-list"]]
        read = set()
        # A page meets two of the values under all names, eight pages that stand together meet all of them; on the other
        # engine a page meets two others.
        for turn, (url, who) in enumerate(own + desks, start=connections["default"].vendor == "postgresql"):
            asked_for.clear()
            for value in VALUES[turn % 8 :: 8]:
                ask(who, url, dict.fromkeys(names, value))
                if not asked_for & set(names):  # it reads none of them: any other value is the same to it
                    break
            here = sorted(asked_for & set(names))
            read.update(here)
            # A few of the names that this page reads at a time: all at once would let the first refusal hide the others.
            paired = [(name, VALUES[(turn + number) % len(VALUES)]) for number, name in enumerate(here + NAMES)]
            for first in range(0, len(paired), 5):
                ask(who, url, dict(paired[first : first + 5]))
        assert wrong == []
        assert {"q", "page", "year", "status"} <= read


def test_wb_4_no_query_string_breaks_a_screen_of_the_admin(site):
    wrong = []
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        names = ["q", "o", "p", "all", "e", "_popup", "_to_field", "_facets", "township", "_changelist_filters"]
        names += [f"{f.name}__exact" for f in model._meta.fields] + [f"{f.name}__year" for f in model._meta.fields]
        names += [f"{f.name}__{f.related_model._meta.pk.name}__exact" for f in model._meta.fields if f.related_model]
        for number, name in enumerate(names):
            for value in [VALUES[number % len(VALUES)], VALUES[2 + 2 * (number % 2)]]:
                response = site.send("auditor", "GET", url, {name: value})
                if response.status_code == 400:  # not a filter of this screen, whatever the value
                    break
                if response.status_code >= 500:
                    wrong.append(f"{url}?{name}={value!r}: {response.status_code}")
    assert wrong == []


# --- PI-7 --------------------------------------------------------------------------------------------


@one_engine
def test_pi_7_no_personal_name_in_addresses_log_lines_or_file_names(site):
    with taken_back(), logged() as lines:
        for number, person in enumerate(Person.objects.all()):
            Person.objects.filter(pk=person.pk).update(name=f"覃某{number}号", phone=f"1387000{number:04}")
        site.world.ours.sessions.update(instructors="韦某某老师")
        private = re.compile(r"覃某|1387000|韦某某")
        addresses, seen = set(), 0
        for url, who in everything(site):
            response = site.send(who, "GET", url)
            text = response.body.decode(errors="replace")
            seen += bool(private.search(text))
            addresses |= set(re.findall(r'(?:href|src|action|data-url)="([^"]*)"', text))
            addresses |= {response.headers.get("Content-Disposition", ""), response.headers.get("Location", "")}
        assert seen > 5, "the names were on the pages"
        dialled = {a for a in addresses if a.startswith("tel:")}  # a telephone's business, sent to no server
        assert [a for a in addresses - dialled if private.search(unquote(a))] == []
        assert len(lines) > 20 and [line for line in lines if private.search(line)] == []
        assert not private.search(str(list(AuditEvent.objects.values())))
        assert User.objects.exists()
