"""What it adds up to: assessment years, quotas, and the plan with its tasks and what is reported of them."""

from .acts import LedgerAct, YearProposal
from .calls import Call, CallSample
from .forms import FormEntry
from .materials import AskedOf, Material, MaterialKind
from .plan import Plan, PlanTask, PlanYear, TaskResponsibility
from .progress import ReportEvidence, Standing, TaskGoal, TaskJudgement, TaskReport
from .prompts import LateEntry, Prompt
from .references import ReferenceKey, ReferenceThreshold
from .submissions import Submission
from .year import AssessmentYear, QuotaAdjustment

__all__ = [
    "AskedOf",
    "AssessmentYear",
    "Call",
    "CallSample",
    "FormEntry",
    "LateEntry",
    "LedgerAct",
    "Material",
    "MaterialKind",
    "Plan",
    "PlanTask",
    "PlanYear",
    "Prompt",
    "QuotaAdjustment",
    "ReferenceKey",
    "ReferenceThreshold",
    "ReportEvidence",
    "Standing",
    "Submission",
    "TaskGoal",
    "TaskJudgement",
    "TaskReport",
    "TaskResponsibility",
    "YearProposal",
]
