"""The base of every screen of the web admin: rows by `visible_to`, rights by actions, every save in the audit log.

A screen declares who may see it (`seen_by`) and who may change it (`changed_by`); nothing can be added or deleted unless it
says so. Choices, filters and deletions offer only rows of one's own scope, whatever stands in the request.
"""

import itertools
from collections import defaultdict

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR, ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from . import audit
from .access import Action, ScopedQuerySet, can
from .forms import VersionedForm
from .models import Division, Places, Tier

HISTORY_SHOWN = 200  # versions on a history page
_LOOKUPS = {"exact", "isnull", "gte", "lt", "year", "month", "day"}  # what filters and the date hierarchy send


class _Scoped:
    """What screens and their inlines share."""

    seen_by: tuple[Action, ...] = ()  # besides whoever may change
    changed_by: tuple[Action, ...] = ()
    may_add = False
    may_delete = False

    def _may(self, request: HttpRequest, actions: tuple[Action, ...]) -> bool:
        return any(can(request.user, action) for action in actions)

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None) -> bool:
        return self._may(request, (*self.seen_by, *self.changed_by))

    def has_change_permission(self, request, obj=None) -> bool:
        return self._may(request, self.changed_by)

    def has_add_permission(self, request, obj=None) -> bool:
        return self.may_add and self._may(request, self.changed_by)

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.may_delete and self._may(request, self.changed_by)

    def get_queryset(self, request) -> ScopedQuerySet:
        rows = self.model._default_manager.visible_to(request.user)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Beside a choice one may add what is missing; changing or deleting what is chosen has its own screen."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_change_related = field.widget.can_delete_related = field.widget.can_view_related = False
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs.setdefault("queryset", self.choices_for(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs.setdefault("queryset", self.choices_for(db_field, request))
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def choices_for(self, db_field: models.Field, request: HttpRequest) -> models.QuerySet:
        """Which rows a choice offers and accepts; screens narrow it further, never widen it."""
        rows = db_field.related_model._default_manager.visible_to(request.user)
        return rows.filter(tier=Tier.COUNTY) if db_field.name == "county" else rows


class ScopedInline(_Scoped, admin.TabularInline):
    form = VersionedForm
    extra = 0


PRIVATE_QUERY = "private_query"  # field of the search form, and where the request keeps it


class PrivateSearch(ChangeList):
    """Takes what is looked for from the request's body: in an address it would stand in every link of the page and in the
    web server's log."""

    private_field = PRIVATE_QUERY

    def get_queryset(self, request, exclude_parameters=None):
        self.query = getattr(request, PRIVATE_QUERY, "")
        return super().get_queryset(request, exclude_parameters)


class ScopedAdmin(_Scoped, admin.ModelAdmin):
    form = VersionedForm  # every screen: two people may have the same row open (IN-4)
    names_in_search = False  # whether people are looked for by name here: no address tells whom (PI-7)
    list_per_page = 50
    list_max_show_all = 200
    view_on_site = False
    object_history_template = "admin/object_history.html"
    hidden_in_history: tuple[str, ...] = ()  # fields of which the history says that they changed, not how

    # --- scope ---------------------------------------------------------------------------------------

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404("没有找到这条记录，或它不在您的范围内")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the screen's own filters send: any other lookup would answer questions about hidden columns."""
        if lookup in {f.parameter_name for f in self.list_filter if hasattr(f, "parameter_name")}:
            return True
        filters = [f[0] if isinstance(f, tuple) else f for f in self.list_filter if not isinstance(f, type)]
        for field in filter(None, [*filters, self.date_hierarchy]):
            related = self.model._meta.get_field(field).related_model
            key = f"{field}__{related._meta.pk.name}" if related else field
            for prefix in {field, key}:
                if lookup == prefix or (lookup.startswith(f"{prefix}__") and lookup[len(prefix) + 2 :] in _LOOKUPS):
                    return True
        return False

    def get_fieldsets(self, request, obj=None):
        """With the version that was seen, for whoever may save."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (name, first), *others = fieldsets
        fields = [field for field in first["fields"] if field != "seen_version"]
        return [(name, {**first, "fields": [*fields, "seen_version"]}), *others]

    def get_readonly_fields(self, request, obj=None):
        """The county of a new row is the bureau's own; nobody moves a row to another county."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "county"] if self._has_county and obj is not None else fields

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        return {**initial, "county": request.user.county_code} if self._has_county else initial

    @property
    def _has_county(self) -> bool:
        return any(field.name == "county" and not field.primary_key for field in self.opts.fields)

    def get_changelist(self, request, **kwargs) -> type[ChangeList]:
        return PrivateSearch if self.names_in_search else super().get_changelist(request, **kwargs)

    def _keep_search_private(self, request: HttpRequest) -> None:
        if SEARCH_VAR in request.GET:  # an old bookmark
            request.GET = request.GET.copy()
            del request.GET[SEARCH_VAR]
        if request.method == "POST" and PRIVATE_QUERY in request.POST:
            setattr(request, PRIVATE_QUERY, request.POST[PRIVATE_QUERY].replace("\x00", "").strip()[:100])
            request.method = "GET"  # a search reads, whatever carried it: no action is run

    def changelist_view(self, request, extra_context=None) -> HttpResponse:
        if self.names_in_search:
            self._keep_search_private(request)
        try:
            return super().changelist_view(request, extra_context)
        except (OverflowError, ValueError, DataError):  # a number or date in the address that no database holds
            if request.method == "POST" or ERROR_FLAG in request.GET:
                raise
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")

    # --- saving --------------------------------------------------------------------------------------

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:  # the form found nothing wrong, so somebody was quicker
            self.message_user(request, "没有保存：刚才有人保存了相同的内容，请核对后重试。", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        except ValidationError as refused:  # a rule of the model that the form could not ask
            self.message_user(request, f"没有保存：{'；'.join(refused.messages)}。", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def get_actions(self, request):
        """Deleting goes one by one, on a page that says what goes, in one transaction with its record."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request, queryset):
        try:
            return super().response_action(request, queryset)
        except (ValueError, OverflowError, DataError):  # ids that are none
            self.message_user(request, "没有找到所选的记录，请重新选择。", messages.ERROR)
            return None

    def save_model(self, request, obj, form, change) -> None:
        if hasattr(obj, "version"):
            obj.version += 1
        super().save_model(request, obj, form, change)

    def log_addition(self, request, obj, message):
        return self._record(request, "后台新建", obj, message)

    def log_change(self, request, obj, message):
        return self._record(request, "后台修改", obj, message)

    def log_deletions(self, request, queryset):
        return [self._record(request, "后台删除", obj, []) for obj in queryset]

    def _record(self, request, action: str, obj: models.Model, message: list):
        """Field names only; the values stand in the row's history."""
        fields = sorted({name for part in message for act in part.values() for name in act.get("fields", [])})
        return audit.record(
            action, actor=request.user, subject=obj, request=request, county_code=self.county_of(obj), fields=fields
        )

    def county_of(self, obj: models.Model) -> str:
        """To which county's auditors the act belongs; '' leaves it to the actor's county."""
        return getattr(obj, "county_id", None) or getattr(obj, "county_code", None) or ""

    # --- history -------------------------------------------------------------------------------------

    def history_records(self, request, obj: models.Model) -> models.QuerySet:
        """The row's historical records that this account may see."""
        return obj.history.all()

    def history_view(self, request, object_id, extra_context=None) -> HttpResponse:
        """Who changed what, when and why. The row is looked up in scope, and there is no way back to an old version:
        SimpleHistoryAdmin would show any county's rows here and accept a revert even with its button hidden."""
        obj = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, obj):
            raise PermissionDenied("您的账号不能查看这类记录。")
        if obj is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": f"修改记录：{obj}",
            "subtitle": None,
            "versions": (
                history_of(obj, self.history_records(request, obj), hidden=self.hidden_in_history)
                if hasattr(obj, "history")
                else []
            ),
            "shown": HISTORY_SHOWN,
            "module_name": self.opts.verbose_name_plural,
            "object": obj,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """Filters on foreign keys name only rows of one's own scope."""

    def field_choices(self, field, request, model_admin):
        rows = field.related_model._default_manager.visible_to(request.user)
        return [(row.pk, str(row)) for row in rows]


admin.FieldListFilter.register(lambda field: field.remote_field, ScopedRelatedFilter, take_priority=True)


class TownshipFilter(admin.SimpleListFilter):
    """The rows at or below a township as it is today, by the division code in `place`."""

    title = "乡镇"
    parameter_name = "township"
    place = "division_id"

    def lookups(self, request, model_admin):
        return [(d.code, d.short_name) for d in Division.objects.visible_to(request.user).filter(tier=Tier.TOWNSHIP)]

    def queryset(self, request, queryset):
        if self.value() not in {code for code, _ in self.lookup_choices}:
            return queryset
        codes = Places(self.value()[:6], timezone.localdate()).within(self.value())
        return queryset.filter(**{f"{self.place}__in": codes})


_KINDS = {"+": "新建", "~": "修改", "-": "删除"}


def history_of(obj: models.Model, records: models.QuerySet, *, hidden: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """The last of the row's `records`, newest first: when, who, what kind, why, and for each changed field (label, old,
    new); of `hidden` fields only that they changed."""
    rows = list(records.select_related("history_user__person").order_by("-history_date", "-history_id"))
    rows = rows[: HISTORY_SHOWN + 1]
    deltas = [
        newer.diff_against(older, foreign_keys_are_objs=False).changes for newer, older in itertools.pairwise(rows)
    ]
    names = _names_of_related(obj, deltas)
    versions = []
    for row, changes in zip(rows, [*deltas, []], strict=False):
        described = [
            (_label(obj, c.field), "（不显示）", "（不显示）")
            if c.field in hidden
            else (_label(obj, c.field), _said(obj, c.field, c.old, names), _said(obj, c.field, c.new, names))
            for c in changes
            if c.field != "version"
        ]
        versions.append(
            {
                "at": row.history_date,
                "who": row.history_user,
                "kind": _KINDS[row.history_type],
                "reason": row.history_change_reason or "",
                "changes": described,
            }
        )
    return versions[:HISTORY_SHOWN]


def _label(obj: models.Model, name: str) -> str:
    return str(obj._meta.get_field(name).verbose_name)


def _names_of_related(obj: models.Model, deltas: list) -> dict[type[models.Model], dict[object, str]]:
    """Names of all rows that the versions point to, one query per related model."""
    wanted = defaultdict(set)
    for change in (change for changes in deltas for change in changes):
        related = obj._meta.get_field(change.field).related_model
        for value in (change.old, change.new) if related else ():
            wanted[related].update(_keys(value, related))
    return {
        related: {pk: str(row) for pk, row in related._default_manager.in_bulk(keys).items()}
        for related, keys in wanted.items()
    }


def _keys(value: object, related: type[models.Model]) -> list[object]:
    """The keys in a change's value: of a foreign key one, of a many-to-many field those in its list of through rows."""
    if isinstance(value, list):
        return [row[related._meta.model_name] for row in value]
    return [] if value is None else [value]


def _said(obj: models.Model, name: str, value: object, names: dict) -> str:
    field = obj._meta.get_field(name)
    if field.related_model:
        known = names.get(field.related_model, {})
        return "、".join(known.get(key, str(key)) for key in _keys(value, field.related_model)) or "（空）"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value or "（空）"))
    if isinstance(value, bool):
        return "是" if value else "否"
    return "（空）" if value in (None, "") else str(value)
