"""Sessions, review and imports."""

from django.urls import path

from .views import review

urlpatterns = [
    # review desk
    path("review/", review.queue, name="review-queue"),
    path("review/verify/", review.verify_many, name="review-verify-many"),
    path("review/<int:pk>/", review.session, name="review-session"),
    path("review/<int:pk>/verify/", review.verify, name="review-verify"),
    path("review/<int:pk>/return/", review.send_back, name="review-return"),
    path("review/<int:pk>/revoke/", review.revoke, name="review-revoke"),
    path("review/<int:pk>/correct/", review.correct, name="review-correct"),
]
