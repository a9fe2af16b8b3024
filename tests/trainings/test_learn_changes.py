"""What residents have read changes afterwards: put off, called off, made void, its place merged, its words mended."""

import datetime
import html
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from networks.models import DivisionSuccession
from networks.tokens import new_token
from trainings.models import Announcement, Conflict, Refused, ScanSheet, SignUp, TrainingSession, announcements
from trainings.models.scans import Phase

pytestmark = pytest.mark.django_db
NINE, TEN = datetime.time(9), datetime.time(10)


def moment(day, hour, minute=0):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, minute)))


@pytest.fixture
def told(world):
    """A public session in five days, 9:00, in 新汉村."""
    return announced(world, place=world.places["新汉村"], start_time=NINE, end_time=datetime.time(11))


def announced(world, *, days=5, title="养蚕", **fields):
    day = world.today + datetime.timedelta(days=days)
    row = world.session(status="planned", title=title, held_on=day, reported=None, **fields)
    return Announcement.objects.create(session=row, is_public=True, phone="0771-6820001", takes_sign_ups=True)


def seen(client, address) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", "", answer.content.decode())


def page_of(told) -> str:
    return f"/learn/sessions/{told.session.number}/"


def sign_up(told, name="韦阿妹") -> str:
    _, token = told.sign_up(name=name, phone_tail="1234", seats=2, token=new_token())
    return f"/learn/sign-ups/{token}/"


# --- put off ---------------------------------------------------------------------------------------------


def test_who_read_or_signed_up_before_it_was_put_off_is_told_what_it_was(client, world, told):
    early = sign_up(told)
    assert "时间或地点改过" not in seen(client, page_of(told)) + seen(client, early)
    row, was = TrainingSession.objects.get(pk=told.session_id), told.session.held_on
    later = was + datetime.timedelta(days=2)
    row.postpone(actor=world.town, reason="下雨", held_on=later, start_time=TEN, end_time=datetime.time(12))
    old = f"{was.year}年{was.month}月{was.day}日"
    new = f"{later.year}年{later.month}月{later.day}日"
    for page, since in ((page_of(told), "原来公布的是"), (early, "您报名时写的是")):
        text = seen(client, page)
        assert re.search(f"{since}：{old}（周.）09:00—11:00，白山镇新汉村。现在以下面写的为准", text), page
        assert new in text and "下雨" not in text
    late = sign_up(Announcement.objects.get(pk=told.pk), "黄三")
    assert "时间或地点改过" not in seen(client, late)


def test_a_new_place_is_told_as_well_and_what_was_changed_before_the_tick_is_not(client, world):
    row = world.session(status="planned", held_on=world.today + datetime.timedelta(days=5), reported=None)
    row.revise(actor=world.town, seen_version=row.version, changes={"venue": "老会议室"})
    told = Announcement.objects.create(session=row, is_public=True, phone="0771-6820001")
    assert "时间或地点改过" not in seen(client, page_of(told))
    row.revise(actor=world.town, seen_version=row.version, changes={"venue": "文化站"})
    assert "白山镇老会议室。现在以下面写的为准" in seen(client, page_of(told))
    row.revise(actor=world.town, seen_version=row.version, changes={"venue": "老会议室"})
    assert "时间或地点改过" not in seen(client, page_of(told))


# --- called off, made void -------------------------------------------------------------------------------


def test_a_sign_up_for_what_was_made_void_does_not_say_that_it_holds_and_can_be_cancelled(client, world, told):
    link = sign_up(told)
    row = TrainingSession.objects.get(pk=told.session_id)
    row.hold(actor=world.town)
    row.void(actor=world.town, reason="登记错了")
    text = seen(client, link)
    assert "这一场已取消" in text and "报名成功" not in text and "登记错了" not in text
    assert client.get(page_of(told)).status_code == 404
    assert client.post(link, follow=True).status_code == 200
    assert "已取消报名" in seen(client, link)


# --- words that were mended after the tick ---------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "venue", "organiser_written"])
@pytest.mark.parametrize("words", ["找老李13907710001", "１３９ ０７７１ ０００１", "450124199001011234"])
def test_pi_7_no_mobile_number_gets_into_what_residents_read_by_a_later_change(client, world, told, field, words):
    row = TrainingSession.objects.get(pk=told.session_id)
    with pytest.raises(Refused, match="身份证号"):
        row.revise(actor=world.town, seen_version=row.version, changes={field: words})
    row = TrainingSession.objects.get(pk=told.session_id)
    setattr(row, field, words)
    with pytest.raises((Refused, Conflict)):
        row.save()
    hidden = world.session(status="planned", held_on=told.session.held_on, reported=None)
    TrainingSession.objects.filter(pk=hidden.pk).update(**{field: words})  # as it may have been stored once
    hidden.refresh_from_db()
    late = Announcement(session=hidden, is_public=True, phone="0771-6820001")
    assert "个人手机号码" in late.problems()["is_public"]


# --- today -----------------------------------------------------------------------------------------------


