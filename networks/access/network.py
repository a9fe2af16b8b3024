"""Units, places and institutions: whose leading group, funds, plan, standing and shortcomings are somebody's business."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

from .roles import Action, can
from .rows import belonging_to, in_sight

if TYPE_CHECKING:
    from networks.models import Division, Institution, MemberUnit, Reorganisation, User


def places_to_lead(user: User) -> models.QuerySet[Division]:
    """The places whose leading group this account sets up: any of the county's, or a township its own (三(一))."""
    places = apps.get_model("networks", "Division").objects.visible_to(user).exclude(tier="village")
    if can(user, Action.MANAGE_UNITS):
        return places
    return places.filter(pk__in=user.own_place_codes) if can(user, Action.KEEP_OWN) else places.none()


def places_seen_for(user: User, model: type[models.Model]) -> models.QuerySet[Division]:
    """The places whose rows of a registry by place, such as funds, this account may see, whether there are any or not."""
    places = apps.get_model("networks", "Division").objects
    condition = in_sight(user, replace(model.scope, place="code"), places.model)
    return places.none() if condition is None else places.filter(condition)


def places_kept_for(user: User, model: type[models.Model]) -> models.QuerySet[Division]:
    """The places for which this account may add to such a registry and change it (see `ScopedQuerySet.kept_by`)."""
    places, scope = places_seen_for(user, model), replace(model.scope, place="code")
    if can(user, scope.managed_by):
        return places
    return places.filter(belonging_to(user, scope, units=False)) if can(user, Action.KEEP_OWN) else places.none()


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
    """The units for which this account hands in 报送材料 and asks for 补报: its own, and for the office any of its county,
    for what reaches it on paper or by telephone."""
    units = units_to_watch(user)
    if can(user, Action.PROMPT):
        return units
    own = can(user, Action.KEEP_OWN) and can(user, Action.VIEW_MATERIALS)
    return units.filter(pk__in=user.own_unit_ids) if own else units.none()


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
    return seen.filter(belonging_to(user, seen.model.scope)) if can(user, Action.VIEW_NETWORK) else seen.none()


def barred_from_taking_back(user: User, change: Reorganisation) -> str:
    """Why this account may not take a recorded change of units or places back, or ''."""
    if not can(user, Action.MANAGE_UNITS if change.of_units else Action.MANAGE_NETWORK):
        return "单位的变更由领导小组办公室办理和撤销"
    if change.undone_at:
        return "这一次办理已经撤销过了"
    return ""
