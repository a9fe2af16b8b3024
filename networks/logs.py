"""Text logs stay one line an event and hold no secrets (AU-3)."""

import logging
import re

# Addresses that are themselves a secret (a one-time link): Django logs the path of whatever it refuses.
_SECRET_PATH = re.compile(r"(/accounts/set-password/)[^/\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    return _CONTROL.sub("�", _SECRET_PATH.sub(r"\1…", text))


class OneLine(logging.Filter):
    """Neutralises control characters, so that nobody forges a log line or a terminal command."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = one_line(record.getMessage())
        record.args = ()
        return True
