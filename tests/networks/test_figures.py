"""Annual figures and funds: the sheet of a place and year, the county's table, and who sees whose money."""

import json
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.access import places_kept_for, places_seen_for
from networks.annual import LINES, POPULATIONS, AnnualTable, Line, asked_year
from networks.models import AnnualFigure, AuditEvent, Division, Fund, Zone
from networks.sheets import PeopleField, YearSheet, YuanField, as_text

from ..site_map import as_shown, taken_back

KIND = AnnualFigure.Kind
ELDERLY = Line(KIND.ELDERLY)
RESIDENT, REGISTERED = POPULATIONS


def sheet_url(world, place="白山镇", year=None):
    return f"/network/figures/{year or world.year}/{world.places[place].pk if place in world.places else place}/"


def enter(ask, user, url, **cells):
    """Opens the sheet and sends it back with some cells filled."""
    return ask(user, url, as_shown(ask(user, url)) | cells, "post")


def figure(place, year, kind="elderly", value=100, basis="", **more):
    return AnnualFigure.objects.create(
        division=place, year=year, kind=kind, value=value, basis=basis, source="统计年报", **more
    )


# --- the sheet ---------------------------------------------------------------------------------------


def test_a_township_fills_its_whole_sheet_in_one_save(world, ask):
    answer = enter(
        ask,
        world.town,
        sheet_url(world),
        population_resident="１２,000人",
        population_resident_source="统计年报",
        participants="3,600",
        participants_source="培训名册",
        participants_method="按签到去重",
        fund_public_budgeted="20,000",
        fund_public_paid="18000.5元",
        fund_learners_paid="0",
        villages_registered_source="派出所",
        v450124100201_registered="2100",
    )
    assert answer.status_code == 302
    rows = AnnualFigure.objects.order_by("division", "kind").values_list("division", "kind", "basis", "value", "source")
    assert list(rows) == [
        ("450124100", "participants", "", 3600, "培训名册"),
        ("450124100", "population", "resident", 12000, "统计年报"),
        ("450124100201", "population", "registered", 2100, "派出所"),
    ]
    assert list(Fund.objects.order_by("source").values_list("source", "budgeted", "paid")) == [
        ("learners", None, Decimal("0.00")),
        ("public", Decimal("20000.00"), Decimal("18000.50")),
    ]
    event = AuditEvent.objects.get(action="填报年度数据")
    assert (event.subject_id, event.detail["year"], event.actor) == ("450124100", world.year, world.town)
    assert "fund_public_paid" in event.detail["fields"]
    assert AnnualFigure.history.filter(history_user=world.town).count() == 3


@pytest.mark.parametrize(
    ("cells", "name", "said"),
    [
        ({"elderly": "约40", "elderly_source": "估计"}, "elderly", "请填整数"),
        ({"elderly": "-3", "elderly_source": "估计"}, "elderly", "不能是负数"),
        ({"elderly": "40.5", "elderly_source": "估计"}, "elderly", "请填整数"),
        ({"elderly": "4O", "elderly_source": "估计"}, "elderly", "请填整数"),
        ({"elderly": "²", "elderly_source": "估计"}, "elderly", "请填整数"),
        ({"elderly": "40"}, "elderly_source", "从哪里来"),
        ({"elderly_source": "统计年报"}, "elderly", "还没有填人数"),
        ({"farmers_trained_method": "按名册"}, "farmers_trained", "统计方法"),
        ({"participants": "40", "participants_source": "名册"}, "participants_method", "人次不是人数"),
        ({"fund_public_paid": "一万"}, "fund_public_paid", "请填金额"),
        ({"fund_public_paid": "1.234"}, "fund_public_paid", "两位小数"),
        ({"fund_public_paid": "-1"}, "fund_public_paid", "不能是负数"),
        ({"fund_public_paid": "1" * 13}, "fund_public_paid", "太大"),
        ({"fund_public_note": "县财政拨款"}, "fund_public_budgeted", "还没有填金额"),
        ({"v450124100201_resident": "300"}, "villages_resident_source", "请写明各村"),
    ],
)
def test_a_wrong_cell_is_named_nothing_is_saved_and_nothing_typed_is_lost(world, ask, cells, name, said):
    right = {"minors": "77", "minors_source": "学籍"}
    answer = enter(ask, world.town, sheet_url(world), **right, **cells)
    assert answer.status_code == 200
    form = answer.context["form"]
    assert list(form.errors) == [name] and said in form.errors[name][0]
    text = answer.content.decode()
    assert f'href="#id_{name}"' in text and f'id="id_{name}_error"' in text and 'value="77"' in text
    for typed in cells.values():
        assert f'value="{typed}"' in text
    assert not AnnualFigure.objects.exists() and not Fund.objects.exists() and not AuditEvent.objects.exists()


