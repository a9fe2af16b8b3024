"""The one way in which a registry page takes what somebody typed: shown again when refused, recorded when kept.

`keep` is one form on a page; `enter` the form of a registry's row, new or stored; `last_day` asks for the day on which one ends.
"""

import datetime
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from .. import audit, uploads
from ..forms import KeptForm, LastDayForm

QUICKER = "没有保存：刚才有人保存了相同的内容，请核对后重试"


def keep(
    request: HttpRequest,
    form: forms.Form,
    *,
    action: str,
    title: str,
    back: str | Callable[[models.Model], str],
    done: str = "已保存。",
    template: str = "networks/keep.html",
    perform: Callable[[forms.Form], models.Model] | None = None,
    detail: dict[str, object] | None = None,
    status: int = 200,
    **context: object,
) -> HttpResponse:
    """One form on a page of its own. `action` names the act in the log; `perform(form)` stores what the form holds and
    returns the row (default: `form.save()`, with the row's version counted up). `back` is the address to go to afterwards,
    or makes it from the row; `detail` is what the log holds besides the names of the changed fields (codes, numbers). Rules
    of the model and of the database that the form could not ask come back as sentences; nothing typed is lost. Rights and
    scope are the caller's business."""
    extra, row = [], None
    if request.method == "POST":
        try:
            # Checked inside as well: the stored row stays locked from the comparison of versions to the save (IN-4).
            with uploads.atomic():
                if form.is_valid():
                    row = (perform or _save)(form)
                    told = {"fields": sorted(form.changed_data)} | (detail or {})
                    audit.record(action, actor=request.user, subject=row, request=request, **told)
        except ValidationError as refused:
            extra = refused.messages
        except IntegrityError:
            extra = [QUICKER]
        else:
            if row is not None:
                messages.success(request, done)
                return redirect(back(row) if callable(back) else back)
    crumbs = context.get("crumbs")
    way_out = crumbs[-1][1] if callable(back) and crumbs else "" if callable(back) else back
    context |= {"form": form, "extra": extra, "title": title, "back": way_out, "is_new": callable(back)}
    return render(request, template, context, status=status)


def enter(
    request: HttpRequest,
    form_class: type[KeptForm],
    row: models.Model | None = None,
    *,
    thing: str,
    listed: list[tuple[str, str]],
    page_of: Callable[[models.Model], str],
    title: str = "",
    **given: object,
) -> HttpResponse:
    """The form of a new row of a registry, or of `row`. `thing` names it in the log, `listed` are the crumbs down to its
    list, `page_of` makes the address of its page."""
    act = f"{'修改' if row else '登记'}{thing}"
    crumbs = [*listed, *([(str(row), page_of(row))] if row else [])]
    form = form_class(request.POST or None, instance=row, user=request.user)
    back = page_of(row) if row else page_of
    return keep(request, form, action=act, title=title or act, back=back, crumbs=crumbs, **given)


def last_day(
    request: HttpRequest,
    row: models.Model,
    verb: Callable[[datetime.date], None],
    *,
    listed: list[tuple[str, str]],
    back: str,
    **given: object,
) -> HttpResponse:
    """Asks for a day and hands it to the row's `verb`, which raises ValidationError for one that cannot be."""

    def perform(filled: forms.Form) -> models.Model:
        verb(filled.cleaned_data["on"])
        return row

    form = LastDayForm(request.POST or None)
    return keep(request, form, back=back, crumbs=[*listed, (str(row), back)], perform=perform, **given)


def _save(form: forms.ModelForm) -> models.Model:
    if hasattr(form.instance, "version"):
        form.instance.version += 1
    return form.save()
