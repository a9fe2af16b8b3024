"""Signing in and out, lock-out, first passwords, sessions (ID-1, ID-2, ID-4, AU-3, WB-5)."""

import datetime
import getpass
import io

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks import guessing
from networks.access import Action, barred_from_linking, can
from networks.models import AuditEvent, PasswordLink, Person, User
from reporting.demonstration.script import MARK

PASSWORD = "Correct-Horse-7"
LOGIN = "/login/"


def sign_in(client, username="town", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password}, **extra)


def acts(action):
    return AuditEvent.objects.filter(action=action)


# --- a fresh installation ----------------------------------------------------------------------------


def test_id_1_a_fresh_installation_has_no_account_at_all(db):
    call_command("load_county", verbosity=0, stdout=io.StringIO())
    assert User.objects.count() == 0


def test_id_1_demo_accounts_cannot_be_entered_by_button_outside_the_demonstration(world, client, settings):
    settings.DEMO = False
    assert client.post("/login/demo/", {"username": "bureau"}).status_code == 404
    settings.DEMO = True
    assert client.post("/login/demo/", {"username": "bureau"}).status_code == 302
    assert Client().post("/login/demo/", {"username": "town2"}).status_code == 404  # not among the buttons


@pytest.fixture
def invented(world):
    """An account as the demonstration makes it, whose password everybody may know."""
    world.town.person.post = MARK
    world.town.person.save()
    return world.town


def test_id_1_accounts_of_the_demonstration_sign_in_nowhere_else_by_password_or_link(invented, world, client, settings):
    settings.DEMO = True
    assert sign_in(client).status_code == 302 and client.get("/").status_code == 200
    settings.DEMO = False
    assert client.get("/")["Location"].startswith(LOGIN), "whoever was in is out with the next request"
    answer = sign_in(Client())
    assert answer.status_code == 200 and "账号或密码不对" in answer.content.decode()  # the ordinary refusal
    _, token = PasswordLink.issue(invented, world.bureau)
    assert Client().get(reverse("set-password", args=[token])).status_code == 404
    assert sign_in(Client(), "bureau").status_code == 302


def test_id_1_the_mark_of_the_demonstration_is_nobodys_post_in_earnest(world, settings):
    """Or whoever may mend somebody's post could keep them out, and the next upgrade from starting."""
    world.operator.person.post = MARK
    with pytest.raises(ValidationError, match="职务不能写“演示数据”"):
        world.operator.person.full_clean()
    settings.DEMO = True
    world.operator.person.full_clean()


def test_id_1_a_demonstration_that_is_served_in_earnest_is_an_error_of_the_check(invented, settings):
    settings.DEMO = True
    assert run_checks(tags=["database"], databases=["default"]) == []
    settings.DEMO = False
    assert [found.id for found in run_checks(tags=["database"], databases=["default"])] == ["networks.E001"]
    assert run_checks(tags=["database"]) == []  # only where a database is asked about


def test_createsuperuser_makes_an_operator_who_neither_verifies_nor_assesses(world, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="root", interactive=False, verbosity=0)
    root = User.objects.get(username="root")
    assert root.role == "operator"
    assert sign_in(Client(), "root").status_code == 302
    allowed = {action for action in Action if can(root, action)}
    assert allowed == {Action.MANAGE_PEOPLE, Action.MANAGE_ACCOUNTS, Action.USE_ADMIN}


def test_au_1_an_operator_made_on_the_server_is_logged_with_who_ran_the_command_or_is_not_made(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    def fail(*args, **kwargs):
        raise RuntimeError("the log cannot be written")

    with monkeypatch.context() as broken:
        broken.setattr(AuditEvent, "save", fail)
        with pytest.raises(RuntimeError):
            call_command("createsuperuser", username="root", interactive=False, verbosity=0)
    assert not User.objects.exists() and not Person.objects.exists()
    call_command("createsuperuser", username="root", interactive=False, verbosity=0)
    event = acts("建立账号").get()
    assert (event.actor, event.subject_id) == (None, str(User.objects.get().pk))
    assert event.detail == {"role": "operator", "os_user": getpass.getuser()}


def test_ac_5_au_1_nobody_sets_somebody_else_s_password_on_the_server_unseen(world, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda *a, **k: "Brave-Otter-88")
    with pytest.raises(CommandError, match=r"密码只由本人设置.*createsuperuser"):
        call_command("changepassword", "bureau")
    world.bureau.refresh_from_db()
    assert world.bureau.check_password(PASSWORD)
    # What the sentence tells the only operator to do, does open the door.
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "Calm-Otter-99")
    call_command("createsuperuser", username="second", interactive=False, verbosity=0)
    assert barred_from_linking(User.objects.get(username="second"), world.operator) == ""


