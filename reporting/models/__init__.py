"""What it adds up to: assessment years, quotas and the plan's tasks."""

from .acts import LedgerAct, YearProposal
from .calls import Call, CallSample
from .feedback import Confirmation, Quarter, SignOff
from .materials import AskedOf, Material, MaterialKind
from .objections import Objection, ObjectionFile
from .plan import PlanTask, TaskResponsibility
from .prompts import LateEntry, Prompt
from .references import ReferenceKey, ReferenceThreshold
from .year import AssessmentYear, QuotaAdjustment

__all__ = [
    "AskedOf",
    "AssessmentYear",
    "Call",
    "CallSample",
    "Confirmation",
    "LateEntry",
    "LedgerAct",
    "Material",
    "MaterialKind",
    "Objection",
    "ObjectionFile",
    "PlanTask",
    "Prompt",
    "Quarter",
    "QuotaAdjustment",
    "ReferenceKey",
    "ReferenceThreshold",
    "SignOff",
    "TaskResponsibility",
    "YearProposal",
]
