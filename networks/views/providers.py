"""提供方与资源项目: who offers learning besides the public places, and what is brought to the people (依据 二(二)2—3)."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from ..access import Action, kept_or_403, kinds_kept_by, require, visible_or_404
from ..forms import DateInput, KeptForm, RegistryFilter
from ..models import Provider, ResourceProject
from .keeping import enter
from .resources import refuse_without_task

PER_PAGE = 30
PROVIDER_STATES = [("now", "合作中"), ("ahead", "未开始"), ("past", "已结束")]
PROJECT_STATES = [("now", "进行中"), ("ahead", "未开始"), ("past", "已结束")]
PAGES = {  # of each registry: its name, its list, and the page of a row
    Provider: ("提供方", "providers", "provider"),
    ResourceProject: ("资源项目", "resource-projects", "resource-project"),
}


class ProviderForm(KeptForm):
    class Meta:
        model = Provider
        error_messages = {NON_FIELD_ERRORS: {"unique_together": "这个单位已登记过这一家，请修改原来的那条"}}
        fields = ["kind", "name", "division", "unit", "offers", "phone", "since", "until", "note"]
        widgets = {"since": DateInput(), "until": DateInput()}


class ProjectForm(KeptForm):
    class Meta:
        model = ResourceProject
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "这个单位已登记过同名、同一天开始的项目，请修改原来的那条"}
        }
        fields = [
            "kind",
            "title",
            "division",
            "unit",
            "provider",
            "starts_on",
            "ends_on",
            "content",
            "beneficiaries",
            "funds",
        ]
        widgets = {
            "starts_on": DateInput(),
            "ends_on": DateInput(),
            "content": forms.Textarea(attrs={"rows": 3}),
            "beneficiaries": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric", "min": 1}),
        }
        help_texts = {
            "content": "做什么、在哪里、多少次，如：会鼓、扁担舞老师每月进村教学两次",
            "funds": "如：县级财政、自治区专项、企业捐助",
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = Provider.objects.visible_to(self.user)
        self.fields["provider"].empty_label = "没有"


# --- 提供方 ----------------------------------------------------------------------------------------------


@require_safe
@require(Action.VIEW_NETWORK)
def providers(request: HttpRequest) -> HttpResponse:
    asked = RegistryFilter(request.GET, user=request.user, kinds=Provider.Kind.choices, states=PROVIDER_STATES)
    rows = asked.narrow(Provider.objects.visible_to(request.user), "name", "offers", "division__short_name")
    return _list(
        request, asked, _in_state(rows, asked, "since", "until"), Provider, "networks/resources/providers.html"
    )


@require_safe
@require(Action.VIEW_NETWORK)
def provider(request: HttpRequest, pk: int) -> HttpResponse:
    named = Provider.objects.select_related("division__parent", "unit")
    row = visible_or_404(request.user, named, pk=pk)
    context = {
        "provider": row,
        "crumbs": [("共享资源", reverse("resources")), ("提供方", reverse("providers"))],
        "projects": ResourceProject.objects.visible_to(request.user).filter(provider=row).select_related("unit"),
        "may_change": Provider.objects.kept_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "networks/resources/provider.html", context)


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def provider_new(request: HttpRequest) -> HttpResponse:
    return _enter(request, ProviderForm)


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def provider_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _enter(request, ProviderForm, kept_or_403(request.user, Provider.objects, pk=pk))


# --- 资源项目 ---------------------------------------------------------------------------------------------


@require_safe
@require(Action.VIEW_NETWORK)
def resource_projects(request: HttpRequest) -> HttpResponse:
    asked = RegistryFilter(request.GET, user=request.user, kinds=ResourceProject.Kind.choices, states=PROJECT_STATES)
    rows = asked.narrow(ResourceProject.objects.visible_to(request.user), "title", "content", "provider__name")
    rows = _in_state(rows, asked, "starts_on", "ends_on").select_related("provider")
    return _list(request, asked, rows, ResourceProject, "networks/resources/projects.html")


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def resource_project_new(request: HttpRequest) -> HttpResponse:
    return _enter(request, ProjectForm)


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def resource_project_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _enter(request, ProjectForm, kept_or_403(request.user, ResourceProject.objects, pk=pk))


# --- what both have in common ----------------------------------------------------------------------------


def _in_state(rows, asked: RegistryFilter, first_day: str, last_day: str):
    """The rows that run today, those to come, or those whose last day has passed."""
    today = timezone.localdate()
    ahead, past = Q(**{f"{first_day}__gt": today}), Q(**{f"{last_day}__lt": today})
    found = {"now": rows.exclude(past).exclude(ahead), "ahead": rows.filter(ahead), "past": rows.filter(past)}
    return found.get(asked.value("state"), rows)


def _list(request: HttpRequest, asked: RegistryFilter, rows, model: type, template: str) -> HttpResponse:
    page = Paginator(rows.select_related("division__parent", "unit"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"asked": asked, "page_obj": page, "may_add": bool(kinds_kept_by(request.user, model))}
    return render(request, template, context)


def _enter(
    request: HttpRequest, form_class: type[KeptForm], row: Provider | ResourceProject | None = None
) -> HttpResponse:
    """The form of a new row or of a stored one."""
    model = form_class._meta.model
    label, listed, shown = PAGES[model]
    if row is None:
        refuse_without_task(request, model)
    return enter(
        request,
        form_class,
        row,
        thing=label,
        listed=[("共享资源", reverse("resources")), (label, reverse(listed))],
        page_of=lambda kept: reverse(shown, args=[kept.pk]),
    )
