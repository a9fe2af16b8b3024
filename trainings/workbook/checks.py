"""A rehearsal (导入校验): a ledger's rows against the county's names, the user's rights and what is stored already.

Nothing is stored here. The rows that pass become unsaved sessions, which `batches` stores exactly as they are.
"""

import hashlib
import json
from dataclasses import dataclass, field

from django.utils import timezone

from networks.access import Action, can
from networks.models import Places, User
from networks.xlsx.bulk import in_bulk
from networks.xlsx.cells import read_workbook
from networks.xlsx.container import read_source, sha256
from networks.xlsx.names import name_key
from networks.xlsx.problems import Notice, Refused
from networks.xlsx.values import shown
from trainings import years
from trainings.models import ColumnName, TrainingSession

from . import columns as col
from .resolve import Resolver
from .rows import read_ledger
from .stored import differences, stored_sessions


@dataclass(slots=True)
class RehearsedRow:
    """A session row and what becomes of it: "new", "duplicate" or "error"."""

    row: object  # LedgerRow
    outcome: str

    @property
    def sheet(self):
        return self.row.sheet

    @property
    def number(self):
        return self.row.number

    def cells(self, *, epoch_1904=False):
        """{column: text as displayed} of the cells that hold something; joined cells with a space between."""

        def text(value):
            parts = value if isinstance(value, tuple) else (value,)
            return " ".join(filter(None, (shown(part, epoch_1904=epoch_1904) for part in parts)))

        return {column: text(value) for column, value in self.row.raw.items()}


@dataclass
class Rehearsal:
    """What an import would do. See the package's docstring."""

    user: User
    sha256: str  # of the file
    options: dict
    rows: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    notices: list = field(default_factory=list)
    candidates: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    unknown_organisers: list = field(default_factory=list)
    unknown_headers: list = field(default_factory=list)  # of columns that nobody has explained; see ColumnName
    free_columns: list = field(default_factory=list)  # of ours that the file does not have
    historical: bool = False
    confirmed_by: User | None = None
    assignments: dict = field(default_factory=dict)  # {name as written: MemberUnit}
    epoch_1904: bool = False
    digest: str = ""

    @property
    def clean(self):
        return not self.errors

    def as_json(self):
        """The object that `import_sessions --json` prints."""
        return {
            **self.counts,
            "errors": [problem.as_json() for problem in self.errors],
            "notices": [notice.as_json() for notice in self.notices],
        }


@in_bulk
def rehearse(source, user, *, year=None, historical=False, confirmed_by=None, corrections=None, assignments=None):
    """Reads `source` (bytes or a path) as `user` would import it and says what would happen; stores nothing.

    Raises Refused (no right, historical rules) and Unreadable (no workbook, over a limit). Arguments and result are
    described in the package's docstring. A constant number of queries for any number of rows.
    """
    _refuse_without_right(user, historical, confirmed_by, assignments)
    content = read_source(source)
    workbook = read_workbook(content)
    checker = _Checker(user, historical, assignments)
    ledger = read_ledger(
        workbook,
        year=year,
        corrections=corrections,
        organiser_needed=checker.resolver.own_unit is None,
        own_names=ColumnName.objects.known_to(user),
    )
    rehearsal = Rehearsal(
        user=user,
        sha256=sha256(content),
        options={
            "year": year,
            "historical": historical,
            "corrections": sorted([*place, text] for place, text in (corrections or {}).items()),
            "assignments": assignments or {},
        },
        historical=historical,
        confirmed_by=confirmed_by,
        epoch_1904=workbook.epoch_1904,
        unknown_headers=ledger.unknown_headers,
        free_columns=[name for name in col.SYNONYMS if name not in ledger.columns],
    )
    checker.check(ledger, rehearsal)
    rehearsal.digest = _digest(rehearsal)
    return rehearsal


