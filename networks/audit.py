"""Writing the audit log, in the same transaction as the act it records (AU-1)."""

import getpass

from django.db import transaction
from django.http import HttpRequest

from .logs import ship
from .models import AuditEvent, User


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


def os_user() -> str:
    """Who runs a command, for an act without an account."""
    try:
        return getpass.getuser()[:60]
    except (OSError, KeyError):  # an account that the machine does not know by name
        return "未知"
