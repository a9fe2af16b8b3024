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

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from networks.xlsx import lighten
from networks.xlsx.cells import read_workbook
from networks.xlsx.lighten import TooHeavy, lightened, without_drawings
from networks.xlsx.marked import NO_DRAWINGS, mark_errors
from networks.xlsx.problems import Problem
from tests.trainings.workbook_files import book, ledger, patched, saved
from trainings.workbook import Unreadable

GOOD = book([["培训名称", "开始时间", "实到人次", "培训对象"], ["旱藕栽培", "2026-03-06", 45, "村民45"]])
PARTS = zipfile.ZipFile(io.BytesIO(GOOD)).namelist()
MIB = 1024 * 1024
SECONDS, MOST = 5, 120 * MIB  # of one file of a few kilobytes, which takes milliseconds
fuzzed = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


WRONG = Problem("表1", 2, "实到人次", "bad_count", "请核对", (2, 3))


def answers(content: bytes) -> None:
    """Rows or a Chinese sentence, from the reader of ledgers and from what makes files ready for openpyxl; and a workbook that
    shows where the errors are."""
    began = time.perf_counter()
    for read in (ledger, lightened, without_drawings):
        try:
            read(content)
        except Unreadable as refused:
            assert re.search("[\u4e00-\u9fff]", refused.message), refused
        except TooHeavy:
            pass
    assert openpyxl.load_workbook(io.BytesIO(mark_errors(content, [WRONG])))
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
    b"<hyperlinks><hyperlink ref='A1:XFD1048576'/></hyperlinks>",
    b"<conditionalFormatting sqref='A1:XFD1048576 A1 A1'/>",
    b"<row/><row><c><f t='shared' si='0'/></c></row>",
    b"<drawing r:id='rId1'/>",
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


# --- what openpyxl would make much of ---------------------------------------------------------------


SHEET, RELATIONS = "xl/worksheets/sheet1.xml", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def related(*relations):
    """The part of relations of the sheet: (type, target)."""
    each = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(relations)
    )
    return [("xl/worksheets/_rels/sheet1.xml.rels", f"<Relationships>{each}</Relationships>".encode())]


def behind(xml):
    return lambda data: data.replace(b"</sheetData>", b"</sheetData>" + xml)


def with_rows(xml):
    return lambda data: data.replace(b"</sheetData>", xml + b"</sheetData>")


def twice_in_the_workbook(data):
    return data.replace(
        b"</sheets>", re.search(rb"<sheet [^>]*/>", data)[0].replace("表1".encode(), b"x") + b"</sheets>"
    )


