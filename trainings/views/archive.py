"""归档包: one session, or a unit's verified sessions of a year, as a zip."""

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from networks import audit
from networks.access import Action, require, visible_or_404
from networks.models import MemberUnit
from networks.views.downloads import rationed

from ..archive import Pack, for_packing, pack, refuse_too_large
from ..forms import FIRST_YEAR, LAST_YEAR
from ..models import Refused, Status, TrainingSession

ZIP = "application/zip"


@require(Action.EXPORT)
@require_GET
@rationed
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """In whatever state it is."""
    session = visible_or_404(request.user, TrainingSession.objects.select_related("organiser"), pk=pk)
    rows = TrainingSession.objects.visible_to(request.user).filter(pk=pk)
    made = pack(for_packing(rows), request.user, f"归档包：{session}")
    return _hand_out(request, made, f"archive-{session.number}.zip", subject=session, session=session.number)


@require(Action.EXPORT)
@require_GET
@rationed
def of_unit(request: HttpRequest, year: int, unit: str) -> HttpResponse:
    """The verified sessions of a year, or of one month (?month=), as far as this account sees them."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
    if "\x00" in unit:
        raise Http404("没有这个单位")
    whose = visible_or_404(request.user, MemberUnit.objects, code=unit, county_id=request.user.county_code)
    rows = TrainingSession.objects.visible_to(request.user).in_year(year)
    rows = rows.filter(organiser=whose, status=Status.VERIFIED)
    asked = request.GET.get("month", "")
    month = int(asked) if asked in {str(number) for number in range(1, 13)} else None
    if month:
        rows = rows.filter(held_on__month=month)
    when = f"{year}年{month}月" if month else f"{year}年"
    try:
        if not rows.exists():
            raise Refused(f"{whose}{when}没有您可以查看的已核定场次")
        refuse_too_large(rows)
    except Refused as refused:
        messages.error(request, "没有打包：" + "；".join(refused.reasons) + "。")
        return redirect(f"{reverse('session-list')}?year={year}&unit={whose.code}")
    made = pack(for_packing(rows), request.user, f"{whose}{when}培训归档包")
    name = f"archive-{year}{f'-{month:02}' if month else ''}-{whose.code}-{timezone.localdate():%Y%m%d}.zip"
    return _hand_out(request, made, name, subject=whose, year=year, month=month, unit=whose.code)


def _hand_out(request: HttpRequest, made: Pack, name: str, *, subject, **detail) -> FileResponse:
    """The log keeps who took what, with the digest of the list of digests (AU-3)."""
    try:
        with transaction.atomic():
            audit.record(
                "下载归档包",
                actor=request.user,
                subject=subject,
                request=request,
                sessions=made.sessions,
                files=made.files,
                bytes=made.size,
                sha256=made.digest,
                **detail,
            )
    except BaseException:
        made.file.close()
        raise
    return FileResponse(made.file, as_attachment=True, filename=name, content_type=ZIP)
