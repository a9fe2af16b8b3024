"""People, and who does what where since when. Duties are separated between persons, not accounts, so every account
belongs to one person; one person may hold several appointments."""

import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet, Subject
from .institutions import Institution
from .places import Division
from .resources import SharedResource
from .units import MemberUnit


class Person(models.Model):
    """工作人员: somebody who works in the network or for a unit. Residents are never stored here."""

    county = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="县", related_name="people"
    )
    name = models.CharField("姓名", max_length=30)
    post = models.CharField("职务", max_length=50, blank=True)
    phone = models.CharField("办公电话", max_length=30, blank=True)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.ACCOUNT, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "工作人员"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_phone(self) -> str:
        """138****5678: outside the 通讯录 and the forms of whoever keeps the entry."""
        return mask_phone(self.phone)


def mask_phone(phone: str) -> str:
    """The first three and the last four characters, or only the last two of a short number."""
    if len(phone) >= 9:
        return f"{phone[:3]}****{phone[-4:]}"
    return f"****{phone[-2:]}" if phone else ""


class AppointmentQuerySet(ScopedQuerySet):
    def on(self, day: datetime.date) -> "AppointmentQuerySet":
        """Appointments in force on a day; one is [starts_on, ends_on), and without a start it always held."""
        return self.filter(Q(starts_on=None) | Q(starts_on__lte=day), Q(ends_on=None) | Q(ends_on__gt=day))


class Appointment(models.Model):
    """任职: a person does something for an institution or a unit in [starts_on, ends_on) (依据 二(四)2, 三(一), 三(五))."""

    class Function(models.TextChoices):
        FULL_TIME = "full_time", "专职人员"  # county centre: 2—3
        OFFICER = "officer", "社区教育专干"  # township school: exactly one
        PART_TIME = "part_time", "兼职教师（派出）"  # teaching point: 1—2, from a school of its 学区
        INSTRUCTOR = "instructor", "授课教师"
        VOLUNTEER = "volunteer", "志愿者"
        COUNSELLOR = "counsellor", "少先队辅导员"
        VETERAN = "veteran", "离退休干部"
        CONTACT = "contact", "联络员"
        SUPERVISOR = "supervisor", "分管领导"

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="人员", related_name="appointments")
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, verbose_name="机构", related_name="appointments"
    )
    unit = models.ForeignKey(
        MemberUnit, models.PROTECT, null=True, blank=True, verbose_name="单位", related_name="appointments"
    )
    function = models.CharField("岗位", max_length=12, choices=Function.choices)
    title = models.CharField("职务", max_length=50, blank=True)
    school = models.ForeignKey(
        SharedResource, models.PROTECT, null=True, blank=True, verbose_name="派出学校", related_name="teachers_sent"
    )
    specialities = models.CharField("专长", max_length=100, blank=True)
    starts_on = models.DateField("自", null=True, blank=True)
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)
    succeeds = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, verbose_name="接替", related_name="succeeded_by"
    )
    note = models.CharField("备注", max_length=200, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = AppointmentQuerySet.as_manager()
    scope = Scope(
        Subject.STAFF,
        county="person__county_id",
        unit="unit_id",
        place="institution__division_id",
        managed_by=Action.MANAGE_NETWORK,
    )

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        ordering = ["function", "person__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(institution__isnull=True, unit__isnull=False)
                | Q(institution__isnull=False, unit__isnull=True),
                name="appointment_at_one_body",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gt=F("starts_on")),
                name="appointment_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["person", "institution", "function"],
                condition=Q(ends_on=None, institution__isnull=False),
                name="one_open_appointment_at_institution",
            ),
            models.UniqueConstraint(
                fields=["person", "unit", "function"],
                condition=Q(ends_on=None, unit__isnull=False),
                name="one_open_appointment_at_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body} {self.get_function_display()}"

    @property
    def body(self) -> Institution | MemberUnit:
        return self.institution or self.unit

    def leave(self, day: datetime.date) -> None:
        """The appointment ends before that day. Raises ValidationError when it has ended, or would before it began."""
        if self.ends_on:
            raise ValidationError("这项任职已经结束")
        if self.starts_on and day <= self.starts_on:
            raise ValidationError("离任日期应晚于任职开始的日期")
        self.ends_on = day
        self.version += 1
        self.save()

    @transaction.atomic
    def succeed(self, person: Person, day: datetime.date, *, title: str = "") -> "Appointment":
        """`person` takes over from that day on, at the same place and in the same function."""
        self.leave(day)
        return Appointment.objects.create(
            person=person,
            institution=self.institution,
            unit=self.unit,
            function=self.function,
            title=title or self.title,
            starts_on=day,
            succeeds=self,
        )
