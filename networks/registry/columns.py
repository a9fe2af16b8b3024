"""What a cell of a registry's column may hold: how it is read, compared, shown and written.

A kind's `read(value, desk)` turns a cell that holds something into a stored value or raises ValueProblem; `cell(value)` is what
the export writes for it (text, number, date or None). `desk` is the registry at work: it knows names and the file's date system.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from networks.names import clean_lines, clean_text, plain_phone
from networks.xlsx.cells import DateNumber
from networks.xlsx.dates import YEARS, read_day
from networks.xlsx.names import name_key
from networks.xlsx.problems import ValueProblem
from networks.xlsx.values import EPOCH_1900, half_width, is_blank, quoted, readable, shown, text, whole_number

NOTHING = "（空）"  # how an empty value is shown


class Text:
    """Text of one line, or of several where `lines` are kept."""

    empty = ""

    def __init__(self, most, *, lines=False):
        self.most, self.lines = most, lines

    def read(self, value, desk):
        return text(value, most=self.most, lines=self.lines, epoch_1904=desk.epoch_1904)

    def cell(self, value):
        return value or None

    def shown(self, value):
        return str(self.cell(value) or NOTHING)

    def says(self, value, raw, desk):
        """Whether the cell `raw` holds what the export would write for `value`."""
        written = self.cell(value)
        if written is None or is_blank(raw):
            return (written is None or is_blank(written)) and is_blank(raw)
        return isinstance(raw, str) and clean_lines(raw) == clean_lines(written)


class Names(Text):
    """Several names, one a line as stored; 、 and ； part them as well."""

    def __init__(self, most):
        super().__init__(most, lines=True)

    def read(self, value, desk):
        parts = re.split(r"[、；;\n]", super().read(value, desk))
        return "\n".join(dict.fromkeys(filter(None, map(str.strip, parts))))

    def shown(self, value):
        return "、".join(value.splitlines()) or NOTHING


class Phone(Text):
    """A telephone number, by the rule of the pages."""

    def __init__(self):
        super().__init__(30)

    def read(self, value, desk):
        try:
            return plain_phone(super().read(value, desk))
        except ValueProblem:
            raise
        except ValueError:
            raise ValueProblem(
                "bad_phone", "看不出是电话号码：请只填号码，如 0771-6822001；几个号码用顿号分开"
            ) from None


class Whole(Text):
    """A whole number from 0 on. 40人 and 1,200 are numbers, 约40 is none."""

    empty = None

    def __init__(self, most, *, least=0):
        self.most, self.least = most, least

    def read(self, value, desk):
        number = whole_number(readable(value))
        if number is None:
            raise ValueProblem("bad_figure", f"{quoted(value)}不是确切的整数：请只填一个整数，不知道就留空")
        if not self.least <= number <= self.most:
            raise ValueProblem("bad_figure", f"{quoted(value)}不在 {self.least}—{self.most} 之间：请核对")
        return number

    def cell(self, value):
        return value

    def shown(self, value):
        return NOTHING if value is None else str(value)

    def says(self, value, raw, desk):
        if value is None or is_blank(raw):
            return value is None and is_blank(raw)
        return isinstance(raw, int | float) and not isinstance(raw, bool | DateNumber) and raw == self.cell(value)


class Money(Whole):
    """Yuan, to the fen."""

    _SHAPE = re.compile(r"[¥￥]?([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)?元?")

    def __init__(self):
        super().__init__(Decimal("999999999999.99"))

    def read(self, value, desk):
        value = readable(value)
        amount = None
        if isinstance(value, str):
            found = self._SHAPE.fullmatch("".join(half_width(clean_text(value)).split()))
            amount = Decimal(found[1].replace(",", "") + (found[2] or "")) if found else None
        elif not isinstance(value, bool | DateNumber):
            amount = Decimal(repr(value))
        try:
            exact = amount is not None and amount == amount.quantize(Decimal("0.01"))
        except InvalidOperation:
            exact = False
        if not exact or not 0 <= amount <= self.most:
            raise ValueProblem("bad_figure", f"{quoted(value)}不是确切的金额：请填以元为单位的数，如 12000 或 12000.50")
        return amount.quantize(Decimal("0.01"))

    def says(self, value, raw, desk):
        """A cell keeps fifteen digits, as a double: the nearest one to the amount."""
        if value is None or is_blank(raw):
            return value is None and is_blank(raw)
        return isinstance(raw, int | float) and not isinstance(raw, bool | DateNumber) and float(raw) == float(value)


class Day(Text):
    empty = None

    def __init__(self):
        super().__init__(20)

    def read(self, value, desk):
        return read_day(value, epoch_1904=desk.epoch_1904)

    def cell(self, value):
        """A real date where a workbook can hold it and the reader would not take it for a year (1905)."""
        counted = value is None or (
            value >= datetime.date(1900, 3, 1) and (value - EPOCH_1900.date()).days not in YEARS
        )
        return value if counted else value.isoformat()

    def shown(self, value):
        return NOTHING if value is None else value.isoformat()

    def says(self, value, raw, desk):
        written = self.cell(value)
        if isinstance(written, datetime.date) and isinstance(raw, DateNumber):
            return shown(raw, epoch_1904=desk.epoch_1904) == written.isoformat()
        return not isinstance(written, datetime.date) and super().says(value, raw, desk)


class Choice(Text):
    """One of a field's choices, by its label or by another word for it."""

    def __init__(self, choices, *, also=None):
        super().__init__(40)
        self.labels = dict(choices)
        self.values = {name_key(label): value for value, label in choices}
        self.values |= {name_key(label.split("（")[0]): value for value, label in choices}
        self.values |= {name_key(word): value for word, value in (also or {}).items()}

    def read(self, value, desk):
        typed = super().read(value, desk)
        if name_key(typed) not in self.values:
            raise ValueProblem("unknown", f"没有“{typed}”这一项，可选的有：{'、'.join(self.labels.values())}")
        return self.values[name_key(typed)]

    def cell(self, value):
        return self.labels.get(value)


class Named(Text):
    """Something that bears a name: the desk's `lookup(text)` finds it, `name(thing)` is how the export writes it."""

    empty = None

    def __init__(self, lookup, name=str):
        super().__init__(100)
        self.lookup, self.name = lookup, name

    def read(self, value, desk):
        return getattr(desk, self.lookup)(super().read(value, desk))

    def cell(self, value):
        return None if value is None else self.name(value)


@dataclass(frozen=True)
class Column:
    """One column of a registry. `field` is the model's attribute that it holds, '' where the registry stores it itself;
    `key` columns say which row it is; a `needed` cell may not be empty; `pair` are two headers that together are one column."""

    name: str
    kind: Text
    field: str = ""
    synonyms: tuple[str, ...] = ()
    key: bool = False
    needed: bool = False
    help: str = ""
    width: int = 14
    pair: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    folded: bool = False  # folded away in the workbook that goes out, unless it holds something
