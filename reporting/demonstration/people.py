"""Who works in the demonstration's network: contacts of units, staff of schools and points, helpers with their hours, and the
leading groups. All names, numbers and dates are invented; the gaps and slips are there to be seen.
"""

import datetime
import random
from decimal import Decimal

from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from networks.models import (
    Appointment,
    Division,
    Institution,
    LeadingGroup,
    MemberUnit,
    Person,
    Seat,
    SeatHolder,
    ServiceRecord,
    SharedResource,
    User,
)

from .script import MARK

Function = Appointment.Function
SURNAMES = "韦覃蓝黄陆蒙潘罗卢农石唐周李莫"
GIVEN = ["春兰", "志强", "美玲", "建国", "秀英", "海燕", "丽萍", "文华", "艳红", "庆丰", "桂花", "永福", "小梅", "家旺"]
NO_CONTACT, NO_SUPERVISOR, NO_OFFICER = "tw", "450124201", "450124201"
TWO_OFFICERS, NEW_OFFICER = "450124102", "450124105"
SERVED = {  # function: what was done
    Function.VOLUNTEER: ["教老人使用手机", "山歌排练", "农家书屋值班", "清洁和秩序维护"],
    Function.COUNSELLOR: ["少先队会鼓兴趣班", "暑期安全教育", "扁担舞传习"],
    Function.VETERAN: ["给青少年讲家乡史", "书法辅导", "家庭教育讲座"],
}


def employ(county: Division, today: datetime.date) -> None:
    """Fills the county's registry of people; the same for every `today` of a year."""
    cast = _Cast(county, today)
    cast.units()
    cast.schools()
    cast.points()
    cast.store()
    _serve(cast)
    _lead(county, cast)


def schools_by_village(county: Division) -> dict[str, SharedResource]:
    """The school in whose 学区 each village lies; `sharing` has written them."""
    schools = SharedResource.objects.filter(kind=SharedResource.Kind.SCHOOL, unit__county=county)
    return {village.pk: school for school in schools.prefetch_related("serves") for village in school.serves.all()}


class _Cast:
    """People and appointments to be stored together."""

    def __init__(self, county: Division, today: datetime.date) -> None:
        self.county, self.today = county, today
        self.chance = random.Random(f"people {today.year}")
        self.accounts = {user.username: user.person for user in User.objects.select_related("person")}
        self.by = {"default_user": User.objects.get(username="bureau"), "default_change_reason": f"{MARK}：登记人员"}
        self.new: list[Person] = []
        self.rows: list[Appointment] = []
        self.successors: list[tuple[Appointment, Appointment]] = []
        self.numbers = iter(range(1, 10_000))

    def somebody(self, name: str = "") -> Person:
        """An invented person with an invented number."""
        name = name or self.chance.choice(SURNAMES) + self.chance.choice(GIVEN)
        person = Person(county=self.county, name=f"演示·{name}", post=MARK, phone=self.mobile())
        self.new.append(person)
        return person

    def mobile(self) -> str:
        return f"139 0000 {next(self.numbers):04}"

    def appoint(self, person: Person, body: Institution | MemberUnit, function: str, **values: object) -> Appointment:
        key = "unit" if isinstance(body, MemberUnit) else "institution"
        values.setdefault("starts_on", datetime.date(self.today.year - self.chance.randint(1, 3), 3, 1))
        self.rows.append(Appointment(person=person, function=function, note=MARK, **{key: body}, **values))
        return self.rows[-1]

    def units(self) -> None:
        """分管领导 and 联络员 of nearly all; who has an account is that person."""
        for unit in MemberUnit.objects.filter(county=self.county, terms__fact="quota").distinct():
            township = unit.kind == MemberUnit.Kind.TOWNSHIP
            officer = self.accounts.get(f"town-{unit.code}" if township else f"unit-{unit.code}")
            head = self.accounts.get(f"head-{unit.code}")
            if unit.code != NO_SUPERVISOR:
                title = ("副镇长" if "镇" in unit.short_name else "副乡长") if township else "副职领导"
                self.appoint(head or self.somebody(), unit, Function.SUPERVISOR, title=title)
            if unit.code != NO_CONTACT:
                title = "社区教育专干" if township else "办公室干部"
                self.appoint(officer or self.somebody(), unit, Function.CONTACT, title=title)

    def schools(self) -> None:
        """The centre's three, each school's 专干: one school has two, one none, one a new one."""
        kinds = Institution.Kind
        centre = Institution.objects.get(division=self.county, kind=kinds.CENTRE)
        for person in [self.accounts["centre"], self.somebody(), self.somebody()]:
            self.appoint(person, centre, Function.FULL_TIME, title="教师")
        self.appoint(self.somebody(), centre, Function.INSTRUCTOR, specialities="种桑养蚕、黑山羊养殖")
        for school in Institution.objects.filter(division__parent=self.county, kind=kinds.SCHOOL).order_by("pk"):
            code, officer = school.division_id, self.accounts[f"town-{school.division_id}"]
            since = datetime.date(self.today.year - 1, 9, 1)
            if code == NEW_OFFICER:
                values = {"starts_on": datetime.date(self.today.year - 4, 9, 1), "ends_on": since}
                before = self.appoint(self.somebody(), school, Function.OFFICER, **values)
                self.successors.append((before, self.appoint(officer, school, Function.OFFICER, starts_on=since)))
            elif code != NO_OFFICER:
                self.appoint(officer, school, Function.OFFICER, title="教师")
            if code == TWO_OFFICERS:
                self.appoint(self.somebody(), school, Function.OFFICER, title="教师")
            self.appoint(self.somebody(), school, self.chance.choice([Function.VOLUNTEER, Function.VETERAN]))

    def points(self) -> None:
        """Part-timers at most of the points that run, and helpers at some."""
        points = Institution.objects.filter(kind=Institution.Kind.POINT, division__code__startswith=self.county.pk)
        running = list(points.filter(state=Institution.State.OPEN).select_related("division").order_by("division_id"))
        schools = schools_by_village(self.county)
        elsewhere = schools[running[-1].division_id]  # of another 学区: a slip to be seen
        for number, point in enumerate(running):
            school = elsewhere if number == 0 else None if number % 8 == 7 else schools[point.division_id]
            if number % 9 != 5:
                self.appoint(self.somebody(), point, Function.PART_TIME, school=school, title="小学教师")
            if number % 4 == 0:
                self.appoint(self.somebody(), point, Function.PART_TIME, school=school, title="小学教师")
            if number % 5 == 1:
                self.appoint(self.somebody(), point, self.chance.choice(list(SERVED)))

    def store(self) -> None:
        known = list(self.accounts.values())
        for number, person in enumerate(known, start=1):
            person.phone = f"0771-6000{number:03}"
        bulk_update_with_history(known, Person, ["phone"], **self.by)
        bulk_create_with_history(self.new, Person, **self.by)
        for row in self.rows:
            row.person_id = row.person.pk
        bulk_create_with_history(self.rows, Appointment, **self.by)
        for before, after in self.successors:
            after.succeeds = before
        bulk_update_with_history([after for _, after in self.successors], Appointment, ["succeeds"], **self.by)


