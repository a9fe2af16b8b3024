"""The workbook of a registry that goes out: the rows that the account keeps, with drop-down lists and the help as comments. Of an
empty registry it is the form to fill in. Real numbers and dates; text is never a formula (XL-8)."""

import datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from networks.xlsx.writing import DATE, NEEDED_FILL, OPTIONS_SHEET, drop_down, escaped, saved

from .columns import Day
from .rehearsal import NUMBER
from .since import stamp

TO_FILL = 200  # rows below the last one that get drop-down lists and date formats
OURS = PatternFill("solid", start_color="FFEDEDED", end_color="FFEDEDED")  # what nobody should change
TOP = Alignment(vertical="top", wrap_text=True)


def workbook(registry):
    """(bytes, how many rows hold something) of the rows that `registry` (an instance for the account) lets out."""
    book = Workbook()
    sheet = book.active
    sheet.title = registry.title
    options = book.create_sheet(OPTIONS_SHEET)
    options.sheet_state = "hidden"
    stamp(options, len(registry.columns) + 1, registry.title)  # before anything is read
    registry.load()
    for number, column in enumerate(registry.columns, start=1):
        _heading(sheet.cell(1, number), column)
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    last, filled = 1, set()
    for last, row in enumerate(registry.rows(), start=2):
        values = registry.values(row)
        for number, column in enumerate(registry.columns, start=1):
            written = column.kind.cell(values[column.name])
            _put(sheet.cell(last, number), written)
            filled |= {number} if written is not None else set()
            if column.name == NUMBER:
                sheet.cell(last, number).fill = OURS
    for number, column in enumerate(registry.columns, start=1):
        if isinstance(column.kind, Day):
            for row in range(2, last + TO_FILL + 1):
                sheet.cell(row, number).number_format = DATE
    positions = {column.name: number for number, column in enumerate(registry.columns, start=1)}
    for number, (name, names) in enumerate(registry.options().items(), start=1):
        names = list(map(escaped, names))
        drop_down(sheet, options, number, name, names, target=positions[name], rows=last - 1 + TO_FILL)
    for number, column in enumerate(registry.columns, start=1):
        if column.folded:
            dimension = sheet.column_dimensions[get_column_letter(number)]
            dimension.outlineLevel, dimension.hidden = 1, number not in filled
    sheet.freeze_panes = sheet.cell(2, 2 + max(n for n, c in enumerate(registry.columns) if c.key and n < 3))
    return saved(book), registry.count()


def _heading(cell, column):
    _put(cell, column.name)
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
    if column.needed:
        cell.fill = NEEDED_FILL
    if column.name == NUMBER:
        cell.fill = OURS
    told = "。".join(filter(None, ["必填" if column.needed else "", column.help]))
    if told:
        cell.comment = Comment(told, "说明", height=80, width=260)


def _put(cell, value):
    """A number or date as such, everything else as text that no program takes for a formula."""
    cell.alignment = TOP
    if isinstance(value, datetime.date):
        cell.value, cell.number_format = value, DATE
    elif isinstance(value, int | Decimal):
        cell.value = value
        cell.number_format = "0" if isinstance(value, int) else "#,##0.00"
    elif value is not None:
        cell.value = escaped(value)
        cell.data_type = "s"
