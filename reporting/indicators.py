"""Every number once: what it is called, how it is counted in words, from which clause, and the one query behind it.

Dashboard, assessment pages and the 口径说明 all read this list. To add an indicator: a property of `YearFigures` with its
query (constant number, grouped), and an `Indicator` that says in words what it counts.
"""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Count, Q, Sum
from django.utils import timezone

from networks.annual import AnnualTable
from networks.models import MemberUnit
from trainings.models import Audience, AudienceCount, Status, Theme, TrainingSession
from trainings.satisfaction import DEFINITION, FEWEST, opinions_of

from .assessment import Counting, CountyStanding, Tally, computed, county_standing, total
from .definitions import NOT_A_RATE, Definition, Gauge
from .frozen import frozen_of
from .models import AssessmentYear
from .network import NORM_CLAUSE, NORMS, Coverage, Network, Staffed
from .references import Ratio, awareness, participation, satisfaction, surveys_of
from .rostered import DEFINITION as ROSTERED
from .rostered import Rostered, rostered

SMALL = 5  # a group of fewer heads could be recognised; it shows as <5 wherever others than its unit look

BESIDE = "不单列"  # five heads or more, in the rest all the same

HEADCOUNT_ONLY = "只报人次的特殊群体"

RUNNING = "“运行”指已开办、并且当年（到截止日为止）有已核定的培训由它承办；没有写承办机构的，按举办地算。"


@dataclass(frozen=True)
class Group:
    """Sessions and attendances of one audience or theme. `attendances` is None where no session gave a number."""

    key: int | None
    label: str
    sessions: int | None
    attendances: int | None
    small: bool = False  # fewer than five: the number is withheld
    beside: bool = False  # withheld with a small one, which total and rest would give away

    @property
    def words(self) -> str:
        if self.beside:
            return BESIDE
        return f"<{SMALL}" if self.small else "未分" if self.attendances is None else f"{self.attendances:,}"

    @property
    def withheld(self) -> bool:
        return self.small or self.beside


