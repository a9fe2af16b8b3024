"""推进方案: who answers for a task on a day, what is reported of it, how it stands (依据 every 责任单位 bracket)."""

import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from PIL import Image

from networks import reorganisation, tasks
from networks.loading import COUNTY
from networks.models import Attachment, AuditEvent, Division, MemberUnit, UnitTerm
from reporting.loading import load_plan
from reporting.models import (
    AssessmentYear,
    Plan,
    PlanTask,
    PlanYear,
    ReportEvidence,
    TaskGoal,
    TaskJudgement,
    TaskReport,
    TaskResponsibility,
)
from reporting.plan_progress import Board, due, expected, heard

from ..makers import tasks_workbook

SINCE = datetime.date(2019, 2, 2)


@pytest.fixture
def plan(world):
    """The founding document with three tasks: all departments and townships, ours alone, nobody of ours."""
    plan = Plan.objects.founding(world.county)
    lines = [
        ("二(一)1", "二(一)能力", "各成员单位（县直部门）、各乡(镇)人民政府", ["departments", "townships"]),
        ("二(一)3", "二(一)能力", "白山镇人民政府", [world.ours]),
        ("三(七)", "三、保障措施", "新闻单位", []),
    ]
    for position, (clause, group, text, whom) in enumerate(lines, start=1):
        task = PlanTask.objects.create(
            plan=plan, clause=clause, group=group, title=f"任务{clause}", responsible_text=text, position=position,
            text=f"{clause}的条文",
        )  # fmt: skip
        for number, one in enumerate(whom, start=1):
            bound = {"whom": one} if isinstance(one, str) else {"unit": one}
            TaskResponsibility.objects.create(task=task, starts_on=SINCE, position=number, **bound)
    return plan


def task_of(plan, clause):
    return plan.tasks.get(clause=clause)


def file_report(world, plan, *, clause="二(一)1", unit=None, actor=None, text="挂了牌", year=None, **more):
    unit, year = unit or world.ours, year or world.year
    number = TaskReport.objects.count()
    told = {"text": text, "as_of": datetime.date(year, 1, 1), "token": f"t{number}"} | more
    return TaskReport.file(actor=actor or world.town, task=task_of(plan, clause), year=year, unit=unit, **told)


def as_shown(page):
    fields = {field.html_name: field.value() for field in page.context["form"]}
    return {name: value for name, value in fields.items() if value is not None}


def body(**more):
    return {
        "text": "两个教学点挂了牌",
        "as_of": f"{datetime.date.today().year}-01-01",
        "token": "x" * 32,
        "seen": "0",
    } | more


def photo(name="照片.jpg", colour="red"):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue())


# --- who answers -----------------------------------------------------------------------------------------


def test_every_member_unit_means_the_departments_of_the_group_on_the_day_and_no_township(world, plan):
    line = Board(plan, world.year, world.bureau).line(task_of(plan, "二(一)1"))
    # 县教育局, 文新广体局 and 县老干局 are in the group; 县农业农村局 is not; the bracket names departments first
    assert line.answering == [world.jyj, world.wxgtj, world.lgj, world.ours, world.theirs]
    TaskResponsibility.objects.filter(whom="townships").delete()
    line = Board(plan, world.year, world.bureau).line(task_of(plan, "二(一)1"))
    assert line.answering == [world.jyj, world.wxgtj, world.lgj]


def test_a_department_that_joins_or_leaves_the_group_joins_or_leaves_the_tasks_of_every_member_unit(world, plan):
    first = datetime.date(2024, 7, 1)
    UnitTerm.objects.create(unit=world.outside, fact="group", starts_on=first)
    MemberUnit.objects.filter(pk=world.outside.pk).update(kind="department")
    UnitTerm.objects.filter(unit=world.lgj, fact="group").update(ends_on=first)
    before = Board(plan, 2023, world.bureau).line(task_of(plan, "二(一)1")).answering
    after = Board(plan, 2024, world.bureau).line(task_of(plan, "二(一)1")).answering
    assert world.lgj in before and world.outside not in before
    assert world.lgj not in after and world.outside in after
    assert tasks.clauses_of([world.outside.pk], first - datetime.timedelta(days=1)) == set()
    assert tasks.clauses_of([world.outside.pk], first) == {"二(一)1"}
    assert tasks.clauses_of([world.ours.pk], first) == {"二(一)1", "二(一)3"}


