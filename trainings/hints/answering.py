"""What a reviewer found out about a hint: said once, kept, and valid for as long as the situation is the same."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from networks import audit
from networks.access import barred_from_reviewing
from networks.models import User
from networks.wording import refuse_numbers

from ..models import HintAnswer, TrainingSession
from .model import Hint


class AnswerForm(forms.Form):
    """The answer to one hint; a page has as many of these as hints, told apart by their fingerprints."""

    fingerprint = forms.CharField(max_length=64, widget=forms.HiddenInput)
    text = forms.CharField(
        label="核查情况",
        max_length=300,
        help_text="查了什么、结果如何，不写居民姓名和电话",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明核查了什么、结果如何"},
    )

    def __init__(self, data: dict | None, mark: str = "") -> None:
        mark = mark or str((data or {}).get("fingerprint", ""))
        super().__init__(data, initial={"fingerprint": mark}, auto_id=f"answer_{mark[:12]}_%s")

    def clean_text(self) -> str:
        return refuse_numbers(self.cleaned_data["text"])


def answer(
    session: TrainingSession, hint: Hint, text: str, *, actor: User, request: HttpRequest | None = None
) -> HintAnswer:
    """Keeps the answer. It changes nothing about the session, and a later one takes the place of an earlier one, which is kept
    too. Raises PermissionDenied, and Refused for a session of a locked year."""
    barred = barred_from_reviewing(actor, session)
    if barred:
        raise PermissionDenied(barred)
    with transaction.atomic():
        session.refuse_locked_year()
        said = HintAnswer.objects.filter(session=session, fingerprint=hint.fingerprint).last()
        if said and (said.text, said.answered_by_id) == (text, actor.pk):  # a double click
            return said
        kept = HintAnswer.objects.create(
            session=session,
            kind=hint.kind,
            fingerprint=hint.fingerprint,
            sentence=hint.sentence[:300],
            text=text,
            answered_by=actor,
        )
        audit.record("回答核查提示", actor=actor, subject=kept, request=request, session=session.number, kind=hint.kind)
    return kept
