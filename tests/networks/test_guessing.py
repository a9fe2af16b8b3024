"""A stranger slows nobody down but himself: one address, many addresses, and the browser of whoever really owns the account (ID-2);
account changes ask for the password once more, and hold from the next request on (ID-4)."""

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.test import Client

from networks import guessing
from networks.models import AuditEvent, PasswordLink, User

from ..site_map import what_was_seen
from .telephone import at, set_up

PASSWORD, NEW = "Correct-Horse-7", "Brave-Otter-88"


def try_in(client, username="town", password=PASSWORD, address="10.0.0.7"):
    return client.post("/login/", {"username": username, "password": password}, REMOTE_ADDR=address)


def signed_in(client):
    return client.get("/accounts/me/").status_code == 200


def storm(username="town", addresses=5):
    """Wrong passwords from many addresses, four from each, so that no address is locked by itself; the last answer."""
    answer = None
    for number in range(addresses):
        for _ in range(4):
            answer = try_in(Client(), username, "Wrong-Horse-7", f"203.0.113.{number}")
    return answer


# --- guesses from many addresses -----------------------------------------------------------------------


def test_id_2_guesses_from_many_addresses_stop_browsers_that_have_never_signed_in(world):
    storm()
    stranger = try_in(Client(), address="203.0.113.200")  # even with the right password: it learns nothing
    assert stranger.status_code == 429 and "账号已暂时锁定" in stranger.content.decode()
    assert not signed_in(Client())


@pytest.mark.parametrize("written", ["town ", "\u3000town", "ｔｏｗｎ", "\ttown"])
def test_id_2_the_name_written_differently_is_the_same_account_in_the_storm(world, written):
    for number in range(5):
        for _ in range(4):
            try_in(Client(), written, "Wrong-Horse-7", f"203.0.113.{number}")
    assert try_in(Client(), address="203.0.113.200").status_code == 429
    assert try_in(Client(), written, address="203.0.113.201").status_code == 429


def test_id_2_the_owner_s_own_browser_is_let_in_meanwhile_from_whatever_address(world):
    mine = Client()
    try_in(mine)
    mine.post("/logout/")
    storm()
    assert try_in(mine, address="198.51.100.44").status_code == 302 and signed_in(mine)


def test_id_2_the_browser_is_known_for_the_account_and_not_for_its_neighbour(world):
    mine = Client()
    try_in(mine, "unit")
    mine.post("/logout/")
    storm()
    assert try_in(mine).status_code == 429
    try_in(mine, "unit")
    assert signed_in(mine)


def test_id_2_a_shared_computer_knows_everybody_who_signs_in_there(world):
    office = Client()
    for username in ["town", "head", "unit"]:
        try_in(office, username)
        office.post("/logout/")
    storm()
    assert try_in(office).status_code == 302


@pytest.mark.parametrize("value", ["", "x", "a.b.c:def", "town", "é" * 500])
def test_id_2_a_cookie_of_one_s_own_making_is_no_browser_that_is_known(world, value):
    storm()
    forged = Client()
    forged.cookies[guessing.known_cookie()] = value
    assert try_in(forged).status_code == 429


def test_id_2_the_known_browser_s_cookie_opens_nothing_and_names_nobody(world):
    mine = Client()
    answer = try_in(mine)
    cookie = answer.cookies[guessing.known_cookie()]
    assert "town" not in cookie.value and cookie["httponly"] and cookie["samesite"] == "Lax"
    other = Client()
    other.cookies[guessing.known_cookie()] = cookie.value
    assert not signed_in(other)
    for _ in range(5):
        answer = try_in(other, password="Wrong-Horse-7")
    assert answer.status_code == 429  # and five failures from one address lock there as anywhere


def test_id_2_the_storm_passes_with_the_lock_out_time_and_a_link_opens_meanwhile(world):
    with time_machine.travel("2026-06-01 10:00+08:00", tick=False) as clock:
        storm()
        assert try_in(Client()).status_code == 429
        _, token = PasswordLink.issue(world.town, world.bureau)
        client = Client()
        client.post(f"/accounts/set-password/{token}/", {"new_password1": NEW, "new_password2": NEW})
        assert signed_in(client)
        storm()
        clock.shift(15 * 60 + 1)
        assert try_in(Client(), password=NEW).status_code == 302


def test_id_2_nineteen_failures_stop_nobody_and_refused_tries_do_not_count_on(world):
    storm(addresses=4)
    for number in range(3):
        try_in(Client(), password="Wrong-Horse-7", address=f"192.0.2.{number}")
    fresh = Client()
    assert try_in(fresh, password="Wrong-Horse-7").status_code == 200  # the twentieth is still tried
    before = sum(AccessAttempt.objects.values_list("failures_since_start", flat=True))
    assert before == 20
    for _ in range(10):
        assert try_in(Client(), password="Wrong-Horse-7", address="192.0.2.77").status_code == 429
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == before


