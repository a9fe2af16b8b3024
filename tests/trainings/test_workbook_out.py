"""What goes out: the ledger's export (XL-6, XL-8), the errors workbook, the template, and the two commands."""

import datetime
import getpass
import io
import json
import zipfile

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from networks.names import clean_text, has_id_number
from networks.wording import protected_names_in
from networks.xlsx.writing import OPTIONS_SHEET
from tests.trainings.workbook_files import HEADER, book, ledger, saved
from trainings.models import Audience, CoOrganiser, TrainingSession
from trainings.workbook import COLUMNS, commit, export, export_year, mark_errors, rehearse, template
from trainings.workbook.exports import SHEET


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def exported(sessions=None):
    """The rows of an export below its header as {column: cell}."""
    sheet = opened(export(TrainingSession.objects.order_by("pk") if sessions is None else sessions))[SHEET]
    header = [cell.value for cell in sheet[1]]
    return [dict(zip(header, row, strict=True)) for row in sheet.iter_rows(min_row=2)]


# --- the export -------------------------------------------------------------------------------------


def test_the_export_has_the_columns_of_the_ledger_and_three_of_our_own(world):
    sheet = opened(export(TrainingSession.objects.all()))[SHEET]
    assert [cell.value for cell in sheet[1]] == [*COLUMNS, "场次编号", "状态", "核定人次"]


def test_dates_are_dates_figures_numbers_and_all_else_text(world):
    session = world.session(
        status="verified",
        reported=45,
        planned_attendance=60,
        place=world.places["新汉村"],
        organiser_written="白山镇文化站",
    )
    session.set_audiences([(Audience.objects.get(name="老年人"), 18), (Audience.objects.get(name="青少年"), None)])
    session.set_co_organisers([(world.wxgtj, "县文化馆"), (None, "白山商会")])
    TrainingSession.objects.filter(pk=session.pk).update(minutes=150)
    (row,) = exported()
    found = {name: (cell.value, cell.data_type) for name, cell in row.items() if cell.value is not None}
    assert found == {
        "培训名称": ("桑蚕小蚕共育技术", "s"),
        "主办单位": ("白山镇人民政府", "s"),
        "协办单位": ("县文化新闻出版广电和体育局、白山商会", "s"),
        "举办地": ("白山镇/新汉村", "s"),
        "开始时间": (datetime.datetime(world.year, 1, 1), "d"),
        "学时": ("150分钟", "s"),
        "主题类别": ("农村实用技术", "s"),
        "培训形式": ("课堂学习", "s"),
        "培训对象": ("老年人18、青少年", "s"),
        "计划人数": (60, "n"),
        "实到人次": (45, "n"),
        "场次编号": (session.number, "s"),
        "状态": ("已核定", "s"),
        "核定人次": (45, "n"),
    }
    assert row["开始时间"].number_format == "yyyy-mm-dd"


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({}, "2026-03-05 00:00", None),
        ({"start_time": "9:00"}, "2026-03-05 09:00", None),
        ({"start_time": "9:00", "end_time": "11:30"}, "2026-03-05 09:00", "2026-03-05 11:30"),
        ({"ends_on": "2026-03-07"}, "2026-03-05 00:00", "2026-03-07 00:00"),
        ({"ends_on": "2026-03-07", "end_time": "11:30"}, "2026-03-05 00:00", "2026-03-07 11:30"),
        ({"ends_on": "2026-03-05"}, "2026-03-05 00:00", None),
    ],
)
def test_start_and_end_are_real_dates_with_a_time_only_where_there_is_one(world, fields, start, end):
    def parsed(name, value):
        return datetime.date.fromisoformat(value) if name == "ends_on" else datetime.time(*map(int, value.split(":")))

    values = {name: parsed(name, value) for name, value in fields.items()}
    world.session(held_on=datetime.date(2026, 3, 5), **values)
    (row,) = exported()
    assert row["开始时间"].value == datetime.datetime.fromisoformat(start)
    assert row["结束时间"].value == (end and datetime.datetime.fromisoformat(end))
    assert ("hh:mm" in row["开始时间"].number_format) is ("start_time" in fields)


def test_a_part_of_the_day_is_shown_by_the_format_of_a_real_date_and_read_back(world):
    world.session(part_of_day="afternoon", held_on=datetime.date(world.year, 3, 5))
    (row,) = exported()
    assert row["开始时间"].is_date
    assert "下午" in row["开始时间"].number_format
    assert ledger(export(TrainingSession.objects.all())).rows[0].values["开始时间"].part == "下午"


