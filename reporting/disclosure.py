"""谁看过、导出过什么: the acts of the audit log by which something was seen in full or left the system, between two days, of a
session, a unit, an account or one resident (PI-6; 个人信息保护法 45, 54). The page and `manage.py who_saw` read it here.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from networks.log_kinds import DISCLOSING, KINDS, Kind, kind_of
from networks.models import AuditEvent, CountySettings, Division, MemberUnit, User
from networks.registry import REGISTRIES
from networks.templatetags.page import cn_date
from trainings.models import Evidence, RosterLine, SignUp, TrainingSession

from .exports import Column, Export
from .forms import FORMS

WIDE = "导出台账"  # many sessions of a year at once: which of them, the log does not say
PACK = "下载归档包"  # one session's, or a unit's of a year or a month
MAYBE = "整批导出，可能包含这一场"

# What a line of the log says, in the order in which it is told.
WORDS = (
    ("number", "场次 {}"),
    ("session", "场次 {}"),
    ("year", "{} 年"),
    ("month", "{} 月"),
    ("as_of", "截至 {}"),
    ("unit", "单位 {}"),
    ("registry", "{}"),
    ("form", "{}"),
    ("kind", "{}"),
    ("lines", "{} 人"),
    ("minors", "其中显示全名的未成年人 {} 人"),
    ("masked", "{} 人遮盖"),
    ("rows", "{} 行"),
    ("sessions", "{} 场"),
    ("files", "{} 个文件"),
    ("since", "从 {}"),
    ("until", "到 {}"),
    ("events", "{} 条"),
)
TITLES = {  # of what the log names by its key
    "registry": {key: registry.title for key, registry in REGISTRIES.items()},
    "form": {key: form.title for key, form in FORMS.items()},
    "kind": dict(Evidence.Kind.choices),
}


@dataclass(frozen=True)
class Asked:
    """The first and the last day, both included, and what the answer is narrowed to."""

    first: datetime.date
    last: datetime.date
    kind: str = ""  # Kind.SEEN or Kind.TAKEN, or '' for both
    account: User | None = None
    sessions: tuple[TrainingSession, ...] | None = None  # of one number, of one unit, of one resident

    @property
    def words(self) -> str:
        return f"{cn_date(self.first, 'plain')}至{cn_date(self.last, 'plain')}"


@dataclass(frozen=True)
class Disclosure:
    event: AuditEvent
    what: str
    purpose: str
    maybe: bool  # many sessions left at once: whether the one asked for was among them, nobody knows

    @property
    def kind(self) -> str:
        return kind_of(self.event.action)

    @property
    def who(self) -> str:
        """The account, and whose session on the machine it was where nobody signed in."""
        name, by = self.event.actor_name, self.event.detail.get("os_user")
        if not by:
            return name or "命令行"
        return f"{name}（命令行，系统用户 {by}）" if name else f"命令行（系统用户 {by}）"


def disclosures(rows: QuerySet[AuditEvent], asked: Asked) -> QuerySet[AuditEvent]:
    """`rows`: the log as far as whoever asks may read it. Newest first."""
    rows = rows.filter(action__in=KINDS[Kind(asked.kind)].acts if asked.kind else DISCLOSING)
    rows = rows.filter(at__gte=_begin(asked.first), at__lt=_begin(asked.last + datetime.timedelta(days=1)))
    if asked.account:
        rows = rows.filter(actor=asked.account)
    if asked.sessions is not None:
        rows = rows.filter(_of(asked.sessions))
    return rows.select_related("actor__person").order_by("-at", "-pk")


def _begin(day: datetime.date) -> datetime.datetime:
    """Days are the county's, times in the log are UTC."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def _of(sessions: Iterable[TrainingSession]) -> Q:
    """What names one of the sessions, or is wide enough to have held one."""
    found = Q(subject="trainingsession", subject_id__in=[str(session.pk) for session in sessions])
    months = _ever_in(sessions)
    held = {(unit, year) for unit, year, _ in months}
    for year in {year for _, year in held}:
        found |= Q(action=WIDE, detail__year=year)
    for unit, year in held:
        found |= Q(action=PACK, detail__unit=unit, detail__year=year, detail__month=None)
    for unit, year, month in months:
        found |= Q(action=PACK, detail__unit=unit, detail__year=year, detail__month=month)
    return found


