"""动态口令: setting up, signing in by code, what is refused, step-up (ID-4). Losing the telephone and the roles that must have
one stand in test_second_factor_lost.py."""

import re

import pyotp
import pytest
from django.db import connection
from django.test import Client

from networks import guessing
from networks.models import AuditEvent, PasswordLink, RecoveryCode, User
from networks.models.second_factor import secret_of
from networks.views.second_factor import SEED

from .telephone import CODE, NEW, PASSWORD, SET_UP, at, set_up, sign_in, signed_in

pytestmark = pytest.mark.usefixtures("clock")


# --- setting up ----------------------------------------------------------------------------------------


def test_id_4_the_page_gives_the_secret_and_nothing_is_asked_for_before_the_telephone_has_shown_it(world):
    client = sign_in()
    page = client.get(SET_UP)
    secret = secret_of(client.session[SEED])
    shown = re.sub(r"\s", "", re.search(r'factor-secret">(.*?)</code>', page.content.decode(), re.S)[1])
    assert shown == secret and len(secret) == 32 and "data:image/svg+xml" in page.content.decode()
    assert client.get(SET_UP).context["secret"] == page.context["secret"]  # a page opened twice is the same telephone
    wrong = client.post(SET_UP, {"code": "000000"}).content.decode()
    assert "验证码不对" in wrong
    world.town.refresh_from_db()
    assert not world.town.has_second_factor and signed_in(sign_in())


def test_id_4_eight_recovery_codes_are_shown_once_and_only_digests_are_kept(bound, world):
    here, _, codes = bound
    assert len(set(codes)) == 8
    rows = str(list(RecoveryCode.objects.values())) + str(list(AuditEvent.objects.values()))
    rows += str(list(User.objects.filter(username="town").values()))
    pages = "".join(here.get(url).content.decode() for url in ["/accounts/me/", "/accounts/me/second-factor/"])
    assert not [code for code in codes if code in rows + pages or code.replace("-", "") in rows + pages]
    assert "没用过的恢复码" in pages and AuditEvent.objects.filter(action="启用动态口令").count() == 1


def test_id_4_the_database_alone_gives_nobody_a_code(bound, world, settings):
    """What the telephone holds is in no row; with another SECRET_KEY the stored seed is worth nothing."""
    _, phone, codes = bound
    world.town.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM networks_user WHERE username = 'town'")
        row = str(cursor.fetchone())
    assert phone.secret not in row and phone.secret.lower() not in row
    settings.SECRET_KEY = "another installation"
    assert not world.town.takes_code(at(phone))
    assert world.town.takes_recovery_code(codes[0])  # the owner is not shut out by a key that had to be replaced


