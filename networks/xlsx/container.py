"""What kind of file was uploaded, and is it safe to read: decided by its first bytes and by streaming, never by its name.

Every part of the package is inflated at most once, in small chunks, against limits that count what really comes out (the
sizes a zip declares are not believed). The only parser that touches an upload at this stage is expat, with document types,
entities and deep nesting refused; so no child process is needed to contain it.
"""

import hashlib
import io
import itertools
import re
import stat
import struct
import zipfile
import zlib
from xml.parsers import expat

from .problems import Unreadable

MIB = 1024 * 1024
MAX_FILE = 20 * MIB
MAX_XML = 60 * MIB  # over all parts, inflated
MAX_OTHER = 60 * MIB  # pictures and the like, inflated
MAX_ENTRIES = 5_000
MAX_DEPTH = 64  # elements within elements; a real workbook stays below 20
MAX_ELEMENTS = 5_000_000  # in one part; a million cells with texts of their own have three million
CHUNK = MIB  # expat starts a tag that spans chunks anew with each: small ones take a long tag minutes

# What zipfile raises over a damaged archive, found by damaging archives.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)

SAVE_AS = "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（*.xlsx）”后再导入"

# First bytes of files that are neither a zip package, an OLE file nor text.
SIGNATURES = (
    (b"%PDF", "pdf", f"这是 PDF 文件，不是 Excel 工作簿：请找到原来的表格，{SAVE_AS}"),
    (b"\x89PNG", "image", "这是图片（PNG），不是 Excel 工作簿：请上传表格文件本身，不要上传截图"),
    (b"\xff\xd8\xff", "image", "这是图片（JPEG），不是 Excel 工作簿：请上传表格文件本身，不要上传照片"),
    (b"GIF8", "image", "这是图片（GIF），不是 Excel 工作簿：请上传表格文件本身"),
    (b"BM", "image", "这是图片（BMP），不是 Excel 工作簿：请上传表格文件本身"),
    (b"RIFF", "image", "这是图片或音视频文件，不是 Excel 工作簿：请上传表格文件本身"),
    (b"Rar!", "archive", "这是 RAR 压缩包，不是 Excel 工作簿：请先解压，再上传里面的 .xlsx 文件"),
    (b"7z\xbc\xaf", "archive", "这是 7z 压缩包，不是 Excel 工作簿：请先解压，再上传里面的 .xlsx 文件"),
    (b"\x1f\x8b", "archive", "这是 GZIP 压缩包，不是 Excel 工作簿：请先解压，再上传里面的 .xlsx 文件"),
    (b"{\\rtf", "document", "这是 RTF 文档，不是 Excel 工作簿：请把表格复制到 Excel 或 WPS 中，另存为 .xlsx 后再导入"),
)
DAMAGED = f"文件不完整或已损坏，打不开：请重新下载或重新复制一份；如果 Excel 或 WPS 还能打开它，{SAVE_AS}"


