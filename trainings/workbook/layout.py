"""The shape of a ledger sheet: where its header is, what each column is, and which rows are sessions.

A title, a 填报单位 row, blank rows, merged cells, a two-line header, 合计 and 小计, notes, repeated headers and signatures are normal;
none of them is a session. `read_layout(sheet)` returns None for a sheet without a recognisable header; `own` {header key: our
column} are the names that a unit has confirmed for its own ledger, and give way to everything that we know ourselves.
"""

import re
from dataclasses import dataclass, field

from networks.xlsx import dates
from networks.xlsx.cells import CellError, DateNumber, column_letters
from networks.xlsx.problems import ValueProblem
from networks.xlsx.sheets import NOTE, SIGNATURE, TOTAL, Merges, header_key
from networks.xlsx.values import ascii_punctuation, half_width, is_blank, shown, whole_number

from . import columns as col

HEADER_WITHIN = 200  # rows that hold something, from the top


@dataclass(slots=True)
class Row:
    """One row below the header. `kind` is "session", "total", "subtotal" or "other"; `cells` {column number: value},
    merged cells above included; blank ones left out."""

    number: int
    kind: str
    hidden: bool
    cells: dict


@dataclass
class Layout:
    """A ledger sheet. `columns` maps our names to column numbers: (n,), or for 日期 + 时间 and 乡镇 + 村 (n, m)."""

    name: str
    hidden: bool
    header_row: int
    columns: dict
    unused: list  # [(column number, header as typed)] whose text is kept in 备注
    length_unit: str
    title_years: set
    unknown: list = field(default_factory=list)  # of the unused headers those that nobody has explained yet
    rows: list = field(default_factory=list)
    merges: object = None

    def anchor(self, row, column):
        """The cell that holds the value of (row, column): the first of its merge, or itself."""
        return self.merges.anchor(row, column)


def read_layout(sheet, own=None):
    """The `Layout` of a sheet, or None where no header is recognised."""
    merges = Merges(sheet.merges)
    header = _find_header(sheet, merges, own or {})
    if header is None:
        return None
    layout = Layout(
        name=sheet.name,
        hidden=sheet.hidden,
        header_row=header.first,
        columns={},
        unused=[],
        length_unit="",
        title_years=_title_years(sheet, header.first),
        merges=merges,
    )
    ignored = _assign(layout, header)
    layout.rows = _Classifier(sheet, layout, header, ignored).rows()
    _name_headless_columns(layout, ignored)
    return layout


# --- the header -------------------------------------------------------------------------------------


@dataclass
class _Header:
    first: int
    last: int
    texts: dict  # {column number: effective header text}
    lines: list  # [{column number: header key}] of each of its lines, to know them when they are repeated
    own: dict = field(default_factory=dict)  # {header key: our column} of the unit

    def recognised(self):
        """Enough of our columns to be sure: two of the needed ones, 培训名称 among three, or a synonym of it among five."""
        keys = {header_key(text) for text in self.texts.values()}
        found = {col.KNOWN.get(key) or self.own.get(key) or None for key in keys}
        if col.TITLE in found and len(found - {None, col.SERIAL}) >= (3 if header_key(col.TITLE) in keys else 5):
            return True
        return len(found & set(col.NEEDED)) >= 2


def _find_header(sheet, merges, own):
    numbers = list(sheet.rows)[:HEADER_WITHIN]
    for number in numbers:
        upper = _texts(sheet, number)
        single = _Header(number, number, upper, [_header_keys(upper)], own)
        lower = _texts(sheet, number + 1)
        if single.recognised():
            return _two_lines(number, upper, lower, sheet, merges, own) or single
        below = _Header(number + 1, number + 1, lower, [], own)
        if lower and not below.recognised():
            both = _two_lines(number, upper, lower, sheet, merges, own)
            if both and both.recognised():
                return both
    return None


def _texts(sheet, number):
    cells = sheet.rows.get(number, {})
    return {column: shown(value) for column, value in cells.items() if isinstance(value, str) and not is_blank(value)}


def _header_keys(texts):
    return {column: header_key(text) for column, text in texts.items()}


def _two_lines(number, upper, lower, sheet, merges, own):
    """The header of two lines (参加人数 over 应到 | 实到), or None where the second line is a row like any other: it may stand
    only under headings that span several columns, or under none, and must name at least one column that we know."""
    if (
        not lower
        or len(lower) != len(sheet.rows[number + 1])
        or any(re.search("[0-9]", half_width(t)) for t in lower.values())
    ):
        return None
    if not any(header_key(text) in col.KNOWN or header_key(text) in col.LOWER_ONLY for text in lower.values()):
        return None
    spanning = {}  # column → the heading above it
    ordered = sorted(upper)
    for column, after in zip(ordered, [*ordered[1:], max(lower) + 1], strict=True):
        width = merges.across(number, column)
        if width == 1:  # not merged: a heading reaches over the blank cells beside it
            width = sum(1 for c in range(column, after) if c in lower)
        for covered in range(column, column + width):
            spanning[covered] = (upper[column], width)
    if any(column in upper and spanning[column][1] < 2 for column in lower):
        return None
    texts = dict(upper)
    for column, text in lower.items():
        key, above = header_key(text), spanning.get(column, ("", 0))[0]
        if key in col.LOWER_ONLY:
            text = col.LOWER_ONLY[key]
        elif key in col.TOTAL_KEYS and above:
            text = above
        texts[column] = text
    return _Header(number, number + 1, texts, [_header_keys(upper), _header_keys(lower)], own)


