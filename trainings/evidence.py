"""What may be uploaded as evidence, what becomes of it on the way in, and how it is taken away again.

Photos (JPEG, PNG) are decoded and written anew, so that neither place and time of the shot (EXIF, GPS) nor anything hidden
behind the picture is kept; PDF is known by its content and stored as it is; links are kept as text and never fetched. One bad
file among five is named and the other four are kept.
"""

import hashlib
import io
import re
import subprocess
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest
from PIL import Image, ImageOps

from networks import audit
from networks.models import User
from networks.names import clean_text, shown_name

from .models import Audience, Evidence, Refused, Status, TrainingSession
from .models.entry import protected_name_in

MIB = 1024 * 1024
MOST_BYTES = 20 * MIB  # of one file as uploaded
MOST_BYTES_PER_SESSION = 100 * MIB  # as stored
MOST_FILES_AT_ONCE = 20
MOST_PER_SESSION = 40
# Pixels. JPEG is decoded at reduced size, so a phone's 64 megapixel picture is harmless; PNG is decoded whole.
MOST_PIXELS = {"JPEG": 65_000_000, "PNG": 25_000_000}
SCAN_SECONDS = 60  # the longest wait for the virus scanner
LONGEST_EDGE = 2000  # pixels of a stored photo
JPEG_QUALITY = 85
OPEN = frozenset({Status.PLANNED, Status.DRAFT, Status.RETURNED, Status.SUBMITTED})  # material may still be added
REMOVABLE = frozenset({Status.PLANNED, Status.DRAFT, Status.RETURNED})


class Unusable(Exception):
    """Why a file or link is not taken, as a Chinese sentence that says what to do."""


@dataclass
class Prepared:
    """One file as it will be stored."""

    name: str  # as the person called it, cleaned
    content: bytes
    content_type: str
    sha256_original: str


@dataclass
class Added:
    """What came of an upload: rows kept, and (name, sentence) of what was not."""

    kept: list[Evidence] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def refusal(self) -> str:
        return "\n".join(f"{name}：{sentence}" for name, sentence in self.refused)


# --- from an upload to what is stored ------------------------------------------------------------------


def prepare(upload: UploadedFile) -> Prepared:
    """Decides by content what the file is and makes it fit to store. Raises Unusable. Touches no database."""
    if upload.size > MOST_BYTES:
        raise Unusable(f"超过 {MOST_BYTES // MIB} MB，请压缩后再传")
    content = upload.read()
    scan(content)
    digest = hashlib.sha256(content).hexdigest()
    kind = kind_of(content)
    if kind == "pdf":
        check_pdf(content)
        return Prepared(shown_name(upload.name), content, "application/pdf", digest)
    if kind in ("JPEG", "PNG"):
        stored, content_type = reencode(content, kind)
        return Prepared(shown_name(upload.name), stored, content_type, digest)
    raise Unusable(WHAT_TO_DO[kind])


def scan(content: bytes) -> None:
    """Shows the file to the installation's virus scanner, where one is set (SCAN_COMMAND: the file on standard input, exit 0
    clean, 1 infected). Fails closed: a scanner that is missing, slow or broken lets nothing through. Raises Unusable."""
    if not settings.SCAN_COMMAND:
        return
    try:
        # The operator's own words, no shell.
        done = subprocess.run(settings.SCAN_COMMAND, input=content, capture_output=True, timeout=SCAN_SECONDS)  # noqa: S603
        told = done.returncode
    except (OSError, subprocess.TimeoutExpired):
        told = None
    if told == 1:
        raise Unusable("没有通过病毒检查，不能上传。请先在电脑上杀毒，再换一份文件")
    if told != 0:
        raise Unusable("现在不能做病毒检查，所以没有保存。请稍后再传；一直这样请告诉系统管理员")


WHAT_TO_DO = {
    "empty": "是空文件，请重新选择",
    "heic": "是苹果手机的 HEIC 照片，这里打不开。请在手机“设置—相机—格式”里选“兼容性最佳”后重拍，"
    "或先发到微信、保存后再选那一张",
    "gif": "是 GIF 动图，请换成 JPG 或 PNG 照片",
    "webp": "是 WebP 图片，请截图或另存为 JPG 后再传",
    "svg": "是 SVG 或网页文件，不能上传。请截图成 JPG 或 PNG 后再传",
    "office": "是 Word、Excel 或 PPT 文件，请另存为 PDF 后再传",
    "archive": "是压缩包，请解压后把照片或 PDF 直接传上来",
    "video": "是视频，不能上传。请截取几张照片，或把视频的网址填在“链接”里",
    "unknown": "不是 JPG、PNG 照片，也不是 PDF，请另存为这几种再传",
}


