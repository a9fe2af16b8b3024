"""What may be uploaded, what becomes of it on the way in, and how it is taken away again.

Photos (JPEG, PNG) are decoded and written anew, so that neither place and time of the shot (EXIF, GPS) nor anything hidden
behind the picture is kept; PDF is known by its content and stored as it is.
"""

import contextlib
import datetime
import hashlib
import io
import re
import subprocess
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from PIL import Image, ImageOps

from .models import Attachment, Division, User
from .names import shown_name

MIB = 1024 * 1024
MOST_BYTES = 20 * MIB  # of one file as uploaded
# Pixels. JPEG is decoded at reduced size, so a phone's 64 megapixel picture is harmless; PNG is decoded whole.
MOST_PIXELS = {"JPEG": 65_000_000, "PNG": 25_000_000}
SCAN_SECONDS = 60  # the longest wait for the virus scanner
LONGEST_EDGE = 2000  # pixels of a stored photo
JPEG_QUALITY = 85
# A progressive JPEG brings the picture in about ten scans. A scan of a hundred bytes keeps the decoder as busy as a whole one, and
# 20 MiB hold two hundred thousand of them: hours of work.
MOST_SCANS = 40
# A progressive picture of 64 megapixels takes half a gigabyte while it is decoded: such are decoded one at a time.
LARGE_PIXELS = 16_000_000
_LARGE = threading.Lock()


class Unusable(Exception):
    """Why a file or link is not taken, as a Chinese sentence that says what to do."""


@dataclass
class Prepared:
    """One file as it will be stored."""

    name: str  # as the person called it, cleaned
    content: bytes
    content_type: str
    sha256_original: str

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


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
        large = image.width * image.height > LARGE_PIXELS
        if kind == "JPEG":
            if _scans(content) > MOST_SCANS:
                raise Unusable("照片的编码不正常，请把它截图，上传截图")
            image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
        with _LARGE if large else contextlib.nullcontext():
            image.load()
        image = ImageOps.exif_transpose(image)
        image.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.HAMMING)  # half the work of BICUBIC
        clear = kind == "PNG" and image.has_transparency_data
        image = image.convert("RGBA" if clear else "RGB")
        image.info = {}  # comments and colour profiles would be written along
        out = io.BytesIO()
        if kind == "PNG":
            image.save(out, "PNG", optimize=True)
            return out.getvalue(), "image/png"
        # Not `optimize`: it takes more than twice as long to make the file 5 % smaller, and nobody else is served meanwhile.
        image.save(out, "JPEG", quality=JPEG_QUALITY)
        return out.getvalue(), "image/jpeg"
    except Unusable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable("照片的尺寸大得不正常，请换一张") from None
    except Exception:  # crafted files make the decoder fail in any way; all mean the same to the person
        raise Unusable("照片不完整或已损坏，请重新选择") from None


_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # of a JPEG; within a scan \xff is followed by \0 or a restart
_SCAN, _END = 0xDA, 0xD9


def _scans(content: bytes) -> int:
    """How many scans the decoder would go through. Thumbnails within a segment and films behind the picture are none."""
    count, at = 0, 2
    while marker := _MARKER.search(content, at):
        kind, at = marker[0][1], marker.end()
        if kind == _END:
            break
        count += kind == _SCAN
        at += int.from_bytes(content[at : at + 2], "big")  # of the segment, these two bytes included
    return count


# A PDF is handed out as a download in a sandbox, never shown by us; what is refused here is what would act on the reader's
# own computer. Streams packed in unusual ways are not looked into: an accepted risk.
_BEGINS = re.compile(rb"stream\r?\n")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ENCRYPTED = re.compile(rb"/Encrypt\b")
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|EmbeddedFiles|RichMedia|XFA)\b")
MOST_UNPACKED = 8 * MIB


