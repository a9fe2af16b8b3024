"""SC-4: no process of the product talks to another machine, and nothing runs or renders what a user wrote.

tests/offline/ keeps every test and every process that a test starts from it; here it is shown to do so, for processes that start,
serve and run commands, and the code is read for what could go around it."""

import ast
import os
import runpy
import socket
import subprocess
import sys

import pytest

from .offline.sitecustomize import OutboundError
from .test_architecture import PYTHON, ROOT, name_of, tree_of


def send_a_datagram(where):
    with socket.socket(type=socket.SOCK_DGRAM) as outward:
        outward.sendto(b"x", where)


AWAY = [
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
    lambda: socket.create_connection(("2001:db8::1", 80), timeout=1),
    lambda: send_a_datagram(("192.0.2.1", 53)),
    lambda: socket.getaddrinfo("example.invalid", 443),
    lambda: socket.gethostbyname("example.invalid"),
]
TALKING = {  # modules that talk to other machines or other programs, and the files that may use them
    "socket": {"reporting/management/commands/demo.py"},  # claims the port of this machine that it serves on
    "subprocess": {
        "networks/uploads.py",  # the virus scanner that the operator names
        "reporting/backup/postgres.py",  # PostgreSQL's own pg_dump and pg_restore
    },
    "urllib.request": set(),
    "http.client": set(),
    "asyncio": set(),
    "ssl": set(),
    "xmlrpc": set(),
    "socketserver": set(),
    "multiprocessing": set(),
    "django.core.mail": set(),
}
RUNNING = {"from_string", "import_string", "system", "popen", "run_path", "run_module"}  # a text as program or template
STARTED = """
import threading, urllib.request
from mashan_edu.wsgi import application
from waitress.server import create_server
from django.core.management import call_command
call_command("check", fail_level="ERROR")
server = create_server(application, listen="127.0.0.1:0")
threading.Thread(target=server.run, daemon=True).start()
page = urllib.request.urlopen(f"http://127.0.0.1:{server.effective_port}/static/css/app.css").read()
print(len(page))
"""


@pytest.fixture
def own_notes(tmp_path, monkeypatch):
    """What is tried on purpose is not held against the run."""
    monkeypatch.setenv("OFFLINE_NOTES", str(tmp_path / "notes.txt"))
    return tmp_path / "notes.txt"


@pytest.mark.parametrize("call", AWAY)
def test_sc_4_a_test_that_asks_for_another_machine_fails_and_is_noted(own_notes, call):
    with pytest.raises(OutboundError, match="outbound"):
        call()
    assert own_notes.exists()


def test_sc_4_a_process_that_a_test_starts_is_held_too_even_where_it_swallows_the_error(own_notes):
    quiet = "import socket, contextlib\nwith contextlib.suppress(BaseException):\n    socket.create_connection(('192.0.2.1', 80))"
    subprocess.run([sys.executable, "-c", quiet], check=True, timeout=60)
    assert "192.0.2.1" in own_notes.read_text(encoding="utf-8")


def test_sc_4_on_this_machine_anybody_may_talk(own_notes):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        socket.getaddrinfo("localhost", 80)
    assert not own_notes.exists()


def test_sc_4_starting_checking_and_serving_asks_no_other_machine(own_notes):
    env = os.environ | {"DATABASE_URL": "sqlite://:memory:", "SECRET_KEY": "x", "LEDGER_KEY": "x", "HTTPS": "off"}
    env["DJANGO_SETTINGS_MODULE"] = "mashan_edu.settings"
    done = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=ROOT, env=env, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) > 1000
    assert not own_notes.exists(), own_notes.read_text(encoding="utf-8")


def test_sc_4_mail_goes_nowhere():
    settings = runpy.run_path(str(ROOT / "mashan_edu" / "settings.py"))
    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.dummy.EmailBackend"
    handlers = {handler["class"] for handler in settings["LOGGING"]["handlers"].values()}
    assert not handlers & {
        "django.utils.log.AdminEmailHandler",
        "logging.handlers.SMTPHandler",
        "logging.handlers.HTTPHandler",
    }


def whole_names(tree):
    """Every module that a file imports, with its dots: {"urllib.parse", "django.core.mail", …}."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_sc_4_only_the_files_that_have_a_reason_use_what_could_talk_to_others_or_run_a_text():
    found = []
    for path in PYTHON:
        tree, file = tree_of(path), name_of(path)
        for name in whole_names(tree):
            kind = next((kind for kind in TALKING if name == kind or name.startswith(f"{kind}.")), None)
            if kind and file not in TALKING[kind]:
                found.append(f"{file} imports {name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in RUNNING:
                found.append(f"{file}, line {node.lineno}: {ast.unparse(node.func)}()")
    assert found == []
