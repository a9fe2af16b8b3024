"""A ledger against the county's names, the user's rights and what is stored (XL-6, XL-7), and what a commit does (IN-2)."""

import datetime
import re

import pytest

from networks.models import AffiliatedBody, Division, Institution
from reporting.models import AssessmentYear
from tests.trainings.workbook_files import HEADER, book
from trainings.models import Audience, TrainingSession
from trainings.workbook import Refused, commit, rehearse
from trainings.workbook.names import Directory

from .workbook_checks import errors, notices, only, sheet


@pytest.fixture
def day(world):
    """A date of this year, as text."""
    return f"{world.year}-03-05"


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("白山镇人民政府", "450124100"),
        ("白山镇", "450124100"),
        (" 白山 镇\u200b", "450124100"),
        ("白山镇文化站", "450124100"),
        ("白山镇社区学校", "450124100"),
        ("新汉村教学点", "450124100"),
        ("新汉村社区教育教学点", "450124100"),
        ("县文化馆", "wxgtj"),
        ("文新广体局", "wxgtj"),
        ("县社区教育中心", "jyj"),
        ("县农业农村局", "nyj"),
    ],
)
def test_xl_6_an_organiser_is_a_unit_an_affiliated_body_or_an_institution_kept_as_written(world, day, written, code):
    session = only(rehearse(sheet(day, ["主办单位"], [written]), world.bureau))
    assert (session.organiser.code, session.organiser_written) == (code, written.replace("\u200b", "").strip())


@pytest.mark.parametrize("written", ["县妇联", "白山镇、古零镇", "新汗村教学点", "白山镇人民政府县文化馆"])
def test_an_unknown_organiser_is_an_error_that_names_it(world, day, written):
    rehearsal = rehearse(sheet(day, ["主办单位"], [written]), world.bureau)
    assert errors(rehearsal) == [(2, "主办单位", "unknown")]
    assert written in rehearsal.errors[0].message
    assert rehearsal.unknown_organisers == [written]


def test_an_unknown_name_is_told_with_the_nearest_known_ones(world, day):
    header = ["举办地", "主题类别", "承办学校（教学点）", "培训对象"]
    rehearsal = rehearse(sheet(day, header, ["新汗村", "农村技术", "新汉教学点", "老人"]), world.town)
    said = {problem.column: problem.message for problem in rehearsal.errors}
    assert "白山镇/新汉村" in said["举办地"] and "新汗村" in said["举办地"]
    assert "农村实用技术" in said["主题类别"]
    assert "新汉村教学点" in said["承办学校（教学点）"]
    assert "老年人" in said["培训对象"]


def test_an_unknown_word_like_none_of_a_long_vocabulary_is_told_the_nearest_three(world, day):
    for name in ("农民工", "教师", "保育员", "驾驶员", *(f"第{n}类" for n in range(40))):
        Audience.objects.create(name=name)
    (problem,) = rehearse(sheet(day, ["培训对象"], ["程序员"]), world.town).errors
    known = re.search("相近的有：(.*?)。", problem.message)[1].split("、")
    assert (known[:2], len(known)) == (["保育员", "驾驶员"], 3)


def test_an_affiliated_body_counts_while_it_is_affiliated(world):
    AffiliatedBody.objects.filter(name="县文化馆").update(ends_on=datetime.date(world.year, 2, 1))
    AffiliatedBody.objects.create(
        county=world.county, name="县文化馆", unit=world.jyj, starts_on=datetime.date(world.year, 2, 1)
    )
    directory = Directory(world.bureau)
    assert directory.organiser("县文化馆", datetime.date(world.year, 1, 31)) == world.wxgtj
    assert directory.organiser("县文化馆", datetime.date(world.year, 2, 1)) == world.jyj


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("新汉村", "白山镇/新汉村"),
        ("新汉村委会", "白山镇/新汉村"),
        ("白山镇/新汉村", "白山镇/新汉村"),
        ("白山镇新汉村", "白山镇/新汉村"),
        ("马山县白山镇新汉村委会", "白山镇/新汉村"),
        ("新兴社区", "白山镇/新兴社区"),
        ("新兴社区居委会", "白山镇/新兴社区"),
        ("白山镇", "白山镇"),
        ("马山县", "马山县"),
        ("羊山村", "古零镇/羊山村"),
        ("县外", "县外"),
    ],
)
def test_a_place_is_the_full_or_short_name_of_a_division_of_the_county(world, day, written, path):
    assert only(rehearse(sheet(day, ["举办地"], [written]), world.town)).place_name == path


