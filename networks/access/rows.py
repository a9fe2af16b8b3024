"""Which rows somebody sees, may rewrite or keeps. A model declares by `scope` whose its rows are; this file interprets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from .. import tasks
from .roles import ROLES, Action, Sight, Subject, can, enters_for_the_centre

if TYPE_CHECKING:
    from networks.models import User


@dataclass(frozen=True)
class Scope:
    """By which lookups a model's rows belong to somebody; the model declares it, this package interprets it.

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
        condition = in_sight(user, scope, self.model)
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
        mine = belonging_to(user, scope, places=not scope.kept_by_unit_only)
        if scope.task:
            mine &= Q(**{f"{scope.task}__in": kinds_kept_by(user, self.model)})
        return rows.filter(mine)


def in_sight(user: User | None, scope: Scope, model: type[models.Model]) -> Q | None:
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
        own = Q(**{scope.author_role: user.role}) if scope.author_role else Q(pk__in=[])
        return in_county & (from_submitted_on | own)
    mine = belonging_to(user, scope, places=False) | (belonging_to(user, scope, units=False) & from_submitted_on)
    if scope.shared and user.own_unit_ids:
        together = model._default_manager.filter(**{f"{scope.shared}__in": user.own_unit_ids}).values("pk")
        mine |= Q(pk__in=together) & from_submitted_on
    if not (scope.unit or scope.place):  # belongs to the county as a whole, such as an assessment year
        mine = Q()
    return in_county & mine


def belonging_to(user: User, scope: Scope, *, units: bool = True, places: bool = True) -> Q:
    """Rows of the account's own unit, or in its own places; predecessors count as the unit or place that has taken over from
    them."""
    mine = Q(pk__in=[])
    if units and scope.unit and user.own_unit_ids:
        mine |= Q(**{f"{scope.unit}__in": user.own_unit_ids})
    if places and scope.place and not user.home_unit_id:
        mine |= at_own_places(user, scope.place)
    return mine


def at_own_places(user: User, lookup: str) -> Q:
    """Rows whose place lies today in this account's own: its township's range of codes and those of townships merged into
    it. What took place at a village follows the village: after a merger across the border its former code belongs to the
    township in which its successor lies, and no longer to the one whose digits it bears. What a township's government held
    there itself stays its own, by its unit."""
    here = Q(pk__in=[])
    for code in user.own_place_codes:
        here |= _at_or_below(lookup, code)
    come, gone = user.places_moved
    if gone:
        here &= ~Q(**{f"{lookup}__in": gone})
    return here | Q(**{f"{lookup}__in": come}) if come else here


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
            raise ImproperlyConfigured(f"{model.__name__} does not declare its scope (networks/access)")
