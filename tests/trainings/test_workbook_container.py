"""What kind of file it is, and the limits (XL-1, XL-2)."""

import io
import stat
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.xlsx import container as package
from networks.xlsx.cells import read_workbook
from tests.trainings.workbook_files import HEADER, book, ledger, patched
from trainings.workbook import Unreadable

GOOD = book([HEADER, ["旱藕栽培", "2026-03-06", 45]])
CSV = "培训名称,开始时间,实到人次\r\n旱藕栽培,2026-03-06,45\r\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def ole(name):
    return OLE + name.encode("utf-16-le") + bytes(600)


def zipped(*entries):
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return result.getvalue()


KINDS = {
    "empty file": (b"", "empty", "0 字节"),
    "only zero bytes": (bytes(2048), "empty", "没有内容"),
    "empty zip": (zipped(), "empty", "没有内容"),
    "xls": (ole("Workbook"), "old_excel", "97—2003"),
    "et": (ole("Workbook"), "old_excel", ".et"),
    "xls of Excel 5": (ole("Book"), "old_excel", "另存为"),
    "encrypted": (ole("EncryptedPackage"), "encrypted", "密码"),
    "doc": (ole("WordDocument"), "document", "Word"),
    "ppt": (ole("PowerPoint Document"), "document", "ppt"),
    "other OLE": (OLE, "ole", "旧版"),
    "csv GBK": (CSV.encode("gbk"), "csv", "CSV"),
    "csv UTF-8": (CSV.encode(), "csv", "CSV"),
    "csv UTF-8 with mark": (CSV.encode("utf-8-sig"), "csv", "CSV"),
    "csv UTF-16": (CSV.replace(",", "\t").encode("utf-16"), "csv", "CSV"),
    "csv UTF-16 without mark": (("name,date,count\r\n" * 9).encode("utf-16-le"), "csv", "CSV"),
    "html": (b"\xef\xbb\xbf<html><body><table><tr><td>1</td></tr></table></body></html>", "html", "HTML"),
    "html GBK": ("<meta charset=gbk><table>培训".encode("gbk"), "html", "HTML"),
    "mhtml": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "html", "HTML"),
    "xml spreadsheet": (
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
        "xml_spreadsheet",
        "XML 表格 2003",
    ),
    "xml": (b"<?xml version='1.0'?><data/>", "xml", "XML"),
    "pdf": (b"%PDF-1.7\n", "pdf", "PDF"),
    "png": (b"\x89PNG\r\n\x1a\n", "image", "图片"),
    "jpeg": (b"\xff\xd8\xff\xe0", "image", "图片"),
    "rar": (b"Rar!\x1a\x07", "archive", "解压"),
    "rtf": (b"{\\rtf1", "document", "RTF"),
    "binary": (bytes(range(256)), "unknown_kind", "认不出"),
    "truncated": (GOOD[: len(GOOD) // 2], "damaged", "不完整"),
    "truncated by a little": (GOOD[:-10], "damaged", "不完整"),
    "zip of a workbook": (zipped(("台账.xlsx", GOOD)), "archive", "解压"),
    "docx": (zipped(("[Content_Types].xml", "<x/>"), ("word/document.xml", "<x/>")), "document", "Word"),
    "pptx": (zipped(("[Content_Types].xml", "<x/>"), ("ppt/presentation.xml", "<x/>")), "document", "pptx"),
    "ods": (zipped(("mimetype", "application/vnd.oasis"), ("content.xml", "<x/>")), "ods", ".ods"),
    "xlsb": (zipped(("[Content_Types].xml", "<x/>"), ("xl/workbook.bin", b"x")), "xlsb", ".xlsb"),
    "xlsm": (patched(GOOD, add=[("xl/vbaProject.bin", b"x")]), "macros", "宏"),
    "no workbook part": (zipped(("[Content_Types].xml", "<x/>")), "damaged", "损坏"),
    "broken sheet": (patched(GOOD, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"}), "damaged", "损坏"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_xl_1_every_kind_of_file_gets_its_own_message(kind):
    content, code, words = KINDS[kind]
    with pytest.raises(Unreadable) as refusal:
        read_workbook(content)
    assert refusal.value.code == code
    assert words in refusal.value.message


def test_xl_1_a_password_on_the_zip_itself_is_named():
    content = bytearray(GOOD)
    for at in (content.find(b"PK\x03\x04") + 6, content.find(b"PK\x01\x02") + 8):
        content[at] |= 1
    with pytest.raises(Unreadable) as refusal:
        read_workbook(bytes(content))
    assert refusal.value.code == "encrypted"


def test_xl_1_a_workbook_without_a_ledger_says_where_the_header_belongs():
    with pytest.raises(Unreadable) as refusal:
        ledger(book([["本表由县教育局汇总"]], []))
    assert refusal.value.code == "no_ledger"
    assert "表头" in refusal.value.message


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "b">]>'


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "docProps/core.xml", "xl/theme/theme1.xml"]
)
def test_xl_2_a_doctype_in_any_part_is_refused(part):
    def with_doctype(data):
        return DOCTYPE + data

    with pytest.raises(Unreadable) as refusal:
        read_workbook(patched(GOOD, {part: with_doctype}))
    assert refusal.value.code == "doctype"
    assert "DOCTYPE" in refusal.value.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_xl_2_a_doctype_hidden_by_utf_16_is_refused(encoding):
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "utf-16": b""}[encoding]
    with pytest.raises(Unreadable) as refusal:
        read_workbook(patched(GOOD, {"docProps/app.xml": mark + text.encode(encoding)}))
    assert refusal.value.code == "doctype"


