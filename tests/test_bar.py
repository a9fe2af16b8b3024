"""tools/bar.py: which tests a line has, what came of them, and when a line fails."""

import ast

import pytest

from tools import bar

TABLE = """# The bar
| id | level | demand |
|---|---|---|
| AC-1 | 0 | every address |
| IN-7 | 1 | a year stays |
| UP-3 | 2 | photographs |
| XL-9 | 1 | dropped: docs/decisions/why.md |
"""
TESTS = """
def test_ac_1_in_7_both(): ...
def test_in_7_alone(): ...
def test_without_an_id(): ...
def helper_ac_1_x(): ...
"""
CASE = '<testcase classname="tests.sub.test_it" name="{}">{}</testcase>'


@pytest.fixture
def home(tmp_path):
    """A project with a bar of four lines and two tests that carry ids."""
    (tmp_path / "docs/decisions").mkdir(parents=True)
    (tmp_path / "docs/bar.md").write_text(TABLE, encoding="utf-8")
    (tmp_path / "tests/sub").mkdir(parents=True)
    (tmp_path / "tests/sub/test_it.py").write_text(TESTS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def judged(home, capsys):
    """`judged(sqlite={"test_in_7_alone": ""}, …)`: exit code and the printed table after runs that ended so."""

    def tell(*ids, **runs):
        paths = []
        for name, cases in runs.items():
            paths.append(home / f"{name}.xml")
            body = "".join(CASE.format(case, f"<{end}/>" if end else "") for case, end in cases.items())
            paths[-1].write_text(f"<testsuites><testsuite>{body}</testsuite></testsuites>", encoding="utf-8")
        code = bar.main([*ids, "--from", *map(str, paths)], home)
        out = capsys.readouterr().out.splitlines()
        return code, {row.split()[0]: row for row in out}

    return tell


BOTH, ALONE = "test_ac_1_in_7_both", "test_in_7_alone"


def test_a_name_carries_the_ids_that_it_begins_with():
    assert bar.ids_of("test_sc_4_wb_3_no_dangerous_call") == ["SC-4", "WB-3"]
    assert bar.ids_of("test_in_7_after_step_in_8_of_it") == ["IN-7"]
    assert bar.ids_of("test_a_unit_whose_figures_mostly_end_in_0_is_told_so") == []


def test_all_lines_hold_when_each_test_has_passed_somewhere(judged):
    code, rows = judged(sqlite={BOTH: "", f"{ALONE}[a]": "", f"{ALONE}[b]": "skipped"}, postgresql={f"{ALONE}[a]": ""})
    assert code == 0
    assert rows["AC-1"].split() == ["AC-1", "0", "1", "1", "passed", "-", "holds"]
    assert rows["IN-7"].split() == ["IN-7", "1", "2", "2", "passed,", "1", "skipped", "1", "passed", "holds"]
    assert rows["UP-3"].endswith("NO TEST"), "a line of level 2 may wait"
    assert rows["XL-9"].endswith("dropped, see docs/decisions/why.md")
    assert rows["lines:"] == "lines: 2 passed, 0 failed, 2 skipped"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ({"sqlite": {BOTH: "", ALONE: "failure"}}, f"failed: tests/sub/test_it.py::{ALONE}"),
        ({"sqlite": {BOTH: "", ALONE: "error"}}, f"failed: tests/sub/test_it.py::{ALONE}"),
        ({"sqlite": {BOTH: ""}}, f"not run: tests/sub/test_it.py::{ALONE}"),
        ({"sqlite": {BOTH: "skipped", ALONE: "skipped"}}, "all skipped: sqlite"),
        ({"sqlite": {BOTH: "", ALONE: ""}, "postgresql": {ALONE: "skipped"}}, "all skipped: postgresql"),
    ],
)
def test_a_line_that_failed_was_not_run_or_was_skipped_by_an_engine_does_not_hold(judged, runs, said):
    code, rows = judged("IN-7", **runs)
    assert code == 1
    assert rows["IN-7"].endswith(said)
    assert rows["lines:"] == "lines: 0 passed, 1 failed, 0 skipped"


def test_a_drill_may_be_left_out_beside_other_tests_and_the_row_says_so(home, judged):
    marked = TESTS.replace("def test_in_7_alone", "@pytest.mark.drill\ndef test_in_7_alone")
    (home / "tests/sub/test_it.py").write_text(marked, encoding="utf-8")
    code, rows = judged(sqlite={BOTH: ""})
    assert code == 0 and rows["IN-7"].endswith("holds; drills not held here: 1")
    assert judged(sqlite={BOTH: "", ALONE: "failure"})[0] == 1
    assert judged(sqlite={ALONE: ""})[0] == 1


