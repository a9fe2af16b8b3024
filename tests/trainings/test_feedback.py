"""满意度: three questions without a name on the page of the sign-in, paper sheets counted in, complaints answered where residents
read it."""

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
from hypothesis import given
from hypothesis import strategies as st

from networks.models import AuditEvent
from trainings.models import Audience, CoOrganiser, Feedback, PaperTally, Refused, ScanSheet, TrainingSession
from trainings.satisfaction import NONE, Opinions, opinions_by, opinions_of
from trainings.views import door

pytestmark = pytest.mark.django_db


def at(day, hour, minute=0):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, minute)))


@pytest.fixture
def session(world):
    return world.session(
        held_on=world.today, start_time=datetime.time(9), end_time=datetime.time(11), title="桑蚕小蚕共育技术"
    )


@pytest.fixture
def sheet(session, world):
    return ScanSheet.open(session, actor=world.town)


@pytest.fixture
def afterwards(world):
    with time_machine.travel(at(world.today, 12), tick=False):
        yield


@pytest.fixture
def phone():
    return Client()


@pytest.fixture
def address(sheet):
    return reverse("scan-feedback", args=[sheet.token])


def said(session, *, satisfied=0, fairly=0, unsatisfied=0, **fields):
    numbers = {"satisfied": satisfied, "fairly": fairly, "unsatisfied": unsatisfied}
    Feedback.objects.bulk_create(
        Feedback(session=session, satisfaction=word, given_on=session.held_on, **fields)
        for word, number in numbers.items()
        for _ in range(number)
    )


def of(session):
    return opinions_of(TrainingSession.objects.filter(pk=session.pk))


# --- the number ------------------------------------------------------------------------------------------


@given(*[st.integers(0, 300)] * 3)
def test_the_share_is_cut_off_and_fewer_than_five_answers_are_no_number(satisfied, fairly, unsatisfied):
    found = Opinions(satisfied, fairly, unsatisfied)
    if found.answers == 0:
        assert (found.words, found.known, found.few) == ("还没有评价", False, False)
    elif found.answers < 5:
        assert (found.words, found.known, found.few) == ("<5 份", False, True)
        assert str(found.answers) not in found.method.replace("5", "")
    else:
        shown = float(found.words.rstrip("%"))
        exact = (satisfied + fairly) * 100 / found.answers
        assert shown <= exact + 1e-9 and exact < shown + 0.1 + 1e-9


def test_scanned_and_paper_answers_add_up_and_each_names_its_road(session, world, afterwards):
    said(session, satisfied=3, fairly=1, unsatisfied=1)
    PaperTally.put(session, actor=world.town, satisfied=10, fairly=4, unsatisfied=1, source="课堂问卷")
    found = of(session)
    assert (found.satisfied, found.fairly, found.unsatisfied, found.answers) == (13, 5, 2, 20)
    assert (found.words, found.method) == ("90.0%", "扫码 5 份、纸质 15 份")
    assert opinions_by(TrainingSession.objects.all(), "pk") == {session.pk: found}
    assert opinions_of(TrainingSession.objects.none()) == NONE


# --- residents -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "hour", "taken"), [(0, 10, False), (0, 11, True), (14, 20, True), (15, 1, False), (-1, 12, False)]
)
def test_it_is_asked_from_the_end_of_the_session_for_two_weeks(phone, sheet, address, world, days, hour, taken):
    with time_machine.travel(at(world.today + datetime.timedelta(days=days), hour), tick=False):
        assert ("提交评价" in phone.get(reverse("scan", args=[sheet.token])).content.decode()) == taken
        phone.post(address, {"satisfaction": "satisfied"})
    assert Feedback.objects.exists() == taken


def test_an_answer_is_tied_to_no_name_no_device_and_no_hour(phone, address, session, afterwards, world):
    answer = phone.post(address, {"satisfaction": "fairly", "learned": "共育温度", "wish": "发点资料"})
    assert "收到了，谢谢" in answer.content.decode()
    row = Feedback.objects.get()
    assert (row.satisfaction, row.learned, row.wish, row.is_complaint) == ("fairly", "共育温度", "发点资料", False)
    assert row.given_on == world.today and row.pk.version == 4
    fields = {field.name for field in Feedback._meta.fields}
    assert not fields & {"line", "roster", "device", "code", "name", "address", "given_at", "created_at"}
    told = AuditEvent.objects.get(action="居民评价")
    assert (told.actor, told.address, told.detail) == (None, None, {})
    assert "sessionid" not in phone.cookies


