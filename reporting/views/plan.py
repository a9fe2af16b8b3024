"""推进方案 as people read it and report on it: the tasks of a year, one task, the matrix, the reports."""

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from networks import audit
from networks.access import Action, barred_from_amending_report, can, require, visible_or_404
from networks.models import MemberUnit
from networks.names import clean_text, shown_name
from networks.uploads import Prepared, Unusable, prepare
from networks.views.downloads import rationed, workbook
from networks.views.files import hand_out
from networks.views.keeping import keep
from trainings.models import TrainingSession
from trainings.models.entry import protected_names_in

from ..exports import xlsx
from ..models import Plan, PlanTask, PlanYear, ReportEvidence, TaskReport
from ..plan_forms import ReportForm, WithdrawForm, checked_link
from ..plan_progress import DEFINITION, Board, Line, by_standing, day_of, expected, heard, matrix, may_report_for
from ..plan_workbook import matrix_export, reports_export

PER_PAGE = 30
FIRST_YEAR, LAST_YEAR = 2000, 2099
MOST_AT_ONCE = 9  # files sent with one report; more can be added on its page


class Asked:
    """Which plan, year, group and unit an address asks for; whatever makes no sense is passed over."""

    def __init__(self, request: HttpRequest, *, own_first: bool = False) -> None:
        user, today = request.user, timezone.localdate()
        self.plans = list(Plan.objects.visible_to(user).standing().order_by("-first_year", "-pk"))
        given = {str(plan.pk): plan for plan in self.plans}
        current = [plan for plan in self.plans if plan.used_in(today.year)]
        self.plan = given.get(request.GET.get("plan", "")) or next(iter([*current, *self.plans]), None)
        self.board, self.group, self.unit, self.years = None, "", "", []
        if self.plan is None:
            return
        self.years = self.plan.years(today)
        asked = request.GET.get("year", "")
        self.year = int(asked) if asked in map(str, self.years) else min(max(self.years), today.year)
        self.board = Board(self.plan, self.year, user, today)
        groups = [(str(number), group) for number, group in enumerate(self.board.groups, start=1)]
        self.group = dict(groups).get(request.GET.get("group", ""), "")
        codes = {unit.code: unit for unit in self.board.units}
        own = user.own_unit.code if own_first and user.own_unit and not can(user, Action.VIEW_COUNTY) else ""
        self.unit = request.GET.get("unit", own)
        if self.unit not in codes:
            self.unit = ""
        self.form = _filters(groups, codes, {"group": request.GET.get("group", ""), "unit": self.unit})
        self.form.hidden = [("plan", self.plan.pk), ("year", self.year)]
        self.lines = self.board.narrowed(group=self.group, unit=self.unit)
        self.shown_unit = codes.get(self.unit)

    def query(self, **other: object) -> str:
        """The same question with other words, as a query string."""
        number = next((str(n) for n, g in enumerate(self.board.groups, start=1) if g == self.group), "")
        words = {"plan": self.plan.pk, "year": self.year, "group": number, "unit": self.unit} | other
        return "?" + urlencode({key: value for key, value in words.items() if value != "" or key == "unit"})

    @property
    def in_force(self) -> bool:
        """Whether the year is one of the plan's own, and not one in which it is only followed."""
        return self.plan.covers(self.year)

    @property
    def unit_codes(self) -> set[str]:
        return {unit.code for unit in self.board.units}

    @property
    def own_query(self) -> str:
        return self.query(unit=self.board.user.own_unit.code, group="")

    @property
    def all_query(self) -> str:
        return self.query(unit="", group="")

    @property
    def year_tabs(self) -> list[tuple[int, str]]:
        return [(year, self.query(year=year)) for year in self.years]

    @property
    def plan_tabs(self) -> list[tuple[Plan, str]]:
        return [(plan, f"?plan={plan.pk}") for plan in self.plans]