def _assign(layout, header):
    """Fills `columns` and `unused`; returns the columns that are ignored (序号 and those of our own exports)."""
    keys = {column: header_key(text) for column, text in sorted(header.texts.items())}
    ignored = {column for column, key in keys.items() if key in col.IGNORED}
    taken = set()

    def leftmost(names):
        return next((column for column, key in keys.items() if key in names), None)

    for name in col.OUR_OWN:
        column = leftmost((header_key(name),))
        if column is not None and name == col.NUMBER:
            layout.columns[name] = (column,)
    for name, synonyms in col.SYNONYMS.items():
        found = _joined(name, leftmost)
        if not found:
            column = leftmost((header_key(name),))
            if column is None:
                column = leftmost(tuple(header_key(synonym) for synonym in synonyms))
            if column is None:
                column = leftmost(tuple(key for key, meant in header.own.items() if meant == name))
            found = () if column is None else (column,)
        if found:
            layout.columns[name] = found
            taken.update(found)
    if col.LENGTH in layout.columns:
        layout.length_unit = col.length_unit(header.texts[layout.columns[col.LENGTH][0]])
    if col.ORGANISER not in layout.columns and col.CONTRACTOR in layout.columns:
        layout.columns[col.ORGANISER] = layout.columns.pop(col.CONTRACTOR)
    for column, text in sorted(header.texts.items()):
        if column not in taken and column not in ignored:
            layout.unused.append((column, shown(text)))
            if keys[column] and keys[column] not in header.own and keys[column] not in col.KNOWN:
                layout.unknown.append(shown(text))
    return ignored


def _joined(name, leftmost):
    """The two columns that together are `name`, where the sheet has both and none under our own name."""
    if leftmost((header_key(name),)) is not None:
        return None
    pairs = {col.START: (col.DATE_KEYS, col.CLOCK_KEYS), col.PLACE: (col.TOWN_KEYS, col.VILLAGE_KEYS)}
    if name in pairs:
        pair = tuple(leftmost(keys) for keys in pairs[name])
        if None not in pair:
            return pair
    return None


def _name_headless_columns(layout, ignored):
    """A column without a header that holds something in a session's row is unused too, called by its letter."""
    known = {column for columns in layout.columns.values() for column in columns} | ignored
    known |= {column for column, _ in layout.unused}
    headless = {column for row in layout.rows if row.kind == "session" for column in row.cells} - known
    layout.unused += [(column, f"{column_letters(column)}列") for column in sorted(headless)]


# --- the title --------------------------------------------------------------------------------------

_FILED_ON = r"(?:日期|时间)\s*[:：]?\s*20[0-9]{2}\s*[年./-][^\s]*"
# 2026年1-6月 is no date but the months of a title.
_FULL_DATE = r"20[0-9]{2}\s*[年./-]\s*[0-9]{1,2}\s*[月./-]\s*[0-9]{1,2}(?![0-9]|\s*月)\s*日?"
_DATED = re.compile(rf"{_FILED_ON}|{_FULL_DATE}")
_ABOUT_LEDGER = re.compile("台账|统计|汇总|一览|登记|情况")
_DOCUMENT_NUMBER = re.compile(r"[〔\[(【]\s*20[0-9]{2}\s*[〕\])】]\s*[0-9]*\s*号")
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")
_CHINESE_YEAR = re.compile(r"二[〇○零O0][〇○零一二三四五六七八九]{2}(?=年)")
_CHINESE_DIGITS = str.maketrans("〇○零O一二三四五六七八九", "0000123456789")


def _title_years(sheet, header_row):
    """The years named above the header. A 填报日期, any other full date and a document's number are no title; only where no
    year stands otherwise do the dates inside a title count (2026年1月1日至6月30日培训台账)."""
    plain, dated = set(), set()
    for number, cells in sheet.rows.items():
        if number >= header_row:
            break
        for value in cells.values():
            if isinstance(value, str) and not isinstance(value, CellError):
                text = half_width(value)
                text = _CHINESE_YEAR.sub(lambda found: found[0].translate(_CHINESE_DIGITS), text)
                text = _DOCUMENT_NUMBER.sub("", text)
                plain.update(map(int, _YEAR.findall(_DATED.sub("", text))))
                if _ABOUT_LEDGER.search(text):
                    dated.update(map(int, _YEAR.findall(re.sub(_FILED_ON, "", text))))
    return plain or dated


# --- the rows ---------------------------------------------------------------------------------------


