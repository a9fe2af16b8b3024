"""The pages with which a unit enters, finds, mends and submits its sessions."""

import datetime
import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from networks.models import AuditEvent, Institution
from trainings.models import Audience, DeliveryForm, Evidence, SubmitToken, Theme, TrainingSession


def page(client, name, *args, **query):
    return client.get(reverse(name, args=args), query)


def text_of(response) -> str:
    return response.content.decode()


def token_of(response) -> str:
    return re.search(r'name="token"[^>]*value="([^"]+)"', text_of(response))[1]


def filled(world, **changes):
    """A complete form as a township officer fills it in."""
    elderly = Audience.objects.get(name="老年人").pk
    data = {
        "token": "t" * 32,
        "title": "手机支付与防骗",
        "held_on": f"{world.year}-01-01",
        "place": world.places["新汉村"].pk,
        "venue": "村委会二楼",
        "form": DeliveryForm.objects.get(name="专题讲座").pk,
        "theme": Theme.objects.get(name="现代生活教育").pk,
        "reported_attendance": "45",
        "audiences": [elderly],
        f"audiences_{elderly}": "30",
        "length_unit": "lesson",
    }
    return {k: v for k, v in (data | changes).items() if v is not None}


def errors_of(response) -> dict:
    assert response.status_code == 200, response.status_code
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


# --- entering ----------------------------------------------------------------------------------------------


def test_the_form_opens_with_today_and_ones_own_place_and_unit(town, world):
    form = page(town, "session-new").context["form"]
    assert form["held_on"].value() == world.today
    assert form["place"].value() == "450124100"
    assert "organiser" not in form.fields
    labels = [label for group, rows in form.fields["place"].choices if group for _, label in rows]
    assert labels[:3] == ["白山镇", "白山镇/新兴社区", "白山镇/新汉村"]
    assert "古零镇/羊山村" in labels and "大丰镇" not in labels


def test_saving_a_draft_keeps_everything_that_was_typed(town, world):
    school = Institution.objects.get(name="白山镇社区学校")
    post = filled(
        world,
        start_time="09:00",
        end_time="11:30",
        part_of_day="morning",
        co_units=[world.wxgtj.pk],
        co_names="马山县妇联、县老干局",
        host=school.pk,
        organiser_written="白山镇文化站",
        instructors="韦老师、蓝老师",
        planned_attendance="50",
        remarks="自带笔记本",
    )
    response = town.post(reverse("session-new"), post)
    session = TrainingSession.objects.get()
    assert response.url == reverse("session-detail", args=[session.pk])
    assert (session.status, session.organiser, session.entered_by) == ("draft", world.ours, world.town)
    assert (session.title, session.venue, session.place) == ("手机支付与防骗", "村委会二楼", world.places["新汉村"])
    assert (session.minutes, session.days, session.reported_attendance) == (150, 1, 45)
    assert (session.audience_text, session.co_organiser_text) == (
        "老年人30",
        "县文化新闻出版广电和体育局、县老干局、马山县妇联",
    )
    assert [(row.audience.name, row.number) for row in session.audience_counts.all()] == [("老年人", 30)]
    assert [part.unit for part in session.co_organisers.all()] == [world.wxgtj, world.lgj, None]
    assert (session.host, session.organiser_written) == (school, "白山镇文化站")
    last = session.history.get()
    assert (last.history_user, last.history_change_reason, last.audience_text) == (world.town, "登记", "老年人30")


def test_saving_and_submitting_is_one_button(town, world):
    response = town.post(reverse("session-new"), filled(world, submit="1"), follow=True)
    assert TrainingSession.objects.get().status == "submitted"
    assert "已提交，等待县教育局审核" in text_of(response)


def test_an_incomplete_session_is_kept_as_a_draft_and_the_page_says_what_is_missing(town, world):
    post = filled(world, submit="1", reported_attendance="", form="")
    response = town.post(reverse("session-new"), post, follow=True)
    session = TrainingSession.objects.get()
    assert session.status == "draft"
    text = text_of(response)
    assert "已保存，但还不能提交" in text
    for field, sentence in (("form", "请选择培训形式"), ("reported_attendance", "请填写实到人次")):
        assert f'<a href="{reverse("session-edit", args=[session.pk])}#id_{field}">{sentence}</a>' in text


