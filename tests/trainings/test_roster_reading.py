"""What people paste: Excel cells, chat lists in every style of numbering, workbooks; numbers that nobody may keep."""

import io

import pytest
from openpyxl import Workbook

from networks.xlsx.problems import Unreadable
from tests.trainings.workbook_files import book as workbook
from trainings.rosters.numbers import cut_numbers
from trainings.rosters.reading import HIDDEN, band_of, read_file, read_text, tail_of

PLACES = {"新汉村", "新兴社区", "羊山村", "白山镇/新汉村"}


def lines(text):
    """(name, sex, age, home, tail) of everybody found."""
    return [(p.name, p.sex, p.age, p.home, p.tail) for p in read_text(text, PLACES.__contains__).lines]


CHAT = """#接龙
5月桑蚕培训报名接龙，请大家按格式填写
例 姓名 性别 年龄 村 尾号
1. 张三
2. 李四 女 35 新汉村 尾号1234
3、王五🌹男 62岁 羊山村 13800138000
4）赵六
5.韦小花（女，28，新汉村，450124198501011234）
6 覃某某 +1
７．黄　大
⑧ 农八
9️⃣ 潘九👍
🔟 蓝十
11.陆十一女17新兴社区尾号0001
12.
13. 罗甲 罗乙
"""


def test_a_chat_list_is_read_whatever_its_numbers_look_like():
    assert lines(CHAT) == [
        ("张三", "", "", "", ""),
        ("李四", "f", "adult", "新汉村", "1234"),
        ("王五", "m", "elderly", "羊山村", "8000"),
        ("赵六", "", "", "", ""),
        ("韦小花", "f", "adult", "新汉村", ""),
        ("覃某某", "", "", "", ""),
        ("黄大", "", "", "", ""),
        ("农八", "", "", "", ""),
        ("潘九", "", "", "", ""),
        ("蓝十", "", "", "", ""),
        ("陆十一", "f", "minor", "新兴社区", "0001"),
        ("罗甲", "", "", "", ""),
        ("罗乙", "", "", "", ""),
    ]
    found = read_text(CHAT, PLACES.__contains__)
    assert len(found.unread) == 3 and (found.cut.ids, found.cut.phones) == (1, 1)
    assert "一行一人" in found.lines[5].notes[0]


@pytest.mark.parametrize("text", ["1.李四2.王五3.赵六", "（1）李四（2）王五（3）赵六", "1、李四2、王五3、赵六"])
def test_a_list_written_on_one_line_without_spaces_is_three_people_and_not_one(text):
    assert [p.name for p in read_text(text).lines] == ["李四", "王五", "赵六"]


def test_a_group_of_a_village_is_a_place_and_its_number_nobodys_age():
    assert lines("1.李四，女，新汉村3组\n2.王五@新汉村\n3.赵六，羊山村2队，45") == [
        ("李四", "f", "", "新汉村3组", ""),
        ("王五", "", "", "新汉村", ""),
        ("赵六", "", "adult", "羊山村2队", ""),
    ]


def test_what_is_said_right_behind_a_name_is_no_part_of_it():
    assert [p.name for p in read_text("1.李四已到\n2.王五已报名\n3.赵六参加").lines] == ["李四", "王五", "赵六"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("张三、李四、王五", ["张三", "李四", "王五"]),
        ("1.张三 2.李四 3.王五", ["张三", "李四", "王五"]),
        ("一、张三\n二、李四\n（三）王五", ["张三", "李四", "王五"]),
        ("张三\n李四女\n明天上午9点在村委会集中培训请准时", ["张三", "李四女"]),
        ("(1)张三\n(2)李四\n(2)王五", ["张三", "李四", "王五"]),
        ("No.1 张三\nNo.2 李四", ["张三", "李四"]),
        ("1 阿依古丽·买买提 女\n2 Tom Smith", ["阿依古丽·买买提", "Tom"]),
        ("\u202e1.张\u200b三\n２、𠮷田", ["张三", "𠮷田"]),
        ("", []),
        ("1.\n2.\n3.", []),
    ],
)
def test_names_are_found_in_lists_of_many_shapes(text, names):
    assert [name for name, *_ in lines(text)] == names


def test_excel_cells_are_read_with_their_headings_in_any_order():
    text = (
        "白山镇桑蚕培训签到表\n"
        "序号\t村（社区）\t姓名\t性别\t年龄\t联系电话\t身份证号码\t备注\n"
        "1\t新汉村\t张 三\t女\t35\t138 0013 8000\t450124198501011234\t党员\n"
        "2\t\t李四\t男\t未知\t0771-6822001\t4.50124E+17\t\n"
        "\t\t合计\t2人\n填表人：韦某"
    )
    found = read_text(text, PLACES.__contains__)
    assert lines(text) == [("张三", "f", "adult", "新汉村", "8000"), ("李四", "m", "", "", "2001")]
    assert found.lines[1].left == "未知" and found.notices == ["这几列用不上，没有读取：备注"]
    assert (found.cut.ids, found.cut.phones) == (2, 2)
    assert "450124" not in repr(found) and "6822" not in repr(found)


