"""核查提示: what is worth a second look about a session, one line each with its evidence. Hints, not verdicts: none refuses
anything, all are computed here, and in a number of queries that does not grow with the sessions.

`facts` what is asked of the database, once for all sessions · `alone` hints about one session by itself · `pairs` hints about
two sessions · `model` what a hint is, and its fingerprint · `answering` what a reviewer found out.
"""

from networks.models import User

from ..models import TrainingSession
from . import alone, pairs
from .facts import Facts
from .model import KINDS, OFFICER_KINDS, Hint

__all__ = ["KINDS", "OFFICER_KINDS", "Hint", "hints_about", "hints_of", "notices_about"]


def hints_of(sessions, county_code: str) -> dict[int, list[Hint]]:
    """{session pk: its hints, the weightiest first} for a queryset of one county's dated sessions; answered ones carry their
    answer and come last. A dozen queries, whatever the number of sessions."""
    facts = Facts(sessions, county_code)
    found = {pk: [] for pk in facts.sessions}
    for row in facts.sessions.values():
        found[row.pk] += alone.of(row, facts)
    for pk, hints in pairs.of(facts).items():
        found[pk] += hints
    answers = facts.answers({hint.fingerprint for hints in found.values() for hint in hints})
    for hints in found.values():
        for hint in hints:
            hint.answer = answers.get(hint.fingerprint)
        hints.sort(key=lambda hint: (hint.answer is not None, -hint.weight, hint.kind))
    return found


def hints_about(session: TrainingSession, user: User) -> list[Hint]:
    """One session's hints, with the rows behind them for a page (`Hint.other`, `Hint.photos`) as far as this account may
    see them."""
    rows = TrainingSession.objects.filter(pk=session.pk)
    hints = hints_of(rows, session.organiser.county_id).get(session.pk, [])
    pairs.attach(hints, session, user)
    return hints


def notices_about(session: TrainingSession, user: User) -> list[Hint]:
    """What its officer can still put right before submitting; the rest is the reviewer's to ask."""
    return [hint for hint in hints_about(session, user) if hint.kind in OFFICER_KINDS]
