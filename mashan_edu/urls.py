"""Every address of the site, by app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("networks.urls")),
    path("", include("trainings.urls")),
    path("", include("reporting.urls")),
    path("admin/", admin.site.urls),
]
handler400 = "networks.views.errors.bad_request"
handler403 = "networks.views.errors.forbidden"
handler404 = "networks.views.errors.not_found"
handler500 = "networks.views.errors.server_error"
