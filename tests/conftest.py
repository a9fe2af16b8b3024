"""A small county with "ours" and "theirs", so that every negative test holds data that could leak.

马山县 with two townships (白山镇 ours, 古零镇 theirs), three villages, their governments, three departments (县教育局 and
文新广体局 with quota, 县老干局 without), one body outside the group; and a second county with its own bureau and township.
"""

import datetime
import gc
import io
import os
import pickle
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, TransactionTestCase, override_settings
from django.utils import timezone
from time_machine import escape_hatch
from whitenoise.middleware import WhiteNoiseMiddleware

from mashan_edu.deep_calls import with_room
from networks import browser_sessions
from networks.middleware import SIGNED_IN_AT
from networks.models import AffiliatedBody, CountySettings, Division, Institution, MemberUnit, UnitTerm, User
from reporting import guard
from reporting.models import AssessmentYear
from trainings import photo_matches
from trainings.loading import load_vocabulary
from trainings.models import DeliveryForm, Theme, TrainingSession

from .offline import sitecustomize
from .site_map import Site, has_typed_password
from .together import Together, longest_first

# A process of the suite keeps a county, its pages and thousands of tests in memory; with Python's own thresholds a fifth of its time
# goes into looking through all of them for rubbish, and with these a tenth, unless what stays is set aside (pytest_runtestloop).
gc.set_threshold(100_000, 50, 100)

OFFLINE = str(Path(sitecustomize.__file__).parent)

EMPTY = TransactionTestCase._fixture_teardown


def empty_with_the_ledger(case):
    """What a test has committed is removed after it, also the acts that the database keeps from being removed."""
    guard.take_away(connection)
    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            patch.setattr(connection.ops, "sql_flush", sql_of_what_is_there)
        EMPTY(case)  # migrates nothing, but says so at its end, upon which the guard is back


def sql_of_what_is_there(style, tables, **options) -> list[str]:
    """PostgreSQL takes a second to truncate two hundred tables of which two hold something."""
    name = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"(SELECT '{table}' FROM {name(table)} LIMIT 1)" for table in tables))
        return [f"DELETE FROM {name(table)}" for (table,) in cursor.fetchall()]


TransactionTestCase._fixture_teardown = empty_with_the_ledger

