"""The leader's view: on course or not, what changed in a month, years at the same day, the words to say, the picture."""

import json
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks.models import MemberUnit
from reporting.assessment import county_standing
from reporting.comparing import COMPARISONS, month_before, same_day, since_a_month
from reporting.dashboard import Dashboard
from reporting.exports import standing_export
from reporting.indicators import YearFigures
from reporting.models import AssessmentYear
from reporting.picture import picture_of
from trainings.models import TrainingSession

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
TODAY = date(2026, 11, 23)


@pytest.fixture
def years(world):
    with time_machine.travel(NOON, tick=False):
        yield [AssessmentYear.objects.open_year(world.county, year) for year in (2026, 2025, 2024)]


def board(world, years, today=TODAY, user=None):
    return Dashboard(years[0], years[1], today, user or world.leader, years[1:])


def names(standings):
    return [standing.unit.short_name for standing in standings]


def verified(world, unit, day, heads, times=1):
    return [world.session(unit, status="verified", held_on=day, reported=heads) for _ in range(times)]


# --- days ------------------------------------------------------------------------------------------


def test_a_month_before_keeps_the_day_or_takes_the_last_of_a_shorter_month():
    assert month_before(date(2026, 11, 23)) == date(2026, 10, 23)
    assert month_before(date(2026, 3, 31)) == date(2026, 2, 28)
    assert month_before(date(2026, 12, 31)) == date(2026, 11, 30)
    assert month_before(date(2026, 1, 31)) is None


def test_the_same_day_of_an_earlier_year_is_that_day_and_the_end_of_a_month_stays_it():
    assert same_day(date(2026, 11, 23), 1) == date(2025, 11, 23)
    assert same_day(date(2024, 2, 29), 1) == date(2023, 2, 28)
    assert same_day(date(2025, 2, 28), 1) == date(2024, 2, 29)


# --- on course -------------------------------------------------------------------------------------


def test_the_first_words_say_whether_the_county_is_on_course(world, years):
    assert board(world, years).course_words == "4 个单位需要帮助"
    assert board(world, years, date(2026, 1, 1)).elapsed == 0
    assert (board(world, years).elapsed, board(world, years).days_left) == (89, 38)
    for unit in (world.ours, world.theirs, world.wxgtj, world.jyj):
        verified(world, unit, date(2026, 3, 5), 100, times=4)
    assert board(world, years).course_words == "全部责任单位已完成年度任务"


def test_units_in_step_are_on_course_and_nobody_needs_a_hand(world, years):
    with time_machine.travel(datetime(2026, 2, 1, 12, tzinfo=SHANGHAI), tick=False):
        for unit in (world.ours, world.theirs, world.wxgtj, world.jyj):
            verified(world, unit, date(2026, 1, 5), 100)
        found = board(world, years, date(2026, 2, 1))
        assert (found.course_words, found.course, found.to_help) == ("全县按进度推进", "on_track", [])
        assert [(s.label, s.number, s.x, s.width) for s in found.shares] == [("按进度推进", 4, 0.0, 100.0)]


def test_a_year_that_is_over_is_told_without_an_outlook(world, years):
    verified(world, world.ours, date(2025, 3, 5), 100, times=4)
    found = Dashboard(years[1], years[2], TODAY, world.leader, years[2:])
    assert found.course_words == "3 个单位没有完成年度任务"
    assert [(s.label, s.number) for s in found.shares] == [("已完成任务", 1), ("没有完成", 3)]
    assert found.since is None
    assert found.paragraph.endswith(
        "没有完成的有古零镇，差 4 场 400 人次；教育局，差 4 场 400 人次；文新广体局，差 4 场 400 人次。"
    )


