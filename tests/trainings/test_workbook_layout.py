"""The shape of a ledger: headers, merges, and which rows are sessions (XL-3)."""

import datetime

import pytest

from networks.xlsx.cells import read_workbook
from networks.xlsx.sheets import header_key
from tests.trainings.workbook_files import HEADER, book, ledger, patched
from trainings.workbook.columns import EXACT, SYNONYMS
from trainings.workbook.layout import read_layout

A, B = ["旱藕栽培", "2026-03-06", 45], ["民歌入门", "2026-04-08", 26]


def layout(content):
    return read_layout(read_workbook(content).sheets[0])


def titles(content, **options):
    return [row.values.get("培训名称") for row in ledger(content, **options).rows]


def notices(content, **options):
    return [(notice.sheet, notice.row, notice.code) for notice in ledger(content, **options).notices]


# --- headers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "written"), [(ours, written) for ours, others in SYNONYMS.items() for written in (ours, *others)]
)
def test_every_name_of_the_table_is_recognised(ours, written):
    others = [name for name in ("培训名称", "开始时间", "实到人次", "主办单位") if name != ours]
    found = layout(book([[*others, written], ["甲"] * 4]))
    assert found.columns[ours] == (len(others) + 1,)
    assert found.unused == []


@pytest.mark.parametrize(
    "written",
    [
        "培 训 名 称",
        "*培训名称",
        "培训名称（必填）",
        "培训名称\n(全称)",
        "＊培训名称＊",
        "培训名称【题目】",
        "\u200b培训名称",
        "培训名称[注]",
    ],
)
def test_headers_are_compared_without_spaces_asterisks_and_bracketed_units(written):
    assert layout(book([[written, "开始时间", "人数（人）"], A])).columns == {
        "培训名称": (1,),
        "开始时间": (2,),
        "实到人次": (3,),
    }


def test_header_names_do_not_collide_once_they_are_shortened():
    keys = [header_key(name) for name in SYNONYMS]
    assert len(set(keys)) == len(keys) == len(EXACT)


def test_columns_may_stand_in_any_order():
    content = book([["人数", "备注", "活动名称", "日期"], [45, "晴", "旱藕栽培", "2026-03-06"]])
    assert titles(content) == ["旱藕栽培"]


def test_the_exact_name_wins_over_a_synonym_and_the_other_goes_to_the_remarks():
    content = book([["活动名称", "培训名称", "开始时间", "人数", "实到人次"], ["乙", "甲", "2026-03-06", 1, 45]])
    row = ledger(content).rows[0]
    assert (row.values["培训名称"], row.values["实到人次"]) == ("甲", 45)
    assert row.values["备注"] == "活动名称：乙；人数：1；"
    assert notices(content) == [("表1", 1, "column_unused")] * 2


def test_without_the_exact_name_the_leftmost_synonym_wins():
    content = book([["培训主题", "活动名称", "培训时间", "人数"], ["甲", "乙", "2026-03-06", 45]])
    row = ledger(content).rows[0]
    assert (row.values["培训名称"], row.values["备注"]) == ("甲", "活动名称：乙；")


def test_an_unknown_column_is_kept_in_the_remarks_after_what_stands_there():
    header = ["备注", *HEADER, "工作群编号", "", "天气"]
    content = book([header, ["壮话授课", *A, "A1", "无名", None], ["", *B, None, None, "晴"]])
    rows = ledger(content).rows
    assert rows[0].values["备注"] == "壮话授课；工作群编号：A1；F列：无名；"
    assert rows[1].values["备注"] == "天气：晴；"
    assert sorted(notices(content)) == [("表1", 1, "column_unused")] * 3


def test_date_and_time_and_township_and_village_are_joined():
    content = book(
        [
            ["日期", "时间", "活动名称", "乡镇", "村（社区）", "人数"],
            ["2026-03-06", "9:00", "甲", "白山镇", "新汉村", 45],
        ]
    )
    row = ledger(content).rows[0]
    assert (str(row.values["开始时间"].start), row.values["举办地"]) == ("09:00:00", "白山镇/新汉村")
    assert notices(content) == []
    assert (
        ledger(book([["培训日期", "培训时间", "活动名称", "人数"], ["3月6日", "下午", "甲", 45]]), year=2026)
        .rows[0]
        .values["开始时间"]
        .part
        == "下午"
    )


