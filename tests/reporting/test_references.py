"""参照指标 and 经费: each ratio by hand, what is missing, who gets a verdict, and the office's thresholds."""

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from networks.models import AnnualFigure, AuditEvent, Division, Fund, MemberUnit, SharedResource
from networks.redistricting import NewPlace, merge_places
from reporting.funds import FundTable, Money
from reporting.indicators import INDICATORS, YearFigures
from reporting.models import ReferenceKey, ReferenceThreshold
from reporting.references import REFERENCES, Part, Ratio, ReferenceFigures, outcomes, plain

YEAR = 2025


def figure(place, kind, value, basis="", year=YEAR):
    method = "按签到去重" if kind == "participants" else ""
    AnnualFigure.objects.create(
        division=place, year=year, kind=kind, basis=basis, value=value, source="统计年报", method=method
    )


def fund(place, source="public", budgeted=None, paid=None, year=YEAR):
    Fund.objects.create(division=place, year=year, source=source, budgeted=budgeted, paid=paid)


def of(world, key, place=None):
    return REFERENCES[key].of(ReferenceFigures(world.county, YEAR), place or world.county)


def ratio(n, d, *, in_percent=True):
    return Ratio(Part("分子", n), Part("分母", d), in_percent)


# --- arithmetic --------------------------------------------------------------------------------------


@given(n=st.integers(0, 10**9), d=st.integers(1, 10**9), tenths=st.integers(0, 1000))
def test_a_share_is_cut_to_one_decimal_and_never_looks_better_than_it_is(n, d, tenths):
    found, threshold = ratio(n, d), Decimal(tenths) / 10
    exact = Fraction(n * 100, d)
    assert found.value <= exact < found.value + Decimal("0.1")
    assert -found.value.as_tuple().exponent == 1
    assert found.reaches(threshold) == (exact >= Fraction(threshold)) == (found.value >= threshold)


