"""催报: who has not reported, who is behind and by when at the latest, what waits at the units, and the texts for the work
group. Units stand in the order of the founding document, never by how far they are; a constant number of queries."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Q
from django.utils import timezone

from networks.access import Action, can
from networks.models import MemberUnit, UnitSuccession, User
from networks.templatetags.page import cn_date
from trainings.models import Status, TrainingSession

from .assessment import Forecast, Standing, document_order, standings
from .materials import Collection
from .materials import Line as Paper
from .models import AssessmentYear, LateEntry, Material, Prompt

REPORTED = (Status.SUBMITTED, Status.VERIFIED, Status.RETURNED)
QUARTERS = {1: "一季度", 2: "二季度", 3: "三季度", 4: "四季度"}
DEFINITION = (
    "已填报＝提交过的场次（待审核、已核定和退回修改的），按培训日期算在哪个季度；草稿和计划不算。"
    "退回、草稿、到期未办的计划是现在还在单位手里的。差距、最迟日期和“完成情况”是同一个算法。"
)


@dataclass(frozen=True)
class Quarter:
    """One quarter of a year, and by when it is to be reported."""

    number: int
    first: datetime.date
    last: datetime.date
    until: datetime.date | None

    @property
    def name(self) -> str:
        return QUARTERS[self.number]

    @property
    def months(self) -> str:
        return f"{self.first.month}—{self.last.month}月"


def quarter_of(year: AssessmentYear, number: int) -> Quarter:
    first = datetime.date(year.year, 3 * number - 2, 1)
    after = datetime.date(year.year + (number == 4), 3 * number % 12 + 1, 1)
    return Quarter(number, first, after - datetime.timedelta(days=1), year.quarter_until(number))


def usual_quarter(year: AssessmentYear, today: datetime.date) -> int:
    """The quarter to ask about: the one under way, and the one before as long as its day has not passed."""
    if today.year != year.year:
        return 4 if today.year > year.year else 1
    number = (today.month + 2) // 3
    until = year.quarter_until(number - 1) if number > 1 else None
    return number - 1 if until and today <= until else number


@dataclass(frozen=True)
class Line:
    """One unit: what it has reported, and what is left for it to do."""

    unit: MemberUnit
    year: AssessmentYear
    quarter: Quarter
    standing: Standing | None  # None: it bears no quota
    in_quarter: int = 0  # sessions reported
    in_year: int = 0
    returned: int = 0
    drafts: int = 0
    overdue: int = 0  # plans whose day has passed
    papers: list[Paper] = field(default_factory=list)

    @property
    def silent_quarter(self) -> bool:
        return self.standing is not None and self.quarter.first <= timezone.localdate() and not self.in_quarter

    @property
    def silent_year(self) -> bool:
        return self.standing is not None and not self.in_year

    @property
    def behind(self) -> bool:
        return self.standing is not None and self.standing.forecast in (Forecast.BEHIND, Forecast.LOST)

    @property
    def quiet(self) -> bool:
        """Nothing to prompt for."""
        return not (
            self.silent_quarter
            or self.behind
            or self.returned
            or self.drafts
            or self.overdue
            or any(paper.pressing for paper in self.papers)
        )

    @property
    def distance(self) -> str:
        """已完成任务, or 差 1 场 90 人次，最迟须在 12月20日 前完成."""
        if self.standing is None:
            return "不承担目标任务"
        return "，".join(filter(None, [self.standing.verdict, self.standing.deadline]))

    @property
    def held(self) -> str:
        """What waits at the unit: 退回待改 1 场、草稿 2 场、到期未办的计划 1 场; '' where nothing does."""
        parts = [
            (self.returned, f"退回待改 {self.returned} 场"),
            (self.drafts, f"草稿 {self.drafts} 场"),
            (self.overdue, f"到期未办的计划 {self.overdue} 场"),
        ]
        return "、".join(words for number, words in parts if number)

    @property
    def sentences(self) -> list[str]:
        """What concerns this unit alone, as it is sent to it."""
        said = []
        if self.standing is not None:
            have = self.standing.verified
            said.append(f"已核定 {have.sessions} 场 {have.attendances:,} 人次，{self.distance}。")
        if self.silent_year:
            said.append("今年还没有填报培训。" if self.year.year == timezone.localdate().year else "全年没有填报培训。")
        elif self.silent_quarter:
            said.append(f"{self.quarter.name}（{self.quarter.months}）还没有填报培训。")
        if self.held:
            said.append(f"还在本单位：{self.held}。")
        if self.papers:
            said.append(f"报送材料还差：{'、'.join(paper.words for paper in self.papers)}。")
        return said

    @property
    def own(self) -> str:
        return "".join(self.sentences)

    @property
    def text(self) -> str:
        """The whole text for one unit, ready for a chat."""
        told = self.own or "本单位目前没有要补办的事项。"
        return f"【{self.year.year}年度社区教育催报】{self.unit.name}：{told}{until_words(self.year, self.quarter)}请登录平台办理。"


def lines_of(year: AssessmentYear, quarter: Quarter) -> list[Line]:
    """Every unit that bears the quota in this year or owes a paper, as it stands today; what units of before left undone
    lies with their successors."""
    today = timezone.localdate()
    lineage = UnitSuccession.objects.of_county(year.county_id).lineage()
    stood = {s.unit.pk: s for s in standings(year) if s.unit.exists_on(today)}
    papers: dict[int, list[Paper]] = {}
    for paper in Collection([year], asked=True).missing:
        papers.setdefault(paper.unit.pk, []).append(paper)
    units = {s.unit.pk: s.unit for s in stood.values()}
    units |= {paper.unit.pk: paper.unit for found in papers.values() for paper in found}
    counts: dict[int, dict[str, int]] = {}
    for organiser, *numbers in _counted(year, quarter, today):
        mine = counts.setdefault(lineage.standing_on(organiser, today), dict.fromkeys(_COUNTED, 0))
        for name, number in zip(_COUNTED, numbers, strict=True):
            mine[name] += number
    return [
        Line(unit, year, quarter, stood.get(unit.pk), papers=papers.get(unit.pk, []), **counts.get(unit.pk, {}))
        for unit in sorted(units.values(), key=document_order)
    ]


_COUNTED = ("in_quarter", "in_year", "returned", "drafts", "overdue")


def _counted(year: AssessmentYear, quarter: Quarter, today: datetime.date) -> Iterable[tuple]:
    """(organiser, one number for each of _COUNTED). One grouped query."""
    county = MemberUnit.objects.filter(county=year.county_id).values("pk")
    sessions = TrainingSession.objects.filter(organiser__in=county).in_year(year.year)
    reported = Q(status__in=REPORTED)
    sums = {
        "in_quarter": Count("pk", filter=reported & Q(held_on__range=(quarter.first, quarter.last))),
        "in_year": Count("pk", filter=reported),
        "returned": Count("pk", filter=Q(status=Status.RETURNED)),
        "drafts": Count("pk", filter=Q(status=Status.DRAFT)),
        "overdue": Count("pk", filter=Q(status=Status.PLANNED, held_on__lt=today)),
    }
    return sessions.order_by().values("organiser").annotate(**sums).values_list("organiser", *_COUNTED)


# --- texts ---------------------------------------------------------------------------------------------


def until_words(year: AssessmentYear, quarter: Quarter) -> str:
    """一季度的培训请于4月10日前填报；全年填报12月31日截止。 Only what lies ahead; '' where no date is set."""
    today = timezone.localdate()
    said = []
    if quarter.until and quarter.until >= today:
        said.append(f"{quarter.name}的培训请于{cn_date(quarter.until, 'short')}前填报")
    if year.reporting_until and year.reporting_until >= today:
        said.append(f"全年填报{_with_year(year.reporting_until, year)}截止")
    elif year.reporting_until:
        last = f"，补报最迟{_with_year(year.late_until, year)}" if year.late_until and year.late_until >= today else ""
        said.append(f"全年填报已于{_with_year(year.reporting_until, year)}截止，再提交须先申请补报{last}")
    return f"{'；'.join(said)}。" if said else ""


def _with_year(day: datetime.date, year: AssessmentYear) -> str:
    return cn_date(day, "short" if day.year == year.year == timezone.localdate().year else "plain")


def text_for_all(lines: list[Line], year: AssessmentYear, quarter: Quarter) -> str:
    """For the whole county, naming nobody."""
    bound = [line for line in lines if line.standing is not None]
    met = sum(line.standing.met for line in bound)
    return (
        f"【{year.year}年度社区教育填报提醒】各责任单位：截至{cn_date(timezone.localdate(), 'short')}，"
        f"{len(bound)} 个责任单位中 {met} 个已完成年度任务（每单位 {year.required_sessions} 场、"
        f"{year.required_attendances:,} 人次）。{until_words(year, quarter)}"
        "还没有填报的请尽快填报，退回的请改好再提交，草稿请及时提交，报送材料请按期上传。"
        "本单位的差距、最迟日期和待办事项，登录平台“工作台”都看得到。"
    )


def text_with_distances(lines: list[Line], year: AssessmentYear, quarter: Quarter) -> str:
    """One text with every unit's distance, in the order of the founding document."""
    told = [f"{line.unit.short_name}：{line.distance}" for line in lines if line.standing is not None]
    head = f"【{year.year}年度社区教育任务完成情况】截至{cn_date(timezone.localdate(), 'short')}（按文件所列次序）："
    return "\n".join(filter(None, [head, *told, until_words(year, quarter)]))