def test_xl_2_more_than_20_mib_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.xlsx"
    with path.open("wb") as file:
        file.write(GOOD)
        file.truncate(20 * 1024 * 1024 + 1)
    with pytest.raises(Unreadable) as refusal:
        package.read_source(path)
    assert refusal.value.code == "file_too_big"
    assert "20 MiB" in refusal.value.message
    with pytest.raises(Unreadable) as missing:
        package.read_source(tmp_path / "missing.xlsx")
    assert missing.value.code == "no_file"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/comments1.xml"])
def test_xl_2_more_than_60_mib_of_xml_is_refused_by_what_comes_out(part):
    bomb = b"<x>" + b" " * (61 * 1024 * 1024) + b"</x>"
    content = patched(GOOD, {part: bomb}, add=[] if "sheet" in part else [(part, bomb)])
    assert len(content) < 200_000
    with pytest.raises(Unreadable) as refusal:
        read_workbook(content)
    assert refusal.value.code == "too_much_xml"
    assert "60 MiB" in refusal.value.message


def test_xl_2_a_picture_that_inflates_without_end_is_refused():
    with pytest.raises(Unreadable) as refusal:
        read_workbook(patched(GOOD, add=[("xl/media/image1.png", bytes(61 * 1024 * 1024))]))
    assert refusal.value.code == "too_many_pictures"


def test_xl_2_sizes_that_lie_are_a_damaged_file():
    content = GOOD
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = content.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(Unreadable) as refusal:
        read_workbook(lying)
    assert refusal.value.code == "damaged"


def test_xl_2_one_million_cells_are_the_limit_whatever_dimension_says(monkeypatch):
    monkeypatch.setattr("networks.xlsx.cells.MAX_CELLS", 6)
    assert len(read_workbook(GOOD).sheets[0].rows) == 2
    with pytest.raises(Unreadable) as refusal:
        read_workbook(book([HEADER, ["旱藕栽培", "2026-03-06", 45, "x"]]))
    assert refusal.value.code == "too_many_cells"
    assert "1,000,000" in refusal.value.message


def test_xl_2_two_thousand_merges_are_the_limit_and_none_may_be_huge():
    def merged(*areas):
        cells = "".join(f'<mergeCell ref="{area}"/>' for area in areas)
        end = f"</sheetData><mergeCells>{cells}</mergeCells>".encode()
        return patched(GOOD, {"xl/worksheets/sheet1.xml": lambda data: data.replace(b"</sheetData>", end)})

    assert len(read_workbook(merged(*(f"A{n}:B{n}" for n in range(10, 2010)))).sheets[0].merges) == 2000
    with pytest.raises(Unreadable) as many:
        read_workbook(merged(*(f"A{n}:B{n}" for n in range(10, 2011))))
    assert (many.value.code, "2,000" in many.value.message) == ("too_many_merges", True)
    assert read_workbook(merged("A10:J10009")).sheets[0].merges == [(10, 1, 10009, 10)]
    with pytest.raises(Unreadable) as huge:
        read_workbook(merged("A10:XFD1000"))
    assert (huge.value.code, "100,000" in huge.value.message) == ("merge_too_big", True)


def test_xl_2_ten_thousand_session_rows_are_the_limit(monkeypatch):
    monkeypatch.setattr("trainings.workbook.rows.MAX_ROWS", 2)
    rows = [[f"第{n}期", "2026-03-06", 45] for n in range(3)]
    assert len(ledger(book([HEADER, *rows[:2], [], ["合计", None, 90]])).rows) == 2
    with pytest.raises(Unreadable) as refusal:
        ledger(book([HEADER, *rows[:2]], [HEADER, rows[2]]))
    assert (refusal.value.code, "10,000" in refusal.value.message) == ("too_many_rows", True)


