"""The life of sessions: counted, told when it does not end; statements that take too long."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from fakes.chat_socket import chat_socket
from fakes.clock import ManualClock
from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend, migrated, running_backend
from fakes.stores import plain, store_url
from fakes.timing import UNIT
from netra.errors import DatabaseUnavailable
from netra.policy import CredentialMethod
from netra.principal import AuthenticatedPrincipal, PrincipalKind, UserPrincipal
from netra.secret import Secret
from netra_backend.app.db.engine import closed, open_engine
from netra_backend.app.db.isolation.admission import ADMISSION, Admission
from netra_backend.app.db.outage import outage_translated
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.sessions.life import (
    OVERDUE_SECONDS,
    Counts,
    Ending,
    OpenSession,
    SessionLife,
)
from netra_backend.app.db.sessions.watch import SessionWatch
from netra_backend.app.db.tables import Thread
from netra_backend.app.dependencies import SessionDep

Rows = Callable[[str], list[tuple[Any, ...]]]

BEARER: Final = CredentialMethod.BEARER
ANNA: Final = UserPrincipal(
    "usr_anna", "ses_anna", "netra-cli", frozenset(), frozenset(), "tok_1", 2e9
)
ENDLESS: Final = " ".join(
    ("SELECT count(*) FROM threads", *(f"CROSS JOIN threads t{number}" for number in range(12)))
)
"""With ten threads, what a database counts for hours."""


def a_thread(thread_id: str) -> Thread:
    """Make a thread of hers that is not stored yet."""
    return Thread(id=thread_id, owner_id="usr_anna", title="t", created_at=1, updated_at=1)


async def test_every_session_is_counted_when_it_opens_and_how_it_ends(store: Path) -> None:
    """Opened is closed once all have ended, and closed is what was committed and rolled back."""
    await migrated(store)
    database = Database(open_engine(Secret(store_url(store)), pool_size=1, pool_wait=0.05))

    async def write(session: PrincipalSession) -> None:
        session.add(a_thread("thr_work"))

    async def fail(_session: PrincipalSession) -> None:
        raise LookupError

    async with database.session_for(ANNA, BEARER) as session:
        session.add(a_thread("thr_1"))
        while_open = database.life.counts()[PrincipalKind.USER]
    with pytest.raises(LookupError):
        async with database.session_for(ANNA, BEARER):
            raise LookupError
    await database.work_for(ANNA, BEARER, write)
    with pytest.raises(LookupError):
        await database.work_for(ANNA, BEARER, fail)
    async with database.session_for(ANNA, BEARER, writes=False):
        with pytest.raises(DatabaseUnavailable):
            async with database.session_for(ANNA, BEARER, writes=False):
                pytest.fail("a second session was opened")
    await database.aclose()

    assert (while_open.opened, while_open.closed) == (1, 0)
    assert database.life.counts() == {
        PrincipalKind.USER: Counts(
            opened=5,
            closed=5,
            endings={
                Ending.COMMITTED: 3,
                Ending.ROLLED_BACK: 2,
                Ending.UNKNOWN: 0,
                Ending.REFUSED: 1,
            },
        )
    }
    assert database.life.open() == ()


@pytest.mark.sqlite_only
async def test_work_that_nobody_waits_for_any_more_is_counted_as_not_known(
    store: Path, rows: Rows
) -> None:
    """Work in the thread goes on without its caller, so it is not booked as taken back."""
    await migrated(store)
    database = Database(open_engine(Secret(store_url(store))))
    begun, held, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()

    async def write(session: PrincipalSession) -> None:
        session.add(a_thread("thr_1"))
        loop.call_soon_threadsafe(begun.set)
        held.wait(10 * UNIT)

    working = asyncio.create_task(database.work_for(ANNA, BEARER, write))
    await asyncio.wait_for(begun.wait(), 10 * UNIT)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    held.set()
    await database.aclose()

    endings = database.life.counts()[PrincipalKind.USER].endings
    assert endings == {ending: int(ending is Ending.UNKNOWN) for ending in Ending}
    assert rows("SELECT id FROM t_threads") == [("thr_1",)]


@pytest.mark.sqlite_only
async def test_sessions_know_what_they_were_opened_for(
    backend: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A route, the socket and the agents' runs are told apart, by no value of a caller's."""
    works: set[str] = set()
    booked = SessionLife.booked

    @contextmanager
    def noted(life: SessionLife, principal: AuthenticatedPrincipal) -> Iterator[OpenSession]:
        with booked(life, principal) as session:
            works.add(session.work)
            yield session

    monkeypatch.setattr(SessionLife, "booked", noted)
    async with backend.as_user("usr_anna") as client:
        await client.get("/api/threads/thr_of_nobody")
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        accepted = await chat.say("who am I")
        await chat.hear_end(accepted.run_id)

    assert works == {"GET /api/threads/{thread_id}", "WS /ws", "an agent's runs"}


