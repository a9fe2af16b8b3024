"""The demonstration county: holds what every page needs, the same every time for a given date, and touches nobody else's data."""

import datetime
import io
import json
import socket

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.test import override_settings
from django.utils import timezone
from PIL import Image

from networks.models import (
    AnnualFigure,
    Appointment,
    Division,
    Fund,
    Institution,
    InstitutionCheck,
    InstitutionState,
    LeadingGroup,
    LearningGroup,
    MemberUnit,
    Person,
    Provider,
    ResourceProject,
    ServiceRecord,
    SharedResource,
    User,
    ZoneCheck,
)
from reporting import demonstration
from reporting.calls import redrawn
from reporting.demonstration import calendar, ledger
from reporting.indicators import YearFigures
from reporting.ledger import verify
from reporting.models import (
    AssessmentYear,
    CallSample,
    Confirmation,
    LedgerAct,
    Objection,
    Plan,
    PlanYear,
    QuotaAdjustment,
    ReportEvidence,
    SignOff,
    TaskJudgement,
    TaskReport,
)
from reporting.network import Network
from reporting.publication import published
from reporting.references import ReferenceFigures, outcomes
from trainings import imports
from trainings.hints import hints_of
from trainings.models import Audience, AudienceCount, CoOrganiser, Evidence, ImportBatch, Status, TrainingSession

NOON = datetime.time(12, 0)


def made_on(day, **options):
    with time_machine.travel(datetime.datetime.combine(day, NOON, datetime.timezone(datetime.timedelta(hours=8)))):
        return demonstration.prepare(day, **options)


