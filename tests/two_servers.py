"""Run by test_two_servers: two processes of the product, as waitress serves it, on one database. Six requests at the same moment, three
to each of them, ask for the same thing, and whoever has read what it depends on waits for the others to have read it too: for good
reason in vain where it is locked. With "off" nothing is locked and no token is unique, which shows that the test would notice. Prints
what was answered and what is kept as JSON.

    two_servers.py ADDRESS FOLDER on|off
"""

import collections
import contextlib
import http.client
import json
import multiprocessing
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

REQUESTS = 6
PATIENCE = 2  # seconds that somebody who has read waits for the others
LONGEST = 240  # seconds after which a server ends by itself, whatever has become of the test
CSRF = "c" * 32  # what a form brings along in a cookie and in a field


def main(address: str, folder: Path, locks: str) -> None:
    os.environ.update(DATABASE_URL=address, SECRET_KEY="for this test only", LEDGER_KEY="for this test only")
    os.environ.update(DJANGO_SETTINGS_MODULE="mashan_edu.settings", MEDIA_ROOT=str(folder / "media"))
    import django
    import pytest  # noqa: F401 - settings take it for a sign that hashing may be quick

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from networks.models import CountySettings

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # straight from the models
    call_command("migrate", run_syncdb=True, verbosity=0)
    kit = prepare()
    if locks == "off":
        unlock()
    else:
        CountySettings.objects.all().delete()  # of a county that has just been loaded nothing is set yet
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(REQUESTS)
    with contextlib.ExitStack() as both:
        ports = [both.enter_context(served(fork, gate)) for _ in range(2)]
        told = {name: race(ports, gate, requests) for name, requests in kit.requests.items()}
    print(json.dumps({"told": told, "kept": kept(kit)}))


def prepare() -> SimpleNamespace:
    """The small county, and for each act six requests: (cookies of who asks, path, what is sent)."""
    from django.test import Client
    from django.test.utils import setup_test_environment, teardown_test_environment

    from reporting.models import AssessmentYear
    from tests.conftest import build_world
    from tests.site_map import has_typed_password
    from tests.trainings.import_pages import changed, ledger, page, uploaded

    setup_test_environment()  # pages tell what they were made from
    world, people = build_world(), {}
    for name in ("town", "bureau", "bureau2", "director"):
        people[name] = Client()
        people[name].force_login(world.users[name])
        has_typed_password(people[name])

    def waiting(name: str, title: str):
        """A ledger that this person has uploaded: (where it is confirmed, what is sent along)."""
        batch = uploaded(people[name], ledger(world, changed(培训名称=title)))
        digest = page(people[name], batch).context["rehearsal"].digest
        return f"/sessions/import/{batch.pk}/confirm/", {"digest": digest}

    session = world.session(title="同时核定", status="submitted")
    proposal = AssessmentYear.objects.open_year(world.county, world.year - 1).propose_lock(world.bureau)
    by_two = [waiting("town", "两人各传一次"), waiting("bureau", "两人各传一次")]
    entered = {"token": "t" * 32, "title": "同一张表交六次", "held_on": f"{world.year}-01-01", "length_unit": "lesson"}
    entered |= {"place": world.places["白山镇"].pk, "reported_attendance": "45"}
    decided = {"act": "confirm", "proposal": proposal.pk, "note": ""}
    seen = {"attendance": session.reported_attendance, "seen_version": session.version}
    judges = ["bureau", "bureau2", "director"] * 2
    requests = {
        "verify": [(name, f"/review/{session.pk}/verify/", seen) for name in judges],
        "close": [
            (name, f"/assessment/{world.year - 1}/close/decide/", decided) for name in ["bureau2", "director"] * 3
        ],
        "token": [("town", "/sessions/new/", entered)] * REQUESTS,
        "ledger_of_two": [("town", *by_two[0]), ("bureau", *by_two[1])] * 3,
        "ledger": [("town", *waiting("town", "一份台账确认六次"))] * REQUESTS,
    }
    teardown_test_environment()
    cookies = {name: f"sessionid={one.cookies['sessionid'].value}; csrftoken={CSRF}" for name, one in people.items()}
    return SimpleNamespace(
        year=world.year - 1,
        session=session,
        requests={act: [(cookies[name], *rest) for name, *rest in rows] for act, rows in requests.items()},
    )


