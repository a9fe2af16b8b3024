"""A wrong entry of a change over time is taken back whole, as long as nothing has followed it."""

from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.urls import reverse

from networks.models import (
    Appointment,
    AuditEvent,
    Division,
    Institution,
    LeadingGroup,
    LearningGroup,
    MemberUnit,
    Person,
    Reorganisation,
    SharedResource,
    UnitTerm,
    User,
    Zone,
)
from networks.redistricting import NewPlace, merge_places, rename_place, split_place
from networks.reorganisation import NewUnit, merge_units, rename_unit, split_unit, take_back
from reporting.models import AssessmentYear, Plan, PlanTask, TaskResponsibility
from trainings.models import CoOrganiser, TrainingSession

from .test_reorganisation import JULY, fresh, november, refused  # noqa: F401 — the clock is a fixture

pytestmark = pytest.mark.django_db
UNTOLD = {"version", "last_login"}


@pytest.fixture
def full(world):
    """Something of everything that follows a unit or a place."""
    here, there = world.places["新汉村"], world.places["新兴社区"]
    task = PlanTask.objects.create(
        plan=Plan.objects.founding(world.county), clause="二(二)1", title="开放共享", responsible_text="文广"
    )
    TaskResponsibility.objects.create(task=task, unit=world.wxgtj, starts_on=date(2019, 2, 2))
    TaskResponsibility.objects.create(task=task, unit=world.ours, starts_on=date(2026, 9, 1))
    UnitTerm.objects.filter(unit=world.lgj).update(starts_on=date(2026, 10, 1))
    contact = Person.objects.create(county=world.county, name="李联络")
    Appointment.objects.create(person=contact, unit=world.wxgtj, function="contact")
    for place in (here, there):
        SharedResource.objects.create(division=place, kind="reading", name="农家书屋", unit=world.wxgtj)
        LearningGroup.objects.create(division=place, kind="team", name="山歌队", unit=world.ours)
    school = SharedResource.objects.create(division=there, kind="school", name="小学", unit=world.jyj)
    school.serves.set([here, there])
    Zone.objects.create(division=world.places["白山镇"], kind="experimental", starts_on=date(2019, 2, 2), basis="文")
    LeadingGroup.objects.create(division=world.places["白山镇"], name="白山镇领导小组")
    Institution.objects.get(division=here).record("open", date(2020, 1, 1))
    world.session(world.wxgtj, status="verified", place=here, held_on=date(2026, 8, 1))
    joint = world.session(status="submitted", place=here, held_on=date(2026, 6, 1))
    CoOrganiser.objects.create(session=joint, unit=world.wxgtj, name="文新广体局")
    CoOrganiser.objects.create(session=world.session(held_on=date(2026, 9, 1)), unit=world.wxgtj, name="文化局")
    return world