def test_a_later_plan_with_the_same_numbers_gives_nobody_the_founding_plan_s_duties(world, plan):
    later = Plan.objects.create(
        county=world.county, title="新方案", number="新1号", issued_on=SINCE, first_year=2027, last_year=2030
    )
    task = PlanTask.objects.create(plan=later, clause="二(二)1", title="别的任务", responsible_text="白山镇人民政府")
    TaskResponsibility.objects.create(task=task, unit=world.ours, starts_on=SINCE)
    assert "二(二)1" not in tasks.clauses_of([world.ours.pk], world.today)


def test_a_merged_department_s_place_among_every_member_unit_is_its_successor_s(world, plan):
    reorganisation.merge_units([world.lgj], into=world.wxgtj, on=world.today, basis="机构改革方案", actor=world.bureau)
    answering = Board(plan, world.year, world.bureau).line(task_of(plan, "二(一)1")).answering
    assert world.lgj not in answering and answering.count(world.wxgtj) == 1


def test_the_document_s_twenty_tasks_stand_in_five_groups_with_their_clauses_and_units_in_its_order(world, monkeypatch):
    assert load_plan(COUNTY)["created"] == 20 and load_plan(COUNTY)["unchanged"] == 20
    plan = Plan.objects.get(founding=True)
    board = Board(plan, world.year, world.bureau)
    assert board.groups == [
        "二(一)加强基础能力建设",
        "二(二)整合社区教育资源",
        "二(三)切实开展社区教育",
        "二(四)提升社区教育内涵",
        "三、保障措施",
    ]
    assert all(line.task.text for line in board.lines)
    by_clause = {line.task.clause: line for line in board.lines}
    assert by_clause["二(二)1"].answering == [world.jyj, world.ours, world.theirs]
    assert by_clause["二(三)1"].answering == [world.jyj, world.wxgtj, world.lgj]  # no township
    assert by_clause["二(一)3"].answering == [world.jyj, world.wxgtj, world.lgj, world.ours]
    assert "意外致残人员" in by_clause["二(三)1"].task.text and "4场（次）400人次" not in by_clause["三(六)"].task.text
    assert "4场(次)400人次以上" in by_clause["三(六)"].task.text
    assert (plan.first_year, plan.last_year, plan.quota_clause) == (2018, 2020, "三(六)")


# --- reporting -------------------------------------------------------------------------------------------


def test_an_officer_reports_with_a_photo_a_link_and_own_sessions_and_the_bureau_sees_it_in_the_matrix(world, plan, ask):
    task = task_of(plan, "二(一)1")
    held = world.session(status="verified", title="教学点开课")
    theirs = world.session(world.theirs, status="verified")
    url = f"/plan/tasks/{task.pk}/{world.year}/report/450124100/"
    page = ask(world.town, url)
    offered = list(page.context["form"].fields["sessions"].queryset)
    assert offered == [held]
    sent = body(sessions=[held.pk], link="https://example.invalid/bao", photos=[photo(), photo("二.jpg", "blue")])
    answer = ask(world.town, url, sent, "post")
    report = TaskReport.objects.get()
    assert answer.url == f"/plan/reports/{report.pk}/"
    assert (report.unit, report.number, report.entered_by) == (world.ours, 1, world.town)
    assert list(report.sessions.all()) == [held] and report.evidence.count() == 3
    assert Attachment.objects.filter(guarded=True, place=world.places["白山镇"]).count() == 2
    event = AuditEvent.objects.get(action="汇报方案任务进展")
    event.detail.pop("fields")  # names, no words
    assert event.detail == {"clause": "二(一)1", "unit": "450124100", "year": world.year, "files": 2}
    matrix = ask(world.bureau, f"/plan/matrix/?year={world.year}").context
    row = matrix["rows"][0]
    words = {cell.unit.name: cell.word for cell in row.cells if cell}
    assert words == {
        "白山镇人民政府": "已报",
        "古零镇人民政府": "未报",
        "县教育局": "未报",
        "县文化新闻出版广电和体育局": "未报",
        "县老干局": "未报",
    }
    assert (matrix["expected"], matrix["heard"]) == (6, 1)
    refused = ask(world.town, url, body(token="y" * 32, seen="1", sessions=[theirs.pk]), "post")
    assert refused.status_code == 200 and refused.context["form"].errors["sessions"]


def test_in_3_the_same_form_sent_twice_is_one_report(world, plan, ask):
    url = f"/plan/tasks/{task_of(plan, '二(一)1').pk}/{world.year}/report/450124100/"
    first = ask(world.town, url, body(), "post")
    assert ask(world.town, url, body(), "post").url == first.url
    assert TaskReport.objects.count() == 1


