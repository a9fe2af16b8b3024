"""Dates and times as clerks write them (XL-4)."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import MAC_EPOCH

from networks.registry.columns import Day
from networks.xlsx.cells import DateNumber, read_workbook
from networks.xlsx.dates import read_day, read_when
from networks.xlsx.problems import ValueProblem
from tests.trainings.workbook_files import HEADER, book, ledger


def when(text, **options):
    """(first day, last day, start, end, part) as short texts, blanks left out."""
    found = read_when(text, **options)
    times = [time and f"{time:%H:%M}" for time in (found.start, found.end)]
    return " ".join(filter(None, [str(found.day), found.last and f"~{found.last}", *times, found.part]))


READ = {
    "2019-03-05": "2019-03-05",
    "2019/3/5": "2019-03-05",
    "2019.3.5": "2019-03-05",
    "2019年3月5日": "2019-03-05",
    "2019 年 3 月 5 日": "2019-03-05",
    "3月5日": "2026-03-05",
    "20190305": "2019-03-05",
    20190305: "2019-03-05",
    "43529": "2019-03-05",
    43529: "2019-03-05",
    43529.375: "2019-03-05 09:00",
    "43529.5": "2019-03-05 12:00",
    "２０１９年３月５日": "2019-03-05",
    "2020-02-29": "2020-02-29",
    "2000-01-01": "2000-01-01",
    "2099-12-31": "2099-12-31",
    "2026-03-05T09:00:00": "2026-03-05 09:00",
    "2026-03-05 00:00:00": "2026-03-05",
    "2026-3-5 9:00": "2026-03-05 09:00",
    "3月5日上午9:00": "2026-03-05 09:00",
    "3月5日 上午 9：00": "2026-03-05 09:00",
    "3月5日下午3点": "2026-03-05 15:00",
    "3月5日下午3点-5点": "2026-03-05 15:00 17:00",
    "3月5日下午2点半至4点半": "2026-03-05 14:30 16:30",
    "3月5日上午9点至下午4点": "2026-03-05 09:00 16:00",
    "3月5日上午8:30-14:00": "2026-03-05 08:30 14:00",
    "3月5日晚上7:30": "2026-03-05 19:30",
    "3月5日中午12:00": "2026-03-05 12:00",
    "3月5日下午14:30": "2026-03-05 14:30",
    "3月5日14点30分": "2026-03-05 14:30",
    "2026年4月8日14时30分": "2026-04-08 14:30",
    "3月5日9:00-11:30": "2026-03-05 09:00 11:30",
    "3月5日9：00—11：30": "2026-03-05 09:00 11:30",
    "3月5日9:00～11:30": "2026-03-05 09:00 11:30",
    "2026-03-05（星期六）9:00": "2026-03-05 09:00",
    "2026年3月5日（周四）": "2026-03-05",
    "2026-03-05（星期四）上午": "2026-03-05 上午",
    "3月5日上午": "2026-03-05 上午",
    "3月5日下午": "2026-03-05 下午",
    "3月5日晚上": "2026-03-05 晚上",
    "2026年3月5日(9:00-11:30)": "2026-03-05 09:00 11:30",
    "3月5日至7日": "2026-03-05 ~2026-03-07",
    "3月5-7日": "2026-03-05 ~2026-03-07",
    "3月5日—3月7日": "2026-03-05 ~2026-03-07",
    "2026.3.5-3.7": "2026-03-05 ~2026-03-07",
    "2026.3.5-7": "2026-03-05 ~2026-03-07",
    "2026/3/5-2026/3/7": "2026-03-05 ~2026-03-07",
    "2026-03-05至2026-03-07": "2026-03-05 ~2026-03-07",
    "2026-03-05-2026-03-07": "2026-03-05 ~2026-03-07",
    "2026年3月5日—7日": "2026-03-05 ~2026-03-07",
    "2026年2月27日至3月2日": "2026-02-27 ~2026-03-02",
    "2025年12月30日至2026年1月2日": "2025-12-30 ~2026-01-02",
    "3月5日至7日 9:00-11:30": "2026-03-05 ~2026-03-07 09:00 11:30",
    "3月5日9:00至3月7日11:30": "2026-03-05 ~2026-03-07 09:00 11:30",
    "3月5日至7日上午": "2026-03-05 ~2026-03-07 上午",
    "3月5日至5日": "2026-03-05",
}


@pytest.mark.parametrize("text", READ, ids=str)
def test_xl_4_dates_are_read_as_clerks_write_them(text):
    assert when(text, year=2026) == READ[text]


REFUSED = [
    "2019.10", 2019.1, 2019, 60, 40, 0, -1, 10**12, 1e300, True, "三月初", "近期", "每周三", "26年3月5日", "26.3.5", "26-03-05",
    "3月5日、6日", "3月5日，3月6日", "3月5、6日", "3月5日和6日", "3月5日9:00、3月6日9:00", "12月30日至1月2日",
    "2025年12月30日至1月2日", "12月30日至2027年1月2日", "3月5日24:00", "3月5日25:00", "3月5日9:60", "24:00", "2019-02-29",
    "2026-02-30", "2026-13-01", "20261305", "1999-12-31", "2100-01-01", "3月7日至5日", "3月5日11:30-9:00",
    "9:00-11:30", "上午", "3月5日上午13:00", "3月5日晚上1点", "3/5", "3.5", "2026-03-05-07", "2026年3月",
    "²月5日", "2026-03-0²", "3月五日", "2026-3-5 9", "约3月5日", "3月5日全天", "#N/A", "2026-03-05x", "٢٠٢٦-٠٣-٠٥",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=str)
def test_xl_4_what_is_not_plainly_a_date_is_an_error_and_never_a_guess(text):
    with pytest.raises(ValueProblem) as problem:
        read_when(text, year=2026)
    assert any("\u4e00" <= char <= "\u9fff" for char in problem.value.message)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2019.10", "没有写到哪一天"),
        ("26年3月5日", "四位年份"),
        ("3月5日、6日", "一行只写一场"),
        ("12月30日至1月2日", "跨了元旦"),
        ("2019-02-29", "没有这一天"),
        ("3月5日24:00", "没有这个钟点"),
        ("9:00-11:30", "没有日期"),
    ],
)
def test_xl_4_the_message_names_the_value_and_what_is_wrong(text, words):
    with pytest.raises(ValueProblem) as problem:
        read_when(text, year=2026)
    assert text in problem.value.message
    assert words in problem.value.message


def test_xl_4_a_date_without_a_year_needs_one_from_outside():
    with pytest.raises(ValueProblem) as problem:
        read_when("3月5日")
    assert problem.value.code == "no_year"


def starts(content, **options):
    rows = ledger(content, **options).rows
    return [str(row.values["开始时间"].day) if "开始时间" in row.values else row.problems[0].code for row in rows]


def titled(title, *others):
    return book([[title], *others, HEADER, ["旱藕栽培", "3月5日", 45]])


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("马山县2026年社区教育培训台账", "2026-03-05"),
        ("马山县２０２５年度台账", "2025-03-05"),
        ("二〇二五年培训台账", "2025-03-05"),
        ("二〇二五年三月培训台账", "2025-03-05"),
        ("2026年1-6月社区教育培训台账", "2026-03-05"),
        ("2026年1—12月台账", "2026-03-05"),
        ("培训台账（2026.1-6月）", "2026-03-05"),
        ("2026年1-6月台账（2026.12.31）", "2026-03-05"),
        ("培训台账（2024）", "2024-03-05"),
        ("根据马政办发〔2019〕2号填报的2025年台账", "2025-03-05"),
        ("根据马政办发〔2019〕2号填报", "no_year"),
        ("2025—2026年度培训台账", "no_year"),
        ("填报日期：2026年7月1日", "no_year"),
        ("填报单位：白山镇人民政府  填报日期：2026年7月1日", "no_year"),
        ("2026年7月1日", "no_year"),
        ("2026年1月1日至6月30日社区教育培训台账", "2026-03-05"),
        ("社区教育培训台账  填报日期：2026年7月1日", "no_year"),
        ("培训台账", "no_year"),
    ],
)
def test_xl_4_the_one_year_in_the_title_completes_dates_and_a_filing_date_is_no_title(title, expected):
    assert starts(titled(title)) == [expected]


def test_xl_4_the_year_that_was_asked_for_goes_before_the_title():
    assert starts(titled("马山县2026年台账"), year=2024) == ["2024-03-05"]
    assert starts(titled("马山县2026年台账", ["2025年补录"])) == ["no_year"]


def test_xl_4_each_sheet_has_its_own_title():
    content = book([["2025年一季度"], HEADER, ["甲", "3月5日", 45]], [["2026年一季度"], HEADER, ["乙", "3月5日", 45]])
    assert starts(content) == ["2025-03-05", "2026-03-05"]


@pytest.mark.parametrize("number", [14, *range(27, 37), *range(50, 59)])
def test_xl_4_the_chinese_built_in_formats_are_dates(number):
    from networks.xlsx.cells import shows_date

    assert shows_date(str(number), None)
    assert not shows_date("2", None)


@pytest.mark.parametrize(
    ("code", "date"),
    [
        ("yyyy/m/d", True),
        ('yyyy"年"m"月"d"日"', True),
        ("[$-804]aaaa", False),
        ("h:mm", True),
        ("General", False),
        ("0.00", False),
        ('0"day"', False),
        ("[Red]0", False),
        ("[h]:mm", True),
        ("#,##0_);[Red]m", False),
    ],
)
def test_xl_4_a_custom_format_is_a_date_when_it_shows_one(code, date):
    from networks.xlsx.cells import shows_date

    assert shows_date("164", code) is date


def test_xl_4_a_workbook_that_counts_from_1904_is_read_so():
    content = book([HEADER, ["甲", datetime.datetime(2019, 3, 5, 9), 45], ["乙", 42067, 45]], epoch=MAC_EPOCH)
    rows = ledger(content).rows
    assert [str(row.values["开始时间"].day) for row in rows] == ["2019-03-05", "2019-03-05"]
    assert str(rows[0].values["开始时间"].start) == "09:00:00"


def test_xl_4_midnight_in_a_date_cell_means_no_time():
    row = ledger(book([HEADER, ["甲", datetime.datetime(2026, 3, 5), 45]])).rows[0]
    assert row.values["开始时间"].start is None


def end(start, finish):
    row = ledger(book([[*HEADER, "结束时间"], ["甲", start, 45, finish]]), year=2026).rows[0]
    if row.problems:
        return [(problem.column, problem.code) for problem in row.problems]
    found = row.values["开始时间"]
    return " ".join(filter(None, [found.last and f"~{found.last}", found.end and f"{found.end:%H:%M}"]))


@pytest.mark.parametrize(
    ("start", "finish", "expected"),
    [
        ("2026-03-05 9:00", "11:30", "11:30"),
        ("2026-03-05 9:00", "下午3点", "15:00"),
        ("2026-03-05 9:00", datetime.time(11, 30), "11:30"),
        ("2026-03-05 9:00", "2026-03-05 11:30", "11:30"),
        ("2026-03-05 9:00", "2026-03-07 11:30", "~2026-03-07 11:30"),
        ("2026-03-05", "3月7日", "~2026-03-07"),
        ("2026-03-05", "2026-03-05", ""),
        ("3月5日至7日", "3月7日", "~2026-03-07"),
        ("3月5日至7日", "11:30", "~2026-03-07 11:30"),
        ("3月5日9:00-11:30", "11:30", "11:30"),
        ("2026-03-05 9:00", "8:00", [("结束时间", "end_before_start")]),
        ("2026-03-05 9:00", "9:00", "09:00"),
        ("3月5日9:00-9:00", "9:00", "09:00"),
        ("2026-03-05", "2026-3-7下午", "~2026-03-07"),
        ("2026-03-05 9:00", "2026-3-5下午", ""),
        ("2026-03-05", "2026-3-4下午", [("结束时间", "end_before_start")]),
        ("2026-03-05 9:00", "2026-03-04", [("结束时间", "end_before_start")]),
        ("12月30日", "1月2日", [("结束时间", "end_before_start")]),
        ("2026-03-05", "2027-03-06", "~2027-03-06"),
        ("2026-03-05", "2062-03-07", [("结束时间", "too_many_days")]),
        ("3月5日至7日", "3月8日", [("结束时间", "end_disagrees")]),
        ("3月5日9:00-11:30", "12:00", [("结束时间", "end_disagrees")]),
        ("3月5日9:00-11:30", "3月6日", [("结束时间", "end_disagrees")]),
        ("2026-03-05 9:00", "24:00", [("结束时间", "bad_date")]),
        ("2026-03-05", "下午", [("结束时间", "bad_date")]),
        ("2026-03-05", "三月底", [("结束时间", "bad_date")]),
        ("2026-02-30", "11:30", [("开始时间", "bad_date")]),
    ],
)
def test_xl_4_the_end_is_a_date_a_time_or_both_and_must_fit_the_start(start, finish, expected):
    assert end(start, finish) == expected


def joined(date, clock):
    row = ledger(book([["培训名称", "日期", "时间", "人数"], ["甲", date, clock, 45]]), year=2026).rows[0]
    if row.problems:
        return [(problem.column, problem.code, problem.cell) for problem in row.problems]
    found = row.values["开始时间"]
    times = [time and f"{time:%H:%M}" for time in (found.start, found.end)]
    return " ".join(filter(None, [str(found.day), found.last and f"~{found.last}", *times, found.part]))


@pytest.mark.parametrize(
    ("date", "clock", "expected"),
    [
        ("4月7日至9日", None, "2026-04-07 ~2026-04-09"),
        (datetime.date(2026, 4, 12), "9:00-11:30", "2026-04-12 09:00 11:30"),
        (datetime.datetime(2026, 5, 3, 15, 30), None, "2026-05-03 15:30"),
        ("4月12日", datetime.time(9, 0), "2026-04-12 09:00"),
        ("4月12日", "下午", "2026-04-12 下午"),
        (None, "2026-04-12 9:00", "2026-04-12 09:00"),
        (None, "9:00", [("开始时间", "bad_date", (2, 3))]),
        ("4月12日", "两小时", [("开始时间", "bad_date", (2, 3))]),
        ("四月", "9:00", [("开始时间", "bad_date", (2, 2))]),
        ("4月12日 9:00", "10:00", [("开始时间", "bad_date", (2, 3))]),
        (None, None, [("开始时间", "missing", (2, 2))]),
    ],
)
def test_xl_4_date_and_time_columns_are_joined_and_an_error_stands_at_the_wrong_one(date, clock, expected):
    assert joined(date, clock) == expected


@given(st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_xl_4_every_moment_to_the_minute_comes_back_from_every_way_of_writing_it(moment):
    moment = moment.replace(second=0, microsecond=0)
    serial = (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)
    for written in (
        serial,
        str(round(serial, 9)),
        f"{moment:%Y-%m-%d %H:%M}",
        f"{moment.year}年{moment.month}月{moment.day}日{moment.hour}点{moment.minute:02}分",
        f"{moment.year}.{moment.month}.{moment.day} {moment.hour}:{moment.minute:02}",
    ):
        found = read_when(written)
        assert datetime.datetime.combine(found.day, found.start or datetime.time.min) == moment


@given(st.one_of(st.text(max_size=20), st.floats(), st.integers()))
@settings(max_examples=200, deadline=None)
def test_xl_4_no_value_whatever_breaks_the_reader(value):
    try:
        assert 2000 <= read_when(value, year=2026).day.year <= 2099
    except ValueProblem as problem:
        assert problem.message


# --- days of registries, which may lie long ago -------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (43529, "2019-03-05"),
        (18264, "1950-01-01"),
        (20190305, "2019-03-05"),
        (DateNumber(20190305), "2019-03-05"),
        (DateNumber(43529.375), "2019-03-05"),
        (DateNumber(61), "1900-03-01"),
        (DateNumber(12000), "1932-11-07"),
        ("1905-07-12", "1905-07-12"),
        ("20190305", "2019-03-05"),
    ],
)
def test_xl_4_a_day_may_be_a_number_where_it_plainly_counts_days(value, day):
    assert str(read_day(value)) == day


@pytest.mark.parametrize(
    "value",
    [
        2020, 2020.0, 2019.1, 2019.10, 1900, 2099, 40, 60, 0, -1, 0.5, 12000, 18263, 43529.375, 201903, 2019030, 20190305.5,
        DateNumber(2020), DateNumber(1958), DateNumber(2019.1), DateNumber(40), DateNumber(59), 1e300, float("nan"), "2020", "2019.10", "40",
    ],
)  # fmt: skip
def test_xl_4_a_year_a_month_or_a_count_is_never_taken_for_days_since_1900(value):
    """2020 became 1905-07-12, 2019.1 1905-07-11 and 40 1900-02-08: nobody saw it, and it was stored."""
    with pytest.raises(ValueProblem) as problem:
        read_day(value)
    assert "请写成 2026-03-05" in problem.value.message


YEARS_AS_DAYS = datetime.date(1905, 3, 14), datetime.date(1905, 9, 29)  # the serial numbers 1900 to 2099


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)) | st.dates(*YEARS_AS_DAYS))
def test_xl_4_xl_6_every_day_that_goes_out_comes_back(day):
    content = book([["日期"], [Day().cell(day)]], formats={"A2": "yyyy-mm-dd"})
    assert read_day(read_workbook(content).sheets[0].rows[2][1]) == day
