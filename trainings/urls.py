"""Sessions, review and imports."""

from django.urls import path

from .views import (
    calendar,
    classes,
    courses,
    entry,
    evidence,
    imports,
    instructors,
    paper,
    review,
    roster_terms,
    rosters,
    sessions,
    stories,
)

urlpatterns = [
    # session pages
    path("sessions/", sessions.session_list, name="session-list"),
    path("sessions/new/", entry.new, name="session-new"),
    path("sessions/submit/", sessions.submit_many, name="session-submit-many"),
    path("sessions/<int:pk>/", sessions.detail, name="session-detail"),
    path("sessions/<int:pk>/edit/", entry.edit, name="session-edit"),
    path("sessions/<int:pk>/submit/", sessions.submit, name="session-submit"),
    path("sessions/<int:pk>/withdraw/", sessions.withdraw, name="session-withdraw"),
    path("sessions/<int:pk>/void/", sessions.void, name="session-void"),
    path("sessions/<int:pk>/hold/", sessions.hold, name="session-hold"),
    path("sessions/<int:pk>/cancel/", sessions.cancel, name="session-cancel"),
    path("sessions/<int:pk>/confirm/", sessions.confirm, name="session-confirm"),
    path("sessions/<int:pk>/history/", sessions.history, name="session-history"),
    path("sessions/<int:pk>/sheet/", paper.sheet, name="session-sheet"),
    path("sessions/<int:pk>/evidence/", evidence.add, name="evidence-add"),
    path("sessions/<int:pk>/evidence/<int:evidence_pk>/", evidence.file, name="evidence-file"),
    path("sessions/<int:pk>/evidence/<int:evidence_pk>/delete/", evidence.delete, name="evidence-delete"),
    path("sessions/export/<int:year>/", paper.export, name="session-export"),
    # plan and calendar
    path("calendar/", calendar.calendar, name="calendar"),
    path("classes/new/", classes.new, name="class-new"),
    path("classes/<int:pk>/edit/", classes.edit, name="class-edit"),
    path("classes/<int:pk>/postpone/", classes.postpone, name="class-postpone"),
    path("classes/<int:pk>/cancel/", classes.cancel, name="class-cancel"),
    path("sessions/<int:pk>/postpone/", classes.postpone_session, name="session-postpone"),
    # rosters
    path("sessions/<int:pk>/roster/", rosters.roster, name="session-roster"),
    path("sessions/<int:pk>/roster/names/", rosters.names, name="roster-names"),
    path("sessions/<int:pk>/roster/export/", rosters.export, name="roster-export"),
    path("sessions/<int:pk>/roster/check/", rosters.check, name="roster-check"),
    path("sessions/<int:pk>/roster/save/", rosters.save, name="roster-save"),
    path("sessions/<int:pk>/roster/<int:line_pk>/remove/", rosters.remove, name="roster-remove"),
    path("rosters/", roster_terms.roster_terms, name="roster-terms"),
    path("rosters/hold/", roster_terms.hold, name="roster-hold"),
    path("rosters/hold/<int:pk>/lift/", roster_terms.lift, name="roster-hold-lift"),
    # review desk
    path("review/", review.queue, name="review-queue"),
    path("review/verify/", review.verify_many, name="review-verify-many"),
    path("review/<int:pk>/", review.session, name="review-session"),
    path("review/<int:pk>/verify/", review.verify, name="review-verify"),
    path("review/<int:pk>/return/", review.send_back, name="review-return"),
    path("review/<int:pk>/revoke/", review.revoke, name="review-revoke"),
    path("review/<int:pk>/correct/", review.correct, name="review-correct"),
    # imports
    path("sessions/import/", imports.upload, name="import-upload"),
    path("sessions/import/template/", imports.template, name="import-template"),
    path("sessions/import/batches/", imports.batches, name="import-list"),
    path("sessions/import/<int:pk>/", imports.batch, name="import-batch"),
    path("sessions/import/<int:pk>/confirm/", imports.confirm, name="import-confirm"),
    path("sessions/import/<int:pk>/marked/", imports.marked, name="import-marked"),
    path("sessions/import/<int:pk>/discard/", imports.discard, name="import-discard"),
    path("sessions/import/<int:pk>/undo/", imports.undo, name="import-undo"),
    # courses (read in reporting, where their figures are) and who teaches
    path("courses/new/", courses.new, name="course-new"),
    path("courses/instructors/", instructors.instructors, name="instructors"),
    path("courses/<int:pk>/edit/", courses.edit, name="course-edit"),
    path("courses/<int:pk>/propose/", courses.propose, name="course-propose"),
    path("courses/<int:pk>/decide/", courses.decide, name="course-decide"),
    path("courses/<int:pk>/materials/new/", courses.material_new, name="course-material-new"),
    path("courses/<int:pk>/materials/<int:material_pk>/", courses.material, name="course-material"),
    path(
        "courses/<int:pk>/materials/<int:material_pk>/remove/", courses.material_remove, name="course-material-remove"
    ),
    # publicity
    path("publicity/", stories.story_list, name="story-list"),
    path("publicity/new/", stories.new, name="story-new"),
    path("publicity/<int:pk>/", stories.story, name="story"),
    path("publicity/<int:pk>/edit/", stories.edit, name="story-edit"),
    path("publicity/<int:pk>/picture/", stories.picture, name="story-picture"),
    path("publicity/<int:pk>/propose/", stories.propose, name="story-propose"),
    path("publicity/<int:pk>/decide/", stories.decide, name="story-decide"),
]
