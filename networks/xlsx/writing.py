"""Workbooks that go out: text that is never a formula, headings, drop-down lists (XL-8)."""

import io
import re

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from networks.names import clean_lines

DATE = "yyyy-mm-dd"
NEEDED_FILL = PatternFill("solid", start_color="FFFFF2CC", end_color="FFFFF2CC")
# Lists of choices in our own templates, which nobody should be told about each time they upload one.
OPTIONS_SHEET = "选项（请勿修改）"

# What a workbook would read as an escaped character (_x000D_) is escaped itself.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def text_cell(sheet, text):
    """A text cell of type s, also for text that begins with = + - @ or looks like an error value. No apostrophe is added."""
    cell = WriteOnlyCell(sheet, escaped(text))
    cell.data_type = "s"
    return cell


def escaped(text):
    """Text without invisible characters, as a workbook has to hold it to be read back as it is."""
    return _ESCAPE.sub("_x005F_", clean_lines(str(text)))


def heading_cell(sheet, name):
    cell = text_cell(sheet, name)
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
    return cell


def drop_down(sheet, options, number, name, names, *, target, rows):
    """Writes the choices into column `number` of the hidden sheet `options` and lets the first `rows` cells below the header
    of column `target` choose from them. Other entries are allowed: an alias, or several names, are right as well."""
    letter = get_column_letter(number)
    for row, choice in enumerate([name, *names], start=1):
        cell = options.cell(row, number, choice)
        cell.data_type = "s"
    if not names:
        return
    column = get_column_letter(target)
    source = f"'{OPTIONS_SHEET}'!${letter}$2:${letter}${len(names) + 1}"
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    rule.add(f"{column}2:{column}{rows + 1}")
    sheet.add_data_validation(rule)


def saved(book):
    """The bytes of an openpyxl workbook."""
    result = io.BytesIO()
    book.save(result)
    return result.getvalue()
