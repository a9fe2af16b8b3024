"""扫码签到: opened for a session by its officer, used by residents without account in the session's hours, counted once each."""

import datetime
import re

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from networks.models import AuditEvent
from trainings.models import Announcement, Audience, Refused, RosterLine, ScanSheet, SignUp, TrainingSession
from trainings.models.rosters import identity_of
from trainings.models.scans import Attendee, Phase
from trainings.views import door

from ..acts import at_the_door

pytestmark = pytest.mark.django_db
NINE, HALF_PAST_ELEVEN = datetime.time(9), datetime.time(11, 30)


def at(day, hour, minute=0):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, minute)))


@pytest.fixture
def session(world):
    return world.session(held_on=world.today, start_time=NINE, end_time=HALF_PAST_ELEVEN, reported=40)


@pytest.fixture
def sheet(session, world):
    return ScanSheet.open(session, actor=world.town)


@pytest.fixture
def at_nine(world):
    with time_machine.travel(at(world.today, 9), tick=False):
        yield


@pytest.fixture
def phone():
    """A browser in which nobody is signed in."""
    return Client()


@pytest.fixture
def address(sheet):
    return reverse("scan", args=[sheet.address_words])


def text_of(response):
    return re.sub(r"\s+", "", response.content.decode())


# --- the officer -----------------------------------------------------------------------------------------


def test_the_officer_opens_sign_in_and_gets_the_code_its_address_and_a_poster(ask, world, session):
    url = reverse("session-scan", args=[session.pk])
    assert "开放扫码签到" in ask(world.town, url).content.decode()
    body = {"minutes_before": "20", "minutes_after": "10", "once_per_device": "", "seen_version": "0"}
    assert ask(world.town, url, body, "post").status_code == 302
    sheet = ScanSheet.objects.get()
    assert (sheet.minutes_before, sheet.minutes_after, sheet.opened_by) == (20, 10, world.town)
    words = f"http://testserver/s/{sheet.address_words}/"
    for page in (url, reverse("scan-poster", args=[session.pk])):
        text = ask(world.town, page).content.decode()
        assert words in text and "data:image/svg+xml" in text
    assert "签到自愿" in ask(world.town, reverse("scan-poster", args=[session.pk])).content.decode()
    assert sheet.history.get().history_user == world.town


def test_two_at_the_settings_the_second_sees_what_the_first_changed(ask, world, session, sheet):
    url = reverse("session-scan", args=[session.pk])
    ScanSheet.open(session, actor=world.town, minutes_before=60)
    body = {"minutes_before": "5", "minutes_after": "10", "seen_version": str(sheet.version)}
    answer = ask(world.town, url, body, "post")
    assert answer.status_code == 200 and "60" in str(answer.context["form"].errors["minutes_before"])
    ScanSheet.objects.get(minutes_before=60)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"start_time": None, "end_time": None}, "请先填写开始时间"),
        ({"held_on": datetime.date(2020, 1, 1)}, "这一场已经结束"),
        ({"status": "verified", "start_time": datetime.time(0)}, "现在是“已核定”，不能开放扫码签到"),
        ({"venue": "老李家 13907710001"}, "个人手机号码、身份证号，扫码的人都看得到"),
    ],
)
def test_what_cannot_be_opened_says_why(world, fields, sentence):
    session = world.session(**({"held_on": world.today, "start_time": NINE, "status": "draft"} | fields))
    with pytest.raises(Refused, match=sentence):
        ScanSheet.open(session, actor=world.town)


def test_pi_7_no_mobile_number_comes_onto_the_poster_afterwards(world, session, sheet):
    session.refresh_from_db()
    with pytest.raises(Refused, match="不写个人手机号码和身份证号"):
        session.revise(actor=world.town, seen_version=session.version, changes={"title": "找老李13907710001"})


