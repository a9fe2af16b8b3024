"""截至: the day as of which a page shows its figures, from the query string."""

import datetime

from django import forms
from django.utils import timezone


class AsOf(forms.Form):
    """Anything that makes no sense says so and changes nothing."""

    as_of = forms.DateField(
        label="截至",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control w-date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "这不是日期，请重新选择"},
    )

    def __init__(self, data, first: datetime.date, last: datetime.date, outside: str) -> None:
        super().__init__(data, auto_id="cut_%s")
        self.first, self.last, self.outside = first, last, outside
        latest = max(min(last, timezone.localdate()), first)
        self.fields["as_of"].widget.attrs.update(min=first.isoformat(), max=latest.isoformat())

    def clean_as_of(self) -> datetime.date | None:
        day = self.cleaned_data["as_of"]
        if day and not self.first <= day <= self.last:
            raise forms.ValidationError(self.outside)
        # What will have been held by then nobody knows; a verdict as of then would be read as a fact.
        if day and day > timezone.localdate():
            raise forms.ValidationError("这一天还没有到，请选择今天或以前的日期")
        return day

    @property
    def day(self) -> datetime.date | None:
        self.is_valid()
        return self.cleaned_data.get("as_of")

    @property
    def shown(self) -> datetime.date:
        """Until when the figures on the page go."""
        return self.day or min(timezone.localdate(), self.last)