def test_one_telephone_says_it_once(phone, address, sheet, afterwards):
    phone.post(address, {"satisfaction": "satisfied"})
    cookie = phone.cookies[f"said-{sheet.pk}"]
    assert (cookie.value, cookie["path"], cookie["httponly"]) == ("1", "/s/", True)
    phone.post(address, {"satisfaction": "unsatisfied"})
    assert Feedback.objects.get().satisfaction == "satisfied"
    assert "提交评价" not in phone.get(reverse("scan", args=[sheet.token])).content.decode()


def test_wb_1_with_https_no_other_site_of_the_domain_plants_a_mark_of_a_telephone(
    phone, address, sheet, afterwards, settings
):
    """Neither that it has said its opinion, nor whose telephone it is (tests/trainings/test_scans.py)."""
    settings.HTTPS = True
    phone.cookies[f"said-{sheet.pk}"] = "1"
    phone.post(address, {"satisfaction": "satisfied"}, secure=True)
    cookie = phone.cookies[f"__Host-said-{sheet.pk}"]
    # What browsers ask of the prefix: secure, the whole host, no domain.
    assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)
    phone.post(address, {"satisfaction": "unsatisfied"}, secure=True)
    assert Feedback.objects.get().satisfaction == "satisfied"


def test_in_3_the_same_form_twice_is_one_answer_even_where_no_mark_is_kept(phone, address, sheet, afterwards):
    key = phone.get(reverse("scan", args=[sheet.token])).context["feedback"]["key"].value()
    for _ in range(2):
        assert "收到了，谢谢" in Client().post(address, {"satisfaction": "fairly", "key": key}).content.decode()
    assert Feedback.objects.count() == 1
    Client().post(address, {"satisfaction": "fairly", "key": "none of ours"})
    assert Feedback.objects.count() == 2


