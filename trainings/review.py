"""The review desk: what a reviewer may look for, in which order, and what they decide. What is worth a second look,
trainings/hints/ says."""

import bisect
import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django import forms
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone

from networks.access import involving
from networks.models import Division, MemberUnit, User
from networks.models.places import Tier
from networks.names import clean_text

from . import years
from .hints import Hint, hints_of
from .models import Evidence, ReturnReason, Status, Theme, TrainingSession
from .models.session_constraints import MOST_ATTENDANCES

TABS = {"pending": "待审核", "returned": "已退回", "verified": "已核定", "locked": "年度已锁定未核定"}
ORDER = {
    "pending": ("submitted_at", "pk"),  # who has waited longest comes first
    "locked": ("submitted_at", "pk"),
    "returned": ("-returned_at", "-pk"),
    "verified": ("-verified_at", "-pk"),
}
SORTED = ("pending", "locked")  # tabs with a choice of order


# --- the queue -------------------------------------------------------------------------------------


class QueueFilter(forms.Form):
    """What the queue is narrowed to. It comes from the query string: whatever makes no sense there is passed over."""

    q = forms.CharField(label="名称、地点或编号", required=False, max_length=60)
    year = forms.TypedChoiceField(label="年度", required=False, coerce=int, empty_value=None)
    unit = forms.ModelChoiceField(MemberUnit.objects.none(), label="单位", required=False, empty_label="全部单位")
    township = forms.ModelChoiceField(Division.objects.none(), label="举办乡镇", required=False, empty_label="全部乡镇")
    theme = forms.ModelChoiceField(Theme.objects.none(), label="主题", required=False, empty_label="全部主题")
    evidence = forms.ChoiceField(
        label="佐证材料", required=False, choices=[("", "不限"), ("with", "有"), ("without", "没有")]
    )
    mine = forms.ChoiceField(
        label="由谁核定",
        required=False,
        choices=[("", "不限"), ("open", "我能核定的"), ("barred", "须由别人核定的")],
    )
    sort = forms.ChoiceField(label="排序", required=False, choices=[("", "提示多的在前"), ("waiting", "等得久的在前")])

    def __init__(self, data: QueryDict, user: User, first_year: int, last_year: int, *, sortable: bool) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.user = user
        choices = [(year, f"{year}年") for year in range(last_year, first_year - 1, -1)]
        self.fields["year"].choices = [("", "全部年度"), *choices]
        self.fields["unit"].queryset = MemberUnit.objects.visible_to(user)
        self.fields["township"].queryset = Division.objects.visible_to(user).filter(tier=Tier.TOWNSHIP)
        self.fields["theme"].queryset = Theme.objects.visible_to(user)
        if not sortable:
            del self.fields["sort"]
        self.is_valid()
        self.chosen = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        self.by_hints = sortable and not self.chosen.pop("sort", "")

    def narrow(self, sessions: QuerySet) -> QuerySet:
        chosen = self.chosen
        if "q" in chosen:
            sessions = sessions.filter(
                Q(title__icontains=chosen["q"])
                | Q(venue__icontains=chosen["q"])
                | Q(organiser_written__icontains=chosen["q"])
                | Q(number__iexact=chosen["q"])
            )
        if "year" in chosen:
            sessions = sessions.in_year(chosen["year"])
        if "unit" in chosen:
            sessions = sessions.filter(organiser=chosen["unit"])
        if "township" in chosen:
            sessions = sessions.held_within(chosen["township"])
        if "theme" in chosen:
            sessions = sessions.filter(theme=chosen["theme"])
        if "evidence" in chosen:
            shown = Exists(Evidence.objects.filter(session=OuterRef("pk")))
            sessions = sessions.filter(shown if chosen["evidence"] == "with" else ~shown)
        if "mine" in chosen:
            barred = involving(self.user.person_id)
            sessions = sessions.filter(barred if chosen["mine"] == "barred" else ~barred)
        return sessions