def test_in_4_whoever_reports_second_sees_what_the_first_one_wrote_and_decides(world, plan, ask):
    url = f"/plan/tasks/{task_of(plan, '二(一)1').pk}/{world.year}/report/450124100/"
    file_report(world, plan, text="我先报的")
    page = ask(world.town, url, body(text="我后报的"), "post")
    shown = page.content.decode()
    assert "我先报的" in shown and "我后报的" in shown and "没有保存" in shown
    assert TaskReport.objects.count() == 1
    ask(world.town, url, body(text="我后报的", seen="1"), "post")
    assert list(TaskReport.objects.order_by("number").values_list("number", "text")) == [
        (1, "我先报的"),
        (2, "我后报的"),
    ]


def test_a_later_report_stands_beside_the_earlier_one_and_neither_changes(world, plan, ask):
    first, second = file_report(world, plan, text="第一次"), file_report(world, plan, text="第二次")
    assert (first.number, second.number) == (1, 2)
    page = ask(world.town, f"/plan/tasks/{first.task_id}/?year={world.year}").content.decode()
    assert "第一次" in page and "第二次" in page
    first.text = "改写"
    with pytest.raises(ValidationError, match="提交以后不再改动"):
        first.save()
    with pytest.raises(ValidationError, match="不删除"):
        first.delete()


def test_a_withdrawn_report_is_kept_with_its_reason_and_counts_no_more(world, plan, ask):
    report = file_report(world, plan)
    line = Board(plan, world.year, world.bureau).line(report.task)
    assert (line.heard, str(line.standing)) == (1, "under_way")
    assert ask(world.town2, f"/plan/reports/{report.pk}/withdraw/", {"why": "x"}, "post").status_code == 404
    assert ask(world.town, f"/plan/reports/{report.pk}/withdraw/", {"why": ""}, "post").status_code == 200
    ask(world.town, f"/plan/reports/{report.pk}/withdraw/", {"why": "报错了任务"}, "post")
    line = Board(plan, world.year, world.bureau).line(report.task)
    assert (line.heard, str(line.standing)) == (0, "not_begun")
    page = ask(world.leader, f"/plan/reports/{report.pk}/").content.decode()
    assert "已撤回" in page and "报错了任务" in page
    again = ask(world.town, f"/plan/reports/{report.pk}/withdraw/", {"why": "再撤"}, "post")
    assert "已经撤回了" in again.content.decode()


def test_a_bad_photo_is_named_the_good_one_and_the_words_are_kept_and_more_can_be_added(world, plan, ask, client):
    url = f"/plan/tasks/{task_of(plan, '二(一)1').pk}/{world.year}/report/450124100/"
    heic = SimpleUploadedFile("坏的.heic", b"\0\0\0\x18ftypheic" + b"\0" * 40)
    page = ask(world.town, url, body(photos=[photo(), heic]), "post")
    report = TaskReport.objects.get()
    assert report.evidence.count() == 1
    assert "坏的.heic" in client.get(page.url).content.decode()
    added = ask(world.town, f"/plan/reports/{report.pk}/add/", {"photos": [photo("补.jpg", "green"), photo()]}, "post")
    assert added.url == page.url and report.evidence.count() == 2  # the one that is there already is passed over
    assert ask(world.head, f"/plan/reports/{report.pk}/add/", {}, "post").status_code == 403


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("text", "请联系13800138000", "手机号码"),
        ("needs", "为戒毒人员办班缺老师", "不能出现“戒毒人员”"),
        ("link", "javascript:alert(1)", "http"),
        ("as_of", "2001-01-01", "年里的日期"),
        ("as_of", f"{datetime.date.today().year}-12-31", "还没有到"),
        ("text", "", "必填"),
    ],
)
def test_what_cannot_be_reported_is_said_beside_the_field_and_nothing_typed_is_lost(
    world, plan, ask, time_machine_day, field, text, told
):
    url = f"/plan/tasks/{task_of(plan, '二(一)1').pk}/{world.year}/report/450124100/"
    page = ask(world.town, url, body(**{field: text}), "post")
    errors = " ".join(page.context["form"].errors[field])
    assert told in errors
    assert TaskReport.objects.count() == 0
    if field != "text":
        assert "两个教学点挂了牌" in page.content.decode()


@pytest.fixture
def time_machine_day(world):
    """The world's own year on a day that is not its last."""
    import time_machine

    with time_machine.travel(datetime.datetime(world.year, 6, 15, 4, tzinfo=datetime.UTC), tick=False):
        yield


