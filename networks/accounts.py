"""An office's accounts: who has one where, who has none yet, making many at once, handing over, and who must hear of it.

Rights are asked of networks/access; what an account may be is the model's business.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from . import audit
from .access import FACTOR_RESET, barred_from_granting, judging_accounts
from .models import Appointment, AuditEvent, Division, MemberUnit, PasswordLink, Person, Role, SignIn, Tier, User
from .names import match_key

MADE, LINKED, HANDED_OVER = "建立账号", "签发密码链接", "交接账号"
SUSPENDED, REACTIVATED = "停用账号", "启用账号"
ADMIN_MADE, ADMIN_CHANGED = "后台新建", "后台修改"
MOST_AT_ONCE = 100  # accounts made or links printed in one go
HEARD_FOR = datetime.timedelta(days=30)

COUNTY_ROLES = [Role.BUREAU, Role.CENTRE, Role.LEADER, Role.AUDITOR]
_STEMS = {Role.TOWNSHIP: "town"}  # of proposed account names; otherwise the role itself
_APPOINTED = {  # whose appointments propose a person for a role, the better one first
    Role.CENTRE: [Appointment.Function.FULL_TIME],
    Role.TOWNSHIP: [Appointment.Function.OFFICER, Appointment.Function.CONTACT],
    Role.UNIT: [Appointment.Function.CONTACT],
    Role.HEAD: [Appointment.Function.SUPERVISOR],
}


# --- the county's homes --------------------------------------------------------------------------------


@dataclass
class Home:
    """Where accounts belong: the county's office, a township or a unit; and the accounts that are there."""

    key: str  # division code, or u and the unit's number, or none: operators belong to the installation
    name: str
    roles: list[Role]
    division: Division | None = None
    unit: MemberUnit | None = None
    accounts: list[User] = field(default_factory=list)
    shown: list[User] = field(default_factory=list)  # of these, what the list was asked for

    @property
    def county_code(self) -> str:
        return self.unit.county_id if self.unit else self.division.county_code if self.division else ""

    @property
    def lacking(self) -> list[Role]:
        """Roles without any account in use, for those that every township and department should have."""
        there = {account.role for account in self.accounts if account.is_active}
        return [role for role in self.roles if role in {Role.TOWNSHIP, Role.UNIT} and role not in there]


def homes(county: Division, accounts: Iterable[User], *, operators: bool = False) -> list[Home]:
    """The county's office, its townships in order, its departments in the order of the founding document; then whatever else
    the given accounts belong to. Two queries."""
    found = {county.pk: Home(county.pk, f"{county}（县级）", [*COUNTY_ROLES], division=county)}
    nowhere = Home("none", "系统管理员（不属于任何县）", [Role.OPERATOR])
    if operators:
        found[nowhere.key] = nowhere
    townships = Division.objects.filter(tier=Tier.TOWNSHIP, parent=county).order_by("code")
    units = MemberUnit.objects.filter(county=county).order_by("position", "code")
    units = units.annotate(
        gone=Exists(
            units.model._meta.get_field("successions")
            .related_model.objects.filter(old=OuterRef("pk"), on__lte=timezone.localdate())
            .exclude(change="split")
        )
    )
    for place in townships:
        found[place.pk] = Home(place.pk, str(place), [Role.TOWNSHIP, Role.HEAD], division=place)
    for unit in units:
        if unit.kind != MemberUnit.Kind.TOWNSHIP:
            found[f"u{unit.pk}"] = Home(f"u{unit.pk}", str(unit), [Role.UNIT, Role.HEAD], unit=unit)
    retired = {place.pk for place in townships if place.retired_on}
    retired |= {f"u{unit.pk}" for unit in units if unit.gone or unit.kind == MemberUnit.Kind.OTHER}
    for account in accounts:
        found.get(_home_key(account), nowhere).accounts.append(account)
    order = list(Role)
    for home in found.values():
        home.accounts.sort(key=lambda account: (order.index(Role(account.role)), account.username))
    for key in retired:  # nobody waits for an account there; those that exist stay in sight
        if key in found and not found[key].accounts:
            del found[key]
        elif key in found:
            found[key].roles = []
    return list(found.values())


def _home_key(account: User) -> str:
    unit = account.home_unit
    if unit is None:
        return account.home_division_id or ""
    return unit.division_id if unit.kind == MemberUnit.Kind.TOWNSHIP else f"u{unit.pk}"


def with_facts(accounts: models.QuerySet) -> models.QuerySet:
    """What a list says of each account, in the same one query: open sign-ins, a link that waits to be used."""
    open_links = PasswordLink.objects.open().filter(user=OuterRef("pk"))
    open_sign_ins = SignIn.objects.open().filter(user=OuterRef("pk")).order_by().values("user")
    return accounts.select_related("person", "home_division", "home_unit").annotate(
        link_until=models.Subquery(open_links.values("expires_at")[:1]),
        signed_in=models.functions.Coalesce(
            models.Subquery(open_sign_ins.annotate(number=Count("pk")).values("number")), 0
        ),
    )


# --- posts: what may be made ---------------------------------------------------------------------------


