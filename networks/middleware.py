"""What holds for every request: the client's address, the session's absolute limit, first passwords, response headers."""

from __future__ import annotations

import datetime
import ipaddress
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from .models import User

SIGNED_IN_AT = "signed_in_at"  # session key: seconds since the epoch
CONFIRMED_AT = "confirmed_at"  # the same, of when the password was last typed in this browser
BY = "signed_in_by"  # session key: what was shown besides the password (动态口令, 恢复码), or ''


def client_address(request: HttpRequest) -> str:
    """The client's address, which TrustedProxyMiddleware has settled; '' where there is none (a Unix socket)."""
    return request.META.get("REMOTE_ADDR") or ""


class TrustedProxyMiddleware:
    """Takes the client's address and scheme from X-Forwarded-* only when the peer is one of TRUSTED_PROXIES (WB-5)."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(p, strict=False) for p in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        request.META.pop("HTTP_X_FORWARDED_HOST", None)
        if self.trusted and self._is_trusted(request.META.get("REMOTE_ADDR", "")):
            # The last address that is not a proxy of ours is the client; what stands before it is hearsay.
            for address in reversed([a.strip() for a in forwarded.split(",") if a.strip()]):
                if not self._is_address(address):
                    break
                request.META["REMOTE_ADDR"] = address
                if not self._is_trusted(address):
                    break
            if scheme == "https":
                request.META["wsgi.url_scheme"] = "https"
        return self.get_response(request)

    def _is_trusted(self, address: str) -> bool:
        return self._is_address(address) and any(ipaddress.ip_address(address) in net for net in self.trusted)

    @staticmethod
    def _is_address(text: str) -> bool:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return False
        return "%" not in text  # fe80::1%eth0 names a network card of somebody's, and PostgreSQL holds no such address


class ResponseHeadersMiddleware:
    """Pages of signed-in people are kept by no cache (WB-1); a view that says otherwise itself is left alone. The answer to
    HEAD is headers alone: neither Django nor waitress takes the body away, and on a connection that is kept open it would be
    read as the beginning of the next answer."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "geolocation=(), microphone=(), camera=(self)")
        if request.method == "HEAD":
            if response.streaming:
                response.streaming_content = []
            else:
                response.content = b""
        return response


def takes_uploads(most: int) -> Callable:
    """View decorator: whoever has no account may send it this many bytes in one request (LD-3)."""

    def decorate(view: Callable) -> Callable:
        view.most_bytes = most
        return view

    return decorate


class RequestSizeMiddleware:
    """How much one request may bring, by who sends it (LD-3). Asked before anything reads the body: the check against forgery
    does that first of all, and would write a stranger's gigabyte to the disk to find a token in it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args, kwargs) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or ""
        most = settings.MOST_REQUEST_BYTES
        if not request.user.is_authenticated:
            most = getattr(view, "most_bytes", settings.MOST_STRANGER_BYTES)
        if not (length.isdecimal() and int(length[:18]) > most):
            return None
        if not request.user.is_authenticated and getattr(view, "login_required", True):
            # An officer whose sign-in has expired: to the sign-in page, as with anything smaller.
            return LoginRequiredMiddleware(self.get_response).handle_no_permission(request, view)
        return render(request, "errors/413.html", {"most": most // (1024 * 1024)}, status=413)


class ButtonAddressMiddleware:
    """The address behind a button, opened or reloaded by itself (after an expired sign-in, say), answers with a page
    that leads back to where the button is: the page above it. Without this it is an empty 405."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET":
            return response
        back = request.path.rstrip("/").rpartition("/")[0] + "/"
        page = render(request, "errors/405.html", {"back": back}, status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


class SessionLimitMiddleware:
    """Ends a session SESSION_ABSOLUTE_AGE seconds after sign-in, however busy it was (ID-4)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            since = request.session.get(SIGNED_IN_AT)
            if since is not None and not 0 <= time.time() - since <= settings.SESSION_ABSOLUTE_AGE:
                logout(request)
        response = self.get_response(request)
        if request.user.is_authenticated:  # also right after signing in
            request.session.setdefault(SIGNED_IN_AT, time.time())
        return response


class FirstThingsMiddleware:
    """Whoever still has a password made by somebody else, or one that has expired, changes it before anything else; then
    whoever needs a second factor sets it up (ID-4)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and (due := _due(request.user)):
            open_pages = {reverse(name) for name in (due, "password-change", "logout", "healthz")}
            # A one-time link may be opened in a browser in which somebody else is signed in: it is its owner's business.
            open_folders = (settings.STATIC_URL, reverse("set-password", args=["-"]).removesuffix("-/"))
            if request.path not in open_pages and not request.path.startswith(open_folders):
                return redirect(due)
        return self.get_response(request)


def _due(user: User) -> str:
    """The name of the page that comes before everything else, or ''."""
    from .access import needs_second_factor  # which asks the models, and these ask this file

    if _must_change(user):
        return "password-change"
    return "second-factor-set-up" if needs_second_factor(user) and not user.has_second_factor else ""


def _must_change(user: User) -> bool:
    if user.must_change_password:
        return True
    since, days = user.password_changed_at, settings.PASSWORD_EXPIRES_AFTER_DAYS
    expired = days and since and timezone.now() - since > datetime.timedelta(days=days)
    return bool(expired) and not settings.DEMO
