"""人数 and 人次 by roster: who is one person, of how many sessions it is known, and what remains after the purge."""

import datetime

import pytest
from django.urls import reverse

from reporting.rostered import rostered
from trainings.models import RosterLine, TrainingSession
from trainings.rosters import keeping
from trainings.rosters.keeping import Person


@pytest.fixture
def year(world):
    """Two sessions of ours and one of the culture department with rosters, one of ours without; all verified."""
    w = world

    def held(unit, actor, *people):
        row = w.session(unit, status="submitted", held_on=datetime.date(w.year, 1, 2))
        if people:
            keeping.add(row, list(people), actor=actor, source="pasted")
        TrainingSession.objects.get(pk=row.pk).verify(actor=w.bureau, attendance=50)
        return row

    zhang, other_zhang = Person("张三", phone_tail="1234"), Person("张三", phone_tail="9999")
    w.one = held(w.ours, w.town, zhang, other_zhang, Person("李四", home=w.places["新汉村"]))
    w.two = held(w.ours, w.town, zhang, Person("李四", home=w.places["新兴社区"]))
    w.three = held(w.wxgtj, w.unit, zhang, Person("王五"))
    held(w.ours, w.town)
    return w


def test_people_are_counted_once_and_attendances_as_often_as_they_came_with_the_coverage_named(year):
    county = rostered(year.assessment_year)
    assert (county.people, county.attendances, county.with_roster, county.sessions) == (5, 7, 3, 4)
    assert county.words == "5 人、7 人次（4 场中 3 场有名册）"
    ours = rostered(year.assessment_year, [year.ours.pk])
    assert ours.words == "4 人、5 人次（3 场中 2 场有名册）"
    assert rostered(year.assessment_year, [year.theirs.pk]).words == ""
    assert rostered(year.assessment_year, as_of=datetime.date(year.year, 1, 1)).sessions == 0


def test_what_is_not_verified_is_not_counted(year):
    row = TrainingSession.objects.get(pk=year.two.pk)
    row.revoke(actor=year.bureau, reason="figure", note="再核")
    assert rostered(year.assessment_year).words == "4 人、5 人次（3 场中 2 场有名册）"


def test_pi_5_after_the_purge_the_attendances_stay_and_the_people_are_not_guessed(year):
    RosterLine.objects.filter(session=year.one).delete()
    TrainingSession.objects.filter(pk=year.one.pk).update(roster_purged_on=year.today)
    assert rostered(year.assessment_year).words == "人数无法计算（名册已按期删除）、7 人次（4 场中 3 场有名册）"


def test_the_units_page_tells_both_beside_the_verified_figure(year, ask):
    page = ask(year.town, reverse("assessment-unit", args=[year.year, year.ours.code])).content.decode()
    assert "4 人、5 人次（3 场中 2 场有名册）" in page and "不推算" in page
