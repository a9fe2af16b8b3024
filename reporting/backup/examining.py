"""Is what can be read from a backup what was put in? The same questions after writing, before restoring, and in the drill."""

from dataclasses import dataclass
from pathlib import Path

from . import facts
from .archive import MEDIA, Archive
from .databases import engine_of, reading
from .problems import Unfit


@dataclass(frozen=True)
class Examined:
    database: Path  # its file, taken out
    opened: bool  # False where the server gave no database to open it in, so that it was only read through


def examine(archive: Archive, like: dict, work: Path, *, files: Path | None = None, trial: bool = True) -> Examined:
    """Reads everything in the archive and opens its database on an engine `like` this one; the files go to the folder `files`,
    if one is given. Without `trial` the database is only read through. Raises Unfit for the first thing that is not as it was.

    The database of an older version is compared as far as this version can read it; what only the models of today can tell
    (the ledger) waits until it was brought forward."""
    part = take_out_database(archive, like, work)
    for number, (name, _) in enumerate(archive.media.items()):
        archive.take_out(MEDIA + name, files / str(number) if files else None)
    engine = engine_of(like)
    opened = False
    if trial:
        with engine.opened(part, like, work) as config:
            if opened := config is not None:
                agrees(archive, config)
    if not opened:
        engine.readable(part)
    return Examined(part, opened)


def take_out_database(archive: Archive, like: dict, work: Path) -> Path:
    engine = engine_of(like)
    if archive.manifest["engine"] != engine.__name__.rsplit(".", 1)[1]:
        raise Unfit(
            f"{archive.path.name} 是 {shown(archive.manifest['engine'])} 的备份，要恢复到的却是"
            f" {shown(engine.__name__.rsplit('.', 1)[1])}：请恢复到同一种数据库，再用专门的命令转换"
        )
    if engine.PART not in archive.parts:
        raise Unfit(f"{archive.path.name} 里没有数据库，不能使用")
    part = work / engine.PART
    part.unlink(missing_ok=True)
    archive.take_out(engine.PART, part)
    return part


def shown(engine: str) -> str:
    return {"sqlite": "SQLite", "postgres": "PostgreSQL"}.get(engine, engine)


def agrees(archive: Archive, config: dict) -> None:
    """Raises Unfit unless this database is the one of the archive: its own check, its facts, its files, its ledger."""
    with reading(config):
        problems = new_findings(archive, engine_of(config).faults())
        if not problems:
            problems = facts.differences(archive.manifest["facts"], facts.facts(archive.manifest["facts"]))
        if not problems:
            _, faults = files_against(archive)
            problems = new_findings(archive, faults)
        if not problems and not facts.older_than_us(archive.manifest["facts"]["migrations"]):
            problems = ledger_findings(archive)
    if problems:
        more = f" 等 {len(problems)} 处" if len(problems) > 1 else ""
        raise Unfit(f"{archive.path.name} 与做备份时不符，不能使用：{problems[0]}{more}")


def ledger_findings(archive: Archive) -> list[str]:
    """Nothing can be said of signatures whose key is lost; whoever restores is told."""
    return new_findings(archive, facts.ledger_findings()) if archive.signer_known else []


def new_findings(archive: Archive, found: list[str]) -> list[str]:
    """Without what was wrong already when the backup was made, which it keeps as it was and has said."""
    known = set(archive.manifest["findings"])
    return [sentence for sentence in found if sentence not in known]


def files_against(archive: Archive) -> tuple[set[str], list[str]]:
    """The files that rows name, and what is wrong with them: not there, or not what was uploaded."""
    names, found = set(), []
    media = archive.media
    for name, digest, called in facts.files():
        names.add(name)
        if name not in media:
            found.append(lost(called))
        elif digest and media[name].sha256 != digest:
            found.append(altered(called))
    return names, found


def lost(called: str) -> str:
    return f"文件在磁盘上已经不在：{called}"


def altered(called: str) -> str:
    return f"文件与上传时的摘要不符：{called}"
