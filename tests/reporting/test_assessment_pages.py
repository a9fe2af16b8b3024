"""The assessment's pages, command and workbook: one calculation, each person's own sight, no query string breaks them."""

import csv
import datetime
import getpass
import io
import json
from datetime import date

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import load_workbook

from networks.models import AuditEvent, MemberUnit
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import CoOrganiser, DeliveryForm

from ..conftest import stands

GARBAGE = ["x", "-1", "0", "9" * 30, "2026-02-30", "' OR 1=1 --", "a__b", "\x00", "二〇二六", "{{7*7}}", "<script>"]


@stands
def last(world):
    """Last year, so that every day of it has passed: ours 2/130, theirs 1/777, and things that do not count."""
    year = AssessmentYear.objects.open_year(world.county, world.year - 1)
    world.day = date(world.year - 1, 5, 6)
    for figure in (60, 70):
        world.session(status="verified", held_on=world.day, reported=figure)
    world.session(world.theirs, status="verified", held_on=world.day, reported=777, title="古零镇黑山羊")
    world.session(status="returned", held_on=world.day, reported=11, title="退回的课")
    world.session(
        status="verified",
        held_on=world.day,
        reported=888,
        form=DeliveryForm.objects.get(name="才艺展示"),
        title="会鼓表演",
    )
    world.session(world.foreign, status="verified", held_on=world.day, reported=999, title="上林县的课")
    return year


def url(year, *rest):
    return "/".join(["/assessment", str(year.year), *rest, ""])


def assess(year, **options):
    out = io.StringIO()
    call_command("assess", str(year.year), county="450124", stdout=out, **options)
    return out.getvalue()


# --- the county's page ---------------------------------------------------------------------------------


def test_the_county_page_says_how_many_units_have_met_their_task(world, last, page):
    QuotaAdjustment.objects.create(year=last, unit=world.ours, sessions=2, attendances=130, reason="整村搬迁")
    text = page(world.bureau, url(last)).content.decode()
    assert "4 个责任单位中 1 个已完成" in text
    assert "整村搬迁" in text
    assert "差 3 场" in text  # theirs: 1 session, 777 attendances
    assert "上林县的课" not in text and "999" not in text


def test_the_county_page_takes_a_cut_off_date(world, last, page):
    response = page(world.bureau, url(last), as_of=f"{last.year}-05-05")
    assert response.context["county"].credited == (0, 0)
    assert f"截至 {last.year}年5月5日" in response.content.decode()
    assert page(world.bureau, url(last), as_of=f"{last.year}-05-06").context["county"].credited == (3, 907)


def test_a_cut_off_date_of_another_year_is_refused_in_words_and_counts_the_whole_year(world, last, page):
    response = page(world.bureau, url(last), as_of=f"{last.year + 1}-01-01")
    assert f"请选择 {last.year} 年内的日期。现在显示的是全年。" in response.content.decode()
    assert response.context["county"].credited == (3, 907)


@pytest.mark.parametrize("rest", [(), ("450124100",)])
def test_in_8_a_day_that_is_still_to_come_is_refused_in_words(world, page, rest):
    """On 1 December every unit would else be shown as it may stand on 31 December, in the present tense."""
    with time_machine.travel(datetime.datetime(2026, 12, 1, 4, tzinfo=datetime.UTC), tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2026)
        response = page(world.bureau, url(year, *rest), as_of="2026-12-02")
        text = response.content.decode()
        assert "这一天还没有到，请选择今天或以前的日期" in text and 'max="2026-12-01"' in text
        assert "这一天还没有到" not in page(world.bureau, url(year, *rest), as_of="2026-12-01").content.decode()


def test_ac_2_an_officer_sees_the_own_unit_and_no_figure_of_others_or_of_the_county(world, last, page):
    response = page(world.town, url(last))
    text = response.content.decode()
    assert [s.unit for s in response.context["standings"]] == [world.ours]
    assert response.context["county"] is None
    for leak in ("777", "古零镇", "907", "个责任单位中", "文化新闻", "999"):
        assert leak not in text


def test_a_unit_without_quota_is_told_so(world, last, page):
    assert "本单位这一年不承担目标任务" in page(world.unit2, url(last)).content.decode()
    assert "不承担目标任务" in page(world.unit2, url(last, "lgj")).content.decode()


# --- a unit's page -------------------------------------------------------------------------------------


def test_a_units_page_lists_every_session_as_counted_or_why_not(world, last, page):
    response = page(world.town, url(last, "450124100"))
    rows = {s.title: s.why for s in response.context["page_obj"]}
    assert rows == {
        "桑蚕小蚕共育技术": "计入",
        "退回的课": "已退回，待修改后重新提交",
        "会鼓表演": "这种培训形式不计入任务",
    }
    assert dict(response.context["reasons"]) == {
        "计入": (2, 130),
        "这种培训形式不计入任务": (1, 888),
        "已退回，待修改后重新提交": (1, 11),
    }


