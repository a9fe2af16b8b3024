"""Every figure of the county opens exactly the sessions that it counts, with the same sum on top."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reporting.assessment import Tally
from reporting.models import AssessmentYear
from trainings.models import CoOrganiser, DeliveryForm, Theme, TrainingSession

URL = "/assessment/2025/counted/"


@pytest.fixture
def last(world):
    """2025: 4 sessions count (one only for a co-organiser), 2 more are verified, 1 waits, 1 is another county's."""
    year = AssessmentYear.objects.open_year(world.county, 2025)
    year.joint_credit = AssessmentYear.JointCredit.EACH
    year.save()
    health = Theme.objects.get(name="农村实用技术")
    world.session(status="verified", held_on=date(2025, 3, 31), reported=60, title="桑蚕一", theme=health)
    world.session(status="verified", held_on=date(2025, 4, 1), reported=70, title="桑蚕二", theme=None)
    world.session(world.theirs, status="verified", held_on=date(2025, 5, 1), reported=80, title="黑山羊")
    display = DeliveryForm.objects.get(name="才艺展示")
    world.session(status="verified", held_on=date(2025, 5, 2), reported=900, title="会鼓表演", form=display)
    world.session(world.lgj, status="verified", held_on=date(2025, 5, 3), reported=1000, title="老干局自办")
    joint = world.session(world.lgj, status="verified", held_on=date(2025, 5, 4), reported=90, title="老干局合办")
    CoOrganiser.objects.create(session=joint, unit=world.ours, name=world.ours.name, confirmed_at=timezone.now())
    world.session(status="submitted", held_on=date(2025, 5, 5), reported=11, title="待审核的课")
    world.session(world.foreign, status="verified", held_on=date(2025, 5, 5), reported=12, title="上林县的课")
    return year


def titles(response):
    return [session.title for session in response.context["page_obj"]]


def test_the_countys_figure_is_the_sum_of_the_rows_behind_its_link(world, last, page):
    county = page(world.bureau, "/assessment/2025/")
    figure = county.context["county"].credited
    behind = page(world.bureau, county.context["counted_url"])
    assert titles(behind) == ["桑蚕一", "桑蚕二", "黑山羊", "老干局合办"]
    assert behind.context["sum"] == figure == (4, 300)
    assert sum(session.verified_attendance for session in behind.context["page_obj"]) == 300
    assert {session.why for session in behind.context["page_obj"]} == {"计入"}
    text = behind.content.decode()
    assert "合计 4 场、300 人次" in text and "上林县的课" not in text


def test_the_figure_of_all_verified_sessions_opens_all_of_them_and_says_which_do_not_count(world, last, page):
    county = page(world.bureau, "/assessment/2025/")
    behind = page(world.bureau, county.context["all_url"])
    assert behind.context["sum"] == county.context["county"].everything == (6, 2200)
    assert [session.title for session in behind.context["page_obj"] if session.why != "计入"] == [
        "会鼓表演",
        "老干局自办",
    ]


def test_a_cut_off_day_goes_along_with_the_link(world, last, page):
    county = page(world.bureau, "/assessment/2025/", as_of="2025-04-01")
    behind = page(world.bureau, county.context["counted_url"])
    assert behind.context["sum"] == county.context["county"].credited == (2, 130)
    everything = page(world.bureau, county.context["all_url"])
    assert everything.context["sum"] == county.context["county"].everything == (2, 130)


def test_each_running_total_of_the_curve_opens_its_sessions(world, last, page):
    board = page(world.bureau, "/dashboard/2025/").context["board"]
    label, cells = board.curve.cells[0]
    assert label == "2025年" and [value for value, _ in cells] == [0, 0, 1, 2, 4, 4, 4, 4, 4, 4, 4, 4]
    for value, url in cells:
        assert page(world.bureau, url).context["sum"].sessions == value


def test_each_theme_opens_its_sessions(world, last, page):
    board = page(world.bureau, "/dashboard/2025/").context["board"]
    assert len(board.themes) == 2
    for group, url in board.themes:
        assert page(world.bureau, url).context["sum"] == (group.sessions, group.attendances), group.label


