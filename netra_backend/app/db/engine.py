"""How connections to the database are made, for SQLite files and for PostgreSQL.

What runs on a connection, and for whom, is decided in `session`.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from netra.errors import ConfigurationInvalid
from netra.secret import Secret
from netra_backend.app.db.outage import commit_translated

WRITES: Final = "netra_writes"
"""Execution option: the transaction is going to write, so SQLite takes its lock at the start."""

_BUSY_MILLISECONDS: Final = 5000
_POOL_WAIT_SECONDS: Final = 5.0
_FILE: Final = "netra_file"

T = TypeVar("T")


def open_engine(
    url: Secret,
    *,
    pool_size: int = 10,
    pool_wait: float = _POOL_WAIT_SECONDS,
    creates: bool = False,
) -> AsyncEngine:
    """Make an engine; nothing is connected yet.

    Args:
        url: `sqlite+aiosqlite:///<file>` or `postgresql+asyncpg://…`.
        pool_size: How many connections there may be at most.
        pool_wait: Seconds a caller waits for a connection before it is told there is none.
        creates: Whether a missing SQLite file is made. Only a migration does that: a service whose
            file went away must say so and not go on with an empty one.

    Raises:
        ConfigurationInvalid: The address names no SQLite file.
    """
    address = make_url(url.reveal())
    is_sqlite = address.get_backend_name() == "sqlite"
    engine = create_async_engine(
        _sqlite_address(address, creates=creates) if is_sqlite else address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_wait,
        pool_pre_ping=not is_sqlite,
        hide_parameters=True,
    )
    if is_sqlite:
        _prepare_sqlite(engine.sync_engine, Path(str(address.database)), creates=creates)
    return engine


class Transactions:
    """Runs pieces of work, each in one transaction.

    Each call to SQLite through an asynchronous connection goes to a thread and back, which takes
    longer than the call. Here the work goes there whole: it is a function without `await`, and runs
    in a thread of its own beside the engine's connections.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._in_thread: Engine | None = None
        self._thread: ThreadPoolExecutor | None = None
        if engine.dialect.name == "sqlite":
            self._in_thread = _beside(engine)
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netra-sqlite")

    @property
    def are_in_thread(self) -> bool:
        """Whether the work is done in a thread, away from the event loop."""
        return self._in_thread is not None

    async def run(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        """Run a piece of work and commit; roll back if it raises.

        Raises:
            SQLAlchemyError: The database did not do it.
            InternalError: The commit failed; whether it took effect is not known.
        """
        if self._in_thread is not None:
            job = partial(_transaction, self._in_thread, work, writes=writes)
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        async with self._engine.connect() as connection:
            await connection.execution_options(**{WRITES: writes})
            return await connection.run_sync(_committed, work)

    async def aclose(self) -> None:
        """Close the connection when the work that was given is done."""
        if self._in_thread is not None:
            # The thread itself ends with this object.
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._in_thread.dispose)


def _transaction(engine: Engine, work: Callable[[Connection], T], *, writes: bool) -> T:
    with engine.connect().execution_options(**{WRITES: writes}) as connection:
        return _committed(connection, work)


def _committed(connection: Connection, work: Callable[[Connection], T]) -> T:
    result = work(connection)
    try:
        with commit_translated():
            connection.commit()
    except BaseException:
        # The pool would take it for ended, and the next one would begin within this one.
        connection.invalidate()
        raise
    return result


def _beside(engine: AsyncEngine) -> Engine:
    """Make an engine of one synchronous connection to the same SQLite file."""
    address = engine.url
    beside = create_engine(
        address.set(drivername="sqlite+pysqlite"), pool_size=1, max_overflow=0, hide_parameters=True
    )
    _prepare_sqlite(beside, Path(unquote(str(address.database).removeprefix("file:"))))
    return beside


def _sqlite_address(address: URL, *, creates: bool) -> URL:
    if not address.database or address.database == ":memory:":
        raise ConfigurationInvalid("DATABASE_URL must name a SQLite file that stays.")
    mode = "rwc" if creates else "rw"
    return address.set(
        database=f"file:{quote(address.database)}", query={"mode": mode, "uri": "true"}
    )


def _prepare_sqlite(engine: Engine, file: Path, *, creates: bool = False) -> None:
    @event.listens_for(engine, "do_connect")
    def refuse_a_missing_file(*_arguments: Any) -> None:
        # The driver would start a thread for it, which outlives the failure.
        if creates and file.parent.is_dir():
            file.touch(mode=0o600)
        if not file.is_file():
            raise FileNotFoundError("the database file, or its directory, is not there")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        # Without this the driver would begin transactions by itself, and never for reads.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
        record.info[_FILE] = _identity_of(file)

    @event.listens_for(engine, "checkout")
    def refuse_a_lost_file(_connection: Any, record: Any, _proxy: Any) -> None:
        # An open connection to a deleted or replaced file would swallow what is written to it.
        if record.info[_FILE] != _identity_of(file):
            raise DisconnectionError("the database file was removed or replaced")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer while another writes can only fail: writers lock first.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _identity_of(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
