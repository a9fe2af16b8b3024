"""Evidence of a session: adding several files at once, and taking one away. What a file may be and what becomes of it on the
way in, networks/uploads.py decides; links are kept as text and never fetched. One bad file among five is named and the
other four are kept.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest

from networks import audit
from networks.access import barred_from_names_on_paper
from networks.models import User
from networks.names import clean_text, shown_name
from networks.uploads import MIB, Prepared, Unusable, prepare

from . import photo_matches
from .models import Audience, Evidence, PointReport, Refused, Status, TrainingSession
from .models.entry import protected_name_in

MOST_BYTES_PER_SESSION = 100 * MIB  # as stored
MOST_FILES_AT_ONCE = 20
MOST_PER_SESSION = 40
ALREADY = "已经传过，没有重复保存"
OPEN = frozenset({Status.PLANNED, Status.DRAFT, Status.RETURNED, Status.SUBMITTED})  # material may still be added
REMOVABLE = frozenset({Status.PLANNED, Status.DRAFT, Status.RETURNED})


@dataclass
class Added:
    """What came of an upload: rows kept, and (name, sentence) of what was not."""

    kept: list[Evidence] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def refusal(self) -> str:
        return "\n".join(f"{name}：{sentence}" for name, sentence in self.refused)


def clean_link(text: str) -> str:
    """The web address as typed, kept as text. Raises Unusable."""
    link = clean_text(text)
    try:
        parts = urlsplit(link)
        fine = parts.scheme in ("http", "https") and parts.hostname and not parts.username and " " not in link
    except ValueError:
        fine = False
    if not fine or len(link) > 500:
        raise Unusable("请填写以 http:// 或 https:// 开头的网址，最多 500 个字")
    return link


# --- adding and removing -----------------------------------------------------------------------------------


def add(
    session: TrainingSession,
    *,
    actor: User,
    kind: str,
    uploads: Iterable[UploadedFile] = (),
    link: str = "",
    request: HttpRequest | None = None,
    report: PointReport | None = None,
) -> Added:
    """Keeps what can be kept and names what cannot. Raises PermissionDenied, and Refused when nothing at all may be added
    now. Files are made ready before the database is held; a file whose row does not get stored is removed again.

    `report` is the 随手报 that brings the files: its sender has no account, so the link is their right, to this one session,
    and `actor` is whoever gave the link out."""
    refuse_unless_open(session, actor, kind, report)
    added = Added()
    ready: list[Prepared] = []
    uploads = list(uploads)
    protected = Audience.objects.protected_names()
    for upload in uploads[:MOST_FILES_AT_ONCE]:
        try:
            prepared = prepare(upload)
            _refuse_protected(prepared.name, protected, "文件名")
            ready.append(prepared)
        except Unusable as problem:
            added.refused.append((shown_name(upload.name), str(problem)))
    for upload in uploads[MOST_FILES_AT_ONCE:]:
        added.refused.append((shown_name(upload.name), f"一次最多传 {MOST_FILES_AT_ONCE} 个，请再传一次"))
    address = ""
    if link.strip():
        try:
            address = clean_link(link)
            _refuse_protected(unquote(address), protected, "链接")
        except Unusable as problem:
            address = ""
            added.refused.append(("链接", str(problem)))
    if ready or address:
        _store(session, actor, kind, ready, address, added, request, report)
    if any(row.is_image for row in added.kept):
        photo_matches.compare_soon()
    return added


def refuse_unless_open(session: TrainingSession, actor: User, kind: str, report: PointReport | None = None) -> None:
    """The rules of adding, asked before any work and again under the lock. Raises PermissionDenied, Refused."""
    by_link = report is not None and report.session_id == session.pk
    if not by_link and not TrainingSession.objects.editable_by(actor).filter(pk=session.pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以添加材料")
    if session.status not in OPEN:
        raise Refused(f"这一场次现在是“{session.get_status_display()}”，不能再添加材料")
    session.refuse_locked_year(hold=False)
    if kind not in Evidence.Kind.values:
        raise Refused("请选择材料种类")
    Evidence.refuse_kind(session, kind)


def veiled(pieces: Iterable[Evidence], user: User) -> list[Evidence]:
    """The same pieces, which come with their `session`; `closed` says why this account may not open one. One query, and none
    where no piece bears names."""
    pieces = list(pieces)
    named = [piece for piece in pieces if piece.names_persons]
    if named:
        sessions = TrainingSession.objects.filter(pk__in={piece.session_id for piece in named})
        minors = set(sessions.with_minors().order_by().values_list("pk", flat=True))
        for piece in named:
            piece.closed = barred_from_names_on_paper(user, piece.session, with_minors=piece.session_id in minors)
    return pieces


def remove(evidence: Evidence, *, actor: User, request: HttpRequest | None = None) -> None:
    """Takes a piece away while the session is its unit's to change; the file goes once that is certain. Raises
    PermissionDenied, Refused."""
    with transaction.atomic():
        session = evidence.session.locked_row()
        if not TrainingSession.objects.editable_by(actor).filter(pk=session.pk).exists():
            raise PermissionDenied("只有登记单位的工作人员可以删除材料")
        if session.status not in REMOVABLE:
            raise Refused(f"这一场次现在是“{session.get_status_display()}”，材料不能删除；需要时请先撤回")
        session.refuse_locked_year()
        audit.record(
            "删除佐证材料",
            actor=actor,
            subject=evidence,
            request=request,
            session=session.number,
            kind=evidence.kind,
            sha256=evidence.sha256_stored,
        )
        storage, name = evidence.file.storage, evidence.file.name
        evidence.delete()
        if name:
            transaction.on_commit(lambda: storage.delete(name))


def _store(session, actor, kind, ready, address, added, request, report) -> None:
    written = []
    patterns = {one.sha256_original: photo_matches.patterns_of(one.content, one.content_type) for one in ready}
    try:
        # Durable: the outermost transaction, so that whatever goes wrong up to its end is seen below.
        with transaction.atomic(durable=True):
            row = session.locked_row()
            row.refuse_locked_year()
            refuse_unless_open(row, actor, kind, report)
            stored = list(row.evidence.all())
            known = {item.sha256_original for item in stored if item.sha256_original}
            bytes_used, room = sum(item.size for item in stored), MOST_PER_SESSION - len(stored)
            for prepared in ready:
                problem = ""
                if prepared.sha256_original in known:
                    problem = ALREADY
                elif room <= 0:
                    problem = f"每场最多 {MOST_PER_SESSION} 份材料，请先删除不用的"
                elif bytes_used + len(prepared.content) > MOST_BYTES_PER_SESSION:
                    problem = f"每场材料合计不超过 {MOST_BYTES_PER_SESSION // MIB} MB，请先删除不用的"
                if problem:
                    added.refused.append((prepared.name, problem))
                    continue
                evidence = _row(row, actor, kind, prepared)
                evidence.file.save("", ContentFile(prepared.content), save=False)
                written.append((evidence.file.storage, evidence.file.name))
                evidence.save()
                photo_matches.keep_print(evidence, patterns[prepared.sha256_original])
                _record(evidence, row, None if report else actor, request)
                added.kept.append(evidence)
                known.add(prepared.sha256_original)
                bytes_used += evidence.size
                room -= 1
            if address and room > 0 and not any(item.link == address for item in stored):
                evidence = Evidence.objects.create(session=row, kind=kind, link=address, uploaded_by=actor)
                _record(evidence, row, None if report else actor, request)
                added.kept.append(evidence)
            elif address:
                added.refused.append(("链接", "已经填过，或材料太多，没有保存"))
    except BaseException:
        for storage, name in written:
            storage.delete(name)
        raise


def _row(session: TrainingSession, actor: User, kind: str, prepared: Prepared) -> Evidence:
    return Evidence(
        session=session,
        kind=kind,
        original_name=prepared.name,
        content_type=prepared.content_type,
        size=len(prepared.content),
        sha256_original=prepared.sha256_original,
        sha256_stored=hashlib.sha256(prepared.content).hexdigest(),
        uploaded_by=actor,
    )


def _record(evidence: Evidence, session: TrainingSession, actor: User | None, request: HttpRequest | None) -> None:
    audit.record(
        "添加佐证材料",
        actor=actor,
        subject=evidence,
        request=request,
        county_code=session.organiser.county_id,
        session=session.number,
        kind=evidence.kind,
        sha256=evidence.sha256_stored,
        bytes=evidence.size,
    )


def _refuse_protected(text: str, protected: list[str], where: str) -> None:
    name = protected_name_in(text, protected)
    if name:
        raise Unusable(f"{where}里不能出现“{name}”，请改成不指明人群的名称后再传")
