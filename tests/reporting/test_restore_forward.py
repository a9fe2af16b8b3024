"""RB-1, RB-2: a structure that is not of this version, and what cannot be read or written, on either engine: a sentence each time, and a
way on."""

import contextlib
import errno
import io
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from networks.models import User
from reporting import guard
from reporting.backup import Unfit, facts, restoring, sqlite
from reporting.ledger import verify
from tests.faults import forked

from .installation import attach, drop, new_database, one_file
from .test_restore import state, without_log

sqlite_alone = pytest.mark.skipif(connection.vendor != "sqlite", reason="the same on every engine, or a file's own")
postgres_alone = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite puts a file aside")
LOAD = MigrationLoader.load_disk
EARLIER = {"trainings": "0003", "networks": "0006"}  # before accounts had a second factor


def load_steps(loader) -> None:
    """What a loader of migrations finds where nothing has been squashed."""
    LOAD(loader)
    loader.disk_migrations = {key: step for key, step in loader.disk_migrations.items() if not step.replaces}


@pytest.fixture
def earlier(installation, unopened, tmp_path, monkeypatch):
    """The same installation with the structure of an earlier version."""
    if connection.vendor == "sqlite":
        config = one_file(tmp_path / "earlier.sqlite3")
        shutil.copy(installation.config["NAME"], config["NAME"])
    else:
        config = new_database(like=installation.config["NAME"])
    place = installation.at(config, installation.media)
    with place.inside() as own, monkeypatch.context() as then:
        loader = MigrationLoader(own)
        for app, name in loader.replacements:  # an earlier version had no squashed step
            MigrationRecorder(own).record_unapplied(app, name)
        then.setattr(MigrationLoader, "load_disk", load_steps)
        for app, name in EARLIER.items():
            call_command("migrate", app, name, verbosity=0)
    yield place
    drop(config)


def new_names() -> set[str]:
    """What this version has beyond the earlier one."""
    return {f"{a} {n}" for a, names in facts.of_this_version().items() for n in names if n[:4] > EARLIER.get(a, "9999")}


def test_rb_1_rb_2_in_9_a_backup_of_an_earlier_structure_is_made_and_brought_forward(installation, earlier):
    """Made before `migrate`, as somebody does who has the new files already; and what an earlier version made looks the same."""
    made = earlier.make()
    assert (
        made.manifest["findings"] == [] and "0007_second_factor" not in made.manifest["facts"]["migrations"]["networks"]
    )
    place = installation.empty("elsewhere")
    done = earlier.restore(made.path, into=place[0], media=place[1])
    assert set(done.migrated) == new_names() and len(done.migrated) >= 2
    now = installation.at(*place)
    assert now.facts()["totals"] == made.manifest["facts"]["totals"] == [["450124", 2025, 2, 164]]
    assert now.contents() == installation.contents() and now.unnamed() == set()
    with now.inside() as own:
        assert verify(files=False).findings == [] and guard.missing(own) == set()
        assert set(User.objects.values_list("second_factor_seed", flat=True)) == {""}  # a column that came later
        attach(51)


@pytest.mark.drill
def test_rb_2_rb_3_a_restore_that_could_not_bring_it_forward_is_said_again(installation, earlier, monkeypatch):
    """On PostgreSQL the earlier structure lies there by then; on SQLite still what was there before."""
    made = earlier.make()
    place = installation.at(*installation.empty("elsewhere"))
    installation.restore(installation.make().path, into=place.config, media=place.media)

    def full(*args, **kwargs):
        raise OperationalError("could not extend file: No space left on device")

    monkeypatch.setattr(restoring, "call_command", full)
    with pytest.raises(Unfit, match=r"没有恢复完.*再运行一次"):
        earlier.restore(made.path, into=place.config, media=place.media, replace=True, older=True)
    monkeypatch.undo()
    done = earlier.restore(made.path, into=place.config, media=place.media, replace=True, older=True)
    assert set(done.migrated) == new_names() and done.first
    assert place.facts()["totals"] == [["450124", 2025, 2, 164]] and place.unnamed() == set()
    with place.inside():
        assert verify(files=False).findings == []


