"""Figures, lengths, names and text (XL-5, XL-6)."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.xlsx.cells import NO_VALUE, CellError, DateNumber
from networks.xlsx.problems import ValueProblem
from networks.xlsx.values import text
from tests.trainings.workbook_files import HEADER, book, ledger, one_row, patched
from trainings.workbook import values


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (40, 40), (40.0, 40), ("40", 40), ("40人", 40), ("共40人", 40), ("40人次", 40), ("40名", 40), ("４０", 40), ("40.0", 40),
        ("共 40 人次", 40), ("1,200", 1200), ("1，200人", 1200), (" 40 ", 40), ("4\u200b0", 40), (20_000, 20_000), (1, 1),
    ],
)  # fmt: skip
def test_xl_5_figures_are_read_as_clerks_write_them(typed, number):
    assert values.figure(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        0, "0", 20_001, "20001", "约40", "4O", "4l", "²", "④", "四十余", "四十", "30-40", "30~40", 40.5, "40.5", -5, "-5", True, False,
        "40余人", "40左右", "40+", "12,00", "1,2000", "40人40", "4 0", "", "人", 1e300, "9" * 400, "٤٠", "1e3", NO_VALUE,
        CellError("#N/A"), DateNumber(40), "40%", "1/2",
    ],
    ids=repr,
)  # fmt: skip
def test_xl_5_what_is_not_plainly_a_number_of_people_is_an_error_and_never_a_guess(typed):
    with pytest.raises(ValueProblem) as problem:
        values.figure(typed)
    assert any("\u4e00" <= char <= "\u9fff" for char in problem.value.message)


def test_xl_5_the_message_names_the_value():
    with pytest.raises(ValueProblem, match="约40"):
        values.figure("约40")


@given(st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.booleans()))
@settings(max_examples=200, deadline=None)
def test_xl_5_no_value_whatever_becomes_a_figure_by_accident(value):
    try:
        assert 1 <= values.figure(value) <= 20_000
    except ValueProblem as problem:
        assert problem.message


@pytest.mark.parametrize(
    ("typed", "unit", "minutes"),
    [
        (2, "", 90), ("2", "", 90), ("2学时", "", 90), ("2课时", "", 90), ("2节", "", 90), ("2节课", "", 90), ("2个小时", "", 120),
        ("1.5小时", "", 90), ("90分钟", "", 90), ("２学时", "", 90), (1.5, "", 68), (1.5, "小时", 90), (90, "分钟", 90),
        ("1小时30分钟", "", 90), ("2学时", "小时", 90), ("150分钟", "", 150),
    ],
)  # fmt: skip
def test_lengths_are_lessons_of_45_minutes_unless_a_word_says_otherwise(typed, unit, minutes):
    assert values.length(typed, unit) == minutes


@pytest.mark.parametrize("typed", [0, -1, "半天", "两小时", "2天", "约2", True, NO_VALUE, 1e9, "", "2 学 时"], ids=repr)
def test_a_length_that_is_none_is_an_error(typed):
    with pytest.raises(ValueProblem):
        values.length(typed)


@pytest.mark.parametrize(
    ("header", "minutes"),
    [("学时", 90), ("时长（小时）", 120), ("时长(分钟)", 2), ("课时", 90), ("*时长 （小时）", 120)],
)
def test_a_unit_in_the_header_of_the_length_counts_for_bare_numbers(header, minutes):
    assert one_row([header], [2]).values["学时"] == minutes


@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ("青少年120、学生家长90", [("青少年", 120), ("学生家长", 90)]),
        ("青少年,学生家长", [("青少年", None), ("学生家长", None)]),
        ("社区居民；青少年", [("社区居民", None), ("青少年", None)]),
        ("留守妇女18人，老年人 6", [("留守妇女", 18), ("老年人", 6)]),
        ("老年人（6人）;青少年：5", [("老年人", 6), ("青少年", 5)]),
        ("社区居民1,200，老年人６", [("社区居民", 1200), ("老年人", 6)]),
        ("十四周岁以下儿童30", [("十四周岁以下儿童", 30)]),
        ("、老年人、", [("老年人", None)]),
        ("老年人约6", [("老年人约", 6)]),  # no word of the county's, and refused as such
    ],
)
def test_audiences_are_names_each_with_an_optional_number(typed, pairs):
    assert values.names_with_numbers(typed) == pairs


@pytest.mark.parametrize("typed", ["老年人0", "老年人6.5", "老年人30000"])
def test_the_number_of_an_audience_obeys_the_rule_of_figures(typed):
    with pytest.raises(ValueProblem):
        values.names_with_numbers(typed)


def test_xl_5_a_number_of_more_than_15_digits_is_refused_with_its_row_wherever_it_stands():
    for header in ("备注", "授课教师", "联系方式"):
        row = one_row([header], [450124199001011234])
        assert [(p.row, p.code, p.cell) for p in row.problems] == [(2, "number_too_long", (2, 4))]
    assert one_row(["联系电话"], [13800138000]).values["备注"] == "联系电话：13800138000；"


def test_an_id_number_is_refused_and_not_repeated():
    row = one_row(["备注"], ["学员 45012419900101123X 到场"])
    assert [problem.code for problem in row.problems] == ["id_number"]
    assert "45012419900101123X" not in row.problems[0].message


FORMULA = book([[*HEADER, "序号", "备注", "联系电话"], ["甲", "2026-03-06", "=20+25", "=ROW()-1", None, "=1+1"]])


def test_xl_5_a_formula_without_a_stored_value_is_an_error_in_a_column_that_is_read():
    row = ledger(FORMULA).rows[0]
    assert [(p.column, p.code, p.cell) for p in row.problems] == [("实到人次", "formula_without_value", (2, 3))]
    assert "公式" in row.problems[0].message


def test_xl_5_a_formula_is_read_by_its_stored_value():
    def stored(data):
        return data.replace(b"<f>20+25</f><v></v>", b"<f>20+25</f><v>45</v>").replace(
            b"<f>20+25</f><v />", b"<f>20+25</f><v>45</v>"
        )

    content = patched(FORMULA, {"xl/worksheets/sheet1.xml": stored})
    row = ledger(content).rows[0]
    assert (row.values["实到人次"], row.problems) == (45, [])


def test_xl_5_a_formula_that_gives_an_empty_text_is_an_empty_cell():
    def stored(data):
        return data.replace(b'<c r="C2"><f>20+25</f><v></v>', b'<c r="C2" t="str"><f>""</f><v></v>').replace(
            b'<c r="C2"><f>20+25</f><v />', b'<c r="C2" t="str"><f>""</f><v></v>'
        )

    row = ledger(patched(FORMULA, {"xl/worksheets/sheet1.xml": stored})).rows[0]
    assert [problem.code for problem in row.problems] == ["missing"]


def test_xl_5_a_formula_of_a_text_that_was_never_calculated_is_no_empty_cell():
    def stored(data):
        return re.sub(rb'<c r="C2">.*?</c>', b'<c r="C2" t="str"><f>""</f></c>', data)

    row = ledger(patched(FORMULA, {"xl/worksheets/sheet1.xml": stored})).rows[0]
    assert [problem.code for problem in row.problems] == ["formula_without_value"]


def test_xl_5_an_excel_error_is_named():
    row = one_row(["备注"], ["#DIV/0!"])
    assert [(p.column, p.code, "#DIV/0!" in p.message) for p in row.problems] == [("备注", "cell_error", True)]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  桑蚕\u3000", "桑蚕"),
        ("桑\u200b蚕\ufeff\u202e", "桑蚕"),
        ("桑蚕\n技术", "桑蚕 技术"),
        ("𬒈𠮷㼆", "𬒈𠮷㼆"),
        ("\ue5d2旱藕", "\ue5d2旱藕"),
        ("\U00031350寨", "\U00031350寨"),
        ("²①ＡＢ", "²①ＡＢ"),
        (2026, "2026"),
        (3.0, "3"),
        (True, "TRUE"),
    ],
)
def test_xl_6_text_is_stored_as_typed_without_what_cannot_be_seen(typed, stored):
    assert text(typed, most=100) == stored


def test_remarks_keep_their_line_breaks_and_other_texts_do_not():
    row = one_row(["培训地点", "备注", "经费"], ["村部\n二楼", " 第一批\r\n\u200b第二批 \n", "甲\n乙"])
    assert (row.values["培训地点"], row.values["备注"]) == ("村部 二楼", "第一批\n第二批；经费：甲\n乙；")


def test_a_text_beyond_its_length_is_an_error_and_not_cut():
    with pytest.raises(ValueProblem, match="最多 100 个字"):
        text("桑" * 101, most=100)


def test_a_date_in_a_text_column_is_written_as_a_date():
    import datetime

    row = one_row(["培训地点", "报名截止"], [datetime.datetime(2026, 3, 5, 9), datetime.date(2026, 3, 1)])
    assert (row.values["培训地点"], row.values["备注"]) == ("2026-03-05 09:00", "报名截止：2026-03-01；")
