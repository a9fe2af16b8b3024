"""Annual figures and funds of townships that were renamed under a new code or merged within the year: nothing lost, nothing twice."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.annual import AnnualTable, Line, other_sheets
from networks.models import AnnualFigure, AwarenessSurvey, Division, DivisionSuccession, Fund
from networks.redistricting import NewPlace, merge_places, rename_place
from networks.sheets import YearSheet
from reporting.funds import FundTable
from reporting.references import ReferenceFigures

from ..site_map import taken_back

pytestmark = pytest.mark.django_db
ELDERLY = Line(AnnualFigure.Kind.ELDERLY)
YEAR = 2025
FIRST, LAST = date(YEAR, 1, 1), date(YEAR, 12, 31)


@pytest.fixture(autouse=True)
def in_2026():
    with time_machine.travel("2026-11-25 04:00:00+00:00", tick=False):
        yield


@pytest.fixture
def act(world):
    return {"on": date(YEAR, 7, 1), "basis": "", "actor": world.bureau}


def say(code, value, year=YEAR, source="统计年报"):
    return AnnualFigure.objects.create(division_id=code, year=year, kind="elderly", value=value, source=source)


def read(world, place, year=YEAR):
    return AnnualTable(world.county, [year]).read(ELDERLY, place, year)


def spend(code, source="public", **money):
    Fund.objects.create(division_id=code, year=YEAR, source=source, **money)


# --- random histories --------------------------------------------------------------------------------


DAYS = [date(2024, 7, 1), FIRST, *(date(YEAR, month, 1) for month in range(2, 13)), LAST, date(2026, 1, 1)]
STEPS = st.lists(
    st.tuples(st.sampled_from(["recode", "join", "found"]), st.integers(0, 5), st.integers(0, 5)), max_size=5
)
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def live_through(steps, days):
    """A county of four townships to which the steps happen, one a day: [(day, kind, old codes, new code)]."""
    county = Division.objects.create(code="450199", tier="county", name="试县", short_name="试县")
    standing, events = [], []

    def begin(on=None):
        code = f"4501991{Division.objects.count():02}"
        Division.objects.create(
            code=code, tier="township", name=code, short_name=code, parent=county, established_on=on
        )
        standing.append(code)
        return code

    for _ in range(4):
        begin()
    for (kind, one, other), on in zip(steps, sorted(days), strict=False):
        old, into = standing[one % len(standing)], standing[other % len(standing)]
        if kind != "recode" and old == into:
            continue
        olds = [old, into] if kind == "found" else [old]
        new = into if kind == "join" else begin(on)
        for code in olds:
            standing.remove(code)
            change = "rename" if kind == "recode" else "merge"
            Division.objects.filter(pk=code).update(retired_on=on)
            DivisionSuccession.objects.create(old_id=code, new_id=new, on=on, change=change)
        events.append((on, kind, olds, new))
    return county, events


def with_sheets():
    """The codes that have a sheet of the year."""
    rows = Division.objects.filter(tier="township")
    return sorted(rows.exclude(retired_on__lte=FIRST).exclude(established_on__gt=LAST).values_list("pk", flat=True))


def oracle(events, said):
    """By code what is known at the year's end, by walking forward through the year: a number, None or "a part"."""
    known = dict(said)
    for on, kind, olds, new in events:
        if not FIRST < on <= LAST:
            continue
        told = [known.pop(code, None) for code in olds]
        if kind == "join":
            [joined] = told
            if joined is not None:
                whole = isinstance(joined, int) and isinstance(known.get(new), int)
                known[new] = joined + known[new] if whole else "a part"
        elif said.get(new) is None and any(one is not None for one in told):
            known[new] = sum(told) if all(isinstance(one, int) for one in told) else "a part"
    return known


