"""The table of docs/bar.md with the tests of each line and what came of them: `python3 run.py bar`.

python3 run.py bar                    runs the tests of all lines, on all cores
python3 run.py bar AC-1 IN-7          those of some lines
python3 run.py bar --from A.xml B.xml reads what whole runs have written (pytest --junitxml) and runs nothing
python3 run.py bar --list             only says which tests a line has

A test belongs to the lines whose ids begin its name: `test_ac_1_every_address…`, `test_sc_4_wb_3_no_dangerous…`. A line of level 0 or 1
holds when each of its tests has run somewhere, none failed, and in no run all of those that stood there were skipped: what needs a
database stands in the runs of both engines, what asks none, or nothing that an engine could answer otherwise (tests/walk.py), in one
of them. A drill (docs/drills.md) may be left out of runs beside other tests, and the row says so. Otherwise the exit code is 1.
"""

import argparse
import ast
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from defusedxml import ElementTree

HOME = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| ([A-Z]{2}-\d+) \| (\d) \| (.+?) \|$", re.MULTILINE)
FAMILIES = "ac|id|pi|in|au|xl|up|wb|rb|ld|sc"
NAME = re.compile(rf"^test_((?:(?:{FAMILIES})_\d+_)+)")
MUST = 1  # up to this level a line without a passing test fails


@dataclass
class Line:
    """One promise, the tests that carry its id (file::function), and per run how their cases ended."""

    id: str
    level: int
    demand: str
    tests: list[str] = field(default_factory=list)
    drills: set[str] = field(default_factory=set)  # those of the tests that a run may leave out: docs/drills.md
    runs: dict[str, Counter] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)  # the tests that stood in some run
    failed: list[str] = field(default_factory=list)

    @property
    def dropped(self) -> str:
        """The decision that argues the line away, or nothing."""
        return self.demand.removeprefix("dropped: ") if self.demand.startswith("dropped: ") else ""

    def count(self, run: str, test: str, outcome: str) -> None:
        self.runs.setdefault(run, Counter())[outcome] += 1
        self.met.add(test)
        if outcome == "failed" and test not in self.failed:
            self.failed.append(test)

    @property
    def left_out(self) -> set[str]:
        return self.drills - self.met

    def complaint(self) -> str:
        """Why the line does not hold, or nothing."""
        if self.dropped:
            return ""
        if not self.tests:
            return "NO TEST"
        if self.failed:
            return f"failed: {', '.join(self.failed)}"
        left_out = self.left_out if self.met else set()
        if missed := [test for test in self.tests if test not in self.met | left_out]:
            return f"not run: {', '.join(missed)}"
        idle = [run for run, outcomes in self.runs.items() if not outcomes["passed"]]
        return f"all skipped: {', '.join(idle)}" if idle else ""


def table(text: str) -> dict[str, Line]:
    rows = ROW.findall(text)
    lines = {name: Line(name, int(level), demand) for name, level, demand in rows}
    if len(lines) != len(rows) or not lines:
        raise SystemExit("docs/bar.md: no line, or one of them twice")
    return lines


def ids_of(test: str) -> list[str]:
    """The lines that a function's name carries: ["SC-4", "WB-3"] for test_sc_4_wb_3_no_dangerous_call."""
    found = NAME.match(test)
    return [f"{a.upper()}-{n}" for a, n in re.findall(r"([a-z]+)_(\d+)_", found[1])] if found else []


def find_tests(folder: Path, lines: dict[str, Line]) -> None:
    """Gives each line its tests. Reads the files only; a name with an id that no line has is a slip and stops all."""
    for path in sorted(folder.rglob("test_*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        all_drills = any(is_drill(node) for node in body if isinstance(node, ast.Assign))
        for node in body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for name in dict.fromkeys(ids_of(node.name)):
                if name not in lines:
                    raise SystemExit(f"{path.name}: {node.name} names {name}, which docs/bar.md does not have")
                test = f"{path.relative_to(folder.parent).as_posix()}::{node.name}"
                lines[name].tests.append(test)
                if all_drills or any(map(is_drill, node.decorator_list)):
                    lines[name].drills.add(test)


def is_drill(node: ast.AST) -> bool:
    """Whether `pytest.mark.drill` stands in a decorator or in the marks of a file."""
    return any(isinstance(part, ast.Attribute) and part.attr == "drill" for part in ast.walk(node))


def read_results(path: Path, lines: dict[str, Line]) -> None:
    """Adds what a run has written as JUnit XML, under the name of its file."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as problem:
        raise SystemExit(f"{path}: not the results of a run: {problem}") from None
    for case in cases:
        function = case.get("name", "").partition("[")[0]
        test = f"{case.get('classname', '').replace('.', '/')}.py::{function}"
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        for name in dict.fromkeys(ids_of(function)):
            if name in lines:
                lines[name].count(path.stem, test, outcome)


def run(lines: dict[str, Line], home: Path) -> None:
    """Runs what belongs to the lines, on the engine that the environment names."""
    tests = sorted({test for line in lines.values() for test in line.tests})
    with tempfile.TemporaryDirectory(prefix="bar-") as folder:
        names, results = Path(folder) / "tests.txt", Path(folder) / "run.xml"
        names.write_text("\n".join(tests), encoding="utf-8")  # too many words for some command lines
        with_drills = ["-n", "auto", "-m", ""]
        words = [sys.executable, "-m", "pytest", *with_drills, f"--junitxml={results}", f"@{names}"]
        subprocess.call(words, cwd=home)  # what failed stands in the results
        read_results(results, lines)


def report(lines: list[Line]) -> list[str]:
    """One row per line, and a last one that counts them."""
    runs = list(dict.fromkeys(run for line in lines for run in line.runs))
    rows = [["id", "level", "tests", *runs, "result"]]
    for line in lines:
        ends = [line.runs.get(run, Counter()) for run in runs]
        cells = [
            ", ".join(f"{ended[kind]} {kind}" for kind in ("passed", "failed", "skipped") if ended[kind])
            for ended in ends
        ]
        holds = f"holds; drills not held here: {len(line.left_out)}" if line.left_out else "holds"
        result = f"dropped, see {line.dropped}" if line.dropped else line.complaint() or holds
        rows.append([line.id, str(line.level), str(len(line.tests)), *(cell or "-" for cell in cells), result])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    shown = ["  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    bad, left_out = len(failing(lines)), sum(bool(line.complaint() or line.dropped) for line in lines)
    held = len(lines) - left_out
    return [*shown, f"lines: {held} passed, {bad} failed, {left_out - bad} skipped"]


def failing(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.complaint() and line.level <= MUST]


def main(words: list[str], home: Path = HOME) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these lines")
    parser.add_argument("--from", dest="results", nargs="+", type=Path, metavar="FILE", help="results of whole runs")
    parser.add_argument("--list", action="store_true", help="only list the tests")
    options = parser.parse_args(words)
    lines = table((home / "docs/bar.md").read_text(encoding="utf-8"))
    find_tests(home / "tests", lines)
    if unknown := set(options.ids) - set(lines):
        raise SystemExit(f"not in docs/bar.md: {', '.join(sorted(unknown))}")
    chosen = {name: line for name, line in lines.items() if not options.ids or name in options.ids}
    if options.list:
        for line in chosen.values():
            print(f"{line.id} [{line.level}] {line.demand}", *(f"    {test}" for test in line.tests), sep="\n")
        return 0
    if options.results:
        for path in options.results:
            read_results(path, chosen)
    else:
        run(chosen, home)
    print(*report(list(chosen.values())), sep="\n")
    return 1 if failing(list(chosen.values())) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
