"""Error pages that say in Chinese what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from .. import audit
from ..logs import one_line


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/400.html", {"sentence": getattr(exception, "sentence", "")}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Denials are part of the log (AU-3); the address alone is kept, never what was sent."""
    user = getattr(request, "user", None)
    if user and user.is_authenticated:
        audit.record("拒绝访问", actor=user, request=request, path=one_line(request.path)[:200])
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    # Without context: whatever broke may break the context too.
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=403)
