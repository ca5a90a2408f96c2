"""What is particular to SQLite: how a connection is opened, set up, and begins to write."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, Self, cast

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

WRITING: Final = "netra_writing"
"""The execution option of a connection that is going to write: see `_begin`."""

_BUSY_MILLISECONDS: Final = 5000
_PAUSE_SECONDS: Final = 0.02
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
)


def prepare(engine: AsyncEngine) -> None:
    """Have every write transaction begin with its lock, at its first statement."""
    event.listen(engine.sync_engine, "begin", _begin)


def is_busy(error: BaseException | None) -> bool:
    """Tell whether somebody else held the lock for too long."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


class _Connection(aiosqlite.Connection):
    """A connection whose statements cross to its thread once, with everything they give.

    The driver's own cursors cross four times, to be made, run, read and closed, and crossing takes
    far longer than SQLite does. So a transaction begins with its first statement.
    """

    _is_to_begin = False

    def begin_with_next(self) -> None:
        """Have a write transaction begin right before the next statement."""
        self._is_to_begin = True

    def cursor(self) -> "_Cursor":  # type: ignore[override]  # The engine asks for no more than this.
        """Make a cursor; nothing happens until it is used."""
        return _Cursor(self)

    async def commit(self) -> None:
        """Commit, if anything was begun."""
        self._is_to_begin = False
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back, if anything was begun."""
        self._is_to_begin = False
        if self.in_transaction:
            await super().rollback()

    async def run(self, work: Callable[[sqlite3.Connection], "_Given"]) -> "_Given":
        """Do something in the connection's thread."""
        begins, self._is_to_begin = self._is_to_begin, False

        def begun() -> "_Given":
            if begins:
                self._conn.execute("BEGIN IMMEDIATE")
            return work(self._conn)

        given: _Given = await self._execute(begun)  # type: ignore[no-untyped-call]  # the driver's own
        return given


_Given = tuple[Any, list[Any], int, int | None]
"""A statement's description, rows, row count and last row id."""


class _Cursor:
    """One statement at a time, and what it gave."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> "_Cursor":
        """Run a statement and take all its rows."""
        return await self._take(lambda cursor: cursor.execute(operation, parameters))

    async def executemany(self, operation: str, several: Sequence[Sequence[Any]]) -> "_Cursor":
        """Run a statement with one set of parameters after the other."""
        return await self._take(lambda cursor: cursor.executemany(operation, several))

    async def fetchall(self) -> list[Any]:
        """Give the rows."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: it was closed when it had run."""

    async def _take(self, run: Callable[[sqlite3.Cursor], sqlite3.Cursor]) -> "_Cursor":
        def work(connection: sqlite3.Connection) -> _Given:
            cursor = connection.cursor()
            try:
                run(cursor)
                rows = cursor.fetchall() if cursor.description else []
                return cursor.description, rows, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        given = await self._connection.run(work)
        self.description, self._rows, self.rowcount, self.lastrowid = given
        return self


async def connect(database: str, **options: Any) -> aiosqlite.Connection:
    """Open a connection, set up as agreed, whose thread never keeps the process alive."""

    def opened() -> sqlite3.Connection:
        # None switches off the driver's own implicit BEGIN; `_begin` issues ours.
        made: sqlite3.Connection = sqlite3.connect(database, **options, isolation_level=None)
        return made

    connection = _Connection(opened, iter_chunk_size=64)
    worker = connection._thread  # noqa: SLF001 - the driver has no name for it
    worker.daemon = True
    try:
        await connection
    except BaseException:
        # The driver leaves the thread of a connection that could not be opened to itself; it would
        # report to an event loop that may be closed by then.
        await asyncio.to_thread(worker.join)
        raise
    try:
        await _set_up(connection)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _set_up(connection: _Connection) -> None:
    """Issue the pragmas; where another process is just changing the journal's mode, wait for it.

    SQLite itself does not wait there, whatever its busy timeout.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + _BUSY_MILLISECONDS / 1000
    for pragma in _PRAGMAS:
        while True:
            try:
                await connection.cursor().execute(pragma)
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or now() > deadline:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)


def _begin(connection: Connection) -> None:
    # A transaction that starts by reading and then writes can deadlock with another such one,
    # and SQLite then fails at once whatever the busy timeout: writers take their lock first.
    # Readers need no transaction: each statement is a snapshot of its own.
    if connection.get_execution_options().get(WRITING):
        driver = cast("_Connection", connection.connection.driver_connection)
        driver.begin_with_next()


ENGINE_OPTIONS: Final[dict[str, Any]] = {
    # Each connection is a thread; more of them would only take turns. None is opened in a rush
    # and thrown away after it.
    "pool_size": 5,
    "max_overflow": 0,
    "connect_args": {"async_creator_fn": connect},
}