def test_a_session_of_a_coming_day_is_a_plan_that_becomes_a_draft_when_held(town, world):
    tomorrow = world.today + datetime.timedelta(days=1)
    town.post(reverse("session-new"), filled(world, held_on=str(tomorrow), reported_attendance="", submit="1"))
    session = TrainingSession.objects.get()
    assert session.status == "planned"
    town.post(reverse("session-hold", args=[session.pk]))
    session.refresh_from_db()
    assert session.status == "draft"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"held_on": "1999-12-31"}, "held_on", "年份应在 2000 到 2099 之间"),
        ({"ends_on": "2020-01-01"}, "ends_on", "最后一天不能早于培训日期"),
        ({"held_on": "", "ends_on": "2026-01-05"}, "held_on", "填了最后一天，也请填写第一天的日期"),
        ({"start_time": "14:00", "end_time": "09:00"}, "end_time", "结束时间应晚于开始时间；下午请按 24 小时填，如 14:30"),
        ({"length": "9999"}, "length", "时长太大，请核对单位是学时、小时还是分钟"),
        ({"organiser_written": "县文化馆"}, "organiser_written", "“县文化馆”归口县文化新闻出版广电和体育局，请由该单位登记，或改为协办单位"),
        ({"organiser_written": "古零镇"}, "organiser_written", "“古零镇”归口古零镇人民政府，请由该单位登记，或改为协办单位"),
        ({"co_names": "长" * 61}, "co_names", "每个协办单位的名称最多 60 个字；几个单位请用顿号“、”隔开"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_stored(town, world, changes, field, sentence):
    response = town.post(reverse("session-new"), filled(world, **changes))
    assert errors_of(response) == {field: [sentence]}
    assert not TrainingSession.objects.exists()
    assert 'value="手机支付与防骗"' in text_of(response)


@pytest.mark.parametrize("number", ["0", "20001", "-1", "4O", "1.5", "²", "9" * 30])
def test_figures_are_whole_numbers_from_1_to_20000(town, world, number):
    elderly = Audience.objects.get(name="老年人").pk
    response = town.post(reverse("session-new"), filled(world, reported_attendance=number))
    assert errors_of(response) == {"reported_attendance": ["应是 1 到 20000 的整数"]}
    response = town.post(reverse("session-new"), filled(world, **{f"audiences_{elderly}": number}))
    assert errors_of(response)["audiences"] == ["“老年人”的人次应是 1 到 20000 的整数；分不清可以留空"]


def test_garbage_in_every_field_is_an_answer_never_an_error_page(town, world):
    for name in filled(world, length="1", ends_on="", host="", co_units="", seen_version=""):
        for rubbish in ("\x00", "<script>", "🏔" * 400, "99999999999999999999", "[]"):
            response = town.post(reverse("session-new"), filled(world) | {name: rubbish})
            assert response.status_code in {200, 302}, (name, rubbish)
            SubmitToken.objects.all().delete()


def test_lessons_hours_and_minutes_become_minutes(town, world):
    for number, (length, unit, minutes) in enumerate(
        [("3", "lesson", 135), ("1.5", "hour", 90), ("50", "minute", 50), ("", "hour", None)]
    ):
        post = filled(world, length=length, length_unit=unit, token=f"{number}" * 32)
        town.post(reverse("session-new"), post)
        assert TrainingSession.objects.latest("pk").minutes == minutes


def test_the_county_centre_enters_under_its_own_name_and_the_education_bureau_gets_the_credit(client, world):
    client.force_login(world.centre)
    form = page(client, "session-new").context["form"]
    assert (form["organiser_written"].value(), form["place"].value()) == ("县社区教育中心", "450124")
    client.post(reverse("session-new"), filled(world, organiser_written="县社区教育中心"))
    session = TrainingSession.objects.get()
    assert (session.organiser, session.organiser_name) == (world.jyj, "县社区教育中心（归口：教育局）")


def test_the_bureau_names_the_unit_and_the_source_of_what_it_enters(client, world):
    client.force_login(world.bureau)
    assert errors_of(client.post(reverse("session-new"), filled(world))) == {
        "organiser": ["请选择责任单位"],
        "on_behalf_source": ["请选择代录来源"],
    }
    post = filled(world, organiser=world.theirs.pk, on_behalf_source="phone")
    client.post(reverse("session-new"), post)
    session = TrainingSession.objects.get()
    assert (session.organiser, session.on_behalf_source, session.unit_confirmed_at) == (world.theirs, "phone", None)
    assert session.history.get().history_change_reason == "代录（电话）"


def test_photos_come_with_the_form_and_a_bad_one_is_named(town, world):
    out = io.BytesIO()
    Image.new("RGB", (30, 30)).save(out, "JPEG")
    photos = [SimpleUploadedFile("好.jpg", out.getvalue()), SimpleUploadedFile("坏.jpg", b"\x00\x00\x00\x18ftypheic")]
    response = town.post(reverse("session-new"), filled(world, photos=photos, submit="1"), follow=True)
    session = TrainingSession.objects.get()
    assert session.status == "submitted"
    assert [row.kind for row in session.evidence.all()] == ["photo"]
    assert "坏.jpg：是苹果手机的 HEIC 照片" in text_of(response)


def test_pi_2_protected_groups_stand_in_no_title_and_no_venue(town, world):
    for name, label in (("title", "培训名称"), ("venue", "培训地点")):
        response = town.post(reverse("session-new"), filled(world, **{name: "社区 服刑人员普法"}))
        assert errors_of(response) == {
            name: [
                f"{label}里不能出现“社区服刑人员”。请改用不指明人群的说法（如“普法教育专场”“职业技能培训班”），"
                "人群在“培训对象”里选择，只报人次"
            ]
        }
    assert not TrainingSession.objects.exists()


def test_pi_2_protected_groups_stand_in_no_name_of_a_person_or_body(town, world):
    for name, text in (("instructors", "戒毒学员"), ("organiser_written", "社区矫正中心"), ("co_names", "失独之家")):
        errors = errors_of(town.post(reverse("session-new"), filled(world, **{name: text})))
        assert list(errors) == [name] and "里不能出现" in errors[name][0]


def test_pi_2_photos_sent_with_a_headcount_only_session_are_not_kept(town, world):
    out = io.BytesIO()
    Image.new("RGB", (30, 30)).save(out, "JPEG")
    group = Audience.objects.get(name="戒毒人员").pk
    post = filled(world, audiences=[group], photos=[SimpleUploadedFile("a.jpg", out.getvalue())])
    response = town.post(reverse("session-new"), post, follow=True)
    assert TrainingSession.objects.get().audience_text == "戒毒人员"
    assert "材料没有保存：这一场的培训对象只报人次" in text_of(response)
    assert not Evidence.objects.exists()


# --- once (IN-3) ---------------------------------------------------------------------------------------


def test_in_3_a_double_click_makes_one_session_and_leads_to_it(town, world):
    post = filled(world, token=token_of(page(town, "session-new")), submit="1")
    first, second = (town.post(reverse("session-new"), post) for _ in range(2))
    assert first.url == second.url == reverse("session-detail", args=[TrainingSession.objects.get().pk])


def test_in_3_going_back_and_sending_again_changes_nothing(town, world):
    post = filled(world)
    town.post(reverse("session-new"), post)
    response = town.post(reverse("session-new"), post | {"title": "另一场"})
    assert response.url == reverse("session-detail", args=[TrainingSession.objects.get().pk])
    assert TrainingSession.objects.get().title == "手机支付与防骗"


def test_in_3_a_token_belongs_to_one_person_and_a_refused_form_leaves_it_unused(client, world):
    client.force_login(world.town)
    client.post(reverse("session-new"), filled(world, held_on="1999-01-01"))
    assert not SubmitToken.objects.exists()
    client.post(reverse("session-new"), filled(world))
    client.force_login(world.town2)
    client.post(reverse("session-new"), filled(world))
    assert set(TrainingSession.objects.values_list("organiser__code", flat=True)) == {"450124100", "450124103"}


def test_in_3_submitting_twice_submits_once(town, world):
    session = world.session()
    token = token_of(page(town, "session-detail", session.pk))
    for _ in range(2):
        response = town.post(reverse("session-submit", args=[session.pk]), {"token": token}, follow=True)
        assert "已提交" in text_of(response) or "不能提交" not in text_of(response)
    assert session.history.filter(history_change_reason="提交").count() == 1


# --- somebody else's things (AC-2, AC-3) ---------------------------------------------------------------------


def test_ac_3_foreign_ids_in_the_form_are_refused(town, world):
    foreign = {
        "place": world.other_places["大丰镇"].pk,
        "host": Institution.objects.get(name="大丰镇社区学校").pk,
        "co_units": [world.foreign.pk],
        "audiences": ["99999"],
        "form": 99999,
    }
    for name, value in foreign.items():
        assert list(errors_of(town.post(reverse("session-new"), filled(world, **{name: value})))) == [name]
    assert not TrainingSession.objects.exists()


def test_ac_3_the_organiser_of_a_body_is_ignored_for_officers_and_scoped_for_the_bureau(client, world):
    client.force_login(world.town)
    client.post(reverse("session-new"), filled(world, organiser=world.theirs.pk, on_behalf_source="phone"))
    session = TrainingSession.objects.get()
    assert (session.organiser, session.on_behalf_source) == (world.ours, "")
    client.force_login(world.bureau)
    post = filled(world, organiser=world.foreign.pk, on_behalf_source="phone", token="u" * 32)
    assert list(errors_of(client.post(reverse("session-new"), post))) == ["organiser"]
    client.force_login(world.town)
    client.post(
        reverse("session-edit", args=[session.pk]),
        filled(world, organiser=world.theirs.pk, seen_version=session.version, title="改名"),
    )
    session.refresh_from_db()
    assert (session.title, session.organiser) == ("改名", world.ours)


def test_copying_takes_everything_but_the_date_and_the_figures(town, world):
    town.post(
        reverse("session-new"),
        filled(world, start_time="09:00", end_time="10:00", co_names="马山县妇联", planned_attendance="50"),
    )
    source = TrainingSession.objects.get()
    form = page(town, "session-new", copy=source.pk).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    assert (shown["title"], shown["venue"], shown["place"]) == ("手机支付与防骗", "村委会二楼", "450124100201")
    assert (shown["held_on"], shown["reported_attendance"], shown["planned_attendance"]) == (world.today, None, None)
    assert shown["audiences"] == [(str(Audience.objects.get(name="老年人").pk), "")]
    assert shown["co_names"] == "马山县妇联"


def test_the_entry_page_offers_the_units_own_last_session_for_copying(town, world):
    assert "复制上一场" not in text_of(page(town, "session-new"))
    own = world.session(title="旱藕高产栽培")
    world.session(world.theirs, title="别镇的一场", status="submitted", place=world.places["白山镇"])
    world.session(title="作废的一场", status="void")
    shown = page(town, "session-new")
    assert "复制上一场：旱藕高产栽培" in text_of(shown)
    assert f"?copy={own.pk}" in shown.content.decode()


def test_ac_3_only_own_visible_sessions_can_be_copied(town, world):
    hidden = world.session(world.theirs)
    held_here = world.session(world.theirs, status="submitted", place=world.places["白山镇"])
    assert page(town, "session-detail", held_here.pk).status_code == 200
    for key in (hidden.pk, held_here.pk, 10**9, "x", "", "1 OR 1=1"):
        assert page(town, "session-new", copy=key).status_code == 404


PAGES = [
    "session-detail",
    "session-edit",
    "session-submit",
    "session-withdraw",
    "session-void",
    "session-hold",
    "session-cancel",
    "session-confirm",
    "session-history",
    "session-sheet",
    "evidence-add",
]


@pytest.mark.parametrize("name", PAGES)
def test_ac_1_a_foreign_session_is_not_there_and_a_shared_one_is_not_ones_to_change(client, world, name):
    theirs = world.session(world.theirs, status="draft")
    shared = world.session(world.theirs, status="submitted", place=world.places["白山镇"])
    client.force_login(world.town)
    for method in (client.get, client.post):
        assert method(reverse(name, args=[theirs.pk])).status_code in {404, 405}
    reading = name in {"session-detail", "session-history", "session-sheet"}
    if reading:
        assert client.get(reverse(name, args=[shared.pk])).status_code == 200
    else:
        data = {"kind": "photo", "link": "https://x.cn/"}
        assert client.post(reverse(name, args=[shared.pk]), data).status_code == 403
    for role in ("head", "auditor", "leader", "operator"):
        client.force_login(world.users[role])
        if not reading:
            assert client.post(reverse(name, args=[theirs.pk])).status_code == 403
    theirs.refresh_from_db()
    assert theirs.status == "draft"


# --- the list ------------------------------------------------------------------------------------------------


def titles(response) -> list[str]:
    return [row.title for row in response.context["page_obj"]]


def test_ac_2_the_list_shows_what_one_may_see_and_no_more(client, world):
    for organiser in (world.ours, world.theirs, world.wxgtj, world.foreign):
        for status in ("draft", "submitted"):
            world.session(organiser, status=status, title=f"{organiser.code} {status}")
    world.session(world.theirs, status="submitted", title="在白山", place=world.places["新汉村"])
    world.session(world.theirs, status="draft", title="在白山草稿", place=world.places["新汉村"])
    seen = {
        "town": {"450124100 draft", "450124100 submitted", "在白山"},
        "unit": {"wxgtj draft", "wxgtj submitted"},
        "unit2": set(),
        "centre": {"450124100 submitted", "450124103 submitted", "wxgtj submitted", "在白山"},
        "foreign_town": {"450125100 draft", "450125100 submitted"},
    }
    for name, expected in seen.items():
        client.force_login(world.users[name])
        everything = {"whose": "all"}
        assert set(titles(page(client, "session-list", **everything))) == expected, name
        found = titles(page(client, "session-list", q="4501", **everything))
        assert set(found) == {title for title in expected if "4501" in title}, name
        units = [unit.code for unit in page(client, "session-list").context["units"]]
        assert "450125100" not in units or name == "foreign_town"
    client.force_login(world.bureau)
    assert len(titles(page(client, "session-list"))) == 8
    for name in ("leader", "operator", "homeless"):
        client.force_login(world.users[name])
        assert page(client, "session-list").status_code == 403


def test_an_officer_s_list_opens_with_the_own_unit_s_sessions_and_leads_to_the_others(client, world):
    world.session(title="本镇的")
    world.session(world.theirs, status="submitted", title="外镇在白山办的", place=world.places["新汉村"])
    world.session(world.theirs, status="draft", title="外镇在白山的草稿", place=world.places["新汉村"])
    joint = world.session(world.wxgtj, status="submitted", title="县里请本镇协办的", place=world.places["羊山村"])
    joint.co_organisers.create(unit=world.ours, name=str(world.ours))
    client.force_login(world.town)

    def shown(**query):
        return set(titles(page(client, "session-list", **query)))

    assert shown() == shown(whose="own") == shown(whose="x' OR 1") == {"本镇的"}
    assert shown(whose="here") == {"外镇在白山办的"}
    assert shown(whose="joint") == {"县里请本镇协办的"}
    assert shown(whose="all") == {"本镇的", "外镇在白山办的", "县里请本镇协办的"}
    assert shown(unit=world.theirs.code) == {"外镇在白山办的"}
    shelves = page(client, "session-list").context["shelves"]
    assert [(key, count) for key, _, count in shelves] == [("own", 1), ("here", 1), ("joint", 1), ("all", 3)]
    client.force_login(world.unit)
    assert [key for key, *_ in page(client, "session-list").context["shelves"]] == ["own", "joint", "all"]
    client.force_login(world.bureau)
    assert page(client, "session-list").context["shelves"] == []


def test_filters_narrow_the_list_and_garbage_is_passed_over(town, world):
    last_year = datetime.date(world.year - 1, 12, 31)
    world.session(title="去年的", held_on=last_year)
    world.session(title="今年草稿")
    world.session(title="今年提交", status="submitted")
    TrainingSession(organiser=world.ours, entered_by=world.town, title="没有日期").save()

    def shown(**query):
        return sorted(titles(page(town, "session-list", **query)))

    assert shown() == ["今年提交", "今年草稿", "没有日期"]
    assert shown(year=world.year - 1) == ["去年的"]
    assert len(shown(year="all")) == 4
    assert shown(status="submitted") == ["今年提交"]
    assert shown(q="草稿") == ["今年草稿"]
    assert shown(q="提交 草稿") == []
    assert shown(unit="jyj") == []
    for query in (
        {"year": "20x6"}, {"year": "99999"}, {"status": "x' OR 1"}, {"page": "-1"}, {"page": "abc"}, {"page": "999999999"},
        {"month": "13"}, {"audience": "x"}, {"_connector": "OR"}, {"organiser__name": "x"}, {"q": "\x00"}, {"q": "长" * 99},
    ):  # fmt: skip
        assert len(shown(**query)) == 3, query


def test_the_list_can_be_narrowed_to_a_month_a_place_and_an_audience_as_figures_link_to_it(client, world):
    january = world.session(
        title="新汉一月", place=world.places["新汉村"], held_on=datetime.date(world.year - 1, 1, 31)
    )
    world.session(
        world.theirs, title="羊山二月", place=world.places["羊山村"], held_on=datetime.date(world.year - 1, 2, 1)
    )
    elderly = Audience.objects.get(name="老年人")
    january.revise(actor=world.town, seen_version=1, changes={}, audiences=[(elderly, 5)])
    client.force_login(world.bureau)
    for query, expected in (
        ({"month": 1}, ["新汉一月"]),
        ({"place": "450124103"}, ["羊山二月"]),
        ({"place": "450124100201"}, ["新汉一月"]),
        ({"audience": elderly.pk}, ["新汉一月"]),
        ({"unit": "450124103"}, ["羊山二月"]),
        ({"q": january.number.lower()}, ["新汉一月"]),
    ):
        assert titles(page(client, "session-list", year=world.year - 1, **query)) == expected, query


def test_the_bureau_mends_what_it_entered_and_nothing_else(client, world):
    behalf, own = world.session(actor=world.bureau), world.session()
    client.force_login(world.bureau)
    assert page(client, "session-edit", own.pk).status_code == 403
    data = opened(client, behalf) | {"title": "电话核对后的名称", "organiser": world.theirs.pk}
    assert client.post(reverse("session-edit", args=[behalf.pk]), data).status_code == 302
    behalf.refresh_from_db()
    assert (behalf.title, behalf.organiser, behalf.on_behalf_source) == ("电话核对后的名称", world.theirs, "paper")


def test_the_list_says_what_to_do_when_it_is_empty(client, world):
    client.force_login(world.town)
    assert "还没有培训场次" in text_of(page(client, "session-list"))
    assert reverse("session-new") in text_of(page(client, "session-list"))
    assert "没有符合条件的场次" in text_of(page(client, "session-list", q="不存在"))


def test_ld_2_the_list_takes_as_many_queries_for_30_rows_as_for_3(client, world):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert page(client, "session-list").status_code == 200
        return len(captured)

    client.force_login(world.bureau)
    for organiser in (world.ours, world.theirs, world.wxgtj):
        world.session(organiser, place=world.places["新汉村"])
    few = queries()
    client.force_login(world.town)
    few_of_own = queries()
    for number in range(27):
        world.session((world.ours, world.theirs, world.wxgtj)[number % 3], place=world.places["羊山村"])
    assert queries() == few_of_own
    client.force_login(world.bureau)
    assert (queries(), len(titles(page(client, "session-list")))) == (few, 30)


def test_ld_2_a_page_of_one_session_takes_as_many_queries_whatever_hangs_on_it(town, world):
    counts = []
    for number in (1, 8):
        session = world.session(title=f"第{number}课")  # nothing about the other one is to be said
        audiences = [(row, 5) for row in Audience.objects.filter(sensitivity=0)[:number]]
        names = [(None, f"单位{n}") for n in range(number)]
        session.revise(
            actor=world.town, seen_version=session.version, changes={}, audiences=audiences, co_organisers=names
        )
        for n in range(number):
            Evidence.objects.create(session=session, kind="report", link=f"https://x.cn/{n}", uploaded_by=world.town)
        with CaptureQueriesContext(connection) as captured:
            assert page(town, "session-detail", session.pk).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_many_are_submitted_at_once_and_what_is_left_out_is_said_with_its_reason(town, world):
    good = [world.session(title=f"可以{n}") for n in range(2)]
    incomplete = world.session(title="没有人次", reported=None)
    done = world.session(title="已经提交", status="submitted")
    theirs = world.session(world.theirs, title="别人的草稿")
    shared = world.session(world.theirs, title="在本镇办的", status="submitted", place=world.places["白山镇"])
    ids = [row.pk for row in (*good, incomplete, done, theirs, shared)] + ["x", 10**20]
    response = town.post(reverse("session-submit-many"), {"session": ids, "token": "m" * 32}, follow=True)
    text = text_of(response)
    assert "已提交 2 场，等待县教育局审核。" in text
    assert "《没有人次》：请填写实到人次" in text
    assert "《已经提交》：这一场次现在是“待审核”，不能提交" in text
    assert "另有 1 场没有找到，或不在您的范围内" in text
    assert "别人的草稿" not in text
    states = {row.title: row.status for row in TrainingSession.objects.all()}
    assert states == {
        "可以0": "submitted",
        "可以1": "submitted",
        "没有人次": "draft",
        "已经提交": "submitted",
        "别人的草稿": "draft",
        "在本镇办的": "submitted",
    }


# --- one session ---------------------------------------------------------------------------------------------


def test_the_page_of_a_session_offers_what_may_be_done_now_and_nothing_else(client, world):
    buttons = {
        "session-edit",
        "session-submit",
        "session-withdraw",
        "session-void",
        "session-hold",
        "session-cancel",
        "review-session",
        "evidence-add",
    }

    def offered(session):
        text = text_of(page(client, "session-detail", session.pk))
        return {name for name in buttons if f'"{reverse(name, args=[session.pk])}"' in text}

    client.force_login(world.town)
    assert offered(world.session()) == {"session-edit", "session-submit", "session-void", "evidence-add"}
    assert offered(world.session(status="planned")) == {
        "session-edit",
        "session-hold",
        "session-cancel",
        "evidence-add",
    }
    assert offered(world.session(status="submitted")) == {"session-withdraw", "evidence-add"}
    assert offered(world.session(status="verified")) == set()
    submitted = world.session(status="submitted")
    client.force_login(world.head)
    assert offered(submitted) == set()
    client.force_login(world.bureau)
    assert offered(submitted) == {"review-session"}
    world.lock()
    client.force_login(world.town)
    assert offered(submitted) == set()


def test_the_three_figures_stand_side_by_side_and_are_never_mixed(town, world):
    session = world.session(status="submitted", reported=50)
    session.verify(actor=world.bureau, attendance=41, reason="签到表 41 人")
    text = text_of(page(town, "session-detail", session.pk))
    figures = re.findall(r'figure-label">(.*?)</p>\s*<p class="figure-value">\s*([^<\s]+)', text)
    assert figures == [("填报人次", "50"), ("签到人次", "无"), ("核定人次", "41")]
    assert "签到表 41 人" in text


def test_a_returned_session_shows_its_reason_first(town, world):
    session = world.session(status="returned")
    text = text_of(page(town, "session-detail", session.pk))
    assert text.index("人次与佐证不符：签到表只有四十人") < text.index("场次内容")


def test_wb_3_hostile_words_stay_words_on_every_page(client, world):
    bad = "<img src=x onerror=alert(1)>"
    session = world.session(title=bad, venue=bad, remarks=bad, instructors=bad, organiser_written=bad)
    session.revise(
        actor=world.town, seen_version=1, changes={"title": bad + "2"}, co_organisers=[(None, bad)], reason=bad
    )
    client.force_login(world.town)
    for name in ("session-detail", "session-edit", "session-history", "session-sheet", "session-void"):
        assert bad not in text_of(page(client, name, session.pk)), name
    assert bad not in text_of(page(client, "session-list", q=bad))
    assert bad not in text_of(page(client, "session-new", copy=session.pk))


def test_voiding_asks_once_on_a_page_that_says_what_will_happen(town, world):
    session = world.session()
    assert "不再提交、不再审核，也不计入任何数字" in text_of(page(town, "session-void", session.pk))
    session.refresh_from_db()
    assert session.status == "draft"
    town.post(reverse("session-void", args=[session.pk]), {"reason": "登记重复"})
    session.refresh_from_db()
    assert (session.status, session.history.first().history_change_reason) == ("void", "作废：登记重复")


def test_cancelling_a_plan_needs_a_reason(town, world):
    session = world.session(status="planned")
    assert "请说明取消的原因" in text_of(town.post(reverse("session-cancel", args=[session.pk]), {"reason": " "}))
    town.post(reverse("session-cancel", args=[session.pk]), {"reason": "下雨"})
    session.refresh_from_db()
    assert session.status == "cancelled"


def test_a_submitted_session_is_withdrawn_before_it_is_changed(town, world):
    session = world.session(status="submitted")
    assert page(town, "session-edit", session.pk).url == reverse("session-detail", args=[session.pk])
    town.post(reverse("session-withdraw", args=[session.pk]))
    assert page(town, "session-edit", session.pk).status_code == 200


def test_the_co_organiser_sees_the_session_confirms_its_part_and_may_not_edit(client, world):
    session = world.session()
    session.revise(actor=world.town, seen_version=1, changes={}, co_organisers=[(world.wxgtj, world.wxgtj.name)])
    client.force_login(world.unit)
    assert page(client, "session-detail", session.pk).status_code == 404
    session.submit(actor=world.town)
    text = text_of(page(client, "session-detail", session.pk))
    assert "确认协办" in text and reverse("session-edit", args=[session.pk]) not in text
    assert client.post(reverse("session-edit", args=[session.pk])).status_code == 403
    client.post(reverse("session-confirm", args=[session.pk]))
    assert session.co_organisers.get().confirmed_at is not None
    assert "确认协办</button>" not in text_of(page(client, "session-detail", session.pk))


def test_the_unit_confirms_what_was_entered_on_its_behalf_and_nobody_else_can(client, world):
    session = world.session(actor=world.bureau, status="submitted")
    for name in ("bureau", "bureau2", "centre"):
        client.force_login(world.users[name])
        assert client.post(reverse("session-confirm", args=[session.pk])).status_code == 403
    client.force_login(world.town)
    assert "这一场由县教育局根据纸质代录" in text_of(page(client, "session-detail", session.pk))
    client.post(reverse("session-confirm", args=[session.pk]))
    session.refresh_from_db()
    assert session.unit_confirmed_at and session.history.first().history_change_reason == "确认代录"


def test_history_tells_who_changed_what_and_keeps_the_time_before_submission_to_the_unit(client, world):
    session = world.session(status="draft", place=world.places["羊山村"], title="草稿里的名字")
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "正式的名字"})
    session.submit(actor=world.town)
    client.force_login(world.town)
    text = text_of(page(client, "session-history", session.pk))
    assert "town先生" in text and "培训名称：草稿里的名字 → 正式的名字" in text
    client.force_login(world.town2)
    text = text_of(page(client, "session-history", session.pk))
    assert "提交" in text and "草稿里的名字" not in text


