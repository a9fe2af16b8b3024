"""The course library: whose courses, their materials, the centre's decision, a course in a session's form (依据 二(四)1, 2)."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from networks.models import Appointment, AuditEvent, Institution, Person
from trainings.models import Audience, Course, Language, Theme, TrainingSession
from trainings.models.proposals import State

from ..act import picture
from .test_proposals import a_course, brought_to


def filled(**changes):
    form = {"title": "会鼓入门", "theme": Theme.objects.get(name="农村实用技术").pk, "minutes": "135", "origin": "own"}
    return form | {"syllabus": "鼓点与队形", "seen_version": "0"} | changes


def errors_of(response):
    assert response.status_code == 200, response.status_code
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


# --- entering --------------------------------------------------------------------------------------------


def test_an_officers_course_is_a_draft_of_the_own_unit_and_the_centre_chooses_one(world, ask):
    ask(world.town, "/courses/new/", filled(unit=world.theirs.pk, state="public"), "post")
    ask(world.centre, "/courses/new/", filled(unit=world.wxgtj.pk, is_local="on"), "post")
    rows = Course.objects.order_by("pk").values_list("unit", "county", "state", "is_local")
    assert list(rows) == [
        (world.ours.pk, world.county.pk, "draft", False),
        (world.wxgtj.pk, world.county.pk, "draft", True),
    ]
    assert set(AuditEvent.objects.filter(subject="course").values_list("action", flat=True)) == {"登记课程"}


def test_a_title_stands_once_in_a_unit_and_a_refusal_loses_nothing(world, ask):
    a_course(world, title="会鼓入门")
    page = ask(world.town, "/courses/new/", filled(title="会鼓入门 ", syllabus="第一次：持槌"), "post")
    assert errors_of(page) == {"title": ["白山镇人民政府已有一门叫“会鼓入门”的课程，请换一个名称，或修改那一门"]}
    assert "第一次：持槌" in page.content.decode()
    assert ask(world.town2, "/courses/new/", filled(title="会鼓入门"), "post").status_code == 302


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "很久"}, "minutes"),
        ({"origin": "copied"}, "origin"),
        ({"theme": "999999"}, "theme"),
        ({"syllabus": "找张三，身份证45012419900101123X"}, "syllabus"),
        ({"title": "戒毒人员课堂"}, "title"),
        ({"audiences": ["戒毒人员"]}, "audiences"),
    ],
)
def test_what_makes_no_sense_is_a_message_beside_its_field(world, ask, wrong, field):
    given = {k: [Audience.objects.get(name=n).pk for n in v] if k == "audiences" else v for k, v in wrong.items()}
    assert list(errors_of(ask(world.town, "/courses/new/", filled(**given), "post"))) == [field]
    assert not Course.objects.exists()


@pytest.mark.parametrize("state", [State.PROPOSED, State.PUBLIC, State.RETIRED])
def test_what_was_proposed_is_not_rewritten_nor_its_materials(world, ask, state):
    row = brought_to(world, Course, state)
    page = ask(world.town, f"/courses/{row.pk}/edit/", filled(title="改名", seen_version=row.version), "post")
    assert "不能修改" in errors_of(page)["__all__"][0]
    given = {"kind": "link", "title": "视频", "link": "https://example.org/"}
    page = ask(world.town, f"/courses/{row.pk}/materials/new/", given, "post")
    assert "不能修改" in page.content.decode() and not row.materials.exists()
    assert Course.objects.get(pk=row.pk).title == "小蚕共育"
    for page in ("edit", "materials/new"):
        assert ask(world.town, f"/courses/{row.pk}/{page}/").status_code == 302


def test_in_4_the_second_of_two_who_rewrite_sees_both_values(world, ask):
    row = a_course(world)
    assert ask(world.town, f"/courses/{row.pk}/edit/", filled(title="新一"), "post").status_code == 302
    page = ask(world.bureau, f"/courses/{row.pk}/edit/", filled(title="新二", unit=world.ours.pk), "post")
    assert "已有人先改成了“新一”" in errors_of(page)["title"][0]
    assert "新二" in page.content.decode() and Course.objects.get().title == "新一"


# --- materials -------------------------------------------------------------------------------------------


def test_a_file_is_handed_out_with_its_course_and_by_no_other_address(world, ask, settings):
    row = a_course(world)
    given = {"kind": "file", "title": "挂图", "file": picture(), "is_open": "on"}
    assert ask(world.town, f"/courses/{row.pk}/materials/new/", given, "post").status_code == 302
    material = row.materials.get()
    url = f"/courses/{row.pk}/materials/{material.pk}/"
    answer = ask(world.town, url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert ask(world.town2, url).status_code == 404  # a draft of somebody else
    for user in (world.town, world.bureau):
        assert ask(user, f"/network/files/{material.attachment_id}/").status_code == 404
    row.propose(actor=world.town)
    row.approve(actor=world.centre)
    assert ask(world.town2, url).status_code == 200
    other = a_course(world, title="另一门")
    assert ask(world.town, f"/courses/{other.pk}/materials/{material.pk}/").status_code == 404


@pytest.mark.parametrize(
    "given, field",
    [
        ({"kind": "file"}, "file"),
        ({"kind": "lesson"}, "link"),
        ({"kind": "link", "link": "javascript:alert(1)"}, "link"),
        ({"kind": "link", "link": "https://example.org/", "title": "戒毒人员名单"}, "title"),
        ({"kind": "video", "link": "https://example.org/"}, "kind"),
    ],
)
def test_a_material_is_a_file_or_a_web_address(world, ask, given, field):
    row = a_course(world)
    page = ask(world.town, f"/courses/{row.pk}/materials/new/", {"title": "讲义"} | given, "post")
    assert list(errors_of(page)) == [field]


def test_a_removed_material_takes_its_file_along(world, ask, django_capture_on_commit_callbacks):
    row = a_course(world)
    ask(world.town, f"/courses/{row.pk}/materials/new/", {"kind": "file", "title": "挂图", "file": picture()}, "post")
    material = row.materials.get()
    storage, name = material.attachment.file.storage, material.attachment.file.name
    assert storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        assert ask(world.town, f"/courses/{row.pk}/materials/{material.pk}/remove/", {}, "post").status_code == 302
    assert not row.materials.exists() and not storage.exists(name)


# --- the centre decides ----------------------------------------------------------------------------------


def test_a_return_without_a_reason_keeps_what_was_typed_and_one_with_it_reaches_the_unit(world, ask):
    row = brought_to(world, Course, State.PROPOSED)
    url = f"/courses/{row.pk}/decide/"
    page = ask(world.centre, url, {"verb": "send_back", "note": " ", "seen_version": row.version}, "post")
    assert errors_of(page) == {"note": ["请写明退回的原因，提交的单位要照它修改"]}
    given = {"verb": "send_back", "note": "请写明分几次课", "seen_version": row.version}
    assert ask(world.centre, url, given, "post").status_code == 302
    assert "请写明分几次课" in ask(world.town, f"/courses/{row.pk}/").content.decode()


def test_in_4_a_decision_on_what_has_changed_meanwhile_is_asked_again_with_its_text(world, ask):
    row = brought_to(world, Course, State.PROPOSED)
    seen = row.version
    row.take_back(actor=world.town)
    row.propose(actor=world.town)
    given = {"verb": "send_back", "note": "请写明分几次课", "seen_version": seen}
    page = ask(world.centre, f"/courses/{row.pk}/decide/", given, "post")
    text = page.content.decode()
    assert "有了改动" in text and "请写明分几次课" in text and f'value="{row.version}"' in text
    assert Course.objects.get().state == State.PROPOSED


def test_an_incomplete_course_says_on_its_page_what_is_missing_and_is_not_proposed(world, ask):
    row = a_course(world, syllabus="", minutes=None)
    page = ask(world.town, f"/courses/{row.pk}/").content.decode()
    assert "请写内容提要" in page and "请填写总时长" in page and 'value="propose"' not in page
    ask(world.town, f"/courses/{row.pk}/propose/", {"verb": "propose"}, "post")
    assert Course.objects.get().state == State.DRAFT


# --- the list and the instructors ------------------------------------------------------------------------


def titles(response):
    return {row.title for row in response.context["page_obj"]}


def test_the_list_narrows_by_theme_audience_origin_and_words(world, ask):
    elderly, theme = Audience.objects.get(name="老年人"), Theme.objects.exclude(name="农村实用技术").first()
    rows = {
        "手机": {"theme": theme, "origin": "adopted"},
        "会鼓": {"is_local": True, "syllabus": "鼓点"},
        "养羊": {"origin": "recommended"},
    }
    for title, fields in rows.items():
        brought_to(world, Course, State.PUBLIC, title=title, **fields)
    Course.objects.get(title="手机").audiences.add(elderly)
    a_course(world, title="草稿")
    brought_to(world, Course, State.RETIRED, title="旧课")
    found = lambda query, user=world.town2: titles(ask(user, "/courses/", query))  # noqa: E731
    assert found({}) == {"手机", "会鼓", "养羊"}
    assert found({}, world.town) == {"手机", "会鼓", "养羊", "草稿"}
    assert found({"theme": theme.pk}) == found({"audience": elderly.pk}) == found({"origin": "adopted"}) == {"手机"}
    assert found({"local": "1"}) == found({"q": "鼓 点"}) == {"会鼓"}
    assert found({"state": "retired"}, world.bureau) == {"旧课"} and found({"state": "retired"}) == set()
    assert found({"theme": "x", "origin": "nonsense", "q": ""}) == {"手机", "会鼓", "养羊"}


def queries(ask, user, url):
    ask(user, url)
    with CaptureQueriesContext(connection) as captured:
        assert ask(user, url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("who", ["town", "centre"])
def test_the_lists_cost_the_same_at_3_and_at_30_rows(world, ask, who):
    user, counts = world.users[who], []
    for first, last in [(0, 3), (3, 30)]:
        for number in range(first, last):
            course = brought_to(world, Course, State.PUBLIC, title=f"课程{number}")
            course.audiences.set(Audience.objects.filter(sensitivity=0)[:2])
            world.session(status="verified", course=course, title=f"场次{number}")
            _instructor(world, "白山镇", f"演示{number}", "桑蚕")
        counts.append([queries(ask, user, url) for url in ("/courses/", "/courses/instructors/", "/sessions/")])
    assert counts[0] == counts[1]


def _instructor(w, place, name, specialities):
    person = Person.objects.create(county=w.county, name=name, phone="13800001234")
    school = Institution.objects.get(division=w.places[place])
    return Appointment.objects.create(
        person=person, institution=school, function="instructor", specialities=specialities
    )


def test_instructors_are_found_by_speciality_and_township_and_named_to_whoever_sees_them(world, ask):
    _instructor(world, "白山镇", "覃会鼓", "会鼓、扁担舞")
    _instructor(world, "羊山村", "蓝养羊", "黑山羊，会鼓")
    gone = _instructor(world, "白山镇", "已离任", "会鼓")
    gone.ends_on = datetime.date(world.year - 1, 1, 1)
    gone.save()
    sees = {
        "town": ({"覃会鼓"}, 1),
        "town2": ({"蓝养羊"}, 1),
        "centre": ({"覃会鼓", "蓝养羊"}, 0),
        "auditor": ({"覃会鼓", "蓝养羊"}, 0),
        "leader": (set(), 2),
        "unit": (set(), 2),
        "foreign_bureau": (set(), 0),
    }
    for who, (names, hidden) in sees.items():
        page = ask(world.users[who], "/courses/instructors/")
        lines = page.context["page_obj"].object_list
        assert ({line.name for line in lines if line.name}, sum(not line.name for line in lines)) == (names, hidden), (
            who
        )
        text = page.content.decode()
        assert {name for name in ("覃会鼓", "蓝养羊", "已离任") if name in text} == names, who
        assert "13800001234" not in text
    narrow = lambda query: [  # noqa: E731
        line.name for line in ask(world.centre, "/courses/instructors/", query).context["page_obj"]
    ]
    assert narrow({"speciality": "会鼓"}) == ["覃会鼓", "蓝养羊"] and narrow({"speciality": "黑山羊"}) == ["蓝养羊"]
    assert narrow({"township": "450124103"}) == ["蓝养羊"] and narrow({"speciality": "扁担舞", "township": "x"}) == []


# --- a course in a session's form ------------------------------------------------------------------------


@pytest.fixture
def public(world):
    language = Language.objects.first()
    return brought_to(world, Course, State.PUBLIC, title="小蚕共育", language=language, minutes=135)


def session_form(world, **changes):
    form = {"token": "t" * 32, "held_on": f"{world.year}-01-01", "place": world.ours.division_id} | changes
    return {name: value for name, value in form.items() if value is not None}


def test_a_chosen_course_fills_what_the_session_leaves_open(world, ask, public):
    assert ask(world.town2, "/sessions/new/", session_form(world, course=public.pk), "post").status_code == 302
    row = TrainingSession.objects.get()
    assert (row.course, row.title, row.theme, row.language) == (public, "小蚕共育", public.theme, public.language)
    assert row.minutes == 135


def test_what_is_written_stays_and_clock_times_say_more_about_the_length(world, ask, public):
    other = Theme.objects.exclude(pk=public.theme_id).first()
    given = {"title": "新汉村蚕房一日", "theme": other.pk, "start_time": "09:00", "end_time": "10:00"}
    ask(world.town, "/sessions/new/", session_form(world, course=public.pk, **given), "post")
    row = TrainingSession.objects.get()
    assert (row.title, row.theme, row.minutes, row.language) == ("新汉村蚕房一日", other, 60, public.language)


def test_a_session_keeps_its_course_and_fills_nothing_again(world, ask, public):
    row = world.session(course=public, title="小蚕共育")
    given = session_form(world, course=public.pk, title="小蚕共育", language="", seen_version=row.version)
    assert ask(world.town, f"/sessions/{row.pk}/edit/", given, "post").status_code == 302
    assert TrainingSession.objects.get().language is None
    public.retire(actor=world.bureau)
    page = ask(world.town, f"/sessions/{row.pk}/edit/")
    assert page.context["form"].fields["course"].queryset.get() == public  # what it has, it keeps
    page = ask(world.town, "/sessions/new/")
    assert "course" not in page.context["form"].fields  # nothing to choose


def test_the_page_of_a_course_leads_to_a_session_of_it(world, ask, public):
    link = f"/sessions/new/?course={public.pk}"
    assert f'href="{link}"' in ask(world.town, f"/courses/{public.pk}/").content.decode()
    form = ask(world.town, link).context["form"]
    shown = {name: form[name].value() for name in ("course", "title", "theme", "length", "length_unit")}
    assert shown == {
        "course": public.pk,
        "title": "小蚕共育",
        "theme": public.theme_id,
        "length": 3,
        "length_unit": "lesson",
    }
    draft = a_course(world, title="还没审定")
    assert ask(world.town, f"/sessions/new/?course={draft.pk}").status_code == 404
    for wrong in ("x", "", "99999999999999999999"):
        assert ask(world.town, "/sessions/new/", {"course": wrong}).status_code == 404
    assert ask(world.town, f"/sessions/?course={draft.pk}").context["course"] == draft
    assert ask(world.town2, f"/sessions/?course={draft.pk}").context["course"] is None


def test_a_course_that_is_not_public_or_not_of_the_county_is_not_taken(world, ask, public):
    draft = a_course(world, title="草稿")
    foreign = a_course(world, world.foreign)
    foreign.propose(actor=world.foreign_town)
    foreign.approve(actor=world.foreign_bureau)
    for row in (draft, foreign):
        page = ask(world.town, "/sessions/new/", session_form(world, course=row.pk, title="x"), "post")
        assert "course" in errors_of(page)
    assert not TrainingSession.objects.exists()