def test_the_office_reports_on_behalf_with_a_source_and_a_unit_not_responsible_cannot(world, plan, ask):
    base = f"/plan/tasks/{task_of(plan, '二(一)3').pk}/{world.year}/report"
    assert ask(world.town2, f"{base}/450124103/", body(), "post").status_code == 403
    assert ask(world.town, f"{base}/450124103/", body(), "post").status_code == 403
    assert ask(world.unit, f"{base}/wxgtj/", body(), "post").status_code == 403
    page = ask(world.bureau, f"{base}/450124100/", body(), "post")
    assert page.context["form"].errors["on_behalf_source"]
    ask(world.bureau, f"{base}/450124100/", body(on_behalf_source="paper"), "post")
    report = TaskReport.objects.get()
    assert (report.unit, report.on_behalf_source, report.entered_by) == (world.ours, "paper", world.bureau)
    assert "办公室按纸质材料代录" in ask(world.town, f"/plan/reports/{report.pk}/").content.decode()
    # what the document lays upon nobody by name, the office reports under its own unit
    own = f"/plan/tasks/{task_of(plan, '三(七)').pk}/{world.year}/report/jyj/"
    ask(world.bureau, own, body(token="z" * 32), "post")
    assert TaskReport.objects.get(unit=world.jyj).on_behalf_source == ""


def test_who_reads_what_units_see_their_own_reports_leaders_the_county_s(world, plan, ask):
    ours = file_report(world, plan, text="白山镇的进展")
    theirs = file_report(world, plan, unit=world.theirs, actor=world.town2, text="古零镇的进展")
    address = f"/plan/tasks/{ours.task_id}/?year={world.year}"
    for user, seen in [
        (world.town, {"白山镇的进展"}),
        (world.head, {"白山镇的进展"}),
        (world.town2, {"古零镇的进展"}),
        (world.unit, set()),
        (world.centre, set()),
        (world.leader, {"白山镇的进展", "古零镇的进展"}),
        (world.auditor, {"白山镇的进展", "古零镇的进展"}),
        (world.bureau, {"白山镇的进展", "古零镇的进展"}),
    ]:
        for url in (address, f"/plan/reports/?year={world.year}", f"/plan/?year={world.year}&unit="):
            page = ask(user, url)
            text = page.content.decode()
            found = {word for word in ("白山镇的进展", "古零镇的进展") if word in text}
            assert found == (seen if ("reports" in url and page.status_code == 200) or url == address else set()), user
    assert ask(world.town, f"/plan/reports/{theirs.pk}/").status_code == 404
    assert ask(world.foreign_bureau, f"/plan/reports/{theirs.pk}/").status_code == 404
    assert ask(world.operator, "/plan/").status_code == 403
    assert "谁报了，谁没报" not in ask(world.town, address).content.decode()


def test_a_leader_sees_how_many_sessions_hang_on_a_report_and_none_of_them(world, plan, ask):
    report = file_report(world, plan, sessions=[world.session(status="verified", title="保密的标题")])
    page = ask(world.leader, f"/plan/reports/{report.pk}/").content.decode()
    assert "单位关联了 1 场培训" in page and "保密的标题" not in page
    assert "保密的标题" in ask(world.bureau, f"/plan/reports/{report.pk}/").content.decode()


def test_the_desk_shows_a_unit_its_own_tasks_and_the_office_those_with_gaps(world, plan, ask):
    assert [line.task.clause for line in due(world.town, unit=world.ours).open] == ["二(一)1", "二(一)3"]
    assert "方案任务" in ask(world.town, "/").content.decode()
    file_report(world, plan)
    found = due(world.town, unit=world.ours)
    assert ([line.task.clause for line in found.open], found.heard) == (["二(一)3"], 1)
    assert [line.task.clause for line in due(world.bureau).open] == ["二(一)1", "二(一)3"]
    assert "还有单位没报" in ask(world.bureau, "/").content.decode()
    own = ask(world.town, "/plan/").context
    assert [line.task.clause for _, lines in own["groups"] for line in lines] == ["二(一)1", "二(一)3"]


# --- goals, decisions, closing ---------------------------------------------------------------------------