def test_excel_cells_without_headings_and_two_lists_side_by_side_are_read():
    assert lines("1\t张三\t女\t35\t新汉村\t1234\n2\t李四\t男\t62\t羊山村\t") == [
        ("张三", "f", "adult", "新汉村", "1234"),
        ("李四", "m", "elderly", "羊山村", ""),
    ]
    assert [p[0] for p in lines("序号\t姓名\t序号\t姓名\n1\t张三\t3\t王五\n2\t李四\t4\t")] == ["张三", "王五", "李四"]
    assert [p[0] for p in lines('"张\n三"\t女\n李四\t男')] == ["张三", "李四"]
    assert [p[0] for p in lines('张三\t"女\n李四\t男')] == ["张三", "李四"]


@pytest.mark.parametrize(
    "text",
    [
        "450124198501011234",
        "45012419850101123X",
        "４５０１２４１９８５０１０１１２３４",
        "450124 19850101 1234",
        "450124-19850101-123x",
        "450124850101123",
        "4.50124198501011E+17",
        "6222020200112233445",
        "٤٥٠١٢٤١٩٨٥٠١٠١١٢٣٤",
    ],
)
def test_pi_4_an_id_number_is_gone_before_anything_looks_at_it(text):
    for around in ["{}", "张三{}", "张三（{}）女", "{} 张三"]:
        kept, cut = cut_numbers(around.format(text))
        assert cut.ids == 1 and not any(ch.isdigit() for ch in kept), kept


@pytest.mark.parametrize("text", ["13800138000", "138 0013 8000", "138-0013-8000", "+86 13800138000", "0771-6828000"])
def test_pi_4_of_a_telephone_number_the_last_four_digits_stay(text):
    kept, cut = cut_numbers(f"张三{text}")
    assert (cut.ids, cut.phones) == (0, 1) and "".join(ch for ch in kept if ch.isdigit()) == "8000"


def test_an_age_becomes_its_band_and_a_year_is_no_tail():
    ages = ["17岁", "18", "59", "60", "未成年", "60岁及以上", "18—59岁", "121", "0", "已满"]
    assert [band_of(age) for age in ages] == [
        "minor",
        "adult",
        "adult",
        "elderly",
        "minor",
        "elderly",
        "adult",
        "",
        "",
        "",
    ]
    assert [tail_of(text) for text in ["尾号1985", "1985", "0001", "手机尾号：4321", "12345"]] == [
        "1985",
        "",
        "0001",
        "4321",
        "",
    ]


def test_a_workbook_is_read_by_the_sheet_that_names_people():
    book = Workbook()
    book.active.append(["说明"])
    sheet = book.create_sheet("名单")
    sheet.append(["参训人员名单"])
    sheet.append(["村", "姓名", "手机号", "身份证号"])
    sheet.append(["新汉村", "张三", 13800138000, 450124198501011234])
    sheet.append([None, "李四", "尾号4321", "450124850101123"])
    sheet.merge_cells("A3:A4")
    out = io.BytesIO()
    book.save(out)
    found = read_file(out.getvalue(), PLACES.__contains__)
    assert [(p.name, p.home, p.tail) for p in found.lines] == [("张三", "新汉村", "8000"), ("李四", "新汉村", "4321")]
    assert found.cut.ids == 2 and found.notices == ["没有“姓名”一列的工作表没有读取：Sheet"]
    with pytest.raises(Unreadable):
        read_file(b"%PDF-1.4")


def test_xl_3_people_in_hidden_rows_and_sheets_are_read_and_said():
    content = workbook(
        ("名单", [["姓名", "村"], ["张三", "新汉村"], ["李四", "新汉村"], ["王五", "羊山村"]]),
        ("旧名单", [["姓名"], ["赵六"]], "veryHidden"),
        hidden_rows=(1, 3),
    )
    found = read_file(content, PLACES.__contains__)
    assert [(p.name, p.notes) for p in found.lines] == [("张三", []), ("李四", [HIDDEN]), ("王五", []), ("赵六", [])]
    assert [notice.split("，")[0] for notice in found.notices] == [
        "工作表“名单”里有 1 人所在的行是隐藏的（或被筛选掉）",
        "工作表“旧名单”是隐藏的",
    ]


def test_xl_3_without_a_heading_one_sheet_is_read_and_the_others_are_named():
    names = [["1", "张三"], ["2", "李四"]]
    content = workbook(
        ("空表", []), ("暗", [["赵六"]], "hidden"), ("一村", names), ("二村", [["王五"]]), hidden_rows=(1,)
    )
    found = read_file(content, PLACES.__contains__)
    assert [p.name for p in found.lines] == ["张三", "李四"]
    assert found.notices == ["没有“姓名”一列，只读了“一村”，没有读取的工作表：暗、二村"]
    only = read_file(workbook(("一村", names), hidden_rows=(2,)))
    assert [p.notes for p in only.lines] == [[], [HIDDEN]] and len(only.notices) == 1


def test_xl_3_columns_beyond_those_that_are_read_are_said():
    row = ["张三", *[None] * 58, "新汉村"]
    found = read_file(workbook([["姓名", *[None] * 58, "村"], row]), PLACES.__contains__)
    assert ([p.home for p in found.lines], found.notices) == (["新汉村"], [])
    wide = read_file(workbook([["姓名", *[None] * 58, "村", "姓名"], [*row, "李四"]]), PLACES.__contains__)
    assert [p.name for p in wide.lines] == ["张三"]
    assert wide.notices == ["工作表“表1”太宽，BH 列（第 60 列）以后的没有读取"]
