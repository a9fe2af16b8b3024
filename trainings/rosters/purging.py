"""What goes when its term has passed: rosters, sign-ups and pictures of minors, N months after their year was locked (个人信息保护法
19, 47; PI-5). A year that nobody locks keeps no name for ever: there the months run from the end of the year following, or from the
day on which the last of its sessions was entered or the year was unlocked, so that nothing goes while people are at work on it. A
session without a date belongs to the year in which it was entered.

Counts, digests and the log stay. What a hold keeps back stays until the hold is lifted.
"""

import calendar
import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Aggregate, Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, ExtractYear
from django.utils import timezone

from networks import audit
from networks.models import CountySettings, User

from .. import years
from ..models import (
    Audience,
    AudienceCount,
    Evidence,
    PhotoPrint,
    Refused,
    RosterHold,
    RosterLine,
    SignUp,
    TrainingSession,
)

SHORTEST_REASON = 4


@dataclass(frozen=True)
class Term:
    """One county's year: what it still holds by name, and until when."""

    county: str
    year: int
    months: int
    locked: bool
    locked_on: datetime.date | None
    sessions: int  # that have lines or sign-ups
    lines: int
    sign_ups: int
    pictures: int  # of minors
    held: str  # why the whole year is held back, or ''
    held_sessions: int
    undated: int  # of the sessions: they have no date and stand in the year in which they were entered
    worked_on: datetime.date | None  # the last day on which one of them was entered, or the year was unlocked

    @property
    def due_on(self) -> datetime.date:
        """The first day on which it goes: so many months after the locking, or else after the end of the year following and the
        last work on it."""
        following = datetime.date(self.year + 2, 1, 1)
        return months_after(self.locked_on or max(following, self.worked_on or following), self.months)

    def state(self, today: datetime.date) -> str:
        if self.held:
            return f"暂缓删除：{self.held}"
        words = "已到期" if self.due_on <= today else "没有到期"
        if not self.locked:
            return f"{words}，年度还没有锁定定案：一直不锁定的，从次年年底起算，以后登记或解锁的从那天起算"
        return words if self.locked_on else f"{words}，锁定日期没有记录：从次年年底起算"

    def goes(self, today: datetime.date) -> bool:
        return self.due_on <= today and not self.held


def months_after(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months later, or the month's last (31 January + 1 is 28 or 29 February)."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def terms(county_code: str) -> list[Term]:
    """Every year of the county that holds somebody's name or a hold, newest first."""
    months = CountySettings.objects.filter(pk=county_code).values_list("roster_months", flat=True).first() or 12
    sessions = TrainingSession.objects.filter(organiser__county_id=county_code)
    in_year = _by_year(_with_names(sessions))
    undated = _by_year(_with_names(sessions.filter(held_on=None)))
    entered = _by_year(_with_names(sessions), number=Max("created_at"))
    pictures = _by_year(_pictures(sessions), "session__")
    lines = _by_year(RosterLine.objects.filter(session__in=sessions), "session__")
    sign_ups = _by_year(SignUp.objects.filter(announcement__session__in=sessions), "announcement__session__")
    holds = list(RosterHold.objects.filter(county=county_code, lifted_at=None))
    found = []
    for year in sorted({*in_year, *pictures, *(hold.year for hold in holds)}, reverse=True):
        rules = years.rules_of(county_code, year)
        whole = next((hold for hold in holds if hold.year == year and hold.session_id is None), None)
        found.append(
            Term(
                county=county_code,
                year=year,
                months=months,
                locked=rules.locked,
                locked_on=rules.locked_on,
                sessions=in_year.get(year, 0),
                lines=lines.get(year, 0),
                sign_ups=sign_ups.get(year, 0),
                pictures=pictures.get(year, 0),
                held=whole.reason if whole else "",
                held_sessions=sum(hold.year == year and hold.session_id is not None for hold in holds),
                undated=undated.get(year, 0),
                worked_on=max(
                    filter(None, [rules.unlocked_on, year in entered and timezone.localdate(entered[year])]),
                    default=None,
                ),
            )
        )
    return found


def _with_names(sessions):
    """Those that still hold a line or a sign-up."""
    lines = RosterLine.objects.filter(session=OuterRef("pk"))
    sign_ups = SignUp.objects.filter(announcement__session=OuterRef("pk"))
    return sessions.filter(Exists(lines) | Exists(sign_ups))


def _pictures(sessions):
    """Files that show minors: photos and sheets of sessions for them (domain.md: purged with the rosters), and the sheets of
    sessions whose roster names one: once its lines are gone nothing would tell that these are closed."""
    minors = Audience.Sensitivity.MINORS
    of_minors = AudienceCount.objects.filter(session=OuterRef("session"), audience__sensitivity=minors)
    named = RosterLine.objects.filter(session=OuterRef("session"), age_band=RosterLine.AgeBand.MINOR)
    rows = Evidence.objects.filter(session__in=sessions).exclude(file="").exclude(kind__in=Evidence.WITHOUT_PERSONS)
    return rows.filter(Exists(of_minors) | (Q(kind__in=Evidence.WITH_NAMES) & Exists(named)))


def of_year(sessions: QuerySet[TrainingSession], year: int) -> QuerySet[TrainingSession]:
    """Those whose rosters have this year's term."""
    first, after = datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)
    return sessions.filter(Q(held_on__gte=first, held_on__lt=after) | Q(held_on=None, created_at__year=year))