def test_the_office_sets_goals_for_the_county_and_a_unit_and_both_are_read(world, plan, ask):
    task = task_of(plan, "二(一)1")
    url = f"/plan/tasks/{task.pk}/{world.year}/goals/"
    seen = ask(world.bureau, url).context["form"]["seen"].value()
    ask(world.bureau, url, {"seen": seen, "county": "全部挂牌", f"u{world.ours.pk}": "先办两个点"}, "post")
    assert {(goal.unit, goal.text) for goal in TaskGoal.objects.all()} == {
        (None, "全部挂牌"),
        (world.ours, "先办两个点"),
    }
    page = ask(world.town, f"/plan/tasks/{task.pk}/?year={world.year}").content.decode()
    assert "全部挂牌" in page and "先办两个点" in page
    stale = ask(world.bureau2, url, {"seen": seen, "county": "八成挂牌"}, "post").content.decode()
    assert "全部挂牌" in stale and "八成挂牌" in stale and TaskGoal.objects.get(unit=None).text == "全部挂牌"


def test_a_task_stands_as_the_reports_say_until_the_office_decides(world, plan, ask):
    task = task_of(plan, "二(一)1")
    url = f"/plan/tasks/{task.pk}/{world.year}/judge/"
    line = Board(plan, world.year, world.bureau).line(task)
    assert (str(line.standing), line.told_by) == ("not_begun", "按汇报推断")
    bad = ask(world.bureau, url, {"standing": "hindered", "note": "", "seen_version": "0"}, "post")
    assert "要写明情况" in bad.content.decode()
    ask(world.bureau, url, {"standing": "hindered", "note": "缺钱", "seen_version": "0"}, "post")
    line = Board(plan, world.year, world.town).line(task)
    assert (str(line.standing), line.told_by, line.judgement.note) == ("hindered", "办公室认定", "缺钱")
    late = ask(world.bureau2, url, {"standing": "done", "note": "好了", "seen_version": "0"}, "post")
    assert "已有人先改成了" in late.content.decode()
    ask(world.bureau2, url, {"standing": "", "note": "", "seen_version": "1"}, "post")
    assert Board(plan, world.year, world.town).line(task).told_by == "按汇报推断"
    assert [row.history_change_reason for row in TaskJudgement.objects.get().history.all()] == ["收回认定", "认定"]


def test_ac_5_nobody_declares_done_what_they_reported_themselves(world, plan, ask):
    report = file_report(world, plan, actor=world.bureau, on_behalf_source="phone")
    url = f"/plan/tasks/{report.task_id}/{world.year}/judge/"
    barred = ask(world.bureau, url, {"standing": "done", "note": "x", "seen_version": "0"}, "post")
    assert "须由另一位工作人员认定完成" in barred.content.decode() and not TaskJudgement.objects.exists()
    ask(world.bureau2, url, {"standing": "done", "note": "有照片", "seen_version": "0"}, "post")
    assert TaskJudgement.objects.get().standing == "done"


def test_a_closed_year_takes_no_report_goal_or_decision_and_a_locked_assessment_year_does(world, plan, ask):
    AssessmentYear.objects.filter(pk=world.assessment_year.pk).update(status="locked")
    report = file_report(world, plan)
    turn = f"/plan/all/{plan.pk}/{world.year}/turn/"
    ask(world.bureau, turn, {"turn": "close", "note": "汇总完毕"}, "post")
    assert PlanYear.objects.get().closed_by == world.bureau
    task = report.task
    for url, sent in [
        (f"/plan/tasks/{task.pk}/{world.year}/report/450124100/", body(seen="1", token="q" * 32)),
        (f"/plan/reports/{report.pk}/withdraw/", {"why": "x"}),
        (f"/plan/reports/{report.pk}/add/", {"link": "https://example.invalid/"}),
    ]:
        assert "已经办结" in ask(world.town, url, sent, "post").content.decode()
    judged = {"standing": "done", "note": "x", "seen_version": "0"}
    for url, sent in [("judge", judged), ("goals", {"county": "新目标", "seen": "{}"})]:
        page = ask(world.bureau, f"/plan/tasks/{task.pk}/{world.year}/{url}/", sent, "post")
        assert "已经办结" in page.content.decode()
    with pytest.raises(ValidationError, match="已经办结"):
        file_report(world, plan)
    assert (TaskReport.objects.count(), TaskGoal.objects.count(), TaskJudgement.objects.count()) == (1, 0, 0)
    assert due(world.town, unit=world.ours) is None
    again = ask(world.bureau2, turn, {"turn": "close", "note": ""}, "post")  # overtaken: it does not open it
    assert "已经办结" in again.content.decode() and PlanYear.objects.get().closed_at
    assert "原因" in ask(world.bureau2, turn, {"turn": "open", "note": ""}, "post").content.decode()
    ask(world.bureau2, turn, {"turn": "open", "note": "补报一项"}, "post")
    assert file_report(world, plan).number == 2
    assert [row.history_change_reason for row in PlanYear.objects.get().history.all()] == ["重新打开", "办结"]


