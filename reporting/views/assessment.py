"""完成情况: the county's page, a unit's page with its working, 口径说明 and the workbook, all from one calculation."""

from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from networks import audit
from networks.access import Action, can, require, units_to_watch
from networks.models import Change, MemberUnit, UnitSuccession, User
from networks.views.downloads import rationed
from trainings.models import CoOrganiser, Status, TrainingSession

from ..as_of import AsOf
from ..assessment import Counting, Organised, Tally, counted_or_why, county_standing, standings
from ..dashboard import counted_url
from ..exports import XLSX, headline, standing_export, xlsx
from ..frozen import Frozen, frozen_of
from ..indicators import INDICATORS
from ..models import AssessmentYear
from ..rostered import DEFINITION as ROSTERED
from ..rostered import rostered
from ..rules import in_words
from .years import redirect_to_current, with_year

PER_PAGE = 100
NOWHERE = (Status.VOID, Status.CANCELLED)


class CutOff(AsOf):
    """The last day of a year whose sessions are counted; without one the whole year."""

    def __init__(self, data, year: AssessmentYear) -> None:
        super().__init__(data, year.first_day, year.last_day, f"请选择 {year.year} 年内的日期")
        self.year = year


class Reading(CutOff):
    """截至, and whether units are read as they were or as they are (`Organised`). A locked year offers no choice."""

    organised = forms.ChoiceField(
        label="按哪时的机构",
        required=False,
        choices=Organised.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, data, year: AssessmentYear) -> None:
        super().__init__(data, year)
        changed = UnitSuccession.objects.of_county(year.county_id).exclude(change=Change.SPLIT)
        self.offers_now = not year.locked and changed.exists()

    def clean_organised(self) -> str:
        chosen = self.cleaned_data["organised"] or Organised.THEN.value
        if chosen == Organised.NOW and self.year.locked:
            raise forms.ValidationError(f"{self.year}已锁定定案，只能按当时的机构")
        return chosen

    @property
    def reading(self) -> str:
        self.is_valid()
        return self.cleaned_data.get("organised") or Organised.THEN

    @property
    def as_now(self) -> bool:
        return self.reading == Organised.NOW

    @property
    def query(self) -> str:
        """What a link to another page of the same reading carries: ?as_of=…&organised=now, or nothing."""
        chosen = {"as_of": self.day and self.day.isoformat(), "organised": "now" if self.as_now else ""}
        given = urlencode({name: value for name, value in chosen.items() if value})
        return f"?{given}" if given else ""


@require_safe
@require(Action.VIEW_STANDING)
def now(request: HttpRequest) -> HttpResponse:
    """The current year: of the whole county, or of the own unit for whoever sees no other."""
    if not can(request.user, Action.VIEW_COUNTY) and request.user.own_unit:
        return redirect_to_current(request, "assessment-unit", request.user.own_unit.code)
    return redirect_to_current(request, "assessment-county")