@pytest.mark.parametrize(
    ("town", "village", "place"),
    [("白山镇", None, "白山镇"), (None, "新汉村", "新汉村"), ("白山镇", "白山镇/新汉村", "白山镇/新汉村")],
)
def test_either_of_township_and_village_may_be_blank(town, village, place):
    content = book([["日期", "活动名称", "乡镇", "村", "人数"], ["2026-03-06", "甲", town, village, 45]])
    assert ledger(content).rows[0].values["举办地"] == place


def test_a_start_of_its_own_name_is_not_joined_with_a_date():
    content = book([["日期", "开始时间", "活动名称", "人数"], ["2026-03-05", "2026-03-06 9:00", "甲", 45]])
    row = ledger(content).rows[0]
    assert (str(row.values["开始时间"].day), row.values["备注"]) == ("2026-03-06", "日期：2026-03-05；")
    assert notices(content) == [("表1", 1, "column_unused")]


def test_the_contractor_stands_in_for_the_organiser_only_where_that_column_is_absent():
    alone = ledger(book([[*HEADER, "承办部门"], [*A, "县文化馆"]])).rows[0]
    both = ledger(book([[*HEADER, "承办", "主办"], [*A, "县文化馆、县图书馆", "白山镇"]])).rows[0]
    assert alone.values["主办单位"] == "县文化馆"
    assert (both.values["主办单位"], both.values["承办单位"]) == ("白山镇", ["县文化馆", "县图书馆"])


def test_a_missing_needed_column_is_an_error_on_the_header_row():
    found = ledger(
        book([["2026年台账"], [], ["培训名称", "开始时间", "备注"], ["甲", "2026-03-06", ""]]), organiser_needed=True
    )
    assert [(p.row, p.column, p.code, p.cell) for p in found.problems] == [
        (3, "实到人次", "missing_column", (3, 1)),
        (3, "主办单位", "missing_column", (3, 1)),
    ]


def test_the_columns_of_our_own_exports_are_left_alone():
    content = book([[*HEADER, "场次编号", "状态", "核定人次", "序号"], [*A, "cc12", "已核定", 45, 1]])
    row = ledger(content).rows[0]
    assert (row.values["场次编号"], row.values["备注"], notices(content)) == ("CC12", "", [])


TWO_LINES = [
    ["2025年一季度情况统计表"],
    ["单位", "培训主题", "培训日期", "参加人数", None],
    [None, None, None, "应到", "实到"],
    ["白山镇", "种桑养蚕", "2025-02-03", 60, 50],
]


@pytest.mark.parametrize("merges", [("A1:E1", "A2:A3", "B2:B3", "C2:C3", "D2:E2"), ("D2:E2",), ()])
def test_a_header_of_two_lines_is_read_merged_or_not(merges):
    content = book(TWO_LINES, merges=merges)
    row = ledger(content).rows[0]
    assert layout(content).columns == {
        "主办单位": (1,),
        "培训名称": (2,),
        "开始时间": (3,),
        "计划人数": (4,),
        "实到人次": (5,),
    }
    assert (row.number, row.values["计划人数"], row.values["实到人次"], len(ledger(content).rows)) == (4, 60, 50, 1)


def test_a_second_line_may_finish_the_first_and_hold_a_total():
    upper = ["序号", "培训名称", "培训时间", None, "参加人数", None, None, "备注"]
    lower = [None, None, "开始", "结束", "男", "女", "合计", None]
    content = book(
        [upper, lower, [1, "甲", "2026-03-06", "2026-03-07", 20, 25, 45, None]],
        merges=("A1:A2", "B1:B2", "C1:D1", "E1:G1", "H1:H2"),
    )
    row = ledger(content).rows[0]
    assert (row.values["开始时间"].last, row.values["实到人次"]) == (datetime.date(2026, 3, 7), 45)
    assert row.values["备注"] == "男：20；女：25；"


def test_the_first_row_of_data_is_never_taken_for_a_second_header_line():
    content = book([[*HEADER, "培训对象", None], ["教师培训", "三月初", "人数", "教师", "村"]])
    assert [row.number for row in ledger(content).rows] == [2]


