"""推进方案 as the office keeps it: goals, decisions, closed years, later plans, and what goes out."""

import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from networks.models import AuditEvent, Division, MemberUnit
from networks.reorganisation import NewUnit, merge_units
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

from ..makers import confirmation, tasks_workbook
from ..trainings.workbook_files import book as book_of
from .plan_world import SINCE, as_shown, body, file_report, task_of

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
    checked = ask(world.bureau, url, {"workbook": tasks_workbook(*rows)}, "post")
    assert "确认保存（新增 2 项，修改 0 项）" in checked.content.decode() and later.tasks.count() == 0
    ask(world.bureau, url, confirmation(checked), "post")
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
    page = ask(world.bureau, f"/plan/all/{plan.pk}/tasks/upload/", {"workbook": sent}, "post")
    assert page.context["planned"].same == 3 and "没有改动" in page.content.decode()


def taken_out(ask, user, plan):
    out = ask(user, f"/plan/all/{plan.pk}/tasks/export/")
    return load_workbook(io.BytesIO(b"".join(out.streaming_content)))


def sent_back(ask, user, plan, book):
    """The page that shows what the workbook would change."""
    out = io.BytesIO()
    book.save(out)
    file = SimpleUploadedFile("任务表.xlsx", out.getvalue())
    return ask(user, f"/plan/all/{plan.pk}/tasks/upload/", {"workbook": file}, "post")


def cells_of(book):
    """{clause: row of cells}"""
    return {row[0].value: row for row in book.worksheets[-1].iter_rows(min_row=4)}


def saved_by_others(plan, clause, **values):
    task = task_of(plan, clause)
    for name, value in values.items():
        setattr(task, name, value)
    task.version += 1
    task.save()


def test_in_4_a_table_that_was_edited_for_days_leaves_what_others_have_saved_meanwhile(world, plan, ask):
    saved_by_others(plan, "三(七)", text="第一行\n第二行")  # goes out in one line, and is no change when it comes back
    book = taken_out(ask, world.bureau, plan)
    saved_by_others(plan, "二(一)1", title="别人改的名称", responsible_text="县教育局")
    one, three = (cells_of(book)[clause] for clause in ("二(一)1", "二(一)3"))
    one[4].value, three[2].value = "我填的单位", "我改的名称"
    page = sent_back(ask, world.bureau2, plan, book)
    shown = page.content.decode()
    assert PlanTask.objects.filter(title="我改的名称").count() == 0, "nothing is stored before it is confirmed"
    assert "<ins>我改的名称</ins>" in shown and "<ins>我填的单位</ins>" in shown
    planned = page.context["planned"]
    assert [n.message for n in planned.notices] == [
        "第 4 行的“任务”在您下载以后别人改成了“别人改的名称”，您没有改，保留系统中现在的"
    ]
    assert [n.message for n in planned.conflicts] == [
        "第 4 行的“责任单位”在您下载以后别人改成了“县教育局”，您改成了“我填的单位”"
    ]
    ask(world.bureau2, f"/plan/all/{plan.pk}/tasks/upload/", confirmation(page), "post")
    task = task_of(plan, "二(一)1")
    assert (task.title, task.responsible_text) == ("别人改的名称", "我填的单位")
    assert task_of(plan, "三(七)").text == "第一行\n第二行"
    event = AuditEvent.objects.get(action="表格录入方案任务")
    assert event.detail == {"created": 0, "changed": 2, "same": 1}


def test_in_4_what_others_took_back_or_added_after_the_table_went_out_is_said_before_it_is_stored(world, plan, ask):
    book = taken_out(ask, world.bureau, plan)
    task_of(plan, "二(一)3").withdraw(actor=world.bureau, why="录错了")
    added = PlanTask(plan=plan, clause="五(一)", title="办好学习节", responsible_text="县教育局", position=9)
    added.save()
    book.worksheets[-1].append(["五(一)", "", "别的名称", "", "县教育局"])
    planned = sent_back(ask, world.bureau2, plan, book).context["planned"]
    assert [n.message for n in planned.conflicts] == [
        "第 5 行的“二(一)3”在您下载以后别人撤下了，确认就重新录入",
        "第 10 行的“任务”在您下载以后别人改成了“办好学习节”，您改成了“别的名称”",
    ]


