"""From a settled year to the text of its bulletin (依据 三(六) 表彰先进，鞭策后进).

A text by the office holds fields in braces: `{已完成单位数}` is a figure or a list of the settled year, `{表：未完成}` on a line of its
own a table. They are read from the act alone (reporting/frozen.py), so that page, Word file and act cannot differ. Units stand
in the order of the documents and are never ranked. `document_of` is the one thing that the page and reporting/word.py print.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.utils import timezone

from networks.templatetags.page import cn_date

from . import chain
from .assessment import document_order
from .counting import Standing, Tally
from .frozen import Frozen
from .models import AssessmentYear, Bulletin, LedgerAct
from .models.bulletin import DOCUMENT_NUMBER
from .publication import Published, changed_units, publications

TEXTS = ("title", "recipients", "opening", "body", "closing", "attachments", "copy_to")  # where fields may stand
LINES = ("opening", "body", "closing")  # where tables may stand

_FIELD = re.compile(r"\{([^{}\n]*)\}")
_TABLE = "表："
_HEADINGS = (
    ("heading1", re.compile(r"[一二三四五六七八九十]+、")),
    ("heading2", re.compile(r"（[一二三四五六七八九十]+）")),
    ("heading3", re.compile(r"\d{1,2}[.．](?!\d)")),
)
_TYPED = re.compile(r"\d[\d,，]*(?=\s*[余多]?\s*(场|人次|个[^，。；\n]{0,4}单位))")


class Figure(NamedTuple):
    """One field: its name in the text, what it prints, and what it is in words."""

    name: str
    value: str
    means: str


class Table(NamedTuple):
    name: str
    means: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Block:
    """A paragraph or a table. `lead` is how many of the first characters are the heading that a paragraph begins with."""

    kind: str  # heading1, heading2, heading3, text, table
    text: str = ""
    lead: int = 0
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return self.text[: self.lead]

    @property
    def rest(self) -> str:
        return self.text[self.lead :]


@dataclass(frozen=True)
class Document:
    """A bulletin ready to be printed: every text with its figures in it, dates in words. Figures are texts already."""

    red: bool
    masthead: str
    number: str
    title: list[str]  # its lines
    recipients: str
    blocks: list[Block]
    attachments: list[str]
    issuer: str
    dated: str
    openness: str
    copy_to: str
    printed_by: str
    printed: str
    annex_title: str
    annex: list[list[str]]  # [label, value] each
    digest: str  # of the act, in groups

    @property
    def plain(self) -> dict:
        """For `chain.canonical`."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict) -> Document:
        return cls(**plain | {"blocks": [Block(**block) for block in plain["blocks"]]})


