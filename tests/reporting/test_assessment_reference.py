"""IN-8: the assessment against an independent reference of twenty lines that knows no SQL."""

import datetime
import math
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.models import UnitTerm
from reporting.assessment import Tally, county_standing, forecast_of
from reporting.models import AssessmentYear, QuotaAdjustment
from trainings.models import CoOrganiser, DeliveryForm, TrainingSession

from ..tries import tries

CODES = ["ours", "theirs", "jyj", "wxgtj", "lgj"]
PARTNERS = st.lists(st.tuples(st.sampled_from(CODES), st.booleans()), max_size=3, unique_by=lambda pair: pair[0])
EDGES = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(2026, 7, 1), date(2026, 7, 2), date(2026, 12, 31)]
DAYS = st.sampled_from([*EDGES, date(2027, 1, 1)])  # few days, so that terms end where sessions are held

SESSION = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(CODES),
        "on": DAYS,
        "days": st.integers(1, 3),
        "heads": st.integers(1, 500),
        "status": st.sampled_from(["verified", "verified", "verified", "submitted"]),
        "form": st.sampled_from(["课堂学习", "才艺展示", None]),
        "historical": st.booleans(),
        "minutes": st.sampled_from([None, 45, 90]),
        "partners": PARTNERS,
    }
)
TERM = st.tuples(DAYS, st.sampled_from([1, 2, 181, 182, 184, 365, 400]), st.booleans(), st.booleans())
WORLD = st.fixed_dictionaries(
    {
        "sessions": st.lists(SESSION, max_size=6),
        "terms": st.dictionaries(st.sampled_from(CODES), TERM),
        "adjustments": st.dictionaries(st.sampled_from(CODES), st.tuples(st.integers(0, 3), st.integers(0, 300))),
        "credit": st.sampled_from(["lead", "each"]),
        "classes": st.sampled_from(["once", "daily"]),
        "minimum": st.sampled_from([None, 60]),
    }
)


def reference(case, state="verified"):
    """({code: (sessions, attendances, required sessions, required attendances)}, the county's (sessions, attendances))."""
    in_year = {date(2026, 1, 1) + timedelta(days=n) for n in range(365)}
    borne, required = {}, {}
    for code, (start, length, came, left) in case["terms"].items():
        end = start + timedelta(days=length)
        borne[code] = {start + timedelta(days=n) for n in range(length)} & in_year
        cut = (came and start in in_year - {min(in_year)}) or (left and end in in_year)
        share = len(borne[code]) / 365 if cut else 1
        full = tuple(math.ceil(round(n * share, 9)) for n in (4, 400))
        required[code] = case["adjustments"].get(code, full)
    figures = {code: [0, 0] for code in case["terms"] if borne[code]}
    county = [0, 0]
    for s in case["sessions"]:
        long_enough = case["minimum"] is None or s["minutes"] is None or s["minutes"] >= case["minimum"]
        if s["status"] != state or s["on"] not in in_year or not long_enough or s["form"] == "才艺展示":
            continue
        if s["form"] is None and not s["historical"]:
            continue
        partners = {c for c, confirmed in s["partners"] if confirmed} if case["credit"] == "each" else set()
        credited = [c for c in partners | {s["unit"]} if s["on"] in borne.get(c, ())]
        size = s["days"] if case["classes"] == "daily" else 1
        for target in [figures[c] for c in credited] + [county] * bool(credited):
            target[0] += size
            target[1] += s["heads"]
    return {c: (*f, *required[c]) for c, f in figures.items()}, tuple(county)


@contextmanager
def stored(world, case):
    """The case in the database, and away again: the year it describes."""
    units = {code: getattr(world, code) for code in CODES}
    forms = {form.name: form for form in DeliveryForm.objects.all()}
    with transaction.atomic():
        year = AssessmentYear.objects.open_year(world.county, 2026)
        year.joint_credit, year.class_counts, year.minimum_minutes = case["credit"], case["classes"], case["minimum"]
        year.save()
        UnitTerm.objects.filter(fact="quota", unit__county=world.county).delete()
        for code, (start, length, came, left) in case["terms"].items():
            UnitTerm.objects.create(
                unit=units[code],
                fact="quota",
                starts_on=start,
                ends_on=start + timedelta(days=length),
                starts_by_reorganisation=came,
                ends_by_reorganisation=left,
            )
        for code, (sessions, attendances) in case["adjustments"].items():
            QuotaAdjustment.objects.create(
                year=year, unit=units[code], sessions=sessions, attendances=attendances, reason="调整"
            )
        for s in case["sessions"]:
            store_session(world, units, forms, s)
        yield year
        transaction.set_rollback(True)


