"""The bureau's lists of what was done. A session's state is read-only here; two actions call the same verbs as the desk,
each after a page that shows the figures it decides about."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse

from networks import audit
from networks.access import Action, can, sees_drafts_of
from networks.scoped_admin import ScopedAdmin, TownshipFilter

from .models import (
    Audience,
    Conflict,
    DeliveryForm,
    ImportBatch,
    Language,
    Programme,
    Project,
    Refused,
    Theme,
    TrainingSession,
)
from .review import ReasonForm, ticked

LEFT_OUT_SHOWN = 20  # reasons named one by one after a bulk action; the rest as a number


class VocabularyAdmin(ScopedAdmin):
    """Words are retired, never deleted; the document's own word stays as it was written."""

    seen_by = (Action.VIEW_LOGS,)
    changed_by = (Action.MANAGE_VOCABULARY,)
    may_add = True
    list_display = ["name", "shown_as", "clause", "position", "retired"]
    list_filter = ["retired"]
    search_fields = ["name", "shown_as"]
    search_help_text = "按名称查找"

    def get_readonly_fields(self, request, obj=None):
        return ["name"] if obj else []


admin.site.register([Theme, Programme, Project, Language], VocabularyAdmin)


@admin.register(DeliveryForm)
class DeliveryFormAdmin(VocabularyAdmin):
    list_display = [*VocabularyAdmin.list_display, "counts_for_quota"]


@admin.register(Audience)
class AudienceAdmin(VocabularyAdmin):
    list_display = [*VocabularyAdmin.list_display, "sensitivity"]
    list_filter = ["retired", "sensitivity"]

    def get_readonly_fields(self, request, obj=None):
        """Protection is given with the word and never lifted: photos and sheets of past sessions rest on it."""
        return ["name", "sensitivity"] if obj else []

    def get_fieldsets(self, request, obj=None):
        why = "名称和敏感程度建立后不能改：以往场次的照片、签到表和名称都按它保护。确需调整，请停用本项，另建一项。"
        (name, first), *others = super().get_fieldsets(request, obj)
        return [(name, {**first, "description": why if obj else ""}), *others]


class SessionTownship(TownshipFilter):
    title = "举办乡镇"
    place = "place_id"


class VerifyForm(forms.Form):
    """Asks nothing: the reported figure is taken over."""


