"""Separation of duties, between persons and not between accounts: who may decide on what others entered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Q

from .roles import ROLES, Action, can

if TYPE_CHECKING:
    from networks.models import User
    from trainings.models import ImportBatch, TrainingSession
    from trainings.models.proposals import Proposal


def barred_from_reviewing(user: User, session: TrainingSession) -> str:
    """Why this account may not decide on the session at all, or ''."""
    if not can(user, Action.REVIEW):
        return "只有领导小组办公室的账号可以核定、退回或撤销核定"
    if session.organiser.county_id != user.county_code:
        return "这一场次不属于本县"
    return ""


def barred_from_verifying(user: User, session: TrainingSession, involved: set[int] | None = None) -> str:
    """Why this account may not verify the session, or ''. Nobody verifies what they entered, revised, submitted or brought
    evidence for (AC-5). `involved`: what `involved_in` said of many sessions at once."""
    return barred_from_reviewing(user, session) or _barred_as_involved(user, session, involved, "核定")


def barred_from_calling(user: User, session: TrainingSession, involved: set[int] | None = None) -> str:
    """Why this account may not call about a drawn session (电话回访), or ''. Nobody checks what they had a part in."""
    return barred_from_reviewing(user, session) or _barred_as_involved(user, session, involved, "回访")


def _barred_as_involved(user: User, session: TrainingSession, involved: set[int] | None, act: str) -> str:
    if session.pk in (involved_in(user, [session.pk]) if involved is None else involved):
        return f"您登记、修改、提交过这一场次，或者上传过它的材料，须由另一位工作人员{act}"
    return ""


def involved_in(user: User, keys: Iterable[int]) -> set[int]:
    """Those of these sessions (by key) that this account's person had a part in. One query."""
    sessions = apps.get_model("trainings", "TrainingSession").objects.filter(pk__in=keys)
    return set(sessions.filter(involving(user.person_id)).order_by().values_list("pk", flat=True))


def reviewers_of(county_code: str) -> models.QuerySet[User]:
    """The county's active accounts that may verify what others entered and submitted."""
    roles = [role for role, rights in ROLES.items() if Action.REVIEW in rights.actions]
    users = apps.get_model("networks", "User").objects
    return users.filter(role__in=roles, is_active=True, home_division_id=county_code)


def eligible_verifiers(session: TrainingSession) -> models.QuerySet[User]:
    """Active bureau accounts of other persons, who may verify this session."""
    reviewers = reviewers_of(session.organiser.county_id)
    free = [user.pk for user in reviewers if not involved_in(user, [session.pk])]
    return reviewers.filter(pk__in=free)


def involving(person_id: int) -> Q:
    """The sessions that this person had a part in, and so may not verify: entered them, brought evidence for them, or at any time
    submitted them or revised more than their wording (the history keeps every `submitted_by` and `revised_by`). Lines of the
    roster bar nobody: what counts is the reported figure and the verified one."""
    accounts = ("entered_by", "revised_by", "submitted_by")
    direct = Q(*((f"{account}__person_id", person_id) for account in accounts), _connector=Q.OR)
    history = apps.get_model("trainings", "HistoricalTrainingSession").objects
    evidence = apps.get_model("trainings", "Evidence").objects
    return (
        direct
        | Q(
            pk__in=history.filter(Q(revised_by__person_id=person_id) | Q(submitted_by__person_id=person_id)).values(
                "id"
            )
        )
        | Q(pk__in=evidence.filter(uploaded_by__person_id=person_id).values("session"))
    )


def without_verifier(sessions: models.QuerySet, county_code: str) -> models.QuerySet:
    """Those of a county's sessions that nobody may verify, because every reviewer had a part in them."""
    for person_id in set(reviewers_of(county_code).values_list("person_id", flat=True)):
        sessions = sessions.filter(involving(person_id))
    return sessions


def barred_from_approving(user: User, proposal: Proposal) -> str:
    """Why this account may not approve a course or a story, or ''. Nobody approves what they proposed themselves, nor what
    they wrote or rewrote since it was last approved, whoever pressed the button; sending back and retiring are open to
    them, for nothing comes before residents by that."""
    if not can(user, proposal.DECIDED_BY):
        return f"您的账号不能{proposal.DECIDED_BY}"
    if proposal.proposed_by and proposal.proposed_by.person_id == user.person_id:
        return "这是您提交的，须由另一位工作人员审定"
    if user.person_id in proposal.writers():
        return "您写过或改过这一稿，须由另一位工作人员审定"
    return ""


def barred_from_handling(user: User, batch: ImportBatch) -> str:
    """Why this account may not mend, confirm or take back an uploaded ledger, or ''. It was checked with its uploader's
    rights, so it stays theirs."""
    if not can(user, Action.IMPORT):
        return "您的账号不能导入培训台账"
    if batch.user_id != user.pk:
        return f"这份台账由{batch.user.get_full_name()}上传，只能由本人更正、确认或撤销"
    return ""


def barred_from_seconding(user: User, batch: ImportBatch) -> str:
    """Why this account may not confirm another's historical ledger, or ''. It takes two persons."""
    return barred_from_recording_history(batch.user, user, batch.county_id)


def barred_from_recording_history(user: User, second: User, county_code: str) -> str:
    """Why these two may not store a historical ledger of the county together, or ''."""
    if any(not can(account, Action.IMPORT_HISTORY) or account.county_code != county_code for account in (user, second)):
        return "历史台账只能由本县领导小组办公室的工作人员导入和确认"
    if user.person_id == second.person_id:
        return "历史台账须由另一位工作人员在自己的账号下确认"
    return ""


def barred_from_undoing(user: User, batch: ImportBatch) -> str:
    """Why this account may not take a stored ledger back, or propose that, or ''. A historical one takes two persons."""
    if not batch.historical:
        return barred_from_handling(user, batch)
    if not can(user, Action.IMPORT_HISTORY) or user.county_code != batch.county_id:
        return "历史台账只能由本县领导小组办公室的两位工作人员撤销"
    if batch.undo_proposed_by_id and batch.undo_proposed_by.person_id == user.person_id:
        return "撤销已由您提出，须由另一位工作人员在自己的账号下确认"
    return ""


def seconders_for(user: User) -> models.QuerySet[User]:
    """Active accounts of other persons who may confirm this account's historical ledgers."""
    roles = [role for role, rights in ROLES.items() if Action.IMPORT_HISTORY in rights.actions]
    users = apps.get_model("networks", "User").objects
    here = users.filter(role__in=roles, is_active=True, home_division_id=user.county_code)
    return here.exclude(person_id=user.person_id)


def barred_from_deciding_late(user: User, asked_by: User) -> str:
    """Why this account may not decide on a request for 补报, or ''. Nobody grants what they asked for (AC-5)."""
    if not can(user, Action.PROMPT):
        return "补报由领导小组办公室的工作人员审批"
    if asked_by.person_id == user.person_id:
        return "这是您提出的，须由另一位工作人员审批"
    return ""


def barred_from_receiving(user: User, handed_in_by: User | None) -> str:
    """Why this account may not receive a paper that was handed in (报送材料), or ''. Sending back and exempting are open to
    whoever collects them; what one handed in oneself another person takes in."""
    if not can(user, Action.PROMPT):
        return "报送材料由领导小组办公室的工作人员收取"
    if handed_in_by and handed_in_by.person_id == user.person_id:
        return "这是您上传的，须由另一位工作人员确认收到"
    return ""
