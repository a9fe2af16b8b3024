"""Figures as organised then and as now: merging 3/200 and 3/200 gives 6/400, totals stay, locked years never change."""

import datetime
import json
from datetime import date
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from networks.models import MemberUnit, UnitSuccession, UnitTerm, User
from networks.redistricting import NewPlace, merge_places
from networks.reorganisation import NewUnit, merge_units, rename_unit
from reporting.assessment import Counting, NotForLockedYears, county_standing, standings
from reporting.indicators import YearFigures
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import CoOrganiser, TrainingSession

from ..site_map import taken_back
from .test_assessment_reference import CODES, WORLD, reference, slowly, stored

pytestmark = pytest.mark.django_db
JULY = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def late():
    with time_machine.travel(datetime.datetime(2026, 12, 30, 4, tzinfo=datetime.UTC), tick=False):
        yield


@pytest.fixture
def y2026(world):
    return AssessmentYear.objects.open_year(world.county, 2026)


def verified(world, unit, *figures, on=date(2026, 3, 5)):
    return [world.session(unit, status="verified", held_on=on, reported=n) for n in figures]


def figures(year, organised, **options):
    found = standings(year, organised=organised, **options)
    return {s.unit.name: (*s.verified, *s.required, s.met) for s in found}


def merge(world, units, **more):
    more = {"on": JULY, "basis": "", "actor": world.bureau, **more}
    return merge_units(units, **more).made[0]


def test_merging_3_200_and_3_200_gives_6_400(world, y2026):
    verified(world, world.ours, 100, 50, 50)
    verified(world, world.theirs, 100, 50, 50)
    merge(world, [world.ours, world.theirs], new=NewUnit("白古镇人民政府", "bgz"))
    now, then = figures(y2026, "now"), figures(y2026, "then")
    assert now["白古镇人民政府"] == (6, 400, 4, 400, True)
    assert not {"白山镇人民政府", "古零镇人民政府"} & set(now)
    assert then["白山镇人民政府"] == (3, 200, 2, 199, True)  # 181 of 365 days
    assert then["白古镇人民政府"] == (0, 0, 3, 202, False)
    county = county_standing(y2026, organised="now")
    assert county.credited == county_standing(y2026).credited == county.unit_sum == (6, 400)


def test_a_unit_merged_into_one_with_quota_is_read_through_it(world, y2026):
    verified(world, world.jyj, 100, 100)
    verified(world, world.wxgtj, 100, 100, on=date(2026, 8, 1))
    merge(world, [world.jyj], into=world.wxgtj)
    assert figures(y2026, "now")["县文化新闻出版广电和体育局"] == (4, 400, 4, 400, True)
    assert figures(y2026, "now", units=[world.jyj]) == figures(y2026, "now", units=[world.wxgtj])
    assert figures(y2026, "then")["县教育局"][:2] == (2, 200)


def test_a_chain_of_renaming_and_merging_is_summed_at_its_end(world, y2026):
    verified(world, world.wxgtj, 100)
    verified(world, world.jyj, 70)
    day = {"basis": "", "actor": world.bureau}
    mid = rename_unit(world.wxgtj, name="县文化旅游局", code="wlj", on=date(2026, 4, 1), **day).made[0]
    verified(world, mid, 30, on=date(2026, 5, 1))
    end = merge(world, [mid, world.jyj], new=NewUnit("县教育文化局", "jwj"))
    assert figures(y2026, "now", units=[world.wxgtj]) == {"县教育文化局": (3, 200, 4, 400, False)}
    last = rename_unit(end, name="县教文体局", code="jwt", on=date(2026, 10, 1), **day).made[0]
    assert figures(y2026, "now")[last.name] == (3, 200, 4, 400, False)


def test_a_split_stays_with_the_old_unit(world, y2026):
    verified(world, world.wxgtj, 100)
    part = MemberUnit.objects.create(
        county=world.county, code="tyj", name="县体育局", kind="department", division=world.county
    )
    UnitSuccession.objects.create(old=world.wxgtj, new=part, on=JULY, change="split")
    UnitTerm.objects.create(unit=part, fact="quota", starts_on=JULY, starts_by_reorganisation=True)
    assert figures(y2026, "now") == figures(y2026, "then")
    assert figures(y2026, "now")["县体育局"] == (0, 0, 3, 202, False)


