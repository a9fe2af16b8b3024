"""An uploaded registry workbook between its rehearsal and its commit: kept, rehearsed again, confirmed, discarded.

Nothing of it counts before `confirm`. Every function names what it raises; nothing is half done.
"""

import datetime
import hashlib
import re

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from networks import audit
from networks.models import CountySettings, RegistryImport, User
from networks.xlsx.cells import read_workbook
from networks.xlsx.problems import Refused

from . import REGISTRIES
from .rehearsal import Rehearsal, apply, rehearse

State = RegistryImport.State
KEPT_FOR = datetime.timedelta(days=30)  # an upload that nobody confirms
FORGOTTEN = "删除久未登记的名册表格"
MOVED = "校验之后系统中的内容有了变化，还没有登记。下面是重新校验的结果，请看过再确认"
_DIGEST = re.compile("[0-9a-f]{64}")
DONE = "这份表格已经登记过，没有再次登记"


class Moved(Exception):
    """What was confirmed is no longer what a commit would store; the page shows what it is now."""


def keep(upload: UploadedFile, user: User, key: str) -> RegistryImport:
    """Reads an uploaded workbook and keeps it, in place of an earlier one of the same registry that waits. Raises Unreadable
    and Refused, and then the file is not kept."""
    content = upload.read()
    rehearsal = rehearse(content, REGISTRIES[key](user))
    row = RegistryImport(user=user, registry=key, sha256=rehearsal.sha256)
    row.rows = rehearsal.counts["rows"]
    upload.seek(0)
    try:
        with transaction.atomic():
            for earlier in RegistryImport.of(user).filter(registry=key, state=State.REHEARSED).select_for_update():
                _remove(earlier)
            row.file.save(upload.name, upload, save=False)
            row.save()
            audit.record("上传名册表格", actor=user, subject=row, registry=key, sha256=row.sha256)
    except IntegrityError:  # two uploads at one moment
        _drop_file(row)
        raise Refused("twice", "刚才已上传了一份，请在那一份上继续，或稍后再传") from None
    except BaseException:
        _drop_file(row)
        raise
    return row


def rehearse_again(row: RegistryImport) -> Rehearsal:
    """What a commit would do now. Raises Unreadable and Refused; stores nothing."""
    return rehearse(content_of(row), REGISTRIES[row.registry](row.user))


def content_of(row: RegistryImport) -> bytes:
    try:
        with row.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise Refused("gone", "这份表格的文件已不在服务器上，请重新上传") from None
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise Refused("altered", "这份表格的文件与上传时不同，请重新上传")
    return content


def confirm(row: RegistryImport, digest: str) -> RegistryImport:
    """Stores exactly what was rehearsed. Raises Moved, Refused and Unreadable."""
    _still_waits(row)
    if not _DIGEST.fullmatch(digest):  # none that a page has shown
        raise Moved
    desk = REGISTRIES[row.registry]
    # Reading takes seconds, in which SQLite would let nobody else write; what was not shown never gets as far as the lock.
    try:
        content = content_of(row)
        workbook = read_workbook(content)
        rehearsal = rehearse(content, desk(row.user), workbook=workbook)
        if rehearsal.digest != digest or not rehearsal.clean:
            raise Moved
    except (Moved, Refused):
        _still_waits(RegistryImport.objects.filter(pk=row.pk).first())  # else that is what to say
        raise
    with transaction.atomic():
        # One import of a county at a time: two that create the same row must not both find it missing.
        CountySettings.objects.select_for_update().get_or_create(county_id=row.user.county_code)
        row = _waiting(row)
        rehearsal = rehearse(content, desk(row.user, hold=True), workbook=workbook)
        if rehearsal.digest != digest or not rehearsal.clean:
            raise Moved
        if not rehearsal.to_store:
            raise Refused("nothing_new", "这份表格和系统中的一样，不需要登记")
        apply(rehearsal)
        for name in ("rows", "created", "changed", "unchanged"):
            setattr(row, name, rehearsal.counts[name])
        row.state, row.committed_at = State.COMMITTED, timezone.now()
        name, storage = row.file.name, row.file.storage
        row.file = ""
        row.save()
        audit.record(
            "导入名册表格", actor=row.user, subject=row, registry=row.registry, sha256=row.sha256, **rehearsal.counts
        )
        transaction.on_commit(lambda: storage.delete(name))
    return row


def discard(row: RegistryImport) -> None:
    """Deletes an upload that was never stored, with its file. Raises Refused."""
    with transaction.atomic():
        row = _waiting(row)
        audit.record("放弃名册表格", actor=row.user, subject=row, registry=row.registry, sha256=row.sha256)
        _remove(row)


def forgotten(now: datetime.datetime) -> QuerySet[RegistryImport]:
    """Uploads that nobody has confirmed for KEPT_FOR."""
    return RegistryImport.objects.filter(state=State.REHEARSED, uploaded_at__lt=now - KEPT_FOR).order_by("pk")


def drop_forgotten(now: datetime.datetime) -> int:
    """Deletes what `forgotten` names, with its files, each by itself; returns how many."""
    dropped = 0
    for one in forgotten(now):
        with transaction.atomic():
            row = forgotten(now).select_for_update(of=("self",)).select_related("user").filter(pk=one.pk).first()
            if row is None:  # confirmed, replaced or discarded this moment
                continue
            detail = {"registry": row.registry, "sha256": row.sha256}
            audit.record(FORGOTTEN, actor=None, subject=row, county_code=row.user.county_code, **detail)
            _remove(row)
        dropped += 1
    return dropped


def _waiting(row: RegistryImport) -> RegistryImport:
    """The upload as it is now, held until the transaction ends."""
    return _still_waits(RegistryImport.objects.select_for_update().filter(pk=row.pk).first())


def _still_waits(row: RegistryImport | None) -> RegistryImport:
    if row is None:
        raise Refused("gone", "这份表格已被放弃或换成了新的一份")
    if row.state != State.REHEARSED:
        raise Refused("committed", DONE)
    return row


def _remove(row: RegistryImport) -> None:
    name, storage = row.file.name, row.file.storage
    row.delete()
    transaction.on_commit(lambda: storage.delete(name))


def _drop_file(row: RegistryImport) -> None:
    if row.file:  # a file without its row would stay for ever (IN-2)
        row.file.delete(save=False)