def test_the_sign_in_sheet_has_numbered_lines_for_everybody_and_no_id_number(town, world):
    session = world.session(planned_attendance=40, venue="村委会二楼")
    text = text_of(page(town, "session-sheet", session.pk))
    assert [int(n) for n in re.findall(r'sheet-line">\s*<td>(\d+)</td>', text)] == list(range(1, 51))
    assert "村委会二楼" in text and '<th scope="col">签名</th>' in text
    header = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", text)
    assert header[:6] == ["序号", "姓名", "性别", "年龄段", "村（社区）", "签名"]
    for people, lines in (("100", 100), ("1", 25), ("0", 50), ("x", 50), ("99999", 50)):
        assert text_of(page(town, "session-sheet", session.pk, people=people)).count("sheet-line") == lines


def test_pi_2_no_sheet_is_printed_for_a_headcount_only_session(town, world):
    session = world.session()
    group = Audience.objects.get(name="失独家庭")
    session.revise(actor=world.town, seen_version=1, changes={}, audiences=[(group, None)])
    response = page(town, "session-sheet", session.pk)
    assert response.status_code == 403 and "只报人次，不做签到表" in text_of(response)
    assert reverse("session-sheet", args=[session.pk]) not in text_of(page(town, "session-detail", session.pk))


def test_pi_7_no_page_address_carries_a_title_or_a_name(town, world):
    session = world.session(title="标题里的金丝雀", instructors="金丝雀老师")
    Evidence.objects.create(session=session, kind="report", link="https://x.cn/", uploaded_by=world.town)
    for name in ("session-list", "session-detail", "session-history"):
        args = [] if name == "session-list" else [session.pk]
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', text_of(page(town, name, *args)))
        assert not [a for a in addresses if "金丝雀" in a or "%E9" in a]


