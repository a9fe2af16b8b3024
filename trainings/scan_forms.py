"""What is asked at the door: the officer's settings, and a resident's name with what they care to add."""

from __future__ import annotations

import re
import secrets

from django import forms
from django.utils.functional import cached_property

from networks.forms import VersionedForm
from networks.models import Division, Tier, township_today
from networks.names import clean_text, match_key

from .models import RosterLine, ScanSheet, TrainingSession
from .models.scans import LONGEST_MARGIN, Attendee, tidy_code, wrong_code

FAMILY = 6  # names on one phone in one go
_KEY = re.compile(r"[0-9a-f]{32}")
_CHINESE_OR_LETTERS = re.compile(r"[^\W\d_]", re.UNICODE)


class ScanForm(VersionedForm):
    class Meta:
        model = ScanSheet
        fields = ["minutes_before", "minutes_after", "once_per_device"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("minutes_before", "minutes_after"):
            field = self.fields[name]
            field.widget = forms.NumberInput(
                {"class": "w-figure", "inputmode": "numeric", "min": 0, "max": LONGEST_MARGIN}
            )
            field.error_messages |= {
                "required": "请填分钟数，不提前（不延后）就填 0",
                "invalid": "请填整数分钟",
                "max_value": f"最多 {LONGEST_MARGIN} 分钟",
            }


class PersonForm(forms.Form):
    """One name. Everything but the name may stay empty."""

    name = forms.CharField(
        label="姓名",
        max_length=30,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "请写姓名", "max_length": "姓名太长了，最多 30 个字"},
    )
    phone_tail = forms.CharField(
        label="手机尾号（后四位）",
        required=False,
        max_length=20,
        widget=forms.TextInput({"class": "w-figure", "inputmode": "numeric", "autocomplete": "off"}),
        help_text="可以不填；同名的人靠它分开",
    )
    home = forms.ModelChoiceField(
        label="哪个村（社区）",
        queryset=Division.objects.none(),
        required=False,
        empty_label="不填",
        error_messages={"invalid_choice": "请从列表里选，或选“不填”"},
    )
    sex = forms.ChoiceField(label="性别", choices=[("", "不填"), *RosterLine.Sex.choices], required=False)
    age_band = forms.ChoiceField(label="年龄段", choices=[("", "不填"), *RosterLine.AgeBand.choices], required=False)
    code = forms.CharField(
        label="学习码",
        required=False,
        max_length=20,
        widget=forms.TextInput({"class": "w-half", "autocomplete": "off", "autocapitalize": "characters"}),
        help_text="以前签到得过的填这里，几次学习就记在一起；没有就留空",
    )

    def __init__(self, *args, homes: list, choices: list, codes_stopped: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.codes_stopped = codes_stopped
        self.fields["home"].queryset = homes
        self.fields["home"].choices = choices

    def clean_name(self) -> str:
        name = clean_text(self.cleaned_data["name"])
        if sum(map(str.isdigit, name)) > 4:  # as at the sign-up: however far apart and how wide they are written
            raise forms.ValidationError("只写姓名，不要写电话和身份证号")
        if not _CHINESE_OR_LETTERS.search(name):
            raise forms.ValidationError("请写姓名")
        return name

    def clean_phone_tail(self) -> str:
        tail = match_key(self.cleaned_data["phone_tail"])
        if tail and not re.fullmatch(r"[0-9]{4}", tail):
            raise forms.ValidationError("只要手机号的后四位数字，如 1234")
        return tail

    def clean_code(self) -> str:
        return tidy_code(self.cleaned_data["code"])

    def clean(self) -> dict:
        cleaned = super().clean()
        name, code = cleaned.get("name"), cleaned.get("code")
        if code and (wrong := self.codes_stopped or (name and wrong_code(name, code))):
            self.add_error("code", wrong)
        return cleaned


class _Family(forms.BaseFormSet):
    """The people on one phone: the first must be there, a family shares its village."""

    @cached_property
    def key(self) -> str:
        """Made for each form that is shown; what comes back is taken when it looks like one of ours."""
        sent = self.data.get("key", "")
        return sent if _KEY.fullmatch(sent) else secrets.token_hex(16)

    def clean(self) -> None:
        if any(self.errors):
            return
        seen: dict[str, int] = {}
        for number, person in enumerate(self.attendees(), start=1):
            if person.identity in seen:
                form = [form for form in self.forms if form.has_changed()][number - 1]
                form.add_error("name", f"和第 {seen[person.identity]} 位是同一个人，请核对；同名的请填手机尾号")
            seen.setdefault(person.identity, number)

    def attendees(self) -> list[Attendee]:
        given = [form.cleaned_data for form in self.forms if form.cleaned_data.get("name")]
        shared = given[0]["home"] if given else None
        return [Attendee(**(data | {"home": data["home"] or shared})) for data in given]


def homes_near(session: TrainingSession) -> tuple[object, list]:
    """(places to choose from, grouped choices): the villages of the session's township, and the other townships."""
    county = session.organiser.county_id
    near = township_today(session.place) if session.place else ""
    places = Division.objects.within(county).current()
    towns = places.filter(tier=Tier.TOWNSHIP).exclude(pk=near)
    villages = places.filter(tier=Tier.VILLAGE, parent=near) if near else places.none()
    choices = [("", "不填")]
    if rows := [(row.pk, row.short_name) for row in villages]:
        choices.append(("本乡镇", rows))
    choices.append(("其他乡镇", [(row.pk, row.short_name) for row in towns]))
    return towns | villages, choices


def family(sheet: ScanSheet, data=None, *, codes_stopped: str = "") -> forms.BaseFormSet:
    """The form of the public page: one name where one phone signs for one person, else up to six. With `codes_stopped`, a
    sentence, every learning code is refused by it without being looked up."""
    most = 1 if sheet.once_per_device else FAMILY
    made = forms.formset_factory(
        PersonForm, formset=_Family, extra=most, min_num=0, max_num=most, absolute_max=most, validate_max=True
    )
    homes, choices = homes_near(sheet.session)
    people = made(data, prefix="p", form_kwargs={"homes": homes, "choices": choices, "codes_stopped": codes_stopped})
    if people.forms:
        people.forms[0].empty_permitted = False
        people.forms[0].use_required_attribute = True
    return people
