"""The review desk: what a reviewer may look for and decide, and what is worth a second look (hints, not verdicts)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

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
from .models import Evidence, ReturnReason, Status, Theme, TrainingSession
from .models.session import MOST_ATTENDANCES

TABS = {"pending": "待审核", "returned": "已退回", "verified": "已核定", "locked": "年度已锁定未核定"}
ORDER = {
    "pending": ("submitted_at", "pk"),  # who has waited longest comes first
    "locked": ("submitted_at", "pk"),
    "returned": ("-returned_at", "-pk"),
    "verified": ("-verified_at", "-pk"),
}
NOT_HELD = (Status.PLANNED, Status.CANCELLED, Status.VOID)


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

    def __init__(self, data: QueryDict, user: User, first_year: int, last_year: int) -> None:
        super().__init__(data, auto_id="filter_%s")
        self.user = user
        choices = [(year, f"{year}年") for year in range(last_year, first_year - 1, -1)]
        self.fields["year"].choices = [("", "全部年度"), *choices]
        self.fields["unit"].queryset = MemberUnit.objects.visible_to(user)
        self.fields["township"].queryset = Division.objects.visible_to(user).filter(tier=Tier.TOWNSHIP)
        self.fields["theme"].queryset = Theme.objects.visible_to(user)
        self.is_valid()
        self.chosen = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

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

    def neighbours(self, session: TrainingSession) -> tuple[TrainingSession | None, TrainingSession | None]:
        """Whom to review before and after this one, by how long they have waited; the session itself may have left."""
        if not session.submitted_at:
            return None, None
        moment, pk = session.submitted_at, session.pk
        earlier = Q(submitted_at__lt=moment) | Q(submitted_at=moment, pk__lt=pk)
        later = Q(submitted_at__gt=moment) | Q(submitted_at=moment, pk__gt=pk)
        return self.sessions.filter(earlier).reverse().first(), self.sessions.filter(later).first()


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
    form = QueueFilter(query, user, (days["first"] or today).year, (days["last"] or today).year)
    narrowed = {name: form.narrow(rows) for name, rows in of_tab.items()}
    return Queue(
        tab=tab,
        filter=form,
        sessions=narrowed[tab].order_by(*ORDER[tab]),
        counts={name: rows.count() for name, rows in narrowed.items()},
    )


def _in_locked_years(pending: QuerySet, county_code: str) -> Q:
    """What was still submitted when its year was locked has left the queue for good."""
    condition = Q(pk__in=[])
    for first in pending.dates("held_on", "year"):
        if years.rules_of(county_code, first.year).locked:
            condition |= Q(held_on__gte=first, held_on__lt=datetime.date(first.year + 1, 1, 1))
    return condition


def as_rows(sessions: QuerySet) -> QuerySet:
    """What a row of the queue shows: names, how much evidence there is, and whether it looks like another session."""
    evidence = Evidence.objects.filter(session=OuterRef("pk")).order_by().values("session")
    return sessions.for_display().annotate(
        evidence_count=Coalesce(Subquery(evidence.annotate(n=Count("pk")).values("n")), 0),
        looks_double=Exists(_doubles_of(OuterRef("organiser"), OuterRef("held_on"), OuterRef("title"), OuterRef("pk"))),
    )


# --- hints -----------------------------------------------------------------------------------------


def _doubles_of(organiser, held_on, title, pk) -> QuerySet:
    return (
        TrainingSession.objects.filter(organiser=organiser, held_on=held_on, title=title)
        .exclude(pk=pk)
        .exclude(status__in=NOT_HELD)
    )


def doubles_of(session: TrainingSession, user: User) -> list[TrainingSession]:
    """Sessions of the same unit, day and name that this reviewer may see."""
    doubles = _doubles_of(session.organiser, session.held_on, session.title, session.pk)
    return list(doubles.visible_to(user).for_display()[:5])


def hints_for(session: TrainingSession, evidence: list[Evidence], rules: years.YearRules | None) -> list[str]:
    """核查提示, one sentence each; none of them refuses anything but what the year's rules refuse anyway."""
    hints = []
    if not evidence:
        demanded = rules and rules.evidence_required
        hints.append("没有佐证材料，" + ("本年度规定有材料才能核定" if demanded else "请酌情退回补充或电话核实"))
    home = session.organiser.division_id
    if session.outside_county or (session.place_id and not session.place_id.startswith(home)):
        hints.append(f"在{session.place_name}举办，不在{session.organiser.short_name}辖区内")
    if session.minutes is None and session.days == 1:
        hints.append("没有填写时长")
    told = [count.number for count in session.audience_counts.all()]
    if told and None not in told and session.reported_attendance and sum(told) != session.reported_attendance:
        hints.append(f"培训对象各项相加是 {sum(told):,}，与填报的 {session.reported_attendance:,} 人次不同")
    if not session.form_id:
        hints.append("没有填写培训形式" + ("" if session.is_historical else "，补填以后才能核定"))
    return hints


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
