"""The heads of the audit log and of the ledger as they were at a moment, written where whoever owns the database does not reach:
into each night's backup, beside it, and in the line that goes to the log server (AU-2).

The log is too busy to be a chain of its own: every act would wait for the one before it. So its lines are summed up once a night.
A line that was changed, removed or slipped in afterwards is found, and so is a log whose end was cut off; what happened since
the last backup is kept by the log server alone. The ledger's acts are a chain (chain.py), whose cut end is found the same way.
"""

import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from networks import backup_record
from networks.models import AuditEvent, Division
from networks.templatetags.page import cn_date

from .models import LedgerAct

# On PostgreSQL a line with a lower number may be stored after one with a higher number; within this time all of them are there.
STORED_WITHIN = datetime.timedelta(minutes=10)
RESTORED = "恢复备份"  # as recorded: what was logged between the backup's moment and this act is rightly gone
COLUMNS = ("pk", "at", "actor_name", "county_code", "action", "subject", "subject_id", "detail", "address")


def log_head(last: int | None = None) -> list:
    """[number of the last line, how many lines up to it, digest of them]; without `last` up to ten minutes ago. The link to the
    account is left out: it alone may go (guard.py), its name stays."""
    if last is None:
        stored = AuditEvent.objects.filter(at__lt=timezone.now() - STORED_WITHIN)
        last = stored.aggregate(last=Max("pk"))["last"] or 0
    return next(_heads([last]))


def _heads(lasts: Iterable[int]) -> Iterator[list]:
    """The heads at each of these numbers, lowest first, reading the log once."""
    waiting = sorted(set(lasts), reverse=True)
    events, digest = 0, hashlib.sha256()
    rows = AuditEvent.objects.filter(pk__lte=waiting[0]).order_by("pk") if waiting else AuditEvent.objects.none()
    for row in rows.values_list(*COLUMNS).iterator():
        while waiting and waiting[-1] < row[0]:
            yield [waiting.pop(), events, digest.hexdigest()]
        events += 1
        digest.update(_line(*row))
    while waiting:
        yield [waiting.pop(), events, digest.hexdigest()]


def _line(number: int, at: datetime.datetime, *rest: object) -> bytes:
    """The same on both engines."""
    told = [number, at.astimezone(datetime.UTC).isoformat(timespec="microseconds"), *rest]
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def ledger_heads() -> list[list]:
    """[county, sequence, digest] of the last act of each county."""
    found = []
    for county, sequence in LedgerAct.objects.order_by("county").values_list("county").annotate(last=Max("sequence")):
        found.append([county, sequence, LedgerAct.objects.get(county=county, sequence=sequence).digest])
    return found


def written(head: list) -> str:
    """As it stands in the log and may be typed again: 1234:3f2a9c01…"""
    return f"{head[0]}:{head[2]}"


def typed(text: str) -> tuple[int, str]:
    """What `written` wrote. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", "".join(text.split()).lower(), re.ASCII)
    if not found:
        raise ValueError(text)
    return int(found[1]), found[2]


def compare(given: tuple[int, str] | None = None) -> tuple[int, list[str], list[str]]:
    """How many backups of BACKUP_DIR told of a head, what is no longer as they tell or as `given` says, and what had to be
    passed over. All in sentences, for whoever reads them has to act on them."""
    restores, compared, found, notes = _restores(), [], [], []
    for row in backup_record.kept(settings.BACKUP_DIR):
        if not row.heads:
            continue  # made by an earlier version
        if not _readable(row.heads):
            found.append(f"备份记录里 {row.file} 的日志摘要读不出来：有人改过 {settings.BACKUP_DIR} 里的备份记录")
        elif any(taken_at < row.at < restored_at for taken_at, restored_at in restores):
            notes.append(f"备份 {row.file} 以后恢复过更早的备份，不再和它比较")
        else:
            compared.append(row)
    lasts = [row.heads["log"][0] for row in compared] + ([given[0]] if given else [])
    now = {head[0]: head for head in _heads(lasts)}
    for row in reversed(compared):  # the oldest first: from there on it is wrong
        found += _of_log(row.heads["log"], now, _called(row))
        found += _of_ledger(row.heads["ledger"], _called(row))
    if given and now[given[0]][2] != given[1]:
        found.append(f"操作日志到第 {given[0]} 条，与给出的摘要不一致：有记录被改动、删除或插入过，或者摘要抄错了")
    return len(compared), found, notes


def _readable(heads: object) -> bool:
    """Whether somebody has been at the record by hand."""
    try:
        last, events, digest = heads["log"]
        acts = [(county, sequence, digest) for county, sequence, digest in heads["ledger"]]
    except (TypeError, ValueError, KeyError):
        return False
    numbers = [last, events, *(sequence for _, sequence, _ in acts)]
    return all(isinstance(number, int) for number in numbers) and isinstance(digest, str)


def _restores() -> list[tuple[datetime.datetime, datetime.datetime]]:
    """(moment of the backup, when it was restored)."""
    found = []
    for at, detail in AuditEvent.objects.filter(action=RESTORED).values_list("at", "detail"):
        if taken_at := detail.get("taken_at"):
            found.append((datetime.datetime.fromisoformat(taken_at), at))
    return found


def _called(row: backup_record.Kept) -> str:
    return f"{cn_date(timezone.localdate(row.at), 'plain')}的备份 {row.file}"


def _of_log(was: list, now: dict[int, list], called: str) -> Iterator[str]:
    last, events, digest = was
    if now[last][1] != events:
        yield f"操作日志到第 {last} 条，{called} 记着 {events} 条，现在 {now[last][1]} 条：有记录被删除或插入过"
    elif now[last][2] != digest:
        yield f"操作日志到第 {last} 条，与{called} 所记的不一致：有记录被改动过"


def _of_ledger(heads: list[list], called: str) -> Iterator[str]:
    for county, sequence, digest in heads:
        act = LedgerAct.objects.filter(county=county, sequence=sequence).first()
        if act is None or act.digest != digest:
            name = Division.objects.filter(pk=county).first() or county
            yield f"{name}第 {sequence} 条定案记录，{called} 记着摘要 {digest[:12]}，现在没有这一条"
