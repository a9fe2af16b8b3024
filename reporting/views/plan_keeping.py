"""推进方案 as the office keeps it: yearly goals, decisions on tasks, closing a year, the plans and their tasks."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from networks import audit
from networks.access import Action, kept_or_403, require
from networks.forms import WorkbookField
from networks.models import Division
from networks.views.downloads import rationed, workbook
from networks.views.keeping import keep
from networks.xlsx.problems import Unreadable

from ..exports import xlsx
from ..models import Plan, PlanTask, PlanYear, TaskJudgement, TaskReport
from ..plan_forms import CloseForm, GoalSheet, JudgementForm, PlanForm, PlanPartForm, TaskForm
from ..plan_progress import Board
from ..plan_workbook import COLUMNS, Moved, TasksFile, plan_tasks, read_tasks, store_tasks, tasks_export
from .plan import line_of, task_address, task_crumbs, task_or_404, year_or_404

ERRORS_SHOWN = 100


def _posted(request: HttpRequest):
    return request.POST if request.method == "POST" else None


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def goals(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """年度目标: the county's, and of single units where the office wants it."""
    found = task_or_404(request, pk)
    year = year_or_404(found.plan, year)
    form = GoalSheet(_posted(request), line=line_of(request, found, year), year=year)
    return keep(
        request,
        form,
        action="填写方案年度目标",
        perform=GoalSheet.save,
        detail={"clause": found.clause, "year": year},
        title=f"{year}年目标",
        lead=str(found),
        back=task_address(found, year),
        template="reporting/plan/goals.html",
        crumbs=task_crumbs(found, year),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def judge(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """认定 how a task stands, or taking that back."""
    user, found = request.user, task_or_404(request, pk)
    year = year_or_404(found.plan, year)
    line = line_of(request, found, year)
    row = line.judgement or TaskJudgement(task=found, year=year)
    row.task = found
    form = JudgementForm(_posted(request), instance=row)

    def perform(filled: JudgementForm) -> TaskJudgement:
        row.judge(actor=user, standing=filled.cleaned_data["standing"], note=filled.cleaned_data["note"])
        return row

    return keep(
        request,
        form,
        action="认定方案任务状态",
        perform=perform,
        detail={"clause": found.clause, "year": year, "standing": str(request.POST.get("standing", ""))[:10]},
        title=f"认定{year}年状态",
        lead=str(found),
        back=task_address(found, year),
        template="reporting/plan/judge.html",
        task=found,
        year=year,
        line=line,
        reports=TaskReport.objects.visible_to(user).standing().filter(task=found, year=year).select_related("unit"),
        crumbs=task_crumbs(found, year),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def year_turn(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """办结 of a plan's year, or opening it again with a reason; asks once on a page of its own."""
    user = request.user
    found = kept_or_403(user, Plan.objects, pk=pk)
    year = year_or_404(found, year)
    closing = PlanYear.closed(found, year) is None
    if request.method == "POST":  # what the page offered, not what holds by now: twice is not there and back
        closing = request.POST.get("turn") != "open"
    board = Board(found, year, user)

    def perform(filled: CloseForm) -> PlanYear:
        verb = PlanYear.close if closing else PlanYear.reopen
        return verb(found, year, actor=user, note=filled.cleaned_data["note"])

    address = f"{reverse('plan')}?plan={found.pk}&year={year}&unit="
    return keep(
        request,
        CloseForm(_posted(request), closing=closing),
        action="办结方案年度" if closing else "重新打开方案年度",
        perform=perform,
        detail={"year": year, "number": found.number},
        title=f"办结{year}年的方案工作" if closing else f"重新打开{year}年",
        lead=found.cited,
        back=address,
        done=f"{year}年已办结。" if closing else f"{year}年已重新打开。",
        template="reporting/plan/close.html",
        closing=closing,
        silent=[line for line in board.lines if line.silent],
        unjudged=[line for line in board.lines if not line.judged],
        button="办结" if closing else "重新打开",
        crumbs=[("推进方案", address)],
    )


# --- plans ---------------------------------------------------------------------------------------------


def _plan_crumbs(plan: Plan | None = None) -> list[tuple[str, str]]:
    crumbs = [("推进方案", reverse("plan")), ("各期方案", reverse("plan-list"))]
    return [*crumbs, (str(plan), reverse("plan-detail", args=[plan.pk]))] if plan else crumbs


@require_safe
@require(Action.MANAGE_PLAN)
def plans(request: HttpRequest) -> HttpResponse:
    rows = Plan.objects.visible_to(request.user).annotate(task_count=Count("tasks", filter=Q(tasks__withdrawn_at=None)))
    return render(request, "reporting/plan/plans.html", {"plans": rows, "crumbs": _plan_crumbs()[:1]})


@require_safe
@require(Action.MANAGE_PLAN)
def plan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan with its tasks and who answers for them today."""
    found = kept_or_403(request.user, Plan.objects, pk=pk)
    board = Board(found, timezone.localdate().year, request.user)
    context = {"plan": found, "lines": board.lines, "withdrawn": board.withdrawn, "crumbs": _plan_crumbs()}
    return render(request, "reporting/plan/plan.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def plan_new(request: HttpRequest) -> HttpResponse:
    row = Plan(county=Division.objects.get(pk=request.user.county_code))
    return _keep_plan(request, row, "录入方案", "录入新的推进方案")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = kept_or_403(request.user, Plan.objects, pk=pk)
    return _keep_plan(request, found, "修改方案", "修改方案")


def _keep_plan(request: HttpRequest, row: Plan, action: str, title: str) -> HttpResponse:
    known = row if row.pk else None
    return keep(
        request,
        PlanForm(_posted(request), instance=row),
        action=action,
        title=title,
        lead=str(row) if known else "先写文件名、文号和年份，再逐条或用表格录入任务",
        done="已保存。" if known else "已保存。原来的方案不再沿用的，请在那一期里填“沿用到哪一年”。",
        back=reverse("plan-detail", args=[row.pk]) if known else lambda plan: reverse("plan-detail", args=[plan.pk]),
        crumbs=_plan_crumbs(known),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def task_new(request: HttpRequest, pk: int) -> HttpResponse:
    found = kept_or_403(request.user, Plan.objects, pk=pk)
    return _keep_task(request, PlanTask(plan=found), "录入方案任务", "录入任务")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def task_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _keep_task(request, task_or_404(request, pk), "修改方案任务", "修改任务")


def _keep_task(request: HttpRequest, row: PlanTask, action: str, title: str) -> HttpResponse:
    plan = row.plan
    form = TaskForm(_posted(request), instance=row, plan=plan)
    answer = keep(
        request,
        form,
        action=action,
        perform=TaskForm.save,
        title=title,
        lead=str(row) if row.pk else plan.cited,
        back=reverse("plan-detail", args=[plan.pk]),
        crumbs=_plan_crumbs(plan),
    )
    if answer.status_code == 302 and getattr(form, "unknown", None):
        messages.info(request, f"“{'、'.join(form.unknown)}”不是平台里的责任单位，只作为文字保留。")
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def plan_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """撤下 of a plan that was entered by mistake, or putting it back."""
    found = kept_or_403(request.user, Plan.objects, pk=pk)
    written = {
        "tasks": found.tasks.standing().count(),
        "reports": TaskReport.objects.standing().filter(task__plan=found).count(),
    }
    return _turn(request, found, "方案", found, written)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def task_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """撤下 of a task that was entered by mistake, or putting it back."""
    found = task_or_404(request, pk)
    return _turn(request, found, "方案任务", found.plan, {"reports": found.reports.standing().count()})


def _turn(request: HttpRequest, row: Plan | PlanTask, thing: str, plan: Plan, written: dict) -> HttpResponse:
    """Asks once on a page of its own and says what hangs on it."""
    down = row.withdrawn_at is None
    if request.method == "POST":  # what the page offered, not what holds by now: twice is not there and back
        down = request.POST.get("turn") != "back"

    def perform(filled: PlanPartForm) -> Plan | PlanTask:
        if down:
            row.withdraw(actor=request.user, why=filled.cleaned_data["why"])
        else:
            row.restore(actor=request.user)
        return row

    return keep(
        request,
        PlanPartForm(_posted(request), down=down),
        action=f"撤下{thing}" if down else f"恢复{thing}",
        perform=perform,
        detail={"number": plan.number} | written,
        title=f"撤下这{'项任务' if row is not plan else '个方案'}" if down else "恢复",
        lead=str(row),
        back=reverse("plan-detail", args=[plan.pk]),
        done="已撤下，可以在这一页恢复。" if down else "已恢复。",
        template="reporting/plan/withdraw.html",
        row=row,
        down=down,
        of_plan=row is plan,
        written=written,
        button="撤下" if down else "恢复",
        crumbs=_plan_crumbs(plan),
    )


# --- tasks by workbook ---------------------------------------------------------------------------------


class UploadForm(forms.Form):
    workbook = WorkbookField(label="填好的任务表（.xlsx）", help_text="最大 20 MiB；先校验，给您看过改动再保存")


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.MANAGE_PLAN)
def tasks_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Tasks of a plan from a workbook: shown first, old → new, and stored when the page that shows them is confirmed."""
    found = kept_or_403(request.user, Plan.objects, pk=pk)
    if request.method == "POST" and "rows" in request.POST:
        return _store(request, found)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    shown = {}
    if request.method == "POST" and form.is_valid():
        try:
            shown = _rehearsed(found, read_tasks(found, form.cleaned_data["workbook"].read()))
        except Unreadable as problem:
            form.add_error("workbook", problem.message)
    return _upload_page(request, found, form, **shown)


def _store(request: HttpRequest, found: Plan) -> HttpResponse:
    refused, shown = [], {}
    try:
        file = TasksFile.unpacked(found, request.POST["rows"])
        try:
            with transaction.atomic():
                done = store_tasks(found, file, request.POST.get("digest", ""), actor=request.user)
                numbers = {"created": len(done.created), "changed": len(done.changed), "same": done.same}
                audit.record("表格录入方案任务", actor=request.user, subject=found, request=request, **numbers)
        except Moved:
            shown = _rehearsed(found, file) | {"moved": True}
        else:
            messages.success(
                request, f"已保存：新增 {len(done.created)} 项，修改 {len(done.changed)} 项，{done.same} 项没有变化。"
            )
            if done.unknown:
                messages.info(request, f"“{'、'.join(done.unknown)}”不是平台里的责任单位，只作为文字保留。")
            return redirect("plan-detail", found.pk)
    except ValidationError as problem:
        refused = problem.messages
    return _upload_page(request, found, UploadForm(), extra=refused, **shown)


def _rehearsed(plan: Plan, file: TasksFile) -> dict[str, object]:
    planned = plan_tasks(plan, file)
    return {"planned": planned, "packed": file.packed(plan), "problems": planned.problems[:ERRORS_SHOWN]}


def _upload_page(request: HttpRequest, plan: Plan, form: UploadForm, **shown: object) -> HttpResponse:
    context = {"form": form, "plan": plan, "columns": COLUMNS, "crumbs": _plan_crumbs(plan)}
    return render(request, "reporting/plan/upload.html", context | shown)


@require_GET
@require(Action.MANAGE_PLAN)
@rationed
def tasks_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan's tasks as a workbook that can be uploaded again; of a new plan the form to fill in."""
    found = kept_or_403(request.user, Plan.objects, pk=pk)
    content = xlsx(tasks_export(found))
    with transaction.atomic():
        audit.record("导出方案任务表", actor=request.user, subject=found, request=request, rows=found.tasks.count())
    return workbook(content, "plan-tasks.xlsx")
