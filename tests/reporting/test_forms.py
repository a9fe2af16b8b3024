"""The forms that the county files: each figure from its source, what is missing said, page and workbook alike."""

import io
import shutil
import subprocess
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from networks.models import AnnualFigure, Fund, Zone
from reporting.forms import FORMS
from reporting.forms.filling import fill
from reporting.models import AssessmentYear, FormEntry
from trainings.models import Audience, AudienceCount

KEYS = sorted(FORMS)


@pytest.fixture
def year(world):
    return AssessmentYear.objects.select_related("county").get(county=world.ours.county, year=world.year)


def cells(filled, row=0) -> dict:
    return {field.key: cell for field, cell in filled.lines[row].cells}


def all_cells(filled):
    return [(line, field, cell) for line in filled.lines for field, cell in line.cells]


def test_the_forms_of_a_county_are_found_by_their_modules():
    assert list(FORMS) == [
        "completion",
        "annual-report",
        "demonstration-zone",
        "community-survey",
        "elderly-survey",
        "adult-schools",
        "performance",
    ]
    for form in FORMS.values():
        keys = [field.key for field in form.fields]
        assert len(keys) == len(set(keys)), form.key


@pytest.mark.parametrize("key", KEYS)
def test_every_figure_says_where_it_comes_from_and_what_is_missing_is_never_0(world, year, key):
    Zone.objects.create(division=world.places["白山镇"], kind="demonstration", starts_on="2019-02-02", basis="二(一)3")
    filled = fill(FORMS[key], year, world.bureau)
    assert filled.lines
    for line, field, cell in all_cells(filled):
        assert cell.source or line.is_total, field.key
        if cell.value is None and not cell.few:
            assert cell.typed or cell.why, field.key
            assert cell.words in {"无法计算", "待填"}


def test_the_completion_table_is_the_standing_of_each_unit_with_both_sums(world, year):
    world.session(world.ours, status="verified", reported=120)
    world.session(world.ours, status="submitted", reported=30)
    filled = fill(FORMS["completion"], year, world.bureau)
    ours = next(line for line in filled.lines if line.key == world.ours.code)
    got = {field.key: cell.value for field, cell in ours.cells}
    assert got == {
        "required_sessions": 4,
        "required_attendances": 400,
        "verified_sessions": 1,
        "verified_attendances": 120,
        "short_sessions": 3,
        "short_attendances": 280,
        "pending_sessions": 1,
        "pending_attendances": 30,
        "verdict": "差 3 场 280 人次",
        "note": None,
    }
    summed, whole = filled.lines[-2:]
    assert {f.key: c.value for f, c in summed.cells}["verified_attendances"] == 120
    assert {f.key: c.value for f, c in whole.cells}["verified_sessions"] == 1
    assert {f.key: c.value for f, c in whole.cells}["required_sessions"] == ""


def test_unknown_people_and_money_are_not_known_until_entered(world, year):
    before = cells(fill(FORMS["annual-report"], year, world.bureau))
    assert (before["paid"].value, before["paid"].words) == (None, "无法计算")
    assert "没有填报实际支出" in before["paid"].why
    assert (before["meetings"].value, before["meetings"].words) == (None, "待填")
    assert before["participation"].words == "无法计算"
    for place in [world.ours.county, world.places["白山镇"], world.places["古零镇"]]:
        Fund.objects.create(
            division=place, year=year.year, source="public", budgeted=Decimal("1000"), paid=Decimal("900.50")
        )
    county = world.ours.county
    AnnualFigure.objects.create(
        division=county, year=year.year, kind="population", basis="resident", value=1000, source="统计公报"
    )
    AnnualFigure.objects.create(
        division=county, year=year.year, kind="participants", value=305, source="名册", method="按名册"
    )
    after = cells(fill(FORMS["annual-report"], year, world.bureau))
    assert after["paid"].value == Decimal("2701.50")
    assert after["public"].value == Decimal("2701.50")
    assert after["donation"].value == Decimal(0)  # every body has said what it spent, and nothing came from there
    assert after["participation"].value == Decimal("30.5")
    assert "305 人 ÷ 常住人口1,000 人" in after["participation"].source


def test_pi_2_few_heads_of_an_audience_are_withheld_and_none_named_is_not_0(world, year):
    session = world.session(world.ours, status="verified", reported=40)
    elderly = Audience.objects.get(name="老年人")
    AudienceCount.objects.create(session=session, audience=elderly, number=3)
    got = cells(fill(FORMS["annual-report"], year, world.bureau))
    assert (got["audience_老年人"].value, got["audience_老年人"].words) == (None, "<5")
    assert (got["audience_青少年"].value, got["audience_青少年"].words) == (None, "无法计算")
    assert got["audience_青少年"].why == "已核定的场次中没有一场注明对象是青少年"
    AudienceCount.objects.filter(session=session).update(number=30)
    assert cells(fill(FORMS["annual-report"], year, world.bureau))["audience_老年人"].value == 30