@given(cents=st.integers(0, 10**12), d=st.integers(1, 10**8))
def test_an_amount_a_head_is_cut_to_the_cent(cents, d):
    found = ratio(Decimal(cents) / 100, d, in_percent=False)
    assert found.value == Decimal(cents // d) / 100 or found.value <= Fraction(cents, 100 * d)
    assert Fraction(cents, 100 * d) - Fraction(found.value) < Fraction(1, 100)


@given(n=st.none() | st.integers(0, 99), d=st.none() | st.integers(0, 99))
def test_a_missing_part_or_a_denominator_of_nought_gives_no_value_and_a_reason(n, d):
    found = ratio(n, d)
    known = n is not None and bool(d)
    assert (found.value is not None) == known == (found.why == "")
    assert (found.words == "无法计算") == (not known) == (found.reaches(Decimal(0)) is None)


@pytest.mark.parametrize(
    ("n", "d", "words", "reached"),
    [
        (300, 1000, "30.0%", True),
        (2999, 10_000, "29.9%", False),
        (2_999_999, 10_000_000, "29.9%", False),
        (1200, 1000, "120.0%", True),
        (0, 7, "0.0%", False),
    ],
)
def test_29_99_percent_neither_is_nor_shows_as_30(n, d, words, reached):
    assert (ratio(n, d).words, ratio(n, d).reaches(Decimal(30))) == (words, reached)


# --- participation -------------------------------------------------------------------------------------


def test_participation_is_people_over_people_and_names_its_basis(world):
    figure(world.county, "participants", 120_000)
    assert of(world, "participation").why == "没有2025年的常住人口，也没有户籍人口"
    figure(world.county, "population", 500_000, "registered")
    found = of(world, "participation")
    assert (found.words, found.denominator.label) == ("24.0%", "户籍人口")
    figure(world.county, "population", 382_430, "resident")
    found = of(world, "participation")
    assert (found.words, found.denominator.label, found.denominator.words) == ("31.3%", "常住人口", "382,430 人")
    assert found.numerator.source == "统计年报，按签到去重"


def test_participation_is_never_made_of_attendances(world, settings):
    world.session(status="verified", held_on=datetime.date(world.year, 1, 1), reported=5000)
    figure(world.county, "population", 10_000, "resident", year=world.year)
    year = YearFigures(world.assessment_year)
    assert INDICATORS["participation"].of(year) is None
    assert year.participation.why == f"没有{world.year}年的年度参与人数"


def test_the_dashboard_shows_participation_with_its_parts_or_what_is_missing(world, ask):
    url = f"/dashboard/{world.year}/"
    figure(world.places["白山镇"], "participants", 3000, year=world.year)
    assert "的年度参与人数（缺古零镇）" in ask(world.leader, url).content.decode()
    figure(world.places["古零镇"], "participants", 2000, year=world.year)
    figure(world.county, "population", 20_000, "resident", year=world.year)
    assert INDICATORS["participation"].of(YearFigures(world.assessment_year)) == Decimal("25.0")
    text = ask(world.leader, url).content.decode()
    assert "25.0%" in text and "5,000 人 ÷ 常住人口 20,000 人" in text


# --- funds ---------------------------------------------------------------------------------------------


def test_what_the_county_spends_is_its_own_and_all_townships_together(world):
    fund(world.county, budgeted=800_000, paid=700_000)
    fund(world.county, "donation", paid=50_000)
    fund(world.places["白山镇"], budgeted=20_000, paid=15_000)
    table = FundTable(world.county, [YEAR])
    assert table.total(world.county, YEAR) == Money(
        None, None, ("县本级", "白山镇", "古零镇"), ("古零镇",), unplanned=("县本级", "古零镇")
    )
    assert of(world, "funds").why == "没有填报实际支出：古零镇；没有2025年的常住人口，也没有户籍人口"
    fund(world.places["古零镇"], budgeted=10_000, paid=0)
    figure(world.county, "population", 382_430, "resident")
    found = of(world, "funds")
    assert (found.numerator.value, found.words, found.reaches(Decimal(2))) == (Decimal("765000.00"), "2.00 元", True)
    assert found.exact == Fraction(765_000, 382_430)
    assert of(world, "funds", world.places["白山镇"]).why == "没有2025年的常住人口，也没有户籍人口"


def test_money_that_is_budgeted_and_not_yet_paid_is_no_expense_of_nought(world):
    fund(world.places["白山镇"], budgeted=20_000)
    money = FundTable(world.county, [YEAR]).own(world.places["白山镇"], YEAR)
    assert (money.budgeted, money.paid, money.left, money.missing) == (Decimal(20_000), None, None, ("白山镇",))
    assert FundTable(world.county, [YEAR]).own(world.places["古零镇"], YEAR).budgeted is None


@given(rows=st.lists(st.tuples(st.sampled_from("ABC"), st.none() | st.decimals(0, 10**9, places=2)), max_size=8))
def test_a_total_is_the_sum_of_its_rows_or_nothing(rows):
    from reporting.funds import _sum

    amounts = [amount for _, amount in rows]
    whole = _sum(amounts)
    assert (whole is None) == (not amounts or None in amounts)
    if whole is not None:
        assert whole == sum(amounts)


def test_what_is_left_is_told_of_amounts_that_belong_together(world):
    fund(world.county, budgeted=100, paid=80)
    fund(world.county, "donation", budgeted=9, paid=5)
    fund(world.places["白山镇"], budgeted=50)
    table = FundTable(world.county, [YEAR])
    found = {source: (row.budgeted, row.paid, row.left) for source, row in table.by_source(table.bodies(YEAR), YEAR)}
    assert found["public"] == (150, 80, None) and found["donation"] == (9, 5, 4)


def test_an_officer_who_has_taken_over_from_another_township_finds_the_own_one_first(world, ask):
    """Its code comes before the own one's."""
    gone = world.places["白山镇"]
    on = {"on": datetime.date(2026, 7, 1), "basis": "批复", "actor": world.bureau, "institutions": "move"}
    merge_places([gone], into=world.places["古零镇"], **on)
    assert ask(world.town2, "/network/funds/").context["place"] == world.places["古零镇"]


def test_the_page_of_funds_shows_each_their_own(world, ask):
    fund(world.county, budgeted=800_000, paid=700_000)
    fund(world.places["白山镇"], budgeted=20_000, paid=15_000)
    fund(world.places["古零镇"], budgeted=31_000, paid=30_999)
    fund(world.other_county, paid=4_444_444)
    figure(world.county, "population", 382_430, "resident")
    url = f"/network/funds/?year={YEAR}"
    text = ask(world.bureau, url).content.decode()
    assert "745,999" in text and "1.95" in text and "30,999.00" in text and "4,444" not in text
    text = ask(world.town, url).content.decode()
    assert "15,000.00" in text and "30,999" not in text and "700,000" not in text and "745,999" not in text
    text = ask(world.unit, url).content.decode()
    assert "这里没有您单位的经费" in text and "15,000" not in text


# --- the list of indicators ------------------------------------------------------------------------------


def test_the_list_is_the_national_one_with_its_thresholds():
    wanted = {
        "funds": 2,
        "participation": 30,
        "unemployed": 70,
        "migrants": 50,
        "farmers": 30,
        "labour": 50,
        "minors": 50,
        "awareness": 80,
        "satisfaction": 70,
        "elderly": 20,
        "elderly_schools": 50,
        "elderly_points": 30,
    }
    assert {key.value: reference.default for key, reference in REFERENCES.items()} == wanted
    assert set(REFERENCES) == set(ReferenceKey)
    for reference in REFERENCES.values():
        assert reference.definition.endswith("。") and reference.basis


@pytest.mark.parametrize(
    ("key", "learners", "people", "words", "reached"),
    [
        ("unemployed", "unemployed_trained", "unemployed", "70.0%", True),
        ("migrants", "migrants_trained", "migrants", "70.0%", True),
        ("farmers", "farmers_trained", "farmers", "70.0%", True),
        ("labour", "labour_trained", "labour", "70.0%", True),
        ("minors", "minors_learning", "minors", "70.0%", True),
        ("elderly", "elderly_learning", "elderly", "70.0%", True),
    ],
)
def test_each_group_is_read_from_its_own_two_figures(world, key, learners, people, words, reached):
    for other in AnnualFigure.Kind:
        if other not in {learners, people, "population"}:
            figure(world.county, other, 1)
    assert of(world, key).value is None
    figure(world.county, learners, 70)
    assert of(world, key).denominator.why
    figure(world.county, people, 100)
    found = next(
        o
        for o in outcomes(ReferenceFigures(world.county, YEAR), world.county, with_funds=True)
        if o.reference.key == key
    )
    assert (found.ratio.words, found.reached) == (words, reached)


def test_awareness_and_satisfaction_wait_for_a_survey(world):
    for key in ("awareness", "satisfaction"):
        assert (of(world, key).words, of(world, key).why) == ("无法计算", "尚未开展调查")


OPEN = {"is_open": True, "offers": "书法教室", "opening_hours": "周末"}


def test_places_for_the_elderly_are_counted_by_township_and_by_village(world):
    assert of(world, "elderly_schools").why == "“共享资源”里还没有登记老年人学习场所"

    def place(where, **more):
        SharedResource.objects.create(
            division=where, kind="elderly", name=f"老年学校{where}{len(more)}", unit=world.jyj, **OPEN | more
        )

    place(world.places["白山镇"])
    assert of(world, "elderly_schools").words == "50.0%" and of(world, "elderly_points").words == "0.0%"
    place(world.places["新汉村"], opened_on="2025-12-31")
    place(world.places["羊山村"], is_open=False, closed_on="2025-12-31")
    place(world.places["新兴社区"], opened_on="2026-01-01", note="以后")
    place(world.other_places["大丰镇"])
    SharedResource.objects.create(division=world.places["古零镇"], kind="library", name="图书馆", unit=world.jyj)
    found = of(world, "elderly_points")
    assert (found.numerator.value, found.denominator.value, found.words) == (1, 3, "33.3%")
    ours = of(world, "elderly_points", world.places["白山镇"])
    assert (ours.numerator.value, ours.denominator.value) == (1, 2)
    Division.objects.filter(pk="450124103205").update(retired_on="2025-01-01")
    assert of(world, "elderly_points").denominator.value == 2


def elderly_place(where, name, **more):
    SharedResource.objects.create(
        division=where, kind="elderly", name=name, unit=MemberUnit.objects.get(code="jyj"), **OPEN | more
    )


def test_a_place_for_the_elderly_that_is_not_open_is_known_and_counts_nought(world):
    elderly_place(world.places["新汉村"], "老年学习点", is_open=False, closed_on="2025-06-30")
    found = of(world, "elderly_points")
    assert (found.numerator.value, found.words) == (0, "0.0%")


def test_villages_are_those_of_the_year_in_the_township_they_belong_to(world):
    moved = world.places["羊山村"]
    elderly_place(moved, "老年学习点")
    elderly_place(world.places["新汉村"], "老年学习点")
    Division.objects.filter(pk=moved.pk).update(parent=world.places["白山镇"])  # its code stays 古零镇's
    ours = of(world, "elderly_points", world.places["白山镇"])
    assert (ours.numerator.value, ours.denominator.value) == (2, 3)
    assert of(world, "elderly_schools").numerator.value == 1
    Division.objects.filter(pk=moved.pk).update(retired_on="2025-07-01")
    Division.objects.filter(pk=world.places["新兴社区"].pk).update(established_on="2026-01-01")
    found = of(world, "elderly_points")
    assert (found.numerator.value, found.denominator.value, found.words) == (1, 1, "100.0%")


def elderly(world, places):
    """{place: (with a school, townships, with a point, villages)} of 2025, whatever has become of the places since."""
    found = {}
    for place in places:
        pairs = [of(world, key, place) for key in ("elderly_schools", "elderly_points")]
        found[place.pk] = tuple(part.value for pair in pairs for part in (pair.numerator, pair.denominator))
    return found


@pytest.mark.parametrize("institutions", ["move", "close"])
def test_in_7_places_for_the_elderly_of_a_past_year_stay_when_townships_and_villages_merge(world, institutions):
    town, gone = world.places["古零镇"], world.places["白山镇"]
    for place in (gone, world.places["新汉村"], world.places["新兴社区"], world.places["羊山村"]):
        elderly_place(place, f"{place}的")
    places = [world.county, town, gone]
    before = elderly(world, places)
    assert before == {"450124": (2, 2, 3, 3), town.pk: (1, 1, 1, 1), gone.pk: (1, 1, 2, 2)}
    on = {"basis": "批复", "actor": world.bureau, "institutions": institutions}
    villages = [world.places["新汉村"], world.places["新兴社区"]]
    new = NewPlace("新合社区居委会", "450124100009")
    merge_places(villages, new=new, on=datetime.date(2026, 3, 1), **on)
    assert elderly(world, places) == before
    merge_places([gone], into=town, on=datetime.date(2026, 4, 1), **on)
    assert elderly(world, places) == before


def test_the_county_gets_a_verdict_and_a_single_township_none(world, ask):
    figure(world.county, "elderly", 100)
    figure(world.county, "elderly_learning", 21)
    figure(world.places["白山镇"], "elderly", 100)
    figure(world.places["白山镇"], "elderly_learning", 50)
    text = ask(world.leader, f"/network/zones/references/?year={YEAR}").content.decode()
    assert "21.0%" in text and "达到</span>" in text and "无法判断" in text
    response = ask(world.leader, f"/network/zones/references/?year={YEAR}&place=450124100")
    text = response.content.decode()
    assert "50.0%" in text and "达到</span>" not in text and "结论" not in text
    assert {outcome.reached for outcome in response.context["outcomes"]} == {None}
    foreign = ask(world.leader, f"/network/zones/references/?year={YEAR}&place=450125100")
    assert foreign.context["place"] == world.county


def test_whoever_has_no_sight_of_money_is_shown_the_others(world, ask):
    fund(world.county, paid=123_456)
    keys = {
        user.username: {o.reference.key for o in ask(user, "/network/zones/references/").context["outcomes"]}
        for user in (world.bureau, world.centre, world.town)
    }
    assert "funds" in keys["bureau"] and "funds" not in keys["centre"] | keys["town"]
    assert len(keys["centre"]) == 11
    own = ask(world.town, "/network/zones/references/?place=450124100").context["outcomes"]
    assert "funds" in {o.reference.key for o in own}


# --- thresholds ------------------------------------------------------------------------------------------


def test_the_office_sets_its_own_threshold_with_a_reason_and_history(world, ask):
    url = "/network/zones/references/elderly/"
    figure(world.county, "elderly", 100, year=world.year)
    figure(world.county, "elderly_learning", 21, year=world.year)
    body = {"value": "22.5", "reason": "县老年教育规划", "seen_version": 0}
    assert ask(world.bureau, url, body, "post").status_code == 302
    row = ReferenceThreshold.objects.get()
    assert (row.county, row.key, row.value) == (world.county, "elderly", Decimal("22.5"))
    assert row.history.get().history_user == world.bureau
    assert AuditEvent.objects.get(action="修改参照值").detail == {"fields": ["reason", "value"], "key": "elderly"}
    text = ask(world.bureau, "/network/zones/references/").content.decode()
    assert "≥ 22.5%" in text and "本县自定：县老年教育规划" in text and "未达到" in text
    assert ask(world.foreign_bureau, url).context["form"]["value"].value() == Decimal("20")
    stale = ask(world.bureau2, url, {"value": "15", "reason": "另定", "seen_version": 0}, "post")
    assert stale.status_code == 200 and "已有人先改成了“22.5”" in stale.content.decode()
    row.refresh_from_db()
    assert row.value == Decimal("22.5")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"value": "101", "reason": "x"}, "不能大于 100"),
        ({"value": "-1", "reason": "x"}, "大于"),
        ({"value": "20.55", "reason": "x"}, "小数"),
        ({"value": "20", "reason": ""}, "必填"),
        ({"value": "20", "reason": "\u200b\u200b"}, "不能为空"),
    ],
)
def test_a_threshold_out_of_range_or_without_reason_is_refused(world, ask, body, said):
    answer = ask(world.bureau, "/network/zones/references/elderly/", body | {"seen_version": 0}, "post")
    assert answer.status_code == 200 and said in str(answer.context["form"].errors)
    assert not ReferenceThreshold.objects.exists()


def test_an_unknown_indicator_has_no_threshold(world, ask):
    assert ask(world.bureau, "/network/zones/references/dogs/").status_code == 404


def test_the_database_refuses_what_a_threshold_cannot_be(world):
    right = {"county": world.county, "key": "elderly", "value": 20, "reason": "规划"}
    ReferenceThreshold.objects.create(**right)
    for wrong in [
        {},
        {"key": "dogs"},
        {"key": "minors", "value": 101},
        {"key": "minors", "value": -1},
        {"key": "minors", "reason": ""},
    ]:
        with transaction.atomic(), pytest.raises(IntegrityError):
            ReferenceThreshold.objects.create(**right | wrong)
    ReferenceThreshold.objects.create(county=world.county, key="funds", value=150, reason="元，不是百分数")


@pytest.mark.parametrize(("value", "text"), [("30", "30"), ("2.5", "2.5"), ("2.0", "2"), ("100", "100"), ("0", "0")])
def test_a_threshold_is_written_without_trailing_noughts(value, text):
    assert plain(Decimal(value)) == text
