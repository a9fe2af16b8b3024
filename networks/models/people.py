"""People, and who does what where since when. Duties are separated between persons, not accounts, so every account
belongs to one person; one person may hold several appointments."""

import datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils import timezone
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet, Subject
from .institutions import Institution
from .places import Division
from .resources import SharedResource
from .units import MemberUnit

DEMONSTRATION = "演示数据"  # the post of everybody whom the demonstration invents


class Person(models.Model):
    """工作人员: somebody who works in the network or for a unit. Residents are never stored here."""

    county = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, verbose_name="县", related_name="people"
    )
    name = models.CharField("姓名", max_length=30)
    post = models.CharField("职务", max_length=50, blank=True)
    phone = models.CharField("办公电话", max_length=30, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.ACCOUNT, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "工作人员"
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="person_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The demonstration's mark, by which its accounts are refused in earnest, is nobody's post (User.may_sign_in)."""
        if self.post == DEMONSTRATION and not settings.DEMO:
            raise ValidationError({"post": f"职务不能写“{DEMONSTRATION}”"})

    @property
    def masked_phone(self) -> str:
        """138****5678: outside the 通讯录 and the forms of whoever keeps the entry."""
        return mask_phone(self.phone)


def mask_phone(phone: str) -> str:
    """The first three and the last four characters, or only the last two of a short number."""
    if len(phone) >= 9:
        return f"{phone[:3]}****{phone[-4:]}"
    return f"****{phone[-2:]}" if phone else ""


class DatedQuerySet(ScopedQuerySet):
    """Rows that hold in [starts_on, ends_on); without a start they always held."""

    def on(self, day: datetime.date) -> "DatedQuerySet":
        """Rows in force on a day."""
        return self.not_ended(day).filter(Q(starts_on=None) | Q(starts_on__lte=day))

    def not_ended(self, day: datetime.date) -> "DatedQuerySet":
        """Rows in force on a day or to come."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day))


class AppointmentQuerySet(DatedQuerySet):
    def with_catchment(self) -> "AppointmentQuerySet":
        """Annotates `in_catchment`: whether the sending school serves the place of the institution (二(四)2)."""
        served = SharedResource.serves.through.objects.filter(
            sharedresource=OuterRef("school"), division=OuterRef("institution__division")
        )
        return self.annotate(in_catchment=Exists(served))


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

    AT_UNITS = (Function.SUPERVISOR, Function.CONTACT)
    HELPERS = (Function.VOLUNTEER, Function.COUNSELLOR, Function.VETERAN)  # whose hours are kept (二(三)4, 二(四)2)
    FROM_SCHOOLS = (Function.PART_TIME, Function.INSTRUCTOR, Function.COUNSELLOR)  # may name the school that sends them
    AT_INSTITUTIONS = {  # what is expected there comes first
        Institution.Kind.CENTRE: (Function.FULL_TIME, Function.INSTRUCTOR, *HELPERS),
        Institution.Kind.SCHOOL: (Function.OFFICER, Function.PART_TIME, Function.INSTRUCTOR, *HELPERS),
        Institution.Kind.POINT: (Function.PART_TIME, Function.CONTACT, Function.INSTRUCTOR, *HELPERS),
        Institution.Kind.GUIDANCE: (Function.CONTACT, Function.FULL_TIME),
        Institution.Kind.MANAGEMENT: (Function.CONTACT, Function.OFFICER),
        Institution.Kind.RESEARCH: (Function.FULL_TIME, Function.INSTRUCTOR, Function.VETERAN),
    }

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
            models.CheckConstraint(
                condition=Q(unit__isnull=False, function__in=["contact", "supervisor"])
                | Q(
                    institution__isnull=False,
                    function__in=[
                        "full_time",
                        "officer",
                        "part_time",
                        "instructor",
                        "volunteer",
                        "counsellor",
                        "veteran",
                        "contact",
                    ],
                ),
                name="appointment_function_fits_body",
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

    @classmethod
    def functions_at(cls, body: Institution | MemberUnit) -> tuple[str, ...]:
        """The functions that there are at such a body, the expected one first."""
        return cls.AT_UNITS if isinstance(body, MemberUnit) else cls.AT_INSTITUTIONS[body.kind]

    @property
    def is_helper(self) -> bool:
        return self.function in self.HELPERS

    @property
    def sent_from_elsewhere(self) -> bool:
        """A point's part-timer from a school of another 学区; needs `with_catchment`."""
        at_point = self.institution_id is not None and self.institution.kind == Institution.Kind.POINT
        return at_point and self.school_id is not None and not self.in_catchment

    def clean(self) -> None:
        """Hours that are on record stay within the appointment and a helper's, or the sums would no longer agree."""
        super().clean()
        if self.pk and not self.is_helper and self.services.exists():
            raise ValidationError({"function": "已登记服务时长的任职，岗位只能是志愿者、少先队辅导员或离退休干部"})
        self._keep_services(self.starts_on, self.ends_on)

    def _keep_services(self, starts: datetime.date | None, ends: datetime.date | None) -> None:
        days = self.services.values_list("held_on", flat=True) if self.pk else []
        for day in days:
            if (starts and day < starts) or (ends and day >= ends):
                raise ValidationError(f"{day:%Y-%m-%d} 的服务记录会落在任职期间以外，请核对日期，或先更正服务记录")

    def has_ended(self, day: datetime.date | None = None) -> bool:
        return self.ends_on is not None and self.ends_on <= (day or timezone.localdate())

    @transaction.atomic
    def leave(self, day: datetime.date) -> None:
        """The appointment ends before that day. Raises ValidationError when it has ended, or would before it began."""
        stored = Appointment.objects.select_for_update().get(pk=self.pk)
        if stored.ends_on:
            raise ValidationError("这项任职已经结束")
        if stored.starts_on and day <= stored.starts_on:
            raise ValidationError("离任日期应晚于任职开始的日期")
        self._keep_services(None, day)
        self.ends_on = day
        self.version = stored.version + 1
        self.save(update_fields=["ends_on", "version"])

    @transaction.atomic
    def succeed(
        self, person: Person, day: datetime.date, *, title: str = "", school: SharedResource | None = None
    ) -> "Appointment":
        """`person` takes over from that day on, at the same place and in the same function."""
        if person.pk == self.person_id:
            raise ValidationError("接任的应是另一个人")
        self.leave(day)
        return Appointment.objects.create(
            person=person,
            institution=self.institution,
            unit=self.unit,
            function=self.function,
            title=title or self.title,
            school=school,
            starts_on=day,
            succeeds=self,
        )


class ServiceRecordQuerySet(ScopedQuerySet):
    def in_year(self, year: int) -> "ServiceRecordQuerySet":
        return self.filter(held_on__year=year)

    def by_year(self) -> "ServiceRecordQuerySet":
        """(year, hours, times), newest first."""
        years = self.order_by("-held_on__year").values_list("held_on__year")
        return years.annotate(hours=Sum("hours"), times=Count("pk"))


class ServiceRecord(models.Model):
    """服务时长: what a volunteer, 少先队辅导员 or retired cadre did on a day, in hours (依据 二(三)4, 二(四)2)."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, verbose_name="任职", related_name="services")
    held_on = models.DateField("日期")
    hours = models.DecimalField(
        "时长（小时）",
        max_digits=3,
        decimal_places=1,
        validators=[
            MinValueValidator(Decimal("0.1"), "时长应大于 0 小时"),
            MaxValueValidator(Decimal(24), "一次服务不超过 24 小时"),
        ],
    )
    what = models.CharField("服务内容", max_length=100)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ServiceRecordQuerySet.as_manager()
    scope = Scope(Subject.STAFF, via="appointment")

    class Meta:
        verbose_name = verbose_name_plural = "服务记录"
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=24), name="service_within_a_day"),
            models.CheckConstraint(condition=~Q(what=""), name="service_says_what"),
            models.UniqueConstraint(
                fields=["appointment", "held_on", "what"],
                name="service_entered_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment} {self.held_on:%Y-%m-%d}"

    def clean(self) -> None:
        """Hours are kept of helpers alone, for days of their service that have been."""
        super().clean()
        if not self.appointment.is_helper:
            raise ValidationError("只登记志愿者、少先队辅导员和离退休干部的服务时长")
        if self.held_on is None:
            return
        again = ServiceRecord.objects.filter(appointment=self.appointment, held_on=self.held_on, what=self.what)
        if again.exclude(pk=self.pk).exists():
            raise ValidationError("这一天的这项服务已经登记过；同一天又去一次的，请把时长加在一起，或写明是哪一次")
        if self.held_on > timezone.localdate():
            raise ValidationError({"held_on": "服务日期不能晚于今天"})
        begins, ends = self.appointment.starts_on, self.appointment.ends_on
        if (begins and self.held_on < begins) or (ends and self.held_on >= ends):
            raise ValidationError({"held_on": "这一天不在任职期间，请核对日期"})
