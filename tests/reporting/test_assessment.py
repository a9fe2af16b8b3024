"""What counts towards the quota, and where a unit stands: exact examples of every rule, then a reference (IN-8)."""

import datetime
from datetime import date

import pytest
import time_machine

from networks.models import UnitTerm
from reporting.assessment import (
    Barrier,
    Counting,
    Forecast,
    Tally,
    counted_or_why,
    county_standing,
    forecast_of,
    standings,
)
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import CoOrganiser, DeliveryForm, Status, TrainingSession

LATE = datetime.datetime(2026, 12, 30, 12, tzinfo=datetime.UTC)


@pytest.fixture
def y2026(world):
    """The year 2026 under default rules, with the clock on its last but one day."""
    with time_machine.travel(LATE, tick=False):
        yield AssessmentYear.objects.open_year(world.county, 2026)


def standing_of(year, unit, **options):
    [found] = [s for s in standings(year, **options) if s.unit == unit]
    return found


def verified(world, *figures, unit=None, on=date(2026, 3, 5), **fields):
    return [world.session(unit or world.ours, status="verified", held_on=on, reported=n, **fields) for n in figures]


def why(year, session, unit=None):
    """计入 or the reason, of one session for its organiser or for a co-organiser."""
    counting = Counting(year)
    if unit:
        row = counting.joined().select_related("session").get(session=session, unit=unit)
        return counted_or_why(row.session.status, row.barrier)
    row = counting.led().get(pk=session.pk)
    return counted_or_why(row.status, row.barrier)


# --- both halves ---------------------------------------------------------------------------------------


def test_in_8_four_sessions_and_four_hundred_attendances_meet_the_quota(world, y2026):
    verified(world, 100, 100, 100, 100)
    ours = standing_of(y2026, world.ours)
    assert (ours.verified, ours.met, ours.verdict, ours.forecast) == ((4, 400), True, "已完成任务", "met")


@pytest.mark.parametrize(
    ("figures", "short", "verdict"),
    [
        ([300, 300, 300], (1, 0), "差 1 场"),
        ([25] * 7 + [15, 10], (0, 200), "差 200 人次"),
        ([100, 110, 100], (1, 90), "差 1 场 90 人次"),
        ([], (4, 400), "差 4 场 400 人次"),
    ],
)
def test_in_8_both_halves_are_needed(world, y2026, figures, short, verdict):
    verified(world, *figures)
    ours = standing_of(y2026, world.ours)
    assert (ours.short, ours.met, ours.verdict) == (short, False, verdict)


def test_only_verified_sessions_count_and_submitted_ones_are_pending(world, y2026):
    verified(world, 60)
    for status in ("draft", "submitted", "returned", "void", "planned"):
        world.session(status=status, held_on=date(2026, 4, 1), reported=40, planned_attendance=30)
    ours = standing_of(y2026, world.ours)
    assert (ours.verified, ours.pending, ours.planned) == ((1, 60), (1, 40), (1, 30))


def test_the_verified_figure_counts_not_the_reported_one(world, y2026):
    row = world.session(status="submitted", held_on=date(2026, 4, 1), reported=90)
    row.verify(actor=world.bureau, attendance=70, reason="签到表 70 人")
    assert standing_of(y2026, world.ours).verified == (1, 70)


# --- which sessions ------------------------------------------------------------------------------------


def test_the_first_day_decides_the_year(world, y2026):
    y2025 = AssessmentYear.objects.open_year(world.county, 2025)
    verified(world, 10, on=date(2025, 12, 31))
    verified(world, 20, on=date(2026, 1, 1))
    verified(world, 40, on=date(2025, 12, 30), ends_on=date(2026, 1, 2))
    assert standing_of(y2026, world.ours).verified == (1, 20)
    assert standing_of(y2025, world.ours).verified == (2, 50)


def test_in_8_the_year_turns_at_midnight_in_shanghai(world):
    year = AssessmentYear.objects.open_year(world.county, 2026)
    with time_machine.travel(datetime.datetime(2026, 12, 31, 15, 59, tzinfo=datetime.UTC), tick=False):
        assert standing_of(year, world.ours).forecast == Forecast.LOST  # still 31 December
        tomorrow = AssessmentYear.objects.open_year(world.county, 2027)
        assert standing_of(tomorrow, world.ours).forecast == Forecast.ON_TRACK
    with time_machine.travel(datetime.datetime(2026, 12, 31, 16, 1, tzinfo=datetime.UTC), tick=False):
        verified(world, 30, on=date(2026, 12, 31))
        world.session(status="planned", held_on=date(2027, 1, 1), planned_attendance=5)
        ours = standing_of(year, world.ours)
    assert (ours.verified, ours.planned) == ((1, 30), (0, 0))


