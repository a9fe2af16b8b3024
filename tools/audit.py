"""Asks the public advisory services about the pinned packages: `python3 run.py audit`, in CI and by hand.

Exit 1 when a weakness is known. A service that cannot be reached, or that does not know a package (a mirror answers so for all of
them, which pip-audit counts as nothing found), is said and is no error: the suite has to run on a machine without a road
outside. The product itself asks nobody anything; this is the only tool that does, and it sends names and versions only.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

PINS = Path(__file__).resolve().parent.parent / "requirements-dev.txt"  # what the product needs and the tests need
SERVICES = ("pypi", "osv")  # by the names that pip-audit has for them; the second is asked what the first did not know


@dataclass
class Answers:
    """What one service said: known weaknesses by package, who was answered for, who was not, and why not."""

    found: dict[str, list[str]] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    problem: str = ""


def understood(report: str, complaint: str) -> Answers:
    """What pip-audit's JSON says; without it the last line of its complaint is the reason."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Answers(problem=(complaint.strip().splitlines() or ["no answer"])[-1][:200])
    answers = Answers()
    for package in packages:
        if "skip_reason" in package:
            answers.silent.add(package["name"])
            continue
        answers.answered.add(package["name"])
        if package["vulns"]:
            known = [f"{one['id']} (mended in {', '.join(one['fix_versions']) or '?'})" for one in package["vulns"]]
            answers.found[f"{package['name']} {package['version']}"] = known
    return answers


def ask(service: str, seconds: float) -> Answers:
    words = ["-m", "pip_audit", "-r", str(PINS), "--no-deps", "--disable-pip", "--require-hashes", "--timeout", "5"]
    words += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Answers(problem=f"not done within {seconds:.0f} seconds")
    return understood(done.stdout, done.stderr)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="no longer than this in all (20)")
    options = parser.parse_args(words)
    until = time.monotonic() + options.seconds
    found, answered, silent = {}, set(), set()
    for number, service in enumerate(SERVICES):
        left = until - time.monotonic()
        if left < 1 or (number and not silent and answered):
            break
        answers = ask(service, left if number else left * 0.6)
        print(
            f"{service}: {answers.problem or f'{len(answers.answered)} packages answered for, {len(answers.silent)} not'}"
        )
        found |= answers.found
        answered |= answers.answered
        silent = (silent | answers.silent) - answered
    for package, known in found.items():
        print(f"KNOWN WEAKNESS: {package}: {'; '.join(known)}")
    if not answered:
        print("NOT AUDITED: no advisory service answers from here. Nothing was found because nothing could be asked.")
    elif silent:
        print(f"NOT AUDITED: {', '.join(sorted(silent))}")
    elif not found:
        print(f"no known weakness in {len(answered)} packages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
