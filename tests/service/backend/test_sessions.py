"""Request-scoped sessions: for whom they open, when they do not, and on whom an error is booked."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from fakes.auth_service import FakeAuthService
from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend, migrated, running_backend
from fakes.stores import move_store, store_url
from netra.errors import DatabaseUnavailable, InternalError, PermissionDenied
from netra.policy import CredentialMethod
from netra.principal import ANONYMOUS, ServicePrincipal, UserPrincipal
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.tables import Thread
from netra_backend.app.dependencies import SessionDep

BEARER: Final = CredentialMethod.BEARER
ANNA: Final = UserPrincipal(
    "usr_anna", "ses_anna", "netra-cli", frozenset(), frozenset(), "tok_1", 2e9
)

Rows = Callable[[str], list[tuple[Any, ...]]]


def thread_of(owner_id: str, thread_id: str = "thr_1") -> Thread:
    """Make a thread that is not stored yet."""
    return Thread(id=thread_id, owner_id=owner_id, title="t", created_at=1, updated_at=1)


def checkouts(database: Database) -> list[object]:
    """Collect every connection that is handed out from now on."""
    given: list[object] = []
    event.listen(database._engine.sync_engine, "checkout", lambda *_: given.append(object()))
    return given


def add_session_first_route(app: FastAPI) -> None:
    """Add a route that opens a session and never looks at the user."""

    @app.get("/probe/session")
    async def probe(session: SessionDep) -> str:
        return str(session.principal)


@pytest.mark.parametrize("header", [None, "Bearer not-a-token", "Basic dTpw", "Bearer"])
async def test_without_a_credential_no_session_opens_and_nobody_else_is_blamed(
    store: Path, auth: FakeAuthService, logged: LogLines, header: str | None
) -> None:
    """A route that opens a session before it looks at the user answers 401 (checklist 43, 52).

    It is booked on the anonymous caller at stage authentication; no connection is taken, and no
    line names the service as failing.
    """
    async with running_backend(store, auth=auth, prepare=add_session_first_route) as backend:
        taken = checkouts(backend.state.database)
        headers = {} if header is None else {"Authorization": header}
        async with backend.client() as client:
            answer = await client.get("/probe/session", headers=headers)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="netra"')
        assert taken == []
    [access] = logged.of("http_request")
    assert access["principal"] == "anonymous"
    assert access["stage"] == "authentication"
    [refused] = logged.of("authentication_refused")
    assert refused["user_type"] == "anonymous"
    assert not [line for line in logged.all() if line["severity"] in {"ERROR", "CRITICAL"}]
    assert "service:netra-backend" not in logged.text


async def test_a_session_opens_for_the_verified_principal_only(store: Path) -> None:
    """The same route gives a user its own session and a service its own (checklist 52)."""
    async with running_backend(store, prepare=add_session_first_route) as backend:
        async with backend.as_user("usr_anna") as client:
            user = await client.get("/probe/session")
        async with backend.as_service() as client:
            service = await client.get("/probe/session")

    assert user.json() == "usr_anna"
    assert service.json() == "service:netra-backend"


async def test_a_service_without_the_permission_gets_no_session(
    store: Path, logged: LogLines
) -> None:
    """A service that was not granted `sessions:open` is refused before anything opens."""
    async with running_backend(store, prepare=add_session_first_route) as backend:
        taken = checkouts(backend.state.database)
        async with backend.as_service("profile:read") as client:
            answer = await client.get("/probe/session")

        assert answer.status_code == 403
        assert taken == []
    [access] = logged.of("http_request")
    assert access["stage"] == "authorization"
    assert access["principal"] == "service:netra-backend"


async def test_an_exception_after_the_session_opened_is_booked_on_the_handler(
    store: Path, auth: FakeAuthService, logged: LogLines, rows: Rows
) -> None:
    """What a route raises later is neither a session nor an authentication failure.

    It is booked on the caller, and nothing the route wrote stays.
    """

    def add_route(app: FastAPI) -> None:
        @app.post("/probe/broken")
        async def broken(session: SessionDep) -> None:
            session.add(thread_of(session.owner_id))
            await session.flush()
            raise RuntimeError("a fault in the handler")

    async with (
        running_backend(store, auth=auth, prepare=add_route) as backend,
        backend.as_user("usr_anna") as client,
    ):
        answer = await client.post("/probe/broken")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "fault in the handler" not in answer.text
    assert rows("SELECT * FROM t_threads") == []
    [failure] = logged.of("unhandled_exception")
    assert failure["stage"] == "handler"
    assert failure["principal"] == "usr_anna"
    assert failure["error_type"] == "RuntimeError"
    assert "CRITICAL" not in {line["severity"] for line in logged.all()}
    assert logged.of("authentication_refused") == logged.of("permission_denied") == []
    assert "service:netra-backend" not in logged.text


async def test_a_session_ends_with_its_request(store: Path) -> None:
    """Work that outlives the request cannot go on using its session (checklist 52)."""
    kept: list[PrincipalSession] = []

    def add_route(app: FastAPI) -> None:
        @app.get("/probe/keep")
        async def keep(session: SessionDep) -> None:
            kept.append(session)

    async with running_backend(store, prepare=add_route) as backend:
        async with backend.as_user("usr_anna") as client:
            await client.get("/probe/keep")

        with pytest.raises(InternalError, match="has ended"):
            await kept[0].get(Thread, "thr_1")
        with pytest.raises(InternalError, match="has ended"):
            kept[0].add(thread_of("usr_anna"))


async def test_an_invalid_body_writes_nothing(backend: RunningBackend, rows: Rows) -> None:
    """A body of the wrong shape is 422 and leaves no row and no session open."""
    async with backend.as_user("usr_anna") as client:
        answer = await client.post("/api/threads", json={"title": 7})

    assert answer.status_code == 422
    assert rows("SELECT * FROM t_threads") == []
    assert backend.state.database.life.open() == ()


@pytest.mark.parametrize("nobody", [ANONYMOUS, "usr_anna", None, "service:netra-backend"])
async def test_no_session_opens_for_what_is_no_principal(store: Path, nobody: Any) -> None:
    """An anonymous caller, a user id and a service's name open nothing (checklist 52)."""
    database = Database(open_engine(Secret(store_url(await migrated(store)))))

    with pytest.raises(PermissionDenied):
        async with database.session_for(nobody, BEARER):
            pytest.fail("a session was opened")
    await database.aclose()


