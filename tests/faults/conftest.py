"""A store for what is killed; on PostgreSQL a server of its own that may be killed too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes import running_auth, slow_agent
from fakes.postgres import MISSING, PostgresServer, programs, running_postgres
from fakes.requirements import require
from fakes.stores import PostgresStore, databases, elsewhere

SQLITE, POSTGRES = "sqlite", "postgres"


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """Run a server that nobody else needs."""
    require("postgres", programs() is not None, MISSING)
    with running_postgres(is_durable=True) as server:
        yield server


@pytest.fixture
def postgres_store(postgres: PostgresServer, tmp_path: Path) -> Iterator[Path]:
    """Name a database of the backend, and let an auth service in the same folder have one too."""
    path = tmp_path / "netra-backend.db"
    name = elsewhere(postgres.backend_database(is_migrated=False))
    databases[path] = PostgresStore(postgres, name)
    running_auth.stores[tmp_path] = elsewhere(postgres.migrated_database())
    yield path
    del databases[path], running_auth.stores[tmp_path]


@pytest.fixture(params=[SQLITE, POSTGRES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Name a store of the backend on either database; the auth service's is of the same kind."""
    if request.param == SQLITE:
        return tmp_path / "netra-backend.db"
    path: Path = request.getfixturevalue("postgres_store")
    return path


@pytest.fixture
def packages(tmp_path: Path) -> list[Path]:
    """Install the slow agent, which is to be interrupted."""
    return [slow_agent.installed(tmp_path / "packages")]
