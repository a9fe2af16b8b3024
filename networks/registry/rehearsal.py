"""A registry's sheet against what is stored: what each row would create or change. The code that shows it stores it.

`rehearse` stores nothing; `apply` stores exactly what a rehearsal planned. Between the two a digest says whether anything has
moved. The number of queries does not depend on the number of rows, but for telephones and states that change.
"""

import hashlib
import json
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from networks.access import Action, can
from networks.models import Division, FormerName, User
from networks.xlsx.bulk import in_bulk
from networks.xlsx.cells import read_workbook
from networks.xlsx.names import Names, add_places
from networks.xlsx.problems import Notice, Refused, Unreadable, ValueProblem
from networks.xlsx.values import is_blank

from .columns import NOTHING, Column
from .sheet import SheetRow, read_rows
from .since import as_they_were, stamp_of

BATCH = 500  # rows per statement
REASON = "表格导入"
NUMBER = "编号"  # the column by which our own exports name a stored row
OVERTAKEN = "系统中刚有了相同的内容，一行也没有登记：请重新上传核对"


class Misfit(ValueProblem):
    """A row that names no row of the account's, or one that it may not touch; `column` is where to say so."""

    def __init__(self, column, code, message):
        super().__init__(code, message)
        self.column = column


@dataclass(slots=True, eq=False)
class Plan:
    """One row of the sheet and what becomes of it: "new", "changed", "unchanged" or "error"."""

    row: SheetRow
    stored: object = None  # the row that it is about; None for a new one
    values: dict = field(
        default_factory=dict
    )  # {column: value} as the stored row shall be, of columns that say something
    changes: list = field(default_factory=list)  # [(column, old, new)] as shown
    outcome: str = ""
    kept: list = field(default_factory=list)  # columns that others have changed since and this sheet has not
    crossed: list = field(default_factory=list)  # columns that both have changed
    extra: dict = field(default_factory=dict)  # what only the registry knows

    def change(self, column, old, new):
        self.changes.append((column, old, new))


@dataclass
class Rehearsal:
    """What an import would do. `errors`, `notices` and `conflicts` are located (networks.xlsx.problems); `counts` are rows,
    created, changed, unchanged, errors and skipped."""

    desk: "Registry"
    sha256: str
    plans: list
    errors: list
    notices: list
    conflicts: list  # notices of what somebody else has changed since the workbook went out, and this sheet changes too
    counts: dict
    digest: str = ""

    @property
    def clean(self):
        return not self.errors

    @property
    def to_store(self):
        return [plan for plan in self.plans if plan.outcome in ("new", "changed")]


