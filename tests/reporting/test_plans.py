"""年度计划: what a unit means to hold, and what became of it (依据 三(二))."""

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from networks.models import AuditEvent, MemberUnit, UnitSuccession, UnitTerm
from trainings.models import Theme, TrainingClass, TrainingSession, UnitPlan


@pytest.fixture
def url(world):
    return f"/plans/{world.year}/450124100/"


def theme(name):
    return Theme.objects.get(name=name)


def test_an_officer_writes_the_plan_and_the_bureau_and_the_leaders_read_it(world, ask, url):
    body = {"sessions": "12", "attendances": "900", "themes": [theme("家庭教育").pk], "text": "每月一场\n各点轮流"}
    assert ask(world.town, url + "edit/", body | {"seen_version": "0"}, "post").url == url
    plan = UnitPlan.objects.get()
    assert (plan.unit, plan.year, plan.sessions, plan.attendances, plan.version) == (world.ours, world.year, 12, 900, 1)
    event = AuditEvent.objects.get(action="填写年度计划")
    assert event.actor == world.town and event.detail["unit"] == "450124100"
    for user in (world.town, world.head, world.bureau, world.leader, world.auditor):
        page = ask(user, url).content.decode()
        assert "家庭教育" in page and "各点轮流" in page and "本年任务 4 场、400 人次" in page
        assert ("修改计划" in page) == (user in (world.town, world.bureau))
    assert ask(world.town2, url).status_code == 404
    overview = ask(world.leader, f"/plans/{world.year}/").content.decode()
    assert "重点：家庭教育" in overview and "古零镇人民政府" in overview


def test_the_parts_of_planning_are_one_place_in_the_navigation(world, ask, url):
    for page in ("/calendar/", "/classes/", "/classes/new/", url):
        here = [entry["label"] for entry in ask(world.town, page).context["nav"] if entry["current"]]
        assert here == ["培训日历"]


def test_a_unit_is_led_to_its_own_plan_and_the_bureau_to_all(world, ask, url):
    assert ask(world.town, "/plans/").url == url
    assert ask(world.bureau, "/plans/").url == f"/plans/{world.year}/"
    lines = ask(world.town, f"/plans/{world.year}/").context["lines"]
    assert [unit for unit, _, _ in lines] == [world.ours]  # units do not see each other's


def test_what_became_of_it_is_told_by_month_and_theme(world, ask, url):
    UnitPlan.objects.create(unit=world.ours, year=world.year, sessions=5).themes.set([theme("法治社会")])
    january, december = datetime.date(world.year, 1, 1), datetime.date(world.year, 12, 31)
    world.session(status="verified", held_on=january, reported=40, theme=theme("家庭教育"))
    world.session(status="submitted", held_on=january, reported=30, theme=theme("家庭教育"))
    world.session(status="draft", held_on=january, theme=None)
    world.session(status="planned", held_on=december, theme=theme("法治社会"))
    world.session(status="cancelled", held_on=december)
    world.session(status="void", held_on=december)
    world.session(world.theirs, status="verified", held_on=january)
    went = ask(world.leader, url).context["went"]

    def told(outcome):
        return (outcome.arranged, outcome.held, outcome.verified, outcome.attendances, outcome.cancelled)

    assert told(went.months[0].outcome) == (3, 3, 1, 40, 0)
    assert told(went.months[11].outcome) == (1, 0, 0, 0, 1)
    assert told(went.whole) == (4, 3, 1, 40, 1)
    by_theme = {line.label: (told(line.outcome), line.stressed) for line in went.themes}
    assert by_theme["家庭教育"] == ((2, 2, 1, 40, 0), False)
    assert by_theme["法治社会"] == ((1, 0, 0, 0, 0), True)
    assert by_theme["未填主题"][0] == (1, 1, 0, 0, 0)
    assert told(went.whole)[:4] == tuple(sum(told(m.outcome)[n] for m in went.months) for n in range(4))


