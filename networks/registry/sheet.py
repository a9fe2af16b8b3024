"""The rows of a workbook by the names of a registry's columns, whatever their order: title and blank rows, sums, notes and
signatures are passed over, and nothing else is."""

import re
from dataclasses import dataclass, field

from networks.xlsx.cells import NO_VALUE
from networks.xlsx.problems import Notice, Problem, Unreadable
from networks.xlsx.sheets import NOTE, SIGNATURE, TOTAL, Merges, header_key
from networks.xlsx.values import ascii_punctuation, is_blank, shown
from networks.xlsx.writing import OPTIONS_SHEET

MAX_ROWS = 5_000  # in one file; a county has some hundred institutions
HEADER_WITHIN = 50  # rows that hold something, from the top
KNOWN_AT_LEAST = 3  # columns that make a row the header
SERIAL = header_key("序号")


@dataclass(slots=True)
class SheetRow:
    """One row: `cells` {our name of the column: value, None where it is blank} of every column that the sheet has."""

    sheet: str
    number: int
    cells: dict
    places: dict  # {our name: (row, column number)}, where a mark belongs
    hidden: bool = False
    problems: list = field(default_factory=list)

    def problem(self, column, code, message):
        """Notes that the cell of `column` is wrong, once per column."""
        if any(problem.column == column for problem in self.problems):
            return
        where = self.places.get(column) or next(iter(self.places.values()))
        self.problems.append(Problem(self.sheet, self.number, column, code, message, where))

    def text(self, column, *, epoch_1904=False):
        """The cell as a person sees it."""
        value = self.cells.get(column)
        return shown(value, epoch_1904=epoch_1904)


@dataclass
class Rows:
    rows: list = field(default_factory=list)
    problems: list = field(default_factory=list)  # of whole sheets: columns that are missing
    notices: list = field(default_factory=list)
    skipped: int = 0
    columns: set = field(default_factory=set)  # that at least one sheet has


def read_rows(workbook, columns, *, number, named_by=""):
    """The `Rows` of every sheet with a recognisable header. `number` is the column that says which stored row it is; with it
    `named_by` is needed, without it the key columns are. Raises Unreadable where no sheet has a header, and beyond 5,000 rows."""
    found = Rows()
    recognised = 0
    for sheet in workbook.sheets:
        if sheet.name == OPTIONS_SHEET:
            if not sheet.hidden:  # somebody has looked at the lists
                _pass_over(sheet, found)
            continue
        merges = Merges(sheet.merges)
        header = _find_header(sheet, columns)
        if header is None:
            _pass_over(sheet, found)
            continue
        recognised += 1
        _read_sheet(sheet, merges, header, columns, number, named_by, found)
    if not recognised:
        names = "、".join(column.name for column in columns if column.key)
        raise Unreadable("no_header", f"没有找到表头：第一行（或标题下一行）要写有“{names}”等列名，可先下载表格对照")
    return found


def _pass_over(sheet, found):
    empty = all(is_blank(value) for cells in sheet.rows.values() for value in cells.values())
    if not empty:
        found.notices.append(Notice(sheet.name, 0, "sheet_skipped", f"工作表“{sheet.name}”不是名册，没有读取"))


@dataclass
class _Header:
    row: int
    texts: dict  # {column number: header as typed}
    columns: dict  # {our name: (column number,) or (n, m)}


def _find_header(sheet, columns):
    for number in list(sheet.rows)[:HEADER_WITHIN]:
        texts = {n: shown(v) for n, v in sheet.rows[number].items() if isinstance(v, str) and not is_blank(v)}
        assigned = _assign(texts, columns)
        if len(assigned) >= KNOWN_AT_LEAST and any(column.key and column.name in assigned for column in columns):
            return _Header(number, texts, assigned)
    return None


def _assign(texts, columns):
    """{our name: column numbers}: the exact name wins, else two that together are one, else the leftmost synonym."""
    keys = {number: header_key(text) for number, text in sorted(texts.items())}
    taken, assigned = set(), {}

    def leftmost(names):
        wanted = {header_key(name) for name in names}
        return next((number for number, key in keys.items() if key in wanted and number not in taken), None)

    def take(column, *numbers):
        if None not in numbers:
            assigned[column.name] = numbers
            taken.update(numbers)

    for column in columns:
        take(column, leftmost((column.name,)))
    for column in columns:
        if column.name not in assigned and column.pair:
            take(column, *map(leftmost, column.pair))
    for column in columns:
        if column.name not in assigned:
            take(column, leftmost(column.synonyms))
    return assigned


