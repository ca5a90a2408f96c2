"""private_key_jwt (RFC 7523): services that prove themselves by a signed assertion."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fakes.client_assertions import ASSERTION_TYPE, ClientKey, assertion_form, claims, jwks
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.running_auth import SERVICE_SECRETS, RunningAuth, bearer, running_auth_service
from fakes.service_administration import operator, token_answer, toolkit

KEY = ClientKey("key-1")
KEYED = {"public_jwks": jwks(KEY), "with_secret": False}


def assertion(auth: RunningAuth, client_id: str = "mail-service", **changed: Any) -> str:
    """Sign a good assertion, changed where asked."""
    return KEY.signed(claims(client_id, auth.url, auth.state.clock.timestamp(), **changed))


async def asked(auth: RunningAuth, text: str, **more: str) -> httpx2.Response:
    """Ask for a service's own token with an assertion."""
    form = assertion_form(text, grant_type="client_credentials", **more)
    return await auth.http.post("/token", data=form)


async def test_a_service_with_a_key_needs_no_secret(auth: RunningAuth) -> None:
    """It is registered without one, and its assertion gets it a token; the record names the key."""
    registered = await (await toolkit(auth)).registers("mail-service", **KEYED)

    answer = await asked(auth, assertion(auth))

    assert registered["secret"] is None
    assert registered["service"]["key_ids"] == ["key-1"]
    assert registered["service"]["secrets"] == []
    assert answer.status_code == 200, answer.text
    (row,) = [r for r in await auth.audited("token_issued") if r.client_id == "mail-service"]
    assert (row.actor, row.reason) == ("service:mail-service", "key key-1")


async def test_the_client_may_be_named_besides_and_must_be_the_same(auth: RunningAuth) -> None:
    """`client_id` beside an assertion is optional (RFC 7521 section 4.2) and binding."""
    await (await toolkit(auth)).registers("mail-service", **KEYED)

    assert (await asked(auth, assertion(auth), client_id="mail-service")).status_code == 200
    for other in ("netra-backend", "netra-cli", "nobody"):
        answer = await asked(auth, assertion(auth), client_id=other)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"


async def test_every_endpoint_takes_assertions(auth: RunningAuth) -> None:
    """Introspection and revocation know the service, and its permissions, by its key."""
    scopes = ["tokens:introspect", "tokens:revoke"]
    await (await operator(auth)).registers("mail-service", **KEYED, scopes=scopes)
    token = await auth.service_token("netra-ops")

    for path in ("/introspect", "/revoke"):
        first = assertion_form(assertion(auth), token=token)
        answer = await auth.http.post(path, data=first)
        again = await auth.http.post(path, data=first)
        assert answer.status_code == 200, answer.text
        assert again.status_code == 401


async def test_an_assertion_proves_once(auth: RunningAuth) -> None:
    """The second use is refused, whatever it asks for, and so is its twin by another key (30)."""
    other = ClientKey("key-2")
    await (await toolkit(auth)).registers(
        "mail-service", public_jwks=jwks(KEY, other), with_secret=False
    )
    payload = claims("mail-service", auth.url, auth.state.clock.timestamp(), jti="same")

    answers = [await asked(auth, key.signed(payload)) for key in (KEY, KEY, other)]

    assert [answer.status_code for answer in answers] == [200, 401, 401]
    reasons = [row.reason for row in await auth.audited("client_authentication")]
    assert reasons == ["the assertion was used before"] * 2


async def test_two_clients_may_use_one_id(auth: RunningAuth) -> None:
    """An id is one client's own: nobody can use up another's."""
    administrator = await toolkit(auth)
    for service_id in ("mail-service", "post-service"):
        await administrator.registers(service_id, **KEYED)

    for service_id in ("mail-service", "post-service"):
        assert (await asked(auth, assertion(auth, service_id, jti="one"))).status_code == 200


