"""A session's own unit and the others: who enters it, whose drafts are seen, who reads names, who opens the door to scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from .roles import ROLES, Action, Sight, Subject, can, enters_for_the_centre

if TYPE_CHECKING:
    from networks.models import MemberUnit, User
    from trainings.models import TrainingSession


def units_to_enter_for(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose sessions this account may enter: its own with those that it has taken over from (for what was held
    before), or for the bureau any of its county."""
    units = apps.get_model("networks", "MemberUnit").objects.visible_to(user)
    if can(user, Action.ENTER_ON_BEHALF):
        return units
    if can(user, Action.ENTER) and user.own_unit:
        return units.filter(pk__in=user.own_unit_ids)
    return units.none()


def sessions_to_sum(user: User) -> models.QuerySet[TrainingSession]:
    """The sessions that the sums shown to this account are made of: its whole county's for whoever sees the county's
    figures (leaders see sums without ever seeing a row), else those that it sees itself."""
    sessions = apps.get_model("trainings", "TrainingSession").objects
    if can(user, Action.VIEW_COUNTY):
        units = apps.get_model("networks", "MemberUnit").objects.filter(county_id=user.county_code)
        return sessions.filter(organiser__in=units.values("pk"))
    return sessions.visible_to(user)


def sees_drafts_of(user: User, session: TrainingSession) -> bool:
    """Whether a visible session's life before its submission is this account's business too: its own unit's, its own
    (the centre's), or everybody's in the county."""
    sight = ROLES[user.role].sight[Subject.RECORD]
    if sight is Sight.SHARED:
        return session.entered_by.role == user.role
    return sight is Sight.COUNTY or session.organiser_id in user.own_unit_ids


def own_roster(user: User, session: TrainingSession) -> bool:
    """Whether the session is this account's own unit's, so that it may know everybody who was there by name. The county
    centre's sessions are its own, its department's are not."""
    if enters_for_the_centre(user):
        return session.entered_by.role == user.role
    return _sees_home_rosters(user) and session.organiser_id in user.own_unit_ids


def _sees_home_rosters(user: User) -> bool:
    return user.role in ROLES and ROLES[user.role].sight[Subject.ROSTER] is Sight.HOME


def barred_from_roster(user: User, session: TrainingSession) -> str:
    """Why this account may not open the roster of a session that it sees, or ''. Whoever co-organises a session or has it in
    their township learns how many were there, not who (个人信息保护法 6)."""
    if not can(user, Action.VIEW_ROSTERS):
        return f"{user.role_sentence}没有这项权限：{Action.VIEW_ROSTERS}。"
    if ROLES[user.role].sight[Subject.ROSTER] is not Sight.COUNTY and not own_roster(user, session):
        return "名册只给登记这一场的单位和领导小组办公室查看；别的单位看到人次"
    return ""


def barred_from_names(user: User, session: TrainingSession) -> str:
    """Why this account may not read full names in a roster that it may open, or ''. Outside the own unit minors stay masked
    even then (`own_roster`)."""
    barred = barred_from_roster(user, session)
    if not barred and not can(user, Action.UNMASK_ROSTERS):
        return "您的账号只能查看遮盖了姓名的名册"
    return barred


def barred_from_names_on_paper(user: User, session: TrainingSession, *, with_minors: bool) -> str:
    """Why this account may not open a signed sheet or questionnaire of a session that it sees, or ''. Nothing on paper can be
    masked, so it is closed to whoever may not ask for full names, and where a minor is named to all but its unit (AC-6, PI-3).
    Who told no age in the roster does not close the paper: most lists ask for none, and the office judges by the sheet."""
    if barred_from_names(user, session):
        return "上面有姓名，只给登记这一场的单位和领导小组办公室查看"
    if with_minors and not own_roster(user, session):
        return "上面有未成年人的姓名，只给登记这一场的单位查看"
    return ""


def reads_minors(user: User) -> bool:
    """Whether this account may read the names of minors at all: those of its own unit's sessions, and no others'."""
    return can(user, Action.UNMASK_ROSTERS) and (_sees_home_rosters(user) or enters_for_the_centre(user))


def barred_from_scanning(user: User, session: TrainingSession) -> str:
    """Why this account may not open or end a session's sign-in by QR, or ''. It is its own unit's business alone."""
    sessions = apps.get_model("trainings", "TrainingSession").objects
    if not can(user, Action.ENTER) or not sessions.editable_by(user).filter(pk=session.pk).exists():
        return "扫码签到由登记这一场的单位开放和结束"
    return ""


def hears_residents(user: User, session: TrainingSession) -> bool:
    """Whether this account reads in their own words what residents said of a session that it sees: its own unit's, or the
    county's. Others see how many were content."""
    everybodys = ROLES[user.role].sight[Subject.RECORD] in {Sight.COUNTY, Sight.SHARED}
    return everybodys or session.organiser_id in user.own_unit_ids


def barred_from_answering(user: User, session: TrainingSession) -> str:
    """Why this account may not answer what residents said of a session, or ''. Its own unit does, or the office."""
    if can(user, Action.REVIEW) and session.organiser.county_id == user.county_code:
        return ""
    return "居民的意见由登记这一场的单位或领导小组办公室答复" if barred_from_scanning(user, session) else ""
