"""The tests themselves: what shares something runs in one process, what is waited for begins first."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from . import together

HERE = Path(__file__).parent
NOTES = """
import os, pathlib, time, pytest

@pytest.mark.parametrize("number", range(6))
def test_one(number):
    time.sleep(0.05)
    pathlib.Path(__file__).with_suffix(f".{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""
HOOK = """
from tests.together import Together

def pytest_xdist_make_scheduler(config, log):
    return Together(config, log)
"""


def test_every_file_that_shares_what_a_walk_has_opened_runs_in_the_process_of_the_walks():
    share = {
        f"tests/{path.relative_to(HERE).as_posix()}"
        for path in set(HERE.rglob("test_*.py")) - {Path(__file__)}
        if "import page" in (text := path.read_text(encoding="utf-8")) and "walk import" in text
    }
    assert share and {together.group(f"{file}::test_x[@y]") for file in share} == {"walks"}
    assert {together.group(f"{file}::test_x") for file in together.WALKS} == {"walks"}
    assert {file for file in together.WALKS if not (HERE.parent / file).exists()} == set()


def test_all_browser_tests_share_one_server_and_the_others_stay_with_their_file():
    assert together.group("tests/browser/test_scan.py::test_a") == together.group("tests/browser/test_plan.py::test_b")
    assert together.group("tests/networks/test_people.py::test_a[1::2]") == "tests/networks/test_people.py"


def test_what_is_waited_for_begins_first_and_the_rest_keeps_its_order():
    last_to_first = ["tests/b.py::test_1", "tests/a.py::test_1", *(f"{file}::test" for file in together.WALKS)]
    items = [SimpleNamespace(nodeid=nodeid) for nodeid in last_to_first]
    together.longest_first(items)
    assert [item.nodeid for item in items][-2:] == last_to_first[:2]
    assert {together.group(name) for name in together.FIRST if "/" in name} == {n for n in together.FIRST if "/" in n}


def test_the_tests_of_a_file_do_run_in_one_process(tmp_path):
    (tmp_path / "conftest.py").write_text(HOOK)
    for name in ("test_a.py", "test_b.py", "test_c.py"):
        (tmp_path / name).write_text(NOTES)
    quick = ["-p", "no:django", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    line = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope", *quick, str(tmp_path)]
    done = subprocess.run(line, cwd=HERE.parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = sorted(path.name for path in tmp_path.glob("test_*.gw*"))
    assert [name.partition(".")[0] for name in ran] == ["test_a", "test_b", "test_c"], ran
