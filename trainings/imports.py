"""An uploaded ledger between its rehearsal and its commit: kept, mended, proposed, confirmed, discarded.

What is in the file and what may be stored is decided by `trainings.workbook`; here is only what a person does with it on the
pages. Nothing of a ledger counts before `confirm`. Every function names what it raises; nothing is half done.
"""

import datetime
import functools
import hashlib
import re
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from networks import audit
from networks.access import (
    Action,
    barred_from_handling,
    barred_from_seconding,
    can,
    seconders_for,
)
from networks.models import AffiliatedBody, Division, User
from networks.names import clean_text, match_key

from .models import EntryEffort, ImportBatch
from .models.effort import LONGEST
from .models.imports import kept_name
from .workbook import COLUMNS, Refused, Rehearsal, commit, rehearse

State = ImportBatch.State
KEPT_FOR = datetime.timedelta(days=30)  # an upload that nobody confirms
MOST_WAITING = 20  # uploads of one account that nobody has confirmed yet, of 20 MiB each
FORGOTTEN = "删除久未入库的台账"
MOVED = "校验之后系统中的数据有了变化，还没有入库。下面是重新校验的结果，请看过再确认"


class Moved(Exception):
    """What was confirmed is no longer what a commit would store; the batch page shows what it is now."""


# --- the steps -------------------------------------------------------------------------------------


def keep(upload: UploadedFile, user: User, *, year: int | None, historical: bool) -> ImportBatch:
    """Reads an uploaded ledger and keeps it, not yet stored as sessions; the same file that already waits is that one, with
    what was mended in it. Raises Unreadable and Refused, beyond MOST_WAITING as well, and then the file is not kept; nor when
    anything else fails on the way."""
    content = upload.read()
    same = {"sha256": hashlib.sha256(content).hexdigest(), "year": year, "historical": historical}
    if earlier := _waiting_already(user, same):
        return earlier
    rehearsal = rehearse(
        content, user, year=year, historical=historical, confirmed_by=_anybody_else(user) if historical else None
    )
    batch = ImportBatch(
        county=Division.objects.get(pk=user.county_code),
        user=user,
        unit=None if can(user, Action.ENTER_ON_BEHALF) else user.own_unit,
        historical=historical,
        year=year,
        original_name=kept_name(upload.name),
        sha256=same["sha256"],
        rehearsal_digest=rehearsal.digest,
        rows=rehearsal.counts["rows"],
        created=rehearsal.counts["created"],
        duplicates=rehearsal.counts["duplicates"],
    )
    upload.seek(0)
    try:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one upload of an account at a time
            if earlier := _waiting_already(user, same):
                return earlier
            batch.file.save(upload.name, upload, save=False)
            batch.save()
            audit.record("上传台账", actor=user, subject=batch, sha256=batch.sha256, historical=historical)
    except BaseException:
        if batch.file:  # a file without its row would stay for ever (IN-2)
            batch.file.delete(save=False)
        raise
    return batch


def _waiting_already(user: User, same: dict[str, object]) -> ImportBatch | None:
    """The account's upload that is the same and waits. Raises Refused where it is another and as many wait as may."""
    waiting = user.import_batches.filter(state=State.REHEARSED).order_by("uploaded_at", "pk")
    earlier = waiting.filter(**same).last()
    if earlier is None and waiting.count() >= MOST_WAITING:
        raise Refused(
            "too_many_waiting",
            f"您已有 {MOST_WAITING} 份台账等着入库（最早的是“{waiting[0].original_name}”），不能再上传：请先在“导入记录”里把它们"
            "确认入库，用不上的打开后点“放弃这份台账”",
        )
    return earlier


def rehearse_batch(batch: ImportBatch, *, confirmed_by: User | None = None) -> Rehearsal:
    """What a commit would do now, with the rights of who uploaded it. Raises Unreadable and Refused; stores nothing."""
    if batch.historical and confirmed_by is None:
        confirmed_by = _anybody_else(batch.user)
    try:
        with batch.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise Refused("gone", "这份台账的文件已不在服务器上，请重新上传") from None
    return rehearse(
        content,
        batch.user,
        year=batch.year,
        historical=batch.historical,
        confirmed_by=confirmed_by,
        corrections=corrections_of(batch),
        assignments=_still_needed(batch),
    )


