"""参照指标 and 经费: the county's, or one township's, in one year; and the office's own thresholds."""

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import Action, can, places_seen_for, require
from networks.annual import AnnualTable, asked_year
from networks.forms import VersionedForm
from networks.models import Division, Fund, Tier
from networks.views.figures import years_offered
from networks.views.keeping import keep

from ..funds import NOTHING, FundTable
from ..models import ReferenceThreshold
from ..references import REFERENCES, Reference, ReferenceFigures, outcomes, per_capita, plain


def _asked(request: HttpRequest) -> tuple[int, list[int], Division, QuerySet[Division]]:
    """The year asked for, the years on offer, the county, and it with its townships."""
    this = timezone.localdate().year
    year = asked_year(request.GET.get("year"), otherwise=this)
    county = Division.objects.get(pk=request.user.county_code)
    places = Division.objects.visible_to(request.user).within(county.pk).exclude(tier=Tier.VILLAGE)
    return year, years_offered(request.user, this), county, places


@require_safe
@require(Action.VIEW_NETWORK)
def references(request: HttpRequest) -> HttpResponse:
    """Every indicator with both its parts, its threshold and, for the county as a whole, whether it is reached."""
    year, years, county, places = _asked(request)
    towns = places.filter(tier=Tier.TOWNSHIP).current()
    asked = request.GET.get("place", "")
    place = next((town for town in towns if town.pk == asked), county)
    of_place = "" if place == county else f"&place={place.pk}"
    with_funds = places_seen_for(request.user, Fund).filter(pk=place.pk).exists()
    shown = outcomes(ReferenceFigures(county, year), place, with_funds=with_funds)
    context = {
        "year": year,
        "year_tabs": [(other, f"?year={other}{of_place}") for other in years],
        "county": county,
        "place": place,
        "towns": towns,
        "outcomes": shown,
        "reached": sum(outcome.reached is True for outcome in shown),
        "unknown": sum(outcome.ratio.value is None for outcome in shown),
        "may_edit": can(request.user, Action.MANAGE_YEARS),
        "crumbs": [("实验区、示范区", reverse("zones"))],
    }
    return render(request, "reporting/references.html", context)


class ThresholdForm(VersionedForm):
    class Meta:
        model = ReferenceThreshold
        fields = ["value", "reason"]

    def __init__(self, *args, reference: Reference, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.reference = reference
        value = self.fields["value"]
        value.label = f"参照值（{reference.unit}）"
        value.help_text = f"国家标准是 {plain(reference.default)}{reference.unit}，最多一位小数"
        value.widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "w-figure"})

    def clean_value(self):
        value = self.cleaned_data["value"]
        if not self.reference.of_money and value > 100:
            raise forms.ValidationError("百分数不能大于 100")
        return value


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_YEARS)
def threshold(request: HttpRequest, key: str) -> HttpResponse:
    """The county's own threshold in place of the national one, with the reason."""
    reference = REFERENCES.get(key)
    if reference is None:
        raise Http404("没有这项参照指标")
    own = ReferenceThreshold.objects.visible_to(request.user).filter(key=key).first()
    row = own or ReferenceThreshold(county_id=request.user.county_code, key=key)
    initial = {} if own else {"value": reference.default}
    typed = request.POST if request.method == "POST" else None
    back = reverse("references")
    return keep(
        request,
        ThresholdForm(typed, instance=row, initial=initial, reference=reference),
        action="修改参照值",
        detail={"key": key},
        title=f"{reference.label}的参照值",
        lead=reference.definition,
        back=back,
        done="参照值已保存。",
        crumbs=[("实验区、示范区", reverse("zones")), ("参照指标", back)],
    )


@require_safe
@require(Action.VIEW_STANDING)
def funds(request: HttpRequest) -> HttpResponse:
    """Money by source, by place and by year, as far as this account may see it: the whole county's, or its own."""
    year, years, county, places = _asked(request)
    seen = list(places_seen_for(request.user, Fund).filter(pk__in=places))
    # The whole county, else the own township and not one that it has taken over.
    place = next(iter(sorted(seen, key=lambda p: (p.pk != county.pk, p.retired_on is not None))), None)
    tabs = [(other, f"?year={other}") for other in years]
    crumbs = [("年度数据", f"{reverse('figures')}?year={year}")]
    context = {"year": year, "year_tabs": tabs, "county": county, "place": place, "crumbs": crumbs}
    if place:
        table = FundTable(county, [year, *years], Fund.objects.visible_to(request.user))
        people = AnnualTable(county, [year, *years])
        bodies = table.bodies(year) if place == county else [place]
        context |= {
            "money": table.total(place, year),
            "per_capita": per_capita(people, table, place, year),
            "reference": REFERENCES["funds"],
            "by_source": [row for row in table.by_source(bodies, year) if row[1] != NOTHING],
            "by_place": [
                (body, table.own(body, year), per_capita(people, table, body, year) if body != county else None)
                for body in bodies
            ],
            "by_year": [
                (y, table.total(place, y), per_capita(people, table, place, y)) for y in years if table.entered(y)
            ],
            "whole": place == county,
        }
    return render(request, "reporting/funds.html", context)
