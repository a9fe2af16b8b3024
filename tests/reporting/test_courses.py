"""Where and how often a course was taught: verified sessions, whoever held them (依据 二(四)1)."""

import datetime

from reporting import courses
from reporting.assessment import Tally
from trainings.models import Course
from trainings.models.proposals import State

from ..trainings.test_proposals import brought_to


def test_a_course_counts_its_verified_sessions_by_year_and_township(world, ask):
    course = brought_to(world, Course, State.PUBLIC)
    other = brought_to(world, Course, State.PUBLIC, title="另一门")
    last = datetime.date(world.year - 1, 5, 1)
    village = world.places["羊山村"]
    told = {"course": course, "status": "verified"}
    world.session(world.ours, reported=40, **told)
    world.session(world.theirs, reported=60, held_on=last, **told)
    world.session(world.theirs, reported=5, place=village, **told)
    world.session(world.wxgtj, reported=7, outside_county=True, **told)
    world.session(world.ours, course=course, status="submitted", reported=900)
    world.session(world.ours, course=other, status="verified", reported=1)
    assert courses.taught([course.pk, other.pk], world.county.pk) == {course.pk: Tally(4, 112), other.pk: Tally(1, 1)}
    assert courses.by_year(course) == [(world.year, Tally(3, 52)), (world.year - 1, Tally(1, 60))]
    assert courses.by_township(course) == [("古零镇", Tally(2, 65)), ("白山镇", Tally(1, 40)), ("县外", Tally(1, 7))]
    page = ask(world.town, f"/courses/{course.pk}/").context
    assert (page["total"], page["seen"]) == (4, 1)
    assert "逐场查看" in ask(world.bureau, f"/courses/{course.pk}/").content.decode()
    assert "逐场查看" not in ask(world.town, f"/courses/{course.pk}/").content.decode()


def test_satisfaction_is_shown_once_it_is_known(world, ask, monkeypatch):
    course = brought_to(world, Course, State.PUBLIC)
    assert "还没有学员评价" in ask(world.town, f"/courses/{course.pk}/").content.decode()
    for known, words in [((12, 0.75), "75%"), ((4, None), "评价不足 5 份")]:
        monkeypatch.setattr(courses, "satisfaction", lambda *_, k=known: {course.pk: courses.Satisfaction(*k)})
        assert words in ask(world.town, f"/courses/{course.pk}/").content.decode()
