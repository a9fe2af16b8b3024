"""What there is to be done, which role may do it, and how far each role sees."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from networks.models import User


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
    PROMPT = "催报、收取报送材料、审批补报"
    VIEW_MATERIALS = "查看报送材料"
    VIEW_PLAN = "查看推进方案的任务和年度目标"
    REPORT_PROGRESS = "汇报方案任务的进展"
    MANAGE_PLAN = "维护推进方案、年度目标和任务认定"
    LOCK_YEARS = "提出和确认年度的锁定定案与解锁更正"
    VIEW_FEEDBACK = "查看确认表和复核申请"
    FILE_FEEDBACK = "上传本单位盖章的确认表，提出复核申请"
    HANDLE_FEEDBACK = "核对确认表，答复复核申请，登记签批件"
    WRITE_BULLETINS = "起草和印发通报"
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
    LEDGER = "the acts by which years are settled, with every unit's figures"
    BULLETIN = "what the office writes about a settled year and publishes to all"


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
    Action.VIEW_FEEDBACK,
    Action.FILE_FEEDBACK,
    Action.VIEW_MATERIALS,
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
    "bulletin": Sight.SHARED,
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
            Action.PROMPT,
            Action.VIEW_MATERIALS,
            Action.LOCK_YEARS,
            Action.VIEW_FEEDBACK,
            Action.HANDLE_FEEDBACK,
            Action.WRITE_BULLETINS,
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
        ledger=Sight.COUNTY,
        bulletin=Sight.COUNTY,
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
            Action.VIEW_FEEDBACK,
            Action.VIEW_MATERIALS,
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
        bulletin=Sight.SHARED,
    ),
    "auditor": _role(
        "审计人员：查看台账、历史和操作日志，不作改动。",
        [
            Action.VIEW_SESSIONS,
            Action.EXPORT,
            Action.VIEW_STANDING,
            Action.VIEW_COUNTY,
            Action.VIEW_FEEDBACK,
            Action.VIEW_MATERIALS,
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
        ledger=Sight.COUNTY,
        bulletin=Sight.SHARED,
    ),
    "operator": _role(
        "系统管理员：建立账号、维护设置和备份；不能审核，也不能改动考核。",
        [Action.MANAGE_PEOPLE, Action.MANAGE_ACCOUNTS, Action.USE_ADMIN],
        directory=Sight.INSTALLATION,
        account=Sight.INSTALLATION,
    ),
}


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


def enters_for_the_centre(user: User) -> bool:
    """Whether this account enters the county centre's own sessions, which are credited to 县教育局 but not its."""
    return can(user, Action.ENTER) and user.role == "centre"
