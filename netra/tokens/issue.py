"""Writes access tokens and id_tokens. What they say is decided by the auth service's grants."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from netra.tokens.claims import AccessClaims, payload_of
from netra.tokens.jwk_rules import Algorithm, KeySetInvalid
from netra.tokens.keys import SigningKey
from netra.tokens.verify import MEDIA_TYPE

ID_TOKEN_MEDIA_TYPE: Final = "JWT"  # noqa: S105 - a media type
"""Never `at+jwt`: no verifier of access tokens takes it (RFC 8725 section 3.11)."""


def issue_access_token(claims: AccessClaims, key: SigningKey) -> str:
    """Sign claims as a compact JWS of the type `at+jwt` (RFC 9068 section 2).

    Raises:
        ClaimsInvalid: The claims are not what `netra.tokens.verify` takes.
    """
    return _signed(MEDIA_TYPE, payload_of(claims), key)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdClaims:
    """The statements of one id_token (OpenID Connect Core section 2), for one relying party.

    Attributes:
        issuer: `iss`.
        subject: `sub`, the person.
        client_id: `aud`, the one relying party it is for.
        issued_at: `iat`, whole seconds since the epoch.
        expires_at: `exp`.
        authenticated_at: `auth_time`, when the person last proved who they are.
        methods: `amr`, how, in the words of RFC 8176.
        session_id: `sid`.
        nonce: The relying party's own, if its request had one.
        access_token: What `at_hash` is computed from.
    """

    issuer: str
    subject: str
    client_id: str
    issued_at: int
    expires_at: int
    authenticated_at: int
    methods: tuple[str, ...]
    session_id: str
    nonce: str | None
    access_token: str


def issue_id_token(claims: IdClaims, key: SigningKey) -> str:
    """Sign an id_token.

    Raises:
        KeySetInvalid: The key is a shared secret: the relying party could not verify it, or could
            sign as well.
    """
    if key.algorithm is not Algorithm.ES256:
        raise KeySetInvalid("an id_token is signed with ES256 only")
    payload: dict[str, object] = {
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": claims.client_id,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        "auth_time": claims.authenticated_at,
        "amr": list(claims.methods),
        "sid": claims.session_id,
        "at_hash": _half_hash(claims.access_token),
    }
    if claims.nonce is not None:
        payload["nonce"] = claims.nonce
    return _signed(ID_TOKEN_MEDIA_TYPE, payload, key)


def _signed(media_type: str, payload: Mapping[str, object], key: SigningKey) -> str:
    header = {"alg": key.algorithm.value, "kid": key.kid, "typ": media_type}
    signing_input = _encoded(header) + b"." + _encoded(payload)
    return (signing_input + b"." + _base64url(key.sign(signing_input))).decode("ascii")


def _half_hash(token: str) -> str:
    """Give the left half of a token's SHA-256 (OpenID Connect Core section 3.1.3.6)."""
    digest = sha256(token.encode("ascii")).digest()
    return _base64url(digest[: len(digest) // 2]).decode("ascii")


def _encoded(members: Mapping[str, str] | Mapping[str, object]) -> bytes:
    return _base64url(msgspec.json.encode(members))


def _base64url(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")
