"""Desk, assessment, dashboards, and what the network adds up to."""

from django.urls import path

from .views import (
    assessment,
    communities,
    contacts,
    counted,
    dashboard,
    desk,
    learn_map,
    network,
    projects,
    references,
    setup,
    zones,
)

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("assessment/", assessment.now, name="assessment-now"),
    path("assessment/<int:year>/", assessment.county, name="assessment-county"),
    path("assessment/<int:year>/rules/", assessment.rules, name="assessment-rules"),
    path("assessment/<int:year>/export/", assessment.export, name="assessment-export"),
    path("assessment/<int:year>/counted/", counted.counted, name="assessment-counted"),
    path("assessment/<int:year>/<str:unit>/", assessment.unit, name="assessment-unit"),
    path("network/", network.network, name="network"),
    path("network/shortfalls/", network.shortfall_list, name="network-shortfalls"),
    path("network/places/<int:code>/", network.place, name="network-place"),
    path("network/institutions/<int:pk>/", network.institution, name="network-institution"),
    path("setup/", setup.setup, name="setup"),
    path("dashboard/", dashboard.now, name="dashboard-now"),
    path("dashboard/<int:year>/", dashboard.dashboard, name="dashboard"),
    path("network/contacts/export/", contacts.export, name="contacts-export"),
    path("network/communities/", communities.communities, name="communities"),
    path("network/communities/<int:pk>/", communities.community, name="community"),
    path("network/resources/projects/<int:pk>/", projects.resource_project, name="resource-project"),
    path("network/funds/", references.funds, name="funds"),
    path("network/zones/", zones.zones, name="zones"),
    path("network/zones/new/", zones.new, name="zone-new"),
    path("network/zones/references/", references.references, name="references"),
    path("network/zones/references/<str:key>/", references.threshold, name="reference-threshold"),
    path("network/zones/<int:pk>/", zones.edit, name="zone-edit"),
    path("network/zones/<int:pk>/<int:year>/", zones.check, name="zone-check"),
    path("network/zones/<int:pk>/<int:year>/edit/", zones.check_edit, name="zone-check-edit"),
    path("network/zones/<int:pk>/<int:year>/print/", zones.check_print, name="zone-check-print"),
    path("learn/map/", learn_map.shown, name="learn-map"),
]
