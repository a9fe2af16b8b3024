"""What committing a ledger stores and what undoing takes back, all or none (IN-2); historical ledgers."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from networks.models import AffiliatedBody, AuditEvent
from reporting.models import AssessmentYear
from tests.trainings.workbook_files import HEADER, book
from trainings.models import DeliveryForm, ImportBatch, TrainingSession
from trainings.models import Refused as SessionRefused
from trainings.workbook import Refused, commit, rehearse, undo

from .workbook_checks import errors, notices, only, sheet


@pytest.fixture
def day(world):
    """A date of this year, as text."""
    return f"{world.year}-03-05"


# --- historical -----------------------------------------------------------------------------------


def historical(world, *rows, **options):
    content = book([[*HEADER, "主办单位", "应到"], *rows])
    options = {"historical": True, "confirmed_by": world.bureau2} | options
    return rehearse(content, options.pop("user", world.bureau), **options)


def past(world, years=1):
    return f"{world.year - years}-03-05"


def test_historical_sessions_arrive_verified_and_open_their_year(world):
    rehearsal = historical(world, ["甲", past(world), 50, "白山镇", 60], ["乙", past(world, 2), 51, "县文化馆", None])
    commit(rehearsal)
    stored = TrainingSession.objects.order_by("pk")
    assert [(s.status, s.verified_attendance, s.verified_by, s.entered_by) for s in stored] == [
        ("verified", 50, world.bureau2, world.bureau),
        ("verified", 51, world.bureau2, world.bureau),
    ]
    assert AssessmentYear.objects.filter(county=world.county, year__in=[world.year - 1, world.year - 2]).count() == 2
    assert historical(world, ["甲", past(world), 50, "白山镇", 60]).counts["duplicates"] == 1


def test_one_row_of_the_live_years_refuses_the_whole_historical_file(world):
    with pytest.raises(Refused) as refusal:
        historical(world, ["甲", past(world), 50, "白山镇", 60], ["乙", f"{world.year}-01-01", "约5", "县妇联", 60])
    assert refusal.value.code == "not_historical"
    assert str(world.year) in refusal.value.message and "第 3 行" in refusal.value.message


def test_a_visible_number_is_a_duplicate_before_the_rules_of_its_year(world):
    session = world.session()
    rows = [["甲", f"{world.year}-01-01", 50, "白山镇", session.number], ["乙", past(world), 50, "白山镇", None]]
    content = book([[*HEADER, "主办单位", "场次编号"], *rows])
    rehearsal = rehearse(content, world.bureau, historical=True, confirmed_by=world.bureau2)
    assert (notices(rehearsal), rehearsal.counts["created"]) == ([(2, "duplicate")], 1)


def test_a_locked_year_refuses_a_historical_file(world):
    year = AssessmentYear.objects.open_year(world.county, world.year - 1)
    AssessmentYear.objects.filter(pk=year.pk).update(status="locked")
    with pytest.raises(Refused) as refusal:
        historical(world, ["甲", past(world), 50, "白山镇", 60])
    assert refusal.value.code == "locked_year"


def test_historical_ledgers_need_two_persons_of_the_countys_bureau(world):
    row = ["甲", past(world), 50, "白山镇", 60]
    world.director.person = world.bureau.person
    world.director.save()
    for options, code in (
        ({"confirmed_by": None}, "no_second_person"),
        ({"confirmed_by": world.bureau}, "same_person"),
        ({"confirmed_by": world.director}, "same_person"),
        ({"confirmed_by": world.town}, "no_right"),
        ({"confirmed_by": world.foreign_bureau}, "no_right"),
        ({"user": world.town}, "no_right"),
        ({"historical": False}, "not_historical"),
    ):
        with pytest.raises(Refused) as refusal:
            historical(world, row, **options)
        assert refusal.value.code == code


def test_rows_in_error_keep_a_historical_file_out_without_refusing_it(world):
    assert errors(historical(world, ["甲", past(world), "约50", "白山镇", 60])) == [(2, "实到人次", "bad_figure")]


def test_an_ordinary_ledger_of_an_earlier_year_brings_drafts(world):
    assert only(rehearse(book([HEADER, ["甲", past(world, 3), 40]]), world.town)).status == "draft"


# --- commit and undo (IN-2) -----------------------------------------------------------------------


def many(day, count):
    header = [*HEADER, "培训对象", "协办单位"]
    return book([header, *([f"第{n}期", day, 40, "老年人5、青少年", "县文化馆、县妇联"] for n in range(count))])


def test_in_2_a_rehearsal_stores_nothing_and_a_commit_everything(world, day):
    rehearsal = rehearse(many(day, 30), world.town)
    assert (TrainingSession.objects.count(), ImportBatch.objects.count()) == (0, 0)
    batch = commit(rehearsal, rehearsal.digest, original_name="台账.xlsx")
    assert (batch.state, batch.rows, batch.created, batch.duplicates) == ("committed", 30, 30, 0)
    assert (batch.sha256, batch.rehearsal_digest, batch.unit) == (rehearsal.sha256, rehearsal.digest, world.ours)
    assert batch.sessions.count() == TrainingSession.history.count() == 30
    assert AuditEvent.objects.filter(action="导入台账", actor=world.town).count() == 1


def test_in_2_rows_in_error_store_nothing_at_all(world, day):
    rehearsal = rehearse(book([HEADER, ["甲", day, 40], ["乙", day, "约40"]]), world.town)
    assert rehearsal.counts == {"rows": 2, "created": 0, "duplicates": 0, "skipped": 0}
    with pytest.raises(Refused):
        commit(rehearsal)
    assert TrainingSession.objects.count() == 0


@pytest.mark.parametrize(
    "breaks",
    [
        "_store_parts",
        "_batch",
        "_store_drafts",
    ],
)
def test_in_2_a_failure_at_any_point_of_a_commit_leaves_nothing_and_a_retry_makes_no_doubles(
    world, day, monkeypatch, breaks
):
    def broken(*args, **kwargs):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(f"trainings.workbook.batches.{breaks}", broken)
        with pytest.raises(RuntimeError):
            commit(rehearse(many(day, 5), world.town))
    assert (TrainingSession.objects.count(), TrainingSession.history.count(), ImportBatch.objects.count()) == (0, 0, 0)
    commit(rehearse(many(day, 5), world.town))
    assert TrainingSession.objects.count() == 5


def test_in_2_what_is_committed_is_what_was_confirmed(world, day):
    shown = rehearse(many(day, 3), world.town)
    other = rehearse(many(day, 4), world.town)
    with pytest.raises(Refused) as refusal:
        commit(other, shown.digest)
    assert refusal.value.code == "changed"


def test_in_2_the_digest_covers_the_outcome_not_only_the_file(world, day):
    content = sheet(day, ["协办单位"], ["县图书馆"])
    before = rehearse(content, world.town)
    assert rehearse(content, world.town).digest == before.digest
    AffiliatedBody.objects.create(county=world.county, name="县图书馆", unit=world.wxgtj)
    assert rehearse(content, world.town).digest != before.digest


def test_in_2_two_rehearsals_of_one_file_make_its_sessions_once(world, day):
    first, second = rehearse(many(day, 3), world.town), rehearse(many(day, 3), world.town)
    commit(first)
    with pytest.raises(Refused) as refusal:
        commit(second)
    assert (refusal.value.code, TrainingSession.objects.count()) == ("changed", 3)


def test_in_2_a_waiting_batch_is_committed_once(world, day):
    rehearsal = rehearse(many(day, 3), world.town)
    waiting = ImportBatch.objects.create(
        county=world.county, user=world.town, unit=world.ours, original_name="台账.xlsx", sha256=rehearsal.sha256
    )
    assert commit(rehearsal, batch=waiting).pk == waiting.pk
    with pytest.raises(Refused) as refusal:
        commit(rehearse(book([HEADER, ["新", day, 40]]), world.town), batch=ImportBatch.objects.get())
    assert refusal.value.code == "committed"


def test_a_year_locked_between_rehearsal_and_commit_is_respected(world, day):
    rehearsal = rehearse(many(day, 3), world.town)
    AssessmentYear.objects.update(status="locked")
    with pytest.raises(Refused):
        commit(rehearsal)
    assert TrainingSession.objects.count() == 0


def queries(act):
    """Queries of `act`, with inserts of one table counted once: SQLite takes few rows at a time."""
    with CaptureQueriesContext(connection) as captured:
        act()
    inserts = {q["sql"].split('"')[1] for q in captured if q["sql"].startswith("INSERT")}
    return sum(not q["sql"].startswith("INSERT") for q in captured), inserts


def test_ld_2_an_import_asks_the_database_as_often_for_3_rows_as_for_60(world, day):
    def both(day, count):
        return queries(lambda: commit(rehearse(many(day, count), world.town)))

    both(f"{world.year}-02-05", 1)  # what is asked once per account
    few = both(day, 3)
    assert both(f"{world.year}-04-05", 60) == few


def test_undo_takes_a_whole_batch_back(world, day):
    batch = commit(rehearse(many(day, 3), world.town))
    batch.sessions.first().void(actor=world.town)
    assert undo(batch, world.town) is True
    batch.refresh_from_db()
    assert (batch.state, batch.undone_by, {s.status for s in batch.sessions.all()}) == ("undone", world.town, {"void"})
    assert rehearse(many(day, 3), world.town).counts["created"] == 3
    with pytest.raises(Refused):
        undo(batch, world.town)


def test_undo_keeps_history_and_asks_as_often_for_3_sessions_as_for_60(world, day):
    few, batch = (
        commit(rehearse(many(start, count), world.town)) for count, start in ((3, day), (60, f"{world.year}-04-05"))
    )
    assert queries(lambda: undo(few, world.town)) == queries(lambda: undo(batch, world.town))
    for session in batch.sessions.all():
        last = session.history.first()
        assert (session.version, last.version, last.status, last.history_type) == (2, 2, "void", "~")
        assert (last.history_user, last.history_change_reason) == (world.town, "撤销导入")


def test_undo_names_the_session_that_keeps_the_batch(world, day):
    batch = commit(rehearse(many(day, 3), world.town))
    kept = batch.sessions.last()
    AssessmentYear.objects.open_year(world.county, world.year)
    for status, said in (("submitted", "待审核"), ("planned", "计划")):
        TrainingSession.objects.filter(pk=kept.pk).update(
            status=status, submitted_by=world.town, form=DeliveryForm.objects.first()
        )
        with pytest.raises(Refused, match=f"没有撤销：“{kept.title}”现在是“{said}”"):
            undo(batch, world.town)
    AssessmentYear.objects.filter(year=world.year).update(status="locked")
    TrainingSession.objects.filter(pk=kept.pk).update(status="draft")
    with pytest.raises(Refused, match="已锁定定案"):
        undo(batch, world.town)
    assert set(batch.sessions.values_list("status", flat=True)) == {"draft"}


def test_undo_is_all_or_nothing_and_only_for_those_who_may(world):
    content = book(
        [
            [*HEADER, "形式"],
            ["甲", f"{world.year}-01-01", 40, "课堂学习"],
            ["乙", f"{world.year}-01-01", 40, "课堂学习"],
        ]
    )
    batch = commit(rehearse(content, world.town))
    batch.sessions.get(title="乙").submit(actor=world.town)
    for user, code in ((world.town, "rules"), (world.town2, "no_right"), (world.auditor, "no_right")):
        with pytest.raises(Refused) as refusal:
            undo(batch, user)
        assert refusal.value.code == code
    assert set(batch.sessions.values_list("status", flat=True)) == {"draft", "submitted"}


def test_a_historical_batch_is_undone_by_two_persons_until_its_year_is_locked(world):
    batch = commit(historical(world, ["甲", past(world), 50, "白山镇", 60]))
    assert undo(batch, world.bureau2) is False
    assert batch.sessions.get().status == "verified"
    world.director.person = world.bureau2.person
    world.director.save()
    for same in (world.bureau2, world.director):
        with pytest.raises(Refused) as refusal:
            undo(batch, same)
        assert refusal.value.code == "no_right"
    with pytest.raises(PermissionDenied, match="另一位"):
        TrainingSession.undo_batch(batch, actor=world.director)
    AssessmentYear.objects.filter(year=world.year - 1).update(status="locked")
    with pytest.raises(Refused):
        undo(batch, world.bureau)
    AssessmentYear.objects.filter(year=world.year - 1).update(status="open")
    assert undo(batch, world.bureau) is True
    assert batch.sessions.get().status == "void"


def test_ac_5_the_verb_itself_undoes_a_historical_batch_for_a_second_person_only(world):
    batch = commit(historical(world, ["甲", past(world), 50, "白山镇", 60]))
    with pytest.raises(SessionRefused, match="先由一位"):
        TrainingSession.undo_batch(batch, actor=world.bureau)
    batch.undo_proposed_by = world.bureau2  # in memory only: what counts is what is stored
    with pytest.raises(SessionRefused, match="先由一位"):
        TrainingSession.undo_batch(batch, actor=world.bureau)
    undo(batch, world.bureau2)
    for nobody in (world.bureau2, world.town, world.foreign_bureau, world.auditor):
        with pytest.raises(PermissionDenied):
            TrainingSession.undo_batch(batch, actor=nobody)
    AssessmentYear.objects.filter(year=world.year - 1).update(status="locked")
    with pytest.raises(SessionRefused, match="锁定定案"):
        TrainingSession.undo_batch(batch, actor=world.bureau)
    assert batch.sessions.get().status == "verified"


def test_ac_3_nobody_but_its_uploader_undoes_an_ordinary_batch_by_the_verb(world, day):
    batch = commit(rehearse(book([HEADER, ["甲", day, 40]]), world.town))
    for nobody in (world.bureau, world.town2, world.head, world.auditor):
        with pytest.raises(PermissionDenied):
            TrainingSession.undo_batch(batch, actor=nobody)
    AssessmentYear.objects.filter(year=world.year).update(status="locked")
    with pytest.raises(SessionRefused, match="锁定定案"):
        TrainingSession.undo_batch(batch, actor=world.town)
    assert batch.sessions.get().status == "draft"


def test_ac_3_a_session_that_its_unit_has_confirmed_keeps_the_bureaus_batch(world, day):
    batch = commit(rehearse(book([[*HEADER, "主办单位"], ["甲", day, 40, "白山镇"]]), world.bureau))
    batch.sessions.get().confirm_entry(actor=world.town)
    with pytest.raises(Refused, match="责任单位确认"):
        undo(batch, world.bureau)
    assert batch.sessions.get().status == "draft"


def test_ac_4_no_historical_ledger_is_recorded_into_a_locked_year(world):
    batch = commit(historical(world, ["甲", past(world), 50, "白山镇", 60]))
    AssessmentYear.objects.filter(year=world.year - 1).update(status="locked")
    row = TrainingSession(
        organiser=world.ours,
        title="乙",
        held_on=datetime.date(world.year - 1, 3, 6),
        reported_attendance=50,
        place=world.county,
        batch=batch,
    )
    with pytest.raises(SessionRefused, match="锁定定案"):
        TrainingSession.record_historical([row], actor=world.bureau, confirmed_by=world.bureau2)
    with pytest.raises(PermissionDenied, match="另一位"):
        TrainingSession.record_historical([row], actor=world.bureau, confirmed_by=world.bureau)
    assert TrainingSession.objects.count() == 1
