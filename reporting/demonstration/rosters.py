"""Rosters of a few sessions of the current year: one that waits for review, one verified, and one person at two sessions on the
same day. All names are invented and say 演示."""

import datetime
import random

from networks.models import Division
from trainings.models import RosterLine, Status, TrainingSession
from trainings.models.rosters import identity_of

SURNAMES = "韦覃蓝陆黄潘农罗莫梁"
NUMBERS = "一二三四五六七八九十"
UNITS = ("450124100", "wxgtj")
EACH = 3  # sessions of each unit


def write(county: Division, today: datetime.date) -> None:
    villages = list(Division.objects.within(county.pk).filter(tier="village", parent="450124100"))
    rows = TrainingSession.objects.filter(
        organiser__code__in=UNITS,
        organiser__county=county,
        held_on__year=today.year,
        held_on__lte=today,
        status__in=[Status.SUBMITTED, Status.VERIFIED, Status.DRAFT],
        reported_attendance__lte=60,
    ).exclude(audience_counts__audience__sensitivity__gt=0)
    lines, chosen = [], []
    for unit in UNITS:
        chosen += list(rows.filter(organiser__code=unit).order_by("-held_on", "number")[:EACH])
    for session in chosen:
        luck = random.Random(session.number)
        people = {}
        for _ in range(session.reported_attendance):
            name = f"{luck.choice(SURNAMES)}演示{luck.choice(NUMBERS)}"
            tail = f"{luck.randrange(10_000):04}"
            people[identity_of(name, tail)] = (name, tail)
        for identity, (name, tail) in people.items():
            lines.append(
                RosterLine(
                    session=session,
                    name=name,
                    sex=luck.choice("fm"),
                    age_band=luck.choices(["adult", "elderly", "minor"], [70, 25, 5])[0],
                    home=luck.choice(villages),
                    phone_tail=tail,
                    source=luck.choice([RosterLine.Source.PASTED, RosterLine.Source.QR]),
                    identity=identity,
                )
            )
    RosterLine.objects.bulk_create(lines)
    for session in chosen:
        session.count_roster()
