"""How the plan's tasks stand in a year: who answers, who has reported, what the office has decided. Questions only.

A task's standing follows from the reports until the office decides (`TaskJudgement`): 未开始 without any, 进行中 with one.
已完成, 有困难 and 未完成 are always the office's decision.
"""

import datetime
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Count, Max
from django.utils import timezone

from networks.access import EDUCATION_BUREAU, Action, can, units_to_report_progress_for, units_to_watch
from networks.models import MemberUnit, UnitSuccession, User
from networks.models.succession import Lineage
from networks.templatetags.page import Badge

from .definitions import Gauge, by_key, plain
from .models import Plan, PlanTask, Standing, TaskGoal, TaskJudgement, TaskReport, TaskResponsibility
from .models.plan import Bodies

PROGRESS = by_key(
    plain(
        "plan_due",
        "方案任务应报的汇报",
        "份",
        Gauge.WORK,
        "各条的责任单位",
        "应报＝每项任务当日的责任单位，各成员单位指领导小组的县直部门，不含乡镇。",
        numerator="每项任务当日的责任单位，各项任务相加",
        excluded="没有指明平台里单位的任务；已撤下的任务",
    ),
    plain(
        "plan_heard",
        "方案任务已报的汇报",
        "份",
        Gauge.WORK,
        "各条的责任单位",
        "已报＝这一年至少有一份没有撤回的汇报；合并、更名以前的单位报的，从那天起算在现在的单位名下。",
        numerator="每项任务中已报的责任单位，各项任务相加",
        excluded="撤回的汇报；不是责任单位的汇报",
    ),
    plain(
        "plan_standing",
        "方案任务的状态",
        "项",
        Gauge.WORK,
        "各条的责任单位",
        "任务状态在办公室认定以前按汇报推断：没有汇报为未开始，有汇报为进行中；已完成、有困难、未完成都由办公室认定。",
        numerator="各种状态的任务",
        excluded="已撤下的任务",
    ),
)
DEFINITION = "".join(told.definition for told in PROGRESS.values())
BADGES = {
    Standing.NOT_BEGUN: Badge("未开始", "quiet", "clock"),
    Standing.UNDER_WAY: Badge("进行中", "steady", "arrow"),
    Standing.DONE: Badge("已完成", "met", "check"),
    Standing.HINDERED: Badge("有困难", "behind", "warning"),
    Standing.NOT_DONE: Badge("未完成", "lost", "cross"),
}


@dataclass(frozen=True)
class Cell:
    """One unit's part in one task."""

    unit: MemberUnit
    answers: bool  # for the task on the day
    reports: int
    last: datetime.date | None  # as of when the newest report is

    @property
    def word(self) -> str:
        return "已报" if self.reports else "未报" if self.answers else ""


@dataclass
class Line:
    """One task in one year."""

    task: PlanTask
    answering: list[MemberUnit]  # in the order of the document
    goals: dict[int | None, str]
    judgement: TaskJudgement | None
    reported: dict[int, tuple[int, datetime.date]]  # by unit: how many, as of when the newest is
    cells: list[Cell] = field(default_factory=list)  # of the units that this account watches

    @property
    def goal(self) -> str:
        return self.goals.get(None, "")

    @property
    def judged(self) -> bool:
        return bool(self.judgement and self.judgement.standing)

    @property
    def standing(self) -> Standing:
        if self.judged:
            return Standing(self.judgement.standing)
        return Standing.UNDER_WAY if self.reported else Standing.NOT_BEGUN

    @property
    def badge(self) -> Badge:
        return BADGES[self.standing]

    @property
    def told_by(self) -> str:
        """Who says how it stands."""
        return "办公室认定" if self.judged else "按汇报推断"

    @property
    def expected(self) -> int:
        return len(self.answering)

    @property
    def heard(self) -> int:
        """How many of those who answer for it have reported."""
        return sum(unit.pk in self.reported for unit in self.answering)

    @property
    def silent(self) -> list[MemberUnit]:
        return [unit for unit in self.answering if unit.pk not in self.reported]


