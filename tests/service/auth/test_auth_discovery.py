"""Metadata: complete, consistent, cacheable, and true to the routes and what they do."""

from typing import Any

import pytest

from fakes.relying_party import relying_party
from fakes.running_auth import Pkce, RunningAuth, answer_of, bearer

SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


async def told(auth: RunningAuth, path: str) -> dict[str, Any]:
    """Fetch a document that may be cached."""
    answer = await auth.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


async def test_both_documents_say_the_same(auth: RunningAuth) -> None:
    """RFC 8414 and OpenID Connect Discovery agree, and name the issuer exactly."""
    document = await told(auth, OPENID)

    assert document == await told(auth, SERVER)
    assert document["issuer"] == auth.url


async def test_what_openid_requires_is_there(auth: RunningAuth) -> None:
    """Every member that Discovery section 3 requires is there, with the values that are true."""
    document = await told(auth, OPENID)

    assert document["response_types_supported"] == ["code"]
    assert document["subject_types_supported"] == ["public"]
    assert document["id_token_signing_alg_values_supported"] == ["ES256"]
    assert document["scopes_supported"] == ["email", "offline_access", "openid", "profile"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["prompt_values_supported"] == ["none", "login", "consent"]
    assert document["authorization_response_iss_parameter_supported"] is True
    for name in ("claims", "request", "request_uri"):
        assert document[f"{name}_parameter_supported"] is False


async def test_there_is_no_implicit_and_no_password_grant(auth: RunningAuth) -> None:
    """Neither is named anywhere in the metadata (checklist 24)."""
    document = await told(auth, OPENID)

    assert document["grant_types_supported"] == [
        "authorization_code", "refresh_token", "client_credentials",
    ]  # fmt: skip
    assert document["response_modes_supported"] == ["query"]


@pytest.mark.parametrize(
    ("member", "method", "status"),
    [
        ("authorization_endpoint", "GET", 400),
        ("authorization_endpoint", "POST", 400),
        ("token_endpoint", "POST", 401),
        ("introspection_endpoint", "POST", 401),
        ("revocation_endpoint", "POST", 401),
        ("userinfo_endpoint", "GET", 401),
        ("userinfo_endpoint", "POST", 401),
        ("jwks_uri", "GET", 200),
    ],
)
async def test_every_endpoint_is_where_it_is_said_to_be(
    auth: RunningAuth, member: str, method: str, status: int
) -> None:
    """Each URL of the metadata is a route, and asks for what it should."""
    url = (await told(auth, OPENID))[member]
    form = {"grant_type": "client_credentials", "token": "x"} if method == "POST" else None

    answer = await auth.http.request(method, url, data=form)

    assert url.startswith(auth.url + "/")
    assert answer.status_code == status


async def test_the_claims_named_are_the_claims_told(auth: RunningAuth) -> None:
    """What userinfo and id_token say, the metadata names."""
    shop = await relying_party(auth)
    tokens = await shop.tokens(await auth.registered_person(), nonce="n")
    info = (await auth.http.get("/userinfo", headers=bearer(tokens["access_token"]))).json()

    named = set((await told(auth, OPENID))["claims_supported"])
    assert set(info) <= named
    assert {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "sid"} <= named


async def test_every_scope_named_can_be_asked_for(auth: RunningAuth) -> None:
    """A relying party registered for all of them gets to the login page with all of them."""
    shop = await relying_party(auth)
    scopes = " ".join((await told(auth, OPENID))["scopes_supported"])

    answer = await auth.http.get(shop.path(Pkce.new(), scope=scopes))

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?")


async def test_every_prompt_named_is_understood(auth: RunningAuth) -> None:
    """No named prompt is called unsupported, and one that is not named is."""
    shop = await relying_party(auth)
    for prompt in (await told(auth, OPENID))["prompt_values_supported"]:
        answer = await auth.http.get(shop.path(Pkce.new(), prompt=prompt))
        assert answer_of(answer).get("error") in (None, "login_required")
