"""学习型组织与学习团队: entering, changing and ending them. Their pages with figures are in reporting/views/communities.py."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ..access import Action, kept_or_403, require
from ..forms import DateInput, KeptForm
from ..models import LearningGroup
from .keeping import enter, last_day


class LearningGroupForm(KeptForm):
    class Meta:
        model = LearningGroup
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "这个地方已登记过同名的，请换一个名称，或修改原来的那条"}
        }
        fields = [
            "kind",
            "name",
            "division",
            "unit",
            "members",
            "theme",
            "activity",
            "founded_on",
            "ended_on",
            "recognised_by",
            "recognised_on",
        ]
        help_texts = {
            "name": "学习型家庭不写某一家的姓名，写成“羊山村学习型家庭3户”",
            "members": "只填数目，不填姓名；家庭填户数",
            "theme": "如：山歌、桑蚕、书法",
            "activity": "平时怎样活动，如：每周三晚在综合文化服务中心排练",
            "founded_on": "记不清可以不填",
            "recognised_by": "得到命名或表彰的填，如：县教育局",
        }
        widgets = {
            "activity": forms.Textarea(attrs={"rows": 3}),
            "members": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric", "min": 1}),
            "founded_on": DateInput(),
            "ended_on": DateInput(),
            "recognised_on": DateInput(),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.ended_on is None:
            del self.fields["ended_on"]


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def community_new(request: HttpRequest) -> HttpResponse:
    return _enter(request, title="登记学习型组织或学习团队")


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def community_edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _enter(request, kept_or_403(request.user, LearningGroup.objects, pk=pk), title="修改登记")


@require(Action.KEEP_OWN, Action.MANAGE_NETWORK)
@require_http_methods(["GET", "HEAD", "POST"])
def community_end(request: HttpRequest, pk: int) -> HttpResponse:
    group = kept_or_403(request.user, LearningGroup.objects, pk=pk)
    if group.ended_on and request.method != "POST":
        return redirect("community", pk)
    return last_day(
        request,
        group,
        group.end,
        listed=_listed(),
        back=_page_of(group),
        action="结束学习团队",
        title=f"{group}不再活动",
        lead="填它结束（或撤销命名）的日期。已登记的培训场次不受影响；登记培训时一年后不再列出它。",
        button="确认结束",
        done="已记下结束日期。",
    )


def _enter(request: HttpRequest, row: LearningGroup | None = None, **given: str) -> HttpResponse:
    return enter(request, LearningGroupForm, row, thing="学习团队", listed=_listed(), page_of=_page_of, **given)


def _page_of(group: LearningGroup) -> str:
    return reverse("community", args=[group.pk])


def _listed() -> list[tuple[str, str]]:
    return [("学习型组织和学习团队", reverse("communities"))]
