"""What a reorganisation asks for: which unit or place, what it is now, since when, and on what basis. Each form carries out
its change with `perform(actor)`; what may not be is refused there, in one place (reorganisation.py, redistricting.py)."""

import re

from django import forms
from django.core.exceptions import ValidationError

from .access import Action
from .forms import DateInput, SeveralField
from .models import Division, MemberUnit, Tier, User
from .names import clean_lines, clean_text
from .redistricting import Institutions, NewPlace, merge_places, rename_place, split_place
from .reorganisation import NewUnit, Outcome, merge_units, rename_unit, split_unit

LONGEST_CODE = MemberUnit._meta.get_field("code").max_length
STAYS = [("stays", "保留，另设新的"), ("ends", "不再保留，分成下面几个")]
_PLACE_LINE = re.compile(r"^(?P<name>\D+?)\s*(?P<code>\d+)$")


class ChangeForm(forms.Form):
    """A date and a basis stand at the end of every change."""

    on = forms.DateField(label="自哪一天起", widget=DateInput, help_text="批准文件写明的日期；这一天起按新的算")
    basis = forms.CharField(label="依据（文号或文件名）", max_length=100)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.order_fields([name for name in self.fields if name not in ("on", "basis")] + ["on", "basis"])
        self.offer()

    def offer(self) -> None:
        """Fills in the choices, from what this account keeps."""
        raise NotImplementedError

    def perform(self) -> Outcome:
        raise NotImplementedError

    @property
    def dated(self) -> dict[str, object]:
        return {"on": self.cleaned_data["on"], "basis": self.cleaned_data["basis"], "actor": self.user}


class UnitChange(ChangeForm):
    """Of the county's units that have not ended."""

    allowed = Action.MANAGE_UNITS

    @property
    def units(self):
        return MemberUnit.objects.kept_by(self.user).filter(retired_on=None)

    def code_for(self, code: str, like: MemberUnit, at: int = 0) -> str:
        """The code as typed; where nobody typed one, the old unit's with the year, and a number if that is taken."""
        if code:
            return code
        taken = set(MemberUnit.objects.filter(county=like.county_id).values_list("code", flat=True))
        stem = f"{like.code.split('-')[0][: LONGEST_CODE - 8]}-{self.cleaned_data['on'].year}"
        free = [made for made in [stem, *(f"{stem}-{n}" for n in range(2, 60))] if made not in taken]
        return free[at]


def unit_field(**more) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(None, empty_label="请选择", **more)


class RenameUnit(UnitChange):
    unit = unit_field(label="哪个单位")
    name = forms.CharField(label="今名", max_length=60, help_text="单位现在的全称")
    aliases = forms.CharField(
        label="简称",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="每行一个，导入台账时按这些名称识别；旧名称不用填，照样识别",
    )
    code = forms.CharField(
        label="代码",
        required=False,
        max_length=LONGEST_CODE,
        help_text="不填则自动编一个；用在网址里，不能与别的单位相同",
    )

    def offer(self) -> None:
        self.fields["unit"].queryset = self.units

    def perform(self) -> Outcome:
        data = self.cleaned_data
        code = self.code_for(data["code"], data["unit"])
        return rename_unit(data["unit"], name=data["name"], code=code, aliases=data["aliases"], **self.dated)


class MergeUnits(UnitChange):
    units_to_merge = SeveralField(
        None, label="哪些单位", widget=forms.CheckboxSelectMultiple, help_text="从变更之日起不再单独存在的单位"
    )
    into = unit_field(label="并入现有单位", required=False, help_text="合并成一个新单位的，这里不选，填下面的名称")
    name = forms.CharField(label="或新单位的名称", required=False, max_length=60)
    aliases = RenameUnit.base_fields["aliases"]
    code = RenameUnit.base_fields["code"]

    def offer(self) -> None:
        self.fields["units_to_merge"].queryset = self.fields["into"].queryset = self.units
        self.fields["into"].empty_label = "不并入现有的"

    def perform(self) -> Outcome:
        data, new = self.cleaned_data, None
        units = list(data["units_to_merge"])
        if data["name"]:
            new = NewUnit(data["name"], self.code_for(data["code"], units[0]), data["aliases"])
        return merge_units(units, into=data["into"], new=new, **self.dated)


