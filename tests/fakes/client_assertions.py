"""Client assertions (RFC 7523) for tests: honest ones, and ones a forger would write."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from netra.tokens.assertions import CLIENT_ALGORITHMS

TYPE = "client-authentication+jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class ClientKey:
    """A key pair of a client, with one algorithm and a `kid`."""

    kid: str
    algorithm: str = "ES256"
    pair: ECKey | RSAKey = field(default_factory=lambda: ECKey.generate_key("P-256"), repr=False)

    @classmethod
    def rsa(cls, kid: str, algorithm: str, bits: int = 2048) -> "ClientKey":
        """Make an RSA pair."""
        return cls(kid, algorithm, RSAKey.generate_key(bits))

    @property
    def public_jwk(self) -> dict[str, Any]:
        """Give what is registered of it."""
        public = dict(self.pair.as_dict(private=False))
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig"}

    @property
    def private_jwk(self) -> dict[str, Any]:
        """Give what must never be registered."""
        return {**self.public_jwk, **self.pair.as_dict(private=True)}

    def signed(self, payload: dict[str, Any], **header: Any) -> str:
        """Sign a payload; a member of the header that is None is left out."""
        members = {"alg": self.algorithm, "kid": self.kid, "typ": TYPE, **header}
        kept = {name: value for name, value in members.items() if value is not None}
        return jws.serialize_compact(
            kept,
            json.dumps(payload).encode(),
            self.pair,
            algorithms=[*CLIENT_ALGORITHMS, "ES384", "RS512"],
        )


def jwks(*keys: ClientKey) -> dict[str, Any]:
    """Write the set that is registered for a client."""
    return {"keys": [key.public_jwk for key in keys]}


def claims(client_id: str, issuer: str, now: float, **changed: Any) -> dict[str, Any]:
    """Give a good assertion's claims, changed where asked; a change to None takes one out."""
    payload = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": secrets.token_urlsafe(16),
        "iat": int(now),
        "exp": int(now) + 60,
        **changed,
    }
    return {name: value for name, value in payload.items() if value is not None}


def assertion_form(assertion: str, **more: str) -> dict[str, str]:
    """Write the parameters that carry an assertion."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **more}
