"""PI-5: rosters go when their term has passed, counts stay, and what is held back stays."""

import datetime
import io
import threading

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks.models import AuditEvent, CountySettings
from reporting.models import AssessmentYear
from trainings.models import (
    Announcement,
    Audience,
    AudienceCount,
    Evidence,
    PhotoPrint,
    Refused,
    RosterHold,
    RosterLine,
    SignUp,
    TrainingSession,
)
from trainings.rosters import keeping, purging
from trainings.rosters.keeping import Person

TODAY = datetime.date.today()


@pytest.fixture
def kept(world):
    """Two rosters and a sign-up of last year, locked thirteen months ago as the days are counted, and one of this year."""
    w = world
    w.last = w.year - 1
    w.one, w.two = (w.session(held_on=datetime.date(w.last, 3, day), title=f"去年{day}") for day in (1, 2))
    w.now = w.session()
    for session in [w.one, w.two, w.now]:
        keeping.add(session, [Person("张三"), Person("李四")], actor=w.town, source="pasted")
    notice = Announcement.objects.create(session=w.one, is_public=True, phone="0771-6820000")
    SignUp.objects.create(announcement=notice, name="张三", phone_tail="1234", cancel_digest="x")
    w.locked = AssessmentYear.objects.open_year(w.county, w.last)
    w.lock(w.locked)
    AssessmentYear.objects.filter(pk=w.locked.pk).update(locked_on=purging.months_after(TODAY, -13))
    w.locked.refresh_from_db()
    return w


def run(*words):
    out = io.StringIO()
    call_command("purge_rosters", *words, stdout=out)
    return out.getvalue()


def counts(w):
    stored = TrainingSession.objects.in_bulk([w.one.pk, w.two.pk, w.now.pk])
    return [stored[s.pk].rostered_attendance for s in (w.one, w.two, w.now)]


def test_pi_5_a_dry_run_deletes_nothing_and_says_what_would_go(kept):
    told = run()
    assert (
        f"将删除：马山县 {kept.last}年度 2 场的名册 4 人、报名 1 条、未成年人照片 0 份；人次不变" in told
        and "没有删除" in told
    )
    assert RosterLine.objects.count() == 6 and not AuditEvent.objects.filter(action="按期删除名册").exists()


def test_pi_5_what_is_due_goes_with_its_sign_ups_and_the_counts_stay(kept):
    assert "已删除" in run("--commit")
    assert set(RosterLine.objects.values_list("session", flat=True)) == {kept.now.pk}
    assert not SignUp.objects.exists() and counts(kept) == [2, 2, 2]
    kept.one.refresh_from_db()
    assert kept.one.roster_purged_on == TODAY and kept.now.roster_purged_on is None
    act = AuditEvent.objects.get(action="按期删除名册")
    detail = {"year": kept.last, "locked_on": str(kept.locked.locked_on), "months": 12, "sessions": 2}
    assert (
        act.detail
        == detail
        | {
            "lines": 4,
            "people": 2,
            "sign_ups": 1,
            "pictures": 0,
            "held_sessions": 0,
        }
        and act.county_code == kept.county.pk
    )
    assert "已删除" not in run("--commit")


def test_pi_5_pictures_of_minors_go_with_the_rosters_and_leave_their_digest(
    kept, ask, django_capture_on_commit_callbacks
):
    minors = Audience.objects.filter(sensitivity=1).first()
    school = kept.session(title="暑期班")
    TrainingSession.objects.filter(pk=school.pk).update(held_on=datetime.date(kept.last, 4, 1))
    school.refresh_from_db()
    for session in (school, kept.two):
        for kind in ("photo", "notice"):
            Evidence(
                session=session,
                kind=kind,
                file=SimpleUploadedFile("x.jpg", b"x"),
                content_type="image/jpeg",
                sha256_stored=kind * 2,
                uploaded_by=kept.town,
            ).save_base(force_insert=True)  # past the refusal of a locked year
    AudienceCount.objects.bulk_create([AudienceCount(session=school, audience=minors, number=30)])  # likewise
    picture = school.evidence.get(kind="photo")
    for piece in Evidence.objects.filter(kind="photo"):
        PhotoPrint.objects.create(evidence=piece, rule=1, patterns=b"x")
    with django_capture_on_commit_callbacks(execute=True):
        run("--commit")
    picture.refresh_from_db()
    assert (picture.file, picture.purged_on, picture.sha256_stored) == ("", TODAY, "photophoto")
    assert PhotoPrint.objects.get().evidence.session == kept.two
    assert Evidence.objects.exclude(file="").count() == 3 and not picture.file.storage.exists("x.jpg")
    assert "按期删除，摘要保留" in ask(kept.town, reverse("session-detail", args=[school.pk])).content.decode()
    with pytest.raises(Exception, match=r"(?i)constraint"), transaction.atomic():
        Evidence.objects.filter(pk=picture.pk).update(purged_on=None)


