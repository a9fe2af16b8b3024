"""归档包: sessions as a zip that opens without this system: a cover, the record of each with its states, the roster as the account
may see it, the evidence under safe names, and a list of digests with the way to compare them.

Written to the disk piece by piece, so that a large pack needs no memory. Whose sessions they are is the caller's business.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from django.contrib.staticfiles import finders
from django.db.models import Prefetch, Sum
from django.template.loader import render_to_string
from django.utils import timezone

from networks.access import barred_from_roster, sees_drafts_of
from networks.models import User
from networks.templatetags.page import cn_date, cn_datetime
from networks.uploads import MIB

from .changes import REPORTED, displayed, records_of, steps
from .evidence import veiled
from .models import Evidence, Refused, TrainingSession
from .rosters.showing import Shown, Veil, lines_of

MOST_BYTES = 300 * MIB  # of the evidence in one pack, as stored
MOST_SESSIONS = 300
CHUNK = 256 * 1024
SUMS = "SHA256SUMS.txt"
INDEX = "index.html"

CLOSED = "上面有姓名，不在您可以查看的范围内，没有打包"
GONE = "文件已按期删除，只留摘要"
LOST = "文件不在了，请联系系统管理员从备份恢复"
CHANGED = "与登记的摘要不一致，请报告审计"


@dataclass(frozen=True)
class Piece:
    """One piece of evidence: `path` in the pack ('' for a link and for what is not there), its digest, and what is wrong."""

    evidence: Evidence
    path: str = ""
    sha256: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Record:
    """One session as it is shown in the pack."""

    session: TrainingSession
    folder: str
    facts: list[tuple[str, str]]
    steps: list
    pieces: list[Piece]
    roster: list[Shown] = field(default_factory=list)
    no_roster: str = ""


@dataclass
class Pack:
    """The finished file, at its beginning, and what it came to."""

    file: IO[bytes]
    sessions: int
    files: int
    size: int
    digest: str  # of SHA256SUMS.txt, which the log keeps


def refuse_too_large(sessions) -> None:
    """`sessions`: a queryset. Raises Refused with what to do instead."""
    count = sessions.count()
    size = (
        Evidence.objects.filter(session__in=sessions.order_by().values("pk")).aggregate(size=Sum("size"))["size"] or 0
    )
    if count > MOST_SESSIONS:
        raise Refused(f"一共 {count} 场，一次最多打包 {MOST_SESSIONS} 场，请选月份，分几次下载")
    if size > MOST_BYTES:
        raise Refused(f"材料合计 {-(-size // MIB):,} MB，一次最多打包 {MOST_BYTES // MIB} MB，请选月份，或逐场下载")


def pack(sessions: Iterable[TrainingSession], user: User, title: str) -> Pack:
    """`sessions` as of `for_display()`, those that the account may see; at most MOST_SESSIONS. The caller closes the file."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - handed on
    try:
        return _Writer(out, user, title).write(sessions)
    except BaseException:
        out.close()
        raise


