"""What lies on each person's desk: questions only, each a constant number of queries."""

import datetime
import functools
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils import timezone

from networks.access import Action, can, units_to_watch
from networks.accounts import Heard, heard_of_judges
from networks.models import AuditEvent, User
from trainings import years
from trainings.models import CoOrganiser, Course, Feedback, ImportBatch, Status, Story, TrainingSession
from trainings.models.proposals import Proposal, State

from .assessment import CountyStanding, Forecast, Standing, county_standing, standings
from .feedback import OfficeFeedback, UnitFeedback, office_feedback, unit_feedback
from .models import AssessmentYear, YearProposal
from .plan_progress import Due, due
from .prompting import OfficeReminders, UnitReminders, office_reminders, unit_reminders
from .setup import open_steps
from .shortfalls import shortfalls
from .years import settled_years

SHOWN = 10  # rows of a kind on a desk; the list of sessions has them all


@dataclass(frozen=True)
class Pile:
    """Rows of one kind: the first few, and how many there are."""

    rows: list
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def pile(rows) -> Pile:
    """One query, or two where there are more than a desk shows."""
    found = list(rows[: SHOWN + 1])
    total = len(found) if len(found) <= SHOWN else rows.count()
    return Pile(found[:SHOWN], total)


def current_year(user: User, today: datetime.date | None = None) -> AssessmentYear | None:
    """This year's assessment where it is open to see, else the newest before it, else the first to come."""
    this = (today or timezone.localdate()).year
    years = AssessmentYear.objects.visible_to(user)
    return years.filter(year__lte=this).order_by("-year").first() or years.order_by("year").first()


@dataclass(frozen=True)
class Proposals:
    """Courses and stories: what waits for this account's decision, and what came back to its unit."""

    courses: int
    stories: int
    returned: list[Proposal]


def proposals(user: User) -> Proposals:
    waiting = {
        model: model.objects.visible_to(user).awaiting().count() if can(user, model.DECIDED_BY) else 0
        for model in (Course, Story)
    }
    returned = []
    if user.own_unit_ids and can(user, Action.KEEP_OWN):
        for model in (Course, Story):
            own = model.objects.kept_by(user).filter(unit__in=user.own_unit_ids, state=State.RETURNED)
            returned += own.order_by("-decided_at")[:SHOWN]
    return Proposals(waiting[Course], waiting[Story], returned)


@dataclass(frozen=True)
class UnitDesk:
    """The desk of whoever enters a unit's sessions, or only looks at them."""

    year: AssessmentYear | None
    standing: Standing | None
    returned: Pile
    drafts: Pile
    planned: Pile  # what is to be held, the next first; what should have been held stands above
    on_behalf: Pile  # entered by the bureau for this unit, which has not confirmed them yet
    joint: Pile  # co-organised with another unit and not confirmed yet
    last: Pile
    lacking: int  # what the own township's institutions still lack
    complaints: int  # of residents, that nobody has answered yet
    proposals: Proposals
    feedback: UnitFeedback
    reminders: UnitReminders  # what the office asks for
    plan: Due | None  # the unit's tasks of the plan on which it has not reported this year

    @property
    def quiet(self) -> bool:
        """Nothing here yet: the first step is to register a session."""
        return not any(
            p.total for p in (self.returned, self.drafts, self.planned, self.on_behalf, self.joint, self.last)
        )


def unit_desk(user: User) -> UnitDesk:
    seen = TrainingSession.objects.visible_to(user)
    mine = TrainingSession.objects.editable_by(user)
    units = user.own_unit_ids
    year = current_year(user)
    watched = list(units_to_watch(user))
    found = standings(year, units=watched) if year and watched else []
    unsent = mine.filter(status=Status.DRAFT).select_related("organiser", "point_report__link__institution")
    drafts = pile(unsent.order_by("-held_on", "-pk"))
    rules_of = functools.cache(years.rules_of)
    for session in drafts.rows:
        session.missing = session.missing_for_submission(rules_of=rules_of)
    planned = pile(mine.filter(status=Status.PLANNED).order_by("held_on", "start_time", "pk"))
    for session in planned.rows:
        session.overdue = bool(session.held_on) and session.held_on < timezone.localdate()
    own = seen.filter(organiser__in=units) if can(user, Action.VIEW_STANDING) else mine
    waiting = own.exclude(on_behalf_source="").filter(unit_confirmed_at=None)
    together = seen.filter(co_organisers__unit__in=units)
    partners = CoOrganiser.objects.filter(unit__in=units, confirmed_at=None, session__in=together)
    confirms = can(user, Action.ENTER) and can(user, Action.VIEW_STANDING)  # the unit's own officer
    return UnitDesk(
        year=year,
        standing=next((s for s in found if s.unit == user.own_unit), found[0] if found else None),
        returned=pile(mine.filter(status=Status.RETURNED).order_by("returned_at", "pk")),
        drafts=drafts,
        planned=planned,
        on_behalf=pile(waiting.exclude(status__in=[Status.VOID, Status.CANCELLED]) if confirms else waiting.none()),
        joint=pile(
            partners.filter(session__status__in=[Status.SUBMITTED, Status.RETURNED, Status.VERIFIED])
            .exclude(session__organiser__in=units)
            .select_related("session__organiser")
            if confirms
            else partners.none()
        ),
        last=pile(own.filter(status__in=[Status.SUBMITTED, Status.VERIFIED]).order_by("-held_on", "-pk")),
        lacking=len(shortfalls(user, timezone.localdate())),
        complaints=_complaints(user),
        proposals=proposals(user),
        feedback=unit_feedback(user),
        reminders=unit_reminders(user),
        plan=due(user, unit=user.own_unit) if user.own_unit and can(user, Action.VIEW_STANDING) else None,
    )


