"""What keeps the database itself from changing or removing an act of the ledger (AU-2) or a line of the audit log (AU-3):
triggers, on both engines. Of a line one thing alone may go: the link to an account that is itself deleted; its name stays.

They are laid after every `migrate`, so that a database is never without them for long and tests have them too. Whoever owns the
database can take them away; that is what the signatures and the sealed annex are for. Emptying a whole database on purpose
(the demonstration starting over, a restore that was told to replace) goes through `unguarded`.
"""

import contextlib
from collections.abc import Iterator

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("reporting_ledgeract", "networks_auditevent")
TOLD = "数据库没有拦住对定案记录的改动或对操作日志的改动（触发器不在）"
WHAT_TO_DO = "运行 manage.py migrate 会重新装上；再运行 manage.py verify_ledger，看定案记录是否被人改过"

LAY = {
    "sqlite": [
        "CREATE TRIGGER IF NOT EXISTS ledger_act_no_update BEFORE UPDATE ON reporting_ledgeract"
        " BEGIN SELECT RAISE(ABORT, '定案记录只能增加，不能改动或删除'); END",
        "CREATE TRIGGER IF NOT EXISTS ledger_act_no_delete BEFORE DELETE ON reporting_ledgeract"
        " BEGIN SELECT RAISE(ABORT, '定案记录只能增加，不能改动或删除'); END",
        "CREATE TRIGGER IF NOT EXISTS audit_event_no_update BEFORE UPDATE ON networks_auditevent"
        " WHEN NEW.actor_id IS NOT NULL OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at"
        " OR NEW.actor_name IS NOT OLD.actor_name OR NEW.county_code IS NOT OLD.county_code"
        " OR NEW.action IS NOT OLD.action OR NEW.subject IS NOT OLD.subject OR NEW.subject_id IS NOT OLD.subject_id"
        " OR NEW.detail IS NOT OLD.detail OR NEW.address IS NOT OLD.address"
        " BEGIN SELECT RAISE(ABORT, '操作日志只能增加，不能改动或删除'); END",
        "CREATE TRIGGER IF NOT EXISTS audit_event_no_delete BEFORE DELETE ON networks_auditevent"
        " BEGIN SELECT RAISE(ABORT, '操作日志只能增加，不能改动或删除'); END",
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
        "CREATE OR REPLACE FUNCTION audit_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '操作日志只能增加，不能改动或删除' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE OR REPLACE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN IF EXISTS (SELECT 1 FROM networks_auditevent) THEN"
        " RAISE EXCEPTION '操作日志只能增加，不能改动或删除' USING ERRCODE = 'integrity_constraint_violation';"
        " END IF; RETURN NULL; END $$",
        "CREATE OR REPLACE TRIGGER audit_event_no_update BEFORE UPDATE ON networks_auditevent FOR EACH ROW"
        " WHEN (NEW.actor_id IS NOT NULL OR to_jsonb(NEW) - 'actor_id' IS DISTINCT FROM to_jsonb(OLD) - 'actor_id')"
        " EXECUTE FUNCTION audit_event_stays()",
        "CREATE OR REPLACE TRIGGER audit_event_no_delete BEFORE DELETE ON networks_auditevent"
        " FOR EACH ROW EXECUTE FUNCTION audit_event_stays()",
        "CREATE OR REPLACE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON networks_auditevent"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_events_stay()",
    ],
}
TAKE_AWAY = {
    "sqlite": [
        "DROP TRIGGER IF EXISTS ledger_act_no_update",
        "DROP TRIGGER IF EXISTS ledger_act_no_delete",
        "DROP TRIGGER IF EXISTS audit_event_no_update",
        "DROP TRIGGER IF EXISTS audit_event_no_delete",
    ],
    "postgresql": [
        "SET CONSTRAINTS ALL IMMEDIATE",  # a table with checks still to come cannot be altered
        "DROP TRIGGER IF EXISTS ledger_act_no_update ON reporting_ledgeract",
        "DROP TRIGGER IF EXISTS ledger_act_no_delete ON reporting_ledgeract",
        "DROP TRIGGER IF EXISTS ledger_act_no_truncate ON reporting_ledgeract",
        "DROP TRIGGER IF EXISTS audit_event_no_update ON networks_auditevent",
        "DROP TRIGGER IF EXISTS audit_event_no_delete ON networks_auditevent",
        "DROP TRIGGER IF EXISTS audit_event_no_truncate ON networks_auditevent",
    ],
}
LAID = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s)",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid IN (to_regclass(%s), to_regclass(%s))"
    " AND tgenabled <> 'D' AND NOT tgisinternal",
}
NEEDED = {
    "sqlite": {"ledger_act_no_update", "ledger_act_no_delete", "audit_event_no_update", "audit_event_no_delete"},
    "postgresql": {
        "ledger_act_no_update",
        "ledger_act_no_delete",
        "ledger_act_no_truncate",
        "audit_event_no_update",
        "audit_event_no_delete",
        "audit_event_no_truncate",
    },
}


def there(connection: BaseDatabaseWrapper) -> bool:
    """Whether both tables have been made."""
    return set(TABLES) <= set(connection.introspection.table_names())


def lay(connection: BaseDatabaseWrapper) -> None:
    """Lays the triggers that are not there. Does nothing before both tables are there."""
    if not there(connection) or not missing(connection):
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
        cursor.execute(LAID[connection.vendor], TABLES)
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
