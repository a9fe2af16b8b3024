"""What was done and what is planned: training sessions with their life, evidence, rosters, courses, vocabularies, imports."""

from .announcements import Announcement, SignUp
from .classes import TrainingClass, UnitPlan
from .column_names import ColumnName
from .courses import Course, CourseMaterial
from .effort import EntryEffort
from .evidence import Evidence
from .feedback import Feedback, PaperTally
from .hints import HintAnswer, PhotoMatch, PhotoPrint
from .imports import ImportBatch, SubmitToken
from .parts import AudienceCount, CoOrganiser
from .points import PointLink, PointReport
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
    "ColumnName",
    "Conflict",
    "Course",
    "CourseMaterial",
    "DeliveryForm",
    "EntryEffort",
    "Evidence",
    "Feedback",
    "HintAnswer",
    "ImportBatch",
    "Language",
    "Missing",
    "PaperTally",
    "PhotoMatch",
    "PhotoPrint",
    "PointLink",
    "PointReport",
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
