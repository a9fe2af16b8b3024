"""A workbook is edited for days while others go on: what they saved stays, and what both changed is shown before it is stored."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from networks.models import AnnualFigure, Appointment, Fund, Institution, Person
from networks.registry import REGISTRIES
from networks.xlsx.problems import Unreadable
from networks.xlsx.writing import OPTIONS_SHEET
from tests.trainings.workbook_files import book

from .registry_files import changes_of, edited, exported, rehearsed, taken_in, told


@pytest.fixture
def point(world):
    return Institution.objects.get(division=world.places["新汉村"])


def saved_by_somebody(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    row.version += 1
    row.save()


def row_of(sheet, pk):
    return next(n for n in range(2, sheet.max_row + 1) if sheet.cell(n, 1).value == pk)


def codes(notices):
    return [(notice.row, notice.code) for notice in notices]


def test_in_4_what_others_saved_meanwhile_stays_where_the_sheet_was_not_touched(world, point):
    sheet = exported(world.town, "institutions")
    at = row_of(sheet.worksheets[0], point.pk)
    saved_by_somebody(point, address="新街1号", hosts="村委会")
    content = edited(sheet, {(at, "座位（个）"): 40})
    rehearsal = taken_in(content, world.town, "institutions")
    assert changes_of(rehearsal) == [(at, "changed", [("座位（个）", "（空）", "40")])]
    assert (codes(rehearsal.notices), rehearsal.conflicts) == ([(at, "kept_newer")], [])
    assert "“承办单位”、“地址”在您下载以后别人改过" in rehearsal.notices[0].message
    point.refresh_from_db()
    assert (point.address, point.hosts, point.seats) == ("新街1号", "村委会", 40)


def test_in_4_what_both_changed_is_shown_with_both_values(client, world, point):
    sheet = exported(world.town, "institutions")
    at = row_of(sheet.worksheets[0], point.pk)
    saved_by_somebody(point, address="新街1号")
    content = edited(sheet, {(at, "地址"): "旧街2号"})
    client.force_login(world.town)
    upload = SimpleUploadedFile("名册.xlsx", content)
    page = client.post(reverse("registry-upload", args=["institutions"]), {"workbook": upload})["Location"]
    shown = client.get(page)
    assert codes(shown.context["rehearsal"].conflicts) == [(at, "changed_since")]
    text = shown.content.decode()
    assert "有 1 处别人也改了" in text and "可以登记，但有 1 处会换掉别人改的" in text
    assert [one["cell"] for one in shown.context["crossed"]] == [("地址", "新街1号", "旧街2号")]
    assert text.index("别人也改了") < text.index("确认登记（"), "seen before the button"
    client.post(f"{page}confirm/", {"digest": shown.context["rehearsal"].digest})
    point.refresh_from_db()
    assert point.address == "旧街2号", "whoever saves second has chosen"


def test_in_4_a_row_that_came_since_is_not_overwritten_unseen(world):
    sheet = exported(world.town, "institutions")
    new = {"division": world.places["新汉村"], "kind": "point", "name": "夜校", "address": "村部"}
    Institution.objects.create(**new)
    content = edited(sheet, {}, rows=[{"所在地": "新汉村", "名称": "夜校", "类别": "教学点", "地址": "小学"}])
    rehearsal = rehearsed(content, world.town, "institutions")
    assert [outcome for _, outcome, _ in changes_of(rehearsal)] == ["changed"]
    assert [code for _, code in codes(rehearsal.conflicts)] == ["changed_since"]


def test_a_sheet_of_ones_own_knows_no_moment_and_is_compared_with_today(world, point):
    saved_by_somebody(point, address="新街1号")
    content = book([["编号", "名称", "类别", "地址"], [point.pk, point.name, "教学点", None]])
    rehearsal = rehearsed(content, world.town, "institutions")
    assert changes_of(rehearsal) == [(2, "changed", [("地址", "新街1号", "（空）")])]
    assert rehearsal.conflicts == []


@pytest.mark.parametrize(
    "stamp", ["昨天", 45000, "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "9999-12-31T23:59:59Z", None]
)
def test_a_stamp_that_makes_no_sense_is_no_stamp(world, point, stamp):
    sheet = exported(world.town, "institutions")
    options = sheet[OPTIONS_SHEET]
    options.cell(2, options.max_column).value = stamp
    saved_by_somebody(point, address="新街1号")
    at = row_of(sheet.worksheets[0], point.pk)
    assert changes_of(rehearsed(edited(sheet, {}), world.town, "institutions")) == [
        (at, "changed", [("地址", "新街1号", "（空）")])
    ]


def test_a_state_that_changed_meanwhile_is_neither_taken_back_nor_mixed_with_another_day(world, point):
    point.record("open", datetime.date(2020, 9, 1))
    sheet = exported(world.town, "institutions")
    at = row_of(sheet.worksheets[0], point.pk)
    point.record("suspended", datetime.date(2026, 1, 5))
    untouched = rehearsed(edited(sheet, {}), world.town, "institutions")
    assert (changes_of(untouched), told(untouched), codes(untouched.notices)) == ([], [], [(at, "kept_newer")])
    mixed = rehearsed(edited(sheet, {(at, "状态"): "停办"}), world.town, "institutions")
    assert told(mixed) == [(at, "状态", "changed_since")]
    both = edited(sheet, {(at, "状态"): "停办", (at, "状态起始日期"): "2026-02-01"})
    assert codes(taken_in(both, world.town, "institutions").conflicts) == [(at, "changed_since")] * 2
    point.refresh_from_db()
    assert point.state == "closed"


def test_a_person_whose_name_or_telephone_was_mended_meanwhile_is_no_successor(world, point):
    person = Person.objects.create(county=world.county, name="韦某", phone="13800138001")
    row = Appointment.objects.create(person=person, institution=point, function="part_time", starts_on="2020-09-01")
    sheet = exported(world.town, "staff")
    saved_by_somebody(person, name="韦谋", phone="13900139000")
    rehearsal = taken_in(edited(sheet, {(2, "专长"): "书法"}), world.town, "staff")
    assert changes_of(rehearsal) == [(2, "changed", [("专长", "（空）", "书法")])]
    person.refresh_from_db()
    row.refresh_from_db()
    assert (person.name, person.phone, row.specialities) == ("韦谋", "13900139000", "书法")
    both = rehearsed(edited(sheet, {(2, "电话"): "0771-6822001"}), world.town, "staff")
    assert codes(both.conflicts) == [(2, "changed_since")]


def test_who_left_meanwhile_is_not_called_back(world, point):
    person = Person.objects.create(county=world.county, name="韦某", phone="13800138001")
    row = Appointment.objects.create(person=person, institution=point, function="part_time")
    sheet = exported(world.town, "staff")
    row.leave(timezone.localdate())
    assert changes_of(rehearsed(edited(sheet, {}), world.town, "staff")) == []
    row.refresh_from_db()
    assert row.ends_on == timezone.localdate()


def figure(world, kind, value, source="年报"):
    return AnnualFigure.objects.create(
        division=world.places["白山镇"], year=timezone.localdate().year, kind=kind, value=value, source=source
    )


def town_row(sheet, world):
    year = timezone.localdate().year
    rows = range(2, sheet.worksheets[0].max_row + 1)
    return next(n for n in rows if [c.value for c in sheet.worksheets[0][n][:2]] == ["白山镇", year])


def test_in_4_figures_that_others_saved_meanwhile_stay(world):
    elderly = figure(world, "elderly", 700)
    minors = figure(world, "minors", 50)
    sheet = exported(world.town, "figures")
    at = town_row(sheet, world)
    saved_by_somebody(elderly, value=710)
    minors.delete()
    figure(world, "farmers", 900)
    assert changes_of(rehearsed(edited(sheet, {}), world.town, "figures")) == []
    rehearsal = taken_in(edited(sheet, {(at, "进城务工人员"): 80}), world.town, "figures")
    assert changes_of(rehearsal) == [(at, "changed", [("进城务工人员", "（空）", "80")])]
    assert (codes(rehearsal.notices), rehearsal.conflicts) == ([(at, "kept_newer")], [])
    found = dict(AnnualFigure.objects.values_list("kind", "value"))
    assert found == {"elderly": 710, "farmers": 900, "migrants": 80}


def test_in_4_a_figure_that_was_taken_away_or_changed_meanwhile_is_not_brought_back_unseen(world):
    minors = figure(world, "minors", 50)
    sheet = exported(world.town, "figures")
    at = town_row(sheet, world)
    minors.delete()
    assert changes_of(rehearsed(edited(sheet, {}), world.town, "figures")) == []
    again = rehearsed(edited(sheet, {(at, "未成年人"): 60}), world.town, "figures")
    assert told(again) == [(at, "来源", "missing")], "its source went with it"
    again = rehearsed(edited(sheet, {(at, "未成年人"): 60, (at, "来源"): "派出所"}), world.town, "figures")
    assert codes(again.conflicts) == [(at, "changed_since")] * 2


def test_in_4_funds_that_others_saved_meanwhile_stay(world):
    row = {"division": world.places["白山镇"], "year": timezone.localdate().year}
    fund = Fund.objects.create(**row, source="public", budgeted=100)
    sheet = exported(world.town, "figures")
    saved_by_somebody(fund, budgeted=200)
    assert changes_of(rehearsed(edited(sheet, {}), world.town, "figures")) == []


@pytest.mark.parametrize("other", sorted(REGISTRIES))
def test_the_workbook_of_another_registry_is_named_and_not_read(world, other):
    """Its numbers are those of other rows: a personal telephone would become an institution's."""
    for key in REGISTRIES.keys() - {other}:
        with pytest.raises(Unreadable) as refused:
            rehearsed(edited(exported(world.bureau, other), {}), world.bureau, key)
        assert refused.value.code == "other_registry"
        assert f"这是“{REGISTRIES[other].title}”的表格" in refused.value.message


