"""Chat messages as coordinators really write them, and what the entry form makes of each. Nothing is guessed."""

import datetime

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from trainings.messages import Named, read, several

TODAY = datetime.date(2026, 3, 10)
NAMES = [
    Named("place", "白山镇", "450124100"),
    Named("place", "新汉村", "450124100201", above="450124100"),
    Named("place", "新汉村委会", "450124100201", above="450124100"),
    Named("place", "新兴社区", "450124100006", above="450124100"),
    Named("place", "新兴社区", "450124103006", near=False),
    Named("place", "羊山村", "450124103205", near=False),
    Named("host", "新汉村教学点", 7),
    Named("form", "现场实训", 3),
    Named("language", "壮话", 4),
    Named("audience", "老年人", 11),
    Named("audience", "妇女", 12),
    Named("audience", "留守妇女", 13),
]


def day(month, number, year=2026):
    return datetime.date(year, month, number)


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("3月5日新汉村桑蚕培训 40人", {"held_on": day(3, 5), "place": "450124100201", "title": "桑蚕培训", "reported_attendance": 40}),
        ("３月５号，在新汉村举办桑蚕培训，共４０人参加。", {"held_on": day(3, 5), "place": "450124100201", "title": "桑蚕培训", "reported_attendance": 40}),
        ("昨天下午3点-5点白山镇新汉村开展旱藕种植技术培训，52人次", {"held_on": day(3, 9), "start_time": datetime.time(15), "end_time": datetime.time(17), "place": "450124100201", "title": "旱藕种植技术培训", "reported_attendance": 52}),
        ("12月28日新兴社区 手机课 18人", {"held_on": day(12, 28, 2025), "place": "450124100006", "title": "手机课", "reported_attendance": 18}),
        ("时间：2026年3月3日上午\n地点：新汉村村委会二楼\n内容：桑蚕现场实训\n主讲：韦老师\n人数：33人", {"held_on": day(3, 3), "part_of_day": "morning", "place": "450124100201", "venue": "村委会二楼", "title": "桑蚕现场实训", "instructors": "韦老师", "form": 3, "reported_attendance": 33}),
        ("2026.3.5-3.7 羊山村 家政培训班 61名", {"held_on": day(3, 5), "place": "450124103205", "title": "家政培训班", "reported_attendance": 61}),
        ("3月5日至7日新汉村家政培训班61名", {"held_on": day(3, 5), "ends_on": day(3, 7), "place": "450124100201", "title": "家政培训班", "reported_attendance": 61}),
        ("今天在新汉村教学点用壮话讲防诈骗课，1,200人", {"held_on": TODAY, "host": 7, "language": 4, "title": "用壮话讲防诈骗课", "reported_attendance": 1200}),
        ("3月6日 新汉村 八段锦 25人", {"held_on": day(3, 6), "place": "450124100201", "title": "八段锦", "reported_attendance": 25}),
    ],
)  # fmt: skip
def test_a_plain_message_fills_the_form(message, values):
    reading = read(message, NAMES, TODAY)
    assert {name: reading.values.get(name) for name in values} == values


@pytest.mark.parametrize(
    ("message", "missing", "written"),
    [
        ("3月5日新汉村桑蚕培训 约40人", "reported_attendance", "约40人"),
        ("3月5日新汉村桑蚕培训40多人", "reported_attendance", "40多人"),
        ("3月5日新汉村桑蚕培训，上午30人，下午25人", "reported_attendance", "30人"),
        ("2月30日新汉村桑蚕培训 40人", "held_on", "2月30日"),
        ("月初新汉村桑蚕培训 40人", "held_on", "月初"),
    ],
)
def test_what_is_not_plain_is_left_for_a_person_and_said(message, missing, written):
    reading = read(message, NAMES, TODAY)
    assert missing not in reading.values
    assert any(written in text for text, _ in reading.left) or written in str(reading.values.get("title", ""))


def test_numbers_behind_audiences_are_theirs_and_the_sum_is_the_attendance():
    reading = read("3月5日新汉村健康讲座，老年人30人，留守妇女10人，共40人", NAMES, TODAY)
    assert (reading.audiences, reading.values["reported_attendance"]) == ({11: 30, 13: 10}, 40)
    reading = read("3月5日新汉村健康讲座，老年人30人，留守妇女10人", NAMES, TODAY)
    assert "reported_attendance" not in reading.values and reading.left == [
        ("人数", "只有各类人数，没有合计，请填实到人次")
    ]


def test_two_teachers_are_no_attendance():
    reading = read("3月5日新汉村桑蚕培训，请了2名老师，40人", NAMES, TODAY)
    assert reading.values["reported_attendance"] == 40 and reading.left[0][0] == "请了2名老师"


def test_a_name_that_two_places_bear_is_the_near_one_else_it_is_asked():
    far = [
        Named("place", "四达社区", "450124101001", near=False),
        Named("place", "四达社区", "450124102001", near=False),
    ]
    assert read("3月5日四达社区读书会 20人", far, TODAY).left[0] == ("四达社区", "有几个同名的地方，请选择")


def test_several_lines_with_a_day_and_a_figure_are_several_sessions():
    text = "3月5日新汉村桑蚕培训 40人\n\n3月6日新兴社区手机课 18人"
    assert several(text, TODAY) == text.split("\n\n")
    assert len(several("时间：3月5日\n人数：33人\n内容：手机课", TODAY)) == 1
    assert several("", TODAY) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "number", ["138 1234 5678", "+8613812345678", "１３８１２３４５６７８", "450124 19700101 1234"]
)
def test_pi_4_a_number_that_is_written_differently_is_cut_out_of_a_pasted_message_too(ask, world, number):
    text = f"{world.year - 1}年3月5日新汉村桑蚕培训，40人，找{number}"
    page = ask(world.town, reverse("session-message"), {"text": text}, "post")
    assert page.context["form"]["held_on"].value() == datetime.date(world.year - 1, 3, 5)
    assert number not in page.content.decode() and "找****" in page.content.decode()


@pytest.mark.django_db
def test_the_pasted_message_fills_the_entry_form_and_what_was_not_understood_is_shown(ask, world):
    text = f"{world.year - 1}年3月5日新汉村桑蚕培训，约40人，老年人12人，电话13812345678"
    page = ask(world.town, reverse("session-message"), {"text": text}, "post")
    form = page.context["form"]
    assert form["held_on"].value() == datetime.date(world.year - 1, 3, 5)
    assert (form["place"].value(), form["title"].value()) == (world.places["新汉村"].pk, "桑蚕培训")
    assert form["reported_attendance"].value() is None
    shown = page.content.decode()
    assert "“约40人”：不是准数，请填实到的人数" in shown and "13812345678" not in shown
    assert "约40人" in form["remarks"].value()
    assert 'action="/sessions/new/"' in shown
    page = ask(world.bureau, reverse("session-message"), {"text": "3月5日新汉村桑蚕培训40人"}, "post")
    assert page.context["form"]["on_behalf_source"].value() == "wechat"


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error_and_nothing_is_made_up(text):
    reading = read(text, NAMES, TODAY)
    figure = reading.values.get("reported_attendance")
    assert figure is None or any(ch.isdecimal() for ch in text)
