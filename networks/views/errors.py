"""Error pages that say in Chinese what to do."""

import errno
import sys
from collections.abc import Iterator

from django.db import InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from .. import audit


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/400.html", {"sentence": getattr(exception, "sentence", "")}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Denials are part of the log (AU-3); the address alone is kept, never what was sent."""
    audit.denied(request)
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where it is not the program but the machine that could not: then trying again helps, or room on the disk.
    Without context of the request: whatever broke may break it too, and with it this page."""
    broken = sys.exc_info()[1]  # Django calls this where it has caught what went wrong
    if broken is None or not (words := _cannot_now(broken)):
        return HttpResponse(render_to_string("errors/500.html"), status=500)
    page = HttpResponse(render_to_string("errors/503.html", {"busy": words is BUSY}), status=503)
    page.headers["Retry-After"] = str(60 if words is BUSY else 600)
    return page


BUSY, FULL = "too many at once", "nothing can be written, or nothing be reached"
_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
_WAITED = {
    "55P03",
    "40P01",
    "40001",
    "57014",
}  # PostgreSQL: lock not to be had, deadlock, serialisation, statement timeout
_READ_ONLY = "25006"  # which Django takes for an error of the program


def _cannot_now(broken: BaseException) -> str:
    """BUSY, FULL, or nothing where the program itself is to blame."""
    for one in _chain(broken):
        if isinstance(one, OSError) and one.errno in _NOT_WRITTEN:
            return FULL
        code = getattr(one.__cause__, "pgcode", None)
        if isinstance(one, InternalError) and code == _READ_ONLY:
            return FULL
        if isinstance(one, OperationalError):
            text = str(one)
            if code in _WAITED or "locked" in text or "busy" in text:
                return BUSY
            # A column that is missing is the program's mistake (SQLite calls that operational too).
            return "" if text.startswith(("no such", "near ", "table ")) else FULL
    return ""


def _chain(broken: BaseException | None) -> Iterator[BaseException]:
    """It, and what it came from."""
    seen: set[int] = set()
    while broken is not None and id(broken) not in seen:
        seen.add(id(broken))
        yield broken
        broken = broken.__cause__ or broken.__context__


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    audit.denied(request, "页面的防伪标记不对或已过期")
    return render(request, "errors/csrf.html", status=403)
