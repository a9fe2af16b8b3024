"""扫码签到, the officer's side: opening it for a session, its poster, the count as it grows, the early end."""

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks.access import Action, barred_from_scanning, require, visible_or_404
from networks.views.keeping import keep

from ..models import Refused, RosterLine, ScanSheet, SignUp, TrainingSession
from ..models.scans import Phase
from ..scan_forms import ScanForm

STOP_POLLING = 286  # htmx asks no more; see `count`


@require(Action.ENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, pk: int) -> HttpResponse:
    """Before: what it is and the button that opens it. After: the QR code, the count, the settings."""
    session = _own(request, pk)
    sheet = ScanSheet.objects.filter(session=session).first()
    form = ScanForm(request.POST if request.method == "POST" else None, instance=sheet or ScanSheet(session=session))
    context = {"session": session, "sheet": sheet, "barred": ScanSheet.barred_from_opening(session)}
    if sheet:
        sheet.session = session
        context |= _shown(request, sheet) | _counted(sheet)

    def perform(form: ScanForm) -> ScanSheet:
        given = {name: form.cleaned_data[name] for name in ScanForm.Meta.fields}
        try:
            return ScanSheet.open(session, actor=request.user, **given)
        except Refused as refused:
            raise ValidationError(refused.reasons) from None

    return keep(
        request,
        form,
        action="开放扫码签到",
        perform=perform,
        title="扫码签到",
        back=reverse("session-scan", args=[pk]),
        done="扫码签到已设好：把二维码给大家扫，或打印海报贴在门口。",
        template="trainings/scan/manage.html",
        **context,
    )


@require(Action.ENTER)
@require_safe
def poster(request: HttpRequest, pk: int) -> HttpResponse:
    """A4: the QR code and the address in letters, for the door."""
    sheet = _opened(request, pk)
    return render(request, "trainings/scan/poster.html", {"sheet": sheet, **_shown(request, sheet)})


@require(Action.ENTER)
@require_safe
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """The number alone, asked for every few seconds. Each request keeps the officer signed in, so it is answered with
    "no more" once the window is over: a page that was left open must not stay signed in for ever."""
    sheet = _opened(request, pk)
    status = 200 if sheet.phase() == Phase.OPEN else STOP_POLLING
    return render(request, "trainings/scan/_count.html", {"sheet": sheet, **_counted(sheet)}, status=status)


@require(Action.ENTER)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    sheet = _opened(request, pk)
    try:
        sheet.close(actor=request.user)
    except Refused as refused:
        messages.info(request, "；".join(refused.reasons))
    else:
        messages.success(request, "扫码签到已提前结束，大家现在可以在同一页面评价。")
    return redirect("session-scan", pk)


def _own(request: HttpRequest, pk: int) -> TrainingSession:
    session = visible_or_404(request.user, TrainingSession.objects.for_display(), pk=pk)
    if barred := barred_from_scanning(request.user, session):
        raise PermissionDenied(barred)
    return session


def _opened(request: HttpRequest, pk: int) -> ScanSheet:
    session = _own(request, pk)
    sheet = ScanSheet.objects.filter(session=session).first()
    if sheet is None:
        raise Http404("这一场还没有开放扫码签到")
    sheet.session = session
    return sheet


def _shown(request: HttpRequest, sheet: ScanSheet) -> dict[str, object]:
    """The address as it is printed and its QR code; a phone and a person read the same one."""
    address = request.build_absolute_uri(reverse("scan", args=[sheet.address_words]))
    return {
        "address": address,
        "qr": segno.make(address, error="m").svg_data_uri(scale=8, border=3),
        "window": sheet.window(),
        "phase": sheet.phase(),
        "ban": sheet.session.roster_ban(),
    }


def _counted(sheet: ScanSheet) -> dict[str, object]:
    """How many stand in the roster, by what road; of those who signed up, how many came."""
    lines = list(sheet.session.roster.values_list("source", "name", "phone_tail", "signed_at"))
    scanned = [line for line in lines if line[0] == RosterLine.Source.QR]
    counted = {
        "phase": sheet.phase(),
        "scanned": len(scanned),
        "others": len(lines) - len(scanned),
        "last": max((line[3] for line in scanned), default=None),
        "now": timezone.now(),
    }
    expected = SignUp.objects.filter(announcement__session=sheet.session, cancelled_at=None)
    if signed_up := set(expected.values_list("name", "phone_tail")):
        came = sum((name, tail) in signed_up for _, name, tail, _ in lines)
        counted |= {"signed_up": len(signed_up), "came": came, "walked_in": len(lines) - came}
    return counted