def test_an_adjustment_goes_with_a_renamed_unit_but_not_with_a_part_of_a_merged_one(world, y2026):
    for unit in (world.wxgtj, world.theirs):
        QuotaAdjustment.objects.create(year=y2026, unit=unit, sessions=1, attendances=50, reason="改建")
    new = rename_unit(world.wxgtj, name="县文化旅游局", code="wlj", on=JULY, basis="", actor=world.bureau).made[0]
    merge(world, [world.theirs], into=world.ours)
    now = {s.unit: s for s in standings(y2026, organised="now")}
    assert (now[new].required, now[world.ours].required) == ((1, 50), (4, 400))
    assert now[new].working == (
        "含县文化新闻出版广电和体育局，合起来按一个单位的全年任务；任务调整为 1 场、50 人次。理由：改建"
    )
    QuotaAdjustment.objects.create(year=y2026, unit=world.ours, sessions=2, attendances=90, reason="撤并")
    assert {s.unit: s.required for s in standings(y2026, organised="now")}[world.ours] == (2, 90)


def test_a_session_of_two_parts_counts_once_for_what_they_have_become(world, y2026):
    y2026.joint_credit = "each"
    y2026.save()
    [row] = verified(world, world.ours, 80)
    CoOrganiser.objects.create(session=row, unit=world.theirs, name="古零镇", confirmed_at=row.created_at)
    merge(world, [world.theirs], into=world.ours)
    assert [county_standing(y2026, organised=o).unit_sum for o in ("then", "now")] == [(2, 160), (1, 80)]
    assert county_standing(y2026, organised="now").credited == (1, 80)


def test_in_8_the_working_of_a_merged_unit_counts_a_session_of_two_parts_once_as_its_standing_does(world, y2026, page):
    y2026.joint_credit = "each"
    y2026.save()
    rows = verified(world, world.ours, 80, 30)
    rows.append(world.session(status="submitted", held_on=date(2026, 3, 6), reported=40))
    for row in rows[::2]:
        CoOrganiser.objects.create(session=row, unit=world.theirs, name="古零镇", confirmed_at=row.created_at)
    merge(world, [world.theirs], into=world.ours)
    shown = page(world.bureau, f"/assessment/2026/{world.ours.code}/", organised="now").context
    assert (shown["standing"].verified, shown["standing"].pending) == ((2, 110), (1, 40))
    assert dict(shown["reasons"]) == {"计入": (2, 110), "已提交，待审核": (1, 40)}


def test_what_is_pending_and_planned_is_read_through_the_successor_too(world, y2026):
    world.session(world.theirs, status="submitted", held_on=date(2026, 3, 1), reported=40)
    merge(world, [world.theirs], into=world.ours)
    [now] = standings(y2026, units=[world.ours], organised="now")
    assert (now.pending, now.forecast) == ((1, 40), "lost")


def test_a_locked_year_never_changes_through_any_later_succession(world):
    year = AssessmentYear.objects.open_year(world.county, 2025)
    verified(world, world.ours, 100, 300, on=date(2025, 3, 1))
    verified(world, world.wxgtj, 60, on=date(2025, 12, 31))
    frozen = county_standing(year)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    year.refresh_from_db()
    start = {"on": date(2026, 1, 1), "basis": "", "actor": world.bureau}
    merge_units([world.theirs], into=world.ours, **start)
    rename_unit(world.wxgtj, name="县文化旅游局", code="wlj", **start)
    assert county_standing(year) == frozen
    for ask in (
        lambda: county_standing(year, organised="now"),
        lambda: standings(year, organised="now"),
        lambda: Counting(year, organised="now"),
    ):
        with pytest.raises(NotForLockedYears, match="2025年度已锁定定案"):
            ask()


# --- pages and command -----------------------------------------------------------------------------------


