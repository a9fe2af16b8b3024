"""The bureau's years and quotas. A year's state is read-only here, and a year that is locked is read-only as a whole."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from networks.access import Action
from networks.forms import VersionedForm
from networks.scoped_admin import ScopedAdmin

from .models import AssessmentYear, QuotaAdjustment


class OpenYearForm(forms.ModelForm):
    """Opening a year asks for county and number only; its rules come from `open_year` and are edited afterwards."""

    def save(self, commit=True):
        county, year = self.cleaned_data["county"], self.cleaned_data["year"]
        self.instance = AssessmentYear.objects.open_year(county, year)
        self.save_m2m = lambda: None
        return self.instance


@admin.register(AssessmentYear)
class AssessmentYearAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_YEARS,)
    may_add = True
    list_display = [
        "year",
        "county",
        "status",
        "required_sessions",
        "required_attendances",
        "reporting_until",
        "late_until",
        "closing_on",
    ]
    list_select_related = ["county"]
    fieldsets = [
        (None, {"fields": ["county", "year", "status"]}),
        ("依据", {"fields": ["basis_title", "basis_number", "basis_clause"]}),
        ("目标任务", {"fields": ["required_sessions", "required_attendances"]}),
        (
            "口径",
            {
                "fields": [
                    "counting_forms",
                    "class_counts",
                    "joint_credit",
                    "minimum_minutes",
                    "evidence_required",
                ]
            },
        ),
        (
            "日期",
            {
                "fields": [
                    "quarter1_until",
                    "quarter2_until",
                    "quarter3_until",
                    "quarter4_until",
                    "reporting_until",
                    "late_until",
                    "materials_until",
                    "closing_on",
                ]
            },
        ),
        (
            "表扬和督促整改的条件",
            {
                "fields": [
                    "commend_met_by",
                    "commend_sessions",
                    "commend_attendances",
                    "commend_satisfaction",
                    "spur_below",
                ],
                "description": "在锁定以前定好；达到条件的由办公室选定并写明理由。",
            },
        ),
        ("预测", {"fields": ["attendances_per_session", "sessions_per_week"]}),
    ]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.locked)

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is None:
            kwargs["form"] = OpenYearForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request, obj=None):
        return super().get_fieldsets(request, obj) if obj else [(None, {"fields": ["county", "year"]})]

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "status", *(["year"] if obj else [])]

    def save_model(self, request, obj, form, change) -> None:
        if change:  # a new year was stored by open_year
            super().save_model(request, obj, form, change)


class QuotaForm(VersionedForm):
    def clean(self):
        given = super().clean()
        year, unit = given.get("year"), given.get("unit")
        if year and unit and unit.county_id != year.county_id:
            raise ValidationError({"unit": "这个单位不属于该年度所在的县"})
        return given


@admin.register(QuotaAdjustment)
class QuotaAdjustmentAdmin(ScopedAdmin):
    """Deleting one gives the unit the year's default back; its history stays."""

    form = QuotaForm
    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_YEARS,)
    may_add = may_delete = True
    list_display = ["year", "unit", "sessions", "attendances", "reason"]
    list_display_links = ["year", "unit"]
    list_filter = ["year", "unit"]
    list_select_related = ["year", "unit"]
    search_fields = ["unit__name", "reason"]
    search_help_text = "按单位或理由查找"
    fields = ["year", "unit", "sessions", "attendances", "reason"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.year.locked)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and obj.year.locked)

    def get_readonly_fields(self, request, obj=None):
        return ["year", "unit"] if obj else []

    def choices_for(self, db_field, request):
        rows = super().choices_for(db_field, request)
        return rows.filter(status=AssessmentYear.Status.OPEN) if db_field.name == "year" else rows

    def county_of(self, obj):
        return obj.year.county_id
