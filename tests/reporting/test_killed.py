"""RB-1, RB-2, RB-3: a backup and a restore that are really killed (SIGKILL) at each change that they make; killed.py does it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from networks.models import Attachment
from reporting.backup.databases import reading
from tests.own_database import address_of

from .installation import attach, drop, new_database

ROOT = Path(__file__).parent.parent.parent
pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks"),
]
sqlite_alone = pytest.mark.skipif(connection.vendor != "sqlite", reason="the same on every engine")


@pytest.fixture
def killed(installation, archive, tmp_path):
    """`killed(act)` is what killed.py has found on an installation whose data is not that of the backup, the files neither."""
    folder = tmp_path / "killed"
    shutil.copytree(installation.media, folder / "pristine/media", ignore=shutil.ignore_patterns(".*"))
    shutil.copy(archive, folder / "good.tar")
    if connection.vendor == "sqlite":
        shutil.copy(installation.config["NAME"], folder / "pristine/db.sqlite3")
        own = installation.config | {"NAME": str(folder / "pristine/db.sqlite3")}
        place = own | {"NAME": str(folder / "place/db.sqlite3")}
    else:
        place = new_database(like=installation.config["NAME"])
        own = new_database(like=installation.config["NAME"], name=f"{place['NAME']}_pristine")
    with reading(own), override_settings(MEDIA_ROOT=folder / "pristine/media"):
        # On PostgreSQL other tests have added some, and each that the restore removes is one more change to be killed at.
        for row in Attachment.objects.all():
            (folder / "pristine/media" / row.file.name).unlink()
            row.delete()
        attach(78)

    def run(*words: str) -> dict:
        line = [sys.executable, str(Path(__file__).with_name("killed.py")), address_of(place), str(folder), *words]
        env = os.environ | {"LEDGER_KEY": settings.LEDGER_KEY}
        done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    yield run
    if connection.vendor == "postgresql":
        drop(own)
        drop(place)


def said_again(found: dict) -> list[dict]:
    return [told for told in found["killed"] if "again" in told]


def test_rb_2_rb_3_a_restore_killed_at_any_change_leaves_the_old_or_the_new_whole_and_goes_through_when_said_again(
    killed,
):
    found = killed("restore")
    assert (found["ended"], found["through"]["state"]) == (0, "new")
    states = [told["state"] for told in found["killed"]]
    assert (
        len(states) >= (6 if connection.vendor == "sqlite" else 2)
        and set(states) == {"old", "new"}
        and states == sorted(states, reverse=True)
    )
    for told in found["killed"]:
        if told["state"] == "new":  # what was there is in a backup by then
            assert "old" in told["whole"].values()
    assert {told["state"] for told in said_again(found)} == {"old", "new"}
    for told in said_again(found):
        assert (told["again"], told["then"], told["left"]) == (0, "new", [])
        assert set(told["backups"].values()) <= {"old", "new"}


@sqlite_alone
def test_rb_2_control_the_database_before_its_files_is_found_to_leave_halves(killed):
    states = [told["state"] for told in killed("restore", "unguarded")["killed"]]
    assert "half" in states


@sqlite_alone
def test_rb_2_killed_after_the_broken_database_was_put_aside_it_is_still_there_and_the_restore_goes_on(killed):
    found = killed("set_aside")
    states = [told["state"] for told in found["killed"]]
    assert (set(states), found["through"]["state"]) == ({"old", "none"}, "new")
    for told in found["killed"]:
        assert told["state"] == "old" or "aside" in told["whole"].values()
    for told in said_again(found):
        assert (told["again"], told["then"], told["left"]) == (0, "new", [])
        assert "aside" in told["backups"].values()


@sqlite_alone
def test_rb_1_rb_3_a_backup_killed_at_any_change_leaves_a_whole_one_or_none(killed):
    found = killed("back_up")
    assert (found["ended"], list(found["through"]["whole"].values())) == (0, ["old"])
    assert len(found["killed"]) >= 3
    for told in found["killed"]:
        assert told["state"] == "old" and set(told["whole"].values()) <= {"old"}
    for told in said_again(found):
        assert (told["again"], told["left"]) == (0, []) and set(told["backups"].values()) == {"old"}


@sqlite_alone
def test_rb_1_control_a_backup_that_is_written_under_its_name_is_found_in_pieces(killed):
    found = killed("back_up", "unguarded")
    assert [words for told in found["killed"] for words in told["whole"].values() if words != "old"]
