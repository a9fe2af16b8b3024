"""The network in figures: what runs on a day, coverage with its denominators, staffing by the norm, and the pages that show it."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from networks.models import (
    AnnualFigure,
    Appointment,
    Division,
    DivisionSuccession,
    Institution,
    InstitutionCheck,
    Person,
    SharedResource,
)
from networks.redistricting import merge_places, rename_place
from reporting.indicators import INDICATORS, YearFigures
from reporting.network import (
    NORMS,
    Condition,
    Network,
    Staff,
    Staffing,
    condition_of,
    held_at,
    held_by,
    on_day,
    staff_of,
)
from reporting.shortfalls import counted, shortfalls

OPENED = datetime.date(2020, 1, 1)


def at(world, place):
    return Institution.objects.get(division=world.places[place])


def opened(world, *places):
    for place in places:
        at(world, place).record("open", OPENED)


def shown(row, day=None):
    return condition_of(on_day(Institution.objects.all(), day or timezone.localdate()).get(pk=row.pk))


def appoint(world, place, function, *, school=None, name="韦老师", person=None, **more):
    person = person or Person.objects.create(county=world.county, name=name)
    return Appointment.objects.create(
        person=person, institution=at(world, place), function=function, school=school, **more
    )


def school(world, *serves, kind="school", name="新汉小学"):
    row = SharedResource.objects.create(division=world.places["新汉村"], kind=kind, name=name, unit=world.jyj)
    row.serves.set([world.places[place] for place in serves])
    return row


def staffing(world, place):
    row = at(world, place)
    return staff_of([row], world.today).get(row.pk, Staff()).against(NORMS[row.kind])


# --- 运行 and 无活动 ------------------------------------------------------------------------------------


def test_an_open_institution_runs_once_a_verified_session_of_the_year_was_held_by_it(world):
    opened(world, "新汉村")
    point = at(world, "新汉村")
    first = datetime.date(world.year, 1, 1)
    assert shown(point) == Condition.IDLE
    world.session(status="submitted", host=point)  # not verified
    world.session(world.theirs, status="verified", host=at(world, "羊山村"), place=world.places["新汉村"])  # another's
    world.session(status="verified", host=point, held_on=first.replace(year=world.year - 1), is_historical=True)
    assert shown(point) == Condition.IDLE
    world.session(status="verified", host=point, place=world.places["白山镇"])
    assert shown(point) == Condition.RUNNING
    assert shown(point, first - datetime.timedelta(days=1)) == Condition.RUNNING  # last year's, on its last day
    assert shown(point, datetime.date(world.year - 1, 1, 1)) == Condition.RUNNING
    assert shown(point, datetime.date(world.year - 2, 12, 31)) == Condition.IDLE


def test_a_session_without_a_host_counts_for_the_implementing_institution_of_its_place(world):
    opened(world, "白山镇", "新汉村")
    body = Institution.objects.create(
        division=world.places["白山镇"], kind="management", function="manage", name="管理办公室"
    )
    body.record("open", OPENED)
    world.session(status="verified", place=world.places["白山镇"], reported=50)
    assert shown(at(world, "新汉村")) == Condition.IDLE
    school = Institution.objects.get(kind="school", division=world.places["白山镇"])
    assert shown(school) == Condition.RUNNING and shown(body) == Condition.OPEN
    assert held_by(school, world.today) == (1, 50) and held_by(body, world.today) == (0, 0)


def test_only_an_open_institution_runs(world):
    point = at(world, "新汉村")
    world.session(status="verified", host=point)
    assert shown(point) == Condition.UNCONFIRMED
    point.record("open", datetime.date(world.year - 2, 1, 1))
    point.record("closed", datetime.date(world.year - 1, 1, 1))
    assert shown(point) == Condition.CLOSED
    assert shown(point, datetime.date(world.year - 2, 6, 1)) == Condition.IDLE
    assert shown(point, datetime.date(world.year - 3, 6, 1)) == Condition.UNCONFIRMED


# --- coverage ------------------------------------------------------------------------------------------


def test_coverage_at_three_tiers_has_its_own_denominators_and_says_what_is_open_beside(world):
    opened(world, "白山镇", "古零镇", "新汉村", "新兴社区")
    world.session(status="verified", place=world.places["白山镇"])
    world.session(status="verified", place=world.places["新兴社区"])
    found = Network("450124", world.today).coverage
    assert {key: str(value) for key, value in found.items()} == {
        "township": "1/2",
        "village": "0/2",
        "any_village": "1/3",
    }
    assert [found[key].opened for key in ("township", "village", "any_village")] == [2, 1, 2]
    assert [found[key].unconfirmed for key in ("township", "village", "any_village")] == [0, 1, 1]


def test_a_place_is_left_out_from_the_day_on_which_it_was_abolished(world):
    Division.objects.filter(pk="450124103205").update(retired_on=world.today)
    yesterday = world.today - datetime.timedelta(days=1)
    assert Network("450124", world.today).coverage["village"].places == 1
    assert Network("450124", yesterday).coverage["village"].places == 2


def test_the_indicators_of_a_past_year_are_of_its_last_day(world):
    opened(world, "白山镇")
    at(world, "白山镇").record("closed", datetime.date(world.year, 1, 1))
    figures = YearFigures(world.assessment_year)
    assert figures.coverage["township"].opened == 0
    past = YearFigures(world.assessment_year, datetime.date(world.year, 1, 1))
    assert past.network.day == datetime.date(world.year, 1, 1)
    before = type(world.assessment_year).objects.open_year(world.county, world.year - 1)
    assert YearFigures(before).network.day == datetime.date(world.year - 1, 12, 31)
    assert YearFigures(before).coverage["township"].opened == 1


def test_a_past_day_finds_each_point_where_it_was_then_and_villages_in_their_township_of_then(world):
    """合村并居 and a merged township change nothing about the days before them."""
    opened(world, "新汉村", "新兴社区", "羊山村")
    january, july = datetime.date(world.year, 1, 2), datetime.date(world.year, 1, 3)
    world.session(status="verified", place=world.places["新汉村"], held_on=january, reported=30)
    world.session(world.theirs, status="verified", place=world.places["羊山村"], held_on=january, reported=70)

    def seen(day):
        found = Network("450124", day)
        below = {str(node.place): [str(v.place) for v in node.below] for node in found.townships}
        heads = {code: tally.attendances for code, tally in found.activity.items()}
        return below, [str(c) for c in found.coverage.values()], found.coverage["any_village"].opened, heads

    before = seen(january)
    assert before == (
        {"白山镇": ["新兴社区", "新汉村"], "古零镇": ["羊山村"]},
        ["0/2", "2/2", "2/3"],
        3,
        {"450124100": 30, "450124103": 70},
    )
    act = {"on": july, "basis": "", "actor": world.bureau}
    rename_place(world.places["新汉村"], name="新汉社区居委会", code="450124100009", **act)
    merge_places([world.places["古零镇"]], into=world.places["白山镇"], institutions="move", **act)
    assert seen(january) == before
    below, coverage, _, heads = seen(july)
    assert below == {"白山镇": ["新兴社区", "新汉社区", "羊山村"]}
    assert coverage == ["0/1", "1/1", "2/3"] and heads == {"450124100": 100}
    point = Institution.objects.get(name="新汉村社区教育教学点")
    assert held_by(point, july) == (1, 30) and shown(point, july) == Condition.RUNNING
    assert held_at(world.places["白山镇"], july) == (2, 100)
    assert held_at(Division.objects.get(pk="450124103"), july) == (1, 70)  # an ended place's own page


def test_a_point_that_was_merged_into_another_village_counted_for_its_own_until_then(world):
    opened(world, "新汉村")
    day = datetime.date(world.year, 1, 2)
    merge_places(
        [world.places["新汉村"]],
        into=world.places["新兴社区"],
        institutions="move",
        on=day,
        basis="",
        actor=world.bureau,
    )
    opened_at = [
        [node.place.code for node in Network("450124", at).nodes.values() if node.opened]
        for at in (day - datetime.timedelta(days=1), day)
    ]
    assert opened_at == [["450124100201"], ["450124100006"]]


def test_a_past_day_names_places_as_they_were_called(world):
    day = datetime.date(world.year, 1, 2)
    rename_place(world.places["新汉村"], name="新合村委会", on=day, basis="", actor=world.bureau)
    names = [Network("450124", at).nodes["450124100201"].place.path for at in (day - datetime.timedelta(days=1), day)]
    assert names == ["白山镇/新汉村", "白山镇/新合村"]


# --- staffing ------------------------------------------------------------------------------------------


def test_a_township_school_has_exactly_one_officer(world):
    assert staffing(world, "白山镇") == Staffing.NOBODY
    appoint(world, "白山镇", "instructor")
    assert staffing(world, "白山镇") == Staffing.NOBODY  # an instructor is no 专干
    first = appoint(world, "白山镇", "officer")
    assert staffing(world, "白山镇") == Staffing.MEETS
    appoint(world, "白山镇", "officer", name="蓝老师")
    assert staffing(world, "白山镇") == Staffing.MANY
    Appointment.objects.filter(pk=first.pk).update(ends_on=world.today)
    assert staffing(world, "白山镇") == Staffing.MEETS


def test_the_county_centre_has_two_or_three_persons_and_its_research_body_s_count(world):
    centre = Institution.objects.get(division=world.county)
    research = Institution.objects.create(division=world.county, kind="research", name="研究机构")
    person = Person.objects.create(county=world.county, name="韦")
    for body, function in [(centre, "full_time"), (centre, "officer"), (research, "full_time")]:
        Appointment.objects.create(person=person, institution=body, function=function)  # one person in three functions

    def verdict():
        return staff_of([centre, research], world.today)[centre.pk].against(NORMS["centre"])

    found = []
    for number in range(4):
        found.append(verdict())
        other = Person.objects.create(county=world.county, name=f"人{number}")
        Appointment.objects.create(person=other, institution=research, function="full_time")
    assert found == [Staffing.FEW, Staffing.MEETS, Staffing.MEETS, Staffing.MANY]


def test_a_point_has_part_timers_from_a_school_that_serves_it(world):
    ours = school(world, "新汉村", "新兴社区")
    one = appoint(world, "新汉村", "part_time")
    assert staffing(world, "新汉村") == Staffing.UNCLEAR
    for sent_by, verdict in [
        (ours, Staffing.MEETS),
        (school(world, "羊山村", name="羊山小学"), Staffing.ELSEWHERE),
        (school(world, name="没有登记学区的小学"), Staffing.ELSEWHERE),
        (school(world, "新汉村", kind="library", name="图书馆"), Staffing.ELSEWHERE),
    ]:
        Appointment.objects.filter(pk=one.pk).update(school=sent_by)
        assert staffing(world, "新汉村") == verdict
    Appointment.objects.filter(pk=one.pk).update(school=ours)
    appoint(world, "新汉村", "part_time", school=ours, name="二")
    assert staffing(world, "新汉村") == Staffing.MEETS
    appoint(world, "新汉村", "part_time", school=ours, name="三")
    assert staffing(world, "新汉村") == Staffing.MANY


def test_staffing_counts_open_institutions_alone(world):
    opened(world, "白山镇", "古零镇", "新汉村")
    appoint(world, "白山镇", "officer")
    appoint(world, "羊山村", "part_time")  # not open
    found = INDICATORS["staffing"].of(YearFigures(world.assessment_year))
    assert [(label, str(staffed)) for label, staffed in found] == [
        ("县社区教育中心", "无法计算"),
        ("乡镇社区学校", "1/2"),
        ("教学点", "0/1"),
    ]


# --- what is lacking -----------------------------------------------------------------------------------


def lacking(user, world, **more):
    found = shortfalls(user, world.today, **more)
    return [(item.place.pk, item.lack.value) for item in found]


def test_the_list_names_what_each_institution_lacks_and_the_page_that_mends_it(world):
    opened(world, "新汉村")
    point, school_row = at(world, "新汉村"), at(world, "白山镇")
    assert lacking(world.town, world) == [
        ("450124100", "unconfirmed"),
        ("450124100006", "unconfirmed"),
        ("450124100201", "nobody"),
        ("450124100201", "five"),
        ("450124100201", "phone"),
        ("450124100201", "idle"),
    ]
    urls = {item.lack.value: item.url for item in shortfalls(world.town, world.today)}
    base = f"/network/institutions/{point.pk}/"
    assert urls["unconfirmed"] == f"/network/institutions/{at(world, '新兴社区').pk}/state/"
    assert [urls[key] for key in ("nobody", "five", "phone", "idle")] == [
        f"{base}#people",
        f"{base}checks/",
        f"{base}edit/",
        f"{base}#activity",
    ]
    for item in InstitutionCheck.Item:
        InstitutionCheck.objects.create(institution=point, item=item, met=True)
    Institution.objects.filter(pk=point.pk).update(phone="0771-6822001")
    appoint(world, "新汉村", "part_time", school=school(world, "新汉村"))
    world.session(status="verified", host=point)
    school_row.record("suspended", OPENED)
    assert lacking(world.town, world) == [("450124100006", "unconfirmed")]


def test_a_place_without_an_institution_that_could_run_is_on_the_list_with_the_form_that_adds_one(world, page):
    at(world, "羊山村").delete()
    at(world, "新汉村").record("closed", OPENED)
    Institution.objects.create(division=world.places["新汉村"], kind="point", function="manage", name="管理点")
    found = {item.place.short_name: item for item in shortfalls(world.bureau, world.today) if item.lack == "missing"}
    assert {name: item.url for name, item in found.items()} == {
        "新汉村": "/network/institutions/new/?place=450124100201",
        "羊山村": "/network/institutions/new/?place=450124103205",
    }
    assert "还没有登记教学点" in found["羊山村"].sentence and "教学点已停办" in found["新汉村"].sentence
    assert [code for code, lack in lacking(world.town, world) if lack == "missing"] == ["450124100201"]
    text = page(world.leader, "/network/shortfalls/", lack="missing").content.decode()
    assert "古零镇/羊山村" in text and "/network/places/450124103205/" in text and "institutions/new" not in text
    at(world, "新兴社区").record("suspended", OPENED)
    Division.objects.filter(pk="450124103205").update(retired_on=world.today)
    assert [code for code, lack in lacking(world.bureau, world) if lack == "missing"] == ["450124100201"]


def test_a_merged_townships_villages_are_in_the_lists_of_the_one_that_took_them_over(world, page):
    merge_places(
        [world.places["古零镇"]],
        into=world.places["白山镇"],
        institutions="close",
        on=world.today,
        basis="",
        actor=world.bureau,
    )
    assert ("450124103205", "unconfirmed") in lacking(world.bureau, world, within="450124100")
    assert lacking(world.bureau, world, within="450124100") == lacking(world.town2, world)
    school(world, name="羊山小学")
    SharedResource.objects.update(division="450124103205")
    for url, township, shown in [
        ("/network/resources/", "450124100", "羊山小学"),
        ("/admin/networks/institution/", "450124100", "羊山村社区教育教学点"),
    ]:
        assert shown in page(world.bureau, url, township=township).content.decode(), url


def test_everybody_gets_the_institutions_that_are_their_business(world):
    county = {"450124", "450124100", "450124100006", "450124100201", "450124103", "450124103205"}
    town = {"450124100", "450124100006", "450124100201"}
    for user, places in [
        (world.bureau, county),
        (world.centre, county),
        (world.leader, county),
        (world.auditor, county),
        (world.town, town),
        (world.head, town),
        (world.unit, set()),
        (world.unit_head, set()),
        (world.operator, set()),
        (world.homeless, set()),
    ]:
        assert {code for code, _ in lacking(user, world)} == places, user
    assert {code for code, _ in lacking(world.bureau, world, within="450124103")} == {"450124103", "450124103205"}
    assert counted(shortfalls(world.town, world.today)) == [("unconfirmed", 3)]


def test_the_desks_say_how_much_is_lacking(world, page):
    assert "6 项待完善" in page(world.bureau, "/").content.decode()
    assert "3 项待完善" in page(world.town, "/").content.decode()
    assert "待完善" not in page(world.unit, "/").content.decode()


def test_the_list_is_narrowed_by_kind_and_township_and_passes_nonsense_over(world, page):
    opened(world, "新汉村")
    text = page(world.bureau, "/network/shortfalls/", lack="phone", place="450124100").content.decode()
    assert "新汉村社区教育教学点" in text and "羊山村" not in text and "新兴社区教育教学点" not in text
    for nonsense in [{"lack": "x"}, {"place": "450125100"}, {"page": "x"}, {"place": "x\x00"}]:
        assert page(world.bureau, "/network/shortfalls/", **nonsense).context["total"] == 9


def test_whoever_only_reads_is_led_to_the_institution_and_not_to_a_form(world, page):
    assert "/state/" in page(world.town, "/network/shortfalls/").content.decode()
    text = page(world.head, "/network/shortfalls/").content.decode()
    assert "/state/" not in text and f"/network/institutions/{at(world, '新汉村').pk}/" in text


# --- pages ---------------------------------------------------------------------------------------------


def test_one_s_own_township_comes_first_and_unfolded(world, page):
    response = page(world.town2, "/network/")
    assert [node.place.short_name for node in response.context["townships"]] == ["古零镇", "白山镇"]
    assert response.content.decode().count('<details class="branch" open>') == 1
    assert page(world.bureau, "/network/").content.decode().count('<details class="branch" open>') == 0
    assert "上林县" not in page(world.bureau, "/network/").content.decode()


def test_the_tree_is_of_any_day_and_says_so_when_the_day_makes_no_sense(world, page):
    at(world, "白山镇").record("open", datetime.date(2024, 5, 1))
    text = page(world.leader, "/network/", as_of="2024-04-30").content.decode()
    assert "2024年4月30日" in text and "已开办 1 个" not in text
    assert "已开办 1 个" in page(world.leader, "/network/", as_of="2024-05-01").content.decode()
    tomorrow = (world.today + datetime.timedelta(days=1)).isoformat()
    for nonsense in ("2024-13-40", tomorrow, "1999-12-31", "x"):
        response = page(world.leader, "/network/", as_of=nonsense)
        assert response.context["day"] == world.today and "现在显示的是今天" in response.content.decode()


@pytest.mark.parametrize(
    ("colour", "words"),
    [("coverage", "没有运行的"), ("staffing", "没有达标的"), ("activity", "今年有活动"), ("x", "没有运行的")],
)
def test_the_map_has_words_of_its_own_and_each_tile_opens_its_place(world, page, colour, words):
    opened(world, "白山镇")
    world.session(status="verified", place=world.places["新汉村"], host=None)
    response = page(world.leader, "/network/", colour=colour)
    chart = response.context["map"]
    assert words in [badge.word for badge in chart.badges]
    assert [tile.url for tile in chart.tiles] == ["/network/places/450124100/", "/network/places/450124103/"]
    assert not {badge.kind for badge in chart.badges} & {"met", "behind", "lost"}
    text = re.sub(r">\s+<", "><", response.content.decode())
    assert text.count('<a href="/network/places/450124100/"><rect') == 1


def test_names_of_staff_are_for_those_who_see_them_and_a_number_for_the_rest(world, page):
    appoint(world, "白山镇", "officer", name="陆专干")
    url = f"/network/institutions/{at(world, '白山镇').pk}/"
    for user in (world.bureau, world.centre, world.auditor, world.town, world.head):
        assert "陆专干" in page(user, url).content.decode(), user
    for user in (world.leader, world.town2, world.unit, world.unit_head):
        text = page(user, url).content.decode()
        assert "陆专干" not in text and "社区教育专干 1 人" in text, user


def test_a_leader_finds_figures_and_no_way_to_rows(world, page):
    world.session(status="verified", place=world.places["白山镇"], title="桑蚕的名字", reported=123)
    for url in (f"/network/institutions/{at(world, '白山镇').pk}/", "/network/places/450124100/"):
        text = page(world.leader, url).content.decode()
        assert "123" in text and "/sessions/" not in text and "桑蚕的名字" not in text


def test_the_figure_of_an_institution_opens_the_sessions_behind_it(world, page, client):
    point = at(world, "新汉村")
    world.session(status="verified", host=point, title="它承办的")
    world.session(status="verified", place=point.division, title="在它那里办的")
    world.session(status="verified", place=world.places["白山镇"], title="别处办的")
    response = page(world.town, f"/network/institutions/{point.pk}/")
    assert response.context["held"] == (2, 100)
    text = client.get(response.context["sessions_url"]).content.decode()
    assert "它承办的" in text and "在它那里办的" in text and "别处办的" not in text
    assert page(world.town, "/sessions/", host="999999").context["page_obj"].paginator.count == 0


def test_only_whoever_keeps_an_institution_is_offered_its_forms(world, page):
    url = f"/network/institutions/{at(world, '白山镇').pk}/"
    for user in (world.bureau, world.centre, world.town):
        assert f"{url}state/" in page(user, url).content.decode()
    for user in (world.leader, world.auditor, world.head, world.town2, world.unit):
        assert f"{url}state/" not in page(user, url).content.decode()


def test_a_place_shows_its_population_with_basis_and_what_it_was(world, page):
    AnnualFigure.objects.create(
        division=world.places["古零镇"],
        year=2019,
        kind="population",
        basis="registered",
        value=59289,
        source="统计公报",
    )
    old = Division.objects.create(
        code="450124103299", tier="village", name="旧村委会", short_name="旧村", parent_id="450124103"
    )
    Division.objects.filter(pk=old.pk).update(retired_on=datetime.date(2024, 1, 1))
    DivisionSuccession.objects.create(
        old=old, new=world.places["羊山村"], on=datetime.date(2024, 1, 1), change="merge", basis="批复"
    )
    text = page(world.town, "/network/places/450124103/").content.decode()
    assert "人口（户籍）" in text and "59,289" in text and "古零镇人民政府" in text
    assert "旧村委会" in page(world.town, "/network/places/450124103205/").content.decode()
    assert "这个地方已经撤销" in page(world.town, "/network/places/450124103299/").content.decode()


@pytest.mark.parametrize(
    ("who", "url"),
    [
        ("bureau", "/network/"),
        ("bureau", "/network/?colour=staffing"),
        ("bureau", "/network/?colour=activity"),
        ("town", "/network/"),
        ("bureau", "/network/places/450124/"),
        ("town", "/network/places/450124100/"),
        ("bureau", "/network/shortfalls/"),
        ("town", "/network/shortfalls/"),
        ("bureau", "/"),
        ("town", "/"),
    ],
)
def test_the_number_of_queries_is_the_same_at_3_and_at_30_institutions(world, page, who, url):
    def queries():
        page(getattr(world, who), url)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert page(getattr(world, who), url).status_code == 200
        return len(found)

    opened(world, "新汉村")
    appoint(world, "新汉村", "part_time", school=school(world, "新汉村"))
    few = queries()
    for number in range(30):
        place = Division.objects.create(
            code=f"4501241003{number:02}",
            tier="village",
            name=f"村{number}",
            short_name=f"村{number}",
            parent_id="450124100",
        )
        row = Institution.objects.create(division=place, kind="point", name=f"点{number}")
        row.record("open", OPENED)
        person = Person.objects.create(county=world.county, name=f"人{number}")
        Appointment.objects.create(person=person, institution=row, function="part_time")
        InstitutionCheck.objects.create(institution=row, item="sign", met=True)
    assert queries() == few
