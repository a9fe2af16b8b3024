"""IN-9: what a migration makes of the data that was there before, on both engines and across its batches.

The other tests build their tables from the models (`--no-migrations`, which saves seconds a run); here the migrations build
them, in a database of their own, and both ways must come to the same tables.
"""

import datetime
import hashlib
import itertools
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F

DAY = datetime.date(2024, 3, 1)
ALIAS = "migrated"
APPS = ("networks", "trainings", "reporting")
OURS = tuple(f"{app}_" for app in APPS)
TABLES = {  # every table and index with what defines it; triggers are laid after `migrate` (reporting/guard.py)
    "sqlite": "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'",
    "postgresql": """
        SELECT table_name, concat_ws(' ', column_name, data_type, character_maximum_length, is_nullable)
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'""",
}


@pytest.fixture
def migrated(settings, tmp_path, django_db_blocker):
    """`migrated(app, name)` brings an empty database there, without names to the newest, and gives the models of then."""
    settings.MIGRATION_MODULES = {}
    name = f"test_migrations_{os.getpid()}"
    sqlite = connection.vendor == "sqlite"
    with django_db_blocker.unblock():
        if not sqlite:
            server = connection.copy()
            with server._nodb_cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}"')
        own = connections.databases["default"] | {"NAME": str(tmp_path / "migrated.sqlite3") if sqlite else name}
        connections.databases[ALIAS] = own

        def to(*target):
            executor = MigrationExecutor(connections[ALIAS])
            if target:  # an older version, which had no squashed step yet
                executor.loader.replace_migrations = False
                executor.loader.build_graph()
            targets = [target] if target else executor.loader.graph.leaf_nodes()
            executor.migrate(targets)
            return executor.loader.project_state(targets).apps

        yield to
        connections[ALIAS].close()
        del connections[ALIAS], connections.databases[ALIAS]
        if not sqlite:
            with server._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}"')


def tables(on) -> set[tuple[str, str]]:
    """(table, part of its definition) for every table of ours, in the words of the database itself."""
    with on.cursor() as cursor:
        cursor.execute(TABLES[on.vendor])
        found = [(table, words) for table, words in cursor.fetchall() if table.startswith(OURS)]
    # SQLite keeps a table as one sentence, in which the order of columns and rules means nothing
    return {
        (table, part)
        for table, words in found
        for part in re.sub(r"^CREATE TABLE[^(]*\((.*)\)$", r"\1", words).split(", ")
    }


def states_of_institutions(old):
    """1,310 institutions as the first version kept them: a state, sometimes with a day."""
    division, institution = (old.get_model("networks", name) for name in ("Division", "Institution"))
    county = division.objects.using(ALIAS).create(code="450124", tier="county", name="马山县", short_name="马山县")
    states = ["unconfirmed", "preparing", "running", "idle", "closed"]
    institution.objects.using(ALIAS).bulk_create(
        institution(
            division=county,
            kind="point",
            name=f"点{number}",
            status=states[number % 5],
            status_since=None if number < 5 or number % 5 == 0 else DAY,
        )
        for number in range(1310)
    )


def states_have_become_dated_entries(new):
    institution, entry = (
        new.get_model("networks", name).objects.using(ALIAS) for name in ("Institution", "InstitutionState")
    )
    each = 262
    assert Counter(institution.values_list("state", flat=True)) == {
        "unconfirmed": each,
        "preparing": each,
        "open": 2 * each,
        "closed": each,
    }
    assert Counter(entry.values_list("state", flat=True)) == {"preparing": each, "open": 2 * each, "closed": each}
    assert entry.filter(since=DAY).count() == 4 * (each - 1)
    agree = entry.filter(institution__state__exact=F("state"), institution__state_since=F("since"))
    assert agree.count() == entry.count() == 4 * each
    assert not institution.filter(state="unconfirmed").exclude(state_since=None).exists()


def tasks_without_a_plan(old):
    """Two counties' tasks as they stood before plans could be entered."""
    division, unit, task, answers = (
        old.get_model(app, name).objects.using(ALIAS)
        for app, name in [
            ("networks", "Division"),
            ("networks", "MemberUnit"),
            ("reporting", "PlanTask"),
            ("reporting", "TaskResponsibility"),
        ]
    )
    since, until = datetime.date(2019, 2, 2), datetime.date(2024, 1, 1)
    for code in ("450125", "450126"):
        county = division.create(code=code, tier="county", name=code, short_name=code)
        units = [
            unit.create(county=county, code=f"u{n}", name=name, kind=kind, division=county)
            for n, (name, kind) in enumerate(
                [
                    ("县教育局", "department"),
                    ("县民政局", "department"),
                    ("白山镇人民政府", "township"),
                    ("古零镇人民政府", "township"),
                ]
            )
        ]
        for clause, text, bound in [
            ("二(一)3", "各成员单位（县直部门）、白山镇人民政府", [0, 1, 2]),
            ("二(二)1", "县教育局、各乡(镇)人民政府", [0, 2, 3]),
            ("三(四)", "县人民政府", []),
        ]:
            row = task.create(county=county, clause=clause, title=clause, responsible_text=text, position=1)
            for n in bound:
                answers.create(task=row, unit=units[n], starts_on=since, ends_on=until if n == 1 else None)


