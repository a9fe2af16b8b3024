"""Which rows of a registry somebody keeps, and how a registry page takes what was typed."""

import datetime

import pytest
from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from networks.access import barred_from_rewriting, people_to_appoint
from networks.forms import VersionedForm
from networks.models import (
    AnnualFigure,
    Appointment,
    AuditEvent,
    Division,
    Fund,
    Institution,
    MemberUnit,
    Person,
    SharedResource,
)
from networks.views.keeping import QUICKER, keep

from ..makers import answer_for

pytestmark = pytest.mark.django_db
EVERYWHERE = ["白山镇", "新兴社区", "新汉村", "古零镇", "羊山村"]


def places(rows, field="division__short_name"):
    return sorted(set(rows.values_list(field, flat=True)))


# --- who keeps what ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "kept"),
    [
        ("town", ["新兴社区", "新汉村", "白山镇"]),
        ("town2", ["古零镇", "羊山村"]),
        ("bureau", ["古零镇", "新兴社区", "新汉村", "白山镇", "羊山村", "马山县"]),
        ("centre", ["古零镇", "新兴社区", "新汉村", "白山镇", "羊山村", "马山县"]),
        ("foreign_bureau", ["上林县", "大丰镇"]),
        ("foreign_town", ["大丰镇"]),
        *((who, []) for who in ["unit", "head", "unit_head", "leader", "auditor", "operator", "homeless"]),
    ],
)
def test_institutions_and_figures_are_kept_by_their_township_and_by_the_county(world, who, kept):
    user = getattr(world, who)
    for place in Division.objects.all():
        AnnualFigure.objects.create(division=place, year=2025, kind="elderly", value=7, source="镇统计")
    assert places(Institution.objects.kept_by(user)) == sorted(kept)
    assert places(AnnualFigure.objects.kept_by(user)) == sorted(kept)
    assert places(Division.objects.kept_by(user), "short_name") == sorted(kept)


def test_funds_are_kept_by_the_bureau_and_their_township_and_seen_by_no_other(world):
    for place in Division.objects.filter(tier="township"):
        Fund.objects.create(division=place, year=2025, source="public", paid=1000)
    kept = {who: places(Fund.objects.kept_by(user)) for who, user in world.users.items()}
    seen = {who: places(Fund.objects.visible_to(user)) for who, user in world.users.items()}
    assert {who: rows for who, rows in kept.items() if rows} == {
        "bureau": ["古零镇", "白山镇"],
        "bureau2": ["古零镇", "白山镇"],
        "director": ["古零镇", "白山镇"],
        "town": ["白山镇"],
        "town2": ["古零镇"],
        "foreign_bureau": ["大丰镇"],
        "foreign_town": ["大丰镇"],
    }
    assert seen["head"] == ["白山镇"] and seen["leader"] == seen["auditor"] == ["古零镇", "白山镇"]
    assert seen["centre"] == seen["unit"] == seen["operator"] == []


def test_a_resource_is_kept_by_its_unit_even_where_it_lies_in_another_township(world):
    answer_for(world.wxgtj, "二(二)2")
    answer_for(world.ours, "二(二)1")
    for unit, place, kind, name in [
        (world.wxgtj, "白山镇", "library", "县图书馆"),
        (world.ours, "新汉村", "school", "新汉村小学"),
    ]:
        SharedResource.objects.create(division=world.places[place], kind=kind, name=name, unit=unit)
    kept = {who: places(SharedResource.objects.kept_by(user), "name") for who, user in world.users.items()}
    assert kept["town"] == ["新汉村小学"] and kept["unit"] == ["县图书馆"] and kept["town2"] == []
    assert kept["bureau"] == sorted(["县图书馆", "新汉村小学"]) and kept["head"] == kept["foreign_bureau"] == []


def test_a_unit_is_kept_by_its_officers_and_the_bureau_but_not_by_the_centre(world):
    kept = {who: set(MemberUnit.objects.kept_by(user)) for who, user in world.users.items()}
    assert kept["town"] == {world.ours} and kept["unit"] == {world.wxgtj} and kept["centre"] == set()
    assert world.foreign not in kept["bureau"] and {world.ours, world.lgj} <= kept["bureau"]


@pytest.fixture
def staff(world):
    """Somebody at our school, somebody at theirs, one who works at both, and a contact of 文新广体局."""
    ours = Institution.objects.get(division=world.ours.division)
    theirs = Institution.objects.get(division=world.theirs.division)
    people = {name: Person.objects.create(county=world.county, name=name) for name in ["甲", "乙", "丙", "丁"]}
    for name, body in [("甲", ours), ("乙", theirs), ("丙", ours), ("丙", theirs)]:
        Appointment.objects.create(person=people[name], institution=body, function="instructor")
    Appointment.objects.create(person=people["丁"], unit=world.wxgtj, function="contact")
    return people


def test_appointments_are_seen_and_kept_at_home_and_leaders_see_none(world, staff):
    seen = {who: places(Appointment.objects.visible_to(user), "person__name") for who, user in world.users.items()}
    kept = {who: places(Appointment.objects.kept_by(user), "person__name") for who, user in world.users.items()}
    assert seen["town"] == kept["town"] == ["丙", "甲"] and seen["head"] == ["丙", "甲"] and kept["head"] == []
    assert seen["unit"] == kept["unit"] == ["丁"] and seen["leader"] == seen["operator"] == []
    assert seen["bureau"] == kept["centre"] == seen["auditor"] == sorted("甲乙丙丁") and kept["auditor"] == []
    assert seen["foreign_bureau"] == []


