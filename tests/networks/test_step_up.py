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
from trainings.models import ImportBatch

from ..acts import ACTS
from ..site_map import taken_back

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


# --- everything privileged ------------------------------------------------------------------------------

# Names and numbers of others shown or taken away, accounts and second factors changed, a year or a whole ledger settled.
PRIVILEGED = {
    "account-hand-over",
    "account-link",
    "account-links",
    "account-new",
    "account-reactivate",
    "account-second-factor",
    "account-suspend",
    "contacts-export",
    "contacts-print",
    "registry-download",
    "roster-export",
    "roster-names",
    "second-factor-codes",
    "second-factor-end",
    "second-factor-set-up",
    "session-sign-ups",
    "year-decide",
}
ASKING = [act for act in ACTS if act.name in PRIVILEGED and act.label not in {"decline", "withdraw"}]
BY_GET = [("contacts-export", "-"), ("contacts-print", "-"), ("registry-download", "staff")]


def asked_first(site, who, method, url, body=None):
    """As somebody whose password was typed a while ago: the question, and nothing done or handed out."""
    client = Client()
    client.force_login(site.world.users[who])
    lines = AuditEvent.objects.count()
    answer = getattr(client, method)(url, body)
    assert "请再输一次" in answer.content.decode() and "Content-Disposition" not in answer.headers
    assert AuditEvent.objects.count() == lines


def test_id_4_each_privileged_address_is_among_the_acts():
    assert {act.name for act in ASKING} == PRIVILEGED


@pytest.mark.parametrize("act", ASKING, ids=str)
def test_id_4_each_privileged_act_asks_for_the_password_first(site, act):
    with taken_back():
        asked_first(site, act.who, "post", act.url(site), act.body(site))


@pytest.mark.parametrize(("name", "sample"), BY_GET)
def test_id_4_the_countys_numbers_are_not_taken_away_by_a_link_alone(site, name, sample):
    url = site.samples.url(name, sample)
    with taken_back():
        asked_first(site, "bureau", "get", url)
        client = Client()
        client.force_login(site.world.bureau)
        sent = {"password_again": PASSWORD, "password_again_of_page": "1"}
        answer = client.post(f"{url}?all=1", sent)
        assert (answer.status_code, answer["Location"]) == (302, f"{url}?all=1")  # what was asked for comes now
        assert "请再输一次" not in getattr(client.get(answer["Location"]), "content", b"").decode(errors="replace")


def test_id_4_a_unit_takes_its_own_staff_list_without_being_asked(world, client):
    client.force_login(world.town)
    assert "Content-Disposition" in client.get("/network/workbooks/staff/download/").headers


@pytest.mark.parametrize("address", ["import-confirm", "import-undo"])
def test_id_4_a_whole_ledger_is_verified_or_taken_back_only_after_the_password(site, address):
    """The first person's proposal settles nothing; the second's yes does."""
    state = {"import-confirm": "proposed", "import-undo": "undo_proposed"}[address]
    stored = {"historical": True, "user": site.world.bureau, "unit": None, "undo_proposed_by": site.world.bureau}
    with taken_back():
        batch = ImportBatch.objects.filter(**site.samples.kwargs["ours.committed"])
        batch.update(state=state, confirmed_by=site.world.director, **stored)
        asked_first(site, "bureau2", "post", site.samples.url(address, "ours.committed"), {"digest": "x"})
        client = Client()
        client.force_login(site.world.bureau)  # who may not is told so and not asked
        assert client.post(site.samples.url(address, "ours.committed"), {"digest": "x"}).status_code == 403
