"""What residents see and send without account (二(三)2): the week, a session, 报名, the calendar; and the officer's side of it."""

import datetime
import gzip
import re
import threading

import pytest
from django.contrib.staticfiles import finders
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from networks.models import AuditEvent
from networks.tokens import digest_of, new_token
from reporting.disclosure import sessions_of_resident
from trainings.models import Announcement, Audience, AudienceCount, CoOrganiser, Refused, SignUp, TrainingSession
from trainings.views.learn_sign_up import PER_ADDRESS, PER_SESSION

SOON = 3  # days ahead


@pytest.fixture
def tell(world):
    """`tell("title", days=3, takes_sign_ups=True, capacity=5)`: a public planned session and its announcement."""

    def make(title="养蚕", *, days=SOON, unit=None, status="planned", audience="", session=None, **fields):
        day = world.today + datetime.timedelta(days=days)
        row = world.session(unit, status=status, title=title, held_on=day, reported=None, **(session or {}))
        if audience:
            AudienceCount.objects.create(session=row, audience=Audience.objects.get(name=audience))
        return Announcement.objects.create(session=row, **{"is_public": True, "phone": "0771-6820001"} | fields)

    return make


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def page_of(told) -> str:
    return f"/learn/sessions/{told.session.number}/"


def fill(**changes) -> dict:
    return {"name": "韦阿妹", "phone_tail": "1234", "seats": "2", "token": new_token()} | changes


# --- the week ----------------------------------------------------------------------------------------


def test_the_week_says_what_when_where_in_which_language_and_whom_to_call(client, tell):
    from trainings.models import Language

    told = tell(
        "智能手机使用",
        session={
            "start_time": datetime.time(9),
            "end_time": datetime.time(11, 30),
            "venue": "村委会会议室",
            "language": Language.objects.get(name="壮话"),
        },
        phone="0771-6820001转8、0771-1",
    )
    page = text(client.get("/learn/"))
    for words in ["智能手机使用", "09:00—11:30", "白山镇 村委会会议室", "壮话", 'href="tel:07716820001"']:
        assert words in page, words
    assert page_of(told) in page
    assert not client.cookies and "set-cookie" not in {name.lower() for name in client.get("/learn/").headers}


def test_only_what_an_officer_has_ticked_is_there_and_no_protected_group_ever(client, world, tell):
    tell("公开的")
    hidden = [tell("没有公开的", is_public=False), tell("后来改为敏感的", audience="社区服刑人员")]
    hidden += [tell("作废的", status="void")]
    page = text(client.get("/learn/"))
    feed = client.get("/learn/calendar.ics").content.decode()
    assert "公开的" in page and "公开的" in feed.replace("\r\n ", "")
    for told in hidden:
        assert str(told.session) not in page and told.session.number not in feed
        assert client.get(page_of(told)).status_code == 404
        assert client.get(f"{page_of(told)}sign-up/").status_code == 404
        assert client.get(f"/learn/calendar.ics?only={told.session.number}").status_code == 404


def test_a_cancelled_session_says_so_everywhere(client, world, tell):
    told = tell("会鼓", takes_sign_ups=True)
    _, token = told.sign_up(name="韦阿妹", phone_tail="1234", seats=1, token=new_token())
    told.session.cancel(actor=world.town, reason="下雨")
    assert "已取消" in text(client.get("/learn/")) and "这一场已取消" in text(client.get(page_of(told)))
    assert "这一场已取消" in text(client.get(f"/learn/sign-ups/{token}/"))
    assert "STATUS:CANCELLED" in client.get("/learn/calendar.ics").content.decode()
    assert client.get(f"{page_of(told)}sign-up/").status_code == 302
    with pytest.raises(Refused, match="已取消"):
        told.sign_up(name="蓝阿哥", phone_tail="1111", seats=1, token=new_token())


def test_the_township_and_the_letters_stay_in_every_address(client, world, tell):
    ours, theirs = tell("白山的课"), tell("古零的课", unit=world.theirs)
    page = text(client.get("/learn/?at=450124103&big=1"))
    assert "古零的课" in page and "白山的课" not in page
    links = re.findall(r'href="(/learn/[^"]*)"', page)
    assert links and all("at=450124103" in link for link in links)
    assert page.count("learn-big.css") == 1
    assert {link for link in links if "big=1" not in link} == {"/learn/?at=450124103"}  # back to ordinary letters
    assert "古零的课" in text(client.get("/learn/?at=不是代码&from=2026-13-45")) and "learn-big" not in text(
        client.get("/learn/")
    )
    assert "古零的课" not in text(client.get(f"{page_of(ours)}?at=450124103"))
    assert theirs.session.number in text(client.get("/learn/?at=450124"))


