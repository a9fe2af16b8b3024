"""核查提示: what is pointed out to the reviewer and what is not, the order of the queue, and answers that stay."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from networks.models import AuditEvent, Institution, SharedResource
from trainings import hints
from trainings.models import (
    Audience,
    AudienceCount,
    CoOrganiser,
    Evidence,
    HintAnswer,
    RosterLine,
    TrainingClass,
    TrainingSession,
)


@pytest.fixture
def desk(client, world):
    client.force_login(world.bureau)
    return client


def found(world, session, kind=None):
    every = hints.hints_of(TrainingSession.objects.filter(pk=session.pk), world.county.pk)[session.pk]
    return [hint for hint in every if kind in (None, hint.kind)]


def kinds(world, session):
    return {hint.kind for hint in found(world, session)}


def held(world, *args, **fields):
    """A submitted session of which nothing is to be said by itself."""
    fields = {"minutes": 90, "reported": 53, "status": "submitted"} | fields
    row = world.session(*args, **fields)
    link = f"https://example.cn/{row.pk}"
    piece = Evidence.objects.create(session=row, kind="report", link=link, uploaded_by=row.entered_by)
    noon = timezone.make_aware(datetime.datetime.combine(row.ends_on or row.held_on, datetime.time(12)))
    Evidence.objects.filter(pk=piece.pk).update(uploaded_at=noon)
    return row


def on(world, month, day):
    return datetime.date(world.year - 1, month, day)


def list_of(session, *names, source="pasted"):
    for name in names:
        RosterLine.objects.create(session=session, name=name, identity=name, source=source)


# --- one session by itself -----------------------------------------------------------------------------


def test_of_an_ordinary_session_nothing_is_said(world):
    assert kinds(world, held(world)) == set()


def test_what_is_missing_is_said_in_one_line_each(world):
    session = world.session(status="submitted", reported=53)
    assert {hint.sentence for hint in found(world, session)} == {
        "没有佐证材料，请酌情退回补充或电话核实",
        "没有填写时长",
    }
    world.assessment_year.evidence_required = True
    world.assessment_year.save()
    assert found(world, session, "evidence")[0].sentence == "没有佐证材料，本年度规定有材料才能核定"


def test_a_session_held_elsewhere_names_the_place(world):
    session = held(world, place=world.places["羊山村"])
    assert found(world, session, "elsewhere")[0].sentence == "在羊山村举办，不在白山镇人民政府辖区内"
    assert "elsewhere" not in kinds(world, held(world, place=world.places["新汉村"], title="别的课"))
    assert "elsewhere" in kinds(world, held(world, outside_county=True, title="县外的课"))


def test_parts_that_do_not_add_up_are_told_with_both_figures(world):
    session = held(world, reported=50)
    first, second = Audience.objects.filter(sensitivity=0)[:2]
    AudienceCount.objects.create(session=session, audience=first, number=30)
    other = AudienceCount.objects.create(session=session, audience=second, number=None)
    assert "sum" not in kinds(world, session)
    AudienceCount.objects.filter(pk=other.pk).update(number=25)
    assert found(world, session, "sum")[0].sentence == "培训对象各项相加是 55，与填报的 50 人次不同"


@pytest.mark.parametrize(("reported", "told"), [(50, False), (99, False), (100, True), (110, False), (150, True)])
def test_a_single_figure_is_round_from_100_in_steps_of_50(world, reported, told):
    assert ("round" in kinds(world, held(world, reported=reported))) is told


def test_a_unit_whose_figures_mostly_end_in_0_is_told_so(world):
    for number, reported in enumerate([40, 60, 37, 30], start=1):
        held(world, reported=reported, title=f"第{number}课")
    last = held(world, reported=20, title="最后一课")
    assert found(world, last, "round")[0].sentence == (
        f"填报人次是整数 20；白山镇人民政府{world.year}年填报的 5 场里 4 场个位是 0"
    )
    for number in range(3):
        held(world, reported=41 + number, title=f"又一课{number}")
    assert "round" not in kinds(world, last)  # 4 of 8


def test_evidence_that_first_came_after_30_days_is_told_with_its_dates(world):
    session = held(world, held_on=on(world, 3, 5))
    for days, told in [(30, False), (31, True)]:
        moment = timezone.make_aware(datetime.datetime(world.year - 1, 3, 5, 9)) + datetime.timedelta(days=days)
        session.evidence.update(uploaded_at=moment)
        assert ("late" in kinds(world, session)) is told
    assert found(world, session, "late")[0].sentence == "结束 31 天以后才上传佐证材料"
    Evidence.objects.create(session=session, kind="report", link="https://example.cn/b", uploaded_by=world.town)
    early = session.evidence.last()
    Evidence.objects.filter(pk=early.pk).update(
        uploaded_at=timezone.make_aware(datetime.datetime(world.year - 1, 3, 6))
    )
    assert "late" not in kinds(world, session)


def test_more_heads_than_the_named_room_or_the_hosts_seats_hold(world):
    SharedResource.objects.create(
        division=world.places["白山镇"], unit=world.ours, kind="station", name="白山镇文化站", capacity=60
    )
    full = held(world, venue="白山镇文化站二楼", reported=61)
    assert found(world, full, "capacity")[0].sentence == "填报 61 人次，超过白山镇文化站二楼（登记可容纳 60 人）"
    assert "capacity" not in kinds(world, held(world, venue="白山镇文化站", reported=59, title="坐得下"))
    days = {"held_on": on(world, 4, 1), "ends_on": on(world, 4, 3)}
    assert "capacity" not in kinds(world, held(world, venue="白山镇文化站", reported=177, title="三天的班", **days))
    school = Institution.objects.get(division=world.places["白山镇"])
    Institution.objects.filter(pk=school.pk).update(seats=40)
    assert "capacity" in kinds(world, held(world, host=school, reported=41, title="在社区学校"))
    assert "capacity" not in kinds(world, held(world, host=school, venue="村口球场", reported=41, title="在球场"))


# --- two sessions --------------------------------------------------------------------------------------


def test_one_event_reported_by_two_units_is_told_from_both_sides_with_one_fingerprint(world):
    ours = held(world, title="桑蚕小蚕共育技术培训", held_on=on(world, 5, 6))
    theirs = held(world, world.wxgtj, title="小蚕共育技术培训班", place=world.places["新汉村"], held_on=on(world, 5, 6))
    one, two = found(world, ours, "same_event"), found(world, theirs, "same_event")
    assert (one[0].other_pk, two[0].other_pk) == (theirs.pk, ours.pk)
    assert one[0].fingerprint == two[0].fingerprint
    assert one[0].facts == ["同一天、同一乡镇、名称相近"]
    for other in [
        {"title": "会鼓队基础训练"},
        {"place": world.places["羊山村"]},
        {"held_on": on(world, 5, 7)},
    ]:
        fields = {"title": "小蚕共育技术培训班", "place": world.places["新汉村"], "held_on": on(world, 5, 6)} | other
        assert "same_event" not in kinds(world, held(world, world.lgj, **fields)), other


def test_hours_that_do_not_meet_make_no_single_event(world):
    day, nine, eleven = on(world, 5, 6), datetime.time(9), datetime.time(11)
    held(world, title="防诈骗讲座", held_on=day, start_time=nine, end_time=eleven)
    later = held(
        world, world.wxgtj, title="防诈骗讲座", place=world.places["白山镇"], held_on=day, part_of_day="afternoon"
    )
    assert "same_event" not in kinds(world, later)
    unknown = held(world, world.lgj, title="防诈骗讲座", place=world.places["白山镇"], held_on=day)
    assert "same_event" in kinds(world, unknown)


def test_a_partner_that_reports_the_joint_session_as_its_own_is_told(world):
    ours = held(world, title="壮绣进村", venue="村委会", held_on=on(world, 5, 6))
    CoOrganiser.objects.create(session=ours, unit=world.wxgtj, name=world.wxgtj.name)
    theirs = held(
        world, world.wxgtj, title="非遗传习", venue="村委会", place=world.places["白山镇"], held_on=on(world, 5, 6)
    )
    assert found(world, theirs, "same_event")[0].facts == ["同一天、同一乡镇、培训地点相同、一方是另一方的协办单位"]


def test_one_teacher_in_two_places_at_once(world):
    day = on(world, 6, 1)
    morning = {
        "held_on": day,
        "start_time": datetime.time(9),
        "end_time": datetime.time(11),
        "instructors": "县蚕业站 韦老师",
    }
    here = held(world, title="种桑", place=world.places["新汉村"], **morning)
    there = held(world, world.theirs, title="养羊", **morning | {"start_time": datetime.time(10)})
    assert found(world, here, "instructor")[0].other_pk == there.pk
    assert found(world, here, "instructor")[0].sentence.startswith("县蚕业站韦老师同时在《养羊》（古零镇人民政府")
    for title, other in [
        ("下午的", {"start_time": datetime.time(14), "end_time": datetime.time(16)}),
        ("别人的", {"instructors": "县蚕业站 黄老师"}),
        ("别的日子", {"held_on": on(world, 6, 2)}),
    ]:
        assert "instructor" not in kinds(world, held(world, world.theirs, title=title, **morning | other)), title


@pytest.mark.parametrize(("name", "told"), [("韦老师", False), ("村小学 韦老师", False), ("韦小明", True)])
def test_a_surname_with_a_title_is_nobody_in_particular(world, name, told):
    held(world, title="种桑", held_on=on(world, 6, 1), instructors=name)
    there = held(world, world.theirs, title="养羊", held_on=on(world, 6, 1), instructors=name)
    assert ("instructor" in kinds(world, there)) is told


def test_a_planned_session_is_compared_with_what_others_hold_on_its_day(world):
    """Nobody else's hints name it, as it has not been held; its own name the others."""
    day = on(world, 6, 1)
    planned = world.session(status="planned", title="养羊", held_on=day, instructors="韦小明", reported=None)
    other = held(world, world.theirs, title="种桑", held_on=day, instructors="韦小明")
    assert found(world, planned, "instructor")[0].other_pk == other.pk
    assert "instructor" not in kinds(world, other)


