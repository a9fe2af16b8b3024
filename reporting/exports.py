"""Tables for filing: an export is a title, columns and a generator of rows; one function each makes the xlsx and the csv."""

import csv
import datetime
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from networks.names import clean_text
from networks.registry.since import stamp
from networks.templatetags.page import cn_date
from networks.xlsx.writing import OPTIONS_SHEET

from .assessment import CountyStanding, Organised
from .frozen import frozen_of
from .models import AssessmentYear

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFFICE = "领导小组办公室（县教育局）"
AS_NOW = "按现在的机构汇总：更名、合并以前的场次算在现在的单位名下，任务按一个单位的全年任务计。"
LINE_HEIGHT = 15  # points
SIGNS = "制表人：                    审核人：                    负责人（盖章）："
_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")


@dataclass(frozen=True)
class Column:
    label: str
    width: int = 10  # characters


@dataclass(frozen=True)
class Export:
    """`rows` are tuples as long as `columns`; a number becomes a number cell, everything else text. `totals` stand below a
    rule, `notes` below the table."""

    title: str
    unit_line: str
    date_line: str
    columns: list[Column]
    rows: Callable[[], Iterator[tuple]]
    totals: list[tuple] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sheet: str = "完成情况"
    stamp: str = ""  # what it is the table of, where it comes back (networks.registry.since)
    landscape: bool = True


def standing_export(
    year: AssessmentYear,
    county: CountyStanding,
    as_of: datetime.date | None = None,
    organised: str = Organised.THEN,
) -> Export:
    """The table of every unit's standing, as it is filed."""
    until = as_of or min(timezone.localdate(), year.last_day)
    settled = None if as_of else frozen_of(year)

    def rows() -> Iterator[tuple]:
        for number, s in enumerate(county.standings, start=1):
            yield (
                number,
                s.unit.name,
                *s.required,
                *s.verified,
                *s.short,
                *s.pending,
                s.verdict,
                s.badge.word,
                "；".join(filter(None, [s.deadline, s.working])),
            )

    unit_sum, required, pending = county.unit_sum, county.required_sum, county.pending
    return Export(
        title=f"{year.county.name}{year.year}年度社区教育培训任务完成情况表",
        unit_line=f"填报单位：{OFFICE}",
        date_line=f"截至 {cn_date(until, 'plain')}",
        columns=[
            Column("序号", 6),
            Column("责任单位", 28),
            Column("应完成场次"),
            Column("应完成人次"),
            Column("已核定场次"),
            Column("已核定人次"),
            Column("差场次", 8),
            Column("差人次", 8),
            Column("待审核场次"),
            Column("待审核人次"),
            Column("完成情况", 16),
            Column("预测", 12),
            Column("说明", 34),
        ],
        rows=rows,
        totals=[
            (
                "",
                "各单位合计",
                *required,
                *unit_sum,
                "",
                "",
                *pending,
                f"{county.met} 个单位已完成",
                "",
                "应完成数之和为推算",
            ),
            ("", "全县计入（不重复）", "", "", *county.credited, "", "", "", "", "", "", "联合举办的场次只算一次"),
        ],
        notes=[
            f"依据：{year.basis}。口径见《{year.year}年度口径说明》。",
            headline(county),
            *([f"{settled.label}。"] if settled else []),
            *([AS_NOW] if organised == Organised.NOW else []),
        ],
    )


def headline(county: CountyStanding) -> str:
    """18 个责任单位中 n 个已完成: the one sentence that everything else explains."""
    return f"{len(county.standings)} 个责任单位中 {county.met} 个已完成"


