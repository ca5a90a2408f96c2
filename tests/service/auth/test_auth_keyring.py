"""Signing keys: made once, kept sealed, found again; both trust modes."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from fakes.clock import ManualClock
from fakes.environments import strong_secret
from fakes.running_auth import (
    ENCRYPTION_KEY,
    RunningAuth,
    auth_settings,
    bearer,
    provide_store,
    running_auth_service,
)
from netra.secret import Secret
from netra.tokens import Algorithm, KeySet, SigningKey, VerificationRules, verify_access_token
from netra.wire.auth_admin import KeyState
from netra_auth.audit import AuditTrail
from netra_auth.bootstrap import opened_state
from netra_auth.keyring.keyring import open_keyring
from netra_auth.keyring.life_cycle import KeyLife
from netra_auth.keyring.opened_keys import KeyringUnusable, sealed_row
from netra_auth.store.engine import Database
from netra_auth.store.repositories import signing_keys


async def published_kids(auth: RunningAuth) -> list[str]:
    """List the kids of the published keys."""
    return [key["kid"] for key in (await auth.http.get("/.well-known/jwks.json")).json()["keys"]]


async def test_a_restart_finds_everything_as_it_was(tmp_path: Path, clock: ManualClock) -> None:
    """Key, people, sessions and refresh tokens survive a restart (checklist 23)."""
    async with running_auth_service(tmp_path, clock=clock) as auth:
        port, kids = auth.port, await published_kids(auth)
        person = await auth.registered_person()
        tokens = await auth.tokens_of(person)
        async with auth.browser() as browser:
            await auth.log_in(browser, person)
            cookie = browser.cookies["netra_session"]

    async with running_auth_service(tmp_path, clock=clock, port=port) as auth:
        assert await published_kids(auth) == kids
        assert (await auth.refresh(tokens["refresh_token"])).status_code == 200
        async with auth.browser() as browser:
            browser.cookies.set("netra_session", cookie)
            assert person.email in (await browser.get("/logout")).text
            assert (await auth.log_in(browser, person)).status_code == 303
        erase = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
        assert erase.status_code == 204


async def test_published_keys_have_no_private_part(auth: RunningAuth) -> None:
    """The JWK set is public, cacheable, and what verifiers accept (checklist 16)."""
    answer = await auth.http.get("/.well-known/jwks.json")

    (key,) = answer.json()["keys"]
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert set(key) == {"kty", "crv", "x", "y", "alg", "use", "kid"}
    assert KeySet.from_jwks(answer.json()).kids == {key["kid"]}


async def test_the_private_key_is_not_readable_in_the_store(
    auth: RunningAuth, stored_bytes: Callable[[RunningAuth], bytes]
) -> None:
    """The store holds the sealed key only."""
    private = auth.state.keyring.signing_key.private_jwk().reveal()
    await auth.state.database.close()

    content = stored_bytes(auth)
    assert b"a256gcm.1." in content
    assert private.encode() not in content
    assert b'"d"' not in content


async def test_another_encryption_key_refuses_the_start(tmp_path: Path, clock: ManualClock) -> None:
    """With a wrong KEYRING_ENCRYPTION_KEY the service does not start and makes no key."""
    async with running_auth_service(tmp_path, clock=clock) as auth:
        kid = auth.state.keyring.signing_key.kid
    wrong = auth_settings(tmp_path, 8001, KEYRING_ENCRYPTION_KEY=strong_secret())

    with pytest.raises(KeyringUnusable, match="KEYRING_ENCRYPTION_KEY does not open"):
        async with opened_state(wrong, clock):
            pass

    async with running_auth_service(tmp_path, clock=clock) as auth:
        assert await published_kids(auth) == [kid]


async def test_two_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    """Of several first starts at once exactly one makes the key, and all use it."""
    settings = auth_settings(tmp_path, 8001)
    await provide_store(settings)
    databases = [Database(settings.database_url) for _ in range(5)]
    clock = ManualClock()

    rings = await asyncio.gather(
        *(open_keyring(settings, each, AuditTrail(each, clock), clock) for each in databases)
    )

    async with databases[0].reading() as connection:
        stored = await signing_keys.all_of(connection)
    for database in databases:
        await database.close()
    assert len(stored) == 1
    assert {ring.signing_key.kid for ring in rings} == {stored[0].kid}


async def test_whole_services_start_together_on_one_store(tmp_path: Path) -> None:
    """Two services that open one empty store at once both start, with one key and one registry."""
    settings = auth_settings(tmp_path, 8001)
    await provide_store(settings)

    async def start() -> str:
        async with opened_state(settings, ManualClock()) as state:
            return state.keyring.signing_key.kid

    assert len(set(await asyncio.gather(start(), start(), start()))) == 1


async def test_the_store_lets_no_second_key_be_active(tmp_path: Path) -> None:
    """A second first key is refused by the store itself."""
    settings = auth_settings(tmp_path, 8001)
    await provide_store(settings)
    database = Database(settings.database_url)

    first, second = (
        sealed_row(
            key, KeyLife(kid=key.kid, state=KeyState.ACTIVE, created_at=0), Secret(ENCRYPTION_KEY)
        )
        for key in (SigningKey.generate(), SigningKey.generate())
    )

    async with database.transaction() as transaction:
        assert await signing_keys.add_first(transaction.connection, first)
        assert not await signing_keys.add_first(transaction.connection, second)
    with pytest.raises(IntegrityError):
        async with database.transaction() as transaction:
            await signing_keys.add(transaction.connection, second)
    async with database.reading() as connection:
        assert await signing_keys.all_of(connection) == (first,)
    await database.close()


async def test_in_shared_key_mode_nothing_is_published(tmp_path: Path, clock: ManualClock) -> None:
    """Tokens are HS256 under JWT_SECRET_KEY, the JWK set is empty, the service takes its own."""
    secret = strong_secret()
    shared = {
        "TOKEN_TRUST_MODE": "shared-key",
        "JWT_SECRET_KEY": secret,
        "KEYRING_ENCRYPTION_KEY": None,
    }
    async with running_auth_service(tmp_path, clock=clock, overrides=shared) as auth:
        token = await auth.service_token("netra-backend")
        feed = await auth.http.get("/revocations", headers=bearer(token))
        ready = await auth.http.get("/health/ready")
        assert await published_kids(auth) == []

    rules = VerificationRules(auth.url, "netra-backend", frozenset({Algorithm.HS256}))
    keys = KeySet.from_shared_secrets(Secret(secret))
    claims = verify_access_token(token, keys, rules, clock.timestamp())
    assert claims.subject == "service:netra-backend"
    assert feed.status_code == 200
    assert ready.status_code == 200


async def test_a_previous_shared_key_still_verifies(tmp_path: Path, clock: ManualClock) -> None:
    """While the previous key is configured, tokens it signed are taken."""
    old, new = strong_secret(), strong_secret()
    mode = {"TOKEN_TRUST_MODE": "shared-key", "KEYRING_ENCRYPTION_KEY": None}
    before = {**mode, "JWT_SECRET_KEY": old}
    async with running_auth_service(tmp_path, clock=clock, overrides=before) as auth:
        port, token = auth.port, await auth.service_token("netra-backend")

    for previous, status in ((old, 200), (None, 401)):
        after = {**mode, "JWT_SECRET_KEY": new, "JWT_SECRET_KEY_PREVIOUS": previous}
        async with running_auth_service(tmp_path, clock=clock, port=port, overrides=after) as auth:
            answer = await auth.http.get("/revocations", headers=bearer(token))
            assert answer.status_code == status
