"""What is asked beside the grid: a paste, a workbook, and a purpose."""

from collections.abc import Callable, Iterable

from django import forms

from networks.forms import MIB, WorkbookField
from networks.names import clean_text

from .keeping import MOST_AT_ONCE
from .numbers import cut_numbers

MINUTE = "%Y-%m-%dT%H:%M"
MOST_CHARACTERS = 60_000
# Django lays bigger uploads into a temporary file on their way in (settings); a roster shall lie on no disk.
MOST_BYTES = 2 * MIB


class PasteForm(forms.Form):
    text = forms.CharField(
        label="粘贴名单",
        required=False,
        max_length=MOST_CHARACTERS,
        strip=False,
        widget=forms.Textarea({"rows": 8, "class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
        help_text=f"Excel 里选中几列复制过来，或群里的接龙整段复制过来，一次最多 {MOST_AT_ONCE} 人",
        error_messages={"max_length": f"太长了，最多 {MOST_CHARACTERS:,} 个字，请分几次粘贴"},
    )
    workbook = WorkbookField(label="或者上传表格（.xlsx）", required=False, help_text="有“姓名”一列即可，最大 2 MiB")

    def clean_workbook(self):
        file = self.cleaned_data["workbook"]
        if file and file.size > MOST_BYTES:
            raise forms.ValidationError("表格超过 2 MiB：请只留名单一页，删去图片后再传")
        return file

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors and not cleaned.get("text", "").strip() and not cleaned.get("workbook"):
            self.add_error("text", "请先粘贴名单，或选择表格文件")
        return cleaned


class SpanForm(forms.Form):
    """From which minute to which; `number` is sent back by the page that has said how many these are."""

    first = forms.DateTimeField(label="从几点几分", input_formats=[MINUTE])
    last = forms.DateTimeField(label="到几点几分（含这一分钟）", input_formats=[MINUTE])
    number = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "last"):
            field = self.fields[name]
            field.widget = forms.DateTimeInput({"type": "datetime-local", "class": "w-half"}, format=MINUTE)
            field.error_messages |= {"required": "请选日期和时间", "invalid": "请选日期和时间，精确到分钟"}

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors and cleaned["last"] < cleaned["first"]:
            self.add_error("last", "结束的时间在开始以前，请核对")
        return cleaned


class PurposeForm(forms.Form):
    purpose = forms.CharField(
        label="用途",
        min_length=4,
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off", "class": "form-control"}),
        help_text="例如：电话回访核实人次。会写进操作日志和导出的表格",
        error_messages={"required": "请写明用途", "min_length": "请把用途写清楚一些，至少 4 个字"},
    )

    def __init__(self, data=None, *, names: Callable[[], Iterable[str]] = list) -> None:
        """`names` gives the roster's own: the purpose goes into the log, which holds nobody's."""
        super().__init__(data)
        self.names = names

    def clean_purpose(self) -> str:
        purpose, cut = cut_numbers(clean_text(self.cleaned_data["purpose"]))
        if cut.ids or cut.phones:
            raise forms.ValidationError("用途会写进操作日志，不要写身份证号和电话号码")
        if any(len(name) > 1 and name in purpose for name in self.names()):
            raise forms.ValidationError("用途会写进操作日志，不要写名册里的姓名")
        return purpose