def test_every_page_of_a_year_that_is_over_says_what_was_not_met_in_one_word(world, years, page):
    for settle in (lambda: None, lambda: world.lock(years[1])):
        settle()
        for url in ("/dashboard/2025/", "/assessment/2025/", f"/assessment/2025/{world.theirs.code}/"):
            text = page(world.bureau, url).content.decode()
            assert "没有完成" in text and "难以完成" not in text, url
    cells = [row[11] for row in standing_export(years[1], county_standing(years[1])).rows()]
    assert cells == ["没有完成"] * 4


def test_a_county_without_quota_units_says_so_instead_of_being_on_course(world, page):
    year = AssessmentYear.objects.open_year(world.other_county, 2024)
    found = Dashboard(year, None, TODAY, world.foreign_bureau)
    if not found.county.standings:
        assert (found.course, found.course_words) == (None, "这一年没有单位承担目标任务")
    for name in ("dashboard", "dashboard-speech", "dashboard-picture"):
        assert page(world.foreign_bureau, reverse(name, args=[2024])).status_code == 200


# --- since a month ago -------------------------------------------------------------------------------


def test_the_month_counts_what_was_held_in_it_and_names_who_met_the_quota(world, years):
    verified(world, world.ours, date(2026, 10, 23), 100, times=3)
    verified(world, world.ours, date(2026, 10, 24), 100)
    verified(world, world.theirs, date(2025, 11, 1), 100)
    since = since_a_month(YearFigures(years[0]), TODAY)
    assert since.day == date(2026, 10, 23)
    assert (since.then, since.now, since.gained) == ((3, 300), (4, 400), (1, 100))
    assert (since.met_then, since.met_now, names(since.newly_met)) == (0, 1, ["白山镇"])


def test_a_unit_that_falls_out_of_step_in_the_month_is_newly_behind(world, years):
    """On 23 October 295 of 365 days are over: 4 × 295 ÷ 365 = 3.2 sessions are in step, on 23 November 4 × 326 ÷ 365 = 3.6.
    With a quota of 10 sessions and 100 attendances, 9 sessions are 8.1 then and 8.9 now; 8.5 would not exist."""
    AssessmentYear.objects.filter(pk=years[0].pk).update(required_sessions=20, required_attendances=20)
    years[0].refresh_from_db()
    verified(world, world.ours, date(2026, 3, 5), 100, times=17)  # 20 × 295 ÷ 365 = 16.2; 20 × 326 ÷ 365 = 17.9
    verified(world, world.theirs, date(2026, 3, 5), 100, times=16)  # behind on both days
    since = since_a_month(YearFigures(years[0]), TODAY)
    assert names(since.newly_behind) == ["白山镇"]
    assert "新落后的有白山镇" in board(world, years).paragraph


def test_verified_and_returned_count_those_judged_after_that_day_in_local_time(world, years):
    kept = world.session(status="verified", held_on=date(2026, 3, 5), reported=10)
    early = world.session(status="verified", held_on=date(2026, 3, 5), reported=10)
    world.session(world.theirs, status="returned", held_on=date(2026, 3, 5), reported=10)
    world.session(world.foreign, status="verified", held_on=date(2026, 3, 5), reported=10)
    world.session(world.theirs, status="verified", held_on=date(2025, 3, 5), reported=10)
    # 2026-10-24 00:00 in Shanghai is 16:00 the day before in UTC.
    first = datetime(2026, 10, 23, 16, tzinfo=UTC)
    TrainingSession.objects.filter(pk=kept.pk).update(verified_at=first)
    TrainingSession.objects.filter(pk=early.pk).update(verified_at=first.replace(hour=15, minute=59))
    since = since_a_month(YearFigures(years[0]), TODAY)
    assert (since.verified, since.returned) == (1, 1)


def test_the_first_month_of_a_year_is_compared_with_nothing(world, years, page):
    with time_machine.travel(datetime(2026, 1, 20, 12, tzinfo=SHANGHAI), tick=False):
        text = page(world.leader, "/dashboard/2026/").content.decode()
        assert "近一个月的变化" not in text and "比一个月前" not in text


# --- years -------------------------------------------------------------------------------------------


