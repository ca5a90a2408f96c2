"""A backend's store as tests name it: by a path, whatever it really is; and a plain look at it.

A test that runs on each kind of store knows its `Path` alone. On SQLite the file is there; for a
database of PostgreSQL it stands in `databases`.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from re import sub
from typing import Any, Protocol, TypeVar

import asyncpg  # type: ignore[import-untyped]  # It has no types.

from fakes.postgres import OWNER, SESSIONS, SUPERUSER, PostgresServer

T = TypeVar("T")


@dataclass(frozen=True)
class PostgresStore:
    """A database that a path stands for."""

    server: PostgresServer
    database: str


databases: dict[Path, PostgresStore] = {}
addresses: dict[Path, str] = {}
"""What a process of its own was told a path stands for."""


def is_sqlite(store: Path) -> bool:
    """Say whether a path is a SQLite file, or is to be one."""
    return store not in databases and store not in addresses


def store_url(store: Path) -> str:
    """Write a store as a DATABASE_URL."""
    if store in addresses:
        return addresses[store]
    if is_sqlite(store):
        return f"sqlite+aiosqlite:///{store}"
    return databases[store].server.url(databases[store].database, SESSIONS)


def told(store: Path, *more: Path) -> list[str]:
    """Write a store, and what else a process of its own is told, as its arguments."""
    return [str(store), *map(str, more), *([] if is_sqlite(store) else [store_url(store)])]


def heard(arguments: Sequence[str]) -> list[Path]:
    """Read such arguments in that process: two paths, and what the first stands for."""
    store, other, *url = arguments
    if url:
        addresses[Path(store)] = url[0]
    return [Path(store), Path(other)]


def owner_url(store: Path) -> str | None:
    """Write a store as a DATABASE_OWNER_URL; None where nothing is owned."""
    if is_sqlite(store):
        return None
    return databases[store].server.url(databases[store].database, OWNER)


class Rows(Protocol):
    """What a statement gave."""

    def __iter__(self) -> Iterator[Any]:
        """Give the rows one after the other."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give every row."""

    def fetchone(self) -> Any:
        """Give the first row."""


class Plain(Protocol):
    """A connection that no session and no fence is around."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Run a statement whose values stand as `?`."""


@contextmanager
def plain(store: Path) -> Iterator[Plain]:
    """Connect to a store past everything, and commit at the end."""
    if is_sqlite(store):
        with closing(sqlite3.connect(store, timeout=10)) as connection, connection:
            yield connection
        return
    with ThreadPoolExecutor(max_workers=1) as thread:
        apart = _PlainPostgres(databases[store], thread)
        try:
            yield apart
        finally:
            apart.close()


def smuggle(store: Path, sql: str) -> None:
    """Run a statement past the foreign keys."""
    if not is_sqlite(store):
        sql = f"DO $$ BEGIN SET LOCAL session_replication_role = replica; {sql}; END $$"
    with plain(store) as connection:
        connection.execute(sql)


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread and loop of its own."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def move_store(source: Path, target: Path) -> None:
    """Move a store's files to another directory."""
    target.mkdir(exist_ok=True)
    for file in source.glob("netra-backend.db*"):
        shutil.move(file, target / file.name)


@dataclass(frozen=True)
class _Found:
    rows: list[tuple[Any, ...]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows

    def fetchone(self) -> Any:
        return self.rows[0] if self.rows else None


class _PlainPostgres:
    """A superuser's connection, in a thread and loop of its own; it commits each statement."""

    def __init__(self, store: PostgresStore, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._loop = asyncio.new_event_loop()
        self._connection = self._done(
            asyncpg.connect(host=str(store.server.folder), user=SUPERUSER, database=store.database)
        )

    def execute(self, sql: str, values: Sequence[object] = (), /) -> _Found:
        numbers = count(1)
        numbered = sub(r"\?", lambda _: f"${next(numbers)}", sql)
        found = self._done(self._connection.fetch(numbered, *values))
        return _Found([tuple(row) for row in found])

    def close(self) -> None:
        self._done(self._connection.close())
        self._loop.close()

    def _done(self, work: Any) -> Any:
        return self._thread.submit(self._loop.run_until_complete, work).result()
