"""/healthz: is the database there, can files be written, is there a fresh backup? For monitors; says nothing else."""

import os

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from .. import backup_record


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database and storage work, 503 when one does not. A late backup is a word in the answer and no 503: whoever
    takes a server out of service by the status would stop the work over it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = "ok"
    except DatabaseError:
        database = "unreachable"
    folder = settings.MEDIA_ROOT
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # made at the first upload
    storage = "ok" if os.access(folder, os.W_OK) else "not writable"
    healthy = database == storage == "ok"
    watch = backup_record.watch()
    told = {"database": database, "storage": storage, "backup": watch.backup, "drill": watch.drill}
    return JsonResponse(told, status=200 if healthy else 503)
