"""Run by test_faults, as a process of its own because it kills and starves what it starts: one act after the other on the database
and the folder that are named, each in a fork, which the fault meets at the first write, at the second, … until it gets through.
Prints what was found as JSON.

    faults.py ADDRESS FOLDER
"""

import contextlib
import errno
import functools
import hashlib
import itertools
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")
PASSING = {"django_session", "axes_accesslog", "axes_accessattempt"}  # what is no part of an act


def main(address: str, folder: Path) -> None:
    os.environ.update(DATABASE_URL=address, SECRET_KEY="for this test only", LEDGER_KEY="for this test only")
    os.environ.update(DJANGO_SETTINGS_MODULE="mashan_edu.settings", MEDIA_ROOT=str(folder / "media"))
    import django
    import pytest  # noqa: F401 - settings take it for a sign that hashing may be quick

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # straight from the models
    setup_test_environment()  # pages tell what they were made from
    call_command("migrate", run_syncdb=True, verbosity=0)
    found = {fault: {act.__name__: meet(act, prepare(act)) for act in ACTS[fault]} for fault, meet in FAULTS.items()}
    print(json.dumps(found, ensure_ascii=False))


@functools.cache
def county():
    from tests.conftest import build_world

    return build_world()


years_back = itertools.count(1)


def prepare(act) -> SimpleNamespace:
    """What an act works on, in the small county; everybody is signed in already."""
    from django.test import Client

    from reporting.models import AssessmentYear
    from tests.trainings.import_pages import GOOD, changed, ledger, page, uploaded

    world, people = county(), {}
    for name in ("town", "bureau", "bureau2"):
        people[name] = Client(raise_request_exception=False)
        people[name].force_login(world.users[name])
    kit = SimpleNamespace(world=world, people=people, ledger=ledger(world, GOOD, changed(培训名称="壮绣")).read())
    if act is store:
        rows = [changed(培训名称=f"{name}{time.time()}") for name in "一二"]
        kit.batch = uploaded(people["town"], ledger(world, *rows))
        kit.digest = page(people["town"], kit.batch).context["rehearsal"].digest
    kit.draft = world.session(title=f"草稿{time.time()}")
    kit.submitted = world.session(title=f"待审{time.time()}", status="submitted")
    if act is lock:
        year = AssessmentYear.objects.open_year(world.county, world.year - next(years_back))
        kit.proposal = year.propose_lock(world.bureau)
    return kit


# --- the acts --------------------------------------------------------------------------------------------


def upload(kit):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("台账.xlsx", kit.ledger)
    return kit.people["town"].post("/sessions/import/", {"workbook": file, "year": ""})


def store(kit):
    return kit.people["town"].post(f"/sessions/import/{kit.batch.pk}/confirm/", {"digest": kit.digest})


def add_photo(kit):
    from tests.act import picture

    return kit.people["town"].post(f"/sessions/{kit.draft.pk}/evidence/", {"kind": "photo", "files": [picture()]})


def verify(kit):
    seen = {"attendance": kit.submitted.reported_attendance, "seen_version": kit.submitted.version}
    return kit.people["bureau2"].post(f"/review/{kit.submitted.pk}/verify/", seen)


def lock(kit):
    from reporting.models import YearProposal
    from trainings.models import Refused

    with contextlib.suppress(Refused):  # the second time it is confirmed already
        YearProposal.objects.get(pk=kit.proposal.pk).confirm(kit.world.bureau2)
    return SimpleNamespace(status_code=302)


# --- what is kept ----------------------------------------------------------------------------------------


def kept() -> dict[str, str]:
    """A digest of each table and of the folder."""
    from django.apps import apps
    from django.conf import settings
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in PASSING:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = sorted(repr([plain(value) for value in row]) for row in cursor.fetchall())
                found[table] = f"{len(rows)} {hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}"
    found["files"] = repr(sorted(p.name for p in Path(settings.MEDIA_ROOT).rglob("*") if p.is_file()))
    connection.close()
    return found


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def sweep() -> int:
    """What the nightly purge_uploads does two days later; how many files no row named."""
    import datetime

    from django.utils import timezone

    from networks.uploads import strays

    found = strays(timezone.now() + datetime.timedelta(days=2))
    for path in found:
        path.unlink()
    return len(found)


def forked(work) -> tuple[int, dict]:
    """How a fork that did `work` ended (0, or the signal), and what it had to say."""
    from django.db import connections

    connections.close_all()
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.close(out)
        with os.fdopen(into, "w") as told:
            json.dump(work() or {}, told)
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as told:
        text = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), json.loads(text or "{}")


