"""What learning groups and resource projects came to: their verified sessions and attendances, each sum one grouped query.

A group's figures are all verified sessions that name it, whoever held them and whether or not they count for a quota
(依据 二(一)2); a project's are those that carry the vocabulary's word for it (依据 二(二)2).
"""

from collections.abc import Iterable

from django.db.models import Count, QuerySet, Sum

from networks.models import ResourceProject, User
from trainings.models import Project, Status, TrainingSession

from .assessment import Tally

DEFINITION = (
    "已核定、登记时选了这个团队（小组）的培训场次，不论由谁主办、是否计入任务；连续几天的培训班算一场。人次是核定人次。"
)

# The words of data/vocabulary.csv by kind of project; 粤桂协作 stands in no clause and has no word.
WORDS = {
    ResourceProject.Kind.TREASURES: "“马山文化三宝”进社区",
    ResourceProject.Kind.TALENTS: "“三区人才”文艺培训",
    ResourceProject.Kind.FREE_OPENING: "文化场馆免费开放",
}


def verified_in(county_code: str) -> QuerySet[TrainingSession]:
    return TrainingSession.objects.filter(status=Status.VERIFIED, organiser__county_id=county_code).order_by()


def tallies(sessions: QuerySet[TrainingSession], by: str) -> dict[object, Tally]:
    """Sessions and verified attendances by the values of `by`. One query."""
    sums = sessions.order_by().values(by).annotate(sessions=Count("pk"), attendances=Sum("verified_attendance"))
    return {key: Tally(*sum_) for key, *sum_ in sums.values_list(by, "sessions", "attendances")}


def of_groups(groups: Iterable[int], county_code: str, year: int) -> dict[int, Tally]:
    """What each of these groups came to in the year; a group without a verified session is not in it. One query."""
    return tallies(verified_in(county_code).in_year(year).filter(learning_group__in=list(groups)), "learning_group")


def by_year(sessions: QuerySet[TrainingSession], user: User) -> list[dict]:
    """[{year, did, seen}] of verified sessions, newest first; `seen` is how many of them this account may open. Two
    queries."""
    seen = tallies(TrainingSession.objects.visible_to(user).filter(pk__in=sessions.values("pk")), "held_on__year")
    found = sorted(tallies(sessions, "held_on__year").items(), reverse=True)
    return [{"year": year, "did": did, "seen": seen.get(year, Tally()).sessions} for year, did in found]


def of_project(project: ResourceProject, word: Project, county_code: str) -> QuerySet[TrainingSession]:
    """The verified sessions that carry the project's word, of the years in which it ran: whole years, as the list of
    sessions shows them."""
    sessions = verified_in(county_code).filter(project=word, held_on__year__gte=project.starts_on.year)
    return sessions.filter(held_on__year__lte=project.ends_on.year) if project.ends_on else sessions


def word_of(project: ResourceProject) -> Project | None:
    """The vocabulary's word for this kind of project; None where there is none, or an installation has not got it."""
    word = WORDS.get(project.kind)
    return Project.objects.filter(name=word).first() if word else None
