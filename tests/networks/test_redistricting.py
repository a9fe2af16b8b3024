"""合村并居: places renamed, merged, split; who sees them, and where sessions may take place."""

from collections import Counter
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from networks.loading import _load_institutions, load_divisions
from networks.models import (
    Division,
    DivisionSuccession,
    FormerName,
    Institution,
    LeadingGroup,
    LearningGroup,
    MemberUnit,
    Places,
    SharedResource,
    User,
    Zone,
)
from networks.redistricting import NewPlace, merge_places, rename_place, split_place
from reporting.models import AssessmentYear
from trainings.models import Refused, TrainingSession

from ..site_map import what_was_seen
from .test_reorganisation import JULY, fresh, november, refused  # noqa: F401 — the clock is a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(world):
    return {"on": JULY, "basis": "马政发〔2026〕1号", "actor": world.bureau}


def test_a_new_name_under_the_same_code_keeps_the_old_one_with_its_last_day(world, act):
    place = rename_place(world.places["新汉村"], name="新合村委会", **act).made[0]
    assert (place.code, place.name, place.short_name) == ("450124100201", "新合村委会", "新合村")
    former = FormerName.objects.get()
    assert (former.division, former.name, former.short_name, former.until) == (place, "新汉村委会", "新汉村", JULY)
    assert "已经改过名" in refused(lambda: rename_place(place, name="又一村委会", **act))
    assert "没有变" in refused(lambda: rename_place(place, name="新合村委会", **(act | {"on": date(2026, 8, 1)})))


def test_an_older_list_of_divisions_brings_no_former_name_back(world, act):
    rename_place(world.places["新汉村"], name="新合村委会", **act)
    row = {"code": "450124100201", "tier": "village", "name": "新汉村委会", "parent_code": "450124100"}
    assert load_divisions([row])["unchanged"] == 1
    assert Division.objects.get(pk="450124100201").short_name == "新合村"


def test_a_new_code_makes_a_new_place_to_which_everything_there_goes_over(world, act):
    library = SharedResource.objects.create(
        division=world.places["新汉村"], kind="reading", name="农家书屋", unit=world.ours
    )
    school = SharedResource.objects.create(
        division=world.places["白山镇"], kind="school", name="新汉小学", unit=world.jyj
    )
    school.serves.add(world.places["新汉村"])
    old = world.session(place=world.places["新汉村"], held_on=date(2026, 3, 1))
    new = rename_place(world.places["新汉村"], name="新汉社区居委会", code="450124100007", **act).made[0]
    assert (new.short_name, new.parent, new.established_on, new.retired_on) == (
        "新汉社区",
        world.places["白山镇"],
        JULY,
        None,
    )
    assert Division.objects.get(pk="450124100201").retired_on == JULY
    assert Institution.objects.get(name="新汉村社区教育教学点").division == new
    library.refresh_from_db()
    assert library.division == new and list(school.serves.all()) == [new]
    old.refresh_from_db()
    assert old.place_id == "450124100201"
    assert set(Division.objects.on(date(2026, 6, 30)).within("450124100")) - set(Division.objects.on(JULY)) == {
        old.place
    }


def test_a_township_with_a_new_code_takes_its_villages_government_and_officers_along(world, act):
    town = rename_place(world.places["古零镇"], name="古零街道", code="450124004", **act).made[0]
    assert Division.objects.get(pk="450124103205").parent == town
    assert MemberUnit.objects.get(pk=world.theirs.pk).division == town
    officer = fresh(world.town2)
    assert officer.own_place_codes == ["450124004", "450124103"]
    assert officer.own_unit == world.theirs
    newcomer = User.objects.create_user("newcomer", role="township", home_division=town)
    assert (newcomer.own_unit, set(newcomer.own_place_codes)) == (world.theirs, {"450124004", "450124103"})
    kept = set(Division.objects.kept_by(newcomer).values_list("pk", flat=True))
    assert kept == {"450124004", "450124103", "450124103205"}
    row = {"code": "450124103205", "tier": "village", "name": "羊山村委会", "parent_code": "450124103"}
    assert load_divisions([row])["unchanged"] == 1  # an older list does not take the village back


@pytest.mark.parametrize("fate", ["close", "move"])
def test_the_institutions_of_a_merged_village_are_closed_on_the_day_or_moved(world, act, fate):
    outcome = merge_places([world.places["新汉村"]], into=world.places["新兴社区"], institutions=fate, **act)
    point = Institution.objects.get(name="新汉村社区教育教学点")
    if fate == "close":
        assert (point.division_id, point.state, point.state_since) == ("450124100201", "closed", JULY)
        assert "1 个机构停办：新汉村社区教育教学点" in outcome.lines
    else:
        assert (point.division, point.state) == (world.places["新兴社区"], "unconfirmed")
    link = DivisionSuccession.objects.get()
    assert (link.old_id, link.new_id, link.on, link.change) == ("450124100201", "450124100006", JULY, "merge")


