"""One-time links: 24 hours, once, bound to role and home, and nowhere to be read again (ID-1, ID-2, AC-3, AU-3)."""

import datetime
import getpass
import io
import logging

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from networks import audit, guessing
from networks.logs import OneLine
from networks.models import AuditEvent, PasswordLink, SignIn, User
from networks.tokens import _ALPHABET, digest_of

pytestmark = pytest.mark.usefixtures("passwords_just_typed")

OLD, NEW = "Correct-Horse-7", "Brave-Otter-88"
BOTH = {"new_password1": NEW, "new_password2": NEW}


def path_of(token):
    return f"/accounts/set-password/{token}/"


@pytest.fixture
def issued(world):
    link, token = PasswordLink.issue(world.town, world.bureau)
    return link, path_of(token)


def sign_in(username="town", password=OLD):
    client = Client()
    client.post("/login/", {"username": username, "password": password})
    return client


def signed_in(client):
    return client.get("/accounts/me/").status_code == 200


def test_a_link_sets_the_password_once_ends_every_sign_in_and_the_lock_out_and_leads_to_the_desk(world, issued):
    link, path = issued
    elsewhere = sign_in()
    assert signed_in(elsewhere)
    for _ in range(5):
        Client().post("/login/", {"username": "town", "password": "wrong"})
    fresh = Client()
    page = fresh.get(path)
    assert page.status_code == 200 and "为账号 town 设置密码" in page.content.decode()
    assert "town先生" not in page.content.decode()  # whoever finds the slip learns the account's name and no person's
    assert fresh.post(path, BOTH)["Location"] == "/"
    assert signed_in(fresh) and not signed_in(elsewhere)
    assert signed_in(sign_in(password=NEW)) and not signed_in(sign_in(password=OLD))
    again = Client().post(path, BOTH)
    assert again.status_code == 404 and "这个链接不能用" in again.content.decode()
    link.refresh_from_db()
    assert link.used_at and link.state == "已使用"
    event = AuditEvent.objects.get(action="用链接设置密码")
    assert (event.actor, event.subject_id, event.detail) == (world.town, str(world.town.pk), {"link": link.pk})


def test_until_it_is_used_the_old_password_holds(world, issued):
    assert signed_in(sign_in())


def test_a_link_ends_after_twenty_four_hours(world):
    start = datetime.datetime(2026, 6, 1, 2, 0, tzinfo=datetime.UTC)
    with time_machine.travel(start, tick=False) as clock:
        _, token = PasswordLink.issue(world.town, world.bureau)
        clock.shift(datetime.timedelta(hours=23, minutes=59))
        assert Client().get(path_of(token)).status_code == 200
        clock.shift(60)
        assert Client().get(path_of(token)).status_code == 404
        assert Client().post(path_of(token), BOTH).status_code == 404
    world.town.refresh_from_db()
    assert world.town.check_password(OLD)


def test_unknown_used_revoked_expired_suspended_and_moved_get_one_answer(world, issued):
    _, path = issued
    bodies = set()

    def refused(address):
        response = Client().get(address)
        assert response.status_code == 404
        bodies.add(response.content)

    refused(path_of("abcde-fghjk-mnpqr-stuvw"))
    _, newer = PasswordLink.issue(world.town, world.bureau)
    refused(path)  # revoked by the newer one
    User.objects.filter(pk=world.town.pk).update(home_division=world.places["古零镇"])
    refused(path_of(newer))  # bound to role and home (AC-3)
    User.objects.filter(pk=world.town.pk).update(home_division=world.places["白山镇"], role="head")
    refused(path_of(newer))
    User.objects.filter(pk=world.town.pk).update(role="township", is_active=False)
    refused(path_of(newer))
    User.objects.filter(pk=world.town.pk).update(is_active=True)
    assert Client().get(path_of(newer)).status_code == 200
    PasswordLink.objects.update(created_at=timezone.now() - datetime.timedelta(2), expires_at=timezone.now())
    refused(path_of(newer))
    assert len(bodies) == 1


def test_id_1_on_the_server_itself_every_unused_link_ends_and_a_new_secret_key_ends_none(world, issued, settings):
    settings.SECRET_KEY = "another"  # ends sign-ins and telephones: tests/networks/test_second_factor.py
    assert Client().get(issued[1]).status_code == 200
    _, other = PasswordLink.issue(world.auditor, world.bureau)
    with pytest.raises(CommandError, match="原因"):
        call_command("revoke_links", reason=" ")
    assert not AuditEvent.objects.filter(action="作废全部一次性链接").exists()
    out = io.StringIO()
    call_command("revoke_links", reason="服务器被人进入过", stdout=out)
    assert "作废了 2 个" in out.getvalue()
    assert [Client().get(path).status_code for path in (issued[1], path_of(other))] == [404, 404]
    event = AuditEvent.objects.get(action="作废全部一次性链接")
    assert event.actor is None and event.detail == {
        "number": 2,
        "reason": "服务器被人进入过",
        "os_user": getpass.getuser(),
    }


