"""知晓率调查: each place's surveys of a year, entered by whoever keeps the place's figures."""

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from ..access import Action, kept_or_403, require
from ..annual import asked_year
from ..forms import PlaceField, VersionedForm, place_choices
from ..models import AwarenessSurvey, Division, Tier, User
from ..models.surveys import MOST_ASKED
from .figures import years_offered
from .keeping import keep

_COUNTS = {
    "invalid": "请填整数",
    "required": "请填人数",
    "min_value": "至少 1 人",
    "max_value": f"最多 {MOST_ASKED:,} 人",
}


class SurveyForm(VersionedForm):
    division = PlaceField(label="地方", queryset=Division.objects.none(), empty_label="请选择")

    class Meta:
        model = AwarenessSurvey
        fields = ["division", "year", "method", "asked", "aware", "source"]

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        places = _places(user) | Division.objects.filter(pk=self.instance.division_id)
        self.fields["division"].queryset = places
        self.fields["division"].choices = [
            ("", "请选择"),
            *place_choices(places.select_related("parent"), user.home_place),
        ]
        this = timezone.localdate().year
        years = sorted({*range(this, this - 5, -1), self.instance.year or this}, reverse=True)
        self.fields["year"] = forms.TypedChoiceField(
            label="年度", coerce=int, choices=[(year, f"{year} 年") for year in years], initial=this
        )
        self.fields["method"].choices = [("", "请选择"), *AwarenessSurvey.Method.choices]
        for name in ("asked", "aware"):
            self.fields[name].widget = forms.TextInput({"class": "w-figure", "inputmode": "numeric"})
            self.fields[name].error_messages |= _COUNTS

    def clean(self) -> dict:
        cleaned = super().clean()
        asked, aware = cleaned.get("asked"), cleaned.get("aware")
        if asked is not None and aware is not None and aware > asked:
            self.add_error("aware", "知道的人不能比回答的人多，请核对")
        key = {name: cleaned.get(name) for name in ("division", "year", "method")}
        twice = AwarenessSurvey.objects.filter(**key).exclude(pk=self.instance.pk)
        if all(key.values()) and twice.exists():
            raise ValidationError("这个地方、这一年、这种方法的调查已经填过，请打开它修改")
        return cleaned

    def validate_unique(self) -> None:
        """`clean` has said it, in words that say what to do."""


def _places(user: User) -> models.QuerySet[Division]:
    """The county and the townships whose surveys this account enters."""
    return Division.objects.kept_by(user).exclude(tier=Tier.VILLAGE).current()


@require_safe
@require(Action.VIEW_NETWORK)
def surveys(request: HttpRequest) -> HttpResponse:
    this = timezone.localdate().year
    year = asked_year(request.GET.get("year"), otherwise=this)
    rows = AwarenessSurvey.objects.visible_to(request.user).filter(year=year).select_related("division__parent")
    kept = set(AwarenessSurvey.objects.kept_by(request.user).filter(year=year).values_list("pk", flat=True))
    context = {
        "year": year,
        "year_tabs": [(other, f"?year={other}") for other in years_offered(request.user, this)],
        "rows": [(row, row.pk in kept) for row in rows],
        "may_add": _places(request.user).exists(),
    }
    return render(request, "networks/figures/surveys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_NETWORK, Action.KEEP_OWN)
def survey_new(request: HttpRequest) -> HttpResponse:
    if not _places(request.user).exists():
        raise PermissionDenied("知晓率调查由乡镇和县里登记")
    return _form(request, AwarenessSurvey(), "登记知晓率调查")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_NETWORK, Action.KEEP_OWN)
def survey_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = kept_or_403(request.user, AwarenessSurvey.objects.select_related("division"), pk=pk)
    return _form(request, row, "修改知晓率调查")


def _form(request: HttpRequest, row: AwarenessSurvey, action: str) -> HttpResponse:
    def back(stored: AwarenessSurvey) -> str:
        return f"{reverse('surveys')}?year={stored.year}"

    typed = request.POST if request.method == "POST" else None
    return keep(
        request,
        SurveyForm(typed, instance=row, user=request.user),
        action=action,
        title=action,
        lead="问了多少居民、多少人知道本地的社区教育。只填人数，不填姓名。",
        back=back,
        done="调查已保存。",
        crumbs=[("年度数据", reverse("figures")), ("知晓率调查", reverse("surveys"))],
    )
