"""A chat message about a session (3月5日新汉村桑蚕培训 40人) as what the entry form would hold. Nothing is guessed: what is not
plainly said stays in `left`, with a word on why, and a person decides. Knows nothing of the database but the names it is given.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from networks.names import clean_lines, clean_text
from networks.xlsx import dates
from networks.xlsx.problems import ValueProblem
from networks.xlsx.values import half_width

LONGEST = 2000  # characters of one message


@dataclass(frozen=True)
class Named:
    """A name that may stand in a message: of a place or institution, or a word of a vocabulary."""

    kind: str  # "place", "host", or a vocabulary's field: "form", "theme", "language", "audience"
    name: str
    value: object
    near: bool = True  # in the reader's own part of the county; of two alike the near one is meant
    above: str = ""  # of a village, the code of the township in which it lies


@dataclass
class Reading:
    """`values` {field of the entry form: value}; `left` [(what was written, what to do about it)]."""

    values: dict = field(default_factory=dict)
    audiences: dict = field(default_factory=dict)  # {value: number or None}
    left: list[tuple[str, str]] = field(default_factory=list)

    @property
    def remarks(self) -> str:
        """What was not understood, as the remarks keep it: nothing of a message is lost."""
        return "、".join(written for written, _ in self.left)


_CUT = "\u0001"  # stands where something was understood and taken out
_TO = r"\s*(?:-|—|–|~|至|到)\s*"
_DATE = r"(?:20[0-9]{2}\s*年\s*[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*[日号]?|[0-9]{1,2}\s*月\s*[0-9]{1,2}\s*[日号]?|20[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2})(?![0-9])"
_CLOCK = r"(?:[0-9]{1,2}:[0-9]{2}|[0-9]{1,2}\s*[点时](?:半|整|[0-9]{1,2}分?)?)"
_WHEN = re.compile(
    rf"{_DATE}(?:{_TO}(?:{_DATE}|[0-9]{{1,2}}\s*[日号]))?"
    r"(?:\s*\(?(?:星期|周)[一二三四五六日天]\)?)?"
    rf"(?:\s*(?:上午|下午|晚上|早上))?(?:\s*{_CLOCK}(?:{_TO}(?:上午|下午|晚上)?\s*{_CLOCK})?)?"
)
_DAYS_AGO = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}
# What was taken as a blank stays one (*+): several groups that may be missing would else share a run of blanks in every way.
_FIGURE = re.compile(
    r"(?P<sum>总共|共计|共有|共|合计|实到|到场)?\s*+(?:有|参加|参训|来了)?\s*+(?P<about>大约|约|近)?\s*+(?P<n>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6})\s*+"
    r"(?P<odd>多|余|来|几)?\s*+(?:人次|人|名|位)(?!\s*(?:老师|教师|讲师|专家|干部|志愿者|技术员|医生|民警))"
    r"\s*+(?:群众|村民|学员)?\s*+(?:参加|参训|到场|到会)?\s*+(?P<or>左右|以上)?"
)
_LABEL = re.compile(
    r"^(?P<label>时间|日期|地点|地址|培训名称|活动名称|名称|培训内容|培训主题|内容|主题|活动|人数|人次|参加人数|实到人数|实到|"
    r"主讲人?|讲师|授课教师|授课|老师|对象|参加对象|形式|语言)\s*:\s*"
)
_TITLES = {"培训名称", "活动名称", "名称", "培训内容", "培训主题", "内容", "主题", "活动"}
_TEACHERS = {"主讲", "主讲人", "讲师", "授课教师", "授课", "老师"}
_TAUGHT = re.compile(
    r"培训|讲座|课|班|活动|学习|宣讲|宣传|技术|教学|辅导|演练|讲堂|练习|排练|传习|知识|实训|体验|竞赛|比赛"
)
_VENUE = re.compile(
    r"村委|居委|会议室|礼堂|广场|学校|小学|中学|文化站|文化室|戏台|操场|教室|活动室|大院|服务中心|球场|基地|桑园|[一二三四五]楼"
)
_FILLING = re.compile(
    r"^(?:在|于|我们?|今|本|了|举办|举行|开展|组织|进行|召开|参加|的|共|一?场|一?次)+|(?:了|共|参加|人数|举办|开展)+$"
)
_BREAK = re.compile(rf"[{_CUT}\s，,。;；!！、|/()（）\[\]【】]+")
_OVER = "请核对后填写"


def several(text: str, today: datetime.date) -> list[str]:
    """The lines, where at least two of them tell of a session each (a day and a figure); else the whole text."""
    lines = [line for line in clean_lines(text).split("\n") if line.strip()]
    whole = [line for line in lines if _find_when(_dated(half_width(line), today)) and _FIGURE.search(half_width(line))]
    return lines if len(whole) > 1 else ["\n".join(lines)] if lines else []


def read(text: str, names: Iterable[Named], today: datetime.date) -> Reading:
    """One message. A day without its year is the latest such day that is not ahead."""
    reading = Reading()
    rest = _dated(half_width(clean_lines(text))[:LONGEST], today).replace("：", ":")
    rest = _read_when(rest, today, reading)
    names = sorted(names, key=lambda named: -len(named.name))
    rest = _read_figures(rest, [n for n in names if n.kind == "audience"], reading)
    rest = _read_places(rest, names, reading)
    _read_words(rest, names, reading)
    _read_rest(rest, names, reading)
    return reading


def _dated(text: str, today: datetime.date) -> str:
    for word, ago in _DAYS_AGO.items():
        text = text.replace(word, f"{today - datetime.timedelta(days=ago):%Y-%m-%d}")
    return text


def _find_when(text: str) -> list[re.Match]:
    return list(_WHEN.finditer(text))


def _read_when(text: str, today: datetime.date, reading: Reading) -> str:
    found = _find_when(text)
    for number, match in enumerate(found):
        written = match[0].strip()
        if number:
            reading.left.append((written, "写了不止一个日期，请核对"))
            continue
        try:
            when = dates.read_when(written, year=today.year)
            if when.day > today and not when.year_written:
                when = dates.read_when(written, year=today.year - 1)
        except ValueProblem as problem:
            reading.left.append((written, problem.message))
            continue
        told = {"held_on": when.day, "ends_on": when.last, "start_time": when.start, "end_time": when.end}
        told["part_of_day"] = {"上午": "morning", "下午": "afternoon", "晚上": "evening"}.get(when.part, "")
        reading.values |= {name: value for name, value in told.items() if value}
    return _WHEN.sub(_CUT, text)


def _read_figures(text: str, audiences: list[Named], reading: Reading) -> str:
    """One plain figure is the attendance; figures behind the names of audiences are theirs. Of several the one that says it
    is the sum."""
    plain, sums = [], []
    for match in _FIGURE.finditer(text):
        written = match[0].strip()
        if match["about"] or match["odd"] or match["or"]:
            reading.left.append((written, "不是准数，请填实到的人数"))
            continue
        number = int(match["n"].replace(",", ""))
        before = text[: match.start()].rstrip(" :(")
        group = next((named for named in audiences if before.endswith(named.name)), None)
        if group and not match["sum"]:
            reading.audiences[group.value] = number
        else:
            (sums if match["sum"] else plain).append((number, written))
    chosen = sums or plain
    if len({number for number, _ in chosen}) == 1:
        reading.values["reported_attendance"] = chosen[0][0]
        rest = plain if sums else []
        reading.left += [(written, "已按合计填写，这个数没有用") for n, written in rest if n != chosen[0][0]]
    else:
        reading.left += [(written, "写了几个人数，请填合计") for _, written in chosen]
    if not chosen and reading.audiences:
        reading.left.append(("人数", "只有各类人数，没有合计，请填实到人次"))
    return _FIGURE.sub(_CUT, text)


def _read_places(text: str, names: list[Named], reading: Reading) -> str:
    """The smallest place that is named; a teaching point by its own name gives its place too (the names bring that)."""
    above = {named.value: named.above for named in names if named.kind == "place"}

    def within(inner: object, outer: object) -> bool:
        return inner == outer or above.get(inner) == outer

    for kind in ("host", "place"):
        found = {}
        for named in names:
            if named.kind == kind and named.name in text:
                found.setdefault(named.name, []).append(named)
        for written, alike in found.items():  # longest names first
            if written not in text:  # part of a longer name that was taken out
                continue
            text = text.replace(written, _CUT)
            near = [named for named in alike if named.near] or alike
            values = list(dict.fromkeys(named.value for named in near))
            if len(values) > 1:
                reading.left.append((written, "有几个同名的地方，请选择"))
            elif kind not in reading.values or within(values[0], reading.values[kind]):
                reading.values[kind] = values[0]
            elif not within(reading.values[kind], values[0]):
                reading.left.append((written, "写了不止一个地方，请核对"))
    return text


def _read_words(text: str, names: list[Named], reading: Reading) -> None:
    """Words of the vocabularies: they stay in the text, for they may be part of the title."""
    for named in names:
        if named.name not in text:
            continue
        if named.kind == "audience":
            if not any(named.name in longer and named.name != longer for longer in _met(reading, names)):
                reading.audiences.setdefault(named.value, None)
        elif named.kind in ("form", "theme", "language"):
            reading.values.setdefault(named.kind, named.value)


def _met(reading: Reading, names: list[Named]) -> list[str]:
    return [named.name for named in names if named.kind == "audience" and named.value in reading.audiences]


def _read_rest(text: str, names: list[Named], reading: Reading) -> None:
    words = {named.name for named in names if named.kind not in ("place", "host")}
    loose = []
    for line in text.split("\n"):
        label = _LABEL.match(line.strip(f" {_CUT}"))
        if label and label["label"] in _TITLES | _TEACHERS | {"地点", "地址"}:
            value = _tidy(line.strip(f" {_CUT}")[label.end() :].replace(_CUT, " "))
            target = "title" if label["label"] in _TITLES else "venue"
            target = "instructors" if label["label"] in _TEACHERS else target
            if value and target not in reading.values:
                reading.values[target] = value
                continue
        line = line[line.find(":") + 1 :] if label else line
        loose += [part for part in map(_tidy, _BREAK.split(line)) if part and part not in words]
    for part in loose:
        if "title" not in reading.values and _TAUGHT.search(part):
            reading.values["title"] = part
        elif "venue" not in reading.values and _VENUE.search(part) and not _TAUGHT.search(part):
            reading.values["venue"] = part
        elif len(part) > 1 or part.isalnum():
            reading.left.append((part, "没有看懂，已放到备注里"))
    if "title" not in reading.values and len(loose) == 1 and reading.left and reading.left[-1][0] == loose[0]:
        reading.values["title"] = loose[0]
        reading.left.pop()


def _tidy(part: str) -> str:
    """Without the small words around it and the marks at its ends."""
    part = clean_text(part).strip(" :-—~.")
    previous = None
    while part != previous:
        previous, part = part, _FILLING.sub("", part).strip(" :-—~.")
    return part
