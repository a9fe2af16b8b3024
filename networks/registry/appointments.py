"""工作人员 and 联络员通讯录 by workbook: who does what where since when (依据 二(四)2, 三(一), 三(五)).

The name in a row of ours says who holds the appointment, not how somebody is called: another name there is another person, who takes
over on the day of 任职日期. A telephone belongs to the person: left empty it stays as it is, and the rows of one person agree.
"""

from collections import defaultdict

from django.db.models import Max, Min, Q
from django.utils import timezone

from networks.access import barred_from_rewriting, people_to_appoint, units_to_staff
from networks.models import Appointment, Institution, Person, ServiceRecord, SharedResource
from networks.xlsx.names import Names, name_key
from networks.xlsx.problems import Notice, ValueProblem
from networks.xlsx.values import is_blank

from .columns import Choice, Column, Day, Named, Phone, Text, Whole
from .institutions import MOST, path
from .rehearsal import NUMBER, Misfit, Registry
from .since import as_they_were

Function = Appointment.Function
NAME, BODY, PLACE, FUNCTION = "姓名", "机构或单位", "所在地", "岗位"
TITLE, PHONE, SCHOOL, STARTS, ENDS = "职务", "电话", "派出学校", "任职日期", "离任日期"
UNIT = "单位"
OF_UNITS = Appointment.AT_UNITS
OF_INSTITUTIONS = tuple(
    value for value in Function.values if any(value in functions for functions in Appointment.AT_INSTITUTIONS.values())
)
NUMBER_COLUMN = Column(NUMBER, Whole(MOST, least=1), help="系统给的编号，请勿改动；新增的人员留空", width=8)
LATER = (
    Column(
        STARTS,
        Day(),
        "starts_on",
        ("到任日期", "起始日期"),
        help="换人时在原来一行改姓名，并填新任的任职日期",
        width=14,
    ),
    Column(ENDS, Day(), "ends_on", help="不再担任的第一天；不用删行", width=14),
    Column("备注", Text(200), "note", ("说明",), width=24),
)