def test_rb_2_in_9_a_backup_from_before_the_steps_were_summed_up_lacks_nothing(settings):
    """What has gone all the way has what a new installation is given in one step."""
    settings.MIGRATION_MODULES = {}
    summed_up = MigrationLoader(None, ignore_no_migrations=True).replacements
    assert {app for app, _ in summed_up} == {"networks", "trainings", "reporting"}
    of_then = {
        app: sorted(name for name in names if (app, name) not in summed_up)
        for app, names in facts.of_this_version().items()
    }
    assert facts.older_than_us(of_then) == [] and facts.newer_than_us(of_then) == []
    assert facts.older_than_us(of_then | {"networks": of_then["networks"][:-1]}) == [
        f"networks {of_then['networks'][-1]}"
    ]


@postgres_alone
def test_rb_2_on_postgresql_nothing_is_put_aside_and_the_sentence_says_who_does_it(installation, unopened):
    made, before = installation.make().path, state(installation)
    with pytest.raises(Unfit, match=r"数据库管理员.*ALTER DATABASE.*空库"):
        installation.restore(made, replace=True, older=True, backup_first=False)
    after = state(installation)
    assert (without_log(after[0]), after[1]) == (without_log(before[0]), before[1])
    place = installation.at(
        *installation.empty("renamed")
    )  # the way on: an empty one under that name, the files as they were
    shutil.copytree(installation.media, place.media)
    installation.restore(made, into=place.config, media=place.media, replace=True, backup_first=False)
    assert place.contents() == before[1]


@sqlite_alone
def test_rb_2_what_belongs_to_a_broken_database_is_put_aside_before_the_file_itself(tmp_path, monkeypatch):
    """Whoever is stopped in between finds the file there, and does it again; else its log would be taken for a leftover."""
    target = tmp_path / "db.sqlite3"
    for ending in ("", "-wal"):
        Path(f"{target}{ending}").write_text(ending or "file")
    rename, done = Path.rename, []

    def stopped(self, to):
        if done:
            raise OSError(errno.EIO, "stopped")
        done.append(to)
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(OSError, match="stopped"):
        sqlite.set_aside({"NAME": str(target)}, "now")
    assert target.read_text() == "file" and Path(f"{target}.before-now-wal").read_text() == "-wal"


# --- what cannot be read, what cannot be written -----------------------------------------------------------


def pages_of(path: str) -> int:
    return os.path.getsize(path) // 4096


@sqlite_alone
@pytest.mark.parametrize("share", [0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.97])
def test_rb_1_a_database_with_a_page_of_rubbish_ends_in_a_sentence_wherever_it_lies(installation, share):
    path = installation.config["NAME"]
    with contextlib.closing(sqlite3.connect(path)) as own:
        own.execute("PRAGMA journal_mode=DELETE")
    with open(path, "r+b") as file:
        file.seek(4096 * int(pages_of(path) * share))
        file.write(b"\xa5" * 4096)
    out = io.StringIO()
    with installation.inside(), pytest.raises((CommandError, SystemExit)) as ended:
        call_command("backup", stdout=out)
    if isinstance(ended.value, SystemExit):
        assert ended.value.code == 3 and "数据库文件已损坏" in out.getvalue()
    else:
        assert any(words in str(ended.value) for words in ("没有做成", "没有复制成", "连不上"))


@sqlite_alone
def test_rb_1_rb_2_rb_3_a_disk_that_fills_up_at_any_point_ends_in_a_sentence_and_loses_nothing(installation, archive):
    """No file grows beyond a limit, for SQLite as for ours; once there is room again, both go through."""
    import resource

    with installation.inside():
        attach(79)
    before = state(installation)
    acts = {
        "backup": lambda: installation.make(),
        "restore": lambda: installation.restore(archive, replace=True, older=True),
    }
    size = max(archive.stat().st_size, os.path.getsize(installation.config["NAME"]))

    def starved(act, limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            acts[act]()
        except Unfit as problem:
            return {"said": str(problem)}
        except Exception as problem:  # this is a fork of the suite, which is not to go on in it
            return {"said": f"not caught: {problem!r}"}
        return {"said": ""}

    for act in acts:
        said = []
        for share in (0.001, 0.05, 0.3, 0.7, 0.97):
            ended, told = forked(lambda act=act, share=share: starved(act, int(size * share)))
            assert ended == 0, told
            said.append(told["said"])
            after = state(installation)
            assert (without_log(after[0]), after[1]) == (without_log(before[0]), before[1])
            assert list(installation.backups.glob("mashan-*")) == []
        assert all("磁盘" in words for words in said), said
    made = installation.make()
    installation.restore(archive, replace=True, older=True)
    assert installation.facts()["totals"] == made.manifest["facts"]["totals"]
