"""领导小组: of the county and its townships, seats by post, who holds them, and the appendix of a notice (三(一))."""

import itertools

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from ..access import Action, kept_or_403, people_in_sight, places_to_lead, require, visible_or_404
from ..group_forms import AsOfForm, GroupForm, HandOverForm, HolderForm, SeatForm, VacateForm
from ..models import Division, LeadingGroup, Seat, SeatHolder, Tier
from .keeping import keep

READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])
KEEPERS = require(Action.KEEP_OWN, Action.MANAGE_UNITS)


def _address(group: LeadingGroup) -> str:
    return reverse("leading-group", args=[group.pk])


def _crumbs(*groups: LeadingGroup) -> list[tuple[str, str]]:
    return [("领导小组", reverse("leading-groups")), *((group.name, _address(group)) for group in groups)]


@require(Action.VIEW_NETWORK)
@require_GET
def leading_groups(request: HttpRequest) -> HttpResponse:
    """The county and each township: its group, or that there is none yet."""
    today = timezone.localdate()
    held = Exists(SeatHolder.objects.on(today).filter(seat=OuterRef("pk")))
    vacant = Seat.objects.on(today).filter(~held).values("pk")
    in_force = Q(seats__in=Seat.objects.on(today).values("pk"))
    groups = LeadingGroup.objects.visible_to(request.user).annotate(
        seats_now=Count("seats", filter=in_force, distinct=True),
        vacant_now=Count("seats", filter=Q(seats__in=vacant), distinct=True),
    )
    places = Division.objects.visible_to(request.user).current().exclude(tier=Tier.VILLAGE)
    places = list(places.prefetch_related(Prefetch("leading_groups", groups, to_attr="groups")))
    context = {
        "places": places,
        "to_set_up": set(places_to_lead(request.user).values_list("pk", flat=True)),
        "without": sum(not place.groups for place in places),
    }
    return render(request, "networks/groups/list.html", context)


def _shown(request: HttpRequest, pk: int) -> dict[str, object]:
    """A group as of the day in the address, for the page and for paper."""
    group = visible_or_404(request.user, LeadingGroup.objects.select_related("division"), pk=pk)
    asked = AsOfForm(request.GET)
    seats = group.seats_on(asked.day)
    return {
        "group": group,
        "asked": asked,
        "day": asked.day,
        "seats": seats,
        "leaders": [seat for seat in seats if seat.rank not in Seat.IN_OFFICE],
        "office": [seat for seat in seats if seat.rank in Seat.IN_OFFICE],
        "vacant": sum(seat.holder is None for seat in seats),
    }


@require(Action.VIEW_NETWORK)
@require_GET
def leading_group(request: HttpRequest, pk: int) -> HttpResponse:
    context = _shown(request, pk)
    group = context["group"]
    former = SeatHolder.objects.filter(seat__group=group, ends_on__lte=timezone.localdate())
    context |= {
        "kept": LeadingGroup.objects.kept_by(request.user).filter(pk=group.pk).exists(),
        "as_of_today": context["day"] == timezone.localdate(),
        "former": former.select_related("seat", "person").order_by("-ends_on", "-pk")[:50],
        "openable": set(
            people_in_sight(request.user).filter(seats_held__seat__group=group).values_list("pk", flat=True)
        ),
        "crumbs": _crumbs(),
    }
    return render(request, "networks/groups/group.html", context)


@require(Action.VIEW_NETWORK)
@require_safe
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """附件：……组成人员名单, A4, as a notice carries it."""
    context = _shown(request, pk)
    labels = dict(Seat.Rank.choices)
    for key, seats in [("ranks", context["leaders"]), ("office_ranks", context["office"])]:
        by_rank = itertools.groupby(seats, key=lambda seat: seat.rank)
        context[key] = [(labels[rank].removeprefix("办公室"), list(rows)) for rank, rows in by_rank]
    return render(request, "networks/groups/paper.html", context)