def read_source(source):
    """The bytes of `source` (bytes, or a path), refused when longer than the limit before they are read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        size, content = len(source), bytes(source)
    else:
        try:
            with open(source, "rb") as file:
                content = file.read(MAX_FILE + 1)
                size = file.seek(0, io.SEEK_END)
        except FileNotFoundError as error:
            raise Unreadable("no_file", f"没有找到文件 {source}：请检查文件名和所在的文件夹") from error
        except OSError as error:
            raise Unreadable("no_file", f"打不开文件 {source}：它不是文件，或没有读取权限") from error
    if size > MAX_FILE:
        raise Unreadable(
            "file_too_big", f"文件有 {size / MIB:.1f} MiB，超过 20 MiB 的上限：请删去图片和多余内容，或分成几个文件导入"
        )
    return content


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Package:
    """The zip package of an .xlsx file: part names, and each part streamed to an expat parser within the limits."""

    def __init__(self, content):
        refuse_other_kinds(content)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except ZIP_ERRORS as error:
            raise Unreadable("damaged", DAMAGED) from error
        self._entries = self._checked_entries()
        self._streamed = set()
        self._xml_left = MAX_XML
        self._other_left = MAX_OTHER
        refuse_other_packages(self)

    def _checked_entries(self):
        infos = self._zip.infolist()
        if len(infos) > MAX_ENTRIES:
            raise Unreadable("too_many_parts", f"文件里有 {len(infos)} 个部件，超过 {MAX_ENTRIES} 个的上限：{SAVE_AS}")
        entries = {}
        for info in infos:
            name = info.filename.replace("\\", "/")
            if info.flag_bits & 0x1:
                raise Unreadable("encrypted", f"文件带有压缩密码，读不出内容：请取消密码，{SAVE_AS}")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Unreadable("damaged", DAMAGED)  # no workbook is packed otherwise
            if name.startswith("/") or ".." in name.split("/") or stat.S_ISLNK(info.external_attr >> 16):
                raise Unreadable("unsafe_part", f"文件里的部件“{name[:60]}”不安全，已拒绝：{SAVE_AS}")
            if name.lower() in entries:
                raise Unreadable("duplicate_part", f"文件里的部件“{name[:60]}”重复出现，已拒绝：{SAVE_AS}")
            entries[name.lower()] = info
        return entries

    def __contains__(self, name):
        return name.lower() in self._entries

    def names(self):
        return list(self._entries)

    def holds_xml(self, name):
        """Whether the part is XML by its name or its first bytes; old drawings (.vml), which often are not, apart."""
        if name.endswith((".xml", ".rels", ".vml")):
            return not name.endswith(".vml")
        with self._zip.open(self._entries[name]) as stream:
            return stream.read(256).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")

    def parse(self, name, parser):
        """Streams the part `name` into an expat `parser` (see `guarded_parser`). Raises Unreadable."""
        try:
            for chunk in self._chunks(name, xml=True):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError) as error:
            raise Unreadable("damaged", DAMAGED) from error

    def sweep(self):
        """Streams every part that nobody has read, so that the limits and the ban on entities hold for all of them."""
        for name in self._entries:
            if name in self._streamed:
                continue
            is_xml = name.endswith((".xml", ".rels", ".vml"))
            chunks = self._chunks(name, xml=is_xml)
            first = next(chunks, b"")
            if first.startswith(b"PK\x03\x04"):
                raise Unreadable(
                    "nested_archive",
                    f"工作簿里嵌着另一个压缩文件（{name[:60]}）：请删除嵌入的对象，再另存为 .xlsx 导入",
                )
            parser = guarded_parser() if is_xml or first.lstrip().startswith(b"<") else None
            for chunk in itertools.chain([first], chunks):
                try:
                    if parser:
                        parser.Parse(chunk, False)
                except (expat.ExpatError, ValueError):
                    # Old drawings (.vml) are often not well formed; nothing reads them, and the limits go on counting.
                    parser = None

    def _chunks(self, name, *, xml):
        self._streamed.add(name.lower())
        try:
            with self._zip.open(self._entries[name.lower()]) as stream:
                while chunk := stream.read(CHUNK):
                    self._count(len(chunk), xml)
                    yield chunk
        except ZIP_ERRORS as error:
            raise Unreadable("damaged", DAMAGED) from error

    def _count(self, size, xml):
        if xml:
            self._xml_left -= size
        else:
            self._other_left -= size
        if self._xml_left < 0:
            raise too_much_xml()
        if self._other_left < 0:
            raise Unreadable("too_many_pictures", "文件里的图片等附件解压后超过 60 MiB 的上限：请删去图片后再导入")


def guarded_parser(*, namespaces=False):
    """An expat parser that refuses document types, entities, deep nesting and endless elements. Set the handlers you need
    on it, but count depth and elements yourself if you replace the element handlers."""
    parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    depth = elements = 0

    def start(_name, _attributes):
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise too_complex(elements)

    def end(_name):
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    return parser


def too_much_xml():
    return Unreadable(
        "too_much_xml",
        "表格内容解压后超过 60 MiB 的上限：请只保留要导入的表格，删去多余的工作表、空白行和格式，再另存为 .xlsx",
    )


def too_complex(elements):
    """What stands in the way of going on: too many elements, or too many within each other."""
    return too_much_xml() if elements > MAX_ELEMENTS else Unreadable("damaged", DAMAGED)


def _refuse_doctype(*_):
    raise Unreadable("doctype", f"文件里有 DOCTYPE 或实体（ENTITY）声明，正常的工作簿没有，为安全起见已拒绝：{SAVE_AS}")


def refuse_other_kinds(content):
    """Raises Unreadable with the kind's own message unless `content` begins like a zip package."""
    if not content:
        raise Unreadable("empty", "文件是空的（0 字节）：可能没有下载完或没有保存，请打开原文件确认有内容后重新上传")
    if not content.strip(b"\x00 \t\r\n"):
        raise Unreadable("empty", "文件里只有空白，没有内容：可能没有下载完，请重新复制一份再上传")
    if content.startswith(b"PK\x03\x04"):
        return
    if content.startswith(b"PK\x05\x06"):
        raise Unreadable("empty", "文件是一个空的压缩包，没有内容：请打开原文件确认有内容后重新上传")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _ole(content)
    for magic, code, message in SIGNATURES:
        if content.startswith(magic):
            raise Unreadable(code, message)
    raise _text(content)