def test_a_performance_does_not_count_by_default(world, y2026):
    [show] = verified(world, 800, form=DeliveryForm.objects.get(name="才艺展示"))
    assert standing_of(y2026, world.ours).verified == (0, 0)
    assert why(y2026, show) == "这种培训形式不计入任务"
    y2026.counting_forms.add(show.form)
    assert standing_of(y2026, world.ours).verified == (1, 800)


def test_a_historical_session_without_a_form_counts(world):
    year = AssessmentYear.objects.open_year(world.county, 2024)
    row = TrainingSession(
        title="桑蚕",
        organiser=world.ours,
        place=world.places["白山镇"],
        held_on=date(2024, 5, 1),
        reported_attendance=50,
    )
    TrainingSession.record_historical([row], actor=world.bureau, confirmed_by=world.bureau2)
    assert why(year, row) == "计入"
    assert standing_of(year, world.ours).verified == (1, 50)


def test_a_session_below_the_minimum_length_does_not_count_and_an_unknown_length_does(world, y2026):
    y2026.minimum_minutes = 90
    y2026.save()
    [short] = verified(world, 30, minutes=89)
    [enough] = verified(world, 31, minutes=90)
    [unknown] = verified(world, 32)
    assert [why(y2026, s) for s in (short, enough, unknown)] == ["时长不到本年度的最短时长", "计入", "计入"]
    assert standing_of(y2026, world.ours).verified == (2, 63)


def test_a_class_of_several_days_is_one_session_or_one_a_day_by_the_year(world, y2026):
    verified(world, 40, on=date(2026, 3, 5), ends_on=date(2026, 3, 7))
    assert standing_of(y2026, world.ours).verified == (1, 40)
    y2026.class_counts = "daily"
    y2026.save()
    assert standing_of(y2026, world.ours).verified == (3, 40)
    assert county_standing(y2026).credited == (3, 40)


def test_sessions_of_bodies_without_quota_count_for_the_county_and_for_no_quota(world, y2026):
    [outside] = verified(world, 500, unit=world.outside)
    verified(world, 60)
    verified(world, 70, unit=world.foreign)
    county = county_standing(y2026)
    assert world.outside not in [s.unit for s in county.standings]
    assert (county.credited, county.unit_sum, county.everything) == ((1, 60), (1, 60), (2, 560))
    assert why(y2026, outside) == "举办当日该单位不承担目标任务"


def test_a_unit_counts_only_while_it_bears_the_quota(world, y2026):
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(ends_on=date(2026, 7, 1))
    [before, after] = [
        verified(world, 10, on=date(2026, 6, 30))[0],
        verified(world, 20, on=date(2026, 7, 1))[0],
    ]
    UnitTerm.objects.create(unit=world.lgj, fact="quota", starts_on=date(2026, 7, 1))
    verified(world, 30, unit=world.lgj, on=date(2026, 6, 30))
    verified(world, 40, unit=world.lgj, on=date(2026, 7, 1))
    assert standing_of(y2026, world.ours).verified == (1, 10)
    assert standing_of(y2026, world.lgj).verified == (1, 40)
    assert [why(y2026, s) for s in (before, after)] == ["计入", "举办当日该单位不承担目标任务"]


def test_a_unit_whose_quota_ended_before_the_year_is_not_in_it(world, y2026):
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(ends_on=date(2026, 1, 1))
    assert world.ours not in [s.unit for s in standings(y2026)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("planned", "还是计划，未举办"),
        ("draft", "还是草稿，未提交"),
        ("submitted", "已提交，待审核"),
        ("returned", "已退回，待修改后重新提交"),
        ("void", "已作废"),
        ("cancelled", "计划已取消"),
        ("verified", "计入"),
    ],
)
def test_every_state_says_why_it_does_not_count(world, y2026, status, reason):
    row = world.session(status=status, held_on=date(2026, 3, 5))
    assert why(y2026, row) == reason


def test_a_pending_session_that_could_never_count_is_not_pending(world, y2026):
    row = world.session(status="submitted", held_on=date(2026, 3, 5), form=DeliveryForm.objects.get(name="才艺展示"))
    assert standing_of(y2026, world.ours).pending == (0, 0)
    assert why(y2026, row) == "已提交，待审核；核定后也不计入：这种培训形式不计入任务"


