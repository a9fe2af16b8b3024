"""县级实验区、示范区: the self-check under the plan's five headings, and what the registries say beside it (依据 二(一)3)."""

import datetime
from dataclasses import dataclass

from django import forms
from django.db.models import Count, Q, QuerySet

from networks.access import places_seen_for
from networks.forms import DateInput, VersionedForm
from networks.models import (
    Appointment,
    Division,
    Fund,
    Heading,
    Institution,
    SharedResource,
    Tier,
    User,
    Zone,
    ZoneCheck,
)
from networks.names import clean_lines
from networks.sheets import SheetForm, put_row
from trainings.models import Status, TrainingSession

from .references import ReferenceFigures, participation, per_capita

ONLINE = "远程学习"  # the delivery form of 二(三)2 that goes by the network


class ZoneForm(VersionedForm):
    """A zone and its dates. The places on offer are the county's that this account manages."""

    class Meta:
        model = Zone
        fields = ["division", "kind", "starts_on", "ends_on", "basis", "note"]
        widgets = {"starts_on": DateInput, "ends_on": DateInput}

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        places = Division.objects.kept_by(user).exclude(tier=Tier.VILLAGE)
        self.fields["division"].queryset = places.filter(Q(retired_on=None) | Q(pk=self.instance.division_id))
        self.fields["ends_on"].help_text = "还没有结束就留空"


class LinesField(forms.CharField):
    widget = forms.Textarea

    def clean(self, value):
        return super().clean(clean_lines(value) if isinstance(value, str) else value)


class CheckSheet(SheetForm):
    """A zone's self-check of one year: rating, words and evidence under each heading, saved together."""

    def __init__(self, data=None, *, zone: Zone, year: int) -> None:
        super().__init__(data, label_suffix="")
        self.zone, self.year = zone, year
        choices = [("", "（还没有自评）"), *ZoneCheck.Rating.choices]
        for heading in Heading:
            self.fields[f"{heading}_rating"] = forms.ChoiceField(
                label=f"{heading.label}的自评", choices=choices, required=False
            )
            self.fields[f"{heading}_text"] = LinesField(
                label=f"{heading.label}的做法和成效", max_length=1000, required=False
            )
            self.fields[f"{heading}_evidence"] = LinesField(
                label=f"{heading.label}的佐证", max_length=1000, required=False
            )
            self.fields[f"{heading}_rating"].widget.attrs["class"] = "form-select w-half"
            for part, rows in (("text", 5), ("evidence", 2)):
                self.fields[f"{heading}_{part}"].widget.attrs |= {"class": "form-control", "rows": rows}
        self.show({})

    def _rows(self) -> dict[str, ZoneCheck]:
        return {row.heading: row for row in ZoneCheck.objects.filter(zone=self.zone, year=self.year)}

    def lock(self) -> None:
        Zone.objects.select_for_update().get(pk=self.zone.pk)

    def stored(self) -> dict[str, str]:
        rows = self._rows()
        parts = ("rating", "text", "evidence")
        return {f"{h}_{part}": getattr(rows.get(h), part, "") for h in Heading for part in parts}

    def clean(self):
        cleaned = super().clean()
        for heading in Heading:
            words = cleaned.get(f"{heading}_text") or cleaned.get(f"{heading}_evidence")
            if words and not cleaned.get(f"{heading}_rating") and f"{heading}_rating" not in self.errors:
                self.add_error(f"{heading}_rating", "写了内容，请再选一项：已建成、推进中或未开展")
        return cleaned

    def save(self) -> Zone:
        """Stores what differs, with history; a heading without a rating has no row."""
        rows = self._rows()
        for heading in Heading:
            values = {part: self.cleaned_data[f"{heading}_{part}"] for part in ("rating", "text", "evidence")}
            row = rows.get(heading) or ZoneCheck(zone=self.zone, year=self.year, heading=heading)
            put_row(row, values, empty=not values["rating"])
        return self.zone

    @property
    def parts(self) -> list[dict]:
        return [
            {"heading": heading, **{part: self[f"{heading}_{part}"] for part in ("rating", "text", "evidence")}}
            for heading in Heading
        ]


# --- what the registries say beside it -----------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """One line beside a heading: what is counted, and the figure in words or why there is none."""

    label: str
    words: str