def test_pi_5_the_term_runs_to_the_day_from_the_locking_and_is_the_countys_own(kept):
    years = AssessmentYear.objects.filter(pk=kept.locked.pk)
    for locked_on, months, gone in [
        (purging.months_after(TODAY, -12) + datetime.timedelta(days=1), 12, False),
        (purging.months_after(TODAY, -12), 13, False),
        (None, 12, False),
        (purging.months_after(TODAY, -12), 12, True),
    ]:
        years.update(locked_on=locked_on)
        CountySettings.objects.filter(pk=kept.county.pk).update(roster_months=months)
        run("--commit")
        assert (RosterLine.objects.count() == 2) is gone, (locked_on, months)


def test_pi_5_a_year_that_is_not_locked_keeps_its_rosters(kept):
    kept.unlock(kept.locked)
    assert kept.locked.locked_on is None
    assert "年度还没有锁定定案" in run("--commit") and RosterLine.objects.count() == 6


def backdated(session, **when):
    """Past the gate of its verbs, as an older version may have left it."""
    TrainingSession.objects.filter(pk=session.pk).update(**when)


def test_pi_5_a_year_that_is_never_locked_keeps_no_name_beyond_the_year_following_and_its_term(kept, ask):
    never = kept.last - 3
    backdated(kept.now, held_on=datetime.date(never, 12, 31), created_at=f"{never}-12-31T01:00:00Z")
    due = datetime.date(never + 3, 1, 1)  # twelve months after the end of the year following
    assert purging.purge(kept.county.pk, today=due - datetime.timedelta(days=1)) == []
    purging.hold(kept.county.pk, never, reason="信访核查", actor=kept.bureau)
    assert purging.purge(kept.county.pk, today=due) == []
    purging.lift(RosterHold.objects.get(), actor=kept.bureau)
    page = ask(kept.bureau, reverse("roster-terms")).content.decode()
    assert "已到期，年度还没有锁定定案" in page
    [done] = purging.purge(kept.county.pk, today=due)
    assert (done.term.year, done.lines) == (never, 2) and counts(kept)[2] == 2
    assert AuditEvent.objects.get(action="按期删除名册").detail["locked_on"] == ""


def test_pi_5_while_a_year_is_unlocked_or_its_last_session_has_just_been_entered_nothing_goes(kept):
    long_ago = kept.last - 3
    backdated(kept.now, held_on=datetime.date(long_ago, 12, 31), created_at=f"{kept.last}-06-01T01:00:00Z")
    assert purging.purge(kept.county.pk, today=datetime.date(long_ago + 3, 1, 2)) == []  # entered afterwards
    with time_machine.travel(f"{kept.last + 4}-03-01T01:00:00Z", tick=False):
        kept.unlock(kept.locked)
    term = next(term for term in purging.terms(kept.county.pk) if term.year == kept.last)
    assert term.due_on == datetime.date(kept.last + 5, 3, 1)


def test_pi_3_pi_5_a_sheet_goes_with_the_roster_that_names_a_child(kept):
    """It is closed to the office because of that line: it may not come to light when the line is gone."""
    RosterLine.objects.filter(session=kept.one).update(age_band="")
    RosterLine.objects.filter(pk=kept.one.roster.first().pk).update(age_band="minor")
    fields = {"original_name": "x.jpg", "sha256_original": "1" * 64, "sha256_stored": "2" * 64}
    pieces = [
        Evidence(session=session, kind=kind, file=f"evidence/{number}.jpg", uploaded_by=kept.town, **fields)
        for number, (session, kind) in enumerate([(kept.one, "sheet"), (kept.one, "photo"), (kept.two, "sheet")])
    ]
    for piece in pieces:
        piece.save_base(force_insert=True)  # past the refusal of a locked year
    assert "未成年人照片 1 份" in run("--commit")
    assert [bool(row.file) for row in Evidence.objects.order_by("pk")] == [False, True, True]


def test_pi_5_a_session_without_a_date_has_the_term_of_the_year_in_which_it_was_entered(kept, ask):
    backdated(kept.now, held_on=None, created_at=f"{kept.last}-12-31T15:30:00Z")  # 23:30 in the county
    assert "其中 1 场没有培训日期" in ask(kept.bureau, reverse("roster-terms")).content.decode()
    held = {"year": kept.last, "number": kept.now.number, "reason": "审计取证"}
    assert ask(kept.bureau, reverse("roster-hold"), held, "post").status_code == 302
    told = run("--commit")
    assert "其中 1 场没有培训日期" in told and "另有 1 场单独暂缓" in told
    assert set(RosterLine.objects.values_list("session", flat=True)) == {kept.now.pk}
    purging.lift(RosterHold.objects.get(), actor=kept.bureau)
    run("--commit")
    assert not RosterLine.objects.exists() and counts(kept) == [2, 2, 2]


