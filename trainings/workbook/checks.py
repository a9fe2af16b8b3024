"""A rehearsal (导入校验): a ledger's rows against the county's names, the user's rights and what is stored already.

Nothing is stored here. The rows that pass become unsaved sessions, which `commit` stores exactly as they are.
"""

import hashlib
import json
from dataclasses import dataclass, field

from networks.access import Action, can, units_to_enter_for
from networks.models import User
from trainings import years
from trainings.models import Audience, TrainingSession

from . import columns as col
from .cells import read_workbook
from .container import read_source, sha256
from .names import Directory, name_key
from .problems import Notice, Refused, ValueProblem
from .rows import LIST_LONGEST, read_ledger
from .stored import differences, session_key, stored_sessions
from .values import shown

PARTS = {label: value for value, label in TrainingSession.PartOfDay.choices}
CENTRE_NAME = "县社区教育中心"
CO_NAME_LONGEST = 60  # of one co-organiser's name, as the model holds it


@dataclass(slots=True)
class Candidate:
    """A session that a commit would store: the unsaved row and what hangs on it."""

    session: TrainingSession
    audiences: list  # [(Audience, number or None)]
    co_organisers: list  # [(MemberUnit or None, name as written)]
    key: tuple


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


def rehearse(source, user, *, year=None, historical=False, confirmed_by=None, corrections=None, assignments=None):
    """Reads `source` (bytes or a path) as `user` would import it and says what would happen; stores nothing.

    Raises Refused (no right, historical rules) and Unreadable (no workbook, over a limit). Arguments and result are
    described in the package's docstring. A constant number of queries for any number of rows.
    """
    _refuse_without_right(user, historical, confirmed_by, assignments)
    content = read_source(source)
    workbook = read_workbook(content)
    checker = _Checker(user, historical, confirmed_by, assignments)
    ledger = read_ledger(workbook, year=year, corrections=corrections, organiser_needed=checker.own_unit is None)
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
        session = candidate.session
        values = [session.__dict__[name] for name in _STORED]
        audiences = [(audience.pk, number) for audience, number in candidate.audiences]
        content.append((values, audiences, [(unit and unit.pk, name) for unit, name in candidate.co_organisers]))
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


_STORED = [
    "title",
    "organiser_id",
    "organiser_written",
    "host_id",
    "place_id",
    "outside_county",
    "venue",
    "held_on",
    "ends_on",
    "start_time",
    "end_time",
    "part_of_day",
    "minutes",
    "theme_id",
    "programme_id",
    "project_id",
    "form_id",
    "language_id",
    "instructors",
    "remarks",
    "planned_attendance",
    "reported_attendance",
    "on_behalf_source",
]