def test_in_2_in_4_what_has_moved_since_it_was_shown_is_shown_anew(world, plan, ask):
    book = taken_out(ask, world.bureau, plan)
    cells_of(book)["二(一)1"][2].value = "我改的名称"
    page = sent_back(ask, world.bureau, plan, book)
    saved_by_others(plan, "二(一)1", title="别人改的名称")
    url = f"/plan/all/{plan.pk}/tasks/upload/"
    anew = ask(world.bureau, url, confirmation(page), "post")
    assert "系统中的任务有了变化" in anew.content.decode() and "<del>别人改的名称</del>" in anew.content.decode()
    assert task_of(plan, "二(一)1").title == "别人改的名称"
    wrong = ask(world.bureau, url, confirmation(anew) | {"digest": "0" * 64}, "post")
    assert wrong.status_code == 200 and task_of(plan, "二(一)1").title == "别人改的名称"
    assert ask(world.bureau, url, confirmation(anew), "post").status_code == 302
    assert task_of(plan, "二(一)1").title == "我改的名称"


def test_in_3_the_same_table_of_a_new_plan_confirmed_twice_is_stored_once(world, plan, ask, monkeypatch):
    """Two people upload at one moment, or one clicks twice: no error 500, no task twice."""
    url = f"/plan/all/{plan.pk}/tasks/upload/"
    row = ("五(一)", "", "办好学习节", "", "县教育局")
    first, second = (
        ask(user, url, {"workbook": tasks_workbook(row)}, "post") for user in (world.bureau, world.bureau2)
    )
    assert ask(world.bureau, url, confirmation(first), "post").status_code == 302
    again = ask(world.bureau2, url, confirmation(second), "post")
    assert "没有改动" in again.content.decode() and plan.tasks.filter(clause="五(一)").count() == 1
    third = ask(world.bureau, url, {"workbook": tasks_workbook(("五(二)", *row[1:]))}, "post")

    def taken(*args, **kwargs):
        raise IntegrityError("one_task_per_clause")

    monkeypatch.setattr(PlanTask, "save", taken)  # entered on a page between the comparison and here
    refused = ask(world.bureau, url, confirmation(third), "post")
    assert refused.status_code == 200 and "刚才有人录入了相同的条款" in refused.content.decode()


@pytest.mark.parametrize("rows", ["", "x", "eyJ:1:2"])
def test_in_2_only_what_a_page_of_this_plan_has_shown_is_stored(world, plan, ask, rows):
    url = f"/plan/all/{plan.pk}/tasks/upload/"
    answer = ask(world.bureau, url, {"rows": rows, "digest": "0" * 64}, "post")
    assert "没有保存：请重新上传" in answer.content.decode()
    page = ask(world.bureau, url, {"workbook": tasks_workbook(("五(一)", "", "办好学习节", "", "县教育局"))}, "post")
    ask(world.bureau, "/plan/all/new/", document(), "post")
    later = Plan.objects.get(founding=False)
    answer = ask(world.bureau, f"/plan/all/{later.pk}/tasks/upload/", confirmation(page), "post")
    assert "没有保存：请重新上传" in answer.content.decode() and later.tasks.count() == 0


def test_xl_3_what_of_the_table_was_hidden_skipped_or_not_read_is_said_before_it_is_stored(world, plan, ask):
    content = book_of(
        [
            ["条款", "任务", "责任单位", "进度"],
            ["五(一)", "办好学习节", "县教育局", "一半"],
            ["五(二)", "藏起来的", "县教育局", "没有"],
            ["合计", None, None, None],
        ],
        ("附表", [["别的", "内容"]]),
        hidden_rows=(3,),
    )
    url = f"/plan/all/{plan.pk}/tasks/upload/"
    page = ask(world.bureau, url, {"workbook": SimpleUploadedFile("a.xlsx", content)}, "post")
    assert {notice.code for notice in page.context["planned"].notices} == {
        "column_unused",
        "hidden_row",
        "sheet_skipped",
    }
    shown = page.content.decode()
    assert "第 3 行是隐藏的" in shown and "“进度”没有读取" in shown and "等）1 行" in shown


