"""通报: the archive of those that have gone out, the office's draft with its figures, the print page, and the Word file."""

import io
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks import audit
from networks.access import Action, can, require, visible_or_404
from networks.views.downloads import rationed
from networks.views.keeping import keep
from trainings.models import Refused
from trainings.views.entry import DRAFT_DONE

from .. import word
from ..bulletin import Figures, document_of, missing_for_issue, moved_figures, typed_figures
from ..bulletin_forms import BulletinForm, IssueForm
from ..models import AssessmentYear, Bulletin
from .years import with_year


def _found(request: HttpRequest, pk: int) -> Bulletin:
    rows = Bulletin.objects.select_related("year__county", "act__year", "act__county")
    return visible_or_404(request.user, rows, pk=pk)


@require_safe
@require(Action.VIEW_STANDING)
def bulletins(request: HttpRequest) -> HttpResponse:
    rows = Bulletin.objects.visible_to(request.user).select_related("year__county", "act").defer("content", "body")
    years = []
    if can(request.user, Action.WRITE_BULLETINS):
        settled = AssessmentYear.objects.visible_to(request.user).exclude(status=AssessmentYear.Status.OPEN)
        # By the act on which it stands: its last lock.
        acts = dict(settled.filter(acts__kind="lock").values_list("year").annotate(last=Max("acts__pk")))
        written = {row.act_id for row in rows} | {acts.get(row.year.year) for row in rows if not row.issued}
        years = sorted((year for year, act in acts.items() if act not in written), reverse=True)
    return render(request, "reporting/bulletins/list.html", {"bulletins": rows, "years": years})


@require_POST
@require(Action.WRITE_BULLETINS)
@with_year
def begin(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The year's draft, with its first words."""
    try:
        row = Bulletin.draft(year, request.user, request=request)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, f"{reason}。")
        return redirect("bulletins")
    return redirect("bulletin-edit", row.pk)


@require_safe
@require(Action.VIEW_STANDING)
def bulletin(request: HttpRequest, pk: int) -> HttpResponse:
    """The print page: the same document as the Word file, with what is still in the way for whoever writes it."""
    row = _found(request, pk)
    document, writes = document_of(row), can(request.user, Action.WRITE_BULLETINS)
    context = {
        "bulletin": row,
        "document": document,
        "masthead": _masthead(document.masthead),
        "how_to_check": word.HOW_TO_CHECK,
        "writes": writes and not row.issued,
        "missing": missing_for_issue(row) if writes and not row.issued else [],
        "moved": moved_figures(row) if writes and not row.issued else [],
        "typed": typed_figures(row) if writes and not row.issued else [],
        # The file is made from the frozen text each time: a later release of this system may lay it out otherwise.
        "laid_out_otherwise": row.issued and word.digest(word.docx(document)) != row.word_digest,
        "corrected": row.issued and not row.on_standing_act,
        "standing": row.on_standing_act,
        "draft_done": request.session.pop(DRAFT_DONE, ""),
    }
    return render(request, "reporting/bulletins/paper.html", context)


def _masthead(text: str) -> dict[str, str]:
    """In points, as in the Word file: the name of the office narrowed until it fills its line."""
    size, scale = word.masthead_size(text)
    height = {"size": size, "baseline": size * 0.88, "height": size * 1.1}
    width = min(len(text) * size * scale / 100, word.WIDTH)
    return {name: f"{value:.1f}" for name, value in (height | {"width": width}).items()}


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.WRITE_BULLETINS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _found(request, pk)
    if row.issued and request.method != "POST":  # what somebody has typed meanwhile is shown again, with the reason
        messages.info(request, "通报已经印发，不能再改动。")
        return redirect("bulletin", row.pk)
    figures = Figures(row.year, row.act)
    back = reverse("bulletin", args=[row.pk])
    answer = keep(
        request,
        BulletinForm(request.POST if request.method == "POST" else None, instance=row),
        action="修改通报",
        title=f"修改{row.year}通报",
        lead="各处的数字写成大括号里的数据项，由系统照定案填写；保存以后先看成文的样子。",
        back=back,
        done="已保存。请看成文的样子。",
        detail={"year": row.year.year, "act": row.act.number},
        template="reporting/bulletins/edit.html",
        figures=figures,
        moved=moved_figures(row),
        typed=typed_figures(row),
        bulletin=row,
        crumbs=[("通报", reverse("bulletins")), (f"{row.year}通报", back)],
    )
    if answer.status_code == HTTPStatus.FOUND:
        request.session[DRAFT_DONE] = f"bulletin-{row.pk}"
    return answer


@require_POST
@require(Action.WRITE_BULLETINS)
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """To the figures of the act by which the year is settled now."""
    row = _found(request, pk)
    try:
        row.follow(request.user, request=request)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, f"{reason}。")
    else:
        messages.success(request, f"已改用第 {row.act.number} 次定案的数字，请核对全文。")
    return redirect("bulletin", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.WRITE_BULLETINS)
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks once: afterwards nothing can be changed, and every unit reads it."""
    row, extra = _found(request, pk), []
    if row.issued:
        messages.info(request, "通报已经印发。")
        return redirect("bulletin", row.pk)
    form = IssueForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Refused("请从页面上的按钮印发")
            row.issue(request.user, seen_version=form.cleaned_data["seen_version"], request=request)
        except (Refused, ValidationError) as refused:
            extra = list(getattr(refused, "reasons", None) or refused.messages)
            row = _found(request, pk)
        else:
            messages.success(request, "已印发，各单位和领导小组可以阅读、下载。")
            return redirect("bulletin", row.pk)
    context = {
        "bulletin": row,
        "document": document_of(row),
        "missing": missing_for_issue(row),
        "typed": typed_figures(row),
        "extra": extra,
    }
    return render(request, "reporting/bulletins/issue.html", context)


@require_safe
@require(Action.VIEW_STANDING)
@rationed
def word_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The log keeps who took it (AU-3): a draft tells of units before it has gone out."""
    row = _found(request, pk)
    name = f"bulletin-{row.year.year}-{row.act.number}{'' if row.issued else '-draft'}.docx"
    content = io.BytesIO(word.docx(document_of(row)))
    with transaction.atomic():
        audit.record(
            "下载通报", actor=request.user, subject=row, request=request, year=row.year.year, number=row.act.number
        )
    return FileResponse(content, as_attachment=True, filename=name, content_type=word.WORD)