def test_of_two_counties_the_one_that_tells_something_is_shown_else_it_is_asked(client, world, tell):
    tell("马山的课")
    assert "马山的课" in text(client.get("/learn/"))
    tell("上林的课", unit=world.foreign)
    asked = text(client.get("/learn/"))
    assert "您在哪个县" in asked and "马山的课" not in asked
    assert client.get("/learn/calendar.ics").status_code == 404
    foreign = text(client.get("/learn/?at=450125"))
    assert "上林的课" in foreign and "马山的课" not in foreign and "大丰镇" in foreign and "白山镇" not in foreign


def test_an_empty_week_leads_to_the_next_session(client, tell):
    told = tell("下个月的课", days=20)
    page = text(client.get("/learn/"))
    assert "没有公开的培训" in page and "下个月的课" not in page
    later = re.search(r'href="(/learn/[^"]+)">看那一周', page)[1]
    assert "下个月的课" in text(client.get(later.replace("&amp;", "&")))
    assert told.session.held_on.isoformat() in later


def test_a_class_of_several_days_stands_under_each_week_it_touches(client, world, tell):
    end = world.today + datetime.timedelta(days=9)
    tell("家政班", days=-2, session={"ends_on": end})
    assert "家政班" in text(client.get("/learn/"))
    assert "家政班" in text(client.get(f"/learn/?from={world.today + datetime.timedelta(days=8)}"))
    assert "家政班" not in text(client.get(f"/learn/?from={world.today + datetime.timedelta(days=10)}"))


def test_ld_2_three_sessions_and_thirty_take_the_same_queries(client, tell):
    def count(path):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    def both():
        return [count("/learn/?at=450124"), count("/learn/calendar.ics?at=450124")]

    for number in range(3):
        tell(f"课{number}", takes_sign_ups=True, capacity=9)
    few = both()
    for number in range(27):
        told = tell(f"后{number}", takes_sign_ups=True, capacity=9)
        told.sign_up(name="韦阿妹", phone_tail="1234", seats=2, token=new_token())
    assert both() == few and max(few) <= 7


FIRST_VIEW = 100 * 1000  # bytes, compressed, without pictures (the issue's own limit)


def test_a_first_view_of_a_full_page_stays_below_100_kb_even_where_nothing_compresses_it(client, tell):
    for number in range(40):
        tell(f"一门名字不算短的农村实用技术课程{number}", takes_sign_ups=True, capacity=30)
    page = client.get("/learn/?big=1")
    assert text(page).count('class="lesson ') == 40
    sheets = re.findall(r'<link rel="stylesheet"\s+href="/static/([^"]+)"', page.content.decode())
    scripts = re.findall(r"<script[^>]+src=", page.content.decode())
    assert "css/learn.css" in sheets and len(sheets) == 4 and scripts == []
    parts = [page.content]
    for name in sheets:
        with open(finders.find(name), "rb") as file:
            parts.append(file.read())
    compressed = sum(len(gzip.compress(part, 6)) for part in parts)
    few = len(page.content) // 4  # of a usual week: ten sessions
    assert compressed < FIRST_VIEW / 4, compressed
    assert few + sum(map(len, parts[1:])) < FIRST_VIEW, (few, list(map(len, parts)))


# --- the calendar ------------------------------------------------------------------------------------


