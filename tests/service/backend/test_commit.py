"""The commit comes before the answer, and its failure is the answer."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from starlette.responses import StreamingResponse

from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend, running_backend
from fakes.stores import plain
from netra.errors import Conflict, NotFound
from netra_backend.app.db.tables import Thread
from netra_backend.app.dependencies import SessionDep

Rows = Callable[[str], list[tuple[Any, ...]]]


_ERRORS = {404: NotFound(), 409: Conflict()}


class CommitRefused(RuntimeError):
    """The store will not commit."""


def refuse_commits(backend: RunningBackend, error: Exception) -> None:
    """Let every commit of the backend's store fail from now on."""

    def refuse(_connection: object) -> None:
        raise error

    event.listen(backend.state.database._engine.sync_engine, "commit", refuse)


async def test_a_failing_commit_is_a_500_booked_at_the_commit(
    backend: RunningBackend, logged: LogLines, rows: Rows
) -> None:
    """When the commit fails the caller is told 500, not 201, and nothing is stored."""
    refuse_commits(backend, CommitRefused("no"))
    async with backend.as_user("usr_anna") as client:
        answer = await client.post("/api/threads", json={"title": "t"})

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert rows("SELECT * FROM t_threads") == []
    failure = logged.only("unhandled_exception")
    assert failure["stage"] == "commit"
    assert failure["error_type"] == "CommitRefused"
    assert failure["principal"] == "usr_anna"
    assert logged.only("http_request")["stage"] == "commit"


async def test_a_database_that_goes_away_during_the_commit_is_not_try_again(
    backend: RunningBackend, logged: LogLines
) -> None:
    """A lost connection at the commit is 500: it may have taken effect, so no retry is advised."""
    away = sqlite3.OperationalError("disk I/O error")
    away.sqlite_errorcode = sqlite3.SQLITE_IOERR
    refuse_commits(backend, OperationalError("COMMIT", None, away))
    async with backend.as_user("usr_anna") as client:
        answer = await client.post("/api/threads", json={"title": "t"})

    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers
    failure = logged.only("request_failed")
    assert failure["stage"] == "commit"


@pytest.mark.sqlite_only
async def test_a_failing_commit_costs_the_next_request_nothing(
    backend: RunningBackend, rows: Rows
) -> None:
    """What was not committed is gone from the connection before somebody else is given it."""
    engine = backend.state.database._engine.sync_engine

    def refuse_once(_connection: object) -> None:
        event.remove(engine, "commit", refuse_once)
        raise CommitRefused("no")

    event.listen(engine, "commit", refuse_once)
    async with backend.as_user("usr_anna") as client:
        refused = await client.post("/api/threads", json={"title": "t"})
        answers = [await client.post("/api/threads", json={"title": "u"}) for _ in range(3)]

    assert refused.status_code == 500
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert rows("SELECT title FROM t_threads") == [("u",), ("u",), ("u",)]


async def test_the_answer_says_what_is_already_stored(store: Path, rows: Rows) -> None:
    """When the first byte of an answer arrives, what it reports can be read by anyone."""
    seen: list[int] = []

    def add_route(app: FastAPI) -> None:
        @app.post("/probe/stream")
        async def stream(session: SessionDep) -> StreamingResponse:
            session.add(
                Thread(id="thr_1", owner_id=session.owner_id, title="t", created_at=1, updated_at=1)
            )

            async def body() -> Any:
                with plain(store) as connection:
                    seen.extend(*connection.execute("SELECT count(*) FROM t_threads"))
                yield b"done"

            return StreamingResponse(body())

    async with (
        running_backend(store, prepare=add_route) as backend,
        backend.as_user("usr_anna") as client,
    ):
        answer = await client.post("/probe/stream")

    assert answer.status_code == 200
    assert seen == [1]
    assert rows("SELECT owner_id FROM t_threads") == [("usr_anna",)]


@pytest.mark.parametrize("status", [404, 409])
async def test_an_expected_error_rolls_back_too(store: Path, rows: Rows, status: int) -> None:
    """What a route wrote before it answered an error of its own is not stored."""

    def add_route(app: FastAPI) -> None:
        @app.post("/probe/error")
        async def error(session: SessionDep) -> None:
            thread = Thread(
                id="thr_1", owner_id=session.owner_id, title="t", created_at=1, updated_at=1
            )
            session.add(thread)
            await session.flush()
            raise _ERRORS[status]

    async with (
        running_backend(store, prepare=add_route) as backend,
        backend.as_user("usr_anna") as client,
    ):
        answer = await client.post("/probe/error")

    assert answer.status_code == status
    assert rows("SELECT * FROM t_threads") == []


async def test_a_constraint_that_refuses_a_write_is_a_conflict(store: Path) -> None:
    """Two rows with one id are a 409 that says no more, not a 500."""

    def add_route(app: FastAPI) -> None:
        @app.post("/probe/twice")
        async def twice(session: SessionDep) -> None:
            session.add(
                Thread(id="thr_1", owner_id=session.owner_id, title="t", created_at=1, updated_at=1)
            )
            await session.flush()

    async with running_backend(store, prepare=add_route) as backend:
        async with backend.as_user("usr_anna") as client:
            first = await client.post("/probe/twice")
        async with backend.as_user("usr_berta") as client:
            second = await client.post("/probe/twice")

    assert first.status_code == 200
    assert second.status_code == 409
    assert "thr_1" not in second.text
