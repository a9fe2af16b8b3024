"""Sessions pasted from Excel or typed into a grid. The grid is a small ledger workbook that lives in a form: it is handed to the
workbook's own reader and checks as it stands, so there is one set of rules; its errors come back to the cells."""

import csv
import io
from dataclasses import dataclass, field

from django.core.files.base import ContentFile
from openpyxl import Workbook

from networks.forms import XLSX
from networks.names import clean_lines, clean_text
from networks.xlsx.cells import Sheet
from networks.xlsx.writing import escaped, saved

from .workbook import Rehearsal
from .workbook import columns as col
from .workbook.layout import read_layout

MOST_ROWS, MOST_COLUMNS = 200, 25
MOST_TEXT = 300_000  # characters of one paste
EMPTY_ROWS = 8  # of a grid that nothing has been put into yet
SHEET = "粘贴"
COLUMNS = (
    col.TITLE,
    col.START,
    col.PLACE,
    col.VENUE,
    col.FORM,
    col.THEME,
    col.AUDIENCE,
    col.REPORTED,
    col.INSTRUCTORS,
    col.REMARKS,
)


class TooMuch(Exception):
    """More than the grid holds, as a sentence that says what to do."""


@dataclass
class Cell:
    name: str  # of the form's field
    text: str
    label: str  # for those who do not see the grid
    problem: str = ""


@dataclass
class Grid:
    """`headers` are column names as the person wrote them; the rows hold texts."""

    headers: list[str]
    rows: list[list[str]]
    problems: dict[tuple[int, int], str] = field(default_factory=dict)  # by row and column of the workbook, from 1
    loose: list[str] = field(default_factory=list)  # problems of no cell

    @property
    def empty(self) -> bool:
        return not any(text for row in self.rows for text in row)

    def header_cells(self) -> list[Cell]:
        return [
            Cell(f"h{number}", text, f"第 {number + 1} 栏的名称", self.problems.get((1, number + 1), ""))
            for number, text in enumerate(self.headers)
        ]

    def lines(self) -> list[list[Cell]]:
        return [
            [
                Cell(
                    f"r{row}c{number}",
                    text,
                    f"第 {row + 1} 行 {self.headers[number]}",
                    self.problems.get((row + 2, number + 1), ""),
                )
                for number, text in enumerate(texts)
            ]
            for row, texts in enumerate(self.rows)
        ]

    def summary(self) -> list[tuple[str, str]]:
        """(id of the cell, sentence) for the list above the grid; '' for what belongs to no cell."""
        told = [("", sentence) for sentence in self.loose]
        for (row, column), sentence in sorted(self.problems.items()):
            name = f"h{column - 1}" if row == 1 else f"r{row - 2}c{column - 1}"
            where = "表头" if row == 1 else f"第 {row - 1} 行{self.headers[column - 1]}"
            told.append((f"id_{name}", f"{where}：{sentence}"))
        return told

    def content(self) -> bytes:
        """The grid as the workbook that it is, every cell a text."""
        book = Workbook(write_only=False)
        sheet = book.active
        sheet.title = SHEET
        for number, texts in enumerate([self.headers, *self.rows], start=1):
            for column, text in enumerate(texts, start=1):
                if text:
                    cell = sheet.cell(number, column, escaped(text))
                    cell.data_type = "s"
        return saved(book)

    def upload(self) -> ContentFile:
        upload = ContentFile(self.content(), name="粘贴的台账.xlsx")
        upload.content_type = XLSX
        return upload

    def take(self, rehearsal: Rehearsal) -> None:
        """Puts what is wrong to its cells."""
        for problem in rehearsal.errors:
            if problem.cell and problem.cell[1] <= len(self.headers):
                self.problems.setdefault(problem.cell, problem.message)
            else:
                row = f"第 {problem.row - 1} 行{problem.column}：" if problem.row > 1 else ""
                self.loose.append(row + problem.message)


def blank(names_organiser: bool) -> Grid:
    headers = [*((col.ORGANISER,) if names_organiser else ()), *COLUMNS]
    return Grid(headers, [[""] * len(headers) for _ in range(EMPTY_ROWS)])


def from_paste(text: str, own: dict[str, str], names_organiser: bool) -> Grid:
    """What was copied from a sheet: with its header where there is one, else in the order of the empty grid's columns. What
    stands above the header (a title) is left out. Raises TooMuch."""
    if len(text) > MOST_TEXT:
        raise TooMuch("一次粘贴的内容太多，请分几次，或用“导入台账”上传整份文件")
    lines = [line for line in csv.reader(io.StringIO(clean_breaks(text)), delimiter="\t") if any(map(clean_text, line))]
    usual = blank(names_organiser).headers
    rows = {n: {c: v for c, v in enumerate(line, start=1) if clean_text(v)} for n, line in enumerate(lines, start=1)}
    layout = read_layout(Sheet(SHEET, hidden=False, rows=rows), own)
    if layout:
        headers, lines = lines[layout.header_row - 1], lines[layout.header_row :]
    else:
        headers = usual
    width = max([len(headers), *map(len, lines)])
    if width > MOST_COLUMNS or len(lines) > MOST_ROWS:
        raise TooMuch(f"一次最多粘贴 {MOST_ROWS} 行、{MOST_COLUMNS} 栏，更多的请用“导入台账”上传整份文件")
    headers = [clean_text(name) for name in headers] + [""] * (width - len(headers))
    return Grid(headers, [_padded(map(clean_lines, line), width) for line in lines])


def clean_breaks(text: str) -> str:
    """What `csv` cannot read: a NUL, and single carriage returns."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def from_form(data, names_organiser: bool) -> Grid:
    """The grid as it was sent; empty rows at its end are left out. Raises TooMuch."""
    width = height = 0
    for name in data:
        kind, rest = name[:1], name[1:]
        if kind == "h" and _number(rest) is not None:
            width = max(width, _number(rest) + 1)
        elif kind == "r" and "c" in rest:
            row, column = map(_number, rest.split("c", 1))
            if row is not None and column is not None and data[name].strip():
                height, width = max(height, row + 1), max(width, column + 1)
    if not width:
        return blank(names_organiser)
    if width > MOST_COLUMNS or height > MOST_ROWS:
        raise TooMuch(f"一次最多 {MOST_ROWS} 行、{MOST_COLUMNS} 栏，更多的请用“导入台账”上传整份文件")
    headers = [clean_text(data.get(f"h{column}", ""))[:60] for column in range(width)]
    rows = [[clean_lines(data.get(f"r{row}c{column}", ""))[:1000] for column in range(width)] for row in range(height)]
    return Grid(headers, rows)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else None


def _padded(texts, width: int) -> list[str]:
    row = list(texts)
    return row + [""] * (width - len(row))