def test_the_page_offers_both_readings_only_where_something_changed_and_nothing_is_locked(world, y2026, page):
    assert "按哪时的机构" not in page(world.bureau, "/assessment/2026/").content.decode()
    verified(world, world.theirs, 60)
    merge(world, [world.theirs], into=world.ours)
    shown = page(world.bureau, "/assessment/2026/", organised="now")
    assert "按哪时的机构" in shown.content.decode()
    units = [s.unit for s in shown.context["standings"]]
    assert world.theirs not in units and world.ours in units
    assert "?organised=now" in shown.content.decode()
    unit = page(world.bureau, f"/assessment/2026/{world.theirs.code}/", organised="now")
    assert unit.context["unit"] == world.ours
    assert [row.organiser_id for row in unit.context["page_obj"]] == [world.theirs.pk]
    AssessmentYear.objects.filter(pk=y2026.pk).update(status="locked")
    locked = page(world.bureau, "/assessment/2026/", organised="now")
    assert world.theirs in [s.unit for s in locked.context["standings"]]
    assert "2026年度已锁定定案，只能按当时的机构" in locked.content.decode()


def test_the_officer_of_a_merged_unit_sees_its_own_standing_both_ways_and_no_other(world, y2026, page):
    merge(world, [world.theirs], into=world.ours)
    for organised, expected in (("then", {world.ours, world.theirs}), ("now", {world.ours})):
        shown = page(User.objects.get(pk=world.town2.pk), "/assessment/2026/", organised=organised)
        assert {s.unit for s in shown.context["standings"]} == expected
    assert page(world.town2, f"/assessment/2026/{world.wxgtj.code}/").status_code == 404


def test_the_export_says_which_reading_it_is(world, y2026, page):
    merge(world, [world.theirs], into=world.ours)
    plain, now = (page(world.bureau, "/assessment/2026/export/", organised=o) for o in ("then", "now"))
    assert plain.status_code == now.status_code == 200
    assert len(now.content) != len(plain.content)


def test_the_command_reads_as_then_unless_told(world, y2026):
    verified(world, world.theirs, 60)
    merge(world, [world.theirs], into=world.ours)

    def run(*options):
        out = StringIO()
        call_command("assess", "2026", "--format", "json", "--county", world.county.pk, *options, stdout=out)
        return {row["code"]: row for row in json.loads(out.getvalue())}

    then, now = run(), run("--organised", "now")
    assert (then["450124103"]["sessions"], then["450124100"]["sessions"]) == (1, 0)
    assert "450124103" not in now and now["450124100"]["attendances"] == 60
    assert set(then["450124100"]) == set(now["450124100"])
    AssessmentYear.objects.filter(pk=y2026.pk).update(status="locked")
    with pytest.raises(CommandError, match="已锁定定案"):
        run("--organised", "now")


# --- places ------------------------------------------------------------------------------------------------


def test_a_place_as_now_holds_what_took_place_in_those_that_it_took_over(world):
    here, there = world.places["新汉村"], world.places["新兴社区"]
    rows = [world.session(place=place, held_on=date(2026, 3, 1)) for place in (here, there, world.places["白山镇"])]
    merge_places([here], into=there, institutions="move", on=JULY, basis="", actor=world.bureau)
    held = TrainingSession.objects.held_within
    assert set(held(there)) == set(held(there, JULY)) == set(rows[:2])
    assert list(held(there, date(2026, 6, 30))) == [rows[1]] and list(held(here)) == [rows[0]]
    assert set(held(world.places["白山镇"])) == set(rows)
    assert not held(world.places["羊山村"]).exists()


def test_coverage_counts_the_places_of_its_last_day(world, y2026):
    places = [world.places["新汉村"], world.places["新兴社区"]]
    new = NewPlace("新合社区居委会", "450124100009")
    merge_places(places, new=new, institutions="close", on=JULY, basis="", actor=world.bureau)
    villages = {day: YearFigures(y2026, day).coverage["any_village"].places for day in (date(2026, 6, 30), JULY, None)}
    assert villages == {date(2026, 6, 30): 3, JULY: 2, None: 2}


# --- properties ----------------------------------------------------------------------------------------------

LINKS = st.lists(
    st.tuples(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(["rename", "merge"])), max_size=4
)


def forest(links):
    """The links that make a forest: one successor each, no circle, a renaming only as the one predecessor."""
    after, kinds = {}, {}
    for old, new, kind in links:
        end = new
        while end in after:
            end = after[end]
        if old in after or end == old or "rename" in (kinds.get(new), kind if new in kinds else ""):
            continue
        after[old], kinds[new] = new, kind
    return {old: (new, kinds[new]) for old, new in after.items()}


