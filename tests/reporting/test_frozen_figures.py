"""IN-7: in whatever small world, what is frozen is what was computed, every list behind a frozen figure adds up to it, and what
is computed again from the rows is the same."""

import pytest
from hypothesis import HealthCheck, given, settings

from networks.models import MemberUnit
from reporting import chain
from reporting.assessment import county_standing
from reporting.confirming import Sheets
from reporting.counting import Counting, Tally, total
from reporting.frozen import frozen_of
from reporting.indicators import YearFigures
from reporting.ledger import verify
from reporting.models.feedback import Quarter
from reporting.snapshot import figures
from trainings.models import TrainingSession

from ..tries import tries
from .test_assessment_reference import WORLD, stored

slowly = settings(
    max_examples=tries(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def told(year):
    """Every figure that a page shows of a year, open or settled alike."""
    county, read = county_standing(year), YearFigures(year)
    units = {
        s.unit.code: (s.required, s.verified, s.pending, s.planned, s.short, s.met, s.verdict, s.latest)
        for s in county.standings
    }
    totals = (county.credited, county.unit_sum, county.everything, county.submitted, county.returned, county.met)
    groups = [(g.label, g.sessions, g.words) for g in [*read.themes, *read.audiences]]
    return units, totals, list(read.months), groups


def sheets(year):
    units = list(MemberUnit.objects.filter(county=year.county_id))
    read = Sheets(year)
    return {
        (unit.code, quarter): (sheet.code, sheet.counted, sheet.required)
        for unit in read.units(units)
        for quarter in Quarter.values
        if (sheet := read.of(unit, quarter))
    }


def lists(year):
    """The numbers of the sessions behind the county's two figures and behind each unit's, as the rows have it."""
    counting = Counting(year)
    numbers = lambda rows: sorted(rows.values_list("number", flat=True))  # noqa: E731 — said three times below
    units = MemberUnit.objects.filter(county=year.county_id)
    return (
        numbers(counting.credited()),
        numbers(counting.verified()),
        {unit.code: numbers(counting.credited(TrainingSession.objects.all(), unit)) for unit in units},
    )


@pytest.mark.django_db
@slowly
@given(case=WORLD)
def test_in_7_frozen_figures_are_the_computed_ones(world, case):
    with stored(world, case) as year:
        computed, papers, rows = told(year), sheets(year), lists(year)
        act = world.lock(year)
        settled = frozen_of(year)
        assert told(year) == computed
        assert sheets(year) == papers
        units = {unit.code: settled.behind(unit.code) for unit in MemberUnit.objects.filter(county=year.county_id)}
        frozen = (settled.behind(), settled.behind(everything=True), units)
        assert (sorted(frozen[0]), sorted(frozen[1]), {code: sorted(found) for code, found in units.items()}) == rows
        assert total(map(settled.size, frozen[0].values())) == computed[1][0]
        assert total(map(settled.size, frozen[1].values())) == computed[1][2]
        for code, (_, verified, *_) in computed[0].items():
            assert total(map(settled.size, units[code].values())) == Tally(*verified), code
        assert chain.canonical(act.content["figures"]) == chain.canonical(figures(year))
        assert verify().findings == []