def test_ac_2_the_exported_ledger_holds_what_one_sees_and_the_log_says_who_took_it(client, world):
    world.session(title="自己的草稿")
    world.session(world.theirs, title="别人的草稿", place=world.places["白山镇"])
    world.session(world.theirs, title="在本镇办的", status="submitted", place=world.places["白山镇"])
    world.session(world.foreign, title="外县的", status="submitted")
    client.force_login(world.town)
    response = page(client, "session-export", world.year)
    assert response["Content-Disposition"] == f'attachment; filename="ledger-{world.year}.xlsx"'
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert {row[0] for row in sheet.iter_rows(min_row=2, values_only=True)} == {"自己的草稿", "在本镇办的"}
    event = AuditEvent.objects.get(action="导出台账")
    assert (event.actor, event.detail) == (world.town, {"year": world.year, "rows": 2})
    for year in (1999, 2100, 10**9):
        assert page(client, "session-export", year).status_code == 404
    for name in ("leader", "operator", "homeless"):
        client.force_login(world.users[name])
        assert page(client, "session-export", world.year).status_code == 403


# --- two people at once (IN-4) -----------------------------------------------------------------------------------


def opened(client, session) -> dict:
    """The form as a browser would send it back unchanged."""
    form = page(client, "session-edit", session.pk).context["form"]
    data = {}
    for name in form.fields:
        value = form[name].value()
        if name == "audiences":
            data["audiences"] = [key for key, _ in value]
            data |= {f"audiences_{key}": number for key, number in value}
        elif value not in (None, "", False):
            data[name] = value
    return data


