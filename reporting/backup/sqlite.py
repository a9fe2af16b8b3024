"""SQLite: copied by its own backup interface. Copying the file leaves out what is still in the write-ahead log, and nothing
complains about it afterwards."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection, connections

from .databases import SQLITE_OPTIONS, reading
from .problems import Unfit
from .workroom import named_on_disk, on_disk

ONE_FILE = True
PART = "database.sqlite3"
WITHOUT_BACKUP = "现有的数据已经坏了、不必备份的，请加 --no-backup-first（现有的数据库改名留着）"
BESIDE = ("-wal", "-shm", "-journal")  # what may lie beside a database file and belongs to it


@contextlib.contextmanager
def moment(config: dict, work: Path) -> Iterator[Callable[[], Path]]:
    copied = work / PART
    copied.unlink(missing_ok=True)
    _copy(str(config["NAME"]), copied)
    with reading(_config_of(copied)):
        yield lambda: copied


def _copy(source: str, to: Path) -> None:
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    address = source if source.startswith("file:") else f"{Path(source).resolve().as_uri()}?mode=rw"
    try:
        with (
            contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as theirs,
            contextlib.closing(sqlite3.connect(to)) as own,
        ):
            theirs.backup(own)  # in one step: one instant, whatever is written meanwhile
            own.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.Error as problem:
        raise Unfit(
            f"没有复制成（{problem}）：请检查 {to.parent.parent} 所在的磁盘是否已满，数据库 {source} 能否读"
        ) from None
    on_disk(to)


def _config_of(path: Path) -> dict:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": SQLITE_OPTIONS}


@contextlib.contextmanager
def opened(part: Path, like: dict, work: Path) -> Iterator[dict | None]:
    yield _config_of(part)


@contextlib.contextmanager
def for_trial(like: dict, folder: Path) -> Iterator[dict]:
    folder.mkdir(mode=0o700)
    yield _config_of(folder / "trial.sqlite3")


def readable(part: Path) -> None:
    """Whether it is can be seen only by opening it."""


def faults() -> list[str]:
    found = []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        found += [f"数据库文件已损坏：{row[0]}" for row in cursor.fetchmany(5) if row[0] != "ok"]
        cursor.execute("PRAGMA foreign_key_check")
        rows = cursor.fetchall()
    if rows:
        tables = "、".join(sorted({row[0] for row in rows}))
        found.append(f"有 {len(rows)} 行指向不存在的记录（表 {tables}）")
    return found


def exists(config: dict) -> bool:
    path = Path(config["NAME"])
    return path.exists() and path.stat().st_size > 0


def in_use(config: dict) -> None:
    """Leaving the write-ahead log needs the database for oneself. Who opens it anew for each request is seen only while a
    request is under way: the manual says to stop the service first."""
    if not exists(config):
        return
    if connections["default"].settings_dict["NAME"] == config["NAME"]:
        connections["default"].close()  # our own
    with contextlib.closing(sqlite3.connect(config["NAME"], timeout=2)) as own:
        try:
            own.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as problem:
            if getattr(problem, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Unfit("还有程序开着这个数据库：请先停止平台的服务，再来") from None
            return  # broken, which may be the very reason for restoring; what cannot be written is found out later


def put(part: Path, config: dict, work: Path) -> None:
    """The new file takes the old one's name, owner and rights. Logs beside the old one go first: they would be applied to
    the new one."""
    target = Path(config["NAME"])
    if target.exists():
        shutil.copymode(target, part)
        with contextlib.suppress(OSError, AttributeError):  # only the administrator may give a file away
            os.chown(part, target.stat().st_uid, target.stat().st_gid)
    for ending in BESIDE:
        Path(f"{target}{ending}").unlink(missing_ok=True)
    on_disk(part)
    os.replace(part, target)
    named_on_disk(target.parent)


def set_aside(config: dict, stamp: str) -> str:
    """A database that could not be backed up keeps its content under another name. What belongs to it goes first: as long as the
    file itself is there, whoever starts again puts that aside too, and would else remove what had stayed beside it."""
    target = Path(config["NAME"])
    for ending in (*BESIDE, ""):
        old = Path(f"{target}{ending}")
        if old.exists():
            old.rename(f"{target}.before-{stamp}{ending}")
    return f"{target}.before-{stamp}"
