"""What the database itself holds a session to, whichever road it came by, and the indexes that its lists and sums are read by."""

import datetime

from django.db import models
from django.db.models import F, Q

from .verbs import Status

MOST_ATTENDANCES = 20_000  # heads at one session; more is a slip of the pen

INDEXES = [
    models.Index(fields=["organiser", "held_on"], name="session_by_organiser"),
    models.Index(fields=["held_on", "status"], name="session_by_day"),
    models.Index(fields=["place", "held_on"], name="session_by_place"),
    models.Index(fields=["host", "held_on"], name="session_by_host"),
    models.Index(fields=["status", "submitted_at"], name="session_queue"),
    models.Index(fields=["learning_group", "held_on"], name="session_by_group"),
    # Everything that a county's or a unit's sums look at, so that they never touch the table. The units come first:
    # every sum is of some county's units, and other counties' rows are skipped (python3 run.py bench).
    models.Index(
        fields=[
            "organiser",
            "status",
            "held_on",
            "form",
            "minutes",
            "is_historical",
            "days",
            "verified_attendance",
            "reported_attendance",
            "planned_attendance",
            "theme",
            "rostered_attendance",
            "roster_purged_on",
        ],
        name="session_sums",
    ),
]

CONSTRAINTS = [
    models.CheckConstraint(condition=Q(status__in=Status.values), name="session_status_known"),
    models.CheckConstraint(condition=Q(place=None) | Q(outside_county=False), name="session_one_place"),
    models.CheckConstraint(
        condition=Q(held_on=None) | Q(held_on__gte=datetime.date(2000, 1, 1), held_on__lte=datetime.date(2099, 12, 31)),
        name="session_year_2000_2099",
    ),
    models.CheckConstraint(
        # A comparison with NULL is unknown, and a CHECK lets the unknown pass: say what must be there.
        condition=Q(ends_on=None) | Q(held_on__isnull=False, ends_on__gte=F("held_on")),
        name="session_ends_after_start",
    ),
    models.CheckConstraint(
        condition=Q(end_time=None)
        | Q(start_time=None)
        | Q(end_time__gte=F("start_time"))  # the same time: the end is not known
        | Q(held_on__isnull=False, ends_on__isnull=False, ends_on__gt=F("held_on")),
        name="session_end_time_not_before_start",
    ),
    models.CheckConstraint(
        condition=Q(reported_attendance=None)
        | Q(reported_attendance__gte=1, reported_attendance__lte=MOST_ATTENDANCES),
        name="session_reported_1_20000",
    ),
    models.CheckConstraint(
        condition=Q(planned_attendance=None) | Q(planned_attendance__gte=1, planned_attendance__lte=MOST_ATTENDANCES),
        name="session_planned_1_20000",
    ),
    models.CheckConstraint(
        condition=Q(verified_attendance=None)
        | Q(verified_attendance__gte=1, verified_attendance__lte=MOST_ATTENDANCES),
        name="session_verified_1_20000",
    ),
    models.CheckConstraint(
        condition=(
            Q(status="verified")
            & Q(
                verified_attendance__isnull=False,
                verified_by__isnull=False,
                verified_at__isnull=False,
            )
        )
        | (~Q(status="verified") & Q(verified_attendance=None, verified_by=None, verified_at=None)),
        name="session_verified_figure_paired",
    ),
    models.CheckConstraint(
        condition=~Q(status__in=["submitted", "verified"])
        | (
            ~Q(title="")
            & Q(held_on__isnull=False, reported_attendance__isnull=False, submitted_by__isnull=False)
            & (Q(place__isnull=False) | Q(outside_county=True))
            & (Q(form__isnull=False) | Q(is_historical=True))
        ),
        name="session_complete_when_submitted",
    ),
    models.CheckConstraint(condition=~Q(status="returned") | ~Q(return_reason=""), name="session_returned_with_reason"),
    # Persons are compared by the verb; two accounts at least are what a database can hold.
    models.CheckConstraint(
        condition=Q(verified_by=None)
        | (~Q(verified_by=F("submitted_by")) & ~Q(verified_by=F("entered_by")) & ~Q(verified_by=F("revised_by"))),
        name="session_verified_by_another",
    ),
    models.CheckConstraint(
        condition=Q(verified_attendance=None)
        | Q(verified_attendance=F("reported_attendance"))
        | ~Q(verified_reason=""),
        name="session_different_figure_has_reason",
    ),
]
