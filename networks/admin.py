"""The bureau's lists of who and where: places, institutions, units, people, accounts, and the auditor's log."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.utils.html import format_html

from . import years
from .access import Action, barred_from_granting, barred_from_managing, barred_from_renaming, can, roles_to_grant
from .accounts import link_for
from .forms import VersionedForm
from .models import (
    AffiliatedBody,
    AuditEvent,
    CountySettings,
    Division,
    Institution,
    MemberUnit,
    Person,
    Role,
    Tier,
    UnitTerm,
    User,
)
from .people_forms import PersonForm
from .scoped_admin import ScopedAdmin, ScopedInline, TownshipFilter
from .step_up import step_up
from .views.account_office import show_slips


class PlaceTownship(TownshipFilter):
    place = "code"


class DivisionForm(VersionedForm):
    """A place that was abolished without a successor gets its day here; everything else is 撤并更名."""

    def clean_retired_on(self):
        place, day = self.instance, self.cleaned_data["retired_on"]
        if day == self.initial.get("retired_on"):
            return day
        if place.successions.filter(on=self.initial.get("retired_on")).exists():
            raise ValidationError("这个地方的撤销是在“撤并更名”里办理的，日期不能在这里改；办错了请到那里撤销")
        settled = max(years.settled_years(place.county_code, hold=True), default=0)
        if any(known and known.year <= settled for known in (day, self.initial.get("retired_on"))):
            raise ValidationError(f"{settled}年度已锁定定案，撤销日期须在{settled + 1}年1月1日以后")
        return day


@admin.register(Division)
class DivisionAdmin(ScopedAdmin):
    """Codes, tiers and the tree come from the official list (`load_divisions`); wording and 撤销日期 are kept here."""

    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_NETWORK,)
    list_display = ["code", "short_name", "name", "tier", "parent", "retired_on"]
    list_display_links = ["code", "short_name"]
    list_filter = ["tier", PlaceTownship]
    list_select_related = ["parent"]
    search_fields = ["code", "name", "short_name"]
    search_help_text = "按区划代码或名称查找"
    form = DivisionForm
    fields = ["code", "tier", "parent", "name", "short_name", "retired_on"]
    readonly_fields = ["code", "tier", "parent"]

    def county_of(self, obj):
        return obj.code[:6]


@admin.register(CountySettings)
class CountySettingsAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_YEARS,)
    list_display = ["county", "live_since", "roster_months"]
    readonly_fields = ["county"]
    fields = ["county", "live_since", "roster_months"]


@admin.register(Institution)
class InstitutionAdmin(ScopedAdmin):
    """Closed institutions stay, as 停办: sessions point to them."""

    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_NETWORK,)
    may_add = True
    list_display = ["name", "kind", "division", "hosts_line", "function", "state", "state_since"]
    list_filter = ["kind", "state", "function", TownshipFilter]
    list_select_related = ["division"]
    search_fields = ["name", "aliases", "hosts", "division__short_name"]
    search_help_text = "按名称、别名、承办单位或所在地查找"
    readonly_fields = ["state", "state_since"]  # recorded on the institution's own page, with its date
    fieldsets = [
        (None, {"fields": ["name", "kind", "function", "division", "hosts", "aliases", "address", "phone", "posts"]}),
        ("设施", {"fields": ["rooms", "seats", "computers", "books"]}),
        ("状态", {"fields": ["state", "state_since"]}),
    ]

    @admin.display(description="承办单位")
    def hosts_line(self, obj):
        return "、".join(obj.hosts.split("\n"))

    def county_of(self, obj):
        return obj.division_id[:6]


class UnitTermInline(ScopedInline):
    """A fact that no longer holds gets its last day; it is not deleted, because past years rest on it."""

    model = UnitTerm
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_UNITS,)
    may_add = True


@admin.register(MemberUnit)
class MemberUnitAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_UNITS,)
    may_add = True
    inlines = [UnitTermInline]
    list_display = ["name", "code", "kind", "current_facts", "name_unconfirmed", "position"]
    list_filter = ["kind", "name_unconfirmed"]
    search_fields = ["name", "code", "aliases"]
    search_help_text = "按名称、代码或别名查找"
    fields = ["county", "code", "name", "name_unconfirmed", "aliases", "kind", "division", "position", "note"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("terms")

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["code"] if obj else [])]

    @admin.display(description="现任事项")
    def current_facts(self, obj):
        return "、".join(term.get_fact_display() for term in obj.terms.all() if term.ends_on is None) or "—"


@admin.register(AffiliatedBody)
class AffiliatedBodyAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_UNITS,)
    may_add = True
    list_display = ["name", "unit", "starts_on", "ends_on"]
    list_filter = ["unit"]
    list_select_related = ["unit"]
    search_fields = ["name", "unit__name"]
    search_help_text = "按名称或归口单位查找"
    fields = ["county", "name", "unit", "starts_on", "ends_on"]


@admin.register(Person)
class PersonAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_PEOPLE,)
    may_add = True
    may_delete = True  # only while no account, appointment or seat points to the person
    form = PersonForm
    list_display = ["name", "post", "masked_phone", "account_names"]
    search_fields = ["name", "post", "accounts__username"]
    names_in_search = True
    search_help_text = "按姓名、职务或账号查找"
    fields = ["county", "name", "post", "phone"]
    readonly_fields = ["masked_phone"]
    hidden_in_history = ("phone",)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("accounts")

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or not barred_from_renaming(request.user, obj)
        )

    def get_fields(self, request, obj=None):
        """The full telephone number stands in the form of whoever keeps the entry, and nowhere else."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fields(request, obj)
        return ["county", "name", "post", "masked_phone"]

    @admin.display(description="办公电话")
    def masked_phone(self, obj):
        return obj.masked_phone or "—"

    def has_delete_permission(self, request, obj=None):
        """Only somebody to whom nothing points."""
        tied = obj is not None and any(rows.exists() for rows in (obj.accounts, obj.appointments, obj.seats_held))
        return super().has_delete_permission(request, obj) and not tied

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        asks = obj is not None and can(request.user, Action.MANAGE_PEOPLE)
        context["barred"] = barred_from_renaming(request.user, obj) if asks else ""
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="账号")
    def account_names(self, obj):
        return "、".join(account.username for account in obj.accounts.all()) or "—"


