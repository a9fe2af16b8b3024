"""培训统计: exact figures of a small county, by every breakdown, against the same period of the year before."""

import re
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from openpyxl import load_workbook

from networks.models import AuditEvent
from networks.redistricting import merge_places
from networks.reorganisation import NewUnit, merge_units
from reporting.assessment import Organised
from reporting.indicators import YearFigures
from reporting.measures import BREAKDOWNS, By
from reporting.models import AssessmentYear
from reporting.periods import Period
from reporting.statistics import Asked, Statistics
from trainings.models import Audience, Course, DeliveryForm, Language, Programme, Project, RosterLine, Theme

from ..conftest import stands

NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
URL = "/statistics/"
Y2026 = Period.of_year(2026)


@pytest.fixture(autouse=True)
def late():
    with time_machine.travel(NOON, tick=False):
        yield


@stands
def county(world):
    """2026: ours 60 + 41 (one in 新汉村, one in 古零镇), theirs 80, 老干局 100 outside the county; 2025: ours 30 in March, theirs
    31 on 24 November, which lies after the same day; what waits, another county's and what nobody verified stays out."""
    with time_machine.travel(NOON, tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2026)
        AssessmentYear.objects.open_year(world.county, 2025)
        other = Theme.objects.last()
        verified = {"status": "verified"}
        world.session(**verified, held_on=date(2026, 3, 5), reported=60, place=world.places["新汉村"], title="桑蚕一")
        world.session(
            **verified, held_on=date(2026, 5, 6), reported=41, place=world.places["古零镇"], title="桑蚕二", theme=other
        )
        world.session(world.theirs, **verified, held_on=date(2026, 5, 7), reported=80, title="黑山羊", theme=None)
        world.session(
            world.lgj, **verified, held_on=date(2026, 6, 1), reported=100, outside_county=True, title="参观学习"
        )
        world.session(**verified, held_on=date(2025, 3, 5), reported=30, title="去年桑蚕")
        world.session(world.theirs, **verified, held_on=date(2025, 11, 24), reported=31, title="去年冬训")
        world.session(status="submitted", held_on=date(2026, 3, 6), reported=900, title="待审核的课")
        world.session(world.foreign, **verified, held_on=date(2026, 3, 6), reported=901, title="上林县的课")
        return year


def found(user, by=By.UNIT, period=Y2026, **more):
    more["organised"] = Organised(more.get("organised", "then"))
    return Statistics(user, Asked(period, By(by), **more))


def table(user, by=By.UNIT, period=Y2026, **more):
    """{label: (sessions, heads, sessions the year before, heads the year before)}"""
    rows = found(user, by, period, **more).rows
    return {
        r.label: (r.now.sessions, r.now.heads, *[v for f in r.earlier for v in (f.sessions, f.heads)]) for r in rows
    }


def test_units_stand_in_the_documents_order_beside_the_same_period_of_the_year_before(world, county):
    asked = table(world.bureau)
    assert list(asked) == ["白山镇人民政府", "古零镇人民政府", "县老干局"]
    assert asked == {
        "白山镇人民政府": (2, "101", 1, "30"),
        "古零镇人民政府": (1, "80", 0, "0"),
        "县老干局": (1, "100", 0, "0"),
    }
    totals = found(world.bureau).totals
    assert [(t.sessions, t.attendances) for t in totals] == [(4, 281), (1, 30)]
    assert totals[0].mean == Decimal("70.2")  # 281 ÷ 4 = 70.25, cut off


def test_the_total_of_a_year_is_the_dashboards_figure_of_all_verified_sessions(world, county):
    for daily in ("once", "daily"):
        AssessmentYear.objects.filter(pk=county.pk).update(class_counts=daily)
        county.refresh_from_db()
        everything = YearFigures(county).county.everything
        for by in By:
            total = found(world.bureau, by).totals[0]
            assert (total.sessions, total.attendances) == everything
        if daily == "once":
            world.session(status="verified", held_on=date(2026, 7, 1), ends_on=date(2026, 7, 3), reported=20)
    assert everything == (7, 301)