def test_in_4_who_saves_second_sees_both_values_and_chooses_field_by_field(client, world):
    session = world.session(title="原名", venue="原地点", remarks="原备注")
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "<b>我的名</b>", "venue": "我的地点", "reported_attendance": "60"}
    session.revise(
        actor=world.town,
        seen_version=session.version,
        changes={"title": "别人的名", "venue": "别人的地点", "remarks": "别人的备注"},
    )
    response = client.post(reverse("session-edit", args=[session.pk]), mine)
    assert response.status_code == 409
    rows = {row.name: (row.mine, row.theirs) for row in response.context["rows"]}
    assert rows == {
        "title": ("<b>我的名</b>", "别人的名"),
        "venue": ("我的地点", "别人的地点"),
        "reported_attendance": ("60", "50"),
        "remarks": ("原备注", "别人的备注"),
    }
    assert "&lt;b&gt;我的名&lt;/b&gt;" in text_of(response) and "<b>我的名" not in text_of(response)
    session.refresh_from_db()
    assert session.title == "别人的名"
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text_of(response)))
    chosen = {
        "choose_title": "theirs",
        "choose_venue": "mine",
        "choose_reported_attendance": "mine",
        "choose_remarks": "theirs",
    }
    response = client.post(reverse("session-edit", args=[session.pk]), mine | again | chosen)
    assert response.status_code == 302
    session.refresh_from_db()
    assert (session.title, session.venue, session.reported_attendance, session.remarks) == (
        "别人的名",
        "我的地点",
        60,
        "别人的备注",
    )


