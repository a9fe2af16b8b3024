"""The pages on which an office keeps its accounts: who has one, making many, one-time links, suspending, handing over.

Whatever holds a token is the answer to the POST that made it, so that it is stored nowhere, not even in a session.
"""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import accounts, audit
from ..access import (
    FACTOR_RESET,
    Action,
    barred_from_granting,
    barred_from_linking,
    barred_from_managing,
    barred_from_resetting_factor,
    can,
    require,
    roles_to_grant,
    visible_or_404,
)
from ..account_forms import (
    AccountFilter,
    HandOverForm,
    lines,
    names_taken,
    post_for_successor,
    refuse_doubles,
)
from ..models import Division, Role, Tier, User
from ..models.places import code_range
from ..scoped_admin import history_of
from ..step_up import step_up
from .accounts import end_sign_ins as end
from .keeping import QUICKER

CRUMBS = ("账号", reverse_lazy("accounts"))


# --- the list ----------------------------------------------------------------------------------------


@require(Action.MANAGE_ACCOUNTS, Action.VIEW_LOGS)
@require_http_methods(["GET", "HEAD", "POST"])
def account_list(request: HttpRequest) -> HttpResponse:
    county, counties = _county(request)
    searched = request.method == "POST"
    asked = AccountFilter(request.POST if searched else {k: v for k, v in request.GET.items() if k != "q"})
    if searched and not asked.value("q"):
        return redirect(f"{reverse('accounts')}?{asked.as_address(county.pk if county else '')}")
    everybody = list(accounts.with_facts(_accounts_of(request.user, county)))
    homes = accounts.homes(county, everybody, operators=_makes_operators(request.user)) if county else []
    for home in homes:
        home.shown = [account for account in home.accounts if asked.admits(account)]
    waiting = [account for account in everybody if _waits(account)]
    context = {
        "county": county,
        "counties": counties,
        "filter": asked,
        "homes": homes,
        "total": len(everybody),
        "found": sum(len(home.shown) for home in homes),
        "lacking": [home for home in homes if home.lacking],
        "waiting": [a for a in waiting if not barred_from_managing(request.user, a)],  # one by one for the first of all
        "manages": can(request.user, Action.MANAGE_ACCOUNTS),
    }
    return render(request, "networks/accounts/list.html", context)


def _county(request: HttpRequest) -> tuple[Division | None, list[Division]]:
    """The county whose accounts are shown, and all that this account may choose from: for an operator every county."""
    counties = list(Division.objects.visible_to(request.user).filter(tier=Tier.COUNTY).order_by("code"))
    chosen = request.GET.get("county", "")
    return next((c for c in counties if c.pk == chosen), counties[0] if counties else None), counties


def _accounts_of(user: User, county: Division | None):
    """The accounts that one page shows: a county's, and for whoever sees them the operators'."""
    rows = User.objects.visible_to(user)
    if county is None or not _makes_operators(user):
        return rows
    first, after = code_range(county.pk)
    here = rows.filter(home_division_id__gte=first, home_division_id__lt=after) | rows.filter(home_unit__county=county)
    return here | rows.filter(home_division=None, home_unit=None)


def _makes_operators(user: User) -> bool:
    return "operator" in roles_to_grant(user)


def _waits(account: User) -> bool:
    return account.is_active and not account.has_usable_password()


# --- one account -------------------------------------------------------------------------------------


@require(Action.MANAGE_ACCOUNTS, Action.VIEW_LOGS)
@require_GET
def account_detail(request: HttpRequest, pk: int) -> HttpResponse:
    account = _visible(request, pk)
    manages = can(request.user, Action.MANAGE_ACCOUNTS)
    barred = barred_from_managing(request.user, account) if manages else ""
    context = {
        "account": account,
        "manages": manages and not barred,
        "barred": barred,
        "links_out": manages and account.is_active and not barred_from_linking(request.user, account),
        "resets_factor": account.has_second_factor and not barred_from_resetting_factor(request.user, account),
        "actions": [action.value for action in Action if can(account, action)],
        "others": [row for row in account.person.accounts.all() if row.pk != account.pk],
        "sign_ins": account.sign_ins.open().select_related("session"),
        "links": account.password_links.select_related("created_by__person")[:5],
        # a new password leaves a version without visible changes; the log tells of it
        "versions": [v for v in history_of(account, account.history.all()) if v["changes"] or v["kind"] != "修改"][:20],
        "crumbs": [CRUMBS],
    }
    return render(request, "networks/accounts/detail.html", context)


def _visible(request: HttpRequest, pk: int) -> User:
    rows = User.objects.select_related("person__county", "home_division", "home_unit")
    return visible_or_404(request.user, rows.prefetch_related("person__accounts"), pk=pk)