def test_pi_2_a_form_gives_no_few_heads_away_by_its_total(world, year):
    session = world.session(world.ours, status="verified", reported=47)
    for name, number in (("老年人", 46), ("青少年", 1)):
        AudienceCount.objects.create(session=session, audience=Audience.objects.get(name=name), number=number)
    got = cells(fill(FORMS["annual-report"], year, world.bureau))
    assert [(got[f"audience_{name}"].value, got[f"audience_{name}"].words) for name in ("老年人", "青少年")] == [
        (None, "不单列"),
        (None, "<5"),
    ]


def test_a_sum_of_an_audience_says_how_many_sessions_gave_its_number(world, year):
    elderly = Audience.objects.get(name="老年人")
    for number in (30, 20, None):
        session = world.session(world.ours, status="verified", reported=40)
        AudienceCount.objects.create(session=session, audience=elderly, number=number)
    got = cells(fill(FORMS["annual-report"], year, world.bureau))["audience_老年人"]
    assert got.value == 50
    assert got.told == "培训统计：按培训对象，老年人；3 场中 2 场注明了人数，只加这些"


def test_what_the_office_types_is_kept_with_the_form_and_added_up(world, year, ask):
    url = reverse("form-fill", args=[year.year, "adult-schools"])
    ours, theirs = world.places["白山镇"].pk, world.places["古零镇"].pk
    assert ask(world.bureau, url, {f"enrolled.{ours}": "120", f"note.{ours}": "含夜校"}, "post").status_code == 302
    filled = fill(FORMS["adult-schools"], year, world.bureau)
    by_row = {line.key: {f.key: c for f, c in line.cells} for line in filled.lines}
    assert by_row[ours]["enrolled"].value == 120
    assert by_row[ours]["note"].value == "含夜校"
    assert by_row[theirs]["enrolled"].words == "待填"
    total = by_row[world.ours.county.pk]["enrolled"]
    assert (total.value, total.why) == (None, "没有填：古零镇")
    data = {f"enrolled.{ours}": "120", f"enrolled.{theirs}": "0", "seen_version": "1"}
    assert ask(world.bureau, url, data, "post").status_code == 302
    filled = fill(FORMS["adult-schools"], year, world.bureau)
    by_row = {line.key: {f.key: c for f, c in line.cells} for line in filled.lines}
    assert by_row[world.ours.county.pk]["enrolled"].value == 120
    assert by_row[ours]["note"].value is None  # emptied
    assert FormEntry.objects.get().history.count() == 2


def test_in4_whoever_saves_second_sees_both_values_and_loses_nothing(world, year, ask):
    url = reverse("form-fill", args=[year.year, "annual-report"])
    key = f"meetings.{world.ours.county.pk}"
    words = f"problems.{world.ours.county.pk}"
    assert ask(world.bureau, url, {key: "2"}, "post").status_code == 302
    answer = ask(world.bureau, url, {key: "3", words: "缺专干", "seen_version": "0"}, "post")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "已有人先改成了“2”" in page
    assert "缺专干" in page
    assert FormEntry.objects.get().values == {key: 2}
    assert ask(world.bureau, url, {key: "3", words: "缺专干", "seen_version": "1"}, "post").status_code == 302
    assert FormEntry.objects.get().values == {key: 3, words: "缺专干"}


@pytest.mark.parametrize("typed", ["-1", "三", "9" * 400, "1.5", "\x00"])
def test_what_is_no_number_is_refused_beside_its_field_and_kept(world, year, ask, typed):
    url = reverse("form-fill", args=[year.year, "annual-report"])
    answer = ask(world.bureau, url, {f"meetings.{world.ours.county.pk}": typed}, "post")
    assert answer.status_code == 200
    assert "请先改正以下问题" in answer.content.decode()
    assert not FormEntry.objects.exists()


