"""Workbooks made or damaged on purpose: whatever comes, the reader answers with rows or with a Chinese sentence, in bounded time
and memory (XL-2, XL-5, LD-3).

By hypothesis, whose changes know what a workbook is made of. A coverage-guided fuzzer (atheris) does not earn its place here:
zip and expat are C that it could not follow without builds of its own, it has no wheels for the Python versions that are
supported on Windows, and the limits that matter are of time and size, which it does not look for.
"""

import io
import re
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.xlsx.cells import read_workbook
from networks.xlsx.lighten import TooHeavy, lightened
from tests.trainings.workbook_files import book, ledger, patched
from trainings.workbook import Unreadable

GOOD = book([["培训名称", "开始时间", "实到人次", "培训对象"], ["旱藕栽培", "2026-03-06", 45, "村民45"]])
PARTS = zipfile.ZipFile(io.BytesIO(GOOD)).namelist()
MIB = 1024 * 1024
SECONDS, MOST = 5, 120 * MIB  # of one file of a few kilobytes, which takes milliseconds
fuzzed = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def answers(content: bytes) -> None:
    """Rows or a Chinese sentence, from the reader of ledgers and from what makes files ready for openpyxl."""
    began = time.perf_counter()
    for read in (ledger, lightened):
        try:
            read(content)
        except Unreadable as refused:
            assert re.search("[\u4e00-\u9fff]", refused.message), refused
        except TooHeavy:
            pass
    assert time.perf_counter() - began < SECONDS


@fuzzed
@given(st.data())
def test_xl_2_bits_that_turned_over_break_nothing(data):
    content = bytearray(GOOD)
    for at in data.draw(st.lists(st.integers(0, len(GOOD) * 8 - 1), min_size=1, max_size=12)):
        content[at // 8] ^= 1 << at % 8
    answers(bytes(content))


@fuzzed
@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=40))
def test_xl_2_a_piece_cut_out_or_put_in_breaks_nothing(first, last, piece):
    first, last = sorted((first, last))
    answers(GOOD[:first])
    answers(GOOD[:first] + piece + GOOD[last:])


TEXTS = [  # in place of a tag, an attribute's value or a text of a part
    b"<c/>",
    b"</row>",
    b"<row r='0'>",
    b"<row r='99999999999999999999'><c r='A1'/></row>",
    b"<c r='ZZZZ1' t='s'><v>-1</v></c>",
    b"<c r='A1' t='s'><v>99999999</v></c>",
    b"<c r='A2' t='d'><v>9999-99-99T99:99</v></c>",
    b"<c r='B2' s='-1'><v>1e999</v></c>",
    b"<c r='B2' s='99999'><v>NaN</v></c>",
    b"<c r='C2'><f t='shared' si='0' ref='A1:XFD1048576'>1</f><v/></c>",
    b"<mergeCell ref='A1:XFD1048576'/>",
    b"<mergeCell ref='Z9:A1'/>",
    b"<dimension ref='A1:XFD1048576'/>",
    b"<cols><col min='0' max='99999999999'/></cols>",
    b"<!--x-->",
    b"<![CDATA[<]]>",
    b"&#x110000;",
    b"&#0;",
    b"&lol;",
    b"<!DOCTYPE a [<!ENTITY lol 'x'>]>",
    b"_x0000__xD800_",
    b"\xff",
    b"",
    b"<a>" * 100,
    b"rId999",
    b"../../../etc/passwd",
    b"file:///etc/passwd",
]


@fuzzed
@given(st.sampled_from(PARTS), st.lists(st.tuples(st.integers(0, 400), st.sampled_from(TEXTS)), min_size=1, max_size=3))
def test_xl_2_parts_whose_xml_says_something_else_break_nothing(part, changes):
    def changed(data):
        pieces = re.findall(rb"<[^>]*>|[^<]+|<", data)
        for at, text in changes:
            pieces[at % len(pieces)] = text
        return b"".join(pieces)

    answers(patched(GOOD, {part: changed}))


@fuzzed
@given(
    st.lists(st.sampled_from(PARTS), max_size=3),
    st.lists(
        st.tuples(
            st.sampled_from([*PARTS, "xl/worksheets/sheet2.xml", "a\\..\\b", "\u202e.xml", "a" * 300]),
            st.binary(max_size=30),
        ),
        max_size=3,
    ),
    st.sampled_from([None, 12, 95]),  # 12: bzip2, which no workbook uses
)
def test_xl_2_parts_missing_added_or_packed_otherwise_break_nothing(missing, added, method):
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in missing:
                new.writestr(name, old.read(name), compress_type=zipfile.ZIP_BZIP2 if method == 12 else None)
        for name, content in added:
            if name.lower() not in {known.lower() for known in new.namelist()}:
                new.writestr(name, content)
    content = result.getvalue()
    if method == 95:  # a method that nobody knows, in each entry of the directory
        content = re.sub(rb"(PK\x01\x02.{6}..)..", b"\\g<1>\x5f\0", content, flags=re.DOTALL)
    answers(content)


def test_xl_2_ld_3_ten_thousand_names_in_one_cell_are_not_taken_apart_row_by_row():
    """A shared text costs nothing in the file: 85 kilobytes kept the reader busy for seconds, a few megabytes for an hour."""
    content = book(
        [
            ["培训名称", "开始时间", "实到人次", "培训对象", "协办单位"],
            *[["课", "2026-03-06", 4, "a1、" * 10_000, "a、" * 10_000]] * 20,
        ]
    )
    rows = ledger(content).rows
    assert len(rows) == 20
    for row in rows:
        assert {p.column for p in row.problems if p.code == "too_long"} == {"培训对象", "协办单位"}


@pytest.mark.parametrize("text", [" ", "1", "年", "、", "(", "星期一", "2026-", "- ", "合计", "8:", "\n"])
def test_xl_2_ld_3_a_long_cell_in_every_column_takes_little_time_and_memory(text):
    """Patterns that look at a text again from each of its characters would take minutes."""
    long = "x" + text * (30_000 // len(text)) + "x"
    header = [
        "培训名称",
        "开始时间",
        "结束时间",
        "实到人次",
        "培训对象",
        "学时",
        "主办单位",
        "地点",
        "授课教师",
        "备注",
    ]
    content = book([header, [long] * len(header), [long[1:]] * len(header)])
    tracemalloc.start()
    try:
        answers(content)
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
    assert read_workbook(content).sheets