@dataclass(frozen=True)
class Queue:
    """One tab of the desk as one reviewer sees it, narrowed and in order."""

    tab: str
    filter: QueueFilter
    sessions: QuerySet
    counts: dict[str, int]  # of every tab, narrowed alike
    # By hints: the sessions' places in the order, which the database cannot know, and what was found about each.
    places: list[tuple] | None = None
    hints: dict[int, list[Hint]] = field(default_factory=dict)

    @property
    def keys(self) -> list[int] | QuerySet:
        """The sessions' keys in order, for a paginator."""
        return (
            [place[-1] for place in self.places]
            if self.places is not None
            else self.sessions.values_list("pk", flat=True)
        )

    def first(self) -> TrainingSession | None:
        return self._at(0) if self.places is not None else self.sessions.first()

    def neighbours(self, session: TrainingSession) -> tuple[TrainingSession | None, TrainingSession | None]:
        """Whom to review before and after this one; the session itself may have left."""
        if not session.submitted_at:
            return None, None
        if self.places is not None:
            return self._beside(session)
        moment, pk = session.submitted_at, session.pk
        earlier = Q(submitted_at__lt=moment) | Q(submitted_at=moment, pk__lt=pk)
        later = Q(submitted_at__gt=moment) | Q(submitted_at=moment, pk__gt=pk)
        return self.sessions.filter(earlier).reverse().first(), self.sessions.filter(later).first()

    def _beside(self, session: TrainingSession) -> tuple[TrainingSession | None, TrainingSession | None]:
        hints = self.hints.get(session.pk)
        if hints is None:
            hints = hints_of(TrainingSession.objects.filter(pk=session.pk), self.filter.user.county_code)[session.pk]
        place = _place(hints, session.submitted_at, session.pk)
        at = bisect.bisect_left(self.places, place)
        after = at + (at < len(self.places) and self.places[at] == place)
        return self._at(at - 1), self._at(after)

    def _at(self, place: int) -> TrainingSession | None:
        if not 0 <= place < len(self.places):
            return None
        return self.sessions.filter(pk=self.places[place][-1]).first()


def _place(hints: list[Hint], submitted_at: datetime.datetime, pk: int) -> tuple:
    """By what the queue is ordered: the weight of the hints that nobody has answered, then who has waited longest."""
    waiting = [hint.weight for hint in hints if hint.answer is None]
    return -sum(waiting), -len(waiting), submitted_at, pk


def queue_for(user: User, query: QueryDict) -> Queue:
    """The desk by a query string; an unknown tab is the pending one. The same number of queries for any number of rows."""
    tab = query.get("tab") if query.get("tab") in TABS else "pending"
    visible = TrainingSession.objects.visible_to(user)
    locked = _in_locked_years(visible.awaiting_review(), user.county_code)
    of_tab = {
        "pending": visible.awaiting_review().exclude(locked),
        "locked": visible.awaiting_review().filter(locked),
        "returned": visible.filter(status=Status.RETURNED),
        "verified": visible.filter(status=Status.VERIFIED),
    }
    days = of_tab[tab].aggregate(first=Min("held_on"), last=Max("held_on"))
    today = timezone.localdate()
    first, last = ((days[end] or today).year for end in ("first", "last"))
    form = QueueFilter(query, user, first, last, sortable=tab in SORTED)
    narrowed = {name: form.narrow(rows) for name, rows in of_tab.items()}
    sessions, places, hints = narrowed[tab].order_by(*ORDER[tab]), None, {}
    if form.by_hints:
        hints = hints_of(narrowed[tab], user.county_code)
        moments = dict(narrowed[tab].order_by().values_list("pk", "submitted_at"))
        places = sorted(_place(hints.get(pk, []), moment, pk) for pk, moment in moments.items())
    return Queue(
        tab=tab,
        filter=form,
        sessions=sessions,
        counts={name: rows.count() for name, rows in narrowed.items()},
        places=places,
        hints=hints,
    )


def _in_locked_years(pending: QuerySet, county_code: str) -> Q:
    """What was still submitted when its year was locked has left the queue for good."""
    condition = Q(pk__in=[])
    for first in pending.dates("held_on", "year"):
        if years.rules_of(county_code, first.year).locked:
            condition |= Q(held_on__gte=first, held_on__lt=datetime.date(first.year + 1, 1, 1))
    return condition


def as_rows(sessions: QuerySet) -> QuerySet:
    """What a row of the queue shows: names, and how much evidence there is."""
    evidence = Evidence.objects.filter(session=OuterRef("pk")).order_by().values("session")
    return sessions.for_display().annotate(
        evidence_count=Coalesce(Subquery(evidence.annotate(n=Count("pk")).values("n")), 0)
    )


# --- decisions -------------------------------------------------------------------------------------


