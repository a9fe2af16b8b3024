"""When a session took place, as clerks write it: dates, parts of the day, clock times, and ranges of days or hours.

`read_when(value, ...)` gives a `When`; `finish(when, value, ...)` adds what 结束时间 says. Years are 2000—2099. Nothing is guessed:
"2019.10", "三月初", two days in one cell and the like raise ValueProblem with a message that names what was typed.
"""

import datetime
import re
from dataclasses import dataclass, replace

from networks.names import clean_text

from .cells import DateNumber
from .problems import ValueProblem
from .values import half_width, quoted, readable, serial_to_datetime, shown, shown_date

MORNING, AFTERNOON, EVENING = "上午", "下午", "晚上"
LONGEST_CLASS = 366  # days; more is a slip of the pen
EXAMPLE = "请写成 2026-03-05、2026年3月5日 或 2026-03-05 9:00"
DAY_EXAMPLE = "请写成 2026-03-05 或 2026年3月5日"
YEARS = range(1900, 2100)  # a number alone that is one of these names a year, and would count days to 1905
FIRST_COUNTED = datetime.date(1950, 1, 1)  # a number that no cell shows as a date counts days from here on
FIRST_SHOWN = datetime.date(1900, 3, 1)  # and one that a cell does show as a date: 40, typed there, is none


@dataclass(frozen=True, slots=True)
class When:
    """`day` is None while only a clock time is known; `last` is the last day of a class of several days, else None."""

    day: datetime.date | None = None
    last: datetime.date | None = None
    start: datetime.time | None = None
    end: datetime.time | None = None
    part: str = ""  # 上午, 下午 or 晚上 where there is no clock time
    year_written: bool = True


def read_when(value, *, year=None, epoch_1904=False):
    """A date, with whatever else the cell says. `year` completes 3月5日; raises ValueProblem."""
    when = _read(value, year, epoch_1904)
    if when.day is None:
        raise _unreadable(value, f"只有时间，没有日期：{EXAMPLE}")
    return when