def _complaints(user: User) -> int:
    """What residents complained of and nobody has answered, as far as this account reads it."""
    return Feedback.objects.visible_to(user).filter(is_complaint=True, answer="").count()


@dataclass(frozen=True)
class ByCommand:
    """Something done in an account's name on the machine's command line, where nobody signs in."""

    at: datetime.datetime
    os_user: str
    did: str
    by_whom: str


@dataclass(frozen=True)
class BureauDesk:
    year: AssessmentYear | None
    county: CountyStanding | None
    waiting: int
    oldest: datetime.datetime | None  # when the session that has waited longest was submitted
    returned: int
    own_drafts: int  # entered on a unit's behalf and not submitted yet
    imports: list[ImportBatch]  # that need a second person
    settling: list[YearProposal]  # to lock or open a year, waiting for another person
    by_command: list[ByCommand]  # carried out in this account's name on the machine's command line
    lacking: int  # what the county's institutions still lack
    to_set_up: int  # things of the first weeks that are still open
    complaints: int  # of residents, that nobody has answered yet
    accounts: list[Heard]  # what others did to accounts that judge or audit
    proposals: Proposals
    feedback: OfficeFeedback
    reminders: OfficeReminders  # 补报 to decide, papers to take in
    plan: Due | None  # the plan's tasks on which somebody has not reported this year

    @property
    def to_help(self) -> list[Standing]:
        """Units behind or lost, in the order of the page."""
        needy = {Forecast.BEHIND, Forecast.LOST}
        return [s for s in self.county.standings if s.forecast in needy] if self.county else []


TOLD_FOR = datetime.timedelta(days=30)


def _settling(user: User) -> tuple[list[YearProposal], list[ByCommand]]:
    """What waits for a second person, and what was done in this account's name without its sign-in. One query."""
    waiting = Q(status=YearProposal.Status.OPEN)
    in_my_name = Q(decided_at__gte=timezone.now() - TOLD_FOR) & (Q(proposed_by=user) | Q(decided_by=user))
    rows = YearProposal.objects.visible_to(user).filter(waiting | (in_my_name & ~Q(os_user="")))
    found = list(rows.select_related("year", "proposed_by__person", "decided_by__person"))
    is_open = [row for row in found if row.status == YearProposal.Status.OPEN]
    done = [
        ByCommand(
            row.decided_at,
            row.os_user,
            f"{row.get_kind_display()}了{row.year}",
            f"{row.proposed_by.person}提出，{row.decided_by.person}确认",
        )
        for row in found
        if row not in is_open
    ]
    return is_open, done


def _imported_in_my_name(user: User) -> list[ByCommand]:
    """Historical ledgers, which are verified at once, read in on the command line. One query."""
    rows = AuditEvent.objects.filter(
        Q(actor=user) | Q(detail__confirmed_by=user.username),
        action="导入台账",
        at__gte=timezone.now() - TOLD_FOR,
        county_code=user.county_code,
        detail__historical=True,
        detail__has_key="os_user",
    )
    return [
        ByCommand(
            row.at,
            row.detail["os_user"],
            f"导入了历史台账，{row.detail['created']} 场直接核定",
            f"账号“{row.actor_name}”提出，账号“{row.detail['confirmed_by']}”确认",
        )
        for row in rows
    ]


def bureau_desk(user: User) -> BureauDesk:
    year = current_year(user)
    settling, by_command = _settling(user)
    undecided = [Status.SUBMITTED, Status.RETURNED]
    in_settled = Q(held_on__year__in=settled_years(user.county_code))  # 年度已锁定未核定: nobody's work any more
    queue = (
        TrainingSession.objects.visible_to(user)
        .filter(status__in=undecided)
        .aggregate(
            **{status.value: Count("pk", filter=Q(status=status) & ~in_settled) for status in undecided},
            oldest=Min("submitted_at", filter=Q(status=Status.SUBMITTED) & ~in_settled),
        )
    )
    second = [ImportBatch.State.PROPOSED, ImportBatch.State.UNDO_PROPOSED]
    return BureauDesk(
        year=year,
        county=county_standing(year) if year else None,
        waiting=queue["submitted"],
        oldest=queue["oldest"],
        returned=queue["returned"],
        own_drafts=TrainingSession.objects.editable_by(user).filter(status=Status.DRAFT).count(),
        imports=list(ImportBatch.objects.visible_to(user).filter(state__in=second).select_related("user__person")),
        settling=settling,
        by_command=by_command + _imported_in_my_name(user),
        lacking=len(shortfalls(user, timezone.localdate())),
        to_set_up=open_steps(user),
        complaints=_complaints(user),
        accounts=heard_of_judges(user),
        proposals=proposals(user),
        feedback=office_feedback(user),
        reminders=office_reminders(user),
        plan=due(user),
    )
