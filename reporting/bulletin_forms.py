"""What is typed into a bulletin. The figures are not typed: they stand in braces, and an unknown one is refused (XL-8)."""

import re

from django import forms
from django.core.exceptions import ValidationError

from networks.forms import DateInput, VersionedForm
from networks.names import clean_lines, clean_text
from networks.wording import has_personal_number, protected_names_in

from .bulletin import LINES, TEXTS, Figures
from .models import Bulletin
from .models.bulletin import DOCUMENT_NUMBER

ROWS = {"title": 2, "recipients": 2, "opening": 4, "body": 16, "closing": 4, "attachments": 2, "copy_to": 2}
_BRACKETS = str.maketrans({**dict.fromkeys("[［【﹝(（", "〔"), **dict.fromkeys("]］】﹞)）", "〕")})
_BRACES = str.maketrans("｛｝", "{}")
PRINTED = ("masthead", "issuer", "printed_by", *TEXTS)


class BulletinForm(VersionedForm):
    class Meta:
        model = Bulletin
        fields = [
            "head",
            "masthead",
            "number",
            "title",
            "recipients",
            "opening",
            "body",
            "closing",
            "attachments",
            "issuer",
            "dated_on",
            "openness",
            "copy_to",
            "printed_by",
            "printed_on",
        ]
        widgets = {
            **{name: forms.Textarea({"rows": rows}) for name, rows in ROWS.items()},
            "head": forms.RadioSelect,
            "dated_on": DateInput,
            "printed_on": DateInput,
        }
        help_texts = {"printed_on": "留空则与成文日期相同"}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["head"].choices = Bulletin.Head.choices

    def clean(self):
        cleaned = super().clean()
        stored = Bulletin.objects.filter(pk=self.instance.pk).values_list("status", flat=True).first()
        if stored == Bulletin.Status.ISSUED:
            raise ValidationError("通报已经印发，不能再改动；有差错请解锁更正年度，另发一份")
        figures = Figures(self.instance.year, self.instance.act)
        for name in TEXTS:
            if cleaned.get(name):
                cleaned[name] = cleaned[name].translate(_BRACES)
                for sentence in figures.unknown_in(cleaned[name], tables=name in LINES):
                    self.add_error(name, sentence)
        self._refuse_personal(cleaned)
        dated, printed = cleaned.get("dated_on"), cleaned.get("printed_on")
        if dated and printed and printed < dated:
            self.add_error("printed_on", "印发日期不能早于成文日期")
        return cleaned

    def _refuse_personal(self, cleaned: dict) -> None:
        """What every unit reads names nobody by number and no group that is counted by heads only."""
        texts = {name: cleaned.get(name) or "" for name in PRINTED}
        for field, name in zip(texts, protected_names_in(list(texts.values())), strict=True):
            if name:
                self.add_error(field, f"通报里不能出现“{name}”，请改用“重点人群”等不指明人群的说法")
            if has_personal_number(texts[field]):
                self.add_error(field, "通报里不写个人手机号码和身份证号，请去掉")

    def clean_number(self) -> str:
        number = re.sub(r"\s", "", clean_text(self.cleaned_data["number"])).translate(_BRACKETS).replace("〕第", "〕")
        if number and not DOCUMENT_NUMBER.fullmatch(number):
            raise ValidationError("请照“马社教办〔2026〕1号”的样子写：机关代字、年份、顺序号")
        return number

    def clean_title(self) -> str:
        title = clean_lines(self.cleaned_data["title"])
        if title.count("\n") > 2:
            raise ValidationError("标题最多三行")
        return title


class IssueForm(forms.Form):
    seen_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
