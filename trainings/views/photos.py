"""Photos for many sessions on one page: the unit's own sessions that may still take evidence, a chooser beside each."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from networks import audit
from networks.access import Action, require

from .. import evidence as keeping
from ..evidence import OPEN
from ..models import Audience, Evidence, Refused, Status, TrainingSession

PER_PAGE = 15


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def photos(request: HttpRequest) -> HttpResponse:
    """POST adds what was chosen, session by session, and names what was not kept and why."""
    rows = TrainingSession.objects.editable_by(request.user).filter(status__in=OPEN - {Status.PLANNED})
    if request.method == "POST":
        return _add(request, rows)
    without = request.GET.get("all") != "1"
    rows = rows.annotate(
        photos=Count("evidence", filter=Q(evidence__kind=Evidence.Kind.PHOTO), distinct=True),
        level=Coalesce(Max("audience_counts__audience__sensitivity"), 0),
    )
    shown = rows.filter(photos=0).exclude(level=Audience.Sensitivity.HEADCOUNT_ONLY) if without else rows
    page = Paginator(
        shown.order_by(F("held_on").desc(nulls_last=True), "-pk").select_related("place__parent"), PER_PAGE
    )
    context = {
        "page_obj": page.get_page(request.GET.get("page")),
        "without": without,
        "headcount_only": Audience.Sensitivity.HEADCOUNT_ONLY,
    }
    return render(request, "trainings/sessions/photos.html", context)


def _add(request: HttpRequest, rows) -> HttpResponse:
    files = {}
    for name in request.FILES:
        key = name.removeprefix("photos-")
        if key != name and key.isascii() and key.isdecimal() and len(key) < 19:
            files[int(key)] = request.FILES.getlist(name)
    # Foreign and locked ones are not among the rows; what nobody may add to is left out and said.
    sessions = rows.select_related("organiser").in_bulk(list(files)[:PER_PAGE])
    kept, refused = 0, []
    for key, uploads in files.items():
        session = sessions.get(key)
        if session is None:
            refused.append("有一场没有找到，或不能再添加照片")
            continue
        try:
            added = keeping.add(session, actor=request.user, kind=Evidence.Kind.PHOTO, uploads=uploads, request=request)
        except (Refused, PermissionDenied) as problem:
            if isinstance(problem, PermissionDenied):
                audit.denied(request, subject=session)
            refused.append(f"《{session}》：{problem}")
        else:
            kept += len(added.kept)
            refused += [f"《{session}》{name}：{sentence}" for name, sentence in added.refused]
    if kept:
        messages.success(request, f"已保存 {kept} 张照片。")
    if refused:
        messages.warning(request, "以下没有保存：\n" + "\n".join(dict.fromkeys(refused)))
    if not kept and not refused:
        messages.info(request, "还没有选照片。")
    return redirect(reverse("session-photos"))
