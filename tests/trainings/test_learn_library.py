"""学习超市, 学习地图 and stories as residents read them (二(三)2, 三(七)): only what is public, with what was opened for it."""

import datetime
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from networks.models import Attachment, LearningGroup, Provider, SharedResource
from trainings.models import Announcement, Audience, AudienceCount, Course, Language, Story, Theme

from ..makers import open_place


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def public(world, **fields) -> dict:
    decided = {"state": "public", "decided_by": world.bureau, "decided_at": timezone.now()}
    return {"county": world.county, "unit": world.ours} | decided | fields


@pytest.fixture
def course(world):
    def make(title="山歌唱民法典", audiences=(), **fields):
        given = {"origin": "own", "minutes": 90, "syllabus": "第一节\n第二节", "theme": Theme.objects.first()}
        row = Course.objects.create(title=title, **public(world, **given | fields))
        row.audiences.set(Audience.objects.filter(name__in=audiences))
        return row

    return make


@pytest.fixture
def image(world):
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "JPEG")
    return Attachment.objects.create(
        place=world.places["白山镇"],
        file=SimpleUploadedFile("x.jpg", content.getvalue()),
        name="全家福.jpg",
        content_type="image/jpeg",
        uploaded_by=world.town,
    )


@pytest.fixture
def story(world, image):
    def make(title="会鼓进村", **fields):
        given = {"kind": "case", "body": "正文第一段", "picture": image, "picture_agreed": True}
        return Story.objects.create(title=title, **public(world, **given | fields))

    return make


def test_the_supermarket_shows_public_courses_by_theme_and_audience(client, world, course):
    themes = list(Theme.objects.all()[:2])
    course(
        "小蚕共育", theme=themes[0], audiences=["农村居民"], language=Language.objects.get(name="壮话"), is_local=True
    )
    course("用手机", theme=themes[1], audiences=["老年人", "社区服刑人员"])
    course("没审定的", state="draft")
    course("停用的", state="retired")
    course("外县的", county=world.other_county, unit=world.foreign)
    page = text(client.get("/learn/courses/?at=450124"))
    assert page.index("小蚕共育") < page.index("用手机") and "本土课程" in page and "壮话" in page
    for absent in ["没审定的", "停用的", "外县的", "社区服刑", "社区矫正"]:
        assert absent not in page, absent
    old = Audience.objects.get(name="老年人").pk
    narrowed = text(client.get(f"/learn/courses/?at=450124&audience={old}&theme={themes[1].pk}"))
    assert "用手机" in narrowed and "小蚕共育" not in narrowed
    assert re.search(rf'<option value="{old}"\s+selected>', narrowed)
    hidden = Audience.objects.get(name="社区服刑人员").pk
    odd = text(client.get(f"/learn/courses/?at=450124&audience={hidden}&theme=%00&page=x"))
    assert "小蚕共育" in odd and "用手机" in odd


def test_a_course_shows_its_open_materials_and_where_it_is_taught_next(client, world, course, image):
    row = course()
    row.materials.create(kind="lesson", title="第一课", link="https://lesson.example.org/1", is_open=True)
    row.materials.create(kind="link", title="坏链接", link="javascript:alert(1)", is_open=True)
    row.materials.create(kind="link", title="内部链接", link="https://internal.example.org/")
    opened = row.materials.create(kind="file", title="讲义", attachment=image, is_open=True)
    closed = row.materials.create(kind="file", title="教师用书", attachment=image)
    soon = world.today + datetime.timedelta(days=9)
    session = world.session(status="planned", title="下一次上课", held_on=soon, reported=None, course=row)
    Announcement.objects.create(session=session, is_public=True, phone="0771-6820001")
    page = text(client.get(f"/learn/courses/{row.pk}/"))
    assert 'href="https://lesson.example.org/1"' in page and "第二节" in page and "下一次上课" in page
    assert "坏链接" in page and 'href="javascript' not in page
    assert "内部链接" not in page and "教师用书" not in page and "全家福" not in page
    file = client.get(f"/learn/courses/{row.pk}/files/{opened.pk}/")
    assert file.status_code == 200 and file.headers["Content-Disposition"].startswith("attachment")
    assert "全家福" not in file.headers["Content-Disposition"]
    assert client.get(f"/learn/courses/{row.pk}/files/{closed.pk}/").status_code == 404
    Course.objects.filter(pk=row.pk).update(state="retired")
    assert client.get(f"/learn/courses/{row.pk}/").status_code == 404
    assert client.get(f"/learn/courses/{row.pk}/files/{opened.pk}/").status_code == 404