THIS_YEAR = timezone.localdate().year
ASKS_A_DATABASE = {"db", "transactional_db", "django_db_setup"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Marks what asks no database anything (pytest-django refuses it every query): on which engine it runs cannot matter."""
    for item in items:
        asks = item.get_closest_marker("django_db") or ASKS_A_DATABASE & set(item.fixturenames)
        if not asks and not hasattr(item.module, "connection"):  # whose engine somebody may ask for without a query
            item.add_marker(pytest.mark.engine_free)


# A second one of this kind in this file; pytest takes no function for a hook whose name does not begin like this.
@pytest.hookimpl(specname="pytest_collection_modifyitems", trylast=True)
def pytest_what_is_waited_for_begins_first(items):
    longest_first(items, wanted_by)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """The same loop, called where deep calls have room: a test's page lies even deeper than a server's."""
    if getattr(session, "has_room", False):
        return None
    session.has_room = True
    gc.collect()
    gc.freeze()  # the models, the templates and all tests
    return with_room(session.config.hook.pytest_runtestloop, session=session)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Together(config, log)


@pytest.fixture(autouse=True)
def no_engine_to_inherit(request, monkeypatch):
    """What an engine-free test starts as a process of its own meets no engine that this run has chosen."""
    if request.node.get_closest_marker("engine_free"):
        monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(autouse=True, scope="session")
def static_files_are_listed_once():
    """Each Client starts the middleware anew, which would look for every static file of every app again."""
    found, patch = {}, pytest.MonkeyPatch()
    listed = WhiteNoiseMiddleware.add_files_from_finders

    def once(self):
        how = (self.static_prefix, self.max_age, self.allow_all_origins, tuple(map(str, settings.STATICFILES_DIRS)))
        if how not in found:
            listed(self)
            found[how] = self.files
        self.files = dict(found[how])

    patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def no_outbound_connections(tmp_path_factory):
    """SC-4: nothing in the product talks to another machine. What tries fails, here and in every process that a test starts;
    where the error was swallowed, the run fails at its end."""
    notes, patch = tmp_path_factory.mktemp("offline") / "attempts.txt", pytest.MonkeyPatch()
    patch.setenv("OFFLINE_NOTES", str(notes))
    patch.setenv("PYTHONPATH", OFFLINE, prepend=os.pathsep)
    yield
    patch.undo()
    assert (notes.read_text(encoding="utf-8") if notes.exists() else "") == ""


@pytest.fixture(autouse=True)
def media_in_tmp(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.BACKUP_DIR = tmp_path / "backups"


@pytest.fixture(autouse=True)
def no_earlier_tries():
    """The limits of open pages are counted in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture(autouse=True)
def photos_are_compared_at_once(monkeypatch):
    """The server does it in a thread of its own, which would see nothing of what a test has not committed."""
    monkeypatch.setattr(photo_matches, "compare_soon", photo_matches.compare_waiting)


@pytest.fixture(autouse=True)
def has_opened_a_page_before(monkeypatch):
    """The first page after `force_login` notes when somebody signed in, as the answer of the sign-in page would have done. A test
    that counts what a page asks of the database would count that."""
    force_login = Client.force_login

    def opened(self, user, backend=None):
        force_login(self, user, backend)
        session = self.session
        session[SIGNED_IN_AT] = time.time()
        session.save()

    monkeypatch.setattr(Client, "force_login", opened)


@pytest.fixture
def passwords_just_typed(monkeypatch):
    """For tests of what lies behind step_up: everybody is signed in as by the sign-in page, which `force_login` is not."""
    force_login = Client.force_login

    def typed(self, user, backend=None):
        force_login(self, user, backend)
        has_typed_password(self)

    monkeypatch.setattr(Client, "force_login", typed)


def _division(code, tier, name, short="", parent=None):
    return Division.objects.create(code=code, tier=tier, name=name, short_name=short or name, parent_id=parent)


def _unit(county, code, name, kind, division, *, aliases="", quota=True, group=True, position=0):
    unit = MemberUnit.objects.create(
        county=county, code=code, name=name, kind=kind, division=division, aliases=aliases, position=position
    )
    if quota:
        UnitTerm.objects.create(unit=unit, fact="quota", starts_on=datetime.date(2018, 1, 1))
    if group:
        UnitTerm.objects.create(unit=unit, fact="group", starts_on=datetime.date(2019, 2, 2))
    return unit


def _county(code, name, townships):
    county = _division(code, "county", name)
    CountySettings.objects.create(county=county, live_since=THIS_YEAR)
    Institution.objects.create(division=county, kind="centre", name="县社区教育中心")
    places = {}
    for number, (t_code, t_name, villages) in enumerate(townships, start=1):
        place = _division(t_code, "township", t_name, parent=code)
        _unit(county, t_code, f"{t_name}人民政府", "township", place, aliases=t_name, position=number)
        Institution.objects.create(division=place, kind="school", name=f"{t_name}社区学校")
        places[t_name] = place
        for v_code, v_name, v_short in villages:
            village = _division(v_code, "village", v_name, v_short, parent=t_code)
            Institution.objects.create(
                division=village, kind="point", name=f"{v_short}社区教育教学点", aliases=f"{v_short}教学点"
            )
            places[v_short] = village
    return county, places


def real_day() -> datetime.date:
    """In China, also for a test that has its clock stand still."""
    clock = escape_hatch.datetime.datetime if escape_hatch.is_travelling() else datetime.datetime
    return clock.now(timezone.get_default_timezone()).date()


class Standing:
    """What a worker has built once for the tests that follow: one of BUILT, inside a transaction that is never
    committed. Each test works in a savepoint of its own within it, so that nobody meets what another one did. What was built
    yesterday falls: its sessions were entered on another day than the tests that follow look at them."""

    name = day = thing = packed = block = None
    file = unguarded_in = (
        None  # whose tests run now; in which the guard of the ledger was lifted inside the transaction
    )

    def change_to(self, name: str | None, build, file: str | None = None) -> None:
        # From then on SQLite reads its whole schema again after every savepoint that is taken back, until the transaction ends: tests
        # of other files would take three times as long.
        slow = self.unguarded_in and self.unguarded_in != file
        if name == self.name and not slow and (name is None or self.day == real_day()):
            return
        if self.name:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
        self.name = self.thing = self.packed = self.unguarded_in = None
        if name:
            self.block = transaction.atomic()
            self.block._from_testcase = True  # what insists on a transaction of its own (durable) is content with it
            self.block.__enter__()
            self.name, self.day = name, real_day()
            try:
                self.thing = build()
                self.packed = pickle.dumps(self.thing) if isinstance(self.thing, World) else None
            except BaseException:
                self.change_to(None, None)
                raise


STANDING = Standing()


@pytest.fixture(autouse=True, scope="session")
def where_the_guard_was_lifted():
    """See `Standing.change_to`."""
    take_away = guard.take_away

    def noted(connection) -> None:
        take_away(connection)
        if connection.vendor == "sqlite":
            STANDING.unguarded_in = STANDING.file

    guard.take_away = noted
    yield
    guard.take_away = take_away


BUILT = ("site", "world", "mashan")  # the fixtures for which something stands
ON_WORLD = {}  # what stands on the world for the tests of one file: builders by module and name


def stands(build):
    """Makes a fixture of `build(world)`, whose value, rows and files are built once for all tests of its file that ask for it. It
    brings its own clock, as it is not called within the test."""
    ON_WORLD[f"{build.__module__}.{build.__name__}"] = build

    @pytest.fixture(name=build.__name__)
    def built(world, settings):
        shutil.copytree(world.files, settings.MEDIA_ROOT, dirs_exist_ok=True)
        return world.on_top

    return built


def wanted_by(item) -> str | None:
    """What a test wants to stand: one of BUILT, "" for an empty database, None where it asks no database in this process."""
    names, marker = item.fixturenames, item.get_closest_marker("django_db")
    if item.get_closest_marker("browser") or "chromium" in names:
        return None
    if not (marker or {"db", "transactional_db"} & set(names)):
        return None
    if "transactional_db" in names or (marker and marker.kwargs.get("transaction")):
        return ""
    on_world = (f"{item.module.__name__}.{name}" for name in names)
    return next(filter(ON_WORLD.get, on_world), None) or next((name for name in BUILT if name in names), "")


@pytest.fixture(autouse=True, scope="class")  # for a plain function that means: once for it, before what is made for it
def standing(request, tmp_path_factory):
    """Building the county takes longer than most tests: it stands until a test asks for something else. A browser test has
    a `site` of its own, and asks nothing of the database in this process."""
    wanted, file = wanted_by(request.node), str(request.node.path)
    if wanted is None:  # nothing is in its way; the browser's own `site` is another one, and its loop forbids queries
        return

    def site():
        media = tmp_path_factory.mktemp("media")
        with override_settings(MEDIA_ROOT=media):
            return Site(build_world(), media)

    def on_world():
        world = build_world()
        world.files = tmp_path_factory.mktemp("media")
        with override_settings(MEDIA_ROOT=world.files):
            world.on_top = ON_WORLD[wanted](world)
        return world

    build = {"world": build_world, "site": site, "mashan": lambda: call_command("load_county", stdout=io.StringIO())}
    if wanted or STANDING.name:
        request.getfixturevalue("django_db_setup")
        with request.getfixturevalue("django_db_blocker").unblock():
            STANDING.change_to(wanted or None, build.get(wanted, on_world), file)
    STANDING.file = file


@pytest.fixture(scope="module")
def nothing_stands(django_db_setup, django_db_blocker):
    """For what a module builds in a transaction of its own."""
    with django_db_blocker.unblock():
        STANDING.change_to(None, None)


@pytest.fixture
def world(standing, db):
    """Everything above as one namespace: places, units, users by their demo-like names, vocabulary, `session(...)`."""
    return pickle.loads(STANDING.packed) if STANDING.packed else build_world()  # tenfold faster than a deepcopy


@pytest.fixture
def mashan(standing, db):
    """The real county as `load_county` makes it, without sessions and accounts."""
    return Division.objects.get(code="450124")


@pytest.fixture
def ask(client):
    """`ask(user, url)` is the page that this person gets; with data and "post" the answer to what they send."""

    def send(user, url, data=None, method="get"):
        client.force_login(user)
        return getattr(client, method)(url, data)

    return send


@pytest.fixture
def site(standing, db, monkeypatch):
    """The world with a sample of everything and everybody signed in, one for all: what a test sends is taken back at
    once, so that the sessions never move on and every page would write them again."""
    monkeypatch.setattr(browser_sessions, "WRITTEN_EVERY", datetime.timedelta(days=1))
    return STANDING.thing


class World(SimpleNamespace):
    """The small county; w.town, w.ours … are rows of it."""

    def session(w, organiser=None, *, status="draft", held_on=None, reported=50, actor=None, verifier=None, **fields):
        """A stored session brought to `status` by the verbs, as people would."""
        organiser = organiser or w.ours
        officers = {
            w.ours: w.town,
            w.theirs: w.town2,
            w.wxgtj: w.unit,
            w.lgj: w.unit2,
            w.foreign: w.foreign_town,
        }
        actor = actor or officers.get(organiser, w.bureau)
        if actor.role == "bureau":
            fields.setdefault("on_behalf_source", "paper")
        fields.setdefault("title", "桑蚕小蚕共育技术")
        fields.setdefault("form", w.form)
        fields.setdefault("theme", w.theme)
        if not fields.get("outside_county"):
            fields.setdefault("place", organiser.division)
        row = TrainingSession(
            organiser=organiser,
            held_on=held_on or datetime.date(w.year, 1, 1),
            reported_attendance=reported,
            entered_by=actor,
            status="planned" if status in {"planned", "cancelled"} else "draft",
            **fields,
        )
        row.save()
        if status in {"submitted", "verified", "returned"}:
            row.submit(actor=actor)
        if status == "verified":
            judge = verifier or (
                w.foreign_bureau if organiser == w.foreign else w.bureau if actor != w.bureau else w.bureau2
            )
            row.verify(actor=judge, attendance=row.reported_attendance)
        if status == "returned":
            row.send_back(
                actor=w.foreign_bureau if organiser == w.foreign else w.bureau2,
                reason="figure",
                note="签到表只有四十人",
            )
        if status == "void":
            row.void(actor=actor)
        if status == "cancelled":
            row.cancel(actor=actor, reason="下雨")
        return row

    def lock(w, year=None):
        """The year (the world's) is settled as two people of the bureau would; returns the act."""
        year = year or w.assessment_year
        act = year.propose_lock(w.bureau).confirm(w.bureau2)
        year.refresh_from_db()
        return act

    def unlock(w, year=None, reason="补录一场"):
        """It is opened again for a correction."""
        year = year or w.assessment_year
        act = year.propose_unlock(w.bureau, reason).confirm(w.bureau2)
        year.refresh_from_db()
        return act


def build_world() -> World:
    load_vocabulary()
    w = World(today=timezone.localdate(), year=THIS_YEAR)
    w.form, w.theme = DeliveryForm.objects.get(name="课堂学习"), Theme.objects.get(name="农村实用技术")
    w.county, w.places = _county(
        "450124",
        "马山县",
        [
            (
                "450124100",
                "白山镇",
                [("450124100006", "新兴社区居委会", "新兴社区"), ("450124100201", "新汉村委会", "新汉村")],
            ),
            ("450124103", "古零镇", [("450124103205", "羊山村委会", "羊山村")]),
        ],
    )
    w.ours = MemberUnit.objects.get(code="450124100")
    w.theirs = MemberUnit.objects.get(code="450124103")
    w.jyj = _unit(w.county, "jyj", "县教育局", "department", w.county, aliases="教育局", position=12)
    w.wxgtj = _unit(
        w.county,
        "wxgtj",
        "县文化新闻出版广电和体育局",
        "department",
        w.county,
        aliases="文新广体局\n文化局",
        position=16,
    )
    w.lgj = _unit(w.county, "lgj", "县老干局", "department", w.county, quota=False, position=19)
    w.outside = _unit(w.county, "nyj", "县农业农村局", "other", w.county, quota=False, group=False, position=30)
    AffiliatedBody.objects.create(county=w.county, name="县文化馆", unit=w.wxgtj)
    AffiliatedBody.objects.create(county=w.county, name="白山镇文化站", unit=w.ours)
    w.other_county, w.other_places = _county("450125", "上林县", [("450125100", "大丰镇", [])])
    w.foreign = MemberUnit.objects.get(code="450125100")

    county, town = {"home_division": w.county}, {"home_division": w.places["白山镇"]}
    accounts = {
        "bureau": ("bureau", county),
        "bureau2": ("bureau", county),
        "director": ("bureau", county),
        "centre": ("centre", county),
        "leader": ("leader", county),
        "auditor": ("auditor", county),
        "operator": ("operator", {}),
        "town": ("township", town),
        "town2": ("township", {"home_division": w.places["古零镇"]}),
        "head": ("head", town),
        "unit": ("unit", {"home_unit": w.wxgtj}),
        "unit2": ("unit", {"home_unit": w.lgj}),
        "unit_head": ("head", {"home_unit": w.wxgtj}),
        "foreign_bureau": ("bureau", {"home_division": w.other_county}),
        "foreign_town": ("township", {"home_division": w.other_places["大丰镇"]}),
        "homeless": ("township", {}),
    }
    w.users = {}
    for username, (role, home) in accounts.items():
        user = User.objects.create_user(
            username, "Correct-Horse-7", name=f"{username}先生", role=role, must_change_password=False, **home
        )
        w.users[username] = user
        setattr(w, username, user)
    w.assessment_year = AssessmentYear.objects.open_year(w.county, w.year)

    return w
