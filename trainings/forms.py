"""The entry form of a session and the filters of its list. Every choice starts from `visible_to(user)`."""

import re
from datetime import date, timedelta
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from networks.access import Action, can, units_to_enter_for
from networks.forms import PlaceField, by_township, place_choices
from networks.models import AffiliatedBody, Division, Institution, LearningGroup, MemberUnit, Tier, UnitSuccession, User
from networks.names import clean_text, match_key

from . import years
from .course_forms import LONGEST_MINUTES, fill_from, filled_by, offer_courses
from .models import Audience, DeliveryForm, Language, Programme, Project, Refused, Status, Theme, TrainingSession
from .models.entry import co_organiser_words
from .models.session import LESSON_MINUTES, retired_place_sentence
from .models.session_constraints import MOST_ATTENDANCES

LENGTH_UNITS = [("lesson", "学时（45分钟）"), ("hour", "小时"), ("minute", "分钟")]
MINUTES_IN = {"lesson": LESSON_MINUTES, "hour": 60, "minute": 1}
FIRST_YEAR, LAST_YEAR = 2000, 2099
LATE_ENTRY = timedelta(days=365)  # a group that has ended since may be named for a session entered this late
_SPLIT = re.compile(r"[、，,;；\n]+")  # as co-organisers are split in the ledger


# --- audiences: one chip each, with an optional number of heads --------------------------------------


class AudiencesInput(forms.Widget):
    """A chip per audience: `<name>` holds the chosen ids, `<name>_<id>` the number beside each. Its value is a list of
    (id, number as typed)."""

    template_name = "trainings/widgets/audiences.html"
    rows: list[Audience] = []
    OFTEN = 10  # the vocabulary's first are the common ones; the rest are folded

    def value_from_datadict(self, data, files, name):
        chosen = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        return [(key, str(data.get(f"{name}_{key}") or "").strip()) for key in chosen]

    def value_omitted_from_data(self, data, files, name):
        return False

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        chosen = {str(key): number for key, number in value or []}
        rows = [
            {"audience": row, "checked": str(row.pk) in chosen, "number": chosen.get(str(row.pk)) or ""}
            for row in self.rows
        ]
        often, rest = rows[: self.OFTEN], rows[self.OFTEN :]
        context["widget"] |= {"often": often, "rest": rest, "rest_open": any(row["checked"] for row in rest)}
        return context

    def id_for_label(self, id_):
        return ""  # a group of inputs: the legend names it


class AudiencesField(forms.Field):
    """Cleans to a list of (Audience, number or None) in the vocabulary's order."""

    widget = AudiencesInput

    def offer(self, rows: list[Audience]) -> None:
        self.rows = self.widget.rows = rows

    def clean(self, value):
        known = {str(row.pk): row for row in self.rows}
        given = dict(value or [])
        if not set(given) <= set(known):
            raise ValidationError("请从列出的培训对象中选择")
        counts = []
        for key, row in known.items():
            if key in given:
                number = _whole_number(given[key])
                if number is not None and not 1 <= number <= MOST_ATTENDANCES:
                    raise ValidationError(f"“{row}”的人次应是 1 到 {MOST_ATTENDANCES} 的整数；分不清可以留空")
                counts.append((row, number))
        return counts

    def has_changed(self, initial, data):
        return True


def _whole_number(text: str) -> int | None:
    """１２０ and 120 are 120, '' is None, anything else 0 (which no figure may be)."""
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


# --- the entry form ----------------------------------------------------------------------------------