@contextlib.contextmanager
def dying(number: int):
    """Kills this process at its write of that number: a statement that writes, the end of a transaction, a file."""
    from django.core.files.storage import FileSystemStorage
    from django.db import connection
    from django.db.backends.base.base import BaseDatabaseWrapper

    seen = [0]

    def one_more() -> None:
        seen[0] += 1
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(WRITES) and not any(f'"{name}"' in sql for name in PASSING):
            one_more()
        return execute(sql, params, many, context)

    committed, saved = BaseDatabaseWrapper.commit, FileSystemStorage._save

    def commit(own):
        one_more()
        committed(own)
        one_more()  # the lost reply

    def save(own, *args):
        one_more()
        name = saved(own, *args)
        one_more()  # the file is there, its row is not
        return name

    BaseDatabaseWrapper.commit, FileSystemStorage._save = commit, save
    with connection.execute_wrapper(watch):
        yield seen


# --- the faults ------------------------------------------------------------------------------------------


def kill(act, kit, guarded: bool = True) -> dict:
    """Killed at its first write, its second, … until something has changed, which should be the very end of it: after how many
    kills, how many files had to be swept, what had changed; and what changes when it is sent again."""
    before, swept, changed = kept(), 0, []
    for number in range(1, 100):

        def work(number=number):
            if not guarded:
                unguard()
            with dying(number):
                act(kit)

        ended, _ = forked(work)
        assert ended == -signal.SIGKILL, "went through, and nothing has changed"
        swept += sweep() if guarded else 0
        now = kept()
        if changed := differing(before, now):
            break
    found = {"unchanged": number - 1, "swept": swept, "changed": changed}
    if guarded:
        _, told = forked(lambda: {"status": act(kit).status_code})
        found |= {"again": told["status"], "twice": differing(now, kept())}
    return found


def differing(before: dict, now: dict) -> list[str]:
    return sorted(name for name in now if now[name] != before[name])


def unguard() -> None:
    """Takes away what makes several writes one: the control that the test would notice."""
    from django.db.models import QuerySet
    from django.db.transaction import Atomic

    Atomic.__enter__ = lambda own: None
    Atomic.__exit__ = lambda own, *args: None
    QuerySet.select_for_update = lambda rows, *args, **kwargs: rows


def starved(act, kit, starve) -> dict:
    """What is answered while the machine cannot, whether anything changed, and whether it goes through afterwards."""
    before = kept()

    def work():
        with starve():
            answer = act(kit)
        return {
            "status": answer.status_code,
            "page": answer.content.decode(),
            "after": answer.headers.get("Retry-After"),
        }

    _, told = forked(work)
    changed = differing(before, kept())
    _, again = forked(lambda: {"status": act(kit).status_code})
    return told | {"changed": changed, "again": again["status"], "done": kept() != before}


@contextlib.contextmanager
def full():
    """No file grows any more, for SQLite as for uploads; PostgreSQL is another process, so there uploads alone."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def readonly():
    from django.db import connection

    with connection.cursor() as cursor:
        word = "PRAGMA query_only = ON" if connection.vendor == "sqlite" else "SET default_transaction_read_only = on"
        cursor.execute(word)
    yield


@contextlib.contextmanager
def read_only_folder():
    from django.core.files.storage import filesystem

    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    class Beside:  # the module's own view of os, so that nobody else's is changed
        def __getattr__(self, name):
            return refuse if name in {"open", "makedirs"} else getattr(os, name)

    filesystem.os = Beside()
    filesystem.file_move_safe = filesystem.safe_makedirs = refuse
    yield


def locked_out(act, kit) -> dict:
    """Somebody else holds the database for longer than anybody waits."""
    from django.db import connection

    @contextlib.contextmanager
    def held():
        out, into = os.pipe()
        holder = os.fork()
        if not holder:
            with connection.cursor() as cursor:
                if connection.vendor == "sqlite":
                    cursor.execute("BEGIN IMMEDIATE")
                else:
                    cursor.execute("BEGIN")
                    cursor.execute("LOCK TABLE networks_auditevent, trainings_trainingsession IN EXCLUSIVE MODE")
                os.write(into, b"held")
                time.sleep(30)
            os._exit(0)
        os.read(out, 4)
        own = connection.settings_dict["OPTIONS"]
        own |= {"timeout": 0.3} if connection.vendor == "sqlite" else {"options": "-c lock_timeout=300ms"}
        yield
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)

    return starved(act, kit, held)


ACTS = {
    "full": [upload, add_photo, store],
    "readonly": [upload, store, add_photo, verify],
    "folder": [upload, add_photo],
}
ACTS |= {"locked": [upload, verify], "kill": [upload, store, add_photo, verify, lock]}
ACTS["unguarded"] = ACTS["kill"]
FAULTS = {
    "full": lambda act, kit: starved(act, kit, full),
    "readonly": lambda act, kit: starved(act, kit, readonly),
    "folder": lambda act, kit: starved(act, kit, read_only_folder),
    "locked": locked_out,
    "kill": kill,
    "unguarded": lambda act, kit: kill(act, kit, guarded=False),  # the last one: it leaves halves behind
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main(sys.argv[1], Path(sys.argv[2]))
