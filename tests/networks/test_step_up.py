"""ID-4: the password once more before what leaves the system or cannot be undone, asked through one road."""

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from mashan_edu.urls import handler403, handler404  # noqa: F401
from mashan_edu.urls import urlpatterns as all_addresses
from networks.models import AuditEvent
from networks.step_up import step_up

PASSWORD = "Correct-Horse-7"
ADDRESS = "/guarded/?part=2"


def guarded(request):
    """A view as they are: asks, and says what reached it."""
    if asked := step_up(request, "锁定年度"):
        return asked
    return HttpResponse(f"done {request.method} {request.POST.getlist('unit')} {request.POST.get('note')}")


urlpatterns = [path("guarded/", guarded), *all_addresses]


@pytest.fixture
def door(world, client, settings):
    """Somebody whose sign-in with a password lies before today."""
    settings.ROOT_URLCONF = __name__
    client.force_login(world.town)
    return client


def recorded():
    rows = AuditEvent.objects.filter(action__startswith="再次输入密码").order_by("pk")
    return [(row.action, row.actor.username, row.detail) for row in rows]


def test_id_4_a_page_asks_and_opens_once_the_password_is_right(door):
    page = door.get(ADDRESS).content.decode()
    assert "请再输一次密码" in page and "锁定年度" in page and "账号 town 的登录密码" in page
    answer = door.post(ADDRESS, {"password_again": PASSWORD, "password_again_of_page": "1"})
    assert (answer.status_code, answer["Location"]) == (302, ADDRESS)
    assert door.get(ADDRESS).content.decode() == "done GET [] None"
    assert recorded() == [("再次输入密码", "town", {})]


def test_id_4_what_was_sent_is_kept_through_a_wrong_password_and_done_after_the_right_one(door):
    sent = {"unit": ["3", "4"], "note": '"><b>写好的话'}
    page = door.post(ADDRESS, sent).content.decode()
    assert "刚才填写的内容都还在" in page and "&quot;&gt;&lt;b&gt;写好的话" in page and "<b>写" not in page
    for wrong, said in [("错的密码", "密码不对"), ("", "请输入密码"), ("a\x00b", "密码不对")]:
        page = door.post(ADDRESS, sent | {"password_again": wrong}).content.decode()
        assert said in page and page.count('name="unit"') == 2 and "错的密码" not in page
    assert door.post(ADDRESS, sent | {"password_again": PASSWORD}).content.decode() == (
        "done POST ['3', '4'] \"><b>写好的话"
    )
    assert [action for action, *_ in recorded()] == ["再次输入密码有误", "再次输入密码有误", "再次输入密码"]


def test_id_4_it_is_asked_again_after_five_minutes_and_in_another_browser(world, settings):
    settings.ROOT_URLCONF = __name__
    with time_machine.travel("2026-03-02 09:00+08:00", tick=False) as clock:
        here, elsewhere = Client(), Client()
        here.post("/login/", {"username": "town", "password": PASSWORD})  # typed a moment ago
        elsewhere.force_login(world.town)
        assert here.get(ADDRESS).content.decode().startswith("done")
        assert "请再输一次密码" in elsewhere.get(ADDRESS).content.decode()
        clock.shift(5 * 60)
        assert here.get(ADDRESS).content.decode().startswith("done")
        clock.shift(1)
        assert "请再输一次密码" in here.get(ADDRESS).content.decode()


def test_id_4_another_person_at_the_same_browser_begins_anew(door, world):
    door.post(ADDRESS, {"password_again": PASSWORD})
    assert door.get(ADDRESS).content.decode().startswith("done")
    door.force_login(world.bureau)
    assert "请再输一次密码" in door.get(ADDRESS).content.decode()


def test_id_2_guessing_here_is_counted_as_at_the_sign_in_page(door):
    for _ in range(5):
        door.post(ADDRESS, {"password_again": "Wrong-Horse-7"})
    answer = door.post(ADDRESS, {"password_again": PASSWORD})
    assert answer.status_code == 429 and "账号已暂时锁定" in answer.content.decode()
    assert "请再输一次密码" in door.get(ADDRESS).content.decode()
    assert Client().post("/login/", {"username": "town", "password": PASSWORD}).status_code == 429


def test_id_2_guessing_the_old_password_is_counted_and_recorded_as_at_the_sign_in_page(world, client):
    client.force_login(world.town)
    new = {"new_password1": "Brave-Otter-88", "new_password2": "Brave-Otter-88"}
    for _ in range(5):
        client.post("/password/", {"old_password": "Wrong-Horse-7", **new})
    answer = client.post("/password/", {"old_password": PASSWORD, **new})
    assert answer.status_code == 429 and "账号已暂时锁定" in answer.content.decode()
    assert Client().post("/login/", {"username": "town", "password": PASSWORD}).status_code == 429
    assert recorded()[:5] == [("再次输入密码有误", "town", {})] * 5
    world.town.refresh_from_db()
    assert world.town.check_password(PASSWORD)