def test_a_township_appoints_its_own_people_and_renames_only_those_who_work_nowhere_else(world, staff):
    own = set(people_to_appoint(world.town))
    assert {staff["甲"], staff["丙"], world.town.person, world.head.person} == own
    assert {staff["乙"], staff["丁"], world.bureau.person} <= set(people_to_appoint(world.bureau))
    assert not people_to_appoint(world.leader).exists() and not people_to_appoint(world.foreign_town).filter(
        pk=staff["甲"].pk
    )
    assert barred_from_rewriting(world.town, staff["甲"]) == ""
    assert "还在别的单位任职" in barred_from_rewriting(world.town, staff["丙"])
    assert "还在别的单位任职" in barred_from_rewriting(world.town, staff["乙"])
    assert "由办公室的工作人员维护" in barred_from_rewriting(world.centre, world.bureau.person)
    assert "不属于本县" in barred_from_rewriting(world.foreign_bureau, staff["甲"])
    assert barred_from_rewriting(world.centre, staff["丙"]) == ""


# --- people over time ----------------------------------------------------------------------------------


def test_a_successor_begins_on_the_day_on_which_the_predecessor_leaves(world, staff):
    first = Appointment.objects.get(person=staff["甲"])
    next_one = first.succeed(staff["丁"], datetime.date(2026, 3, 1))
    day = datetime.date(2026, 3, 1)
    there = Appointment.objects.filter(institution=first.institution)
    assert [a.person.name for a in there.on(day - datetime.timedelta(1)).order_by("pk")] == ["甲", "丙"]
    assert [a.person.name for a in there.on(day).order_by("pk")] == ["丙", "丁"]
    assert next_one.succeeds == first and first.succeeded_by == next_one
    with pytest.raises(ValidationError, match="已经结束"):
        first.leave(day)
    with pytest.raises(ValidationError, match="晚于"):
        next_one.leave(day)


@pytest.mark.parametrize(
    "change",
    [
        {"institution": None},
        {"unit": "theirs"},
        {"starts_on": datetime.date(2026, 1, 2), "ends_on": datetime.date(2026, 1, 2)},
    ],
)
def test_in_5_an_appointment_is_at_one_body_and_ends_after_it_begins(world, staff, change):
    row = Appointment.objects.get(person=staff["甲"])
    values = {name: getattr(world, value) if value == "theirs" else value for name, value in change.items()}
    with pytest.raises(IntegrityError):
        Appointment.objects.filter(pk=row.pk).update(**values)


def test_in_5_nobody_holds_the_same_open_appointment_twice(world, staff):
    row = Appointment.objects.get(person=staff["甲"])
    with pytest.raises(IntegrityError):
        Appointment.objects.create(person=row.person, institution=row.institution, function=row.function)


# --- one way of keeping a row --------------------------------------------------------------------------


class PersonForm(forms.ModelForm):
    class Meta:
        model = Person
        fields = ["name", "phone"]


class ResourceForm(VersionedForm):
    class Meta:
        model = SharedResource
        fields = ["name", "offers"]


@pytest.fixture
def ask(rf, world):
    def send(form_class, instance, data, **how):
        request = rf.post("/network/x/", data) if data is not None else rf.get("/network/x/")
        request.user, request.session = world.bureau, {}
        request._messages = FallbackStorage(request)
        form = form_class(data, instance=instance)
        return keep(request, form, action="试验保存", title="试验", back="/network/", **how)

    return send


def test_what_is_kept_is_recorded_with_field_names_and_without_values(world, ask):
    person = Person.objects.create(county=world.county, name="甲")
    assert ask(PersonForm, person, {"name": "乙", "phone": "13900001234"}).url == "/network/"
    event = AuditEvent.objects.get(action="试验保存")
    assert (event.actor, event.subject_id, event.detail) == (
        world.bureau,
        str(person.pk),
        {"fields": ["name", "phone"]},
    )
    person.refresh_from_db()
    assert person.name == "乙"


def test_what_a_rule_of_the_model_refuses_comes_back_with_all_that_was_typed(world, ask):
    def refuse(form):
        raise ValidationError("这一天不行")

    person = Person.objects.create(county=world.county, name="甲")
    page = ask(PersonForm, person, {"name": "打了很多字的名字", "phone": "123"}, perform=refuse).content.decode()
    assert "这一天不行" in page and 'value="打了很多字的名字"' in page and 'value="123"' in page
    assert not AuditEvent.objects.filter(action="试验保存").exists()


def test_what_somebody_saved_first_comes_back_as_a_sentence_and_not_as_an_error(world, ask):
    def too_late(form):
        raise IntegrityError

    page = ask(PersonForm, Person(county=world.county), {"name": "甲"}, perform=too_late).content.decode()
    assert QUICKER in page and 'value="甲"' in page


def test_in_4_the_second_of_two_sees_what_the_first_has_saved(world, ask):
    row = SharedResource.objects.create(division=world.places["白山镇"], kind="other", name="书屋", unit=world.ours)
    first, second = SharedResource.objects.get(pk=row.pk), SharedResource.objects.get(pk=row.pk)
    assert ask(ResourceForm, first, {"name": "书屋", "offers": "图书", "seen_version": "0"}).status_code == 302
    page = ask(ResourceForm, second, {"name": "书屋", "offers": "电脑", "seen_version": "0"}).content.decode()
    assert "已有人先改成了“图书”" in page and 'value="电脑"' in page
    third = SharedResource.objects.get(pk=row.pk)
    assert ask(ResourceForm, third, {"name": "书屋", "offers": "电脑", "seen_version": "1"}).status_code == 302
    row.refresh_from_db()
    assert (row.offers, row.version) == ("电脑", 2)