@pytest.fixture(scope="module")
def county(nothing_stands, django_db_blocker, tmp_path_factory):
    """The demonstration of 2026-11-24, made once for this module and taken back at its end; nothing here may change it."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        passwords = made_on(datetime.date(2026, 11, 24))
        yield passwords, media
        transaction.set_rollback(True)


def year_sums(year):
    """(sessions, attendances) that are verified and of a counting form, by unit code."""
    counting = TrainingSession.objects.in_year(year).filter(status="verified", form__counts_for_quota=True)
    rows = counting.values("organiser__code").annotate(n=Count("pk"), heads=Sum("verified_attendance"))
    return {row["organiser__code"]: (row["n"], row["heads"]) for row in rows}


def test_every_account_of_the_surface_is_there_each_a_person_of_its_own(county):
    passwords, _ = county
    towns = list(Division.objects.filter(tier="township").values_list("code", flat=True))
    wanted = {"bureau", "bureau2", "director", "centre", "leader", "auditor", "operator"}
    wanted |= {f"{kind}-{code}" for kind in ("town", "head") for code in towns}
    wanted |= {f"unit-{code}" for code in ["jyj", "fgkjj", "mzj", "rsj", "wxgtj", "tw", "kx", "lgj"]}
    more = {"town-450124100-2", "unit-wxgtj-2"}  # without a password; one waits for its first, one is suspended
    assert set(passwords) == wanted == set(User.objects.values_list("username", flat=True)) - more
    assert User.objects.values("person").distinct().count() == len(wanted | more)
    assert len(wanted) == len(set(passwords.values()))
    assert not any(account.has_usable_password() for account in User.objects.filter(username__in=more))
    assert not User.objects.get(username="unit-wxgtj-2").is_active
    assert set(Person.objects.values_list("post", flat=True)) == {"演示数据"}
    assert User.objects.get(username="bureau").check_password(passwords["bureau"])


def test_three_earlier_years_and_this_one_are_full_and_the_first_two_are_settled(county):
    assert list(AssessmentYear.objects.order_by("year").values_list("year", "status", "locked_on")) == [
        (2023, "locked", datetime.date(2026, 1, 17)),
        (2024, "published", datetime.date(2026, 2, 8)),
        (2025, "open", None),
        (2026, "open", None),
    ]
    acts = LedgerAct.objects.order_by("sequence")
    people = ("proposed_by__username", "confirmed_by__username")
    assert list(acts.values_list("year__year", "kind", "number", *people)) == [
        (2023, "lock", 1, "bureau", "bureau2"),
        (2024, "lock", 1, "bureau", "bureau2"),
        (2024, "publish", 1, "bureau", "bureau2"),
        (2024, "unlock", 1, "bureau", "bureau2"),
        (2024, "lock", 2, "bureau", "bureau2"),
        (2024, "publish", 2, "bureau", "director"),
    ]
    with override_settings(MEDIA_ROOT=county[1]):
        report = verify()
    assert (report.findings, report.acts, report.years) == ([], 6, [2023, 2024])
    for year in (2023, 2024, 2025, 2026):
        assert TrainingSession.objects.in_year(year).count() > 100
    earlier = TrainingSession.objects.filter(held_on__year__lt=2026, status="verified")
    assert set(earlier.values_list("is_historical", flat=True)) == {True}
    assert not earlier.filter(verified_by__person=F("submitted_by__person")).exists()
    assert not TrainingSession.objects.exclude(remarks__contains="演示数据").exists()


def test_a_year_is_objected_to_published_and_put_right_and_stamped_sheets_have_come_back(county):
    asked = Objection.objects.order_by("number").values_list("status", "answered_by__username", "filed_at__month")
    assert list(asked) == [("declined", "bureau2", 1), ("partly", "director", 1), ("withdrawn", None, 1)]
    one = published(AssessmentYear.objects.get(year=2024))
    assert one.correction == 1 and [unit["code"] for unit in one.changes["units"]] == ["450124104"]
    assert len(one.content["commended"]) == 2 and SignOff.objects.get().act.number == 1
    sheets = Confirmation.objects.order_by("uploaded_at").values_list("year__year", "unit__code", "status")
    assert list(sheets) == [
        (2025, "450124100", "accepted"),
        (2025, "wxgtj", "accepted"),
        (2025, "450124103", "returned"),
        (2025, "kx", "received"),
    ]


def test_the_last_full_year_shows_every_way_a_year_can_go(county):
    sums = year_sums(2025)
    assert sums["450124100"][0] >= 4 and sums["450124100"][1] >= 400  # met both halves
    assert sums["450124106"][0] < 4 and sums["450124106"][1] >= 400  # attendances, too few sessions
    assert sums["450124203"][0] >= 4 and sums["450124203"][1] < 400  # the reverse
    assert sums["450124201"][0] < 4 and sums["450124201"][1] < 400  # neither
    out = io.StringIO()
    with time_machine.travel("2026-11-24 12:00+08:00"):
        call_command("assess", "2025", "--format", "json", stdout=out)
    standings = {item["code"]: item for item in json.loads(out.getvalue())}
    assert len(standings) == 18
    assert standings["450124100"]["forecast"] == "met"
    assert standings["450124201"]["forecast"] == "lost"


def test_the_last_full_year_holds_returned_joint_and_headcount_only_sessions(county):
    last = TrainingSession.objects.in_year(2025)
    returned = last.filter(status="returned")
    assert returned.count() >= 3 and not returned.filter(Q(return_reason="") | Q(return_note="")).exists()
    assert last.filter(co_organisers__unit__isnull=False).exists()
    assert last.filter(audience_counts__audience__sensitivity=2).exists()
    assert last.filter(days__gt=1).exists()


def test_this_year_has_something_for_every_page(county):
    now = TrainingSession.objects.in_year(2026)
    by_status = dict(now.values_list("status").annotate(Count("pk")))
    assert set(by_status) == set(Status.values)
    assert by_status["submitted"] >= 10 and by_status["planned"] >= 5 and by_status["verified"] > 60
    assert now.filter(status="submitted").exclude(on_behalf_source="").exists()
    assert now.filter(unit_confirmed_at__isnull=False).exists()
    assert now.filter(status="verified").exclude(verified_attendance=F("reported_attendance")).exists()
    assert now.filter(status="draft", form=None, reported_attendance=None).exists()
    assert now.filter(status="submitted", co_organisers__unit__isnull=False).exists()
    assert now.filter(status="submitted", ends_on__isnull=False).exists()
    assert now.filter(organiser__kind=MemberUnit.Kind.OTHER, status="verified").exists()
    assert now.filter(entered_by__role="centre").exists()
    assert CoOrganiser.objects.filter(unit=None).exists()
    adjusted = QuotaAdjustment.objects.order_by("unit__code")
    assert list(adjusted.values_list("year__year", "unit__code")) == [(2024, "450124104"), (2024, "450124203")]
    assert ImportBatch.objects.filter(historical=True, state="committed").count() == 3


def test_groups_places_providers_and_projects_are_there_and_sessions_name_their_groups(county):
    groups = LearningGroup.objects.all()
    assert 24 <= groups.count() <= 30 and set(groups.values_list("kind", flat=True)) == set(LearningGroup.Kind.values)
    assert groups.values("division__parent").exclude(division__parent="450124").distinct().count() == 11
    assert not groups.exclude(name__startswith="演示·").exists() and groups.filter(ended_on__isnull=False).count() == 1
    linked = TrainingSession.objects.exclude(learning_group=None).select_related("learning_group")
    assert 10 <= linked.count() <= 80 and linked.filter(status="verified").exists()
    assert all(row.place_id[:9] == row.learning_group.division_id[:9] for row in linked)
    assert all(row.learning_group.founded_on <= row.held_on for row in linked)
    schools = SharedResource.objects.filter(kind="school")
    served = list(schools.values_list("serves", flat=True))
    assert len(served) == len(set(served)) == 156  # every village, each once
    assert all(row.name == f"演示·{row.serves.order_by('code')[0].short_name}小学" for row in schools)
    kinds = dict(SharedResource.objects.values_list("kind").annotate(Count("pk")))
    assert kinds["station"] == 11 and {kinds[kind] for kind in ("library", "culture", "folk", "achievement")} == {1}
    assert SharedResource.objects.filter(is_open=False).exists()
    assert not SharedResource.objects.exclude(note="演示数据").exists()
    assert Provider.objects.count() == 4
    assert set(ResourceProject.objects.values_list("kind", flat=True)) == set(ResourceProject.Kind.values)


def test_the_network_has_people_hours_and_groups_with_gaps_and_slips_to_be_seen(county):
    now = Appointment.objects.on(datetime.date(2026, 11, 24))
    at_units = {f: set(now.filter(function=f).values_list("unit__code", flat=True)) for f in ["contact", "supervisor"]}
    quota = set(MemberUnit.objects.filter(terms__fact="quota").values_list("code", flat=True))
    assert (quota - at_units["contact"], quota - at_units["supervisor"]) == ({"tw"}, {"450124201"})
    officers = dict(now.filter(function="officer").values_list("institution__division").annotate(Count("pk")))
    assert officers["450124102"] == 2 and "450124201" not in officers and len(officers) == 10
    part_timers = now.filter(function="part_time").with_catchment().select_related("institution")
    assert sum(row.sent_from_elsewhere for row in part_timers) in {1, 2}
    assert Appointment.objects.exclude(succeeds=None).count() == 1
    assert set(ServiceRecord.objects.values_list("held_on__year", flat=True)) == {2025, 2026}
    assert LeadingGroup.objects.count() == 3
    vacant = LeadingGroup.objects.get(division="450124").seats_on(datetime.date(2026, 11, 24))
    assert [seat.unit.code for seat in vacant if seat.holder is None] == ["lgj"]
    assert not Person.objects.exclude(phone__regex=r"^(139 0000 \d{4}|0771-6000\d{3}|)$").exists()


def test_two_uploaded_ledgers_wait_to_be_mended(county, settings):
    _, settings.MEDIA_ROOT = county
    waiting = ImportBatch.objects.filter(state="rehearsed")
    town = imports.rehearse_batch(waiting.get(user__username="town-450124100"))
    assert [(p.row, p.column) for p in town.errors] == [(4, "实到人次"), (6, "开始时间")]
    bureau = imports.rehearse_batch(waiting.get(user__username="bureau"))
    assert bureau.unknown_organisers == ["马山县山歌协会"] and bureau.counts["rows"] == 2


@pytest.mark.parametrize("username", ["town-450124100", "unit-wxgtj"])
def test_the_officers_with_a_button_find_returned_draft_submitted_and_planned_sessions(county, username):
    user = User.objects.get(username=username)
    own = TrainingSession.objects.editable_by(user).in_year(2026)
    assert {"returned", "draft", "submitted", "planned", "verified"} <= set(own.values_list("status", flat=True))
    assert TrainingSession.objects.visible_to(user).exclude(organiser=user.own_unit).exists()


def test_nothing_has_happened_that_could_not_have_happened_yet(county):
    noon = datetime.datetime(2026, 11, 24, 12, tzinfo=timezone.get_default_timezone())
    over = TrainingSession.objects.exclude(status__in=["planned", "cancelled"])
    latest = over.aggregate(Max("held_on"), Max("ends_on"), Max("submitted_at"), Max("verified_at"), Max("created_at"))
    assert max(latest["held_on__max"], latest["ends_on__max"]) < noon.date()
    assert max(latest["submitted_at__max"], latest["verified_at__max"], latest["created_at__max"]) < noon
    assert TrainingSession.history.aggregate(Max("history_date"))["history_date__max"] < noon
    assert Evidence.objects.aggregate(Max("uploaded_at"))["uploaded_at__max"] < noon
    for earlier, later in [("created_at", "submitted_at"), ("submitted_at", "verified_at")]:
        assert not over.filter(**{f"{later}__lt": F(earlier)}).exists()


def test_history_tells_the_life_of_each_session_in_order(county):
    revoked = TrainingSession.history.filter(history_change_reason__startswith="撤销核定").get()
    told = TrainingSession.history.filter(id=revoked.id).order_by("history_date", "history_id")
    assert [row.status for row in told] == ["draft", "submitted", "verified", "returned"]
    nobody = TrainingSession.history.filter(history_user=None)  # a coordinator reports without an account
    assert {row.history_change_reason[:4] for row in nobody} == {"随手报（"}


def test_evidence_is_real_files_and_fits_the_audience(county, settings):
    _, media = county
    settings.MEDIA_ROOT = media
    photos = Evidence.objects.filter(kind="photo")
    assert photos.count() > 100
    with photos[0].file.open() as stored, Image.open(stored) as picture:
        assert (picture.format, picture.size) == ("JPEG", (800, 600))
    papers = Evidence.objects.filter(content_type="application/pdf")
    with papers[0].file.open() as stored:
        assert stored.read(5) == b"%PDF-"
    assert len(list((media / "evidence").iterdir())) == Evidence.objects.exclude(file="").count()
    assert Evidence.objects.values("sha256_stored").exclude(file="").distinct().count() == photos.count() + (
        Evidence.objects.filter(kind="sheet").count() + papers.values("sha256_stored").distinct().count()
    )
    quiet = AudienceCount.objects.filter(audience__sensitivity=2).values("session")
    assert set(Evidence.objects.filter(session__in=quiet).values_list("kind", flat=True)) == {"notice", "summary"}
    minors = AudienceCount.objects.filter(audience__sensitivity=1).values("session")
    assert not Evidence.objects.filter(session__in=minors, kind__in=Evidence.WITH_NAMES).exists()


def test_pi_2_no_title_or_venue_names_a_group_that_is_counted_by_heads_only(county):
    for name in Audience.objects.protected_names():
        assert not TrainingSession.objects.filter(Q(title__contains=name) | Q(venue__contains=name)).exists()


@pytest.mark.parametrize(
    "today",
    ["2026-01-01", "2026-01-02", "2026-02-28", "2026-06-30", "2026-12-31", "2027-01-15", "2028-02-29"],
)
def test_on_any_day_the_calendar_is_complete_and_looks_back(county, today):
    today = datetime.date.fromisoformat(today)
    holders = ledger.Ledger(Division.objects.get(code="450124"), today).holders()
    events = calendar.draw(today, holders)
    assert events == calendar.draw(today, holders)
    assert len({event.number for event in events}) == len(events)
    fates = {event.fate for event in events}
    assert {"historical", "verified", "submitted", "returned", "draft", "planned", "cancelled", "void"} <= fates
    for event in events:
        over = event.ends_on or event.held_on
        if event.fate in {"planned", "cancelled"}:
            assert event.held_on > today
        else:
            assert over < today
            assert event.entered.date() >= over and event.entered <= event.submitted <= event.decided
            assert timezone.localtime(event.decided).date() < today
        if event.fate == "historical":
            assert event.held_on.year < today.year


def digest():
    """Everything a visitor could tell two demonstrations apart by, without keys and passwords."""
    sessions = TrainingSession.objects.order_by("number").values_list(
        "number", "title", "organiser__code", "place", "venue", "held_on", "status", "reported_attendance",
        "verified_attendance", "audience_text", "created_at", "submitted_at", "verified_at", "verified_by__username",
    )  # fmt: skip
    evidence = Evidence.objects.order_by("session__number", "pk").values_list(
        "session__number", "kind", "sha256_stored"
    )
    history = TrainingSession.history.order_by("number", "history_id").values_list(
        "number", "history_change_reason", "history_date", "history_user__username"
    )
    return [list(sessions), list(evidence), list(history)]


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_starting_over_on_the_same_day_gives_the_same_county_and_leaves_no_file_behind(settings):
    day = datetime.date(2027, 1, 2)
    made_on(day)
    first, files = digest(), {path.name for path in (settings.MEDIA_ROOT / "evidence").iterdir()}
    assert made_on(day) == {}  # kept
    made_on(day, fresh=True)
    assert digest() == first
    assert not files & {path.name for path in (settings.MEDIA_ROOT / "evidence").iterdir()}
    assert year_sums(2026)["450124100"] >= (4, 400)
    assert {"submitted", "draft", "returned"} <= set(TrainingSession.objects.values_list("status", flat=True))


def test_the_empty_county_has_open_years_and_no_session(db):
    made_on(datetime.date(2027, 1, 2), empty=True)
    assert list(AssessmentYear.objects.order_by("year").values_list("year", flat=True)) == [2024, 2025, 2026, 2027]
    assert Division.objects.get(code="450124").settings.live_since == 2027
    assert not TrainingSession.objects.exists() and not QuotaAdjustment.objects.exists()
    assert MemberUnit.objects.count() == 21


def test_a_database_that_holds_anything_else_is_refused(world, capsys):
    with pytest.raises(CommandError, match="已有别的数据"):
        call_command("demo", "--no-serve", "--fresh")
    assert User.objects.filter(username="town").exists()


def test_a_network_without_accounts_is_somebody_s_and_refused(db):
    call_command("load_county", stdout=io.StringIO())
    with pytest.raises(CommandError, match="已有别的数据"):
        call_command("demo", "--no-serve")


def test_tables_of_another_program_are_refused(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE somebody_elses (id integer)")
    with pytest.raises(CommandError, match="已有别的数据"):
        call_command("demo", "--no-serve")


def test_the_command_prints_each_password_once_with_what_the_role_may_do(db):
    out = io.StringIO()
    call_command("demo", "--no-serve", "--empty", stdout=out)
    text = out.getvalue()
    assert text.count("town-450124100 ") == 1 and "演示·白山镇专干" in text
    assert text.count("领导小组成员：查看全县数字") == 1
    again = io.StringIO()
    call_command("demo", "--no-serve", "--empty", stdout=again)
    assert "保留不动" in again.getvalue() and "town-450124100" not in again.getvalue()


def test_one_password_for_all_when_asked(db, settings):
    settings.DEMO_PASSWORD = "short"
    assert set(made_on(datetime.date(2027, 1, 2), empty=True).values()) == {"short"}
    assert User.objects.get(username="leader").check_password("short")


def test_a_port_in_use_is_said_before_any_work(db):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"端口 {port} 正被别的程序使用"):
            call_command("demo", "--port", str(port))
    assert not User.objects.exists()


def test_coverage_says_something_and_not_the_same_everywhere(county):
    running = Institution.objects.filter(state="open")
    assert {kind: running.filter(kind=kind).count() for kind in ("centre", "school", "point")} == {
        "centre": 1,
        "school": 9,
        "point": 60,
    }
    assert not running.filter(state_since=None).exists()
    assert all(row.history.count() == 2 for row in running.filter(kind="school"))  # loaded, then looked at
    year = AssessmentYear.objects.get(year=2026)
    coverage = YearFigures(year, datetime.date(2026, 11, 24)).coverage
    assert [(found.opened, found.places) for found in coverage.values()] == [(9, 11), (52, 134), (60, 156)]
    assert all(0 < found.covered < found.opened for found in coverage.values())
    points = [node.points for node in Network("450124", datetime.date(2026, 11, 24)).townships]
    at_least_half = sum(found.covered * 2 >= found.places for found in points)
    none = sum(not found.covered for found in points)
    assert at_least_half >= 2 and none >= 1 and len(points) - at_least_half - none >= 4


def test_the_network_shows_every_state_five_checks_and_a_photo(county):
    states = Institution.objects.filter(kind="point").values_list("state").annotate(Count("pk"))
    assert dict(states) == {"open": 60, "preparing": 6, "suspended": 4, "closed": 2, "unconfirmed": 84}
    assert not Institution.objects.filter(state="open", kind="point", address="").exists()
    assert {row.function for row in Institution.objects.exclude(kind__in=["centre", "school", "point"])} == {"manage"}
    checks = dict(InstitutionCheck.objects.values_list("met").annotate(Count("pk")))
    assert checks[True] > checks[False] > 0
    assert Institution.objects.get(photo__isnull=False).division_id == "450124100"
    assert InstitutionState.objects.exclude(note__contains="演示数据").count() == 0


def test_no_township_has_a_population_but_the_one_that_is_known(county):
    people = AnnualFigure.objects.filter(kind="population").exclude(division_id="450124")
    assert list(people.values_list("division_id", "year", "basis", "value")) == [
        ("450124103", 2019, "registered", 59289)
    ]
    own = AnnualFigure.objects.filter(kind="population", division_id="450124").order_by("year")
    assert [(row.year, row.value) for row in own] == [(y, 382_430) for y in (2020, 2023, 2024, 2025, 2026)]
    known = {"第七次全国人口普查", "2019年末户籍人口"}
    assert {row.source for row in AnnualFigure.objects.exclude(source__contains="演示数据")} == known
    assert not Fund.objects.exclude(note="演示数据").exists()


def test_the_last_full_year_has_figures_funds_and_self_checks_and_this_year_has_gaps(county):
    place = Division.objects.get(pk="450124")
    last, now = (
        {o.reference.key: o for o in outcomes(ReferenceFigures(place, y), place, with_funds=True)} for y in (2025, 2026)
    )
    assert {o.reached for o in last.values()} == {True, False, None}
    assert now["participation"].ratio.value is None and "等" not in now["funds"].ratio.denominator.why
    assert set(ZoneCheck.objects.values_list("year", "zone__division__name").annotate(Count("pk"))) == {
        (2025, "白山镇", 10),
        (2026, "白山镇", 8),
    }
    assert not ZoneCheck.objects.exclude(text__contains="演示数据").exists()


def test_the_reviewer_is_pointed_to_something_and_calls_have_been_made(county):
    pending = TrainingSession.objects.filter(status="submitted")
    found = {hint.kind for every in hints_of(pending, "450124").values() for hint in every}
    assert {"photo", "same_event", "capacity"} <= found
    drafts = TrainingSession.objects.filter(organiser__code="450124100", status="draft")
    assert "photo" in {hint.kind for every in hints_of(drafts, "450124").values() for hint in every}
    sample = CallSample.objects.get()
    assert redrawn(sample) and sample.calls.exclude(outcome="").count() == 6


def test_the_plan_is_reported_on_and_judged_this_year_and_closed_last_year(county):
    plan = Plan.objects.get(founding=True)
    assert plan.tasks.count() == 20
    reports = TaskReport.objects.filter(task__plan=plan)
    assert dict(reports.order_by().values_list("year").annotate(Count("pk"))) == {2025: 16, 2026: 16}
    assert reports.filter(year=2026, unit__code="450124100", number=2).count() == 1
    assert reports.filter(sessions=None).count() < 8 and ReportEvidence.objects.count() >= 8
    judged = TaskJudgement.objects.filter(year=2026).values_list("standing", flat=True)
    assert sorted(judged) == ["done", "hindered"]
    assert list(PlanYear.objects.exclude(closed_at=None).values_list("year", flat=True)) == [2025]
