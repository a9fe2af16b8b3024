"""Accounts and the site itself."""

from django.urls import path

from .views import accounts, figures, health

urlpatterns = [
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("login/demo/", accounts.demo_sign_in, name="demo-login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password-change"),
    path("network/figures/", figures.figures, name="figures"),
    path("network/figures/<int:year>/<str:code>/", figures.sheet, name="figure-sheet"),
    path("healthz", health.healthz, name="healthz"),
]
