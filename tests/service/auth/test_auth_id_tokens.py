"""id_tokens and userinfo: what a relying party learns of a person, and how it can trust it."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fakes.clock import ManualClock
from fakes.environments import strong_secret
from fakes.relying_party import SCOPES, RelyingParty, relying_party
from fakes.running_auth import (
    Person,
    Pkce,
    RunningAuth,
    answer_of,
    bearer,
    running_auth_service,
)
from netra.secret import Secret
from netra.tokens import IdClaims, KeySetInvalid, SigningKey, issue_id_token


@pytest.fixture
async def shop(auth: RunningAuth) -> RelyingParty:
    """Give a relying party."""
    return await relying_party(auth, audiences="stock")


async def read(auth: RunningAuth, token: str) -> jwt.Token:
    """Verify a token with joserfc and the published keys, as a stranger would."""
    keys = KeySet.import_key_set((await auth.http.get("/.well-known/jwks.json")).json())
    return jwt.decode(token, keys, algorithms=["ES256"])


async def test_an_id_token_says_who_logged_in_when_and_how(
    auth: RunningAuth, shop: RelyingParty, clock: ManualClock
) -> None:
    """The id_token has the claims of Core section 2, under a published key."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        logged_in_at = int(clock.timestamp())
        clock.advance(100)
        tokens = await shop.tokens_by(browser, nonce="n-0S6_WzA2Mj ü")

    token = await read(auth, tokens["id_token"])
    access = (await read(auth, tokens["access_token"])).claims
    digest = sha256(tokens["access_token"].encode()).digest()[:16]
    assert token.header == {"alg": "ES256", "typ": "JWT", "kid": token.header["kid"]}
    assert token.claims == {
        "iss": auth.url,
        "sub": person.user_id,
        "aud": "example-shop",
        "iat": logged_in_at + 100,
        "exp": logged_in_at + 400,
        "auth_time": logged_in_at,
        "amr": ["pwd"],
        "sid": access["sid"],
        "nonce": "n-0S6_WzA2Mj ü",
        "at_hash": urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }


async def test_without_openid_there_is_none(auth: RunningAuth, shop: RelyingParty) -> None:
    """Only `openid` asks for an id_token, and without nonce it has none."""
    person = await auth.registered_person()
    without = await shop.tokens(person, scope="profile")
    with_it = await shop.tokens(person, scope="openid")

    assert "id_token" not in without
    assert "nonce" not in (await read(auth, with_it["id_token"])).claims


async def test_the_access_token_opens_neither_backend_nor_auth_service(
    auth: RunningAuth,
) -> None:
    """Whatever a relying party is registered for in its own name (checklist 10, 46)."""
    registered = "stock netra-auth netra-backend netra-auth:userinfo stock"
    other = await relying_party(auth, audiences=registered)
    email, password = "operator@example.org", token_urlsafe(16)
    await auth.http.post(
        "/admin/users",
        json={"email": email, "password": password, "role": "operator"},
        headers=bearer(await auth.service_token("netra-ops")),
    )
    tokens = await other.tokens(Person("", email, password))

    claims = (await read(auth, tokens["access_token"])).claims
    assert claims["aud"] == ["netra-auth:userinfo", "stock"]
    assert claims["client_id"] == "example-shop"
    assert "roles" not in claims
    assert set(claims["scope"].split()) == set(SCOPES.split())


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", {"sub"}),
        ("openid email", {"sub", "email", "email_verified"}),
        ("openid profile", {"sub", "updated_at"}),
        (SCOPES, {"sub", "email", "email_verified", "updated_at"}),
    ],
)
async def test_userinfo_tells_what_the_scope_allows(
    auth: RunningAuth, shop: RelyingParty, scope: str, told: set[str]
) -> None:
    """Each claim needs its scope; GET and POST say the same, uncached (Core 5.3, 5.4)."""
    person = await auth.registered_person()
    token = (await shop.tokens(person, scope=scope))["access_token"]

    by_get = await auth.http.get("/userinfo", headers=bearer(token))
    by_post = await auth.http.post("/userinfo", headers=bearer(token))

    assert by_get.json() == by_post.json()
    assert by_get.headers["cache-control"] == "no-store"
    assert set(by_get.json()) == told
    assert by_get.json()["sub"] == person.user_id
    assert by_get.json().get("email") in (None, person.email)
    assert by_get.json().get("email_verified") in (None, False)


