"""One command moves an installation to another database, on either engine (IN-7); what it refuses, and that nothing is lost."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from contextlib import contextmanager

import pytest
import time_machine
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from networks.models import AuditEvent, Person, User
from reporting import guard, moving
from reporting.backup import postgres
from reporting.ledger import verify
from reporting.models import AssessmentYear, LedgerAct
from tests.conftest import build_world
from trainings.models import Audience, AudienceCount, Evidence, RosterLine, TrainingSession

from .test_locking import SETTLED

pytestmark = pytest.mark.django_db
ENGINES = ["sqlite"] if connection.vendor == "sqlite" else ["sqlite", "postgresql"]
RARE = "𠮷壮文 Vahcuengh"


@pytest.fixture(autouse=True)
def another_database(db, django_db_blocker):
    """A test may open one beside its own, which Django's test cases do not know."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def lived_in(db, settings):
    """A county with a locked year, a roster, evidence, a row that was removed last, and words that not every encoding has."""
    settings.LEDGER_KEY = "tests only"
    with time_machine.travel(SETTLED, tick=False):
        world = build_world()
        year = AssessmentYear.objects.open_year(world.county, 2025)
        for number in (3, 5, 8):
            day = SETTLED.date().replace(year=2025, month=number)
            row = world.session(world.ours, status="submitted", held_on=day, reported=40 + number, title=RARE)
            Evidence.objects.create(session=row, kind="report", link=f"https://x.cn/{number}", uploaded_by=world.town)
            AudienceCount.objects.create(session=row, audience=Audience.objects.first(), number=9)
            row.verify(actor=world.bureau, attendance=40 + number)
        world.lock(year)
        world.roster = {"session": row, "name": "韦大明", "age_band": "adult", "source": "by_hand"}
        RosterLine.objects.create(**world.roster)
        world.last = RosterLine.objects.create(**world.roster | {"name": "删去的人"}).pk
        RosterLine.objects.filter(pk=world.last).delete()
    return world


@pytest.fixture
def empty(tmp_path):
    """`empty(engine)` is the address of a database with nothing in it; a server's is dropped afterwards."""
    made = []

    def address(vendor, name="other"):
        if vendor == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.sqlite3"
        own = connection.settings_dict
        made.append(f"{name}_{os.getpid()}")
        with connection.copy()._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{made[-1]}"')
        password = f":{own['PASSWORD']}" if own["PASSWORD"] else ""
        port = f":{own['PORT']}" if own["PORT"] else ""
        return f"postgres://{own['USER']}{password}@{own['HOST']}{port}/{made[-1]}"

    yield address
    for name in made:
        with connection.copy()._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


@contextmanager
def inside(address):
    """A block in which the models read that database."""
    with moving._target(address) as target, moving._read_instead(target):
        yield target


@pytest.mark.parametrize("vendor", ENGINES)
def test_in_7_everything_arrives_and_the_ledger_agrees_there(lived_in, empty, vendor):
    there = empty(vendor)
    here = [act.digest for act in LedgerAct.objects.order_by("county", "sequence")]
    moved = moving.move(there, os_user="root")
    assert (moved.engine, moved.acts, moved.years, moved.findings) == (vendor, 1, [2025], [])
    counts = moving._counted("default")
    assert (moved.rows, moved.tables) == (sum(counts.values()), len(counts))
    with inside(there) as target:
        assert guard.missing(target) == set()
        assert [act.digest for act in LedgerAct.objects.order_by("county", "sequence")] == here
        assert verify().sound
        assert User.objects.get(username="town").check_password("Correct-Horse-7")
        assert TrainingSession.objects.filter(title=RARE, audience_counts__number=9).count() == 3
        assert RosterLine.objects.get().name == "韦大明"
        assert AuditEvent.objects.latest("pk").detail == {"to": vendor, "os_user": "root"}


@pytest.mark.parametrize("vendor", ENGINES)
def test_numbers_that_were_given_out_are_not_given_out_again(lived_in, empty, vendor):
    """The log still speaks of the last one though its row is gone."""
    there = empty(vendor)
    moving.move(there)
    with inside(there):
        assert RosterLine.objects.get().pk < lived_in.last
        assert RosterLine.objects.create(**lived_in.roster | {"name": "又一人"}).pk > lived_in.last


