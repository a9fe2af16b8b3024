"""授课教师: who can teach what in the county, by speciality and township (依据 二(四)2)."""

import re
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from networks.access import Action, can, instructors_to_find, require
from networks.models import Tier

from ..course_forms import InstructorFilter

PER_PAGE = 50
_SPLIT = re.compile(r"[、，,;；/\s]+")


@dataclass(frozen=True)
class Line:
    """One instructor as this account reads about them; who may not know the name gets none."""

    name: str
    person: int | None
    specialities: tuple[str, ...]
    institution: object
    township: str  # the code of the township, or the county's
    place: str


@require_safe
@require(Action.VIEW_COURSES)
def instructors(request: HttpRequest) -> HttpResponse:
    user = request.user
    rows = instructors_to_find(user).select_related("person", "institution__division__parent")
    everybody = [_line(row) for row in rows.order_by("institution__division_id", "pk")]
    counted: dict[str, int] = {}
    for line in everybody:
        for word in line.specialities:
            counted[word] = counted.get(word, 0) + 1
    townships = {line.township: line.place for line in everybody}
    asked = InstructorFilter(request.GET)
    word, place = asked.value("speciality"), asked.value("township")
    found = [
        line for line in everybody if (not word or word in line.specialities) and (not place or place == line.township)
    ]
    context = {
        "page_obj": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "specialities": sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])),
        "townships": sorted(townships.items()),
        "asked": {"speciality": word, "township": place},
        "narrowed": bool(word or place),
        "all": len(everybody),
        "hidden": sum(not line.name for line in everybody),
        "may_add": can(user, Action.KEEP_OWN) or can(user, Action.MANAGE_NETWORK),
        "crumbs": [("课程库", reverse("course-list"))],
    }
    return render(request, "trainings/courses/instructors.html", context)


def _line(row) -> Line:
    place = row.institution.division
    return Line(
        name=row.person.name if row.named else "",
        person=row.person_id if row.named else None,
        specialities=tuple(dict.fromkeys(filter(None, _SPLIT.split(row.specialities)))),
        institution=row.institution,
        township=place.township_code,
        place=(place.parent if place.tier == Tier.VILLAGE else place).short_name,
    )
