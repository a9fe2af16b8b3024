"""Whole ledgers at once: recording a year from before this system, taking an import back, following a unit that was renamed
or merged. Each moves many sessions in a handful of statements, by the rules that session.py holds single ones to;
TrainingSession mixes this in."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from networks import journal
from networks.access import barred_from_recording_history, barred_from_undoing

from .. import years
from .parts import CoOrganiser
from .verbs import MOVES, Refused, Status
from .vocabulary import Audience

if TYPE_CHECKING:
    from networks.models import MemberUnit, User

    from .imports import ImportBatch
    from .session import TrainingSession

BULK = 1000  # rows per statement


class LedgerVerbs:
    @classmethod
    def record_historical(
        cls, sessions: list[TrainingSession], *, actor: User, confirmed_by: User
    ) -> list[TrainingSession]:
        """Stores ledgers of years before the county's `live_since` as verified sessions (verified = reported figure),
        entered by one bureau person and confirmed by another."""
        with transaction.atomic():
            for county, year in {(s.organiser.county_id, s.held_on.year) for s in sessions}:
                barred = barred_from_recording_history(actor, confirmed_by, county)
                if barred:
                    raise PermissionDenied(barred)
                rules = years.rules_of(county, year, hold=True)
                if rules.locked:
                    raise Refused(f"{year}年度已锁定定案，不能再导入")
                if rules.live_since is None or year >= rules.live_since:
                    raise Refused(f"{year}年度不是历史年度（系统自 {rules.live_since} 年启用），请按普通台账导入")
            now = timezone.now()
            protected = Audience.objects.protected_names()
            for session in sessions:
                session.refuse_protected_names(protected)
                session.refuse_id_numbers()
                session.status, session.is_historical, session.version = Status.VERIFIED, True, 1
                session.entered_by = session.submitted_by = actor
                session.verified_by, session.submitted_at, session.verified_at = confirmed_by, now, now
                session.verified_attendance = session.reported_attendance
                session.tidy()
            return bulk_create_with_history(
                sessions,
                cls,
                batch_size=BULK,
                default_user=actor,
                default_change_reason=f"历史台账导入，{confirmed_by}确认",
            )

    @classmethod
    def undo_batch(cls, batch: ImportBatch, *, actor: User) -> int:
        """Takes back what an import stored (草稿, 退回修改 or historical 已核定 → 作废); what is void already stays. Returns
        how many it took back. A historical batch needs another person's proposal (`undo_proposed_by`). Refuses when a
        session has been submitted or verified since or its unit has confirmed it, or when it lies in a locked year."""
        move = MOVES["undo_import"]
        changes = {"verified_attendance": None, "verified_reason": "", "verified_by": None, "verified_at": None}
        with transaction.atomic():
            held = type(batch).objects.select_for_update().get(pk=batch.pk)
            barred = barred_from_undoing(actor, held)
            if barred:
                raise PermissionDenied(barred)
            if held.historical and held.undo_proposed_by_id is None:
                raise Refused("撤销历史台账须先由一位工作人员提出，再由另一位确认")
            standing = cls.objects.filter(batch=batch).exclude(status=Status.VOID)
            rows = list(standing.select_for_update(of=("self",)).select_related("organiser").order_by("pk"))
            reach = cls.objects.visible_to(actor) if held.historical else cls.objects.editable_by(actor)
            own = set(reach.filter(batch=batch).values_list("pk", flat=True))
            for row in rows:
                if row.pk not in own:
                    raise PermissionDenied(f"“{row.title}”已由责任单位确认或不归您登记，不能{move.label}")
                if row.status not in move.sources or (row.status == Status.VERIFIED and not row.is_historical):
                    raise Refused(f"“{row.title}”现在是“{row.get_status_display()}”，不能{move.label}")
            for county, year in {(row.organiser.county_id, row.held_on.year) for row in rows if row.held_on}:
                if years.rules_of(county, year, hold=True).locked:
                    raise Refused(f"{year}年度已锁定定案，这一年的场次不能再改动")
            for row in rows:
                row.status, row.version = move.target, row.version + 1
                for name, value in changes.items():
                    setattr(row, name, value)
            for first in range(0, len(rows), BULK):
                keys = [row.pk for row in rows[first : first + BULK]]
                cls.objects.filter(pk__in=keys).update(status=move.target, version=F("version") + 1, **changes)
            cls.history.bulk_history_create(
                rows, batch_size=BULK, update=True, default_user=actor, default_change_reason=move.label
            )
        return len(rows)

    @classmethod
    def credit_successor(cls, old: MemberUnit, new: MemberUnit, on: datetime.date, actor: User) -> list[str]:
        """Sessions held on or after the day on which `new` took over from `old`, entered before that was recorded, are
        credited to `new`; earlier ones stay. Says how many. Nothing for a day to come: `save` sees to plans when their
        day is there. Refuses when one lies in a locked year."""
        if on > timezone.localdate():
            return []
        held = cls.objects.filter(organiser=old, held_on__gte=on)
        rows = list(held.select_for_update(of=("self",)).select_related("organiser").order_by("pk"))
        together = CoOrganiser.objects.filter(unit=old, session__held_on__gte=on)
        together = together.exclude(session__co_organisers__unit=new)
        joint = set(together.values_list("session__organiser__county_id", "session__held_on__year"))
        for county, year in {(row.organiser.county_id, row.held_on.year) for row in rows} | joint:
            if years.rules_of(county, year, hold=True).locked:
                raise Refused(f"{year}年度已锁定定案，这一年的场次不能再改动")
        shared = list(together.values_list("pk", flat=True))
        CoOrganiser.objects.filter(pk__in=shared).update(unit=new)
        journal.wrote(CoOrganiser, shared, "unit_id", old.pk, new.pk)
        journal.wrote(cls, [row.pk for row in rows], "organiser_id", old.pk, new.pk)
        for row in rows:
            row.organiser, row.version = new, row.version + 1
        for first in range(0, len(rows), BULK):
            keys = [row.pk for row in rows[first : first + BULK]]
            cls.objects.filter(pk__in=keys).update(organiser=new, version=F("version") + 1)
        reason = f"单位变更：{old}改为{new}"
        cls.history.bulk_history_create(
            rows, batch_size=BULK, update=True, default_user=actor, default_change_reason=reason[:100]
        )
        return [f"{on.year}年{on.month}月{on.day}日以后的 {len(rows)} 场培训改记到{new}，以前的不动"] if rows else []
