"""People. Duties are separated between persons, not accounts, so every account belongs to one person."""

from django.db import models
from simple_history.models import HistoricalRecords

from ..access import Scope, ScopedQuerySet, Subject
from .places import Division


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
