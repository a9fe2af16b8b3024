"""A session's life: every state and verb, who may, what is refused and why."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied

from networks.access import eligible_verifiers, involved_in, without_verifier
from networks.models import User
from trainings.models import Audience, Conflict, DeliveryForm, Evidence, Refused, Status, TrainingSession
from trainings.models.verbs import MOVES

from ..site_map import taken_back


def act(verb, session, actor):
    extra = {
        "verify": {"attendance": session.reported_attendance},
        "send_back": {"reason": "figure"},
        "revoke": {"reason": "figure"},
        "cancel": {"reason": "下雨"},
        "postpone": {"reason": "下雨", "held_on": datetime.date.today() + datetime.timedelta(days=9)},
    }
    getattr(session, verb)(actor=actor, **extra.get(verb, {}))


LISTED = {
    ("planned", "hold"): {"town"},
    ("planned", "cancel"): {"town"},
    ("planned", "postpone"): {"town"},
    ("draft", "submit"): {"town"},
    ("draft", "void"): {"town"},
    ("submitted", "withdraw"): {"town"},
    ("submitted", "verify"): {"bureau", "bureau2", "director"},
    ("submitted", "send_back"): {"bureau", "bureau2", "director"},
    ("returned", "submit"): {"town"},
    ("returned", "void"): {"town"},
    ("verified", "revoke"): {"bureau", "bureau2", "director"},
}


BUREAU = {"bureau", "bureau2", "director"}


def listed(status, verb, on_behalf):
    """What the bureau entered on a unit's behalf it also carries on, and whoever entered it does not verify it."""
    who = LISTED.get((status, verb), set())
    if not on_behalf:
        return who
    return who - {"bureau"} if verb == "verify" else who | BUREAU if who == {"town"} else who


TRIED = [(status, verb, False) for status in Status.values for verb in MOVES if verb != "undo_import"]
TRIED += [
    (status, verb, True) for status, verb in LISTED
]  # from any other state it is refused before anybody is asked who


@pytest.mark.parametrize(("status", "verb", "on_behalf"), TRIED)
def test_ac_4_only_the_listed_moves_succeed_for_the_listed_roles(world, status, verb, on_behalf):
    of_all = world.session(status=status, actor=world.bureau if on_behalf else None)
    for name, user in world.users.items():
        with taken_back():
            session = TrainingSession.objects.get(pk=of_all.pk)
            allowed = name in listed(status, verb, on_behalf)
            if allowed:
                act(verb, session, user)
                assert TrainingSession.objects.get(pk=session.pk).status == MOVES[verb].target
            else:
                with pytest.raises((Refused, PermissionDenied)):
                    act(verb, session, user)
                assert TrainingSession.objects.get(pk=session.pk).status == status


def test_a_status_set_by_hand_is_refused_on_save(world):
    session = world.session()
    session.status = "verified"
    with pytest.raises(Refused, match="状态只能通过"):
        session.save()


def test_ac_5_the_verifier_is_another_person_even_with_a_second_account(world):
    world.bureau2.person = world.bureau.person
    world.bureau2.save()
    session = world.session(actor=world.bureau, status="submitted")
    with pytest.raises(PermissionDenied, match="另一位工作人员"):
        session.verify(actor=world.bureau2, attendance=50)
    session.verify(actor=world.director, attendance=50)
    assert session.status == Status.VERIFIED


@pytest.mark.parametrize("by_unit", [True, False])
def test_ac_5_who_entered_on_behalf_does_not_verify_what_the_unit_submits(world, by_unit):
    world.bureau2.person = world.bureau.person
    world.bureau2.save()
    session = world.session(actor=world.bureau)
    session.submit(actor=world.town if by_unit else world.director)
    for same in (world.bureau, world.bureau2):
        with pytest.raises(PermissionDenied, match="另一位工作人员"):
            session.verify(actor=same, attendance=50)
    assert_involved(session, {world.bureau, world.bureau2, world.town if by_unit else world.director})
    pending = TrainingSession.objects.awaiting_review()
    assert list(without_verifier(pending, world.county.pk)) == ([] if by_unit else [session])


def test_ac_5_who_revised_the_figure_does_not_verify_it(world):
    session = world.session(actor=world.bureau)
    session.revise(actor=world.bureau2, seen_version=1, changes={"reported_attendance": 80})
    session.revise(actor=world.director, seen_version=2, changes={"title": "更清楚的名称"})
    session.submit(actor=world.town)
    assert session.revised_by == world.bureau2  # the figure is still theirs
    assert_involved(session, {world.bureau, world.bureau2, world.town})
    with pytest.raises(PermissionDenied, match="另一位工作人员"):
        session.verify(actor=world.bureau2, attendance=80)
    session.verify(actor=world.director, attendance=80)
    session.revoke(actor=world.bureau2, reason="figure")
    session.revise(actor=world.town, seen_version=session.version, changes={"reported_attendance": 81})
    assert_involved(session, {world.bureau, world.bureau2, world.town})  # what else they rewrote may stand


