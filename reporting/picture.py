"""The year as one picture to pass on: what is on it, in words; static/js/picture.js draws exactly this and the page lists it.

Units do not see each other's standing, so the picture names those that need a hand only where that is asked for, and says
then whom it is for.
"""

from __future__ import annotations

from networks.templatetags.page import cn_date

from .dashboard import Dashboard
from .indicators import INDICATORS
from .speech import names

COUNTED = "只算已核定的场次；人次不是人数"
HELPED = 12  # units that a picture lists; on a phone more cannot be read


def picture_of(board: Dashboard, *, named: bool, site_name: str, demo: bool) -> dict:
    """Plain texts and numbers, ready for JSON."""
    county, year = board.county, board.year
    credited, last = county.credited, board.last_to_date
    return {
        "title": f"{year.county.name}{year}社区教育进度",
        "day": f"截至 {cn_date(board.until, 'plain')}" if not board.figures.frozen else board.figures.frozen.label,
        "course": {"words": board.course_words, "kind": board.course or "none"},
        "elapsed": "" if board.over else f"全年已过 {board.elapsed}%，还有 {board.days_left} 天",
        "shares": [{"kind": s.forecast.value, "label": s.label, "number": s.number} for s in board.shares],
        "figures": [
            {
                "label": INDICATORS["units_met"].label,
                "value": f"{county.met}",
                "unit": f"/ {len(county.standings)} 个",
                "note": f"上年全年 {board.last.county.met} 个" if board.last else "",
            },
            _figure(
                INDICATORS["sessions"].label, credited.sessions, "场", board.last_words, last.sessions if last else None
            ),
            _figure(
                INDICATORS["attendances"].label,
                credited.attendances,
                "人次",
                board.last_words,
                last.attendances if last else None,
            ),
        ],
        "month": _month(board, named=named),
        "years": [
            {
                "year": f"{row.year.year}年",
                "met": f"{row.met} / {row.units} 个",
                "sessions": f"{row.credited.sessions:,} 场",
                "attendances": f"{row.credited.attendances:,} 人次",
            }
            for row in board.years
        ],
        "beside": "和往年比" if board.over else "和往年同一天比",
        "help_title": "没有完成年度任务的单位" if board.over else "需要帮助的单位",
        "help": _help(board) if named else [],
        "for": "点名的一张：只在领导小组内传看" if named else "",
        "source": f"来源：{site_name}，{COUNTED}",
        "demo": "演示数据，不作为工作依据" if demo else "",
    }


def _figure(label: str, value: int, unit: str, beside: str, last: int | None) -> dict[str, str]:
    note = "" if last is None else f"{beside} {last:,} {unit}"
    return {"label": label, "value": f"{value:,}", "unit": unit, "note": note}


def _month(board: Dashboard, *, named: bool) -> list[str]:
    since = board.since
    if since is None:
        return []
    lines = [
        f"新增 {since.gained.sessions:,} 场、{since.gained.attendances:,} 人次",
        f"核定 {since.verified:,} 场，退回 {since.returned:,} 场",
    ]
    for words, units in (("新完成任务", since.newly_met), ("新落后", since.newly_behind)):
        if units:
            lines.append(f"{words} {len(units)} 个" + (f"：{names(units)}" if named else ""))
    return lines


def _help(board: Dashboard) -> list[dict[str, str]]:
    shown = board.to_help[:HELPED]
    rows = [{"name": s.unit.short_name, "words": "，".join(filter(None, [s.verdict, s.deadline]))} for s in shown]
    if len(board.to_help) > HELPED:
        rows.append({"name": f"等 {len(board.to_help)} 个单位", "words": "见看板"})
    return rows