def test_the_feed_is_a_calendar_that_phones_read(client, world, tell):
    timed = {"start_time": datetime.time(19, 30), "end_time": datetime.time(21), "venue": "篮球场"}
    told = tell("山歌，会鼓；一句很长很长很长很长很长很长很长很长很长的名字", session=timed, words="带凳子")
    tell("整天的课", days=4, session={"ends_on": world.today + datetime.timedelta(days=6)})
    tell("古零的课", unit=world.theirs)
    answer = client.get("/learn/calendar.ics?at=450124100")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    events = {str(e["summary"]): e for e in Calendar.from_ical(answer.content).walk("VEVENT")}
    assert set(events) == {str(told.session), "整天的课"}
    event = events[str(told.session)]
    begins = event.decoded("dtstart")
    assert (begins.date(), begins.time(), begins.utcoffset()) == (
        told.session.held_on,
        datetime.time(19, 30),
        datetime.timedelta(hours=8),
    )
    assert event.decoded("dtend").time() == datetime.time(21)
    assert str(event["uid"]) == f"{told.session.number}@mashan-edu" and str(event["location"]) == "白山镇 篮球场"
    assert "带凳子" in event["description"] and str(event["url"]) == f"http://testserver{page_of(told)}"
    whole = events["整天的课"]
    assert whole.decoded("dtstart") == world.today + datetime.timedelta(days=4)
    assert whole.decoded("dtend") == world.today + datetime.timedelta(days=7)
    before = int(event["sequence"])
    told.session.revise(actor=world.town, seen_version=told.session.version, changes={"venue": "村委会"})
    again = Calendar.from_ical(client.get(f"/learn/calendar.ics?only={told.session.number}").content).walk("VEVENT")
    assert [str(e["location"]) for e in again] == ["白山镇 村委会"] and int(again[0]["sequence"]) > before


# --- signing up --------------------------------------------------------------------------------------


def test_somebody_signs_up_finds_it_by_the_link_and_cancels(client, tell):
    told = tell("插花", takes_sign_ups=True, capacity=5)
    page = text(client.get(f"{page_of(told)}sign-up/?big=1"))
    assert "还有 5 个名额" in page and "0771-6820001" in page
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    answer = client.post(f"{page_of(told)}sign-up/?big=1", fill(token=token))
    assert answer.url == f"/learn/sign-ups/{token}/?at=450124&big=1"
    stored = SignUp.objects.get()
    assert (stored.name, stored.phone_tail, stored.seats) == ("韦阿妹", "1234", 2)
    assert stored.cancel_digest == digest_of(token) and token not in repr(SignUp.objects.values())
    mine = text(client.get(answer.url))
    assert "报名成功" in mine and "韦**" in mine and "韦阿妹" not in mine
    assert "还有 3 个名额" in text(client.get(page_of(told)))
    assert client.post(answer.url).status_code == 302
    assert "已取消报名" in text(client.get(answer.url)) and "还有 5 个名额" in text(client.get(page_of(told)))
    assert "已经取消" in text(client.post(answer.url))
    log = list(AuditEvent.objects.values_list("action", "detail", "address", "county_code"))
    assert [row[0] for row in log] == ["居民取消报名", "居民报名"] or [row[0] for row in log] == [
        "居民报名",
        "居民取消报名",
    ]
    assert "韦" not in repr(log) and "1234" not in repr(log) and {row[2:] for row in log} == {(None, "450124")}


def test_a_form_sent_twice_signs_up_once_and_one_for_a_second_person_gets_its_own_link(client, tell):
    told = tell(takes_sign_ups=True)
    url, form = f"{page_of(told)}sign-up/", fill()
    first, second = client.post(url, form), client.post(url, form)
    assert first.url == second.url and SignUp.objects.count() == 1
    kin = client.post(url, form | {"name": "韦阿婆"})  # the browser's way back, another name
    assert kin.url != first.url and SignUp.objects.count() == 2
    refused = text(client.post(url, fill()))
    assert "已经报过名" in refused and 'value="韦阿妹"' in refused


