"""A workbook's sheets as typed rows, each with what is wrong with its cells. Knows nothing of the database."""

from dataclasses import dataclass, field

from networks.xlsx import dates
from networks.xlsx.cells import NO_VALUE, CellError
from networks.xlsx.problems import Notice, Problem, Unreadable, ValueProblem
from networks.xlsx.values import is_blank, names, shown, text, whole_number
from networks.xlsx.writing import OPTIONS_SHEET

from . import columns as col
from .layout import read_layout
from .values import figure, length, names_with_numbers

MAX_ROWS = 10_000  # session rows in one file

# Longest texts, as the model holds them (see TrainingSession).
LONGEST = {col.TITLE: 100, col.ORGANISER: 100, col.VENUE: 100, col.INSTRUCTORS: 100, col.REMARKS: 1000}
LIST_LONGEST = 300
SINGLE_NAMES = (col.HOST, col.THEME, col.PROGRAMME, col.FORM, col.LANGUAGE)


@dataclass(slots=True)
class LedgerRow:
    """One session as the sheet gives it: names are still text. What could not be read is None and has a problem."""

    layout: object
    number: int
    hidden: bool
    values: dict = field(default_factory=dict)  # {column: text, number, list, or When}
    problems: list = field(default_factory=list)
    raw: dict = field(default_factory=dict)  # {column: cell value, or a pair of them}

    @property
    def sheet(self):
        return self.layout.name

    def problem(self, column, code, message, *, part=0, at=None):
        """Notes that the cell of `column` is wrong, once per column; `part` is 1 for the second of two joined columns, `at`
        the number of another column whose text ends up in this one."""
        if any(problem.column == column for problem in self.problems):
            return
        numbers = (at,) if at else self.layout.columns.get(column)
        cell = self.layout.anchor(self.number, numbers[min(part, len(numbers) - 1)]) if numbers else None
        self.problems.append(Problem(self.sheet, self.number, column, code, message, cell))


@dataclass
class Ledger:
    rows: list = field(default_factory=list)
    problems: list = field(default_factory=list)  # of whole sheets: columns that are missing
    notices: list = field(default_factory=list)
    skipped: int = 0  # rows below a header that are no sessions
    unknown_headers: list = field(default_factory=list)  # that nobody has explained, each once
    columns: set = field(default_factory=set)  # of ours that some sheet has


def read_ledger(workbook, *, year=None, corrections=None, organiser_needed=True, own_names=None):
    """The typed rows of every sheet with a recognisable header, in the order of the file.

    `year` completes dates without one; `corrections` {(sheet, row, column): text} replace cells; `own_names` {header key: our
    column} is what the unit's own ledger calls them. Raises Unreadable when no
    sheet is a ledger, or when there are more than 10,000 session rows.
    """
    ledger = Ledger()
    recognised = 0
    for sheet in workbook.sheets:
        layout = read_layout(sheet, own_names)
        if layout is None:
            _pass_over(sheet, ledger)
            continue
        recognised += 1
        _SheetRows(layout, ledger, workbook.epoch_1904, year, corrections or {}).read(organiser_needed)
    if not recognised:
        raise Unreadable(
            "no_ledger",
            "没有找到培训台账的表头：请确认第一行（或标题下一行）写有“培训名称、开始时间、实到人次”等列名，可下载模板对照",
        )
    return ledger


def _pass_over(sheet, ledger):
    empty = all(is_blank(value) for cells in sheet.rows.values() for value in cells.values())
    if not empty and not (sheet.hidden and sheet.name == OPTIONS_SHEET):
        hidden = "隐藏的" if sheet.hidden else ""
        message = f"{hidden}工作表“{sheet.name}”没有培训台账的表头，没有读取"
        ledger.notices.append(Notice(sheet.name, 0, "sheet_skipped", message))


