"""Where a browser's session is kept: Django's table, asked only for keys that it may have given out, and written to when there is
something to say."""

import datetime

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as Store
from django.utils import timezone

WRITTEN_EVERY = datetime.timedelta(minutes=1)  # how late an idle session may be moved on


class SessionStore(Store):
    stored_until = None  # the end that the stored row names

    def _validate_session_key(self, key: str) -> bool:
        """A cookie in quotes can hold anything. NUL, which PostgreSQL refuses in a text, would be a stranger's way to an error
        and its traceback with every request."""
        return super()._validate_session_key(key) and set(key) <= set(VALID_KEY_CHARS)

    def _get_session_from_db(self):
        row = super()._get_session_from_db()
        self.stored_until = row and row.expire_date
        return row

    def save(self, must_create: bool = False) -> None:
        """A request that changes nothing in its session only moves its end (SESSION_SAVE_EVERY_REQUEST), and does so once a minute:
        a page would otherwise wait with that for whoever is writing, on SQLite for a whole ledger (LD-1). So somebody idle is
        signed out up to a minute before SESSION_COOKIE_AGE, never after it."""
        if not must_create and not self.modified and self.stored_until:
            moved_by = timezone.now() + datetime.timedelta(seconds=self.get_expiry_age()) - self.stored_until
            if datetime.timedelta(0) <= moved_by < WRITTEN_EVERY:
                return
        super().save(must_create)
        self.stored_until = None
