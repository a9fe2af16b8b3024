"""A week's text for the work group says nothing of persons; the work of entering is measured for the county as a whole."""

import datetime

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks.models import Institution
from reporting.effort import efforts
from reporting.week import digest, week_of
from trainings.models import Audience, DeliveryForm, EntryEffort, PointLink
from trainings.models.effort import LONGEST, new_token, seconds_since

pytestmark = pytest.mark.django_db


@pytest.fixture
def monday(world):
    """A Monday of this year that is long past."""
    return week_of(datetime.date(world.year, 1, 8)).first


def held(world, monday, **more):
    facts = {
        "status": "submitted",
        "held_on": monday,
        "instructors": "韦某某",
        "venue": "韦家大院",
        "remarks": "13812345678",
    }
    return world.session(**facts | more)


def test_the_week_of_a_unit_lists_its_sessions_and_no_person(world, monday):
    held(world, monday, title="桑蚕培训", reported=40, place=world.places["新汉村"])
    held(world, monday + datetime.timedelta(days=6), title="手机课 13812345678", reported=1200, status="verified")
    held(world, monday, title="没提交的", status="draft")
    held(world, monday + datetime.timedelta(days=7), title="下一周的")
    held(world, monday, title="别人的", organiser=world.theirs)
    last = monday + datetime.timedelta(days=6)
    month = f"{last.month}月" if last.month != monday.month else ""
    days = f"{monday.month}月{monday.day}日—{month}{last.day}日"
    assert digest(world.town, week_of(monday)).split("\n") == [
        f"【白山镇人民政府】{days}社区教育培训 2 场、1,240 人次（其中已核定 1 场）。",
        f"1. {monday.month}月{monday.day}日 新汉村：桑蚕培训，40 人次",
        f"2. {last.month}月{last.day}日 白山镇：手机课 ****，1,200 人次",
    ]


def test_pi_2_a_session_that_is_counted_by_heads_only_is_counted_and_not_named(world, monday):
    quiet = held(world, monday, title="法治课", status="draft", reported=7)
    quiet.set_audiences([(Audience.objects.filter(sensitivity=2).first(), None)])
    quiet.save()
    quiet.submit(actor=world.town)
    text = digest(world.town, week_of(monday))
    assert "1 场、7 人次" in text and "另有 1 场只报人次，不列名称" in text and "法治课" not in text


def test_the_bureaus_week_adds_up_each_unit_in_the_documents_order(world, monday):
    held(world, monday, organiser=world.theirs, reported=90)
    for _ in range(2):
        held(world, monday, reported=10)
    lines = digest(world.bureau, week_of(monday)).split("\n")
    assert lines[0].startswith("【马山县】") and "3 场、110 人次（待县教育局核定）" in lines[0]
    assert lines[1:] == ["白山镇 2 场 20 人次", "古零镇 1 场 90 人次"]
    assert "没有已上报" in digest(world.foreign_bureau, week_of(monday))


def test_the_page_shows_the_week_asked_for_and_never_falls_over(ask, world, monday):
    held(world, monday, title="桑蚕培训")
    assert "桑蚕培训" in ask(world.town, reverse("week-digest"), {"week": monday.isoformat()}).content.decode()
    for rubbish in ("", "x", "2026-02-30", "0001-01-01", "9999-12-31", "\x00"):
        assert ask(world.town, reverse("week-digest"), {"week": rubbish}).status_code == 200
    for user in (world.bureau, world.centre, world.unit, world.unit2):
        assert ask(user, reverse("week-digest")).status_code == 200


def test_ld_2_the_week_takes_as_many_queries_for_three_sessions_as_for_thirty(world, monday):
    counts = []
    for first, last in [(0, 3), (3, 33)]:
        for number in range(first, last):
            held(world, monday, title=f"第{number}场")
        with CaptureQueriesContext(connection) as captured:
            text = digest(world.town, week_of(monday))
        counts.append(len(captured))
    assert counts[0] == counts[1] and "另有 3 场，见系统" in text


# --- how much work it is -----------------------------------------------------------------------------------


def form(world, token):
    return {
        "token": token,
        "title": "桑蚕培训",
        "held_on": f"{world.year}-01-02",
        "place": world.places["白山镇"].pk,
        "form": DeliveryForm.objects.get(name="课堂学习").pk,
        "reported_attendance": "40",
        "organiser_written": "",
    }


def test_an_entry_is_counted_with_its_fields_and_its_time_and_without_its_person(ask, world):
    now = datetime.datetime.now(datetime.UTC)
    with time_machine.travel(now, tick=False) as clock:
        token = new_token()
        clock.shift(90)
        ask(world.town, reverse("session-new"), form(world, token), "post")
        ask(world.town, reverse("session-new"), form(world, token), "post")  # the same form again
        clock.shift(-90)
        slow = new_token()
        clock.shift(LONGEST + 1)
        ask(world.unit, reverse("session-new"), form(world, slow), "post")
    row = EntryEffort.objects.get()
    assert (row.sessions, row.timed, row.seconds, row.quick) == (2, 1, 90, 1)
    assert row.fields in {8, 9}  # title, day, form, figure; the department's officer chose the place too
    names = {field.name for field in EntryEffort._meta.get_fields()}
    assert names == {"id", "county", "month", "road", "sessions", "fields", "timed", "seconds", "quick"}


def test_a_report_by_link_is_counted_too(world):
    link, _ = PointLink.issue(Institution.objects.get(division=world.places["新汉村"]), world.town)
    link.report(token=new_token(), held_on=world.today, title="桑蚕培训", attendance=40)
    row = EntryEffort.objects.get()
    assert (row.road, row.county_id, row.sessions, row.fields, row.timed) == ("point", "450124", 1, 3, 1)


@pytest.mark.parametrize("token", ["", "x", "t" * 32, "ffffffffffff.x", "-1.x", "1.x", "²·"])
def test_a_token_that_tells_no_time_gives_none(token):
    assert seconds_since(token) is None


def test_the_page_adds_up_the_county_and_says_nothing_of_too_few(ask, world):
    for _ in range(4):
        EntryEffort.count("450124", "form", fields=9, seconds=60)
    EntryEffort.count("450125", "form", fields=99, seconds=60)
    [row, total] = efforts(world.bureau, world.today)
    assert (row.sessions, row.fields, row.minutes, row.quick) == (4, None, None, None)
    EntryEffort.count("450124", "form", fields=14, seconds=360)
    EntryEffort.count("450124", "ledger", sessions=10, fields=50, seconds=300)
    form_, ledger, total = efforts(world.bureau, world.today)
    assert (form_.fields, form_.minutes, form_.quick) == (10.0, 2.0, 0.8)
    assert (ledger.sessions, ledger.fields, ledger.minutes) == (10, 5.0, 0.5)
    assert (total.label, total.sessions, total.fields, total.minutes) == ("合计", 15, 6.7, 1.0)
    assert "无法计算" not in ask(world.bureau, reverse("entry-effort")).content.decode()
    assert ask(world.town, reverse("entry-effort")).status_code == 403
    assert efforts(world.bureau, world.today + datetime.timedelta(days=500)) == []


def test_in_5_the_database_holds_one_row_a_month_and_road(world):
    EntryEffort.count("450124", "form", fields=9, seconds=60)
    row = EntryEffort.objects.get()
    for broken in (
        lambda: EntryEffort.objects.create(county_id="450124", month=row.month, road="form"),
        lambda: EntryEffort.objects.filter(pk=row.pk).update(timed=2),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            broken()
