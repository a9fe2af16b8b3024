"""The plan's tables as workbooks: its tasks in and out, the matrix and the reports out."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_datetime

from networks.models import User
from networks.names import clean_text, match_key
from networks.registry.columns import Column, Text
from networks.registry.sheet import SheetRow, read_rows
from networks.registry.since import as_they_were, stamp_of
from networks.templatetags.page import cn_date
from networks.xlsx.cells import read_workbook
from networks.xlsx.problems import Notice, Problem, Unreadable, ValueProblem

from .exports import Column as OutColumn
from .exports import Export
from .models import Plan, PlanTask, TaskReport
from .plan_forms import assign, known_units, read_names
from .plan_progress import DEFINITION, Board, Line, MatrixRow, expected, heard

MOST_PACKED = 2 * 1024 * 1024  # characters in the page; a plan of a hundred tasks has some 30,000
CARRIED_FOR = 24 * 3600  # seconds from the upload to the confirmation
OVERTAKEN = "刚才有人录入了相同的条款，一项也没有保存：请重新上传核对"
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


class Moved(Exception):
    """What was confirmed is no longer what would be stored."""


@dataclass
class TasksFile:
    """What stands in an uploaded workbook, before it is compared with anything. The page carries it from the upload to the
    confirmation, signed: nothing is kept in between."""

    sha256: str
    rows: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)  # sheet, row, value by field of PlanTask
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    skipped: int = 0  # rows that are no data
    taken_out: str = ""  # when our own export of this plan went out

    def packed(self, plan: Plan) -> str:
        """Raises Unreadable for what is too much for a page."""
        notices = [(one.sheet, one.row, one.code, one.message) for one in self.notices]
        told = [self.sha256, self.rows, notices, self.skipped, self.taken_out]
        text = signing.dumps(told, salt=f"plan-tasks-{plan.pk}", compress=True)
        if len(text) > MOST_PACKED:
            raise Unreadable("too_many_rows", "任务表的内容太多：请分成几个文件，一份一份地上传")
        return text

    @classmethod
    def unpacked(cls, plan: Plan, text: str) -> "TasksFile":
        """Raises ValidationError for what no page of this plan has carried lately."""
        try:
            sha256, rows, notices, skipped, taken_out = signing.loads(
                text, salt=f"plan-tasks-{plan.pk}", max_age=CARRIED_FOR
            )
        except signing.BadSignature:
            raise ValidationError("这一页放得太久或不完整，没有保存：请重新上传任务表") from None
        found = [(sheet, number, values) for sheet, number, values in rows]
        return cls(sha256, found, [], [Notice(*one) for one in notices], skipped, taken_out)


@dataclass
class Planned:
    """What a workbook would make of a plan's tasks as they are now. A change is (field, column, old, new)."""

    file: TasksFile
    created: list[dict[str, str]] = field(default_factory=list)
    changed: list[tuple[PlanTask, list[tuple[str, str, str, str]]]] = field(default_factory=list)
    same: int = 0
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    conflicts: list[Notice] = field(default_factory=list)  # changed by others since the export went out, and here
    unknown: list[str] = field(default_factory=list)  # names that are no unit of ours: kept as text

    @property
    def to_store(self) -> bool:
        return bool(self.created or self.changed)

    @property
    def digest(self) -> str:
        """SHA-256 over the file and everything that would be stored, with what stands there now."""
        changed = [(task.pk, task.version, changes) for task, changes in self.changed]
        told = [self.file.sha256, self.created, changed, self.same]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass
class _Desk:
    epoch_1904: bool


def read_tasks(plan: Plan, content: bytes) -> TasksFile:
    """The rows of the workbook, each by itself. Raises Unreadable."""
    book = read_workbook(content)
    found = read_rows(book, COLUMNS, number=None)
    moment, title = stamp_of(book)
    file = TasksFile(
        sha256=hashlib.sha256(content).hexdigest(),
        problems=list(found.problems),
        notices=list(found.notices),
        skipped=found.skipped,
        taken_out=moment.isoformat() if moment and title == _stamped(plan) else "",
    )
    met, desk = set(), _Desk(book.epoch_1904)
    for row in found.rows:
        values = _values(row, desk)
        key = match_key(values.get("clause", ""))
        if key in met and key:
            row.problem(CLAUSE, "twice", f"条款“{values['clause']}”在表里出现了两次，请合成一行")
        met.add(key)
        file.problems += row.problems
        if not row.problems:
            file.rows.append((row.sheet, row.number, values))
    return file


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


