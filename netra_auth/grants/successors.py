"""How the successor of a spent refresh token is kept for a moment: sealed under the token itself.

The store alone reveals nothing: the key is derived from what only the token's holder has.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from netra.secret import Secret
from netra_auth.keyring.sealing import SealBroken, seal, unseal

_PURPOSE: Final = b"netra-auth refresh token successor"
_KEY_BYTES: Final = 32


def seal_successor(successor: str, token: str) -> str:
    """Seal a successor so that only whoever presents the token it follows reads it."""
    return seal(Secret(successor), _key_of(token), _name_of(token))


def sealed_successor_of(sealed: str | None, token: str) -> str | None:
    """Read a successor, or None if there is none or it follows another token."""
    if sealed is None:
        return None
    try:
        return unseal(sealed, _key_of(token), _name_of(token)).reveal()
    except SealBroken:
        return None


def _key_of(token: str) -> Secret:
    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return Secret(urlsafe_b64encode(key.derive(token.encode())).decode())


def _name_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