@pytest.mark.parametrize(
    ("place", "written"), [("新汉村", "白山镇/新汉村"), ("白山镇", "白山镇"), ("county", "马山县"), (None, "县外")]
)
def test_a_place_is_written_as_it_is_read(world, place, written):
    where = (
        {"outside_county": True}
        if place is None
        else {"place": world.county if place == "county" else world.places[place]}
    )
    world.session(**where)
    assert exported()[0]["举办地"].value == written


def test_remarks_come_back_with_their_lines(world):
    TrainingSession.objects.filter(pk=world.session().pk).update(remarks="第一批\r\n第二批")
    content = export(TrainingSession.objects.all())
    assert exported()[0]["备注"].value == "第一批\n第二批"
    assert ledger(content).rows[0].values["备注"] == "第一批\n第二批"


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "=cmd|'/c calc'!A0", "＝1+1", "＋1", "－1", "＠x", "#N/A", "'=1", '"=1"', "_x0041_", "1e5", "TRUE", "2026-03-05"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_xl_8_no_text_becomes_a_formula_an_error_or_anything_but_text(world, text):
    TrainingSession.objects.filter(pk=world.session().pk).update(title=text, venue=text, remarks=text, instructors=text)
    content = export(TrainingSession.objects.all())
    (row,) = exported()
    for name in ("培训名称", "培训地点", "备注", "授课教师"):
        assert row[name].data_type == "s"
        assert not row[name].quotePrefix
        assert row[name].value.replace("_x005F_", "_") == clean_text(text)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert b"<f" not in package.read("xl/worksheets/sheet1.xml").replace(b"<font", b"")
    assert ledger(content).rows[0].values["备注"] == clean_text(text)


def test_xl_8_control_and_bidi_characters_do_not_reach_the_workbook(world):
    TrainingSession.objects.filter(pk=world.session().pk).update(title="桑\x01蚕\x07\u202e技术\ufeff")
    assert exported()[0]["培训名称"].value == "桑蚕技术"


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="、，,；;\u2028"), min_size=1, max_size=20
).filter(lambda text: clean_text(text) == text and text)
TIMES = st.none() | st.times(datetime.time(0, 1)).map(lambda time: time.replace(second=0, microsecond=0))


@st.composite
def fields(draw):
    """Fields of a session as the model allows them."""
    first = draw(st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 20)))
    start, end = draw(TIMES), draw(TIMES)
    days = draw(st.integers(0, 5))
    if days == 0 and start and end and end <= start:
        end = None
    return {
        "title": draw(TEXT),
        "venue": draw(st.just("") | TEXT),
        "instructors": draw(st.just("") | TEXT),
        "remarks": draw(st.just("") | TEXT),
        "held_on": first,
        "ends_on": first + datetime.timedelta(days) if days else None,
        "start_time": start,
        "end_time": end,
        "part_of_day": "" if start else draw(st.sampled_from(["", "morning", "afternoon", "evening"])),
        "minutes": draw(st.none() | st.integers(1, 60_000)),
        "planned_attendance": draw(st.none() | st.integers(1, 20_000)),
        "reported_attendance": draw(st.integers(1, 20_000)),
    }


@given(fields())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_xl_6_reading_an_export_gives_what_went_in(world, values):
    texts = [value for value in values.values() if isinstance(value, str)]  # what is not stored in the first place:
    assume(not any(map(has_id_number, texts)) and not any(protected_names_in(texts)))
    session = world.session()
    audience = Audience.objects.get(name="老年人")
    session.set_audiences([(audience, 18)])
    CoOrganiser.objects.create(session=session, unit=world.wxgtj, name="县文化馆")
    TrainingSession.objects.filter(pk=session.pk).update(**values)
    content = export(TrainingSession.objects.filter(pk=session.pk))
    TrainingSession.objects.filter(pk=session.pk).update(number="CC" + session.number[:10][::-1])
    with_number_unknown = rehearse(content, world.bureau)
    TrainingSession.objects.filter(pk=session.pk).update(title="别的场次")
    rehearsal = rehearse(content, world.bureau)
    assert rehearsal.errors == [], rehearsal.errors
    assert with_number_unknown.counts["duplicates"] == 1
    (candidate,) = rehearsal.candidates
    assert {name: candidate.fields[name] for name in values} == values
    assert (candidate.organiser, candidate.place.code) == (world.ours, "450124100")
    assert [(a.name, number) for a, number in candidate.audiences] == [("老年人", 18)]
    assert candidate.co_organisers == [(world.wxgtj, world.wxgtj.name)]


