"""联络员通讯录: per unit who is its 分管领导 and 联络员, with a number that this account may read, and who is missing.

Read by the page, by the sheet for the wall and by the workbook. Which number is shown in full, `networks/access` decides.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from .access import entries_in_directory, entries_to_call, sees_all_staff, units_in_directory, units_to_staff
from .models import Appointment, Institution, MemberUnit, UnitTerm, User

Function = Appointment.Function
AT_INSTITUTIONS = {  # who answers the telephone there: (functions, the one that must not be missing)
    Institution.Kind.CENTRE: ((Function.FULL_TIME, Function.CONTACT), Function.FULL_TIME),
    Institution.Kind.SCHOOL: ((Function.OFFICER, Function.CONTACT), Function.OFFICER),
}
ORDER = [MemberUnit.Kind.TOWNSHIP, MemberUnit.Kind.DEPARTMENT, MemberUnit.Kind.OTHER]


@dataclass(frozen=True)
class Line:
    """One person of an entry. `number` is masked unless `full`; '' where none was given."""

    appointment: Appointment
    number: str
    full: bool
    kept: bool

    @property
    def function(self) -> str:
        return self.appointment.get_function_display()

    @property
    def name(self) -> str:
        return self.appointment.person.name

    @property
    def title(self) -> str:
        return self.appointment.title or self.appointment.person.post

    @property
    def dial(self) -> str:
        """The number as a telephone dials it."""
        return "".join(ch for ch in self.number.partition("转")[0] if ch.isdigit() or ch == "+")


@dataclass
class Entry:
    """A unit or an institution with its people and what is missing of them."""

    body: MemberUnit | Institution
    kept: bool
    lines: list[Line] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def is_unit(self) -> bool:
        return isinstance(self.body, MemberUnit)

    @property
    def height(self) -> int:
        """Rows of a table."""
        return len(self.lines) + len(self.missing)


def directory(user: User, day: datetime.date, *, institutions: bool = False) -> list[Entry]:
    """The entries that this account reads, on a day: townships by code, then departments in the document's order; with
    `institutions` the 专干 and contacts of centre and schools after them."""
    return [*_units(user, day), *(_institutions(user, day) if institutions else [])]


def _units(user: User, day: datetime.date) -> list[Entry]:
    """Every unit of the group or with a quota (三(一), 三(六)), and whoever else has given a contact."""
    appointments = entries_in_directory(user).on(day).filter(function__in=Appointment.AT_UNITS, unit__isnull=False)
    by_unit = _lines(user, appointments, "unit_id")
    listed = Exists(UnitTerm.objects.on(day).filter(unit=OuterRef("pk")))
    own = user.own_unit.pk if user.own_unit else None  # as it is today: a merged predecessor lacks nobody
    units = units_in_directory(user).filter(listed | Q(pk__in=by_unit) | Q(pk=own))
    kept = set(units_to_staff(user).values_list("pk", flat=True))
    ordered = sorted(
        units, key=lambda u: (ORDER.index(u.kind), "" if u.kind != ORDER[0] else u.code, u.position, u.code)
    )
    return [_entry(unit, unit.pk in kept, by_unit[unit.pk], Appointment.AT_UNITS) for unit in ordered]


def _institutions(user: User, day: datetime.date) -> list[Entry]:
    """The county centre and the township schools as far as this account sees their staff."""
    functions = {function for asked, _ in AT_INSTITUTIONS.values() for function in asked}
    appointments = entries_in_directory(user).on(day).filter(function__in=functions, institution__isnull=False)
    by_institution = _lines(user, appointments, "institution_id")
    kept = set(Institution.objects.kept_by(user).filter(kind__in=AT_INSTITUTIONS).values_list("pk", flat=True))
    shown = Institution.objects.visible_to(user).filter(kind__in=AT_INSTITUTIONS)
    if not sees_all_staff(user):
        shown = shown.filter(Q(pk__in=kept) | Q(pk__in=by_institution))
    return [
        _entry(row, row.pk in kept, by_institution[row.pk], [AT_INSTITUTIONS[row.kind][1]])
        for row in shown.order_by("division_id", "name")
    ]


def _lines(user: User, appointments, key: str) -> dict[int, list[Line]]:
    """The lines of each body, 分管领导 before 联络员."""
    rows = list(appointments.select_related("person", "unit", "institution"))
    keys = [row.pk for row in rows]
    full = set(entries_to_call(user).filter(pk__in=keys).values_list("pk", flat=True))
    kept = set(Appointment.objects.kept_by(user).filter(pk__in=keys).values_list("pk", flat=True))
    by_body = defaultdict(list)
    for row in sorted(rows, key=lambda row: (_rank(row.function), row.pk)):
        number = row.person.phone if row.pk in full else row.person.masked_phone
        by_body[getattr(row, key)].append(Line(row, number, row.pk in full, row.pk in kept))
    return by_body


def _rank(function: str) -> int:
    order = [Function.SUPERVISOR, Function.FULL_TIME, Function.OFFICER, Function.CONTACT]
    return order.index(function)


def _entry(body: MemberUnit | Institution, kept: bool, lines: list[Line], wanted: Iterable[str]) -> Entry:
    there = {line.appointment.function for line in lines}
    labels = dict(Function.choices)
    return Entry(body, kept, lines, [labels[function] for function in wanted if function not in there])