class _Writer:
    def __init__(self, out: IO[bytes], user: User, title: str) -> None:
        self.out, self.user, self.title = out, user, title
        self.sums: list[tuple[str, str]] = []
        self.made = timezone.localtime()

    def write(self, sessions: Iterable[TrainingSession]) -> Pack:
        records, files = [], 0
        with zipfile.ZipFile(self.out, "w", zipfile.ZIP_STORED) as self.zip:
            for session in sessions:
                record = self._record(session)
                context = {"record": record, "session": session, "user": self.user, "made": self.made, "up": "../"}
                self._text(f"{record.folder}/record.html", render_to_string("trainings/archive/_record.html", context))
                files += sum(bool(piece.path) for piece in record.pieces)
                # Of a finished record the cover needs a line only: its lines and history must not pile up in memory.
                records.append((session, record.folder, len(record.pieces), self._troubles(record)))
            context = {"records": records, "title": self.title, "user": self.user, "made": self.made}
            self._text(INDEX, render_to_string("trainings/archive/_index.html", context))
            self._text("style.css", _static("archive/style.css"))
            self._text("README.txt", _static("archive/README.txt"))
            sums = "".join(f"{digest}  {path}\n" for path, digest in self.sums)
            self._text(SUMS, sums)
        size = self.out.tell()
        self.out.seek(0)
        return Pack(self.out, len(records), files, size, hashlib.sha256(sums.encode()).hexdigest())

    @staticmethod
    def _troubles(record: Record) -> list[str]:
        return [piece.remark for piece in record.pieces if piece.remark in (LOST, CHANGED)]

    def _record(self, session: TrainingSession) -> Record:
        history = records_of(session)
        if not sees_drafts_of(self.user, session):  # what its unit did before submitting is its own business
            history = [one for one in history if one.status not in TrainingSession.PRIVATE]
        folder = session.number
        barred = barred_from_roster(self.user, session)
        roster = [] if barred else Veil(self.user, session, names=False).shown(lines_of(session, self.user))
        return Record(
            session=session,
            folder=folder,
            facts=_facts(session),
            steps=steps(history),
            pieces=[self._piece(item, folder) for item in veiled(session.evidence.all(), self.user)],
            roster=roster,
            no_roster=barred or ("" if roster else "没有名册，或名册已按期删除"),
        )

    def _piece(self, evidence: Evidence, folder: str) -> Piece:
        if evidence.closed and not evidence.purged_on:
            return Piece(evidence, sha256=evidence.sha256_stored, remark=CLOSED)
        if evidence.link:
            return Piece(evidence, remark="链接，只作为文字保存")
        if not evidence.file:
            return Piece(evidence, sha256=evidence.sha256_stored, remark=GONE)
        path = f"{folder}/evidence/{evidence.download_name}"
        try:
            source = evidence.file.open("rb")
        except FileNotFoundError:
            return Piece(evidence, sha256=evidence.sha256_stored, remark=LOST)
        digest = hashlib.sha256()
        with source, self.zip.open(self._entry(path), "w", force_zip64=True) as target:
            while part := source.read(CHUNK):
                digest.update(part)
                target.write(part)
        self.sums.append((path, digest.hexdigest()))
        known = evidence.sha256_stored
        return Piece(evidence, path, digest.hexdigest(), CHANGED if known and known != digest.hexdigest() else "")

    def _text(self, path: str, text: str) -> None:
        content = text.encode()
        if path != SUMS:
            self.sums.append((path, hashlib.sha256(content).hexdigest()))
        self.zip.writestr(self._entry(path), content, zipfile.ZIP_DEFLATED)

    def _entry(self, path: str) -> zipfile.ZipInfo:
        return zipfile.ZipInfo(path, self.made.timetuple()[:6])


def _facts(session: TrainingSession) -> list[tuple[str, str]]:
    """All that has been reported, then what the office found, each as the screen says it; empty ones are left out."""
    told = [("场次编号", session.number), ("状态", session.get_status_display())]
    for name in REPORTED:
        column = TrainingSession._meta.get_field(name)
        told.append((str(column.verbose_name), displayed(name, getattr(session, column.attname))))
    audiences = [f"{row.audience}{'' if row.number is None else row.number}" for row in session.audience_counts.all()]
    partners = [
        f"{row.unit or row.name}{'（已确认）' if row.confirmed_at else '（未确认）'}"
        for row in session.co_organisers.all()
    ]
    rostered, verified = session.rostered_attendance, session.verified_attendance
    told += [
        ("培训对象", "、".join(audiences)),
        ("协办单位", "、".join(partners)),
        ("签到人次", "" if rostered is None else str(rostered)),
        ("核定人次", "" if verified is None else str(verified)),
        ("核定时间", cn_datetime(session.verified_at) if session.verified_at else ""),
        ("名册删除日期", cn_date(session.roster_purged_on, "plain") if session.roster_purged_on else ""),
    ]
    # What was written and what was counted (对象、协办) stands once where both say the same.
    return list(dict.fromkeys((label, value) for label, value in told if value))


def _static(name: str) -> str:
    with open(finders.find(name), encoding="utf-8") as file:
        return file.read()


def for_packing(rows):
    """A queryset of sessions with all that a record shows."""
    evidence = Prefetch("evidence", Evidence.objects.select_related("uploaded_by__person", "session"))
    return (
        rows.for_display()
        .prefetch_related(evidence, "audience_counts__audience", "co_organisers__unit")
        .order_by("held_on", "pk")
    )