def test_xl_7_an_export_that_comes_in_again_adds_nothing_whatever_was_changed_in_it(world):
    for status in ("draft", "submitted", "verified", "returned", "planned", "void"):
        world.session(status=status, title=status)
    content = export_year(world.town, world.year)
    workbook = opened(content)
    for row in workbook[SHEET].iter_rows(min_row=2):
        row[0].value, row[7].value = "改了", "三月初"
    for changed in (content, saved(workbook)):
        rehearsal = rehearse(changed, world.town)
        assert (rehearsal.counts["duplicates"], rehearsal.counts["created"], rehearsal.errors) == (6, 0, [])


def test_ac_2_an_export_holds_what_its_user_sees(world):
    world.session(title="我们的草稿")
    world.session(world.theirs, title="他们的草稿")
    world.session(world.theirs, title="在我们这里办的", status="submitted", place=world.places["新汉村"])
    world.session(world.foreign, title="外县的", status="submitted")

    def titles(user):
        return {row["培训名称"].value for row in exported(TrainingSession.objects.visible_to(user).order_by("pk"))}

    assert titles(world.town) == {"我们的草稿", "在我们这里办的"}
    assert titles(world.bureau) == {"我们的草稿", "他们的草稿", "在我们这里办的"}
    assert titles(world.leader) == set()


def test_ld_2_an_export_asks_as_often_for_3_rows_as_for_30(world):
    def more(count):
        for number in range(count):
            row = world.session(title=f"第{number}期")
            row.set_co_organisers([(world.wxgtj, "县文化馆"), (world.jyj, "教育局")])
            row.set_audiences([(Audience.objects.get(name="老年人"), 5), (Audience.objects.get(name="青少年"), None)])

    def count():
        with CaptureQueriesContext(connection) as captured:
            export_year(world.town, world.year)
        return len(captured)

    more(3)
    count()  # what is asked once per account
    few = count()
    more(27)
    assert count() == few


# --- the errors workbook ----------------------------------------------------------------------------


def marks(content):
    return {
        (sheet.title, cell.row, cell.column): cell.comment.text
        for sheet in opened(content)
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment and cell.fill.fill_type == "solid"
    }


def test_wrong_cells_are_filled_and_carry_a_comment_and_all_else_stays(world):
    rows = [
        ["2026年台账"],
        [*HEADER, "主题"],
        ["甲", "三月初", "约40", None],
        ["乙", "2026-03-05", "=20+20", "手工"],
        ["合计", None, "=SUM(C3:C4)"],
    ]
    content = book(("一月", rows), ("说明", [["填写说明", "=1+1"]]))
    rehearsal = rehearse(content, world.town)
    result = mark_errors(content, rehearsal.errors)
    found = marks(result)
    assert set(found) == {("一月", 3, 2), ("一月", 3, 3), ("一月", 4, 3), ("一月", 4, 4)}
    assert found["一月", 3, 3].startswith("实到人次：“约40”")
    before, after = opened(content), opened(result)
    for sheet in before:
        assert [[c.value for c in row] for row in sheet] == [[c.value for c in row] for row in after[sheet.title]]
    assert after.calculation.fullCalcOnLoad is True


def test_the_mark_of_a_merged_cell_is_on_its_anchor_and_of_a_missing_column_on_the_header(world):
    content = book(
        [["培训名称", "日期", "主办单位"], ["甲", "三月初", "县妇联"], ["乙", None, None]], merges=("B2:B3", "C2:C3")
    )
    found = marks(mark_errors(content, rehearse(content, world.bureau).errors))
    assert set(found) == {("表1", 1, 1), ("表1", 2, 2), ("表1", 2, 3)}
    assert "实到人次" in found["表1", 1, 1]


def test_a_comment_of_the_clerks_stays_in_front(world):
    workbook = opened(book([HEADER, ["甲", "三月初", 40]]))
    workbook.active["B2"].comment = openpyxl.comments.Comment("问一下小韦", "clerk")
    content = saved(workbook)
    text = marks(mark_errors(content, rehearse(content, world.town).errors))["表1", 2, 2]
    assert text.startswith("问一下小韦\n开始时间：")


# --- the template -----------------------------------------------------------------------------------