def test_a_summary_table_is_no_ledger_and_is_reported():
    content = book(
        [HEADER, A], ("汇总", [["单位", "场次", "人次"], ["白山镇", 4, 400]]), ("空表", []), ("空白", [["", " "]])
    )
    assert titles(content) == ["旱藕栽培"]
    assert notices(content) == [("汇总", 0, "sheet_skipped")]


def test_the_title_among_three_known_columns_is_a_header_whose_missing_columns_are_told():
    found = ledger(book([["培训名称", "举办地", "备注"], ["甲", "新汉村", "x"]]))
    assert [(p.row, p.column, p.code) for p in found.problems] == [
        (1, "开始时间", "missing_column"),
        (1, "实到人次", "missing_column"),
    ]
    others = [
        ("说明", [["培训名称：写全称"]]),
        ("课程", [["序号", "培训内容", "教师"]]),
        ("表", [["培训名称", "说明"]]),
    ]
    assert notices(book([HEADER, A], *others)) == [(name, 0, "sheet_skipped") for name, _ in others]


# --- rows -------------------------------------------------------------------------------------------


def test_xl_3_every_sheet_with_a_header_is_read_hidden_ones_too_and_reported():
    content = book(
        [HEADER, A], ("藏", [HEADER, B], "hidden"), ("深藏", [HEADER, A], "veryHidden"), ("密", [["x"]], "hidden")
    )
    assert titles(content) == ["旱藕栽培", "民歌入门", "旱藕栽培"]
    assert notices(content) == [("藏", 0, "hidden_sheet"), ("深藏", 0, "hidden_sheet"), ("密", 0, "sheet_skipped")]


def test_xl_3_hidden_and_filtered_rows_count_and_are_reported():
    content = book([HEADER, A, B], hidden_rows=(3,))
    assert titles(content) == ["旱藕栽培", "民歌入门"]
    assert notices(content) == [("表1", 3, "hidden_row")]


def test_xl_3_rows_after_blank_gaps_are_read_down_to_the_last_row_of_a_sheet():
    last = '<row r="1048576"><c r="A1048576" t="str"><v>民歌入门</v></c><c r="B1048576"><v>46120</v></c><c r="C1048576"><v>26</v></c></row>'
    content = patched(
        book([HEADER, A, [], [None, " "], *[[]] * 50, B]),
        {"xl/worksheets/sheet1.xml": lambda data: data.replace(b"</sheetData>", last.encode() + b"</sheetData>")},
    )
    assert [row.number for row in ledger(content).rows] == [2, 55, 1048576]


NOT_SESSIONS = [
    [None, None, None],
    ["合计", None, 71],
    ["合 计", None, 71],
    ["小计", None, 71],
    ["总计：2场", None, 71],
    ["一季度小计", None, 71],
    ["本页合计", None, 71],
    ["注：人次含线上"],
    ["备注：本表一式两份"],
    ["说明：下同"],
    ["填表人：韦某", "审核人：", None],
    ["填报人：", None, "联系电话："],
    ["单位负责人（签字）：", "填表日期：2026年7月1日"],
    ["单位（盖章）", None, None],
    ["分管领导签字：", None, None],
    ["制表：", None, None],
    ["填表人：韦小明       审核人：蒙大山", None, None],
    ["主要领导（签字）：", None, None],
    ["经办人", None, None],
    ["联系人及电话：", "0771-", None],
    ["报送时间：2026年7月1日", None, None],
    ["填报单位负责人签名：", None, None],
    ["（单位盖章）", None, None],
    ["年    月    日", None, None],
    ["总   计", None, "71"],
    ["合计（人次）", None, 71],
    ["※ 必填", None, None],
    [None, None, "2026年7月1日"],
    ["合计", "—", 71],
    ["合计", "3月", 71],
    ["小计", "2场", "71人次"],
    ["白山镇小计", "—", 71],
    ["填表人：韦某", "审核人：蒙某", "2026年7月1日"],
    HEADER,
]


@pytest.mark.parametrize("row", NOT_SESSIONS, ids=str)
def test_xl_3_totals_notes_signatures_and_repeated_headers_are_no_sessions(row):
    found = ledger(book([HEADER, A, row, B]))
    assert [r.values["培训名称"] for r in found.rows] == ["旱藕栽培", "民歌入门"]
    assert found.problems == []
    assert found.skipped == (1 if any(row) else 0)