def _filters(groups: list[tuple[str, str]], codes: dict[str, MemberUnit], chosen: dict[str, str]) -> forms.Form:
    form = forms.Form(chosen)
    select = {"class": "form-select"}
    form.fields["group"] = forms.ChoiceField(
        label="任务分组", choices=[("", "全部分组"), *groups], required=False, widget=forms.Select(attrs=select)
    )
    form.fields["unit"] = forms.ChoiceField(
        label="责任单位",
        choices=[("", "全部单位"), *((code, unit.name) for code, unit in codes.items())],
        required=False,
        widget=forms.Select(attrs=select),
    )
    return form


def _grouped(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.task.group, []).append(line)
    return list(found.items())


@require_safe
@require(Action.VIEW_PLAN)
def plan(request: HttpRequest) -> HttpResponse:
    """`/plan/`: the tasks of a year; a unit's officer sees its own first."""
    user = request.user
    asked = Asked(request, own_first=True)
    context = {"asked": asked, "may_manage": can(user, Action.MANAGE_PLAN), "definition": DEFINITION}
    if asked.plan is None:
        return render(request, "reporting/plan/none.html", context)
    own = user.own_unit if not can(user, Action.VIEW_COUNTY) else None
    for line in asked.lines:
        line.own = next((cell for cell in line.cells if own and cell.unit.pk == own.pk), None)
    context |= {
        "plan": asked.plan,
        "year": asked.year,
        "groups": _grouped(asked.lines),
        "standings": by_standing(asked.lines),
        "expected": expected(asked.lines),
        "heard": heard(asked.lines),
        "closed": PlanYear.closed(asked.plan, asked.year),
        "whole_county": can(user, Action.VIEW_COUNTY),
        "own": own,
        "sees_reports": can(user, Action.VIEW_STANDING),
    }
    return render(request, "reporting/plan/tasks.html", context)


def _matrix_context(request: HttpRequest) -> dict[str, object]:
    asked = Asked(request)
    if asked.plan is None:
        raise Http404("还没有推进方案")
    units = [asked.shown_unit] if asked.shown_unit else _columns(asked.lines)
    return {
        "asked": asked,
        "plan": asked.plan,
        "year": asked.year,
        "units": units,
        "rows": matrix(asked.lines, units),
        "groups": asked.board.groups,
        "expected": expected(asked.lines),
        "heard": heard(asked.lines),
        "definition": DEFINITION,
    }


def _columns(lines: list[Line]) -> list[MemberUnit]:
    """The units of these lines, in the order of the registry."""
    met = {cell.unit.pk: cell.unit for line in lines for cell in line.cells}
    return sorted(met.values(), key=lambda unit: (unit.position, unit.code))


@require_safe
@require(Action.VIEW_COUNTY)
def matrix_page(request: HttpRequest) -> HttpResponse:
    """Tasks × units: who has reported, who has not."""
    return render(request, "reporting/plan/matrix.html", _matrix_context(request))


@require_safe
@require(Action.VIEW_COUNTY)
def matrix_paper(request: HttpRequest) -> HttpResponse:
    """The same on A4 landscape."""
    return render(request, "reporting/plan/matrix_paper.html", _matrix_context(request))


@require_GET
@require(Action.VIEW_COUNTY)
@rationed
def matrix_file(request: HttpRequest) -> HttpResponse:
    context = _matrix_context(request)
    asked = context["asked"]
    content = xlsx(matrix_export(asked.board, context["rows"], context["units"]))
    _record_export(request, "导出方案任务一览表", asked, len(context["rows"]))
    return workbook(content, f"plan-matrix-{asked.year}.xlsx")


def _record_export(request: HttpRequest, action: str, asked: Asked, rows: int) -> None:
    with transaction.atomic():
        audit.record(action, actor=request.user, subject=asked.plan, request=request, year=asked.year, rows=rows)


