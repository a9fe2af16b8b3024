"""The leaders' page: is the county on course, who needs a hand, what to say in the meeting; then figures and charts.

Numbers come from reporting/indicators.py and reporting/comparing.py; the words to say from reporting/speech.py.
"""

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from networks.access import Action, can
from networks.models import DivisionSuccession, MemberUnit, User
from networks.templatetags.page import VERDICTS, Badge, cn_date

from . import speech
from .assessment import Forecast, Standing, Tally
from .charts import BarChart, LineChart, TileMap, bar_chart, cumulate, line_chart, tile_map
from .comparing import EARLIER, TROUBLED, Since, YearSoFar, same_day, since_a_month, year_against_year
from .counting import NOT_MET
from .indicators import INDICATORS, Group, Indicator, YearFigures
from .models import AssessmentYear


@dataclass(frozen=True)
class Half:
    """One half of the quota in the county: sessions or attendances."""

    how: Indicator
    value: int
    required: int  # 推算
    everything: int
    last_to_date: int | None
    last_whole: int | None


def counted_url(user: User, year: AssessmentYear, **which: object) -> str:
    """The page with exactly the sessions behind a figure; nothing for whoever sees figures only."""
    if not (can(user, Action.VIEW_SESSIONS) and can(user, Action.VIEW_COUNTY)):
        return ""
    query = urlencode({name: value for name, value in which.items() if value is not None})
    return reverse("assessment-counted", args=[year.year]) + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Share:
    """One part of the bar that shows how the units stand, in percent of its width."""

    forecast: Forecast
    label: str
    number: int
    x: float
    width: float


