"""扫码签到, the residents' side: one page without account for names at the door and, afterwards, for what they thought of it.

Nothing of a name stands in an address or a cookie. The answer to a form is the page itself, so a code that was just given is
shown once; the same form sent again signs nobody in twice. The one cookie besides the form's own (CSRF) is set where the
officer chose the stricter setting, holds random letters, and ends with the day.
"""

import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from networks.limits import address_allowed, allowed

from ..models import Refused, ScanSheet
from ..models.scans import Phase
from ..scan_forms import family

DEVICE = "scan_device"
DEVICE_AGE = 24 * 3600  # seconds
# A hall behind one address signs in within minutes, so the limits leave room for it; a machine meets them.
PER_SHEET = {"most": 300, "seconds": 60}
PER_ADDRESS = {"most": 120, "seconds": 60}
TOO_MANY = "现在签到的人太多，请过一分钟再点一次；填的内容还在，不用重填"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest, token: str) -> HttpResponse:
    sheet = ScanSheet.objects.found(token)
    if sheet is None:
        return no_such_page(request)
    if request.method != "POST":
        return page(request, sheet)
    people = family(sheet, request.POST)
    if not people.management_form.is_valid():
        return page(request, sheet, extra=["请写姓名，再点签到"])
    if not people.is_valid():
        return page(request, sheet, people=people)
    if not (
        allowed("scan", sheet.token, **PER_SHEET) and address_allowed(request, f"scan {sheet.token}", **PER_ADDRESS)
    ):
        return page(request, sheet, people=people, extra=[TOO_MANY], status=429)
    device = ""
    if sheet.once_per_device:
        device = request.COOKIES.get(DEVICE, "")[:32] or secrets.token_hex(16)
    try:
        signed = sheet.sign(people.attendees(), device=device)
    except Refused as refused:
        return page(request, sheet, people=people, extra=refused.reasons)
    answer = page(request, sheet, signed=signed)
    if device:
        answer.set_cookie(
            DEVICE,
            device,
            max_age=DEVICE_AGE,
            path=reverse("scan", args=[token]),
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return answer


def page(request: HttpRequest, sheet: ScanSheet, *, status: int = 200, **given: object) -> HttpResponse:
    """The one page, for whatever time it is. `given`: `people` as typed, `signed`, `extra` sentences."""
    phase = sheet.phase()
    context = {
        "sheet": sheet,
        "session": sheet.session,
        "window": sheet.window(),
        "phase": phase,
        "closed_early": sheet.closed_early(),
        "people": family(sheet) if phase == Phase.OPEN and "signed" not in given else None,
    }
    if people := given.get("people"):  # whoever typed a second name finds it again
        context["more_open"] = any(form.has_changed() for form in people.forms[1:])
    return render(request, "trainings/scan/page.html", context | given, status=status)


def no_such_page(request: HttpRequest) -> HttpResponse:
    return render(request, "trainings/scan/no_such_page.html", status=404)
