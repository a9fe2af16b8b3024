"""Forms of news, model cases and candidates (三(七)), and the filters of their list."""

import re

from django import forms
from django.db import models
from django.db.models import Exists, OuterRef

from networks import uploads
from networks.forms import DateInput, SeveralField, UploadField
from networks.models import MemberUnit, User
from networks.names import match_key

from .models import Audience, AudienceCount, Status, Story, TrainingSession
from .proposal_forms import ProposalFilter, ProposalForm

OFFERED = 15  # of the unit's latest sessions; any other is named by its number
MOST_SESSIONS = 50
_SPLIT = re.compile(r"[、，,;；\s]+")


def sessions_to_tell(user: User) -> models.QuerySet:
    """The visible sessions that took place and may be told of: none that is counted by heads only."""
    quiet = AudienceCount.objects.filter(
        session=OuterRef("pk"), audience__sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY
    )
    held = TrainingSession.objects.visible_to(user).filter(status__in=[Status.SUBMITTED, Status.VERIFIED])
    return held.exclude(Exists(quiet))


class SessionsField(SeveralField):
    def label_from_instance(self, session: TrainingSession) -> str:
        day = session.held_on
        return f"{day.year}年{day.month}月{day.day}日 {session} {session.place_name}"


class StoryForm(ProposalForm):
    sessions = SessionsField(
        label="相关场次",
        queryset=TrainingSession.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    numbers = forms.CharField(
        label="其他场次的编号",
        required=False,
        max_length=600,
        help_text="上面没有列出的，填场次编号，如 CC2A3B4C5D6E；几场用顿号“、”隔开",
    )
    photo = UploadField(
        label="照片", images_only=True, required=False, help_text="一张，JPG 或 PNG；系统会去掉拍摄地点"
    )

    class Meta:
        model = Story
        fields = [
            "unit",
            "kind",
            "title",
            "subject",
            "happened_on",
            "summary",
            "body",
            "sessions",
            "picture_agreed",
            "agreed",
        ]
        labels = {"happened_on": "日期（品牌填创建日期）"}
        help_texts = {
            "subject": "推荐百姓学习之星填本人姓名，推荐终身学习品牌填品牌名称；动态和案例不填",
            "summary": "一两句话，列表里显示",
            "body": "写做法和效果；不写身份证号码、电话，不点未成年人的姓名",
            "picture_agreed": "有照片时，公开以前必须勾选",
            "agreed": "推荐百姓学习之星时必须勾选；本人不同意了，请撤回并删除",
        }
        widgets = {
            "body": forms.Textarea(attrs={"rows": 10}),
            "summary": forms.Textarea(attrs={"rows": 2}),
            "happened_on": DateInput(),
        }

    field_order = [
        *("unit", "kind", "title", "subject", "agreed", "happened_on", "summary", "body"),
        *("sessions", "numbers", "photo", "drop_photo", "picture_agreed"),
    ]

    def __init__(self, *args, also: TrainingSession | None = None, **kwargs) -> None:
        """`also` is a session to be offered besides the latest."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "请选择"), *Story.Kind.choices]
        chosen = set(self.instance.sessions.values_list("pk", flat=True)) if self.instance.pk else set()
        self.tellable = sessions_to_tell(self.user)
        offered = chosen | ({also.pk} if also else set()) | self._latest()
        self.fields["sessions"].queryset = (
            TrainingSession.objects.filter(pk__in=offered).select_related("place__parent").order_by("-held_on", "-pk")
        )
        if self.instance.picture_id:
            self.fields["drop_photo"] = forms.BooleanField(label="删除现有照片", required=False)
            self.order_fields(self.field_order)

    def _latest(self) -> set[int]:
        unit: MemberUnit | None = self.instance.unit if self.instance.unit_id else None
        if unit is None:
            return set()
        units = self.user.own_unit_ids if unit == self.user.own_unit else [unit.pk]
        rows = self.tellable.filter(organiser__in=units).order_by("-held_on", "-pk")
        return set(rows.values_list("pk", flat=True)[:OFFERED])

    def clean(self) -> dict:
        cleaned = super().clean()
        self._add_numbers(cleaned)
        candidate = cleaned.get("kind") in (Story.Kind.STAR, Story.Kind.BRAND)
        if cleaned.get("subject") and cleaned.get("kind") and not candidate:
            self.add_error("subject", "只有推荐百姓学习之星和终身学习品牌时填写")
        unit = cleaned.get("unit") if "unit" in self.fields else self.instance.unit
        if unit and Story.objects.filter(unit=unit, title=cleaned.get("title")).exclude(pk=self.instance.pk).exists():
            self.add_error("title", f"{unit}已有一条同名的，请换一个标题，或修改那一条")
        self._ask_again(cleaned)
        if cleaned.get("photo") and cleaned.get("drop_photo"):
            self.add_error("drop_photo", "已经选了新照片，会换掉现有的，这里不用勾选")
        return cleaned

    def _ask_again(self, cleaned: dict) -> None:
        """What was agreed to was the picture, and the name, that stood there: of another one the tick that the form brought
        along says nothing. Then the story's page asks for it."""
        before = Story.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        if before is None:
            return
        if before.picture_agreed and before.picture_id and cleaned.get("photo"):
            cleaned["picture_agreed"] = False
        if before.agreed and match_key(before.subject) != match_key(cleaned.get("subject") or ""):
            cleaned["agreed"] = False

    def _add_numbers(self, cleaned: dict) -> None:
        wanted = [word.upper() for word in _SPLIT.split(cleaned.get("numbers") or "") if word]
        if len(wanted) > MOST_SESSIONS:
            self.add_error("numbers", f"最多填 {MOST_SESSIONS} 个编号")
            return
        found = {row.number: row for row in self.tellable.filter(number__in=wanted)} if wanted else {}
        missing = [word for word in dict.fromkeys(wanted) if word not in found]
        if missing:
            self.add_error(
                "numbers", f"没有找到“{'、'.join(missing)[:200]}”：请核对编号；没有提交的、只报人次的场次不能填"
            )
        if "sessions" in cleaned:
            cleaned["sessions"] = list({row.pk: row for row in [*cleaned["sessions"], *found.values()]}.values())

    def save(self, commit: bool = True) -> Story:
        """Call it inside `uploads.atomic()`."""
        upload, before, row = self.cleaned_data["photo"], self.instance.picture, self.instance
        if upload:
            row.picture = uploads.attach(upload, row.unit.division, self.user, guarded=True)
        elif self.cleaned_data.get("drop_photo"):
            row.picture = None
        story = super().save(commit)
        if before and before != story.picture:
            uploads.detach(before)
        return story


class StoryFilter(ProposalFilter):
    kind = forms.ChoiceField(label="类别", required=False, choices=[("", "全部"), *Story.Kind.choices])

    field_order = ["kind", "state", "q"]
    SEARCHED = ("title", "subject", "summary", "body", "unit__name")

    def __init__(self, data, *, user: User) -> None:
        super().__init__(data, user=user, model=Story)

    def narrow(self, rows: models.QuerySet) -> models.QuerySet:
        rows = super().narrow(rows)
        return rows.filter(kind=self.value("kind")) if self.value("kind") else rows
