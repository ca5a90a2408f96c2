"""Standard clients that nobody here wrote, as relying parties and as judges of our tokens."""

import secrets
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.node import told_by
from fakes.registered_services import registered, signing_jwk
from fakes.running_auth import running_auth_service

pytestmark = pytest.mark.long

CALLBACK: Final = "https://shop.example/callback"
SCOPE: Final = "openid profile email offline_access"
SCENARIOS: Final = {
    "discovery by OpenID Connect and by RFC 8414 agree",
    "client_credentials by client_secret_basic",
    "client_credentials by client_secret_post",
    "client_credentials by private_key_jwt",
    "an assertion is taken once",
    "a wrong secret is invalid_client",
    "code with PKCE, iss, nonce and id_token",
    "userinfo is of the same subject",
    "a refresh token is rotated, and a spent one ends the family",
    "a code is taken once and its second use ends what came of it",
    "a person may refuse",
    "introspection and revocation",
    "an id_token is no access token",
}


async def test_standard_clients_find_nothing_to_object_to(tmp_path: Path) -> None:
    """openid-client, oauth4webapi and jose walk every grant, and judge what they are given."""
    jwk = signing_jwk()
    party: dict[str, Any] = {
        "scopes": SCOPE.split(),
        "grants": ["authorization_code", "refresh_token"],
        "redirect_uris": [CALLBACK],
    }
    async with running_auth_service(tmp_path) as auth:
        # What forms, headers and URLs must all carry unharmed (checklist 27).
        person = await auth.registered_person(password=f"+%:/ &='\"{secrets.token_urlsafe(12)}")
        shop = await registered(auth, "shop", name="The shop", **party)
        other = await registered(auth, "other-shop", name="Another shop", **party)
        worker = await registered(
            auth, "worker", scopes=["profile:read"], audiences=["netra-backend"]
        )
        await registered(
            auth,
            "signer",
            scopes=["profile:read"],
            audiences=["netra-backend"],
            public_jwks={"keys": [jwk.public]},
            with_secret=False,
        )
        told = await told_by(
            "relying_party.mjs",
            {
                "issuer": auth.url,
                "audience": "netra-backend",
                "person": {"email": person.email, "password": person.password},
                "party": {
                    "id": "shop",
                    "secret": shop,
                    "redirect_uri": CALLBACK,
                    "scope": SCOPE,
                },
                "refused": {"id": "other-shop", "secret": other},
                "service": {"id": "worker", "secret": worker, "scope": "profile:read"},
                "signer": {"id": "signer", "jwk": jwk.private},
            },
        )

    failed = {one["name"]: one["says"] for one in told if not one["ok"]}
    assert not failed, "\n\n".join(f"{name}\n{says}" for name, says in failed.items())
    assert {one["name"] for one in told} == SCENARIOS
