#!/usr/bin/env python3
"""The one way in: prepares .venv and .env, then hands over. Needs Python 3.11 or newer and nothing else.

python3 run.py                 the product with the demonstration county, http://127.0.0.1:8000/  (--port N, --fresh …)
python3 run.py test            the tests, on all cores (further words go to pytest)
python3 run.py setup [--dev]   only prepare; after it .venv/bin/python manage.py … works
python3 run.py lint | bench    tools/lint.py, tools/bench.py
python3 run.py load            the rush at the end of the year, served as shipped: tools/load.py, docs/load.md
python3 run.py bar             what has to hold, with its tests and what came of them: tools/bar.py, docs/bar.md
python3 run.py audit | sbom    known weaknesses of the packages; the list of them: tools/audit.py, tools/sbom.py
python3 run.py COMMAND …       any management command
"""

import hashlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - older ones are told, not left with a SyntaxError
    sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0])

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
TOOLS = {"lint", "bench", "load", "bar", "audit", "sbom"}  # each is tools/NAME.py and needs what the tests need


def setup(dev: bool) -> None:
    """Makes .venv when it is missing, installs the pins when they have changed, writes .env once."""
    pins = [HOME / "requirements.txt", HOME / "requirements-dev.txt"]
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in pins)).hexdigest()
    stamps = [VENV / "installed-run", VENV / "installed-dev"]
    enough = stamps[1:] if dev else stamps  # what serves the tests serves the product too
    if not (PYTHON.exists() and any(stamp.exists() and stamp.read_text() == wanted for stamp in enough)):
        print("Preparing .venv: once, and again whenever the requirements change ...", flush=True)
        install(pins[dev])
        stamps[dev].write_text(wanted)
    if not (HOME / ".env").exists():
        with open(os.open(HOME / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as env:
            env.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nLEDGER_KEY={secrets.token_urlsafe(50)}\n")


def install(pins: Path) -> None:
    """The pins into .venv, with uv when there is one. A .venv that could not be finished is not left behind."""
    uv = shutil.which("uv")
    if not PYTHON.exists():
        if not uv and not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
            sudo = "sudo " if getattr(os, "geteuid", int)() else ""
            package = f"python3.{sys.version_info.minor}-venv"
            sys.exit(f"This Python lacks venv. Install it, then run again:\n  {sudo}apt-get install -y {package}")
        made = [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        try:
            subprocess.run([*made, str(VENV)], check=True)
        except BaseException:
            shutil.rmtree(VENV, ignore_errors=True)
            raise
    pip = [uv, "pip", "install", "--python", str(PYTHON)] if uv else [str(PYTHON), "-m", "pip", "install"]
    subprocess.run([*pip, "-q", "--require-hashes", "-r", str(pins)], check=True)


def command_line(words: list[str]) -> list[str]:
    """What to hand over to, after the interpreter; nothing for `setup`."""
    command, rest = (words[0], words[1:]) if words and not words[0].startswith("-") else ("demo", words)
    if command == "setup":
        return []
    if command == "test":
        cores = [] if any(word.startswith("-n") for word in rest) else ["-n", "auto"]
        return ["-m", "pytest", *cores, *rest]
    return [f"tools/{command}.py", *rest] if command in TOOLS else ["manage.py", command, *rest]


def main(words: list[str]) -> int:
    line = command_line(words)
    try:
        setup(dev=bool(({"test", "--dev"} | TOOLS) & set(words[:2])))
        if not line:
            return 0
        os.chdir(HOME)
        os.environ["PYTHONUTF8"] = "1"  # Chinese on every terminal, redirected or not
        if os.name != "nt":
            os.execv(PYTHON, [str(PYTHON), *line])  # the same process, so that whoever stops it stops the server
        return subprocess.call([str(PYTHON), *line])
    except subprocess.CalledProcessError as failed:
        sys.exit(f"Not prepared. This failed: {' '.join(map(str, failed.cmd))}")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