def _ole(content):
    """The old binary formats share one container; its directory names say which it is."""

    def holds(name):
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        return Unreadable(
            "encrypted", f"工作簿设了打开密码（已加密），读不出内容：请用 Excel 或 WPS 取消密码，{SAVE_AS}"
        )
    if holds("WordDocument"):
        return Unreadable(
            "document",
            "这是 Word 97—2003 文档（.doc），不是 Excel 工作簿：请把表格复制到 Excel 或 WPS 中，另存为 .xlsx",
        )
    if holds("PowerPoint Document"):
        return Unreadable("document", "这是演示文稿（.ppt），不是 Excel 工作簿：请上传 .xlsx 文件")
    if holds("Workbook") or holds("Book"):
        return Unreadable(
            "old_excel", f"这是老版 Excel 97—2003 的 .xls 格式或 WPS 表格的 .et 格式，只是改了扩展名：{SAVE_AS}"
        )
    return Unreadable("ole", f"这是旧版 Office 97—2003 格式（.xls、.et 一类）的文件，或者已经损坏：{SAVE_AS}")


def _text(content):
    head = content[: 64 * 1024]
    text = _decoded(head)
    if text is None:
        return Unreadable("unknown_kind", f"认不出这是什么文件，它不是 Excel 工作簿（.xlsx）：{SAVE_AS}")
    start = text.lstrip("\ufeff \t\r\n").lower()
    if "excel.sheet" in start[:2000] or "urn:schemas-microsoft-com:office:spreadsheet" in start[:4000]:
        return Unreadable("xml_spreadsheet", f"这是“XML 表格 2003”格式，不是 .xlsx：{SAVE_AS}")
    if start.startswith("mime-version:") or re.search(r"<(html|head|body|table|meta|!doctype html)\b", start[:4000]):
        return Unreadable("html", f"这是网页（HTML）文件，只是改了扩展名（有些系统导出的“Excel”其实是网页）：{SAVE_AS}")
    if start.startswith("<"):
        return Unreadable("xml", f"这是 XML 文件，不是 Excel 工作簿：{SAVE_AS}")
    return Unreadable("csv", f"这是文本文件（CSV），只是改了扩展名：{SAVE_AS}")


def _decoded(head):
    """The text of `head` if it is text in a usual encoding, else None. A character cut off at its end does not count."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif head[1:20:2].count(0) > 5:
        encodings = ["utf-16-le"]
    elif head[0:20:2].count(0) > 5:
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8", "gb18030"]
    for encoding in encodings:
        for cut in range(4):
            try:
                text = head[: len(head) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            if not any(ord(char) < 9 or 13 < ord(char) < 32 for char in text):
                return text
    return None


def refuse_other_packages(package):
    """Raises Unreadable for zip files that are not .xlsx workbooks, each with its own message."""
    names = package.names()
    if "xl/workbook.bin" in names:
        raise Unreadable("xlsb", f"这是二进制工作簿（.xlsb），不是 .xlsx：{SAVE_AS}")
    if "word/document.xml" in names:
        raise Unreadable(
            "document", "这是 Word 文档（.docx），不是 Excel 工作簿：请把表格复制到 Excel 或 WPS 中，另存为 .xlsx"
        )
    if "ppt/presentation.xml" in names:
        raise Unreadable("document", "这是演示文稿（.pptx），不是 Excel 工作簿：请上传 .xlsx 文件")
    if "content.xml" in names and "mimetype" in names:
        raise Unreadable("ods", f"这是 OpenDocument 文件（.ods 一类），不是 .xlsx：{SAVE_AS}")
    if "[content_types].xml" not in names:
        raise Unreadable(
            "archive",
            "这是 ZIP 压缩包，不是 Excel 工作簿：请先解压，再上传里面的 .xlsx 文件；如果它本来就是工作簿，说明已损坏",
        )
    if "xl/vbaproject.bin" in names:
        raise Unreadable("macros", f"这是带宏的工作簿（.xlsm），为安全起见不读取：{SAVE_AS}，保存时选“不含宏”")