@pytest.mark.parametrize(("password", "said"), [("123", "密码至少 8 位"), ("Root-2026-x", "不要出现账号名")])
def test_id_3_createsuperuser_refuses_a_weak_password_from_the_environment_too(db, monkeypatch, password, said):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    with pytest.raises(CommandError, match=said):
        call_command("createsuperuser", username="root", interactive=False, verbosity=0)
    assert not User.objects.exists() and not Person.objects.exists()


def test_createsuperuser_asks_for_name_and_password_and_refuses_a_weak_one(db, monkeypatch, capsys):
    class Terminal:
        @staticmethod
        def isatty():
            return True

    passwords = iter(["12345678", "12345678", PASSWORD, PASSWORD])
    answers = iter(["chief", "n"])
    monkeypatch.setattr("getpass.getpass", lambda *a, **k: next(passwords))
    monkeypatch.setattr("builtins.input", lambda *a: next(answers))
    call_command("createsuperuser", stdin=Terminal(), verbosity=0)
    assert "密码至少 8 位" in capsys.readouterr().err
    assert User.objects.get(username="chief").role == "operator"


# --- lock-out ----------------------------------------------------------------------------------------


def test_id_2_the_fifth_failure_locks_the_account_for_that_address_with_our_page(world, client):
    for _ in range(4):
        response = sign_in(client, password="wrong")
        assert response.status_code == 200
        assert "账号或密码不对" in response.content.decode()
    response = sign_in(client, password="wrong")
    assert response.status_code == 429
    assert "账号已暂时锁定" in response.content.decode()
    assert response["Retry-After"] == "900"
    assert sign_in(client).status_code == 429  # the right password too


def test_id_2_the_lock_opens_after_a_quarter_of_an_hour(world, client):
    start = datetime.datetime(2026, 6, 1, 2, 0, tzinfo=datetime.UTC)
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(5):
            sign_in(client, password="wrong")
        clock.shift(14 * 60)
        assert Client().post(LOGIN, {"username": "town2", "password": PASSWORD}).status_code == 302
    with time_machine.travel(start + datetime.timedelta(minutes=15, seconds=1), tick=False):
        assert sign_in(client).status_code == 302


def test_id_2_a_stranger_elsewhere_cannot_lock_a_victim_out(world, client):
    for _ in range(8):
        sign_in(client, password="wrong", REMOTE_ADDR="203.0.113.9")
    assert sign_in(client, password="wrong", REMOTE_ADDR="203.0.113.9").status_code == 429
    assert sign_in(client, REMOTE_ADDR="10.0.0.7").status_code == 302


def test_id_2_one_locked_account_leaves_its_neighbours_at_the_same_address_alone(world, client):
    for _ in range(6):
        sign_in(client, password="wrong")
    assert sign_in(Client(), "town2").status_code == 302


def test_id_2_one_password_tried_on_many_accounts_ends_at_the_address(world, client, monkeypatch):
    monkeypatch.setattr(guessing, "FAILURES_PER_ADDRESS", 6)
    for number in range(6):
        assert sign_in(client, f"guess{number}", "Mashan-2026").status_code == 200
    assert sign_in(client, "guess7", "Mashan-2026").status_code == 429
    assert sign_in(client, REMOTE_ADDR="10.0.0.7").status_code == 302


def test_id_2_a_lock_is_answered_alike_whatever_the_request_says_of_itself(world, client):
    for _ in range(5):
        sign_in(client, password="wrong")
    response = sign_in(client, HTTP_X_REQUESTED_WITH="XMLHttpRequest")
    assert response.status_code == 429
    assert "Access-Control-Allow-Origin" not in response
    assert "账号已暂时锁定" in response.content.decode()