def test_in_3_the_same_form_with_another_number_of_seats_changes_them_within_what_is_left(client, world, tell):
    told = tell(takes_sign_ups=True, capacity=5)
    url, form = f"{page_of(told)}sign-up/", fill(seats="2")
    mine = client.post(url, form).url
    told.sign_up(name="黄阿公", phone_tail="1111", seats=2, token=new_token())
    assert client.post(url, form | {"seats": "3"}).url == mine  # the browser's way back, one more
    assert SignUp.objects.get(name="韦阿妹").seats == 3 and "3 人" in text(client.get(mine)) and told.taken() == 5
    assert "您已报上 3 人，名额只够改成 3 人" in text(client.post(url, form | {"seats": "4"}))
    assert client.post(url, form | {"seats": "1"}).url == mine and told.taken() == 3  # also where it was full
    told.session.hold(actor=world.town)
    assert "报名已经结束" in text(client.post(url, form | {"seats": "2"})) and told.taken() == 3
    assert client.post(url, form | {"seats": "1"}).url == mine


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " ", "姓名"),
        ("name", "13800001111", "请填写姓名，不要写号码"),
        ("phone_tail", "13800001234", "请只填手机号码的最后四位数字"),
        ("name", "……", "请填写姓名，不要写号码"),
        ("seats", "11", "10"),
        ("seats", "很多", "整数"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(client, tell, field, value, sentence):
    told = tell(takes_sign_ups=True)
    page = text(client.post(f"{page_of(told)}sign-up/", fill(**{field: value})))
    assert sentence in page and "请先改正以下问题" in page and SignUp.objects.count() == 0
    for name, typed in fill(**{field: value}).items():
        if name != "token" and typed.strip():
            assert f'value="{typed}"' in page


def test_full_means_full_and_says_how_many_seats_are_left(client, tell):
    told = tell(takes_sign_ups=True, capacity=3)
    url = f"{page_of(told)}sign-up/"
    client.post(url, fill())
    assert "只剩 1 个名额" in text(client.post(url, fill(name="蓝阿哥")))
    assert client.post(url, fill(name="蓝阿哥", seats="1")).status_code == 302
    assert "名额已满" in text(client.post(url, fill(name="黄阿公", seats="1")))
    assert "名额已满" in text(client.get(page_of(told))) and told.taken() == 3


def test_signing_up_is_closed_for_minors_after_the_beginning_and_where_nobody_opened_it(client, world, tell):
    minors = tell("假期课", takes_sign_ups=True, audience="留守儿童")
    plain = tell("不用报名的")
    held = tell("已举办的", takes_sign_ups=True)
    held.session.hold(actor=world.town)
    for told, sentence in [(minors, "这一场不用在网上报名"), (plain, "不用报名，直接来"), (held, "报名已经结束")]:
        page = text(client.get(page_of(told)))
        assert "我要报名" not in page and sentence in page
        client.post(f"{page_of(told)}sign-up/", fill())
    assert SignUp.objects.count() == 0
    told = tell(takes_sign_ups=True, session={"start_time": datetime.time(9)})
    moment = datetime.datetime.combine(told.session.held_on, datetime.time(9, 1)).astimezone()
    assert told.closed_because(moment) == "报名已经结束"


def test_ld_3_one_address_cannot_sign_up_without_end(client, tell):
    told = tell(takes_sign_ups=True)
    url = f"{page_of(told)}sign-up/"
    for number in range(PER_ADDRESS["most"]):
        assert client.post(url, fill(name=f"学员{number}", seats="1")).status_code == 302
    late = client.post(url, fill(name="韦阿婆"))
    assert late.status_code == 429 and "韦阿婆" in late.content.decode() and "请过一会儿" in late.content.decode()
    assert SignUp.objects.count() == PER_ADDRESS["most"]


def test_ld_3_a_machine_takes_no_more_seats_by_asking_for_ten_at_a_time(client, tell, monkeypatch):
    told = tell(takes_sign_ups=True)
    url = f"{page_of(told)}sign-up/"
    for number in range(PER_ADDRESS["most"] // 10 + 2):
        client.post(url, fill(name=f"学员{number}", seats="10"))
    assert told.taken() == PER_ADDRESS["most"]
    monkeypatch.setitem(PER_SESSION, "most", PER_ADDRESS["most"] + 15)
    for number in range(3):  # from many addresses
        client.post(url, fill(name=f"村民{number}", seats="10"), REMOTE_ADDR=f"203.0.113.{number}")
    assert told.taken() == PER_ADDRESS["most"] + 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="the suite's SQLite is in memory; last_seat.py shows it on a file"
)
def test_in_6_the_last_seat_goes_to_one_of_eight_who_want_it(world):
    day = world.today + datetime.timedelta(days=SOON)
    row = world.session(status="planned", held_on=day, reported=None)
    told = Announcement.objects.create(
        session=row, is_public=True, phone="0771-6820001", takes_sign_ups=True, capacity=3
    )
    start, answers = threading.Barrier(8), []

    def send(number: int) -> None:
        try:
            start.wait()
            told.sign_up(name=f"学员{number}", phone_tail="1234", seats=1, token=new_token())
            answers.append("in")
        except Refused as refused:
            answers.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["in"] * 3 + ["名额已满"] * 5
    assert SignUp.objects.count() == 3


@pytest.mark.drill
def test_in_6_the_last_seat_on_a_sqlite_file(tmp_path):
    import json
    import os
    import subprocess
    import sys
    from pathlib import Path

    root = Path(__file__).parent.parent.parent
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), env.get("PYTHONPATH", "")]))
    script = Path(__file__).with_name("last_seat.py")
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "seats.sqlite3")],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout) == {"in": 3, "名额已满": 13, "stored": 3}