def test_a_township_by_place_is_not_a_township_by_organiser(world, county):
    assert table(world.bureau, By.HELD, back=0) == {"白山镇": (1, "60"), "古零镇": (2, "121"), "县外": (1, "100")}
    assert table(world.bureau, By.LED, back=0) == {
        "白山镇": (2, "101"),
        "古零镇": (1, "80"),
        "县直部门和其他单位": (1, "100"),
    }


def test_a_vocabulary_is_in_its_own_order_with_what_is_not_filled_in_at_the_end(world, county):
    by_theme = table(world.bureau, By.THEME, back=0)
    assert by_theme["农村实用技术"] == (2, "160") and list(by_theme)[-1] == "未填主题"
    assert by_theme["未填主题"] == (1, "80")
    assert table(world.bureau, By.FORM, back=0) == {"课堂学习": (4, "281")}
    assert table(world.bureau, By.LANGUAGE, back=0) == {"未填授课语言": (4, "281")}


@pytest.mark.parametrize(
    ("by", "model"), [("programme", Programme), ("project", Project), ("language", Language), ("form", DeliveryForm)]
)
def test_every_vocabulary_is_a_breakdown_and_a_filter(world, county, by, model):
    word = model.objects.last()
    world.session(status="verified", held_on=date(2026, 8, 1), reported=22, **{by: word})
    assert table(world.bureau, by, back=0)[str(word)] == (1, "22")
    assert found(world.bureau, narrowed={By(by): str(word.pk)}).totals[0].attendances == 22


def test_filters_combine(world, county):
    narrowed = {By.UNIT: "450124100", By.HELD: "450124103"}
    assert table(world.bureau, By.THEME, narrowed=narrowed, back=0) == {str(Theme.objects.last()): (1, "41")}
    assert found(world.bureau, narrowed=narrowed).totals[0].attendances == 41
    assert found(world.bureau, narrowed={By.UNIT: "450124100", By.HELD: "none"}).rows == []


@pytest.mark.parametrize(
    ("query", "words", "sessions"),
    [
        ({"year": "2026"}, "2026年1月1日至11月23日", 4),
        ({"year": "2025"}, "2025年", 2),
        ({"year": "2026", "part": "q1"}, "2026年第一季度", 1),
        ({"year": "2026", "part": "m5"}, "2026年5月", 2),
        ({"year": "2026", "part": "h1"}, "2026年上半年", 4),
        ({"first": "2025-11-24", "last": "2026-03-05"}, "2025年11月24日至2026年3月5日", 2),
        ({"year": "2026", "last": "2026-05-06"}, "2026年1月1日至5月6日", 2),
        ({"last": "2025-11-23"}, "2025年1月1日至11月23日", 1),
        ({"first": "2026-05-07"}, "2026年5月7日至11月23日", 2),
    ],
)
def test_any_period_can_be_asked_for(world, county, page, query, words, sessions):
    shown = page(world.bureau, URL, **query)
    assert shown.context["asked"].period.words == words
    assert shown.context["found"].totals[0].sessions == sessions


def test_whole_months_are_compared_with_whole_months_and_no_day_is_lost_in_leap_years():
    def back(first, last):
        earlier = Period(first, last).back(1)
        return earlier.first, earlier.last

    assert back(date(2025, 2, 1), date(2025, 2, 28)) == (date(2024, 2, 1), date(2024, 2, 29))
    assert back(date(2024, 2, 29), date(2024, 3, 5)) == (date(2023, 2, 28), date(2023, 3, 5))
    assert back(date(2024, 1, 1), date(2024, 2, 29)) == (date(2023, 1, 1), date(2023, 2, 28))
    assert Period.of_year(2026).within_a_year and not Period(date(2025, 1, 1), date(2026, 1, 1)).within_a_year