def test_an_emptied_number_takes_its_row_away_and_its_history_stays(world, ask):
    row = figure(world.places["白山镇"], world.year)
    assert enter(ask, world.town, sheet_url(world), elderly="").status_code == 302
    assert not AnnualFigure.objects.exists()
    assert list(AnnualFigure.history.filter(id=row.pk).values_list("history_type", "value")) == [("-", 100), ("+", 100)]


def test_last_years_sources_are_offered_and_its_numbers_are_not(world, ask):
    town = world.places["白山镇"]
    figure(town, world.year - 1, value=811, kind="participants", method="按签到去重")
    figure(world.places["新汉村"], world.year - 1, kind="population", basis="resident", value=99)
    form = ask(world.town, sheet_url(world)).context["form"]
    assert (form["participants"].value(), form["participants_source"].value()) == ("", "统计年报")
    assert form["participants_method"].value() == "按签到去重"
    assert form["villages_resident_source"].value() == "统计年报"
    assert enter(ask, world.town, sheet_url(world)).status_code == 302  # what was only offered is no entry
    assert AnnualFigure.objects.count() == 2
    enter(ask, world.town, sheet_url(world), participants="900")
    assert AnnualFigure.objects.get(year=world.year).source == "统计年报"


def test_changing_one_villages_number_leaves_the_other_villages_sources_alone(world, ask):
    for village, source in [("新汉村", "村报表"), ("新兴社区", "社区台账")]:
        row = figure(world.places[village], world.year, kind="population", basis="resident", value=500)
        AnnualFigure.objects.filter(pk=row.pk).update(source=source)
    answer = enter(ask, world.town, sheet_url(world), v450124100201_resident="510")
    assert "villages_resident_source" in answer.context["form"].errors  # they differ, so none is offered
    enter(ask, world.town, sheet_url(world), v450124100201_resident="510", villages_resident_source="统计年报")
    sources = dict(AnnualFigure.objects.values_list("division", "source"))
    assert sources == {"450124100201": "统计年报", "450124100006": "统计年报"}


def test_in_4_the_second_to_save_sees_both_values_and_what_they_did_not_touch_is_put_in_place(world, ask):
    town = world.places["白山镇"]
    figure(town, world.year, value=100)
    figure(town, world.year, kind="minors", value=200)
    mine = as_shown(ask(world.town, sheet_url(world))) | {"elderly": "150", "farmers": "9", "farmers_source": "台账"}
    enter(ask, world.centre, sheet_url(world), elderly="120", minors="220")
    refused = ask(world.town, sheet_url(world), mine, "post")
    errors = refused.context["form"].errors
    assert "已有人先改成了“120”" in errors["elderly"][0]
    assert "别人刚刚改成了“220”" in errors["minors"][0]
    assert set(errors) == {"elderly", "minors", "__all__"}
    assert AnnualFigure.objects.get(kind="elderly").value == 120 and not AnnualFigure.objects.filter(kind="farmers")
    again = as_shown(refused)
    assert (again["elderly"], again["minors"], again["farmers"]) == ("150", "220", "9")
    assert ask(world.town, sheet_url(world), again, "post").status_code == 302
    assert dict(AnnualFigure.objects.values_list("kind", "value")) == {"elderly": 150, "minors": 220, "farmers": 9}


def test_a_request_without_what_was_seen_or_without_cells_deletes_nothing(world, ask):
    figure(world.places["白山镇"], world.year)
    url = sheet_url(world)
    for body in [{}, {"elderly": ""}, {"elderly": "", "seen": "{"}, {"elderly": "", "seen": "[]"}]:
        assert ask(world.town, url, body, "post").status_code == 200
    seen = as_shown(ask(world.town, url))["seen"]
    assert ask(world.town, url, {"seen": seen, "minors": "5", "minors_source": "学籍"}, "post").status_code == 302
    assert dict(AnnualFigure.objects.values_list("kind", "value")) == {"elderly": 100, "minors": 5}


def test_saving_the_sheet_as_it_is_writes_no_row_and_no_history(world, ask):
    figure(world.places["白山镇"], world.year)
    Fund.objects.create(division=world.places["白山镇"], year=world.year, source="public", budgeted="12000.50")
    before = (AnnualFigure.history.count(), Fund.history.count())
    assert enter(ask, world.town, sheet_url(world)).status_code == 302
    assert (AnnualFigure.history.count(), Fund.history.count()) == before
    assert AuditEvent.objects.get(action="填报年度数据").detail["fields"] == []


