"""Accounts and the site itself."""

from django.urls import path

from .views import accounts, contacts, groups, health, people

urlpatterns = [
    path("login/", accounts.SignIn.as_view(), name="login"),
    path("login/demo/", accounts.demo_sign_in, name="demo-login"),
    path("logout/", accounts.SignOut.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password-change"),
    path("healthz", health.healthz, name="healthz"),
    # people
    path("network/people/", people.people, name="people"),
    path("network/people/helpers/", people.helpers, name="helpers"),
    path("network/people/new/", people.appointment_new, name="appointment-new"),
    path("network/people/<int:pk>/", people.person, name="person"),
    path("network/people/<int:pk>/edit/", people.person_edit, name="person-edit"),
    path("network/people/appointments/<int:pk>/edit/", people.appointment_edit, name="appointment-edit"),
    path("network/people/appointments/<int:pk>/leave/", people.appointment_leave, name="appointment-leave"),
    path("network/people/appointments/<int:pk>/succeed/", people.appointment_succeed, name="appointment-succeed"),
    path("network/people/appointments/<int:pk>/hours/", people.service_new, name="service-new"),
    path("network/people/hours/<int:pk>/edit/", people.service_edit, name="service-edit"),
    path("network/people/hours/<int:pk>/remove/", people.service_remove, name="service-remove"),
    path("network/contacts/", contacts.contacts, name="contacts"),
    path("network/contacts/print/", contacts.paper, name="contacts-print"),
    # leading groups
    path("network/groups/", groups.leading_groups, name="leading-groups"),
    path("network/groups/new/", groups.group_new, name="leading-group-new"),
    path("network/groups/<int:pk>/", groups.leading_group, name="leading-group"),
    path("network/groups/<int:pk>/edit/", groups.group_edit, name="leading-group-edit"),
    path("network/groups/<int:pk>/print/", groups.paper, name="leading-group-print"),
    path("network/groups/<int:pk>/seats/new/", groups.seat_new, name="seat-new"),
    path("network/groups/seats/<int:pk>/edit/", groups.seat_edit, name="seat-edit"),
    path("network/groups/seats/<int:pk>/holder/", groups.seat_hand, name="seat-hand"),
    path("network/groups/seats/<int:pk>/vacate/", groups.seat_vacate, name="seat-vacate"),
    path("network/groups/holders/<int:pk>/edit/", groups.holder_edit, name="holder-edit"),
]
