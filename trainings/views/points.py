"""随手报: the township gives a teaching point its link and takes it back; the coordinator reports by it without an account.

The page that holds the token is the answer to the POST that made it, so that it is stored nowhere, not even in a session.
"""

import datetime

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from networks import audit
from networks.access import Action, can, kept_or_403, require
from networks.limits import allowed
from networks.middleware import takes_uploads
from networks.models import Institution
from networks.names import clean_lines, clean_text, shown_name
from networks.uploads import MIB
from networks.wording import has_personal_number
from networks.xlsx.problems import ValueProblem

from .. import evidence as keeping
from ..models import Evidence, PointLink, PointReport, Refused, TrainingSession
from ..models.effort import new_token
from ..workbook.values import figure

OLDEST = datetime.timedelta(days=366)  # what is older belongs into the township's ledger
MOST_PHOTOS = 9
MOST_BYTES = 64 * MIB  # of one report with its photos, which the page shrinks; nine as a phone takes them fit too
MOST_AN_HOUR = 60  # reports from one address, whatever the links: villages share their operator's addresses
MOST_FORMS_AN_HOUR = 60  # by one link, also those that only bring photos again
ARRIVED_BEFORE = (
    "这张表先前已经报上去了，这次写的不一样，没有收。是另一场的，请再按一次“报给乡镇”；是要改前一场的，请告诉乡镇专干"
)
SHOWN = 20  # earlier reports below the form


# --- the township's side -------------------------------------------------------------------------------


