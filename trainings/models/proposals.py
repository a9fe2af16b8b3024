"""What a unit offers to the whole county and an office lets through: courses (二(四)1), news and model cases (三(七))."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from networks.access import Action, ScopedQuerySet, barred_from_approving, can
from networks.models import User
from networks.wording import Published

from .verbs import Conflict, Refused


class State(models.TextChoices):
    DRAFT = "draft", "草稿"
    PROPOSED = "proposed", "待审定"
    PUBLIC = "public", "已公开"
    RETURNED = "returned", "退回修改"
    RETIRED = "retired", "已停用"


class Step(NamedTuple):
    label: str
    sources: frozenset[str]
    target: str
    by_office: bool  # by whoever decides for the county, else by whoever keeps the row


STEPS = {
    "propose": Step("提交审定", frozenset({State.DRAFT, State.RETURNED}), State.PROPOSED, False),
    # Also what is public: whoever told it may have to take it out of sight at once, such as when an agreement is withdrawn.
    "take_back": Step("撤回", frozenset({State.PROPOSED, State.PUBLIC}), State.DRAFT, False),
    "approve": Step("审定公开", frozenset({State.PROPOSED}), State.PUBLIC, True),
    "send_back": Step("退回", frozenset({State.PROPOSED, State.PUBLIC}), State.RETURNED, True),
    "retire": Step("停用", frozenset({State.PUBLIC}), State.RETIRED, True),
    "reopen": Step("恢复为草稿", frozenset({State.RETIRED}), State.DRAFT, True),
}


class ProposalQuerySet(ScopedQuerySet):
    def public(self) -> ProposalQuerySet:
        """What residents may read."""
        return self.filter(state=State.PUBLIC)

    def readable_by(self, user: User) -> ProposalQuerySet:
        """What residents may read in one's county, one's own unit's whatever its state, and the whole county's for whoever
        keeps that."""
        public = self.model._default_manager.public().order_by().values("pk")
        own = Q(pk__in=public) | Q(unit__in=user.own_unit_ids)
        own |= Q(pk__in=self.model._default_manager.kept_by(user).values("pk"))
        return self.visible_to(user).filter(own)

    def awaiting(self) -> ProposalQuerySet:
        return self.filter(state=State.PROPOSED)


class Proposal(Published):
    """Draft → proposed → public, or returned with a reason. One writer of the state: the verbs below."""

    DECIDED_BY: Action

    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    return_note = models.CharField("退回说明", max_length=300, blank=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="提交人", related_name="+", editable=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="审定人", related_name="+", editable=False
    )
    decided_at = models.DateTimeField("审定时间", null=True, editable=False)
    version = models.PositiveIntegerField("版本", default=0, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed", "public", "returned", "retired"]),
                name="%(class)s_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["public", "retired"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="%(class)s_public_is_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_note=""), name="%(class)s_returned_with_reason"
            ),
            # Persons are compared by the verb; two accounts at least are what a database can hold.
            models.CheckConstraint(
                condition=~Q(state="public") | Q(proposed_by=None) | ~Q(decided_by=F("proposed_by")),
                name="%(class)s_approved_by_another",
            ),
        ]

    @property
    def can_be_rewritten(self) -> bool:
        """By whoever keeps it; what was proposed or is public is taken back first."""
        return self.state in (State.DRAFT, State.RETURNED)

    def writers(self) -> set[int]:
        """Person ids of who has written in it since it was last approved. The steps of its life have a reason, what is
        written has none."""
        entries = type(self).history.filter(id=self.pk)
        approved = entries.filter(history_change_reason=STEPS["approve"].label).order_by("-history_id").first()
        if approved:
            entries = entries.filter(history_id__gt=approved.history_id)
        written = entries.filter(Q(history_change_reason=None) | Q(history_change_reason=""))
        return set(written.exclude(history_user=None).values_list("history_user__person", flat=True))

    def missing_for_proposal(self) -> list[str]:
        """What stands between it and the office, as sentences; the page shows these and `propose` enforces them."""
        return []

    def propose(self, *, actor: User, seen_version: int | None = None) -> None:
        self._step("propose", actor, seen_version, proposed_by=actor, return_note="")

    def take_back(self, *, actor: User, seen_version: int | None = None) -> None:
        self._step("take_back", actor, seen_version)

    def approve(self, *, actor: User, seen_version: int | None = None) -> None:
        self._step("approve", actor, seen_version, decided_by=actor, decided_at=timezone.now())

    def send_back(self, *, actor: User, note: str, seen_version: int | None = None) -> None:
        if not note.strip():
            raise Refused("请说明退回的原因")
        self._step(
            "send_back",
            actor,
            seen_version,
            note,
            return_note=note.strip(),
            decided_by=actor,
            decided_at=timezone.now(),
        )

    def retire(self, *, actor: User, seen_version: int | None = None) -> None:
        self._step("retire", actor, seen_version, decided_by=actor, decided_at=timezone.now())

    def reopen(self, *, actor: User, seen_version: int | None = None) -> None:
        self._step("reopen", actor, seen_version)

    def _step(self, verb: str, actor: User, seen_version: int | None, reason: str = "", **changes) -> None:
        """Checks right, state, version and completeness on the row as the database holds it. Raises PermissionDenied,
        Refused, Conflict, and ValidationError for a protected group's name in a text."""
        step, rows = STEPS[verb], type(self)._default_manager
        with transaction.atomic():
            row = rows.select_for_update(of=("self",)).get(pk=self.pk)
            seen = rows.visible_to(actor) if step.by_office else rows.kept_by(actor)
            allowed = not step.by_office or can(actor, self.DECIDED_BY)
            if not allowed or not seen.filter(pk=row.pk).exists():
                raise PermissionDenied(f"您的账号不能{step.label}")
            if row.state not in step.sources:
                raise Refused(f"现在是“{row.get_state_display()}”，不能{step.label}")
            if seen_version is not None and row.version != seen_version:
                raise Conflict(row)
            if verb == "approve" and (barred := barred_from_approving(actor, row)):
                raise PermissionDenied(barred)
            if verb in ("propose", "approve"):  # sessions and vocabulary may have changed in between
                row.clean()
                if missing := row.missing_for_proposal():
                    raise Refused(*missing)
            for name, value in changes.items():
                setattr(row, name, value)
            row.state, row.version = step.target, row.version + 1
            row._history_user, row._change_reason = actor, "：".join(filter(None, [step.label, reason.strip()]))
            row.save()
        self.__dict__.update({k: v for k, v in row.__dict__.items() if k not in {"_history_user", "_change_reason"}})
