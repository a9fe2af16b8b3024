"""共享资源: the places that are open to residents, as a list, one by one, and as their unit keeps them (依据 二(二)1—2)."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ..access import Action, kept_or_403, kinds_kept_by, require, visible_or_404
from ..forms import DateInput, KeptForm, RegistryFilter, place_choices
from ..models import Division, SharedResource, Tier
from .keeping import enter, last_day

PER_PAGE = 30
STATES = [("open", "已开放"), ("not", "未开放"), ("closed", "已停止开放")]
CLAUSE_WORDS = "学校依据 二(二)1；文化场馆 二(二)2；老年和校外场所 二(三)4；农家书屋、综合文化服务中心 二(三)5"


class ResourceForm(KeptForm):
    class Meta:
        model = SharedResource
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "这个地方已登记过同名的场所，请换一个名称，或修改原来的那条"}
        }
        fields = [
            "kind",
            "name",
            "division",
            "unit",
            "is_open",
            "offers",
            "opening_hours",
            "open_to",
            "capacity",
            "opened_on",
            "address",
            "phone",
            "serves",
            "note",
        ]
        help_texts = {
            "is_open": "勾选的，请在下面写明开放什么、什么时间开放",
            "opened_on": "记不清可以不填",
        }
        widgets = {
            "capacity": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric", "min": 1}),
            "opened_on": DateInput(),
            "serves": forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.is_open:
            del self.fields["is_open"]  # it stops being open on a day, on a page of its own
        if self._may_be_school:
            villages = self.fields["division"].queryset.filter(tier=Tier.VILLAGE)
            if self.instance.pk:
                villages = villages | Division.objects.filter(pk__in=self.instance.serves.values("pk"))
            self.fields["serves"].queryset = villages
            villages = villages.select_related("parent")
            self.fields["serves"].choices = place_choices(villages, self.user.home_place)
        else:
            del self.fields["serves"]

    @property
    def _may_be_school(self) -> bool:
        return SharedResource.Kind.SCHOOL in dict(self.fields["kind"].choices)

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("serves") and cleaned.get("kind") not in {None, "", SharedResource.Kind.SCHOOL}:
            self.add_error("serves", "只有学校有学区；别的场所请不要勾选")
        return cleaned

    @property
    def chosen_villages(self) -> set[str]:
        return {str(getattr(value, "pk", value)) for value in self["serves"].value() or []}

    @property
    def simple_fields(self) -> list:
        """Everything but the school district, which the page folds away."""
        return [field for field in self.visible_fields() if field.name != "serves"]


@require_safe
@require(Action.VIEW_NETWORK)
def resources(request: HttpRequest) -> HttpResponse:
    user = request.user
    asked = RegistryFilter(request.GET, user=user, kinds=SharedResource.Kind.choices, states=STATES)
    seen = SharedResource.objects.visible_to(user)
    rows = asked.narrow(seen, "name", "offers", "open_to", "division__short_name")
    state = {
        "open": Q(is_open=True),
        "not": Q(is_open=False, closed_on=None),
        "closed": Q(is_open=False, closed_on__isnull=False),
    }
    if asked.value("state"):
        rows = rows.filter(state[asked.value("state")])
    page = Paginator(rows.select_related("division__parent", "unit"), PER_PAGE).get_page(request.GET.get("page"))
    counted = seen.order_by().values("kind").annotate(all=Count("pk"), open=Count("pk", filter=Q(is_open=True)))
    counts = {row["kind"]: row for row in counted}
    context = {
        "asked": asked,
        "page_obj": page,
        "kinds": [(kind, kind.label, counts[kind]) for kind in SharedResource.Kind if kind in counts],
        "all": sum(row["all"] for row in counts.values()),
        "open": sum(row["open"] for row in counts.values()),
        "clauses": CLAUSE_WORDS,
        "may_add": bool(kinds_kept_by(user, SharedResource)),
    }
    return render(request, "networks/resources/list.html", context)


@require_safe
@require(Action.VIEW_NETWORK)
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    named = SharedResource.objects.select_related("division__parent", "unit")
    row = visible_or_404(request.user, named, pk=pk)
    context = {
        "resource": row,
        "crumbs": _listed(),
        "serves": row.serves.order_by("code"),
        "may_change": SharedResource.objects.kept_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "networks/resources/detail.html", context)


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def resource_new(request: HttpRequest) -> HttpResponse:
    refuse_without_task(request, SharedResource)
    return _enter(request, title="登记共享场所")


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def resource_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _enter(request, kept_or_403(request.user, SharedResource.objects, pk=pk), title="修改登记")


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def resource_close(request: HttpRequest, pk: int) -> HttpResponse:
    row = kept_or_403(request.user, SharedResource.objects, pk=pk)
    if not row.is_open and request.method != "POST":
        return redirect("resource", pk)
    return last_day(
        request,
        row,
        row.close,
        listed=_listed(),
        back=_page_of(row),
        action="停止开放共享资源",
        title=f"{row}停止向居民开放",
        lead="填停止开放的日期。登记保留；以后重新开放时，在“修改”里再勾选。",
        button="确认停止开放",
        done="已记下停止开放的日期。",
    )


def refuse_without_task(request: HttpRequest, model: type) -> None:
    """403 for a unit that answers for none of the tasks to which the rows of this registry belong."""
    if not kinds_kept_by(request.user, model):
        raise PermissionDenied(f"本单位不是{model._meta.verbose_name}各项任务的责任单位，登记请联系责任单位或县教育局")


def _enter(request: HttpRequest, row: SharedResource | None = None, **given: str) -> HttpResponse:
    given |= {"thing": "共享资源", "template": "networks/resources/form.html"}
    return enter(request, ResourceForm, row, listed=_listed(), page_of=_page_of, **given)


def _page_of(row: SharedResource) -> str:
    return reverse("resource", args=[row.pk])


def _listed() -> list[tuple[str, str]]:
    return [("共享资源", reverse("resources"))]