def _serve(cast: _Cast) -> None:
    """Hours of this year and the last for most helpers."""
    records, chance, known = [], cast.chance, set()
    for row in cast.rows:
        if not row.is_helper or chance.random() < 0.15:
            continue
        for _ in range(chance.randint(2, 7)):
            day = datetime.date(cast.today.year, 1, 5) - datetime.timedelta(chance.randint(-300, 300))
            if row.starts_on <= day <= cast.today:
                hours = Decimal(chance.randint(2, 16)) / 2
                what = chance.choice(SERVED[row.function])
                if (row.pk, day, what) in known:
                    continue
                known.add((row.pk, day, what))
                records.append(ServiceRecord(appointment=row, held_on=day, hours=hours, what=what))
    bulk_create_with_history(records, ServiceRecord, **cast.by)


def _lead(county: Division, cast: _Cast) -> None:
    """The county group's holders, one seat vacant and one that changed hands; and two townships' groups."""
    group = LeadingGroup.objects.get(division=county)
    seats = list(group.seats.all())
    people, holders = [], []
    for code, basis in [("450124100", "白政发〔2019〕8号"), ("450124103", "古政发〔2019〕5号")]:
        seats += _township_seats(Division.objects.get(pk=code), basis)
    for seat in seats:
        if seat.unit and seat.unit.code == "lgj":
            continue
        township = seat.group_id != group.pk
        terms = [(cast.today.year - 2, None)]
        if seat.rank == Seat.Rank.DEPUTY and not township and seat.unit.code == "jyj":
            terms = [(cast.today.year - 4, cast.today.year - 2), *terms]
        for begins, ends in terms:
            person = Person(county=county, name=f"演示·{cast.chance.choice(SURNAMES)}某", post=MARK)
            people.append(person)
            dates = {"starts_on": datetime.date(begins, 3, 15), "ends_on": ends and datetime.date(ends, 3, 15)}
            holders.append(SeatHolder(seat=seat, person=person, **dates))
    holders[0].titles = "县委常委、宣传部部长"
    bulk_create_with_history(people, Person, **cast.by)
    for holder in holders:
        holder.person_id = holder.person.pk
    bulk_create_with_history(holders, SeatHolder, **cast.by)


def _township_seats(place: Division, basis: str) -> list[Seat]:
    """A township's group as townships set theirs up."""
    unit = MemberUnit.objects.get(division=place, kind=MemberUnit.Kind.TOWNSHIP)
    since = datetime.date(2019, 3, 15)
    group = LeadingGroup.objects.create(
        division=place,
        name=f"{place.name}社区教育发展工作领导小组",
        basis=f"{basis}（{MARK}）",
        set_up_on=since,
    )
    posts = [
        (Seat.Rank.HEAD, "镇长"),
        (Seat.Rank.DEPUTY, "分管副镇长"),
        (Seat.Rank.MEMBER, "文化站站长"),
        (Seat.Rank.MEMBER, "成人文化技术学校校长"),
        (Seat.Rank.MEMBER, "中心学校校长"),
        (Seat.Rank.OFFICE_HEAD, "分管副镇长（兼）"),
    ]
    return [
        Seat.objects.create(group=group, rank=rank, post=post, unit=unit, position=position, starts_on=since)
        for position, (rank, post) in enumerate(posts, start=1)
    ]
