"""One command for every formatter and linter: python3 run.py lint; `--fix` mends what can be mended."""

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["djlint", "templates", "--check", "--lint"]]
FIXES = [["ruff", "check", "--fix", "."], ["ruff", "format", "."], ["djlint", "templates", "--reformat", "--quiet"]]


def main() -> int:
    failed = []
    for words in FIXES if "--fix" in sys.argv else CHECKS:
        print("$", *words, flush=True)
        if subprocess.call([str(BIN / words[0]), *words[1:]], cwd=HOME):
            failed.append(words[0])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
