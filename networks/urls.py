"""Accounts and the site itself."""

from django.urls import path

from .views import accounts, health, privacy, reorganisations

urlpatterns = [
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("login/demo/", accounts.demo_sign_in, name="demo-login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password-change"),
    path("healthz", health.healthz, name="healthz"),
    path("privacy/", privacy.privacy, name="privacy"),
    path("privacy/<int:county>/", privacy.privacy, name="privacy-county"),
    path("setup/privacy/", privacy.edit, name="privacy-edit"),
    path("network/changes/", reorganisations.reorganisations, name="reorganisations"),
    path("network/changes/units/rename/", reorganisations.rename_unit, name="unit-rename"),
    path("network/changes/units/merge/", reorganisations.merge_units, name="unit-merge"),
    path("network/changes/units/split/", reorganisations.split_unit, name="unit-split"),
    path("network/changes/places/rename/", reorganisations.rename_place, name="place-rename"),
    path("network/changes/places/merge/", reorganisations.merge_places, name="place-merge"),
    path("network/changes/places/split/", reorganisations.split_place, name="place-split"),
]