def mend(
    batch: ImportBatch,
    user: User,
    *,
    corrections: dict[tuple[str, int, str], str],
    assignments: dict[str, str],
    year: int | None,
) -> None:
    """Adds to what is read instead of the file's cells, and to whom unknown organisers are credited. Raises Refused."""
    with transaction.atomic():
        row = _locked(batch, State.REHEARSED)
        _only(barred_from_handling(user, row))
        if assignments and not can(user, Action.ASSIGN_ORGANISER):
            raise PermissionDenied("只有领导小组办公室的账号可以归口")
        for (sheet, number, column), text in corrections.items():
            row.corrections.setdefault(sheet, {}).setdefault(str(number), {})[column] = text
        row.assignments.update(assignments)
        row.year = year
        row.version += 1
        row.save()
        audit.record("更正台账", actor=user, subject=row, cells=len(corrections), organisers=len(assignments))


def start_over(batch: ImportBatch, user: User) -> None:
    """Forgets all corrections and assignments: the file is read as it was uploaded. Raises Refused."""
    with transaction.atomic():
        row = _locked(batch, State.REHEARSED)
        _only(barred_from_handling(user, row))
        row.corrections, row.assignments = {}, {}
        row.version += 1
        row.save()
        audit.record("恢复台账原文", actor=user, subject=row)


def confirm(batch: ImportBatch, user: User, digest: str) -> ImportBatch:
    """Stores exactly what was rehearsed: an ordinary ledger by its uploader; a historical one is proposed by its uploader
    and stored by the second person. Raises Moved, Refused and Unreadable."""
    second = batch.historical and batch.state == State.PROPOSED
    _only(barred_from_seconding(user, batch) if second else barred_from_handling(user, batch))
    if batch.state not in (State.REHEARSED, State.PROPOSED):
        raise Refused("committed", f"这份台账已经处理过（{batch.get_state_display()}），没有再次导入")
    rehearsal = rehearse_batch(batch, confirmed_by=user if second else None)
    if rehearsal.digest != digest or not rehearsal.clean:
        raise Moved
    if not rehearsal.counts["created"]:
        raise Refused("nothing_new", "这份台账里没有新的场次，不需要入库")
    if batch.historical and not second:
        return _propose(batch, user, rehearsal)
    with transaction.atomic():
        if _locked(batch, batch.state).version != batch.version:  # mended in another window meanwhile
            raise Moved
        batch.notices = [notice.as_json() for notice in rehearsal.notices]
        done = commit(rehearsal, digest, batch=batch)
        if not batch.historical:
            _count_effort(batch, rehearsal)
        return done


def _count_effort(batch: ImportBatch, rehearsal: Rehearsal) -> None:
    """The ledger was written before it came here: what is measured is the time from its upload to its confirmation."""
    new = [row for row in rehearsal.rows if row.outcome == "new"]
    passed = int((timezone.now() - batch.uploaded_at).total_seconds())
    EntryEffort.count(
        batch.county_id,
        EntryEffort.Road.LEDGER,
        sessions=len(new),
        fields=sum(len(row.row.raw) for row in new),
        seconds=passed if passed <= LONGEST else None,
    )


def _propose(batch: ImportBatch, user: User, rehearsal: Rehearsal) -> ImportBatch:
    with transaction.atomic():
        row = _locked(batch, State.REHEARSED)
        row.state, row.rehearsal_digest = State.PROPOSED, rehearsal.digest
        row.rows, row.created = rehearsal.counts["rows"], rehearsal.counts["created"]
        row.duplicates = rehearsal.counts["duplicates"]
        row.version += 1
        row.save()
        audit.record("提出导入台账", actor=user, subject=row, sha256=row.sha256, **rehearsal.counts)
    return row


def decline(batch: ImportBatch, user: User) -> ImportBatch:
    """Gives a proposal back: a ledger to its uploader for mending, a proposed undo to being stored. Either of the two
    persons may. Raises Refused."""
    with transaction.atomic():
        row = _locked(batch, State.PROPOSED, State.UNDO_PROPOSED)
        if barred_from_handling(user, row):
            _only(barred_from_seconding(user, row))
        proposed = row.state == State.PROPOSED
        row.state = State.REHEARSED if proposed else State.COMMITTED
        row.undo_proposed_by = None
        row.version += 1
        row.save()
        audit.record("退回导入台账" if proposed else "退回撤销导入", actor=user, subject=row)
    return row


