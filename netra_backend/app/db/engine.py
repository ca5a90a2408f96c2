"""How connections to the database are made, for SQLite files and for PostgreSQL.

What runs on a connection, and for whom, is decided in `session`. Every transaction is told for whom
it is (`isolation.admission`), and the database holds it to that.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from netra.errors import ConfigurationInvalid
from netra.secret import Secret
from netra_backend.app.db.isolation.admission import ADMISSION, NOBODY, Admission, Duty
from netra_backend.app.db.isolation.postgres_transactions import IsolatedConnection
from netra_backend.app.db.isolation.sqlite_rooms import (
    Authorizer,
    Occupant,
    Room,
    authorize_duty,
    functions,
    refuse_explanations,
)
from netra_backend.app.db.outage import commit_translated
from netra_backend.app.db.sessions.silence import CONNECT_SECONDS, driver_times, watch_silence
from netra_backend.app.db.sessions.statements import (
    SLOW_SECONDS,
    STATEMENT_CLOCK,
    STATEMENT_SECONDS,
    STEPS_BETWEEN_LOOKS,
    StatementClock,
    postgres_settings,
    watch_statements,
)
from netra_backend.app.db.sessions.watched_dialects import watched

WRITES: Final = "netra_writes"
"""Execution option: the transaction is going to write, so SQLite takes its lock at the start."""

_SQLITE_SETTINGS: Final = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
)
_POOL_WAIT_SECONDS: Final = 5.0
_RETURN_SECONDS: Final = 2.0
_BETWEEN_LOOKS: Final = 0.01
_FILE: Final = "netra_file"
_OCCUPANT: Final = "netra_occupant"
_STATEMENTS_KEPT: Final = 512

T = TypeVar("T")


class Use(Enum):
    """What connections are for.

    Attributes:
        SESSIONS: Everything but the others: the rows of whoever a transaction is for.
        RUNS: The duty of that name.
        OWNERSHIP: Bringing the schema to a version; nothing isolates it.
    """

    SESSIONS = auto()
    RUNS = auto()
    OWNERSHIP = auto()


def open_engine(
    url: Secret,
    *,
    pool_size: int = 10,
    pool_wait: float = _POOL_WAIT_SECONDS,
    creates: bool = False,
    use: Use = Use.SESSIONS,
    slow_seconds: float = SLOW_SECONDS,
    statement_seconds: float = STATEMENT_SECONDS,
) -> AsyncEngine:
    """Make an engine; nothing is connected yet.

    Args:
        url: `sqlite+aiosqlite:///<file>` or `postgresql+asyncpg://…`.
        pool_size: How many connections there may be at most.
        pool_wait: Seconds a caller waits for a connection before it is told there is none.
        creates: Whether a missing SQLite file is made. Only a migration does that: a service whose
            file went away must say so and not go on with an empty one.
        use: What its connections are for.
        slow_seconds: A statement that takes longer is told (`slow_query`).
        statement_seconds: One that takes longer is ended, unless it brings the schema to a version.

    Raises:
        ConfigurationInvalid: The address names no SQLite file.
    """
    address = make_url(url.reveal())
    is_sqlite = address.get_backend_name() == "sqlite"
    if is_sqlite:
        reached = _sqlite_address(address, creates=creates)
    else:
        reached = address.set(drivername="postgresql+asyncpg")
    engine = create_async_engine(
        reached if use is Use.OWNERSHIP else watched(reached),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_wait,
        hide_parameters=True,
        connect_args=_connect_arguments(use, is_sqlite=is_sqlite, seconds=statement_seconds),
    )
    if is_sqlite:
        _prepare_sqlite(
            engine.sync_engine,
            Path(str(address.database)),
            use,
            creates=creates,
            seconds=statement_seconds,
        )
        if use is not Use.OWNERSHIP:
            watch_statements(engine.sync_engine, _look_at, slow_seconds=slow_seconds)
    elif use is not Use.OWNERSHIP:
        _prepare_postgres(engine.sync_engine, slow_seconds=slow_seconds)
        watch_silence(engine.sync_engine)
    return engine


def _connect_arguments(
    use: Use, *, is_sqlite: bool, seconds: float = STATEMENT_SECONDS
) -> dict[str, Any]:
    if is_sqlite:
        return {"cached_statements": _STATEMENTS_KEPT}
    if use is Use.OWNERSHIP:
        return {"timeout": CONNECT_SECONDS}
    return {
        "connection_class": IsolatedConnection,
        "server_settings": postgres_settings(seconds),
        **driver_times(seconds),
    }


class Transactions:
    """Runs pieces of work, each in one transaction.

    Each call to SQLite through an asynchronous connection goes to a thread and back, which takes
    longer than the call. Here the work goes there whole: it is a function without `await`, and runs
    in a thread of its own beside the engine's connections.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._in_thread: Engine | None = None
        self._for_runs: Engine | None = None
        self._thread: ThreadPoolExecutor | None = None
        if engine.dialect.name == "sqlite":
            self._in_thread = _beside(engine, Use.SESSIONS)
            self._for_runs = _beside(engine, Use.RUNS)
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netra-sqlite")

    @property
    def are_in_thread(self) -> bool:
        """Whether the work is done in a thread, away from the event loop."""
        return self._in_thread is not None

    async def run(
        self, work: Callable[[Connection], T], admission: Admission, *, writes: bool
    ) -> T:
        """Run a piece of work for a principal or a duty and commit; roll back if it raises.

        Raises:
            SQLAlchemyError: The database did not do it.
            InternalError: The commit failed; whether it took effect is not known.
        """
        options = {WRITES: writes, ADMISSION: admission}
        beside = self._for_runs if admission.duty is Duty.RUNS else self._in_thread
        if beside is not None:
            job = partial(copy_context().run, _transaction, beside, work, options)
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        connection = self._engine.connect()
        try:
            await connected(self._engine, connection.start())
            await connection.execution_options(**options)
            return await connection.run_sync(_committed, work)
        finally:
            if connection.sync_connection is not None:
                await connection.close()

    async def aclose(self) -> None:
        """Close the connection when the work that was given is done."""
        loop = asyncio.get_running_loop()
        for beside in (self._in_thread, self._for_runs):
            if beside is not None:
                # The thread itself ends with this object.
                await loop.run_in_executor(self._thread, beside.dispose)