def unlock() -> None:
    """Takes away what keeps two from winning: the locks of rows, of the file on SQLite, and that a token is one of its kind."""
    from django.conf import settings
    from django.db import connection
    from django.db.models import QuerySet

    from trainings.models import SubmitToken

    QuerySet.select_for_update = lambda rows, *args, **kwargs: rows
    unique, SubmitToken._meta.constraints = (
        SubmitToken._meta.constraints[0],
        [],
    )  # SQLite makes the table anew from these
    with connection.schema_editor() as editor:
        editor.remove_constraint(SubmitToken, unique)
    if connection.vendor == "sqlite":  # there the lock is taken when a transaction begins
        settings.DATABASES["default"]["OPTIONS"] |= {"transaction_mode": "DEFERRED", "timeout": 3}


# --- a server --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(fork, gate):
    """The port of one more process."""
    with socket.socket() as listens:
        listens.bind(("127.0.0.1", 0))
        listens.listen(REQUESTS * 2)  # so that nobody is refused while it starts
        process = fork.Process(target=serve, args=(listens, gate), daemon=True)
        process.start()
        try:
            port = listens.getsockname()[1]
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as link:
                link.request("GET", "/login/")  # what is read once has been read before the race
                link.getresponse().read()
            yield port
        finally:
            process.kill()
            process.join()


def serve(listens: socket.socket, gate) -> None:
    import waitress

    from mashan_edu.wsgi import application

    signal.alarm(LONGEST)
    meet_at(gate)
    waitress.serve(application, sockets=[listens], threads=8)


def meet_at(gate) -> None:
    """Each act has read what it depends on when it comes here."""
    from django.db.models import QuerySet

    from reporting.models import YearProposal
    from trainings.models import SubmitToken, TrainingSession
    from trainings.workbook import batches

    def wait() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait(PATIENCE)

    def after(owner, name: str) -> None:
        read = getattr(owner, name)

        def and_wait(*args, **kwargs):
            found = read(*args, **kwargs)
            wait()
            return found

        setattr(owner, name, and_wait)

    after(TrainingSession, "locked_row")
    after(YearProposal, "_held")
    after(batches, "stored_sessions")
    first = QuerySet.first

    def of_a_token(rows):
        found = first(rows)
        if rows.model is SubmitToken and found is None:
            wait()
        return found

    QuerySet.first = of_a_token


# --- the race --------------------------------------------------------------------------------------------


def race(ports: list[int], gate, requests: list) -> dict[str, int]:
    """How often which status was answered; and to how many addresses it led."""
    gate.reset()
    start, answers = threading.Barrier(REQUESTS), []

    def ask(number: int) -> None:
        cookies, path, sent = requests[number]
        link = http.client.HTTPConnection("127.0.0.1", ports[number // (REQUESTS // 2)], timeout=60)
        body = urlencode(sent | {"csrfmiddlewaretoken": CSRF})
        start.wait()
        link.request("POST", path, body, {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"})
        answer = link.getresponse()
        answer.read()
        link.close()
        answers.append((answer.status, answer.headers.get("Location")))

    threads = [threading.Thread(target=ask, args=[number]) for number in range(REQUESTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == REQUESTS
    told = collections.Counter(str(status) for status, _ in answers)
    return dict(told) | {"addresses": len({where for _, where in answers})}


def kept(kit: SimpleNamespace) -> dict:
    """How often each act has happened."""
    from reporting.ledger import verify
    from reporting.models import LedgerAct
    from trainings.models import TrainingSession

    def called(title: str) -> int:
        return TrainingSession.objects.filter(title=title).count()

    return {
        "verify": kit.session.history.filter(history_change_reason__startswith="核定").count(),
        "close": LedgerAct.objects.filter(year__year=kit.year).count(),
        "sound": verify().sound,
        "token": called("同一张表交六次"),
        "ledger": called("一份台账确认六次"),
        "ledger_of_two": called("两人各传一次"),
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
