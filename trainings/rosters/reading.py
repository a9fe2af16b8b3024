"""A pasted table, a chat list (接龙) or a workbook as lines of cells: what was understood, and what was not.

Nothing here knows the database; which words are places the caller says. Numbers are cut before anything is looked at.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from networks.xlsx.cells import NO_VALUE, column_letters, read_workbook
from networks.xlsx.sheets import NOTE, SIGNATURE, TOTAL, Merges, header_key
from networks.xlsx.values import ascii_punctuation, is_blank, shown

from .numbers import Cut, cut_numbers

HEADER_WITHIN = 20  # rows from the top
MOST_COLUMNS = 60  # of a sheet; somebody has formatted the others
HIDDEN = "这一行在表格里是隐藏的（或被筛选掉），请核对"
LONGEST = 60  # characters of a cell; what is longer is no name and no place
OLDEST = 120


@dataclass
class Typed:
    """One person as read: texts as they stand in the grid's cells, what of the line was not used, and what to know."""

    name: str = ""
    sex: str = ""
    age: str = ""
    home: str = ""
    tail: str = ""
    left: str = ""
    notes: list[str] = field(default_factory=list)
    out: bool = False


@dataclass
class Reading:
    lines: list[Typed] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # lines in which nobody was found, numbers cut
    notices: list[str] = field(default_factory=list)
    cut: Cut = field(default_factory=Cut)


IsPlace = Callable[[str], bool]


def read_text(text: str, is_place: IsPlace = lambda _: False) -> Reading:
    """What was pasted: a table where there are tabs, else a chat list."""
    text, cut = cut_numbers(text.replace("\r\n", "\n").replace("\r", "\n"))
    found = _read_table(_rows(text), is_place) if "\t" in text else _read_chat(text, is_place)
    found.cut += cut
    return found


def read_file(content: bytes, is_place: IsPlace = lambda _: False) -> Reading:
    """The sheets of a workbook that name people: every sheet with a heading 姓名, else the first that holds something. What
    nobody sees in Excel is read and said, what is not read is named. Raises Unreadable."""
    whole = Reading()
    book = read_workbook(content)
    tables = [(sheet, *_cells(sheet, book.epoch_1904)) for sheet in book.sheets]
    tables = [(sheet, rows, cut) for sheet, rows, cut in tables if any(any(map(str.strip, row)) for row in rows)]
    headed = [table for table in tables if _header(table[1]) is not None]
    read = headed or [table for table in tables if not table[0].hidden][:1] or tables[:1]
    for sheet, rows, cut in read:
        hidden = {at for at, number in enumerate(sheet.rows) if number in sheet.hidden_rows}
        found = _read_table(rows, is_place, hidden)
        whole.lines += found.lines
        whole.unread += found.unread
        whole.notices += [*_about(sheet, sum(HIDDEN in line.notes for line in found.lines)), *found.notices]
        whole.cut += cut
    left_out = [sheet.name for sheet, *_ in tables if sheet not in [one[0] for one in read]]
    if left_out:
        why = (
            "没有“姓名”一列的工作表没有读取"
            if headed
            else f"没有“姓名”一列，只读了“{read[0][0].name}”，没有读取的工作表"
        )
        whole.notices.append(f"{why}：{'、'.join(left_out)}")
    return whole


def _about(sheet, hidden: int) -> list[str]:
    """What the officer does not see in Excel, or what of the sheet was not read. `hidden` people stand in hidden rows."""
    told = []
    if sheet.hidden:
        told.append(f"工作表“{sheet.name}”是隐藏的，其中的人照常读取：不该登记的请勾选“不要”")
    if hidden:
        told.append(
            f"工作表“{sheet.name}”里有 {hidden} 人所在的行是隐藏的（或被筛选掉），照常读取，下面已注明：不该登记的请勾选“不要”"
        )
    if any(n > MOST_COLUMNS and not is_blank(value) for cells in sheet.rows.values() for n, value in cells.items()):
        told.append(
            f"工作表“{sheet.name}”太宽，{column_letters(MOST_COLUMNS)} 列（第 {MOST_COLUMNS} 列）以后的没有读取"
        )
    return told


# --- tables ------------------------------------------------------------------------------------------------

