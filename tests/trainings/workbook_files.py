"""Workbooks for the tests of the import, built with openpyxl and, where it is too polite, with zipfile."""

import io
import zipfile

import openpyxl

from networks.xlsx.cells import read_workbook
from trainings.workbook.rows import read_ledger

HEADER = ["培训名称", "开始时间", "实到人次"]


def book(*sheets, merges=(), hidden_rows=(), epoch=None, formats=None):
    """The bytes of a workbook. A sheet is a list of rows, or a (name, rows) or (name, rows, state) tuple; `merges`, `hidden_rows`
    and `formats` {cell: number format} apply to the first."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    if epoch:
        workbook.epoch = epoch
    for number, sheet in enumerate(sheets, start=1):
        name, rows, state = (f"表{number}", sheet, "visible") if isinstance(sheet, list) else (*sheet, "visible")[:3]
        worksheet = workbook.create_sheet(name)
        worksheet.sheet_state = state
        for row in rows:
            worksheet.append(row)
    first = workbook.worksheets[0]
    for area in merges:
        first.merge_cells(area)
    for row in hidden_rows:
        first.row_dimensions[row].hidden = True
    for cell, number_format in (formats or {}).items():
        first[cell].number_format = number_format
    return saved(workbook)


def saved(workbook):
    result = io.BytesIO()
    workbook.save(result)
    return result.getvalue()


def patched(content, changes=None, *, add=()):
    """The package with parts replaced ({name: bytes or function of the old bytes}) and entries added [(name or ZipInfo, bytes)]."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            change = (changes or {}).get(info.filename)
            new.writestr(info.filename, change(data) if callable(change) else data if change is None else change)
        for name, data in add:
            new.writestr(name, data)
    return result.getvalue()


def ledger(content, **options):
    options.setdefault("organiser_needed", False)
    return read_ledger(read_workbook(content), **options)


def one_row(header, values, **options):
    """The `LedgerRow` of a sheet with one row."""
    return ledger(book([[*HEADER, *header], ["旱藕栽培", "2026-03-06", 45, *values]]), **options).rows[0]
