"""What is typed about the plan: a unit's report, the office's goals and decisions, the plan itself and its tasks."""

import datetime
import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from networks.access import reports_on_behalf
from networks.forms import DateInput, SeveralField, VersionedForm
from networks.models import MemberUnit, User
from networks.names import clean_lines, clean_text, match_key
from networks.sheets import SheetForm, put_row
from networks.uploads import Unusable
from networks.wording import has_personal_number, protected_names_in
from trainings.evidence import clean_link
from trainings.models import TrainingSession
from trainings.models.effort import new_token

from .models import Plan, PlanTask, Standing, TaskGoal, TaskJudgement, TaskReport, TaskResponsibility
from .models.progress import NEEDS_WORDS, SAY_WHY
from .plan_progress import Line, day_of
from .planning import HELD

MOST_OFFERED = 100  # sessions to tick, the newest first


def refuse_personal(text: str) -> None:
    """What leaders and other readers see names no person by number and no group that is counted by heads only."""
    if has_personal_number(text):
        raise ValidationError("汇报会给领导小组看，不写个人手机号码和身份证号，请删去")
    found = protected_names_in([text])[0]
    if found:
        raise ValidationError(f"这里不能出现“{found}”，请改用“重点人群”等不指明人群的说法")


class LinesField(forms.CharField):
    def __init__(self, *, rows: int, **kwargs) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def clean(self, value):
        return super().clean(clean_lines(value) if isinstance(value, str) else value)


class LineField(forms.CharField):
    def clean(self, value):
        return super().clean(clean_text(value) if isinstance(value, str) else value)


class SessionsField(SeveralField):
    def label_from_instance(self, session: TrainingSession) -> str:
        return f"{session.held_on.month}月{session.held_on.day}日 {session.title}（{session.get_status_display()}）"


class ReportForm(forms.Form):
    """One report of one unit. `seen` is how often the unit had reported when the page was opened: whoever comes second sees
    what the first one wrote, and decides (IN-4)."""

    text = LinesField(
        label="做了什么、进展如何",
        rows=6,
        max_length=2000,
        help_text="写做成了什么、到了哪一步、下一步打算；不写居民姓名、电话和身份证号",
    )
    needs = LinesField(
        label="困难和需要协调的事", rows=3, max_length=500, required=False, help_text="领导小组能看到；没有就留空"
    )
    as_of = forms.DateField(label="进展截至", widget=DateInput)
    on_behalf_source = forms.ChoiceField(label="代录来源", choices=[("", "请选择"), *TaskReport.Source.choices])
    sessions = SessionsField(
        label="相关培训",
        queryset=TrainingSession.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    link = LineField(label="链接", required=False, help_text="公众号报道、网盘等的网址，只作为文字保存")
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=32_000)

    def __init__(self, data=None, *, user: User, task: PlanTask, year: int, unit: MemberUnit) -> None:
        super().__init__(data)
        self.user, self.task, self.year, self.unit = user, task, year, unit
        if not reports_on_behalf(user, unit):
            del self.fields["on_behalf_source"]
        self.fields["as_of"].initial = day_of(year, timezone.localdate())
        self.fields["token"].initial = new_token()
        self.fields["seen"].initial = TaskReport.last_number(task, year, unit)
        self.fields["sessions"].queryset = self._own_sessions()
        self.fields["link"].widget.attrs |= {"inputmode": "url", "maxlength": "500"}

    def _own_sessions(self):
        units = {self.unit.pk, *(self.user.own_unit_ids if self.user.own_unit == self.unit else [])}
        rows = TrainingSession.objects.visible_to(self.user).filter(organiser__in=units, status__in=HELD)
        newest = rows.in_year(self.year).order_by("-held_on", "-pk").values("pk")[:MOST_OFFERED]
        return TrainingSession.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).order_by("-held_on")

    @property
    def first(self) -> TaskReport | None:
        """What the same form has made already: a double click, or an answer that was lost."""
        token = self.cleaned_data.get("token")
        return TaskReport.objects.filter(entered_by=self.user, token=token).first() if token else None

    def clean_token(self) -> str:
        return clean_text(self.cleaned_data["token"]) or new_token()

    def clean_text(self) -> str:
        refuse_personal(self.cleaned_data["text"])
        return self.cleaned_data["text"]

    def clean_needs(self) -> str:
        refuse_personal(self.cleaned_data["needs"])
        return self.cleaned_data["needs"]

    def clean_link(self) -> str:
        return checked_link(self.cleaned_data["link"])

    def clean_as_of(self) -> datetime.date:
        day = self.cleaned_data["as_of"]
        if day.year != self.year:
            raise ValidationError(f"请填{self.year}年里的日期")
        if day > timezone.localdate():
            raise ValidationError("这一天还没有到")
        return day

    def clean(self):
        cleaned = super().clean()
        self.task.hold_open(self.year)
        now = TaskReport.last_number(self.task, self.year, self.unit)
        if cleaned.get("seen") != now and not self.first:
            newest = TaskReport.objects.filter(task=self.task, year=self.year, unit=self.unit, number=now).first()
            said = f"第{now}次，{newest.entered_by.get_full_name()}：“{newest.text[:60]}”" if newest else ""
            self.add_error(
                None, f"您打开之后，本单位这项任务已有人先报了一次（{said}），没有保存。要再报一次，请核对后再提交。"
            )
            self.data = self.data.copy()
            self.data["seen"] = str(now)
        return cleaned