def test_a_class_of_several_days_meets_what_is_held_on_one_of_them(world):
    class_days = {"held_on": on(world, 6, 1), "ends_on": on(world, 6, 5)}
    long = held(world, title="电工班", instructors="韦小明", **class_days)
    single = held(world, world.theirs, title="电商课", instructors="韦小明", held_on=on(world, 6, 4))
    assert found(world, long, "instructor")[0].other_pk == single.pk
    assert found(world, single, "instructor")[0].other_pk == long.pk


def test_up_3_the_same_block_of_people_on_two_lists(world):
    people = [f"韦{n}妹" for n in range(6)]
    first, second = held(world, title="第一场"), held(world, world.theirs, title="第二场", held_on=on(world, 3, 1))
    list_of(first, *people, "黄一")
    list_of(second, *reversed(people), "蓝一", "蓝二")
    hint = found(world, first, "roster")[0]
    assert hint.facts == ["本场名册 7 人，另一场 8 人，相同的 6 人"]
    assert hint.names == ["韦**"] * 6 and "妹" not in hint.sentence
    assert found(world, second, "roster")[0].fingerprint == hint.fingerprint
    fewer = held(world, title="只有四个老学员")
    list_of(fewer, *people[:4])
    assert "roster" not in kinds(world, fewer)
    regulars = held(world, title="老学员不到八成")
    list_of(regulars, *people[:5], "蒙一", "蒙二")
    assert "roster" not in kinds(world, regulars)


