"""Accounts, the registries, and the site itself."""

from django.urls import path

from .views import accounts, contacts, files, groups, health, institutions, people, workbooks

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