def test_the_template_offers_live_lists_of_what_the_county_knows(world):
    workbook = opened(template(world.town))
    sheet, options = workbook[SHEET], workbook[OPTIONS_SHEET]
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert options.sheet_state == "hidden"
    lists = {}
    for rule in sheet.data_validations.dataValidation:
        column = sheet[str(rule.sqref).split(":")[0][0] + "1"].value
        area = rule.formula1.split("!")[1].replace("$", "")
        lists[column] = [cell.value for row in options[area] for cell in row]
    assert lists["主办单位"] == ["白山镇人民政府"]
    assert "白山镇/新汉村" in lists["举办地"] and "县外" in lists["举办地"]
    assert "大丰镇" not in lists["举办地"]
    assert "农村实用技术" in lists["主题类别"] and "壮话" in lists["授课语言"] and "课堂学习" in lists["培训形式"]
    assert "新汉村社区教育教学点" in lists["承办学校（教学点）"]


def test_every_choice_of_the_template_is_understood_and_the_template_itself_comes_in_clean(world):
    empty = rehearse(template(world.bureau), world.bureau)
    assert (empty.counts["rows"], empty.errors, empty.notices) == (0, [], [])
    workbook = opened(template(world.bureau))
    sheet, options = workbook[SHEET], workbook[OPTIONS_SHEET]
    header = [cell.value for cell in sheet[1]]
    lists = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in options.columns}
    for number in range(max(map(len, lists.values()))):
        sheet.cell(number + 2, header.index("培训名称") + 1, f"第{number}期")
        sheet.cell(number + 2, header.index("开始时间") + 1, datetime.datetime(world.year, 3, 5, 9))
        sheet.cell(number + 2, header.index("实到人次") + 1, 40)
        for column, choices in lists.items():
            sheet.cell(number + 2, header.index(column) + 1, choices[number % len(choices)])
    rehearsal = rehearse(saved(workbook), world.bureau)
    assert rehearsal.errors == []
    assert rehearsal.counts["created"] == number + 1


# --- the commands -----------------------------------------------------------------------------------


