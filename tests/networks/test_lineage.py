"""Properties of what became of units and places: against an oracle that walks day by day, and through the verbs."""

import datetime
from datetime import date, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks.models import Division, DivisionSuccession, Institution, Places
from networks.models.succession import Lineage, Link
from networks.redistricting import NewPlace, merge_places, rename_place
from reporting.network import Network
from trainings.models import TrainingSession

from ..site_map import taken_back

FIRST = date(2026, 1, 1)
KEYS = st.integers(0, 7)
STEPS = st.lists(st.tuples(KEYS, KEYS, st.integers(1, 30), st.sampled_from(["rename", "merge", "split"])), max_size=8)


def possible(steps):
    """The steps as links that the verbs would let happen: nothing changes twice, nobody joins what has ended, and a
    renaming makes something new."""
    links, ended, joined = [], {}, {}
    for old, new, after, change in sorted(steps, key=lambda step: step[2]):
        on = FIRST + timedelta(days=after)
        taken = new in ended or (change == "rename" and (new in joined or any(new in link for link in links)))
        if old == new or old in ended or joined.get(old, FIRST) >= on or taken or joined.get(new) == "renamed":
            continue
        links.append(Link(old, new, on, change))
        if change != "split":
            ended[old], joined[new] = on, on
    return links


def day_by_day(links, key, until):
    """Where somebody of `key` stands on a day, by living through the days one after the other."""
    day = FIRST
    while day <= until:
        for link in links:
            if link.change != "split" and link.on == day and link.old == key:
                key = link.new
        day += timedelta(days=1)
    return key


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, day=st.integers(0, 31))
def test_a_lineage_is_what_somebody_lives_through_day_by_day(steps, day):
    links, day = possible(steps), FIRST + timedelta(days=day)
    lineage = Lineage(links)
    heirs = {key: day_by_day(links, key, day) for key in range(8)}
    began = {link.new for link in links if link.change == "rename" and link.on > day}
    for key in set(range(8)) - began:
        assert lineage.path(key, day)[-1] == heirs[key]
        assert lineage.standing_on(key, day) == heirs[key]
        assert lineage.standing_on(heirs[key], day) == heirs[key]  # once is enough
        expected = {other for other in range(8) if day_by_day(links, other, day) == heirs[key]}
        assert set(lineage.answering_for(heirs[key], day)) == expected
    assert Lineage(reversed(links)).path(0, day) == lineage.path(0, day)


PLACES = ["450124100006", "450124100201", "450124103205"]
ACTS = st.lists(
    st.tuples(st.sampled_from(["rename", "code", "merge"]), st.integers(0, 5), st.integers(0, 5), st.integers(2, 11)),
    max_size=4,
)


@pytest.mark.django_db
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=ACTS, heads=st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 12)), max_size=4))
def test_whatever_becomes_of_places_each_session_lies_in_exactly_one_of_today(world, acts, heads):
    with taken_back(), time_machine.travel(datetime.datetime(2026, 12, 30, tzinfo=datetime.UTC), tick=False):
        places = Division.objects.in_bulk(PLACES)
        rows = [
            world.session(status="verified", place=places[code], held_on=date(2026, month, 1)) for code, month in heads
        ]
        more, before = {"basis": "", "actor": world.bureau}, date(2026, 1, 1)
        there_were = Division.objects.filter(tier="village", parent__code__startswith="450124")
        points = {place.pk: [] for place in Division.objects.within("450124")}
        for institution in Institution.objects.filter(division__in=points):
            points[institution.division_id].append(str(institution))
        for number, (kind, one, other, month) in enumerate(sorted(acts, key=lambda act: act[3])):
            villages = list(there_were.filter(retired_on=None).order_by("code"))
            place, into = villages[one % len(villages)], villages[other % len(villages)]
            on, count = date(2026, month, number + 1), len(villages)
            fate = "close" if number % 2 else "move"
            if kind == "rename":
                rename_place(place, name=f"新{number}村委会", on=on, **more)
            elif kind == "code":
                rename_place(place, name=place.name, code=f"{place.code[:9]}{400 + number}", on=on, **more)
            elif place != into:
                merge_places([place], into=into, institutions=fate, on=on, **more)
                count -= 1
            assert there_were.on(on).count() == count
            assert set(there_were.on(before)) == set(there_were.filter(established_on=None))
        now, on_last = list(there_were.filter(retired_on=None)), date(2026, 12, 30)
        assert sorted(row.pk for place in now for row in TrainingSession.objects.held_within(place)) == sorted(
            row.pk for row in rows
        )
        covered = [code for place in now for code in Places("450124", on_last).within(place.pk)]
        assert sorted(covered) == sorted(there_were.values_list("pk", flat=True))
        for day in (date(2026, 6, 15), on_last):
            network = Network("450124", day)
            assert sum(n for n, _ in network.activity.values()) == sum(row.held_on <= day for row in rows)
            assert set(network.activity) <= {node.place.code for node in network.townships}
            assert sum(len(node.below) for node in network.townships) == there_were.on(day).count()
        as_before = Network("450124", before).nodes
        assert {at: sorted(map(str, as_before[at].institutions)) for at in as_before} == points
        ended = set(there_were.exclude(retired_on=None).values_list("pk", flat=True))
        assert set(DivisionSuccession.objects.values_list("old", flat=True)) == ended


@pytest.mark.django_db
def test_a_merged_village_no_longer_counts_and_a_new_one_counts_from_its_day(world):
    with time_machine.travel(datetime.datetime(2026, 12, 30, tzinfo=datetime.UTC), tick=False):
        here = {"on": date(2026, 7, 1), "basis": "", "actor": world.bureau, "institutions": "close"}
        new = NewPlace("新合社区居委会", "450124100009")
        merge_places([world.places["新汉村"], world.places["新兴社区"]], new=new, **here)
        villages = Division.objects.within("450124").filter(tier="village")
        assert set(villages.on(date(2026, 6, 30)).values_list("pk", flat=True)) == set(PLACES)
        assert set(villages.on(date(2026, 7, 1)).values_list("pk", flat=True)) == {"450124100009", "450124103205"}
