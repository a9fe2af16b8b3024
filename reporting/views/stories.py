"""The registration sheet of a candidate, A4: 百姓学习之星 and 终身学习品牌 (依据 三(七))."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from networks.access import Action, require, visible_or_404
from trainings.models import Story

from .. import learning
from ..assessment import Tally


@require_safe
@require(Action.VIEW_COURSES)
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """What is registered stands in it; sex, age, telephone and the like are written by hand and stored nowhere."""
    row = visible_or_404(request.user, Story.objects.readable_by(request.user).select_related("unit"), pk=pk)
    if not row.is_candidate:
        raise Http404("只有百姓学习之星和终身学习品牌的推荐有登记表")
    verified = learning.verified_in(row.county_id).filter(stories=row)
    did = Tally()
    for tally in learning.tallies(verified, "held_on__year").values():
        did = did.plus(tally)
    context = {"story": row, "did": did, "star": row.kind == Story.Kind.STAR}
    return render(request, "reporting/candidate_sheet.html", context)
