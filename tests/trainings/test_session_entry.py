"""The form by which a unit enters and mends a session: what it offers, keeps, refuses and still lacks."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from networks.models import Institution
from trainings.models import Audience, Evidence, SubmitToken, TrainingSession

from .session_pages import errors_of, filled, page, text_of, token_of


@pytest.fixture
def town(client, world):
    client.force_login(world.town)
    return client


# --- entering -------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", ["title", "venue", "instructors", "organiser_written", "remarks"])
def test_pi_4_an_id_number_in_any_text_is_refused_in_its_place_and_not_repeated(town, world, name):
    response = town.post(reverse("session-new"), filled(world, **{name: "学员 45012419900101123x"}))
    [(field, [told])] = errors_of(response).items()
    assert field == name and told.endswith("里写了身份证号：系统不登记身份证号，请删去")
    assert not TrainingSession.objects.exists()


def test_pi_2_photos_sent_with_a_headcount_only_session_are_not_kept(town, world):
    out = io.BytesIO()
    Image.new("RGB", (30, 30)).save(out, "JPEG")
    group = Audience.objects.get(name="戒毒人员").pk
    post = filled(world, audiences=[group], photos=[SimpleUploadedFile("a.jpg", out.getvalue())])
    response = town.post(reverse("session-new"), post, follow=True)
    assert TrainingSession.objects.get().audience_text == "戒毒人员"
    assert "材料没有保存：这一场的培训对象只报人次" in text_of(response)
    assert not Evidence.objects.exists()


# --- once (IN-3) ----------------------------------------------------------------------------------


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


# --- somebody else's things (AC-2, AC-3) ----------------------------------------------------------


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


# --- what is typed stays on the device ------------------------------------------------------------


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


# --- what is still lacking, beside the buttons of the form ----------------------------------------


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
