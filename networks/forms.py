"""What forms share: places to choose, dates as browsers ask for them, files, optimistic locking, what an account may give, and
the filters of the lists."""

import zlib
from collections.abc import Callable, Iterable

from django import forms
from django.db import models
from django.db.models import Q
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils import timezone

from .access import can, kinds_kept_by, places_to_keep_at
from .models import Division, MemberUnit, Places, Tier, User
from .names import clean_lines, clean_text
from .uploads import Prepared, Unusable, scan


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None) -> None:
        super().__init__({"class": "w-date", **(attrs or {})}, format="%Y-%m-%d")


MIB = 1024 * 1024
MOST_BYTES = 20 * MIB  # of an uploaded workbook; the reader refuses more as well
LONGEST_KEY = 18  # digits that surely fit into 64 bits; a division's code has twelve
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class WorkbookField(forms.FileField):
    """An .xlsx file of at most 20 MiB that the virus scanner lets through; what is in it, the reader says (and what an empty file
    is)."""

    default_error_messages = {"required": "请选择要上传的表格文件", "missing": "请选择要上传的表格文件"}

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("widget", forms.ClearableFileInput(attrs={"accept": ".xlsx," + XLSX}))
        super().__init__(allow_empty_file=True, **kwargs)

    def clean(self, data, initial=None):
        file = super().clean(data, initial)
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError(
                f"文件有 {file.size / MIB:.1f} MiB，超过 20 MiB 的上限：请删去图片和多余内容，或分成几个文件"
            )
        if file:
            try:
                scan(file.read())
            except Unusable as problem:
                raise forms.ValidationError(str(problem)) from None
            file.seek(0)
        return file


class UploadField(forms.FileField):
    """A file that `uploads.made_ready` has looked at: what will be stored, or the sentence why not."""

    def __init__(self, *, images_only: bool = False, **kwargs) -> None:
        accept = "image/jpeg,image/png" if images_only else "image/jpeg,image/png,application/pdf"
        super().__init__(widget=forms.FileInput({"accept": accept, "class": "form-control"}), **kwargs)
        self.images_only = images_only

    def to_python(self, data):
        if isinstance(data, Unusable):
            raise forms.ValidationError(str(data))
        if isinstance(data, Prepared) and self.images_only and not data.is_image:
            raise forms.ValidationError("请选择 JPG 或 PNG 照片")
        return data if isinstance(data, Prepared) else None


class SeveralField(forms.ModelMultipleChoiceField):
    """Several rows to choose. A key beyond what the database can hold is no choice; Django hands it on to the database."""

    def clean(self, value):
        for key in value if isinstance(value, list | tuple) else ():
            if isinstance(key, str) and len(key) > LONGEST_KEY:
                raise forms.ValidationError(self.error_messages["invalid_choice"], params={"value": key[:LONGEST_KEY]})
        return super().clean(value)


# --- places, one's own township first ------------------------------------------------------------------


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, division: Division) -> str:
        return division.path


def by_township(rows: Iterable, township_of: Callable[[object], str], own: str) -> list[tuple[str, list]]:
    """[(township's code, its rows), …], the own township first, rows of the county before all others."""
    groups: dict[str, list] = {}
    for row in rows:
        groups.setdefault(township_of(row), []).append(row)
    order = sorted(groups, key=lambda code: (code != own, code))
    return [(code, groups[code]) for code in order]