class SessionForm(forms.ModelForm):
    """Everything a unit reports about a session. Saves nothing: views hand `changes()`, `audiences` and `co_organisers`
    to the model's verbs. A draft may be incomplete; what a submission needs is `missing_for_submission`'s business."""

    audiences = AudiencesField(label="培训对象", required=False, help_text="可多选；知道各类多少人就填，分不清留空")
    length = forms.DecimalField(
        label="时长", required=False, min_value=0, max_digits=7, decimal_places=1, help_text="填了起止时间可以不填"
    )
    length_unit = forms.ChoiceField(label="时长单位", choices=LENGTH_UNITS, required=False)
    co_units = forms.TypedMultipleChoiceField(
        label="协办单位", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    co_names = forms.CharField(
        label="其他协办单位", required=False, max_length=200, help_text="名单里没有的写在这里，用顿号“、”隔开"
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=64, min_length=20, required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    class Meta:
        model = TrainingSession
        fields = [
            "organiser",
            "on_behalf_source",
            "course",
            "title",
            "held_on",
            "place",
            "outside_county",
            "venue",
            "form",
            "theme",
            "reported_attendance",
            "ends_on",
            "part_of_day",
            "start_time",
            "end_time",
            "organiser_written",
            "host",
            "learning_group",
            "programme",
            "project",
            "language",
            "instructors",
            "planned_attendance",
            "remarks",
        ]
        field_classes = {"place": PlaceField}
        labels = {
            "reported_attendance": "实到人次",
            "ends_on": "最后一天",
            "organiser_written": "主办单位名称",
            "remarks": "备注",
        }
        help_texts = {
            "course": "选一门，名称、主题、语言和时长没填的会照它填好；不是课程库里的不用选",
            "title": "写清楚学什么，如：桑蚕小蚕共育技术",
            "venue": "如：村委会二楼会议室",
            "reported_attendance": "这一场实际到了多少人；来两天算两人次",
            "ends_on": "连续几天的培训班才填；当天结束不用填",
            "organiser_written": "由下属机构主办时填它的名称，如镇文化站；本单位主办不用填",
            "learning_group": "由登记在册的学习团队、活动小组开展的，选它；也可以选学习型社区等",
            "planned_attendance": "",
            "instructors": "几位老师用顿号“、”隔开",
            "remarks": "",
        }
        widgets = {
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
            "held_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "w-date"}),
            "ends_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "w-date"}),
            "start_time": forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "w-time"}),
            "end_time": forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "w-time"}),
            "reported_attendance": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
            "planned_attendance": forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric"}),
            "organiser_written": forms.TextInput(attrs={"list": "bodies", "autocomplete": "off"}),
            "remarks": forms.Textarea(attrs={"rows": 3}),
        }

    # What a submission needs is marked for the browser; 保存草稿 skips these marks (formnovalidate).
    NEEDED = ("title", "held_on", "form", "reported_attendance")
    VOCABULARIES = {
        "form": DeliveryForm,
        "theme": Theme,
        "programme": Programme,
        "project": Project,
        "language": Language,
    }

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.on_behalf = can(user, Action.ENTER_ON_BEHALF)
        self.stored = self.instance if self.instance.pk else None
        # Whose session it is; for the bureau what it chooses. A predecessor's draft stays the predecessor's.
        self.unit = None if self.on_behalf else self.stored.organiser if self.stored else user.own_unit
        self._offer_units()
        self._offer_places()
        self._offer_words()
        self._offer_courses()
        for name in self.NEEDED:
            self.fields[name].required = False
            self.fields[name].widget.attrs["required"] = True
        for name in ("reported_attendance", "planned_attendance"):
            field = self.fields[name]
            sentence = f"应是 1 到 {MOST_ATTENDANCES} 的整数"
            field.error_messages["invalid"] = sentence
            field.validators = [MinValueValidator(1, sentence), MaxValueValidator(MOST_ATTENDANCES, sentence)]
            field.widget.attrs |= {"min": 1, "max": MOST_ATTENDANCES}
        self.fields["co_units"].widget.attrs["class"] = "form-check-input"

    def _offer_units(self) -> None:
        if self.on_behalf:
            self.fields["organiser"].queryset = units_to_enter_for(self.user)
            self.fields["organiser"].empty_label = "请选择责任单位"
            self.fields["organiser"].error_messages["required"] = "请选择责任单位"
            self.fields["on_behalf_source"].choices = [("", "请选择来源")] + [
                pair for pair in TrainingSession.Source.choices if pair[0] != TrainingSession.Source.LEDGER
            ]
            self.fields["on_behalf_source"].required = True
            self.fields["on_behalf_source"].error_messages["required"] = "请选择代录来源"
            self.fields["on_behalf_source"].help_text = "这一场是单位通过什么方式告诉您的"
            if self.stored and self.stored.on_behalf_source == TrainingSession.Source.LEDGER:
                del self.fields["on_behalf_source"]
        else:
            del self.fields["organiser"], self.fields["on_behalf_source"]
        self.all_units = {unit.pk: unit for unit in MemberUnit.objects.visible_to(self.user)}
        own, kept = self.user.own_unit_ids, self.initial.get("co_units", [])
        self.fields["co_units"].choices = [
            (pk, unit.name)
            for pk, unit in self.all_units.items()
            if pk not in own and (unit.retired_on is None or pk in kept)
        ]
        self.bodies = [] if self.on_behalf else self._own_bodies()

    def _own_bodies(self) -> list[str]:
        today = timezone.localdate()
        bodies = AffiliatedBody.objects.visible_to(self.user).filter(unit=self.user.own_unit) if self.unit else []
        return [body.name for body in bodies if body.in_force_on(today)]

    def _offer_places(self) -> None:
        own = self.user.home_place
        places = Division.objects.visible_to(self.user).select_related("parent")
        hosts = Institution.objects.visible_to(self.user)
        hosts = hosts.exclude(state=Institution.State.CLOSED) | hosts.filter(pk=getattr(self.stored, "host_id", None))
        self.fields["place"].queryset = places
        self.fields["host"].queryset = hosts
        rows = list(places)
        gone = [(row.pk, row.path) for row in rows if row.retired_on]
        self.fields["place"].choices = [
            ("", "请选择举办地"),
            *place_choices([row for row in rows if not row.retired_on], own),
            *([("已撤并（只用于撤并以前的培训）", gone)] if gone else []),
        ]
        names = {row.pk: row.short_name for row in rows if row.tier != Tier.VILLAGE}
        above = {row.pk: row.township_code for row in rows}
        groups = LearningGroup.objects.visible_to(self.user)
        day = timezone.localdate() - LATE_ENTRY
        groups = groups.existing(day) | groups.filter(pk=getattr(self.stored, "learning_group_id", None))
        self.fields["learning_group"].queryset = groups
        for name, empty, offered in (("host", "没有，或不清楚", hosts), ("learning_group", "不是", groups)):
            self.fields[name].choices = [
                ("", empty),
                *(
                    (names.get(code, code), [(row.pk, row.name) for row in group])
                    for code, group in by_township(offered, lambda row: above.get(row.division_id, ""), own)
                ),
            ]

    def _offer_words(self) -> None:
        for name, model in self.VOCABULARIES.items():
            words = model.objects.visible_to(self.user)
            kept = getattr(self.stored, f"{name}_id", None)
            self.fields[name].queryset = words.current() | words.filter(pk=kept)
            self.fields[name].empty_label = "请选择"
        self.fields["part_of_day"].choices = [("", "不填"), *TrainingSession.PartOfDay.choices]
        audiences = Audience.objects.visible_to(self.user)
        kept = [key for key, _ in self.initial.get("audiences", [])]
        self.fields["audiences"].offer(list(audiences.current() | audiences.filter(pk__in=kept)))

    def _offer_courses(self) -> None:
        """The field goes where there is nothing to choose; the page gets what each course would fill in."""
        offered = offer_courses(self.fields["course"], self.user, getattr(self.stored, "course_id", None))
        if not offered:
            del self.fields["course"]
        self.courses_filled = {row.pk: filled_by(row) | length_as_typed(row.minutes) for row in offered}

    # --- checks ------------------------------------------------------------------------------------

    def clean_title(self) -> str:
        return clean_text(self.cleaned_data["title"])

    def clean_venue(self) -> str:
        return clean_text(self.cleaned_data["venue"])

    def clean_instructors(self) -> str:
        return clean_text(self.cleaned_data["instructors"])

    def clean_organiser_written(self) -> str:
        return clean_text(self.cleaned_data["organiser_written"])

    def clean(self) -> dict:
        data = super().clean()
        self._clean_days(data)
        self._clean_length(data)
        if data.get("course") and "course" in self.changed_data:
            fill_from(data["course"], data)
        self._clean_learning_group(data)
        if data.get("outside_county"):
            data["place"] = None
        self._clean_place(data)
        self._clean_organiser_written(data)
        self._clean_co_organisers(data)
        self._clean_wording(data)
        return data

    def _clean_days(self, data: dict) -> None:
        first, last = data.get("held_on"), data.get("ends_on")
        for name, day in (("held_on", first), ("ends_on", last)):
            if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add_error(name, f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
        if last and not first and "held_on" not in self.errors:
            self.add_error("held_on", "填了最后一天，也请填写第一天的日期")
        if first and last and last < first:
            self.add_error("ends_on", "最后一天不能早于培训日期")
        if last == first:
            last = data["ends_on"] = None
        start, end = data.get("start_time"), data.get("end_time")
        if start and end and not last and end <= start:
            self.add_error("end_time", "结束时间应晚于开始时间；下午请按 24 小时填，如 14:30")

    def _clean_place(self, data: dict) -> None:
        place, day = data.get("place"), data.get("held_on")
        unchanged = self.stored and not {"place", "held_on"} & set(self.changed_data)
        if place and day and not unchanged and place.retired_on and place.retired_on <= day:
            self.add_error("place", retired_place_sentence(place, day))

    def _clean_length(self, data: dict) -> None:
        length: Decimal | None = data.get("length")
        minutes = length * MINUTES_IN[data.get("length_unit") or "lesson"] if length else None
        if minutes is not None and minutes > LONGEST_MINUTES:
            self.add_error("length", "时长太大，请核对单位是学时、小时还是分钟")
        data["minutes"] = round(minutes) or None if minutes else None

    def _clean_learning_group(self, data: dict) -> None:
        group, day = data.get("learning_group"), data.get("held_on")
        if group and day and group.ended_on and day > group.ended_on:
            last = f"{group.ended_on.year}年{group.ended_on.month}月{group.ended_on.day}日"
            self.add_error("learning_group", f"“{group}”已于{last}结束，请核对培训日期，或选“不是”")

    def _clean_organiser_written(self, data: dict) -> None:
        """A body that is affiliated to another unit would take the credit there (归口), so it cannot stand here."""
        written = data.get("organiser_written")
        unit = data.get("organiser") if self.on_behalf else self.unit
        if not written or unit is None:
            return
        own = {unit.pk, *self.user.own_unit_ids}
        key, day = match_key(written), data.get("held_on") or timezone.localdate()
        elsewhere = [
            body.unit
            for body in AffiliatedBody.objects.visible_to(self.user).select_related("unit")
            if match_key(body.name) == key and body.in_force_on(day) and body.unit_id not in own
        ] + [
            other for other in self.all_units.values() if other.pk not in own and key in map(match_key, other.all_names)
        ]
        if elsewhere:
            self.add_error("organiser_written", f"“{written}”归口{elsewhere[0]}，请由该单位登记，或改为协办单位")

    def _clean_co_organisers(self, data: dict) -> None:
        organiser = data.get("organiser") if self.on_behalf else self.unit
        units = {match_key(name): unit for unit in self.all_units.values() for name in unit.all_names}
        chosen = [self.all_units[pk] for pk in data.get("co_units") or []]
        names: list[str] = []
        for part in filter(None, map(clean_text, _SPLIT.split(data.get("co_names") or ""))):
            unit = units.get(match_key(part))
            if unit and unit not in chosen:
                chosen.append(unit)
            elif not unit and part not in names:
                names.append(part)
        day = data.get("held_on") or timezone.localdate()
        chosen = list(dict.fromkeys(UnitSuccession.objects.standing_on(unit, day) for unit in chosen))
        if organiser in chosen:
            self.add_error("co_units", "协办单位里不用选主办单位自己")
        if any(len(name) > 60 for name in names):
            self.add_error("co_names", "每个协办单位的名称最多 60 个字；几个单位请用顿号“、”隔开")
        data["co_organisers"] = [(unit, unit.name) for unit in chosen] + [(None, name) for name in names]

    def _clean_wording(self, data: dict) -> None:
        protected = Audience.objects.protected_names()
        texts = data | {"co_organiser_text": co_organiser_words(data["co_organisers"])}
        for name in (*TrainingSession.PUBLIC_TEXTS, "remarks"):
            written = TrainingSession(**{name: texts.get(name) or ""})
            try:
                written.refuse_id_numbers()
                written.refuse_protected_names(protected)
            except Refused as refused:
                self.add_error("co_names" if name == "co_organiser_text" else name, refused.reasons[0])

    # --- what the verbs are given --------------------------------------------------------------------

    def changes(self) -> dict:
        """{field: value} for `enter` and `revise`."""
        names = [name for name in self.Meta.fields if name in self.fields]
        changed = {name: self.cleaned_data[name] for name in names} | {"minutes": self.cleaned_data["minutes"]}
        if not self.stored and not self.on_behalf:
            changed["organiser"] = self.user.unit_on(changed["held_on"])
        return changed

    @property
    def fields_filled(self) -> int:
        """How many fields somebody had to fill, beyond what the form offered by itself."""
        given = (
            self.cleaned_data.get(field.name) for field in self.visible_fields() if field.name in self.changed_data
        )
        return sum(value not in (None, "", [], False) for value in given)

    @property
    def needs(self) -> list[dict]:
        """All that a submission can lack, each with its field and whether it is lacking in the form as shown."""
        shown = self.instance if self.is_bound else self._as_offered()  # a checked form has filled its instance
        lacking = shown.missing_for_submission()
        needs = [(need.field, need) for need in TrainingSession.NEEDED]
        needs.append(("over", TrainingSession.NOT_OVER))
        return [
            *(
                {"key": key, "field": self[need.field], "sentence": need.sentence, "lacking": need in lacking}
                for key, need in needs
            ),
            *self._late_years(shown.held_on),
        ]

    def _late_years(self, held_on: date | None) -> list[dict]:
        """For each year closed to the unit (补报) of those that are usual here what a submission lacks, by late-YYYY. The
        server looks at any other year, and at the unit that the bureau has chosen, when the form arrives."""
        if self.on_behalf or not self.unit or (self.stored and self.stored.status == Status.RETURNED):
            return []
        today, county = timezone.localdate(), self.unit.county_id
        said = {
            year: years.rules_of(county, year).late_for(self.unit.pk, today) for year in (today.year, today.year - 1)
        }
        shown = held_on and held_on.year
        return [
            {"key": f"late-{year}", "field": self["held_on"], "sentence": sentence, "lacking": shown == year}
            for year, sentence in said.items()
            if sentence
        ]

    def _as_offered(self) -> TrainingSession:
        """The session that an untouched form would make."""
        names = ("title", "held_on", "ends_on", "start_time", "end_time", "outside_county", "reported_attendance")
        values = {name: self.initial[name] for name in names if self.initial.get(name)}
        return TrainingSession(place_id=self.initial.get("place"), form_id=self.initial.get("form"), **values)

    @property
    def more_open(self) -> bool:
        """Whether the folded fields hold something to see: an error, or a value that was there before."""
        folded = [
            "ends_on", "part_of_day", "start_time", "end_time", "length", "organiser_written", "host", "learning_group",
            "co_units", "co_names", "instructors", "programme", "project", "language", "planned_attendance", "remarks",
        ]  # fmt: skip
        return any(name in self.errors or self[name].value() for name in folded)

    @property
    def audience_counts(self) -> list:
        return self.cleaned_data["audiences"]

    @property
    def co_organisers(self) -> list:
        return self.cleaned_data["co_organisers"]


def length_as_typed(minutes: int | None) -> dict:
    """{length, length_unit} for a stored number of minutes: whole lessons as lessons, else hours, else minutes."""
    if not minutes:
        return {}
    for unit in ("lesson", "hour"):
        if minutes % MINUTES_IN[unit] == 0:
            return {"length": minutes // MINUTES_IN[unit], "length_unit": unit}
    return {"length": minutes, "length_unit": "minute"}


def initial_of(session: TrainingSession) -> dict:
    """What the form shows for a stored session, beside the model's own fields. Two queries."""
    parts = list(session.co_organisers.all())
    return {
        "audiences": [(str(row.audience_id), str(row.number or "")) for row in session.audience_counts.all()],
        "co_units": [part.unit_id for part in parts if part.unit_id],
        "co_names": "、".join(part.name for part in parts if not part.unit_id),
        **length_as_typed(None if session.minutes == session.clock_minutes else session.minutes),
    }


def initial_for_new(user: User) -> dict:
    """Today, one's own place, and for the county centre its own name: 县教育局 gets the credit (二(一)1)."""
    home = user.home_place or None
    centre = Institution.objects.visible_to(user).filter(division_id=home, kind=Institution.Kind.CENTRE).first()
    named = (
        {}
        if centre is None or user.home_unit_id or can(user, Action.ENTER_ON_BEHALF)
        else {"organiser_written": centre.name}
    )
    return {"held_on": timezone.localdate(), "place": home} | named


COPIED = (
    "organiser",
    "on_behalf_source",
    "course",
    "title",
    "place",
    "outside_county",
    "venue",
    "form",
    "theme",
    "part_of_day",
    "start_time",
    "end_time",
    "organiser_written",
    "host",
    "learning_group",
    "programme",
    "project",
    "language",
    "instructors",
    "remarks",
)


def initial_from_copy(source: TrainingSession) -> dict:
    """复制上一场: everything but the dates and the figures."""
    copied = {name: getattr(source, TrainingSession._meta.get_field(name).attname) for name in COPIED}
    parts = initial_of(source)
    parts["audiences"] = [(key, "") for key, _ in parts["audiences"]]
    return copied | parts | {"held_on": timezone.localdate()}


# --- the list's filters --------------------------------------------------------------------------------


class SessionFilter(forms.Form):
    """Query parameters of the list; whatever makes no sense is passed over, never an error."""

    year = forms.CharField(required=False, max_length=4)
    status = forms.CharField(required=False, max_length=10)
    whose = forms.CharField(required=False, max_length=5)
    unit = forms.CharField(required=False, max_length=20)
    month = forms.IntegerField(required=False, min_value=1, max_value=12)
    audience = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    place = forms.CharField(required=False, max_length=12)
    host = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    group = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    project = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    course = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    q = forms.CharField(required=False, max_length=50)
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def value(self, name: str):
        """The valid value of a parameter, or None."""
        self.is_valid()
        return self.cleaned_data.get(name) or None

    @property
    def year_shown(self) -> int | None:
        """The year asked for, this year without a word, None for all years (`all`)."""
        text = self.value("year") or ""
        if text == "all":
            return None
        known = text.isascii() and text.isdecimal() and FIRST_YEAR <= int(text) <= LAST_YEAR
        return int(text) if known else timezone.localdate().year

    @property
    def status_shown(self) -> str | None:
        status = self.value("status")
        return status if status in Status.values else None


def years_offered(shown: int | None) -> list[int]:
    """Next year (plans) down to ten years back, and whatever is being shown."""
    this = timezone.localdate().year
    return sorted({*range(this - 10, this + 2), *([shown] if shown else [])}, reverse=True)


class SheetForm(forms.Form):
    """How many lines a blank sign-in sheet has."""

    people = forms.IntegerField(required=False, min_value=1, max_value=1000)
