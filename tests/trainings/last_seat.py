"""Run by test_learn: sixteen residents want the last three seats of one session at the same moment, on one SQLite file. Prints
what they were told as JSON. A process of its own, because the suite's own SQLite database lives in memory."""

import collections
import datetime
import json
import os
import sys
import threading

PEOPLE = 16


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
    from django.utils import timezone

    from networks.models import Division, MemberUnit, User
    from networks.tokens import new_token
    from trainings.models import Announcement, Refused, SignUp, TrainingSession

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # straight from the models
    call_command("migrate", run_syncdb=True, verbosity=0)
    county = Division.objects.create(code="450124", tier="county", name="马山县", short_name="马山县")
    unit = MemberUnit.objects.create(county=county, code="jyj", name="县教育局", kind="department", division=county)
    user = User.objects.create_user("officer", None, role="unit", home_unit=unit, must_change_password=False)
    soon = timezone.localdate() + datetime.timedelta(days=3)
    changes = {"organiser": unit, "title": "插花", "held_on": soon, "place": county}
    session = TrainingSession.enter(actor=user, changes=changes, audiences=[], co_organisers=[])
    told = Announcement.objects.create(session=session, is_public=True, phone="1", takes_sign_ups=True, capacity=3)
    start, answers = threading.Barrier(PEOPLE), []

    def send(number: int) -> None:
        start.wait()
        try:
            told.sign_up(name=f"学员{number}", phone_tail="1234", seats=1, token=new_token())
            answers.append("in")
        except Refused as refused:
            answers.append(str(refused))
        except Exception as problem:
            answers.append(repr(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[number]) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(dict(collections.Counter(answers)) | {"stored": SignUp.objects.count()}))


if __name__ == "__main__":
    main()
