"""Who settles a year: one person of the bureau proposes, another confirms (AC-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from .roles import ROLES, Action, can

if TYPE_CHECKING:
    from networks.models import User
    from reporting.models import AssessmentYear, YearProposal


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


def deciders_for(user: User) -> models.QuerySet[User]:
    """Active accounts of other persons of the county who may confirm what this one proposes."""
    roles = [role for role, rights in ROLES.items() if Action.LOCK_YEARS in rights.actions]
    users = apps.get_model("networks", "User").objects
    here = users.filter(role__in=roles, is_active=True, home_division_id=user.county_code)
    return here.exclude(person_id=user.person_id)


def barred_from_filing(user: User, year: AssessmentYear) -> str:
    """Why this account may not send a form upward, or ''."""
    if not can(user, Action.MANAGE_YEARS):
        return "报表由领导小组办公室的工作人员上报"
    if year.county_id != user.county_code:
        return "这个年度不属于本县"
    return ""