async def connected(engine: AsyncEngine, connecting: Coroutine[Any, Any, T]) -> T:
    """Wait for a connection; one that is being made, to its end also if the caller is cancelled.

    The driver would leave one that is half made to nobody; now there is something to close.
    """
    pool: Any = engine.pool
    if pool.checkedin():
        return await connecting
    making = asyncio.ensure_future(connecting)
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.wait((making,), timeout=_POOL_WAIT_SECONDS)
        making.cancel()
        raise


async def closed(engine: AsyncEngine) -> None:
    """Close an engine's connections, once those in use have been given back.

    Whoever was cancelled a moment ago still unwinds: a connection that is given back to an engine
    which was closed meanwhile would be closed by nobody. One that is kept is not waited for longer
    than two seconds.
    """
    pool: Any = engine.pool
    with suppress(TimeoutError):
        async with asyncio.timeout(_RETURN_SECONDS):
            while pool.checkedout():  # noqa: ASYNC110 - the pool tells nobody what it gets
                await asyncio.sleep(_BETWEEN_LOOKS)
    await engine.dispose()


def _transaction(
    engine: Engine, work: Callable[[Connection], T], options: Mapping[str, object]
) -> T:
    with engine.connect().execution_options(**options) as connection:
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


def _beside(engine: AsyncEngine, use: Use) -> Engine:
    """Make an engine of one synchronous connection to the same SQLite file."""
    address = engine.url
    beside = create_engine(
        watched(address.set(drivername="sqlite+pysqlite")),
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
        connect_args=_connect_arguments(use, is_sqlite=True),
    )
    _prepare_sqlite(beside, Path(unquote(str(address.database).removeprefix("file:"))), use)
    watch_statements(beside, _look_at)
    return beside