def dump():
    """Everything of ours but histories, the log and the record of the acts, row by row."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        name = model._meta.model_name
        if model._meta.app_label not in {"networks", "trainings", "reporting"} or name.startswith("historical"):
            continue
        if name not in {"reorganisation", "auditevent"}:
            untold = UNTOLD | ({"id"} if model._meta.auto_created else set())
            fields = [f.attname for f in model._meta.concrete_fields if f.attname not in untold]
            found[name] = sorted(map(repr, model._base_manager.values_list(*fields)))
    return found


def new(name, code):
    return NewUnit(name, code)


ACTS = {
    "rename a unit": lambda w, a: rename_unit(w.wxgtj, name="县文旅局", code="wlj", **a),
    "rename a unit to come": lambda w, a: rename_unit(
        w.wxgtj, name="县文旅局", code="wlj", **(a | {"on": date(2027, 1, 1)})
    ),
    "merge units": lambda w, a: merge_units([w.wxgtj, w.lgj], into=w.jyj, **a),
    "merge units into a new one": lambda w, a: merge_units([w.wxgtj, w.ours], new=new("新局", "xj"), **a),
    "split a unit": lambda w, a: split_unit(w.wxgtj, parts=[new("甲局", "a"), new("乙局", "b")], stays=False, **a),
    "rename a place": lambda w, a: rename_place(w.places["新汉村"], name="新合村委会", **a),
    "give a place a code": lambda w, a: rename_place(
        w.places["新汉村"], name="新汉社区居委会", code="450124100007", **a
    ),
    "give a township a code": lambda w, a: rename_place(w.places["白山镇"], name="白山街道", code="450124001", **a),
    "merge places and close": lambda w, a: merge_places(
        [w.places["新汉村"]], into=w.places["新兴社区"], institutions="close", **a
    ),
    "merge places and move": lambda w, a: merge_places(
        [w.places["新汉村"], w.places["新兴社区"]],
        new=NewPlace("新合社区居委会", "450124100009"),
        institutions="move",
        **a,
    ),
    "merge townships": lambda w, a: merge_places(
        [w.places["白山镇"]], into=w.places["古零镇"], institutions="move", **a
    ),
    "split a place": lambda w, a: split_place(
        w.places["新汉村"],
        parts=[NewPlace("东村委会", "450124100230"), NewPlace("西村委会", "450124100231")],
        stays=False,
        institutions="move",
        **a,
    ),
}


@pytest.fixture
def act(world):
    return {"on": JULY, "basis": "马编〔2026〕3号", "actor": world.bureau}


@pytest.mark.parametrize("name", ACTS)
def test_taken_back_everything_is_as_before(full, act, name):
    before = dump()
    outcome = ACTS[name](full, act)
    change = Reorganisation.objects.get()
    assert dump() != before and change.sentences == outcome.lines
    take_back(change, full.bureau2, "选错了")
    assert dump() == before
    change.refresh_from_db()
    assert (change.undone_by, change.undone_why) == (full.bureau2, "选错了")
    ACTS[name](full, act)  # and can be recorded again, rightly


@pytest.mark.parametrize(
    ("follow", "why"),
    [
        (lambda w, n: w.session(n, held_on=date(2026, 8, 2), actor=fresh(w.unit)), "1 条“培训场次”记在县文旅局名下"),
        (lambda w, n: User.objects.create_user("late", role="unit", home_unit=n), "“账号”记在县文旅局名下"),
        (lambda w, n: MemberUnit.objects.filter(pk=n.pk).update(aliases="文旅"), "“县文旅局”后来又有改动"),
        (lambda w, n: UnitTerm.objects.filter(unit=n).update(ends_on=date(2027, 1, 1)), "后来又有改动"),
        (lambda w, n: CoOrganiser.objects.filter(unit=n).update(unit=w.lgj), "后来又有改动"),
        (
            lambda w, n: rename_unit(n, name="又一局", code="yj", on=date(2026, 9, 1), basis="", actor=w.bureau),
            "不能撤销",
        ),
    ],
)
def test_once_something_has_followed_it_stays_and_nothing_changes(full, act, follow, why):
    unit = ACTS["rename a unit"](full, act).made[0]
    change = Reorganisation.objects.get()
    follow(full, unit)
    before = dump()
    assert why in refused(lambda: take_back(change, full.bureau, "错了"))
    assert dump() == before and Reorganisation.objects.filter(undone_at=None).count() >= 1


def test_a_session_that_was_verified_meanwhile_goes_back_to_its_unit_as_it_is(full, act):
    row = full.session(full.wxgtj, status="submitted", held_on=date(2026, 8, 5))
    ACTS["rename a unit"](full, act)
    TrainingSession.objects.get(pk=row.pk).verify(actor=full.bureau, attendance=50)
    take_back(Reorganisation.objects.get(), full.bureau, "错了")
    row.refresh_from_db()
    assert (row.organiser, row.status, row.verified_attendance) == (full.wxgtj, "verified", 50)
    record = row.history.first()
    assert (record.organiser_id, record.version, record.history_change_reason) == (
        full.wxgtj.pk,
        row.version,
        "撤销单位更名",
    )


def test_a_place_where_something_was_held_or_recorded_since_stays(full, act):
    ACTS["give a place a code"](full, act)
    change = Reorganisation.objects.get()
    with transaction.atomic():
        Institution.objects.get(name="新汉村社区教育教学点").record("suspended", date(2026, 11, 1))
        take_back(change, full.bureau, "错了")  # its own life goes on wherever it is
        transaction.set_rollback(True)
    full.session(place=Division.objects.get(pk="450124100007"), held_on=date(2026, 8, 1))
    assert "“培训场次”记在新汉社区名下" in refused(lambda: take_back(change, full.bureau, "错了"))


def test_neither_twice_nor_in_a_settled_year_nor_by_another_county(full, act):
    ACTS["rename a unit"](full, act)
    change = Reorganisation.objects.get()
    assert "本县" in refused(lambda: take_back(change, full.foreign_bureau, "错了"))
    year = AssessmentYear.objects.get(county=full.county, year=2026)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    assert "2026年度已锁定定案" in refused(lambda: take_back(change, full.bureau, "错了"))
    AssessmentYear.objects.filter(pk=year.pk).update(status="open")
    take_back(change, full.bureau, "错了")
    assert "已经撤销过" in refused(lambda: take_back(change, full.bureau, "错了"))


def test_the_database_keeps_who_took_it_back_and_why_together(full, act):
    ACTS["rename a unit"](full, act)
    for half in ({"undone_why": "错"}, {"undone_by": full.bureau}, {"undone_at": "2026-11-25T04:00Z"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reorganisation.objects.update(**half)


# --- the page --------------------------------------------------------------------------------------------


def test_the_office_takes_a_wrong_entry_back_by_page_and_says_why(full, act, ask):
    ACTS["rename a unit"](full, act)
    change = Reorganisation.objects.get()
    url = reverse("reorganisation-undo", args=[change.pk])
    assert url in ask(full.bureau, reverse("reorganisations")).content.decode()
    assert "改称县文旅局" in ask(full.bureau, url).content.decode()
    assert "这个字段是必填项" in ask(full.bureau, url, {"why": " "}, "post").content.decode()
    assert ask(full.bureau, url, {"why": "日期填错了"}, "post").url == reverse("reorganisations")
    event = AuditEvent.objects.get(action="撤销撤并更名")
    assert (event.actor, event.subject_id) == (full.bureau, str(change.pk))
    text = ask(full.bureau, reverse("reorganisations")).content.decode()
    assert "撤销：日期填错了" in text and url not in text
    assert ask(full.bureau, url).status_code == 403


def test_what_has_followed_is_said_on_the_page_with_the_reason_that_was_typed(full, act, ask):
    unit = ACTS["rename a unit"](full, act).made[0]
    User.objects.create_user("late", role="unit", home_unit=unit)
    url = reverse("reorganisation-undo", args=[Reorganisation.objects.get().pk])
    text = ask(full.bureau, url, {"why": "日期填错了"}, "post").content.decode()
    assert "“账号”记在县文旅局名下，不能撤销" in text and 'value="日期填错了"' in text


def test_the_centre_takes_back_changes_of_places_alone(full, act, ask):
    ACTS["rename a unit"](full, act)
    ACTS["rename a place"](full, act)
    of_place, of_unit = Reorganisation.objects.order_by("of_units")
    urls = [reverse("reorganisation-undo", args=[row.pk]) for row in (of_place, of_unit)]
    text = ask(full.centre, reverse("reorganisations")).content.decode()
    assert urls[0] in text and urls[1] not in text
    assert [ask(full.centre, url).status_code for url in urls] == [200, 403]
    assert [ask(full.foreign_bureau, url).status_code for url in urls] == [404, 404]
