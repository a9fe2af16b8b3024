"""Run by test_session_rules: many officers write to one SQLite file at the same moment. Prints what became of it as JSON.

A process of its own, because the suite's own SQLite database lives in memory, where nothing of this can be shown.
"""

import datetime
import json
import os
import sys
import threading

WRITERS = 174  # one per place and department of the county: everybody on the last day


def main() -> None:
    os.environ["DATABASE_URL"] = f"sqlite:///{sys.argv[1]}"
    os.environ["SECRET_KEY"] = os.environ["LEDGER_KEY"] = "for this test only"
    os.environ["DJANGO_SETTINGS_MODULE"] = "mashan_edu.settings"
    import django

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from networks.models import Division, MemberUnit, User
    from trainings.models import SubmitToken, TrainingSession

    settings.MIGRATION_MODULES = {
        app.label: None for app in apps.get_app_configs()
    }  # straight from the models, as in pytest
    call_command("migrate", run_syncdb=True, verbosity=0)
    county = Division.objects.create(code="450124", tier="county", name="马山县", short_name="马山县")
    unit = MemberUnit.objects.create(county=county, code="jyj", name="县教育局", kind="department", division=county)
    user = User.objects.create_user("officer", None, role="unit", home_unit=unit, must_change_password=False)
    start, errors = threading.Barrier(WRITERS), []

    def enter(title: str) -> str:
        changes = {"organiser": unit, "title": title, "held_on": datetime.date(2026, 1, 1), "place": county}
        session = TrainingSession.enter(actor=user, changes=changes, audiences=[], co_organisers=[])
        return f"/sessions/{session.pk}/"

    def write(number: int) -> None:
        start.wait()
        try:
            enter(f"第{number}场")
            # Ten officers whose telephones sent the same form sixteen times or more.
            SubmitToken.once(user, f"token-{number % 10}", lambda: enter(f"只有一次 {number % 10}"))
        except Exception as problem:
            errors.append(repr(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[n]) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connection.cursor() as cursor:
        pragmas = {}
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
            pragmas[name] = cursor.execute(f"PRAGMA {name}").fetchone()[0]
    options = settings.DATABASES["default"]
    once = TrainingSession.objects.filter(title__startswith="只有一次")
    print(
        json.dumps(
            {
                "errors": errors,
                "stored": TrainingSession.objects.filter(title__startswith="第").count(),
                "once": once.count(),
                "results": SubmitToken.objects.values("result").distinct().count(),
                "history": TrainingSession.history.count(),
                "pragmas": pragmas,
                "transaction_mode": options["OPTIONS"]["transaction_mode"],
                "atomic_requests": options.get("ATOMIC_REQUESTS", False),
            }
        )
    )


if __name__ == "__main__":
    main()
