"""The password once more before what a stranger at somebody's open browser must not do: names leaving the system, a year
locked, an account changed (ID-4). Whoever has typed it in this browser within the last minutes is not asked again.

Whoever signs in with a second factor is asked for its code instead: a browser fills in a password that it has stored, but
never a code, and the password alone would let whoever knows it do here what it does not at the sign-in page.

A view asks after it has decided rights, so that the question tells nobody what there is:

    if asked := step_up(request, "名册带全名导出"):
        return asked
"""

import time

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from . import audit
from .guessing import only_recovery, try_code, typed_code
from .middleware import CONFIRMED_AT

PASSWORD, CODE, OF_PAGE = "password_again", "code_again", "password_again_of_page"  # names of our fields in the request
OURS = {PASSWORD, CODE, f"{CODE}_recovery", OF_PAGE, "csrfmiddlewaretoken"}
RIGHT, WRONG = "再次输入密码", "再次输入密码有误"  # as recorded
RIGHT_CODE = "再次输入验证码"  # a wrong one is recorded as at the sign-in page


def step_up(request: HttpRequest, why: str) -> HttpResponse | None:
    """The answer that asks for the password or the code, or None where it was typed in this browser within STEP_UP_LASTS seconds.
    `why` says in words what needs it. The question goes to the view's own address and carries what was sent on (not files:
    a form with files asks when it is opened). Wrong ones count towards the account's lock-out."""
    if typed_lately(request):
        return None
    by_code = request.user.has_second_factor
    field = CODE if by_code else PASSWORD
    problem = ""
    if request.method == "POST" and field in request.POST:
        typed = typed_code(request, CODE) if by_code else request.POST[PASSWORD]
        if _is_right_code(request, typed) if by_code else _is_right(request, typed):
            # Asked for when the page was opened: it opens now. Asked for in between: what was sent is done now.
            return redirect(request.get_full_path()) if OF_PAGE in request.POST else None
        problem = _problem(typed, by_code)
    sent_on = [(key, value) for key, values in request.POST.lists() if key not in OURS for value in values]
    of_page = request.method != "POST" or OF_PAGE in request.POST
    context = {"why": why, "problem": problem, "sent_on": sent_on, "of_page": of_page, "minutes": lasts_minutes()}
    context |= {"by_code": by_code, "only_recovery": by_code and only_recovery(request.user)}
    return render(request, "networks/accounts/password_again.html", context)


def _problem(typed: str, by_code: bool) -> str:
    if by_code:
        return "验证码不对，请等手机上出现下一个数字再输" if typed else "请输入验证码"
    return "密码不对，请核对大小写后再输一次" if typed else "请输入密码"


def typed_lately(request: HttpRequest) -> bool:
    """Whether the account's password was typed in this browser a moment ago: at signing in, or because it was asked for."""
    since = request.session.get(CONFIRMED_AT)
    return since is not None and 0 <= time.time() - since <= settings.STEP_UP_LASTS


def lasts_minutes() -> int:
    return settings.STEP_UP_LASTS // 60


def password_is_right(request: HttpRequest, password: str) -> bool:
    """Whether this is the signed-in account's own password. A wrong one is recorded and counts towards its lock-out (then axes
    answers the request with 429)."""
    # Through the back ends and not `check_password`, so that guessing is counted as at the sign-in page (ID-2).
    user = authenticate(request, username=request.user.get_username(), password=password) if password else None
    right = user is not None and user.pk == request.user.pk
    if password and not right:
        with transaction.atomic():
            audit.record(WRONG, actor=request.user, subject=request.user, request=request)
    return right


def _is_right(request: HttpRequest, password: str) -> bool:
    right = password_is_right(request, password)
    if right:
        with transaction.atomic():
            audit.record(RIGHT, actor=request.user, subject=request.user, request=request)
        request.session[CONFIRMED_AT] = time.time()
    return right


def _is_right_code(request: HttpRequest, typed: str) -> bool:
    with transaction.atomic():
        by = try_code(request, request.user, typed) if typed else ""
        if by:
            audit.record(RIGHT_CODE, actor=request.user, subject=request.user, request=request, by=by)
    if by:
        request.session[CONFIRMED_AT] = time.time()
    return bool(by)