def store_session(world, units, forms, s):
    verified = s["status"] == "verified"
    historical = s["historical"] or s["form"] is None  # the database holds no other session without a form
    s["historical"] = historical
    row = TrainingSession(
        title="桑蚕",
        organiser=units[s["unit"]],
        place=world.places["白山镇"],
        held_on=s["on"],
        ends_on=s["on"] + timedelta(days=s["days"] - 1),
        days=s["days"],
        form=forms.get(s["form"]),
        is_historical=historical,
        minutes=s["minutes"],
        reported_attendance=s["heads"],
        verified_attendance=s["heads"] if verified else None,
        status=s["status"],
        entered_by=world.town,
        submitted_by=world.town,
        verified_by=world.bureau if verified else None,
        verified_at=timezone.now() if verified else None,
    )
    TrainingSession.objects.bulk_create([row])
    CoOrganiser.objects.bulk_create(
        CoOrganiser(
            session=row,
            unit=units[code],
            name=code,
            confirmed_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) if confirmed else None,
        )
        for code, confirmed in s["partners"]
    )


def measured(world, case):
    with stored(world, case) as year:
        county = county_standing(year)
    names = {getattr(world, code).pk: code for code in CODES}
    verified = {names[s.unit.pk]: (*s.verified, *s.required) for s in county.standings}
    pending = {names[s.unit.pk]: (*s.pending, *s.required) for s in county.standings}
    return (verified, tuple(county.credited)), pending


slowly = settings(
    max_examples=tries(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@slowly
@given(case=WORLD)
def test_in_8_the_assessment_agrees_with_the_reference(world, case):
    verified, pending = measured(world, case)
    assert verified == reference(case)
    assert pending == reference(case, state="submitted")[0]


@slowly
@given(case=WORLD, order=st.randoms())
def test_in_8_the_order_of_sessions_makes_no_difference(world, case, order):
    before = measured(world, case)
    order.shuffle(case["sessions"])
    assert measured(world, case) == before


@slowly
@given(case=WORLD, extra=SESSION)
def test_in_8_one_more_verified_session_lowers_nothing(world, case, extra):
    (before, county), _ = measured(world, case)
    case["sessions"].append(extra | {"status": "verified"})
    (after, more), _ = measured(world, case)
    for code, figures in before.items():
        assert all(new >= old for new, old in zip(after[code], figures, strict=True)), code
    assert more[0] >= county[0] and more[1] >= county[1]


def outlook(today, days, verified, pending, planned, required):
    """Forecast and D of a unit that bears the quota on these days of 2026, at two sessions a week and 300 heads a session."""
    short = [max(need - have, 0) for have, need in zip(verified, required, strict=True)]
    latest = max(days) - timedelta(days=math.ceil(3.5 * max(short[0], math.ceil(short[1] / 300))))
    gone = sum(day < today for day in days)
    hand = [a + b for a, b in zip(verified, pending, strict=True)]
    plans = [a + b * (today.year == 2026) for a, b in zip(hand, planned, strict=True)]
    if not any(short):
        return "met", latest
    if all(a >= need for a, need in zip(plans, required, strict=True)):
        return "on_track", latest
    if all(a / need >= gone / len(days) for a, need in zip(hand, required, strict=True) if need):
        return "on_track", latest
    return ("lost" if today > latest else "behind"), latest


FIGURES = st.tuples(st.integers(0, 4), st.sampled_from([0, 1, 60, 100, 199, 200, 300, 400]))
PERIODS = st.lists(st.sampled_from(EDGES[1:]), min_size=2, max_size=4, unique=True).map(sorted)


@given(
    today=st.dates(date(2025, 12, 1), date(2027, 2, 1)),
    edges=PERIODS,
    sums=st.tuples(FIGURES, FIGURES, FIGURES, FIGURES),
)
def test_in_8_the_forecast_agrees_with_one_that_counts_the_days_one_by_one(today, edges, sums):
    borne = list(zip(edges[::2], edges[1::2], strict=False))
    days = [start + timedelta(days=n) for start, end in borne for n in range((end - start).days)]
    names = ("verified", "pending", "planned", "required")
    figures = {name: Tally(*pair) for name, pair in zip(names, sums, strict=True)}
    found = forecast_of(AssessmentYear(year=2026), today=today, borne=borne, **figures)
    assert found == outlook(today, days, *sums)


@pytest.mark.parametrize(("length", "required"), [(73, (1, 80)), (74, (1, 82)), (365, (4, 400))])
def test_the_reference_itself_knows_a_fifth_of_a_year(length, required):
    case = {
        "sessions": [],
        "terms": {"ours": (date(2026, 12, 31) - timedelta(days=length - 1), length, True, False)},
        "adjustments": {},
    }
    assert reference(case)[0]["ours"] == (0, 0, *required)
