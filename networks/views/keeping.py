"""The one way in which a registry page takes what somebody typed: shown again when refused, recorded when kept."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from .. import audit

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
    """One form on a page of its own. `action` names the act in the log, `detail` what it holds besides the names of the
    changed fields (codes, numbers); `perform(form)` stores what the form holds and returns the row (default: `form.save()`,
    with the row's version counted up). `back` is the address to go to afterwards, or makes it from the row. Rules of the
    model and of the database that the form could not ask come back as sentences; nothing typed is lost. Rights and scope
    are the caller's business."""
    extra = []
    if request.method == "POST":
        row = None
        try:
            with transaction.atomic():  # the checks too: they lock what they compare with
                if form.is_valid():
                    row = (perform or _save)(form)
                    fields = {"fields": sorted(form.changed_data)} | (detail or {})
                    audit.record(action, actor=request.user, subject=row, request=request, **fields)
        except ValidationError as refused:
            extra = refused.messages
        except IntegrityError:
            extra = [QUICKER]
        else:
            if row is not None:
                messages.success(request, done)
                return redirect(back(row) if callable(back) else back)
    context |= {"form": form, "extra": extra, "title": title, "back": "" if callable(back) else back}
    return render(request, template, context, status=status)


def _save(form: forms.ModelForm) -> models.Model:
    if hasattr(form.instance, "version"):
        form.instance.version += 1
    return form.save()