def root(tree, code):
    while code in tree:
        code = tree[code][0]
    return code


def reference_now(case, tree):
    """As `reference`, with every unit read through the end of its chain: each session once for it, one full quota."""
    figures, _ = reference(case)
    sums = {root(tree, code): [0, 0] for code in figures}
    for session in case["sessions"]:
        alone, _ = reference({**case, "sessions": [session]})
        for unit in {root(tree, code) for code, figure in alone.items() if figure[0]}:
            size = next(f for c, f in alone.items() if root(tree, c) == unit and f[0])
            sums[unit] = [sums[unit][0] + size[0], sums[unit][1] + size[1]]
    required = {}
    for unit in sums:
        parts = [code for code in figures if root(tree, code) == unit]
        if parts == [unit]:
            required[unit] = figures[unit][2:]
            continue
        family, before = [unit], {new: old for old, (new, kind) in tree.items() if kind == "rename"}
        merged = any(kind == "merge" and root(tree, old) == unit for old, (_, kind) in tree.items())
        while family[-1] in before:
            family.append(before[family[-1]])
        named = [case["adjustments"][code] for code in family if code in case["adjustments"]]
        keeps = unit in case["adjustments"] or not merged
        required[unit] = named[0] if named and keeps else (4, 400)
    return {unit: (*sums[unit], *required[unit]) for unit in sums}


@slowly
@given(case=WORLD, links=LINKS)
def test_as_now_is_what_a_reference_without_sql_says_and_the_countys_totals_stay(world, case, links):
    tree = forest(links)
    units = {code: getattr(world, code) for code in CODES}
    names = {unit.pk: code for code, unit in units.items()}
    with taken_back(), stored(world, case) as year:
        UnitSuccession.objects.bulk_create(
            UnitSuccession(old=units[old], new=units[new], on=date(2020, 1, 1), change=kind)
            for old, (new, kind) in tree.items()
        )
        then, now, again = (county_standing(year, organised=o) for o in ("then", "now", "now"))
    assert {names[s.unit.pk]: (*s.verified, *s.required) for s in now.standings} == reference_now(case, tree)
    assert (now.credited, now.everything, now.submitted) == (then.credited, then.everything, then.submitted)
    assert now == again
    if case["credit"] == "lead":
        assert (now.unit_sum, now.pending) == (then.unit_sum, then.pending)


@slowly
@given(
    heads=st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from([1, 5, 8, 11]), st.integers(1, 300)), max_size=5),
    days=st.tuples(st.sampled_from([2, 6, 9]), st.sampled_from([2, 6, 9])),
    flipped=st.booleans(),
)
def test_the_order_of_independent_changes_is_irrelevant_and_no_credit_is_lost(world, heads, days, flipped):
    """Through the verbs: one merger and one renaming of other units, recorded in either order."""
    with taken_back():
        year = AssessmentYear.objects.open_year(world.county, 2026)
        for code, month, n in heads:
            unit = getattr(world, code)
            actor = None if code != "jyj" else world.centre
            world.session(unit, status="verified", held_on=date(2026, month, 15), reported=n, actor=actor)
        before = county_standing(year)
        acts = [
            lambda: merge(world, [world.theirs], into=world.ours, on=date(2026, days[0], 1)),
            lambda: rename_unit(
                world.wxgtj, name="县文旅局", code="wlj", on=date(2026, days[1], 1), basis="", actor=world.bureau
            ),
        ]
        for act in reversed(acts) if flipped else acts:
            act()
        then, now = county_standing(year), county_standing(year, organised="now")
        assert before.credited == then.credited == now.credited
        assert before.unit_sum == then.unit_sum == now.unit_sum
        sums = {}
        for code, _, n in heads:
            key = {"theirs": "450124100", "ours": "450124100", "wxgtj": "wlj"}.get(code, code)
            sums[key] = [sums.get(key, [0, 0])[0] + 1, sums.get(key, [0, 0])[1] + n]
        for s in now.standings:
            assert list(s.verified) == sums.get(s.unit.code, [0, 0])
            assert s.required == (4, 400)