@few
@given(
    steps=STEPS,
    days=st.sets(st.sampled_from(DAYS), min_size=5, max_size=5),
    values=st.lists(st.none() | st.integers(0, 1000), min_size=9, max_size=9),
)
def test_what_is_read_of_a_year_is_what_one_finds_by_living_through_it(steps, days, values):
    with taken_back():
        county, events = live_through(steps, days)
        said = {code: value for code, value in zip(with_sheets(), values, strict=False) if value is not None}
        for code, value in said.items():
            say(code, value)
            spend(code, paid=value)
        known = oracle(events, said)
        table, funds = AnnualTable(county, [YEAR]), FundTable(county, [YEAR])
        expected = {}
        for town in table.townships(YEAR):
            found = known.get(town.pk)
            expected[town.pk] = found if isinstance(found, int) else None
            reading = table.read(ELDERLY, town, YEAR)
            assert (reading.value, bool(reading.missing)) == (expected[town.pk], found == "a part")
            assert funds.own(town, YEAR).paid == expected[town.pk]
        whole = None if None in expected.values() else sum(expected.values())
        assert table.read(ELDERLY, county, YEAR).value == whole
        spend(county.pk, paid=5)
        assert FundTable(county, [YEAR]).total(county, YEAR).paid == (None if whole is None else whole + 5)


