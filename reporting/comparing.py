"""What changed since a month ago, and this year against earlier ones at the same day. A leaders' meeting asks for both.

Every figure is a reading until a day: the sessions held until then, as they are verified now. So October's session that is
verified in November stands in both readings, and the difference is what was held in between (依据 三(六)).
"""

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from networks.models import MemberUnit
from trainings.models import Status, TrainingSession

from .assessment import Forecast, Standing, Tally, county_standing
from .definitions import Gauge, by_key, plain
from .indicators import YearFigures
from .models import AssessmentYear
from .periods import Period

EARLIER = 2  # years beside the one that is shown; three rows fit a phone and the one page of paper
TROUBLED = {Forecast.BEHIND, Forecast.LOST}


COMPARISONS = by_key(
    plain(
        "course",
        "全县进度",
        "",
        Gauge.TASK,
        "三(六)",
        "没有责任单位有差距或难以完成，为按进度推进；有的，写明几个单位需要帮助；年度已过的，写明几个单位没有完成。"
        "它只看单位，不看全县的合计：一个单位多办不能代替别的单位。",
        numerator="有差距、难以完成的责任单位；年度已过的，没有完成的全部责任单位，其中待审核的另外写明",
        excluded="不承担任务的单位",
    ),
    plain(
        "elapsed",
        "全年已过",
        "%",
        Gauge.TASK,
        "三(六)",
        "年度第一天到当天（当天不算）的天数 ÷ 全年天数，只取整数，多出的舍去。",
        numerator="当年已过天数",
        denominator="全年天数",
        excluded="当天：这一天还没有过完",
    ),
    plain(
        "since_month",
        "近一个月的变化",
        "",
        Gauge.TASK,
        "三(六)",
        "计入任务的场次、人次和已完成任务的单位：到今天为止的减到一个月前同一天为止的。两边都按现在的核定结果，"
        "只看哪天举办：十月办、十一月才核定的，一个月前的数里也有。",
        numerator="到今天为止的减到一个月前同一天为止的",
        excluded="年度的第一个月不比；已锁定定案的年度不比",
    ),
    plain(
        "newly_met",
        "近一个月新完成任务的单位",
        "个",
        Gauge.TASK,
        "三(六)",
        "现在已完成任务，只算到一个月前同一天举办的场次还没有完成的责任单位。",
        numerator="新完成任务的责任单位",
        excluded="一个月前已完成的单位",
    ),
    plain(
        "newly_behind",
        "近一个月新落后的单位",
        "个",
        Gauge.TASK,
        "三(六)",
        "现在有差距或难以完成，按一个月前那一天的进度还不是的责任单位。计划和待审核都按现在的登记。",
        numerator="新出现差距的责任单位",
        excluded="一个月前已有差距的单位",
    ),
    plain(
        "judged_month",
        "近一个月核定、退回的场次",
        "场",
        Gauge.WORK,
        "三(一)",
        "本年度的场次中，一个月前同一天以后核定的（现在仍是已核定）和最近一次退回在这期间的（不论后来有没有改好）。",
        numerator="这期间核定的场次、退回的场次",
        excluded="核定以后又撤回的不算核定；更早的退回",
    ),
    plain(
        "same_day",
        "历年同一天",
        "",
        Gauge.TASK,
        "三(六)",
        "往年到同一天为止举办的、计入任务的场次和人次，和只算这些场次已完成任务的责任单位；各年按各年的规则和当时的单位。",
        numerator="往年到同一天为止的场次、人次、已完成任务的单位",
        excluded="往年这一天以后举办的场次，列在全年一栏",
    ),
)


def month_before(day: datetime.date) -> datetime.date | None:
    """The same day a month earlier, or the last of a shorter month; None where that lies in the year before."""
    if day.month == 1:
        return None
    last = calendar.monthrange(day.year, day.month - 1)[1]
    return day.replace(month=day.month - 1, day=min(day.day, last))


def same_day(day: datetime.date, years: int) -> datetime.date:
    """That day so many years earlier; the last of a month stays the last of its month."""
    return Period(day.replace(month=1, day=1), day).back(years).last


@dataclass(frozen=True)
class Since:
    """One year from `day` until now; both tallies are running totals of what counts."""

    day: datetime.date
    then: Tally
    now: Tally
    met_then: int
    met_now: int
    newly_met: list[Standing]
    newly_behind: list[Standing]
    verified: int
    returned: int

    @property
    def gained(self) -> Tally:
        return Tally(self.now.sessions - self.then.sessions, self.now.attendances - self.then.attendances)


def since_a_month(figures: YearFigures, until: datetime.date) -> Since | None:
    """None in the first month of a year, and for a settled one, which has no last month. At most six queries."""
    day = None if figures.frozen else month_before(until)
    if day is None:
        return None
    county, then = figures.county, county_standing(figures.year, counting=figures.counting.until(day))
    before = {standing.unit.pk: standing for standing in then.standings}
    judged = _judged(figures.year, day, until)
    return Since(
        day=day,
        then=then.credited,
        now=county.credited,
        met_then=then.met,
        met_now=county.met,
        newly_met=[s for s in county.standings if s.met and not before[s.unit.pk].met],
        newly_behind=[
            s for s in county.standings if s.forecast in TROUBLED and before[s.unit.pk].forecast not in TROUBLED
        ],
        **judged,
    )


def _judged(year: AssessmentYear, after: datetime.date, until: datetime.date) -> dict[str, int]:
    """How many sessions of the year were verified, and how many sent back, on the days after `after` up to `until`."""

    def within(name: str) -> dict[str, datetime.datetime]:
        return {f"{name}__gte": _midnight_after(after), f"{name}__lt": _midnight_after(until)}

    units = MemberUnit.objects.filter(county_id=year.county_id).values("pk")
    return (
        TrainingSession.objects.filter(organiser__in=units)
        .in_year(year.year)
        .order_by()
        .aggregate(
            verified=Count("pk", filter=Q(status=Status.VERIFIED, **within("verified_at"))),
            returned=Count("pk", filter=Q(**within("returned_at"))),
        )
    )


def _midnight_after(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min))


@dataclass(frozen=True)
class YearSoFar:
    """One year until a day. `whole` is how many units had met the quota by its end, None for the year that is shown."""

    year: AssessmentYear
    day: datetime.date
    credited: Tally
    met: int
    units: int
    whole: int | None = None
    whole_units: int | None = None


def year_against_year(figures: YearFigures, until: datetime.date, earlier: Sequence[YearFigures]) -> list[YearSoFar]:
    """The year shown, then the earlier ones until the same day. A settled year's sums are those of its act."""
    county = figures.county
    rows = [YearSoFar(figures.year, until, county.credited, county.met, len(county.standings))]
    for other in earlier:
        day = same_day(until, figures.year.year - other.year.year)
        whole = other.county
        at = whole if day >= other.year.last_day else county_standing(other.year, counting=other.counting.until(day))
        rows.append(
            YearSoFar(
                other.year,
                day,
                other.until(day),
                at.met,
                len(at.standings),
                whole=whole.met,
                whole_units=len(whole.standings),
            )
        )
    return rows