def test_an_institution_about_which_something_was_recorded_since_closes_today(world, act):
    point = Institution.objects.get(name="新汉村社区教育教学点")
    point.record("open", date(2026, 9, 1))
    merge_places([world.places["新汉村"]], into=world.places["新兴社区"], institutions="close", **act)
    point.refresh_from_db()
    assert (point.state, point.state_since) == ("closed", date(2026, 11, 25))


def test_the_officer_of_a_merged_township_sees_both_and_others_see_no_more(world, act):
    row = world.session(world.wxgtj, place=world.places["羊山村"], status="submitted", held_on=date(2026, 3, 1))
    assert not TrainingSession.objects.visible_to(fresh(world.town)).filter(pk=row.pk).exists()
    merge_places([world.places["古零镇"]], into=world.places["白山镇"], institutions="move", **act)
    for user in (world.town, world.town2):
        assert set(fresh(user).own_place_codes) == {"450124100", "450124103"}
        assert TrainingSession.objects.visible_to(fresh(user)).filter(pk=row.pk).exists()
    assert not TrainingSession.objects.visible_to(world.foreign_town).exists()
    assert fresh(world.town2).own_unit == world.theirs  # the governments are units, merged by themselves


def test_a_village_is_split_into_new_ones_and_keeps_its_sessions(world, act):
    row = world.session(place=world.places["新汉村"], held_on=date(2026, 3, 1))
    parts = [NewPlace("新汉东社区居委会", "450124100007"), NewPlace("新汉西村委会", "450124100230")]
    made = split_place(world.places["新汉村"], parts=parts, stays=False, institutions="move", **act).made
    assert [place.path for place in made] == ["白山镇/新汉东社区", "白山镇/新汉西村"]
    assert Institution.objects.get(name="新汉村社区教育教学点").division == made[0]
    row.refresh_from_db()
    assert row.place_id == "450124100201"
    assert DivisionSuccession.objects.of_county("450124").lineage().answering_for(made[0].pk, JULY) == [made[0].pk]


def test_nothing_is_entered_at_a_place_that_had_ended_by_then(world, act, client):
    old = world.places["新汉村"]
    kept = world.session(place=old, held_on=date(2026, 8, 1))
    merge_places([old], into=world.places["新兴社区"], institutions="close", **act)
    old.refresh_from_db()
    with pytest.raises(Refused, match="新汉村已于2026年7月1日撤并，请选择新兴社区"):
        world.session(place=old, held_on=JULY)
    assert world.session(place=old, held_on=date(2026, 6, 30)).pk
    kept = TrainingSession.objects.get(pk=kept.pk)
    kept.submit(actor=world.town)  # what was entered before stays
    client.force_login(world.town)
    form = {"token": "t" * 32, "title": "合并以后", "held_on": "2026-07-02", "place": old.pk}
    page = client.post("/sessions/new/", form)
    assert "新汉村已于2026年7月1日撤并，请选择新兴社区" in page.content.decode()
    assert "已撤并（只用于撤并以前的培训）" in page.content.decode()
    assert not TrainingSession.objects.filter(title="合并以后").exists()


def test_what_goes_on_at_a_place_goes_over_and_the_same_name_twice_is_told_apart(world, act):
    """Every village has its 农家书屋."""
    for place in ("新汉村", "新兴社区"):
        SharedResource.objects.create(division=world.places[place], kind="reading", name="农家书屋", unit=world.wxgtj)
    ended = LearningGroup.objects.create(
        division=world.places["新汉村"], kind="team", name="旧队", ended_on=date(2025, 1, 1)
    )
    team = LearningGroup.objects.create(division=world.places["新汉村"], kind="team", name="山歌队")
    outcome = merge_places([world.places["新汉村"]], into=world.places["新兴社区"], institutions="close", **act)
    there = set(SharedResource.objects.filter(division="450124100006").values_list("name", flat=True))
    assert there == {"农家书屋", "新汉村农家书屋"}
    assert "新兴社区已有同名的，农家书屋改称新汉村农家书屋" in outcome.lines
    team.refresh_from_db()
    ended.refresh_from_db()
    assert (team.division_id, ended.division_id) == ("450124100006", "450124100201")


