"""AU-3: nobody changes or clears the audit log from inside; the database refuses it on both engines."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from networks import audit
from networks.models import AuditEvent, User
from reporting import guard

pytestmark = pytest.mark.django_db
REFUSED = "操作日志只能增加"


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def event(world):
    return audit.record("试验", actor=world.town, subject=world.ours, number=3)


def test_au_3_no_road_of_our_own_changes_or_removes_a_line(event):
    event.action = "改过"
    rows = AuditEvent.objects.filter(pk=event.pk)
    roads = [
        event.save,
        event.delete,
        rows.delete,
        lambda: rows._raw_delete("default"),
        lambda: rows.update(detail={"number": 4}),
        lambda: AuditEvent.objects.bulk_update([event], ["action"]),
        lambda: sql("DELETE FROM networks_auditevent"),
        lambda: sql("DELETE FROM networks_auditevent WHERE id = %s", event.pk),
    ]
    columns = ["at", "actor_name", "county_code", "action", "subject", "subject_id", "address", "actor_id"]
    roads += [lambda name=name: rows.update(**{name: other(name, event)}) for name in columns]
    # Nor under cover of letting go of the account, which alone is allowed.
    columns[-1] = "detail"
    roads += [lambda name=name: rows.update(actor=None, **{name: other(name, event)}) for name in columns]
    for number, road in enumerate(roads):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            road()
            raise AssertionError(f"road {number} went through")
    assert AuditEvent.objects.values().get(pk=event.pk)["detail"] == {"number": 3}


def other(name, event):
    known = {"detail": {"number": 4}, "at": event.at.replace(year=2020), "address": "10.0.0.1"}
    return known.get(name) or (User.objects.get(username="town2").pk if name == "actor_id" else "x")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite knows no TRUNCATE")
def test_au_3_a_log_that_holds_something_is_not_truncated(event):
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
        sql("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come is not truncated anyway
        sql("TRUNCATE networks_auditevent CASCADE")


def test_au_3_an_account_that_goes_leaves_its_name_in_the_log(event):
    user = User.objects.create_user("gone", None, role="township", home_division=event.actor.home_division, name="离开")
    line = audit.record("试验", actor=user)
    user.delete()
    line.refresh_from_db()
    assert (line.actor, line.actor_name) == (None, "gone")
    with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():  # not even on its way out
        AuditEvent.objects.filter(pk=event.pk).update(actor=None, action="改过")


def test_au_3_the_admin_shows_the_log_and_offers_no_way_to_change_it(event, world, client):
    page = f"/admin/networks/auditevent/{event.pk}/"
    for user in [world.auditor, world.bureau, world.operator]:
        client.force_login(user)
        assert client.post(f"{page}change/", {"action": "改过"}).status_code == 403
        assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": event.pk, "post": "yes"}
        client.post("/admin/networks/auditevent/", chosen)
    event.refresh_from_db()
    assert event.action == "试验"


def test_au_3_the_triggers_on_the_log_are_needed_and_laid_again_by_migrate(event):
    mine = {name for name in guard.NEEDED[connection.vendor] if name.startswith("audit_event_")}
    assert len(mine) == {"sqlite": 2, "postgresql": 3}[connection.vendor]
    assert guard.missing(connection) == set()
    guard.take_away(connection)
    assert mine <= guard.missing(connection)
    call_command("migrate", verbosity=0)
    assert guard.missing(connection) == set()
