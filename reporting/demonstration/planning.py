"""What the demonstration county plans: two classes, one under way and one to come, and the plans of several units' years."""

import datetime
import itertools

from django.utils import timezone

from networks.models import Division, MemberUnit, User
from trainings import series
from trainings.models import Audience, DeliveryForm, Language, Status, Theme, TrainingClass, TrainingSession, UnitPlan

from .script import MARK

DAY = datetime.timedelta(days=1)
WEEK = 7 * DAY
CLASSES = [  # officer, title, class, first session in weeks from today, sessions, place, venue, start, end, theme, audience, teacher
    (
        "town-450124100", "智能手机使用", "演示·智能手机班（第二期）", -3, 8, "450124100201", "村委会二楼会议室",
        (9, 0), (11, 0), "现代生活教育", "老年人", "演示·韦老师",
    ),
    (
        "unit-wxgtj", "壮族会鼓基础", "演示·会鼓基础班", 1, 4, "450124103", "镇文化站大厅",
        (19, 30), (21, 0), "非物质文化遗产传承", "农村居民", "演示·蒙老师",
    ),
]  # fmt: skip
ATTENDED = (26, 31, 24, 28)  # of the sessions that have been held
PLANS = {  # unit: sessions, attendances, themes, text
    "450124100": (
        12,
        900,
        ("农村实用技术", "现代生活教育"),
        "一季度办桑蚕、旱藕两个班，二季度起每月一次智能手机课；各教学点至少一场。",
    ),
    "450124103": (8, 600, ("职业技能", "家庭教育"), "以攀岩旅游服务和家庭教育为主，农闲时办。"),
    "450124101": (6, 450, ("农村实用技术",), "黑山羊养殖一个班，其余由教学点轮流办。"),
    "wxgtj": (10, 1000, ("非物质文化遗产传承", "人文艺术"), "会鼓、扁担舞、三声部民歌进社区，文化馆开课，下乡辅导。"),
    "rsj": (8, 500, ("职业技能",), "返乡人员就业技能培训，分四期。"),
}


def write(county: Division, today: datetime.date) -> None:
    """After the ledger, whose times are set back together. Runs in the caller's transaction."""
    for number, line in enumerate(CLASSES, start=1):
        made = _make_class(today, number, line)
        _hold_what_is_past(made, today)
        _date_back(made, today)
    _write_plans(county, today)


def _make_class(today: datetime.date, number: int, line: tuple) -> TrainingClass:
    officer, title, name, weeks, count, place, venue, start, end, theme, audience, teacher = line
    actor = User.objects.select_related("person", "home_division", "home_unit").get(username=officer)
    monday = today - datetime.timedelta(days=today.weekday())
    weekday = number if number != today.weekday() else number + 2  # none is today: it would be neither held nor to come
    first = monday + weeks * WEEK + datetime.timedelta(days=weekday)
    days = series.spaced_days(first, 7, count, [])
    shared = {
        "organiser": actor.own_unit,
        "place": Division.objects.get(pk=place),
        "venue": venue,
        "theme": Theme.objects.get(name=theme),
        "form": DeliveryForm.objects.get(name="课堂学习"),
        "language": Language.objects.get(name="壮话"),
        "start_time": datetime.time(*start),
        "end_time": datetime.time(*end),
        "instructors": teacher,
        "planned_attendance": 30,
        "remarks": MARK,
    }
    sessions = [
        shared | {"title": series.numbered_title(title, n), "held_on": day, "number": f"CCPLAN{number}{n:04}Y"}
        for n, day in enumerate(days, start=1)
    ]
    named = {"unit": actor.own_unit, "name": name, "place": shared["place"], "note": MARK}
    who = Audience.objects.get(name=audience)
    return series.store(actor=actor, named=named, sessions=sessions, audiences=[(who, None)], co_organisers=[])


def _hold_what_is_past(made: TrainingClass, today: datetime.date) -> None:
    """What lies behind was held: the first ones verified, the last one still a draft. One to come is put off, one is
    cancelled."""
    reviewer = User.objects.select_related("person").get(username="bureau")
    rows = list(TrainingSession.objects.filter(training_class=made).order_by("held_on"))
    past = [row for row in rows if row.held_on < today]
    for row, heads in zip(past, itertools.cycle(ATTENDED), strict=False):
        row.revise(actor=made.entered_by, seen_version=row.version, changes={"reported_attendance": heads})
        if row is not past[-1]:
            row.submit(actor=made.entered_by)
            row.verify(actor=reviewer, attendance=heads)
    ahead = [row for row in rows if row.held_on > today]
    if past and len(ahead) > 2:
        day = ahead[-1].held_on + 2 * DAY
        ahead[-1].postpone(actor=made.entered_by, reason="教师出差", held_on=day)
        ahead[-2].cancel(actor=made.entered_by, reason="与赶圩日相同，并到下一次")


def _date_back(made: TrainingClass, today: datetime.date) -> None:
    """The verbs wrote the time of this run; the demonstration shows when it would have happened (as in ledger.py)."""

    def moment(day: datetime.date, *clock: int) -> datetime.datetime:
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time(*clock)))

    sessions = list(TrainingSession.objects.filter(training_class=made).order_by("held_on"))
    entered = moment(min(sessions[0].held_on - 10 * DAY, today - DAY), 9, 10)
    days = {session.pk: session.held_on for session in sessions}
    history = list(TrainingSession.history.filter(training_class_id=made.pk).order_by("history_id"))
    for row in [*sessions, *history]:
        held_on = days[row.pk if isinstance(row, TrainingSession) else row.id]
        row.created_at = entered
        row.submitted_at = row.submitted_at and moment(held_on + DAY, 9, 30)
        row.verified_at = row.verified_at and moment(held_on + 2 * DAY, 10, 0)
        written = entered if row.reported_attendance is None else moment(held_on, 17, 0)
        row.history_date = row.verified_at or row.submitted_at or written
        if row.status == Status.CANCELLED or (getattr(row, "history_change_reason", "") or "").startswith("改期"):
            row.history_date = moment(today - DAY, 16, 0)
    fields = ["created_at", "submitted_at", "verified_at"]
    TrainingSession.objects.bulk_update(sessions, fields)
    TrainingSession.history.bulk_update(history, [*fields, "history_date"])
    made.history.update(history_date=entered)


def _write_plans(county: Division, today: datetime.date) -> None:
    themes = {theme.name: theme for theme in Theme.objects.all()}
    units = {unit.code: unit for unit in MemberUnit.objects.filter(county=county, code__in=PLANS)}
    names = {f"{kind}-{code}": code for code in PLANS for kind in ("town", "unit")}
    officers = {names[user.username]: user for user in User.objects.filter(username__in=names)}
    for code, (sessions, attendances, stressed, text) in PLANS.items():
        for year in (today.year - 1, today.year):
            row = UnitPlan(
                unit=units[code],
                year=year,
                sessions=sessions,
                attendances=attendances,
                text=f"{text}（{MARK}）",
                version=1,
            )
            row._history_user = officers.get(code)
            row._change_reason = "填写年度计划"
            row.save()
            row.themes.set([themes[name] for name in stressed])
