"""Signing in and out, and changing one's password."""

import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from .. import audit
from ..middleware import client_address
from ..models import AuditEvent, User

DEMO_ROLES = [  # one button per role on the demonstration's sign-in page
    ("bureau", "县教育局工作人员", "审核场次、设置年度"),
    ("bureau2", "县教育局另一名工作人员", "第二人核定"),
    ("centre", "县社区教育中心", "机构名录、中心培训"),
    ("town-450124100", "白山镇专干", "登记和提交培训"),
    ("unit-wxgtj", "文新广体局工作人员", "登记和提交培训"),
    ("head-450124100", "白山镇分管领导", "查看本镇完成情况"),
    ("leader", "领导小组成员", "年度看板"),
    ("auditor", "审计人员", "台账与日志"),
    ("operator", "系统管理员", "账号与设置"),
]


FAILED, LOCKED = "登录失败", "登录被锁定"
FAILURES_PER_ADDRESS = (
    50  # within the lock-out time, whatever the accounts: guessing one password on many accounts ends here
)


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Every attempt is recorded; what was typed as an account name is not, because people type passwords there."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        demo = [{"username": u, "label": label, "hint": hint} for u, label, hint in DEMO_ROLES] if settings.DEMO else []
        context = super().get_context_data(demo_accounts=demo, **kwargs)
        context["site_name"] = settings.SITE_NAME  # LoginView puts the host there
        return context

    def post(self, request, *args, **kwargs):
        if _too_many_failures(request):
            return locked_out(request)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        with transaction.atomic():
            response = super().form_valid(form)
            audit.record("登录", actor=form.get_user(), subject=form.get_user(), request=self.request)
        return response

    def form_invalid(self, form):
        tried = form.cleaned_data.get("username") and form.cleaned_data.get("password")
        if tried:
            # The same single query for known and unknown names: neither body, status nor time tells them apart (ID-2).
            known = User.objects.select_related("home_unit").filter(username=form.cleaned_data["username"]).first()
            locked = getattr(self.request, "axes_locked_out", False)
            audit.record(
                LOCKED if locked else FAILED,
                actor=None,
                subject=known,
                request=self.request,
                county_code=known.county_code if known else "",
                account="已有账号" if known else "未知账号",
            )
        return super().form_invalid(form)


def _too_many_failures(request: HttpRequest) -> bool:
    since = timezone.now() - datetime.timedelta(hours=settings.AXES_COOLOFF_TIME)
    failures = AuditEvent.objects.filter(action=FAILED, address=client_address(request), at__gte=since)
    return failures.count() >= FAILURES_PER_ADDRESS


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: dict | None = None):
    """429 with a page that says what to do; called by axes (settings) and for an address that tries too many accounts."""
    page = render(request, "registration/locked_out.html", status=429)
    page.headers["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME * 3600))
    return page


class SignOut(LogoutView):
    def post(self, request, *args, **kwargs):
        with transaction.atomic():
            audit.record("退出", actor=request.user, subject=request.user, request=request)
            return super().post(request, *args, **kwargs)


class PasswordChange(PasswordChangeView):
    """Ends the account's other sessions: a session is bound to the password with which it began."""

    template_name = "registration/password_change.html"
    success_url = reverse_lazy("desk")

    def form_valid(self, form):
        with transaction.atomic():
            form.user.must_change_password = False
            response = super().form_valid(form)
            audit.record("修改密码", actor=form.user, subject=form.user, request=self.request)
        messages.success(self.request, "密码已修改，其他设备上的登录已失效。")
        return response


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One button per role, in the demonstration only; settings refuse DEMO together with a host that is not local."""
    if not settings.DEMO:
        raise Http404
    allowed = {username for username, _, _ in DEMO_ROLES}
    user = get_object_or_404(User, username=request.POST.get("username", ""), username__in=allowed, is_active=True)
    with transaction.atomic():
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        audit.record("演示登录", actor=user, subject=user, request=request)
    return redirect("desk")
