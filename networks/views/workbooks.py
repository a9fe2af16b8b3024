"""表格进出: the registries out as workbooks and back in, rehearsed before anything is stored."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import audit
from ..access import Action, can, require
from ..forms import WorkbookField
from ..models import RegistryImport
from ..registry import REGISTRIES, Registry, Rehearsal, imports, open_to, workbook
from ..registry.columns import NOTHING
from ..registry.sheet import MAX_ROWS
from ..step_up import step_up
from ..xlsx.marked import mark_errors
from ..xlsx.problems import Refused, Unreadable
from . import downloads
from .downloads import rationed

RECENT = 10
ROWS_SHOWN = 300  # of each list on a page; the marked workbook has all errors
KEEPERS = (Action.KEEP_OWN, Action.MANAGE_NETWORK)


class UploadForm(forms.Form):
    workbook = WorkbookField(label="填好的表格（.xlsx）", help_text=f"最大 20 MiB，最多 {MAX_ROWS:,} 行")


@require_GET
@require(*KEEPERS)
def workbooks(request: HttpRequest) -> HttpResponse:
    """What goes out and comes in by workbook, and what of it waits to be confirmed."""
    own = RegistryImport.of(request.user)
    waiting = {row.registry: row for row in own.filter(state=RegistryImport.State.REHEARSED)}
    shown = [
        {"registry": desk, "rows": desk.count(), "waiting": waiting.get(desk.key)} for desk in open_to(request.user)
    ]
    recent = own.filter(state=RegistryImport.State.COMMITTED)[:RECENT]
    return render(request, "networks/workbooks/list.html", {"registries": shown, "recent": recent})


@require_http_methods(["GET", "POST"])
@require(*KEEPERS)
def upload(request: HttpRequest, registry: str) -> HttpResponse:
    """One registry: what its columns are; POST keeps the workbook and leads to its rehearsal."""
    desk = _desk(request, registry)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*posted)
    if form.is_valid():
        try:
            row = imports.keep(form.cleaned_data["workbook"], request.user, desk.key)
        except (Unreadable, Refused) as problem:
            form.add_error("workbook", problem.message)
        else:
            return redirect("registry-import", row.pk)
    context = {"form": form, "registry": desk, "crumbs": _crumbs()}
    return render(request, "networks/workbooks/upload.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*KEEPERS)
@rationed
def download(request: HttpRequest, registry: str) -> HttpResponse:
    """The rows that this account keeps, or the empty form. The log keeps who took how many rows of what."""
    desk = _desk(request, registry)
    whole = desk.has_telephones and can(request.user, Action.VIEW_CONTACTS)
    if whole and (asked := step_up(request, f"{desk.title}里有全县的电话号码。确认以后文件自动下载，下载完可以返回")):
        return asked
    content, rows = workbook(desk)
    with transaction.atomic():
        audit.record("导出名册表格", actor=request.user, request=request, registry=desk.key, rows=rows)
    return downloads.workbook(content, f"{desk.title}.xlsx")


@require_GET
@require(*KEEPERS)
def rehearsal(request: HttpRequest, pk: int) -> HttpResponse:
    """What an upload would do, as things are now; afterwards what it did."""
    row = _own(request, pk)
    context = {"row": row, "title": _titles().get(row.registry, ""), "crumbs": _crumbs()}
    if row.state == RegistryImport.State.COMMITTED:
        return render(request, "networks/workbooks/done.html", context)
    try:
        found = imports.rehearse_again(row)
    except (Unreadable, Refused) as problem:
        return render(request, "networks/workbooks/rehearsal.html", context | {"problem": problem.message})
    return render(request, "networks/workbooks/rehearsal.html", context | _shown(found))


@require_POST
@require(*KEEPERS)
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    try:
        done = imports.confirm(row, request.POST.get("digest", ""))
    except imports.Moved:
        messages.warning(request, imports.MOVED)
    except (Unreadable, Refused) as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, f"已登记：新增 {done.created} 条，修改 {done.changed} 条。")
    return _back(request, pk)


@require_POST
@require(*KEEPERS)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    try:
        imports.discard(row)
    except Refused as problem:
        messages.error(request, problem.message)
        return _back(request, pk)
    messages.success(request, "已放弃这份表格，文件已删除，没有登记任何内容。")
    return redirect("registry-workbooks")


@require_GET
@require(*KEEPERS)
@rationed
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The uploader's own workbook with the wrong cells marked; the log keeps who took it (AU-3)."""
    row = _own(request, pk)
    if row.state == RegistryImport.State.COMMITTED:
        messages.info(request, "这份表格已经登记，没有可以标出的错误。")
        return _back(request, pk)
    try:
        found = imports.rehearse_again(row)
        if found.clean:
            messages.info(request, "没有错误，不需要下载标注。")
            return _back(request, pk)
        content = mark_errors(imports.content_of(row), found.errors)
    except (Unreadable, Refused) as problem:
        messages.error(request, problem.message)
        return _back(request, pk)
    with transaction.atomic():
        told = {"registry": row.registry, "rows": len(found.plans)}
        audit.record("下载标出错误的表格", actor=request.user, subject=row, request=request, **told)
    return downloads.workbook(content, f"表格{row.pk}-标出错误.xlsx")


