"""Shared places, providers and projects: kept by the unit that answers for the task (依据 二(二)1—3, 二(三)4—5)."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from networks import tasks
from networks.access import kinds_kept_by
from networks.models import MemberUnit, Provider, ResourceProject, SharedResource, User
from reporting.models import TaskResponsibility

from ..makers import a_project, answer_for, open_place
from ..site_map import taken_back

NEW = "/network/resources/new/"
TODAY = datetime.date.today()


@pytest.fixture
def plan(world):
    """Who answers for what, as the founding document says."""
    answer_for(world.ours, "二(二)1", "二(二)3")
    answer_for(world.theirs, "二(二)1", "二(二)3")
    answer_for(world.jyj, "二(二)1", "二(三)4", "二(三)5")
    answer_for(world.wxgtj, "二(二)2", "二(三)4", "二(三)5")
    answer_for(world.lgj, "二(三)4")
    return world


@pytest.fixture
def town(client, plan):
    client.force_login(plan.town)
    return client


def school(world, **fields):
    return open_place(
        **{"kind": "school", "name": "新汉村小学", "unit": world.ours, "division": world.places["新汉村"]} | fields
    )


def filled(world, **changes):
    data = {"kind": "school", "name": "新汉村小学", "division": world.places["新汉村"].pk, "is_open": "on"}
    data |= {"offers": "教室、球场", "opening_hours": "周末 9:00—17:00"}
    return {name: value for name, value in (data | changes).items() if value is not None}


def errors_of(response) -> dict:
    assert response.status_code == 200, response.status_code
    return {name: list(problems) for name, problems in response.context["form"].errors.items()}


# --- by task -----------------------------------------------------------------------------------------


def test_a_unit_keeps_the_kinds_whose_task_it_answers_for(plan):
    everything = SharedResource.Kind.values
    kept = {name: kinds_kept_by(user, SharedResource) for name, user in plan.users.items()}
    assert {name: kinds for name, kinds in kept.items() if kinds} == {
        "bureau": everything,
        "bureau2": everything,
        "director": everything,
        "centre": everything,
        "foreign_bureau": everything,
        "town": ["school"],
        "town2": ["school"],
        "unit": [
            "station",
            "library",
            "culture",
            "folk",
            "achievement",
            "reading",
            "village",
            "elderly",
            "youth",
        ],
        "unit2": ["elderly", "youth"],
    }
    assert kinds_kept_by(plan.town, Provider) == Provider.Kind.values and kinds_kept_by(plan.unit, Provider) == []
    assert kinds_kept_by(plan.town, ResourceProject) == ["other"]
    assert kinds_kept_by(plan.unit, ResourceProject) == ["treasures", "talents", "free"]


def test_only_these_kinds_are_offered_and_taken(plan, town):
    assert town.get(NEW).context["form"].fields["kind"].choices == [("", "请选择"), ("school", "学校")]
    assert "kind" in errors_of(town.post(NEW, filled(plan, kind="station", name="白山镇文化站")))
    assert town.post(NEW, filled(plan, serves=[plan.places["新汉村"].pk])).status_code == 302
    row = SharedResource.objects.get()
    assert (row.unit, row.is_open, list(row.serves.all())) == (plan.ours, True, [plan.places["新汉村"]])


def test_an_entry_is_kept_while_its_unit_answers_for_its_task(plan):
    mine, station = school(plan), school(plan, kind="station", name="白山镇文化站")
    bureaus = school(plan, name="县直小学", unit=plan.jyj)
    assert list(SharedResource.objects.kept_by(plan.town)) == [
        mine
    ]  # not the station, though it is called the township's
    assert set(SharedResource.objects.kept_by(plan.bureau)) == {mine, station, bureaus}
    assert not SharedResource.objects.kept_by(plan.unit).exists()
    TaskResponsibility.objects.filter(unit=plan.ours, task__clause="二(二)1").update(ends_on=TODAY)
    assert not SharedResource.objects.kept_by(User.objects.get(pk=plan.town.pk)).exists()
    assert SharedResource.objects.visible_to(plan.town).count() == 3


def test_a_county_that_gives_its_stations_to_the_townships_needs_no_new_code(plan):
    station = school(plan, kind="station", name="白山镇文化站")
    answer_for(plan.ours, "二(二)2")
    assert station in SharedResource.objects.kept_by(plan.town)


def test_nobody_keeps_what_may_not_be_theirs_when_no_plan_is_registered(world, monkeypatch):
    monkeypatch.setattr(tasks, "_answer", None)
    with pytest.raises(RuntimeError, match="reporting"):
        list(SharedResource.objects.kept_by(world.town))
    assert not SharedResource.objects.kept_by(world.bureau).exists()  # whoever manages all is not asked


periods = st.tuples(st.integers(-40, 40), st.one_of(st.none(), st.integers(1, 40)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(periods, max_size=4, unique_by=lambda period: period[0]), st.integers(-50, 50))
def test_a_responsibility_holds_from_its_first_day_until_before_its_last(world, dated, offset):
    day = TODAY + datetime.timedelta(days=offset)
    with taken_back():
        answer_for(world.wxgtj, "二(二)1")  # another unit's, always
        task = TaskResponsibility.objects.get().task
        held = False
        for start, length in dated:
            first = TODAY + datetime.timedelta(days=start)
            after = None if length is None else first + datetime.timedelta(days=length)
            TaskResponsibility.objects.create(task=task, unit=world.ours, starts_on=first, ends_on=after)
            held = held or (first <= day and (after is None or day < after))
        assert tasks.clauses_of([world.ours.pk], day) == ({"二(二)1"} if held else set())
        assert tasks.clauses_of([], day) == set()


# --- places ------------------------------------------------------------------------------------------


def test_what_is_open_says_what_and_when(plan, town):
    errors = errors_of(town.post(NEW, filled(plan, offers="", opening_hours="")))
    assert errors == {
        "offers": ["已向居民开放的，请写明开放什么"],
        "opening_hours": ["已向居民开放的，请写明什么时间开放"],
    }
    assert town.post(NEW, filled(plan, is_open=None, offers="", opening_hours="")).status_code == 302
    assert not SharedResource.objects.get().is_open


def test_everything_that_is_wrong_is_said_at_once_and_in_our_words(plan, town):
    errors = errors_of(town.post(NEW, filled(plan, offers="", open_to="失独家庭", phone="13800771234")))
    assert set(errors) == {"offers", "open_to", "phone"} and not any("约束" in text for [text] in errors.values())


def test_only_schools_have_a_district_of_the_own_township(plan, client):
    client.force_login(plan.bureau)
    village = plan.places["新汉村"].pk
    library = filled(plan, kind="library", name="县图书馆", unit=plan.wxgtj.pk, serves=[village])
    assert errors_of(client.post(NEW, library)) == {"serves": ["只有学校有学区；别的场所请不要勾选"]}
    client.force_login(plan.town)
    for theirs in (plan.places["羊山村"].pk, plan.other_places["大丰镇"].pk):
        assert "serves" in errors_of(client.post(NEW, filled(plan, serves=[village, theirs])))
    client.force_login(plan.unit)
    assert "serves" not in client.get(NEW).context["form"].fields


def test_a_place_closes_on_a_day_and_opens_again_on_a_later_one(plan, town):
    row = school(plan, opened_on=datetime.date(2024, 3, 1))
    close, edit = f"/network/resources/{row.pk}/close/", f"/network/resources/{row.pk}/edit/"
    assert "is_open" not in town.get(edit).context["form"].fields
    tomorrow = TODAY + datetime.timedelta(days=1)
    for day, sentence in ((tomorrow, "不能晚于今天"), ("2024-02-29", "不能早于开放日期（2024年03月01日）")):
        assert sentence in town.post(close, {"on": str(day)}).content.decode()
    assert town.post(close, {"on": "2025-07-01"}).status_code == 302
    row.refresh_from_db()
    assert (row.is_open, row.closed_on, row.version) == (False, datetime.date(2025, 7, 1), 1)
    assert town.get(close).status_code == 302
    assert "它现在没有向居民开放" in town.post(close, {"on": "2025-07-02"}).content.decode()
    again = filled(plan, opened_on="2024-03-01", seen_version=1)
    assert errors_of(town.post(edit, again)) == {"opened_on": ["重新开放的，请把开放日期改为重新开放的那一天"]}
    assert town.post(edit, again | {"opened_on": "2025-09-01"}).status_code == 302
    row.refresh_from_db()
    assert (row.is_open, row.opened_on, row.closed_on) == (True, datetime.date(2025, 9, 1), None)


def test_an_opening_day_after_the_closing_asks_whether_it_is_open(plan, town):
    row = school(plan, is_open=False, closed_on=datetime.date(2025, 7, 1))
    edit = f"/network/resources/{row.pk}/edit/"
    answer = town.post(edit, filled(plan, is_open=None, opened_on="2025-09-01", seen_version=0))
    said = "重新开放的，请同时勾选“已向居民开放”；没有的，开放日期不能晚于停止开放的日期"
    assert errors_of(answer) == {"opened_on": [said]}


def test_what_has_closed_since_was_open_on_the_day(plan):
    def named(day):
        return set(SharedResource.objects.open_on(datetime.date.fromisoformat(day)).values_list("name", flat=True))

    school(plan, name="早停", is_open=False, closed_on="2024-12-31")
    school(plan, name="后停", is_open=False, opened_on="2024-03-01", closed_on="2025-01-01")
    school(plan, name="未开", is_open=False)
    school(plan, name="新开", opened_on="2025-01-01")
    assert named("2024-12-31") == {"后停"} and named("2025-01-01") == {"新开"} and named("2024-01-01") == {"早停"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "13800771234"}, "phone"),
        ({"phone": "１３８００７７１２３４"}, "phone"),
        ({"note": "找韦老师 138-0077-1234"}, "note"),
        ({"opening_hours": "预约 138 0077 1234"}, "opening_hours"),
        ({"note": "打 +8613800771234"}, "note"),
        ({"note": "打 86 138.0077.1234"}, "note"),
        ({"address": "45012419800101123X"}, "address"),
        ({"address": "450124 19800101 123X"}, "address"),
        ({"phone": "0771-6822001"}, None),
        ({"phone": "07716822001"}, None),
        ({"note": "2019-03-01 至 2020-12-31，图书 13000 册，文号 2018.0077.1234"}, None),
    ],
)
def test_no_public_text_holds_a_personal_number(plan, town, changes, field):
    answer = town.post(NEW, filled(plan, **changes))
    if field is None:
        assert answer.status_code == 302
    else:
        assert errors_of(answer) == {field: ["这里大家都能看到，不写个人手机号码和身份证号，请改填办公电话"]}


def test_an_opening_day_to_come_is_refused(plan, town):
    tomorrow = str(TODAY + datetime.timedelta(days=1))
    assert "opened_on" in errors_of(town.post(NEW, filled(plan, opened_on=tomorrow)))


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("kind_known", {"kind": "club"}),
        ("open_or_closed", {"closed_on": TODAY}),
        ("says_what_and_when", {"offers": ""}),
        ("says_what_and_when", {"opening_hours": ""}),
        ("has_room", {"capacity": 0}),
        ("closes_after_opening", {"is_open": False, "opened_on": TODAY, "closed_on": datetime.date(2020, 1, 1)}),
    ],
)
def test_the_database_holds_the_rules_of_places_too(world, rule, fields):
    row = {"offers": "教室", "opening_hours": "周末", "is_open": True, "name": "小学", "kind": "school"}
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        SharedResource.objects.create(**row | fields, unit=world.ours, division=world.places["新汉村"])


def test_pi_2_no_text_of_a_place_names_a_protected_group_of_people(plan, town):
    assert "open_to" in errors_of(town.post(NEW, filled(plan, open_to="失独家庭")))


def test_the_list_filters_by_kind_township_and_state(plan, client):
    school(plan)
    school(plan, kind="library", name="县图书馆", unit=plan.wxgtj, division=plan.places["白山镇"])
    closed = school(plan, name="羊山村小学", unit=plan.theirs, division=plan.places["羊山村"])
    closed.close(TODAY)
    school(plan, name="大丰小学", unit=plan.foreign, division=plan.other_places["大丰镇"])
    client.force_login(plan.head)

    def names(**query):
        return [row.name for row in client.get("/network/resources/", query).context["page_obj"]]

    assert names() == ["县图书馆", "新汉村小学", "羊山村小学"]
    assert names(kind="school") == ["新汉村小学", "羊山村小学"]
    assert names(kind="school", state="open") == ["新汉村小学"]
    assert names(state="closed") == names(township="450124103") == ["羊山村小学"]
    assert names(state="not") == []
    shown = client.get("/network/resources/").context
    assert (shown["all"], shown["open"]) == (3, 2)
    assert [(kind, count["all"], count["open"]) for kind, _, count in shown["kinds"]] == [
        ("school", 2, 1),
        ("library", 1, 1),
    ]


@pytest.mark.parametrize(
    "url", ["/network/resources/", "/network/resources/providers/", "/network/resources/projects/"]
)
def test_ld_2_the_lists_cost_the_same_queries_at_3_and_30(plan, town, url):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert town.get(url).status_code == 200
        return len(caught)

    def fill(numbers):
        place = {"unit": plan.ours, "division": plan.places["新汉村"]}
        for number in numbers:
            school(plan, name=f"第{number}小学")
            provider = Provider.objects.create(kind="social", name=f"第{number}家", offers="课程", **place)
            a_project(kind="other", title=f"第{number}项", provider=provider, **place)

    fill(range(3))
    queries()  # the first request of a process fills caches
    few = queries()
    fill(range(3, 30))
    assert queries() == few


# --- providers and projects --------------------------------------------------------------------------


def test_a_township_keeps_providers_and_the_culture_department_the_projects_of_its_clause(plan, client):
    client.force_login(plan.town)
    provider = {"kind": "arts", "name": "三声部民歌协会", "offers": "民歌老师", "division": plan.places["白山镇"].pk}
    assert client.post("/network/resources/providers/new/", provider).status_code == 302
    row = Provider.objects.get()
    assert row.unit == plan.ours
    client.force_login(plan.unit)
    project = {"kind": "treasures", "title": "三宝进社区", "division": plan.county.pk, "starts_on": "2026-01-01"}
    project |= {"content": "进村教学", "provider": row.pk}
    assert client.post("/network/resources/projects/new/", project).status_code == 302
    stored = ResourceProject.objects.get()
    assert (stored.unit, stored.provider, stored.division) == (plan.wxgtj, row, plan.county)
    assert "kind" in errors_of(client.post("/network/resources/projects/new/", project | {"kind": "guangdong"}))
    late = client.post("/network/resources/projects/new/", project | {"title": "另一项", "ends_on": "2025-12-31"})
    assert errors_of(late) == {"ends_on": ["结束日期不能早于开始日期"]}
    twice = client.post("/network/resources/projects/new/", project)
    assert errors_of(twice) == {"__all__": ["这个单位已登记过同名、同一天开始的项目，请修改原来的那条"]}
    assert "三宝进社区" in client.get(f"/network/resources/providers/{row.pk}/").content.decode()


def test_projects_and_providers_run_are_to_come_or_are_over(plan, client):
    client.force_login(plan.leader)
    place, day = {"unit": plan.ours, "division": plan.county}, datetime.timedelta(days=1)
    for name, first, last in (
        ("今天起", TODAY, None),
        ("到今天", TODAY - day, TODAY),
        ("明天起", TODAY + day, None),
        ("到昨天", TODAY - 2 * day, TODAY - day),
    ):
        a_project(kind="other", title=name, starts_on=first, ends_on=last, **place)
        Provider.objects.create(kind="arts", name=name, offers="老师", since=first, until=last, **place)
    Provider.objects.create(kind="arts", name="不知哪天起", offers="老师", **place)

    def names(page, state):
        return {str(row) for row in client.get(f"/network/resources/{page}/", {"state": state}).context["page_obj"]}

    for page, also in (("projects", set()), ("providers", {"不知哪天起"})):
        assert names(page, "now") == {"今天起", "到今天"} | also
        assert (names(page, "ahead"), names(page, "past")) == ({"明天起"}, {"到昨天"})


def test_the_office_gives_an_entry_to_a_unit_that_is_there(plan, client):
    client.force_login(plan.bureau)
    row = school(plan, unit=plan.theirs)
    MemberUnit.objects.filter(pk__in=[plan.theirs.pk, plan.lgj.pk]).update(retired_on="2026-01-01")
    offered = set(client.get(NEW).context["form"].fields["unit"].queryset)
    assert plan.ours in offered and not offered & {plan.theirs, plan.lgj}
    kept = set(client.get(f"/network/resources/{row.pk}/edit/").context["form"].fields["unit"].queryset)
    assert plan.theirs in kept and plan.lgj not in kept


def test_another_countys_provider_is_not_to_be_chosen(plan, client):
    foreign = Provider.objects.create(
        kind="arts", name="大丰艺术团", offers="老师", unit=plan.foreign, division=plan.other_places["大丰镇"]
    )
    client.force_login(plan.town)
    project = {"kind": "other", "title": "家政培训", "division": plan.places["白山镇"].pk, "starts_on": "2026-01-01"}
    project |= {"content": "每季一期", "provider": foreign.pk}
    response = client.post("/network/resources/projects/new/", project)
    assert "provider" in errors_of(response) and "大丰艺术团" not in response.content.decode()


@pytest.mark.parametrize(
    ("rule", "model", "fields"),
    [
        ("provider_kind_known", Provider, {"kind": "club"}),
        ("provider_offers_something", Provider, {"offers": ""}),
        ("provider_ends_after_start", Provider, {"since": TODAY, "until": datetime.date(2020, 1, 1)}),
        ("resource_project_kind_known", ResourceProject, {"kind": "club"}),
        ("resource_project_has_content", ResourceProject, {"content": ""}),
        ("resource_project_ends_after_start", ResourceProject, {"ends_on": datetime.date(2020, 1, 1)}),
        ("resource_project_helps_somebody", ResourceProject, {"beneficiaries": 0}),
    ],
)
def test_the_database_holds_the_rules_of_providers_and_projects_too(world, rule, model, fields):
    place = {"unit": world.ours, "division": world.places["新汉村"]}
    rows = {
        Provider: {"kind": "arts", "name": "艺术团", "offers": "老师"},
        ResourceProject: {"kind": "other", "title": "项目", "content": "内容", "starts_on": TODAY},
    }
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        model.objects.create(**rows[model] | place | fields)


def test_closing_asks_the_database_and_not_the_page_that_was_open(plan):
    row = school(plan)
    stale = SharedResource.objects.get(pk=row.pk)
    row.close(TODAY)
    with pytest.raises(ValidationError, match="没有向居民开放"):
        stale.close(TODAY)
