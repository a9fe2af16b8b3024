"""扫码签到, 满意度, 知晓率: one session of 白山镇 that takes names all day long today, earlier ones whose people came by QR and
said what they thought, paper sheets of others, and awareness surveys. All of it invented."""

import datetime
import random
import uuid

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from networks.models import AwarenessSurvey, Division, User
from trainings.models import (
    DeliveryForm,
    Feedback,
    PaperTally,
    RosterLine,
    ScanSheet,
    Status,
    Theme,
    TrainingSession,
)
from trainings.models.rosters import identity_of
from trainings.models.scans import new_code

from .script import MARK

SEAT, OFFICER = "450124100", "town-450124100"
NUMBER = "CCSAQMA23456"  # today's session, the same every time
CODE = "YANSH23456"  # 学习码 of the one resident whose record the demonstration shows
RESIDENT = ("韦示范", "1234")
FAMILIES = "韦黄蓝陆覃罗潘莫"
GIVEN = ["春花", "国强", "秀英", "建军", "小梅", "志明", "桂兰", "家宝", "美玲", "大勇"]
EARLIER = 6  # sessions of the township with a roster by QR
ON_PAPER = 60  # sessions of the county whose officers counted paper sheets
LEARNED = ["小蚕共育的温度", "智能手机挂号和付钱", "山歌怎么起头", "果树修剪", "打扁担的步法", "防诈骗"]
WISHES = ["希望多办几场", "想学养黑山羊", "晚上办方便些", "请用壮话讲"]
COMPLAINTS = [  # the words, then the answer where there is one
    ("开始得太晚，后面讲得太快", "下次提前半小时开始，并留时间提问。"),
    ("场地太小，后排听不清", "下一期改在镇文化站，配扩音。"),
    ("资料不够发", ""),
]


def write(county: Division, today: datetime.date) -> None:
    chance = random.Random(f"door {today}")
    officer = User.objects.get(username=OFFICER)
    open_today = _today(officer, today)
    ScanSheet.open(open_today, actor=officer, minutes_before=180, minutes_after=180)
    verified = TrainingSession.objects.filter(status=Status.VERIFIED).order_by("-held_on", "pk")
    held = verified.filter(organiser__code=SEAT, held_on__year__gte=today.year - 1, roster=None)
    earlier = [row for row in held.prefetch_related("audience_counts__audience") if _open_to(row)][:EARLIER]
    bulk_create_with_history(
        [ScanSheet(session=session, opened_by=officer, version=1) for session in earlier],
        ScanSheet,
        default_user=officer,
        default_change_reason="开放扫码签到",
    )
    _sign(chance, [open_today, *earlier])
    _say(chance, earlier, officer)
    ordinary = verified.filter(organiser__county_id=county.pk).exclude(audience_counts__audience__sensitivity=2)
    _on_paper(chance, list(ordinary.exclude(pk__in=[row.pk for row in earlier]))[::3][:ON_PAPER])
    _surveys(chance, county, today.year)


def _sign(chance: random.Random, sessions: list[TrainingSession]) -> None:
    people = [(family + given, f"{chance.randrange(10_000):04}") for family in FAMILIES for given in GIVEN]
    villages = list(Division.objects.filter(parent=SEAT).values_list("pk", flat=True))
    lines = []
    for number, session in enumerate(sessions):
        there = chance.sample(people, min(len(people), 11 + 5 * number, (session.reported_attendance or 99) - 1))
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
    lines = RosterLine.objects.bulk_create(lines, batch_size=500)
    for line in lines:
        line.signed_at = _signed_at(chance, line.session)
    RosterLine.objects.bulk_update(lines, ["signed_at"], batch_size=500)
    for session in sessions:
        session.count_roster()


