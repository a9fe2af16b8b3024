"""The password once more before what a stranger at somebody's open browser must not do: names leaving the system, a year
locked, an account changed (ID-4). Whoever has typed it in this browser within the last minutes is not asked again.

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
from .middleware import CONFIRMED_AT

PASSWORD, OF_PAGE = "password_again", "password_again_of_page"  # names of our fields in the request
OURS = {PASSWORD, OF_PAGE, "csrfmiddlewaretoken"}
RIGHT, WRONG = "再次输入密码", "再次输入密码有误"  # as recorded


def step_up(request: HttpRequest, why: str) -> HttpResponse | None:
    """The answer that asks for the password, or None where that was typed in this browser within STEP_UP_LASTS seconds.
    `why` says in words what needs it. The question goes to the view's own address and carries what was sent on (not files:
    a form with files asks when it is opened). Wrong passwords count towards the account's lock-out."""
    if typed_lately(request):
        return None
    problem = ""
    if request.method == "POST" and PASSWORD in request.POST:
        if _is_right(request, request.POST[PASSWORD]):
            # Asked for when the page was opened: it opens now. Asked for in between: what was sent is done now.
            return redirect(request.get_full_path()) if OF_PAGE in request.POST else None
        problem = "密码不对，请核对大小写后再输一次" if request.POST[PASSWORD] else "请输入密码"
    sent_on = [(key, value) for key, values in request.POST.lists() if key not in OURS for value in values]
    of_page = request.method != "POST" or OF_PAGE in request.POST
    context = {"why": why, "problem": problem, "sent_on": sent_on, "of_page": of_page, "minutes": lasts_minutes()}
    return render(request, "networks/accounts/password_again.html", context)


def typed_lately(request: HttpRequest) -> bool:
    """Whether the account's password was typed in this browser a moment ago: at signing in, or because it was asked for."""
    since = request.session.get(CONFIRMED_AT)
    return since is not None and 0 <= time.time() - since <= settings.STEP_UP_LASTS


def lasts_minutes() -> int:
    return settings.STEP_UP_LASTS // 60


def _is_right(request: HttpRequest, password: str) -> bool:
    # Through the back ends and not `check_password`, so that guessing is counted as at the sign-in page (ID-2).
    user = authenticate(request, username=request.user.get_username(), password=password) if password else None
    right = user is not None and user.pk == request.user.pk
    if password:
        with transaction.atomic():
            audit.record(RIGHT if right else WRONG, actor=request.user, subject=request.user, request=request)
    if right:
        request.session[CONFIRMED_AT] = time.time()
    return right