def discard(batch: ImportBatch, user: User) -> None:
    """Deletes an upload that was never stored, with its file. Raises Refused."""
    with transaction.atomic():
        row = _locked(batch, State.REHEARSED, State.PROPOSED)
        _only(barred_from_handling(user, row))
        audit.record("放弃台账", actor=user, subject=row, sha256=row.sha256)
        file = row.file
        row.delete()
        transaction.on_commit(lambda: file.delete(save=False))


def forgotten(now: datetime.datetime) -> QuerySet[ImportBatch]:
    """Uploads that nobody has confirmed for KEPT_FOR; a ledger that was proposed waits for its second person."""
    return ImportBatch.objects.filter(state=State.REHEARSED, uploaded_at__lt=now - KEPT_FOR).order_by("pk")


def drop_forgotten(now: datetime.datetime) -> int:
    """Deletes what `forgotten` names, with its files, each by itself; returns how many. A ledger names people, and what is
    not stored after a month is not going to be."""
    dropped = 0
    for batch in forgotten(now):
        with transaction.atomic():
            row = forgotten(now).select_for_update().filter(pk=batch.pk).first()
            if row is None:  # confirmed or discarded this moment
                continue
            audit.record(FORGOTTEN, actor=None, subject=row, county_code=row.county_id, sha256=row.sha256)
            name, storage = row.file.name, row.file.storage
            row.delete()
            transaction.on_commit(functools.partial(storage.delete, name))
        dropped += 1
    return dropped


def _locked(batch: ImportBatch, *states: str) -> ImportBatch:
    """The row as it is now, held until the transaction ends."""
    row = ImportBatch.objects.select_for_update().filter(pk=batch.pk).first()
    if row is None:
        raise Refused("gone", "这份台账已被放弃，请重新上传")
    if row.state not in states:
        raise Refused("committed", f"这份台账现在是“{row.get_state_display()}”，不能这样做")
    return row


def _only(barred: str) -> None:
    if barred:
        raise PermissionDenied(barred)


def _anybody_else(user: User) -> User:
    """Somebody who could confirm: a rehearsal asks that there is a second person, the confirmation who it is."""
    other = seconders_for(user).first()
    if other is None:
        raise Refused(
            "no_second_person",
            "历史台账须由两名工作人员导入和确认，而本县目前没有另一位：请给办公室主任开一个账号（角色选“领导小组办公室”）",
        )
    return other


def corrections_of(batch: ImportBatch) -> dict[tuple[str, int, str], str]:
    """As `rehearse` takes them; stored as {sheet: {row: {column: text}}}."""
    return {
        (sheet, int(number), column): text
        for sheet, rows in batch.corrections.items()
        for number, cells in rows.items()
        for column, text in cells.items()
    }


def _still_needed(batch: ImportBatch) -> dict[str, str]:
    """The assignments whose names the county has not learnt meanwhile; a commit makes each of them an affiliated body."""
    if not batch.assignments:
        return {}
    known = {match_key(name) for name in AffiliatedBody.objects.visible_to(batch.user).values_list("name", flat=True)}
    return {written: code for written, code in batch.assignments.items() if match_key(written) not in known}


# --- what the page shows to be mended -----------------------------------------------------------------

# Columns that hold one name of a list. The short lists are chosen from, the long ones typed with suggestions.
CHOSEN = ("主题类别", "专项计划", "培训形式", "授课语言")
SUGGESTED = ("主办单位", "承办学校（教学点）", "举办地")
ALIKE = (*CHOSEN, *SUGGESTED, "培训对象", "协办单位")  # the same unknown name is put right in all its rows at once
MOST_MENDED = 200  # places to mend on one page; the next checking shows the rest
MOST_ROWS = 200  # rows of the preview


@dataclass
class Mend:
    """One thing to put right: a cell, or all cells of a column that hold the same unknown name."""

    column: str
    was: str
    message: str
    places: list = field(default_factory=list)  # [(sheet, row, title of the session)]
    nearest: list = field(default_factory=list)
    options: list = field(default_factory=list)  # for a drop-down; empty: typed
    mendable: bool = True

    @property
    def keys(self) -> list[str]:
        return [f"{row}|{sheet}" for sheet, row, _ in self.places]

    @property
    def list_id(self) -> str:
        return f"names-{SUGGESTED.index(self.column)}" if self.column in SUGGESTED else ""


