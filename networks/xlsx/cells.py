"""The sheets of a package as plain values: SpreadsheetML streamed once, limits counted on the way.

openpyxl is not used for reading: in full mode it needs the file twice to tell a formula without a stored value from an
empty cell, and in read-only mode it knows neither merges nor hidden rows. What a ledger needs of the format fits here.

A cell's value is one of: str; int or float; DateNumber (a number shown as a date); bool; CellError ("#N/A");
NO_VALUE (a formula that was never calculated). Empty cells are left out.
"""

import math
import posixpath
import re
from dataclasses import dataclass, field

from .container import DAMAGED, MAX_DEPTH, MAX_ELEMENTS, SAVE_AS, Package, guarded_parser, too_complex
from .problems import Unreadable

MAX_CELLS = 1_000_000  # in all sheets, empty but formatted ones too
MAX_MERGES = 2_000  # in all sheets
MAX_MERGE_AREA = 100_000
MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
MAX_TEXT = 65_536  # characters in a cell; no program writes more than 32,767, an escaped one may count as seven

MAIN = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",  # "Strict Open XML" is offered by Excel's save dialog
)
RELATION_ID = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)


class DateNumber(float):
    """A number that the cell shows as a date or a time. `part` is the 上午, 下午 or 晚上 its number format adds to it."""

    __slots__ = ("part",)

    def __new__(cls, number, part=""):
        value = super().__new__(cls, number)
        value.part = part
        return value


class CellError(str):
    """An Excel error value such as #N/A."""

    __slots__ = ()


class _NoValue:
    def __repr__(self):
        return "NO_VALUE"


NO_VALUE = _NoValue()


@dataclass
class Sheet:
    """One worksheet. `rows` is {row: {column: value}}, both counted from 1 and in order; only cells that hold something."""

    name: str
    hidden: bool
    rows: dict = field(default_factory=dict)
    hidden_rows: set = field(default_factory=set)
    merges: list = field(default_factory=list)  # (first row, first column, last row, last column)


@dataclass
class Workbook:
    sheets: list
    epoch_1904: bool


def read_workbook(content):
    """Reads the bytes of an .xlsx file. Raises Unreadable for anything else and beyond the limits."""
    package = Package(content)
    part = _main_part(package)
    relations = _relations(package, part)
    names, epoch_1904 = _workbook(package, part)
    # Two passes over the relations: strings and formats have to be known before the first cell is met.
    strings, formats = [], {}
    for kind, target in relations.values():
        if kind == "sharedStrings":
            strings = _shared_strings(package, target)
        elif kind == "styles":
            formats = _date_styles(package, target)
    budget = {"cells": MAX_CELLS, "merges": MAX_MERGES}
    sheets = []
    for name, hidden, relation in names:
        kind, target = relations.get(relation, ("", ""))
        if kind == "worksheet":
            sheet = Sheet(name, hidden)
            _SheetReader(sheet, strings, formats, budget).read(package, target)
            sheets.append(sheet)
    package.sweep()
    return Workbook(sheets, epoch_1904)


def _main_part(package):
    for kind, target in _relations(package, "").values():
        if kind == "officeDocument":
            return target
    raise Unreadable("damaged", DAMAGED)


def _relations(package, part):
    """{id: (kind, part name)} of the relations of `part`; "" is the package itself."""
    folder, base = posixpath.split(part)
    relations = {}

    def start(name, attributes):
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "").replace("\\", "/")
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            relations[attributes.get("Id")] = (attributes.get("Type", "").rpartition("/")[2], path)

    name = posixpath.join(folder, "_rels", base + ".rels")
    if name not in package:
        raise Unreadable("damaged", DAMAGED)
    parser = guarded_parser()
    listen(parser, start)
    package.parse(name, parser)
    return relations


def listen(parser, start, end=None):
    """Adds element handlers behind the guard's own, which go on counting depth."""
    guard_start, guard_end = parser.StartElementHandler, parser.EndElementHandler

    def both_start(name, attributes):
        guard_start(name, attributes)
        start(name, attributes)

    parser.StartElementHandler = both_start
    if end:

        def both_end(name):
            guard_end(name)
            end(name)

        parser.EndElementHandler = both_end


_ELEMENTS = [
    "workbookPr",
    "sheet",
    "si",
    "rPh",
    "t",
    "numFmt",
    "cellXfs",
    "xf",
    "sheetData",
    "row",
    "c",
    "v",
    "f",
    "is",
    "mergeCell",
]
_LOCAL = {f"{namespace} {element}": element for namespace in MAIN for element in _ELEMENTS}


