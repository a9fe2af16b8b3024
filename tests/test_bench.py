"""The bench (tools/bench.py), scaled down, on the engine of this run; whole it is `python3 run.py bench`. How fast it is says the
bench and no test; that it still comes to its figures, this one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.own_database import address_of

HOME = Path(__file__).parent.parent


@pytest.mark.drill
def test_the_bench_comes_to_a_figure_on_each_of_its_lines(db):
    env = dict(os.environ) | {"DATABASE_URL": address_of(connection.settings_dict | {"NAME": "bench_test"})}
    line = [sys.executable, str(HOME / "tools/bench.py"), "--rows", "60", "--sizes", "60", "--scenes", "1"]
    done = subprocess.run(line, env=env, cwd=HOME, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "stored: 60 sessions, 60 history rows" in done.stdout
    for page in ("county assessment: page", "dashboard: page", "session list: page", "statistics by unit.*: page"):
        assert re.search(rf"^{page} +[\d.]+ +[\d.]+ +\d+ +\d+$", done.stdout, re.M), done.stdout
    assert "different pictures compared: 3 pairs, 0 taken for the same" in done.stdout