def test_in_3_what_was_changed_in_a_form_that_arrived_is_said_not_to_be_taken_and_stays_on_the_screen(
    phone, address, sheet, afterwards
):
    key = phone.get(reverse("scan", args=[sheet.token])).context["feedback"]["key"].value()
    body = {"satisfaction": "fairly", "wish": "讲慢一点", "key": key}
    assert "收到了，谢谢" in phone.post(address, body).content.decode()
    again = phone.post(address, body).content.decode()  # a reload of the answer
    assert "收到了，谢谢" in again and "没有收" not in again
    fresh = phone.post(address, body | {"wish": "太远了", "key": ""})  # the browser's way back to another form
    for answer in (fresh, *(browser.post(address, body | {"wish": "太远了"}) for browser in (phone, Client()))):
        told = answer.content.decode()
        assert "这次写的没有收" in told and "太远了" in told and "收到了，谢谢" not in told
    assert "提交评价" not in fresh.content.decode()
    assert "这次写的没有收" in phone.post(address, {"wish": "没选满意不满意"}).content.decode()
    assert Feedback.objects.get().wish == "讲慢一点"


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({}, "satisfaction", "请选一个：满意、基本满意、不满意"),
        ({"satisfaction": "great"}, "satisfaction", "请选一个：满意、基本满意、不满意"),
        ({"satisfaction": "fairly", "is_complaint": "on"}, "wish", "请写下您的意见，我们才好答复"),
        ({"satisfaction": "fairly", "wish": "长" * 301}, "wish", "太长了，最多 300 个字"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(
    phone, address, afterwards, given, field, sentence
):
    answer = phone.post(address, {"learned": "别丢了这句"} | given)
    assert answer.context["feedback"].errors == {field: [sentence]}
    assert "别丢了这句" in answer.content.decode() and not Feedback.objects.exists()


def test_pi_7_telephone_and_id_numbers_in_a_wish_are_blacked_out(phone, address, afterwards):
    phone.post(address, {"satisfaction": "fairly", "wish": "打我电话13877112233，身份证450124197001011234"})
    assert Feedback.objects.get().wish == "打我电话****，身份证****"


@pytest.mark.parametrize(
    "number",
    [
        "138 7711 2233",
        "138-7711-2233",
        "+86 13877112233",
        "１３８７７１１２２３３",
        "138·7711·2233",
        "450124 19700101 1234",
        "450124-19700101-123X",
        "４５０１２４１９７００１０１１２３Ｘ",
    ],
)
def test_pi_4_pi_7_numbers_are_blacked_out_however_they_are_written(phone, address, afterwards, number):
    phone.post(address, {"satisfaction": "fairly", "learned": f"找{number}（韦）", "wish": f"打我电话：{number}，谢谢"})
    row = Feedback.objects.get()
    assert (row.learned, row.wish) == ("找****（韦）", "打我电话：****，谢谢")  # and the rest stays as typed


def test_the_public_page_shows_the_share_from_five_answers_on(phone, session, sheet, afterwards):
    page = reverse("scan", args=[sheet.token])
    said(session, satisfied=3, unsatisfied=1)
    text = phone.get(page).content.decode()
    assert "还不到 5 份" in text and "%" not in text
    said(session, satisfied=1)
    assert "80.0%" in phone.get(page).content.decode()


def test_a_complaint_is_read_by_residents_only_with_its_answer_and_in_the_words_chosen_for_them(
    phone, ask, session, sheet, address, world, afterwards
):
    phone.post(address, {"satisfaction": "unsatisfied", "wish": "王某某讲得太快", "is_complaint": "on"})
    page, row = reverse("scan", args=[sheet.token]), Feedback.objects.get()
    text = phone.get(page).content.decode()
    assert "王某某" not in text
    said(session, satisfied=4)
    assert "另有 1 条意见正在办理" in phone.get(page).content.decode()
    assert "1 条意见等答复" in ask(world.town, "/").content.decode()
    assert "1 条意见等答复" in ask(world.bureau, "/").content.decode()
    url = reverse("feedback-answer", args=[session.pk, row.pk])
    assert "王某某讲得太快" in ask(world.bureau, url).content.decode()
    body = {"shown_wish": "老师讲得太快", "answer": "已转告老师，下次放慢", "seen_version": "0"}
    assert ask(world.bureau, url, body, "post").status_code == 302
    text = phone.get(page).content.decode()
    assert "老师讲得太快" in text and "下次放慢" in text and "王某某" not in text and "正在办理" not in text
    assert AuditEvent.objects.get(action="答复居民意见").actor == world.bureau
    assert "条意见等答复" not in ask(world.town, "/").content.decode()


def test_two_who_answer_at_once_see_each_other(ask, session, world):
    said(session, unsatisfied=1, wish="太远", is_complaint=True)
    row = Feedback.objects.get()
    row.reply(actor=world.bureau, shown_wish="太远", answer="下次到村里办")
    body = {"shown_wish": "太远", "answer": "我们研究", "seen_version": "0"}
    answer = ask(world.town, reverse("feedback-answer", args=[session.pk, row.pk]), body, "post")
    assert "下次到村里办" in answer.content.decode() and "我们研究" in answer.content.decode()


def test_pi_2_an_answer_names_no_group_that_is_counted_by_heads_only(ask, session, world):
    said(session, unsatisfied=1, wish="太远", is_complaint=True)
    body = {"shown_wish": "戒毒的人也来", "answer": "好", "seen_version": "0"}
    answer = ask(world.town, reverse("feedback-answer", args=[session.pk, Feedback.objects.get().pk]), body, "post")
    assert "不能出现“戒毒" in answer.content.decode()


@pytest.mark.parametrize("field", ["shown_wish", "answer"])
def test_pi_7_an_answer_tells_no_mobile_number(ask, session, world, field):
    said(session, unsatisfied=1, wish="太远", is_complaint=True)
    body = {"shown_wish": "太远", "answer": "请打0771-6820001", "seen_version": "0"}
    url = reverse("feedback-answer", args=[session.pk, Feedback.objects.get().pk])
    answer = ask(world.town, url, body | {field: "请打 139 0771 0001"}, "post")
    assert "不写个人手机号码和身份证号" in answer.content.decode() and not Feedback.objects.get().answer
    assert ask(world.town, url, body, "post").status_code == 302


def test_only_the_own_unit_and_the_county_read_the_words_and_answer_them(ask, session, world):
    TrainingSession.objects.filter(pk=session.pk).update(
        status="submitted", submitted_by=world.town, submitted_at=timezone.now()
    )
    CoOrganiser.objects.create(session=session, unit=world.wxgtj, name="文新广体局")
    said(session, satisfied=5, wish="讲慢一点")
    url = reverse("session-feedback", args=[session.pk])
    for user, reads in [("town", True), ("bureau", True), ("head", True), ("centre", True), ("unit", False)]:
        text = ask(getattr(world, user), url).content.decode()
        assert ("讲慢一点" in text) == reads and "100.0%" in text, user
        assert ("讲慢一点" in ask(getattr(world, user), "/sessions/feedback/?show=all").content.decode()) == reads
    row = Feedback.objects.first()
    for user in (world.town2, world.unit, world.centre, world.head, world.foreign_bureau):
        with pytest.raises(PermissionDenied):
            row.reply(actor=user, shown_wish="讲慢一点", answer="好")


def test_pi_2_a_headcount_only_session_asks_nobody(ask, world):
    session = world.session()
    session.revise(
        actor=world.town,
        seen_version=session.version,
        changes={},
        audiences=[(Audience.objects.filter(sensitivity=2).first(), None)],
    )
    assert ask(world.town, reverse("session-feedback", args=[session.pk])).status_code == 403
    with pytest.raises(Refused, match="只报人次"):
        PaperTally.put(session, actor=world.town, satisfied=1, source="问卷")
    url = reverse("session-feedback", args=[session.pk])
    assert url not in ask(world.town, reverse("session-detail", args=[session.pk])).content.decode()


def test_ld_3_a_machine_meets_a_limit_here_too(phone, address, afterwards, monkeypatch):
    monkeypatch.setattr(door, "PER_ADDRESS", {"most": 1, "seconds": 60})
    Client().post(address, {"satisfaction": "fairly"})
    answer = phone.post(address, {"satisfaction": "fairly", "wish": "别丢"})
    assert answer.status_code == 429 and "别丢" in answer.content.decode() and Feedback.objects.count() == 1


# --- paper -----------------------------------------------------------------------------------------------


def test_the_officer_counts_paper_sheets_in_and_corrects_them(ask, world):
    session = world.session(status="verified")
    url = reverse("feedback-paper", args=[session.pk])
    body = {"satisfied": "30", "fairly": "4", "unsatisfied": "2", "source": "下课时收回 36 份", "seen_version": "0"}
    assert ask(world.town, url, body, "post").status_code == 302
    assert ask(world.town, url, body | {"satisfied": "29", "seen_version": "1"}, "post").status_code == 302
    assert (of(session).words, of(session).method) == ("94.2%", "纸质 35 份")
    assert PaperTally.objects.get().history.count() == 2
    text = ask(world.bureau, reverse("session-feedback", args=[session.pk])).content.decode()
    assert "下课时收回 36 份" in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"satisfied": "0", "fairly": "0", "unsatisfied": "0"}, "三个数都是 0"),
        ({"satisfied": "-1"}, "不能是负数"),
        ({"satisfied": "多"}, "请填整数"),
        ({"satisfied": "20001"}, "最多 20,000 份"),
        ({"source": ""}, "请写怎么收的"),
    ],
)
def test_paper_that_cannot_be_is_refused_with_a_sentence(ask, world, changes, sentence):
    session = world.session(status="verified")
    body = {"satisfied": "3", "fairly": "0", "unsatisfied": "0", "source": "问卷", "seen_version": "0"} | changes
    answer = ask(world.town, reverse("feedback-paper", args=[session.pk]), body, "post")
    assert sentence in answer.content.decode() and not PaperTally.objects.exists()


