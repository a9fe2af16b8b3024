"""Forms about people: who is meant, what they do where, when they leave, who takes over, how long helpers served."""

from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, OuterRef, Prefetch, Q, Value, When
from django.utils import timezone

from .access import barred_from_rewriting, people_to_appoint
from .forms import DateInput, VersionedForm
from .models import (
    Appointment,
    Division,
    Institution,
    MemberUnit,
    Person,
    Places,
    ServiceRecord,
    SharedResource,
    Tier,
    User,
    township_today,
)
from .names import clean_text, match_key, plain_phone

NEW = "new"


def clean_phone(text: str) -> str:
    """The number as it is kept, or ''. Raises ValidationError for what is none."""
    try:
        return plain_phone(text) if clean_text(text) else ""
    except ValueError:
        raise ValidationError("请填写电话号码，如 0771-6820000 或手机号；这里不登记身份证号码") from None


class PersonChoice(forms.ModelChoiceField):
    """People with what they do, so that two of one name are told apart."""

    def label_from_instance(self, person: Person) -> str:
        known = "、".join(str(row) for row in person.current) or person.post
        return f"{person.name}（{known}）" if known else person.name


def offered(user: User):
    """`people_to_appoint` with their current appointments as this account sees them."""
    current = Appointment.objects.visible_to(user).not_ended(timezone.localdate()).select_related("institution", "unit")
    return people_to_appoint(user).prefetch_related(Prefetch("appointments", current, to_attr="current"))


class WhoForm(forms.Form):
    """Somebody who is known already, or a new person by name and telephone. One who seems to be known is pointed out once:
    the clerk says whether it is the same person (no refusal)."""

    person = PersonChoice(
        label="已登记的人员",
        queryset=Person.objects.none(),
        required=False,
        empty_label="不在名单里，在下面填写姓名",
    )
    name = forms.CharField(label="姓名", required=False, max_length=30, help_text="名单里没有这个人时填写")
    phone = forms.CharField(
        label="电话", required=False, max_length=30, widget=forms.TextInput({"type": "tel", "class": "w-half"})
    )
    same = forms.ChoiceField(label="是不是同一个人", required=False, widget=forms.RadioSelect)

    def ask_for(self, user: User) -> None:
        """Called first: for whom the form is shown, which decides whom it offers."""
        self.user = user
        self.fields["person"].queryset = offered(user)
        namesakes = self._namesakes() if self.is_bound else []
        if namesakes:
            words = [
                (str(p.pk), f"就是{self.fields['person'].label_from_instance(p)} {p.masked_phone}") for p in namesakes
            ]
            self.fields["same"].choices = [*words, (NEW, "不是同一个人，另外登记")]
        else:
            del self.fields["same"]

    def _namesakes(self) -> list[Person]:
        """Those on offer with the name that was typed, and the same telephone where both have one."""
        name, phone = (match_key(self.data.get(self.add_prefix(key)) or "") for key in ("name", "phone"))
        if not name or self.data.get(self.add_prefix("person")):
            return []
        alike = [p for p in self.fields["person"].queryset if match_key(p.name) == name]
        return [p for p in alike if not phone or not p.phone or match_key(p.phone) == phone]

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data.get("phone") or "")

    def clean(self):
        cleaned = super().clean()
        person, name = cleaned.get("person"), cleaned.get("name")
        if "person" in self.errors or "name" in self.errors:
            return cleaned
        if not person and not name:
            self.add_error("name", "请从名单里选人，或填写姓名")
        elif person and name and match_key(person.name) != match_key(name):
            self.add_error("name", f"上面选的是{person.name}，这里又填了另一个姓名，请只留一处")
        elif not person and "same" in self.fields and not cleaned.get("same"):
            self.add_error("same", "名单里有同名人员，请选择是不是同一个人")
        elif cleaned.get("same") not in (None, "", NEW):
            cleaned["person"] = self.fields["person"].queryset.get(pk=cleaned["same"])
        self._settle_phone(cleaned)
        return cleaned

    def _settle_phone(self, cleaned: dict) -> None:
        """A number that is typed beside somebody who is known is theirs if they have none; it is never dropped unsaid."""
        person, phone = cleaned.get("person"), cleaned.get("phone")
        if not person or not phone or match_key(person.phone) == match_key(phone):
            return
        if person.phone:
            told = f"{person.name}已登记电话 {person.masked_phone}。要改，请到这个人的页面上修改；这里请留空"
            self.add_error("phone", told)
        elif barred := barred_from_rewriting(self.user, person):
            self.add_error("phone", f"{barred}；这里请留空")

    def who(self) -> Person:
        """The person who is meant; a new one is stored. Call it inside the transaction of what they are wanted for."""
        chosen, phone = self.cleaned_data["person"], self.cleaned_data.get("phone", "")
        if chosen:
            if phone and not chosen.phone:
                chosen.phone = phone
                chosen.version += 1
                chosen.save()
            return chosen
        return Person.objects.create(county_id=self.user.county_code, name=self.cleaned_data["name"], phone=phone)


