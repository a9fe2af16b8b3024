"""RB-3: the server itself, as it is shipped, on a disk that takes no more: waitress keeps what is sent to it in a file before the
product sees it."""

import http.client
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MIB = 1024 * 1024
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs limits of a process")


def no_file_longer_than(size: int):
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@contextmanager
def shipped(folder: Path, limit=None):
    """The port of a server with the options of the unit. Nothing here asks its database."""
    unit = (ROOT / "docs/deploy/mashan-edu@.service").read_text(encoding="utf-8")
    options = re.search(r"waitress-serve --listen=\S+ (.+) mashan_edu", unit)[1].split()
    env = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder}/none.sqlite3",
        "MEDIA_ROOT": str(folder / "media"),
        "BACKUP_DIR": str(folder),
    }
    env |= {"SECRET_KEY": "tests only", "LEDGER_KEY": "tests only", "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)}
    line = [sys.executable, "-m", "waitress", "--listen=127.0.0.1:0", *options, "mashan_edu.wsgi:application"]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(line, cwd=ROOT, env=env, stdout=log, stderr=log, preexec_fn=limit)
    try:
        for _ in range(300):
            if told := re.search(r"Serving on http://127\.0\.0\.1:(\d+)", (folder / "log").read_text()):
                break
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield int(told[1])
        assert server.poll() is None, "it has died"
    finally:
        server.kill()
        server.wait()


def answer(port: int, method: str, path: str, size: int = 0) -> int | None:
    """The status, or None where the connection is closed without one."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request(method, path, b"x" * size, {"Content-Type": "application/octet-stream"})
        return link.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        link.close()


def test_rb_3_a_request_that_the_full_disk_cannot_keep_is_broken_off_and_the_server_goes_on(tmp_path):
    """What its sender sees then is the page of what stands before the server (docs/deploy/nginx.conf)."""
    with shipped(tmp_path) as port:
        assert answer(port, "POST", "/static/img/mark.svg", 8 * MIB)  # the control: with room it is read and answered
    with shipped(tmp_path, no_file_longer_than(3 * MIB)) as port:
        for _ in range(10):  # more than there are threads: none of them is lost over it
            assert answer(port, "POST", "/static/img/mark.svg", 8 * MIB) is None
        assert answer(port, "GET", "/static/img/mark.svg") == 200
    assert "File too large" in (tmp_path / "log").read_text()
    assert [path.name for path in tmp_path.iterdir() if path.stat().st_size > MIB] == []
