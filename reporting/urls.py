"""Desk, assessment and dashboards."""

urlpatterns = []