COLUMNS = {  # our cell: what clerks write above it
    "name": ("姓名", "名字", "参训人员", "参加人员", "参加人", "学员", "学员姓名", "学员名单", "名单", "参训学员"),
    "sex": ("性别",),
    "age": ("年龄", "年龄段", "岁数", "周岁"),
    "home": (
        "村（社区）", "村", "社区", "村社区", "村/社区", "所在村", "家庭所在村", "家庭所在村（社区）", "住址", "家庭住址",
        "地址", "家庭地址", "村屯", "乡镇村", "所属村", "居住地", "户籍所在地", "住所",
    ),
    "tail": ("手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "联系方式", "手机尾号", "电话尾号", "尾号"),
    "skip": ("序号", "编号", "号", "签名", "签到", "签字", "no"),
    "secret": ("身份证", "身份证号", "身份证号码", "证件号", "证件号码", "公民身份号码"),
}  # fmt: skip
_KEYS = {header_key(word): cell for cell, words in COLUMNS.items() for word in words}


def _rows(text: str) -> list[list[str]]:
    """Tab separated text as rows; a cell with a line break comes in quotation marks from Excel."""
    try:
        return list(csv.reader(io.StringIO(text), dialect="excel-tab", strict=True))
    except csv.Error:  # a lone quotation mark
        return [line.split("\t") for line in text.split("\n")]


def _cells(sheet, epoch_1904: bool) -> tuple[list[list[str]], Cut]:
    """A worksheet as rows of texts with numbers cut, cells merged downwards filled in."""
    merges, rows, cut = Merges(sheet.merges), [], Cut()
    width = max((max(cells) for cells in sheet.rows.values() if cells), default=0)
    for number, cells in sheet.rows.items():
        row = []
        for column in range(1, min(width, MOST_COLUMNS) + 1):
            value = cells.get(column)
            top = merges.above(number, column) if value is None else None
            value = sheet.rows.get(top, {}).get(column) if top else value
            text, taken = cut_numbers("（公式没有结果）" if value is NO_VALUE else _text(value, epoch_1904))
            row.append(text)
            cut += taken
        rows.append(row)
    return rows, cut


def _text(value: object, epoch_1904: bool) -> str:
    if isinstance(value, float) and abs(value) >= 1e15:  # Excel has spoilt its last digits; it is cut anyway
        return f"{value:.0f}"
    return shown(value, epoch_1904=epoch_1904)


def _header(rows: list[list[str]]) -> int | None:
    for number, row in enumerate(rows[:HEADER_WITHIN]):
        if any(_KEYS.get(header_key(text)) == "name" for text in row) and sum(bool(t.strip()) for t in row) >= 1:
            known = sum(header_key(text) in _KEYS for text in row)
            if known >= 2 or sum(bool(t.strip()) for t in row) == 1:
                return number
    return None


def _read_table(rows: list[list[str]], is_place: IsPlace, hidden: Collection[int] = ()) -> Reading:
    """`hidden` are those of the rows that Excel does not show."""
    found, at = Reading(), _header(rows)
    if at is None:
        for number, row in enumerate(rows):
            before = len(found.lines)
            cells = [text.strip() for text in row if text.strip()]
            if cells:
                _take(
                    found,
                    cells[1:] if re.fullmatch(r"[0-9]{1,3}[.、]?", cells[0]) else cells,
                    "　".join(filter(None, map(str.strip, row))),
                    is_place,
                )
            _note_hidden(found, before, number in hidden)
        return found
    groups, unused = _groups(rows[at])
    filled = {n for row in rows[at + 1 :] for n, text in enumerate(row) if text.strip()}
    names = [rows[at][n].strip() for n in unused if n in filled and rows[at][n].strip()]
    if names:
        found.notices.append(f"这几列用不上，没有读取：{'、'.join(names)}")
    for number, row in enumerate(rows[at + 1 :], start=at + 1):
        before = len(found.lines)
        for columns in groups:
            _read_row(found, row, columns)
        _note_hidden(found, before, number in hidden)
    return found


def _note_hidden(found: Reading, before: int, hidden: bool) -> None:
    for line in found.lines[before:] if hidden else ():
        line.notes.append(HIDDEN)


def _groups(header: list[str]) -> tuple[list[dict[str, int]], list[int]]:
    """Each group of columns that describes one person (a sheet may have two side by side), and the columns not known."""
    groups, unused = [{}], []
    for number, text in enumerate(header):
        cell = _KEYS.get(header_key(text))
        if cell == "name" and "name" in groups[-1]:
            groups.append({})
        if cell is None or (cell in groups[-1] and cell not in ("skip", "secret")):
            unused.append(number)
        elif cell not in ("skip", "secret"):
            groups[-1][cell] = number
    return groups, unused


def _read_row(found: Reading, row: list[str], columns: dict[str, int]) -> None:
    cells = {cell: row[n].strip() if n < len(row) else "" for cell, n in columns.items()}
    if not any(cells.values()):
        return
    first = ascii_punctuation(next((text for text in row if text.strip()), ""))
    words = "　".join(filter(None, map(str.strip, row)))
    if not cells["name"] or _no_person(first) or header_key(cells["name"]) in _KEYS:
        if header_key(cells["name"]) not in _KEYS and (cells["name"] or len(set(cells.values()) - {""}) > 0):
            found.unread.append(words[:200])
        return
    typed = Typed(name=tidy_name(cells["name"])[:LONGEST])
    typed.sex, typed.age = sex_of(cells.get("sex", "")), band_of(cells.get("age", ""))
    typed.home, typed.tail = cells.get("home", "")[:LONGEST], tail_of(cells.get("tail", "")) or cells.get("tail", "")
    left = [cells[c] for c in ("sex", "age") if cells.get(c) and not getattr(typed, c)]
    typed.left = "　".join(left)[:200]
    found.lines.append(typed)


def _no_person(leading: str) -> bool:
    return bool(TOTAL.fullmatch(leading) or NOTE.match(leading) or SIGNATURE.fullmatch(leading))


# --- chat lists --------------------------------------------------------------------------------------------

_CIRCLED = "①-⑳㉑-㉟㊱-㊿⑴-⒇⒈-⒛㈠-㈩❶-❿"
_NUMBERED = re.compile(
    rf"^\s*(?:#\s*)?(?:[(（\[【]\s*)?(?:(?:no\.?|第)\s*)?(?:[0-9]{{1,4}}|[{_CIRCLED}]|[一二三四五六七八九十]{{1,3}}(?=[、.．)）]))"
    r"\s*(?:号|名|位)?\s*(?:[)）\]】.．、,，:：\-—_~]+\s*|\s+|(?=[^\W\d_])(?![年月日点号期场组人岁个班])|(?<=[^0-9]))",
    re.IGNORECASE,
)
_INLINE = re.compile(r"(?:^|(?<=[\s、,，;；。]))([0-9]{1,3})\s*[.．、)）:：](?=\s*[^\W\d_])")
# The same written without a space between (1.李四2.王五, （1）李四（2）王五); taken where the first stands at the beginning.
_GLUED_INLINE = re.compile(r"(?<![0-9.])(?:([0-9]{1,3})\s*[.．、:：]|[(（]\s*([0-9]{1,3})\s*[)）])(?=\s*[^\W\d_])")
_SEPARATORS = re.compile(r"[\s,，、;；|()（）\[\]【】:：+~*。!！_—@＠]+")
_MORE = re.compile(r"[+x×*]\s*[0-9]{1,2}(?![0-9])\s*人?")  # 张三+1: somebody without a name; the grid counts lines
_WORDS = {  # what people write beside their names
    "报名", "参加", "签到", "已到", "到", "收到", "村民", "居民", "学员", "家长", "本人", "一人", "两人", "已签", "请假", "接龙",
    "例", "例如", "格式", "姓名", "性别", "年龄", "电话", "手机", "尾号", "手机尾号", "联系电话", "岁", "人", "名", "共", "确认",
    "参训", "已报", "代", "替", "同上", "女士", "先生", "同志", "老师", "村", "社区", "序号", "名单",
}  # fmt: skip
_SAID = re.compile(r"(?:已到|已报名?|已签到?|报名|签到|收到|参加)$")  # written right behind a name
_NO_NAME = re.compile(r"接龙|报名|名单|名册|培训|签到|通知|大家|格式|参加|集中")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_PLAIN_NAME = re.compile(r"(?:[\u3400-\u9fff\U00020000-\U0003ffff]{2,4}|[^\W\d_]+(?:·[^\W\d_]+)+)")
_PLACE_LIKE = re.compile(r".*(?:村|社区|屯|镇|乡|街道|村委|村委会|居委会|队|组|寨|弄|小区)$")


def _read_chat(text: str, is_place: IsPlace) -> Reading:
    found = Reading()
    lines = [line for raw in text.split("\n") for line in _apart(_without_pictures(raw)) if line.strip()]
    numbered = [bool(_NUMBERED.match(line)) for line in lines]
    only_numbered = sum(numbered) >= max(1, len(lines) // 3)
    for line, has_number in zip(lines, numbered, strict=True):
        if only_numbered and not has_number:
            found.unread.append(line.strip()[:200])
            continue
        rest = _NUMBERED.sub("", line, count=1) if has_number else line
        if not rest.strip():
            continue  # a number that nobody has taken
        more = [mark[0] for mark in _MORE.finditer(rest)]
        before = len(found.lines)
        words = [t for t in _SEPARATORS.split(_MORE.sub(" ", rest)) if t]
        _take(found, words, line.strip(), is_place, alone=not has_number)
        if more and len(found.lines) > before:
            found.lines[-1].notes.append(
                f"写了“{more[0]}”：名册一行一人，另外的人请补上姓名，不知道姓名的只计入填报人次"
            )
    return found


def _without_pictures(line: str) -> str:
    """Without emoji; a number in a box (1️⃣, 🔟) stays a number."""
    line = line.replace("🔟", "10 ")
    line = line.replace("\ufe0f", "")
    return "".join(" " if unicodedata.category(ch) in ("So", "Sk", "Me", "Cn", "Co") else ch for ch in line)


def _apart(line: str) -> list[str]:
    """1.张三 2.李四 3.王五 on one line are three lines, where the numbers count up one by one."""
    marks = _counted_up(_INLINE.finditer(line))
    if not marks:
        marks = _counted_up(_GLUED_INLINE.finditer(line))
        if not marks or line[: marks[0].start()].strip():
            return [line]
    ends = [mark.start() for mark in marks[1:]] + [len(line)]
    before = line[: marks[0].start()]
    return [
        *filter(str.strip, [before]),
        *(line[m.start() : e].rstrip("、,，;； ") for m, e in zip(marks, ends, strict=True)),
    ]


def _counted_up(marks: Iterable[re.Match]) -> list[re.Match]:
    """The marks of a list, where there are at least two and each number is one more than that before; else none."""
    marks = list(marks)
    numbers = [int(mark[mark.lastindex]) for mark in marks]
    return marks if len(marks) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))) else []


