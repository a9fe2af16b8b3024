"""操作日志 for the auditor: who saw or took what between two days, and the same as a workbook (PI-6)."""

import datetime

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from networks import audit
from networks.access import Action, require
from networks.forms import DateInput
from networks.log_kinds import KINDS, Kind
from networks.models import AuditEvent, MemberUnit, User
from networks.views import downloads
from networks.views.downloads import rationed
from trainings.forms import FIRST_YEAR, LAST_YEAR
from trainings.models import TrainingSession

from ..disclosure import Asked, disclosure_export, disclosures, sessions_of_unit, told
from ..exports import xlsx
from ..minors_audit import minors_exports

PER_PAGE = 50
SHOWN_FOR = datetime.timedelta(days=30)  # where no days are asked for
FIRST_DAY, LAST_DAY = datetime.date(FIRST_YEAR, 1, 1), datetime.date(LAST_YEAR, 12, 31)


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=DateInput, error_messages={"invalid": "这不是日期，请重新选择"}
    )


class SeenForm(forms.Form):
    """What is asked for. What makes no sense says so, and the list is as without it."""

    first = _day("从")
    last = _day("到")
    kind = forms.ChoiceField(
        label="类别",
        required=False,
        choices=[("", "全部"), *((kind.value, kind.value) for kind in (Kind.SEEN, Kind.TAKEN))],
        error_messages={"invalid_choice": "没有这一类，请重新选择"},
    )
    account = forms.ModelChoiceField(
        label="账号",
        required=False,
        queryset=User.objects.none(),
        empty_label="全部账号",
        error_messages={"invalid_choice": "没有这个账号，请重新选择"},
    )
    unit = forms.ModelChoiceField(
        label="哪个单位的场次",
        required=False,
        queryset=MemberUnit.objects.none(),
        empty_label="全部单位",
        to_field_name="code",
        error_messages={"invalid_choice": "没有这个单位，请重新选择"},
    )
    number = forms.CharField(label="场次编号", required=False, max_length=40)

    def __init__(self, data, user: User) -> None:
        super().__init__(data, auto_id="seen_%s")
        self.user = user
        self.fields["account"].queryset = User.objects.visible_to(user).order_by("username")
        self.fields["unit"].queryset = MemberUnit.objects.visible_to(user).filter(county_id=user.county_code)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = {"first": "form-control w-date", "last": "form-control w-date"}.get(
                name, "form-control" if name == "number" else "form-select"
            )
        self.is_valid()

    def clean(self) -> None:
        given = self.cleaned_data
        for name in ("first", "last"):
            if given.get(name) and not FIRST_DAY <= given[name] <= LAST_DAY:
                self.add_error(name, f"请选择 {FIRST_YEAR} 到 {LAST_YEAR} 年的日期")
        if given.get("first") and given.get("last") and given["first"] > given["last"]:
            self.add_error("last", "结束日期早于开始日期，请重新选择")
        given["sessions"] = None
        if number := given.get("number"):
            rows = TrainingSession.objects.visible_to(self.user).select_related("organiser")
            given["sessions"] = tuple(rows.filter(number=number))
            if not given["sessions"]:
                self.add_error("number", "没有这个编号的场次，请核对")

    @property
    def asked(self) -> Asked:
        given = self.cleaned_data
        last = given.get("last") or max(timezone.localdate(), given.get("first") or FIRST_DAY)
        sessions = given.get("sessions") or None
        if sessions is None and (unit := given.get("unit")):
            sessions = sessions_of_unit(unit)
        return Asked(
            first=given.get("first") or max(last - SHOWN_FOR, FIRST_DAY),
            last=last,
            kind=given.get("kind") or "",
            account=given.get("account"),
            sessions=sessions,
        )


@require_safe
@require(Action.VIEW_LOGS)
def seen(request: HttpRequest) -> HttpResponse:
    form = SeenForm(request.GET, request.user)
    asked = form.asked
    page = Paginator(disclosures(AuditEvent.objects.visible_to(request.user), asked), PER_PAGE).get_page(
        request.GET.get("page")
    )
    page.object_list = list(told(page.object_list, asked))
    today = timezone.localdate()
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "asked": asked,
        "page_obj": page,
        "query": query.urlencode(),
        "last_year": today.year - 1,
        "this_year": today.year,
    }
    return render(request, "reporting/logs/seen.html", context)


@require_safe
@require(Action.VIEW_LOGS)
@rationed
def seen_export(request: HttpRequest) -> HttpResponse:
    """The workbook of what the page shows; that it was taken is itself a line of the log."""
    asked = SeenForm(request.GET, request.user).asked
    rows = disclosures(AuditEvent.objects.visible_to(request.user), asked)
    number = rows.count()
    content = xlsx(disclosure_export(request.user.home_division.name, rows, asked))
    with transaction.atomic():
        audit.record(
            "导出查看和导出记录",
            actor=request.user,
            request=request,
            since=asked.first.isoformat(),
            until=asked.last.isoformat(),
            events=number,
        )
    return downloads.workbook(content, f"who-saw-{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.xlsx")


@require_safe
@require(Action.VIEW_LOGS)
@rationed
def minors(request: HttpRequest, year: int) -> HttpResponse:
    """The yearly pack on minors' data as a workbook (未成年人网络保护条例 37)."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
    content = xlsx(*minors_exports(request.user.home_division, year))
    with transaction.atomic():
        audit.record("导出未成年人审计材料", actor=request.user, request=request, year=year)
    return downloads.workbook(content, f"minors-audit-{year}.xlsx")


@require_safe
@require(Action.VIEW_LOGS)
def kinds(request: HttpRequest) -> HttpResponse:
    """What is logged, where it lies and for how long, printed from the registry (AU-3)."""
    return render(request, "reporting/logs/kinds.html", {"kinds": KINDS})
