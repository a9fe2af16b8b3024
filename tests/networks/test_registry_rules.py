"""What a registry's rehearsal says of each row: found, created, changed or wrong, and what is stored of it."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from networks.models import AnnualFigure, Division, Fund, Institution
from networks.registry import REGISTRIES
from networks.xlsx.problems import Unreadable
from tests.trainings.workbook_files import book, patched

from .registry_files import changes_of, edited, exported, rehearsed, taken_in, told

HEAD = ["所在地", "名称", "类别"]


@pytest.fixture
def point(world):
    return Institution.objects.get(division=world.places["新汉村"])


def messages(rehearsal):
    return [problem.message for problem in rehearsal.errors]


# --- whose rows --------------------------------------------------------------------------------------


def test_each_account_takes_out_the_rows_that_it_keeps(world):
    def names(user):
        sheet = exported(user, "institutions").worksheets[0]
        return {row[2].value for row in sheet.iter_rows(min_row=2) if row[2].value}

    assert names(world.town) == {"白山镇社区学校", "新兴社区社区教育教学点", "新汉村社区教育教学点"}
    assert names(world.town2) == {"古零镇社区学校", "羊山村社区教育教学点"}
    assert len(names(world.bureau)) == len(names(world.centre)) == 6
    assert [desk for desk in REGISTRIES.values() if desk.kept_in_part_by(world.head)] == []
    kept = {"bureau": 4, "centre": 4, "town": 4, "unit": 1, "leader": 0, "auditor": 0, "operator": 0, "homeless": 0}
    assert {u: sum(d.kept_in_part_by(world.users[u]) for d in REGISTRIES.values()) for u in kept} == kept


def test_a_row_of_another_township_is_answered_like_one_that_does_not_exist(world):
    theirs = Institution.objects.get(name="羊山村社区教育教学点")
    foreign = Institution.objects.get(name="大丰镇社区学校")
    numbers = [theirs.pk, foreign.pk, 999_999]
    content = book([["编号", "名称", "类别"], *[[number, "改名", "教学点"] for number in numbers]])
    rehearsal = rehearsed(content, world.town, "institutions")
    assert told(rehearsal) == [(row, "编号", "unknown") for row in (2, 3, 4)]
    assert {m.replace(str(n), "n") for m, n in zip(messages(rehearsal), numbers, strict=True)} == {
        "编号 n 不在您的范围内，或没有这个编号：新增的行请把编号留空"
    }
    places = ["古零镇/羊山村", "大丰镇", "天上"]
    rehearsal = rehearsed(book([HEAD, *[[p, "新点", "教学点"] for p in places]]), world.town, "institutions")
    assert told(rehearsal) == [(row, "所在地", "unknown") for row in (2, 3, 4)]
    assert all(
        m.startswith(f"“{p}”不在您的范围内，或没有这个地方") for m, p in zip(messages(rehearsal), places, strict=True)
    )
    assert not any("羊山" in m.replace("古零镇/羊山村", "") for m in messages(rehearsal)), "nearest names are one's own"


def test_an_institution_does_not_move_on_a_sheet_as_it_does_not_on_its_page(world, point):
    content = book([["编号", *HEAD], [point.pk, "古零镇", point.name, "教学点"]])
    assert told(rehearsed(content, world.town, "institutions")) == [(2, "所在地", "unknown")]
    content = book([["编号", *HEAD], [point.pk, "新兴社区", point.name, "教学点"]])
    assert told(rehearsed(content, world.town, "institutions")) == [(2, "所在地", "moved")]


# --- the sheet ---------------------------------------------------------------------------------------


def test_a_clerks_own_sheet_is_read_whatever_its_order_title_and_signatures(world, point):
    content = book(
        [
            ["白山镇教学点一览表"],
            [None],
            ["序号", "教学点名称", "乡镇", "村", "电话", "机构类别", "负责领导"],
            [1, "新汉村教学点", "白山镇", "新汉村", 6822001, "教学点", "某某"],
            [2, "夜校", None, "新兴社区", "0771—6822002", "教学点", None],
            [None],
            ["合计", "2个"],
            ["注：电话为办公电话"],
            ["填表人：某某", None, None, "负责人："],
        ],
        merges=["C4:C5"],
    )
    rehearsal = rehearsed(content, world.town, "institutions")
    assert messages(rehearsal) == []
    assert changes_of(rehearsal) == [(4, "changed", [("办公电话", "（空）", "6822001")]), (5, "new", [])]
    assert [(n.row, n.code) for n in rehearsal.notices] == [(3, "column_unused"), (4, "name_kept")]
    assert rehearsal.counts == {"rows": 2, "created": 1, "changed": 1, "unchanged": 0, "errors": 0, "skipped": 3}
    taken_in(content, world.town, "institutions")
    new = Institution.objects.get(name="夜校")
    assert (new.division, new.kind, new.function, new.state) == (
        world.places["新兴社区"],
        "point",
        "implement",
        "unconfirmed",
    )
    assert rehearsed(content, world.town, "institutions").counts["unchanged"] == 2


def test_an_empty_cell_empties_and_an_absent_column_leaves_things_as_they_are(world, point):
    Institution.objects.filter(pk=point.pk).update(address="村部", seats=40, hosts="村委会")
    content = book([["编号", "名称", "类别", "地址", "座位（个）"], [point.pk, point.name, "教学点", None, None]])
    rehearsal = taken_in(content, world.town, "institutions")
    assert changes_of(rehearsal) == [(2, "changed", [("地址", "村部", "（空）"), ("座位（个）", "40", "（空）")])]
    point.refresh_from_db()
    assert (point.address, point.seats, point.hosts, point.version) == ("", None, "村委会", 1)
    newest = point.history.first()
    assert (newest.history_user, newest.history_change_reason, newest.address) == (world.town, "表格导入", "")


def test_what_a_row_needs_is_asked_for_at_its_cell(world, point):
    content = book(
        [
            ["编号", *HEAD],
            [point.pk, "新汉村", None, None],
            [None, "新汉村", None, "教学点"],
            [None, None, "夜校", None],
        ]
    )
    assert told(rehearsed(content, world.town, "institutions")) == [
        (2, "名称", "missing"),
        (2, "类别", "missing"),
        (3, "名称", "missing"),
        (4, "所在地", "missing"),
    ]
    rehearsal = rehearsed(book([["名称", "类别", "地址"], ["夜校", "教学点", "村部"]]), world.town, "institutions")
    assert told(rehearsal)[0] == (1, "所在地", "missing_column")
    rehearsal = rehearsed(book([["所在地", "名称", "地址"], ["新汉村", "夜校", "村部"]]), world.town, "institutions")
    assert told(rehearsal) == [(2, "类别", "missing")]
    assert rehearsal.errors[0].cell == (2, 1)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("座位（个）", "约40", "bad_figure"),
        ("座位（个）", "4O", "bad_figure"),
        ("座位（个）", "²", "bad_figure"),
        ("座位（个）", -1, "bad_figure"),
        ("座位（个）", True, "bad_figure"),
        ("座位（个）", "=SUM(A1:A2)", "formula_without_value"),
        ("办公电话", 1234567890123456789, "number_too_long"),
        ("办公电话", "见群公告", "bad_phone"),
        ("办公电话", "1234567890123456", "bad_phone"),
        ("办公电话", "0771-6822001、群主", "bad_phone"),
        ("地址", "450124199001011234", "id_number"),
        ("地址", "村" * 101, "too_long"),
        ("类别", "食堂", "unknown"),
        ("状态", "关门", "unknown"),
        ("状态起始日期", "三月初", "bad_date"),
        ("状态起始日期", "2026-02-30", "bad_date"),
        ("状态起始日期", "2026.10", "bad_date"),
    ],
)
def test_xl_5_what_is_not_plainly_a_value_is_an_error_that_names_it_never_a_guess(world, point, column, value, code):
    found = rehearsed(edited(exported(world.town, "institutions"), {(2, column): value}), world.town, "institutions")
    assert told(found) == [(2, column, code)]
    assert found.counts["created"] == found.counts["changed"] == 0


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("座位（个）", "４０个", None),
        ("座位（个）", "４０", 40),
        ("座位（个）", "1,200", 1200),
        ("办公电话", "（0771）6822001／13800138000", "(0771)6822001/13800138000"),
        ("状态起始日期", "２０２０年９月１日", datetime.date(2020, 9, 1)),
        ("状态起始日期", 43529, datetime.date(2019, 3, 5)),
        ("状态起始日期", 20190305, datetime.date(2019, 3, 5)),
        ("状态起始日期", datetime.date(1958, 5, 1), datetime.date(1958, 5, 1)),
    ],
)
def test_xl_5_figures_and_dates_are_read_as_clerks_write_them(world, point, column, value, stored):
    changes = {(2, column): value, (2, "状态"): "已开办"}
    if column != "状态起始日期":
        changes[2, "状态起始日期"] = "2020-09-01"
    content = edited(exported(world.town, "institutions"), changes)
    if stored is None:
        assert told(rehearsed(content, world.town, "institutions")) == [(2, column, "bad_figure")]
        return
    taken_in(content, world.town, "institutions")
    school = Institution.objects.get(name="白山镇社区学校")
    assert {"座位（个）": school.seats, "状态起始日期": school.state_since, "办公电话": school.phone}[column] == stored


def test_xl_2_a_registry_is_read_within_the_limits_of_every_workbook(world, monkeypatch):
    with pytest.raises(Unreadable) as refused:
        rehearsed(b"", world.town, "institutions")
    assert refused.value.code == "empty"
    content = patched(
        book([HEAD, ["新汉村", "夜校", "教学点"]]),
        {"xl/workbook.xml": lambda old: old.replace(b"<workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><workbook', 1)},
    )
    with pytest.raises(Unreadable) as refused:
        rehearsed(content, world.town, "institutions")
    assert refused.value.code == "doctype"
    monkeypatch.setattr("networks.registry.sheet.MAX_ROWS", 1)
    with pytest.raises(Unreadable) as refused:
        rehearsed(book([HEAD, *[["新汉村", f"夜校{n}", "教学点"] for n in "甲乙"]]), world.town, "institutions")
    assert refused.value.code == "too_many_rows"
    with pytest.raises(Unreadable) as refused:
        rehearsed(book([["菜名", "价钱"], ["旱藕", 3]]), world.town, "institutions")
    assert refused.value.code == "no_header"


def test_xl_7_the_same_row_twice_in_a_file_is_an_error_and_hidden_rows_count(world, point):
    rows = [[None, "新汉村", "夜校", "教学点"], [None, "新汉村委会", "夜 校", "教学点"], [point.pk, "新汉村", point.name, "教学点"], [None, "新汉村", "新汉村教学点", "教学点"]]  # fmt: skip
    rehearsal = rehearsed(book([["编号", *HEAD], *rows], hidden_rows=[3]), world.town, "institutions")
    assert told(rehearsal) == [(3, "所在地", "same_row_twice"), (5, "所在地", "same_row_twice")]
    assert (3, "hidden_row") in [(n.row, n.code) for n in rehearsal.notices]


# --- institutions --------------------------------------------------------------------------------------


def state_of(world, point, *cells):
    content = book([["编号", "名称", "类别", "状态", "状态起始日期"], [point.pk, point.name, "教学点", *cells]])
    return rehearsed(content, world.town, "institutions")


def test_a_state_comes_in_by_its_one_writer_with_its_date(world, point):
    taken_in(
        book(
            [["编号", "名称", "类别", "状态", "状态起始日期"], [point.pk, point.name, "教学点", "筹建", "2019-03-01"]]
        ),
        world.town,
        "institutions",
    )
    content = book(
        [["编号", "名称", "类别", "状态", "状态起始日期"], [point.pk, point.name, "教学点", "运行", "2020-09-01"]]
    )
    rehearsal = taken_in(content, world.town, "institutions")
    assert [n.code for n in rehearsal.notices] == ["state_shown"]
    assert list(point.states.values_list("state", "since")) == [
        ("open", datetime.date(2020, 9, 1)),
        ("preparing", datetime.date(2019, 3, 1)),
    ]
    assert changes_of(rehearsed(content, world.town, "institutions")) == []


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (("已开办", None), ("状态起始日期", "missing")),
        ((None, "2020-09-01"), ("状态", "bad_state")),
        (("待核实", "2020-09-01"), ("状态", "bad_state")),
        (("已开办", "2099-01-01"), ("状态起始日期", "future")),
    ],
)
def test_a_state_and_its_date_belong_together(world, point, cells, wrong):
    assert told(state_of(world, point, *cells)) == [(2, *wrong)]


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (("待核实", None), ("状态", "bad_state")),
        ((None, None), ("状态", "bad_state")),
        (("已开办", "2021-09-01"), ("状态起始日期", "same_state")),
        (("停办", "2019-01-01"), ("状态起始日期", "too_early")),
    ],
)
def test_a_recorded_state_is_neither_forgotten_nor_backdated_by_a_sheet(world, point, cells, wrong):
    point.record("open", datetime.date(2020, 9, 1))
    assert told(state_of(world, point, *cells)) == [(2, *wrong)]
    assert changes_of(state_of(world, point, "停办", "2020-09-01"))[0][1] == "changed"


def test_an_institution_stands_where_its_kind_belongs_and_bears_a_name_of_its_own(world, point):
    rows = [
        ["新汉村", "村中心", "县社区教育中心"],
        ["白山镇", "镇学校", "乡镇社区学校"],
        ["新汉村", "村学校", "乡镇社区学校"],
        ["白山镇", "镇上的教学点", "教学点"],
    ]
    assert told(rehearsed(book([HEAD, *rows]), world.town, "institutions")) == [
        (2, "类别", "wrong_tier"),
        (4, "类别", "wrong_tier"),
        (5, "类别", "wrong_tier"),
    ]
    other = Institution.objects.create(division=point.division, kind="point", name="夜校")
    content = book([["编号", *HEAD], [other.pk, "新汉村", point.name, "教学点"]])
    assert told(rehearsed(content, world.town, "institutions")) == [(2, "名称", "taken")]
    Division.objects.filter(pk=world.places["新兴社区"].pk).update(retired_on="2025-01-01")
    content = book([HEAD, ["新兴社区", "新点", "教学点"]])
    assert told(rehearsed(content, world.town, "institutions")) == [(2, "所在地", "retired")]


def test_the_function_of_a_guiding_body_is_to_manage_unless_it_says_otherwise(world):
    taken_in(
        book(
            [
                [*HEAD, "职能"],
                ["白山镇", "镇管理办", "管理机构（乡镇）", None],
                ["白山镇", "实施办", "管理机构", "实施"],
            ]
        ),
        world.town,
        "institutions",
    )
    found = dict(Institution.objects.filter(kind="management").values_list("name", "function"))
    assert found == {"镇管理办": "manage", "实施办": "implement"}


# --- the sheet of annual figures -----------------------------------------------------------------------

KEYS = ["地方", "年度"]
ELDERLY, PEOPLE = "60岁及以上老年人", "年度参与人数"


def year_sheet(*rows, columns):
    return book([[*KEYS, *columns], *rows])


def figures():
    rows = AnnualFigure.objects.order_by("division", "kind", "basis")
    return [(r.division_id, r.kind, r.basis, r.value, r.source, r.method) for r in rows]


def test_a_clerks_row_a_place_becomes_a_figure_a_column(world):
    columns = ["户籍人口", "老年人", PEOPLE, "来源", "统计方法", "财政预算（元）", "社会捐赠实际支出（元）", "财政说明"]
    content = year_sheet(
        ["白山镇", "2025年", "59,289人", 8000, 1200, "统计年报", "按名册", "20,000元", 0, "列入预算"],
        ["新汉村", 2025, 2100, None, None, "派出所", None, None, None, None],
        ["新兴社区", 2025, None, None, None, None, None, None, None, None],
        columns=columns,
    )
    rehearsal = taken_in(content, world.town, "figures")
    assert (rehearsal.counts["created"], rehearsal.counts["skipped"]) == (2, 1)
    assert figures() == [
        ("450124100", "elderly", "", 8000, "统计年报", ""),
        ("450124100", "participants", "", 1200, "统计年报", "按名册"),
        ("450124100", "population", "registered", 59289, "统计年报", ""),
        ("450124100201", "population", "registered", 2100, "派出所", ""),
    ]
    assert list(Fund.objects.order_by("source").values_list("source", "budgeted", "paid", "note")) == [
        ("donation", None, 0, ""),
        ("public", 20000, None, "列入预算"),
    ]
    assert AnnualFigure.history.filter(history_user=world.town).count() == 4
    assert changes_of(rehearsed(content, world.town, "figures")) == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({ELDERLY: "约40", "来源": "年报"}, (ELDERLY, "bad_figure")),
        ({ELDERLY: 100_000_001, "来源": "年报"}, (ELDERLY, "bad_figure")),
        ({ELDERLY: -1, "来源": "年报"}, (ELDERLY, "bad_figure")),
        ({ELDERLY: 40}, ("来源", "missing")),
        ({PEOPLE: 40, "来源": "名册"}, ("统计方法", "missing")),
        ({"来源": "年报"}, ("来源", "no_figure")),
        ({"财政说明": "县财政"}, ("财政说明", "missing")),
        ({f"{ELDERLY}的来源": "年报"}, (ELDERLY, "missing")),
        ({"年度": 1999, ELDERLY: 4, "来源": "年报"}, ("年度", "bad_figure")),
        ({"年度": 2098, ELDERLY: 4, "来源": "年报"}, ("年度", "bad_year")),
        ({"地方": "古零镇", ELDERLY: 4, "来源": "年报"}, ("地方", "unknown")),
        ({"地方": "新汉村", "财政预算（元）": 0}, ("财政预算（元）", "not_funded")),
    ],
)
def test_a_wrong_cell_of_the_sheet_is_found_where_it_is(world, row, problem):
    columns = [ELDERLY, PEOPLE, "来源", "统计方法", "财政预算（元）", "财政说明", f"{ELDERLY}的来源"]
    given = {"地方": "白山镇", "年度": 2025} | row
    content = year_sheet([given.get(name) for name in [*KEYS, *columns]], columns=columns)
    assert told(rehearsed(content, world.town, "figures")) == [(2, *problem)]


def stored_figures(world, **sources):
    for kind, source in sources.items():
        AnnualFigure.objects.create(
            division=world.places["白山镇"], year=2025, kind=kind, value=10, source=source, method=""
        )


def test_a_sheet_changes_what_it_speaks_of_and_leaves_the_rest_alone(world):
    stored_figures(world, elderly="年报", minors="学籍", farmers="年报")
    content = year_sheet(["白山镇", 2025, 12, "新年报"], columns=[ELDERLY, "来源"])
    rehearsal = taken_in(content, world.town, "figures")
    assert [row[3:5] for row in figures()] == [(12, "年报"), (10, "年报"), (10, "学籍")]  # its own source stays its own
    assert changes_of(rehearsal) == [(2, "changed", [(ELDERLY, "10", "12"), ("来源", "（空）", "新年报")])]
    versions = dict(AnnualFigure.objects.values_list("kind", "version"))
    assert versions == {"elderly": 1, "minors": 0, "farmers": 0}
    AnnualFigure.objects.update(source="年报")
    taken_in(content, world.town, "figures")
    assert [row[3:5] for row in figures()] == [(12, "新年报"), (10, "年报"), (10, "年报")]


def test_an_emptied_number_takes_its_figure_away_and_says_so_first(world):
    stored_figures(world, elderly="年报", minors="学籍")
    Fund.objects.create(division=world.places["白山镇"], year=2025, source="public", paid=5, note="旧")
    book_ = exported(world.town, "figures")
    at = next(r for r in range(2, 9) if book_.worksheets[0].cell(r, 2).value == 2025)
    content = edited(book_, {(at, ELDERLY): None, (at, "财政实际支出（元）"): None})
    rehearsal = taken_in(content, world.town, "figures")
    assert changes_of(rehearsal) == [
        (at, "changed", [(ELDERLY, "10", "（空）"), ("财政实际支出（元）", "5.00", "（空）")])
    ]
    assert [row[1] for row in figures()] == ["minors"] and not Fund.objects.exists()
    gone = AnnualFigure.history.filter(history_type="-").get()
    assert (gone.kind, gone.value, gone.history_user) == ("elderly", 10, world.town)


def test_whoever_keeps_no_money_is_handed_none_and_stores_none(world):
    Fund.objects.create(division=world.places["白山镇"], year=2025, source="public", paid=98765)
    sheet = exported(world.centre, "figures").worksheets[0]
    assert not any("元" in str(cell.value) for cell in sheet[1])
    assert "98765" not in str([[cell.value for cell in row] for row in sheet.iter_rows()])
    content = year_sheet(["白山镇", 2025, 7, "年报", 1], columns=[ELDERLY, "来源", "财政实际支出（元）"])
    rehearsal = taken_in(content, world.centre, "figures")
    assert [notice.code for notice in rehearsal.notices] == ["column_unused"]
    assert Fund.objects.get().paid == 98765 and AnnualFigure.objects.get().value == 7


def test_a_year_before_a_place_or_after_it_has_no_figures(world):
    Division.objects.filter(pk="450124100201").update(retired_on="2024-06-01")
    Division.objects.filter(pk="450124100006").update(established_on="2024-06-01")
    rows = [[place, year, 7, "年报"] for place in ("新汉村", "新兴社区") for year in (2023, 2024, 2025)]
    content = year_sheet(*rows, columns=[ELDERLY, "来源"])
    assert told(rehearsed(content, world.town, "figures")) == [(4, "年度", "bad_year"), (5, "年度", "bad_year")]


def test_sources_of_their_own_are_folded_away_until_there_is_one(world):
    def folded():
        book_ = exported(world.town, "figures")
        dimensions = book_.worksheets[0].column_dimensions
        heads = {cell.value: cell.column_letter for cell in book_.worksheets[0][1]}
        return [dimensions[heads[name]].hidden for name in (ELDERLY, "来源", f"{ELDERLY}的来源", "未成年人的来源")]

    stored_figures(world, elderly="年报")
    assert folded() == [False, False, True, True]
    stored_figures(world, farmers="台账")
    assert folded() == [False, False, False, True]


def test_this_years_places_are_printed_ahead(world):
    sheet = exported(world.town, "figures").worksheets[0]
    year = datetime.date.today().year
    assert [[cell.value for cell in row[:3]] for row in sheet.iter_rows(min_row=2)] == [
        ["白山镇", year, None],
        ["白山镇/新兴社区", year, None],
        ["白山镇/新汉村", year, None],
    ]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("12,000.5元", "12000.50"),
        (12000.5, "12000.50"),
        (0, "0.00"),
        ("￥3", "3.00"),
        ("1.005", None),
        ("一万", None),
        (-1, None),
    ],
)
def test_money_is_exact_to_the_fen_or_an_error(world, typed, stored):
    content = year_sheet(["白山镇", 2025, typed], columns=["财政预算（元）"])
    if stored is None:
        assert told(rehearsed(content, world.town, "figures")) == [(2, "财政预算（元）", "bad_figure")]
    else:
        taken_in(content, world.town, "figures")
        assert str(Fund.objects.get().budgeted) == stored


# --- queries -------------------------------------------------------------------------------------------


def desk_rows(world, key):
    return REGISTRIES[key](world.town).count()


@pytest.mark.parametrize("key", ["institutions", "figures"])
def test_a_rehearsal_asks_as_often_for_thirty_rows_as_for_three(world, key):
    def asked(number):
        if key == "figures":
            rows = [[place, 2000 + n, n, "公安"] for place in ("白山镇", "新汉村") for n in range((number + 1) // 2)]
            content = year_sheet(*rows, columns=["户籍人口", "来源"])
        else:
            content = book([HEAD, *[["新汉村", f"夜校{n}", "教学点"] for n in range(number)]])
        with CaptureQueriesContext(connection) as queries:
            rehearsal = rehearsed(content, world.town, key)
        assert rehearsal.counts["created"] >= 3
        with CaptureQueriesContext(connection) as stored:
            taken_in(content, world.town, key)
        with CaptureQueriesContext(connection) as out:
            exported(world.town, key)
        return len(queries), len(stored), len(out)

    asked(3)  # what the account has taken over from others is asked for once
    assert asked(10) == asked(44)
    assert desk_rows(world, key) >= 33
