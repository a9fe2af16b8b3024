"""The plan's tables as workbooks: its tasks in and out, the matrix and the reports out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from networks.names import clean_text, match_key
from networks.registry.columns import Column, Text
from networks.registry.sheet import SheetRow, read_rows
from networks.templatetags.page import cn_date
from networks.xlsx.cells import read_workbook
from networks.xlsx.problems import Problem, ValueProblem

from .exports import Column as OutColumn
from .exports import Export
from .models import Plan, PlanTask, TaskReport
from .plan_forms import assign, known_units, read_names
from .plan_progress import DEFINITION, Board, Line, MatrixRow, expected, heard

OFFICE = "领导小组办公室（县教育局）"
CLAUSE, GROUP, TITLE, TEXT, WHO = "条款", "任务分组", "任务", "条文", "责任单位"
COLUMNS = [
    Column(CLAUSE, Text(20), "clause", ("条目", "条款号"), key=True, needed=True, help="如二(一)1，一条一行"),
    Column(GROUP, Text(40), "group", ("分组", "类别"), help="如二(一)加强基础能力建设"),
    Column(TITLE, Text(100), "title", ("任务名称", "工作任务", "主要任务"), needed=True),
    Column(TEXT, Text(3000, lines=True), "text", ("原文", "内容", "任务内容")),
    Column(WHO, Text(200), "responsible_text", ("责任部门", "牵头单位"), needed=True, help="用顿号隔开，照文件的次序"),
]


# --- tasks in --------------------------------------------------------------------------------------------


@dataclass
class TasksRead:
    """What a workbook would make of a plan's tasks."""

    created: list[dict] = field(default_factory=list)
    changed: list[tuple[PlanTask, dict]] = field(default_factory=list)
    same: int = 0
    problems: list[Problem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # names that are no unit of ours: kept as text

    @property
    def rows(self) -> int:
        return len(self.created) + len(self.changed) + self.same


@dataclass
class _Desk:
    epoch_1904: bool


def read_tasks(plan: Plan, content: bytes) -> TasksRead:
    """The rows of the workbook against what is stored; nothing is written. A clause that is there already is changed, others
    are new. Raises Unreadable."""
    book = read_workbook(content)
    found = read_rows(book, COLUMNS, number=None)
    told = TasksRead(problems=list(found.problems))
    stored = {match_key(task.clause): task for task in plan.tasks.standing()}
    units, met, desk = known_units(plan.county_id), set(), _Desk(book.epoch_1904)
    for row in found.rows:
        values = _values(row, desk)
        key = match_key(values.get("clause", ""))
        if key in met and key:
            row.problem(CLAUSE, "twice", f"条款“{values['clause']}”在表里出现了两次，请合成一行")
        met.add(key)
        told.problems += row.problems
        if row.problems:
            continue
        told.unknown += read_names(values["responsible_text"], units)[1]
        task = stored.get(key)
        if task is None:
            told.created.append(values)
        elif any(getattr(task, name) != value for name, value in values.items()):
            told.changed.append((task, values))
        else:
            told.same += 1
    told.unknown = list(dict.fromkeys(told.unknown))
    return told


def _values(row: SheetRow, desk: _Desk) -> dict[str, str]:
    """The row by field of PlanTask; columns that the file has not stay as they are. What is wrong is noted on the row."""
    values = {}
    for column in COLUMNS:
        if column.name not in row.cells:
            continue
        value = row.cells[column.name]
        try:
            values[column.field] = column.kind.read(value, desk) if value is not None else ""
        except ValueProblem as problem:
            row.problem(column.name, problem.code, problem.message)
            continue
        if column.needed and not values[column.field]:
            row.problem(column.name, "missing", f"“{column.name}”没有填")
    return values


@transaction.atomic
def store_tasks(plan: Plan, read: TasksRead, *, actor) -> None:
    """All or none. New tasks are answered for since the plan was issued; whom a changed one binds is changed on its page alone,
    with a date. Raises ValidationError when the stored tasks have changed meanwhile."""
    if read.problems:
        raise ValidationError("表里还有错误，没有保存")
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    plan.refuse_when_withdrawn()
    units = known_units(plan.county_id)
    for task, values in read.changed:
        row = PlanTask.objects.select_for_update().get(pk=task.pk)
        if row.version != task.version:
            raise ValidationError(f"{task}刚被别人改过，请重新上传")
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        _put(row, actor, "表格修改")
    last = plan.tasks.standing().count()
    for number, values in enumerate(read.created, start=last + 1):
        row = PlanTask(plan=plan, position=number, **values)
        _put(row, actor, "表格录入")
        assign(row, row.responsible_text, plan.issued_on, units)


def _put(row: PlanTask, actor, why: str) -> None:
    row._history_user, row._change_reason = actor, why
    row.save()


# --- out -------------------------------------------------------------------------------------------------


def tasks_export(plan: Plan) -> Export:
    """The plan's tasks in the columns that can be uploaded again."""

    def rows() -> Iterator[tuple]:
        for task in plan.tasks.standing():
            yield tuple(getattr(task, column.field) for column in COLUMNS)

    widths = (12, 26, 34, 70, 40)
    return Export(
        title=f"{plan.title}任务表",
        unit_line=f"文号：{plan.number}",
        date_line=f"期限 {plan.first_year}—{plan.last_year}年",
        columns=[OutColumn(column.name, width) for column, width in zip(COLUMNS, widths, strict=True)],
        rows=rows,
        notes=["在这张表上增改以后可以原样上传；责任单位用顿号隔开。"],
        sheet="方案任务",
    )


def matrix_export(board: Board, rows: list[MatrixRow], units: list) -> Export:
    """Tasks × units: as of when each has reported last, 未报, or nothing where the unit has no part."""

    def cells() -> Iterator[tuple]:
        for row in rows:
            line = row.line
            yield (
                line.task.clause,
                line.task.title,
                line.badge.word,
                line.told_by,
                line.goal,
                line.expected,
                line.heard,
                *(_in_words(cell) for cell in row.cells),
            )

    lines = [row.line for row in rows]
    return Export(
        title=f"{board.year}年{board.plan.title}进展一览表",
        unit_line=f"填报单位：{OFFICE}",
        date_line=f"责任单位按 {cn_date(board.day, 'plain')} 名单",
        columns=[
            OutColumn("条款", 9),
            OutColumn("任务", 30),
            OutColumn("状态", 9),
            OutColumn("状态来源", 11),
            OutColumn("年度目标", 28),
            OutColumn("应报单位", 8),
            OutColumn("已报单位", 8),
            *(OutColumn(unit.short_name, 11) for unit in units),
        ],
        rows=cells,
        totals=[("", "合计", "", "", "", expected(lines), heard(lines), *("" for _ in units))],
        notes=[f"依据：{board.plan.cited}。", DEFINITION],
        sheet="任务与单位",
    )


def _in_words(cell) -> str:
    if cell is None:
        return ""
    return f"{cn_date(cell.last, 'short')}，{cell.reports} 次" if cell.reports else "未报"


def reports_export(plan: Plan, year: int, lines: list[Line], reports) -> Export:
    """Every report that the account sees, in the order of the tasks."""
    order = {line.task.pk: line for line in lines}

    def rows() -> Iterator[tuple]:
        kept: list[TaskReport] = sorted(
            (report for report in reports if report.task_id in order),
            key=lambda report: (order[report.task_id].task.position, report.unit.position, report.number),
        )
        for number, report in enumerate(kept, start=1):
            task = order[report.task_id].task
            yield (
                number,
                task.clause,
                task.title,
                report.unit.name,
                report.number,
                cn_date(report.as_of, "plain"),
                clean_text(report.text),
                clean_text(report.needs),
                report.session_count,
                report.evidence_count,
                "已撤回：" + report.withdrawn_why if report.withdrawn_at else "",
            )

    return Export(
        title=f"{year}年{plan.title}进展汇报",
        unit_line=f"填报单位：{OFFICE}",
        date_line=f"{year}年",
        columns=[
            OutColumn("序号", 6),
            OutColumn("条款", 9),
            OutColumn("任务", 26),
            OutColumn("汇报单位", 24),
            OutColumn("第几次", 7),
            OutColumn("进展截至", 14),
            OutColumn("做了什么、进展如何", 60),
            OutColumn("困难和需要协调的事", 36),
            OutColumn("相关培训（场）", 9),
            OutColumn("佐证（份）", 8),
            OutColumn("备注", 16),
        ],
        rows=rows,
        notes=[f"依据：{plan.cited}。"],
        sheet="进展汇报",
    )