def test_xl_3_rows_with_nothing_but_number_unit_or_place_are_no_sessions():
    header = ["序号", "主办单位", "举办地", *HEADER, "场次编号"]
    found = ledger(book([header, [1, "白山镇", "新汉村", *A], [2, "白山镇", None], [3], [None, None, "新汉村"]]))
    assert ([row.number for row in found.rows], found.skipped) == ([2], 3)


@pytest.mark.parametrize(
    "row",
    [
        ["收支合计方法", "2026-03-06", 45],
        ["合计", "2026-03-06", 45],
        ["财务合计", "三月初", "约40", None],
        ["填表人：培训", "三月初", "约40", None],
        ["填表人：韦某", "审核人：蒙某", 45, None],
        ["*壮绣班", "2026-03-06", None],
        ["※重点班", "2026-03-06", None],
        ["注意：用电安全", "2026-03-06", None],
        ["说明：如何写说明文", None, 45],
        ["注：这是一场", "2026-03-06", 45],
        ["负责人：培训", "2026-03-06", 45],
        ["单位财务培训", None, None],
        ["消防安全负责人培训", None, None],
        ["填表培训：第一期", None, 45],
        ["签字笔使用", None, None],
        ["四季合计算法", None, None],
        [None, "2026-03-06", None],
        [None, None, 45],
        ["甲", None, None],
    ],
)
def test_xl_3_whatever_could_be_a_session_is_read_and_shown_as_an_error_if_it_is_incomplete(row):
    found = ledger(book([HEADER, row]))
    assert (len(found.rows), found.skipped) == (1, 0)
    assert bool(found.rows[0].problems) is (None in row)


def test_xl_3_a_repeated_title_and_header_of_two_lines_are_no_sessions():
    content = book(
        [*TWO_LINES, *TWO_LINES[:3], ["古零镇", "会鼓", "2025-03-01", 30, 20]], merges=("D2:E2", "A5:E5", "D6:E6")
    )
    assert [(row.number, row.values["培训名称"]) for row in ledger(content).rows] == [(4, "种桑养蚕"), (8, "会鼓")]


def test_xl_3_a_title_above_a_repeated_header_is_no_session_even_unmerged():
    content = book([HEADER, A, ["2026年台账（续）"], HEADER, B])
    assert titles(content) == ["旱藕栽培", "民歌入门"]


def test_a_cell_merged_downwards_applies_to_every_row():
    header = ["主办单位", *HEADER, "备注"]
    rows = [header, ["白山镇", *A, "一起"], [None, *B, None], ["古零镇", *A, None]]
    found = ledger(book(rows, merges=("A2:A3", "E2:E3"))).rows
    assert [row.values["主办单位"] for row in found] == ["白山镇", "白山镇", "古零镇"]
    assert [row.values["备注"] for row in found] == ["一起", "一起", ""]


def test_xl_3_totals_and_signatures_across_the_columns_of_a_session_are_none():
    header = ["序号", *HEADER, "备注"]
    found = ledger(
        book(
            [
                header,
                [1, *A],
                ["合计", "—", "—", 45, "—"],
                ["合计", "1场", "3月", 47],
                ["填表人：", "韦某", "审核人：", "蒙某"],
                ["注：", "1.本表一式两份"],
                ["注：", "用电安全", None, None, "新汉村"],
            ]
        )
    )
    assert [row.number for row in found.rows] == [2, 7]
    assert [(notice.row, notice.code) for notice in found.notices] == [(4, "sum_differs")]


def test_a_row_in_which_nothing_can_be_seen_is_blank():
    found = ledger(book([HEADER, A, ["\u200b", " \u3000", "\ufeff"]]))
    assert (len(found.rows), found.skipped, found.rows[0].problems) == (1, 0, [])