def _take(found: Reading, tokens: list[str], line: str, is_place: IsPlace, *, alone: bool = False) -> None:
    """Adds who is named by the words of one line."""
    typed, others, left = Typed(), [], []
    if len(tokens) > 1 and all(len(t) == 1 and _HAN.fullmatch(t) and not sex_of(t) for t in tokens[:2]):
        tokens = ["".join(tokens[:2]), *tokens[2:]]  # 张　三, lined up with three-character names
    for token in [part for t in tokens for part in _peeled(t, is_place)]:
        if not typed.tail and (tail := tail_of(token, plain=bool(typed.name or others))):
            typed.tail = tail
        elif not typed.sex and sex_of(token):
            typed.sex = sex_of(token)
        elif not typed.age and band_of(token, plain=bool(typed.name)):
            typed.age = band_of(token)
        elif is_place(token) or (_PLACE_LIKE.fullmatch(token) and len(token) > 2):
            typed.home = typed.home or token
        elif token in _WORDS or _NO_NAME.search(_without_words(token)) or not any(ch.isalpha() for ch in token):
            left.append(token)
        elif not typed.name and not _NUMBER_FIRST.match(token):
            typed.name = _without_words(tidy_name(token))[:LONGEST]
        else:
            (others if _PLAIN_NAME.fullmatch(token) else left).append(token)
    if not typed.name:
        if any(ch.isalpha() or ch.isdigit() for ch in line):
            found.unread.append(line[:200])
        return
    several = others and not left and not (typed.sex or typed.age or typed.tail)
    if several and _PLAIN_NAME.fullmatch(typed.name):  # 张三、李四、王五
        found.lines += [Typed(name=name, home=typed.home) for name in [typed.name, *others]]
        return
    if alone and len(typed.name) > 6 and not (typed.sex or typed.age or typed.tail or typed.home):
        found.unread.append(line[:200])  # a sentence, such as what the list is for
        return
    typed.left = "　".join([*others, *left])[:200]
    if len(_HAN.sub("", typed.name)) == 0 and len(typed.name) > 4:
        typed.notes.append("姓名比较长，请核对")
    found.lines.append(typed)


