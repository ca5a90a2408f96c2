"""Authlib's client, which nobody here wrote, over the grants that services use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # It has no types.
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]  # It has no types.
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # type: ignore[import-untyped]  # It has no types.

from fakes.log_in_pages import answered_by
from fakes.registered_services import registered, signing_jwk
from fakes.running_auth import RunningAuth, running_auth_service
from netra.ids import random_token

pytestmark = pytest.mark.long

CALLBACK: Final = "https://shop.example/callback"
SCOPE: Final = "openid profile email offline_access"
TYP: Final = "client-authentication+jwt"


@asynccontextmanager
async def client_of(auth: RunningAuth, client_id: str, secret: Any) -> AsyncIterator[Any]:
    """Give Authlib's client for a service."""
    async with AsyncOAuth2Client(
        client_id,
        secret,
        token_endpoint=f"{auth.url}/token",
        redirect_uri=CALLBACK,
        scope=SCOPE,
        code_challenge_method="S256",
        trust_env=False,
    ) as client:
        yield client


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_service_gets_its_token_by_secret(tmp_path: Path, method: str) -> None:
    """By either way to send a secret; a wrong one is invalid_client (checklist 27, 28)."""
    async with running_auth_service(tmp_path) as auth:
        known: dict[str, Any] = {"scopes": ["profile:read"], "audiences": ["netra-backend"]}
        secret = await registered(auth, "worker", **known)
        form = {"grant_type": "client_credentials", "scope": "profile:read"}
        async with client_of(auth, "worker", secret) as client:
            client.token_endpoint_auth_method = method
            token = await client.fetch_token(f"{auth.url}/token", **form)
            assert (token["token_type"], token["scope"]) == ("Bearer", "profile:read")
        async with client_of(auth, "worker", "wrong" * 8) as client:
            client.token_endpoint_auth_method = method
            with pytest.raises(OAuthError, match="invalid_client"):
                await client.fetch_token(f"{auth.url}/token", **form)


async def test_a_service_gets_its_token_by_assertion(tmp_path: Path) -> None:
    """Authlib signs what we demand once it is told our issuer and the key's id (checklist 29)."""
    jwk = signing_jwk()
    async with running_auth_service(tmp_path) as auth:
        await registered(
            auth,
            "signer",
            scopes=["profile:read"],
            audiences=["netra-backend"],
            public_jwks={"keys": [jwk.public]},
            with_secret=False,
        )
        method = PrivateKeyJWT(
            token_endpoint=auth.url, alg="ES256", headers={"kid": jwk.private["kid"], "typ": TYP}
        )
        async with client_of(auth, "signer", jwk.key) as client:
            client.register_client_auth_method(method)
            client.token_endpoint_auth_method = method.name
            token = await client.fetch_token(
                f"{auth.url}/token", grant_type="client_credentials", scope="profile:read"
            )
    assert token["access_token"]


async def test_a_person_is_logged_in_and_the_token_renewed(tmp_path: Path) -> None:
    """Code with PKCE, renewal when the token has expired, introspection and revocation."""
    async with running_auth_service(tmp_path) as auth:
        person = await auth.registered_person()
        secret = await registered(
            auth,
            "shop",
            name="The shop",
            scopes=SCOPE.split(),
            grants=["authorization_code", "refresh_token"],
            redirect_uris=[CALLBACK],
        )
        async with (
            client_of(auth, "shop", secret) as client,
            httpx2.AsyncClient(trust_env=False, timeout=30) as browser,
        ):
            verifier = random_token()
            address, state = client.create_authorization_url(
                f"{auth.url}/authorize", code_verifier=verifier
            )
            back = await answered_by(browser, address, person, CALLBACK)
            assert parse_qs(urlsplit(back).query)["iss"] == [auth.url]
            token = await client.fetch_token(
                f"{auth.url}/token",
                authorization_response=back,
                code_verifier=verifier,
                state=state,
            )
            first = token["access_token"]
            about = await client.get(f"{auth.url}/userinfo")
            assert about.json()["email"] == person.email

            client.token["expires_at"] = 1
            about = await client.get(f"{auth.url}/userinfo")
            assert about.status_code == 200
            assert client.token["access_token"] != first

            refresh_token = client.token["refresh_token"]
            endpoint = f"{auth.url}/introspect"
            told = await client.introspect_token(endpoint, token=refresh_token)
            assert told.json()["active"] is True
            ended = await client.revoke_token(f"{auth.url}/revoke", token=refresh_token)
            assert ended.status_code == 200
            told = await client.introspect_token(endpoint, token=refresh_token)
            assert told.json() == {"active": False}
