"""Signs access tokens as the auth service does, for tests of those who verify them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from netra import ids
from netra.clock import Clock
from netra.principal import PrincipalKind, Role
from netra.tokens import (
    AccessClaims,
    AccessTokenVerifier,
    Algorithm,
    FixedKeySource,
    KeySet,
    KeySource,
    RevocationLookup,
    SigningKey,
    VerificationRules,
    issue_access_token,
)
from netra.wire.auth_api import AUTH_AUDIENCE

BACKEND_AUDIENCE: Final = "netra-backend"
BACKEND_SCOPES: Final = frozenset(
    {
        "agents:run",
        "profile:read",
        "revocations:read",
        "service:status",
        "sessions:open",
        "tokens:introspect",
        "tokens:revoke",
    }
)


class Issuer:
    """One issuer with one active key at a time."""

    def __init__(self, clock: Clock, url: str = "http://127.0.0.1:8001") -> None:
        self.url = url
        self._clock = clock
        self.key = SigningKey.generate()
        self.published = [self.key]

    def rotate(self, *, publish: bool = True) -> None:
        """Sign with a new key from now on; the old one stays published."""
        self.key = SigningKey.generate()
        if publish:
            self.published.append(self.key)

    def jwks(self) -> dict[str, Any]:
        """Give the published key set."""
        return {"keys": [key.public_jwk() for key in self.published]}

    def user_token(
        self,
        user_id: str = "usr_alice",
        *,
        session_id: str = "ses_alice",
        roles: frozenset[Role] = frozenset(),
        lifetime: float = 300,
        audience: tuple[str, ...] = (BACKEND_AUDIENCE, AUTH_AUDIENCE),
        token_id: str | None = None,
    ) -> str:
        """Sign a person's token."""
        now = self._clock.timestamp()
        return self._signed(
            AccessClaims(
                issuer=self.url,
                subject=user_id,
                audience=audience,
                client_id="netra-cli",
                token_id=token_id or ids.row_id("tok"),
                issued_at=now,
                expires_at=now + lifetime,
                principal_kind=PrincipalKind.USER,
                scopes=frozenset({"profile"}),
                roles=roles,
                session_id=session_id,
            )
        )

    def service_token(
        self,
        service_id: str = "netra-backend",
        *,
        scopes: frozenset[str] = BACKEND_SCOPES,
        lifetime: float = 300,
        audience: tuple[str, ...] = (BACKEND_AUDIENCE, AUTH_AUDIENCE),
    ) -> str:
        """Sign a service's token."""
        now = self._clock.timestamp()
        return self._signed(
            AccessClaims(
                issuer=self.url,
                subject=f"service:{service_id}",
                audience=audience,
                client_id=service_id,
                token_id=ids.row_id("tok"),
                issued_at=now,
                expires_at=now + lifetime,
                principal_kind=PrincipalKind.SERVICE,
                scopes=scopes,
                roles=frozenset(),
                session_id=None,
            )
        )

    def crafted(self, changes: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> str:
        """Sign a person's token after changing its payload by hand, as no issuer of ours would."""
        payload = json.loads(_decoded(self.user_token().split(".")[1]))
        payload.update(changes)
        for name in without:
            payload.pop(name, None)
        header = {"alg": self.key.algorithm.value, "kid": self.key.kid, "typ": "at+jwt"}
        signing_input = f"{_encoded(header)}.{_encoded(payload)}".encode()
        signature = urlsafe_b64encode(self.key.sign(signing_input)).rstrip(b"=")
        return (signing_input + b"." + signature).decode()

    def rules(self, audience: str = BACKEND_AUDIENCE) -> VerificationRules:
        """Give the rules a verifier of this issuer's tokens has."""
        return VerificationRules(
            issuer=self.url, audience=audience, algorithms=frozenset({Algorithm.ES256})
        )

    def verifier(
        self, source: KeySource | None = None, revocations: RevocationLookup | None = None
    ) -> AccessTokenVerifier:
        """Give a strict verifier; it knows the present keys unless a source is given."""
        keys = source or FixedKeySource(KeySet.of(*self.published))
        return AccessTokenVerifier(keys, self.rules(), self._clock, revocations)

    def _signed(self, claims: AccessClaims) -> str:
        return issue_access_token(claims, self.key)


def _encoded(members: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
