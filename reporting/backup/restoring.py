"""Back from a backup, and the drill that does it for trial.

There is one instant at which the new data takes the place of the old: when the database is put there. Before it the files of
the backup are laid beside those that are there (names are random, so none is in another's way), after it those of the old data
alone are removed. Whoever pulls the plug in between has either the old data with all its files or the new data with all its
files, and may start again.
"""

import contextlib
import datetime
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection
from django.utils import timezone

from networks import audit, backup_record
from networks.backup_record import Drilled
from networks.templatetags.page import cn_date

from .. import guard
from . import facts
from .archive import Archive
from .databases import engine_of, ours, reading
from .examining import agrees, examine, files_against, ledger_findings, new_findings
from .making import ENDINGS, Made, make
from .problems import Unfit, said_first
from .workroom import named_on_disk, workroom


def _silent(words: str) -> None:
    """For whoever is not told how far it is."""


@dataclass(frozen=True)
class Restored:
    source: Path
    manifest: dict
    files: int
    migrated: list[str]  # changes of structure that the backup had not seen
    first: Made | None  # the backup of what was there before
    aside: str  # or where it was put
    signer_known: bool  # False where the key of its signatures is lost


@dataclass(frozen=True)
class Target:
    """What lies where the backup is to go."""

    filled: bool
    newest_change: str
    files: set[str]  # that its rows name


def restore(
    source: Path,
    into: dict | None = None,
    media: Path | None = None,
    *,
    replace: bool = False,
    older: bool = False,
    unsigned: bool = False,
    backup_first: bool = True,
    say: Callable[[str], None] = _silent,
) -> Restored:
    """Puts a backup (the newest, if a folder is named) into a database and a folder of files, by default those of this
    installation, after everything in it was examined; then examines what was put there. Raises Unfit, and then the old data is
    where it was, unless the sentence says otherwise."""
    config, media = dict(into or ours()), media or settings.MEDIA_ROOT
    source = _newest_in(source) if source.is_dir() else source
    engine = engine_of(config)
    home = Path(config["NAME"]).resolve().parent if engine.ONE_FILE else media
    try:
        media.mkdir(mode=0o750, parents=True, exist_ok=True)
        with workroom(home, "restore") as work, workroom(media, "restore-files") as files:
            say("正在检查备份……")
            with Archive(source, work, unsigned=unsigned) as archive:
                migrated = _fits_this_version(archive)
                there = _target(engine, config, media)
                _may_go_there(archive, there, replace=replace, older=older)
                engine.in_use(config)
                # Where nothing can be lost the database is opened once, where it goes, and not on trial before.
                part = examine(archive, config, work, files=files, trial=there.filled or engine.ONE_FILE).database
                keep_in = settings.BACKUP_DIR if into is None else media.parent / "before-restore"
                first, aside = _keep_what_is_there(engine, config, media, there, keep_in if backup_first else None, say)
                say("正在恢复……")
                _lay_files(archive, files, media)
                _put(engine, part, config, work, migrated)
                say("正在核对恢复后的数据……")
                _verify(archive, config, migrated)
                _clear_files(archive, media, there.files if first else set())
                _log(archive, config)
                return Restored(
                    source, archive.manifest, len(archive.media), migrated, first, aside, archive.signer_known
                )
    except OSError as problem:
        raise Unfit(f"没有恢复成（{problem.strerror or problem}）：请检查磁盘是否已满、能否写入，再运行一次") from None
    except Error as problem:  # of what was put there, or is being brought to this version
        raise Unfit(f"没有恢复完（{said_first(problem)}）：请检查磁盘是否已满、数据库能否写入，再运行一次") from None


def _newest_in(folder: Path) -> Path:
    recorded = [folder / row.file for row in backup_record.kept(folder) if row.there(folder)]
    by_name = sorted((path for path in folder.glob("mashan-*") if path.suffix in ENDINGS), reverse=True)
    if not recorded and not by_name:
        raise Unfit(f"文件夹 {folder} 里没有备份")
    return (recorded or by_name)[0]


def _fits_this_version(archive: Archive) -> list[str]:
    """The changes of structure that are to be made to it. Raises Unfit for a backup of a newer version."""
    applied = archive.manifest["facts"]["migrations"]
    if unknown := facts.newer_than_us(applied):
        raise Unfit(f"{archive.path.name} 是更新版本的平台做的备份（{unknown[0]}），请先升级平台再恢复")
    return facts.older_than_us(applied)


def _target(engine, config: dict, media: Path) -> Target:
    has_files = any(path.is_file() for folder in media.glob("[!.]*") for path in [folder, *folder.rglob("*")])
    if not engine.exists(config):
        return Target(has_files, "", set())
    try:
        with reading(config):
            if not facts.filled():
                return Target(has_files, "", set())
            return Target(True, facts.newest_change(), facts.names())
    except Error:  # what is broken counts as filled: it is to be looked at before it goes
        return Target(True, "", set())


def _may_go_there(archive: Archive, there: Target, *, replace: bool, older: bool) -> None:
    if there.filled and not replace:
        raise Unfit("要恢复到的地方已有数据。确定要用备份代替的，请加 --replace（会先把现有的数据备份一份）")
    newest = archive.manifest["facts"]["newest_change"]
    if there.newest_change > newest and not older:
        at, now = (_day_and_time(moment) for moment in (newest, there.newest_change))
        raise Unfit(
            f"这份备份的数据到{at}为止，比现有的数据（到{now}）旧，之后登记和核定的会丢失。确定要退回去的，请再加 --older"
        )


