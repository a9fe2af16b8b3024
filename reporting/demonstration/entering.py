"""随手报 of two teaching points of 白山镇 in each state; what a unit calls its columns; how much work entering was."""

import datetime

from django.utils import timezone

from networks.models import Division, Institution, User
from trainings.models import (
    ColumnName,
    DeliveryForm,
    EntryEffort,
    PointLink,
    PointReport,
    Theme,
    TrainingSession,
)

from .script import MARK

OFFICER, REVIEWER = "town-450124100", "bureau2"
# (days ago, title, heads, what has become of it)
REPORTS = [
    [
        (41, "桑树春伐与施肥", 36, "verified"),
        (12, "手机挂号与防骗", 24, "submitted"),
        (1, "桑蚕大蚕期管理", 31, "draft"),
    ],
    [(3, "山歌普法对唱", 27, "draft")],
]


# (road, sessions, fields, seconds, of them within two minutes) of a month
EFFORT = [("form", 41, 352, 6230, 19), ("point", 17, 61, 1340, 14), ("ledger", 58, 464, 3480, 58)]


def write(county: Division, today: datetime.date) -> None:
    _points(today)
    officer = User.objects.get(username=OFFICER)
    ColumnName.objects.create(
        unit=officer.own_unit, header="到场情况", key="到场情况", column="实到人次", confirmed_by=officer
    )
    last_month = (today.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)
    EntryEffort.objects.bulk_create(
        EntryEffort(
            county=county,
            month=last_month,
            road=road,
            sessions=sessions,
            fields=fields,
            timed=sessions,
            seconds=seconds,
            quick=quick,
        )
        for road, sessions, fields, seconds, quick in EFFORT
    )


def _points(today: datetime.date) -> None:
    officer, reviewer = User.objects.get(username=OFFICER), User.objects.get(username=REVIEWER)
    points = Institution.objects.filter(kind="point", state="open", division__parent_id="450124100").order_by("pk")
    form, theme = DeliveryForm.objects.get(name="现场实训"), Theme.objects.get(name="农村实用技术")
    for which, (point, reports) in enumerate(zip(points, REPORTS, strict=False)):
        link, _ = PointLink.issue(point, officer)
        PointLink.objects.filter(pk=link.pk).update(created_at=_moment(today, 60))
        for number, (ago, title, heads, state) in enumerate(reports):
            day = today - datetime.timedelta(days=ago)
            made, _ = link.report(token=f"{MARK}-{number}", held_on=day, title=title, attendance=heads, note=MARK)
            session = made.session
            if state != "draft":
                session.revise(
                    actor=officer, seen_version=session.version, changes={"form": form, "theme": theme}, reason="整理"
                )
                session.submit(actor=officer)
            if state == "verified":
                session.verify(actor=reviewer, attendance=heads)
            evening = _moment(today, ago)
            PointReport.objects.filter(pk=made.pk).update(made_at=evening)
            facts = {"number": f"CCP{which:04}{number:05}"}  # the same whenever the demonstration is made
            facts |= {name: evening for name in ("created_at", "submitted_at", "verified_at") if getattr(session, name)}
            TrainingSession.objects.filter(pk=session.pk).update(**facts)
            session.history.update(history_date=evening, **facts)


def _moment(today: datetime.date, ago: int) -> datetime.datetime:
    """The evening of that day."""
    return timezone.make_aware(datetime.datetime.combine(today - datetime.timedelta(days=ago), datetime.time(20, 5)))
