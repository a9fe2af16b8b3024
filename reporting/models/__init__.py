"""What it adds up to: assessment years, quotas and the plan's tasks."""

from .acts import LedgerAct, YearProposal
from .calls import Call, CallSample
from .feedback import Confirmation, Quarter, SignOff
from .objections import Objection, ObjectionFile
from .plan import PlanTask, TaskResponsibility
from .references import ReferenceKey, ReferenceThreshold
from .year import AssessmentYear, QuotaAdjustment

__all__ = [
    "AssessmentYear",
    "Call",
    "CallSample",
    "Confirmation",
    "LedgerAct",
    "Objection",
    "ObjectionFile",
    "PlanTask",
    "Quarter",
    "QuotaAdjustment",
    "ReferenceKey",
    "ReferenceThreshold",
    "SignOff",
    "TaskResponsibility",
    "YearProposal",
]
