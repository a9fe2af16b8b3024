"""After a township got a new code or went into another one, its villages keep codes that begin with the old one: whatever asks
where a place lies asks the succession, never the digits."""

from datetime import date, time

import pytest

from networks.models import Division, Institution, MemberUnit, Places, SharedResource, User, township_today
from networks.people_forms import schools_for
from networks.redistricting import NewPlace, merge_places, rename_place
from networks.reorganisation import NewUnit, merge_units
from networks.views.resources import ResourceForm
from networks.views.surveys import SurveyForm
from reporting.views.planning import _places_to_copy_to
from tests.makers import answer_for
from tests.networks.test_reorganisation import JULY, november  # noqa: F401 — the clock is a fixture
from trainings import hints, messages
from trainings.forms import SessionForm
from trainings.models import TrainingSession
from trainings.rosters.grid import Places as RosterPlaces
from trainings.scan_forms import homes_near
from trainings.views.messages import names_for
from trainings.workbook import rehearse

from .workbook_files import HEADER, book

pytestmark = pytest.mark.django_db
BEFORE, AFTER = date(2026, 6, 30), date(2026, 7, 2)


@pytest.fixture(params=["recoded", "merged"])
def moved(request, world):
    """白山镇 under a new code, or gone into another township together with 古零镇; 新汉村 keeps its code."""
    act = {"on": JULY, "basis": "", "actor": world.bureau}
    first = Division.objects.create(  # by its code before all others
        code="450124050", tier="township", name="甲镇", short_name="甲镇", parent=world.county
    )
    Division.objects.create(code="450124050201", tier="village", name="甲村委会", short_name="甲村", parent=first)
    if request.param == "recoded":
        town = rename_place(world.places["白山镇"], name="白山镇", code="450124109", **act).made[0]
        unit = MemberUnit.objects.get(pk=world.ours.pk)
    else:
        both = [world.places["白山镇"], world.places["古零镇"]]
        town = merge_places(both, new=NewPlace("白古镇", "450124109"), institutions="move", **act).made[0]
        unit = merge_units([world.ours, world.theirs], new=NewUnit("白古镇人民政府", "bgz"), **act).made[0]
    world.officer = User.objects.get(pk=world.town.pk)
    world.there, world.now = town, unit
    world.village = Division.objects.get(pk="450124100201")
    return world


def kinds(world, session):
    return {hint.kind for hint in hints.hints_of(TrainingSession.objects.filter(pk=session.pk), "450124")[session.pk]}


def test_places_say_where_a_village_lies_on_a_day(moved):
    today = Places("450124", AFTER)
    assert today.township("450124100201") == today.township("450124100") == township_today(moved.village) == "450124109"
    assert township_today(Division.objects.get(pk="450124100")) == "450124109"
    assert today.on(BEFORE).township("450124100201") == "450124100"
    assert today.lies_in("450124100201", "450124109") and today.lies_in("450124100201", "450124100")
    assert today.lies_in("450124100201", "450124") and not today.lies_in("450124", "450124109")
    assert not today.lies_in("", "450124109") and not today.lies_in("450125100201", "450124")
    assert today.township("450124") == today.township("") == ""


def test_no_session_in_a_village_of_the_own_township_is_held_elsewhere(moved):
    held = {"place": moved.village, "status": "submitted", "reported": 53}
    assert "elsewhere" not in kinds(moved, moved.session(moved.now, held_on=AFTER, **held))
    assert "elsewhere" not in kinds(moved, moved.session(moved.ours, held_on=BEFORE, **held))


def test_before_a_merger_the_neighbours_village_was_elsewhere(world):
    both = [world.places["白山镇"], world.places["古零镇"]]
    merge_places(both[:1], into=both[1], institutions="move", on=JULY, basis="", actor=world.bureau)
    held = {"place": world.places["新汉村"], "status": "submitted", "reported": 53}
    assert "elsewhere" in kinds(world, world.session(world.theirs, held_on=BEFORE, **held))
    assert "elsewhere" not in kinds(world, world.session(world.theirs, held_on=AFTER, **held))


def test_a_ledger_is_told_only_what_lay_elsewhere_on_the_day(moved):
    rows = [[f"种桑{day}", day, 40, "新汉村"] for day in ("2026-06-30", "2026-07-02")]
    rehearsal = rehearse(book([[*HEADER, "举办地"], *rows]), moved.officer)
    assert [problem.message for problem in rehearsal.errors] == []
    assert [notice.code for notice in rehearsal.notices] == []


def test_one_event_in_two_places_of_a_township_is_still_one_event(moved):
    fields = {"held_on": AFTER, "start_time": time(9), "title": "桑蚕技术培训", "status": "submitted", "reported": 53}
    moved.session(moved.now, place=moved.village, **fields)
    other = moved.session(moved.jyj, place=moved.there, **fields)
    assert "same_event" in kinds(moved, other)


def test_a_room_of_the_township_has_its_seats_after_the_change(moved):
    SharedResource.objects.create(
        division=moved.there, kind="station", name="镇文化站礼堂", unit=moved.now, capacity=20
    )
    session = moved.session(
        moved.now, place=moved.village, venue="镇文化站礼堂", held_on=AFTER, status="submitted", reported=53
    )
    assert "capacity" in kinds(moved, session)


def first_group(choices):
    return next(name for name, rows in choices if isinstance(rows, list) and all(len(code) > 6 for code, _ in rows))


def test_every_list_of_places_begins_with_what_the_own_township_is_today(moved):
    user = moved.officer
    name = moved.there.short_name
    assert first_group(SessionForm(user=user).fields["place"].choices) == name
    assert first_group(_places_to_copy_to(user)) == name
    assert first_group(SurveyForm(user=user).fields["division"].choices) == name
    answer_for(moved.now, *(clause for clause in SharedResource.CLAUSES.values()))
    form = ResourceForm(user=User.objects.get(pk=user.pk))
    assert first_group(form.fields["division"].choices) == name
    assert first_group(form.fields["serves"].choices) == name
    assert user.home_place == "450124109"


def test_a_roster_and_a_door_know_the_villages_of_the_township_of_today(moved):
    session = moved.session(moved.now, place=moved.village, held_on=AFTER)
    assert dict(homes_near(session)[1][1:])["本乡镇"][:2] == [
        ("450124100006", "新兴社区"),
        ("450124100201", "新汉村"),
    ]
    for place in (moved.there, moved.village):
        assert RosterPlaces(moved.session(moved.now, place=place, held_on=AFTER)).offered[0].pk == "450124100006"


def test_schools_of_the_township_come_before_the_others(moved):
    for code, name in (("450124050", "甲镇小学"), (moved.there.pk, "本镇小学")):
        SharedResource.objects.create(division_id=code, kind="school", name=name, unit=moved.jyj)
    point = Institution.objects.get(division=moved.village)
    assert [school.name for school in schools_for(moved.officer, point)] == ["本镇小学", "甲镇小学"]


def test_a_message_that_names_township_and_village_means_the_village(moved):
    text = f"7月2日在{moved.there.short_name}新汉村种桑培训40人"
    reading = messages.read(text, names_for(moved.officer), date(2026, 7, 3))
    assert (reading.values["place"], reading.left) == ("450124100201", [])
    assert all(named.near for named in names_for(moved.officer) if named.value == "450124100201")
