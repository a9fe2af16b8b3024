"""资源项目 with the verified sessions of this year that carry its word. Entered in networks/views/providers.py."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks.access import Action, can, require, visible_or_404
from networks.models import ResourceProject
from trainings.models import TrainingSession

from .. import learning
from ..assessment import Tally


@require_safe
@require(Action.VIEW_NETWORK)
def resource_project(request: HttpRequest, pk: int) -> HttpResponse:
    user, year = request.user, timezone.localdate().year
    named = ResourceProject.objects.select_related("unit", "provider", "division__parent")
    project = visible_or_404(user, named, pk=pk)
    word = learning.word_of(project)
    context = {
        "project": project,
        "crumbs": [("共享资源", reverse("resources")), ("资源项目", reverse("resource-projects"))],
        "word": word,
        "year": year,
        "may_change": ResourceProject.objects.kept_by(user).filter(pk=pk).exists(),
    }
    if word:
        sessions = learning.verified_in(user.county_code).in_year(year).filter(project=word)
        context["did"] = learning.tallies(sessions, "project").get(word.pk, Tally())
        if can(user, Action.VIEW_SESSIONS):
            context["seen"] = TrainingSession.objects.visible_to(user).filter(pk__in=sessions.values("pk")).count()
    return render(request, "reporting/resource_project.html", context)
