"""Where an account is signed in, ending that, and rights that go with the next request (ID-4)."""

import datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from networks.models import AuditEvent, SignIn, User
from networks.models.signing_in import device_words

from .telephone import at

PASSWORD = "Correct-Horse-7"
WECHAT = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116 MicroMessenger/8.0.42"
OFFICE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/120"


def sign_in(username="town", agent=OFFICE):
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/login/", {"username": username, "password": PASSWORD})
    return client


def open_for(client):
    return client.get("/accounts/me/").status_code == 200


def test_a_sign_in_is_listed_with_device_address_and_times_and_goes_with_the_session(world):
    start = datetime.datetime(2026, 6, 1, 2, 0, tzinfo=datetime.UTC)
    with time_machine.travel(start, tick=False) as clock:
        office, phone = sign_in(), sign_in(agent=WECHAT)
        clock.shift(20 * 60)
        page = office.get("/accounts/me/").content.decode()
        assert "电脑 · Edge" in page and "手机 · 微信" in page and "127.0.0.1" in page and "就是这里" in page
        assert "2026年6月1日 10:00 登录 · 正在使用" in page and "最近使用 2026年6月1日 10:00" in page
        clock.shift(15 * 60)  # the phone has been idle for 35 minutes
        assert [row.device for row in world.town.sign_ins.open()] == ["电脑 · Edge"]
        office.post("/logout/")
        assert list(world.town.sign_ins.values_list("device", flat=True)) == ["手机 · 微信"]
        assert not open_for(phone)  # a stranger's request; the row goes with clearsessions
    Session.objects.all().delete()
    assert not SignIn.objects.exists()


def test_a_sign_in_past_the_absolute_limit_is_open_no_longer(world):
    start = datetime.datetime(2026, 6, 1, 0, 0, tzinfo=datetime.UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = sign_in()
        for _ in range(28):
            clock.shift(25 * 60)
            open_for(client)
        clock.shift(21 * 60)
        assert not world.town.sign_ins.open().exists()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WECHAT, "手机 · 微信"),
        (OFFICE, "电脑 · Edge"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Version/17 Safari/604.1", "苹果手机 · Safari"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120) Gecko Firefox/120", "电脑 · Firefox"),
        ("curl/8 <script>", "其他设备"),
        ("", "其他设备"),
    ],
)
def test_a_device_is_named_in_our_own_words(agent, words):
    assert device_words(agent) == words


def test_one_ends_one_s_other_sign_ins_and_not_somebody_else_s(world):
    here, lost, other, stranger = sign_in(), sign_in(agent=WECHAT), sign_in(), sign_in("unit")
    row = world.town.sign_ins.get(device="手机 · 微信")
    theirs = world.unit.sign_ins.get()
    for wrong in [theirs.pk, "x", "", "-1", "9" * 40, "²"]:
        assert here.post("/accounts/me/end/", {"sign_in": wrong}).status_code == 404
    own = SignIn.objects.get(session_id=here.session.session_key)
    assert here.post("/accounts/me/end/", {"sign_in": own.pk}).status_code == 404  # that is what signing out is for
    assert here.post("/accounts/me/end/", {"sign_in": row.pk}).status_code == 302
    assert (open_for(lost), open_for(other), open_for(here)) == (False, True, True)
    here.post("/accounts/me/end/", {"sign_in": "all"})
    assert (open_for(other), open_for(here), open_for(stranger)) == (False, True, True)
    assert AuditEvent.objects.filter(action="结束登录").values_list("detail", flat=True)[0] == {"number": 1}


def test_the_bureau_ends_the_sign_ins_of_an_account_and_only_of_that_one(world):
    lost, other, bureau = sign_in(agent=WECHAT), sign_in("unit"), sign_in("bureau")
    address = f"/accounts/{world.town.pk}/end-sign-ins/"
    assert "手机 · 微信" in bureau.get(f"/accounts/{world.town.pk}/").content.decode()
    assert bureau.post(address, {"sign_in": world.unit.sign_ins.get().pk}).status_code == 404
    assert open_for(other)
    assert bureau.post(address, {"sign_in": "all"}).status_code == 302
    assert not open_for(lost) and open_for(other)
    event = AuditEvent.objects.get(action="结束登录")
    assert (event.actor, event.subject_id) == (world.bureau, str(world.town.pk))


def test_a_new_password_leaves_this_sign_in_alone_in_the_list_with_its_beginning(world):
    here, other = sign_in(), sign_in(agent=WECHAT)
    began = world.town.sign_ins.get(device="电脑 · Edge").started_at
    new = {"old_password": PASSWORD, "new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"}
    here.post("/password/", new)
    row = world.town.sign_ins.get()
    assert row.session_id == here.session.session_key and abs(row.started_at - began).total_seconds() < 5
    assert open_for(here) and not open_for(other)