@pytest.mark.parametrize(("level", "sentence"), [(1, "未成年人，不建名册"), (2, "只报人次，不建名册")])
def test_pi_2_a_session_of_minors_or_of_headcount_only_has_no_qr_and_an_open_page_is_gone(
    world, session, sheet, level, sentence, phone, address, at_nine, ask
):
    session.revise(
        actor=world.town,
        seen_version=session.version,
        changes={},
        audiences=[(Audience.objects.filter(sensitivity=level).first(), None)],
    )
    assert phone.get(address).status_code == 404
    assert phone.post(address, at_the_door("韦大明")).status_code == 404
    with pytest.raises(Refused, match=sentence):
        ScanSheet.open(session, actor=world.town)
    text = ask(world.town, reverse("session-scan", args=[session.pk])).content.decode()
    assert sentence in text and "data:image" not in text
    assert "扫码签到" not in ask(world.town, reverse("session-detail", args=[session.pk])).content.decode()


def test_only_the_own_units_officers_open_it_and_end_it(world, session):
    for user in (world.town2, world.unit, world.bureau, world.head, world.centre, world.foreign_town):
        with pytest.raises(PermissionDenied):
            ScanSheet.open(session, actor=user)
    sheet = ScanSheet.open(session, actor=world.town)
    with pytest.raises(PermissionDenied):
        sheet.close(actor=world.bureau)


def test_the_count_grows_and_asks_no_more_once_it_is_over(ask, world, session, sheet, phone, address, at_nine):
    url = reverse("scan-count", args=[session.pk])
    phone.post(address, at_the_door("韦大明", "韦小花"))
    live = ask(world.town, url)
    assert live.status_code == 200 and "2人已扫码签到" in text_of(live).replace("<strong>", "").replace("</strong>", "")
    assert "hx-trigger" in ask(world.town, reverse("session-scan", args=[session.pk])).content.decode()
    sheet.close(actor=world.town)
    assert ask(world.town, url).status_code == 286
    assert "hx-trigger" not in ask(world.town, reverse("session-scan", args=[session.pk])).content.decode()


def test_of_those_who_signed_up_the_officer_sees_how_many_came_and_who_walked_in(ask, world, session, sheet, at_nine):
    open_to_all = Announcement.objects.create(
        session=session, is_public=True, takes_sign_ups=True, phone="0771-6820000"
    )
    for name, tail, digest in (("韦大明", "1234", "a"), ("黄来", "5678", "b")):
        SignUp.objects.create(announcement=open_to_all, name=name, phone_tail=tail, cancel_digest=digest)
    sheet.sign([Attendee("韦大明", "1234"), Attendee("路过的人")])
    text = text_of(ask(world.town, reverse("scan-count", args=[session.pk])))
    assert "报名2人，到了1人；没有报名直接来的1人" in text


# --- when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "phase"),
    [(8, 29, "before"), (8, 30, "open"), (9, 0, "open"), (11, 59, "open"), (12, 0, "over"), (20, 0, "over")],
)
def test_names_are_taken_from_half_an_hour_before_to_half_an_hour_after(sheet, world, hour, minute, phase):
    assert sheet.phase(at(world.today, hour, minute)) == phase


@pytest.mark.parametrize(
    ("fields", "first", "last"),
    [
        ({"end_time": None}, (8, 30), (12, 30)),  # nobody wrote when it ends: three hours
        ({"end_time": None, "minutes": 60}, (8, 30), (10, 30)),
        ({"start_time": None, "end_time": None, "part_of_day": "afternoon"}, (13, 30), (18, 30)),
    ],
)
def test_the_hours_follow_what_is_known(world, session, sheet, fields, first, last):
    TrainingSession.objects.filter(pk=session.pk).update(**({"minutes": None} | fields))
    sheet.session.refresh_from_db()
    assert sheet.window(at(world.today, 9)) == (at(world.today, *first), at(world.today, *last))


def test_a_class_of_several_days_opens_again_each_day_even_if_one_was_closed_early(world):
    last = world.today + datetime.timedelta(days=2)
    session = world.session(held_on=world.today, ends_on=last, start_time=NINE, end_time=HALF_PAST_ELEVEN)
    sheet = ScanSheet.open(session, actor=world.town)
    with time_machine.travel(at(world.today, 10), tick=False):
        sheet.close(actor=world.town)
        assert sheet.phase() == Phase.OVER
        with pytest.raises(Refused, match="不用提前结束"):
            sheet.close(actor=world.town)
    assert sheet.phase(at(last, 9)) == Phase.OPEN
    assert sheet.phase(at(last, 13)) == Phase.OVER


