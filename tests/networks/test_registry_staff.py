"""Staff and contacts by workbook: who is meant by a name, who takes over, and whose telephone changes."""

import datetime

import pytest

from networks.models import Appointment, Institution, Person, ServiceRecord, SharedResource
from tests.trainings.workbook_files import book

from .registry_files import changes_of, edited, exported, rehearsed, taken_in, told

STAFF = ["姓名", "机构或单位", "岗位", "电话", "任职日期", "离任日期"]
CONTACTS = ["单位", "岗位", "姓名", "电话", "任职日期", "离任日期"]
DAY = datetime.date(2020, 9, 1)


@pytest.fixture
def w(world):
    """The world with a part-time teacher at 新汉村 and one at 羊山村, and 白山镇's contact."""
    world.point = Institution.objects.get(division=world.places["新汉村"])
    world.their_point = Institution.objects.get(division=world.places["羊山村"])

    def appoint(name, phone="", **fields):
        person = Person.objects.create(county=world.county, name=name, phone=phone)
        return Appointment.objects.create(person=person, starts_on=DAY, **fields)

    world.appoint = appoint
    world.wei = appoint("韦某", "13800138001", institution=world.point, function="part_time")
    world.lan = appoint("蓝某", "13800138002", institution=world.their_point, function="part_time")
    world.contact = appoint("覃某", "13800138003", unit=world.ours, function="contact")
    return world


def test_a_sheet_leaves_no_hours_outside_an_appointment(w):
    helper = w.appoint("陆某", "13800138004", institution=w.point, function="volunteer")
    for day in ["2024-03-01", "2024-05-01"]:
        ServiceRecord.objects.create(appointment=helper, held_on=day, hours=2, what="书法")
    row = ["陆某", "新汉村教学点", "志愿者", None]
    for dates, column in [(["2024-03-02", None], "任职日期"), ([None, "2024-05-01"], "离任日期")]:
        assert told(rehearsed(staff([*row, *dates]), w.town, "staff")) == [(2, column, "served")]
    book = exported(w.town, "staff")
    place = next(cells[0].row for cells in book.worksheets[0] if "陆某" in {cell.value for cell in cells})
    over = edited(book, {(place, "姓名"): "覃某某", (place, "任职日期"): "2024-05-01"})
    assert told(rehearsed(over, w.town, "staff")) == [(place, "任职日期", "served")]
    assert taken_in(staff([*row, "2024-03-01", "2024-05-02"]), w.town, "staff").counts["changed"] == 1


def staff(*rows):
    return book([STAFF, *rows])


def contacts(*rows):
    return book([CONTACTS, *rows])


def test_a_new_name_makes_a_person_once_for_two_functions(w):
    rows = [
        ["黄某", "新汉村教学点", "志愿者", 13800138009, "2024-03-01"],
        ["黄 某", "白山镇社区学校", "授课教师", None, None],
    ]
    rehearsal = taken_in(staff(*rows), w.town, "staff")
    assert rehearsal.counts["created"] == 2
    person = Person.objects.get(name="黄某")
    assert (person.phone, person.county) == ("13800138009", w.county)
    assert set(person.appointments.values_list("function", "institution__name", "starts_on")) == {
        ("volunteer", "新汉村社区教育教学点", datetime.date(2024, 3, 1)),
        ("instructor", "白山镇社区学校", None),
    }
    assert person.history.first().history_change_reason == "表格导入"
    again = rehearsed(staff(*rows), w.town, "staff")
    assert (again.counts["unchanged"], again.counts["errors"]) == (2, 0)


def test_a_known_person_is_not_entered_twice_and_a_namesake_is_another(w):
    rows = [["韦某", "白山镇社区学校", "授课教师", "13800138001"], ["韦某", "白山镇社区学校", "志愿者", "13900139000"]]
    rehearsal = taken_in(staff(*rows), w.town, "staff")
    assert [n.code for n in rehearsal.notices] == ["person_known", "person_new"]
    assert w.wei.person.appointments.count() == 2
    assert Person.objects.filter(name="韦某").count() == 2
    unclear = rehearsed(staff(["韦某", "新兴社区教学点", "志愿者"]), w.town, "staff")
    assert told(unclear) == [(2, "姓名", "ambiguous")]


