"""The words to say in a meeting: the year so far in sentences that can be read aloud as they stand (依据 三(一) 汇总、通报)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from networks.templatetags.page import cn_date

from .assessment import Forecast, Standing
from .counting import NOT_MET
from .exports import headline

if TYPE_CHECKING:
    from .dashboard import Dashboard

NAMED = 6  # units that a sentence names; more cannot be taken in by ear


def sentences(board: Dashboard) -> list[str]:
    """Each ends with 。; together they are the paragraph on the dashboard."""
    said = [_units(board), _sums(board), _month(board), _waiting(board), _help(board)]
    return [f"{sentence}。" for sentence in said if sentence]


def _units(board: Dashboard) -> str:
    frozen = board.figures.frozen
    start = f"{board.year}已锁定定案" if frozen else f"截至{cn_date(board.until, 'plain')}"
    rest = [
        f"{len(standings)} 个{board.label(forecast)}"
        for forecast, standings in board.by_verdict
        if standings and forecast != Forecast.MET
    ]
    words = f"{start}，{board.year.county.name} {headline(board.county)}年度任务"
    return f"{words}，{'、'.join(rest)}" if rest else words


def _sums(board: Dashboard) -> str:
    credited, last = board.county.credited, board.last_to_date
    words = f"计入任务的培训 {credited.sessions:,} 场、{credited.attendances:,} 人次"
    return f"{words}，{board.last_words} {last.sessions:,} 场、{last.attendances:,} 人次" if last else words


def _month(board: Dashboard) -> str:
    since = board.since
    if since is None:
        return ""
    gained = since.gained
    words = f"比一个月前增加 {gained.sessions:,} 场、{gained.attendances:,} 人次" if any(gained) else "近一个月没有增加"
    named = [("新完成任务的有", since.newly_met), ("新落后的有", since.newly_behind)]
    return "，".join([words, *(f"{start}{names(units)}" for start, units in named if units)])


def _waiting(board: Dashboard) -> str:
    county = board.county
    waiting = [(county.submitted.sessions, "待审核"), (county.returned.sessions, "退回修改")]
    return "另有 " + "、".join(f"{n:,} 场{state}" for n, state in waiting if n) if any(n for n, _ in waiting) else ""


def _help(board: Dashboard) -> str:
    county, to_help = board.county, board.to_help
    if not to_help:
        met = county.standings and county.met == len(county.standings)
        return "各单位均已完成，没有落后单位" if met and not board.over else ""
    start = f"{NOT_MET}的有" if board.over else "需要帮助的有"
    named = "；".join(f"{s.unit.short_name}，{s.verdict}" for s in to_help[:NAMED])
    words = f"{start}{named}" + (f"；等 {len(to_help)} 个单位" if len(to_help) > NAMED else "")
    dates = [s.due for s in to_help if s.deadline]
    if board.over or not dates:
        return words
    return f"{words}。其中最近的期限是{cn_date(min(dates), 'short')}"


def names(standings: list[Standing]) -> str:
    """古零镇、教育局, or the first six and how many there are."""
    named = "、".join(s.unit.short_name for s in standings[:NAMED])
    return f"{named}等 {len(standings)} 个单位" if len(standings) > NAMED else named