def checked_link(link: str) -> str:
    """The address as typed, or ''. Raises ValidationError."""
    if not link:
        return ""
    try:
        link = clean_link(link)
    except Unusable as problem:
        raise ValidationError(str(problem)) from None
    refuse_personal(link)
    return link


class WithdrawForm(forms.Form):
    why = LineField(label="撤回的原因", max_length=200, help_text="如：报错了任务、数字有误，另报一次")


class PlanPartForm(forms.Form):
    """撤下 of a plan or a task, which needs a reason; 恢复 needs none."""

    why = LineField(label="为什么撤下", max_length=200, help_text="如：条款号录错了，已另录一条")

    def __init__(self, data=None, *, down: bool) -> None:
        super().__init__(data)
        if not down:
            del self.fields["why"]

    def clean_why(self) -> str:
        refuse_personal(self.cleaned_data["why"])
        return self.cleaned_data["why"]


class CloseForm(forms.Form):
    note = LineField(label="说明", max_length=200, required=False)

    def __init__(self, data=None, *, closing: bool) -> None:
        super().__init__(data)
        self.fields["note"].help_text = "可以留空" if closing else "为什么重新打开，如：补报一项任务"


class GoalSheet(SheetForm):
    """A task's goals of one year: the county's, and one for each unit of which the office wants something of its own."""

    def __init__(self, data=None, *, line: Line, year: int) -> None:
        super().__init__(data, label_suffix="")
        self.task, self.year = line.task, year
        told = {goal.unit_id for goal in TaskGoal.objects.filter(task=self.task, year=year).exclude(unit=None)}
        known = {unit.pk for unit in line.answering}
        self.units = [*line.answering, *MemberUnit.objects.filter(pk__in=told - known)]
        self.fields["county"] = LinesField(
            label="全县的年度目标", rows=3, max_length=500, required=False, help_text="做到什么程度算完成，最好有数"
        )
        for unit in self.units:
            self.fields[f"u{unit.pk}"] = LinesField(label=str(unit), rows=2, max_length=500, required=False)
        self.show({})

    def _rows(self) -> dict[str, TaskGoal]:
        rows = TaskGoal.objects.filter(task=self.task, year=self.year)
        return {f"u{row.unit_id}" if row.unit_id else "county": row for row in rows}

    def lock(self) -> None:
        self.task.hold_open(self.year)

    def stored(self) -> dict[str, str]:
        rows = self._rows()
        return {name: rows[name].text if name in rows else "" for name in ("county", *(f"u{u.pk}" for u in self.units))}

    def save(self) -> PlanTask:
        rows = self._rows()
        for name, unit in (("county", None), *((f"u{unit.pk}", unit) for unit in self.units)):
            if self.add_prefix(name) not in self.data:  # a cell that was not sent stays as it is
                continue
            text = self.cleaned_data[name]
            row = rows.get(name) or TaskGoal(task=self.task, year=self.year, unit=unit)
            put_row(row, {"text": text}, empty=not text)
        return self.task

    @property
    def told_units(self) -> bool:
        return any(self[f"u{unit.pk}"].initial for unit in self.units)

    @property
    def of_units(self) -> list[forms.BoundField]:
        return [self[f"u{unit.pk}"] for unit in self.units]


