"""Forms of the registry of institutions: a new one, its entry, its state, 五有, its photo."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ..access import Action, kept_or_403, require, visible_or_404
from ..institution_forms import ChecksForm, InstitutionForm, PhotoForm, StateForm
from ..models import Division, Institution
from ..uploads import made_ready
from .keeping import keep

_ON_A_PAGE = ["GET", "HEAD", "POST"]


class _Asked(forms.Form):
    place = forms.CharField(max_length=12)


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(_ON_A_PAGE)
def new(request: HttpRequest) -> HttpResponse:
    """`?place=` fills in what 二(一)1 puts at such a place."""
    places = Division.objects.kept_by(request.user).current()
    if not places.exists():
        raise PermissionDenied("机构由所在乡镇或县教育局登记，您的账号没有要维护的地方")
    asked, initial, crumbs = _Asked(request.GET), {}, [("三级网络", reverse("network"))]
    if asked.is_valid():
        place = visible_or_404(request.user, Division.objects.select_related("parent"), pk=asked.cleaned_data["place"])
        crumbs.append((place.path, reverse("network-place", args=[place.pk])))
        if places.filter(pk=place.pk).exists():
            initial = {"division": place, **Institution.usual_at(place)}
    return keep(
        request,
        InstitutionForm(request.POST or None, places=places, initial=initial),
        action="登记机构",
        title="登记新机构",
        lead="先登记名称和地点；保存后再记录状态、五有和人员。",
        back=_page,
        done="已登记。接下来请记录它的状态。",
        crumbs=crumbs,
    )


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(_ON_A_PAGE)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    form = InstitutionForm(request.POST or None, instance=row, places=Division.objects.none())
    return _keep(request, row, form, action="修改机构", title="修改机构资料")


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(_ON_A_PAGE)
def state(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    return _keep(
        request,
        row,
        StateForm(request.POST or None, instance=row),
        action="记录机构状态",
        title="记录状态",
        lead=f"{row}现在是“{row.get_state_display()}”。暂停和停办的不计入覆盖；名称、场次和历史都保留，以后可以重新开办。",
    )


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(_ON_A_PAGE)
def checks(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    form = ChecksForm(request.POST or None, made_ready(request.FILES), instance=row, actor=request.user)
    template = "networks/institutions/checks.html"
    return _keep(request, row, form, action="核对五有", title="五有核对", lead=str(row), template=template)


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(_ON_A_PAGE)
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    form = PhotoForm(request.POST or None, made_ready(request.FILES), instance=row, actor=request.user)
    return _keep(request, row, form, action="更换机构照片", title="机构照片", lead=str(row))


def _row(request: HttpRequest, pk: int) -> Institution:
    rows = Institution.objects.select_related("division__parent", "photo")
    return kept_or_403(request.user, rows, pk=pk)


def _page(row: Institution) -> str:
    return reverse("network-institution", args=[row.pk])


def _keep(request: HttpRequest, row: Institution, form: forms.Form, **more: object) -> HttpResponse:
    place = row.division
    crumbs = [
        ("三级网络", reverse("network")),
        (place.path, reverse("network-place", args=[place.pk])),
        (row.name, _page(row)),
    ]
    return keep(request, form, back=_page(row), crumbs=crumbs, **more)
