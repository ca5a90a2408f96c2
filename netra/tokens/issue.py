"""Writes access tokens. What they say is decided by the auth service's grants."""

import base64

import msgspec

from netra.tokens.claims import AccessClaims, payload_of
from netra.tokens.keys import SigningKey
from netra.tokens.verify import MEDIA_TYPE


def issue_access_token(claims: AccessClaims, key: SigningKey) -> str:
    """Sign claims as a compact JWS of the type `at+jwt` (RFC 9068 section 2).

    Raises:
        ClaimsInvalid: The claims are not what `netra.tokens.verify` takes.
    """
    header = {"alg": key.algorithm.value, "kid": key.kid, "typ": MEDIA_TYPE}
    signing_input = _encoded(header) + b"." + _encoded(payload_of(claims))
    return (signing_input + b"." + _base64url(key.sign(signing_input))).decode("ascii")


def _encoded(members: dict[str, str] | dict[str, object]) -> bytes:
    return _base64url(msgspec.json.encode(members))


def _base64url(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")
