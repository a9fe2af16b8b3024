"""学习记录: a resident's own sessions by the code on their sign-ins; no name but their own typed again, no address, no guessing."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from trainings.models import RosterLine
from trainings.views import records

pytestmark = pytest.mark.django_db
URL, CODE = "/learn/record/", "ABCDE23456"


@pytest.fixture
def phone():
    return Client()


@pytest.fixture
def learned(world):
    """韦大明 was at a verified session of 90 minutes, one of unknown length, and one that waits; 黄三 at another."""

    def line(name, code, **fields):
        session = world.session(**fields)
        RosterLine.objects.create(session=session, name=name, phone_tail="1234", source="qr", code=code)

    line("韦大明", CODE, title="桑蚕小蚕共育技术", status="verified", minutes=90)
    line("韦大明", CODE, title="打扁担", status="verified", held_on=datetime.date(world.year - 1, 5, 6))
    line("韦大明", CODE, title="还没核定的培训", status="submitted")
    line("韦大明", CODE, title="作废的培训", status="void")
    line("黄三", "ZZZZZ22222", title="别人的培训", status="verified")


def test_the_code_gives_titles_dates_and_minutes_of_verified_sessions_and_no_name(phone, learned, world):
    text = phone.post(URL, {"code": " abcde-23456 "}).content.decode()
    assert "桑蚕小蚕共育技术" in text and "打扁担" in text and "共 2 场，90 分钟（1 场没有登记时长）" in text
    assert "另有 1 场还没有核定" in text
    for private in ("韦大明", "1234", "还没核定的培训", "作废的培训", "别人的培训", CODE):
        assert private not in text, private
    assert not phone.cookies or set(phone.cookies) == {"csrftoken"}


def test_the_name_is_printed_when_it_is_typed_again_as_it_was_signed(phone, learned):
    assert "姓名：韦大明" in phone.post(URL, {"code": CODE, "name": " 韦大明 "}).content.decode()
    wrong = phone.post(URL, {"code": CODE, "name": "黄三"})
    assert wrong.context["form"].errors == {"name": ["和签到时写的姓名不一样，请核对，或留空"]}
    assert "桑蚕" not in wrong.content.decode()


@pytest.mark.parametrize("code", ["", "ABCDE23457", "x" * 21, "' OR 1=1"])
def test_a_wrong_code_says_so_and_shows_nothing(phone, learned, code):
    RosterLine.objects.filter(name="黄三").update(code="")
    answer = phone.post(URL, {"code": code, "name": "别丢了"})
    assert answer.status_code == 200 and list(answer.context["form"].errors) == ["code"]
    assert "别丢了" in answer.content.decode() and "培训（已核定）" not in answer.content.decode()


def test_ld_3_whoever_tries_codes_is_held_up(phone, learned, monkeypatch):
    monkeypatch.setattr(records, "PER_ADDRESS", {"most": 3, "seconds": 600})
    tries = [phone.post(URL, {"code": f"AAAAA2222{n}"}).status_code for n in range(2, 6)]
    assert tries == [200, 200, 200, 429]
    held_up = phone.post(URL, {"code": CODE})
    assert held_up.status_code == 429 and "桑蚕" not in held_up.content.decode()


def test_the_code_stands_in_no_address(phone, learned):
    assert "桑蚕" not in phone.get(f"{URL}?code={CODE}").content.decode()


def test_ld_2_a_long_record_asks_as_many_queries_as_a_short_one(phone, learned, world):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            phone.post(URL, {"code": CODE})
        return len(queries)

    few = asked()
    for number in range(27):
        session = world.session(title=f"第{number}场", status="verified")
        RosterLine.objects.create(session=session, name="韦大明", source="qr", code=CODE)
    assert asked() == few