async def test_a_commit_that_fails_is_counted_as_not_known(store: Path) -> None:
    """It is neither booked as committed nor as rolled back."""
    await migrated(store)
    database = Database(open_engine(Secret(store_url(store))))

    async def write_and_be_cancelled() -> None:
        async with database.session_for(ANNA, BEARER) as session:
            session.add(a_thread("thr_1"))
            await session.flush()
            task = asyncio.current_task()
            assert task is not None
            # It arrives at the first wait, which is the commit's.
            asyncio.get_running_loop().call_soon(task.cancel)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(write_and_be_cancelled())
    await database.aclose()

    endings = database.life.counts()[PrincipalKind.USER].endings
    assert endings[Ending.UNKNOWN] == 1
    assert endings[Ending.COMMITTED] == endings[Ending.ROLLED_BACK] == 0


async def test_a_session_that_does_not_end_is_told_with_its_route(
    store: Path, logged: LogLines
) -> None:
    """A route that holds its session is named once, with its request and its caller."""
    clock, arrived, held = ManualClock(), asyncio.Event(), asyncio.Event()

    def add_route(app: FastAPI) -> None:
        @app.get("/probe/{name}")
        async def probe(name: str, session: SessionDep) -> str:
            arrived.set()
            await held.wait()
            return name + str(session.principal)

    async with running_backend(store, clock=clock, prepare=add_route) as running:
        watch = SessionWatch(running.state.database.life)
        async with running.as_user("usr_anna") as client:
            asking = asyncio.create_task(client.get("/probe/her-secret-name"))
            await asyncio.wait_for(arrived.wait(), 10 * UNIT)
            watch.look()
            early = len(logged.of("session_leaked"))
            clock.advance(OVERDUE_SECONDS)
            watch.look()
            watch.look()
            held.set()
            answer = await asking
        overdue = running.state.database.life.overdue()

    told = logged.of("session_leaked")
    access = next(line for line in logged.of("http_request") if "/probe/" in line["message"])
    assert early == 0
    assert [line["work"] for line in told] == ["GET /probe/{name}"]
    assert told[0]["principal"] == "usr_anna"
    assert told[0]["request_id"] == access["request_id"]
    assert told[0]["severity"] == "ERROR"
    assert "her-secret-name" not in str(told)
    assert answer.status_code == 200
    assert overdue == ()


async def test_a_session_that_is_open_when_the_service_ends_is_told(
    store: Path, logged: LogLines
) -> None:
    """Nothing that was forgotten goes unnoticed because nobody waited for it to be overdue."""
    await migrated(store)
    database = Database(open_engine(Secret(store_url(store))))
    forgotten = database.session_for(ANNA, BEARER, writes=False)

    await forgotten.__aenter__()
    await SessionWatch(database.life).aclose()
    await forgotten.__aexit__(None, None, None)
    await SessionWatch(database.life).aclose()
    await database.aclose()

    assert len(logged.of("session_never_closed")) == 1


