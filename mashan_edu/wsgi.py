"""The entry point of application servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashan_edu.settings")
application = get_wsgi_application()
