"""Who and where: places, institutions, responsible units, people, accounts, the registries about them, and the audit log."""

from .accounts import Role, User
from .attachments import Attachment
from .audit import AuditEvent
from .communities import LearningGroup
from .figures import AnnualFigure, Fund
from .groups import LeadingGroup, Seat, SeatHolder
from .institutions import FormerPlace, Institution, InstitutionCheck, InstitutionState
from .people import Appointment, Person, ServiceRecord
from .places import CountySettings, Division, Tier
from .providers import Provider, ResourceProject
from .registry_imports import RegistryImport
from .reorganisations import Reorganisation
from .resources import SharedResource
from .second_factor import RecoveryCode
from .signing_in import PasswordLink, SignIn
from .succession import Change, DivisionSuccession, FormerName, Places, UnitSuccession, township_today
from .surveys import AwarenessSurvey
from .units import AffiliatedBody, MemberUnit, UnitTerm
from .zones import Heading, Zone, ZoneCheck

__all__ = [
    "AffiliatedBody",
    "AnnualFigure",
    "Appointment",
    "Attachment",
    "AuditEvent",
    "AwarenessSurvey",
    "Change",
    "CountySettings",
    "Division",
    "DivisionSuccession",
    "FormerName",
    "FormerPlace",
    "Fund",
    "Heading",
    "Institution",
    "InstitutionCheck",
    "InstitutionState",
    "LeadingGroup",
    "LearningGroup",
    "MemberUnit",
    "PasswordLink",
    "Person",
    "Places",
    "Provider",
    "RecoveryCode",
    "RegistryImport",
    "Reorganisation",
    "ResourceProject",
    "Role",
    "Seat",
    "SeatHolder",
    "ServiceRecord",
    "SharedResource",
    "SignIn",
    "Tier",
    "UnitSuccession",
    "UnitTerm",
    "User",
    "Zone",
    "ZoneCheck",
    "township_today",
]