def test_a_units_page_shows_what_it_co_organised(world, last, page):
    row = world.session(world.theirs, status="verified", held_on=world.day, reported=30, title="联合山歌会")
    CoOrganiser.objects.create(session=row, unit=world.ours, name="白山镇")
    response = page(world.town, url(last, "450124100"))
    [joined] = response.context["joined"]
    assert (joined.title, joined.why) == ("联合山歌会", "联合举办的场次本年度只计主办单位")


def test_a_unit_of_unknown_length_is_hinted_at(world, last, page):
    last.minimum_minutes = 60
    last.save()
    assert "时长未知" in page(world.town, url(last, "450124100")).content.decode()


def test_ac_2_a_unit_does_not_see_another_units_standing(world, last, page):
    for user in (world.town, world.unit, world.head):
        assert page(user, url(last, "450124103")).status_code == 404
    assert page(world.foreign_bureau, url(last, "450124100")).status_code == 404


def test_ac_2_a_leader_sees_sums_and_no_rows(world, last, page):
    response = page(world.leader, url(last, "450124103"))
    text = response.content.decode()
    assert "777" in text and "古零镇黑山羊" not in text
    assert "page_obj" not in response.context
    assert "/sessions/" not in text


@pytest.mark.parametrize("name", ["centre", "operator", "homeless"])
def test_who_has_no_right_to_standings_is_refused(world, last, page, name):
    user = getattr(world, name)
    assert page(user, url(last)).status_code == 403
    assert page(user, url(last, "450124100")).status_code == 403


# --- years, rules, navigation --------------------------------------------------------------------------


def test_a_year_that_does_not_exist_is_404_and_offers_those_that_do(world, last, page):
    response = page(world.bureau, "/assessment/2031/")
    assert response.status_code == 404
    assert "没有 2031 年度" in response.content.decode() and url(last) in response.content.decode()
    assert page(world.foreign_bureau, url(last)).status_code == 404


def test_the_current_year_is_where_the_menu_leads(world, last, page):
    assert page(world.bureau, "/assessment/").url == f"/assessment/{world.year}/"
    assert page(world.town, "/assessment/").url == f"/assessment/{world.year}/450124100/"
    AssessmentYear.objects.filter(year=world.year).delete()
    assert page(world.bureau, "/assessment/").url == url(last)
    AssessmentYear.objects.all().delete()
    assert "还没有考核年度" in page(world.bureau, "/assessment/").content.decode()


def test_the_rules_of_a_year_stand_on_one_page_in_words(world, last, page):
    last.minimum_minutes, last.joint_credit, last.class_counts = 45, "each", "daily"
    last.save()
    text = page(world.town, url(last, "rules")).content.decode()
    for words in (
        "每个责任单位 4 场、400 人次",
        "不少于 45 分钟",
        "主办单位和已确认的协办单位各计一次",
        "连续几天的培训班每天算一场",
        "参照马政办发〔2019〕2号",
        f'href="/how/?year={last.year}"',  # what each number counts stands there
    ):
        assert words in text
    assert "才艺展示、" not in text  # not among the counting forms


def test_wb_4_no_query_string_breaks_a_page(world, last, page):
    for path in (
        url(last),
        url(last, "450124100"),
        url(last, "export"),
        url(last, "rules"),
        f"/dashboard/{last.year}/",
    ):
        for garbage in GARBAGE:
            response = page(world.bureau, path, as_of=garbage, page=garbage, unit=garbage, a__b=garbage)
            assert response.status_code == 200, (path, garbage)
    for path in ("/assessment/99999999999999999999/", url(last, "%00"), url(last, "'"), "/dashboard/0/"):
        assert page(world.bureau, path).status_code == 404


# --- page, command and workbook ------------------------------------------------------------------------


def test_page_command_csv_and_workbook_agree(world, last, page):
    items = json.loads(assess(last, format="json"))
    assert items[0] == {
        "unit": "白山镇人民政府",
        "code": "450124100",
        "sessions": 2,
        "attendances": 130,
        "required_sessions": 4,
        "required_attendances": 400,
        "pending_sessions": 0,
        "pending_attendances": 0,
        "met": False,
        "sessions_short": 2,
        "attendances_short": 270,
        "forecast": "lost",
    }
    shown = page(world.bureau, url(last)).context["standings"]
    assert [(s.unit.code, *s.verified, *s.short) for s in shown] == [
        (i["code"], i["sessions"], i["attendances"], i["sessions_short"], i["attendances_short"]) for i in items
    ]
    rows = list(csv.reader(io.StringIO(assess(last, format="csv").lstrip("\ufeff"))))
    assert [row[1] for row in rows[1:]] == [i["unit"] for i in items]
    assert [int(row[4]) for row in rows[1:]] == [i["sessions"] for i in items]
    sheet = load_workbook(io.BytesIO(page(world.bureau, url(last, "export")).content)).active
    assert [sheet.cell(4 + n, 6).value for n in range(4)] == [i["attendances"] for i in items]
    table = assess(last)
    assert "4 个责任单位中 0 个已完成" in table and "差 2 场 270 人次" in table


