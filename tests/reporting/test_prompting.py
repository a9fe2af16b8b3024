"""催报: who has not reported, who is behind and by when, what waits at the unit; the texts; and what the office sends."""

import datetime

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from networks.models import MemberUnit, UnitSuccession
from reporting.models import AssessmentYear, MaterialKind, Prompt
from reporting.prompting import (
    lines_of,
    quarter_of,
    text_for_all,
    text_with_distances,
    unit_reminders,
    usual_quarter,
)

pytestmark = pytest.mark.django_db
Y = 2026
NOW = "2026-11-26T12:00:00+08:00"
URL = f"/assessment/{Y}/prompting/"


@pytest.fixture
def year(world):
    """26 November 2026: the fourth quarter is reported until 31 December, papers until 30 November."""
    row = AssessmentYear.objects.open_year(world.county, Y)
    row.quarter3_until, row.quarter4_until = datetime.date(Y, 10, 10), datetime.date(Y, 12, 31)
    row.reporting_until, row.materials_until = datetime.date(Y, 12, 31), datetime.date(Y, 11, 30)
    row.save()
    with time_machine.travel(NOW, tick=False):
        yield row


def line_of(year, unit, quarter=4):
    return next(line for line in lines_of(year, quarter_of(year, quarter)) if line.unit == unit)


def day(month, number=5):
    return datetime.date(Y, month, number)


# --- questions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "number"),
    [
        ((2026, 11, 26), 4),
        ((2026, 10, 10), 3),
        ((2026, 10, 11), 4),
        ((2026, 2, 1), 1),
        ((2027, 1, 5), 4),
        ((2025, 12, 31), 1),
    ],
)
def test_the_quarter_under_way_is_asked_about_and_the_one_before_until_its_day(world, year, today, number):
    assert usual_quarter(year, datetime.date(*today)) == number


@pytest.mark.parametrize(
    ("number", "first", "last"),
    [(1, (1, 1), (3, 31)), (2, (4, 1), (6, 30)), (3, (7, 1), (9, 30)), (4, (10, 1), (12, 31))],
)
def test_a_quarter_is_three_months(world, year, number, first, last):
    quarter = quarter_of(year, number)
    assert (quarter.first, quarter.last) == (datetime.date(Y, *first), datetime.date(Y, *last))


def test_who_has_submitted_in_the_quarter_has_reported_drafts_and_plans_do_not_count(world, year):
    world.session(held_on=day(3), status="verified")
    world.session(held_on=day(10), status="draft")
    world.session(held_on=day(12), status="planned")
    line = line_of(year, world.ours)
    assert (line.in_quarter, line.in_year, line.silent_quarter, line.silent_year) == (0, 1, True, False)
    for status, number in [("submitted", 1), ("returned", 2), ("verified", 3)]:
        world.session(held_on=day(10), status=status)
        assert line_of(year, world.ours).in_quarter == number
    assert not line_of(year, world.ours).silent_quarter
    assert line_of(year, world.theirs).silent_year


def test_what_waits_at_the_unit_is_counted(world, year):
    world.session(held_on=day(10), status="returned")
    world.session(held_on=day(10), status="draft")
    world.session(held_on=day(9), status="draft")
    world.session(held_on=day(11), status="planned")
    world.session(held_on=day(12), status="planned")
    assert line_of(year, world.ours).held == "退回待改 1 场、草稿 2 场、到期未办的计划 1 场"
    assert line_of(year, world.theirs).held == ""


def test_every_unit_with_a_quota_stands_in_the_documents_order_and_one_that_owes_a_paper(world, year):
    codes = [line.unit.code for line in lines_of(year, quarter_of(year, 4))]
    assert codes == ["450124100", "450124103", "jyj", "wxgtj"]
    MaterialKind.objects.create(year=year, name="年度工作总结")
    codes = [line.unit.code for line in lines_of(year, quarter_of(year, 4))]
    assert codes == ["450124100", "450124103", "jyj", "wxgtj", "lgj"]
    line = line_of(year, world.lgj)
    assert (line.distance, line.silent_year, line.behind) == ("不承担目标任务", False, False)