def _local(name):
    """The local name of a SpreadsheetML element that is read here, else None."""
    return _LOCAL.get(name)


def _workbook(package, part):
    sheets, epoch_1904 = [], False

    def start(name, attributes):
        nonlocal epoch_1904
        local = _local(name)
        if local == "workbookPr":
            epoch_1904 = attributes.get("date1904") in ("1", "true", "on")
        elif local == "sheet":
            relation = next((attributes[key] for key in RELATION_ID if key in attributes), None)
            hidden = attributes.get("state", "visible") != "visible"
            sheets.append((attributes.get("name", ""), hidden, relation))

    parser = guarded_parser(namespaces=True)
    listen(parser, start)
    package.parse(part, parser)
    return sheets, epoch_1904


def _shared_strings(package, part):
    strings, text, phonetic = [], None, False

    def start(name, _attributes):
        nonlocal text, phonetic
        local = _local(name)
        if local == "si":
            text = []
        elif local == "rPh":  # the reading of a word, not the word
            phonetic = True
        elif local == "t" and not phonetic:
            parser.CharacterDataHandler = text.append if text is not None else None

    def end(name):
        nonlocal phonetic
        local = _local(name)
        if local == "t":
            parser.CharacterDataHandler = None
        elif local == "rPh":
            phonetic = False
        elif local == "si":
            strings.append(unescape(_joined(text)))
            if len(strings) > MAX_CELLS:
                raise too_many_cells()

    parser = guarded_parser(namespaces=True)
    listen(parser, start, end)
    package.parse(part, parser)
    return strings


def _date_styles(package, part):
    """{style index as text: part of the day its format adds} for the styles that show a number as a date or time."""
    codes, styles, cell_formats = {}, [], False

    def start(name, attributes):
        nonlocal cell_formats
        local = _local(name)
        if local == "numFmt":
            codes[attributes.get("numFmtId")] = attributes.get("formatCode", "")
        elif local == "cellXfs":
            cell_formats = True
        elif local == "xf" and cell_formats:
            styles.append(attributes.get("numFmtId", "0"))

    def end(name):
        nonlocal cell_formats
        if _local(name) == "cellXfs":
            cell_formats = False

    parser = guarded_parser(namespaces=True)
    listen(parser, start, end)
    package.parse(part, parser)
    dates = {}
    for index, number in enumerate(styles):
        code = codes.get(number)
        if shows_date(number, code):
            dates[str(index)] = part_of_format(code or "")
    return dates


# 14—22 and 45—47 are dates everywhere; 27—36 and 50—58 in Chinese Excel, without a format code in the file.
BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
PART_OF_DAY = re.compile(r'"\s*(上午|下午|晚上)\s*"')


def shows_date(number, code):
    """Whether the number format `number` (text) with `code` (None for a built-in) shows a date or a time."""
    if code is None:
        return number.isdecimal() and int(number) in BUILT_IN_DATES
    return bool(re.search("[ymdhs]", NOT_SHOWN.sub("", code.split(";")[0]), re.IGNORECASE)) and code != "General"


