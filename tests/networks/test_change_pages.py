"""The pages of changes over time: shown before it happens, done once confirmed, nothing typed lost."""

import datetime
from datetime import date

import pytest
from django.urls import reverse

from networks.models import (
    AuditEvent,
    Division,
    DivisionSuccession,
    FormerName,
    MemberUnit,
    Reorganisation,
    UnitSuccession,
)

pytestmark = pytest.mark.django_db
BASIS = {"basis": "马编〔2026〕3号", "on": f"{datetime.date.today().year}-01-02"}


@pytest.fixture
def post(client, world):
    def send(name, who="bureau", /, **body):
        client.force_login(world.users[who])
        return client.post(reverse(name), BASIS | body)

    return send


def test_a_renaming_is_shown_before_it_happens_and_recorded_once_confirmed(world, post):
    body = {"unit": world.wxgtj.pk, "name": "县文化旅游局"}
    asked = post("unit-rename", **body)
    text = asked.content.decode()
    assert "确定办理" in text and "改称县文化旅游局" in text and "马编〔2026〕3号" in text
    assert not UnitSuccession.objects.exists()
    done = post("unit-rename", **body, confirmed="1")
    assert done.status_code == 302 and done.url == reverse("reorganisations")
    new = MemberUnit.objects.get(name="县文化旅游局")
    assert new.code == f"wxgtj-{datetime.date.today().year}"
    event = AuditEvent.objects.get(action="单位更名")
    assert (event.actor, event.subject, event.subject_id) == (world.bureau, "memberunit", str(new.pk))


def test_going_back_from_the_confirmation_keeps_what_was_typed(world, post):
    page = post("unit-rename", unit=world.wxgtj.pk, name="县文化旅游局", aliases="文旅局", amend="1").content.decode()
    assert 'value="县文化旅游局"' in page and "文旅局" in page and "确定办理" not in page


def test_what_may_not_be_is_said_on_the_form_with_what_was_typed(world, post):
    page = post("unit-rename", unit=world.wxgtj.pk, name="县老干局").content.decode()
    assert "已有名称为“县老干局”的单位" in page and 'value="县老干局"' in page
    page = post("unit-rename", unit=world.wxgtj.pk, name="县老干局", confirmed="1").content.decode()
    assert "已有名称为“县老干局”的单位" in page
    assert not UnitSuccession.objects.exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("unit-rename", {"unit": "foreign", "name": "新"}),
        ("unit-merge", {"units_to_merge": "foreign", "into": "ours"}),
        ("unit-merge", {"units_to_merge": "ours", "into": "foreign"}),
        ("unit-split", {"unit": "foreign", "stays": "stays", "parts": "新"}),
    ],
)
def test_units_of_another_county_are_no_choice(world, post, name, body):
    units = {"foreign": world.foreign.pk, "ours": world.ours.pk}
    page = post(name, confirmed="1", **{key: units.get(value, value) for key, value in body.items()})
    assert page.status_code == 200 and page.context["form"].errors
    assert not UnitSuccession.objects.exists()


def test_units_are_merged_and_split_by_page(world, post):
    post("unit-merge", units_to_merge=[world.jyj.pk, world.lgj.pk], name="县教育老干局", confirmed="1")
    merged = MemberUnit.objects.get(name="县教育老干局")
    assert {link.old for link in merged.predecessions.all()} == {world.jyj, world.lgj}
    post("unit-split", unit=world.wxgtj.pk, stays="ends", parts="县文旅局\n县体育局\n", confirmed="1")
    year = datetime.date.today().year
    parts = list(world.wxgtj.successions.order_by("pk").values_list("new__name", "new__code", "change"))
    assert parts == [("县文旅局", f"wxgtj-{year}", "split"), ("县体育局", f"wxgtj-{year}-2", "split")]


def test_places_are_changed_by_page_also_by_the_centre(world, post):
    post("place-rename", "centre", place="450124100201", name="新合村委会", confirmed="1")
    assert FormerName.objects.get().short_name == "新汉村"
    post(
        "place-split",
        place="450124100201",
        stays="stays",
        parts="新合东村委会 450124100230",
        institutions="close",
        confirmed="1",
    )
    assert Division.objects.get(pk="450124100230").path == "白山镇/新合东村"
    later = {"on": date.today().isoformat()}
    post(
        "place-merge",
        place="450124100230",
        into="450124100006",
        institutions="move",
        confirmed="1",
        **later,
    )
    assert set(DivisionSuccession.objects.values_list("old", "new", "change")) == {
        ("450124100201", "450124100230", "split"),
        ("450124100230", "450124100006", "merge"),
    }
    page = post("place-split", place="450124100006", stays="stays", parts="没有代码", institutions="close")
    assert "没有区划代码" in page.content.decode()


def test_the_list_shows_what_was_what_comes_and_what_waits_for_todays_name(world, client, post):
    MemberUnit.objects.filter(pk=world.lgj.pk).update(name_unconfirmed=True)
    foreign = MemberUnit.objects.create(
        county=world.other_county, code="x", name="外县文旅局", kind="other", division=world.other_county
    )
    UnitSuccession.objects.create(old=world.foreign, new=foreign, on=date(2020, 1, 1), change="rename")
    post("unit-rename", unit=world.wxgtj.pk, name="县文化旅游局", confirmed="1", on=f"{date.today().year + 1}-01-01")
    text = client.get(reverse("reorganisations")).content.decode()
    assert "县文化旅游局" in text and "还没有生效" in text and "外县文旅局" not in text
    assert f"{reverse('unit-rename')}?unit={world.lgj.pk}" in text
    client.force_login(world.town)
    text = client.get(reverse("reorganisations")).content.decode()
    assert "县文化旅游局" in text and 'id="act"' not in text and "名称待核对" not in text


@pytest.mark.parametrize(
    "path", ["/network/changes/", "/network/changes/places/merge/", "/network/changes/units/merge/"]
)
def test_a_page_costs_the_same_queries_at_3_and_30_changes(world, client, path, django_assert_max_num_queries):
    client.force_login(world.bureau)

    def count(upto):
        for number in range(UnitSuccession.objects.count(), upto):
            units = [
                MemberUnit.objects.create(
                    county=world.county, code=f"{k}{number}", name=f"{k}{number}局", kind="other", division=world.county
                )
                for k in "ab"
            ]
            UnitSuccession.objects.create(old=units[0], new=units[1], on=date(2020, 1, 1), change="rename")
            place = world.places["白山镇"]
            villages = [
                Division.objects.create(
                    code=f"450124100{500 + 2 * number + k}",
                    tier="village",
                    name=f"v{number}{k}",
                    short_name=f"v{number}{k}",
                    parent=place,
                )
                for k in (0, 1)
            ]
            DivisionSuccession.objects.create(old=villages[0], new=villages[1], on=date(2020, 1, 1), change="rename")
            FormerName.objects.create(division=villages[1], name="旧", short_name="旧", until=date(2020, 1, 1))
            Reorganisation.objects.create(
                county=world.county,
                of_units=True,
                what="单位更名",
                on=date(2020, 1, 1),
                lines="改称",
                entries=[],
                made_by=world.bureau,
            )
        with django_assert_max_num_queries(40) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    assert count(3) == count(30)