def _read_sheet(sheet, merges, header, columns, number, named_by, found):
    found.columns |= set(header.columns)
    used = {n for numbers in header.columns.values() for n in numbers}
    if sheet.hidden:
        found.notices.append(Notice(sheet.name, 0, "hidden_sheet", f"工作表“{sheet.name}”是隐藏的，照常读取"))
    for at, text in header.texts.items():
        if at not in used and header_key(text) != SERIAL:
            message = f"不认识或多出的列“{text}”没有读取"
            found.notices.append(Notice(sheet.name, header.row, "column_unused", message))
    by_key = {column.name for column in columns if column.key and column.needed}
    for column in columns:
        if column.name not in header.columns and column.name in ({named_by} if number in header.columns else by_key):
            message = f"表头里没有“{column.name}”一列：请补上这一列"
            where = merges.anchor(header.row, min(used))
            found.problems.append(Problem(sheet.name, header.row, column.name, "missing_column", message, where))
    needed = [header.columns[c.name][0] for c in columns if c.needed and c.name in header.columns]
    for row, cells in sheet.rows.items():
        if row <= header.row:
            continue
        full = _with_merged(sheet, merges, header, row, cells, used)
        if not full or _is_no_data(cells, full, header, needed, merges, row):
            found.skipped += 1
            continue
        if len(found.rows) == MAX_ROWS:
            raise Unreadable("too_many_rows", f"文件里的行数超过 {MAX_ROWS:,} 行的上限：请分成几个文件")
        hidden = row in sheet.hidden_rows
        if hidden:
            message = f"第 {row} 行是隐藏的（或被筛选掉），照常读取"
            found.notices.append(Notice(sheet.name, row, "hidden_row", message))
        values = {name: _joined([full.get(n) for n in numbers]) for name, numbers in header.columns.items()}
        places = {name: merges.anchor(row, numbers[0]) for name, numbers in header.columns.items()}
        found.rows.append(SheetRow(sheet.name, row, values, places, hidden))


def _joined(values):
    """One cell's value; of two (乡镇 and 村), 白山镇/新汉村."""
    filled = [value for value in values if not is_blank(value)]
    if len(filled) < 2:
        return filled[0] if filled else None
    if NO_VALUE in filled:
        return NO_VALUE
    town, village = map(shown, filled)
    return village if village.startswith(town) else f"{town}/{village}"


def _with_merged(sheet, merges, header, row, cells, used):
    """The row's cells in known columns, with those that are merged down over it; {} for a row that has none of its own."""
    own = {n: value for n, value in cells.items() if n in used and not is_blank(value)}
    if not own:
        return {}
    for column in merges.columns_with_spans():
        top = merges.above(row, column)
        if column in used and top is not None and top > header.row:
            value = sheet.rows.get(top, {}).get(column)
            if not is_blank(value):
                own.setdefault(column, value)
    return own


def _is_no_data(cells, full, header, needed, merges, row):
    """A sum, a note, a signature, a section's heading or the header printed again. A row with everything that a row needs is
    data, whatever its words."""
    if all(n in full for n in needed) and not _repeats(full, header):
        return False
    filled = {n: value for n, value in cells.items() if not is_blank(value)}
    first = min(filled)
    leading = ascii_punctuation(shown(filled[first])) if isinstance(filled[first], str) else ""
    alone = len(filled) == 1
    return bool(
        _repeats(full, header)
        or TOTAL.fullmatch(leading)
        or SIGNATURE.fullmatch(leading)
        or (alone and (NOTE.match(leading) or merges.across(row, first) >= 3))
        or (alone and re.fullmatch(r"(?:20[0-9]{2})年?[0-9]{0,2}月?[0-9]{0,2}日?", leading))
    )


def _repeats(full, header):
    same = sum(
        isinstance(v, str) and header_key(shown(v)) == header_key(header.texts.get(n, "")) for n, v in full.items()
    )
    return same >= 2 and same * 2 > len(full)
