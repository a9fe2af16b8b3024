"""扫码签到: one session of 白山镇 that takes names all day long today, and earlier ones whose people came by QR."""

import datetime
import random

from networks.models import Division, User
from trainings.models import DeliveryForm, RosterLine, ScanSheet, Status, Theme, TrainingSession
from trainings.models.rosters import identity_of
from trainings.models.scans import new_code

from .script import MARK

SEAT, OFFICER = "450124100", "town-450124100"
CODE = "YANSH23456"  # 学习码 of the one resident whose record the demonstration shows
RESIDENT = ("韦示范", "1234")
FAMILIES = "韦黄蓝陆覃罗潘莫"
GIVEN = ["春花", "国强", "秀英", "建军", "小梅", "志明", "桂兰", "家宝", "美玲", "大勇"]
EARLIER = 6  # sessions of the township with a roster by QR


def write(today: datetime.date) -> None:
    chance = random.Random(f"door {today}")
    officer = User.objects.get(username=OFFICER)
    people = [(family + given, f"{chance.randrange(10_000):04}") for family in FAMILIES for given in GIVEN]
    open_today = _today(officer, today)
    ScanSheet.open(open_today, actor=officer, minutes_before=180, minutes_after=180)
    held = TrainingSession.objects.filter(organiser__code=SEAT, status=Status.VERIFIED, held_on__year=today.year)
    earlier = [
        row for row in held.order_by("-held_on", "pk").prefetch_related("audience_counts__audience") if _open_to(row)
    ]
    villages = list(Division.objects.filter(parent=SEAT).values_list("pk", flat=True))
    lines = []
    for number, session in enumerate([open_today, *earlier[:EARLIER]]):
        there = chance.sample(people, min(len(people), 11 + 5 * number, session.reported_attendance or 99))
        for name, tail in [RESIDENT, *there]:
            lines.append(
                RosterLine(
                    session=session,
                    name=name,
                    phone_tail=tail,
                    home_id=chance.choice(villages),
                    age_band=chance.choice(["", "adult", "adult", "elderly"]),
                    source=RosterLine.Source.QR,
                    identity=identity_of(name, tail),
                    code=CODE if name == RESIDENT[0] else new_code(),
                )
            )
    RosterLine.objects.bulk_create(lines, batch_size=500)
    for session in [open_today, *earlier[:EARLIER]]:
        session.count_roster()


def _open_to(session: TrainingSession) -> bool:
    """Whether such a session may keep a roster."""
    return not any(row.audience.sensitivity for row in session.audience_counts.all())


def _today(officer: User, today: datetime.date) -> TrainingSession:
    return TrainingSession.enter(
        actor=officer,
        changes={
            "title": "终身学习活动周开放日：智能手机随到随学",
            "organiser": officer.own_unit,
            "place_id": SEAT,
            "venue": "镇文化站二楼",
            "held_on": today,
            "start_time": datetime.time(8),
            "end_time": datetime.time(21),
            "form": DeliveryForm.objects.get(name="课堂学习"),
            "theme": Theme.objects.first(),
            "planned_attendance": 30,
            "remarks": MARK,
        },
        audiences=[],
        co_organisers=[],
    )