class Appointments(Registry):
    model = Appointment
    has_telephones = True
    related = ("person", "institution__division__parent", "unit", "school")
    functions: tuple[str, ...] = ()
    at = ""  # the foreign key to the bodies of this registry
    body_column = BODY

    def kept(self):
        return super().kept().filter(**{f"{self.at}__isnull": False}).select_related(*self.related)

    def rows(self):
        """Those who are in office or will be."""
        here = self.kept().filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()))
        return here.order_by("unit__position", "unit_id", "institution__division_id", "institution", "function", "pk")

    def values(self, row):
        place = row.institution.division.path if row.institution else ""
        known = {NUMBER: row.pk, NAME: row.person.name, self.body_column: row.body.name, PHONE: row.person.phone}
        return super().values(row) | known | {PLACE: place}

    # --- what a row is about ------------------------------------------------------------------------

    def load(self):
        self.load_bodies()
        self.load_people()
        self.stored = {row.pk: row for row in self.kept().order_by("pk")}
        self.successors = {row.succeeds_id: row for row in self.stored.values() if row.succeeds_id}
        self.held = defaultdict(list)  # (body, function) → appointments, the open ones first
        for row in sorted(self.stored.values(), key=lambda row: row.ends_on is not None):
            self.held[row.body, row.function].append(row)
        served = ServiceRecord.objects.filter(appointment__in=self.kept().order_by().values("pk"))
        days = served.order_by().values_list("appointment").annotate(first=Min("held_on"), last=Max("held_on"))
        self.served = {key: (first, last) for key, first, last in days}
        self.taken = set()  # stored rows that a row of the file is about

    def look_back(self, moment):
        """A row has moved with its person too: name and telephone are theirs."""
        rows = as_they_were(self.stored.values(), moment, *self.related)
        people = as_they_were({row.person_id: row.person for row in self.stored.values()}.values(), moment)
        for row in self.stored.values():
            if row.pk in rows or row.person_id in people:
                then, person = rows.get(row.pk, row), people.get(row.person_id, row.person)
                known = person and {NAME: person.name, PHONE: person.phone}
                self.before[row.pk] = then and known and self.values(then) | known

    def load_bodies(self):
        """Fills `bodies` and `offered`."""
        raise NotImplementedError

    def load_people(self):
        self.people, self.newcomers = defaultdict(list), defaultdict(list)
        for person in people_to_appoint(self.user).order_by("pk"):
            self.people[name_key(person.name)].append(person)

    def body(self, written, plan):
        """The unit or institution; 所在地 tells institutions of one name apart. Raises Misfit."""
        found = self.bodies.find(written)
        place = plan.row.text(PLACE)
        if len(found) > 1 and place:
            wanted = name_key(place)
            found = [
                b for b in found if isinstance(b, Institution) and wanted in map(name_key, _ways_of_writing(b.division))
            ]
        if not found:
            problem = self.bodies.unknown(written)
            raise Misfit(self.body_column, problem.code, problem.message)
        if len(found) > 1:
            raise Misfit(self.body_column, "ambiguous", f"“{written}”不止一个：请在“所在地”写明是哪个村（社区）的")
        return found[0]

    def find(self, plan, given):
        if NUMBER in given:
            row = self.by_number(given[NUMBER], self.stored)
            name = name_key(plan.row.text(NAME))
            before = self.before.get(row.pk) or {NAME: row.person.name}
            if name and name not in (name_key(row.person.name), name_key(before[NAME])):
                after = self.successors.get(row.pk)
                if after and name == name_key(after.person.name):  # the same sheet once more
                    row = after
                else:
                    plan.extra["takes_over"] = True
        else:
            row = self.by_name(plan, given)
        if row:
            self.taken.add(row.pk)
        return row

    def by_name(self, plan, given):
        """Who holds the function under this name, in office before those who have left."""
        body = self.body(given[self.body_column], plan)
        plan.extra["body"], name = body, name_key(plan.row.text(NAME))
        if not name:
            raise Misfit(NAME, "missing", "没有填“姓名”：请补上")
        same = [
            r for r in self.held[body, given[FUNCTION]] if name_key(r.person.name) == name and r.pk not in self.taken
        ]
        left = plan.row.cells.get(ENDS)
        ends = Day()
        same = [row for row in same if row.ends_on is None or ends.says(row.ends_on, left, self)] or [
            row for row in same if self._is_that_day(left, row.ends_on)
        ]
        if len(same) > 1:
            raise Misfit(
                NAME,
                "ambiguous",
                f"有 {len(same)} 位同名的{Function(given[FUNCTION]).label}：请用下载的表格，按编号填写",
            )
        return same[0] if same else None

    def _is_that_day(self, raw, day):
        try:
            return raw is not None and day is not None and Day().read(raw, self) == day
        except ValueProblem:
            return False

    # --- people -------------------------------------------------------------------------------------

    def settle(self, plans):
        super().settle(plans)
        self.settle_doubles(plans)
        self.settle_phones(plans)

    def check(self, plan):
        stored, row = plan.stored, plan.row
        if stored:
            self.check_body(plan)
        else:
            self.check_function(plan)
        self.check_school(plan)
        if plan.extra.get("takes_over"):
            self.check_succession(plan)
        elif stored:
            plan.changes = [c for c in plan.changes if c[0] != NAME]
            if (
                stored.ends_on
                and stored.ends_on <= timezone.localdate()
                and plan.values.get(ENDS, stored.ends_on) is None
            ):
                row.problem(ENDS, "ended", f"这项任职已于 {stored.ends_on} 结束：重新任职的请另起一行，编号留空")
        starts = plan.values.get(STARTS, stored.starts_on if stored else None)
        ends = plan.values.get(ENDS, None if plan.extra.get("takes_over") else stored and stored.ends_on)
        if starts and ends and ends <= starts:
            row.problem(ENDS, "ends_before_start", f"离任日期 {ends} 应晚于任职日期 {starts}：请核对")
        self.check_services(plan, starts, ends)
        if stored is None or plan.extra.get("takes_over"):
            self.settle_person(plan)

    def check_services(self, plan, starts, ends):
        """Hours that are on record stay within the appointment, as `Appointment.clean` has it."""
        first, last = self.served.get(plan.stored.pk, (None, None)) if plan.stored else (None, None)
        if first is None:
            return
        if plan.extra.get("takes_over"):
            starts, ends = None, starts
        if starts and first < starts:
            plan.row.problem(STARTS, "served", f"{first} 已有服务记录：任职日期不能晚于这一天")
        if ends and last >= ends:
            plan.row.problem(
                STARTS if plan.extra.get("takes_over") else ENDS, "served", f"{last} 还有服务记录：离任应在这一天以后"
            )

    def check_body(self, plan):
        """A numbered row stays where it is; only a different way of writing the same is no change."""
        stored, row = plan.stored, plan.row
        numbered = not is_blank(row.cells.get(NUMBER))
        for column, _, _ in plan.changes if numbered else ():
            if column == self.body_column and stored.body in self.bodies.find(row.text(column)):
                continue
            here = _ways_of_writing(stored.institution.division) if stored.institution else set()
            if column == PLACE and name_key(row.text(PLACE)) in {"", *map(name_key, here)}:
                continue
            if column in (self.body_column, PLACE, FUNCTION):
                row.problem(
                    column, "moved", "编号已有的一行不能改到别处或改岗位：请给它填离任日期，再另起一行（编号留空）"
                )
        plan.changes = [c for c in plan.changes if c[0] not in (self.body_column, PLACE)]

    def check_function(self, plan):
        """What there is to do at a body depends on its kind (二(四)2), on the page as on the sheet."""
        body, function = plan.extra["body"], plan.values[FUNCTION]
        offered = Appointment.functions_at(body)
        if function not in offered:
            labels = "、".join(Function(value).label for value in offered)
            told = f"{body.name}没有“{Function(function).label}”这个岗位，可选的有：{labels}"
            plan.row.problem(FUNCTION, "wrong_function", told)

    def check_school(self, plan):
        """Some functions only are filled by a school; a point's part-timer comes from one of its 学区 (二(四)2)."""
        school = plan.values.get(SCHOOL)
        if school is None or (plan.stored and school == plan.stored.school):
            return
        function = plan.stored.function if plan.stored else plan.values[FUNCTION]
        body = self.body_of(plan)
        if function not in Appointment.FROM_SCHOOLS:
            told = f"{Function(function).label}不由学校派出，请把派出学校留空"
            plan.row.problem(SCHOOL, "no_school", told)
        elif body.kind == Institution.Kind.POINT and body.division_id not in self.catchments[school.pk]:
            message = f"第 {plan.row.number} 行的“{school.name}”不是{body.name}所在学区的学校（二(四)2），照填的登记"
            self.notices.append(Notice(plan.row.sheet, plan.row.number, "other_catchment", message))

    def check_succession(self, plan):
        stored, row = plan.stored, plan.row
        starts = plan.values.get(STARTS)
        if stored.ends_on:
            row.problem(NAME, "ended", f"编号 {stored.pk} 的任职已经结束：新任的人员请另起一行，编号留空")
        elif starts is None or starts == stored.starts_on:
            told = (
                "换了人，请填新任的任职日期" if STARTS in row.cells else "换了人，请加“任职日期”一列并填新任的任职日期"
            )
            row.problem(STARTS if STARTS in row.cells else NAME, "missing", f"{told}；姓名写错的，请在人员页面更正")
        elif stored.starts_on and starts < stored.starts_on:
            row.problem(STARTS, "too_early", f"早于前任的任职日期 {stored.starts_on}：请核对")

    def settle_person(self, plan):
        """Who is meant by a name that the function does not know yet: somebody of the account's, or a new person."""
        row = plan.row
        name, phone = plan.values.get(NAME, ""), plan.values.get(PHONE, "")
        key = name_key(name)
        known = self.people[key]
        same = [p for p in known if phone and p.phone == phone] or [p for p in known if not phone or not p.phone]
        if len(same) > 1:
            row.problem(NAME, "ambiguous", f"名册里有 {len(same)} 位“{name}”：请填电话，好分清是哪一位")
            return
        if same:
            person = same[0]
            message = f"第 {row.number} 行的“{name}”按名册里已有的这个人登记"
            self.notices.append(Notice(row.sheet, row.number, "person_known", message))
        else:
            fresh = [p for p in self.newcomers[key] if not phone or not p.phone or p.phone == phone]
            person = fresh[0] if fresh else Person(county_id=self.user.county_code, name=name)
            if not fresh:
                self.newcomers[key].append(person)
                if known:
                    message = f"第 {row.number} 行的“{name}”与名册里同名的人电话不同，按另一个人登记"
                    self.notices.append(Notice(row.sheet, row.number, "person_new", message))
            person.phone = person.phone or phone
        plan.extra["person"] = person

    def settle_doubles(self, plans):
        """Nobody holds the same function at the same body twice at a time."""
        ended = {p.stored.pk for p in plans if p.stored and (p.extra.get("takes_over") or p.values.get(ENDS))}
        held = {
            (row.person_id, body, function): "系统中已有"
            for (body, function), rows in self.held.items()
            for row in rows
            if row.ends_on is None and row.pk not in ended
        }
        for plan in plans:
            person = plan.extra.get("person")
            if person is None or plan.values.get(ENDS) or plan.row.problems:
                continue
            function = plan.stored.function if plan.stored else plan.values[FUNCTION]
            key = (person.pk or id(person), self.body_of(plan), function)
            if key in held:
                told = f"{person.name}已担任这里的{Function(function).label}（{held[key]}）：请删去一行，或补上离任日期"
                plan.row.problem(NAME, "same_row_twice", told)
            held.setdefault(key, f"第 {plan.row.number} 行")

    def settle_phones(self, plans):
        """One person, one telephone: a new one in any row is for all rows of the person."""
        told, people = {}, {}
        for plan in plans:
            person = self.person_of(plan)
            phone = plan.values.get(PHONE)
            if plan.stored and not plan.extra.get("takes_over") and not phone:
                plan.changes = [c for c in plan.changes if c[0] != PHONE]
            if person is None or person.pk is None or not phone or plan.row.problems:
                continue
            first, said = told.setdefault(person.pk, (plan, phone))
            if said != phone:
                where = f"第 {first.row.number} 行"
                plan.row.problem(PHONE, "phones_differ", f"与{where}同一个人的电话不一致：请改成一样的")
            people.setdefault(person.pk, person)
        moved = [p for p in people.values() if told[p.pk][1] != p.phone]
        reasons = {p.pk: barred_from_rewriting(self.user, p) for p in moved}  # some queries for each changed telephone
        for plan in plans:
            person = self.person_of(plan)
            if person is not None and reasons.get(person.pk) and plan.values.get(PHONE) not in ("", None, person.phone):
                plan.row.problem(PHONE, "barred", f"不能改这个人的电话：{reasons[person.pk]}")
        self.phones = {p.pk: told[p.pk][1] for p in moved}

    @staticmethod
    def body_of(plan):
        return plan.stored.body if plan.stored else plan.extra["body"]

    @staticmethod
    def person_of(plan):
        return plan.extra.get("person") or (plan.stored.person if plan.stored else None)

    # --- storing ------------------------------------------------------------------------------------

    def store(self, plans):
        self.create_people(plans)
        over = [plan for plan in plans if plan.extra.get("takes_over")]
        for plan in over:
            successor = plan.stored.succeed(plan.extra["person"], plan.values[STARTS])
            for column in self.columns:  # what the row says is the successor's, empty cells too
                if column.field and column.name in plan.values:
                    setattr(successor, column.field, plan.values[column.name])
            successor.save()
            plan.extra["row"] = successor
        alike = [p for p in plans if not p.extra.get("takes_over") and self.alters(p)]
        super_rows = super().store(alike)
        self.update_phones(plans)
        return super_rows + [plan.extra["row"] for plan in over]

    def alters(self, plan):
        """Whether the appointment itself is made or changed, not only its person's telephone."""
        return plan.stored is None or any(column != PHONE for column, _, _ in plan.changes)

    def create_people(self, plans):
        new = [person for person in {id(p): p for p in map(self.person_of, plans)}.values() if person.pk is None]
        created = iter(self.create(Person, new))
        for person in new:
            person.pk = person.pk or next(created).pk

    def update_phones(self, plans):
        people = {p.pk: p for p in map(self.person_of, plans) if p.pk in self.phones}
        for person in people.values():
            person.phone = self.phones[person.pk]
        self.update(Person, list(people.values()))

    def fill(self, row, plan):
        super().fill(row, plan)
        if plan.stored is None:
            row.person = plan.extra["person"]
            setattr(row, self.at, plan.extra["body"])

    def options(self):
        return {FUNCTION: [Function(value).label for value in self.functions]}


