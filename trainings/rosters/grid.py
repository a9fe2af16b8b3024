"""The grid: what was understood of a paste, cell by cell, mended by the officer and checked the same way each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from networks.models import Division, FormerName, Tier, township_today
from networks.models import Places as CountyPlaces
from networks.names import clean_text
from networks.xlsx.names import Names, add_places
from networks.xlsx.problems import ValueProblem

from ..models import RosterLine, TrainingSession
from .keeping import MOST_AT_ONCE, Person
from .numbers import Cut, cut_numbers
from .reading import Typed, band_of, sex_of, tail_of, tidy_name

CELLS = ("name", "sex", "age", "home", "tail")
LABELS = {"name": "姓名", "sex": "性别", "age": "年龄段", "home": "村（社区）", "tail": "手机尾号"}
LONGEST_NAME = 30
LEFT = 200  # characters of what was not used, carried along


class Places:
    """The county's places by whatever name, a village of the session's own township first."""

    def __init__(self, session: TrainingSession) -> None:
        county = session.organiser.county_id
        rows = {row.pk: row for row in Division.objects.within(county)}
        self._names = Names("本县的村（社区）")
        add_places(self._names, rows, FormerName.objects.filter(division__in=rows))
        near = township_today(session.place) if session.place else ""
        today = CountyPlaces(county, timezone.localdate())
        self._near = set(today.within(near)) if near else set()
        self._near_paths = {rows[code].path for code in self._near}
        self.offered = sorted(
            (row for row in rows.values() if row.tier == Tier.VILLAGE and not row.retired_on),
            key=lambda row: (row.pk not in self._near, row.pk),
        )

    def knows(self, text: str) -> bool:
        return bool(text) and bool(self._names.find(text))

    def find(self, text: str) -> Division:
        """The one place of this name; of 新汉村那马屯 the village, for no roster says more. Raises ValueProblem."""
        for end in range(len(text), 1, -1):
            if found := self._names.find(text[:end]):
                near = [row for row in found if row.pk in self._near]
                if len(near or found) == 1:
                    return (near or found)[0]
                return self._names.only(text[:end], lambda row: row.path)
        nearest = sorted(self._names.nearest(text, 9), key=lambda path: path not in self._near_paths)
        alike = f"，相近的有：{'、'.join(nearest[:3])}" if nearest else ""
        raise ValueProblem("unknown", f"没有“{text[:20]}”{alike}。请改成已有的名称，或留空")


@dataclass
class Row:
    """One line of the grid: the texts in its cells, {cell: message} of what is wrong, and what is worth knowing."""

    cells: dict[str, str]
    left: str = ""
    notes: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    out: bool = False
    number: int = 0  # its place in the grid, from 1
    person: Person | None = None
    meetings: list = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"第 {self.number} 行" if self.number else "补录"


class Grid:
    """The rows of one paste on their way into a session. Storing takes every row that is not ticked 不要, or none."""

    def __init__(
        self,
        session: TrainingSession,
        rows: list[Row],
        source: str,
        *,
        unread: str = "",
        places: Places | None = None,
    ) -> None:
        self.session, self.rows, self.source, self.unread = session, rows, source, unread
        self.places = places or Places(session)
        self.stored = set(session.roster.values_list("identity", flat=True))
        self.cut = Cut()
        self.check()

    @classmethod
    def of_lines(
        cls, session: TrainingSession, lines: list[Typed], source: str, unread: list[str], places: Places
    ) -> Grid:
        """What was just read. A line that says exactly what one before it says is ticked 不要: lists in a chat are copied on
        and on. One whose person is in the roster already likewise."""
        rows = [
            Row({cell: getattr(line, cell) for cell in CELLS}, line.left, list(line.notes), out=line.out)
            for line in lines
        ]
        grid = cls(session, rows, source, unread="\n".join(unread), places=places)
        seen, known = {}, grid.stored
        for number, row in enumerate(rows, start=1):
            key = tuple(row.cells.values())
            if row.person and row.person.identity in known:
                row.out = True
                row.notes.append("已在名册里，已替您勾选“不要”")
            elif key in seen:
                row.out = True
                row.notes.append(f"与第 {seen[key]} 行完全相同，已替您勾选“不要”")
            seen.setdefault(key, number)
        grid.check()
        return grid

    @classmethod
    def of_post(cls, session: TrainingSession, data: Mapping[str, str]) -> Grid:
        """What the page sends: cells by number. Numbers that somebody typed into a cell are cut here as well."""
        rows, cut = [], Cut()
        for number in range(MOST_AT_ONCE):
            if f"name-{number}" not in data:
                continue
            cells = {}
            for cell in CELLS:
                cells[cell], taken = cut_numbers(data.get(f"{cell}-{number}", "")[:200])
                cells[cell] = clean_text(cells[cell])
                cut += taken
            left, _ = cut_numbers(data.get(f"left-{number}", "")[:LEFT])
            cells["name"] = tidy_name(cells["name"])
            cells["tail"] = tail_of(cells["tail"]) or tail_of(f"尾号{cells['tail']}") or cells["tail"]
            rows.append(Row(cells, clean_text(left), out=f"out-{number}" in data))
        unread, _ = cut_numbers(data.get("unread", "")[:20_000])
        source = data.get("source", "")
        known = source in (RosterLine.Source.PASTED, RosterLine.Source.WORKBOOK)
        grid = cls(session, rows, source if known else RosterLine.Source.BY_HAND, unread=unread)
        grid.cut = cut
        return grid

    # --- checking ------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Fills errors and persons from what stands in the cells; rows ticked 不要 are left alone."""
        known = dict.fromkeys(self.stored, "名册里")
        by_name: dict[str, int] = {}
        for number, row in enumerate(self.rows, start=1):
            row.number, row.errors = number, {}
            row.person = self._person(row)
            if row.out or row.person is None:
                continue
            identity, name = row.person.identity, row.person.name
            if identity in known:
                where = known[identity]
                row.errors["name"] = (
                    f"与{where}是同一个人，一场只登记一次：请勾选“不要”；确是同名的另一个人，请补上手机尾号或村"
                )
            elif name in by_name:
                note = f"与第 {by_name[name]} 行同名，请确认是两个人"
                if note not in row.notes:
                    row.notes.append(note)
            known.setdefault(identity, f"第 {number} 行")
            by_name.setdefault(name, number)

    def _person(self, row: Row) -> Person | None:
        cells, problems = row.cells, {}
        name = cells["name"]
        if not name:
            problems["name"] = "请填写姓名；不是一个人的行请勾选“不要”"
        elif len(name) > LONGEST_NAME:
            problems["name"] = f"姓名最多 {LONGEST_NAME} 个字"
        elif not any(ch.isalpha() for ch in name) or not all(ch.isalnum() or ch in "·• .-'’()" for ch in name):
            problems["name"] = "姓名里有不是字的符号，请改正"
        elif any(ch.isdigit() for ch in name) and sum(ch.isdigit() for ch in name) > 2:
            problems["name"] = "姓名里不能有号码"
        if cells["sex"] and not sex_of(cells["sex"]):
            problems["sex"] = "请选男、女或留空"
        if cells["age"] and not band_of(cells["age"]):
            problems["age"] = "请选年龄段或留空"
        home = None
        if cells["home"]:
            try:
                home = self.places.find(cells["home"])
            except ValueProblem as problem:
                problems["home"] = problem.message
        if cells["tail"] and not (len(cells["tail"]) == 4 and cells["tail"].isascii() and cells["tail"].isdecimal()):
            problems["tail"] = "手机尾号是末四位数字"
        if not row.out:
            row.errors |= problems
        if problems:
            return None
        return Person(name, sex_of(cells["sex"]), band_of(cells["age"]), home, cells["tail"])

    # --- for the page ----------------------------------------------------------------------------------------

    @property
    def people(self) -> list[Person]:
        return [row.person for row in self.rows if not row.out and row.person]

    @property
    def wanted(self) -> list[Row]:
        return [row for row in self.rows if not row.out]

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """(address of the cell, sentence) of every error, for the summary."""
        return [
            (f"{cell}-{number}", f"第 {number + 1} 行{LABELS[cell]}：{message}")
            for number, row in enumerate(self.rows)
            for cell, message in row.errors.items()
        ]

    @property
    def ready(self) -> bool:
        return bool(self.people) and not any(row.errors for row in self.rows)
