"""The dates of the years, papers that have come and papers that have not, what the office has sent, and requests for 补报."""

import datetime

from django.utils import timezone

from networks import uploads
from networks.models import Division, MemberUnit, User

from ..materials import Collection
from ..models import AssessmentYear, LateEntry, Material, MaterialKind, Prompt
from ..prompting import lines_of, quarter_of, usual_quarter
from . import pictures
from .script import MARK

DAY = datetime.timedelta(days=1)
# Of the papers due by the middle of the year, how many have come from a unit this year; who is not named has sent them all.
HANDED_IN = {"450124104": 1, "450124106": 2, "450124201": 0, "fgkjj": 1, "tw": 2, "lgj": 2}
LATE = {"450124105", "wxgtj"}  # after the day
WAITING = {"450124200", "450124202", "kx"}  # the last one lies there and nobody has taken it in
EXEMPTED = ("450124103", "成立领导小组的通知")  # unit, kind
SENT_BACK = ("450124102", "年度工作计划")
TEXT = "请及时填报社区教育培训，退回的请改好再提交，草稿请及时提交，报送材料请按期上传。"


def write(county: Division, today: datetime.date) -> None:
    """After everything is submitted that is to be: a year's dates close it. Runs in the caller's transaction."""
    years = list(AssessmentYear.objects.filter(county=county, status=AssessmentYear.Status.OPEN).order_by("year"))
    for year in years:
        _set_dates(year)
    users = {user.username: user for user in User.objects.filter(home_division__code__startswith=county.pk)}
    users |= {user.username: user for user in User.objects.filter(home_unit__county=county)}
    current = [year for year in years if year.year in (today.year - 1, today.year)]
    for year in current:
        for kind in MaterialKind.objects.begin(year, users["bureau"]):
            if kind.name in ("年度工作总结", "典型案例"):
                kind.due_on = datetime.date(year.year, 12, 20)
                kind.save()
    for year in current:
        _collect(year, users, today)
    if current and current[-1].year == today.year:
        _prompt(current[-1], users)
    if len(current) == 2 and today > datetime.date(today.year, 1, 8):
        _late(current[0], users, today)


def _set_dates(year: AssessmentYear) -> None:
    number = year.year
    year.quarter1_until = datetime.date(number, 4, 10)
    year.quarter2_until = datetime.date(number, 7, 10)
    year.quarter3_until = datetime.date(number, 10, 10)
    year.quarter4_until = datetime.date(number, 12, 31)
    year.reporting_until = datetime.date(number, 12, 31)
    year.late_until = datetime.date(number + 1, 1, 10)
    year.materials_until = datetime.date(number, 6, 30)
    year.closing_on = datetime.date(number + 1, 1, 25)
    year.save()


def _collect(year: AssessmentYear, users: dict[str, User], today: datetime.date) -> None:
    """Last year everything came; this year what HANDED_IN says, as far as the days are there."""
    collection = Collection([year], asked=True)
    past = year.year < today.year
    for number, unit in enumerate(collection.units):
        mine = [line.kind for line in collection.of_unit(unit) if past or line.kind.due_on is None]
        mine = [kind for kind in mine if past or (unit.code, kind.name) != EXEMPTED]
        mine = mine if past else mine[: HANDED_IN.get(unit.code, len(mine))]
        for position, kind in enumerate(mine):
            day = datetime.date(year.year, *((7, 20) if unit.code in LATE else (5, 8))) + (number + 3 * position) * DAY
            if kind.due_on:
                day = kind.due_on - (number % 9 + 1) * DAY
            waiting = not past and unit.code in WAITING and kind is mine[-1]
            if day < today:
                _hand_in(kind, unit, users, day, received=not waiting)
    if year.year == today.year:
        _exceptions(collection.kinds, users)