def day_of(year: int, today: datetime.date) -> datetime.date:
    """The day as of which a year's responsible units are read."""
    return min(today, datetime.date(year, 12, 31))


class Board:
    """A plan's tasks in one year as an account may see them; what a unit that has been merged or renamed reported stands with
    whoever answers for it on the day. Eight queries, however many tasks and units there are."""

    def __init__(self, plan: Plan, year: int, user: User, today: datetime.date | None = None) -> None:
        self.plan, self.year, self.user = plan, year, user
        self.day = day_of(year, today or timezone.localdate())

    @cached_property
    def _bodies(self) -> Bodies:
        return Bodies(self.plan.county_id, self.day)

    @cached_property
    def _lineage(self) -> Lineage[int]:
        return UnitSuccession.objects.of_county(self.plan.county_id).lineage()

    def _now(self, pk: int) -> int:
        """Under which unit this one is read on the day."""
        return self._lineage.standing_on(pk, self.day) if self._lineage else pk

    def read_with(self, unit: MemberUnit) -> set[int]:
        """The unit, and those whose reports stand with its own."""
        return {pk for pk in self._bodies.units if self._now(pk) == unit.pk} | {unit.pk}

    @cached_property
    def watched(self) -> set[int]:
        """The units whose reporting is this account's business."""
        return set(units_to_watch(self.user).values_list("pk", flat=True))

    @property
    def lines(self) -> list[Line]:
        """Every task that stands, in the order of the document."""
        return [line for line in self._all if not line.task.withdrawn_at]

    @property
    def withdrawn(self) -> list[Line]:
        return [line for line in self._all if line.task.withdrawn_at]

    @cached_property
    def _all(self) -> list[Line]:
        tasks = list(PlanTask.objects.visible_to(self.user).filter(plan=self.plan))
        for task in tasks:
            task.plan = self.plan
        answering: dict[int, dict[int, MemberUnit]] = {task.pk: {} for task in tasks}
        rows = TaskResponsibility.objects.on(self.day).filter(task__plan=self.plan).order_by("task", "position", "pk")
        for row in rows:
            answering[row.task_id] |= {u.pk: u for u in self._bodies.of(row) if u.pk not in answering[row.task_id]}
        goals: dict[int, dict[int | None, str]] = {}
        own_last = sorted(
            TaskGoal.objects.filter(task__plan=self.plan, year=self.year),
            key=lambda goal: goal.unit_id is None or self._now(goal.unit_id) == goal.unit_id,
        )
        for goal in own_last:  # a predecessor's goal holds until the unit is given its own
            goals.setdefault(goal.task_id, {})[goal.unit_id and self._now(goal.unit_id)] = goal.text
        judged = TaskJudgement.objects.filter(task__plan=self.plan, year=self.year).select_related("judged_by__person")
        judgements = {row.task_id: row for row in judged}
        reported: dict[int, dict[int, tuple[int, datetime.date]]] = {}
        counts = TaskReport.objects.standing().filter(task__plan=self.plan, year=self.year).order_by()
        for key, unit, n, last in counts.values_list("task", "unit").annotate(Count("pk"), Max("as_of")):
            here = reported.setdefault(key, {})
            known, newest = here.get(self._now(unit), (0, last))
            here[self._now(unit)] = (known + n, max(newest, last))
        found = [
            Line(
                task,
                [unit for unit in answering[task.pk].values() if unit.exists_on(self.day)],
                goals.get(task.pk, {}),
                judgements.get(task.pk),
                reported.get(task.pk, {}),
            )
            for task in tasks
        ]
        for line in found:
            line.cells = self._cells(line)
        return found

    def _cells(self, line: Line) -> list[Cell]:
        """Those who answer in the document's order, then others who have reported."""
        own = {unit.pk for unit in line.answering}
        others = [self._bodies.units[key] for key in line.reported if key not in own and key in self._bodies.units]
        return [
            Cell(unit, unit.pk in own, *line.reported.get(unit.pk, (0, None)))
            for unit in [*line.answering, *others]
            if unit.pk in self.watched
        ]

    def line(self, task: PlanTask) -> Line:
        return next(line for line in self._all if line.task.pk == task.pk)

    @cached_property
    def groups(self) -> list[str]:
        """The task groups in the order of the document."""
        return list(dict.fromkeys(line.task.group for line in self.lines))

    @cached_property
    def units(self) -> list[MemberUnit]:
        """Everybody who answers for a task or has reported on one, in the order of the registry."""
        met = {unit.pk for line in self.lines for unit in line.answering}
        met |= {key for line in self.lines for key in line.reported}
        return [unit for key, unit in self._bodies.units.items() if key in met]

    def narrowed(self, *, group: str = "", unit: str = "") -> list[Line]:
        """The lines of a group, and of a unit (by its code) that answers or has reported."""
        lines = [line for line in self.lines if not group or line.task.group == group]
        if not unit:
            return lines
        keys = {row.pk for row in self._bodies.units.values() if row.code == unit}
        return [line for line in lines if keys & {row.pk for row in line.answering} or keys & set(line.reported)]

    def of_unit(self, unit: MemberUnit) -> list[Line]:
        return [line for line in self.lines if unit in line.answering]


