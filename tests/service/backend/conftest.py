"""A store of its own for every test of the backend, its log lines, and the backend running.

A test of what is stored runs twice: on a SQLite file and on a database of a real PostgreSQL.
`sqlite_only` marks what is about files, or says nothing about the store; `postgres_only` the rest.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.auth_service import FakeAuthService
from fakes.log_lines import LogLines, log_lines
from fakes.postgres import PostgresServer
from fakes.run_engines import Journal
from fakes.running_backend import RunningBackend, migrated, running_backend
from fakes.stores import PostgresStore, databases, elsewhere, plain

Rows = Callable[[str], list[tuple[Any, ...]]]


SQLITE, POSTGRES = "sqlite", "postgres"

ON_BOTH: Final = frozenset(
    {
        "test_approval_kill",
        "test_approval_recovery",
        "test_backend_restoring",
        "test_cancelled_sessions",
        "test_chat_socket",
        "test_chat_turns",
        "test_commit",
        "test_event_writer",
        "test_expand_only",
        "test_isolation",
        "test_isolation_in_the_database",
        "test_isolation_machine",
        "test_journal",
        "test_kept_statements",
        "test_leases",
        "test_me_api",
        "test_own_changes",
        "test_own_records",
        "test_previous_revision",
        "test_problem_answers",
        "test_retention",
        "test_run_kill",
        "test_run_recovery",
        "test_runs",
        "test_service_context",
        "test_session_life",
        "test_sessions",
        "test_several_processes",
        "test_standby",
        "test_thread_search",
        "test_threads_api",
        "test_usage_api",
        "test_usage_of_broken_steps",
        "test_whole_work",
    }
)
"""Modules about what is stored: whatever stores it, the backend behaves the same."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what touches a store on each kind of it; PostgreSQL is among the longer tests."""
    if "store" not in metafunc.fixturenames:
        return
    kinds = {SQLITE: SQLITE, POSTGRES: pytest.param(POSTGRES, marks=pytest.mark.long)}
    module = metafunc.module.__name__.rpartition(".")[2]
    is_of_postgres = metafunc.definition.get_closest_marker("postgres_only") is not None
    if module not in ON_BOTH and not is_of_postgres:
        del kinds[POSTGRES]
    for kind, other in ((SQLITE, POSTGRES), (POSTGRES, SQLITE)):
        if other in kinds and metafunc.definition.get_closest_marker(f"{kind}_only") is not None:
            del kinds[other]
    metafunc.parametrize("store", list(kinds.values()), indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Name a store: a file that is not there yet, or what stands for a database."""
    path = tmp_path / "netra-backend.db"
    if getattr(request, "param", SQLITE) == SQLITE:
        yield path
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = elsewhere(server.backend_database(is_migrated=True))
    databases[path] = PostgresStore(server, name)
    yield path
    del databases[path]


@pytest.fixture
def logged() -> Iterator[LogLines]:
    """Catch every line that is logged during the test."""
    with log_lines() as lines:
        yield lines


@pytest.fixture
async def auth() -> AsyncIterator[FakeAuthService]:
    """Run an auth service that knows the backend."""
    service = FakeAuthService()
    async with service.running():
        yield service


@pytest.fixture
async def backend(store: Path) -> AsyncIterator[RunningBackend]:
    """Run the backend on the test's store; its auth service does not answer."""
    async with running_backend(store) as running:
        yield running


@pytest.fixture
def rows(store: Path) -> Rows:
    """Give a reader of the store that passes by every session and fence."""

    def read(sql: str) -> list[tuple[Any, ...]]:
        with plain(store) as connection:
            return connection.execute(sql).fetchall()

    return read


@pytest.fixture
async def journal(store: Path) -> Journal:
    """Bring the store to its schema, and read it past every session and fence."""
    await migrated(store)
    return Journal(store)
