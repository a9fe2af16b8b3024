"""Units renamed, merged, split: what goes on under the successor, what stays, and what is refused."""

import datetime
from datetime import date

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from networks.models import (
    AffiliatedBody,
    Appointment,
    MemberUnit,
    Person,
    SharedResource,
    UnitSuccession,
    UnitTerm,
    User,
)
from networks.models.succession import Lineage, Link
from networks.reorganisation import NewUnit, merge_units, rehearse, rename_unit, split_unit
from reporting.models import AssessmentYear, Plan, PlanTask, TaskResponsibility
from trainings.models import CoOrganiser, TrainingSession

pytestmark = pytest.mark.django_db
JULY = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(datetime.datetime(2026, 11, 25, 4, tzinfo=datetime.UTC), tick=False):
        yield


def fresh(user):
    return User.objects.get(pk=user.pk)


def rename(world, unit=None, *, on=JULY, name="县文化旅游局", code="wlj", **more):
    more = {"basis": "马编〔2026〕3号", "actor": world.bureau, **more}
    return rename_unit(unit or world.wxgtj, name=name, code=code, on=on, **more).made[0]


def merge(world, units, *, on=JULY, **more):
    return merge_units(units, on=on, basis="", actor=world.bureau, **more).made[0]


def terms(unit):
    return list(
        unit.terms.order_by("fact", "starts_on").values_list(
            "fact", "starts_on", "ends_on", "starts_by_reorganisation", "ends_by_reorganisation"
        )
    )


# --- renaming ------------------------------------------------------------------------------------------


def test_a_renamed_unit_hands_over_its_dated_facts_and_keeps_its_own_up_to_the_day(world):
    new = rename(world)
    old = MemberUnit.objects.get(pk=world.wxgtj.pk)
    assert (old.retired_on, new.established_on, new.kind, new.position) == (JULY, JULY, old.kind, old.position)
    assert terms(old) == [
        ("group", date(2019, 2, 2), JULY, False, True),
        ("quota", date(2018, 1, 1), JULY, False, True),
    ]
    assert terms(new) == [("group", JULY, None, True, False), ("quota", JULY, None, True, False)]
    link = UnitSuccession.objects.get()
    assert (link.old, link.new, link.on, link.change, link.basis) == (old, new, JULY, "rename", "马编〔2026〕3号")


def test_affiliated_bodies_people_tasks_and_places_for_learning_follow(world):
    task = PlanTask.objects.create(
        plan=Plan.objects.founding(world.county), clause="二(二)1", title="开放共享", responsible_text="文广"
    )
    TaskResponsibility.objects.create(task=task, unit=world.wxgtj, starts_on=date(2019, 2, 2))
    contact = Person.objects.create(county=world.county, name="李联络")
    Appointment.objects.create(person=contact, unit=world.wxgtj, function="contact")
    SharedResource.objects.create(division=world.county, kind="library", name="县图书馆", unit=world.wxgtj)
    new = rename(world)
    bodies = AffiliatedBody.objects.filter(name="县文化馆").order_by("pk").values_list("unit", "starts_on", "ends_on")
    assert list(bodies) == [(world.wxgtj.pk, None, JULY), (new.pk, JULY, None)]
    answers = TaskResponsibility.objects.order_by("pk").values_list("unit", "starts_on", "ends_on")
    assert list(answers) == [(world.wxgtj.pk, date(2019, 2, 2), JULY), (new.pk, JULY, None)]
    posts = Appointment.objects.order_by("pk").values_list("unit", "starts_on", "ends_on")
    assert list(posts) == [(world.wxgtj.pk, None, JULY), (new.pk, JULY, None)]
    assert SharedResource.objects.get().unit == new


def test_sessions_of_the_day_and_later_are_credited_to_the_successor_and_earlier_ones_stay(world):
    before = world.session(world.wxgtj, status="verified", held_on=date(2026, 6, 30))
    after = world.session(world.wxgtj, status="verified", held_on=JULY)
    joint = world.session(status="submitted", held_on=date(2026, 8, 1))
    CoOrganiser.objects.create(session=joint, unit=world.wxgtj, name="文新广体局")
    new = rename(world)
    owners = dict(TrainingSession.objects.values_list("pk", "organiser"))
    assert (owners[before.pk], owners[after.pk]) == (world.wxgtj.pk, new.pk)
    assert CoOrganiser.objects.get().unit == new
    record = after.history.first()
    assert (record.organiser_id, record.history_user, record.version) == (new.pk, world.bureau, after.version + 1)


def test_an_officer_lands_in_the_successor_sees_the_old_sessions_and_finishes_them(world):
    draft = world.session(world.wxgtj, held_on=date(2026, 6, 1))
    new = rename(world)
    officer = fresh(world.unit)
    assert (officer.own_unit, officer.own_unit_ids) == (new, [new.pk, world.wxgtj.pk])
    assert TrainingSession.objects.editable_by(officer).get() == draft
    draft.submit(actor=officer)
    draft.refresh_from_db()
    assert (draft.status, draft.organiser_id) == ("submitted", world.wxgtj.pk)


