"""The only file that decides rights: who may do what, and which rows somebody sees.

Code asks for actions (`can(user, Action.REVIEW)`), never for roles. Rows are asked for with `visible_to(user)`; a model only
declares by which of its fields it belongs to a county, a place or a unit (`scope = Scope(...)`). Outside one's scope is 404,
inside it but not allowed is 403. Whoever has no home sees nothing.

Longer than our other files on purpose: whoever asks who may do something looks here and nowhere else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.utils import timezone

from . import tasks

if TYPE_CHECKING:
    from networks.models import Appointment, Division, Institution, MemberUnit, Person, Reorganisation, User
    from reporting.models import PlanTask, TaskReport
    from trainings.models import ImportBatch, TrainingSession
    from trainings.models.proposals import Proposal

EDUCATION_BUREAU = (
    "jyj"  # the code of 县教育局 in networks/data/member_units.csv: the leading group's office sits there (三(一))
)


class Action(StrEnum):
    """What a person may do. Each is asked for by name somewhere in the code."""

    ENTER = "登记、修改和提交本单位的培训场次"
    ENTER_ON_BEHALF = "代各单位登记培训场次"
    IMPORT = "导入培训台账"
    IMPORT_HISTORY = "导入系统启用以前的历史台账"
    VIEW_SESSIONS = "查看培训场次"
    EXPORT = "导出培训台账"
    REVIEW = "审核、退回和撤销核定"
    ASSIGN_ORGANISER = "把未知的主办单位归口到责任单位"
    VIEW_STANDING = "查看完成情况"
    VIEW_COUNTY = "查看全县各单位完成情况和年度看板"
    MANAGE_YEARS = "设置考核年度和目标任务"
    VIEW_PLAN = "查看推进方案的任务和年度目标"
    REPORT_PROGRESS = "汇报方案任务的进展"
    MANAGE_PLAN = "维护推进方案、年度目标和任务认定"
    VIEW_COURSES = "查看课程资源和宣传内容"
    APPROVE_COURSES = "审定课程资源"
    PUBLISH = "审核和发布宣传内容"
    VIEW_ROSTERS = "查看签到名册（姓名遮盖）"
    UNMASK_ROSTERS = "查看和导出名册中的全名"
    VIEW_NETWORK = "查看机构网络、资源和年度数据"
    VIEW_STAFF = "查看工作人员和联络员"
    VIEW_CONTACTS = "查看和导出联络员通讯录"
    ISSUE_POINT_LINKS = "给本乡镇的教学点签发、停用随手报链接"
    KEEP_OWN = "维护本乡镇、本单位的机构、人员、资源和年度数据"
    MANAGE_NETWORK = "维护全县的机构、区划、人员、资源和年度数据"
    MANAGE_UNITS = "维护成员单位和归口关系"
    MANAGE_VOCABULARY = "维护主题、形式等词表"
    MANAGE_PEOPLE = "维护工作人员"
    MANAGE_ACCOUNTS = "维护账号"
    VIEW_LOGS = "查看操作日志"
    USE_ADMIN = "使用管理后台"


class Subject(StrEnum):
    """What kind of thing a scoped row is; a role's sight is given per subject."""

    DIRECTORY = "names of places, units, institutions, vocabularies"
    RECORD = "sessions and what hangs on them"
    ROSTER = "who was there by name: rosters, sign-ups"
    STANDING = "years, quotas, standings"
    STAFF = "who works where"
    ACCOUNT = "people and accounts"
    LOG = "the audit log"


class Sight(StrEnum):
    NOTHING = "nothing"
    HOME = "own unit and, for a township, what others do there once it is submitted"
    SHARED = "the county's rows once submitted, and one's own drafts"
    AUTHOR = "what accounts of this role entered in the county"
    COUNTY = "everything in the county"
    INSTALLATION = "everything in the installation"


@dataclass(frozen=True)
class RoleRights:
    sentence: str  # what this role is, for humans
    actions: frozenset[Action]
    sight: dict[Subject, Sight]


def _role(sentence: str, actions: Iterable[Action], **sight: Sight) -> RoleRights:
    given = {Subject[name.upper()]: value for name, value in sight.items()}
    return RoleRights(sentence, frozenset(actions), {s: given.get(s, Sight.NOTHING) for s in Subject})


