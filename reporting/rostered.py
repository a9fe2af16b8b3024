"""人数 and 人次 where rosters exist: distinct people and attendances of a year's verified sessions, and of how many of these
sessions that is known (依据 一(三): 人次 is not 人数). Never stretched to the sessions without a roster."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from networks.models import MemberUnit
from trainings.models import RosterLine, Status, TrainingSession

from .models import AssessmentYear

DEFINITION = (
    "人数按签到名册去重：姓名和手机末四位相同的算一个人，没有尾号的按姓名和所在村，都没有的按姓名；只数有名册的已核定场次，"
    "没有名册的场次不推算。人次是这些场次的签到人次之和。名册按期删除以后人数不能再算，人次保留。"
)


@dataclass(frozen=True)
class Rostered:
    """`people` is None where nothing can be counted: no session has a roster, or lines are gone."""

    people: int | None
    attendances: int
    with_roster: int  # sessions
    sessions: int  # verified ones
    purged: int = 0  # of those with a roster, whose lines are gone

    @property
    def coverage(self) -> str:
        return f"{self.sessions} 场中 {self.with_roster} 场有名册"

    @property
    def words(self) -> str:
        """How it is told beside other figures; '' where there is nothing to tell."""
        if not self.with_roster:
            return ""
        people = "人数无法计算（名册已按期删除）" if self.people is None else f"{self.people:,} 人"
        return f"{people}、{self.attendances:,} 人次（{self.coverage}）"


def rostered(year: AssessmentYear, units: Iterable[int] | None = None, as_of: datetime.date | None = None) -> Rostered:
    """Of the county, or of these units together: somebody who was at two units' sessions is one person. Two queries."""
    last = min(as_of or year.last_day, year.last_day)
    sessions = TrainingSession.objects.filter(
        organiser__in=MemberUnit.objects.filter(county_id=year.county_id).values("pk"),  # by the index of the sums
        status=Status.VERIFIED,
        held_on__gte=year.first_day,
        held_on__lte=last,
    ).order_by()
    if units is not None:
        sessions = sessions.filter(organiser__in=list(units))
    known = Q(rostered_attendance__isnull=False)
    sums = sessions.aggregate(
        sessions=Count("pk"),
        with_roster=Count("pk", filter=known),
        purged=Count("pk", filter=known & Q(roster_purged_on__isnull=False)),
        attendances=Sum("rostered_attendance"),
    )
    people = None
    if sums["with_roster"] and not sums["purged"]:
        lines = RosterLine.objects.filter(session__in=sessions)
        people = lines.order_by().aggregate(people=Count("identity", distinct=True))["people"]
    return Rostered(people, **(sums | {"attendances": sums["attendances"] or 0}))