def test_a_township_with_a_new_code_keeps_its_leading_group_and_its_zones(world, act):
    zone = Zone.objects.create(
        division=world.places["白山镇"], kind="experimental", starts_on=date(2019, 2, 2), basis="文"
    )
    group = LeadingGroup.objects.create(division=world.places["白山镇"], name="白山镇领导小组")
    rename_place(world.places["白山镇"], name="白山街道", code="450124001", **act)
    zone.refresh_from_db()
    group.refresh_from_db()
    assert (zone.division_id, group.division_id) == ("450124001", "450124001")


def test_a_new_village_may_take_over_more_on_the_day_on_which_it_begins(world, act):
    """合村并居 of more than the form holds at once."""
    new = NewPlace("新合社区居委会", "450124100009")
    places = [world.places["新汉村"], world.places["新兴社区"]]
    made = merge_places(places, new=new, institutions="close", **act).made[0]
    merge_places([world.places["羊山村"]], into=made, institutions="close", **act)
    assert Places("450124", JULY).within(made.pk) == [
        "450124100006",
        "450124100009",
        "450124100201",
        "450124103205",
    ]
    assert "才设立" in refused(lambda: rename_place(made, name="又一村委会", **act))


def test_the_facts_can_be_loaded_again_after_villages_were_merged(world, act):
    merge_places([world.places["新汉村"]], into=world.places["新兴社区"], institutions="move", **act)
    before = Institution.objects.count()
    _load_institutions(world.county, Counter())
    assert Institution.objects.count() == before


def test_the_day_on_which_a_place_was_merged_is_not_changed_behind_its_back(world, act, client):
    merge_places([world.places["新汉村"]], into=world.places["新兴社区"], institutions="close", **act)

    def save(code, day):
        form, page = (
            {"name": "某村委会", "short_name": "某村", "retired_on": day},
            f"/admin/networks/division/{code}/change/",
        )
        client.force_login(world.bureau)
        return client.post(page, form | what_was_seen(client, page))

    assert "在“撤并更名”里办理的" in save("450124100201", "").content.decode()
    assert save("450124103205", "2026-05-01").status_code == 302  # abolished, and nothing took it over
    AssessmentYear.objects.filter(county="450124", year=2026).update(status="locked")
    assert "2026年度已锁定定案" in save("450124103205", "").content.decode()
    assert "2026年度已锁定定案" in save("450124100006", "2026-05-01").content.decode()
    assert set(Division.objects.exclude(retired_on=None).values_list("pk", flat=True)) == {
        "450124100201",
        "450124103205",
    }


def test_codes_names_and_days_that_cannot_be_are_refused(world, act):
    village = world.places["新汉村"]
    for code, why in [
        ("45012410020", "12 位数字"),
        ("450125100201", "以 450124 开头"),
        ("450124100006", "已被使用"),
        ("450124999201", "没有代码为 450124999 的乡镇"),
    ]:
        assert why in refused(lambda code=code: rename_place(village, name="新村委会", code=code, **act))
    assert "已有“新兴社区居委会”" in refused(lambda: rename_place(village, name="新兴社区居委会", **act))
    assert "只办理乡镇和村" in refused(lambda: rename_place(world.county, name="马山市", **act))
    assert "不能晚于今天" in refused(lambda: rename_place(village, name="新", **(act | {"on": date(2026, 11, 26)})))
    assert "只能村（社区）与村（社区）" in refused(
        lambda: merge_places([village], into=world.places["古零镇"], institutions="move", **act)
    )
    foreign = world.other_places["大丰镇"]
    assert "本县" in refused(lambda: rename_place(foreign, name="新镇", **act))
    year = AssessmentYear.objects.open_year(world.county, 2026)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    assert "2026年度已锁定定案" in refused(lambda: rename_place(village, name="新村委会", **act))


def test_the_database_allows_one_successor_a_place_and_one_former_name_a_day(world):
    here, there = world.places["新汉村"], world.places["新兴社区"]
    DivisionSuccession.objects.create(old=here, new=there, on=JULY, change="merge")
    FormerName.objects.create(division=here, name="某村委会", short_name="某村", until=JULY)
    for act in [
        lambda: DivisionSuccession.objects.create(old=here, new=world.places["羊山村"], on=JULY, change="rename"),
        lambda: FormerName.objects.create(division=here, name="另村委会", short_name="另村", until=JULY),
        lambda: FormerName.objects.create(division=there, name="", short_name="", until=JULY),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE networks_division SET established_on = '2026-07-02', retired_on = '2026-07-01' WHERE code = %s",
            [here.pk],
        )
