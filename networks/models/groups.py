"""社区教育发展工作领导小组: of the county and of its townships, by post (依据 三(一)).

The document names posts, not persons, and one holder may carry several titles: how many heads there are is what the seats
say, never counted out of a list of titles.
"""

import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from ..access import Action, Scope, ScopedQuerySet
from .people import DatedQuerySet, Person
from .places import Division, Tier
from .units import MemberUnit


class LeadingGroup(models.Model):
    """领导小组. Set up once; when a new document sets up another, the old one is dissolved and stays."""

    division = models.ForeignKey(Division, models.PROTECT, verbose_name="县或乡镇", related_name="leading_groups")
    name = models.CharField("名称", max_length=80)
    basis = models.CharField("成立依据（文号）", max_length=100, blank=True, help_text="如马政办发〔2019〕2号")
    set_up_on = models.DateField("成立日期", null=True, blank=True)
    dissolved_on = models.DateField(
        "撤销日期", null=True, blank=True, help_text="另行发文成立新的领导小组时填写；人员变动请在席位上办理"
    )
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(place="division_id", managed_by=Action.MANAGE_UNITS)

    class Meta:
        verbose_name = verbose_name_plural = "领导小组"
        ordering = ["division_id", "-set_up_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["division"],
                condition=Q(dissolved_on=None),
                name="one_standing_group_per_place",
            ),
            models.CheckConstraint(
                condition=Q(dissolved_on=None) | Q(set_up_on=None) | Q(dissolved_on__gt=F("set_up_on")),
                name="group_dissolved_after_set_up",
                violation_error_message="撤销日期应晚于成立日期",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.division_id and self.division.tier == Tier.VILLAGE:
            raise ValidationError("领导小组由县和乡镇成立")
        standing = LeadingGroup.objects.filter(division=self.division_id, dissolved_on=None).exclude(pk=self.pk)
        if self.dissolved_on is None and standing.exists():
            raise ValidationError("这里已有一个领导小组；另行成立的，请先填写原领导小组的撤销日期")

    def seats_on(self, day: datetime.date) -> list["Seat"]:
        """The seats there are on a day, in the order in which they are read out, each with `holder` (None: vacant)."""
        held = SeatHolder.objects.on(day).select_related("person")
        rows = (
            self.seats.on(day)
            .select_related("unit")
            .prefetch_related(models.Prefetch("holders", queryset=held, to_attr="now"))
        )
        seats = sorted(rows, key=lambda seat: (Seat.Rank.values.index(seat.rank), seat.position, seat.pk))
        for seat in seats:
            seat.holder = seat.now[0] if seat.now else None
        return seats


class Seat(models.Model):
    """席位: a post that belongs to the group, whoever holds it."""

    class Rank(models.TextChoices):
        HEAD = "head", "组长"
        DEPUTY = "deputy", "副组长"
        MEMBER = "member", "成员"
        OFFICE_HEAD = "office_head", "办公室主任"
        OFFICE_DEPUTY = "office_deputy", "办公室副主任"

    IN_OFFICE = (Rank.OFFICE_HEAD, Rank.OFFICE_DEPUTY)

    group = models.ForeignKey(LeadingGroup, models.PROTECT, verbose_name="领导小组", related_name="seats")
    rank = models.CharField("身份", max_length=13, choices=Rank.choices)
    post = models.CharField("职务", max_length=80, help_text="文件所列的职务，如县教育局局长；不写姓名")
    unit = models.ForeignKey(
        MemberUnit, models.PROTECT, null=True, blank=True, verbose_name="成员单位", related_name="seats"
    )
    position = models.PositiveSmallIntegerField("排序", default=0, help_text="同一身份中的先后次序")
    starts_on = models.DateField("设立日期", null=True, blank=True)
    ends_on = models.DateField("撤销日期", null=True, blank=True, help_text="自这一天起不再设这个席位")
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = DatedQuerySet.as_manager()
    scope = Scope(via="group")

    class Meta:
        verbose_name = verbose_name_plural = "领导小组席位"
        ordering = ["group", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rank__in=["head", "deputy", "member", "office_head", "office_deputy"]),
                name="seat_rank_known",
            ),
            models.CheckConstraint(condition=~Q(post=""), name="seat_names_its_post"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gt=F("starts_on")),
                name="seat_ends_after_start",
                violation_error_message="撤销日期应晚于设立日期",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.get_rank_display()}（{self.post}）"

    @transaction.atomic
    def hand_over(self, person: Person, day: datetime.date | None, *, titles: str = "") -> "SeatHolder":
        """From that day on `person` holds the seat and whoever held it no longer does. Without a day only the first holder
        on record can be entered. Raises ValidationError when the terms would overlap."""
        current = self._current()
        if day and ((self.starts_on and day < self.starts_on) or (self.ends_on and day >= self.ends_on)):
            raise ValidationError("任职日期不在这个席位设立的期间，请核对日期或改席位")
        if current and current.person_id == person.pk:
            raise ValidationError("这个席位现在就由此人担任")
        if day is None and self.holders.exists():
            raise ValidationError("请填写任职日期，前任到这一天为止")
        if current:
            self._end(current, day)
        elif day and self.holders.filter(ends_on__gt=day).exists():
            raise ValidationError("任职日期不能早于前任离任的日期")
        return SeatHolder.objects.create(seat=self, person=person, starts_on=day, titles=titles)

    @transaction.atomic
    def vacate(self, day: datetime.date) -> "SeatHolder":
        """From that day on nobody holds the seat."""
        current = self._current()
        if current is None:
            raise ValidationError("这个席位现在空缺")
        return self._end(current, day)

    def _current(self) -> "SeatHolder | None":
        Seat.objects.select_for_update().get(pk=self.pk)  # two changes at once: one after the other
        return self.holders.filter(ends_on=None).first()

    def _end(self, holder: "SeatHolder", day: datetime.date) -> "SeatHolder":
        if holder.starts_on and day <= holder.starts_on:
            raise ValidationError("日期应晚于现任的任职日期")
        holder.ends_on = day
        holder.version += 1
        holder.save()
        return holder


