"""AU-3: whatever is refused leaves a line in the log, however it is told on the page; and no stranger fills the log with them."""

import time

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from networks import audit, guessing
from networks.models import AuditEvent
from networks.tokens import new_token
from networks.views import downloads
from networks.views.entering import WAITING
from trainings import evidence
from trainings.workbook import batches

from .act import picture
from .site_map import has_typed_password
from .trainings.import_pages import GOOD, confirm, ledger, uploaded

STRICT = {"enforce_csrf_checks": True}


def lines():
    """(account, what is told) of each, in the order in which they came about."""
    rows = AuditEvent.objects.filter(action=audit.DENIED).order_by("pk").select_related("actor")
    return [(row.actor.username if row.actor else None, row.detail) for row in rows]


def signed_in(user, **how):
    client = Client(**how)
    client.force_login(user)
    has_typed_password(client)
    return client


def a_page(w, patch):
    assert signed_in(w.town).get("/review/").status_code == 403
    return "town", {"path": "/review/"}


def a_forged_form(w, patch):
    assert signed_in(w.town, **STRICT).post("/password/", {}).status_code == 403
    return "town", {"path": "/password/", "why": "页面的防伪标记不对或已过期"}


def a_stranger_s_forged_form(w, patch):
    token = new_token()
    assert Client(**STRICT).post(f"/accounts/set-password/{token}/", {}).status_code == 403
    return None, {"path": "/accounts/set-password/…/", "why": "页面的防伪标记不对或已过期"}


def too_much_taken(w, patch):
    patch.setattr(downloads, "MOST_TAKEN", 0)
    assert signed_in(w.bureau).get("/network/contacts/export/").status_code == 429
    return "bureau", {"path": "/network/contacts/export/", "why": "十分钟内导出、下载、打印太多"}


def an_address_that_guesses(w, patch):
    patch.setattr(guessing, "FAILURES_PER_ADDRESS", 0)
    assert Client().post("/login/", {"username": "town", "password": "x"}).status_code == 429
    return None, {"path": "/login/", "why": "登录被锁定"}


def an_account_that_is_guessed_at(w, patch):
    patch.setattr(guessing, "FAILURES_PER_ACCOUNT", 0)
    assert Client().post("/login/", {"username": "town", "password": "x"}).status_code == 429
    return None, {"path": "/login/", "why": "登录被锁定"}


def an_address_that_guesses_codes(w, patch):
    patch.setattr(guessing, "FAILURES_PER_ADDRESS", 0)
    client, user = Client(), w.town
    session = client.session
    bound = {"user": user.pk, "bound_to": user.get_session_auth_hash(), "since": time.time()}
    session[WAITING] = bound | {"how": "登录", "then": "/"}
    session.save()
    assert client.post("/login/code/", {"code": "1"}).status_code == 429
    return None, {"path": "/login/code/", "why": "登录被锁定"}


def a_code_of_an_account_that_is_locked(w, patch):
    patch.setattr(guessing.AxesProxyHandler, "is_allowed", lambda *args: False)
    user = w.town
    user.second_factor_seed, user.second_factor_since, user.second_factor_step = "ab" * 20, "2026-06-01T00:00Z", 1
    user.save()
    client = Client()
    client.force_login(user)
    assert client.post("/accounts/me/second-factor/codes/", {"code_again": "123456"}).status_code == 429
    return "town", {"path": "/accounts/me/second-factor/codes/", "why": "登录被锁定"}


def a_session_among_many_to_verify(w, patch):
    row = w.session(w.jyj, status="submitted", actor=w.bureau)
    signed_in(w.bureau).post("/review/verify/", {"chosen": [f"{row.pk}-{row.version}"]})
    return "bureau", {"path": "/review/verify/"}


def a_session_among_many_in_the_admin(w, patch):
    row = w.session(w.jyj, status="submitted", actor=w.bureau)
    url = reverse("admin:trainings_trainingsession_changelist")
    sent = {"action": "verify_selected", "_selected_action": [row.pk], "confirmed": "1"}
    signed_in(w.bureau).post(url, sent | {"seen": [f"{row.pk}-{row.version}"]})
    return "bureau", {"path": url}


def a_session_among_many_to_submit(w, patch):
    row = w.session(w.wxgtj, status="submitted", actor=w.unit, place=w.ours.division)
    signed_in(w.town).post("/sessions/submit/", {"session": [row.pk], "token": "t" * 32})
    return "town", {"path": "/sessions/submit/"}


def refuse(*args, **kwargs):
    raise PermissionDenied("没有这个权限")  # as after a change of rights in between


def photos_of_a_session_among_many(w, patch):
    patch.setattr(evidence, "add", refuse)
    row = w.session(status="draft")
    signed_in(w.town).post("/sessions/photos/", {f"photos-{row.pk}": [picture()]})
    return "town", {"path": "/sessions/photos/"}


def an_import(w, patch):
    client = signed_in(w.town)
    batch = uploaded(client, ledger(w, GOOD))
    patch.setattr(batches, "_store", refuse)
    confirm(client, batch)
    return "town", {"path": f"/sessions/import/{batch.pk}/confirm/"}


def by_command(name):
    return {"command": name, "os_user": audit.os_user()}


def an_import_by_command(w, patch):
    with pytest.raises(SystemExit):
        call_command("import_sessions", "/nowhere.xlsx", "--as", "leader")
    return "leader", by_command("import_sessions")


def an_export_by_command(w, patch):
    with pytest.raises(SystemExit):
        call_command("export_sessions", str(w.year), "--as", "leader")
    return "leader", by_command("export_sessions")


def a_locking_by_command(w, patch):
    with pytest.raises(CommandError):
        call_command("lock_year", str(w.year), "--as", "bureau", "--confirmed-by", "bureau")
    return "bureau", by_command("lock_year")


REFUSALS = [
    a_page,
    a_forged_form,
    a_stranger_s_forged_form,
    too_much_taken,
    an_address_that_guesses,
    an_account_that_is_guessed_at,
    an_address_that_guesses_codes,
    a_code_of_an_account_that_is_locked,
    a_session_among_many_to_verify,
    a_session_among_many_in_the_admin,
    a_session_among_many_to_submit,
    photos_of_a_session_among_many,
    an_import,
    an_import_by_command,
    an_export_by_command,
    a_locking_by_command,
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.__name__)
def test_au_3_a_refusal_is_one_line_of_the_log(world, monkeypatch, refusal):
    told = refusal(world, monkeypatch)
    assert lines() == [told]


@pytest.mark.django_db
def test_au_3_ld_3_a_stranger_does_not_fill_the_log(monkeypatch):
    def forge(address, times=1):
        for _ in range(times):
            assert Client(**STRICT).post("/login/", {}, REMOTE_ADDR=address).status_code == 403

    most = audit.OF_AN_ADDRESS["most"]
    forge("203.0.113.1", most + 5)
    assert len(lines()) == most
    forge("203.0.113.2")
    assert len(lines()) == most + 1
    monkeypatch.setitem(audit.OF_ALL_STRANGERS, "most", most + 2)
    forge("203.0.113.3")
    forge("203.0.113.4")
    assert len(lines()) == most + 2


def test_au_3_whoever_is_signed_in_is_recorded_each_time(world):
    client = signed_in(world.town)
    for _ in range(audit.OF_AN_ADDRESS["most"] + 1):
        client.get("/review/")
    assert len(lines()) == audit.OF_AN_ADDRESS["most"] + 1
