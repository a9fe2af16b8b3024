"""Links that stand for a right: long random words of which only a digest is kept."""

import hashlib
import re
import secrets

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else on paper: no i/l/1, no o/0
_GROUPS, _GROUP_LENGTH = 4, 5  # 20 letters: 99 bits, which nobody guesses


def new_token(*, groups: int = _GROUPS) -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(groups))


def digest_of(token: str) -> str:
    """Of what was meant: typed from paper, capitals, blanks and dashes make no difference."""
    return hashlib.sha256(re.sub(r"[\s—–-]", "", token.lower()).encode()).hexdigest()
