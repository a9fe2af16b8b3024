"""What it adds up to: assessment years, quotas, and the plan with its tasks and what is reported of them."""

from .acts import LedgerAct, YearProposal
from .bulletin import Bulletin
from .calls import Call, CallSample
from .feedback import Confirmation, Quarter, SignOff
from .forms import FormEntry
from .materials import AskedOf, Material, MaterialKind
from .objections import Objection, ObjectionFile
from .plan import Plan, PlanTask, PlanYear, TaskResponsibility
from .progress import ReportEvidence, Standing, TaskGoal, TaskJudgement, TaskReport
from .prompts import LateEntry, Prompt
from .references import ReferenceKey, ReferenceThreshold
from .submissions import Submission
from .year import AssessmentYear, QuotaAdjustment

__all__ = [
    "AskedOf",
    "AssessmentYear",
    "Bulletin",
    "Call",
    "CallSample",
    "Confirmation",
    "FormEntry",
    "LateEntry",
    "LedgerAct",
    "Material",
    "MaterialKind",
    "Objection",
    "ObjectionFile",
    "Plan",
    "PlanTask",
    "PlanYear",
    "Prompt",
    "Quarter",
    "QuotaAdjustment",
    "ReferenceKey",
    "ReferenceThreshold",
    "ReportEvidence",
    "SignOff",
    "Standing",
    "Submission",
    "TaskGoal",
    "TaskJudgement",
    "TaskReport",
    "TaskResponsibility",
    "YearProposal",
]
