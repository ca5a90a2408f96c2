"""Access tokens for tests: honest ones, and ones a forger or a confused issuer would write."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from netra.principal import PrincipalKind, Role
from netra.secret import Secret
from netra.tokens import AccessClaims, Algorithm, KeySet, SigningKey, VerificationRules

ISSUER: Final = "https://auth.example"
AUDIENCE: Final = "netra-backend"
NOW: Final = 1_800_000_000.0

SIGNING_KEY: Final = SigningKey.generate()
KEYS: Final = KeySet.of(SIGNING_KEY)
RULES: Final = VerificationRules(
    issuer=ISSUER, audience=AUDIENCE, algorithms=frozenset({Algorithm.ES256})
)

SHARED_SECRET: Final = Secret("7Jq2vXw9LmR4tZk8Np3sBd6fHc1gYe5u-shared")
SHARED_RULES: Final = replace(RULES, algorithms=frozenset({Algorithm.HS256}))


def user_claims(**changes: Any) -> AccessClaims:
    """Give the claims of a person's token, changed where asked."""
    claims = AccessClaims(
        issuer=ISSUER,
        subject="usr_01k9anna",
        audience=(AUDIENCE, "netra-auth"),
        client_id="netra-cli",
        token_id="jti-1",
        issued_at=NOW,
        expires_at=NOW + 300,
        principal_kind=PrincipalKind.USER,
        scopes=frozenset({"profile"}),
        roles=frozenset({Role.OPERATOR}),
        session_id="ses_01k9anna",
    )
    return replace(claims, **changes)


def service_claims(**changes: Any) -> AccessClaims:
    """Give the claims of a service's token, changed where asked."""
    claims = user_claims(
        subject="service:netra-ops",
        client_id="netra-ops",
        token_id="jti-2",
        principal_kind=PrincipalKind.SERVICE,
        scopes=frozenset({"service:status", "users:admin"}),
        roles=frozenset(),
        session_id=None,
    )
    return replace(claims, **changes)


def user_payload(**changes: Any) -> dict[str, Any]:
    """Give the payload of a person's token; a change to None takes the member out."""
    payload: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "usr_01k9anna",
        "aud": [AUDIENCE, "netra-auth"],
        "client_id": "netra-cli",
        "jti": "jti-1",
        "iat": 1_800_000_000,
        "exp": 1_800_000_300,
        "scope": "profile",
        "principal_kind": "user",
        "roles": ["operator"],
        "sid": "ses_01k9anna",
    }
    return {name: value for name, value in {**payload, **changes}.items() if value is not None}


def header_of(key: SigningKey, **changes: Any) -> dict[str, Any]:
    """Give the header of an access token; a change to None takes the member out."""
    header = {"alg": key.algorithm.value, "kid": key.kid, "typ": "at+jwt", **changes}
    return {name: value for name, value in header.items() if value is not None}


def signed(
    payload: Mapping[str, Any] | bytes,
    key: SigningKey = SIGNING_KEY,
    *,
    header: Mapping[str, Any] | bytes | None = None,
) -> str:
    """Sign any header and payload with a real key, however wrong they are."""
    first = base64url(as_bytes(header_of(key) if header is None else header))
    signing_input = f"{first}.{base64url(as_bytes(payload))}"
    return f"{signing_input}.{base64url(key.sign(signing_input.encode()))}"


def as_bytes(document: Mapping[str, Any] | bytes) -> bytes:
    """Write a document as JSON, or leave bytes as they are."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def base64url(value: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