async def test_userinfo_needs_openid_and_a_person(auth: RunningAuth, shop: RelyingParty) -> None:
    """Without openid 403, for a service 403, for Netra's own clients profile will do (43, 46)."""
    person = await auth.registered_person()
    without = (await shop.tokens(person, scope="profile email"))["access_token"]
    service = await auth.service_token("netra-ops")
    command = (await auth.tokens_of(person))["access_token"]

    for token in (without, service):
        answer = await auth.http.get("/userinfo", headers=bearer(token))
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    own = await auth.http.get("/userinfo", headers=bearer(command))
    assert own.json()["sub"] == person.user_id
    assert "email" not in own.json()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_userinfo_takes_the_token_from_the_header_alone(
    auth: RunningAuth, shop: RelyingParty, method: str
) -> None:
    """Query and form carry no credential; two headers or another scheme are refused (43, 45)."""
    token = (await shop.tokens(await auth.registered_person()))["access_token"]
    basic = httpx_basic(shop)

    nothing = await auth.http.request(method, "/userinfo")
    query = await auth.http.request(method, f"/userinfo?access_token={token}")
    form = await auth.http.post("/userinfo", data={"access_token": token})
    other = await auth.http.request(method, "/userinfo", headers=basic)
    twice = await auth.http.request(
        method,
        "/userinfo",
        headers=[("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")],
    )
    lower = await auth.http.request(
        method, "/userinfo", headers={"Authorization": f"bearer {token}"}
    )

    for answer in (nothing, query, form, other):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="netra"'
    assert twice.status_code == 401
    assert 'error="invalid_token"' in twice.headers["www-authenticate"]
    assert lower.status_code == 200


def httpx_basic(shop: RelyingParty) -> dict[str, str]:
    """Write the header by which a relying party proves itself elsewhere."""
    pair = f"{shop.client_id}:{shop.secret}".encode()
    return {"Authorization": f"Basic {urlsafe_b64encode(pair).decode()}"}


async def test_headers_of_strangers_change_nobodys_identity(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """X-User-Id and its like are not looked at (checklist 47)."""
    person, other = await auth.registered_person(), await auth.registered_person()
    token = (await shop.tokens(person))["access_token"]
    forged = {
        "X-User-Id": other.user_id,
        "X-Service-Id": "netra-backend",
        "X-Forwarded-User": other.user_id,
    }

    answer = await auth.http.get("/userinfo", headers={**bearer(token), **forged})
    nobody = await auth.http.get("/userinfo", headers=forged)

    assert answer.json()["sub"] == person.user_id
    assert nobody.status_code == 401


async def test_an_erased_person_is_told_of_no_more(auth: RunningAuth, shop: RelyingParty) -> None:
    """Tokens of a relying party end with the account (checklist 48)."""
    person = await auth.registered_person()
    tokens = await shop.tokens(person)
    own = (await auth.tokens_of(person))["access_token"]

    await auth.http.delete("/users/me", headers=bearer(own))

    answer = await auth.http.get("/userinfo", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 401
    assert (await shop.refreshed(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert await auth.state.consents.of(person.user_id) == ()


async def test_a_shared_key_signs_no_id_token(tmp_path: Path) -> None:
    """Who could verify an HS256 id_token could forge tokens: openid is not offered then."""
    shared: dict[str, str | None] = {
        "TOKEN_TRUST_MODE": "shared-key",
        "JWT_SECRET_KEY": strong_secret(),
        "KEYRING_ENCRYPTION_KEY": None,
    }
    async with running_auth_service(tmp_path, overrides=shared) as auth:
        shop = await relying_party(auth)
        refused = await auth.http.get(shop.path(Pkce.new()))
        openid = await auth.http.get("/.well-known/openid-configuration")
        server: dict[str, Any] = (
            await auth.http.get("/.well-known/oauth-authorization-server")
        ).json()
        tokens = await shop.tokens(await auth.registered_person(), scope="profile offline_access")
        refreshed = await shop.refreshed(tokens["refresh_token"])

    assert answer_of(refused)["error"] == "invalid_scope"
    assert openid.status_code == 404
    assert "openid" not in server["scopes_supported"]
    assert "id_token_signing_alg_values_supported" not in server
    assert "userinfo_endpoint" not in server
    assert "id_token" not in tokens
    assert refreshed.status_code == 200


def test_the_signer_itself_refuses_a_shared_key() -> None:
    """No way around: the function that signs id_tokens takes ES256 keys alone."""
    claims = IdClaims(
        issuer="https://auth.example",
        subject="usr_x",
        client_id="example-shop",
        issued_at=1,
        expires_at=2,
        authenticated_at=0,
        methods=("pwd",),
        session_id="ses_x",
        nonce=None,
        access_token="token",
    )

    with pytest.raises(KeySetInvalid):
        issue_id_token(claims, SigningKey.from_shared_secret(Secret(strong_secret())))
