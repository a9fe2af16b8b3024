"""How an act of the ledger is written down and signed, so that whoever changes a stored one afterwards is found out (AU-2).

Nothing here knows the database: text in, digests out. `canonical` writes the same thing in the same way on every machine; the
signature needs a key that lies outside the database and its backups; each act is signed together with the link of the act
before it, so none can be taken out, put in or moved. What even the holder of the key cannot change is the digest on the annex
that was signed and sealed on paper.
"""

import hashlib
import hmac
import json
import unicodedata
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousOperation

ALGORITHM = "hmac-sha256"
FORMAT = 1  # of the payload; a reader of later formats still has to read this one


class KeyMissing(Exception):
    """There is no key to sign with, or none under the name that an act bears."""


class Damaged(SuspiciousOperation):
    """What was frozen is no longer what was written. The error page shows `sentence`."""

    sentence = (
        "这里保存的定案内容已经损坏，读不出来。原来的数字以盖章的纸件为准；"
        "请系统管理员运行 verify_ledger 查明，并用备份恢复，同时告知审计人员。"
    )


def read(text: str) -> dict:
    """What `canonical` wrote. Raises Damaged for anything else: only somebody past the application can have put it there."""
    try:
        return json.loads(text)
    except ValueError as problem:
        raise Damaged(str(problem)) from None


def canonical(value: object) -> str:
    """JSON that is the same for the same content: keys sorted, no spaces, text in NFC, no number that is not whole. Raises
    TypeError for anything that JSON could write in more than one way."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {unicodedata.normalize("NFC", key): _plain(part) for key, part in value.items()}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def digest(text: str) -> str:
    """SHA-256 of the text in UTF-8: 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class Key(NamedTuple):
    id: str
    secret: bytes


def key_of(secret: str) -> Key:
    """The key under its name: the first 12 hex digits of a digest of it, which tells nothing about the key itself."""
    return Key(digest(f"ledger key id|{secret}")[:12], secret.encode())


def current_key() -> Key:
    """Raises KeyMissing when the installation has no LEDGER_KEY."""
    if not settings.LEDGER_KEY:
        raise KeyMissing("没有设置 LEDGER_KEY，不能定案。请系统管理员在 .env 里设置后重新启动")
    return key_of(settings.LEDGER_KEY)


def known_keys() -> dict[str, Key]:
    """The keys by which stored acts can be checked: today's and those that it has replaced."""
    return {key.id: key for key in map(key_of, filter(None, [settings.LEDGER_KEY, *settings.LEDGER_OLD_KEYS]))}


def sign(message: str, key: Key) -> str:
    return hmac.new(key.secret, message.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def in_groups(text: str, size: int = 4) -> str:
    """A digest as it is printed, to be compared by eye: 3f2a 9c01 …"""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))
