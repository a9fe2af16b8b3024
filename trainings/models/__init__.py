"""What was done and what is planned: training sessions with their life, evidence, rosters, courses, vocabularies, imports."""

from .announcements import Announcement, SignUp
from .classes import TrainingClass, UnitPlan
from .courses import Course, CourseMaterial
from .evidence import Evidence
from .feedback import Feedback, PaperTally
from .imports import ImportBatch, SubmitToken
from .parts import AudienceCount, CoOrganiser
from .rosters import RosterHold, RosterLine
from .scans import ScanSheet
from .session import TrainingSession
from .stories import Story
from .verbs import Conflict, Missing, Refused, ReturnReason, Status
from .vocabulary import Audience, DeliveryForm, Language, Programme, Project, Theme

__all__ = [
    "Announcement",
    "Audience",
    "AudienceCount",
    "CoOrganiser",
    "Conflict",
    "Course",
    "CourseMaterial",
    "DeliveryForm",
    "Evidence",
    "Feedback",
    "ImportBatch",
    "Language",
    "Missing",
    "PaperTally",
    "Programme",
    "Project",
    "Refused",
    "ReturnReason",
    "RosterHold",
    "RosterLine",
    "ScanSheet",
    "SignUp",
    "Status",
    "Story",
    "SubmitToken",
    "Theme",
    "TrainingClass",
    "TrainingSession",
    "UnitPlan",
]
