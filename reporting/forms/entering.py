"""What the office types into a form: one field for each open cell, saved together (IN-4)."""

from __future__ import annotations

from django import forms

from networks.forms import VersionedForm

from ..models import FormEntry
from .filling import typed_cells
from .parts import Form, Row

MOST = 10**12


class EntryForm(VersionedForm):
    class Meta:
        model = FormEntry
        fields: list[str] = []

    def __init__(self, *args, form: Form, rows: list[Row], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._blocks: dict[str, tuple[str, list[str]]] = {}
        for key, field, row in typed_cells(form, rows):
            label = field.full_label
            if field.text:
                long = field.most > 200
                attrs = {"rows": 3} if long else {}
                widget = (forms.Textarea if long else forms.TextInput)(attrs)
                made = forms.CharField(label=label, required=False, max_length=field.most, widget=widget)
            else:
                widget = forms.NumberInput({"inputmode": "numeric", "class": "w-figure"})
                made = forms.IntegerField(label=label, required=False, min_value=0, max_value=MOST, widget=widget)
            made.initial = self.instance.values.get(key)
            self.fields[key] = made
            self._blocks.setdefault(row.key, (row.label, []))[1].append(key)

    @property
    def blocks(self) -> list[tuple[str, list[forms.BoundField]]]:
        """By row."""
        return [(label, [self[key] for key in keys]) for label, keys in self._blocks.values()]

    def stored_values(self, stored: FormEntry) -> dict[str, object]:
        return {key: stored.values.get(key) for key in self.fields if key != "seen_version"}

    def save(self, commit: bool = True) -> FormEntry:
        """What is left empty is not known: it has no key. What belongs to rows that are not there today is kept."""
        here = {key: self.cleaned_data.get(key) for key in self.fields if key != "seen_version"}
        others = {key: value for key, value in self.instance.values.items() if key not in here}
        self.instance.values = others | {key: value for key, value in here.items() if value not in (None, "")}
        return super().save(commit)
