"""XL-6: what a registry lets out comes back in as it was, whatever is stored; and an edit comes in as exactly that edit."""

import datetime
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.annual import LINES as LINES_OF_THE_SHEET
from networks.models import AnnualFigure, Appointment, Fund, Institution, MemberUnit, Person, SharedResource
from networks.models.figures import MOST_PEOPLE
from networks.names import clean_lines, clean_text, has_id_number
from networks.registry import REGISTRIES, workbook
from networks.xlsx.writing import escaped

from ..tries import tries
from .registry_files import changes_of, edited, exported, rehearsed, sheet_of, taken_in

PROPERTY = settings(max_examples=tries(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RARE = [
    "韦㛃𠅤",
    "覃·某",
    "=1+1",
    "＝1+1",
    "+86",
    "-1",
    "@SUM(A1)",
    "'=1",
    "_x0041_",
    "#N/A",
    "TRUE",
    "1e5",
    "2026-03-05",
    "山  歌",
]
ANY = st.sampled_from(RARE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LINE = ANY.filter(lambda text: clean_text(text) == text and not has_id_number(text))
NAME = LINE.filter(bool)
LINES = st.lists(NAME.map(lambda text: text[:20]), max_size=3).map("\n".join).filter(lambda t: clean_lines(t) == t)
DAY = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 30))
FIGURE = st.none() | st.integers(0, 32_000)
KEYS = list(REGISTRIES)


def nothing_changes(user, key):
    rehearsal = rehearsed(workbook(REGISTRIES[key](user))[0], user, key)
    assert [problem.message for problem in rehearsal.errors] == []
    assert changes_of(rehearsal) == []
    return rehearsal.counts["unchanged"]


@given(
    st.fixed_dictionaries(
        {
            "name": NAME,
            "aliases": LINES,
            "hosts": LINES,
            "address": LINE,
            "phone": LINE,
            "posts": FIGURE,
            "rooms": FIGURE,
            "seats": FIGURE,
            "computers": FIGURE,
            "books": FIGURE,
        }
    ),
    st.none() | st.tuples(st.sampled_from(["preparing", "open", "suspended", "closed"]), DAY),
)
@PROPERTY
def test_xl_6_institutions_come_back_as_they_went_out(world, fields, state):
    row = Institution.objects.get(division=world.places["新汉村"])
    state, since = state or ("unconfirmed", None)
    Institution.objects.filter(pk=row.pk).update(**fields, state=state, state_since=since)
    for user in (world.bureau, world.centre):
        assert nothing_changes(user, "institutions") == 6
    assert nothing_changes(world.town, "institutions") == 3


@given(
    st.tuples(NAME, LINE, LINE),
    st.fixed_dictionaries({"title": LINE, "specialities": LINE, "note": LINE}),
    st.none() | DAY,
    st.booleans(),
)
@PROPERTY
def test_xl_6_staff_and_contacts_come_back_as_they_went_out(world, person, fields, starts_on, sent):
    name, phone, post = person
    someone = Person.objects.create(county=world.county, name=name, phone=phone[:30], post=post)
    point = Institution.objects.get(division=world.places["新汉村"])
    school = SharedResource.objects.create(division=point.division, kind="school", name="新汉小学", unit=world.ours)
    given_ = {"person": someone, "starts_on": starts_on, **fields}
    at_unit = {"title": fields["title"], "note": fields["note"], "person": someone, "starts_on": starts_on}
    rows = [
        Appointment(institution=point, function="part_time", school=school if sent else None, **given_),
        Appointment(unit=world.ours, function="contact", **at_unit),
        Appointment(unit=world.ours, function="supervisor", **at_unit),
    ]
    Appointment.objects.bulk_create(rows)
    try:
        for user in (world.bureau, world.town):
            assert nothing_changes(user, "staff") == 1
            assert nothing_changes(user, "contacts") == 2
    finally:
        Appointment.objects.all().delete()
        school.delete()


MONEY = st.none() | st.decimals(0, "999999999999.99", places=2)
FIGURES = st.lists(
    st.tuples(st.sampled_from(LINES_OF_THE_SHEET), st.integers(0, MOST_PEOPLE), st.sampled_from("甲乙") | NAME, LINE),
    unique_by=lambda told: told[0].key,
    max_size=6,
)


@given(st.integers(2000, 2099), FIGURES, FIGURES, st.tuples(MONEY, MONEY, LINE))
@PROPERTY
def test_xl_6_annual_figures_and_funds_come_back_as_they_went_out(world, year, ours, theirs, money):
    AnnualFigure.objects.all().delete()
    Fund.objects.all().delete()
    for place, figures in (("白山镇", ours), ("新汉村", theirs)):
        for line, value, source, method in figures:
            told = {"kind": line.kind, "basis": line.basis, "value": value, "source": source}
            told["method"] = method or "按名册" if line.needs_method else method
            AnnualFigure.objects.create(division=world.places[place], year=year, **told)
    budgeted, paid, note = money
    funded = budgeted is not None or paid is not None
    if funded:
        row = {"division": world.places["白山镇"], "year": year, "budgeted": budgeted, "paid": paid, "note": note}
        Fund.objects.create(**row, source="public")
    nothing_changes(world.centre, "figures")
    rows = bool(ours or funded) + bool(theirs)
    for user in (world.town, world.bureau):
        assert nothing_changes(user, "figures") == rows


@given(NAME, LINES, LINE, st.integers(0, 500), DAY.filter(lambda day: day <= datetime.date(2026, 1, 1)))
@PROPERTY
def test_an_edited_export_comes_in_as_exactly_the_edit_and_once_more_as_nothing(
    world, name, hosts, address, seats, day
):
    row = Institution.objects.get(division=world.places["新汉村"])
    Institution.objects.filter(pk=row.pk).update(
        state="unconfirmed", state_since=None, hosts="", address="", seats=None
    )
    row.states.all().delete()
    before = {r.pk: r for r in Institution.objects.all()}
    book = exported(world.town, "institutions")
    at = next(r for r in range(2, 5) if book.worksheets[0].cell(r, 1).value == row.pk)
    content = edited(
        book,
        {
            (at, "名称"): escaped(name),
            (at, "承办单位"): escaped(hosts) or None,
            (at, "地址"): escaped(address) or None,
            (at, "座位（个）"): seats,
            (at, "状态"): "已开办",
            (at, "状态起始日期"): day.isoformat(),
        },
    )
    for cell in ("名称", "地址", "承办单位"):  # openpyxl would make formulas of =1+1
        column = next(c.column for c in book.worksheets[0][1] if c.value == cell)
        book.worksheets[0].cell(at, column).data_type = "s"
    content = edited(book, {})
    taken_in(content, world.town, "institutions")
    after = {r.pk: r for r in Institution.objects.all()}
    changed = after.pop(row.pk)
    wanted = "\n".join(
        dict.fromkeys(
            p.strip() for p in hosts.replace("、", "\n").replace("；", "\n").replace(";", "\n").split("\n") if p.strip()
        )
    )
    assert (changed.name, changed.hosts, changed.address, changed.seats) == (name, wanted, address, seats)
    assert (changed.state, changed.state_since) == ("open", day)
    assert all(vars(after[pk]) | {"_state": 0} == vars(before[pk]) | {"_state": 0} for pk in after)
    assert changes_of(rehearsed(content, world.town, "institutions")) == []


@pytest.mark.parametrize("text", RARE)
def test_xl_8_no_registry_lets_out_a_formula(world, text):
    Institution.objects.update(address=text, aliases=text, hosts=text)
    MemberUnit.objects.filter(pk=world.ours.pk).update(name=text)
    someone = Person.objects.create(county=world.county, name=text, phone=text)
    point = Institution.objects.get(division=world.places["新汉村"])
    Institution.objects.filter(pk=point.pk).update(name=text)
    Appointment.objects.create(person=someone, institution=point, function="volunteer", title=text, note=text)
    Appointment.objects.create(person=someone, unit=world.ours, function="contact", title=text)
    AnnualFigure.objects.create(division=world.county, year=2026, kind="elderly", value=5, source=text, method=text)
    Fund.objects.create(division=world.county, year=2026, source="other", paid="1.50", note=text)
    for key in KEYS:
        content, rows = workbook(REGISTRIES[key](world.bureau))
        assert rows
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for name in package.namelist():
                if name.startswith("xl/worksheets/sheet"):
                    assert b"<f>" not in package.read(name)
        for line in sheet_of(content).iter_rows():
            assert {cell.data_type for cell in line if cell.value is not None} <= {"s", "n", "d"}
        said = [c.value for line in sheet_of(content).iter_rows(min_row=2) for c in line if isinstance(c.value, str)]
        assert text in [value.replace("_x005F_", "_") for value in said]
        assert nothing_changes(world.bureau, key)


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_registry_goes_out_as_a_form_with_lists_and_comes_back_as_nothing(world, key):
    Institution.objects.all().delete()
    content, rows = workbook(REGISTRIES[key](world.town))
    assert rows == 0
    sheet = sheet_of(content)
    assert [cell.value for cell in sheet[1]] == [column.name for column in REGISTRIES[key].columns]
    assert sheet.freeze_panes
    desk = REGISTRIES[key](world.town)
    desk.load()
    assert len(sheet.data_validations.dataValidation) == sum(map(bool, desk.options().values())) >= 1
    assert rehearsed(content, world.town, key).counts["rows"] == 0
