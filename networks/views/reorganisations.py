"""撤并更名: what became of units and places, and the pages on which the office records it. Each change is shown on a page of
its own with everything that it will do before it is done."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from ..access import Action, barred_from_taking_back, can, require, visible_or_404
from ..change_forms import (
    ChangeForm,
    MergePlaces,
    MergeUnits,
    RenamePlace,
    RenameUnit,
    SplitPlace,
    SplitUnit,
    UndoForm,
)
from ..models import DivisionSuccession, FormerName, MemberUnit, Reorganisation, UnitSuccession, User
from ..reorganisation import Outcome, rehearse, take_back
from .keeping import keep

SHOWN = 20  # the newest acts; an old one has long been followed by something


@require(Action.VIEW_NETWORK)
@require_GET
def reorganisations(request: HttpRequest) -> HttpResponse:
    user = request.user
    places = DivisionSuccession.objects.visible_to(user).select_related("old__parent", "new__parent")
    former = FormerName.objects.visible_to(user).select_related("division__parent").order_by("-until", "pk")
    context = {
        "acts": _acts(user),
        "units": UnitSuccession.objects.visible_to(user).select_related("old", "new"),
        "places": places,
        "former_names": former,
        "place_changes": len(places) + len(former),
        "unconfirmed": MemberUnit.objects.visible_to(user).filter(name_unconfirmed=True, retired_on=None),
        "today": timezone.localdate(),
        "changes_units": can(user, Action.MANAGE_UNITS),
        "changes_places": can(user, Action.MANAGE_NETWORK),
    }
    return render(request, "networks/reorganisations.html", context)


def _acts(user: User) -> list[tuple[Reorganisation, bool]]:
    """The newest acts of whoever records such, each with whether this account may take it back."""
    if not can(user, Action.MANAGE_NETWORK):
        return []
    rows = (
        Reorganisation.objects.visible_to(user).defer("entries").select_related("made_by__person", "undone_by__person")
    )
    return [(row, not barred_from_taking_back(user, row)) for row in rows[:SHOWN]]


@require(Action.MANAGE_NETWORK, Action.MANAGE_UNITS)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a wrong entry back, on a page of its own that says what is taken back."""
    change = visible_or_404(request.user, Reorganisation.objects.all(), pk=pk)
    if barred := barred_from_taking_back(request.user, change):
        raise PermissionDenied(barred)

    def perform(form: UndoForm) -> Reorganisation:
        take_back(change, request.user, form.cleaned_data["why"])
        return change

    back = reverse("reorganisations")
    return keep(
        request,
        UndoForm(request.POST or None),
        action="撤销撤并更名",
        title="撤销这一次办理",
        lead="登记错了、后面还没有跟着办别的事的，可以撤销，一切回到办理以前。真的又变了的，请另办一次变更。",
        button="确定撤销",
        template="networks/change_undo.html",
        change=change,
        perform=perform,
        done="已撤销，一切回到办理以前。需要的请重新办理。",
        back=back,
        crumbs=[("撤并更名", back)],
    )


def _change(form_class: type[ChangeForm], action: str, title: str, lead: str) -> Callable:
    """The page of one kind of change: asks, shows what will happen, does it."""

    @require(form_class.allowed)
    @require_http_methods(["GET", "HEAD", "POST"])
    def page(request: HttpRequest) -> HttpResponse:
        back = reverse("reorganisations")
        crumbs = [("撤并更名", back)]
        first = request.GET.get("unit") or request.GET.get("place") or ""
        initial = {"unit" if "unit" in form_class.base_fields else "place": first[:20]}
        form = form_class(request.POST or None, user=request.user, initial=initial)
        context = {"title": title, "crumbs": crumbs, "back": back}
        asked = {**context, "lead": lead, "button": "下一步：看看会发生什么"}
        if request.POST.get("confirmed"):
            done = "已办理。以前的场次和已定案的年度没有改动。"
            return keep(request, form, action=action, perform=_perform, done=done, **asked)
        if request.method == "POST" and "amend" not in request.POST and form.is_valid():
            try:
                outcome = rehearse(form.perform)
            except ValidationError as refused:
                form.add_error(None, refused.messages)
            else:
                return render(request, "networks/change_confirm.html", {**context, "form": form, "outcome": outcome})
        return render(request, "networks/keep.html", {**asked, "form": form})

    return page


def _perform(form: ChangeForm):
    """Carries the change out; the log names what stands now."""
    outcome: Outcome = form.perform()
    return outcome.made[0]


WRONG_NAME = "名称只是写错、单位没有变的，不用在这里办，请在管理后台更正。"

rename_unit = _change(
    RenameUnit,
    "单位更名",
    "单位更名",
    f"机构改革后改了名称、换了牌子的。以前的场次留在旧名称下，以后的记在新名称下。{WRONG_NAME}",
)
merge_units = _change(
    MergeUnits,
    "单位合并",
    "单位合并",
    "几个单位合成一个，或并入一个现有单位。账号随之进入新单位，原来的场次照样看得到。",
)
split_unit = _change(SplitUnit, "单位分设", "单位分设", "由一个单位分出新的单位。以前的场次和完成情况留在原单位。")
rename_place = _change(
    RenamePlace,
    "区划更名",
    "区划更名或换代码",
    "乡改镇、村改社区，或只改名称。旧名称在导入台账时照样识别。写错的名称请在管理后台更正。",
)
merge_places = _change(
    MergePlaces, "区划合并", "区划合并（合村并居）", "几个村（社区）或乡镇合成一个，或并入一个现有的。"
)
split_place = _change(SplitPlace, "区划分设", "区划分设", "由一个村（社区）分出新的。以前的场次仍归原来的。")
