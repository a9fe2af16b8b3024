"""Who gives which role to whom, and who may change, reset or disable an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from .roles import ROLES, Action, Sight, Subject, can

if TYPE_CHECKING:
    from networks.models import Person, User


KEPT_BY_THE_BUREAU = {"bureau": "领导小组办公室", "auditor": "审计"}  # after the first of each in a county


def judging_accounts(user: User) -> models.QuerySet[User]:
    """The county's accounts that can judge or audit, for whoever can judge; nobody else is told of what happens to them."""
    users = apps.get_model("networks", "User").objects
    return users.visible_to(user).filter(role__in=KEPT_BY_THE_BUREAU) if can(user, Action.REVIEW) else users.none()


def roles_to_grant(user: User) -> list[str]:
    """The roles that this account may ever give; whether it may here and now, `barred_from_granting` says."""
    if not can(user, Action.MANAGE_ACCOUNTS):
        return []
    everywhere = ROLES[user.role].sight[Subject.ACCOUNT] is Sight.INSTALLATION
    return [role for role in ROLES if everywhere or role != "operator"]


def barred_from_managing(user: User, account: User) -> str:
    """Why this account may not change, reset or disable that one, or ''. Nobody manages their own; an account that can
    judge or audit is managed by another person who can judge (8.1.4.2 d)."""
    if not can(user, Action.MANAGE_ACCOUNTS):
        return "您的账号不能维护账号"
    if account.person_id == user.person_id:
        return "不能改动自己的账号，须由另一位工作人员办理"
    if account.role in KEPT_BY_THE_BUREAU and not can(user, Action.REVIEW):
        return "领导小组办公室和审计的账号由办公室的（另一位）工作人员维护"
    return ""


def barred_from_linking(user: User, account: User) -> str:
    """Why this account may not hand out a link by which that one's password is set, or ''. As long as nobody of a county's
    bureau has ever set a password, the operator who made its first accounts may repeat their links: else a slip that was lost
    or has expired would shut the county out."""
    barred = barred_from_managing(user, account)
    if not barred or account.role not in KEPT_BY_THE_BUREAU or account.person_id == user.person_id:
        return barred
    if not can(user, Action.MANAGE_ACCOUNTS) or account.has_usable_password():
        return barred
    users = apps.get_model("networks", "User").objects.filter(role="bureau", home_division_id=account.county_code)
    return barred if any(bureau.has_usable_password() for bureau in users) else ""


def barred_from_renaming(user: User, person: Person) -> str:
    """Why this account may not change that person's entry, or ''. The name is what stands under a verification."""
    if not can(user, Action.MANAGE_PEOPLE):
        return "您的账号不能维护工作人员"
    if not can(user, Action.REVIEW) and person.accounts.filter(role__in=KEPT_BY_THE_BUREAU).exists():
        return "有办公室或审计账号的人员，由办公室的工作人员维护"
    return ""


def barred_from_granting(user: User, role: str, county_code: str, person_id: int | None) -> str:
    """Why this account may not give `role` in that county to that person, or ''. The operator makes a county's first
    bureau account and first auditor account and no further one, not even after the first was disabled."""
    if role not in roles_to_grant(user):
        return "您的账号不能授予这个角色"
    if person_id == user.person_id:
        return "不能给自己建立账号，须由另一位工作人员办理"
    if role in KEPT_BY_THE_BUREAU and not can(user, Action.REVIEW):
        users = apps.get_model("networks", "User").objects
        if users.filter(role=role, home_division_id=county_code).exists():
            return f"本县已有{KEPT_BY_THE_BUREAU[role]}的账号，再要建立，由领导小组办公室的工作人员办理"
    return ""
