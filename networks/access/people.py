"""Staff, contacts and seats: who enters people, who reads about them, whose number is shown in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from .accounts import KEPT_BY_THE_BUREAU
from .roles import ROLES, Action, Sight, Subject, can
from .rows import belonging_to

if TYPE_CHECKING:
    from networks.models import Appointment, MemberUnit, Person, User


EDUCATION_BUREAU = (
    "jyj"  # the code of 县教育局 in networks/data/member_units.csv: the leading group's office sits there (三(一))
)


def units_to_staff(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose 联络员 and 分管领导 this account enters: the county's, or its own unit's alone."""
    units = apps.get_model("networks", "MemberUnit").objects
    if can(user, Action.MANAGE_NETWORK):
        return units.filter(county_id=user.county_code)
    return units.filter(pk__in=user.own_unit_ids) if can(user, Action.KEEP_OWN) else units.none()


def people_to_appoint(user: User) -> models.QuerySet[Person]:
    """Whom this account may give an appointment or a seat without entering them anew: the county's people, or those who
    hold one (or an account) in its own part."""
    people = apps.get_model("networks", "Person").objects
    if can(user, Action.MANAGE_NETWORK):
        return people.filter(county_id=user.county_code)
    here = [Q(pk__in=rows.values("person")) for rows in _ties_at_home(user)]
    return people.filter(Q(*here, _connector=Q.OR), county_id=user.county_code)


def _ties_at_home(user: User) -> list[models.QuerySet]:
    """What ties people to this account's own part: the appointments and seats that it keeps, the accounts beside it."""
    accounts = apps.get_model("networks", "User").objects
    at_home = belonging_to(user, accounts.model.scope) if can(user, Action.KEEP_OWN) else Q(pk__in=[])
    kept = [apps.get_model("networks", name).objects.kept_by(user) for name in ("Appointment", "SeatHolder")]
    return [*kept, accounts.filter(at_home)]


def barred_from_rewriting(user: User, person: Person) -> str:
    """Why this account may not change a person's name and telephone, or ''. Whoever works elsewhere too is not one
    township's or unit's to rename; a name under a verification is the bureau's alone."""
    if not can(user, Action.REVIEW) and person.accounts.filter(role__in=KEPT_BY_THE_BUREAU).exists():
        return "有办公室或审计账号的人员，由办公室的工作人员维护"
    if person.county_id != user.county_code:
        return "这个人不属于本县"
    if can(user, Action.MANAGE_NETWORK):
        return ""
    ties = zip([person.appointments, person.seats_held, person.accounts], _ties_at_home(user), strict=True)
    if any(everywhere.exclude(pk__in=at_home.values("pk")).exists() for everywhere, at_home in ties):
        return "这个人还在别的单位任职，姓名和电话由县教育局修改"
    if not people_to_appoint(user).filter(pk=person.pk).exists():
        return "这个人不在您的范围内"
    return ""


def sees_all_staff(user: User) -> bool:
    """Whether the whole county's staff is this account's business, or its own part's alone."""
    return can(user, Action.VIEW_STAFF) and ROLES[user.role].sight[Subject.STAFF] is Sight.COUNTY


def people_in_sight(user: User) -> models.QuerySet[Person]:
    """The people whose entry this account may open: the county's, or who holds or held an appointment that it sees or a
    seat that it keeps."""
    people = apps.get_model("networks", "Person").objects
    if not can(user, Action.VIEW_STAFF):
        return people.none()
    if sees_all_staff(user):
        return people.filter(county_id=user.county_code)
    seen = apps.get_model("networks", "Appointment").objects.visible_to(user)
    seats = apps.get_model("networks", "SeatHolder").objects.kept_by(user)
    return people.filter(Q(pk__in=seen.values("person")) | Q(pk__in=seats.values("person")))


def instructors_to_find(user: User) -> models.QuerySet[Appointment]:
    """Everybody who teaches in this account's county today, for the county is to know what can be taught (二(四)2); `named`
    says of whom it may read the name, which is its own staff or, for whoever sees it, the county's."""
    rows = apps.get_model("networks", "Appointment").objects
    named = rows.visible_to(user) if can(user, Action.VIEW_STAFF) else rows.none()
    teaching = rows.filter(function="instructor", person__county_id=user.county_code).on(timezone.localdate())
    if not can(user, Action.VIEW_COURSES):
        return rows.none()
    return teaching.annotate(named=Exists(named.filter(pk=OuterRef("pk"))))


def units_in_directory(user: User) -> models.QuerySet[MemberUnit]:
    """The units whose entry in the 通讯录 this account reads: the county's, or its own and the office's."""
    units = apps.get_model("networks", "MemberUnit").objects.filter(county_id=user.county_code)
    if not can(user, Action.VIEW_STAFF):
        return units.none()
    if sees_all_staff(user):
        return units
    return units.filter(Q(pk__in=user.own_unit_ids) | Q(code=EDUCATION_BUREAU))


def entries_in_directory(user: User) -> models.QuerySet[Appointment]:
    """The appointments that this account reads in the 通讯录: what it sees anyway, and the office's."""
    rows = apps.get_model("networks", "Appointment").objects
    seen = Q(pk__in=rows.visible_to(user).values("pk"))
    return rows.filter(seen | _of_the_office(user)) if can(user, Action.VIEW_STAFF) else rows.none()


def entries_to_call(user: User) -> models.QuerySet[Appointment]:
    """Whose full telephone number the 通讯录 shows this account: everybody's to whoever has VIEW_CONTACTS, else of those
    it keeps itself and of the office, which everybody may call. All other numbers are masked everywhere."""
    entries = entries_in_directory(user)
    if can(user, Action.VIEW_CONTACTS):
        return entries
    return entries.filter(Q(pk__in=entries.kept_by(user).values("pk")) | _of_the_office(user))


def _of_the_office(user: User) -> Q:
    return Q(unit__county_id=user.county_code, unit__code=EDUCATION_BUREAU)
