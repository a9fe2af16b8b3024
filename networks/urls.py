"""Accounts, the registries, and the site itself."""

from django.urls import path

from .views import accounts, files, health, institutions, workbooks

urlpatterns = [
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("login/demo/", accounts.demo_sign_in, name="demo-login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password-change"),
    path("network/institutions/new/", institutions.new, name="institution-new"),
    path("network/institutions/<int:pk>/edit/", institutions.edit, name="institution-edit"),
    path("network/institutions/<int:pk>/state/", institutions.state, name="institution-state"),
    path("network/institutions/<int:pk>/checks/", institutions.checks, name="institution-checks"),
    path("network/institutions/<int:pk>/photo/", institutions.photo, name="institution-photo"),
    path("network/files/<int:pk>/", files.attachment, name="attachment"),
    path("healthz", health.healthz, name="healthz"),
    # registries by workbook
    path("network/workbooks/", workbooks.workbooks, name="registry-workbooks"),
    path("network/workbooks/<slug:registry>/", workbooks.upload, name="registry-upload"),
    path("network/workbooks/<slug:registry>/download/", workbooks.download, name="registry-download"),
    path("network/workbooks/imports/<int:pk>/", workbooks.rehearsal, name="registry-import"),
    path("network/workbooks/imports/<int:pk>/confirm/", workbooks.confirm, name="registry-confirm"),
    path("network/workbooks/imports/<int:pk>/marked/", workbooks.marked, name="registry-marked"),
    path("network/workbooks/imports/<int:pk>/discard/", workbooks.discard, name="registry-discard"),
]
