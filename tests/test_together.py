"""The tests themselves: what shares something runs in one process, what is waited for begins first."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from . import together
from .each import each_of

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
        if re.search(r"walk import .*\bpage\b", path.read_text(encoding="utf-8"))
    }
    assert len(share) > 2 and {together.group(f"{file}::test_x[@y]") for file in share} == {"walks"}


def test_all_browser_tests_share_one_server_and_the_others_stay_with_their_file():
    assert together.group("tests/browser/test_scan.py::test_a") == together.group("tests/browser/test_plan.py::test_b")
    assert together.group("tests/networks/test_people.py::test_a[1::2]") == "tests/networks/test_people.py"


def test_what_is_waited_for_begins_first_and_what_wants_the_same_county_follows_itself():
    wants = {"walks": ["", "site", "", "site"], "tests/b.py": ["world", None, "world"], "tests/a.py": ["", "world"]}
    names = {"walks": "tests/test_web.py"}
    items = [
        SimpleNamespace(nodeid=f"{names.get(file, file)}::test_{n}", wants=want)
        for file, all_of_it in reversed(wants.items())
        for n, want in enumerate(all_of_it)
    ]
    together.longest_first(items, lambda item: item.wants)
    assert [(together.group(item.nodeid), item.wants) for item in items] == [
        *(("walks", want) for want in ("site", "site", "", "")),
        *(("tests/a.py", want) for want in ("world", "")),
        *(("tests/b.py", want) for want in ("world", "world", None)),
    ]


def test_every_file_that_has_a_place_exists_and_has_one():
    files = [file for some in together.ONE_PROCESS.values() for file in some]
    files += [name for name in together.FIRST if "/" in name]
    assert [file for file in files if not (HERE.parent / file).exists()] == []
    assert len(set(files)) == len(files)


def test_every_file_whose_tests_want_the_site_stays_with_the_others_of_them():
    want = {
        f"tests/{path.relative_to(HERE).as_posix()}"
        for path in set(HERE.rglob("test_*.py")) - {Path(__file__)}
        if path.parent.name != "browser" and re.search(r"def test_\w+\([^)]*\bsite\b", path.read_text(encoding="utf-8"))
    }
    assert want == together.ONE_PROCESS["walks"] | together.ONE_PROCESS["acts"]


def test_a_check_of_many_files_tells_all_that_fail():
    def short(path):
        assert len(path.name) < 9, "too long"

    files = [HERE / name for name in ("act.py", "conftest.py", "site_map.py")]
    with pytest.raises(AssertionError, match=r"(?s)^tests/conftest\.py: too long.*\ntests/site_map\.py: too"):
        each_of(files)(short)()
    each_of(files[:1])(short)()
    with pytest.raises(AssertionError):
        each_of([])(short)()  # a folder that was renamed is not taken for one without faults


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


def test_the_suite_itself_is_in_that_order():
    files = ["tests/attack/test_logs.py", "tests/networks/test_people.py", "tests/test_personal_data.py"]
    alone = ["--collect-only", "-p", "no:xdist", "-o", "addopts=-q --no-migrations"]
    line = [sys.executable, "-m", "pytest", *alone, *files]
    told = subprocess.run(line, cwd=HERE.parent, capture_output=True, text=True, timeout=120).stdout
    found = [line.partition("::")[0] for line in told.splitlines() if "::" in line]
    assert list(dict.fromkeys(found)) == [files[2], files[0], files[1]], told
