"""A year's life (定案): the moves between its states and the verbs that make them. AssessmentYear mixes this in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone

from networks import audit
from networks.access import barred_from_locking
from trainings.models import Refused
from trainings.models.verbs import Move

from .. import chain
from .publishing import PublishingVerbs

if TYPE_CHECKING:
    from networks.models import User

    from .acts import LedgerAct, YearProposal


class YearStatus(models.TextChoices):
    OPEN = "open", "进行中"
    LOCKED = "locked", "锁定定案"
    PREVIEWED = "previewed", "反馈期"
    PUBLISHED = "published", "已通报"


YEAR_MOVES = {
    "lock": Move("锁定定案", frozenset({YearStatus.OPEN}), YearStatus.LOCKED),
    "preview": Move("进入反馈期", frozenset({YearStatus.LOCKED}), YearStatus.PREVIEWED),
    # From the lock only a 更正 of what has been published (see `missing_for_publication`).
    "publish": Move("通报", frozenset({YearStatus.PREVIEWED, YearStatus.LOCKED}), YearStatus.PUBLISHED),
    # A correction is unlock → change → lock again as act n+1, which keeps act n.
    "unlock": Move(
        "解锁更正", frozenset({YearStatus.LOCKED, YearStatus.PREVIEWED, YearStatus.PUBLISHED}), YearStatus.OPEN
    ),
}


class ClosingVerbs(PublishingVerbs):
    """What reads the figures is built upon the models, so the verbs import it where they need it."""

    def propose_lock(
        self, actor: User, reason: str = "", *, seen: str | None = None, request=None, os_user: str = ""
    ) -> YearProposal:
        """Proposes to settle the year on the figures as they are now; another person of the bureau confirms
        (`YearProposal.confirm`). `seen` is the digest of the figures on the page that was looked at. Raises PermissionDenied
        and Refused."""
        return self._propose("lock", actor, reason, seen, request, os_user)

    def propose_unlock(
        self, actor: User, reason: str, *, seen: str | None = None, request=None, os_user: str = ""
    ) -> YearProposal:
        """Proposes to open a settled year again for a correction, for a reason."""
        if not reason.strip():
            raise Refused("请写明解锁的原因")
        return self._propose("unlock", actor, reason, seen, request, os_user)

    def _propose(
        self, verb: str, actor: User, reason: str, seen: str | None, request, os_user: str, choices: str = ""
    ) -> YearProposal:
        from .acts import YearProposal

        with transaction.atomic():
            year = self._held()
            barred = barred_from_locking(actor, year)
            if barred:
                raise PermissionDenied(barred)
            year._check_move(verb)
            if YearProposal.objects.filter(year=year, status=YearProposal.Status.OPEN).exists():
                raise Refused("已有一个提议在等另一人确认，请先办理它")
            if verb == "publish" and (missing := year.missing_for_publication()):
                raise Refused(*missing)
            digest = year.digest_to_see(verb, choices)
            if seen is not None and seen != digest:
                raise Refused("您打开页面以后数字有了变化，请核对现在的数字再提出")
            proposal = YearProposal.objects.create(
                year=year,
                kind=verb,
                reason=reason.strip(),
                proposed_by=actor,
                proposed_at=timezone.now(),
                seen_digest=digest,
                os_user=os_user,
                choices=choices,
            )
            audit.record(
                f"提出{proposal.get_kind_display()}",
                actor=actor,
                subject=year,
                request=request,
                year=year.year,
                digest=proposal.seen_digest,
            )
        return proposal

    def digest_to_see(self, verb: str, choices: str = "") -> str:
        """Of what a proposal of `verb` is about: the figures that would be settled, the act that would be taken back, or what
        would be published."""
        from ..publication import content_of
        from ..snapshot import figures_digest

        if verb == "lock":
            return figures_digest(self)
        if verb == "publish":
            return content_of(self, chain.read(choices or "{}"))[1]
        act = self.standing_act()
        return act.digest if act else ""

    def standing_act(self) -> LedgerAct | None:
        """The act by which the year is locked: its last one, if that locked it. One query."""
        acts = self.acts.filter(kind__in=["lock", "unlock"]).select_related("year", "proposed_by__person")
        last = acts.select_related("confirmed_by__person").order_by("-sequence").first()
        return last if last and last.kind == "lock" else None

    def carry_out(self, proposal: YearProposal, actor: User) -> LedgerAct:
        """What a confirmed proposal does, inside its transaction and with the year's row held. Raises Refused."""
        from ..snapshot import snapshot
        from .acts import LedgerAct

        self._check_move(proposal.kind)
        if proposal.kind == LedgerAct.Kind.PUBLISH:
            if missing := self.missing_for_publication():
                raise Refused(*missing)
            return self._publish(proposal, actor)
        people = {"by": proposal.proposed_by, "confirmed_by": actor}
        if proposal.kind == LedgerAct.Kind.LOCK:
            content = snapshot(self)
            if content["figures_digest"] != proposal.seen_digest:
                raise Refused(
                    "提出以后数字有了变化，提议人看到的已不是现在的数字。请收回或不同意这个提议，核对后重新提出"
                )
            number = self.acts.filter(kind=LedgerAct.Kind.LOCK).count() + 1
            self._move("lock", actor=actor, reason=f"第 {number} 次")
            return LedgerAct.append(self, "lock", number=number, content=content, **people)
        act = self.standing_act()
        if act is None or act.digest != proposal.seen_digest:
            raise Refused("提出以后定案记录有了变化，请重新提出")
        self._move("unlock", actor=actor, reason=proposal.reason)
        content = {"undoes": act.digest}
        return LedgerAct.append(self, "unlock", number=act.number, content=content, reason=proposal.reason, **people)

    def _check_move(self, verb: str) -> None:
        move = YEAR_MOVES[verb]
        if self.status not in move.sources:
            raise Refused(f"{self}现在是“{self.get_status_display()}”，不能{move.label}")

    def _move(self, verb: str, *, actor: User, reason: str = "") -> None:
        """The only place that assigns `status`. For verbs, inside their transaction, on the row that they hold."""
        self._check_move(verb)
        move = YEAR_MOVES[verb]
        self.status, self.version = move.target, self.version + 1
        self._moving = True
        self._history_user = actor
        self._change_reason = "：".join(filter(None, [move.label, reason]))
        self.save()
        self._moving = False

    def _held(self) -> ClosingVerbs:
        """The year as the database holds it now, nobody else's to change until the transaction ends."""
        return type(self).objects.select_for_update(of=("self",)).select_related("county").get(pk=self.pk)
