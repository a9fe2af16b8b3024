"""One's own second factor: setting it up, another telephone, new recovery codes, giving it up (ID-4).

What is secret is the answer to the request that asked for it: recovery codes stand on one page and nowhere else.
"""

import pyotp
import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import audit
from ..access import needs_second_factor
from ..guessing import BY_TELEPHONE
from ..middleware import BY
from ..models import SignIn
from ..models.second_factor import new_seed, secret_of
from ..step_up import step_up

STARTED, RENEWED, ENDED, NEW_CODES = "启用动态口令", "更换动态口令", "停用动态口令", "重新生成恢复码"  # as recorded
SEED = "second_factor_seed"  # in the session: of a telephone that has not confirmed yet
CRUMBS = [("我的登录", reverse_lazy("my-sign-ins")), ("动态口令", reverse_lazy("second-factor"))]


class CodeForm(forms.Form):
    code = forms.CharField(
        label="手机上显示的 6 位数字",
        max_length=20,
        widget=forms.TextInput(
            {"inputmode": "numeric", "autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    left = request.user.recovery_codes.filter(used_at=None).count() if request.user.has_second_factor else 0
    context = {"left": left, "needed": needs_second_factor(request.user), "crumbs": CRUMBS[:1]}
    return render(request, "networks/accounts/second_factor.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """A telephone gets the secret and shows that it has it; only then the account asks for codes. Also for another telephone:
    the old one's codes hold until the new one has confirmed."""
    if asked := step_up(request, "给账号绑定一部手机的动态口令"):
        return asked
    seed = request.session.get(SEED) or new_seed()
    request.session[SEED] = seed
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        action = RENEWED if request.user.has_second_factor else STARTED
        try:
            with transaction.atomic():
                codes = request.user.start_second_factor(seed, form.cleaned_data["code"])
                _stay_only_here(request, by=BY_TELEPHONE)
                audit.record(action, actor=request.user, subject=request.user, request=request)
        except ValidationError as refused:
            form.add_error("code", refused)
        else:
            del request.session[SEED]
            return _show_codes(request, codes, "动态口令已启用，其他设备上的登录已结束")
    secret = secret_of(seed)
    link = pyotp.TOTP(secret).provisioning_uri(name=request.user.username, issuer_name=settings.SITE_NAME)
    context = {
        "form": form,
        "qr": segno.make(link, error="m").svg_data_uri(scale=6, border=3),
        "secret": [secret[start : start + 4] for start in range(0, len(secret), 4)],
        "renews": request.user.has_second_factor,
        "needed": needs_second_factor(request.user),
        "crumbs": CRUMBS,
    }
    return render(request, "networks/accounts/second_factor_set_up.html", context)


@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    if not request.user.has_second_factor:
        return redirect("second-factor")
    if asked := step_up(request, "重新生成恢复码，以前的随即作废"):
        return asked
    with transaction.atomic():
        codes = request.user.new_recovery_codes()
        audit.record(NEW_CODES, actor=request.user, subject=request.user, request=request)
    return _show_codes(request, codes, "以前的恢复码已作废")


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest) -> HttpResponse:
    if needs_second_factor(request.user):
        raise PermissionDenied("您的角色必须用动态口令登录，不能停用；换手机请点“换一部手机”。")
    if not request.user.has_second_factor:
        return redirect("second-factor")
    if request.method == "POST":
        if asked := step_up(request, "停用动态口令"):
            return asked
        with transaction.atomic():
            request.user.end_second_factor()
            _stay_only_here(request, by="")
            audit.record(ENDED, actor=request.user, subject=request.user, request=request)
        messages.success(request, "动态口令已停用，以后只用密码登录。")
        return redirect("second-factor")
    return render(request, "networks/accounts/second_factor_end.html", {"crumbs": CRUMBS})


def _stay_only_here(request: HttpRequest, *, by: str) -> None:
    """The other sessions are bound to what was before and end; this one goes on under a new key, and what it stands on from
    now on is said in the list of sign-ins."""
    update_session_auth_hash(request, request.user)
    request.session[BY] = by
    SignIn.begin(request, request.user)


def _show_codes(request: HttpRequest, codes: list[str], lead: str) -> HttpResponse:
    return render(request, "networks/accounts/recovery_codes.html", {"codes": codes, "lead": lead})