def test_more_sheets_than_people_are_refused_and_more_answers_than_people_are_pointed_out(ask, world):
    session = world.session(status="verified", reported=40)
    url = reverse("feedback-paper", args=[session.pk])
    body = {"satisfied": "300", "fairly": "4", "unsatisfied": "2", "source": "问卷", "seen_version": "0"}
    answer = ask(world.town, url, body, "post").content.decode()
    assert "共 306 份，比填报的 40 人次还多" in answer and 'value="300"' in answer and not PaperTally.objects.exists()
    assert ask(world.town, url, body | {"satisfied": "30"}, "post").status_code == 302
    page = reverse("session-feedback", args=[session.pk])
    assert "答卷比到场的人多" not in ask(world.town, page).content.decode()
    said(session, satisfied=5)
    assert "答卷比到场的人多" in ask(world.bureau, page).content.decode()


def test_the_reviewer_sees_the_share_beside_what_was_reported(ask, world):
    session = world.session(status="submitted", reported=40)
    page = reverse("review-session", args=[session.pk])
    assert "满意度" not in re.sub(r'href="[^"]*"', "", ask(world.bureau, page).content.decode())
    said(session, satisfied=7, unsatisfied=3)
    shown = re.sub(r"\s+", "", ask(world.bureau, page).content.decode())
    assert f'<ahref="{reverse("session-feedback", args=[session.pk])}">70.0%</a>' in shown and "扫码10份" in shown


