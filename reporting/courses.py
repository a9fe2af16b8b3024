"""Where and how often a course was taught, and how content people were (依据 二(四)1). Each sum is one grouped query.

A course's figures are all verified sessions that name it, whoever held them and whether or not they count for a quota.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from networks.models import Division, Tier
from trainings.models import Course
from trainings.satisfaction import opinions_by

from . import learning
from .assessment import Tally

DEFINITION = (
    "已核定、登记时选了这门课程的培训场次，不论由谁主办、是否计入任务；连续几天的培训班算一场。人次是核定人次。"
)


@dataclass(frozen=True)
class Satisfaction:
    """How many answered about a course's sessions, and which share of them was content; below 5 answers it is no share."""

    answers: int
    share: float | None


def satisfaction(courses: Iterable[int], county_code: str) -> dict[int, Satisfaction]:
    """By course, of its verified sessions; one that nobody has spoken of is not in it. Two queries."""
    said = opinions_by(_sessions(county_code).filter(course__in=list(courses)), "course")
    return {
        key: Satisfaction(found.answers, found.content * 1000 // found.answers / 1000 if found.known else None)
        for key, found in said.items()
        if found.answers
    }


def taught(courses: Iterable[int], county_code: str) -> dict[int, Tally]:
    """Sessions and attendances of each course in all years; one that was never taught is not in it. One query."""
    return learning.tallies(_sessions(county_code).filter(course__in=list(courses)), "course")


def by_year(course: Course) -> list[tuple[int, Tally]]:
    """The newest first. One query."""
    found = learning.tallies(_sessions(course.county_id).filter(course=course), "held_on__year")
    return sorted(found.items(), reverse=True)


def by_township(course: Course) -> list[tuple[str, Tally]]:
    """By the name of the township (or county) where it was held, the most often first; 县外 stands for everywhere else.
    Two queries."""
    sums = learning.tallies(_sessions(course.county_id).filter(course=course), "place_id")
    places = Division.objects.select_related("parent").in_bulk(filter(None, sums))
    found: dict[str, Tally] = {}
    for code, did in sorted(sums.items(), key=lambda pair: pair[0] or "9"):
        place = places.get(code)
        name = "县外" if place is None else (place.parent if place.tier == Tier.VILLAGE else place).short_name
        found[name] = found.get(name, Tally()).plus(did)
    return sorted(found.items(), key=lambda row: -row[1].sessions)


def _sessions(county_code: str):
    return learning.verified_in(county_code)
