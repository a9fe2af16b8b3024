"""What forms share: optimistic locking, dates as browsers ask for them, workbooks to upload."""

from django import forms
from django.db import models

from .uploads import Prepared, Unusable


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None) -> None:
        super().__init__({"class": "w-date", **(attrs or {})}, format="%Y-%m-%d")


MIB = 1024 * 1024
MOST_BYTES = 20 * MIB  # of an uploaded workbook; the reader refuses more as well
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class WorkbookField(forms.FileField):
    """An .xlsx file of at most 20 MiB; what is in it, the reader says (and what an empty file is)."""

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


class VersionedForm(forms.ModelForm):
    """Optimistic locking: whoever saves second sees both values and chooses (IN-4). A second save keeps one's own."""

    seen_version = forms.IntegerField(label="", widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen_version"].initial = self.instance.version

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk is None:
            return cleaned
        stored = type(self.instance)._default_manager.select_for_update().get(pk=self.instance.pk)
        if cleaned.get("seen_version") != stored.version:
            theirs = self.stored_values(stored)
            for name, value in theirs.items():
                if name in cleaned and _comparable(value) != _comparable(cleaned[name]):
                    shown = _shown(self.fields[name], value)
                    self.add_error(name, f"已有人先改成了“{shown}”。要用您填的，再保存一次；要用现有的，请照此改回。")
            self.add_error(None, "这条记录在您打开之后已被别人修改，没有保存。请核对下面标出的内容，再保存一次。")
            self.data = self.data.copy()
            self.data[self.add_prefix("seen_version")] = str(stored.version)
        self.instance.version = stored.version
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