class Figures:
    """The fields and tables that a text on this act may hold."""

    def __init__(self, year: AssessmentYear, act: LedgerAct) -> None:
        self.year, self.act = year, act
        self.settled = Frozen(year, act)

    @cached_property
    def standings(self) -> list[Standing]:
        return sorted(self.settled.standings, key=lambda standing: document_order(standing.unit))

    @cached_property
    def publication(self) -> Published | None:
        """What was published on this act; None while nothing is."""
        return next((one for one in publications(self.year) if one.content["of"] == self.act.digest), None)

    @property
    def published(self) -> dict | None:
        """The lists as they were published with this act."""
        return self.publication.content if self.publication else None

    @cached_property
    def earlier(self) -> Bulletin | None:
        """The bulletin that one on this act corrects: the last that went out on an act before."""
        rows = Bulletin.objects.filter(
            year=self.year, status=Bulletin.Status.ISSUED, act__sequence__lt=self.act.sequence
        )
        return rows.select_related("act__year").order_by("-act__sequence").first()

    @cached_property
    def changes(self) -> list[list[str]]:
        """[whose, what, before, after]: every figure that the earlier bulletin gave otherwise; [] where there is none."""
        if self.earlier is None:
            return []
        old = Figures(self.year, self.earlier.act)
        rows = []
        for unit in changed_units(self.earlier.act.content, self.settled):
            was, now = ([*_sides(unit[side])] for side in ("old", "new"))
            rows += [
                [unit["name"], what, *pair]
                for what, *pair in zip(("年度任务", "核定完成", "完成情况"), was, now, strict=True)
                if pair[0] != pair[1]
            ]
        for what, lists in (
            ("通报表扬", [[name for name, _ in side.commended] for side in (old, self)]),
            ("督促整改", [[name for name, *_ in side.spurred] for side in (old, self)]),
        ):
            changed = [name for name in dict.fromkeys(lists[0] + lists[1]) if not all(name in one for one in lists)]
            rows += [[name, what, *("列入" if name in one else "不列入" for one in lists)] for name in changed]
        for what, names in (("计入任务", "计入场次 计入人次"), ("已完成单位", "已完成单位数")):
            pair = [_joined([side.fields[name].value for name in names.split()]) for side in (old, self)]
            if pair[0] != pair[1]:
                rows.append(["全县", what, *pair])
        return rows or [["全县", "各单位的数字", "没有变化", "没有变化"]]

    @cached_property
    def commended(self) -> list[tuple[str, str]]:
        """(unit's name, the office's reason)."""
        return [(one["name"], one["reason"]) for one in (self.published or {}).get("commended", ())]

    @cached_property
    def spurred(self) -> list[tuple[str, Tally, Tally]]:
        """(unit's name, required, verified): as published, until then whoever has not met the quota."""
        if self.published is not None:
            return [(o["name"], Tally(*o["required"]), Tally(*o["verified"])) for o in self.published["spurred"]]
        return [(s.unit.name, s.required, s.verified) for s in self.standings if not s.met]

    @cached_property
    def fields(self) -> dict[str, Figure]:
        rules, county = self.settled.figures["rules"], self.settled.county
        met = [s.unit.name for s in self.standings if s.met]
        unmet = [s.unit.name for s in self.standings if not s.met]
        spurred = [name for name, *_ in self.spurred]
        commended = [name for name, _ in self.commended]
        found = [
            ("年度", self.year.year, "考核年度，只是数字"),
            ("依据", _basis(rules), "年度任务所依据的文件"),
            ("责任单位数", len(self.standings), "承担年度目标任务的单位"),
            ("任务场次", rules["required_sessions"], "每个单位全年应完成的场次（没有另行调整的）"),
            ("任务人次", rules["required_attendances"], "每个单位全年应完成的人次（没有另行调整的）"),
            ("已完成单位数", len(met), "场次、人次两项都完成的单位"),
            ("已完成单位", "、".join(met), "它们的名称，按文件次序"),
            ("未完成单位数", len(unmet), "有一项没有完成的单位"),
            ("未完成单位", "、".join(unmet), "它们的名称，按文件次序"),
            ("督促整改单位数", len(spurred), "列入督促整改的单位"),
            ("督促整改单位", "、".join(spurred), "它们的名称，按文件次序"),
            ("表扬单位数", len(commended), "通报表扬的单位；办理通报时确定"),
            ("表扬单位", "、".join(commended), "它们的名称，按文件次序"),
            ("计入场次", county.credited.sessions, "全县计入任务的场次，联合举办的只算一次"),
            ("计入人次", county.credited.attendances, "全县计入任务的人次"),
            ("全县场次", county.everything.sessions, "全县核定的全部场次，含不计任务的"),
            ("全县人次", county.everything.attendances, "全县核定的全部人次，含不计任务的"),
            ("原通报文号", self.earlier.number if self.earlier else "", "更正时：被更正的那一份通报的发文字号"),
            ("更正原因", self._reason, "更正时：办理更正通报时写明的原因"),
            ("定案次数", self.act.number, "第几次锁定定案"),
            ("定案日期", cn_date(timezone.localdate(self.act.made_at), "plain"), "锁定定案的日期"),
        ]
        return {name: Figure(name, str(value), means) for name, value, means in found}

    @property
    def _reason(self) -> str:
        if self.earlier is None:
            return ""
        return self.publication.act.reason.rstrip("。") if self.publication else "（办理更正通报时写明）"

    @cached_property
    def tables(self) -> dict[str, Table]:
        halves = ["任务场次", "任务人次", "核定场次", "核定人次"]
        every = [
            [s.unit.name, *_both(s.required, s.verified), "已完成" if s.met else s.verdict] for s in self.standings
        ]
        met = [[s.unit.name, *_both(s.required, s.verified)] for s in self.standings if s.met]
        spurred = [
            [name, *_both(required, verified), *map(str, verified.short_of(required))]
            for name, required, verified in self.spurred
        ]
        found = [
            Table("完成情况", "全部责任单位，按文件次序", ["责任单位", *halves, "完成情况"], every),
            Table("已完成", "完成任务的单位", ["责任单位", *halves], met),
            Table("表扬", "通报表扬的单位和理由", ["责任单位", "事由"], [list(one) for one in self.commended]),
            Table("督促整改", "列入督促整改的单位和差距", ["责任单位", *halves, "差场次", "差人次"], spurred),
            Table("更正前后", "更正时：与被更正的通报不同的数字", ["单位", "项目", "更正前", "更正后"], self.changes),
        ]
        return {table.name: table for table in found}

    def unknown_in(self, text: str, *, tables: bool) -> list[str]:
        """What stands in braces and is no field, braces without their partner, a table in the midst of a line: sentences."""
        found = []
        for line in text.split("\n"):
            for name in _FIELD.findall(line):
                if name.startswith(_TABLE):
                    found += self._wrong_table(name, line, tables)
                elif name not in self.fields:
                    found.append(f"没有“{{{name}}}”这个数据项{_nearest(name, self.fields)}")
            if "{" in (rest := _FIELD.sub("", line)) or "}" in rest:
                found.append(f"“{line.strip()[:20]}”里的大括号不成对，请补上或删去")
        return list(dict.fromkeys(found))

    def _wrong_table(self, name: str, line: str, allowed: bool) -> Iterator[str]:
        table = name.removeprefix(_TABLE)
        if table not in self.tables:
            yield f"没有“{{{name}}}”这张表{_nearest(table, self.tables, _TABLE)}"
        elif not allowed:
            yield f"表只能放在开头、正文和结尾里：请把“{{{name}}}”移到那里"
        elif line.strip() != f"{{{name}}}":
            yield f"“{{{name}}}”要单独占一行"

    def filled(self, text: str) -> str:
        """The text with its figures. What is no field stays as it is."""
        return _FIELD.sub(lambda m: self.fields[m[1]].value if m[1] in self.fields else m[0], text)

    def used_in(self, *texts: str) -> set[str]:
        return {name for text in texts for name in _FIELD.findall(text) if name in self.fields}

    def typed_in(self, text: str) -> list[str]:
        """Figures that were typed and not inserted, as sentences: they do not follow a correction, and may be wrong."""
        values: dict[str, list[str]] = {}
        for one in self.fields.values():
            values.setdefault(one.value, []).append(f"{{{one.name}}}")
        found = []
        for match in _TYPED.finditer(_FIELD.sub("", text)):
            number = re.sub(r"[,，]", "", match[0])
            words = f"“{match[0]}{match[1]}”是直接写的数字"
            if same := values.get(number):
                found.append(f"{words}，与定案的{'、'.join(same)}相同，请改用数据项")
            else:
                found.append(f"{words}，定案里没有这个数，请核对")
        return list(dict.fromkeys(found))