class Registry:
    """One registry at work for one account. `hold` locks the stored rows that it reads until the transaction ends."""

    key = title = about = ""
    hints: tuple[str, ...] = ("删掉一行不会删除系统里的内容：停办的机构写状态，离任的人写离任日期。",)
    model = None
    columns: tuple[Column, ...] = ()
    related: tuple[str, ...] = ("division__parent",)  # foreign keys that `values` reads
    named_by = ""  # the column that has to stand beside our 编号, so that a person sees whose row it is
    numbered = True  # whether our own exports name the stored row by its 编号
    has_telephones = False  # of persons: the whole county's are not taken away without a word (ID-4)
    printed_ahead = False  # whether forms are handed out with rows that name a thing and leave the rest open

    def __init__(self, user: User, *, hold=False):
        self.user, self.hold = user, hold
        self.epoch_1904 = False
        self.notices: list[Notice] = []
        self.before = {}  # {pk of a stored row: its values when the workbook went out, None where it was not there}

    # --- what a registry says about itself ----------------------------------------------------------

    @classmethod
    def kept_in_part_by(cls, user):
        """Whether the account keeps any row of it, or could add one."""
        return can(user, cls.model.scope.managed_by) or (can(user, Action.KEEP_OWN) and cls.places_of(user).exists())

    @staticmethod
    def places_of(user):
        return Division.objects.kept_by(user)

    def rows(self):
        """The stored rows that go out, in the order of the sheet."""
        return self.kept()

    def count(self):
        """How many of these hold something."""
        return self.rows().count()

    def kept(self):
        """All stored rows that the account may change."""
        rows = self.model.objects.kept_by(self.user)
        return rows.select_for_update(of=("self",)) if self.hold else rows

    def values(self, row):
        """{column: what is stored}."""
        return {column.name: getattr(row, column.field) for column in self.columns if column.field}

    def load(self):
        """Reads what rows are compared with."""
        raise NotImplementedError

    def look_back(self, moment):
        """Fills `before` for the rows that somebody has saved since the workbook went out (see `since`)."""
        then = as_they_were(self.stored.values(), moment, *self.related)
        self.before = {pk: row and self.values(row) for pk, row in then.items()}

    def find(self, plan, given):
        """The stored row that the sheet's row is about, or None for a new one. Raises Misfit."""
        raise NotImplementedError

    def settle(self, plans):
        """Checks every row; a registry whose rows depend on each other says how."""
        for plan in plans:
            if not plan.row.problems:
                self.check(plan)

    def check(self, plan):
        """The rules of this registry for a row as it shall be; says what is wrong by `plan.row.problem`."""

    def options(self):
        """{column: what its drop-down list offers}."""
        return {}

    def says_nothing(self, row):
        """Whether a row is only printed in advance: it names what it is about and says nothing of it."""
        told = [column.name for column in self.columns if not column.key or column.name == NUMBER]
        return self.printed_ahead and all(is_blank(row.cells.get(name)) for name in told)

    def written(self, plan):
        """[(column, '', what is stored)] of a new row, but for its key: what the page shows of it."""
        kinds = {column.name: column.kind for column in self.columns if not column.key}
        filled = [(name, kinds[name].shown(value)) for name, value in plan.values.items() if name in kinds]
        return [(name, "", text) for name, text in filled if text != NOTHING]

    # --- reading ------------------------------------------------------------------------------------

    def load_places(self):
        """The places that the account keeps, by all ways of writing them."""
        self.places = {place.code: place for place in self.places_of(self.user).order_by("code")}
        self._places = Names("地方", absent="“{text}”不在您的范围内，或没有这个地方")
        add_places(self._places, self.places, FormerName.objects.filter(division__in=self.places))

    def place(self, text):
        return self._places.only(text, lambda found: found.path)

    def by_number(self, number, stored):
        """The stored row of our own 编号; unknown ones and those of others are answered alike."""
        if number not in stored:
            raise Misfit(NUMBER, "unknown", f"编号 {number} 不在您的范围内，或没有这个编号：新增的行请把编号留空")
        return stored[number]

    def plan(self, row, claimed):
        plan = Plan(row)
        if self.says_nothing(row):
            plan.outcome = "nothing"
            return plan
        given = self.read_key(plan)
        if not row.problems:
            try:
                plan.stored = self.find(plan, given)
            except Misfit as misfit:
                row.problem(misfit.column, misfit.code, misfit.message)
        if row.problems:  # its other cells are looked through all the same: nobody likes to learn of errors one by one
            for column in self.columns:
                if not column.key and not is_blank(row.cells.get(column.name)):
                    self.attempt(plan, column, {})
            return plan
        self.claim(plan, claimed)
        self.compare(plan, given)
        return plan

    def read_key(self, plan):
        """{column: value} of what says which row it is: our number, or where there is none the key columns."""
        number = next(column for column in self.columns if column.name == NUMBER) if self.numbered else None
        if number and not is_blank(plan.row.cells.get(NUMBER)):
            return self.attempt(plan, number, {})
        given = {}
        for column in self.columns:
            if not column.key:
                continue
            if not is_blank(plan.row.cells.get(column.name)):
                self.attempt(plan, column, given)
            elif column.needed:
                plan.row.problem(column.name, "missing", f"没有填“{column.name}”：请补上")
            else:
                given[column.name] = column.kind.empty
        return given

    def attempt(self, plan, column, given):
        """Reads the column's cell into `given`, which it returns."""
        try:
            raw = plan.row.cells[column.name]
            given[column.name] = column.kind.empty if is_blank(raw) else column.kind.read(raw, self)
        except ValueProblem as problem:
            plan.row.problem(column.name, problem.code, problem.message)
        return given

    def claim(self, plan, claimed):
        """A stored row stands in one row of the file only, and so does a new one."""
        key = plan.stored.pk if plan.stored else plan.extra.get("key")
        if key is None:
            return
        if key in claimed:
            first = claimed[key]
            where = (
                f"第 {first.number} 行"
                if first.sheet == plan.row.sheet
                else f"工作表“{first.sheet}”第 {first.number} 行"
            )
            column = next(column.name for column in self.columns if column.key)
            plan.row.problem(column, "same_row_twice", f"与{where}说的是同一条：请删去一行")
        claimed.setdefault(key, plan.row)

    def compare(self, plan, given):
        """Fills `values` and `changes`."""
        stored = self.values(plan.stored) if plan.stored else {}
        since = plan.stored is not None and plan.stored.pk in self.before
        before = self.before[plan.stored.pk] if since else None
        for column in self.columns:
            name, raw = column.name, plan.row.cells.get(column.name)
            if name not in plan.row.cells or name == NUMBER:
                if plan.stored is None and column.needed and name != NUMBER:
                    plan.row.problem(name, "missing", f"新增的要写明“{name}”：请补上这一列")
                continue
            if plan.stored is not None and column.kind.says(stored[name], raw, self):
                plan.values[name] = stored[name]
                continue
            if before and column.kind.says(before[name], raw, self):
                plan.values[name] = stored[name]
                plan.kept.append(name)
                continue
            if is_blank(raw) and column.needed:
                plan.row.problem(name, "missing", f"没有填“{name}”：请补上")
                continue
            if name not in given:
                self.attempt(plan, column, given)
            if name in given:
                plan.values[name] = given[name]
                if plan.stored is not None and given[name] != stored[name]:
                    plan.change(name, column.kind.shown(stored[name]), column.kind.shown(given[name]))
                    if since and (before is None or before[name] != stored[name]):
                        plan.crossed.append(name)

    # --- storing ------------------------------------------------------------------------------------

    def store(self, plans):
        """Stores new and changed rows and returns them; history and versions included. What is changed makes room first: a
        name that is given up or a function that ends may be taken by a new row."""
        new = [self.made(plan) for plan in plans if plan.stored is None]
        changed = [self.altered(plan) for plan in plans if plan.stored is not None]
        return self.update(self.model, changed) + self.create(self.model, new)

    def made(self, plan):
        row = self.model()
        self.fill(row, plan)
        plan.extra["row"] = row
        return row

    def altered(self, plan):
        self.fill(plan.stored, plan)
        plan.stored.version += 1
        plan.extra["row"] = plan.stored
        return plan.stored

    def fill(self, row, plan):
        for column in self.columns:
            if column.field and column.name in plan.values:
                setattr(row, column.field, plan.values[column.name])

    def create(self, model, rows):
        if not rows:
            return []
        return bulk_create_with_history(
            rows, model, batch_size=BATCH, default_user=self.user, default_change_reason=REASON
        )

    def update(self, model, rows):
        if rows:
            fields = [f.name for f in model._meta.concrete_fields if not f.primary_key]
            bulk_update_with_history(
                rows, model, fields, batch_size=BATCH, default_user=self.user, default_change_reason=REASON
            )
        return rows