def _refuse_without_right(user, historical, confirmed_by, assignments):
    if not can(user, Action.IMPORT):
        raise Refused("no_right", f"账号 {user} 不能导入培训台账：请用乡镇、成员单位、县社区教育中心或办公室的账号")
    if assignments and not can(user, Action.ASSIGN_ORGANISER):
        raise Refused("no_right", "只有领导小组办公室的账号可以把未知的主办单位归口到责任单位")
    if not historical:
        if confirmed_by is not None:
            raise Refused("not_historical", "只有历史台账（--historical）才需要第二个人确认")
        return
    if not can(user, Action.IMPORT_HISTORY):
        raise Refused("no_right", f"账号 {user} 不能导入历史台账：只有领导小组办公室的账号可以")
    if confirmed_by is None:
        raise Refused("no_second_person", "历史台账须由领导小组办公室的另一位工作人员确认（--confirmed-by）")
    if not can(confirmed_by, Action.IMPORT_HISTORY) or confirmed_by.county_code != user.county_code:
        raise Refused("no_right", f"账号 {confirmed_by} 不能确认历史台账：须是本县领导小组办公室的账号")
    if confirmed_by.person_id == user.person_id:
        raise Refused("same_person", "历史台账须由另一位工作人员确认，两个账号不能是同一个人")


def _digest(rehearsal):
    """SHA-256 over the file, the options and every value that would be stored, so that a confirmation commits exactly
    what was shown."""
    content = [rehearsal.sha256, rehearsal.user.pk, rehearsal.options, rehearsal.counts]
    for candidate in rehearsal.candidates:
        audiences = [(audience.pk, number) for audience, number in candidate.audiences]
        content.append(
            (candidate.fields, audiences, [(unit and unit.pk, name) for unit, name in candidate.co_organisers])
        )
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


