"""A clean rehearsal becomes sessions, all rows or none; and a whole batch can be taken back."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from networks import audit
from networks.access import Action, barred_from_undoing, can
from networks.models import AffiliatedBody, CountySettings, Division
from networks.xlsx.bulk import in_bulk
from networks.xlsx.problems import Refused
from trainings import years
from trainings.models import AudienceCount, CoOrganiser, ImportBatch, TrainingSession
from trainings.models import Refused as SessionRefused
from trainings.models.imports import kept_name

from .stored import stored_sessions

BATCH = 1000  # rows per statement
DENIALS = frozenset({"no_right", "same_person"})  # codes of what is refused for want of the right
CHANGED = "校验之后系统中的数据有了变化：请重新上传、重新校验后再确认导入"


@in_bulk
def commit(rehearsal, digest=None, *, batch=None, original_name="", os_user=""):
    """Stores what `rehearsal` showed, as one batch with history, and returns the `ImportBatch`.

    `digest` is that of the rehearsal which a person confirmed; another one is refused. `batch` is an uploaded batch that
    waits for this (its state becomes committed), else a new one is made. `os_user`: whose session on the machine it is where
    nobody signed in. Raises Refused, and then nothing is stored. The number of queries does not depend on the number of rows,
    but for one statement per 1,000.
    """
    if rehearsal.errors:
        raise Refused("has_errors", "还有错误没有改正，一行也没有导入：请改正后重新上传")
    if digest is not None and digest != rehearsal.digest:
        raise Refused("changed", CHANGED)
    try:
        with transaction.atomic():
            return _store(rehearsal, batch, original_name, os_user)
    except SessionRefused as refused:
        raise Refused("rules", str(refused)) from refused
    except PermissionDenied as denied:
        raise Refused("no_right", str(denied)) from denied


def _store(rehearsal, batch, original_name, os_user):
    user, candidates = rehearsal.user, rehearsal.candidates
    county = Division.objects.get(pk=user.county_code)
    # One import of a county at a time: two uploads of the same file must not both find that nothing is stored yet.
    CountySettings.objects.select_for_update().get_or_create(county=county)
    if stored_sessions(user, [candidate.key for candidate in candidates]):
        raise Refused("changed", CHANGED)
    batch = _batch(rehearsal, batch, county, original_name)
    sessions = [candidate.session(batch, user) for candidate in candidates]
    if rehearsal.historical:
        for year in sorted({session.held_on.year for session in sessions}):
            years.open_year(county.pk, year)
        stored = TrainingSession.record_historical(sessions, actor=user, confirmed_by=rehearsal.confirmed_by)
    else:
        stored = _store_drafts(sessions, user)
    _store_parts(candidates, stored)
    for written, unit in rehearsal.assignments.items():
        _affiliate(county, written, unit, user)
    audit.record(
        "导入台账",
        actor=user,
        subject=batch,
        sha256=rehearsal.sha256,
        historical=rehearsal.historical,
        confirmed_by=rehearsal.confirmed_by.username if rehearsal.confirmed_by else "",
        **rehearsal.counts,
        **({"os_user": os_user} if os_user else {}),
    )
    return batch


def _batch(rehearsal, batch, county, original_name):
    if batch is None:
        batch = ImportBatch(county=county, user=rehearsal.user, original_name=kept_name(original_name))
        batch.unit = None if can(rehearsal.user, Action.ENTER_ON_BEHALF) else rehearsal.user.own_unit
    else:
        locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if locked.state not in (ImportBatch.State.REHEARSED, ImportBatch.State.PROPOSED):
            raise Refused("committed", f"这份台账已经处理过（{locked.get_state_display()}），没有再次导入")
    batch.state = ImportBatch.State.COMMITTED
    batch.historical, batch.confirmed_by = rehearsal.historical, rehearsal.confirmed_by
    batch.sha256, batch.rehearsal_digest = rehearsal.sha256, rehearsal.digest
    batch.year = rehearsal.options["year"]
    batch.rows, batch.created = rehearsal.counts["rows"], rehearsal.counts["created"]
    batch.duplicates = rehearsal.counts["duplicates"]
    batch.committed_at = timezone.now()
    batch.version += 1
    batch.save()
    return batch


def _store_drafts(sessions, user):
    """Drafts of the importing user. What `save` would see to, in bulk: years that are not locked, the first version."""
    for year in sorted({session.held_on.year for session in sessions}):
        if years.rules_of(user.county_code, year, hold=True).locked:
            raise Refused("locked_year", f"{year} 年度已锁定定案，这一年的场次不能再导入")
    for session in sessions:
        session.version = 1
        session.tidy()
    return bulk_create_with_history(
        sessions, TrainingSession, batch_size=BATCH, default_user=user, default_change_reason="台账导入"
    )


def _store_parts(candidates, stored):
    AudienceCount.objects.bulk_create(
        (
            AudienceCount(session=session, audience=audience, number=number)
            for candidate, session in zip(candidates, stored, strict=True)
            for audience, number in candidate.audiences
        ),
        batch_size=BATCH,
    )
    CoOrganiser.objects.bulk_create(
        (
            CoOrganiser(session=session, unit=unit, name=name)
            for candidate, session in zip(candidates, stored, strict=True)
            for unit, name in candidate.co_organisers
        ),
        batch_size=BATCH,
    )


def _affiliate(county, written, unit, user):
    """The bureau said whose body this is; from now on every ledger knows."""
    body = AffiliatedBody(county=county, name=written, unit=unit)
    body._history_user, body._change_reason = user, "导入台账时归口"
    body.save()


@in_bulk
def undo(batch, user):
    """Takes a whole committed batch back: its sessions become void. Returns True when done, False while a historical batch
    waits for the second person (the first call proposes, the second, by another person, carries out).

    Raises Refused when a session has been submitted or verified since, when its year is locked, or without the right.
    """
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        barred = barred_from_undoing(user, batch)
        if barred:
            raise Refused("no_right", barred)
        if batch.state not in (ImportBatch.State.COMMITTED, ImportBatch.State.UNDO_PROPOSED):
            raise Refused("not_committed", f"这份台账现在是“{batch.get_state_display()}”，没有可以撤销的")
        if batch.historical and batch.state == ImportBatch.State.COMMITTED:
            batch.state, batch.undo_proposed_by = ImportBatch.State.UNDO_PROPOSED, user
            batch.version += 1
            batch.save()
            audit.record("提出撤销导入", actor=user, subject=batch)
            return False
        try:
            TrainingSession.undo_batch(batch, actor=user)
        except (SessionRefused, PermissionDenied) as refused:
            code = "no_right" if isinstance(refused, PermissionDenied) else "rules"
            raise Refused(code, f"整批都没有撤销：{refused}") from refused
        batch.state, batch.undone_by, batch.undone_at = ImportBatch.State.UNDONE, user, timezone.now()
        batch.version += 1
        batch.save()
        audit.record("撤销导入", actor=user, subject=batch, created=batch.created)
    return True