# --- the officer's side ------------------------------------------------------------------------------


def announce_url(row) -> str:
    return f"/sessions/{row.pk}/announce/"


GIVEN = {"is_public": "on", "phone": "0771-6820002", "takes_sign_ups": "on", "capacity": "12", "seen_version": 0}


def planned(world, *audiences, **fields) -> TrainingSession:
    day = world.today + datetime.timedelta(days=SOON)
    row = world.session(status="planned", held_on=day, reported=None, **fields)
    for name in audiences:
        AudienceCount.objects.create(session=row, audience=Audience.objects.get(name=name))
    return row


def test_the_officer_ticks_public_and_opens_sign_up(ask, world):
    row = planned(world, title="织绣")
    assert "公开和报名" in text(ask(world.town, f"/sessions/{row.pk}/"))
    assert "织绣" not in text(ask(world.town, "/learn/?at=450124"))
    assert ask(world.town, announce_url(row), GIVEN, "post").status_code == 302
    told = Announcement.objects.get()
    assert (told.is_public, told.takes_sign_ups, told.capacity, told.version) == (True, True, 12, 1)
    assert told.history.get().history_user == world.town and AuditEvent.objects.filter(action__contains="公开").exists()
    assert "织绣" in text(ask(world.town, "/learn/?at=450124"))
    another = planned(world, title="下一场")
    assert 'value="0771-6820002"' in text(ask(world.town, announce_url(another)))  # the unit's number, once
    second = text(ask(world.town, announce_url(row), GIVEN | {"capacity": "9"}, "post"))
    assert "已被别人修改" in second and 'value="9"' in second


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone": ""}, "请填写居民可以打的办公电话"),
        ({"phone": "13800001111"}, "不写个人手机号码"),
        ({"phone": "打给我"}, "请填写电话号码"),
        ({"words": "找老韦 138-0000-1111"}, "不写个人手机号码"),
        ({"words": "戒毒人员也可以来"}, "这里不能出现"),
        ({"is_public": ""}, "要接受报名，请先勾选“公开”"),
        ({"capacity": "0"}, "1"),
    ],
)
def test_what_cannot_be_told_is_refused_at_the_field(ask, world, changes, sentence):
    row = planned(world)
    page = text(ask(world.town, announce_url(row), GIVEN | changes, "post"))
    assert sentence in page and not Announcement.objects.exists()


def test_pi_2_a_session_of_a_protected_group_is_never_told_and_one_of_minors_takes_no_names(ask, world):
    quiet = planned(world, "社区服刑人员")
    assert "公开和报名" not in text(ask(world.town, f"/sessions/{quiet.pk}/"))
    assert ask(world.town, announce_url(quiet)).status_code == 302
    assert ask(world.town, announce_url(quiet), GIVEN, "post").status_code == 302
    assert not Announcement.objects.exists()
    minors = planned(world, "留守儿童")
    assert "未成年人的场次不在网上报名" in text(ask(world.town, announce_url(minors), GIVEN, "post"))
    assert ask(world.town, announce_url(minors), GIVEN | {"takes_sign_ups": ""}, "post").status_code == 302
    assert Announcement.objects.get().is_public


def test_what_is_over_can_be_taken_back_but_not_told_anew(ask, world):
    draft = world.session(title="草稿")
    assert ask(world.town, announce_url(draft)).status_code == 302 and not Announcement.objects.exists()
    row = planned(world, title="办完的")
    ask(world.town, announce_url(row), GIVEN, "post")
    row.hold(actor=world.town)
    taken_back = {"phone": "0771-6820002", "seen_version": 1}
    assert ask(world.town, announce_url(row), taken_back, "post").status_code == 302
    assert not Announcement.objects.get().is_public


def test_the_capacity_is_not_less_than_who_has_signed_up(ask, world):
    row = planned(world)
    ask(world.town, announce_url(row), GIVEN, "post")
    Announcement.objects.get().sign_up(name="韦阿妹", phone_tail="1234", seats=4, token=new_token())
    page = text(ask(world.town, announce_url(row), GIVEN | {"capacity": "3", "seen_version": 1}, "post"))
    assert "已有 4 人报名，名额不能比这少" in page