class JudgementForm(VersionedForm):
    """The office's decision on a task in a year."""

    class Meta:
        model = TaskJudgement
        fields = ["standing", "note"]
        widgets = {"standing": forms.RadioSelect, "note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"note": "“有困难”“未完成”必须写明情况；已完成的写明凭什么认定"}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        words = [("", "不认定，按汇报推断"), *Standing.choices]
        self.fields["standing"] = forms.ChoiceField(
            label="状态", choices=words, required=False, widget=forms.RadioSelect
        )

    def clean_note(self) -> str:
        refuse_personal(self.cleaned_data["note"])
        return self.cleaned_data["note"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("standing") in NEEDS_WORDS and not cleaned.get("note") and "note" not in self.errors:
            self.add_error("note", SAY_WHY)
        return cleaned


# --- the plan itself -------------------------------------------------------------------------------------


class PlanForm(VersionedForm):
    class Meta:
        model = Plan
        fields = [
            "title", "number", "issued_on", "first_year", "last_year", "used_until", "carry_note", "quota_clause",
        ]  # fmt: skip
        widgets = {
            "issued_on": DateInput,
            **{
                name: forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"})
                for name in ("first_year", "last_year", "used_until")
            },
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.founding:  # other pages and rules cite it by these
            for name in ("number", "issued_on", "first_year", "last_year"):
                self.fields[name].disabled = True

    def _get_validation_exclusions(self) -> set[str]:
        """The county is set by the view, so that a number that is taken can be said to be."""
        return super()._get_validation_exclusions() - {"county", "withdrawn_at"}

    def clean(self):
        cleaned = super().clean()
        self.instance.refuse_when_withdrawn()
        return cleaned


class TaskForm(VersionedForm):
    """A task of a plan, with who answers for it from a day on."""

    responsible = LinesField(
        label="现在的责任单位",
        rows=3,
        max_length=600,
        required=False,
        help_text="用顿号隔开，照文件的次序；“各成员单位”指县直部门，“各乡(镇)人民政府”指全部乡镇，都按当日名单展开",
    )
    since = forms.DateField(label="责任从哪天起", widget=DateInput)

    class Meta:
        model = PlanTask
        fields = ["clause", "group", "title", "text", "responsible_text", "position"]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 6}),
            "position": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
        }
        help_texts = {"responsible_text": "照文件原文抄录，不随机构变化改动"}

    def __init__(self, *args, plan: Plan, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        today = timezone.localdate()
        self.fields["since"].initial = today
        if self.instance.pk:
            self.fields["responsible"].initial = "、".join(answering_now(self.instance, today))
        else:
            self.fields["responsible"].help_text += "；留空就按原文"
            self.fields["since"].initial = plan.issued_on
            self.fields["position"].initial = plan.tasks.standing().count() + 1

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"plan", "withdrawn_at"}

    def stored_values(self, stored):
        told = super().stored_values(stored)
        told.pop("since", None)
        return told | {"responsible": "、".join(answering_now(stored, timezone.localdate()))}

    def clean_since(self) -> datetime.date:
        day = self.cleaned_data["since"]
        if not self.plan.issued_on <= day <= timezone.localdate() + datetime.timedelta(days=366):
            raise ValidationError("日期应在方案成文之后、一年以内")
        closed = self.plan.years_of_work.filter(year__gte=day.year).exclude(closed_at=None).first()
        changed = clean_lines(self.data.get("responsible", "")) != (self.fields["responsible"].initial or "")
        if closed and changed:
            raise ValidationError(f"{closed.year}年已经办结，责任只能从以后的年份改起")
        return day

    def clean_responsible(self) -> str:
        typed = self.cleaned_data["responsible"]
        return typed or ("" if self.instance.pk else clean_text(self.cleaned_data.get("responsible_text", "")))

    def clean(self):
        cleaned = super().clean()
        self.plan.refuse_when_withdrawn()
        self.instance.refuse_when_withdrawn()
        if not self.instance.pk and not cleaned.get("responsible"):
            cleaned["responsible"] = cleaned.get("responsible_text", "")
        return cleaned

    def save(self, commit=True):
        self.instance.version += 1
        row = super().save(commit)
        self.unknown = assign(row, self.cleaned_data["responsible"], self.cleaned_data["since"])
        return row