def test_an_ambiguous_place_asks_for_its_township(world, day):
    Division.objects.create(
        code="450124103006", tier="village", name="新兴社区居委会", short_name="新兴社区", parent_id="450124103"
    )
    Institution.objects.create(division_id="450124103006", kind="point", name="新兴社区社区教育教学点")
    rehearsal = rehearse(sheet(day, ["举办地"], ["新兴社区"], ["古零镇/新兴社区"]), world.town)
    assert errors(rehearsal) == [(2, "举办地", "ambiguous")]
    assert "白山镇/新兴社区" in rehearsal.errors[0].message and "古零镇/新兴社区" in rehearsal.errors[0].message


def test_places_units_and_institutions_of_another_county_are_unknown(world, day):
    header = ["主办单位", "举办地", "教学点"]
    rehearsal = rehearse(sheet(day, header, ["大丰镇人民政府", "大丰镇", "大丰镇社区学校"]), world.bureau)
    assert sorted(errors(rehearsal)) == [(2, name, "unknown") for name in ("主办单位", "举办地", "承办学校（教学点）")]


def test_without_a_place_it_is_the_organisers_own_and_elsewhere_is_noticed(world, day):
    rehearsal = rehearse(sheet(day, ["举办地"], [None], ["新汉村"], ["羊山村"], ["县外"]), world.town)
    commit(rehearsal)
    places = [session.place_name for session in TrainingSession.objects.order_by("pk")]
    assert places == ["白山镇", "白山镇/新汉村", "古零镇/羊山村", "县外"]
    assert notices(rehearsal) == [(4, "place_elsewhere"), (5, "place_elsewhere")]
    of_a_department = rehearse(sheet(day, ["地点", "村"], ["", None], ["", "羊山村"]), world.unit)
    assert notices(of_a_department) == []
    assert [candidate.place.code for candidate in of_a_department.candidates] == ["450124", "450124103205"]


def test_every_column_reaches_its_field(world, day):
    header = "主办单位 协办单位 承办学校（教学点） 举办地 培训地点 结束时间 学时 主题类别 专项计划 培训形式 培训对象 授课语言 计划人数 授课教师 备注"
    row = "白山镇人民政府 县文化馆、白山商会 新汉村教学点 新汉村 村部 11:30 2学时 安全健康 新型职业农民培训 专题讲座 老年人18、学生家长 壮话 60 韦老师 晴"
    session = only(rehearse(sheet(f"{day} 9:00", header.split(), row.split()), world.town))
    assert (session.status, session.entered_by, session.on_behalf_source) == ("draft", world.town, "")
    assert (session.version, session.days) == (1, 1)
    assert (session.start_time, session.end_time) == (datetime.time(9), datetime.time(11, 30))
    assert (session.minutes, session.planned_attendance, session.reported_attendance) == (90, 60, 40)
    assert (session.host.name, session.venue) == ("新汉村社区教育教学点", "村部")
    assert (session.instructors, session.remarks) == ("韦老师", "晴")
    words = (session.theme, session.programme, session.project, session.form, session.language)
    assert [word and word.name for word in words] == ["安全健康", "新型职业农民培训", None, "专题讲座", "壮话"]
    assert [(c.audience.name, c.number) for c in session.audience_counts.all()] == [("老年人", 18), ("学生家长", None)]
    assert session.audience_text == "老年人18、学生家长"
    assert [(c.name, c.unit) for c in session.co_organisers.all()] == [("县文化馆", world.wxgtj), ("白山商会", None)]
    assert session.history.get().history_user == world.town


def test_a_class_of_several_days_and_a_length_from_the_clock(world, day):
    content = book([[*HEADER, "结束时间"], ["甲", day, 40, f"{world.year}-03-07"], ["乙", f"{day} 9:00", 40, "11:30"]])
    rehearsal = rehearse(content, world.town)
    commit(rehearsal)
    assert notices(rehearsal) == [(2, "multi_day")]
    stored = TrainingSession.objects.order_by("pk")
    assert [(s.days, s.minutes) for s in stored] == [(3, None), (1, 150)]


def test_todays_word_and_a_projects_name_and_quotation_marks_are_known(world, day):
    rows = [["高素质农民培训"], ["文化场馆免费开放"], ['"两后生"劳动预备制培训']]
    rehearsal = rehearse(sheet(day, ["项目"], *rows), world.town)
    assert errors(rehearsal) == []
    fields = [candidate.fields for candidate in rehearsal.candidates]
    assert ["programme_id" in f for f in fields] == [True, False, True]


def test_without_theme_and_form_they_stay_unset(world, day):
    session = only(rehearse(book([HEADER, ["甲", day, 40]]), world.town))
    assert (session.theme, session.form) == (None, None)