class YearFigures:
    """The grouped queries behind the indicators of one county's year, each asked at most once."""

    def __init__(self, year: AssessmentYear, as_of: datetime.date | None = None, *, recompute: bool = False) -> None:
        """A locked year's figures are those of its act, unless a day within it is asked for; `recompute` reads its rows."""
        self.year, self.as_of = year, as_of
        self.counting = Counting(year, as_of)
        self.frozen = None if recompute or as_of else frozen_of(year)

    @cached_property
    def county(self) -> CountyStanding:
        return county_standing(self.year, counting=self.counting) if self.frozen else computed(self.counting)

    @cached_property
    def rostered(self) -> Rostered:
        """The year's people and attendances by roster, as far as there are rosters. Two queries."""
        if self.frozen:
            return self.frozen.rostered
        return rostered(self.year, as_of=self.as_of)

    @cached_property
    def days(self) -> dict[datetime.date, Tally]:
        if self.frozen:
            return self.frozen.days
        return self.counting.credited_by_day()

    @property
    def months(self) -> list[Tally]:
        """January to December of what counts towards the quota, each session once."""
        return [total(tally for day, tally in self.days.items() if day.month == month) for month in range(1, 13)]

    def until(self, last: datetime.date) -> Tally:
        """What counts of the sessions held until that day."""
        return total(tally for day, tally in self.days.items() if day <= last)

    def _verified(self, at: str = "") -> Q:
        """All verified sessions of the county's bodies in the year, whether or not they count for a quota."""
        last = min(self.as_of or self.year.last_day, self.year.last_day)
        return Q(
            **{
                f"{at}status": Status.VERIFIED,
                f"{at}held_on__gte": self.year.first_day,
                f"{at}held_on__lte": last,
                f"{at}organiser__in": MemberUnit.objects.filter(county_id=self.year.county_id).values("pk"),
            }
        )

    @cached_property
    def audiences(self) -> list[Group]:
        """By audience in the order of the vocabulary, as others than their unit may see it. Two queries.

        A total of 47 beside one group of 46 leaves 1 for what is withheld as <5. So where something is withheld and the rest
        is as small, the smallest group that is shown goes into the rest too.
        """
        *groups, rest = self.audiences_of_the_act
        shown = [group for group in groups if not group.small and group.attendances]
        if not (rest.small and shown):
            return [*groups, rest]
        least = min(shown, key=lambda group: group.attendances)
        groups = [replace(group, attendances=None, beside=True) if group is least else group for group in groups]
        left = max(self.county.everything.attendances - sum(g.attendances or 0 for g in groups if not g.withheld), 0)
        return [*groups, Group(None, "未分对象（含不单列的）", None, left, small=left < SMALL)]

    @cached_property
    def audiences_of_the_act(self) -> list[Group]:
        """The groups as every act has frozen them since the first version: only those below five are withheld. For no page."""
        if self.frozen:
            return self._frozen_groups("audiences", Audience)
        rows = AudienceCount.objects.filter(self._verified("session__")).order_by().values("audience")
        found = {
            audience: (sessions, heads)
            for audience, sessions, heads in rows.annotate(sessions=Count("*"), heads=Sum("number")).values_list(
                "audience", "sessions", "heads"
            )
        }
        groups, headcount_only = [], []
        for word in Audience.objects.all():
            if word.pk in found:
                named = word.sensitivity != Audience.Sensitivity.HEADCOUNT_ONLY
                (groups if named else headcount_only).append(_audience_group(word.pk, str(word), *found[word.pk]))
        if headcount_only:  # these groups are named to nobody who may not see the session itself (个人信息保护法 28)
            sessions = sum(group.sessions for group in headcount_only)
            heads = [group.attendances for group in headcount_only if group.attendances is not None]
            groups.append(_audience_group(None, HEADCOUNT_ONLY, sessions, sum(heads) if heads else None))
        rest = self.county.everything.attendances - sum(g.attendances or 0 for g in groups if not g.small)
        # What is withheld goes in here too: a total beside a single gap would give the gap away.
        withheld = any(g.small for g in groups)
        label = f"未分对象（含不足{SMALL}人次的）" if withheld else "未分对象"
        return [*groups, Group(None, label, None, max(rest, 0), small=withheld and rest < SMALL)]

    @cached_property
    def themes(self) -> list[Group]:
        """By theme in the order of the vocabulary, sessions without one at the end. Two queries."""
        if self.frozen:
            return self._frozen_groups("themes", Theme)
        rows = TrainingSession.objects.filter(self._verified()).order_by().values("theme")
        size = Sum("days") if self.counting.daily else Count("*")
        found = {
            theme: (sessions, heads)
            for theme, sessions, heads in rows.annotate(sessions=size, heads=Sum("verified_attendance")).values_list(
                "theme", "sessions", "heads"
            )
        }
        groups = [Group(word.pk, str(word), *found[word.pk]) for word in Theme.objects.all() if word.pk in found]
        return [*groups, Group(None, "未填主题", *found[None])] if None in found else groups

    def _frozen_groups(self, part: str, model: type[Theme] | type[Audience]) -> list[Group]:
        """As frozen, each word as it is shown today."""
        words = {word.name: word for word in model.objects.all()}
        return [
            Group(
                words[row["word"]].pk if row["word"] in words else None,
                str(words.get(row["word"], row["word"])) if row["word"] else row["label"],
                row["sessions"],
                row["attendances"],
                row["small"],
            )
            for row in self.frozen.figures[part]
        ]

    @cached_property
    def network(self) -> Network:
        """The three-tier network as of the last day that is counted, or of today while the year is running."""
        day = min(self.as_of or timezone.localdate(), self.year.last_day)
        return Network(self.year.county_id, max(day, self.year.first_day))

    @property
    def participation(self) -> Ratio:
        """With both its parts, so that a page can say what is missing. Two queries."""
        if self.frozen:
            return self.frozen.ratio("participation")
        county = self.year.county
        return participation(AnnualTable(county, [self.year.year]), county, self.year.year)

    @cached_property
    def satisfaction(self) -> Ratio:
        """Of all verified sessions of the county's bodies in the year. Two queries."""
        if self.frozen:
            return self.frozen.ratio("satisfaction")
        return satisfaction(opinions_of(TrainingSession.objects.filter(self._verified())))

    @cached_property
    def awareness(self) -> Ratio:
        if self.frozen:
            return self.frozen.ratio("awareness")
        county = self.year.county
        return awareness(surveys_of(county, self.year.year), county, county)

    @cached_property
    def coverage(self) -> dict[str, Coverage]:
        """By `township`, `village` (村 alone) and `any_village` (村 and 社区)."""
        if self.frozen:
            return {key: Coverage(*parts) for key, parts in self.frozen.noted["coverage"].items()}
        return self.network.coverage

    @property
    def staffing(self) -> list[tuple[str, Staffed]]:
        if self.frozen:
            return [(label, Staffed(*parts)) for label, *parts in self.frozen.noted["staffing"]]
        return self.network.staffing