class _SheetRows:
    """Reads the rows of one sheet into the ledger, and compares its 合计 rows with what stands above them."""

    def __init__(self, layout, ledger, epoch_1904, year, corrections):
        self.layout, self.ledger, self.epoch_1904, self.corrections = layout, ledger, epoch_1904, corrections
        self.year = year or (next(iter(layout.title_years)) if len(layout.title_years) == 1 else None)
        self.sums = {name: _RunningSum() for name in (col.PLANNED, col.REPORTED) if name in layout.columns}

    def read(self, organiser_needed):
        layout = self.layout
        self.tell_about_sheet()
        needed = (*col.NEEDED, col.ORGANISER) if organiser_needed else col.NEEDED
        for name in needed:
            if name not in layout.columns:
                first = min(column for columns in layout.columns.values() for column in columns)
                message = f"表头里没有“{name}”一列：请补上这一列{_also(name)}"
                cell = layout.anchor(layout.header_row, first)
                self.ledger.problems.append(
                    Problem(layout.name, layout.header_row, name, "missing_column", message, cell)
                )
        for row in layout.rows:
            if row.kind == "session":
                self.read_row(row)
            else:
                self.ledger.skipped += 1
                if row.kind != "other":
                    self.compare(row)

    def tell_about_sheet(self):
        layout, notices = self.layout, self.ledger.notices
        if layout.hidden:
            notices.append(Notice(layout.name, 0, "hidden_sheet", f"工作表“{layout.name}”是隐藏的，其中的场次照常读取"))
        self.ledger.columns.update(layout.columns)
        known = self.ledger.unknown_headers
        known += [header for header in dict.fromkeys(layout.unknown) if header not in known]
        for _column, header in layout.unused:
            message = f"不认识或多出的列“{header}”没有对应的栏目，内容记入备注"
            notices.append(Notice(layout.name, layout.header_row, "column_unused", message))

    def read_row(self, row):
        if len(self.ledger.rows) == MAX_ROWS:
            raise Unreadable("too_many_rows", "文件里的场次超过 10,000 行的上限：请按年份或单位分成几个文件导入")
        ledger_row = LedgerRow(self.layout, row.number, row.hidden)
        ledger_row.raw = self.raw(row)
        _Reading(ledger_row, self.layout, self.year, self.epoch_1904).read(row.cells)
        self.ledger.rows.append(ledger_row)
        for name, total in self.sums.items():
            total.add(ledger_row.values.get(name), unknown=any(p.column == name for p in ledger_row.problems))
        if row.hidden:
            message = f"第 {row.number} 行是隐藏的（或被筛选掉），照常读取"
            self.ledger.notices.append(Notice(self.layout.name, row.number, "hidden_row", message))
        when = ledger_row.values.get(col.START)
        if when and when.last:
            message = f"{when.day:%Y-%m-%d} 至 {when.last:%Y-%m-%d} 按一个连续几天的培训班登记"
            self.ledger.notices.append(Notice(self.layout.name, row.number, "multi_day", message))

    def raw(self, row):
        """{column: value} of the cells that hold something; a pair for joined columns; corrections in place."""
        cells, raw = row.cells, {}
        for name, numbers in self.layout.columns.items():
            if len(numbers) == 1:
                value = cells.get(numbers[0])
            else:
                value = tuple(cells.get(number) for number in numbers)
                value = None if value == (None, None) else value
            if value is not None:
                raw[name] = value
        if self.corrections:
            for name in (*col.SYNONYMS, col.NUMBER):
                corrected = self.corrections.get((self.layout.name, row.number, name))
                if corrected is not None:
                    raw.pop(name, None)
                    if not is_blank(corrected):
                        raw[name] = corrected
        return raw

    def compare(self, row):
        """Tells where a 合计 is not the sum of what it stands under. A 小计 adds up the rows since the last one; a 合计 may
        add up those, or everything so far."""
        for name, total in self.sums.items():
            stated = row.cells.get(self.layout.columns[name][0])
            number = None if stated is None or stated is NO_VALUE else whole_number(stated)
            expected = total.expected(row.kind)
            if number is not None and expected and number not in expected:
                word = "小计" if row.kind == "subtotal" else "合计"
                message = f"{name}的{word}写的是 {number}，各行相加是 {expected[0]}：请核对（不影响导入）"
                self.ledger.notices.append(Notice(self.layout.name, row.number, "sum_differs", message))
            total.restart(row.kind)


class _RunningSum:
    """Sums of one column: in all, since the last 合计, and since the last 小计 or 合计. None once a figure is unknown."""

    def __init__(self):
        self.all = self.since_total = self.since_subtotal = 0

    def add(self, figure, *, unknown):
        amount = None if unknown else figure or 0
        for name in ("all", "since_total", "since_subtotal"):
            so_far = getattr(self, name)
            setattr(self, name, None if so_far is None or amount is None else so_far + amount)

    def expected(self, kind):
        sums = [self.since_subtotal] if kind == "subtotal" else [self.all, self.since_total]
        return [] if None in sums else sums

    def restart(self, kind):
        self.since_subtotal = 0
        if kind == "total":
            self.since_total = 0


def _also(name):
    others = "、".join(col.SYNONYMS.get(name, ())[:4])
    return f"（也可写作 {others}）" if others else ""


