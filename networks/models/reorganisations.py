"""The acts by which units and places were renamed, merged and split: what each did, and whether it was taken back."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from ..access import Action, Scope, ScopedQuerySet
from ..journal import take_back
from .places import Division


class Reorganisation(models.Model):
    """One act as it was recorded. Written by networks/reorganisation.py with the act itself, taken back by `undo` alone."""

    county = models.ForeignKey(Division, models.PROTECT, verbose_name="县", related_name="reorganisations")
    of_units = models.BooleanField("单位的变更")
    what = models.CharField("事项", max_length=20)
    on = models.DateField("自")
    basis = models.CharField("依据", max_length=100, blank=True)
    lines = models.TextField("办理结果")
    entries = models.JSONField("改动的记录", encoder=DjangoJSONEncoder)
    made_at = models.DateTimeField("办理时间", default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="办理人", related_name="+")
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, verbose_name="撤销人", related_name="+"
    )
    undone_why = models.CharField("撤销原因", max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()
    scope = Scope(county="county_id", managed_by=Action.MANAGE_NETWORK)

    class Meta:
        verbose_name = verbose_name_plural = "撤并更名的办理"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undone_why="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_why="")),
                name="reorganisation_undone_by_somebody_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what}：{self.lines.splitlines()[0]}"

    @property
    def sentences(self) -> list[str]:
        return self.lines.splitlines()

    @transaction.atomic
    def undo(self, actor: models.Model, why: str) -> None:
        """Takes the act back, as if it had not been recorded: for a wrong entry that nothing has followed yet. Raises
        ValidationError where something has."""
        row = Reorganisation.objects.select_for_update().get(pk=self.pk)
        if row.undone_at:
            raise ValidationError("这一次办理已经撤销过了")
        take_back(row.entries, actor, f"撤销{row.what}")
        row.undone_at, row.undone_by, row.undone_why = timezone.now(), actor, why
        row.save()
