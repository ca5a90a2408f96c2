"""The way to the store: the engine, transactions, and what it means when it cannot be reached.

What is particular to a database is in `netra_auth.store.dialects`. What is read and written is in
`netra_auth.store.repositories`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from netra.errors import DatabaseBusy, DatabaseUnavailable
from netra.secret import Secret
from netra_auth.store.dialects import postgresql, sqlite
from netra_auth.store.group_commit import GroupCommit
from netra_auth.store.transaction import LastStep, StoreContended, Transaction

__all__ = ["Database", "LastStep", "StoreContended", "Transaction"]

_POOL_WAIT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 2.0
_WRITE_TURN_SECONDS: Final = 5.0
"""If the store is locked from outside, whoever waits behind a waiting writer waits no longer."""
_RETURN_SECONDS: Final = 2.0
_BETWEEN_LOOKS: Final = 0.01

Result = TypeVar("Result")


class Database:
    """The store, reachable through short transactions."""

    def __init__(self, url: Secret) -> None:
        self.is_sqlite = make_url(url.reveal()).get_backend_name() == "sqlite"
        self._engine = _engine(url, is_sqlite=self.is_sqlite)
        self._write_turn = asyncio.Lock()
        self._group = GroupCommit(self.transaction, again=self._once_more)
        self._asking: asyncio.Task[DatabaseUnavailable | None] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a write transaction: committed at the end, rolled back on any error.

        Raises:
            DatabaseUnavailable: The store cannot be reached, or is locked for too long.
        """
        async with AsyncExitStack() as stack:
            if self.is_sqlite:
                # One writer at a time anyway: waiting here is fair, and costs no polling.
                await stack.enter_async_context(self._turn_to_write())
            await stack.enter_async_context(_outages_named())
            connection = await stack.enter_async_context(self._engine.connect())
            if self.is_sqlite:
                await connection.execution_options(**{sqlite.WRITING: True})
            await stack.enter_async_context(connection.begin())
            transaction = Transaction(connection)
            yield transaction
            await transaction.finish()
        transaction.announce()

    @asynccontextmanager
    async def _once_more(self) -> AsyncIterator[Transaction]:
        """Open a write transaction for work that has waited for locks before."""
        async with self.transaction() as transaction:
            if not self.is_sqlite:
                await transaction.connection.execute(postgresql.WAIT_BRIEFLY)
            yield transaction

    @asynccontextmanager
    async def _turn_to_write(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_WRITE_TURN_SECONDS):
                await self._write_turn.acquire()
        except TimeoutError:
            raise DatabaseBusy("another write did not end in time") from None
        try:
            yield
        finally:
            self._write_turn.release()

    async def commit_together(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Do a small piece of writing in a transaction shared with whoever writes meanwhile.

        See `netra_auth.store.group_commit`.

        Raises:
            DatabaseUnavailable: The store cannot be reached, or too much waits already.
        """
        return await self._group.commit(work)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; on SQLite each statement sees the latest commit.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with _outages_named(), self._engine.connect() as connection:
            yield connection

    async def answer(self) -> None:
        """Have the store answer, whatever it holds, within two seconds.

        Whoever asks meanwhile asks with this question: those who look whether all is well take no
        connections from those who are served.

        Raises:
            DatabaseUnavailable: It does not.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._asked())
        answered, _ = await asyncio.wait((self._asking,), timeout=_ANSWER_SECONDS)
        if not answered:
            raise DatabaseUnavailable("the store did not answer in time")
        outage = self._asking.result()
        if outage is not None:
            raise type(outage)(outage.reason)

    async def _asked(self) -> DatabaseUnavailable | None:
        try:
            async with self.reading() as connection:
                await connection.execute(select(1))
        except DatabaseUnavailable as outage:
            return outage
        return None

    async def close(self) -> None:
        """Write what waits, and close every connection.

        Those in use are given two seconds to be given back.
        """
        await self._group.close()
        if self._asking is not None:
            await asyncio.wait((self._asking,))
        # Whoever was cancelled a moment ago still unwinds: a connection that is given back to an
        # engine which was closed meanwhile would be closed by nobody.
        pool: Any = self._engine.pool
        with suppress(TimeoutError):
            async with asyncio.timeout(_RETURN_SECONDS):
                while pool.checkedout():  # noqa: ASYNC110 - the pool tells nobody what it gets
                    await asyncio.sleep(_BETWEEN_LOOKS)
        await self._engine.dispose()


@asynccontextmanager
async def _outages_named() -> AsyncIterator[None]:
    """Turn what the driver raises for an outage into `DatabaseUnavailable`.

    An `IntegrityError` is an answer of the store and a `ProgrammingError` a fault of ours: neither
    is an outage, and both pass.
    """
    try:
        yield
    except Exception as error:
        outage = _outage(error)
        if outage is not None:
            raise outage from error
        raise


def _outage(error: Exception) -> DatabaseUnavailable | None:
    orig = error.orig if isinstance(error, DBAPIError) else error
    # What fails while a connection is being made comes from the driver as it is.
    sqlstate = getattr(orig, "sqlstate", None)
    if isinstance(error, PoolTimeoutError):
        return DatabaseBusy("no connection became free in time")
    if sqlite.is_busy(orig):
        return DatabaseBusy("the store's lock did not become free in time")
    if isinstance(error, OperationalError | InterfaceError | OSError):
        return DatabaseUnavailable(f"the store did not answer: {type(error).__name__}")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseUnavailable("the store closed the connection")
    return _outage_of(sqlstate) if isinstance(sqlstate, str) else None


def _outage_of(sqlstate: str) -> DatabaseUnavailable | None:
    if postgresql.is_contention(sqlstate):
        return StoreContended(f"the store gave the transaction up: SQLSTATE {sqlstate}")
    if postgresql.is_outage(sqlstate):
        return DatabaseUnavailable(f"the store did not answer: SQLSTATE {sqlstate}")
    return None


def _engine(url: Secret, *, is_sqlite: bool) -> AsyncEngine:
    if not is_sqlite:
        engine = create_async_engine(
            url.reveal(),
            hide_parameters=True,
            pool_timeout=_POOL_WAIT_SECONDS,
            **postgresql.ENGINE_OPTIONS,
        )
        postgresql.prepare(engine)
        return engine
    engine = create_async_engine(
        url.reveal(),
        hide_parameters=True,
        pool_timeout=_POOL_WAIT_SECONDS,
        **sqlite.ENGINE_OPTIONS,
    )
    sqlite.prepare(engine)
    return engine
