"""宣传: news, model cases, 百姓学习之星 and 终身学习品牌, told by units and reviewed before residents read them (依据 三(七))."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from networks.access import Action, can, kept_or_403, require, visible_or_404
from networks.uploads import made_ready
from networks.views.files import hand_out
from networks.views.keeping import keep

from ..models import Refused, Story, TrainingSession
from ..proposal_forms import DecisionForm
from ..story_forms import StoryFilter, StoryForm, sessions_to_tell
from . import deciding

PER_PAGE = 30
KEEPERS = require(Action.KEEP_OWN, Action.PUBLISH)
READ_OR_KEEP = require_http_methods(["GET", "HEAD", "POST"])


@READ_OR_KEEP
@require(Action.VIEW_COURSES)
def story_list(request: HttpRequest) -> HttpResponse:
    """Words that are looked for are posted: mostly it is the name of a star, which shall stand in no address (PI-7)."""
    user, searched = request.user, request.method == "POST"
    asked = StoryFilter(request.POST if searched else {k: v for k, v in request.GET.items() if k != "q"}, user=user)
    if searched and not asked.value("q"):
        return redirect(f"{reverse('story-list')}?{asked.as_address()}")
    seen = Story.objects.readable_by(user)
    rows = asked.narrow(seen).select_related("unit").order_by("-happened_on", "-pk")
    decides = can(user, Action.PUBLISH)
    context = {
        "asked": asked,
        "searched": searched,
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "waiting": seen.awaiting().count() if decides else 0,
        "may_add": _may_tell(user),
    }
    return render(request, "trainings/stories/list.html", context)


@require_safe
@require(Action.VIEW_COURSES)
def story(request: HttpRequest, pk: int) -> HttpResponse:
    user = request.user
    named = Story.objects.readable_by(user).select_related("unit", "picture", "decided_by__person")
    row = visible_or_404(user, named, pk=pk)
    sessions = list(TrainingSession.objects.visible_to(user).for_display().filter(stories=row)) if _sees(user) else []
    context = {
        "story": row,
        "picture": row.picture_for(user),
        "crumbs": crumbs(),
        "missing": row.missing_for_proposal() if row.can_be_rewritten else [],
        "sessions": sessions,
        "others": row.sessions.count() - len(sessions),
        "form": DecisionForm(row=row),
        **deciding.decisions_on(row, user),
    }
    return render(request, "trainings/stories/story.html", context)


@KEEPERS
@READ_OR_KEEP
def new(request: HttpRequest) -> HttpResponse:
    """`?session=` starts from a session that took place."""
    user = request.user
    if not _may_tell(user):
        raise PermissionDenied("您的账号还没有对应的单位，不能写宣传内容")
    row, initial, about = Story(), {}, None
    if "session" in request.GET:
        about = visible_or_404(user, sessions_to_tell(user).select_related("organiser"), pk=request.GET["session"])
        initial = {"title": about.title[:60], "happened_on": about.held_on, "kind": Story.Kind.NEWS}
        initial |= {"sessions": [about.pk], "unit": about.organiser_id}
    form = StoryForm(
        request.POST or None, made_ready(request.FILES), instance=row, user=user, also=about, initial=initial
    )
    return keep(
        request,
        form,
        action="登记宣传内容",
        title="写宣传稿或推荐",
        lead="先保存为草稿，看过以后提交；领导小组办公室审定后居民就能看到（依据 三(七)）。",
        done="已保存为草稿。看过没有问题，就提交审定。",
        back=address,
        template="trainings/stories/form.html",
        crumbs=crumbs(),
    )


@KEEPERS
@READ_OR_KEEP
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Story.objects.readable_by(request.user).select_related("unit__division", "picture")
    row = kept_or_403(request.user, rows, pk=pk)
    if not row.can_be_rewritten and request.method != "POST":
        return redirect("story", pk)
    return keep(
        request,
        StoryForm(request.POST or None, made_ready(request.FILES), instance=row, user=request.user),
        action="修改宣传内容",
        title="修改宣传内容",
        back=address(row),
        template="trainings/stories/form.html",
        crumbs=crumbs(row),
    )


@KEEPERS
@READ_OR_KEEP
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Story.objects.readable_by(request.user)
    row = kept_or_403(request.user, rows, pk=pk)
    if not row.can_be_rewritten and request.method != "POST":
        return redirect("story", pk)

    def perform(form: Form) -> Story:
        try:
            row.erase(actor=request.user)
        except Refused as refused:
            raise ValidationError(refused.reasons) from None
        return row

    return keep(
        request,
        Form(request.POST if request.method == "POST" else None),
        action="删除宣传内容",
        title="删除这一条",
        lead=f"《{row}》连同照片和修改记录一起删除，不能恢复。写到的人不同意公开了，就删除。",
        button="确认删除",
        back=reverse("story-list"),
        done="已删除，不再保存。",
        crumbs=crumbs(row),
        perform=perform,
        detail={"kind": row.kind},
    )


@require(Action.VIEW_COURSES)
@require_GET
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_or_404(request.user, Story.objects.readable_by(request.user).select_related("picture"), pk=pk)
    shown = row.picture_for(request.user)
    if shown is None:
        raise Http404("这一条没有照片，或照片不能公开")
    return hand_out(shown.file, content_type=shown.content_type, name=shown.download_name)


@KEEPERS
@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    return deciding.propose(request, Story.objects, pk, reverse("story", args=[pk]))


@require(Action.PUBLISH)
@READ_OR_KEEP
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    return deciding.decide(request, Story.objects, pk, reverse("story", args=[pk]), crumbs())


def _may_tell(user) -> bool:
    return can(user, Action.PUBLISH) or bool(can(user, Action.KEEP_OWN) and user.own_unit)


def _sees(user) -> bool:
    return can(user, Action.VIEW_SESSIONS)


def address(row: Story) -> str:
    return reverse("story", args=[row.pk])


def crumbs(row: Story | None = None) -> list[tuple[str, str]]:
    return [("宣传和典型案例", reverse("story-list")), *([(str(row), address(row))] if row else [])]
