"""满意度 and 知晓率 as indicators: by hand, with n and method, withheld below five answers."""

import datetime
from decimal import Decimal

from networks.models import AwarenessSurvey
from reporting import courses
from reporting.indicators import INDICATORS, YearFigures
from reporting.references import REFERENCES, ReferenceFigures
from trainings.models import Course, Feedback, PaperTally
from trainings.models.proposals import State

from ..trainings.test_proposals import brought_to


def of(world, key, place=None):
    return REFERENCES[key].of(ReferenceFigures(world.county, world.year), place or world.county)


def said(session, satisfied=0, fairly=0, unsatisfied=0):
    numbers = {"satisfied": satisfied, "fairly": fairly, "unsatisfied": unsatisfied}
    Feedback.objects.bulk_create(
        Feedback(session=session, satisfaction=word, given_on=session.held_on)
        for word, number in numbers.items()
        for _ in range(number)
    )


def survey(place, asked, aware, year, method="door"):
    AwarenessSurvey.objects.create(
        division=place, year=year, method=method, asked=asked, aware=aware, source="县里抽样"
    )


def test_satisfaction_is_of_the_years_verified_sessions_alone_with_n_and_method(world):
    ours = world.session(status="verified")
    theirs = world.session(world.theirs, status="verified")
    said(ours, satisfied=6, fairly=3, unsatisfied=1)
    PaperTally.objects.create(session=theirs, satisfied=8, fairly=1, unsatisfied=1, source="问卷")
    said(world.session(status="submitted"), unsatisfied=50)
    said(world.session(status="verified", held_on=datetime.date(world.year - 1, 5, 5)), unsatisfied=50)
    said(world.session(world.foreign, status="verified"), unsatisfied=50)
    found = of(world, "satisfaction")
    assert (found.words, found.numerator.value, found.denominator.value) == ("90.0%", 18, 20)
    assert found.denominator.source == "扫码 10 份、纸质 10 份；满意 14、基本满意 4、不满意 2"
    assert of(world, "satisfaction", world.places["古零镇"]).denominator.value == 10
    assert INDICATORS["satisfaction"].of(YearFigures(world.assessment_year)) == Decimal("90.0")
    assert YearFigures(world.assessment_year).satisfaction == found


def test_fewer_than_five_answers_are_withheld_everywhere(world, ask):
    said(world.session(status="verified"), satisfied=3, unsatisfied=1)
    survey(world.county, 4, 1, world.year)
    for key in ("satisfaction", "awareness"):
        found = of(world, key)
        assert (found.value, found.words, found.why) == (None, "无法计算", "答卷不足 5 份，不作统计")
        assert (found.numerator.words, found.denominator.words) == ("<5", "<5")
        assert INDICATORS[key].of(YearFigures(world.assessment_year)) is None
    text = ask(world.leader, f"/network/zones/references/?year={world.year}").content.decode()
    assert "答卷不足 5 份" in text and "25.0%" not in text


def test_awareness_is_of_the_countys_own_survey_or_else_of_its_townships(world):
    assert of(world, "awareness").why == "尚未开展调查"
    survey(world.places["白山镇"], 50, 41, world.year)
    survey(world.places["白山镇"], 50, 39, world.year, "phone")
    survey(world.places["古零镇"], 100, 90, world.year)
    found = of(world, "awareness")
    assert (found.words, found.numerator.value, found.denominator.value) == ("85.0%", 170, 200)
    assert found.denominator.source == "2 个乡镇的调查相加"
    town = of(world, "awareness", world.places["白山镇"])
    assert (town.words, town.denominator.source) == ("80.0%", "入户走访（县里抽样）；电话（县里抽样）")
    survey(world.county, 400, 300, world.year)
    assert (of(world, "awareness").words, of(world, "awareness").denominator.value) == ("75.0%", 400)
    assert INDICATORS["awareness"].of(YearFigures(world.assessment_year)) == Decimal("75.0")


def test_pi_2_few_answers_of_a_township_cannot_be_worked_out_from_the_county_and_the_others(world, ask):
    """The county's 23 answers less the other township's 20 would be three people's."""
    town, other = world.places["白山镇"], world.places["古零镇"]
    said(world.session(status="verified"), satisfied=2, unsatisfied=1)
    theirs = world.session(world.theirs, status="verified")
    said(theirs, satisfied=17, fairly=1, unsatisfied=2)
    survey(town, 3, 1, world.year)
    survey(other, 20, 18, world.year)
    for key in ("satisfaction", "awareness"):
        assert of(world, key).denominator.words == "23 人"
        assert of(world, key, town).denominator.words == "<5"
        shown = of(world, key, other)
        assert (shown.words, shown.numerator.words, shown.denominator.words) == ("90.0%", "不单列", "不单列")
        assert shown.denominator.source == "有的乡镇答卷不足 5 份，各乡镇只列百分比"
    text = ask(world.leader, f"/network/zones/references/?year={world.year}&place={other.pk}").content.decode()
    assert "90.0%" in text and "20 人" not in text and "扫码 20 份" not in text and "满意 17" not in text
    survey(world.county, 400, 300, world.year)  # the county's own says nothing of its townships'
    assert of(world, "awareness", other).denominator.words == "20 人"
    said(world.session(status="verified"), satisfied=2)  # five answers are told, and the others' with them
    assert of(world, "satisfaction", other).denominator.words == "20 人"


def test_the_dashboard_shows_both_with_how_many_were_asked_and_how(world, ask):
    PaperTally.objects.create(
        session=world.session(status="verified"), satisfied=17, fairly=2, unsatisfied=1, source="问卷"
    )
    survey(world.county, 400, 300, world.year)
    text = ask(world.leader, f"/dashboard/{world.year}/").content.decode()
    assert "95.0%" in text and "纸质 20 份" in text
    assert "75.0%" in text and "入户走访（县里抽样）" in text


def test_an_indicator_asks_the_same_number_of_queries_whatever_there_is(world, django_assert_num_queries):
    figures = ReferenceFigures(world.county, world.year)
    with django_assert_num_queries(5):  # answers, paper sheets, surveys; the township as it stands, twice
        figures.satisfaction(world.county), figures.awareness(world.places["白山镇"])
    for number in range(8):
        said(world.session(status="verified", title=f"第{number}场"), satisfied=2)
    figures = ReferenceFigures(world.county, world.year)
    with django_assert_num_queries(5):
        figures.satisfaction(world.county), figures.awareness(world.places["白山镇"])


def test_a_course_is_told_how_content_people_were_with_its_sessions(world):
    liked, few, unheard = (brought_to(world, Course, State.PUBLIC, title=title) for title in ("桑蚕", "山歌", "会鼓"))
    for number, held in enumerate([liked, liked, few, unheard]):
        session = world.session(status="verified", title=f"第{number}场", course=held)
        said(session, **{"satisfied": 5, "unsatisfied": 2} if held == liked else {"satisfied": 2 if held == few else 0})
    found = courses.satisfaction([liked.pk, few.pk, unheard.pk], world.county.pk)
    assert found == {liked.pk: courses.Satisfaction(14, 0.714), few.pk: courses.Satisfaction(2, None)}