def _by_year(rows, session: str = "", number: Aggregate = Count("pk")) -> dict:  # noqa: B008 - read, never changed
    """Counted by the year as `of_year` has it; `session`: the way from a row to its session."""
    year = Coalesce(ExtractYear(f"{session}held_on"), ExtractYear(f"{session}created_at"))
    return dict(rows.order_by().annotate(y=year).values_list("y").annotate(n=number).order_by())


def _held_rules(county_code: str, year: int) -> years.YearRules:
    """The year's rules, with its row held until the transaction ends; the county's where nobody has ever opened the year."""
    rules = years.rules_of(county_code, year, hold=True)
    if not rules.opened:
        CountySettings.objects.select_for_update().filter(pk=county_code).first()
    return rules


@dataclass(frozen=True)
class Purged:
    term: Term
    sessions: int
    lines: int
    sign_ups: int
    pictures: int


@transaction.atomic
def purge(county_code: str, *, today: datetime.date | None = None) -> list[Purged]:
    """Deletes what is due and not held, year by year, with one line in the log each. `rostered_attendance` stays."""
    today = today or timezone.localdate()
    done = []
    for term in terms(county_code):
        if not term.goes(today):
            continue
        rules = _held_rules(county_code, term.year)
        if (rules.locked, rules.locked_on) != (
            term.locked,
            term.locked_on,
        ):  # locked or opened while this waited for it
            continue
        holds = RosterHold.objects.filter(county=county_code, year=term.year, lifted_at=None)
        if holds.filter(session=None).exists():  # placed while this waited for the year
            continue
        kept = holds.exclude(session=None)
        in_county = TrainingSession.objects.filter(organiser__county_id=county_code)
        sessions = of_year(in_county, term.year).exclude(pk__in=kept.values("session"))
        keys = list(_with_names(sessions).order_by().values_list("pk", flat=True))
        pictures = list(_pictures(sessions).order_by("pk"))
        if not keys and not pictures:
            continue
        people = RosterLine.objects.filter(session__in=sessions).order_by().values("identity").distinct().count()
        lines = sign_ups = 0
        for part in _batches(keys):
            lines += RosterLine.objects.filter(session__in=part).delete()[0]
            sign_ups += SignUp.objects.filter(announcement__session__in=part).delete()[0]
            TrainingSession.objects.filter(pk__in=part).update(roster_purged_on=today)
        for picture in pictures:
            _forget(picture, today)
        audit.record(
            "按期删除名册",
            actor=None,
            county_code=county_code,
            year=term.year,
            locked_on=str(term.locked_on or ""),
            months=term.months,
            sessions=len(keys),
            lines=lines,
            people=people,
            sign_ups=sign_ups,
            pictures=len(pictures),
            held_sessions=kept.count(),
        )
        done.append(Purged(term, len(keys), lines, sign_ups, len(pictures)))
    return done


def _forget(picture: Evidence, today: datetime.date) -> None:
    """The file goes once that is certain; the row with its digests stays as proof that there was one."""
    storage, name = picture.file.storage, picture.file.name
    PhotoPrint.objects.filter(evidence=picture).delete()
    Evidence.objects.filter(pk=picture.pk).update(file="", purged_on=today)
    transaction.on_commit(lambda: storage.delete(name))


def _batches(keys: list[int], size: int = 500) -> Iterable[list[int]]:
    for first in range(0, len(keys), size):
        yield keys[first : first + size]


# --- holding back --------------------------------------------------------------------------------------------


@transaction.atomic
def hold(
    county_code: str, year: int, *, reason: str, actor: User, session: TrainingSession | None = None, request=None
) -> RosterHold:
    """Keeps a year's rosters, or one session's, beyond their term. Raises Refused. The year's row is held by this and by
    `purge` alike, so that nothing is deleted after its hold was confirmed."""
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise Refused("请写明暂缓删除的原因，至少 4 个字")
    _held_rules(county_code, year)
    if RosterHold.objects.filter(county=county_code, year=year, session=session, lifted_at=None).exists():
        raise Refused("已经设置过暂缓删除")
    row = RosterHold.objects.create(
        county_id=county_code, year=year, session=session, reason=reason[:200], placed_by=actor
    )
    number = session.number if session else ""
    audit.record("暂缓删除名册", actor=actor, subject=row, request=request, year=year, number=number)
    return row


@transaction.atomic
def lift(row: RosterHold, *, actor: User, request=None) -> None:
    """From here on the term decides again. Raises Refused."""
    row = RosterHold.objects.select_for_update().get(pk=row.pk)
    if row.lifted_at:
        raise Refused("暂缓删除已经解除")
    row.lifted_by, row.lifted_at = actor, timezone.now()
    row.save()
    audit.record("解除暂缓删除名册", actor=actor, subject=row, request=request, year=row.year)