def test_xl_3_a_table_without_a_column_that_a_new_task_needs_says_so(world, plan, ask):
    url = f"/plan/all/{plan.pk}/tasks/upload/"
    content = book_of([["条款", "任务", "条文"], ["五(一)", "办好学习节", "x"], ["二(一)1", "只改名称", None]])
    page = ask(world.bureau, url, {"workbook": SimpleUploadedFile("a.xlsx", content)}, "post")
    assert "第 2 行，责任单位" in page.content.decode() and "请补上" in page.content.decode()
    content = book_of([["条款", "任务", "条文"], ["二(一)1", "只改名称", None]])
    page = ask(world.bureau, url, {"workbook": SimpleUploadedFile("a.xlsx", content)}, "post")
    ask(world.bureau, url, confirmation(page), "post")
    task = task_of(plan, "二(一)1")
    assert task.title == "只改名称" and task.responsible_text


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
        lambda: PlanTask.objects.filter(pk=task.pk).update(withdrawn_why="没有人撤"),
        lambda: PlanTask.objects.filter(pk=task.pk).update(withdrawn_at=report.entered_at, withdrawn_by=world.bureau),
        lambda: Plan.objects.filter(pk=plan.pk).update(
            withdrawn_at=report.entered_at, withdrawn_by=world.bureau, withdrawn_why="奠基文件"
        ),
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


# --- what was entered by mistake -------------------------------------------------------------------------


def test_a_mistyped_task_is_withdrawn_kept_and_asked_of_nobody_and_its_clause_is_free_again(world, plan, ask):
    task = task_of(plan, "二(一)3")
    report = file_report(world, plan, clause="二(一)3")
    url = f"/plan/tasks/{task.pk}/withdraw/"
    page = ask(world.bureau, url).content.decode()
    assert "已有的 1 份汇报保留" in page
    ask(world.bureau, url, {"turn": "down", "why": ""}, "post")
    task.refresh_from_db()
    assert task.withdrawn_at is None
    ask(world.bureau, url, {"turn": "down", "why": "条款号录错了"}, "post")
    twice = ask(world.bureau2, url, {"turn": "down", "why": "也看到了"}, "post").content.decode()
    assert "已经撤下了" in twice
    board = Board(plan, world.year, world.bureau)
    assert [line.task.clause for line in board.lines] == ["二(一)1", "三(七)"]
    assert [line.task for line in board.withdrawn] == [task]
    assert report.text not in ask(world.bureau, f"/plan/reports/?year={world.year}").content.decode()
    assert report.text in ask(world.bureau, f"/plan/tasks/{task.pk}/?year={world.year}").content.decode()
    shown = ask(world.town, f"/plan/tasks/{task.pk}/?year={world.year}").content.decode()
    assert "条款号录错了" in shown and "汇报进展</a>" not in shown
    refused = ask(world.town, f"/plan/tasks/{task.pk}/{world.year}/report/{world.ours.code}/", body(seen="1"), "post")
    assert "已经撤下" in refused.content.decode() and TaskReport.objects.count() == 1
    right = PlanTask.objects.create(plan=plan, clause="二(一)3", title="对的", responsible_text="白山镇人民政府")
    back = ask(world.bureau, url, {"turn": "back"}, "post").content.decode()
    assert "这个方案里已有这一条款的任务" in back
    right.withdraw(actor=world.bureau, why="多录了")
    ask(world.bureau, url, {"turn": "back"}, "post")
    assert [line.task.clause for line in Board(plan, world.year, world.bureau).lines] == [
        "二(一)1",
        "二(一)3",
        "三(七)",
    ]
    assert list(task.history.values_list("history_change_reason", "history_user__username"))[:2] == [
        ("恢复", "bureau"),
        ("撤下", "bureau"),
    ]


def test_nothing_is_written_to_a_withdrawn_task(world, plan):
    report, task = file_report(world, plan), task_of(plan, "二(一)1")
    task.withdraw(actor=world.bureau, why="录错了")
    judgement = TaskJudgement(task=task, year=world.year)
    for write in (
        lambda: file_report(world, plan),
        lambda: report.withdraw(actor=world.town, why="报错了"),
        lambda: ReportEvidence.add(report, actor=world.town, link="https://example.invalid/"),
        lambda: judgement.judge(actor=world.bureau2, standing="under_way", note=""),
        lambda: task.withdraw(actor=world.bureau, why="再撤一次"),
    ):
        with pytest.raises(ValidationError, match="已经撤下"), transaction.atomic():
            write()


