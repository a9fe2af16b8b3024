"""IN-6, IN-3: two processes of the product on one database are asked for the same thing at the same moment, on the engine of this run;
two_servers.py starts and asks them. The control takes the locks away."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from .own_database import own_database

ROOT = Path(__file__).parent.parent
ONCE = {"verify": 1, "close": 1, "sound": True, "token": 1, "ledger": 1, "ledger_of_two": 1}
pytestmark = [pytest.mark.drill, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")]


def asked(tmp_path, locks: str) -> dict:
    with own_database("two_servers", tmp_path) as address:
        line = [sys.executable, str(Path(__file__).with_name("two_servers.py")), address, str(tmp_path), locks]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])


def test_in_6_in_3_of_six_requests_to_two_servers_each_act_happens_once_and_nobody_sees_an_error(db, tmp_path):
    """A session verified, a year closed, a form sent again, a ledger confirmed by one and by two people."""
    found = asked(tmp_path, "on")
    assert found["kept"] == ONCE
    assert {act for act, told in found["told"].items() if set(told) - {"200", "302", "addresses"}} == set()
    assert found["told"]["token"] == {"302": 6, "addresses": 1}  # all are led to the one session


def test_in_6_control_without_locks_both_servers_win_or_get_into_each_others_way(db, tmp_path):
    found = asked(tmp_path, "off")
    assert found["kept"]["token"] > 1
    for act in ("verify", "close", "ledger", "ledger_of_two"):
        if connection.vendor == "postgresql" and act != "close":
            assert found["kept"][act] > 1, act
        else:  # the file, or the order of the ledger, lets one through and breaks the others off
            assert {"500", "503"} & set(found["told"][act]) or found["kept"][act] > 1, act
