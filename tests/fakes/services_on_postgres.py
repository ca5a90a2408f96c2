"""Both services in this process, on a PostgreSQL of their own that a test may take away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # It has no types.
import httpx2
from sqlalchemy import QueuePool, make_url

from fakes.postgres import MISSING, SUPERUSER, PostgresServer, programs, running_postgres
from fakes.requirements import require
from fakes.running_auth import RunningAuth, running_auth_service, stores
from fakes.running_backend import RunningBackend, running_backend
from fakes.stores import PostgresStore, databases


@dataclass(frozen=True)
class Services:
    """The services, their server, and what the backend's database is called there."""

    server: PostgresServer
    auth: RunningAuth
    backend: RunningBackend
    database: str

    @asynccontextmanager
    async def locked(self, table: str) -> AsyncIterator[None]:
        """Have a superuser lock a table of either service until the block ends."""
        database = self.database
        if not table.startswith("t_"):
            database = make_url(self.auth.settings.database_url.reveal()).database or ""
        holder = await asyncpg.connect(
            host=str(self.server.folder), user=SUPERUSER, database=database
        )
        try:
            async with holder.transaction():
                await holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await holder.close()

    def in_use(self) -> tuple[int, int]:
        """Count the connections that somebody uses, of the auth service and of the backend."""
        used: list[int] = []
        for database in (self.auth.state.database, self.backend.state.database):
            pool = database._engine.pool
            assert isinstance(pool, QueuePool)
            used.append(pool.checkedout())
        return used[0], used[1]


def assert_undecided(answer: httpx2.Response, name: str, *codes: str) -> None:
    """Hold an answer to what is told when the database could not be asked."""
    assert answer.status_code == 503, (name, answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json", name
    assert answer.json()["code"] in codes, name
    assert int(answer.headers["retry-after"]) > 0, name
    assert "www-authenticate" not in answer.headers, name


@asynccontextmanager
async def services_on_postgres(folder: Path) -> AsyncIterator[Services]:
    """Run both until the block ends; the backend is handed its keys, and has no auth service."""
    require("postgres", programs() is not None, MISSING)
    store = folder / "netra-backend.db"
    with running_postgres(is_durable=True) as server:
        stores[folder] = await server.migrated_database()
        name = await server.backend_database(is_migrated=True)
        databases[store] = PostgresStore(server, name)
        try:
            async with (
                running_auth_service(folder) as auth,
                running_backend(store) as backend,
            ):
                yield Services(server, auth, backend, name)
        finally:
            del stores[folder], databases[store]
