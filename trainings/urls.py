"""Sessions, review and imports."""

urlpatterns = []
