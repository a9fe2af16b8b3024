"""动态口令: setting up, signing in by code, what is refused, losing the telephone, roles that must (ID-4)."""

import io
import re
import time

import pyotp
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from networks import guessing
from networks.access import Action, barred_from_linking, barred_from_resetting_factor, can, needs_second_factor
from networks.accounts import heard_of_judges
from networks.models import AuditEvent, PasswordLink, RecoveryCode, User
from networks.models.second_factor import STEP, secret_of
from networks.views.second_factor import SEED

PASSWORD, NEW = "Correct-Horse-7", "Brave-Otter-88"
SET_UP, CODE = "/accounts/me/second-factor/set-up/", "/login/code/"


@pytest.fixture(autouse=True)
def clock(standing):
    """Stands still five seconds into a step, after the county was built: what happens here comes last in every history."""
    with time_machine.travel((int(time.time()) // STEP + 2) * STEP + 5, tick=False) as clock:
        yield clock


def sign_in(username="town", client=None, **extra):
    client = client or Client()
    client.post("/login/", {"username": username, "password": PASSWORD}, **extra)
    return client


def signed_in(client):
    return client.get("/accounts/me/").status_code == 200


def totp(user):
    user.refresh_from_db()
    return pyotp.TOTP(secret_of(user.second_factor_seed))


def set_up(client, username="town"):
    """The telephone is bound as its owner would; its codes, and the recovery codes."""
    client.get(SET_UP)
    phone = pyotp.TOTP(secret_of(client.session[SEED]))
    page = client.post(SET_UP, {"code": phone.at(int(time.time()))}).content.decode()
    return phone, re.findall(r"<code>([a-z0-9-]{17})</code>", page)


def at(phone, seconds=0):
    return phone.at(int(time.time()) + seconds)


@pytest.fixture
def bound(world, clock):
    """白山镇's officer with a telephone, a moment later; the browser in which it was bound."""
    here = sign_in()
    phone, codes = set_up(here)
    clock.shift(60)
    return here, phone, codes


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


# --- another telephone, new codes, giving it up --------------------------------------------------------


def test_id_4_another_telephone_takes_over_when_it_has_confirmed(bound, world, clock):
    here, old, codes = bound
    assert "请再输一次验证码" not in here.get(SET_UP).content.decode()  # set up a minute ago
    clock.shift(6 * 60)
    assert "请再输一次验证码" in here.get(SET_UP).content.decode()
    here.post(SET_UP, {"code_again": at(old), "password_again_of_page": "1"})
    clock.shift(30)
    still = sign_in()
    still.post(CODE, {"code": at(old)})
    assert signed_in(still)
    new, fresh = set_up(here)
    assert new.secret != old.secret and not set(fresh) & set(codes)
    clock.shift(60)
    client = sign_in()
    for dead in [at(old), codes[0]]:
        client.post(CODE, {"code": dead})
        assert not signed_in(client)
    client.post(CODE, {"code": at(new)})
    assert signed_in(client)
    assert AuditEvent.objects.filter(action="更换动态口令").count() == 1


def test_id_4_new_recovery_codes_end_the_old_ones(bound, world):
    here, _, codes = bound
    page = here.post("/accounts/me/second-factor/codes/").content.decode()
    fresh = re.findall(r"<code>([a-z0-9-]{17})</code>", page)
    assert len(fresh) == 8 and not world.town.recovery_codes.exclude(used_at=None).exists()
    user = User.objects.get(pk=world.town.pk)
    assert not user.takes_recovery_code(codes[0]) and user.takes_recovery_code(fresh[0])


def test_id_4_giving_it_up_is_confirmed_and_leaves_nothing(bound, world, clock):
    here, phone, _ = bound
    other = sign_in()
    other.post(CODE, {"code": at(phone)})
    clock.shift(6 * 60)
    assert "请再输一次验证码" in here.post("/accounts/me/second-factor/end/").content.decode()
    here.post("/accounts/me/second-factor/end/", {"code_again": at(phone)})
    world.town.refresh_from_db()
    assert not world.town.has_second_factor and not RecoveryCode.objects.exists()
    assert signed_in(here) and not signed_in(other) and signed_in(sign_in())


# --- the telephone is lost -----------------------------------------------------------------------------


def test_id_4_whoever_keeps_the_account_resets_it_and_everything_open_ends(bound, world):
    here, _, _ = bound
    bureau = sign_in("bureau")
    address = f"/accounts/{world.town.pk}/second-factor/"
    assert "重置动态口令" in bureau.get(f"/accounts/{world.town.pk}/").content.decode()
    assert "当面" in bureau.get(address).content.decode()
    assert bureau.post(address).status_code == 302
    world.town.refresh_from_db()
    assert not world.town.has_second_factor and not signed_in(here) and signed_in(sign_in())
    event = AuditEvent.objects.get(action="重置动态口令")
    assert (event.actor, event.subject_id) == (world.bureau, str(world.town.pk))
    assert "没有启用动态口令" in bureau.post(address).content.decode()
    history = bureau.get(f"/accounts/{world.town.pk}/").content.decode()
    assert "动态口令启用时间" in history


def test_id_4_ac_5_of_a_judging_account_nobody_gives_the_link_and_resets_the_factor(world):
    """It takes two persons to get into an account that judges or audits, whichever act comes first."""
    for user in [world.bureau2, world.auditor]:
        user.start_second_factor("ab" * 20, pyotp.TOTP(secret_of("ab" * 20)).now())
    assert barred_from_resetting_factor(world.bureau, world.bureau2) == ""
    assert barred_from_resetting_factor(world.operator, world.bureau2) == ""
    PasswordLink.issue(world.bureau2, world.bureau)
    assert "另一位" in barred_from_resetting_factor(world.bureau, world.bureau2)
    assert barred_from_resetting_factor(world.director, world.bureau2) == ""
    assert sign_in("bureau").post(f"/accounts/{world.bureau2.pk}/second-factor/").status_code == 403
    # The other way round, by the page, also for the auditor's account.
    assert sign_in("director").post(f"/accounts/{world.auditor.pk}/second-factor/").status_code == 302
    assert "另一位" in barred_from_linking(world.director, world.auditor)
    assert sign_in("director").post(f"/accounts/{world.auditor.pk}/link/").status_code == 403
    assert barred_from_linking(world.bureau, world.auditor) == ""


@pytest.mark.parametrize(
    ("who", "whose", "allowed"),
    [
        ("bureau", "town", True),
        ("operator", "town", True),
        ("operator", "bureau", True),
        ("operator", "auditor", True),
        ("bureau", "bureau", False),
        ("operator", "operator", False),
        ("town", "head", False),
        ("auditor", "town", False),
    ],
)
def test_id_4_who_may_reset_whose(world, who, whose, allowed):
    assert (barred_from_resetting_factor(world.users[who], world.users[whose]) == "") is allowed


def test_id_4_the_operator_who_reset_a_judge_s_factor_still_cannot_sign_in_as_the_judge(world):
    world.bureau2.start_second_factor("ab" * 20, pyotp.TOTP(secret_of("ab" * 20)).now())
    operator = sign_in("operator")
    assert operator.post(f"/accounts/{world.bureau2.pk}/second-factor/").status_code == 302
    assert operator.post(f"/accounts/{world.bureau2.pk}/link/").status_code == 403
    heard = heard_of_judges(world.bureau2)
    assert [(item.account, item.did) for item in heard] == [(world.bureau2, "重置了动态口令")]


def test_id_4_on_the_server_itself_a_reset_says_why_and_is_recorded(bound, world):
    with pytest.raises(CommandError, match="没有账号"):
        call_command("reset_second_factor", "nobody", reason="手机丢了")
    with pytest.raises(CommandError, match="原因"):
        call_command("reset_second_factor", "town", reason=" ")
    out = io.StringIO()
    call_command("reset_second_factor", "town", reason="手机丢了，核对过身份", stdout=out)
    world.town.refresh_from_db()
    assert not world.town.has_second_factor and "town" in out.getvalue()
    event = AuditEvent.objects.get(action="重置动态口令")
    assert event.actor is None and event.detail["reason"] == "手机丢了，核对过身份" and event.county_code == "450124"
    with pytest.raises(CommandError, match="没有启用"):
        call_command("reset_second_factor", "town", reason="再来一次")


# --- roles that must -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bureau", "auditor", "operator"])
def test_id_4_with_mfa_required_privileged_roles_do_nothing_before_it_is_set_up(world, settings, who, clock):
    settings.MFA_REQUIRED = True
    client = sign_in(who)
    for method in ("get", "post"):
        for page in ["/", "/sessions/", "/accounts/", "/admin/", "/review/", "/accounts/me/", "/learn/", "/nowhere/"]:
            answer = getattr(client, method)(page)
            assert (answer.status_code, answer["Location"]) == (302, SET_UP), (method, page)
    assert client.get("/healthz").status_code == 200 and client.get("/password/").status_code == 200
    assert "必须先绑定" in client.get(SET_UP).content.decode()
    set_up(client)
    assert signed_in(client)
    end = client.post("/accounts/me/second-factor/end/")
    assert end.status_code == 403 and "不能停用" in end.content.decode()
    clock.shift(60)
    again = sign_in(who)
    assert again.get("/accounts/")["Location"].startswith("/login/")


@pytest.mark.parametrize("who", ["town", "unit", "head", "centre", "leader"])
def test_id_4_others_are_not_asked_and_may_choose_to(world, settings, who):
    settings.MFA_REQUIRED = True
    client = sign_in(who)
    assert signed_in(client)
    assert set_up(client)[1] and not signed_in(sign_in(who))


def test_id_4_needed_is_it_by_whoever_judges_reads_the_log_or_keeps_accounts(world, settings):
    for required in (True, False):
        settings.MFA_REQUIRED = required
        for user in world.users.values():
            rights = any(can(user, a) for a in (Action.REVIEW, Action.VIEW_LOGS, Action.MANAGE_ACCOUNTS))
            assert needs_second_factor(user) is (required and rights)


def test_id_4_a_role_that_must_is_asked_with_the_next_request_after_it_was_given(world, settings):
    settings.MFA_REQUIRED = True
    client = sign_in("leader")
    assert signed_in(client)
    User.objects.filter(pk=world.leader.pk).update(role="auditor")
    assert client.get("/")["Location"] == SET_UP


def test_id_4_a_reset_account_that_must_binds_a_new_telephone_before_anything_else(world, settings, clock):
    settings.MFA_REQUIRED = True
    client = sign_in("bureau2")
    set_up(client)
    sign_in_of_operator = sign_in("operator")
    set_up(sign_in_of_operator)
    assert sign_in_of_operator.post(f"/accounts/{world.bureau2.pk}/second-factor/").status_code == 302
    assert not signed_in(client)
    assert sign_in("bureau2").get("/review/")["Location"] == SET_UP


# --- the rules -----------------------------------------------------------------------------------------


def test_id_4_the_verbs_refuse_what_is_not_so(bound, world):
    user = User.objects.get(pk=world.town.pk)
    with pytest.raises(ValidationError, match="验证码不对"):
        user.start_second_factor("cd" * 20, "000000")
    with pytest.raises(ValidationError, match="没有启用"):
        User.objects.get(pk=world.town2.pk).end_second_factor()
    assert not User.objects.get(pk=world.town2.pk).takes_recovery_code("abcde-fghjk-mnpqr")


@pytest.mark.parametrize(
    "wrong",
    ["second_factor_seed = ''", "second_factor_since = NULL", "second_factor_step = 0", "second_factor_step = -1"],
)
def test_id_4_in_5_the_database_holds_a_second_factor_whole_or_not_at_all(bound, world, wrong):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE networks_user SET {wrong} WHERE username = 'town'")


def test_id_4_in_5_the_database_holds_no_recovery_code_twice(bound, world):
    digest = RecoveryCode.objects.first().digest
    with pytest.raises(IntegrityError), transaction.atomic():
        RecoveryCode.objects.create(user=world.town, digest=digest)