@dataclass
class Post:
    """One line of the page on which accounts are made: a role at a home, and who might be meant."""

    home: Home
    role: Role
    person: Person | None = None  # appointed to it, and without an account of the kind
    username: str = ""

    @property
    def key(self) -> str:
        return f"{self.role}-{self.home.key}"

    @property
    def holders(self) -> list[User]:
        return [account for account in self.home.accounts if account.role == self.role]


def posts_of(county: Division, accounts: Iterable[User], *, operators: bool = False) -> list[Post]:
    """Every role that somebody may hold in the county, with the appointed person and a free name of an account."""
    posts = [Post(home, role) for home in homes(county, accounts, operators=operators) for role in home.roles]
    appointed = _appointed(county)
    taken = {name.lower() for name in User.objects.values_list("username", flat=True)}
    for post in posts:
        holders = {account.person_id for account in post.holders}
        candidates = (appointed.get((post.home.key, function)) for function in _APPOINTED.get(post.role, []))
        post.person = next((person for person in candidates if person and person.pk not in holders), None)
        post.username = free_username(_stem(post.home, post.role), taken)
    return posts


def _stem(home: Home, role: Role) -> str:
    word = _STEMS.get(role, str(role))
    if home.unit or role in {Role.TOWNSHIP, Role.HEAD}:
        return f"{word}-{home.unit.code if home.unit else home.key}"
    return word


def free_username(stem: str, taken: set[str]) -> str:
    """The stem, or with the first number from 2 on that nobody has: town-450124100, town-450124100-2. `taken` holds small
    letters."""
    number, name = 1, stem
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def next_username(account: User) -> str:
    """For the successor of an account: the same stem with the next free number."""
    head, _, tail = account.username.rpartition("-")
    stem = head if head and tail.isdigit() and len(tail) < 4 else account.username
    alike = User.objects.filter(username__istartswith=stem).values_list("username", flat=True)
    return free_username(stem, {name.lower() for name in alike})


def _appointed(county: Division) -> dict[tuple[str, str], Person]:
    """{(home, function): person} of today's appointments at townships' schools and governments, units and the centre."""
    wanted = {function for functions in _APPOINTED.values() for function in functions}
    rows = Appointment.objects.on(timezone.localdate()).filter(person__county=county, function__in=wanted)
    found = {}
    for row in rows.select_related("person", "unit", "institution").order_by("pk"):
        if row.unit_id:
            key = row.unit.division_id if row.unit.kind == MemberUnit.Kind.TOWNSHIP else f"u{row.unit_id}"
        else:
            key = row.institution.division_id
        found.setdefault((key, row.function), row.person)
    return found


def namesakes(county: Division | None, names: Iterable[str]) -> dict[str, list[Person]]:
    """The county's people by `match_key` of these names, so that nobody is entered a second time unawares, not even with a
    blank in the name: duties are separated between persons. A few queries, whatever the names."""
    found, wanted = defaultdict(list), {match_key(name) for name in names} - {""}
    rows = Person.objects.filter(county=county)
    keys = {pk for pk, name in rows.values_list("pk", "name") if match_key(name) in wanted} if wanted else set()
    people = rows.filter(pk__in=keys)
    for person in people.prefetch_related("accounts", "appointments__unit", "appointments__institution").order_by("pk"):
        found[match_key(person.name)].append(person)
    return found


def told_apart(person: Person) -> str:
    """韦某 · 职成股 · 白山镇社区学校 社区教育专干 · 账号 town-1: by what one knows a person from a namesake."""
    jobs = [str(job) for job in person.appointments.all() if job.ends_on is None]
    accounts = "、".join(account.username for account in person.accounts.all())
    return " · ".join(filter(None, [person.name, person.post, *jobs[:2], accounts and f"账号 {accounts}"]))


# --- making, linking, handing over ---------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """One account to be made."""

    home: Home
    role: Role
    username: str
    name: str
    person: Person | None  # who is known already; otherwise somebody of that name is entered


@dataclass(frozen=True)
class Slip:
    """What is handed to the account's owner on paper; holds the token, so it is shown once and stored nowhere."""

    account: User
    expires_at: datetime.datetime
    address: str  # of the link, whole: it is typed from paper


@transaction.atomic
def make(orders: list[Order], *, actor: User, county: Division | None, request: HttpRequest) -> list[Slip]:
    """All of the accounts or none, each without a password and with a link by which its owner sets one. Raises
    ValidationError for a home that does not fit the role or where the actor may not (any longer) give it, IntegrityError for
    a name that somebody was quicker to take."""
    # One at a time in a county: of two operators at once, one makes the first bureau account and the other no second.
    list(Division.objects.select_for_update(no_key=True).filter(pk__in={order.home.county_code for order in orders}))
    return [_make(order, actor=actor, county=county, request=request) for order in orders]