def test_numbers_without_a_name_beside_them_are_not_taken(world, point):
    content = book([["编号", "所在地", "电话"], [point.pk, "新汉村", "13800138001"]])
    assert told(rehearsed(content, world.town, "institutions"))[0] == (1, "名称", "missing_column")


@pytest.mark.parametrize("key", ["institutions", "staff"])
def test_looking_back_asks_as_often_for_thirty_rows_as_for_three(world, point, key):
    def asked(number):
        for n in range(number):
            Institution.objects.create(division=point.division, kind="point", name=f"{number}-{n}")
            person = Person.objects.create(county=world.county, name=f"{number}某{n}")
            Appointment.objects.create(person=person, institution=point, function="volunteer")
        sheet = exported(world.town, key)
        for row in Institution.objects.all():
            saved_by_somebody(row, address=f"新街{number}号")
        for row in Person.objects.all():
            saved_by_somebody(row, phone=f"0771-{number}")
        content = edited(sheet, {})
        with CaptureQueriesContext(connection) as queries:
            rehearsal = rehearsed(content, world.town, key)
        assert len([n for n in rehearsal.notices if n.code == "kept_newer"]) >= number
        return len(queries)

    asked(1)
    assert asked(3) == asked(30)


def test_two_people_with_the_same_new_rows_store_them_once(client, world):
    content = book([["所在地", "名称", "类别"], ["新汉村", "夜校", "教学点"]])
    pages = {}
    for user in (world.town, world.bureau):
        client.force_login(user)
        upload = SimpleUploadedFile("名册.xlsx", content)
        page = client.post(reverse("registry-upload", args=["institutions"]), {"workbook": upload})["Location"]
        pages[user] = page, client.get(page).context["rehearsal"].digest
    for user, (page, digest) in pages.items():
        client.force_login(user)
        client.post(f"{page}confirm/", {"digest": digest})
    assert Institution.objects.filter(name="夜校").count() == 1
    assert "没有改动" in client.get(pages[world.bureau][0]).content.decode()
