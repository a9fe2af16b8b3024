"""资源项目 with the verified sessions that carry its word, year by year. Entered in networks/views/providers.py."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from networks.access import Action, can, require, visible_or_404
from networks.models import ResourceProject

from .. import learning


@require_safe
@require(Action.VIEW_NETWORK)
def resource_project(request: HttpRequest, pk: int) -> HttpResponse:
    user = request.user
    named = ResourceProject.objects.select_related("unit", "provider", "division__parent")
    project = visible_or_404(user, named, pk=pk)
    word = learning.word_of(project)
    context = {
        "project": project,
        "crumbs": [("共享资源", reverse("resources")), ("资源项目", reverse("resource-projects"))],
        "word": word,
        "sees_rows": can(user, Action.VIEW_SESSIONS),
        "may_change": ResourceProject.objects.kept_by(user).filter(pk=pk).exists(),
    }
    if word:
        context["rows_query"] = f"project={word.pk}"
        context["years"] = learning.by_year(learning.of_project(project, word, user.county_code), user)
    return render(request, "reporting/resource_project.html", context)
