"""Incidents of what Netra's own services depend on."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg  # type: ignore[import-untyped]  # It has no types.
from corpus.making.freezing import Expected
from corpus.making.netra_own.installed import AUTH, BACKEND, Own, installed
from corpus.making.netra_own.operated import on_postgres


def _process_of(own: Own, service: str) -> int:
    """Give the process of a service."""
    return int(own.netra.status()["pids"][service])


def auth_down(begins: datetime, name: str, *, comes_back: bool) -> None:
    """The auth service stands still or dies; the breaker opens, and closes where it comes back."""
    with installed(begins) as own:
        own.people_ask(6)
        process = _process_of(own, AUTH)
        os.kill(process, signal.SIGSTOP if comes_back else signal.SIGKILL)
        for _ in range(4):
            own.people_ask(3, 0.3)
            own.ask("/api/threads", "anna", headers={"X-Session-Check": "1"})
            own.netra.run(
                "token",
                "--email",
                "ben@example.com",
                "--password-stdin",
                stdin="correct horse battery staple",
            ) if not comes_back else None
            own.probed("health of the backend", "/health", "200", (200,))
            time.sleep(2)
        own.probed(
            "keys of the auth service",
            "/.well-known/jwks.json",
            "200 with keys",
            (200,),
            url=own.auth_url,
        )
        if comes_back:
            os.kill(process, signal.SIGCONT)
            time.sleep(12)
            own.people_ask(5)
            own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes"),
            Expected(
                "cause_found",
                "auth_service_unreachable",
                "The backend's calls to the auth service fail in transport from one moment on, and the probe of the auth service itself fails too; the breaker opens after that"
                + (
                    " and closes again once the auth service answers."
                    if comes_back
                    else ", and people's tokens go on being verified without it."
                ),
                "process",
                must_not=(
                    "breaker_stuck_open",
                    "wrong_auth_service_url",
                    "service_secret_mismatch",
                    "env_var_lost",
                ),
                pair="breaker_stuck_open",
            ),
        )


def database_down(begins: datetime, name: str) -> None:
    """The backend's PostgreSQL is stopped while it serves."""
    with on_postgres(begins) as (own, server, _):
        own.people_ask(8)
        server.stop()
        try:
            own.people_ask(14, 0.2)
            own.probed("health of the backend", "/health", "200", (200,))
            own.probed(
                "keys of the auth service",
                "/.well-known/jwks.json",
                "200 with keys",
                (200,),
                url=own.auth_url,
            )
            own.collected()
        finally:
            server.start()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes"),
            Expected(
                "cause_found",
                "database_unreachable",
                "From one moment on everything that needs the store is 503 because its connections are refused; /api/me, which needs none, is 200, and the auth service answers.",
                "process",
                must_not=(
                    "auth_service_unreachable",
                    "pool_exhausted",
                    "env_var_lost",
                    "database_credentials_rotated",
                ),
                pair="pool_exhausted",
            ),
        )


def pool_used_up(begins: datetime, name: str) -> None:
    """Somebody holds a table locked; all sessions wait in it, and no connection is left."""
    with on_postgres(begins) as (own, server, _):
        own.people_ask(7)

        async def locked(until: threading.Event, ready: threading.Event) -> None:
            connection = await asyncpg.connect(
                host=str(server.folder), port=server.port, user="netra", database="netra_backend"
            )
            async with connection.transaction():
                await connection.execute("LOCK TABLE threads IN ACCESS EXCLUSIVE MODE")
                ready.set()
                await asyncio.to_thread(until.wait)
            await connection.close()

        is_over, is_locked = threading.Event(), threading.Event()
        holder = threading.Thread(target=lambda: asyncio.run(locked(is_over, is_locked)))
        holder.start()
        is_locked.wait(10)
        people = [
            threading.Thread(target=own.ask, args=("/api/threads", "anna")) for _ in range(22)
        ]
        for one in people:
            one.start()
        time.sleep(1)
        for _ in range(3):
            own.ask("/api/me", "ben")
            own.ask("/")
        for one in people:
            one.join()
        is_over.set()
        holder.join()
        own.stage.leap(0.2)
        own.people_ask(4)
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions"),
            Expected(
                "cause_found",
                "pool_exhausted",
                "Ten statements on threads hold all connections until their time is over, and everybody else is told after the same wait that no connection is free; routes without a session are 200 meanwhile, and nothing refuses connections.",
                "process",
                acceptable=(),
                must_not=(
                    "database_unreachable",
                    "auth_service_unreachable",
                    "database_credentials_rotated",
                ),
                pair="database_unreachable",
            ),
        )


def two_at_once(begins: datetime, name: str) -> None:
    """The backend is shut out, and a wrong audience is configured at the same restart."""
    with installed(begins) as own:
        own.people_ask(6)
        own.run("services", "disable", BACKEND)
        own.stage.leap(2)
        own.restarted((BACKEND, "TOKEN_AUDIENCE", "netra-backend-eu"))
        own.signs_in("anna", "ben")
        own.people_ask(8)
        own.collected()
        own.probed("health of the backend", "/health", "200", (200,))
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "audit", "probes"),
            Expected(
                "cause_found",
                "wrong_audience",
                "Two faults: people's tokens are refused for their audience since TOKEN_AUDIENCE was set to netra-backend-eu, and the backend's own token requests are refused since it was disabled, which the audit record has. People are hit by the first.",
                "process",
                acceptable=("service_unregistered",),
                must_not=("signing_key_mismatch", "env_var_lost", "service_secret_mismatch"),
            ),
        )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: auth_down(datetime(2026, 4, 7, 10, 0, tzinfo=UTC), "own-auth-killed", comes_back=False),
    lambda: auth_down(
        datetime(2026, 4, 8, 23, 10, tzinfo=UTC), "own-auth-stood-still", comes_back=True
    ),
    lambda: database_down(datetime(2026, 4, 9, 4, 25, tzinfo=UTC), "own-store-stopped"),
    lambda: pool_used_up(datetime(2026, 4, 10, 18, 0, tzinfo=UTC), "own-table-locked"),
    lambda: two_at_once(datetime(2026, 4, 20, 13, 0, tzinfo=UTC), "own-audience-and-shut-out"),
)
