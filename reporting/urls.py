"""Desk, assessment and dashboards."""

from django.urls import path

from .views import assessment, communities, counted, dashboard, desk, projects

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("assessment/", assessment.now, name="assessment-now"),
    path("assessment/<int:year>/", assessment.county, name="assessment-county"),
    path("assessment/<int:year>/rules/", assessment.rules, name="assessment-rules"),
    path("assessment/<int:year>/export/", assessment.export, name="assessment-export"),
    path("assessment/<int:year>/counted/", counted.counted, name="assessment-counted"),
    path("assessment/<int:year>/<str:unit>/", assessment.unit, name="assessment-unit"),
    path("dashboard/", dashboard.now, name="dashboard-now"),
    path("dashboard/<int:year>/", dashboard.dashboard, name="dashboard"),
    path("network/communities/", communities.communities, name="communities"),
    path("network/communities/<int:pk>/", communities.community, name="community"),
    path("network/resources/projects/<int:pk>/", projects.resource_project, name="resource-project"),
]