def test_a_session_of_today_without_a_clock_time_is_not_over_before_its_part_of_the_day(client, world):
    evening = announced(world, days=0, part_of_day="evening")
    unknown = announced(world, days=0, title="会鼓")
    with time_machine.travel(moment(world.today, 18), tick=False):
        for told in (evening, unknown):
            assert "这一场已经结束" not in seen(client, page_of(told)) and "我要报名" in seen(client, page_of(told))
    with time_machine.travel(moment(world.today, 20), tick=False):
        assert "这一场已经结束" not in seen(client, page_of(evening)) and "报名已经结束" in seen(
            client, page_of(evening)
        )
        assert "我要报名" in seen(client, page_of(unknown))
    with time_machine.travel(moment(world.today, 22, 30), tick=False):
        assert "这一场已经结束" in seen(client, page_of(evening))
    with time_machine.travel(moment(world.today + datetime.timedelta(days=1), 0, 1), tick=False):
        assert "这一场已经结束" in seen(client, page_of(unknown))


def test_a_door_whose_hours_were_taken_away_again_is_over_when_the_day_is(client, world):
    row = world.session(status="planned", held_on=world.today, reported=None, start_time=NINE)
    sheet = ScanSheet.open(row, actor=world.town)
    row.revise(actor=world.town, seen_version=row.version, changes={"start_time": None})
    sheet.session = row
    tomorrow = moment(world.today + datetime.timedelta(days=1), 9)
    assert (sheet.phase(moment(world.today, 10)), sheet.phase(tomorrow)) == (Phase.BEFORE, Phase.OVER)
    assert not sheet.takes_feedback(moment(world.today, 10)) and sheet.takes_feedback(tomorrow)
    with time_machine.travel(tomorrow, tick=False):
        text = seen(client, f"/s/{sheet.token}/")
    assert "还没有开始签到" not in text and "您对这一场满意吗" in text


# --- places ----------------------------------------------------------------------------------------------


def test_what_was_told_of_a_township_that_was_merged_is_found_under_the_one_that_stands(client, world):
    here = announced(world, title="留在古零", place=world.places["古零镇"])
    village = announced(world, title="羊山村的课", place=world.places["羊山村"])
    old, new = world.places["古零镇"], world.places["白山镇"]
    for page in ("/learn/", "/learn/map/"):
        assert here.session.title not in seen(client, f"{page}?at={new.pk}")
    DivisionSuccession.objects.create(old=old, new=new, on=world.today, change="merge")
    old.retired_on = world.today
    old.save()
    for page in ("/learn/", "/learn/map/"):
        text = seen(client, f"{page}?at={new.pk}")
        assert here.session.title in text and village.session.title in text, page
    assert "2场" in seen(client, "/learn/map/")


# --- the way to the learning record ----------------------------------------------------------------------


def test_every_page_for_residents_leads_to_the_learning_record_and_keeps_the_big_letters(client, world, told):
    record = "/learn/record/?at=450124&big=1"
    for page in ("/learn/", page_of(told), "/learn/courses/", "/learn/stories/", "/learn/map/"):
        assert f'href="{record}"' in html.unescape(client.get(f"{page}?at=450124&big=1").content.decode()), page
    asked = html.unescape(client.get(record).content.decode())
    assert "learn-big.css" in asked and f'action="{record}"' in asked and 'href="/learn/?at=450124&big=1"' in asked
    wrong = client.post(record, {"code": "ABCDE23456", "name": "韦阿妹"}).content.decode()
    assert "learn-big.css" in wrong and "没有查到这个学习码" in wrong and 'value="韦阿妹"' in wrong


# --- who signs up ----------------------------------------------------------------------------------------


def test_digits_of_a_chinese_keyboard_are_digits(client, told):
    form = {"name": "韦阿妹", "phone_tail": "１２３４", "seats": "２", "token": new_token()}
    assert client.post(f"{page_of(told)}sign-up/", form).status_code == 302
    assert SignUp.objects.values_list("phone_tail", "seats").get() == ("1234", 2)


def test_ld_3_a_session_without_a_limit_has_one_that_no_hall_reaches(told, monkeypatch):
    monkeypatch.setattr(announcements, "MOST_SEATS", 4)
    sign_up(told)
    sign_up(told, "黄三")
    with pytest.raises(Refused, match="网上报名的人数已到上限"):
        sign_up(told, "黄四")


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_in_6_a_sign_up_holds_the_session_whose_audience_may_be_changed_meanwhile(told):
    with CaptureQueriesContext(connection) as queries:
        sign_up(told)
    held = [row["sql"] for row in queries if "FOR UPDATE" in row["sql"]]
    assert any('"trainings_trainingsession"' in sql.partition("FOR UPDATE OF")[2] for sql in held), held


def test_the_officer_finds_the_address_to_pass_on_while_residents_can_open_it(client, ask, world, told):
    page, address = f"/sessions/{told.session_id}/announce/", f'value="http://testserver{page_of(told)}"'
    assert address in ask(world.town, page).content.decode()
    Announcement.objects.filter(pk=told.pk).update(is_public=False, takes_sign_ups=False)
    assert address not in ask(world.town, page).content.decode()