class SplitUnit(UnitChange):
    unit = unit_field(label="哪个单位")
    stays = forms.ChoiceField(label="原单位", choices=STAYS, widget=forms.RadioSelect, initial="stays")
    parts = forms.CharField(label="新设的单位", widget=forms.Textarea(attrs={"rows": 3}), help_text="每行一个全称")

    def offer(self) -> None:
        self.fields["unit"].queryset = self.units

    def perform(self) -> Outcome:
        data = self.cleaned_data
        names = list(filter(None, map(str.strip, clean_lines(data["parts"]).splitlines())))
        if len(names) > 20:
            raise ValidationError("一次最多分设 20 个单位")
        parts = [NewUnit(name, self.code_for("", data["unit"], at)) for at, name in enumerate(names)]
        return split_unit(data["unit"], parts=parts, stays=data["stays"] == "stays", **self.dated)


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, place: Division) -> str:
        return f"{place.path}（{place.code}）"


class PlaceChange(ChangeForm):
    """Of the county's townships and villages that have not ended."""

    allowed = Action.MANAGE_NETWORK
    institutions = forms.ChoiceField(
        label="原来的学校、教学点", choices=Institutions.choices, widget=forms.RadioSelect, initial=Institutions.CLOSE
    )

    def offer(self) -> None:
        """One list for all place fields: the townships first, then each one's villages."""
        rows = Division.objects.kept_by(self.user).filter(retired_on=None).exclude(tier=Tier.COUNTY)
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in rows.select_related("parent").order_by("code"):
            group = row.parent.short_name if row.tier == Tier.VILLAGE else "乡镇"
            groups.setdefault(group, []).append((row.pk, PlaceField.label_from_instance(None, row)))
        for name, field in self.fields.items():
            if isinstance(field, PlaceField):
                field.queryset = rows
                field.choices = [("", "请选择" if name != "into" else "不并入现有的"), *groups.items()]


class RenamePlace(PlaceChange):
    institutions = None
    place = PlaceField(None, label="哪个地方")
    name = forms.CharField(label="新的全称", max_length=50, help_text="如：新汉社区居委会")
    code = forms.CharField(
        label="新的区划代码", required=False, max_length=12, help_text="代码没有变的不填；变了的照统计用区划代码填写"
    )

    def perform(self) -> Outcome:
        data = self.cleaned_data
        return rename_place(data["place"], name=data["name"], code=clean_text(data["code"]), **self.dated)


class MergePlaces(PlaceChange):
    place = PlaceField(None, label="哪些地方", help_text="从变更之日起不再单独存在的村（社区）或乡镇")
    place_2 = PlaceField(None, label="还有（可不选）", required=False)
    place_3 = PlaceField(None, label="还有（可不选）", required=False)
    into = PlaceField(None, label="并入哪里", required=False, help_text="合并成新设的，这里不选，填下面的名称和代码")
    name = forms.CharField(label="或新设的全称", required=False, max_length=50)
    code = forms.CharField(label="新设的区划代码", required=False, max_length=12)

    field_order = ("place", "place_2", "place_3", "into", "name", "code", "institutions")

    def perform(self) -> Outcome:
        data = self.cleaned_data
        places = [data[name] for name in ("place", "place_2", "place_3") if data[name]]
        new = NewPlace(data["name"], data["code"]) if data["name"] or data["code"] else None
        return merge_places(places, into=data["into"], new=new, institutions=data["institutions"], **self.dated)


class SplitPlace(PlaceChange):
    place = PlaceField(None, label="哪个村（社区）")
    stays = forms.ChoiceField(label="原来的村（社区）", choices=STAYS, widget=forms.RadioSelect, initial="stays")
    parts = forms.CharField(
        label="新设的村（社区）",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="每行一个：全称，空一格，12 位区划代码。如：新汉东社区居委会 450124100007",
    )

    field_order = ("place", "stays", "parts", "institutions")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["institutions"].help_text = "原来的村（社区）不再保留时才用到；划归的是写在第一行的"

    def clean_parts(self) -> list[NewPlace]:
        parts = []
        for line in filter(None, map(str.strip, clean_lines(self.cleaned_data["parts"]).splitlines())):
            read = _PLACE_LINE.match(line)
            if not read:
                raise ValidationError(f"“{line[:40]}”里没有区划代码：请写成“新汉东社区居委会 450124100007”")
            parts.append(NewPlace(read["name"], read["code"]))
        return parts

    def perform(self) -> Outcome:
        data = self.cleaned_data
        return split_place(
            data["place"],
            parts=data["parts"],
            stays=data["stays"] == "stays",
            institutions=data["institutions"],
            **self.dated,
        )


class UndoForm(forms.Form):
    why = forms.CharField(
        label="为什么撤销", max_length=200, help_text="如：日期填错、选错了单位；撤销以后可以重新办理"
    )
