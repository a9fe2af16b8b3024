"""RB-3, IN-2, IN-3: what a fault of the machine does to an import, an upload, a verification and the locking of a year, on the engine
of this run. faults.py meets them in a process of its own; killed is really killed (SIGKILL), and the control shows the halves that
would be found if several writes were not one."""

import datetime
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, filesystem
from django.core.management import call_command
from django.db import DatabaseError, InternalError, OperationalError, connection
from django.utils import timezone

from networks.views import errors
from reporting.ledger import verify
from reporting.models import AssessmentYear, LedgerAct
from trainings.models import TrainingSession

from .own_database import own_database

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
SESSION = ["trainings_historicaltrainingsession", "trainings_trainingsession"]
WHOLE = {  # what an act changes, all at once
    "upload": ["files", "networks_auditevent", "trainings_importbatch"],
    "store": ["networks_auditevent", "trainings_entryeffort", SESSION[0], "trainings_importbatch", SESSION[1]],
    "add_photo": ["files", "networks_auditevent", "trainings_evidence", "trainings_photoprint"],
    "verify": SESSION,
    "lock": [
        "networks_auditevent",
        "reporting_assessmentyear",
        "reporting_historicalassessmentyear",
        "reporting_historicalassessmentyear_counting_forms",
        "reporting_ledgeract",
        "reporting_yearproposal",
    ],
}


@pytest.fixture(scope="module")
def found(django_db_setup, django_db_blocker, tmp_path_factory):
    """What faults.py has found, on an empty database of its own."""
    folder = tmp_path_factory.mktemp("faults")
    with django_db_blocker.unblock(), own_database("faults", folder) as address:
        line = [sys.executable, str(Path(__file__).with_name("faults.py")), address, str(folder)]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.drill
@pytest.mark.parametrize("act", WHOLE)
def test_in_2_in_3_rb_3_killed_at_any_write_it_has_happened_whole_or_not_at_all_and_once(found, act):
    told = found["kill"][act]
    assert told["unchanged"] >= 3  # so many times it was killed before its end, and nothing was there
    assert told["changed"] == WHOLE[act]
    assert told["again"] == 302
    assert told["twice"] == []  # the same ledger again is the one that waits already


@pytest.mark.drill
@pytest.mark.parametrize("act", ["upload", "add_photo"])
def test_in_2_rb_3_a_file_whose_row_died_with_the_server_is_swept_away(found, act):
    assert found["kill"][act]["swept"] >= 2


@pytest.mark.drill
@pytest.mark.parametrize("act", WHOLE)
def test_rb_3_control_where_writes_are_not_one_halves_are_found(found, act):
    assert found["unguarded"][act]["changed"] != WHOLE[act]


@pytest.mark.drill
@pytest.mark.parametrize(
    ("fault", "act"),
    [
        *(("full", act) for act in ("upload", "add_photo", "store")),
        *(("readonly", act) for act in ("upload", "store", "add_photo", "verify")),
        *(("folder", act) for act in ("upload", "add_photo")),
    ],
)
def test_rb_3_a_full_or_read_only_disk_is_said_in_words_and_nothing_is_half(found, fault, act):
    told = found[fault][act]
    if fault == "full" and act == "store" and connection.vendor == "postgresql":
        assert told["status"] == 302  # there the disk is the other server's; this one writes no file
        return
    assert (told["status"], told["after"], told["changed"]) == (503, "600", [])
    assert "磁盘满了" in told["page"] and "系统管理员" in told["page"] and "按“恢复”" in told["page"]
    assert "Traceback" not in told["page"] and "Error" not in told["page"]
    assert told["again"] == 302 and told["done"]  # and once there is room, it goes through


@pytest.mark.drill
@pytest.mark.parametrize("act", ["upload", "verify"])
def test_rb_3_a_database_that_is_held_too_long_is_said_in_words(found, act):
    told = found["locked"][act]
    if (
        act == "upload" and connection.vendor == "postgresql"
    ):  # the same ledger waits already: it is read there, and nothing written
        assert (told["status"], told["changed"]) == (302, [])
        return
    assert (told["status"], told["after"], told["changed"]) == (503, "60", [])
    assert "现在办理的人太多" in told["page"] and "等一分钟" in told["page"]
    assert told["again"] == 302 and told["done"]