def test_what_looks_wrong_is_a_hint_and_refuses_nothing(world, ask):
    answer = enter(
        ask,
        world.town,
        sheet_url(world),
        elderly="100",
        elderly_source="年报",
        elderly_learning="130",
        elderly_learning_source="名册",
        population_resident="900",
        population_resident_source="年报",
        villages_resident_source="年报",
        v450124100201_resident="400",
        v450124100006_resident="499",
    )
    assert answer.status_code == 302
    assert ask(world.town, sheet_url(world)).context["form"].hints == [
        "参加学习的老年人（130）多于60岁及以上老年人（100），请核对",
        "各村常住人口相加是 899，与白山镇的 900 不同，请核对",
    ]


def test_the_centre_keeps_figures_and_sees_no_money(world, ask):
    Fund.objects.create(division=world.places["白山镇"], year=world.year, source="public", paid=98765)
    text = ask(world.centre, sheet_url(world)).content.decode()
    assert "98765" not in text and "98,765" not in text and "fund_public" not in text
    sent = enter(ask, world.centre, sheet_url(world), elderly="5", elderly_source="年报", fund_public_paid="1")
    assert sent.status_code == 302
    assert Fund.objects.get().paid == 98765 and AnnualFigure.objects.get().value == 5
    assert ask(world.centre, "/network/funds/").status_code == 403


def test_others_read_a_townships_figures_and_not_its_money(world, ask):
    figure(world.places["白山镇"], world.year, value=4321)
    Fund.objects.create(division=world.places["白山镇"], year=world.year, source="public", paid=98765)
    for user in (world.town2, world.unit):
        text = ask(user, sheet_url(world)).content.decode()
        assert "4,321" in text and "98,765" not in text and '<form method="post" class="box' not in text
        assert ask(user, sheet_url(world), {"elderly": "1"}, "post").status_code == 403
        assert "98,765" not in ask(user, "/network/funds/").content.decode()
    assert "98,765" in ask(world.head, sheet_url(world)).content.decode()
    assert "98,765" in ask(world.leader, "/network/funds/").content.decode()
    assert AnnualFigure.objects.get().value == 4321


def test_which_places_funds_are_seen_and_kept_for(world):
    def codes(places):
        return set(places.values_list("pk", flat=True))

    ours = {"450124100", "450124100006", "450124100201"}
    county = set(Division.objects.within("450124").values_list("pk", flat=True))
    assert codes(places_seen_for(world.bureau, Fund)) == codes(places_kept_for(world.bureau, Fund)) == county
    assert codes(places_seen_for(world.town, Fund)) == codes(places_kept_for(world.town, Fund)) == ours
    assert codes(places_seen_for(world.head, Fund)) == ours and codes(places_kept_for(world.head, Fund)) == set()
    for user in (world.leader, world.auditor):
        assert codes(places_seen_for(user, Fund)) == county and codes(places_kept_for(user, Fund)) == set()
    for user in (world.centre, world.unit, world.operator, world.homeless, None):
        assert codes(places_seen_for(user, Fund)) == codes(places_kept_for(user, Fund)) == set()


@pytest.mark.parametrize("year", [1999, 2100, 0])
def test_a_year_out_of_reach_has_no_sheet(world, ask, year):
    assert ask(world.town, f"/network/figures/{year}/450124100/").status_code == 404
    assert ask(world.town, f"/network/figures/{world.year + 2}/450124100/").status_code == 404
    assert ask(world.town, f"/network/figures/{world.year + 1}/450124100/").status_code == 200


# --- the county's table --------------------------------------------------------------------------------


def test_the_countys_value_is_its_own_or_the_sum_of_all_townships(world):
    ours, theirs = world.places["白山镇"], world.places["古零镇"]
    table = AnnualTable(world.county, [world.year])
    assert table.read(ELDERLY, world.county, world.year).lacks == ""
    figure(ours, world.year, value=700)
    found = AnnualTable(world.county, [world.year]).read(ELDERLY, world.county, world.year)
    assert (found.value, found.lacks) == (None, "缺古零镇")
    figure(theirs, world.year, value=0)
    found = AnnualTable(world.county, [world.year]).read(ELDERLY, world.county, world.year)
    assert (found.value, found.source) == (700, "各乡镇合计")
    figure(world.county, world.year, value=650)
    assert AnnualTable(world.county, [world.year]).read(ELDERLY, world.county, world.year).value == 650
    figure(world.other_places["大丰镇"], world.year, value=9999)
    assert AnnualTable(world.county, [world.year]).read(ELDERLY, ours, world.year).value == 700


