"""AC-4: what a locked year rests on does not change by any road: its rules, its quotas, the terms of its units."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from networks.models import MemberUnit, UnitTerm
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import DeliveryForm, Refused


@pytest.fixture
def locked(world):
    """The world's year, locked, with one quota of its own."""
    QuotaAdjustment.objects.create(
        year=world.assessment_year, unit=world.ours, sessions=2, attendances=200, reason="迁址"
    )
    world.lock()
    return AssessmentYear.objects.get(pk=world.assessment_year.pk)


def refused(*attempts):
    for attempt in attempts:
        with pytest.raises(ValidationError, match="锁定定案"), transaction.atomic():
            attempt()


def test_ac_4_the_rules_of_a_locked_year_stay_and_its_life_goes_on(world, locked):
    locked.required_sessions = 1
    refused(
        locked.save,
        locked.delete,
        locked.counting_forms.clear,
        lambda: locked.counting_forms.set([]),
        lambda: locked.counting_forms.add(DeliveryForm.objects.create(name="新形式")),
    )
    locked.status, locked._moving = "open", True
    refused(locked.save)  # not even while it is opened again
    locked = AssessmentYear.objects.get(pk=locked.pk)
    assert (locked.status, locked.required_sessions, locked.counting_forms.exists()) == ("locked", 4, True)
    with transaction.atomic():
        locked.objections_until = datetime.date(2030, 1, 1)
        locked._move("preview", actor=world.bureau)
    assert AssessmentYear.objects.get(pk=locked.pk).status == "previewed"


@pytest.mark.parametrize("status", ["open", "previewed", "published"])
def test_ac_4_a_status_that_no_verb_has_set_is_not_saved(locked, status):
    locked.status = status
    with pytest.raises(Refused, match="只能通过锁定、解锁等操作改变"), transaction.atomic():
        locked.save()
    fresh = AssessmentYear(county_id=locked.county_id, year=2031, basis_title="依据", status="locked")
    with pytest.raises(Refused, match="只能通过锁定、解锁等操作改变"), transaction.atomic():
        fresh.save()
    assert AssessmentYear.objects.get(pk=locked.pk).status == "locked"


def test_ac_4_the_quotas_of_a_locked_year_stay(world, locked):
    quota = QuotaAdjustment.objects.get()
    quota.sessions = 1
    moved = QuotaAdjustment.objects.get()
    moved.year = AssessmentYear.objects.open_year(world.county, world.year + 1)
    later = QuotaAdjustment.objects.create(
        year=moved.year, unit=world.theirs, sessions=1, attendances=100, reason="新设"
    )
    later.year = locked
    fresh = QuotaAdjustment(year=locked, unit=world.theirs, sessions=0, attendances=0, reason="免")
    refused(quota.save, quota.delete, moved.save, later.save, fresh.save)
    assert list(QuotaAdjustment.objects.filter(year=locked).values_list("unit", "sessions")) == [(world.ours.pk, 2)]


def test_ac_4_a_new_unit_does_not_join_a_locked_year_on_the_screen_either(world, locked, client):
    client.force_login(world.bureau)
    form = {
        "county": world.county.pk,
        "code": "sfj",
        "name": "县司法局",
        "kind": "other",
        "division": world.county.pk,
        "position": 40,
        "terms-TOTAL_FORMS": 1,
        "terms-INITIAL_FORMS": 0,
        "terms-0-fact": "quota",
        "terms-0-starts_on": f"{world.year}-01-01",
    }
    answer = client.post(reverse("admin:networks_memberunit_add"), form, follow=True)
    assert "已锁定定案，不能改动涉及这一年的任期" in answer.content.decode()
    assert not MemberUnit.objects.filter(code="sfj").exists()


def test_ac_4_terms_change_for_years_that_are_not_locked_only(world, locked):
    def term():
        return UnitTerm.objects.get(unit=world.ours, fact="quota")

    def changed(**values):
        row = term()
        for name, value in values.items():
            setattr(row, name, value)
        return row

    within, next_year = datetime.date(world.year, 7, 1), datetime.date(world.year + 1, 1, 1)
    fresh = UnitTerm(unit=world.lgj, fact="quota", starts_on=within)
    refused(
        changed(ends_on=within).save,
        changed(ends_on=within).full_clean,
        changed(starts_on=within).save,
        changed(unit=world.lgj).save,
        changed(fact="group").save,
        term().delete,
        fresh.save,
        fresh.full_clean,
    )
    changed(ends_on=next_year, ends_by_reorganisation=True).save()
    changed(starts_on=datetime.date(2019, 1, 1), basis="核对文件").save()
    UnitTerm.objects.create(unit=world.lgj, fact="quota", starts_on=next_year)
    UnitTerm.objects.get(unit=world.foreign, fact="quota").delete()  # another county's years are open
    assert (term().ends_on, term().basis) == (next_year, "核对文件")
