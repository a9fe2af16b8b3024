"""催报: the office's page with texts and what it has sent, and a unit's page with what it has received."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from networks.access import Action, can, require, visible_or_404
from networks.forms import DateInput
from networks.names import clean_lines
from trainings.models import SubmitToken
from trainings.models.effort import new_token

from ..models import AssessmentYear, LateEntry, Prompt
from ..models.prompts import LONGEST_TEXT
from ..prompting import (
    DEFINITION,
    QUARTERS,
    Line,
    Quarter,
    lines_of,
    quarter_of,
    text_for_all,
    text_with_distances,
    until_words,
    usual_quarter,
)
from .years import with_year

ROUNDS_SHOWN = 10


class QuarterForm(forms.Form):
    quarter = forms.TypedChoiceField(coerce=int, choices=list(QUARTERS.items()), required=False)

    def shown(self, year: AssessmentYear) -> int:
        """The quarter asked for; anything else is passed over."""
        chosen = self.cleaned_data.get("quarter") if self.is_valid() else None
        return chosen or usual_quarter(year, timezone.localdate())


class PromptForm(forms.Form):
    units = forms.MultipleChoiceField(
        label="发给哪些单位",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾选一个单位", "invalid_choice": "勾选的单位里有不在名单上的，请重新勾选"},
    )
    text = forms.CharField(
        label="催报内容",
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="各单位在工作台上看到；不写个人姓名和手机号码",
        error_messages={"required": "请写催报的内容"},
    )
    with_own = forms.BooleanField(
        label="后面附上各单位自己的情况（只有本单位看得到自己的）", required=False, initial=True
    )
    answer_by = forms.DateField(label="请在哪一天以前办理", required=False, widget=DateInput)

    def __init__(self, data, lines: list[Line], year: AssessmentYear, quarter: Quarter) -> None:
        asked = "还没有填报的请尽快填报，退回的请改好再提交，草稿请及时提交，报送材料请按期上传。"
        initial = {
            "units": [line.unit.code for line in lines if not line.quiet],
            "text": f"请及时填报{year.year}年度社区教育培训。{until_words(year, quarter)}{asked}",
        }
        super().__init__(data, initial=initial)
        self.lines = lines
        self.fields["units"].choices = [(line.unit.code, line.unit.name) for line in lines]

    def clean_text(self) -> str:
        return clean_lines(self.cleaned_data["text"])

    def clean_answer_by(self):
        day = self.cleaned_data["answer_by"]
        if day and day < timezone.localdate():
            raise ValidationError("这一天已经过去，请选择今天或以后的日期")
        return day

    @property
    def ticked(self) -> set[str]:
        return set(map(str, self["units"].value() or []))

    def chosen(self) -> list[tuple]:
        """(unit, what concerns it alone) of those ticked."""
        wanted, with_own = set(self.cleaned_data["units"]), self.cleaned_data["with_own"]
        return [
            (line.unit, line.own[:LONGEST_TEXT] if with_own else "") for line in self.lines if line.unit.code in wanted
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@require(Action.VIEW_MATERIALS)
@with_year
def prompting(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """The office's page, which the auditor reads too; for a unit what was sent to it."""
    user = request.user
    may_send = can(user, Action.PROMPT)
    if request.method == "POST" and not may_send:
        raise PermissionDenied("催报由领导小组办公室的工作人员发送")
    if not can(user, Action.VIEW_COUNTY):
        return _received(request, year)
    quarter = quarter_of(year, QuarterForm(request.GET).shown(year))
    lines = lines_of(year, quarter)
    form = PromptForm(request.POST if request.method == "POST" else None, lines, year, quarter)
    extra: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(
                SubmitToken.once(user, request.POST.get("token", "")[:64] or new_token(), _send(request, year, form))
            )
        except ValidationError as refused:
            extra = refused.messages
    context = {
        "year": year,
        "years": request.years_shown,
        "quarter": quarter,
        "quarters": [(number, name) for number, name in QUARTERS.items()],
        "lines": lines,
        "form": form,
        "extra": extra,
        "may_send": may_send and not year.locked,
        "token": request.POST.get("token") or new_token(),
        "silent": [line.unit.short_name for line in lines if line.silent_quarter],
        "silent_year": sum(line.silent_year for line in lines),
        "behind": sum(line.behind for line in lines),
        "held": sum(bool(line.held) for line in lines),
        "for_all": text_for_all(lines, year, quarter),
        "distances": text_with_distances(lines, year, quarter) if request.GET.get("text") == "distances" else "",
        "rounds": _rounds(user, year),
        "asked": LateEntry.objects.visible_to(user).filter(year=year, state=LateEntry.State.ASKED).count(),
        "definition": DEFINITION,
    }
    return render(request, "reporting/prompting/county.html", context)


def _send(request: HttpRequest, year: AssessmentYear, form: PromptForm):
    def act() -> str:
        given = form.cleaned_data
        sent = Prompt.send(
            year=year,
            units=form.chosen(),
            text=given["text"],
            answer_by=given["answer_by"],
            actor=request.user,
            request=request,
        )
        messages.success(request, f"已发给 {len(sent)} 个单位，各单位工作台上会看到。")
        return reverse("prompting", args=[year.year])

    return act


def _rounds(user, year: AssessmentYear) -> list[dict[str, object]]:
    """The last rounds, newest first, each with its units. One query."""
    rows = Prompt.objects.visible_to(user).filter(year=year).answered().select_related("unit", "sent_by__person")
    rounds: dict[int, list[Prompt]] = {}
    for row in rows.order_by("-round", "unit__position", "unit__code"):
        rounds.setdefault(row.round, []).append(row)
    return [
        {
            "number": number,
            "first": found[0],
            "rows": found,
            "read": [row for row in found if row.read_at],
            "unread": [row for row in found if not row.read_at],
            "acted": sum(row.acted for row in found),
            "withdrawn": found[0].withdrawn_at,
        }
        for number, found in list(rounds.items())[:ROUNDS_SHOWN]
    ]


def _received(request: HttpRequest, year: AssessmentYear) -> HttpResponse:
    """What was sent to the own unit, newest first."""
    user = request.user
    rows = Prompt.objects.visible_to(user).filter(year=year, withdrawn_at=None, unit__in=user.own_unit_ids)
    context = {
        "year": year,
        "years": request.years_shown,
        "prompts": list(rows.select_related("unit", "year").order_by("-sent_at")[:50]),
        "may_act": can(user, Action.KEEP_OWN),
    }
    return render(request, "reporting/prompting/unit.html", context)


@require_POST
@require(Action.PROMPT)
@with_year
def withdraw(request: HttpRequest, year: AssessmentYear, round: int) -> HttpResponse:
    if not Prompt.objects.visible_to(request.user).filter(year=year, round=round).exists():
        raise Http404("没有这一次催报")
    units = Prompt.withdraw_round(year=year, round=round, actor=request.user, request=request)
    messages.success(request, f"已从 {units} 个单位的工作台撤下。" if units else "这一次催报已经撤回过了。")
    return redirect("prompting", year.year)


@require_POST
@require(Action.KEEP_OWN)
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """知道了, from the desk."""
    row = visible_or_404(request.user, Prompt.objects, pk=pk)
    row.acknowledge(actor=request.user, request=request)
    messages.success(request, "已告诉办公室：本单位看到了这次催报。")
    return redirect("desk")