def check_pdf(content: bytes) -> None:
    """Refuses a PDF that is cut short, encrypted, or carries scripts, programs or other files. Raises Unusable."""
    if b"%%EOF" not in content[-2048:]:
        raise Unusable("PDF 不完整，请重新导出后再传")
    outside, streams = _taken_apart(content)
    parts = [outside]
    room = MOST_UNPACKED
    for start, stream in streams:
        if b"/ObjStm" in content[max(0, start - 512) : start] and room > 0:
            try:
                unpacked = zlib.decompressobj().decompress(stream, room)
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


def _taken_apart(content: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """What stands outside the streams, and each stream with where it begins. One pass: a pattern from "stream" to "endstream"
    looks through the rest of the file again for each stream that has no end, which takes days of a file made for it."""
    outside, streams, at = [], [], 0
    while begins := _BEGINS.search(content, at):
        ends = content.find(b"endstream", begins.end())
        if ends < 0:
            break
        outside.append(content[at : begins.start()])
        streams.append((begins.start(), content[begins.end() : ends]))
        at = ends + len(b"endstream")
    return b"".join([*outside, content[at:]]), streams


# --- attachments of the registries ---------------------------------------------------------------------

_written: ContextVar[list | None] = ContextVar("files written in the transaction under way", default=None)


@contextlib.contextmanager
def atomic() -> Iterator[None]:
    """A transaction in which `attach` may be used: a file is no part of a transaction, so what was written to the disk
    goes again when the transaction is taken back."""
    written: list = []
    token = _written.set(written)
    try:
        with transaction.atomic():
            yield
    except BaseException:
        for storage, name in written:
            storage.delete(name)
        raise
    finally:
        _written.reset(token)


def made_ready(files: Mapping[str, UploadedFile]) -> dict[str, Prepared | Unusable] | None:
    """The uploads of a request by field, for a form: as they will be stored, or why not; None when there are none. Before the
    database is held."""
    ready: dict[str, Prepared | Unusable] = {}
    for name, upload in files.items():
        try:
            ready[name] = prepare(upload)
        except Unusable as problem:
            ready[name] = problem
    return ready or None


def attach(upload: UploadedFile | Prepared, place: Division, actor: User, *, guarded: bool = False) -> Attachment:
    """Stores one file for a place; whoever sees the place may fetch it, unless it is `guarded` by a page of its own. Call it
    inside `atomic()`. Raises Unusable."""
    if _written.get() is None:
        raise RuntimeError("attach() needs uploads.atomic(), which takes the file back with the transaction")
    prepared = upload if isinstance(upload, Prepared) else prepare(upload)
    row = Attachment(
        place=place,
        name=prepared.name,
        content_type=prepared.content_type,
        size=len(prepared.content),
        sha256_original=prepared.sha256_original,
        sha256_stored=hashlib.sha256(prepared.content).hexdigest(),
        uploaded_by=actor,
        guarded=guarded,
    )
    row.file.save("", ContentFile(prepared.content), save=False)
    _written.get().append((row.file.storage, row.file.name))
    row.save()
    return row


def strays(before: datetime.datetime) -> list[Path]:
    """Files of uploads that no row names, last written before that moment: a process that is killed between the file and the
    end of its transaction leaves one behind. What is being stored right now has no row either, so leave it a day."""
    fields = [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    ]
    found = []
    for folder in {model._meta.model_name for model, _ in fields}:  # as `internal_name` puts them
        named: set[str] = set()
        for model, field in fields:
            if model._meta.model_name == folder:
                named |= set(model._base_manager.values_list(field.name, flat=True))
        for path in sorted(Path(settings.MEDIA_ROOT, folder).glob("*")):
            if f"{folder}/{path.name}" not in named and path.stat().st_mtime < before.timestamp():
                found.append(path)
    return found


def detach(attachment: Attachment) -> None:
    """Takes a file away once the transaction holds for good; whatever pointed to it points to nothing."""
    storage, name = attachment.file.storage, attachment.file.name
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(name))
