"""The forms of a class of sessions: the series in one go, one session put off, what remains of a class put off or cancelled."""

import datetime
import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from networks.forms import DateInput, VersionedForm
from networks.models import User
from networks.names import clean_text
from networks.wording import refuse_numbers
from networks.xlsx.dates import read_when
from networks.xlsx.problems import ValueProblem

from . import series
from .course_forms import offer_courses
from .forms import FIRST_YEAR, LAST_YEAR, SessionForm, initial_for_new, initial_of
from .models import TrainingClass, TrainingSession
from .models.entry import protected_names_in

REPEATS = [("weekly", "每周同一天"), ("days", "每隔几天"), ("chosen", "自己选日期")]
_DAYS = re.compile(r"[、，,;；\n]+")


class DaysField(forms.CharField):
    """Several days as people write them (3月5日、3月12日); `read` makes a sorted list of them without doubles, for which the
    form has to know the year."""

    def __init__(self, **kwargs) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2}))
        super().__init__(required=False, max_length=1500, **kwargs)

    def read(self, text: str, year: int) -> list[datetime.date]:
        days, wrong = set(), []
        for part in filter(None, map(clean_text, _DAYS.split(text))):
            try:
                when = read_when(part, year=year)
                if when.last and when.last != when.day:
                    raise ValueProblem("range", f"“{part}”是一段日期，请把每一天分开写")
                days.add(when.day)
            except ValueProblem as problem:
                wrong.append(problem.message)
        if wrong:
            raise ValidationError(wrong[:5])
        return sorted(days)


def refuse_protected(text: str) -> str:
    """A title, which others read, names no group that is counted by heads only (PI-2)."""
    name = protected_names_in([text])[0]
    if name:
        raise ValidationError(f"这里不能出现“{name}”，请改用不指明人群的说法；人群在每一场的“培训对象”里选")
    return text


class SeriesForm(SessionForm):
    """Everything that the sessions of a class share, and on which days they are. Saves nothing."""

    class_name = forms.CharField(
        label="班次名称", required=False, max_length=60, help_text="不填就用培训名称；如：2026年第一期桑蚕班"
    )
    numbered = forms.BooleanField(label="名称后面加“第几次”", required=False, initial=True)
    repeat = forms.ChoiceField(label="怎么排", choices=REPEATS, initial="weekly", widget=forms.RadioSelect)
    first = forms.DateField(label="第一场的日期", required=False, widget=DateInput)
    every = forms.IntegerField(
        label="每隔几天", required=False, min_value=1, max_value=90, help_text="1 是天天办，2 是隔一天办一次"
    )
    count = forms.IntegerField(
        label="一共几场",
        required=False,
        min_value=1,
        max_value=series.MOST_SESSIONS,
        error_messages={"max_value": f"一个班最多 {series.MOST_SESSIONS} 场，请分成几个班"},
    )
    chosen = DaysField(label="办班的日期", help_text="一行一个，或用顿号隔开；如：3月5日、3月9日、3月20日")
    skipped = DaysField(label="这些日子不办", help_text="节假日、农忙等；跳过的顺延到下一次，仍排满场数。可以不填")
    copied_from = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31)

    SHARED = (
        "title", "place", "outside_county", "venue", "form", "theme", "part_of_day", "start_time", "end_time",
        "organiser_written", "host", "learning_group", "programme", "project", "language", "instructors",
        "planned_attendance", "remarks",
    )  # fmt: skip
    NEEDED = ("title",)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, user=user, **kwargs)
        for name in ("held_on", "ends_on", "reported_attendance", "seen_version"):
            del self.fields[name]
        self.fields["title"].required = True
        self.fields["title"].error_messages["required"] = "请填写培训名称"
        self.fields["title"].max_length = 90  # room for 第几次
        self.fields["title"].widget.attrs["maxlength"] = 90
        self.fields["planned_attendance"].help_text = "每场大约多少人"
        for name in ("every", "count"):
            self.fields[name].widget.attrs |= {"class": "w-figure", "inputmode": "numeric"}
        self.days: list[datetime.date] = []

    def _offer_units(self) -> None:
        super()._offer_units()
        self.fields.pop("organiser", None)
        self.fields.pop("on_behalf_source", None)

    def clean_class_name(self) -> str:
        return refuse_protected(clean_text(self.cleaned_data["class_name"]))

    def clean_title(self) -> str:
        title = super().clean_title()
        if len(title) > 90:
            raise ValidationError("名称请不超过 90 个字，后面还要加“第几次”")
        return title

    def clean(self) -> dict:
        data = super().clean()
        if not data.get("length"):
            data["minutes"] = None  # a course's length is that of all its sessions, not of each
        self._work_out_days(data)
        return data

    def _work_out_days(self, data: dict) -> None:
        repeat, first = data.get("repeat"), data.get("first")
        year = (first or timezone.localdate()).year
        lists = {}
        for name in ("chosen", "skipped"):
            try:
                lists[name] = self.fields[name].read(data.get(name) or "", year)
            except ValidationError as wrong:
                self.add_error(name, wrong)
        if repeat == "chosen":
            if not data.get("chosen") and "chosen" not in self.errors:
                self.add_error("chosen", "请写下办班的日期")
            days = [day for day in lists.get("chosen", []) if day not in lists.get("skipped", [])]
        else:
            needed = {"first": "请选择第一场的日期", "count": "请填写一共几场"}
            if repeat == "days":
                needed["every"] = "请填写每隔几天办一次"
            for name, sentence in needed.items():
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, sentence)
            step = 7 if repeat == "weekly" else data.get("every")
            if not (first and step and data.get("count")) or not FIRST_YEAR <= first.year <= LAST_YEAR - 2:
                if first and not FIRST_YEAR <= first.year <= LAST_YEAR - 2:
                    self.add_error("first", "请核对年份")
                return
            days = series.spaced_days(first, step, data["count"], lists.get("skipped", []))
            if len(days) < data["count"]:  # the span came to its end first
                self.add_error("count", f"一年多只排得下 {len(days)} 场：请减少场数、缩短间隔，或分成几个班")
                return
        if len(days) > series.MOST_SESSIONS:
            self.add_error("chosen", f"一个班最多 {series.MOST_SESSIONS} 场，请分成几个班")
        elif days and (days[-1] - days[0]).days > series.LONGEST_SPAN:
            self.add_error(
                "chosen" if repeat == "chosen" else "count", "从第一场到最后一场超过一年，请核对日期或分成几个班"
            )
        elif not days and not self.errors:
            self.add_error("skipped", "去掉不办的日子以后一场也没有了")
        else:
            self.days = days

    # --- what would be stored ------------------------------------------------------------------------

    def sessions(self, days: list[datetime.date]) -> list[dict]:
        """For each of the days what `TrainingSession.enter` is given."""
        shared = {name: self.cleaned_data[name] for name in self.SHARED}
        shared |= {"minutes": self.cleaned_data["minutes"], "course": self.cleaned_data.get("course")}
        units = {day: self.user.unit_on(day) for day in days}
        return [
            shared | {"title": self._title(n), "held_on": day, "organiser": units[day]} for n, day in enumerate(days, 1)
        ]

    def _title(self, number: int) -> str:
        title = self.cleaned_data["title"]
        return series.numbered_title(title, number) if self.cleaned_data["numbered"] else title

    def named(self, source: TrainingClass | None) -> dict:
        """The fields of the class itself."""
        data = self.cleaned_data
        name = data["class_name"] or data["title"][:60]
        place = None if data["outside_county"] else data["place"]
        return {
            "unit": self.user.own_unit,
            "name": name,
            "course": data.get("course"),
            "place": place,
            "copied_from": source,
        }

    @property
    def more_open(self) -> bool:
        folded = [
            "class_name", "course", "part_of_day", "length", "organiser_written", "host", "learning_group", "co_units",
            "co_names", "programme", "project", "remarks", "audiences",
        ]  # fmt: skip
        return any(name in self.errors or self[name].value() for name in folded if name in self.fields)


