"""The web admin as a site of ours: its app configuration and first page."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest


class MashanAdminSite(admin.AdminSite):
    site_header = "社区教育管理后台"
    site_title = "管理后台"
    index_title = "管理首页"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        from .access import Action, can

        return can(request.user, Action.USE_ADMIN)


class MashanAdminConfig(AdminConfig):
    default_site = "networks.site.MashanAdminSite"
