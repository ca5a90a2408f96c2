"""A store of its own for every test of the backend, its log lines, and the backend running."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fakes.auth_service import FakeAuthService
from fakes.log_lines import LogLines, log_lines
from fakes.run_engines import Journal
from fakes.running_backend import RunningBackend, migrated, running_backend

Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Name the file of a store that is not there yet."""
    return tmp_path / "netra-backend.db"


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
        with closing(sqlite3.connect(store)) as connection:
            return connection.execute(sql).fetchall()

    return read


@pytest.fixture
async def journal(store: Path) -> Journal:
    """Bring the store to its schema, and read it past every session and fence."""
    await migrated(store)
    return Journal(store)
