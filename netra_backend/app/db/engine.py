"""How connections to the database are made, for SQLite files and for PostgreSQL.

What runs on a connection, and for whom, is decided in `session`.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from netra.errors import ConfigurationInvalid
from netra.secret import Secret

WRITES: Final = "netra_writes"
"""Execution option: the transaction is going to write, so SQLite takes its lock at the start."""

_BUSY_MILLISECONDS: Final = 5000
_POOL_WAIT_SECONDS: Final = 5.0
_FILE: Final = "netra_file"


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
        _prepare_sqlite(engine, Path(str(address.database)), creates=creates)
    return engine


def _sqlite_address(address: URL, *, creates: bool) -> URL:
    if not address.database or address.database == ":memory:":
        raise ConfigurationInvalid("DATABASE_URL must name a SQLite file that stays.")
    mode = "rwc" if creates else "rw"
    return address.set(
        database=f"file:{quote(address.database)}", query={"mode": mode, "uri": "true"}
    )


def _prepare_sqlite(engine: AsyncEngine, file: Path, *, creates: bool) -> None:
    @event.listens_for(engine.sync_engine, "do_connect")
    def refuse_a_missing_file(*_arguments: Any) -> None:
        # The driver would start a thread for it, which outlives the failure.
        if creates and file.parent.is_dir():
            file.touch(mode=0o600)
        if not file.is_file():
            raise FileNotFoundError("the database file, or its directory, is not there")

    @event.listens_for(engine.sync_engine, "connect")
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

    @event.listens_for(engine.sync_engine, "checkout")
    def refuse_a_lost_file(_connection: Any, record: Any, _proxy: Any) -> None:
        # An open connection to a deleted or replaced file would swallow what is written to it.
        if record.info[_FILE] != _identity_of(file):
            raise DisconnectionError("the database file was removed or replaced")

    @event.listens_for(engine.sync_engine, "begin")
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
