"""报表: which forms there are, one form of one year on the screen, on paper and as a workbook, and what the office types in."""

from http import HTTPStatus

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from networks import audit
from networks.access import Action, can, require
from networks.views.downloads import rationed
from networks.views.keeping import keep
from trainings.views.entry import DRAFT_DONE

from ..exports import XLSX, xlsx
from ..forms import FORMS
from ..forms.entering import EntryForm
from ..forms.filling import fill
from ..forms.parts import Form
from ..forms.sources import Sources
from ..models import AssessmentYear, FormEntry, Submission
from .years import with_year


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def forms(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    context = {
        "year": year,
        "years": request.years_shown,
        "forms": list(FORMS.values()),
        "sees_submissions": can(request.user, Action.MANAGE_YEARS) or can(request.user, Action.VIEW_LOGS),
        "may_export": can(request.user, Action.EXPORT),
        "crumbs": _crumbs(year)[:1],
    }
    return render(request, "reporting/forms/list.html", context)


def form_or_404(key: str) -> Form:
    if key not in FORMS:
        raise Http404("没有这张报表")
    return FORMS[key]


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def form(request: HttpRequest, year: AssessmentYear, key: str) -> HttpResponse:
    filled = fill(form_or_404(key), year, request.user)
    may_file = can(request.user, Action.MANAGE_YEARS)
    context = {
        "year": year,
        "years": request.years_shown,
        "waiting": Submission.waiting_for(year, key) if may_file else None,
        "form": filled.form,
        "filled": filled,
        "may_fill": may_file and bool(filled.form.typed) and bool(filled.lines),
        "may_file": may_file,
        "draft_done": request.session.pop(DRAFT_DONE, ""),
        "crumbs": _crumbs(year),
    }
    return render(request, "reporting/forms/form.html", context)


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
def form_print(request: HttpRequest, year: AssessmentYear, key: str) -> HttpResponse:
    filled = fill(form_or_404(key), year, request.user)
    return render(request, "reporting/forms/print.html", {"year": year, "form": filled.form, "filled": filled})


@require_safe
@require(Action.VIEW_COUNTY)
@with_year
@rationed
def form_export(request: HttpRequest, year: AssessmentYear, key: str) -> HttpResponse:
    """The log keeps who took which form (AU-3)."""
    filled = fill(form_or_404(key), year, request.user)
    content = xlsx(filled.export())
    with transaction.atomic():
        audit.record("导出报表", actor=request.user, subject=year, request=request, year=year.year, form=key)
    name = f"form-{key}-{year.year}-{timezone.localdate():%Y%m%d}.xlsx"
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_YEARS)
@with_year
def form_fill(request: HttpRequest, year: AssessmentYear, key: str) -> HttpResponse:
    """What no source knows."""
    shown = form_or_404(key)
    if not shown.typed:
        raise Http404("这张报表没有要填的内容")
    entry = FormEntry.objects.filter(year=year, form=key).first() or FormEntry(year=year, form=key)
    rows = shown.rows(Sources(year, request.user))
    posted = request.POST if request.method == "POST" else None
    back = reverse("form", args=[year.year, key])
    draft = f"form-{key}-{year.year}"
    answer = keep(
        request,
        EntryForm(posted, instance=entry, form=shown, rows=rows),
        action="填写报表",
        title=f"填写：{shown.title}",
        lead=f"{year.year}年。没有数的留空，不要填 0；其余各栏由系统取数，不能在这里改。",
        back=back,
        template="reporting/forms/fill.html",
        detail={"year": year.year, "form": key},
        crumbs=[*_crumbs(year), (shown.title, back)],
        draft=draft,
    )
    if answer.status_code == HTTPStatus.FOUND:
        request.session[DRAFT_DONE] = draft
    return answer


def _crumbs(year: AssessmentYear) -> list[tuple[str, str]]:
    return [
        ("完成情况", reverse("assessment-county", args=[year.year])),
        (f"{year.year}年报表", reverse("forms", args=[year.year])),
    ]