REWRITTEN = {
    "form": lambda w: {"changes": {"form": DeliveryForm.objects.exclude(pk=w.form.pk).first()}},
    "day": lambda w: {"changes": {"held_on": w.today - datetime.timedelta(days=2)}},
    "time": lambda w: {"changes": {"start_time": datetime.time(9)}},
    "audience": lambda w: {"changes": {}, "audiences": [(Audience.objects.get(name="老年人"), 50)]},
    "co-organiser": lambda w: {"changes": {}, "co_organisers": [(w.lgj, w.lgj.name)]},
}


@pytest.mark.parametrize("rewritten", REWRITTEN)
def test_ac_5_who_rewrote_anything_but_words_does_not_verify_it_whoever_writes_afterwards(world, rewritten):
    session = world.session(actor=world.bureau)
    session.revise(actor=world.bureau, seen_version=1, changes={"reported_attendance": 70})
    session.revise(actor=world.bureau2, seen_version=2, **REWRITTEN[rewritten](world))
    session.revise(actor=world.bureau, seen_version=3, changes={"reported_attendance": 80})
    session.submit(actor=world.bureau)
    assert session.revised_by == world.bureau
    assert_involved(session, {world.bureau, world.bureau2})
    with pytest.raises(PermissionDenied, match="另一位工作人员"):
        session.verify(actor=world.bureau2, attendance=80)
    session.verify(actor=world.director, attendance=80)


def test_ac_5_who_moved_the_day_or_once_submitted_it_does_not_verify_it(world):
    ahead = world.today + datetime.timedelta(days=3)
    session = world.session(status="planned", actor=world.bureau, held_on=ahead, reported=None)
    session.postpone(actor=world.bureau2, reason="下雨", held_on=ahead + datetime.timedelta(days=1))
    assert_involved(session, {world.bureau, world.bureau2})
    session = world.session(actor=world.bureau)
    session.submit(actor=world.bureau2)
    session.withdraw(actor=world.bureau2)
    session.submit(actor=world.bureau)
    assert_involved(session, {world.bureau, world.bureau2})


def test_ac_5_words_mended_and_a_form_sent_again_unchanged_bar_nobody(world):
    session = world.session(actor=world.bureau)
    same = {name: getattr(session, name) for name in ("held_on", "form", "reported_attendance", "minutes", "remarks")}
    session.revise(actor=world.bureau2, seen_version=1, changes={**same, "title": "更清楚的名称", "venue": "二楼"})
    session.submit(actor=world.town)
    assert_involved(session, {world.bureau, world.town})
    session.verify(actor=world.bureau2, attendance=50)


def test_ac_5_who_brought_the_evidence_does_not_verify_by_it(world):
    session = world.session(actor=world.bureau)
    Evidence.objects.create(session=session, kind="report", link="https://x.cn/", uploaded_by=world.bureau2)
    session.submit(actor=world.town)
    assert_involved(session, {world.bureau, world.bureau2, world.town})
    with pytest.raises(PermissionDenied, match="上传过它的材料，须由另一位工作人员核定"):
        session.verify(actor=world.bureau2, attendance=50)


def assert_involved(session, users):
    people = {user.person_id for user in users}
    everybody = User.objects.exclude(person=None)
    assert {user.person_id for user in everybody if involved_in(user, [session.pk])} == people
    assert not {user.person_id for user in eligible_verifiers(session)} & people


def test_submitting_lists_everything_that_is_missing(world):
    session = TrainingSession(organiser=world.ours, entered_by=world.town)
    session.save()
    with pytest.raises(Refused) as refused:
        session.submit(actor=world.town)
    assert refused.value.reasons == [
        "请填写培训名称",
        "请填写培训日期",
        "请选择举办地（或勾选县外举办）",
        "请选择培训形式",
        "请填写实到人次",
    ]


def test_a_session_cannot_be_submitted_before_it_is_over(world):
    session = world.session(held_on=world.today + datetime.timedelta(days=1))
    with pytest.raises(Refused, match="还没有结束"):
        session.submit(actor=world.town)


def test_a_different_verified_figure_needs_a_reason(world):
    session = world.session(status="submitted")
    with pytest.raises(Refused, match="请说明理由"):
        session.verify(actor=world.bureau, attendance=40)
    session.verify(actor=world.bureau, attendance=40, reason="签到表 40 人")
    assert (session.verified_attendance, session.reported_attendance) == (40, 50)


def test_each_move_writes_history_with_reason_and_actor(world):
    session = world.session(status="returned")
    last = session.history.first()
    assert (last.history_change_reason, last.history_user, last.status) == (
        "退回修改：人次与佐证不符：签到表只有四十人",
        world.bureau2,
        "returned",
    )


def test_nothing_of_a_locked_year_changes(world):
    session = world.session(status="submitted")
    world.lock()
    for attempt in (
        lambda: session.verify(actor=world.bureau, attendance=50),
        lambda: session.withdraw(actor=world.town),
        lambda: session.save(),
        lambda: world.session(),
    ):
        with pytest.raises(Refused, match="已锁定定案"):
            attempt()


