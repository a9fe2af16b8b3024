"""What a database holds, in a few lines that must come out the same wherever the same data lies. Read through the models, of
whichever database they read at that moment (`databases.reading`)."""

import datetime
import hashlib
from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Case, Count, F, Max, Sum, Value, When
from django.db.models.functions import ExtractYear

from networks.models import Attachment, AuditEvent, Division, User
from trainings.models import Status, TrainingSession

from ..anchors import ledger_heads, log_head
from ..ledger import verify
from ..models import LedgerAct

OWN_ACTS = ["备份", "恢复备份", "恢复演练"]  # in the log; they change nothing that a backup could lack

STORED = "sha256_stored"  # the column with the digest of the file as it lies on the disk; "" where it is not known
# An earlier version knew of an attachment only the digest of what came in; a photo was written anew.
BEFORE = {Attachment: Case(When(content_type__startswith="image/", then=Value("")), default=F("sha256_original"))}


def facts(like: dict | None = None) -> dict:
    """Fit for `chain.canonical`: migrations applied, rows of each table, verified sessions and attendances of each county and
    year, the heads of the log and of each county's ledger, and when anything was last changed. To be compared with the facts
    `like` these, which tell up to which line the log was summed up."""
    verified = TrainingSession.objects.filter(status=Status.VERIFIED).order_by()
    by_year = verified.annotate(year=ExtractYear("held_on")).values_list("organiser__county", "year")
    totals = by_year.annotate(sessions=Count("pk"), attendances=Sum("verified_attendance")).order_by(
        "organiser__county", "year"
    )
    return {
        "migrations": applied(),
        "counts": _counts(),
        "totals": [list(row) for row in totals],
        "ledger": _ledger_heads(),
        "log": log_head(like["log"][0] if like and "log" in like else None),
        "newest_change": newest_change(),
    }


def applied() -> dict[str, list[str]]:
    """The migrations of each app that this database has seen."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def _ledger_heads() -> list[list]:
    if LedgerAct._meta.db_table not in connection.introspection.table_names():
        return []  # a backup from before there was a ledger
    return ledger_heads()


def _counts() -> dict[str, int]:
    """Rows of each table that is there and has a model; sign-ins and what the packages keep are counted too."""
    there = set(connection.introspection.table_names())
    everything = [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
    tables = {model._meta.db_table: model for model in everything if model._meta.db_table in there}
    return {table: tables[table]._base_manager.count() for table in sorted(tables)}


def newest_change() -> str:
    """The latest moment in the log or in any row's history, in UTC; "" where nothing has happened yet."""
    there = set(connection.introspection.table_names())
    logged = AuditEvent.objects.exclude(action__in=OWN_ACTS).aggregate(at=Max("at"))["at"]
    moments = [logged]
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table in there and any(field.name == "history_date" for field in model._meta.fields):
            moments.append(model.objects.aggregate(at=Max("history_date"))["at"])
    newest = max(filter(None, moments), default=None)
    return newest.astimezone(datetime.UTC).isoformat(timespec="microseconds") if newest else ""


def filled() -> bool:
    """Whether anything was entered: a database that was only migrated is as good as empty."""
    there = set(connection.introspection.table_names())
    return any(m._meta.db_table in there and m.objects.exists() for m in (User, Division, TrainingSession))


def files() -> Iterator[tuple[str, str, str]]:
    """Every file that a row names: its name below MEDIA_ROOT, its digest where one is stored, and what it is, in words."""
    for model, field, rows in _rows_with_files():
        for pk, name, digest in rows.values_list("pk", field, _digest(model)).iterator():
            yield name, digest, f"{model._meta.verbose_name}（编号 {pk}）"


def names() -> set[str]:
    """Of those files the names alone: asked where every millisecond in between lets another file come and go."""
    return {name for _, field, rows in _rows_with_files() for name in rows.values_list(field, flat=True).iterator()}


def _rows_with_files() -> Iterator[tuple[type[models.Model], str, models.QuerySet]]:
    there = set(connection.introspection.table_names())
    for model in apps.get_models():
        if model._meta.db_table not in there:
            continue  # a backup of an older version
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField) and not hasattr(model, "instance_type"):
                rows = model._base_manager.exclude(**{field.name: ""}).exclude(**{field.name: None}).order_by("pk")
                yield model, field.name, rows


def _digest(model: type[models.Model]) -> F | Case | Value:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
    return F(STORED) if STORED in {column.name for column in columns} else BEFORE.get(model, Value(""))


def ledger_findings() -> list[str]:
    """What the ledger's own examination finds: signatures, order, states, and each locked year counted again. Files are left
    out, since every one of them is compared with its digest anyway."""
    return [finding.sentence for finding in verify(files=False).findings]


def of_this_version() -> dict[str, set[str]]:
    """The migrations that this version of the product has on its disk."""
    found: dict[str, set[str]] = {}
    for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations:
        found.setdefault(app, set()).add(name)
    return found


def newer_than_us(migrations: dict[str, list[str]]) -> list[str]:
    """Migrations of a backup that this version does not know: it was made by a newer one."""
    ours = of_this_version()
    return [f"{app} {name}" for app, names in migrations.items() for name in names if name not in ours.get(app, set())]


def older_than_us(migrations: dict[str, list[str]]) -> list[str]:
    """Migrations of this version that a backup has not seen yet. One that sums up others changes nothing beyond them."""
    ours = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return sorted(
        f"{app} {name}"
        for (app, name), migration in ours.items()
        if not migration.replaces and name not in migrations.get(app, [])
    )


def differences(was: dict, now: dict) -> list[str]:
    """Sentences for what is not the same in the data as it was when the backup was made."""
    found = []
    tables = set(was["counts"]) | set(now["counts"])
    if older_than_us(was["migrations"]):  # a later version may know a table no more, or count one that came later
        tables = set(was["counts"]) & set(now["counts"])
    for table in sorted(tables):
        before, after = was["counts"].get(table), now["counts"].get(table)
        if before != after:
            found.append(f"表 {table} 的行数：备份时 {_shown(before)}，现在 {_shown(after)}")
    for key, words in (
        ("totals", "各年度核定的场次和人次"),
        ("ledger", "定案记录的最后一条"),
        ("log", "操作日志"),
        ("migrations", "数据库结构的版本"),
        ("newest_change", "最后一次改动的时间"),
    ):
        if key in was and was[key] != now[key]:  # an earlier version did not sum up the log
            found.append(f"{words}与备份时不一样")
    return found


def _shown(rows: int | None) -> str:
    return "没有这张表" if rows is None else str(rows)


def digest_of(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
