"""Writing the audit log, in the same transaction as the act it records (AU-1)."""

import datetime
import getpass

from django.db import transaction
from django.http import HttpRequest

from .limits import address_allowed, allowed, household
from .logs import one_line, ship
from .middleware import client_address
from .models import AuditEvent, User

DENIED = "拒绝访问"
# A refusal costs a stranger nothing and us a line: ten minutes' worth of one address, and of all of them together. Whoever is signed
# in has a name, and every line of theirs is kept.
OF_AN_ADDRESS = {"most": 20, "seconds": 600}
OF_ALL_STRANGERS = {"most": 500, "seconds": 600}


def record(
    action: str,
    *,
    actor: User | None,
    subject: object = None,
    request: HttpRequest | None = None,
    county_code: str = "",
    **detail: object,
) -> AuditEvent:
    """Stores one act. Call it inside the transaction of the act; `detail` holds counts, digests and codes, never names
    of residents. `subject` is a model instance, or nothing."""
    known = actor if actor is not None and actor.is_authenticated else None
    event = AuditEvent.objects.create(
        actor=known,
        actor_name=known.username if known else "",
        county_code=county_code or (known.county_code if known else ""),
        action=action,
        subject=subject._meta.model_name if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        detail=detail,
        address=request.META.get("REMOTE_ADDR") or None if request is not None else None,
    )
    transaction.on_commit(lambda: ship(event), robust=True)  # what is rolled back did not happen
    return event


def denied(request: HttpRequest, why: str = "", *, subject: object = None) -> None:
    """One line of a refusal: the page's address and in a word why, never what was sent (AU-3)."""
    if not has_room(request, DENIED):
        return
    detail = {"path": one_line(request.path)[:200]} | ({"why": why} if why else {})
    with transaction.atomic():
        record(DENIED, actor=getattr(request, "user", None), subject=subject, request=request, **detail)


def has_room(request: HttpRequest, action: str) -> bool:
    """Counts one more line of this kind that a stranger can cause at will; whether it is still to be written. Each kind has
    room of its own, so that one does not push another out."""
    user = getattr(request, "user", None)
    if user and user.is_authenticated:
        return True
    return address_allowed(request, action, **OF_AN_ADDRESS) and allowed(action, "everybody", **OF_ALL_STRANGERS)


def number_from(request: HttpRequest, actions: list[str], since: datetime.datetime) -> int:
    """How many acts of these kinds came from the request's address since then; of IPv6 from its network of 64 bits. The log
    keeps whole addresses, and databases do not agree on networks, so those of IPv6 are compared here: ask for an hour at most."""
    acts = AuditEvent.objects.filter(action__in=actions, at__gte=since)
    address = client_address(request)
    if ":" not in address:
        return acts.filter(address=address or None).count()
    here = household(address)
    return sum(household(other) == here for other in acts.exclude(address=None).values_list("address", flat=True))


def denied_command(command: str, actor: User | None) -> None:
    """The same of a command that an account was named for."""
    with transaction.atomic():
        record(DENIED, actor=actor, command=command, os_user=os_user())


def os_user() -> str:
    """Who runs a command, for an act without an account."""
    try:
        return getpass.getuser()[:60]
    except (OSError, KeyError):  # an account that the machine does not know by name
        return "未知"
