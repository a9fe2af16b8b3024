"""随手报: a point's coordinator reports by a link without an account; the township finishes and submits what arrived."""

import datetime
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from networks.models import AuditEvent, Institution
from trainings.models import Audience, DeliveryForm, Evidence, PointLink, PointReport, Refused, Status, TrainingSession
from trainings.models.points import MOST_A_DAY
from trainings.views import points

pytestmark = pytest.mark.django_db


def photo(name="现场.jpg", colour=(30, 90, 200)) -> SimpleUploadedFile:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at 23.7,108.2"
    Image.new("RGB", (80, 60), colour).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


@pytest.fixture
def point(world):
    return Institution.objects.get(division=world.places["新汉村"])


@pytest.fixture
def issued(point, world):
    return PointLink.issue(point, world.town)


@pytest.fixture
def phone():
    """Somebody's browser in which nobody is signed in."""
    return Client()


def filled(world, **more):
    form = {"token": "f" * 32, "held_on": world.today.isoformat(), "title": "桑蚕培训", "attendance": "40"}
    return form | more


def test_the_township_makes_a_link_that_is_shown_once_with_its_qr_and_kept_as_a_digest(ask, world, point):
    page = ask(world.town, reverse("point-link", args=[point.pk]), {}, "post").content.decode()
    token = re.search(r"/p/([a-z0-9-]+)/", page)[1]
    assert "data:image/svg+xml" in page
    link = PointLink.objects.get()
    assert token not in str(vars(link)) and PointLink.objects.redeemable(token) == link
    again = ask(world.town, reverse("point-link", args=[point.pk])).content.decode()
    assert token not in again and "正在使用" in again
    shown = ask(world.town, reverse("network-institution", args=[point.pk])).content.decode()
    assert "查看、换新或停用" in shown and token not in shown
    assert token not in str(list(AuditEvent.objects.values()))


def test_a_report_becomes_the_townships_draft_with_its_photos_and_no_account(phone, issued, world, point):
    address = reverse("point", args=[issued[1]])
    body = filled(world, attendance="４０人", note="请了老师", photos=[photo(), photo("二.jpg", (1, 2, 3))])
    answer = phone.post(address, body, follow=True)
    assert "收到了，谢谢" in answer.content.decode()
    session = TrainingSession.objects.get()
    assert (session.status, session.organiser, session.host) == (Status.DRAFT, world.ours, point)
    assert (session.place, session.reported_attendance, session.remarks) == (point.division, 40, "请了老师")
    assert (session.entered_by, session.form, session.on_behalf_source) == (world.town, None, "")
    first = session.history.get()
    assert (first.history_user, first.history_change_reason) == (None, "随手报（新汉村社区教育教学点）")
    kept = list(Evidence.objects.all())
    assert len(kept) == 2
    for item in kept:
        with item.file.open("rb") as file:
            assert b"23.7" not in file.read()
    assert list(AuditEvent.objects.filter(action="随手报").values_list("actor", "county_code")) == [(None, "450124")]
    assert "sessionid" not in phone.cookies


def test_in_3_the_same_form_twice_makes_one_session_and_brings_missing_photos_once(phone, issued, world):
    address = reverse("point", args=[issued[1]])
    phone.post(address, filled(world))
    phone.post(address, filled(world, photos=[photo()]))
    phone.post(address, filled(world, photos=[photo()]))
    assert (TrainingSession.objects.count(), PointReport.objects.count(), Evidence.objects.count()) == (1, 1, 1)
    phone.post(address, filled(world, token="g" * 32))
    assert TrainingSession.objects.count() == 2


def test_in_3_a_form_that_comes_back_changed_is_not_said_to_have_arrived_and_can_be_another_report(
    phone, issued, world
):
    address = reverse("point", args=[issued[1]])
    phone.post(address, filled(world))
    first = TrainingSession.objects.get()
    first.revise(actor=world.town, seen_version=first.version, changes={"title": "种桑养蚕培训"})
    assert (
        phone.post(address, filled(world)).status_code == 302
    )  # the same form; the township's own words matter nothing
    answer = phone.post(address, filled(world, title="手机课", note="换了老师", photos=[photo()]))
    told = answer.content.decode()
    assert "这次写的不一样，没有收" in told and "收到了，谢谢" not in told and "手机课" in told and "换了老师" in told
    assert (TrainingSession.objects.count(), Evidence.objects.count()) == (1, 0)
    token = re.search(r'name="token" value="([^"]+)"', told)[1]
    phone.post(address, filled(world, title="手机课", note="换了老师", token=token, photos=[photo()]))
    assert [row.title for row in TrainingSession.objects.order_by("pk")] == ["种桑养蚕培训", "手机课"]
    assert Evidence.objects.get().session.title == "手机课"


