"""The entry point of application servers."""

import gc
import os
from functools import partial
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from .deep_calls import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashan_edu.settings")
application = partial(with_room, get_wsgi_application())
# What every page needs is loaded before the first one is asked for, and then left alone by the collector of rubbish, which would go
# through all of it again and again: that makes a page cheaper by a tenth (docs/load.md).
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
