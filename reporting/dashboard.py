"""The leaders' page: the year in figures, charts and one paragraph to read aloud. Numbers come from reporting/indicators.py."""

import calendar
import datetime
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from networks.access import Action, can
from networks.models import DivisionSuccession, MemberUnit, User
from networks.templatetags.page import cn_date

from .assessment import Forecast, Standing, Tally
from .charts import BarChart, LineChart, TileMap, bar_chart, cumulate, line_chart, tile_map
from .exports import headline
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


class Dashboard:
    """`before` is the year before, where the county has one; `today` bounds what can be known."""

    def __init__(self, year: AssessmentYear, before: AssessmentYear | None, today: datetime.date, user: User) -> None:
        self.year, self.before, self.user = year, before, user
        self.until = max(min(today, year.last_day), year.first_day)
        self.figures = YearFigures(year)
        self.last = YearFigures(before) if before else None

    @property
    def county(self):
        return self.figures.county

    @property
    def by_verdict(self) -> list[tuple[Forecast, list[Standing]]]:
        return [(forecast, [s for s in self.county.standings if s.forecast == forecast]) for forecast in Forecast]

    @property
    def to_help(self) -> list[Standing]:
        """Behind or lost, in the order of the document: distance, not a league table."""
        return [s for s in self.county.standings if s.forecast in {Forecast.BEHIND, Forecast.LOST}]

    @property
    def same_day_last_year(self) -> datetime.date:
        leap = (self.until.month, self.until.day) == (2, 29)
        return self.until.replace(year=self.until.year - 1, day=28 if leap else self.until.day)

    @cached_property
    def last_to_date(self) -> Tally | None:
        return self.last.until(self.same_day_last_year) if self.last else None

    @property
    def halves(self) -> list[Half]:
        county, last = self.county, self.last.county.credited if self.last else (None, None)
        to_date = self.last_to_date or (None, None)
        columns = zip(county.credited, county.required_sum, county.everything, to_date, last, strict=True)
        indicators = [INDICATORS["sessions"], INDICATORS["attendances"]]
        return [Half(how, *numbers) for how, numbers in zip(indicators, columns, strict=True)]

    # --- words -------------------------------------------------------------------------------------

    @property
    def paragraph(self) -> str:
        """The year so far in one paragraph, to be read aloud in a meeting."""
        county = self.county
        counts = {forecast: len(standings) for forecast, standings in self.by_verdict}
        rest = [f"{n} 个{f.label}" for f, n in counts.items() if n and f != Forecast.MET]
        sentences = [
            f"截至{cn_date(self.until, 'plain')}，{self.year.county.name} {headline(county)}年度任务"
            + (f"，{'、'.join(rest)}" if rest else ""),
            f"计入任务的培训 {county.credited.sessions:,} 场、{county.credited.attendances:,} 人次"
            + (
                f"，上年同期 {self.last_to_date.sessions:,} 场、{self.last_to_date.attendances:,} 人次"
                if self.last
                else ""
            ),
        ]
        waiting = [(county.submitted.sessions, "待审核"), (county.returned.sessions, "退回修改")]
        if any(n for n, _ in waiting):
            sentences.append("另有 " + "、".join(f"{n} 场{state}" for n, state in waiting if n))
        if self.to_help:
            named = "、".join(f"{s.unit.short_name}（{s.verdict}）" for s in self.to_help[:6])
            more = f"等 {len(self.to_help)} 个单位" if len(self.to_help) > 6 else ""
            sentences.append(f"需要帮助的有{named}{more}")
        elif county.standings and county.met == len(county.standings):
            sentences.append("各单位均已完成，没有落后单位")
        return "。".join(sentences) + "。"

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
        """Behind each running total, the sessions until the end of its month."""
        ends = [datetime.date(year.year, month, calendar.monthrange(year.year, month)[1]) for month in range(1, 13)]
        return [counted_url(self.user, year, as_of=end) for end in ends]

    @property
    def curve_caption(self) -> str:
        """The same figures as the paragraph, so that one page never gives two for one day."""
        words = f"截至{cn_date(self.until, 'short')}累计 {self.county.credited.sessions:,} 场"
        return f"{words}，上年同期 {self.last_to_date.sessions:,} 场。" if self.last else f"{words}。"

    @property
    def reach(self) -> BarChart:
        """Attendances by audience, as far as numbers were given; the rest is far more than any group and would dwarf
        them all, so it stands in the line below, with the audiences that no session gave a number for."""
        *groups, rest = self.figures.audiences
        rows = [
            (g.label, None if g.small else g.attendances, self._audience(g.key), g.words)
            for g in groups
            if g.small or g.attendances is not None
        ]
        unsplit = [g.label for g in groups if not g.small and g.attendances is None]
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
