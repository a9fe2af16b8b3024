"""计入场次: exactly the sessions behind a figure of the county, with the sum that the figure shows."""

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from networks.access import Action, require, units_to_watch
from networks.models import User
from trainings.models import Theme, TrainingSession

from ..assessment import COUNTED, Counting, counted_or_why
from ..models import AssessmentYear
from .assessment import PER_PAGE, CutOff
from .years import with_year

NO_THEME = "none"


class Behind(CutOff):
    """Which figure is looked into. What makes no sense is passed over."""

    rows = forms.ChoiceField(
        label="哪些场次", required=False, choices=[("", "计入任务的"), ("all", "全部已核定的，含不计任务的")]
    )
    month = forms.TypedChoiceField(
        label="月份",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "全年"), *((month, f"{month}月") for month in range(1, 13))],
    )
    theme = forms.ChoiceField(label="主题", required=False)
    unit = forms.ModelChoiceField(None, label="责任单位", required=False, to_field_name="code", empty_label="全县")

    field_order = ("rows", "month", "theme", "unit", "as_of")

    def __init__(self, data, year: AssessmentYear, user: User) -> None:
        super().__init__(data, year)
        self.user = user
        themes = [(str(word.pk), str(word)) for word in Theme.objects.visible_to(user)]
        self.fields["theme"].choices = [("", "全部"), *themes, (NO_THEME, "未填主题")]
        self.fields["unit"].queryset = units_to_watch(user)
        for name in ("rows", "month", "theme", "unit"):
            self.fields[name].widget.attrs["class"] = "form-select"

    def among(self, counting: Counting) -> QuerySet[TrainingSession]:
        """The sessions asked for, as far as this account sees them."""
        asked = self.cleaned_data
        seen = TrainingSession.objects.visible_to(self.user)
        if asked.get("rows") == "all":
            found = counting.verified(seen)
            found = found.filter(organiser=asked["unit"]) if asked.get("unit") else found
        else:
            found = counting.credited(seen, asked.get("unit"))
        if asked.get("month"):
            found = found.filter(held_on__month=asked["month"])
        if asked.get("theme"):
            found = found.filter(theme=None if asked["theme"] == NO_THEME else asked["theme"])
        return found


@require_safe
@require(Action.VIEW_SESSIONS)
@require(Action.VIEW_COUNTY)
@with_year
def counted(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """For whoever may see both the county's figures and rows; leaders see the figures alone."""
    asked = Behind(request.GET, year, request.user)
    counting = Counting(year, asked.day)
    sessions = asked.among(counting)
    rows = sessions.select_related("form", "place__parent", "organiser").order_by("held_on", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    credited = counting.credited(TrainingSession.objects.filter(pk__in=[session.pk for session in page]))
    counts = set(credited.values_list("pk", flat=True))
    for session in page:
        session.why = COUNTED if session.pk in counts else counted_or_why(session.status, session.barrier)
    context = {"year": year, "asked": asked, "sum": counting.sum_of(sessions), "page_obj": page}
    return render(request, "reporting/counted.html", context)