class Staff(Appointments):
    key, title = "staff", "工作人员"
    about = "各机构的专职人员、专干、兼职教师、授课教师、志愿者、联络员等，一人一岗一行。"
    functions, at = OF_INSTITUTIONS, "institution"
    named_by = NAME
    columns = (
        NUMBER_COLUMN,
        Column(NAME, Text(30), synonyms=("人员", "教师姓名"), key=True, needed=True, width=12),
        Column(
            BODY,
            Text(80),
            synonyms=("机构", "单位", "教学点", "任职单位"),
            key=True,
            needed=True,
            help="机构的名称，从列表中选",
            width=30,
        ),
        Column(PLACE, Text(100), synonyms=("村（社区）", "村"), help="同名的机构才需要填，如 白山镇/新汉村", width=18),
        Column(
            FUNCTION,
            Choice([(value, Function(value).label) for value in OF_INSTITUTIONS]),
            "function",
            ("类别", "人员类别"),
            key=True,
            needed=True,
            width=16,
        ),
        Column(TITLE, Text(50), "title", width=16),
        Column(PHONE, Phone(), synonyms=("联系电话", "手机", "手机号码"), help="留空表示不改", width=16),
        Column(SCHOOL, Named("school"), "school", ("学校",), help="兼职教师由哪所学校派出", width=24),
        Column("专长", Text(100), "specialities", ("特长",), width=20),
        *LATER,
    )

    def load_bodies(self):
        self.bodies = Names(BODY, absent="“{text}”不在您的范围内，或没有这个机构")
        institutions = Institution.objects.kept_by(self.user).select_related("division__parent")
        self.offered = list(institutions.order_by("division_id", "pk"))
        for institution in self.offered:
            for name in institution.all_names:
                self.bodies.add(name, institution)
        self.schools, self.catchments = Names(SCHOOL), {}
        schools = SharedResource.objects.visible_to(self.user).filter(kind=SharedResource.Kind.SCHOOL)
        schools = schools.exclude(closed_on__lte=timezone.localdate()).order_by("division_id", "pk")
        for school in schools.select_related("division__parent").prefetch_related("serves"):
            self.schools.add(school.name, school)
            self.catchments[school.pk] = {place.pk for place in school.serves.all()}

    def school(self, text):
        return self.schools.only(text, lambda found: f"{found.division.path}的{found.name}")

    def options(self):
        names = [row.name for row in self.offered if row.state != Institution.State.CLOSED]
        schools = [things[0].name for things in self.schools.things.values()]
        return super().options() | {BODY: list(dict.fromkeys(names)), SCHOOL: schools}