def place_choices(places: Iterable[Division], own: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    """Grouped choices [(township's name, [(code, path), …]), …] of places that know their `parent`."""
    rows = list(places)
    names = {row.pk: row.short_name for row in rows if row.tier != Tier.VILLAGE}
    names |= {row.parent_id: row.parent.short_name for row in rows if row.tier == Tier.VILLAGE}
    return [
        (names.get(code, code), [(row.pk, row.path) for row in group])
        for code, group in by_township(rows, lambda row: row.township_code, own)
    ]


# --- rows that several people keep ---------------------------------------------------------------------


def _say_what_to_choose(field: forms.Field) -> None:
    """In words instead of Django's dashes."""
    dashes, words = BLANK_CHOICE_DASH[0][1], "请选择" if field.required else "没有"
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == dashes:
            field.empty_label = words
    elif isinstance(field, forms.ChoiceField) and not isinstance(field, forms.MultipleChoiceField):
        field.choices = [(value, words if label == dashes else label) for value, label in field.choices]


def version_of(row: models.Model, names: Iterable[str]) -> int:
    """A number that differs when another has saved the row: its own version, else a digest of the fields `names`."""
    if hasattr(row, "version"):
        return row.version
    values = [getattr(row, field.attname) for field in row._meta.concrete_fields if field.name in names]
    return zlib.crc32(repr(values).encode())


class VersionedForm(forms.ModelForm):
    """Optimistic locking: whoever saves second sees both values and chooses (IN-4). A second save keeps one's own."""

    seen_version = forms.IntegerField(label="", widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = version_of(self.instance, self.base_fields)
        for field in self.fields.values():
            _say_what_to_choose(field)

    def clean(self):
        cleaned = super().clean()
        for name, value in cleaned.items():
            if isinstance(value, str) and isinstance(self.fields.get(name), forms.CharField):
                lines = isinstance(self.fields[name].widget, forms.Textarea)
                cleaned[name] = clean_lines(value) if lines else clean_text(value)
        if self.instance.pk is None:
            return cleaned
        stored = type(self.instance)._default_manager.select_for_update().get(pk=self.instance.pk)
        now = version_of(stored, self.base_fields)
        if cleaned.get("seen_version") != now:
            theirs = self.stored_values(stored)
            for name, value in theirs.items():
                if name in cleaned and _comparable(value) != _comparable(cleaned[name]):
                    shown = _shown(self.fields[name], value)
                    self.add_error(name, f"已有人先改成了“{shown}”。要用您填的，再保存一次；要用现有的，请照此改回。")
            self.add_error(None, "这条记录在您打开之后已被别人修改，没有保存。请核对下面标出的内容，再保存一次。")
            self.data = self.data.copy()
            self.data[self.add_prefix("seen_version")] = str(now)
        if hasattr(stored, "version"):
            self.instance.version = now
        return cleaned

    def stored_values(self, stored: models.Model) -> dict[str, object]:
        """What somebody else has saved, by field; a form whose fields are not the model's says it in its own way."""
        return forms.models.model_to_dict(stored, fields=[name for name in self.fields if name != "seen_version"])


def _comparable(value: object) -> object:
    if isinstance(value, models.QuerySet | list):
        return {row.pk for row in value}
    return value.pk if isinstance(value, models.Model) else value


def _shown(field: forms.Field, value: object) -> str:
    """A stored value as the form would say it."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        return "、".join(map(str, value)) or "（空）"
    if isinstance(field, forms.ModelChoiceField):
        return str(field.queryset.filter(pk=value).first() or "（空）")
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))
    if isinstance(value, bool):
        return "是" if value else "否"
    return "（空）" if value in (None, "") else str(value)


class KeptForm(VersionedForm):
    """A row at a place that one unit keeps. Offers only what this account may give: places of its own part, kinds whose
    task is its unit's, and the unit itself to whoever manages the county's rows; everybody else's rows get their own."""

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user, row, scope = user, self.instance, self._meta.model.scope
        places = places_to_keep_at(user).current() | Division.objects.filter(pk=row.division_id)
        self.fields["division"].queryset = places
        self.fields["division"].choices = [
            ("", "请选择"),
            *place_choices(places.select_related("parent"), user.home_place),
        ]
        known = self._meta.model.Kind.choices
        kinds = kinds_kept_by(user, self._meta.model) if scope.task else dict(known)
        self.fields["kind"].choices = [("", "请选择"), *(pair for pair in known if pair[0] in kinds)]
        if can(user, scope.managed_by):
            units = MemberUnit.objects.visible_to(user)
            self.fields["unit"].queryset = units.on(timezone.localdate()) | units.filter(pk=row.unit_id)
            self.fields["unit"].empty_label = "请选择" if self.fields["unit"].required else "没有"
        else:
            del self.fields["unit"]
            if row.pk is None:
                row.unit = user.own_unit

    def _get_validation_exclusions(self) -> set[str]:
        """The unit is set here where it is not asked for, so that it can be said what this unit has already."""
        excluded = super()._get_validation_exclusions()
        return excluded - {"unit"} if self.instance.unit_id else excluded


class LastDayForm(forms.Form):
    """The day on which something ends."""

    on = forms.DateField(label="日期", widget=DateInput, initial=timezone.localdate)


# --- the lists' filters --------------------------------------------------------------------------------


class RegistryFilter(forms.Form):
    """Query parameters of a registry's list; whatever makes no sense is passed over, never an error."""

    kind = forms.ChoiceField(label="类别", required=False)
    township = forms.ChoiceField(label="乡镇", required=False)
    state = forms.ChoiceField(label="状态", required=False)
    q = forms.CharField(label="查找", required=False, max_length=50)

    def __init__(self, data, *, user: User, kinds: list[tuple[str, str]], states: list[tuple[str, str]]) -> None:
        super().__init__(data)
        townships = Division.objects.visible_to(user).filter(tier=Tier.TOWNSHIP)
        choices = {
            "kind": kinds,
            "township": list(townships.values_list("code", "short_name")),
            "state": states,
        }
        for name, offered in choices.items():
            self.fields[name].choices = [("", "全部"), *offered]
            self.fields[name].widget.attrs["class"] = "form-select"
        self.fields["q"].widget = forms.TextInput(attrs={"class": "form-control", "type": "search", "maxlength": "50"})
        self.is_valid()

    def value(self, name: str) -> str:
        """The valid value of a parameter, or ''."""
        return self.cleaned_data.get(name) or ""

    @property
    def narrowed(self) -> bool:
        return any(map(self.value, self.fields))

    def narrow(self, rows: models.QuerySet, *texts: str) -> models.QuerySet:
        """The rows of the kind and township asked for that hold every word in one of `texts`; states are the list's own."""
        if self.value("kind"):
            rows = rows.filter(kind=self.value("kind"))
        if self.value("township"):
            township = self.value("township")
            rows = rows.filter(division__in=Places(township[:6], timezone.localdate()).within(township))
        for word in self.value("q").split():
            anywhere = Q(pk__in=[])
            for text in texts:
                anywhere |= Q(**{f"{text}__icontains": word})
            rows = rows.filter(anywhere)
        return rows