def test_a_cut_off_date_leaves_out_what_was_held_later(world, y2026):
    [march, may] = [*verified(world, 10, on=date(2026, 3, 31)), *verified(world, 20, on=date(2026, 5, 1))]
    cut = {"as_of": date(2026, 3, 31)}
    assert standing_of(y2026, world.ours, **cut).verified == (1, 10)
    assert county_standing(y2026, **cut).everything == (1, 10)
    rows = Counting(y2026, **cut).led().in_bulk([march.pk, may.pk])
    assert [rows[s.pk].barrier for s in (march, may)] == ["", Barrier.AFTER]


# --- joint sessions ------------------------------------------------------------------------------------


def together(world, *, lead=None, units=(), on=date(2026, 3, 5), reported=50, confirmed=True):
    [row] = verified(world, reported, unit=lead or world.ours, on=on)
    for unit in units:
        CoOrganiser.objects.create(session=row, unit=unit, name=unit.name, confirmed_at=LATE if confirmed else None)
    return row


def test_a_joint_session_credits_the_lead_alone_by_default(world, y2026):
    row = together(world, units=[world.theirs])
    assert standing_of(y2026, world.ours).verified == (1, 50)
    assert standing_of(y2026, world.theirs).verified == (0, 0)
    assert why(y2026, row, world.theirs) == "联合举办的场次本年度只计主办单位"


def test_a_year_may_credit_each_confirmed_co_organiser_and_the_county_counts_it_once(world, y2026):
    y2026.joint_credit = "each"
    y2026.save()
    together(world, units=[world.theirs, world.wxgtj])
    waiting = together(world, units=[world.jyj], confirmed=False)
    county = county_standing(y2026)
    assert {s.unit.code: s.verified for s in county.standings} == {
        "450124100": (2, 100),
        "450124103": (1, 50),
        "jyj": (0, 0),
        "wxgtj": (1, 50),
    }
    assert (county.credited, county.unit_sum) == ((2, 100), (4, 200))
    assert why(y2026, waiting, world.jyj) == "本单位还没有确认协办"


def test_a_session_led_by_a_body_without_quota_counts_for_the_county_through_its_co_organisers(world, y2026):
    y2026.joint_credit = "each"
    y2026.save()
    together(world, lead=world.outside, units=[world.ours, world.theirs, world.lgj])
    county = county_standing(y2026)
    assert (county.credited, county.unit_sum) == ((1, 50), (2, 100))


# --- what is required ----------------------------------------------------------------------------------


def test_an_adjustment_replaces_the_default_with_its_reason(world, y2026):
    QuotaAdjustment.objects.create(year=y2026, unit=world.ours, sessions=2, attendances=150, reason="易地搬迁")
    ours = standing_of(y2026, world.ours)
    assert ours.required == (2, 150)
    assert ours.working == "任务调整为 2 场、150 人次。理由：易地搬迁"


def test_a_unit_that_comes_in_by_a_reorganisation_bears_its_share_rounded_up(world, y2026):
    UnitTerm.objects.create(unit=world.lgj, fact="quota", starts_on=date(2026, 7, 1), starts_by_reorganisation=True)
    found = standing_of(y2026, world.lgj)  # 184 of 365 days
    assert found.required == (3, 202)
    assert found.working == (
        "因机构调整按承担任务的天数折算：4 场 × 184 ÷ 365，进为 3 场；400 人次 × 184 ÷ 365，进为 202 人次"
    )


def test_a_leap_year_has_366_days(world):
    year = AssessmentYear.objects.open_year(world.county, 2028)
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(ends_on=date(2028, 7, 1), ends_by_reorganisation=True)
    assert standing_of(year, world.ours).required == (2, 199)  # 182 of 366 days


def test_a_unit_that_leaves_otherwise_bears_the_full_quota(world, y2026):
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(ends_on=date(2026, 7, 1))
    ours = standing_of(y2026, world.ours)
    assert (ours.required, ours.working) == ((4, 400), "")


def test_a_reorganisation_at_the_turn_of_the_year_takes_nothing_off(world, y2026):
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(
        starts_on=date(2026, 1, 1), starts_by_reorganisation=True, ends_on=date(2027, 1, 1), ends_by_reorganisation=True
    )
    assert standing_of(y2026, world.ours).required == (4, 400)


