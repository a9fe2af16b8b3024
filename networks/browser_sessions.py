"""Where a browser's session is kept: Django's table, asked only for keys that it may have given out."""

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as Store


class SessionStore(Store):
    def _validate_session_key(self, key: str) -> bool:
        """A cookie in quotes can hold anything. NUL, which PostgreSQL refuses in a text, would be a stranger's way to an error
        and its traceback with every request."""
        return super()._validate_session_key(key) and set(key) <= set(VALID_KEY_CHARS)