@pytest.mark.parametrize("username", ["nobody", "disabled", "unusable"])
def test_id_2_unknown_disabled_and_known_names_get_the_same_answer_for_the_same_work(world, username, monkeypatch):
    User.objects.create_user("disabled", PASSWORD, role="leader", home_division=world.county, is_active=False)
    User.objects.create_user("unusable", None, role="leader", home_division=world.county)
    work = []
    hasher = hashers.get_hasher()
    encode = type(hasher).encode
    monkeypatch.setattr(type(hasher), "encode", lambda self, *a, **k: work.append(1) or encode(self, *a, **k))

    def answer(name):
        work.clear()
        response = sign_in(Client(), name, "Wrong-Horse-7")
        body = response.content.decode().replace(name, "NAME")
        token = response.context["csrf_token"]
        return response.status_code, body.replace(str(token), "TOKEN"), len(work)

    assert answer(username) == answer("town")


def test_sign_in_failures_keep_nothing_of_what_was_typed(world, client):
    sign_in(client, "MySecret-2026", "wrong")
    sign_in(client, "town", "Wrong-Secret-9")
    attempts = " ".join(str(row) for row in AccessAttempt.objects.values())
    events = " ".join(str(row) for row in AuditEvent.objects.values())
    assert acts("登录失败").count() == 2
    for typed in ["MySecret-2026", "Wrong-Secret-9"]:
        assert typed not in attempts + events
    known = acts("登录失败").get(subject_id=str(world.town.pk))
    assert (known.county_code, known.actor_id, known.address) == ("450124", None, "127.0.0.1")


# --- sessions ----------------------------------------------------------------------------------------


def test_signing_in_and_out_is_recorded_and_gives_a_new_session_key(world, client):
    client.get(LOGIN)
    client.session["anything"] = 1
    before = client.session.session_key
    assert sign_in(client)["Location"] == reverse("desk")
    assert client.session.session_key != before
    assert acts("登录").get().actor == world.town
    assert User.history.filter(id=world.town.pk).count() == 1  # signing in is no change of the account
    response = client.post("/logout/")
    assert response["Location"] == LOGIN
    assert acts("退出").get().actor == world.town


def test_signing_out_needs_a_post(world, client):
    client.force_login(world.town)
    assert client.get("/logout/").status_code == 405


def test_id_4_a_session_slides_for_thirty_minutes_and_ends_twelve_hours_after_sign_in(world, client):
    start = datetime.datetime(2026, 6, 1, 0, 0, tzinfo=datetime.UTC)
    page = reverse("password-change")
    with time_machine.travel(start, tick=False) as clock:
        sign_in(client)
        for _ in range(28):
            clock.shift(25 * 60)
            assert client.get(page).status_code == 200
        clock.shift(21 * 60)  # 12 h 1 min after sign-in, 21 minutes after the last page
        assert client.get(page).status_code == 302
        sign_in(client)
        assert client.get(page).status_code == 200
        clock.shift(31 * 60)
        assert client.get(page).status_code == 302


def test_id_4_ld_1_a_page_moves_the_end_of_its_session_once_a_minute_and_never_beyond_the_thirty(world, client):
    """What writes to the database waits for whoever is writing, and a page shall not."""
    start = datetime.datetime(2026, 6, 1, 0, 0, tzinfo=datetime.UTC)
    page = reverse("password-change")

    def written():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]

    with time_machine.travel(start, tick=False) as clock:
        sign_in(client)
        assert client.get(page).status_code == 200
        assert written() == []
        clock.shift(59)
        assert written() == []
        clock.shift(1)
        assert any("django_session" in sql for sql in written()) and written() == []
        session = client.session
        session["something"] = "said"
        session.save()
        assert client.session["something"] == "said"
        clock.shift(59)
        assert written() == []
        clock.shift(30 * 60 - 59)  # thirty minutes after the last write, 59 seconds less after the last page
        assert client.get(page).status_code == 302


def test_id_4_disabling_and_a_new_role_hold_from_the_next_request_on(world, client):
    client.force_login(world.bureau)
    User.objects.filter(pk=world.bureau.pk).update(role="leader")
    assert client.get("/admin/").status_code == 403
    User.objects.filter(pk=world.bureau.pk).update(is_active=False)
    assert client.get("/password/")["Location"].startswith(LOGIN)


