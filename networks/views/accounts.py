"""Signing in and out, and changing one's password."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from .. import audit
from ..models import User

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


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        demo = [{"username": u, "label": label, "hint": hint} for u, label, hint in DEMO_ROLES] if settings.DEMO else []
        return super().get_context_data(demo_accounts=demo, **kwargs)


class SignOut(LogoutView):
    pass


class PasswordChange(PasswordChangeView):
    template_name = "registration/password_change.html"
    success_url = reverse_lazy("desk")

    def form_valid(self, form):
        with transaction.atomic():
            form.user.must_change_password = False
            response = super().form_valid(form)
            audit.record("修改密码", actor=form.user, subject=form.user, request=self.request)
        return response


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One button per role, in the demonstration only; settings refuse DEMO together with a host that is not local."""
    if not settings.DEMO:
        raise Http404
    allowed = {username for username, _, _ in DEMO_ROLES}
    user = get_object_or_404(User, username=request.POST.get("username", ""), username__in=allowed, is_active=True)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("desk")