def test_stories_are_public_ones_and_a_picture_only_where_everybody_agreed(client, world, story):
    shown = story("会鼓进村", summary="一村一队")
    draft = story("还没审核的", state="draft")
    plain = story("没有照片的", picture=None, picture_agreed=False, kind="brand", subject="三声部")
    minors = story("假期学堂")
    held = world.session(title="假期")
    AudienceCount.objects.create(session=held, audience=Audience.objects.get(name="留守儿童"))
    minors.sessions.add(held)
    page = text(client.get("/learn/stories/?at=450124"))
    assert "会鼓进村" in page and "一村一队" in page and "还没审核的" not in page
    assert page.count("<img") == 1 + 1  # the site's mark, and one picture
    assert "没有照片的" in text(client.get("/learn/stories/?at=450124&kind=brand"))
    assert "会鼓进村" not in text(client.get("/learn/stories/?at=450124&kind=brand"))
    assert "正文第一段" in text(client.get(f"/learn/stories/{shown.pk}/"))
    assert client.get(f"/learn/stories/{draft.pk}/").status_code == 404
    answers = {row.title: client.get(f"/learn/stories/{row.pk}/picture/") for row in (shown, draft, plain, minors)}
    assert [title for title, answer in answers.items() if answer.status_code == 200] == ["会鼓进村"]
    picture = answers["会鼓进村"]
    assert picture.headers["Content-Type"] == "image/jpeg" and "sandbox" in picture.headers["Content-Security-Policy"]


def test_the_map_says_who_teaches_what_where_and_when_places_are_open(client, world):
    soon = world.today + datetime.timedelta(days=9)
    for unit, title in [(world.ours, "白山的课"), (world.theirs, "古零的课")]:
        row = world.session(unit, status="planned", title=title, held_on=soon, reported=None)
        Announcement.objects.create(session=row, is_public=True, phone="0771-6820001")
        hidden = world.session(unit, status="planned", title="没公开的", held_on=soon, reported=None)
        assert not hasattr(hidden, "announcement")
        at = {"division": unit.division, "unit": unit}
        open_place(kind="school", name=f"{title}堂", opening_hours="周六 9:00—17:00", phone="0771-6820009转2", **at)
        if unit == world.ours:
            SharedResource.objects.create(kind="library", name="不开放的", **at)
        LearningGroup.objects.create(kind="team", name=f"{title}山歌队", **at)
        Provider.objects.create(kind="arts", name=f"{title}艺术团", offers="会鼓老师", **at)
    LearningGroup.objects.create(kind="family", name="学习型家庭", division=world.places["白山镇"])
    page = text(client.get("/learn/map/?at=450124"))
    for words in ["白山的课", "古零的课", "周六 9:00—17:00", "白山的课山歌队", "古零的课艺术团", "1 场", "1 处开放"]:
        assert words in page, words
    assert 'href="tel:07716820009"' in page
    assert "没公开的" not in page and "不开放的" not in page and "学习型家庭" not in page
    town = text(client.get("/learn/map/?at=450124103"))
    assert "古零的课堂" in town and "白山的课堂" not in town and "白山的课艺术团" not in town


def test_ld_2_lists_take_the_same_queries_at_three_rows_and_at_thirty(client, world, course, story):
    def count(path):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    def all_three():
        return [count(f"/learn/{part}/?at=450124") for part in ("courses", "stories", "map")]

    def more(number):
        row = course(f"课{number}", audiences=["老年人"])
        row.materials.create(kind="lesson", title="第一课", link="https://lesson.example.org/1", is_open=True)
        story(f"案例{number}")
        soon = world.today + datetime.timedelta(days=9)
        session = world.session(status="planned", title=f"场次{number}", held_on=soon, reported=None)
        Announcement.objects.create(session=session, is_public=True, phone="0771-6820001")
        open_place(kind="other", name=f"场所{number}", division=world.places["新汉村"], unit=world.ours)

    for number in range(3):
        more(number)
    few = all_three()
    for number in range(3, 30):
        more(number)
    assert all_three() == few and max(few) <= 12, few


def test_public_pages_set_no_cookie_and_load_nothing_from_elsewhere(client, world, course, story):
    row, told = course(), story()
    for path in ("courses/", f"courses/{row.pk}/", "stories/", f"stories/{told.pk}/", "map/", "", "calendar.ics"):
        answer = client.get(f"/learn/{path}?at=450124")
        assert answer.status_code == 200 and not answer.cookies and not client.cookies, path
        assert b"<script" not in answer.content, path
