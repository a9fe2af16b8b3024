"""Who and where: places, institutions, responsible units, people, accounts, the registries about them, and the audit log."""

from .accounts import Role, User
from .attachments import Attachment
from .audit import AuditEvent
from .figures import AnnualFigure, Fund
from .institutions import Institution, InstitutionCheck, InstitutionState
from .people import Appointment, Person
from .places import CountySettings, Division, Tier
from .resources import SharedResource
from .signing_in import PasswordLink, SignIn
from .succession import Change, DivisionSuccession, UnitSuccession
from .units import AffiliatedBody, MemberUnit, UnitTerm

__all__ = [
    "AffiliatedBody",
    "AnnualFigure",
    "Appointment",
    "Attachment",
    "AuditEvent",
    "Change",
    "CountySettings",
    "Division",
    "DivisionSuccession",
    "Fund",
    "Institution",
    "InstitutionCheck",
    "InstitutionState",
    "MemberUnit",
    "PasswordLink",
    "Person",
    "Role",
    "SharedResource",
    "SignIn",
    "Tier",
    "UnitSuccession",
    "UnitTerm",
    "User",
]
