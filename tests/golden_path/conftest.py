"""The stores of both services, of each kind, as tests of the golden path name them: by a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.postgres import MISSING, programs, running_postgres
from fakes.requirements import require
from fakes.running_auth import stores
from fakes.stores import PostgresStore, databases, elsewhere

SQLITE, POSTGRES = "sqlite", "postgres"


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRES, marks=pytest.mark.long)])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Give a folder for both services: for their files, or for databases of one PostgreSQL."""
    if request.param == SQLITE:
        yield tmp_path
        return
    require("postgres", programs() is not None, MISSING)
    store = tmp_path / "netra-backend.db"
    with running_postgres() as server:
        stores[tmp_path] = elsewhere(server.migrated_database())
        name = elsewhere(server.backend_database(is_migrated=True))
        databases[store] = PostgresStore(server, name)
        yield tmp_path
        del databases[store], stores[tmp_path]
