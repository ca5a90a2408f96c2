"""Codes for the day the authenticator is lost: made ten at a time, each good once. Pure.

A code has 80 random bits, so a fast hash keeps it (it cannot be guessed from its hash).
"""

import re
import secrets
from hashlib import sha256
from typing import Final

from netra.secret import Secret

HOW_MANY: Final = 10
_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: no letter that is mistaken for a digit."""
_LENGTH: Final = 16
_GROUP: Final = 4
_SHAPE: Final = re.compile(rf"[{_LETTERS}]{{{_LENGTH}}}\Z")
_READ_AS: Final = str.maketrans({"o": "0", "i": "1", "l": "1", " ": "", "-": "", "\t": ""})
_LONGEST: Final = 64


def new_codes() -> tuple[Secret, ...]:
    """Make a set of codes, written in groups for people to copy."""
    return tuple(_new_code() for _ in range(HOW_MANY))


def hash_of(user_id: str, text: str) -> str | None:
    """Hash a code as people type it, for its person alone; None if it has not a code's shape."""
    code = text[:_LONGEST].lower().translate(_READ_AS)
    if _SHAPE.match(code) is None:
        return None
    return sha256(f"{user_id}:{code}".encode()).hexdigest()


def _new_code() -> Secret:
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return Secret("-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)))