async def test_a_service_may_read_the_counts_and_nobody_else(backend: RunningBackend) -> None:
    """Prometheus comes as a service with the permission; a person and anonymous are refused."""
    async with backend.as_user("usr_anna") as client:
        await client.post("/api/threads", json={"title": "t"})
        of_person = await client.get("/metrics")
    async with backend.client() as nobody:
        of_nobody = await nobody.get("/metrics")
    async with backend.as_service("metrics:read") as service:
        answer = await service.get("/metrics")
    async with backend.as_service("threads:read") as other:
        of_other = await other.get("/metrics")

    assert (of_person.status_code, of_nobody.status_code, of_other.status_code) == (403, 401, 403)
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert 'netra_backend_sessions_opened_total{kind="user"} 1.0' in lines
    assert 'netra_backend_sessions_ended_total{ending="committed",kind="user"} 1.0' in lines
    assert "netra_backend_sessions_open 0.0" in lines


async def test_a_statement_without_end_is_ended(store: Path, logged: LogLines) -> None:
    """It is an outage for its caller, not a fault, and told with what it was for."""
    await migrated(store)
    with plain(store) as past_everything:
        for number in range(10):
            past_everything.execute(
                "INSERT INTO t_threads VALUES (?, 'usr_anna', 't', 1, 1)", (f"thr_{number}",)
            )
    engine = open_engine(Secret(store_url(store)), statement_seconds=0.1)

    async with engine.connect() as connection:
        await connection.execution_options(**{ADMISSION: Admission("usr_anna")})
        with pytest.raises(DatabaseUnavailable), outage_translated():
            await connection.execute(text(ENDLESS))
    async with engine.connect() as connection:
        after = (await connection.execute(text("SELECT 1"))).scalar()
    await engine.dispose()

    told = logged.of("statement_timed_out")
    assert [line["statement"][:14] for line in told] == [ENDLESS[:14]]
    assert told[0]["seconds"] >= 0.1
    assert after == 1


async def test_a_slow_statement_is_told_without_its_values(store: Path, logged: LogLines) -> None:
    """The line names the statement, how long it took and the route; a quick one is not told."""
    engine = open_engine(Secret(store_url(await migrated(store))), slow_seconds=0.0)
    quick = open_engine(Secret(store_url(store)))

    for one in (engine, quick):
        async with one.connect() as connection:
            await connection.execute(text("SELECT :value"), {"value": "said-by-anna"})
        await one.dispose()

    told = [line for line in logged.of("slow_query") if line["statement"].startswith("SELECT ")]
    assert len(told) == 1
    assert told[0]["work"] == "unnamed work"
    assert "said-by-anna" not in str(told)


async def test_closing_waits_for_sessions_that_end(store: Path) -> None:
    """A session that was cancelled and still unwinds ends before its store is closed."""
    database = Database(open_engine(Secret(store_url(await migrated(store)))))
    is_open, may_end = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with database.session_for(ANNA, BEARER) as session:
            await session.scalar(select(Thread))
            is_open.set()
            try:
                await asyncio.Event().wait()
            finally:
                await may_end.wait()

    worker = asyncio.create_task(work())
    await is_open.wait()
    worker.cancel()
    closing = asyncio.create_task(database.aclose())
    await asyncio.wait((closing,), timeout=UNIT / 2)
    was_closed_at_once = closing.done()
    may_end.set()
    await closing
    await asyncio.wait((worker,))

    assert not was_closed_at_once
    assert [counts.endings[Ending.ROLLED_BACK] for counts in database.life.counts().values()] == [1]


async def test_closing_does_not_wait_for_ever(store: Path) -> None:
    """A session that never ends does not keep a service from stopping."""
    engine = open_engine(Secret(store_url(await migrated(store))))

    async with engine.connect() as connection:
        async with asyncio.timeout(10 * UNIT):
            await closed(engine)
        await connection.invalidate()