def test_a_period_longer_than_a_year_is_not_held_against_itself(world, county):
    shown = found(world.bureau, period=Period(date(2025, 1, 1), date(2026, 12, 31)))
    assert len(shown.periods) == 1 and shown.totals[0].sessions == 6


def test_every_figure_opens_exactly_its_rows_with_the_same_sum(world, county, page):
    for by in By:
        shown = page(world.bureau, URL, by=by.value, year=2026).context["found"]
        for row in shown.rows:
            for figures in (row.now, *row.earlier):
                if not figures.held:
                    continue
                behind = page(world.bureau, figures.url)
                assert behind.context["page_obj"].paginator.count == figures.held
                assert behind.context["sum"].sessions == figures.sessions, (by, row.label)
                if by is not By.AUDIENCE:
                    assert behind.context["sum"].attendances == figures.attendances, (by, row.label)
                assert "上林县的课" not in behind.content.decode()
        total = page(world.bureau, shown.totals[0].url).context["sum"]
        assert (total.sessions, total.attendances) == (4, 281)


def test_pi_2_small_groups_are_withheld_and_protected_ones_not_named(world, county, page):
    def with_audiences(reported, **numbers):
        row = world.session(
            status="verified", held_on=date(2026, 8, 1), reported=reported, place=None, outside_county=True
        )
        row.set_audiences([(Audience.objects.get(name=name), number) for name, number in numbers.items()])

    with_audiences(50, 青少年=4, 老年人=46)
    with_audiences(30, 戒毒人员=12, 社区服刑人员=9)
    with_audiences(7, 留守妇女=None)
    assert table(world.leader, By.AUDIENCE, back=0) == {
        "老年人": (1, "46"),
        "青少年": (1, "<5"),
        "留守妇女": (1, "未分"),
        "只报人次的特殊群体": (1, "21"),
        "未分对象（含不足 5 人次的）": (0, "301"),  # 281 + 50 + 30 + 7 − 46 − 21
    }
    for user in (world.leader, world.bureau):
        text = page(user, URL, by="audience").content.decode()
        assert "戒毒" not in text and "服刑" not in text and ">4<" not in text
    assert "audience" not in page(world.leader, URL).context["form"].fields  # no filter that would give them away
    behind = page(world.bureau, "/statistics/sessions/", audience="protected", year=2026)
    assert behind.context["heads"].heads == "21" and behind.context["sum"].attendances == 30


def test_pi_2_a_total_beside_a_single_gap_gives_no_head_away(world, page):
    """47 heads, 46 of them old people: beside the total they would leave exactly one person of a protected group."""
    for year, others in ((2026, 46), (2025, 30)):
        AssessmentYear.objects.open_year(world.county, year)
        row = world.session(status="verified", held_on=date(year, 3, 5), reported=47)
        numbers = {"戒毒人员": 1, "老年人": others}
        row.set_audiences([(Audience.objects.get(name=name), number) for name, number in numbers.items()])
    assert table(world.leader, By.AUDIENCE) == {
        "老年人": (1, "不单列", 1, "30"),
        "只报人次的特殊群体": (1, "<5", 1, "<5"),
        "未分对象（含不单列的）": (0, "47", 0, "17"),
    }
    words = re.sub(r"<[^>]*>", " ", page(world.leader, URL, by="audience", year=2026).content.decode())
    assert not re.search(r"(?<!\d)46(?!\d)", words)
    sheet = load_workbook(BytesIO(page(world.bureau, "/statistics/export/", by="audience", year=2026).content)).active
    assert 46 not in [cell.value for row in sheet.iter_rows() for cell in row]


