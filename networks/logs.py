"""Text logs stay one line an event (AU-3)."""

import logging
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    return _CONTROL.sub("�", text)


class OneLine(logging.Filter):
    """Neutralises control characters, so that nobody forges a log line or a terminal command."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = one_line(record.getMessage())
        record.args = ()
        return True
