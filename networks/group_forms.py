"""Forms about leading groups: the group, its seats, and who holds them since when."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from .forms import DateInput, VersionedForm
from .models import LeadingGroup, MemberUnit, Seat, SeatHolder, User
from .people_forms import WhoForm


class GroupForm(VersionedForm):
    class Meta:
        model = LeadingGroup
        fields = ["name", "basis", "set_up_on", "dissolved_on"]
        widgets = {"set_up_on": DateInput, "dissolved_on": DateInput}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["dissolved_on"]


class SeatForm(VersionedForm):
    """A post; with `copy` of a new one its place behind those of the same rank."""

    class Meta:
        model = Seat
        fields = ["rank", "post", "unit", "position", "starts_on", "ends_on"]
        widgets = {
            "starts_on": DateInput,
            "ends_on": DateInput,
            "position": forms.NumberInput({"class": "w-figure", "inputmode": "numeric"}),
        }

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = MemberUnit.objects.visible_to(user)
        self.fields["unit"].help_text = "这个职务属于哪个成员单位；不属于任何一个可以不选"
        if self.instance.pk is None:
            del self.fields["ends_on"]
            last = self.instance.group.seats.aggregate(last=Max("position"))["last"]
            self.fields["position"].initial = (last or 0) + 1

    def clean(self):
        """A new seat that says exactly what another says is a second click (IN-3); the group is held, so that two clicks at
        one moment come one after the other."""
        cleaned, group = super().clean(), self.instance.group
        if self.instance.pk is None and not self.errors:
            LeadingGroup.objects.select_for_update().get(pk=group.pk)
            if group.seats.filter(**{name: cleaned[name] for name in self.fields if name != "seen_version"}).exists():
                raise ValidationError("已有同样的席位。同一职务有几人的，请把排序写得不同")
        return cleaned

    def clean_starts_on(self):
        """Nobody has held a seat before there was one."""
        day = self.cleaned_data["starts_on"]
        if day and self.instance.pk and self.instance.holders.filter(starts_on__lt=day).exists():
            raise ValidationError("这个席位在那以前已有人担任，请先核对任职日期")
        return day

    def clean_ends_on(self):
        """A seat that goes takes nobody with it: its holder leaves first."""
        day = self.cleaned_data["ends_on"]
        if day and self.instance.holders.not_ended(day).exists():
            raise ValidationError("这个席位那时还有人担任，请先登记免去，再撤销席位")
        return day


class HandOverForm(WhoForm):
    """Who holds the seat from when. No telephone: the 通讯录 keeps those."""

    phone = None
    titles = forms.CharField(
        label="现任职务",
        required=False,
        max_length=120,
        help_text="一人可兼几职，如“县委常委、宣传部部长”；不填按席位的职务",
    )
    day = forms.DateField(label="任职日期", required=False, widget=DateInput, help_text="有前任的，前任到这一天为止")
    field_order = ["person", "name", "same", "titles", "day"]

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.ask_for(user)
        self.fields["day"].initial = timezone.localdate()


class VacateForm(forms.Form):
    day = forms.DateField(label="免去日期", widget=DateInput, help_text="自这一天起席位空缺；任职记录保留")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = timezone.localdate()


class HolderForm(VersionedForm):
    """Mends what was typed about a term; a change of holder is no correction."""

    class Meta:
        model = SeatHolder
        fields = ["titles", "starts_on", "ends_on"]
        widgets = {"starts_on": DateInput, "ends_on": DateInput}
        labels = {"starts_on": "任职日期", "ends_on": "离任日期"}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.ends_on:
            del self.fields["ends_on"]
        else:
            self.fields["ends_on"].required = True


class AsOfForm(forms.Form):
    on = forms.DateField(label="截至", required=False, widget=DateInput({"class": "form-control w-date"}))

    @property
    def day(self):
        return (self.is_valid() and self.cleaned_data["on"]) or timezone.localdate()