class AccountForm(VersionedForm):
    """Who may give which role to whom is asked of networks/access; `actor` is set by the screen."""

    actor: User

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            allowed = roles_to_grant(self.actor)
            self.fields["role"].choices = [("", "请选择"), *((r.value, r.label) for r in Role if r.value in allowed)]

    def clean(self):
        cleaned = super().clean()
        role, home, unit = cleaned.get("role"), cleaned.get("home_division"), cleaned.get("home_unit")
        person = cleaned.get("person") or (self.instance.person if self.instance.person_id else None)
        if home and unit:
            raise ValidationError({"home_unit": "所属地和所属单位只能填一个"})
        if not role or not person:
            return cleaned
        county = home.code[:6] if home else unit.county_id if unit else ""
        if county and person.county_id not in {None, county}:
            raise ValidationError({"person": "使用人不属于这个县"} if "person" in self.fields else "使用人不属于这个县")
        if not county and role != Role.OPERATOR:
            raise ValidationError({"home_division": "请选择所属县、乡镇，或所属单位"})
        changed = self.instance.pk is None or role != self.initial.get("role") or "home_division" in self.changed_data
        barred = barred_from_granting(self.actor, role, county, person.pk) if changed else ""
        if barred:
            raise ValidationError({"role": barred})
        return cleaned