_NUMBER_FIRST = re.compile(r"[0-9]")
_GLUED = re.compile(r"([^\W\d_]{2,4}?)(男|女)?([0-9]{1,3})岁?(.*)")


def _peeled(token: str, is_place: IsPlace) -> list[str]:
    """李四女35新汉村尾号1234 as its parts; 李四女 alone stays, since it may be a name."""
    if is_place(token):
        return [token]
    parts = []
    if (at := re.search(r"(?:手机|电话)?尾(?:号|数)?[0-9]{4}(?![0-9])", token)) and at[0] != token:
        parts, token = [at[0]], token[: at.start()] + token[at.end() :]
    found = _GLUED.fullmatch(token)
    if found and (is_place(found[1]) or _PLACE_LIKE.fullmatch(found[1])):
        found = None  # 新汉村3组 is a place, and 3 nobody's age
    rest = found[4] if found else ""
    if found and int(found[3]) <= OLDEST and (not rest or is_place(rest) or _PLACE_LIKE.fullmatch(rest)):
        return [*filter(None, [found[1], found[2], f"{found[3]}岁", *_peeled(found[4], is_place)]), *parts]
    return [*filter(None, [token]), *parts] if "/" not in token else [*filter(None, token.split("/")), *parts]


# --- single cells ------------------------------------------------------------------------------------------


