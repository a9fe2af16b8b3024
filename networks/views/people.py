"""人员: who works where in which function, who left, who took over, and the hours that helpers gave."""

import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, F, Min, Prefetch, Q, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from .. import audit
from ..access import (
    Action,
    barred_from_rewriting,
    can,
    kept_or_403,
    people_in_sight,
    require,
    units_to_staff,
    visible_or_404,
)
from ..models import Appointment, Institution, MemberUnit, Person, SeatHolder, ServiceRecord, Tier
from ..people_forms import (
    AppointmentForm,
    HelpersFilter,
    LeaveForm,
    NewAppointmentForm,
    PeopleFilter,
    PersonForm,
    ServiceForm,
    SucceedForm,
)
from .keeping import keep

PER_PAGE = 50
READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])
KEEPERS = require(Action.KEEP_OWN, Action.MANAGE_NETWORK)


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("人员", reverse("people")), *more]


def _rows(user):
    """Appointments in sight with all that a line says of them."""
    return (
        Appointment.objects.visible_to(user)
        .with_catchment()
        .select_related("institution__division__parent", "unit", "school", "succeeds")
    )


# --- reading -------------------------------------------------------------------------------------------


@require(Action.VIEW_STAFF)
@READ_OR_KEEP
def people(request: HttpRequest) -> HttpResponse:
    """One line a person; somebody in several functions has them all there. A name that is looked for is posted, because it
    shall stand in no address (PI-7)."""
    asked = PeopleFilter(request.POST or request.GET, user=request.user)
    by_name = asked.value("q") if request.method == "POST" else None
    if request.method == "POST" and not by_name:
        return redirect(f"{reverse('people')}?{asked.as_address()}")
    rows = asked.apply(_rows(request.user), by_name=by_name or "")
    place = Coalesce("appointments__institution__division_id", "appointments__unit__division_id")
    found = Person.objects.filter(appointments__in=rows.values("pk")).annotate(place=Min(place))
    page = Paginator(found.order_by("place", "name", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(
        page.object_list.prefetch_related(Prefetch("appointments", rows.order_by("function", "pk"), to_attr="lines"))
    )
    context = {
        "asked": asked,
        "by_name": by_name,
        "page_obj": page,
        "narrowed": by_name or asked.as_address(),
        "today": timezone.localdate(),
        "may_add": can(request.user, Action.KEEP_OWN) or can(request.user, Action.MANAGE_NETWORK),
    }
    return render(request, "networks/people/list.html", context)


@require(Action.VIEW_STAFF)
@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person as far as this account sees them: present and former functions, seats, hours."""
    someone = _person_or_404(request, pk)
    rows = list(_rows(request.user).filter(person=someone).order_by(F("starts_on").desc(nulls_last=True), "pk"))
    kept = set(Appointment.objects.kept_by(request.user).filter(person=someone).values_list("pk", flat=True))
    today = timezone.localdate()
    services = ServiceRecord.objects.visible_to(request.user).filter(appointment__person=someone)
    seats = SeatHolder.objects.visible_to(request.user).filter(person=someone).select_related("seat__group")
    context = {
        "person": someone,
        "current": [row for row in rows if not row.has_ended(today)],
        "former": [row for row in rows if row.has_ended(today)],
        "helping": [row for row in rows if row.is_helper],
        "kept": kept,
        "seats": seats,
        "years": services.by_year(),
        "services": services.select_related("appointment__institution")[:PER_PAGE],
        "barred": barred_from_rewriting(request.user, someone),
        "may_keep": can(request.user, Action.KEEP_OWN) or can(request.user, Action.MANAGE_NETWORK),
        "today": today,
        "crumbs": _crumbs(),
    }
    return render(request, "networks/people/person.html", context)


def _person_or_404(request: HttpRequest, pk: int) -> Person:
    try:
        return people_in_sight(request.user).get(pk=pk)
    except (Person.DoesNotExist, OverflowError):
        raise Http404("没有找到这个人，或不在您的范围内") from None


@require(Action.VIEW_STAFF)
@require_GET
def helpers(request: HttpRequest) -> HttpResponse:
    """Volunteers, 少先队辅导员 and retired cadres with their hours of a year (二(三)4, 二(四)2)."""
    year = HelpersFilter(request.GET).shown()
    begins, after = datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)
    in_year = Q(services__held_on__gte=begins, services__held_on__lt=after)
    rows = (
        _rows(request.user)
        .filter(function__in=Appointment.HELPERS)
        .filter(Q(starts_on=None) | Q(starts_on__lt=after), Q(ends_on=None) | Q(ends_on__gt=begins))
        .select_related("person")
        .annotate(hours=Sum("services__hours", filter=in_year), times=Count("services", filter=in_year))
        .order_by("institution__division_id", "function", "person__name", "pk")
    )
    served = ServiceRecord.objects.visible_to(request.user).in_year(year)
    this = timezone.localdate().year
    context = {
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "year": year,
        "years": sorted({year, *range(this - 4, this + 1)}, reverse=True),
        "total": served.aggregate(hours=Sum("hours"), times=Count("pk")),
        "crumbs": _crumbs(),
    }
    return render(request, "networks/people/helpers.html", context)


# --- appointments --------------------------------------------------------------------------------------


@KEEPERS
@READ_OR_KEEP
def appointment_new(request: HttpRequest) -> HttpResponse:
    """Somebody at a body; without one in the address, first the choice of the body."""
    asked = request.POST if request.method == "POST" else request.GET
    user = request.user
    if asked.get("institution"):
        body = kept_or_403(user, Institution.objects, pk=asked["institution"])
    elif asked.get("unit"):
        body = visible_or_404(user, MemberUnit.objects, code=asked["unit"], county=user.county_code)
        if not units_to_staff(user).filter(pk=body.pk).exists():
            raise PermissionDenied("这个单位的联络员由该单位或县教育局维护。")
    else:
        places = Institution.objects.kept_by(user).select_related("division__parent").order_by("division_id", "kind")
        units = units_to_staff(user).on(timezone.localdate())
        context = {"places": _by_township(places), "units": units, "crumbs": _crumbs()}
        return render(request, "networks/people/choose_body.html", context)
    initial = {"person": asked.get("person")} if request.method == "GET" else {}
    form = NewAppointmentForm(request.POST or None, user=user, body=body, initial=initial)

    def perform(form: NewAppointmentForm) -> Appointment:
        row = form.save()
        _warn_of_another_catchment(request, row)
        return row

    return keep(
        request,
        form,
        action="登记任职",
        title="添加人员",
        lead=str(body),
        back=lambda row: reverse("person", args=[row.person_id]),
        done="已登记。",
        template="networks/people/appointment.html",
        perform=perform,
        body=body,
        is_unit=isinstance(body, MemberUnit),
        crumbs=_crumbs(),
    )


def _by_township(institutions) -> list[tuple[str, list[Institution]]]:
    """(township, its institutions), the county's own under 县."""
    groups: dict[str, list[Institution]] = {}
    for row in institutions:
        place = row.division.parent if row.division.tier == Tier.VILLAGE else row.division
        groups.setdefault(place.short_name, []).append(row)
    return list(groups.items())


def _warn_of_another_catchment(request: HttpRequest, row: Appointment) -> None:
    if Appointment.objects.with_catchment().select_related("institution").get(pk=row.pk).sent_from_elsewhere:
        messages.warning(
            request, f"{row.school}不是这个教学点所在学区的学校（二(四)2）。如学区有误，请在“共享资源”中核对。"
        )


def _appointment(request: HttpRequest, pk: int) -> Appointment:
    rows = Appointment.objects.select_related("person", "institution__division", "unit")
    return kept_or_403(request.user, rows, pk=pk)


def _back_to(row: Appointment) -> str:
    return reverse("person", args=[row.person_id])


@KEEPERS
@READ_OR_KEEP
def appointment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = _appointment(request, pk)
    form = AppointmentForm(request.POST or None, instance=row, user=request.user, body=row.body)

    def perform(form: AppointmentForm) -> Appointment:
        form.instance.version += 1
        stored = form.save()
        _warn_of_another_catchment(request, stored)
        return stored

    return keep(
        request,
        form,
        action="修改任职",
        title=f"修改任职：{row.person}",
        lead=str(row),
        back=_back_to(row),
        perform=perform,
        crumbs=_crumbs((str(row.person), _back_to(row))),
    )


@KEEPERS
@READ_OR_KEEP
def appointment_leave(request: HttpRequest, pk: int) -> HttpResponse:
    row = _appointment(request, pk)

    def perform(form: LeaveForm) -> Appointment:
        row.leave(form.cleaned_data["day"])
        return row

    return keep(
        request,
        LeaveForm(request.POST or None),
        action="登记离任",
        title=f"离任：{row.person}",
        lead=f"{row}。离任后不再出现在现任人员和通讯录里，任职记录保留。有人接替的，请用“换人接任”。",
        back=_back_to(row),
        done="已登记离任。",
        button="登记离任",
        perform=perform,
        crumbs=_crumbs((str(row.person), _back_to(row))),
    )


@KEEPERS
@READ_OR_KEEP
def appointment_succeed(request: HttpRequest, pk: int) -> HttpResponse:
    row = _appointment(request, pk)
    form = SucceedForm(request.POST or None, user=request.user, appointment=row)

    def perform(form: SucceedForm) -> Appointment:
        given = form.cleaned_data
        successor = row.succeed(form.who(), given["day"], title=given["title"], school=given.get("school"))
        _warn_of_another_catchment(request, successor)
        return successor

    return keep(
        request,
        form,
        action="换人接任",
        title=f"换人接任：{row.get_function_display()}",
        lead=f"{row.body}，现由{row.person}担任",
        back=lambda successor: _back_to(successor),
        done="已登记接任，前任同日离任。",
        button="登记接任",
        perform=perform,
        crumbs=_crumbs((str(row.person), _back_to(row))),
    )


@KEEPERS
@READ_OR_KEEP
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    someone = _person_or_404(request, pk)
    if barred := barred_from_rewriting(request.user, someone):
        raise PermissionDenied(f"{barred}。")
    back = reverse("person", args=[pk])
    return keep(
        request,
        PersonForm(request.POST or None, instance=someone),
        action="修改人员",
        title="修改姓名和电话",
        back=back,
        crumbs=_crumbs((str(someone), back)),
    )


# --- hours ---------------------------------------------------------------------------------------------


@KEEPERS
@READ_OR_KEEP
def service_new(request: HttpRequest, pk: int) -> HttpResponse:
    row = _appointment(request, pk)
    if not row.is_helper:
        raise Http404("只登记志愿者、少先队辅导员和离退休干部的服务时长")
    return keep(
        request,
        ServiceForm(request.POST or None, instance=ServiceRecord(appointment=row)),
        action="登记服务时长",
        title=f"登记服务：{row.person}",
        lead=str(row),
        back=_back_to(row),
        crumbs=_crumbs((str(row.person), _back_to(row))),
    )


def _service(request: HttpRequest, pk: int) -> ServiceRecord:
    return kept_or_403(request.user, ServiceRecord.objects.select_related("appointment__person"), pk=pk)


@KEEPERS
@READ_OR_KEEP
def service_edit(request: HttpRequest, pk: int) -> HttpResponse:
    record = _service(request, pk)
    return keep(
        request,
        ServiceForm(request.POST or None, instance=record),
        action="修改服务时长",
        title=f"修改服务：{record.appointment.person}",
        back=_back_to(record.appointment),
        template="networks/people/service.html",
        record=record,
        crumbs=_crumbs((str(record.appointment.person), _back_to(record.appointment))),
    )


@KEEPERS
@READ_OR_KEEP
def service_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Asked once; what was entered stays in the history of the record."""
    record = _service(request, pk)
    back = _back_to(record.appointment)
    if request.method == "POST":
        with transaction.atomic():
            audit.record("删除服务时长", actor=request.user, subject=record, request=request)
            record.delete()
        messages.success(request, "已删除这次服务记录。")
        return redirect(back)
    context = {"record": record, "back": back, "crumbs": _crumbs((str(record.appointment.person), back))}
    return render(request, "networks/people/service_remove.html", context)
