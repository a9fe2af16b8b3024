"""Forms of the course library, and what choosing a course fills in when a session is entered."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from networks.forms import SeveralField, UploadField
from networks.models import User
from networks.names import clean_text
from networks.uploads import Unusable

from .evidence import clean_link
from .models import Audience, Course, CourseMaterial, Language, Theme
from .proposal_forms import ProposalFilter, ProposalForm

LONGEST_MINUTES = 60_000  # about 1,000 hours, a course of a year
FILLED = ("title", "theme", "language", "minutes")  # by a chosen course, where the session says nothing itself


class CourseForm(ProposalForm):
    class Meta:
        model = Course
        fields = [
            "unit",
            "title",
            "theme",
            "audiences",
            "syllabus",
            "minutes",
            "language",
            "origin",
            "is_local",
            "co_developers",
        ]
        help_texts = {
            "title": "居民看得懂的名称，如：黑山羊舍饲与防疫",
            "syllabus": "学什么、怎么学、学完会什么；分几次课的，一次一行",
            "minutes": "整门课讲完要多少分钟；1 学时是 45 分钟",
            "language": "主要用什么话讲；不固定可以不选",
            "is_local": "讲本地的物产、文化、史实的，勾选它（依据 二(四)1）",
            "co_developers": "与哪些单位、学校一起开发的；没有不填",
        }
        field_classes = {"audiences": SeveralField}
        widgets = {
            "syllabus": forms.Textarea(attrs={"rows": 8}),
            "minutes": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric", "min": 1}),
            "audiences": forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("theme", Theme), ("language", Language)):
            words = model.objects.visible_to(self.user)
            self.fields[name].queryset = words.current() | words.filter(pk=getattr(self.instance, f"{name}_id"))
            self.fields[name].empty_label = "请选择" if name == "theme" else "不固定"
        sentence = f"应是 1 到 {LONGEST_MINUTES} 的整数，单位是分钟"
        self.fields["minutes"].error_messages["invalid"] = sentence
        self.fields["minutes"].validators = [
            MinValueValidator(1, sentence),
            MaxValueValidator(LONGEST_MINUTES, sentence),
        ]
        self.fields["origin"].choices = [("", "请选择"), *Course.Origin.choices]
        groups = Audience.objects.visible_to(self.user).exclude(sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY)
        kept = self.instance.audiences.values("pk") if self.instance.pk else []
        self.fields["audiences"].queryset = groups.current() | groups.filter(pk__in=kept)
        self.fields["audiences"].help_text = "可多选；人人都能学的不用选"

    def clean(self) -> dict:
        cleaned = super().clean()
        unit = cleaned.get("unit") if "unit" in self.fields else self.instance.unit
        title = cleaned.get("title")
        if unit and title:
            namesakes = Course.objects.filter(unit=unit, title=title).exclude(pk=self.instance.pk)
            if namesakes.exists():
                self.add_error("title", f"{unit}已有一门叫“{title}”的课程，请换一个名称，或修改那一门")
        return cleaned


class MaterialForm(forms.ModelForm):
    """One file, link or lesson of a course; changed by taking it away and adding it anew."""

    file = UploadField(label="文件", required=False, help_text="种类选“文件”时选择；PDF、JPG 或 PNG，不超过 20 MB")

    class Meta:
        model = CourseMaterial
        fields = ["kind", "title", "link", "is_open"]
        widgets = {"kind": forms.RadioSelect, "link": forms.TextInput(attrs={"inputmode": "url"})}
        help_texts = {
            "title": "如：讲义、示范视频",
            "link": "种类选“链接”或“线上课”时填写；只作为文字保存，系统不会打开它",
            "is_open": "课程公开后，居民在学习超市里能看到这一份",
        }

    field_order = ["kind", "title", "file", "link", "is_open"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = CourseMaterial.Kind.choices
        self.initial["kind"] = CourseMaterial.Kind.FILE

    def clean_title(self) -> str:
        return clean_text(self.cleaned_data["title"])

    def clean_link(self) -> str:
        try:
            return clean_link(self.cleaned_data["link"]) if self.cleaned_data["link"].strip() else ""
        except Unusable as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean(self) -> dict:
        cleaned = super().clean()
        kind, link, file = cleaned.get("kind"), cleaned.get("link"), cleaned.get("file")
        if kind == CourseMaterial.Kind.FILE:
            if not file and "file" not in self.errors:
                self.add_error("file", "请选择文件；要填网址的，种类请选“链接”或“线上课”")
            if link:
                self.add_error("link", "种类是“文件”，这里请留空；网址请另加一份")
        elif kind:
            if file:
                self.add_error("file", "种类不是“文件”，请不要选文件；文件请另加一份")
            if not link and "link" not in self.errors:
                self.add_error("link", "请填写网址")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Whether it is a file or a link is asked above; the file becomes an attachment when the form is stored.
        return super()._get_validation_exclusions() | {"attachment"}

    def validate_constraints(self) -> None:
        """The only constraint is about file and link, and the form has asked it."""


class CourseFilter(ProposalFilter):
    theme = forms.ChoiceField(label="主题", required=False)
    audience = forms.ChoiceField(label="适合人群", required=False)
    origin = forms.ChoiceField(label="来源", required=False, choices=[("", "全部"), *Course.Origin.choices])
    local = forms.ChoiceField(label="本土课程", required=False, choices=[("", "全部"), ("1", "只看本土课程")])

    field_order = ["theme", "audience", "origin", "local", "state", "q"]
    SEARCHED = ("title", "syllabus", "co_developers", "unit__name")

    def __init__(self, data, *, user: User) -> None:
        super().__init__(data, user=user, model=Course)
        words = {
            "theme": Theme.objects.visible_to(user).current(),
            "audience": Audience.objects.visible_to(user)
            .current()
            .exclude(sensitivity=Audience.Sensitivity.HEADCOUNT_ONLY),
        }
        for name, rows in words.items():
            self.fields[name].choices = [("", "全部"), *((str(row.pk), str(row)) for row in rows)]

    def narrow(self, rows: models.QuerySet) -> models.QuerySet:
        rows = super().narrow(rows)
        if self.value("theme"):
            rows = rows.filter(theme=self.value("theme"))
        if self.value("audience"):
            rows = rows.filter(audiences=self.value("audience"))
        if self.value("origin"):
            rows = rows.filter(origin=self.value("origin"))
        return rows.filter(is_local=True) if self.value("local") else rows


class InstructorFilter(forms.Form):
    """Query parameters of the list of instructors; a name is none of them (PI-7)."""

    speciality = forms.CharField(label="专长", required=False, max_length=50)
    township = forms.CharField(label="乡镇", required=False, max_length=9)

    def value(self, name: str) -> str:
        self.is_valid()
        return self.cleaned_data.get(name) or ""


# --- a course in a session's form ------------------------------------------------------------------------


def courses_to_choose(user: User, kept: int | None = None) -> models.QuerySet:
    """The county's public courses, and the one that a session has already."""
    return Course.objects.visible_to(user).filter(Q(pk__in=Course.objects.public().values("pk")) | Q(pk=kept))


def filled_by(course: Course) -> dict[str, object]:
    """What the course says about a session of it, by the session's fields; what it does not know is left out."""
    values = {name: getattr(course, Course._meta.get_field(name).attname) for name in FILLED}
    return {name: value for name, value in values.items() if value}


def offer_courses(field: forms.ModelChoiceField, user: User, kept: int | None) -> list[Course]:
    """Puts the courses into a session's form, by theme. One query."""
    rows = courses_to_choose(user, kept).select_related("theme", "language", "unit")
    offered = list(rows.order_by("theme__position", "title", "pk"))
    groups: dict[str, list[tuple[int, str]]] = {}
    for row in offered:
        groups.setdefault(str(row.theme or "未选主题"), []).append((row.pk, f"{row}（{row.unit.short_name}）"))
    field.queryset = rows
    field.choices = [("", "不从课程库选"), *groups.items()]
    return offered


def fill_from(course: Course, data: dict) -> None:
    """A course that has just been chosen says what the clerk has left open. Clock times say more about the length."""
    by_clock = data.get("start_time") and data.get("end_time")
    for name in filled_by(course):
        if name in data and not data[name] and not (name == "minutes" and by_clock):
            data[name] = getattr(course, name)
