"""Accounts and the site itself."""

from django.urls import path

from .views import account_office, accounts, health

urlpatterns = [
    path("login/", accounts.SignInView.as_view(), name="login"),
    path("login/demo/", accounts.demo_sign_in, name="demo-login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password-change"),
    path("accounts/", account_office.account_list, name="accounts"),
    path("accounts/links/", account_office.links, name="account-links"),
    path("accounts/me/", accounts.my_sign_ins, name="my-sign-ins"),
    path("accounts/me/end/", accounts.end_my_sign_ins, name="my-sign-ins-end"),
    path("accounts/new/", account_office.new, name="account-new"),
    path("accounts/new/username/", account_office.username, name="account-username"),
    path("accounts/set-password/<str:token>/", accounts.set_password, name="set-password"),
    path("accounts/<int:pk>/", account_office.account_detail, name="account"),
    path("accounts/<int:pk>/end-sign-ins/", account_office.end_sign_ins, name="account-end-sign-ins"),
    path("accounts/<int:pk>/hand-over/", account_office.hand_over, name="account-hand-over"),
    path("accounts/<int:pk>/link/", account_office.link, name="account-link"),
    path("accounts/<int:pk>/reactivate/", account_office.reactivate, name="account-reactivate"),
    path("accounts/<int:pk>/suspend/", account_office.suspend, name="account-suspend"),
    path("healthz", health.healthz, name="healthz"),
]
