"""培训日历: what is planned and held in a month, by place and unit; a month on a wide screen, a list of days on a phone."""

import calendar as months
import datetime
from dataclasses import dataclass, field

from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from networks.access import Action, can, require
from networks.models import Division, MemberUnit, Tier, User

from ..forms import FIRST_YEAR, LAST_YEAR
from ..models import Status, TrainingSession

MOST_SHOWN = 600  # sessions of one month on one page
MOST_UNDATED = 30  # sessions without a day, below the month
IN_A_CELL = 4  # sessions in a day's cell of the month; the list has them all


class CalendarFilter(forms.Form):
    """Which month (2026-03), of which township and unit, as a month or as a list. Nonsense is passed over."""

    month = forms.RegexField(r"^\d{4}-\d{2}$", required=False)
    township = forms.ChoiceField(label="乡镇", required=False)
    unit = forms.ChoiceField(label="主办单位", required=False)
    view = forms.ChoiceField(required=False, choices=[("list", "列表")])

    def __init__(self, data, *, user: User, units: list[MemberUnit]) -> None:
        super().__init__(data)
        townships = Division.objects.visible_to(user).filter(tier=Tier.TOWNSHIP, retired_on=None)
        self.fields["township"].choices = [("", "全部"), *townships.values_list("code", "short_name")]
        self.fields["unit"].choices = [("", "全部"), *((unit.code, unit.name) for unit in units)]
        self.is_valid()

    def value(self, name: str) -> str:
        return self.cleaned_data.get(name) or ""

    @property
    def first(self) -> datetime.date:
        """The first day of the month asked for, or of this month."""
        try:
            first = datetime.date.fromisoformat(f"{self.value('month')}-01")
        except ValueError:
            first = timezone.localdate().replace(day=1)
        return first if FIRST_YEAR <= first.year <= LAST_YEAR else timezone.localdate().replace(day=1)


@dataclass
class Day:
    date: datetime.date
    column: int  # of the month's grid, from Monday; only for the first day
    is_today: bool
    sessions: list[TrainingSession] = field(default_factory=list)

    @property
    def beyond(self) -> int:
        """How many more there are than a cell of the grid shows."""
        return max(len(self.sessions) - IN_A_CELL, 0)


@require(Action.VIEW_SESSIONS)
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    seen = TrainingSession.objects.visible_to(user).exclude(status=Status.VOID)
    units = MemberUnit.objects.filter(county_id=user.county_code)
    units = list(units.filter(Exists(seen.filter(organiser=OuterRef("pk")))))
    asked = CalendarFilter(request.GET, user=user, units=units)
    first = asked.first
    last = first.replace(day=months.monthrange(first.year, first.month)[1])
    rows = _of_month(seen, asked, first, last)
    found = list(rows.select_related("organiser", "place__parent")[: MOST_SHOWN + 1])
    days = _days(found[:MOST_SHOWN], first, last, today)
    undated = _asked_for(seen, asked).filter(held_on=None).exclude(status=Status.CANCELLED).order_by("-pk")
    busy = [day for day in days if day.sessions]
    context = {
        "undated": list(undated.select_related("organiser", "place__parent")[: MOST_UNDATED + 1]),
        "most_undated": MOST_UNDATED,
        # On a phone the month is a list that begins weeks ago.
        "next_day": next((day for day in busy if day.date >= today), None) if busy and first <= today <= last else None,
        "asked": asked,
        "first": first,
        "days": days,
        "busy": busy,
        "in_a_cell": IN_A_CELL,
        "count": min(len(found), MOST_SHOWN),
        "too_many": len(found) > MOST_SHOWN,
        "before": _step(first - datetime.timedelta(days=1)),
        "after": _step(last + datetime.timedelta(days=1)),
        "now": "" if (first.year, first.month) == (today.year, today.month) else f"{today:%Y-%m}",
        "as_list": asked.value("view") == "list",
        "several_units": len(units) > 1,
        "may_enter": can(user, Action.ENTER),
        "sees_plans": can(user, Action.VIEW_STANDING),
    }
    return render(request, "trainings/calendar/month.html", context)


def _of_month(rows, asked: CalendarFilter, first: datetime.date, last: datetime.date):
    """The sessions asked for of which a day lies in the month."""
    in_month = Q(held_on__gte=first, held_on__lte=last) | Q(held_on__lt=first, ends_on__gte=first)
    rows = _asked_for(rows, asked).filter(in_month)
    return rows.order_by("held_on", F("start_time").asc(nulls_last=True), "pk")


def _asked_for(rows, asked: CalendarFilter):
    """Those at the places and of the unit asked for."""
    if asked.value("township"):
        rows = rows.held_within(Division.objects.get(pk=asked.value("township")))
    if asked.value("unit"):
        rows = rows.filter(organiser__code=asked.value("unit"))
    return rows


def _days(
    sessions: list[TrainingSession], first: datetime.date, last: datetime.date, today: datetime.date
) -> list[Day]:
    """Every day of the month with its sessions; one of several days stands on each of them."""
    days = [
        Day(date, date.weekday() + 1 if date == first else 0, date == today)
        for date in (first + datetime.timedelta(days=n) for n in range(last.day))
    ]
    for session in sessions:
        day = max(session.held_on, first)
        until = min(session.ends_on or session.held_on, last)
        while day <= until:
            days[day.day - 1].sessions.append(session)
            day += datetime.timedelta(days=1)
    return days


def _step(day: datetime.date) -> str:
    """The month of a day as it stands in the address, or '' beyond the years that there are."""
    return f"{day:%Y-%m}" if FIRST_YEAR <= day.year <= LAST_YEAR else ""
