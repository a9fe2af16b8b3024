"""How guessing passwords and codes is slowed down without locking anybody out of their own account (ID-2).

Four counts, all within the lock-out time: five failures of one account from one address lock that pair (axes); fifty failures from
one address, whatever the accounts, stop the address; twenty failures of one account from everywhere stop browsers that have
never signed in to it, so that a stranger with many addresses gets no further while its owner's own browser does; ten wrong
codes in an hour leave only the recovery codes, which nobody guesses. Of IPv6 an address is its network of 64 bits (limits.py).
"""

import datetime

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from . import audit
from .cookies import host_cookie
from .models import AuditEvent, User

FAILED, LOCKED, WRONG_CODE = "登录失败", "登录被锁定", "验证码有误"  # as recorded
BY_TELEPHONE, BY_RECOVERY = "动态口令", "恢复码"  # by what a code was right, as recorded
FAILURES_PER_ADDRESS = 50  # whatever the accounts: guessing one password on many accounts ends here
FAILURES_PER_ACCOUNT = 20  # from all addresses together
WRONG_CODES_PER_HOUR = 10  # of one account; three codes of a million are right at any moment

KNOWN_FOR = datetime.timedelta(days=180)
MOST_KNOWN = 8  # accounts of one browser: an office shares a computer
_SALT, _SHORT = "networks.known-browser", 20


def attempt_key(request: HttpRequest | None, credentials: dict | None) -> str:
    """Under which name failed sign-ins are counted: a keyed digest, because people type passwords into the name field."""
    name = (credentials or {}).get("username") or (request.POST.get("username") if request else "") or ""
    return salted_hmac("networks.sign-in", name, algorithm="sha256").hexdigest()


def _key(username: str) -> str:
    return attempt_key(None, {"username": username})


def forget_failures(username: str) -> None:
    """Ends the lock-out of an account whose password was reset."""
    reset(username=_key(username))


def too_many_failures(request: HttpRequest) -> bool:
    """Of this address: wrong passwords and codes. Links that are none do not count: a picture on a stranger's page asks for as many
    as it likes from whatever office looks at it, while a link's 99 bits stand by themselves."""
    return audit.number_from(request, [FAILED, WRONG_CODE], timezone.now() - _cool_off()) >= FAILURES_PER_ADDRESS


def guessed_at(request: HttpRequest, username: str) -> bool:
    """Whether somebody guesses at the account from many places and this browser is not known to be its owner's. Asked alike for
    names that are no account."""
    failures = AccessAttempt.objects.filter(username=_key(username), attempt_time__gte=timezone.now() - _cool_off())
    number = failures.aggregate(number=Sum("failures_since_start"))["number"] or 0
    return number >= FAILURES_PER_ACCOUNT and _key(username)[:_SHORT] not in _known(request)


def _cool_off() -> datetime.timedelta:
    return datetime.timedelta(hours=settings.AXES_COOLOFF_TIME)


# --- browsers that have signed in ----------------------------------------------------------------------


def known_cookie() -> str:
    return host_cookie("known_browser")


def _known(request: HttpRequest) -> list[str]:
    text = request.get_signed_cookie(known_cookie(), default="", salt=_SALT, max_age=KNOWN_FOR)
    return [key for key in text.split(".") if key]


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """The browser has just signed in: guessing elsewhere does not keep it out. The cookie opens nothing; it holds keyed digests."""
    key = _key(user.get_username())[:_SHORT]
    known = [key, *(other for other in _known(request) if other != key)][:MOST_KNOWN]
    how = {"httponly": True, "samesite": "Lax", "secure": settings.HTTPS}
    response.set_signed_cookie(known_cookie(), ".".join(known), salt=_SALT, max_age=KNOWN_FOR, **how)


# --- codes -----------------------------------------------------------------------------------------------


def only_recovery(user: User) -> bool:
    """Whether so many codes were wrong that the telephone's are not asked for a while. Only somebody who has the password gets
    that far, and the owner's recovery codes still open."""
    since = timezone.now() - datetime.timedelta(hours=1)
    wrong = AuditEvent.objects.filter(action=WRONG_CODE, subject=User._meta.model_name, subject_id=str(user.pk))
    return wrong.filter(at__gte=since).count() >= WRONG_CODES_PER_HOUR


def typed_code(request: HttpRequest, field: str) -> str:
    """What was typed into the two fields of the form (`_code.html`): the telephone's number, or else a recovery code."""
    return request.POST.get(field, "").strip() or request.POST.get(f"{field}_recovery", "").strip()


def try_code(request: HttpRequest, user: User, typed: str) -> str:
    """ "动态口令" or "恢复码" when this is one of the account's, which is used up by it; else "", counted as a wrong password is.
    Where the account is locked for this address nothing is tried, and axes answers the request with 429."""
    if not AxesProxyHandler.is_allowed(request, {"username": user.get_username()}):
        request.axes_locked_out = True
        audit.denied(request, LOCKED, subject=user)
        return ""
    if not only_recovery(user) and user.takes_code(typed):
        return BY_TELEPHONE
    if user.takes_recovery_code(typed):
        return BY_RECOVERY
    with transaction.atomic():
        audit.record(WRONG_CODE, actor=None, subject=user, request=request, county_code=user.county_code)
        user_login_failed.send(__name__, credentials={"username": user.get_username()}, request=request)
    return ""