def _sides(side: dict | None) -> Iterator[str]:
    """任务, 核定 and 完成情况 of a unit in an act, as they stand in a cell."""
    if side is None:
        yield from ("不在责任单位里", "—", "—")
        return
    for name in ("required", "verified"):
        yield f"{side[name][0]}场、{side[name][1]}人次"
    yield "已完成" if side["met"] else "未完成"


def _joined(values: list[str]) -> str:
    """Of a county's figure: 12场、1200人次, or 3个."""
    return f"{values[0]}场、{values[1]}人次" if len(values) == 2 else f"{values[0]}个"


def _both(required: Tally, verified: Tally) -> list[str]:
    return list(map(str, (*required, *verified)))


def _basis(rules: dict) -> str:
    title = rules["basis_title"]
    if rules["basis_number"]:
        return f"《{title}》（{rules['basis_number']}）"
    return title.removeprefix("参照").split("，")[0]


def _nearest(name: str, known: dict, before: str = "") -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"，是不是“{{{before}{near[0]}}}”" if near else "，请从下面的清单里选"


# --- the first words ---------------------------------------------------------------------------------


def first_words(year: AssessmentYear, act: LedgerAct) -> dict[str, str]:
    """What a new draft says: complete, and the office's to change."""
    figures, county = Figures(year, act), year.county.name
    office = f"{county}社区教育发展工作领导小组办公室"
    again = figures.earlier is not None
    what = "{年度}年度社区教育培训任务完成情况"
    title = what.replace("任务", "任务\n")
    mended = "对{原通报文号}通报的数字更正如下，其他内容以本通报为准。更正的原因：{更正原因}。"
    parts = [("更正的数字", mended, "{表：更正前后}")] if again else []
    parts += [
        (
            "总体情况",
            "{年度}年度，全县承担年度任务的责任单位{责任单位数}个，每个单位全年应开展社区教育培训{任务场次}场（次）、"
            "{任务人次}人次以上，任务另有调整的按调整后的计算。经核定，全县计入任务的培训共{计入场次}场（次）、{计入人次}人次。"
            "{已完成单位数}个单位完成年度任务，{未完成单位数}个单位没有完成。",
            "{表：完成情况}",
        )
    ]
    if any(s.met for s in figures.standings):
        parts.append(("完成任务的单位", "以下{已完成单位数}个单位完成了年度任务：{已完成单位}。", ""))
    if figures.commended:
        parts.append(("通报表扬", "对{表扬单位}予以通报表扬。", "{表：表扬}"))
    if figures.spurred:
        words = "以下{督促整改单位数}个单位没有完成年度任务，请分析原因，采取措施，限期整改。"
        parts.append(("未完成任务单位（督促整改）", words, "{表：督促整改}"))
    body = [f"{'一二三四五'[i]}、{head}\n{text}\n{table}".strip() for i, (head, text, table) in enumerate(parts)]
    return {
        "masthead": f"{office}文件",
        "title": f"关于更正{title}的通报" if again else f"关于{title}的通报",
        "recipients": "各乡（镇）人民政府，县直各有关单位",
        "opening": f"根据{{依据}}，领导小组办公室对各责任单位{what}作了核定，已于{{定案日期}}定案。"
        f"现将{'更正后的' if again else '有关'}情况通报如下：",
        "body": "\n".join(body),
        "closing": "请各单位总结经验，补齐短板，广泛开展适应居民需求的社区教育培训，按时完成下一年度任务。",
        "issuer": office,
        "copy_to": "县委办公室，县人大办公室，县人民政府办公室，县政协办公室",
        "printed_by": office,
    }


