"""The errors workbook for files that openpyxl stumbles over, does not know, or could not hold."""

import io
import json
import re
from types import SimpleNamespace

import openpyxl
import pytest
from django.core.management import call_command

from networks.xlsx import lighten
from networks.xlsx.lighten import TooHeavy, lightened
from tests.trainings.workbook_files import HEADER, book, patched
from trainings.workbook import mark_errors, rehearse

WRONG = [HEADER, ["甲", "2026-03-05", "约40"], ["乙", "2026-03-06", 45]]
SHEET = "xl/worksheets/sheet1.xml"


def comments(content):
    """{cell: comment} of the only sheet."""
    cells = (cell for row in openpyxl.load_workbook(io.BytesIO(content)).active for cell in row)
    return {cell.coordinate: cell.comment.text for cell in cells if cell.comment}


def listed(content):
    sheet = openpyxl.load_workbook(io.BytesIO(content))["错误清单"]
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=2)]


def without_calculation(data):
    return re.sub(rb"<calcPr[^>]*/>", b"", data)


def strict(data):
    return re.sub(rb"http://schemas\.openxmlformats\.org/(\w+)/2006/(\w+)", rb"http://purl.oclc.org/ooxml/\1/\2", data)


def unknown_style(data):
    return data.replace(b'<c r="B2"', b'<c r="B2" s="99"')


def test_a_workbook_without_calculation_settings_is_marked_and_calculated_when_opened(world):
    content = patched(book(WRONG), {"xl/workbook.xml": without_calculation})
    result = mark_errors(content, rehearse(content, world.town).errors)
    assert list(comments(result)) == ["C2"]
    assert openpyxl.load_workbook(io.BytesIO(result)).calculation.fullCalcOnLoad is True


def test_strict_open_xml_is_marked(world):
    parts = ["xl/workbook.xml", SHEET, "xl/styles.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"]
    content = patched(book(WRONG), dict.fromkeys(parts, strict))
    assert list(comments(mark_errors(content, rehearse(content, world.town).errors))) == ["C2"]


def test_an_error_without_a_column_is_marked_where_its_row_begins_or_that_cell_is_merged(world):
    header = [None, *HEADER, "长短"]
    rows = [header, ["一", "甲", "2026-03-05", 40, "x" * 1001], [None, "乙", "2026-03-06", 41, "y" * 1001]]
    content = book(rows, merges=("A2:A3",))
    problems = rehearse(content, world.town).errors
    assert [(problem.row, problem.column) for problem in problems] == [(2, "备注"), (3, "备注")]
    assert set(comments(mark_errors(content, problems))) == {"E2", "E3"}
    nowhere = [SimpleNamespace(sheet="表1", row=3, column="备注", message="太长", cell=None)]
    assert comments(mark_errors(content, nowhere)) == {"A2": "备注：太长"}


def test_where_openpyxl_stumbles_the_errors_come_as_a_list_of_texts(world, caplog):
    content = patched(book([HEADER, ["丙", "2026-03-05", "=1"], *WRONG[1:]]), {SHEET: unknown_style})
    result = mark_errors(content, rehearse(content, world.town).errors)
    assert listed(result)[0] == ("工作表", "行", "单元格", "栏目", "问题")
    assert [row[:4] for row in listed(result)[1:]] == [("表1", 2, "C2", "实到人次"), ("表1", 3, "C3", "实到人次")]
    assert listed(result)[2][4].startswith("“约40”")
    assert "IndexError" in caplog.text


def test_the_command_writes_the_list_and_ends_as_ever(world, tmp_path, capsys):
    path, out = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    path.write_bytes(patched(book(WRONG), {SHEET: unknown_style}))
    with pytest.raises(SystemExit) as end:
        call_command("import_sessions", str(path), "--as", world.town.username, "--json", "--errors", str(out))
    assert end.value.code == 1
    assert json.loads(capsys.readouterr().out)["errors"][0]["row"] == 2
    assert len(listed(out.read_bytes())) == 2


# --- what openpyxl cannot hold ----------------------------------------------------------------------


def filled_up(cells):
    """A sheet moved down and right by empty cells, with references left out, and followed by as many empty cells."""

    def change(data):
        data = re.sub(rb'(<(?:row|c)) r="[A-Z]*[0-9]+"', rb"\1", data)
        data = re.sub(rb"<row([^>]*)>", rb"<row\1><c/>", data).replace(b"<sheetData>", b"<sheetData><row><c/></row>")
        return data.replace(b"</sheetData>", b'<row><c s="0"/><c s="0"></c></row>' * (cells // 2) + b"</sheetData>")

    return change


def test_rows_and_cells_that_hold_nothing_are_left_out_only_where_there_are_too_many(world, monkeypatch):
    content = patched(book([*WRONG, ["x & <y>\n"]]), {SHEET: filled_up(1000)})
    assert lightened(content) is content
    monkeypatch.setattr(lighten, "MOST_OBJECTS", 400)
    slim = openpyxl.load_workbook(io.BytesIO(lightened(content))).active
    assert [[cell.value for cell in row] for row in slim.iter_rows(min_row=1, min_col=1)] == [
        [None] * 4,
        *([None, *row] for row in WRONG),
        [None, "x & <y>\n", None, None],
    ]
    assert list(comments(mark_errors(content, rehearse(content, world.town).errors))) == ["D3", "C5", "D5"]


@pytest.mark.parametrize("merges", [(), ("E1:H100",)])
def test_a_workbook_full_of_texts_or_merges_is_listed(world, monkeypatch, merges):
    monkeypatch.setattr(lighten, "MOST_OBJECTS", 400)
    content = book([*WRONG, *([] if merges else [[None, None, None, "x", "y"]] * 130)], merges=merges)
    assert lightened(book(WRONG))
    with pytest.raises(TooHeavy):
        lightened(content)
    assert len(listed(mark_errors(content, rehearse(content, world.town).errors))) > 1


def test_hundreds_of_thousands_of_formatted_cells_never_reach_openpyxl(world):
    content = patched(book(WRONG), {SHEET: filled_up(300_000)})
    assert len(lightened(content)) < 10_000
    assert list(comments(mark_errors(content, rehearse(content, world.town).errors))) == ["D3"]