@pytest.mark.parametrize("header", ["主题类别", "培训形式", "授课语言", "专项计划", "培训对象"])
def test_an_unknown_word_is_an_error_that_names_it(world, day, header):
    rehearsal = rehearse(sheet(day, [header], ["没有这个词"]), world.town)
    assert errors(rehearsal) == [(2, header, "unknown")]
    assert "没有这个词" in rehearsal.errors[0].message


def test_an_audience_twice_is_an_error(world, day):
    rehearsal = rehearse(sheet(day, ["对象"], ["老年人5、青少年、老年人6"]), world.town)
    assert errors(rehearsal) == [(2, "培训对象", "twice")]


def test_co_organisers_are_units_or_kept_by_name_each_once_and_never_the_organiser(world, day):
    header = ["主办单位", "承办单位", "协办单位"]
    rows = [["白山镇", "白山镇文化站", "白山镇人民政府；县文化馆,文新广体局、县妇联、县妇联"]]
    session = only(rehearse(sheet(day, header, *rows), world.bureau))
    found = [(c.name, c.unit and c.unit.code) for c in session.co_organisers.all()]
    assert found == [("白山镇文化站", None), ("县文化馆", "wxgtj"), ("文新广体局", None), ("县妇联", None)]


def test_a_name_kept_as_text_is_noticed(world, day):
    rehearsal = rehearse(sheet(day, ["联办单位"], ["县文化馆"], ["县妇联"]), world.town)
    assert notices(rehearsal) == [(3, "name_kept")]
    assert "县妇联" in rehearsal.notices[0].message


def test_a_protected_group_is_named_in_no_title(world, day):
    rehearsal = rehearse(book([[*HEADER, "地点"], ["戒毒人员就业", day, 9, "社区服刑人员 中心"]]), world.town)
    assert errors(rehearsal) == [(2, "培训名称", "protected_name"), (2, "培训地点", "protected_name")]


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("培训名称", "吸毒危害及戒治课"),
        ("主办单位", "县戒毒所"),
        ("承办单位", "白山镇人民政府、县社区 矫正中心"),
        ("协办单位", "县失独关爱协会"),
        ("授课教师", "戒毒康复学员代表"),
    ],
)
def test_pi_2_the_stem_of_a_protected_group_is_reported_at_its_cell(world, day, column, written):
    cells = dict(zip(HEADER, ["普法课", day, 9], strict=True)) | {"主办单位": "白山镇人民政府", column: written}
    rehearsal = rehearse(
        book([list(cells), list(cells.values())]), world.bureau if column == "主办单位" else world.town
    )
    found = [problem for problem in errors(rehearsal) if problem[1] == column]
    assert found == [(2, column, "protected_name")]


# --- whose ----------------------------------------------------------------------------------------


def test_an_organiser_that_is_not_the_users_is_an_error_except_for_the_bureau(world, day):
    content = sheet(day, ["主办"], ["古零镇"], ["县文化馆"], ["白山镇文化站"])
    assert errors(rehearse(content, world.town)) == [(2, "主办单位", "not_yours"), (3, "主办单位", "not_yours")]
    assert errors(rehearse(content, world.unit)) == [(2, "主办单位", "not_yours"), (4, "主办单位", "not_yours")]
    commit(rehearse(content, world.bureau))
    stored = TrainingSession.objects.order_by("pk").values_list("organiser__code", "status", "on_behalf_source")
    assert list(stored) == [(code, "draft", "ledger") for code in ("450124103", "wxgtj", "450124100")]


def test_whoever_has_one_unit_need_not_name_it_and_the_bureau_must(world, day):
    content = book([HEADER, ["甲", day, 40]])
    for user, unit in ((world.town, world.ours), (world.unit, world.wxgtj)):
        assert [candidate.organiser for candidate in rehearse(content, user).candidates] == [unit]
    rehearsal = rehearse(content, world.bureau)
    assert errors(rehearsal) == [(1, "主办单位", "missing_column")]
    assert [row.outcome for row in rehearsal.rows] == ["error"]
    blank = sheet(day, ["主办单位"], [None], ["白山镇"])
    assert errors(rehearse(blank, world.bureau)) == [(2, "主办单位", "missing")]
    assert errors(rehearse(blank, world.town)) == []


def test_the_county_centre_enters_for_itself_credited_to_the_education_bureau(world, day):
    session = only(rehearse(book([HEADER, ["甲", day, 40]]), world.centre))
    assert (session.organiser, session.organiser_written) == (world.jyj, "县社区教育中心")
    assert TrainingSession.objects.editable_by(world.centre).get() == session