def _audience_group(key: int | None, label: str, sessions: int, heads: int | None) -> Group:
    return Group(key, label, sessions, heads, small=0 < (heads or 0) < SMALL)


@dataclass(frozen=True, kw_only=True)
class Indicator(Definition):
    """A figure of one county's year with the way to read it."""

    read: Callable[[YearFigures], object]

    def of(self, figures: YearFigures) -> object:
        """Its value: a number, a Coverage, a list of groups or months; None where it cannot be worked out (无法计算)."""
        return self.read(figures)


def _registry(*indicators: Indicator) -> dict[str, Indicator]:
    return {indicator.key: indicator for indicator in indicators}


INDICATORS = _registry(
    Indicator(
        key="units_met",
        label="已完成任务的责任单位",
        unit="个",
        definition="已核定的场次和人次都达到应完成数的责任单位；场次、人次两项缺一不可。",
        clause="三(六)",
        numerator="已核定的场次和人次都达到应完成数的责任单位",
        denominator="年度内承担过目标任务的全部责任单位",
        excluded="只够场次或者只够人次的单位；待审核、计划的场次不作数",
        gauge=Gauge.TASK,
        read=lambda f: f.county.met,
    ),
    Indicator(
        key="units",
        label="责任单位",
        unit="个",
        definition="本年度内承担过目标任务的乡镇人民政府和县直部门。",
        clause="三(六)",
        numerator="本年度内承担过目标任务的单位",
        denominator=NOT_A_RATE,
        excluded="不承担任务的成员单位、领导小组以外的单位",
        gauge=Gauge.TASK,
        read=lambda f: len(f.county.standings),
    ),
    Indicator(
        key="sessions",
        label="计入任务的场次",
        unit="场",
        definition="已核定、至少计入一个责任单位的培训场次；联合举办的场次在全县只算一次。",
        clause="三(六)",
        numerator="已核定、至少计入一个责任单位的培训场次",
        denominator=NOT_A_RATE,
        excluded="未核定的场次；举办当日单位不承担任务的；形式不计入任务的；短于本年度最短时长的",
        gauge=Gauge.TASK,
        read=lambda f: f.county.credited.sessions,
    ),
    Indicator(
        key="attendances",
        label="计入任务的人次",
        unit="人次",
        definition="计入任务的场次的核定人次之和。同一个人参加两场算两人次，所以人次不是人数。",
        clause="三(六)",
        numerator="计入任务的场次的核定人次",
        denominator=NOT_A_RATE,
        excluded="填报人次、签到人次；不计入任务的场次",
        gauge=Gauge.TASK,
        read=lambda f: f.county.credited.attendances,
    ),
    Indicator(
        key="all_sessions",
        label="全县已核定场次",
        unit="场",
        definition="全县所有单位已核定的培训场次，包括不承担任务的单位举办的，也包括形式不计入任务的。",
        clause="三(一)",
        numerator="全县所有单位已核定的培训场次",
        denominator=NOT_A_RATE,
        excluded="计划、草稿、待审核、退回、作废、取消的场次",
        gauge=Gauge.LEDGER,
        read=lambda f: f.county.everything.sessions,
    ),
    Indicator(
        key="all_attendances",
        label="全县已核定人次",
        unit="人次",
        definition="全县已核定场次的核定人次之和。",
        clause="三(一)",
        numerator="全县已核定场次的核定人次",
        denominator=NOT_A_RATE,
        excluded="未核定场次的填报人次",
        gauge=Gauge.LEDGER,
        read=lambda f: f.county.everything.attendances,
    ),
    Indicator(
        key="rostered",
        label="有名册的场次：人数和人次",
        unit="",
        definition=ROSTERED,
        clause="一(三)",
        numerator="签到名册去重以后的人数，和这些场次的签到人次",
        denominator=NOT_A_RATE,
        excluded="没有名册的场次；名册已按期删除的，人数无法计算",
        gauge=Gauge.LEDGER,
        read=lambda f: f.rostered,
    ),
    Indicator(
        key="required_sum",
        label="各单位任务之和（推算）",
        unit="",
        definition="各责任单位应完成数相加，只供对照；它不是全县的目标，一个单位多办并不能代替别的单位。",
        clause="三(六)",
        numerator="各责任单位的应完成数",
        denominator=NOT_A_RATE,
        excluded="不承担任务的单位",
        gauge=Gauge.TASK,
        read=lambda f: f.county.required_sum,
    ),
    Indicator(
        key="months",
        label="各月计入任务的场次和人次",
        unit="",
        definition="计入任务的场次按培训日期（首日）所在月份汇总；序时进度是任务之和按月均分。",
        clause="三(六)",
        numerator="各月计入任务的场次和人次",
        denominator=NOT_A_RATE,
        excluded="不计入任务的场次",
        gauge=Gauge.TASK,
        read=lambda f: f.months,
    ),
    Indicator(
        key="pending",
        label="待审核",
        unit="场",
        definition="各单位已提交、领导小组办公室还没有核定或退回的场次；人次是填报数。",
        clause="三(一)",
        numerator="已提交、还没有核定或退回的场次",
        denominator=NOT_A_RATE,
        excluded="草稿、退回后还没有重新提交的场次；填报数不计入任务",
        gauge=Gauge.WORK,
        read=lambda f: f.county.submitted.sessions,
    ),
    Indicator(
        key="returned",
        label="退回修改",
        unit="场",
        definition="办公室退回、单位还没有重新提交的场次。",
        clause="三(一)",
        numerator="退回以后还没有重新提交的场次",
        denominator=NOT_A_RATE,
        excluded="已重新提交的场次",
        gauge=Gauge.WORK,
        read=lambda f: f.county.returned.sessions,
    ),
    Indicator(
        key="audiences",
        label="各类培训对象的人次",
        unit="人次",
        definition=(
            "全县已核定场次中，填报时注明各类对象人数的，按对象相加；没有注明人数的归入“未分对象”。"
            f"不足 {SMALL} 人次的对象显示为“<{SMALL}”；从总数一减就能得出它的，最小的一类也归入“未分对象”，不单列。"
        ),
        clause="二(三)4、二(三)5",
        numerator="已核定场次中分别注明的各类对象人数",
        denominator=NOT_A_RATE,
        excluded=f"没有分别注明的人数，归入“未分对象”；不足 {SMALL} 人次的不显示",
        gauge=Gauge.LEDGER,
        read=lambda f: f.audiences,
    ),
    Indicator(
        key="themes",
        label="各主题的场次和人次",
        unit="场",
        definition="全县已核定场次按主题类别汇总，人次是核定人次。",
        clause="二(三)1",
        numerator="各主题的已核定场次和核定人次",
        denominator=NOT_A_RATE,
        excluded="未核定的场次",
        gauge=Gauge.LEDGER,
        read=lambda f: f.themes,
    ),
    Indicator(
        key="township_coverage",
        label="乡镇覆盖",
        unit="",
        definition=f"有“运行”中的社区学校的乡镇数 ÷ 当日现有乡镇数。{RUNNING}待核实、筹建、无活动、暂停、停办的不算；旁边列出已开办的。",
        clause="一(三)",
        numerator="有“运行”中的社区学校的乡镇",
        denominator="当日现有的乡镇",
        excluded="待核实、筹建、无活动、暂停、停办的社区学校；已撤并的乡镇",
        gauge=Gauge.NETWORK,
        read=lambda f: f.coverage["township"],
    ),
    Indicator(
        key="village_coverage",
        label="村覆盖",
        unit="",
        definition=f"有“运行”中的教学点的村数 ÷ 当日现有村数（不含社区）。{RUNNING}",
        clause="二(一)1",
        numerator="有“运行”中的教学点的村",
        denominator="当日现有的村",
        excluded="社区；待核实、筹建、无活动、暂停、停办的教学点；已撤并的村",
        gauge=Gauge.NETWORK,
        read=lambda f: f.coverage["village"],
    ),
    Indicator(
        key="community_coverage",
        label="村（社区）覆盖",
        unit="",
        definition=f"有“运行”中的教学点的村和社区数 ÷ 当日现有村和社区数。{RUNNING}",
        clause="二(一)1",
        numerator="有“运行”中的教学点的村和社区",
        denominator="当日现有的村和社区",
        excluded="待核实、筹建、无活动、暂停、停办的教学点；已撤并的村和社区",
        gauge=Gauge.NETWORK,
        read=lambda f: f.coverage["any_village"],
    ),
    Indicator(
        key="staffing",
        label="人员配备达标的机构",
        unit="",
        definition=(
            "按要求配备了人员的机构数 ÷ 当日已开办的同类机构数。"
            + "；".join(f"{kind.label}：{norm.words}" for kind, norm in NORMS.items())
            + "。派出学校没有登记的，不算达标。"
        ),
        clause=NORM_CLAUSE,
        numerator="按要求配备了人员的机构",
        denominator="当日已开办的同类机构",
        excluded="派出学校没有登记的；志愿者不算配备人员",
        gauge=Gauge.NETWORK,
        read=lambda f: f.staffing,
    ),
    Indicator(
        key="participation",
        label="社区教育参与率",
        unit="%",
        definition=(
            "年度参与人数 ÷ 人口，都取自当年的年度数据；有常住人口用常住人口，没有的用户籍人口。人次不是人数，不用人次代替；"
            "缺一项就无法计算。保留一位小数，多出的舍去。"
        ),
        clause="一(三)",
        numerator="当年年度数据里的参与人数",
        denominator="当年常住人口；没有的用户籍人口",
        excluded="人次：同一个人参加几次只算一个人",
        gauge=Gauge.REFERENCE,
        read=lambda f: f.participation.value,
    ),
    Indicator(
        key="satisfaction",
        label="满意度",
        unit="%",
        definition=f"全县当年已核定的场次中，{DEFINITION}不足 {FEWEST} 份无法计算。保留一位小数，多出的舍去。",
        clause="一(三)",
        numerator="表示满意、基本满意的答卷",
        denominator="全部答卷（扫码和纸质相加）",
        excluded=f"没有核定的场次的答卷；不足 {FEWEST} 份的无法计算",
        gauge=Gauge.REFERENCE,
        read=lambda f: f.satisfaction.value,
    ),
    Indicator(
        key="awareness",
        label="知晓率",
        unit="%",
        definition=(
            "调查中知道本地社区教育的居民 ÷ 回答调查的居民，取自当年的知晓率调查；县里没有做调查的，各乡镇的相加。"
            f"回答的不足 {FEWEST} 人无法计算。保留一位小数，多出的舍去。"
        ),
        clause="一(三)、三(七)",
        numerator="调查中知道本地社区教育的居民",
        denominator="回答调查的居民",
        excluded=f"没有回答的；不足 {FEWEST} 人的无法计算",
        gauge=Gauge.REFERENCE,
        read=lambda f: f.awareness.value,
    ),
)


def values(figures: YearFigures, keys: Iterable[str]) -> dict[str, object]:
    return {key: INDICATORS[key].of(figures) for key in keys}
