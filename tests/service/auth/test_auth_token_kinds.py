"""Each kind of token is refused wherever another kind is expected (checklist 13)."""

import json
from dataclasses import dataclass

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from fakes.relying_party import RelyingParty, relying_party
from fakes.running_auth import (
    SERVICE_SECRETS,
    Person,
    Pkce,
    RunningAuth,
    answer_of,
    bearer,
)
from netra.ids import random_token
from netra.tokens import Algorithm, KeySet, TokenRejected, VerificationRules, verify_access_token

BACKEND = ("netra-backend", SERVICE_SECRETS["netra-backend"])


@dataclass(frozen=True)
class Held:
    """One good token of every kind there is."""

    auth: RunningAuth
    shop: RelyingParty
    tokens: dict[str, str]


@pytest.fixture
async def held(auth: RunningAuth) -> Held:
    """Make one of each."""
    shop, person = await relying_party(auth), await auth.registered_person()
    own, party = await auth.tokens_of(person), await shop.tokens(person)
    tokens = {
        "own access token": own["access_token"],
        "own refresh token": own["refresh_token"],
        "party access token": party["access_token"],
        "party refresh token": party["refresh_token"],
        "id_token": party["id_token"],
        "service access token": await auth.service_token("netra-backend"),
        "code": await _code(auth, shop, person),
        "client assertion": _assertion(auth, shop),
    }
    return Held(auth, shop, tokens)


async def _code(auth: RunningAuth, shop: RelyingParty, person: Person) -> str:
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        return answer_of(await shop.asked(browser, Pkce.new()))["code"]


def _assertion(auth: RunningAuth, shop: RelyingParty) -> str:
    """Make an assertion (RFC 7523) as a client with a key would."""
    now = int(auth.state.clock.timestamp())
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "typ": "client-authentication+jwt", "kid": key.thumbprint()}
    claims = {
        "iss": shop.client_id,
        "sub": shop.client_id,
        "aud": auth.url,
        "iat": now,
        "exp": now + 60,
        "jti": random_token(),
    }
    return jwt.encode(header, claims, key)


def others(held: Held, *expected: str) -> dict[str, str]:
    """Give the tokens of every other kind."""
    assert set(expected) <= held.tokens.keys()
    return {kind: token for kind, token in held.tokens.items() if kind not in expected}


async def test_where_an_access_token_is_expected(held: Held) -> None:
    """Our API takes access tokens meant for it, and nothing else."""
    fits = {"own access token": 403, "service access token": 200}
    for kind, token in held.tokens.items():
        answer = await held.auth.http.get("/revocations", headers=bearer(token))
        assert answer.status_code == fits.get(kind, 401), kind


async def test_where_a_persons_access_token_is_expected(held: Held) -> None:
    """A relying party's token opens nobody's account (checklist 46)."""
    for path in ("/users/me", "/sessions/current"):
        for kind, token in others(held, "own access token").items():
            answer = await held.auth.http.delete(path, headers=bearer(token))
            expected = 403 if kind == "service access token" else 401
            assert answer.status_code == expected, (path, kind)
    own = held.tokens["own access token"]
    answer = await held.auth.http.delete("/sessions/current", headers=bearer(own))
    assert answer.status_code == 204


async def test_where_a_token_for_userinfo_is_expected(held: Held) -> None:
    """Userinfo takes people's access tokens, and no id_token in their place."""
    fits = {"own access token": 200, "party access token": 200, "service access token": 403}
    for kind, token in held.tokens.items():
        answer = await held.auth.http.get("/userinfo", headers=bearer(token))
        assert answer.status_code == fits.get(kind, 401), kind


async def test_where_a_refresh_token_is_expected(held: Held) -> None:
    """The refresh grant takes refresh tokens of the asking client alone."""
    for kind, token in others(held, "party refresh token").items():
        answer = await held.shop.refreshed(token)
        assert answer.status_code == 400, kind
        assert answer.json()["error"] == "invalid_grant", kind
    for kind, token in others(held, "own refresh token").items():
        answer = await held.auth.refresh(token)
        assert answer.json()["error"] == "invalid_grant", kind
    assert (await held.shop.refreshed(held.tokens["party refresh token"])).status_code == 200


async def test_where_a_code_is_expected(held: Held) -> None:
    """The code grant takes codes alone."""
    for kind, token in others(held, "code").items():
        answer = await held.shop.redeemed(token, Pkce.new())
        assert answer.json()["error"] == "invalid_grant", kind


async def test_where_a_client_secret_is_expected(held: Held) -> None:
    """No token passes for a client's secret."""
    for kind, token in held.tokens.items():
        form = {"grant_type": "client_credentials"}
        answer = await held.auth.http.post("/token", data=form, auth=(held.shop.client_id, token))
        assert answer.status_code == 401, kind
        assert answer.json()["error"] == "invalid_client", kind


async def test_where_a_client_assertion_is_expected(held: Held) -> None:
    """No token of ours, and no assertion under an unregistered key, proves a client."""
    for kind, token in held.tokens.items():
        form = {
            "grant_type": "client_credentials",
            "client_id": held.shop.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": token,
        }
        answer = await held.auth.http.post("/token", data=form)
        assert answer.status_code == 401, kind
        assert answer.json()["error"] == "invalid_client", kind


async def test_what_introspection_calls_active(held: Held) -> None:
    """Only access and refresh tokens are ever active, each for who may know."""
    by_party: set[str] = set()
    by_backend: set[str] = set()
    for kind, token in held.tokens.items():
        for found, who in ((by_party, held.shop.credentials), (by_backend, BACKEND)):
            answer = await held.auth.http.post("/introspect", data={"token": token}, auth=who)
            assert answer.status_code == 200
            if answer.json()["active"]:
                found.add(kind)

    assert by_party == {"party access token", "party refresh token"}
    assert by_backend == {"own access token", "own refresh token", "service access token"}


async def test_a_backend_takes_nothing_of_a_relying_partys(held: Held) -> None:
    """The strict verifier of the backend refuses every kind but tokens meant for it (10)."""
    jwks = (await held.auth.http.get("/.well-known/jwks.json")).json()
    rules = VerificationRules(held.auth.url, "netra-backend", frozenset({Algorithm.ES256}))
    now = held.auth.state.clock.timestamp()

    taken = set()
    for kind, token in held.tokens.items():
        try:
            verify_access_token(token, KeySet.from_jwks(jwks), rules, now)
        except TokenRejected:
            continue
        taken.add(kind)

    assert taken == {"own access token", "service access token"}


async def test_an_id_token_under_the_type_of_an_access_token_is_still_none(held: Held) -> None:
    """Even signed as `at+jwt` its claims are not an access token's."""
    key = held.auth.state.keyring.signing_key
    private = ECKey.import_key(json.loads(key.private_jwk().reveal()))
    claims = jwt.decode(held.tokens["id_token"], private, algorithms=["ES256"]).claims
    forged = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, claims, private)

    answer = await held.auth.http.get("/userinfo", headers=bearer(forged))

    assert answer.status_code == 401