def test_the_county_centre_enters_under_its_own_names_and_not_under_a_departments(world, day):
    AffiliatedBody.objects.create(county=world.county, name="县职业学校", unit=world.jyj)
    names = ["县职业学校", "县社区教育中心", None, "县教育局", "县文化馆", "白山镇"]
    rehearsal = rehearse(sheet(day, ["主办单位", "地点"], *([name, name] for name in names)), world.centre)
    assert errors(rehearsal) == [(row, "主办单位", "not_yours") for row in (5, 6, 7)]
    assert "县社区教育中心" in rehearsal.errors[0].message
    written = [(c.organiser, c.fields["organiser_written"]) for c in rehearsal.candidates]
    assert written == [(world.jyj, "县职业学校")] + [(world.jyj, "县社区教育中心")] * 2


@pytest.mark.parametrize("name", ["leader", "auditor", "operator", "head", "unit_head", "homeless"])
def test_only_bureau_centre_township_and_unit_may_import(world, day, name):
    with pytest.raises(Refused) as refusal:
        rehearse(book([HEADER, ["甲", day, 40]]), getattr(world, name))
    assert refusal.value.code == "no_right"


def test_a_locked_year_takes_no_new_rows_but_knows_its_own(world):
    past_day = f"{world.year - 1}-03-05"
    commit(rehearse(book([HEADER, ["甲", past_day, 40]]), world.town))
    year = AssessmentYear.objects.open_year(world.county, world.year - 1)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    rehearsal = rehearse(book([HEADER, ["甲", past_day, 40], ["乙", past_day, 40]]), world.town)
    assert errors(rehearsal) == [(3, "开始时间", "locked_year")]
    assert rehearsal.counts["duplicates"] == 1


def test_the_bureau_may_assign_an_unknown_organiser_and_the_county_remembers(world, day):
    content = sheet(day, ["主办单位"], ["县妇联"], ["县 妇联"])
    with pytest.raises(Refused):
        rehearse(content, world.town, assignments={"县妇联": "jyj"})
    with pytest.raises(Refused):
        rehearse(content, world.bureau, assignments={"县妇联": "nobody"})
    rehearsal = rehearse(content, world.bureau, assignments={"县妇联": "jyj"})
    assert (errors(rehearsal), rehearsal.counts["created"]) == ([], 2)
    commit(rehearsal)
    assert AffiliatedBody.objects.get(name="县妇联").unit == world.jyj
    assert rehearse(content, world.bureau).counts["duplicates"] == 2


def test_corrections_replace_cells_even_of_columns_that_are_not_there(world, day):
    content = book(("台账", [["培训名称", "日期", "时间", "人数"], ["甲", "三月初", "上午", "约40"]]))
    corrections = {
        ("台账", 2, "实到人次"): "40",
        ("台账", 2, "开始时间"): f"{day} 9:00",
        ("台账", 2, "主办单位"): "白山镇",
        ("台账", 2, "举办地"): "新汉村",
    }
    assert len(rehearse(content, world.town).errors) == 2
    session = only(rehearse(content, world.town, corrections=corrections))
    assert (session.reported_attendance, str(session.start_time), session.place_name) == (
        40,
        "09:00:00",
        "白山镇/新汉村",
    )


def test_the_rows_of_a_rehearsal_can_be_shown_as_a_grid(world, day):
    content = book(("台账", [["培训名称", "日期", "时间", "人数"], ["甲", day, "9:00", 40], ["乙", "三月", None, 40]]))
    rows = rehearse(content, world.town).rows
    assert [(row.sheet, row.number, row.outcome) for row in rows] == [("台账", 2, "new"), ("台账", 3, "error")]
    assert rows[0].cells() == {"培训名称": "甲", "开始时间": f"{day} 9:00", "实到人次": "40"}


# --- again (XL-7) ---------------------------------------------------------------------------------


AGAIN = ["地点", "举办地", "计划人数", "备注", "主题类别"]


def again(world, day, *row, title="甲", figure=40, user=None):
    content = book([[*HEADER, *AGAIN], [title, day, figure, *row]])
    return rehearse(content, user or world.town)


@pytest.fixture
def stored(world, day):
    commit(again(world, f"{day} 9:00", "村部", "新汉村", 60, "晴", "安全健康"))
    return TrainingSession.objects.get()