async def test_no_session_opens_without_a_credentials_method(store: Path) -> None:
    """A principal whose credential came by no known way is refused."""
    database = Database(open_engine(Secret(store_url(await migrated(store)))))
    service = ServicePrincipal("netra-backend", frozenset({"sessions:open"}), "tok_1", 2e9)

    for principal in (ANNA, service):
        with pytest.raises(PermissionDenied):
            async with database.session_for(principal, None):
                pytest.fail("a session was opened")
    await database.aclose()


@pytest.mark.sqlite_only
async def test_a_database_that_is_away_is_503_and_comes_back_by_itself(
    backend: RunningBackend, logged: LogLines, tmp_path: Path
) -> None:
    """With the store's file gone every session answers 503 with Retry-After (checklist 43).

    A caller without a credential is still 401, and when the file is back all goes on.
    """
    async with backend.as_user("usr_anna") as user, backend.client() as nobody:
        assert (await user.get("/api/threads")).status_code == 200
        away = tmp_path / "away"
        move_store(tmp_path, away)
        down = await user.get("/api/threads")
        down_write = await user.post("/api/threads", json={"title": "t"})
        refused = await nobody.get("/api/threads")
        ready = await nobody.get("/health/ready")
        live = await nobody.get("/health/live")
        move_store(away, tmp_path)
        back = await user.get("/api/threads")

    for answer in (down, down_write):
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["code"] == "database_unavailable"
    assert refused.status_code == 401
    assert ready.status_code == 503
    assert ready.json()["checks"]["database"]["status"] == "down"
    assert live.status_code == 200
    assert back.status_code == 200
    assert {line["stage"] for line in logged.of("request_not_decided")} == {"session_open"}


async def test_an_exhausted_pool_is_a_database_that_gave_no_session(store: Path) -> None:
    """When no connection is free in time the caller is told so, and nothing was opened."""
    await migrated(store)
    engine = open_engine(Secret(store_url(store)), pool_size=1, pool_wait=0.05)
    database = Database(engine)

    async with database.session_for(ANNA, BEARER, writes=False):
        with pytest.raises(DatabaseUnavailable):
            async with database.session_for(ANNA, BEARER, writes=False):
                pytest.fail("a second session was opened")
    await database.aclose()


async def test_writers_take_turns(backend: RunningBackend, rows: Rows) -> None:
    """Many users writing and reading at once all succeed: no lock is lost, no row either."""

    async def write(number: int) -> None:
        async with backend.as_user(f"usr_{number}") as client:
            for _ in range(3):
                answer = await client.post("/api/threads", json={"title": "t"})
                assert answer.status_code == 201, answer.text
                assert (await client.get("/api/threads")).status_code == 200

    await asyncio.gather(*(write(number) for number in range(30)))

    assert rows("SELECT count(*) FROM t_threads") == [(90,)]


async def test_identity_comes_from_nothing_but_the_credential(store: Path) -> None:
    """Headers, query and path that name someone else change nothing (checklist 47)."""

    def add_route(app: FastAPI) -> None:
        @app.get("/probe/{name}")
        async def probe(name: str, session: SessionDep) -> dict[str, str]:
            return {"principal": str(session.principal), "asked": name}

    names = {
        "X-User-Id": "usr_berta",
        "X-Service-Id": "netra-backend",
        "X-Forwarded-User": "service:netra-backend",
        "X-Forwarded-For": "10.0.0.1",
        "X-Test-User": "1",
        "X-E2E-Test": "1",
        "Cookie": "netra_session=abc",
    }
    async with running_backend(store, prepare=add_route) as backend:
        async with backend.as_user("usr_anna") as client:
            answer = await client.get(
                "/probe/service:netra-backend", headers=names, params={"user_id": "usr_berta"}
            )
        async with backend.client() as client:
            refused = await client.get("/probe/service:netra-backend", headers=names)

    assert answer.json()["principal"] == "usr_anna"
    assert refused.status_code == 401
