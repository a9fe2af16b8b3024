"""A form filled in for one year: what page, print, workbook and 上报件 show. The same cells go everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from networks.models import User

from ..exports import OFFICE, Column, Export
from ..models import AssessmentYear, FormEntry
from .parts import BY_HAND, Cell, Field, Form, Row
from .sources import Sources


@dataclass(frozen=True)
class Line:
    """A row with its cells, in the order of the form's fields."""

    key: str
    label: str
    is_total: bool
    cells: list[tuple[Field, Cell]]

    @property
    def groups(self) -> list[tuple[str, list[tuple[Field, Cell]]]]:
        """Under their headings, in the order of the fields."""
        found: list[tuple[str, list[tuple[Field, Cell]]]] = []
        for field, cell in self.cells:
            if not found or found[-1][0] != field.group:
                found.append((field.group, []))
            found[-1][1].append((field, cell))
        return found


@dataclass(frozen=True)
class Filled:
    form: Form
    year: AssessmentYear
    as_of: str
    lines: list[Line]

    @property
    def title(self) -> str:
        return f"{self.year.county.name}{self.year.year}年{self.form.title}"

    @property
    def open(self) -> list[tuple[Line, Field, Cell]]:
        """What is not known or still to be filled in."""
        return [(line, field, cell) for line in self.lines for field, cell in line.cells if not cell.known]

    @property
    def to_fill(self) -> int:
        return sum(cell.typed for _, _, cell in self.open)

    @property
    def unknown(self) -> int:
        return len(self.open) - self.to_fill

    @property
    def sources(self) -> list[tuple[Field, list[str]]]:
        """Of a wide form by column: where its figures come from, and what is missing where. The rows that say the same are told
        once."""
        found = []
        for number, field in enumerate(self.form.fields):
            told: dict[str, list[str]] = {}
            for line in self.lines:
                cell = line.cells[number][1]
                if cell.told and not (isinstance(cell.value, str) and line.is_total):
                    told.setdefault(cell.told, []).append(line.label)
            whole = len(told) == 1
            found.append((field, [words if whole else f"{'、'.join(rows)}：{words}" for words, rows in told.items()]))
        return found

    def export(self) -> Export:
        """The workbook: numbers are number cells."""
        return _wide(self) if self.form.wide else _long(self)


def fill(form: Form, year: AssessmentYear, user: User, sources: Sources | None = None) -> Filled:
    """`sources` saves asking again where several forms are filled at once."""
    sources = sources or Sources(year, user)
    entry = FormEntry.objects.filter(year=year, form=form.key).first()
    typed = entry.values if entry else {}
    rows = form.rows(sources)
    lines = [
        Line(
            row.key,
            row.label,
            row.is_total,
            [(field, _cell(field, row, rows, sources, typed)) for field in form.fields],
        )
        for row in rows
    ]
    return Filled(form, year, sources.as_of, lines)


def key_of(field: Field, row: Row) -> str:
    """Under which what the office typed is kept."""
    return f"{field.key}.{row.key}"


def _cell(field: Field, row: Row, rows: list[Row], sources: Sources, typed: dict) -> Cell:
    if field.read is not None:
        return field.read(sources, row)
    if not row.is_total:
        return Cell(typed.get(key_of(field, row)), BY_HAND, typed=True)
    if field.text:
        return Cell("", row.label)
    parts = [(one.label, typed.get(key_of(field, one))) for one in rows if not one.is_total]
    missing = [label for label, value in parts if value is None]
    if missing:
        more = f"等 {len(missing)} 处" if len(missing) > 3 else ""
        return Cell(None, "各行相加", f"没有填：{'、'.join(missing[:3])}{more}")
    return Cell(sum(value for _, value in parts), "各行相加")


def typed_cells(form: Form, rows: list[Row]) -> Iterator[tuple[str, Field, Row]]:
    """(key, field, row) of everything that the office fills in."""
    for row in rows:
        if not row.is_total:
            yield from ((key_of(field, row), field, row) for field in form.typed)


def _wide(filled: Filled) -> Export:
    def cells(line: Line, number: int | str) -> tuple:
        return (number, line.label, *(cell.for_sheet for _, cell in line.cells))

    body = [line for line in filled.lines if not line.is_total]
    columns = [Column("序号", 6), Column(filled.form.row_word, 26)]
    columns += [Column(field.full_label, 22 if field.text else 12) for field in filled.form.fields]
    return Export(
        title=filled.title,
        unit_line=f"填报单位：{OFFICE}",
        date_line=filled.as_of,
        columns=columns,
        rows=lambda: (cells(line, number) for number, line in enumerate(body, start=1)),
        totals=[cells(line, "") for line in filled.lines if line.is_total],
        notes=[
            f"依据：{filled.form.basis}。",
            *filled.form.notes,
            *(f"{field.full_label}：{'；'.join(told)}。" for field, told in filled.sources if told),
        ],
        sheet="报表",
    )


def _long(filled: Filled) -> Export:
    def rows() -> Iterator[tuple]:
        for line in filled.lines:
            if len(filled.lines) > 1:
                yield (line.label, "", "", "")
            for group, cells in line.groups:
                if group:
                    yield (group, "", "", "")
                yield from ((field.label, field.unit, cell.for_sheet, cell.told) for field, cell in cells)

    return Export(
        title=filled.title,
        unit_line=f"填报单位：{OFFICE}",
        date_line=filled.as_of,
        columns=[Column("项目", 30), Column("单位", 8), Column("数据", 24), Column("来源", 50)],
        rows=rows,
        notes=[f"依据：{filled.form.basis}。", *filled.form.notes],
        sheet="报表",
        landscape=False,
    )


# --- what is frozen with a 上报件 -------------------------------------------------------------------------


def frozen(filled: Filled) -> dict:
    """As plain JSON, with everything that is needed to show it again: labels, units, values, sources."""
    return {
        "form": filled.form.key,
        "title": filled.title,
        "as_of": filled.as_of,
        "wide": filled.form.wide,
        "row_word": filled.form.row_word,
        "basis": filled.form.basis,
        "lines": [
            {
                "key": line.key,
                "label": line.label,
                "is_total": line.is_total,
                "cells": [
                    {
                        "key": field.key,
                        "group": field.group,
                        "label": field.label,
                        "unit": field.unit,
                        "value": str(cell.value) if isinstance(cell.value, Decimal) else cell.value,
                        "words": cell.words,
                        "text": field.text or cell.is_words,
                        "told": cell.told,
                    }
                    for field, cell in line.cells
                ],
            }
            for line in filled.lines
        ],
    }


@dataclass(frozen=True)
class Difference:
    """Something that is no longer as it was sent; `before` or `now` is '' where the line or field is not there."""

    line: str
    label: str
    before: str
    now: str


def differences(before: dict, now: dict) -> list[Difference]:
    """Between what was sent and the form as it is now, in the order of what was sent, with what is new at the end."""

    def cells(content: dict) -> dict[tuple[str, str], tuple[str, str, str]]:
        return {
            (line["key"], cell["key"]): (
                line["label"],
                f"{cell['label']}（{cell['unit']}）" if cell["unit"] else cell["label"],
                cell["words"],
            )
            for line in content["lines"]
            for cell in line["cells"]
        }

    was, is_now = cells(before), cells(now)
    found = []
    for key in [*was, *(key for key in is_now if key not in was)]:
        line, label, words = was.get(key) or is_now[key]
        told = (words if key in was else "", is_now[key][2] if key in is_now else "")
        if told[0] != told[1]:
            found.append(Difference(line, label, *told))
    return found