def test_in_8_a_class_counts_by_the_day_in_the_rows_by_audience_as_in_their_total(world, county, page):
    AssessmentYear.objects.filter(pk=county.pk).update(class_counts="daily")
    days = {"held_on": date(2026, 8, 1), "ends_on": date(2026, 8, 3)}
    row = world.session(status="verified", reported=30, **days)
    row.set_audiences([(Audience.objects.get(name=name), 15) for name in ("戒毒人员", "社区服刑人员")])
    row = world.session(status="verified", reported=40, **days)
    row.set_audiences([(Audience.objects.get(name="老年人"), 20)])
    row = world.session(status="verified", reported=10, held_on=date(2026, 8, 4))
    row.set_audiences([(Audience.objects.get(name="老年人"), None)])
    shown = found(world.bureau, By.AUDIENCE, back=0)
    rows = {row.label: (row.now.sessions, row.now.held, row.now.attendances, row.now.numbered) for row in shown.rows}
    assert rows["老年人"] == (4, 2, 20, 1) and rows["只报人次的特殊群体"] == (3, 1, 30, 1)
    assert shown.totals[0].sessions == 4 + 7
    old = next(row for row in shown.rows if row.label == "老年人")
    assert page(world.bureau, old.now.url).context["sum"].sessions == 4


def test_people_are_counted_where_rosters_are_and_nowhere_guessed(world, county, page):
    row = world.session(status="draft", held_on=date(2026, 9, 1), reported=3, title="有名册的课")
    for name, tail in [("韦一", "0001"), ("黄二", "0002"), ("蓝三", "0003")]:
        RosterLine.objects.create(session=row, name=name, phone_tail=tail, source="pasted")
    row.count_roster()
    row.submit(actor=world.town)
    row.verify(actor=world.bureau, attendance=3)
    ours, theirs, _ = found(world.bureau).rows
    assert (ours.now.people, ours.now.roster_words) == (3, "3 场中 1 场有名册")
    assert (theirs.now.people, theirs.now.people_words) == (None, "无法计算")
    assert found(world.bureau).totals[0].people == 3
    assert f'href="{escape(ours.now.url)}">3</a>' in page(world.bureau, URL, by="unit", year=2026).content.decode()
    behind = page(world.bureau, ours.now.url)
    assert behind.context["sum"].people == 3
    assert "有名册的人数：3（3 场中 1 场有名册）" in behind.content.decode()
    assert "有名册的人数" not in page(world.bureau, theirs.now.url).content.decode()


def test_ac_2_each_account_sums_what_is_its_business(world, county, page):
    assert found(world.leader).totals[0].attendances == 281  # sums without rows
    assert found(world.auditor).totals[0].attendances == 281
    assert found(world.town).totals[0].attendances == 101  # its own
    assert found(world.town2).totals[0].attendances == 121  # its own and what others held in its township
    assert found(world.unit).totals[0].attendances == 0
    assert table(world.town2, back=0) == {"白山镇人民政府": (1, "41"), "古零镇人民政府": (1, "80")}
    for user in (world.centre, world.operator, world.homeless):
        for path in (URL, "/statistics/sessions/", "/statistics/export/"):
            assert page(user, path).status_code == 403
    assert page(world.leader, "/statistics/sessions/").status_code == 403
    text = page(world.leader, URL).content.decode()
    assert "281" in text and "/statistics/sessions/" not in text and "/sessions/" not in text
    assert "901" not in text
    assert found(world.foreign_bureau).totals[0].attendances == 901


def test_another_units_rows_are_no_part_of_a_units_own_whatever_it_asks_for(world, county, page):
    behind = page(world.town, "/statistics/sessions/", unit="450124103", year=2026)
    assert behind.context["page_obj"].paginator.count == 0 and "黑山羊" not in behind.content.decode()


def test_merged_units_are_read_as_then_or_as_now_with_the_same_total(world, county):
    with time_machine.travel(NOON.replace(month=10), tick=False):
        merge_units(
            [world.ours, world.theirs],
            new=NewUnit("白古镇人民政府", "bgz"),
            on=date(2026, 10, 1),
            basis="",
            actor=world.bureau,
        )
    assert table(world.bureau)["白山镇人民政府"] == (2, "101", 1, "30")
    now = table(world.bureau, organised="now")
    assert now == {"白古镇人民政府": (3, "181", 1, "30"), "县老干局": (1, "100", 0, "0")}
    assert [t.sessions for t in found(world.bureau, organised="now").totals] == [4, 1]


