"""What learning groups and projects came to: verified sessions alone, each once, with the rows behind the figure."""

import datetime

import pytest

from networks.models import LearningGroup, ResourceProject
from reporting import learning
from reporting.assessment import Tally
from trainings.models import Project


@pytest.fixture
def group(world):
    return LearningGroup.objects.create(kind="team", name="新汉村山歌队", division=world.places["新汉村"])


@pytest.fixture
def held(world, group):
    """Two verified sessions of this year, one by another unit; one of last year; and what must not be counted."""
    year = world.year
    world.session(status="verified", reported=30, learning_group=group, title="山歌一")
    elsewhere = world.places["古零镇"]
    world.session(world.wxgtj, status="verified", reported=12, learning_group=group, place=elsewhere, title="山歌二")
    world.session(
        status="verified", reported=7, learning_group=group, held_on=datetime.date(year - 1, 12, 31), title="去年的"
    )
    for status in ("draft", "submitted", "returned", "planned", "void"):
        world.session(status=status, reported=500, learning_group=group, title=f"{status}的")
    world.session(status="verified", reported=600, title="别的培训")
    return year


def test_a_groups_figures_are_its_verified_sessions_of_the_year(world, group, held, page):
    assert learning.of_groups([group.pk], world.county.pk, held) == {group.pk: Tally(2, 42)}
    assert learning.of_groups([group.pk], world.other_county.pk, held) == {}
    listed = page(world.leader, "/network/communities/")
    assert listed.context["page_obj"][0].did == Tally(2, 42)


def test_a_groups_page_adds_up_year_by_year_and_opens_the_rows_where_all_are_seen(world, group, held, page):
    url = f"/network/communities/{group.pk}/"
    shown = page(world.bureau, url)
    assert [(row["year"], row["did"], row["seen"]) for row in shown.context["years"]] == [
        (held, Tally(2, 42), 2),
        (held - 1, Tally(1, 7), 1),
    ]
    link = f"/sessions/?group={group.pk}&amp;year={held}&amp;status=verified&amp;whose=all"
    assert link in shown.content.decode()
    rows = page(world.bureau, "/sessions/", group=group.pk, year=held, status="verified", whose="all")
    assert [row.title for row in rows.context["page_obj"]] == ["山歌二", "山歌一"]
    assert sum(row.verified_attendance for row in rows.context["page_obj"]) == 42


def test_ac_2_whoever_sees_fewer_rows_is_told_how_many_and_shown_no_others(world, group, held, page):
    url = f"/network/communities/{group.pk}/"
    town = page(world.town, url).content.decode()
    assert "您能查看 1 场" in town and "山歌一" in town and "山歌二" not in town
    leader = page(world.leader, url).content.decode()
    assert "您能查看" not in leader and "山歌一" not in leader and "/sessions/" not in leader
    theirs = page(world.town2, url).content.decode()
    assert "山歌二" in theirs and "submitted的" not in theirs and "draft的" not in theirs


def test_a_project_shows_the_sessions_of_its_word_and_one_without_a_word_says_so(world, page):
    word, year = Project.objects.get(name=learning.WORDS["treasures"]), world.year
    world.session(world.wxgtj, status="verified", reported=80, project=word)
    world.session(status="verified", reported=20, project=word)
    world.session(status="submitted", reported=500, project=word)
    world.session(world.foreign, status="verified", reported=900, project=word)
    for earlier, heads in ((1, 7), (2, 5), (3, 4)):
        held = datetime.date(year - earlier, 1, 1)
        world.session(status="verified", reported=heads, project=word, held_on=held, title=f"{earlier}年前")

    def project(kind, **dates):
        return ResourceProject.objects.create(
            **{"kind": kind, "title": f"{kind}{len(dates)}", "starts_on": datetime.date(year - 1, 6, 1)} | dates,
            unit=world.wxgtj,
            division=world.county,
            content="进村教学",
        )

    def years(shown):
        return [(row["year"], row["did"], row["seen"]) for row in shown.context["years"]]

    running = project("treasures")
    shown = page(world.bureau, f"/network/resources/projects/{running.pk}/")
    assert years(shown) == [(year, Tally(2, 100), 2), (year - 1, Tally(1, 7), 1)]
    assert f"/sessions/?project={word.pk}&amp;year={year}&amp;" in shown.content.decode()
    rows = page(world.bureau, "/sessions/", project=word.pk, year=year, status="verified", whose="all")
    assert sum(row.verified_attendance for row in rows.context["page_obj"]) == 100
    part = page(world.unit, f"/network/resources/projects/{running.pk}/")
    assert years(part) == [(year, Tally(2, 100), 1), (year - 1, Tally(1, 7), 0)]
    assert "您能查看 1 场" in part.content.decode()
    leader = page(world.leader, f"/network/resources/projects/{running.pk}/").content.decode()
    assert "您能查看" not in leader and "/sessions/" not in leader
    past = project("treasures", starts_on=datetime.date(year - 2, 12, 1), ends_on=datetime.date(year - 2, 12, 31))
    shown = page(world.bureau, f"/network/resources/projects/{past.pk}/")
    assert years(shown) == [
        (year - 2, Tally(1, 5), 1)
    ]  # an ended project shows what came of it, not this year's nothing
    none = page(world.bureau, f"/network/resources/projects/{project('guangdong').pk}/")
    assert "years" not in none.context and "未关联" in none.content.decode()
    nothing_yet = page(world.bureau, f"/network/resources/projects/{project('talents').pk}/")
    assert nothing_yet.context["years"] == [] and "还没有已核定的场次" in nothing_yet.content.decode()


def test_every_kind_of_project_but_two_has_a_word_of_the_vocabulary(world):
    assert set(ResourceProject.Kind.values) - set(learning.WORDS) == {"guangdong", "other"}
    assert Project.objects.filter(name__in=learning.WORDS.values()).count() == len(learning.WORDS) == 3
