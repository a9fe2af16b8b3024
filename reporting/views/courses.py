"""课程库 as people read it: the list, and each course with where and how often it was taught. Kept in
trainings/views/courses.py."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from networks.access import Action, can, require, visible_or_404
from trainings.course_forms import CourseFilter
from trainings.models import Course, Status, TrainingSession
from trainings.proposal_forms import DecisionForm
from trainings.views.courses import crumbs
from trainings.views.deciding import decisions_on

from .. import courses

PER_PAGE = 30
SESSIONS_SHOWN = 10


@require_safe
@require(Action.VIEW_COURSES)
def course_list(request: HttpRequest) -> HttpResponse:
    user = request.user
    asked = CourseFilter(request.GET, user=user)
    seen = Course.objects.readable_by(user)
    rows = asked.narrow(seen).select_related("theme", "unit", "language").prefetch_related("audiences")
    page = Paginator(rows.order_by("theme__position", "title", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    taught = courses.taught([row.pk for row in page], user.county_code)
    for row in page:
        row.taught = taught.get(row.pk)
    decides = can(user, Action.APPROVE_COURSES)
    context = {
        "asked": asked,
        "page_obj": page,
        "public": seen.public().count(),
        "waiting": seen.awaiting().count() if decides else 0,
        "definition": courses.DEFINITION,
        "may_add": decides or bool(can(user, Action.KEEP_OWN) and user.own_unit),
        "decides": decides,
    }
    return render(request, "reporting/courses/list.html", context)


@require_safe
@require(Action.VIEW_COURSES)
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """A course; a figure opens its sessions where this account sees all of them, else the page says how many it sees."""
    user = request.user
    named = Course.objects.readable_by(user).select_related(
        "theme", "unit", "language", "decided_by__person", "proposed_by__person"
    )
    row = visible_or_404(user, named, pk=pk)
    years = courses.by_year(row)
    seen = TrainingSession.objects.visible_to(user).filter(course=row)
    sees_rows = can(user, Action.VIEW_SESSIONS)
    context = {
        "course": row,
        "crumbs": crumbs(),
        "audiences": row.audiences.all(),
        "materials": row.materials.select_related("attachment"),
        "missing": row.missing_for_proposal() if row.can_be_rewritten else [],
        "years": years,
        "total": sum(did.sessions for _, did in years),
        "townships": courses.by_township(row),
        "satisfaction": courses.satisfaction([row.pk], user.county_code).get(row.pk),
        "definition": courses.DEFINITION,
        "sees_rows": sees_rows,
        "seen": seen.filter(status=Status.VERIFIED).count() if sees_rows else 0,
        "latest": seen.for_display().order_by("-held_on", "-pk")[:SESSIONS_SHOWN] if sees_rows else [],
        "may_enter": can(user, Action.ENTER) or can(user, Action.ENTER_ON_BEHALF),
        "form": DecisionForm(row=row),
        **decisions_on(row, user),
    }
    return render(request, "reporting/courses/course.html", context)
