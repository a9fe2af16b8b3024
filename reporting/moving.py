"""From one database to another, SQLite or PostgreSQL, every row as it is (IN-7, handbook 换成 PostgreSQL).

The tables are made by the migrations of this version; then the rows are copied table by table, without signals, defaults or anything
else that would touch them, in one transaction there. Before it is committed everything is read back and compared row by row, the foreign
keys are checked, and the ledger is examined with every locked year counted again. Numbers that were given out stay given out: the
next row gets a higher one, though the rows of the last ones may be gone, for the log and the histories still speak of them.

Files are not touched: they lie in MEDIA_ROOT as before. The source is only read, but for the entry in its log.
"""

import datetime
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import environ
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import AutoField, Model
from django.db.utils import ConnectionHandler

from networks import audit
from networks.models import AuditEvent, Division, User

from .ledger import verify

TARGET = "target"
BATCH = 500  # rows
FORM = "地址应写成 postgres://用户:密码@主机:5432/库名 或 sqlite:////文件的完整路径"
LAST_USED = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = %s AND %s <> ''",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)",
}
REMEMBER = (
    "INSERT INTO sqlite_sequence (name, seq) SELECT %(table)s, %(last)s"
    " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %(table)s) AND %(column)s <> ''"
)
GO_ON_AFTER = {
    "sqlite": "UPDATE sqlite_sequence SET seq = %(last)s WHERE name = %(table)s AND %(column)s <> ''",
    "postgresql": "SELECT setval(pg_get_serial_sequence(%(table)s, %(column)s), %(last)s)",
}


class Unmovable(Exception):
    """Why the database was not moved, as a sentence for the operator. The target then holds no rows."""


@dataclass(frozen=True)
class Moved:
    engine: str
    tables: int
    rows: int
    acts: int  # of the ledger, examined in the new database
    years: list[int]
    findings: list[str]  # of the ledger, in the old database as in the new


def move(address: str, *, say: Callable[[str], None] = lambda words: None, os_user: str = "") -> Moved:
    """Copies the database of this installation into the one that the address names. Raises Unmovable."""
    with _target(address) as target:
        source = connections["default"]
        _refuse_same(source.settings_dict, target.settings_dict)
        here = MigrationExecutor(source)
        if here.migration_plan(here.loader.graph.leaf_nodes()):
            raise Unmovable("现在的数据库结构不是这个版本的，请先运行 manage.py migrate 再搬")
        try:
            _refuse_filled(target)
            say("正在新数据库里建表……")
            call_command("migrate", database=TARGET, run_syncdb=True, verbosity=0)
            # A step that sums up others is noted by `migrate` alone, which an installation may not have run since it came.
            if (_applied(source) ^ _applied(target)) - set(here.loader.replacements):
                raise Unmovable("两边的数据库结构不一样：新数据库是别的版本建的，请换一个空的数据库")
            with transaction.atomic(using=TARGET):
                moved = _copy_and_compare(source, target, say, os_user)
                if source.vendor != "sqlite" and _counted("default") != _counted(TARGET):  # SQLite was locked meanwhile
                    raise Unmovable("搬的时候还有人在写：请先停止平台的服务，再运行一次")
        except DatabaseError as problem:
            raise Unmovable(f"新数据库不接受：{str(problem).strip().splitlines()[0]}") from problem
    return moved


@contextmanager
def _target(address: str) -> Iterator:
    """A connection to where the address leads, under a name of its own as long as the block lasts."""
    try:
        config = environ.Env.db_url_config(address)
        named = config["NAME"] and config["ENGINE"].endswith((".sqlite3", ".postgresql"))
    except Exception:  # whatever the reader of addresses stumbles over, it is the address
        named = False
    if not named or ":memory:" in str(config["NAME"]):
        raise Unmovable(FORM)
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": "PRAGMA foreign_keys=ON;"}
    connections.databases[TARGET] = ConnectionHandler({"default": config}).settings["default"]
    try:
        try:
            connections[TARGET].ensure_connection()
        except DatabaseError as problem:
            raise Unmovable(f"连不上新数据库：{str(problem).strip().splitlines()[0]}") from problem
        yield connections[TARGET]
    finally:
        connections[TARGET].close()
        del connections[TARGET], connections.databases[TARGET]


def _refuse_same(here: dict, there: dict) -> None:
    def where(config: dict) -> tuple:
        if config["ENGINE"].endswith("sqlite3"):
            return (str(Path(config["NAME"]).resolve()),)
        return str(config["NAME"]), config["HOST"] or "", str(config["PORT"] or 5432)

    if where(here) == where(there):
        raise Unmovable("新旧是同一个数据库")


