"""学习型组织与学习团队 as people read them: the list, and each group with what it did. Entered in networks/views/communities.py."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks.access import Action, can, places_to_keep_at, require, visible_or_404
from networks.forms import RegistryFilter
from networks.models import LearningGroup
from trainings.models import TrainingSession

from .. import learning

PER_PAGE = 30
SESSIONS_SHOWN = 10
STATES = [("current", "现有的"), ("ended", "已结束的")]


@require_safe
@require(Action.VIEW_NETWORK)
def communities(request: HttpRequest) -> HttpResponse:
    user, today = request.user, timezone.localdate()
    asked = RegistryFilter(request.GET, user=user, kinds=LearningGroup.Kind.choices, states=STATES)
    seen = LearningGroup.objects.visible_to(user)
    rows = asked.narrow(seen, "name", "theme", "activity", "division__short_name")
    if asked.value("state"):
        current = rows.filter(ended_on=None) | rows.filter(ended_on__gt=today)
        rows = current if asked.value("state") == "current" else rows.filter(ended_on__lte=today)
    page = Paginator(rows.select_related("division__parent", "unit"), PER_PAGE).get_page(request.GET.get("page"))
    did = learning.of_groups([group.pk for group in page], user.county_code, today.year)
    for group in page:
        group.did = did.get(group.pk)
    context = {
        "asked": asked,
        "page_obj": page,
        "year": today.year,
        "definition": learning.DEFINITION,
        "may_add": places_to_keep_at(user).exists(),
    }
    return render(request, "reporting/communities.html", context)


@require_safe
@require(Action.VIEW_NETWORK)
def community(request: HttpRequest, pk: int) -> HttpResponse:
    """A group with its years. A figure opens its sessions where this account sees all of them; else the page says how many
    it sees."""
    user = request.user
    groups = LearningGroup.objects.select_related("division__parent", "unit")
    group = visible_or_404(user, groups, pk=pk)
    sessions = learning.verified_in(user.county_code).filter(learning_group=group)
    seen = TrainingSession.objects.visible_to(user).filter(learning_group=group)
    rows = can(user, Action.VIEW_SESSIONS)
    context = {
        "group": group,
        "crumbs": [("学习型组织和学习团队", reverse("communities"))],
        "years": learning.by_year(sessions, user),
        "definition": learning.DEFINITION,
        "sees_rows": rows,
        "rows_query": f"group={group.pk}",
        "latest": seen.for_display().order_by("-held_on", "-pk")[:SESSIONS_SHOWN] if rows else [],
        "may_change": LearningGroup.objects.kept_by(user).filter(pk=pk).exists(),
    }
    return render(request, "reporting/community.html", context)