@KEEPERS
@READ_OR_KEEP
def group_new(request: HttpRequest) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    place = visible_or_404(request.user, Division.objects, pk=asked.get("division") or "")
    if not places_to_lead(request.user).filter(pk=place.pk).exists():
        raise PermissionDenied("这里的领导小组由本地政府或县教育局登记。")
    proposed = LeadingGroup(division=place, name=f"{place.name}社区教育发展工作领导小组")
    return keep(
        request,
        GroupForm(request.POST or None, instance=proposed),
        action="登记领导小组",
        title=f"登记{place.name}的领导小组",
        lead="各乡（镇）人民政府也相应成立社区教育发展工作领导小组（三(一)）。先登记小组，再逐个添加席位。",
        back=_address,
        template="networks/groups/new.html",
        place=place,
        crumbs=_crumbs(),
    )


@KEEPERS
@READ_OR_KEEP
def group_edit(request: HttpRequest, pk: int) -> HttpResponse:
    group = kept_or_403(request.user, LeadingGroup.objects, pk=pk)
    form = GroupForm(request.POST or None, instance=group)
    back, title = _address(group), "修改领导小组"
    return keep(request, form, action=title, title=title, back=back, crumbs=_crumbs(group))


# --- seats ---------------------------------------------------------------------------------------------


@KEEPERS
@READ_OR_KEEP
def seat_new(request: HttpRequest, pk: int) -> HttpResponse:
    group = kept_or_403(request.user, LeadingGroup.objects, pk=pk)
    return keep(
        request,
        SeatForm(request.POST or None, instance=Seat(group=group), user=request.user),
        action="添加席位",
        title="添加席位",
        lead=group.name,
        back=_address(group),
        done="已添加席位，可以继续登记由谁担任。",
        crumbs=_crumbs(group),
    )


def _seat(request: HttpRequest, pk: int) -> Seat:
    return kept_or_403(request.user, Seat.objects.select_related("group"), pk=pk)


@KEEPERS
@READ_OR_KEEP
def seat_edit(request: HttpRequest, pk: int) -> HttpResponse:
    seat = _seat(request, pk)
    return keep(
        request,
        SeatForm(request.POST or None, instance=seat, user=request.user),
        action="修改席位",
        title="修改席位",
        lead=str(seat),
        back=_address(seat.group),
        crumbs=_crumbs(seat.group),
    )


@KEEPERS
@READ_OR_KEEP
def seat_hand(request: HttpRequest, pk: int) -> HttpResponse:
    """The present holder, if any, until that day; the new one from it."""
    seat = _seat(request, pk)
    current = seat.holders.filter(ends_on=None).select_related("person").first()

    def perform(form: HandOverForm) -> SeatHolder:
        given = form.cleaned_data
        return seat.hand_over(form.who(), given["day"], titles=given["titles"])

    return keep(
        request,
        HandOverForm(request.POST or None, user=request.user),
        action="登记席位任职",
        title="登记由谁担任" if current is None else "换人担任",
        lead=f"{seat.get_rank_display()}：{seat.post}" + (f"，现由{current.person}担任" if current else "，现在空缺"),
        back=_address(seat.group),
        perform=perform,
        crumbs=_crumbs(seat.group),
    )


@KEEPERS
@READ_OR_KEEP
def seat_vacate(request: HttpRequest, pk: int) -> HttpResponse:
    seat = _seat(request, pk)
    return keep(
        request,
        VacateForm(request.POST or None),
        action="免去席位任职",
        title="免去现任",
        lead=f"{seat.get_rank_display()}：{seat.post}。有人接任的，请用“换人”。",
        back=_address(seat.group),
        done="已登记，席位空缺。",
        button="登记免去",
        perform=lambda form: seat.vacate(form.cleaned_data["day"]),
        crumbs=_crumbs(seat.group),
    )


@KEEPERS
@READ_OR_KEEP
def holder_edit(request: HttpRequest, pk: int) -> HttpResponse:
    holder = kept_or_403(request.user, SeatHolder.objects.select_related("seat__group", "person"), pk=pk)
    return keep(
        request,
        HolderForm(request.POST or None, instance=holder),
        action="修改席位任职",
        title=f"更正任职：{holder.person}",
        lead=f"{holder.seat.get_rank_display()}：{holder.seat.post}",
        back=_address(holder.seat.group),
        crumbs=_crumbs(holder.seat.group),
    )
