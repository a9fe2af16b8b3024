"""Who reports on the plan's tasks, and who decides how they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from .people import EDUCATION_BUREAU
from .roles import Action, can

if TYPE_CHECKING:
    from networks.models import MemberUnit, User
    from reporting.models import PlanTask, TaskReport


def units_to_report_progress_for(user: User) -> models.QuerySet[MemberUnit]:
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


def barred_from_amending_report(user: User, report: TaskReport) -> str:
    """Why this account may not withdraw a report that it sees, or add to it, or ''. Its unit's officers do, and the office."""
    if can(user, Action.MANAGE_PLAN):
        return "" if report.unit.county_id == user.county_code else "这份汇报不属于本县"
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