SHARED = b'<row><c><f t="shared" si="0" ref="Z1:Z9">%s</f></c></row>'
AGAIN = b'<row><c><f t="shared" si="0"/></c></row>'
COMMENT = b'<comments><commentList><comment ref="A1:XFD1048576"/></commentList></comments>'
TABLE = b'<table id="1" name="t" displayName="t" ref="A1:XFD1048576"/>'
NAMES = (
    b"<definedNames><definedName name='_xlnm.Print_Area' localSheetId='0'>%s</definedName></definedNames></workbook>"
)
BOMBS = {
    "a link over a million cells": ({SHEET: behind(b'<hyperlinks><hyperlink ref="A1:CV10000"/></hyperlinks>')}, []),
    "links among as many relations": (
        {SHEET: behind(b"<hyperlinks>" + b'<hyperlink ref="A1"/>' * 6_000 + b"</hyperlinks>")}, []
    ),
    "relations": ({}, related(*[("hyperlink", "x")] * 6_000)),
    "a comment on every cell": ({}, [*related(("comments", "../comments1.xml")), ("xl/comments1.xml", COMMENT)]),
    "comments without end": (
        {},
        [
            *related(("comments", "../comments1.xml")),
            ("xl/comments1.xml", b"<comments>" + b'<comment ref="A1"/>' * 30_000 + b"</comments>"),
        ],
    ),
    "a table without columns": ({}, [*related(("table", "../table1.xml")), ("xl/table1.xml", TABLE)]),
    "comments read again and again": (
        {},
        [*related(*[("comments", "../comments1.xml")] * 2), ("xl/comments1.xml", b"<comments/>")],
    ),
    "a sheet read again and again": ({"xl/workbook.xml": twice_in_the_workbook}, []),
    "a list of areas": (
        {SHEET: behind(b'<conditionalFormatting sqref="%s"/>' % (b"A1 " * 300_000))}, []
    ),
    "a print area": (
        {"xl/workbook.xml": lambda data: data.replace(b"</workbook>", NAMES % (b"A1," * 300_000))}, []
    ),
    "a formula longer than any": ({SHEET: with_rows(SHARED % (b"1+" * 5_000 + b"1"))}, []),
    "a long formula in many cells": ({SHEET: with_rows(SHARED % (b"1+" * 4_000 + b"1") + AGAIN * 600)}, []),
    "a text in a cell in many pieces": (
        {SHEET: with_rows(b'<row><c t="inlineStr"><is>' + b"<r><t/></r>" * 130_000 + b"</is></c></row>")}, []
    ),
    "a shared text in many pieces": (
        {},
        [("xl/sharedStrings.xml", b"<sst><si>" + b"<r><t/></r>" * 130_000 + b"</si></sst>")],
    ),
    "a sheet that bears the name of the shared texts": (
        {}, [("xl/worksheets/sharedStrings.xml", b"<sst><row>" + b"<c><v>1</v></c>" * 260_000 + b"</row></sst>")]
    ),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_xl_2_what_a_few_kilobytes_would_grow_into_never_reaches_openpyxl(bomb):
    changes, added = BOMBS[bomb]
    content = patched(GOOD, changes, add=added)
    assert len(content) < 40_000
    with pytest.raises(TooHeavy):
        lightened(content)
    listed = openpyxl.load_workbook(io.BytesIO(mark_errors(content, [WRONG])))
    assert listed.sheetnames == ["错误清单"]


def test_xl_2_pivot_stores_are_weighed_once_for_every_sheet(monkeypatch):
    caches = (
        b"<pivotCaches>" + b"".join(b'<pivotCache r:id="p%d"/>' % n for n in range(30)) + b"</pivotCaches></workbook>"
    )
    content = patched(GOOD, {"xl/workbook.xml": lambda data: data.replace(b"</workbook>", caches)})
    monkeypatch.setattr(lighten, "MOST_OBJECTS", 2_000)
    assert lightened(GOOD) is GOOD
    with pytest.raises(TooHeavy):
        lightened(content)


def test_xl_2_pictures_and_charts_stay_behind_and_the_first_comment_says_so():
    """Five hundred times one picture would be read five hundred times; formulas, links and the clerk's own comments stay."""
    workbook = openpyxl.load_workbook(io.BytesIO(GOOD))
    sheet = workbook.active
    sheet["E2"], sheet["F2"].hyperlink = "=SUM(C2:C2)", "https://example.org/a"
    sheet["A2"].comment = openpyxl.comments.Comment("原有批注", "韦某")
    sheet.add_chart(openpyxl.chart.BarChart(), "H2")
    Image.new("RGB", (4, 4)).save(picture := io.BytesIO(), "PNG")
    for _ in range(3):
        sheet.add_image(openpyxl.drawing.image.Image(io.BytesIO(picture.getvalue())), "H9")
    content = saved(workbook)
    assert any("media" in name for name in zipfile.ZipFile(io.BytesIO(content)).namelist())
    bare = without_drawings(content)
    assert without_drawings(GOOD) is GOOD and without_drawings(bare) is bare
    result = mark_errors(content, [WRONG])
    assert not [
        n
        for n in zipfile.ZipFile(io.BytesIO(result)).namelist()
        if "media" in n or "/charts/" in n or "/drawings/drawing" in n
    ]
    marked = openpyxl.load_workbook(io.BytesIO(result)).active
    assert NO_DRAWINGS in marked["C2"].comment.text and marked["A2"].comment.text == "原有批注"
    assert marked["E2"].value == "=SUM(C2:C2)" and marked["F2"].hyperlink.target == "https://example.org/a"
    plain = openpyxl.load_workbook(io.BytesIO(mark_errors(GOOD, [WRONG]))).active
    assert NO_DRAWINGS not in plain["C2"].comment.text


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
