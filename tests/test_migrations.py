"""IN-9: what a migration makes of the data that was there before, on both engines and across its batches."""

import datetime
from collections import Counter

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.date(2024, 3, 1)


@pytest.fixture
def migrate():
    """`migrate(app, name)` brings the database there and gives the models of that moment; everything is brought back."""

    def to(app, name):
        executor = MigrationExecutor(connection)
        executor.migrate([(app, name)])
        return executor.loader.project_state([(app, name)]).apps

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_in_9_states_of_institutions_become_dated_entries(migrate):
    old = migrate("networks", "0001_initial")
    division, institution = old.get_model("networks", "Division"), old.get_model("networks", "Institution")
    county = division.objects.create(code="450124", tier="county", name="马山县", short_name="马山县")
    states = ["unconfirmed", "preparing", "running", "idle", "closed"]
    institution.objects.bulk_create(
        institution(
            division=county,
            kind="point",
            name=f"点{number}",
            status=states[number % 5],
            status_since=None if number < 5 or number % 5 == 0 else DAY,
        )
        for number in range(1310)
    )
    new = migrate("networks", "0004_states_have_dates")
    institution, entry = new.get_model("networks", "Institution"), new.get_model("networks", "InstitutionState")
    each = 262
    assert Counter(institution.objects.values_list("state", flat=True)) == {
        "unconfirmed": each,
        "preparing": each,
        "open": 2 * each,
        "closed": each,
    }
    assert Counter(entry.objects.values_list("state", flat=True)) == {
        "preparing": each,
        "open": 2 * each,
        "closed": each,
    }
    assert entry.objects.filter(since=DAY).count() == 4 * (each - 1)
    agree = entry.objects.filter(institution__state__exact=F("state"), institution__state_since=F("since"))
    assert agree.count() == entry.objects.count() == 4 * each
    assert not institution.objects.filter(state="unconfirmed").exclude(state_since=None).exists()