class Contacts(Appointments):
    key, title = "contacts", "联络员通讯录"
    about = "各单位、各乡镇的分管领导和联络员。"
    functions, at = OF_UNITS, "unit"
    body_column = named_by = UNIT
    printed_ahead = True
    columns = (
        NUMBER_COLUMN,
        Column(UNIT, Text(80), synonyms=("成员单位", "责任单位", "单位名称"), key=True, needed=True, width=30),
        Column(
            FUNCTION,
            Choice(
                [(value.value, value.label) for value in OF_UNITS], also={"分管": "supervisor", "联系人": "contact"}
            ),
            "function",
            ("类别", "身份"),
            key=True,
            needed=True,
            width=12,
        ),
        Column(NAME, Text(30), synonyms=("联系人", "联络员"), needed=True, width=12),
        Column(TITLE, Text(50), "title", width=18),
        Column(PHONE, Phone(), synonyms=("联系电话", "手机", "手机号码", "办公电话"), help="留空表示不改", width=16),
        *LATER,
    )

    @classmethod
    def kept_in_part_by(cls, user):
        return units_to_staff(user).exists()

    def load_bodies(self):
        self.bodies = Names(UNIT, absent="“{text}”不在您的范围内，或没有这个单位")
        self.offered = list(units_to_staff(self.user))
        for unit in self.offered:
            for name in unit.all_names:
                self.bodies.add(name, unit)

    def by_name(self, plan, given):
        """Under this name; else whoever alone holds the function and is named by no other row: somebody takes over."""
        found = super().by_name(plan, given)
        if found is None:
            plan.extra["waits"] = True
        return found

    def settle(self, plans):
        for plan in plans:
            if plan.extra.get("waits") and not plan.row.problems:
                function = plan.values[FUNCTION]
                left = [
                    r for r in self.held[plan.extra["body"], function] if r.ends_on is None and r.pk not in self.taken
                ]
                if len(left) > 1:
                    names = "、".join(row.person.name for row in left)
                    plan.row.problem(
                        NAME, "ambiguous", f"这个单位的{Function(function).label}有 {names}：请用下载的表格，按编号填写"
                    )
                elif left:
                    plan.stored, plan.extra["takes_over"] = left[0], True
                    self.taken.add(left[0].pk)
                    plan.change(NAME, left[0].person.name, plan.values[NAME])
                    stored = self.values(left[0])
                    for column in self.columns:  # what the row says is the successor's; an empty telephone says nothing
                        value = plan.values.get(column.name)
                        told = column.name not in (UNIT, FUNCTION, NAME) and (value or column.name != PHONE)
                        if column.name in plan.values and told and value != stored[column.name]:
                            plan.change(column.name, column.kind.shown(stored[column.name]), column.kind.shown(value))
        super().settle(plans)

    def options(self):
        return super().options() | {UNIT: [unit.name for unit in self.offered]}


def _ways_of_writing(place):
    return {place.name, place.short_name, path(place), path(place).replace("/", "")}