def test_a_new_password_of_one_s_own_revokes_a_link_that_lies_about(world, issued):
    here = sign_in()
    here.post("/password/", {"old_password": OLD, **BOTH})
    assert Client().get(issued[1]).status_code == 404
    assert signed_in(here) and signed_in(sign_in(password=NEW))


def test_two_links_at_once_and_a_page_that_stood_open_are_settled_by_the_stored_account(world):
    stale = User.objects.get(pk=world.town.pk)
    world.town.suspend()
    with pytest.raises(ValidationError, match="先启用"):
        PasswordLink.issue(stale, world.bureau)
    with pytest.raises(ValidationError, match="已经停用"):
        stale.suspend()
    User.objects.get(pk=stale.pk).reactivate()
    with pytest.raises(ValidationError, match="没有停用"):
        world.town.reactivate()


def test_suspending_revokes_the_links_for_good(world, issued):
    world.town.suspend()
    world.town.reactivate()
    assert Client().get(issued[1]).status_code == 404
    with pytest.raises(ValidationError, match="没有停用"):
        world.town.reactivate()
    world.town.suspend()
    with pytest.raises(ValidationError, match="先启用"):
        PasswordLink.issue(world.town, world.bureau)


def test_a_weak_password_is_refused_and_the_link_stays_good(world, issued):
    for new, repeated, message in [
        ("town-Town-9", "town-Town-9", "不要出现账号名"),
        ("short", "short", "密码至少 8 位"),
        (NEW, "Brave-Otter-89", "不一致"),
    ]:
        response = Client().post(issued[1], {"new_password1": new, "new_password2": repeated})
        assert response.status_code == 200 and message in response.content.decode()
    assert Client().post(issued[1], BOTH).status_code == 302


def test_a_link_typed_from_paper_may_differ_in_capitals_and_dashes(world, issued):
    assert (
        Client().get(issued[1].upper().replace("/ACCOUNTS/SET-PASSWORD", "/accounts/set-password")).status_code == 200
    )
    token = issued[1].split("/")[-2]
    assert Client().get(path_of(token.replace("-", ""))).status_code == 200


@given(st.text(alphabet=_ALPHABET, min_size=20, max_size=20), st.text(alphabet=_ALPHABET, min_size=20, max_size=20))
def test_different_tokens_have_different_digests_however_they_are_written(one, other):
    written = "-".join([one[:5], one[5:10].upper(), f" {one[10:]}"])
    assert digest_of(written) == digest_of(one)
    assert (digest_of(one) == digest_of(other)) == (one == other)


def test_whoever_is_signed_in_as_somebody_else_becomes_the_owner_of_the_link_and_keeps_nothing(world, issued):
    client = sign_in("unit")
    assert "现在登录的是另一个账号 unit" in client.get(issued[1]).content.decode()
    old = client.session.session_key
    client.post(issued[1], BOTH)
    assert client.get("/accounts/me/").context["user"] == world.town
    assert client.session.session_key != old and not world.unit.sign_ins.exists()


def test_a_link_opens_where_somebody_is_signed_in_whose_own_password_is_due(world, issued):
    client = sign_in("unit")
    User.objects.filter(pk=world.unit.pk).update(must_change_password=True)
    assert client.get("/sessions/")["Location"] == "/password/"
    assert client.post(issued[1], BOTH)["Location"] == "/"
    assert client.get("/accounts/me/").context["user"] == world.town


def test_two_people_with_the_same_link_set_one_password(world, issued):
    link, _ = issued
    link.redeem(NEW)
    with pytest.raises(ValidationError, match="刚刚已经用过"):
        PasswordLink.objects.get(pk=link.pk).redeem("Calm-Otter-99")
    world.town.refresh_from_db()
    assert world.town.check_password(NEW)


def test_an_account_suspended_while_its_owner_types_gets_no_password(world, issued):
    link, _ = issued
    User.objects.filter(pk=world.town.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="已停用或调整"), transaction.atomic():
        link.redeem(NEW)
    link.refresh_from_db()
    assert link.used_at is None


# --- guessing, and what is kept ----------------------------------------------------------------------


