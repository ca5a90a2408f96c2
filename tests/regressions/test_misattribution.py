"""Regressions a, b and e: an error is booked on the identity and the stage that caused it."""

import sqlite3
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from fakes.log_lines import LogLines, log_lines
from fakes.running_backend import RunningBackend, running_backend
from fakes.stores import plain
from netra.principal import AuthenticatedPrincipal
from netra_backend.app.auth_integration.auth import authenticated
from netra_backend.app.db.tables import Thread
from netra_backend.app.dependencies import SessionDep

_SERVICE = "service:netra-backend"
_FAILURES = ("WARNING", "ERROR", "CRITICAL")


def _with_probes(app: FastAPI) -> None:
    """Add the routes the faults need, each written as a hasty developer would."""

    @app.post("/probe/session-first")
    async def session_first(
        session: SessionDep,
        _principal: Annotated[AuthenticatedPrincipal, Depends(authenticated)],
    ) -> str:
        session.add(_thread(session.owner_id))
        return "opened"

    @app.get("/probe/raises")
    async def raises(session: SessionDep) -> str:
        raise KeyError(f"403: Not authenticated, says a library to {session.principal.kind}")

    @app.post("/probe/commit-fails")
    async def commit_fails(session: SessionDep) -> str:
        assert isinstance(session._open, AsyncSession)
        connection = await session._open.connection()
        assert connection.sync_connection is not None
        event.listen(connection.sync_connection.engine, "commit", _refuse_once)
        session.add(_thread(session.owner_id))
        await session.flush()
        return "said before the commit"


def _refuse_once(connection: Connection) -> None:
    """Let a commit fail as a constraint that only the commit looks at does."""
    event.remove(connection.engine, "commit", _refuse_once)
    refusal = sqlite3.IntegrityError("FOREIGN KEY constraint failed")
    raise IntegrityError("COMMIT", None, refusal)


def _thread(owner_id: str) -> Thread:
    return Thread(
        id="thr_probe", owner_id=owner_id, title="opened too early", created_at=0, updated_at=0
    )


def _rows(store: Path) -> int:
    with plain(store) as connection:
        threads: int = connection.execute("SELECT count(*) FROM t_threads").fetchone()[0]
        messages: int = connection.execute("SELECT count(*) FROM t_messages").fetchone()[0]
    return threads + messages


def _said_of(log: LogLines, backend: RunningBackend, path: str) -> list[dict[str, object]]:
    """Give the lines of the one request to a path."""
    access = [line for line in log.of("http_request") if line["httpRequest"]["requestUrl"] == path]
    assert len(access) == 1, backend.url
    return [line for line in log.all() if line.get("request_id") == access[0]["request_id"]]


def _failures(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """Give what was written about failures, besides the access event every request has."""
    return [
        line for line in lines if line["severity"] in _FAILURES and line["event"] != "http_request"
    ]


@pytest.mark.parametrize("credential", [None, "Bearer", "Bearer not-a-token"])
async def test_a_caller_without_a_good_credential_is_refused_as_itself(
    tmp_path: Path, credential: str | None
) -> None:
    """Regression a: such a request is a 401 of the anonymous caller; nothing names the service."""
    headers = {} if credential is None else {"Authorization": credential}
    with log_lines() as log:
        async with (
            running_backend(tmp_path / "app.db", prepare=_with_probes) as backend,
            backend.client() as client,
        ):
            answer = await client.post("/probe/session-first", headers=headers)
        lines = _said_of(log, backend, "/probe/session-first")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert _rows(tmp_path / "app.db") == 0
    assert not [line for line in lines if "session" in str(line["event"])]
    assert _SERVICE not in str(lines)
    refused = [line for line in lines if line["event"] == "authentication_refused"]
    assert len(refused) == 1
    assert (refused[0]["user_type"], refused[0]["auth_failure_stage"]) == (
        "anonymous",
        "authentication",
    )
    access = lines[-1]
    assert (access["principal"], access["stage"]) == ("anonymous", "authentication")


async def test_an_exception_in_a_route_is_the_routes_own(tmp_path: Path) -> None:
    """Regression b: raised after the session opened, it is no session or authentication failure."""
    with log_lines() as log:
        async with (
            running_backend(tmp_path / "app.db", prepare=_with_probes) as backend,
            backend.as_user("usr_alice") as client,
        ):
            answer = await client.get("/probe/raises")
        lines = _said_of(log, backend, "/probe/raises")

    assert answer.status_code == 500
    failures = _failures(lines)
    assert [line["event"] for line in failures] == ["unhandled_exception"]
    assert failures[0]["stage"] == "handler"
    assert failures[0]["error_type"] == "KeyError"
    assert failures[0]["principal"] == "usr_alice"
    assert _SERVICE not in str(lines)
    assert "CRITICAL_AUTH_FAILURE" not in str(lines)


async def test_a_failing_commit_is_not_a_success(tmp_path: Path) -> None:
    """Regression e: the commit comes before the answer, and when it fails the answer is a 500."""
    with log_lines() as log:
        async with (
            running_backend(tmp_path / "app.db", prepare=_with_probes) as backend,
            backend.as_user("usr_alice") as client,
        ):
            answer = await client.post("/probe/commit-fails")
        lines = _said_of(log, backend, "/probe/commit-fails")

    assert answer.status_code == 500
    assert "said before the commit" not in answer.text
    assert _rows(tmp_path / "app.db") == 0
    assert [line["stage"] for line in _failures(lines)] == ["commit"]
