"""Proof Key for Code Exchange (RFC 7636), S256 only. Pure."""

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

S256: Final = "S256"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


def is_challenge(text: str) -> bool:
    """Tell whether a text has the shape of a SHA-256 in base64url."""
    return _CHALLENGE.match(text) is not None


def is_verifier(text: str) -> bool:
    """Tell whether a text has the shape of a verifier (RFC 7636 section 4.1)."""
    return _VERIFIER.match(text) is not None


def challenge_of(verifier: str) -> str:
    """Compute the S256 challenge of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def proves(verifier: str, challenge: str) -> bool:
    """Tell whether a verifier belongs to a challenge."""
    return is_verifier(verifier) and hmac.compare_digest(challenge_of(verifier), challenge)
