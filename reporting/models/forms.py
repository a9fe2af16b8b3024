"""What the office types into the forms that it files, one row for each form and year."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from networks.access import Action, Scope, ScopedQuerySet, Subject

from .year import AssessmentYear


class FormEntry(models.Model):
    """`values`: {"field.row": whole number or text}; what nobody has filled in has no key, and is never 0."""

    year = models.ForeignKey(AssessmentYear, models.PROTECT, verbose_name="年度", related_name="form_entries")
    form = models.CharField("报表", max_length=40)
    values = models.JSONField("填写的内容", default=dict, blank=True)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    history = HistoricalRecords()
    objects = ScopedQuerySet.as_manager()
    scope = Scope(Subject.LEDGER, county="year__county_id", managed_by=Action.MANAGE_YEARS)

    class Meta:
        verbose_name = verbose_name_plural = "报表填写内容"
        ordering = ["year", "form"]
        constraints = [
            models.UniqueConstraint(fields=["year", "form"], name="one_form_entry_per_form_and_year"),
            models.CheckConstraint(condition=~Q(form=""), name="form_entry_names_its_form"),
        ]

    def __str__(self) -> str:
        return f"{self.year.year}年报表"
