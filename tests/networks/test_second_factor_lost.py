"""动态口令: another telephone, giving it up, losing it, the roles that must have it, and the rules in the database (ID-4)."""

import io
import re

import pyotp
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from networks.access import Action, barred_from_linking, barred_from_resetting_factor, can, needs_second_factor
from networks.accounts import heard_of_judges
from networks.models import AuditEvent, PasswordLink, RecoveryCode, User
from networks.models.second_factor import secret_of

from .telephone import CODE, SET_UP, at, set_up, sign_in, signed_in

pytestmark = pytest.mark.usefixtures("clock")


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