# --- later plans -----------------------------------------------------------------------------------------


def document(**more):
    return {
        "title": "马山县社区教育发展实施方案（2027—2030年）",
        "number": "马政办发〔2027〕3号",
        "issued_on": "2026-01-05",
        "first_year": "2027",
        "last_year": "2030",
        "quota_clause": "四(二)",
    } | more


def test_a_later_plan_is_entered_by_page_and_workbook_and_names_the_basis_of_its_years(world, plan, ask):
    ask(world.bureau, "/plan/all/new/", document(), "post")
    later = Plan.objects.get(founding=False)
    rows = [
        ("一(一)", "一、基础", "建好教学点", "条文一", "各成员单位、各乡（镇）人民政府"),
        ("一(二)", "一、基础", "办好学习节", "条文二", "教育局、新闻单位"),
        ("合计", "", "", "", ""),
    ]
    url = f"/plan/all/{later.pk}/tasks/upload/"
    checked = ask(world.bureau, url, {"workbook": tasks_workbook(*rows), "only_check": "on"}, "post")
    assert "新增 2 项" in checked.content.decode() and later.tasks.count() == 0
    ask(world.bureau, url, {"workbook": tasks_workbook(*rows)}, "post")
    board = Board(later, 2027, world.bureau)
    assert [(line.task.clause, line.answering) for line in board.lines] == [
        ("一(一)", [world.jyj, world.wxgtj, world.lgj, world.ours, world.theirs]),
        ("一(二)", [world.jyj]),
    ]
    form = {"clause": "一(三)", "group": "一、基础", "title": "加一条", "responsible_text": "白山镇", "position": "3"}
    ask(world.bureau, f"/plan/all/{later.pk}/tasks/new/", form | {"since": "2026-01-05"}, "post")
    assert Board(later, 2027, world.bureau).lines[2].answering == [world.ours]
    assert AssessmentYear.objects.open_year(world.county, 2028).basis == (
        "马山县社区教育发展实施方案（2027—2030年）（马政办发〔2027〕3号）四(二)"
    )
    assert AssessmentYear.objects.open_year(world.county, 2019).basis_clause == "三(六)"
    assert AssessmentYear.objects.open_year(world.county, 2031).basis.startswith("参照马政办发〔2019〕2号")
    tabs = ask(world.town, "/plan/").context["asked"].plan_tabs
    assert [plan.number for plan, _ in tabs] == ["马政办发〔2027〕3号", "马政办发〔2019〕2号"]


def test_a_workbook_with_one_wrong_row_stores_nothing_and_says_where(world, plan, ask):
    url = f"/plan/all/{plan.pk}/tasks/upload/"
    rows = [
        ("五(一)", "", "好的", "", "县教育局"),
        ("五(二)", "", "", "", "县教育局"),
        ("五(一)", "", "重复", "", "县教育局"),
    ]
    page = ask(world.bureau, url, {"workbook": tasks_workbook(*rows)}, "post").content.decode()
    assert "第 3 行，任务" in page and "出现了两次" in page and plan.tasks.count() == 3
    page = ask(world.bureau, url, {"workbook": SimpleUploadedFile("a.xlsx", b"not a workbook")}, "post")
    assert page.status_code == 200 and page.context["form"].errors


def test_the_tasks_that_go_out_as_a_workbook_come_in_again_without_a_change(world, plan, ask):
    out = ask(world.bureau, f"/plan/all/{plan.pk}/tasks/export/")
    content = b"".join(out.streaming_content)
    sent = SimpleUploadedFile("任务表.xlsx", content)
    ask(world.bureau, f"/plan/all/{plan.pk}/tasks/upload/", {"workbook": sent}, "post")
    event = AuditEvent.objects.get(action="表格录入方案任务")
    assert event.detail == {"created": 0, "changed": 0, "same": 3}


