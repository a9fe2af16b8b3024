"""What a unit's own ledger calls its columns: confirmed once at a header that nobody knew, read by every import from then on."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from networks import audit
from networks.access import Action, barred_from_handling, require, visible_or_404
from networks.names import clean_text
from networks.xlsx.sheets import header_key

from ..models import ColumnName, ImportBatch
from ..models.column_names import LONGEST
from ..workbook import COLUMNS

MOST = 30  # headers confirmed in one go
ASIDE = "-"  # the choice 记入备注, to tell it from none at all


@require(Action.IMPORT)
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps what the officer chose for the headers that an uploaded ledger brought up."""
    batch = visible_or_404(request.user, ImportBatch.objects.select_related("user__person"), pk=pk)
    barred = barred_from_handling(request.user, batch)
    if barred:
        raise PermissionDenied(barred)
    if not request.user.own_unit:
        raise PermissionDenied("列名由各单位自己确认，办公室导入别的单位的台账时不记列名")
    chosen = {}
    for header, column in list(zip(request.POST.getlist("header"), request.POST.getlist("column"), strict=False))[
        :MOST
    ]:
        written = clean_text(header)
        if column in (*COLUMNS, ASIDE) and header_key(written) and len(written) <= LONGEST:
            chosen[header_key(written)[:LONGEST]] = (written, "" if column == ASIDE else column)
    if not chosen:
        messages.info(request, "没有选，列名照旧。")
        return redirect("import-batch", pk)
    with transaction.atomic():
        for key, (written, column) in chosen.items():
            facts = {"header": written, "column": column, "confirmed_by": request.user}
            ColumnName.objects.update_or_create(unit=request.user.own_unit, key=key, defaults=facts)
        audit.record("记住台账列名", actor=request.user, subject=batch, request=request, number=len(chosen))
    messages.success(request, f"已记住 {len(chosen)} 个列名，下面是重新校验的结果；以后的台账自动识别。")
    return redirect("import-batch", pk)


@require(Action.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def names(request: HttpRequest) -> HttpResponse:
    """The unit's names; POST forgets one, and the next ledger asks again."""
    rows = ColumnName.objects.of(request.user).select_related("confirmed_by__person")
    if request.method == "POST":
        key = request.POST.get("name", "")
        row = visible_or_404(request.user, rows, pk=key if key.isascii() and key.isdecimal() else None)
        with transaction.atomic():
            audit.record("忘记台账列名", actor=request.user, subject=row, request=request)
            row.delete()
        messages.success(request, "已忘记这个列名，下次遇到会再问。")
        return redirect("column-names")
    return render(request, "trainings/imports/column_names.html", {"rows": rows, "unit": request.user.own_unit})