def test_outside_its_hours_nobody_is_taken_and_the_page_says_when(phone, address, sheet, world):
    with time_machine.travel(at(world.today, 7), tick=False):
        assert "08:30开始签到" in text_of(phone.get(address))
        assert "还没有开放" in phone.post(address, at_the_door("韦大明")).content.decode()
    with time_machine.travel(at(world.today, 18), tick=False):
        assert "签到已经结束" in phone.get(address).content.decode()
        assert "已经结束" in phone.post(address, at_the_door("韦大明")).content.decode()
    assert not RosterLine.objects.exists()


# --- residents -------------------------------------------------------------------------------------------


def test_a_resident_signs_in_without_account_and_is_counted(phone, address, session, at_nine, world):
    assert phone.get(address).status_code == 200
    answer = phone.post(
        address,
        at_the_door("韦大明", phone_tail="１２３４", home=world.places["新汉村"].pk, sex="m", age_band="elderly"),
    )
    line = RosterLine.objects.get()
    assert (line.name, line.phone_tail, line.home, line.sex, line.age_band) == (
        "韦大明",
        "1234",
        world.places["新汉村"],
        "m",
        "elderly",
    )
    assert (line.source, line.identity, line.device) == ("qr", identity_of("韦大明", "1234"), "")
    assert len(line.code) == 10 and line.code[:5] in answer.content.decode()
    session.refresh_from_db()
    assert (session.rostered_attendance, session.reported_attendance, session.version) == (1, 40, 1)
    assert set(phone.cookies) <= {"csrftoken"}
    told = AuditEvent.objects.get(action="扫码签到")
    assert (told.actor, told.address, told.detail, told.county_code) == (None, None, {"lines": 1}, "450124")


def test_a_whole_family_signs_in_on_one_phone_and_shares_its_village(phone, address, at_nine, world, session):
    body = at_the_door("韦大明", "韦小花", "", "韦奶奶", home=world.places["新汉村"].pk) | {"p-3-age_band": "elderly"}
    text = phone.post(address, body).content.decode()
    assert list(RosterLine.objects.values_list("name", "home_id")) == [
        (name, world.places["新汉村"].pk) for name in ("韦大明", "韦小花", "韦奶奶")
    ]
    assert len(set(RosterLine.objects.values_list("code", flat=True))) == 3 and text.count('"scan-code"') == 3
    session.refresh_from_db()
    assert session.rostered_attendance == 3


def test_xl_7_the_same_person_twice_stands_once_and_the_code_is_told_once(phone, address, at_nine, session):
    phone.post(address, at_the_door("韦大明", phone_tail="1234"))
    code = RosterLine.objects.get().code
    again = Client().post(address, at_the_door("韦 大明", "黄三", phone_tail="1234"))
    assert "这一场已经签过" in again.content.decode() and code[:5] not in again.content.decode()
    assert RosterLine.objects.count() == 2
    twice = phone.post(address, at_the_door("李四", "李四"))
    assert "和第 1 位是同一个人" in twice.content.decode() and RosterLine.objects.count() == 2
    phone.post(address, at_the_door("李四", "李四", phone_tail="1111") | {"p-1-phone_tail": "2222"})
    assert RosterLine.objects.count() == 4


def test_in_3_the_same_form_again_shows_the_same_code_and_nobody_else_is_told_it(phone, address, at_nine, session):
    key = re.search(r'name="key" value="([0-9a-f]{32})"', phone.get(address).content.decode())[1]
    body = at_the_door("韦大明", "韦小花", phone_tail="1234") | {"key": key}
    phone.post(address, body)  # whose answer gets lost
    codes = list(RosterLine.objects.values_list("code", flat=True))
    again = phone.post(address, body)
    assert "签到好了" in text_of(again) and "已经签过" not in text_of(again)
    assert [line.code for line in again.context["signed"].with_codes] == codes
    assert all(f"{code[:5]}-{code[5:]}" in text_of(again) for code in codes) and RosterLine.objects.count() == 2
    session.refresh_from_db()
    assert session.rostered_attendance == 2 and AuditEvent.objects.filter(action="扫码签到").count() == 1
    for strange in (phone.get(address).context["people"].key, "0" * 32, "", "x", "é" * 32):
        told = text_of(Client().post(address, body | {"key": strange}))
        assert "这一场已经签过" in told and not any(code[:5] in told for code in codes)