def test_a_unit_and_a_month_narrow_the_rows(world, last, page):
    assert titles(page(world.bureau, URL, unit=world.ours.code)) == ["桑蚕一", "桑蚕二", "老干局合办"]
    assert titles(page(world.bureau, URL, unit=world.ours.code, month="5")) == ["老干局合办"]
    assert titles(page(world.bureau, URL, unit=world.lgj.code)) == []


def test_classes_counted_by_the_day_add_up_to_the_figure(world, last, page):
    last.class_counts = AssessmentYear.ClassCounts.DAILY
    last.save()
    world.session(status="verified", held_on=date(2025, 6, 1), ends_on=date(2025, 6, 3), reported=20, title="三天的班")
    assert page(world.bureau, URL).context["sum"] == Tally(7, 320)
    assert page(world.bureau, "/assessment/2025/").context["county"].credited == Tally(7, 320)


def test_in_7_behind_a_settled_figure_stand_the_sessions_of_its_act_and_nothing_else(world, last, page):
    asked = [
        {},
        {"rows": "all"},
        {"unit": world.ours.code},
        {"rows": "all", "unit": world.lgj.code},
        {"month": "5"},
        {"as_of": "2025-04-01"},
        {"theme": "none"},
    ]
    open_ones = [
        (titles(found), found.context["sum"]) for found in (page(world.bureau, URL, **query) for query in asked)
    ]
    world.lock(last)
    for query, (names, figure) in zip(asked, open_ones, strict=True):
        found = page(world.bureau, URL, **query)
        assert (titles(found), found.context["sum"], found.context["differs"]) == (names, figure, False), query
    county = page(world.bureau, "/assessment/2025/").context["county"]
    assert page(world.bureau, URL).context["sum"] == county.credited == (4, 300)
    assert page(world.bureau, URL, rows="all").context["sum"] == county.everything == (6, 2200)
    assert "现在的记录与定案不一致" not in page(world.bureau, URL).content.decode()


def test_in_7_a_row_changed_past_the_lock_changes_no_figure_and_is_told_about(world, last, page):
    world.lock(last)
    rows = TrainingSession.objects.filter(organiser__county=world.county)
    for change in (
        {"verified_attendance": 7, "reported_attendance": 7},
        {"held_on": date(2024, 4, 1)},
        {"organiser": world.foreign},
    ):
        with transaction.atomic():
            rows.filter(title="桑蚕二").update(**change)
            found = page(world.bureau, URL)
            assert found.context["sum"] == (4, 300)
            assert "现在的记录与定案不一致" in found.content.decode()
            shown = {session.title: session.verified_attendance for session in found.context["page_obj"]}
            assert shown.get("桑蚕二", 70) == 70 and len(shown) >= 3
            own = page(world.bureau, f"/assessment/2025/{world.ours.code}/").context["page_obj"]
            assert all(session.verified_attendance != 7 for session in own)
            transaction.set_rollback(True)
    assert page(world.bureau, URL).context["differs"] is False


def test_ac_2_rows_are_for_those_who_see_rows_and_the_county(world, last, page):
    assert page(world.auditor, URL).status_code == 200
    for user in (world.leader, world.town, world.head, world.centre, world.operator, world.homeless):
        assert page(user, URL).status_code == 403
    assert page(world.foreign_bureau, URL).status_code == 404  # has no such year
    for path in ("/assessment/2025/", "/dashboard/2025/"):
        assert "/counted/" not in page(world.leader, path).content.decode()
        assert "/counted/" in page(world.auditor, path).content.decode()


def test_a_query_that_makes_no_sense_is_passed_over(world, last, client):
    client.force_login(world.bureau)
    wrong = []
    for name in ["rows", "month", "theme", "unit", "as_of", "page"]:
        for text in ["x", "-1", "99", "9" * 30, "' OR 1=1 --", "\x00", "450125100"]:
            response = client.get(URL, {name: text})
            if response.status_code != 200 or response.context["sum"] != (4, 300):
                wrong.append((name, text, response.status_code))
    assert wrong == []


def test_ld_2_the_rows_cost_the_same_queries_at_3_and_30(world, last, page):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            page(world.bureau, URL)
        return len(caught)

    queries()  # the first request of a process fills caches
    few = queries()
    for number in range(26):
        world.session(status="verified", held_on=date(2025, 7, 1), reported=10, title=f"第{number}场")
    assert queries() == few
