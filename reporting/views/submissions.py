"""上报件: what was sent upward in a year, one of them as it was sent with what has changed since, and the steps until it is."""

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from networks import audit
from networks.access import Action, can, require, visible_or_404
from networks.forms import DateInput
from networks.names import clean_text
from networks.templatetags.page import Badge
from networks.uploads import Unusable, made_ready
from networks.views.downloads import rationed
from networks.views.files import hand_out
from networks.views.keeping import keep

from ..forms import FORMS
from ..forms.filling import fill
from ..models import AssessmentYear, Submission
from ..submitting import changed_since, prepare
from .forms import form_or_404
from .years import with_year

READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])
MOST_ID = 2**31 - 1


class PrepareForm(forms.Form):
    to_whom = forms.CharField(label="报送给", max_length=60, help_text="照文件抬头写，如：南宁市教育局")
    corrects = forms.IntegerField(required=False, min_value=1, max_value=MOST_ID, widget=forms.HiddenInput)
    why = forms.CharField(label="更正的原因", max_length=300, required=False, help_text="写明哪些数字为什么变了")

    def __init__(self, *args, earlier: Submission | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.earlier = earlier
        if earlier is None:
            del self.fields["why"]
        else:
            self.fields["why"].required = True
            self.fields["why"].error_messages = {"required": "请写明更正的原因"}

    def clean_to_whom(self) -> str:
        return clean_text(self.cleaned_data["to_whom"])


class SendForm(forms.Form):
    signer = forms.CharField(label="签发人", max_length=60, help_text="照纸上的签名写职务和姓名")
    sent_on = forms.DateField(label="报出日期", widget=DateInput, initial=timezone.localdate)
    scan = forms.FileField(label="签字盖章件", help_text="签字、盖章以后的照片或扫描件（JPG、PNG、PDF）")
    seen_version = forms.IntegerField(required=False, min_value=0, max_value=MOST_ID, widget=forms.HiddenInput)

    def __init__(self, data, files, *, row: Submission) -> None:
        self.ready = files or {}
        super().__init__(data, initial={"seen_version": row.version})
        self.fields["scan"].required = False  # asked below: what comes is ready to be stored, not an upload

    def clean_signer(self) -> str:
        return clean_text(self.cleaned_data["signer"])

    def clean_scan(self):
        found = self.ready.get("scan")
        if found is None:
            raise forms.ValidationError("请选择签字盖章件的照片或扫描件")
        if isinstance(found, Unusable):
            raise forms.ValidationError(f"这个文件{found}")
        return found


class CancelForm(forms.Form):
    why = forms.CharField(label="作废的原因", max_length=200)
    seen_version = forms.IntegerField(required=False, min_value=0, max_value=MOST_ID, widget=forms.HiddenInput)


@require_safe
@require(Action.MANAGE_YEARS, Action.VIEW_LOGS)
@with_year
def submissions(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    rows = Submission.objects.visible_to(request.user).filter(year=year).defer("figures")
    rows = rows.select_related("year", "corrects__year").order_by("-number")
    corrected = set(rows.filter(cancelled_why="", corrects__isnull=False).values_list("corrects", flat=True))
    context = {
        "year": year,
        "years": request.years_shown,
        "rows": [(row, _title(row), Badge(*row.stage), row.pk in corrected) for row in rows],
        "crumbs": _crumbs(year)[:-1],
    }
    return render(request, "reporting/submissions/list.html", context)


@READ_OR_KEEP
@require(Action.MANAGE_YEARS)
@with_year
def new(request: HttpRequest, year: AssessmentYear, key: str) -> HttpResponse:
    """To whom; the figures are those of the moment in which it is made. `?corrects=` names the one that is corrected."""
    form = form_or_404(key)
    asked = (request.POST if request.method == "POST" else request.GET).get("corrects", "")
    earlier = None
    if asked:
        if not (asked.isascii() and asked.isdecimal() and len(asked) < 11):
            raise Http404("没有这份上报件")
        sent = Submission.objects.filter(year=year, form=key, sent_on__isnull=False).select_related("year")
        earlier = visible_or_404(request.user, sent, pk=int(asked))
    filled = fill(form, year, request.user)
    initial = {"to_whom": earlier.to_whom if earlier else form.to_whom, "corrects": earlier.pk if earlier else None}
    posted = request.POST if request.method == "POST" else None

    def perform(given: PrepareForm) -> Submission:
        cleaned = given.cleaned_data
        return prepare(
            form, year, request.user, to_whom=cleaned["to_whom"], corrects=earlier, why=cleaned.get("why", "")
        )

    return keep(
        request,
        PrepareForm(posted, initial=initial, earlier=earlier),
        action="生成上报件",
        title=f"{'更正' if earlier else '上报'}：{form.title}",
        lead=f"{year.year}年，{filled.as_of}。生成以后数字和文件都不再变。",
        back=_page,
        done="上报件已生成。请打印、签字、盖章，报出以后在这里登记。",
        button="生成上报件",
        template="reporting/submissions/new.html",
        perform=perform,
        detail={"year": year.year, "form": key},
        crumbs=[*_crumbs(year), (form.title, reverse("form", args=[year.year, key]))],
        filled=filled,
        earlier=earlier,
    )


@require_safe
@require(Action.MANAGE_YEARS, Action.VIEW_LOGS)
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    content = row.content
    context = {
        "row": row,
        "year": row.year,
        "content": content,
        "badge": Badge(*row.stage),
        "changes": changed_since(row, request.user),
        "correction": row.corrections.filter(cancelled_why="").select_related("year").first(),
        "may_file": can(request.user, Action.MANAGE_YEARS),
        "still_kept": row.form in FORMS,
        "crumbs": _crumbs(row.year),
    }
    return render(request, "reporting/submissions/submission.html", context)


@require_safe
@require(Action.MANAGE_YEARS, Action.VIEW_LOGS)
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """As frozen, for signature and seal."""
    row = _row(request, pk)
    return render(request, "reporting/submissions/print.html", {"row": row, "year": row.year, "content": row.content})


@READ_OR_KEEP
@require(Action.MANAGE_YEARS)
def send(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    sending = request.method == "POST"

    def perform(given: SendForm) -> Submission:
        row.record_sent(actor=request.user, **given.cleaned_data)
        return row

    return _step(
        request,
        row,
        SendForm(request.POST if sending else None, made_ready(request.FILES) if sending else None, row=row),
        perform,
        action="登记报出上报件",
        title=f"登记报出：{row}",
        done="已登记报出。",
        button="登记报出",
    )


@READ_OR_KEEP
@require(Action.MANAGE_YEARS)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)

    def perform(given: CancelForm) -> Submission:
        row.cancel(actor=request.user, **given.cleaned_data)
        return row

    form = CancelForm(request.POST if request.method == "POST" else None, initial={"seen_version": row.version})
    return _step(
        request,
        row,
        form,
        perform,
        action="作废上报件",
        title=f"作废：{row}",
        done="已作废，编号和内容都留着。",
        button="作废",
    )


def _step(request: HttpRequest, row: Submission, form: forms.Form, perform, **given: str) -> HttpResponse:
    if not row.is_waiting and request.method != "POST":
        raise Http404(f"这份上报件{row.stage[0]}")
    detail = {"year": row.year.year, "form": row.form, "number": row.number, "digest": row.digest}
    crumbs = [*_crumbs(row.year), (str(row), _page(row))]
    lead = f"{_title(row)}，报送给{row.to_whom}"
    return keep(request, form, perform=perform, back=_page(row), detail=detail, crumbs=crumbs, lead=lead, **given)


@require_safe
@require(Action.MANAGE_YEARS, Action.VIEW_LOGS)
@rationed
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    """As it was made, not made again. The log keeps who took it (AU-3)."""
    row = _row(request, pk)
    with transaction.atomic():
        audit.record("下载上报件", actor=request.user, subject=row, request=request, year=row.year.year, form=row.form)
    name = f"submission-{row.year.year}-{row.number}.xlsx"
    return hand_out(row.workbook.file, content_type=row.workbook.content_type, name=name)


@require_safe
@require(Action.MANAGE_YEARS, Action.VIEW_LOGS)
def scan(request: HttpRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    if row.scan is None:
        raise Http404("还没有签字盖章件")
    ending = row.scan.download_name.rpartition(".")[2]
    name = f"submission-{row.year.year}-{row.number}-signed.{ending}"
    return hand_out(row.scan.file, content_type=row.scan.content_type, name=name)


def _row(request: HttpRequest, pk: int) -> Submission:
    rows = Submission.objects.select_related(
        "year__county",
        "workbook",
        "scan",
        "corrects__year",
        "prepared_by__person",
        "sent_by__person",
        "cancelled_by__person",
    )
    return visible_or_404(request.user, rows, pk=pk)


def _title(row: Submission) -> str:
    return FORMS[row.form].title if row.form in FORMS else row.form


def _page(row: Submission) -> str:
    return reverse("submission", args=[row.pk])


def _crumbs(year: AssessmentYear) -> list[tuple[str, str]]:
    return [
        ("完成情况", reverse("assessment-county", args=[year.year])),
        (f"{year.year}年报表", reverse("forms", args=[year.year])),
        (f"{year.year}年上报件", reverse("submissions", args=[year.year])),
    ]