def test_in_3_a_report_that_waits_while_the_township_renews_the_link_arrives_once_by_the_new_one(
    phone, issued, world, point
):
    _, token = issued

    def kept_as(answer):
        return re.search(r'data-draft="point"\s+data-draft-user="([^"]+)"', answer.content.decode())[1]

    before = kept_as(phone.get(reverse("point", args=[token])))
    phone.post(reverse("point", args=[token]), filled(world))  # whose answer is lost
    _, renewed = PointLink.issue(point, world.town)
    address = reverse("point", args=[renewed])
    assert phone.head(reverse("point", args=[token])).status_code == 404  # which draft.js asks before it sends
    assert kept_as(phone.get(address)) == before  # so the telephone finds it again
    assert "收到了，谢谢" in phone.post(address, filled(world, photos=[photo()]), follow=True).content.decode()
    assert (TrainingSession.objects.count(), Evidence.objects.count()) == (1, 1)
    elsewhere = Institution.objects.get(division=world.places["新兴社区"])
    _, other = PointLink.issue(elsewhere, world.town)
    assert kept_as(phone.get(reverse("point", args=[other]))) != before
    phone.post(reverse("point", args=[other]), filled(world))
    assert TrainingSession.objects.count() == 2


def test_the_same_link_tells_how_far_a_report_has_come(phone, issued, world, ask):
    address = reverse("point", args=[issued[1]])
    phone.post(address, filled(world, held_on=str(world.today - datetime.timedelta(days=1))))
    session = TrainingSession.objects.get()

    def told():
        return re.sub(r"\s+", "", re.search(r'id="earlier".*?</ul>', phone.get(address).content.decode(), re.S)[0])

    assert "待乡镇整理" in told()
    assert "新汉村社区教育教学点随手报" in ask(world.town, "/").content.decode()
    session.revise(
        actor=world.town, seen_version=session.version, changes={"form": DeliveryForm.objects.get(name="课堂学习")}
    )
    session.submit(actor=world.town)
    assert "已提交" in told()
    session.send_back(actor=world.bureau, reason="figure")
    assert "待乡镇整理" in told() and "人次与佐证不符" not in told()
    session.submit(actor=world.town)
    session.verify(actor=world.bureau, attendance=38, reason="按签到表")
    assert "已核定，谢谢" in told() and "核定38人次" in told()


def test_a_void_report_is_said_to_be_not_used(phone, issued, world):
    address = reverse("point", args=[issued[1]])
    phone.post(address, filled(world))
    TrainingSession.objects.get().void(actor=world.town, reason="重复")
    assert "没有采用，请问乡镇专干" in phone.get(address).content.decode()


