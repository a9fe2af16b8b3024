"""AU-3: one line an event, in UTC, without secrets; acts are shipped to a log server once they are stored."""

import logging
import os
import re
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from networks import audit, logs
from trainings.models import RosterLine

FORGED = "甲\r\n2026-01-01T00:00:00Z INFO forged\x1b[2J\u202e\u2066乙\u2028丙\x85"


@pytest.fixture
def received():
    """A log server on this machine, and what it got."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        handler = logs.Syslog("{}:{}".format(*server.getsockname()))
        handler.setFormatter(logs.Shipped(settings.LOGGING["formatters"]["shipped"]["format"]))
        handler.addFilter(logs.OneLine())
        before = logs.AUDIT.level
        logs.AUDIT.addHandler(handler)
        logs.AUDIT.setLevel(logging.INFO)
        yield lambda: server.recv(65536).decode()
        logs.AUDIT.removeHandler(handler)
        logs.AUDIT.setLevel(before)
        handler.close()


@pytest.mark.django_db
def test_au_3_an_act_goes_to_the_log_server_in_one_line_once_it_is_stored(
    world, received, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        event = audit.record("查看名册全名", actor=world.town, subject=world.ours, purpose=FORGED)
    line = received()
    head = r"<134>mashan-edu: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO mashan\.audit audit "
    assert re.match(head, line), line
    at = f"{event.at:%Y-%m-%dT%H:%M:%S}"
    for part in [
        f'"id": {event.pk}',
        at,
        '"actor": "town"',
        '"action": "查看名册全名"',
        '"county": "450124"',
        "甲",
        "丙",
    ]:
        assert part in line
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202e\u2066]", line)


@pytest.mark.django_db
def test_au_3_what_is_rolled_back_is_not_shipped_and_a_long_act_is_cut(
    world, received, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(RuntimeError), transaction.atomic():
            audit.record("撤回的", actor=world.town)
            raise RuntimeError
        audit.record("很长的", actor=world.town, text="汉" * 5000)
    line = received()
    assert "很长的" in line and line.endswith("…") and len(line.encode()) < 2048


@pytest.mark.django_db
def test_au_3_a_log_server_that_fails_keeps_nobody_from_working(world, monkeypatch, django_capture_on_commit_callbacks):
    def fail(*args):
        raise OSError("no route")

    monkeypatch.setattr(logs.AUDIT, "info", fail)
    with django_capture_on_commit_callbacks(execute=True):
        event = audit.record("试验", actor=world.town)
    assert event.pk


def test_au_3_a_traceback_cannot_forge_a_line_and_times_are_utc():
    try:
        raise ValueError(FORGED)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "broke %s", (FORGED,), sys.exc_info())
    record.created = 0
    logs.OneLine().filter(record)
    first, *more = logs.Plain("%(asctime)s %(message)s").format(record).split("\n")
    assert first.startswith("1970-01-01T00:00:00.") and "Z broke 甲" in first
    assert more and all(line.startswith("    | ") and not re.search("[\x00-\x1f\u202e\x85]", line) for line in more)
    assert "\n" not in logs.Shipped("%(message)s").format(record)


def test_pi_4_a_number_in_an_address_is_blacked_out_and_a_digest_is_not():
    for number in ["13877164092", "450124199003077315", "45012419900307731X", "450124900307731"]:
        assert number not in logs.one_line(f"Not Found: /sessions/{number}/ 和“{number}”")
    digest = "a1b13877164092c4" * 4
    for kept in [
        digest,
        f"4711:{digest}",
        "20260301T181000Z",
        "CC2026000123",
        "450124100201",
        "2026-03-01T18:10:00.123456Z",
    ]:
        assert kept in logs.one_line(f"x {kept} y")


BROKEN = """duplicate key value violates unique constraint "roster_once"
DETAIL:  Failing row contains (1, 金丝雀甲, 1990
金丝雀乙

, 6180).
"""


def test_pi_4_a_row_that_the_database_refused_is_told_to_no_log():
    try:
        try:
            raise RuntimeError(BROKEN)
        except RuntimeError as inner:
            raise IntegrityError(BROKEN) from inner
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "broke", (), sys.exc_info())
    logs.OneLine().filter(record)
    for formatter in [logs.Plain("%(message)s"), logs.Shipped("%(message)s")]:
        record.exc_text = None
        told = formatter.format(record)
        assert "金丝雀" not in told and "6180" not in told and told.count("DETAIL: …") == 2
        assert told.count("roster_once") == 2 and told.count("Traceback") == 2 and "direct cause" in told


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite names the column alone")
def test_pi_4_what_postgresql_itself_says_of_a_refused_row_is_told_to_no_log(world):
    name = "".join(["金丝雀", "甲"])  # a traceback shows the lines of the program as they are written
    try:
        with transaction.atomic():
            RosterLine.objects.bulk_create([RosterLine(session=world.session(), name=name, source=None)])
    except IntegrityError as broken:
        assert name in str(broken)  # the control
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "broke", (), sys.exc_info())
    assert name not in logs.Plain("%(message)s").format(record)


def test_au_3_the_address_of_the_log_server_is_an_ip_address_with_a_port():
    assert logs.address_of("10.1.2.3:514") == ("10.1.2.3", 514) and logs.address_of("[::1]:514") == ("::1", 514)
    for wrong in [
        "logs.example.gov.cn:514",
        "10.1.2.3",
        "10.1.2.3:0",
        "10.1.2.3:70000",
        "10.1.2.3:５",
        ":514",
        "10.1.2:1",
    ]:
        with pytest.raises(ValueError):
            logs.address_of(wrong)


def test_au_3_a_start_with_the_setting_ships_acts_and_a_wrong_one_refuses():
    code = "import django; django.setup(); import logging; logging.getLogger('mashan.audit').info('audit %s', '{}')"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        port = server.getsockname()[1]
        base = {**os.environ, "DJANGO_SETTINGS_MODULE": "mashan_edu.settings", "SECRET_KEY": "x", "LEDGER_KEY": "x"}
        run = {"cwd": settings.BASE_DIR, "capture_output": True, "text": True, "timeout": 60}
        started = subprocess.run(
            [sys.executable, "-c", code], env={**base, "SYSLOG_ADDRESS": f"127.0.0.1:{port}"}, **run
        )
        assert started.returncode == 0, started.stderr
        assert server.recv(65536).decode().endswith("INFO mashan.audit audit {}")
        refused = subprocess.run([sys.executable, "-c", code], env={**base, "SYSLOG_ADDRESS": "logs:514"}, **run)
        assert refused.returncode and "SYSLOG_ADDRESS 应写成" in refused.stderr
