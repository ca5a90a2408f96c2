"""What is particular to SQLite: how a connection is opened, set up, and begins to write."""

import asyncio
from typing import Any, Final

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

WRITING: Final = "netra_writing"
"""The execution option of a connection that is going to write."""

_BUSY_MILLISECONDS: Final = 5000
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
)


def prepare(engine: AsyncEngine) -> None:
    """Have every connection of an engine set up, and every write begin with its lock."""
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)


async def connect(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    """Open a connection whose thread never keeps the process alive."""
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


def _set_up(dbapi_connection: Any, _record: Any) -> None:
    # None switches off the driver's own implicit BEGIN; `_begin` issues ours.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that starts by reading and then writes can deadlock with another such one,
    # and SQLite then fails at once whatever the busy timeout: writers take their lock first.
    # Readers need no transaction: each statement is a snapshot of its own.
    if connection.get_execution_options().get(WRITING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


ENGINE_OPTIONS: Final[dict[str, Any]] = {
    # Each connection is a thread; more of them would only take turns. None is opened in a rush
    # and thrown away after it.
    "pool_size": 5,
    "max_overflow": 0,
    "connect_args": {"async_creator_fn": connect},
}