def tasks_have_become_those_of_the_founding_plan(new):
    plan, answers = (new.get_model("reporting", name).objects.using(ALIAS) for name in ("Plan", "TaskResponsibility"))
    founding = {"founding": True, "number": "马政办发〔2019〕2号", "first_year": 2018, "last_year": 2020}
    assert plan.filter(**founding).count() == plan.count() == 2
    of_ours = answers.filter(task__plan__county="450125").order_by("task__clause", "position")
    assert list(of_ours.values_list("task__clause", "whom", "unit__name", "position", "ends_on")) == [
        ("二(一)3", "departments", None, 1, None),
        ("二(一)3", "unit", "白山镇人民政府", 2, None),
        ("二(二)1", "unit", "县教育局", 1, None),
        ("二(二)1", "townships", None, 2, None),
    ]
    clause = new.get_model("reporting", "PlanTask").objects.using(ALIAS).get(plan__county="450125", clause="二(二)1")
    assert clause.group == "二(二)整合社区教育资源" and clause.text.startswith("开放共享学校资源。")


def files_without_their_stored_digest(old):
    """A paper as it came, a photo, and a photo whose file is gone."""
    person, user, division, attachment = (
        old.get_model("networks", name).objects.using(ALIAS) for name in ("Person", "User", "Division", "Attachment")
    )
    where = division.get(code="450125")
    who = user.create(username="files", role="operator", person=person.create(county=where, name="演示·甲"))
    folder = Path(settings.MEDIA_ROOT, "attachment")
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in [("paper", "application/pdf"), ("photo", "image/jpeg"), ("gone", "image/jpeg")]:
        given = {"place": where, "uploaded_by": who, "name": name, "content_type": kind, "file": f"attachment/{name}"}
        attachment.create(**given, sha256_original=f"as {name} was sent")
        if name != "gone":
            (folder / name).write_bytes(b"as it lies there")


def files_have_the_digest_of_what_is_stored(new):
    rows = new.get_model("networks", "Attachment").objects.using(ALIAS).values_list("name", "sha256_stored")
    there = hashlib.sha256(b"as it lies there").hexdigest()
    assert dict(rows) == {"paper": "as paper was sent", "photo": there, "gone": ""}


@pytest.mark.drill
@pytest.mark.django_db
def test_in_9_each_migration_keeps_what_was_there_and_the_tables_are_those_of_the_models(migrated):
    """One way from the first version to the newest, with data put in on the way: migrating step by step costs half a minute."""
    states_of_institutions(migrated("networks", "0001_initial"))
    before_plans = migrated("reporting", "0005_prompting_and_materials")
    states_have_become_dated_entries(before_plans)
    tasks_without_a_plan(before_plans)
    files_without_their_stored_digest(before_plans)
    newest = migrated()
    states_have_become_dated_entries(newest)
    tasks_have_become_those_of_the_founding_plan(newest)
    files_have_the_digest_of_what_is_stored(newest)
    assert tables(connections[ALIAS]) == tables(connection)
    assert every_migration_is_recorded()


@pytest.mark.django_db
def test_in_9_a_new_installation_is_built_in_one_step_to_the_tables_of_the_models(migrated):
    """And counts as one that has gone all the way: both take the same next step, and the backup of one fits the other."""
    migrated()
    assert tables(connections[ALIAS]) == tables(connection)
    assert every_migration_is_recorded()


def test_in_9_an_installation_between_any_two_steps_goes_on_by_those_that_it_has_not_seen(settings, monkeypatch):
    """Wherever an earlier version can have left it, Django finds its way past the squashed steps: none twice, none left out."""
    settings.MIGRATION_MODULES = {}
    steps = MigrationLoader(None, replace_migrations=False)
    of = {
        app: sorted(key for key, step in steps.disk_migrations.items() if key[0] == app and not step.replaces)
        for app in APPS
    }
    of_others = {key for key in steps.disk_migrations if key[0] not in APPS}
    stood = 0
    for seen in itertools.product(*(range(len(keys) + 1) for keys in of.values())):
        applied = of_others.union(*(keys[:number] for keys, number in zip(of.values(), seen, strict=True)))
        if any(parent not in applied for key in applied for parent in steps.graph.node_map[key].parents):
            continue  # nothing was ever there
        stood += 1
        monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self, now=applied: dict.fromkeys(now))
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        to_come = [key for step, _ in plan for key in step.replaces or [(step.app_label, step.name)]]
        assert Counter(to_come) == Counter(set().union(*of.values()) - applied), seen
    assert stood > 100


def every_migration_is_recorded() -> bool:
    """Whether the database says of each step on the disk, squashed or not, that it has seen it."""
    loader = MigrationExecutor(connections[ALIAS]).loader
    return set(loader.disk_migrations) == set(MigrationRecorder(connections[ALIAS]).applied_migrations())
