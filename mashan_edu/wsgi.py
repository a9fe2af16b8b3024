"""The entry point of application servers."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashan_edu.settings")
# Seconds after which a thread that is busy lets others in. A page asks the database dozens of times and queues up again each time; with
# Python's 5 milliseconds it waits that long behind everybody who is packing a photo or reading a workbook (LD-1, docs/load.md).
sys.setswitchinterval(0.0005)
application = get_wsgi_application()
# What has been loaded by now stays for good: the collector need not go through all of it again and again while everybody waits.
gc.collect()
gc.freeze()
