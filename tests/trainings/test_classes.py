"""期（班）: a series in one go, all or none; copied, put off and cancelled (依据 三(二))."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from networks.models import AuditEvent
from trainings import series
from trainings.models import Audience, Refused, Status, TrainingClass, TrainingSession

NEW = "/classes/new/"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def monday(world):
    """A Monday some weeks ahead."""
    return world.today + datetime.timedelta(days=28 - world.today.weekday())


def filled(world, first, **changes):
    form = {
        "token": "k" * 32,
        "title": "智能手机使用",
        "numbered": "on",
        "repeat": "weekly",
        "first": first.isoformat(),
        "count": "4",
        "place": world.places["新汉村"].pk,
        "venue": "村委会二楼",
        "start_time": "09:00",
        "end_time": "11:00",
        "instructors": "韦老师",
    }
    return form | changes


def stored(world, *days):
    return {"store": "1", "shown": ",".join(d.isoformat() for d in days), "day": [d.isoformat() for d in days]}


def weeks(first, *numbers):
    return [first + 7 * n * DAY for n in numbers]


@pytest.fixture
def make(world, ask, monday):
    """A class of four weekly sessions of 白山镇."""

    def made(**changes):
        days = weeks(monday, 0, 1, 2, 3)
        response = ask(world.town, NEW, filled(world, monday, **changes) | stored(world, *days), "post")
        assert response.status_code == 302, response.context["form"].errors
        return TrainingClass.objects.latest("pk")

    return made


def sessions(made):
    return list(TrainingSession.objects.filter(training_class=made).order_by("held_on"))


def days_of(response):
    return [row.day for row in response.context["rows"]]


def test_a_preview_stores_nothing_and_the_next_button_stores_all(world, ask, monday):
    response = ask(world.town, NEW, filled(world, monday), "post")
    assert days_of(response) == weeks(monday, 0, 1, 2, 3)
    assert not TrainingClass.objects.exists() and not TrainingSession.objects.exists()
    response = ask(world.town, NEW, filled(world, monday) | stored(world, *weeks(monday, 0, 1, 2, 3)), "post")
    made = TrainingClass.objects.get()
    assert response.url == f"/classes/{made.pk}/"
    assert (made.name, made.unit, made.place, made.entered_by) == (
        "智能手机使用",
        world.ours,
        world.places["新汉村"],
        world.town,
    )
    rows = sessions(made)
    assert [(row.title, row.held_on, row.status) for row in rows] == [
        (f"智能手机使用（第{n}次）", day, "planned") for n, day in enumerate(weeks(monday, 0, 1, 2, 3), 1)
    ]
    assert {(row.organiser, row.minutes, row.entered_by) for row in rows} == {(world.ours, 120, world.town)}
    event = AuditEvent.objects.get(action="建立期（班）")
    assert event.actor == world.town and event.detail == {"sessions": 4}


def test_in_3_the_same_form_sent_twice_makes_one_class(world, ask, monday):
    body = filled(world, monday) | stored(world, *weeks(monday, 0, 1, 2, 3))
    first, second = (ask(world.town, NEW, body, "post") for _ in range(2))
    assert first.url == second.url and TrainingClass.objects.count() == 1


def test_days_come_weekly_every_few_days_or_as_written_and_skipped_ones_are_made_up_for(world, ask, monday):
    second = (monday + 7 * DAY).isoformat()
    response = ask(world.town, NEW, filled(world, monday, skipped=second), "post")
    assert days_of(response) == weeks(monday, 0, 2, 3, 4)
    response = ask(world.town, NEW, filled(world, monday, repeat="days", every="3", count="3"), "post")
    assert days_of(response) == [monday, monday + 3 * DAY, monday + 6 * DAY]
    last = monday + 9 * DAY
    words = f"{last.year}年{last.month}月{last.day}日、{monday.isoformat()}\n{monday.month}月{monday.day}日"
    response = ask(world.town, NEW, filled(world, monday, repeat="chosen", chosen=words), "post")
    assert days_of(response) == [monday, last]
    response = ask(world.town, NEW, filled(world, monday, repeat="chosen", chosen="下周一、3月5日至7日"), "post")
    problems = " ".join(response.context["form"].errors["chosen"])
    assert "下周一" in problems and "每一天分开写" in problems
    assert response.context["form"]["title"].value() == "智能手机使用"  # nothing typed is lost


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"repeat": "days", "every": "90", "count": "60"}, "只排得下 5 场"),
        ({"repeat": "weekly", "count": "59"}, "只排得下 58 场"),
        ({"repeat": "weekly", "count": "1000"}, "一个班最多 60 场"),
    ],
)
def test_more_sessions_than_fit_are_refused_and_not_left_out(world, ask, monday, changes, sentence):
    response = ask(world.town, NEW, filled(world, monday, **changes), "post")
    assert sentence in response.context["form"].errors["count"][0] and "rows" not in response.context
    assert f'value="{changes["count"]}"' in response.content.decode()


def test_an_unticked_day_is_left_out_and_the_rest_are_numbered_in_order(world, ask, monday):
    body = filled(world, monday) | stored(world, *weeks(monday, 0, 1, 2, 3))
    body["day"] = [day.isoformat() for day in weeks(monday, 0, 3)]
    ask(world.town, NEW, body, "post")
    rows = sessions(TrainingClass.objects.get())
    assert [(row.title[-4:], row.held_on) for row in rows] == [
        ("第1次）", monday),
        ("第2次）", monday + 21 * DAY),
    ]
    response = ask(world.town, NEW, body | {"day": [], "token": "z" * 32}, "post")
    assert "至少留一场" in response.content.decode() and TrainingClass.objects.count() == 1


def test_days_that_changed_since_the_preview_are_shown_before_anything_is_stored(world, ask, monday):
    body = filled(world, monday, count="3") | stored(world, *weeks(monday, 0, 1, 2, 3))
    response = ask(world.town, NEW, body, "post")
    assert "请核对下面的安排" in response.content.decode() and not TrainingClass.objects.exists()
    assert days_of(response) == weeks(monday, 0, 1, 2)


def test_a_duplicate_is_named_and_keeps_everything_from_being_stored(world, ask, monday, make):
    make()
    response = ask(world.town, NEW, filled(world, monday + 7 * DAY, token="m" * 32), "post")
    problems = [bool(row.problems) for row in response.context["rows"]]
    assert problems == [True, True, True, False]
    assert "已经登记过同一场：《智能手机使用（第2次）》（计划）" in response.content.decode()
    days = weeks(monday, 1, 2, 3, 4)
    body = filled(world, monday + 7 * DAY, token="m" * 32) | stored(world, *days)
    response = ask(world.town, NEW, body, "post")
    assert response.status_code == 200 and "现在一场也没有保存" in response.content.decode()
    assert TrainingClass.objects.count() == 1 and TrainingSession.objects.count() == 4
    body["day"] = [days[3].isoformat()]
    assert ask(world.town, NEW, body, "post").status_code == 302
    assert TrainingSession.objects.count() == 5


def test_a_clash_of_teacher_or_room_is_named_and_refuses_nothing(world, ask, monday):
    clock = {"start_time": datetime.time(10), "end_time": datetime.time(12)}
    world.session(status="planned", held_on=monday, title="家庭教育讲座", instructors="蒙老师、韦老师", **clock)
    room = {"place": world.places["新汉村"], "venue": "村委会二楼"}
    world.session(status="planned", held_on=monday + 7 * DAY, title="普法课", **room, **clock)
    later = {"start_time": datetime.time(14), "end_time": datetime.time(15)}
    world.session(status="planned", held_on=monday + 14 * DAY, title="下午的课", **room, **later)
    world.session(status="cancelled", held_on=monday + 21 * DAY, title="取消的课", **room, **clock)
    response = ask(world.town, NEW, filled(world, monday), "post")
    assert [row.hints for row in response.context["rows"]] == [
        ["教师冲突：韦老师同时在《家庭教育讲座》（白山镇，10:00）"],
        ["场地冲突：村委会二楼同时有《普法课》（白山镇，10:00）"],
        [],
        [],
    ]
    body = filled(world, monday) | stored(world, *weeks(monday, 0, 1, 2, 3))
    assert ask(world.town, NEW, body, "post").status_code == 302


def test_ac_2_what_one_may_not_see_is_named_in_no_clash(world, ask, monday):
    clock = {"start_time": datetime.time(9), "end_time": datetime.time(11)}
    world.session(world.theirs, status="planned", held_on=monday, title="别人的打算", instructors="韦老师", **clock)
    response = ask(world.town, NEW, filled(world, monday), "post")
    assert "别人的打算" not in response.content.decode()


def test_a_day_that_cannot_be_stored_takes_the_others_with_it(world, ask, monday, monkeypatch):
    """All or none: the third fails inside the transaction."""
    enter = TrainingSession.enter.__func__

    def fails(cls, **given):
        if given["changes"]["title"].endswith("（第3次）"):
            raise Refused("下不了笔")
        return enter(cls, **given)

    monkeypatch.setattr(TrainingSession, "enter", classmethod(fails))
    response = ask(world.town, NEW, filled(world, monday) | stored(world, *weeks(monday, 0, 1, 2, 3)), "post")
    assert "下不了笔" in response.content.decode()
    assert not TrainingClass.objects.exists() and not TrainingSession.objects.exists()


def test_pi_2_no_class_is_named_after_a_protected_group(world, ask, monday):
    for changes in ({"title": "戒毒人员技能班"}, {"class_name": "社区服刑人员普法班"}):
        response = ask(world.town, NEW, filled(world, monday, **changes), "post")
        assert "不能出现" in response.content.decode() and "rows" not in response.context


def test_audiences_and_partners_come_to_every_session(world, ask, monday, make):
    old = Audience.objects.get(name="老年人")
    made = make(audiences=[str(old.pk)], co_units=[str(world.wxgtj.pk)])
    for row in sessions(made):
        assert (row.audience_text, row.co_organiser_text) == ("老年人", world.wxgtj.name)


def test_a_copy_keeps_the_distances_leaves_out_what_was_cancelled_and_is_looked_at_first(world, ask, monday, make):
    made = make()
    rows = sessions(made)
    rows[1].cancel(actor=world.town, reason="赶圩")
    rows[3].postpone(actor=world.town, reason="教师出差", held_on=rows[3].held_on + DAY)
    first = monday + 60 * DAY
    query = f"?copy={made.pk}&place={world.places['新兴社区'].pk}&first={first.isoformat()}"
    form = ask(world.town, NEW + query).context["form"]
    assert form["chosen"].value() == "、".join((first + n * DAY).isoformat() for n in (0, 14, 22))
    assert (form["title"].value(), form["place"].value(), form["venue"].value()) == (
        "智能手机使用",
        world.places["新兴社区"].pk,
        None,
    )
    days = [first, first + 14 * DAY, first + 22 * DAY]
    chosen = {"repeat": "chosen", "chosen": form["chosen"].value(), "copied_from": made.pk, "token": "n" * 32}
    body = filled(world, first, place=world.places["新兴社区"].pk, **chosen) | stored(world, *days)
    assert ask(world.town, NEW, body, "post").status_code == 302
    copy = TrainingClass.objects.latest("pk")
    assert (copy.copied_from, copy.place) == (made, world.places["新兴社区"])
    assert [row.held_on for row in sessions(copy)] == days
    page = ask(world.town, f"/classes/{copy.pk}/").content.decode()
    assert f"/classes/{made.pk}/" in page


def test_ac_3_another_units_class_is_not_there_to_be_copied(world, ask, monday, make):
    made = make()
    assert ask(world.town2, f"{NEW}?copy={made.pk}").status_code == 404
    body = filled(world, monday, copied_from=made.pk) | stored(world, *weeks(monday, 0, 1, 2, 3))
    ask(world.town2, NEW, body, "post")
    assert TrainingClass.objects.latest("pk").copied_from is None


# --- what remains ----------------------------------------------------------------------------------------


def test_the_rest_of_a_class_is_put_off_together_after_a_look(world, ask, monday, make):
    made = make()
    rows = sessions(made)
    rows[0].cancel(actor=world.town, reason="赶圩")
    url, to = f"/classes/{made.pk}/postpone/", rows[1].held_on + 3 * DAY
    response = ask(world.town, url, {"held_on": to.isoformat(), "reason": "农忙"}, "post")
    assert [(row.was, row.day) for row in response.context["rows"]] == [
        (row.held_on, row.held_on + 3 * DAY) for row in rows[1:]
    ]
    assert [row.held_on for row in sessions(made)] == [row.held_on for row in rows]  # not yet
    given = {"held_on": to.isoformat(), "reason": "农忙", "store": "1", "seen": response.context["seen"]}
    response = ask(world.town, url, given, "post")
    assert response.url == f"/classes/{made.pk}/"
    moved = sessions(made)
    assert [row.held_on for row in moved] == [rows[0].held_on, *(row.held_on + 3 * DAY for row in rows[1:])]
    assert moved[1].history.first().history_change_reason == "改期：农忙"
    assert AuditEvent.objects.get(action="期（班）改期").detail == {"sessions": 3}


def test_the_rest_of_a_class_is_not_put_off_into_the_past(world, ask, monday, make):
    made, yesterday = make(), world.today - DAY
    url = f"/classes/{made.pk}/postpone/"
    response = ask(world.town, url, {"held_on": yesterday.isoformat(), "reason": "农忙"}, "post")
    assert response.context["wrong"]
    given = {"held_on": yesterday.isoformat(), "reason": "农忙", "store": "1", "seen": response.context["seen"]}
    response = ask(world.town, url, given, "post")
    assert "已经过去" in response.content.decode()
    assert [row.held_on for row in sessions(made)] == weeks(monday, 0, 1, 2, 3)


def test_the_rest_of_a_class_is_cancelled_with_its_reason_and_what_was_held_stays(world, ask, make):
    made = make()
    rows = sessions(made)
    rows[0].hold(actor=world.town)
    url = f"/classes/{made.pk}/cancel/"
    assert ask(world.town, url, {"reason": "  "}, "post").status_code == 200
    seen = ask(world.town, url).context["seen"]
    ask(world.town, url, {"reason": "报名的人太少", "seen": seen}, "post")
    assert [row.status for row in sessions(made)] == ["draft", "cancelled", "cancelled", "cancelled"]
    assert sessions(made)[1].history.first().history_change_reason == "取消：报名的人太少"
    assert ask(world.town, url).status_code == 302  # nothing left to cancel
    with pytest.raises(Refused, match="没有还未举办"):
        series.cancel_rest(made, actor=world.town, reason="再来一次", seen=series.mark_of([]))


@pytest.mark.parametrize("page", ["postpone", "cancel"])
def test_in_4_what_moves_while_the_rest_is_being_moved_is_shown_before_anything_happens(
    world, ask, monday, make, monkeypatch, page
):
    made = make()
    url, to = f"/classes/{made.pk}/{page}/", (monday + DAY).isoformat()
    seen, look = ask(world.town, url).context["seen"], series.remaining
    asked = []

    def quicker(*args):
        """Somebody puts the next one off right after the page has looked at the class."""
        found = look(*args)
        asked.append(1)
        if len(asked) == 1:
            TrainingSession.objects.get(pk=found[0].pk).postpone(
                actor=world.town, reason="停电", held_on=monday + 2 * DAY
            )
        return found

    monkeypatch.setattr(series, "remaining", quicker)
    response = ask(world.town, url, {"held_on": to, "reason": "农忙", "store": "1", "seen": seen}, "post")
    assert response.status_code == 200 and "有人改动过" in response.content.decode()
    assert {row.status for row in sessions(made)} == {"planned"}
    assert [row.held_on for row in sessions(made)] == [monday + 2 * DAY, *weeks(monday, 1, 2, 3)]
    monkeypatch.undo()
    given = {"held_on": to, "reason": "农忙", "store": "1", "seen": response.context["seen"]}
    assert ask(world.town, url, given, "post").status_code == 302


# --- one session -----------------------------------------------------------------------------------------


def test_a_planned_session_is_put_off_with_reason_and_new_times(world, ask, monday):
    clock = {"start_time": datetime.time(9), "end_time": datetime.time(11)}
    row = world.session(status="planned", held_on=monday, **clock)
    new = {"held_on": (monday + DAY).isoformat(), "start_time": "14:00", "end_time": "15:30", "reason": "停电"}
    new["seen"] = ask(world.town, f"/sessions/{row.pk}/postpone/").context["seen"]
    assert ask(world.town, f"/sessions/{row.pk}/postpone/", new, "post").url == f"/sessions/{row.pk}/"
    row.refresh_from_db()
    assert (row.held_on, row.start_time, row.minutes, row.status) == (monday + DAY, datetime.time(14), 90, "planned")
    page = ask(world.town, f"/sessions/{row.pk}/history/").content.decode()
    assert "改期：停电" in page


def test_in_4_who_puts_off_second_sees_the_new_day_before_moving_it_again(world, ask, monday, make):
    made = make()
    rows, url = sessions(made), f"/classes/{made.pk}/postpone/"
    single = f"/sessions/{rows[0].pk}/postpone/"
    to = {"held_on": (monday + DAY).isoformat(), "reason": "农忙"}
    pages = {url: to | {"store": "1"}, single: to}
    seen = {page: ask(world.town, page).context["seen"] for page in pages}
    rows[0].postpone(actor=world.town, reason="停电", held_on=monday + 2 * DAY)
    for page, given in pages.items():
        response = ask(world.town, page, given | {"seen": seen[page]}, "post")
        assert "有人改动过日期或内容，没有改期" in response.content.decode()
        assert 'value="农忙"' in response.content.decode()
        assert [row.held_on for row in sessions(made)] == [monday + 2 * DAY, *weeks(monday, 1, 2, 3)]
        pages[page] = given | {"seen": response.context["seen"]}
    assert ask(world.town, single, pages[single], "post").status_code == 302  # looked at once more
    assert sessions(made)[0].held_on == monday + DAY


def test_a_class_of_several_days_is_put_off_with_all_of_them(world, monday):
    row = world.session(status="planned", held_on=monday, ends_on=monday + 2 * DAY)
    row.postpone(actor=world.town, reason="台风", held_on=monday + 7 * DAY)
    assert (row.held_on, row.ends_on, row.days) == (monday + 7 * DAY, monday + 9 * DAY, 3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": " "}, "请说明改期的原因"),
        ({"held_on": datetime.date(2020, 1, 1)}, "已经过去"),
        ({"held_on": None}, "没有改期"),
        ({"start_time": datetime.time(9), "end_time": datetime.time(8)}, "应晚于"),
        ({"held_on": datetime.date(2100, 1, 1)}, "年份"),
    ],
)
def test_a_postponement_that_cannot_be_is_refused(world, monday, changes, sentence):
    row = world.session(status="planned", held_on=monday)
    given = {"reason": "停电", "held_on": monday + DAY} | changes
    with pytest.raises(Refused, match=sentence):
        row.postpone(actor=world.town, **given | ({"held_on": monday} if given["held_on"] is None else {}))
    assert TrainingSession.objects.get(pk=row.pk).held_on == monday


def test_a_postponement_into_a_locked_year_is_refused(world, monday):
    row = world.session(status="planned", held_on=monday)
    world.lock()
    with pytest.raises(Refused, match="已锁定定案"):
        row.postpone(actor=world.town, reason="停电", held_on=monday + DAY)


def test_only_its_own_unit_puts_a_plan_off(world, monday):
    row = world.session(status="planned", held_on=monday)
    for user in (world.town2, world.bureau, world.head, world.centre):
        with pytest.raises(PermissionDenied):
            row.postpone(actor=user, reason="停电", held_on=monday + DAY)


def test_the_centres_class_is_its_own_and_not_its_departments(world, ask, monday):
    body = filled(world, monday) | stored(world, *weeks(monday, 0, 1, 2, 3))
    ask(world.centre, NEW, body, "post")
    made = TrainingClass.objects.get()
    assert (made.unit, made.entered_by) == (world.jyj, world.centre)
    assert list(TrainingClass.objects.visible_to(world.centre)) == [made]
    assert TrainingClass.objects.editable_by(world.centre).exists()
    other = TrainingClass.objects.create(unit=world.jyj, name="局里的班", entered_by=world.bureau)
    assert list(TrainingClass.objects.visible_to(world.centre)) == [made] != [other]


# --- pages -----------------------------------------------------------------------------------------------


def test_the_class_page_says_what_became_of_each_session(world, ask, make):
    made = make(form=str(world.session().form_id), theme="")
    rows = sessions(made)
    TrainingSession.objects.filter(pk=rows[0].pk).update(held_on=world.today - DAY)
    TrainingSession.objects.filter(pk=rows[1].pk).update(held_on=world.today - DAY)
    first = TrainingSession.objects.get(pk=rows[0].pk)
    first.hold(actor=world.town)
    first.revise(actor=world.town, seen_version=first.version, changes={"reported_attendance": 32})
    first.submit(actor=world.town)
    first.verify(actor=world.bureau, attendance=30, reason="签到表三十人")
    TrainingSession.objects.get(pk=rows[3].pk).cancel(actor=world.town, reason="下雨")
    for user in (world.town, world.bureau, world.head, world.auditor):
        response = ask(user, f"/classes/{made.pk}/")
        outcome = response.context["outcome"]
        assert (outcome.arranged, outcome.ahead, outcome.overdue, outcome.held, outcome.verified) == (3, 2, 1, 1, 1)
        assert (outcome.cancelled, outcome.reported, outcome.attendances) == (1, 32, 30)
        assert ("其余各场改期" in response.content.decode()) == (user is world.town)
        assert "取消：下雨" in response.content.decode()
    paper = ask(world.town, f"/classes/{made.pk}/paper/").content.decode()
    assert "已核定 1 场" in paper and "取消 1 场" in paper and "取消：下雨" in paper
    assert "取消：下雨" in ask(world.town, f"/sessions/{rows[3].pk}/").content.decode()


def test_ld_2_the_list_and_the_preview_ask_as_much_for_many_as_for_few(world, ask, client, monday):
    def classes(count):
        for number in range(count):
            row = TrainingClass.objects.create(unit=world.ours, name=f"班{number}", entered_by=world.town)
            world.session(status="planned", held_on=monday, training_class=row, title=f"课{number}")

    def queries(url, data=None):
        client.force_login(world.town)
        with CaptureQueriesContext(
            connection,
        ) as found:
            response = client.post(url, data) if data else client.get(url)
            assert response.status_code == 200
        return len(found)

    classes(3)
    few = queries("/classes/"), queries(NEW, filled(world, monday, count="3", instructors="新老师"))
    classes(27)
    many = queries("/classes/"), queries(NEW, filled(world, monday, count="30", instructors="新老师"))
    assert few == many


def test_ld_2_a_class_page_asks_as_much_for_many_sessions_as_for_few(world, client, monday):
    client.force_login(world.town)
    counts = []
    for number in (3, 27):
        row = TrainingClass.objects.create(unit=world.ours, name=f"班{number}", entered_by=world.town)
        for n in range(number):
            world.session(status="planned", held_on=monday + n * DAY, training_class=row, title=f"课{n}")
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/classes/{row.pk}/").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_a_session_leads_to_its_class(world, ask, make):
    made = make()
    page = ask(world.town, f"/sessions/{sessions(made)[0].pk}/").content.decode()
    assert f"/classes/{made.pk}/" in page and "改期" in page
    assert Status.PLANNED == "planned"