def test_in_3_a_double_tap_on_a_telephone_that_signs_for_one_shows_the_code_and_signs_nobody_else(
    phone, session, world, at_nine
):
    address = reverse("scan", args=[ScanSheet.open(session, actor=world.town, once_per_device=True).token])
    body = at_the_door("韦大明") | {"p-TOTAL_FORMS": "1", "key": phone.get(address).context["people"].key}
    Client().post(address, body)  # the first tap: its cookie has not come back yet
    code = RosterLine.objects.get().code
    for _ in range(2):
        assert f"{code[:5]}-{code[5:]}" in text_of(phone.post(address, body))
    assert "这部手机已经签过" in text_of(phone.post(address, at_the_door("黄三") | {"p-TOTAL_FORMS": "1"}))
    assert RosterLine.objects.count() == 1


def test_one_per_device_where_the_officer_wants_it(phone, session, world, at_nine):
    sheet = ScanSheet.open(session, actor=world.town, once_per_device=True)
    address = reverse("scan", args=[sheet.token])
    assert "还有家里人" not in phone.get(address).content.decode()
    phone.post(address, at_the_door("韦大明") | {"p-TOTAL_FORMS": "1"})
    cookie = phone.cookies[f"device-{sheet.pk}"]
    assert cookie["httponly"] and cookie["path"] == "/s/" and cookie["samesite"] == "Lax"
    assert RosterLine.objects.get().device == cookie.value
    refused = phone.post(address, at_the_door("黄三") | {"p-TOTAL_FORMS": "1"})
    assert "这部手机已经签过" in refused.content.decode() and "黄三" in refused.content.decode()
    phone.post(address, at_the_door("黄三", "黄四"))  # a form that was made for more
    assert RosterLine.objects.count() == 1
    Client().post(address, at_the_door("黄三") | {"p-TOTAL_FORMS": "1"})
    assert RosterLine.objects.count() == 2


