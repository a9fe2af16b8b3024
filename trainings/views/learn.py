"""For residents, without account: what takes place this week, one session, and the calendar feed (二(三)2—3).

No cookie and no script: what somebody has chosen stands in the address.
"""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from .. import residents
from ..calendar_feed import feed
from ..models import Announcement, Status

PARTS = [  # of the residents' pages, as their navigation shows them
    ("learn", "这周学什么"),
    ("learn-courses", "学习超市"),
    ("learn-map", "学习地图"),
    ("learn-stories", "案例品牌"),
]


def page(request: HttpRequest, template: str, visit: residents.Visit, *, part: str = "", status: int = 200, **given):
    """A residents' page. `part` is where in the navigation it stands; `given` is its own context."""
    context = {
        "visit": visit,
        "parts": [(f"{reverse(name)}{visit.keep}", label, name == part) for name, label in PARTS],
        "home": f"{reverse('learn')}{visit.keep}",
        "other_letters": _same_page(request, visit),
        **given,
    }
    return render(request, template, context, status=status)


def _same_page(request: HttpRequest, visit: residents.Visit) -> str:
    """This page with the other size of letters."""
    rest = {name: request.GET.get(name, "") for name in ("from", "theme", "audience", "kind", "page")}
    return request.path + visit.query(big=not visit.big, **rest)


def of_county(part: str) -> Callable:
    """View decorator: gives the view its `visit`; where there are several counties and none is named, asks which."""

    def decorate(view: Callable) -> Callable:
        @login_not_required
        @require_safe
        def guarded(request: HttpRequest, **kwargs) -> HttpResponse:
            visit = residents.visit(request)
            if visit.county is None:
                return page(request, "trainings/learn/counties.html", visit, part=part)
            return view(request, visit, **kwargs)

        return guarded

    return decorate


@of_county("learn")
def week(request: HttpRequest, visit: residents.Visit) -> HttpResponse:
    today = residents.today()
    first = residents.first_day(request.GET.get("from", ""), today)
    found = residents.week_of(visit.announcements(), first, today)
    return page(
        request,
        "trainings/learn/week.html",
        visit,
        part="learn",
        week=found,
        towns=visit.towns(),
        earlier=visit.query(**{"from": found.before.isoformat()}) if found.before else "",
        later=visit.query(**{"from": found.next_on.isoformat()}) if found.next_on else "",
        now=timezone.now(),
    )


def shown_or_404(number: str) -> Announcement:
    """The announcement of the session with this number, if residents may read it."""
    row = Announcement.objects.shown().for_display().filter(session__number=number).first()
    if row is None:
        raise Http404("没有找到这一场，或它没有公开")
    return row


@login_not_required
@require_safe
def session(request: HttpRequest, number: str) -> HttpResponse:
    told = shown_or_404(number)
    visit = residents.visit(request, told.session.organiser.county)
    return page(
        request,
        "trainings/learn/session.html",
        visit,
        told=told,
        session=told.session,
        closed=told.closed_because(),
        is_off=told.session.status == Status.CANCELLED,
        is_over=told.has_ended(),
        before=told.other_than(told.first_told()),
    )


@login_not_required
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """/learn/calendar.ics: of the county or township in the address, or of the one session that it names."""
    number = request.GET.get("only", "")[:20]
    if number:
        told = shown_or_404(number if number.isalnum() else "")
        rows, name = [told], str(told.session)
    else:
        visit = residents.visit(request)
        if visit.county is None:
            raise Http404("请在地址里写明是哪个县：?at=六位区划代码")
        rows = visit.announcements().between(residents.today()).for_display()[: residents.MOST_SHOWN]
        name = f"{visit.place}社区教育"
    content = feed(rows, name=name, address=lambda row: request.build_absolute_uri(_address(row)))
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="calendar.ics"'},
    )


def _address(told: Announcement) -> str:
    return reverse("learn-session", args=[told.session.number])