@few
@given(
    steps=STEPS,
    days=st.sets(st.sampled_from(DAYS), min_size=5, max_size=5),
    people=st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    again=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_everybody_is_in_the_countys_sum_once_under_whichever_code_they_were_entered(steps, days, people, again):
    """Each township says its people once in the year. What begins within the year may say its whole again on its own sheet,
    which replaces what was said before."""
    with taken_back():
        county, events = live_through(steps, days)
        living = dict(zip(Division.objects.filter(established_on=None, tier="township"), people, strict=True))
        living = {place.pk: number for place, number in living.items()}
        told = {}
        for (on, _, olds, new), repeats in zip(events, [*again, *again], strict=False):
            if on > LAST:
                break
            if on > FIRST:
                told |= {code: living[code] for code in olds if code not in told}
            joined = sum(living.pop(code) for code in olds)
            begins = new not in living
            living[new] = living.get(new, 0) + joined
            if on <= FIRST:
                continue
            if begins:
                if repeats:
                    say(new, living[new])
                told[new] = None  # whole, or read from the sheets of before
            else:
                told.setdefault(new, living[new] - joined)
        for code, number in told.items():
            if number is not None:
                say(code, number)
        for code in set(living) - set(told):
            say(code, living[code])
        table = AnnualTable(county, [YEAR])
        assert {town.pk: table.read(ELDERLY, town, YEAR).value for town in table.townships(YEAR)} == living
        assert table.read(ELDERLY, county, YEAR).value == sum(people)


# --- through the verbs -------------------------------------------------------------------------------


def test_a_township_with_a_new_code_has_its_years_figures_from_the_old_sheet_until_it_fills_its_own(world, act):
    old = world.places["古零镇"]
    say(old.pk, 700, YEAR - 1)
    say("450124100", 5)
    before = say(old.pk, 800)
    new = rename_place(old, name="古零街道", code="450124004", **act).made[0]
    assert (read(world, new).value, read(world, new).source) == (800, "统计年报（原古零镇）")
    assert read(world, world.county).value == 805
    before.value = 810  # the old sheet is still there to be put right
    before.save()
    assert (read(world, new).value, read(world, world.county).value) == (810, 815)
    say(new.pk, 820)
    assert (read(world, new).value, read(world, world.county).value) == (820, 825)
    assert read(world, new, YEAR - 1).value == 700  # under the code of then
    assert read(world, new, YEAR + 1).value is None


def test_what_was_merged_into_a_standing_township_is_added_and_an_empty_old_sheet_leaves_the_whole(world, act):
    ours, theirs = world.places["白山镇"], world.places["古零镇"]
    merge_places([theirs], into=ours, institutions="move", **act)
    say(ours.pk, 1000)
    assert (read(world, ours).value, read(world, world.county).value) == (1000, 1000)
    late = say(theirs.pk, 300, source="村报表")
    found = read(world, ours)
    assert (found.value, found.source) == (1300, "统计年报；村报表（原古零镇）")
    assert read(world, world.county).value == 1300
    AnnualFigure.objects.filter(division=ours).delete()
    assert (read(world, ours).value, read(world, ours).lacks) == (None, "缺白山镇")
    assert read(world, world.county).lacks == "缺白山镇"
    late.delete()
    assert (read(world, ours).lacks, read(world, world.county).lacks) == ("", "")


def test_a_new_township_of_two_is_their_sum_and_names_whose_sheet_is_missing(world, act):
    ours, theirs = world.places["白山镇"], world.places["古零镇"]
    say(ours.pk, 1000)
    new = merge_places([ours, theirs], new=NewPlace("白古镇", "450124105"), institutions="move", **act).made[0]
    assert (read(world, new).value, read(world, new).lacks) == (None, "缺古零镇")
    assert read(world, world.county).lacks == "缺古零镇"
    say(theirs.pk, 0)
    assert (read(world, new).value, read(world, world.county).value) == (1000, 1000)


def test_money_is_read_source_by_source_and_amount_by_amount(world, act):
    old = world.places["古零镇"]
    spend(old.pk, budgeted=100, paid=40)
    spend(old.pk, "donation", paid=7)
    new = rename_place(old, name="古零街道", code="450124004", **act).made[0]
    spend(new.pk, paid=90)  # of the whole year
    table = FundTable(world.county, [YEAR])
    by_source = {source: money for source, money in table.by_source([new], YEAR) if money.paid is not None}
    assert (by_source["public"].budgeted, by_source["public"].paid) == (Decimal(100), Decimal(90))
    assert by_source["donation"].paid == Decimal(7)
    assert table.own(new, YEAR).paid == Decimal(97)
    assert table.total(world.county, YEAR).missing == ("县本级", "白山镇")


def test_surveys_and_opinions_of_a_township_go_on_under_its_new_code(world, act):
    old = world.places["古零镇"]
    AwarenessSurvey.objects.create(division=old, year=YEAR, method="door", asked=40, aware=10, source="甲")
    new = rename_place(old, name="古零街道", code="450124004", **act).made[0]
    AwarenessSurvey.objects.create(division=new, year=YEAR, method="phone", asked=60, aware=40, source="乙")
    found = ReferenceFigures(world.county, YEAR).awareness(new)
    assert (found.numerator.value, found.denominator.value) == (50, 100)


def test_the_sheets_of_the_year_of_a_change_say_how_they_count_together(world, act, ask):
    ours, theirs = world.places["白山镇"], world.places["古零镇"]
    new = rename_place(theirs, name="古零街道", code="450124004", **act).made[0]
    merge_places([new], into=ours, institutions="move", **(act | {"on": date(YEAR, 9, 1)}))
    told = {place.pk: [other.told for other in other_sheets(place, YEAR)] for place in Division.objects.all()}
    assert told.pop("450124100") == [
        "古零街道2025年9月1日并入白山镇。原表填了的数与这里的相加，这里不要再含古零街道；要填合并后的全数，请先把原表的清空"
    ]
    assert told.pop("450124103") == [
        "古零镇2025年7月1日起成为古零街道。本年的数请填在古零街道的表里；那里没有填的，用这里的"
    ]
    assert [text[:5] for text in told.pop("450124004")] == ["古零镇（4", "古零街道2"]
    assert not any(told.values()) and not other_sheets(ours, YEAR + 1)
    page = ask(world.bureau, f"/network/figures/{YEAR}/450124100/").content.decode()
    assert "古零街道2025年9月1日并入白山镇" in page and f"/network/figures/{YEAR}/450124004/" in page


def test_a_sheet_of_the_past_lists_the_villages_that_the_township_had_then(world, act):
    ours, theirs = world.places["白山镇"], world.places["古零镇"]
    merge_places([theirs], into=ours, institutions="move", **act)

    def listed(place, year):
        place = Division.objects.get(pk=place.pk)
        return [str(village) for village in YearSheet(place=place, year=year, with_funds=False).villages]

    assert (listed(ours, YEAR - 1), listed(theirs, YEAR - 1)) == (["新兴社区", "新汉村"], ["羊山村"])
    assert (listed(ours, YEAR), listed(theirs, YEAR)) == (["新兴社区", "新汉村", "羊山村"], [])


def test_last_years_sources_are_offered_under_the_new_code(world, act):
    old = world.places["古零镇"]
    say(old.pk, 700, YEAR - 1, source="民政台账")
    new = rename_place(old, name="古零街道", code="450124004", **act).made[0]
    form = YearSheet(place=new, year=YEAR, with_funds=False)
    assert (form["elderly"].value(), form["elderly_source"].value()) == ("", "民政台账")