def test_ac_6_full_names_only_in_the_units_own_hands_and_masked_on_its_paper(ask, world, tell, passwords_just_typed):
    told = tell(takes_sign_ups=True)
    told.sign_up(name="韦阿妹", phone_tail="4093", seats=2, token=new_token())
    url = f"/sessions/{told.session_id}/sign-ups/"
    own = text(ask(world.town, url, {}, "post"))
    assert '<span class="row-main no-print">韦阿妹</span><span class="only-print" hidden>韦**</span>' in own
    assert "尾号 4093" in own
    for reader in (world.town, world.bureau, world.head, world.auditor):
        page = text(ask(reader, url))
        assert "韦**" in page and "韦阿妹" not in page and "4093" not in page
    for reader in (world.bureau, world.head, world.auditor):
        assert ask(reader, url, {}, "post").status_code == 403
    joint = world.session(status="submitted", title="联合举办")
    CoOrganiser.objects.create(session=joint, unit=world.wxgtj, name=world.wxgtj.name)
    assert ask(world.unit, f"/sessions/{joint.pk}/sign-ups/").status_code == 403
    assert ask(world.town2, url).status_code == 404 and ask(world.centre, url).status_code == 404


def test_pi_6_id_4_names_of_who_has_signed_up_are_shown_after_the_password_and_written_down(ask, world, tell):
    told = tell(takes_sign_ups=True)
    told.sign_up(name="韦阿妹", phone_tail="1234", seats=2, token=new_token())
    url = f"/sessions/{told.session_id}/sign-ups/"
    looks = AuditEvent.objects.filter(action="查看报名全名")
    asked = text(ask(world.town, url, {}, "post"))
    assert "请再输一次密码" in asked and "韦阿妹" not in asked and not looks.exists()
    assert "韦阿妹" in text(ask(world.town, url, {"password_again": "Correct-Horse-7"}, "post"))
    look = looks.get()
    assert (look.actor, look.subject, look.subject_id) == (world.town, "trainingsession", str(told.session_id))
    assert look.detail == {"number": told.session.number, "lines": 1}
    today = {"first": world.today.isoformat(), "last": world.today.isoformat(), "number": told.session.number}
    listed = text(ask(world.auditor, "/logs/seen/", today))
    assert "查看报名全名" in listed and f"场次 {told.session.number}，1 人" in listed and "韦阿妹" not in listed
    assert told.session in sessions_of_resident("韦阿妹", world.county.pk)


def test_in_5_the_database_holds_the_rules_too(world):
    row = planned(world)
    for wrong in (
        {"is_public": True},
        {"takes_sign_ups": True, "phone": "0771-6820001"},
        {"is_public": True, "phone": "0771-6820001", "capacity": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Announcement.objects.create(session=row, **wrong)


def test_the_officer_cancels_for_somebody_who_telephones(ask, world, tell):
    told = tell(takes_sign_ups=True, capacity=2)
    row, token = told.sign_up(name="韦阿妹", phone_tail="1234", seats=2, token=new_token())
    url = f"/sessions/{told.session_id}/sign-ups/{row.pk}/"
    assert ask(world.bureau, url, {}, "post").status_code == 403
    assert ask(world.town2, url, {}, "post").status_code == 404
    assert ask(world.town, url, {}, "post").status_code == 302
    assert told.taken() == 0 and "已取消报名" in text(ask(world.town, f"/learn/sign-ups/{token}/"))


def test_pi_2_names_go_before_a_session_becomes_one_of_people_whose_names_are_not_kept(ask, world, tell):
    told = tell(takes_sign_ups=True)
    told.sign_up(name="韦阿妹", phone_tail="1234", seats=2, token=new_token())
    minors = [(Audience.objects.get(name="留守儿童"), None)]

    def revise():
        told.session.revise(actor=world.town, seen_version=told.session.version, changes={}, audiences=minors)

    with pytest.raises(Refused, match="请先在“居民报名”页面清空报名"):
        revise()
    url = f"/sessions/{told.session_id}/sign-ups/clear/"
    assert "1 条报名" in text(ask(world.town, url)) and SignUp.objects.count() == 1
    assert ask(world.town, url, {}, "post").status_code == 302
    told.refresh_from_db()
    assert SignUp.objects.count() == 0 and not told.takes_sign_ups and told.is_public
    revise()
    assert not TrainingSession.objects.get().announcement.sign_ups.exists()
