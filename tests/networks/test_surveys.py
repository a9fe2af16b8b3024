"""知晓率调查: numbers of people asked, by place, year and method, entered by whoever keeps the place's figures."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from networks.models import AwarenessSurvey, Division

NEW = "/network/figures/surveys/new/"


@pytest.fixture
def filled(world):
    def form(**more):
        first = {"division": "450124100", "year": str(world.year), "method": "door", "asked": "50", "aware": "41"}
        return first | {"source": "镇里抽样入户"} | more

    return form


def test_a_township_enters_its_survey_and_everybody_in_the_county_reads_it(ask, world, filled):
    assert ask(world.town, NEW, filled(), "post").status_code == 302
    row = AwarenessSurvey.objects.get()
    assert (row.division, row.asked, row.aware, row.version) == (world.places["白山镇"], 50, 41, 1)
    for user in (world.town2, world.bureau, world.leader, world.unit):
        text = ask(user, f"/network/figures/surveys/?year={world.year}").content.decode()
        assert "镇里抽样入户" in text and ("登记调查" in text) == (user in (world.town2, world.bureau))
    assert row.history.get().history_user == world.town


def test_what_cannot_be_is_said_at_its_field(ask, world, filled):
    for changes, field, sentence in [
        ({"asked": "40"}, "aware", "知道的人不能比回答的人多，请核对"),
        ({"asked": "0"}, "asked", "至少 1 人"),
        ({"asked": "约50"}, "asked", "请填整数"),
        ({"source": ""}, "source", "这个字段是必填项。"),
        ({"division": "450124103"}, "division", "选择一个有效的选项： 该选择不在可用的选项中。"),
        ({"year": "1999"}, "year", None),
    ]:
        answer = ask(world.town, NEW, filled(**changes), "post")
        assert answer.status_code == 200
        errors = answer.context["form"].errors[field]
        assert sentence is None or errors == [sentence], (field, errors)
    assert not AwarenessSurvey.objects.exists()


def test_the_same_survey_twice_is_sent_to_the_first(ask, world, filled):
    ask(world.town, NEW, filled(), "post")
    assert "已经填过，请打开它修改" in ask(world.town, NEW, filled(), "post").content.decode()
    ask(world.town, NEW, filled(method="phone"), "post")
    assert AwarenessSurvey.objects.count() == 2


def test_two_who_change_it_at_once_see_each_other(ask, world, filled):
    ask(world.town, NEW, filled(), "post")
    url = f"/network/figures/surveys/{AwarenessSurvey.objects.get().pk}/edit/"
    ask(world.bureau, url, filled(aware="45", seen_version="1"), "post")
    answer = ask(world.town, url, filled(aware="30", seen_version="1"), "post")
    assert "45" in str(answer.context["form"].errors["aware"])
    assert AwarenessSurvey.objects.get().aware == 45


def test_ld_2_the_list_asks_the_same_number_of_queries_at_3_and_at_30_rows(ask, world):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            ask(world.bureau, f"/network/figures/surveys/?year={world.year}")
        return len(queries)

    def add(first, last):
        for number in range(first, last):
            town = Division.objects.create(
                code=f"450124{500 + number}",
                tier="township",
                name=f"镇{number}",
                short_name=f"镇{number}",
                parent=world.county,
            )
            AwarenessSurvey.objects.create(
                division=town, year=world.year, method="door", asked=9, aware=9, source="入户"
            )

    add(0, 3)
    asked()
    few = asked()
    add(3, 30)
    assert asked() == few


def test_in_5_the_database_holds_the_rules(world):
    good = {"division": world.county, "year": world.year, "method": "door", "asked": 9, "aware": 8, "source": "入户"}
    AwarenessSurvey.objects.create(**good)
    for bad in (
        {},
        {"method": "phone", "aware": 10},
        {"method": "phone", "asked": 0, "aware": 0},
        {"method": "phone", "source": ""},
        {"method": "mail"},
        {"year": 1999},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AwarenessSurvey.objects.create(**good | bad)