def test_a_plan_whose_day_has_passed_is_overdue(world, ask, url):
    day = datetime.date(world.year, 1, 1)
    row = world.session(status="planned", held_on=day)
    assert ask(world.town, url).context["went"].whole.overdue == (1 if day < world.today else 0)
    row.hold(actor=world.town)
    assert ask(world.town, url).context["went"].whole.overdue == 0


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"sessions": "0"}, "sessions", "1"),
        ({"sessions": "1001"}, "sessions", "1000"),
        ({"attendances": "1000001"}, "attendances", "1000000"),
        ({"text": "给戒毒人员上课"}, "text", "戒毒"),
        ({"sessions": ""}, "__all__", "至少填一项"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_and_nothing_typed_is_lost(world, ask, url, changes, field, sentence):
    body = {"sessions": "6", "text": "", "seen_version": "0"} | changes
    response = ask(world.town, url + "edit/", body, "post")
    assert sentence in " ".join(response.context["form"].errors[field])
    assert response.context["form"]["text"].value() == body["text"] and not UnitPlan.objects.exists()


@pytest.mark.parametrize("changes", [{"sessions": 0}, {"attendances": 0}, {"year": 1999}])
def test_in_5_the_database_refuses_impossible_plans(world, changes):
    plan = UnitPlan.objects.create(unit=world.ours, year=world.year, sessions=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitPlan.objects.filter(pk=plan.pk).update(**changes)


def test_the_plan_of_a_locked_year_stays(world, ask, url):
    world.lock()
    response = ask(world.town, url + "edit/", {"sessions": "6", "seen_version": "0"}, "post")
    assert "已锁定定案" in response.content.decode() and not UnitPlan.objects.exists()
    assert "填写计划" not in ask(world.town, url).content.decode()


def test_in_4_two_people_at_one_plan_see_both_values(world, ask, url):
    UnitPlan.objects.create(unit=world.ours, year=world.year, sessions=8, version=3)
    response = ask(world.town, url + "edit/", {"sessions": "6", "seen_version": "2"}, "post")
    assert "已有人先改成了“8”" in response.content.decode()
    assert UnitPlan.objects.get().sessions == 8
    ask(world.town, url + "edit/", {"sessions": "6", "seen_version": "3"}, "post")
    assert UnitPlan.objects.get().sessions == 6


def test_the_desk_shows_what_is_planned_next_and_what_is_overdue(world, ask, url):
    world.session(status="planned", held_on=world.today - datetime.timedelta(days=1), title="昨天的课")
    world.session(status="planned", held_on=world.today + datetime.timedelta(days=3), title="下次的课")
    page = ask(world.town, "/").content.decode()
    assert page.index("昨天的课") < page.index("日子已过") < page.index("下次的课")
    assert url in page
    assert url in ask(world.bureau, f"/assessment/{world.year}/450124100/").content.decode()


@pytest.mark.parametrize("year", [1999, 2100])
def test_a_year_that_cannot_be_is_not_there(world, ask, year):
    for page in (f"/plans/{year}/", f"/plans/{year}/450124100/", f"/plans/{year}/450124100/edit/"):
        assert ask(world.town, page).status_code == 404


def test_next_year_can_be_planned_before_its_assessment_is_opened(world, ask):
    url = f"/plans/{world.year + 1}/450124100/"
    assert ask(world.town, url + "edit/", {"sessions": "5", "seen_version": "0"}, "post").url == url
    assert "考核任务。" in ask(world.town, url).content.decode()


def test_ld_2_plan_pages_ask_as_much_for_many_sessions_as_for_few(world, client, url):
    client.force_login(world.bureau)
    pages = [url, f"/plans/{world.year}/"]

    def queries():
        counts = []
        for page in pages:
            with CaptureQueriesContext(connection) as found:
                assert client.get(page).status_code == 200
            counts.append(len(found))
        return counts

    for number, name in enumerate(["家庭教育", "法治社会", "科学生活"]):
        world.session(held_on=datetime.date(world.year, 1, 1), title=f"课{number}", theme=theme(name))
    UnitPlan.objects.create(unit=world.ours, year=world.year, sessions=5).themes.set(Theme.objects.all()[:2])
    few = queries()
    for number in range(27):
        world.session(held_on=datetime.date(world.year, 1, 1), title=f"又课{number}")
    UnitPlan.objects.create(unit=world.theirs, year=world.year, sessions=5).themes.set(Theme.objects.all()[:5])
    assert queries() == few
    assert TrainingSession.objects.count() == 30 and not TrainingClass.objects.exists()


def test_the_plan_of_a_merged_unit_counts_what_it_has_taken_over(world, ask):
    w, day = world, datetime.date(world.year, 1, 1)
    w.session(w.wxgtj, title="合并前文化局的课", status="verified", reported=40)
    w.session(w.lgj, title="合并前老干局的课", status="verified", reported=30)
    w.session(w.jyj, title="与此无关的课", actor=w.bureau, verifier=w.bureau2, status="verified", reported=900)
    UnitPlan.objects.create(unit=w.lgj, year=w.year, sessions=7, attendances=1200)
    new = MemberUnit.objects.create(
        county=w.county, code="wlj", name="县文旅局", kind="department", division=w.county, position=16
    )
    UnitTerm.objects.create(unit=new, fact="group", starts_on=day)
    for old in [w.wxgtj, w.lgj]:
        UnitSuccession.objects.create(old=old, new=new, on=day, change="merge")
    page = ask(w.bureau, f"/plans/{w.year}/wlj/")
    assert (page.context["went"].whole.verified, page.context["went"].whole.attendances) == (2, 70)
    assert (
        "含更名、合并前的单位" in page.content.decode()
        and "县老干局原来的计划：7 场、1,200 人次" in page.content.decode()
    )
    [line] = [line for line in ask(w.bureau, f"/plans/{w.year}/").context["lines"] if line[0] == new]
    assert (line[2].verified, line[2].attendances) == (2, 70)
    before = ask(w.bureau, f"/plans/{w.year - 1}/wlj/")  # the year before, there was nothing to take over
    assert "含更名" not in before.content.decode()


def test_pi_4_a_plan_that_many_read_names_nobodys_telephone(world, ask, url):
    body = {"sessions": "6", "text": "每月一场，找韦老师 13800138000", "seen_version": "0"}
    assert "这里不写个人手机号码" in ask(world.town, url + "edit/", body, "post").content.decode()
    assert not UnitPlan.objects.exists()