class _Reading:
    """Reads one row's cells into `row.values`; what cannot be read becomes a problem of the row."""

    def __init__(self, row, layout, year, epoch_1904):
        self.row, self.layout, self.year, self.epoch_1904 = row, layout, year, epoch_1904

    def read(self, cells):
        raw = self.row.raw
        for name in (col.TITLE, col.ORGANISER, col.VENUE, col.INSTRUCTORS):
            if name in raw:
                self.attempt(name, text, raw[name], most=LONGEST[name], epoch_1904=self.epoch_1904)
        for name in SINGLE_NAMES:
            if name in raw:
                self.attempt(name, text, raw[name], most=LIST_LONGEST, epoch_1904=self.epoch_1904)
        for name in (col.PLANNED, col.REPORTED):
            if name in raw:
                self.attempt(name, figure, raw[name])
        for name in (col.CONTRACTOR, col.CO_ORGANISERS):
            if name in raw:
                self.attempt(name, names, raw[name])
        if col.LENGTH in raw:
            self.attempt(col.LENGTH, length, raw[col.LENGTH], self.layout.length_unit)
        if col.AUDIENCE in raw:
            self.attempt(col.AUDIENCE, names_with_numbers, raw[col.AUDIENCE])
        if col.PLACE in raw:
            self.attempt(col.PLACE, self.place, raw[col.PLACE])
        if col.NUMBER in raw:
            self.row.values[col.NUMBER] = shown(raw[col.NUMBER]).upper()
        self.when()
        self.attempt(col.REMARKS, self.remarks, raw.get(col.REMARKS), self.unused_text(cells))
        for name in col.NEEDED:
            if name not in raw and name in self.layout.columns:
                self.row.problem(name, "missing", f"没有填“{name}”：请补上；如果这一行不是场次，请删去")

    def attempt(self, name, read, *arguments, part=0, **options):
        try:
            self.row.values[name] = read(*arguments, **options)
        except ValueProblem as problem:
            self.row.problem(name, problem.code, problem.message, part=part)

    def place(self, value):
        """白山镇/新汉村, from one cell or from 乡镇 and 村."""
        parts = value if isinstance(value, tuple) else (value,)
        texts = [text(part, most=LIST_LONGEST) for part in parts if part is not None]
        if len(texts) == 2 and texts[1].startswith(texts[0]):  # the village's cell names the township again
            return texts[1]
        return "/".join(texts)

    def unused_text(self, cells):
        """What unknown columns hold, as it is kept in 备注: 列名：值；"""
        kept = []
        for column, header in self.layout.unused:
            value = cells.get(column)
            if value is None or value is NO_VALUE:  # nothing reads the column, so a formula there need not have a value
                continue
            try:
                value = str(value) if isinstance(value, CellError) else value
                kept_text = text(value, most=LONGEST[col.REMARKS], lines=True, epoch_1904=self.epoch_1904)
            except ValueProblem as problem:
                self.row.problem(col.REMARKS, problem.code, f"{header}：{problem.message}", at=column)
            else:
                kept.append(f"{header}：{kept_text}；")
        return "".join(kept)

    def remarks(self, value, unused_text):
        """The remarks as typed, with their lines, followed by what unknown columns hold."""
        typed = ""
        if value is not None:
            typed = text(value, most=LONGEST[col.REMARKS], lines=True, epoch_1904=self.epoch_1904)
        if typed and unused_text and not typed.endswith(("；", "。", ";")):
            typed += "；"
        whole = typed + unused_text
        if len(whole) > LONGEST[col.REMARKS]:
            raise ValueProblem("too_long", f"备注连同不认识的列共 {len(whole)} 个字，最多 1000 个字：请删减")
        return whole

    def when(self):
        raw, row = self.row.raw, self.row
        if col.START not in raw:
            return
        start = raw[col.START]
        options = {"year": self.year, "epoch_1904": self.epoch_1904}
        if not isinstance(start, tuple):
            self.attempt(col.START, dates.read_when, start, **options)
        elif start[0] is None:
            self.attempt(col.START, dates.read_when, start[1], part=1, **options)
        else:
            self.attempt(col.START, dates.read_when, start[0], **options)
            if col.START in row.values and start[1] is not None:
                when = row.values.pop(col.START)
                self.attempt(col.START, dates.with_clock, when, start[1], part=1, **options)
        when = row.values.get(col.START)
        if when and col.END in raw:
            self.attempt(col.END, dates.finish, when, raw[col.END], epoch_1904=self.epoch_1904)
            row.values[col.START] = row.values.pop(col.END, when)