def test_a_township_abolished_during_the_year_is_missed_by_no_sum_of_it(world):
    figure(world.places["白山镇"], 2025, value=700)
    figure(world.places["白山镇"], 2024, value=600)
    Division.objects.filter(pk="450124103").update(retired_on="2025-06-01")
    table = AnnualTable(world.county, [2024, 2025])
    assert table.read(ELDERLY, world.county, 2025).value == 700
    assert table.read(ELDERLY, world.county, 2024).value is None


def test_a_township_that_came_later_is_missed_by_no_sum_of_before(world):
    figure(world.places["白山镇"], 2024, value=600)
    Division.objects.filter(pk="450124103").update(established_on="2025-01-01")
    table = AnnualTable(world.county, [2024, 2025])
    assert table.read(ELDERLY, world.county, 2024).value == 600
    assert str(table.read(ELDERLY, world.county, 2025).missing) == "()"  # nobody has said anything of 2025
    figure(world.places["白山镇"], 2025, value=600)
    assert AnnualTable(world.county, [2025]).read(ELDERLY, world.county, 2025).lacks == "缺古零镇"


def test_an_abolished_place_has_a_sheet_until_its_last_year(world, ask):
    Division.objects.filter(pk="450124103").update(retired_on="2025-06-01", established_on="2024-05-01")
    answers = [ask(world.town2, f"/network/figures/{year}/450124103/").status_code for year in range(2023, 2027)]
    assert answers == [404, 200, 200, 404]


def test_in_4_a_sheet_holds_the_rows_that_a_workbook_could_change(world):
    """The village's row is on the township's sheet and on its own, and a workbook holds rows, not places."""
    figure(world.places["新汉村"], world.year)
    form = YearSheet(place=world.places["白山镇"], year=world.year, with_funds=True)
    with CaptureQueriesContext(connection) as caught, transaction.atomic():
        form.lock()
    tables = [query["sql"] for query in caught if query["sql"].startswith("SELECT")]
    assert ["annualfigure" in tables[1], "fund" in tables[2]] == [True, True] and len(tables) == 3
    if connection.features.has_select_for_update:
        assert all("FOR UPDATE" in sql for sql in tables)


@settings(max_examples=30, deadline=None)
@given(values=st.tuples(*[st.none() | st.integers(0, 10**7)] * 2), own=st.none() | st.integers(0, 10**7))
def test_a_sum_is_never_made_of_a_part(django_db_setup, django_db_blocker, values, own):
    with django_db_blocker.unblock(), taken_back():
        county = Division.objects.create(code="450199", tier="county", name="试县", short_name="试县")
        for number, value in enumerate(values):
            code = f"45019910{number}"
            town = Division.objects.create(code=code, tier="township", name=code, short_name=code, parent=county)
            if value is not None:
                figure(town, 2025, value=value)
        if own is not None:
            figure(county, 2025, value=own)
        found = AnnualTable(county, [2025]).read(ELDERLY, county, 2025).value
        assert found == (own if own is not None else None if None in values else sum(values))


def test_the_table_shows_gaps_as_gaps_and_sources_beside_the_figures(world, ask):
    figure(world.places["白山镇"], world.year, value=700)
    response = ask(world.bureau, f"/network/figures/?year={world.year}")
    text = response.content.decode()
    assert "700" in text and "统计年报" in text and "无法计算" in text and "缺古零镇" in text
    filled = {str(place): done for place, done, _ in response.context["filled"]}
    assert filled == {"马山县": 0, "白山镇": 1, "古零镇": 0}
    own = ask(world.town, "/network/figures/")
    assert [str(place) for place in own.context["own"]] == ["白山镇"] and "填报本镇数据" in own.content.decode()