@admin.register(TrainingSession)
class TrainingSessionAdmin(ScopedAdmin):
    seen_by = (Action.VIEW_SESSIONS,)
    list_display = [
        "title",
        "held_on",
        "organiser",
        "place_line",
        "reported_attendance",
        "verified_attendance",
        "status",
        "number",
    ]
    list_filter = ["status", "organiser", SessionTownship, "theme", "form", "is_historical"]
    list_select_related = ["organiser", "place__parent"]
    date_hierarchy = "held_on"
    search_fields = ["title", "number", "organiser_written", "venue"]
    search_help_text = "按名称、编号、主办单位（原文）或地点查找"
    actions = ["verify_selected", "send_back_selected"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "number",
                    "title",
                    "organiser",
                    "organiser_written",
                    "co_organiser_text",
                    "host",
                    "place_line",
                    "venue",
                ]
            },
        ),
        ("时间", {"fields": ["held_on", "ends_on", "start_time", "end_time", "part_of_day", "minutes"]}),
        (
            "内容",
            {
                "fields": [
                    "theme",
                    "learning_group",
                    "programme",
                    "project",
                    "form",
                    "language",
                    "audience_text",
                    "instructors",
                    "remarks",
                ]
            },
        ),
        (
            "人次",
            {
                "fields": [
                    "planned_attendance",
                    "reported_attendance",
                    "rostered_attendance",
                    "verified_attendance",
                    "verified_reason",
                ]
            },
        ),
        (
            "办理",
            {
                "fields": [
                    "status",
                    "entered_by",
                    "on_behalf_source",
                    "submitted_by",
                    "submitted_at",
                    "verified_by",
                    "verified_at",
                    "return_reason",
                    "return_note",
                    "is_historical",
                    "batch",
                ]
            },
        ),
    ]

    @admin.display(description="举办地", ordering="place")
    def place_line(self, obj):
        return obj.place_name or "—"

    def has_review_permission(self, request) -> bool:
        return can(request.user, Action.REVIEW)

    @admin.action(description="核定所选场次（按填报人次）", permissions=["review"])
    def verify_selected(self, request, queryset):
        def verify(row, version):
            row.verify(actor=request.user, attendance=row.reported_attendance, seen_version=version)

        return self._decide(request, queryset, "verify_selected", "核定", VerifyForm, verify)

    @admin.action(description="退回所选场次", permissions=["review"])
    def send_back_selected(self, request, queryset):
        """The same reason goes with every session."""

        def send_back(row, version, **given):
            row.send_back(actor=request.user, seen_version=version, **given)

        return self._decide(request, queryset, "send_back_selected", "退回", ReasonForm, send_back)

    def _decide(self, request, queryset, action, word, form_class, act):
        """First a page with the figures of what was chosen, each row with its version; then `act` on exactly these: a
        session that changed after the page was drawn stays out (IN-4)."""
        form = form_class(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            return self._each(request, word, lambda row, version: act(row, version, **form.cleaned_data))
        if form.is_bound:  # asked again, about the rows that were shown
            queryset = self.get_queryset(request).filter(pk__in=ticked(request.POST.getlist("seen")))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{word}所选场次",
            "form": form,
            "rows": queryset.for_display()[: self.list_max_show_all],
            "number": queryset.count(),
            "action": action,
            "word": word,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/trainings/decide.html", context)

    def _each(self, request, word, act) -> None:
        """Every session for itself; says how many went through and why the others did not."""
        done, left_out = 0, []
        seen = ticked(request.POST.getlist("seen")[: self.list_max_show_all])
        for row in self.get_queryset(request).for_display().filter(pk__in=seen):
            try:
                act(row, seen[row.pk])
                done += 1
            except Conflict:
                left_out.append(f"《{row}》：在您打开页面之后有改动，请重新选择，看过再{word}")
            except Refused as refused:
                left_out.append(f"《{row}》：{'；'.join(refused.reasons)}")
            except PermissionDenied as denied:
                audit.denied(request, subject=row)
                left_out.append(f"《{row}》：{denied}")
        if done:
            self.message_user(request, f"已{word} {done} 场。", messages.SUCCESS)
        if left_out:
            more = f"\n……另有 {len(left_out) - LEFT_OUT_SHOWN} 场" if len(left_out) > LEFT_OUT_SHOWN else ""
            reasons = "\n".join(left_out[:LEFT_OUT_SHOWN])
            self.message_user(request, f"有 {len(left_out)} 场没有{word}：\n{reasons}{more}", messages.WARNING)

    def history_records(self, request, obj):
        """What a session's owner did before submitting it is the owner's business, here as on the session's own page."""
        records = super().history_records(request, obj)
        return records if sees_drafts_of(request.user, obj) else records.exclude(status__in=obj.PRIVATE)


@admin.register(ImportBatch)
class ImportBatchAdmin(ScopedAdmin):
    """For looking up; confirming and undoing happen on the import pages."""

    seen_by = (Action.IMPORT, Action.VIEW_LOGS)
    list_display = [
        "uploaded_at",
        "original_name",
        "user",
        "unit",
        "state",
        "historical",
        "rows",
        "created",
        "duplicates",
    ]
    list_display_links = ["uploaded_at", "original_name"]
    list_filter = ["state", "historical"]
    list_select_related = ["user", "unit"]
    date_hierarchy = "uploaded_at"
    search_fields = ["original_name", "user__username"]
    search_help_text = "按文件名或账号查找"
    fields = [
        "original_name",
        "sha256",
        "user",
        "unit",
        "state",
        "historical",
        "year",
        "rows",
        "created",
        "duplicates",
        "uploaded_at",
        "committed_at",
        "confirmed_by",
        "undo_proposed_by",
        "undone_by",
        "undone_at",
    ]
