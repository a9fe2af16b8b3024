"""Run by test_two_locks: six people of the office confirm the same proposal at the same moment, and six propose for another year,
in the database whose address is given. With "off" nothing is locked, which shows that the test would notice. Prints what they
were told as JSON. A process of its own, because the suite's own SQLite database lives in memory."""

import collections
import contextlib
import json
import os
import sys
import threading

PEOPLE = 6


def main() -> None:
    os.environ["DATABASE_URL"] = sys.argv[1]
    os.environ["SECRET_KEY"] = os.environ["LEDGER_KEY"] = "for this test only"
    os.environ["DJANGO_SETTINGS_MODULE"] = "mashan_edu.settings"
    import django

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.models import QuerySet

    from networks.models import Division, User
    from reporting.ledger import verify
    from reporting.models import AssessmentYear, LedgerAct, YearProposal
    from trainings.models import Refused

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # straight from the models
    call_command("migrate", run_syncdb=True, verbosity=0)
    county = Division.objects.create(code="450124", tier="county", name="马山县", short_name="马山县")
    home = {"role": "bureau", "home_division": county, "must_change_password": False}
    people = [User.objects.create_user(f"bureau{n}", None, name=f"第{n}人", **home) for n in range(PEOPLE + 1)]
    proposal = AssessmentYear.objects.open_year(county, 2024).propose_lock(people[PEOPLE])
    other = AssessmentYear.objects.open_year(county, 2023)

    if sys.argv[2] == "off":
        QuerySet.select_for_update = lambda rows, *args, **kwargs: rows
        if connection.vendor == "sqlite":  # there the lock is taken when a transaction begins
            settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
            settings.DATABASES["default"]["OPTIONS"]["timeout"] = 1

    def race(held_by, attempt) -> dict[str, int]:
        """Whoever has read the row waits for the others to have read it too: for good reason in vain while it is locked."""
        start, read, answers = threading.Barrier(PEOPLE), threading.Barrier(PEOPLE), []
        held = held_by._held

        def and_wait(row):
            found = held(row)
            with contextlib.suppress(threading.BrokenBarrierError):
                read.wait(timeout=2)
            return found

        def send(number: int) -> None:
            start.wait()
            try:
                attempt(people[number])
                answers.append("done")
            except Refused as refused:
                answers.append(str(refused))
            except Exception as problem:
                answers.append(type(problem).__name__)
            finally:
                connection.close()

        held_by._held = and_wait
        threads = [threading.Thread(target=send, args=[number]) for number in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        held_by._held = held
        return dict(collections.Counter(answers))

    confirmed = race(YearProposal, lambda person: YearProposal.objects.get(pk=proposal.pk).confirm(person))
    proposed = race(AssessmentYear, lambda person: AssessmentYear.objects.get(pk=other.pk).propose_lock(person))
    kept = {
        "acts": LedgerAct.objects.count(),
        "open": YearProposal.objects.filter(year=other, status="open").count(),
        "sound": verify().sound,
    }
    print(json.dumps({"confirmed": confirmed, "proposed": proposed, "kept": kept}, ensure_ascii=False))


if __name__ == "__main__":
    main()
