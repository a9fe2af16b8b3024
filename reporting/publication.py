"""通报: who met the quota, whom the office commends, who is to be spurred, and what a 更正 changed (依据 三(六) 表彰先进，鞭策后进).

Everything is read from the act by which the year stands locked, by criteria that the year states; nobody is ranked. What is
published is frozen in an act of its own, and what units see of each other is that alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from networks.models import MemberUnit
from networks.templatetags.page import cn_date
from trainings.models import Refused, Status, TrainingSession
from trainings.satisfaction import NONE, Opinions, opinions_by

from . import chain
from .counting import COUNTED, Tally, counted_or_why
from .frozen import Frozen, frozen_of
from .models import AssessmentYear, LedgerAct

LONGEST_REASON = 120
# Fields of the year, frozen with its rules.
CRITERIA = ("commend_met_by", "commend_sessions", "commend_attendances", "commend_satisfaction", "spur_below")


@dataclass(frozen=True)
class Candidate:
    """A unit in the light of the criteria for commendation."""

    code: str
    name: str
    required: Tally
    verified: Tally
    met_on: datetime.date | None  # the day by which what was held until then reached both halves
    opinions: Opinions | None  # only where the year asks for satisfaction
    lacks: list[str]  # why it may not be commended; [] when it may

    @property
    def eligible(self) -> bool:
        return not self.lacks


def criteria_in_words(rules: Mapping[str, object]) -> tuple[list[str], str]:
    """What whoever is commended has to have reached, and who is listed to be spurred. `rules` as they were frozen."""
    day = rules.get("commend_met_by")
    words = ["完成年度任务（场次、人次两项）" if not day else f"在{cn_date(_day(day), 'plain')}以前完成年度任务两项"]
    if sessions := rules.get("commend_sessions"):
        words.append(f"全年不少于 {sessions} 场")
    if attendances := rules.get("commend_attendances"):
        words.append(f"全年不少于 {attendances:,} 人次")
    if share := rules.get("commend_satisfaction"):
        words.append(f"满意率不低于 {share}%")
    below = rules.get("spur_below", 100)
    spur = "场次、人次有一项没有完成" if below == 100 else f"场次、人次有一项低于任务的 {below}%"
    return words, spur


def candidates(year: AssessmentYear) -> list[Candidate]:
    """Every unit of a settled year, in the order of the documents. The number of queries does not depend on the units."""
    settled = _settled(year)
    rules = settled.figures["rules"]
    opinions = {}
    if rules.get("commend_satisfaction"):
        held = TrainingSession.objects.filter(
            organiser__county=year.county_id, held_on__range=(year.first_day, year.last_day), status=Status.VERIFIED
        )
        opinions = opinions_by(held, "organiser__code")
    found = []
    for row in _in_order(settled):
        code, met_on = row["code"], _met_on(settled, row)
        required, verified = Tally(*row["required"]), Tally(*row["verified"])
        said = opinions.get(code, NONE) if rules.get("commend_satisfaction") else None
        lacks = _lacks(rules, row["met"], verified, met_on, said) if any(required) else ["本年度没有任务"]
        found.append(Candidate(code, settled.names[code][0], required, verified, met_on, said, lacks))
    return found


def _lacks(rules: dict, met: bool, verified: Tally, met_on: datetime.date | None, said: Opinions | None) -> list[str]:
    if not met:
        return ["没有完成年度任务"]
    lacks = []
    if (day := rules.get("commend_met_by")) and (met_on is None or met_on > _day(day)):
        lacks.append(f"到{cn_date(met_on, 'plain')}才完成两项" if met_on else "完成的日期不清楚")
    if (least := rules.get("commend_sessions")) and verified.sessions < least:
        lacks.append(f"只有 {verified.sessions} 场")
    if (least := rules.get("commend_attendances")) and verified.attendances < least:
        lacks.append(f"只有 {verified.attendances:,} 人次")
    if (least := rules.get("commend_satisfaction")) and said is not None:
        if not said.known:
            lacks.append("满意率无法计算：评价不足五份")
        elif said.content * 100 < least * said.answers:
            lacks.append(f"满意率 {said.words}")
    return lacks


def _met_on(settled: Frozen, row: dict) -> datetime.date | None:
    so_far, required = Tally(), Tally(*row["required"])
    if so_far.reaches(required):
        return settled.year.first_day
    for session, barrier in settled._of({row["code"]}):
        if counted_or_why(session["status"], barrier) == COUNTED:
            so_far = so_far.plus(settled.size(session))
            if so_far.reaches(required):
                return _day(session["held_on"])
    return None


def _spurred(settled: Frozen, row: dict) -> bool:
    below = settled.figures["rules"].get("spur_below", 100)
    pairs = zip(row["verified"], row["required"], strict=True)
    return not row["met"] and any(done * 100 < required * below for done, required in pairs)


def content_of(year: AssessmentYear, chosen: Mapping[str, str]) -> tuple[dict, str]:
    """What would be published, ready for `chain.canonical`, with its digest; `chosen` are the commended units' codes with the
    office's reasons. Raises Refused where one of them does not meet the criteria."""
    settled = _settled(year)
    able = {one.code: one for one in candidates(year)}
    for code, why in chosen.items():
        if code not in able:
            raise Refused("拟表扬的单位不在这一年的责任单位里")
        if not able[code].eligible:
            raise Refused(f"{able[code].name}不符合表扬的条件：{'、'.join(able[code].lacks)}")
        if not why:
            raise Refused(f"请写明表扬{able[code].name}的理由")
        if len(why) > LONGEST_REASON:
            raise Refused(f"表扬{able[code].name}的理由请不要超过 {LONGEST_REASON} 个字")
    rows, names = _in_order(settled), settled.names
    words, spur = criteria_in_words(settled.figures["rules"])
    earlier = year.acts.filter(kind=LedgerAct.Kind.PUBLISH).count()
    content = {
        "of": settled.act.digest,
        "lock": settled.act.number,
        "correction": earlier,
        "criteria": {"commend": words, "spur": spur},
        "units": len(rows),
        "credited": settled.figures["totals"]["credited"],
        "everything": settled.figures["totals"]["everything"],
        "met": [{"code": row["code"], "name": names[row["code"]][0]} for row in rows if row["met"]],
        "commended": [
            {"code": row["code"], "name": names[row["code"]][0], "reason": chosen[row["code"]]}
            for row in rows
            if row["code"] in chosen
        ],
        "spurred": [
            {
                "code": row["code"],
                "name": names[row["code"]][0],
                "required": row["required"],
                "verified": row["verified"],
                "short": Tally(*row["verified"]).short_of(Tally(*row["required"])),
            }
            for row in rows
            if _spurred(settled, row)
        ],
    }
    if earlier:
        content["changes"] = _changes(year, settled, content)
    return content, chain.digest(chain.canonical(content))