def test_a_person_of_another_township_is_not_found_and_gives_nothing_away(w):
    rehearsal = rehearsed(staff(["蓝某", "新汉村教学点", "志愿者", None]), w.town, "staff")
    assert (rehearsal.counts["created"], rehearsal.notices) == (1, [])
    wrong = rehearsed(staff(["甲", "羊山村社区教育教学点", "志愿者"], ["乙", "天上教学点", "志愿者"]), w.town, "staff")
    assert told(wrong) == [(2, "机构或单位", "unknown"), (3, "机构或单位", "unknown")]
    assert not any("羊山村" in p.message.replace("“羊山村社区教育教学点”", "") for p in wrong.errors)
    numbered = book(
        [
            ["编号", *STAFF],
            [w.lan.pk, "蓝某", "羊山村社区教育教学点", "兼职教师"],
            [99999, "蓝某", "新汉村教学点", "兼职教师"],
        ]
    )
    assert [p.message.replace(str(w.lan.pk), "99999") for p in rehearsed(numbered, w.town, "staff").errors] == [
        "编号 99999 不在您的范围内，或没有这个编号：新增的行请把编号留空"
    ] * 2


def test_leaving_is_a_date_and_no_row_that_is_missing(w):
    assert changes_of(rehearsed(staff(["黄某", "新汉村教学点", "志愿者"]), w.town, "staff")) == [(2, "new", [])]
    content = edited(exported(w.town, "staff"), {(2, "离任日期"): "2025-07-01"})
    assert changes_of(taken_in(content, w.town, "staff")) == [(2, "changed", [("离任日期", "（空）", "2025-07-01")])]
    w.wei.refresh_from_db()
    assert (w.wei.ends_on, w.wei.version) == (datetime.date(2025, 7, 1), 1)
    assert changes_of(rehearsed(content, w.town, "staff")) == []
    back = edited(
        exported(w.town, "staff"),
        {},
        rows=[{"编号": w.wei.pk, "姓名": "韦某", "机构或单位": "新汉村教学点", "岗位": "兼职教师"}],
    )
    assert told(rehearsed(back, w.town, "staff")) == [(2, "离任日期", "ended")]
    too_early = edited(exported(w.town2, "staff"), {(2, "离任日期"): "2020-09-01"})
    assert told(rehearsed(too_early, w.town2, "staff")) == [(2, "离任日期", "ends_before_start")]


def test_another_name_in_a_numbered_row_is_a_successor_with_a_date_of_his_own(w):
    content = edited(exported(w.town, "staff"), {(2, "姓名"): "黄某"})
    assert told(rehearsed(content, w.town, "staff")) == [(2, "任职日期", "missing")]
    changes = {(2, "姓名"): "黄某", (2, "任职日期"): "2026-03-01", (2, "电话"): "13800138009"}
    content = edited(exported(w.town, "staff"), changes)
    taken_in(content, w.town, "staff")
    w.wei.refresh_from_db()
    successor = w.wei.succeeded_by
    assert (w.wei.ends_on, w.wei.person.name, w.wei.person.phone) == (datetime.date(2026, 3, 1), "韦某", "13800138001")
    assert (successor.person.name, successor.person.phone) == ("黄某", "13800138009")
    assert (successor.institution, successor.function, successor.starts_on) == (w.point, "part_time", w.wei.ends_on)
    assert changes_of(rehearsed(content, w.town, "staff")) == []


def test_a_numbered_row_stays_where_it_is(w):
    for column, value in [("机构或单位", "白山镇社区学校"), ("岗位", "志愿者"), ("所在地", "白山镇")]:
        content = edited(exported(w.town, "staff"), {(2, column): value})
        assert told(rehearsed(content, w.town, "staff")) == [(2, column, "moved")]
    content = edited(exported(w.town, "staff"), {(2, "机构或单位"): "新汉村教学点", (2, "所在地"): "新汉村委会"})
    assert changes_of(rehearsed(content, w.town, "staff")) == []


def test_a_telephone_belongs_to_the_person_and_empty_leaves_it(w):
    Appointment.objects.create(person=w.wei.person, institution=w.point, function="volunteer")
    one = edited(exported(w.town, "staff"), {(2, "电话"): "0771-6822001"})
    assert told(rehearsed(one, w.town, "staff")) == [(3, "电话", "phones_differ")]
    both = edited(exported(w.town, "staff"), {(2, "电话"): "0771-6822001", (3, "电话"): "0771-6822001"})
    taken_in(both, w.town, "staff")
    w.wei.person.refresh_from_db()
    assert w.wei.person.phone == "0771-6822001"
    assert w.wei.person.history.first().history_user == w.town
    empty = edited(exported(w.town, "staff"), {(2, "电话"): None, (3, "电话"): None})
    assert changes_of(rehearsed(empty, w.town, "staff")) == []


