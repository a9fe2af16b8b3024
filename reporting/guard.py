"""What keeps the database itself from changing or removing an act of the ledger (AU-2): triggers, on both engines.

They are laid after every `migrate`, so that a database is never without them for long and tests have them too. Whoever owns the
database can take them away; that is what the signatures and the sealed annex are for. Emptying a whole database on purpose
(the demonstration starting over, a restore that was told to replace) goes through `unguarded`.
"""

import contextlib
from collections.abc import Iterator

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "reporting_ledgeract"
TOLD = "数据库没有拦住对定案记录的改动（触发器不在）"
WHAT_TO_DO = "运行 manage.py migrate 会重新装上；再运行 manage.py verify_ledger，看定案记录是否被人改过"

LAY = {
    "sqlite": [
        "CREATE TRIGGER IF NOT EXISTS ledger_act_no_update BEFORE UPDATE ON reporting_ledgeract"
        " BEGIN SELECT RAISE(ABORT, '定案记录只能增加，不能改动或删除'); END",
        "CREATE TRIGGER IF NOT EXISTS ledger_act_no_delete BEFORE DELETE ON reporting_ledgeract"
        " BEGIN SELECT RAISE(ABORT, '定案记录只能增加，不能改动或删除'); END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION ledger_act_stays() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '定案记录只能增加，不能改动或删除' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        # An empty table may be truncated with all others, as when the demonstration is cleared.
        "CREATE OR REPLACE FUNCTION ledger_acts_stay() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN IF EXISTS (SELECT 1 FROM reporting_ledgeract) THEN"
        " RAISE EXCEPTION '定案记录只能增加，不能改动或删除' USING ERRCODE = 'integrity_constraint_violation';"
        " END IF; RETURN NULL; END $$",
        "CREATE OR REPLACE TRIGGER ledger_act_no_update BEFORE UPDATE ON reporting_ledgeract"
        " FOR EACH ROW EXECUTE FUNCTION ledger_act_stays()",
        "CREATE OR REPLACE TRIGGER ledger_act_no_delete BEFORE DELETE ON reporting_ledgeract"
        " FOR EACH ROW EXECUTE FUNCTION ledger_act_stays()",
        "CREATE OR REPLACE TRIGGER ledger_act_no_truncate BEFORE TRUNCATE ON reporting_ledgeract"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_acts_stay()",
    ],
}
TAKE_AWAY = {
    "sqlite": [
        "DROP TRIGGER IF EXISTS ledger_act_no_update",
        "DROP TRIGGER IF EXISTS ledger_act_no_delete",
    ],
    "postgresql": [
        "SET CONSTRAINTS ALL IMMEDIATE",  # a table with checks still to come cannot be altered
        "DROP TRIGGER IF EXISTS ledger_act_no_update ON reporting_ledgeract",
        "DROP TRIGGER IF EXISTS ledger_act_no_delete ON reporting_ledgeract",
        "DROP TRIGGER IF EXISTS ledger_act_no_truncate ON reporting_ledgeract",
    ],
}
LAID = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgenabled <> 'D' AND NOT tgisinternal",
}
NEEDED = {
    "sqlite": {"ledger_act_no_update", "ledger_act_no_delete"},
    "postgresql": {"ledger_act_no_update", "ledger_act_no_delete", "ledger_act_no_truncate"},
}


def lay(connection: BaseDatabaseWrapper) -> None:
    """Lays the triggers that are not there. Does nothing before the table is there."""
    if TABLE not in connection.introspection.table_names() or not missing(connection):
        return
    with connection.cursor() as cursor:
        for statement in LAY[connection.vendor]:
            cursor.execute(statement)


def take_away(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for statement in TAKE_AWAY[connection.vendor]:
            cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """The triggers that should be there and are not."""
    with connection.cursor() as cursor:
        cursor.execute(LAID[connection.vendor], [TABLE])
        return NEEDED[connection.vendor] - {name for (name,) in cursor.fetchall()}


def state() -> str:
    """In one word, for monitors; it says nothing about what is in the ledger."""
    return "unguarded" if missing(connections["default"]) else "ok"


@contextlib.contextmanager
def unguarded(using: str = "default") -> Iterator[None]:
    """The only way of our own around the triggers: for emptying a database on purpose. All or nothing with what is done in
    it, so that a failure leaves them where they are."""
    connection = connections[using]
    with transaction.atomic(using=using):
        take_away(connection)
        yield
        lay(connection)


def after_migrate(sender, using: str, **kwargs) -> None:
    """Called after every `migrate` and `flush`."""
    lay(connections[using])