# --- passwords ---------------------------------------------------------------------------------------


def change(client, new, repeated=None, old=PASSWORD):
    data = {"old_password": old, "new_password1": new, "new_password2": new if repeated is None else repeated}
    return client.post("/password/", data)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("Ab1!", "密码至少 8 位"),
        ("abcdefgh1", "至少三种"),
        ("Town-town-77", "不要出现账号名"),
        ("Mashan-2026", "不要出现账号名"),
        ("P@ssw0rd", "太常见"),
        ("", "必填"),
    ],
)
def test_id_3_a_weak_password_is_refused_in_chinese(world, client, new, message):
    client.force_login(world.town)
    response = change(client, new)
    page = response.content.decode()
    assert response.status_code == 200
    assert message in page
    assert "This password" not in page and "This field" not in page
    world.town.refresh_from_db()
    assert world.town.check_password(PASSWORD)


def test_a_wrong_old_password_and_two_different_new_ones_are_named_in_chinese(world, client):
    client.force_login(world.town)
    assert "旧密码" in change(client, "Brave-Otter-88", old="nope").content.decode()
    assert "不一致" in change(client, "Brave-Otter-88", "Brave-Otter-89").content.decode()


def test_a_first_password_is_changed_before_anything_else(world, client):
    User.objects.filter(pk=world.town.pk).update(must_change_password=True)
    sign_in(client)
    for page in ["/", "/sessions/", "/admin/", "/nowhere/"]:
        assert client.get(page)["Location"] == "/password/"
    assert change(client, "Brave-Otter-88").status_code == 302
    assert acts("修改密码").get().actor == world.town
    assert client.get("/password/").status_code == 200
    assert client.get("/admin/").status_code == 403  # no longer held up


def test_an_expired_password_is_changed_before_anything_else(world, client):
    since = world.town.password_changed_at
    with time_machine.travel(since + datetime.timedelta(days=366), tick=False):
        sign_in(client)
        assert client.get("/admin/")["Location"] == "/password/"
        change(client, "Brave-Otter-88")
        assert client.get("/admin/").status_code == 403


def test_id_4_changing_the_password_ends_the_other_sessions(world, client):
    other = Client()
    sign_in(client), sign_in(other)
    change(client, "Brave-Otter-88")
    assert client.get("/password/").status_code == 200
    assert other.get("/password/").status_code == 302


# --- where one goes ----------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https:///evil.example",
    "http://testserver@evil.example/",
    " //evil.example",
    "/\t/evil.example",
    "%2F%2Fevil.example",
    "\x00//evil.example",
    "http://testserver.evil.example/",
    "ftp://testserver/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_wb_5_signing_in_leads_nowhere_else(world, target):
    for response in [
        Client().post(LOGIN, {"username": "town", "password": PASSWORD, "next": target}),
        Client().post(f"{LOGIN}?next={target}", {"username": "town", "password": PASSWORD}),
    ]:
        assert response.status_code == 302
        assert response["Location"] in {reverse("desk"), "/login/%2F%2Fevil.example", "%2F%2Fevil.example"}


def test_signing_in_leads_back_to_the_page_that_was_asked_for(world, client):
    to_admin = client.get("/admin/?a=1", follow=True)
    assert to_admin.redirect_chain[-1] == ("/login/?next=%2Fadmin%2F%3Fa%3D1", 302)
    response = client.post(LOGIN, {"username": "bureau", "password": PASSWORD, "next": "/admin/?a=1"})
    assert response["Location"] == "/admin/?a=1"


def test_the_admin_has_no_sign_in_of_its_own(world, client):
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "bureau", "password": PASSWORD}).status_code == 302
    assert "_auth_user_id" not in client.session
    client.force_login(world.bureau)
    assert client.post("/admin/logout/").status_code in {301, 404}
    assert client.get("/admin/password_change/").status_code in {301, 404}


def test_au_3_denials_are_recorded_without_control_characters(world, client):
    client.force_login(world.town)
    assert client.get("/admin/%1b[31mFORGED/").status_code == 403
    event = acts("拒绝访问").get()
    assert event.actor == world.town
    assert event.detail["path"] == "/admin/�[31mFORGED/"
