"""After the lock: the window in which units may object, and publication (通报). ClosingVerbs mixes this in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from networks import audit
from networks.access import barred_from_handling_feedback
from networks.templatetags.page import cn_date
from trainings.models import Audience, Refused
from trainings.models.entry import protected_name_in

from .. import chain

if TYPE_CHECKING:
    from networks.models import User

    from .acts import LedgerAct, YearProposal

LONGEST_WINDOW = datetime.timedelta(days=90)


class PublishingVerbs:
    """What reads the figures is built upon the models, so the verbs import it where they need it."""

    def preview(self, actor: User, until: datetime.date, request=None) -> None:
        """Opens the window in which units look at their settled figures and object, through the day `until`; in an open window,
        moves its end further away. Raises PermissionDenied and Refused."""
        with transaction.atomic():
            year = self._held()
            barred = barred_from_handling_feedback(actor, year)
            if barred:
                raise PermissionDenied(barred)
            today = timezone.localdate()
            extending = year.status == year.Status.PREVIEWED
            if not today < until <= today + LONGEST_WINDOW:
                raise Refused("截止日期最早是明天，最晚是九十天以后的那一天")
            if extending and until <= year.objections_until:
                raise Refused(f"反馈期现在到{cn_date(year.objections_until)}，只能延长，不能缩短")
            from .acts import YearProposal

            if YearProposal.objects.filter(year=year, status=YearProposal.Status.OPEN).exists():
                raise Refused("已有一个提议在等另一人确认，请先办理它")
            year.objections_until = until
            if extending:
                year.version += 1
                year._history_user, year._change_reason = actor, f"延长反馈期到 {until}"
                year.save()
            else:
                year._move("preview", actor=actor, reason=f"到 {until}")
            audit.record(
                "延长反馈期" if extending else "进入反馈期",
                actor=actor,
                subject=year,
                request=request,
                year=year.year,
                until=until.isoformat(),
            )
        self.__dict__.update(year.__dict__)

    @property
    def takes_objections(self) -> bool:
        return self.status == self.Status.PREVIEWED and timezone.localdate() <= self.objections_until

    def why_no_objections(self) -> str:
        if self.status == self.Status.PREVIEWED:
            return f"反馈期到{cn_date(self.objections_until)}，已经结束，不能再提出复核申请"
        return f"{self}现在是“{self.get_status_display()}”，反馈期内才能提出复核申请"

    # --- publication -------------------------------------------------------------------------------

    def published_before(self) -> bool:
        """Whether what comes next is a 更正."""
        return self.acts.filter(kind="publish").exists()

    def missing_for_publication(self) -> list[str]:
        """What stands between the year and its publication, as sentences; the page shows these and the verb enforces them."""
        missing = []
        if self.status == self.Status.LOCKED and not self.published_before():
            missing.append("还没有进入反馈期：请先定一个截止日期，让各单位核对")
        if self.status == self.Status.PREVIEWED and timezone.localdate() <= self.objections_until:
            missing.append(f"反馈期到{cn_date(self.objections_until)}，还没有结束")
        waiting = self.objections.filter(status="sent").count()
        if waiting:
            missing.append(f"还有 {waiting} 份复核申请没有答复")
        return missing

    def propose_publication(
        self, actor: User, commended: Mapping[str, str], reason: str = "", *, request=None
    ) -> YearProposal:
        """Proposes to publish the settled figures; `commended` maps the codes of the units the office commends to its reasons.
        A 更正 needs a `reason`. Raises PermissionDenied and Refused."""
        if self.published_before() and not reason.strip():
            raise Refused("请写明更正的原因")
        chosen = {code: why.strip() for code, why in sorted(commended.items())}
        protected = Audience.objects.protected_names()
        for text in [*chosen.values(), reason]:
            if name := protected_name_in(text, protected):
                raise Refused(f"通报里不能出现“{name}”，请换一种说法")
        return self._propose("publish", actor, reason, None, request, "", choices=chain.canonical(chosen))

    def _publish(self, proposal: YearProposal, actor: User) -> LedgerAct:
        """Inside the transaction of the confirmed proposal, with the year's row held."""
        from ..publication import content_of
        from .acts import LedgerAct

        content, digest = content_of(self, proposal.chosen)
        if digest != proposal.seen_digest:
            raise Refused("提出以后要通报的内容有了变化，请收回或不同意这个提议，核对后重新提出")
        number = self.acts.filter(kind=LedgerAct.Kind.PUBLISH).count() + 1
        self._move("publish", actor=actor, reason=f"更正第 {number - 1} 号" if number > 1 else "")
        return LedgerAct.append(
            self,
            LedgerAct.Kind.PUBLISH,
            number=number,
            content=content,
            by=proposal.proposed_by,
            confirmed_by=actor,
            reason=proposal.reason,
        )