def test_a_unit_that_was_merged_opens_all_the_rows_that_it_answers_for(world, county, page):
    merge_units([world.theirs], into=world.ours, on=date(2026, 10, 1), basis="", actor=world.bureau)
    shown = page(world.bureau, URL, by="unit", year=2026, organised="now").context["found"]
    [ours] = [row for row in shown.rows if row.label == "白山镇人民政府"]
    assert page(world.bureau, ours.now.url).context["sum"].attendances == ours.now.attendances == 181


def test_merged_villages_and_townships_lie_where_they_lay_or_where_they_lie(world, county, page):
    town = world.places["古零镇"]
    merge_places(
        [town], into=world.places["白山镇"], on=date(2026, 9, 1), basis="", actor=world.bureau, institutions="close"
    )
    early = Period(date(2026, 1, 1), date(2026, 8, 31))
    assert table(world.bureau, By.HELD, early, back=0)["古零镇"] == (2, "121")
    assert table(world.bureau, By.HELD, early, back=0, organised="now") == {"白山镇": (3, "181"), "县外": (1, "100")}
    shown = page(world.bureau, URL, by="held", year=2026, organised="now").context["found"]
    assert page(world.bureau, shown.rows[0].now.url).context["sum"].attendances == 181


def test_in_7_earlier_years_by_organiser_stand_under_the_townships_of_their_time(world, county, page):
    town = world.places["古零镇"]
    merge_places(
        [town], into=world.places["白山镇"], on=date(2026, 2, 1), basis="", actor=world.bureau, institutions="close"
    )
    shown = table(world.bureau, By.LED)
    assert shown["白山镇"] == (3, "181", 1, "30")  # both governments sit in it by now
    assert page(world.bureau, URL, by="led", year=2026).status_code == 200
    world.session(world.theirs, status="verified", held_on=date(2025, 3, 6), reported=20)
    assert table(world.bureau, By.LED)["古零镇"] == (0, "0", 1, "20")
    rows = {row.label: row for row in found(world.bureau, By.LED).rows}
    behind = page(world.bureau, rows["古零镇"].earlier[0].url)
    assert behind.context["sum"].attendances == 20
    assert table(world.bureau, By.LED, organised="now")["白山镇"] == (3, "181", 2, "50")


def test_a_locked_year_is_named_and_its_quota_figures_are_referred_to(world, county, page):
    text = page(world.bureau, URL, year=2025).content.decode()
    assert "锁定定案" not in text
    AssessmentYear.objects.filter(year=2025).update(status="locked", locked_on=date(2026, 1, 15))
    text = page(world.bureau, URL, year=2025).content.decode()
    assert "任务完成数以定案为准" in text and 'href="/assessment/2025/"' in text


def test_courses_that_are_not_public_are_named_to_nobody_else(world, county, page):
    theme = Theme.objects.first()
    draft = Course.objects.create(
        county=world.county,
        unit=world.ours,
        title="未公开的课程名",
        theme=theme,
        minutes=90,
        syllabus="x",
        origin="own",
    )
    world.session(status="verified", held_on=date(2026, 8, 1), reported=22, course=draft)
    assert table(world.leader, By.COURSE, back=0) == {"还没有公开的课程": (1, "22"), "没有选课程": (4, "281")}
    assert table(world.town, By.COURSE, back=0)["未公开的课程名"] == (1, "22")
    assert "未公开的课程名" not in page(world.leader, URL, by="course").content.decode()


