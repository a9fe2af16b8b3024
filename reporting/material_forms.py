"""Forms of 报送材料: what is collected, a unit's file, and what the office does with it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from networks.forms import DateInput, SeveralField, UploadField, VersionedForm
from networks.models import MemberUnit, User
from networks.names import clean_text

from .models import AskedOf, Material, MaterialKind


class KindForm(VersionedForm):
    class Meta:
        model = MaterialKind
        fields = ["name", "clause", "note", "asked_of", "units", "due_on", "position", "is_asked"]
        field_classes = {"units": SeveralField}
        widgets = {
            "due_on": DateInput,
            "units": forms.CheckboxSelectMultiple,
            "note": forms.Textarea(attrs={"rows": 2}),
            "position": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
        }

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        units, kept = MemberUnit.objects.visible_to(user), self.instance.units.values("pk") if self.instance.pk else []
        self.fields["units"].queryset = units.on(timezone.localdate()) | units.filter(pk__in=kept)
        self.fields["units"].label = "指定的单位（“谁要报”选了“指定的单位”才勾）"
        if self.instance.pk is None:
            del self.fields["is_asked"]

    def clean_name(self) -> str:
        name = clean_text(self.cleaned_data["name"])
        others = MaterialKind.objects.filter(year=self.instance.year, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError("这一年已有同名的材料，请换一个名称，或修改原来的那种")
        return name

    def clean(self) -> dict:
        given = super().clean()
        self.instance.year.refuse_when_locked()
        if given.get("asked_of") == AskedOf.CHOSEN and not given.get("units") and "units" not in self.errors:
            self.add_error("units", "请勾选要报这种材料的单位")
        return given


class HandInForm(VersionedForm):
    upload = UploadField(
        label="文件", help_text="盖章的扫描成 PDF，或拍清楚的照片（JPG、PNG），一份一个文件，最大 20 MB"
    )

    class Meta:
        model = Material
        fields = []

    def stored_values(self, stored):
        return {}

    def clean(self) -> dict:
        given = super().clean()
        row = self.instance
        if row.pk is None and (known := Material.objects.filter(kind=row.kind, unit=row.unit).first()):
            look_again(self, known)
        return given

    def hand_in(self, actor: User) -> Material:
        self.instance.hand_in(actor=actor, file=self.cleaned_data["upload"])
        return self.instance


def look_again(form: forms.Form, row) -> None:
    """Somebody was quicker: says what the row is now, and lets whoever has read that decide."""
    form.data = form.data.copy()
    form.data[form.add_prefix("seen_version")] = str(row.version)
    form.add_error(None, f"在您打开之后已被别人修改，没有办理。现在是“{row.get_state_display()}”，请看过再按一次。")


class DecisionForm(forms.Form):
    """The steps that are open for the paper as it stands."""

    LABELS = {
        "receive": "确认收到",
        "receive_on_paper": "收到纸质件（没有电子版）",
        "send_back": "退回修改",
        "exempt": "同意免报",
        "ask_again": "仍要报送",
    }
    WITH_REASON = {"send_back": "退回的，请写明原因，单位才知道怎么改", "exempt": "免报的，请写明理由"}

    decision = forms.ChoiceField(
        label="怎么办", widget=forms.RadioSelect, error_messages={"required": "请选择怎么办理"}
    )
    note = forms.CharField(
        label="说明", required=False, max_length=200, help_text="退回、免报必须写；单位看得到。不写姓名和电话"
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data, row: Material) -> None:
        super().__init__(data, initial={"seen_version": row.version})
        self.row = row
        steps = [verb for verb in self.LABELS if row.state in Material.STEPS[verb].sources]
        self.fields["decision"].choices = [(verb, self.LABELS[verb]) for verb in steps]
        self.fields["decision"].error_messages["invalid_choice"] = (
            f"这份材料现在是“{row.get_state_display()}”，请在列出的办法里选择"
        )

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data["note"])

    def clean(self) -> dict:
        given = super().clean()
        if given.get("seen_version") != self.row.version:
            look_again(self, self.row)
        if given.get("decision") in self.WITH_REASON and not given.get("note") and "note" not in self.errors:
            self.add_error("note", self.WITH_REASON[given["decision"]])
        return given

    def carry_out(self, actor: User) -> Material:
        verb = self.cleaned_data["decision"]
        told = {"note": self.cleaned_data["note"]} if verb in self.WITH_REASON else {}
        getattr(self.row, verb)(actor=actor, seen_version=self.cleaned_data["seen_version"], **told)
        return self.row
