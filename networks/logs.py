"""Text logs stay one line an event and hold no secrets, in UTC; the audit log is shipped to where nobody here can change it
(AU-3)."""

import ipaddress
import json
import logging
import logging.handlers
import re
import time
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured, PermissionDenied, SuspiciousOperation

if TYPE_CHECKING:
    from .models import AuditEvent

# Addresses that are themselves a secret (a one-time link, a point's link, a sheet at the door, somebody's sign-up): Django logs the
# path of whatever it refuses, also when the link is good and only the form was too old.
_SECRET_PATH = re.compile(r"(/accounts/set-password/|/p/|/s/|/learn/sign-ups/)[^/\r\n]+")
# Controls, other line ends, and what turns the direction of writing: each lets a line look like another one.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What may be somebody's identity card or mobile telephone, typed into an address (PI-4). In a digest it stands between letters.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?![0-9A-Za-z])")
# PostgreSQL tells the whole row that it refused, names and all; the line before says which rule it broke.
_ROW = re.compile(r"^(DETAIL|CONTEXT): .*?(?=\n\n(?:The above exception|During handling)|\Z)", re.MULTILINE | re.DOTALL)
_REFUSALS = (PermissionDenied, SuspiciousOperation)  # nothing is broken that a traceback would help to mend
AUDIT = logging.getLogger("mashan.audit")
LONGEST_LINE = 1800  # bytes of a shipped act: a datagram of this size reaches any log server whole


def one_line(text: str) -> str:
    return _NUMBER.sub("****", _CONTROL.sub("�", _SECRET_PATH.sub(r"\1…", text)))


class OneLine(logging.Filter):
    """Neutralises control characters, so that nobody forges a log line or a terminal command. A refusal has no traceback: a
    stranger who sends a wrong Host again and again would fill the disk with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = one_line(record.getMessage())
        record.args = ()
        if record.exc_info and isinstance(record.exc_info[1], _REFUSALS):
            record.exc_info = record.exc_text = None
        return True


class Plain(logging.Formatter):
    """Times in UTC. What follows the first line (a traceback, with whatever its exception was told) is set in, so that none
    of it passes for an event of its own."""

    converter = time.gmtime
    default_time_format, default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        first, *more = _ROW.sub(r"\1: …", super().format(record)).split("\n")
        return "\n".join([first, *(f"    | {one_line(line)}" for line in more)])


class Shipped(Plain):
    """For a log server: one line, whatever it holds."""

    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


class Syslog(logging.handlers.SysLogHandler):
    """RFC 3164 over UDP, which waits for nobody: a log server that is down keeps no page from being answered."""

    append_nul = False
    ident = "mashan-edu: "

    def __init__(self, where: str) -> None:
        try:
            address = address_of(where)
        except ValueError:
            raise ImproperlyConfigured("SYSLOG_ADDRESS 应写成“IP地址:端口”，例如 10.1.2.3:514") from None
        super().__init__(address=address, facility="local0")


def address_of(text: str) -> tuple[str, int]:
    """SYSLOG_ADDRESS as the handler takes it. Raises ValueError for anything but an IP address with a port: a name would
    have to be looked up before the site can start."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    ipaddress.ip_address(host)
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(port)
    return host, int(port)


def ship(event: "AuditEvent") -> None:
    """Called once the act is stored for good; without SYSLOG_ADDRESS nobody listens. What is too long for a datagram is cut
    short: the whole of it stands in the database under the same number."""
    told = {
        "id": event.pk,
        "at": f"{event.at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "actor": event.actor_name,
        "county": event.county_code,
        "action": event.action,
        "subject": event.subject,
        "subject_id": event.subject_id,
        "address": event.address,
        "detail": event.detail,
    }
    line = json.dumps(told, ensure_ascii=False, default=str).encode()
    AUDIT.info("audit %s", line[:LONGEST_LINE].decode(errors="ignore") + ("…" if len(line) > LONGEST_LINE else ""))