def test_what_a_renamed_unit_left_undone_lies_with_its_successor(world, year):
    world.session(world.wxgtj, held_on=day(10), status="draft", actor=world.unit)
    new = MemberUnit.objects.create(
        county=world.county, code="wlj", name="县文旅局", kind="department", division=world.county, position=17
    )
    new.terms.create(fact="quota", starts_on=day(11, 1))
    UnitSuccession.objects.create(old=world.wxgtj, new=new, on=day(11, 1), change="rename")
    MemberUnit.objects.filter(pk=world.wxgtj.pk).update(retired_on=day(11, 1))
    codes = [line.unit.code for line in lines_of(year, quarter_of(year, 4))]
    assert "wxgtj" not in codes and line_of(year, new).drafts == 1


def test_a_paper_presses_within_a_fortnight_and_when_it_came_back(world, year):
    world.session(held_on=day(10), status="verified", reported=500)
    kind = MaterialKind.objects.create(year=year, name="年度工作总结", due_on=day(12, 20))
    assert [paper.pressing for paper in line_of(year, world.ours).papers] == [False]
    MaterialKind.objects.filter(pk=kind.pk).update(due_on=day(12, 10))
    assert [paper.pressing for paper in line_of(year, world.ours).papers] == [True]


# --- texts -----------------------------------------------------------------------------------------------


def test_the_text_for_one_unit_says_its_distance_its_last_day_and_what_waits(world, year):
    world.session(held_on=day(3), status="verified", reported=310)
    world.session(held_on=day(10), status="returned")
    MaterialKind.objects.create(year=year, name="年度工作总结")
    assert line_of(year, world.ours).text == (
        "【2026年度社区教育催报】白山镇人民政府：已核定 1 场 310 人次，差 3 场 90 人次，最迟须在 12月20日 前完成。"
        "还在本单位：退回待改 1 场。报送材料还差：年度工作总结（11月30日前）。"
        "四季度的培训请于12月31日前填报；全年填报12月31日截止。请登录平台办理。"
    )
    assert "今年还没有填报培训。" in line_of(year, world.theirs).text


def test_the_text_for_the_county_names_nobody_and_the_other_one_lists_distances_in_the_documents_order(world, year):
    for month in (1, 3, 5, 7):
        world.session(world.theirs, held_on=day(month), status="verified", reported=150)
    lines = lines_of(year, quarter_of(year, 4))
    text = text_for_all(lines, year, quarter_of(year, 4))
    assert "4 个责任单位中 1 个已完成年度任务（每单位 4 场、400 人次）" in text
    assert not [line.unit for line in lines if line.unit.name in text or line.unit.short_name in text]
    assert text_with_distances(lines, year, quarter_of(year, 4)).splitlines()[1:3] == [
        "白山镇：差 4 场 400 人次，最迟须在 12月17日 前完成",
        "古零镇：已完成任务",
    ]


def test_without_dates_the_texts_ask_for_no_day(world, year):
    AssessmentYear.objects.filter(pk=year.pk).update(quarter4_until=None, reporting_until=None)
    year.refresh_from_db()
    assert "截止" not in line_of(year, world.ours).text and "填报；" not in line_of(year, world.ours).text


def test_after_the_last_day_the_texts_speak_of_late_entry(world, year):
    AssessmentYear.objects.filter(pk=year.pk).update(late_until=datetime.date(Y + 1, 1, 20))
    year.refresh_from_db()
    with time_machine.travel("2027-01-08T12:00:00+08:00", tick=False):
        assert (
            "全年填报已于2026年12月31日截止，再提交须先申请补报，补报最迟2027年1月20日。"
            in line_of(year, world.ours).text
        )


# --- sending and reading ---------------------------------------------------------------------------------