class _Checker:
    def __init__(self, user, historical, confirmed_by, assignments):
        self.user, self.historical, self.confirmed_by = user, historical, confirmed_by
        try:
            self.directory = Directory(user, assignments)
        except ValueProblem as problem:
            raise Refused(problem.code, problem.message) from None
        self.on_behalf = can(user, Action.ENTER_ON_BEHALF)
        self.own_unit = None if self.on_behalf else user.own_unit
        if self.own_unit is None and not self.on_behalf:
            raise Refused("no_unit", f"账号 {user} 没有所属单位，不能导入：请联系领导小组办公室")
        self.allowed = set(units_to_enter_for(user).values_list("pk", flat=True))
        self.protected = [(name_key(name), name) for name in Audience.objects.protected_names()]

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
                resolved.append(self.resolve(row))
        if self.historical:
            self.refuse_other_years(ledger.rows)
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
        rehearsal.assignments = {written: self.directory.assigned[name_key(written)] for written in assigned}
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
        rules = {}
        for row in rows:
            when = row.values.get(col.START)
            if not when:
                continue
            year = when.day.year
            rule = rules[year] = rules.get(year) or years.rules_of(self.user.county_code, year)
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

    # --- one row ------------------------------------------------------------------------------------

    def resolve(self, row):
        """The row as a `Candidate`, with problems noted on the row; its key is None while a part of it is unknown."""
        values, directory = row.values, self.directory
        when = values.get(col.START)
        day = when.day if when else None
        organiser, written = self.organiser(row, day)
        place, outside = self.place(row, organiser)
        session = TrainingSession(
            title=values.get(col.TITLE, ""),
            organiser_written=written,
            place=place,
            outside_county=outside,
            venue=values.get(col.VENUE, ""),
            minutes=values.get(col.LENGTH),
            instructors=values.get(col.INSTRUCTORS, ""),
            remarks=values.get(col.REMARKS, ""),
            planned_attendance=values.get(col.PLANNED),
            reported_attendance=values.get(col.REPORTED),
            entered_by=self.user,
            host=self.named(row, col.HOST, directory.institution),
            theme=self.word(row, col.THEME),
            form=self.word(row, col.FORM),
            language=self.word(row, col.LANGUAGE),
            **self.programme(row),
        )
        if self.on_behalf and not self.historical:
            session.on_behalf_source = TrainingSession.Source.LEDGER
        if organiser:
            session.organiser = organiser
        if when:
            session.held_on, session.ends_on = when.day, when.last
            session.start_time, session.end_time = when.start, when.end
            session.part_of_day = PARTS.get(when.part, "")
        self.refuse_protected(row)
        candidate = Candidate(session, self.audiences(row), self.co_organisers(row, organiser, day), None)
        session.audience_text = "、".join(f"{audience.name}{number or ''}" for audience, number in candidate.audiences)
        session.co_organiser_text = "、".join(name for _, name in candidate.co_organisers)
        for column, text in ((col.AUDIENCE, session.audience_text), (col.CO_ORGANISERS, session.co_organiser_text)):
            if len(text) > LIST_LONGEST:
                row.problem(column, "too_long", f"{column}共 {len(text)} 个字，最多 {LIST_LONGEST} 个字：请删减")
        session.tidy()
        broken = {problem.column for problem in row.problems}
        if not broken & {col.TITLE, col.ORGANISER, col.START, col.END, col.PLACE, col.VENUE} and organiser and when:
            where = "outside" if outside else place.pk
            candidate.key = session_key(
                organiser.pk, session.title, when.day, when.start, session.part_of_day, where, session.venue
            )
        return candidate

    def organiser(self, row, day):
        """(unit, organiser as written); (None, …) with a problem noted when it is unknown or not the user's."""
        written = row.values.get(col.ORGANISER, "")
        if not written:
            if col.ORGANISER in row.raw:  # unreadable; the problem is noted
                return None, ""
            if self.own_unit is None and col.ORGANISER in row.layout.columns:
                row.problem(col.ORGANISER, "missing", "没有填“主办单位”：请写明是哪个单位办的")
            centre = self.user.role == "centre"
            return self.own_unit, CENTRE_NAME if centre and self.own_unit else ""
        unit = self.named(row, col.ORGANISER, lambda text: self.directory.organiser(text, day))
        if unit and unit.pk not in self.allowed:
            credited = "" if self.directory.is_unit_name(written, unit) else f"（归口{unit.name}）"
            message = f"“{written}”{credited}不是您的单位：只能导入{self.own_unit or '本县单位'}的场次"
            row.problem(col.ORGANISER, "not_yours", message)
            return None, written
        return unit, written

    def place(self, row, organiser):
        """(division or None, whether outside the county). Without a place it is the organiser's own."""
        if col.PLACE not in row.values:
            return organiser.division if organiser and col.PLACE not in row.raw else None, False
        place = self.named(row, col.PLACE, self.directory.place)
        return place, place is None and not any(problem.column == col.PLACE for problem in row.problems)

    def named(self, row, column, find):
        """What the column's text names, or None: where it is blank, or unknown (a problem is noted)."""
        written = row.values.get(column)
        if not written:
            return None
        try:
            return find(written)
        except ValueProblem as problem:
            row.problem(column, problem.code, problem.message)
            return None

    def word(self, row, column):
        return self.named(row, column, lambda text: self.directory.word(column, text))

    def programme(self, row):
        """专项计划 holds the name of a programme or of a project."""
        word = self.word(row, col.PROGRAMME)
        return {word._meta.model_name: word} if word else {}

    def audiences(self, row):
        found = {}
        for written, number in row.values.get(col.AUDIENCE, ()):
            try:
                audience = self.directory.word(col.AUDIENCE, written)
            except ValueProblem as problem:
                row.problem(col.AUDIENCE, problem.code, problem.message)
                continue
            if audience in found:
                row.problem(col.AUDIENCE, "twice", f"培训对象“{written}”写了两次：请合并成一个")
            found[audience] = number
        return list(found.items())

    def co_organisers(self, row, organiser, day):
        """Units and affiliated bodies with their unit, other names as text, each once and none that is the organiser itself.
        承办单位 beside 主办单位 is read the same way."""
        found, units, names = [], {organiser.pk} if organiser else set(), set()
        for column in (col.CONTRACTOR, col.CO_ORGANISERS):
            for written in row.values.get(column, ()):
                unit = self.directory.co_organiser(written, day)
                if name_key(written) in names or (
                    unit and unit == organiser and self.directory.is_unit_name(written, unit)
                ):
                    continue
                names.add(name_key(written))
                if len(written) > CO_NAME_LONGEST:
                    row.problem(
                        column, "too_long", f"“{written[:40]}…”超过 {CO_NAME_LONGEST} 个字：请写简称，用顿号分开"
                    )
                # A second body of a unit that is there already is kept by name; the unit is credited once.
                found.append((unit if unit and unit.pk not in units else None, written))
                if unit:
                    units.add(unit.pk)
        return found

    def refuse_protected(self, row):
        """Groups whose sessions are counted by heads only are named in no title and no venue (PIPL 28)."""
        for column in (col.TITLE, col.VENUE):
            text = name_key(row.values.get(column, ""))
            name = next((name for key, name in self.protected if key in text), None) if text else None
            if name:
                row.problem(
                    column,
                    "protected_name",
                    f"“{row.values[column]}”里写了“{name}”：请换成不点明该群体的说法，群体写在培训对象一栏",
                )

    # --- against what is stored ---------------------------------------------------------------------

    def judge(self, row, candidate, stored, first_seen, notices):
        """ "duplicate", "new" or "error", with the row's last problems and notices."""
        key, session = candidate.key, candidate.session
        if key in stored and key is not None:
            known = stored[key]
            self.compare_figures(row, session, known)
            if row.problems:
                return "error"
            notices.append(
                Notice(row.sheet, row.number, "duplicate", f"第 {row.number} 行“{session.title}”已在系统中，不重复导入")
            )
            differing = differences(session, known)
            if differing:
                message = f"第 {row.number} 行“{session.title}”与系统中的不同，系统中的不变：{'；'.join(differing)}"
                notices.append(Notice(row.sheet, row.number, "differs", message))
            return "duplicate"
        if key is not None:
            if key in first_seen:
                sheet, number = first_seen[key]
                where = f"第 {number} 行" if sheet == row.sheet else f"工作表“{sheet}”第 {number} 行"
                message = (
                    f"“{session.title}”与{where}是同一场（单位、名称、时间、地点都相同）：请删去一行，或写明不同之处"
                )
                row.problem(col.TITLE, "same_row_twice", message)
            else:
                first_seen[key] = (row.sheet, row.number)
        if session.held_on and not self.historical and self.locked(session.held_on.year):
            message = f"{session.held_on:%Y-%m-%d} 所在的 {session.held_on.year} 年度已锁定定案，不能再导入"
            row.problem(col.START, "locked_year", message)
        if row.problems:
            return "error"
        self.notice_elsewhere(row, session, notices)
        return "new"

    def locked(self, year):
        known = self.__dict__.setdefault("_locked", {})
        if year not in known:
            known[year] = years.rules_of(self.user.county_code, year).locked
        return known[year]

    def notice_elsewhere(self, row, session, notices):
        own = session.organiser.division_id
        if session.outside_county or not session.place_id.startswith(own):
            where = "县外" if session.outside_county else session.place.path
            message = f"第 {row.number} 行“{session.title}”在{where}举办，不在{session.organiser.division}：请确认（不影响导入）"
            notices.append(Notice(row.sheet, row.number, "place_elsewhere", message))

    def compare_figures(self, row, session, known):
        for column, name in ((col.REPORTED, "reported_attendance"), (col.PLANNED, "planned_attendance")):
            new, old = getattr(session, name), known[name]
            if new is not None and new != old:
                was = "没有填" if old is None else f"是 {old}"
                message = f"这一场已在系统中，{column}{was}，这里写的是 {new}：请核对，要改请在系统中修改"
                row.problem(column, "figure_differs", message)
