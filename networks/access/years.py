"""Who settles a year: one person of the bureau proposes, another confirms (AC-5); who asks for it to be looked at again, and who
writes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from .roles import ROLES, Action, can

if TYPE_CHECKING:
    from networks.models import MemberUnit, User
    from reporting.models import AssessmentYear, Confirmation, Objection, YearProposal


def barred_from_locking(user: User, year: AssessmentYear) -> str:
    """Why this account may not propose to lock or unlock the year, or ''."""
    if not can(user, Action.LOCK_YEARS):
        return "锁定和解锁由领导小组办公室的工作人员提出"
    if year.county_id != user.county_code:
        return "这个年度不属于本县"
    return ""


def barred_from_deciding_on(user: User, proposal: YearProposal) -> str:
    """Why this account may not confirm or decline the proposal, or ''. Persons are compared, not accounts."""
    barred = barred_from_locking(user, proposal.year)
    if not barred and proposal.proposed_by.person_id == user.person_id:
        return "这是您提出的，须由另一位工作人员在自己的账号下确认"
    return barred


def barred_from_withdrawing(user: User, proposal: YearProposal) -> str:
    """Why this account may not take the proposal back, or ''."""
    barred = barred_from_locking(user, proposal.year)
    if not barred and proposal.proposed_by.person_id != user.person_id:
        return "提议只能由提出的人收回；不同意的，请说明原因退回"
    return barred


def barred_from_writing_bulletins(user: User, year: AssessmentYear) -> str:
    """Why this account may not write or publish a bulletin on the year, or ''."""
    if not can(user, Action.WRITE_BULLETINS):
        return "通报由领导小组办公室起草和印发"
    if year.county_id != user.county_code:
        return "这个年度不属于本县"
    return ""


def deciders_for(user: User) -> models.QuerySet[User]:
    """Active accounts of other persons of the county who may confirm what this one proposes."""
    roles = [role for role, rights in ROLES.items() if Action.LOCK_YEARS in rights.actions]
    users = apps.get_model("networks", "User").objects
    here = users.filter(role__in=roles, is_active=True, home_division_id=user.county_code)
    return here.exclude(person_id=user.person_id)


def barred_from_handling_feedback(user: User, year: AssessmentYear) -> str:
    """Why this account may not open the window for objections, check confirmations or record a sign-off, or ''."""
    if not can(user, Action.HANDLE_FEEDBACK):
        return "这由领导小组办公室的工作人员办理"
    if year.county_id != user.county_code:
        return "这个年度不属于本县"
    return ""


def barred_from_confirming_for(user: User, year: AssessmentYear, unit: MemberUnit) -> str:
    """Why this account may not bring in the unit's stamped sheet, or '': the unit's own officer does, or the office for it."""
    if can(user, Action.FILE_FEEDBACK) and unit.pk in user.own_unit_ids:
        return ""
    return barred_from_handling_feedback(user, year)


def barred_from_checking(user: User, confirmation: Confirmation) -> str:
    """Why this account may not accept or return a stamped sheet, or ''. Nobody accepts what they brought in themselves."""
    barred = barred_from_handling_feedback(user, confirmation.year)
    if not barred and confirmation.uploaded_by.person_id == user.person_id:
        return "这是您上传的，须由另一位工作人员核对"
    return barred


def barred_from_objecting(user: User, unit: MemberUnit) -> str:
    """Why this account may not ask for the unit's figures to be looked at again, or ''."""
    if can(user, Action.FILE_FEEDBACK) and unit.pk in user.own_unit_ids:
        return ""
    return "复核申请由单位自己的工作人员提出"


def barred_from_taking_back_objection(user: User, objection: Objection) -> str:
    """Why this account may not withdraw the objection, or ''. It is its unit's, whoever filed it."""
    return "" if not barred_from_objecting(user, objection.unit) else "复核申请由提出的单位收回"


def barred_from_answering_objection(user: User, objection: Objection) -> str:
    """Why this account may not answer the objection, or ''. Neither who filed it nor who verified the session in question
    judges it; persons are compared."""
    barred = barred_from_handling_feedback(user, objection.year)
    if barred:
        return barred
    if objection.filed_by.person_id == user.person_id:
        return "这是您提出的，须由另一位工作人员答复"
    session = objection.session
    if session is not None and session.verified_by is not None and session.verified_by.person_id == user.person_id:
        return "这一场是您核定的，须由另一位工作人员答复"
    return ""


def barred_from_filing(user: User, year: AssessmentYear) -> str:
    """Why this account may not send a form upward, or ''."""
    if not can(user, Action.MANAGE_YEARS):
        return "报表由领导小组办公室的工作人员上报"
    if year.county_id != user.county_code:
        return "这个年度不属于本县"
    return ""
