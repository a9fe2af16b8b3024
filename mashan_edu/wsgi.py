"""The entry point of application servers."""

import gc
import logging
import os
from functools import partial
from importlib import import_module

from django.conf import settings
from django.core.checks import run_checks
from django.core.wsgi import get_wsgi_application

from .deep_calls import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashan_edu.settings")
application = partial(with_room, get_wsgi_application())
for found in run_checks(
    tags=["disk"]
):  # servers run no checks of their own, and whoever starts one reads no other (IN-1)
    logging.getLogger(__name__).warning("%s%s", found.msg, found.hint)
# What every page needs is loaded before the first one is asked for, and then left alone by the collector of rubbish, which would go
# through all of it again and again: that makes a page cheaper by a tenth (docs/load.md).
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