def test_id_2_a_name_that_is_no_account_is_answered_alike_in_the_storm_too(world, monkeypatch):
    work, hasher = [], type(hashers.get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, *a, **k: work.append(1) or encode(self, *a, **k))

    def told(name):
        seen = []
        for number in range(7):
            for _ in range(4):
                work.clear()
                answer = try_in(Client(), name, "Wrong-Horse-7", f"203.0.113.{number}")
                body = answer.content.decode().replace(name, "NAME")
                token = str(answer.context["csrf_token"])
                seen.append((answer.status_code, body.replace(token, "TOKEN"), len(work)))
        return seen

    known, unknown = told("town"), told("nobody-of-this-name")
    assert [status for status, *_ in known] == [200] * 20 + [429] * 8
    assert known == unknown
    assert [hashes for *_, hashes in known] == [1] * 20 + [0] * 8


def test_id_2_two_strangers_at_two_addresses_lock_themselves_out_and_not_the_victim(world):
    for address in ["203.0.113.1", "203.0.113.2"]:
        for _ in range(6):
            answer = try_in(Client(), password="Wrong-Horse-7", address=address)
        assert answer.status_code == 429
    victim = Client()
    assert try_in(victim).status_code == 302 and signed_in(victim)


def test_id_2_an_account_with_a_second_factor_is_answered_like_any_other_until_the_password_is_right(world):
    set_up_client = Client()
    try_in(set_up_client)
    set_up(set_up_client)
    bodies = set()
    for name in ["town", "unit"]:
        answer = try_in(Client(), name, "Wrong-Horse-7")
        bodies.add(answer.content.decode().replace(name, "NAME").replace(str(answer.context["csrf_token"]), ""))
    assert len(bodies) == 1


# --- IPv6 --------------------------------------------------------------------------------------------


def test_id_2_a_telephone_with_a_network_of_its_own_is_one_address(world, monkeypatch):
    for number in range(5):  # the account, from one address
        answer = try_in(Client(), password="Wrong-Horse-7", address=f"2409:8c54:0:1::{number:x}")
    assert answer.status_code == 429
    assert try_in(Client(), address="2409:8c54:0:1:ffff::9").status_code == 429
    assert AccessAttempt.objects.get().ip_address == "2409:8c54:0:1::"
    assert try_in(Client(), address="2409:8c54:0:2::1").status_code == 302


def test_id_2_its_tries_at_many_accounts_are_counted_together_too(world, monkeypatch):
    monkeypatch.setattr(guessing, "FAILURES_PER_ADDRESS", 4)
    for number in range(4):
        assert try_in(Client(), f"guess{number}", address=f"2409:8c54:0:1::{number:x}").status_code == 200
    assert try_in(Client(), address="2409:8c54:0:1::ffff").status_code == 429
    assert try_in(Client(), address="2409:8c54:0:2::1").status_code == 302
    assert try_in(Client(), address="203.0.113.1").status_code == 302
    # The log says from where exactly.
    told = AuditEvent.objects.filter(action="登录失败").order_by("pk").values_list("address", flat=True)
    assert list(told) == ["2409:8c54:0:1::", *(f"2409:8c54:0:1::{number}" for number in (1, 2, 3))]


def test_id_2_an_ipv4_address_written_as_ipv6_is_the_same_one(world, monkeypatch):
    monkeypatch.setattr(guessing, "FAILURES_PER_ADDRESS", 2)
    for number in range(2):
        try_in(Client(), f"guess{number}", address="::ffff:203.0.113.5")
    assert try_in(Client(), address="::ffff:203.0.113.5").status_code == 429
    assert try_in(Client(), address="::ffff:203.0.113.6").status_code == 302


# --- account changes -----------------------------------------------------------------------------------


def sends(w):
    """Every act upon an account, with what it sends and whether it was done."""
    town = f"/accounts/{w.town.pk}"
    waiting = User.objects.create_user(
        "waiting", None, name="等设密码", role="head", home_division=w.town.home_division
    )
    w.unit_head.second_factor_seed, w.unit_head.second_factor_since = "ab" * 20, "2026-06-01T00:00Z"
    w.unit_head.second_factor_step = 1
    w.unit_head.save()
    moved = {"role": "head", "home_division": w.town.home_division_id, "home_unit": ""}
    new = {"username": "fresh", "person": w.town2.person_id, "role": "head", "home_division": "450124103"}
    line = f"township-{w.town.home_division_id}"
    made = {f"{line}-make": "on", f"{line}-name": "新来的人", f"{line}-username": "brand-new"}
    exists = User.objects.filter
    return {
        "suspend": (f"{town}/suspend/", {}, lambda: exists(username="town", is_active=False).exists()),
        "link": (f"{town}/link/", {}, lambda: w.town.password_links.exists()),
        "links": ("/accounts/links/", {"account": [waiting.pk]}, lambda: waiting.password_links.exists()),
        "hand over": (
            f"{town}/hand-over/",
            {"name": "接手", "username": "next"},
            lambda: exists(username="next").exists(),
        ),
        "create": ("/accounts/new/", made, lambda: exists(username="brand-new").exists()),
        "create in the admin": ("/admin/networks/user/add/", new, lambda: exists(username="fresh").exists()),
        "role": (
            f"/admin/networks/user/{w.town.pk}/change/",
            moved,
            lambda: exists(username="town", role="head").exists(),
        ),
        "factor": (
            f"/accounts/{w.unit_head.pk}/second-factor/",
            {},
            lambda: exists(username="unit_head", second_factor_seed="").exists(),
        ),
    }