def csv_text(export: Export) -> str:
    """The bare table as CSV. A text that a spreadsheet would take for a formula gets an apostrophe, since CSV knows no
    text cells (XL-8)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.label for column in export.columns])
    for row in export.rows():
        writer.writerow([_for_csv(value) for value in row])
    return out.getvalue()


def _for_csv(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def xlsx(*exports: Export) -> bytes:
    """A workbook ready for the file, a sheet each: title, unit and date, repeated header row, number cells, preparer and
    reviewer line, A4 landscape with page numbers. No cell is ever a formula (XL-8)."""
    book = Workbook()
    book.remove(book.active)
    for export in exports:
        if export.stamp:  # before anything is read
            options = book.create_sheet(OPTIONS_SHEET)
            options.sheet_state = "hidden"
            stamp(options, 1, export.stamp)
        _fill(book.create_sheet(export.sheet), export)
    book.active = book.index(book[exports[0].sheet])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet, export: Export) -> None:
    last = len(export.columns)
    _line(sheet, 1, last, export.title, Font(size=16, bold=True), "center")
    sheet.row_dimensions[1].height = 30
    _line(sheet, 2, last // 2, export.unit_line)
    put(sheet.cell(2, last // 2 + 1), export.date_line)
    sheet.merge_cells(start_row=2, start_column=last // 2 + 1, end_row=2, end_column=last)
    sheet.cell(2, last // 2 + 1).alignment = Alignment(horizontal="right")
    thin = Side(style="thin")
    box = Border(left=thin, right=thin, top=thin, bottom=thin)
    head = PatternFill("solid", fgColor="EFEFEF")
    for number, column in enumerate(export.columns, start=1):
        cell = put(sheet.cell(3, number), column.label)
        cell.font, cell.fill, cell.border = Font(bold=True), head, box
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    widths = [column.width for column in export.columns]
    _heighten(sheet, 3, [(column.label, column.width) for column in export.columns])
    at = 3
    for bold, rows in ((False, export.rows()), (True, export.totals)):
        for at, row in enumerate(rows, start=at + 1):  # noqa: B020
            for number, value in enumerate(row, start=1):
                cell = put(sheet.cell(at, number), value)
                cell.border, cell.font = box, Font(bold=bold)
                cell.alignment = Alignment(vertical="center", wrap_text=isinstance(value, str))
            _heighten(sheet, at, zip(row, widths, strict=False))
    for text in [*export.notes, "", SIGNS]:
        at += 1
        _line(sheet, at, last, text)
        _heighten(sheet, at, [(text, sum(widths))])
    _set_up_for_print(sheet, f"$A$1:${get_column_letter(last)}${at}")
    if not export.landscape:
        sheet.page_setup.orientation = "portrait"


def put(cell: Cell, value: object) -> Cell:
    """Writes a value as what it is: numbers as numbers, everything else as text that no program takes for a formula."""
    if isinstance(value, int | float | Decimal):
        cell.value = value
        places = max(1, -value.as_tuple().exponent) if isinstance(value, Decimal) else 0
        cell.number_format = f"#,##0.{'0' * places}" if places else "#,##0"
    elif value not in (None, ""):
        cell.value = clean_text(str(value))
        cell.data_type = "s"
    return cell


def _heighten(sheet, row: int, texts: Iterable[tuple[object, float]]) -> None:
    """Room for texts that run over several lines, each with the width of its cell in digits: no program does it for merged cells,
    and LibreOffice for none in a file that it did not write."""
    lines = 1
    for text, width in texts:
        if isinstance(text, str):
            parts = (sum(1 if ch.isascii() else 2 for ch in part) for part in text.split("\n"))
            lines = max(lines, sum(max(1, -(-part // max(int(width) - 1, 1))) for part in parts))
    if lines > 1:
        sheet.row_dimensions[row].height = min(LINE_HEIGHT * lines + 1, 409)  # points; Excel's most


def _line(sheet, row: int, columns: int, text: str, font: Font | None = None, align: str = "left") -> None:
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=columns)
    cell = put(sheet.cell(row, 1), text)
    cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
    if font:
        cell.font = font


def _set_up_for_print(sheet, area: str) -> None:
    sheet.freeze_panes = "C4"
    sheet.print_title_rows = "1:3"
    sheet.print_area = area
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
