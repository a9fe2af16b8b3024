#!/usr/bin/env python3
"""The one way in: prepares .venv and .env, then hands over.

python3 run.py            the product with the demonstration county, http://127.0.0.1:8000/
python3 run.py test       the tests (further words go to pytest)
python3 run.py setup      only prepare
python3 run.py bench|lint|COMMAND …   tools/<name>.py, or any management command
"""

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def setup(dev: bool) -> None:
    """Makes .venv when it is missing and installs the pins when they have changed."""
    pins = HOME / ("requirements-dev.txt" if dev else "requirements.txt")
    wanted = hashlib.sha256(
        (HOME / "requirements-dev.txt").read_bytes() + (HOME / "requirements.txt").read_bytes()
    ).hexdigest()
    stamps = [VENV / f"installed-{kind}" for kind in (["dev"] if dev else ["dev", "run"])]
    if not (PYTHON.exists() and any(s.exists() and s.read_text() == wanted for s in stamps)):
        uv = shutil.which("uv")
        if not PYTHON.exists():
            made = subprocess.run([uv, "venv", "-q", str(VENV)] if uv else [sys.executable, "-m", "venv", str(VENV)])
            if made.returncode:
                sys.exit("This Python lacks venv. Install it and run again:  sudo apt-get install -y python3-venv")
        pip = (
            [uv, "pip", "install", "-q", "--python", str(PYTHON)] if uv else [str(PYTHON), "-m", "pip", "install", "-q"]
        )
        subprocess.run([*pip, "--require-hashes", "-r", str(pins)], check=True)
        stamps[-1 if not dev else 0].write_text(wanted)
    if not (HOME / ".env").exists():
        with open(os.open(HOME / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as env:
            env.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nLEDGER_KEY={secrets.token_urlsafe(50)}\n")


def main(words: list[str]) -> int:
    command, rest = (words[0], words[1:]) if words else ("demo", [])
    setup(dev=command in {"test", "bench", "lint"})
    lines = {
        "setup": [],
        "test": ["-m", "pytest", *rest],
        "bench": ["tools/bench.py", *rest],
        "lint": ["tools/lint.py", *rest],
    }
    line = lines.get(command, ["manage.py", command, *rest])
    return subprocess.call([str(PYTHON), *line], cwd=HOME) if line else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