def _make(order: Order, *, actor: User, county: Division | None, request: HttpRequest, **detail: object) -> Slip:
    known = order.person.pk if order.person else None
    if barred := barred_from_granting(actor, str(order.role), order.home.county_code, known):
        raise ValidationError(barred)
    person = order.person or Person.objects.create(county=county, name=order.name)
    home = {"home_unit": order.home.unit, "home_division": order.home.division}
    account = User(username=order.username, person=person, role=order.role, **home)
    account.set_password(None)
    account.full_clean(exclude=["password"])
    account.save()
    slip = link_for(account, actor, request)
    audit.record(
        MADE,
        actor=actor,
        subject=account,
        request=request,
        county_code=account.county_code,
        role=str(order.role),
        **detail,
    )
    return slip


def link_for(account: User, actor: User, request: HttpRequest) -> Slip:
    """A new link as its owner will see it; recording the act is the caller's business."""
    link, token = PasswordLink.issue(account, actor)
    return Slip(account, link.expires_at, request.build_absolute_uri(reverse("set-password", args=[token])))


@transaction.atomic
def give_links(accounts: Iterable[User], *, actor: User, request: HttpRequest) -> list[Slip]:
    """A new one-time link for each of the accounts; their older ones end. Raises ValidationError for a suspended one."""
    slips = []
    for account in accounts:
        slips.append(link_for(account, actor, request))
        audit.record(LINKED, actor=actor, subject=account, request=request, county_code=account.county_code)
    return slips


@transaction.atomic
def hand_over(
    account: User,
    order: Order,
    *,
    appointments: Iterable[Appointment],
    day: datetime.date,
    actor: User,
    request: HttpRequest,
) -> Slip:
    """The successor gets an account of the same role and home, the predecessor's is suspended, and the chosen appointments
    pass on `day`. Desk, drafts and returned sessions belong to the unit and stay with it. All or nothing; raises what
    `make`, `User.suspend` and `Appointment.succeed` raise, and ValidationError where the account has been moved or handed
    over since it was looked at."""
    now = account.locked()
    if (now.is_active, now.standing) != (account.is_active, account.standing):
        raise ValidationError("这个账号刚刚已被别人停用、交接或调整，没有办理：请返回核对")
    county = county_of(account)
    slip = _make(order, actor=actor, county=county, request=request, from_account=account.pk)
    if account.is_active:
        account.suspend()
    for appointment in appointments:
        appointment.succeed(slip.account.person, day)
    audit.record(
        HANDED_OVER,
        actor=actor,
        subject=account,
        request=request,
        county_code=account.county_code,
        to_account=slip.account.pk,
    )
    return slip


def county_of(account: User) -> Division | None:
    """Among whose people the successor of an account is looked for."""
    return Division.objects.get(pk=account.county_code) if account.county_code else account.person.county


def appointments_to_hand_over(account: User, actor: User) -> models.QuerySet:
    """What the account's person does at its home, as far as it has not ended and is the actor's to change."""
    if account.home_unit_id:
        here = Q(unit=account.home_unit)
    elif account.role in {Role.TOWNSHIP, Role.HEAD}:
        code = account.home_division_id
        here = Q(institution__division=code) | Q(unit__division=code, unit__kind=MemberUnit.Kind.TOWNSHIP)
    else:
        here = Q(institution__division=account.home_division_id) if account.home_division_id else Q(pk__in=[])
    rows = Appointment.objects.kept_by(actor).filter(here, person=account.person, ends_on=None)
    return rows.select_related("unit", "institution")


# What is bound to a person and does not pass with the account. Apps built upon this one add questions when they load:
# `f(account) -> (how many, the sentence about them)`.
_UNFINISHED: list[Callable[[User], tuple[int, str]]] = []


def register_unfinished(question: Callable[[User], tuple[int, str]]) -> None:
    _UNFINISHED.append(question)


def unfinished(account: User) -> list[str]:
    """Sentences about what the predecessor alone could have finished."""
    return [sentence for number, sentence in (question(account) for question in _UNFINISHED) if number]


# --- who must hear of it -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    at: datetime.datetime
    by: str
    account: User
    did: str


_TOLD = {  # act in the log: what was done for somebody
    MADE: "建立了账号",
    ADMIN_MADE: "建立了账号",
    LINKED: "签发了设密码的链接",
    ADMIN_CHANGED: "修改了账号",
    SUSPENDED: "办理了账号停用",
    REACTIVATED: "重新启用了账号",
    HANDED_OVER: "办理了账号交接",
    FACTOR_RESET: "重置了动态口令",
}
HEARD_AT_MOST = 20  # on a desk; the log has them all


def heard_of_judges(user: User) -> list[Heard]:
    """For 30 days every bureau person reads on the desk what somebody else did to an account that judges or audits
    (docs/decisions, who keeps the accounts that judge). Two queries."""
    accounts = {str(row.pk): row for row in judging_accounts(user).select_related("person")}
    events = (
        AuditEvent.objects.filter(
            action__in=_TOLD,
            subject=User._meta.model_name,
            subject_id__in=accounts,
            at__gte=timezone.now() - HEARD_FOR,
        )
        .exclude(actor__person=user.person_id)
        .select_related("actor__person")
    )
    return [
        Heard(
            event.at,
            event.actor.get_full_name() if event.actor else event.actor_name,
            accounts[event.subject_id],
            _TOLD[event.action],
        )
        for event in events[:HEARD_AT_MOST]
    ]
