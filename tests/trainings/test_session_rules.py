"""Rules that hold on every road: in the verbs, in the database, and when many write at once."""

import datetime
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from networks.models import AuditEvent
from trainings.models import (
    Audience,
    AudienceCount,
    Conflict,
    CoOrganiser,
    Evidence,
    ImportBatch,
    Refused,
    SubmitToken,
    TrainingSession,
)

ROOT = Path(__file__).resolve().parents[2]


# --- many at once (IN-1, IN-3) -----------------------------------------------------------------------------


@pytest.mark.drill
def test_in_1_174_officers_writing_at_once_to_one_sqlite_file_lose_nothing(tmp_path):
    script = Path(__file__).with_name("rush.py")
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "rush.sqlite3")],
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout) == {
        "errors": [],
        "stored": 174,
        "once": 10,
        "results": 10,
        "history": 184,
        "pragmas": {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000},
        "transaction_mode": "IMMEDIATE",
        "atomic_requests": False,
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="the suite's SQLite is in memory; rush.py shows it on a file")
def test_in_3_the_same_token_at_the_same_moment_makes_one_session(world):
    start, results = threading.Barrier(8), []

    def act() -> str:
        changes = {"organiser": world.ours, "title": "同时提交"}
        session = TrainingSession.enter(actor=world.town, changes=changes, audiences=[], co_organisers=[])
        return f"/sessions/{session.pk}/"

    def send() -> None:
        try:
            start.wait()
            results.append(SubmitToken.once(world.town, "t" * 32, act))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [f"/sessions/{TrainingSession.objects.get().pk}/"] * 8


def test_in_3_what_fails_leaves_the_token_unused(world):
    def broken() -> str:
        raise Refused("还不行")

    with pytest.raises(Refused):
        SubmitToken.once(world.town, "t" * 32, broken)
    assert SubmitToken.once(world.town, "t" * 32, lambda: "/first/") == "/first/"
    assert SubmitToken.once(world.town, "t" * 32, broken) == "/first/"
    assert SubmitToken.once(world.town2, "t" * 32, lambda: "/other/") == "/other/"


def test_in_3_another_broken_rule_is_not_taken_for_a_used_token(world):
    def twice() -> str:
        Audience.objects.create(name="老年人")
        return "/never/"

    with pytest.raises(IntegrityError):
        SubmitToken.once(world.town, "t" * 32, twice)


# --- the database holds the rules too (IN-5) ---------------------------------------------------------------------

# constraint: (state of the session to break, raw SQL assignment)
BROKEN_SESSIONS = {
    "session_status_known": ("draft", "status = 'done'"),
    "session_one_place": ("draft", "outside_county = TRUE"),
    "session_year_2000_2099": ("draft", "held_on = '1999-12-31'"),
    "session_ends_after_start": ("draft", "ends_on = '2001-01-01'"),
    "session_end_time_not_before_start": ("draft", "start_time = '10:00', end_time = '09:00'"),
    "session_reported_1_20000": ("draft", "reported_attendance = 20001"),
    "session_planned_1_20000": ("draft", "planned_attendance = 0"),
    "session_verified_1_20000": ("verified", "verified_attendance = 0, verified_reason = 'x'"),
    "session_verified_figure_paired": ("submitted", "verified_attendance = 50"),
    "session_complete_when_submitted": ("submitted", "title = ''"),
    "session_returned_with_reason": ("returned", "return_reason = ''"),
    "session_verified_by_another": ("verified", "verified_by_id = submitted_by_id"),
    "session_different_figure_has_reason": ("verified", "verified_attendance = 51"),
}
COMPLETE = [  # each alone keeps a submitted session from being stored
    "title = ''",
    "held_on = NULL",
    "reported_attendance = NULL",
    "submitted_by_id = NULL",
    "place_id = NULL",
    "form_id = NULL",
]