def test_id_4_the_codes_are_those_of_the_published_test_vectors():
    vectors = {59: "94287082", 1111111109: "07081804", 1234567890: "89005924", 20000000000: "65353130"}  # RFC 6238, B
    phone = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", digits=8)
    assert {moment: phone.generate_otp(moment // 30) for moment in vectors} == vectors


def test_id_4_turning_it_on_ends_the_other_sign_ins_and_keeps_this_one(world):
    here, other = sign_in(), sign_in()
    set_up(here)
    assert signed_in(here) and not signed_in(other)
    assert world.town.sign_ins.count() == 1


def test_id_4_a_session_from_before_ends_with_the_next_request_even_without_a_row_of_its_own(world, client):
    client.force_login(world.town)
    assert signed_in(client) and not world.town.sign_ins.exists()
    User.objects.get(pk=world.town.pk).start_second_factor("ab" * 20, pyotp.TOTP(secret_of("ab" * 20)).now())
    assert not signed_in(client)


# --- signing in ----------------------------------------------------------------------------------------


def test_id_4_the_password_alone_opens_nothing_and_the_code_leads_on(bound, world):
    _, phone, _ = bound
    client = Client()
    answer = client.post("/login/", {"username": "town", "password": PASSWORD, "next": "/sessions/?page=1"})
    assert answer["Location"] == CODE
    assert client.get("/sessions/")["Location"].startswith("/login/")
    assert not world.town.sign_ins.exclude(session_id="").filter(session_id=client.session.session_key).exists()
    page = client.get(CODE).content.decode()
    assert 'inputmode="numeric"' in page and 'autocomplete="one-time-code"' in page and "账号 town" in page
    before = client.session.session_key
    answer = client.post(CODE, {"code": f" {at(phone)[:3]} {at(phone)[3:]} "})  # as the telephone shows it
    assert answer["Location"] == "/sessions/?page=1" and client.session.session_key != before
    assert signed_in(client)
    event = AuditEvent.objects.filter(action="登录").latest("pk")
    assert (event.actor, event.detail) == (world.town, {"by": "动态口令"})


@pytest.mark.parametrize(("seconds", "opens"), [(-61, False), (-30, True), (0, True), (30, True), (60, False)])
def test_id_4_the_telephone_s_clock_may_be_half_a_minute_wrong_and_no_more(bound, clock, seconds, opens):
    _, phone, _ = bound
    clock.shift(90)  # no code of these has been used
    client = sign_in()
    client.post(CODE, {"code": at(phone, seconds)})
    assert signed_in(client) is opens


def test_id_4_a_code_opens_once_also_for_whoever_looked_over_the_shoulder(bound, clock):
    _, phone, _ = bound
    first, second, earlier = sign_in(), sign_in(), sign_in()
    code = at(phone)
    first.post(CODE, {"code": code})
    assert signed_in(first)
    answer = second.post(CODE, {"code": code})
    assert answer.status_code == 200 and "验证码不对" in answer.content.decode() and not signed_in(second)
    earlier.post(CODE, {"code": at(phone, -30)})  # one from before the used one either
    assert not signed_in(earlier)
    clock.shift(30)
    second.post(CODE, {"code": at(phone)})
    assert signed_in(second)


def test_id_4_the_code_that_confirmed_the_telephone_is_used_up(world, clock):
    here = sign_in()
    phone, _ = set_up(here)
    again = sign_in()
    again.post(CODE, {"code": at(phone)})
    assert not signed_in(again)


def test_id_4_of_two_at_once_one_code_opens_one_door(bound, world):
    """Two requests that have read the account before either has used the code."""
    _, phone, codes = bound
    one, other = User.objects.get(pk=world.town.pk), User.objects.get(pk=world.town.pk)
    assert [one.takes_code(at(phone)), other.takes_code(at(phone))] == [True, False]
    assert [one.takes_recovery_code(codes[0]), other.takes_recovery_code(codes[0])] == [True, False]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "²²²²²²", "a\x00b", "０００００", "x" * 5000, "-1"])
def test_id_4_nonsense_is_no_code(bound, typed):
    client = sign_in()
    answer = client.post(CODE, {"code": typed})
    assert answer.status_code == 200 and not signed_in(client)


def test_id_4_full_width_digits_are_digits(bound):
    _, phone, _ = bound
    client = sign_in()
    client.post(CODE, {"code": at(phone).translate({48 + n: 0xFF10 + n for n in range(10)})})
    assert signed_in(client)


def test_id_4_a_recovery_code_opens_once_and_says_how_many_are_left(bound, world):
    _, _, codes = bound
    client = sign_in()
    page = client.post(CODE, {"code": "", "code_recovery": codes[3].upper().replace("-", " ")}, follow=True)
    assert "还剩 7 个" in page.content.decode() and signed_in(client)
    assert AuditEvent.objects.filter(action="登录").latest("pk").detail == {"by": "恢复码"}
    again = sign_in()
    again.post(CODE, {"code": codes[3]})
    assert not signed_in(again)


def test_id_4_the_code_is_waited_for_five_minutes_and_only_in_this_browser(bound, clock):
    _, phone, _ = bound
    client = sign_in()
    assert Client().get(CODE)["Location"] == "/login/"
    clock.shift(5 * 60 + 1)
    assert client.post(CODE, {"code": at(phone)})["Location"] == "/login/"
    assert "没有在 5 分钟内" in client.get("/login/").content.decode() and not signed_in(client)


@pytest.mark.parametrize("change", ["suspended", "new password", "another telephone"])
def test_id_4_what_changes_between_the_password_and_the_code_ends_the_wait(bound, world, change, clock):
    _, phone, _ = bound
    client, user = sign_in(), User.objects.get(pk=world.town.pk)
    if change == "suspended":
        user.suspend()
    elif change == "new password":
        user.set_password(NEW)
        user.save()
    else:
        user.start_second_factor("cd" * 20, pyotp.TOTP(secret_of("cd" * 20)).now())
    assert client.post(CODE, {"code": at(phone)})["Location"] == "/login/"
    assert not signed_in(client)