@pytest.mark.parametrize(
    ("status", "verb"), [("submitted", "verify"), ("submitted", "send_back"), ("verified", "revoke")]
)
def test_in_4_a_decision_on_a_version_that_has_moved_on_is_a_conflict(world, status, verb):
    session = world.session(status=status)
    seen = session.version
    TrainingSession.objects.get(pk=session.pk).correct_wording(
        actor=world.bureau2, seen_version=seen, changes={"venue": "文化站二楼"}
    )
    decide = {"verify": {"attendance": 50}}.get(verb, {"reason": "figure"})
    with pytest.raises(Conflict) as conflict:
        getattr(session, verb)(actor=world.bureau, seen_version=seen, **decide)
    assert (conflict.value.stored.venue, conflict.value.stored.status) == ("文化站二楼", status)
    getattr(session, verb)(actor=world.bureau, seen_version=seen + 1, **decide)
    assert TrainingSession.objects.get(pk=session.pk).status == MOVES[verb].target


def test_ac_4_an_older_version_saved_again_changes_nothing(world):
    session = world.session(status="verified")
    for old in session.history.exclude(status="verified"):
        with pytest.raises(Conflict) as conflict:
            old.instance.save()
        assert conflict.value.stored == session
    forged = session.history.filter(status="draft").first().instance
    forged.version = session.version
    with pytest.raises(Refused, match="状态只能通过"):
        forged.save()
    with pytest.raises(Refused, match="状态只能通过"):
        TrainingSession(pk=session.pk, organiser=world.ours, entered_by=world.town, version=session.version).save()
    session.refresh_from_db()
    assert (session.status, session.verified_attendance) == ("verified", 50)


@pytest.mark.parametrize("fields", [None, ["title"]])
def test_ac_4_a_stale_object_overwrites_nothing(world, fields):
    stale = TrainingSession.objects.get(pk=world.session().pk)
    fresh = TrainingSession.objects.get(pk=stale.pk)
    fresh.title = "改过的名称"
    fresh.save(update_fields=fields)
    stale.venue = stale.title = "旧页面"
    with pytest.raises(Conflict) as conflict:
        stale.save(update_fields=fields)
    assert (conflict.value.stored.title, conflict.value.stored.venue) == ("改过的名称", "")
    fresh.submit(actor=world.town)
    with pytest.raises(Conflict):
        stale.save()
    assert TrainingSession.objects.get(pk=stale.pk).status == "submitted"


def test_ac_4_no_object_moves_a_session_out_of_a_locked_year_or_into_one(world):
    session = world.session()
    other_year = datetime.date(world.year - 1, 5, 1)
    outside = world.session(held_on=other_year)
    world.lock()
    unread = TrainingSession(pk=session.pk, version=session.version, organiser=world.ours, entered_by=world.town)
    unread.held_on, outside.held_on = other_year, session.held_on
    session.held_on = other_year
    for row in (session, unread, outside):
        with pytest.raises(Refused, match="锁定定案"):
            row.save()


def test_ac_4_a_session_is_never_deleted(world):
    session = world.session()
    for delete in (session.delete, TrainingSession.objects.filter(pk=session.pk).delete):
        with pytest.raises(Refused, match="不能删除"):
            delete()
    assert TrainingSession.objects.filter(pk=session.pk).exists()


FROZEN = [  # (status before the year was locked, who, what)
    ("planned", "town", lambda s, u: s.hold(actor=u)),
    ("planned", "town", lambda s, u: s.cancel(actor=u, reason="下雨")),
    ("draft", "town", lambda s, u: s.submit(actor=u)),
    ("draft", "town", lambda s, u: s.void(actor=u)),
    ("draft", "town", lambda s, u: s.revise(actor=u, seen_version=s.version, changes={"reported_attendance": 99})),
    ("submitted", "town", lambda s, u: s.withdraw(actor=u)),
    ("submitted", "bureau", lambda s, u: s.verify(actor=u, attendance=50)),
    ("submitted", "bureau", lambda s, u: s.send_back(actor=u, reason="figure")),
    ("submitted", "bureau", lambda s, u: s.correct_wording(actor=u, seen_version=s.version, changes={"title": "新"})),
    ("returned", "town", lambda s, u: s.submit(actor=u)),
    ("returned", "town", lambda s, u: s.void(actor=u)),
    ("verified", "bureau", lambda s, u: s.revoke(actor=u, reason="figure")),
    ("verified", "bureau", lambda s, u: s.correct_wording(actor=u, seen_version=s.version, changes={"title": "新"})),
]


@pytest.mark.parametrize(("status", "who", "attempt"), FROZEN)
def test_ac_4_no_verb_works_after_the_freeze(world, status, who, attempt):
    session = world.session(status=status)
    world.lock()
    before = TrainingSession.objects.filter(pk=session.pk).values().get()
    with pytest.raises(Refused, match="锁定定案"):
        attempt(session, world.users[who])
    assert TrainingSession.objects.filter(pk=session.pk).values().get() == before


def test_ac_4_no_entry_on_behalf_is_confirmed_after_the_freeze(world):
    session = world.session(actor=world.bureau)
    world.lock()
    with pytest.raises(Refused, match="锁定定案"):
        session.confirm_entry(actor=world.town)