# --- who answers, in words -------------------------------------------------------------------------------

_BODY_WORDS = {
    TaskResponsibility.Whom.DEPARTMENTS: ("各成员单位（县直部门）", "各成员单位"),
    TaskResponsibility.Whom.TOWNSHIPS: ("各乡(镇)人民政府", "各乡（镇）人民政府", "各乡镇人民政府", "各乡镇"),
}
_BODIES = {match_key(word): whom for whom, words in _BODY_WORDS.items() for word in words}


def answering_now(task: PlanTask, day: datetime.date) -> list[str]:
    """The names in force on the day, in the order of the document."""
    rows = task.responsibilities.on(day).select_related("unit").order_by("position", "pk")
    return [str(row.unit or row.get_whom_display()) for row in rows]


def read_names(text: str, units: dict[str, MemberUnit]) -> tuple[list[dict], list[str]]:
    """What a list of names binds, in its order, as fields of TaskResponsibility; and the names of those that are no unit of
    ours (新闻单位, 县人民政府 …), which stay in the task's words alone. `units` as `known_units` gives them."""
    found, unknown = [], []
    for name in filter(None, map(str.strip, re.split(r"[、，,;；|\n]", text))):
        key = match_key(name)
        whom = {"whom": _BODIES[key]} if key in _BODIES else {"unit": units[key]} if key in units else None
        if whom is None:
            unknown.append(name)
        elif whom not in found:
            found.append(whom)
    return found, unknown


def known_units(county_code: str) -> dict[str, MemberUnit]:
    """The county's units of today by every name that they are known by."""
    standing = MemberUnit.objects.filter(county=county_code).on(timezone.localdate())
    return {match_key(name): unit for unit in standing for name in unit.all_names}


def assign(task: PlanTask, text: str, since: datetime.date, units: dict[str, MemberUnit] | None = None) -> list[str]:
    """From that day on the names of the text answer for the task: what is missing from it ends, what is new begins. Returns
    the names that are no unit. Call it inside a transaction."""
    wanted, unknown = read_names(text, known_units(task.plan.county_id) if units is None else units)
    rows = list(task.responsibilities.exclude(ends_on__lte=since))
    for position, whom in enumerate(wanted, start=1):
        same = next((row for row in rows if _binds(row) == _key(whom)), None)
        if same is None:
            TaskResponsibility.objects.create(task=task, starts_on=since, position=position, **whom)
            continue
        rows.remove(same)
        same.position, same.ends_on, same.starts_on = position, None, min(same.starts_on, since)
        same.save()
    for row in rows:
        if row.starts_on >= since:
            row.delete()
        else:
            row.ends_on = since
            row.save()
    return unknown


def _binds(row: TaskResponsibility) -> tuple:
    return row.whom, row.unit_id


def _key(whom: dict) -> tuple:
    unit = whom.get("unit")
    return str(whom.get("whom", TaskResponsibility.Whom.UNIT)), unit.pk if unit else None