def test_id_4_a_link_stands_for_the_password_and_not_for_the_code(bound, world):
    _, phone, _ = bound
    _, token = PasswordLink.issue(world.town, world.bureau)
    client = Client()
    both = {"new_password1": NEW, "new_password2": NEW}
    assert client.post(f"/accounts/set-password/{token}/", both)["Location"] == CODE
    assert not signed_in(client)
    client.post(CODE, {"code": at(phone)})
    assert signed_in(client)


def test_id_4_the_demonstration_s_button_asks_for_the_code_too(world, settings, clock):
    settings.DEMO = True
    set_up(sign_in("bureau"))
    client = Client()
    assert client.post("/login/demo/", {"username": "bureau"})["Location"] == CODE and not signed_in(client)


# --- guessing ------------------------------------------------------------------------------------------


def test_id_2_five_wrong_codes_lock_as_five_wrong_passwords_do(bound, clock):
    _, phone, codes = bound
    client = sign_in()
    for _ in range(4):
        assert client.post(CODE, {"code": "000000"}).status_code == 200
    assert client.post(CODE, {"code": "000000"}).status_code == 429
    clock.shift(30)
    assert client.post(CODE, {"code": at(phone)}).status_code == 429  # the right one too
    assert client.post(CODE, {"code": codes[0]}).status_code == 429
    assert AuditEvent.objects.filter(action="验证码有误").count() == 5
    elsewhere = sign_in(REMOTE_ADDR="10.0.0.7")
    elsewhere.post(CODE, {"code": at(phone)}, REMOTE_ADDR="10.0.0.7")
    assert signed_in(elsewhere)


def test_id_2_a_right_password_in_between_does_not_begin_the_count_anew(bound):
    for _ in range(4):
        sign_in().post(CODE, {"code": "000000"})
    assert sign_in().post(CODE, {"code": "000000"}).status_code == 429


def test_id_2_ten_wrong_codes_from_anywhere_leave_only_the_recovery_codes_for_an_hour(bound, clock):
    _, phone, codes = bound
    for number in range(10):
        address = f"198.51.100.{number}"
        sign_in(REMOTE_ADDR=address).post(CODE, {"code": "000000"}, REMOTE_ADDR=address)
    client = sign_in()
    page = client.get(CODE).content.decode()
    assert "请用恢复码" in page and 'inputmode="numeric"' not in page  # a number pad has no letters
    client.post(CODE, {"code": at(phone)})
    assert not signed_in(client)
    client.post(CODE, {"code": codes[0]})
    assert signed_in(client)
    clock.shift(61 * 60)
    later = sign_in()
    later.post(CODE, {"code": at(phone)})
    assert signed_in(later)


def test_id_2_wrong_codes_count_for_the_address_with_wrong_passwords(bound, monkeypatch):
    monkeypatch.setattr(guessing, "FAILURES_PER_ADDRESS", 3)
    client = sign_in()
    for _ in range(2):
        client.post(CODE, {"code": "000000"})
    Client().post("/login/", {"username": "nobody", "password": "wrong"})
    assert client.post(CODE, {"code": "000000"}).status_code == 429


# --- step-up -------------------------------------------------------------------------------------------


def test_id_4_step_up_asks_for_the_code_and_the_password_does_not_do(bound, world, clock):
    here, phone, codes = bound
    address = f"/sessions/{world.session(world.ours).pk}/roster/export/"
    clock.shift(6 * 60)
    page = here.get(address).content.decode()
    assert "请再输一次验证码" in page and "登录密码" not in page
    for wrong in [{"password_again": PASSWORD}, {"code_again": "000000"}, {"code_again": ""}]:
        assert "请再输一次验证码" in here.post(address, wrong | {"password_again_of_page": "1"}).content.decode()
    right = {"code_again": at(phone), "password_again_of_page": "1"}
    assert here.post(address, right)["Location"] == address
    assert "请再输一次验证码" not in here.get(address).content.decode()
    assert AuditEvent.objects.filter(action="再次输入验证码").get().detail == {"by": "动态口令"}
    clock.shift(6 * 60)
    recovered = {"code_again": "", "code_again_recovery": codes[0], "password_again_of_page": "1"}
    assert here.post(address, recovered)["Location"] == address


def test_id_4_the_password_is_changed_only_by_whoever_has_the_telephone(bound, world, clock):
    here, phone, _ = bound
    clock.shift(6 * 60)
    new = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert "请再输一次验证码" in here.post("/password/", new).content.decode()
    world.town.refresh_from_db()
    assert world.town.check_password(PASSWORD)
    here.post("/password/", new | {"code_again": at(phone)})
    world.town.refresh_from_db()
    assert world.town.check_password(NEW) and signed_in(here)