def test_complaints_are_answered_straight_from_their_list_by_whoever_may(ask, session, world):
    said(session, unsatisfied=1, wish="太挤", is_complaint=True)
    link = reverse("feedback-answer", args=[session.pk, Feedback.objects.get().pk])
    assert link in ask(world.town, reverse("feedback-list")).content.decode()
    for reader in (world.head, world.centre):
        text = ask(reader, reverse("feedback-list")).content.decode()
        assert link not in text


def test_paper_waits_for_the_end_of_the_session_and_stops_with_the_year(world):
    plan = world.session(status="planned", held_on=world.today + datetime.timedelta(days=3))
    with pytest.raises(Refused, match="结束以后"):
        PaperTally.put(plan, actor=world.town, satisfied=1, source="问卷")
    done = world.session(status="verified")
    type(world.assessment_year).objects.filter(pk=world.assessment_year.pk).update(status="locked")
    with pytest.raises(Refused, match="已锁定定案"):
        PaperTally.put(done, actor=world.town, satisfied=1, source="问卷")


# --- the rest --------------------------------------------------------------------------------------------


def test_ld_2_lists_ask_the_same_number_of_queries_at_3_and_at_30_rows(ask, session, world, sheet, afterwards):
    def asked(url):
        with CaptureQueriesContext(connection) as queries:
            assert ask(world.town, url).status_code == 200
        return len(queries)

    urls = [
        reverse("session-feedback", args=[session.pk]),
        "/sessions/feedback/?show=all",
        reverse("scan", args=[sheet.token]),
    ]
    answered = {"answer": "好", "shown_wish": "慢", "answered_by": world.town, "answered_at": timezone.now()}
    said(session, satisfied=3, wish="慢一点", learned="蚕", **answered)
    for url in urls:
        asked(url)
    few = [asked(url) for url in urls]
    said(session, satisfied=27, wish="慢一点", learned="蚕", **answered)
    assert [asked(url) for url in urls] == few


def test_in_5_the_database_holds_the_rules(session, world):
    said(session, satisfied=1)
    rows = Feedback.objects.all()
    for bad in (
        lambda: rows.update(satisfaction="great"),
        lambda: rows.update(is_complaint=True),
        lambda: rows.update(answer="好"),
        lambda: PaperTally.objects.create(session=session, source="问卷"),
        lambda: PaperTally.objects.create(session=session, satisfied=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            bad()


def test_the_session_page_tells_the_share(ask, session, world):
    said(session, satisfied=4, fairly=1)
    text = re.sub(r"\s+", "", ask(world.town, reverse("session-detail", args=[session.pk])).content.decode())
    assert "100.0%（扫码5份）" in text