_OFFICER = (
    Action.ENTER,
    Action.IMPORT,
    Action.VIEW_SESSIONS,
    Action.EXPORT,
    Action.VIEW_STANDING,
    Action.VIEW_PLAN,
    Action.REPORT_PROGRESS,
    Action.VIEW_NETWORK,
    Action.VIEW_STAFF,
    Action.KEEP_OWN,
    Action.VIEW_COURSES,
    Action.VIEW_ROSTERS,
    Action.UNMASK_ROSTERS,
)
_AT_HOME = {
    "directory": Sight.COUNTY,
    "record": Sight.HOME,
    "roster": Sight.HOME,
    "standing": Sight.HOME,
    "staff": Sight.HOME,
}

ROLES: dict[str, RoleRights] = {
    "bureau": _role(
        "领导小组办公室工作人员：审核全县场次，设置年度与任务，维护单位、机构、词表和账号。",
        [
            Action.ENTER_ON_BEHALF,
            Action.IMPORT,
            Action.IMPORT_HISTORY,
            Action.VIEW_SESSIONS,
            Action.EXPORT,
            Action.REVIEW,
            Action.ASSIGN_ORGANISER,
            Action.VIEW_STANDING,
            Action.VIEW_COUNTY,
            Action.MANAGE_YEARS,
            Action.VIEW_PLAN,
            Action.REPORT_PROGRESS,
            Action.MANAGE_PLAN,
            Action.VIEW_NETWORK,
            Action.VIEW_STAFF,
            Action.VIEW_CONTACTS,
            Action.MANAGE_NETWORK,
            Action.MANAGE_UNITS,
            Action.MANAGE_VOCABULARY,
            Action.MANAGE_PEOPLE,
            Action.MANAGE_ACCOUNTS,
            Action.USE_ADMIN,
            Action.VIEW_COURSES,
            Action.APPROVE_COURSES,
            Action.PUBLISH,
            Action.VIEW_ROSTERS,
            Action.UNMASK_ROSTERS,
        ],
        directory=Sight.COUNTY,
        record=Sight.COUNTY,
        roster=Sight.COUNTY,
        standing=Sight.COUNTY,
        staff=Sight.COUNTY,
        account=Sight.COUNTY,
    ),
    "centre": _role(
        "县社区教育中心工作人员：指导全县业务，维护机构名录，登记中心自己的培训。",
        [
            Action.ENTER,
            Action.IMPORT,
            Action.VIEW_SESSIONS,
            Action.EXPORT,
            Action.VIEW_PLAN,
            Action.VIEW_NETWORK,
            Action.VIEW_STAFF,
            Action.VIEW_CONTACTS,
            Action.MANAGE_NETWORK,
            Action.USE_ADMIN,
            Action.VIEW_COURSES,
            Action.APPROVE_COURSES,
            Action.VIEW_ROSTERS,
            Action.UNMASK_ROSTERS,
        ],
        directory=Sight.COUNTY,
        record=Sight.SHARED,
        roster=Sight.AUTHOR,
        staff=Sight.COUNTY,
    ),
    "township": _role(
        "乡镇专干：登记并提交本乡镇的培训，查看在本乡镇举办的培训，维护本乡镇的机构、人员和年度数据。",
        [*_OFFICER, Action.ISSUE_POINT_LINKS],
        **_AT_HOME,
    ),
    "unit": _role(
        "成员单位工作人员：登记并提交本单位的培训，查看本单位协办的培训，维护本单位负责的场所和资源。",
        _OFFICER,
        **_AT_HOME,
    ),
    "head": _role(
        "分管领导：查看本单位的培训和完成情况，不作改动。",
        [
            Action.VIEW_SESSIONS,
            Action.EXPORT,
            Action.VIEW_STANDING,
            Action.VIEW_PLAN,
            Action.VIEW_NETWORK,
            Action.VIEW_STAFF,
            Action.VIEW_COURSES,
            Action.VIEW_ROSTERS,
        ],
        **_AT_HOME,
    ),
    "leader": _role(
        "领导小组成员：查看全县数字，不看单条记录，不作改动。",
        [Action.VIEW_STANDING, Action.VIEW_COUNTY, Action.VIEW_PLAN, Action.VIEW_NETWORK, Action.VIEW_COURSES],
        directory=Sight.COUNTY,
        standing=Sight.COUNTY,
    ),
    "auditor": _role(
        "审计人员：查看台账、历史和操作日志，不作改动。",
        [
            Action.VIEW_SESSIONS,
            Action.EXPORT,
            Action.VIEW_STANDING,
            Action.VIEW_COUNTY,
            Action.VIEW_PLAN,
            Action.VIEW_NETWORK,
            Action.VIEW_STAFF,
            Action.VIEW_LOGS,
            Action.USE_ADMIN,
            Action.VIEW_COURSES,
            Action.VIEW_ROSTERS,
        ],
        directory=Sight.COUNTY,
        record=Sight.COUNTY,
        roster=Sight.COUNTY,
        standing=Sight.COUNTY,
        staff=Sight.COUNTY,
        account=Sight.COUNTY,
        log=Sight.COUNTY,
    ),
    "operator": _role(
        "系统管理员：建立账号、维护设置和备份；不能审核，也不能改动考核。",
        [Action.MANAGE_PEOPLE, Action.MANAGE_ACCOUNTS, Action.USE_ADMIN],
        directory=Sight.INSTALLATION,
        account=Sight.INSTALLATION,
    ),
}


