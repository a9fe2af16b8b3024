"""What feedback asks of each desk: questions only, each one query."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import timezone

from networks.models import User

from .models import AssessmentYear, Confirmation, Objection


@dataclass(frozen=True)
class UnitFeedback:
    """For whoever sees one unit's standing."""

    windows: list[AssessmentYear]  # in which objections may be filed today
    returned: list[Confirmation]  # stamped sheets that came back and have no successor


@dataclass(frozen=True)
class OfficeFeedback:
    """For the office, by year, the newest first."""

    objections: list[tuple[int, int]]  # to be answered
    confirmations: list[tuple[int, int, int]]  # year, period, how many sheets are to be checked


def unit_feedback(user: User) -> UnitFeedback:
    years = AssessmentYear.objects.visible_to(user).filter(status=AssessmentYear.Status.PREVIEWED)
    stands = Confirmation.objects.filter(
        year=OuterRef("year"), unit=OuterRef("unit"), quarter=OuterRef("quarter"), status__in=Confirmation.STANDING
    )
    returned = Confirmation.objects.visible_to(user).filter(unit__in=user.own_unit_ids)
    returned = returned.filter(~Exists(stands), status=Confirmation.Status.RETURNED).select_related("year", "unit")
    last = {(row.year_id, row.unit_id, row.quarter): row for row in returned.order_by("uploaded_at", "pk")}
    return UnitFeedback(
        windows=list(years.filter(objections_until__gte=timezone.localdate()).order_by("-year")),
        returned=list(last.values()),
    )


def office_feedback(user: User) -> OfficeFeedback:
    asked = Objection.objects.visible_to(user).filter(status=Objection.Status.SENT).values_list("year__year", flat=True)
    sheets = Confirmation.objects.visible_to(user).filter(status=Confirmation.Status.RECEIVED)
    to_check = Counter(sheets.values_list("year__year", "quarter"))
    return OfficeFeedback(
        objections=sorted(Counter(asked).items(), reverse=True),
        confirmations=[(year, quarter, to_check[year, quarter]) for year, quarter in sorted(to_check, reverse=True)],
    )
