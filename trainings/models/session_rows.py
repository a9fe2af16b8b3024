"""Which sessions: the questions that lists, sums and searches begin with."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from networks.access import ScopedQuerySet
from networks.models import Division, Institution, Places

from .parts import AudienceCount
from .rosters import RosterLine
from .verbs import Refused, Status
from .vocabulary import Audience

KEPT = "培训场次不能删除，可以作废"  # what was recorded stays on record


class TrainingSessionQuerySet(ScopedQuerySet):
    def in_year(self, year: int) -> TrainingSessionQuerySet:
        """Sessions whose first day lies in the year; a range, so that an index serves."""
        return self.filter(held_on__gte=datetime.date(year, 1, 1), held_on__lt=datetime.date(year + 1, 1, 1))

    def held_by(self, institution: Institution) -> TrainingSessionQuerySet:
        """Sessions whose host it is, and for an implementing institution those at its own place, or where it was before,
        that name no host."""
        whose = Q(host=institution)
        if institution.function == Institution.Function.IMPLEMENT:
            before = institution.former_places.values("division")
            whose |= Q(host=None, place=institution.division_id) | Q(host=None, place__in=before)
        return self.filter(whose)

    def held_within(self, place: Division, day: datetime.date | None = None) -> TrainingSessionQuerySet:
        """Sessions at or below a place as it stands on the day (today): with those of the places that it has taken over, and
        of villages that lie in it now under an older code. They stay where they were held; only the sum is read so."""
        return self.filter(place__in=Places(place.county_code, day or timezone.localdate()).within(place.pk))

    def with_minors(self) -> TrainingSessionQuerySet:
        """Sessions for minors, and those whose roster names one."""
        minors = Audience.Sensitivity.MINORS
        counted = AudienceCount.objects.filter(session=OuterRef("pk"), audience__sensitivity=minors)
        named = RosterLine.objects.filter(session=OuterRef("pk"), age_band=RosterLine.AgeBand.MINOR)
        return self.filter(Exists(counted) | Exists(named))

    def awaiting_review(self) -> TrainingSessionQuerySet:
        return self.filter(status=Status.SUBMITTED)

    def delete(self) -> None:
        raise Refused(KEPT)

    def for_display(self) -> TrainingSessionQuerySet:
        """With everything that a list row or a review page names, in a constant number of queries."""
        return self.select_related(
            "organiser",
            "place__parent",
            "host",
            "theme",
            "form",
            "entered_by__person",
            "revised_by__person",
            "submitted_by__person",
        )