@in_bulk
def rehearse(content, desk, *, workbook=None):
    """What the workbook `content` (bytes) would do at the desk `desk`, a fresh `Registry`; `workbook` is what it was read as
    before, if it was. Raises Unreadable."""
    workbook = workbook or read_workbook(content)
    desk.epoch_1904 = workbook.epoch_1904
    taken_out, title = stamp_of(workbook)
    if title and title != desk.title:
        raise Unreadable("other_registry", f"这是“{title}”的表格，不是“{desk.title}”的：请在“表格进出”里选对名册再上传")
    desk.load()
    if taken_out:
        desk.look_back(taken_out)
    read = read_rows(workbook, desk.columns, number=NUMBER if desk.numbered else "", named_by=desk.named_by)
    claimed = {}
    # Rows that name their stored row by its number come first: what is left is told by names.
    by_number = sorted(read.rows, key=lambda row: is_blank(row.cells.get(NUMBER)))
    planned = {id(row): desk.plan(row, claimed) for row in by_number}
    plans = [planned[id(row)] for row in read.rows]
    plans = [plan for plan in plans if plan.outcome != "nothing"]
    desk.settle(plans)
    for plan in plans:
        if plan.row.problems:
            plan.outcome = "error"
        else:
            plan.outcome = "new" if plan.stored is None else "changed" if plan.changes else "unchanged"
    errors = read.problems + [problem for plan in plans for problem in plan.row.problems]
    outcomes = [plan.outcome for plan in plans]
    counts = {
        "rows": len(plans),
        "created": outcomes.count("new"),
        "changed": outcomes.count("changed"),
        "unchanged": outcomes.count("unchanged"),
        "errors": len(errors),
        "skipped": read.skipped + len(read.rows) - len(plans),
    }
    kept, conflicts = _others_changes(plans)
    notices = read.notices + desk.notices + kept
    rehearsal = Rehearsal(desk, hashlib.sha256(content).hexdigest(), plans, errors, notices, conflicts, counts)
    rehearsal.digest = _digest(rehearsal)
    return rehearsal


