"""Two people in one session at once (IN-4): who saves second sees both values and chooses."""

import re

import pytest
from django.urls import reverse

from .session_pages import opened, text_of


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


def test_in_4_who_saves_second_sees_both_values_and_chooses_field_by_field(client, world):
    session = world.session(title="原名", venue="原地点", remarks="原备注")
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "<b>我的名</b>", "venue": "我的地点", "reported_attendance": "60"}
    session.revise(
        actor=world.town,
        seen_version=session.version,
        changes={"title": "别人的名", "venue": "别人的地点", "remarks": "别人的备注"},
    )
    response = client.post(reverse("session-edit", args=[session.pk]), mine)
    assert response.status_code == 409
    rows = {row.name: (row.mine, row.theirs) for row in response.context["rows"]}
    assert rows == {
        "title": ("<b>我的名</b>", "别人的名"),
        "venue": ("我的地点", "别人的地点"),
        "reported_attendance": ("60", "50"),
        "remarks": ("原备注", "别人的备注"),
    }
    assert "&lt;b&gt;我的名&lt;/b&gt;" in text_of(response) and "<b>我的名" not in text_of(response)
    session.refresh_from_db()
    assert session.title == "别人的名"
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text_of(response)))
    chosen = {
        "choose_title": "theirs",
        "choose_venue": "mine",
        "choose_reported_attendance": "mine",
        "choose_remarks": "theirs",
    }
    response = client.post(reverse("session-edit", args=[session.pk]), mine | again | chosen)
    assert response.status_code == 302
    session.refresh_from_db()
    assert (session.title, session.venue, session.reported_attendance, session.remarks) == (
        "别人的名",
        "我的地点",
        60,
        "别人的备注",
    )


def test_in_4_a_third_save_in_between_is_a_conflict_again(client, world):
    session = world.session(title="原名")
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "我的名"}
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "第二人"})
    seen = session.version
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "第三人"})
    response = client.post(
        reverse("session-edit", args=[session.pk]), mine | {"seen_version": seen, "choose_title": "mine"}
    )
    assert response.status_code == 409 and response.context["rows"][0].theirs == "第三人"


@pytest.mark.parametrize("fate", ["verified", "void", "submitted"])
def test_in_4_an_edit_of_what_was_meanwhile_verified_voided_or_submitted_is_shown_and_not_stored(client, world, fate):
    session = world.session(title="原名")
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "来晚的修改"}
    if fate == "void":
        session.void(actor=world.town)
    else:
        session.submit(actor=world.town)
    if fate == "verified":
        session.verify(actor=world.bureau, attendance=50)
    response = client.post(reverse("session-edit", args=[session.pk]), mine)
    text = text_of(response)
    assert response.status_code == 409
    assert "这一场已经不能修改" in text and "来晚的修改" in text and "原名" in text and "按所选保存" not in text
    session.refresh_from_db()
    assert (session.title, session.status) == ("原名", fate)


def test_in_4_saving_the_same_twice_is_no_conflict(client, world):
    session = world.session()
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "改一次"}
    for _ in range(2):
        assert client.post(reverse("session-edit", args=[session.pk]), mine).status_code == 302
    session.refresh_from_db()
    assert (session.title, session.version) == ("改一次", 2)


def test_in_4_a_form_without_its_version_is_asked_for_again(client, world):
    session = world.session()
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "没有版本"}
    del mine["seen_version"]
    response = client.post(reverse("session-edit", args=[session.pk]), mine)
    assert response.status_code in {200, 409}
    session.refresh_from_db()
    assert session.title != "没有版本"