class SeatHolder(models.Model):
    """Who holds a seat in [starts_on, ends_on), with the titles that the holder carries."""

    seat = models.ForeignKey(Seat, models.PROTECT, verbose_name="席位", related_name="holders")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="人员", related_name="seats_held")
    titles = models.CharField("现任职务", max_length=120, blank=True, help_text="一人可兼几职；不填按席位的职务")
    starts_on = models.DateField("自", null=True, blank=True)
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = DatedQuerySet.as_manager()
    scope = Scope(via="seat")

    class Meta:
        verbose_name = verbose_name_plural = "领导小组任职"
        ordering = ["seat", "-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["seat"], condition=Q(ends_on=None), name="one_current_holder_per_seat"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gt=F("starts_on")),
                name="holder_ends_after_start",
                violation_error_message="离任日期应晚于任职日期",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat} 任职"

    def clean(self) -> None:
        """Two people never hold one seat at once, and nobody one that is not there."""
        super().clean()
        seat = self.seat
        before = seat.starts_on and self.starts_on and self.starts_on < seat.starts_on
        if before or (seat.ends_on and (self.ends_on is None or self.ends_on > seat.ends_on)):
            raise ValidationError("任职日期超出了这个席位设立的期间，请核对")
        others = self.seat.holders.exclude(pk=self.pk)
        begun_before = others.filter(Q(starts_on=None) | Q(starts_on__lt=self.ends_on)) if self.ends_on else others
        overlapping = (
            begun_before.filter(Q(ends_on=None) | Q(ends_on__gt=self.starts_on)) if self.starts_on else begun_before
        )
        if overlapping.exists():
            raise ValidationError("任职日期与这个席位的另一任重叠，请核对")

    @property
    def titles_shown(self) -> str:
        return self.titles or self.seat.post
