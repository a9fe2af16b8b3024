"""培训日历: a month by place and unit, of what one may see (AC-2, LD-2)."""

import datetime
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from networks.models import Division
from trainings.models import TrainingSession

MARCH = datetime.date(2031, 3, 5)


def shown(response):
    """{day of the month: titles}."""
    return {day.date.day: [str(row) for row in day.sessions] for day in response.context["days"] if day.sessions}


def test_a_month_shows_each_day_with_what_is_planned_and_held(world, ask):
    world.session(status="planned", held_on=MARCH, title="下午的课", start_time=datetime.time(14))
    world.session(status="planned", held_on=MARCH, title="上午的课", start_time=datetime.time(9))
    world.session(status="planned", held_on=datetime.date(2031, 4, 1), title="四月的课")
    world.session(status="cancelled", held_on=MARCH, title="取消的课")
    world.session(status="void", held_on=MARCH, title="作废的课")
    response = ask(world.town, "/calendar/?month=2031-03")
    assert shown(response) == {5: ["上午的课", "下午的课", "取消的课"]}  # without a time at the end
    page = response.content.decode()
    assert "3月</span>5" in page and "2031年3月" in page and "month=2031-04" in page and "作废的课" not in page


def test_a_class_of_several_days_stands_on_each_of_them_over_the_end_of_the_month(world, ask):
    first, last = datetime.date(2031, 3, 30), datetime.date(2031, 4, 2)
    world.session(status="planned", held_on=first, ends_on=last, title="四天的班")
    march, april = (ask(world.town, f"/calendar/?month=2031-{month}") for month in ("03", "04"))
    assert shown(march) == {30: ["四天的班"], 31: ["四天的班"]}
    assert shown(april) == {1: ["四天的班"], 2: ["四天的班"]}
    assert march.context["count"] == april.context["count"] == 1


def test_ac_2_other_units_plans_are_their_own_and_the_bureau_sees_all(world, ask):
    world.session(world.ours, status="planned", held_on=MARCH, title="我们的课")
    world.session(world.theirs, status="planned", held_on=MARCH, title="他们的课")
    world.session(world.foreign, status="planned", held_on=MARCH, title="外县的课")
    world.session(world.wxgtj, status="planned", held_on=MARCH, title="局里的课", place=world.places["白山镇"])
    url = "/calendar/?month=2031-03"
    assert shown(ask(world.town, url)) == {5: ["我们的课"]}
    assert set(shown(ask(world.bureau, url))[5]) == {"我们的课", "他们的课", "局里的课"}
    assert shown(ask(world.unit, url)) == {5: ["局里的课"]}
    assert set(shown(ask(world.bureau, url + "&township=450124100"))[5]) == {"我们的课", "局里的课"}
    assert shown(ask(world.bureau, url + "&unit=wxgtj")) == {5: ["局里的课"]}
    assert shown(ask(world.bureau, url + "&township=450124100&unit=450124100")) == {5: ["我们的课"]}
    assert "外县" not in ask(world.bureau, url).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "month=2031-13",
        "month=0000-00",
        "month=x",
        "month=9999-12",
        "township=450125100",
        "unit=%00",
        "view=x",
        "month=",
    ],
)
def test_wb_4_nonsense_in_the_address_is_passed_over(world, ask, query):
    response = ask(world.town, f"/calendar/?{query}")
    assert response.status_code == 200 and response.context["first"] == world.today.replace(day=1)


@pytest.mark.parametrize("month", ["2000-01", "2099-12", "2028-02"])
def test_the_first_and_the_last_month_and_a_leap_day(world, ask, month):
    response = ask(world.town, f"/calendar/?month={month}")
    assert f"{response.context['first']:%Y-%m}" == month
    assert (response.context["before"] == "") == (month == "2000-01")
    assert (response.context["after"] == "") == (month == "2099-12")
    assert len(response.context["days"]) == (29 if month == "2028-02" else 31)


def test_an_empty_month_offers_the_first_step_to_whoever_may_take_it(world, ask):
    assert "/classes/new/" in ask(world.town, "/calendar/?month=2031-03").content.decode()
    assert "/classes/new/" not in ask(world.head, "/calendar/?month=2031-03").content.decode()


def test_ld_2_a_busy_month_asks_as_much_as_a_quiet_one(world, client):
    villages = list(Division.objects.filter(tier="village", parent="450124100"))
    client.force_login(world.bureau)

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert client.get("/calendar/?month=2031-03").status_code == 200
        return len(found)

    for number in range(3):
        world.session(status="planned", held_on=MARCH, title=f"课{number}", place=villages[number % 2])
    few = queries()
    for number in range(27):
        day = MARCH + datetime.timedelta(days=number % 20)
        world.session(world.theirs, status="planned", held_on=day, title=f"又课{number}", place=world.places["羊山村"])
    assert queries() == few


def undated(world, *args, **fields):
    row = world.session(*args, status="planned", **fields)
    TrainingSession.objects.filter(pk=row.pk).update(held_on=None)


def test_what_has_no_day_yet_stands_below_every_month_of_whoever_may_see_it(world, ask):
    undated(world, title="还没定日子的课")
    undated(world, world.theirs, title="他们没定日子的课")
    undated(world, world.foreign, title="外县没定日子的课")
    for month in ("2031-03", "2031-04"):
        page = ask(world.town, f"/calendar/?month={month}").content.decode()
        assert "还没有定日子" in page and "还没定日子的课" in page and "他们" not in page and "外县" not in page
    titles = [str(row) for row in ask(world.bureau, "/calendar/").context["undated"]]
    assert titles == ["他们没定日子的课", "还没定日子的课"]
    page = ask(world.bureau, "/calendar/?unit=450124100").content.decode()
    assert "还没定日子的课" in page and "他们" not in page
    assert "还没有定日子" not in ask(world.town2, "/calendar/?township=450124100").content.decode()


def test_a_month_that_runs_has_a_way_past_the_days_that_are_over(world, ask):
    for day, title in [(5, "过去的课"), (22, "将来的课")]:
        world.session(status="planned", held_on=datetime.date(world.year, 6, day), title=title)
    with time_machine.travel(f"{world.year}-06-20 09:00+08:00", tick=False):
        page = ask(world.town, "/calendar/").content.decode()
        assert re.search(r'href="#d22">\s*今天起', page)
        assert "今天起" not in ask(world.town, f"/calendar/?month={world.year}-07").content.decode()
