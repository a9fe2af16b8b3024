"""What leaves the screen: the blank sign-in sheet on A4, and the ledger as a workbook."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from networks import audit
from networks.access import Action, require, visible_or_404
from networks.views.downloads import rationed

from .. import workbook
from ..forms import FIRST_YEAR, LAST_YEAR, SheetForm
from ..models import Audience, Evidence, TrainingSession

LINES_PER_PAGE = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require(Action.VIEW_SESSIONS)
@require_GET
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """签到表 for as many people as asked (?people=), else as planned, else one page. No ID number, no telephone."""
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if Evidence.Kind.SHEET not in Evidence.kinds_at(level := session.sensitivity()):
        why = "只报人次" if level == Audience.Sensitivity.HEADCOUNT_ONLY else "有未成年人，不留姓名"
        raise PermissionDenied(f"这一场的培训对象{why}，不做签到表。请由主办单位清点人数后直接填报人次")
    asked = SheetForm(request.GET)
    asked.is_valid()
    people = asked.cleaned_data.get("people") or min(session.planned_attendance or LINES_PER_PAGE, 1000)
    pages = -(-people // LINES_PER_PAGE)
    numbers = [range(n * LINES_PER_PAGE + 1, (n + 1) * LINES_PER_PAGE + 1) for n in range(pages)]
    context = {"session": session, "pages": numbers, "people": people}
    return render(request, "trainings/sessions/sheet.html", context)


@require(Action.EXPORT)
@require_GET
@rationed
def export(request: HttpRequest, year: int) -> HttpResponse:
    """The year's ledger of what this account sees. The log keeps who took how many rows of which year."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
    content = workbook.export_year(request.user, year)
    rows = TrainingSession.objects.visible_to(request.user).in_year(year).count()
    with transaction.atomic():
        audit.record("导出台账", actor=request.user, request=request, year=year, rows=rows)
    headers = {"Content-Disposition": f'attachment; filename="ledger-{year}.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)