@admin.register(User)
class UserAdmin(ScopedAdmin):
    """账号. Never deleted: the log names them; whoever leaves is disabled. Links, hand-overs and many at once have their own
    pages (`/accounts/`); an account made here gets its one-time link on the same slip."""

    form = AccountForm
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_ACCOUNTS,)
    may_add = True
    list_display = ["username", "person_name", "role", "home", "is_active", "also", "last_login", "first_password"]
    list_filter = ["role", "is_active"]
    list_select_related = ["person", "home_division", "home_unit"]
    search_fields = ["username", "person__name"]
    names_in_search = True
    search_help_text = "按账号或姓名查找"
    date_hierarchy = "created_at"
    change_form_template = "admin/networks/user/change_form.html"

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("person__accounts")

    def get_fields(self, request, obj=None):
        return [
            "username",
            "person",
            "role",
            "home_division",
            "home_unit",
            *(self.FACTS if obj else []),
        ]

    # In use or not is a state with verbs of its own (`/accounts/`): a form that has stood open would undo a suspension.
    FACTS = ["is_active", "must_change_password", "last_login", "password_changed_at", "second_factor_since"]
    FACTS += ["created_at", "also"]

    def get_readonly_fields(self, request, obj=None):
        """The person stays: duties are separated between persons, so a successor gets an account of their own."""
        return ["username", "person", *self.FACTS] if obj else []

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or not barred_from_managing(request.user, obj)
        )

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": request.user})

    def choices_for(self, db_field, request):
        rows = super().choices_for(db_field, request)
        return rows.exclude(tier=Tier.VILLAGE) if db_field.name == "home_division" else rows

    def county_of(self, obj):
        return obj.county_code

    # --- passwords -----------------------------------------------------------------------------------

    def save_model(self, request, obj, form, change) -> None:
        if not change:
            obj.set_password(None)
        super().save_model(request, obj, form, change)
        if not change:
            obj.slip = link_for(obj, request.user, request)
        elif {"role", "home_division", "home_unit"} & set(form.changed_data):
            obj.password_links.revoke()

    def response_add(self, request, obj, post_url_continue=None):
        """The answer to the POST itself holds the link, so that it is stored nowhere, not even in a session."""
        return show_slips(request, [obj.slip], f"已建立账号 {obj}")

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST":  # who may not, or finds no such account, is told so first
            obj = self.get_object(request, unquote(object_id)) if object_id else None
            may = obj and self.has_change_permission(request, obj) if object_id else self.has_add_permission(request)
            if may and (asked := step_up(request, f"修改账号 {obj}" if obj else "建立账号")):
                return asked
        return super().changeform_view(request, object_id, form_url, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        obj = self.get_object(request, object_id)
        if obj is not None and request.method == "GET":
            barred = barred_from_managing(request.user, obj)
            asks = can(request.user, Action.MANAGE_ACCOUNTS)
            extra_context = {**(extra_context or {}), "barred": barred if asks else ""}
        return super().change_view(request, object_id, form_url, extra_context)

    # --- columns -------------------------------------------------------------------------------------

    @admin.display(description="使用人", ordering="person__name")
    def person_name(self, obj):
        return obj.person.name

    @admin.display(description="所属")
    def home(self, obj):
        return obj.home_name or "—"

    @admin.display(description="同一人的其他账号")
    def also(self, obj):
        others = [account.username for account in obj.person.accounts.all() if account.pk != obj.pk]
        return format_html("<strong>{}</strong>", "、".join(others)) if others else "—"

    @admin.display(description="密码")
    def first_password(self, obj):
        return "—" if obj.has_usable_password() else "等本人设置"


@admin.register(AuditEvent)
class AuditEventAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_LOGS,)
    list_display = ["at", "action", "actor_name", "subject_line", "address"]
    list_filter = ["action"]
    date_hierarchy = "at"
    search_fields = ["actor_name", "action", "subject_id"]
    search_help_text = "按账号、操作或对象编号查找"
    fields = ["at", "action", "actor_name", "county_code", "subject", "subject_id", "detail", "address"]
    readonly_fields = fields

    @admin.display(description="对象")
    def subject_line(self, obj):
        return f"{obj.subject} {obj.subject_id}".strip() or "—"
