"""Run by test_killed: a backup or a restore is killed (SIGKILL) just before it changes something that stays for the first time, before
the second time, … until it gets through, each time in a fork and on the installation as it was. Prints what was found after each as
JSON. With "unguarded" the order that protects is taken away, which shows that the test would notice.

    killed.py ADDRESS FOLDER ACT [unguarded]

FOLDER holds `pristine`, the installation to begin with, and `good.tar`, the backup that is to be restored.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

CHANGES = {
    "os.rename": 1,
    "os.link": 1,
    "os.remove": 0,
    "os.mkdir": 0,
    "open": 0,
    "subprocess.Popen": 0,
}  # the argument that tells
ON_POSTGRESQL = {
    "subprocess.Popen",
    "os.remove",
}  # where its database comes in; the files are as on SQLite, and rounds are slow
PASSING = ("/.unfinished-", "/.backup-", ".lock", "/dev/null")  # what the next one removes, and what holds nothing
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(address: str, folder: Path, act: str, unguarded: bool) -> None:
    os.environ.update(DATABASE_URL=address, SECRET_KEY="tests only")  # LEDGER_KEY is that of the backup
    os.environ.update(DJANGO_SETTINGS_MODULE="mashan_edu.settings", MEDIA_ROOT=str(folder / "place/media"))
    os.environ.update(BACKUP_DIR=str(folder / "place/backups"), BACKUP_KEY="")
    import django
    import pytest  # noqa: F401 - settings take it for a sign that hashing may be quick

    django.setup()
    from reporting.backup import postgres
    from tests.reporting.installation import nowhere

    postgres.opened = nowhere  # a database more for every look would take minutes
    place = Place(folder)
    place.reset()
    place.old = place.what_is_there()
    found = []
    for number in range(1, 200):
        place.reset()
        ended, _ = forked(lambda number=number: die(number, act, lambda: ACTS[act](place, unguarded)))
        told = {"state": place.state(), "whole": place.backups()}
        if ended != -signal.SIGKILL:
            break
        if unguarded or (found and found[-1]["state"] == told["state"] and number % 3):
            found.append(told)
            continue  # as the one before: to say it again every time takes minutes
        again, _ = forked(lambda: ACTS[act](place, False))
        found.append(told | {"again": again, "then": place.state(), "backups": place.backups(), "left": place.left()})
    print(json.dumps({"killed": found, "through": told, "ended": ended}))


def forked(work):
    from tests.faults import forked

    return forked(work)


def die(number: int, act: str, work) -> None:
    """Does it, and kills this process at its change of that number; of a backup each part that is written is one too."""
    from reporting.backup import archive

    seen, info, sqlite = 0, archive._info, os.environ["DATABASE_URL"].startswith("sqlite")
    watched = set(CHANGES) if sqlite else ON_POSTGRESQL

    def one_more() -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def part(*args):
        one_more()
        return info(*args)

    def watch(event: str, args: tuple) -> None:
        if event not in watched:
            return
        path = args[CHANGES[event]]
        if event == "open" and not (isinstance(args[2], int) and args[2] & WRITES):
            return
        if event == "subprocess.Popen":
            if not str(path).endswith("psql"):
                return
        elif not isinstance(path, str | os.PathLike) or not Path(path).is_absolute() or passing(str(path)):
            return
        one_more()

    sys.addaudithook(watch)
    if act == "back_up":
        archive._info = part
    work()


def passing(path: str) -> bool:
    return any(mark in path for mark in PASSING)


# --- what is done ----------------------------------------------------------------------------------------


def restore(place, unguarded: bool) -> None:
    from reporting import backup
    from reporting.backup import restoring

    if unguarded:  # the database first, and its files after it
        lay, put, waiting = restoring._lay_files, restoring._put, []
        restoring._lay_files = lambda *args: waiting.append(args)

        def put_and_lay(*args):
            put(*args)
            lay(*waiting.pop())

        restoring._put = put_and_lay
    backup.restore(place.good, replace=True, older=True)


def set_aside(place, unguarded: bool) -> None:
    """What is there cannot be backed up."""
    from reporting import backup

    backup.restore(place.good, replace=True, older=True, backup_first=False)


def back_up(place, unguarded: bool) -> None:
    from reporting import backup
    from reporting.backup import archive

    if unguarded:  # under its name from the beginning
        write = archive.write

        def named(path, *args):
            path.touch()
            os.link(path, place.folder / "place/backups/mashan-20260101T000000Z.tar")
            write(path, *args)

        archive.write = named
    backup.make()


ACTS = {"restore": restore, "set_aside": set_aside, "back_up": back_up}


# --- what is there afterwards ----------------------------------------------------------------------------


class Place(SimpleNamespace):
    """The installation at work; `old` and `new` are what it may hold: (facts, {name of a file: its digest})."""

    def __init__(self, folder: Path) -> None:
        from reporting.backup.archive import Archive
        from reporting.backup.databases import ours

        super().__init__(folder=folder, good=folder / "good.tar", config=dict(ours()), media=folder / "place/media")
        with Archive(self.good, folder) as good:
            told = good.manifest["facts"], {name: part.sha256 for name, part in good.media.items()}
        self.new, self.old = (comparable(told[0]), told[1]), None

    def reset(self) -> None:
        from django.db import connections

        connections.close_all()
        shutil.rmtree(self.folder / "place", ignore_errors=True)
        shutil.copytree(self.folder / "pristine", self.folder / "place")
        (self.folder / "place/backups").mkdir()
        if self.config["ENGINE"].endswith("postgresql"):
            from reporting.backup.databases import reading

            name = self.config["NAME"]
            with reading(self.config) as own, own._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{name}_pristine"')

    def what_is_there(self) -> tuple:
        from reporting.backup import facts
        from reporting.backup.databases import reading

        with reading(self.config):
            names = facts.names()
            files = {name: facts.digest_of(self.media / name) for name in names if (self.media / name).is_file()}
            return comparable(facts.facts()), files | dict.fromkeys(names - set(files), "gone")

    def state(self) -> str:
        from reporting.backup.databases import engine_of

        if not engine_of(self.config).exists(self.config):
            return "none"
        there = self.what_is_there()
        return "old" if there == self.old else "new" if there == self.new else "half"

    def backups(self) -> dict[str, str]:
        """What looks like a backup, and of which data it is."""
        from reporting.backup.archive import Archive
        from reporting.backup.problems import Unfit

        found = {}
        for path in sorted((self.folder / "place/backups").glob("mashan-*")):
            try:
                with Archive(path, self.folder) as one:
                    for name in one.parts:
                        one.take_out(name, None)
                    told = comparable(one.manifest["facts"]), {name: part.sha256 for name, part in one.media.items()}
                found[path.name] = "old" if told == self.old else "new" if told == self.new else "half"
            except Unfit as problem:
                found[path.name] = str(problem)
        for path in (self.folder / "place").glob("*.before-*"):
            if not path.name.endswith(("-wal", "-shm")):
                found[path.name] = "aside"
        return found

    def left(self) -> list[str]:
        """Of what was not finished."""
        return [p.name for p in (self.folder / "place").rglob(".*") if not p.name.endswith(".lock")]


def comparable(found: dict) -> dict:
    """But for the lines in the log, to which each backup and each restore adds its own."""
    return found | {"counts": {k: v for k, v in found["counts"].items() if k != "networks_auditevent"}}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], "unguarded" in sys.argv[4:])
