"""How somebody gets in whose password, link or button was right: at once, or by way of the second factor's code (ID-4)."""

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_http_methods

from .. import audit
from ..guessing import LOCKED, only_recovery, remember_browser, too_many_failures, try_code, typed_code
from ..middleware import BY
from ..models import SignIn, User

BACKEND = "networks.backends.AccountBackend"
WAITING, WAITS = "waiting_for_code", 5 * 60  # session key; seconds between the password and the code


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: dict | None = None):
    """429 with a page that says what to do; called by axes (settings), and for an address or an account that is guessed at."""
    page = render(request, "registration/locked_out.html", status=429)
    page.headers["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME * 3600))
    return page


def enter(request: HttpRequest, user: User, *, how: str, then: str) -> HttpResponse:
    """Signs in and sends on to `then`, an address of ours; whoever has a second factor is asked for its code first, and is
    nobody until it was right. `how` is what the log calls it."""
    if not user.has_second_factor:
        return _let_in(request, user, how=how, then=then)
    request.session.flush()  # nothing of what was there before is taken over, nor its key
    request.session[WAITING] = {
        "user": user.pk,
        "bound_to": user.get_session_auth_hash(),
        "since": time.time(),
        "how": how,
        "then": then,
    }
    return redirect("login-code")


def _let_in(request: HttpRequest, user: User, *, how: str, then: str, **detail: object) -> HttpResponse:
    with transaction.atomic():
        login(request, user, backend=BACKEND)
        request.session[BY] = detail.get("by", "")
        SignIn.begin(request, user)
        audit.record(how, actor=user, subject=user, request=request, **detail)
    response = HttpResponseRedirect(then)
    remember_browser(request, response, user)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step. Without a first one of the last minutes in this browser it leads back to it."""
    waiting = request.session.get(WAITING)
    user = _whose(waiting) if waiting else None
    if user is None:
        if request.session.pop(WAITING, None):
            messages.info(request, "没有在 5 分钟内输入验证码，请再登录一次。")
        return redirect("login")
    problem = ""
    if request.method == "POST":
        if too_many_failures(request):
            audit.denied(request, LOCKED)
            return locked_out(request)
        typed = typed_code(request, "code")
        with transaction.atomic():
            by = try_code(request, user, typed) if typed else ""
            if by:
                del request.session[WAITING]
                return _let_in(request, user, how=waiting["how"], then=_by_way_of(request, user, by, waiting), by=by)
        problem = "验证码不对，请等手机上出现下一个数字再输" if typed else "请输入验证码"
    context = {"account": user, "problem": problem, "only_recovery": only_recovery(user)}
    return render(request, "registration/code.html", context)


def _whose(waiting: dict) -> User | None:
    """Whose code is waited for; nobody's once it has taken too long, or the account has been changed meanwhile."""
    user = User.objects.select_related("person", "home_unit").filter(pk=waiting["user"], is_active=True).first()
    in_time = 0 <= time.time() - waiting["since"] <= WAITS
    same = (
        user is not None
        and user.may_sign_in
        and constant_time_compare(user.get_session_auth_hash(), waiting["bound_to"])
    )
    return user if in_time and same else None


def _by_way_of(request: HttpRequest, user: User, by: str, waiting: dict) -> str:
    if by == "恢复码":
        left = user.recovery_codes.filter(used_at=None).count()
        messages.warning(
            request, f"这次用的是恢复码，还剩 {left} 个。手机换了或丢了，请在“我的登录 › 动态口令”里换到新手机。"
        )
    return waiting["then"]
