"""Services registered over the admin API, and keys of their own to sign assertions with."""

from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import ECKey

from fakes.running_auth import RunningAuth, bearer
from netra.wire.auth_admin import ADMIN_SERVICES_PATH


@dataclass(frozen=True)
class SigningJwk:
    """Both halves of a key, as JWKs with one `kid`."""

    private: dict[str, Any] = field(repr=False)
    public: dict[str, Any]
    key: ECKey = field(repr=False)


def signing_jwk() -> SigningJwk:
    """Make an ES256 key."""
    key = ECKey.generate_key("P-256")
    labels = {"alg": "ES256", "use": "sig", "kid": key.thumbprint()}
    return SigningJwk(
        {**key.as_dict(private=True), **labels}, {**key.as_dict(private=False), **labels}, key
    )


async def registered(auth: RunningAuth, service_id: str, **members: Any) -> str:
    """Register a service; give its secret, or nothing if it has none."""
    answer = await auth.http.post(
        ADMIN_SERVICES_PATH,
        json={"service_id": service_id, **members},
        headers=bearer(await auth.service_token("netra-ops")),
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"] or "")