def _others_changes(plans):
    """(notices of cells that others have changed since and this sheet has not, notices of those that both have)."""
    kept, conflicts = [], []
    for plan in plans:
        row, changes = plan.row, {column: (old, new) for column, old, new in plan.changes}
        if plan.kept:
            names = "、".join(f"“{name}”" for name in plan.kept)
            message = f"第 {row.number} 行的{names}在您下载以后别人改过，您没有改，保留系统中现在的"
            kept.append(Notice(row.sheet, row.number, "kept_newer", message))
        for name in plan.crossed:
            if name in changes:
                old, new = changes[name]
                message = f"第 {row.number} 行的“{name}”在您下载以后别人改成了“{old}”，您改成了“{new}”"
                conflicts.append(Notice(row.sheet, row.number, "changed_since", message))
    return kept, conflicts


def _digest(rehearsal):
    """SHA-256 over the file, the account and everything that would be stored and was told, with what stands there now."""
    desk = rehearsal.desk
    content = [rehearsal.sha256, desk.key, desk.user.pk, rehearsal.counts]
    content += [(notice.code, notice.message) for notice in rehearsal.notices + rehearsal.conflicts]
    for plan in rehearsal.to_store:
        named = plan.values | plan.extra  # also whose row it is and who is meant, not only what they are called
        values = {name: (str(value), getattr(value, "pk", None)) for name, value in named.items()}
        content.append((plan.row.sheet, plan.row.number, plan.stored and plan.stored.pk, values, plan.changes))
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


@in_bulk
def apply(rehearsal):
    """Stores what the rehearsal planned, all rows or none; call it inside a transaction. Raises Refused when a rule of the
    model or the database stands against it, or when a row came out beyond what the account keeps."""
    if rehearsal.errors:
        raise Refused("has_errors", "还有错误没有改正，一行也没有登记：请改正后重新上传")
    desk, plans = rehearsal.desk, rehearsal.to_store
    try:
        rows = desk.store(plans)
    except IntegrityError:
        raise Refused("overtaken", OVERTAKEN) from None
    except ValidationError as refused:
        raise Refused("rules", f"一行也没有登记：{'；'.join(refused.messages)}") from None
    for model in {type(row) for row in rows}:
        keys = {row.pk for row in rows if type(row) is model}
        if model.objects.kept_by(desk.user).filter(pk__in=keys).count() != len(keys):
            raise Refused("out_of_scope", "有的行不在您的范围内，一行也没有登记")