# --- appointments --------------------------------------------------------------------------------------


class SchoolChoice(forms.ModelChoiceField):
    def label_from_instance(self, school: SharedResource) -> str:
        return f"{school.name}（本学区）" if school.serves_here else school.name


def schools_for(user: User, body: Institution | MemberUnit):
    """The county's schools, those of the place's 学区 first, then those of its township (二(四)2)."""
    here, today = body.division_id, timezone.localdate()
    town = township_today(body.division)
    in_town = Q(division=town) | Q(division__parent=town) if town else Q(pk__in=[])
    serving = SharedResource.serves.through.objects.filter(sharedresource=OuterRef("pk"), division=here)
    schools = SharedResource.objects.visible_to(user).filter(kind=SharedResource.Kind.SCHOOL)
    return (
        schools.exclude(closed_on__lte=today)
        .annotate(serves_here=Exists(serving))
        .annotate(
            near=Case(
                When(serves_here=True, then=Value(0)),
                When(in_town, then=Value(1)),
                default=Value(2),
            )
        )
        .order_by("near", "division_id", "name")
    )


class AppointmentForm(VersionedForm):
    """What somebody does at a body; the person and the body are given."""

    school = SchoolChoice(
        label="派出学校",
        queryset=SharedResource.objects.none(),
        required=False,
        empty_label="（未定，或不由学校派出）",
        help_text="兼职教师由教学点所在学区的学校派出（依据 二(四)2）",
    )

    class Meta:
        model = Appointment
        fields = ["function", "title", "school", "specialities", "starts_on", "ends_on", "note"]
        widgets = {"starts_on": DateInput, "ends_on": DateInput}
        labels = {"starts_on": "任职日期", "ends_on": "离任日期"}
        help_texts = {"starts_on": "不知道可以不填", "ends_on": "自这一天起不再担任"}

    def __init__(self, *args, user: User, body: Institution | MemberUnit, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.body = user, body
        functions = Appointment.functions_at(body)
        labels = dict(Appointment.Function.choices)
        kept = [self.instance.function] if self.instance.function and self.instance.function not in functions else []
        self.fields["function"].choices = [(value, labels[value]) for value in [*functions, *kept]]
        if isinstance(body, MemberUnit):
            for name in ("school", "specialities"):
                del self.fields[name]
        else:
            self.fields["school"].queryset = schools_for(user, body)
        if not self.instance.ends_on:  # ending it has a page of its own
            del self.fields["ends_on"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("school") and cleaned.get("function") not in Appointment.FROM_SCHOOLS:
            self.add_error("school", "这个岗位不由学校派出，请留空")
        ends, starts = cleaned.get("ends_on"), cleaned.get("starts_on")
        if "ends_on" in self.fields and "ends_on" not in self.errors and not ends:
            self.add_error("ends_on", "请保留离任日期；重新任职请另外添加")
        if ends and starts and ends <= starts:
            self.add_error("ends_on", "离任日期应晚于任职日期")
        return cleaned


class NewAppointmentForm(WhoForm, AppointmentForm):
    """Somebody new or known at a body."""

    field_order = ["person", "name", "phone", "same", "function", "title", "school", "specialities", "starts_on"]

    def __init__(self, *args, user: User, body: Institution | MemberUnit, **kwargs) -> None:
        super().__init__(*args, user=user, body=body, **kwargs)
        self.ask_for(user)
        self.fields["function"].initial = Appointment.functions_at(body)[0]

    def clean(self):
        cleaned = super().clean()
        person, function = cleaned.get("person"), cleaned.get("function")
        if person and function and self._held().filter(person=person, function=function, ends_on=None).exists():
            self.add_error("function", f"{person.name}现在已担任这里的{dict(Appointment.Function.choices)[function]}")
        return cleaned

    def _held(self):
        return Appointment.objects.filter(
            **{"unit" if isinstance(self.body, MemberUnit) else "institution": self.body.pk}
        )

    def save(self, commit: bool = True) -> Appointment:
        self.instance.person = self.who()
        setattr(self.instance, "unit" if isinstance(self.body, MemberUnit) else "institution", self.body)
        return super().save(commit)


class LeaveForm(forms.Form):
    day = forms.DateField(label="离任日期", widget=DateInput, help_text="自这一天起不再担任；记录保留")

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = timezone.localdate()


class SucceedForm(WhoForm):
    """Who takes over from when."""

    title = forms.CharField(label="职务", required=False, max_length=50, help_text="不填则与前任相同")
    school = SchoolChoice(
        label="派出学校", queryset=SharedResource.objects.none(), required=False, empty_label="（未定，或不由学校派出）"
    )
    day = forms.DateField(label="接任日期", widget=DateInput, help_text="前任到这一天为止")
    field_order = ["person", "name", "phone", "same", "title", "school", "day"]

    def __init__(self, *args, user: User, appointment: Appointment, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.ask_for(user)
        self.appointment = appointment
        if appointment.function in Appointment.FROM_SCHOOLS:
            self.fields["school"].queryset = schools_for(user, appointment.body)
        else:
            del self.fields["school"]
        self.fields["day"].initial = timezone.localdate()

    def clean(self):
        cleaned = super().clean()
        person, row = cleaned.get("person"), self.appointment
        there = Appointment.objects.filter(unit=row.unit_id, institution=row.institution_id, function=row.function)
        if person and there.filter(person=person, ends_on=None).exists():
            self.add_error("person", f"{person.name}现在已担任这个岗位，请选另一个人")
        return cleaned


class PersonForm(VersionedForm):
    class Meta:
        model = Person
        fields = ["name", "phone", "post"]
        labels = {"phone": "电话", "post": "职务（人员本身的，如教师、干部）"}
        widgets = {"phone": forms.TextInput({"type": "tel", "class": "w-half"})}

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])

    def clean_phone(self) -> str:
        return clean_phone(self.cleaned_data["phone"])


class ServiceForm(VersionedForm):
    class Meta:
        model = ServiceRecord
        fields = ["held_on", "hours", "what"]
        widgets = {
            "held_on": DateInput,
            "hours": forms.NumberInput({"class": "w-figure", "inputmode": "decimal", "step": "0.5", "min": "0.1"}),
        }
        help_texts = {"hours": "小时，可以有一位小数，如 2.5"}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.fields["held_on"].initial = timezone.localdate()


# --- the list --------------------------------------------------------------------------------------------


class PeopleFilter(forms.Form):
    """What the list is narrowed by; whatever makes no sense is passed over."""

    q = forms.CharField(label="姓名", required=False, max_length=30)
    function = forms.ChoiceField(
        label="岗位", required=False, choices=[("", "全部岗位"), *Appointment.Function.choices]
    )
    township = forms.ModelChoiceField(
        label="乡镇", required=False, queryset=Division.objects.none(), empty_label="全县"
    )
    institution = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**31)
    former = forms.ChoiceField(label="在任情况", required=False, choices=[("", "现任"), ("1", "曾任")])

    def __init__(self, data, *, user: User) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control" if name == "q" else "form-select"
        self.fields["township"].queryset = Division.objects.visible_to(user).filter(tier=Tier.TOWNSHIP)
        if user.home_unit_id or not user.home_division or user.home_division.tier != Tier.COUNTY:
            del self.fields["township"]

    def value(self, name: str):
        self.is_valid()
        return self.cleaned_data.get(name) or None

    def as_address(self) -> str:
        """The query string of everything but the name."""
        asked = {name: self.value(name) for name in self.fields if name != "q"}
        return urlencode({name: getattr(value, "pk", value) for name, value in asked.items() if value})

    def apply(self, rows, *, by_name: str = ""):
        """The appointments that are asked for."""
        today = timezone.localdate()
        rows = rows.filter(ends_on__lte=today) if self.value("former") else rows.not_ended(today)
        if by_name:
            rows = rows.filter(person__name__icontains=clean_text(by_name))
        if function := self.value("function"):
            rows = rows.filter(function=function)
        if institution := self.value("institution"):
            rows = rows.filter(institution=institution)
        if place := self.value("township"):
            here = Places(place.county_code, today).within(place.pk)
            rows = rows.filter(Q(institution__division__in=here) | Q(unit__division__in=here))
        return rows


class HelpersFilter(forms.Form):
    year = forms.IntegerField(required=False, min_value=2000, max_value=2099)

    def shown(self) -> int:
        return (self.is_valid() and self.cleaned_data["year"]) or timezone.localdate().year