def _reports_seen(request: HttpRequest, asked: Asked):
    """The year's reports that this account sees, of the tasks asked for."""
    tasks = [line.task.pk for line in asked.board.lines if not asked.group or line.task.group == asked.group]
    rows = TaskReport.objects.visible_to(request.user).filter(task__in=tasks, year=asked.year)
    if asked.shown_unit:
        rows = rows.filter(unit__in=asked.board.read_with(asked.shown_unit))
    rows = rows.select_related("task", "unit", "entered_by__person").annotate(
        session_count=Count("sessions", distinct=True), evidence_count=Count("evidence", distinct=True)
    )
    return rows.order_by("-as_of", "-pk")  # a grouped query forgets the model's order


@require_safe
@require(Action.VIEW_STANDING)
def reports(request: HttpRequest) -> HttpResponse:
    """What has been reported, the newest first."""
    asked = Asked(request)
    if asked.plan is None:
        raise Http404("还没有推进方案")
    number = request.GET.get("page", "")
    page = Paginator(_reports_seen(request, asked), PER_PAGE).get_page(number if number.isascii() else None)
    context = {
        "asked": asked,
        "plan": asked.plan,
        "year": asked.year,
        "page_obj": page,
        "whole_county": can(request.user, Action.VIEW_COUNTY),
    }
    return render(request, "reporting/plan/reports.html", context)


@require_GET
@require(Action.VIEW_STANDING)
@rationed
def reports_file(request: HttpRequest) -> HttpResponse:
    asked = Asked(request)
    if asked.plan is None:
        raise Http404("还没有推进方案")
    rows = list(_reports_seen(request, asked))
    content = xlsx(reports_export(asked.plan, asked.year, asked.board.lines, rows))
    _record_export(request, "导出方案进展汇报", asked, len(rows))
    return workbook(content, f"plan-reports-{asked.year}.xlsx")


# --- one task ------------------------------------------------------------------------------------------


def task_or_404(request: HttpRequest, pk: int) -> PlanTask:
    return visible_or_404(request.user, PlanTask.objects.select_related("plan"), pk=pk)


def year_or_404(plan: Plan, year: int) -> int:
    if year not in plan.years(timezone.localdate()):
        raise Http404(f"{year}年不在这个方案的期限内，也没有沿用")
    return year


def line_of(request: HttpRequest, task: PlanTask, year: int) -> Line:
    return Board(task.plan, year, request.user).line(task)


def task_crumbs(task: PlanTask, year: int, *, inside: bool = True) -> list[tuple[str, str]]:
    crumbs = [("推进方案", f"{reverse('plan')}?plan={task.plan_id}&year={year}")]
    return [*crumbs, (str(task), task_address(task, year))] if inside else crumbs


def task_address(task: PlanTask, year: int) -> str:
    return f"{reverse('plan-task', args=[task.pk])}?year={year}"


def with_all(rows, user):
    """Reports with what a page shows of them; sessions only those that the account sees."""
    seen = TrainingSession.objects.visible_to(user).select_related("organiser").order_by("held_on")
    rows = rows.select_related("unit", "entered_by__person", "withdrawn_by__person").annotate(
        session_count=Count("sessions", distinct=True)
    )
    return rows.order_by("-as_of", "-pk").prefetch_related(
        Prefetch("sessions", queryset=seen, to_attr="sessions_seen"),
        Prefetch("evidence", queryset=ReportEvidence.objects.select_related("attachment")),
    )


@require_safe
@require(Action.VIEW_PLAN)
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """The clause, who answers, the goals, how it stands, and the reports that this account may read."""
    user, found = request.user, task_or_404(request, pk)
    years = found.plan.years(timezone.localdate())
    asked = request.GET.get("year", "")
    year = int(asked) if asked in map(str, years) else min(years[0], timezone.localdate().year)
    line = line_of(request, found, year)
    rows = TaskReport.objects.visible_to(user).filter(task=found, year=year)
    closed = PlanYear.closed(found.plan, year)
    open_now = not closed and found.stands
    context = {
        "task": found,
        "plan": found.plan,
        "year": year,
        "year_tabs": [(other, f"?year={other}") for other in years],
        "line": line,
        "unit_goals": [(unit, line.goals[unit.pk]) for unit in line.answering if unit.pk in line.goals],
        "reports": list(with_all(rows, user)),
        "closed": closed,
        "open": open_now,
        "in_force": found.plan.covers(year),
        "day": day_of(year, timezone.localdate()),
        "reporters": may_report_for(user, line) if open_now and year <= timezone.localdate().year else [],
        "watched": line.cells,
        "sees_reports": can(user, Action.VIEW_STANDING),
        "whole_county": can(user, Action.VIEW_COUNTY),
        "may_manage": can(user, Action.MANAGE_PLAN),
        "own": user.own_unit if not can(user, Action.VIEW_COUNTY) else None,
        "crumbs": task_crumbs(found, year, inside=False),
        "definition": DEFINITION,
    }
    return render(request, "reporting/plan/task.html", context)


