"""What residents see in the demonstration: the planned sessions of the coming weeks, and invented sign-ups to some of them."""

import datetime
import random

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from networks.models import Division, User
from networks.tokens import digest_of, new_token
from trainings.models import (
    Announcement,
    Audience,
    DeliveryForm,
    Language,
    SignUp,
    Status,
    Theme,
    TrainingSession,
)

from .script import MARK

THIS_WEEK = [  # officer, days ahead, title, place, venue, start, end, theme, audience, language
    ("town-450124103", 1, "攀岩向导安全知识", "450124103", "镇文化站院子", (9, 0), (11, 30), "职业技能", "农村居民", "壮汉双语"),
    ("town-450124105", 2, "会鼓队基础训练", "450124105", "镇文化广场", (19, 30), (21, 0), "非物质文化遗产传承", "农村居民", "壮话"),
    ("town-450124102", 3, "黑山羊舍饲与防疫", "450124102", "镇农技站", (9, 0), (12, 0), "农村实用技术", "农村居民", "壮话"),
    ("town-450124100", 3, "合唱团排练", "450124100", "社区活动室", (15, 0), (17, 0), "人文艺术", "社区居民", "普通话"),
    ("town-450124202", 4, "瑶绣针法", "450124202", "乡文化站", (14, 30), (16, 30), "非物质文化遗产传承", "农村居民", "瑶话"),
]  # fmt: skip
WORDS = ["免费，不用带材料", "请穿方便活动的衣服", "可以带孩子一起来", "带上智能手机，现场教", "自带笔和本子"]
SURNAMES, GIVEN = "韦蓝黄陆覃潘卢蒙", ["阿演", "阿示", "演演", "示示"]
CAPACITIES = [12, 20, 30, 40]


def write(county: Division, today: datetime.date) -> None:
    """Runs in the caller's transaction, after the sessions. Sensitive ones stay as they are: not public."""
    chance = random.Random(f"announcing {today}")
    _plan_this_week(today)
    told = [
        Announcement(
            session=session,
            is_public=True,
            phone=f"0771-6820{chance.randint(100, 999)}",
            words=f"{chance.choice(WORDS)}（{MARK}）",
            takes_sign_ups=number % 3 != 2,
            capacity=chance.choice(CAPACITIES) if number % 3 == 0 else None,
        )
        for number, session in enumerate(_planned(county, today))
    ]
    if not told:
        return
    actor = User.objects.get(username="bureau")
    bulk_create_with_history(told, Announcement, default_user=actor, default_change_reason=MARK)
    SignUp.objects.bulk_create(row for one in told if one.takes_sign_ups for row in _sign_ups(one, chance))


def _plan_this_week(today: datetime.date) -> None:
    """So that the first page has something on several days, whatever chance has planned."""
    for number, line in enumerate(THIS_WEEK, start=1):
        officer, days, title, place, venue, start, end, theme, audience, language = line
        actor = User.objects.select_related("person", "home_division").get(username=officer)
        changes = {
            "number": f"CCLEARN{number:04}Y",
            "title": title,
            "organiser": actor.own_unit,
            "place": Division.objects.get(pk=place),
            "venue": venue,
            "held_on": today + datetime.timedelta(days=days),
            "start_time": datetime.time(*start),
            "end_time": datetime.time(*end),
            "theme": Theme.objects.get(name=theme),
            "form": DeliveryForm.objects.get(name="课堂学习"),
            "language": Language.objects.get(name=language),
            "remarks": MARK,
        }
        who = Audience.objects.get(name=audience)
        TrainingSession.enter(actor=actor, changes=changes, audiences=[(who, None)], co_organisers=[])
    # Entered the day before, not in this run (as in ledger.py).
    yesterday = datetime.datetime.combine(today - datetime.timedelta(days=1), datetime.time(9, 10))
    written, made = timezone.make_aware(yesterday), "CCLEARN"
    TrainingSession.objects.filter(number__startswith=made).update(created_at=written)
    TrainingSession.history.filter(number__startswith=made).update(created_at=written, history_date=written)


def _planned(county: Division, today: datetime.date) -> list[TrainingSession]:
    """The plans to come of ordinary audiences; each holder that enters its own sessions has some."""
    rows = TrainingSession.objects.filter(
        organiser__county=county, status__in=[Status.PLANNED, Status.CANCELLED], held_on__gte=today
    )
    rows = rows.exclude(audience_counts__audience__sensitivity__gt=Audience.Sensitivity.ORDINARY)
    return list(rows.order_by("held_on", "number"))


def _sign_ups(one: Announcement, chance: random.Random) -> list[SignUp]:
    most = 12 if one.capacity is None or chance.random() < 0.7 else one.capacity  # a few are full
    people = [f"{surname}{given}" for surname in SURNAMES for given in GIVEN]
    rows, seats, now = [], 0, timezone.now()
    for name in chance.sample(people, chance.randint(2, 8)):
        asked = min(chance.choice([1, 1, 2, 3]), most - seats)
        if asked < 1:
            break
        seats += asked
        gone = now if chance.random() < 0.1 else None
        tail = f"{chance.randint(0, 9999):04d}"
        digest = digest_of(new_token())
        rows.append(
            SignUp(announcement=one, name=name, phone_tail=tail, seats=asked, cancel_digest=digest, cancelled_at=gone)
        )
    return rows
