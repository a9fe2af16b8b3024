"""Values that only a ledger has: people at one session, its length, audiences with their numbers.

Nothing here guesses: what is not plainly one value raises `ValueProblem`, whose message names what was typed.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from networks.names import clean_text
from networks.xlsx.cells import DateNumber
from networks.xlsx.problems import ValueProblem
from networks.xlsx.values import half_width, names, quoted, readable, whole_number
from trainings.models.session import LESSON_MINUTES
from trainings.models.session_constraints import MOST_ATTENDANCES

MOST_MINUTES = 60_000  # a thousand hours; more is a slip of the pen


def figure(value):
    """A number of people, 1 to 20,000. "约40", "4O", "30-40" and 40.5 are errors, never guesses."""
    value = readable(value)
    number = whole_number(value)
    if number is None:
        raise ValueProblem("bad_figure", f"{quoted(value)}不是确切的整数：请只填一个整数，如 40")
    if number <= 0:
        raise ValueProblem("bad_figure", f"{quoted(value)}不能是 0 或负数：请填实际人数，没有数字请留空或删去此行")
    if number > MOST_ATTENDANCES:
        raise ValueProblem("bad_figure", f"{quoted(value)}超过一场 20,000 人次的上限：请核对是否多写了位数")
    return number


_MINUTES_EACH = {"学时": LESSON_MINUTES, "课时": LESSON_MINUTES, "节": LESSON_MINUTES, "节课": LESSON_MINUTES}
_MINUTES_EACH |= {"小时": 60, "分钟": 1, "分": 1, "": LESSON_MINUTES}
_LENGTH = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,2})?) ?个? ?(学时|课时|节课|节|小时|分钟|)")
_HOURS_AND_MINUTES = re.compile(r"([0-9]{1,4}) ?个?小时 ?([0-9]{1,2}) ?(?:分钟|分)")


def length(value, unit=""):
    """Minutes of a length: 学时, 课时, 节 are 45 minutes each, also without a word unless the header's `unit` says
    otherwise. Parts of a minute are rounded half up (1.5 学时 is 68 minutes)."""
    value = readable(value)
    if isinstance(value, (bool, DateNumber)):
        raise _bad_length(value)
    if isinstance(value, str):
        typed = half_width(clean_text(value))
        both = _HOURS_AND_MINUTES.fullmatch(typed)
        if both:
            return _minutes(Decimal(both[1]) * 60 + Decimal(both[2]), value)
        found = _LENGTH.fullmatch(typed)
        if not found:
            raise _bad_length(value)
        return _minutes(Decimal(found[1]) * _MINUTES_EACH[found[2] or unit], value)
    if abs(value) > MOST_MINUTES:
        raise _bad_length(value)
    return _minutes(Decimal(str(round(value, 4))) * _MINUTES_EACH[unit], value)


def _minutes(amount, value):
    minutes = int(amount.quantize(Decimal(1), ROUND_HALF_UP))
    if not 0 < minutes <= MOST_MINUTES:
        raise _bad_length(value)
    return minutes


def _bad_length(value):
    return ValueProblem("bad_length", f"{quoted(value)}看不出时长：请写成 2学时、1.5小时 或 90分钟")


_WITH_NUMBER = re.compile(r"(.*?[^0-9,.(:\s])[(:\s]*([0-9][0-9.,]*)\s*(?:人次|人|名)?\)?")


def names_with_numbers(value):
    """[(name, number or None)] of a list such as 青少年120、学生家长90人. The number obeys `figure`."""
    pairs = []
    for name in names(value):
        found = _WITH_NUMBER.fullmatch(half_width(name))
        pairs.append((name[: len(found[1])].strip(), figure(found[2])) if found else (name, None))
    return pairs