def test_wb_1_with_https_the_mark_of_a_telephone_at_the_door_is_bound_to_the_host(
    phone, session, world, at_nine, settings
):
    settings.HTTPS = True
    sheet = ScanSheet.open(session, actor=world.town, once_per_device=True)
    phone.cookies[f"device-{sheet.pk}"] = planted = "0" * 32
    phone.post(reverse("scan", args=[sheet.token]), at_the_door("韦大明") | {"p-TOTAL_FORMS": "1"}, secure=True)
    cookie = phone.cookies[f"__Host-device-{sheet.pk}"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert RosterLine.objects.get().device == cookie.value != planted


def test_the_code_given_once_holds_at_the_next_session_and_only_with_its_name(phone, world, at_nine, sheet, address):
    phone.post(address, at_the_door("韦大明", phone_tail="1234"))
    code = RosterLine.objects.get().code
    other = world.session(held_on=world.today, start_time=NINE, title="第二场")
    there = reverse("scan", args=[ScanSheet.open(other, actor=world.town).token])
    mistyped = code.lower()[:9] + ("z" if code[9] != "Z" else "y")
    for typed in (mistyped, code):  # whether it is unknown or somebody else's is not told
        answer = phone.post(there, at_the_door("黄三", code=typed)).content.decode()
        assert "没有查到这个学习码，或它不是用这个姓名登记的" in answer and "黄三" in answer
    phone.post(there, at_the_door("韦大明", code=f"{code[:5].lower()} - {code[5:]}"))
    assert list(RosterLine.objects.values_list("code", flat=True)) == [code, code]


def test_ld_3_whoever_tries_learning_codes_at_the_door_is_held_up_and_signs_in_without(
    phone, address, at_nine, monkeypatch
):
    monkeypatch.setattr(door, "WRONG_CODES", {"most": 2, "seconds": 600})
    for _ in range(2):
        assert phone.post(address, at_the_door("黄三", code="ABCDE23456")).status_code == 200
    answer = phone.post(address, at_the_door("黄三", code="ABCDE23456"))
    assert answer.status_code == 429 and "填错的学习码太多" in text_of(answer) and "没有查到" not in text_of(answer)
    assert "黄三" in text_of(answer)
    phone.post(address, at_the_door("黄三"))
    assert RosterLine.objects.count() == 1


def test_ld_3_after_too_many_wrong_codes_not_even_the_right_one_is_told_from_them(
    phone, world, address, at_nine, monkeypatch
):
    phone.post(address, at_the_door("韦大明"))
    code = RosterLine.objects.get().code
    other = world.session(held_on=world.today, start_time=NINE, title="第二场")
    there = reverse("scan", args=[ScanSheet.open(other, actor=world.town).token])
    monkeypatch.setattr(door, "WRONG_CODES", {"most": 3, "seconds": 600})
    three = at_the_door("黄三", "黄四", "黄五") | {f"p-{number}-code": "ABCDE23459" for number in range(3)}
    assert phone.post(there, three).status_code == 200
    answers = [phone.post(there, at_the_door("韦大明", code=typed)) for typed in (code, "ABCDE23456")]
    assert [answer.status_code for answer in answers] == [429, 429]
    told = [re.sub(r"[0-9a-f]{32}|[A-Za-z0-9]{64}", "", text_of(answer)) for answer in answers]
    assert told[0].replace(code, "") == told[1].replace("ABCDE23456", "") and not other.roster.exists()
    elsewhere = phone.post(there, at_the_door("韦大明", code=code), REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 200 and other.roster.get().code == code


def test_ld_3_one_machine_over_its_limit_does_not_use_up_the_halls(phone, address, at_nine, monkeypatch):
    monkeypatch.setattr(door, "PER_ADDRESS", {"most": 1, "seconds": 60})
    monkeypatch.setattr(door, "PER_SHEET", {"most": 3, "seconds": 60})
    for number in range(9):
        phone.post(address, at_the_door(f"甲{number}"), REMOTE_ADDR="203.0.113.1")
    assert phone.post(address, at_the_door("乙一"), REMOTE_ADDR="203.0.113.2").status_code == 200
    assert RosterLine.objects.count() == 2


def test_ld_3_the_limits_count_names_and_not_forms(phone, address, at_nine, monkeypatch):
    monkeypatch.setattr(door, "PER_ADDRESS", {"most": 8, "seconds": 60})
    monkeypatch.setattr(door, "PER_SHEET", {"most": 20, "seconds": 60})
    six = [at_the_door(*(f"{letter}{number}" for number in range(6))) for letter in "甲乙丙丁"]
    assert [phone.post(address, form).status_code for form in six[:2]] == [200, 429]
    for number, form in enumerate(six[1:], start=1):
        phone.post(address, form, REMOTE_ADDR=f"203.0.113.{number}")
    assert RosterLine.objects.count() == 18  # the one that was over its own limit used up nothing of the hall's
    assert phone.post(address, at_the_door("戊", "己", "庚"), REMOTE_ADDR="203.0.113.9").status_code == 429


@pytest.mark.parametrize(
    ("first", "field", "sentence"),
    [
        ({"name": ""}, "name", "请写姓名"),
        ({"name": "  "}, "name", "请写姓名"),
        ({"name": "13800000000"}, "name", "只写姓名，不要写电话和身份证号"),
        ({"name": "韦大明 138 7711 2233"}, "name", "只写姓名，不要写电话和身份证号"),  # PI-4
        ({"name": "韦大明１３８-７７１１-２２３３"}, "name", "只写姓名，不要写电话和身份证号"),
        ({"name": "450124 19700101 123X"}, "name", "只写姓名，不要写电话和身份证号"),
        ({"name": "…"}, "name", "请写姓名"),
        ({"name": "韦" * 31}, "name", "姓名太长了，最多 30 个字"),
        ({"phone_tail": "12"}, "phone_tail", "只要手机号的后四位数字，如 1234"),
        ({"phone_tail": "13800001234"}, "phone_tail", "只要手机号的后四位数字，如 1234"),
        ({"home": "450125100"}, "home", "请从列表里选，或选“不填”"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(phone, address, at_nine, first, field, sentence):
    body = at_the_door("韦大明", "别丢了这位") | {f"p-0-{name}": value for name, value in first.items()}
    answer = phone.post(address, body)
    assert answer.context["people"].forms[0].errors[field] == [sentence]
    assert "别丢了这位" in answer.content.decode() and '<details class="fold" open' in answer.content.decode()
    assert not RosterLine.objects.exists()


@pytest.mark.parametrize("body", [{}, {"p-TOTAL_FORMS": "x"}, {"p-TOTAL_FORMS": "9999", "p-INITIAL_FORMS": "0"}])
def test_a_form_that_was_not_ours_gets_a_sentence(phone, address, at_nine, body):
    answer = phone.post(address, body)
    assert answer.status_code == 200 and "没有办成" in answer.content.decode()


def test_an_unknown_and_a_cancelled_sessions_page_get_the_same_answer(phone, world, at_nine):
    tomorrow = world.today + datetime.timedelta(days=1)
    session = world.session(held_on=tomorrow, status="planned", start_time=NINE)
    address = reverse("scan", args=[ScanSheet.open(session, actor=world.town).token])
    assert phone.get(address).status_code == 200
    session.cancel(actor=world.town, reason="下雨")
    pages = [phone.get(url) for url in (address, reverse("scan", args=["abcd-efgh-jkmn"]), "/s/" + "x" * 300 + "/")]
    assert {page.status_code for page in pages} == {404} and len({page.content for page in pages}) == 1


def test_typed_from_a_poster_capitals_blanks_and_dashes_make_no_difference(phone, sheet, at_nine):
    for typed in (sheet.token.upper(), sheet.address_words, f" {sheet.token[:6]} {sheet.token[6:]}"):
        assert phone.get(reverse("scan", args=[typed])).status_code == 200


def test_ld_3_a_machine_meets_a_limit_and_loses_nothing_it_typed(phone, address, at_nine, monkeypatch):
    monkeypatch.setattr(door, "PER_ADDRESS", {"most": 2, "seconds": 60})
    for name in ("甲一", "甲二"):
        phone.post(address, at_the_door(name))
    answer = phone.post(address, at_the_door("甲三"))
    assert answer.status_code == 429 and "甲三" in answer.content.decode()
    assert phone.post(address, at_the_door("甲四"), REMOTE_ADDR="203.0.113.9").status_code == 200
    monkeypatch.setattr(door, "PER_SHEET", {"most": 1, "seconds": 60})
    assert phone.post(address, at_the_door("甲五"), REMOTE_ADDR="203.0.113.10").status_code == 429
    assert RosterLine.objects.count() == 3


def test_a_verified_session_and_a_locked_year_take_no_more_names(phone, address, session, world, sheet, at_nine):
    type(world.assessment_year).objects.filter(pk=world.assessment_year.pk).update(status="locked")
    assert "已锁定定案" in phone.post(address, at_the_door("韦大明")).content.decode()
    type(world.assessment_year).objects.filter(pk=world.assessment_year.pk).update(status="open")
    TrainingSession.objects.filter(pk=session.pk).update(
        status="submitted", submitted_by=world.town, submitted_at=timezone.now()
    )
    session.refresh_from_db()
    session.verify(actor=world.bureau, attendance=40)
    assert "已核定" in phone.post(address, at_the_door("韦大明")).content.decode()
    assert not RosterLine.objects.exists()


def test_ld_3_what_a_machine_signed_in_a_span_of_time_is_taken_out_at_once_and_logged(
    ask, world, session, sheet, at_nine
):
    sheet.sign([Attendee("韦大明")])
    with time_machine.travel(at(world.today, 9, 20), tick=False):
        sheet.sign([Attendee(f"甲{number}") for number in range(9)])
    with time_machine.travel(at(world.today, 9, 21), tick=False):
        sheet.sign([Attendee("黄三")])
        page = reverse("roster-remove-scanned", args=[session.pk])
        assert page in ask(world.town, reverse("session-roster", args=[session.pk])).content.decode()
        day = world.today.isoformat()
        span = {"first": f"{day}T09:20", "last": f"{day}T09:20"}
        told = ask(world.town, page, span, "post").content.decode()
        assert "确定删去 9 人" in told and 'name="number" value="9"' in told and RosterLine.objects.count() == 11
        again = ask(world.town, page, span | {"number": "8"}, "post").content.decode()
        assert "又有变化" in again and "确定删去 9 人" in again and RosterLine.objects.count() == 11
        assert (
            "没有人扫码签到"
            in ask(world.town, page, span | {"first": f"{day}T08:00", "last": f"{day}T08:30"}, "post").content.decode()
        )
        assert "结束的时间在开始以前" in ask(world.town, page, span | {"last": f"{day}T08:30"}, "post").content.decode()
        assert ask(world.town, page, span | {"number": "9"}, "post").status_code == 302
    assert set(RosterLine.objects.values_list("name", flat=True)) == {"韦大明", "黄三"}
    session.refresh_from_db()
    assert session.rostered_attendance == 2
    event = AuditEvent.objects.get(action="删除扫码签到")
    assert (event.actor, event.detail["lines"], event.detail["roster"]) == (world.town, 9, 2)
    assert event.detail["first"] == event.detail["last"] == f"{day}T09:20+08:00" and "甲" not in str(event.detail)


def test_ld_3_of_a_session_that_is_decided_nothing_is_taken_out_at_once(ask, world, session, sheet, at_nine):
    sheet.sign([Attendee("韦大明")])
    TrainingSession.objects.filter(pk=session.pk).update(
        status="submitted", submitted_by=world.town, submitted_at=timezone.now()
    )
    session.refresh_from_db()
    session.verify(actor=world.bureau, attendance=40)
    page, day = reverse("roster-remove-scanned", args=[session.pk]), world.today.isoformat()
    span = {"first": f"{day}T00:00", "last": f"{day}T23:59", "number": "1"}
    assert "已核定" in ask(world.town, page, span, "post").content.decode() and RosterLine.objects.exists()
    assert page not in ask(world.town, reverse("session-roster", args=[session.pk])).content.decode()


def test_a_sign_in_at_the_door_does_not_turn_away_whoever_is_revising(world, session, sheet, at_nine):
    seen = session.version
    sheet.sign([Attendee("韦大明")])
    session.revise(actor=world.town, seen_version=seen, changes={"venue": "村委会二楼"})
    session.refresh_from_db()
    assert (session.venue, session.rostered_attendance) == ("村委会二楼", 1)


def test_reported_rostered_and_verified_stand_side_by_side_for_the_officer_and_the_reviewer(
    ask, world, session, sheet, at_nine
):
    sheet.sign([Attendee(f"村民{mark}") for mark in "甲乙丙"])
    TrainingSession.objects.filter(pk=session.pk).update(
        status="submitted", submitted_by=world.town, submitted_at=timezone.now()
    )
    detail = text_of(ask(world.town, reverse("session-detail", args=[session.pk])))
    assert all(label in detail for label in ("填报人次", "签到人次", "核定人次"))
    review = text_of(ask(world.bureau, reverse("review-session", args=[session.pk])))
    assert "扫码3" in review and "未核定" in review


def test_pi_7_no_name_stands_in_an_address_the_log_or_the_audit(phone, address, at_nine, caplog):
    answer = phone.post(address, at_the_door("韦金丝雀", phone_tail="7391"))
    assert "Location" not in answer.headers
    assert "金丝雀" not in str(list(AuditEvent.objects.values())) + caplog.text


def test_queries_do_not_grow_with_the_roster(ask, world, session, sheet, at_nine):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert ask(world.town, reverse("session-scan", args=[session.pk])).status_code == 200
        return len(queries)

    sheet.sign([Attendee(f"村民{chr(0x4E00 + n)}") for n in range(3)])
    asked()  # signs in as well
    few = asked()
    sheet.sign([Attendee(f"村民{chr(0x5000 + n)}") for n in range(27)])
    assert asked() == few


def test_in_5_the_database_holds_the_rules(world, session, sheet):
    for bad in (
        lambda: ScanSheet.objects.filter(pk=sheet.pk).update(minutes_before=181),
        lambda: ScanSheet.objects.filter(pk=sheet.pk).update(token=""),
        lambda: ScanSheet.objects.create(session=session, opened_by=world.town),
        lambda: RosterLine.objects.create(session=session, name="13800000000", source="qr"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            bad()