# --- actions ---------------------------------------------------------------------------------------


def can(user: User | None, action: Action) -> bool:
    """Whether this account's role includes the action; False for strangers, disabled and homeless accounts."""
    if not (user and user.is_authenticated and user.is_active) or user.role not in ROLES:
        return False
    rights = ROLES[user.role]
    at_home = bool(user.county_code) or rights.sight[Subject.ACCOUNT] is Sight.INSTALLATION
    return at_home and action in rights.actions


def require(*actions: Action) -> Callable:
    """View decorator: 403 unless the signed-in account may do at least one of the actions."""

    def decorate(view: Callable) -> Callable:
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if not any(can(request.user, action) for action in actions):
                raise PermissionDenied(f"{request.user.role_sentence}没有这项权限：{actions[0]}。")
            return view(request, *args, **kwargs)

        guarded.required_actions = actions
        return guarded

    return decorate


# --- rows ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """By which lookups a model's rows belong to somebody; the model declares it, this file interprets it.

    `via` names a foreign key to a scoped model whose visibility is taken over (evidence is seen with its session).
    `place` holds a division code: it answers for the county (its first six digits) and for a township (a range).
    `shared` names a to-many lookup of further units that see the row; `stage`, the lookup of a status whose values
    `private` are the owner's business alone; `author_role`, the role of who wrote the row. Registries name who keeps the
    whole county's rows (`managed_by`); whoever has KEEP_OWN keeps those of their own unit and place, or of their unit alone
    (`kept_by_unit_only`). `task` names the field of a row's kind where kinds are divided among the units by the plan's
    tasks: the model's `CLAUSES` says which clause each belongs to.
    """

    subject: Subject = Subject.DIRECTORY
    via: str = ""
    county: str = ""
    place: str = ""
    unit: str = ""
    shared: str = ""
    stage: str = ""
    private: tuple[str, ...] = ()
    author_role: str = ""
    managed_by: Action | None = None
    kept_by_unit_only: bool = False
    task: str = ""


class ScopedQuerySet(models.QuerySet):
    """A queryset that knows whose rows are whose."""

    def visible_to(self, user: User | None) -> ScopedQuerySet:
        """The rows that this account may see; none for strangers and for accounts without a home."""
        scope: Scope = self.model.scope
        if scope.via:
            seen = self.model._meta.get_field(scope.via).related_model._default_manager.visible_to(user)
            return self.filter(**{f"{scope.via}__in": seen})
        condition = _visible(user, scope, self.model)
        return self.none() if condition is None else self.filter(condition)

    def editable_by(self, user: User | None) -> ScopedQuerySet:
        """The visible records that this account may rewrite: a unit's officers their unit's, the county centre its own,
        the bureau what it entered on a unit's behalf until the unit takes it over (state and year are the model's
        business)."""
        rows = self.visible_to(user)
        if self.model.scope.via:
            target = self.model._meta.get_field(self.model.scope.via).related_model._default_manager
            return rows.filter(**{f"{self.model.scope.via}__in": target.editable_by(user)})
        if can(user, Action.ENTER_ON_BEHALF):
            on_behalf = hasattr(self.model, "on_behalf_source")  # a class of sessions is planned by its unit alone
            return rows.exclude(on_behalf_source="").filter(unit_confirmed_at=None) if on_behalf else self.none()
        if not can(user, Action.ENTER) or not user.own_unit:
            return self.none()
        if enters_for_the_centre(user):
            return rows.filter(entered_by__role=user.role)
        return rows.filter(**{f"{self.model.scope.unit}__in": user.own_unit_ids})

    def kept_by(self, user: User | None) -> ScopedQuerySet:
        """The visible rows of a registry that this account may change and add to: the whole county's for whoever manages
        this kind of thing, the own unit's and place's for whoever keeps those. None where the model names no manager."""
        scope: Scope = self.model.scope
        rows = self.visible_to(user)
        if scope.via:
            target = self.model._meta.get_field(scope.via).related_model._default_manager
            return rows.filter(**{f"{scope.via}__in": target.kept_by(user)})
        if scope.managed_by and can(user, scope.managed_by):
            return rows
        if not scope.managed_by or not can(user, Action.KEEP_OWN):
            return self.none()
        mine = _at_home(user, scope, places=not scope.kept_by_unit_only)
        if scope.task:
            mine &= Q(**{f"{scope.task}__in": kinds_kept_by(user, self.model)})
        return rows.filter(mine)


def _visible(user: User | None, scope: Scope, model: type[models.Model]) -> Q | None:
    if not (user and user.is_authenticated and user.is_active) or user.role not in ROLES:
        return None
    sight = ROLES[user.role].sight[scope.subject]
    if sight is Sight.INSTALLATION:
        return Q()
    if sight is Sight.NOTHING or not user.county_code:
        return None
    in_county = Q()
    if scope.county:
        in_county |= Q(**{scope.county: user.county_code})
    if scope.subject is Subject.LOG:  # operators' acts and unknown sign-ins belong to no county: every auditor's
        in_county |= Q(**{scope.county: ""})
    if scope.place and (not scope.county or scope.subject is Subject.ACCOUNT):
        in_county |= _at_or_below(scope.place, user.county_code)
    if sight is Sight.COUNTY:
        return in_county
    if sight is Sight.AUTHOR:
        return in_county & Q(**{scope.author_role: user.role}) if scope.author_role else None
    from_submitted_on = ~Q(**{f"{scope.stage}__in": scope.private}) if scope.stage else Q()
    if sight is Sight.SHARED:
        return in_county & (from_submitted_on | Q(**{scope.author_role: user.role})) if scope.author_role else in_county
    mine = _at_home(user, scope, places=False) | (_at_home(user, scope, units=False) & from_submitted_on)
    if scope.shared and user.own_unit_ids:
        together = model._default_manager.filter(**{f"{scope.shared}__in": user.own_unit_ids}).values("pk")
        mine |= Q(pk__in=together) & from_submitted_on
    if not (scope.unit or scope.place):  # belongs to the county as a whole, such as an assessment year
        mine = Q()
    return in_county & mine


def _at_home(user: User, scope: Scope, *, units: bool = True, places: bool = True) -> Q:
    """Rows of the account's own unit, or at or below its own places; predecessors count as the unit or place that has
    taken over from them."""
    mine = Q(pk__in=[])
    if units and scope.unit and user.own_unit_ids:
        mine |= Q(**{f"{scope.unit}__in": user.own_unit_ids})
    if places and scope.place and not user.home_unit_id:
        for code in user.own_place_codes:
            mine |= _at_or_below(scope.place, code)
    return mine


def _at_or_below(lookup: str, code: str) -> Q:
    """Codes that begin with `code`, as a range that an index serves; [code, code + 1)."""
    return Q(**{f"{lookup}__gte": code, f"{lookup}__lt": code[:-1] + chr(ord(code[-1]) + 1)})


def visible_or_404(user: User, rows: ScopedQuerySet, **lookup: Any) -> Any:
    """The one visible row, or 404: outside one's scope a thing does not exist."""
    try:
        return rows.visible_to(user).get(**lookup)
    except (rows.model.DoesNotExist, ValueError, OverflowError):
        raise Http404("没有找到这条记录，或它不在您的范围内") from None