def test_xl_7_the_same_file_again_adds_nothing_however_often_a_row_stands_in_it(world, day, stored):
    rehearsal = again(world, f"{day} 9:00", "村部", "新汉村", 60, "晴", "安全健康")
    assert (rehearsal.counts, notices(rehearsal)) == (
        {"rows": 1, "created": 0, "duplicates": 1, "skipped": 0},
        [(2, "duplicate")],
    )
    twice = book([[*HEADER, "地点", "举办地"], *[["甲", f"{day} 9:00", 40, "村部", "白山镇/新汉村"]] * 3])
    assert rehearse(twice, world.town).counts["duplicates"] == 3
    assert commit(rehearse(twice, world.town)).created == 0
    assert TrainingSession.objects.count() == 1


@pytest.mark.parametrize(
    ("when", "row", "title"),
    [
        ("9:00", ("村部", "新汉村"), "乙"),
        ("10:00", ("村部", "新汉村"), "甲"),
        ("", ("村部", "新汉村"), "甲"),
        ("上午", ("村部", "新汉村"), "甲"),
        ("9:00", ("祠堂", "新汉村"), "甲"),
        ("9:00", ("村部", "新兴社区"), "甲"),
    ],
)
def test_xl_7_another_title_time_place_or_venue_is_another_session(world, day, stored, when, row, title):
    assert again(world, f"{day} {when}", *row, title=title).counts["created"] == 1


def test_xl_7_a_part_of_the_day_is_part_of_what_a_session_is(world, day):
    commit(again(world, f"{day}上午"))
    assert again(world, f"{day}上午").counts["duplicates"] == 1
    assert again(world, f"{day}下午").counts["created"] == 1
    assert again(world, day).counts["created"] == 1


def test_xl_7_another_figure_is_an_error_that_shows_both(world, day, stored):
    rehearsal = again(world, f"{day} 9:00", "村部", "新汉村", 66, "晴", "安全健康", figure=44)
    assert errors(rehearsal) == [(2, "实到人次", "figure_differs"), (2, "计划人数", "figure_differs")]
    assert "40" in rehearsal.errors[0].message and "44" in rehearsal.errors[0].message
    assert "60" in rehearsal.errors[1].message and "66" in rehearsal.errors[1].message


def test_xl_7_other_differences_are_noticed_and_change_nothing(world, day, stored):
    rehearsal = again(world, f"{day} 9:00", "村部", "新汉村", None, "雨", "家庭教育")
    assert notices(rehearsal) == [(2, "duplicate"), (2, "differs")]
    message = rehearsal.notices[1].message
    assert "备注（系统中是“晴”，这里是“雨”）" in message and "主题类别（这里是“家庭教育”）" in message
    commit(rehearsal)
    stored.refresh_from_db()
    assert (stored.remarks, stored.theme.name) == ("晴", "安全健康")


def test_xl_7_a_void_session_and_one_of_another_unit_are_no_duplicates(world, day, stored):
    stored.void(actor=world.town)
    assert again(world, f"{day} 9:00", "村部", "新汉村").counts["created"] == 1
    theirs = world.session(
        world.theirs, title="甲", held_on=datetime.date.fromisoformat(day), place=world.ours.division
    )
    assert again(world, day, None, "白山镇").counts["created"] == 1
    assert theirs.organiser != world.ours


def test_xl_7_a_session_that_has_been_verified_since_is_still_a_duplicate(world, day):
    world.session(title="甲", held_on=datetime.date(world.year, 1, 1), status="verified", reported=40)
    assert again(world, f"{world.year}-01-01").counts["duplicates"] == 1


def test_xl_7_the_same_new_row_twice_is_an_error_on_the_second(world, day):
    rows = [["甲", day, 40], ["乙", day, 40], [" 甲\u200b", f"{day} 00:00", 41]]
    content = book([HEADER, *rows], ("补", [HEADER, ["甲", day, 40]]))
    rehearsal = rehearse(content, world.town)
    assert [(p.sheet, p.row, p.column, p.code) for p in rehearsal.errors] == [
        ("表1", 4, "培训名称", "same_row_twice"),
        ("补", 2, "培训名称", "same_row_twice"),
    ]
    assert "第 2 行" in rehearsal.errors[0].message


def test_xl_7_a_visible_number_is_a_duplicate_before_any_other_check(world, day):
    mine, theirs = world.session(title="甲"), world.session(world.theirs, title="乙")
    rows = [
        ["", "三月初", "约40", mine.number],
        ["丙", day, 40, theirs.number],
        ["丁", day, 40, "CC2222222222"],
        ["戊", day, 40, "x" * 99],
    ]
    rehearsal = rehearse(book([[*HEADER, "场次编号"], *rows]), world.town)
    assert (errors(rehearsal), notices(rehearsal)) == ([], [(2, "duplicate")])
    assert (rehearsal.counts["duplicates"], rehearsal.counts["created"]) == (1, 3)
