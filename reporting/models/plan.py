"""The plan's tasks and who answers for each (every 责任单位 bracket of the founding document)."""

import datetime
from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from networks.access import Scope, ScopedQuerySet, Subject
from networks.models import Division, MemberUnit, User


class PlanTask(models.Model):
    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="plan_tasks")
    clause = models.CharField("条款", max_length=20)
    title = models.CharField("任务", max_length=100)
    responsible_text = models.CharField("责任单位（原文）", max_length=200)
    position = models.PositiveSmallIntegerField("排序", default=999)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.DIRECTORY, county="county_id")

    class Meta:
        verbose_name = verbose_name_plural = "方案任务"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["county", "clause"], name="one_task_per_clause")]

    def __str__(self) -> str:
        return f"{self.clause} {self.title}"


class TaskResponsibilityQuerySet(ScopedQuerySet):
    def on(self, day: datetime.date) -> "TaskResponsibilityQuerySet":
        """In force on a day: [starts_on, ends_on)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


class TaskResponsibility(models.Model):
    """A dated fact: this unit answers for this task in [starts_on, ends_on)."""

    task = models.ForeignKey(PlanTask, models.CASCADE, verbose_name="任务", related_name="responsibilities")
    unit = models.ForeignKey(MemberUnit, models.PROTECT, verbose_name="责任单位", related_name="responsibilities")
    starts_on = models.DateField("自")
    ends_on = models.DateField("至（不含当日）", null=True, blank=True)

    objects = TaskResponsibilityQuerySet.as_manager()
    scope = Scope(Subject.DIRECTORY, county="unit__county_id")

    class Meta:
        verbose_name = verbose_name_plural = "任务责任"
        ordering = ["task", "unit"]
        constraints = [
            models.UniqueConstraint(fields=["task", "unit", "starts_on"], name="one_responsibility_per_start"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="responsibility_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task.clause} {self.unit}"

    @classmethod
    def follow_unit(cls, old: MemberUnit, new: MemberUnit, on: datetime.date, actor: User) -> list[str]:
        """What `old` answers for is answered for by `new` from that day on, unless it does already (see
        networks/reorganisation.py, which calls it in its transaction). Says how many."""
        open_ones = list(cls.objects.filter(unit=old).exclude(ends_on__lte=on))
        held = set(cls.objects.filter(unit=new).exclude(ends_on__lte=on).values_list("task_id", flat=True))
        for row in open_ones:
            if row.task_id not in held:
                starts = max(row.starts_on, on)
                cls.objects.create(task_id=row.task_id, unit=new, starts_on=starts, ends_on=row.ends_on)
            if row.starts_on >= on:
                row.delete()
            else:
                row.ends_on = on
                row.save(update_fields=["ends_on"])
        return [f"{len(open_ones)} 项方案任务的责任转到{new}"] if open_ones else []


def clauses_of(unit_ids: Iterable[int], day: datetime.date) -> set[str]:
    """The clauses of the tasks for which one of these units answers on that day (see networks/tasks.py). One query."""
    return set(TaskResponsibility.objects.on(day).filter(unit__in=unit_ids).values_list("task__clause", flat=True))