def kept_or_403(user: User, rows: ScopedQuerySet, **lookup: Any) -> Any:
    """The one visible row of a registry, if this account may change it; else 404 or 403."""
    row = visible_or_404(user, rows, **lookup)
    if not rows.model._default_manager.kept_by(user).filter(pk=row.pk).exists():
        raise PermissionDenied("这条记录由所在乡镇、责任单位或县教育局维护，您可以查看，不能改动")
    return row


def kinds_kept_by(user: User, model: type[models.Model]) -> list[str]:
    """Of which kinds this account keeps rows in a registry that is divided by the plan's tasks: all for whoever manages
    it, else those for whose clause (`model.CLAUSES`) its unit answers today."""
    if can(user, model.scope.managed_by):
        return list(model.Kind.values)
    if not can(user, Action.KEEP_OWN):
        return []
    own = tasks.clauses_of(user.own_unit_ids, timezone.localdate())
    return [kind.value for kind, clause in model.CLAUSES.items() if clause in own]


def places_to_keep_at(user: User) -> models.QuerySet:
    """Where this account may enter things into a registry: in its own township, and a department in its whole county, for
    its things lie everywhere and are its own."""
    places = apps.get_model("networks", "Division").objects
    if can(user, Action.KEEP_OWN) and user.home_unit_id:
        return places.visible_to(user)
    return places.kept_by(user)