# --- the parts -------------------------------------------------------------------------------------------


class Postgres(Exception):
    def __init__(self, code):
        self.pgcode = code


def caused(problem, code):
    problem.__cause__ = Postgres(code)
    return problem


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), errors.FULL),
        (OSError(errno.EROFS, "Read-only file system"), errors.FULL),
        (FileNotFoundError(errno.ENOENT, "No such file"), ""),
        (OperationalError("database or disk is full"), errors.FULL),
        (OperationalError("attempt to write a readonly database"), errors.FULL),
        (OperationalError("database is locked"), errors.BUSY),
        (OperationalError("no such column: x"), ""),
        (caused(OperationalError("canceling statement due to lock timeout"), "55P03"), errors.BUSY),
        (caused(OperationalError("deadlock detected"), "40P01"), errors.BUSY),
        (caused(OperationalError("could not extend file"), "53100"), errors.FULL),
        (caused(InternalError("cannot execute INSERT in a read-only transaction"), "25006"), errors.FULL),
        (caused(InternalError("current transaction is aborted"), "25P02"), ""),
        (DatabaseError("anything else"), ""),
        (ValueError("a mistake of ours"), ""),
    ],
)
def test_rb_3_what_the_machine_could_not_is_told_from_what_the_program_did_wrong(rf, broken, words):
    try:
        raise broken
    except Exception:
        page = errors.server_error(rf.get("/"))
    assert page.status_code == (503 if words else 500)
    assert ("现在办理的人太多" in page.content.decode()) == (words == errors.BUSY)


def test_rb_3_a_clock_that_jumps_back_loses_nothing_and_the_ledger_stays_sound(world, client):
    """A server whose clock was a day ahead and is set right between two acts."""
    now = timezone.now()
    with time_machine.travel(now + datetime.timedelta(days=1)):
        session = world.session(status="submitted")
        world.lock(AssessmentYear.objects.open_year(world.county, world.year - 1))
        client.force_login(world.town)
        client.get("/")
    session.refresh_from_db()
    session.verify(actor=world.bureau, attendance=session.reported_attendance)
    world.unlock(AssessmentYear.objects.get(county=world.county, year=world.year - 1))
    world.lock(AssessmentYear.objects.get(county=world.county, year=world.year - 1))
    assert TrainingSession.objects.get(pk=session.pk).status == "verified"
    assert verify().sound and LedgerAct.objects.count() == 3
    acts = LedgerAct.objects.order_by("sequence")
    assert [act.sequence for act in acts] == [1, 2, 3]  # by number, whatever the clock said
    # Whoever was signed in "tomorrow" signs in once more: an end that lies ahead of its beginning is none (ID-4).
    assert client.get("/").status_code == 302


def test_rb_3_half_a_file_is_taken_away_where_the_disk_was_full(monkeypatch, settings):
    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, chunk):
            self.file.write(chunk[: len(chunk) // 2])
            self.file.flush()
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            self.file.close()

    class Beside:
        def __getattr__(self, name):
            return (lambda *args: Full(os.fdopen(*args))) if name == "fdopen" else getattr(os, name)

    monkeypatch.setattr(filesystem, "os", Beside())
    with pytest.raises(OSError, match="No space"):
        default_storage.save("registryimport/x", ContentFile(b"0123456789"))
    assert not (settings.MEDIA_ROOT / "registryimport/x").exists()


def test_in_2_purge_uploads_removes_what_no_row_names_after_a_day(db, settings, capsys):
    folder = settings.MEDIA_ROOT / "evidence"
    folder.mkdir(parents=True)
    for name, age in (("old", 25 * 3600), ("new", 60)):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (then := (folder / name).stat().st_mtime - age, then))
    call_command("purge_uploads")
    assert "没有记录的文件 1 个" in capsys.readouterr().out and (folder / "old").exists()
    call_command("purge_uploads", "--commit")
    assert sorted(path.name for path in folder.iterdir()) == ["new"]