def to_mend(rehearsal: Rehearsal, choices: dict[str, list[str]], *, assignable: bool) -> list[Mend]:
    """The errors in the order of the file, equal unknown names of a column together. What the bureau assigns to a unit
    instead (`assignable`) is left out."""
    rows = {(row.sheet, row.number): row.cells(epoch_1904=rehearsal.epoch_1904) for row in _rows_in_error(rehearsal)}
    unknown = set(rehearsal.unknown_organisers) if assignable else set()
    found: dict[tuple, Mend] = {}
    for problem in rehearsal.errors:
        cells = rows.get((problem.sheet, problem.row))
        was = cells.get(problem.column, "") if cells else ""
        if problem.column == "主办单位" and problem.code == "unknown" and unknown:
            continue
        alike = was and problem.code in ("unknown", "ambiguous") and problem.column in ALIKE
        key = (problem.column, was) if alike else (problem.sheet, problem.row, problem.column)
        if key not in found:
            options = choices.get(problem.column, []) if problem.column in CHOSEN else []
            found[key] = Mend(
                column=problem.column,
                was=was,
                message=problem.message,
                nearest=_nearest(was, options),
                options=options,
                mendable=cells is not None,
            )
        found[key].places.append((problem.sheet, problem.row, cells.get("培训名称", "") if cells else ""))
    return list(found.values())


def _rows_in_error(rehearsal: Rehearsal) -> list:
    return [row for row in rehearsal.rows if row.outcome == "error"]


def _nearest(text: str, options: list[str]) -> list[str]:
    """Options that share most characters with `text`; a name of two or three characters is too short for more."""
    wanted = set(match_key(text))
    alike = [(len(wanted & set(match_key(option))) / len(wanted | set(option)), option) for option in options]
    return [option for share, option in sorted(alike, key=lambda pair: -pair[0]) if share >= 0.2][:3] if wanted else []


def preview(rehearsal: Rehearsal) -> dict:
    """The sheet as it was read, those with errors before the others when there are too many rows to show: `columns`, and
    `rows` with `outcome` and `cells` [(column, text, what is wrong)]; `left` rows are not shown."""
    order = sorted(range(len(rehearsal.rows)), key=lambda n: (rehearsal.rows[n].outcome != "error", n))[:MOST_ROWS]
    wrong = {(p.sheet, p.row, p.column): p.message for p in rehearsal.errors}
    shown = []
    for row in (rehearsal.rows[n] for n in sorted(order)):
        shown.append((row, row.cells(epoch_1904=rehearsal.epoch_1904)))
    marked = {column for (_, _, column) in wrong}
    columns = [name for name in COLUMNS if name in marked or any(name in cells for _, cells in shown)]
    return {
        "columns": columns,
        "rows": [
            {
                "sheet": row.sheet,
                "number": row.number,
                "outcome": row.outcome,
                "cells": [
                    (name, cells.get(name, ""), wrong.get((row.sheet, row.number, name), "")) for name in columns
                ],
            }
            for row, cells in shown
        ],
        "left": len(rehearsal.rows) - len(shown),
    }


_ROW = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


def read_mending(data, columns: tuple[str, ...]) -> dict[tuple[str, int, str], str]:
    """The corrections that the page's form posts: for each n below `mends` the fields n-column, n-was, n-text and one n-at
    ("row|sheet") per cell. What is unchanged or malformed is passed over: the next rehearsal shows it again."""
    corrections = {}
    for number in range(MOST_MENDED):
        column, text = data.get(f"{number}-column", ""), data.get(f"{number}-text")
        if column not in columns or text is None or len(text) > 1000 or _same(text, data.get(f"{number}-was", "")):
            continue
        for place in data.getlist(f"{number}-at"):
            row, _, sheet = place.partition("|")
            if _ROW.fullmatch(row) and 0 < len(sheet) <= 100 and "\x00" not in sheet:  # PostgreSQL holds no NUL
                corrections[sheet, int(row), column] = clean_text(text)
    return corrections


def _same(text: str, other: str) -> bool:
    return "".join(text.split()) == "".join(other.split())  # a browser drops line breaks from a one-line field


def left_with(account: User) -> tuple[int, str]:
    """How many ledgers only this account's person could still confirm, and the sentence about them on the hand-over page."""
    number = account.import_batches.filter(state=ImportBatch.State.REHEARSED).count()
    return number, f"由原账号上传、还没有入库的台账 {number} 份：只能由上传的人确认，接手的人请重新上传"
