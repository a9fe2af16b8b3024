"""电话回访: the draws of a county, one draw with its calls, the sheet for the telephone, and the record of one call."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import Action, barred_from_calling, can, entries_to_call, involved_in, require, visible_or_404
from networks.models import Appointment, Division
from networks.views.keeping import keep
from trainings.models import Audience, Refused, SubmitToken, TrainingSession
from trainings.models.effort import new_token

from ..calls import AGREES_WITHIN, DRAWN_FROM, CallForm, DrawForm, differs, draw, redrawn, results
from ..models import Call, CallSample


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.REVIEW, Action.VIEW_LOGS)
def samples(request: HttpRequest) -> HttpResponse:
    """Every draw of the county, and for the office the form for the next one."""
    user = request.user
    may_draw = can(user, Action.REVIEW)
    if request.method == "POST" and not may_draw:
        raise PermissionDenied("抽样由领导小组办公室的工作人员进行，您可以查看")
    form = DrawForm(request.POST if request.method == "POST" else None, _years(user))
    extra = []
    if request.method == "POST" and form.is_valid():
        county = Division.objects.get(pk=user.county_code)

        def act() -> str:
            made = draw(county=county, actor=user, request=request, **form.cleaned_data)
            messages.success(request, f"已从 {len(made.frame)} 场里抽出 {made.size} 场，种子 {made.seed}。")
            return reverse("call-sample", args=[made.pk])

        try:
            return redirect(SubmitToken.once(user, request.POST.get("token", "")[:64] or new_token(), act))
        except Refused as refused:
            extra = refused.reasons
    rows = CallSample.objects.visible_to(user).select_related("drawn_by__person").defer("frame")
    rows = rows.annotate(called=Count("calls", filter=~Q(calls__outcome="")))
    context = {
        "samples": rows,
        "form": form,
        "extra": extra,
        "may_draw": may_draw,
        "token": request.POST.get("token") or new_token(),
    }
    return render(request, "reporting/calls/list.html", context)


def _years(user) -> list[int]:
    """The years that have sessions to draw from, newest first; this one in any case."""
    held = TrainingSession.objects.visible_to(user).filter(status__in=DRAWN_FROM).dates("held_on", "year")
    return sorted({day.year for day in held} | {timezone.localdate().year}, reverse=True)


def _context(request: HttpRequest, pk: int) -> dict:
    sample = visible_or_404(request.user, CallSample.objects.select_related("drawn_by__person", "county"), pk=pk)
    calls = list(
        sample.calls.select_related("session__organiser", "session__place__parent", "called_by__person").order_by(
            "position"
        )
    )
    involved = involved_in(request.user, [call.session_id for call in calls])
    for call in calls:
        call.differs = differs(call)
        call.barred = barred_from_calling(request.user, call.session, involved)
    by_unit, whole = results(sample.calls)
    return {
        "sample": sample,
        "calls": calls,
        "by_unit": by_unit,
        "whole": whole,
        "same": redrawn(sample),
        "may_call": can(request.user, Action.REVIEW),
        "tolerance": AGREES_WITHIN,
    }


@require_safe
@require(Action.REVIEW, Action.VIEW_LOGS)
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "reporting/calls/sample.html", _context(request, pk))


@require_safe
@require(Action.REVIEW, Action.VIEW_LOGS)
def sample_print(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "reporting/calls/print.html", _context(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.REVIEW)
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """The record of one call, with what the person at the telephone has to know."""
    rows = Call.objects.select_related("sample", "session__organiser", "session__place__parent", "session__host")
    row = visible_or_404(request.user, rows, pk=pk)
    barred = barred_from_calling(request.user, row.session)
    if barred:
        raise PermissionDenied(barred)
    back = reverse("call-sample", args=[row.sample_id])
    contacts = entries_to_call(request.user).on(timezone.localdate()).filter(unit=row.session.organiser_id)
    return keep(
        request,
        CallForm(request.POST if request.method == "POST" else None, instance=row),
        action="登记电话回访",
        perform=lambda form: form.record(request.user),
        detail={"sample": row.sample_id, "session": row.session.number},
        title="登记回访",
        back=back,
        done="回访已登记。",
        template="reporting/calls/call.html",
        call=row,
        session=row.session,
        contacts=contacts.filter(function__in=Appointment.AT_UNITS).select_related("person"),
        headcount_only=row.session.sensitivity() == Audience.Sensitivity.HEADCOUNT_ONLY,
        crumbs=[("审核", reverse("review-queue")), ("电话回访", reverse("call-samples")), (str(row.sample), back)],
    )
