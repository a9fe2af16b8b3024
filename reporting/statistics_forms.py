"""What the statistics are asked for: a period, a breakdown, filters that combine. What makes no sense says so and changes
nothing else."""

import datetime

from django import forms
from django.utils import timezone

from networks.access import Action, can
from networks.models import Division, MemberUnit, Tier, User
from trainings.models import Audience, Course

from .assessment import Organised
from .indicators import HEADCOUNT_ONLY
from .measures import BREAKDOWNS, MOST_BACK, NONE, OTHER, PROTECTED, VOCABULARY, By
from .periods import PARTS, Period
from .statistics import Asked

FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)
BACK = {"1": "和上年同期", "3": "和前三年同期", "0": "不对比"}


def _date(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control w-date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "这不是日期，请重新选择"},
    )


class StatisticsForm(forms.Form):
    """`years`: those on offer, newest first."""

    year = forms.TypedChoiceField(label="年度", required=False, coerce=int, empty_value=None)
    part = forms.ChoiceField(
        label="时段", required=False, choices=[("", "全年"), *((key, name) for key, (name, *_) in PARTS.items())]
    )
    by = forms.ChoiceField(label="分组", required=False, choices=By.choices)
    back = forms.ChoiceField(label="对比", required=False, choices=list(BACK.items()))
    first = _date("从")
    last = _date("到（截至）")
    organised = forms.ChoiceField(label="按哪时的机构", required=False, choices=Organised.choices)

    def __init__(self, data, user: User, years: list[int]) -> None:
        super().__init__(data, auto_id="stat_%s")
        self.user, self.today = user, timezone.localdate()
        self.fields["year"].choices = [(year, f"{year}年") for year in years]
        # Whoever sees figures only has the table by audience, where small groups are withheld, and no filter by it.
        self.narrowing = [by for by in By if by is not By.AUDIENCE or can(user, Action.VIEW_SESSIONS)]
        for by in self.narrowing:
            choices = [("", "全部"), *self._choices(by)]
            self.fields[by.value] = forms.ChoiceField(label=by.label, required=False, choices=choices)
        for name, field in self.fields.items():
            if name not in {"first", "last"}:
                field.widget.attrs["class"] = "form-select"
        self.is_valid()

    def _choices(self, by: By) -> list[tuple[str, str]]:
        if by is By.UNIT:
            units = MemberUnit.objects.visible_to(self.user).filter(county=self.user.county_code)
            return [(unit.code, unit.name) for unit in units.order_by("position", "code")]
        if by in {By.HELD, By.LED}:
            whole = self.user.county_code
            towns = Division.objects.visible_to(self.user).within(whole).filter(tier=Tier.TOWNSHIP).order_by("pk")
            named = [(town.pk, town.short_name) for town in towns]
            if by is By.LED:
                return [*named, (whole, "县直部门和其他单位")]
            return [*named, (whole, "县本级"), (NONE, "县外")]
        if by is By.AUDIENCE:
            words = Audience.objects.visible_to(self.user)
            named = [(str(w.pk), str(w)) for w in words if w.sensitivity != Audience.Sensitivity.HEADCOUNT_ONLY]
            return [*named, (PROTECTED, HEADCOUNT_ONLY), (NONE, "未填培训对象")]
        if by is By.COURSE:
            rows = Course.objects.readable_by(self.user).order_by("title", "pk")
            named = [(str(pk), title) for pk, title in rows.values_list("pk", "title")]
            return [*named, (OTHER, "还没有公开的课程"), (NONE, "没有选课程")]
        return [*((str(w.pk), str(w)) for w in VOCABULARY[by].objects.visible_to(self.user)), (NONE, f"未填{by.label}")]

    def clean(self) -> dict:
        asked = super().clean()
        for name in ("first", "last"):
            if asked.get(name) and not FIRST_DAY <= asked[name] <= LAST_DAY:
                self.add_error(name, "请选择 2000 年到 2099 年的日期")
        first, last = asked.get("first"), asked.get("last")
        if first and last and first > last:
            self.add_error("last", "截至日期在开始日期以前，请重新选择")
        return asked

    @property
    def period(self) -> Period:
        """From and to where both are given; else the year or its part, from or up to the one that is."""
        told = self.cleaned_data
        first, last = told.get("first"), told.get("last")
        edge = first or last
        year = told.get("year") or (edge.year if edge else self.today.year)
        whole = Period.of_year(year, told.get("part") or "")
        if first and last:
            return Period(first, last)
        if first and first <= whole.last:
            return Period(first, whole.last)
        if last and last >= whole.first:
            return Period(whole.first, last)
        return Period.of_year(edge.year) if edge else whole

    @property
    def asked(self) -> Asked:
        told = self.cleaned_data
        back = told.get("back") or "1"
        return Asked(
            period=self.period,
            by=By(told.get("by") or By.UNIT),
            back=min(int(back), MOST_BACK),
            organised=Organised(told.get("organised") or Organised.THEN),
            narrowed={by: told[by.value] for by in self.narrowing if told.get(by.value)},
        )

    @property
    def how(self) -> str:
        """What the chosen breakdown goes by."""
        return BREAKDOWNS[self.asked.by]

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in ("year", "part", "by", "back")]

    @property
    def further(self) -> list[forms.BoundField]:
        return [self[name] for name in ("first", "last", "organised", *(by.value for by in self.narrowing))]

    @property
    def open(self) -> bool:
        """Whether something further is set, so that it shows."""
        told = self.cleaned_data
        dated = told.get("first") or told.get("last") or {"first", "last"} & self.errors.keys()
        return bool(dated or self.asked.narrowed or self.asked.organised != Organised.THEN)

    @property
    def wrong(self) -> list[tuple[forms.BoundField, str]]:
        """What was not understood, in sentences."""
        return [
            (self[name], error if name in {"first", "last"} else "没有这个选项，现在显示的是全部")
            for name, errors in self.errors.items()
            for error in errors
            if name in self.fields
        ]

    @property
    def narrowed_words(self) -> list[str]:
        """The filters in words: 主题：农村实用技术."""
        named = {by: dict(self.fields[by.value].choices) for by in self.asked.narrowed}
        return [f"{by.label}：{named[by][key]}" for by, key in self.asked.narrowed.items()]
