"""Single values as clerks type them: text, whole numbers, lists of names. Dates have their own module.

Nothing here guesses: what is not plainly one value raises `ValueProblem`, whose message names what was typed.
"""

import datetime
import math
import re
import unicodedata

from networks.names import clean_lines, clean_text, has_id_number

from .cells import NO_VALUE, CellError, DateNumber
from .problems import ValueProblem

EPOCH_1900, EPOCH_1904 = datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1)

# Only what the keyboard's full-width mode produces. NFKC would also turn "²" into 2 and "④" into 4, which nobody typed.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}


def half_width(text):
    """Full-width letters, digits, punctuation and spaces as ASCII; nothing else is changed."""
    return text.translate(_FULL_WIDTH)


def ascii_punctuation(text):
    """For comparing headers and marks: NFKC without any space or invisible character."""
    return re.sub(r"\s+", "", clean_text(unicodedata.normalize("NFKC", text)))


def is_blank(value):
    """Whether a cell holds nothing that can be seen."""
    return value is None or (isinstance(value, str) and not clean_text(value))


def shown(value, *, epoch_1904=False):
    """The value as a person sees it, for messages and for text columns. Invisible characters are left out."""
    if value is NO_VALUE or value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, DateNumber):
        return shown_date(value, epoch_1904=epoch_1904)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def shown_date(number, *, epoch_1904):
    if number < 1:
        minutes = round(number * 1440)
        return f"{minutes // 60}:{minutes % 60:02}"
    try:
        moment = serial_to_datetime(number, epoch_1904=epoch_1904)
    except OverflowError:
        return repr(float(number))
    return f"{moment:%Y-%m-%d}" if moment.time() == datetime.time.min else f"{moment:%Y-%m-%d %H:%M}"


def serial_to_datetime(number, *, epoch_1904):
    """The moment of an Excel serial number (days), to the second. Raises OverflowError beyond what dates can hold.

    Right from 1 March 1900 on: before it, Excel counts a 29 February 1900 that never was, and no ledger is that old.
    """
    days = math.floor(number)
    seconds = round((number - days) * 86_400)
    return (EPOCH_1904 if epoch_1904 else EPOCH_1900) + datetime.timedelta(days=days, seconds=seconds)


def quoted(value):
    """What was typed, in quotation marks and not endless, for a message."""
    text = shown(value)
    return f"“{text[:40]}…”" if len(text) > 41 else f"“{text}”"


def readable(value):
    """The value, unless there is none to read: an Excel error, or a formula that was never calculated."""
    if value is NO_VALUE:
        raise ValueProblem(
            "formula_without_value",
            "这里是公式，但文件里没有保存它的计算结果：请用 Excel 或 WPS 打开并保存一次，或直接填写数值",
        )
    if isinstance(value, CellError):
        raise ValueProblem("cell_error", f"这里的公式出错（{value}）：请改正公式，或直接填写内容")
    return value


def text(value, *, most, lines=False, epoch_1904=False):
    """Text as typed, trimmed, without invisible and bidi characters; at most `most` characters. Line breaks become spaces
    unless `lines` are kept."""
    value = readable(value)
    if not isinstance(value, (str, bool)) and abs(value) >= 1e15:
        raise ValueProblem(
            "number_too_long",
            f"{quoted(value)}超过 15 位，Excel 已把末几位变成 0：请把单元格改为文本格式后重新填写（不得填写身份证号）",
        )
    result = clean_lines(value) if lines and isinstance(value, str) else shown(value, epoch_1904=epoch_1904)
    if has_id_number(result):  # not repeated in the message: it is a resident's
        raise ValueProblem("id_number", "这里写了身份证号：系统不登记身份证号，请删去")
    if len(result) > most:
        raise ValueProblem("too_long", f"{quoted(result)}有 {len(result)} 个字，最多 {most} 个字：请缩短")
    return result


_FIGURE = re.compile(r"共? ?([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.0+)? ?(?:人次|人|名)?")


def whole_number(value):
    """The whole number that "40人", "共40人次", "４０" or 40.0 plainly is, of any size; else None."""
    if isinstance(value, (bool, DateNumber)) or value is NO_VALUE:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    found = _FIGURE.fullmatch(half_width(clean_text(value)))
    return int(found[1].replace(",", "")) if found else None


# Characters of one cell. A text shared by ten thousand rows costs nothing in the file, and minutes when it is taken apart in each.
MOST_OF_NAMES = 2_000
# A comma between digits belongs to the number: 社区居民1,200.
_BETWEEN_NAMES = re.compile(r"[、;；]|[，,](?![0-9]{3}(?![0-9]))")


def names(value):
    """The names of a list split by 、 ， , ; ；, as typed and trimmed, empty ones left out."""
    typed = shown(readable(value))
    if len(typed) > MOST_OF_NAMES:
        raise ValueProblem("too_long", f"{quoted(typed)}有 {len(typed)} 个字，写不下这么多名称：请缩短")
    return [name for part in _BETWEEN_NAMES.split(typed) if (name := part.strip())]
