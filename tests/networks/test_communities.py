"""Learning groups as their township keeps them: what it may enter, and what the database refuses (依据 二(一)2)."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from networks import wording
from networks.models import AuditEvent, Division, LearningGroup

NEW = "/network/communities/new/"
TODAY = datetime.date.today()


def group(world, place="新汉村", **fields):
    return LearningGroup.objects.create(
        **{"kind": "team", "name": "新汉村山歌队", "division": world.places[place], "unit": world.ours} | fields
    )


def filled(world, **changes):
    return {"kind": "team", "name": "新汉村会鼓队", "division": world.places["新汉村"].pk, "members": "18"} | changes


def errors_of(response) -> dict:
    assert response.status_code == 200, response.status_code
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


def test_a_township_enters_a_group_of_its_own_and_the_log_says_so(world, town):
    response = town.post(NEW, filled(world, activity="每周六排练\n红白喜事不收费", seen_version=0))
    row = LearningGroup.objects.get()
    assert response.url == f"/network/communities/{row.pk}/"
    assert (row.name, row.members, row.unit, row.version) == ("新汉村会鼓队", 18, world.ours, 1)
    assert row.activity == "每周六排练\n红白喜事不收费"
    event = AuditEvent.objects.get(action="登记学习团队")
    assert event.actor == world.town and event.detail["fields"] == ["activity", "division", "kind", "members", "name"]


def test_ac_2_a_form_offers_the_own_part_and_takes_nothing_else(world, town, client):
    offered = town.get(NEW).context["form"]
    places = [code for _, rows in offered.fields["division"].choices[1:] for code, _ in rows]
    assert places == ["450124100", "450124100006", "450124100201"]
    assert "unit" not in offered.fields
    for theirs in (world.places["羊山村"], world.other_places["大丰镇"]):
        response = town.post(NEW, filled(world, division=theirs.pk))
        assert "division" in errors_of(response)
        assert "新汉村会鼓队" in response.content.decode()  # what was typed is still there
    town.post(NEW, filled(world, unit=world.wxgtj.pk))  # nobody asked for it
    assert LearningGroup.objects.get().unit == world.ours
    client.force_login(world.unit)  # a department's groups are anywhere in the county, and its own
    client.post(NEW, filled(world, name="羊山村读书会", division=world.places["羊山村"].pk))
    assert LearningGroup.objects.get(name="羊山村读书会").unit == world.wxgtj


def test_a_group_is_kept_by_its_township_by_the_unit_it_names_and_by_the_county(world):
    ours, theirs = group(world), group(world, "羊山村", name="羊山村读书会", unit=world.wxgtj)
    kept = {
        name: set(LearningGroup.objects.kept_by(user))
        for name, user in world.users.items()
        if LearningGroup.objects.kept_by(user)
    }
    everything = {ours, theirs}
    assert kept == {
        "bureau": everything,
        "bureau2": everything,
        "director": everything,
        "centre": everything,
        "town": {ours},
        "town2": {theirs},
        "unit": {theirs},
    }


def test_pi_2_no_text_of_a_group_names_a_protected_group_of_people(world, town):
    for field in ("name", "theme", "activity"):
        response = town.post(NEW, filled(world, **{field: "社区矫正人员学习小组"}))
        assert errors_of(response)[field] == ["这里不能出现“社区矫正”，请改用不指明人群的说法"]
    assert not LearningGroup.objects.exists()


def test_what_is_protected_must_have_been_registered(monkeypatch):
    monkeypatch.setattr(wording, "_find", None)
    with pytest.raises(RuntimeError, match="trainings"):
        wording.protected_names_in(["山歌队"])


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"kind": "township"}, "division", "学习型乡镇的所在地应是一个乡镇"),
        ({"kind": "community", "division": "450124100"}, "division", "学习型社区的所在地应是一个村（社区）"),
        ({"recognised_on": "2025-05-01"}, "recognised_by", "填了命名日期，请写明由谁命名"),
        ({"members": "0"}, "members", "确保该值大于或等于1。"),
        ({"kind": "club"}, "kind", "选择一个有效的选项。 club 不在可用的选项中。"),
    ],
)
def test_a_form_that_breaks_a_rule_says_what_to_do(world, town, changes, field, sentence):
    assert errors_of(town.post(NEW, filled(world, **changes))) == {field: [sentence]}


def test_a_name_that_is_there_already_and_one_that_nobody_sees_are_refused_in_words(world, town):
    group(world)
    twice = town.post(NEW, filled(world, name="新汉村山歌队"))
    assert errors_of(twice) == {"__all__": ["这个地方已登记过同名的，请换一个名称，或修改原来的那条"]}
    assert errors_of(town.post(NEW, filled(world, name="\u200b\u200b"))) == {"name": ["此字段不能为空。"]}


def test_a_township_finds_the_groups_of_a_village_that_has_come_to_it(world, client):
    moved = group(world, "羊山村", name="羊山村读书会")
    Division.objects.filter(pk=moved.division_id).update(parent=world.places["白山镇"])
    client.force_login(world.bureau)
    shown = client.get("/network/communities/", {"township": "450124100"}).context["page_obj"]
    assert list(shown) == [moved]


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("kind_known", {"kind": "club"}),
        ("is_a_township", {"kind": "township"}),
        ("is_a_village", {"kind": "community", "place": "白山镇"}),
        ("has_members", {"members": 0}),
        ("after_founding", {"founded_on": TODAY, "ended_on": TODAY - datetime.timedelta(days=1)}),
        ("recognised_by_somebody", {"recognised_on": TODAY}),
    ],
)
def test_the_database_holds_the_rules_too(world, rule, fields):
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        group(world, **fields)
    group(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        group(world)  # a name stands once at a place


def test_in_4_whoever_saves_second_sees_both_values(world, town):
    row = group(world, members=20)
    url = f"/network/communities/{row.pk}/edit/"
    seen = town.get(url).context["form"]["seen_version"].value()
    first = filled(world, name=row.name, members="21", seen_version=seen)
    assert town.post(url, first).status_code == 302
    second = town.post(url, filled(world, name=row.name, members="30", seen_version=seen))
    assert errors_of(second)["members"] == ["已有人先改成了“21”。要用您填的，再保存一次；要用现有的，请照此改回。"]
    again = second.context["form"]["seen_version"].value()
    assert town.post(url, filled(world, name=row.name, members="30", seen_version=again)).status_code == 302
    row.refresh_from_db()
    assert (row.members, row.version) == (30, 2)


def test_a_group_ends_on_a_day_once_and_its_date_can_be_mended(world, town):
    row = group(world, founded_on=datetime.date(2024, 3, 1))
    url = f"/network/communities/{row.pk}/end/"
    tomorrow = TODAY + datetime.timedelta(days=1)
    for day, sentence in ((tomorrow, "结束日期不能晚于今天"), ("2024-02-29", "不能早于成立日期（2024年03月01日）")):
        assert sentence in town.post(url, {"on": str(day)}).content.decode()
    assert town.post(url, {"on": "2025-06-30"}).status_code == 302
    row.refresh_from_db()
    assert row.ended_on == datetime.date(2025, 6, 30) and row.has_ended
    assert "已于2025年06月30日结束" in town.post(url, {"on": "2025-07-01"}).content.decode()
    edit = f"/network/communities/{row.pk}/edit/"
    mended = filled(world, name=row.name, ended_on="", seen_version=row.version)
    assert town.post(edit, mended).status_code == 302
    row.refresh_from_db()
    assert row.ended_on is None
    assert [record.ended_on for record in row.history.all()] == [None, datetime.date(2025, 6, 30), None]


def test_a_group_that_has_ended_says_so_and_ending_asks_the_database(world):
    row = group(world, ended_on=TODAY + datetime.timedelta(days=9))
    assert not row.has_ended
    with pytest.raises(ValidationError, match="已于"):
        row.end(TODAY)


def test_ld_2_the_list_costs_the_same_queries_at_3_and_30(world, town):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert town.get("/network/communities/").status_code == 200
        return len(caught)

    def fill(numbers):
        for number in numbers:
            row = group(world, name=f"第{number}队")
            world.session(status="verified", learning_group=row)

    fill(range(3))
    queries()  # the first request of a process fills caches
    few = queries()
    fill(range(3, 30))
    assert queries() == few


def test_a_query_that_makes_no_sense_is_passed_over(world, town):
    group(world, theme="x-1 450125100 ' OR 1=1 -- " + "9" * 30)
    wrong = []
    for name in ["kind", "township", "state", "q", "page"]:
        for text in ["x", "-1", "9" * 30, "' OR 1=1 --", "\x00", "450125100"]:
            for url in ("/network/communities/", "/network/resources/", "/network/resources/providers/"):
                response = town.get(url, {name: text})
                if response.status_code != 200:
                    wrong.append((url, name, text, response.status_code))
                elif "communities" in url and [r.name for r in response.context["page_obj"]] != ["新汉村山歌队"]:
                    wrong.append((url, name, text))
    assert wrong == []


def test_the_filters_narrow_the_list(world, client):
    client.force_login(world.leader)
    group(world, ended_on=datetime.date(2025, 1, 1))
    group(world, "羊山村", name="羊山村读书会", kind="circle", theme="阅读", unit=None)
    group(world, "白山镇", name="白山镇学习型乡镇", kind="township")
    LearningGroup.objects.create(kind="team", name="大丰镇合唱团", division=world.other_places["大丰镇"])

    def names(**query):
        return [row.name for row in client.get("/network/communities/", query).context["page_obj"]]

    assert names() == ["白山镇学习型乡镇", "新汉村山歌队", "羊山村读书会"]
    assert names(kind="circle") == ["羊山村读书会"]
    assert names(township="450124100") == ["白山镇学习型乡镇", "新汉村山歌队"]
    assert names(state="ended") == ["新汉村山歌队"]
    assert names(state="current") == ["白山镇学习型乡镇", "羊山村读书会"]
    assert names(q="阅读") == names(q="羊山") == ["羊山村读书会"]
    assert names(q="合唱") == []