@pytest.mark.parametrize("with_a", ["roster", "sign-up"])
def test_pi_5_the_date_stays_as_long_as_somebody_s_name_hangs_on_the_session(kept, with_a):
    if with_a == "sign-up":
        kept.now.roster.all().delete()
        notice = Announcement.objects.create(session=kept.now, is_public=True, phone="0771-6820000")
        SignUp.objects.create(announcement=notice, name="张三", phone_tail="1234", cancel_digest="y")

    def without_date(session):
        row = TrainingSession.objects.get(pk=session.pk)
        row.revise(actor=kept.town, seen_version=row.version, changes={"held_on": None})
        return TrainingSession.objects.get(pk=session.pk).held_on

    with pytest.raises(Refused, match="培训日期不能清空"):
        without_date(kept.now)
    assert without_date(kept.session()) is None


def test_pi_5_a_hold_keeps_a_year_or_one_session_until_it_is_lifted(kept):
    whole = purging.hold(kept.county.pk, kept.last, reason="信访核查", actor=kept.bureau)
    assert "暂缓删除：信访核查" in run("--commit") and RosterLine.objects.count() == 6
    with pytest.raises(Refused, match="已经设置"):
        purging.hold(kept.county.pk, kept.last, reason="再来一次", actor=kept.bureau)
    single = purging.hold(kept.county.pk, kept.last, reason="审计取证", actor=kept.bureau, session=kept.two)
    purging.lift(whole, actor=kept.bureau2)
    run("--commit")
    assert set(RosterLine.objects.values_list("session", flat=True)) == {kept.two.pk, kept.now.pk}
    purging.lift(single, actor=kept.bureau2)
    with pytest.raises(Refused, match="已经解除"):
        purging.lift(single, actor=kept.bureau2)
    run("--commit")
    assert RosterLine.objects.count() == 2 and counts(kept) == [2, 2, 2]
    for bad in [{"reason": ""}, {"lifted_at": None}]:
        with pytest.raises(Exception, match=r"(?i)constraint"), transaction.atomic():
            RosterHold.objects.filter(pk=single.pk).update(**bad)


def test_a_purged_roster_takes_no_line_even_if_its_year_is_opened_again(kept):
    run("--commit")
    kept.unlock(kept.locked)
    with pytest.raises(Refused, match="按期删除"):
        keeping.add(TrainingSession.objects.get(pk=kept.one.pk), [Person("王五")], actor=kept.town, source="pasted")
    assert counts(kept)[0] == 2


def test_the_office_holds_back_and_lifts_on_a_page_with_a_reason(kept, ask):
    page = ask(kept.bureau, reverse("roster-terms")).content.decode()
    assert f"{kept.last}年度" in page and "已到期" in page
    answer = ask(kept.bureau, reverse("roster-hold"), {"year": kept.last, "reason": "查"}, "post")
    assert "至少 4 个字" in answer.content.decode() and not RosterHold.objects.exists()
    wrong = {"year": kept.last, "reason": "审计取证", "number": kept.now.number}
    assert "没有编号为" in ask(kept.bureau, reverse("roster-hold"), wrong, "post").content.decode()
    ask(kept.bureau, reverse("roster-hold"), wrong | {"number": kept.one.number.lower()}, "post")
    hold = RosterHold.objects.get()
    assert (hold.session, hold.placed_by) == (kept.one, kept.bureau)
    assert "解除" not in ask(kept.auditor, reverse("roster-terms")).content.decode()
    ask(kept.bureau2, reverse("roster-hold-lift", args=[hold.pk]), {}, "post")
    hold.refresh_from_db()
    assert hold.lifted_by == kept.bureau2


def test_ld_2_the_page_of_terms_asks_as_often_for_30_sessions_as_for_3(kept, ask):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            ask(kept.bureau, reverse("roster-terms"))
        return len(captured)

    queries()
    few = queries()
    for n in range(27):
        row = kept.session(title=f"又一场{n}")
        keeping.add(row, [Person("张三")], actor=kept.town, source="pasted")
        purging.hold(kept.county.pk, kept.year, reason="审计取证", actor=kept.bureau, session=row)
    assert queries() == few


# --- a hold against a purge that is under way --------------------------------------------------------------


def in_another_connection(act) -> threading.Thread:
    def run():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until_done_or_waiting(thread: threading.Thread) -> None:
    while thread.is_alive():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone():
                return
        thread.join(timeout=0.1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="there a purge and a hold are never at work at once")
@pytest.mark.parametrize("when", ["before the year is held", "after"])
def test_in_6_nothing_is_deleted_after_its_hold_was_confirmed(kept, monkeypatch, when):
    told = []
    home, name = (purging, "terms") if when != "after" else (purging.years, "rules_of")
    step = getattr(home, name)

    def hold():
        purging.hold(kept.county.pk, kept.last, reason="信访核查", actor=kept.bureau)
        told.append(RosterLine.objects.filter(session=kept.one).count())

    def meanwhile(*args, **asked):
        found = step(*args, **asked)
        if not threads and (when != "after" or asked):
            threads.append(in_another_connection(hold))
            until_done_or_waiting(threads[0])
        return found

    threads: list[threading.Thread] = []
    monkeypatch.setattr(home, name, meanwhile)
    done = purging.purge(kept.county.pk)
    threads[0].join()
    left = RosterLine.objects.filter(session=kept.one).count()
    assert (bool(done), told, left) == ((False, [2], 2) if when != "after" else (True, [0], 0))