def verify_declarations() -> None:
    """Fails at start-up when a model of ours forgets to say how its rows are scoped (fail closed)."""
    for model in apps.get_models():
        ours = model._meta.app_label in {"networks", "trainings", "reporting"}
        if not ours or hasattr(model, "instance_type") or model._meta.auto_created:
            continue  # historical tables are reached only through their scoped originals
        if getattr(model, "unscoped", ""):
            continue  # says in words why nobody needs a scope
        if not isinstance(getattr(model, "scope", None), Scope) or not hasattr(model._default_manager, "visible_to"):
            raise ImproperlyConfigured(f"{model.__name__} does not declare its scope (networks/access.py)")


# --- separation of duties (between persons, not accounts) ------------------------------------------


def barred_from_reviewing(user: User, session: TrainingSession) -> str:
    """Why this account may not decide on the session at all, or ''."""
    if not can(user, Action.REVIEW):
        return "只有领导小组办公室的账号可以核定、退回或撤销核定"
    if session.organiser.county_id != user.county_code:
        return "这一场次不属于本县"
    return ""


def barred_from_verifying(user: User, session: TrainingSession) -> str:
    """Why this account may not verify the session, or ''. Nobody verifies what they entered, revised or submitted
    (AC-5)."""
    barred = barred_from_reviewing(user, session)
    if not barred and user.person_id in involved_people(session):
        return "您登记、修改或提交过这一场次，须由另一位工作人员核定"
    return barred


def barred_from_calling(user: User, session: TrainingSession) -> str:
    """Why this account may not call about a drawn session (电话回访), or ''. Nobody checks what they entered, revised or
    submitted."""
    barred = barred_from_reviewing(user, session)
    if not barred and user.person_id in involved_people(session):
        return "您登记、修改或提交过这一场次，须由另一位工作人员回访"
    return barred


def involved_people(session: TrainingSession) -> set[int]:
    """Person ids of who entered, who revised and who submitted the session."""
    accounts = (session.entered_by, session.revised_by, session.submitted_by)
    return {account.person_id for account in accounts if account}


def reviewers_of(county_code: str) -> models.QuerySet[User]:
    """The county's active accounts that may verify what others entered and submitted."""
    roles = [role for role, rights in ROLES.items() if Action.REVIEW in rights.actions]
    users = apps.get_model("networks", "User").objects
    return users.filter(role__in=roles, is_active=True, home_division_id=county_code)


def eligible_verifiers(session: TrainingSession) -> models.QuerySet[User]:
    """Active bureau accounts of other persons, who may verify this session."""
    return reviewers_of(session.organiser.county_id).exclude(person_id__in=involved_people(session))


def involving(person_id: int) -> Q:
    """The sessions that this person entered, revised or submitted, and so may not verify (in SQL what `involved_people`
    says)."""
    accounts = ("entered_by", "revised_by", "submitted_by")
    return Q(*((f"{account}__person_id", person_id) for account in accounts), _connector=Q.OR)


def without_verifier(sessions: models.QuerySet, county_code: str) -> models.QuerySet:
    """Those of a county's sessions that nobody may verify, because every reviewer entered, revised or submitted them."""
    people = set(reviewers_of(county_code).values_list("person_id", flat=True))
    if len(people) > 3:  # a session involves three persons at most
        return sessions.none()
    for person_id in people:
        sessions = sessions.filter(involving(person_id))
    return sessions


def barred_from_approving(user: User, proposal: Proposal) -> str:
    """Why this account may not approve a course or a story, or ''. Nobody approves what they proposed themselves; sending
    back and retiring are open to them, for nothing comes before residents by that."""
    if not can(user, proposal.DECIDED_BY):
        return f"您的账号不能{proposal.DECIDED_BY}"
    if proposal.proposed_by and proposal.proposed_by.person_id == user.person_id:
        return "这是您提交的，须由另一位工作人员审定"
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


