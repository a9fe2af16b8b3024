"""Accounts and the site itself."""

from django.urls import path

from .views import accounts, communities, health, providers, resources

urlpatterns = [
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("login/demo/", accounts.demo_sign_in, name="demo-login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password-change"),
    path("healthz", health.healthz, name="healthz"),
    # learning groups (read in reporting, where their figures are), shared places, providers and projects
    path("network/communities/new/", communities.community_new, name="community-new"),
    path("network/communities/<int:pk>/edit/", communities.community_edit, name="community-edit"),
    path("network/communities/<int:pk>/end/", communities.community_end, name="community-end"),
    path("network/resources/", resources.resources, name="resources"),
    path("network/resources/new/", resources.resource_new, name="resource-new"),
    path("network/resources/<int:pk>/", resources.resource, name="resource"),
    path("network/resources/<int:pk>/edit/", resources.resource_edit, name="resource-edit"),
    path("network/resources/<int:pk>/close/", resources.resource_close, name="resource-close"),
    path("network/resources/providers/", providers.providers, name="providers"),
    path("network/resources/providers/new/", providers.provider_new, name="provider-new"),
    path("network/resources/providers/<int:pk>/", providers.provider, name="provider"),
    path("network/resources/providers/<int:pk>/edit/", providers.provider_edit, name="provider-edit"),
    path("network/resources/projects/", providers.resource_projects, name="resource-projects"),
    path("network/resources/projects/new/", providers.resource_project_new, name="resource-project-new"),
    path("network/resources/projects/<int:pk>/edit/", providers.resource_project_edit, name="resource-project-edit"),
]