def test_a_line_whose_drills_are_all_that_it_has_is_not_held_without_them(home, judged):
    path = home / "tests/sub/test_it.py"
    path.write_text("pytestmark = [pytest.mark.drill]\n" + TESTS, encoding="utf-8")
    code, rows = judged("IN-7", sqlite={"test_without_an_id": ""})
    assert code == 1 and "not run: " in rows["IN-7"]
    assert judged("IN-7", sqlite={BOTH: ""})[0] == 0


def test_a_line_without_test_fails(home, judged):
    (home / "tests/sub/test_it.py").write_text("def test_in_7_alone(): ...", encoding="utf-8")
    code, rows = judged(sqlite={ALONE: ""})
    assert code == 1
    assert rows["AC-1"].endswith("NO TEST")


def test_a_slip_in_a_name_or_a_line_that_is_not_there_is_said(home):
    with pytest.raises(SystemExit, match=r"not in docs/bar\.md: AC-2"):
        bar.main(["AC-2", "--list"], home)
    (home / "tests/sub/test_it.py").write_text("def test_ac_9_x(): ...", encoding="utf-8")
    with pytest.raises(SystemExit, match="test_ac_9_x names AC-9"):
        bar.main(["--list"], home)


@pytest.mark.parametrize("text", [None, "", "<testsuites>"])
def test_what_is_no_result_of_a_run_is_refused(home, text):
    if text is not None:
        (home / "x.xml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="not the results of a run"):
        bar.main(["--from", str(home / "x.xml")], home)


def test_the_list_names_the_tests_and_runs_nothing(home, capsys, monkeypatch):
    monkeypatch.setattr(bar.subprocess, "call", lambda *args, **kwargs: pytest.fail("ran"))
    assert bar.main(["AC-1", "--list"], home) == 0
    assert capsys.readouterr().out.splitlines() == ["AC-1 [0] every address", f"    tests/sub/test_it.py::{BOTH}"]


def test_without_results_the_tests_of_the_line_are_run_and_their_results_read(home, capsys, monkeypatch):
    """By pytest itself, so that a change of what it writes is noticed."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)  # these tests know no product
    (home / "tests/sub/test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('case', ['a', 'b'])\n"
        "def test_ac_1_both(case):\n    if case == 'b':\n        pytest.skip('why')\n"
        "def test_in_7_alone():\n    assert False\n"
        "def test_without_an_id():\n    assert False\n",
        encoding="utf-8",
    )
    assert bar.main(["AC-1", "IN-7"], home) == 1
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert ["AC-1", "0", "1", "1", "passed,", "1", "skipped", "holds"] in rows
    assert ["IN-7", "1", "1", "1", "failed", "failed:", "tests/sub/test_it.py::test_in_7_alone"] in rows


def test_a_line_argued_away_names_a_decision_that_is_there():
    lines = bar.table((bar.HOME / "docs/bar.md").read_text(encoding="utf-8"))
    dropped = {line.id: line.dropped for line in lines.values() if line.dropped}
    assert set(dropped) == {"SC-3", "XL-9"}
    for name, path in dropped.items():
        assert name in (bar.HOME / path).read_text(encoding="utf-8")


def test_each_line_with_a_test_that_ci_runs_on_one_engine_has_one_that_runs_on_both():
    """See `one_engine` in tests/walk.py and docs/drills.md. What the lines of SC promise is no database's business."""
    lines, alone = bar.table((bar.HOME / "docs/bar.md").read_text(encoding="utf-8")), set()
    bar.find_tests(bar.HOME / "tests", lines)
    for path in (bar.HOME / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        every = any(marks(node.value) & ON_ONE_ENGINE for node in tree.body if names(node) == {"pytestmark"})
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and (
                every or any(marks(m) & ON_ONE_ENGINE for m in node.decorator_list)
            ):
                alone.add(f"{path.relative_to(bar.HOME).as_posix()}::{node.name}")
    concerned = {line.id: set(line.tests) - alone for line in lines.values() if alone & set(line.tests)}
    assert {"PI-2", "PI-4", "PI-7", "WB-1", "WB-2", "WB-3", "RB-1", "RB-3", "IN-2", "IN-6", "IN-9"} <= set(concerned)
    without = [name for name, others in concerned.items() if not others and not name.startswith("SC-")]
    assert without == []


ON_ONE_ENGINE = {"one_engine", "drill"}


def marks(node: ast.AST) -> set[str]:
    """The names that stand in an expression."""
    return {getattr(part, "attr", "") or getattr(part, "id", "") for part in ast.walk(node)}


def names(node: ast.AST) -> set[str]:
    """What an assignment assigns to."""
    return {getattr(target, "id", "") for target in getattr(node, "targets", [])}
