"""Who and where: places, institutions, responsible units, people, accounts, and the audit log."""

from .accounts import Role, User
from .audit import AuditEvent
from .people import Person
from .places import CountySettings, Division, Institution, Tier
from .units import AffiliatedBody, MemberUnit, UnitTerm

__all__ = [
    "AffiliatedBody",
    "AuditEvent",
    "CountySettings",
    "Division",
    "Institution",
    "MemberUnit",
    "Person",
    "Role",
    "Tier",
    "UnitTerm",
    "User",
]