@pytest.mark.skipif(connection.vendor == "sqlite", reason="from SQLite to PostgreSQL: asked where there is a server")
def test_in_7_from_sqlite_to_postgresql_which_is_what_a_county_that_grows_does(lived_in, empty):
    """There and back again: what comes out is what went in, row by row."""
    small, large = empty("sqlite"), empty("postgresql")
    moving.move(small)
    env = os.environ | {"DATABASE_URL": small, "NEW_DATABASE_URL": large, "SECRET_KEY": "x", "LEDGER_KEY": "tests only"}
    line = [sys.executable, "-c", WITHOUT_MIGRATIONS, "move_database"]
    done = subprocess.run(line, cwd=project.BASE_DIR, env=env, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "已搬到 postgresql" in done.stdout and "逐行核对一致" in done.stdout and "2025" in done.stdout
    with inside(large):
        assert verify().sound
        then = {model._meta.db_table: moving._digest(model, "default") for model in moving._models()}
    now = {model._meta.db_table: moving._digest(model, "default") for model in moving._models()}
    assert {table for table in now if now[table] != then[table]} == {AuditEvent._meta.db_table}, (
        "two entries of the log more"
    )


WITHOUT_MIGRATIONS = """
import sys, django
django.setup()
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
call_command(*sys.argv[1:])
"""


def test_an_installation_that_has_not_noted_what_sums_up_its_steps_is_moved(lived_in, empty, settings, monkeypatch):
    """New files, no `migrate` yet: where that has nothing to do but to note it, nobody is sent away."""
    there = empty("sqlite")
    settings.MIGRATION_MODULES = {}
    loader = MigrationLoader(None)
    steps = {key: None for key in loader.disk_migrations if key not in loader.replacements}
    seen = MigrationRecorder.applied_migrations
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda self: dict(steps) if self.connection.alias == "default" else seen(self),
    )
    assert moving.move(there).engine == "sqlite"
    last = max(steps)
    del steps[last]
    with pytest.raises(moving.Unmovable, match="请先运行 manage"):
        moving.move(empty("sqlite", "elsewhere"))


# --- what is refused ------------------------------------------------------------------------------------


def test_a_database_with_anything_in_it_is_left_alone(lived_in, empty):
    there = empty("sqlite")
    moving.move(there)
    with pytest.raises(moving.Unmovable, match="已经有数据，不会覆盖"):
        moving.move(there)
    elsewhere = empty("sqlite", "elsewhere")
    with inside(elsewhere) as target, target.cursor() as cursor:
        cursor.execute("CREATE TABLE orders (id INTEGER)")
    with pytest.raises(moving.Unmovable, match="别的程序的表"):
        moving.move(elsewhere)


@pytest.mark.parametrize(
    "address", ["", "x", "mysql://root@127.0.0.1/x", "sqlite://:memory:", "postgres://", "sqlite:///"]
)
def test_what_is_no_address_is_said_with_how_it_should_look(db, address):
    with pytest.raises(moving.Unmovable, match="地址应写成"):
        moving.move(address)


def test_where_nothing_answers_that_is_said(db, tmp_path):
    with pytest.raises(moving.Unmovable, match="连不上新数据库"):
        moving.move(f"sqlite:///{tmp_path}/no/such/folder/x.sqlite3")
    with pytest.raises(moving.Unmovable, match="连不上新数据库"):
        moving.move("postgres://nobody@127.0.0.1:1/x")


def test_the_same_database_is_not_moved_onto_itself():
    here = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/a/../db.sqlite3"}
    with pytest.raises(moving.Unmovable, match="同一个"):
        moving._refuse_same(here, here | {"NAME": "/srv/db.sqlite3"})
    server = {"ENGINE": "django.db.backends.postgresql", "NAME": "mashan", "HOST": "127.0.0.1", "PORT": ""}
    with pytest.raises(moving.Unmovable, match="同一个"):
        moving._refuse_same(server, server | {"PORT": 5432})
    moving._refuse_same(server, server | {"NAME": "other"})