# --- the document ------------------------------------------------------------------------------------


def document_of(bulletin: Bulletin) -> Document:
    """As it went out, or as the draft would go out now."""
    if bulletin.content:
        return Document.of(bulletin.frozen)
    figures = Figures(bulletin.year, bulletin.act)
    texts = {name: figures.filled(getattr(bulletin, name)) for name in TEXTS}
    blocks = [block for name in LINES for block in _blocks(getattr(bulletin, name), figures)]
    annex_title = f"{bulletin.year}定案数据摘要"
    return Document(
        red=bulletin.head == Bulletin.Head.RED,
        masthead=bulletin.masthead,
        number=bulletin.number,
        title=list(filter(None, map(str.strip, texts["title"].split("\n")))),
        recipients=texts["recipients"].rstrip("：:"),
        blocks=blocks,
        attachments=[*filter(None, map(str.strip, texts["attachments"].split("\n"))), annex_title],
        issuer=bulletin.issuer,
        dated=_day(bulletin.dated_on),
        openness=bulletin.get_openness_display(),
        copy_to=texts["copy_to"].rstrip("。"),
        printed_by=bulletin.printed_by,
        printed=_day(bulletin.printed_on or bulletin.dated_on),
        annex_title=annex_title,
        annex=_annex(figures),
        digest=chain.in_groups(bulletin.act.digest),
    )


def _day(day: datetime.date | None) -> str:
    return cn_date(day, "plain") if day else ""


def _blocks(text: str, figures: Figures) -> Iterator[Block]:
    for line in filter(None, map(str.strip, text.split("\n"))):
        name = line.strip("{}").removeprefix(_TABLE)
        if line == f"{{{_TABLE}{name}}}" and name in figures.tables:
            table = figures.tables[name]
            yield Block("table", columns=table.columns, rows=table.rows)
            continue
        words = figures.filled(line)
        kind = next((kind for kind, begins in _HEADINGS if begins.match(words)), "text")
        # A heading that runs on into its paragraph ends with its first full stop.
        lead = 0 if kind == "text" else (words.find("。") + 1 or len(words))
        yield Block(kind, words, lead)


