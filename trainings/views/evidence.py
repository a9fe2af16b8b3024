"""Evidence of a session: adding several files at once, handing one out, taking one away."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from networks import audit
from networks.access import Action, require, visible_or_404
from networks.models import AuditEvent
from networks.views.files import hand_out

from .. import evidence as keeping
from ..models import Evidence, Refused, TrainingSession


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    session = visible_or_404(request.user, TrainingSession.objects.select_related("organiser"), pk=pk)
    files, link = request.FILES.getlist("files"), request.POST.get("link", "")
    if not files and not link.strip():
        messages.info(request, "请先选择文件，或填写链接。")
    else:
        keep(request, session, request.POST.get("kind", ""), files, link)
    return redirect(reverse("session-detail", args=[pk]) + "#evidence")


def keep(
    request: HttpRequest, session: TrainingSession, kind: str, files: list, link: str = "", *, again: bool = False
) -> None:
    """Adds the uploads and says what was kept and what was not, by name. Sent `again`, nothing is said of what an earlier
    try has brought."""
    try:
        added = keeping.add(session, actor=request.user, kind=kind, uploads=files, link=link, request=request)
    except Refused as refused:
        messages.error(request, "材料没有保存：" + "；".join(refused.reasons))
        return
    if again:
        added.refused = [pair for pair in added.refused if pair[1] != keeping.ALREADY]
    if added.kept:
        messages.success(request, f"已保存 {len(added.kept)} 份材料。")
    if added.refused:
        messages.warning(request, f"以下 {len(added.refused)} 份没有保存：\n{added.refusal}")


@require(Action.VIEW_SESSIONS)
@require_GET
def file(request: HttpRequest, pk: int, evidence_pk: int) -> HttpResponse:
    """The stored file as a download; pictures may stand in <img> (UP-2). What bears names is closed to whoever does not
    read them in the roster either."""
    rows = Evidence.objects.select_related("session").exclude(file="")
    evidence = visible_or_404(request.user, rows, pk=evidence_pk, session_id=pk)
    if why := keeping.veiled([evidence], request.user)[0].closed:
        raise PermissionDenied(why)
    if evidence.shows_persons:
        _note_look(request, evidence)
    return hand_out(evidence.file, content_type=evidence.content_type, name=evidence.download_name)


def _note_look(request: HttpRequest, evidence: Evidence) -> None:
    """Faces, and names on paper, are seen here as much as in a roster (PI-6). Once a day for an account, a session and a kind: a
    page shows twenty pictures at a time, and again with every click."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    looks = AuditEvent.objects.filter(
        action="查看佐证材料", actor=request.user, at__gte=today, detail__kind=evidence.kind
    )
    if looks.filter(subject=evidence.session._meta.model_name, subject_id=str(evidence.session_id)).exists():
        return
    with transaction.atomic():
        audit.record(
            "查看佐证材料",
            actor=request.user,
            subject=evidence.session,
            request=request,
            number=evidence.session.number,
            kind=evidence.kind,
        )


@require(Action.ENTER, Action.ENTER_ON_BEHALF)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int, evidence_pk: int) -> HttpResponse:
    """Asks once on a page of its own, then takes the piece away."""
    rows = Evidence.objects.select_related("session__organiser")
    evidence = visible_or_404(request.user, rows, pk=evidence_pk, session_id=pk)
    if not Evidence.objects.editable_by(request.user).filter(pk=evidence_pk).exists():
        raise PermissionDenied("只有登记单位的工作人员可以删除材料")
    if request.method != "POST":
        return render(request, "trainings/sessions/evidence_delete.html", {"evidence": evidence})
    try:
        keeping.remove(evidence, actor=request.user, request=request)
    except Refused as refused:
        messages.error(request, "；".join(refused.reasons))
    else:
        messages.success(request, "已删除这份材料。")
    return redirect(reverse("session-detail", args=[pk]) + "#evidence")
