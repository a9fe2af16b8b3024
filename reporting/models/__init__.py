"""What it adds up to: assessment years, quotas and the plan's tasks."""

from .acts import LedgerAct, YearProposal
from .calls import Call, CallSample
from .materials import AskedOf, Material, MaterialKind
from .plan import PlanTask, TaskResponsibility
from .prompts import LateEntry, Prompt
from .references import ReferenceKey, ReferenceThreshold
from .year import AssessmentYear, QuotaAdjustment

__all__ = [
    "AskedOf",
    "AssessmentYear",
    "Call",
    "CallSample",
    "LateEntry",
    "LedgerAct",
    "Material",
    "MaterialKind",
    "PlanTask",
    "Prompt",
    "QuotaAdjustment",
    "ReferenceKey",
    "ReferenceThreshold",
    "TaskResponsibility",
    "YearProposal",
]