def _sqlite_address(address: URL, *, creates: bool) -> URL:
    if not address.database or address.database == ":memory:":
        raise ConfigurationInvalid("DATABASE_URL must name a SQLite file that stays.")
    mode = "rwc" if creates else "rw"
    return address.set(
        database=f"file:{quote(address.database)}", query={"mode": mode, "uri": "true"}
    )


def _prepare_postgres(engine: Engine, *, slow_seconds: float) -> None:
    @event.listens_for(engine, "checkin")
    def leave(connection: Any, _record: Any) -> None:
        if connection is not None:
            connection.driver_connection.next_transaction(NOBODY, writes=False)

    watch_statements(engine, _admit, slow_seconds=slow_seconds)


def _admit(connection: Connection, _sql: str) -> None:
    # The driver begins a transaction with its first statement.
    options = connection.get_execution_options()
    driver: Any = connection.connection.driver_connection
    driver.next_transaction(options.get(ADMISSION, NOBODY), writes=options.get(WRITES, False))


def _prepare_sqlite(
    engine: Engine,
    file: Path,
    use: Use,
    *,
    creates: bool = False,
    seconds: float = STATEMENT_SECONDS,
) -> None:
    # What is written through a view is counted as nothing.
    engine.dialect.supports_sane_rowcount = False
    engine.dialect.supports_sane_multi_rowcount = False

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
        record.info[_FILE] = _identity_of(file)
        record.info[_OCCUPANT] = occupant = Occupant()
        _execute(connection, _SQLITE_SETTINGS)
        record.info[STATEMENT_CLOCK] = statement_clock = StatementClock(seconds)
        _isolate(connection, use, occupant, statement_clock)

    @event.listens_for(engine, "checkout")
    def refuse_a_lost_file(_connection: Any, record: Any, _proxy: Any) -> None:
        # An open connection to a deleted or replaced file would swallow what is written to it.
        if record.info[_FILE] != _identity_of(file):
            raise DisconnectionError("the database file was removed or replaced")

    @event.listens_for(engine, "checkin")
    def leave(_connection: Any, record: Any) -> None:
        if _OCCUPANT in record.info:
            record.info[_OCCUPANT].admission = NOBODY

    event.listen(engine, "begin", _begin_sqlite)


def _look_at(_connection: Connection, sql: str) -> None:
    refuse_explanations(sql)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.info[_OCCUPANT].admission = options.get(ADMISSION, NOBODY)
    # A reader that turns writer while another writes can only fail: writers lock first.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(WRITES, False) else "BEGIN")


def _isolate(
    connection: Any, use: Use, occupant: Occupant, statement_clock: StatementClock
) -> None:
    if use is Use.OWNERSHIP:
        return
    _look_while_it_runs(connection, statement_clock)
    authorizer: Authorizer = authorize_duty
    if use is Use.SESSIONS:
        for name, function in functions(occupant).items():
            connection.create_function(name, 0, function)
        room = Room()
        _execute(connection, room.statements())
        authorizer = room.authorizer()
    if isinstance(connection, sqlite3.Connection):
        connection.set_authorizer(authorizer)
    else:
        connection.run_async(lambda driver: driver.set_authorizer(authorizer))


def _look_while_it_runs(connection: Any, clock: StatementClock) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.set_progress_handler(clock.is_over, STEPS_BETWEEN_LOOKS)
    else:
        connection.run_async(
            lambda driver: driver.set_progress_handler(clock.is_over, STEPS_BETWEEN_LOOKS)
        )


def _execute(connection: Any, statements: Iterable[str]) -> None:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def _identity_of(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