def plan_tasks(plan: Plan, file: TasksFile) -> Planned:
    """The rows of the file against what is stored; nothing is written. A clause that is there already is changed, others are
    new. A cell that says what our export wrote leaves what others have put there since."""
    told = Planned(file, problems=list(file.problems), notices=list(file.notices))
    stored = {match_key(task.clause): task for task in plan.tasks.standing()}
    units = known_units(plan.county_id)
    taken_out = parse_datetime(file.taken_out) if file.taken_out else None
    before = as_they_were(stored.values(), taken_out) if taken_out else {}
    gone = plan.tasks.filter(withdrawn_at__gt=taken_out) if taken_out else plan.tasks.none()
    withdrawn = {match_key(task.clause) for task in gone}
    for sheet, number, values in file.rows:
        told.unknown += read_names(values.get("responsible_text", ""), units)[1]
        task = stored.get(match_key(values["clause"]))
        if task is None:
            missing = [column.name for column in COLUMNS if column.needed and column.field not in values]
            told.problems += [
                Problem(sheet, number, name, "missing", "新增的任务要有这一列，请补上") for name in missing
            ]
            if match_key(values["clause"]) in withdrawn:
                where = f"第 {number} 行的“{values['clause']}”在您下载以后别人撤下了，确认就重新录入"
                told.conflicts.append(Notice(sheet, number, "withdrawn_since", where))
            told.created.append(values)
            continue
        changes = []
        for column in COLUMNS:
            name = column.field
            old, new = getattr(task, name), values.get(name, getattr(task, name))
            was = before.get(task.pk, task)  # None: not there yet when it went out
            then = getattr(was, name) if was else ""
            if _same(old, new):
                continue
            where = f"第 {number} 行的“{column.name}”在您下载以后别人改成了“{old}”"
            if _same(then, new):
                told.notices.append(Notice(sheet, number, "kept_newer", f"{where}，您没有改，保留系统中现在的"))
                continue
            if not _same(then, old):
                told.conflicts.append(Notice(sheet, number, "changed_since", f"{where}，您改成了“{new}”"))
            changes.append((name, column.name, old, new))
        if changes:
            told.changed.append((task, changes))
        else:
            told.same += 1
    told.unknown = list(dict.fromkeys(told.unknown))
    return told


def _same(one: str, other: str) -> bool:
    return clean_text(one) == clean_text(other)  # a text goes out in one line


@transaction.atomic
def store_tasks(plan: Plan, file: TasksFile, digest: str, *, actor: User) -> Planned:
    """All or none, and exactly what the page with `digest` showed. New tasks are answered for since the plan was issued; whom a
    changed one binds is changed on its page alone, with a date. Raises Moved and ValidationError."""
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    plan.refuse_when_withdrawn()
    list(plan.tasks.standing().select_for_update())  # so that nobody saves one between the comparison and here
    planned = plan_tasks(plan, file)
    if planned.digest != digest or planned.problems:
        raise Moved
    for task, changes in planned.changed:
        for name, _, _, new in changes:
            setattr(task, name, new)
        task.version += 1
        _put(task, actor, "表格修改")
    units = known_units(plan.county_id)
    last = plan.tasks.standing().count()
    try:
        for number, values in enumerate(planned.created, start=last + 1):
            row = PlanTask(plan=plan, position=number, **values)
            _put(row, actor, "表格录入")
            assign(row, row.responsible_text, plan.issued_on, units)
    except IntegrityError:  # entered on a page this moment
        raise ValidationError(OVERTAKEN) from None
    return planned


def _put(row: PlanTask, actor: User, why: str) -> None:
    row._history_user, row._change_reason = actor, why
    row.save()


# --- out -------------------------------------------------------------------------------------------------


def _stamped(plan: Plan) -> str:
    return f"方案任务表 {plan.pk}"


def tasks_export(plan: Plan) -> Export:
    """The plan's tasks in the columns that can be uploaded again; the workbook says when it went out."""

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
        stamp=_stamped(plan),
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
