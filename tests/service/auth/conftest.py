"""One running auth service per test, on each kind of store, with a clock that the test moves.

A test that has a folder (`tmp_path`) or the service (`auth`) runs twice: on a SQLite file and on a
database of a real PostgreSQL. `sqlite_only` marks what says nothing about the store.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest

from fakes.clock import ManualClock
from fakes.postgres import PostgresServer
from fakes.running_auth import (
    TRUST,
    RunningAuth,
    is_sqlite,
    running_auth_service,
    store_path,
    stores,
)
from netra_auth.settings import TokenTrustMode

SQLITE, POSTGRES = "sqlite", "postgres"

IN_BOTH_TRUST_MODES: Final = frozenset(
    {
        "test_auth_code_grant",
        "test_auth_flow",
        "test_auth_introspection_revocation",
        "test_auth_refresh",
        "test_auth_token_endpoint",
    }
)
"""Modules about tokens: whatever signs them, the service behaves the same."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what touches a store on each kind of it, and the tests of tokens in each trust mode.

    PostgreSQL is among the longer tests.
    """
    touches = not {"auth", "tmp_path"}.isdisjoint(metafunc.fixturenames)
    if touches and metafunc.definition.get_closest_marker("sqlite_only") is None:
        kinds = [SQLITE, pytest.param(POSTGRES, marks=pytest.mark.long)]
        metafunc.parametrize("store", kinds, indirect=True)
    module = metafunc.module.__name__.rpartition(".")[2]
    if "trust_mode" in metafunc.fixturenames and module in IN_BOTH_TRUST_MODES:
        metafunc.parametrize("trust_mode", list(TokenTrustMode), ids=lambda mode: mode.value)


@pytest.fixture(autouse=True)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Provide the kind of store a test runs on: an address for its folder, if it is no file."""
    kind: str = getattr(request, "param", SQLITE)
    if kind == SQLITE:
        yield kind
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    folder: Path = request.getfixturevalue("tmp_path")
    stores[folder] = await server.migrated_database()
    yield kind
    del stores[folder]


@pytest.fixture
async def empty_store(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> str:
    """Have the test's folder stand for a store without tables."""
    if store == POSTGRES:
        server: PostgresServer = request.getfixturevalue("postgres")
        stores[tmp_path] = await server.empty_database()
    return store


@pytest.fixture
def stored_bytes(request: pytest.FixtureRequest) -> Callable[[RunningAuth], bytes]:
    """Read all that a store holds; a file's write-ahead log is folded in by closing it before."""

    def read(auth: RunningAuth) -> bytes:
        if is_sqlite(auth.settings):
            return store_path(auth.settings).read_bytes()
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.dumped(auth.settings.database_url.reveal())

    return read


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture
def trust_mode() -> TokenTrustMode:
    """Give the trust mode that `auth` runs in."""
    return TokenTrustMode.KEYRING


@pytest.fixture
async def auth(
    tmp_path: Path,
    clock: ManualClock,
    trust_mode: TokenTrustMode,
    store: str,  # noqa: ARG001 - it provides what the folder stands for
) -> AsyncIterator[RunningAuth]:
    """Run the real service on a real socket and a real store."""
    async with running_auth_service(tmp_path, clock=clock, overrides=TRUST[trust_mode]) as running:
        yield running