def test_what_is_entered_later_is_credited_to_whoever_stood_on_its_day(world, client):
    new = rename(world)
    for day, unit in [(date(2026, 6, 1), world.wxgtj), (JULY, new)]:
        row = world.session(new, held_on=day, actor=fresh(world.unit))
        assert row.organiser == unit
    client.force_login(world.unit)
    form = {"token": "t" * 32, "title": "迟报的一场", "held_on": "2026-06-02", "place": world.county.pk}
    client.post("/sessions/new/", form)
    assert TrainingSession.objects.get(title="迟报的一场").organiser == world.wxgtj


def test_a_change_to_come_takes_effect_on_its_day(world):
    plan = world.session(world.wxgtj, status="planned", held_on=date(2027, 3, 1))
    new = rename(world, on=date(2027, 1, 1))
    officer = fresh(world.unit)
    assert (officer.own_unit, officer.own_unit_ids) == (world.wxgtj, [world.wxgtj.pk])
    assert list(TrainingSession.objects.editable_by(officer)) == [plan]
    assert fresh(User.objects.create_user("early", role="unit", home_unit=new)).own_unit == world.wxgtj
    with time_machine.travel(datetime.datetime(2027, 3, 2, 4, tzinfo=datetime.UTC), tick=False):
        officer = fresh(world.unit)
        assert officer.own_unit == new
        plan.hold(actor=officer)
        assert TrainingSession.objects.get().organiser == new


def test_the_education_bureau_under_another_name_keeps_the_centre(world):
    new = rename(world, world.jyj, name="县教育体育局", code="jtj")
    centre = fresh(world.centre)
    assert centre.own_unit == new
    assert TrainingSession.objects.visible_to(centre).count() == 0


def test_a_renamed_government_keeps_its_officers(world):
    new = rename(world, world.ours, name="白山街道办事处", code="bsjd")
    town = fresh(world.town)
    assert (town.own_unit, set(town.own_unit_ids)) == (new, {new.pk, world.ours.pk})
    assert fresh(world.town2).own_unit == world.theirs


# --- merging ---------------------------------------------------------------------------------------------


def test_merging_into_a_unit_that_bears_the_quota_begins_no_second_term(world):
    merge(world, [world.jyj], into=world.wxgtj)
    assert terms(world.wxgtj) == [
        ("group", date(2019, 2, 2), None, False, False),
        ("quota", date(2018, 1, 1), None, False, False),
    ]
    assert fresh(world.unit).own_unit_ids == [world.wxgtj.pk, world.jyj.pk]


def test_several_units_become_a_new_one_and_a_chain_of_changes_is_followed(world):
    town = merge(world, [world.ours, world.theirs], on=date(2026, 3, 1), new=NewUnit("白古镇人民政府", "bgz"))
    last = rename(world, town, name="白古街道办事处", code="bgjd", on=date(2026, 9, 1))
    for user in (world.town, world.town2):
        assert fresh(user).own_unit == last
        assert set(fresh(user).own_unit_ids) == {last.pk, town.pk, world.ours.pk, world.theirs.pk}
    assert fresh(world.town).unit_on(date(2026, 2, 1)) == world.ours
    assert fresh(world.town2).unit_on(date(2026, 2, 1)) == world.theirs
    assert fresh(world.town).unit_on(date(2026, 4, 1)) == town


def test_the_officer_of_a_merged_unit_does_not_see_what_a_third_unit_keeps_to_itself(world):
    mine, theirs = world.session(world.jyj, actor=world.bureau), world.session(world.lgj)
    merge(world, [world.jyj], into=world.wxgtj)
    seen = TrainingSession.objects.visible_to(fresh(world.unit))
    assert mine in seen and theirs not in seen


# --- splitting -------------------------------------------------------------------------------------------


def test_a_split_leaves_sessions_and_officers_with_the_old_unit(world):
    row = world.session(world.wxgtj, status="verified", held_on=date(2026, 8, 1))
    parts = [NewUnit("县文化旅游局", "wlj"), NewUnit("县体育局", "tyj")]
    outcome = split_unit(world.wxgtj, parts=parts, stays=False, on=JULY, basis="", actor=world.bureau)
    assert [terms(unit) for unit in outcome.made] == [
        [("group", JULY, None, True, False), ("quota", JULY, None, True, False)]
    ] * 2
    assert {end for _, _, end, *_ in terms(world.wxgtj)} == {JULY}
    row.refresh_from_db()
    assert row.organiser == world.wxgtj
    assert fresh(world.unit).own_unit_ids == [world.wxgtj.pk]


def test_a_split_may_leave_the_old_unit_standing(world):
    split_unit(world.wxgtj, parts=[NewUnit("县体育局", "tyj")], stays=True, on=JULY, basis="", actor=world.bureau)
    assert {end for _, _, end, *_ in terms(world.wxgtj)} == {None}
    assert MemberUnit.objects.get(pk=world.wxgtj.pk).retired_on is None


# --- what is refused ---------------------------------------------------------------------------------------


