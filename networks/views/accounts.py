"""Signing in and out, setting and changing one's password, and where one is signed in."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import audit
from ..guessing import FAILED, LOCKED, forget_failures, guessed_at, too_many_failures
from ..models import PasswordLink, SignIn, User
from ..step_up import password_is_right, step_up
from .entering import enter, locked_out

NO_SUCH_LINK = "打开无效链接"  # as recorded

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
class SignInView(LoginView):
    """Every attempt is recorded; what was typed as an account name is not, because people type passwords there."""

    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        demo = [{"username": u, "label": label, "hint": hint} for u, label, hint in DEMO_ROLES] if settings.DEMO else []
        context = super().get_context_data(demo_accounts=demo, **kwargs)
        context["site_name"] = settings.SITE_NAME  # LoginView puts the host there
        return context

    def post(self, request, *args, **kwargs):
        # The name as the form reads it: with a blank more, or in full-width letters, it is the same account.
        name = self.get_form().fields["username"].to_python(request.POST.get("username", ""))
        if too_many_failures(request) or guessed_at(request, name):
            audit.denied(request, LOCKED)
            return locked_out(request)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        return enter(self.request, form.get_user(), how="登录", then=self.get_success_url())

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


class SignOut(LogoutView):
    def post(self, request, *args, **kwargs):
        with transaction.atomic():
            audit.record("退出", actor=request.user, subject=request.user, request=request)
            return super().post(request, *args, **kwargs)


class OwnPasswordForm(PasswordChangeForm):
    """Whoever sits at an open browser does not guess the old password here at leisure (ID-2)."""

    def __init__(self, user: User, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        typed = self.cleaned_data["old_password"]
        if not password_is_right(self.request, typed):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return typed


class PasswordChange(PasswordChangeView):
    """Ends the account's other sessions: a session is bound to the password with which it began. Whoever has a second factor
    confirms by it too; for everybody else the old password that the form asks for is the same question."""

    template_name = "registration/password_change.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("desk")

    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {"request": self.request}

    def dispatch(self, request, *args, **kwargs):
        if request.user.has_second_factor and (asked := step_up(request, "修改密码")):
            return asked
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form):
        with transaction.atomic():
            form.user.must_change_password = False
            response = super().form_valid(form)
            form.user.sign_ins.all().end()
            form.user.password_links.revoke()  # a slip that lies about would undo the new password
            SignIn.begin(self.request, form.user)
            audit.record("修改密码", actor=form.user, subject=form.user, request=self.request)
        messages.success(self.request, "密码已修改，其他设备上的登录已失效。")
        return response


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One button per role, in the demonstration only; settings refuse DEMO together with a host that is not local."""
    if not settings.DEMO:
        raise Http404
    username = request.POST.get("username", "")
    if username not in {offered for offered, _, _ in DEMO_ROLES}:
        raise Http404
    user = get_object_or_404(User, username=username, is_active=True)
    return enter(request, user, how="演示登录", then=reverse("desk"))


# --- one-time links ----------------------------------------------------------------------------------


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever was handed a one-time link sets the account's password and is signed in. Unknown, used, revoked and expired
    links get one answer, and a good one opens however many others were tried before: nobody guesses one."""
    link = PasswordLink.objects.redeemable(token)
    if link is None:
        return _no_such_link(request)
    form = SetPasswordForm(link.user, request.POST if request.method == "POST" else None)
    form.fields["new_password1"].label, form.fields["new_password2"].label = "新密码", "再输一遍新密码"
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                link.redeem(form.cleaned_data["new_password1"])
                forget_failures(link.user.username)
                request.session.flush()  # also where somebody else was signed in: nothing of theirs is taken over
                audit.record("用链接设置密码", actor=link.user, subject=link.user, request=request, link=link.pk)
        except ValidationError:  # somebody was quicker with the same link
            return _no_such_link(request)
        response = enter(request, link.user, how="登录", then=reverse("desk"))
        if (
            not link.user.has_second_factor
        ):  # who has is asked for the code: the link stands for the password and no more
            messages.success(request, "密码已设好，您已登录。以后用账号和这个密码登录，链接已经失效。")
        return response
    context = {"form": form, "account": link.user, "expires_at": link.expires_at, "other": request.user}
    return _without_path(render(request, "registration/set_password.html", context))


def _no_such_link(request: HttpRequest) -> HttpResponse:
    """Recorded, as far as the log has room for a stranger; the token itself is not."""
    if audit.has_room(request, NO_SUCH_LINK):
        audit.record(NO_SUCH_LINK, actor=request.user, request=request)
    return _without_path(render(request, "registration/no_such_link.html", status=404))


def _without_path(page: HttpResponse) -> HttpResponse:
    """What the page asks for next learns of our host and not of the token in its address. `no-referrer` would say less still,
    but with it browsers send `Origin: null` with the form, which the CSRF check rightly refuses."""
    page.headers["Referrer-Policy"] = "strict-origin"
    return page


# --- one's own sign-ins ------------------------------------------------------------------------------


@require_GET
def my_sign_ins(request: HttpRequest) -> HttpResponse:
    """Where the own account is open, so that one sees a browser that is not one's own and ends it."""
    rows = list(request.user.sign_ins.open().select_related("session"))
    here = request.session.session_key
    context = {"rows": rows, "here": here, "others": [row for row in rows if row.session_id != here]}
    return render(request, "networks/accounts/mine.html", context)


@require_POST
def end_my_sign_ins(request: HttpRequest) -> HttpResponse:
    """The one that the button names, or all but this one."""
    others = request.user.sign_ins.exclude(session_id=request.session.session_key)
    return end_sign_ins(request, request.user, others, "my-sign-ins")


def end_sign_ins(request: HttpRequest, account: User, rows, back: str, **kwargs: object) -> HttpResponse:
    """Ends the one of `rows` that the button names (404 when it is none of them), or all of them; recorded."""
    named = request.POST.get("sign_in", "")
    if named != "all":
        if not (named.isascii() and named.isdigit() and len(named) < 19):
            raise Http404("没有找到这次登录")
        rows = rows.filter(pk=named)
        if not rows.exists():
            raise Http404("没有找到这次登录，也许已经结束")
    with transaction.atomic():
        number = rows.end()
        audit.record(
            "结束登录",
            actor=request.user,
            subject=account,
            request=request,
            county_code=account.county_code,
            number=number,
        )
    messages.success(request, f"已结束 {number} 处登录。")
    return redirect(back, **kwargs)
