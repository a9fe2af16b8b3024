"""The ledger as a workbook: real dates, numeric figures, and text that is never a formula. Reading it back gives what went in."""

import datetime

from django.db.models import prefetch_related_objects
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from networks.xlsx.writing import DATE, heading_cell, saved, text_cell
from trainings.models import TrainingSession

from . import columns as col

SHEET = "培训台账"
COLUMNS = (*col.SYNONYMS, *col.OUR_OWN)
WIDTHS = {
    col.TITLE: 32,
    col.ORGANISER: 24,
    col.VENUE: 24,
    col.START: 18,
    col.END: 18,
    col.REMARKS: 30,
    col.AUDIENCE: 24,
}
MOMENT = "yyyy-mm-dd hh:mm"
PAGE = 1000  # sessions in memory at a time


def export(sessions):
    """The bytes of a ledger of `sessions` (a queryset; rights are the caller's business), in its order."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    for number, name in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTHS.get(name, 14)
    sheet.freeze_panes = "B2"
    sheet.append([heading_cell(sheet, name) for name in COLUMNS])
    sessions = sessions.select_related(
        "organiser", "host", "place__parent", "theme", "programme", "project", "form", "language"
    )
    for page in _pages(sessions):
        for session in page:
            sheet.append([_cell(sheet, value) for value in _values(session)])
    return saved(book)


def export_year(user, year):
    """The ledger of what `user` sees of a year (by first day), oldest first."""
    return export(TrainingSession.objects.visible_to(user).in_year(year).order_by("held_on", "start_time", "pk"))


def _pages(sessions):
    page = []
    for session in sessions.iterator(chunk_size=PAGE):
        page.append(session)
        if len(page) == PAGE:
            prefetch_related_objects(page, "audience_counts__audience", "co_organisers__unit")
            yield page
            page = []
    prefetch_related_objects(page, "audience_counts__audience", "co_organisers__unit")
    yield page


def _values(session):
    """What stands in `COLUMNS`; None for an empty cell, (date, number format) for dates."""
    last = session.ends_on or session.held_on
    ends = last if session.end_time or (session.ends_on and session.ends_on != session.held_on) else None
    return (
        session.title,
        session.organiser.name,
        None,  # 承办单位 is read as co-organisers and comes back under 协办单位
        "、".join(body.unit.name if body.unit_id else body.name for body in session.co_organisers.all()),
        session.host.name if session.host else None,
        session.place_name,
        session.venue,
        _date(session.held_on, session.start_time, session.get_part_of_day_display()),
        _date(ends, session.end_time),
        f"{session.minutes}分钟" if session.minutes else None,
        _word(session.theme),
        _word(session.programme or session.project),
        _word(session.form),
        "、".join(f"{count.audience.name}{count.number or ''}" for count in session.audience_counts.all()),
        _word(session.language),
        session.planned_attendance,
        session.reported_attendance,
        session.instructors,
        session.remarks,
        session.number,
        session.get_status_display(),
        session.verified_attendance,
    )


def _word(word):
    return word.name if word else None


def _date(day, time, part=""):
    """A date cell's value and format. A part of the day without a clock time is shown by the format, so that the cell
    stays a real date."""
    if day is None:
        return None
    if time:
        return datetime.datetime.combine(day, time), MOMENT
    return day, f'{DATE}" {part}"' if part else DATE


def _cell(sheet, value):
    if value is None or value == "":
        return None
    if isinstance(value, tuple):
        cell = WriteOnlyCell(sheet, value[0])
        cell.number_format = value[1]
        return cell
    if isinstance(value, int):
        return WriteOnlyCell(sheet, value)
    return text_cell(sheet, value)
