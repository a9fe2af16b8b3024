"""学习记录: what a resident learned, by the code on their sign-ins (学习激励, 三(六)). No account, no points, no name unless it is
typed again and is the one they signed in with.

The code comes by POST, so it stands in no address, and it is kept nowhere but on the roster's lines: when those go, some months
after the year is locked, the record goes with them.
"""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from networks.limits import address_allowed
from networks.names import clean_text, match_key

from .. import residents
from ..models import RosterLine, Status
from ..models.scans import tidy_code
from .learn import page

PER_ADDRESS = {"most": 20, "seconds": 600}  # a code has 49 bits; this keeps even a patient machine away
MOST_LINES = 500
UNKNOWN = "没有查到这个学习码。请核对；名册到期删除以后，记录也随之删除"


class RecordForm(forms.Form):
    code = forms.CharField(
        label="学习码",
        max_length=20,
        help_text="签到后得到的 10 个字母和数字，如 ABCDE-23456",
        error_messages={"required": "请填学习码"},
    )
    name = forms.CharField(
        label="姓名（可以不填）",
        required=False,
        max_length=30,
        help_text="要印在记录上才填，须和签到时写的一样",
    )

    def clean_code(self) -> str:
        return tidy_code(self.cleaned_data["code"])

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    """Asks for the code; the answer to it is the sheet itself, ready to be printed."""
    form = RecordForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, form)
    if not address_allowed(request, "learning record", **PER_ADDRESS):
        form.add_error(None, "查得太频繁了，请过十分钟再试；填的内容还在")
        return _ask(request, form, status=429)
    lines = RosterLine.objects.filter(code=form.cleaned_data["code"]).exclude(code="")
    lines = list(lines.select_related("session__organiser").order_by("session__held_on", "pk")[:MOST_LINES])
    name = form.cleaned_data["name"]
    if not lines:
        form.add_error("code", UNKNOWN)
    elif name and match_key(name) not in {match_key(line.name) for line in lines}:
        form.add_error("name", "和签到时写的姓名不一样，请核对，或留空")
    if form.errors:
        return _ask(request, form)
    verified = [line.session for line in lines if line.session.status == Status.VERIFIED]
    open_ones = {Status.PLANNED, Status.DRAFT, Status.SUBMITTED, Status.RETURNED}
    context = {
        "sessions": verified,
        "waiting": sum(line.session.status in open_ones for line in lines),
        "minutes": sum(session.minutes or 0 for session in verified),
        "unknown_length": sum(session.minutes is None for session in verified),
        "name": name,
        "today": timezone.localdate(),
    }
    return render(request, "trainings/records/sheet.html", context)


def _ask(request: HttpRequest, form: RecordForm, status: int = 200) -> HttpResponse:
    return page(request, "trainings/records/ask.html", residents.visit(request), form=form, status=status)
