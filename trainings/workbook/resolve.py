"""A typed row as a session of this county: names become units, places and words, by the importing user's rights."""

from dataclasses import dataclass

from networks.access import Action, can, enters_for_the_centre, units_to_enter_for
from networks.xlsx.names import name_key
from networks.xlsx.problems import Refused, ValueProblem
from trainings.models import Audience, TrainingSession

from . import columns as col
from .names import Directory
from .rows import LIST_LONGEST
from .stored import session_key

PARTS = {label: value for value, label in TrainingSession.PartOfDay.choices}
CENTRE_NAME = "县社区教育中心"
CO_NAME_LONGEST = 60  # of one co-organiser's name, as the model holds it
KEY_COLUMNS = {col.TITLE, col.ORGANISER, col.START, col.END, col.PLACE, col.VENUE}


@dataclass(slots=True)
class Candidate:
    """A session that a commit would store: its fields, and what hangs on it."""

    fields: dict  # of TrainingSession, foreign keys as ids
    organiser: object  # MemberUnit, or None while unknown
    place: object  # Division; None outside the county or while unknown
    audiences: list  # [(Audience, number or None)]
    co_organisers: list  # [(MemberUnit or None, name as written)]
    key: tuple | None = None  # None while a part of it is unknown

    @property
    def complete(self):
        """Whether it has what every session needs; a whole column may be missing, which is no row's problem."""
        fields = self.fields
        return bool(self.organiser and fields["title"] and fields.get("held_on") and fields["reported_attendance"])

    def session(self, batch, user):
        """The unsaved session."""
        session = TrainingSession(**self.fields, batch_id=batch.pk, entered_by_id=user.pk)
        session.organiser = self.organiser
        return session


class Resolver:
    """`assignments` {name as written: unit code} say to whom unknown organisers are credited. Raises Refused when the user
    has no unit to import for."""

    def __init__(self, user, *, historical, assignments):
        self.user, self.historical = user, historical
        try:
            self.directory = Directory(user, assignments)
        except ValueProblem as problem:
            raise Refused(problem.code, problem.message) from None
        self.centre = enters_for_the_centre(user)
        self.on_behalf = can(user, Action.ENTER_ON_BEHALF)
        self.own_unit = None if self.on_behalf else user.own_unit
        if self.own_unit is None and not self.on_behalf:
            raise Refused("no_unit", f"账号 {user} 没有所属单位，不能导入：请联系领导小组办公室")
        self.allowed = set(units_to_enter_for(user).values_list("pk", flat=True))
        self.protected = [(name_key(name), name) for name in Audience.objects.protected_names()]

    def resolve(self, row):
        """The row as a `Candidate`, with problems noted on the row."""
        values = row.values
        self.refuse_protected(row)
        when = values.get(col.START)
        day = when.day if when else None
        organiser, written = self.organiser(row, day)
        place, outside = self.place(row, organiser, day)
        fields = {
            "title": values.get(col.TITLE, ""),
            "organiser_id": organiser and organiser.pk,
            "organiser_written": written,
            "place_id": place and place.pk,
            "outside_county": outside,
            "venue": values.get(col.VENUE, ""),
            "minutes": values.get(col.LENGTH),
            "instructors": values.get(col.INSTRUCTORS, ""),
            "remarks": values.get(col.REMARKS, ""),
            "planned_attendance": values.get(col.PLANNED),
            "reported_attendance": values.get(col.REPORTED),
            "host_id": _pk(self.named(row, col.HOST, self.directory.institution)),
            "theme_id": _pk(self.word(row, col.THEME)),
            "form_id": _pk(self.word(row, col.FORM)),
            "language_id": _pk(self.word(row, col.LANGUAGE)),
            **self.programme(row),
        }
        if self.on_behalf and not self.historical:
            fields["on_behalf_source"] = TrainingSession.Source.LEDGER.value
        if when:
            fields |= {"held_on": when.day, "ends_on": when.last, "start_time": when.start, "end_time": when.end}
            fields["part_of_day"] = PARTS.get(when.part, "")
        audiences, co_organisers = self.audiences(row), self.co_organisers(row, organiser, day)
        fields["audience_text"] = "、".join(f"{audience.name}{number or ''}" for audience, number in audiences)
        fields["co_organiser_text"] = "、".join(name for _, name in co_organisers)
        for column, name in ((col.AUDIENCE, "audience_text"), (col.CO_ORGANISERS, "co_organiser_text")):
            if len(fields[name]) > LIST_LONGEST:
                message = f"{column}共 {len(fields[name])} 个字，最多 {LIST_LONGEST} 个字：请删减"
                row.problem(column, "too_long", message)
        candidate = Candidate(fields, organiser, place, audiences, co_organisers)
        if organiser and when and not KEY_COLUMNS & {problem.column for problem in row.problems}:
            candidate.key = session_key(fields)
        return candidate

    def organiser(self, row, day):
        """(unit, organiser as written); (None, …) with a problem noted when it is unknown or not the user's."""
        written = row.values.get(col.ORGANISER, "")
        if not written:
            if col.ORGANISER in row.raw:  # unreadable; the problem is noted
                return None, ""
            if self.own_unit is None and col.ORGANISER in row.layout.columns:
                row.problem(col.ORGANISER, "missing", "没有填“主办单位”：请写明是哪个单位办的")
            own = self.own_unit and self.directory.units[self.user.unit_on(day).pk]
            return own, CENTRE_NAME if self.centre else ""
        unit = self.named(row, col.ORGANISER, lambda text: self.directory.organiser(text, day))
        theirs = (
            self.centre and unit and self.directory.is_unit_name(written, unit)
        )  # 县教育局 itself is not the centre
        if unit and (unit.pk not in self.allowed or theirs):
            credited = "" if self.directory.is_unit_name(written, unit) else f"（归口{unit.name}）"
            own = CENTRE_NAME if self.centre else self.own_unit or "本县单位"
            message = f"“{written}”{credited}不是您的单位：只能导入{own}的场次"
            row.problem(col.ORGANISER, "not_yours", message)
            return None, written
        return unit, written

    def place(self, row, organiser, day):
        """(division or None, whether outside the county). Without a place it is the organiser's own."""
        if col.PLACE not in row.values:
            own = organiser if col.PLACE not in row.raw else None
            return own and self.directory.place_on(self.directory.places[own.division_id], None), False
        place = self.named(row, col.PLACE, lambda text: self.directory.place(text, day))
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
        return {f"{word._meta.model_name}_id": word.pk} if word else {}

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
        """Groups whose sessions are counted by heads only are named in no public text (PIPL 28)."""
        for column in (col.TITLE, col.VENUE, col.ORGANISER, col.CONTRACTOR, col.CO_ORGANISERS, col.INSTRUCTORS):
            written = row.values.get(column, "")
            written = written if isinstance(written, str) else "、".join(written)
            text = name_key(written)
            name = next((name for key, name in self.protected if key in text), None) if text else None
            if name:
                row.problem(
                    column,
                    "protected_name",
                    f"“{written}”里写了“{name}”：请换成不点明该群体的说法，群体写在培训对象一栏",
                )


def _pk(thing):
    return thing and thing.pk
