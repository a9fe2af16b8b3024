"""扫码签到, the residents' side: one page without account for names at the door and, afterwards, for what they thought of it.

Nothing of a name stands in an address or a cookie. The answer to a form is the page itself, so a code that was just given is
shown once; the same form sent again signs nobody in twice and is told the same code (its hidden key proves that it is the same). Besides the form's own cookie (CSRF) there are two of one session
each: random letters for a day where the officer chose one name per telephone, and the bare mark that this telephone has said
its opinion. No opinion is stored with either.
"""

import re

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_http_methods, require_POST

from networks.cookies import host_cookie
from networks.limits import address_allowed, address_used_up, allowed

from ..feedback_forms import FeedbackForm
from ..models import Feedback, Refused, ScanSheet, TrainingSession
from ..models.feedback import SAID_BEFORE
from ..models.scans import FEEDBACK_DAYS, Phase
from ..satisfaction import opinions_of
from ..scan_forms import family

DEVICE_AGE = 24 * 3600  # seconds
_OURS = re.compile(r"[0-9a-f]{32}")  # what we have put into the cookie; a quoted one can hold anything, NUL included
SAID_AGE = (FEEDBACK_DAYS + 1) * 24 * 3600
# Names, of which one form brings up to six. A hall behind one address signs in within minutes, so the limits leave room for it;
# a machine meets them.
PER_SHEET = {"most": 300, "seconds": 60}
PER_ADDRESS = {"most": 120, "seconds": 60}
WRONG_CODES = {"most": 30, "seconds": 600}  # of one address
TOO_MANY_CODES = "填错的学习码太多，请过十分钟再试；也可以不填学习码，直接签到"
TOO_MANY = "现在签到的人太多，请过一分钟再点一次；填的内容还在，不用重填"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest, token: str) -> HttpResponse:
    sheet = ScanSheet.objects.found(token)
    if sheet is None:
        return no_such_page(request)
    if request.method != "POST":
        return page(request, sheet)
    # Asked before a code is looked up: after too many wrong ones not even the right one is told from them.
    stopped = TOO_MANY_CODES if address_used_up(request, "learning code", **WRONG_CODES) else ""
    people = family(sheet, request.POST, codes_stopped=stopped)
    if not people.management_form.is_valid():
        return page(request, sheet, extra=["请写姓名，再点签到"])
    if not people.is_valid():
        wrong = sum("code" in form.errors for form in people.forms)
        if wrong and not stopped:
            address_allowed(request, "learning code", by=wrong, **WRONG_CODES)
        return page(request, sheet, people=people, status=429 if wrong and stopped else 200)
    # The address first: who is over it must not use up what the whole hall has.
    attendees = people.attendees()
    names = len(attendees)
    if not (
        address_allowed(request, f"scan {sheet.token}", by=names, **PER_ADDRESS)
        and allowed("scan", sheet.token, by=names, **PER_SHEET)
    ):
        return page(request, sheet, people=people, extra=[TOO_MANY], status=429)
    device = ""
    if sheet.once_per_device:
        device = request.COOKIES.get(_device(sheet), "")
        # Of the form, so that a double tap, whose second half knows no cookie yet, comes from the same telephone.
        device = device if _OURS.fullmatch(device) else salted_hmac("trainings.device", people.key).hexdigest()[:32]
    try:
        signed = sheet.sign(attendees, key=people.key, device=device)
    except Refused as refused:
        return page(request, sheet, people=people, extra=refused.reasons)
    answer = page(request, sheet, signed=signed)
    if device:
        _remember(answer, _device(sheet), device, DEVICE_AGE)
    return answer


@login_not_required
@require_POST
def say(request: HttpRequest, token: str) -> HttpResponse:
    """满意度: one opinion from one telephone, as far as a telephone can be known without being marked."""
    sheet = ScanSheet.objects.found(token)
    if sheet is None:
        return no_such_page(request)
    form = FeedbackForm(request.POST)
    # What a telephone says a second time is not taken, unless it is the first form once more; either is said, with the text.
    if _said(sheet) in request.COOKIES and not (form.is_valid() and form.has_arrived()):
        return page(request, sheet, feedback=form, extra=[SAID_BEFORE])
    if not sheet.takes_feedback():
        return page(request, sheet, extra=["现在不收评价：培训结束以后两周里可以评价"])
    if not form.is_valid():
        return page(request, sheet, feedback=form)
    if not address_allowed(request, f"say {sheet.token}", **PER_ADDRESS):
        return page(request, sheet, feedback=form, extra=[TOO_MANY], status=429)
    try:
        Feedback.give(sheet.session, **form.cleaned_data)
    except Refused as refused:
        return page(request, sheet, feedback=form, extra=refused.reasons)
    answer = page(request, sheet, thanked=True)
    _remember(answer, _said(sheet), "1", SAID_AGE)
    return answer


def _device(sheet: ScanSheet) -> str:
    return host_cookie(f"device-{sheet.pk}")


def _said(sheet: ScanSheet) -> str:
    return host_cookie(f"said-{sheet.pk}")


def _remember(answer: HttpResponse, name: str, value: str, seconds: int) -> None:
    path = "/" if settings.HTTPS else "/s/"  # of a name that is bound to the host it must be the former
    answer.set_cookie(name, value, max_age=seconds, path=path, secure=settings.HTTPS, httponly=True, samesite="Lax")


def page(request: HttpRequest, sheet: ScanSheet, *, status: int = 200, **given: object) -> HttpResponse:
    """The one page, for whatever time it is. `given`: `people` and `feedback` as typed, `signed`, `thanked`, `extra`."""
    phase, session = sheet.phase(), sheet.session
    said = _said(sheet) in request.COOKIES or "thanked" in given
    context = {
        "sheet": sheet,
        "session": session,
        "window": sheet.window(),
        "phase": phase,
        "said": said,
        "people": family(sheet) if phase == Phase.OPEN and "signed" not in given else None,
        "feedback": FeedbackForm() if sheet.takes_feedback() and not said else None,
        "opinions": opinions_of(TrainingSession.objects.filter(pk=session.pk)),
        "replies": session.feedback.exclude(answer="")
        .select_related("answered_by__home_unit", "answered_by__home_division")
        .order_by("-answered_at"),
        "waiting": session.feedback.filter(is_complaint=True, answer="").count(),
    }
    if people := given.get("people"):  # whoever typed a second name finds it again
        context["more_open"] = any(form.has_changed() for form in people.forms[1:])
    return render(request, "trainings/scan/page.html", context | given, status=status)


def no_such_page(request: HttpRequest) -> HttpResponse:
    return render(request, "trainings/scan/no_such_page.html", status=404)
