"""All connections are in use, or all wait for one lock: whoever comes besides is told in time."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx2
import pytest

from fakes.log_lines import log_lines
from fakes.running_auth import RunningAuth, bearer, running_auth_service, store_path
from fakes.running_backend import RunningBackend, running_backend
from fakes.services_on_postgres import Services, assert_undecided, services_on_postgres
from fakes.timing import UNIT, eventually

pytestmark = pytest.mark.long

BOUND: Final = 12 * UNIT
"""A connection is waited for five seconds, and a lock for five (at the auth service) or ten."""

BACKEND_POOL: Final = 10
AUTH_POOL: Final = 20
BESIDES: Final = 5


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """Run both services on a server of the test's own."""
    async with services_on_postgres(tmp_path) as running:
        yield running


async def timed(
    client: httpx2.AsyncClient, method: str, path: str, **more: Any
) -> tuple[httpx2.Response, float]:
    """Ask; give the answer, and after how many seconds it came."""
    began = monotonic()
    answer = await client.request(method, path, timeout=4 * BOUND, **more)
    return answer, monotonic() - began


def assert_busy(given: Sequence[tuple[httpx2.Response, float]]) -> None:
    """Hold answers to what is told when too much waits."""
    for answer, seconds in given:
        assert_undecided(answer, str(answer.request.url), "database_busy")
        assert seconds < BOUND


async def metric(backend: RunningBackend, name: str) -> float:
    """Read a metric of the backend."""
    async with backend.as_service("metrics:read", "sessions:open") as service:
        text = (await service.get("/metrics")).text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


async def test_a_backend_whose_connections_are_all_in_use(services: Services) -> None:
    """Who comes besides is 503 and busy in time, never 401, and with the lock all of it goes."""
    backend = services.backend
    async with backend.as_user("usr_anna") as user, backend.client() as nobody:
        with log_lines() as log:
            async with services.locked("t_threads"):
                held = [
                    asyncio.create_task(timed(user, "GET", "/api/threads"))
                    for _ in range(BACKEND_POOL)
                ]
                await eventually(lambda: _open_sessions(backend, BACKEND_POOL), within=BOUND)
                besides = await asyncio.gather(
                    *(timed(user, "GET", "/api/usage") for _ in range(BESIDES)),
                    *(timed(user, "POST", "/api/threads", json={"title": "t"}) for _ in range(2)),
                )
                refused, me = await nobody.get("/api/usage"), await user.get("/api/me")
                ready = await user.get("/health/ready")
            served = await asyncio.gather(*held)
        after = await user.get("/api/usage")

    assert_busy(besides)
    assert (refused.status_code, me.status_code) == (401, 200)
    assert (ready.status_code, ready.json()["checks"]["database"]["status"]) == (503, "down")
    assert {answer.status_code for answer, _ in served} == {200}
    assert after.status_code == 200
    assert {line["error_code"] for line in log.of("request_not_decided")} == {"database_busy"}
    await eventually(lambda: services.in_use()[1] == 0, within=BOUND)
    assert await metric(backend, "netra_backend_sessions_open") == 0
    assert await metric(backend, "netra_backend_sessions_leaked") == 0


async def _open_sessions(backend: RunningBackend, count: int) -> bool:
    return await metric(backend, "netra_backend_sessions_open") == count


async def test_an_auth_service_whose_connections_are_all_in_use(services: Services) -> None:
    """Who waits for the lock, and who comes besides, is 503 and busy; no token is called bad."""
    auth = services.auth
    tokens = await auth.tokens_of(await auth.registered_person())
    own: dict[str, Any] = {"headers": bearer(tokens["access_token"])}
    with log_lines() as log:
        async with services.locked("login_sessions"):
            held = [
                asyncio.create_task(timed(auth.http, "GET", "/users/me/sessions", **own))
                for _ in range(AUTH_POOL + BESIDES)
            ]
            besides = [
                asyncio.create_task(timed(auth.http, "GET", "/userinfo", **own)),
                asyncio.create_task(timed(auth.http, "DELETE", "/sessions/current", **own)),
            ]
            given = await asyncio.gather(*held, *besides)
        after = await auth.http.get("/users/me/sessions", **own)

    assert_busy(given)
    assert after.status_code == 200
    assert {line["error_code"] for line in log.of("dependency_unavailable")} == {"database_busy"}
    await eventually(lambda: services.in_use()[0] == 0, within=BOUND)


async def test_many_writers_of_the_auth_service_behind_one_lock(services: Services) -> None:
    """Each is told in time, also where they would have been written together."""
    auth = services.auth
    async with services.locked("audit"):
        given = await asyncio.gather(*(_token(auth) for _ in range(10)))
    after = await auth.service_answer("netra-backend")

    assert_busy(given)
    assert after.status_code == 200
    await eventually(lambda: services.in_use()[0] == 0, within=BOUND)


async def _token(auth: RunningAuth) -> tuple[httpx2.Response, float]:
    began = monotonic()
    auth.http.timeout = httpx2.Timeout(10 * BOUND)
    answer = await auth.service_answer("netra-backend")
    return answer, monotonic() - began


async def test_a_backend_whose_file_somebody_else_has_locked(tmp_path: Path) -> None:
    """On SQLite who writes is 503 and busy in time, who reads is served, and later both are."""
    store = tmp_path / "netra-backend.db"
    thread: dict[str, Any] = {"json": {"title": "t"}}
    async with running_backend(store) as backend, backend.as_user("usr_anna") as user:
        with closing(sqlite3.connect(store, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.gather(
                *(timed(user, "POST", "/api/threads", **thread) for _ in range(BESIDES))
            )
            reads, _ = await timed(user, "GET", "/api/usage")
            given = await writing
            other.execute("ROLLBACK")
        after = await user.post("/api/threads", **thread)
        still_open = await metric(backend, "netra_backend_sessions_open")

    assert_busy(given)
    assert (reads.status_code, after.status_code, still_open) == (200, 201, 0)


async def test_an_auth_service_whose_file_somebody_else_has_locked(tmp_path: Path) -> None:
    """On SQLite a token is 503 and busy in time, and given later."""
    async with running_auth_service(tmp_path) as auth:
        path = store_path(auth.settings)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            given = await asyncio.gather(*(_token(auth) for _ in range(BESIDES)))
            other.execute("ROLLBACK")
        after = await auth.service_answer("netra-backend")

    assert_busy(given)
    assert after.status_code == 200