@require_safe
@require(Action.VIEW_STANDING)
@with_year
def county(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """Every unit that this account may watch; the county's own totals only for whoever may see the county."""
    cut = Reading(request.GET, year)
    read = {"as_of": cut.day, "organised": cut.reading}
    whole = county_standing(year, **read) if can(request.user, Action.VIEW_COUNTY) else None
    context = {
        "year": year,
        "years": request.years_shown,
        "cut": cut,
        "settled": frozen_of(year),
        **_feedback(request.user),
        "may_close": can(request.user, Action.LOCK_YEARS) or can(request.user, Action.VIEW_LOGS),
        "county": whole,
        "headline": headline(whole) if whole else "",
        "standings": whole.standings if whole else standings(year, units=units_to_watch(request.user), **read),
        "indicators": INDICATORS,
        "counted_url": counted_url(request.user, year, as_of=cut.day),
        "all_url": counted_url(request.user, year, rows="all", as_of=cut.day),
        "prompts": whole and can(request.user, Action.VIEW_MATERIALS),
    }
    return render(request, "reporting/assessment_county.html", context)


@require_safe
@require(Action.VIEW_STANDING)
@with_year
def unit(request: HttpRequest, year: AssessmentYear, unit: str) -> HttpResponse:
    """One unit's standing and how it came about. Rows are for whoever may see them; leaders see the sums alone."""
    shown = units_to_watch(request.user).filter(code=unit).first() if "\x00" not in unit else None
    if shown is None:
        raise Http404("没有这个单位，或它不在您的范围内")
    cut = Reading(request.GET, year)
    counting = Counting(year, cut.day, cut.reading)
    shown = _as_read(counting, shown)
    found = standings(year, units=[shown], as_of=cut.day, organised=cut.reading)
    parts = counting.parts(shown.pk)
    settled = None if cut.day else frozen_of(year)
    context = {
        "year": year,
        "years": request.years_shown,
        "cut": cut,
        "settled": frozen_of(year),
        **_feedback(request.user),
        "unit": shown,
        "standing": found[0] if found else None,
        "reasons": _reasons(counting, parts, settled, shown),
        "rostered": rostered(year, parts, cut.day),
        "rostered_how": ROSTERED,
        "changes": UnitSuccession.objects.filter(Q(old=shown) | Q(new=shown)).select_related("old", "new"),
        "whole_county": can(request.user, Action.VIEW_COUNTY),
        "may_pack": can(request.user, Action.EXPORT) and can(request.user, Action.VIEW_SESSIONS),
        "months": range(1, 13),
        **(_rows(request, counting, parts, settled, shown) if can(request.user, Action.VIEW_SESSIONS) else {}),
    }
    return render(request, "reporting/assessment_unit.html", context)


def _feedback(user: User) -> dict[str, bool]:
    return {"feedback": can(user, Action.VIEW_FEEDBACK), "may_file": can(user, Action.FILE_FEEDBACK)}


def _as_read(counting: Counting, unit: MemberUnit) -> MemberUnit:
    """A unit that was merged or renamed is shown, as now, only through its successor."""
    key = counting.now(unit.pk)
    return unit if key == unit.pk else MemberUnit.objects.get(pk=key)


def _reasons(counting: Counting, units: list[int], settled: Frozen | None, unit: MemberUnit) -> list[tuple[str, Tally]]:
    """How many sessions count, and how many do not for which reason; what counts comes first."""
    sums: dict[str, Tally] = settled.reasons([unit.code]) if settled else {}
    for tallies in () if settled else (counting.led_tallies(units), counting.joined_tallies(units)):
        for (_, status, barrier, _), tally in tallies.items():
            words = counted_or_why(status, barrier)
            sums[words] = sums.get(words, Tally()).plus(tally)
    for (key, status, _), tally in () if settled else counting.counted_twice().items():
        if key == unit.pk:
            words = counted_or_why(status, "")
            sums[words] = sums[words].minus(tally)
    return sorted(sums.items(), key=lambda item: (item[0] != "计入", item[0]))


def _rows(
    request: HttpRequest, counting: Counting, units: list[int], settled: Frozen | None, unit: MemberUnit
) -> dict[str, object]:
    """The sessions of the unit and what it consists of, one page of them, and those it co-organised, each with 计入 or why
    not; in a locked year with that and the figures as they were settled."""
    seen = TrainingSession.objects.visible_to(request.user)
    led = (
        counting.led(seen.filter(organiser__in=units))
        .exclude(status__in=NOWHERE)
        .select_related("form", "place__parent")
    )
    page = Paginator(led.order_by("held_on", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    together = seen.filter(co_organisers__unit__in=units).exclude(organiser__in=units).exclude(status__in=NOWHERE)
    partners = CoOrganiser.objects.filter(unit__in=units, session__in=together)
    joined = counting.joined(partners).select_related("session__organiser", "session__form", "session__place__parent")
    joined = list(joined.order_by("session__held_on", "pk")[:PER_PAGE])
    for row in joined:
        row.session.barrier = row.barrier
    why = settled.why([unit.code]) if settled else {}
    for session in [*page, *(row.session for row in joined)]:
        session.why = why.get(session.number) or counted_or_why(session.status, session.barrier)
        if settled:
            settled.put_figures(session)
        session.hints = _hints(counting.year, session)
    return {"page_obj": page, "joined": [row.session for row in joined]}


def _hints(year: AssessmentYear, session: TrainingSession) -> list[str]:
    """What counts in spite of a gap in what is known (核查提示, no verdict)."""
    return [
        words
        for applies, words in (
            (year.minimum_minutes and session.minutes is None, "时长未知"),
            (session.form_id is None, "未填形式"),
            (year.class_counts == AssessmentYear.ClassCounts.DAILY and session.days > 1, f"按 {session.days} 场计"),
        )
        if applies
    ]


@require_safe
@require(Action.VIEW_STANDING)
@with_year
def rules(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    context = {"year": year, "rules": in_words(year)}
    return render(request, "reporting/assessment_rules.html", context)


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
@rationed
def export(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The filing-grade workbook; the log keeps who took it (AU-3)."""
    cut = Reading(request.GET, year)
    county = county_standing(year, as_of=cut.day, organised=cut.reading)
    content = xlsx(standing_export(year, county, cut.day, organised=cut.reading))
    with transaction.atomic():
        audit.record(
            "导出完成情况表",
            actor=request.user,
            subject=year,
            request=request,
            year=year.year,
            as_of=cut.shown.isoformat(),
            organised=str(cut.reading),
        )
    headers = {"Content-Disposition": f'attachment; filename="standing-{year.year}-{cut.shown:%Y%m%d}.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)