def read_day(value, *, epoch_1904=False):
    """One day of the years 1900—2099, for what may have begun long before there were ledgers. 2020, 2019.1 and 40 are no
    dates. Raises ValueProblem."""
    value = readable(value)
    if isinstance(value, bool):
        raise _unreadable(value, f"不是日期：{DAY_EXAMPLE}")
    try:
        if isinstance(value, str):
            typed = "".join(half_width(clean_text(value)).split())
            found = _FULL_DATE.fullmatch(typed) or _COMPACT.fullmatch(typed)
            day = datetime.date(*(int(group) for group in found.groups() if group and group.isdecimal()))
        elif value == int(value) and 19_000_000 <= value < 21_000_000:  # 20190305, also in a cell laid out for dates
            day = datetime.date(int(value) // 10_000, int(value) // 100 % 100, int(value) % 100)
        else:
            day = _counted_day(value, epoch_1904)
    except (AttributeError, OverflowError, ValueError):
        raise _unreadable(value, f"不是一个完整的日期：{DAY_EXAMPLE}") from None
    if not 1900 <= day.year <= 2099:
        raise _unreadable(value, f"不是 1900—2099 年间的日期：{DAY_EXAMPLE}")
    return day


def _counted_day(number, epoch_1904):
    """The day of a serial number. Raises ValueError or OverflowError for what nobody meant as one."""
    day = serial_to_datetime(number, epoch_1904=epoch_1904).date()
    first = FIRST_SHOWN if isinstance(number, DateNumber) else FIRST_COUNTED
    if int(number) in YEARS or day < first or (first is FIRST_COUNTED and number != int(number)):
        raise ValueError(number)
    return day


def with_clock(when, clock_value, *, year=None, epoch_1904=False):
    """`when` of the 日期 column with what the 时间 column beside it says: a clock time, a range of hours, or a part of the
    day. Raises ValueProblem."""
    clock = _read(clock_value, year or when.day.year, epoch_1904)
    if clock.day and clock.day != when.day:
        raise _unreadable(clock_value, f"与日期 {when.day:%Y-%m-%d} 不是同一天：请核对")
    if clock.last and clock.last != when.last:
        raise _unreadable(clock_value, "与日期栏的天数不一致：请核对")
    if when.start and clock.start and when.start != clock.start:
        raise _unreadable(clock_value, f"与日期栏里的 {when.start:%H:%M} 不一致：请只留一个时间")
    if when.end and clock.end and when.end != clock.end:
        raise _unreadable(clock_value, f"与日期栏里的结束时间 {when.end:%H:%M} 不一致：请只留一个时间")
    start, end = when.start or clock.start, when.end or clock.end
    return _checked(replace(when, start=start, end=end, part="" if start else when.part or clock.part), clock_value)


def finish(when, value, *, epoch_1904=False):
    """`when` with what 结束时间 says: a date, a date and time, or a clock time alone; a part of the day beside a date says
    nothing (2026-3-7下午). Raises ValueProblem where it lies before the start or disagrees with a range that 开始时间
    already gives."""
    given = _read(value, when.day.year, epoch_1904)
    end = given.end or given.start
    day = given.last or given.day
    if not day and not end:
        raise _unreadable(value, "不是结束的钟点：请写成 11:30，或留空")
    ranged = when.last or (when.day if when.end else None)
    if day and ranged and day != ranged:
        raise ValueProblem(
            "end_disagrees", f"结束时间{quoted(value)}与开始时间写的范围（到 {ranged:%Y-%m-%d}）不一致：请核对"
        )
    if end and when.end and end != when.end:
        raise ValueProblem("end_disagrees", f"结束时间{quoted(value)}与开始时间写的 {when.end:%H:%M} 不一致：请核对")
    last = day if day and day != when.day else when.last
    return _checked(replace(when, last=last, end=end or when.end), value)


def _checked(when, value):
    """Refuses an end before the start. One at the start is what some write who do not know the end."""
    if when.last and when.last < when.day:
        raise ValueProblem("end_before_start", f"{quoted(value)}：结束日期早于开始日期 {when.day:%Y-%m-%d}，请核对")
    if when.last and (when.last - when.day).days > LONGEST_CLASS:
        raise ValueProblem("too_many_days", f"{quoted(value)}：一个培训班超过一年，请核对结束日期的年份")
    if when.start and when.end and not when.last and when.end < when.start:
        raise ValueProblem("end_before_start", f"{quoted(value)}：结束时间早于开始时间 {when.start:%H:%M}，请核对")
    return when


def _unreadable(value, why, code="bad_date"):
    return ValueProblem(code, f"{quoted(value)}{why}")


# --- numbers ----------------------------------------------------------------------------------------


def _read(value, year, epoch_1904):
    value = readable(value)
    if isinstance(value, bool):
        raise _unreadable(value, f"不是日期：{EXAMPLE}")
    if isinstance(value, (int, float)):
        return _read_number(value, epoch_1904)
    typed = " ".join(half_width(clean_text(value)).split())
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", typed):  # a serial number that was pasted as text
        return _read_number(float(typed), epoch_1904)
    return _Scanner(value, typed, year).when()


def _read_number(number, epoch_1904):
    if 0 < number < 1:
        return When(start=(datetime.datetime.min + datetime.timedelta(seconds=round(number * 86_400))).time())
    if 20_000_000 <= number <= 21_000_000 and number == int(number) and not isinstance(number, DateNumber):
        digits = str(int(number))
        return When(day=_date(int(digits[:4]), int(digits[4:6]), int(digits[6:]), digits))
    typed = shown_date(number, epoch_1904=epoch_1904) if isinstance(number, DateNumber) else shown(number)
    try:
        moment = serial_to_datetime(number, epoch_1904=epoch_1904)
    except (OverflowError, ValueError):  # ValueError for a value that is no number at all
        raise _unreadable(typed, f"不是日期：{EXAMPLE}") from None
    if not 2000 <= moment.year <= 2099:
        raise _unreadable(typed, f"不是 2000—2099 年间的日期：{EXAMPLE}")
    clock = moment.time().replace(second=0)
    midnight = moment.time() == datetime.time.min  # a date cell without a time
    part = getattr(number, "part", "")
    return When(day=moment.date(), start=None if midnight else clock, part=part if midnight else "")


def _date(year, month, day, typed):
    if not 2000 <= year <= 2099:
        raise _unreadable(typed, "的年份不在 2000—2099 年间，请核对")
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise _unreadable(typed, "：没有这一天，请核对") from None


# --- text -------------------------------------------------------------------------------------------

_WEEKDAY = re.compile(r"\(?\s*(?:星期|周|礼拜)[一二三四五六日天]\s*\)?")
_FULL_DATE = re.compile(
    r"([0-9]{4})\s*"
    r"(?:年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*(?:[日号]|(?![0-9]))|([-/.])([0-9]{1,2})\4([0-9]{1,2})(?![0-9]))"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9])")
