"""The demonstration county: real network, invented accounts and sessions, the same every time for a given date.

`accounts` who signs in · `more_accounts` who else has one · `network` what the institutions are like · `people` who works in
them · `sharing` groups, places and projects · `library` courses, instructors and stories · `figures` annual figures, funds,
self-checks · `changes` a renaming · `script` what must be seen · `topics.csv` what is taught · `calendar` what takes place
(pure) · `ledger` puts it into the database · `pictures` the evidence · `rosters` who was there · `door` sign-in by QR,
opinions and surveys · `announcing` what residents see of it · `planning` classes and plans ·
`plan_progress` goals, reports and decisions on the plan's tasks · `hints` what the reviewer is
pointed to, and call-backs · `uploads` two ledgers to be mended · `entering` what coordinators reported by their link, and how
much work entering is · `settling` the years that are locked · `prompting` the years' dates, papers, prompts and late entry ·
`bulletins` what is written about the settled years.
"""

import datetime
import io

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from networks import audit
from networks.loading import COUNTY
from networks.models import Attachment, CountySettings, Division, MemberUnit, RegistryImport, User
from trainings.models import Evidence, ImportBatch

from .. import guard
from ..models import AssessmentYear, QuotaAdjustment
from . import (
    accounts,
    announcing,
    bulletins,
    changes,
    door,
    entering,
    feedback,
    figures,
    filing,
    hints,
    ledger,
    library,
    more_accounts,
    network,
    people,
    plan_progress,
    planning,
    prompting,
    rosters,
    settling,
    sharing,
    uploads,
)
from .script import EARLIER_YEARS, MARK, OUTSIDERS

__all__ = ["NotADemonstration", "existing", "prepare"]


class NotADemonstration(Exception):
    """The database holds something else, which the demonstration must not touch."""


def existing() -> datetime.date | None:
    """The day on which this database was made a demonstration, or None when it is empty. Raises NotADemonstration for
    anything else. Asks before any migration, so a stranger's database is not even given our tables."""
    tables = set(connection.introspection.table_names())
    strange = tables - set(connection.introspection.django_table_names()) - {"django_migrations"}
    first, filled = None, False
    if User._meta.db_table in tables:
        first = User.objects.order_by("pk").values_list("person__post", "created_at").first()
        filled = first is not None or Division.objects.exists()
    if first and first[0] == MARK:  # the first account of a real installation is its operator's
        return timezone.localdate(first[1])
    if strange or filled:
        raise NotADemonstration("这个数据库里已有别的数据，演示不会动它。请用 DATABASE_URL 另外指定一个空的数据库")
    return None


def prepare(today: datetime.date, *, empty: bool = False, fresh: bool = False) -> dict[str, str]:
    """Makes the demonstration county unless it is there already; returns the new accounts' passwords by username. `empty`
    leaves the sessions out, `fresh` starts over."""
    if existing():
        if not fresh:
            return {}
        _clear()
    with transaction.atomic():
        call_command("load_county", stdout=io.StringIO())
        county = Division.objects.get(pk=COUNTY)
        passwords = accounts.create(county)
        CountySettings.objects.update_or_create(county=county, defaults={"live_since": today.year})
        years = {
            year: AssessmentYear.objects.open_year(county, year)
            for year in range(today.year - EARLIER_YEARS, today.year + 1)
        }
        if not empty:
            network.confirm(county, today)
            _set_rules(years, county)
            registries = sharing.Sharing(county, today)
            registries.write()
            people.employ(county, today)
            courses = library.Library(county, today)
            courses.write()
            sessions = ledger.write(county, today, registries, courses)
            courses.tell()
            rosters.write(county, today)
            hints.write(county, today)
            planning.write(county, today)
            announcing.write(county, today)
            uploads.write(today)
            entering.write(county, today)
            door.write(county, today)
            plan_progress.write(county, today)
            changes.write(county)
            figures.write(county, today.year)
            more_accounts.write(county, today)
            prompting.write(county, today)
            settling.write(county, today)
            feedback.write(county, today)
            bulletins.write(county)
            filing.write(county, today)
            audit.record(
                "载入演示数据", actor=User.objects.get(username="operator"), county_code=COUNTY, sessions=sessions
            )
    return passwords


def _clear() -> None:
    """Empties every table, history and protected rows included, and removes the files that hang on them."""
    files = [
        row.file
        for model in (Attachment, Evidence, ImportBatch, RegistryImport)
        for row in model.objects.exclude(file="")
    ]
    with guard.unguarded():  # on purpose, with the acts that no other road removes
        call_command("flush", interactive=False, verbosity=0)
    for file in files:
        file.storage.delete(file.name)


def _set_rules(years: dict[int, AssessmentYear], county: Division) -> None:
    """The bodies outside the group, and one adjusted quota."""
    for position, (code, name, alias) in enumerate(OUTSIDERS, start=101):
        MemberUnit.objects.create(
            county=county,
            code=code,
            name=name,
            aliases=alias,
            kind=MemberUnit.Kind.OTHER,
            division=county,
            position=position,
            note=MARK,
        )
    QuotaAdjustment.objects.create(
        year=years[max(years) - 2],
        unit=MemberUnit.objects.get(county=county, code="450124203"),
        sessions=3,
        attendances=300,
        reason=f"{MARK}：两个教学点改建，经领导小组会议同意调减",
    )
