"""LD-1: the county's rush (tools/load.py), scaled down, on the engine of this run; whole it is `python3 run.py load`."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection

HOME = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def load():
    spec = importlib.util.spec_from_file_location("load_tool", HOME / "tools/load.py")
    module, patch = importlib.util.module_from_spec(spec), pytest.MonkeyPatch()
    patch.syspath_prepend(str(HOME / "tools"))
    spec.loader.exec_module(module)
    patch.undo()
    return module


@pytest.mark.drill
def test_ld_1_a_small_rush_loses_nothing_and_answers_everybody(db):
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    if connection.vendor == "postgresql":
        own = connection.settings_dict
        login = f"{own['USER']}:{own['PASSWORD']}" if own["PASSWORD"] else own["USER"]
        env["DATABASE_URL"] = f"postgres://{login}@{own['HOST']}:{own['PORT'] or 5432}/load_test"
    size = ["--users", "4", "--minutes", "0.02", "--rows", "6", "--photos", "2", "--photo-kb", "60", "--from-models"]
    line = [sys.executable, str(HOME / "tools/load.py"), *size]
    done = subprocess.run(line, env=env, cwd=HOME, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "| sessions | 49 | 49 |" in done.stdout  # seven of each of the four, and of the three who come alone
    assert "| photos | 14 | 14 |" in done.stdout and "| photos not compared | 0 | 0 |" in done.stdout
    assert "| confirm it | 4 |" in done.stdout
    assert "of these 5xx: 0" in done.stdout


def people(load, *answers):
    made = load.User(load.Balance([0]), 1, "rush-001", "白山镇人民政府", 6, [])
    made.took = [("/", 10.0), ("confirm it", 20.0)]
    for status in answers:
        with pytest.raises(load.StoppedError):
            made.expect(False, f"/sessions/ answered {status}")
    return [made]


@pytest.mark.parametrize(
    ("short", "answers", "code"),
    [
        ({}, [], 0),
        ({"sessions": 27}, [], 1),
        ({"sessions twice": 1}, [], 1),
        ({"photos not compared": 1}, [], 1),
        ({}, [503], 1),
    ],
)
def test_ld_1_control_one_that_is_missing_or_one_error_fails_it(load, capsys, short, answers, code):
    options = SimpleNamespace(users=1, rows=6, photos=2, photo_kb=60, minutes=1, processes=2)
    found = dict.fromkeys(["sessions", "histories of their making"], 28) | {
        "ledgers stored": 4,
        "photos": 8,
        "files": 12,
    }
    found |= {"files without row, rows without file": 0, "sessions twice": 0, "photos not compared": 0} | short
    product = SimpleNamespace(server=None, told=str)
    assert load.report(options, people(load, *answers), people(load), 60, "", found, product) == code
    assert f"of these 5xx: {len(answers)}" in capsys.readouterr().out


def test_ld_1_the_server_of_the_rush_is_started_as_the_one_that_is_shipped(load):
    assert load.shipped_processes() == 2
    assert load.shipped_options() == [
        "--threads=8",
        "--no-clear-untrusted-proxy-headers",
        "--max-request-body-size=440401920",
    ]
