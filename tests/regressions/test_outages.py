"""Regressions c, g and h: what the service's own trouble may and may not do to its users."""

from contextlib import AsyncExitStack
from pathlib import Path

from fakes.auth_service import FakeAuthService
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.timing import UNIT, eventually

_WRONG = "wR0ng-but-strong-looking-secret-9fK2pLs7Qx"


async def _status(backend: RunningBackend, path: str, token: str | None = None) -> int:
    async with backend.client(token) as client:
        return (await client.get(path)).status_code


async def test_a_wrong_service_secret_harms_no_user(tmp_path: Path) -> None:
    """Regression c: users go on, health names what is wrong, and one event a minute says so."""
    clock = ManualClock()
    service = FakeAuthService(clock)
    with log_lines() as log:
        async with (
            service.running() as auth,
            running_backend(
                tmp_path / "app.db",
                auth=service,
                clock=clock,
                settings=backend_settings(
                    tmp_path / "app.db", AUTH_SERVICE_URL=auth.url, SERVICE_SECRET=_WRONG
                ),
            ) as backend,
        ):
            await eventually(lambda: log.of("critical_auth_failure"), within=10 * UNIT)
            async with backend.client(service.issuer.user_token()) as client:
                thread = await client.post("/api/threads", json={"title": "as ever"})
                ready = await client.get("/health/ready")
                health = await client.get("/health")
            calls = service.calls["/token"]
            for _ in range(30):  # Thirty seconds of retries come within the one minute.
                clock.advance(1)
                await backend.state.auth_client.validate_service_user_context(
                    "netra-backend", "retried_work"
                )
            within_a_minute = len(log.of("critical_auth_failure"))
            clock.advance(61)
            await eventually(lambda: len(log.of("critical_auth_failure")) == 2, within=10 * UNIT)
            asked = service.calls["/token"] - calls
        events = log.of("critical_auth_failure")

    assert thread.status_code == 201
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert (health.status_code, health.json()["status"]) == (503, "degraded")
    assert "secret" in health.json()["checks"]["own_credential"]["reason"].lower()
    assert within_a_minute == 1
    assert asked < 12
    assert events[0]["auth_state"]["user_type"] == "service"
    assert events[0]["error_context"]["user_id"] == "service:netra-backend"
    assert "request_id" not in events[0]
    assert _WRONG not in log.text


async def test_bad_tokens_leave_the_breaker_closed(tmp_path: Path) -> None:
    """Regression g: three bad tokens, or thirty, from anyone lock nobody out."""
    clock = ManualClock()
    service = FakeAuthService(clock)
    async with (
        service.running(),
        running_backend(tmp_path / "app.db", auth=service, clock=clock) as backend,
    ):
        good = service.issuer.user_token()
        assert await _status(backend, "/api/me", good) == 200
        forged = FakeAuthService(clock).issuer
        forged.url = service.issuer.url
        for bad in ["x", "a.b.c", good[:-4] + "AAAA", *(forged.user_token() for _ in range(27))]:
            assert await _status(backend, "/api/me", bad) == 401
        assert backend.state.auth_breaker.state == "closed"
        assert await _status(backend, "/api/me", good) == 200
        assert (await _status(backend, "/health/ready")) == 200


async def test_an_auth_service_down_for_a_minute(tmp_path: Path) -> None:
    """Regression h: known users go on, unknown keys are 503 and never 401, recovery by itself."""
    clock = ManualClock()
    service = FakeAuthService(clock)
    async with AsyncExitStack() as stack:
        async with service.running() as first:
            backend = await stack.enter_async_context(
                running_backend(tmp_path / "app.db", auth=service, clock=clock)
            )
            known = service.issuer.user_token()
            assert await _status(backend, "/api/me", known) == 200
        service.issuer.rotate()
        unknown = service.issuer.user_token()
        clock.advance(10)  # Until then the answer it gave before it went down is fresh enough.
        for _ in range(10):
            clock.advance(5)
            assert await _status(backend, "/api/me", known) == 200
            async with backend.client(unknown) as client:
                answer = await client.get("/api/me")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        async with backend.client() as client:
            ready = await client.get("/health/ready")
            health = await client.get("/health")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert health.status_code == 503

        async with service.running(first.port):

            async def recovered() -> bool:
                clock.advance(1)
                return (
                    await _status(backend, "/api/me", unknown) == 200
                    and await _status(backend, "/health") == 200
                )

            await eventually(recovered, within=20 * UNIT)