# --- what the pages have in common -------------------------------------------------------------------


def _desk(request: HttpRequest, key: str) -> Registry:
    """The registry at work for this account: 404 for an unknown one, 403 for one of which it keeps nothing."""
    kind = REGISTRIES.get(key)
    if kind is None:
        raise Http404("没有这个名册")
    if not kind.kept_in_part_by(request.user):
        raise PermissionDenied(f"您的账号不维护{kind.title}")
    return kind(request.user)


def _own(request: HttpRequest, pk: int) -> RegistryImport:
    """The account's own upload; anybody else's does not exist."""
    return get_object_or_404(RegistryImport.of(request.user).select_related("user"), pk=pk)


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    """The upload's page, or the first one where the upload has been given up meanwhile."""
    there = RegistryImport.of(request.user).filter(pk=pk).exists()
    return redirect("registry-import", pk) if there else redirect("registry-workbooks")


def _crumbs() -> list[tuple[str, str]]:
    return [("表格进出", reverse("registry-workbooks"))]


def _titles() -> dict[str, str]:
    return {key: kind.title for key, kind in REGISTRIES.items()}


def _shown(found: Rehearsal) -> dict:
    """A rehearsal as the page lists it: errors with what was typed, and every change old → new."""
    texts = {(plan.row.sheet, plan.row.number): plan.row for plan in found.plans}
    errors = [
        {"problem": p, "was": texts[p.sheet, p.row].text(p.column) if (p.sheet, p.row) in texts else ""}
        for p in found.errors[:ROWS_SHOWN]
    ]
    told = [column.name for column in found.desk.columns if column.key]
    changes = [
        {
            "number": plan.row.number,
            "sheet": plan.row.sheet,
            "new": plan.outcome == "new",
            "name": _name(plan, told) or f"第 {plan.row.number} 行",
            "cells": plan.changes or found.desk.written(plan),
        }
        for plan in found.to_store[:ROWS_SHOWN]
    ]
    crossed = [
        {"place": f"{plan.row.sheet} 第 {plan.row.number} 行", "name": _name(plan, told), "cell": cell}
        for plan in found.plans
        for cell in plan.changes
        if cell[0] in plan.crossed
    ]
    left = {"errors_left": len(found.errors) - len(errors), "changes_left": len(found.to_store) - len(changes)}
    left["crossed_left"] = len(crossed) - ROWS_SHOWN
    shown = {"errors": errors, "changes": changes, "crossed": crossed[:ROWS_SHOWN]}
    return {"rehearsal": found, "nothing": NOTHING, **shown, **left}


def _name(plan, told: list[str]) -> str:
    """What a row is about, by the columns that tell rows apart."""
    return " · ".join(filter(None, (plan.row.text(name) for name in told)))