def _ever_in(sessions: Iterable[TrainingSession]) -> set[tuple[str, int, int]]:
    """(unit's code, year, month) of each of them as it stands and as it ever stood: what left before a date was corrected, or a
    unit renamed or merged, went by what was written then."""
    stood = {(session.organiser_id, session.held_on) for session in sessions}
    before = TrainingSession.history.filter(id__in=[session.pk for session in sessions])
    stood |= set(before.order_by().values_list("organiser_id", "held_on").distinct())
    codes = {(session.organiser_id, session.organiser.code) for session in sessions}
    units = MemberUnit.history.filter(id__in={unit for unit, _ in stood})
    codes |= set(units.order_by().values_list("id", "code").distinct())
    return {(code, day.year, day.month) for unit, day in stood if day for key, code in codes if key == unit}


def told(events: Iterable[AuditEvent], asked: Asked) -> Iterator[Disclosure]:
    for event in events:
        what = "，".join(
            words.format(TITLES.get(key, {}).get(event.detail[key], event.detail[key]))
            for key, words in WORDS
            if event.detail.get(key) not in (None, "") and (key != "masked" or event.detail[key])
        )
        maybe = asked.sessions is not None and event.subject != "trainingsession"
        yield Disclosure(event, what, str(event.detail.get("purpose", "")), maybe)


def county_named(code: str | None) -> Division:
    """The county that a command means: the only one, or the one with this code. Raises ValueError in words."""
    rows = CountySettings.objects.select_related("county")
    found = [settings.county for settings in (rows.filter(pk=code) if code else rows.order_by("pk")[:2])]
    if not found:
        raise ValueError(f"没有代码为“{code}”的县：请核对" if code else "系统里还没有县：请先完成首次设置")
    if len(found) > 1:
        raise ValueError("这个系统里有几个县：请用 --county 指明区划代码")
    return found[0]


def sessions_of_unit(unit: MemberUnit) -> tuple[TrainingSession, ...]:
    return tuple(TrainingSession.objects.filter(organiser=unit).select_related("organiser"))


def sessions_of_resident(name: str, county_code: str) -> tuple[TrainingSession, ...]:
    """Those whose roster or list of sign-ups holds this name today; 同名的 are among them, and what was purged is not."""
    lines = RosterLine.objects.filter(name=name).values("session")
    signed_up = SignUp.objects.filter(name=name).values("announcement__session")
    rows = TrainingSession.objects.filter(Q(pk__in=lines) | Q(pk__in=signed_up), organiser__county_id=county_code)
    return tuple(rows.select_related("organiser"))


def disclosure_export(county: str, events: Iterable[AuditEvent], asked: Asked) -> Export:
    def rows() -> Iterator[tuple]:
        for number, row in enumerate(told(events, asked), start=1):
            at = timezone.localtime(row.event.at)
            note = MAYBE if row.maybe else ""
            yield (
                number,
                f"{at:%Y-%m-%d %H:%M:%S}",
                row.who,
                row.event.address or "",
                row.kind,
                row.event.action,
                row.what,
                row.purpose,
                note,
            )

    return Export(
        title=f"{county}查看和导出记录",
        unit_line="来源：操作日志",
        date_line=asked.words,
        sheet="查看和导出",
        columns=[
            Column("序号", 6),
            Column("时间", 20),
            Column("账号", 20),
            Column("地址", 16),
            Column("类别", 16),
            Column("操作", 20),
            Column("内容", 44),
            Column("用途", 24),
            Column("说明", 24),
        ],
        rows=rows,
        notes=["日志不记居民姓名。内部使用，请妥善保管，不得外传。"],
    )