async def test_an_assertion_proves_once_across_processes_and_restarts(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Of many concurrent uses at two instances one succeeds, and none after a restart (30)."""
    issuer = {"ISSUER_URL": "http://127.0.0.1:8001"}
    async with (
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as first,
        running_auth_service(tmp_path, clock=clock, overrides=issuer) as second,
    ):
        await (await toolkit(first)).registers("mail-service", **KEYED)
        text = KEY.signed(claims("mail-service", issuer["ISSUER_URL"], clock.timestamp()))
        answers = await asyncio.gather(*(asked(each, text) for each in (first, second) * 4))
    async with running_auth_service(tmp_path, clock=clock, overrides=issuer) as third:
        clock.advance(65)
        late = await asked(third, text)

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert late.status_code == 401


async def test_skew_and_life_are_judged_by_the_services_clock(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Eight seconds ahead are taken, sixty-one are not; past `exp` and leeway it is over (12)."""
    await (await toolkit(auth)).registers("mail-service", **KEYED)
    now = int(clock.timestamp())

    variants: list[dict[str, Any]] = [
        {"iat": now + 8},
        {"nbf": now + 8},
        {"iat": now + 61},
        {"nbf": now + 61},
        {"exp": now + 3600},
        {"exp": now + 7200},
    ]
    statuses = [(await asked(auth, assertion(auth, **changed))).status_code for changed in variants]
    text = assertion(auth)
    clock.advance(71)

    assert statuses == [200, 200, 401, 401, 200, 401]
    assert (await asked(auth, text)).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["ISSUER"]},
        {"aud": "ISSUER/token"},
        {"aud": "https://other.example"},
        {"aud": None},
        {"sub": None},
        {"sub": "netra-backend"},
        {"iss": "netra-backend"},
        {"jti": None},
        {"exp": None},
        {"exp": 1},
    ],
    ids=str,
)
async def test_an_assertion_that_is_not_as_demanded_is_invalid_client(
    auth: RunningAuth, changed: dict[str, Any]
) -> None:
    """Audience, subject, id and life are each needed; only the record says which failed (29)."""
    await (await toolkit(auth)).registers("mail-service", **KEYED)
    audience = changed.get("aud")
    if isinstance(audience, str):
        changed = {"aud": audience.replace("ISSUER", auth.url)}
    elif isinstance(audience, list):
        changed = {"aud": [auth.url]}

    answer = await asked(auth, assertion(auth, **changed))

    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_client",
        "error_description": "Client authentication failed.",
    }
    assert answer.headers["cache-control"] == "no-store"
    (row,) = await auth.audited("client_authentication")
    assert row.outcome == "refused"
    assert row.reason


async def test_one_way_at_a_time(auth: RunningAuth) -> None:
    """An assertion beside a secret, in the form or the header, is invalid_request (26)."""
    registered = await (await toolkit(auth)).registers("mail-service", public_jwks=jwks(KEY))
    secret = registered["secret"]
    form = assertion_form(assertion(auth), grant_type="client_credentials")
    of_type = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}

    both = await auth.http.post("/token", data={**form, "client_secret": secret})
    basic = await auth.http.post("/token", data=form, auth=("mail-service", secret))
    half = await auth.http.post("/token", data=of_type, auth=("mail-service", secret))
    twice = await auth.http.post(
        "/token",
        content=f"client_assertion=a&client_assertion=b&client_assertion_type={ASSERTION_TYPE}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    for answer in (both, basic, half, twice):
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_request"
    assert (await auth.http.post("/token", data=form)).status_code == 200
    assert (await token_answer(auth, "mail-service", secret)).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"client_assertion": "GOOD"},
        {"client_assertion_type": ASSERTION_TYPE},
        {"client_assertion": "GOOD", "client_assertion_type": "urn:other"},
        {"client_assertion": "GOOD", "client_assertion_type": ASSERTION_TYPE + "2"},
        {"client_assertion": "x", "client_assertion_type": ASSERTION_TYPE},
        {"client_assertion": "x" * 20_000, "client_assertion_type": ASSERTION_TYPE},
        {"client_assertion": "é.é.é", "client_assertion_type": ASSERTION_TYPE},
        {"client_assertion": "a.b.c", "client_assertion_type": ASSERTION_TYPE},
    ],
    ids=lambda form: str(form)[:60],
)
async def test_what_is_no_assertion_is_invalid_client(
    auth: RunningAuth, form: dict[str, str]
) -> None:
    """Half a proof, another kind of proof and nonsense prove nobody."""
    await (await toolkit(auth)).registers("mail-service", **KEYED)
    sent = {name: assertion(auth) if value == "GOOD" else value for name, value in form.items()}

    answer = await auth.http.post(
        "/token", data={"grant_type": "client_credentials", "client_id": "mail-service", **sent}
    )

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["www-authenticate"]