def _changes(year: AssessmentYear, settled: Frozen, content: dict) -> dict:
    """Old and new side by side, against the publication before."""
    before = published(year)
    then = next(
        (a for a in year.acts.filter(kind="lock").select_related("year") if a.digest == before.content["of"]), None
    )
    if then is None:
        raise Refused("找不到上一次通报所依据的定案，请系统管理员运行 verify_ledger 核对")
    lists = {}
    for name in ("met", "commended", "spurred"):
        was, now = ({one["code"]: one["name"] for one in side[name]} for side in (before.content, content))
        lists[name] = {
            "added": [now[code] for code in now if code not in was],
            "removed": [was[code] for code in was if code not in now],
        }
    return {
        "units": changed_units(then.content, settled),
        "credited": [before.content["credited"], content["credited"]],
        "everything": [before.content["everything"], content["everything"]],
        "met": [len(before.content["met"]), len(content["met"])],
        "lists": lists,
    }


def changed_units(then: dict, settled: Frozen) -> list[dict]:
    """Each unit whose figures are others than in an earlier lock's content (`then`), old and new; None where it was not, or is
    no longer, among the units."""
    old = {row["code"]: row for row in then["figures"]["units"]}
    names = then["names"] | settled.names
    units = []
    for row in _in_order(settled):
        was = old.pop(row["code"], None)
        if was is None or any(was[name] != row[name] for name in ("verified", "required", "met")):
            units.append(_side_by_side(row["code"], names, was, row))
    return units + [_side_by_side(code, names, was, None) for code, was in old.items()]


def _side_by_side(code: str, names: dict, was: dict | None, row: dict | None) -> dict:
    kept = ("verified", "required", "met")
    old, new = ({name: side[name] for name in kept} if side else None for side in (was, row))
    return {"code": code, "name": names[code][0], "old": old, "new": new}


# --- what has been published -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """One publication as it was frozen: `content` has of, lock, correction, criteria (commend, spur), units, credited and
    everything as [场次, 人次], met, commended (code, name, reason), spurred (code, name, required, verified, short), and of a
    更正 changes (units with old and new, credited, everything, met, lists)."""

    act: LedgerAct
    content: dict

    @property
    def correction(self) -> int:
        """0 for the bulletin itself, else the number of the 更正."""
        return self.content["correction"]

    @property
    def title(self) -> str:
        return f"更正第 {self.correction} 号" if self.correction else "通报"

    @property
    def changes(self) -> dict | None:
        return self.content.get("changes")

    @property
    def lists(self) -> list[tuple[str, list[str], list[str]]]:
        """(which list, who came onto it, who went from it), where anybody did."""
        words = {"met": "已完成任务的单位", "commended": "通报表扬", "spurred": "未完成任务单位（督促整改）"}
        lists = self.changes["lists"] if self.changes else {}
        return [(words[n], c["added"], c["removed"]) for n, c in lists.items() if c["added"] or c["removed"]]


def publications(year: AssessmentYear) -> list[Published]:
    """All of a year's, the newest first. One query."""
    acts = year.acts.filter(kind=LedgerAct.Kind.PUBLISH).select_related("year", "county").order_by("-sequence")
    return [Published(act, act.content) for act in acts]


def published(year: AssessmentYear) -> Published | None:
    """What is published of the year, as it was frozen; for the bulletin and for everybody who may read it. None before."""
    return next(iter(publications(year)), None)


# --- parts -----------------------------------------------------------------------------------------------


def _settled(year: AssessmentYear) -> Frozen:
    settled = frozen_of(year)
    if settled is None:
        raise Refused(f"{year}没有锁定定案，还不能通报")
    return settled


def _in_order(settled: Frozen) -> list[dict]:
    """The units' frozen rows: townships by code, then departments as the founding document names them."""
    positions = dict(MemberUnit.objects.filter(county=settled.year.county_id).values_list("code", "position"))
    township = MemberUnit.Kind.TOWNSHIP

    def place(row: dict) -> tuple:
        code = row["code"]
        return (0, 0, code) if settled.names[code][1] == township else (1, positions.get(code, 0), code)

    return sorted(settled.figures["units"], key=place)


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)
