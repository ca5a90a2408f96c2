"""A backend's verifier against a service whose keys really rotate."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import ManualClock
from fakes.issuer import Issuer
from fakes.running_auth import RunningAuth, bearer, running_auth_service
from fakes.timing import UNIT, eventually
from netra.errors import AuthServiceUnreachable
from netra.tokens import (
    AccessTokenVerifier,
    Algorithm,
    RemoteKeySource,
    UnknownKey,
    VerificationRules,
)
from netra.tokens.jws import read_jws
from netra_backend.app.clients.auth_client_core import AuthClientCore, fetch_jwks
from netra_backend.app.clients.circuit_breaker import CircuitBreaker

PUBLISHED_SECONDS = 330


class Backend:
    """What a backend verifies with; counts how often it fetched the keys."""

    def __init__(self, core: AuthClientCore, url: str, clock: ManualClock) -> None:
        self._core = core
        self.fetches = 0
        self.source = RemoteKeySource(self._fetch, clock)
        rules = VerificationRules(url, "netra-backend", frozenset({Algorithm.ES256}))
        self.verifier = AccessTokenVerifier(self.source, rules, clock, None)

    async def takes(self, token: str) -> bool:
        """Tell whether a token is verified; a key nobody has is a refusal."""
        try:
            await self.verifier.verify(token)
        except UnknownKey:
            return False
        return True

    async def _fetch(self) -> Mapping[str, Any]:
        self.fetches += 1
        return await fetch_jwks(self._core)


@asynccontextmanager
async def backend_of(url: str, clock: ManualClock) -> AsyncIterator[Backend]:
    """Make a backend's verifier for an issuer."""
    core = AuthClientCore(url, clock=clock, breaker=CircuitBreaker("auth_service", clock))
    backend = Backend(core, url, clock)
    try:
        yield backend
    finally:
        await backend.source.aclose()
        await core.aclose()


@pytest.fixture
async def backend(auth: RunningAuth, clock: ManualClock) -> AsyncIterator[Backend]:
    """Give a backend's verifier for the running service."""
    async with backend_of(auth.url, clock) as backend:
        yield backend


async def rotate(auth: RunningAuth) -> None:
    """Begin a rotation."""
    headers = bearer(await auth.service_token("netra-ops"))
    assert (await auth.http.post("/admin/keys/rotate", headers=headers)).status_code == 201


async def pass_time(auth: RunningAuth, clock: ManualClock, seconds: float) -> None:
    """Move the clock and do what upkeep does."""
    clock.advance(seconds)
    await auth.state.key_administration.advance()


async def remove_active(auth: RunningAuth) -> None:
    """Take the key that signs out of use."""
    kid = auth.state.keyring.signing_key.kid
    headers = bearer(await auth.service_token("netra-ops"))
    assert (await auth.http.delete(f"/admin/keys/{kid}", headers=headers)).status_code == 200


async def test_a_token_made_just_before_the_change_still_verifies(
    auth: RunningAuth, backend: Backend, clock: ManualClock
) -> None:
    """One made a second before its key retires is taken to its end, by any verifier (20)."""
    await rotate(auth)
    await pass_time(auth, clock, PUBLISHED_SECONDS - 1)
    token = await auth.service_token("netra-backend")
    await pass_time(auth, clock, 1)

    assert await backend.takes(token)
    await pass_time(auth, clock, 298)
    async with backend_of(auth.url, clock) as just_started:
        assert await backend.takes(token)
        assert await just_started.takes(token)


async def test_a_token_of_the_new_key_verifies_right_after_activation(
    auth: RunningAuth, backend: Backend, clock: ManualClock
) -> None:
    """A verifier that keeps to max-age knows the new key before it signs (checklist 19)."""
    before = await auth.service_token("netra-backend")
    assert await backend.takes(before)
    await rotate(auth)
    for _ in range(10):
        await pass_time(auth, clock, (PUBLISHED_SECONDS - 10) / 10)
        assert await backend.takes(await auth.service_token("netra-backend"))
    await eventually(lambda: backend.source.age_seconds == 0, within=5 * UNIT)
    await pass_time(auth, clock, 10)

    token = await auth.service_token("netra-backend")

    assert await backend.takes(token)
    assert backend.fetches == 2
    assert _kid_of(token) != _kid_of(before)


async def test_a_verifier_that_slept_through_it_fetches_once(
    auth: RunningAuth, backend: Backend, clock: ManualClock
) -> None:
    """One that has not looked since before the rotation learns of the new key by one fetch (21)."""
    assert await backend.takes(await auth.service_token("netra-backend"))
    await rotate(auth)
    await pass_time(auth, clock, PUBLISHED_SECONDS)

    assert await backend.takes(await auth.service_token("netra-backend"))
    assert backend.fetches == 2


async def test_unknown_kids_cost_one_fetch(
    auth: RunningAuth, backend: Backend, clock: ManualClock
) -> None:
    """A thousand forged kids in one second are refused at the price of one fetch (21)."""
    assert await backend.takes(await auth.service_token("netra-backend"))
    clock.advance(10)
    forger = Issuer(clock, auth.url)
    forged = []
    for _ in range(1000):
        forger.rotate()
        forged.append(forger.service_token())

    assert not any([await backend.takes(token) for token in forged])
    assert backend.fetches == 2
    assert await backend.takes(await auth.service_token("netra-backend"))


async def test_an_emergency_is_followed_by_the_next_token(
    auth: RunningAuth, backend: Backend, clock: ManualClock
) -> None:
    """The first token of the key put in place of a compromised one drops that one everywhere."""
    stolen = await auth.service_token("netra-backend")
    assert await backend.takes(stolen)
    clock.advance(10)
    await remove_active(auth)

    assert await backend.takes(await auth.service_token("netra-backend"))
    assert not await backend.takes(stolen)
    assert backend.fetches == 2


async def test_a_removed_key_is_dropped_when_the_set_grows_old(
    auth: RunningAuth, backend: Backend, clock: ManualClock
) -> None:
    """Where no new token comes by, a compromised key lives as long as the set it was in."""
    assert await backend.takes(await auth.service_token("netra-backend"))
    clock.advance(310)
    stolen = await auth.service_token("netra-backend")
    await remove_active(auth)

    clock.advance(290)
    assert not await backend.takes(stolen)


async def test_while_the_issuer_is_down_known_keys_go_on(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Known kids go on verifying; unknown ones are 503 with a time to wait, never 401 (22)."""
    async with AsyncExitStack() as running, AsyncExitStack() as verifying:
        auth = await running.enter_async_context(running_auth_service(tmp_path, clock=clock))
        backend = await verifying.enter_async_context(backend_of(auth.url, clock))
        assert await backend.takes(await auth.service_token("netra-backend"))
        await rotate(auth)
        await pass_time(auth, clock, PUBLISHED_SECONDS - 1)
        known = await auth.service_token("netra-backend")
        await pass_time(auth, clock, 1)
        unknown = await auth.service_token("netra-backend")
        await running.aclose()

        for _ in range(3):
            assert await backend.takes(known)
            with pytest.raises(AuthServiceUnreachable) as refused:
                await backend.takes(unknown)
            assert refused.value.retry_after >= 1
            clock.advance(20)
    assert _kid_of(known) != _kid_of(unknown)


def _kid_of(token: str) -> str:
    return read_jws(token, max_token_bytes=8192).header.kid