# --- what lies on a desk -------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitReminders:
    """On a unit's desk: what the office has sent, the papers to hand in, and its open request for 补报."""

    prompts: list[Prompt]
    papers: list[Paper]
    late: list[LateEntry]
    may_act: bool  # else it only reads


def unit_reminders(user: User) -> UnitReminders:
    """Seven queries at most; none for an account without a unit or without sight of standings."""
    if not user.own_unit or not can(user, Action.VIEW_MATERIALS):
        return UnitReminders([], [], [], False)
    units = user.own_unit_ids
    mine = Prompt.objects.visible_to(user).filter(unit__in=units).waiting().select_related("year", "unit")
    this = timezone.localdate().year
    years = AssessmentYear.objects.visible_to(user).filter(year__in=(this, this - 1))
    asked = LateEntry.objects.visible_to(user).filter(unit__in=units, year__status=AssessmentYear.Status.OPEN)
    recent = asked.filter(Q(state=LateEntry.State.ASKED) | Q(until__gte=timezone.localdate())).select_related("year")
    return UnitReminders(
        prompts=list(mine.order_by("-sent_at")),
        papers=Collection(years, units=units, asked=True).missing,
        late=list(recent),
        may_act=can(user, Action.KEEP_OWN),
    )


@dataclass(frozen=True)
class OfficeReminders:
    """On the office's desk: requests for 补报 to decide, and papers to take in."""

    late: int
    late_year: int | None  # where the oldest of them is
    papers: int
    papers_year: int | None


def office_reminders(user: User) -> OfficeReminders:
    """Two queries."""
    asked = LateEntry.objects.visible_to(user).filter(state=LateEntry.State.ASKED)
    late = list(asked.order_by("asked_at").values_list("year__year", flat=True))
    came = Material.objects.visible_to(user).filter(state=Material.State.HANDED_IN)
    papers = list(came.order_by("handed_in_at").values_list("kind__year__year", flat=True))
    return OfficeReminders(len(late), late[0] if late else None, len(papers), papers[0] if papers else None)
