"""我们怎么算: every number that a page shows has its definition there, with numerator, denominator, exclusions and basis."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from networks.models import AnnualFigure
from reporting.definitions import NOT_A_RATE, Gauge
from reporting.how import HINTS, everything, hints, sections
from reporting.indicators import INDICATORS
from reporting.measures import MEASURES
from reporting.models import AssessmentYear, MaterialKind
from reporting.references import REFERENCES, ReferenceFigures, outcomes
from trainings.hints import KINDS
from trainings.models import Audience

from .plan_world import file_report

VOID = {"input", "br", "img", "meta", "link", "hr", "path", "rect", "line", "circle", "polyline"}
# Names, choices and the year that is shown are no figures; neither are definitions, nor what a chart's axis says.
NO_FIGURES = {"nav", "form", "h1", "h2", "h3", "time", "th", "figcaption", "script", "select", "summary"}
NO_FIGURE_CLASSES = {"page-lead", "basis", "how", "how-words", "how-page", "crumbs", "notice", "actions"}


class Figures(HTMLParser):
    """What of a page's main part holds a digit, with the keys of the definitions that it names: [(text, keys)]."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            given = dict(attrs)
            keys = (given.get("data-figure") or "").split()
            skip = tag in NO_FIGURES or NO_FIGURE_CLASSES & set((given.get("class") or "").split())
            self.open.append((tag, keys, bool(skip)))

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        inside = any(tag == "main" for tag, *_ in self.open)
        if inside and re.search("[0-9]", data) and not any(skip for *_, skip in self.open):
            self.found.append((data.strip(), {key for _, keys, _ in self.open for key in keys}))


@pytest.fixture
def full(world, plan):
    """A year in which every part of the pages has something to show."""
    w = world
    year = w.assessment_year
    AssessmentYear.objects.open_year(w.county, w.year - 1)
    row = w.session(status="verified", reported=60)
    row.set_audiences([(Audience.objects.get(name="老年人"), 40)])
    row.save()
    w.session(w.theirs, status="verified", reported=400)
    w.session(w.wxgtj, status="submitted", reported=30)
    w.session(w.theirs, status="returned", reported=31)
    w.session(status="verified", held_on=date(w.year - 1, 1, 1), reported=20)
    file_report(w, plan)
    for name in ("年度工作计划", "年度工作总结", "典型案例"):
        MaterialKind.objects.create(year=year, name=name)
    for kind in AnnualFigure.Kind:
        basis = {"basis": "resident"} if kind == AnnualFigure.Kind.POPULATION else {}
        AnnualFigure.objects.create(
            division=w.county, year=w.year, kind=kind, value=900, source="统计年报", method="抽样", **basis
        )
    return year


def test_every_definition_says_what_is_counted_out_of_what_and_from_where():
    for told in everything().values():
        for part in (told.label, told.definition, told.clause, told.numerator, told.denominator, told.excluded):
            assert part.strip(), told.key
        assert told.definition.endswith(("。", "）。", "）")), told.key
        assert told.gauge in Gauge


def test_a_definition_without_its_denominator_cannot_be_made():
    given = {
        "key": "k",
        "label": "l",
        "unit": "",
        "definition": "d。",
        "clause": "c",
        "numerator": "n",
        "excluded": "e",
    }
    with pytest.raises(TypeError):
        type(INDICATORS["units"])(**given, gauge=Gauge.TASK, read=lambda f: 1)


def test_a_share_names_what_it_is_divided_by():
    for told in everything().values():
        if "÷" in told.definition and told.key != "unit_required":
            assert told.is_rate, told.key
        if told.unit == "%":
            assert told.denominator != NOT_A_RATE, told.key


def test_the_page_holds_every_registry(full, page, world):
    text = page(world.town, "/how/").content.decode()
    for told in everything().values():
        assert f'id="{told.key}"' in text, told.key
    for registry in (INDICATORS, MEASURES):
        assert set(registry) <= set(everything())
    assert {f"reference_{key.value}" for key in REFERENCES} <= set(everything())


def test_the_parts_in_words_are_those_that_the_references_compute(full, world):
    for outcome in outcomes(ReferenceFigures(world.county, world.year), world.county, with_funds=True):
        assert outcome.ratio.numerator.label == outcome.reference.numerator, outcome.reference.key
        assert outcome.ratio.denominator.label in outcome.reference.denominator, outcome.reference.key


def test_quota_and_references_stand_in_sections_of_their_own():
    by_gauge = {section.gauge: {told.key for told in section.definitions} for section in sections()}
    assert {"units_met", "sessions", "attendances", "unit_required"} <= by_gauge[Gauge.TASK]
    assert not any(key.startswith(("reference_", "stat_")) for key in by_gauge[Gauge.TASK])
    assert all(key in by_gauge[Gauge.REFERENCE] for key in everything() if key.startswith("reference_"))
    assert not any("参照" in told.definition for told in everything().values() if told.gauge == Gauge.TASK)


def shown_pages(w):
    town = reverse("assessment-unit", args=[w.year, w.ours.code])
    return [
        f"/assessment/{w.year}/",
        town,
        f"/dashboard/{w.year}/",
        f"/statistics/?year={w.year}",
        f"/statistics/?year={w.year}&by=audience",
        f"/network/zones/references/?year={w.year}",
        f"/plan/?year={w.year}",
        f"/assessment/{w.year}/materials/",
    ]


def reader(w, url):
    """Papers are no business of the leaders'."""
    return w.auditor if "/materials/" in url else w.leader


def test_every_number_on_the_result_pages_comes_from_the_registry(full, page, world):
    known = everything()
    for url in shown_pages(world):
        figures = Figures(page(reader(world, url), url).content.decode()).found
        assert len(figures) > 4, url
        for text, keys in figures:
            assert keys, f"{url} shows “{text}” without saying which definition it has"
            assert keys <= set(known), f"{url} names {keys - set(known)}, which nobody defines"


def test_every_result_page_leads_to_the_definitions(full, page, world):
    for url in shown_pages(world):
        assert f'href="/how/?year={world.year}' in page(reader(world, url), url).content.decode(), url


def test_the_rules_are_those_of_the_year_that_is_asked_for(full, page, world):
    AssessmentYear.objects.filter(year=world.year - 1).update(required_sessions=3, basis_title="上一年的文件")
    now, before = (page(world.town, "/how/", year=year).content.decode() for year in (world.year, world.year - 1))
    assert "每个责任单位 4 场" in now and "每个责任单位 3 场" not in now
    assert "每个责任单位 3 场" in before and "上一年的文件" in before
    for nonsense in ("x", "1999", "\x00", "20260"):
        assert "每个责任单位 4 场" in page(world.town, "/how/", year=nonsense).content.decode()


def test_whoever_sees_no_year_reads_the_definitions_alone(full, page, world):
    text = page(world.centre, "/how/").content.decode()
    assert 'id="township_coverage"' in text and "每个责任单位 4 场" not in text
    for user in (world.operator, world.homeless):
        assert page(user, "/how/").status_code == 403
    assert page(world.foreign_bureau, "/how/", year=world.year).status_code == 200


def test_every_hint_says_when_it_appears():
    assert set(HINTS) == set(KINDS) and all(words.endswith("。") for _, words in hints())


def test_the_page_costs_a_handful_of_queries(full, page, world):
    page(world.bureau, "/how/")
    with CaptureQueriesContext(connection) as caught:
        page(world.bureau, "/how/")
    assert len(caught) <= 16
