"""What a unit offers and an office lets through: every state and verb for everybody, the database's rules, versions (AC-4)."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from networks.models import Attachment
from trainings.models import Audience, AudienceCount, Conflict, Course, CourseMaterial, Refused, Story, Theme
from trainings.models.proposals import STEPS, State

from ..site_map import taken_back

BUREAU = {"bureau", "bureau2", "director"}


def a_course(w, unit=None, **fields):
    unit = unit or w.ours
    fields = {"title": "小蚕共育", "syllabus": "消毒、收蚁、分批饲养", "minutes": 180, "origin": "own"} | fields
    fields.setdefault("theme", Theme.objects.get(name="农村实用技术"))
    return Course.objects.create(county=unit.county, unit=unit, **fields)


def a_story(w, unit=None, **fields):
    unit = unit or w.ours
    fields = {"title": "蚕房里的夜校", "kind": "case", "body": "三年办了二十期。"} | fields
    return Story.objects.create(county=unit.county, unit=unit, **fields)


MAKE = {Course: a_course, Story: a_story}
WAYS = {
    State.DRAFT: [],
    State.PROPOSED: ["propose"],
    State.PUBLIC: ["propose", "approve"],
    State.RETURNED: ["propose", "send_back"],
    State.RETIRED: ["propose", "approve", "retire"],
}


def act(verb, row, actor, **more):
    extra = {"note": "请补写时长"} if verb == "send_back" else {}
    getattr(row, verb)(actor=actor, **extra, **more)


def brought_to(w, model, state, **fields):
    """A row of 白山镇 in that state, by the verbs, as people would."""
    row = MAKE[model](w, **fields)
    for verb in WAYS[state]:
        act(verb, row, w.town if verb == "propose" else w.director)
    assert row.state == state
    return row


def listed(model):
    """Who may take which step from which state, for a row of 白山镇."""
    office = BUREAU | ({"centre"} if model is Course else set())
    keepers = office | {"town"}
    return {
        (State.DRAFT, "propose"): keepers,
        (State.RETURNED, "propose"): keepers,
        (State.PROPOSED, "take_back"): keepers,
        (State.PUBLIC, "take_back"): keepers,
        (State.PROPOSED, "approve"): office,
        (State.PROPOSED, "send_back"): office,
        (State.PUBLIC, "send_back"): office,
        (State.PUBLIC, "retire"): office,
        (State.RETIRED, "reopen"): office,
    }


@pytest.mark.parametrize("model", MAKE)
@pytest.mark.parametrize("verb", STEPS)
@pytest.mark.parametrize("state", State.values)
def test_ac_4_only_the_listed_steps_succeed_for_the_listed_people(world, state, verb, model):
    row = brought_to(world, model, state)
    allowed = listed(model).get((state, verb), set())
    for name, user in world.users.items():
        with taken_back():
            mine = model.objects.get(pk=row.pk)
            if name in allowed:
                act(verb, mine, user)
                assert model.objects.get(pk=row.pk).state == mine.state == STEPS[verb].target
                assert mine.version == row.version + 1
            else:
                with pytest.raises((Refused, PermissionDenied)):
                    act(verb, mine, user)
                stored = model.objects.get(pk=row.pk)
                assert (stored.state, stored.version) == (state, row.version)
    assert {name for pair in listed(model) for name in listed(model)[pair]} <= set(world.users)


@pytest.mark.parametrize("model", MAKE)
def test_ac_4_what_is_seen_and_kept_follows_unit_and_state(world, model):
    office = BUREAU | ({"centre"} if model is Course else set())
    county = {name for name, user in world.users.items() if user.county_code == world.county.pk} | {"operator"}
    for state in State.values:
        with taken_back():
            row = brought_to(world, model, state)
            seen = {name for name, user in world.users.items() if row in model.objects.readable_by(user)}
            assert seen == (county if state == State.PUBLIC else office | {"town", "head"}), state
            kept = {name for name, user in world.users.items() if row in model.objects.kept_by(user)}
            assert kept == office | {"town"}, state


@pytest.mark.parametrize("model", MAKE)
def test_ac_5_nobody_approves_what_they_proposed_even_with_a_second_account(world, model):
    world.bureau2.person = world.bureau.person
    world.bureau2.save()
    row = MAKE[model](world, world.jyj)
    row.propose(actor=world.bureau)
    for same in (world.bureau, world.bureau2):
        with pytest.raises(PermissionDenied, match="另一位工作人员"):
            row.approve(actor=same)
    row.send_back(actor=world.bureau, note="再改改")  # nothing comes before residents by that
    row.propose(actor=world.bureau)
    row.approve(actor=world.director)
    assert (row.state, row.proposed_by, row.decided_by) == (State.PUBLIC, world.bureau, world.director)


@pytest.mark.parametrize("model, edit", [(Course, "/courses/{}/edit/"), (Story, "/publicity/{}/edit/")])
def test_ac_5_nobody_approves_what_they_wrote_whoever_pressed_the_button(world, ask, model, edit):
    row = brought_to(world, model, State.RETURNED)
    fields = [name for name in ("title", "syllabus", "minutes", "origin", "kind", "body") if hasattr(row, name)]
    given = {name: getattr(row, name) for name in fields} | {"unit": row.unit_id, "seen_version": row.version}
    given |= {"theme": row.theme_id} if model is Course else {}
    assert ask(world.bureau, edit.format(row.pk), given | {"title": "办公室改写的标题"}, "post").status_code == 302
    row.refresh_from_db()
    row.propose(actor=world.town)
    for writer in (world.bureau, same_person(world.bureau2, world.bureau)):
        with pytest.raises(PermissionDenied, match="写过或改过这一稿"):
            row.approve(actor=writer)
    assert "您写过或改过这一稿" in ask(world.bureau, edit.format(row.pk).replace("edit/", "")).content.decode()
    row.approve(actor=world.director)
    row.take_back(actor=world.town)
    row.propose(actor=world.town)
    row.approve(actor=world.bureau)  # what has been approved since is nobody's draft any more
    assert row.state == State.PUBLIC


def test_ac_5_nobody_approves_a_course_with_a_file_of_their_own(world):
    row = a_course(world)
    paper = Attachment.objects.create(
        place=world.ours.division, name="讲义.pdf", content_type="application/pdf", uploaded_by=world.bureau
    )
    CourseMaterial.objects.create(course=row, kind="file", title="讲义", attachment=paper)
    row.propose(actor=world.town)
    with pytest.raises(PermissionDenied, match="写过或改过这一稿"):
        row.approve(actor=world.bureau)
    row.approve(actor=world.centre)


def same_person(account, other):
    account.person = other.person
    account.save()
    return account


@pytest.mark.parametrize("model", MAKE)
def test_in_4_a_decision_on_a_version_that_has_moved_on_is_a_conflict(world, model):
    row = brought_to(world, model, State.PROPOSED)
    seen = row.version
    stale = model.objects.get(pk=row.pk)
    row.take_back(actor=world.town)
    row.propose(actor=world.town)
    for verb in ("approve", "send_back"):
        with pytest.raises(Conflict) as conflict:
            act(verb, stale, world.bureau, seen_version=seen)
        assert conflict.value.stored.version == seen + 2
    act("approve", stale, world.bureau, seen_version=seen + 2)
    assert model.objects.get(pk=row.pk).state == State.PUBLIC


@pytest.mark.parametrize("model", MAKE)
def test_in_6_of_two_who_decide_at_once_the_second_is_refused(world, model):
    row = brought_to(world, model, State.PROPOSED)
    first, second = model.objects.get(pk=row.pk), model.objects.get(pk=row.pk)
    first.approve(actor=world.bureau)
    with pytest.raises(Refused, match="已公开"):
        second.approve(actor=world.bureau2)
    with pytest.raises(Conflict):
        act("send_back", second, world.bureau2, seen_version=row.version)
    assert model.objects.get(pk=row.pk).decided_by == world.bureau


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time there; see test_two_locks for a file")
@pytest.mark.parametrize("model", MAKE)
def test_in_6_of_many_who_decide_at_the_same_moment_one_does(world, model):
    row = brought_to(world, model, State.PROPOSED)
    people, start, answers = [world.bureau, world.bureau2, world.director], threading.Barrier(6), []

    def decide(number: int) -> None:
        mine = model.objects.get(pk=row.pk)
        start.wait()
        try:
            act(("approve", "send_back")[number % 2], mine, people[number // 2], seen_version=row.version)
            answers.append("done")
        except (Refused, Conflict) as late:
            answers.append(type(late).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6 and answers.count("done") == 1
    assert model.objects.get(pk=row.pk).version == row.version + 1


@pytest.mark.parametrize("model", MAKE)
def test_a_return_says_why_and_the_next_proposal_forgets_it(world, model):
    row = brought_to(world, model, State.PROPOSED)
    for empty in ("", "  "):
        with pytest.raises(Refused, match="原因"):
            row.send_back(actor=world.bureau, note=empty)
    row.send_back(actor=world.bureau, note=" 请补写时长 ")
    assert (row.return_note, row.decided_by) == ("请补写时长", world.bureau)
    assert row.history.first().history_change_reason == "退回：请补写时长"
    row.propose(actor=world.town)
    assert row.return_note == ""
    assert [h.history_change_reason for h in row.history.all()[:2]] == ["提交审定", "退回：请补写时长"]
    assert row.history.first().history_user == world.town


# --- what a proposal must hold ---------------------------------------------------------------------------


def test_a_course_is_complete_before_it_is_proposed(world):
    row = a_course(world, theme=None, syllabus="", minutes=None)
    row.audiences.add(Audience.objects.get(name="戒毒人员"))
    with pytest.raises(Refused) as refused:
        row.propose(actor=world.town)
    assert refused.value.reasons == [
        "请选择主题类别",
        "请写内容提要，居民会看到",
        "请填写总时长",
        "适合人群里有只报人次的人群，不能公开，请去掉",
    ]


def test_a_star_agrees_and_a_picture_is_agreed_to(world):
    picture = Attachment.objects.create(
        place=world.ours.division, name="照片.jpg", content_type="image/jpeg", uploaded_by=world.town
    )
    row = a_story(world, kind="star", body=" ", picture=picture)
    assert row.missing_for_proposal() == [
        "请写正文",
        "请填写百姓学习之星的名称",
        "请先征得本人同意，再勾选“本人同意公开姓名和事迹”",
        "照片公开前要征得照片中的人同意，照片里不能有未成年人",
    ]
    assert a_story(world, kind="brand", title="山歌普法").missing_for_proposal() == ["请填写终身学习品牌的名称"]
    assert a_story(world, kind="news", title="开班了").missing_for_proposal() == []


def on_session(w, audience, **fields):
    """A story about a verified session for that audience."""
    session = w.session(status="verified")
    AudienceCount.objects.create(session=session, audience=Audience.objects.get(name=audience))
    row = a_story(w, **fields)
    row.sessions.add(session)
    return row


def test_pi_2_no_story_points_to_a_session_that_is_counted_by_heads_only(world):
    row = on_session(world, "戒毒人员")
    with pytest.raises(Refused, match="只报人次"):
        row.propose(actor=world.town)


def test_pi_2_a_story_goes_when_its_session_turns_out_to_be_one_of_a_protected_group(world):
    row = on_session(world, "老年人")
    row.propose(actor=world.town)
    AudienceCount.objects.update(audience=Audience.objects.get(name="戒毒人员"))
    with pytest.raises(Refused, match="只报人次"):
        row.approve(actor=world.bureau)
    AudienceCount.objects.update(audience=Audience.objects.get(name="老年人"))
    row.approve(actor=world.bureau)
    assert list(Story.objects.public()) == [row]
    AudienceCount.objects.update(audience=Audience.objects.get(name="戒毒人员"))
    assert list(Story.objects.public()) == []


def test_no_picture_stands_beside_a_session_with_minors(world):
    picture = Attachment.objects.create(
        place=world.ours.division, name="照片.jpg", content_type="image/jpeg", uploaded_by=world.town
    )
    minors = Audience.objects.filter(sensitivity=Audience.Sensitivity.MINORS).first()
    row = on_session(world, minors.name, picture=picture, picture_agreed=True)
    with pytest.raises(Refused, match="未成年人"):
        row.propose(actor=world.town)
    AudienceCount.objects.update(audience=Audience.objects.get(name="老年人"))
    row.propose(actor=world.town)
    row.approve(actor=world.bureau)
    assert Story.objects.public().get().public_picture == picture
    AudienceCount.objects.update(audience=minors)
    assert Story.objects.public().get().public_picture is None


@pytest.mark.parametrize("model", MAKE)
def test_pi_2_a_protected_groups_name_is_refused_in_every_public_text(world, model):
    for field in model.PUBLIC_TEXTS:
        row = MAKE[model](world, **{"title": f"关于{field}"} | {field: "戒毒人员专场"})
        with pytest.raises(ValidationError, match="戒毒"):
            row.propose(actor=world.town)


# --- the database holds the rules too (IN-5) -----------------------------------------------------------------

BROKEN = {  # constraint: (model, state of the row to break, raw SQL assignment)
    "course_state_known": (Course, State.DRAFT, "state = 'done'"),
    "course_public_is_decided": (Course, State.PUBLIC, "decided_by_id = NULL"),
    "course_returned_with_reason": (Course, State.RETURNED, "return_note = ''"),
    "course_approved_by_another": (Course, State.PUBLIC, "decided_by_id = proposed_by_id"),
    "course_origin_known": (Course, State.DRAFT, "origin = 'copied'"),
    "course_minutes_positive": (Course, State.DRAFT, "minutes = 0"),
    "story_state_known": (Story, State.DRAFT, "state = 'done'"),
    "story_public_is_decided": (Story, State.RETIRED, "decided_at = NULL"),
    "story_returned_with_reason": (Story, State.RETURNED, "return_note = ''"),
    "story_approved_by_another": (Story, State.PUBLIC, "decided_by_id = proposed_by_id"),
    "story_kind_known": (Story, State.DRAFT, "kind = 'gossip'"),
    "story_star_agreed": (Story, State.PUBLIC, "kind = 'star'"),
}


@pytest.mark.parametrize("constraint", BROKEN)
def test_in_5_raw_sql_cannot_break_a_rule_of_a_proposal(world, constraint):
    model, state, assignment = BROKEN[constraint]
    row = brought_to(world, model, state)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE %s SET %s WHERE id = %d" % (model._meta.db_table, assignment, row.pk))  # noqa: UP031


def test_in_5_a_public_picture_is_agreed_to_and_a_title_stands_once_in_a_unit(world):
    picture = Attachment.objects.create(
        place=world.ours.division, name="照片.jpg", content_type="image/jpeg", uploaded_by=world.town
    )
    row = brought_to(world, Story, State.PUBLIC, picture=picture, picture_agreed=True)
    with pytest.raises(IntegrityError, match="story_picture_agreed"), transaction.atomic():
        Story.objects.filter(pk=row.pk).update(picture_agreed=False)
    a_course(world)
    a_course(world, world.theirs)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_course(world)


def test_in_5_a_material_is_a_file_or_a_link(world):
    course = a_course(world)
    file = Attachment.objects.create(
        place=world.ours.division, name="讲义.pdf", content_type="application/pdf", uploaded_by=world.town
    )
    for wrong in [
        {"kind": "file"},
        {"kind": "file", "attachment": file, "link": "https://example.org/"},
        {"kind": "link", "attachment": file},
        {"kind": "lesson"},
        {"kind": "video", "link": "https://example.org/"},
    ]:
        with pytest.raises(IntegrityError, match="material_is_file_or_link"), transaction.atomic():
            CourseMaterial.objects.create(course=course, title="讲义", **wrong)
    CourseMaterial.objects.create(course=course, title="讲义", kind="file", attachment=file)


def test_in_5_a_unit_has_one_story_of_a_title_and_a_course_one_material(world):
    a_story(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_story(world, kind="news")
    course = a_course(world)
    link = {"kind": "link", "title": "讲义", "link": "https://example.org/"}
    course.materials.create(**link)
    with pytest.raises(IntegrityError), transaction.atomic():
        course.materials.create(**link)


def test_constraints_of_proposals_are_all_broken_above():
    held = {c.name for model in MAKE for c in model._meta.constraints if hasattr(c, "condition")}
    assert {name for name in held if name} - set(BROKEN) - {
        "story_picture_agreed",
        "course_title_once_per_unit",
        "story_title_once_per_unit",
    } == set()
