"""Answers the ledger's and the units' questions about a year (see trainings/years.py, networks/years.py)."""

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from networks.models import CountySettings, Division
from trainings.years import YearRules

from .models import AssessmentYear, LedgerAct
from .models.prompts import late_entry_of


def rules_of_year(county_code: str, year: int, *, hold: bool = False) -> YearRules:
    """A year that was never opened is open for entry, under default rules. Two queries, four once reporting has closed; `hold` locks the year's row."""
    years = AssessmentYear.objects.select_for_update() if hold else AssessmentYear.objects
    unlocked = LedgerAct.objects.filter(year=OuterRef("pk"), kind=LedgerAct.Kind.UNLOCK).order_by("-sequence")
    years = years.annotate(unlocked_at=Subquery(unlocked.values("made_at")[:1]))
    found = years.filter(county_id=county_code, year=year).first()
    again = found is not None and not found.locked and found.unlocked_at
    live_since = CountySettings.objects.filter(pk=county_code).values_list("live_since", flat=True).first()
    return YearRules(
        year=year,
        opened=found is not None,
        locked=found is not None and found.locked,
        locked_on=found.locked_on if found is not None else None,
        unlocked_on=timezone.localdate(found.unlocked_at) if again else None,
        evidence_required=found is not None and found.evidence_required,
        live_since=live_since,
        **(_dates(found) if found else {}),
    )


def _dates(year: AssessmentYear) -> dict[str, object]:
    """Until when sessions of the year are taken. What was approved of 补报 is asked only once reporting has closed."""
    closed = year.reporting_until is not None and timezone.localdate() > year.reporting_until
    return {
        "reporting_until": year.reporting_until,
        "late_until": year.late_until,
        "late_entry": late_entry_of(year) if closed else {},
    }


def settled_years(county_code: str, *, hold: bool = False) -> set[int]:
    """The county's locked years (see networks/years.py); `hold` locks the rows of all its years."""
    rows = AssessmentYear.objects.filter(county_id=county_code)
    return {row.year for row in (rows.select_for_update() if hold else rows) if row.locked}


def open_with_defaults(county_code: str, year: int) -> None:
    """Opens the county's year with default rules; one that exists already is left as it is."""
    AssessmentYear.objects.open_year(Division.objects.get(pk=county_code), year)