def refused(act):
    with pytest.raises(ValidationError) as caught, transaction.atomic():
        act()
    return "；".join(caught.value.messages)


def test_a_day_in_or_before_a_settled_year_is_refused(world):
    year = AssessmentYear.objects.open_year(world.county, 2025)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    assert "2025年度已锁定定案" in refused(lambda: rename(world, on=date(2025, 12, 31)))
    assert "2025年度已锁定定案" in refused(lambda: rename(world, on=date(2019, 3, 1)))
    assert rename(world, on=date(2026, 1, 1)).established_on == date(2026, 1, 1)


@pytest.mark.parametrize("on", [date(1, 1, 1), date(1999, 12, 31), date(2029, 1, 1), date(9999, 12, 31)])
def test_a_day_that_must_be_a_slip_of_the_pen_is_refused(world, on):
    assert "日期应在 2000 年至 2028 年之间" in refused(lambda: rename(world, on=on))


def test_names_and_codes_that_exist_are_refused(world):
    assert "已有名称" in refused(lambda: rename(world, name="县老干局"))
    assert "代码“lgj”已被使用" in refused(lambda: rename(world, code="lgj"))
    assert "请填写新单位的名称和代码" in refused(lambda: rename(world, name=" "))
    assert not UnitSuccession.objects.exists()


def test_a_unit_that_ended_neither_changes_again_nor_takes_over(world):
    new = rename(world)
    old = world.wxgtj
    assert "已不再存在" in refused(lambda: rename(world, old, name="又一名", code="x2", on=date(2026, 9, 1)))
    assert "不能并入" in refused(lambda: merge(world, [new], into=old, on=date(2026, 9, 1)))
    assert "须在那以后" in refused(lambda: rename(world, new, name="又一名", code="x2", on=JULY))
    assert "须在那以后" in refused(lambda: merge(world, [world.jyj], into=new, on=date(2026, 5, 1)))


def test_no_other_countys_unit_is_touched(world):
    assert "本县" in refused(lambda: rename(world, world.foreign))
    assert "同一个县" in refused(lambda: merge(world, [world.ours], into=world.foreign))


def test_one_unit_alone_is_no_merger_and_one_part_is_no_split(world):
    assert "至少选择两个" in refused(lambda: merge(world, [world.ours], new=NewUnit("新", "x")))
    one = [NewUnit("新", "x")]
    assert "至少两个" in refused(
        lambda: split_unit(world.ours, parts=one, stays=False, on=JULY, basis="", actor=world.bureau)
    )
    assert "只选一种" in refused(lambda: merge(world, [world.ours], into=world.theirs, new=NewUnit("新", "x")))


def test_a_rehearsal_says_what_would_happen_and_leaves_everything(world):
    world.session(world.wxgtj, held_on=date(2026, 8, 1))
    outcome = rehearse(
        lambda: rename_unit(world.wxgtj, name="县文化旅游局", code="wlj", on=JULY, basis="", actor=world.bureau)
    )
    assert outcome.lines == [
        "自2026年7月1日起，县文化新闻出版广电和体育局改称县文化旅游局",
        "“领导小组成员”、“承担目标任务”由县文化旅游局接续",
        "1 个归口机构改归县文化旅游局",
        "2026年7月1日以后的 1 场培训改记到县文化旅游局，以前的不动",
        "2 个账号从这一天起进入县文化旅游局，仍能看到和办完县文化新闻出版广电和体育局的场次",
    ]
    assert not UnitSuccession.objects.exists() and not MemberUnit.objects.filter(code="wlj").exists()


def test_the_database_allows_one_successor_and_no_unit_that_ends_before_it_begins(world):
    UnitSuccession.objects.create(old=world.ours, new=world.theirs, on=JULY, change="merge")
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitSuccession.objects.create(old=world.ours, new=world.jyj, on=JULY, change="rename")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE networks_memberunit SET established_on = '2026-07-02', retired_on = '2026-07-02' WHERE id = %s",
            [world.jyj.pk],
        )


def test_a_circle_in_the_data_ends_nowhere(world):
    circle = Lineage([Link(1, 2, JULY, "rename"), Link(2, 1, JULY, "rename")])
    assert circle.standing_on(1, JULY) == 2
    assert sorted(circle.answering_for(1, JULY)) == [1, 2]
    assert circle.standing_on(1, date(2026, 1, 1)) in (1, 2)


def test_nothing_needs_more_than_one_query_where_nothing_changed(world, django_assert_num_queries):
    with django_assert_num_queries(3):  # the account, its home unit, and the county's lineages
        officer = User.objects.get(pk=world.unit.pk)
        assert (officer.own_unit, officer.own_unit_ids) == (world.wxgtj, [world.wxgtj.pk])
        assert officer.own_place_codes == []


def test_terms_of_the_same_fact_never_overlap_after_a_change(world):
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(ends_on=date(2026, 10, 1))
    new = rename(world, world.ours, name="白山街道办事处", code="bsjd")
    assert terms(new) == [("group", JULY, None, True, False), ("quota", JULY, date(2026, 10, 1), True, False)]
