"""Making a backup, verifying it, giving it its name, and letting the oldest ones go."""

import datetime
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import Error
from django.utils import timezone

from networks import audit, backup_record
from networks.backup_record import Kept

from ..anchors import written
from . import archive as archives
from . import facts
from .archive import Archive
from .databases import engine_of, ours, reading
from .examining import altered, examine, lost
from .moment import Held, holding
from .problems import Unfit, said_first
from .workroom import named_on_disk, workroom

TRIES = 5  # moments, where files come and go too fast to be held
ENDINGS = (".tar", ".age")


@dataclass(frozen=True)
class Made:
    path: Path
    kept: Kept
    manifest: dict  # of the data; `parts` are the files in it
    parts: list[dict]
    encrypted: bool
    opened: bool  # False where the database of the backup could only be read through, not opened
    removed: list[str]  # older backups that were let go


def make(
    to: Path | None = None,
    keep: int | None = None,
    *,
    media: Path | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> Made:
    """A verified backup of the database that the models read and of `media` (MEDIA_ROOT): in the folder `to` (BACKUP_DIR),
    where the newest `keep` are kept, or under that very name if it names a file. Raises Unfit."""
    folder, name = _place(to or settings.BACKUP_DIR)
    try:
        with workroom(folder, "backup") as work:
            say("正在复制数据库和文件……")
            manifest, written = _write(work, media or settings.MEDIA_ROOT)
            say("正在重新打开、逐项核对……")
            parts, opened = _verify(written, work)
            path = folder / (name or _name(folder, manifest, written.suffix))
            row = Kept(
                path.name,
                datetime.datetime.fromisoformat(manifest["taken_at"]),
                written.stat().st_size,
                facts.digest_of(written),
                manifest["findings"],
                {key: manifest["facts"][key] for key in ("log", "ledger")},
            )
            os.replace(written, path)
            named_on_disk(folder)
            removed = [] if name else _enter(folder, row, keep)
    except OSError as problem:
        raise Unfit(
            f"备份没有做成（{problem.strerror or problem}）：请检查 {folder} 所在的磁盘是否已满、能否写入"
        ) from None
    except Error as problem:
        raise Unfit(
            f"备份没有做成：数据库读不下去（{said_first(problem)}）。请检查 {folder} 所在的磁盘是否已满；"
            "没有满的，数据库可能已损坏：以前的备份先不要删，请看运维手册“出事时怎么办”"
        ) from None
    _log(row)
    return Made(path, row, manifest, parts, bool(settings.BACKUP_KEY), opened, removed)


def _place(to: Path) -> tuple[Path, str]:
    """The folder, and the name in it where one was given: a name with an ending that is no folder yet is that of a file."""
    if to.suffix in ENDINGS and not to.is_dir():
        if to.exists():
            raise Unfit(f"{to} 已经存在，不会覆盖它：请换一个文件名")
        return to.parent, to.name
    return to, ""


def _name(folder: Path, manifest: dict, ending: str) -> str:
    at = datetime.datetime.fromisoformat(manifest["taken_at"])
    base, ending = f"mashan-{at:%Y%m%dT%H%M%SZ}", ".tar.age" if ending == ".age" else ".tar"
    number, name = 1, base + ending
    while (folder / name).exists():
        number += 1
        name = f"{base}-{number}{ending}"
    return name


def _write(work: Path, media: Path) -> tuple[dict, Path]:
    """The unfinished file, and what its list says of the data."""
    config = dict(ours())
    engine = engine_of(config)
    if not engine.exists(config):
        raise Unfit(f"没有数据库 {config['NAME']}，没有可以备份的内容")
    with holding(media, work) as held:
        for _ in range(TRIES):
            with reading(config):
                held.hold(facts.names())
            with engine.moment(config, work) as write_database:
                taken_at = timezone.now().astimezone(datetime.UTC)
                wanted = facts.names()
                lacking = held.hold(wanted)
                if lacking and _removed_since(config, lacking):
                    continue
                manifest = {
                    "taken_at": taken_at.isoformat(timespec="seconds"),
                    "engine": engine.__name__.rsplit(".", 1)[1],
                    "facts": facts.facts(),
                    "findings": _findings(engine, held),
                }
                sources = [(engine.PART, write_database())]
                sources += [(archives.MEDIA + name, held.paths[name]) for name in sorted(wanted - lacking)]
                written = work / "backup.tar"
                archives.write(written, sources, manifest, taken_at)
            break
        else:
            raise Unfit("备份的时候一直有文件正在被删除（也许在清理到期的名册）：请等它结束，再备份一次")
    for source in work.glob("database.*"):
        source.unlink()  # it is opened anew from what was written
    if settings.BACKUP_KEY:
        encrypted = work / "backup.tar.age"
        archives.encrypt(written, encrypted)
        written.unlink()
        written = encrypted
    return manifest, written


def _removed_since(config: dict, lacking: set[str]) -> bool:
    """Whether any of these is gone because its row has gone: the moment has passed, and not the file got lost."""
    with reading(config):
        return bool(lacking - facts.names())


def _findings(engine, held: Held) -> list[str]:
    """What is wrong with the data itself at this moment. It is backed up all the same."""
    found = engine.faults()
    for name, digest, called in facts.files():
        if name not in held.paths:
            found.append(lost(called))
        elif digest and facts.digest_of(held.paths[name]) != digest:
            found.append(altered(called))
    if facts.older_than_us(facts.applied()):
        return found  # not brought to this version yet, whose models alone can tell
    return found + facts.ledger_findings()


def _verify(written: Path, work: Path) -> tuple[list[dict], bool]:
    """Opened anew and read to the end: what is in it, and whether its database could be opened too."""
    config = dict(ours())
    with Archive(written, work, unsigned=not settings.LEDGER_KEY) as archive:
        opened = examine(archive, config, work).opened
        return archive.manifest["parts"], opened


def _enter(folder: Path, row: Kept, keep: int | None) -> list[str]:
    """Into the record of the folder; returns the older ones that were let go."""
    rows = [row, *(other for other in backup_record.kept(folder) if other.file != row.file)]
    backup_record.record_kept(folder, rows)
    return _let_go(folder, rows, keep) if keep else []


def _let_go(folder: Path, rows: list[Kept], keep: int) -> list[str]:
    """Removes the recorded backups beyond the newest `keep`, but never the first of `rows`, which was just made (a clock that
    was set back would call it old), nor the last good one: with nothing found in its data, and still the same file. What
    nobody recorded (copied here by hand) is left alone."""
    there = [row for row in sorted(rows, key=lambda row: row.at, reverse=True) if row.there(folder)]
    stay = {row.file for row in [rows[0], *there[:keep]]}
    good = (row for row in there if not row.findings and facts.digest_of(folder / row.file) == row.sha256)
    stay |= {row.file for row in [next(good, None)] if row}
    removed = [row.file for row in there if row.file not in stay]
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    backup_record.record_kept(folder, [row for row in there if row.file in stay])
    return removed


def _log(row: Kept) -> None:
    """In the log of the database too, where there is one to write to: a backup holds everything that is personal. With the
    head of the log this line goes to the log server."""
    try:
        audit.record(
            "备份",
            actor=None,
            file=row.file,
            sha256=row.sha256,
            encrypted=bool(settings.BACKUP_KEY),
            findings=len(row.findings),
            log=written(row.heads["log"]),
        )
    except Error:
        return  # only to be read, or full: the backup is there, and recorded beside it