def initial_for_series(user: User) -> dict:
    initial = initial_for_new(user)
    return {"place": initial.get("place"), "organiser_written": initial.get("organiser_written", ""), "count": 4}


def initial_from_class(source: TrainingClass, user: User) -> dict:
    """Copy a class to another place: what its sessions share, without place, venue and days. Two queries."""
    rows = TrainingSession.objects.visible_to(user).filter(training_class=source).exclude(status__in=series.GONE)
    sample = rows.order_by("held_on", "pk").first()
    if sample is None:
        return {"class_name": source.name, "course": source.course_id, "copied_from": source.pk}
    title = series.plain_title(sample.title)
    shared = {
        name: getattr(sample, TrainingSession._meta.get_field(name).attname)
        for name in SeriesForm.SHARED
        if name not in ("place", "venue", "outside_county", "host", "title")
    }
    parts = initial_of(sample)
    parts["audiences"] = [(key, "") for key, _ in parts["audiences"]]
    return (
        shared
        | parts
        | {
            "title": title,
            "numbered": title != sample.title,
            "class_name": source.name if source.name != title else "",
            "course": source.course_id,
            "copied_from": source.pk,
        }
    )


class CopyForm(forms.Form):
    """Where and when a copied class begins, in the address of the form that it fills; nonsense is passed over."""

    copy = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    place = forms.CharField(required=False, max_length=12)
    first = forms.DateField(required=False)

    def clean_first(self) -> datetime.date | None:
        first = self.cleaned_data["first"]
        return first if first and FIRST_YEAR <= first.year <= LAST_YEAR - 2 else None


class ClassForm(VersionedForm):
    """The name of a class, its course and a note; days and places are each session's own."""

    class Meta:
        model = TrainingClass
        fields = ["name", "course", "note"]

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not offer_courses(self.fields["course"], user, self.instance.course_id):
            del self.fields["course"]

    def clean_name(self) -> str:
        return refuse_protected(self.cleaned_data["name"])

    def clean_note(self) -> str:
        return refuse_numbers(refuse_protected(self.cleaned_data["note"]))


class PostponeForm(forms.Form):
    """A session's new day, new clock times if they change too, and why."""

    held_on = forms.DateField(label="新的日期", widget=DateInput)
    start_time = forms.TimeField(
        label="开始时间",
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "w-time"}),
    )
    end_time = forms.TimeField(
        label="结束时间",
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "w-time"}),
    )
    reason = forms.CharField(label="改期的原因", max_length=80, help_text="如：台风、农忙、教师出差")

    def __init__(self, *args, several: bool = False, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if several:
            del self.fields["start_time"], self.fields["end_time"]
            self.fields["held_on"].label = "下一场改到"
            self.fields["held_on"].help_text = "其余各场跟着推后（或提前）同样的天数"

    def clean_held_on(self) -> datetime.date:
        day = self.cleaned_data["held_on"]
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
        return day

    def clean_reason(self) -> str:
        return refuse_numbers(clean_text(self.cleaned_data["reason"]))


class CancelForm(forms.Form):
    reason = forms.CharField(label="取消的原因", max_length=80, help_text="如：报名的人太少、教师调离")

    def clean_reason(self) -> str:
        return refuse_numbers(clean_text(self.cleaned_data["reason"]))