def test_the_demonstration_s_buttons_are_listed_too(world, settings):
    settings.DEMO = True
    client = Client()
    client.post("/login/demo/", {"username": "bureau"})
    assert world.bureau.sign_ins.count() == 1
    client.post("/login/demo/", {"username": "auditor"})  # in the same browser: the first is over
    assert (world.bureau.sign_ins.count(), world.auditor.sign_ins.count()) == (0, 1)


# --- the next request --------------------------------------------------------------------------------


def test_id_4_suspending_from_the_page_throws_out_at_once_and_lets_nobody_in(world):
    town, bureau = sign_in(), sign_in("bureau")
    assert bureau.get(f"/accounts/{world.town.pk}/suspend/").status_code == 200
    assert open_for(town)
    assert bureau.post(f"/accounts/{world.town.pk}/suspend/").status_code == 302
    assert town.get("/sessions/")["Location"].startswith("/login/")
    assert not open_for(sign_in())
    said = bureau.post(f"/accounts/{world.town.pk}/suspend/")
    assert said.status_code == 200 and "已经停用" in said.content.decode()
    assert bureau.post(f"/accounts/{world.town.pk}/reactivate/").status_code == 302
    assert open_for(sign_in())


def test_id_4_a_session_without_a_row_of_its_own_ends_with_the_account_all_the_same(world, client):
    client.force_login(world.town)
    assert not world.town.sign_ins.exists()
    world.town.suspend()
    assert client.get("/sessions/")["Location"].startswith("/login/")


@pytest.mark.parametrize("whose", ["another township", "another county", "no home", "another role"])
def test_id_4_a_moved_account_sees_its_new_place_and_no_longer_the_old_from_the_next_request_on(world, whose):
    row = world.session(world.ours, title="白山镇的草稿")
    page = f"/sessions/{row.pk}/"
    town = sign_in()
    assert town.get(page).status_code == 200
    changes = {
        "another township": {"home_division": world.places["古零镇"]},
        "another county": {"home_division": world.other_places["大丰镇"]},
        "no home": {"home_division": None},
        "another role": {"role": "leader", "home_division": world.county},
    }[whose]
    User.objects.filter(pk=world.town.pk).update(**changes)
    assert town.get(page).status_code == (404 if whose in {"another township", "another county"} else 403)
    assert town.post(f"/sessions/{row.pk}/submit/").status_code == (
        404 if "another t" in whose or "county" in whose else 403
    )
    row.refresh_from_db()
    assert row.status == "draft"


# --- by what somebody came in --------------------------------------------------------------------------


def factors(world):
    return list(world.town.sign_ins.order_by("pk").values_list("factor", flat=True))


def test_id_4_the_list_of_sign_ins_says_by_what_factor_each_came_in(world, bound):
    here, totp, codes = bound
    assert factors(world) == ["动态口令"]  # the telephone was shown when it was bound
    by_code, by_recovery = sign_in(agent=WECHAT), sign_in()
    by_code.post("/login/code/", {"code": at(totp)})
    by_recovery.post("/login/code/", {"code_recovery": codes[0]})
    assert factors(world) == ["动态口令", "动态口令", "恢复码"]
    page = here.get("/accounts/me/").content.decode()
    assert page.count('<span class="tag">动态口令</span>') == 2 and page.count('<span class="tag">恢复码</span>') == 1
    # Whoever keeps the account sees it too.
    seen = sign_in("bureau").get(f"/accounts/{world.town.pk}/").content.decode()
    assert seen.count('<span class="tag">恢复码</span>') == 1
    plain = sign_in("unit").get("/accounts/me/").content.decode()
    assert '<span class="tag">没有用动态口令</span>' in plain


def test_id_4_a_new_password_keeps_the_factor_of_this_sign_in_and_giving_it_up_says_so(world, bound):
    here = bound[0]
    new = {"old_password": PASSWORD, "new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"}
    here.post("/password/", new)
    assert factors(world) == ["动态口令"] and open_for(here)
    here.post("/accounts/me/second-factor/end/")
    assert factors(world) == [""] and open_for(here)


def test_id_4_whoever_signs_in_in_the_same_browser_inherits_no_factor(world, bound):
    totp = bound[1]
    other = sign_in()
    other.post("/login/code/", {"code": at(totp)})
    other.post("/logout/")
    other.post("/login/", {"username": "unit", "password": PASSWORD})
    assert world.unit.sign_ins.get().factor == ""
