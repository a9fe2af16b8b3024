"""Many sessions at once without a file: pasted from Excel into a grid, checked as a workbook is, confirmed as a workbook is."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from networks.access import Action, require

from .. import grid as grids
from .. import imports, workbook
from ..models import ColumnName
from .imports import YearField


class PasteForm(forms.Form):
    paste = forms.CharField(
        label="从 Excel 复制过来的内容",
        required=False,
        strip=False,
        help_text="在 Excel 里选中几行（最好连表头一起）复制，在这里粘贴",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    year = YearField()


@require(Action.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest) -> HttpResponse:
    """POST with `fill` lays the paste out in the grid; with `check` the grid is read, and where nothing is wrong kept like an
    uploaded ledger, to be confirmed on its page."""
    names_organiser = not request.user.own_unit
    if request.method != "POST":
        return show(request, grids.blank(names_organiser))
    form = PasteForm(request.POST)
    year = form.cleaned_data.get("year") if form.is_valid() else None
    try:
        if "fill" in request.POST:
            own = ColumnName.objects.known_to(request.user)
            found = grids.from_paste(request.POST.get("paste", ""), own, names_organiser)
        else:
            found = grids.from_form(request.POST, names_organiser)
    except grids.TooMuch as refused:
        form.add_error("paste", str(refused))
        return show(request, grids.blank(names_organiser), form)
    if not form.is_valid():
        return show(request, found, form)
    if found.empty:
        form.add_error("paste", "还没有内容：请粘贴，或在下面的格子里填写")
        return show(request, found, form)
    try:
        rehearsal = workbook.rehearse(found.content(), request.user, year=year)
        found.take(rehearsal)
        if rehearsal.clean and rehearsal.counts["created"] and "check" in request.POST:
            row = imports.keep(found.upload(), request.user, year=year, historical=False)
            return redirect("import-batch", row.pk)
    except (workbook.Unreadable, workbook.Refused) as problem:
        found.loose.append(problem.message)
        return show(request, found, form)
    if rehearsal.clean and not rehearsal.counts["created"]:
        found.loose.append("这些场次都已在系统中，没有新的")
    return show(request, found, form, rehearsal)


def show(
    request: HttpRequest, found: grids.Grid, form: PasteForm | None = None, rehearsal=None, **more: object
) -> HttpResponse:
    context = {
        "form": form or PasteForm(initial={"year": timezone.localdate().year}),
        "grid": found,
        "rehearsal": rehearsal,
        "columns": workbook.COLUMNS,
        "summary": found.summary(),
        "most": grids.MOST_ROWS,
    } | more
    return render(request, "trainings/imports/grid.html", context)