def test_the_workbook_is_ready_for_the_file(world, last, page):
    sheet = load_workbook(io.BytesIO(page(world.leader, url(last, "export")).content)).active
    assert sheet["A1"].value == f"马山县{last.year}年度社区教育培训任务完成情况表"
    assert sheet["A2"].value == "填报单位：领导小组办公室（县教育局）"
    assert "制表人" in sheet.cell(sheet.max_row, 1).value and "审核人" in sheet.cell(sheet.max_row, 1).value
    assert (sheet.print_title_rows, sheet.page_setup.orientation, sheet.page_setup.paperSize) == (
        "$1:$3",
        "landscape",
        9,
    )
    assert sheet["E4"].data_type == "n" and sheet["E4"].value == 2
    assert AuditEvent.objects.filter(action="导出完成情况表", actor=world.leader).count() == 1


def test_xl_8_no_cell_is_a_formula(world, last, page):
    MemberUnit.objects.filter(pk=world.ours.pk).update(name='=HYPERLINK("http://x","y")')
    QuotaAdjustment.objects.create(year=last, unit=world.ours, sessions=1, attendances=1, reason="@SUM(A1)\x0b")
    sheet = load_workbook(io.BytesIO(page(world.bureau, url(last, "export")).content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert sheet["B4"].value == '=HYPERLINK("http://x","y")'
    assert """'=HYPERLINK(""http://x""" in assess(last, format="csv")


def test_the_command_says_what_is_wrong(world, last, tmp_path):
    with pytest.raises(CommandError, match=f"没有 2031 年度；已开设的年度：{last.year}、{world.year}"):
        call_command("assess", "2031", county="450124")
    with pytest.raises(CommandError, match="--output"):
        call_command("assess", str(last.year), format="xlsx")
    with pytest.raises(CommandError, match="没有这个县的考核年度"):
        call_command("assess", str(last.year), county="999999")
    with pytest.raises(CommandError, match="写不了文件"):
        call_command("assess", str(last.year), output=tmp_path / "no" / "such.txt")
    AssessmentYear.objects.open_year(world.other_county, last.year)
    with pytest.raises(CommandError, match="--county"):
        call_command("assess", str(last.year))


def test_the_command_writes_a_file(world, last, tmp_path):
    target = tmp_path / "完成情况.xlsx"
    call_command("assess", str(last.year), format="xlsx", output=target)
    assert load_workbook(target).active["B4"].value == "白山镇人民政府"


def test_au_3_what_the_command_hands_out_is_a_line_of_the_log_like_the_page_s(world, last, tmp_path):
    taken = AuditEvent.objects.filter(action="导出完成情况表")
    assess(last)
    with pytest.raises(CommandError, match="写不了文件"):
        call_command("assess", str(last.year), output=tmp_path / "no" / "such.txt")
    assert not taken.exists()  # a table on the screen is a page looked at; what was not written has not left
    call_command("assess", str(last.year), format="xlsx", output=tmp_path / "a.xlsx")
    assess(last, format="csv")
    for event in taken:
        assert (event.actor, event.county_code) == (None, "450124")
        assert event.detail == {"year": last.year, "organised": "then", "os_user": getpass.getuser()}
    assert taken.count() == 2


# --- constant queries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/assessment/{}/", "/assessment/{}/450124100/", "/dashboard/{}/"])
def test_ld_2_a_page_costs_the_same_queries_at_3_and_30_rows(world, last, page, path, django_assert_max_num_queries):
    counts = []
    for more in (0, 27):
        for _ in range(more):
            world.session(status="verified", held_on=world.day, reported=10)
        page(world.bureau, path.format(last.year))  # signed in
        with django_assert_max_num_queries(40) as captured:
            page(world.bureau, path.format(last.year))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_pack_for_filing_is_found_on_a_units_page_by_whoever_may_take_it(world, page):
    url, pack = (reverse(name, args=[world.year, world.ours.code]) for name in ("assessment-unit", "unit-archive"))
    for who in (world.town, world.head, world.bureau, world.auditor):
        assert f'href="{pack}?month=12"' in page(who, url).content.decode()
    assert pack not in page(world.leader, url).content.decode()
    assert f'href="{url}#archive"' in page(world.head, "/").content.decode()
