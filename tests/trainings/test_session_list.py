"""The list of sessions: what it shows to whom, its filters, and many submitted at once."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from trainings.models import Audience, Evidence, TrainingSession

from .session_pages import opened, page, text_of


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


def titles(response) -> list[str]:
    return [row.title for row in response.context["page_obj"]]


def test_ac_2_the_list_shows_what_one_may_see_and_no_more(client, world):
    for organiser in (world.ours, world.theirs, world.wxgtj, world.foreign):
        for status in ("draft", "submitted"):
            world.session(organiser, status=status, title=f"{organiser.code} {status}")
    world.session(world.theirs, status="submitted", title="在白山", place=world.places["新汉村"])
    world.session(world.theirs, status="draft", title="在白山草稿", place=world.places["新汉村"])
    seen = {
        "town": {"450124100 draft", "450124100 submitted", "在白山"},
        "unit": {"wxgtj draft", "wxgtj submitted"},
        "unit2": set(),
        "centre": {"450124100 submitted", "450124103 submitted", "wxgtj submitted", "在白山"},
        "foreign_town": {"450125100 draft", "450125100 submitted"},
    }
    for name, expected in seen.items():
        client.force_login(world.users[name])
        everything = {"whose": "all"}
        assert set(titles(page(client, "session-list", **everything))) == expected, name
        found = titles(page(client, "session-list", q="4501", **everything))
        assert set(found) == {title for title in expected if "4501" in title}, name
        units = [unit.code for unit in page(client, "session-list").context["units"]]
        assert "450125100" not in units or name == "foreign_town"
    client.force_login(world.bureau)
    assert len(titles(page(client, "session-list"))) == 8
    for name in ("leader", "operator", "homeless"):
        client.force_login(world.users[name])
        assert page(client, "session-list").status_code == 403


def test_an_officer_s_list_opens_with_the_own_unit_s_sessions_and_leads_to_the_others(client, world):
    world.session(title="本镇的")
    world.session(world.theirs, status="submitted", title="外镇在白山办的", place=world.places["新汉村"])
    world.session(world.theirs, status="draft", title="外镇在白山的草稿", place=world.places["新汉村"])
    joint = world.session(world.wxgtj, status="submitted", title="县里请本镇协办的", place=world.places["羊山村"])
    joint.co_organisers.create(unit=world.ours, name=str(world.ours))
    client.force_login(world.town)

    def shown(**query):
        return set(titles(page(client, "session-list", **query)))

    assert shown() == shown(whose="own") == shown(whose="x' OR 1") == {"本镇的"}
    assert shown(whose="here") == {"外镇在白山办的"}
    assert shown(whose="joint") == {"县里请本镇协办的"}
    assert shown(whose="all") == {"本镇的", "外镇在白山办的", "县里请本镇协办的"}
    assert shown(unit=world.theirs.code) == {"外镇在白山办的"}
    shelves = page(client, "session-list").context["shelves"]
    assert [(key, count) for key, _, count in shelves] == [("own", 1), ("here", 1), ("joint", 1), ("all", 3)]
    client.force_login(world.unit)
    assert [key for key, *_ in page(client, "session-list").context["shelves"]] == ["own", "joint", "all"]
    client.force_login(world.bureau)
    assert page(client, "session-list").context["shelves"] == []


def test_filters_narrow_the_list_and_garbage_is_passed_over(town, world):
    last_year = datetime.date(world.year - 1, 12, 31)
    world.session(title="去年的", held_on=last_year)
    world.session(title="今年草稿")
    world.session(title="今年提交", status="submitted")
    TrainingSession(organiser=world.ours, entered_by=world.town, title="没有日期").save()

    def shown(**query):
        return sorted(titles(page(town, "session-list", **query)))

    assert shown() == ["今年提交", "今年草稿", "没有日期"]
    assert shown(year=world.year - 1) == ["去年的"]
    assert len(shown(year="all")) == 4
    assert shown(status="submitted") == ["今年提交"]
    assert shown(q="草稿") == ["今年草稿"]
    assert shown(q="提交 草稿") == []
    assert shown(unit="jyj") == []
    for query in (
        {"year": "20x6"}, {"year": "99999"}, {"status": "x' OR 1"}, {"page": "-1"}, {"page": "abc"}, {"page": "999999999"},
        {"month": "13"}, {"audience": "x"}, {"_connector": "OR"}, {"organiser__name": "x"}, {"q": "\x00"}, {"q": "长" * 99},
    ):  # fmt: skip
        assert len(shown(**query)) == 3, query


def test_the_list_can_be_narrowed_to_a_month_a_place_and_an_audience_as_figures_link_to_it(client, world):
    january = world.session(
        title="新汉一月", place=world.places["新汉村"], held_on=datetime.date(world.year - 1, 1, 31)
    )
    world.session(
        world.theirs, title="羊山二月", place=world.places["羊山村"], held_on=datetime.date(world.year - 1, 2, 1)
    )
    elderly = Audience.objects.get(name="老年人")
    january.revise(actor=world.town, seen_version=1, changes={}, audiences=[(elderly, 5)])
    client.force_login(world.bureau)
    for query, expected in (
        ({"month": 1}, ["新汉一月"]),
        ({"place": "450124103"}, ["羊山二月"]),
        ({"place": "450124100201"}, ["新汉一月"]),
        ({"audience": elderly.pk}, ["新汉一月"]),
        ({"unit": "450124103"}, ["羊山二月"]),
        ({"q": january.number.lower()}, ["新汉一月"]),
    ):
        assert titles(page(client, "session-list", year=world.year - 1, **query)) == expected, query


def test_the_bureau_mends_what_it_entered_and_nothing_else(client, world):
    behalf, own = world.session(actor=world.bureau), world.session()
    client.force_login(world.bureau)
    assert page(client, "session-edit", own.pk).status_code == 403
    data = opened(client, behalf) | {"title": "电话核对后的名称", "organiser": world.theirs.pk}
    assert client.post(reverse("session-edit", args=[behalf.pk]), data).status_code == 302
    behalf.refresh_from_db()
    assert (behalf.title, behalf.organiser, behalf.on_behalf_source) == ("电话核对后的名称", world.theirs, "paper")


def test_the_list_says_what_to_do_when_it_is_empty(client, world):
    client.force_login(world.town)
    assert "还没有培训场次" in text_of(page(client, "session-list"))
    assert reverse("session-new") in text_of(page(client, "session-list"))
    assert "没有符合条件的场次" in text_of(page(client, "session-list", q="不存在"))


def test_ld_2_the_list_takes_as_many_queries_for_30_rows_as_for_3(client, world):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert page(client, "session-list").status_code == 200
        return len(captured)

    client.force_login(world.bureau)
    for organiser in (world.ours, world.theirs, world.wxgtj):
        world.session(organiser, place=world.places["新汉村"])
    few = queries()
    client.force_login(world.town)
    few_of_own = queries()
    for number in range(27):
        world.session((world.ours, world.theirs, world.wxgtj)[number % 3], place=world.places["羊山村"])
    assert queries() == few_of_own
    client.force_login(world.bureau)
    assert (queries(), len(titles(page(client, "session-list")))) == (few, 30)


def test_ld_2_a_page_of_one_session_takes_as_many_queries_whatever_hangs_on_it(town, world):
    counts = []
    for number in (1, 8):
        session = world.session(title=f"第{number}课")  # nothing about the other one is to be said
        audiences = [(row, 5) for row in Audience.objects.filter(sensitivity=0)[:number]]
        names = [(None, f"单位{n}") for n in range(number)]
        session.revise(
            actor=world.town, seen_version=session.version, changes={}, audiences=audiences, co_organisers=names
        )
        for n in range(number):
            Evidence.objects.create(session=session, kind="report", link=f"https://x.cn/{n}", uploaded_by=world.town)
        with CaptureQueriesContext(connection) as captured:
            assert page(town, "session-detail", session.pk).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_many_are_submitted_at_once_and_what_is_left_out_is_said_with_its_reason(town, world):
    good = [world.session(title=f"可以{n}") for n in range(2)]
    incomplete = world.session(title="没有人次", reported=None)
    done = world.session(title="已经提交", status="submitted")
    theirs = world.session(world.theirs, title="别人的草稿")
    shared = world.session(world.theirs, title="在本镇办的", status="submitted", place=world.places["白山镇"])
    ids = [row.pk for row in (*good, incomplete, done, theirs, shared)] + ["x", 10**20]
    response = town.post(reverse("session-submit-many"), {"session": ids, "token": "m" * 32}, follow=True)
    text = text_of(response)
    assert "已提交 2 场，等待县教育局审核。" in text
    assert "《没有人次》：请填写实到人次" in text
    assert "《已经提交》：这一场次现在是“待审核”，不能提交" in text
    assert "另有 1 场没有找到，或不在您的范围内" in text
    assert "别人的草稿" not in text
    states = {row.title: row.status for row in TrainingSession.objects.all()}
    assert states == {
        "可以0": "submitted",
        "可以1": "submitted",
        "没有人次": "draft",
        "已经提交": "submitted",
        "别人的草稿": "draft",
        "在本镇办的": "submitted",
    }