async def test_other_tokens_of_ours_are_no_assertions(auth: RunningAuth) -> None:
    """An access token is refused where an assertion is expected, and the reverse (13)."""
    await (await toolkit(auth)).registers("mail-service", **KEYED)
    token = await auth.service_token("netra-backend")

    assert (await asked(auth, token)).status_code == 401
    answer = await auth.http.get("/revocations", headers=bearer(assertion(auth)))
    assert answer.status_code == 401


async def test_a_public_client_cannot_assert(auth: RunningAuth) -> None:
    """The built-in clients have no keys: an assertion in their name is refused (checklist 41)."""
    for client_id in ("netra-cli", "netra-chat"):
        text = assertion(auth, client_id)
        assert (await asked(auth, text)).status_code == 401
        assert (await asked(auth, text, client_id=client_id)).status_code == 401


async def test_keys_are_replaced_and_taken_away_at_once(auth: RunningAuth) -> None:
    """A change of keys takes effect at the next assertion, without a restart."""
    administrator = await toolkit(auth)
    await administrator.registers("mail-service", public_jwks=jwks(KEY))
    other = ClientKey.rsa("key-2", "PS256")
    now = auth.state.clock.timestamp()

    async def status(key: ClientKey) -> int:
        return (await asked(auth, key.signed(claims("mail-service", auth.url, now)))).status_code

    first = [await status(KEY), await status(other)]
    await administrator.asks("PATCH", "/mail-service", {"public_jwks": jwks(other)})
    second = [await status(KEY), await status(other)]
    gone = await administrator.asks("PATCH", "/mail-service", {"public_jwks": {"keys": []}})
    third = [await status(KEY), await status(other)]

    assert (first, second, third) == ([200, 401], [401, 200], [401, 401])
    assert gone.json()["key_ids"] == []


async def test_neither_assertion_nor_secret_is_in_any_log(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Good or refused, what proves a client is in no line and no row (checklist 59)."""
    with log_lines() as lines:
        async with running_auth_service(tmp_path, clock=clock) as auth:
            await (await toolkit(auth)).registers("mail-service", **KEYED)
            good, bad = assertion(auth), assertion(auth, aud="https://other.example")
            await asked(auth, good)
            await asked(auth, bad)
            rows = repr(await auth.audited())

    for text in (good, bad):
        assert text not in lines.text + rows
        assert text.rpartition(".")[2] not in lines.text + rows


async def test_metadata_says_how_services_may_prove_themselves(auth: RunningAuth) -> None:
    """Every endpoint that takes assertions advertises them and their algorithms (RFC 8414)."""
    told = (await auth.http.get("/.well-known/oauth-authorization-server")).json()

    for endpoint in ("token", "introspection", "revocation"):
        assert "private_key_jwt" in told[f"{endpoint}_endpoint_auth_methods_supported"]
        algorithms = told[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert algorithms == ["ES256", "PS256", "RS256"]


async def test_a_secret_of_another_service_does_not_help(auth: RunningAuth) -> None:
    """A service without a secret is not opened by anybody's."""
    await (await toolkit(auth)).registers("mail-service", **KEYED)

    answer = await token_answer(auth, "mail-service", SERVICE_SECRETS["netra-ops"])

    assert answer.status_code == 401