def broken(table: str, assignment: str, pk: int) -> str:
    """Runs an UPDATE that must fail; what the database says about it."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {assignment} WHERE id = %s", [pk])
    return str(refused.value)


@pytest.mark.parametrize("name", BROKEN_SESSIONS)
def test_in_5_the_database_itself_refuses_a_broken_session(world, name):
    status, assignment = BROKEN_SESSIONS[name]
    session = world.session(status=status)
    assert name in broken("trainings_trainingsession", assignment, session.pk)


@pytest.mark.parametrize("assignment", ["held_on = NULL, ends_on = '2026-01-02'", "ends_on = '2001-01-01'"])
def test_in_5_a_last_day_follows_a_first_day(world, assignment):
    assert "session_ends_after_start" in broken("trainings_trainingsession", assignment, world.session().pk)


def test_a_session_may_end_when_it_begins_which_tells_no_length(world):
    session = world.session(start_time=datetime.time(9), end_time=datetime.time(9))
    session.refresh_from_db()
    assert (session.end_time, session.minutes) == (datetime.time(9), None)


@pytest.mark.parametrize("assignment", COMPLETE)
def test_in_5_an_incomplete_session_cannot_be_stored_as_submitted(world, assignment):
    session = world.session(status="submitted")
    assert "session_complete_when_submitted" in broken("trainings_trainingsession", assignment, session.pk)


def test_in_5_a_second_account_that_entered_it_cannot_stand_as_verifier(world):
    session = world.session(status="verified")
    for role in ("entered_by", "submitted_by"):
        said = broken("trainings_trainingsession", f"verified_by_id = {role}_id", session.pk)
        assert "session_verified_by_another" in said
    said = broken("trainings_trainingsession", "revised_by_id = verified_by_id", session.pk)
    assert "session_verified_by_another" in said


def test_in_5_the_database_refuses_what_else_is_broken(world):
    session = world.session()
    elderly, residents = (Audience.objects.get(name=name) for name in ("老年人", "社区居民"))
    counts = [AudienceCount.objects.create(session=session, audience=a, number=5) for a in (elderly, residents)]
    parts = [CoOrganiser.objects.create(session=session, unit=u, name=u.name) for u in (world.jyj, world.lgj)]
    link = Evidence.objects.create(session=session, kind="report", link="https://x.cn/", uploaded_by=world.town)
    batch = ImportBatch.objects.create(county=world.county, user=world.bureau, original_name="a.xlsx", sha256="0" * 64)
    tokens = [SubmitToken.objects.create(user=world.town, token=name) for name in "ab"]
    cases = {
        "audience_number_positive": ("audiencecount", "number = 0", counts[0].pk),
        "audience_once_per_session": ("audiencecount", f"audience_id = {elderly.pk}", counts[1].pk),
        "co_organiser_once_per_session": ("coorganiser", f"unit_id = {world.jyj.pk}", parts[1].pk),
        "evidence_is_file_or_link": ("evidence", "link = ''", link.pk),
        "evidence_file_has_digest": ("evidence", "link = '', file = 'evidence/x'", link.pk),
        "committed_batch_has_time": ("importbatch", "state = 'committed'", batch.pk),
        "historical_batch_has_two_accounts": (
            "importbatch",
            "historical = TRUE, state = 'committed', confirmed_by_id = user_id, committed_at = '2026-01-01'",
            batch.pk,
        ),
        "submit_token_once_per_user": ("submittoken", "token = 'a'", tokens[1].pk),
        "audience_sensitivity_known": ("audience", "sensitivity = 3", elderly.pk),
    }
    for name, (table, assignment, pk) in cases.items():
        said = broken(f"trainings_{table}", assignment, pk)
        assert name in said or "UNIQUE constraint failed" in said, name
    of_sessions = ("audience", "entry", "evidence", "imports", "parts", "session", "vocabulary")
    models = apps.get_app_config("trainings").get_models()
    ours = [model for model in models if model.__module__.rpartition(".")[2] in of_sessions]
    shown = {
        name for model in ours for name in constraints_of(model)
    }  # others' are broken in the tests of their subject
    assert shown == {*BROKEN_SESSIONS, *cases}  # a new constraint needs its case here


def constraints_of(model) -> list[str]:
    return [] if hasattr(model, "instance_type") else [constraint.name for constraint in model._meta.constraints]


def test_in_5_references_lead_somewhere(world):
    session = world.session()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE trainings_trainingsession SET place_id = '999999' WHERE id = %s", [session.pk])
        connection.check_constraints()


# --- the verbs -------------------------------------------------------------------------------------------------


def enter(world, actor=None, **changes):
    changes = {"organiser": world.ours, "title": "学用智能手机"} | changes
    return TrainingSession.enter(actor=actor or world.town, changes=changes, audiences=[], co_organisers=[])


def test_only_own_units_sessions_are_entered_and_the_bureau_names_its_source(world):
    for actor, unit in (
        (world.town, world.theirs),
        (world.unit, world.ours),
        (world.bureau, world.foreign),
        (world.centre, world.ours),
        (world.head, world.ours),
        (world.auditor, world.ours),
        (world.operator, world.ours),
        (world.homeless, world.ours),
    ):
        with pytest.raises(PermissionDenied):
            enter(world, actor, organiser=unit, on_behalf_source="phone")
    with pytest.raises(Refused, match="代录来源"):
        enter(world, world.bureau)
    assert enter(world, world.bureau, on_behalf_source="phone").status == "draft"


def test_the_bureau_may_move_what_it_entered_to_another_unit_of_its_county_only(world):
    session = enter(world, world.bureau, on_behalf_source="phone")
    session.revise(actor=world.bureau, seen_version=session.version, changes={"organiser": world.theirs})
    with pytest.raises(PermissionDenied):
        session.revise(actor=world.bureau, seen_version=session.version, changes={"organiser": world.foreign})


def test_pi_2_a_protected_group_is_kept_out_of_titles_on_every_road(world):
    hidden = "社\u200b区 矫正对象法律课"
    session = world.session(status="submitted")
    for attempt in (
        lambda: enter(world, title="戒毒人员技能班"),
        lambda: TrainingSession(organiser=world.ours, entered_by=world.town, venue="失独家庭之家").save(),
        lambda: session.correct_wording(actor=world.bureau, seen_version=session.version, changes={"title": hidden}),
    ):
        with pytest.raises(Refused, match="里不能出现"):
            attempt()
    old = datetime.date(world.year - 1, 5, 1)
    rows = [
        TrainingSession(organiser=world.ours, title=title, held_on=old, reported_attendance=9, place=world.county)
        for title in ("普通课", "意外致残人员康复课")
    ]
    with pytest.raises(Refused, match="意外致残人员"):
        TrainingSession.record_historical(rows, actor=world.bureau, confirmed_by=world.bureau2)
    assert TrainingSession.objects.count() == 1


def test_pi_4_no_id_number_stands_in_a_text_of_a_session_on_any_road(world):
    number = "４５０１２４１９９００１０１１２３４"
    session = world.session(status="submitted")
    old = datetime.date(world.year - 1, 5, 1)
    given = {"title": "普通课", "held_on": old, "reported_attendance": 9, "place": world.county}
    rows = [TrainingSession(organiser=world.ours, remarks=number, **given)]
    for attempt in (
        lambda: enter(world, remarks=f"联系人{number}"),
        lambda: session.send_back(actor=world.bureau, reason="other", note=number),
        lambda: TrainingSession.record_historical(rows, actor=world.bureau, confirmed_by=world.bureau2),
    ):
        with pytest.raises(Refused, match="里写了身份证号"):
            attempt()
    assert TrainingSession.objects.get().version == session.version
    TrainingSession.objects.filter(pk=session.pk).update(remarks=number)  # from before there was this rule
    session.refresh_from_db()
    session.send_back(actor=world.bureau, reason="other", note="请删去备注里的身份证号")
    enter(world, remarks="文号 450124201913011234，银行流水 6222021990010112345")  # eighteen digits, no day of birth


@pytest.mark.parametrize(
    "texts",
    [
        {"title": "戒 毒康复技能班"},
        {"venue": "吸毒人员活动室"},
        {"organiser_written": "县司法局社区矫正中心"},
        {"instructors": "社区服刑学员代表"},
    ],
)
def test_pi_2_the_stems_of_protected_groups_stand_in_no_public_text(world, texts):
    with pytest.raises(Refused, match="里不能出现"):
        enter(world, **texts)


def test_pi_2_a_co_organisers_name_names_no_protected_group(world):
    session = world.session()
    with pytest.raises(Refused, match="协办单位里不能出现“失独”"):
        session.revise(
            actor=world.town, seen_version=session.version, changes={}, co_organisers=[(None, "失独关爱协会")]
        )
    assert not session.co_organisers.exists()


def test_pi_2_prevention_may_be_named(world):
    assert enter(world, title="青少年禁毒教育", instructors="县禁毒办").pk


def test_pi_2_a_session_stored_before_the_word_was_protected_can_still_be_sent_back(world):
    session = world.session(status="submitted", title="两后生技能班")
    Audience.objects.filter(name="两后生").update(sensitivity=2)
    session.send_back(actor=world.bureau, reason="other", note="名称请不写人群")
    with pytest.raises(Refused, match="两后生"):
        session.revise(actor=world.town, seen_version=session.version, changes={"title": "两后生技能培训"})
    session.revise(actor=world.town, seen_version=session.version, changes={"title": "技能培训"})


def test_a_confirmation_of_a_co_organiser_survives_a_revision_and_is_recorded(world):
    session = world.session()
    both = [(world.wxgtj, world.wxgtj.name), (world.lgj, world.lgj.name), (None, "马山县妇联")]
    session.revise(actor=world.town, seen_version=1, changes={}, co_organisers=both)
    with pytest.raises(PermissionDenied):
        session.confirm_as_co_organiser(actor=world.unit)  # still a draft: not theirs to see
    session.submit(actor=world.town)
    for _ in range(2):
        session.confirm_as_co_organiser(actor=world.unit)
    for actor in (world.unit_head, world.town, world.town2, world.bureau, world.centre):
        with pytest.raises(PermissionDenied):
            session.confirm_as_co_organiser(actor=actor)
    assert AuditEvent.objects.filter(action="确认协办").count() == 1
    session.withdraw(actor=world.town)
    session.revise(actor=world.town, seen_version=session.version, changes={}, co_organisers=both[:1])
    assert [(part.unit, part.confirmed_at is not None) for part in session.co_organisers.all()] == [(world.wxgtj, True)]
    session.submit(actor=world.town)
    world.lock()
    with pytest.raises(Refused, match="锁定定案"):
        session.confirm_as_co_organiser(actor=world.unit)


def test_only_the_units_officer_confirms_an_entry_on_its_behalf(world):
    session = world.session(actor=world.bureau)
    own = world.session()
    for actor in (world.bureau, world.bureau2, world.head, world.town2, world.centre):
        with pytest.raises(PermissionDenied):
            session.confirm_entry(actor=actor)
    with pytest.raises(Refused, match="不是代录的"):
        own.confirm_entry(actor=world.town)
    session.confirm_entry(actor=world.town)
    first, version = session.unit_confirmed_at, session.version
    session.confirm_entry(actor=world.town)
    assert (session.unit_confirmed_at, session.version) == (first, version)


UNIT_ACTS = {
    "confirms": lambda s, u: s.confirm_entry(actor=u),
    "revises": lambda s, u: s.revise(actor=u, seen_version=s.version, changes={"title": "单位改的名称"}),
    "submits": lambda s, u: s.submit(actor=u),
    "submits and withdraws": lambda s, u: (s.submit(actor=u), s.withdraw(actor=u)),
}


@pytest.mark.parametrize("act", UNIT_ACTS)
def test_ac_3_the_bureau_changes_an_entry_on_behalf_until_the_unit_takes_it_over(world, act):
    session = world.session(actor=world.bureau)
    session.revise(actor=world.bureau2, seen_version=1, changes={"title": "办公室改的名称"})
    session.submit(actor=world.bureau)
    session.withdraw(actor=world.bureau2)
    assert session.unit_confirmed_at is None
    UNIT_ACTS[act](session, world.town)
    assert session.unit_confirmed_at is not None
    version, forbidden = (
        session.version,
        [
            lambda: session.revise(actor=world.bureau, seen_version=version, changes={"reported_attendance": 99}),
            lambda: session.submit(actor=world.bureau),
            lambda: session.withdraw(actor=world.bureau),
            lambda: session.void(actor=world.bureau),
        ],
    )
    for attempt in forbidden:
        with pytest.raises(PermissionDenied):
            attempt()
    stored = TrainingSession.objects.get(pk=session.pk)
    assert (stored.version, stored.reported_attendance) == (version, 50)


def test_only_the_bureau_names_a_source_and_keeps_it(world):
    with pytest.raises(Refused, match="只有领导小组办公室"):
        enter(world, on_behalf_source="phone")
    session = enter(world)
    with pytest.raises(Refused, match="只有领导小组办公室"):
        session.revise(actor=world.town, seen_version=1, changes={"on_behalf_source": "phone"})
    behalf = enter(world, world.bureau, on_behalf_source="phone")
    with pytest.raises(Refused, match="代录来源"):
        behalf.revise(actor=world.bureau, seen_version=1, changes={"on_behalf_source": ""})
    with pytest.raises(Refused, match="只有领导小组办公室"):
        behalf.revise(actor=world.town, seen_version=1, changes={"on_behalf_source": ""})


def test_a_co_organiser_named_twice_counts_once(world):
    twice = [(world.wxgtj, "文新广体局"), (world.wxgtj, "文化局"), (None, "妇联"), (None, "妇联")]
    session = TrainingSession.enter(
        actor=world.town, changes={"organiser": world.ours}, audiences=[], co_organisers=twice
    )
    for _ in range(2):
        assert session.co_organiser_text == "文新广体局、妇联"
        assert list(session.co_organisers.values_list("unit", "name")) == [
            (world.wxgtj.pk, "文新广体局"),
            (None, "妇联"),
        ]
        session.revise(actor=world.town, seen_version=session.version, changes={}, co_organisers=twice)


def test_lists_that_are_too_long_are_refused_with_a_sentence(world):
    session = world.session()
    with pytest.raises(Refused, match="协办单位太多"):
        session.revise(
            actor=world.town, seen_version=1, changes={}, co_organisers=[(None, f"{n}" + "长" * 59) for n in range(6)]
        )
    with pytest.raises(Refused, match="培训对象选得太多"):
        everybody = [(row, 20_000) for row in Audience.objects.exclude(sensitivity=2)]
        session.revise(actor=world.town, seen_version=1, changes={}, audiences=everybody * 2)


def test_in_4_the_version_counts_up_with_every_save_and_a_stale_one_is_refused_with_what_is_stored(world):
    session = world.session(title="一")
    session.revise(actor=world.town, seen_version=1, changes={"title": "二"})
    with pytest.raises(Conflict) as conflict:
        TrainingSession.objects.get(pk=session.pk).revise(actor=world.town, seen_version=1, changes={"title": "三"})
    assert (conflict.value.stored.title, conflict.value.stored.version) == ("二", 2)


def test_the_length_follows_the_clock_unless_it_was_given(world):
    session = world.session(start_time=datetime.time(9), end_time=datetime.time(11, 30))
    assert session.minutes == 150
    session.revise(actor=world.town, seen_version=1, changes={"end_time": datetime.time(10)})
    assert session.minutes == 60
    session.revise(actor=world.town, seen_version=2, changes={"minutes": 45})
    assert session.minutes == 45
    session.revise(
        actor=world.town,
        seen_version=3,
        changes={"ends_on": session.held_on + datetime.timedelta(days=2), "minutes": None},
    )
    assert (session.days, session.minutes) == (3, None)


def test_when_a_session_was_is_told_in_words(world):
    day = datetime.date(2026, 3, 5)
    cases = {
        "": {},
        "2026年3月5日": {"held_on": day},
        "2026年3月5日 上午 09:00—11:30（150分钟）": {
            "held_on": day,
            "part_of_day": "morning",
            "start_time": datetime.time(9),
            "end_time": datetime.time(11, 30),
            "minutes": 150,
        },
        "2026年3月5日至7日": {"held_on": day, "ends_on": datetime.date(2026, 3, 7)},
        "2026年3月5日至4月1日": {"held_on": day, "ends_on": datetime.date(2026, 4, 1)},
        "2026年3月5日至2027年1月2日": {"held_on": day, "ends_on": datetime.date(2027, 1, 2)},
    }
    for words, values in cases.items():
        assert TrainingSession(**values).when_name == words


def test_au_1_a_confirmation_is_not_stored_without_its_record(world, monkeypatch):
    session = world.session()
    session.revise(actor=world.town, seen_version=1, changes={}, co_organisers=[(world.wxgtj, world.wxgtj.name)])
    session.submit(actor=world.town)

    def down(*args, **kwargs):
        raise RuntimeError("audit is down")

    monkeypatch.setattr("trainings.models.entry.audit.record", down)
    with pytest.raises(RuntimeError):
        session.confirm_as_co_organiser(actor=world.unit)
    assert session.co_organisers.get().confirmed_at is None
    assert timezone.now() > session.submitted_at
