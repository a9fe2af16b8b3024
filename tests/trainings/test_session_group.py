"""A session names the learning group that held it: chosen on the form, shown wherever the session is (依据 二(一)2)."""

import datetime

import pytest
from django.urls import reverse

from networks.models import LearningGroup
from trainings.changes import steps
from trainings.models import Refused, TrainingSession

from .session_pages import errors_of, filled, text_of


@pytest.fixture
def groups(world):
    def make(place, name, **fields):
        return LearningGroup.objects.create(kind="team", name=name, division=place, **fields)

    return {
        "ours": make(world.places["新汉村"], "新汉村山歌队"),
        "theirs": make(world.places["羊山村"], "羊山村读书会"),
        "foreign": make(world.other_places["大丰镇"], "大丰镇合唱团"),
    }


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


def offered(response):
    choices = response.context["form"].fields["learning_group"].choices
    return [(township, [label for _, label in rows]) for township, rows in choices[1:]]


def test_the_form_offers_the_countys_groups_the_own_townships_first(world, groups, client):
    client.force_login(world.town2)
    assert offered(client.get("/sessions/new/")) == [("古零镇", ["羊山村读书会"]), ("白山镇", ["新汉村山歌队"])]


def test_a_session_keeps_its_group_and_shows_it(world, groups, town):
    town.post("/sessions/new/", filled(world, learning_group=groups["ours"].pk))
    session = TrainingSession.objects.get()
    assert session.learning_group == groups["ours"]
    assert "新汉村山歌队" in text_of(town.get(f"/sessions/{session.pk}/"))
    assert "新汉村山歌队" in text_of(town.get(f"/sessions/new/?copy={session.pk}"))
    session.submit(actor=world.town)
    town.force_login(world.bureau)
    assert "学习团队（小组）：新汉村山歌队" in text_of(town.get(f"/review/{session.pk}/"))


@pytest.mark.parametrize("key", ["foreign", "0", "x", "9" * 30])
def test_ac_3_another_countys_group_is_refused_and_nothing_typed_is_lost(world, groups, town, key):
    key = groups[key].pk if key in groups else key
    response = town.post("/sessions/new/", filled(world, learning_group=key))
    assert "learning_group" in errors_of(response)
    assert "手机支付与防骗" in text_of(response) and "大丰镇合唱团" not in text_of(response)
    assert not TrainingSession.objects.exists()


def test_a_group_that_has_ended_holds_no_session_afterwards(world, groups, town):
    ended = datetime.date(world.year, 1, 1) - datetime.timedelta(days=1)
    LearningGroup.objects.filter(pk=groups["ours"].pk).update(ended_on=ended)
    response = town.post("/sessions/new/", filled(world, learning_group=groups["ours"].pk))
    sentence = f"“新汉村山歌队”已于{ended.year}年{ended.month}月{ended.day}日结束，请核对培训日期，或选“不是”"
    assert errors_of(response) == {"learning_group": [sentence]}
    last_day = filled(world, learning_group=groups["ours"].pk, held_on=ended.isoformat())
    assert town.post("/sessions/new/", last_day).status_code == 302
    long_ago = world.today - datetime.timedelta(days=500)
    LearningGroup.objects.filter(pk=groups["theirs"].pk).update(ended_on=long_ago)
    assert offered(town.get("/sessions/new/")) == [("白山镇", ["新汉村山歌队"])]


def test_a_change_of_group_stands_in_the_history_and_in_a_conflict(world, groups, town):
    session = world.session(learning_group=groups["ours"])
    seen = session.version
    session.revise(actor=world.town, seen_version=seen, changes={"learning_group": groups["theirs"]})
    change = steps(list(session.history.order_by("-history_id")))[0].changes[0]
    assert (change.label, change.before, change.after) == ("学习团队（小组）", "新汉村山歌队", "羊山村读书会")
    body = filled(world, learning_group=groups["ours"].pk, seen_version=seen)
    conflict = town.post(reverse("session-edit", args=[session.pk]), body)
    assert conflict.status_code == 409
    row = next(row for row in conflict.context["rows"] if row.name == "learning_group")
    assert (row.mine, row.theirs) == ("新汉村山歌队", "羊山村读书会")
    body = conflict_body(conflict, learning_group="theirs")
    assert town.post(reverse("session-edit", args=[session.pk]), body).status_code == 302
    session.refresh_from_db()
    assert (session.learning_group, session.title) == (groups["theirs"], "手机支付与防骗")


def conflict_body(response, **theirs):
    """What the page of the conflict sends back: mine everywhere but where `theirs` is chosen."""
    body = dict(response.context["carried"]) | {"seen_version": response.context["session"].version}
    choices = {row.name: "mine" for row in response.context["rows"]} | theirs
    return body | {f"choose_{name}": choice for name, choice in choices.items()}


def test_ac_4_a_locked_year_keeps_its_groups(world, groups):
    session = world.session(learning_group=groups["ours"])
    world.lock()
    with pytest.raises(Refused, match="锁定定案"):
        session.revise(actor=world.town, seen_version=session.version, changes={"learning_group": None})
    session.learning_group = None
    with pytest.raises(Refused, match="锁定定案"):
        session.save()
    assert TrainingSession.objects.get().learning_group == groups["ours"]


def test_the_list_narrows_to_a_group_one_may_see(world, groups, town):
    world.session(learning_group=groups["ours"], title="山歌课")
    world.session(title="别的课")

    def titles(**query):
        response = town.get("/sessions/", query)
        return [row.title for row in response.context["page_obj"]], text_of(response)

    found, text = titles(group=groups["ours"].pk)
    assert found == ["山歌课"] and "只看学习团队（小组）" in text
    assert titles(group=groups["theirs"].pk)[0] == []
    for nonsense in (groups["foreign"].pk, "x", "-1", "9" * 30):
        found, text = titles(group=nonsense)
        assert found == ["别的课", "山歌课"] and "大丰镇合唱团" not in text
