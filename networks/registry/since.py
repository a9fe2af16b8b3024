"""What has happened since a workbook was taken out: it is edited for days, away from the system, and others go on meanwhile.

Our own workbooks carry the moment at which they went out. With the history of the rows, a cell that still says what it said then
was touched by nobody, and what somebody has saved since stays; a cell that was edited on both sides is pointed out with both
values before anything is stored (IN-4). A sheet of one's own has no such moment, and is compared with what is stored today.

They also say of which registry they are: numbers of one registry's rows mean other rows in another.
"""

import datetime
from collections.abc import Iterable

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from networks.xlsx.writing import OPTIONS_SHEET

STAMP = "下载时间"  # heads a column of the hidden sheet with the lists; the name of the registry stands below it


def stamp(options, column: int, title: str) -> None:
    """Writes down on the sheet `options` that the registry `title` goes out now. An edit under way at this moment that is
    stored an instant later counts as known: an accepted risk."""
    for row, text in enumerate((STAMP, timezone.now().isoformat(), title), start=1):
        options.cell(row, column, text)


def stamp_of(workbook) -> tuple[datetime.datetime | None, str]:
    """(when one of our own workbooks went out, of which registry it is); None and '' where it does not say, or no sense."""
    for sheet in workbook.sheets:
        column = next((n for n, text in sheet.rows.get(1, {}).items() if text == STAMP), None)
        if sheet.name != OPTIONS_SHEET or column is None:
            continue
        written, title = (sheet.rows.get(row, {}).get(column) for row in (2, 3))
        try:
            moment = parse_datetime(written) if isinstance(written, str) else None
        except ValueError:
            moment = None
        known = moment if moment and timezone.is_aware(moment) else None
        return known, title if isinstance(title, str) else ""
    return None, ""


def entries_since(model: type[models.Model], moment: datetime.datetime) -> models.QuerySet:
    """What the history of the model's rows holds since that moment."""
    return model.history.model.objects.filter(history_date__gt=moment)


def as_they_were(rows: Iterable[models.Model], moment: datetime.datetime, *related: str) -> dict:
    """{pk: the row as it was at that moment} of those `rows` that somebody has saved since; None for one that was not there
    then. Two queries and one for each of `related`, which are the rows' foreign keys that the caller reads."""
    rows = {row.pk: row for row in rows}
    if not rows:
        return {}
    model = type(next(iter(rows.values())))
    moved = rows.keys() & set(entries_since(model, moment).values_list("id", flat=True))
    if not moved:
        return {}
    before = model.history.model.objects.filter(id__in=moved, history_date__lte=moment)
    then = {entry.id: entry for entry in before.order_by("history_date", "history_id")}
    found = {pk: entry.instance for pk, entry in then.items() if entry.history_type != "-"}
    models.prefetch_related_objects(list(found.values()), *related)
    return dict.fromkeys(moved) | found
