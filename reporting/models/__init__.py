"""What it adds up to: assessment years, quotas and the plan's tasks."""

from .plan import PlanTask, TaskResponsibility
from .references import ReferenceKey, ReferenceThreshold
from .year import AssessmentYear, QuotaAdjustment

__all__ = ["AssessmentYear", "PlanTask", "QuotaAdjustment", "ReferenceKey", "ReferenceThreshold", "TaskResponsibility"]
