"""Time-based one-time passwords as authenticator apps make them (RFC 6238, RFC 4226). Pure.

SHA-1, six digits, thirty seconds: apps ignore every other choice.
"""

import hmac
import re
import secrets
from base64 import b32decode, b32encode
from typing import Final
from urllib.parse import quote, urlencode

from netra.secret import Secret

STEP_SECONDS: Final = 30
DIGITS: Final = 6
_SECRET_BYTES: Final = 20
"""160 bits, as RFC 4226 section 4 recommends."""
_WINDOW: Final = 1
"""How many steps the app's clock may be off, either way."""
_CODE: Final = re.compile(r"[0-9]{6}\Z")
_SPACING: Final = str.maketrans("", "", " -\N{NO-BREAK SPACE}")
_ISSUER: Final = "Netra"


def new_secret() -> Secret:
    """Make a secret, in base32 as apps take it; its length needs no padding."""
    return Secret(b32encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii"))


def as_code(text: str) -> str | None:
    """Read a code as people type it, spaces and hyphens left out; None if it is none."""
    code = text.translate(_SPACING)
    return code if _CODE.match(code) else None


def code_at(secret: Secret, step: int, digits: int = DIGITS) -> str:
    """Compute the code of a time step (RFC 4226 section 5.3)."""
    key = b32decode(secret.reveal())
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"


def step_at(timestamp: float) -> int:
    """Give the time step of a moment."""
    return int(timestamp // STEP_SECONDS)


def matching_step(secret: Secret, code: str, timestamp: float) -> int | None:
    """Find the step a code belongs to, the newest if several; all are compared in any case."""
    now = step_at(timestamp)
    found = None
    for step in range(max(now - _WINDOW, 0), now + _WINDOW + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def provisioning_uri(secret: Secret, account: str) -> Secret:
    """Write what an app reads from a QR code (the `otpauth` key URI format)."""
    query = urlencode(
        {
            "secret": secret.reveal(),
            "issuer": _ISSUER,
            "algorithm": "SHA1",
            "digits": DIGITS,
            "period": STEP_SECONDS,
        }
    )
    return Secret(f"otpauth://totp/{_ISSUER}:{quote(account, safe='@')}?{query}")