@require(Action.ISSUE_POINT_LINKS, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """What the link is for and whether there is one; POST makes a new one and is the only page that ever shows it."""
    point = _point(request, pk)
    may_issue = can(request.user, Action.ISSUE_POINT_LINKS)
    extra = []
    if request.method == "POST":
        if not may_issue:
            raise PermissionDenied("链接由所在乡镇的专干签发，您可以停用，不能签发")
        try:
            made, token = PointLink.issue(point, request.user, request)
        except Refused as refused:
            extra = refused.reasons
        else:
            return _slip(request, point, made, token)
    context = {
        "row": point,
        "link": point.point_links.open().select_related("created_by__person").first(),
        "reports": _reports(point).filter(session__in=TrainingSession.objects.visible_to(request.user))[:SHOWN],
        "may_issue": may_issue and point.kind == Institution.Kind.POINT,
        "extra": extra,
        "crumbs": _crumbs(point),
    }
    return render(request, "trainings/points/link.html", context)


@require(Action.ISSUE_POINT_LINKS, Action.MANAGE_NETWORK)
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    point = _point(request, pk)
    try:
        PointLink.withdraw(point, request.user, request)
    except Refused as refused:
        messages.info(request, "；".join(refused.reasons))
    else:
        messages.success(request, "链接已停用，从现在起打不开。以前报来的场次不受影响。")
    return redirect("point-link", pk)


def _point(request: HttpRequest, pk: int) -> Institution:
    return kept_or_403(request.user, Institution.objects.select_related("division__parent"), pk=pk)


def _crumbs(point: Institution) -> list[tuple[str, str]]:
    return [
        ("三级网络", reverse("network")),
        (point.division.path, reverse("network-place", args=[point.division_id])),
        (point.name, reverse("network-institution", args=[point.pk])),
    ]


def _slip(request: HttpRequest, point: Institution, made: PointLink, token: str) -> HttpResponse:
    address = request.build_absolute_uri(reverse("point", args=[token]))
    context = {
        "row": point,
        "link": made,
        "address": address,
        "qr": segno.make(address, error="m").svg_data_uri(scale=6, border=3),
    }
    return render(request, "trainings/points/slip.html", context)


# --- the coordinator's side ----------------------------------------------------------------------------


class PointForm(forms.Form):
    """Date, what, how many. Whatever else a session has, the township adds."""

    held_on = forms.DateField(
        label="哪天办的",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "w-date"}),
        error_messages={"required": "请选择是哪天办的", "invalid": "请选择日期，或写成 2026-03-05"},
    )
    title = forms.CharField(
        label="办的什么",
        max_length=100,
        help_text="一句话，如：桑蚕小蚕共育培训",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "请写办的什么", "max_length": "太长了，最多 100 个字"},
    )
    attendance = forms.CharField(
        label="来了多少人",
        max_length=12,
        help_text="只写一个准数，如 40",
        widget=forms.TextInput(attrs={"class": "w-figure", "inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "请写来了多少人", "max_length": "只写一个数，如 40"},
    )
    note = forms.CharField(
        label="还想告诉乡镇的话",
        required=False,
        max_length=300,
        help_text="可以不填，如：请了农技站的老师。不要写身份证号和别人的电话",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "太长了，最多 300 个字"},
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=64, min_length=20, required=False)

    def clean_held_on(self) -> datetime.date:
        day, today = self.cleaned_data["held_on"], timezone.localdate()
        if day > today:
            raise ValidationError("这一天还没有到，办完再报")
        if day < today - OLDEST:
            raise ValidationError("一年以前的，请直接告诉乡镇专干补录")
        return day

    def clean_title(self) -> str:
        title = clean_text(self.cleaned_data["title"])
        try:
            TrainingSession(title=title).refuse_protected_names()
        except Refused as refused:
            raise ValidationError(refused.reasons) from None
        if not title:
            raise ValidationError("请写办的什么")
        return _without_numbers(title)

    def clean_attendance(self) -> int:
        try:
            return figure(self.cleaned_data["attendance"])
        except ValueProblem as problem:
            what, _, _ = problem.message.partition("：")  # the advice after it is for a sheet's rows
            raise ValidationError(f"{what}：请写一个准数，如 40") from None

    def clean_note(self) -> str:
        return _without_numbers(clean_lines(self.cleaned_data["note"]))


def _without_numbers(text: str) -> str:
    if has_personal_number(text):
        raise ValidationError("这里不写身份证号和手机号码，请删去再报")
    return text


@takes_uploads(MOST_BYTES)
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def point(request: HttpRequest, token: str) -> HttpResponse:
    """One page: the form, and below it what became of earlier reports. An unknown, a revoked and a closed point's link get
    one answer."""
    link = PointLink.objects.redeemable(token)
    if link is None:
        return render(request, "trainings/points/no_such_link.html", status=404)
    if request.method != "POST":
        form = PointForm(initial={"held_on": timezone.localdate(), "token": new_token()})
        return _page(request, link, form, done=request.GET.get("done", ""))
    form = PointForm(request.POST)
    if not form.is_valid():
        return _page(request, link, form)
    if _too_many(request, link):
        form.add_error(None, "这个网络一小时里报得太多，请过一会儿再报；填的内容还在，不用重填")
        return _page(request, link, form, status=429)
    told = {name: form.cleaned_data[name] for name in ("held_on", "title", "attendance", "note")}
    try:
        report, new = link.report(token=form.cleaned_data["token"] or new_token(), request=request, **told)
    except Refused as refused:
        form.add_error(None, refused.reasons)
        return _page(request, link, form)
    if not new and not report.was_told(**told):
        # The browser's way back to a form that had arrived. With a token of its own what it says now is another report.
        form = PointForm(request.POST.dict() | {"token": new_token()})
        form.add_error(None, ARRIVED_BEFORE)
        return _page(request, link, form)
    refused = _photos(request, link, report)
    if not refused:
        return redirect(reverse("point", args=[token]) + f"?done={report.pk}")
    # The same form again changes nothing, so this may be an answer to a POST that somebody reloads.
    form = PointForm(initial={"held_on": timezone.localdate(), "token": new_token()})
    return _page(request, link, form, done=str(report.pk), refused=refused)


def _photos(request: HttpRequest, link: PointLink, report: PointReport) -> list[tuple[str, str]]:
    """Keeps the photos and returns (name, sentence) of those that were not; one that came with an earlier try is kept
    already."""
    files = request.FILES.getlist("photos")
    if not files:
        return []
    left = [(shown_name(file.name), f"一次最多 {MOST_PHOTOS} 张") for file in files[MOST_PHOTOS:]]
    try:
        added = keeping.add(
            report.session,
            actor=link.created_by,
            kind=Evidence.Kind.PHOTO,
            uploads=files[:MOST_PHOTOS],
            request=request,
            report=report,
        )
    except Refused as refused:
        return [("照片", "；".join(refused.reasons))]
    return [pair for pair in added.refused if pair[1] != keeping.ALREADY] + left


def _too_many(request: HttpRequest, link: PointLink) -> bool:
    """A stranger's machine that has found a link shall not fill a township's desk: reports are counted in the log of acts.
    The same form again makes no report and yet brings photos to work on, so forms are counted too."""
    if not allowed("point", str(link.pk), most=MOST_FORMS_AN_HOUR, seconds=3600):
        return True
    since = timezone.now() - datetime.timedelta(hours=1)
    return audit.number_from(request, ["随手报"], since) >= MOST_AN_HOUR


def _reports(point: Institution):
    """The point's reports by whatever link, the newest first."""
    return PointReport.objects.filter(link__institution=point).select_related("session")


def _page(request: HttpRequest, link: PointLink, form: PointForm, *, done="", refused=(), status=200) -> HttpResponse:
    reports = list(_reports(link.institution)[:SHOWN])
    context = {
        "link": link,
        "row": link.institution,
        "form": form,
        "reports": reports,
        "done": next((report for report in reports if str(report.pk) == done), None),
        "refused": refused,
    }
    return render(request, "trainings/points/point.html", context, status=status)
