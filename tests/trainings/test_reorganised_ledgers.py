"""Ledgers after a reorganisation: a name means what it meant on the day of the session."""

import datetime
from datetime import date

import pytest
import time_machine

from networks.models import User
from networks.redistricting import NewPlace, merge_places, rename_place, split_place
from networks.reorganisation import NewUnit, merge_units, rename_unit, split_unit
from tests.trainings.workbook_files import HEADER, book
from trainings.models import TrainingSession
from trainings.workbook import commit, rehearse

pytestmark = pytest.mark.django_db
JULY = date(2026, 7, 1)
DAYS = ("2026-06-30", "2026-07-01")


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(datetime.datetime(2026, 11, 25, 4, tzinfo=datetime.UTC), tick=False):
        yield


@pytest.fixture
def act(world):
    return {"on": JULY, "basis": "", "actor": world.bureau}


def credited(user, column, *names):
    """[(unit code, place code)] of a ledger with each name on the day before and on the day of the change."""
    rows = [[f"{name}{day}", day, 40, name] for name in names for day in DAYS]
    user = User.objects.get(pk=user.pk)
    rehearsal = rehearse(book([[*HEADER, *([column] if column else [])], *rows]), user)
    assert [problem.message for problem in rehearsal.errors] == []
    commit(rehearsal)
    return list(TrainingSession.objects.order_by("pk").values_list("organiser__code", "place"))


def problems(user, column, name, day):
    rehearsal = rehearse(book([[*HEADER, column], ["甲", day, 40, name]]), User.objects.get(pk=user.pk))
    return "；".join(problem.message for problem in rehearsal.errors)


def units(found):
    return [code for code, _ in found]


def test_old_and_new_names_of_a_renamed_unit_mean_whoever_stood_on_the_day(world, act):
    rename_unit(world.wxgtj, name="县文化旅游局", code="wlj", aliases="文旅局", **act)
    names = ("文新广体局", "县文化新闻出版广电和体育局", "县文化旅游局", "文旅局", "县文化馆")
    assert units(credited(world.bureau, "主办单位", *names)) == ["wxgtj", "wlj"] * 5


def test_the_names_of_merged_units_mean_themselves_before_and_the_successor_after(world, act):
    merge_units([world.ours, world.theirs], new=NewUnit("白古镇人民政府", "bgz"), **act)
    found = units(credited(world.bureau, "主办单位", "白山镇", "古零镇", "新汉村教学点", "白山镇文化站"))
    assert found == ["450124100", "bgz", "450124103", "bgz", "450124100", "bgz", "450124100", "bgz"]


def test_a_merged_units_officer_imports_both_under_the_old_name_and_without_any(world, act):
    merge_units([world.theirs], into=world.ours, **act)
    assert units(credited(world.town2, "主办单位", "古零镇")) == ["450124103", "450124100"]
    TrainingSession.objects.update(title="别的")
    found = units(credited(world.town2, "", "无"))
    assert found[2:] == ["450124103", "450124100"]
    assert "不是您的单位" in problems(world.town2, "主办单位", "县老干局", "2026-03-01")
    assert "不是您的单位" in problems(world.town, "主办单位", "县老干局", "2026-03-01")


def test_the_centre_still_imports_its_own_after_the_bureau_was_renamed(world, act):
    rename_unit(world.jyj, name="县教育体育局", code="jtj", **act)
    assert units(credited(world.centre, "主办单位", "县社区教育中心")) == ["jyj", "jtj"]
    assert "不是您的单位" in problems(world.centre, "主办单位", "县教育局", "2026-08-01")


def test_a_unit_that_was_only_split_keeps_its_name(world, act):
    parts = [NewUnit("县文旅局", "wlj"), NewUnit("县体育局", "tyj")]
    split_unit(world.wxgtj, parts=parts, stays=False, **act)
    assert units(credited(world.bureau, "主办单位", "文化局", "县体育局")) == ["wxgtj", "wxgtj", "tyj", "tyj"]


def places(found):
    return [code for _, code in found]


def test_a_former_name_is_recognised_as_the_place_that_it_is(world, act):
    rename_place(world.places["新汉村"], name="新合村委会", **act)
    names = ("新汉村", "白山镇/新汉村委会", "新合村")
    assert set(places(credited(world.town, "举办地", *names))) == {"450124100201"}


def test_a_place_under_a_new_code_is_each_on_its_days_by_either_name(world, act):
    rename_place(world.places["新汉村"], name="新汉社区居委会", code="450124100007", **act)
    found = places(credited(world.town, "举办地", "新汉村", "新汉社区"))
    assert found == ["450124100201", "450124100007"] * 2


def test_a_merged_village_is_its_successor_afterwards_and_a_dissolved_one_is_an_error(world, act):
    merge_places([world.places["新汉村"]], into=world.places["新兴社区"], institutions="close", **act)
    assert places(credited(world.town, "举办地", "新汉村")) == ["450124100201", "450124100006"]
    parts = [NewPlace("羊山东村委会", "450124103230"), NewPlace("羊山西村委会", "450124103231")]
    split_place(world.places["羊山村"], parts=parts, stays=False, institutions="close", **act)
    assert problems(world.town2, "举办地", "羊山村", "2026-06-30") == ""
    assert "已于 2026-07-01 撤销" in problems(world.town2, "举办地", "羊山村", "2026-07-01")