def _day_and_time(moment: str) -> str:
    if not moment:
        return "最初"
    local = timezone.localtime(datetime.datetime.fromisoformat(moment))
    return f"{cn_date(local.date(), 'plain')} {local:%H:%M}"


def _keep_what_is_there(
    engine, config: dict, media: Path, there: Target, keep_in: Path | None, say: Callable[[str], None]
) -> tuple[Made | None, str]:
    """A backup of what is to be replaced, or, told so, the database under another name."""
    if not there.filled or not engine.exists(config):
        return None, ""
    if keep_in is None:
        return None, engine.set_aside(config, f"{timezone.now():%Y%m%dT%H%M%SZ}")
    say("正在备份现有的数据……")
    try:
        with reading(config):
            return make(keep_in, media=media), ""
    except (Unfit, Error) as problem:
        raise Unfit(f"恢复以前要先备份现有的数据，没有做成：{problem}。{engine.WITHOUT_BACKUP}") from None


def _lay_files(archive: Archive, files: Path, media: Path) -> None:
    """Each under its name, whole or not at all; one that is there already with the same content is left alone."""
    folders = set()
    for number, (name, part) in enumerate(archive.media.items()):
        target = media / name
        if target.is_file() and target.stat().st_size == part.size and facts.digest_of(target) == part.sha256:
            continue
        if target.parent not in folders:
            target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            _owned_like(media, target.parent)
            folders.add(target.parent)
        taken_out = files / str(number)
        taken_out.chmod(settings.FILE_UPLOAD_PERMISSIONS)
        _owned_like(media, taken_out)
        os.replace(taken_out, target)
    for folder in folders:
        named_on_disk(folder)


def _owned_like(model: Path, path: Path) -> None:
    """An administrator restores what the service's account has to read."""
    with contextlib.suppress(OSError, AttributeError):
        os.chown(path, model.stat().st_uid, model.stat().st_gid)


def _put(engine, part: Path, config: dict, work: Path, migrated: list[str]) -> None:
    """Brought to this version before it goes there where the engine can, else right after."""
    if engine.ONE_FILE:
        with engine.opened(part, config, work) as own:
            _bring_forward(own, migrated)
        engine.put(part, config, work)
    else:
        engine.put(part, config, work)
        _bring_forward(config, migrated)


def _bring_forward(config: dict, migrated: list[str]) -> None:
    with reading(config):
        if migrated:
            call_command("migrate", verbosity=0, interactive=False)
        guard.lay(connection)


def _verify(archive: Archive, config: dict, migrated: list[str]) -> None:
    """Raises Unfit; the old data, if there was any, is in the backup that was made first."""
    try:
        if not migrated:
            agrees(archive, config)
            return
        with reading(config):
            _, faults = files_against(archive)
            found = new_findings(archive, engine_of(config).faults() + faults) + ledger_findings(archive)
        if found:
            raise Unfit(f"{found[0]}{f' 等 {len(found)} 处' if len(found) > 1 else ''}")
    except (Unfit, Error) as problem:
        raise Unfit(f"已经恢复，但核对没有通过：{problem}。请不要启动平台，换另一份备份再恢复一次") from None


def _clear_files(archive: Archive, media: Path, old: set[str]) -> None:
    """Files of the data that was replaced; they are in the backup of it."""
    for name in old - set(archive.media):
        if ".." not in Path(name).parts and not Path(name).is_absolute():
            (media / name).unlink(missing_ok=True)


def _log(archive: Archive, config: dict) -> None:
    with reading(config):
        audit.record("恢复备份", actor=None, file=archive.path.name, taken_at=archive.manifest["taken_at"])


# --- the drill -----------------------------------------------------------------------------------------


def drill(say: Callable[[str], None] = _silent) -> Drilled:
    """The newest backup restored into a database and a folder for trial, with everything that restoring examines; both are
    removed again, and the result is kept beside the backups. Raises Unfit."""
    folder = settings.BACKUP_DIR
    before = backup_record.drilled(folder)
    started = time.monotonic()
    with workroom(folder, "drill") as work:
        try:
            row = next((row for row in backup_record.kept(folder) if row.there(folder)), None)
            if row is None:
                raise Unfit(f"{folder} 里没有可以演练的备份：请先运行 manage.py backup")
            if facts.digest_of(folder / row.file) != row.sha256:
                raise Unfit(f"{row.file} 与做成时不一样了：备份已损坏或被改动过，请马上再备份一次，并检查磁盘")
            media = work / "place" / "media"
            with engine_of(ours()).for_trial(ours(), work / "place") as config:
                restore(folder / row.file, config, media, unsigned=not settings.LEDGER_KEY, say=say)
            shutil.rmtree(work / "place")
        except (Unfit, OSError, Error) as problem:
            known = (before.file, before.at, before.seconds) if before else ("", None, 0)
            backup_record.record_drilled(folder, Drilled(*known, problem=str(problem)))
            raise problem if isinstance(problem, Unfit) else Unfit(f"演练没有做成：{problem}") from None
        done = Drilled(row.file, timezone.now(), round(time.monotonic() - started))
        backup_record.record_drilled(folder, done)
    with contextlib.suppress(Error):
        audit.record("恢复演练", actor=None, file=done.file, seconds=done.seconds)
    return done
