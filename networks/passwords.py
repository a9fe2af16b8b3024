"""What a password must be: 等保 complexity, and nothing that an acquaintance would guess first (ID-3)."""

import re

from axes.utils import reset
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

MINIMUM_LENGTH = 8
_KINDS = [r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"]


class LengthAndKinds:
    """At least eight characters of at least three of the four kinds (等保 8.1.4.1 a)."""

    def validate(self, password: str, user: object = None) -> None:
        kinds = sum(bool(re.search(kind, password)) for kind in _KINDS)
        if len(password) < MINIMUM_LENGTH or kinds < 3:
            raise ValidationError(self.get_help_text(), code="password_too_simple")

    def get_help_text(self) -> str:
        return f"密码至少 {MINIMUM_LENGTH} 位，并包含大写字母、小写字母、数字、符号中的至少三种。"


class NotAboutTheAccount:
    """The account's name, and the words that everybody here would try."""

    words = ("mashan", "shequ", "jiaoyu", "马山", "社区教育", "password", "admin123")

    def validate(self, password: str, user: object = None) -> None:
        words = [*self.words, getattr(user, "username", "") or ""]
        if any(len(word) > 2 and word.lower() in password.lower() for word in words if word):
            raise ValidationError(self.get_help_text(), code="password_about_account")

    def get_help_text(self) -> str:
        return "密码中不要出现账号名、地名和“mashan”“admin”一类容易猜到的词。"


def attempt_key(request: HttpRequest | None, credentials: dict | None) -> str:
    """Under which name failed sign-ins are counted: a keyed digest, because people type passwords into the name field."""
    name = (credentials or {}).get("username") or (request.POST.get("username") if request else "") or ""
    return salted_hmac("networks.sign-in", name, algorithm="sha256").hexdigest()


def forget_failures(username: str) -> None:
    """Ends the lock-out of an account whose password was reset."""
    reset(username=attempt_key(None, {"username": username}))
