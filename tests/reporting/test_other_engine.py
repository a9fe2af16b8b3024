"""IN-7: the frozen act agrees with the rows read again elsewhere: after a dump and a load into another database, and on the other
engine where there is one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from reporting.models import AssessmentYear, LedgerAct, QuotaAdjustment
from tests.conftest import build_world
from trainings.models import CoOrganiser, DeliveryForm, Evidence

from .test_locking import SETTLED

ROOT = Path(__file__).parent.parent.parent
APPS = ["networks", "trainings", "reporting", "contenttypes"]
LOADED = """
import json, sys
import django
django.setup()
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()} if sys.argv[2] == "models" else {}
call_command("migrate", run_syncdb=True, verbosity=0)
from reporting.models import AssessmentYear
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import m2m_changed
from reporting.models.year import refuse_other_forms_when_locked
through = AssessmentYear.counting_forms.through
m2m_changed.disconnect(refuse_other_forms_when_locked, sender=through)  # a load says nothing of being one
ContentType.objects.all().delete()
call_command("loaddata", sys.argv[1], verbosity=0)
from django.db import connection
from reporting import chain, guard
from reporting.ledger import verify
from reporting.models import AssessmentYear, LedgerAct
from reporting.snapshot import figures_digest
report = verify()
year = AssessmentYear.objects.get(year=2025, county="450124")
print(json.dumps({
    "engine": connection.vendor,
    "findings": [finding.sentence for finding in report.findings],
    "years": report.years,
    "digests": [act.digest for act in LedgerAct.objects.order_by("county", "sequence")],
    "figures": figures_digest(year),
    "unguarded": sorted(guard.missing(connection)),
}))
"""


def loaded(address, dump, tables):
    """What the other database says, in a process of its own."""
    env = os.environ | {
        "DATABASE_URL": address,
        "SECRET_KEY": "tests only",
        "LEDGER_KEY": "tests only",
        "DJANGO_SETTINGS_MODULE": "mashan_edu.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
    }
    run = subprocess.run(
        [sys.executable, "-c", LOADED, str(dump), tables], env=env, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture
def dump(db, tmp_path, settings):
    """The world with a settled year of everything, dumped; and what its ledger says here."""
    settings.LEDGER_KEY = "tests only"
    with time_machine.travel(SETTLED, tick=False):
        world = build_world()
        year = AssessmentYear.objects.open_year(world.county, 2025)
        year.joint_credit, year.class_counts, year.minimum_minutes = "each", "daily", 30
        year.save()
        QuotaAdjustment.objects.create(year=year, unit=world.jyj, sessions=1, attendances=10, reason="搬迁")
        for number, heads in enumerate((120, 7, 3, 299, 44), start=1):
            day = SETTLED.date().replace(year=2025, month=number * 2, day=28)
            row = world.session(
                [world.ours, world.theirs][number % 2],
                status="submitted",
                held_on=day,
                reported=heads,
                minutes=20 * number,
            )
            Evidence.objects.create(session=row, kind="report", link=f"https://x.cn/{number}", uploaded_by=world.town)
            CoOrganiser.objects.create(session=row, unit=world.wxgtj, name="文新广体局", confirmed_at=SETTLED)
            row.refresh_from_db()
            row.verify(actor=world.bureau, attendance=heads)
        show = DeliveryForm.objects.get(name="才艺展示")
        world.session(status="verified", held_on=SETTLED.date().replace(year=2025), reported=800, form=show)
        world.lock(year)
        world.unlock(year)
        world.lock(year)
    path = tmp_path / "dump.json"
    call_command("dumpdata", *APPS, output=str(path), verbosity=0)
    here = [act.digest for act in LedgerAct.objects.order_by("county", "sequence")]
    figures = LedgerAct.objects.order_by("sequence").last().content["figures_digest"]
    return path, here, figures


# From PostgreSQL straight from the models alone: that the migrations come to the same tables on either engine is IN-9, to migrate
# takes half a minute, and PostgreSQL's own second database, below, is migrated.
@pytest.mark.parametrize("tables", ["models", "migrations"] if connection.vendor == "sqlite" else ["models"])
def test_in_7_the_act_agrees_after_a_restore_into_another_database(dump, tmp_path, tables):
    path, here, figures = dump
    found = loaded(f"sqlite:///{tmp_path}/other.sqlite3", path, tables)
    expected = {"findings": [], "years": [2025], "digests": here, "figures": figures, "unguarded": []}
    assert found == expected | {"engine": "sqlite"}


@pytest.mark.skipif(connection.vendor == "sqlite", reason="the other engine is asked for where the suite runs on it")
def test_in_7_the_act_agrees_on_the_other_engine(dump):
    """Here on PostgreSQL: the same dump into a second database of it, and above into SQLite."""
    path, here, figures = dump
    own, name = connection.settings_dict, f"other_{os.getpid()}"
    with connection.copy()._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        port = f":{own['PORT']}" if own["PORT"] else ""
        password = f":{own['PASSWORD']}" if own["PASSWORD"] else ""
        found = loaded(f"postgres://{own['USER']}{password}@{own['HOST']}{port}/{name}", path, "migrations")
    finally:
        with connection.copy()._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')
    expected = {"findings": [], "years": [2025], "digests": here, "figures": figures, "unguarded": []}
    assert found == expected | {"engine": "postgresql"}
