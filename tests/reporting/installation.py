"""An installation to back up: the small county with a locked year and files, in a database of its own that is not the suite's."""

import contextlib
import copy
import datetime
import hashlib
import itertools
import os
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from networks.models import Attachment, User
from reporting import backup
from reporting.backup import facts, postgres
from reporting.backup.databases import reading
from reporting.models import AssessmentYear
from tests.conftest import STANDING, build_world
from trainings.models import Evidence

SETTLED = datetime.datetime(2026, 1, 15, 2, tzinfo=datetime.UTC)
CANARY = "金丝雀罗桂花"  # a person's name that must not be found where it does not belong
PICTURE = b"\xff\xd8\xff not really a picture "
numbers = itertools.count()


def store(model, content: bytes, **fields):
    """A row with a file, as an upload makes it."""
    row = model(**fields, sha256_stored=hashlib.sha256(content).hexdigest())
    row.file.save("", ContentFile(content), save=False)
    row.save()
    return row


def attach(number: int) -> Attachment:
    user = User.objects.get(username="bureau")
    with transaction.atomic():
        return store(
            Attachment,
            PICTURE + str(number).encode(),
            place=user.home_division,
            name=f"第{number}张.jpg",
            content_type="image/jpeg",
            uploaded_by=user,
        )


def remove(row: Attachment) -> None:
    """As `networks.uploads.detach` does: the file goes once the removal of its row is committed."""
    with transaction.atomic():
        name, storage = row.file.name, row.file.storage
        row.delete()
        transaction.on_commit(lambda: storage.delete(name))


def fill() -> None:
    with time_machine.travel(SETTLED, tick=False):
        world = build_world()
        world.town.person.name = CANARY
        world.town.person.save()
        year = AssessmentYear.objects.open_year(world.county, 2025)
        for number, heads in enumerate((120, 44), start=1):
            day = SETTLED.date().replace(year=2025, month=number * 2, day=28)
            row = world.session([world.ours, world.theirs][number % 2], status="submitted", held_on=day, reported=heads)
            store(Evidence, PICTURE + bytes([number]), session=row, kind="photo", uploaded_by=world.town)
            row.refresh_from_db()
            row.verify(actor=world.bureau, attendance=heads)
        world.lock(year)
        attach(1)


def new_database(like: str | None = None, name: str = "") -> dict:
    """A copy of that database, or of the suite's own with nothing in it."""
    own = copy.deepcopy(connection.settings_dict)
    name = name or f"mashan_backup_{os.getpid()}_{next(numbers)}"
    with connection.copy()._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like or own["NAME"]}"')
    return own | {"NAME": name, "CONN_MAX_AGE": 0}


def drop(config: dict) -> None:
    if connection.vendor == "postgresql":
        with connection.copy()._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{config["NAME"]}" WITH (FORCE)')


def one_file(path: Path) -> dict:
    """As the settings configure it."""
    start = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    options = {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": start}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}


class Installation(SimpleNamespace):
    """config, media, backups; `inside()` is a block in which the models read it."""

    def inside(self):
        return reading(self.config)

    def make(self, *args, **kwargs):
        with self.inside():
            return backup.make(*args, **kwargs)

    def restore(self, source, *, into=None, media=None, **kwargs):
        with self.inside():
            return backup.restore(source, into, media, **kwargs)

    def drill(self):
        with self.inside():
            return backup.drill()

    def facts(self) -> dict:
        with self.inside():
            return facts.facts()

    def names(self) -> set[str]:
        with self.inside():
            return facts.names()

    def contents(self) -> dict[str, bytes]:
        return {name: (self.media / name).read_bytes() for name in self.names()}

    def unnamed(self) -> set[str]:
        """What lies in the folder of files without a row."""
        found = {str(path.relative_to(self.media)) for path in self.media.rglob("*") if path.is_file()}
        return {name for name in found if not name.startswith(".")} - self.names()

    def empty(self, name: str) -> tuple[dict, Path]:
        """A place for a restored one."""
        folder = self.backups.parent / name
        folder.mkdir()
        if connection.vendor == "sqlite":
            return one_file(folder / "db.sqlite3"), folder / "media"
        config = new_database("template0")
        self.others.append(config)
        return config, folder / "media"

    def at(self, config: dict, media: Path) -> "Installation":
        return Installation(config=config, media=media, backups=self.backups, others=[])


@pytest.fixture(scope="session")
def first_installation(django_db_setup, django_db_blocker, tmp_path_factory):
    """Filled once; each test has a copy. Whoever asks for it asks for `db` too: the suite's database would not be made for
    this fixture alone."""
    folder = tmp_path_factory.mktemp("installation")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder / "media", BACKUP_DIR=folder / "backups"):
        STANDING.change_to(None, None)
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            with contextlib.closing(sqlite3.connect(folder / "db.sqlite3")) as file:
                connection.connection.backup(file)
            config = one_file(folder / "db.sqlite3")
        else:
            connection.close()
            config = new_database()
        with reading(config) as own, override_settings(MIGRATION_MODULES={}):
            recorder = MigrationRecorder(own)
            recorder.ensure_schema()
            for app, names in facts.of_this_version().items():
                for name in sorted(names):
                    recorder.record_applied(app, name)
            fill()
            if own.vendor == "sqlite":  # other tests have left pages that hold nothing, which may be spoilt unnoticed
                with own.cursor() as cursor:
                    cursor.execute("VACUUM")
        made = Installation(config=config, media=folder / "media", backups=folder / "backups", others=[])
        with override_settings(MIGRATION_MODULES={}), pytest.MonkeyPatch.context() as patch:
            patch.setattr(postgres, "opened", nowhere)
            made.archive = made.make().path
        yield made
        drop(config)


@contextlib.contextmanager
def nowhere(*what):
    """A PostgreSQL on which the account may make no database. Making and dropping one takes the server longer than anything
    else here, so that tests which ask something else do without."""
    yield None


@pytest.fixture
def unopened(monkeypatch):
    monkeypatch.setattr(postgres, "opened", nowhere)


@pytest.fixture
def installation(first_installation, db, tmp_path, settings):
    """On SQLite a copy. On PostgreSQL, which takes long to copy, the first one itself: tests that run there leave it sound."""
    settings.MIGRATION_MODULES = {}
    if connection.vendor == "sqlite":
        shutil.copytree(first_installation.media, settings.MEDIA_ROOT)
        shutil.copy(first_installation.config["NAME"], tmp_path / "db.sqlite3")
        config = one_file(tmp_path / "db.sqlite3")
    else:
        config, settings.MEDIA_ROOT = first_installation.config, first_installation.media
    place = Installation(config=config, media=settings.MEDIA_ROOT, backups=settings.BACKUP_DIR, others=[])
    yield place
    for other in place.others:
        drop(other)


@pytest.fixture
def archive(first_installation, installation):
    """A good backup, to be restored or spoilt; the first one is not to be touched."""
    path = installation.backups.parent / "good.tar"
    shutil.copy(first_installation.archive, path)
    return path