def facts(zone: Zone, year: int, user: User, today: datetime.date) -> dict[str, list[Fact]]:
    """By heading, as of the year's last day or today. A constant number of queries."""
    day = min(today, datetime.date(year, 12, 31))
    place = zone.division
    figures = ReferenceFigures(Division.objects.get(pk=place.county_code), year)
    return {
        Heading.SYSTEM: _system(place, day),
        Heading.RESOURCES: _resources(place, day),
        Heading.FUNDING: _funding(place, figures, user),
        Heading.STAFF: _staff(place, day),
        Heading.INFORMATION: [*_online(place, year), _people(place, figures)],
    }


def _below(rows: QuerySet, place: Division, by: str) -> QuerySet:
    """Rows at the place or in what lies in it today: a village that has come to another township keeps its code."""
    here = Q(**{by: place}) | Q(**{f"{by}__parent": place})
    return rows.filter(here | Q(**{f"{by}__parent__parent": place}))


def _system(place: Division, day: datetime.date) -> list[Fact]:
    kinds = Institution.Kind
    rows = _below(Institution.objects, place, "division").filter(kind__in=[kinds.SCHOOL, kinds.POINT])
    standing = list(rows.with_state_on(day).values_list("kind", "division_id", "state_then"))
    below = Division.objects.on(day).filter(Q(parent=place) | Q(parent__parent=place), tier=Tier.VILLAGE)
    villages = set(below.values_list("pk", flat=True))
    running = {kind: {where for k, where, state in standing if k == kind and state == "open"} for kind in kinds}
    having = running[kinds.POINT] & villages
    unconfirmed = sum(state == Institution.State.UNCONFIRMED for *_, state in standing)
    found = [
        Fact("已开办的乡镇社区学校", f"{len(running[kinds.SCHOOL])} 所"),
        Fact("有教学点的村（社区）", f"{len(having)} / {len(villages)} 个" if villages else "无法计算"),
    ]
    return [*found, Fact("待核实的机构", f"{unconfirmed} 个")] if unconfirmed else found


def _resources(place: Division, day: datetime.date) -> list[Fact]:
    rows = _below(SharedResource.objects, place, "division")
    known = rows.exclude(opened_on__gt=day).exclude(closed_on__lte=day).count()
    is_open = rows.open_on(day).count()
    return [Fact("向居民开放的场所", f"{is_open} 处（登记 {known} 处）" if known else "还没有登记共享资源")]


def _funding(place: Division, figures: ReferenceFigures, user: User) -> list[Fact]:
    if not places_seen_for(user, Fund).filter(pk=place.pk).exists():
        return [Fact("经费", "经费由本乡镇和县教育局查看")]
    money, ratio = (
        figures.funds.total(place, figures.year),
        per_capita(figures.table, figures.funds, place, figures.year),
    )
    return [
        Fact("预算", "没有填报" if money.budgeted is None else f"{money.budgeted:,.2f} 元"),
        Fact("实际支出", "没有填报" if money.paid is None else f"{money.paid:,.2f} 元"),
        Fact("人均经费", ratio.told),
    ]


def _staff(place: Division, day: datetime.date) -> list[Fact]:
    rows = _below(Appointment.objects.on(day), place, "institution__division").order_by()
    heads = dict(rows.values_list("function").annotate(Count("person", distinct=True)))
    functions = Appointment.Function
    if not heads:
        return [Fact("工作人员", "还没有登记人员")]
    shown = [functions.OFFICER, functions.PART_TIME, functions.INSTRUCTOR, functions.VOLUNTEER]
    return [Fact(function.label, f"{heads.get(function, 0)} 人") for function in shown]


def _online(place: Division, year: int) -> list[Fact]:
    rows = _below(TrainingSession.objects.in_year(year).filter(status=Status.VERIFIED), place, "place")
    held, online = rows.aggregate(a=Count("pk"), b=Count("pk", filter=Q(form__name=ONLINE))).values()
    return [Fact("本地举办的远程学习", f"{online} 场（已核定共 {held} 场）")]


def _people(place: Division, figures: ReferenceFigures) -> Fact:
    ratio = participation(figures.table, place, figures.year)
    return Fact("居民年参与率", ratio.told)