def _annex(figures: Figures) -> list[list[str]]:
    act, values = figures.act, {name: one.value for name, one in figures.fields.items()}
    return [
        ["定案", f"第 {act.number} 次锁定定案，{values['定案日期']}，全县第 {act.sequence} 条定案记录"],
        ["责任单位", f"{values['责任单位数']} 个，其中 {values['已完成单位数']} 个已完成年度任务"],
        ["计入任务", f"{values['计入场次']} 场、{values['计入人次']} 人次"],
        ["全县已核定", f"{values['全县场次']} 场、{values['全县人次']} 人次"],
    ]


# --- questions ---------------------------------------------------------------------------------------


class Moved(NamedTuple):
    """A figure in the text that is no longer the settled one."""

    name: str
    old: str
    new: str


def moved_figures(bulletin: Bulletin) -> list[Moved]:
    """What the text says by its act and the act by which the year is settled now says otherwise; [] where that is the same."""
    now = bulletin.year.standing_act()
    if now is None or now.pk == bulletin.act_id:
        return []
    old, new = Figures(bulletin.year, bulletin.act), Figures(bulletin.year, now)
    used = old.used_in(*(getattr(bulletin, name) for name in TEXTS))
    return [
        Moved(name, old.fields[name].value, new.fields[name].value)
        for name in old.fields
        if name in used and old.fields[name].value != new.fields[name].value
    ]


def typed_figures(bulletin: Bulletin) -> list[str]:
    figures = Figures(bulletin.year, bulletin.act)
    return list(dict.fromkeys(one for name in TEXTS for one in figures.typed_in(getattr(bulletin, name))))


def missing_for_issue(bulletin: Bulletin) -> list[str]:
    """What stands between a draft and its going out, as sentences; the page shows these and the verb enforces them."""
    year, act, missing = bulletin.year, bulletin.act, []
    figures = Figures(year, act)
    if not bulletin.on_standing_act:
        missing.append(f"草稿依据第 {act.number} 次定案，年度后来解锁更正过：请改用现在的定案")
    elif year.status != year.Status.PUBLISHED:
        missing.append(f"{year}现在是“{year.get_status_display()}”，反馈期结束、办理通报以后才能印发")
    if act.faults():
        missing.append("定案记录核对不上，请系统管理员运行 verify_ledger 核对，暂时不要印发")
    if not DOCUMENT_NUMBER.fullmatch(bulletin.number):
        missing.append("请填写发文字号，如马社教办〔2026〕1号")
    elif Bulletin.objects.filter(
        masthead=bulletin.masthead, number=bulletin.number, status=Bulletin.Status.ISSUED
    ).exists():
        missing.append(f"发文字号{bulletin.number}已经用过")
    if bulletin.dated_on is None:
        missing.append("请填写成文日期")
    elif figures.publication and bulletin.dated_on < (decided := timezone.localdate(figures.publication.act.made_at)):
        missing.append(
            f"成文日期不能早于办理通报的日期（{cn_date(decided, 'plain')}）：那一天才定下表扬和督促整改的单位"
        )
    elif bulletin.dated_on < timezone.localdate(act.made_at):
        missing.append("成文日期不能早于定案日期")
    elif bulletin.dated_on > timezone.localdate():
        missing.append("成文日期不能晚于今天")
    elif bulletin.printed_on and bulletin.printed_on < bulletin.dated_on:
        missing.append("印发日期不能早于成文日期")
    for name in TEXTS:
        missing += figures.unknown_in(getattr(bulletin, name), tables=name in LINES)
    return [*missing, *_left_out(bulletin, figures)]


def _left_out(bulletin: Bulletin, figures: Figures) -> Iterator[str]:
    """What a bulletin has to list and the text does not: it may have been drafted before that was decided (三(六) 表彰先进，鞭策
    后进)."""
    said = {name for field_name in LINES for name in _FIELD.findall(getattr(bulletin, field_name))}
    if figures.earlier and f"{_TABLE}更正前后" not in said:
        yield "更正的通报要列出更正前后的数字：请在正文里另起一行写“{表：更正前后}”"
    for wanted, words, name in (
        (figures.commended, "通报表扬的单位", "表扬"),
        (figures.spurred, "督促整改的单位", "督促整改"),
    ):
        if wanted and not said & {f"{_TABLE}{name}", f"{name}单位"}:
            yield f"{words}没有写进正文：请另起一行写“{{{_TABLE}{name}}}”"