def _managed(request: HttpRequest, pk: int, rule: Callable[[User, User], str] = barred_from_managing) -> User:
    """The account, for whoever may change it; 403 with the reason for others who see it."""
    account = _visible(request, pk)
    barred = rule(request.user, account)
    if barred:
        raise PermissionDenied(barred)
    return account


@require(Action.MANAGE_ACCOUNTS)
@require_POST
def end_sign_ins(request: HttpRequest, pk: int) -> HttpResponse:
    account = _managed(request, pk)
    return end(request, account, account.sign_ins.all(), "account", pk=pk)


@require(Action.MANAGE_ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    return _ask_once(request, pk, "suspend")


@require(Action.MANAGE_ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    return _ask_once(request, pk, "reactivate")


@require(Action.MANAGE_ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """For somebody whose telephone and recovery codes are lost."""
    return _ask_once(request, pk, "end_second_factor", barred_from_resetting_factor)


_VERBS = {  # verb: (as recorded, what it is called, what the page says afterwards)
    "suspend": (accounts.SUSPENDED, "停用", "账号已停用，这个账号的登录都已结束。"),
    "reactivate": (accounts.REACTIVATED, "启用", "账号已重新启用。忘了密码的，再生成一个一次性链接。"),
    "end_second_factor": (
        FACTOR_RESET,
        "重置动态口令",
        "动态口令已重置，这个账号的登录都已结束。请本人用密码登录，马上绑定新手机。",
    ),
}


def _ask_once(
    request: HttpRequest, pk: int, verb: str, rule: Callable[[User, User], str] = barred_from_managing
) -> HttpResponse:
    account, extra = _managed(request, pk, rule), []
    action, called, done = _VERBS[verb]
    if request.method == "POST":
        if asked := step_up(request, f"{called}：账号 {account}"):
            return asked

        @transaction.atomic
        def act() -> None:
            getattr(account, verb)()
            audit.record(action, actor=request.user, subject=account, request=request, county_code=account.county_code)

        _, extra = _try(act)
        if not extra:
            messages.success(request, done)
            return redirect("account", pk=pk)
    context = {"account": account, "verb": verb, "extra": extra, "crumbs": _crumbs(account)}
    return render(request, "networks/accounts/ask_once.html", context)


def _try(act: Callable[[], object]) -> tuple[object, list[str]]:
    """What the act gave, or the sentences with which it was refused and nothing of it happened."""
    try:
        return act(), []
    except ValidationError as refused:
        return None, refused.messages
    except IntegrityError:
        return None, [QUICKER]


def _crumbs(account: User) -> list[tuple[str, str]]:
    return [CRUMBS, (account.username, reverse("account", args=[account.pk]))]


# --- one-time links ----------------------------------------------------------------------------------


@require(Action.MANAGE_ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, pk: int) -> HttpResponse:
    account, extra = _managed(request, pk, barred_from_linking), []
    if request.method == "POST":
        if asked := step_up(request, f"给账号 {account} 生成设密码的链接"):
            return asked
        slips, extra = _try(lambda: accounts.give_links([account], actor=request.user, request=request))
        if slips:
            return show_slips(request, slips)
    context = {"account": account, "verb": "link", "extra": extra, "crumbs": _crumbs(account)}
    return render(request, "networks/accounts/ask_once.html", context)


@require(Action.MANAGE_ACCOUNTS)
@require_POST
def links(request: HttpRequest) -> HttpResponse:
    """New slips for all that still wait for their first password: for a stack that was lost or has expired."""
    keys = [key for key in request.POST.getlist("account") if key.isascii() and key.isdigit() and len(key) < 19]
    rows = User.objects.visible_to(request.user).filter(pk__in=keys[: accounts.MOST_AT_ONCE], is_active=True)
    rows = rows.select_related("person", "home_division", "home_unit")
    chosen = [row for row in rows if _waits(row) and not barred_from_linking(request.user, row)]
    if not chosen:
        messages.error(request, "没有可以重新生成链接的账号：它们已设好密码、已停用，或不由您维护。")
        return redirect("accounts")
    if asked := step_up(request, f"给 {len(chosen)} 个账号生成设密码的链接"):
        return asked
    slips, extra = _try(lambda: accounts.give_links(chosen, actor=request.user, request=request))
    if extra:  # one of them has just been suspended
        messages.error(request, f"没有生成：{'；'.join(extra)}。请再试一次。")
        return redirect("accounts")
    return show_slips(request, slips)


def show_slips(request: HttpRequest, slips: list[accounts.Slip], lead: str = "") -> HttpResponse:
    """A slip per person, to print; the links are on this page and nowhere else."""
    context = {"slips": slips, "lead": lead, "site": request.build_absolute_uri("/"), "back": reverse("accounts")}
    return render(request, "networks/accounts/slips.html", context)


# --- making many -------------------------------------------------------------------------------------


@require(Action.MANAGE_ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    county, counties = _county(request)
    if county is None:
        raise Http404("还没有载入区划")
    operators = _makes_operators(request.user)
    everybody = list(_accounts_of(request.user, county).select_related("person", "home_division", "home_unit"))
    posts = accounts.posts_of(county, everybody, operators=operators)
    barred = {role: barred_from_granting(request.user, role, county.pk, None) for role in Role.values}
    data = request.POST if request.method == "POST" else None
    rows = lines(data, posts, actor=request.user, county=county, ticked=request.GET.get("only", ""))
    extra = []
    if request.method == "POST":
        ticked = [row for row in rows if row.ticked]
        extra = _refused(ticked)
        if not extra:
            if asked := step_up(request, f"建立 {len(ticked)} 个账号"):
                return asked
            orders = [row.order for row in ticked]
            slips, extra = _try(lambda: accounts.make(orders, actor=request.user, county=county, request=request))
            if slips:
                return show_slips(request, slips, f"已建立 {len(slips)} 个账号")
    context = {
        "county": county,
        "counties": counties,
        "groups": _grouped(rows, barred),
        "wrong": [row for row in rows if row.is_bound and row.errors],
        "extra": extra,
        "most": accounts.MOST_AT_ONCE,
        "crumbs": [CRUMBS],
    }
    return render(request, "networks/accounts/new.html", context)


def _refused(ticked: list) -> list[str]:
    """Why these lines are not made, as sentences of the page; each line says the rest itself."""
    if not ticked:
        return ["还没有勾选要建立的账号"]
    if len(ticked) > accounts.MOST_AT_ONCE:
        return [f"一次最多建立 {accounts.MOST_AT_ONCE} 个账号，请分几次"]
    if not [row for row in ticked if not row.is_valid()]:  # each is asked, so that each says what is wrong
        refuse_doubles(ticked)
    wrong = sum(bool(row.errors) for row in ticked)
    return [f"{wrong} 行有问题，一个都还没有建立：请改正下面标出的各行，再保存一次"] if wrong else []


def _grouped(rows: list, barred: dict[str, str]) -> list[tuple[accounts.Home, list]]:
    groups: dict[str, tuple[accounts.Home, list]] = {}
    for row in rows:
        row.barred = barred[row.post.role]
        groups.setdefault(row.post.home.key, (row.post.home, []))[1].append(row)
    return list(groups.values())


@require(Action.MANAGE_ACCOUNTS)
@require_GET
def username(request: HttpRequest) -> HttpResponse:
    """Whether a name for an account is free, while it is being typed; the form asks again when it is sent."""
    name = request.GET.get("username", "").strip()[:60]
    free = bool(name) and not names_taken([name])
    words = "可以使用" if free else "这个账号名已被使用，请换一个" if name else "请填写账号"
    return HttpResponse(words, content_type="text/plain; charset=utf-8")


# --- handing over ------------------------------------------------------------------------------------


@require(Action.MANAGE_ACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    account, extra = _managed(request, pk), []
    data = request.POST if request.method == "POST" else None
    typed = "" if data is None else data.get("name", "")
    form = HandOverForm(
        data,
        post=post_for_successor(account, accounts.next_username(account)),
        actor=request.user,
        names=accounts.namesakes(accounts.county_of(account), [typed]),
        taken=names_taken([] if data is None else [data.get("username", "").strip()]),
        appointments=accounts.appointments_to_hand_over(account, request.user),
    )
    if request.method == "POST" and form.is_valid():
        if asked := step_up(request, f"把账号 {account} 交接给别人"):
            return asked
        slip, extra = _try(
            lambda: accounts.hand_over(
                account,
                form.order,
                appointments=form.cleaned_data.get("appointments") or [],
                day=form.cleaned_data.get("day"),
                actor=request.user,
                request=request,
            )
        )
        if slip:
            return show_slips(request, [slip], f"{account.username} 已停用，交接给了新账号 {slip.account.username}")
    context = {
        "account": account,
        "form": form,
        "extra": extra,
        "unfinished": accounts.unfinished(account),
        "title": "把账号交接给接手的人",
        "lead": f"{account.home_name} {account.get_role_display()}：现由 {account.person.name} 使用 {account.username}",
        "button": "交接并停用原账号",
        "back": reverse("account", args=[pk]),
        "crumbs": _crumbs(account),
    }
    return render(request, "networks/accounts/hand_over.html", context)