def part_of_format(code):
    """上午, 下午 or 晚上 where a format without a clock time writes it after the date, as our exports do; else ""."""
    found = PART_OF_DAY.search(code)
    return found[1] if found and "h" not in NOT_SHOWN.sub("", code).lower() else ""


ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescape(text):
    """Characters that XML cannot hold are written _x000D_ in workbooks."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _joined(pieces):
    text = "".join(pieces)
    if len(text) > MAX_TEXT:
        raise Unreadable("damaged", DAMAGED)
    return text


def too_many_cells():
    return Unreadable(
        "too_many_cells",
        "工作簿里的单元格超过 1,000,000 个的上限：请只保留要导入的表格，删去多余的行、列和格式，再另存为 .xlsx",
    )


CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def cell_position(reference):
    """(row, column) of a reference such as B7, counted from 1."""
    found = CELL.fullmatch(reference)
    if found:
        row, column = int(found[2]), column_number(found[1])
        if row <= MAX_ROW and column <= MAX_COLUMN:
            return row, column
    raise Unreadable("damaged", DAMAGED)


def column_number(letters):
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number):
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class _SheetReader:
    """Fills one `Sheet` from its XML. Handlers run once per element, so they compare interned names and little else."""

    def __init__(self, sheet, strings, date_styles, budget):
        self.sheet, self.strings, self.date_styles, self.budget = sheet, strings, date_styles, budget
        self.row = self.column = self.depth = self.elements = 0
        self.row_text, self.row_hidden = "", False
        self.cells = None  # of the current row; None until it holds something
        self.columns = {}  # letters → number, so that each is worked out once
        self.in_data = self.in_cell = self.phonetic = False

    def read(self, package, part):
        self.parser = guarded_parser(namespaces=True)
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        package.parse(part, self.parser)
        self.sheet.rows = dict(sorted(self.sheet.rows.items()))

    def start(self, name, attributes):
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise too_complex(self.elements)
        local = _LOCAL.get(name)
        if local is None:
            return
        if self.in_cell:
            if (local == "t" or local == "v") and not self.phonetic:
                self.parser.CharacterDataHandler = self.text.append
                self.stored = True
            elif local == "f":
                self.formula = True
            elif local == "rPh":
                self.phonetic = True
        elif local == "c":
            self.start_cell(attributes)
        elif local == "row" and self.in_data:
            self.start_row(attributes)
        elif local == "sheetData":
            self.in_data = True
        elif local == "mergeCell":
            self.merge(attributes.get("ref", ""))

    def end(self, name):
        self.depth -= 1
        if not self.in_cell:
            return
        local = _LOCAL.get(name)
        if local == "t" or local == "v":
            self.parser.CharacterDataHandler = None
        elif local == "c":
            self.in_cell = False
            value = self.value()
            if value is not None:
                self.keep(value)
        elif local == "rPh":
            self.phonetic = False

    def start_row(self, attributes):
        number = attributes.get("r")
        if number is None:
            number = str(self.row + 1)
        if not number.isdecimal() or not 0 < int(number) <= MAX_ROW:
            raise Unreadable("damaged", DAMAGED)
        self.row, self.row_text, self.column = int(number), number, 0
        self.cells = None
        self.row_hidden = attributes.get("hidden") in ("1", "true") or attributes.get("ht") == "0"

    def keep(self, value):
        if self.cells is None:
            self.cells = self.sheet.rows.setdefault(self.row, {})
            if self.row_hidden:
                self.sheet.hidden_rows.add(self.row)
        if self.column in self.cells:
            raise Unreadable("damaged", DAMAGED)
        self.cells[self.column] = value

    def start_cell(self, attributes):
        self.budget["cells"] -= 1
        if self.budget["cells"] < 0:
            raise too_many_cells()
        if not self.row:
            raise Unreadable("damaged", DAMAGED)
        reference = attributes.get("r")
        if reference is None:
            self.column += 1
        else:
            letters = reference.rstrip("0123456789")
            column = self.columns.get(letters)
            if column is None:
                column = self.columns[letters] = cell_position(letters + "1")[1]
            if reference[len(letters) :] != self.row_text:
                raise Unreadable("damaged", DAMAGED)
            self.column = column
        self.kind = attributes.get("t", "n")
        self.style = attributes.get("s")
        self.text, self.formula, self.stored, self.in_cell = [], False, False, True

    def value(self):
        text, kind = _joined(self.text), self.kind
        if not text:
            # A formula that gives "" has an empty text stored; one that was never calculated has nothing, or is no text.
            return NO_VALUE if self.formula and not (self.stored and kind == "str") else None
        if kind == "n":
            return self.number(text)
        if kind == "s":
            if not text.isdecimal() or int(text) >= len(self.strings):
                raise Unreadable("damaged", DAMAGED)
            return self.strings[int(text)] or None
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "e":
            return CellError(text)
        return unescape(text)  # inlineStr, str, and d: a date in ISO form, which dates are read from anyway

    def number(self, text):
        try:
            number = int(text) if text.isdecimal() and len(text) < 20 else float(text)
        except ValueError:
            raise Unreadable("damaged", DAMAGED) from None
        if not math.isfinite(number):
            raise Unreadable("damaged", DAMAGED)
        part = self.date_styles.get(self.style)
        return number if part is None else DateNumber(number, part)

    def merge(self, reference):
        self.budget["merges"] -= 1
        if self.budget["merges"] < 0:
            raise Unreadable(
                "too_many_merges",
                "工作簿里的合并单元格超过 2,000 处的上限：请取消多余的合并（每行写全），再另存为 .xlsx",
            )
        first, _, last = reference.partition(":")
        (top, left), (bottom, right) = cell_position(first), cell_position(last or first)
        if bottom < top or right < left:
            raise Unreadable("damaged", DAMAGED)
        area = (bottom - top + 1) * (right - left + 1)
        if area > MAX_MERGE_AREA:
            raise Unreadable(
                "merge_too_big",
                f"合并单元格 {reference} 盖住 {area:,} 个单元格，超过 100,000 个的上限：请取消这处合并，{SAVE_AS}",
            )
        self.sheet.merges.append((top, left, bottom, right))
