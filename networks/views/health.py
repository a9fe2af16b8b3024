"""/healthz: is the database there, can files be written, is there a fresh backup? For monitors; says nothing else.

What is built upon this app adds its own line (`tell`): it is told, and does not decide whether the site can serve.
"""

import os
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from .. import backup_record

_told: dict[str, Callable[[], str]] = {}


def tell(name: str, state: Callable[[], str]) -> None:
    """Called at start-up with a line of its own: its name, and the word for how it is, asked of the database."""
    _told[name] = state


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database and storage work, 503 when one does not. A late backup is a word in the answer and no 503: whoever
    takes a server out of service by the status would stop the work over it."""
    lines = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = "ok"
        lines = {name: state() for name, state in _told.items()}
    except DatabaseError:
        database = "unreachable"
    folder = settings.MEDIA_ROOT
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # made at the first upload
    storage = "ok" if os.access(folder, os.W_OK) else "not writable"
    healthy = database == storage == "ok"
    watch = backup_record.watch()
    nightly = {"backup": watch.backup, "drill": watch.drill, "verify": watch.verify}
    told = {"database": database, "storage": storage, **nightly, **lines}
    return JsonResponse(told, status=200 if healthy else 503)