def test_whoever_works_elsewhere_too_keeps_the_telephone(w):
    Appointment.objects.create(person=w.wei.person, institution=w.their_point, function="volunteer")
    content = edited(exported(w.town, "staff"), {(2, "电话"): "0771-6822001"})
    rehearsal = rehearsed(content, w.town, "staff")
    assert told(rehearsal) == [(2, "电话", "barred")]
    assert rehearsal.errors[0].message == "不能改这个人的电话：这个人还在别的单位任职，姓名和电话由县教育局修改"
    judge = w.appoint("判官", unit=w.jyj, function="contact").person
    w.bureau.person = judge
    w.bureau.save()
    content = edited(exported(w.centre, "contacts"), {(3, "电话"): "0771-6822001"})
    assert told(rehearsed(content, w.centre, "contacts")) == [(3, "电话", "barred")]
    assert changes_of(rehearsed(content, w.bureau, "contacts"))


def test_a_part_time_teacher_comes_from_a_known_school(w):
    school = SharedResource.objects.create(division=w.point.division, kind="school", name="新汉小学", unit=w.ours)
    content = edited(exported(w.town, "staff"), {(2, "派出学校"): "新汉小学"})
    taken_in(content, w.town, "staff")
    w.wei.refresh_from_db()
    assert w.wei.school == school
    content = edited(exported(w.town, "staff"), {(2, "派出学校"): "新汗小学"})
    rehearsal = rehearsed(content, w.town, "staff")
    assert "相近的有：新汉小学" in rehearsal.errors[0].message


def test_institutions_of_one_name_are_told_apart_by_their_place(w):
    other = Institution.objects.create(division=w.places["新兴社区"], kind="point", name="夜校")
    Institution.objects.create(division=w.places["新汉村"], kind="point", name="夜校")
    head = ["姓名", "机构或单位", "岗位", "所在地"]
    rehearsal = rehearsed(book([head, ["黄某", "夜校", "志愿者", None]]), w.town, "staff")
    assert told(rehearsal) == [(2, "机构或单位", "ambiguous")]
    content = book([head, ["黄某", "夜校", "志愿者", "白山镇/新兴社区"]])
    taken_in(content, w.town, "staff")
    assert Appointment.objects.get(person__name="黄某").institution == other
    assert rehearsed(content, w.town, "staff").counts["unchanged"] == 1


# --- contacts --------------------------------------------------------------------------------------------


def test_whoever_alone_holds_the_function_is_succeeded_by_another_name(w):
    content = contacts(["白山镇", "联络员", "黄某", "13800138009", "2026-03-01"])
    rehearsal = taken_in(content, w.bureau, "contacts")
    assert changes_of(rehearsal) == [
        (
            2,
            "changed",
            [
                ("姓名", "覃某", "黄某"),
                ("电话", "13800138003", "13800138009"),
                ("任职日期", "2020-09-01", "2026-03-01"),
            ],
        )
    ]
    w.contact.refresh_from_db()
    assert (w.contact.ends_on, w.contact.succeeded_by.person.name) == (datetime.date(2026, 3, 1), "黄某")
    assert rehearsed(content, w.bureau, "contacts").counts["unchanged"] == 1
    assert told(rehearsed(contacts(["白山镇", "联络员", "蒙某"]), w.bureau, "contacts")) == [(2, "任职日期", "missing")]


def test_a_second_contact_beside_the_first_is_an_addition(w):
    rows = [
        ["白山镇", "联络员", "覃某", None, "2020-09-01"],
        ["白山镇", "联络员", "黄某"],
        ["白山镇", "分管领导", None],
    ]
    rehearsal = taken_in(contacts(*rows), w.town, "contacts")
    assert (rehearsal.counts["created"], rehearsal.counts["unchanged"], rehearsal.counts["skipped"]) == (1, 1, 1)
    assert told(rehearsed(contacts(["白山镇", "联络员", "蒙某", None, "2026-03-01"]), w.town, "contacts")) == [
        (2, "姓名", "ambiguous")
    ]


def test_contacts_go_to_whoever_keeps_them_and_to_nobody_else(w):
    w.appoint("罗某", "13800138008", unit=w.wxgtj, function="supervisor")

    def people(user):
        return {row[3].value for row in exported(user, "contacts").worksheets[0].iter_rows(min_row=2)} - {None}

    assert people(w.bureau) == people(w.centre) == {"覃某", "罗某"}
    assert (people(w.town), people(w.town2), people(w.unit)) == ({"覃某"}, set(), {"罗某"})
    assert people(w.foreign_bureau) == set()
    rehearsal = rehearsed(
        contacts(["古零镇人民政府", "联络员", "黄某"], ["天上局", "联络员", "黄某"]), w.town, "contacts"
    )
    assert told(rehearsal) == [(2, "单位", "unknown"), (3, "单位", "unknown")]


def test_a_registry_names_nobody_but_who_stands_in_its_own_functions(w):
    def people(key):
        return {
            row[1 if key == "staff" else 3].value for row in exported(w.town, key).worksheets[0].iter_rows(min_row=2)
        }

    assert people("staff") - {None} == {"韦某"}
    assert people("contacts") - {None} == {"覃某"}
    assert told(rehearsed(staff(["黄某", "白山镇人民政府", "联络员"]), w.town, "staff")) == [
        (2, "机构或单位", "unknown")
    ]