def run(*arguments):
    """(exit code, what was printed) of a management command."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except SystemExit as stopped:
        return stopped.code, out.getvalue() + err.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(content, name="台账.xlsx"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_import_rehearses_unless_told_to_commit(world, file):
    path = file(book([HEADER, ["甲", f"{world.year}-03-05", 40], ["合计", None, 41]]))
    code, text = run("import_sessions", path, "--as", "town", "--json")
    notice = {"sheet": "表1", "row": 3, "code": "sum_differs"}
    printed = json.loads(text)
    assert (code, printed["notices"][0] | notice == printed["notices"][0]) == (0, True)
    assert {name: printed[name] for name in ("rows", "created", "duplicates", "skipped", "errors")} == {
        "rows": 1, "created": 1, "duplicates": 0, "skipped": 1, "errors": [],
    }  # fmt: skip
    assert TrainingSession.objects.count() == 0
    assert "未入库" in run("import_sessions", path, "--as", "town")[1]
    assert run("import_sessions", path, "--as", "town", "--commit")[0] == 0
    assert TrainingSession.objects.get().batch.original_name == "台账.xlsx"


def test_pi_2_pi_7_the_command_keeps_no_name_that_tells_of_persons(world, file, tmp_path):
    path = file(book([HEADER, ["甲", f"{world.year}-03-05", 40]]))
    named = path.rename(tmp_path / "戒毒人员名单450124199001011234.xlsx")
    assert run("import_sessions", named, "--as", "town", "--commit")[0] == 0
    assert TrainingSession.objects.get().batch.original_name == "台账（原文件名未保留）.xlsx"


def test_import_ends_with_1_and_writes_the_errors_workbook(world, file, tmp_path):
    path, out = file(book([HEADER, ["甲", f"{world.year}-03-05", "约40"]])), tmp_path / "errors.xlsx"
    code, text = run("import_sessions", path, "--as", "town", "--commit", "--json", "--errors", out)
    assert code == 1
    (error,) = json.loads(text)["errors"]
    assert (error["sheet"], error["row"], error["column"], error["code"]) == ("表1", 2, "实到人次", "bad_figure")
    assert set(marks(out.read_bytes())) == {("表1", 2, 3)}
    assert TrainingSession.objects.count() == 0
    assert "第 2 行 实到人次" in run("import_sessions", path, "--as", "town")[1]


def test_import_ends_with_2_for_a_file_it_cannot_read_and_3_for_what_is_not_allowed(world, file, tmp_path):
    good, csv = file(book([HEADER, ["甲", f"{world.year}-03-05", 40]])), file("培训名称,人数\n".encode("gbk"), "x.xlsx")
    for arguments, code in (
        ((csv, "--as", "town"), 2),
        ((tmp_path / "missing.xlsx", "--as", "town"), 2),
        ((good, "--as", "nobody"), 3),
        ((good, "--as", "auditor"), 3),
        ((good, "--as", "bureau", "--historical"), 3),
        ((good, "--as", "bureau", "--historical", "--confirmed-by", "nobody"), 3),
        ((good, "--as", "bureau", "--historical", "--confirmed-by", "bureau"), 3),
        ((good, "--as", "town", "--confirmed-by", "bureau"), 3),
    ):
        found, text = run("import_sessions", *arguments, "--json")
        printed = json.loads(text)
        assert (found, printed["rows"], printed["notices"]) == (code, 0, [])
        assert set(printed["errors"][0]) == {"code", "message"}
        assert run("import_sessions", *arguments)[0] == code


def test_a_missing_file_and_a_year_that_is_none_are_said_in_chinese(world, file, tmp_path):
    code, text = run("import_sessions", tmp_path / "missing.xlsx", "--as", "town", "--json")
    [problem] = json.loads(text)["errors"]
    assert code == 2 and problem["message"] == f"没有找到文件 {tmp_path / 'missing.xlsx'}：请检查文件名和所在的文件夹"
    folder = json.loads(run("import_sessions", tmp_path, "--as", "town", "--json")[1])["errors"]
    assert folder[0]["message"] == f"打不开文件 {tmp_path}：它不是文件，或没有读取权限"
    for command in [("assess", "abc"), ("export_sessions", "1e3", "--as", "town"), ("assess", "9" * 5000)]:
        with pytest.raises(CommandError, match="年份应是 2000—2099 的四位数字"):
            run(*command)


def test_import_completes_dates_by_the_year_it_is_given(world, file):
    path = file(book([HEADER, ["甲", "3月5日", 40]]))
    assert run("import_sessions", path, "--as", "town")[0] == 1
    assert run("import_sessions", path, "--as", "town", "--year", world.year, "--commit")[0] == 0
    assert TrainingSession.objects.get().held_on == datetime.date(world.year, 3, 5)
    with pytest.raises(CommandError):
        run("import_sessions", path, "--as", "town", "--year", 99)


def test_import_of_history_by_two_accounts(world, file):
    path = file(book([[*HEADER, "主办单位"], ["甲", f"{world.year - 1}-03-05", 40, "白山镇"]]))
    assert (
        run("import_sessions", path, "--as", "bureau", "--historical", "--confirmed-by", "bureau2", "--commit")[0] == 0
    )
    assert TrainingSession.objects.get().status == "verified"


def test_au_3_an_import_by_command_says_whose_session_on_the_machine_it_was(world, file):
    from networks.models import AuditEvent

    run("import_sessions", file(book([HEADER, ["甲", f"{world.year}-03-05", 40]])), "--as", "town", "--commit")
    commit(rehearse(book([HEADER, ["乙", f"{world.year}-03-06", 40]]), world.town))
    on_a_page, by_command = AuditEvent.objects.filter(action="导入台账")[:2]
    assert by_command.detail["os_user"] == getpass.getuser() and "os_user" not in on_a_page.detail


def test_import_does_not_write_the_errors_over_the_file_itself(world, file):
    path = file(book([HEADER, ["甲", "三月", 40]]))
    with pytest.raises(CommandError):
        run("import_sessions", path, "--as", "town", "--errors", path)


def test_export_is_for_those_who_may_and_is_logged(world, tmp_path):
    from networks.models import AuditEvent

    world.session(title="甲")
    out = tmp_path / "out.xlsx"
    allowed = {"bureau", "centre", "town", "unit", "head", "auditor"}
    for name in ("bureau", "centre", "town", "unit", "head", "auditor", "leader", "operator", "nobody"):
        out.unlink(missing_ok=True)
        code, text = run("export_sessions", world.year, "--as", name, "--output", out)
        assert (code, out.exists()) == ((0, True) if name in allowed else (3, False)), text
    logged = AuditEvent.objects.filter(action="导出台账")
    assert logged.count() == len(allowed)
    assert logged.get(actor=world.town).detail == {"year": world.year, "rows": 1, "os_user": getpass.getuser()}
    with pytest.raises(CommandError):
        run("export_sessions", world.year, "--as", "town", "--output", tmp_path / "no" / "folder.xlsx")


def test_export_and_import_again_by_command(world, file, tmp_path):
    commit(rehearse(book([HEADER, ["甲", f"{world.year}-03-05", 40]]), world.town))
    out = tmp_path / "out.xlsx"
    run("export_sessions", world.year, "--as", "town", "--output", out)
    code, text = run("import_sessions", out, "--as", "town", "--commit", "--json")
    assert (code, json.loads(text)["created"], json.loads(text)["duplicates"]) == (0, 0, 1)
