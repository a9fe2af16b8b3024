"""满意度: the three questions, the answer to a complaint, and the count of paper sheets."""

import uuid

from django import forms

from networks.forms import VersionedForm
from networks.names import clean_lines, mask_long_numbers

from .models import Feedback, PaperTally
from .models.feedback import MOST_ON_PAPER


class FeedbackForm(forms.Form):
    """Three questions. Only the first must be answered; telephone and ID numbers that somebody types are cut out."""

    # Made for each page that is shown, and the key of the row that comes of it: the same form again makes no second one.
    key = forms.CharField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    satisfaction = forms.ChoiceField(
        label="您对这一场满意吗",
        choices=Feedback.Satisfaction.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "请选一个：满意、基本满意、不满意",
            "invalid_choice": "请选一个：满意、基本满意、不满意",
        },
    )
    learned = forms.CharField(
        label="学到了什么（可以不写）",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 2, "autocomplete": "off"}),
        error_messages={"max_length": "太长了，最多 200 个字"},
    )
    wish = forms.CharField(
        label="还想学什么，有什么意见（可以不写）",
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off"}),
        help_text="不用写姓名和电话",
        error_messages={"max_length": "太长了，最多 300 个字"},
    )
    is_complaint = forms.BooleanField(
        label="这是意见或投诉，请答复", required=False, help_text="答复写在这一页上，过几天再扫码就能看到"
    )

    def clean_key(self) -> uuid.UUID:
        try:
            return uuid.UUID(self.cleaned_data["key"])
        except ValueError:
            return uuid.uuid4()

    def clean_learned(self) -> str:
        return mask_long_numbers(clean_lines(self.cleaned_data["learned"]))

    def clean_wish(self) -> str:
        return mask_long_numbers(clean_lines(self.cleaned_data["wish"]))

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("is_complaint") and "wish" in cleaned and not cleaned["wish"]:
            self.add_error("wish", "请写下您的意见，我们才好答复")
        return cleaned

    def has_arrived(self) -> bool:
        """Whether something was stored under the key of this form, which is valid. One query."""
        return Feedback.objects.filter(pk=self.cleaned_data["key"]).exists()


class ReplyForm(VersionedForm):
    class Meta:
        model = Feedback
        fields = ["shown_wish", "answer"]
        widgets = {"shown_wish": forms.Textarea({"rows": 3}), "answer": forms.Textarea({"rows": 4})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["shown_wish"] = self.instance.shown_wish or self.instance.wish
        for field, missing in (("shown_wish", "请写给居民看的说法"), ("answer", "请写答复")):
            self.fields[field].required = True
            self.fields[field].error_messages["required"] = missing


class TallyForm(VersionedForm):
    class Meta:
        model = PaperTally
        fields = ["satisfied", "fairly", "unsatisfied", "source"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("satisfied", "fairly", "unsatisfied"):
            field = self.fields[name]
            field.widget = forms.TextInput({"class": "w-figure", "inputmode": "numeric"})
            field.error_messages |= {"required": "没有就填 0", "invalid": "请填整数", "min_value": "不能是负数"}
        self.fields["source"].error_messages["required"] = "请写怎么收的，如：下课时发的纸质问卷"

    def clean(self) -> dict:
        cleaned = super().clean()
        counts = [cleaned.get(name) for name in ("satisfied", "fairly", "unsatisfied")]
        if None not in counts and not any(counts):
            self.add_error(None, "三个数都是 0：没有收到问卷就不用填")
        for name in ("satisfied", "fairly", "unsatisfied"):
            if (cleaned.get(name) or 0) > MOST_ON_PAPER:
                self.add_error(name, f"最多 {MOST_ON_PAPER:,} 份，请核对")
        return cleaned
