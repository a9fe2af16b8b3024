"""Places as they are now (合村并居): what took place in those that a place has taken over is its own as well. Sessions stay
where they were held; only the sum is read through the successor. Units are read so in assessment.py (`Organised`)."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from networks.models import Division, DivisionSuccession
from networks.models.places import code_range
from trainings.models import TrainingSession


def places_now(division: Division) -> list[str]:
    """The place's code, and those of the places that it has taken over by renaming or merging. One query."""
    lineage = DivisionSuccession.objects.of_county(division.county_code).lineage()
    return lineage.answering_for(division.pk, timezone.localdate())


def held_at_now(division: Division, rows: QuerySet[TrainingSession] | None = None) -> QuerySet[TrainingSession]:
    """The sessions (of `rows`, if given) held at or below the place or what it has taken over: by code, and in villages that
    lie in it now under an older code."""
    held = Q(place__parent=division)
    for first, after in map(code_range, places_now(division)):
        held |= Q(place__gte=first, place__lt=after)
    return (TrainingSession.objects.all() if rows is None else rows).filter(held)