# --- reports -------------------------------------------------------------------------------------------


def made_ready(request: HttpRequest) -> tuple[list[Prepared], list[tuple[str, str]]]:
    """The uploads as they will be stored, and (name, sentence) of those that cannot be. Before the database is held."""
    ready, refused = [], []
    files = request.FILES.getlist("photos")
    for upload in files[:MOST_AT_ONCE]:
        try:
            ready.append(prepare(upload))
        except Unusable as problem:
            refused.append((shown_name(upload.name), str(problem)))
    refused += [(shown_name(f.name), f"一次最多传 {MOST_AT_ONCE} 个，请再传一次") for f in files[MOST_AT_ONCE:]]
    for prepared, found in zip(list(ready), protected_names_in([one.name for one in ready]), strict=True):
        if found:
            ready.remove(prepared)
            refused.append((prepared.name, f"文件名里不能出现“{found}”，请改名后再传"))
    return ready, refused


def _say_refused(request: HttpRequest, refused: list[tuple[str, str]]) -> None:
    if refused:
        lines = "\n".join(f"{name}：{sentence}" for name, sentence in refused)
        messages.warning(request, f"以下 {len(refused)} 份材料没有保存，可以在汇报页上补传：\n{lines}")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.REPORT_PROGRESS)
def report_new(request: HttpRequest, pk: int, year: int, unit: str) -> HttpResponse:
    """A unit's report on one of its tasks, by its officer, or by the office on its behalf."""
    user, found = request.user, task_or_404(request, pk)
    year = year_or_404(found.plan, year)
    if year > timezone.localdate().year:
        raise Http404("还没有到这一年")
    line = line_of(request, found, year)
    shown = next((one for one in may_report_for(user, line) if one.code == unit), None)
    if shown is None:
        raise PermissionDenied("这项任务不由您的单位负责，不用汇报；责任单位有变化请告诉领导小组办公室")
    form = ReportForm(request.POST if request.method == "POST" else None, user=user, task=found, year=year, unit=shown)
    ready, refused = made_ready(request) if request.method == "POST" else ([], [])

    def perform(filled: ReportForm) -> TaskReport:
        if filled.first:  # the same form again leads to what the first one made
            return filled.first
        told = {name: filled.cleaned_data[name] for name in ("text", "needs", "as_of", "token")}
        source = filled.cleaned_data.get("on_behalf_source", "")
        row = TaskReport.file(
            actor=user,
            task=found,
            year=year,
            unit=shown,
            sessions=filled.cleaned_data["sessions"],
            on_behalf_source=source,
            **told,
        )
        ReportEvidence.add(row, actor=user, files=ready, link=filled.cleaned_data["link"])
        return row

    answer = keep(
        request,
        form,
        action="汇报方案任务进展",
        perform=perform,
        detail={"clause": found.clause, "unit": shown.code, "year": year, "files": len(ready)},
        title="汇报进展",
        lead=f"{found}，{shown}，{year}年",
        back=lambda row: reverse("plan-report", args=[row.pk]),
        done="汇报已保存，领导小组办公室可以看到了。",
        template="reporting/plan/report_form.html",
        task=found,
        year=year,
        unit=shown,
        goals=[text for text in (line.goal, line.goals.get(shown.pk, "")) if text],
        button="提交汇报",
        cancel=task_address(found, year),
        crumbs=task_crumbs(found, year),
    )
    if answer.status_code == 302:
        _say_refused(request, refused)
    return answer


