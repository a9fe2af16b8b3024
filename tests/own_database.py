"""A database of one's own, for what runs in a process of its own: the suite's SQLite lies in memory, and its PostgreSQL is rolled back."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from django.db import connection


def address_of(config: dict) -> str:
    """The DATABASE_URL of a database that is configured so."""
    if config["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{config['NAME']}"
    login = ":".join(quote(config[key], safe="") for key in ("USER", "PASSWORD") if config[key])
    return f"postgres://{login}@{config['HOST']}:{config['PORT'] or 5432}/{config['NAME']}"


@contextlib.contextmanager
def own_database(name: str, folder: Path) -> Iterator[str]:
    """The address of an empty database on the engine of this run: a file in `folder`, or one on the server that is gone afterwards."""
    own = connection.settings_dict
    if connection.vendor == "sqlite":
        yield address_of(own | {"NAME": str(folder / f"{name}.sqlite3")})
        return
    name = f"{name}_{os.getpid()}"
    with connection.copy()._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield address_of(own | {"NAME": name})
    finally:
        with connection.copy()._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
