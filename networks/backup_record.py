"""When everything was last backed up, when a backup was last restored for trial (RB-1, RB-2), and when ledger and log were last
examined (AU-2).

Kept in small files beside the backups and in no table: a row lies in the very thing that is lost or taken back. After a restore
it would name the backup before the one that was restored, and a database that cannot be written could not be backed up in time.
What is in them is no secret, but nobody who is not signed in is told more than a word.
"""

import datetime
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils import timezone

LATE_AFTER = datetime.timedelta(hours=26)  # a nightly backup, drill and examination, each with two hours to spare
BACKUPS, DRILL, EXAMINED = "backups.json", "drill.json", "verify.json"


@dataclass(frozen=True)
class Kept:
    """One backup that was verified after it was written."""

    file: str  # its name in the folder
    at: datetime.datetime  # of which moment the data is
    size: int
    sha256: str
    findings: list[str] = field(default_factory=list)  # what was wrong with the data itself, which it keeps faithfully
    heads: dict = field(default_factory=dict)  # of the log and the ledger at that moment (reporting/anchors.py)

    def there(self, folder: Path) -> bool:
        """Still in the folder, as long as it was. Whether it is still the same is what a drill finds out."""
        try:
            return (folder / self.file).stat().st_size == self.size
        except OSError:
            return False


@dataclass(frozen=True)
class Drilled:
    """The last time that a backup was restored for trial and everything in it agreed; and what went wrong since, if it did."""

    file: str
    at: datetime.datetime | None
    seconds: int
    problem: str = ""


@dataclass(frozen=True)
class Examined:
    """The last time that `verify_ledger` went through everything."""

    at: datetime.datetime
    findings: int  # how many; what they say names years and sessions, and is not for a file


@dataclass(frozen=True)
class Watch:
    """What the monitor and the operator's desk show: ok, late or none; findings of a backup or of `verify_ledger`, failed of a
    drill."""

    backup: str
    drill: str
    verify: str
    newest: Kept | None
    drilled: Drilled | None
    examined: Examined | None

    @property
    def fine(self) -> bool:
        return self.backup == self.drill == self.verify == "ok"


def kept(folder: Path) -> list[Kept]:
    """The recorded backups, newest first, whether their files are still there or not."""
    found = []
    for row in _read(folder / BACKUPS, []):
        try:
            found.append(Kept(**row | {"at": datetime.datetime.fromisoformat(row["at"])}))
        except (TypeError, ValueError, KeyError):
            continue  # somebody has been at it by hand: the rest still counts
    return sorted(found, key=lambda row: row.at, reverse=True)


def record_kept(folder: Path, rows: list[Kept]) -> None:
    _write(folder / BACKUPS, [asdict(row) | {"at": row.at.isoformat()} for row in rows])


def drilled(folder: Path) -> Drilled | None:
    row = _read(folder / DRILL, {})
    try:
        return Drilled(**row | {"at": row["at"] and datetime.datetime.fromisoformat(row["at"])})
    except (TypeError, ValueError, KeyError):
        return None


def record_drilled(folder: Path, row: Drilled) -> None:
    _write(folder / DRILL, asdict(row) | {"at": row.at and row.at.isoformat()})


def examined(folder: Path) -> Examined | None:
    row = _read(folder / EXAMINED, {})
    try:
        return Examined(**row | {"at": datetime.datetime.fromisoformat(row["at"]), "findings": int(row["findings"])})
    except (TypeError, ValueError, KeyError):
        return None


def record_examined(folder: Path, row: Examined) -> None:
    """Raises OSError. Before the first backup there may be no folder yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / EXAMINED, asdict(row) | {"at": row.at.isoformat()})


def watch(now: datetime.datetime | None = None) -> Watch:
    """How it stands with the backups in BACKUP_DIR. Asks no database."""
    now, folder = now or timezone.now(), settings.BACKUP_DIR
    newest = next((row for row in kept(folder) if row.there(folder)), None)
    trial = drilled(folder)
    backup = _state(newest.at if newest else None, now)
    if newest and newest.findings and backup == "ok":
        backup = "findings"
    drill = "failed" if trial and trial.problem else _state(trial.at if trial else None, now)
    last = examined(folder)
    verify = "findings" if last and last.findings else _state(last.at if last else None, now)
    return Watch(backup, drill, verify, newest, trial, last)


def _state(at: datetime.datetime | None, now: datetime.datetime) -> str:
    """A moment far ahead was written by a clock that was wrong, and must not keep the alarm silent for years."""
    if at is None:
        return "none"
    return "ok" if abs(now - at) <= LATE_AFTER else "late"


def _read(path: Path, otherwise):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise


def _write(path: Path, content) -> None:
    """Whole or not at all; for the owner alone. One writes at a time, so what a killed one left is written over."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
