"""IN-6: two who lock a year at the same moment, on either engine, with a control that fails when nothing is locked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.own_database import own_database

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.drill


@pytest.fixture
def address(db, tmp_path):
    """Of an empty database of its own, on the engine of this run."""
    with own_database("two_locks", tmp_path) as there:
        yield there


def race(address, locks):
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))}
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("two_locks.py")), address, locks],
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


def test_in_6_one_of_six_confirmers_locks_the_year_and_one_of_six_proposals_stands(address):
    assert race(address, "on") == {
        "confirmed": {"done": 1, "这个提议已确认，不用再办": 5},
        "proposed": {"done": 1, "已有一个提议在等另一人确认，请先办理它": 5},
        "kept": {"acts": 1, "open": 1, "sound": True},
    }


def test_in_6_control_without_the_lock_they_get_into_each_others_way(address):
    """Several find the year open: PostgreSQL lets more than one of them lock it, one after the other, which leaves a ledger
    that is not sound; on SQLite they end in an error."""
    told = race(address, "off")
    assert "这个提议已确认，不用再办" not in told["confirmed"]
    if connection.vendor == "postgresql":
        assert told["kept"]["acts"] > 1 or "IntegrityError" in told["confirmed"]
    else:
        assert "OperationalError" in told["confirmed"]
