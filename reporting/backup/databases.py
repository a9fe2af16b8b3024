"""Which database the models read, and what each engine does in its own way.

An engine is a module with
- `PART`: the name of the database in a backup; `ONE_FILE`: whether a database is a file;
- `moment(config, work)`: a block in which the models read one instant of that database; gives a function that writes this very
  instant to a file in `work` and returns its path;
- `opened(part, like, work)`: a block that gives the configuration of a database made of that file; None where that cannot be;
- `for_trial(like, folder)`: a block that gives the configuration of an empty database, gone afterwards;
- `readable(part)`: raises Unfit where the file cannot be read to its end;
- `faults()`: what the engine's own examination of the database that the models read finds;
- `exists(config)`: whether there is such a database with anything in it;
- `in_use(config)`: raises Unfit where another program has the database open (our own connection to it is closed);
- `put(part, config, work)`: replaces the database by what is in the file, in one step;
- `set_aside(config, stamp)`: gives a database that is not to be backed up another name, which it returns, or raises Unfit;
- `WITHOUT_BACKUP`: what to do, in words, where what is there can not be backed up before it is replaced.
"""

import contextlib
import copy
from collections.abc import Iterator
from types import ModuleType

import environ
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from .problems import Unfit

SQLITE_OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": "PRAGMA foreign_keys=ON;"}


def engine_of(config: dict) -> ModuleType:
    from . import postgres, sqlite

    return sqlite if config["ENGINE"].endswith("sqlite3") else postgres


def ours() -> dict:
    """The database that the models read now."""
    return connections["default"].settings_dict


def from_address(address: str) -> dict:
    """DATABASE_URL as in .env. Raises Unfit."""
    try:
        config = environ.Env.db_url_config(address)
        name, known = config["NAME"], config["ENGINE"].endswith((".sqlite3", ".postgresql"))
    except Exception:  # whatever the reader of addresses stumbles over, it is the address
        name, known = "", False
    if not known or not name or ":memory:" in str(name):
        raise Unfit("--into 应写成 sqlite:////文件的完整路径 或 postgres://用户:密码@主机:5432/库名")
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS
    return config


@contextlib.contextmanager
def reading(config: dict) -> Iterator[BaseDatabaseWrapper]:
    """Inside the block every model reads and writes this database, over a connection of its own. For commands, which are
    alone in their process; a request never comes here."""
    other = ConnectionHandler({"default": copy.deepcopy(config)})["default"]
    usual = connections["default"]
    connections["default"] = other
    try:
        yield other
    finally:
        connections["default"] = usual
        other.close()