class _Checker:
    """Judges the resolved rows against what is stored, against each other, and by the rules of their years."""

    def __init__(self, user, historical, assignments):
        self.user, self.historical = user, historical
        self.resolver = Resolver(user, historical=historical, assignments=assignments)
        self.years = {}
        self.places = Places(user.county_code, timezone.localdate())

    def check(self, ledger, rehearsal):
        known_numbers = self.known_numbers(ledger.rows)
        outcomes, resolved = [], []
        for row in ledger.rows:
            if row.values.get(col.NUMBER) in known_numbers:
                message = f"第 {row.number} 行的场次编号 {row.values[col.NUMBER]} 已在系统中，不重复导入"
                ledger.notices.append(Notice(row.sheet, row.number, "duplicate", message))
                row.problems.clear()
                outcomes.append("duplicate")
                resolved.append(None)
            else:
                outcomes.append("")
                resolved.append(self.resolver.resolve(row))
        if self.historical:
            self.refuse_other_years([row for row, outcome in zip(ledger.rows, outcomes, strict=True) if not outcome])
        stored = stored_sessions(self.user, [candidate.key for candidate in resolved if candidate and candidate.key])
        first_seen = {}
        for position, (row, candidate) in enumerate(zip(ledger.rows, resolved, strict=True)):
            if candidate is not None:
                outcomes[position] = self.judge(row, candidate, stored, first_seen, ledger.notices)
                if outcomes[position] == "new":
                    rehearsal.candidates.append(candidate)
        self.report(ledger, outcomes, rehearsal)

    def report(self, ledger, outcomes, rehearsal):
        rehearsal.rows = [RehearsedRow(row, outcome) for row, outcome in zip(ledger.rows, outcomes, strict=True)]
        rehearsal.errors = ledger.problems + [problem for row in ledger.rows for problem in row.problems]
        order = {sheet: number for number, sheet in enumerate(dict.fromkeys(n.sheet for n in ledger.notices))}
        rehearsal.notices = sorted(ledger.notices, key=lambda notice: (order[notice.sheet], notice.row))
        rehearsal.unknown_organisers = list(
            dict.fromkeys(
                row.values[col.ORGANISER]
                for row in ledger.rows
                if any(p.column == col.ORGANISER and p.code == "unknown" for p in row.problems)
            )
        )
        assigned = rehearsal.options["assignments"]
        rehearsal.assignments = {written: self.resolver.directory.assigned[name_key(written)] for written in assigned}
        rehearsal.counts = {
            "rows": len(ledger.rows),
            "created": 0 if rehearsal.errors else len(rehearsal.candidates),
            "duplicates": outcomes.count("duplicate"),
            "skipped": ledger.skipped,
        }

    def known_numbers(self, rows):
        """The 场次编号 of the file that the user can see. One that does not exist and one out of sight are alike."""
        numbers = {row.values[col.NUMBER] for row in rows if row.values.get(col.NUMBER)}
        if not numbers:
            return set()
        longest = TrainingSession._meta.get_field("number").max_length
        wanted = sorted(number for number in numbers if len(number) <= longest)
        seen = TrainingSession.objects.visible_to(self.user)
        found = set()
        for first in range(0, len(wanted), 1000):  # databases bound the length of a list
            found.update(seen.filter(number__in=wanted[first : first + 1000]).values_list("number", flat=True))
        return found

    def refuse_other_years(self, rows):
        """A historical ledger holds nothing of `live_since` or later and nothing of a locked year, not even one row."""
        for row in rows:
            when = row.values.get(col.START)
            if not when:
                continue
            year = when.day.year
            rule = self.rules(year)
            where = f"{row.sheet}第 {row.number} 行（{when.day:%Y-%m-%d}）"
            if rule.live_since is None:
                raise Refused("no_live_since", "本县还没有设置系统启用年度，不能导入历史台账：请先在县级设置中填写")
            if year >= rule.live_since:
                raise Refused(
                    "not_historical",
                    f"{where}不是历史年度：系统自 {rule.live_since} 年启用，这一年及以后的场次请按普通台账导入",
                )
            if rule.locked:
                raise Refused("locked_year", f"{where}所在的 {year} 年度已锁定定案，不能再导入")

    # --- against what is stored ---------------------------------------------------------------------

    def rules(self, year):
        if year not in self.years:
            self.years[year] = years.rules_of(self.user.county_code, year)
        return self.years[year]

    def judge(self, row, candidate, stored, first_seen, notices):
        """ "duplicate", "new" or "error", with the row's last problems and notices."""
        key, fields = candidate.key, candidate.fields
        name = f"第 {row.number} 行“{fields['title']}”"
        known = stored.get(key) if key else None
        if known:
            self.compare_figures(row, fields, known)
            if row.problems:
                return "error"
            notices.append(Notice(row.sheet, row.number, "duplicate", f"{name}已在系统中，不重复导入"))
            differing = differences(fields, row.values, known)
            if differing:
                message = f"{name}与系统中的不同，系统中的不变：{'；'.join(differing)}"
                notices.append(Notice(row.sheet, row.number, "differs", message))
            return "duplicate"
        if key in first_seen:
            sheet, number = first_seen[key]
            where = f"第 {number} 行" if sheet == row.sheet else f"工作表“{sheet}”第 {number} 行"
            same = f"“{fields['title']}”与{where}是同一场（单位、名称、时间、地点都相同）：请删去一行，或写明不同之处"
            row.problem(col.TITLE, "same_row_twice", same)
        elif key:
            first_seen[key] = (row.sheet, row.number)
        day = fields.get("held_on")
        if day and not self.historical and self.rules(day.year).locked:
            row.problem(col.START, "locked_year", f"{day} 所在的 {day.year} 年度已锁定定案，不能再导入")
        if row.problems or not candidate.complete:
            return "error"
        self.notice_elsewhere(row, candidate, name, notices)
        kept = [written for unit, written in candidate.co_organisers if unit is None]
        if kept:
            message = f"{name}的协办单位“{'、'.join(kept)}”不是成员单位，按文字保留"
            notices.append(Notice(row.sheet, row.number, "name_kept", message))
        return "new"

    def notice_elsewhere(self, row, candidate, name, notices):
        organiser, place = candidate.organiser, candidate.place
        held = self.places.on(candidate.fields["held_on"])
        if place is None or not held.lies_in(place.code, organiser.division_id):
            message = f"{name}在{place.path if place else '县外'}举办，不在{organiser.division}：请确认（不影响导入）"
            notices.append(Notice(row.sheet, row.number, "place_elsewhere", message))

    def compare_figures(self, row, fields, known):
        for column, name in ((col.REPORTED, "reported_attendance"), (col.PLANNED, "planned_attendance")):
            new, old = fields[name], known[name]
            if new is not None and new != old:
                was = "没有填" if old is None else f"是 {old}"
                message = f"这一场已在系统中，{column}{was}，这里写的是 {new}：请核对，要改请在系统中修改"
                row.problem(column, "figure_differs", message)
