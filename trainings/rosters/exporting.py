"""名册 as a workbook for one stated purpose, marked with who took it, when and what for, and written in memory alone."""

import datetime
import io
import zipfile

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from networks.models import User
from networks.names import clean_text
from networks.xlsx.writing import heading_cell, text_cell

from ..models import TrainingSession
from .showing import Shown

COLUMNS = [("序号", 6), ("姓名", 14), ("性别", 6), ("年龄段", 12), ("村（社区）", 24), ("手机尾号", 10), ("来源", 8)]
CARE = "内含个人信息，只用于上面写明的用途；用完删除，不得转发。"


def watermark(user: User, when: datetime.datetime, purpose: str) -> str:
    return f"导出账号：{user.username}　时间：{when:%Y-%m-%d %H:%M}　用途：{clean_text(purpose)}"


def workbook(
    session: TrainingSession, lines: list[Shown], *, user: User, when: datetime.datetime, purpose: str
) -> bytes:
    """The .xlsx bytes; `when` in local time. The mark stands in the first line and on every printed page."""
    book = Workbook()
    sheet = book.active
    sheet.title = "名册"
    mark = watermark(user, when, purpose)
    for part in (sheet.oddHeader, sheet.oddFooter):
        part.center.text = mark.replace("&", "&&")[:200]  # Excel holds 255 characters a header; & begins a code there
        part.center.size = 9
    sheet.oddFooter.right.text = "第 &P 页"
    top = [mark, f"{session}　{session.when_name}　{session.organiser}　编号 {session.number}", CARE]
    for text in top:
        cell = text_cell(sheet, text)
        cell.font = Font(bold=text == mark)
        sheet.append([cell])
    sheet.append([heading_cell(sheet, name) for name, _ in COLUMNS])
    for line in lines:
        texts = [line.name, line.sex, line.age, line.home, line.tail, line.source]
        sheet.append([line.number, *(text_cell(sheet, text) for text in texts)])
    for number, (_, width) in enumerate(COLUMNS):
        sheet.column_dimensions["ABCDEFG"[number]].width = width
    sheet.print_title_rows = "1:4"
    return _in_memory(book)


class _MemoryWriter(ExcelWriter):
    """openpyxl writes each sheet to a temporary file on its way into the package; names shall lie on no disk."""

    def write_worksheet(self, ws) -> None:
        out = io.BytesIO()
        writer = WorksheetWriter(ws, out)
        writer.write()
        ws._drawing, ws._rels = None, writer._rels
        self._archive.writestr(ws.path[1:], out.getvalue())
        self.manifest.append(ws)


def _in_memory(book: Workbook) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _MemoryWriter(book, archive).save()
    return out.getvalue()