def tidy_name(text: str) -> str:
    """A name without the spaces that line it up (张　三); those within a name of other letters stay."""
    text = " ".join(text.split()).strip("、,，.。;；:：-—*#·")
    return text.replace(" ", "") if _HAN.fullmatch(text.replace(" ", "").replace("·", "")) else text


def _without_words(name: str) -> str:
    """李四已到 as 李四: what somebody in a chat wrote right behind the name."""
    bare = _SAID.sub("", name)
    return bare if _PLAIN_NAME.fullmatch(bare) else name


def sex_of(text: str) -> str:
    """f, m, or '' for what is neither."""
    word = text.strip().casefold()
    return "f" if word in ("女", "女性", "f") else "m" if word in ("男", "男性", "m") else ""


def band_of(text: str, *, plain: bool = True) -> str:
    """The age band of 35, 35岁, 未成年, 60岁以上 …; a bare number is an age only where `plain`. No age itself is kept."""
    word = re.sub(r"\s", "", text)
    if found := re.fullmatch(r"([0-9]{1,3})(周岁|岁)?", word):
        age = int(found[1])
        if age > OLDEST or age == 0 or not (found[2] or plain):
            return ""
        return "minor" if age < 18 else "adult" if age < 60 else "elderly"
    if word in ("minor", "adult", "elderly"):
        return word
    if "未成年" in word or re.fullmatch(r"(?:18|十八)周?岁?(?:以下|下)", word):
        return "minor"
    if re.fullmatch(r"(?:60|六十)周?岁?(?:及)?(?:以上|\+)|老年人?", word):
        return "elderly"
    if re.fullmatch(r"18周?岁?[—\-~至到]+(?:59|60)周?岁?|成年人?|中青年", word):
        return "adult"
    return ""


_TAIL = re.compile(r"(?:手机|电话|联系电话)?(?:号码|号)?(?:尾号?|尾数|后四位|末四位)?[:：]?([0-9]{4})")
_YEAR = re.compile(r"(?:19[3-9]|20[0-2])[0-9]")


def tail_of(text: str, *, plain: bool = True) -> str:
    """Four digits of 尾号1234 or 1234; a bare year is nobody's tail, and a bare number one only where `plain`."""
    found = _TAIL.fullmatch(re.sub(r"\s", "", text))
    if not found or (found[0] == found[1] and (not plain or _YEAR.fullmatch(found[1]))):
        return ""
    return found[1]
