"""电话回访: drawing sessions by lot, so that the draw can be checked, and what the calls say about the figures.

The draw: of the frame (every submitted or verified session of the year, by its number) those `size` come first whose SHA-256 of
"seed number" is smallest. That needs no generator of any language, does not depend on the order of the frame, and gives the
same sessions for the same seed and frame for ever; both are kept.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from networks import audit
from networks.forms import VersionedForm
from networks.models import Division, MemberUnit, User
from networks.wording import refuse_numbers
from trainings.models import Refused, Status, TrainingSession
from trainings.models.session_constraints import MOST_ATTENDANCES

from .models import Call, CallSample
from .models.calls import MOST_DRAWN

DRAWN_FROM = (Status.SUBMITTED, Status.VERIFIED)
# Nobody remembers a head count exactly: a figure within a tenth of ours agrees with it.
AGREES_WITHIN = Fraction(1, 10)


# --- the draw ------------------------------------------------------------------------------------------


def frame_of(county: Division, year: int) -> list[str]:
    """The numbers of the sessions that can be drawn, sorted."""
    rows = TrainingSession.objects.filter(organiser__county=county, status__in=DRAWN_FROM).in_year(year)
    return sorted(rows.values_list("number", flat=True))


def choose(seed: str, frame: Iterable[str], size: int) -> list[str]:
    """The drawn numbers in the order in which they were drawn."""
    return sorted(frame, key=lambda number: hashlib.sha256(f"{seed} {number}".encode()).digest())[:size]


def digest_of(frame: list[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(frame)).encode()).hexdigest()


def draw(*, county: Division, year: int, size: int, actor: User, request: HttpRequest | None = None) -> CallSample:
    """Draws and keeps a sample. Its seed is nobody's choice: whoever may name it can try at home until the draw pleases.
    Raises Refused when there is nothing to draw from."""
    with transaction.atomic():
        frame = frame_of(county, year)
        if not frame:
            raise Refused(f"{year}年还没有已提交或已核定的场次，没有可抽的")
        sample = CallSample.objects.create(
            county=county,
            year=year,
            seed=secrets.token_hex(8),
            size=min(size, len(frame)),
            frame=frame,
            frame_digest=digest_of(frame),
            drawn_by=actor,
        )
        drawn = choose(sample.seed, frame, sample.size)
        keys = dict(TrainingSession.objects.filter(number__in=drawn).values_list("number", "pk"))
        Call.objects.bulk_create(
            Call(sample=sample, session_id=keys[number], position=position)
            for position, number in enumerate(drawn, start=1)
        )
        audit.record(
            "抽取电话回访",
            actor=actor,
            subject=sample,
            request=request,
            year=year,
            seed=sample.seed,
            size=sample.size,
            frame=len(frame),
        )
    return sample


def redrawn(sample: CallSample) -> bool:
    """Whether seed and frame still give exactly the sessions that stand in the sample."""
    stored = list(sample.calls.order_by("position").values_list("session__number", flat=True))
    return sample.frame_digest == digest_of(sample.frame) and choose(sample.seed, sample.frame, sample.size) == stored


class DrawForm(forms.Form):
    year = forms.TypedChoiceField(label="年度", coerce=int)
    size = forms.IntegerField(
        label="抽几场",
        min_value=1,
        max_value=MOST_DRAWN,
        initial=10,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "w-figure"}),
        error_messages={
            "required": "请填写抽几场",
            "invalid": "请填写整数",
            "min_value": "至少抽 1 场",
            "max_value": f"一次最多抽 {MOST_DRAWN} 场",
        },
    )

    def __init__(self, data, years: list[int]) -> None:
        super().__init__(data)
        self.fields["year"].choices = [(year, f"{year}年") for year in years]


# --- one call ------------------------------------------------------------------------------------------


class CallForm(VersionedForm):
    class Meta:
        model = Call
        fields = ["outcome", "figure_said", "note"]

    outcome = forms.ChoiceField(
        label="结果",
        choices=[("", "请选择"), *((value, label) for value, label in Call.Outcome.choices if value)],
        error_messages={"required": "请选择接通了没有"},
    )
    figure_said = forms.IntegerField(
        label="对方说的人数",
        required=False,
        min_value=0,
        max_value=MOST_ATTENDANCES,
        help_text="说不清的不填；说没有办过的填 0",
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "w-figure", "autocomplete": "off"}),
        error_messages={
            "invalid": "请填写整数",
            "min_value": "不能小于 0",
            "max_value": f"不能超过 {MOST_ATTENDANCES:,}",
        },
    )
    note = forms.CharField(
        label="说明",
        required=False,
        max_length=300,
        help_text="问了谁（写职务，不写居民姓名和电话）、说了什么",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_note(self) -> str:
        return refuse_numbers(self.cleaned_data["note"])

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("outcome") == Call.Outcome.UNREACHED and cleaned.get("figure_said") is not None:
            self.add_error("figure_said", "没有接通的不填人数；接通了的请把结果改为“已接通”")
        return cleaned

    def record(self, actor: User) -> Call:
        """Keeps what came of the call, with the figure that our records hold today."""
        row, session = self.instance, self.instance.session
        row.figure_held = session.verified_attendance or session.reported_attendance
        row.called_by, row.called_at = actor, timezone.now()
        row.version += 1
        row._history_user = actor
        row.save()
        return row


# --- what they say -------------------------------------------------------------------------------------


def differs(call: Call) -> bool | None:
    """Whether the figure said is another one than ours; None when nobody said one."""
    if call.figure_said is None or not call.figure_held:
        return None
    return abs(call.figure_said - call.figure_held) > AGREES_WITHIN * call.figure_held


@dataclass
class Result:
    """The calls about one unit's sessions, or about all."""

    unit: MemberUnit | None
    drawn: int = 0
    called: int = 0
    reached: int = 0
    told: int = 0  # who said a figure: the n of the error rate
    differing: int = 0

    @property
    def error_rate(self) -> Decimal | None:
        """The share of differing figures; None where nobody said one."""
        return Decimal(self.differing) / self.told if self.told else None


def results(calls: QuerySet) -> tuple[list[Result], Result]:
    """Per unit, in the order of the units' list, and together. One query."""
    by_unit: dict[int, Result] = {}
    whole = Result(None)
    for call in calls.select_related("session__organiser"):
        unit = call.session.organiser
        for result in (by_unit.setdefault(unit.pk, Result(unit)), whole):
            result.drawn += 1
            result.called += call.outcome != Call.Outcome.OPEN
            result.reached += call.outcome == Call.Outcome.REACHED
            verdict = differs(call)
            result.told += verdict is not None
            result.differing += verdict is True
    return sorted(by_unit.values(), key=lambda one: (one.unit.position, one.unit.code)), whole
