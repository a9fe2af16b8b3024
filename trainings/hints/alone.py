"""Hints about one session by itself: what is missing, what is unusual. Thresholds stand together at the top."""

import datetime

from .facts import Facts, Row, plain
from .model import Hint, fingerprint

LATE_DAYS = 30  # after the session's last day
ROUND_TO = 50  # heads: a single figure that is a multiple of it …
ROUND_FROM = 100  # … and at least this
TENS_SESSIONS, TENS_SHARE = 5, 0.6  # … or most of a unit's figures of the year end in 0 (one in ten would by chance)
INDOORS = ("教室", "课室", "会议室", "活动室", "社区学校", "教学点", "礼堂")


def of(row: Row, facts: Facts) -> list[Hint]:
    """Every hint about this session alone."""
    kinds = (_evidence, _late, _elsewhere, _length, _sum, _form, _round, _capacity)
    return [hint for hint in (kind(row, facts) for kind in kinds) if hint]


def _day(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _evidence(row: Row, facts: Facts) -> Hint | None:
    if row.pk in facts.uploads:
        return None
    demanded = facts.evidence_required(row.held_on.year)
    sentence = "没有佐证材料，" + ("本年度规定有材料才能核定" if demanded else "请酌情退回补充或电话核实")
    return Hint("evidence", sentence, fingerprint("evidence", row.pk))


def _late(row: Row, facts: Facts) -> Hint | None:
    """Evidence that first came long after the session. What a historical ledger brought says nothing about its days."""
    first = facts.uploads.get(row.pk)
    if row.is_historical or first is None or (first - row.ends_on).days <= LATE_DAYS:
        return None
    sentence = f"结束 {(first - row.ends_on).days} 天以后才上传佐证材料"
    dates = f"{_day(row.ends_on)}结束，{_day(row.created_on)}登记，{_day(first)}上传第一份材料"
    return Hint("late", sentence, fingerprint("late", row.pk, row.ends_on, first), facts=[dates])


def _elsewhere(row: Row, facts: Facts) -> Hint | None:
    if not row.outside and (not row.place or facts.within_home(row)):
        return None
    sentence = f"在{row.place_name}举办，不在{row.unit_name}辖区内"
    return Hint("elsewhere", sentence, fingerprint("elsewhere", row.pk, row.place, row.outside))


def _length(row: Row, facts: Facts) -> Hint | None:
    if row.minutes is not None or row.days > 1:
        return None
    return Hint("length", "没有填写时长", fingerprint("length", row.pk))


def _sum(row: Row, facts: Facts) -> Hint | None:
    told = facts.audiences.get(row.pk, [])
    if not told or None in told or not row.reported or sum(told) == row.reported:
        return None
    sentence = f"培训对象各项相加是 {sum(told):,}，与填报的 {row.reported:,} 人次不同"
    return Hint("sum", sentence, fingerprint("sum", row.pk, sum(told), row.reported))


def _form(row: Row, facts: Facts) -> Hint | None:
    if row.form:
        return None
    sentence = "没有填写培训形式" + ("" if row.is_historical else "，补填以后才能核定")
    return Hint("form", sentence, fingerprint("form", row.pk))


def _round(row: Row, facts: Facts) -> Hint | None:
    if not row.reported or row.reported % 10:
        return None
    number, tens = facts.figures.get((row.organiser, row.held_on.year), (0, 0))
    usual = number >= TENS_SESSIONS and tens / number >= TENS_SHARE
    alone = row.reported >= ROUND_FROM and row.reported % ROUND_TO == 0
    if not (usual or alone):
        return None
    sentence = f"填报人次是整数 {row.reported:,}"
    if usual:
        sentence += f"；{row.unit_name}{row.held_on.year}年填报的 {number} 场里 {tens} 场个位是 0"
    return Hint("round", sentence, fingerprint("round", row.pk, row.reported, usual))


def _capacity(row: Row, facts: Facts) -> Hint | None:
    """More heads a day than the room holds, where the room is known: a shared place that the venue names, else the host's
    own rooms."""
    if not row.reported or row.outside:
        return None
    venue, here = plain(row.venue), facts.places  # rooms are registered where they are today
    named = [
        (name, seats)
        for place, name, seats in facts.rooms
        if venue and row.place and (here.lies_in(place, row.place) or here.lies_in(row.place, place))
        if name == venue or (len(name) >= 3 and name in venue)
    ]
    if named:
        _, seats = max(named, key=lambda one: (len(one[0]), one[1]))
        where = f"{row.venue}（登记可容纳 {seats:,} 人）"
    elif row.host_seats and (not venue or any(word in venue for word in INDOORS)):
        seats, where = row.host_seats, f"{row.host_name}（登记座位 {row.host_seats:,} 个）"
    else:
        return None
    daily = round(row.reported / row.days)
    if daily <= seats:
        return None
    each = f"，平均每天 {daily:,}" if row.days > 1 else ""
    sentence = f"填报 {row.reported:,} 人次{each}，超过{where}"
    return Hint("capacity", sentence, fingerprint("capacity", row.pk, row.reported, row.days, where))