def test_in_4_a_third_save_in_between_is_a_conflict_again(client, world):
    session = world.session(title="原名")
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "我的名"}
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "第二人"})
    seen = session.version
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "第三人"})
    response = client.post(
        reverse("session-edit", args=[session.pk]), mine | {"seen_version": seen, "choose_title": "mine"}
    )
    assert response.status_code == 409 and response.context["rows"][0].theirs == "第三人"


@pytest.mark.parametrize("fate", ["verified", "void", "submitted"])
def test_in_4_an_edit_of_what_was_meanwhile_verified_voided_or_submitted_is_shown_and_not_stored(client, world, fate):
    session = world.session(title="原名")
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "来晚的修改"}
    if fate == "void":
        session.void(actor=world.town)
    else:
        session.submit(actor=world.town)
    if fate == "verified":
        session.verify(actor=world.bureau, attendance=50)
    response = client.post(reverse("session-edit", args=[session.pk]), mine)
    text = text_of(response)
    assert response.status_code == 409
    assert "这一场已经不能修改" in text and "来晚的修改" in text and "原名" in text and "按所选保存" not in text
    session.refresh_from_db()
    assert (session.title, session.status) == ("原名", fate)


def test_in_4_saving_the_same_twice_is_no_conflict(client, world):
    session = world.session()
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "改一次"}
    for _ in range(2):
        assert client.post(reverse("session-edit", args=[session.pk]), mine).status_code == 302
    session.refresh_from_db()
    assert (session.title, session.version) == ("改一次", 2)


