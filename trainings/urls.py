"""Sessions, review and imports."""

from django.urls import path

from .views import entry, paper, review, sessions

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
    path("sessions/export/<int:year>/", paper.export, name="session-export"),
    # review desk
    path("review/", review.queue, name="review-queue"),
    path("review/verify/", review.verify_many, name="review-verify-many"),
    path("review/<int:pk>/", review.session, name="review-session"),
    path("review/<int:pk>/verify/", review.verify, name="review-verify"),
    path("review/<int:pk>/return/", review.send_back, name="review-return"),
    path("review/<int:pk>/revoke/", review.revoke, name="review-revoke"),
    path("review/<int:pk>/correct/", review.correct, name="review-correct"),
]