@pytest.mark.parametrize("path", [URL, "/statistics/sessions/"])
def test_a_query_that_makes_no_sense_is_passed_over(world, county, client, path):
    client.force_login(world.bureau)
    garbage, wrong = ["x", "-1", "0", "9" * 30, "' OR 1=1 --", "\x00", "1999-01-01", "2026-13-45"], []
    names = ["year", "part", "by", "back", "first", "last", "organised", *By.values, "page"]
    for number, name in enumerate(names):
        for text in (garbage + garbage)[number % 8 :][:6:2]:  # three for each, other ones for the next
            response = client.get(path, {name: text})
            if response.status_code != 200 or response.context["found"].totals[0].attendances != 281:
                wrong.append((name, text, response.status_code))
    assert wrong == []


def test_the_end_before_the_beginning_is_said_beside_the_page(world, county, page):
    text = page(world.bureau, URL, first="2026-05-01", last="2026-04-01").content.decode()
    assert "截至日期在开始日期以前" in text


def test_the_workbook_holds_the_same_figures_as_numbers(world, county, page):
    answer = page(world.bureau, "/statistics/export/", by="unit", year=2026)
    assert answer["Content-Disposition"] == 'attachment; filename="statistics-unit-20260101-20261123.xlsx"'
    sheet = load_workbook(BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=7, max_col=8)]
    assert rows[0] == ["白山镇人民政府", 2, 101, 50.5, "无法计算", "2 场中 0 场有名册", 1, 30]
    assert rows[3][:4] == ["合计（不重复）", 4, 281, 70.2]
    assert sheet["D4"].number_format == "#,##0.0"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    told = AuditEvent.objects.get(action="导出培训统计")
    assert told.detail == {"by": "unit", "first": "2026-01-01", "last": "2026-11-23", "filters": 0}


def test_xl_8_a_name_that_looks_like_a_formula_stays_text(world, county, page):
    type(world.ours).objects.filter(pk=world.ours.pk).update(name="=1+1")
    sheet = load_workbook(BytesIO(page(world.bureau, "/statistics/export/").content)).active
    assert (sheet["A4"].value, sheet["A4"].data_type) == ("=1+1", "s")


def test_whatever_had_no_training_is_named(world, county):
    assert found(world.bureau).absent == ["县教育局", "县文化新闻出版广电和体育局"]
    assert found(world.bureau, By.HELD).absent == []
    assert found(world.town).absent == []


@pytest.mark.parametrize("by", list(By))
def test_ld_2_a_table_costs_the_same_queries_at_3_and_30(world, county, page, by):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert page(world.bureau, URL, by=by.value, year=2026, back=3).status_code == 200
        return len(caught)

    queries()
    few = queries()
    for number in range(26):
        theme = Theme.objects.all()[number % 5]
        world.session(status="verified", held_on=date(2026, 7, 1), reported=10, title=f"第{number}场", theme=theme)
    assert queries() == few


def test_every_breakdown_says_what_it_goes_by(world):
    assert set(BREAKDOWNS) == set(By) and all(words.endswith("。") for words in BREAKDOWNS.values())


def test_the_sums_of_a_table_are_read_from_the_index_alone(world, county):
    """At 200,000 sessions that is the difference between a glance and a wait (python3 run.py bench)."""
    with CaptureQueriesContext(connection) as caught:
        assert found(world.bureau, By.THEME).totals
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the table")
    [sums] = [query["sql"] for query in caught if "sum_attendances" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sums}")
        plan = [row[3] for row in cursor.fetchall()]
    read = [step for step in plan if "trainings_trainingsession" in step]
    assert len(read) == 2 and all("COVERING INDEX session_sums" in step for step in read), plan


def test_the_further_conditions_stand_open_only_where_one_is_set(world, county, page):
    sent = dict.fromkeys(["first", "last", *By.values], "") | {"by": "held", "organised": "then"}
    assert not page(world.bureau, URL, **sent).context["form"].open
    for one in ({"first": "2026-01-05"}, {"last": "x"}, {"organised": "now"}, {"unit": "450124100"}):
        assert page(world.bureau, URL, **(sent | one)).context["form"].open
