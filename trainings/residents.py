"""For residents (二(三)2—3): which county and township somebody looks at, and what of it takes place when.

Everything that a resident has chosen stands in the address and is carried by every link: no account, no cookie.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from networks.models import CountySettings, Division, Places, Tier

from .models import Announcement

WEEK = 7  # days on one page
FARTHEST = 366  # days ahead that may be asked for
MOST_SHOWN = 120  # sessions on one page; a resident chooses a township long before


@dataclass(frozen=True)
class Visit:
    """What the address says: `at` a county or a township, `big` letters. `county` is None where one has to be chosen."""

    county: Division | None
    town: Division | None
    choices: list[Division]  # the counties to choose from, where that is the question
    big: bool

    @property
    def keep(self) -> str:
        """The query string that every link carries on, with its question mark, or ''."""
        return self.query()

    def query(self, *, big: bool | None = None, **more: str) -> str:
        """`keep` with other letters or further parameters."""
        at = self.town or (self.county if self.choices else None)
        asked = {"at": at.pk} if at else {}
        if self.big if big is None else big:
            asked["big"] = "1"
        asked |= {name: value for name, value in more.items() if value}
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def place(self) -> Division | None:
        return self.town or self.county

    def announcements(self) -> QuerySet[Announcement]:
        """What may be shown of the township, or else of the whole county, with what was cancelled."""
        rows = Announcement.objects.shown().of_county(self.county.pk)
        return rows.at_places(Places(self.county.pk, today()).within(self.town.pk)) if self.town else rows

    def towns(self) -> QuerySet[Division]:
        return Division.objects.within(self.county.pk).filter(tier=Tier.TOWNSHIP).current()


def visit(request: HttpRequest, county: Division | None = None) -> Visit:
    """What makes no sense in an address is passed over. `county` is the one to which the page belongs anyway."""
    big, code = request.GET.get("big") == "1", request.GET.get("at", "")
    town, choices = None, []
    if re.fullmatch(r"[0-9]{6}|[0-9]{9}", code):
        found = Division.objects.select_related("parent").filter(pk=code).exclude(tier=Tier.VILLAGE).first()
        if found and found.tier == Tier.TOWNSHIP and (county is None or county.pk == found.county_code):
            town, county = found, found.parent
        elif found and county is None:
            county = found
    known = list(CountySettings.objects.select_related("county").order_by("county"))
    if len(known) > 1:
        choices = [row.county for row in known]
        if county is None:
            told = set(Announcement.objects.shown().values_list("session__organiser__county", flat=True).distinct())
            choices = [one for one in choices if one.pk in told] or choices
            county = choices[0] if len(choices) == 1 else None
    elif known and county is None:
        county = known[0].county
    return Visit(county=county, town=town, choices=choices, big=big)


def first_day(text: str, today: datetime.date) -> datetime.date:
    """The day with which the asked week begins: today unless the address names a later one."""
    try:
        day = datetime.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else today
    except ValueError:
        return today
    return min(max(day, today), today + datetime.timedelta(days=FARTHEST))


@dataclass(frozen=True)
class Day:
    on: datetime.date
    word: str  # 今天, 明天, 后天 or ''
    rows: list[Announcement]


@dataclass(frozen=True)
class Week:
    first: datetime.date
    last: datetime.date
    days: list[Day]
    left_out: int  # sessions of this week beyond the page's length
    next_on: datetime.date | None  # the first session after this week
    today: datetime.date

    @property
    def before(self) -> datetime.date | None:
        """Where the week before begins, or None where this is the first one."""
        return max(self.first - datetime.timedelta(days=WEEK), self.today) if self.first > self.today else None

    @property
    def is_now(self) -> bool:
        return self.first == self.today


def week_of(rows: QuerySet[Announcement], first: datetime.date, today: datetime.date) -> Week:
    """Seven days from `first`; a class of several days stands under the first of its days that is shown."""
    last = first + datetime.timedelta(days=WEEK - 1)
    found = list(rows.between(first, last).for_display()[: MOST_SHOWN + 1])
    left_out = rows.between(first, last).count() - MOST_SHOWN if len(found) > MOST_SHOWN else 0
    days: dict[datetime.date, list[Announcement]] = {}
    for row in found[:MOST_SHOWN]:
        days.setdefault(max(row.session.held_on, first), []).append(row)
    words = {today + datetime.timedelta(days=n): word for n, word in enumerate(["今天", "明天", "后天"])}
    after = rows.filter(session__held_on__gt=last).order_by("session__held_on")
    return Week(
        first=first,
        last=last,
        days=[Day(day, words.get(day, ""), days[day]) for day in sorted(days)],
        left_out=left_out,
        next_on=after.values_list("session__held_on", flat=True).first(),
        today=today,
    )


def today() -> datetime.date:
    return timezone.localdate()