def test_who_answers_changes_from_a_day_on_and_the_days_before_stay(world, plan, ask):
    task = task_of(plan, "二(一)3")
    url = f"/plan/tasks/{task.pk}/edit/"
    sent = as_shown(ask(world.bureau, url))
    day = datetime.date(world.year, 1, 1)
    ask(world.bureau, url, sent | {"responsible": "古零镇人民政府、县教育局、某报社", "since": day.isoformat()}, "post")
    rows = list(task.responsibilities.order_by("pk").values_list("unit", "starts_on", "ends_on"))
    assert rows == [
        (world.ours.pk, SINCE, day),
        (world.theirs.pk, day, None),
        (world.jyj.pk, day, None),
    ]
    assert Board(plan, world.year - 1, world.bureau).line(task).answering == [world.ours]
    assert Board(plan, world.year, world.bureau).line(task).answering == [world.theirs, world.jyj]
    task.refresh_from_db()
    assert task.responsible_text == "白山镇人民政府"  # the document's words stay


def test_in_4_a_plan_and_a_task_that_somebody_else_has_changed_are_shown_with_both_values(world, plan, ask):
    task = task_of(plan, "二(一)3")
    for url, field in [(f"/plan/all/{plan.pk}/edit/", "title"), (f"/plan/tasks/{task.pk}/edit/", "title")]:
        sent = as_shown(ask(world.bureau, url))
        ask(world.bureau, url, sent | {field: "甲改的"}, "post")
        page = ask(world.bureau2, url, sent | {field: "乙改的"}, "post").content.decode()
        assert "甲改的" in page and "乙改的" in page and "已有人先改成了" in page


def test_the_years_on_offer_are_the_plan_s_own_and_those_in_which_it_is_followed(world, plan):
    today = datetime.date(2026, 11, 25)
    assert plan.years(today) == list(range(2027, 2017, -1))
    plan.used_until = 2024
    assert plan.years(today)[0] == 2024 and not plan.used_in(2025) and plan.used_in(2024)
    with pytest.raises(ValidationError, match="不在这个方案的期限内"):
        PlanYear.hold(plan, 2017)


# --- out, and how it is asked ----------------------------------------------------------------------------


def sheet_of(response):
    return load_workbook(io.BytesIO(b"".join(response.streaming_content))).active