def test_xl_3_rows_of_one_merged_title_are_sessions_by_their_own_places():
    header = ["序号", *HEADER, "举办地"]
    rows = [header, [1, *A, "新汉村"], [None, None, None, None, "大同村"], [3], [4, *B, "新汉村"]]
    content = book(rows, merges=("B2:B4", "C2:C4", "D2:D4"))
    found = ledger(content).rows
    assert [(row.number, row.values["培训名称"], row.values["举办地"], row.values["实到人次"]) for row in found] == [
        (2, "旱藕栽培", "新汉村", 45),
        (3, "旱藕栽培", "大同村", 45),
        (5, "民歌入门", "新汉村", 26),
    ]
    without_figure = ledger(book(rows, merges=("B2:B4", "C2:C4"))).rows[1]
    assert [(problem.row, problem.column) for problem in without_figure.problems] == [(3, "实到人次")]


def test_a_row_that_only_inherits_from_merges_is_no_second_session():
    content = book([HEADER, A, [None, None, None], B], merges=("A2:A3", "B2:B3", "C2:C3"))
    assert titles(content) == ["旱藕栽培", "民歌入门"]


def test_a_problem_of_a_merged_cell_stands_at_its_anchor_for_every_row():
    rows = ledger(book([HEADER, ["甲", "三月初", 45], ["乙", None, 26]], merges=("B2:B3",))).rows
    assert [(p.row, p.cell) for row in rows for p in row.problems] == [(2, (2, 2)), (3, (2, 2))]


# --- totals -----------------------------------------------------------------------------------------


def sums(*rows):
    content = book([[*HEADER, "应到"], *rows])
    return [(notice.row, notice.code) for notice in ledger(content).notices]


def test_a_total_that_is_the_sum_is_silent_and_another_is_noticed():
    assert sums([*A, 50], [*B, 30], ["合计", None, 71, 80]) == []
    assert sums([*A, 50], [*B, 30], ["合计", None, 72, 80]) == [(4, "sum_differs")]
    assert sums([*A, 50], [*B, 30], ["合计", None, "71人次", 81]) == [(4, "sum_differs")]


def test_a_subtotal_adds_up_its_own_rows_and_a_total_those_or_all():
    assert sums(A, ["小计", None, 45], B, ["小计", None, 26], ["合计", None, 71]) == []
    assert sums(A, ["小计", None, 45], B, ["小计", None, 71], ["合计", None, 71]) == [(5, "sum_differs")]
    assert sums(A, ["合计", None, 45], B, ["合计", None, 26]) == []
    assert sums(A, ["合计", None, 45], B, ["合计", None, 71]) == []


def test_a_total_over_a_figure_that_is_unknown_or_without_a_value_is_not_compared():
    assert sums(["甲", "2026-03-06", "约40"], B, ["合计", None, 71]) == []
    assert sums(A, B, ["合计", None, "=SUM(C2:C3)"]) == []


# --- other makers of workbooks ----------------------------------------------------------------------


def test_strict_open_xml_shared_strings_and_phonetic_readings_are_understood():
    strings = (
        '<sst xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><si><t>培训名称</t></si><si><t>开始时间</t></si><si><t>人数</t></si>'
        "<si><r><t>旱藕</t></r><r><t>栽培</t></r><rPh sb='0' eb='1'><t>hanou</t></rPh></si></sst>"
    )
    cells = "".join(f'<c r="{ref}" t="s"><v>{n}</v></c>' for n, ref in enumerate(("A1", "B1", "C1")))
    rows = f'<row>{cells}</row><row><c t="s"><v>3</v></c><c t="d"><v>2026-03-06T09:00:00</v></c><c><v>45</v></c></row>'
    sheet = f'<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    sheet = sheet.replace("<row", "<x:row").replace("</row", "</x:row").replace("<c ", "<x:c ").replace("<c>", "<x:c>")
    sheet = sheet.replace("</c>", "</x:c>").replace("<v>", "<x:v>").replace("</v>", "</x:v>")
    relation = '<Relationship Type="http://purl.oclc.org/ooxml/officeDocument/relationships/sharedStrings" Target="s.xml" Id="rS"/>'
    content = patched(
        book([HEADER]),
        {
            "xl/worksheets/sheet1.xml": sheet.encode(),
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(
                b"</Relationships>", relation.encode() + b"</Relationships>"
            ),
        },
        add=[("xl/s.xml", strings.encode())],
    )
    row = ledger(content).rows[0]
    assert (row.number, row.values["培训名称"], str(row.values["开始时间"].start)) == (2, "旱藕栽培", "09:00:00")