def test_up_3_who_learns_in_one_class_meets_again_but_not_line_by_line(world):
    group = TrainingClass.objects.create(unit=world.ours, name="电工班", entered_by=world.town)
    people = [f"韦{n}妹" for n in range(6)]
    first, second, third = (held(world, title=f"第{n}课", training_class=group) for n in (1, 2, 3))
    list_of(first, *people)
    list_of(second, *sorted(people, reverse=True))
    assert "roster" not in kinds(world, first)
    list_of(third, *people)
    assert [hint.other_pk for hint in found(world, first, "roster")] == [third.pk]
    assert found(world, first, "roster")[0].facts[0].endswith("排列次序也相同")


def test_what_did_not_take_place_and_another_county_are_compared_with_nothing(world):
    session = held(world)
    for status in ("void", "cancelled", "planned"):
        world.session(status=status)
    world.session(world.foreign, status="submitted", place=world.other_places["大丰镇"])
    assert kinds(world, session) == set()


# --- the queue -----------------------------------------------------------------------------------------


def titles(response):
    return [row.title for row in response.context["page_obj"]]


def test_the_queue_is_ordered_by_hints_unless_asked_otherwise(desk, world):
    held(world, title="没有提示")
    world.session(status="submitted", title="缺材料和时长")
    held(world, title="壮绣课", place=world.places["羊山村"])
    held(world, title="重复的")
    held(world, title="重复的", minutes=None)
    page = desk.get(reverse("review-queue"))
    assert titles(page) == ["重复的", "重复的", "缺材料和时长", "壮绣课", "没有提示"]
    assert [len(row.hints) for row in page.context["page_obj"]] == [2, 1, 2, 1, 0]
    assertContains(page, "2 条提示：疑似重复登记等")
    waiting = desk.get(reverse("review-queue"), {"sort": "waiting"})
    assert titles(waiting) == ["没有提示", "缺材料和时长", "壮绣课", "重复的", "重复的"]


