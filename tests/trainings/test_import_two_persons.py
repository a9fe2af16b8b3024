"""Historical ledgers, which take two persons, and taking an import back."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from trainings.models import ImportBatch, TrainingSession

from ..site_map import has_typed_password
from .import_pages import GOOD, changed, confirm, historical, ledger, page, upload, uploaded


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


@pytest.fixture
def bureau(client, world):
    client.force_login(world.bureau)
    return client


# --- historical ledgers ---------------------------------------------------------------------------


def test_a_historical_ledger_is_proposed_by_one_and_confirmed_by_another_person(client, world):
    client.force_login(world.bureau)
    batch = uploaded(client, historical(world), historical="on")
    assertContains(page(client, batch), "提出导入 1 场，交另一人确认")
    confirm(client, batch)
    batch.refresh_from_db()
    assert (batch.state, TrainingSession.objects.count()) == ("proposed", 0)
    response = confirm(client, batch)
    assert response.status_code == 403
    client.force_login(world.bureau2)
    assertContains(page(client, batch), "确认入库 1 场")
    assertContains(confirm(client, batch), "请再输一次密码")
    assert not TrainingSession.objects.exists()
    confirm(client, batch, password_again="Correct-Horse-7")
    batch.refresh_from_db()
    assert (batch.state, batch.user, batch.confirmed_by) == ("committed", world.bureau, world.bureau2)
    session = TrainingSession.objects.get()
    assert (session.status, session.is_historical, session.verified_attendance) == ("verified", True, 40)


def test_ac_5_two_accounts_of_one_person_are_no_second_person(client, world):
    world.bureau2.person = world.bureau.person
    world.bureau2.save()
    client.force_login(world.bureau)
    batch = uploaded(client, historical(world), historical="on")
    confirm(client, batch)
    batch.refresh_from_db()
    client.force_login(world.bureau2)
    assert confirm(client, batch, batch.rehearsal_digest).status_code == 403
    assert TrainingSession.objects.count() == 0


def test_without_a_second_person_a_historical_upload_says_what_to_do(bureau, world):
    for other in (world.bureau2, world.director):
        other.is_active = False
        other.save()
    assertContains(upload(bureau, historical(world), historical="on"), "请给办公室主任开一个账号")
    assert ImportBatch.objects.count() == 0


def test_the_second_person_may_decline_and_the_uploader_mends(client, world):
    client.force_login(world.bureau)
    batch = uploaded(client, historical(world), historical="on")
    confirm(client, batch)
    client.force_login(world.bureau2)
    confirm(client, batch, decline="1")
    batch.refresh_from_db()
    assert batch.state == "rehearsed"
    assert TrainingSession.objects.count() == 0


def test_only_the_bureau_is_offered_history(town, world):
    assertNotContains(town.get(reverse("import-upload")), "历史台账")
    batch = uploaded(town, ledger(world, GOOD), historical="on")
    assert batch.historical is False


# --- undo -----------------------------------------------------------------------------------------


def test_a_batch_of_drafts_is_taken_back_as_a_whole_by_its_importer(town, world):
    batch = uploaded(town, ledger(world, GOOD, changed(培训名称="壮绣")))
    confirm(town, batch)
    address = reverse("import-undo", args=[batch.pk])
    assertContains(town.get(address), "会全部作废")
    assert set(TrainingSession.objects.values_list("status", flat=True)) == {"draft"}
    assertContains(town.post(address, follow=True), "整批已撤销")
    assert set(TrainingSession.objects.values_list("status", flat=True)) == {"void"}
    assert ImportBatch.objects.get(pk=batch.pk).state == "undone"
    assertContains(town.post(address, follow=True), "没有可以撤销的")


def test_a_batch_with_a_submitted_session_stays_whole(town, world):
    batch = uploaded(town, ledger(world, GOOD, changed(培训名称="壮绣")))
    confirm(town, batch)
    TrainingSession.objects.get(title="壮绣").submit(actor=world.town)
    response = town.post(reverse("import-undo", args=[batch.pk]), follow=True)
    assertContains(response, "整批都没有撤销")
    assert set(TrainingSession.objects.values_list("status", flat=True)) == {"draft", "submitted"}


def test_a_historical_batch_is_taken_back_by_two_persons(client, world):
    client.force_login(world.bureau)
    batch = uploaded(client, historical(world), historical="on")
    confirm(client, batch)
    client.force_login(world.bureau2)
    has_typed_password(client)
    confirm(client, batch)
    address = reverse("import-undo", args=[batch.pk])
    client.post(address)
    batch.refresh_from_db()
    assert (batch.state, batch.undo_proposed_by) == ("undo_proposed", world.bureau2)
    assert client.post(address).status_code == 403
    client.force_login(world.director)
    client.post(address, {"decline": "1"})
    batch.refresh_from_db()
    assert (batch.state, batch.undo_proposed_by) == ("committed", None)
    client.post(address)
    client.force_login(world.bureau)
    assertContains(client.get(reverse("import-batch", args=[batch.pk])), "提出撤销整批")
    assertContains(client.post(address), "请再输一次密码")
    assert TrainingSession.objects.get().status == "verified"
    client.post(address, {"password_again": "Correct-Horse-7"})
    assert TrainingSession.objects.get().status == "void"