def test_a_mistyped_plan_is_withdrawn_whole_and_no_year_takes_it_as_its_basis(world, plan, ask):
    wrong = Plan.objects.create(
        county=world.county, title="录错的方案", number="马政办发〔2027〕9号", issued_on=datetime.date(2026, 1, 1),
        first_year=2026, last_year=2030, quota_clause="四",
    )  # fmt: skip
    task = PlanTask.objects.create(plan=wrong, clause="一", title="任务", responsible_text="各成员单位")
    url = f"/plan/all/{wrong.pk}/withdraw/"
    assert "1 项任务都不用再汇报" in ask(world.bureau, url).content.decode()
    assert ask(world.town, url).status_code == 403
    ask(world.bureau, url, {"turn": "down", "why": "文号录错了"}, "post")
    assert "录错的方案" not in ask(world.bureau, "/plan/").content.decode()
    assert due(world.bureau).plan == plan
    assert "文号录错了" in ask(world.bureau, "/plan/all/").content.decode()
    assert AssessmentYear.objects.open_year(world.county, 2028).basis_number == ""
    for clauses, refused in [
        (f"/plan/tasks/{task.pk}/edit/", as_shown(ask(world.bureau, f"/plan/tasks/{task.pk}/edit/"))),
        (f"/plan/all/{wrong.pk}/edit/", as_shown(ask(world.bureau, f"/plan/all/{wrong.pk}/edit/"))),
    ]:
        assert "已经撤下" in ask(world.bureau, clauses, refused, "post").content.decode()
    again = as_shown(ask(world.bureau, f"/plan/all/{wrong.pk}/edit/")) | {"title": "对的方案"}
    ask(world.bureau, "/plan/all/new/", again, "post")
    assert Plan.objects.standing().get(number=wrong.number).title == "对的方案"
    with pytest.raises(ValidationError, match="已有这个文号的方案"):
        wrong.restore(actor=world.bureau)


def test_the_founding_document_is_not_withdrawn_and_what_is_withdrawn_of_it_is_not_loaded_again(world, plan, ask):
    with pytest.raises(ValidationError, match="不能撤下"):
        plan.withdraw(actor=world.bureau, why="试试")
    load_plan(world.county.pk)
    task = plan.tasks.get(clause="二(三)1")
    task.withdraw(actor=world.bureau, why="重复录入")
    load_plan(world.county.pk)
    assert plan.tasks.filter(clause="二(三)1").get() == task


# --- units that have been merged ---------------------------------------------------------------------------


def test_what_a_merged_unit_reported_stands_with_its_successor_from_that_day_on(world, plan, ask):
    before = world.year - 1
    file_report(world, plan, year=before, text="合并以前报的")
    task = task_of(plan, "二(一)1")
    TaskGoal.objects.create(task=task, year=before, unit=world.ours, text="办两个点")
    merge_units(
        [world.ours, world.theirs],
        new=NewUnit("白古镇人民政府", "bgz"), on=datetime.date(before, 7, 1), basis="", actor=world.bureau,
    )  # fmt: skip
    file_report(world, plan, year=before, unit=world.theirs, text="另一个镇报的", as_of=datetime.date(before, 2, 1))
    new = MemberUnit.objects.get(code="bgz")
    line = Board(plan, before, world.bureau).line(task)
    assert line.reported == {new.pk: (2, datetime.date(before, 2, 1))} and line.goals[new.pk] == "办两个点"
    assert new not in line.silent and all(cell.answers for cell in line.cells)
    listed = ask(world.bureau, f"/plan/reports/?year={before}&unit={new.code}").content.decode()
    assert "合并以前报的" in listed and "另一个镇报的" in listed
    # In a year before the merger it is read as it was then.
    file_report(world, plan, year=before - 1, text="前年报的")
    assert set(Board(plan, before - 1, world.bureau).line(task).reported) == {world.ours.pk}
