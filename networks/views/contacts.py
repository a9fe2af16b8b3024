"""联络员通讯录: the office's most used page, and the sheet beside its telephone."""

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from .. import audit
from ..access import Action, can, require
from ..contacts import Entry, directory
from ..models import User
from ..step_up import step_up
from .downloads import rationed


class ContactsFilter(forms.Form):
    """`all`: with centre and schools. What one looks for is found on the page itself: no name goes into an address."""

    all = forms.BooleanField(required=False)

    @property
    def with_institutions(self) -> bool:
        return self.is_valid() and self.cleaned_data["all"]

    def entries(self, user: User) -> list[Entry]:
        return directory(user, timezone.localdate(), institutions=self.with_institutions)


@require(Action.VIEW_STAFF)
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    asked = ContactsFilter(request.GET)
    entries = asked.entries(request.user)
    context = {
        "units": [entry for entry in entries if entry.is_unit],
        "institutions": [entry for entry in entries if not entry.is_unit],
        "with_institutions": asked.with_institutions,
        "missing": sum(bool(entry.missing) for entry in entries),
        "whole": can(request.user, Action.VIEW_CONTACTS),
        "calls_own": can(request.user, Action.KEEP_OWN),
    }
    return render(request, "networks/contacts/list.html", context)


@require(Action.VIEW_CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
@rationed
def paper(request: HttpRequest) -> HttpResponse:
    """A4, as of today; the log keeps who took it, as it does for the workbook (AU-3)."""
    if asked_again := step_up(request, "打印全县联络员的电话号码"):
        return asked_again
    asked = ContactsFilter(request.GET)
    entries, county = asked.entries(request.user), request.user.home_division
    lines = sum(len(entry.lines) for entry in entries)
    with transaction.atomic():
        audit.record("打印通讯录", actor=request.user, subject=county, request=request, lines=lines)
    context = {
        "entries": entries,
        "county": county,
        "today": timezone.localdate(),
    }
    return render(request, "networks/contacts/paper.html", context)
