"""How a date, a figure and a distance to the quota look on a page. Pure: no query, no request.

Everything that is missing shows as 无法计算 or —, never as 0.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

from django import template
from django.utils import timezone

register = template.Library()

UNKNOWN = "无法计算"
WEEKDAYS = "一二三四五六日"

SESSION_STATES = {  # status: (word, kind of badge, sign)
    "planned": ("计划", "plain", "calendar"),
    "draft": ("草稿", "quiet", "pencil"),
    "submitted": ("待审核", "steady", "clock"),
    "returned": ("退回修改", "behind", "back"),
    "verified": ("已核定", "met", "check"),
    "cancelled": ("已取消", "off", "cross"),
    "void": ("作废", "off", "cross"),
}
VERDICTS = {  # forecast: (words, kind of badge, sign)
    "met": ("已完成任务", "met", "check"),
    "on_track": ("按进度推进", "steady", "arrow"),
    "behind": ("有差距", "behind", "warning"),
    "lost": ("难以完成", "lost", "cross"),
}


CONDITIONS = {  # of an institution: (word, kind of badge, sign)
    "running": ("运行", "steady", "check"),
    "idle": ("无活动", "plain", "clock"),
    "open": ("已开办", "plain", "check"),
    "unconfirmed": ("待核实", "quiet", "info"),
    "preparing": ("筹建", "plain", "pencil"),
    "suspended": ("暂停", "off", "clock"),
    "closed": ("停办", "off", "cross"),
}


PROPOSALS = {  # state of a course or a story: (word, kind of badge, sign)
    "draft": ("草稿", "quiet", "pencil"),
    "proposed": ("待审定", "steady", "clock"),
    "public": ("已公开", "met", "check"),
    "returned": ("退回修改", "behind", "back"),
    "retired": ("已停用", "off", "cross"),
}


@dataclass(frozen=True)
class Badge:
    word: str
    kind: str
    sign: str


@dataclass(frozen=True)
class QuotaBar:
    """One bar, in percent of its width: verified from 0, pending after it, the required mark at `mark`."""

    verified: float
    pending: float
    mark: float | None
    met: bool
    short: int
    known: bool


def _local(value: datetime.date | datetime.datetime) -> datetime.date | datetime.datetime:
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


@register.filter
def cn_date(value: datetime.date | None, style: str = "") -> str:
    """2026年3月5日（周四）; `"short"`: 3月5日; `"plain"`: 2026年3月5日. Nothing gives —."""
    if not isinstance(value, datetime.date):
        return "—"
    value = _local(value)
    if style == "short":
        return f"{value.month}月{value.day}日"
    plain = f"{value.year}年{value.month}月{value.day}日"
    return plain if style == "plain" else f"{plain}（周{WEEKDAYS[value.weekday()]}）"


@register.filter
def cn_datetime(value: datetime.datetime | None) -> str:
    """2026年3月5日 14:30, in local time."""
    if not isinstance(value, datetime.datetime):
        return "—"
    value = _local(value)
    return f"{value.year}年{value.month}月{value.day}日 {value:%H:%M}"


@register.filter
def figure(value: int | float | Decimal | None, places: int = 0) -> str:
    """1,200; `places` decimals for a rate or an average. None is 无法计算."""
    if value is None or value == "" or isinstance(value, bool):
        return UNKNOWN
    return f"{value:,.{places}f}" if isinstance(value, int | float | Decimal) else str(value)


@register.filter
def known(value: int | float | Decimal | None, places: int = 0) -> str:
    """A figure that somebody enters: — where nobody has, rather than 无法计算, which a sum would say."""
    return "—" if value is None or value == "" else figure(value, places)


@register.filter
def percent(value: float | Decimal | None, places: int = 1) -> str:
    """A share of 1 as 61.5%. None is 无法计算; a whole share has no decimals."""
    if value is None or value == "":
        return UNKNOWN
    text = f"{float(value) * 100:.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


@register.filter
def dial(phone: str) -> str:
    """What a telephone dials: the digits of the first of several numbers, without its extension."""
    return re.sub(r"[^0-9+]", "", re.split(r"[、/,;转]", phone)[0])


@register.filter
def session_badge(status: str) -> Badge:
    return Badge(*SESSION_STATES.get(status, (str(status), "quiet", "dot")))


@register.filter
def verdict_badge(verdict: str) -> Badge:
    return Badge(*VERDICTS.get(verdict, (UNKNOWN, "quiet", "dot")))


@register.filter
def condition_badge(condition: str) -> Badge:
    return Badge(*CONDITIONS.get(condition, ("未设机构", "off", "dot")))


@register.filter
def proposal_badge(state: str) -> Badge:
    return Badge(*PROPOSALS.get(state, (str(state), "quiet", "dot")))


@register.simple_tag
def quota_bar(verified: int | None, pending: int | None, required: int | None) -> QuotaBar:
    """The required mark stands at four fifths of the bar, so that bars of different units compare at a glance;
    a unit far beyond its quota shortens the scale instead of leaving the bar."""
    if verified is None or required is None:
        return QuotaBar(0, 0, None, False, 0, False)
    pending = pending or 0
    scale = max(required * 1.25, verified + pending, 1)

    def share(value: float) -> float:
        return round(value / scale * 100, 2)

    return QuotaBar(
        verified=share(verified),
        pending=share(pending),
        mark=max(share(required), 0.01) if required else None,
        met=verified >= required,
        short=max(required - verified, 0),
        known=True,
    )


@register.simple_tag
def distance(sessions_short: int, attendances_short: int) -> str:
    """差 1 场 90 人次; only the half that is short is named; nothing short gives an empty string."""
    parts = []
    if sessions_short > 0:
        parts.append(f"{sessions_short:,} 场")
    if attendances_short > 0:
        parts.append(f"{attendances_short:,} 人次")
    return f"差 {' '.join(parts)}" if parts else ""


@register.filter
def field_anchor(bound_field: object) -> str:
    """Where the error summary's link leads: the input, or the group's wrapper where there is no single input."""
    return bound_field.id_for_label or f"div_{bound_field.auto_id}"


@register.filter
def width(value: float) -> str:
    """A share in percent as an SVG length: 37.5 → 37.5%. Always with a point, whatever the locale."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".") + "%"


@register.filter
def page_numbers(page: object) -> list[int | None]:
    """The page numbers to offer; None stands for the gap."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else None for number in numbers]
