"""The leaders' dashboard and the indicators behind it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from networks.models import Division, Institution
from reporting.dashboard import Dashboard
from reporting.indicators import INDICATORS, YearFigures
from reporting.models import AssessmentYear
from trainings.models import Audience

NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def years(world):
    with time_machine.travel(NOON, tick=False):
        yield AssessmentYear.objects.open_year(world.county, 2026), AssessmentYear.objects.open_year(world.county, 2025)


def board(world, years, user=None):
    return Dashboard(*years, date(2026, 11, 23), user or world.bureau)


def with_audiences(session, **numbers):
    session.set_audiences([(Audience.objects.get(name=name), number) for name, number in numbers.items()])


def reach(year):
    return {group.label: group.words for group in YearFigures(year).audiences}


def test_the_paragraph_can_be_read_aloud(world, years):
    for _ in range(4):
        world.session(status="verified", held_on=date(2026, 3, 5), reported=100)
    world.session(status="verified", held_on=date(2025, 11, 23), reported=30)
    world.session(status="verified", held_on=date(2025, 11, 24), reported=31)
    world.session(world.wxgtj, status="submitted", held_on=date(2026, 3, 5), reported=40)
    world.session(world.theirs, status="verified", held_on=date(2026, 5, 5), reported=310)
    assert board(world, years).paragraph == (
        "截至2026年11月23日，马山县 4 个责任单位中 1 个已完成年度任务，3 个有差距。"
        "计入任务的培训 5 场、710 人次，上年同期 1 场、30 人次。近一个月没有增加。另有 1 场待审核。"
        "需要帮助的有古零镇，差 3 场 90 人次；教育局，差 4 场 400 人次；文新广体局，差 4 场 400 人次。"
        "其中最近的期限是12月17日。"
    )


def test_in_8_whoever_waits_for_review_after_the_years_end_has_not_met_the_task_either(world, years):
    for unit in (world.ours, world.theirs, world.jyj):
        for _ in range(4):
            world.session(unit, status="submitted", held_on=date(2026, 3, 5), reported=100)
    with time_machine.travel(NOON.replace(year=2027, month=1), tick=False):
        after = Dashboard(*years, date(2027, 1, 23), world.bureau)
        assert len(after.county.standings) == 4
        assert after.course_words == "4 个单位没有完成年度任务，其中 3 个待审核"


def test_the_curve_adds_up_and_stops_at_this_month(world, years):
    for month in (1, 3, 3):
        world.session(status="verified", held_on=date(2026, month, 5), reported=10)
    world.session(status="verified", held_on=date(2025, 12, 31), reported=10)
    chart = board(world, years).curve
    table = dict(chart.table)
    assert table["2026年"] == [1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, None]
    assert table["2025年"] == [0] * 11 + [1]
    assert [url.rpartition("=")[2] for url in board(world, years)._up_to_months(years[0])][9:11] == [
        "2026-10-31",
        "2026-11-23",  # not the end of the month, which is still to come
    ]


def test_reach_adds_numbers_up_and_shows_what_was_not_split(world, years):
    with_audiences(world.session(status="verified", held_on=date(2026, 3, 5), reported=60), 青少年=20, 留守妇女=None)
    with_audiences(world.session(status="verified", held_on=date(2026, 3, 6), reported=40), 青少年=15)
    with_audiences(world.session(status="submitted", held_on=date(2026, 3, 6), reported=90), 青少年=90)
    with_audiences(world.session(world.foreign, status="verified", held_on=date(2026, 3, 6), reported=5), 青少年=5)
    assert reach(years[0]) == {"青少年": "35", "留守妇女": "未分", "未分对象": "65"}
    chart = board(world, years).reach  # draws what has a number; the rest is a sentence
    assert [(bar.label, bar.value) for bar in chart.bars] == [("青少年", 35)]
    assert chart.note == "另有 65 人次未分对象。办过培训、没有分别填人次的有留守妇女。"


def test_a_group_of_fewer_than_five_is_withheld_and_cannot_be_worked_out(world, years):
    with_audiences(world.session(status="verified", held_on=date(2026, 3, 5), reported=50), 青少年=4, 老年人=46)
    assert reach(years[0]) == {"老年人": "不单列", "青少年": "<5", "未分对象（含不单列的）": "50"}
    chart = board(world, years).reach
    assert [(bar.label, bar.value, bar.words) for bar in chart.bars] == [
        ("老年人", None, "不单列"),
        ("青少年", None, "<5"),
    ]
    assert chart.note == "另有 50 人次未分对象（含不单列的）。"


def test_pi_2_a_total_beside_a_single_gap_gives_no_head_away(world, years, page):
    """47 heads, 46 of them old people: shown side by side they would leave exactly one person of a protected group."""
    with_audiences(world.session(status="verified", held_on=date(2026, 3, 5), reported=47), 戒毒人员=1, 老年人=46)
    with_audiences(world.session(status="verified", held_on=date(2026, 3, 6), reported=60), 青少年=60)
    for user in (world.leader, world.bureau):
        assert ">46<" not in page(user, "/dashboard/2026/").content.decode()
    assert reach(years[0]) == {
        "青少年": "60",
        "老年人": "不单列",
        "只报人次的特殊群体": "<5",
        "未分对象（含不单列的）": "47",
    }
    frozen = {group.label: (group.attendances, group.small) for group in YearFigures(years[0]).audiences_of_the_act}
    assert frozen == {  # what acts hold, and go on to hold
        "青少年": (60, False),
        "老年人": (46, False),
        "只报人次的特殊群体": (1, True),
        "未分对象（含不足5人次的）": (1, True),
    }


def test_pi_2_a_locked_year_shows_no_more_than_an_open_one(world, years):
    with_audiences(world.session(status="verified", held_on=date(2025, 3, 5), reported=47), 青少年=1, 老年人=46)
    before = reach(years[1])
    world.lock(years[1])
    year = AssessmentYear.objects.get(pk=years[1].pk)
    assert reach(year) == before == {"老年人": "不单列", "青少年": "<5", "未分对象（含不单列的）": "47"}


def test_pi_2_groups_counted_by_heads_only_are_not_named(world, years, page):
    row = world.session(status="verified", held_on=date(2026, 3, 5), reported=50)
    with_audiences(row, 戒毒人员=12, 社区服刑人员=9)
    assert reach(years[0]) == {"只报人次的特殊群体": "21", "未分对象": "29"}
    text = page(world.leader, "/dashboard/2026/").content.decode()
    assert "戒毒" not in text and "服刑" not in text and "社区矫正" not in text


def test_coverage_names_its_denominators_and_leaves_abolished_places_out(world, years):
    for place, state in {"450124100": "open", "450124100201": "open", "450124100006": "closed"}.items():
        point = Institution.objects.get(division=place)
        point.record(state, date(2020, 1, 1))
        world.session(status="verified", held_on=date(2026, 3, 5), host=point)
    found = YearFigures(years[0]).coverage
    assert [str(found[key]) for key in ("township", "village", "any_village")] == ["1/2", "1/2", "1/3"]
    assert [found[key].opened for key in ("township", "village", "any_village")] == [1, 1, 1]
    assert [found[key].unconfirmed for key in ("township", "village", "any_village")] == [1, 1, 1]
    Division.objects.filter(pk="450124103205").update(retired_on=date(2026, 1, 1))
    assert str(YearFigures(years[0]).coverage["village"]) == "1/1"


def test_a_rate_without_its_denominator_is_not_a_zero(world, years):
    assert INDICATORS["participation"].of(YearFigures(years[0])) is None
    Division.objects.filter(tier="village").update(retired_on=date(2026, 1, 1))
    assert str(YearFigures(years[0]).coverage["village"]) == "无法计算"


def test_every_indicator_says_what_it_counts_and_from_which_clause(world, years):
    figures = YearFigures(years[0])
    for indicator in INDICATORS.values():
        assert indicator.definition.endswith("。") and indicator.clause
        indicator.of(figures)


def test_themes_are_in_the_documents_order(world, years):
    world.session(status="verified", held_on=date(2026, 3, 5), reported=10)
    world.session(status="verified", held_on=date(2026, 3, 5), reported=11, theme=None)
    assert [(g.label, g.sessions, g.attendances) for g in YearFigures(years[0]).themes] == [
        ("农村实用技术", 1, 10),
        ("未填主题", 1, 11),
    ]


def test_themes_count_a_class_as_the_year_does_and_open_rows_with_the_same_sum(world, years, page):
    world.session(status="verified", held_on=date(2026, 3, 5), ends_on=date(2026, 3, 7), reported=10)
    AssessmentYear.objects.filter(pk=years[0].pk).update(class_counts=AssessmentYear.ClassCounts.DAILY)
    [(group, url)] = page(world.bureau, "/dashboard/2026/").context["board"].themes
    assert (group.sessions, group.attendances) == (3, 10)
    assert page(world.bureau, url).context["sum"] == (3, 10)


def test_ac_2_a_leader_gets_counts_and_no_way_to_rows(world, years, page):
    world.session(status="verified", held_on=date(2026, 3, 5), reported=123, title="桑蚕的名字")
    text = page(world.leader, "/dashboard/2026/").content.decode()
    assert "123" in text and "桑蚕的名字" not in text and "/sessions/" not in text and "/review/" not in text
    text = page(world.auditor, "/dashboard/2026/").content.decode()
    assert "/assessment/2026/counted/" in text


def test_the_dashboard_is_for_those_who_see_the_county(world, years, page):
    for user in (world.town, world.unit, world.head, world.centre, world.operator, world.homeless):
        assert page(user, "/dashboard/2026/").status_code == 403
    assert page(world.foreign_bureau, "/dashboard/2026/").status_code == 404


def test_a_county_without_units_or_last_year_still_has_a_dashboard(world, page):
    year = AssessmentYear.objects.open_year(world.other_county, 2024)
    response = page(world.foreign_bureau, f"/dashboard/{year.year}/")
    assert response.status_code == 200 and "上年没有考核" in response.content.decode()