def test_a_points_own_contact_stands_among_the_staff_and_comes_back(w):
    row = ["黄某", "新汉村教学点", "联络员", "13800138009"]
    assert taken_in(staff(row), w.town, "staff").counts["created"] == 1
    assert Appointment.objects.get(person__name="黄某").institution == w.point
    assert changes_of(rehearsed(edited(exported(w.town, "staff"), {}), w.town, "staff")) == []
    assert exported(w.town, "contacts").worksheets[0].max_row < 300
    names = {cell.value for line in exported(w.town, "contacts").worksheets[0].iter_rows() for cell in line}
    assert "黄某" not in names


def test_what_there_is_to_do_at_a_body_depends_on_its_kind_as_on_the_page(w):
    rows = [["黄某", "新汉村教学点", "专职人员"], ["黄某", "白山镇社区学校", "社区教育专干"]]
    rehearsal = rehearsed(staff(*rows), w.town, "staff")
    assert told(rehearsal) == [(2, "岗位", "wrong_function")]
    assert "可选的有：兼职教师（派出）" in rehearsal.errors[0].message


def test_nobody_holds_a_function_twice_at_a_time(w):
    twice = staff(["黄某", "新汉村教学点", "志愿者"], ["黄某", "新汉村社区教育教学点", "志愿者"])
    assert told(rehearsed(twice, w.town, "staff")) == [(3, "姓名", "same_row_twice")]
    again = staff(*[["韦某", "新汉村教学点", "兼职教师", "13800138001"]] * 2)
    assert told(rehearsed(again, w.town, "staff")) == [(3, "姓名", "same_row_twice")]
    huang = w.appoint("黄某", "13800138009", institution=w.point, function="part_time")
    changes = {(2, "姓名"): "黄某", (2, "任职日期"): "2026-03-01", (2, "电话"): "13800138009"}
    assert told(rehearsed(edited(exported(w.town, "staff"), changes), w.town, "staff")) == [
        (2, "姓名", "same_row_twice")
    ]
    ends = {(row, "离任日期"): "2025-03-01" for row in (2, 3)} | {(3, "姓名"): huang.person.name}
    back = edited(
        exported(w.town, "staff"), ends, rows=[{"姓名": "黄某", "机构或单位": "新汉村教学点", "岗位": "兼职教师"}]
    )
    assert taken_in(back, w.town, "staff").counts == {
        "rows": 3, "created": 1, "changed": 2, "unchanged": 0, "errors": 0, "skipped": 0
    }  # fmt: skip


def test_only_some_functions_are_filled_by_a_school_and_another_catchment_is_pointed_out(w):
    school = SharedResource.objects.create(division=w.point.division, kind="school", name="新汉小学", unit=w.ours)
    closed = SharedResource.objects.create(
        division=w.point.division, kind="school", name="旧小学", unit=w.ours, closed_on="2020-01-01"
    )
    head = [*STAFF, "派出学校"]
    rows = [
        ["黄某", "新汉村教学点", "志愿者", None, None, None, school.name],
        ["覃某", "新汉村教学点", "兼职教师", None, None, None, closed.name],
        ["蓝某", "新汉村教学点", "兼职教师", None, None, None, school.name],
    ]
    rehearsal = rehearsed(book([head, *rows]), w.town, "staff")
    assert told(rehearsal) == [(2, "派出学校", "no_school"), (3, "派出学校", "unknown")]
    assert [(n.row, n.code) for n in rehearsal.notices] == [(4, "other_catchment")]
    school.serves.add(w.point.division)
    assert rehearsed(book([head, rows[2]]), w.town, "staff").notices == []


def test_who_is_meant_is_part_of_what_is_confirmed(w):
    content = staff(["黄某", "新汉村教学点", "志愿者"])
    first = rehearsed(content, w.town, "staff")
    w.appoint("黄某", "13800138009", institution=w.point, function="part_time")
    second = rehearsed(content, w.town, "staff")
    assert [n.code for n in second.notices] == ["person_known"]
    assert first.counts == second.counts
    assert first.digest != second.digest


def test_all_that_a_successor_brings_is_shown(w):
    head = [*CONTACTS, "备注"]
    content = book([head, ["白山镇", "联络员", "黄某", "13800138009", "2026-03-01", None, "新任"]])
    assert changes_of(rehearsed(content, w.bureau, "contacts"))[0][2] == [
        ("姓名", "覃某", "黄某"),
        ("电话", "13800138003", "13800138009"),
        ("任职日期", "2020-09-01", "2026-03-01"),
        ("备注", "（空）", "新任"),
    ]