def test_in_4_a_form_without_its_version_is_asked_for_again(client, world):
    session = world.session()
    client.force_login(world.town)
    mine = opened(client, session) | {"title": "没有版本"}
    del mine["seen_version"]
    response = client.post(reverse("session-edit", args=[session.pk]), mine)
    assert response.status_code in {200, 409}
    session.refresh_from_db()
    assert session.title != "没有版本"


# --- what is typed stays on the device ------------------------------------------------------------------------


def test_an_expired_sign_in_leads_back_to_the_form_that_keeps_drafts_per_account(client, world):
    response = client.post(reverse("session-new"), filled(world))
    assert response.url == f"{reverse('login')}?next={reverse('session-new')}"
    client.force_login(world.town)
    text = text_of(page(client, "session-new"))
    assert 'data-draft="new"' in text and f'data-draft-user="{world.town.pk}"' in text


def test_the_page_after_saving_says_once_that_the_draft_may_go(town, world):
    text = text_of(town.post(reverse("session-new"), filled(world), follow=True))
    assert 'data-draft-done="new"' in text
    session = TrainingSession.objects.get()
    assert "data-draft-done" not in text_of(page(town, "session-detail", session.pk))


# --- what is still lacking, beside the buttons of the form ----------------------------------------------


def lacking(response):
    return [need["sentence"] for need in response.context["form"].needs if need["lacking"]]