def test_the_pages_ask_the_same_number_of_queries_whatever_there_is(world, ask):
    def count(user, url):
        ask(user, url)
        with CaptureQueriesContext(connection) as captured:
            assert ask(user, url).status_code == 200
        return len(captured)

    urls = [
        (world.bureau, f"/network/figures/?year={world.year}"),
        (world.bureau, sheet_url(world)),
        (world.unit, sheet_url(world)),
        (world.leader, f"/network/funds/?year={world.year}"),
        (world.leader, f"/network/zones/references/?year={world.year}"),
        (world.leader, "/network/zones/"),
    ]
    figure(world.places["白山镇"], world.year)
    Zone.objects.create(division=world.places["白山镇"], kind="experimental", starts_on="2020-01-01", basis="文件")
    before = [count(*visit) for visit in urls]
    for number in range(30):
        code = f"4501243{number:02}"
        town = Division.objects.create(
            code=code, tier="township", name=f"镇{number}", short_name=f"镇{number}", parent=world.county
        )
        Division.objects.create(
            code=f"4501241003{number:02}",
            tier="village",
            name=f"村{number}",
            short_name=f"村{number}",
            parent=world.places["白山镇"],
        )
        Zone.objects.create(division=town, kind="experimental", starts_on="2020-01-01", basis="文件")
        for year in range(world.year - 3, world.year + 1):
            figure(town, year)
            Fund.objects.create(division=town, year=year, source="public", paid=5)
    assert [count(*visit) for visit in urls] == before


@pytest.mark.parametrize(("text", "year"), [("2019", 2019), ("²019", 2026), ("", 2026), (None, 2026), ("20190", 2026)])
def test_what_is_no_year_is_passed_over(text, year):
    assert asked_year(text, otherwise=2026) == year


# --- cells ---------------------------------------------------------------------------------------------


@given(st.integers(0, 10**8))
def test_a_number_of_people_is_read_however_it_is_written(number):
    field = PeopleField()
    wide = str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for text in (str(number), f"{number:,}", f" {number} 人", wide):
        assert field.clean(text) == number
    assert field.clean(as_text(number)) == number


@given(st.decimals(0, Decimal("999999999999.99"), places=2))
def test_an_amount_survives_being_shown_and_read(amount):
    assert YuanField().clean(as_text(amount)) == amount
    assert as_text(YuanField().clean(f"{amount:,}元")) == as_text(amount)


# --- what the database holds ---------------------------------------------------------------------------


def refused(make, **fields):
    with transaction.atomic(), pytest.raises(IntegrityError):
        make(**fields)


def test_the_database_refuses_what_a_figure_or_fund_cannot_be(world):
    town = world.places["白山镇"]
    right = {"division": town, "year": 2025, "kind": "elderly", "value": 1, "source": "年报"}
    AnnualFigure.objects.create(**right)
    for wrong in [
        {},
        {"year": 1999},
        {"kind": "minors", "source": ""},
        {"kind": "population"},
        {"kind": "minors", "basis": "resident"},
        {"kind": "participants"},
        {"kind": "dogs"},
        {"kind": "minors", "value": 100_000_001},
    ]:
        refused(AnnualFigure.objects.create, **right | wrong)
    money = {"division": town, "year": 2025, "source": "public", "paid": 1}
    Fund.objects.create(**money)
    for wrong in [
        {},
        {"year": 2100},
        {"source": "other", "paid": -1},
        {"source": "other", "paid": None},
        {"source": "x"},
        {"division": world.places["新汉村"]},
    ]:
        refused(Fund.objects.create, **money | wrong)


# --- what is loaded ------------------------------------------------------------------------------------


def test_only_the_two_known_populations_and_the_two_zones_are_loaded(db, capsys):
    call_command("load_county")
    rows = AnnualFigure.objects.order_by("year").values_list("division__name", "year", "kind", "basis", "value")
    assert list(rows) == [
        ("古零镇", 2019, "population", "registered", 59289),
        ("马山县", 2020, "population", "resident", 382430),
    ]
    zones = Zone.objects.order_by("kind").values_list("division__name", "kind", "starts_on__year", "basis")
    basis = "马政办发〔2019〕2号二(一)3"
    assert list(zones) == [("白山镇", "demonstration", 2019, basis), ("白山镇", "experimental", 2019, basis)]
    Zone.objects.filter(kind="experimental").update(starts_on="2018-05-01", ends_on="2024-01-01")
    AnnualFigure.objects.filter(year=2020).update(value=382431)
    capsys.readouterr()
    call_command("load_county")
    assert capsys.readouterr().out.count("新增 0，更新 0") == 4
    assert Zone.objects.count() == 2 and AnnualFigure.objects.get(year=2020).value == 382431


def test_seen_is_plain_json_of_what_is_stored(world, ask):
    figure(world.places["白山镇"], world.year)
    seen = json.loads(as_shown(ask(world.town, sheet_url(world)))["seen"])
    assert seen["elderly"] == "100" and seen["minors"] == ""
    assert {line.key for line in LINES} <= set(seen)
