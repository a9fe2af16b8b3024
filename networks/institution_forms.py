"""The forms of an institution: its entry, its state, 五有 and its photo. All know which version their reader has seen (IN-4)."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils import timezone

from . import uploads
from .forms import DateInput, UploadField, VersionedForm
from .models import Attachment, Division, Institution, InstitutionCheck, InstitutionState, User
from .models.institutions import TIER_OF
from .names import clean_text
from .people_forms import clean_phone
from .templatetags.page import cn_date


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, place: Division) -> str:
        return place.path


class InstitutionForm(VersionedForm):
    """Where an institution is does not change: one that moves is closed there and opened here."""

    division = PlaceField(label="所在地", queryset=Division.objects.none(), empty_label="请选择")

    class Meta:
        model = Institution
        fields = [
            "division",
            "kind",
            "function",
            "name",
            "aliases",
            "hosts",
            "address",
            "phone",
            "posts",
            "rooms",
            "seats",
            "computers",
            "books",
        ]
        widgets = {
            "function": forms.RadioSelect,
            "aliases": forms.Textarea({"rows": 2}),
            "hosts": forms.Textarea({"rows": 3}),
            "phone": forms.TextInput({"inputmode": "tel", "class": "w-half", "autocomplete": "off"}),
            **{
                name: forms.NumberInput({"class": "w-figure"})
                for name in ["posts", "rooms", "seats", "computers", "books"]
            },
        }
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "这个地方已有同名的机构，请换一个名称，或修改原来的那个"}
        }
        help_texts = {
            "function": "实施：办班、办活动；管理：指导和管理（依据 三(三)）",
            "name": "挂牌的正式名称",
            "aliases": "每行一个，如“新汉村教学点”；导入台账时按这些名称识别",
            "hosts": "每行一个，如村委会、村小学、党群服务中心、新时代文明实践站",
            "phone": "机构的办公电话；个人的电话登记在人员里",
        }

    def __init__(self, *args, places, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["division"]
        if self.instance.pk:
            place.queryset, place.disabled = Division.objects.filter(pk=self.instance.division_id), True
        else:
            place.queryset = places
        place.queryset = place.queryset.select_related("parent")
        tiers = set(place.queryset.order_by().values_list("tier", flat=True).distinct())
        self.fields["kind"].choices = [
            ("", "请选择"),
            *((kind.value, kind.label) for kind in Institution.Kind if TIER_OF[kind] in tiers),
        ]

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])


class StateField(forms.ModelChoiceField):
    def label_from_instance(self, state: InstitutionState) -> str:
        return f"{cn_date(state.since, 'plain')} {state.get_state_display()}"


class StateForm(VersionedForm):
    """Opened, suspended, closed, opened again: from which day on, and why."""

    state = forms.ChoiceField(
        label="状态", choices=InstitutionState._meta.get_field("state").choices, widget=forms.RadioSelect
    )
    since = forms.DateField(label="从哪一天起", widget=DateInput, help_text="不能晚于今天；可以补记以前的日期")
    note = forms.CharField(label="说明", max_length=200, required=False, help_text="如依据的文件、停办的原因")

    instead = StateField(
        label="更正已有的哪一条",
        queryset=InstitutionState.objects.none(),
        required=False,
        empty_label="不更正，另记一条",
        help_text="以前的日期或状态记错了的，选那一条，由这次填的代替",
    )

    class Meta:
        model = Institution
        fields = []

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].initial = timezone.localdate
        self.fields["instead"].queryset = self.instance.states.all()
        if not self.instance.states.exists():
            del self.fields["instead"]

    def stored_values(self, stored):
        return {"state": stored.state}

    def save(self, commit: bool = True) -> Institution:
        """Raises ValidationError, see `Institution.record`."""
        given = self.cleaned_data
        self.instance.record(given["state"], given["since"], clean_text(given["note"]), instead=given.get("instead"))
        return self.instance


class _WithFiles(VersionedForm):
    """A form about an institution whose uploads are attached by `actor`."""

    class Meta:
        model = Institution
        fields = []

    def __init__(self, *args, actor: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor


class ChecksForm(_WithFiles):
    """五有: five answers on one page, each with a note and, if wanted, a photo or PDF that shows it."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        found = {check.item: check for check in self.instance.checks.select_related("evidence")}
        self.checks = [found.get(item) or InstitutionCheck(institution=self.instance, item=item) for item in _ITEMS]
        for check in self.checks:
            name = check.get_item_display()
            self.fields[f"met_{check.item}"] = forms.BooleanField(label=name, required=False, initial=check.met)
            self.fields[f"note_{check.item}"] = forms.CharField(
                label=f"{name}：说明", required=False, max_length=200, initial=check.note, help_text=_HINTS[check.item]
            )
            self.fields[f"file_{check.item}"] = UploadField(label=f"{name}：佐证（照片或 PDF）", required=False)
            if check.evidence_id:
                self.fields[f"drop_{check.item}"] = forms.BooleanField(label=f"{name}：删除现有佐证", required=False)

    @property
    def rows(self) -> list[dict[str, object]]:
        """The fields of each of the five, for the page."""
        parts = ("met", "note", "file", "drop")
        return [
            {"check": check}
            | {part: self[f"{part}_{check.item}"] for part in parts if f"{part}_{check.item}" in self.fields}
            for check in self.checks
        ]

    def stored_values(self, stored):
        checks = {check.item: check for check in stored.checks.all()}
        values = {f"met_{item}": item in checks and checks[item].met for item in _ITEMS}
        return values | {f"note_{item}": checks[item].note if item in checks else "" for item in _ITEMS}

    def save(self, commit: bool = True) -> Institution:
        for check in self.checks:
            self._keep(check)
        return super().save(commit)

    def _keep(self, check: InstitutionCheck) -> None:
        names = {f"{part}_{check.item}" for part in ("met", "note", "file", "drop")}
        if check.pk and not names & set(self.changed_data):
            return
        upload, before = self.cleaned_data[f"file_{check.item}"], check.evidence
        check.met = self.cleaned_data[f"met_{check.item}"]
        check.note = clean_text(self.cleaned_data[f"note_{check.item}"])
        check.checked_on = timezone.localdate()
        if upload or self.cleaned_data.get(f"drop_{check.item}"):
            check.evidence = uploads.attach(upload, self.instance.division, self.actor) if upload else None
        check.save()
        _drop(before, check.evidence)


