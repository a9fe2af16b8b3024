"""Text logs stay one line an event and hold no secrets (AU-3)."""

import logging
import re
import traceback

from django.core.exceptions import PermissionDenied, SuspiciousOperation

# Addresses that are themselves a secret (a one-time link, a point's link, a sheet at the door, somebody's sign-up): Django logs the
# path of whatever it refuses, also when the link is good and only the form was too old.
_SECRET_PATH = re.compile(r"(/accounts/set-password/|/p/|/s/|/learn/sign-ups/)[^/\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REFUSALS = (
    PermissionDenied,
    SuspiciousOperation,
)  # said by their own line; nothing is broken that a traceback would help to mend


def one_line(text: str) -> str:
    return _CONTROL.sub("�", _SECRET_PATH.sub(r"\1…", text))


class OneLine(logging.Filter):
    """Neutralises control characters, so that nobody forges a log line or a terminal command. What broke keeps its traceback,
    whose every line is set in: the words of an exception may be a visitor's, line breaks included. A refusal has none: a
    stranger who sends a wrong Host again and again would fill the disk with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = one_line(record.getMessage())
        record.args = ()
        if record.exc_info and record.exc_info[1] is not None:
            if isinstance(record.exc_info[1], _REFUSALS):
                record.exc_info = record.exc_text = None
            else:
                told = "".join(traceback.format_exception(*record.exc_info))
                record.exc_text = "\n".join("    " + one_line(line) for line in told.splitlines())
        return True
