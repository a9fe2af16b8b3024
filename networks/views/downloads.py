"""Workbooks handed out, and how many of them one account takes."""

import datetime
import functools
import io
from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from .. import audit
from ..forms import XLSX
from ..log_kinds import KINDS, Kind
from ..models import AuditEvent

MOST_TAKEN, WITHIN = 100, datetime.timedelta(minutes=10)


def workbook(content: bytes, name: str) -> FileResponse:
    """An attachment under a name that tells nothing of what is in it (PI-7)."""
    return FileResponse(io.BytesIO(content), as_attachment=True, filename=name, content_type=XLSX)


def rationed(view: Callable) -> Callable:
    """View decorator for whatever the log calls taken: one account takes so much in ten minutes (LD-3). Nobody's work needs more;
    whoever sits at a browser that was left open, or has somebody's password, empties nothing before it is noticed. Counted in the
    log, whatever the process and the address."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        taken = AuditEvent.objects.filter(actor=request.user, action__in=KINDS[Kind.TAKEN].acts)
        if taken.filter(at__gte=timezone.now() - WITHIN).count() < MOST_TAKEN:
            return view(request, *args, **kwargs)
        audit.denied(request, "十分钟内导出、下载、打印太多")
        page = render(request, "errors/429.html", {"most": MOST_TAKEN}, status=429)
        page.headers["Retry-After"] = str(int(WITHIN.total_seconds()))
        return page

    guarded.rationed = True
    return guarded