def test_next_and_previous_follow_the_order_by_hints(desk, world):
    plain = held(world, title="没有提示")
    some = held(world, title="有一条", minutes=None)
    more = world.session(status="submitted", title="有两条")
    page = desk.get(reverse("review-session", args=[some.pk]))
    assert (page.context["before"], page.context["after"]) == (more, plain)
    response = desk.post(reverse("review-verify", args=[more.pk]), {"attendance": 50, "seen_version": more.version})
    assert response["Location"] == reverse("review-session", args=[some.pk])
    response = desk.post(
        reverse("review-verify", args=[plain.pk]) + "?sort=waiting", {"attendance": 53, "seen_version": plain.version}
    )
    assert response["Location"] == reverse("review-session", args=[some.pk]) + "?sort=waiting"


def test_ld_2_hints_take_the_same_queries_for_3_and_30_rows(desk, world):
    people = [f"韦{n}妹" for n in range(6)]

    def more(number):
        for n in range(number):
            day = on(world, 1 + n % 12, 1 + n % 28)
            row = world.session(status="submitted", title=f"课{n % 5}", held_on=day, instructors="韦小明", reported=100)
            list_of(row, *people)
            Evidence.objects.create(
                session=row,
                kind="photo",
                file="x",
                content_type="image/jpeg",
                sha256_original="1",
                sha256_stored="1",
                uploaded_by=world.town,
            )

    def count(address):
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(address).status_code == 200
        return len(queries)

    more(3)
    last = TrainingSession.objects.last()
    addresses = [reverse("review-queue"), reverse("review-session", args=[last.pk])]
    few = [count(address) for address in addresses]
    more(27)
    assert [count(address) for address in addresses] == few


# --- answers -------------------------------------------------------------------------------------------


def say(client, session, hint, text="问过村委，属实"):
    return client.post(reverse("review-hint", args=[session.pk]), {"fingerprint": hint.fingerprint, "text": text})


