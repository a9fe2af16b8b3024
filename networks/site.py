"""The web admin as a site of ours: who may enter, its first page, and only screens that know our scopes."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode


class MashanAdminSite(admin.AdminSite):
    site_header = "社区教育管理后台"
    site_title = "管理后台"
    index_title = "管理首页"
    index_template = "admin/index.html"
    site_url = "/"
    enable_nav_sidebar = False
    # Signing in, signing out and passwords have one home each (networks/urls.py); nothing of ours has a "view on site".
    WITHOUT = frozenset({"logout", "password_change", "password_change_done", "view_on_site"})

    def register(self, model_or_iterable, admin_class=None, **options) -> None:
        """Takes only screens built on ScopedAdmin; the packages' own (groups, lock-outs) know nothing of our scopes."""
        from .scoped_admin import ScopedAdmin

        if admin_class is not None and issubclass(admin_class, ScopedAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if getattr(url, "name", None) not in self.WITHOUT]

    def has_permission(self, request: HttpRequest) -> bool:
        from .access import Action, can

        return can(request.user, Action.USE_ADMIN)

    def admin_view(self, view, cacheable=False):
        """Strangers are asked to sign in (LoginRequiredMiddleware); who is known but may not enter gets 403."""
        inner = super().admin_view(view, cacheable)

        def guarded(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied("您的账号不使用管理后台。")
            return inner(request, *args, **kwargs)

        guarded.__dict__.update(inner.__dict__)
        return guarded

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """There is one sign-in page, with one lock-out."""
        return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")

    def index(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        return super().index(request, {"leads": self.leads(request), **(extra_context or {})})

    @staticmethod
    def leads(request: HttpRequest) -> list[dict[str, str]]:
        """Where the bureau's daily work is done; the admin itself is for the lists behind it."""
        from .access import Action, can

        entries = [
            ("review-queue", "审核培训场次", "核定、退回，查看待审核的场次", Action.REVIEW),
            ("assessment-now", "本年度完成情况", "各责任单位的场次、人次与差距", Action.VIEW_COUNTY),
            ("import-list", "台账导入批次", "查看、确认或撤销导入的台账", Action.IMPORT),
            ("dashboard-now", "年度看板", "全县进度、对象覆盖与乡镇分布", Action.VIEW_COUNTY),
        ]
        return [
            {"url": reverse(name), "label": label, "hint": hint}
            for name, label, hint, action in entries
            if can(request.user, action)
        ]


class MashanAdminConfig(AdminConfig):
    default_site = "networks.site.MashanAdminSite"