def _refuse_filled(target) -> None:
    tables = set(target.introspection.table_names())
    if tables and MigrationRecorder.Migration._meta.db_table not in tables and User._meta.db_table not in tables:
        raise Unmovable("新数据库里有别的程序的表，请换一个空的数据库")
    for model in (User, Division, AuditEvent):
        if model._meta.db_table in tables and model._base_manager.using(TARGET).exists():
            raise Unmovable("新数据库里已经有数据，不会覆盖：请换一个空的数据库")


def _applied(connection) -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def _models() -> list[type[Model]]:
    """One for each table, those that join two others too."""
    return [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]


def _rows(model: type[Model], using: str):
    return model._base_manager.using(using)


def _counted(using: str) -> dict[str, int]:
    return {model._meta.db_table: _rows(model, using).count() for model in _models()}


def _copy_and_compare(source, target, say: Callable[[str], None], os_user: str) -> Moved:
    """Inside the transaction of the target."""
    with _standing_still(source):
        audit.record("搬迁数据库", actor=None, to=target.vendor, os_user=os_user)  # so that both databases say so
        for model in _models():  # what the migrations have put there stands in the source too
            if _rows(model, TARGET).exists():
                _rows(model, TARGET).all()._raw_delete(TARGET)
        total = 0
        for model in _models():
            say(f"正在搬 {model._meta.db_table}……")
            total += _copy(model, target)
            _go_on_after(model, source, target)
        try:
            target.check_constraints()
        except IntegrityError as problem:
            raise Unmovable(f"旧数据库里有指向不存在的行：{problem}") from problem
        say("正在逐行核对……")
        for model in _models():
            if _digest(model, "default") != _digest(model, TARGET):
                raise Unmovable(f"表 {model._meta.db_table} 搬过去以后读出来不一样")
        before = verify()
        with _read_instead(target):
            after = verify()
        if [found.sentence for found in before.findings] != [found.sentence for found in after.findings]:
            told = "；".join(found.sentence for found in after.findings)
            raise Unmovable(f"定案记录在新数据库里核对不一致：{told}")
    return Moved(target.vendor, len(_models()), total, after.acts, after.years, [f.sentence for f in after.findings])


@contextmanager
def _standing_still(source) -> Iterator[None]:
    """The source as it is at one moment. On SQLite a transaction of ours begins by locking out whoever wants to write."""
    first = not source.in_atomic_block
    with transaction.atomic(using="default"):
        if first and source.vendor == "postgresql":
            with source.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@contextmanager
def _read_instead(target) -> Iterator[None]:
    """Inside the block every model reads the target."""
    usual = connections["default"]
    connections["default"] = target
    try:
        yield
    finally:
        connections["default"] = usual


def _copy(model: type[Model], target) -> int:
    """The rows as they are: no signal, no default, no date of today. Returns how many."""
    fields = [field for field in model._meta.local_concrete_fields if not field.generated]
    rows, copied = _rows(model, "default").order_by("pk").iterator(chunk_size=BATCH), 0
    while some := list(itertools.islice(rows, BATCH)):
        size = target.ops.bulk_batch_size(fields, some)  # how many values a statement of this engine may hold
        for start in range(0, len(some), size):
            part = some[start : start + size]
            _rows(model, TARGET).all()._insert(part, fields=fields, using=TARGET, raw=True)
        copied += len(some)
    return copied


def _go_on_after(model: type[Model], source, target) -> None:
    """The next row there gets the number that it would have got here."""
    key = model._meta.pk
    if not isinstance(key, AutoField):
        return
    names = {"table": model._meta.db_table, "column": key.column}
    with source.cursor() as cursor:
        cursor.execute(LAST_USED[source.vendor], [names["table"], names["column"]])
        found = cursor.fetchone()
    if found and found[0]:
        with target.cursor() as cursor:
            if target.vendor == "sqlite":  # a table from which nothing was ever removed has no line there yet
                cursor.execute(REMEMBER, names | {"last": found[0]})
            cursor.execute(GO_ON_AFTER[target.vendor], names | {"last": found[0]})


def _digest(model: type[Model], using: str) -> tuple[int, int]:
    """How many rows, and a sum over all of them that does not ask for their order, which engines may see differently."""
    names = [field.attname for field in model._meta.local_concrete_fields]
    rows, total = 0, 0
    for values in _rows(model, using).values_list(*names).iterator(chunk_size=BATCH):
        told = json.dumps(values, default=_plain, sort_keys=True, ensure_ascii=False)
        total += int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest())
        rows += 1
    return rows, total % 2**256


def _plain(value: object) -> str:
    """A value in words that are the same on both engines."""
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, datetime.datetime) and value.tzinfo:
        value = value.astimezone(datetime.UTC)
    return f"{type(value).__name__} {value!r}"