def _hand_in(kind: MaterialKind, unit: MemberUnit, users: dict, day: datetime.date, *, received: bool) -> None:
    officer = users.get(f"town-{unit.code}") or users.get(f"unit-{unit.code}") or users["bureau2"]
    row = Material(kind=kind, unit=unit)
    paper = pictures.pdf(
        [f"{kind.name}（{MARK}）", unit.name, f"{kind.year.year}年度", "本件为演示材料，不是真实文件。"]
    )
    ready = uploads.Prepared(f"{kind.name}.pdf", paper, "application/pdf", "0" * 64)
    with uploads.atomic():
        row.hand_in(actor=officer, file=ready)
    if received:
        row.receive(actor=users["bureau"])
    came = _moment(day, 10)
    decided = _moment(day + DAY, 9) if received else None
    Material.objects.filter(pk=row.pk).update(handed_in_at=came, first_at=came, decided_at=decided)
    for step in row.history.all():
        moment = decided if step.state == Material.State.RECEIVED else came
        row.history.filter(pk=step.pk).update(history_date=moment, handed_in_at=came, first_at=came)


def _exceptions(kinds: list[MaterialKind], users: dict[str, User]) -> None:
    by_name = {kind.name: kind for kind in kinds}
    code, name = EXEMPTED
    if name in by_name:
        unit = MemberUnit.objects.get(county=by_name[name].year.county_id, code=code)
        Material(kind=by_name[name], unit=unit).exempt(actor=users["bureau"], note="2019年已报，没有变动")
    code, name = SENT_BACK
    row = Material.objects.filter(kind=by_name.get(name), unit__code=code).select_related("unit", "kind__year").first()
    if row and row.state in Material.STEPS["send_back"].sources:
        row.send_back(actor=users["bureau2"], note="缺盖章页，请补上再传")


def _prompt(year: AssessmentYear, users: dict[str, User]) -> None:
    today = timezone.localdate()
    lines = [line for line in lines_of(year, quarter_of(year, usual_quarter(year, today))) if not line.quiet]
    if not lines:
        return
    sent = Prompt.send(
        year=year,
        units=[(line.unit, line.own) for line in lines],
        text=f"{TEXT}（{MARK}）",
        answer_by=today + 10 * DAY,
        actor=users["bureau"],
    )
    when = _moment(today - 2 * DAY, 15)
    Prompt.objects.filter(pk__in=[row.pk for row in sent]).update(sent_at=when)
    for row in sent[::3]:
        officer = users.get(f"town-{row.unit.code}") or users.get(f"unit-{row.unit.code}")
        if officer:
            row.acknowledge(actor=officer)
            Prompt.objects.filter(pk=row.pk).update(read_at=_moment(today - DAY, 9))


def _late(year: AssessmentYear, users: dict[str, User], today: datetime.date) -> None:
    """Last year's 补报: one that was allowed, one that was not. They lie behind, so they are written with the times of then."""
    first = datetime.date(today.year, 1, 4)
    for code, reason, decided in [
        (
            "450124105",
            "12月下旬两场在村里办的培训，签到表才收齐",
            ("approved", datetime.date(today.year, 1, 8), "请按时补报"),
        ),
        ("fgkjj", "年底人员调整，想补报全年的培训", ("declined", None, "没有具体场次，请列明再申请")),
    ]:
        state, until, note = decided
        row = LateEntry(
            year=year,
            unit=MemberUnit.objects.get(county=year.county_id, code=code),
            reason=f"{reason}（{MARK}）",
            state=state,
            until=until,
            note=note,
            asked_by=users.get(f"town-{code}") or users.get(f"unit-{code}"),
            decided_by=users["bureau"],
            decided_at=_moment(first + DAY, 9),
            version=1,
        )
        row._history_user, row._change_reason = users["bureau"], row.get_state_display()
        row.save()
        LateEntry.objects.filter(pk=row.pk).update(asked_at=_moment(first, 16))


def _moment(day: datetime.date, hour: int) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, 20)))
