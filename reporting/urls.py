"""Desk, assessment and dashboards."""

from django.urls import path

from .views import assessment, counted, dashboard, desk, setup

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("assessment/", assessment.now, name="assessment-now"),
    path("assessment/<int:year>/", assessment.county, name="assessment-county"),
    path("assessment/<int:year>/rules/", assessment.rules, name="assessment-rules"),
    path("assessment/<int:year>/export/", assessment.export, name="assessment-export"),
    path("assessment/<int:year>/counted/", counted.counted, name="assessment-counted"),
    path("assessment/<int:year>/<str:unit>/", assessment.unit, name="assessment-unit"),
    path("setup/", setup.setup, name="setup"),
    path("dashboard/", dashboard.now, name="dashboard-now"),
    path("dashboard/<int:year>/", dashboard.dashboard, name="dashboard"),
]