def rows_there(address):
    with inside(address):
        return {table: rows for table, rows in moving._counted("default").items() if rows}


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("_copy", lambda model, target: 0),
        ("_digest", lambda model, using: (1, 1 if using == "default" else 2)),
        ("verify", lambda: (_ for _ in ()).throw(moving.Unmovable("核对不一致"))),
    ],
)
def test_what_does_not_arrive_as_it_was_is_taken_back_whole(lived_in, empty, monkeypatch, name, broken):
    there = empty("sqlite")
    monkeypatch.setattr(moving, name, broken)
    with pytest.raises(moving.Unmovable):
        moving.move(there)
    monkeypatch.undo()
    assert not {"networks_user", "trainings_trainingsession", "networks_auditevent"} & set(rows_there(there))
    assert not AuditEvent.objects.filter(action="搬迁数据库").exists()
    if name == "_copy":
        moving.move(there)  # and afterwards it can be done
        assert rows_there(there)["networks_user"] == User.objects.count()


def test_a_changed_value_is_noticed_not_only_a_missing_row(lived_in, empty, monkeypatch):
    there, copied = empty("sqlite"), moving._copy

    def careless(model, target):
        done = copied(model, target)
        if model is Person:
            Person.objects.using(moving.TARGET).filter(pk=Person.objects.first().pk).update(name="别人")
        return done

    monkeypatch.setattr(moving, "_copy", careless)
    with pytest.raises(moving.Unmovable, match="表 networks_person 搬过去以后读出来不一样"):
        moving.move(there)


def test_a_structure_of_another_version_is_migrated_first(db, empty, monkeypatch):
    monkeypatch.setattr(moving.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    with pytest.raises(moving.Unmovable, match=r"manage\.py migrate"):
        moving.move(empty("sqlite"))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite keeps writers out while it is read")
def test_whoever_writes_meanwhile_stops_the_move(lived_in, empty, monkeypatch):
    """As somebody who signs in just after the rows were copied."""
    there, copied = empty("sqlite"), moving._copy_and_compare

    def meanwhile(*args):
        done = copied(*args)
        AuditEvent.objects.create(action="登录")
        return done

    monkeypatch.setattr(moving, "_copy_and_compare", meanwhile)
    with pytest.raises(moving.Unmovable, match="还有人在写"):
        moving.move(there)
    assert "networks_user" not in rows_there(there)


def test_the_command_moves_nothing_while_a_program_has_the_database_open(tmp_path):
    """What is entered before the new address is used would be missing there. SQLite here; test_restore asks both engines."""
    here, there = tmp_path / "here.sqlite3", tmp_path / "there.sqlite3"
    env = os.environ | {"DATABASE_URL": f"sqlite:///{here}", "SECRET_KEY": "x", "LEDGER_KEY": "tests only"}

    def run(*words):
        line = [sys.executable, "-c", WITHOUT_MIGRATIONS, *words]
        return subprocess.run(line, cwd=project.BASE_DIR, env=env, capture_output=True, text=True, timeout=240)

    with contextlib.closing(sqlite3.connect(here)) as server:
        server.execute("PRAGMA journal_mode=WAL")
        server.execute("CREATE TABLE t (a)")
        server.execute("BEGIN")
        server.execute("SELECT * FROM t").fetchall()
        done = run("move_database", f"sqlite:///{there}")
    assert done.returncode == 1 and "没有搬：还有程序开着这个数据库：请先停止平台的服务" in done.stderr
    assert not there.exists()


def test_the_command_says_what_was_done_and_what_comes_next(lived_in, empty, monkeypatch, capsys):
    monkeypatch.setattr(postgres, "in_use", lambda config: None)  # here the suite itself has it open
    monkeypatch.setenv("NEW_DATABASE_URL", empty("sqlite"))
    call_command("move_database")
    said = capsys.readouterr().out
    assert "已搬到 sqlite" in said and "DATABASE_URL 改成新地址" in said
    with pytest.raises(CommandError, match="没有搬：新数据库里已经有数据"):
        call_command("move_database")
    monkeypatch.delenv("NEW_DATABASE_URL")
    with pytest.raises(CommandError, match="NEW_DATABASE_URL"):
        call_command("move_database")
