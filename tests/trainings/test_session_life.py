"""A session's life: every state and verb, who may, what is refused and why."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied

from trainings.models import Conflict, Refused, Status, TrainingSession
from trainings.models.verbs import MOVES


def act(verb, session, actor):
    extra = {
        "verify": {"attendance": session.reported_attendance},
        "send_back": {"reason": "figure"},
        "revoke": {"reason": "figure"},
        "cancel": {"reason": "下雨"},
    }
    getattr(session, verb)(actor=actor, **extra.get(verb, {}))


LISTED = {
    ("planned", "hold"): {"town"},
    ("planned", "cancel"): {"town"},
    ("draft", "submit"): {"town"},
    ("draft", "void"): {"town"},
    ("submitted", "withdraw"): {"town"},
    ("submitted", "verify"): {"bureau", "bureau2", "director"},
    ("submitted", "send_back"): {"bureau", "bureau2", "director"},
    ("returned", "submit"): {"town"},
    ("returned", "void"): {"town"},
    ("verified", "revoke"): {"bureau", "bureau2", "director"},
}


@pytest.mark.parametrize("verb", [v for v in MOVES if v != "undo_import"])
@pytest.mark.parametrize("status", Status.values)
def test_ac_4_only_the_listed_moves_succeed_for_the_listed_roles(world, status, verb):
    for name, user in world.users.items():
        session = world.session(status=status)
        allowed = name in LISTED.get((status, verb), set())
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
    world.assessment_year.status = "locked"
    world.assessment_year.save()
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