# --- the forecast --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "verified", "pending", "planned", "forecast"),
    [
        (date(2026, 6, 1), (4, 400), (0, 0), (0, 0), "met"),
        (date(2026, 12, 31), (3, 390), (1, 10), (0, 0), "on_track"),
        (date(2026, 11, 1), (0, 0), (1, 100), (3, 300), "on_track"),
        (date(2026, 7, 2), (1, 200), (1, 0), (0, 0), "on_track"),  # 182 of 365 days: 1.99 sessions, 199.5 attendances
        (date(2026, 7, 3), (1, 200), (1, 0), (0, 0), "behind"),  # 183 days: 2.005 sessions
        (date(2026, 1, 1), (0, 0), (0, 0), (0, 0), "on_track"),
        (date(2026, 12, 17), (0, 0), (0, 0), (0, 0), "behind"),
        (date(2026, 12, 18), (0, 0), (0, 0), (0, 0), "lost"),
        (date(2027, 3, 1), (3, 400), (0, 0), (0, 0), "lost"),
        (date(2026, 12, 31), (3, 300), (0, 0), (1, 100), "on_track"),
        (date(2027, 1, 1), (3, 300), (0, 0), (1, 100), "lost"),  # that plan can no longer be held
        (date(2027, 1, 1), (3, 300), (1, 100), (0, 0), "on_track"),  # what was submitted can still be verified
    ],
)
def test_forecast(today, verified, pending, planned, forecast):
    year = AssessmentYear(year=2026)
    found, _ = forecast_of(
        year,
        today=today,
        verified=Tally(*verified),
        pending=Tally(*pending),
        planned=Tally(*planned),
        required=Tally(4, 400),
    )
    assert found == forecast


@pytest.mark.parametrize(
    ("verified", "rates", "latest"),
    [
        ((0, 0), {}, date(2026, 12, 17)),  # 4 sessions: 14 days
        ((3, 310), {}, date(2026, 12, 27)),  # 1 session: 3.5 days, rounded up to 4
        ((4, 0), {}, date(2026, 12, 24)),  # 400 attendances: 2 sessions, 7 days
        ((4, 399), {}, date(2026, 12, 27)),
        ((0, 0), {"sessions_per_week": 1}, date(2026, 12, 3)),
        ((4, 0), {"attendances_per_session": 50}, date(2026, 12, 3)),  # 8 sessions: 28 days
    ],
)
def test_the_latest_day_counts_back_from_the_years_end(verified, rates, latest):
    year = AssessmentYear(year=2026, **rates)
    _, day = forecast_of(
        year,
        today=date(2026, 6, 1),
        verified=Tally(*verified),
        pending=Tally(),
        planned=Tally(),
        required=Tally(4, 400),
    )
    assert day == latest


def outlook(today, verified, required, first, after, **more):
    """(forecast, D) of a unit that bears the quota in [first, after)."""
    none = {"pending": Tally(), "planned": Tally()}
    return forecast_of(
        AssessmentYear(year=2026),
        today=today,
        verified=Tally(*verified),
        required=Tally(*required),
        borne=[(first, after)],
        **none | more,
    )


@pytest.mark.parametrize(
    ("today", "forecast"),
    [
        (date(2026, 6, 26), "behind"),
        (date(2026, 6, 27), "lost"),
        (date(2026, 11, 1), "lost"),
    ],
)
def test_in_8_a_unit_merged_away_is_judged_by_its_own_last_day(today, forecast):
    found = outlook(today, (1, 100), (2, 199), date(2026, 1, 1), date(2026, 7, 1))
    assert found == (forecast, date(2026, 6, 26))  # one session: 3.5 days, rounded up to 4, before 30 June


@pytest.mark.parametrize(
    ("today", "verified", "forecast"),
    [
        (date(2026, 7, 1), (0, 0), "on_track"),
        (date(2026, 8, 1), (1, 60), "on_track"),  # 31 of 184 days: 0.5 sessions, 34 attendances
        (date(2026, 8, 1), (1, 34), "behind"),
        (date(2026, 8, 31), (1, 67), "on_track"),  # 61 of 184 days: 0.99 sessions, 66.97 attendances
        (date(2026, 9, 1), (1, 69), "behind"),  # 62 days: 1.01 sessions
    ],
)
def test_in_8_a_new_unit_is_paced_from_the_day_it_began(today, verified, forecast):
    assert outlook(today, verified, (3, 202), date(2026, 7, 1), date(2027, 1, 1))[0] == forecast