def test_xl_8_matrix_and_reports_go_out_as_workbooks_without_a_formula(world, plan, ask):
    file_report(world, plan, text="=1+1", needs="+缺钱")
    file_report(world, plan, unit=world.theirs, actor=world.town2, text="古零镇")
    matrix = sheet_of(ask(world.leader, f"/plan/matrix/export/?year={world.year}"))
    cells = [cell for row in matrix.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert [cell.value for cell in matrix[3]][:7] == [
        "条款", "任务", "状态", "状态来源", "年度目标", "应报单位", "已报单位",
    ]  # fmt: skip
    first = [cell.value for cell in matrix[4]]
    assert first[:3] == ["二(一)1", "任务二(一)1", "进行中"] and first[5:9] == [5, 2, "1月1日，1 次", "1月1日，1 次"]
    assert first[9:] == ["未报", "未报", "未报"]
    reports = sheet_of(ask(world.bureau, f"/plan/reports/export/?year={world.year}"))
    assert all(cell.data_type != "f" for row in reports.iter_rows() for cell in row)
    assert [row[6].value for row in reports.iter_rows(min_row=4, max_row=5)] == ["=1+1", "古零镇"]
    own = sheet_of(ask(world.town2, f"/plan/reports/export/?year={world.year}"))
    assert "=1+1" not in {cell.value for row in own.iter_rows() for cell in row}
    assert AuditEvent.objects.filter(action="导出方案进展汇报").count() == 2


def test_group_and_unit_narrow_the_tasks_and_nonsense_is_passed_over(world, plan, ask):
    def shown(query):
        return [
            line.task.clause for _, lines in ask(world.bureau, f"/plan/?{query}").context["groups"] for line in lines
        ]

    assert shown("") == ["二(一)1", "二(一)3", "三(七)"]
    assert shown("group=2") == ["三(七)"]
    assert shown("unit=450124103") == ["二(一)1"]
    assert shown("unit=450124100&group=1") == ["二(一)1", "二(一)3"]
    assert shown("plan=x&year=²&group=9&unit=%00&page=-1") == ["二(一)1", "二(一)3", "三(七)"]


def test_ld_2_the_pages_ask_as_many_questions_with_thirty_tasks_and_reports_as_with_three(world, plan, ask):
    urls = [
        (world.bureau, "/plan/"),
        (world.bureau, "/plan/matrix/"),
        (world.leader, "/plan/matrix/paper/"),
        (world.bureau, "/plan/reports/"),
        (world.bureau, f"/plan/tasks/{task_of(plan, '二(一)1').pk}/"),
        (world.bureau, f"/plan/all/{plan.pk}/"),
        (world.town, "/plan/"),
        (world.town, "/"),
    ]

    def counts():
        found = []
        for user, url in urls:
            ask(user, url)
            with CaptureQueriesContext(connection) as asked:
                ask(user, url)
            found.append(len(asked))
        return found

    held = [world.session(status="verified", title=f"场次{number}") for number in range(12)]
    for _ in range(3):
        file_report(world, plan, sessions=held[:1])
    few = counts()
    for number in range(30):
        row = PlanTask.objects.create(
            plan=plan, clause=f"九{number}", group=f"九{number % 4}", title="多", responsible_text="各"
        )
        TaskResponsibility.objects.create(task=row, whom="townships", starts_on=SINCE)
        TaskGoal.objects.create(task=row, year=world.year, text="目标")
        file_report(world, plan, clause=row.clause)
        file_report(world, plan, sessions=held[: number % 12])
    assert counts() == few


def test_counting_what_is_due(world, plan):
    file_report(world, plan)
    file_report(world, plan)  # twice by the same unit is once
    lines = Board(plan, world.year, world.bureau).lines
    assert (expected(lines), heard(lines)) == (6, 1)
    assert [str(unit) for unit in lines[1].silent] == ["白山镇人民政府"]


# --- rules that the database holds too -------------------------------------------------------------------


def test_in_5_the_database_refuses_what_no_form_lets_through(world, plan):
    report, task = file_report(world, plan), task_of(plan, "二(一)1")
    TaskGoal.objects.create(task=task, year=2026, text="目标")
    same = {"task": task, "year": report.year, "unit": report.unit, "as_of": report.as_of, "entered_by": world.town}
    judged = {"task": task, "judged_by": world.bureau, "judged_at": report.entered_at}
    a_plan = {"county": world.county, "title": "x", "issued_on": SINCE, "first_year": 2027, "last_year": 2030}
    broken = [
        lambda: Plan.objects.create(**a_plan | {"number": plan.number}),
        lambda: Plan.objects.create(**a_plan | {"number": "n", "founding": True}),
        lambda: Plan.objects.create(**a_plan | {"number": "n", "last_year": 2026}),
        lambda: Plan.objects.create(**a_plan | {"number": "n", "used_until": 2029}),
        lambda: Plan.objects.create(**a_plan | {"number": ""}),
        lambda: PlanTask.objects.create(plan=plan, clause="二(一)1", title="又一个", responsible_text="x"),
        lambda: PlanTask.objects.create(plan=plan, clause="", title="没有条款", responsible_text="x"),
        lambda: TaskResponsibility.objects.create(task=task, starts_on=SINCE),
        lambda: TaskResponsibility.objects.create(task=task, whom="townships", unit=world.ours, starts_on=SINCE),
        lambda: TaskResponsibility.objects.create(task=task, whom="townships", starts_on=SINCE),
        lambda: PlanYear.objects.create(plan=plan, year=1999),
        lambda: PlanYear.objects.create(plan=plan, year=2026, closed_at=report.entered_at),
        lambda: TaskGoal.objects.create(task=task, year=2026, text="第二个"),
        lambda: TaskGoal.objects.create(task=task, year=2026, unit=world.ours, text=""),
        lambda: TaskJudgement.objects.create(**judged, year=2026, standing="perfect"),
        lambda: TaskJudgement.objects.create(**judged, year=2026, standing="not_done", note=""),
        lambda: TaskReport.objects.create(**same, number=1, text="x", token="new"),
        lambda: TaskReport.objects.create(**same, number=0, text="x", token="new"),
        lambda: TaskReport.objects.create(**same, number=2, text="", token="new"),
        lambda: TaskReport.objects.create(**same, number=2, text="x", token=report.token),
        lambda: TaskReport.objects.create(**same, number=2, text="x", token="new", withdrawn_why="没有人撤"),
        lambda: ReportEvidence.objects.create(report=report, added_by=world.town),
        lambda: ReportEvidence.objects.create(report=report, added_by=world.town, link=""),
    ]
    for number, write in enumerate(broken):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
            pytest.fail(f"line {number} was stored")


def test_the_county_s_own_plan_is_not_another_county_s(world, plan, ask):
    foreign = Plan.objects.founding(world.other_county)
    assert Plan.objects.founding(Division.objects.get(pk=world.county.pk)) == plan
    assert ask(world.bureau, f"/plan/all/{foreign.pk}/").status_code == 404
    assert ask(world.bureau, f"/plan/?plan={foreign.pk}").context["plan"] == plan