ACTS = ["suspend", "link", "links", "hand over", "create", "create in the admin", "role", "factor"]


@pytest.mark.parametrize("act", ACTS)
def test_id_4_an_account_is_changed_only_after_the_password_was_typed_again(world, client, act):
    url, body, done = sends(world)[act]
    client.force_login(world.bureau)  # signed in a while ago
    body = body | (what_was_seen(client, url) if act == "role" else {})
    page = client.post(url, body)
    assert page.status_code == 200 and "请再输一次密码" in page.content.decode() and not done()
    assert "密码不对" in client.post(url, body | {"password_again": "Wrong-Horse-7"}).content.decode() and not done()
    client.post(url, body | {"password_again": PASSWORD})
    assert done()


@pytest.mark.parametrize("act", ["suspend", "link", "hand over", "role", "factor"])
def test_id_4_whoever_may_not_is_told_so_and_not_asked(world, client, act):
    url, body, _ = sends(world)[act]
    for user, status in [(world.foreign_bureau, 404), (world.auditor, 403)]:
        client.force_login(user)
        answer = client.post(url, body)
        assert answer.status_code in {status, 302 if act == "role" else status}
        assert "请再输一次密码" not in answer.content.decode()


def test_id_4_ending_sign_ins_is_not_asked_about_because_it_only_protects(world, client):
    try_in(Client())
    client.force_login(world.bureau)
    assert client.post(f"/accounts/{world.town.pk}/end-sign-ins/", {"sign_in": "all"}).status_code == 302
    assert not world.town.sign_ins.exists()


# --- the next request ----------------------------------------------------------------------------------


def test_id_4_a_role_changed_by_the_page_and_a_password_set_by_a_link_hold_at_once_in_open_browsers(world):
    town, bureau = Client(), Client()
    try_in(town)
    try_in(bureau, "bureau")
    assert town.get("/sessions/new/").status_code == 200
    moved = {"role": "head", "home_division": world.town.home_division_id, "home_unit": ""}
    page = f"/admin/networks/user/{world.town.pk}/change/"
    assert bureau.post(page, moved | what_was_seen(bureau, page)).status_code == 302
    assert town.get("/sessions/new/").status_code == 403
    _, token = PasswordLink.issue(User.objects.get(pk=world.town.pk), world.bureau)
    Client().post(f"/accounts/set-password/{token}/", {"new_password1": NEW, "new_password2": NEW})
    assert town.get("/sessions/")["Location"].startswith("/login/")


def test_id_4_a_busy_browser_is_out_after_twelve_hours_also_with_a_second_factor(world):
    with time_machine.travel("2027-06-01 08:00:05+08:00", tick=False) as clock:
        client = Client()
        try_in(client)
        phone, _ = set_up(client)
        clock.shift(60)
        client = Client()
        try_in(client)
        client.post("/login/code/", {"code": at(phone)})
        for _ in range(28):
            clock.shift(25 * 60)
            assert signed_in(client)
        clock.shift(21 * 60)
        assert not signed_in(client)
        try_in(client)
        clock.shift(30)
        client.post("/login/code/", {"code": at(phone)})
        assert signed_in(client)
        clock.shift(31 * 60)  # idle
        assert not signed_in(client)
    assert AuditEvent.objects.filter(action="登录", detail={"by": "动态口令"}).count() == 2


# --- with HTTPS ----------------------------------------------------------------------------------------


def test_wb_1_id_2_with_https_the_known_browser_s_cookie_is_bound_to_the_host_and_still_known(world, settings):
    settings.HTTPS = True
    mine = Client()
    sent = {"username": "town", "password": PASSWORD}
    answer = mine.post("/login/", sent, secure=True)
    [name] = [name for name in answer.cookies if name.endswith("known_browser")]
    cookie = answer.cookies[name]
    # What browsers ask of the prefix: secure, the whole host, no domain.
    assert name == "__Host-known_browser"
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    mine.post("/logout/", secure=True)
    storm()
    assert mine.post("/login/", sent, secure=True).status_code == 302 and signed_in(mine)
    without = Client()
    without.cookies["known_browser"] = cookie.value  # as a neighbour on the domain could set it
    assert without.post("/login/", sent, secure=True).status_code == 429