def expected(lines: list[Line]) -> int:
    """How many reports are due at least: tasks × those who answer."""
    return sum(line.expected for line in lines)


def heard(lines: list[Line]) -> int:
    return sum(line.heard for line in lines)


def by_standing(lines: list[Line]) -> list[tuple[Badge, int]]:
    return [(BADGES[standing], sum(line.standing == standing for line in lines)) for standing in Standing]


@dataclass(frozen=True)
class MatrixRow:
    line: Line
    cells: list[Cell | None]  # one for each column; None where the unit has no part in the task


def matrix(lines: list[Line], units: list[MemberUnit]) -> list[MatrixRow]:
    """Tasks × units, for whoever sees the county."""
    rows = []
    for line in lines:
        cells = {cell.unit.pk: cell for cell in line.cells}
        rows.append(MatrixRow(line, [cells.get(unit.pk) for unit in units]))
    return rows


# --- who reports ---------------------------------------------------------------------------------------


OFFICE = "领导小组办公室"  # as the document names it among those responsible


def may_report_for(user: User, line: Line) -> list[MemberUnit]:
    """The units in whose name this account may report on the task: those that answer for it, and for the office also the unit
    where it sits, for what the document lays upon the office (三(一), 三(六), 三(七)) or upon no unit (三(四))."""
    allowed = {unit.pk: unit for unit in units_to_report_progress_for(user)}
    found = [unit for unit in line.answering if unit.pk in allowed]
    if can(user, Action.MANAGE_PLAN) and (not line.answering or OFFICE in line.task.responsible_text):
        seat = [unit for unit in allowed.values() if unit.code == EDUCATION_BUREAU]
        found += [unit for unit in seat if unit not in found]
    return found


# --- desks ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """What the plan asks of this year's desk."""

    plan: Plan
    year: int
    tasks: int  # for which the unit answers, or of the whole plan
    open: list[Line]  # on which the unit, or somebody, has not reported yet

    @property
    def heard(self) -> int:
        return self.tasks - len(self.open)


def due(user: User, *, unit: MemberUnit | None = None) -> Due | None:
    """This year's tasks that still wait for a report: of one unit, or of all; None where there is no plan or it is closed."""
    today = timezone.localdate()
    plan = Plan.objects.visible_to(user).in_use_in(today.year).first()
    if plan is None or plan.years_of_work.filter(year=today.year).exclude(closed_at=None).exists():
        return None
    board = Board(plan, today.year, user, today)
    if unit is None:
        return Due(plan, today.year, len(board.lines), [line for line in board.lines if line.silent])
    own = board.of_unit(unit)
    return Due(plan, today.year, len(own), [line for line in own if unit.pk not in line.reported])