class _Classifier:
    """Says of every row below the header what it is. Nothing that could be a session is passed over: a row with a title,
    a start and a figure of its own is one, unless it is plainly a sum or a line of signatures."""

    def __init__(self, sheet, layout, header, ignored):
        self.sheet, self.layout, self.header, self.ignored = sheet, layout, header, ignored
        columns = layout.columns
        self.not_telling = set(ignored)
        for name in (*col.NOT_TELLING, col.NUMBER):
            self.not_telling.update(columns.get(name, ()))
        self.needed = [columns[name][0] if name in columns else None for name in col.NEEDED]
        self.known = {column for numbers in columns.values() for column in numbers}
        # Only columns in which a merge reaches down can inherit anything.
        self.inheriting = list(layout.merges.columns_with_spans())

    def rows(self):
        found = []
        for number, cells in self.sheet.rows.items():
            if number <= self.header.last:
                continue
            own = {column: value for column, value in cells.items() if not is_blank(value)}
            if not own:
                continue
            full = self.inherit(number, own) if self.inheriting else own
            kind = self.kind(number, own, full)
            if kind == "header":
                kind = "other"
                if found and found[-1].kind == "session" and len(found[-1].cells) == 1:
                    found[-1].kind = "other"  # the title that is printed again above the header
            found.append(Row(number, kind, number in self.sheet.hidden_rows, full))
        return found

    def inherit(self, number, own):
        full = dict(own)
        for column in self.inheriting:
            top = self.layout.merges.above(number, column)
            if top is not None and top > self.header.last:
                value = self.sheet.rows.get(top, {}).get(column)
                if not is_blank(value):
                    full[column] = value
        return full

    def kind(self, number, own, full):
        """ "session", "total", "subtotal", "header" or "other". `own` are the row's cells, `full` with those merged down."""
        total = self.marked_total(own)
        if not own.keys() - self.not_telling and not total:
            return "session" if self.shares_session(own, full) else "other"
        if self.repeats_header(own):
            return "header"
        title, start, figure = (own.get(column) for column in self.needed)
        figured = figure is not None and whole_number(figure) is not None
        if title is not None and start is not None and figure is not None:
            other = total or (None if figured or self.signatures(own) < 2 else "other")
            return "session" if other is None or _says_day(start) else other
        if total and (start is None or title is None):
            return total
        if not figured and self.signatures(own):
            return "other"
        first = _plain(own[min(own)])
        if (NOTE.match(first) and self.is_alone(own)) or self.is_heading(number, own):
            return "other"
        if len(own) == 1 and start is None and _DATED.fullmatch(first):  # the date below a signature
            return "other"
        return "session"

    def shares_session(self, own, full):
        """Whether a row with nothing but its own unit or place is one of several that share a title and a start or figure,
        which are merged downwards over them."""
        title, start, figure = (full.get(column) for column in self.needed)
        return title is not None and (start is not None or figure is not None) and bool(own.keys() - self.ignored)

    def is_alone(self, own):
        """Whether the row's first cell stands alone, but for the title column beside it (注： | 1.本表一式两份)."""
        return not (own.keys() - {min(own), self.needed[0]}) & self.known

    def signatures(self, own):
        """How many cells are marks of a line of signatures; 0 unless the first is one."""
        columns = sorted(own)
        if not SIGNATURE.fullmatch(_plain(own[columns[0]])):
            return 0
        return sum(bool(SIGNATURE.fullmatch(_plain(own[column]))) for column in columns)

    def marked_total(self, own):
        """ "total" or "subtotal" where a cell says 合计 or 小计: alone in its cell, or at the beginning of the row."""
        for position, column in enumerate(sorted(own)):
            value = own[column]
            if not isinstance(value, str) or "计" not in value or len(value) > 40:
                continue
            found = TOTAL.fullmatch(ascii_punctuation(value))
            if (
                found
                and (position == 0 or found[0] == found[1])
                and not (found.start(1) and self.is_title(column, own))
            ):
                return "subtotal" if found[1] == "小计" else "total"
        return None

    def is_title(self, column, own):
        """Whether the cell is the title of a row that says when and how many, be it unreadably (财务合计 | 三月初 | 约40)."""
        title, start, figure = self.needed
        return column == title and figure in own and bool(re.search(r"\w", shown(own.get(start))))

    def repeats_header(self, own):
        """A header printed again at the top of a page: at least two cells, and most of them, say what the header says."""
        first = min(own)
        leading = header_key(own[first]) if isinstance(own[first], str) else None
        for line in self.header.lines:
            if leading and leading == line.get(first):
                same = sum(isinstance(v, str) and header_key(v) == line.get(column) for column, v in own.items())
                if same >= 2 and same * 2 > len(own):
                    return True
        return False

    def is_heading(self, number, own):
        """A title or section heading: the row's only cell, merged across several columns."""
        return len(own) == 1 and self.layout.merges.across(number, min(own)) >= 3 and not _is_number(own[min(own)])


def _is_number(value):
    return isinstance(value, (int, float, DateNumber))


def _plain(value):
    """A text cell without spaces and full-width punctuation, "" for any other."""
    return ascii_punctuation(shown(value)) if isinstance(value, str) else ""


def _says_day(value):
    """Whether a cell of the start's column says when; the year may be missing."""
    try:
        return dates.read_when(value, year=2000).day is not None
    except ValueProblem:
        return False