def test_an_answered_hint_stays_answered_until_the_situation_changes(desk, world):
    session = held(world, reported=200)
    hint = found(world, session, "round")[0]
    response = say(desk, session, hint)
    assert response.status_code == 302
    answer = HintAnswer.objects.get()
    assert (answer.kind, answer.text, answer.answered_by, answer.sentence) == (
        "round",
        "问过村委，属实",
        world.bureau,
        "填报人次是整数 200",
    )
    assert AuditEvent.objects.filter(action="回答核查提示", subject_id=str(answer.pk)).count() == 1
    page = desk.get(reverse("review-session", args=[session.pk]))
    assertContains(page, "问过村委，属实")
    assert page.context["open_hints"] == []
    assert desk.get(reverse("review-queue")).context["page_obj"][0].hints == []
    row = TrainingSession.objects.get(pk=session.pk)
    row.withdraw(actor=world.town)
    row.revise(actor=world.town, seen_version=row.version, changes={"reported_attendance": 250})
    row.submit(actor=world.town)
    assert [hint.kind for hint in desk.get(reverse("review-session", args=[session.pk])).context["open_hints"]] == [
        "round"
    ]
    assert HintAnswer.objects.count() == 1


def test_the_answer_to_a_pair_counts_on_both_sides(desk, world):
    first, second = held(world, title="同名"), held(world, title="同名")
    say(desk, first, found(world, first, "double")[0], "上午下午各一场")
    page = desk.get(reverse("review-session", args=[second.pk]))
    assert page.context["open_hints"] == []
    assertContains(page, f"在另一场 {first.number} 记下")


def test_an_answer_without_words_comes_back_at_its_field_and_an_outdated_one_keeps_what_was_typed(desk, world):
    session = held(world, reported=200)
    hint = found(world, session, "round")[0]
    response = say(desk, session, hint, "")
    assertContains(response, "请写明核查了什么、结果如何")
    TrainingSession.objects.filter(pk=session.pk).update(reported_attendance=250)
    response = say(desk, session, hint, "写了很长的核查情况")
    assertContains(response, "情况已有变化", status_code=409)
    assertContains(response, "写了很长的核查情况", status_code=409)
    assert not HintAnswer.objects.exists()


def test_a_double_click_answers_once_and_a_second_answer_is_kept_beside_the_first(desk, world):
    session = held(world, reported=200)
    hint = found(world, session, "round")[0]
    for text in ("属实", "属实", "再问过，是 196 人"):
        say(desk, session, hint, text)
    assert [answer.text for answer in HintAnswer.objects.all()] == ["属实", "再问过，是 196 人"]
    page = desk.get(reverse("review-session", args=[session.pk]))
    assert [hint.answer.text for hint in page.context["hints"]] == ["再问过，是 196 人"]


@pytest.mark.parametrize("number", ["13800138000", "138 0013 8000", "４５０１２４１９８５０１０１１２３４"])
def test_pi_4_no_answer_keeps_somebodys_telephone_or_identity_number(desk, world, number):
    session = held(world, reported=200)
    response = say(desk, session, found(world, session, "round")[0], f"打过 {number} 核实")
    assertContains(response, "这里不写个人手机号码和身份证号")
    assert not HintAnswer.objects.exists()


def test_in_a_locked_year_nothing_is_answered(desk, world):
    session = held(world, reported=200)
    hint = found(world, session, "round")[0]
    world.lock()
    assert say(desk, session, hint).status_code == 200
    assert not HintAnswer.objects.exists()


def test_a_hint_refuses_nothing(desk, world):
    first = held(world, title="同名", reported=100)
    held(world, title="同名", reported=100)
    desk.post(reverse("review-verify", args=[first.pk]), {"attendance": 100, "seen_version": first.version})
    assert TrainingSession.objects.get(pk=first.pk).verified_attendance == 100


# --- before submitting ---------------------------------------------------------------------------------


def test_officers_see_what_they_can_put_right_before_submitting_and_no_more(client, world):
    draft = world.session(title="同名", reported=200)
    held(world, title="同名")
    client.force_login(world.town)
    page = client.get(reverse("session-detail", args=[draft.pk]))
    assert [hint.kind for hint in page.context["notices"]] == ["double", "length"]
    assertContains(page, "没有填写时长")
    assertNotContains(page, "填报人次是整数")
    draft.submit(actor=world.town)
    assert client.get(reverse("session-detail", args=[draft.pk])).context["notices"] == []
