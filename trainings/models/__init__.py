"""What was done: training sessions with their life, evidence, vocabularies and imports."""

from .evidence import Evidence
from .imports import ImportBatch, SubmitToken
from .parts import AudienceCount, CoOrganiser
from .session import TrainingSession
from .verbs import Conflict, Missing, Refused, ReturnReason, Status
from .vocabulary import Audience, DeliveryForm, Language, Programme, Project, Theme

__all__ = [
    "Audience",
    "AudienceCount",
    "CoOrganiser",
    "Conflict",
    "DeliveryForm",
    "Evidence",
    "ImportBatch",
    "Language",
    "Missing",
    "Programme",
    "Project",
    "Refused",
    "ReturnReason",
    "Status",
    "SubmitToken",
    "Theme",
    "TrainingSession",
]