def test_years_stand_beside_each_other_at_the_same_day(world, years):
    verified(world, world.ours, date(2026, 3, 5), 50)
    verified(world, world.ours, date(2025, 11, 23), 200, times=4)
    verified(world, world.theirs, date(2025, 11, 24), 200, times=4)
    verified(world, world.ours, date(2024, 12, 31), 30)
    rows = board(world, years).years
    assert [(r.year.year, r.day, *r.credited, r.met, r.units, r.whole) for r in rows] == [
        (2026, TODAY, 1, 50, 0, 4, None),
        (2025, date(2025, 11, 23), 4, 800, 1, 4, 2),
        (2024, date(2024, 11, 23), 0, 0, 0, 4, 0),
    ]


def test_a_settled_year_is_told_by_its_act_and_names_the_digest(world, years, page):
    """Raw writes after locking change neither words nor picture; a day within the year is read from the rows elsewhere."""
    verified(world, world.ours, date(2025, 3, 5), 100, times=4)
    act = world.lock(years[1])
    TrainingSession.objects.filter(held_on__year=2025).update(verified_attendance=1, reported_attendance=1)
    text = page(world.leader, "/dashboard/2025/speech/").content.decode()
    assert "2025年度已锁定定案，马山县 4 个责任单位中 1 个已完成年度任务，3 个没有完成。" in text
    assert "计入任务的培训 4 场、400 人次" in text
    shown = drawn(page(world.leader, "/dashboard/2025/picture/").content.decode())
    assert shown["day"].endswith(f"定案摘要 {act.short}") and shown["month"] == []
    assert [row["attendances"] for row in shown["years"]] == ["400 人次", "0 人次"]
    text = page(world.leader, "/dashboard/2025/").content.decode()
    assert f"数据来源：马山县社区教育管理平台，锁定定案（第 1 次，2026年11月23日），定案摘要 {act.short}" in text
    assert [tuple(r.credited) for r in board(world, years).years] == [(0, 0), (4, 400), (0, 0)]


# --- pages -------------------------------------------------------------------------------------------


def test_the_dashboard_first_says_who_needs_a_hand_and_leads_there_and_back(world, years, page):
    verified(world, world.ours, date(2026, 3, 5), 100, times=4)
    text = page(world.leader, "/dashboard/2026/").content.decode()
    main = text[text.index('id="main"') :]
    unit = reverse("assessment-unit", args=[2026, world.theirs.code])
    assert "3 个单位需要帮助" in main and main.index(unit) < main.index('class="figures"')
    assert 'href="/dashboard/2026/"' in page(world.leader, unit).content.decode()
    for name in ("dashboard-speech", "dashboard-picture"):
        assert reverse(name, args=[2026]) in main
        assert 'href="/dashboard/2026/"' in page(world.leader, reverse(name, args=[2026])).content.decode()


def test_the_paper_names_its_source_and_who_prepared_and_reviewed_it(world, years, page):
    text = page(world.leader, "/dashboard/2026/").content.decode()
    assert "数据来源：" in text and "2026年11月23日的培训记录" in text and "制表人：" in text and "审核人：" in text


def test_the_speech_is_the_paragraph_of_the_dashboard_sentence_by_sentence(world, years, page):
    verified(world, world.ours, date(2026, 3, 5), 100, times=4)
    answer = page(world.leader, "/dashboard/2026/speech/")
    found = answer.context["board"]
    text = answer.content.decode()
    assert (
        "".join(found.sentences) == found.paragraph == page(world.leader, "/dashboard/2026/").context["board"].paragraph
    )
    assert all(sentence.endswith("。") and f"<p>{sentence}</p>" in text for sentence in found.sentences)
    assert "speech-larger" not in text
    assert "speech-larger" in page(world.leader, "/dashboard/2026/speech/?size=larger").content.decode()
    for nonsense in ("?size=%00", "?size=", "?size=larger&size=x"):
        assert page(world.leader, f"/dashboard/2026/speech/{nonsense}").status_code == 200