def test_the_entry_page_lists_what_a_submission_still_lacks(town, world):
    response = town.get(reverse("session-new"))
    assert lacking(response) == ["请填写培训名称", "请选择培训形式", "请填写实到人次"]  # day and place are proposed
    for need in response.context["form"].needs:  # all sentences stand in the page, those that are filled hidden
        assert need["sentence"] in response.content.decode()
    assert '<a href="#id_title">请填写培训名称</a>' in response.content.decode()


def test_the_list_of_a_stored_session_is_the_models_own(town, world):
    session = world.session(form=None, title="没有形式的课")
    response = town.get(reverse("session-edit", args=[session.pk]))
    assert lacking(response) == [need.sentence for need in session.missing_for_submission()] == ["请选择培训形式"]


def test_a_form_that_comes_back_lists_what_was_not_filled_in(town, world):
    response = town.post(reverse("session-new"), filled(world, title="", reported_attendance="约40"))
    assert lacking(response) == ["请填写培训名称", "请填写实到人次"]
    assert lacking(town.post(reverse("session-new"), filled(world, venue="戒毒所"))) == []


def test_a_day_to_come_is_told_to_be_waited_for(town, world):
    later = world.today + datetime.timedelta(days=3)
    response = town.post(reverse("session-new"), filled(world, held_on=later.isoformat(), reported_attendance="0"))
    assert "培训还没有结束，结束以后才能提交" in lacking(response)
