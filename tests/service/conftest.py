"""What the services' tests share: one PostgreSQL for each process of the run."""

from collections.abc import Iterator

import pytest

from fakes.postgres import MISSING, PostgresServer, programs, running_postgres
from fakes.requirements import require


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL for this process of the run."""
    require("postgres", programs() is not None, MISSING)
    with running_postgres() as server:
        yield server