def _say(chance: random.Random, sessions: list[TrainingSession], officer: User) -> None:
    """What those who came by QR said; the newest session's complaints, two of them answered."""
    rows = []
    for number, session in enumerate(sessions):
        for _ in range(3 if number == EARLIER - 1 else 9 + number):  # one session with too few to tell
            rows.append(
                Feedback(
                    id=uuid.UUID(int=chance.getrandbits(128), version=4),
                    session=session,
                    satisfaction=chance.choices(Feedback.Satisfaction.values, [70, 22, 8])[0],
                    learned=chance.choice(["", "", *LEARNED]),
                    wish=chance.choice(["", "", "", *WISHES]),
                    given_on=session.held_on,
                )
            )
    for session in sessions[:1]:
        for words, answer in COMPLAINTS:
            told = {"answer": answer, "shown_wish": words, "answered_by": officer, "answered_at": timezone.now()}
            rows.append(
                Feedback(
                    id=uuid.UUID(int=chance.getrandbits(128), version=4),
                    session=session,
                    satisfaction=Feedback.Satisfaction.UNSATISFIED,
                    wish=words,
                    is_complaint=True,
                    given_on=session.held_on,
                    **(told if answer else {}),
                )
            )
    Feedback.objects.bulk_create(rows, batch_size=500)


def _on_paper(chance: random.Random, sessions: list[TrainingSession]) -> None:
    rows = []
    for session in sessions:
        heads = min(session.verified_attendance, 60)
        fairly, unsatisfied = round(heads * chance.uniform(0.08, 0.25)), round(heads * chance.uniform(0, 0.08))
        rows.append(
            PaperTally(
                session=session,
                satisfied=max(heads - fairly - unsatisfied, 1),
                fairly=fairly,
                unsatisfied=unsatisfied,
                source=f"下课时发的纸质问卷（{MARK}）",
                version=1,
            )
        )
    actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": f"{MARK}：纸质问卷"}
    bulk_create_with_history(rows, PaperTally, batch_size=500, **actor)


def _surveys(chance: random.Random, county: Division, current: int) -> None:
    """The county's own of the year before last; this year two townships have asked so far."""
    towns = list(Division.objects.filter(parent=county, retired_on=None).order_by("pk")[:2])
    rows = []
    for place, year, asked in [(county, current - 2, 600), *((town, current, 60) for town in towns)]:
        rows.append(
            AwarenessSurvey(
                division=place,
                year=year,
                method=AwarenessSurvey.Method.DOOR if place != county else AwarenessSurvey.Method.PHONE,
                asked=asked,
                aware=round(asked * chance.uniform(0.74, 0.88)),
                source=f"{MARK}：抽样调查",
                version=1,
            )
        )
    actor = {"default_user": User.objects.get(username="bureau"), "default_change_reason": f"{MARK}：知晓率调查"}
    bulk_create_with_history(rows, AwarenessSurvey, **actor)


def _open_to(session: TrainingSession) -> bool:
    """Whether such a session may keep a roster."""
    return not any(row.audience.sensitivity for row in session.audience_counts.all())


def _today(officer: User, today: datetime.date) -> TrainingSession:
    """Planned yesterday; whoever holds it writes it up tomorrow."""
    row = TrainingSession(
        number=NUMBER,
        title="终身学习活动周开放日：智能手机随到随学",
        organiser=officer.own_unit,
        place_id=SEAT,
        venue="镇文化站二楼",
        held_on=today,
        start_time=datetime.time(8),
        end_time=datetime.time(21),
        form=DeliveryForm.objects.get(name="课堂学习"),
        theme=Theme.objects.first(),
        planned_attendance=80,
        remarks=MARK,
        entered_by=officer,
        status=Status.PLANNED,
    )
    row._history_user, row._change_reason = officer, "登记"
    row.save()
    moment = _at(today - datetime.timedelta(days=1), datetime.time(17))
    TrainingSession.objects.filter(pk=row.pk).update(created_at=moment)
    TrainingSession.history.filter(id=row.pk).update(history_date=moment, created_at=moment)
    return row


def _at(day: datetime.date, clock: datetime.time) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, clock))


def _signed_at(chance: random.Random, session: TrainingSession) -> datetime.datetime:
    """Shortly before it began; today within the last half hour."""
    if session.number == NUMBER:
        return timezone.now() - datetime.timedelta(minutes=chance.randrange(1, 30))
    start = _at(session.held_on, session.start_time or datetime.time(9))
    return start - datetime.timedelta(minutes=chance.randrange(1, 25))
