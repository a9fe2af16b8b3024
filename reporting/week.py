"""一周小结: a week's sessions as a text for the work group's chat. No names of people, no telephone, no venue, nothing of the
groups that are counted by heads only."""

import datetime
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Max
from django.db.models.functions import Coalesce

from networks.access import Action, can
from networks.models import User
from networks.names import mask_long_numbers
from trainings.models import Audience, Status, TrainingSession

LISTED = 30  # sessions by name; a chat message has an end


@dataclass(frozen=True)
class Week:
    first: datetime.date  # a Monday

    @property
    def last(self) -> datetime.date:
        return self.first + datetime.timedelta(days=6)

    @property
    def name(self) -> str:
        first, last = self.first, self.last
        month = f"{last.month}月" if last.month != first.month else ""
        return f"{first.month}月{first.day}日—{month}{last.day}日"


def week_of(day: datetime.date) -> Week:
    return Week(day - datetime.timedelta(days=day.weekday()))


def digest(user: User, week: Week) -> str:
    """The text, by what the account enters for: its own unit, or for the bureau the whole county. Three queries at most."""
    county = can(user, Action.ENTER_ON_BEHALF)
    rows = TrainingSession.objects.visible_to(user) if county else TrainingSession.objects.editable_by(user)
    level = Coalesce(Max("audience_counts__audience__sensitivity"), 0)
    held = list(
        rows.filter(held_on__range=(week.first, week.last), status__in=[Status.SUBMITTED, Status.VERIFIED])
        .annotate(level=level)
        .select_related("organiser", "place__parent")
        .order_by("organiser__position", "held_on", "pk")
    )
    after = week.last + datetime.timedelta(days=1)
    planned = rows.filter(status=Status.PLANNED, held_on__range=(after, week_of(after).last)).count()
    who = user.home_division.name if county else user.own_unit or user.home_name
    if not held:
        lines = [f"【{who}】{week.name}没有已上报的社区教育培训。"]
    else:
        verified = sum(session.status == Status.VERIFIED for session in held)
        heads = sum(session.verified_attendance or session.reported_attendance for session in held)
        told = f"（其中已核定 {verified} 场）" if verified else "（待县教育局核定）"
        lines = [f"【{who}】{week.name}社区教育培训 {len(held)} 场、{heads:,} 人次{told}。"]
        lines += _by_unit(held) if county else _one_by_one(held)
    if planned:
        lines.append(f"下周计划 {planned} 场。")
    return mask_long_numbers("\n".join(lines))


def _by_unit(held: list[TrainingSession]) -> list[str]:
    """In the order of the founding document, never by size."""
    units = defaultdict(list)
    for session in held:
        units[session.organiser].append(session.verified_attendance or session.reported_attendance)
    return [f"{unit.short_name} {len(heads)} 场 {sum(heads):,} 人次" for unit, heads in units.items()]


def _one_by_one(held: list[TrainingSession]) -> list[str]:
    named = [session for session in held if session.level < Audience.Sensitivity.HEADCOUNT_ONLY]
    lines = [
        f"{number}. {session.held_on.month}月{session.held_on.day}日 {session.place_name.rpartition('/')[2]}：{session}，"
        f"{session.verified_attendance or session.reported_attendance:,} 人次"
        for number, session in enumerate(named[:LISTED], start=1)
    ]
    if len(named) > LISTED:
        lines.append(f"另有 {len(named) - LISTED} 场，见系统。")
    if len(held) > len(named):
        lines.append(f"另有 {len(held) - len(named)} 场只报人次，不列名称。")
    return lines