@pytest.mark.parametrize("key", KEYS)
def test_page_paper_and_workbook_show_the_same_figures(world, year, ask, key):
    Zone.objects.create(division=world.places["白山镇"], kind="demonstration", starts_on="2019-02-02", basis="二(一)3")
    world.session(world.ours, status="verified", reported=1234)
    filled = fill(FORMS[key], year, world.bureau)
    for name in ("form", "form-print"):
        page = ask(world.bureau, reverse(name, args=[year.year, key])).content.decode()
        assert filled.title in page
        for _, _, cell in all_cells(filled):
            assert cell.words in page
    content = ask(world.bureau, reverse("form-export", args=[year.year, key])).content
    sheet = load_workbook(io.BytesIO(content)).active
    values = [cell.value for row in sheet.iter_rows() for cell in row]
    for _, field, cell in all_cells(filled):
        if isinstance(cell.value, int):
            assert cell.value in values, field.key
        elif cell.words:
            assert cell.words in values or cell.value in [Decimal(str(v)) for v in values if isinstance(v, float | int)]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_xl_8_what_the_office_types_is_never_a_formula(world, year, ask):
    FormEntry.objects.create(year=year, form="completion", values={f"note.{world.ours.code}": "=HYPERLINK(1)"})
    content = ask(world.bureau, reverse("form-export", args=[year.year, "completion"])).content
    sheet = load_workbook(io.BytesIO(content)).active
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=HYPERLINK(1)"]
    assert [cell.data_type for cell in found] == ["s"]


def test_a_county_without_a_demonstration_zone_is_told_what_belongs_there(world, year, ask):
    page = ask(world.bureau, reverse("form", args=[year.year, "demonstration-zone"])).content.decode()
    assert "这一年没有县级示范区" in page


def test_an_unknown_form_or_year_is_not_there(world, year, ask):
    assert ask(world.bureau, reverse("form", args=[year.year, "no-such"])).status_code == 404
    assert ask(world.bureau, reverse("form", args=[1999, "completion"])).status_code == 404
    assert ask(world.bureau, reverse("form-fill", args=[year.year, "no-such"])).status_code == 404


@pytest.mark.parametrize("key", ["annual-report", "community-survey", "adult-schools", "completion"])
def test_pf_a_form_asks_as_many_queries_with_3_sessions_as_with_30(world, year, key):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            fill(FORMS[key], AssessmentYear.objects.select_related("county").get(pk=year.pk), world.bureau)
        return len(queries)

    for _ in range(3):
        world.session(world.ours, status="verified", reported=20)
    few = asked()
    for _ in range(27):
        world.session(world.theirs, status="verified", reported=20)
    assert asked() == few


def test_the_county_line_counts_what_was_held_anywhere_within_it(world, year):
    world.session(world.ours, status="verified", reported=30)
    world.session(world.theirs, status="verified", reported=40)
    world.session(world.wxgtj, status="verified", reported=50, place=world.county)
    lines = {
        line.key: {f.key: c.value for f, c in line.cells}
        for line in fill(FORMS["community-survey"], year, world.bureau).lines
    }
    assert [lines[key]["attendances"] for key in (world.places["白山镇"].pk, world.places["古零镇"].pk)] == [30, 40]
    assert (lines[world.county.pk]["sessions"], lines[world.county.pk]["attendances"]) == (3, 120)


def test_a_text_of_several_lines_has_room_in_the_workbook_also_where_cells_are_merged(world, year, ask):
    sheet = load_workbook(
        io.BytesIO(ask(world.bureau, reverse("form-export", args=[year.year, "elderly-survey"])).content)
    ).active
    assert sheet.row_dimensions[3].height >= 30  # 有老年学校的乡镇比例（%） in a column of 12
    width = sum(column.width for column in sheet.column_dimensions.values())
    for (cell,) in sheet.iter_rows(min_row=4, max_col=1):
        text = str(cell.value or "")
        if 2 * len(text) > 2 * width:  # surely two lines and more
            assert sheet.row_dimensions[cell.row].height >= 30, text


@pytest.mark.skipif(not shutil.which("localc"), reason="LibreOffice Calc is not installed")
def test_xl_8_another_program_reads_numbers_as_numbers_and_no_formula(world, year, ask, tmp_path):
    world.session(world.ours, status="verified", reported=1234)
    FormEntry.objects.create(year=year, form="completion", values={f"note.{world.ours.code}": "=1+1"})
    (tmp_path / "f.xlsx").write_bytes(ask(world.bureau, reverse("form-export", args=[year.year, "completion"])).content)
    home = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", home, "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "out", tmp_path / "f.xlsx"]
    subprocess.run(command, check=True, capture_output=True, timeout=240)  # read and written again
    cells = [cell for row in load_workbook(tmp_path / "out" / "f.xlsx").active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells) and [c.data_type for c in cells if c.value == "=1+1"] == ["s"]
    filled = fill(FORMS["completion"], year, world.bureau)
    figures = [cell.value for _, _, cell in all_cells(filled) if isinstance(cell.value, int)]
    in_order = range(1, len([line for line in filled.lines if not line.is_total]) + 1)  # 序号
    assert sorted(cell.value for cell in cells if cell.data_type == "n" and cell.value is not None) == sorted(
        [*figures, *in_order]
    )
