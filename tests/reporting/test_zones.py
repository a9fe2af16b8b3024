"""实验区、示范区: dates, the yearly self-check by township and office, and what the registries say beside it."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from networks.models import (
    Appointment,
    AuditEvent,
    Division,
    Fund,
    Heading,
    Institution,
    Person,
    SharedResource,
    Zone,
    ZoneCheck,
)
from reporting.zones import facts
from trainings.models import DeliveryForm

from ..site_map import as_shown


@pytest.fixture
def zone(world):
    return Zone.objects.create(
        division=world.places["白山镇"], kind="experimental", starts_on="2019-02-02", basis="马政办发〔2019〕2号"
    )


def url_of(world, zone, page="edit/"):
    return f"/network/zones/{zone.pk}/{world.year}/{page}"


days = st.dates(datetime.date(2018, 1, 1), datetime.date(2028, 12, 31))


@given(starts=days, length=st.none() | st.integers(1, 2000), year=st.integers(2017, 2030))
def test_a_zone_is_one_in_every_year_that_has_one_of_its_days(starts, length, year):
    ends = starts + datetime.timedelta(length) if length else None
    zone = Zone(starts_on=starts, ends_on=ends)
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    day = max(starts, first)
    assert zone.in_force_in(year) == (day <= last and (ends is None or day < ends))


def test_the_office_registers_and_ends_a_zone(world, ask):
    body = {
        "division": "450124103",
        "kind": "demonstration",
        "starts_on": "2024-03-01",
        "basis": "马教发〔2024〕5号",
        "seen_version": 0,
    }
    assert ask(world.bureau, "/network/zones/new/", body, "post").status_code == 302
    zone = Zone.objects.get()
    assert str(zone) == "古零镇县级社区教育示范区"
    assert AuditEvent.objects.get(action="设立实验区、示范区").subject_id == str(zone.pk)
    edit, body = f"/network/zones/{zone.pk}/", body | {"seen_version": zone.version}
    wrong = ask(world.bureau, edit, body | {"ends_on": "2024-01-01"}, "post")
    assert wrong.status_code == 200 and Zone.objects.get().ends_on is None
    answer = ask(world.bureau, edit, body | {"ends_on": "2025-06-01"}, "post")
    assert answer.status_code == 302, (answer.context["form"].errors, answer.context["extra"])
    assert Zone.objects.get().version == zone.version + 1 and zone.history.count() == 2
    stale = ask(world.bureau2, edit, body | {"ends_on": "2025-07-01"}, "post")
    assert "已有人先改成了“2025-06-01”" in stale.content.decode()
    assert ask(world.town2, edit, body, "post").status_code == 403  # its own zone's dates are not the township's


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"kind": "demonstration", "starts_on": "1999-12-31"}, {"starts_on": ["开始日期不能早于2000年，请核对"]}),
        ({"ends_on": "2010-01-01"}, {"ends_on": ["结束日期应晚于开始日期"]}),
        ({"kind": "demonstration", "basis": "\u200b"}, {"basis": ["此字段不能为空。"]}),
        (
            {"starts_on": "2018-01-01"},
            {"kind": ["这个地方在这段时间里已经是县级社区教育实验区，请先写明原来的到哪一天为止"]},
        ),
        (
            {"starts_on": "2018-01-01", "ends_on": "2019-02-03"},
            {"kind": ["这个地方在这段时间里已经是县级社区教育实验区，请先写明原来的到哪一天为止"]},
        ),
        ({"starts_on": "2018-01-01", "ends_on": "2019-02-02"}, {}),
        ({"kind": "demonstration"}, {}),
    ],
)
def test_a_place_is_one_zone_of_a_kind_at_a_time(world, zone, ask, changes, errors):
    body = {"division": "450124100", "kind": "experimental", "starts_on": "2020-01-01", "basis": "文件"} | changes
    answer = ask(world.bureau, "/network/zones/new/", body | {"seen_version": 0}, "post")
    assert (answer.context["form"].errors if errors else {}) == errors
    assert Zone.objects.count() == (1 if errors else 2)


def test_a_place_of_another_county_is_no_choice(world, ask):
    body = {
        "division": "450125100",
        "kind": "demonstration",
        "starts_on": "2024-03-01",
        "basis": "文",
        "seen_version": 0,
    }
    assert ask(world.bureau, "/network/zones/new/", body, "post").status_code == 200
    assert not Zone.objects.exists()


def test_township_and_office_fill_the_self_check_and_others_read_it(world, ask, zone):
    url = url_of(world, zone)
    text = "挂牌十二个点。\r\n联系人上墙。"
    body = as_shown(ask(world.town, url)) | {
        "system_rating": "built",
        "system_text": text,
        "system_evidence": "照片\r\n名单",
    }
    assert ask(world.town, url, body, "post").status_code == 302
    row = ZoneCheck.objects.get()
    assert (row.heading, row.rating, row.text) == ("system", "built", "挂牌十二个点。\n联系人上墙。")
    assert row.evidence_lines == ["照片", "名单"]
    assert ask(world.town, url, as_shown(ask(world.town, url)), "post").status_code == 302
    assert row.history.count() == 1  # saving it as it is changes nothing
    body = as_shown(ask(world.bureau, url)) | {"staff_rating": "not_begun"}
    assert ask(world.bureau, url, body, "post").status_code == 302
    assert dict(ZoneCheck.objects.values_list("heading", "rating")) == {"system": "built", "staff": "not_begun"}
    assert AuditEvent.objects.filter(action="填写实验区、示范区自评", detail__year=world.year).count() == 3
    for user in (world.town2, world.leader, world.unit, world.centre):
        for which in ("", "print/"):
            seen = ask(user, url_of(world, zone, which)).content.decode()
            assert "挂牌十二个点" in seen and "已建成" in seen and "未开展" in seen and "填写自评" not in seen
        assert ask(user, url, body, "post").status_code == 403
    assert ask(world.foreign_bureau, url_of(world, zone, "")).status_code == 404


def test_words_without_a_rating_are_kept_on_the_page_and_asked_about(world, ask, zone):
    body = as_shown(ask(world.town, url_of(world, zone))) | {"funding_text": "镇财政列支"}
    answer = ask(world.town, url_of(world, zone), body, "post")
    assert list(answer.context["form"].errors) == ["funding_rating"] and "镇财政列支" in answer.content.decode()
    assert not ZoneCheck.objects.exists()


def test_in_4_two_who_fill_the_same_self_check_see_both_texts(world, ask, zone):
    url = url_of(world, zone)
    mine = as_shown(ask(world.town, url)) | {"system_rating": "built", "system_text": "镇里写的"}
    theirs = as_shown(ask(world.bureau, url)) | {"system_rating": "progressing", "system_text": "局里写的"}
    assert ask(world.bureau, url, theirs, "post").status_code == 302
    refused = ask(world.town, url, mine, "post")
    text = refused.content.decode()
    assert "已有人先改成了“推进中”" in text and "局里写的" in text and "镇里写的" in text
    assert ZoneCheck.objects.get().text == "局里写的"
    assert ask(world.town, url, as_shown(refused), "post").status_code == 302
    assert ZoneCheck.objects.get().text == "镇里写的"


def test_a_year_in_which_it_was_no_zone_has_no_page(world, ask, zone):
    for year in (2018, world.year + 1, 0):
        assert ask(world.bureau, f"/network/zones/{zone.pk}/{year}/").status_code == 404
    assert ask(world.bureau, f"/network/zones/{zone.pk}/2019/").status_code == 200


def test_what_the_registries_say_stands_beside_each_heading(world, zone):
    def said(user=None):
        found = facts(zone, world.year, user or world.bureau, world.today)
        return {heading: {fact.label: fact.words for fact in found[heading]} for heading in Heading}

    empty = said()
    assert empty["system"] == {
        "已开办的乡镇社区学校": "0 所",
        "有教学点的村（社区）": "0 / 2 个",
        "待核实的机构": "3 个",
    }
    assert empty["resources"] == {"向居民开放的场所": "还没有登记共享资源"}
    assert empty["staff"] == {"工作人员": "还没有登记人员"}
    assert empty["funding"]["人均经费"].startswith("无法计算")
    school = Institution.objects.get(division=zone.division)
    school.record("open", datetime.date(2020, 1, 1))
    Institution.objects.get(division=world.places["新汉村"]).record("open", datetime.date(2021, 1, 1))
    Institution.objects.get(division=world.places["羊山村"]).record("open", datetime.date(2021, 1, 1))
    for name, function in [("甲", "officer"), ("乙", "part_time"), ("丙", "part_time")]:
        person = Person.objects.create(county=world.county, name=name)
        Appointment.objects.create(person=person, institution=school, function=function)
    gone = Person.objects.create(county=world.county, name="丁")
    Appointment.objects.create(person=gone, institution=school, function="officer", ends_on=datetime.date(2020, 1, 1))
    for name, is_open in [("图书室", True), ("礼堂", False)]:
        SharedResource.objects.create(
            division=zone.division,
            kind="library",
            name=name,
            unit=world.ours,
            is_open=is_open,
            offers="阅览",
            opening_hours="周末",
        )
    Fund.objects.create(division=zone.division, year=world.year, source="public", budgeted=20000, paid="15000.50")
    online = DeliveryForm.objects.get(name="远程学习")
    world.session(status="verified", form=online)
    world.session(status="submitted", form=online, title="还没有核定的")
    world.session(status="verified", title="课堂")
    world.session(world.theirs, status="verified", form=online)
    now = said()
    assert now["system"] == {"已开办的乡镇社区学校": "1 所", "有教学点的村（社区）": "1 / 2 个", "待核实的机构": "1 个"}
    assert now["staff"] == {"社区教育专干": "1 人", "兼职教师（派出）": "2 人", "授课教师": "0 人", "志愿者": "0 人"}
    assert now["resources"] == {"向居民开放的场所": "1 处（登记 2 处）"}
    assert (now["funding"]["预算"], now["funding"]["实际支出"]) == ("20,000.00 元", "15,000.50 元")
    assert now["information"]["本地举办的远程学习"] == "1 场（已核定共 2 场）"
    for user in (world.centre, world.town2, world.unit):
        assert said(user)["funding"] == {"经费": "经费由本乡镇和县教育局查看"}
    past = facts(zone, 2019, world.bureau, world.today)[Heading.SYSTEM]
    assert past[0].words == "0 所"


def test_the_facts_of_a_past_year_are_those_of_its_last_day(world, zone):
    """What has closed since was open; a village that came to the township counts, one that went or was not yet does not."""
    place = {
        "kind": "library",
        "unit": world.ours,
        "division": zone.division,
        "offers": "阅览",
        "opening_hours": "周末",
    }
    SharedResource.objects.create(name="图书室", closed_on=datetime.date(2025, 3, 1), **place)
    SharedResource.objects.create(name="新图书室", is_open=True, opened_on=datetime.date(2025, 3, 1), **place)
    for name in ("新汉村", "羊山村"):
        Institution.objects.get(division=world.places[name]).record("open", datetime.date(2021, 1, 1))
    Division.objects.filter(pk="450124103205").update(parent=zone.division)
    Division.objects.filter(pk="450124100201").update(retired_on=datetime.date(2025, 1, 1))

    def said(year, heading):
        return {fact.label: fact.words for fact in facts(zone, year, world.bureau, world.today)[heading]}

    assert said(2024, "resources") == said(2025, "resources") == {"向居民开放的场所": "1 处（登记 1 处）"}
    assert said(2024, "system")["有教学点的村（社区）"] == "2 / 3 个"
    assert said(2025, "system")["有教学点的村（社区）"] == "1 / 2 个"


def test_the_database_refuses_what_a_zone_or_self_check_cannot_be(world, zone):
    right = {"division": world.places["白山镇"], "kind": "demonstration", "starts_on": "2020-01-01", "basis": "文件"}
    Zone.objects.create(**right)
    for wrong in [
        {"starts_on": "2021-01-01"},
        {"kind": "model"},
        {"division": world.places["古零镇"], "basis": ""},
        {"division": world.places["古零镇"], "ends_on": "2020-01-01"},
        {"division": world.places["古零镇"], "starts_on": "1999-12-31"},
    ]:
        with transaction.atomic(), pytest.raises(IntegrityError):
            Zone.objects.create(**right | wrong)
    check = {"zone": zone, "year": 2025, "heading": "system", "rating": "built"}
    ZoneCheck.objects.create(**check)
    for wrong in [{}, {"heading": "other"}, {"heading": "staff", "rating": "best"}, {"heading": "staff", "year": 1999}]:
        with transaction.atomic(), pytest.raises(IntegrityError):
            ZoneCheck.objects.create(**check | wrong)


@pytest.mark.django_db(transaction=True)
def test_in_4_a_form_locks_what_it_compares_with_inside_its_own_transaction(world, ask):
    """Outside a test's own transaction, as at the server: PostgreSQL refuses a lock where there is none."""
    zone = Zone.objects.create(
        division=world.places["白山镇"], kind="experimental", starts_on="2019-02-02", basis="马政办发〔2019〕2号"
    )
    body = {"division": "450124100", "kind": "experimental", "starts_on": "2019-02-02", "seen_version": 0}
    assert ask(world.bureau, f"/network/zones/{zone.pk}/", body | {"basis": "新文号"}, "post").status_code == 302
    check = url_of(world, zone)
    assert (
        ask(world.town, check, as_shown(ask(world.town, check)) | {"staff_rating": "built"}, "post").status_code == 302
    )
    sheet = f"/network/figures/{world.year}/450124100/"
    body = as_shown(ask(world.town, sheet)) | {"elderly": "7", "elderly_source": "年报"}
    assert ask(world.town, sheet, body, "post").status_code == 302
    assert Zone.objects.get().basis == "新文号" and ZoneCheck.objects.count() == 1
