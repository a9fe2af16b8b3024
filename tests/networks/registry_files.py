"""Registry workbooks for the tests: made, edited and taken in as an account would."""

import io

import openpyxl
from django.db import transaction

from networks.registry import REGISTRIES, apply, rehearse, workbook
from tests.trainings.workbook_files import saved


def sheet_of(content):
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def exported(user, key):
    """The account's own workbook, opened by openpyxl to be edited."""
    content, _ = workbook(REGISTRIES[key](user))
    return openpyxl.load_workbook(io.BytesIO(content))


def edited(book, changes, *, rows=()):
    """The bytes of the workbook with cells changed {(row, column name): value} and rows {column name: value} added below."""
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for (row, name), value in changes.items():
        sheet.cell(row, columns[name]).value = value
    last = max((row for row in range(1, sheet.max_row + 1) if any(c.value is not None for c in sheet[row])), default=1)
    for number, row in enumerate(rows, start=last + 1):
        for name, value in row.items():
            sheet.cell(number, columns[name]).value = value
    return saved(book)


def rehearsed(content, user, key):
    return rehearse(content, REGISTRIES[key](user))


def taken_in(content, user, key):
    """Rehearses and stores; the rehearsal."""
    with transaction.atomic():
        rehearsal = rehearsed(content, user, key)
        assert [problem.message for problem in rehearsal.errors] == []
        apply(rehearsal)
    return rehearsal


def told(rehearsal):
    return [(problem.row, problem.column, problem.code) for problem in rehearsal.errors]


def changes_of(rehearsal):
    return [(plan.row.number, plan.outcome, plan.changes) for plan in rehearsal.to_store]