def test_id_2_pictures_on_a_strangers_page_that_ask_for_links_lock_no_office_out(world, issued, monkeypatch):
    monkeypatch.setattr(guessing, "FAILURES_PER_ADDRESS", 4)
    client = Client()
    for number in range(9):
        assert client.get(path_of(f"guess-{number}")).status_code == 404
    assert sign_in("town").get("/accounts/me/").status_code == 200  # from the same address
    for number in range(4):
        client.post("/login/", {"username": f"guess{number}", "password": "wrong"})
    assert client.post("/login/", {"username": "unit", "password": "wrong"}).status_code == 429
    assert client.get(path_of("guess-9")).status_code == 404
    assert client.get(issued[1]).status_code == 200  # a good one opens also where passwords were guessed
    assert client.post(issued[1], BOTH).status_code == 302


def test_ld_3_au_3_links_that_are_none_do_not_fill_the_log_nor_push_refusals_out_of_it(world):
    most = audit.OF_AN_ADDRESS["most"]
    for number in range(most + 3):
        Client().get(path_of(f"guess-{number}"))
    assert AuditEvent.objects.filter(action="打开无效链接").count() == most
    assert Client(enforce_csrf_checks=True).post("/login/", {}).status_code == 403
    assert AuditEvent.objects.filter(action=audit.DENIED).count() == 1


def test_au_3_the_token_stands_in_no_log_and_no_row(world, issued, caplog):
    """Django logs the path of what it refuses: 404, 429 and a missing CSRF token, the last two with a link that is good."""
    token = issued[1].split("/")[-2]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(OneLine())
    logging.getLogger().addHandler(handler)
    try:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(issued[1], BOTH).status_code == 403
        world_client = sign_in("unit")
        assert world_client.get(path_of(f"{token[:-1]}%20/..;x")).status_code == 404
        assert Client().get(path_of(token[:-1] + ("y" if token.endswith("z") else "z"))).status_code == 404
        Client().post(issued[1], BOTH)
    finally:
        logging.getLogger().removeHandler(handler)
    written = stream.getvalue()
    assert "/accounts/set-password/…" in written
    rows = str(list(AuditEvent.objects.values())) + str(list(PasswordLink.objects.values()))
    for part in [token, token[:-1], token.replace("-", "")]:
        assert part not in written + rows


def test_wb_1_the_page_tells_the_next_page_nothing_of_its_address(world, issued):
    for response in [Client().get(issued[1]), Client().get(path_of("nothing"))]:
        assert response["Referrer-Policy"] == "strict-origin"  # not no-referrer: that sends Origin: null with the form
        assert "no-store" in response["Cache-Control"]
    token = issued[1].split("/")[-2]
    page = Client().get(issued[1]).content.decode()
    assert token not in page and token not in sign_in("bureau").get(f"/accounts/{world.town.pk}/").content.decode()


def test_making_a_link_says_so_once_and_records_it(world, client):
    client.force_login(world.bureau)
    asked = client.get(f"/accounts/{world.town.pk}/link/").content.decode()
    assert "请先核对来人身份" in asked and not PasswordLink.objects.exists()
    slip = client.post(f"/accounts/{world.town.pk}/link/")
    assert slip.status_code == 200 and "这一页只显示这一次" in slip.content.decode()
    assert AuditEvent.objects.get(action="签发密码链接").subject_id == str(world.town.pk)
    page = client.get(f"/accounts/{world.town.pk}/").content.decode()
    assert "bureau先生 签发，待使用" in page


def test_the_operator_repeats_the_first_links_of_a_county_until_somebody_there_has_a_password(world, client):
    client.force_login(world.operator)
    address = f"/accounts/{world.bureau2.pk}/link/"
    assert client.post(address).status_code == 403
    for account in User.objects.filter(role="bureau", home_division=world.county):
        account.set_password(None)
        account.save()
    assert client.post(address).status_code == 200
    assert client.post(f"/accounts/{world.auditor.pk}/link/").status_code == 403  # the auditor has one already
    User.objects.filter(username="director").update(password=world.town.password, is_active=False)
    assert client.post(address).status_code == 403


# --- the database's own rules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        "expires_at = created_at",
        "used_at = created_at, revoked_at = created_at",
        "used_at = expires_at",
        "created_by_id = user_id",
    ],
)
def test_in_5_the_database_refuses_links_that_cannot_be(world, issued, wrong):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE networks_passwordlink SET " + wrong)


def test_in_5_the_database_holds_one_unused_link_per_account(world, issued):
    now = timezone.now()
    fields = {
        "user": world.town,
        "created_by": world.bureau,
        "bound_to": "x",
        "expires_at": now + datetime.timedelta(1),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        PasswordLink.objects.create(digest="1" * 64, **fields)
    PasswordLink.objects.create(digest="1" * 64, revoked_at=now, **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        PasswordLink.objects.create(digest="1" * 64, revoked_at=now, **fields)
    assert SignIn.objects.count() == 0