def units_to_enter_for(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose sessions this account may enter: its own with those that it has taken over from (for what was held
    before), or for the bureau any of its county."""
    units = apps.get_model("networks", "MemberUnit").objects.visible_to(user)
    if can(user, Action.ENTER_ON_BEHALF):
        return units
    if can(user, Action.ENTER) and user.own_unit:
        return units.filter(pk__in=user.own_unit_ids)
    return units.none()


def enters_for_the_centre(user: User) -> bool:
    """Whether this account enters the county centre's own sessions, which are credited to 县教育局 but not its."""
    return can(user, Action.ENTER) and user.role == "centre"


# --- rosters: who reads names, and whose -----------------------------------------------------------


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


# --- at the door: sign-in by QR, and what residents say afterwards -----------------------------------


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


# --- people: who enters them, who reads about them, who may call them ---------------------------------


def units_to_staff(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose 联络员 and 分管领导 this account enters: the county's, or its own unit's alone."""
    units = apps.get_model("networks", "MemberUnit").objects
    if can(user, Action.MANAGE_NETWORK):
        return units.filter(county_id=user.county_code)
    return units.filter(pk__in=user.own_unit_ids) if can(user, Action.KEEP_OWN) else units.none()


def places_to_lead(user: User) -> models.QuerySet[Division]:
    """The places whose leading group this account sets up: any of the county's, or a township its own (三(一))."""
    places = apps.get_model("networks", "Division").objects.visible_to(user).exclude(tier="village")
    if can(user, Action.MANAGE_UNITS):
        return places
    return places.filter(pk__in=user.own_place_codes) if can(user, Action.KEEP_OWN) else places.none()


def people_to_appoint(user: User) -> models.QuerySet[Person]:
    """Whom this account may give an appointment or a seat without entering them anew: the county's people, or those who
    hold one (or an account) in its own part."""
    people = apps.get_model("networks", "Person").objects
    if can(user, Action.MANAGE_NETWORK):
        return people.filter(county_id=user.county_code)
    here = [Q(pk__in=rows.values("person")) for rows in _ties_at_home(user)]
    return people.filter(Q(*here, _connector=Q.OR), county_id=user.county_code)


def _ties_at_home(user: User) -> list[models.QuerySet]:
    """What ties people to this account's own part: the appointments and seats that it keeps, the accounts beside it."""
    accounts = apps.get_model("networks", "User").objects
    at_home = _at_home(user, accounts.model.scope) if can(user, Action.KEEP_OWN) else Q(pk__in=[])
    kept = [apps.get_model("networks", name).objects.kept_by(user) for name in ("Appointment", "SeatHolder")]
    return [*kept, accounts.filter(at_home)]


def places_seen_for(user: User, model: type[models.Model]) -> models.QuerySet[Division]:
    """The places whose rows of a registry by place, such as funds, this account may see, whether there are any or not."""
    places = apps.get_model("networks", "Division").objects
    condition = _visible(user, replace(model.scope, place="code"), places.model)
    return places.none() if condition is None else places.filter(condition)


def places_kept_for(user: User, model: type[models.Model]) -> models.QuerySet[Division]:
    """The places for which this account may add to such a registry and change it (see `ScopedQuerySet.kept_by`)."""
    places, scope = places_seen_for(user, model), replace(model.scope, place="code")
    if can(user, scope.managed_by):
        return places
    return places.filter(_at_home(user, scope, units=False)) if can(user, Action.KEEP_OWN) else places.none()


def barred_from_rewriting(user: User, person: Person) -> str:
    """Why this account may not change a person's name and telephone, or ''. Whoever works elsewhere too is not one
    township's or unit's to rename; a name under a verification is the bureau's alone."""
    if not can(user, Action.REVIEW) and person.accounts.filter(role__in=_KEPT_BY_THE_BUREAU).exists():
        return "有办公室或审计账号的人员，由办公室的工作人员维护"
    if person.county_id != user.county_code:
        return "这个人不属于本县"
    if can(user, Action.MANAGE_NETWORK):
        return ""
    ties = zip([person.appointments, person.seats_held, person.accounts], _ties_at_home(user), strict=True)
    if any(everywhere.exclude(pk__in=at_home.values("pk")).exists() for everywhere, at_home in ties):
        return "这个人还在别的单位任职，姓名和电话由县教育局修改"
    if not people_to_appoint(user).filter(pk=person.pk).exists():
        return "这个人不在您的范围内"
    return ""


def sees_all_staff(user: User) -> bool:
    """Whether the whole county's staff is this account's business, or its own part's alone."""
    return can(user, Action.VIEW_STAFF) and ROLES[user.role].sight[Subject.STAFF] is Sight.COUNTY


def people_in_sight(user: User) -> models.QuerySet[Person]:
    """The people whose entry this account may open: the county's, or who holds or held an appointment that it sees or a
    seat that it keeps."""
    people = apps.get_model("networks", "Person").objects
    if not can(user, Action.VIEW_STAFF):
        return people.none()
    if sees_all_staff(user):
        return people.filter(county_id=user.county_code)
    seen = apps.get_model("networks", "Appointment").objects.visible_to(user)
    seats = apps.get_model("networks", "SeatHolder").objects.kept_by(user)
    return people.filter(Q(pk__in=seen.values("person")) | Q(pk__in=seats.values("person")))


def instructors_to_find(user: User) -> models.QuerySet[Appointment]:
    """Everybody who teaches in this account's county today, for the county is to know what can be taught (二(四)2); `named`
    says of whom it may read the name, which is its own staff or, for whoever sees it, the county's."""
    rows = apps.get_model("networks", "Appointment").objects
    named = rows.visible_to(user) if can(user, Action.VIEW_STAFF) else rows.none()
    teaching = rows.filter(function="instructor", person__county_id=user.county_code).on(timezone.localdate())
    if not can(user, Action.VIEW_COURSES):
        return rows.none()
    return teaching.annotate(named=Exists(named.filter(pk=OuterRef("pk"))))


def units_in_directory(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose entry in the 通讯录 this account reads: the county's, or its own and the office's."""
    units = apps.get_model("networks", "MemberUnit").objects.filter(county_id=user.county_code)
    if not can(user, Action.VIEW_STAFF):
        return units.none()
    if sees_all_staff(user):
        return units
    return units.filter(Q(pk__in=user.own_unit_ids) | Q(code=EDUCATION_BUREAU))


def entries_in_directory(user: User) -> models.QuerySet[Appointment]:
    """The appointments that this account reads in the 通讯录: what it sees anyway, and the office's."""
    rows = apps.get_model("networks", "Appointment").objects
    seen = Q(pk__in=rows.visible_to(user).values("pk"))
    return rows.filter(seen | _of_the_office(user)) if can(user, Action.VIEW_STAFF) else rows.none()


def entries_to_call(user: User) -> models.QuerySet[Appointment]:
    """Whose full telephone number the 通讯录 shows this account: everybody's to whoever has VIEW_CONTACTS, else of those
    it keeps itself and of the office, which everybody may call. All other numbers are masked everywhere."""
    entries = entries_in_directory(user)
    if can(user, Action.VIEW_CONTACTS):
        return entries
    return entries.filter(Q(pk__in=entries.kept_by(user).values("pk")) | _of_the_office(user))


def _of_the_office(user: User) -> Q:
    return Q(unit__county_id=user.county_code, unit__code=EDUCATION_BUREAU)


def units_to_watch(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose standing this account may see: the whole county's, or its own. Units do not see each other's."""
    units = apps.get_model("networks", "MemberUnit").objects
    if can(user, Action.VIEW_COUNTY):
        return units.filter(county_id=user.county_code)
    if can(user, Action.VIEW_STANDING) and user.own_unit:
        return units.filter(pk__in=user.own_unit_ids)
    return units.none()


def units_to_plan_for(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose 年度计划 this account writes: its own, and for whoever sets the years any that it watches, for a unit
    that has no account (三(二))."""
    units = units_to_watch(user)
    if can(user, Action.MANAGE_YEARS):
        return units
    return units.filter(pk__in=user.own_unit_ids) if can(user, Action.KEEP_OWN) else units.none()


def units_to_report_for(user: User) -> models.QuerySet[MemberUnit]:
    """The units in whose name this account reports on the plan's tasks: its own, and for the office any of its county's,
    which it enters on their behalf. Whether the unit answers for the task is the plan's business."""
    units = apps.get_model("networks", "MemberUnit").objects
    if not can(user, Action.REPORT_PROGRESS):
        return units.none()
    if can(user, Action.MANAGE_PLAN):
        return units.filter(county_id=user.county_code)
    return units.filter(pk=user.own_unit.pk) if user.own_unit else units.none()


def reports_on_behalf(user: User, unit: MemberUnit) -> bool:
    """Whether a report of that unit by this account is 代录: the office's own unit is where it sits itself."""
    return can(user, Action.MANAGE_PLAN) and unit.code != EDUCATION_BUREAU


def barred_from_withdrawing(user: User, report: TaskReport) -> str:
    """Why this account may not withdraw a report that it sees, or add to it, or ''. Its unit's officers do, and the office."""
    units = units_to_report_for(user)
    if can(user, Action.MANAGE_PLAN):
        return "" if units.filter(pk=report.unit_id).exists() else "这份汇报不属于本县"
    if not can(user, Action.REPORT_PROGRESS) or report.unit_id not in user.own_unit_ids:
        return "汇报由填报单位和领导小组办公室撤回、补充材料"
    return ""


def barred_from_judging(user: User, task: PlanTask, year: int, *, done: bool) -> str:
    """Why this account may not decide how a task stands, or ''. Nobody declares done what they themselves reported on: the
    office is at once judge and judged."""
    if not can(user, Action.MANAGE_PLAN) or task.plan.county_id != user.county_code:
        return "任务状态由领导小组办公室认定"
    reports = task.reports.filter(year=year, withdrawn_at=None, entered_by__person=user.person_id)
    if done and reports.exists():
        return "这项任务有您填报的汇报，须由另一位工作人员认定完成"
    return ""


def institutions_to_watch(user: User) -> models.QuerySet[Institution]:
    """The institutions whose shortcomings are this account's business: the whole county's for whoever keeps or oversees the
    network, those of its own township for everybody else."""
    return _watched(user, apps.get_model("networks", "Institution").objects)


def places_to_watch(user: User) -> models.QuerySet[Division]:
    """The places whose lack of an institution is this account's business, by the same rule."""
    return _watched(user, apps.get_model("networks", "Division").objects)


def _watched(user: User, rows: models.Manager) -> models.QuerySet:
    seen = rows.visible_to(user)
    if can(user, Action.MANAGE_NETWORK) or can(user, Action.VIEW_COUNTY):
        return seen
    return seen.filter(_at_home(user, seen.model.scope)) if can(user, Action.VIEW_NETWORK) else seen.none()


def barred_from_taking_back(user: User, change: Reorganisation) -> str:
    """Why this account may not take a recorded change of units or places back, or ''."""
    if not can(user, Action.MANAGE_UNITS if change.of_units else Action.MANAGE_NETWORK):
        return "单位的变更由领导小组办公室办理和撤销"
    if change.undone_at:
        return "这一次办理已经撤销过了"
    return ""


def sees_drafts_of(user: User, session: TrainingSession) -> bool:
    """Whether a visible session's life before its submission is this account's business too: its own unit's, its own
    (the centre's), or everybody's in the county."""
    sight = ROLES[user.role].sight[Subject.RECORD]
    if sight is Sight.SHARED:
        return session.entered_by.role == user.role
    return sight is Sight.COUNTY or session.organiser_id in user.own_unit_ids


# --- accounts: who gives which role to whom ----------------------------------------------------------


_KEPT_BY_THE_BUREAU = {"bureau": "领导小组办公室", "auditor": "审计"}  # after the first of each in a county


def judging_accounts(user: User) -> models.QuerySet[User]:
    """The county's accounts that can judge or audit, for whoever can judge; nobody else is told of what happens to them."""
    users = apps.get_model("networks", "User").objects
    return users.visible_to(user).filter(role__in=_KEPT_BY_THE_BUREAU) if can(user, Action.REVIEW) else users.none()


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
    if account.role in _KEPT_BY_THE_BUREAU and not can(user, Action.REVIEW):
        return "领导小组办公室和审计的账号由办公室的（另一位）工作人员维护"
    return ""


def barred_from_linking(user: User, account: User) -> str:
    """Why this account may not hand out a link by which that one's password is set, or ''. As long as nobody of a county's
    bureau has ever set a password, the operator who made its first accounts may repeat their links: else a slip that was lost
    or has expired would shut the county out."""
    barred = barred_from_managing(user, account)
    if not barred or account.role not in _KEPT_BY_THE_BUREAU or account.person_id == user.person_id:
        return barred
    if not can(user, Action.MANAGE_ACCOUNTS) or account.has_usable_password():
        return barred
    users = apps.get_model("networks", "User").objects.filter(role="bureau", home_division_id=account.county_code)
    return barred if any(bureau.has_usable_password() for bureau in users) else ""


def barred_from_renaming(user: User, person: Person) -> str:
    """Why this account may not change that person's entry, or ''. The name is what stands under a verification."""
    if not can(user, Action.MANAGE_PEOPLE):
        return "您的账号不能维护工作人员"
    if not can(user, Action.REVIEW) and person.accounts.filter(role__in=_KEPT_BY_THE_BUREAU).exists():
        return "有办公室或审计账号的人员，由办公室的工作人员维护"
    return ""


def barred_from_granting(user: User, role: str, county_code: str, person_id: int | None) -> str:
    """Why this account may not give `role` in that county to that person, or ''. The operator makes a county's first
    bureau account and first auditor account and no further one, not even after the first was disabled."""
    if role not in roles_to_grant(user):
        return "您的账号不能授予这个角色"
    if person_id == user.person_id:
        return "不能给自己建立账号，须由另一位工作人员办理"
    if role in _KEPT_BY_THE_BUREAU and not can(user, Action.REVIEW):
        users = apps.get_model("networks", "User").objects
        if users.filter(role=role, home_division_id=county_code).exists():
            return f"本县已有{_KEPT_BY_THE_BUREAU[role]}的账号，再要建立，由领导小组办公室的工作人员办理"
    return ""