def drawn(text):
    return json.loads(re.search(r'id="picture-data" type="application/json">(.*?)</script>', text).group(1))


def test_the_picture_to_pass_on_names_no_unit_unless_asked(world, years, page):
    verified(world, world.ours, date(2026, 11, 5), 100, times=4)
    text = page(world.leader, "/dashboard/2026/picture/").content.decode()
    plain = drawn(text)
    assert plain["help"] == [] and plain["month"] == ["新增 4 场、400 人次", "核定 4 场，退回 0 场", "新完成任务 1 个"]
    main = text[text.index('id="words"') :]
    for unit in (world.ours, world.theirs, world.wxgtj, world.jyj):
        assert unit.short_name not in main
    named = drawn(page(world.leader, "/dashboard/2026/picture/?named=1").content.decode())
    assert [row["name"] for row in named["help"]] == ["古零镇", "教育局", "文新广体局"]
    assert named["month"][-1] == "新完成任务 1 个：白山镇" and named["for"]


def test_everything_on_the_picture_stands_beside_it_in_words(world, years, page):
    verified(world, world.ours, date(2026, 11, 5), 1234, times=4)
    verified(world, world.ours, date(2025, 11, 5), 30)
    text = page(world.leader, "/dashboard/2026/picture/?named=1").content.decode()
    main = text[text.index('id="words"') : text.index('<script id="picture-data"')]

    def texts(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key != "kind":
                    yield from texts(value)
        elif isinstance(part, list):
            for value in part:
                yield from texts(value)
        elif part != "":
            yield str(part)

    shown = list(texts(drawn(text)))
    assert "4,936" in shown
    assert [words for words in shown if words not in main] == []


def test_ac_2_the_leaders_pages_hold_figures_and_no_rows(world, years, page):
    world.session(status="verified", held_on=date(2026, 11, 5), reported=123, title="桑蚕的名字")
    for path in ("", "speech/", "picture/", "picture/?named=1"):
        text = page(world.leader, f"/dashboard/2026/{path}").content.decode()
        assert "桑蚕的名字" not in text and "/sessions/" not in text and "/review/" not in text


def test_hostile_words_in_the_name_of_a_unit_do_not_leave_the_picture_data(world, years, page):
    MemberUnit.objects.filter(pk=world.wxgtj.pk).update(name="</script><b>x", aliases="")
    text = page(world.leader, "/dashboard/2026/picture/?named=1").content.decode()
    assert "</script><b>" not in text and "</script><b>x" in [row["name"] for row in drawn(text)["help"]]


@pytest.mark.parametrize("path", ["", "speech/", "picture/?named=1"])
def test_the_pages_cost_as_many_queries_with_many_sessions(world, years, page, path):
    url = f"/dashboard/2026/{path}"
    verified(world, world.ours, date(2026, 11, 5), 10, times=3)
    page(world.leader, url)
    with CaptureQueriesContext(connection) as few:
        page(world.leader, url)
    for unit in (world.ours, world.theirs, world.wxgtj):
        verified(world, unit, date(2026, 11, 5), 100, times=9)
        verified(world, unit, date(2025, 11, 5), 100, times=2)
    with CaptureQueriesContext(connection) as many:
        page(world.leader, url)
    assert len(few) == len(many) <= 60


def test_all_comparisons_are_defined_under_their_keys():
    assert all(told.key == key and told.definition.endswith("。") for key, told in COMPARISONS.items())


def test_the_picture_of_a_year_without_a_month_or_earlier_years_is_whole(world):
    year = AssessmentYear.objects.open_year(world.county, 2026)
    with time_machine.travel(datetime(2026, 1, 2, 12, tzinfo=SHANGHAI), tick=False):
        found = picture_of(
            Dashboard(year, None, date(2026, 1, 2), world.leader), named=True, site_name="平台", demo=False
        )
    assert found["month"] == [] and len(found["years"]) == 1 and found["demo"] == ""