class _Seen(forms.Form):
    seen_version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class VerifyForm(_Seen):
    attendance = forms.IntegerField(
        label="核定人次",
        min_value=1,
        max_value=MOST_ATTENDANCES,
        widget=forms.NumberInput(attrs={"class": "w-figure", "inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": "请填写核定人次",
            "invalid": "请填写整数",
            "min_value": f"应是 1 到 {MOST_ATTENDANCES:,} 的整数",
            "max_value": f"应是 1 到 {MOST_ATTENDANCES:,} 的整数",
        },
    )
    reason = forms.CharField(
        label="核定说明",
        required=False,
        max_length=200,
        help_text="与填报不同时必填，如“签到表 38 人”",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict | None, session: TrainingSession) -> None:
        initial = {"attendance": session.reported_attendance, "seen_version": session.version}
        super().__init__(data, initial=initial, auto_id="verify_%s")
        self.session = session
        self.fields["attendance"].widget.attrs["data-reported"] = session.reported_attendance or ""

    def clean(self) -> dict:
        given = super().clean()
        figure = given.get("attendance")
        if figure is not None and figure != self.session.reported_attendance and not given.get("reason"):
            self.add_error("reason", f"与填报的 {self.session.reported_attendance} 人次不同，请说明理由")
        return given


class ReasonForm(forms.Form):
    """Why a session goes back to its unit: a reason of the list, and words, which 其他 requires."""

    reason = forms.ChoiceField(
        label="退回原因",
        choices=[("", "请选择"), *ReturnReason.choices],
        error_messages={"required": "请选择退回原因"},
    )
    note = forms.CharField(
        label="具体说明",
        required=False,
        max_length=300,
        help_text="填报人首先看到，请写明改什么、补什么",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict:
        given = super().clean()
        if given.get("reason") == ReturnReason.OTHER and not given.get("note"):
            self.add_error("note", "选择“其他”时，请用文字说明")
        return given


class ReturnForm(ReasonForm, _Seen):
    """For returning and for revoking alike."""

    def __init__(self, data: QueryDict | None, session: TrainingSession) -> None:
        super().__init__(data, initial={"seen_version": session.version}, auto_id="return_%s")


class PlaceChoice(forms.ModelChoiceField):
    def label_from_instance(self, place: Division) -> str:
        return place.path


class WordingForm(_Seen):
    """文字更正（经电话核实）: what the bureau may mend itself; figures go back to the unit."""

    WORDING = ("title", "theme", "place", "outside_county", "venue")

    title = forms.CharField(label="培训名称", max_length=100, error_messages={"required": "请填写培训名称"})
    theme = forms.ModelChoiceField(Theme.objects.none(), label="主题类别", required=False, empty_label="未填")
    place = PlaceChoice(Division.objects.none(), label="举办地", required=False, empty_label="未填")
    outside_county = forms.BooleanField(label="在县外举办", required=False)
    venue = forms.CharField(label="培训地点", required=False, max_length=100)

    def __init__(self, data: QueryDict | None, session: TrainingSession, user: User) -> None:
        initial = {name: getattr(session, name) for name in self.WORDING} | {"seen_version": session.version}
        super().__init__(data, initial=initial, auto_id="wording_%s")
        themes = Theme.objects.visible_to(user)
        self.fields["theme"].queryset = themes.filter(Q(retired=False) | Q(pk=session.theme_id))
        places = Division.objects.visible_to(user).select_related("parent")
        self.fields["place"].queryset = places.filter(Q(retired_on=None) | Q(pk=session.place_id))

    def clean_title(self) -> str:
        return clean_text(self.cleaned_data["title"])

    def clean_venue(self) -> str:
        return clean_text(self.cleaned_data["venue"])

    def clean(self) -> dict:
        given = super().clean()
        if given.get("outside_county") and given.get("place"):
            self.add_error("place", "在县外举办的，举办地请选“未填”")
        if "place" in given and not given["place"] and not given.get("outside_county"):
            self.add_error("place", "请选择举办地，或勾选“在县外举办”")
        return given

    def changes(self, session: TrainingSession) -> dict:
        """Only what differs from the session, so that the history says what was mended."""
        given = {name: self.cleaned_data[name] for name in self.WORDING}
        return {name: value for name, value in given.items() if value != getattr(session, name)}


# --- ticked rows -------------------------------------------------------------------------------------


def ticked(values: Iterable[str]) -> dict[int, int]:
    """{id: version} from "<id>-<version>" as lists post their ticked rows; what makes no sense is passed over."""
    found = {}
    for value in values:
        pk, _, version = value.partition("-")
        if all(part.isascii() and part.isdigit() for part in (pk, version)) and len(pk) < 19 and len(version) < 10:
            found[int(pk)] = int(version)
    return found