def _report_or_404(request: HttpRequest, pk: int) -> TaskReport:
    return visible_or_404(request.user, TaskReport.objects.select_related("task__plan", "unit__division"), pk=pk)


@require_safe
@require(Action.VIEW_STANDING)
def report(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_or_404(request.user, with_all(TaskReport.objects.select_related("task__plan"), request.user), pk=pk)
    closed = PlanYear.closed(found.task.plan, found.year)
    stands = found.task.stands and not found.withdrawn_at
    may_change = not closed and stands and not barred_from_amending_report(request.user, found)
    others = TaskReport.objects.visible_to(request.user).filter(task=found.task, year=found.year, unit=found.unit)
    context = {
        "report": found,
        "task": found.task,
        "others": others.exclude(pk=found.pk).order_by("-number"),
        "may_change": may_change,
        "crumbs": task_crumbs(found.task, found.year),
    }
    return render(request, "reporting/plan/report.html", context)


@require_POST
@require(Action.REPORT_PROGRESS)
def evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """More photos, files or a link for a report that stands."""
    found = _report_or_404(request, pk)
    _refuse(barred_from_amending_report(request.user, found))
    ready, refused = made_ready(request)

    class Link(forms.Form):
        link = forms.CharField(label="链接", required=False, max_length=500)

        def clean_link(self) -> str:
            return checked_link(clean_text(self.cleaned_data["link"]))

    kept: list[ReportEvidence] = []

    def perform(filled: forms.Form) -> TaskReport:
        kept.extend(ReportEvidence.add(found, actor=request.user, files=ready, link=filled.cleaned_data["link"]))
        return found

    back = reverse("plan-report", args=[found.pk])
    answer = keep(
        request,
        Link(request.POST),
        action="补充汇报佐证",
        perform=perform,
        detail={"clause": found.task.clause, "unit": found.unit.code, "year": found.year, "files": len(ready)},
        title="补充材料",
        lead=str(found),
        back=back,
        done="材料已收到。" if ready or request.POST.get("link", "").strip() else "没有选择材料，也没有填链接。",
        template="reporting/plan/evidence_form.html",
        button="添加材料",
        crumbs=[*task_crumbs(found.task, found.year), (str(found), back)],
    )
    if answer.status_code == 302:
        _say_refused(request, refused)
    return answer


@require_GET
@require(Action.VIEW_STANDING)
def evidence_file(request: HttpRequest, pk: int, evidence_pk: int) -> HttpResponse:
    rows = ReportEvidence.objects.exclude(attachment=None).select_related("attachment")
    found = visible_or_404(request.user, rows, pk=evidence_pk, report_id=pk)
    stored = found.attachment
    return hand_out(stored.file, content_type=stored.content_type, name=stored.download_name)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.REPORT_PROGRESS)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the reason on a page of its own; the report is kept and says so."""
    found = _report_or_404(request, pk)
    _refuse(barred_from_amending_report(request.user, found))

    def perform(filled: WithdrawForm) -> TaskReport:
        found.withdraw(actor=request.user, why=filled.cleaned_data["why"])
        return found

    back = reverse("plan-report", args=[found.pk])
    return keep(
        request,
        WithdrawForm(request.POST if request.method == "POST" else None),
        action="撤回方案汇报",
        perform=perform,
        detail={"clause": found.task.clause, "unit": found.unit.code, "year": found.year},
        title="撤回汇报",
        lead=f"{found}。撤回以后仍能查到，注明已撤回，不再算作已报。",
        back=back,
        done="已撤回。",
        button="确定撤回",
        crumbs=[*task_crumbs(found.task, found.year), (str(found), back)],
    )


def _refuse(barred: str) -> None:
    if barred:
        raise PermissionDenied(barred)
