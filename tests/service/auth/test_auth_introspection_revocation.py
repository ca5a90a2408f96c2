"""Introspection and revocation by clients that prove themselves."""

from typing import Any

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.running_auth import CLI, SERVICE_SECRETS, RunningAuth, bearer

BACKEND = ("netra-backend", SERVICE_SECRETS["netra-backend"])
OPS = ("netra-ops", SERVICE_SECRETS["netra-ops"])


async def asked(auth: RunningAuth, token: str, who: tuple[str, str] = BACKEND) -> httpx2.Response:
    """Introspect a token."""
    return await auth.http.post("/introspect", data={"token": token}, auth=who)


async def revoked(auth: RunningAuth, token: str, who: tuple[str, str] = BACKEND) -> httpx2.Response:
    """Revoke a token."""
    return await auth.http.post("/revoke", data={"token": token}, auth=who)


async def person_tokens(auth: RunningAuth) -> dict[str, Any]:
    """Give a new person's tokens."""
    return await auth.tokens_of(await auth.registered_person())


async def test_a_good_access_token_is_described(auth: RunningAuth) -> None:
    """The answer says whose token it is, for whom and until when (RFC 7662)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)

    answer = await asked(auth, tokens["access_token"])

    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert told["active"] is True
    assert told["sub"] == person.user_id
    assert told["client_id"] == CLI
    assert told["scope"] == "profile"
    assert told["aud"] == ["netra-backend", "netra-auth"]
    assert told["iss"] == auth.url
    assert told["exp"] - told["iat"] == 300
    assert told["principal_kind"] == "user"


async def test_a_good_refresh_token_is_described(auth: RunningAuth) -> None:
    """A refresh token is active until it is spent."""
    tokens = await person_tokens(auth)

    before = (await asked(auth, tokens["refresh_token"])).json()
    await auth.refresh(tokens["refresh_token"])
    after = (await asked(auth, tokens["refresh_token"])).json()

    assert before["active"] is True
    assert before["token_type"] == "refresh_token"
    assert after == {"active": False}


async def test_anything_else_is_inactive(auth: RunningAuth, clock: ManualClock) -> None:
    """Unknown, mangled and expired tokens are inactive, and nothing more is said (checklist 39)."""
    token = (await person_tokens(auth))["access_token"]
    header, payload, signature = token.split(".")
    flipped = "A" if signature[0] != "A" else "B"
    texts = [
        "unknown",
        "rt_unknown",
        f"{header}.{payload}.{flipped}{signature[1:]}",
        f"{header}.{payload}.",
        "a.b.c",
        "x" * 20_000,
        "ünïcode",
    ]

    for text in texts:
        answer = await asked(auth, text)
        assert answer.status_code == 200
        assert answer.json() == {"active": False}
    clock.advance(311)
    assert (await asked(auth, token)).json() == {"active": False}


async def test_a_token_for_others_is_inactive(auth: RunningAuth) -> None:
    """A service hears nothing of tokens that are not meant for any of its audiences."""
    own = await auth.service_token("netra-ops", audience="netra-auth")

    assert (await asked(auth, own)).json()["active"] is True


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
async def test_only_proven_clients_may_ask(auth: RunningAuth, path: str) -> None:
    """Without credentials 401, without the scope 403, a bearer token is no client (39)."""
    token = (await person_tokens(auth))["access_token"]
    form = {"token": token}

    nobody = await auth.http.post(path, data=form)
    wrong = await auth.http.post(path, data=form, auth=(BACKEND[0], "wrong"))
    as_bearer = await auth.http.post(path, data=form, headers=bearer(token))
    scopeless = await auth.http.post(path, data=form, auth=OPS)
    empty = await auth.http.post(path, data={}, auth=BACKEND)

    assert nobody.status_code == wrong.status_code == as_bearer.status_code == 401
    assert nobody.headers["www-authenticate"].startswith("Basic")
    assert scopeless.status_code == 403
    assert scopeless.json()["error"] == "unauthorized_client"
    assert empty.status_code == 400
    assert empty.json()["error"] == "invalid_request"
    assert (await asked(auth, token)).json()["active"] is True


async def test_the_public_client_may_not_introspect(auth: RunningAuth) -> None:
    """Who cannot keep a secret cannot look at tokens."""
    answer = await auth.http.post("/introspect", data={"token": "x", "client_id": CLI})

    assert answer.status_code == 403


async def test_a_revoked_access_token_is_dead_and_told(auth: RunningAuth) -> None:
    """An access token ends by itself; its siblings live on; the feed names it."""
    tokens = await person_tokens(auth)
    jti = (await asked(auth, tokens["access_token"])).json()["jti"]

    answer = await revoked(auth, tokens["access_token"])

    assert answer.status_code == 200
    assert answer.content == b""
    assert (await asked(auth, tokens["access_token"])).json() == {"active": False}
    erase = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    assert erase.status_code == 401
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 200
    page = await auth.state.revocations.page(0, 10)
    assert [(entry.kind, entry.identifier) for entry in page.items] == [("token", jti)]


async def test_a_revoked_refresh_token_takes_its_session_along(auth: RunningAuth) -> None:
    """A refresh token ends with its family, its session and their access tokens."""
    tokens = await person_tokens(auth)

    answer = await auth.http.post(
        "/revoke", data={"token": tokens["refresh_token"], "client_id": CLI}
    )

    assert answer.status_code == 200
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 400
    assert (await asked(auth, tokens["access_token"])).json() == {"active": False}


async def test_revoking_what_is_unknown_is_no_error(auth: RunningAuth) -> None:
    """An unknown or spent token is answered as a revoked one is (checklist 39)."""
    tokens = await person_tokens(auth)
    await auth.refresh(tokens["refresh_token"])

    for text in ("unknown", "rt_unknown", tokens["refresh_token"]):
        assert (await revoked(auth, text)).status_code == 200
    assert (await auth.state.revocations.page(0, 10)).items == ()


async def test_a_client_cannot_revoke_another_clients_token(auth: RunningAuth) -> None:
    """A service leaves another service's token alone, the public client a service's (39)."""
    token = await auth.service_token("netra-ops")

    by_service = await revoked(auth, token)
    by_public = await auth.http.post("/revoke", data={"token": token, "client_id": CLI})

    assert by_service.status_code == by_public.status_code == 200
    assert (await asked(auth, token)).json()["active"] is True
    assert [row.outcome for row in await auth.audited("token_revoked")] == ["refused", "refused"]


async def test_a_service_revokes_its_own_token(auth: RunningAuth) -> None:
    """A service's own access token ends at its own word."""
    token = await auth.service_token("netra-backend")

    await revoked(auth, token)

    assert (await auth.http.get("/revocations", headers=bearer(token))).status_code == 401