class PhotoForm(_WithFiles):
    picture = UploadField(label="照片", images_only=True, help_text="门口、牌子或教室，JPG 或 PNG；不拍学员正脸")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.photo_id:
            self.fields["picture"].required = False
            self.fields["drop"] = forms.BooleanField(label="删除现有照片", required=False)

    def stored_values(self, stored):
        return {}

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("picture") and not cleaned.get("drop") and "picture" not in self.errors:
            self.add_error("picture", "请选择一张照片")
        return cleaned

    def save(self, commit: bool = True) -> Institution:
        upload, before = self.cleaned_data["picture"], self.instance.photo
        self.instance.photo = uploads.attach(upload, self.instance.division, self.actor) if upload else None
        institution = super().save(commit)
        _drop(before, institution.photo)
        return institution


_ITEMS = InstitutionCheck.Item.values
_HINTS = {
    "sign": "如牌子挂在哪里、批准设立的文件",
    "place": "如教室几间、与谁共用",
    "people": "如专干、兼职教师各几人；不写姓名",
    "rules": "如学习制度、档案制度是否上墙",
    "funds": "如经费从哪里来；具体数字填在年度数据里",
}


def _drop(before: Attachment | None, now: Attachment | None) -> None:
    if before and before != now:
        uploads.detach(before)
