"""Sessions, review and imports."""

from django.urls import path

from .views import announcing, entry, evidence, imports, learn, learn_library, learn_sign_up, paper, review, sessions

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
    # announcements, and what residents read of them
    path("sessions/<int:pk>/announce/", announcing.announce, name="session-announce"),
    path("sessions/<int:pk>/sign-ups/", announcing.sign_ups, name="session-sign-ups"),
    path("sessions/<int:pk>/sign-ups/clear/", announcing.sign_ups_clear, name="session-sign-ups-clear"),
    path("sessions/<int:pk>/sign-ups/<int:sign_up_pk>/", announcing.sign_up_cancel, name="session-sign-up-cancel"),
    path("learn/", learn.week, name="learn"),
    path("learn/calendar.ics", learn.calendar, name="learn-calendar"),
    path("learn/sessions/<slug:number>/", learn.session, name="learn-session"),
    path("learn/sessions/<slug:number>/sign-up/", learn_sign_up.sign_up, name="learn-sign-up"),
    path("learn/sign-ups/<slug:token>/", learn_sign_up.signed_up, name="learn-signed-up"),
    path("learn/courses/", learn_library.courses, name="learn-courses"),
    path("learn/courses/<int:pk>/", learn_library.course, name="learn-course"),
    path("learn/courses/<int:pk>/files/<int:material_pk>/", learn_library.material, name="learn-material"),
    path("learn/stories/", learn_library.stories, name="learn-stories"),
    path("learn/stories/<int:pk>/", learn_library.story, name="learn-story"),
    path("learn/stories/<int:pk>/picture/", learn_library.picture, name="learn-picture"),
]
