"""A year worked by hand: what two units held in 2025, added up on paper, and the same figures on the page, in the workbook, from
the command and in the act, before and after locking."""

import io
import json
import re
from datetime import date

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from docx import Document as Opened
from openpyxl import load_workbook

from networks import uploads
from reporting import word
from reporting.assessment import county_standing
from reporting.bulletin import document_of
from reporting.forms import FORMS
from reporting.models import AssessmentYear, Bulletin, LedgerAct
from reporting.submitting import prepare
from trainings.models import DeliveryForm

from .test_locking import SETTLED

# Day, unit, form, heads as reported, heads as verified (None: not verified); counted or not, by hand.
YEAR = [
    (date(2025, 1, 1), "ours", "课堂学习", 60, 60),  # the first day of the year counts
    (date(2025, 3, 5), "ours", "课堂学习", 150, 140),  # the verified figure counts
    (date(2025, 6, 30), "ours", "才艺展示", 900, 900),  # a performance does not
    (date(2025, 9, 9), "ours", "课堂学习", 120, 120),
    (date(2025, 12, 31), "ours", "课堂学习", 80, 80),  # the last day counts: 60 + 140 + 120 + 80 = 400 in 4
    (date(2024, 12, 31), "ours", "课堂学习", 500, 500),  # the year before
    (date(2026, 1, 1), "ours", "课堂学习", 500, 500),  # the year after
    (date(2025, 4, 1), "theirs", "课堂学习", 399, 399),
    (date(2025, 4, 2), "theirs", "课堂学习", 70, None),  # still waiting: 1 session with 399
    (date(2025, 5, 1), "outside", "课堂学习", 33, 33),  # no quota: the county's alone
]


@pytest.fixture
def y2025(world):
    with time_machine.travel(SETTLED, tick=False):
        year = AssessmentYear.objects.open_year(world.county, 2025)
        for day, unit, form, reported, verified in YEAR:
            row = world.session(
                getattr(world, unit),
                status="submitted",
                held_on=day,
                reported=reported,
                form=DeliveryForm.objects.get(name=form),
            )
            if verified:
                judge = world.bureau2 if unit == "outside" else world.bureau
                row.verify(actor=judge, attendance=verified, reason="" if verified == reported else "签到表")
        yield year


def on_page(world, page):
    county = page(world.bureau, reverse("assessment-county", args=[2025])).context["county"]
    return {s.unit.code: (*s.verified, s.met, *s.short) for s in county.standings}


def in_workbook(content):
    rows = load_workbook(io.BytesIO(content)).active.iter_rows(min_row=4, values_only=True)
    return {row[1]: row[4:8] for row in rows if isinstance(row[0], int)}


def in_files(world, page, tmp_path):
    """The workbook of the page, that of the command, and the form's, each {unit's name: figures}."""
    call_command("assess", "2025", "--format", "xlsx", "--county", "450124", "--output", str(tmp_path / "a.xlsx"))
    form = page(world.bureau, reverse("form-export", args=[2025, "completion"])).content
    return [
        in_workbook(page(world.bureau, reverse("assessment-export", args=[2025])).content),
        in_workbook((tmp_path / "a.xlsx").read_bytes()),
        in_workbook(form),
    ]


def in_form(world, page):
    """The form on the screen, read from its cells as the browser shows them."""
    told = page(world.bureau, reverse("form", args=[2025, "completion"])).content.decode()
    cells = dict(re.findall(r'data-cell="([a-z_]+\.[a-z0-9]+)"[^>]*>\s*([^<]*?)\s*<', told))
    keys = ("verified_sessions", "verified_attendances", "short_sessions", "short_attendances")
    return {code: tuple(int(cells[f"{key}.{code}"].replace(",", "")) for key in keys) for code in BY_HAND}


def in_submission(world):
    with uploads.atomic():
        row = prepare(FORMS["completion"], AssessmentYear.objects.get(year=2025), world.bureau, to_whom="县政府办")
    with row.workbook.file.open("rb") as file:
        found = in_workbook(file.read())
    row.cancel(actor=world.bureau, why="只是核对")
    return found


def in_word(world):
    """The table of the bulletin's Word file: {unit's name: (sessions, attendances)}."""
    bulletin = Bulletin.draft(AssessmentYear.objects.get(year=2025), world.bureau)
    table = Opened(io.BytesIO(word.docx(document_of(bulletin)))).tables[0]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    return {row[0]: (int(row[3]), int(row[4])) for row in rows[1:]}


def from_command():
    out = io.StringIO()
    call_command("assess", "2025", "--format", "json", "--county", "450124", stdout=out)
    return {
        unit["code"]: (
            unit["sessions"],
            unit["attendances"],
            unit["met"],
            unit["sessions_short"],
            unit["attendances_short"],
        )
        for unit in json.loads(out.getvalue())
    }


BY_HAND = {
    "450124100": (4, 400, True, 0, 0),
    "450124103": (1, 399, False, 3, 1),
    "jyj": (0, 0, False, 4, 400),
    "wxgtj": (0, 0, False, 4, 400),
}


def test_in_7_in_8_a_year_worked_by_hand_is_the_same_everywhere_before_and_after_locking(world, y2025, page, tmp_path):
    units = {unit.code: unit.name for unit in (world.ours, world.theirs, world.jyj, world.wxgtj)}
    by_name = {units[code]: (*row[:2], *row[3:]) for code, row in BY_HAND.items()}

    def everywhere():
        assert on_page(world, page) == from_command() == BY_HAND
        assert in_form(world, page) == {code: (*row[:2], *row[3:]) for code, row in BY_HAND.items()}
        assert in_files(world, page, tmp_path) == [by_name] * 3
        assert in_submission(world) == by_name
        county = county_standing(AssessmentYear.objects.get(pk=y2025.pk))
        assert (county.credited, county.unit_sum, county.required_sum) == ((5, 799), (5, 799), (16, 1600))
        assert (county.everything, county.submitted, county.met) == ((7, 1732), (1, 70), 1)

    everywhere()
    world.lock(y2025)
    everywhere()
    assert in_word(world) == {name: row[:2] for name, row in by_name.items()}
    figures = LedgerAct.objects.get().content["figures"]
    assert {unit["code"]: (*unit["verified"], unit["met"]) for unit in figures["units"]} == {
        code: row[:3] for code, row in BY_HAND.items()
    }
    assert sum(row["counts"] for row in figures["sessions"]) == 5
    assert len(figures["sessions"]) == 8
