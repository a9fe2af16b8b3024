"""What it adds up to: assessment years, quotas, and the plan with its tasks and what is reported of them."""

from .acts import LedgerAct, YearProposal
from .calls import Call, CallSample
from .plan import Plan, PlanTask, PlanYear, TaskResponsibility
from .progress import ReportEvidence, Standing, TaskGoal, TaskJudgement, TaskReport
from .references import ReferenceKey, ReferenceThreshold
from .year import AssessmentYear, QuotaAdjustment

__all__ = [
    "AssessmentYear",
    "Call",
    "CallSample",
    "LedgerAct",
    "Plan",
    "PlanTask",
    "PlanYear",
    "QuotaAdjustment",
    "ReferenceKey",
    "ReferenceThreshold",
    "ReportEvidence",
    "Standing",
    "TaskGoal",
    "TaskJudgement",
    "TaskReport",
    "TaskResponsibility",
    "YearProposal",
]