def test_in_8_standings_take_the_days_from_the_terms(world, y2026):
    """Merged away on 1 July, 2 sessions and 199 attendances to reach; new from then on, 3 and 202."""
    half = date(2026, 7, 1)
    UnitTerm.objects.filter(unit=world.ours, fact="quota").update(ends_on=half, ends_by_reorganisation=True)
    UnitTerm.objects.filter(unit=world.theirs, fact="quota").update(starts_on=half, starts_by_reorganisation=True)
    verified(world, 100)
    verified(world, 60, unit=world.theirs, on=date(2026, 7, 20))
    in_june, in_november = ({"as_of": day} for day in (date(2026, 6, 20), date(2026, 11, 1)))
    ours = standing_of(y2026, world.ours, **in_june)
    assert (ours.required, ours.forecast, ours.deadline) == ((2, 199), "behind", "最迟须在 6月26日 前完成")
    assert ours.latest == date(2026, 12, 27)  # as acts have frozen it since the first version
    assert standing_of(y2026, world.ours, **in_november).forecast == Forecast.LOST
    theirs = standing_of(y2026, world.theirs, as_of=date(2026, 8, 1))
    assert (theirs.required, theirs.forecast) == ((3, 202), "on_track")


def test_in_8_a_plan_whose_day_has_passed_keeps_nobody_on_track(world, y2026):
    verified(world, 100, 100, 100)
    plan = {"status": "planned", "planned_attendance": 100}
    world.session(held_on=date(2026, 10, 8), ends_on=date(2026, 10, 10), days=3, **plan)
    on = {day: standing_of(y2026, world.ours, as_of=date(2026, 10, day)) for day in (10, 11)}
    # It ends on the 10th and was not held; the plan is shown as it is.
    assert [(s.forecast, s.planned) for s in on.values()] == [("on_track", (1, 100)), ("behind", (1, 100))]
    world.session(held_on=date(2026, 12, 20), **plan)
    assert standing_of(y2026, world.ours, as_of=date(2026, 12, 20)).forecast == "on_track"
    assert standing_of(y2026, world.ours, as_of=date(2026, 12, 21)).forecast == "behind"


def test_a_day_that_has_passed_is_not_given_as_a_deadline(world, y2026):
    world.session(status="submitted", held_on=date(2026, 3, 5), reported=100)
    verified(world, 100, 100, 100)
    before, after = (standing_of(y2026, world.ours, as_of=date(2026, 12, day)) for day in (27, 28))
    assert (before.forecast, before.deadline) == ("on_track", "最迟须在 12月27日 前完成")
    assert (after.forecast, after.deadline) == ("on_track", "")


def test_the_page_says_by_when(world, y2026):
    verified(world, 100, 210, 1)
    ours = standing_of(y2026, world.ours, as_of=date(2026, 12, 1))
    assert (ours.forecast, ours.verdict, ours.deadline) == ("behind", "差 1 场 89 人次", "最迟须在 12月27日 前完成")
    assert standing_of(y2026, world.ours).deadline == ""  # 30 December: no longer possible
    assert standing_of(y2026, world.ours).forecast == Forecast.LOST


# --- order, scope, queries -----------------------------------------------------------------------------


def test_townships_come_by_code_then_departments_in_the_documents_order(world, y2026):
    assert [s.unit.code for s in standings(y2026)] == ["450124100", "450124103", "jyj", "wxgtj"]
    assert [s.unit.code for s in standings(y2026, units=[world.wxgtj, world.lgj])] == ["wxgtj"]


@pytest.mark.parametrize("credit", ["lead", "each"])
def test_ld_2_a_standing_costs_the_same_queries_at_3_and_30_sessions(world, y2026, django_assert_num_queries, credit):
    y2026.joint_credit = credit
    y2026.save()
    queries = 4 if credit == "lead" else 5
    for count in (3, 27):
        for _ in range(count):
            together(world, units=[world.theirs])
        with django_assert_num_queries(queries):
            standings(y2026)


def test_a_session_is_counted_under_one_state_only(world, y2026):
    for status in ("verified", "submitted", "returned", "draft"):
        world.session(status=status, held_on=date(2026, 3, 5), reported=10)
    led = Counting(y2026).led_tallies()
    ours = {status: tally for (unit, status, *_), tally in led.items() if unit == world.ours.pk}
    assert ours == {Status.VERIFIED: (1, 10), Status.SUBMITTED: (1, 10), Status.RETURNED: (1, 10)}