def send(world, year, *units, actor=None, text="请及时填报", own="本单位差 1 场"):
    return Prompt.send(
        year=year,
        units=[(unit, own) for unit in units or [world.ours]],
        text=text,
        answer_by=day(12, 5),
        actor=actor or world.bureau,
    )


def test_a_prompt_lies_on_the_units_desk_until_it_is_read(world, year, ask):
    send(world, year)
    shown = ask(world.town, "/").content.decode()
    assert "请及时填报" in shown and "本单位差 1 场" in shown and "2026年12月5日（周六） 前办理" in shown
    assert (
        "知道了" not in ask(world.head, "/").content.decode() and "请及时填报" in ask(world.head, "/").content.decode()
    )
    assert "请及时填报" not in ask(world.town2, "/").content.decode()
    row = Prompt.objects.get()
    assert ask(world.town, reverse("prompt-read", args=[row.pk]), method="post").url == "/"
    row.refresh_from_db()
    assert row.read_at is not None
    assert "请及时填报" not in ask(world.town, "/").content.decode()
    assert "请及时填报" in ask(world.town, URL).content.decode()  # still to be read again
    again = row.read_at
    row.acknowledge(actor=world.town)
    row.refresh_from_db()
    assert row.read_at == again


def test_looking_at_a_prompt_writes_nothing(world, year, ask):
    send(world, year)
    ask(world.town, "/")
    ask(world.town, URL)
    assert Prompt.objects.get().read_at is None


def test_a_prompt_leaves_the_desk_once_the_unit_has_acted(world, year):
    send(world, year, world.ours, world.theirs)
    with time_machine.travel("2026-11-27T09:00:00+08:00", tick=False):
        world.session(held_on=day(10), status="submitted")
        assert (len(unit_reminders(world.town).prompts), len(unit_reminders(world.town2).prompts)) == (0, 1)
        assert [row.acted for row in Prompt.objects.answered().order_by("unit__code")] == [True, False]


def test_a_prompt_that_was_taken_back_leaves_the_desk_and_stays_on_record(world, year, ask):
    send(world, year, world.ours, world.theirs)
    url = reverse("prompt-withdraw", args=[Y, 1])
    assert ask(world.bureau2, url, method="post").url == URL
    assert unit_reminders(world.town).prompts == [] and Prompt.objects.count() == 2
    assert "请及时填报" not in ask(world.town, URL).content.decode()
    shown = ask(world.bureau, URL).content.decode()
    assert "（已撤回）" in shown and "请及时填报" in shown
    assert ask(world.bureau, reverse("prompt-withdraw", args=[Y, 9]), method="post").status_code == 404
    assert ask(world.foreign_bureau, url, method="post").status_code == 404


def test_rounds_are_numbered_and_a_locked_year_is_prompted_no_more(world, year):
    assert [send(world, year)[0].round, send(world, year, world.theirs)[0].round] == [1, 2]
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked", locked_on=day(11, 26))
    with pytest.raises(ValidationError, match="已锁定定案"):
        send(world, year)
    assert unit_reminders(world.town).prompts == []


def test_only_the_office_sends_to_its_own_county_and_only_the_unit_acknowledges(world, year):
    for user in (world.town, world.auditor, world.leader, world.centre):
        with pytest.raises(PermissionDenied):
            send(world, year, actor=user)
    with pytest.raises(PermissionDenied):
        send(world, year, world.foreign)
    [row] = send(world, year)
    for user in (world.town2, world.head, world.bureau):
        with pytest.raises(PermissionDenied):
            row.acknowledge(actor=user)


