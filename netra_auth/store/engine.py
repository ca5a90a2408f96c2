"""The way to the store: the engine, transactions, and what it means when it cannot be reached.

Everything that is particular to SQLite is in this module. What is read and written is in
`netra_auth.store.repositories`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiosqlite
from sqlalchemy import Connection, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from netra.errors import DatabaseUnavailable
from netra.secret import Secret

_POOL_WAIT_SECONDS: Final = 5
_BUSY_MILLISECONDS: Final = 5000
_WRITING: Final = "netra_writing"
_SQLITE_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
)


class Transaction:
    """One open write transaction; what must only happen if it commits is handed to it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self._after_commit: list[Callable[[], None]] = []

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run an action once the transaction is committed, and never if it is not."""
        self._after_commit.append(action)

    def announce(self) -> None:
        """Run the actions, in the order in which they were handed over."""
        for action in self._after_commit:
            action()


class Database:
    """The store, reachable through short transactions."""

    def __init__(self, url: Secret) -> None:
        self._is_sqlite = make_url(url.reveal()).get_backend_name() == "sqlite"
        self._engine = _engine(url, is_sqlite=self._is_sqlite)
        self._write_turn = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a write transaction: committed at the end, rolled back on any error.

        Raises:
            DatabaseUnavailable: The store cannot be reached or is locked for too long.
        """
        async with AsyncExitStack() as stack:
            if self._is_sqlite:
                # One writer at a time anyway: waiting here is fair, and costs no polling.
                await stack.enter_async_context(self._write_turn)
            await stack.enter_async_context(_outages_named())
            connection = await stack.enter_async_context(self._engine.connect())
            await connection.execution_options(**{_WRITING: True})
            await stack.enter_async_context(connection.begin())
            transaction = Transaction(connection)
            yield transaction
        transaction.announce()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; on SQLite each statement sees the latest commit.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with _outages_named(), self._engine.connect() as connection:
            yield connection

    async def answer(self) -> None:
        """Have the store answer, whatever it holds.

        Raises:
            DatabaseUnavailable: It does not.
        """
        async with self.reading() as connection:
            await connection.execute(select(1))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


@asynccontextmanager
async def _outages_named() -> AsyncIterator[None]:
    """Turn what the driver raises for an outage into `DatabaseUnavailable`.

    An `IntegrityError` is an answer of the store and a `ProgrammingError` a fault of ours: neither
    is an outage, and both pass.
    """
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
        raise DatabaseUnavailable(f"the store did not answer: {type(error).__name__}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable("the store closed the connection") from error
        raise


def _engine(url: Secret, *, is_sqlite: bool) -> AsyncEngine:
    engine = create_async_engine(
        url.reveal(),
        hide_parameters=True,
        pool_timeout=_POOL_WAIT_SECONDS,
        pool_pre_ping=not is_sqlite,
        connect_args={"async_creator_fn": _connect_sqlite} if is_sqlite else {},
    )
    if is_sqlite:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


async def _connect_sqlite(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    connection = aiosqlite.connect(*arguments, **options)
    worker = connection._thread  # noqa: SLF001 - the driver has no name for it
    worker.daemon = True
    try:
        return await connection
    except BaseException:
        # The driver leaves the thread of a connection that could not be opened to itself; it would
        # report to an event loop that may be closed by then.
        await asyncio.to_thread(worker.join)
        raise


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # None switches off the driver's own implicit BEGIN; `_begin_sqlite` issues ours.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that starts by reading and then writes can deadlock with another such one,
    # and SQLite then fails at once whatever the busy timeout: writers take their lock first.
    # Readers need no transaction: each statement is a snapshot of its own.
    if connection.get_execution_options().get(_WRITING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
