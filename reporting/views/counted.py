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

from ..assessment import COUNTED, Counting, counted_or_why, total
from ..frozen import Frozen, frozen_of
from ..models import AssessmentYear
from .assessment import PER_PAGE, CutOff
from .years import with_year

NO_THEME = "none"
SHOWN = ("form", "place__parent", "organiser")
COMPARED = ("number", "held_on", "verified_attendance")


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

    def among_settled(self, settled: Frozen) -> dict[str, dict]:
        """The same of a settled year, from its act and by 场次编号; of a session's theme the act says nothing."""
        asked, unit = self.cleaned_data, self.cleaned_data.get("unit")
        rows = settled.behind(unit.code if unit else "", everything=asked.get("rows") == "all")
        if day := asked.get("as_of"):
            rows = {number: row for number, row in rows.items() if row["held_on"] <= day.isoformat()}
        if month := asked.get("month"):
            rows = {number: row for number, row in rows.items() if int(row["held_on"][5:7]) == month}
        if asked.get("theme"):
            themed = self.among(Counting(self.year, self.day)).values_list("number", flat=True)
            rows = {number: rows[number] for number in themed if number in rows}
        return rows


@require_safe
@require(Action.VIEW_SESSIONS)
@require(Action.VIEW_COUNTY)
@with_year
def counted(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """For whoever may see both the county's figures and rows; leaders see the figures alone."""
    asked = Behind(request.GET, year, request.user)
    counting = Counting(year, asked.day)
    sessions = asked.among(counting)
    settled = frozen_of(year)
    if settled:
        context = _settled(request, asked, settled, sessions)
    else:
        rows = sessions.select_related(*SHOWN).order_by("held_on", "pk")
        page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        credited = counting.credited(TrainingSession.objects.filter(pk__in=[session.pk for session in page]))
        counts = set(credited.values_list("pk", flat=True))
        for session in page:
            session.why = COUNTED if session.pk in counts else counted_or_why(session.status, session.barrier)
        context = {"sum": counting.sum_of(sessions), "page_obj": page}
    return render(request, "reporting/counted.html", {"year": year, "asked": asked, **context})


def _settled(request: HttpRequest, asked: Behind, settled: Frozen, now: QuerySet[TrainingSession]) -> dict[str, object]:
    """A settled year's figure with the sessions of its act, whatever has happened to the rows since: the lock protects them, and
    who gets around it (`now` is what the rows say) is told about and changes no figure."""
    rows = asked.among_settled(settled)
    seen = TrainingSession.objects.visible_to(request.user).filter(organiser__county=asked.year.county_id)
    keys = dict(seen.in_year(asked.year.year).values_list("number", "pk"))
    found = [keys[number] for number in rows if number in keys]  # in the order of the act: by day and number
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    sessions = TrainingSession.objects.select_related(*SHOWN).in_bulk(page.object_list)
    page.object_list = [sessions[pk] for pk in page.object_list]
    for session in page:
        settled.put_figures(session)
        row = rows[session.number]
        session.why = COUNTED if row["counts"] else counted_or_why(row["status"], row["barrier"])
    today = {number: (day.isoformat(), heads) for number, day, heads in now.values_list(*COMPARED)}
    return {
        "settled": settled,
        "sum": total(settled.size(row) for row in rows.values()),
        "page_obj": page,
        "differs": today != {number: (row["held_on"], row["verified"]) for number, row in rows.items()},
    }
