"""推进方案: who answers for a task on a day, what is reported of it, how it stands (依据 every 责任单位 bracket)."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from networks import reorganisation, tasks
from networks.loading import COUNTY
from networks.models import Attachment, AuditEvent, MemberUnit, UnitTerm
from reporting.loading import load_plan
from reporting.models import (
    Plan,
    PlanTask,
    TaskReport,
    TaskResponsibility,
)
from reporting.plan_progress import Board, due

from .plan_world import SINCE, body, file_report, photo, task_of

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
