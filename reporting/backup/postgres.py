"""PostgreSQL: its own programs (pg_dump, pg_restore, psql), reading through the instant that our connection holds open."""

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import Error, connection, connections, transaction

from .databases import reading
from .problems import Unfit

ONE_FILE = False
PART = "database.pgdump"
WITHOUT_BACKUP = (
    "现有的数据已经坏了、备份不了的，请数据库管理员把现有的库改名（ALTER DATABASE 库名 RENAME TO 另一个名字）、"
    "再建一个同名的空库，然后重新运行"
)
SCRATCH = "mashan_check_"  # databases made to look at a backup, and dropped again
A_DAY = 24 * 3600  # seconds

# Tables, then functions: what belongs to an extension stays. Sequences and triggers go with their tables.
EMPTY = """
SET lock_timeout = '20s';
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP TABLE %s CASCADE', r.name); END LOOP;
  FOR r IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'public'
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP EXECUTE format('DROP FUNCTION %s CASCADE', r.name); END LOOP;
END $$;
"""


@contextlib.contextmanager
def moment(config: dict, work: Path) -> Iterator[Callable[[], Path]]:
    with reading(config) as own:
        _fit_to_dump(own)
        with transaction.atomic():
            with own.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SELECT pg_export_snapshot()")
                (instant,) = cursor.fetchone()

            def write() -> Path:
                part = work / PART
                what = ["--format=custom", "--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions"]
                _run("pg_dump", [*what, f"--snapshot={instant}", f"--file={part}"], config)
                part.chmod(0o600)
                return part

            yield write


def _fit_to_dump(own) -> None:
    """pg_dump refuses a server newer than itself; said before any work, and in words."""
    own.ensure_connection()
    server = own.pg_version // 10_000
    told = _run("pg_dump", ["--version"], None).split()
    program = next((int(word.split(".")[0]) for word in told if word[0].isdigit()), 0)
    if program < server:
        raise Unfit(
            f"本机的 pg_dump 是 {program} 版，比数据库服务器（{server} 版）旧，不能备份："
            f"请安装 postgresql-client-{server} 或更新的版本"
        )


def _run(program: str, words: list[str], config: dict | None) -> str:
    """Its output. The password goes by the environment, where other people of the machine do not see it. Raises Unfit."""
    path = shutil.which(program)
    if path is None:
        raise Unfit(f"本机没有 {program}：请安装与数据库服务器版本相同或更新的 postgresql-client 软件包")
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
        [path, *words], env=_environment(config), capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Unfit(f"{program} 没有做成：{said[-1] if said else done.returncode}")
    return done.stdout


def _environment(config: dict | None) -> dict[str, str]:
    env = dict(os.environ)
    if config is None:
        return env
    named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    env |= {name: str(config[key]) for name, key in named.items() if config.get(key)}
    options = config.get("OPTIONS") or {}
    env |= {
        f"PG{key.upper()}": str(options[key])
        for key in ("sslmode", "sslrootcert", "sslcert", "sslkey")
        if key in options
    }
    return env


@contextlib.contextmanager
def opened(part: Path, like: dict, work: Path) -> Iterator[dict | None]:
    """In a database made for it on the same server. Without the right to make one (CREATEDB) nothing can be opened."""
    with scratch(like) as config:
        if config is not None:
            put(part, config, work)
        yield config


@contextlib.contextmanager
def scratch(like: dict) -> Iterator[dict | None]:
    """An empty database beside this one, dropped at the end; None where the account may make none."""
    name = f"{SCRATCH}{int(time.time()):x}_{secrets.token_hex(4)}"
    try:
        _forget_left(like)
        _to_server(like, f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    except Error:
        yield None
        return
    try:
        yield like | {"NAME": name, "CONN_MAX_AGE": 0}
    finally:
        _drop(like, name)


def _forget_left(like: dict) -> None:
    """What a process that was killed left behind goes after a day; its name tells when it was made."""
    with reading(like) as own, own._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database d WHERE datname LIKE %s AND datdba = current_user::regrole"
            " AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)",
            [SCRATCH.replace("_", r"\_") + "%"],
        )
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        with contextlib.suppress(ValueError, Error):
            if int(name.removeprefix(SCRATCH).split("_")[0], 16) < time.time() - A_DAY:
                _drop(like, name)


def _drop(like: dict, name: str) -> None:
    _to_server(like, f'DROP DATABASE IF EXISTS "{name}"')


def _to_server(like: dict, statement: str) -> None:
    """Over a connection of its own, since a database is not made within a transaction."""
    with reading(like) as own, own._nodb_cursor() as cursor:
        cursor.execute(statement)


@contextlib.contextmanager
def for_trial(like: dict, folder: Path) -> Iterator[dict]:
    folder.mkdir(mode=0o700)
    with scratch(like) as config:
        if config is None:
            raise Unfit(
                f"数据库账号 {like['USER']} 不能新建数据库，做不了恢复演练：请数据库管理员执行"
                f" ALTER ROLE {like['USER']} CREATEDB，或在另一台机器上恢复一次"
            )
        yield config


def readable(part: Path) -> None:
    """Every block of it is unpacked once, into nothing."""
    _run("pg_restore", [f"--file={os.devnull}", str(part)], None)


def faults() -> list[str]:
    """Foreign keys are checked by the database when they are made; one that was made without asking it is found here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE NOT convalidated")
        return [f"表 {table} 的约束 {name} 没有检查过" for table, name in cursor.fetchall()]


def exists(config: dict) -> bool:
    """Raises Unfit where there is no such database, which only the administrator of the server makes."""
    try:
        with reading(config) as own:
            return bool(own.introspection.table_names())
    except Error as problem:
        said = str(problem).strip().splitlines()[-1]
        raise Unfit(f"连不上要恢复到的数据库（{said}）：请先建好一个空的数据库，并检查地址和密码") from None


def in_use(config: dict) -> None:
    if connections["default"].settings_dict["NAME"] == config["NAME"]:
        connections["default"].close()  # our own
    with reading(config) as own, own.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        (others,) = cursor.fetchone()
    if others:
        raise Unfit(f"还有 {others} 个程序连着这个数据库：请先停止平台的服务，再来")


def put(part: Path, config: dict, work: Path) -> None:
    """Emptied and filled in one transaction: who looks meanwhile sees the old data, and so does everybody if it fails."""
    before, script = work / "empty.sql", work / "restore.sql"
    before.write_text(EMPTY, encoding="utf-8")
    script.touch(mode=0o600)
    _run("pg_restore", ["--no-owner", "--no-privileges", f"--file={script}", str(part)], None)
    quiet = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--output={os.devnull}"]
    _run("psql", [*quiet, f"--file={before}", f"--file={script}"], config)
    script.unlink()


def set_aside(config: dict, stamp: str) -> str:
    raise Unfit(f"PostgreSQL 的现有数据由数据库管理员留存：{WITHOUT_BACKUP}")