def symlink():
    info = zipfile.ZipInfo("xl/media/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (("xl/worksheets/sheet1.xml", b"<x/>"), "duplicate_part"),
        (("XL/Worksheets/SHEET1.xml", b"<x/>"), "duplicate_part"),
        (("../../etc/passwd", b"x"), "unsafe_part"),
        (("/etc/passwd", b"x"), "unsafe_part"),
        ((symlink(), b"/etc/passwd"), "unsafe_part"),
        (("xl/embeddings/book.xlsx", GOOD), "nested_archive"),
    ],
)
def test_xl_2_duplicate_nested_and_linked_entries_are_refused(entry, code):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicate that is the point here
        content = patched(GOOD, add=[entry])
    with pytest.raises(Unreadable) as refusal:
        read_workbook(content)
    assert refusal.value.code == code


def test_xl_2_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(package, "MAX_ENTRIES", 5)
    with pytest.raises(Unreadable) as refusal:
        read_workbook(GOOD)
    assert refusal.value.code == "too_many_parts"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "docProps/app.xml"])
def test_xl_2_endless_nesting_is_refused(part):
    with pytest.raises(Unreadable) as refusal:
        read_workbook(patched(GOOD, {part: b"<x>" * 100_000}))
    assert refusal.value.code == "damaged"


def test_xl_2_old_drawings_that_are_not_well_formed_do_no_harm():
    content = patched(GOOD, add=[("xl/drawings/vmlDrawing1.vml", b"<xml><br></xml>")])
    assert read_workbook(content).sheets[0].rows[2] == {1: "旱藕栽培", 2: "2026-03-06", 3: 45}


@pytest.mark.parametrize("reference", ["B2", "A0", "XFE1", "A1048577", "AAAA1", "1A"])
def test_xl_2_cells_in_impossible_places_are_refused(reference):
    def moved(data):
        return data.replace(b'r="A1"', f'r="{reference}"'.encode())

    with pytest.raises(Unreadable) as refusal:
        read_workbook(patched(GOOD, {"xl/worksheets/sheet1.xml": moved}))
    assert refusal.value.code == "damaged"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_xl_2_a_file_damaged_anywhere_is_read_or_refused_and_never_breaks_the_reader(data):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 40))]
    try:
        ledger(bytes(content))
    except Unreadable as refusal:
        assert refusal.message


def test_xl_2_only_the_packing_that_workbooks_use_is_unpacked():
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_LZMA) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(Unreadable) as refusal:
        read_workbook(result.getvalue())
    assert refusal.value.code == "damaged"


@pytest.mark.parametrize(
    "sheet",
    [
        '<sheetData><c r="A1"><v>1</v></c></sheetData>',
        "<sheetData><c><v>1</v></c></sheetData>",
        '<sheetData><row r="0"/></sheetData>',
        '<sheetData><row r="x"/></sheetData>',
        '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="A1"><v>zwei</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="A1"><v>NaN</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="A1"><v>1e999</v></c></row></sheetData>',
        '<sheetData><row r="1"><c r="A1" t="s"><v>7</v></c></row></sheetData>',
        f'<sheetData><row r="1"><c r="A1" t="str"><v>{"x" * 70_000}</v></c></row></sheetData>',
        '<mergeCells><mergeCell ref="B2:A1"/></mergeCells>',
        "<mergeCells><mergeCell/></mergeCells>",
    ],
)
def test_xl_2_a_sheet_that_contradicts_itself_is_refused(sheet):
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    content = patched(GOOD, {"xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{sheet}</worksheet>'.encode()})
    with pytest.raises(Unreadable) as refusal:
        read_workbook(content)
    assert refusal.value.code == "damaged"


def test_xl_2_more_elements_than_any_ledger_has_are_refused(monkeypatch):
    monkeypatch.setattr(package, "MAX_ELEMENTS", 50)
    with pytest.raises(Unreadable) as refusal:
        read_workbook(patched(GOOD, {"docProps/app.xml": b"<x>" + b"<y/>" * 50 + b"</x>"}))
    assert refusal.value.code == "too_much_xml"


def test_xl_2_the_errors_workbook_is_written_by_guarded_parsers_only():
    from networks.xlsx import marked

    assert marked.DEFUSEDXML is True
