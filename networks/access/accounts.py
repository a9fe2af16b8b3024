"""Who gives which role to whom, and who may change, reset or disable an account."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone

from .roles import ROLES, Action, Sight, Subject, can

if TYPE_CHECKING:
    from networks.models import Person, User


KEPT_BY_THE_BUREAU = {"bureau": "领导小组办公室", "auditor": "审计"}  # after the first of each in a county
FACTOR_RESET = "重置动态口令"  # as recorded
APART = datetime.timedelta(days=30)  # as long as the desks of the others tell of it


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
    if not barred and account.role in KEPT_BY_THE_BUREAU and _has_reset_factor(user, account):
        return "您最近重置过这个账号的动态口令，一次性链接须由另一位工作人员签发"
    if not barred or account.role not in KEPT_BY_THE_BUREAU or account.person_id == user.person_id:
        return barred
    if not can(user, Action.MANAGE_ACCOUNTS) or account.has_usable_password():
        return barred
    users = apps.get_model("networks", "User").objects.filter(role="bureau", home_division_id=account.county_code)
    return barred if any(bureau.has_usable_password() for bureau in users) else ""


def _has_reset_factor(user: User, account: User) -> bool:
    events = apps.get_model("networks", "AuditEvent").objects.filter(action=FACTOR_RESET, subject="user")
    since = timezone.now() - APART
    return events.filter(subject_id=str(account.pk), actor__person=user.person_id, at__gte=since).exists()


def needs_second_factor(user: User) -> bool:
    """Whether this account may do nothing before it has a second factor (8.1.4.1 d): whoever judges, audits or keeps accounts,
    where the installation asks for it."""
    return settings.MFA_REQUIRED and any(
        can(user, action) for action in (Action.REVIEW, Action.VIEW_LOGS, Action.MANAGE_ACCOUNTS)
    )


def barred_from_resetting_factor(user: User, account: User) -> str:
    """Why this account may not take the second factor from that one, or ''. Whoever keeps accounts may, the operator also for
    accounts that judge or audit: without their password it opens nothing. Of those nobody does both within 30 days, hand out
    a link for the password and reset the factor: it takes two persons to get into such an account."""
    if not can(user, Action.MANAGE_ACCOUNTS):
        return "您的账号不能维护账号"
    if account.person_id == user.person_id:
        return "不能重置自己的动态口令，须由另一位工作人员办理；换手机请在“我的登录”里办"
    if account.role in KEPT_BY_THE_BUREAU:
        links = account.password_links.filter(created_by__person=user.person_id, created_at__gte=timezone.now() - APART)
        if links.exists():
            return "您最近给这个账号签发过一次性链接，动态口令须由另一位工作人员或系统管理员重置"
    return ""


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