class Dashboard:
    """`before` is the year before, where the county has one; `today` bounds what can be known; of `earlier` years, newest first,
    at most EARLIER stand beside this one."""

    def __init__(
        self,
        year: AssessmentYear,
        before: AssessmentYear | None,
        today: datetime.date,
        user: User,
        earlier: Sequence[AssessmentYear] = (),
    ) -> None:
        self.year, self.before, self.user = year, before, user
        self.until = max(min(today, year.last_day), year.first_day)
        self.over = year.locked or today > year.last_day
        self.figures = YearFigures(year)
        self.last = YearFigures(before) if before else None
        rest = [other for other in earlier if before is None or other.pk != before.pk]
        self.earlier = [*([self.last] if self.last else []), *map(YearFigures, rest)][:EARLIER]

    @property
    def county(self):
        return self.figures.county

    @property
    def by_verdict(self) -> list[tuple[Forecast, list[Standing]]]:
        return [(forecast, [s for s in self.county.standings if s.forecast == forecast]) for forecast in Forecast]

    @property
    def to_help(self) -> list[Standing]:
        """Behind or lost, in the order of the document: distance, not a league table."""
        return [s for s in self.county.standings if s.forecast in TROUBLED]

    def label(self, forecast: Forecast) -> str:
        """A year that is over has no outlook: whoever has not met the quota has not met it."""
        return NOT_MET if self.over and forecast == Forecast.LOST else forecast.label

    @property
    def verdicts(self) -> list[tuple[Badge, list[Standing], Forecast]]:
        """`by_verdict` with the words of each; nobody is on the way any more in a year that is over."""
        return [
            (Badge(self.label(forecast), *VERDICTS[forecast][1:]), standings, forecast)
            for forecast, standings in self.by_verdict
            if standings or not self.over or forecast in {Forecast.MET, Forecast.LOST}
        ]

    # --- first of all: on course or not --------------------------------------------------------------

    @property
    def course(self) -> Forecast | None:
        """How the county stands, by its units; None where no unit bears a quota."""
        county = self.county
        if not county.standings:
            return None
        if county.met == len(county.standings):
            return Forecast.MET
        if self.over:
            return Forecast.LOST
        return Forecast.BEHIND if self.to_help else Forecast.ON_TRACK

    @property
    def _not_met(self) -> str:
        """In words, of a year that is over; whoever would reach the quota with what waits for review is named as such."""
        unmet = len(self.county.standings) - self.county.met
        waiting = unmet - len(self.to_help)
        return f"{unmet} 个单位没有完成年度任务" + (f"，其中 {waiting} 个待审核" if waiting else "")

    @property
    def course_words(self) -> str:
        return {
            None: "这一年没有单位承担目标任务",
            Forecast.MET: "全部责任单位已完成年度任务",
            Forecast.ON_TRACK: "全县按进度推进",
            Forecast.BEHIND: f"{len(self.to_help)} 个单位需要帮助",
            Forecast.LOST: self._not_met,
        }[self.course]

    @property
    def settled_line(self) -> str:
        """Where the figures on paper come from: the act with the short form of its digest, or the records as they are now."""
        if self.figures.frozen:
            return self.figures.frozen.label
        return f"{cn_date(self.until, 'plain')}的培训记录（还没有锁定定案），只算已核定的场次，人次不是人数"

    @property
    def shares(self) -> list[Share]:
        """How the units stand, as parts of one bar."""
        whole, x, found = len(self.county.standings), 0.0, []
        for forecast, standings in self.by_verdict:
            if standings:
                width = round(len(standings) * 100 / whole, 2)
                found.append(Share(forecast, self.label(forecast), len(standings), round(x, 2), width))
                x += width
        return found

    @property
    def elapsed(self) -> int:
        """Whole percent of the year's days that are over; today is not."""
        year = self.year
        return (self.until - year.first_day).days * 100 // ((year.last_day - year.first_day).days + 1)

    @property
    def days_left(self) -> int:
        return (self.year.last_day - self.until).days

    # --- beside other days and years -----------------------------------------------------------------

    @cached_property
    def since(self) -> Since | None:
        return None if self.over else since_a_month(self.figures, self.until)

    @cached_property
    def years(self) -> list[YearSoFar]:
        return year_against_year(self.figures, self.until, self.earlier)

    @property
    def last_words(self) -> str:
        """What `last_to_date` is called: a year that is over is compared with the whole year before."""
        return "上年" if self.until == self.year.last_day else "上年同期"

    @cached_property
    def last_to_date(self) -> Tally | None:
        return self.last.until(same_day(self.until, 1)) if self.last else None

    @property
    def halves(self) -> list[Half]:
        county, last = self.county, self.last.county.credited if self.last else (None, None)
        to_date = self.last_to_date or (None, None)
        columns = zip(county.credited, county.required_sum, county.everything, to_date, last, strict=True)
        indicators = [INDICATORS["sessions"], INDICATORS["attendances"]]
        return [Half(how, *numbers) for how, numbers in zip(indicators, columns, strict=True)]

    # --- words -------------------------------------------------------------------------------------

    @cached_property
    def sentences(self) -> list[str]:
        return speech.sentences(self)

    @property
    def paragraph(self) -> str:
        """The year so far in one paragraph, to be read aloud in a meeting."""
        return "".join(self.sentences)

    # --- charts ------------------------------------------------------------------------------------

    @property
    def curve(self) -> LineChart:
        """Sessions by month, added up, against the steady pace and last year."""
        known = self.until.month
        months = [tally.sessions for tally in self.figures.months]
        return line_chart(
            title="培训场次逐月累计",
            unit="场",
            this_year=cumulate([n if month <= known else None for month, n in enumerate(months, start=1)]),
            last_year=cumulate([t.sessions for t in self.last.months]) if self.last else (),
            target=self.county.required_sum.sessions,
            this_label=f"{self.year.year}年",
            last_label=f"{self.year.year - 1}年",
            this_urls=self._up_to_months(self.year),
            last_urls=self._up_to_months(self.before) if self.before else (),
        )

    def _up_to_months(self, year: AssessmentYear) -> list[str]:
        """Behind each running total, the sessions until the end of its month, or until today in the month that is running."""
        ends = [datetime.date(year.year, month, calendar.monthrange(year.year, month)[1]) for month in range(1, 13)]
        last = self.until if year == self.year else year.last_day
        return [counted_url(self.user, year, as_of=min(end, last)) for end in ends]

    @property
    def curve_caption(self) -> str:
        """The same figures as the paragraph, so that one page never gives two for one day."""
        words = f"截至{cn_date(self.until, 'short')}累计 {self.county.credited.sessions:,} 场"
        return f"{words}，{self.last_words} {self.last_to_date.sessions:,} 场。" if self.last else f"{words}。"

    @property
    def reach(self) -> BarChart:
        """Attendances by audience, as far as numbers were given; the rest is far more than any group and would dwarf
        them all, so it stands in the line below, with the audiences that no session gave a number for."""
        *groups, rest = self.figures.audiences
        rows = [
            (g.label, None if g.withheld else g.attendances, self._audience(g.key), g.words)
            for g in groups
            if g.withheld or g.attendances is not None
        ]
        unsplit = [g.label for g in groups if not g.withheld and g.attendances is None]
        note = f"另有 {rest.words} 人次{rest.label}。"
        if unsplit:
            note += f"办过培训、没有分别填人次的有{'、'.join(unsplit)}。"
        return bar_chart(title=INDICATORS["audiences"].label, unit="人次", rows=rows, note=note)

    @property
    def coverage(self) -> list[tuple[Indicator, object]]:
        keys = ("township_coverage", "village_coverage", "community_coverage")
        return [(INDICATORS[key], INDICATORS[key].of(self.figures)) for key in keys]

    @property
    def townships(self) -> TileMap:
        rows = [
            {
                "code": s.unit.division_id,
                "name": s.unit.short_name,
                "lines": [f"{s.verified.sessions:,} 场", f"{s.verified.attendances:,} 人次"],
                "verdict": s.forecast.value,
                "badge": s.badge,
                "url": reverse("assessment-unit", args=[self.year.year, s.unit.code]),
            }
            for s in self.county.standings
            if s.unit.kind == MemberUnit.Kind.TOWNSHIP
        ]
        lineage = DivisionSuccession.objects.of_county(self.year.county_id).lineage()
        return tile_map(title="各乡镇完成情况", rows=rows, lineage=lineage)

    # --- the rows behind the figures, for whoever may see rows ---------------------------------------

    def _audience(self, key: int | None) -> str:
        return self.rows("verified", audience=key) if key else ""

    def rows(self, status: str, **more: object) -> str:
        if not can(self.user, Action.VIEW_SESSIONS):
            return ""
        query = "&".join(
            f"{name}={value}" for name, value in {"year": self.year.year, "status": status, **more}.items()
        )
        return f"{reverse('session-list')}?{query}"

    @property
    def counted_url(self) -> str:
        return counted_url(self.user, self.year)

    @property
    def all_url(self) -> str:
        return counted_url(self.user, self.year, rows="all")

    @property
    def themes(self) -> list[tuple[Group, str]]:
        """Each theme with the way to its sessions: all verified ones, as its figures are."""
        return [
            (group, counted_url(self.user, self.year, rows="all", theme=group.key or "none"))
            for group in self.figures.themes
        ]

    @property
    def submitted_url(self) -> str:
        return reverse("review-queue") if can(self.user, Action.REVIEW) else self.rows("submitted")

    @property
    def returned_url(self) -> str:
        return self.rows("returned")