_MONTH_DAY = re.compile(r"([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*(?:[日号]|(?![0-9]))")
_SHORT_MONTH_DAY = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})(?![-/.0-9:点时])")
_DAY = re.compile(r"([0-9]{1,2})\s*[日号]")
_BARE_DAY = re.compile(r"([0-9]{1,2})(?![-/.0-9:点时月])")
_TO = re.compile(r"\s*(?:-+|[—–―~〜−]+|至|到)\s*")
_PART = re.compile(r"\s*(上午|早上|早晨|中午|下午|晚上|傍晚|夜晚|凌晨)\s*")
_CLOCK = re.compile(
    r"\s*([0-9]{1,2})\s*(?::\s*([0-9]{2})(?:\s*:\s*[0-9]{2}(?:\.0+)?)?|[点时]\s*(?:(半)|([0-9]{1,2})\s*分?|整)?)(?![0-9:])"
)
_PARTS = {"上午": MORNING, "早上": MORNING, "下午": AFTERNOON, "晚上": EVENING, "夜晚": EVENING}


class _Scanner:
    """Reads one text from left to right: DATE [CLOCK] [to (DATE [CLOCK [to CLOCK]] | CLOCK)], or CLOCK [to CLOCK]."""

    def __init__(self, value, typed, year):
        self.value, self.year = value, year
        # A weekday only repeats the date; brackets around 上午 or a time only decorate.
        self.text = re.sub(r"[()]", " ", _WEEKDAY.sub(" ", typed)).strip()
        self.at = 0

    def when(self):
        found = self.date()
        if found is None:
            return self.finished(self.clocks(When()))
        day, year_written = found
        when = When(day=day, year_written=year_written)
        self.take(re.compile(r"[T ]*"))
        start, part = self.clock()
        if not self.take(_TO):
            return self.finished(replace(when, start=start, part="" if start else part))
        last = self.last_day(when)
        if last is None:
            if start is None:
                raise self.problem()
            return self.finished(replace(when, start=start, end=self.closing_clock(part)))
        when = replace(when, last=last if last != day else None)
        self.take(re.compile(r"[T ]*"))
        if start is None:
            return self.finished(self.clocks(replace(when, part=part)))
        end, _ = self.clock()
        return self.finished(replace(when, start=start, end=end))

    def clocks(self, when):
        """CLOCK [to CLOCK] or a part of the day, added to `when`."""
        start, part = self.clock()
        if start is None and not part:
            return when
        end = None
        if start and self.take(_TO):
            end = self.closing_clock(part)
        return replace(when, start=start, end=end, part="" if start else part)

    def closing_clock(self, part):
        """The end of a range of hours, in the same part of the day unless it says otherwise (下午3点-5点)."""
        end, _ = self.clock(part)
        if end is None:
            raise self.problem()
        return end

    def finished(self, when):
        if self.at != len(self.text) or when == When():
            raise self.problem()
        if when.part and when.part not in _PARTS:
            raise self.problem()
        # Midnight after a date is what programs write for a date without a time.
        if when.day and when.start == datetime.time.min and when.end is None:
            when = replace(when, start=None)
        return _checked(replace(when, part=_PARTS.get(when.part, "")), self.value)

    def take(self, pattern):
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def date(self):
        """(date, whether its year is written), or None where no date begins."""
        if found := self.take(_FULL_DATE) or self.take(_COMPACT):
            year, month, day = [int(group) for group in found.groups() if group and group.isdecimal()]
            return _date(year, month, day, self.value), True
        if found := self.take(_MONTH_DAY):
            if self.year is None:
                raise ValueProblem(
                    "no_year",
                    f"{quoted(self.value)}没有年份，表名里也没有（唯一的）年份：请补上年份，或在导入时选定年份",
                )
            return _date(self.year, int(found[1]), int(found[2]), self.value), False
        return None

    def last_day(self, first):
        """The last day of a range of days that begins with `first`, or None where a clock time follows instead."""
        if found := self.take(_FULL_DATE):
            year, month, day = [int(group) for group in found.groups() if group and group.isdecimal()]
            last = _date(year, month, day, self.value)
            if not first.year_written and last.year != first.day.year:
                raise self.over_new_year()
            return last
        style = re.search(r"[0-9]([-/.])[0-9]", self.text[: self.at])
        separator = style[1] if style else ""
        if (found := self.take(_MONTH_DAY)) or (separator and (found := self.same_style(separator))):
            month, day = int(found[1]), int(found.groups()[-1])
            if month < first.day.month:
                raise self.over_new_year()
        elif (found := self.take(_DAY)) or (separator in ("/", ".") and (found := self.take(_BARE_DAY))):
            month, day = first.day.month, int(found[1])
        else:
            return None
        return _date(first.day.year, month, day, self.value)

    def same_style(self, separator):
        """3.7 after 2026.3.5-, written with the separator of the first date; not 03-07 after 2026-03-05-."""
        found = _SHORT_MONTH_DAY.match(self.text, self.at)
        dash = self.text[: self.at].rstrip().endswith("-")
        if found and found[2] == separator and not (separator == "-" and dash):
            self.at = found.end()
            return found
        return None

    def clock(self, part=""):
        """(time, part of the day as written) of what comes next; (None, "") where no time begins."""
        written = self.take(_PART)
        found = self.take(_CLOCK)
        if not found:
            return None, written[1] if written else ""
        hour = int(found[1])
        minute = 30 if found[3] else int(found[2] or found[4] or 0)
        clock = self.on_the_clock(hour, minute, written[1] if written else "", part)
        return clock, written[1] if written else part

    def on_the_clock(self, hour, minute, written, inherited):
        if hour > 23 or minute > 59:
            raise _unreadable(self.value, "：没有这个钟点，请写成 0:00—23:59（半夜结束请写 23:59）")
        part = written or (inherited if hour <= 12 else "")
        afternoon = part in ("下午", "傍晚") or (part == "中午" and hour < 11)
        if part in ("晚上", "夜晚"):
            if hour < 5 or hour == 12:
                raise _unreadable(self.value, "：看不出是几点，请写成 24 小时制，如 19:30")
            afternoon = True
        if part in ("上午", "早上", "早晨", "凌晨") and hour > 12:
            raise _unreadable(self.value, "：上午没有这个钟点，请核对")
        return datetime.time(hour + 12 if afternoon and hour < 12 else hour, minute)

    def over_new_year(self):
        return _unreadable(self.value, "跨了元旦：请把开始和结束的年份都写上，如 2025年12月30日至2026年1月2日")

    def problem(self):
        text = self.text
        if re.fullmatch(r"'?[0-9]{2}(\s*年.*|[-/.][0-9]{1,2}[-/.][0-9]{1,2}.*)", text):
            return _unreadable(self.value, "的年份只有两位：请写四位年份，如 2026年3月5日")
        if re.search(r"[日号0-9]\s*[、,;和及]\s*[0-9]", text):
            return _unreadable(self.value, "写了几个日期：一行只写一场，请分成几行（连续几天请写 3月5日至7日）")
        if re.fullmatch(r"[0-9]{4}\s*(年|[-/.])\s*[0-9]{1,2}\s*月?", text):
            return _unreadable(self.value, "没有写到哪一天：请写上日，如 2026年3月5日")
        return _unreadable(self.value, f"看不出日期：{EXAMPLE}")
