"""期（班）and 年度计划 as people read them: what was planned and what became of it. Classes are made in trainings/views/classes.py,
the plan of a unit's year is written here."""

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import (
    Action,
    can,
    require,
    units_to_plan_for,
    units_to_watch,
    visible_or_404,
)
from networks.forms import SeveralField, VersionedForm, place_choices
from networks.models import Division, MemberUnit, User
from networks.views.keeping import keep
from networks.wording import refuse_numbers
from trainings import series, years
from trainings.changes import plan_notes
from trainings.models import Theme, TrainingClass, TrainingSession, UnitPlan
from trainings.models.entry import protected_names_in
from trainings.views.entry import DRAFT_DONE

from .. import planning
from ..assessment import standings
from ..models import AssessmentYear

PER_PAGE = 30
FIRST_YEAR, LAST_YEAR = 2000, 2099


# --- classes ---------------------------------------------------------------------------------------------


class ClassFilter(forms.Form):
    unit = forms.ChoiceField(label="责任单位", required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def __init__(self, data, units: list[MemberUnit]) -> None:
        super().__init__(data)
        self.fields["unit"].choices = [("", "全部"), *((unit.code, unit.name) for unit in units)]
        self.fields["unit"].widget.attrs["class"] = "form-select"
        self.is_valid()


@require_safe
@require(Action.VIEW_SESSIONS)
def classes(request: HttpRequest) -> HttpResponse:
    user = request.user
    rows = TrainingClass.objects.visible_to(user)
    units = list(MemberUnit.objects.filter(pk__in=rows.order_by().values("unit")))
    asked = ClassFilter(request.GET, units)
    chosen = asked.cleaned_data.get("unit") or ""
    if chosen:
        rows = rows.filter(unit__code=chosen)
    rows = rows.select_related("unit", "place__parent", "course")
    page = Paginator(rows, PER_PAGE).get_page(asked.cleaned_data.get("page"))
    became = planning.of_classes([row.pk for row in page])
    for row in page:
        row.became = became.get(row.pk)
    context = {
        "page_obj": page,
        "asked": asked if len(units) > 1 else None,
        "chosen": chosen,
        "may_enter": can(user, Action.ENTER),
        "sees_plans": can(user, Action.VIEW_STANDING),
        "definition": planning.DEFINITION,
    }
    return render(request, "reporting/plans/classes.html", context)


def _class_context(request: HttpRequest, pk: int) -> dict[str, object]:
    rows = TrainingClass.objects.select_related("unit", "place__parent", "course", "copied_from")
    found = visible_or_404(request.user, rows, pk=pk)
    sessions = TrainingSession.objects.visible_to(request.user).filter(training_class=found)
    sessions = list(sessions.for_display().order_by("held_on", "start_time", "pk"))
    notes = plan_notes(session.pk for session in sessions)
    for session in sessions:
        session.plan_note = notes.get(session.pk, "")
    became = planning.of_classes([pk]).get(pk)
    return {
        "class": found,
        "sessions": sessions,
        "became": became,
        "outcome": became.outcome if became else planning.Outcome(),
    }


@require_safe
@require(Action.VIEW_SESSIONS)
def training_class(request: HttpRequest, pk: int) -> HttpResponse:
    user = request.user
    context = _class_context(request, pk)
    may_change = TrainingClass.objects.editable_by(user).filter(pk=pk).exists()
    may_copy = may_change and can(user, Action.ENTER)
    copies = TrainingClass.objects.visible_to(user).filter(copied_from=pk) if may_copy else []
    context |= {
        "crumbs": [("期（班）", reverse("class-list"))],
        "may_change": may_change,
        "rest": len(series.remaining(context["class"], user)) if may_change else 0,
        "may_copy": may_copy,
        "copies": list(copies),
        "places": _places_to_copy_to(user) if may_copy else [],
        "definition": planning.DEFINITION,
        "draft_done": request.session.pop(DRAFT_DONE, "") if may_change else "",
    }
    return render(request, "reporting/plans/class.html", context)


def _places_to_copy_to(user: User) -> list:
    return place_choices(Division.objects.visible_to(user).current().select_related("parent"), user.home_place)


@require_safe
@require(Action.VIEW_SESSIONS)
def class_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """A4: the class with its sessions and what became of them."""
    return render(request, "reporting/plans/class_paper.html", _class_context(request, pk))


# --- the plan of a unit's year ---------------------------------------------------------------------------


def _year_or_404(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
    return year


def _years_offered(user: User, shown: int) -> list[int]:
    """The next year, this one, those for which there are assessments, and what is shown; newest first."""
    this = timezone.localdate().year
    known = AssessmentYear.objects.visible_to(user).values_list("year", flat=True)
    return sorted({this, this + 1, shown, *known}, reverse=True)


def _unit_or_404(rows, code: str) -> MemberUnit:
    found = rows.filter(code=code).first() if "\x00" not in code else None
    if found is None:
        raise Http404("没有这个单位，或它不在您的范围内")
    return found


@require_safe
@require(Action.VIEW_STANDING)
def now(request: HttpRequest) -> HttpResponse:
    """This year's plan of the own unit, or of all units for whoever sees the county."""
    this = timezone.localdate().year
    if not can(request.user, Action.VIEW_COUNTY) and request.user.own_unit:
        return redirect("plan-unit", this, request.user.own_unit.code)
    return redirect("plans", this)


@require_safe
@require(Action.VIEW_STANDING)
def plans(request: HttpRequest, year: int) -> HttpResponse:
    """Every unit that this account may watch, with its plan and what became of it."""
    year, user = _year_or_404(year), request.user
    stored = UnitPlan.objects.visible_to(user).filter(year=year).prefetch_related("themes")
    written = {plan.unit_id: plan for plan in stored}
    day = timezone.localdate().replace(year=year, month=12, day=31) if year < timezone.localdate().year else None
    standing = units_to_watch(user).on(day or timezone.localdate())
    units = [u for u in standing if u.kind != MemberUnit.Kind.OTHER or u.pk in written]
    became = planning.by_unit(planning.families(units, year), year)
    lines = [(unit, written.get(unit.pk), became[unit.pk]) for unit in units]
    context = {
        "year": year,
        "years": _years_offered(user, year),
        "lines": lines,
        "written": sum(plan is not None for _, plan, _ in lines),
        "sees_plans": True,
        "definition": planning.DEFINITION,
    }
    return render(request, "reporting/plans/overview.html", context)


@require_safe
@require(Action.VIEW_STANDING)
def plan(request: HttpRequest, year: int, unit: str) -> HttpResponse:
    """One unit's plan, and the year as it went."""
    year, user = _year_or_404(year), request.user
    shown = _unit_or_404(units_to_watch(user), unit)
    family = planning.families([shown], year)[shown.pk]
    seen = UnitPlan.objects.visible_to(user).filter(unit__in=family, year=year)
    written = {plan.unit_id: plan for plan in seen.select_related("unit").prefetch_related("themes")}
    stored = written.pop(shown.pk, None)
    assessed = AssessmentYear.objects.visible_to(user).filter(year=year).first()
    found = standings(assessed, units=[shown]) if assessed else []
    context = {
        "year": year,
        "years": _years_offered(user, year),
        "year_text": str(year),
        "unit": shown,
        "plan": stored,
        "went": planning.UnitYear(family, year, stored),
        "taken_over": list(written.values()),
        "merged": len(family) > 1,
        "assessed": assessed,
        "required": found[0].required if found else None,
        "last": stored.history.select_related("history_user__person").first() if stored else None,
        "may_write": units_to_plan_for(user).filter(pk=shown.pk).exists() and not _locked(shown, year),
        # The lists behind the figures are of one unit as it was.
        "sees_rows": can(user, Action.VIEW_SESSIONS) and len(family) == 1,
        "whole_county": can(user, Action.VIEW_COUNTY),
        "sees_plans": True,
        "definition": planning.DEFINITION,
    }
    return render(request, "reporting/plans/unit.html", context)


def _locked(unit: MemberUnit, year: int) -> bool:
    return years.rules_of(unit.county_id, year).locked


class PlanForm(VersionedForm):
    """What a unit means to hold in a year: figures, themes, and in words how."""

    class Meta:
        model = UnitPlan
        fields = ["sessions", "attendances", "themes", "text"]
        field_classes = {"themes": SeveralField}
        help_texts = {
            "sessions": "这一年打算办多少场",
            "attendances": "这一年打算有多少人次",
            "text": "打算办哪些班、在哪里办、谁来讲；不写个人姓名和电话",
        }
        widgets = {
            "sessions": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
            "attendances": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
            "themes": forms.CheckboxSelectMultiple,
            "text": forms.Textarea(attrs={"rows": 6}),
        }

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        words = Theme.objects.visible_to(user)
        kept = self.instance.themes.values("pk") if self.instance.pk else []
        self.fields["themes"].queryset = words.current() | words.filter(pk__in=kept)

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        name = protected_names_in([text])[0]
        if name:  # read by the leading group, which sees no session (PI-2)
            raise ValidationError(f"这里不能出现“{name}”，请改用不指明人群的说法")
        return refuse_numbers(text)

    def clean(self) -> dict:
        data = super().clean()
        if _locked(self.instance.unit, self.instance.year):
            raise ValidationError(f"{self.instance.year}年度已锁定定案，计划不能再改")
        if not self.errors and not any(data.get(name) for name in self.Meta.fields):
            raise ValidationError("请至少填一项：场次、人次、重点主题或计划内容")
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.KEEP_OWN, Action.MANAGE_YEARS)
def edit(request: HttpRequest, year: int, unit: str) -> HttpResponse:
    year, user = _year_or_404(year), request.user
    shown = _unit_or_404(units_to_watch(user), unit)
    if not units_to_plan_for(user).filter(pk=shown.pk).exists():
        raise PermissionDenied("年度计划由本单位的工作人员填写")
    row = UnitPlan.objects.filter(unit=shown, year=year).first() or UnitPlan(unit=shown, year=year)
    form = PlanForm(request.POST or None, instance=row, user=user)
    back = reverse("plan-unit", args=[year, shown.code])
    return keep(
        request,
        form,
        action="填写年度计划",
        title=f"{year}年度计划",
        lead=str(shown),
        back=back,
        template="reporting/plans/edit.html",
        crumbs=[("年度计划", reverse("plans", args=[year])), (str(shown), back)],
        detail={"unit": shown.code, "year": year},
    )