def test_a_revoked_a_renewed_an_unknown_and_a_closed_points_link_get_the_same_answer(phone, issued, world, point, ask):
    _, old = issued
    _, new = PointLink.issue(point, world.town)
    pages = [phone.get(reverse("point", args=[token])) for token in (old, "abcde-fghjk-mnpqr-stuvw", "x" * 500)]
    assert phone.get(reverse("point", args=[new])).status_code == 200
    ask(world.town, reverse("point-link-revoke", args=[point.pk]), {}, "post")
    pages.append(phone.get(reverse("point", args=[new])))
    _, last = PointLink.issue(point, world.town)
    point.record("closed", world.today)
    pages.append(phone.get(reverse("point", args=[last])))
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert phone.post(reverse("point", args=[old]), filled(world)).status_code == 404
    assert not TrainingSession.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"held_on": ""}, "held_on", "请选择是哪天办的"),
        ({"held_on": "2999-01-01"}, "held_on", "这一天还没有到，办完再报"),
        ({"held_on": "2001-01-01"}, "held_on", "一年以前的，请直接告诉乡镇专干补录"),
        ({"attendance": "约40"}, "attendance", "“约40”不是确切的整数：请写一个准数，如 40"),
        ({"attendance": "0"}, "attendance", "“0”不能是 0 或负数：请写一个准数，如 40"),
        ({"title": " "}, "title", "请写办的什么"),
        ({"title": "找韦某450124199001011234"}, "title", "这里不写身份证号和手机号码，请删去再报"),
        ({"title": "桑蚕１３９07710001"}, "title", "这里不写身份证号和手机号码，请删去再报"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(phone, issued, world, changes, field, sentence):
    answer = phone.post(reverse("point", args=[issued[1]]), filled(world, note="别丢了这句", **changes))
    assert answer.context["form"].errors == {field: [sentence]}
    assert "别丢了这句" in answer.content.decode()
    assert not TrainingSession.objects.exists()


def test_pi_4_no_id_number_comes_in_by_the_note_either(phone, issued, world):
    answer = phone.post(reverse("point", args=[issued[1]]), filled(world, note="参加人45012419900101123x"))
    assert answer.context["form"].errors == {"note": ["这里不写身份证号和手机号码，请删去再报"]}
    assert not TrainingSession.objects.exists()


def test_ld_3_photos_sent_again_and_again_are_held_to_a_limit_too(phone, issued, world, monkeypatch):
    monkeypatch.setattr(points, "MOST_FORMS_AN_HOUR", 2)
    address = reverse("point", args=[issued[1]])
    phone.post(address, filled(world))
    phone.post(address, filled(world, photos=[photo()]), REMOTE_ADDR="203.0.113.1")
    answer = phone.post(address, filled(world, photos=[photo(colour=(1, 2, 3))]), REMOTE_ADDR="203.0.113.2")
    assert answer.status_code == 429 and "报得太多" in answer.content.decode()
    assert Evidence.objects.count() == 1


def test_pi_2_a_group_that_is_counted_by_heads_only_is_named_in_no_title(phone, issued, world):
    answer = phone.post(reverse("point", args=[issued[1]]), filled(world, title="戒毒人员帮教课"))
    assert "培训名称里不能出现" in answer.content.decode()
    assert not TrainingSession.objects.exists()


def test_pi_2_photos_that_come_after_the_township_chose_such_a_group_are_refused(phone, issued, world):
    address = reverse("point", args=[issued[1]])
    phone.post(address, filled(world))
    session = TrainingSession.objects.get()
    quiet = Audience.objects.filter(sensitivity=2).first()
    session.revise(actor=world.town, seen_version=session.version, changes={}, audiences=[(quiet, None)])
    answer = phone.post(address, filled(world, photos=[photo()]))
    assert "只报人次" in answer.content.decode() and not Evidence.objects.exists()


def test_a_bad_photo_is_named_and_the_rest_is_kept(phone, issued, world):
    bad = SimpleUploadedFile("苹果.heic", b"\0\0\0\x18ftypheic" + b"\0" * 50)
    answer = phone.post(reverse("point", args=[issued[1]]), filled(world, photos=[photo(), bad]))
    text = answer.content.decode()
    assert "文字已收到" in text and "苹果.heic" in text
    assert Evidence.objects.count() == 1


def test_ld_3_one_link_and_one_address_are_held_to_a_limit(phone, issued, world, monkeypatch):
    link, token = issued
    for number in range(MOST_A_DAY):
        link.report(token=f"{number:032}", held_on=world.today, title=f"第{number}场", attendance=9)
    answer = phone.post(reverse("point", args=[token]), filled(world))
    assert f"一天最多报 {MOST_A_DAY} 场" in answer.content.decode()
    monkeypatch.setattr(points, "MOST_AN_HOUR", 1)
    AuditEvent.objects.create(action="随手报", address="127.0.0.1")
    answer = phone.post(reverse("point", args=[token]), filled(world, title="别丢"))
    assert answer.status_code == 429 and "别丢" in answer.content.decode()
    assert TrainingSession.objects.count() == MOST_A_DAY


def test_a_locked_year_takes_no_report(phone, issued, world):
    type(world.assessment_year).objects.filter(pk=world.assessment_year.pk).update(status="locked")
    answer = phone.post(reverse("point", args=[issued[1]]), filled(world))
    assert "已锁定定案" in answer.content.decode()
    assert not TrainingSession.objects.exists()


def test_only_points_get_links_and_only_their_own_township_gives_them(ask, world, point):
    school = Institution.objects.get(division=world.places["白山镇"])
    with pytest.raises(Refused, match="教学点"):
        PointLink.issue(school, world.town)
    for user in (world.bureau, world.centre, world.town2, world.unit, world.head):
        assert ask(user, reverse("point-link", args=[point.pk]), {}, "post").status_code == 403
    assert not PointLink.objects.exists()
    PointLink.issue(point, world.town)
    ask(world.bureau, reverse("point-link-revoke", args=[point.pk]), {}, "post")
    assert not PointLink.objects.open().exists()


def test_in_5_the_database_holds_one_open_link_and_one_report_a_form(issued, world, point):
    link, _ = issued
    report, _ = link.report(token="t" * 32, held_on=world.today, title="一场", attendance=9)
    for broken in (
        lambda: PointLink.objects.create(institution=point, digest="x", created_by=world.town),
        lambda: PointLink.objects.filter(pk=link.pk).update(revoked_by=world.town),
        lambda: PointReport.objects.create(link=link, session=world.session(), token=report.token),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            broken()


def test_another_points_reports_are_not_on_the_page(phone, issued, world):
    other = Institution.objects.get(division=world.places["新兴社区"])
    link, _ = PointLink.issue(other, world.town)
    link.report(token="o" * 32, held_on=world.today, title="别处的培训", attendance=9)
    assert "别处的培训" not in phone.get(reverse("point", args=[issued[1]])).content.decode()


def test_ld_2_the_page_asks_the_same_number_of_queries_for_three_and_for_twenty_reports(
    phone, issued, world, point, ask
):
    link, token = issued

    def number_of(send):
        with CaptureQueriesContext(connection) as captured:
            send()
        return len(captured)

    pages = [
        lambda: phone.get(reverse("point", args=[token])),
        lambda: ask(world.town, reverse("point-link", args=[point.pk])),
    ]
    counts = []
    pages[1]()  # signs in
    for first, last in [(0, 3), (3, 19)]:
        for number in range(first, last):
            link.report(token=f"{number:032}", held_on=world.today, title=f"第{number}场", attendance=9)
        counts.append([number_of(page) for page in pages])
    assert counts[0] == counts[1]