def kind_of(content: bytes) -> str:
    """pdf, JPEG, PNG, or a key of WHAT_TO_DO; by the first bytes, whatever the name says."""
    head = content[:64]
    if not content.strip(b"\0 \r\n\t"):
        return "empty"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"avif") else "video"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "office"
    if head.startswith(b"PK"):
        return "office" if b"[Content_Types].xml" in content[:4096] else "archive"
    if head.startswith((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return "archive"
    if head.startswith((b"RIFF", b"\x1aE\xdf\xa3", b"\x00\x00\x01\xba")):
        return "video"
    text = content[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        return "svg"
    return "unknown"


def reencode(content: bytes, kind: str) -> tuple[bytes, str]:
    """The picture alone, upright, its longer edge at most LONGEST_EDGE, and its content type. Raises Unusable."""
    try:
        image = Image.open(io.BytesIO(content), formats=[kind])
        if image.width * image.height > MOST_PIXELS[kind]:
            raise Unusable(f"照片太大（{image.width}×{image.height}），请缩小后再传")
        if kind == "JPEG":
            image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
        image.load()
        image = ImageOps.exif_transpose(image)
        image.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
        clear = kind == "PNG" and image.has_transparency_data
        image = image.convert("RGBA" if clear else "RGB")
        image.info = {}  # comments and colour profiles would be written along
        out = io.BytesIO()
        if kind == "PNG":
            image.save(out, "PNG", optimize=True)
            return out.getvalue(), "image/png"
        image.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
        return out.getvalue(), "image/jpeg"
    except Unusable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable("照片的尺寸大得不正常，请换一张") from None
    except Exception:  # crafted files make the decoder fail in any way; all mean the same to the person
        raise Unusable("照片不完整或已损坏，请重新选择") from None


# A PDF is handed out as a download in a sandbox, never shown by us; what is refused here is what would act on the reader's
# own computer. Streams packed in unusual ways are not looked into: an accepted risk.
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ENCRYPTED = re.compile(rb"/Encrypt\b")
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|EmbeddedFiles|RichMedia|XFA)\b")
MOST_UNPACKED = 8 * MIB


def check_pdf(content: bytes) -> None:
    """Refuses a PDF that is cut short, encrypted, or carries scripts, programs or other files. Raises Unusable."""
    if b"%%EOF" not in content[-2048:]:
        raise Unusable("PDF 不完整，请重新导出后再传")
    parts = [_STREAM.sub(b"", content)]
    room = MOST_UNPACKED
    for match in _STREAM.finditer(content):
        if b"/ObjStm" in content[max(0, match.start() - 512) : match.start()] and room > 0:
            try:
                unpacked = zlib.decompressobj().decompress(match[1], room)
            except zlib.error:
                continue
            room -= len(unpacked)
            parts.append(unpacked)
    for part in parts:
        names = _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), part)
        if _ENCRYPTED.search(names):
            raise Unusable("PDF 加了密码，请去掉密码后再传")
        if _ACTIVE.search(names):
            raise Unusable("PDF 里带有脚本或附件，请用“打印—另存为 PDF”重新生成后再传")


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
) -> Added:
    """Keeps what can be kept and names what cannot. Raises PermissionDenied, and Refused when nothing at all may be added
    now. Files are made ready before the database is held; a file whose row does not get stored is removed again."""
    refuse_unless_open(session, actor, kind)
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
        _store(session, actor, kind, ready, address, added, request)
    return added


def refuse_unless_open(session: TrainingSession, actor: User, kind: str) -> None:
    """The rules of adding, asked before any work and again under the lock. Raises PermissionDenied, Refused."""
    if not TrainingSession.objects.editable_by(actor).filter(pk=session.pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以添加材料")
    if session.status not in OPEN:
        raise Refused(f"这一场次现在是“{session.get_status_display()}”，不能再添加材料")
    session.refuse_locked_year(hold=False)
    if kind not in Evidence.Kind.values:
        raise Refused("请选择材料种类")
    Evidence.refuse_kind(session, kind)


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


def _store(session, actor, kind, ready, address, added, request) -> None:
    written = []
    try:
        # Durable: the outermost transaction, so that whatever goes wrong up to its end is seen below.
        with transaction.atomic(durable=True):
            row = session.locked_row()
            row.refuse_locked_year()
            refuse_unless_open(row, actor, kind)
            stored = list(row.evidence.all())
            known = {item.sha256_original for item in stored if item.sha256_original}
            bytes_used, room = sum(item.size for item in stored), MOST_PER_SESSION - len(stored)
            for prepared in ready:
                problem = ""
                if prepared.sha256_original in known:
                    problem = "已经传过，没有重复保存"
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
                _record(evidence, row, actor, request)
                added.kept.append(evidence)
                known.add(prepared.sha256_original)
                bytes_used += evidence.size
                room -= 1
            if address and room > 0 and not any(item.link == address for item in stored):
                evidence = Evidence.objects.create(session=row, kind=kind, link=address, uploaded_by=actor)
                _record(evidence, row, actor, request)
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


def _record(evidence: Evidence, session: TrainingSession, actor: User, request: HttpRequest | None) -> None:
    audit.record(
        "添加佐证材料",
        actor=actor,
        subject=evidence,
        request=request,
        session=session.number,
        kind=evidence.kind,
        sha256=evidence.sha256_stored,
        bytes=evidence.size,
    )


def _refuse_protected(text: str, protected: list[str], where: str) -> None:
    name = protected_name_in(text, protected)
    if name:
        raise Unusable(f"{where}里不能出现“{name}”，请改成不指明人群的名称后再传")