def test_a_prompt_names_no_protected_group_and_no_mobile_telephone(world, year):
    from trainings.models import Audience

    for text in (f"{Audience.objects.protected_names()[0]}专场请补报", "有问题打 13800771234"):
        with pytest.raises(ValidationError):
            send(world, year, text=text)
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("broken", [{"text": ""}, {"round": 0}])
def test_in5_the_database_holds_the_rules_of_a_prompt(world, year, broken):
    [row] = send(world, year)
    with pytest.raises(IntegrityError), transaction.atomic():
        Prompt.objects.filter(pk=row.pk).update(**broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        Prompt.objects.create(year=year, unit=world.ours, round=1, text="又一次", sent_by=world.bureau)


def test_the_office_sends_to_those_it_ticks_and_sees_who_has_read(world, year, ask):
    for month in (1, 3, 5, 10):
        world.session(world.theirs, held_on=day(month), status="verified", reported=150)
    page = ask(world.bureau, URL)
    assert page.context["form"].ticked == {"450124100", "jyj", "wxgtj"}  # 古零镇 has nothing to be prompted for
    assert page.context["silent"] == ["白山镇", "教育局", "文新广体局"]
    token = page.context["token"]
    given = {"units": ["450124100", "wxgtj"], "text": "请于下周补齐", "with_own": "on", "token": token}
    assert ask(world.bureau, URL, given, "post").url == URL
    assert ask(world.bureau, URL, given, "post").url == URL  # a second click
    rows = list(Prompt.objects.order_by("unit__code"))
    assert [(row.unit.code, row.text) for row in rows] == [("450124100", "请于下周补齐"), ("wxgtj", "请于下周补齐")]
    assert rows[0].own.startswith("已核定 0 场 0 人次，差 4 场 400 人次")
    rows[0].acknowledge(actor=world.town)
    shown = ask(world.bureau, URL).content.decode()
    assert "2 个单位，已读 1 个" in shown and "白山镇（11月26日）" in shown


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(world, year, ask):
    given = {"units": ["450124103"], "text": "", "answer_by": "2026-11-01"}
    page = ask(world.bureau, URL, given, "post")
    assert page.context["form"].errors == {
        "text": ["请写催报的内容"],
        "answer_by": ["这一天已经过去，请选择今天或以后的日期"],
    }
    assert page.context["form"].ticked == {"450124103"}
    page = ask(world.bureau, URL, {"text": "请补齐", "units": ["foreign", "450125100"]}, "post")
    assert "units" in page.context["form"].errors and not Prompt.objects.exists()


def test_ac_2_a_unit_reads_only_what_was_sent_to_it(world, year, ask):
    send(world, year, world.theirs, text="只给古零镇", own="古零镇差 2 场")
    for user in (world.town, world.unit, world.head):
        assert "古零镇" not in ask(user, URL).content.decode()
    assert ask(world.leader, URL).status_code == 403
    assert "只给古零镇" in ask(world.auditor, URL).content.decode()
    assert ask(world.foreign_bureau, URL).status_code == 404
    assert ask(world.town, reverse("prompt-read", args=[Prompt.objects.get().pk]), method="post").status_code == 404


def test_the_list_with_distances_is_shown_only_when_the_office_asks_for_it(world, year, ask):
    assert "按文件所列次序" not in ask(world.bureau, URL).content.decode()
    assert "白山镇：差 4 场 400 人次" in ask(world.bureau, f"{URL}?text=distances").content.decode()


@pytest.mark.parametrize("query", ["?quarter=5", "?quarter=x", "?quarter=-1", "?quarter=99999999999999999999"])
def test_a_quarter_that_is_none_shows_the_usual_one(world, year, ask, query):
    assert ask(world.bureau, URL + query).context["quarter"].number == 4


def test_ld_2_the_page_costs_the_same_queries_at_3_and_30_units(world, year, ask, django_assert_max_num_queries):
    MaterialKind.objects.create(year=year, name="年度工作总结")
    counts = []
    for more in (3, 27):
        for number in range(more):
            code = f"u{more}-{number}"
            unit = MemberUnit.objects.create(
                county=world.county, code=code, name=code, kind="department", division=world.county, position=50
            )
            unit.terms.create(fact="quota", starts_on=datetime.date(2018, 1, 1))
        send(world, year, *MemberUnit.objects.filter(code__startswith="u"))
        ask(world.bureau, URL)
        with django_assert_max_num_queries(50) as captured:
            ask(world.bureau, URL)
        counts.append(len(captured))
    assert counts[0] == counts[1]
